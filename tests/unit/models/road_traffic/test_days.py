"""Background cars that repeat their day before the run: what they learned, its books, and its place in checkpoints."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from pydantic import ValidationError

from twin.city.city import City, Place
from twin.city.rules import EVERY_DAY
from twin.engine.city_model import CityModel
from twin.models.road_traffic.model import RoadTraffic
from twin.models.road_traffic.params import RoadParams

# Without compilation the hash of the draws overflows aloud, as it should.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")

#: From 0 to 5 by 1 or, longer, by 2-3-4; and back.
LINKS = [(0, 1), (1, 5), (0, 2), (2, 3), (3, 4), (4, 5), (5, 0)]
DAYS = {"gap": 0.02, "most_days": 40, "interval_s": 60.0}


@pytest.fixture
def drive(layer_of):
    return layer_of(6, LINKS)


def made(layer, days=DAYS, cars=1500, background=None):
    places = tuple(Place(f"t/entry/{i}", "entry", "", "", 0, 0, 0, 0, i, -1) for i in (0, 5))
    city = City("t", "EPSG:6674", True, (), "left", layer, layer, places, "0")
    table = {
        "from_place": np.array(["t/entry/0"]), "to_place": np.array(["t/entry/5"]),
        "from_s": np.array([0.0]), "to_s": np.array([900.0]), "count": np.array([float(cars)]),
    }  # fmt: skip
    params = RoadParams(
        form="queueing", background={"od_table": "od", "days": days, "route_spread": 0.0, **(background or {})}
    )
    road = RoadTraffic(params, city, {"od": table})
    return road, CityModel([road], start_s=0.0, end_s=7200.0, step_s=60.0, run_seed=np.uint64(7), trace_share=0.0)


def driven(road, model, steps=120):
    for _ in range(steps):
        model.step()
    assert road.is_empty()
    tables = road.drain_tables()
    model.close()
    return tables


def test_both_ways_cost_the_same_once_the_days_have_settled(drive):
    tables = driven(*made(drive))
    days, trips = tables["road_days"], tables["road_trips"]
    assert days["relative_gap"][-1] <= 0.02
    assert days["switched_count"][-1] == 0
    # Whoever leaves in the second half finds both ways in use: all of a minute take the same.
    late = trips["enter_s"] > 450.0
    minute = (trips["enter_s"][late] // 60).astype(int)
    took_s = (trips["leave_s"] - trips["enter_s"])[late]
    assert set(np.unique(trips["metres_m"][late])) == {2000.0, 4000.0}
    for i in np.unique(minute):
        of_long = trips["metres_m"][late][minute == i] > 3000.0
        if of_long.any() and not of_long.all():
            a, b = took_s[minute == i][of_long].mean(), took_s[minute == i][~of_long].mean()
            assert a == pytest.approx(b, rel=0.15)


def test_the_day_they_know_is_shorter_than_the_one_they_learn_on_the_way(drive):
    known = driven(*made(drive))["road_trips"]
    blind = driven(*made(drive, days=None, background={"replan_share": 0.0, "news_weight": 0.001}))["road_trips"]
    assert (known["leave_s"] - known["enter_s"]).mean() < 0.9 * (blind["leave_s"] - blind["enter_s"]).mean()


def test_what_was_learned_is_in_the_checkpoint_and_in_the_notes(drive):
    road, model = made(drive)
    for _ in range(5):
        model.step()
    saved = {key: values.copy() for key, values in model.state().items()}
    again_road, again = made(drive)
    again.restore(saved)
    assert {k: v.tobytes() for k, v in again.state().items()} == {k: v.tobytes() for k, v in saved.items()}
    for _ in range(5):
        model.step()
        again.step()
    assert {k: v.tobytes() for k, v in again.state().items()} == {k: v.tobytes() for k, v in model.state().items()}
    assert list(again_road.notes) == list(road.notes)
    assert "1500 background cars repeated their day" in road.notes[-1]
    assert "as wanted" in road.notes[-1]
    for one in (model, again):
        one.close()
    road, model = made(drive, days={"gap": 0.0, "most_days": 2})
    model.step()
    assert "NOT settled" in road.notes[-1]
    model.close()


@pytest.mark.parametrize("sequence", [(1, 3), (1, 3, 4)])
def test_nobody_learns_a_turn_that_is_banned(drive, sequence):
    """Links 1, 3, 4 are the long way; a ban over three of them is no ban of any pair."""
    rules = drive.rules
    banned = dataclasses.replace(
        rules,
        ban_ptr=np.array([0, len(sequence)], rules.ban_ptr.dtype),
        ban_link=np.array(sequence, rules.ban_link.dtype),
        ban_classes=np.array([255], rules.ban_classes.dtype),
        ban_days=np.array([EVERY_DAY], rules.ban_days.dtype),
        ban_from_s=np.array([0.0]),
        ban_to_s=np.array([86400.0]),
    )
    tables = driven(*made(dataclasses.replace(drive, rules=banned), cars=700))
    assert np.unique(tables["road_trips"]["metres_m"]).tolist() == [2000.0]


def test_free_flow_refuses_days():
    with pytest.raises(ValidationError, match="needs form: queueing"):
        RoadParams(background={"days": {}})
