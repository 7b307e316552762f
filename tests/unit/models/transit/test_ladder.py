"""The ladder of dispatch on the real road: promises kept, vans turned on their way, the same bytes whatever happens."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.models.transit.town import BUSY, assert_same, build, finish, merged
from twin.engine.checkpoint import read_checkpoint, write_checkpoint

HOUR_S = 3600.0
RUNGS = ("reoptimise", "assignment")


def busy(strategy, **dispatch):
    return {**BUSY, "dispatch": {"strategy": strategy, **dispatch}}


@pytest.fixture(scope="module")
def days():
    made = {}
    for name in ("cheapest_insertion", *RUNGS):
        model, transit = build(busy(name), end_s=10 * HOUR_S)
        made[name] = finish(model, transit), transit, model
    return made


@pytest.mark.parametrize("name", RUNGS)
def test_every_promise_is_kept_and_everybody_is_answered(days, name):
    tables, transit, _ = days[name]
    rows = tables["transit_requests"]
    served = rows["outcome"] == "served"
    assert len(rows["id"]) == len(transit.desk.requests)
    assert served.sum() > 100
    assert (rows["pickup_s"][served] <= rows["promised_pickup_s"][served] + 1e-6).all()
    ride_s = (rows["dropoff_s"] - rows["pickup_s"])[served]
    assert (ride_s <= rows["promised_ride_s"][served] + 1e-6).all()


@pytest.mark.parametrize("name", RUNGS)
def test_plans_made_anew_shorten_waits(days, name):
    def mean_wait(which):
        rows = days[which][0]["transit_requests"]
        served = rows["outcome"] == "served"
        return served.mean(), (rows["pickup_s"] - rows["asked_s"])[served].mean()

    plain, anew = mean_wait("cheapest_insertion"), mean_wait(name)
    assert anew[0] >= plain[0] - 0.02
    assert anew[1] < 0.95 * plain[1]


@pytest.mark.parametrize("name", RUNGS)
def test_the_road_turns_vans_where_dispatch_says(days, name):
    """Kilometres of the drives told by transit are those that the road counted for vans, turns included."""
    tables, transit, model = days[name]
    road = model.sim_models[0].drain_tables()
    trips = road["road_trips"]
    assert transit.turns_missed == model.sim_models[0].missed_repaths == 0
    legs = tables["transit_legs"]
    assert sum(days[rung][1].turns for rung in RUNGS) >= 1
    counted = {
        (int(i), float(t)): m for i, t, m in zip(trips["id"], trips["leave_s"], trips["metres_m"], strict=True)
    }  # the last drives may have ended on the road without having been told yet
    driven = [counted[int(i), float(t)] for i, t in zip(legs["van"], legs["arrive_s"], strict=True)]
    np.testing.assert_allclose(driven, legs["metres_m"])


@pytest.mark.parametrize("name", RUNGS)
def test_a_day_taken_up_in_the_middle_gives_the_same_bytes(days, name, tmp_path):
    model, transit = build(busy(name), end_s=10 * HOUR_S)
    while model.now_s < 9.02 * HOUR_S:
        model.step()
    parts = [transit.drain_tables()]
    write_checkpoint(tmp_path / "at.npz", model.state())
    again, resumed = build(busy(name), end_s=10 * HOUR_S)
    again.restore(read_checkpoint(tmp_path / "at.npz"))
    assert_same(days[name][0], merged([*parts, finish(again, resumed)]))


def test_the_step_is_no_parameter_of_the_answer(days):
    other = finish(*build(busy("reoptimise"), end_s=10 * HOUR_S, step_s=10.0))
    assert_same(days["reoptimise"][0], other)


def test_an_unknown_strategy_is_told_with_the_known_ones():
    with pytest.raises(ValueError, match="no strategy is named 'best'; known: assignment, cheapest_insertion"):
        build(busy("best"))
