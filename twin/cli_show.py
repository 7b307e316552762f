"""Tables and progress for people; the JSON for programs."""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import markup
from rich.console import Console
from rich.table import Table

from twin.errors import printable
from twin.results.compare import CORRECTION, summarise
from twin.results.kpis import KpiInfo, infos
from twin.results.run_folder import Study, run_path
from twin.results.unmoved import unmoved
from twin.results.verdicts import words_of
from twin.units import duration_text

if TYPE_CHECKING:
    from twin.city.city import City
    from twin.experiments.rank import Ranking
    from twin.scenario.plan.check import CheckReport

#: Columns of the table of KPIs, in characters.
_NAME_WIDTH, _UNIT_WIDTH, _VARIANT_WIDTH = 42, 14, 20

# Into a file or a pipe there is no window to fit.
out = Console(width=None if sys.stdout is not None and sys.stdout.isatty() else 120)
_err = Console(stderr=True)


def escape(text: str) -> str:
    """Text as it stands: neither markup of our own tables nor commands to the terminal."""
    return markup.escape(printable(text))


def study_json(study: Study) -> dict[str, Any]:
    """What ``twin run --json`` prints."""
    kpis = study.columns("kpis")
    lean = bool(study.manifest["lean"])
    runs = [
        {
            "variant": variant,
            "replication": replication,
            "folder": None if lean else str(study.folder / run_path(variant, replication)),
            "status": "finished",
        }
        for variant in study.variants
        for replication in range(study.replications)
    ]
    differences = study.columns("differences")
    names = list(differences)
    rows = [dict(zip(names, (v.item() for v in row), strict=True)) for row in zip(*differences.values(), strict=True)]
    return {
        "study": str(study.folder),
        "warnings": [*_warnings(study), *_notes(study)],
        "runs": runs,
        "kpis": [
            {k: row[k] for k in ("variant", "kpi", "group", "unit", "mean", "lo", "hi", "n")}
            for row in summarise(kpis, study.variants)
        ],
        "differences": [difference_json(row) for row in rows],
        "replications": study.replications,
        "answers": study.answers.get("answers", []),
        "same_in_every_variant": [
            {"kpi": kpi, "group": group, "mean": mean} for (kpi, group), mean in unmoved(kpis, study.variants).items()
        ],
    }


def difference_json(row: Mapping[str, Any]) -> dict[str, Any]:
    """One difference for programs."""
    return {
        "pair": [row["first"], row["second"]],
        **{key: row[key] for key in ("kpi", "group", "unit", "mean", "lo", "hi", "n", "verdict")},
        "verdict_words": words_of(row["verdict"]),
        # A study of an earlier version knows of no questions.
        **{key: row.get(key) for key in ("asked", "p", "p_corrected")},
    }


def show_study(study: Study) -> None:
    """The end of a run: answers in a sentence each, headline KPIs, differences, and what the answer rests on."""
    show_answers(study)
    chosen = {name: info for name, info in infos().items() if info.headline}
    summary = {
        (r["kpi"], r["variant"]): r
        for r in summarise(study.columns("kpis"), study.variants)
        if r["group"] == "all" and r["kpi"] in chosen
    }
    still = {name for name, group in unmoved(study.columns("kpis"), study.variants) if group == "all"}
    # As many variants side by side as leave their numbers and the KPIs' names in one piece.
    beside = max(1, (out.width - _NAME_WIDTH - _UNIT_WIDTH) // _VARIANT_WIDTH)
    shown = _shown_variants(study)
    for first in range(0, len(shown), beside):
        variants = shown[first : first + beside]
        table = Table(title=_title(study), title_justify="left", caption=_caption(study), caption_justify="left")
        table.add_column("KPI", overflow="fold", min_width=min(_NAME_WIDTH, out.width // 3))
        table.add_column("unit", overflow="fold")
        for variant in variants:
            label = escape(_label(study, variant))
            table.add_column(label, justify="right", overflow="fold", max_width=_VARIANT_WIDTH - 3)
        for name, info in chosen.items():
            if (name, study.variants[0]) not in summary:
                continue
            cells = [number_text(summary[name, v]) if (name, v) in summary else "" for v in variants]
            told = _kpi_cell(name, "", chosen)
            if name in still:
                told += "\n[yellow]the same in every variant / 全案同じ[/]"
            table.add_row(told, escape(info.unit), *cells)
        out.print(table)
    if still & set(chosen):
        out.print(
            "[yellow]note:[/] no variant here moves what is marked as the same: this scenario does not answer what "
            "its measures do to it. Ask with more demand, less room or another day.",
            highlight=False,
        )
    if len(study.variants) > 1:
        differences = study.columns("differences")
        names = list(differences)
        rows = [
            dict(zip(names, (v.item() for v in row), strict=True)) for row in zip(*differences.values(), strict=True)
        ]
        show_differences([row for row in headlines(rows) if {row["first"], row["second"]} <= {*shown}], study)
    if len(shown) < len(study.variants):
        out.print(f"{len(study.variants) - len(shown)} settings of searches are not shown: twin compare shows them all")
    for note in (*_warnings(study), *_notes(study)):
        out.print(f"[yellow]note:[/] {escape(note)}", highlight=False)
    _show_basis(study)
    out.print(
        f"\nresults: {escape(str(study.folder))}\nnext:    twin view {escape(str(study.folder))}", highlight=False
    )


def _shown_variants(study: Study) -> list[str]:
    """Variants of the file; settings that a search made have their place in its answer."""
    made = {variant["name"] for variant in study.plan["variants"] if variant.get("setting")}
    return [name for name in study.variants if name not in made]


def show_answers(study: Study) -> None:
    """One sentence per question in both languages, what must be said beside it, and how the error was shared."""
    found = study.answers
    for answer in found.get("answers", []):
        mark = "* " if answer["main"] and len(found["answers"]) > 1 else ""
        for lang in ("ja", "en"):
            out.print(f"[bold]{mark}{escape(answer['sentence'][lang])}[/]", highlight=False)
            if answer["sentence_of_assumptions"][lang]:
                out.print(f"  {escape(answer['sentence_of_assumptions'][lang])}", highlight=False)
            for note in answer["notes"][lang]:
                out.print(f"  [yellow]{'注' if lang == 'ja' else 'note'}:[/] {escape(note)}", highlight=False)
        out.print()
    if found:
        checks = sum(len(answer["rows"]) for answer in found["answers"])
        method = found["answers"][0]["method"]
        shared = f"; the error is shared among {checks} checks ({found['shared_by']})" if checks > 1 else ""
        out.print(f"[dim]intervals of answers: {escape(method)}{shared}[/]\n", highlight=False)


def ranking_json(scenario: str, ranking: Ranking) -> dict[str, Any]:
    """What ``twin rank --json`` prints."""
    base = ranking.base
    return {
        "scenario": scenario,
        "variant": ranking.variant,
        "kpi": ranking.kpi,
        "group": ranking.group,
        "unit": ranking.unit,
        "base": {"mean": base.mean, "lo": base.lo, "hi": base.hi, "n": base.n},
        "guesses": [row.to_dict() for row in ranking.guesses],
    }


def show_ranking(ranking: Ranking) -> None:
    """Guesses by how far they move a KPI; those that do not move it are only counted."""
    moving = [row for row in ranking.guesses if row.change.mean]
    title = f"{ranking.kpi} ({ranking.unit}, {ranking.group}) in {ranking.variant}: {ranking.base.mean:.4g}"
    caption = (
        "Each guess alone at either end, the same luck at both. (range) as the file states it; (±25 %) a default "
        "moved by a quarter, so that rows with a range compare with their ranges only."
    )
    table = Table(title=escape(title), title_justify="left", caption=caption, caption_justify="left")
    for heading in ("grade", "guess", "from", "to", "KPI there", "", "change (95 %)"):
        table.add_column(
            heading,
            justify="right" if heading.startswith(("KPI", "change")) or not heading else "left",
            overflow="fold",
        )
    for row in moving:
        half = (row.change.hi - row.change.lo) / 2
        change = f"{row.change.mean:+.3g}" + ("" if math.isnan(half) else f" ± {half:.2g}")
        basis = "range" if row.guess.basis == "range" else "±25 %"
        table.add_row(
            row.guess.grade,
            escape(f"{row.guess.key} ({basis})"),
            escape(row.guess.low_text),
            escape(row.guess.high_text),
            f"{row.at_low:.4g}",
            f"{row.at_high:.4g}",
            change,
        )
    out.print(table)
    still = len(ranking.guesses) - len(moving)
    if still:
        out.print(f"{still} more do not move it at all.")


def _warnings(study: Study) -> list[str]:
    """What of its demand no run of a study saw."""
    said = study.plan.get("warnings", [])
    return [str(warning) for warning in said] if isinstance(said, list) else []


def _notes(study: Study) -> list[str]:
    """What models say of themselves in the first run of each variant, each once; a lean study keeps no runs."""
    if study.manifest["lean"]:
        return []
    said = [
        f"{model}: {note}"
        for variant in study.variants
        for model, notes in study.run(variant).manifest.get("notes", {}).items()
        for note in notes
    ]
    return list(dict.fromkeys(said))


def headlines(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The differences that a first look needs: headline KPIs over everybody."""
    known = infos()
    return [row for row in rows if row["group"] == "all" and row["kpi"] in known and known[row["kpi"]].headline]


def show_differences(rows: Sequence[Mapping[str, Any]], study: Study) -> None:
    """Differences with intervals and verdicts, a table per pair; what is exactly the same is only counted."""
    known = infos()
    for pair in dict.fromkeys((row["first"], row["second"]) for row in rows):
        of_pair = [row for row in rows if (row["first"], row["second"]) == pair]
        different = moved(of_pair)
        title = f"{_label(study, pair[1])} against {_label(study, pair[0])}: differences with the same luck in both"
        table = Table(
            title=escape(title),
            title_justify="left",
            caption_justify="left",
            caption=f"{len(of_pair) - len(different)} of {len(of_pair)} figures are exactly the same. * asked for "
            f"beforehand; verdicts of the other rows are corrected for their number ({CORRECTION})",
        )
        table.add_column("KPI", overflow="fold")
        for heading in ("difference", "95 % interval", "pairs"):
            table.add_column(heading, justify="right", no_wrap=True)
        table.add_column("verdict", no_wrap=True)
        for row in different:
            group = "" if row["group"] == "all" else f" ({row['group']})"
            table.add_row(
                _kpi_cell(row["kpi"], group, known),
                _short(row["mean"]) + _unit(row["unit"]),
                _ends(row),
                str(row["n"]),
                _verdict_cell(row),
            )
        out.print(table)


def _verdict_cell(row: Mapping[str, Any]) -> str:
    """Verdict in both languages; a star for what was asked beforehand."""
    words = words_of(row["verdict"])
    return escape(f"{words['ja']} {words['en']}" + (" *" if row.get("asked") else ""))


def moved(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The differences that are not exactly nothing."""
    return [row for row in rows if not _is_same(row)]


def _is_same(row: Mapping[str, Any]) -> bool:
    if row["n"] == 0:
        return True  # undefined in both: nobody was there
    return bool(row["mean"] == 0.0 and (row["n"] == 1 or row["lo"] == row["hi"] == 0.0))


def _kpi_cell(name: str, group: str, known: Mapping[str, KpiInfo]) -> str:
    """What a KPI is, in both languages, and its name."""
    info = known.get(name)
    if info is None:
        return escape(name + group)
    return f"{escape(info.en + group)}\n[dim]{escape(info.ja)}  {escape(name)}[/]"


def _title(study: Study) -> str:
    title = study.manifest["title"]
    words = title.get("ja") or title.get("en") or study.manifest["name"] if isinstance(title, dict) else str(title)
    return escape(str(words))


def _caption(study: Study) -> str:
    n = study.replications
    luck = (
        "one replication: no interval for luck"
        if n == 1
        else f"mean of {n} replications ± half the 95 % interval (luck only)"
    )
    return luck + ("; schematic map" if study.manifest["city"]["schematic"] else "")


def _label(study: Study, variant: str) -> str:
    label = study.manifest["labels"].get(variant) or {}
    words = (label.get("ja") or label.get("en")) if isinstance(label, dict) else str(label)
    return f"{words} ({variant})" if words else variant


def _show_basis(study: Study) -> None:
    """Guesses and remembered values the answer rests on, counted, and where the list stands."""
    weak = {(a["key"], a["value"]): a["grade"] for defaults in study.plan["defaults"].values() for a in defaults}
    grades = [*(a["grade"] for a in study.plan["assumptions"]), *weak.values()]
    guesses, remembered = grades.count("G"), grades.count("M")
    if guesses or remembered:
        out.print(
            f"rests on {guesses} guessed (G) and {remembered} remembered (M) values, listed under "
            f"'assumptions' and 'defaults' in {escape(str(study.folder / 'plan.json'))};\n"
            "         which of them matter most: twin rank FILE --kpi KPI",
            highlight=False,
        )
    city = study.manifest["city"]
    out.print(
        "map: " + escape("; ".join(city["attribution"])) + (" — schematic" if city["schematic"] else ""),
        highlight=False,
    )


def number_text(row: Mapping[str, Any]) -> str:
    """Mean, and half the interval where there is one."""
    if row["n"] == 0:
        return "–"
    text = _short(row["mean"])
    if row["n"] > 1 and row["hi"] > row["lo"]:
        text += f" ± {_short((row['hi'] - row['lo']) / 2)}"
    return text


def _ends(row: Mapping[str, Any]) -> str:
    if row["n"] < 2 or math.isnan(row["lo"]):
        return "–"
    return f"[{_short(row['lo'])}, {_short(row['hi'])}]".replace("[", "\\[")


def _unit(unit: str) -> str:
    return f" {escape(unit)}" if unit else ""


def _short(value: float) -> str:
    if math.isnan(value):
        return "–"
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def show_check(report: CheckReport, every_default: bool) -> None:
    """What ``twin check`` prints: tables echoed, the size of the study, what it rests on; its defaults if asked."""
    facts = report.to_dict()
    out.print(f"{escape(facts['file'])}: no problem found", highlight=False)
    for warning in facts["warnings"]:
        out.print(f"[yellow]note:[/] {escape(warning)}", highlight=False)
    show_facts(
        {"variants": {v["name"]: f"{v['label']['ja']} | models: {', '.join(v['models'])}" for v in facts["variants"]}}
    )
    if facts["questions"]:
        looks = facts["looks"]
        until = f"{looks[0]} replications" if len(looks) == 1 else f"from {looks[0]} up to {looks[-1]} replications"
        show_facts(
            {
                "questions": {
                    q["id"]: f"{q['ask']['ja']} | {q['checks']} checks, {until}, until decided"
                    for q in facts["questions"]
                }
            }
        )
    if facts["tables"]:
        show_facts({"tables": facts["tables"]})
    estimate = facts["estimate"]
    show_facts(
        {
            "estimate": {
                "runs": estimate["runs"],
                "agents of a run": ", ".join(f"{name} {count:,.0f}" for name, count in estimate["agents"].items()),
                "memory of a process": f"{estimate['memory_bytes'] / 1e9:.1f} GB",
                "time on one worker": _time_words(estimate),
            }
        }
    )
    _show_assumptions("graded in this file", facts["assumptions"])
    weak = facts["weak_defaults"]
    if every_default:
        _show_assumptions("defaults that are guessed (G) or remembered (M)", weak)
    elif weak:
        grades = Counter(a["grade"] for a in weak)
        of_model = Counter(a["key"].split(".")[0] for a in weak)
        out.print(
            f"rests on {grades['G']} guessed (G) and {grades['M']} remembered (M) defaults: "
            + ", ".join(f"{escape(model)} {count}" for model, count in of_model.items())
            + "; twin check --defaults lists them",
            highlight=False,
        )


def _time_words(estimate: Mapping[str, Any]) -> str:
    """Time of a study on this machine when it has nothing else to do, with and without compiling."""
    warm = duration_text(estimate["time_s"])
    if not estimate["compile_s"]:
        return f"{warm} (kernels are compiled)"
    return f"{duration_text(estimate['cold_time_s'])} the first time, while kernels are compiled; then {warm}"


def _show_assumptions(title: str, assumptions: Sequence[Mapping[str, Any]]) -> None:
    if not assumptions:
        return
    table = Table(title=title, title_justify="left")
    for heading in ("grade", "key", "value", "range", "source"):
        table.add_column(heading, overflow="fold")
    for a in assumptions:
        span = f"{a['low']} to {a['high']}" if a.get("low") is not None else ""
        table.add_row(*(escape(str(cell or "")) for cell in (a["grade"], a["key"], a["value"], span, a["source"])))
    out.print(table)


def edits_json(name: str, content: Mapping[str, Any], files: Mapping[str, Path]) -> dict[str, Any]:
    """What ``twin map --json`` prints; that nothing else changed has been checked, else there is an error instead."""
    variants = [
        {
            **{key: variant[key] for key in ("name", "label", "matches", "signals", "cut_off", "links")},
            "touched": variant["rows"],
            "nothing_else_changed": True,
        }
        for variant in content["variants"]
    ]
    return {
        "scenario": name,
        "city": content["city"],
        "variants": variants,
        "files": {kind: str(path) for kind, path in files.items()},
    }


def show_edits(content: Mapping[str, Any], files: Mapping[str, Path]) -> None:
    """Every touched link of every variant, old to new, and what was matched."""
    for variant in content["variants"]:
        label = variant["label"]
        table = Table(title=escape(f"{label['ja']} / {label['en']} ({variant['name']})"), title_justify="left")
        for heading in ("layer", "street", "way", "from node", "to node", "old → new", "hours", "measure"):
            table.add_column(heading)
        for row in variant["rows"]:
            cells = (
                row["layer"],
                row["street"] or "–",
                row["way_id"],
                row["from_node"],
                row["to_node"],
                _old_to_new(row),
                row["hours"],
                row["measure"],
            )
            table.add_row(*(escape(str(cell)) for cell in cells))
        for signal in variant["signals"]:
            plan = f"cycle {signal['cycle_s']:g} s, green {signal['green_share']:.0%}, offset {signal['offset_s']:g} s"
            cells = ("lights", signal["street"], "", signal["node"], "", plan, "", signal["measure"])
            table.add_row(*(escape(str(cell)) for cell in cells))
        if not variant["rows"] and not variant["signals"]:
            out.print(escape(f"{label['ja']} / {label['en']} ({variant['name']}): no edit; the city is as it was"))
            continue
        out.print(table)
        for match in variant["matches"]:
            found = ", ".join(f"{name or 'no name'} ({count} links)" for name, count in match["found"].items())
            apart = f"; other streets, left alone: {', '.join(match['left_alone'])}" if match["left_alone"] else ""
            out.print(escape(f"{match['measure']}: {match['written']} met {found}{apart}"))
        if variant["cut_off"]:
            out.print(escape(f"places that can no longer be driven to: {', '.join(variant['cut_off'][:20])}"))
        out.print("nothing else changed (all arrays compared)\n")
    out.print(escape("map: " + ", ".join(str(path) for path in files.values())))


def _old_to_new(row: Mapping[str, Any]) -> str:
    words = {"lanes": "lanes", "speed_kmh": "km/h", "width_m": "m wide", "open": "open", "closed_to": "closed to"}
    said = []
    for key, word in words.items():
        if row[f"new_{key}"] is not None:
            old, new = (
                "–" if v is None or v == "" else f"{v:g}" if isinstance(v, float) else str(v)
                for v in (row[f"old_{key}"], row[f"new_{key}"])
            )
            said.append(f"{word} {old} → {new}")
    return ", ".join(said)


def show_city_report(city: City, folder: Path) -> None:
    """What was read, dropped and assumed."""
    from twin.city.keeping.build import report_lines

    for line in report_lines(city):
        out.print(escape(line), highlight=False, soft_wrap=True)
    out.print(f"wrote {escape(str(folder))}", highlight=False)


def show_facts(facts: Mapping[str, Any]) -> None:
    """Names and values, nested ones indented."""
    for line in _fact_lines(facts, 0):
        out.print(escape(line), highlight=False, soft_wrap=True)


def _fact_lines(facts: Mapping[str, Any], depth: int) -> Iterator[str]:
    for key, value in facts.items():
        if isinstance(value, Mapping):
            yield "  " * depth + f"{key}:"
            yield from _fact_lines(value, depth + 1)
        elif isinstance(value, list | tuple):
            yield "  " * depth + f"{key}: " + "; ".join(str(v) for v in value)
        else:
            yield "  " * depth + f"{key}: {value}"
