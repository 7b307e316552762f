"""What a search does next, and what it comes to: one generator per method.

A generator yields batches of (point, replication) and is sent the figures so far. What it yields depends on those
figures alone, so that a search taken up again is replayed from the runs that are there and goes on with the same
points, whoever does them.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from typing import Any, Protocol

import numpy as np

from twin.arrays import Floats
from twin.results.searched import Figure, Point, Search
from twin.results.selection import feasibility_allocation, kn_select, knee_of, pareto, side_error
from twin.results.verdicts import interval_of

Batch = list[tuple[Point, int]]


class Values(Protocol):
    """Figures of the runs so far."""

    def of(self, point: Point, figure: Figure) -> Floats:
        """Values in the order of replications, those done so far."""
        ...


Policy = Generator[Batch, Values, dict[str, Any]]


def row_of(point: Point, values: Floats) -> dict[str, Any]:
    """A point with mean and interval of a figure."""
    found = interval_of(values)
    return {
        "point": point.name,
        "setting": point.text,
        "mean": number(found.mean),
        "lo": number(found.lo),
        "hi": number(found.hi),
        "n": found.n,
    }


def number(value: float) -> float | None:
    """A number as JSON has it."""
    return float(f"{value:.12g}") if math.isfinite(value) else None


def every(points: Sequence[Point], replications: int) -> Batch:
    """Every replication of every point."""
    return [(point, r) for r in range(replications) for point in points]


def sweep(search: Search) -> Policy:
    """Every point alike."""
    values = yield every(search.points, search.replications)
    return {
        "figures": [
            {**f.model_dump(), "rows": [row_of(p, values.of(p, f)) for p in search.points]} for f in search.figures
        ]
    }


def tornado(search: Search) -> Policy:
    """Each axis alone at either end, paired with the base: the first point is the base, then low and high of each."""
    values = yield every(search.points, search.replications)
    base, figure = search.points[0], search.figures[0]
    bars: list[dict[str, Any]] = []
    for nth, axis in enumerate(search.axes):
        low, high = (values.of(p, figure) for p in search.points[1 + 2 * nth : 3 + 2 * nth])
        change = interval_of(high - low)
        here = values.of(base, figure)
        bars.append(
            {
                "key": axis.key,
                "low": search.points[1 + 2 * nth].text,
                "high": search.points[2 + 2 * nth].text,
                "at_low": number(mean_of(low - here)),
                "at_high": number(mean_of(high - here)),
                "change": number(change.mean),
                "lo": number(change.lo),
                "hi": number(change.hi),
            }
        )
    bars.sort(key=lambda bar: -abs(float(bar["change"] or 0.0)))
    return {**figure.model_dump(), "base": row_of(base, values.of(base, figure)), "bars": bars}


def sensitivity(search: Search) -> Policy:
    """Morris or Sobol over means of paired replications: every point has the same luck."""
    from twin.experiments.searching.sampling import analyse

    values = yield every(search.points, search.replications)
    figure = search.figures[0]
    means = np.array([mean_of(values.of(p, figure)) for p in search.points])
    missing = int(np.isnan(means).sum())
    if missing:
        return {**figure.model_dump(), "indices": [], "undefined_points": missing}
    return {**figure.model_dump(), "indices": analyse(search, means), "undefined_points": 0}


def mean_of(values: Floats) -> float:
    kept = values[~np.isnan(values)]
    return float(kept.mean()) if len(kept) else math.nan


#: Runs that an adaptive method hands out before it looks again.
_STEP = 16


def frontier(search: Search) -> Policy:
    """Cost against service; runs go where it is least sure whether the service keeps its bound.

    The first figure is the cost, the second the service. The smallest feasible point is the cheapest that keeps the
    bound. Its confidence is one minus the chances of being wrong about it and about each cheaper one (Bonferroni),
    each of which holds however often one has looked.
    """
    cost, service = search.figures
    counts = dict.fromkeys([p.name for p in search.points], search.replications)
    values = yield every(search.points, search.replications)
    while True:
        told = _feasible(search, values)
        left = search.most_runs - sum(counts.values())
        if told["confidence"] >= search.confidence or left <= 0 or not told["open"]:
            break
        open_ones = [p for p in search.points if p.name in told["open"]]
        kept = [values.of(p, service) for p in open_ones]
        shares = feasibility_allocation(
            [mean_of(v) for v in kept],
            [max(float(np.nanvar(v, ddof=1)), 1e-300) for v in kept],
            [counts[p.name] for p in open_ones],
            search.bound,
            min(_STEP, left),
        )
        batch = []
        for point, more in zip(open_ones, shares, strict=True):
            batch += [(point, r) for r in range(counts[point.name], counts[point.name] + more)]
            counts[point.name] += more
        values = yield batch
    costs = [mean_of(values.of(p, cost)) for p in search.points]
    services = [mean_of(values.of(p, service)) for p in search.points]
    front = pareto(costs, services, service_lower=search.bound_side == "at_most")
    on = [i for i, yes in enumerate(front) if yes]
    knee = knee_of([costs[i] for i in on], [services[i] for i in on])
    return {
        "cost": cost.model_dump(),
        "service": service.model_dump(),
        "bound": search.bound,
        "bound_side": search.bound_side,
        "rows": [
            {
                "point": p.name,
                "setting": p.text,
                "cost": row_of(p, values.of(p, cost)),
                "service": row_of(p, values.of(p, service)),
                "on_front": front[i],
                "keeps": told["keeps"][p.name],
                "error": number(told["errors"][p.name]),
            }
            for i, p in enumerate(search.points)
        ],
        "knee": None if knee is None else search.points[on[knee]].name,
        "smallest": told["smallest"],
        "confidence": number(told["confidence"]),
        "confidence_wanted": search.confidence,
        "decided": bool(told["confidence"] >= search.confidence),
        "runs": sum(counts.values()),
        "method": "feasibility allocation (OCBA), mixture t martingale, Bonferroni",
    }


def _feasible(search: Search, values: Values) -> dict[str, Any]:
    """Which points keep the bound, how sure that is, and which stand in the way of the answer."""
    cost, service = search.figures
    keeps, errors = {}, {}
    for point in search.points:
        found = values.of(point, service)
        mean = mean_of(found)
        inside = mean <= search.bound if search.bound_side == "at_most" else mean >= search.bound
        keeps[point.name] = bool(inside)
        errors[point.name] = side_error(found, search.bound) if not math.isnan(mean) else 1.0
    order = sorted(search.points, key=lambda p: (mean_of(values.of(p, cost)), search.points.index(p)))
    smallest = next((p for p in order if keeps[p.name]), None)
    asked = order if smallest is None else order[: order.index(smallest) + 1]
    wrong = math.fsum(errors[p.name] for p in asked)
    share = (1.0 - search.confidence) / len(asked)
    return {
        "keeps": keeps,
        "errors": errors,
        "smallest": None if smallest is None else smallest.name,
        "confidence": max(0.0, 1.0 - wrong),
        # A point that gives no value cannot be told by more runs of it.
        "open": {p.name for p in asked if errors[p.name] > share and not math.isnan(mean_of(values.of(p, service)))},
    }


def select_best(
    search: Search, points: Sequence[Point], counts: dict[str, int], values: Values, spent: int
) -> Generator[Batch, Values, dict[str, Any]]:
    """Choose among points by KN on paired replications, within what is left of the runs.

    Allocation by OCBA would spend less and promise less: KN holds with common random numbers and states its chance.
    The replications by which the sampler ranked the points are left out: the luckiest would look better than they are.
    """
    figure, first, past = search.figures[0], 10, search.replications
    lower = figure.better != "higher"
    alive, chosen, decided = list(range(len(points))), 0, len(points) == 1
    have, want = 0, first
    while not decided:
        batch = [(points[i], r) for i in alive for r in range(counts[points[i].name], past + want)]
        if spent + len(batch) > search.most_runs:
            break
        spent += len(batch)
        for i in alive:
            counts[points[i].name] = max(counts[points[i].name], past + want)
        values = yield batch
        have = want
        table = np.full((len(points), have), np.nan)
        for i, point in enumerate(points):
            # Who was eliminated has fewer runs; the procedure looks at it no more after that stage.
            found = values.of(point, figure)[past : past + have]
            table[i, : len(found)] = found
        selected = kn_select(table, 1.0 - search.confidence, search.delta, first, lower=lower)
        alive, chosen, decided = list(selected.alive), selected.chosen, selected.decided
        want = have + max(2, have // 4)
    sure = search.confidence if decided else None
    rows = [row_of(p, values.of(p, figure)) for p in points]
    return {
        "chosen": points[chosen].name,
        "setting": points[chosen].text,
        "decided": decided,
        "sure": sure,
        "finalists": rows,
        "runs": spent,
    }


__all__ = ["Batch", "Policy", "Values", "every", "row_of", "select_best"]
