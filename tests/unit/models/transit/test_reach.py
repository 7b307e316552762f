"""Cells within reach from door to door: on foot and by van by hand, by bus as each single journey would be."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.models.transit.test_bus import LINE
from tests.unit.models.transit.town import build, finish, town
from twin.models.transit.bus.journeys import Walks, find_journeys
from twin.models.transit.bus.params import BusParams, ReachParams
from twin.models.transit.bus.reach import VanMeans, lay_cells, reach_rows
from twin.models.transit.bus.service import BusService
from twin.models.transit.kpis import compute

SPEEDS, WEIGHT = np.array([1.2, 1.0, 0.8]), np.array([0.6, 0.3, 0.1])
#: Every four minutes, a minute from stop to stop: faster than walking.
BUS = {"stops_table": "line", "lines": {"12": {"headways": [{"hours": "06:00-20:00", "every": "4 min"}]}}}
TABLES = {"line": {**LINE, "minutes": np.array([0.0, 1.0, 1.0, 1.0, 1.0])}}
NO_VAN = VanMeans(np.nan, np.nan)


def rows(params, means=NO_VAN, bus=None, city=None, empty_s=None):
    city = city or town()
    stops = city.places_of("stop")
    empty = np.full((len(stops), len(stops)), 300.0) if empty_s is None else empty_s
    np.fill_diagonal(empty, 0.0)
    found = reach_rows(ReachParams.model_validate(params), city, stops, empty, means, bus, SPEEDS, WEIGHT)
    return lay_cells(city, stops, ReachParams.model_validate(params).cell_m), found


def test_on_foot_it_is_the_way_along_streets():
    cells, found = rows({"within_s": 600})
    city = town()
    x, y = city.walk.x_m[cells.node], city.walk.y_m[cells.node]
    metres = np.abs(x[:, None] - x) + np.abs(y[:, None] - y)
    for name, speed in zip(("adult", "age_65", "wheelchair"), SPEEDS, strict=True):
        mine = found["age_group"] == name
        assert found["on_foot"][mine].tolist() == (metres / speed <= 600).sum(axis=1).tolist()
    assert np.isnan(found["by_bus"]).all()
    assert np.isnan(found["by_van"]).all()


def test_by_van_it_is_the_mean_wait_and_the_ride():
    # 600 s of waiting and rides of 1.5 x 300 s: 1,050 s and the walk from the last stop.
    _, enough = rows({"within_s": 1800}, VanMeans(600.0, 1.5))
    assert (enough["by_van"] == len(enough["by_van"]) / 3).all()
    _, none = rows({"within_s": 1049}, VanMeans(600.0, 1.5))
    assert (none["by_van"] == none["on_foot"]).all()


def test_by_bus_it_is_what_single_journeys_tell():
    bus = BusService(BusParams.model_validate(BUS), town(), TABLES, 1.2)
    params = {"within_s": 720, "hours": "07:00-08:00", "every": "7 min"}
    cells, found = rows(params, bus=bus)
    depart_s = np.arange(7 * 3600.0, 8 * 3600.0, 420.0)
    n = len(cells.node)
    adult = found["by_bus"][found["age_group"] == "adult"]
    x, y = town().walk.x_m[cells.node], town().walk.y_m[cells.node]
    on_foot = (np.abs(x[:, None] - x) + np.abs(y[:, None] - y)) / 1.2 <= 720
    for cell in range(0, n, 5):
        leave = np.repeat(depart_s, n)
        access = bus.ground.walks(np.full(len(leave), cells.node[cell]), 800.0, np.full(len(leave), 1.2))
        egress = bus.ground.walks(np.tile(cells.node, len(depart_s)), 800.0, np.full(len(leave), 1.2))
        single = find_journeys(bus.table, leave, Walks(*access), Walks(*egress), rounds=3, change_s=60.0)
        there = (single.arrive_s - leave).reshape(len(depart_s), n) <= 720
        assert adult[cell] == pytest.approx((there | on_foot[cell]).sum(axis=1).mean())
    assert (adult > found["on_foot"][found["age_group"] == "adult"]).any()


def test_a_run_tells_how_far_people_get():
    params = {"demand": {"requests_per_day": 1500}, "fleet": {"count": 5}, "bus": BUS, "reach": {"within_s": 720}}
    model, transit = build(params, tables=TABLES)
    tables = finish(model, transit)
    assert "transit_reach" not in tables
    transit.finish()
    tables.update(transit.drain_tables())
    values = {(k.kpi, k.group): k.value for k in compute(tables)}
    for way in ("on_foot", "by_bus", "by_van", "by_public"):
        adult, older = (values[f"transit.reach_{way}_cells", group] for group in ("adult", "age_65"))
        assert adult >= older >= 1.0
        assert older <= values[f"transit.reach_{way}_cells", "all"] <= adult
    assert values["transit.reach_by_bus_cells", "all"] > values["transit.reach_on_foot_cells", "all"]
    best = max(values[f"transit.reach_by_{way}_cells", "all"] for way in ("bus", "van"))
    assert values["transit.reach_by_public_cells", "all"] >= best
