"""What ``import twin`` offers: load, check, run, open, compare, model."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.errors import RunError, ScenarioError

if TYPE_CHECKING:
    import pandas as pd

    from twin.city.city import City
    from twin.city.editing.types import EditedCity
    from twin.engine.city_model import CityModel
    from twin.experiments.pool import MakeExecutor
    from twin.experiments.study import OnStudyProgress
    from twin.results.run_folder import Run, Study
    from twin.scenario.language.schema import Scenario
    from twin.scenario.plan.check import CheckReport
    from twin.scenario.plan.plan import Plan

PathLike = str | os.PathLike[str]


def load(
    path: PathLike,
    *,
    seed: int | None = None,
    replications: int | None = None,
    only: Sequence[str] | None = None,
    allow_read: Sequence[PathLike] = (),
) -> Scenario:
    """Read and check a scenario file.

    Parameters
    ----------
    path
        The YAML file.
    seed, replications
        Instead of those in the file.
    only
        Keep these variants.
    allow_read
        Further folders tables may be read from.

    Raises
    ------
    ScenarioError
        With every problem in the file.
    """
    from twin.scenario.language.load import load_scenario

    return load_scenario(
        Path(path), allow_read=[Path(p) for p in allow_read], seed=seed, replications=replications, only=only
    )


def check(path: PathLike, *, allow_read: Sequence[PathLike] = ()) -> CheckReport:
    """Check a scenario file and estimate its size, memory and time; every variant is set on the stage, none is run."""
    from dataclasses import replace

    from twin.city.keeping.catalogue import check_city
    from twin.city.reading.unused import map_warnings
    from twin.errors import CityError, Problem
    from twin.experiments.rehearsal import rehearse
    from twin.experiments.speed import on_this_machine
    from twin.scenario.plan.check import check_scenario

    report = check_scenario(Path(path), allow_read=[Path(p) for p in allow_read])
    if report.scenario is None:
        return report
    try:
        check_city(report.scenario.city, report.scenario.folder)
        plan, city = plan_and_city(report.scenario)
        tried = rehearse(plan, city, report.estimate.agents if report.estimate else {}, str(path))
    except ScenarioError as fault:
        return replace(report, problems=fault.problems or (Problem(fault.what, fault.where, fault.mend),))
    except CityError as fault:
        where = f"{path}, city" + (f": {fault.where}" if fault.where else "")
        return replace(report, problems=(Problem(fault.what, where, fault.mend),))
    models, clock = {name: plan.variant(name)["models"] for name in plan.variants}, report.scenario.clock
    estimate = report.estimate and on_this_machine(
        report.estimate, models, plan.replications, (clock.end_s - clock.start_s) / clock.step_s, city.drive.link_count
    )
    warnings = (*report.warnings, *map_warnings(city.report), *tried.warnings)
    return replace(report, problems=tried.problems, warnings=warnings, estimate=estimate)


def run(
    scenario: PathLike | Scenario,
    out: PathLike | None = None,
    *,
    workers: int = 1,
    seed: int | None = None,
    replications: int | None = None,
    only: Sequence[str] | None = None,
    allow_read: Sequence[PathLike] = (),
    checkpoint_every_s: float | None = None,
    keep_checkpoints: bool = False,
    lean: bool = False,
    on_progress: OnStudyProgress | None = None,
    executor: MakeExecutor | None = None,
) -> Study:
    """Run every variant and replication of a scenario.

    Parameters
    ----------
    scenario
        The YAML file, or what :func:`load` gave.
    out
        Folder of the study; by default ``runs/NAME``, with a number if that exists.
    workers
        Processes; the result does not depend on their number.
    seed, replications, only, allow_read
        As in :func:`load`.
    checkpoint_every_s
        Simulated time between checkpoints; as ``record.checkpoint`` of the scenario if not given.
    keep_checkpoints
        Whether they stay, so that the study can be forked.
    lean
        Keep the KPIs only, no folder per replication.
    on_progress
        Called with (share done, runs done, runs in all).
    executor
        Makes who does the runs, see :class:`twin.experiments.pool.Executor`; by default processes of this machine.
        The result does not depend on it.
    """
    from twin.experiments.study import StudyOptions, run_new
    from twin.scenario.language.schema import short_folder

    loaded = (
        scenario
        if not isinstance(scenario, str | os.PathLike)
        else load(scenario, seed=seed, replications=replications, only=only, allow_read=allow_read)
    )
    checked_workers(workers)
    plan, city = plan_and_city(loaded)
    target = Path(out) if out is not None else free_folder(Path("runs"), short_folder(plan.name))
    every_s = plan.content["record"].get("checkpoint_s") if checkpoint_every_s is None else checkpoint_every_s
    how = StudyOptions(workers, every_s, keep_checkpoints, lean, executor)
    return run_new(plan, city, target, how, on_progress, source=loaded.source)


def open(path: PathLike) -> Study | Run:  # noqa: A001  (the public name is twin.open)
    """Open a finished study, or one of its runs.

    Raises
    ------
    RunError
        If the folder is no finished study or run.
    """
    from twin.results.run_folder import open_any

    return open_any(Path(path))


def compare(
    study: PathLike | Study, other: PathLike | Study | None = None, *, pairs: Sequence[tuple[str, str]] | None = None
) -> pd.DataFrame:
    """Paired differences with 95 % intervals.

    Parameters
    ----------
    study
        A study; its variants are compared.
    other
        A second study; variants of the same name are then compared, first minus nothing shared but the seed.
    pairs
        (first, second) names of variants; by default the first variant with each other one.

    Raises
    ------
    RunError
        If the studies do not share their seed, and so not their luck.
    """
    import pandas as pd

    return pd.DataFrame(difference_rows(study, other, pairs))


def difference_rows(
    study: PathLike | Study, other: PathLike | Study | None, pairs: Sequence[tuple[str, str]] | None
) -> list[dict[str, Any]]:
    """Rows of :func:`compare`."""
    from twin.results.compare import compare_pair, corrected
    from twin.results.kpis import infos

    first, second = _as_study(study), _as_study(other) if other is not None else None
    better = {name: info.better for name, info in infos().items()}
    here = first.columns("kpis")
    if second is None:
        chosen = pairs or [(first.variants[0], v) for v in first.variants[1:]]
        for name in (v for pair in chosen for v in pair):
            if name not in first.variants:
                raise RunError(
                    f"there is no variant {name!r}",
                    where=str(first.folder),
                    mend=f"variants here: {', '.join(first.variants)}",
                )
        asked = _asked_of(first)
        return [row for a, b in chosen for row in corrected(compare_pair(here, a, here, b, better), asked)]
    _check_pairing(first, second)
    there = second.columns("kpis")
    chosen = pairs or [(v, v) for v in first.variants if v in second.variants]
    return [row for a, b in chosen for row in compare_pair(here, a, there, b, better)]


def _asked_of(study: Study) -> dict[tuple[str, str, str, str], tuple[str, str]]:
    """Differences that the questions of a study asked for, with the questions and their verdict."""
    out: dict[tuple[str, str, str, str], tuple[str, str]] = {}
    for answer in study.answers.get("answers", []):
        for row in answer["rows"]:
            if row["pair"] is None or row["role"] not in ("compare", "group"):
                continue
            key = (*row["pair"], row["kpi"], row["group"])
            ids, verdict = out.get(key, ("", row["verdict"]))
            out[key] = (f"{ids}, {answer['id']}" if ids else answer["id"], verdict)
    return out


def _check_pairing(first: Study, second: Study) -> None:
    """Only runs that share their city, their seed and their past share their luck."""
    cities = [s.manifest["city"] for s in (first, second)]
    if cities[0].get("digest") != cities[1].get("digest"):
        names = " and ".join(dict.fromkeys(str(city.get("name")) for city in cities))
        raise RunError(
            f"the studies are of different cities, {names}{' as built twice' if ' and ' not in names else ''}: "
            "their replications are no pairs",
            where=f"{first.folder}, {second.folder}",
            mend="run both scenarios on one city; a change of streets is a measure of a variant",
        )
    if first.manifest["seed"] != second.manifest["seed"]:
        raise RunError(
            f"the studies have different seeds, {first.manifest['seed']} and {second.manifest['seed']}: "
            "their replications are no pairs",
            where=f"{first.folder}, {second.folder}",
            mend="run one of them again with --seed of the other",
        )
    parents = [s.manifest.get("parent") for s in (first, second)]
    if parents[0] != parents[1]:
        raise RunError(
            "a fork pairs only with its siblings",
            where=f"{first.folder}, {second.folder}",
            mend="compare the variants within the forked study",
        )


def _as_study(study: PathLike | Study) -> Study:
    from twin.results.run_folder import Study

    return Study(Path(study)) if isinstance(study, str | os.PathLike) else study


def model(scenario: PathLike | Scenario, variant: str | None = None, replication: int = 0) -> CityModel:
    """Build the Mesa model of one run, to step and look at by hand."""
    from twin.simulate import build_city_model

    loaded = scenario if not isinstance(scenario, str | os.PathLike) else load(scenario)
    plan, city = plan_and_city(loaded)
    return build_city_model(plan, variant or plan.variants[0], replication, city)


def plan_and_city(scenario: Scenario) -> tuple[Plan, City]:
    """Resolve a scenario into its plan and its built city."""
    plan, city, _ = map_edits(scenario)
    return plan, city


def map_edits(scenario: Scenario) -> tuple[Plan, City, dict[str, EditedCity]]:
    """Plan of a scenario, its base city, and the city of each variant with all that its edits touch; runs nothing.

    Raises
    ------
    ScenarioError
        With every edit of every variant that the map cannot take, at its line.
    """
    from twin.city.editing.edits import apply_edits
    from twin.city.keeping.build import find_city
    from twin.errors import Problem
    from twin.scenario.plan.plan import make_plan
    from twin.scenario.tables.layers import place

    plan, city = make_plan(scenario), find_city(scenario.city, scenario.folder)
    if plan.content.get("observed"):
        from twin.observe.placing import put_sites

        put_sites(plan.content["observed"], scenario.head.sensors, city, scenario.file or scenario.name)
    if chapters := plan.content.get("chapters"):
        from twin.scenario.language.output import check_chapters

        ends = scenario.head.clock.start_s, scenario.head.clock.end_s
        check_chapters(chapters, ends, (place.id for place in city.places), scenario.file or scenario.name)
    edited: dict[str, EditedCity] = {}
    problems: dict[Problem, None] = {}
    for name in plan.variants:
        try:
            edited[name] = apply_edits(city, plan.variant(name)["edits"])
        except ScenarioError as fault:
            for p in fault.problems:
                # One measure in several variants is wrong once.
                problems[Problem(p.what, place(scenario.file, p.where, scenario.lines), p.mend)] = None
    if problems:
        raise ScenarioError.of(list(problems), scenario.file)
    return plan, city, edited


def edit_content(scenario: Scenario, plan: Plan, city: City, edited: Mapping[str, EditedCity]) -> dict[str, Any]:
    """Edits of every variant as plain data, with marks of models: for ``twin map --json``, its tables, its picture."""
    from dataclasses import asdict

    from twin.city.editing.table import edit_picture, edit_rows, signal_rows
    from twin.models import registry

    variants = []
    for name, one in edited.items():
        marks = [
            mark
            for model, params in plan.params_of(name).items()
            if (draw := registry.marks(model)) is not None
            for mark in draw(params, one.city)
        ]
        variants.append(
            {
                "name": name,
                "label": scenario.variants[name].label.to_dict(),
                "rows": edit_rows(one),
                "signals": signal_rows(one),
                "matches": [asdict(match) for match in one.matches],
                "cut_off": list(one.cut_off),
                "picture": edit_picture(one, marks),
                "links": {"drive": one.city.drive.link_count, "walk": one.city.walk.link_count},
            }
        )
    facts = {"name": city.name, "crs": city.crs, "schematic": city.schematic, "attribution": list(city.attribution)}
    return {"title": scenario.title.to_dict(), "city": facts, "variants": variants}


def checked_workers(workers: int) -> int:
    """The number of workers, at least 1.

    Raises
    ------
    ScenarioError
        If it is less.
    """
    if workers < 1:
        raise ScenarioError(f"workers must be at least 1, got {workers}", mend="leave it out, or say --workers 2")
    return workers


def free_folder(parent: Path, name: str) -> Path:
    """``parent/name``, or with the first number behind it that is free."""
    candidate, number = parent / name, 1
    while candidate.exists() or candidate.with_name(candidate.name + ".partial").exists():
        number += 1
        candidate = parent / f"{name}-{number}"
    return candidate
