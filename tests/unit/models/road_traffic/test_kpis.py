from __future__ import annotations

import numpy as np
import pytest

from twin.models.road_traffic.kpis import INFOS, compute

TRIPS = {
    "id": np.array([1, 2, 3], np.uint64), "vehicle_class": np.array([0, 0, 1], np.uint8),
    "owner": np.zeros(3, np.uint8), "enter_s": np.array([0.0, 10.0, 20.0]), "leave_s": np.array([60.0, 90.0, 120.0]),
    "metres_m": np.array([600.0, 600.0, 1000.0]), "free_s": np.array([60.0, 60.0, 90.0]),
    "fuel_l": np.array([0.1, 0.2, 0.4]), "co2_kg": np.array([0.2, 0.4, 0.8]),
}
STREETS = {
    "from_s": np.array([0.0, 0.0, 300.0, 300.0]), "street": np.array(["橋", "岸", "橋", "岸"]),
    "queue_m": np.array([50.0, 0.0, 120.0, 10.0]),
}
SPILLBACK = {
    "street": np.array(["橋", "橋", "丘", "橋"]), "from_s": np.array([500.0, 0.0, 0.0, 200.0]),
    "to_s": np.array([560.0, 300.0, 900.0, 400.0]), "full_s": np.array([60.0, 300.0, 900.0, 200.0]),
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
        "entry": np.array(["inside", "entered", "inside"]), "count": np.array([7, 9, 5]),
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
    late = {"id": np.array([4, 5], np.uint64), "vehicle_class": np.array([0, 4], np.uint8),
            "owner": np.zeros(2, np.uint8), "enter_s": np.array([60.0, 20.0]), "until_s": np.array([120.0, 120.0]),
            "free_s": np.array([60.0, 60.0])}
    got = values({"road_trips": TRIPS, "road_unfinished": late})
    assert got["road.time_total_h", "all"] == pytest.approx((240.0 + 160.0) / 3600)
    assert got["road.time_total_h", "car"] == pytest.approx((140.0 + 60.0) / 3600)
    assert got["road.time_total_h", "bus"] == pytest.approx(100.0 / 3600)
    assert got["road.trips_count", "bus"] == 0


def test_every_kpi_is_described_and_named_after_the_model():
    assert {k.kpi for k in compute({"road_trips": TRIPS, "road_streets": STREETS})} == {info.name for info in INFOS}
    assert all(info.name.startswith("road.") for info in INFOS)
