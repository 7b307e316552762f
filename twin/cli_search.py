"""Commands that search over settings: sweep, frontier, sensitivity, optimise."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from twin.cli_json import Json, print_json
from twin.cli_language import said
from twin.errors import ScenarioError

if TYPE_CHECKING:
    from twin.results.run_folder import Study
    from twin.service_search import Place, Searcher

File = Annotated[Path, typer.Argument(help="Scenario file, or the name of a shipped one.")]
Vary = Annotated[
    list[str] | None, typer.Option("--vary", help='"KEY=4..20 step 2" or "KEY=[4, 6]"; that of the file if not given.')
]
Base = Annotated[str | None, typer.Option("--base", help="Variant that is set. Default: that of vary, or the first.")]
Out = Annotated[Path | None, typer.Option("--out", help="Folder of the study. Default: runs/NAME-METHOD.")]
Workers = Annotated[int | None, typer.Option("--workers", min=1, help="Processes; results do not depend on it.")]
Cluster = Annotated[str, typer.Option("--cluster", help="Address of a Dask scheduler, or local:N.")]
Seed = Annotated[int | None, typer.Option("--seed", min=0, help="Instead of the one in the file.")]
AllowRead = Annotated[list[Path] | None, typer.Option("--allow-read", help="A further folder tables may be read from.")]
Group = Annotated[str, typer.Option("--group", help="Group of the figure.")]
Day = Annotated[str | None, typer.Option("--day", help="Kind of day; the mean day if there are several.")]

_CELLS = 40


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command(epilog='Example: twin sweep gate.yaml --vary "terminal.lanes.A.count=12..20 step 2" --replications 20')(
        sweep
    )
    app.command(
        epilog='Example: twin frontier gate.yaml --vary "terminal.lanes.A.count=12..20 step 1" --cost '
        'setting:terminal.lanes.A.count --service terminal.wait_mean_min --at-most "10 min"'
    )(frontier)
    app.command(epilog="Example: twin sensitivity yumeshima_decision --kpi terminal.wait_mean_min --method morris")(
        sensitivity
    )
    app.command(
        epilog='Example: twin optimise gate.yaml --kpi terminal.wait_mean_min --delta "1 min" '
        '--vary "terminal.lanes.A.count=12..20 step 1"'
    )(optimise)


def _searcher(
    scenario: Path, vary: list[str] | None, base: str | None, seed: int | None, allow_read: list[Path] | None
) -> Searcher:
    from twin.scenario.language.vary import parsed
    from twin.scenario.plan.new import scenario_file
    from twin.service_search import Searcher

    return Searcher(
        scenario_file(scenario), vary=parsed(vary) if vary else None, base=base, seed=seed, allow_read=allow_read or []
    )


def _run(
    call: Any, out: Path | None, workers: int | None, cluster: str, as_json: bool, shown: Any, **given: Any
) -> None:
    from twin import cli_console
    from twin.cli_progress import study_progress
    from twin.service_search import Place, executor_of

    with study_progress() as on_progress:
        place: Place = Place(out, workers or os.cpu_count() or 1, on_progress, executor_of(cluster))
        study: Study = call(**given, place=place)
    if as_json:
        print_json({"study": str(study.folder), **study.search})
    else:
        shown(study)
        cli_console.out.print(f"\nresults: {cli_console.escape(str(study.folder))}", highlight=False)


def sweep(
    scenario: File,
    vary: Vary = None,
    base: Base = None,
    sample: Annotated[int | None, typer.Option("--sample", min=2, help="Points of a Latin hypercube.")] = None,
    replications: Annotated[int | None, typer.Option("--replications", min=1, help="Of each point.")] = None,
    kpi: Annotated[list[str] | None, typer.Option("--kpi", help="Figure looked at; may be repeated.")] = None,
    out: Out = None,
    workers: Workers = None,
    cluster: Cluster = "",
    seed: Seed = None,
    allow_read: AllowRead = None,
    as_json: Json = False,
) -> None:
    """Run every combination of settings, or a sample of them, all with the same luck."""
    from twin import service_search

    searcher = _searcher(scenario, vary, base, seed, allow_read)
    given = {"searcher": searcher, "sample": sample, "replications": replications, "kpis": kpi or []}
    _run(service_search.sweep, out, workers, cluster, as_json, _show_sweep, **given)


def frontier(
    scenario: File,
    cost: Annotated[str, typer.Option("--cost", help="Figure, or setting:KEY for a setting itself.")],
    service: Annotated[str, typer.Option("--service", help="Figure that must keep a bound.")],
    at_most: Annotated[str | None, typer.Option("--at-most", help="The service is at most this, e.g. '5 %'.")] = None,
    at_least: Annotated[str | None, typer.Option("--at-least", help="The service is at least this.")] = None,
    vary: Vary = None,
    base: Base = None,
    sample: Annotated[int | None, typer.Option("--sample", min=2, help="Points of a Latin hypercube.")] = None,
    replications: Annotated[int, typer.Option("--replications", min=2, help="First ones of each point.")] = 8,
    most_runs: Annotated[int, typer.Option("--most-runs", min=1, help="Runs it may take.")] = 2000,
    confidence: Annotated[float, typer.Option("--confidence", min=0.5, max=0.9999, help="Of the smallest.")] = 0.95,
    group: Group = "all",
    day: Day = None,
    out: Out = None,
    workers: Workers = None,
    cluster: Cluster = "",
    seed: Seed = None,
    allow_read: AllowRead = None,
    as_json: Json = False,
) -> None:
    """Cost against service: what cannot be bettered, the knee, and the smallest setting that keeps the bound."""
    from twin import service_search

    searcher = _searcher(scenario, vary, base, seed, allow_read)
    given = {
        "searcher": searcher,
        "cost": cost,
        "service": service,
        "at_most": _amount(at_most),
        "at_least": _amount(at_least),
        "sample": sample,
        "replications": replications,
        "most_runs": most_runs,
        "confidence": confidence,
        "group": group,
        "day": day,
    }
    _run(service_search.frontier, out, workers, cluster, as_json, _show_frontier, **given)


def sensitivity(
    scenario: File,
    kpi: Annotated[str, typer.Option("--kpi", help="Figure whose dependence is asked.")],
    method: Annotated[str, typer.Option("--method", help="morris, sobol or tornado.")] = "morris",
    vary: Vary = None,
    base: Base = None,
    sampled: Annotated[int, typer.Option("--sampled", min=2, help="Trajectories, or base samples of Sobol.")] = 10,
    replications: Annotated[int, typer.Option("--replications", min=1, help="Of each point.")] = 2,
    group: Group = "all",
    day: Day = None,
    out: Out = None,
    workers: Workers = None,
    cluster: Cluster = "",
    seed: Seed = None,
    allow_read: AllowRead = None,
    as_json: Json = False,
) -> None:
    """On which values a figure depends; spans of --vary, or every value with a range."""
    from twin import service_search

    searcher = _searcher(scenario, vary, base, seed, allow_read)
    given = {
        "searcher": searcher,
        "kpi": kpi,
        "method": method,
        "group": group,
        "day": day,
        "sampled": sampled,
        "replications": replications,
    }
    _run(service_search.sensitivity, out, workers, cluster, as_json, _show_sensitivity, **given)


def optimise(
    scenario: File,
    kpi: Annotated[str, typer.Option("--kpi", help="Figure to make best.")],
    delta: Annotated[str, typer.Option("--delta", help="Smallest difference that matters, e.g. '1 min'.")],
    vary: Vary = None,
    base: Base = None,
    better: Annotated[
        str | None, typer.Option("--better", help="lower or higher; the figure's own if not given.")
    ] = None,
    trials: Annotated[int, typer.Option("--trials", min=1, max=10_000, help="Settings proposed.")] = 64,
    finalists: Annotated[int, typer.Option("--finalists", min=1, max=100, help="Settings chosen among.")] = 5,
    replications: Annotated[int, typer.Option("--replications", min=1, help="First ones of each setting.")] = 4,
    most_runs: Annotated[int, typer.Option("--most-runs", min=1, help="Runs it may take.")] = 2000,
    confidence: Annotated[float, typer.Option("--confidence", min=0.5, max=0.9999, help="Of the choice.")] = 0.95,
    group: Group = "all",
    day: Day = None,
    out: Out = None,
    workers: Workers = None,
    cluster: Cluster = "",
    seed: Seed = None,
    allow_read: AllowRead = None,
    as_json: Json = False,
) -> None:
    """The best setting of a figure, and how sure the choice is."""
    from twin import service_search

    sides: dict[str | None, Literal["lower", "higher"] | None] = {None: None, "lower": "lower", "higher": "higher"}
    if better not in sides:
        raise ScenarioError(f"--better {better!r} is no direction", mend="say lower or higher")
    searcher = _searcher(scenario, vary, base, seed, allow_read)
    given = {
        "searcher": searcher,
        "kpi": kpi,
        "delta": _amount(delta),
        "better": sides[better],
        "trials": trials,
        "finalists": finalists,
        "replications": replications,
        "most_runs": most_runs,
        "confidence": confidence,
        "group": group,
        "day": day,
    }
    _run(service_search.optimise, out, workers, cluster, as_json, _show_optimum, **given)


def _amount(text: str | None) -> str | float | None:
    """An amount as a file has it: a bare number is one."""
    try:
        return None if text is None else float(text)
    except ValueError:
        return text


def _table(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.table import Table

    from twin.cli_console import escape, out

    table = Table(title=escape(title), title_justify="left")
    for nth, heading in enumerate(headings):
        table.add_column(heading, justify="left" if nth == 0 else "right", overflow="fold")
    for row in rows[:_CELLS]:
        table.add_row(*(escape(cell) for cell in row))
    out.print(table)
    if len(rows) > _CELLS:
        out.print(f"{len(rows) - _CELLS} more rows are in search.json")


def _mean(row: Mapping[str, Any]) -> str:
    if row["mean"] is None:
        return "–"
    return f"{row['mean']:.4g}" + ("" if row["lo"] is None else f" ({row['lo']:.4g} to {row['hi']:.4g})")


def _show_sweep(study: Study) -> None:
    figures = study.search["outcome"]["figures"]
    # A mean over nobody at every point says nothing, unless it is all that was asked.
    given = [figure for figure in figures if any(row["n"] for row in figure["rows"])]
    for figure in given or figures:
        rows = [(row["setting"], _mean(row), str(row["n"])) for row in figure["rows"]]
        _table(f"{figure['kpi']} ({figure['unit']})", ("setting", "mean (95 % interval)", "n"), rows)


def _show_frontier(study: Study) -> None:
    from twin.cli_console import out

    found = study.search["outcome"]
    rows = [
        (
            row["setting"],
            _mean(row["cost"]),
            _mean(row["service"]),
            "yes" if row["keeps"] else "no",
            f"{row['error']:.2g}",
            ("knee" if row["point"] == found["knee"] else "front") if row["on_front"] else "",
            str(row["service"]["n"]),
        )
        for row in found["rows"]
    ]
    headings = ("setting", "cost", "service", "keeps", "error", "front", "n")
    _table(f"{found['cost']['kpi']} against {found['service']['kpi']}", headings, rows)
    settings = {row["point"]: row["setting"] for row in found["rows"]}
    if found["smallest"] is None:
        out.print(said("条件を満たす設定はない", "no setting keeps the bound"))
        return
    sure = f"confidence {100 * found['confidence']:.1f} %"
    told = (
        ""
        if found["decided"]
        else f"; {100 * found['confidence_wanted']:g} % were wanted: cannot tell within the budget"
    )
    out.print(
        f"{said('最小', 'smallest')}: {settings[found['smallest']]} ({sure}{told}); {found['runs']} runs",
        highlight=False,
    )


def _show_sensitivity(study: Study) -> None:
    found = study.search["outcome"]
    title = f"{found['kpi']} ({found['unit']})"
    if "bars" in found:
        rows = [
            (bar["key"], bar["low"].rpartition(" = ")[2], bar["high"].rpartition(" = ")[2], _change(bar))
            for bar in found["bars"]
        ]
        _table(title, ("key", "low", "high", "change from low to high"), rows)
        return
    indices = found["indices"]
    names = [name for name in (indices[0] if indices else {}) if name not in ("key", "moves")]
    rows = [(row["key"], *(f"{row[name]:.4g}" if name in row else "–" for name in names)) for row in indices]
    _table(title, ("key", *names), rows)
    if found["undefined_points"]:
        from twin.cli_console import out

        out.print(f"{found['undefined_points']} points gave no value: no indices can be told")


def _change(bar: Mapping[str, Any]) -> str:
    return _mean({"mean": bar["change"], "lo": bar["lo"], "hi": bar["hi"]})


def _show_optimum(study: Study) -> None:
    from twin.cli_console import out

    found = study.search["outcome"]
    if found["chosen"] is None:
        out.print(said("値が得られた設定はない", "no setting gave the figure"))
        return
    rows = [(row["setting"], _mean(row), str(row["n"])) for row in found["finalists"]]
    _table(f"finalists by {found['kpi']} ({found['unit']})", ("setting", "mean (95 % interval)", "n"), rows)
    sure = (
        f"right with at least {100 * found['sure']:g} % if it is better by {found['delta']:g} {found['unit']}"
        if found["decided"]
        else "cannot tell within the budget"
    )
    out.print(f"{said('最良', 'best')}: {found['setting']} ({sure}); {found['runs']} runs", highlight=False)
