"""Stops of the map, of a table, or laid on a mesh."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.unit.models.transit.town import BUSY, build, finish, town
from twin.city.reading.projection import project
from twin.errors import CityError, TableError
from twin.models.transit.demand.requests import make_requests
from twin.models.transit.demand.stops import find_stops
from twin.models.transit.params import Stops, TransitParams


def real_town():
    """The town with its metres where its degrees say they are."""
    city = town()
    x_m, y_m = project(city.crs, city.drive.lon_deg, city.drive.lat_deg)
    return dataclasses.replace(city, drive=dataclasses.replace(city.drive, x_m=x_m, y_m=y_m))


def table(**columns):
    return {"stops": {name: np.array(values) for name, values in columns.items()}}


def test_a_mesh_has_one_stop_per_cell_at_a_crossing():
    city = dataclasses.replace(town(), places=())
    stops = find_stops(city, Stops(mesh_m=300.0), (), {})
    # 1200 m of streets: cells of 300 m, the last row and column on the border.
    assert len(stops) == 25
    assert len({stop.drive_node for stop in stops}) == 25
    assert stops[0].id == "town/stop/r000c000"
    for stop in stops:
        row, column = int(stop.id[-6:-4]), int(stop.id[-3:])
        assert abs(stop.x_m - (column + 0.5) * 300) <= 150
        assert abs(stop.y_m - (row + 0.5) * 300) <= 150


def test_a_day_runs_on_virtual_stops():
    city = dataclasses.replace(town(), places=())
    rows = finish(*build({**BUSY, "stops": {"mesh_m": 300.0}}, city=city))["transit_requests"]
    assert (rows["outcome"] == "served").sum() > 100


def test_stops_of_a_table_go_to_their_crossings():
    city = real_town()
    lon, lat = city.drive.lon_deg[[3, 40]], city.drive.lat_deg[[3, 40]]
    stops = find_stops(city, Stops(table="stops"), (), table(id=["b", "a"], lat=lat, lon=lon, name=["今里", "勝山"]))
    assert [(stop.id, stop.name_ja, stop.drive_node) for stop in stops] == [
        ("town/stop/a", "勝山", 40),
        ("town/stop/b", "今里", 3),
    ]


def test_numbers_as_ids_mean_what_they_say():
    city = real_town()
    stops = find_stops(
        city,
        Stops(table="stops"),
        (),
        table(id=[12.0, 7.0], lat=city.drive.lat_deg[[3, 40]], lon=city.drive.lon_deg[[3, 40]]),
    )
    assert [stop.id for stop in stops] == ["town/stop/12", "town/stop/7"]
    params = TransitParams.model_validate({"demand": {"table": "bookings"}})
    bookings = {"time": np.array([1.0]), "from_stop": np.array([7.0]), "to_stop": np.array([12])}
    made = make_requests(params, city, stops, {"bookings": bookings}, np.uint64(1), 0.0, 10.0)
    assert (made["origin"][0], made["destination"][0]) == (1, 0)


def test_wrong_stops_are_told_with_their_rows():
    city = real_town()
    with pytest.raises(TableError, match=r"m from the nearest street(.|\n)*row 1(.|\n)*stands twice(.|\n)*row 2"):
        find_stops(
            city,
            Stops(table="stops"),
            (),
            table(id=["a", "a"], lat=[34.9, city.drive.lat_deg[0]], lon=[135.0, city.drive.lon_deg[0]]),
        )
    with pytest.raises(TableError, match="is no place on earth"):
        find_stops(city, Stops(table="stops"), (), table(id=["a"], lat=[134.0], lon=[35.0]))
    with pytest.raises(TableError, match="lacks the columns lon"):
        find_stops(city, Stops(table="stops"), (), table(id=["a"], lat=[34.0]))
    with pytest.raises(TableError, match="does not declare"):
        find_stops(city, Stops(table="other"), (), {})
    with pytest.raises(ValueError, match="not from both"):
        Stops(table="stops", mesh_m=300.0)


def test_a_city_without_stops_says_how_to_get_some():
    with pytest.raises(CityError, match=r"transit\.stops\.mesh: 300 m"):
        find_stops(dataclasses.replace(town(), places=()), Stops(), (), {})


def test_stops_that_vans_cannot_reach_are_named():
    city = town()
    lost = dataclasses.replace(city.places[0], drive_node=-1)
    with pytest.raises(CityError, match="stop town/stop/s00 lies on no street"):
        find_stops(dataclasses.replace(city, places=(lost,)), Stops(), (), {})


@pytest.mark.parametrize("lights", [False, True])
def test_transit_serves_a_ward_of_the_real_map(shared_data, lights):
    """Without lights every promise is kept; with them a van may meet more red than the mean it was planned with."""
    from twin.city.keeping.build import build_city

    city = build_city(shared_data / "osaka-kita-osm-drive" / "kita_drive.graphml.gz")
    params = {"stops": {"mesh_m": 300.0}, "fleet": 8, "demand": {"requests_per_day": 436, "shortest_trip_m": 800.0}}
    model, transit = build(params, city=city, end_s=10 * 3600.0, road={"signals": {"default_plan": lights}})
    assert 80 <= len(transit.stops) <= 250
    rows = finish(model, transit)["transit_requests"]
    served = rows["outcome"] == "served"
    assert served.mean() > 0.9
    late_s = np.maximum(
        rows["pickup_s"] - rows["promised_pickup_s"], rows["dropoff_s"] - rows["pickup_s"] - rows["promised_ride_s"]
    )[served]
    if lights:
        assert (late_s > 1e-3).mean() < 0.05
        assert late_s.max() < 120.0  # less than two cycles of a light
    else:
        assert late_s.max() < 1e-3
