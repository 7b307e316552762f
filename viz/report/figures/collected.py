"""Every chart that a study gives rise to, in the order of the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from twin.results.days import MEAN_DAY
from twin.results.pricing import present_value
from twin.results.words import Lang
from twin.viz.report.content import Content
from twin.viz.report.figures.amounts import Step, waterfall_chart
from twin.viz.report.figures.differences import pairs_chart, tornado_chart
from twin.viz.report.figures.drawing import Drawn
from twin.viz.report.figures.measured import Measured, measure
from twin.viz.report.figures.over_time import band_chart, curve_chart
from twin.viz.report.figures.searches import frontier_chart, sweep_chart
from twin.viz.report.figures.where import map_chart
from twin.viz.report.front import level_ends, setting_label
from twin.viz.report.spoken import amount_words, key_words, value_words

#: Variants that one chart compares, charts of money, and comparisons of one figure.
_MOST_VARIANTS, _MOST_MONEY, _MOST_PAIRS = 4, 2, 6


def compared(content: Content) -> list[str]:
    """The variants of the main question, or the first ones; those that a search would have to make are left out."""
    main = content.main
    named: list[str] = []
    if main is not None:
        rows = main["rows"]
        if main["settings"]:
            chosen = main["found"] or main["nearest"]
            named = [content.variants[0], *([chosen["variant"]] if chosen else [])]
        else:
            named = [name for row in rows for name in [*(row["pair"] or []), row["variant"]]]
    kept = [name for name in dict.fromkeys(named or content.variants) if name in content.variants]
    more = [v for v in content.variants if v not in kept] if len(kept) < 2 else []
    return [*kept, *more][:_MOST_VARIANTS]


def read_measured(content: Content) -> Measured:
    """What the runs of the compared variants hold."""
    return measure(content.study, compared(content))


def figures_of(content: Content, measured: Measured, lang: Lang) -> list[Drawn]:
    """Charts of a study in one language."""
    found = [
        *_searched(content, lang),
        *_settings(content, lang),
        _pairs(content, lang),
        *_measured(content, measured, lang),
        *_maps(content, measured, lang),
        _assumed(content, lang),
        *_money(content, lang),
    ]
    return [drawn for drawn in found if drawn is not None]


def _labels(content: Content, lang: Lang) -> dict[str, str]:
    return {variant: content.label(variant, lang) for variant in compared(content)}


def _measured(content: Content, measured: Measured, lang: Lang) -> Iterator[Drawn]:
    labels = _labels(content, lang)
    for nth, (over, bands) in enumerate(measured.bands, 1):
        yield band_chart(nth, over, bands, labels, lang, measured.day)
    for nth, (spread, curves) in enumerate(measured.curves, 1):
        yield curve_chart(nth, spread, curves, labels, lang, measured.day)


def _pairs(content: Content, lang: Lang) -> Drawn | None:
    """Differences of the first figure asked about that any variant moves, pair by pair."""
    main = content.main
    if main is None or content.study.replications < 2:
        return None
    shown = [row for row in main["rows"] if not row.get("masked")]
    for kpi, group, unit in dict.fromkeys((row["kpi"], row["group"], row["unit"]) for row in shown):
        rows = [row for row in content.differences if (row["kpi"], row["group"]) == (kpi, group) and row["n"] > 1]
        rows = [row for row in rows if row["mean"] != 0.0 or row["lo"] != row["hi"]][:_MOST_PAIRS]
        if not rows:
            continue
        pairs, names = [], []
        for row in rows:
            values = content.values(kpi, group, row["day"])
            pairs.append([b - a for a, b in zip(values[row["first"]], values[row["second"]], strict=False)])
            day = content.of_day(row["day"], lang)
            names.append(f"{content.label(row['second'], lang)} − {content.label(row['first'], lang)}{day}")
        return pairs_chart(content.kpi(kpi, group, lang), unit, rows, pairs, names, lang)
    return None


def _maps(content: Content, measured: Measured, lang: Lang) -> Iterator[Drawn | None]:
    variants = compared(content)
    if len(variants) < 2 or not measured.flows:
        return
    first, last = variants[0], variants[-1]
    pair = f"{content.label(last, lang)} − {content.label(first, lang)}"
    for nth, (flow, passed) in enumerate(measured.flows, 1):
        if first in passed and last in passed:
            yield map_chart(nth, flow, passed[first], passed[last], pair, lang)


def _searched(content: Content, lang: Lang) -> Iterator[Drawn | None]:
    found = content.study.search
    if not found:
        return
    outcome, search = found["outcome"], found["search"]
    method = search["method"]
    if method == "frontier":
        cost, service = (_figure(content, outcome[part], search, lang) for part in ("cost", "service"))
        names = {row["point"]: setting_words(row["setting"], lang) for row in outcome["rows"]}
        yield frontier_chart(outcome, cost, service, names, lang)
    elif method == "tornado":
        bars = []
        for bar in outcome["bars"]:
            name, reach = key_words(bar["key"], lang), _ends(bar, lang)
            told = f"{name}（{reach}）" if lang == "ja" else f"{name} ({reach})"
            bars.append({"name": told, "at_low": bar["at_low"], "at_high": bar["at_high"]})
        yield tornado_chart(content.kpi(outcome["kpi"], outcome["group"], lang), outcome["unit"], bars, lang)
    elif method == "sweep":
        for one in outcome["figures"][:1]:
            names = {row["point"]: setting_words(row["setting"], lang) for row in one["rows"]}
            words = content.kpi(one["kpi"], one["group"], lang)
            yield sweep_chart("sweep", words, one["unit"], one["rows"], names, lang)


def _settings(content: Content, lang: Lang) -> Iterator[Drawn | None]:
    """Each figure that the main question bounds, at every setting it looked at."""
    main = content.main
    if main is None or not main["settings"]:
        return
    settings = main["settings"]
    each = len(main["rows"]) // len(settings)
    names = {s["variant"]: setting_label(content, s["setting"], lang) for s in settings}
    for nth, first in enumerate(main["rows"][:each]):
        own = main["rows"][nth::each]
        if any(row["mean"] for row in own):
            rows = [
                {"point": s["variant"], "mean": row["mean"], "lo": ends[0], "hi": ends[1]}
                for s, row in zip(settings, own, strict=True)
                for ends in [level_ends(row)]
            ]
            bound = None if first["pair"] is not None else first["bound"]
            words = content.kpi(first["kpi"], first["group"], lang)
            yield sweep_chart(f"settings-{nth + 1}", words, first["unit"], rows, names, lang, bound)


def _figure(content: Content, figure: Mapping[str, Any], search: Mapping[str, Any], lang: Lang) -> tuple[str, str]:
    name = str(figure["kpi"])
    if name.startswith("setting:"):
        key = name.removeprefix("setting:")
        unit = next((axis.get("unit", "") for axis in search["axes"] if axis["key"] == key), "")
        return key_words(key, lang), unit
    return content.kpi(name, figure["group"], lang), figure["unit"]


def setting_words(setting: str, lang: Lang) -> str:
    """A setting as people read it: words of its keys, values with the words of their units."""
    parts = [part.partition(" = ") for part in setting.split(", ")]
    told = [(key_words(key, lang), value_words(value, lang)) for key, _, value in parts]
    if len(told) == 1:
        return told[0][1] or told[0][0]
    return ("、" if lang == "ja" else ", ").join(f"{key} {value}" for key, value in told)


def _ends(bar: Mapping[str, Any], lang: Lang) -> str:
    low, high = (value_words(str(bar[end]).partition(" = ")[2], lang) for end in ("low", "high"))
    return f"{low}〜{high}" if lang == "ja" else f"{low} to {high}"


def _assumed(content: Content, lang: Lang) -> Drawn | None:
    """What each assumption alone does to the main question's first figure, from the draws of the study."""
    main, plan = content.main, content.study.plan
    drawn = plan.get("drawn") or {}
    if main is None or not drawn.get("ends") or "draws.parquet" not in content.study.manifest["files"]:
        return None
    row = _row_of(main)
    if row is None:
        return None
    means = _means(content, row["kpi"], row["group"], int(drawn["replications"]))
    second = row["variant"] if row["pair"] is None else row["pair"][1]
    first = None if row["pair"] is None else row["pair"][0]

    def value(made: Mapping[str, str]) -> float:
        level = means.get(made.get(second, second), np.nan)
        return level if first is None else level - means.get(made.get(first, first), np.nan)

    base = value({})
    bars = []
    for end in drawn["ends"]:
        low, high = value(end["at_low"]) - base, value(end["at_high"]) - base
        if np.isfinite(low) and np.isfinite(high):
            reach = "〜".join(amount_words(end[k], end["unit"], lang) for k in ("low", "high"))
            name = key_words(end["key"], lang, plan.get("measures"))
            told = f"{name}（{reach}）" if lang == "ja" else f"{name} ({reach.replace('〜', ' to ')})"
            bars.append({"name": told, "at_low": low, "at_high": high})
    words = content.kpi(row["kpi"], row["group"], lang)
    label = content.label(second, lang)
    told = f"{label}・{words}" if first is None else f"{label} − {content.label(first, lang)}・{words}"
    return tornado_chart(told if lang == "ja" else told.replace("・", ", "), row["unit"], bars, lang)


def _row_of(main: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The row that stands for an answer: the first with a value; of a search, of the setting found or nearest."""
    rows: Sequence[Mapping[str, Any]] = main["rows"]
    if main["settings"]:
        chosen = main["found"] or main["nearest"]
        if chosen is None:
            return None
        names = [setting["variant"] for setting in main["settings"]]
        each = len(rows) // len(names)
        at = names.index(chosen["variant"]) * each if chosen["variant"] in names else 0
        rows = rows[at : at + each]
    return next((row for row in rows if row["mean"] is not None), None)


def _means(content: Content, kpi: str, group: str, replications: int) -> dict[str, float]:
    """Variant -> mean of a figure over the replications of the draws, of the study and of what the draws made."""
    out: dict[str, float] = {}
    day = MEAN_DAY if content.study.plan.get("days") else ""
    for name in ("kpis", "draws"):
        table = content.study.columns(name)
        mine = (
            (table["kpi"] == kpi) & (table["group"] == group) & (table["replication"].astype(np.int64) < replications)
        )
        mine &= table["day"] == day
        variants, values = table["variant"][mine], table["value"][mine].astype(np.float64)
        for variant in dict.fromkeys(variants.tolist()):
            own = values[variants == variant]
            own = own[~np.isnan(own)]
            if len(own):
                out[variant] = float(own.mean())
    return out


def _money(content: Content, lang: Lang) -> Iterator[Drawn | None]:
    ja = lang == "ja"
    for nth, pair in enumerate(content.study.money.get("pairs", [])[:_MOST_MONEY], 1):
        days = content.study.money.get("days_per_year")
        if not days:
            return
        steps = [
            Step(content.kpi(row["kpi"], "all", lang), row["mean"] * days)
            for row in pair["per_day_yen"]
            if row["mean"] and row["block"] == "manual"
        ]
        if not steps:
            continue
        benefit = sum(step.yen for step in steps)
        steps.append(Step("年便益" if ja else "benefit a year", benefit, is_sum=True))
        cost, worth = pair.get("cost"), pair.get("present_value")
        if cost and worth:
            # Building once, told as what it comes to a year at the pack's own rate and life.
            yearly = 1.0 / present_value(1.0, worth["rate"], worth["life_years"])
            upkeep = cost["upkeep_yen_per_year"]
            paid = [
                Step("整備費の年換算" if ja else "building, a year's part", -cost["build_yen"] * yearly),
                Step("維持費" if ja else "upkeep", -upkeep),
            ]
            steps += [step for step in paid if step.yen]
            steps.append(Step("差引" if ja else "net", benefit - cost["build_yen"] * yearly - upkeep, is_sum=True))
        title = f"{content.label(pair['second'], lang)} − {content.label(pair['first'], lang)}"
        yield waterfall_chart(nth, title, steps, lang)
