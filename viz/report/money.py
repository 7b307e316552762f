"""What the study comes to in money: costs and benefits of each variant against the first, and what is not priced."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from twin.results.words import Lang, number
from twin.viz.report.content import Content
from twin.viz.report.spoken import amount_words, name_words, rate_words, yen_words
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
    "per_day": ("1日当たり（95 %区間、偶然のみ）", "a day (95 % interval, luck only)"),
    "amount": ("金額", "Amount"),
    "unmoved": ("変化のない項目：{names}。", "Without any change: {names}."),
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
    unmoved = [row for row in (*pair["per_day_yen"], *pair["transfers"]) if not any(_ends(row))]
    unmoved += [row for row in pair["not_priced"] if not row["saved_per_day"]["mean"]]
    for row in [row for row in pair["per_day_yen"] if row not in unmoved]:
        extra = _word("extra", lang) if row["block"] == "extra" else ""
        price = _word("by_speed", lang) if row["price"] is None else number(row["price"])
        ends = row["range"]
        span = "" if ends is None else f"{_word('range', lang)} {_span(ends, lang)}"
        about = f"<br><small>{safe(span)}</small>" if span else ""
        told = {g: part for g, part in row["groups"].items() if not content.masked.hides(row["kpi"], g)}
        groups = ("、" if lang == "ja" else ", ").join(
            f"{name_words(g, lang)} {_yen(part, lang)}" for g, part in told.items()
        )
        detail = f"<br><small>{safe(_word('groups', lang))}: {safe(groups)}</small>" if groups else ""
        name = safe(content.kpi(row["kpi"], "all", lang) + extra)
        rows.append(
            [
                name,
                safe(rate_words(price, row["unit"], lang)),
                safe(row["grade"]),
                safe(_yen(row, lang)) + about + detail,
            ]
        )
    for row in [row for row in pair["not_priced"] if row not in unmoved]:
        saved = amount_words(row["saved_per_day"]["mean"], row["unit"], lang)
        rows.append([safe(content.kpi(row["kpi"], "all", lang)), safe(_word("not_priced", lang)), "", safe(saved)])
    rows += [
        [safe(content.kpi(row["kpi"], "all", lang)), safe(_word("transfer", lang)), "", safe(_yen(row, lang))]
        for row in pair["transfers"]
        if row not in unmoved
    ]
    names = f"{content.label(pair['second'], lang)} − {content.label(pair['first'], lang)}"
    yield f"<h3>{safe(names)}</h3>"
    yield table([_word(k, lang) for k in ("figure", "price", "grade", "per_day")], rows, (3,), "")
    if unmoved:
        names = ("、" if lang == "ja" else ", ").join(
            dict.fromkeys(content.kpi(row["kpi"], "all", lang) for row in unmoved)
        )
        yield f'<p class="soft">{safe(_word("unmoved", lang, names=names))}</p>'
    yield table(["", _word("amount", lang)], _sums(pair, lang), (1,), "")


def _sums(pair: Mapping[str, Any], lang: Lang) -> list[list[str]]:
    year, worth = pair["benefit_per_year"], pair["present_value"]
    out = [[safe(_word("year", lang)), safe(_yen(year, lang) if year else _word("no_year", lang))]]
    if worth:
        said = _word("worth", lang, life=worth["life_years"], rate=f"{100 * worth['rate']:g}")
        out.append([safe(said), safe(_yen(worth["benefit"], lang))])
        if worth.get("cost") is not None:
            out.append([safe(_word("cost", lang)), safe(yen_words(worth["cost"], lang))])
        ratios = [m["ratio"] for m in worth.get("moved", []) if m["ratio"] is not None]
        if ratios and worth["ratio"] is not None:
            out.append([safe(_word("ratio", lang)), _ratio(worth["ratio"], ratios, lang)])
    return out


def _ratio(ratio: float, moved: Sequence[float], lang: Lang) -> str:
    ends = ("〜" if lang == "ja" else " to ").join(f"{end:.2f}" for end in (min(moved), max(moved)))
    return f"{ratio:.2f}（{ends}）" if lang == "ja" else f"{ratio:.2f} ({ends})"


def _ends(row: Mapping[str, Any]) -> tuple[float, ...]:
    return tuple(row[key] or 0.0 for key in ("mean", "lo", "hi"))


def _span(ends: Sequence[float], lang: Lang) -> str:
    return ("〜" if lang == "ja" else " to ").join(yen_words(end, lang) for end in ends)


def _yen(row: Mapping[str, Any], lang: Lang) -> str:
    return "–" if row["mean"] is None else yen_words(row["mean"], lang, row["lo"], row["hi"])
