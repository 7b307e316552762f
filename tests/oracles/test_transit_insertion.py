"""The insertion kernel against a slow, obvious twin that tries every position and times every plan from scratch."""

from __future__ import annotations

import numpy as np
import pytest

from twin.engine.draws import event, make_stream, uniform
from twin.models.transit.desk.desk import Desk
from twin.models.transit.dispatch import kernels
from twin.models.transit.fleet import rows as state

# Without compilation the hash of the draws overflows aloud, as it should.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")

RULES = {
    "wait_at_most_s": 600.0,
    "times_direct": 1.5,
    "plus_s": 240.0,
    "dwell_s": 30.0,
    "acknowledge_s": 10.0,
    "lead_s": 10.0,
    "rider_time_weight": 0.6,
    "open_s": 0.0,
    "close_s": 1e9,
    "strategy": kernels.CHEAPEST,
    "road": 0,
}


def plan_of(van):
    return [(int(van["task_request"][k]), bool(van["task_pick"][k])) for k in range(van["size"])]


def drive(times, leave_s, here, there):
    """Seconds of a drive that begins at a moment: a matrix that holds always, or times by slices."""
    if isinstance(times, np.ndarray):
        return times[here, there]
    at_s, left = leave_s, 1.0
    for k, row in enumerate(times.slice_of):
        until_s = times.from_s[k + 1] if k + 1 < len(times.from_s) else np.inf
        if at_s >= until_s:
            continue
        whole_s = times.slices_s[row, here, there] if len(times.from_s) > 1 else times.between_s[here, there]
        if left * whole_s <= until_s - at_s:
            return at_s + left * whole_s - leave_s
        left, at_s = left - (until_s - at_s) / whole_s, until_s
    raise AssertionError("the last slice has no end")


def timetable(van, plan, requests, between, rules, now_s):
    """Start of every task and the end of the plan; one visit per run of tasks at a stop."""
    if van["phase"] == state.IDLE:
        stop, leave = int(van["stop"]), max(float(van["free_s"]), now_s + rules.acknowledge_s)
    else:
        stop, leave = int(van["anchor_stop"]), max(float(van["anchor_s"]), now_s)
    starts, k = [], 0
    while k < len(plan):
        here = stop_of(plan[k], requests)
        arrive = leave + drive(between, leave, stop, here)
        latest, dwell = arrive, rules.dwell_s
        while k < len(plan) and stop_of(plan[k], requests) == here:
            r, pick = plan[k]
            start = max(arrive, requests["ready_s"][r]) if pick else arrive
            dwell += requests["board_s" if pick else "alight_s"][r]
            latest = max(latest, start)
            starts.append(start)
            k += 1
        stop, leave = here, latest + dwell
    return starts, leave


def stop_of(task, requests):
    return int(requests["origin" if task[1] else "destination"][task[0]])


def limit(promised, before, rules):
    """What a plan may still use of a promise: all but the reserve, or what the plan in force has taken already."""
    kept = promised - rules.reserve_s
    if before is not None:
        kept = max(kept, min(promised, before))
    return kept + kernels.EPS_S


def cost_of(van, plan, r, i, j, requests, between, rules, now_s):
    """Cost of putting r's pick-up before task i and its set-down before task j; None if a promise breaks."""
    changed = [*plan[:i], (r, True), *plan[i:j], (r, False), *plan[j:]]
    before, end_before = timetable(van, plan, requests, between, rules, now_s)
    was = dict(zip(plan, before, strict=True))
    after, end_after = timetable(van, changed, requests, between, rules, now_s)
    load, begun = int(van["load"]), {}
    for (q, pick), start in zip(changed, after, strict=True):
        load += int(requests["party"][q]) * (1 if pick else -1)
        if load > van["seats"]:
            return None
        if pick:
            begun[q] = start
            late = start > limit(requests["pickup_by_s"][q], was.get((q, True)), rules)
        else:
            ride = start - begun.get(q, requests["pickup_s"][q])
            rode = None
            if (q, False) in was:
                rode = was[q, False] - was.get((q, True), requests["pickup_s"][q])
            late = start > limit(requests["dropoff_by_s"][q], was.get((q, False)), rules) or ride > limit(
                requests["ride_max_s"][q], rode, rules
            )
        if late:
            return None
    alight_before = {q: t for (q, pick), t in zip(plan, before, strict=True) if not pick}
    riders_s = 0.0
    for (q, pick), start in zip(changed, after, strict=True):
        if not pick:
            riders_s += requests["party"][q] * (start - (requests["asked_s"][q] if q == r else alight_before[q]))
    return end_after - end_before + rules.rider_time_weight * riders_s


def naive_choice(desk, r, now_s):
    """Least cost over all vans and all pairs of positions, first among equals."""
    best = (np.inf, -1, -1, -1)
    for v, van in enumerate(desk.fleet):
        plan = plan_of(van)
        for i in range(len(plan) + 1):
            if i == 0 and van["bound"] and stop_of(plan[0], desk.requests) != desk.requests["origin"][r]:
                continue
            for j in range(i, len(plan) + 1):
                cost = cost_of(van, plan, r, i, j, desk.requests, desk.times, desk.rules, now_s)
                if cost is not None and cost < best[0] - 1e-9:
                    best = (cost, v, i, j)
    return best


class Compared:
    """A strategy that asks both the kernel and its twin at every request of a whole day."""

    def __init__(self):
        self.compared = self.shared = self.refused = self.cheapest_is_inside = 0

    def choose(self, desk, request, now_s):
        from twin.models.transit.dispatch.strategies import Choice

        cost, v, i, j = naive_choice(desk, request, now_s)
        van, at_i, at_j, reason = kernels.cheapest_insertion(
            request, now_s, kernels.CHEAPEST, desk.scratch.moved, desk.fleet, desk.requests, desk.times, desk.rules
        )
        self.compared += 1
        assert (van >= 0) == (v >= 0), (request, (v, i, j), (van, at_i, at_j))
        if van < 0:
            assert reason in (kernels.NO_VAN_IN_TIME, kernels.NO_SEAT, kernels.DETOUR)
            self.refused += 1
            return Choice(-1, reason=int(reason))
        own = kernels.insertion_cost(
            request, van, at_i, at_j, now_s, desk.scratch.moved, desk.fleet, desk.requests, desk.times, desk.rules
        )
        plan = plan_of(desk.fleet[van])
        slow = cost_of(desk.fleet[van], plan, request, at_i, at_j, desk.requests, desk.times, desk.rules, now_s)
        assert slow is not None
        assert own == pytest.approx(slow, abs=1e-6)
        assert own == pytest.approx(cost, abs=1e-6)
        self.shared += len(plan) > 0
        self.cheapest_is_inside += at_j < len(plan)
        return Choice(int(van), int(at_i), int(at_j))


def random_day(seed, *, stops=7, vans=2, requests=45, seats=3, hours=1.0, walks=True, dwell_s=30.0):
    """Few stops, so that visits join and split; long walks, so that vans wait; parties, so that seats run out."""
    stream = make_stream(np.uint64(seed), "test.day")

    def draw(count, what):
        return np.array([float(uniform(stream, np.uint64(k), event(what))) for k in range(count)])

    x, y = draw(stops, 0) * 2500, draw(stops, 1) * 2500
    between = (np.abs(x[:, None] - x) + np.abs(y[:, None] - y)) / 6.0
    ids = np.arange(requests, dtype=np.uint64)
    origin = (draw(requests, 2) * stops).astype(np.int32)
    destination = (origin + 1 + (draw(requests, 3) * (stops - 1)).astype(np.int32)) % stops
    party = 1 + (draw(requests, 4) * 2.2).astype(np.int32)
    walk_s = draw(requests, 6) * 500 * walks
    wheels = np.where(draw(requests, 7) < 0.1, 120.0, 0.0)
    made = state.new_requests(
        ids=ids,
        asked_s=np.floor(draw(requests, 5) * hours * 3600),
        origin=origin,
        destination=destination,
        party=party,
        age_group=np.zeros(requests, np.uint8),
        walk_s=walk_s,
        egress_s=np.zeros(requests),
        board_s=5.0 * party + wheels,
        alight_s=wheels,
    )
    fleet = state.new_fleet(np.arange(vans, dtype=np.int32) % stops, seats, 0.0)
    rules = state.Rules(**{**RULES, "strategy": kernels.ASK, "dwell_s": dwell_s})
    return fleet, made, state.new_times(between, np.arange(stops)), rules


@pytest.mark.parametrize("seed", range(12))
def test_the_kernel_finds_the_cheapest_of_all_positions_through_whole_days(seed):
    compared = Compared()
    walks, dwell_s = bool(seed % 3), 0.0 if seed % 4 == 3 else 30.0
    desk = Desk(*random_day(seed, walks=walks, dwell_s=dwell_s), compared)
    desk.run_until(np.inf)
    assert compared.compared == len(desk.requests)
    # The days are worth comparing: plans are shared, positions inside plans win, some requests are refused.
    assert compared.shared > 10
    assert compared.cheapest_is_inside > 0
    status = desk.requests["status"]
    assert ((status == state.SERVED) | (status == state.REFUSED)).all()


def by_slices(times, seed, *, every_s=450.0, most=2.5):
    """The same stops; every few minutes all times between them are others, each within a factor of 2.5."""
    luck = np.random.default_rng(seed)
    slices_s = times.between_s * luck.uniform(1.0, most, (4, *times.between_s.shape))
    from_s = np.arange(0.0, 40 * every_s, every_s)
    return state.with_slices(times, from_s, np.arange(len(from_s)) % len(slices_s), slices_s)


@pytest.mark.parametrize("reserve_s", [0.0, 120.0])
@pytest.mark.parametrize("seed", range(6))
def test_the_kernel_finds_the_cheapest_position_where_times_change_and_promises_have_reserves(seed, reserve_s):
    compared = Compared()
    fleet, requests, times, rules = random_day(seed, walks=bool(seed % 3))
    times = by_slices(times, seed) if seed else times
    desk = Desk(fleet, requests, times, rules._replace(reserve_s=reserve_s, wait_at_most_s=900.0), compared)
    desk.run_until(np.inf)
    assert compared.compared == len(desk.requests)
    assert compared.shared > 5
    assert compared.cheapest_is_inside > 0
    served = desk.requests[desk.requests["status"] == state.SERVED]
    # Where times are those that were expected, no promise breaks, and nobody touches the reserve.
    assert (served["pickup_s"] <= served["pickup_by_s"] - reserve_s + 1e-6).all()
    assert (served["dropoff_s"] - served["pickup_s"] <= served["ride_max_s"] - reserve_s + 1e-6).all()


def test_deciding_inside_the_compiled_loop_is_deciding_by_the_strategy():
    from twin.models.transit.dispatch.strategies import STRATEGIES

    for name, strategy in STRATEGIES.items():
        fleet, requests, times, rules = random_day(5)
        asked = Desk(fleet.copy(), requests.copy(), times, rules, strategy)
        inside = Desk(fleet, requests, times, rules._replace(strategy=strategy.kernel_rule))
        legs = asked.run_until(np.inf)
        assert legs.tobytes() == inside.run_until(np.inf).tobytes(), name
        assert asked.requests.tobytes() == inside.requests.tobytes()


def test_first_come_never_shares_a_position_before_the_end():
    fleet, requests, times, rules = random_day(3)
    desk = Desk(fleet, requests, times, rules._replace(strategy=kernels.FIRST_COME))
    desk.run_until(np.inf)
    served = desk.requests[desk.requests["status"] == state.SERVED]
    for v in range(len(fleet)):
        mine = served[served["van"] == v]
        mine = mine[np.argsort(mine["pickup_s"], kind="stable")]
        assert (mine["pickup_s"][1:] >= mine["dropoff_s"][:-1]).all()
