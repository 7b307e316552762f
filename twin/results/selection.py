"""Which of several systems is best: where to spend runs, and when the choice is right with a stated probability.

Pure functions over figures of paired replications.

References
----------
Chen, Lin, Yücesan and Chick (2000), Discrete Event Dynamic Systems 10: optimal computing budget allocation (OCBA).
Kim and Nelson (2001), ACM TOMACS 11(3): fully sequential selection with an indifference zone (KN), which holds with
common random numbers because it looks at variances of differences.
Szechtman and Yücesan (2008), Winter Simulation Conference: allocation for telling what is feasible.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.results.sequences import PRIOR


def ocba_allocation(
    means: Sequence[float], variances: Sequence[float], counts: Sequence[int], budget: int, *, lower: bool = True
) -> list[int]:
    """How many of the next runs each system gets, so that the best one is told apart soonest.

    Parameters
    ----------
    means, variances, counts
        Of each system so far; variances above 0.
    budget
        Runs to hand out.
    lower
        Whether the lowest mean is best.

    Returns
    -------
    list of int
        Adds up to ``budget``; a system that has more than its share already gets none.
    """
    value = np.asarray(means, np.float64) if lower else -np.asarray(means, np.float64)
    spread, had = np.asarray(variances, np.float64), np.asarray(counts, np.int64)
    best = int(np.argmin(value))
    others = np.array([i for i in range(len(value)) if i != best])
    gap = np.maximum(value[others] - value[best], 1e-12 * max(float(np.abs(value).max()), 1.0))
    ratio = np.zeros(len(value))
    ratio[others] = spread[others] / gap**2
    ratio[best] = math.sqrt(spread[best] * float(np.sum(ratio[others] ** 2 / spread[others])))
    return _shared(ratio, had, budget, best)


def _shared(ratio: Floats, had: NDArray[np.int64], budget: int, rest_to: int) -> list[int]:
    """Totals in proportion to a ratio, no system below what it has; what rounding leaves goes to one of them."""
    total = int(had.sum()) + budget
    wanted, open_ones, left = had.copy(), np.ones(len(ratio), bool), float(total)
    while open_ones.any():
        share = left / float(ratio[open_ones].sum()) if ratio[open_ones].sum() > 0 else 0.0
        wanted[open_ones] = np.floor(share * ratio[open_ones]).astype(np.int64)
        low = open_ones & (wanted < had)
        if not low.any():
            break
        wanted[low] = had[low]
        open_ones &= ~low
        left = float(total - wanted[~open_ones].sum())
    wanted[rest_to] += total - int(wanted.sum())
    return [int(n) for n in wanted - had]


def feasibility_allocation(
    means: Sequence[float], variances: Sequence[float], counts: Sequence[int], bound: float, budget: int
) -> list[int]:
    """How many of the next runs each system gets, so that it is soonest told on which side of a bound each lies."""
    gap = np.maximum(np.abs(np.asarray(means, np.float64) - bound), 1e-9 * max(abs(bound), 1.0))
    ratio = np.maximum(np.asarray(variances, np.float64), 1e-300) / gap**2
    return _shared(ratio, np.asarray(counts, np.int64), budget, int(np.argmax(ratio)))


def side_error(values: Floats, bound: float) -> float:
    """Chance of being wrong about the side of a bound that a mean lies on, however often one has looked.

    The inverse of the largest value so far would do; the inverse of the present value of the mixture t martingale is
    larger and needs no history (Ville's inequality; :mod:`twin.results.sequences`).
    """
    kept = values[~np.isnan(values)]
    n = len(kept)
    if n < 2:
        return 1.0
    spread = float(np.std(kept, ddof=1))
    if spread == 0.0:
        return 0.0 if kept[0] != bound else 1.0
    square = n * (float(kept.mean()) - bound) ** 2 / spread**2
    free, ratio = n - 1, 1.0 + n * PRIOR
    log_factor = -0.5 * math.log(ratio) + 0.5 * n * (math.log1p(square / free) - math.log1p(square / (free * ratio)))
    return min(1.0, math.exp(-log_factor))


@dataclass(frozen=True)
class Selected:
    """What a selection came to.

    Attributes
    ----------
    alive
        Systems that may still be the best, by index.
    chosen
        The best one; of several left, the one with the best mean so far.
    decided
        Whether one is left.
    """

    alive: tuple[int, ...]
    chosen: int
    decided: bool


def kn_select(values: Floats, alpha: float, delta: float, first: int, *, lower: bool = True) -> Selected:
    """Kim and Nelson's procedure over the replications there are.

    Parameters
    ----------
    values : (systems, replications) float64
        Paired across systems by replication.
    alpha
        Chance of not choosing the best one where it is better than every other by ``delta``.
    delta
        Indifference zone: smaller differences do not matter; above 0.
    first
        Replications from which variances of differences are taken, at least 2.
    lower
        Whether the lowest mean is best.

    Raises
    ------
    ValueError
        If there are fewer replications than ``first``, or ``delta`` is not above 0.
    """
    systems, have = values.shape
    if have < first or first < 2 or delta <= 0:
        raise ValueError("KN needs its first replications and an indifference zone above 0")
    gains = -values if lower else values
    if systems == 1:
        return Selected((0,), 0, True)
    eta = 0.5 * ((2.0 * alpha / (systems - 1)) ** (-2.0 / (first - 1)) - 1.0)
    h_square = 2.0 * eta * (first - 1)
    head = gains[:, :first]
    spread = np.array([[np.var(head[i] - head[j], ddof=1) for j in range(systems)] for i in range(systems)])
    sums = np.cumsum(gains, axis=1)
    alive = list(range(systems))
    for r in range(first, have + 1):
        mean = sums[:, r - 1] / r
        room = np.maximum(0.0, delta / (2.0 * r) * (h_square * spread / delta**2 - r))
        alive = [i for i in alive if all(mean[i] >= mean[j] - room[i, j] for j in alive if j != i)] or [
            max(alive, key=lambda i: mean[i])
        ]
        if len(alive) == 1:
            return Selected((alive[0],), alive[0], True)
    mean = sums[:, have - 1] / have
    return Selected(tuple(alive), max(alive, key=lambda i: mean[i]), False)


def pareto(costs: Sequence[float], services: Sequence[float], *, service_lower: bool) -> list[bool]:
    """Which systems no other one beats in both: lower cost, better service."""
    cost, service = np.asarray(costs, np.float64), np.asarray(services, np.float64)
    service = service if service_lower else -service
    out = []
    for i in range(len(cost)):
        better = (cost <= cost[i]) & (service <= service[i]) & ((cost < cost[i]) | (service < service[i]))
        out.append(not bool(better.any()) and not (math.isnan(cost[i]) or math.isnan(service[i])))
    return out


def knee_of(costs: Sequence[float], services: Sequence[float]) -> int | None:
    """The point of a front that lies farthest from the line between its ends, both axes scaled to their spans.

    Parameters
    ----------
    costs, services
        Of the systems on the front.

    Returns
    -------
    int or None
        Its index; None where the front has fewer than three points or no span.
    """
    cost, service = np.asarray(costs, np.float64), np.asarray(services, np.float64)
    if len(cost) < 3 or np.ptp(cost) == 0 or np.ptp(service) == 0:
        return None
    x, y = (cost - cost.min()) / np.ptp(cost), (service - service.min()) / np.ptp(service)
    a, b = int(np.argmin(x)), int(np.argmax(x))
    away = np.abs((x[b] - x[a]) * (y[a] - y) - (x[a] - x) * (y[b] - y[a]))
    return int(np.argmax(away)) if away.max() > 1e-9 else None
