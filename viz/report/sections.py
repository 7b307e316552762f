"""Sections behind the first page, as markup: pictures, every figure, assumptions, where the numbers come from."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from twin.results.compare import CORRECTION
from twin.results.privacy import masked_counts
from twin.results.sentences import ANSWER_WORDS
from twin.results.sources import source_lines
from twin.results.verdicts import BETTER, WORSE
from twin.results.words import Lang, change, figure, number, span
from twin.viz.palette import VERDICTS
from twin.viz.report.content import Content
from twin.viz.report.figures.drawing import Drawn, svg_of, variant_color
from twin.viz.report.front import by_group, effort_of, level_ends, range_row, setting_label
from twin.viz.report.markup import chip, dots, heading, rows_of_strips, strip, table
from twin.viz.report.money import money_section
from twin.viz.report.spoken import key_words, name_words, value_words
from twin.viz.report.today import as_seen, today
from twin.viz.report.words import safe, word

_MOST_LEDGER, _MOST_DEFAULTS = 400, 600
#: Differences and settings shown at once; the rest stands in the exported tables.
_MOST_SETTINGS = 40


def sections(content: Content, lang: Lang, drawn: Sequence[Drawn] | None) -> Iterator[str]:
    """Every section behind the first page.

    Parameters
    ----------
    content
        The study.
    lang
        Language.
    drawn
        Charts; None where the libraries that draw are not installed.
    """
    yield from _pictures(drawn, lang)
    yield from _ranges(content, lang)
    yield from _masked(content, lang)
    yield from _groups(content, lang)
    yield from _settings(content, lang)
    yield from _kpis(content, lang)
    yield from _differences(content, lang)
    yield from money_section(content, lang, table)
    yield from _spread(content, lang)
    yield from _observed(content, lang)
    yield from _assumptions(content, lang)
    yield from _not_in_the_ranges(content, lang)
    yield from _ledger(content, lang)
    yield from _provenance(content, lang)


def _pictures(drawn: Sequence[Drawn] | None, lang: Lang) -> Iterator[str]:
    if drawn is None:
        yield heading("figures", lang) + f'<p class="notice">{safe(word("no_figures", lang))}</p>'
        return
    if not drawn:
        return
    yield heading("figures", lang)
    yield f'<div class="figures">{"".join(_picture(one, lang) for one in drawn)}</div>'


def _picture(one: Drawn, lang: Lang) -> str:
    keys = "".join(f'<span><i style="background:{color}"></i>{safe(told)}</span>' for color, told in one.keys)
    keys = f'<p class="keys">{keys}</p>' if keys else ""
    svg = svg_of(one, prefix=lang)
    return f"<figure><h3>{safe(one.heading)}</h3>{keys}{svg}<figcaption>{safe(one.caption)}</figcaption></figure>"


def _observed(content: Content, lang: Lang) -> Iterator[str]:
    told = [*today(content, lang), *as_seen(content, lang)]
    if told:
        yield heading("observed", lang)
        yield from told


def _ranges(content: Content, lang: Lang) -> Iterator[str]:
    """Both ranges of every question that the first page has no room for."""
    rows = []
    for answer in content.answers:
        # Without draws there is one range only, and the tables below have it.
        if answer["settings"] or not answer["assumptions"] or (answer["main"] and len(answer["rows"]) <= 4):
            continue
        told = answer["assumptions"]["rows"] if answer["assumptions"] else [None] * len(answer["rows"])
        rows += [
            range_row(content, row, range_, lang)
            for row, range_ in zip(answer["rows"], told, strict=True)
            if row["mean"] is not None
        ]
    if rows:
        yield heading("ranges_all", lang)
        yield rows_of_strips(rows)


def _groups(content: Content, lang: Lang) -> Iterator[str]:
    rows = content.rows_of_groups
    if not rows:
        return
    yield heading("by_group", lang)
    cells = []
    for row in rows:
        gains = {BETTER: word("gains", lang), WORSE: word("loses", lang)}
        told = gains.get(row["verdict"], row["verdict_words"][lang])
        cells.append(
            [
                safe(content.label(row["variant"], lang)),
                safe(name_words(row["group"], lang)),
                safe(content.kpi(row["kpi"], "", lang)),
                safe(change(row["mean"], row["unit"], lang)),
                safe(_ends(row, lang)),
                chip(row["verdict"], told),
            ]
        )
    headings = [word(k, lang) for k in ("variant", "group", "figure", "difference", "interval", "verdict")]
    yield table(headings, cells, (3, 4))
    for answer in content.answers:
        if by_group(answer):
            yield f'<p class="soft">{safe(effort_of(answer, lang))}</p>'


def _ends(row: Mapping[str, Any], lang: Lang) -> str:
    if row["lo"] is None or row["hi"] is None or math.isnan(row["lo"]):
        return "–"
    lo, hi = level_ends(row) if "pair" in row else (row["lo"], row["hi"])
    return span(lo or 0.0, hi or 0.0, row["unit"], lang, of_change=row.get("pair", True) is not None)


def _settings(content: Content, lang: Lang) -> Iterator[str]:
    for answer in content.answers:
        if not answer["settings"]:
            continue
        yield f"<h2>{safe(word('search', lang))}</h2><p>{safe(answer['ask'].get(lang) or answer['id'])}</p>"
        each = len(answer["rows"]) // len(answer["settings"])
        first = answer["rows"][:each]
        rows = []
        for nth, setting in enumerate(answer["settings"][:_MOST_SETTINGS]):
            own = answer["rows"][nth * each : (nth + 1) * each]
            told = [f"{safe(_level(r, lang))}<br><small>{safe(_ends(r, lang))}</small>" for r in own]
            verdict = ANSWER_WORDS.get(setting["verdict"], (setting["verdict"],) * 2)[0 if lang == "ja" else 1]
            rows.append(
                [safe(setting_label(content, setting["setting"], lang)), *told, chip(setting["verdict"], verdict)]
            )
        figures = [content.kpi(r["kpi"], r["group"], lang) for r in first]
        yield table([word("setting", lang), *figures, word("verdict", lang)], rows, range(1, each + 1))


def _level(row: Mapping[str, Any], lang: Lang) -> str:
    if row["mean"] is None:
        return "–"
    return (figure if row["pair"] is None else change)(row["mean"], row["unit"], lang)


def _masked(content: Content, lang: Lang) -> Iterator[str]:
    """What small counts are left out, and why."""
    masked = content.masked
    if masked.smallest:
        told = word("masked", lang, k=f"{masked.smallest:g}", n=masked.rows, more=len(masked.complementary))
        yield f'<p class="notice">{safe(told)}</p>'


def _kpis(content: Content, lang: Lang) -> Iterator[str]:
    yield heading("kpis", lang)
    asked = {row["kpi"] for answer in content.answers for row in answer["rows"]}
    shown = [
        info
        for name, info in content.infos.items()
        if (info.headline or name in asked)
        and any(content.summary.get((name, v), {"n": 0})["n"] for v in content.variants)
    ]
    n = content.study.replications
    note = word("one_run", lang) if n == 1 else word("kpis_caption", lang, n=n)
    if content.days:
        yield f'<p class="soft">{safe(word("mean_day", lang, day=content.days.words(content.day)[lang]))}</p>'
    for start in range(0, len(content.variants), 6):
        variants = content.variants[start : start + 6]
        rows = []
        for info in shown:
            found = [content.summary.get((info.name, v)) for v in variants]
            mark = " *" if info.name in asked else ""
            cells = [safe(_mean_and_half(r, info.unit, lang)) if r else "–" for r in found]
            name = safe(info.ja if lang == "ja" else info.en)
            rows.append([f"{name}{mark}", *cells])
        headings = [word("figure", lang), *(content.label(v, lang) for v in variants)]
        yield table(headings, rows, range(1, len(headings)), note)


def _mean_and_half(row: Mapping[str, Any], unit: str, lang: Lang) -> str:
    if not row["n"]:
        return "–"
    text = figure(row["mean"], unit, lang)
    half = (row["hi"] - row["lo"]) / 2
    return f"{text} ± {number(100 * half if unit == 'share' else half)}" if half > 0 else text


def _differences(content: Content, lang: Lang) -> Iterator[str]:
    if len(content.variants) < 2:
        return
    yield heading("differences", lang)
    moved = [row for row in content.differences if _is_moved(row)]
    if not moved:
        yield f"<p>{safe(word('nothing_moved', lang))}</p>"
        return
    for first, second in dict.fromkeys((r["first"], r["second"]) for r in moved):
        own = [row for row in moved if (row["first"], row["second"]) == (first, second)]
        # The mean day as in the table of figures first, then what was asked of other days.
        order = [content.day, *content.days.every]
        own.sort(key=lambda row: order.index(row["day"]))
        yield f"<h3>{safe(content.label(second, lang))} − {safe(content.label(first, lang))}</h3>"
        yield rows_of_strips([_difference_row(content, row, lang) for row in own])
    yield f'<p class="soft">{safe(word("corrected", lang, how=CORRECTION))}</p>'


def _is_moved(row: Mapping[str, Any]) -> bool:
    return bool(row["n"] and not (row["mean"] == 0.0 and (row["n"] == 1 or row["lo"] == row["hi"] == 0.0)))


def _difference_row(content: Content, row: Mapping[str, Any], lang: Lang) -> tuple[str, str, str]:
    look = VERDICTS.get(str(row["verdict"]), VERDICTS[""])
    name = safe(content.kpi(row["kpi"], row["group"], lang) + content.apart(row["day"], lang))
    name += " *" if row["asked"] else ""
    known = row["n"] > 1 and math.isfinite(row["lo"])
    lo, hi = (row["lo"], row["hi"]) if known else (None, None)
    picture = strip([(lo, hi, look.color)], row["mean"], 0.0, look.color)
    verdict = look.ja if lang == "ja" else look.en
    below = _ends(row, lang) if known else word("one_run", lang)
    told = f"<b>{safe(change(row['mean'], row['unit'], lang))}</b> {chip(row['verdict'], verdict)}<br>"
    return name, picture, f"{told}<small>{safe(below)}</small>"


def _spread(content: Content, lang: Lang) -> Iterator[str]:
    main = content.main
    if main is None or content.study.replications < 2:
        return
    asked = dict.fromkeys((r["kpi"], r["group"], r["unit"]) for r in main["rows"] if not r.get("masked"))
    shown = list(asked)[:3]
    yield heading("spread", lang)
    for kpi, group, unit in shown:
        values = content.values(kpi, group)
        every = [v for own in values.values() for v in own]
        rows = []
        for nth, (variant, own) in enumerate(values.items()):
            known = [v for v in own if math.isfinite(v)]
            if known:
                ends = span(min(known), max(known), unit, lang, of_change=False)
                told = f"{safe(figure(sum(known) / len(known), unit, lang))}<br><small>{safe(ends)}</small>"
                rows.append((safe(content.label(variant, lang)), dots(own, every, variant_color(nth)), told))
        if rows:
            yield f"<h3>{safe(content.kpi(kpi, group, lang))}</h3>{rows_of_strips(rows)}"


def _assumptions(content: Content, lang: Lang) -> Iterator[str]:
    yield heading("assumptions", lang)
    yield f'<p class="soft">{safe(word("grades", lang))}</p>'
    plan = content.study.plan
    headings = [word(k, lang) for k in ("grade", "key", "value", "range", "source")]
    stated = sorted(plan["assumptions"], key=lambda a: "GMDV".find(a["grade"]) if a["grade"] else 9)
    if stated:
        yield table(headings, [_assumption(a, content, lang) for a in stated])
    weak: dict[tuple[str, str], Mapping[str, Any]] = {}
    for defaults in plan["defaults"].values():
        for a in defaults:
            if a["grade"] in ("G", "M"):
                weak.setdefault((a["key"], a["value"]), a)
    if weak:
        rows = [_assumption(a, content, lang) for a in sorted(weak.values(), key=lambda a: "GM".find(a["grade"]))][
            :_MOST_DEFAULTS
        ]
        yield (
            f"<details><summary>{safe(word('defaults', lang, n=len(weak)))}</summary>{table(headings, rows)}</details>"
        )


def _assumption(a: Mapping[str, Any], content: Content, lang: Lang) -> list[str]:
    range_ = [value_words(end, lang) for end in a["range"]] if a.get("range") else []
    reach = ("〜" if lang == "ja" else " to ").join(range_)
    key = key_words(a["key"], lang, content.study.plan.get("measures"))
    name = safe(key) if key != a["key"] else f"<code>{safe(key)}</code>"
    return [safe(a["grade"] or "–"), name, safe(value_words(a["value"], lang)), safe(reach), safe(a["source"])]


def _not_in_the_ranges(content: Content, lang: Lang) -> Iterator[str]:
    yield heading("not_in", lang)
    plan = content.study.plan
    still = {a["key"] for a in plan["assumptions"] if a["low"] is None and a["grade"] in ("G", "M")}
    still |= {a["key"] for defaults in plan["defaults"].values() for a in defaults if a["grade"] in ("G", "M")}
    said = [
        word("not_ranged", lang, n=len(still)),
        word("not_form", lang),
        *(f"{name_words(model, lang)}: {note}" for model, note in content.notes),
    ]
    left_out = content.study.answers.get("draws", {}).get("left_out", [])
    if left_out:
        said.append(word("left_out", lang) + ", ".join(key_words(key, lang) for key in left_out))
    yield "<ul>" + "".join(f"<li>{safe(text)}</li>" for text in said) + "</ul>"


def _ledger(content: Content, lang: Lang) -> Iterator[str]:
    yield heading("ledger", lang)
    if not content.ledger:
        yield f"<p>{safe(word('no_ledger', lang))}</p>"
        return
    hidden: dict[tuple[str, str, str], list[bool]] = {}
    for v, m, a, _, _ in content.ledger:
        if (v, m, a) not in hidden:
            counts = [n for w, x, b, _, n in content.ledger if (w, x, b) == (v, m, a)]
            hidden[v, m, a] = masked_counts(counts, content.masked)
    rows = [
        [
            safe(content.label(v, lang)),
            *(safe(name_words(x, lang)) for x in (m, a, e)),
            safe(word("hidden", lang)) if hidden[v, m, a].pop(0) else f"{n:,}",
        ]
        for v, m, a, e, n in content.ledger
    ]
    headings = [word(k, lang) for k in ("variant", "model", "account", "entry", "count")]
    body = table(headings, rows[:_MOST_LEDGER], (4,))
    yield f"<details><summary>{safe(word('ledger_why', lang))}</summary>{body}</details>"


def _provenance(content: Content, lang: Lang) -> Iterator[str]:
    yield heading("provenance", lang)
    study, manifest = content.study, content.study.manifest
    answers = study.answers.get("answers", [])
    command = f"twin run scenario.yaml --seed {manifest['seed']} --replications {study.replications}"
    rows = [
        ("prov_scenario", manifest["scenario_sha256"]),
        ("prov_seed", manifest["seed"]),
        ("prov_runs", len(study.variants) * study.replications),
        ("prov_twin", manifest["twin"]),
        ("prov_with", ", ".join(f"{k} {v}" for k, v in manifest["versions"].items())),
        ("prov_kpis", manifest["files"].get("kpis.parquet", "–")),
        ("prov_answers", manifest["files"].get("answers.json", "–")),
        ("prov_method", answers[0]["method"] if answers else "Student's t"),
        ("prov_map", "; ".join(manifest["city"]["attribution"])),
        *(("prov_data", line) for line in source_lines(manifest)),
        ("prov_repeat", command),
    ]
    body = "".join(f"<tr><th>{safe(word(key, lang))}</th><td><code>{safe(told)}</code></td></tr>" for key, told in rows)
    yield f'<div class="wide" tabindex="0"><table><tbody>{body}</tbody></table></div>'
    shown = sorted({*(kpi for kpi, _ in content.summary)})
    codes = [[safe(content.kpi(name, "", lang)), f"<code>{safe(name)}</code>"] for name in shown]
    listed = table([word("figure", lang), word("code", lang)], codes)
    yield f"<details><summary>{safe(word('codes', lang))}</summary>{listed}</details>"
