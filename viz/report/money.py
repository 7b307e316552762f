"""What the study comes to in money: costs and benefits of each variant against the first, and what is not priced."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from twin.results.words import Lang
from twin.viz.report.content import Content
from twin.viz.report.spoken import name_words
from twin.viz.report.words import safe

#: Makes a table of cells that are markup already.
MakeTable = Callable[[Sequence[str], Sequence[Sequence[str]], Sequence[int], str], str]

_WORDS = {
    "money": ("費用と便益", "Money and carbon"),
    "pack": (
        (
            "単価表：{id}（{year}年価格、{issued}発行、出典：{page}、SHA-256 {hash}…）。"
            "単価表にない項目は貨幣換算していない。"
        ),
        "Prices: {id} (prices of {year}, issued {issued}, from: {page}, SHA-256 {hash}…). What it lacks is not priced.",
    ),
    "figure": ("指標", "Figure"),
    "price": ("単価", "Price"),
    "grade": ("確度", "Grade"),
    "per_day": ("円/日（95 %区間、偶然のみ）", "yen/day (95 % interval, luck only)"),
    "range": ("単価の幅による", "by the range of the price"),
    "by_speed": ("速度別", "by speed"),
    "extra": ("（マニュアル外）", " (beyond the manual)"),
    "not_priced": ("貨幣換算していない", "not priced"),
    "transfer": ("移転（便益に含めない）", "changes hands only, no benefit"),
    "year": ("年便益", "Benefit a year"),
    "worth": ("現在価値（{life}年・{rate} %）", "Present value ({life} years at {rate} %)"),
    "cost": ("費用（現在価値）", "Cost (present value)"),
    "ratio": ("費用便益比（それぞれ±20 %で）", "Benefit by cost (each moved by 20 %)"),
    "no_year": ("年間の日数が示されていない", "days a year are not stated"),
    "groups": ("内訳", "by group"),
}


def _word(key: str, lang: Lang, **values: Any) -> str:
    text = _WORDS[key][0 if lang == "ja" else 1]
    return text.format(**values) if values else text


def money_section(content: Content, lang: Lang, table: MakeTable) -> Iterator[str]:
    """The section, where the scenario names a pack of prices."""
    found = content.study.money
    if not found:
        return
    pack = found["pack"]
    yield f"<h2>{safe(_word('money', lang))}</h2>"
    told = _word(
        "pack",
        lang,
        id=pack["title"].get(lang) or pack["id"],
        year=pack["price_year"],
        issued=pack["issued"],
        page=pack["page"],
        hash=pack["sha256"][:12],
    )
    yield f"<p>{safe(told)}</p>"
    for pair in found["pairs"]:
        yield from _pair(content, pair, lang, table)


def _pair(content: Content, pair: Mapping[str, Any], lang: Lang, table: MakeTable) -> Iterator[str]:
    rows = []
    for row in pair["per_day_yen"]:
        extra = _word("extra", lang) if row["block"] == "extra" else ""
        price = _word("by_speed", lang) if row["price"] is None else f"{row['price']:g}"
        ends = row["range"]
        span = "" if ends is None else f"{_word('range', lang)} {ends[0]:,.0f} – {ends[1]:,.0f}"
        about = f"<br><small>{safe(span)}</small>" if span else ""
        told = {g: part for g, part in row["groups"].items() if not content.masked.hides(row["kpi"], g)}
        groups = ", ".join(f"{name_words(g, lang)} {_yen(part)}" for g, part in told.items())
        detail = f"<br><small>{safe(_word('groups', lang))}: {safe(groups)}</small>" if groups else ""
        name = safe(content.kpi(row["kpi"], "all", lang) + extra)
        rows.append([name, safe(f"{price} {row['unit']}"), safe(row["grade"]), safe(_yen(row)) + about + detail])
    for row in pair["not_priced"]:
        saved = f"{row['saved_per_day']['mean']:.4g} {row['unit']}"
        rows.append([safe(content.kpi(row["kpi"], "all", lang)), safe(_word("not_priced", lang)), "", safe(saved)])
    rows += [
        [safe(content.kpi(row["kpi"], "all", lang)), safe(_word("transfer", lang)), "", safe(_yen(row))]
        for row in pair["transfers"]
    ]
    names = f"{content.label(pair['second'], lang)} − {content.label(pair['first'], lang)}"
    yield f"<h3>{safe(names)}</h3>"
    yield table([_word(k, lang) for k in ("figure", "price", "grade", "per_day")], rows, (3,), "")
    yield table(["", "円 / yen"], _sums(pair, lang), (1,), "")


def _sums(pair: Mapping[str, Any], lang: Lang) -> list[list[str]]:
    year, worth = pair["benefit_per_year"], pair["present_value"]
    out = [[safe(_word("year", lang)), safe(_yen(year) if year else _word("no_year", lang))]]
    if worth:
        said = _word("worth", lang, life=worth["life_years"], rate=f"{100 * worth['rate']:g}")
        out.append([safe(said), safe(_yen(worth["benefit"]))])
        if worth.get("cost") is not None:
            out.append([safe(_word("cost", lang)), f"{worth['cost']:,.0f}"])
        ratios = [m["ratio"] for m in worth.get("moved", []) if m["ratio"] is not None]
        if ratios and worth["ratio"] is not None:
            out.append([safe(_word("ratio", lang)), f"{worth['ratio']:.2f} ({min(ratios):.2f} – {max(ratios):.2f})"])
    return out


def _yen(row: Mapping[str, Any]) -> str:
    if row["mean"] is None:
        return "–"
    return f"{row['mean']:,.0f}" + ("" if row["lo"] is None else f" ({row['lo']:,.0f} – {row['hi']:,.0f})")
