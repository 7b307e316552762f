"""Exits of other lines: where they lie, whom they take, and that luck of the others stays theirs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.models.pedestrian.small_city import grid_city, model_of, params_for, run_to_end
from twin.city.reading.projection import project
from twin.errors import ScenarioError
from twin.models.pedestrian.demand.more_exits import with_more_exits
from twin.models.pedestrian.params import PedestrianParams

NUMBERS = {"shopper": 6000.0}
DEGREES = (135.5, 34.7)


@pytest.fixture
def city():
    """The grid, where its degrees say it is."""
    found = grid_city()
    x_m, y_m = (float(v[0]) for v in project(found.crs, [DEGREES[0]], [DEGREES[1]]))
    layer = replace(found.walk, x_m=found.walk.x_m + x_m, y_m=found.walk.y_m + y_m)
    return replace(found, walk=layer)


def day(city, **more):
    params = params_for(NUMBERS, **more)
    return run_to_end(*model_of(params, city, end_s=7200.0, step_s=300.0))["pedestrian_visits"]


def test_it_takes_its_share_of_the_riders_at_the_node_nearest_to_it(city):
    # The corners have 100, 200, 300 and 400 riders.
    more = {"KH": {"at": DEGREES, "riders": 1000.0, "station": "Keihan"}}
    extended = with_more_exits(city, params_for(NUMBERS, more_exits=more).more_exits)
    place = extended.place_by_id["test/exit/KH"]
    assert (place.walk_node, place.attributes["station"]) == (0, "Keihan")
    assert with_more_exits(city, {}) is city
    visits = day(city, more_exits=more)
    came = visits["people"][visits["entry_exit"] == "test/exit/KH"].sum() / visits["people"].sum()
    assert came == pytest.approx(0.5, abs=4 * np.sqrt(0.25 / len(visits)))


def test_without_riders_it_moves_nobody_elses_luck(city):
    before, after = day(city), day(city, more_exits={"KH": {"at": DEGREES, "riders": 0.0}})
    np.testing.assert_array_equal(np.sort(before["id"]), np.sort(after["id"]))
    for name in ("enter_s", "budget_s"):
        np.testing.assert_array_equal(before[name][np.argsort(before["id"])], after[name][np.argsort(after["id"])])


def test_far_from_every_pavement_or_by_a_name_that_is_taken_it_is_refused(city):
    with pytest.raises(ScenarioError, match=r"lies .* m from the nearest pavement"):
        day(city, more_exits={"KH": {"at": (135.6, 34.7), "riders": 10.0}})
    with pytest.raises(ScenarioError, match="the map has an exit e0 already"):
        day(city, more_exits={"e0": {"at": DEGREES, "riders": 10.0}})
    with pytest.raises(ValueError, match="is no \\[longitude, latitude\\]"):
        PedestrianParams.model_validate({"more_exits": {"x": {"at": (34.7, 135.5), "riders": 10.0}}})
