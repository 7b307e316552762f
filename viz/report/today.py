"""The report's section on today: what was counted beside what the model shows, as the sensors would have seen it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from twin.results.as_seen import seen_rows
from twin.results.reproduction_words import SENSOR_WORDS, name_of, verdict_word
from twin.results.words import Lang, figure, number, size
from twin.units import value_text
from twin.viz.palette import BLUE, GREY, VERMILLION
from twin.viz.report.content import Content
from twin.viz.report.markup import chip_of
from twin.viz.report.words import safe

#: Numbers of a table that are listed; the chart shows all.
_MOST_ROWS = 60
_SIDE = 260
_COLORS = {"reproduced": BLUE, "nearly reproduced": GREY, "not reproduced": VERMILLION, "cannot tell": GREY}


def today(content: Content, lang: Lang) -> Iterator[str]:
    """What the observations come to; nothing where there are none."""
    found = content.study.reproduction
    if not found:
        return
    yield f"<p>{safe(found['sentence'][lang])}</p>"
    for entry in found["entries"]:
        chip = chip_of(_COLORS[entry["verdict"]], verdict_word(entry["verdict"], lang))
        yield f"<h3>{chip}{safe(name_of(entry, lang))}</h3><p>{safe(entry['sentence'][lang])}</p>"
        if entry["source"]:
            yield f'<p class="soft">{safe(entry["source"])}{" · " + entry["grade"] if entry["grade"] else ""}</p>'
        if len(entry["rows"]) > 1:
            yield _chart(entry, lang)
            yield _numbers(entry, lang)
    yield f'<p class="soft">{safe(found["criterion"])}</p>'


def verdict_of_today(found: Mapping[str, Any], lang: Lang) -> str:
    """The worst verdict of all observations, as a chip."""
    verdicts = [entry["verdict"] for entry in found["entries"]]
    worst = next((v for v in ("not reproduced", "cannot tell", "nearly reproduced", "reproduced") if v in verdicts), "")
    return chip_of(_COLORS[worst], verdict_word(worst, lang)) if worst else ""


def as_seen(content: Content, lang: Lang) -> Iterator[str]:
    """Figures as they are beside what phones tell of them; nothing where the scenario has no phones."""
    rows = [row for row in seen_rows(content.study) if row.variant in content.variants]
    if not rows:
        return
    title = "市から見える値と実際の値" if lang == "ja" else "As the city would see it, and as it is"
    why = (
        "GPSは測位の間隔だけ滞在を短く見せ、短い滞在を見落とす。ビーコンは両端で受信した人だけを数える。"
        "比較は同じ見え方どうしで行うこと。"
        if lang == "ja"
        else "Positions by GPS cut each stay by the interval between them and miss short ones; beacons count those "
        "heard at both ends. Compare like with like."
    )
    sensors = list(dict.fromkeys(sensor for row in rows for sensor in row.seen))
    kinds = content.study.plan["observed"]["sensors"]
    index = 0 if lang == "ja" else 1
    heads = [f"{SENSOR_WORDS[kinds[s]['kind']][index]} ({s})" for s in sensors]
    cells = [
        [
            safe(content.label(row.variant, lang)),
            safe(content.kpi(row.kpi, "all", lang)),
            safe(figure(row.mean, row.unit, lang)),
            *(safe(figure(row.seen[s], row.unit, lang)) if s in row.seen else "–" for s in sensors),
        ]
        for row in rows
    ]
    words = ("案", "指標", "実際") if lang == "ja" else ("variant", "figure", "as it is")
    yield f"<h2>{safe(title)}</h2><p>{safe(why)}</p>{_table([*words, *heads], cells)}"


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{safe(h)}</th>" for h in headings)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="wide" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _numbers(entry: Mapping[str, Any], lang: Lang) -> str:
    ja = lang == "ja"
    unit = entry["unit"]
    rows = []
    for row in entry["rows"][:_MOST_ROWS]:
        error = "–" if row["model"] is None else size(row["model"] - row["observed"], unit, lang)
        held = ("保留" if ja else "held out") if row["held_out"] else ""
        model = "–" if row["model"] is None else figure(row["model"], unit, lang)
        rows.append(
            [safe(_place(row["cell"])), safe(figure(row["observed"], unit, lang)), safe(model), safe(error), held]
        )
    headings = ("どこ・いつ", "観測", "モデル", "差", "") if ja else ("where, when", "observed", "model", "off by", "")
    more = len(entry["rows"]) - len(rows)
    left = f"（ほか{more}個）" if ja else f" ({more} more)"
    title = ("値ごとの比較" if ja else "Number by number") + (left if more > 0 else "")
    return f"<details><summary>{safe(title)}</summary>{_table(headings, rows)}</details>"


def _place(cell: Mapping[str, Any]) -> str:
    parts = [str(cell.get("site", "")).replace("|", " "), *cell.get("groups", {}).values()]
    if "from_s" in cell and "to_s" in cell:
        parts.append(f"{value_text(cell['from_s'], '', 'clock')}-{value_text(cell['to_s'], '', 'clock')}")
    if "high_s" in cell or "low_s" in cell:
        high = cell.get("high_s", 1e12)
        low = f"{cell.get('low_s', 0.0) / 60:g}"
        parts.append(f"{low}+ min" if high >= 1e12 else f"{low}-{high / 60:g} min")
    return " ".join(part for part in parts if part)


def _chart(entry: Mapping[str, Any], lang: Lang) -> str:
    """Every number as a point, observed against model; on the line they agree."""
    known = [row for row in entry["rows"] if row["model"] is not None]
    most = max((max(row["model"], row["observed"]) for row in known), default=0.0)
    if most <= 0:
        return ""
    dots = "".join(
        f'<circle cx="{40 + _SIDE * row["observed"] / most:.1f}" '
        f'cy="{10 + _SIDE * (1 - row["model"] / most):.1f}" r="3" '
        f'fill="{"none" if row["held_out"] else BLUE}" stroke="{BLUE}" fill-opacity=".6"/>'
        for row in known
    )
    ja = lang == "ja"
    caption = (
        "横：観測、縦：モデル。線上が一致。白抜きは保留した値。"
        if ja
        else "Across: observed; up: model. On the line they agree. Hollow: held out."
    )
    shown = f"{100 * most:.3g} %" if entry["unit"] == "share" else number(most)
    return (
        f'<figure><svg viewBox="0 0 {_SIDE + 60} {_SIDE + 40}" width="{_SIDE + 60}" role="img" '
        f'aria-label="{safe(caption)}">'
        f'<rect x="40" y="10" width="{_SIDE}" height="{_SIDE}" fill="none" stroke="{GREY}"/>'
        f'<path d="M40 {_SIDE + 10}L{_SIDE + 40} 10" stroke="{GREY}" stroke-dasharray="4 3"/>{dots}'
        f'<text x="36" y="18" text-anchor="end" font-size="11">{safe(shown)}</text>'
        f'<text x="{_SIDE + 40}" y="{_SIDE + 26}" text-anchor="end" font-size="11">{safe(shown)}</text>'
        f'<text x="36" y="{_SIDE + 14}" text-anchor="end" font-size="11">0</text></svg>'
        f"<figcaption>{safe(caption)}</figcaption></figure>"
    )
