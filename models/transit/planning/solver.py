"""Near-optimal plans of whole fleets: fewest vehicles first where asked, then least driving.

Ruin and recreate (:mod:`twin.models.transit.planning.kernels`) with simulated annealing; the routes of good plans are
pooled, and from time to time the best choice among them, each request in exactly one route, is found by HiGHS.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from twin.engine.draws import make_stream
from twin.models.transit.planning.kernels import improve
from twin.models.transit.planning.problem import Ints, Plan, Problem

_POOL_SLOTS = 1 << 16
#: Steps of one call of the kernel while time is measured; small enough that a second is many.
_CHUNK = 2_000
_FLEET_SHARE = 0.4


@dataclass(frozen=True)
class Budget:
    """How long to search: steps, which always give the same plan, or CPU-seconds, which do not.

    Attributes
    ----------
    steps
        Steps of ruin and recreate in all.
    seconds
        CPU time in all; steps are then what fits into it.
    """

    steps: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if (self.steps is None) == (self.seconds is None):
            raise ValueError("give either steps or seconds")


class _Progress:
    """Share of a budget that is used up."""

    def __init__(self, budget: Budget, clock: Callable[[], float]) -> None:
        self.budget, self._clock, self._began = budget, clock, clock()
        self.steps = 0

    def share(self) -> float:
        if self.budget.steps is not None:
            return self.steps / max(self.budget.steps, 1)
        return (self._clock() - self._began) / max(float(self.budget.seconds or 0.0), 1e-9)


class _Search:
    """The current and the best plan as arrays, and the pool of routes."""

    def __init__(self, problem: Problem, seed: int) -> None:
        n = problem.requests
        self.problem = problem
        self.stream = make_stream(seed, "transit.planning")
        self.rows = problem.vehicles
        room = 2 * n + 4
        self.seq = np.full((self.rows, room), problem.depot, np.int64)
        self.size = np.zeros(self.rows, np.int64)
        self.home = np.full(n, -1, np.int64)
        self.best = self.seq.copy(), self.size.copy(), self.home.copy()
        self.absences = np.ones(n)
        between = problem.between[: 2 * n, : 2 * n]
        middle = (problem.early + problem.late)[: 2 * n] / 2.0
        apart = np.abs(middle[:, None] - middle[None, :])
        views = between, between + 0.5 * apart, apart
        self.near = np.stack([np.argsort(view, axis=1, kind="stable") for view in views]).astype(np.int64)
        pick, drop = np.arange(0, 2 * n, 2), np.arange(1, 2 * n, 2)
        self.tightness = (problem.late - problem.early)[pick] + (problem.late - problem.early)[drop]
        self.codes = np.array([make_stream(r, "transit.planning.code") for r in range(n)], np.uint64)
        self.pool = np.full((_POOL_SLOTS, room), -1, np.int16)
        self.pool_cost = np.zeros(_POOL_SLOTS)
        self.pool_code = np.zeros(_POOL_SLOTS, np.uint64)
        # Few requests: take out a third; many: as many as the paper does.
        self.removed_mean = float(min(10.0, max(2.0, 0.3 * n)))
        self.steps_done = 0

    def run(self, steps: int, hot: float, cold: float, *, shrink: bool) -> int:
        p = self.problem
        done = int(improve(
            p.between, p.early, p.late, p.service, p.load, p.ride_max, float(p.capacity), float(p.duty_max),
            self.near, self.tightness, self.seq[: self.rows], self.size[: self.rows], self.home, self.absences,
            *self.best, self.pool, self.pool_cost, self.pool_code, self.codes, True,
            self.rows, self.removed_mean, steps, self.steps_done, hot, cold, shrink, self.stream,
        ))
        self.steps_done += done
        return done

    def plan(self) -> Plan:
        seq, size, home = self.best
        routes = [seq[row, 1 : size[row] + 1].copy() for row in range(size.size) if size[row]]
        return Plan(routes, np.flatnonzero(home < 0).astype(np.int64), self._cost(routes))

    def _cost(self, routes: list[Ints]) -> float:
        ends = [np.concatenate([[self.problem.depot], route, [self.problem.depot]]) for route in routes]
        return float(sum(self.problem.between[nodes[:-1], nodes[1:]].sum() for nodes in ends))

    def set_best(self, routes: list[Ints]) -> None:
        """Take routes as the current and the best plan."""
        seq, size, home = self.best
        seq[:], size[:], home[:] = self.problem.depot, 0, -1
        for row, route in enumerate(routes):
            seq[row, 1 : route.size + 1] = route
            size[row] = route.size
            home[route // 2] = row
        self.to_best()

    def to_best(self) -> None:
        """Go on from the best plan."""
        seq, size, home = self.best
        self.seq[: size.size], self.size[: size.size], self.home[:] = seq, size, home

    def drop_a_row(self) -> None:
        """Take one vehicle away from the best plan: that whose requests were left out least; they are left out now."""
        seq, size, home = self.best
        used = np.flatnonzero(size)
        sums = [self.absences[np.unique(seq[row, 1 : size[row] + 1] // 2)].sum() for row in used]
        row = int(used[int(np.argmin(sums))])
        kept = [seq[k, 1 : size[k] + 1].copy() for k in used if k != row]
        self.rows = len(kept)
        self.best = (np.full((self.rows, seq.shape[1]), self.problem.depot, np.int64), np.zeros(self.rows, np.int64),
                     np.full_like(home, -1))
        self.set_best(kept)

    def recombine(self, seconds: float) -> bool:
        """Choose the cheapest routes of the pool that serve everybody once; whether that bettered the best plan."""
        from scipy import sparse
        from scipy.optimize import Bounds, LinearConstraint, milp

        before = self.plan()
        if before.unserved.size:
            return False
        filled = np.flatnonzero(self.pool_code)
        # Routes far from any good plan only slow the choice down.
        filled = filled[np.argsort(self.pool_cost[filled], kind="stable")] if filled.size > 30_000 else filled
        routes = [self.pool[slot][: int(np.argmax(self.pool[slot] < 0))].astype(np.int64) for slot in filled[:30_000]]
        if not routes:
            return False
        picks = [route[route % 2 == 0] // 2 for route in routes]
        columns = np.repeat(np.arange(len(routes)), [p.size for p in picks])
        serves = sparse.csr_matrix((np.ones(columns.size), (np.concatenate(picks), columns)),
                                   shape=(self.problem.requests, len(routes)))
        found = milp(
            self.pool_cost[filled[:30_000]], integrality=np.ones(len(routes)), bounds=Bounds(0, 1),
            constraints=[LinearConstraint(serves, 1, 1),
                         LinearConstraint(np.ones((1, len(routes))), 0, self.rows)],
            options={"time_limit": seconds, "mip_rel_gap": 1e-6},
        )
        if found.x is None or found.fun >= before.cost - 1e-6:
            return False
        self.set_best([routes[k] for k in np.flatnonzero(found.x > 0.5)])
        return True


def solve(problem: Problem, budget: Budget, *, seed: int = 1, fewest_vehicles: bool = False,
          clock: Callable[[], float] = time.process_time) -> Plan:
    """Find a near-optimal plan.

    Parameters
    ----------
    problem
        What is to be served, and by what.
    budget
        Steps (the same seed gives the same plan) or CPU-seconds.
    seed
        Keys all draws.
    fewest_vehicles
        Whether the number of vehicles counts before the cost.
    clock
        What measures seconds.

    Returns
    -------
    Plan
        With ``unserved`` where no plan was found that serves everybody.

    References
    ----------
    Christiaens and Vanden Berghe (2020), Transportation Science 54(2); Savelsbergh (1992), ORSA Journal on Computing
    4(2); routes recombined as in Parragh and Schmid (2013), Computers & Operations Research 40(1).
    """
    search = _Search(problem, seed)
    progress = _Progress(budget, clock)
    chunk = _CHUNK if budget.steps is None else min(_CHUNK, max(1, budget.steps // 50))
    scale = float(np.median(problem.between[problem.depot, : problem.depot]))
    hot, cold = 1.0 * scale, 0.03 * scale

    def go(steps: int, warm: float, *, shrink: bool) -> int:
        done = search.run(steps, warm, warm, shrink=shrink)
        progress.steps += done
        return done

    # A first plan that serves everybody; where there is none, the fewest left out.
    while progress.share() < 1.0 and search.plan().unserved.size:
        go(chunk, cold, shrink=True)
    if fewest_vehicles:
        _shrink(search, progress, go, chunk, cold)
    search.to_best()
    began = progress.share()
    choices = [began + (1.0 - began) * at for at in (0.5, 0.75, 0.95)]
    while (share := progress.share()) < 1.0:
        if choices and share >= choices[0]:
            choices.pop(0)
            better = search.recombine(0.05 * (budget.seconds or 20.0))
            if not better and not choices:
                search.to_best()
            continue
        done = min(1.0, (share - began) / (1.0 - began))
        go(chunk, hot * (cold / hot) ** done, shrink=False)
    return search.plan()


def _shrink(search: _Search, progress: _Progress, go: Callable[..., int], chunk: int, warm: float) -> None:
    """Take vehicles away until one too many is missing for its share of the budget."""
    while search.plan().unserved.size == 0 and search.rows > 1:
        kept = [route.copy() for route in search.plan().routes]
        search.drop_a_row()
        while progress.share() < _FLEET_SHARE and search.plan().unserved.size:
            go(chunk, warm, shrink=True)
        if search.plan().unserved.size:
            search.rows = len(kept)
            room = search.seq.shape[1]
            search.best = (np.full((search.rows, room), search.problem.depot, np.int64),
                           np.zeros(search.rows, np.int64), np.full(search.problem.requests, -1, np.int64))
            search.set_best(kept)
            return
