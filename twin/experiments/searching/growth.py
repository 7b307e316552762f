"""How a study of a search grows: batch by batch, as its method asks, replayed from what is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from twin.arrays import Floats
from twin.columns import KPI_COLUMNS
from twin.errors import RunError
from twin.experiments.lean import LeanResults
from twin.experiments.searching.methods import policy_of
from twin.experiments.searching.policies import Batch, Policy
from twin.experiments.task import Task
from twin.results.compare import DIFFERENCE_COLUMNS
from twin.results.day_figures import with_days
from twin.results.days import run_name
from twin.results.kpis import infos_of
from twin.results.parquet import write_columns
from twin.results.recorder import Columns
from twin.results.run_folder import SEARCH, write_json
from twin.results.searched import Figure, Point, Search
from twin.scenario.plan.plan import POINTS_FILE, Plan
from twin.simulate import kpi_columns

#: What makes a figure of a setting itself, such as the number of vans.
SETTING = "setting:"


def _number_of(value: str | int | float | None) -> float:
    """Number of a setting, without its unit; nan where it has none."""
    try:
        return float(str(value).split(" ")[0])
    except ValueError:
        return np.nan


class PointValues:
    """Figures of the points of a search, replication by replication; of several kinds of day, those asked for.

    Parameters
    ----------
    search, plan
        What is searched.
    """

    def __init__(self, search: Search, plan: Plan) -> None:
        self._wanted = {(f.kpi, f.group, f.day) for f in search.figures}
        self._figures, self._plan, self._infos = search.figures, plan, infos_of(plan.content)
        self._found: dict[tuple[str, Figure], dict[int, float]] = {}

    def add(self, point: str, replication: int, kpis: Columns) -> None:
        """Take in the figures of one replication of a point, on all its kinds of day."""
        table = with_days(kpis, self._plan.days, self._infos)
        for figure in self._figures:
            at = (table["kpi"] == figure.kpi) & (table["group"] == figure.group) & (table["day"] == figure.day)
            values = table["value"][at]
            self._found.setdefault((point, figure), {})[replication] = float(values[0]) if len(values) else np.nan

    def of(self, point: Point, figure: Figure) -> Floats:
        """Values in the order of replications."""
        if figure.kpi.startswith(SETTING):
            runs = max((len(found) for (name, _), found in self._found.items() if name == point.name), default=0)
            return np.full(runs, _number_of(point.changes.get(figure.kpi.removeprefix(SETTING))))
        found = self._found.get((point.name, figure), {})
        return np.array([found[r] for r in sorted(found)], np.float64)


class SearchGrowth:
    """What a search does next.

    Parameters
    ----------
    partial
        Its growing folder.
    plan
        Its plan, with what is searched.
    """

    drawn_tasks: tuple[Task, ...] = ()

    def __init__(self, partial: Path, plan: Plan) -> None:
        if plan.search is None:
            raise ValueError("the plan holds no search")
        self._plan, self.search = plan, plan.search
        self.lean = LeanResults(partial)
        self._runs = [(name, plan.run_of(name)[1]) for name in plan.variants]
        self._values = PointValues(self.search, plan)
        self._policy: Policy = policy_of(self.search)
        self._batch: Batch | None = next(self._policy)
        self._past: dict[Task, None] = {}
        self.points: dict[str, Point] = {}
        self.outcome: dict[str, Any] = {}
        self._total = len(self.tasks)

    def _tasks_of(self, point: Point, replication: int) -> list[Task]:
        return [
            Task(run_name(point.name, day), replication, lean=True, of=base, changes=tuple(point.changes.items()))
            for base, day in self._runs
        ]

    @property
    def tasks(self) -> list[Task]:
        """Every task so far, in the order in which they were asked for."""
        asked = self._batch or []
        return list(dict.fromkeys([*self._past, *(t for p, r in asked for t in self._tasks_of(p, r))]))

    @property
    def total(self) -> int:
        """Number of runs up to the end of the batch."""
        return self._total

    @property
    def finished(self) -> int:
        """Number of runs that are done."""
        return sum(task.key in self.lean for task in self.tasks)

    @property
    def pairs(self) -> int:
        """Replications of the points that have most."""
        return max((task.replication for task in self.tasks), default=0) + 1

    def due(self) -> list[Task]:
        """Tasks that are left of the batch; of the next ones when it is done; none when the method has its answer."""
        self.lean.look()
        while self._batch is not None:
            left = [t for p, r in self._batch for t in self._tasks_of(p, r) if t.key not in self.lean]
            if left:
                self._total = len(self.tasks)
                # Runs of one point follow each other: whoever does them makes its parameters once.
                return sorted(dict.fromkeys(left), key=lambda task: task.key)
            for point, replication in self._batch:
                self._take_in(point, replication)
            try:
                self._batch = self._policy.send(self._values)
            except StopIteration as end:
                self.outcome, self._batch = end.value, None
        return []

    def _take_in(self, point: Point, replication: int) -> None:
        self.points[point.name] = point
        tasks = self._tasks_of(point, replication)
        if all(task in self._past for task in tasks):
            return
        self._past.update(dict.fromkeys(tasks))
        self._values.add(point.name, replication, self._kpis(tasks))

    def _kpis(self, tasks: list[Task]) -> Columns:
        pieces = []
        for task in tasks:
            base = self._plan.variant(task.of)
            day = str(base.get("day", ""))
            point = task.variant.removesuffix(f"+{day}") if day else task.variant
            pieces.append(kpi_columns(point, day, task.replication, self.lean.kpis(task.key)))
        return {c.name: np.concatenate([piece[c.name] for piece in pieces]) for c in KPI_COLUMNS}

    def named(self) -> dict[str, Any]:
        """Points and their words, for the manifest."""
        names = sorted(self.points)
        return {
            "variants": names,
            "labels": {name: {"ja": self.points[name].text, "en": self.points[name].text} for name in names},
            "search": self.search.method,
        }

    def write(self, partial: Path) -> None:
        """Write figures, points and the answer."""
        order = sorted(self._past, key=lambda t: (t.variant, t.replication))
        write_columns(
            partial / "kpis.parquet",
            KPI_COLUMNS,
            with_days(self._kpis(order), self._plan.days, infos_of(self._plan.content)),
        )
        nobody: Columns = {c.name: np.array([], np.str_ if c.dtype == "str" else c.dtype) for c in DIFFERENCE_COLUMNS}
        write_columns(partial / "differences.parquet", DIFFERENCE_COLUMNS, nobody)
        points = {t.variant: {"of": t.of, "changes": dict(t.changes)} for t in order}
        write_json(partial / POINTS_FILE, points)
        write_json(partial / SEARCH, {"search": self.search.model_dump(mode="json"), "outcome": self.outcome})


def outcome_from(plan: Plan, kpis: Columns) -> dict[str, Any]:
    """What a search comes to, from the figures of its finished study: for whoever checks it.

    Raises
    ------
    RunError
        If the figures lack a run that the method asks for.
    """
    if plan.search is None:
        return {}
    values, policy = PointValues(plan.search, plan), policy_of(plan.search)
    there: dict[tuple[str, int], list[int]] = {}
    for row, key in enumerate(zip(kpis["variant"].tolist(), kpis["replication"].tolist(), strict=True)):
        there.setdefault(key, []).append(row)
    batch, seen = next(policy), set()
    while True:
        for point, replication in batch:
            key = (point.name, replication)
            if key in seen:
                continue
            if key not in there:
                raise RunError(f"point {point.name}, replication {replication} is missing", where="kpis.parquet")
            seen.add(key)
            rows = np.array(there[key])
            own = {name: column[rows] for name, column in kpis.items()}
            kinds = np.isin(own["day"], plan.days.names or [""])
            values.add(point.name, replication, {name: column[kinds] for name, column in own.items()})
        try:
            batch = policy.send(values)
        except StopIteration as end:
            return dict(end.value)
