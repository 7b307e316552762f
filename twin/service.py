"""Every verb on studies as one function with progress and a typed result: what all faces of the twin call.

``twin.api`` loads, checks, runs, opens and compares; here are the verbs that build on a study or a scenario:
``resume``, ``fork``, ``rank``, ``calibrate``, ``view`` and ``draw_edits``.

To stop a verb, raise from ``on_progress``: workers end, what is done stays, and :func:`resume` goes on with a study.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from twin import api
from twin.api import PathLike, checked_workers, free_folder
from twin.errors import RunError, ScenarioError

if TYPE_CHECKING:
    from twin.experiments.pool import MakeExecutor
    from twin.experiments.rank import Ranking
    from twin.experiments.study import OnStudyProgress
    from twin.results.run_folder import Run, Study
    from twin.scenario.language.schema import Scenario

Lang = Literal["ja", "en"]


@dataclass(frozen=True)
class EditMap:
    """What the edits of a scenario touch.

    Attributes
    ----------
    name
        Name of the scenario.
    content
        Every touched link, old to new, by variant, as plain data.
    files
        ``html``, ``gpkg`` and ``csv`` -> the file written.
    """

    name: str
    content: dict[str, Any]
    files: dict[str, Path]


def resume(
    study: PathLike,
    *,
    workers: int = 1,
    on_progress: OnStudyProgress | None = None,
    executor: MakeExecutor | None = None,
) -> Study:
    """Go on with a study that was killed or stopped; the result is the same to the byte.

    Parameters
    ----------
    study
        Its folder, with or without ``.partial``; a finished one is opened as it is.
    workers
        Processes; the result does not depend on their number.
    on_progress
        Called with (share done, runs done, runs in all).
    executor
        Makes who does the runs, see :class:`twin.experiments.pool.Executor`; by default processes of this machine.

    Raises
    ------
    RunError
        If there is no such study, or it is damaged.
    """
    from twin.experiments.study import resume as resume_study

    return resume_study(Path(study), workers=checked_workers(workers), on_progress=on_progress, executor=executor)


def fork(
    study: PathLike | Study,
    at_s: float,
    changes: Mapping[str, Any],
    *,
    name: str = "fork",
    variant: str | None = None,
    out: PathLike | None = None,
    workers: int = 1,
    on_progress: OnStudyProgress | None = None,
    executor: MakeExecutor | None = None,
) -> Study:
    """What if, from a moment on: a study of two variants that share one past, one of them changed.

    Parameters
    ----------
    study
        A finished study whose checkpoints were kept.
    at_s
        Moment of a checkpoint, seconds since midnight of day one.
    changes
        Dotted key -> value as in a scenario file, for example ``{"terminal.lanes.A.count": 5}``.
    name
        Name of the changed variant.
    variant
        Which variant is forked; the first by default.
    out
        Folder of the new study; by default beside the old one.
    workers, on_progress, executor
        As in :func:`resume`.

    Raises
    ------
    ScenarioError
        If a change is none, or may not be made by a fork.
    RunError
        If there is no checkpoint at that moment, or a folder is in the way.
    """
    from twin.city.keeping.build import open_city
    from twin.experiments.fork import fork_plan
    from twin.experiments.study import StudyOptions, run_new
    from twin.results.run_folder import Study

    parent = study if isinstance(study, Study) else Study(Path(study))
    plan, checkpoints = fork_plan(parent, variant or parent.variants[0], at_s, changes, name)
    target = Path(out) if out is not None else free_folder(parent.folder.parent, f"{parent.folder.name}-{name}")
    city = open_city(parent.folder / "city")
    return run_new(
        plan, city, target, StudyOptions(checked_workers(workers), executor=executor), on_progress, past=checkpoints
    )


def rank(
    scenario: PathLike | Scenario,
    kpi: str,
    *,
    variant: str | None = None,
    group: str = "all",
    key: str = "",
    ranges_only: bool = False,
    replications: int = 5,
    seed: int | None = None,
    out: PathLike | None = None,
    workers: int = 1,
    allow_read: Sequence[PathLike] = (),
    on_progress: OnStudyProgress | None = None,
    executor: MakeExecutor | None = None,
) -> Ranking:
    """Move each guess over its range alone, with the same luck, and say which ones a KPI depends on most.

    Parameters
    ----------
    scenario
        The YAML file, or what :func:`twin.load` gave; of the latter, ``seed`` and ``replications`` stay as loaded.
    kpi, group
        What is looked at.
    variant
        Of which variant; the first by default.
    key
        Only guesses whose keys begin so, for example ``terminal.conpas.``.
    ranges_only
        Only values with a range in the file, no defaults.
    replications
        Pairs per guess.
    seed, allow_read
        As in :func:`twin.load`.
    out
        Where the study of all ends is kept; a folder that goes away by default.
    workers, on_progress, executor
        As in :func:`resume`.

    Raises
    ------
    ScenarioError
        If there is no such KPI, or nothing to move.
    RunError
        If no run gave the KPI for the group.
    """
    from twin.experiments.rank import rank as rank_guesses
    from twin.scenario.plan.guesses import guesses_of

    loaded = _loaded(scenario, variant, allow_read, seed=seed, replications=replications)
    guesses = guesses_of(loaded, next(iter(loaded.variants)), prefix=key, stated_only=ranges_only)
    plan, city = api.plan_and_city(loaded)
    return rank_guesses(
        plan,
        city,
        guesses,
        kpi,
        group=group,
        workers=checked_workers(workers),
        out=Path(out) if out is not None else None,
        on_progress=on_progress,
        executor=executor,
    )


def calibrate(
    scenario: PathLike | Scenario,
    out: PathLike | None = None,
    *,
    variant: str | None = None,
    keys: Sequence[str] = (),
    kpi: str = "",
    target: str | None = None,
    runs: int = 0,
    waves: int = 2,
    seed: int | None = None,
    workers: int = 1,
    allow_read: Sequence[PathLike] = (),
    on_progress: OnStudyProgress | None = None,
) -> dict[str, Any]:
    """Find which values of the parameters agree with what was observed, with intervals; the prior where nothing was.

    Parameters
    ----------
    scenario
        The YAML file, or what :func:`twin.load` gave.
    out
        Folder for ``calibration.json``; by default ``calibrations/NAME``. The same call goes on with an unfinished one.
    variant
        Which variant is today; the first by default.
    keys
        Only parameters whose keys begin so; every one with a range by default.
    kpi, target
        Figure asked of and value to reach; of the main question if not given.
    runs, waves
        Runs of each wave, 0 for as many as the parameters ask for; and how many waves.
    seed, allow_read
        As in :func:`twin.load`.
    workers, on_progress
        As in :func:`resume`.

    Returns
    -------
    dict
        The content of ``calibration.json``.

    Raises
    ------
    ScenarioError
        If nothing has a range, or there is no such figure or target.
    RunError
        If a folder is in the way.
    """
    from twin.experiments.calibrate.run import calibrate as calibrate_plan
    from twin.experiments.calibrate.settings import Settings
    from twin.scenario.plan.asked_of import asked_of
    from twin.scenario.plan.draws import ranged_values

    loaded = _loaded(scenario, None, allow_read, seed=seed)
    name = variant or next(iter(loaded.variants))
    if name not in loaded.variants:
        raise ScenarioError(f"there is no variant {name!r}", mend=f"variants here: {', '.join(loaded.variants)}")
    asked = asked_of(loaded, kpi, target)
    ranged, _ = ranged_values(loaded, name, keys)
    plan, city = api.plan_and_city(loaded)
    settings = Settings(runs, waves, asked.kpi, asked.group, asked.target, asked.direction)
    folder = Path(out) if out is not None else Path("calibrations") / plan.name
    return calibrate_plan(
        plan, city, name, ranged, folder, settings, workers=checked_workers(workers), on_progress=on_progress
    )


def view(
    run: PathLike | Study | Run,
    out: PathLike | None = None,
    *,
    against: PathLike | Study | Run | None = None,
    variant: str | Sequence[str] | None = None,
    replication: int = 0,
    lang: Lang = "ja",
) -> Path:
    """Write one HTML page with the moving 3D scene of a run, or of two side by side; it opens without internet.

    A study opens with its first variant against the first other one, both of the same replication and so with the same
    luck; a study of one variant shows that.

    Parameters
    ----------
    run
        A study, or one of its runs.
    out
        HTML file; by default ``scene.html`` in the study, or beside the run.
    against
        A second run (or study) of the same city and clock, shown beside the first.
    variant
        Of a study: the variant to show alone, or two to show side by side.
    replication
        Which replication of a study.
    lang
        Language in which the page opens; it carries both.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    RunError
        If a run is damaged, two runs are of different cities or clocks, or the page cannot be written.
    """
    from twin.service_scene import scene_of
    from twin.viz.scene_3d import write_scene

    parts, usual = scene_of(run, against, variant=variant, replication=replication)
    target = Path(out) if out is not None else usual
    try:
        return write_scene(parts, target, lang=lang)
    except OSError as fault:
        raise RunError(
            f"cannot write the page: {fault}", where=str(target), mend="choose another file with --out"
        ) from fault


def draw_city(city: PathLike, folder: PathLike | None = None, *, lang: Lang = "ja") -> Path:
    """Draw a city as it was read, on one page that needs no network; gives the page.

    Parameters
    ----------
    city
        A built city's folder, a map file or a bundled name.
    folder
        Where the page goes; by default ``maps/NAME``.
    lang
        Language of the page's own words.

    Raises
    ------
    CityError
        If there is no such city.
    RunError
        If the page cannot be written.
    """
    from twin.city.keeping.build import find_city, report_lines
    from twin.city.keeping.picture import city_picture
    from twin.viz.city_map import write_city_map

    found = find_city(str(city))
    target = Path(folder) if folder is not None else Path("maps") / Path(city).name.split(".")[0]
    return write_city_map(city_picture(found, list(report_lines(found))), target / "city.html", lang=lang)


def draw_edits(
    scenario: PathLike | Scenario,
    folder: PathLike | None = None,
    *,
    variant: str | None = None,
    lang: Lang = "ja",
    allow_read: Sequence[PathLike] = (),
) -> EditMap:
    """List and draw every link that a scenario's edits touch, old to new; runs nothing.

    Parameters
    ----------
    scenario
        The YAML file, or what :func:`twin.load` gave.
    folder
        Where the files go; by default ``maps/NAME``.
    variant
        Only this variant.
    lang
        Language in which the page opens.
    allow_read
        As in :func:`twin.load`.

    Raises
    ------
    ScenarioError
        With every edit that the map cannot take.
    RunError
        If a file cannot be written.
    """
    from twin.city.editing.table import write_csv, write_geopackage
    from twin.viz.edit_map import write_edit_map

    loaded = _loaded(scenario, variant, allow_read)
    plan, city, edited = api.map_edits(loaded)
    content = api.edit_content(loaded, plan, city, edited)
    target = Path(folder) if folder is not None else Path("maps") / loaded.name
    files = {"html": target / "edits.html", "gpkg": target / "edits.gpkg", "csv": target / "edits.csv"}
    try:
        target.mkdir(parents=True, exist_ok=True)
        write_edit_map(content, files["html"], lang=lang)
        write_geopackage(files["gpkg"], edited)
        write_csv(files["csv"], edited)
    except OSError as fault:
        raise RunError(f"cannot write: {fault}", where=str(target), mend="choose another folder with --out") from fault
    return EditMap(loaded.name, content, files)


def _loaded(
    scenario: PathLike | Scenario,
    variant: str | None,
    allow_read: Sequence[PathLike],
    *,
    seed: int | None = None,
    replications: int | None = None,
) -> Scenario:
    """A scenario with the one variant asked for, or with all of them."""
    if isinstance(scenario, str | os.PathLike):
        return api.load(
            scenario, seed=seed, replications=replications, only=[variant] if variant else None, allow_read=allow_read
        )
    if variant is None:
        return scenario
    if variant not in scenario.variants:
        raise ScenarioError(f"there is no variant {variant!r}", mend=f"variants here: {', '.join(scenario.variants)}")
    return replace(scenario, variants={variant: scenario.variants[variant]})
