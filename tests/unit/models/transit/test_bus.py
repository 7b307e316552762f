"""Buses on fixed routes: timetables from tables and lines, stops on streets, buses in the run."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from pydantic import ValidationError

from tests.unit.models.transit.town import BUSY, assert_same, build, finish, town
from twin.engine.checkpoint import read_checkpoint, write_checkpoint
from twin.errors import CityError, TableError
from twin.models.transit.bus.params import BusParams
from twin.models.transit.bus.service import BusService
from twin.models.transit.bus.trips import read_trips
from twin.models.transit.kpis import compute

#: Every second crossing of the lowest street of the town: 300 m apart.
ALONG = [f"town/stop/s{i:02d}" for i in range(5)]
LINE = {"line": np.array(["12"] * 5), "stop": np.array(ALONG), "minutes": np.array([0.0, 2.0, 2.0, 2.0, 2.0])}
BUS = {"stops_table": "line", "lines": {"12": {"headways": [{"hours": "07:00-10:00", "every": "30 min"}]}}}
TABLES = {"line": LINE}


def service(bus=None, tables=None, city=None):
    return BusService(BusParams.model_validate(bus or BUS), city or town(), tables or TABLES, 1.2)


def stop_times(**changes):
    table = {
        "route": ["a"] * 4, "trip": ["t1", "t1", "t2", "t2"], "sequence": [1, 2, 1, 2], "stop": ALONG[:2] * 2,
        "arrival_s": [100.0, 200.0, 300.0, 400.0], "departure_s": [100.0, 210.0, 300.0, 400.0], **changes,
    }  # fmt: skip
    return {"times": {key: np.array(values) for key, values in table.items()}}


def test_a_line_leaves_by_its_headways_both_ways():
    stops, trips = read_trips(BusParams.model_validate(BUS), town(), TABLES)
    assert stops.id == tuple(ALONG)
    assert len(trips) == 2 * 6
    out = [trip for trip in trips if trip.stop[0] == 0]
    assert [trip.departure_s[0] for trip in out] == [7 * 3600.0 + 1800 * n for n in range(6)]
    assert {trip.arrival_s[-1] - trip.departure_s[0] for trip in trips} == {480.0}
    back = next(trip for trip in trips if trip.stop[0] == 4)
    assert back.stop == (4, 3, 2, 1, 0)


def test_hours_of_a_line_may_not_overlap_and_one_way_is_one_way():
    one_way = {**BUS, "lines": {"12": {**BUS["lines"]["12"], "both_ways": False}}}
    assert len(read_trips(BusParams.model_validate(one_way), town(), TABLES)[1]) == 6
    spans = [{"hours": "07:00-10:00", "every": "30 min"}, {"hours": "09:00-11:00", "every": "30 min"}]
    with pytest.raises(ValidationError, match="headways overlap: hours from 7 h to 10 h and from 9 h"):
        BusParams.model_validate({"stops_table": "line", "lines": {"12": {"headways": spans}}})


@pytest.mark.parametrize(
    ("bus", "said"),
    [
        ({}, "give times_table: the name of a table of stop times, or stops_table: and lines:"),
        ({"times_table": "t", "stops_table": "s"}, "and not both"),
        ({"stops_table": "s"}, "stops_table has no lines"),
        ({"times_table": "t", "lines": BUS["lines"]}, "a table of stop times tells its departures; leave lines out"),
    ],
)
def test_one_source_of_trips(bus, said):
    with pytest.raises(ValidationError, match=said):
        BusParams.model_validate(bus)


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({}, "names the table 'line', which the scenario does not declare"),
        ({"line": {"line": LINE["line"], "stop": LINE["stop"]}}, "lacks the columns minutes"),
        ({"line": {**LINE, "stop": np.array(["nowhere", *ALONG[1:]])}}, "stop nowhere is no place of the city"),
        ({"line": {**LINE, "minutes": np.array([0.0, 2.0, np.nan, 2.0, -1.0])}}, "2 problems"),
        ({"line": {**LINE, "line": np.array(["12"] * 4 + ["13"])}}, "2 problems"),
        ({"line": {**LINE, "lat": np.full(5, 95.0), "lon": np.full(5, 135.5)}}, "5 problems"),
    ],
)
def test_wrong_lines_are_told(tables, said):
    with pytest.raises(TableError, match=said):
        read_trips(BusParams.model_validate(BUS), town(), tables)


def test_a_table_of_stop_times():
    stops, trips = read_trips(BusParams(times_table="times"), town(), stop_times())
    assert [trip.name for trip in trips] == ["t1", "t2"]
    assert trips[0].departure_s == (100.0, 210.0)
    assert stops.id == tuple(ALONG[:2])
    for changes in ({"arrival_s": [100.0, 90.0, 300.0, 400.0]}, {"departure_s": [100.0, np.nan, 300.0, 400.0]}):
        with pytest.raises(TableError, match="trip t1 goes back in time or lacks a time"):
            read_trips(BusParams(times_table="times"), town(), stop_times(**changes))
    with pytest.raises(TableError, match="trip t9 has one stop"):
        read_trips(BusParams(times_table="times"), town(), stop_times(trip=["t1", "t1", "t9", "t8"]))


def test_stops_are_put_on_streets_and_those_off_the_map_are_counted():
    bus = service()
    assert bus.ground.told == "5 of 5 bus stops put on streets, 0 m away on average, 0 m at most"
    city = town()
    places = [
        dataclasses.replace(p, x_m=p.x_m + (9e5 if p.id == ALONG[4] else 40.0), y_m=p.y_m - 30.0) for p in city.places
    ]
    moved = service(city=dataclasses.replace(city, places=tuple(places)))
    assert moved.ground.told.startswith("4 of 5 bus stops put on streets, 30 m away on average, 30 m at most; 1 lie")
    assert moved.ground.told.endswith(f"nobody gets on or off there: {ALONG[4]}")
    # Along the street to the crossing behind or ahead, and across to the stop.
    assert moved.ground.to_node_m[1, [0, 2, 4]].tolist() == pytest.approx([300 + 40 + 30, 40 + 30, 300 - 40 + 30])
    assert moved.hop_m(3, 4) == 0.0
    assert moved.hop_m(0, 1) == pytest.approx(300.0)
    far = [dataclasses.replace(p, x_m=p.x_m + 9e5) for p in city.places]
    with pytest.raises(CityError, match=r"no bus stop lies on the map: the nearest, town/stop/s00, is 89\d\.\d km"):
        service(city=dataclasses.replace(city, places=tuple(far)))


def test_who_rides_is_on_board_from_boarding_to_alighting():
    bus = service()
    legs = np.full((3, 2, 3), -1, np.int32)
    legs[0, 0] = (0, 0, 3)
    legs[1, 0] = (0, 2, 4)
    legs[2, 0], legs[2, 1] = (0, 3, 4), (1, 0, 1)
    bus.carry(legs, np.array([2, 1, 5]))
    assert bus.riders[:2].tolist() == [8, 5]
    assert bus.most[:2].tolist() == [6, 5]
    assert bus.people_m[:2].tolist() == [2 * 900.0 + 600.0 + 5 * 300.0, 5 * 300.0]


def test_buses_run_beside_the_vans_and_move_nobody(tmp_path):
    params = {**BUSY, "bus": BUS}
    alone, both = finish(*build(BUSY)), finish(*build(params, tables=TABLES))
    rows = both.pop("transit_bus_trips")
    terms = both.pop("transit_bus_terms")
    assert_same(alone, both)
    # From 08:00, the beginning of the clock, to before 10:00, both ways.
    assert sorted(set(rows["depart_s"].tolist())) == [8 * 3600.0 + 1800 * n for n in range(4)]
    assert len(rows["id"]) == len(set(rows["id"].tolist())) == 8
    assert rows["metres_m"].tolist() == pytest.approx([1200.0] * 8)
    values = {k.kpi: k.value for k in compute({**both, "transit_bus_trips": rows, "transit_bus_terms": terms})}
    assert values["transit.bus_vkm_km"] == pytest.approx(9.6)
    assert values["transit.bus_hours_h"] == pytest.approx(8 * 480 / 3600)
    assert values["transit.bus_cost_yen"] == pytest.approx(9.6 * 477)
    assert "transit.bus_riders_count" not in values  # nobody knows who rides
    assert not {name for name in {k.kpi for k in compute(alone)} if ".bus_" in name}


@pytest.mark.parametrize("hours", [0.5, 1.02])
def test_buses_of_a_resumed_run_are_the_same_bytes(tmp_path, hours):
    params = {**BUSY, "bus": BUS}
    usual = finish(*build(params, tables=TABLES, trace_share=1.0))
    model, _ = build(params, tables=TABLES, trace_share=1.0)
    while model.now_s < (8 + hours) * 3600:
        model.step()
    write_checkpoint(tmp_path / "at.npz", model.state())
    again, resumed = build(params, tables=TABLES, trace_share=1.0)
    again.restore(read_checkpoint(tmp_path / "at.npz"))
    assert_same(usual, finish(again, resumed))


def test_the_books_of_buses_close():
    model, transit = build({**BUSY, "bus": BUS}, tables=TABLES)
    inside = []
    while model.now_s < transit._stage.end_s or not model.is_empty():
        model.step()
        account = next(one for one in transit.accounts() if one.name == "buses")
        assert account.entered == account.inside + account.left["arrived"]
        inside.append(account.inside)
    assert max(inside) == 2
    assert account.entered == 8


def test_the_picture_follows_the_streets_and_the_timetable():
    bus = service()
    rows = bus.trace_rows([0])
    assert rows["time_s"][0] == bus.depart_s[0]
    assert rows["time_s"][-1] == bus.arrive_s[0]
    assert (np.diff(rows["time_s"]) > 0).all()
    assert set(rows["y_m"].tolist()) == {0.0}
