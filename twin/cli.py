"""The command line: parse, call, print. Heavy libraries load inside the command that needs them.

Exit codes: 0 done; 1 other error; 2 the scenario or the command is wrong; 3 the map; 4 a run folder, the disk;
5 the run broke one of its own rules; 6 a limit; 70 a fault of the twin; 130 interrupted.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from twin import cli_language
from twin.cli_calibrate import calibrate
from twin.cli_city import city_app
from twin.cli_desk import doctor, keys, runs
from twin.cli_help import help_plainly
from twin.cli_json import Json, print_json
from twin.cli_results import add_to as add_results
from twin.cli_scene import film, language, tracks, view
from twin.cli_search import add_to as add_searches
from twin.errors import InternalError, RunError, ScenarioError, TwinError, printable

if TYPE_CHECKING:
    from twin.experiments.pool import MakeExecutor
    from twin.results.run_folder import Study

app = typer.Typer(
    name="twin",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="A digital twin of Osaka: on-demand transit, container-terminal gates and walking, on one clock.",
    epilog="Start: `twin new my-question`, `twin run my-question.yaml`, `twin view runs/my-question`. "
    "Exit codes: 0 done, 2 scenario or command, 3 map, 4 folder or disk, "
    "5 engine, 6 limit, 70 fault of the twin.",
)
app.add_typer(city_app, name="city")
add_searches(app)
app.command(epilog="Example: twin calibrate midosuji.yaml --out calibrations/midosuji")(calibrate)
add_results(app)

Speaks = Annotated[
    str | None,
    typer.Option("--lang", envvar="TWIN_LANG", help="Language of results: ja, en or both. Default: of the locale."),
]


@app.callback()
def speak(lang: Speaks = None) -> None:
    """Choose the language before the command runs."""
    cli_language.choose(lang)


AllowRead = Annotated[list[Path] | None, typer.Option("--allow-read", help="A further folder tables may be read from.")]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, help="Processes; results do not depend on it. Default: all cores.")
]

Cluster = Annotated[
    str, typer.Option("--cluster", help="Address of a Dask scheduler, or local:N. Default: this machine's processes.")
]

_INTERRUPTED = 130


def main() -> None:
    """Run the command line; every expected error is one message and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A cp932 console must not fail on a character it lacks.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        # Typer catches Ctrl-C itself and, in this mode, only returns the code.
        if _command()(standalone_mode=False) == _INTERRUPTED:
            raise KeyboardInterrupt
        # A reader that has gone is noticed here, not when the interpreter shuts down.
        sys.stdout.flush()
    except TwinError as fault:
        _fail(fault)
    except (typer.Abort, KeyboardInterrupt):
        _leave(
            cli_language.said_alone(
                "中断しました。途中の検討は `twin resume` で続けられます",
                "interrupted; `twin resume` goes on with an unfinished study",
            ),
            _INTERRUPTED,
        )
    except BrokenPipeError:
        os._exit(0)  # whoever read our output has had enough; there is nobody to tell
    except OSError as fault:
        _fail(
            RunError(f"cannot read or write: {fault}", mend="check the name, the permissions and the room on the disk")
        )
    except Exception as fault:  # noqa: BLE001  (the last door: no traceback reaches a planner)
        if hasattr(fault, "exit_code") and hasattr(fault, "format_message"):
            message = fault.format_message()
            mend = cli_language.said_alone("対処：", "mend:  ")
            _leave(f"{_told(message)}\n  {mend}{_told('see twin --help')}", int(fault.exit_code))
        if os.environ.get("TWIN_DEBUG"):
            traceback.print_exc()
        _fail(
            InternalError(
                f"internal error: {type(fault).__name__}: {fault}",
                mend="this is a fault of the twin, not of your scenario; set TWIN_DEBUG=1 to see where, and report it",
            )
        )


def _fail(fault: TwinError) -> None:
    """End with an error, told in what is spoken: English where both languages are."""
    if cli_language.languages() != ("ja",):
        _leave(str(fault), fault.exit_code)
    from twin.cli_words import error_in_japanese

    _leave(error_in_japanese(fault), fault.exit_code)


def _told(text: str) -> str:
    """A sentence of a library in what is spoken."""
    if cli_language.languages() != ("ja",):
        return text
    from twin.cli_words import in_japanese

    return in_japanese(text)


def _leave(text: str, code: int) -> None:
    print(printable(text), file=sys.stderr)
    sys.stderr.flush()
    sys.exit(code)


def _command() -> Any:
    """The tree of commands, its help in what is spoken: that is settled before anything is parsed."""
    cli_language.choose_early(sys.argv[1:])
    command = typer.main.get_command(app)
    help_plainly(command)
    if cli_language.languages() == ("ja",):
        from twin.cli_words import speak_japanese

        speak_japanese(command)
    return command


@app.command(epilog="Example: twin check scenarios/osaka_weekday.yaml")
def check(
    scenario: Annotated[Path, typer.Argument(help="Scenario file, or the name of a shipped one.")],
    defaults: Annotated[
        bool, typer.Option("--defaults", help="List every default that is guessed or remembered, with its source.")
    ] = False,
    as_json: Json = False,
    allow_read: AllowRead = None,
) -> None:
    """Check a scenario: every problem at once; tables echoed; size, memory and time estimated."""
    from twin import cli_show_plan
    from twin.api import check as check_scenario

    report = check_scenario(_scenario_file(scenario), allow_read=allow_read or [])
    if as_json:
        print_json(report.to_dict())
        if not report.ok:
            sys.exit(ScenarioError.exit_code)
    else:
        report.raise_if_wrong()
        cli_show_plan.show_check(report, defaults)


@app.command(epilog="Example: twin new ikuno-fleet  (then: twin run ikuno-fleet.yaml)")
def new(
    name: Annotated[str, typer.Argument(help="Name of the scenario: letters, digits, - and _.")],
    folder: Annotated[Path, typer.Option("--folder", help="Where to write it.")] = Path(),
    kind: Annotated[str, typer.Option("--kind", help="osaka for all systems, or a model, such as transit.")] = "osaka",
) -> None:
    """Write a commented scenario of your own that runs as it is, with its JSON Schema beside it."""
    from twin.scenario.plan.new import new_scenario

    path = new_scenario(name, folder, kind)
    print(cli_language.spoken(f"wrote {path}\nnext: twin check {path}\n      twin run {path}"))


@app.command(epilog="Example: twin schema --out scenario.schema.json")
def schema(
    out: Annotated[Path | None, typer.Option("--out", help="File; without it, standard output.")] = None,
) -> None:
    """Print the JSON Schema of scenario files, for editors."""
    from twin.scenario.plan.new import json_schema

    text = json.dumps(json_schema(), ensure_ascii=False, indent=1)
    if out is None:
        print(text)
        return
    try:
        out.write_text(text + "\n", encoding="utf-8", newline="\n")
    except OSError as fault:
        raise RunError(f"cannot write: {fault}", where=str(out), mend="choose another file with --out") from fault


@app.command(epilog="Example: twin run scenarios/osaka_weekday.yaml --replications 20 --workers 2")
def run(
    scenario: Annotated[Path, typer.Argument(help="Scenario file, or the name of a shipped one.")],
    out: Annotated[Path | None, typer.Option("--out", help="Folder of the study. Default: runs/NAME.")] = None,
    workers: Workers = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Instead of the one in the file.")] = None,
    replications: Annotated[
        int | None, typer.Option("--replications", min=1, help="Instead of those in the file.")
    ] = None,
    only: Annotated[list[str] | None, typer.Option("--only", help="Run this variant only; may be repeated.")] = None,
    checkpoint_every: Annotated[
        str | None, typer.Option("--checkpoint-every", help='Simulated time between checkpoints, e.g. "30 min".')
    ] = None,
    keep_checkpoints: Annotated[
        bool, typer.Option("--keep-checkpoints", help="Keep them in the study, for `twin fork`.")
    ] = False,
    lean: Annotated[bool, typer.Option("--lean", help="Keep KPIs only, no folder per run.")] = False,
    cluster: Cluster = "",
    allow_read: AllowRead = None,
    as_json: Json = False,
) -> None:
    """Run every variant and replication, and end with a table of KPIs and differences."""
    from twin import api

    every_s = _simulated_time(checkpoint_every) if checkpoint_every else None
    loaded = api.load(
        _scenario_file(scenario), seed=seed, replications=replications, only=only, allow_read=allow_read or []
    )
    if keep_checkpoints and every_s is None and loaded.record.checkpoint_s is None:
        raise ScenarioError("--keep-checkpoints needs --checkpoint-every", mend='add --checkpoint-every "30 min"')
    from twin.cli_progress import study_progress

    with study_progress() as on_progress:
        study = api.run(
            loaded,
            out,
            workers=workers or _cores(),
            checkpoint_every_s=every_s,
            keep_checkpoints=keep_checkpoints,
            lean=lean,
            on_progress=on_progress,
            executor=_executor(cluster),
        )
    _show_study(study, as_json)


@app.command(epilog="Example: twin resume runs/osaka-weekday")
def resume(
    study: Annotated[Path, typer.Argument(help="Folder of the study, with or without .partial.")],
    workers: Workers = None,
    cluster: Cluster = "",
    as_json: Json = False,
) -> None:
    """Go on with a study that was killed or stopped; the result is the same to the byte."""
    from twin import service
    from twin.cli_progress import study_progress

    with study_progress() as on_progress:
        finished = service.resume(
            study, workers=workers or _cores(), on_progress=on_progress, executor=_executor(cluster)
        )
    _show_study(finished, as_json)


@app.command(
    epilog='Example: twin fork runs/yumeshima --at 11:00 --set "terminal.opening=[08:30-16:30]" --name lunch_open'
)
def fork(
    study: Annotated[Path, typer.Argument(help="A study that was run with --checkpoint-every and --keep-checkpoints.")],
    at: Annotated[str, typer.Option("--at", help="Time of day of a checkpoint, e.g. 12:00.")],
    changes: Annotated[list[str], typer.Option("--set", help="KEY=VALUE as in a scenario file; may be repeated.")],
    name: Annotated[str, typer.Option("--name", help="Name of the forked variant.")] = "fork",
    variant: Annotated[str | None, typer.Option("--variant", help="Variant to fork. Default: the first.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder of the new study.")] = None,
    workers: Workers = None,
    as_json: Json = False,
) -> None:
    """What if, from a moment on: two variants that share one past, one of them changed."""
    from twin import service
    from twin.cli_progress import study_progress
    from twin.results.run_folder import Study
    from twin.scenario.plan.forks import parse_changes

    parent = Study(study)
    with study_progress() as on_progress:
        finished = service.fork(
            parent,
            _time_of_day(at),
            parse_changes(changes),
            name=name,
            variant=variant,
            out=out,
            workers=workers or _cores(),
            on_progress=on_progress,
        )
    _show_study(finished, as_json)


@app.command(epilog="Example: twin compare runs/yumeshima --pair today conpas")
def compare(
    study: Annotated[Path, typer.Argument(help="A finished study.")],
    other: Annotated[Path | None, typer.Argument(help="A second study with the same seed.")] = None,
    pair: Annotated[tuple[str, str] | None, typer.Option("--pair", help="Two variants: second minus first.")] = None,
    chart: Annotated[Path | None, typer.Option("--chart", help="Also draw the differences into this SVG file.")] = None,
    lang: Annotated[str, typer.Option("--lang", help="Language of the chart: ja or en.")] = "ja",
    everything: Annotated[bool, typer.Option("--all", help="Every KPI and group, not the headlines only.")] = False,
    as_json: Json = False,
) -> None:
    """Show paired differences with 95 % intervals, and what they allow to be said."""
    from twin import cli_show
    from twin.api import difference_rows
    from twin.results.run_folder import Study

    rows = difference_rows(study, other, [pair] if pair else None)
    shown = rows if everything else cli_show.headlines(rows)
    if chart is not None:
        _write_chart(chart, cli_show.moved(shown), Study(study), language(lang))
    if as_json:
        print_json({"study": str(study), "differences": [cli_show.difference_json(row) for row in rows]})
    else:
        cli_show.show_differences(shown, Study(study))


@app.command(epilog="Example: twin rank yumeshima_quota --kpi terminal.wait_mean_min --replications 10 --workers 2")
def rank(
    scenario: Annotated[Path, typer.Argument(help="Scenario file, or the name of a shipped one.")],
    kpi: Annotated[str, typer.Option("--kpi", help="KPI whose dependence is asked, e.g. terminal.wait_mean_min.")],
    variant: Annotated[str | None, typer.Option("--variant", help="Default: the first.")] = None,
    group: Annotated[str, typer.Option("--group", help="Group of the KPI.")] = "all",
    key: Annotated[str, typer.Option("--key", help="Only keys that begin so, e.g. terminal.conpas.")] = "",
    ranges_only: Annotated[
        bool, typer.Option("--ranges-only", help="Only values with a range in the file, no defaults.")
    ] = False,
    replications: Annotated[int, typer.Option("--replications", min=1, help="Pairs per guess.")] = 5,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Instead of the one in the file.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Keep the study of all ends in this folder.")] = None,
    workers: Workers = None,
    allow_read: AllowRead = None,
    as_json: Json = False,
) -> None:
    """Move each guess over its range alone, with the same luck, and say which ones the answer depends on most."""
    from twin import cli_show, service
    from twin.cli_progress import study_progress

    with study_progress() as on_progress:
        ranking = service.rank(
            _scenario_file(scenario),
            kpi,
            variant=variant,
            group=group,
            key=key,
            ranges_only=ranges_only,
            replications=replications,
            seed=seed,
            out=out,
            workers=workers or _cores(),
            allow_read=allow_read or [],
            on_progress=on_progress,
        )
    if as_json:
        print_json(cli_show.ranking_json(ranking.scenario, ranking))
    else:
        cli_show.show_ranking(ranking)


@app.command(epilog="Example: twin verify runs/yumeshima-decision --sample 4")
def verify(
    study: Annotated[Path, typer.Argument(help="A finished study.")],
    sample: Annotated[int, typer.Option("--sample", min=0, help="Runs to do anew.")] = 2,
    page: Annotated[
        Path | None, typer.Option("--report", help="Report to check. Default: report.html of the study, if there.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check a study from outside: hashes, versions, answers from the figures, a sample of runs anew, the report."""
    from twin import cli_show_plan
    from twin.experiments.verify import verify as verify_study
    from twin.results.run_folder import Study
    from twin.viz.report.checked import check_report

    found = verify_study(study, sample=sample)
    faults, notes, shown = list(found.faults), list(found.notes), page or study / "report.html"
    checked = page is not None or shown.is_file()
    if checked and found.ok:
        wrong, unchecked = check_report(Study(study), shown)
        faults += wrong
        notes += unchecked
    content = {
        "study": str(study),
        "ok": not faults,
        "files": found.files,
        "runs": found.runs,
        "rows": found.rows,
        "report": str(shown) if checked else None,
        "faults": faults,
        "notes": notes,
    }
    if as_json:
        print_json(content)
    else:
        cli_show_plan.show_facts(content)
    if faults:
        sys.exit(RunError.exit_code)


#: Endings of map files.
_MAPS = (".osm", ".pbf", ".gz", ".json", ".graphml", ".xml")


@app.command("map", epilog="Example: twin map scenarios/midosuji_sidelanes.yaml --variant step1 --no-open")
def map_command(
    scenario: Annotated[
        Path, typer.Argument(help="Scenario file or the name of a shipped one; or a city: folder, map file, district.")
    ],
    variant: Annotated[str | None, typer.Option("--variant", help="Only this variant.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the files. Default: maps/NAME.")] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Write the page, do not open a browser.")] = False,
    lang: Annotated[str, typer.Option("--lang", help="Language the page opens in: ja or en.")] = "ja",
    allow_read: AllowRead = None,
    as_json: Json = False,
) -> None:
    """Draw a city as it was read; or list and draw every link that a scenario's edits touch, before any run."""
    from twin import cli_show_plan, service

    if _is_city(scenario):
        if variant is not None:
            raise ScenarioError(
                "a city has no variants", where=str(scenario), mend="name a scenario, or leave --variant out"
            )
        page = service.draw_city(str(scenario), out, lang=language(lang))
        if as_json:
            print_json({"city": str(scenario), "html": str(page)})
        else:
            print(cli_language.spoken(f"wrote {page}"))
            if not no_open:
                import webbrowser

                webbrowser.open(page.resolve().as_uri())
        return
    drawn = service.draw_edits(
        _scenario_file(scenario), out, variant=variant, lang=language(lang), allow_read=allow_read or []
    )
    if as_json:
        print_json(cli_show_plan.edits_json(drawn.name, drawn.content, drawn.files))
    else:
        cli_show_plan.show_edits(drawn.content, drawn.files)
    if not no_open and not as_json:
        import webbrowser

        webbrowser.open(drawn.files["html"].resolve().as_uri())


def _show_study(study: Study, as_json: bool) -> None:
    from twin import cli_show

    if as_json:
        print_json(cli_show.study_json(study))
    else:
        cli_show.show_study(study)


def _is_city(given: Path) -> bool:
    """Whether a city is named: a folder, a map file by its ending, or a bundled district."""
    from twin.city.keeping.build import list_cities

    return given.is_dir() or given.suffix.lower() in _MAPS or str(given) in list_cities()


def _scenario_file(given: Path) -> Path:
    from twin.scenario.plan.new import scenario_file

    return scenario_file(given)


def _write_chart(path: Path, rows: Sequence[Mapping[str, Any]], study: Study, lang: Literal["ja", "en"]) -> None:
    from twin.results.kpis import infos
    from twin.viz.charts import interval_chart

    svg = interval_chart(rows, infos=infos(), variant_labels=study.manifest["labels"], lang=lang)
    try:
        path.write_text(svg, encoding="utf-8", newline="\n")
    except OSError as fault:
        mend = "choose another file with --chart"
        raise RunError(f"cannot write the chart: {fault}", where=str(path), mend=mend) from fault
    print(cli_language.spoken(f"wrote {path}"), file=sys.stderr)


def _executor(cluster: str) -> MakeExecutor | None:
    if not cluster:
        return None
    from twin.experiments.cluster import cluster_executor

    return cluster_executor(cluster)


def _cores() -> int:
    return os.cpu_count() or 1


def _time_of_day(text: str) -> float:
    from pydantic_core import PydanticCustomError

    from twin.units import parse_clock

    try:
        return parse_clock(text)
    except PydanticCustomError as fault:
        raise ScenarioError(f"--at: {fault}", mend="write for example --at 12:00") from fault


def _simulated_time(text: str) -> float:
    from pydantic_core import PydanticCustomError

    from twin.units import parse_quantity

    try:
        seconds = parse_quantity(text, "time", from_file=True)
    except PydanticCustomError as fault:
        raise ScenarioError(
            f"--checkpoint-every: {fault}", mend='write for example --checkpoint-every "30 min"'
        ) from fault
    if seconds <= 0:
        raise ScenarioError(
            f"--checkpoint-every must be greater than 0, got {text!r}", mend='write for example "30 min"'
        )
    return seconds


app.command(epilog="Example: twin view runs/osaka-weekday --out osaka.html --no-open")(view)
app.command(epilog="Example: twin film runs/osaka-weekday --chapters --lang en")(film)
app.command(epilog="Example: twin tracks runs/osaka-weekday --out for-gis")(tracks)
app.command(epilog="Example: twin doctor --json > doctor.json  (names no folder and no machine)")(doctor)
app.command(epilog="Example: twin runs  (then: twin runs --prune --days 60 --yes)")(runs)
app.command(epilog="Example: twin keys transit.fleet  ·  twin keys --kpis terminal")(keys)
