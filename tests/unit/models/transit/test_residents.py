"""People of a table of areas: everybody counts once, at the nearest stop; zones by wards as zones by names."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from pydantic import ValidationError

from tests.unit.models.transit.town import build, finish, town
from twin.city.areas import areas_of
from twin.city.reading.projection import project
from twin.engine.draws import make_run_seed
from twin.errors import ScenarioError, TableError
from twin.models.transit.demand.requests import make_requests, stop_weights
from twin.models.transit.demand.residents import residents_at
from twin.models.transit.demand.zones import in_areas, zones_of
from twin.models.transit.kpis import compute
from twin.models.transit.params import Demand, TransitParams

BY_TABLE = Demand(residents_table="m", station_share=0)
LON, LAT = 135.5, 34.65


def placed():
    """The town of the other tests, moved to where its degrees say: 1.2 km by 1.2 km."""
    city = town()
    x0, y0 = (float(v[0]) for v in project(city.crs, [LON], [LAT]))
    places = tuple(dataclasses.replace(p, x_m=p.x_m + x0, y_m=p.y_m + y0) for p in city.places)
    drive = city.drive
    drive = dataclasses.replace(
        drive,
        x_m=drive.x_m + x0,
        y_m=drive.y_m + y0,
        vertex_x_m=drive.vertex_x_m + x0,
        vertex_y_m=drive.vertex_y_m + y0,
    )
    return dataclasses.replace(city, drive=drive, walk=drive, places=places)


def squares(*rows):
    """Boxes in thousandths of a degree from the corner of the town, with people."""
    box = np.array([row[:4] for row in rows], float) / 1000
    names = np.array([f"a{k}" for k in range(len(rows))])
    return {"m": {
        "area": names, "west": LON + box[:, 0], "south": LAT + box[:, 1], "east": LON + box[:, 2],
        "north": LAT + box[:, 3], "people": np.array([row[4] for row in rows], float),
    }}  # fmt: skip


def test_everybody_counts_once_at_the_stop_nearest_to_home():
    """Against a slow twin that asks every point for every stop."""
    city, tables = (
        placed(),
        squares((0, 0, 3, 3, 900), (5, 2, 9, 9, 1500.5), (-60, 0, -50, 5, 77), (4, 4, 4.5, 4.5, np.nan)),
    )
    stops = city.places_of("stop")
    found = residents_at(BY_TABLE, tables, city, stops)
    assert found.at_stop.sum() + found.beyond == pytest.approx(2477.5)
    assert found.people == pytest.approx(2477.5)
    assert found.unknown == 1
    assert found.beyond == pytest.approx(77)
    x_m, y_m, share, _ = areas_of("m", tables, city.crs).spread(np.nan_to_num(tables["m"]["people"]))
    slow = np.zeros(len(stops))
    for x, y, people in zip(x_m, y_m, share, strict=True):
        away = [np.hypot(stop.x_m - x, stop.y_m - y) for stop in stops]
        if min(away) <= 1000:
            slow[int(np.argmin(away))] += people
    np.testing.assert_allclose(found.at_stop, slow, rtol=1e-12)
    np.testing.assert_allclose(stop_weights(BY_TABLE, city, stops, tables), slow / slow.sum(), rtol=1e-12)


def test_shares_approach_the_area_of_each_stops_ground():
    """A square over a regular grid of stops: inner stops have all the ground within half the spacing of them."""
    city = placed()
    stops = city.places_of("stop")[:25]  # 300 m apart, the twin of the last left out
    x = np.array([stop.x_m for stop in stops])
    y = np.array([stop.y_m for stop in stops])
    wide = (x.max() - x.min(), y.max() - y.min())
    tables = squares((0, 0, wide[0] / 91.55, wide[1] / 110.95, 10_000))
    at_stop = residents_at(BY_TABLE, tables, city, stops).at_stop.reshape(5, 5)
    np.testing.assert_allclose(at_stop[1:-1, 1:-1], 10_000 / 16, rtol=0.15)
    np.testing.assert_allclose(at_stop[0, 1:-1], 10_000 / 32, rtol=0.3)
    assert at_stop[0, 0] < at_stop[0, 1] < at_stop[1, 1]


def test_more_people_in_one_square_move_nobody_of_another():
    city, stops = placed(), placed().places_of("stop")
    few = residents_at(BY_TABLE, squares((0, 0, 3, 3, 900), (9, 9, 12, 12, 10)), city, stops).at_stop
    many = residents_at(BY_TABLE, squares((0, 0, 3, 3, 900), (9, 9, 12, 12, 500)), city, stops).at_stop
    changed = many - few
    assert changed.sum() == pytest.approx(490)
    assert (changed >= -1e-9).all()
    assert np.count_nonzero(changed > 1e-9) < len(stops) / 2


def test_requests_begin_where_people_live_and_notes_say_so():
    city, tables = placed(), squares((-1, -1, 2, 13, 4000), (11, -1, 14, 13, 0))
    demand = {"requests_per_day": 20_000, "residents_table": "m", "station_share": 0, "shortest_trip_m": 0}
    params = TransitParams.model_validate({"demand": demand})
    stops = city.places_of("stop")
    made = make_requests(params, city, stops, tables, make_run_seed(3, 0), 0.0, 86400.0)
    weights = stop_weights(params.demand, city, stops, tables)
    seen = np.bincount(made["origin"], minlength=len(stops)) / len(made)
    assert np.abs(seen - weights).max() < 4 * np.sqrt(weights.max() / len(made))
    assert seen[np.array([stop.x_m for stop in stops]) - stops[0].x_m > 700].sum() == 0


def test_tables_of_another_city_are_refused():
    city = placed()
    with pytest.raises(TableError, match="nobody of table m lives within 1000 m of a stop, of 50 people"):
        residents_at(BY_TABLE, squares((4000, 0, 4010, 10, 50)), city, city.places_of("stop"))
    with pytest.raises(TableError, match="holds no areas"):
        residents_at(BY_TABLE, {"m": {"x": np.zeros(1)}}, city, city.places_of("stop"))
    other = {**squares((0, 0, 3, 3, 900))["m"]}
    other["men"] = other.pop("people")
    with pytest.raises(TableError, match=r"has no numbers 'people'"):
        residents_at(BY_TABLE, {"m": other}, city, city.places_of("stop"))


ZONES = {"west": {"inside": ["a0", "a2"], "requests_per_day": 300}, "east": {"inside": ["a1"], "requests_per_day": 300}}
HALVES = squares((-1, -1, 6, 5, 0), (6, -1, 20, 20, 0), (-1, 5, 6, 20, 0), (500, 500, 501, 501, 0))


def test_zones_by_areas_hold_the_stops_that_lie_in_them():
    city = placed()
    params = TransitParams.model_validate({"zones_table": "m", "zones": ZONES, "demand": {"station_share": 0}})
    stops = in_areas(params, city.places_of("stop"), HALVES, city.crs)
    zones = zones_of(params, stops)
    edge = float(project(city.crs, [LON + 0.006], [LAT])[0][0])
    assert [zones.names[k] for k in zones.of_stop] == ["west" if stop.x_m < edge else "east" for stop in stops]
    assert 0 < zones.of_stop.sum() < len(stops)


def test_a_run_keeps_trips_in_their_zone_of_areas_and_tells_figures_by_it():
    params = {"zones_table": "m", "zones": ZONES, "demand": {"station_share": 0}, "fleet": {"count": 4}}
    model, transit = build(params, city=placed(), tables=HALVES, end_s=9.5 * 3600)
    tables = finish(model, transit)
    requests, zone = tables["transit_requests"], tables["transit_stops"]["zone"]
    assert len(requests["from_stop"]) > 10
    assert (zone[requests["from_stop"]] == zone[requests["to_stop"]]).all()
    asked = {kpi.group: kpi.value for kpi in compute(tables) if kpi.kpi == "transit.asked_count"}
    assert asked["west"] + asked["east"] == asked["all"] == len(requests["from_stop"])
    assert min(asked["west"], asked["east"]) > 0


def test_zones_by_areas_that_cannot_be_are_refused():
    city = placed()
    stops = city.places_of("stop")

    def zones(**inside):
        return TransitParams.model_validate(
            {"zones_table": "m", "zones": {k: {"inside": v, "requests_per_day": 9} for k, v in inside.items()}}
        )

    with pytest.raises(ScenarioError, match="names the area 'a9', which is none of table m"):
        in_areas(zones(west=["a9"]), stops, HALVES, city.crs)
    with pytest.raises(ScenarioError, match="the area a0 lies in two zones"):
        in_areas(zones(west=["a0"], east=["a0"]), stops, HALVES, city.crs)
    with pytest.raises(ScenarioError, match=r"no stop lies in zone far \(a3\)"):
        in_areas(zones(west=["a0"], far=["a3"]), stops, HALVES, city.crs)
    for wrong in (
        {"zones": {"a": {"inside": ["x"], "requests_per_day": 1}}},
        {"zones_table": "m"},
        {"zones_table": "m", "zones": {"a": {"area": ["x"], "requests_per_day": 1}}},
        {"zones_table": "m", "zones": {"a": {"area": ["x"], "inside": ["y"], "requests_per_day": 1}}},
    ):
        with pytest.raises(ValidationError):
            TransitParams.model_validate(wrong)
