"""Trips of a van against growing every set of requests by hand; which requests may change their van."""

from __future__ import annotations

import numpy as np
import pytest

from tests.oracles.test_transit_plan_parts import WHO, Stage, plan_of
from twin.models.transit.dispatch import insertion_kernels as kernels
from twin.models.transit.dispatch.assignment import TRIP
from twin.models.transit.dispatch.reoptimise_kernels import plan_cost
from twin.models.transit.dispatch.trip_kernels import find_free, grow, rebuild
from twin.models.transit.fleet import rows as state

LATE = range(WHO - 3, WHO)


def bring_up(stage, now_s=940.0):
    for van in stage.fleet:
        kernels.move_anchor(van, now_s, stage.requests, stage.times, stage.rules)
        kernels.schedule_van(van, stage.requests, stage.times, stage.rules)


@pytest.mark.parametrize("seed", range(12))
def test_whoever_is_not_picked_up_at_the_visit_that_a_bound_van_drives_to_may_change_vans(seed):
    stage = Stage(7000 + seed, vans=4)
    stage.fleet["working"][seed % 4] = seed % 2
    expected = []
    for van in stage.fleet:
        tasks = plan_of(van) if van["working"] else []
        fixed = 0
        while van["bound"] and fixed < len(tasks) and tasks[fixed][2] == tasks[0][2]:
            fixed += 1
        expected += [r for r, kind, _ in tasks[fixed:] if kind == kernels.PICK]
    # On the way every van at work is brought up to the moment.
    fleet = stage.fleet.copy()
    for v in np.flatnonzero(fleet["working"]):
        kernels.move_anchor(fleet[v], 1150.0, stage.requests, stage.times, stage.rules)
    free = np.full(99, -9, np.int32)
    count = find_free(1150.0, free, stage.fleet, stage.requests, stage.times, stage.rules)
    assert free[:count].tolist() == expected
    assert (free[count:] == -9).all()
    assert stage.fleet.tobytes() == fleet.tobytes() != Stage(7000 + seed, vans=4).fleet.tobytes()


class Grown:
    """All trips of a van, each with its cheapest plan, grown by one request at a time."""

    def __init__(self, van, near, largest, room, stage):
        self.near, self.room, self.stage = near, room, stage
        self.own_step = int(van[0]["step_free"])
        base = van.copy()
        for r in near:
            if stage.requests["van"][r] == 0:
                kernels.take(base[0], r)
        self._schedule(base)
        self.plans = {}
        if kernels.rides_fit(base[0]):
            self.plans[frozenset()] = base
            level = [frozenset()]
            for _ in range(largest):
                level = [whole for rest in level for whole in self._larger(rest)]

    def _schedule(self, van):
        kernels.schedule_van(van[0], self.stage.requests, self.stage.times, self.stage.rules)

    def _larger(self, rest):
        for k in range(max(rest, default=-1) + 1, len(self.near)):
            plan = self._best(rest | {k})
            if plan is not None:
                self.plans[rest | {k}] = plan
                yield rest | {k}

    def _best(self, whole):
        """Cheapest plan of a set, with any one of them put in last; None if any smaller set or place is missing."""
        if any(whole - {k} not in self.plans for k in whole):
            return None
        if any(self.stage.requests["step_free"][self.near[k]] > self.own_step for k in whole):
            return None
        found = []
        for last in sorted(whole):
            van, r = self.plans[whole - {last}].copy(), self.near[last]
            if van[0]["size"] + 2 > self.room:
                continue
            first = kernels.first_position(van[0], self.stage.requests["origin"][r])
            given = np.zeros(state.PLAN_TASKS), self.stage.requests, self.stage.times, self.stage.rules
            _, i, j, _ = kernels.best_in_van(van[0], r, np.inf, first, van[0]["size"], -1, *given)
            if i >= 0:
                kernels.put(van[0], r, i, j, self.stage.requests)
                self._schedule(van)
                found.append((float(plan_cost(van[0], self.stage.rules)), last, van))
        return min(found, key=lambda one: one[:2])[2] if found else None


@pytest.mark.parametrize("most", [200, 4])
@pytest.mark.parametrize("seed", range(24))
def test_every_trip_has_the_cheapest_plan_that_grows_from_a_smaller_one(seed, most):
    stage = Stage(7100 + seed, vans=2)
    for r in LATE:
        stage.ask(r)
        stage.requests["van"][r] = -1
    bring_up(stage)
    own = [int(r) for r, kind, _ in plan_of(stage.fleet[0])[2 * int(stage.fleet[0]["bound"]) :] if kind == kernels.PICK]
    near = np.array([*own, *LATE], np.int32)
    largest, room = int(stage.luck.integers(1, 4)), int(stage.luck.choice([state.PLAN_TASKS, 6]))
    before = stage.fleet.copy()
    base, work, trips = np.zeros(1, state.VAN), np.zeros(1, state.VAN), np.zeros(most + 1, TRIP)
    count = grow(
        0, base, work, near, len(near), most, largest, np.zeros(room), trips, stage.fleet, stage.requests, stage.times,
        stage.rules,
    )  # fmt: skip
    assert stage.fleet.tobytes() == before.tobytes()
    expected = Grown(stage.fleet[:1], near.tolist(), largest, room, stage).plans
    sets = list(expected)[:most]
    assert count == len(sets) + 1
    for trip, chosen in enumerate(sets):
        assert (int(trips["mask"][trip]), trips["size"][trip]) == (sum(1 << k for k in chosen), len(chosen))
        assert trips["cost"][trip] == pytest.approx(plan_cost(expected[chosen][0], stage.rules), rel=1e-12)
        rebuild(work, base, trip, trips, stage.requests, stage.times, stage.rules)
        assert plan_of(work[0]) == plan_of(expected[chosen][0])
        np.testing.assert_array_equal(work["start_s"], expected[chosen]["start_s"])
    mask = sum(1 << k for k, r in enumerate(near.tolist()) if r in own)
    last = trips[count - 1]
    assert (int(last["mask"]), last["size"], last["parent"]) == (mask, -1, -1)
    assert last["cost"] == pytest.approx(plan_cost(stage.fleet[0], stage.rules))
