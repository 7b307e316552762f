"""Which guesses does the answer depend on most? Each is moved over its range alone, with the same luck each time."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from twin.city.city import City
from twin.errors import RunError, ScenarioError
from twin.experiments.pool import MakeExecutor
from twin.experiments.study import OnStudyProgress, StudyOptions, run_new
from twin.results.kpis import infos
from twin.results.run_folder import Study
from twin.results.verdicts import Interval, interval_of
from twin.scenario.plan.guesses import Guess
from twin.scenario.plan.plan import Plan, models_json

_BASE = "base"


@dataclass(frozen=True)
class Ranked:
    """What a KPI does while one guess moves from its low to its high end.

    Attributes
    ----------
    guess
        The guess.
    at_low, at_high
        Mean of the KPI at either end.
    change
        High end minus low end, replication by replication, with its 95 % interval.
    """

    guess: Guess
    at_low: float
    at_high: float
    change: Interval

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        g = self.guess
        return {
            "key": g.key,
            "grade": g.grade,
            "source": g.source,
            "basis": g.basis,
            "value": g.value_text,
            "low": g.low_text,
            "high": g.high_text,
            "at_low": self.at_low,
            "at_high": self.at_high,
            "change": self.change.mean,
            "lo": self.change.lo,
            "hi": self.change.hi,
            "n": self.change.n,
        }


@dataclass(frozen=True)
class Ranking:
    """Guesses by how far they move a KPI, the farthest first.

    Attributes
    ----------
    scenario, kpi, group, unit, variant
        What was looked at.
    base
        The KPI with every value as it stands.
    guesses
        Each guess and what it does.
    """

    scenario: str
    kpi: str
    group: str
    unit: str
    variant: str
    base: Interval
    guesses: tuple[Ranked, ...]


def rank(
    plan: Plan,
    city: City,
    guesses: Sequence[Guess],
    kpi: str,
    *,
    group: str = "all",
    workers: int = 1,
    executor: MakeExecutor | None = None,
    out: Path | None = None,
    on_progress: OnStudyProgress | None = None,
) -> Ranking:
    """Run a variant with each guess at either end, and order the guesses by what they do to a KPI.

    Parameters
    ----------
    plan
        A plan with the one variant that is looked at.
    city
        Its city.
    guesses
        As :func:`twin.scenario.plan.guesses.guesses_of` gives them.
    kpi, group
        What is looked at.
    executor
        Makes who does the runs; by default processes of this machine.
    workers
        Processes; the result does not depend on their number.
    out
        Where the study of all ends is kept; a folder that goes away by default.
    on_progress
        Called with (share done, runs done, runs in all).

    Raises
    ------
    ScenarioError
        If there is no such KPI, or nothing to move.
    RunError
        If no run gave the KPI for the group.
    """
    known = infos()
    if kpi not in known:
        near = [name for name in known if name.split(".")[0] == kpi.split(".")[0]] or list(known)
        raise ScenarioError(f"there is no KPI {kpi!r}", where="--kpi", mend=f"one of: {', '.join(near)}")
    if not guesses:
        raise ScenarioError(
            "the variant rests on no guess that can be moved",
            where=plan.name,
            mend="give ranges: {value: 10 min, range: [5 min, 15 min], grade: G}; or another --key",
        )
    variant = plan.variants[0]
    entries = [{**plan.variant(variant), "name": _BASE}]
    for nth, guess in enumerate(guesses):
        for end, params in (("low", guess.low), ("high", guess.high)):
            if params is not None:
                entries.append({**plan.variant(variant), "name": f"g{nth:03d}_{end}", "models": models_json(params)})
    moved = Plan({**plan.content, "variants": entries}, plan.tables)
    with tempfile.TemporaryDirectory(prefix="twin-rank-") as folder:
        study = run_new(
            moved, city, out or Path(folder) / "study", StudyOptions(workers, lean=True, executor=executor), on_progress
        )
        values = _values(study, kpi, group)
    base = values[_BASE]
    rows = []
    for nth, guess in enumerate(guesses):
        low, high = (values.get(f"g{nth:03d}_{end}", base) for end in ("low", "high"))
        rows.append(Ranked(guess, interval_of(low).mean, interval_of(high).mean, interval_of(high - low)))
    rows.sort(key=lambda row: -abs(row.change.mean) if not math.isnan(row.change.mean) else 0.0)
    return Ranking(plan.name, kpi, group, known[kpi].unit, variant, interval_of(base), tuple(rows))


def _values(study: Study, kpi: str, group: str) -> dict[str, np.ndarray[Any, np.dtype[np.float64]]]:
    """Variant -> value per replication."""
    columns = study.columns("kpis")
    mine = columns["kpi"] == kpi
    if not (mine & (columns["group"] == group)).any():
        groups = ", ".join(dict.fromkeys(columns["group"][mine].tolist())) or "none; its model is not in the scenario"
        raise RunError(f"no run gave {kpi} for the group {group!r}", where="--group", mend=f"groups of it: {groups}")
    mine &= columns["group"] == group
    out = {}
    for name in study.variants:
        rows = mine & (columns["variant"] == name)
        order = np.argsort(columns["replication"][rows])
        out[name] = columns["value"][rows][order].astype(np.float64)
    return out
