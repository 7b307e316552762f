"""Statistics of runs and of observations: the same numbers, on scales where their luck is even, few enough to trust.

Counts go through 2 sqrt(n + 3/8) (Anscombe 1948): a Poisson number then has the same variance whatever its mean. Many
statistics become as few as there are parameters: each is weighed by how much it moves with a parameter, over its
variance (Heavens, Jimenez and Lahav 2000, MNRAS 317(4)); of Gaussian numbers whose variance does not depend on the
parameters that loses nothing at first order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.kpi import Kpi
from twin.kpi_seen import AT
from twin.results.reproduction import CELLS

_COUNTS = ("people", "trucks", "vehicles", "requests")


@dataclass(frozen=True)
class Statistic:
    """One number that a run has and that was observed.

    Attributes
    ----------
    kpi, group
        Row of the KPI table.
    entry
        Id of its observation; empty for a figure that was not observed.
    count
        Whether it is a count.
    observed, spread
        Observed value, and its standard error beside the luck of a day; nan where not observed.
    days
        Days of which the observed value is the mean.
    """

    kpi: str
    group: str
    entry: str
    count: bool
    observed: float = float("nan")
    spread: float = 0.0
    days: float = 1.0


def evened(values: Floats, count: Floats | NDArray[np.bool_]) -> Floats:
    """Values on the scale where their luck is even: (..., m) with ``count`` (m,)."""
    return np.where(count, 2.0 * np.sqrt(np.maximum(values, 0.0) + 0.375), values)


def targets_of(observed: Mapping[str, Any]) -> tuple[list[Statistic], list[Statistic]]:
    """Statistics that are fitted, and those held out.

    Parameters
    ----------
    observed
        ``observed`` of a plan.
    """
    fitted: list[Statistic] = []
    held: list[Statistic] = []
    for entry in observed.get("entries", []):
        days = float(entry.get("days", 1))
        if not entry.get("observable"):
            name = f"{entry['kpi']}{AT}{entry['sensor']}" if entry.get("sensor") else entry["kpi"]
            spread = float(entry["spread"] or 0.0)
            count = entry["unit"] in _COUNTS
            fitted.append(Statistic(name, entry["group"], entry["id"], count, float(entry["value"]), spread, days))
            continue
        for i, (value, spread, out) in enumerate(
            zip(entry["values"], entry["spreads"], entry["held_out"], strict=True)
        ):
            # The error of a count that nobody stated is its luck, which the runs have too.
            own = float(spread) if entry.get("spread_stated") else 0.0
            count = entry["unit"] in _COUNTS
            one = Statistic(f"{CELLS}{entry['id']}", str(i), entry["id"], count, float(value), own, days)
            (held if out else fitted).append(one)
    return fitted, held


def matrix(runs: Sequence[Sequence[Kpi]], statistics: Sequence[Statistic]) -> Floats:
    """(runs, statistics): every number as it is; nan where a run gave none."""
    place = {(s.kpi, s.group): i for i, s in enumerate(statistics)}
    out = np.full((len(runs), len(statistics)), np.nan)
    for n, run in enumerate(runs):
        for kpi in run:
            at = place.get((kpi.kpi, kpi.group))
            if at is not None:
                out[n, at] = kpi.value
    return out


@dataclass(frozen=True)
class Compression:
    """From many statistics to few: ``values @ weights`` after the scales were evened."""

    weights: Floats

    def of(self, values: Floats) -> Floats:
        """(n, m) to (n, q)."""
        return np.asarray(values @ self.weights, np.float64)


def compression_of(unit: Floats, values: Floats, noise: Floats) -> Compression:
    """Weights of each statistic for each parameter.

    Parameters
    ----------
    unit : (n, p)
        Points of the runs, ranges as 0 to 1.
    values : (n, m)
        Their statistics, evened.
    noise : (m,)
        Variance of the observed ones beside the luck of a day.
    """
    n, p = unit.shape
    basis = np.hstack([np.ones((n, 1)), unit - 0.5, (unit - 0.5) ** 2])
    if n < 3 * basis.shape[1]:
        basis = basis[:, : p + 1]
    slopes, *_ = np.linalg.lstsq(basis, values, rcond=None)
    left = values - basis @ slopes
    variance = (left**2).sum(axis=0) / max(n - basis.shape[1], 1) + noise
    scale = np.sqrt(np.maximum(variance, 1e-12 * max(float(values.var()), 1e-12)))
    if values.shape[1] <= p:
        return Compression(np.diag(1.0 / scale))
    weights = (slopes[1 : p + 1] / scale**2).T
    size = np.sqrt(((weights * scale[:, None]) ** 2).sum(axis=0))
    return Compression(weights / np.where(size > 0, size, 1.0))
