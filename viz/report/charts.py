"""Charts of the report that no other page needs: the two ranges, and every replication."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from twin.results.words import Lang, change, figure, span
from twin.viz.charts import FONT
from twin.viz.palette import BLUE, GREY, OKABE_ITO, ORANGE
from twin.viz.report.words import safe, word

_WIDTH, _LEFT, _RIGHT = 980, 330, 250
_INK, _SOFT, _LINE = "#17202A", "#566270", "#C4CCD4"


def two_ranges(
    rows: Sequence[Mapping[str, Any]], drawn: Sequence[Mapping[str, Any] | None], names: Sequence[str], lang: Lang
) -> str:
    """Interval of luck above the range of assumptions, a line per check; each line has a scale of its own.

    Parameters
    ----------
    rows
        Rows of an answer, as ``answers.json`` has them.
    drawn
        What the draws made of each row; None where nothing was drawn.
    names
        Words for each row.
    lang
        Language.
    """
    height = 62 * len(rows) + 16
    parts = [_open(height)]
    for nth, (row, range_, name) in enumerate(zip(rows, drawn, names, strict=True)):
        parts += _two_lines(row, range_, name, 62 * nth + 8, lang)
    return "\n".join([*parts, "</svg>"])


def _two_lines(
    row: Mapping[str, Any], range_: Mapping[str, Any] | None, name: str, top: float, lang: Lang
) -> list[str]:
    of_change, unit = row["pair"] is not None, row["unit"]
    spans = [(row["lo"], row["hi"]), (range_["lo"], range_["hi"]) if range_ else (None, None)]
    marks = [row["mean"], *(x for pair in spans for x in pair), 0.0 if of_change else row["bound"]]
    known = [x for x in marks if x is not None]
    least, most = min(known), max(known)
    margin = (most - least) * 0.06 or abs(most) * 0.06 or 1.0
    least, most = least - margin, most + margin

    def x(value: float) -> float:
        return _LEFT + (value - least) / (most - least) * (_WIDTH - _LEFT - _RIGHT)

    zero = 0.0 if of_change else row["bound"]
    out = [
        f'<path d="M0 {top + 58}H{_WIDTH}" stroke="{_LINE}" stroke-width="0.7"/>',
        *_name(name, top + 22),
        f'<path d="M{x(zero):.1f} {top}v52" stroke="{_SOFT}" stroke-dasharray="3 3"/>',
    ]
    for nth, ((lo, hi), color, key) in enumerate(zip(spans, (BLUE, ORANGE), ("luck", "assumed"), strict=True)):
        y = top + 16 + 24 * nth
        if lo is None or hi is None:
            continue
        out.append(
            f'<path d="M{x(lo):.1f} {y}H{x(hi):.1f}M{x(lo):.1f} {y - 6}v12M{x(hi):.1f} {y - 6}v12" '
            f'stroke="{color}" stroke-width="3" fill="none"/>'
        )
        told = f"{word(key, lang)} {span(lo, hi, unit, lang, of_change=of_change)}"
        out.append(_text(_WIDTH - _RIGHT + 14, y + 5, told, 12.5))
    if row["mean"] is not None:
        shown = (change if of_change else figure)(row["mean"], unit, lang)
        out.append(
            f'<circle cx="{x(row["mean"]):.1f}" cy="{top + 16}" r="5" fill="{BLUE}" stroke="#fff">'
            f"<title>{safe(shown)}</title></circle>"
        )
    return out


def every_replication(values: Mapping[str, Sequence[float]], names: Mapping[str, str], unit: str, lang: Lang) -> str:
    """A dot per replication and variant, with the mean as a bar; replications of all variants share one scale.

    Parameters
    ----------
    values
        Variant -> value per replication; nan where undefined.
    names
        Variant -> words.
    unit, lang
        For the numbers at the ends.
    """
    known = [v for own in values.values() for v in own if math.isfinite(v)]
    if not known:
        return ""
    least, most = min(known), max(known)
    width = (most - least) or abs(most) or 1.0
    height = 34 * len(values) + 34

    def x(value: float) -> float:
        return _LEFT + (value - least) / width * (_WIDTH - _LEFT - 60)

    parts = [_open(height)]
    for nth, (variant, own) in enumerate(values.items()):
        y, color = 18 + 34 * nth, OKABE_ITO[1:][nth % 7]
        color = GREY if color == "#F0E442" else color  # yellow cannot be seen on paper
        parts += _name(names[variant], y + 5)
        parts.append(f'<path d="M{_LEFT} {y}H{_WIDTH - 60}" stroke="{_LINE}"/>')
        kept = [v for v in own if math.isfinite(v)]
        parts += [f'<circle cx="{x(v):.1f}" cy="{y}" r="4" fill="{color}" fill-opacity="0.55"/>' for v in kept]
        if kept:
            parts.append(f'<path d="M{x(sum(kept) / len(kept)):.1f} {y - 10}v20" stroke="{_INK}" stroke-width="2.4"/>')
    y = height - 8
    parts.append(_text(_LEFT, y, figure(least, unit, lang), 12.5))
    parts.append(_text(_WIDTH - 60, y, figure(most, unit, lang), 12.5, "end"))
    return "\n".join([*parts, "</svg>"])


def _open(height: float) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" '
        f'height="{height}" role="img" font-family="{FONT}" font-size="13.5">'
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>'
    )


def _name(name: str, y: float) -> list[str]:
    """Words to the left of a line, in two lines where they are long."""
    lines, used = [""], 0
    for letter in name:
        wide = 2 if ord(letter) > 0x2E7F else 1
        if used + wide > 44 and len(lines) < 2:
            lines.append("")
            used = 0
        if used + wide <= 44:
            lines[-1] += letter
        used += wide
    start = y - 9 * (len(lines) - 1)
    return [_text(0, start + 18 * nth, line, 13.5) for nth, line in enumerate(lines)]


def _text(x: float, y: float, text: str, size: float, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{_INK}" text-anchor="{anchor}">{safe(text)}</text>'
