"""Days at the desk with all that a service has: breaks, shifts, no-shows, bookings ahead, turns, offers, plans anew.

The judge knows drives, rides and promises; it does not know how a plan is made.
"""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import pytest

from tests.oracles.test_transit_insertion import random_day
from tests.oracles.test_transit_plan_parts import plan_of, timetable
from twin.models.transit.desk.desk import Desk
from twin.models.transit.dispatch import insertion_kernels, kernels
from twin.models.transit.fleet import rows as state

#: Reasons of refusals for which an offer is looked for.
NO_VAN_FITS = range(insertion_kernels.NO_VAN_IN_TIME, insertion_kernels.NO_PLACE + 1)

pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")

OFF_S, CLOSE_S = 5400.0, 4500.0
DEFAULTS = {
    "wait_at_most_s": 600.0, "times_direct": 1.5, "plus_s": 400.0, "wait_weight": 0.2, "no_show_wait_s": 90.0,
    "hold_from_s": 200.0, "early_s": 60.0, "offers": 1, "close_s": CLOSE_S, "strategy": kernels.CHEAPEST,
}  # fmt: skip


@dataclasses.dataclass
class Stage:
    """What ``timetable`` of the plan's slow twin asks for."""

    requests: state.Requests
    times: state.Times
    rules: state.Rules


def service_day(seed, **changes):
    """Three vans: one with a place for a wheelchair, one without, one with a shift and a break; 45 requests."""
    luck = np.random.default_rng(seed)
    fleet, requests, times, rules = random_day(seed, vans=3, walks=bool(seed % 2))
    rules = rules._replace(**{**DEFAULTS, **changes})
    # Breaks are taken at a yard beside the depot, which is nobody's stop.
    yard, home = len(times.node), int(fleet["depot_stop"][2])
    rows = [*range(yard), home]
    times = state.new_times(times.between_s[np.ix_(rows, rows)], times.node[rows], turns=bool(rules.turn))
    fleet["chair_places"], fleet["step_free"] = [1, 0, 1], [1, 0, 1]
    fleet["off_s"][2] = OFF_S
    fleet["break_from_s"][2, 0], fleet["break_by_s"][2, 0], fleet["break_s"][2, 0] = 1200.0, 2400.0, 300.0
    fleet["task_request"][2, 0], fleet["task_pick"][2, 0] = -1, insertion_kernels.BREAK
    fleet["task_stop"][2, 0], fleet["size"][2] = yard, 1
    n = len(requests)
    requests["chairs"] = luck.random(n) < 0.15
    requests["step_free"] = requests["chairs"]
    requests["seats"] = requests["party"] - requests["chairs"]
    requests["no_show"] = luck.random(n) < 0.12
    requests["cancel_s"] = np.where(luck.random(n) < 0.15, requests["asked_s"] + luck.uniform(0, 500, n), np.nan)
    ahead = luck.random(n) < 0.3
    requests["since_s"] += np.where(ahead, luck.uniform(600, 1800, n), 0.0)
    requests["ready_s"] = requests["since_s"] + requests["walk_s"]
    by_arrival = ahead & (luck.random(n) < 0.5)
    requests["arrive_by_s"] = np.where(by_arrival, requests["since_s"] + 1500.0, np.nan)
    requests["booked"] = ahead
    desk = Desk(fleet, requests, times, rules)
    kernels.schedule_all(desk.fleet, desk.requests, desk.times, desk.rules)
    desk.wake(2, 0.0)
    for v in range(len(fleet)):
        desk.close_daily(v, CLOSE_S)
    if rules.replan:
        desk.plan_anew(30.0)
    return desk


TURNING = {"turn": 1, "turn_lead_s": 5.0}
KINDS = {
    "plain": {}, "turning": TURNING,
    "anew": {**TURNING, "replan": kernels.RUIN_AND_RECREATE, "steps": 2, "tries": 4, "every_s": 90.0},
}  # fmt: skip


def judge_plans(desk):
    """Every plan holds whom it should, in time, with seats and places, and is timed as it says."""
    stage = Stage(desk.requests, desk.times, desk.rules)
    for v, van in enumerate(desk.fleet):
        tasks = plan_of(van)
        mine = np.flatnonzero((desk.requests["van"] == v) & (desk.requests["status"] == state.ACCEPTED))
        aboard = np.flatnonzero((desk.requests["van"] == v) & (desk.requests["status"] == state.ON_BOARD))
        assert sorted(r for r, kind, _ in tasks if kind == 1) == mine.tolist()
        assert sorted(r for r, kind, _ in tasks if kind == 0) == sorted([*mine, *aboard])
        assert (van["load"], van["chairs"]) == tuple(
            int(desk.requests[name][aboard].sum()) for name in ("seats", "chairs")
        )
        assert van["start_s"][: van["size"]] == pytest.approx(timetable(van, tasks, stage)[0])
        begun = {r: start for (r, what, _), start in zip(tasks, van["start_s"], strict=False) if what == 1}
        load, chairs = int(van["load"]), int(van["chairs"])
        for (r, what, _), start, late in zip(tasks, van["start_s"], van["late_s"], strict=False):
            assert start <= late + 1e-5
            if what == insertion_kernels.BREAK:
                assert load == 0
                continue
            one = desk.requests[r]
            load, chairs = load + (2 * what - 1) * one["seats"], chairs + (2 * what - 1) * one["chairs"]
            assert load <= van["seats"]
            assert chairs <= van["chair_places"]
            assert what or start - begun.get(r, one["pickup_s"]) <= one["ride_max_s"] + 1e-5


def day(seed, kind):
    """A whole day and its drives, with every plan judged once a minute on the way."""
    desk = service_day(seed, **KINDS[kind])
    legs = []
    for now_s in np.arange(60.0, 9000.0, 60.0):
        legs.append(desk.run_until(now_s))
        judge_plans(desk)
    legs.append(desk.run_until(2e4))
    return desk, np.concatenate(legs)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_a_day_with_everything_is_as_promised(seed, kind):
    desk, legs = day(seed, kind)
    judge_answers(desk)
    judge_drives(desk, legs)
    judge_stays(desk, legs)


def judge_answers(desk):
    """Everybody is answered once and gets what was promised."""
    r, rules = desk.requests, desk.rules
    assert sorted(desk.log.finished[: desk.log.counts[kernels.FINISHED]]) == list(range(len(r)))
    served, refused = r["status"] == state.SERVED, r["status"] == state.REFUSED
    assert np.isin(r["status"], [state.SERVED, state.REFUSED, state.CANCELLED, state.NO_SHOW]).all()
    assert (r["pickup_s"] <= r["pickup_by_s"] + 1e-5)[served].all()
    assert (r["pickup_s"] >= r["ready_s"] - 1e-5)[served].all()
    assert (r["dropoff_s"] <= r["dropoff_by_s"] + 1e-5)[served].all()
    assert (r["dropoff_s"] - r["pickup_s"] <= r["ride_max_s"] + 1e-5)[served].all()
    assert np.isnan(r["pickup_by_s"][refused]).all()
    # The words of the promise.
    direct = desk.times.between_s[r["origin"], r["destination"]]
    assert r["direct_s"].tolist() == direct.tolist()
    longest = rules.times_direct * direct + rules.plus_s
    assert r["ride_max_s"][~refused] == pytest.approx(longest[~refused])
    by = np.isfinite(r["arrive_by_s"])
    late = np.where(by, r["arrive_by_s"] - direct - rules.dwell_s - r["board_s"], r["since_s"] + rules.wait_at_most_s)
    assert r["pickup_by_s"][~refused] == pytest.approx(late[~refused])
    until = np.where(by, r["arrive_by_s"], r["since_s"] + rules.wait_at_most_s + longest)
    assert r["dropoff_by_s"][~refused] == pytest.approx(until[~refused])
    early = np.maximum(r["asked_s"], r["arrive_by_s"] - longest - rules.wait_at_most_s)
    assert r["since_s"][by] == pytest.approx(early[by])
    assert (r["ready_s"] >= r["since_s"])[by].all()
    hours = r["reason"] == insertion_kernels.OUT_OF_HOURS
    assert (hours == (r["since_s"] >= CLOSE_S)).all()
    # Whoever would cancel does unless it is on board by then, and whoever stays away is not taken along.
    gone, away = r["status"] == state.CANCELLED, r["status"] == state.NO_SHOW
    would = np.isfinite(r["cancel_s"]) & ~refused
    assert (gone <= would).all()
    assert (r["pickup_s"] <= r["cancel_s"])[would & served].all()
    assert (away <= (r["no_show"] > 0)).all()
    assert not (served & (r["no_show"] > 0)).any()
    assert np.isnan(r["pickup_s"][gone | away]).all()
    assert gone.sum() + away.sum() > 1


def judge_drives(desk, legs):
    """Vans keep shift and break, carry whom they can, and come home."""
    r = desk.requests[desk.requests["status"] == state.SERVED]
    for v, van in enumerate(desk.fleet):
        mine, drives = r[r["van"] == v], legs[legs["van"] == v]
        assert drives["leg"].tolist() == list(range(len(drives)))
        assert (drives["depart_s"][1:] >= drives["arrive_s"][:-1] - 1e-6).all()
        node = desk.times.node
        assert (node[drives["from_stop"][1:]] == node[drives["to_stop"][:-1]]).all()
        between = desk.times.between_s[drives["from_stop"], drives["to_stop"]]
        drive_s = drives["arrive_s"] - drives["depart_s"]
        # Who turns goes by a stop on the way, which may be a way round.
        assert (drive_s >= between - 1e-6).all()
        assert desk.rules.turn or drive_s == pytest.approx(between)
        for leg in drives:
            aboard = mine[(mine["pickup_s"] <= leg["depart_s"]) & (mine["dropoff_s"] >= leg["arrive_s"])]
            assert leg["riders"] == aboard["seats"].sum() <= van["seats"]
            assert aboard["chairs"].sum() <= van["chair_places"]
        assert not mine["step_free"].any() or van["step_free"]
        assert (van["load"], van["chairs"], van["size"], van["phase"]) == (0, 0, 0, state.IDLE)
        # After hours everybody is at home.
        assert desk.times.node[van["stop"]] == desk.times.node[van["depot_stop"]]
        began = van["break_began_s"][0]
        if np.isfinite(van["off_s"]):
            assert 1200.0 <= began <= 2400.0 + 1e-6
            assert not ((drives["depart_s"] < began + 300.0) & (drives["arrive_s"] > began)).any()
            assert not ((mine["pickup_s"] < began + 300.0 - 1e-6) & (mine["dropoff_s"] > began + 1e-6)).any()
            assert drives["arrive_s"].max(initial=0.0) <= OFF_S + 1e-6
        else:
            assert math.isnan(began)


def judge_stays(desk, legs):
    """Every stay is as long as its people and its orders take, and somebody stays on where it need not go yet."""
    rules, r = desk.rules, desk.requests
    slept = 0
    for v in range(len(desk.fleet)):
        drives = legs[legs["van"] == v]
        for a, b in itertools.pairwise(drives):
            here, came_s, left_s = a["to_stop"], a["arrive_s"], b["depart_s"]
            on = r[(r["van"] == v) & (r["pickup_s"] >= came_s) & (r["pickup_s"] <= left_s)]
            off = r[(r["van"] == v) & (r["dropoff_s"] >= came_s) & (r["dropoff_s"] <= left_s)]
            assert (desk.times.node[on["origin"]] == desk.times.node[here]).all()
            assert (desk.times.node[off["destination"]] == desk.times.node[here]).all()
            if len(on) + len(off):
                assert left_s >= came_s + rules.dwell_s - 1e-6
                assert (left_s >= on["pickup_s"] + rules.dwell_s + on["board_s"] - 1e-6).all()
            else:
                assert left_s >= came_s + rules.acknowledge_s - 1e-6 or desk.fleet["break_began_s"][v, 0] >= came_s
            slept += left_s > came_s + rules.dwell_s + 200.0
    assert slept > 0


@pytest.mark.parametrize("seed", range(6))
def test_an_offer_is_the_first_of_its_moments_at_which_the_request_would_fit(seed):
    desk = service_day(seed, wait_at_most_s=240.0, plus_s=200.0)
    offered, reasons = 0, set()
    for r in range(len(desk.requests)):
        now_s = float(desk.requests["asked_s"][r])
        desk.run_until(np.nextafter(now_s, 0.0))
        if desk.log.counts[kernels.NEXT] != r:
            continue
        trial = desk.requests[r : r + 1].copy()
        given = desk.scratch, desk.fleet, desk.requests, desk.times, desk.rules
        reason = kernels.promise(r, desk.fleet, desk.requests, desk.times, desk.rules)
        if reason == 0:
            kernels.find_offer(r, now_s, *given)
            found = float(desk.requests["offer_s"][r])
            by, drop = float(desk.requests["pickup_by_s"][r]), float(desk.requests["dropoff_by_s"][r])
            fits = []
            for at in range(1, 25):
                desk.requests["pickup_by_s"][r] = by + at * 300.0
                desk.requests["dropoff_by_s"][r] = max(drop, by + at * 300.0 + desk.requests["ride_max_s"][r])
                told = kernels.cheapest_insertion(
                    r, now_s, kernels.CHEAPEST, desk.scratch.moved, desk.fleet, desk.requests, desk.times, desk.rules
                )
                fits.append(told[0] >= 0)
            assert (found == by + 300.0 * (1 + fits.index(True))) if any(fits) else math.isnan(found)
            offered += any(fits)
        desk.requests[r : r + 1] = trial
        desk.run_until(now_s)
        told = desk.requests[r]
        if (
            told["status"] == state.REFUSED
            and insertion_kernels.NO_VAN_IN_TIME <= told["reason"] <= insertion_kernels.NO_PLACE
        ):
            assert told["offer_s"] == found or math.isnan(told["offer_s"]) == math.isnan(found) is True
            reasons.add(int(told["reason"]))
        else:
            assert math.isnan(told["offer_s"])
    assert offered > 3
    assert insertion_kernels.NO_VAN_IN_TIME in reasons


@pytest.mark.parametrize("seed", range(4))
def test_another_stop_that_is_offered_is_the_nearest_that_would_have_served_them(seed):
    """Judged by the day itself: played on from the same moment with the request asked at the other stop."""
    desk = service_day(seed, wait_at_most_s=400.0, plus_s=200.0, other_stop_m=250.0, walk_mps=(1.2, 1.0, 0.8))
    luck = np.random.default_rng(seed)
    count = int(max(desk.requests["origin"].max(), desk.requests["destination"].max())) + 1
    # Whole fifties, so that some stops are equally far.
    place_m = luck.integers(0, 8, (count, 2)) * 50.0
    desk.times = desk.times._replace(place_m=place_m)
    looked = offered = further = 0
    for r in range(len(desk.requests)):
        now_s = float(desk.requests["asked_s"][r])
        desk.run_until(np.nextafter(now_s, 0.0))
        before, asked = desk.state(), desk.requests[r].copy()
        desk.run_until(now_s)
        told = desk.requests[r].copy()
        if (
            told["status"] != state.REFUSED
            or not insertion_kernels.NO_VAN_IN_TIME <= told["reason"] <= insertion_kernels.NO_PLACE
        ):
            assert told["offer_stop"] == -2
            continue
        looked += 1
        metres = np.abs(place_m - place_m[asked["origin"]]).sum(axis=1)
        expected = -1
        for stop in sorted(range(count), key=lambda k: (metres[k], k)):
            if stop == asked["origin"] or metres[stop] > 250.0:
                continue
            other = Desk(before["fleet"], before["requests"], desk.times, desk.rules._replace(other_stop_m=0.0))
            other.restore(before)
            other.requests["origin"][r] = stop
            other.requests["ready_s"][r] += metres[stop] / (1.2, 1.0, 0.8)[asked["age_group"]]
            other.run_until(now_s)
            if other.requests["status"][r] == state.ACCEPTED:
                expected = stop
                break
            further += 1
        assert told["offer_stop"] == expected
        for name in ("origin", "ready_s", "walk_s"):
            assert told[name] == asked[name] or not math.isnan(asked["arrive_by_s"])
        offered += expected >= 0
    assert min(looked, offered, further) > 0


@pytest.mark.parametrize(
    ("open_h", "close_h", "times"),
    [(0, 24, {0.0: True, 23.9: True, 30.0: True}), (6, 30, {5.0: True}),
     (7, 19, {6.99: False, 7.0: True, 18.99: True, 19.0: False, 31.0: True, 30.5: False, 43.0: False}),
     (20, 26, {19.0: False, 20.0: True, 25.9: True, 26.0: False, 1.9: True, 2.0: False, 44.0: True})],
)  # fmt: skip
def test_hours_repeat_every_day_and_may_pass_midnight(open_h, close_h, times):
    rules = random_day(0)[3]._replace(open_s=open_h * 3600.0, close_s=close_h * 3600.0)
    for hour, is_open in times.items():
        assert bool(kernels.is_open(hour * 3600.0, rules)) == is_open, hour


def test_reasons_why_no_van_need_be_asked():
    fleet, requests, times, rules = random_day(0, vans=2)
    times.between_s[3, 4] = times.towards_s[4, 3] = np.inf
    fleet["seats"], fleet["chair_places"], fleet["step_free"] = [6, 3], [0, 2], [1, 0]

    def reason(**said):
        requests[0] = state.new_requests(**{name: requests[:1][name] for name in (
            "asked_s", "origin", "destination", "party", "age_group", "walk_s", "egress_s", "board_s", "alight_s")},
            ids=requests["id"][:1])[0]  # fmt: skip
        for name, value in {"origin": 0, "destination": 1, "seats": 1, **said}.items():
            requests[name][0] = value
        return int(kernels.promise(0, fleet, requests, times, rules))

    assert reason() == 0
    assert reason(reason=insertion_kernels.NO_SEAT) == insertion_kernels.NO_SEAT
    assert reason(destination=0) == insertion_kernels.SAME_STOP
    assert reason(origin=3, destination=4) == insertion_kernels.UNREACHABLE
    assert reason(seats=6) == 0
    assert reason(seats=7) == insertion_kernels.PARTY_TOO_LARGE
    assert reason(seats=3, chairs=2) == 0
    # Seats and places must be in one van.
    assert reason(seats=4, chairs=1) == insertion_kernels.NO_PLACE
    assert reason(chairs=3) == insertion_kernels.NO_PLACE
    assert reason(step_free=1) == 0
    fleet["working"][0] = 0
    assert reason(step_free=1) == insertion_kernels.NO_STEP_FREE_VAN
    assert reason(seats=4) == insertion_kernels.PARTY_TOO_LARGE
    fleet["working"][1] = 0
    assert reason(seats=99) == 0
    rules = rules._replace(open_s=requests["since_s"][0] + 1.0, close_s=requests["since_s"][0] + 2.0)
    assert reason(seats=99) == insertion_kernels.OUT_OF_HOURS


@pytest.mark.parametrize("turn", [0, 1])
@pytest.mark.parametrize("seed", range(4))
def test_slower_streets_make_every_timetable_anew_and_warn_once_of_those_who_will_be_late(seed, turn):
    desk = service_day(seed, turn=turn, turn_lead_s=5.0)
    warned: dict[tuple[str, int], float] = {}
    for number, now_s in enumerate((900.0, 1800.0, 2700.0, 3600.0)):
        desk.run_until(now_s)
        factor = (2.5, 1.0, 3.0, 0.8)[number]
        due = desk.fleet["due_s"].copy()
        desk.fleet["on_road"] = (desk.fleet["phase"] == state.GOING) & (desk.fleet["depart_s"] <= now_s)
        old = desk.times
        times = state.new_times(service_day(seed).times.between_s * factor, old.node, turns=bool(turn))
        desk.set_times(times, now_s)
        stage = Stage(desk.requests, times, desk.rules)
        for v, van in enumerate(desk.fleet):
            tasks = plan_of(van)
            assert van["start_s"][: van["size"]] == pytest.approx(timetable(van, tasks, stage)[0])
            if van["on_road"] and due[v] > now_s and van["piece_s"] < now_s:
                whole_s = times.between_s[van["piece_stop"], van["target"]]
                # The share that should be left to drive takes its share of the new time.
                left = (due[v] - now_s) / (due[v] - van["piece_s"])
                assert van["due_s"] == pytest.approx(now_s + left * whole_s)
            begun = {r: start for (r, what, _), start in zip(tasks, van["start_s"], strict=False) if what == 1}
            for (r, what, _), start in zip(tasks, van["start_s"], strict=False):
                if what == insertion_kernels.BREAK:
                    continue
                one = desk.requests[r]
                late = start - (one["pickup_by_s"] if what else begun.get(r, one["pickup_s"]) + one["ride_max_s"])
                if late > kernels.BREACH_S:
                    warned.setdefault(("pickup_warned_s" if what else "ride_warned_s", r), now_s)
        desk.fleet["on_road"] = 0
    for name in ("pickup_warned_s", "ride_warned_s"):
        told = {(name, r): t for r, t in enumerate(desk.requests[name].tolist()) if not math.isnan(t)}
        assert told == {key: t for key, t in warned.items() if key[0] == name}
    assert len(warned) > 2


def test_idle_vans_go_where_they_are_sent_and_those_sent_nowhere_stay():
    fleet, requests, times, rules = random_day(2, vans=2)
    desk = Desk(fleet, requests[:0], times, rules._replace(strategy=kernels.CHEAPEST))
    kernels.send(0, 4, 100.0, desk.fleet, desk.rules, desk.heap)
    legs = desk.run_until(5000.0)
    assert (legs["van"].tolist(), legs["to_stop"].tolist()) == ([0], [4])
    assert legs["depart_s"][0] == 100.0 + rules.acknowledge_s
    assert desk.fleet["stop"].tolist() == [4, int(desk.fleet["depot_stop"][1])]
    assert desk.fleet["goal"].tolist() == [-1, -1]


def test_what_repeats_does_so_on_its_grid_and_sleeps_while_nobody_is_there():
    """Plans are made anew every minute while somebody is to be served, and not in the hours in which nobody is."""

    class Counting:
        def __init__(self):
            self.at_s = []

        def moves(self, desk, now_s):
            self.at_s.append(now_s)
            return []

    fleet, requests, times, rules = random_day(1, vans=2, requests=6)
    requests["asked_s"] = requests["since_s"] = [10.0, 20.0, 30.0, 9000.0, 9010.0, 9500.0]
    requests["ready_s"] = requests["asked_s"]
    desk = Desk(fleet, requests, times, rules._replace(strategy=kernels.CHEAPEST, rebalance_s=60.0))
    desk.rebalancing = counting = Counting()
    desk.move_idle(60.0)
    desk.run_until(1e6)
    at_s = np.array(counting.at_s)
    assert (at_s % 60.0 == 0).all()
    done_s = np.nanmax(np.where(requests["asked_s"] < 100, requests["dropoff_s"], np.nan))
    first = at_s[at_s < 8000.0]
    assert first.tolist() == np.arange(60.0, first[-1] + 1, 60.0).tolist()
    assert done_s <= first[-1] < done_s + 120.0
    later = at_s[at_s > 8000.0]
    assert later[0] == 9000.0
    last_s = np.nanmax(requests["dropoff_s"])
    assert last_s <= later[-1] < last_s + 120.0


def drive_by_road(desk, until_s):
    """Let a road that takes just the times between stops have every drive; who turns passes the stop when due there."""
    legs, due = [], {}
    while True:
        next_s = min([desk.next_s, *(t for t, _ in due.values())])
        if next_s > until_s or next_s == np.inf:
            return np.concatenate(legs)
        for v in [v for v, (t, _) in due.items() if t == next_s]:
            del due[v]
            desk.arrive(v, next_s)
        legs.append(desk.run_until(next_s))
        between = desk.times.between_s
        for v, target in desk.take_departing():
            assert desk.fleet["on_road"][v] == 1
            assert target == desk.fleet["target"][v] or desk.rules.turn
            due[v] = float(desk.fleet["depart_s"][v] + between[desk.fleet["stop"][v], target]), target
        for v, stop, told_s in desk.take_turning():
            arrive_s, target = due[v]
            passes_s = arrive_s - between[stop, target]
            # In time for the road, and once.
            assert told_s + desk.rules.turn_lead_s <= passes_s + 1e-6
            new = int(desk.fleet["target"][v])
            due[v] = float(passes_s + between[stop, new]), new
            assert due[v][0] == pytest.approx(desk.fleet["due_s"][v])


@pytest.mark.parametrize("seed", range(3))
def test_a_road_that_takes_the_times_between_stops_changes_nothing(seed):
    alone, by_road = service_day(seed), service_day(seed, road=1)
    legs = alone.run_until(2e4)
    driven = drive_by_road(by_road, 2e4)
    assert np.sort(driven, order=("arrive_s", "van")).tolist() == np.sort(legs, order=("arrive_s", "van")).tolist()
    assert by_road.requests.tobytes() == alone.requests.tobytes()
    assert (by_road.fleet["on_road"] == 0).all()


@pytest.mark.parametrize("kind", ["turning", "anew"])
@pytest.mark.parametrize("seed", range(3))
def test_a_day_on_the_road_that_turns_vans_is_as_promised(seed, kind):
    desk = service_day(seed, road=1, **KINDS[kind])
    legs = drive_by_road(desk, 2e4)
    judge_answers(desk)
    judge_drives(desk, legs)


def waiting(walk_s, wait_s, requests=1, **van):
    """The desk after its one van has found nobody; a second request may be next in the plan."""
    fleet, made, times, rules = random_day(4, vans=1, requests=2)
    made["asked_s"], made["since_s"], made["ready_s"] = [0.0, 1.0], [0.0, 900.0], [walk_s, 900.0]
    made["no_show"], made["seats"] = [1, 0], 1
    made["origin"], made["destination"] = [1, 2], [3, 4]
    for name, value in van.items():
        fleet[name] = value
    desk = Desk(fleet, made[:requests], times, rules._replace(strategy=kernels.CHEAPEST, no_show_wait_s=wait_s))
    while desk.requests["status"][0] != state.NO_SHOW:
        desk.run_until(desk.next_s)
    return desk


def test_whoever_stays_away_is_waited_for_as_long_as_promises_to_others_and_the_shift_allow():
    # The walk to the stop, then the wait for nobody.
    assert waiting(500.0, 90.0).fleet["free_s"][0] == 590.0
    # A shift ends at the depot: the van leaves in time for it.
    off_s = 2000.0
    shift = waiting(500.0, 3000.0, off_s=off_s)
    home_s = shift.times.between_s[1, shift.fleet["depot_stop"][0]]
    assert shift.fleet["free_s"][0] == pytest.approx(off_s - home_s - shift.rules.acknowledge_s)
    # Somebody else is boarded as late as was promised, and no later.
    other = waiting(500.0, 3000.0, requests=2)
    left_s = float(other.fleet["free_s"][0])
    assert 500.0 < left_s < 3000.0
    other.run_until(1e5)
    assert other.requests["status"].tolist() == [state.NO_SHOW, state.SERVED]
    assert other.requests["pickup_s"][1] == pytest.approx(other.requests["pickup_by_s"][1])


def test_room_is_made_for_a_request_that_fits_nowhere_by_moving_others():
    """The same state, asked with and without moving others: who would be refused is taken, and all is kept."""
    made = {30: 0, 1: 0}
    for seed in range(4):
        desk = service_day(seed, wait_at_most_s=420.0, plus_s=150.0, wait_weight=0.0)
        for r in range(len(desk.requests)):
            now_s = float(desk.requests["asked_s"][r])
            desk.run_until(np.nextafter(now_s, 0.0))
            if desk.log.counts[kernels.NEXT] != r:
                continue
            before = desk.state()
            desk.run_until(now_s)
            without = desk.requests[r]
            for tries in made if without["status"] == state.REFUSED else ():
                trial = service_day(seed, wait_at_most_s=420.0, plus_s=150.0, wait_weight=0.0)
                trial.restore(before)
                trial.rules = desk.rules._replace(tries=tries)
                trial.run_until(now_s)
                within = trial.requests[r]
                if within["status"] != state.ACCEPTED:
                    assert within["reason"] == without["reason"]
                    break
                made[tries] += 1
                judge_plans(trial)
                assert (within["reason"], within["van"] >= 0) == (0, True)
                assert np.isfinite(within["pickup_by_s"])
                # Whoever will cancel is remembered.
                waiting_for = trial.heap.kinds[: trial.heap.size[0]] == kernels.CANCEL
                held = trial.heap.payloads[: trial.heap.size[0]][waiting_for]
                assert (r in held) == (within["cancel_s"] >= now_s)
    assert made[30] > 3
    assert made[1] > 0
