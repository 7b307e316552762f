"""Tables and progress for people; the JSON for programs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import markup
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from twin.errors import printable
from twin.results.compare import summarise
from twin.results.kpis import infos
from twin.results.run_folder import Study, run_path
from twin.units import duration_text

if TYPE_CHECKING:
    from twin.city.city import City
    from twin.scenario.check import CheckReport

out = Console(soft_wrap=False)
_err = Console(stderr=True)


def escape(text: str) -> str:
    """Text as it stands: neither markup of our own tables nor commands to the terminal."""
    return markup.escape(printable(text))


@contextmanager
def study_progress() -> Iterator[Callable[[float, int, int], None]]:
    """Progress of a study with the time left, on standard error."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
               TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())
    with Progress(*columns, console=_err, transient=True, disable=not _err.is_terminal) as bar:
        task = bar.add_task("preparing", total=1.0)

        def update(share: float, done: int, total: int) -> None:
            bar.update(task, completed=share, description=f"run {min(done + 1, total)} of {total}")

        yield update


@contextmanager
def stage_progress() -> Iterator[Callable[[str, float], None]]:
    """Progress of a job in named stages, on standard error."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=_err, transient=True, disable=not _err.is_terminal) as bar:
        task = bar.add_task("reading", total=1.0)

        def update(stage: str, share: float) -> None:
            bar.update(task, completed=share, description=escape(stage))

        yield update


def study_json(study: Study) -> dict[str, Any]:
    """What ``twin run --json`` prints."""
    kpis = study.columns("kpis")
    lean = bool(study.manifest["lean"])
    runs = [
        {"variant": variant, "replication": replication,
         "folder": None if lean else str(study.folder / run_path(variant, replication)), "status": "finished"}
        for variant in study.variants for replication in range(study.replications)
    ]
    differences = study.columns("differences")
    names = list(differences)
    rows = [dict(zip(names, (v.item() for v in row), strict=True)) for row in zip(*differences.values(), strict=True)]
    return {
        "study": str(study.folder), "runs": runs,
        "kpis": [{k: row[k] for k in ("variant", "kpi", "group", "unit", "mean", "lo", "hi", "n")}
                 for row in summarise(kpis, study.variants)],
        "differences": [difference_json(row) for row in rows],
    }


def difference_json(row: Mapping[str, Any]) -> dict[str, Any]:
    """One difference for programs."""
    return {"pair": [row["first"], row["second"]],
            **{key: row[key] for key in ("kpi", "group", "unit", "mean", "lo", "hi", "n", "verdict")}}


def show_study(study: Study) -> None:
    """The table at the end of a run: headline KPIs per variant, differences, and what the answer rests on."""
    chosen = {name: info for name, info in infos().items() if info.headline}
    summary = {(r["kpi"], r["variant"]): r for r in summarise(study.columns("kpis"), study.variants)
               if r["group"] == "all" and r["kpi"] in chosen}
    table = Table(title=_title(study), title_justify="left", caption=_caption(study), caption_justify="left")
    table.add_column("KPI")
    table.add_column("unit")
    for variant in study.variants:
        table.add_column(escape(_label(study, variant)), justify="right")
    for name, info in chosen.items():
        if (name, study.variants[0]) not in summary:
            continue
        cells = [number_text(summary[name, v]) if (name, v) in summary else "" for v in study.variants]
        table.add_row(f"{info.en}\n[dim]{info.ja}  {name}[/]", info.unit, *cells)
    out.print(table)
    if len(study.variants) > 1:
        differences = study.columns("differences")
        names = list(differences)
        rows = [dict(zip(names, (v.item() for v in row), strict=True))
                for row in zip(*differences.values(), strict=True)]
        show_differences([r for r in rows if r["kpi"] in chosen and r["group"] == "all"], study)
    _show_basis(study)
    out.print(f"\nresults: {escape(str(study.folder))}\nnext:    twin view {escape(str(study.folder))}", highlight=False)


def show_differences(rows: Sequence[Mapping[str, Any]], study: Study) -> None:
    """Differences with intervals and verdicts."""
    table = Table(title="Differences, second minus first, same luck in both (95 % intervals)", title_justify="left")
    for heading in ("pair", "KPI", "group"):
        table.add_column(heading)
    for heading in ("difference", "interval", "n"):
        table.add_column(heading, justify="right")
    table.add_column("verdict")
    last = None
    for row in rows:
        pair = f"{_label(study, row['first'])} → {_label(study, row['second'])}"
        table.add_row(escape(pair) if pair != last else "", escape(row["kpi"]), escape(row["group"]),
                      _short(row["mean"]) + _unit(row["unit"]), _ends(row), str(row["n"]), escape(row["verdict"]))
        last = pair
    out.print(table)


def _title(study: Study) -> str:
    title = study.manifest["title"]
    words = title.get("ja") or title.get("en") or study.manifest["name"] if isinstance(title, dict) else str(title)
    return escape(str(words))


def _caption(study: Study) -> str:
    n = study.replications
    luck = "one replication: no interval for luck" if n == 1 else f"mean of {n} replications ± half the 95 % interval (luck only)"
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
        out.print(f"rests on {guesses} guessed (G) and {remembered} remembered (M) values, listed under "
                  f"'assumptions' and 'defaults' in {escape(str(study.folder / 'plan.json'))}", highlight=False)
    city = study.manifest["city"]
    out.print("map: " + escape("; ".join(city["attribution"])) + (" — schematic" if city["schematic"] else ""),
              highlight=False)


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


def show_check(report: CheckReport) -> None:
    """What ``twin check`` prints: tables echoed, the size of the study, what it rests on."""
    facts = report.to_dict()
    out.print(f"{escape(facts['file'])}: no problem found", highlight=False)
    for warning in facts["warnings"]:
        out.print(f"[yellow]note:[/] {escape(warning)}", highlight=False)
    show_facts({"variants": {v["name"]: f"{v['label']['ja']} | models: {', '.join(v['models'])}"
                             for v in facts["variants"]}})
    if facts["tables"]:
        show_facts({"tables": facts["tables"]})
    estimate = facts["estimate"]
    show_facts({"estimate": {
        "runs": estimate["runs"],
        "agents of a run": ", ".join(f"{name} {count:,.0f}" for name, count in estimate["agents"].items()),
        "memory of a process": f"{estimate['memory_bytes'] / 1e9:.1f} GB",
        "time on one worker": duration_text(estimate["time_s"]),
    }})
    _show_assumptions("graded in this file", facts["assumptions"])
    _show_assumptions("defaults that are guessed (G) or remembered (M)", facts["weak_defaults"])


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


def show_city_report(city: City, folder: Path) -> None:
    """What was read, dropped and assumed."""
    show_facts(dict(city.report))
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
