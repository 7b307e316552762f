"""What must hold of any day: bounds of physics, promises, and the direction of the levers over paired seeds."""

from __future__ import annotations

import numpy as np
import pytest

from tests.verification.transit_cases import draws, grid_metres, requests, rules
from twin.models.transit.desk.desk import Desk
from twin.models.transit.fleet import rows as state

SIDE, SPACING_M, SPEED_MPS = 21, 150.0, 20 / 3.6
SECONDS = grid_metres(SIDE, SPACING_M) / SPEED_MPS
TIMES = state.new_times(SECONDS, np.arange(SIDE * SIDE))
SERVICE = {
    "wait_at_most_s": 600.0,
    "times_direct": 1.5,
    "plus_s": 300.0,
    "dwell_s": 30.0,
    "acknowledge_s": 10.0,
    "lead_s": 10.0,
}


def day(seed, *, vans, count=300, hours=3.0, seats=8, walk_s=0.0, **changes):
    nodes = SIDE * SIDE
    origin = (draws(seed, count, "origin") * nodes).astype(np.int32)
    destination = (origin + 1 + draws(seed, count, "destination") * (nodes - 1)).astype(np.int32) % nodes
    made = requests(
        np.sort(draws(seed, count, "asked")) * hours * 3600,
        origin,
        destination,
        board_s=5.0,
        walk_s=draws(seed, count, "walk") * walk_s,
    )
    homes = (draws(seed, 64, "homes") * nodes).astype(np.int32)[:vans]
    desk = Desk(state.new_fleet(homes, seats, 0.0), made, TIMES, rules(**{**SERVICE, **changes}))
    legs = desk.run_until(np.inf)
    return desk, legs


def timeline_of(desk, van):
    """Boardings and alightings of one van in the order of time."""
    mine = desk.requests[(desk.requests["van"] == van) & (desk.requests["status"] == state.SERVED)]
    # At one moment and stop people get off before others get on.
    moves = [(t, 1, int(p)) for t, p in zip(mine["pickup_s"], mine["party"], strict=True)]
    moves += [(t, 0, -int(p)) for t, p in zip(mine["dropoff_s"], mine["party"], strict=True)]
    return sorted(moves)


@pytest.mark.parametrize("seed", range(20))
def test_no_promise_is_broken_and_everybody_is_answered(seed):
    desk, legs = day(seed, vans=3 + seed % 4, walk_s=400.0 * (seed % 2), seats=2 + seed % 3)
    r = desk.requests
    served, refused = r["status"] == state.SERVED, r["status"] == state.REFUSED
    assert (served | refused).all()
    assert served.any()
    assert refused.any()
    assert (r["pickup_s"] <= r["pickup_by_s"] + 1e-4)[served].all()
    assert (r["dropoff_s"] - r["pickup_s"] <= r["ride_max_s"] + 1e-4)[served].all()
    assert (r["pickup_s"] >= r["ready_s"])[served].all()
    assert (r["dropoff_s"] - r["pickup_s"] >= r["direct_s"] + desk.rules.dwell_s - 1e-6)[served].all()
    for van in range(len(desk.fleet)):
        load = np.cumsum([people for _, _, people in timeline_of(desk, van)])
        assert load.max(initial=0) <= desk.fleet["seats"][van]
        assert load[-1:] == [0] * len(load[-1:])
        mine = legs[legs["van"] == van]
        assert (mine["leg"] == np.arange(len(mine))).all()
        assert (mine["depart_s"][1:] >= mine["arrive_s"][:-1]).all()
        assert (mine["from_stop"][1:] == mine["to_stop"][:-1]).all()
        np.testing.assert_allclose(mine["arrive_s"] - mine["depart_s"], SECONDS[mine["from_stop"], mine["to_stop"]])
        # Each rider was where the van was: the stop of a leg that ends at boarding, and the one at alighting.
        visits = set(zip(mine["to_stop"].tolist(), mine["arrive_s"].tolist(), strict=True))
        rides = r[served & (r["van"] == van)]
        assert {(int(q["destination"]), float(q["dropoff_s"])) for q in rides} <= visits


def test_riders_on_board_during_a_leg_are_those_the_requests_say():
    desk, legs = day(3, vans=4)
    r = desk.requests[desk.requests["status"] == state.SERVED]
    for leg in legs:
        on = (r["van"] == leg["van"]) & (r["pickup_s"] <= leg["depart_s"]) & (r["dropoff_s"] >= leg["arrive_s"])
        assert leg["riders"] == r["party"][on].sum()


def test_with_a_van_at_every_stop_nobody_waits_and_nobody_detours():
    count, nodes = 200, SIDE * SIDE
    origin = (draws(1, count, "origin") * nodes).astype(np.int32)
    destination = (origin + 7) % nodes
    desk = Desk(
        state.new_fleet(np.repeat(np.arange(nodes, dtype=np.int32), 3), 1, 0.0),
        requests(np.arange(count) * 60.0, origin, destination),
        TIMES,
        rules(**{**SERVICE, "acknowledge_s": 0.0, "lead_s": 0.0, "rider_time_weight": 100.0}),
    )
    desk.run_until(np.inf)
    waits = desk.requests["pickup_s"] - desk.requests["asked_s"]
    ride = desk.requests["dropoff_s"] - desk.requests["pickup_s"]
    assert waits.max() == 0.0
    np.testing.assert_allclose(ride, desk.requests["direct_s"] + desk.rules.dwell_s)


def test_no_fleet_serves_more_than_the_fluid_bound():
    for seed in range(5):
        desk, _ = day(seed, vans=2, count=2000, seats=2)
        served = desk.requests[desk.requests["status"] == state.SERVED]
        hours_s = desk.requests["dropoff_s"][desk.requests["status"] == state.SERVED].max()
        rider_s = (served["direct_s"] + desk.rules.dwell_s).sum()
        assert rider_s <= 2 * 2 * hours_s
        assert len(served) < 2000


def test_a_full_plan_refuses_and_loses_nobody():
    desk, _ = day(1, vans=1, count=200, hours=0.01, wait_at_most_s=1e6, plus_s=1e6)
    served = desk.requests["status"] == state.SERVED
    assert served.sum() == state.PLAN_TASKS // 2
    assert set(desk.requests["reason"][~served]) == {state.REASONS.index("no_seat")}


def paired(low, high, measure, seeds=24):
    """Mean and standard error of the paired differences high minus low."""
    gaps = np.array([measure(*day(s, **high)) - measure(*day(s, **low)) for s in range(100, 100 + seeds)])
    return gaps.mean(), gaps.std(ddof=1) / np.sqrt(seeds)


def served_share(desk, _legs):
    return float((desk.requests["status"] == state.SERVED).mean())


def km_per_trip(desk, legs):
    drive_s = (legs["arrive_s"] - legs["depart_s"]).sum()
    return float(drive_s * SPEED_MPS / 1000 / (desk.requests["status"] == state.SERVED).sum())


def test_more_vans_serve_more():
    mean, error = paired({"vans": 4}, {"vans": 6}, served_share)
    assert mean - 3 * error > 0


def test_a_longer_promise_of_waiting_serves_more():
    short, long = {"vans": 4, "wait_at_most_s": 420.0}, {"vans": 4, "wait_at_most_s": 900.0}
    mean, error = paired(short, long, served_share)
    assert mean - 3 * error > 0


def test_sharing_takes_fewer_kilometres_a_trip_than_one_seat():
    # A fleet large enough that both serve everybody, so that kilometres compare like with like.
    one, many = {"vans": 30, "seats": 1, "count": 200}, {"vans": 30, "seats": 8, "count": 200}
    assert paired(one, many, served_share, 6)[0] == pytest.approx(0.0, abs=0.02)
    mean, error = paired(one, many, km_per_trip)
    assert mean + 3 * error < 0
