"""A study grows by replications, look by look, until its questions are settled.

What is done next depends on finished replications in their order alone, never on who did them or which came first: any
number of workers, any kill and resume grow the same study. Only a budget of wall time ends where the machine is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from twin.columns import KPI_COLUMNS
from twin.errors import RunError
from twin.experiments.lean import LeanResults
from twin.experiments.task import Task, is_done
from twin.results.answers import Answer, Figures, answer_all, is_settled
from twin.results.day_figures import with_days
from twin.results.kpis import infos_of
from twin.results.parquet import read_columns
from twin.results.recorder import Columns
from twin.results.run_folder import check_seal, read_json, run_path, sealed, write_json
from twin.scenario.plan.plan import Plan
from twin.simulate import kpi_columns

#: Number of replications at which a study was settled; written before merging, so that a resumed one stops there too.
SETTLED = "settled.json"


class Growth:
    """What is to be done next, and when it is enough.

    Parameters
    ----------
    partial
        The study's growing folder.
    plan
        Its plan.
    task_of
        (variant, replication) -> task.
    """

    def __init__(self, partial: Path, plan: Plan, task_of: Callable[[str, int], Task]) -> None:
        self._partial, self._plan, self._task_of = partial, plan, task_of
        self._questions, self._drawn, self._infos = plan.questions, plan.drawn, infos_of(plan.content)
        self.lean = LeanResults(partial)
        self._looks = list(self._questions.looks) or [plan.replications]
        self._began = time.monotonic()
        self._pieces: dict[Task, Columns] = {}
        self.pairs = 0
        if (partial / SETTLED).is_file():
            self._looks = self._settled_looks(partial / SETTLED)

    def _settled_looks(self, path: Path) -> list[int]:
        found = read_json(path)
        check_seal(found, path, "delete this file; `twin resume` looks again")
        pairs = found.get("pairs")
        if not isinstance(pairs, int) or pairs not in self._looks:
            raise RunError(
                "the file does not say where the study was settled",
                where=str(path),
                mend="delete this file; `twin resume` looks again",
            )
        return [pairs]

    @property
    def tasks(self) -> list[Task]:
        """Every task up to the number of replications that is due."""
        return [self._task_of(variant, r) for r in range(self.pairs) for variant in self._plan.variants]

    @property
    def total(self) -> int:
        """Number of runs up to the next look, and of those of the draws."""
        return self.pairs * len(self._plan.variants) + len(self._drawn.variants) * self._drawn.replications

    @property
    def finished(self) -> int:
        """Number of those runs that are done."""
        return sum(map(self._is_done, [*self.tasks, *self.drawn_tasks]))

    def named(self) -> dict[str, Any]:
        """Variants and their words, for the manifest."""
        labels = self._plan.labels
        return {"variants": self._plan.compared, "labels": {v: labels.get(v, {}) for v in self._plan.compared}}

    @property
    def drawn_tasks(self) -> list[Task]:
        """Every task of the draws of assumptions; only their figures are kept."""
        return [Task(name, r, lean=True) for name in self._drawn.names for r in range(self._drawn.replications)]

    def due(self) -> list[Task]:
        """Tasks that are left to the next look, then those of the draws; none if all is done."""
        self.lean.look()
        while not self.pairs or not self._is_settled():
            self.pairs = next(look for look in self._looks if look > self.pairs)
            left = [task for task in self.tasks if not self._is_done(task)]
            if left:
                return left
        return [task for task in self.drawn_tasks if not self._is_done(task)]

    def _is_done(self, task: Task) -> bool:
        return task.key in self.lean if task.lean else is_done(self._partial, task)

    def _is_settled(self) -> bool:
        if self.pairs < self._looks[-1] and not is_settled(self.answers(), time.monotonic() - self._began):
            return False
        write_json(self._partial / SETTLED, sealed({"pairs": self.pairs}))
        return True

    def answers(self) -> list[Answer]:
        """Answers from the replications there are."""
        return answer_all(self._questions, Figures(self.with_days(self.kpis(self.tasks)), self.pairs))

    def with_days(self, kpis: Columns) -> Columns:
        """KPIs with those of the mean day, the worst day and the year, where there are kinds of day."""
        return with_days(kpis, self._plan.days, self._infos)

    def kpis(self, tasks: Sequence[Task]) -> Columns:
        """KPIs of finished runs, in the order of the tasks."""
        for task in tasks:
            if task not in self._pieces:
                self._pieces[task] = self._read(task)
        return {c.name: np.concatenate([self._pieces[task][c.name] for task in tasks]) for c in KPI_COLUMNS}

    def _read(self, task: Task) -> Columns:
        if task.lean:
            return kpi_columns(*self._plan.run_of(task.variant), task.replication, self.lean.kpis(task.key))
        return read_columns(self._partial / run_path(task.variant, task.replication) / "kpis.parquet")
