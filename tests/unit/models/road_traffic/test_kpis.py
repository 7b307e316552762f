from __future__ import annotations

import numpy as np
import pytest

from twin.models.road_traffic.kpis import INFOS, compute

TRIPS = {
    "id": np.array([1, 2, 3], np.uint64),
    "vehicle_class": np.array([0, 0, 1], np.uint8),
    "owner": np.zeros(3, np.uint8),
    "enter_s": np.array([0.0, 10.0, 20.0]),
    "leave_s": np.array([60.0, 90.0, 120.0]),
    "metres_m": np.array([600.0, 600.0, 1000.0]),
    "free_s": np.array([60.0, 60.0, 90.0]),
    "fuel_l": np.array([0.1, 0.2, 0.4]),
    "co2_kg": np.array([0.2, 0.4, 0.8]),
}
STREETS = {
    "from_s": np.array([0.0, 0.0, 300.0, 300.0]),
    "street": np.array(["橋", "岸", "橋", "岸"]),
    "queue_m": np.array([50.0, 0.0, 120.0, 10.0]),
}
SPILLBACK = {
    "street": np.array(["橋", "橋", "丘", "橋"]),
    "from_s": np.array([500.0, 0.0, 0.0, 200.0]),
    "to_s": np.array([560.0, 300.0, 900.0, 400.0]),
    "full_s": np.array([60.0, 300.0, 900.0, 200.0]),
}


def values(tables):
    return {(k.kpi, k.group): k.value for k in compute(tables)}


def test_means_totals_and_delays_follow_from_the_trips():
    got = values({"road_trips": TRIPS})
    assert got["road.trips_count", "all"] == 3
    assert got["road.vkm_km", "all"] == 2.2
    assert got["road.mean_travel_time_s", "all"] == 80.0
    assert got["road.delay_mean_s", "all"] == 10.0
    assert got["road.delay_mean_s", "car"] == 10.0
    assert got["road.mean_travel_time_s", "van"] == 100.0
    assert got["road.speed_mean_mps", "all"] == 2200 / 240
    assert got["road.time_total_h", "all"] == pytest.approx(240 / 3600)
    assert got["road.fuel_l", "all"] == pytest.approx(0.7)
    assert got["road.co2_kg", "van"] == 0.8


def test_an_empty_road_has_no_mean_and_nobody_unfinished():
    got = values({})
    assert np.isnan(got["road.delay_mean_s", "all"])
    assert got["road.trips_count", "all"] == 0
    assert got["road.unfinished_count", "all"] == 0


def test_whoever_is_still_driving_is_counted_from_the_ledger():
    ledger = {
        "model": np.array(["road_traffic", "road_traffic", "transit"]),
        "entry": np.array(["inside", "entered", "inside"]),
        "count": np.array([7, 9, 5]),
    }
    assert values({"ledger": ledger})["road.unfinished_count", "all"] == 7


def test_a_watched_street_is_blocked_while_any_of_its_links_is_full():
    got = values({"road_streets": STREETS, "road_spillback": SPILLBACK})
    assert got["road.street_queue_max_m", "橋"] == 120.0
    # 0-300 and 200-400 overlap, 500-560 stands alone; the other street's episode is not counted.
    assert got["road.street_blocked_min", "橋"] == pytest.approx(460.0 / 60)
    assert got["road.street_blocked_min", "岸"] == 0.0
    assert ("road.street_queue_max_m", "丘") not in got


def test_vehicle_hours_count_those_who_are_still_driving():
    late = {
        "id": np.array([4, 5], np.uint64),
        "vehicle_class": np.array([0, 4], np.uint8),
        "owner": np.zeros(2, np.uint8),
        "enter_s": np.array([60.0, 20.0]),
        "until_s": np.array([120.0, 120.0]),
        "free_s": np.array([60.0, 60.0]),
    }
    got = values({"road_trips": TRIPS, "road_unfinished": late})
    assert got["road.time_total_h", "all"] == pytest.approx((240.0 + 160.0) / 3600)
    assert got["road.time_total_h", "car"] == pytest.approx((140.0 + 60.0) / 3600)
    assert got["road.time_total_h", "bus"] == pytest.approx(100.0 / 3600)
    assert got["road.trips_count", "bus"] == 0


def test_every_kpi_is_described_and_named_after_the_model():
    assert {k.kpi for k in compute({"road_trips": TRIPS, "road_streets": STREETS})} == {info.name for info in INFOS}
    assert all(info.name.startswith("road.") for info in INFOS)


def trips(**columns):
    """Trips of cars, apart from what the columns say."""
    n = len(next(iter(columns.values())))
    base = {
        "id": np.arange(n),
        "vehicle_class": np.zeros(n, np.uint8),
        "enter_s": np.zeros(n),
        "leave_s": np.full(n, 60.0),
        "metres_m": np.full(n, 600.0),
        "free_s": np.full(n, 60.0),
        "fuel_l": np.zeros(n),
        "co2_kg": np.zeros(n),
    }
    return {"road_trips": base | {name: np.array(values) for name, values in columns.items()}}


def test_delays_are_summed_in_hours_and_ranked():
    leave = 60.0 + np.arange(21) * 36.0
    got = values(trips(leave_s=leave))
    assert got["road.delay_total_h", "all"] == pytest.approx(210 * 36.0 / 3600)
    assert got["road.delay_p95_s", "all"] == pytest.approx(19 * 36.0)


def test_arithmetic_below_a_microsecond_is_no_delay_of_either_sign():
    got = values(trips(leave_s=[60.0 + 4e-7, 60.0 - 4e-7]))
    assert got["road.delay_mean_s", "all"] == got["road.delay_p95_s", "all"] == 0.0
    early = values(trips(leave_s=[60.0 - 4e-7]))["road.delay_p95_s", "all"]
    assert (early, np.signbit(early)) == (0.0, False)


def test_a_trip_of_no_time_has_no_speed_and_one_of_half_a_second_has():
    assert np.isnan(values(trips(leave_s=[0.0], metres_m=[0.0]))["road.speed_mean_mps", "all"])
    assert values(trips(leave_s=[0.5], metres_m=[5.0]))["road.speed_mean_mps", "all"] == 10.0


def test_one_trip_alone_has_a_mean():
    assert values(trips(leave_s=[75.0]))["road.mean_travel_time_s", "all"] == 75.0


def test_queues_jams_and_gridlocks_are_those_of_the_links():
    got = values({
        "road_links": {"queue_m": np.array([10.0, 40.0, 0.0])}, "road_spillback": SPILLBACK,
        "road_gridlock": {"link_index": np.array([4, 4, 9])},
    })  # fmt: skip
    assert got["road.queue_max_m", "all"] == 40.0
    assert got["road.spillback_h", "all"] == pytest.approx(1460.0 / 3600)
    assert got["road.gridlocked_count", "all"] == 2


def test_a_road_on_which_nothing_stands_has_queues_jams_and_gridlocks_of_nothing():
    for tables in ({}, {"road_links": {"queue_m": np.zeros(0)}}):
        got = values(tables)
        for name in ("road.queue_max_m", "road.spillback_h", "road.gridlocked_count", "road.time_total_h"):
            assert got[name, "all"] == 0.0


def test_a_watched_street_without_any_jam_is_blocked_for_no_time():
    got = values({"road_streets": STREETS})
    assert (got["road.street_blocked_min", "橋"], got["road.street_queue_max_m", "岸"]) == (0.0, 10.0)


def test_only_what_the_form_models_has_a_row():
    everything = trips(leave_s=[75.0]) | {"road_streets": STREETS, "road_spillback": SPILLBACK}
    names = {name for name, _ in values(everything | {"road_modelled": {"part": np.array(["delay"])}})}
    assert {"road.delay_mean_s", "road.trips_count"} <= names
    assert not names & {"road.queue_max_m", "road.street_blocked_min", "road.spillback_h", "road.gridlocked_count"}


def test_only_classes_that_drove_have_a_group():
    groups = {group for _, group in values(trips(vehicle_class=np.array([1], np.uint8)))}
    assert groups == {"all", "van"}
