"""Sections of the report as markup, in the order in which a council reads them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from twin.results.compare import CORRECTION
from twin.results.verdicts import BETTER, WORSE
from twin.results.words import Lang, change, figure, number, span
from twin.viz.charts import interval_chart
from twin.viz.palette import BLUE, VERDICTS, VERMILLION
from twin.viz.report.charts import every_replication, two_ranges
from twin.viz.report.content import Content
from twin.viz.report.money import money_section
from twin.viz.report.today import as_seen, today
from twin.viz.report.words import safe, word

_CHIPS = {"holds": BLUE, "reached": BLUE, "found": BLUE, "does not hold": VERMILLION, "not reached": VERMILLION,
          "no setting holds": VERMILLION}  # fmt: skip
_MOST_LEDGER, _MOST_DEFAULTS = 400, 600


def sections(content: Content, lang: Lang) -> Iterator[str]:
    """Every section, the answer first."""
    yield from _answers(content, lang)
    yield from _observed(content, lang)
    yield from _ranges(content, lang)
    yield from _overturns(content, lang)
    yield from _winners(content, lang)
    yield from _settings(content, lang)
    yield from _kpis(content, lang)
    yield from _differences(content, lang)
    yield from money_section(content, lang, _table)
    yield from _spread(content, lang)
    yield from _assumptions(content, lang)
    yield from _not_in_the_ranges(content, lang)
    yield from _ledger(content, lang)
    yield from _provenance(content, lang)


def _heading(key: str, lang: Lang) -> str:
    return f"<h2>{safe(word(key, lang))}</h2>"


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[int] = (), note: str = "") -> str:
    """A table of cells that are markup already."""

    def cells(tag: str, row: Sequence[str]) -> str:
        return "".join(f"<{tag}{' class=n' if at in numeric else ''}>{cell}</{tag}>" for at, cell in enumerate(row))

    caption = f"<caption>{safe(note)}</caption>" if note else ""
    head = f"<thead><tr>{cells('th', [safe(h) for h in headings])}</tr></thead>"
    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f'<div class="wide"><table>{caption}{head}<tbody>{body}</tbody></table></div>'


def _chip(verdict: str, words: Mapping[str, str], lang: Lang) -> str:
    look = VERDICTS.get(verdict)
    color = _CHIPS.get(verdict, look.color if look else "#5B6570")
    return f'<span class="chip" style="background:{color}">{safe(words[lang])}</span>' if words[lang] else ""


def _answers(content: Content, lang: Lang) -> Iterator[str]:
    yield _heading("answer", lang)
    answers = content.study.answers.get("answers", [])
    if not answers:
        yield f'<p class="notice">{safe(word("no_question", lang))}</p>'
    for answer in sorted(answers, key=lambda a: not a["main"]):
        notes = "".join(f"<li>{safe(note)}</li>" for note in answer["notes"][lang])
        assumed = answer["sentence_of_assumptions"][lang]
        yield (
            f'<section class="answer{" main" if answer["main"] else ""}">'
            f"<h3>{_chip(answer['verdict'], answer['verdict_words'], lang) if answer['verdict'] else ''}"
            f"{safe(answer['ask'].get(lang) or answer['id'])}</h3>"
            f'<p class="said">{safe(_without_ask(answer, lang))}</p>'
            + (f"<p>{safe(assumed)}</p>" if assumed else "")
            + (f"<ul>{notes}</ul>" if notes else "")
            + "</section>"
        )
    if content.study.replications == 1:
        yield f'<p class="notice">{safe(word("one_run", lang))}</p>'


def _without_ask(answer: Mapping[str, Any], lang: Lang) -> str:
    """The sentence of an answer below its question, which need not be said twice."""
    asked = str(answer["ask"].get(lang) or answer["id"])
    return str(answer["sentence"][lang]).removeprefix(asked.rstrip("。.")).lstrip("：: ")


def _observed(content: Content, lang: Lang) -> Iterator[str]:
    yield _heading("observed", lang)
    if not content.study.reproduction:
        yield f"<p>{safe(word('no_observed', lang))}</p>"
    yield from today(content, lang)
    if content.study.manifest["city"]["schematic"]:
        yield f"<p>{safe(word('schematic', lang))}</p>"
    yield from as_seen(content, lang)


def _ranges(content: Content, lang: Lang) -> Iterator[str]:
    answers = content.study.answers.get("answers", [])
    if not answers:
        return
    yield _heading("ranges", lang)
    if not any(answer["assumptions"] for answer in answers):
        yield f'<p class="notice">{safe(word("no_draws", lang))}</p>'
    rows, drawn, names = [], [], []
    for answer in answers:
        if answer["settings"]:
            continue
        told = answer["assumptions"]["rows"] if answer["assumptions"] else [None] * len(answer["rows"])
        for row, range_ in zip(answer["rows"], told, strict=True):
            if row["mean"] is None:
                continue
            rows.append(row)
            drawn.append(range_)
            agree = f" ({range_['agree']}/{range_['draws']} {word('agree', lang)})" if range_ else ""
            names.append(f"{content.label(row['variant'], lang)}: {content.kpi(row['kpi'], row['group'], lang)}{agree}")
    if rows:
        chart = two_ranges(rows, drawn, names, lang)
        yield f"<figure>{chart}<figcaption>{safe(word('ranges_why', lang))}</figcaption></figure>"


def _overturns(content: Content, lang: Lang) -> Iterator[str]:
    main = content.main
    if main is None or not main["assumptions"] or not main["assumptions"]["moved_alone"]:
        return
    yield _heading("overturn", lang)
    turns = main["assumptions"]["overturned_by"]
    if not turns:
        yield f"<p>{safe(word('no_overturn', lang))}</p>"
        return
    rows = [
        [
            f"<code>{safe(t['key'])}</code>",
            safe(f"{number(t['from'])} {t['unit']}"),
            safe(_turn(t)),
            safe(f"{number(t['range'][0])} – {number(t['range'][1])} {t['unit']}"),
            safe(f"{number(t['end'])} {t['unit']}: " + _becomes(content, t["becomes"], lang)),
        ]
        for t in turns
    ]
    headings = (
        ("項目", "今の値", "覆る値", "範囲", "そこでの答え")
        if lang == "ja"
        else ("key", "value now", "turns at", "range", "answer there")
    )
    yield _table(headings, rows, (1, 2, 3))


def _verdict_word(verdict: str, lang: Lang) -> str:
    from twin.results.sentences import ANSWER_WORDS

    return ANSWER_WORDS.get(verdict, (verdict, verdict))[0 if lang == "ja" else 1]


def _turn(turn: Mapping[str, Any]) -> str:
    """Where the answer turns: about at a value, else between the value now and the end that was run."""
    if turn["at"] is not None:
        return f"≈ {number(turn['at'])} {turn['unit']}"
    return f"{number(turn['between'][0])} – {number(turn['between'][1])} {turn['unit']}"


def _becomes(content: Content, says: str, lang: Lang) -> str:
    """What an answer becomes: a verdict, or of a search another setting."""
    word_ = _verdict_word(says, lang)
    return content.label(says, lang) if word_ == says else word_


def _winners(content: Content, lang: Lang) -> Iterator[str]:
    rows = [
        row
        for answer in content.study.answers.get("answers", [])
        for row in answer["rows"]
        if row["role"] == "group" and row["mean"] is not None
    ]
    if not rows:
        return
    yield _heading("winners", lang)
    cells = []
    for row in rows:
        gains = {BETTER: word("gains", lang), WORSE: word("loses", lang)}
        told = gains.get(row["verdict"], row["verdict_words"][lang])
        cells.append(
            [
                safe(content.label(row["variant"], lang)),
                safe(row["group"]),
                safe(content.kpi(row["kpi"], "", lang)),
                safe(change(row["mean"], row["unit"], lang)),
                safe(_ends(row, lang)),
                _chip(row["verdict"], {lang: told}, lang),
            ]
        )
    headings = [word(k, lang) for k in ("variant", "group", "figure", "difference", "interval", "verdict")]
    yield _table(headings, cells, (3, 4))


def _ends(row: Mapping[str, Any], lang: Lang) -> str:
    if row["lo"] is None or row["hi"] is None or math.isnan(row["lo"]):
        return "–"
    return span(row["lo"], row["hi"], row["unit"], lang, of_change=row.get("pair", True) is not None)


def _settings(content: Content, lang: Lang) -> Iterator[str]:
    for answer in content.study.answers.get("answers", []):
        if not answer["settings"]:
            continue
        yield f"<h2>{safe(word('search', lang))}: {safe(answer['ask'].get(lang) or answer['id'])}</h2>"
        each = len(answer["rows"]) // len(answer["settings"])
        rows = []
        for nth, setting in enumerate(answer["settings"]):
            own = answer["rows"][nth * each : (nth + 1) * each]
            told = "<br>".join(safe(f"{content.kpi(r['kpi'], r['group'], lang)}: {_level(r, lang)}") for r in own)
            name = setting["setting"] if answer["key"] else content.label(setting["variant"], lang)
            rows.append(
                [safe(name), told, _chip(setting["verdict"], {lang: _verdict_word(setting["verdict"], lang)}, lang)]
            )
        yield _table([word(k, lang) for k in ("setting", "figure", "verdict")], rows)


def _level(row: Mapping[str, Any], lang: Lang) -> str:
    if row["mean"] is None:
        return "–"
    shown = (figure if row["pair"] is None else change)(row["mean"], row["unit"], lang)
    return f"{shown} [{_ends(row, lang)}]"


def _kpis(content: Content, lang: Lang) -> Iterator[str]:
    yield _heading("kpis", lang)
    asked = {row["kpi"] for answer in content.study.answers.get("answers", []) for row in answer["rows"]}
    shown = [
        info
        for name, info in content.infos.items()
        if (info.headline or name in asked)
        and any(content.summary.get((name, v), {"n": 0})["n"] for v in content.variants)
    ]
    n = content.study.replications
    note = word("one_run", lang) if n == 1 else word("kpis_caption", lang, n=n)
    for start in range(0, len(content.variants), 6):
        variants = content.variants[start : start + 6]
        rows = []
        for info in shown:
            found = [content.summary.get((info.name, v)) for v in variants]
            mark = " *" if info.name in asked else ""
            cells = [safe(_mean_and_half(r, info.unit, lang)) if r else "–" for r in found]
            name = safe(info.ja if lang == "ja" else info.en)
            rows.append([f"{name}{mark}<br><code>{safe(info.name)}</code>", *cells])
        headings = [word("figure", lang), *(content.label(v, lang) for v in variants)]
        yield _table(headings, rows, range(1, len(headings)), note)


def _mean_and_half(row: Mapping[str, Any], unit: str, lang: Lang) -> str:
    if not row["n"]:
        return "–"
    text = figure(row["mean"], unit, lang)
    half = (row["hi"] - row["lo"]) / 2
    return f"{text} ± {number(100 * half if unit == 'share' else half)}" if half > 0 else text


def _differences(content: Content, lang: Lang) -> Iterator[str]:
    if len(content.variants) < 2:
        return
    yield _heading("differences", lang)
    moved = [row for row in content.differences if _is_moved(row)]
    if not moved:
        yield f"<p>{safe(word('nothing_moved', lang))}</p>"
        return
    for first, second in dict.fromkeys((r["first"], r["second"]) for r in moved):
        rows = [_starred(row) for row in moved if (row["first"], row["second"]) == (first, second)]
        title = f"{content.label(second, lang)} − {content.label(first, lang)}"
        chart = interval_chart(
            rows,
            infos=content.infos,
            variant_labels=content.study.manifest["labels"],
            title=title,
            lang=lang,
            width_px=980,
        )
        yield f"<figure>{chart}</figure>"
    yield f'<p class="soft">{safe(word("corrected", lang, how=CORRECTION))}</p>'


def _is_moved(row: Mapping[str, Any]) -> bool:
    return bool(row["n"] and not (row["mean"] == 0.0 and (row["n"] == 1 or row["lo"] == row["hi"] == 0.0)))


def _starred(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row whose group tells that it was asked beforehand."""
    if not row["asked"]:
        return dict(row)
    return {**row, "group": "*" if row["group"] == "all" else f"{row['group']} *"}


def _spread(content: Content, lang: Lang) -> Iterator[str]:
    main = content.main
    if main is None or content.study.replications < 2:
        return
    asked = dict.fromkeys((row["kpi"], row["group"], row["unit"]) for row in main["rows"])
    shown = list(asked)[:3]
    yield _heading("spread", lang)
    names = {v: content.label(v, lang) for v in content.variants}
    for kpi, group, unit in shown:
        chart = every_replication(content.values(kpi, group), names, unit, lang)
        if chart:
            yield f"<figure>{chart}<figcaption>{safe(content.kpi(kpi, group, lang))}</figcaption></figure>"


def _assumptions(content: Content, lang: Lang) -> Iterator[str]:
    yield _heading("assumptions", lang)
    yield f'<p class="soft">{safe(word("grades", lang))}</p>'
    plan = content.study.plan
    headings = [word(k, lang) for k in ("grade", "key", "value", "range", "source")]
    stated = sorted(plan["assumptions"], key=lambda a: "GMDV".find(a["grade"]) if a["grade"] else 9)
    if stated:
        yield _table(headings, [_assumption(a) for a in stated])
    weak: dict[tuple[str, str], Mapping[str, Any]] = {}
    for defaults in plan["defaults"].values():
        for a in defaults:
            if a["grade"] in ("G", "M"):
                weak.setdefault((a["key"], a["value"]), a)
    if weak:
        rows = [_assumption(a) for a in sorted(weak.values(), key=lambda a: "GM".find(a["grade"]))][:_MOST_DEFAULTS]
        yield (
            f"<details><summary>{safe(word('defaults', lang, n=len(weak)))}</summary>{_table(headings, rows)}</details>"
        )


def _assumption(a: Mapping[str, Any]) -> list[str]:
    range_ = " – ".join(a["range"]) if a.get("range") else ""
    cells = [safe(a["grade"] or "–"), f"<code>{safe(a['key'])}</code>"]
    return [*cells, safe(a["value"]), safe(range_), safe(a["source"])]


def _not_in_the_ranges(content: Content, lang: Lang) -> Iterator[str]:
    yield _heading("not_in", lang)
    plan = content.study.plan
    still = {a["key"] for a in plan["assumptions"] if a["low"] is None and a["grade"] in ("G", "M")}
    still |= {a["key"] for defaults in plan["defaults"].values() for a in defaults if a["grade"] in ("G", "M")}
    said = [word("not_ranged", lang, n=len(still)), word("not_form", lang), *content.notes]
    left_out = content.study.answers.get("draws", {}).get("left_out", [])
    if left_out:
        said.append(word("left_out", lang) + ", ".join(left_out))
    yield "<ul>" + "".join(f"<li>{safe(text)}</li>" for text in said) + "</ul>"


def _ledger(content: Content, lang: Lang) -> Iterator[str]:
    yield _heading("ledger", lang)
    if not content.ledger:
        yield f"<p>{safe(word('no_ledger', lang))}</p>"
        return
    rows = [[safe(content.label(v, lang)), safe(m), safe(a), safe(e), f"{n:,}"] for v, m, a, e, n in content.ledger]
    yield _table(
        [word(k, lang) for k in ("variant", "key", "account", "entry", "count")],
        rows[:_MOST_LEDGER],
        (4,),
        word("ledger_why", lang),
    )


def _provenance(content: Content, lang: Lang) -> Iterator[str]:
    yield _heading("provenance", lang)
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
        ("prov_repeat", command),
    ]
    body = "".join(f"<tr><th>{safe(word(key, lang))}</th><td><code>{safe(told)}</code></td></tr>" for key, told in rows)
    yield f'<div class="wide"><table><tbody>{body}</tbody></table></div>'
