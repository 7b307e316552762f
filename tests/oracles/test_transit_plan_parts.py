"""Timetables, slack, turns and insertion of vans against a slow twin, on single plans with all that a service has.

Unlike in the whole days of ``test_transit_insertion.py`` nothing leads up to a plan: breaks, wheelchairs, shifts and
riders on board are drawn together, vans are in any phase, and promises lie a drawn spare behind the timetable.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.verification.transit_cases import requests as new_requests
from twin.models.transit.dispatch import insertion_kernels as kernels
from twin.models.transit.dispatch.kernels import clear
from twin.models.transit.fleet import rows as state

STOPS = 7
WHO = 12
RULES = state.Rules(
    wait_at_most_s=600.0, times_direct=1.5, plus_s=240.0, dwell_s=30.0, acknowledge_s=10.0, lead_s=10.0,
    rider_time_weight=0.6, open_s=0.0, close_s=1e9, strategy=kernels.CHEAPEST, road=0, wait_weight=0.3,
)  # fmt: skip


class Stage:
    """Requests, times between stops, and vans with plans that keep all promises."""

    def __init__(self, seed, vans=1, rules=RULES):
        luck = self.luck = np.random.default_rng(seed)
        x, y = luck.integers(0, 5, (2, STOPS)) * 400.0
        between = np.abs(x[:, None] - x) + np.abs(y[:, None] - y) + luck.uniform(0, 5, (STOPS, STOPS))
        self.rules = rules
        self.times = state.new_times(between / 6.0, np.arange(STOPS), turns=True)
        origin = luck.integers(0, STOPS, WHO)
        asked_s = luck.uniform(900, 1000, WHO)
        made = new_requests(asked_s, origin, (origin + luck.integers(1, STOPS, WHO)) % STOPS, board_s=4.0)
        made["party"], made["chairs"] = luck.integers(1, 4, WHO), luck.random(WHO) < 0.3
        made["seats"] = made["party"] - (luck.random(WHO) < 0.2)
        made["step_free"] = luck.random(WHO) < 0.3
        made["alight_s"] = luck.uniform(0, 40, WHO)
        made["ready_s"] = asked_s + luck.choice([0.0, 100.0, 900.0], WHO)
        made["since_s"] = asked_s + luck.choice([0.0, 60.0], WHO)
        self.requests = made
        self.fleet = state.new_fleet(luck.integers(0, STOPS, vans).astype(np.int32), 5, 0.0)
        free = list(range(WHO - 3))
        for van in self.fleet:
            self._plan(van, free)

    def _plan(self, van, free):
        luck, requests = self.luck, self.requests
        van["phase"] = luck.choice([state.IDLE, state.STANDING, state.GOING])
        van["free_s"] = van["anchor_s"] = van["depart_s"] = luck.uniform(950, 1100)
        van["seats"], van["chair_places"], van["step_free"] = (
            luck.integers(3, 7),
            luck.integers(0, 3),
            luck.random() < 0.7,
        )
        van["stop"] = van["anchor_stop"] = luck.integers(0, STOPS)
        tasks = []
        for _ in range(luck.integers(0, 5)):
            r = free.pop(0) if free else None
            if r is None:
                break
            requests[r]["van"], at = 0, sorted(luck.integers(0, len(tasks) + 1, 2))
            tasks.insert(at[0], (r, kernels.PICK, int(requests["origin"][r])))
            tasks.insert(at[1] + 1, (r, kernels.DROP, int(requests["destination"][r])))
        self._put(van, tasks)
        # The first who would be picked up may be on board already; a break begins where nobody is on board.
        if tasks and luck.random() < 0.5:
            r = tasks.pop(0)[0]
            requests[r]["status"], requests[r]["pickup_s"] = kernels.ON_BOARD, 900.0
            van["load"], van["chairs"] = requests[r]["seats"], requests[r]["chairs"]
        aboard = np.cumsum(
            [0 if van["load"] == 0 and not van["chairs"] else 1] + [1 if kind else -1 for _, kind, _ in tasks]
        )
        empty = np.flatnonzero(aboard == 0)
        breaks = int(luck.integers(0, 2)) if len(empty) else 0
        for k in range(breaks):
            tasks.insert(int(luck.choice(empty)), (-1 - k, kernels.BREAK, int(van["depot_stop"])))
            van["break_from_s"][k], van["break_s"][k] = luck.uniform(900, 2500), 300.0
        self._put(van, tasks)
        van["bound"] = van["phase"] == state.GOING and len(tasks) > 0 and luck.random() < 0.7
        starts, end = timetable(van, tasks, self)
        begun = {r: start for (r, kind, _), start in zip(tasks, starts, strict=True) if kind == kernels.PICK}

        # Some plans leave hardly anything to spare, others much.
        most_s = luck.choice([50.0, 500.0, 3000.0])

        def spare():
            return float(luck.choice([luck.random() < 0.8, luck.random()]) * luck.uniform(0, most_s))

        for (r, kind, _), start in zip(tasks, starts, strict=True):
            if kind == kernels.BREAK:
                van["break_by_s"][-1 - r] = start + spare()
            elif kind == kernels.PICK:
                requests[r]["pickup_by_s"] = start + spare()
            else:
                requests[r]["ride_max_s"] = start - begun.get(r, 900.0) + spare() * (luck.random() < 0.6)
                requests[r]["dropoff_by_s"] = start + spare()
        if luck.random() < 0.5:
            last = tasks[-1][2] if tasks else int(van["anchor_stop"])
            van["off_s"] = end + self.times.between_s[last, van["depot_stop"]] + spare() * 3

    def _put(self, van, tasks):
        van["size"] = len(tasks)
        for k, task in enumerate(tasks):
            van["task_request"][k], van["task_pick"][k], van["task_stop"][k] = task

    def ask(self, r):
        """Promise something to a request that nobody has answered."""
        one, luck = self.requests[r], self.luck
        direct = self.times.between_s[one["origin"], one["destination"]]
        one["pickup_by_s"] = one["since_s"] + luck.choice([200.0, 900.0, 3000.0])
        one["ride_max_s"] = direct * 1.2 + luck.choice([40.0, 200.0, 2000.0])
        van = self.fleet[luck.integers(len(self.fleet))]
        if luck.random() < 0.3:
            # A promise that is just kept is kept.
            soon_s = float(van["anchor_s"]) + self.times.between_s[van["anchor_stop"], one["origin"]]
            one["pickup_by_s"] = max(soon_s, float(one["ready_s"]))
        one["dropoff_by_s"] = one["pickup_by_s"] + luck.choice([0.5, 1.0]) * one["ride_max_s"]
        if luck.random() < 0.3:
            tasks = plan_of(van)
            starts, _ = timetable(van, put_in(tasks, r, len(tasks), len(tasks), self), self)
            one["dropoff_by_s"], one["pickup_by_s"] = starts[-1], max(float(one["pickup_by_s"]), starts[-2])
        one["chairs"], one["step_free"] = luck.random() < 0.4, luck.random() < 0.3
        one["seats"] += 4 * (luck.random() < 0.3)


def plan_of(van):
    return list(zip(*(van[name][: van["size"]].tolist() for name in ("task_request", "task_pick", "task_stop")),
                    strict=True))  # fmt: skip


def ready_and_dwell(van, task, stage):
    r, kind, _ = task
    if kind == kernels.BREAK:
        return van["break_from_s"][-1 - r], van["break_s"][-1 - r]
    one = stage.requests[r]
    return (one["ready_s"], one["board_s"]) if kind == kernels.PICK else (-np.inf, one["alight_s"])


def timetable(van, tasks, stage, slip_at=-1, slip_s=0.0):
    """Start of each task and the end of the plan; the visit that begins at a task may be made to arrive later."""
    stop, leave, starts, k = int(van["anchor_stop"]), float(van["anchor_s"]), [], 0
    while k < len(tasks):
        here = tasks[k][2]
        arrive = leave + stage.times.between_s[stop, here] + (slip_s if k == slip_at else 0.0)
        latest, dwell = arrive, stage.rules.dwell_s
        while k < len(tasks) and tasks[k][2] == here:
            ready, more = ready_and_dwell(van, tasks[k], stage)
            starts.append(max(arrive, ready))
            latest, dwell = max(latest, starts[-1]), dwell + more
            k += 1
        stop, leave = here, latest + dwell
    return starts, leave


def deadlines(van, tasks, stage):
    """By when each task must start, the longest ride on board included."""
    out = []
    for r, kind, _ in tasks:
        one = None if kind == kernels.BREAK else stage.requests[r]
        if one is None:
            out.append(van["break_by_s"][-1 - r])
        elif kind == kernels.PICK:
            out.append(one["pickup_by_s"])
        else:
            on_board = one["pickup_s"] + one["ride_max_s"] if one["status"] == kernels.ON_BOARD else np.inf
            out.append(min(one["dropoff_by_s"], on_board))
    return out


def back_s(van, tasks, end, stage):
    return end + stage.times.between_s[tasks[-1][2] if tasks else int(van["anchor_stop"]), van["depot_stop"]]


def holds(van, tasks, stage, starts, end, slack=kernels.EPS_S):
    late = deadlines(van, tasks, stage)
    return all(s <= by + slack for s, by in zip(starts, late, strict=True)) and (
        back_s(van, tasks, end, stage) <= van["off_s"] + slack
    )


@pytest.mark.parametrize("seed", range(60))
def test_a_timetable_says_what_each_task_does_and_how_far_each_visit_may_slip(seed):
    stage = Stage(seed)
    van = stage.fleet[0]
    kernels.schedule_van(van, stage.requests, stage.times, stage.rules)
    tasks = plan_of(van)
    starts, end = timetable(van, tasks, stage)
    assert van["start_s"][: van["size"]] == pytest.approx(starts)
    assert van["late_s"][: van["size"]].tolist() == deadlines(van, tasks, stage)
    load, chairs = int(van["load"]), int(van["chairs"])
    for k, (r, kind, _) in enumerate(tasks):
        # Up to a task a plan is what it would be if it ended there.
        assert van["latest_s"][k] + van["dwell_s"][k] == pytest.approx(timetable(van, tasks[: k + 1], stage)[1])
        first = k == 0 or tasks[k - 1][2] != tasks[k][2]
        if first:
            before = tasks[k - 1][2] if k else int(van["anchor_stop"])
            assert van["leg_s"][k] == stage.times.between_s[before, tasks[k][2]]
            spare = float(van["slack_s"][k])
            if np.isfinite(spare):
                assert holds(van, tasks, stage, *timetable(van, tasks, stage, k, spare), 1e-5)
                assert not holds(van, tasks, stage, *timetable(van, tasks, stage, k, spare + 1e-3), 0.0)
            else:
                assert holds(van, tasks, stage, *timetable(van, tasks, stage, k, 1e9))
        else:
            assert van["leg_s"][k] == 0.0
        ready, dwell = ready_and_dwell(van, tasks[k], stage)
        assert (van["task_ready_s"][k], van["task_dwell_s"][k]) == (ready, dwell)
        partner = [p for p in range(k) if kind == kernels.DROP and tasks[p][0] == r]
        assert van["partner"][k] == (partner[0] if partner else -1)
        if kind != kernels.BREAK:
            sign = 1 if kind == kernels.PICK else -1
            load, chairs = load + sign * stage.requests[r]["seats"], chairs + sign * stage.requests[r]["chairs"]
            assert van["task_worth"][k] == stage.requests[r]["party"] * (stage.rules.wait_weight if sign > 0 else 1.0)
            assert van["ride_max_s"][k] == stage.requests[r]["ride_max_s"]
        else:
            assert (van["task_worth"][k], van["ride_max_s"][k]) == (0.0, np.inf)
        assert (van["load_after"][k], van["chairs_after"][k]) == (load, chairs)
        assert van["span_after"][k] == load or (kind == kernels.BREAK and van["span_after"][k] > 1000)
    assert kernels.rides_fit(van)
    if len(tasks):
        assert end == pytest.approx(van["latest_s"][van["size"] - 1] + van["dwell_s"][van["size"] - 1])


def put_in(tasks, r, i, j, stage):
    pick, drop = (int(stage.requests[name][r]) for name in ("origin", "destination"))
    return [*tasks[:i], (r, kernels.PICK, pick), *tasks[i:j], (r, kernels.DROP, drop), *tasks[j:]]


def slow_cost(van, r, i, j, stage):
    """Cost of a pair of positions, inf if not allowed, and how far it got: 0 late, 1 in time, 2 with room there."""
    one, tasks, rules = stage.requests[r], plan_of(van), stage.rules
    changed = put_in(tasks, r, i, j, stage)
    before, end_before = timetable(van, tasks, stage)
    after, end_after = timetable(van, changed, stage)
    picked, dropped = after[i], after[j + 1]
    if picked > one["pickup_by_s"] + kernels.EPS_S:
        return np.inf, 0
    load, chairs = int(van["load"]), int(van["chairs"])
    riding, begun, fits = False, {}, True
    for k, ((q, kind, _), start) in enumerate(zip(changed, after, strict=True)):
        if kind == kernels.BREAK:
            fits = fits and not riding
            continue
        sign = 1 if kind == kernels.PICK else -1
        load += sign * int(stage.requests["seats"][q])
        chairs += sign * int(stage.requests["chairs"][q])
        riding = (riding or k == i) and k != j + 1
        # Wheelchairs are counted where the new ride takes a place.
        over = load > van["seats"] or (one["chairs"] > 0 and chairs > van["chair_places"])
        if riding and over:
            if k == i:
                return np.inf, 1
            fits = False
        if kind == kernels.PICK:
            begun[q] = start
        elif q in begun:
            fits = fits and start - begun[q] <= stage.requests["ride_max_s"][q] + kernels.EPS_S
    fits = fits and holds(van, changed, stage, after, end_after)
    if not fits:
        return np.inf, 2
    slipped = 0.0
    others = [start for (q, _, _), start in zip(changed, after, strict=True) if q != r]
    for (q, kind, _), was, now in zip(tasks, before, others, strict=True):
        if kind != kernels.BREAK:
            slipped += stage.requests["party"][q] * (rules.wait_weight if kind else 1.0) * (now - was)
    own = one["party"] * (dropped - one["since_s"] + rules.wait_weight * (picked - one["since_s"]))
    return end_after - end_before + rules.rider_time_weight * (slipped + own), 2


def able(van, r, now_s, stage):
    one = stage.requests[r]
    return van["working"] and van["off_s"] >= now_s and one["step_free"] <= van["step_free"]


def slow_choice(r, now_s, stage, most=state.PLAN_TASKS, at_end=False):
    """All costs by (van, i, j) over all vans, and the reason if there is none."""
    found, reached = {}, 0
    for v, van in enumerate(stage.fleet):
        if not able(van, r, now_s, stage):
            continue
        n = int(van["size"])
        first = 1 if van["bound"] and van["task_stop"][0] != stage.requests["origin"][r] else 0
        for i in range(n if at_end else first, n + 1):
            for j in range(i, n + 1):
                cost, got = slow_cost(van, r, i, j, stage)
                if n + 2 > most:
                    # Without room in the plan a van that would be in time is one without a seat.
                    soon = van["anchor_s"] + stage.times.between_s[van["anchor_stop"], stage.requests["origin"][r]]
                    in_time = soon <= stage.requests["pickup_by_s"][r] + kernels.EPS_S
                    cost, got = np.inf, int(in_time)
                reached = max(reached, got)
                if cost < np.inf:
                    found[v, i, j] = cost
    reason = {0: kernels.NO_VAN_IN_TIME, 1: kernels.NO_SEAT, 2: kernels.DETOUR}[reached]
    if reached == 1 and stage.requests["chairs"][r] > 0:
        reason = kernels.NO_PLACE
    return found, 0 if found else reason


def bring_up(stage, now_s):
    """Anchors of a moment, as asking every van brings them up."""
    for van in stage.fleet:
        if van["phase"] == state.IDLE:
            van["anchor_s"] = max(van["free_s"], now_s + stage.rules.acknowledge_s)


def least_s(key, stage, r):
    """What the riders' own time alone costs: below it nothing is looked for, though a van may come out earlier.

    A visit that waits for somebody, and is cut in two by the new one, has part of its dwell behind it by then.
    """
    v, i, j = key
    one, rules = stage.requests[r], stage.rules
    picked = timetable(stage.fleet[v], put_in(plan_of(stage.fleet[v]), r, i, j, stage), stage)[0][i]
    rides_s = stage.times.between_s[one["origin"], one["destination"]] + picked - one["since_s"]
    return rules.rider_time_weight * one["party"] * (rides_s + rules.wait_weight * (picked - one["since_s"]))


def assert_same_choice(told, stage, r, now_s, most=state.PLAN_TASKS, at_end=False):
    found, reason = slow_choice(r, now_s, stage, most, at_end)
    van, i, j, why = (int(x) for x in told)
    assert why == reason
    assert (van >= 0) == bool(found)
    if found:
        kept = {key: cost for key, cost in found.items() if key == (van, i, j) or cost >= least_s(key, stage, r) - 1e-6}
        assert found[van, i, j] == pytest.approx(min(kept.values()), abs=1e-6)
        # Of ways that cost the same the first is taken: vans in their order, then positions in theirs.
        alike = [key for key, cost in kept.items() if cost < min(kept.values()) + 1e-9]
        assert (van, i, j) == min(alike)
    return found


@pytest.mark.parametrize("seed", range(80))
def test_the_cheapest_place_is_found_for_each_request_or_the_reason_why_there_is_none(seed):
    stage = Stage(1000 + seed, vans=3)
    stage.fleet["working"][2] = seed % 4 > 0
    now_s = 940.0
    moved = np.zeros(state.PLAN_TASKS)
    for van in stage.fleet:
        kernels.schedule_van(van, stage.requests, stage.times, stage.rules)
    for r in range(WHO - 3, WHO):
        stage.ask(r)
        given = stage.fleet, stage.requests, stage.times, stage.rules
        bring_up(stage, now_s)
        told = kernels.cheapest_insertion(r, now_s, kernels.CHEAPEST, moved, *given)
        found = assert_same_choice(told, stage, r, now_s)
        at_end = kernels.cheapest_insertion(r, now_s, kernels.FIRST_COME, moved, *given)
        assert_same_choice(at_end, stage, r, now_s, at_end=True)
        short = kernels.cheapest_insertion(r, now_s, kernels.CHEAPEST, moved[:6], *given)
        assert_same_choice(short, stage, r, now_s, most=6)
        for v, van in enumerate(stage.fleet):
            for i in range(-1, van["size"] + 2):
                for j in range(-1, van["size"] + 2):
                    cost = kernels.insertion_cost(r, v, i, j, now_s, moved, *given)
                    # A van out of hours is not asked; its deadline refuses it by itself.
                    assert cost == pytest.approx(found.get((v, i, j), np.inf), abs=1e-6), (v, i, j)
        assert kernels.insertion_cost(r, -1, 0, 0, now_s, moved, *given) == np.inf
        assert kernels.insertion_cost(r, len(stage.fleet), 0, 0, now_s, moved, *given) == np.inf


def test_every_reason_is_met_in_the_cases_above():
    met = set()
    for seed in range(1000, 1080):
        stage = Stage(seed, vans=3)
        for van in stage.fleet:
            kernels.schedule_van(van, stage.requests, stage.times, stage.rules)
        for r in range(WHO - 3, WHO):
            stage.ask(r)
            moved = np.zeros(state.PLAN_TASKS)
            given = stage.fleet, stage.requests, stage.times, stage.rules
            met.add(int(kernels.cheapest_insertion(r, 940.0, kernels.CHEAPEST, moved, *given)[3]))
    assert met == {0, kernels.NO_VAN_IN_TIME, kernels.NO_SEAT, kernels.DETOUR, kernels.NO_PLACE}


@pytest.mark.parametrize("seed", range(30))
def test_who_is_put_into_a_plan_stands_where_it_was_said_and_comes_out_again(seed):
    stage = Stage(2000 + seed)
    van, r = stage.fleet[0], WHO - 1
    tasks = plan_of(van)
    for i in range(len(tasks) + 1):
        for j in range(i, len(tasks) + 1):
            kernels.put(van, r, i, j, stage.requests)
            assert plan_of(van) == put_in(tasks, r, i, j, stage)
            kernels.take(van, r)
            assert plan_of(van) == tasks


@pytest.mark.parametrize("seed", range(60))
def test_a_van_turns_at_the_first_stop_on_its_way_that_it_can_be_told_of(seed):
    rules = RULES._replace(turn=1, turn_lead_s=float(seed % 3 * 40))
    stage = Stage(3000 + seed, rules=rules)
    luck, van, between = stage.luck, stage.fleet[0], stage.times.between_s
    target = int(luck.integers(0, STOPS))
    van["phase"], van["target"], van["turn_stop"] = state.GOING, target, van["anchor_stop"]
    van["depart_s"] = 1000.0
    van["due_s"] = 1000.0 + between[van["stop"], target]
    van["errand"] = seed % 2
    for now_s in (900.0, 1000.0, 1060.0, 1200.0, 1500.0):
        way = [int(van["turn_stop"])]
        while way[-1] != target:
            way.append(int(stage.times.via[way[-1], target]))
        passes = [van["due_s"] - between[stop, target] for stop in way]
        told_s = max(now_s, van["depart_s"]) + rules.turn_lead_s
        here, at_s = next(((s, t) for s, t in zip(way[:-1], passes, strict=False) if t >= told_s), (target, None))
        busy = van["size"] > 0 and not van["errand"]
        if here == target:
            at_s = max(van["due_s"], now_s) + (0.0 if busy else rules.acknowledge_s)
        kernels.find_turn(van, now_s, stage.times, rules)
        assert (int(van["turn_stop"]), int(van["anchor_stop"])) == (here, here)
        assert van["anchor_s"] == at_s
        assert bool(van["bound"]) == bool(here == target and busy)


@pytest.mark.parametrize("turn", [0, 1])
@pytest.mark.parametrize("seed", range(20))
def test_an_anchor_is_never_before_now_and_its_timetable_is_made_anew(seed, turn):
    stage = Stage(4000 + seed, rules=RULES._replace(turn=turn, turn_lead_s=20.0))
    van, rules = stage.fleet[0], stage.rules
    if seed % 4 == 0:
        # An idle van that has nothing before it but its break.
        van["phase"], van["break_from_s"][0], van["break_s"][0] = state.IDLE, 1000.0, 300.0
        stage._put(van, [(-1, kernels.BREAK, int(van["depot_stop"]))])
    van["target"] = van["turn_stop"] = van["anchor_stop"]
    van["due_s"] = van["anchor_s"]
    kernels.schedule_van(van, stage.requests, stage.times, rules)
    for now_s in (900.0, float(van["anchor_s"]), float(van["anchor_s"]) + 50.0):
        was, at_s = float(van["anchor_s"]), float(van["anchor_s"])
        turning = turn and van["phase"] == state.GOING
        if van["phase"] == state.IDLE:
            at_s = max(float(van["free_s"]), now_s + rules.acknowledge_s)
        elif turning and was < now_s:
            at_s = max(float(van["due_s"]), now_s) + (0.0 if van["size"] and not van["errand"] else rules.acknowledge_s)
        elif not turning:
            at_s = max(was, now_s)
        kernels.move_anchor(van, now_s, stage.requests, stage.times, rules)
        assert van["anchor_s"] == at_s
        assert van["start_s"][: van["size"]] == pytest.approx(timetable(van, plan_of(van), stage)[0])


def rides_over_s(van, tasks, stage):
    """Starts and end of a plan, and by how much its worst ride is longer than promised."""
    starts, end = timetable(van, tasks, stage)
    begun = {r: start for (r, kind, _), start in zip(tasks, starts, strict=True) if kind == kernels.PICK}
    over = [
        start - begun[r] - stage.requests["ride_max_s"][r]
        for (r, kind, _), start in zip(tasks, starts, strict=True)
        if kind == kernels.DROP and r in begun
    ]
    return starts, end, max(over, default=-np.inf)


@pytest.mark.parametrize("seed", range(12))
def test_riders_board_later_so_that_no_ride_is_too_long(seed):
    """The first whom all waited for is taken out; the next would board earlier and wait on board for a third."""
    stage = Stage(5000 + seed)
    van, luck = stage.fleet[0], stage.luck
    van["load"] = van["chairs"] = 0
    stage.requests["status"] = 0
    orders = [[(0, 1), (1, 1), (2, 1), (1, 0), (2, 0), (0, 0)], [(0, 1), (1, 1), (1, 0), (0, 0), (2, 1), (2, 0)],
              [(0, 1), (1, 1), (0, 0), (2, 1), (2, 0), (1, 0)]]  # fmt: skip
    # Stops of their own, so that no two tasks are one visit.
    stage.requests["origin"][:3], stage.requests["destination"][:3] = [1, 2, 3], [4, 5, 6]
    van["anchor_stop"] = 0
    stops = [stage.requests["destination"], stage.requests["origin"]]
    stage._put(van, [(r, kind, int(stops[kind][r])) for r, kind in orders[seed % 3]])
    stage.requests["ready_s"][:3] = [1900.0, 950.0, 2600.0]
    tasks = plan_of(van)
    starts, end, _ = rides_over_s(van, tasks, stage)
    before = {task[:2]: start for task, start in zip(tasks, starts, strict=True)}
    for r in range(3):
        stage.requests["ride_max_s"][r] = before[r, 0] - before[r, 1] + luck.uniform(0, 5)
        stage.requests["pickup_by_s"][r], stage.requests["dropoff_by_s"][r] = before[r, 1], before[r, 0]
    van["off_s"] = back_s(van, tasks, end, stage) + 300.0
    kernels.take(van, 0)
    kernels.schedule_van(van, stage.requests, stage.times, stage.rules)
    left = plan_of(van)
    fits = rides_over_s(van, left, stage)[2] <= kernels.EPS_S
    # Where the second has gone before the third comes, all is as it should be.
    assert fits == (seed % 3 == 1)
    assert kernels.rides_fit(van) == fits
    kernels.board_later(van, stage.requests, stage.times, stage.rules)
    starts, end, over_s = rides_over_s(van, left, stage)
    assert over_s <= kernels.EPS_S
    assert van["start_s"][: van["size"]] == pytest.approx(starts)
    # Nobody boards later than before, so that every promise still holds.
    assert all(start <= before[task[:2]] + 1e-6 for task, start in zip(left, starts, strict=True))
    assert holds(van, left, stage, starts, end)


@pytest.mark.parametrize("seed", range(12))
def test_a_copy_of_a_van_is_cleared_of_those_that_may_change(seed):
    stage = Stage(6000 + seed, vans=2)
    for v, van in enumerate(stage.fleet):
        stage.requests["van"][[r for r, kind, _ in plan_of(van) if kind != kernels.BREAK]] = v
    near = stage.luck.permutation(WHO)[:6].astype(np.int32)
    base = stage.fleet[:1].copy()
    clear(base, near, 0, stage.requests, stage.times, stage.rules)
    left = [task for task in plan_of(stage.fleet[0]) if task[0] not in near or task[1] == kernels.BREAK]
    assert plan_of(base[0]) == left
    assert base["start_s"][0, : len(left)] == pytest.approx(timetable(base[0], left, stage)[0])
