"""Requests are functions of their names; tables are read with every fault told."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.unit.models.transit.town import place, town
from twin.engine.draws import make_run_seed
from twin.errors import TableError
from twin.models.transit.demand.requests import make_requests, stop_weights
from twin.models.transit.params import Demand, TransitParams

SEED = make_run_seed(3, 0)
DAY = (0.0, 86400.0)


def drawn(city=None, seed=SEED, span=DAY, **params):
    city = city or town()
    return make_requests(TransitParams.model_validate(params), city, city.places_of("stop"), {}, seed, *span)


def table(**columns):
    return {"bookings": {name: np.array(values) for name, values in columns.items()}}


def read(tables, span=DAY):
    city = town()
    params = TransitParams.model_validate({"demand": {"table": "bookings"}})
    return make_requests(params, city, city.places_of("stop"), tables, SEED, *span)


def test_numbers_and_hours_follow_the_day():
    counts = [len(drawn(seed=make_run_seed(5, k), demand={"requests_per_day": 400})) for k in range(60)]
    assert abs(np.mean(counts) - 400) < 3 * np.sqrt(400 / 60)
    assert np.var(counts, ddof=1) == pytest.approx(400, rel=0.6)
    hours = (drawn(demand={"requests_per_day": 20_000})["asked_s"] // 3600).astype(int)
    share = np.bincount(hours, minlength=24) / len(hours)
    profile = np.array(Demand().hourly_profile) / sum(Demand().hourly_profile)
    assert np.abs(share - profile).max() < 4 * np.sqrt(0.1 / 20_000)


def test_more_demand_only_adds_requests():
    few, many = drawn(demand={"requests_per_day": 300}), drawn(demand={"requests_per_day": 360})
    kept = many[np.isin(many["id"], few["id"])]
    assert len(many) > len(few)
    assert kept.tobytes() == few.tobytes()


def test_a_part_of_the_day_has_the_requests_of_that_part():
    whole = drawn(demand={"requests_per_day": 500})
    part = drawn(demand={"requests_per_day": 500}, span=(9.25 * 3600, 14.5 * 3600))
    inside = (whole["asked_s"] >= 9.25 * 3600) & (whole["asked_s"] <= 14.5 * 3600)
    assert whole[inside].tobytes() == part.tobytes()


def test_fleet_and_promise_move_nobody():
    usual = drawn()
    other = drawn(fleet=30, promise={"wait_at_most_s": 600.0})
    assert usual.tobytes() == other.tobytes()


def test_trips_are_far_enough_and_follow_weights():
    layer = town().drive
    zones = [place("zone", "a", layer, 0, population=9000), place("zone", "b", layer, 80, population=1000)]
    city = town(twins=False, extra=zones)
    stops = city.places_of("stop")
    made = drawn(city, demand={"requests_per_day": 20_000, "shortest_trip_m": 700.0})
    x, y = np.array([s.x_m for s in stops]), np.array([s.y_m for s in stops])
    apart = np.hypot(x[made["origin"]] - x[made["destination"]], y[made["origin"]] - y[made["destination"]])
    assert apart.min() >= 700
    weights = stop_weights(Demand(), city, stops)
    seen = np.bincount(made["origin"], minlength=len(stops)) / len(made)
    assert np.abs(seen - weights).max() < 4 * np.sqrt(weights.max() / len(made))
    # A stop as near to both zones belongs to the first.
    assert weights[x + y <= 1200].sum() == pytest.approx(0.9)


def test_stations_draw_their_share():
    layer = town().drive
    extra = [place("zone", "a", layer, 0, population=1.0), place("station", "b", layer, 80, riders_per_day=500)]
    city = town(twins=False, extra=extra)
    weights = stop_weights(Demand(station_share=0.25), city, city.places_of("stop"))
    assert weights[-1] == pytest.approx(0.25 + 0.75 / 25)
    assert weights.sum() == pytest.approx(1.0)


def test_people_of_another_area_do_not_ride_here():
    far = place("station", "far", town().drive, 80, riders_per_day=1e6)
    near = place("station", "near", town().drive, 0, riders_per_day=1.0)
    city = town(twins=False, extra=[dataclasses.replace(far, x_m=far.x_m + 1100.0), near])
    weights = stop_weights(Demand(), city, city.places_of("stop"))
    assert weights[0] == 1.0


def test_without_zones_and_stations_all_stops_are_alike():
    city = town()
    np.testing.assert_allclose(stop_weights(Demand(), city, city.places_of("stop")), 1 / 26)


def test_riders_are_as_declared():
    made = drawn(demand={"requests_per_day": 40_000})
    n = len(made)
    for party, share in ((1, 0.80), (2, 0.15), (3, 0.05)):
        assert (made["party"] == party).mean() == pytest.approx(share, abs=4 * np.sqrt(share / n))
    for group, share in ((1, 0.3121), (2, 0.01)):
        assert (made["age_group"] == group).mean() == pytest.approx(share, abs=4 * np.sqrt(share / n))
    speed = np.array([1.2, 1.0, 0.8])[made["age_group"]]
    walk_m, egress_m = made["walk_s"] * speed, made["egress_s"] * speed
    # Two even coordinates of 0 to 150 m each: mean 150 m, never more than 300 m.
    assert walk_m.mean() == pytest.approx(150, abs=4 * 150 / np.sqrt(6 * n))
    assert walk_m.max() <= 300
    assert abs(np.corrcoef(walk_m, egress_m)[0, 1]) < 4 / np.sqrt(n)
    np.testing.assert_allclose(made["board_s"], 5.0 * made["party"] + 180.0 * (made["age_group"] == 2))
    np.testing.assert_allclose(made["alight_s"], 180.0 * (made["age_group"] == 2))


def test_a_table_names_stops_by_id_tail_or_name():
    made = read(
        table(
            time=[30000.0, 31000.0, 32000.0],
            from_stop=["town/stop/s01", "s02", "s03 stop"],
            to_stop=["s04停留所", "s05", "s06"],
            party=[1, 2, 3],
            age_group=["adult", "age_65", "wheelchair"],
        )
    )
    assert made["origin"].tolist() == [1, 2, 3]
    assert made["destination"].tolist() == [4, 5, 6]
    assert made["party"].tolist() == [1, 2, 3]
    assert made["age_group"].tolist() == [0, 1, 2]


def test_a_row_more_changes_no_other_request():
    rows = {"time": [30000.0, 31000.0], "from_stop": ["s01", "s02"], "to_stop": ["s04", "s05"]}
    more = {
        "time": [30000.0, 30500.0, 31000.0, 31000.0],
        "from_stop": ["s01", "s09", "s02", "s02"],
        "to_stop": ["s04", "s05", "s05", "s05"],
    }
    few, many = read(table(**rows)), read(table(**more))
    assert len(np.unique(many["id"])) == 4
    assert many[np.isin(many["id"], few["id"])].tobytes() == few.tobytes()
    with_ids = read(table(**rows, id=["a", "b"]))
    other_times = read(table(time=[30001.0, 31001.0], from_stop=["s01", "s02"], to_stop=["s04", "s05"], id=["a", "b"]))
    np.testing.assert_array_equal(with_ids["id"], other_times["id"])


def test_every_bad_row_of_a_table_is_told():
    bad = table(
        time=[30000.0, -5.0, np.nan],
        from_stop=["s01", "s0x", "s02"],
        to_stop=["s04", "s05", "nowhere"],
        party=[1.5, 1, 1],
        age_group=["adult", "adult", "elder"],
    )
    with pytest.raises(TableError) as caught:
        read(bad)
    text = str(caught.value)
    for part in (
        "time is -5 s",
        "time is nan s",
        "'s0x' is no stop",
        "did you mean",
        "'nowhere'",
        "party is 1.5",
        "age_group is 'elder'",
        "tables.bookings, row 3",
        "6 problems",
    ):
        assert part in text, part


def test_missing_tables_columns_and_double_ids_are_errors():
    with pytest.raises(TableError, match="which the scenario does not declare"):
        read({})
    with pytest.raises(TableError, match="lacks the columns to_stop"):
        read(table(time=[1.0], from_stop=["s01"]))
    with pytest.raises(TableError, match="id 7 stands in rows 1 and 2"):
        read(table(time=[1.0, 2.0], from_stop=["s01", "s01"], to_stop=["s02", "s02"], id=[7, 7]))


def test_requests_outside_the_clock_do_not_enter():
    rows = table(time=[100.0, 30000.0, 90000.0], from_stop=["s01"] * 3, to_stop=["s02"] * 3)
    assert read(rows, (28800.0, 36000.0))["asked_s"].tolist() == [30000.0]
