"""Which runs a picture shows, and what the study answered about them: for pages, stills, films and notebooks."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin import api
from twin.api import PathLike
from twin.errors import RunError

if TYPE_CHECKING:
    from twin.results.run_folder import Run, Study
    from twin.viz.map_layers import SceneParts


def scene_of(
    run: PathLike | Study | Run,
    against: PathLike | Study | Run | None = None,
    *,
    variant: str | Sequence[str] | None = None,
    replication: int = 0,
) -> tuple[SceneParts, Path]:
    """Content of the page of one run or two, and where the page goes if nobody says.

    Parameters
    ----------
    run, against, variant, replication
        As in :func:`twin.service.view`.

    Raises
    ------
    RunError
        If a run is damaged, or two runs are of different cities or clocks.
    """
    from twin.results.run_folder import Study
    from twin.viz.scene_3d import scene_of_run
    from twin.viz.two_runs import two_runs_scene

    opened = _opened(run)
    usual = opened.folder / "scene.html" if isinstance(opened, Study) else _beside(opened.folder)
    runs = _runs(opened, against, variant, replication)
    if len(runs) == 1:
        return scene_of_run(runs[0]), usual
    sentences, differences = _said_of(runs[0], runs[1])
    return two_runs_scene(runs[0], runs[1], sentences=sentences, differences=differences), usual


def _opened(run: PathLike | Study | Run) -> Study | Run:
    from twin.results.run_folder import open_any

    return open_any(Path(run)) if isinstance(run, str | os.PathLike) else run


def _beside(folder: Path) -> Path:
    return folder.parent / f"{folder.name}.html"


def _runs(
    opened: Study | Run, against: PathLike | Study | Run | None, variant: str | Sequence[str] | None, replication: int
) -> list[Run]:
    """The run or the two runs that are meant."""
    from twin.results.run_folder import Study

    wanted = [variant] if isinstance(variant, str) else list(variant or ())
    if len(wanted) > 2:
        raise RunError(
            f"{len(wanted)} variants are named, a page shows one or two",
            where=str(opened.folder),
            mend="name one to see it alone, or two to see them side by side",
        )
    if against is not None:
        other = _opened(against)
        pair = (opened, other)
        named = [*wanted, *([None] * (2 - len(wanted)))]
        return [
            one.run(name, replication) if isinstance(one, Study) else one for one, name in zip(pair, named, strict=True)
        ]
    if not isinstance(opened, Study):
        return [opened]
    if not wanted:
        wanted = _of_the_file(opened)[:2]
    return [opened.run(name, replication) for name in wanted]


def _of_the_file(study: Study) -> list[str]:
    """Variants of the scenario, today's first; settings that a search made are no measures."""
    entries = [v for v in study.plan.get("variants", []) if isinstance(v, dict)]
    made = {v.get("of") or v.get("name") for v in entries if v.get("setting")}
    return [name for name in study.variants if name not in made] or study.variants[:1]


def study_of(run: Run) -> Study | None:
    """The study in whose folder a run lies, if it was made of that run."""
    from twin.results.run_folder import MANIFEST, Study, file_sha256

    folder = run.folder.resolve()
    home = folder.parents[2] if len(folder.parents) > 2 else None
    if home is None or not (home / MANIFEST).is_file():
        return None
    try:
        study = Study(home)
    except RunError:
        return None
    known = study.manifest["runs"].get(folder.relative_to(home).as_posix())
    return study if known is not None and known == file_sha256(folder / MANIFEST) else None


def _said_of(first: Run, second: Run) -> tuple[list[Mapping[str, str]], list[dict[str, Any]]]:
    """Main answer of the study that holds both runs, and its differences of the two variants; nothing without one."""
    from twin.results.compare import summarise
    from twin.results.run_folder import Study

    home, there = study_of(first), study_of(second)
    if not isinstance(home, Study) or there is None or home.folder != there.folder:
        return [], []
    answers = [a for a in home.answers.get("answers", []) if isinstance(a.get("sentence"), dict)]
    told = [a for a in answers if a.get("main")] or answers[:1]
    pair = (_variant_of(home, first), _variant_of(home, second))
    if pair[0] == pair[1]:
        return [a["sentence"] for a in told], []
    day = home.days[0]
    rows = [r for r in api.difference_rows(home, None, [pair]) if r["group"] == "all" and r.get("day", "") == day]
    means = {
        (r["variant"], r["kpi"]): r["mean"]
        for r in summarise(home.columns("kpis"), list(pair))
        if r["group"] == "all" and r["day"] == day
    }
    nan = float("nan")
    return [a["sentence"] for a in told], [
        {
            **row,
            "first_mean": means.get((pair[0], row["kpi"]), nan),
            "second_mean": means.get((pair[1], row["kpi"]), nan),
        }
        for row in rows
    ]


def _variant_of(study: Study, run: Run) -> str:
    """Variant of the scenario that a run is of; runs of kinds of day bear the day in their name."""
    for variant in study.variants:
        if run.variant == variant or any(run.variant == f"{variant}+{day}" for day in study.days):
            return variant
    return run.variant


def tracks(
    run: PathLike | Study | Run, out: PathLike | None = None, *, variant: str | None = None, replication: int = 0
) -> list[Path]:
    """Write who moved where for other programs: ``moving-features.json``, ``pedpy.txt``, layers as GeoParquet.

    Parameters
    ----------
    run
        A run, or a study, of which the variant (by default the first of the file) is taken.
    out
        Folder for the files; by default ``...-tracks`` beside the run.
    variant, replication
        Which run of a study.

    Returns
    -------
    list of Path
        Files written; no ``pedpy.txt`` where nobody on foot was recorded.

    Raises
    ------
    RunError
        If the run is damaged or has no traces, or a file cannot be written.
    """
    from twin.viz.run_view import read_run_view
    from twin.viz.tracks import write_geoparquet, write_moving_features, write_pedpy

    opened = _opened(run)
    one = _runs(opened, None, variant, replication)[0]
    folder = Path(out) if out is not None else opened.folder.with_name(f"{opened.folder.name}-tracks")
    written = [write_moving_features(one, folder / "moving-features.json")]
    seen = read_run_view(one)
    if "walker" in seen.bodies and (seen.traces.body == seen.bodies.index("walker")).any():
        written.append(write_pedpy(one, folder / "pedpy.txt"))
    return [*written, *write_geoparquet(one, folder)]
