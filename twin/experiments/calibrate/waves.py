"""Runs at points of the prior, wave by wave; whatever kills them, the same command goes on and gives the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from twin.arrays import Floats
from twin.cache import source_digest
from twin.city.city import City
from twin.city.keeping.build import open_city
from twin.errors import RunError
from twin.experiments.lean import LeanResults
from twin.experiments.pool import do_all
from twin.experiments.study import StudyOptions, start
from twin.experiments.task import HOW, Task, do_task
from twin.experiments.vouching import check_begun
from twin.kpi import Kpi
from twin.results.reproduction import EVERY
from twin.results.run_folder import partial_of, read_json
from twin.scenario.language.variants import params_with_changes
from twin.scenario.plan.draws import Ranged, plain_value
from twin.scenario.plan.plan import Plan, models_json

OnRuns = Callable[[float, int, int], None]


def points_plan(plan: Plan, variant: str, ranged: Sequence[Ranged], unit: Floats) -> tuple[Plan, Floats]:
    """Plan with one variant per point, and the points as they are run: whole numbers lie in the middle of their share.

    Parameters
    ----------
    plan, variant
        What is calibrated.
    ranged
        Parameters.
    unit : (n, p)
        Points, ranges as 0 to 1.
    """
    entry = {key: value for key, value in plan.variant(variant).items() if key not in ("of", "day")}
    entries, exact = [], np.zeros_like(unit)
    for i, point in enumerate(unit):
        numbers = [one.at(float(share)) for one, share in zip(ranged, point, strict=True)]
        changes = {one.key: plain_value(one.text(x)) for one, x in zip(ranged, numbers, strict=True)}
        params = params_with_changes(entry["resolved"], changes)
        entries.append({**entry, "name": f"p{i:05d}", "models": models_json(params)})
        exact[i] = [one.share(float(one.text(x).split(" ")[0])) for one, x in zip(ranged, numbers, strict=True)]
    content = {
        **plan.content,
        "variants": entries,
        "replications": max(len(unit), 1),
        "questions": {},
        "drawn": {},
        "days": {},
        "observed": _for_every(plan.observed),
    }
    return Plan(content, plan.tables), exact


def _for_every(observed: Mapping[str, Any]) -> dict[str, Any] | None:
    if not observed:
        return None
    return {**observed, "entries": [{**entry, "run": EVERY} for entry in observed["entries"]]}


def run_points(plan: Plan, city: City, out: Path, workers: int, on_runs: OnRuns | None = None) -> list[list[Kpi]]:
    """KPIs of the run at each point, in their order; each has luck of its own, that of the replication of its number.

    Parameters
    ----------
    plan
        As :func:`points_plan` makes it.
    city
        Its city.
    out
        Folder of the wave; its runs stay in ``OUT.partial`` until the calibration is finished.
    workers
        Processes; the result does not depend on their number.
    on_runs
        Called with (share done, runs done, runs in all).

    Raises
    ------
    RunError
        If what lies in the folder was begun by another scenario, another version, or was changed.
    """
    partial = partial_of(out)
    tasks = [Task(name, i, lean=True) for i, name in enumerate(plan.variants)]
    if partial.is_dir():
        _check_same(partial, plan)
    else:
        out.parent.mkdir(parents=True, exist_ok=True)
        start(plan, city, out, StudyOptions(workers, lean=True))
    lean = LeanResults(partial)
    lean.look()
    left = [task for task in tasks if task.key not in lean]
    before = len(tasks) - len(left)
    if workers == 1:
        kept = open_city(partial / "city")
        for n, task in enumerate(left):
            do_task(partial, plan, kept, task)
            if on_runs:
                on_runs((before + n + 1) / len(tasks), before + n + 1, len(tasks))
    elif left:

        def show(done: int, under_way: Sequence[float]) -> None:
            if on_runs:
                on_runs(min((before + done + sum(under_way)) / len(tasks), 1.0), before + done, len(tasks))

        do_all(partial, left, workers, show)
    lean.look()
    return [lean.kpis(task.key) for task in tasks]


def _check_same(partial: Path, plan: Plan) -> None:
    kept = read_json(partial / HOW)
    same = Plan.read(partial).content == plan.content
    if kept.get("sources") != source_digest() or not same:
        raise RunError(
            "an unfinished calibration of another scenario, of other settings or of another version is in the way",
            where=str(partial),
            mend="call it as it was begun, or delete the folder, or choose another with --out",
        )
    check_begun(partial)
