"""Near-optimal plans of whole fleets: fewest vehicles first where asked, then least driving.

Ruin and recreate (:mod:`twin.models.transit.planning.kernels`) with simulated annealing; the routes of good plans are
pooled, and from time to time the best choice among them, each request in exactly one route, is found by HiGHS.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from twin.arrays import Longs
from twin.engine.draws import make_stream
from twin.models.transit.planning.kernels.improvement import improve
from twin.models.transit.planning.problem import Plan, Problem

#: Rows that are kept; the most that prices are found from, those of the best plans; and the most that a choice is made
#: among, by their prices (G: a choice takes about 0.5 CPU-seconds).
_POOL_SLOTS, _MOST_PRICED, _MOST_CHOSEN_FROM = 1 << 15, 4_000, 1_200
#: Nodes of the tree of one choice among rows (G).
_MOST_NODES = 30
#: Shares of the budget, after all are served, at which rows are chosen anew; annealing goes on in between (G).
_CHOICES = (0.4, 0.6, 0.8, 0.93)
#: Longest share of the budget that the last choice may have taken for another one to be made (G).
_LONGEST_CHOICE = 0.1
#: Most steps between two looks at the clock, and their share of the budget.
_CHUNK, _CHUNK_SHARE = 2_000, 0.005
#: Share of the budget in which a plan with one vehicle less must be found (G).
_FLEET_SHARE = 0.4
#: First and last temperature over the median distance from the depot (tried on instances of our own).
_HOT, _COLD = 1.0, 0.03
#: Differences of costs that are rounding.
_ROUNDING = 1e-7
#: Mean number of requests taken out in a step: at most as many tasks as SISR takes out customers (10, V), and at most
#: such a share of all requests (G).
_REMOVED_MEAN, _REMOVED_SHARE = 10.0, 0.3


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
        given = self.steps if self.steps is not None else self.seconds
        if given is None or not 0 < given < float("inf"):
            raise ValueError(f"a budget must be above 0 and finite, got {given}")


class _Progress:
    """Share of a budget that is used up."""

    def __init__(self, budget: Budget, clock: Callable[[], float]) -> None:
        self.budget, self._clock, self._began = budget, clock, clock()
        self.steps = 0
        self._chunk = 10.0

    def share(self) -> float:
        if self.budget.seconds is None:
            return self.steps / max(self.budget.steps or 0, 1)
        return (self._clock() - self._began) / self.budget.seconds

    def left_s(self) -> float | None:
        """CPU-seconds left; None where steps are counted."""
        return None if self.budget.seconds is None else max(0.0, self.budget.seconds * (1.0 - self.share()))

    def run(self, search: _Search, heat: float, *, shrink: bool = False) -> None:
        """Search for a small share of the budget."""
        before = self.share()
        if self.budget.seconds is None:
            steps = min(_CHUNK, max(1, (self.budget.steps or 0) // 50), (self.budget.steps or 0) - self.steps)
            self.steps += search.run(steps, heat, shrink=shrink)
            return
        done = search.run(int(self._chunk), heat, shrink=shrink)
        took = max(self.share() - before, 1e-9)
        self._chunk = min(_CHUNK, max(1.0, min(4.0 * self._chunk, done * _CHUNK_SHARE / took)))


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
        self.pool_cost, self.pool_plan = np.zeros(_POOL_SLOTS), np.zeros(_POOL_SLOTS)
        self.pool_code = np.zeros(_POOL_SLOTS, np.uint64)
        self.removed_mean = min(_REMOVED_MEAN, max(2.0, _REMOVED_SHARE * n))
        self.steps_done = 0

    def run(self, steps: int, heat: float, *, shrink: bool) -> int:
        p = self.problem
        done = int(
            improve(
                p.between,
                p.early,
                p.late,
                p.service,
                p.load,
                p.ride_max,
                float(p.capacity),
                float(p.duty_max),
                self.near,
                self.tightness,
                self.seq[: self.rows],
                self.size[: self.rows],
                self.home,
                self.absences,
                *self.best,
                self.pool,
                self.pool_cost,
                self.pool_plan,
                self.pool_code,
                self.codes,
                self.rows,
                self.removed_mean,
                steps,
                self.steps_done,
                heat,
                shrink,
                self.stream,
            )
        )
        self.steps_done += done
        return done

    def plan(self) -> Plan:
        seq, size, home = self.best
        routes = [seq[row, 1 : size[row] + 1].copy() for row in range(size.size) if size[row]]
        return Plan(routes, np.flatnonzero(home < 0).astype(np.int64), self._cost(routes))

    def _cost(self, routes: list[Longs]) -> float:
        ends = [np.concatenate([[self.problem.depot], route, [self.problem.depot]]) for route in routes]
        return float(sum(self.problem.between[nodes[:-1], nodes[1:]].sum() for nodes in ends))

    def set_best(self, routes: list[Longs]) -> None:
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

    def resize(self, routes: list[Longs], rows: int) -> None:
        """Go on with so many vehicles from routes, which become the current and the best plan."""
        self.rows = rows
        self.best = (
            np.full((rows, self.seq.shape[1]), self.problem.depot, np.int64),
            np.zeros(rows, np.int64),
            np.full_like(self.home, -1),
        )
        self.set_best(routes)

    def drop_a_row(self) -> None:
        """Take one vehicle away from the best plan: that whose requests were left out least; they are left out now."""
        routes = self.plan().routes
        sums = [self.absences[route[route % 2 == 0] // 2].sum() for route in routes]
        del routes[int(np.argmin(sums))]
        self.resize(routes, len(routes))

    def recombine(self, seconds: float | None) -> bool:
        """Choose the cheapest rows of the pool that serve everybody once; whether that bettered the best plan.

        Prices of the requests, from the choice of fractions of rows, bound what any plan with a row costs at least:
        rows that cannot be in a better plan are left out of the choice of whole ones. ``seconds`` is a limit by the
        wall clock, which HiGHS looks at now and then; None for none.
        """
        from scipy import sparse
        from scipy.optimize import Bounds, LinearConstraint, linprog, milp

        before = self.plan()
        slots = np.flatnonzero(self.pool_code)
        if before.unserved.size or not slots.size:
            return False
        slots = slots[np.argsort(self.pool_plan[slots], kind="stable")[:_MOST_PRICED]]
        nodes, cost = self.pool[slots].astype(np.int64), self.pool_cost[slots]
        counts = np.argmax(nodes < 0, axis=1)
        column, at = np.nonzero((np.arange(nodes.shape[1]) < counts[:, None]) & (nodes % 2 == 0))
        serves = sparse.csc_matrix(
            (np.ones(column.size), (nodes[column, at] // 2, column)), shape=(self.problem.requests, slots.size)
        )
        fleet = sparse.csr_matrix(np.ones((1, slots.size)))
        relaxed = linprog(cost, fleet, [self.rows], serves, np.ones(self.problem.requests), method="highs-ds")
        if relaxed.status != 0:
            return False
        above = cost - serves.T @ relaxed.eqlin.marginals - relaxed.ineqlin.marginals[0]
        kept = np.argsort(above, kind="stable")[:_MOST_CHOSEN_FROM]
        kept = kept[above[kept] <= before.cost - relaxed.fun + _ROUNDING]
        limit = {} if seconds is None else {"time_limit": seconds}
        found = milp(
            cost[kept],
            integrality=np.ones(kept.size),
            bounds=Bounds(0, 1),
            constraints=[LinearConstraint(serves[:, kept], 1, 1), LinearConstraint(fleet[:, kept], 0, self.rows)],
            options={"mip_rel_gap": 0.0, "node_limit": _MOST_NODES, **limit},
        )
        if found.x is None or found.fun >= before.cost - _ROUNDING:
            return False
        chosen = [nodes[k, : counts[k]] for k in kept[np.flatnonzero(found.x > 0.5)]]
        if not np.array_equal(np.sort(np.concatenate(chosen)), np.arange(2 * self.problem.requests)):
            return False
        self.set_best(chosen)
        return True


def solve(
    problem: Problem,
    budget: Budget,
    *,
    seed: int = 1,
    fewest_vehicles: bool = False,
    clock: Callable[[], float] = time.process_time,
) -> Plan:
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
    scale = float(np.median(problem.between[problem.depot, : problem.depot]))
    hot, cold = max(_HOT * scale, _ROUNDING), max(_COLD * scale, _ROUNDING)
    # A first plan that serves everybody; where there is none, the fewest left out.
    while progress.share() < 1.0 and search.plan().unserved.size:
        progress.run(search, cold, shrink=True)
    if fewest_vehicles:
        _shrink(search, progress, cold)
    search.to_best()
    began = progress.share()
    choices = [began + (1.0 - began) * at for at in _CHOICES]
    took = 0.0
    while (share := progress.share()) < 1.0:
        if choices and share >= choices[0]:
            choices.pop(0)
            # A choice cannot be cut short, so that none is begun that took too long the last time.
            if took < _LONGEST_CHOICE and share + 2.0 * took < 1.0:
                search.recombine(progress.left_s())
                took = progress.share() - share if budget.seconds is not None else 0.0
            if not choices:
                search.to_best()
            continue
        progress.run(search, hot * (cold / hot) ** min(1.0, (share - began) / (1.0 - began)))
    return search.plan()


def _shrink(search: _Search, progress: _Progress, heat: float) -> None:
    """Take vehicles away until one too many is missing for its share of the budget."""
    while search.plan().unserved.size == 0 and search.rows > 1:
        kept = search.plan().routes
        search.drop_a_row()
        while progress.share() < _FLEET_SHARE and search.plan().unserved.size:
            progress.run(search, heat, shrink=True)
        if search.plan().unserved.size:
            search.resize(kept, len(kept))
            return
