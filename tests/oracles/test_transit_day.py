"""Whole days of vans, replayed from their drives and rides alone: who sat where, when, and why a van drove at all."""

from __future__ import annotations

import numpy as np
import pytest

from tests.oracles.test_transit_insertion import plan_of, random_day, timetable
from twin.models.transit.desk.desk import Desk
from twin.models.transit.dispatch import insertion_kernels, kernels
from twin.models.transit.fleet import rows as state

pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")

#: Vans go home after this; requests go on for 20 minutes more.
CLOSE_S = 2400.0


def replay(seed, close_s, strategy=kernels.CHEAPEST):
    """A day with its desk and drives."""
    fleet, requests, times, rules = random_day(seed, walks=bool(seed % 2))
    desk = Desk(fleet, requests, times, rules._replace(strategy=strategy, close_s=close_s))
    if np.isfinite(close_s):
        for v in range(len(fleet)):
            desk.close_daily(v, close_s)
    legs = desk.run_until(2e4)
    assert (desk.requests["status"] == state.SERVED).sum() > 5
    return desk, legs


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("close_s", [CLOSE_S, np.inf])
def test_drives_and_rides_of_a_day_explain_each_other(seed, close_s):
    desk, legs = replay(seed, close_s)
    between, dwell_s = desk.times.between_s, desk.rules.dwell_s
    served = desk.requests[desk.requests["status"] == state.SERVED]
    for v, van in enumerate(desk.fleet):
        mine, drives = served[served["van"] == v], legs[legs["van"] == v]
        assert drives["leg"].tolist() == list(range(len(drives)))
        stops = [int(van["depot_stop"]), *drives["to_stop"].tolist()]
        assert drives["from_stop"].tolist() == stops[:-1]
        assert drives["arrive_s"] == pytest.approx(drives["depart_s"] + between[stops[:-1], stops[1:]])
        arrivals, departures = [-np.inf, *drives["arrive_s"]], [*drives["depart_s"], np.inf]
        for k, (stop, came_s, left_s) in enumerate(zip(stops, arrivals, departures, strict=True)):
            on, off = (mine[(mine[name] >= came_s) & (mine[name] < left_s)] for name in ("pickup_s", "dropoff_s"))
            assert (on["origin"] == stop).all()
            assert (off["destination"] == stop).all()
            # People alight on arrival, board when they and the van are there (whoever is taken in a second visit to the
            # same stop waits for the first to end), and the van waits for all of it.
            assert (off["dropoff_s"] == came_s).all()
            assert (on["pickup_s"] >= on["ready_s"]).all()
            at_once = on["pickup_s"] == np.maximum(on["ready_s"], came_s)
            assert (at_once | (on["pickup_s"] >= came_s + dwell_s)).all()
            busy_s = dwell_s + on["board_s"][on["pickup_s"] == came_s].sum() + off["alight_s"].sum()
            assert left_s >= came_s + busy_s - 1e-6
            assert (left_s >= on["pickup_s"] + dwell_s + on["board_s"] - 1e-6).all()
            if k < len(drives):
                aboard = mine[(mine["pickup_s"] < left_s) & (mine["dropoff_s"] > left_s)]["party"].sum()
                assert drives["riders"][k] == aboard <= van["seats"]
            # No van drives for nothing: it comes for somebody, or goes home after hours.
            home = k > 0 and stop == van["depot_stop"] and departures[k - 1] >= close_s
            assert k == 0 or home or len(on) + len(off) > 0
        assert (van["load"], van["size"], van["phase"]) == (0, 0, state.IDLE)
        assert van["stop"] == stops[-1]
        assert stops[-1] == van["depot_stop"] or close_s == np.inf
    assert (served["dropoff_s"] > served["pickup_s"]).all()


@pytest.mark.parametrize("seed", range(2))
def test_every_request_is_answered_once_and_promises_are_kept(seed):
    desk, _ = replay(seed, CLOSE_S)
    answered = desk.log.finished[: desk.log.counts[kernels.FINISHED]]
    assert sorted(answered) == list(range(len(desk.requests)))
    served = desk.requests[desk.requests["status"] == state.SERVED]
    ride_s = served["dropoff_s"] - served["pickup_s"]
    assert (served["pickup_s"] <= served["asked_s"] + desk.rules.wait_at_most_s + 1e-6).all()
    assert (ride_s <= desk.rules.times_direct * served["direct_s"] + desk.rules.plus_s + 1e-6).all()
    assert (served["asked_s"] < CLOSE_S).all()


def test_vans_in_the_middle_of_a_day_never_carry_more_than_their_seats_and_know_whom_they_carry():
    fleet, requests, times, rules = random_day(1)
    desk = Desk(fleet, requests, times, rules._replace(strategy=kernels.CHEAPEST))
    shared = 0
    for now_s in np.arange(0.0, 5400.0, 60.0):
        desk.run_until(now_s)
        aboard = requests[requests["status"] == state.ON_BOARD]
        carried = [int(aboard["party"][aboard["van"] == v].sum()) for v in range(len(fleet))]
        assert fleet["load"].tolist() == carried
        assert (fleet["load"] <= fleet["seats"]).all()
        shared += sum(n > 1 for n in carried)
    assert shared > 5


def test_a_van_that_the_road_holds_up_has_its_timetable_made_anew():
    fleet, requests, times, rules = random_day(1)
    desk = Desk(fleet, requests, times, rules._replace(strategy=kernels.CHEAPEST))
    late = 0
    for now_s in np.arange(60.0, 3600.0, 60.0):
        desk.run_until(now_s)
        for row in np.flatnonzero(desk.fleet["phase"] == state.GOING):
            van = desk.fleet[int(row)].copy()
            held_s = van["anchor_s"] + 90.0
            insertion_kernels.move_anchor(van, held_s, desk.requests, desk.times, desk.rules)
            starts, _ = timetable(van, plan_of(van), desk.requests, desk.times.between_s, desk.rules, held_s)
            assert van["anchor_s"] == held_s
            assert van["start_s"][: van["size"]] == pytest.approx(starts)
            late += van["size"] > 2
    assert late > 5


def test_a_van_whose_plan_is_full_is_said_to_have_no_room():
    fleet, requests, times, rules = random_day(0, vans=1, walks=False)
    desk = Desk(fleet, requests, times, rules._replace(strategy=kernels.CHEAPEST))
    desk.scratch = desk.scratch._replace(moved=np.zeros(2))
    desk.run_until(np.inf)
    reasons = desk.requests["reason"][desk.requests["status"] == state.REFUSED]
    # Who has the van alone has no detour, and no party is larger than the van.
    assert set(reasons) == {kernels.NO_SEAT, kernels.NO_VAN_IN_TIME} or set(reasons) == {kernels.NO_SEAT}
    assert (reasons == kernels.NO_SEAT).sum() > 5
