"""What cars know at the start: a static equilibrium of the first hour, where the scenario asks for it."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from tests.unit.models.road_traffic.conftest import city_of, street_layer
from tests.unit.models.road_traffic.test_edits_heeded import FORK, LONG, SHORT, od
from twin.engine.city_model import CityModel
from twin.models.road_traffic.model import RoadTraffic
from twin.models.road_traffic.params import RoadParams


def road(cars, static, hours=1.0):
    """Cars over a fork of a short and a long way; only the short one is quick when empty."""
    background = {"od_table": "od", "route_spread": 0.15, "replan_share": 0.0, "news_every_s": 3600.0}
    params = RoadParams.model_validate(
        {"form": "queueing", "background": background | ({} if static is None else {"static": static})}
    )
    made = RoadTraffic(params, city_of(street_layer(6, FORK)), {"od": od(float(cars))})
    model = CityModel([made], start_s=0.0, end_s=3600.0 * hours, step_s=30.0, run_seed=np.uint64(1))
    return model, made


def test_times_are_those_at_which_nobody_gains_by_the_other_way():
    _, made = road(4000, {"lane_capacity_per_s": "1000 /h"})
    times = made._routes.cost_s
    free_s = road(4000, None)[1]._routes.cost_s
    short, long = times[[SHORT, 3]].sum(), times[[LONG, 5]].sum()
    assert times[SHORT] > 1.5 * free_s[SHORT]
    assert times[LONG] > 1.0001 * free_s[LONG]  # both ways are in use
    assert short == pytest.approx(long, rel=2e-3)


def test_few_cars_leave_all_links_as_empty_ones():
    assert road(1, {})[1]._routes.cost_s == pytest.approx(road(1, None)[1]._routes.cost_s, rel=1e-9)
    assert (road(0, {})[1]._routes.cost_s == road(0, None)[1]._routes.cost_s).all()


def test_the_same_cars_take_other_ways_than_those_who_know_empty_streets():
    metres = {}
    for static in (None, {"lane_capacity_per_s": "200 /h"}):
        model, made = road(400, static, hours=0.5)
        while model.now_s < 1800.0:
            model.step()
        trips = made.drain_tables()["road_trips"]
        metres[static is None] = set(trips["metres_m"].round().tolist())
    assert metres[True] == {4000.0}
    assert 6000.0 in metres[False]


def test_it_needs_queues():
    with pytest.raises(ValidationError, match=r"background\.static needs form: queueing"):
        RoadParams.model_validate({"form": "free_flow", "background": {"static": {}}})
