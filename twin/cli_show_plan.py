"""What ``twin check``, ``twin map`` and ``twin city`` show: checked scenarios, edited streets, cities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

from twin.cli_console import escape, out
from twin.cli_language import spoken, spoken_heading
from twin.units import duration_text

if TYPE_CHECKING:
    from twin.city.city import City
    from twin.scenario.plan.check import CheckReport


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
        listed = ", ".join(f"{escape(model)} {count}" for model, count in of_model.items())
        out.print(
            f"rests on {grades['G']} guessed (G) and {grades['M']} remembered (M) defaults: {listed}; "
            "twin check --defaults lists them",
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
            cycle_s, green, offset_s = signal["cycle_s"], signal["green_share"], signal["offset_s"]
            plan = spoken(f"cycle {cycle_s:g} s, green {green:.0%}, offset {offset_s:g} s")
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
    words = {
        "lanes": "lanes",
        "speed_kmh": "km/h",
        "width_m": "m wide",
        "open": "open",
        "closed_to": "closed to",
        "along": "along it:",
    }
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


def show_lines(lines: Iterable[str]) -> None:
    """Lines as they are."""
    for line in lines:
        out.print(escape(line), highlight=False, soft_wrap=True)


def show_facts(facts: Mapping[str, Any]) -> None:
    """Names and values, nested ones indented."""
    for line in _fact_lines(facts, 0):
        out.print(escape(line), highlight=False, soft_wrap=True)


def _fact_lines(facts: Mapping[str, Any], depth: int) -> Iterator[str]:
    for key, value in facts.items():
        if isinstance(value, Mapping):
            yield "  " * depth + f"{spoken_heading(str(key))}:"
            yield from _fact_lines(value, depth + 1)
        elif isinstance(value, list | tuple):
            yield "  " * depth + f"{spoken_heading(str(key))}: " + "; ".join(spoken(str(v)) for v in value)
        else:
            yield "  " * depth + f"{spoken_heading(str(key))}: {spoken(str(value))}"
