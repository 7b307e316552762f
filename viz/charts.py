"""Charts as plain SVG: no script, no font of their own, readable on light paper and in greyscale."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from twin.errors import printable
from twin.results.kpis import KpiInfo
from twin.results.words import UNIT_WORDS
from twin.viz.palette import VERDICTS, Meaning

Lang = Literal["ja", "en"]

_ROW_PX = 46
_LEFT_SHARE, _RIGHT_PX = 0.36, 214
_INK, _SOFT, _LINE = "#17202A", "#566270", "#C4CCD4"
FONT = "Hiragino Sans, Yu Gothic UI, Noto Sans CJK JP, Noto Sans JP, Meiryo, sans-serif"
_WORDS: dict[str, tuple[str, str]] = {
    "title": ("差と95％信頼区間（同じ乱数どうしの対）", "Differences with 95 % intervals, by pairs"),
    "less": ("← 減る", "← less"),
    "more": ("増える →", "more →"),
    "pairs": ("{n} 対", "{n} pairs"),
    "one": ("1 対のみ：区間なし", "1 pair only: no interval"),
    "none": ("値なし", "not defined"),
    "scale": ("目盛りは指標ごとに異なる", "each measure has a scale of its own"),
}


def interval_chart(
    rows: Sequence[Mapping[str, Any]],
    *,
    infos: Mapping[str, KpiInfo] | None = None,
    variant_labels: Mapping[str, Mapping[str, str]] | None = None,
    title: str = "",
    lang: Lang = "ja",
    width_px: int = 900,
) -> str:
    """Differences between variants with their 95 % intervals, one line per KPI and pair.

    Rows of the same KPI and group share one scale around zero; different KPIs have different units and are
    never to be compared by length.

    Parameters
    ----------
    rows
        As :func:`twin.results.compare.compare_pair` gives them: ``first``, ``second``, ``kpi``, ``group``,
        ``unit``, ``mean``, ``lo``, ``hi``, ``n``, ``verdict``. Shown in the order given.
    infos
        KPI -> words for people, as :func:`twin.results.kpis.infos` gives them; others go by their name.
    variant_labels
        Variant -> ``{"ja": …, "en": …}``.
    title
        Heading; empty for the usual one.
    lang
        Language of words.
    width_px
        Width of the chart.

    Returns
    -------
    str
        One ``<svg>`` element; all words are escaped.
    """
    heading = title or _word("title", lang)
    height = 78 + _ROW_PX * len(rows) + 14
    plot = _plot_span(width_px)
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width_px} {height}" width="{width_px}" '
        f'height="{height}" role="img" aria-label="{_safe(heading)}" font-family="{FONT}" font-size="13">'
    )
    parts = [
        opening,
        f'<rect width="{width_px}" height="{height}" fill="#FFFFFF"/>',
        _text(16, 28, heading, size=16, weight=700),
        *_axis(plot, height, lang),
    ]
    scales = _scales(rows)
    for i, row in enumerate(rows):
        parts += _row(row, 78 + i * _ROW_PX, plot, scales[_measure(row)], infos or {}, variant_labels or {}, lang)
    parts.append("</svg>")
    return "\n".join(parts)


def _plot_span(width_px: int) -> tuple[float, float]:
    return width_px * _LEFT_SHARE, width_px - _RIGHT_PX


def _measure(row: Mapping[str, Any]) -> tuple[str, str]:
    return str(row["kpi"]), str(row["group"])


def _scales(rows: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], float]:
    """Largest distance from zero of each measure, over all pairs; 1 where everything is 0."""
    out: dict[tuple[str, str], float] = {}
    for row in rows:
        ends = [abs(float(row[k])) for k in ("mean", "lo", "hi") if math.isfinite(float(row[k]))]
        out[_measure(row)] = max(out.get(_measure(row), 0.0), *ends, 0.0)
    return {key: value if value > 0 else 1.0 for key, value in out.items()}


def _axis(plot: tuple[float, float], height: float, lang: Lang) -> list[str]:
    middle = (plot[0] + plot[1]) / 2
    return [
        _text(16, 52, _word("scale", lang), size=11.5, color=_SOFT),
        _text(middle - 10, 64, _word("less", lang), size=11.5, color=_SOFT, anchor="end"),
        _text(middle + 10, 64, _word("more", lang), size=11.5, color=_SOFT),
        f'<line x1="{middle:.1f}" x2="{middle:.1f}" y1="54" y2="{height - 12}" stroke="{_SOFT}"/>',
    ]


def _row(
    row: Mapping[str, Any],
    top: float,
    plot: tuple[float, float],
    scale: float,
    infos: Mapping[str, KpiInfo],
    variant_labels: Mapping[str, Mapping[str, str]],
    lang: Lang,
) -> list[str]:
    info = infos.get(str(row["kpi"]))
    name = (info.ja if lang == "ja" else info.en) if info else str(row["kpi"])
    if row["group"] not in ("", "all"):
        name = f"{name} [{row['group']}]"
    pair = f"{_variant(row['second'], variant_labels, lang)} − {_variant(row['first'], variant_labels, lang)}"
    verdict = VERDICTS.get(str(row["verdict"]), VERDICTS[""])
    value, note = _figures(row, lang)
    right = plot[1] + 16
    fit = int((plot[0] - 30) / 7.2)
    return [
        f'<path d="M16 {top:.1f}H{right + _RIGHT_PX - 32:.1f}" stroke="{_LINE}" stroke-width="0.7"/>',
        _text(16, top + 19, _short(name, fit), weight=600, tip=name),
        _text(16, top + 36, _short(pair, fit), size=11.5, color=_SOFT, tip=pair),
        *_bar(row, top + _ROW_PX / 2, plot, scale, verdict),
        _text(right, top + 19, value, weight=700),
        _text(right, top + 36, note, size=11.5, color=_SOFT),
    ]


def _bar(row: Mapping[str, Any], y: float, plot: tuple[float, float], scale: float, verdict: Meaning) -> list[str]:
    """Interval as a bar with ends, mean as a dot; an end that is undefined is not drawn."""
    mean, lo, hi = (float(row[k]) for k in ("mean", "lo", "hi"))
    if not math.isfinite(mean):
        return []
    half = (plot[1] - plot[0]) / 2 - 8
    middle = (plot[0] + plot[1]) / 2

    def x(value: float) -> float:
        return middle + half * value / scale

    out = []
    if math.isfinite(lo) and math.isfinite(hi):
        out.append(
            f'<path d="M{x(lo):.1f} {y:.1f}H{x(hi):.1f}M{x(lo):.1f} {y - 6:.1f}v12M{x(hi):.1f} {y - 6:.1f}v12" '
            f'stroke="{verdict.color}" stroke-width="2.4" fill="none"/>'
        )
    out.append(f'<circle cx="{x(mean):.1f}" cy="{y:.1f}" r="5" fill="{verdict.color}" stroke="#FFFFFF"/>')
    return out


def _figures(row: Mapping[str, Any], lang: Lang) -> tuple[str, str]:
    """The difference with its unit, and below it interval, number of pairs and verdict."""
    unit = str(row["unit"])
    # Differences of shares are given in percentage points, never in per cent.
    factor = 100.0 if unit == "share" else 1.0
    ja_en = UNIT_WORDS.get(unit, (unit, unit))
    mean, lo, hi = (factor * float(row[k]) for k in ("mean", "lo", "hi"))
    if not math.isfinite(mean):
        return _word("none", lang), ""
    value = f"{_number(mean)} {ja_en[0] if lang == 'ja' else ja_en[1]}".rstrip()
    verdict = VERDICTS.get(str(row["verdict"]), VERDICTS[""])
    word = verdict.ja if lang == "ja" else verdict.en
    if not (math.isfinite(lo) and math.isfinite(hi)):
        return value, _word("one", lang)
    pairs = _word("pairs", lang).format(n=int(row["n"]))
    return f"{value}　{word}".rstrip("　"), f"[{_number(lo)}, {_number(hi)}]  {pairs}"


def _number(value: float) -> str:
    """Signed, three figures, a true minus; whole thousands keep their digits."""
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    return f"{value:+,.{max(0, 2 - size)}f}".replace("-", "−")


def _variant(name: Any, labels: Mapping[str, Mapping[str, str]], lang: Lang) -> str:
    return str(labels.get(str(name), {}).get(lang) or name)


def _short(text: str, fit: int) -> str:
    """Text cut to about ``fit`` Latin letters; a Japanese letter takes two."""
    used = 0
    for i, letter in enumerate(text):
        used += 2 if ord(letter) > 0x2E7F else 1
        if used > fit:
            return text[: max(1, i - 1)] + "…"
    return text


def _safe(text: str) -> str:
    """Words of strangers as words: no markup, no marks that reorder what is read."""
    return html.escape(printable(text))


def _word(key: str, lang: Lang) -> str:
    return _WORDS[key][0 if lang == "ja" else 1]


def _text(
    x: float,
    y: float,
    text: str,
    *,
    size: float = 13,
    weight: int = 400,
    color: str = _INK,
    anchor: str = "start",
    tip: str = "",
) -> str:
    inner = f"<title>{_safe(tip)}</title>" if tip and tip != text else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" fill="{color}" '
        f'text-anchor="{anchor}">{inner}{_safe(text)}</text>'
    )
