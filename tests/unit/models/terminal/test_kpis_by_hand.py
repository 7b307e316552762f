"""KPIs of the gate from tables of a few rows: borders, empty tables and every sum reckoned by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from twin.models.terminal.kpis import compute

CONSTANTS = {
    "idle_fuel_per_s": 0.5, "fuel_co2": 2.0, "idle_nox_per_s": 0.25, "fee_after_s": 1800.0, "fee_yen": 2220.0,
    "fee_late_after_s": 7200.0, "fee_late_yen": 2670.0, "gate_open_s": 7200.0,
}  # fmt: skip


def visits(n, **columns):
    """Trucks that are served without a wait, apart from what the columns say."""
    base = {
        "class": [0] * n, "reason": [0] * n, "haulier_index": [0] * n, "join_s": [30000] * n, "wait_s": [0] * n,
        "gate_start_s": [30000] * n, "gate_end_s": [30060] * n, "out_s": [30600] * n, "yard_wait_s": [0] * n,
        "crane_s": [0] * n, "hours_left_s": [1e6] * n,
    }  # fmt: skip
    return {"terminal_visits": {name: np.asarray(values, np.float64) for name, values in (base | columns).items()}}


def constants(**more):
    both = CONSTANTS | more
    return {"terminal_constants": {"name": np.array(list(both)), "value": np.array(list(both.values()))}}


def queue(**columns):
    n = len(columns["time_s"])
    names = ("trucks_in_line", "booked_in_line", "trucks_on_road", "booked_on_road", "metres_on_road_m", "lanes_open",
             "lanes_busy")  # fmt: skip
    return {
        "terminal_queue": {name: np.zeros(n) for name in names}
        | {name: np.asarray(values, np.float64) for name, values in columns.items()}
    }


def values(tables):
    return {(k.kpi.removeprefix("terminal."), k.group): k.value for k in compute(tables)}


def test_who_leaves_before_the_survey_begins_has_no_time_in_it():
    found = values(visits(2, join_s=[20000, 26400], out_s=[26000, 28200]))
    assert found["join_to_out_p50_min", "all"] == (0.0 + (28200 - 27000) / 60) / 2
    assert found["join_to_out_max_min", "all"] == (28200 - 27000) / 60


def test_times_are_those_of_trucks_served_and_each_statistic_is_its_own():
    found = values(
        visits(
            6,
            wait_s=[60, 120, 180, 240, 300, 9999],
            reason=[0, 0, 0, 0, 0, 1],
            gate_start_s=[30000] * 6,
            out_s=[30060, 30120, 30180, 30240, 30300, 99999],
            **{"class": [0, 0, 0, 0, 1, 1]},
        )
    )
    by_hand = {"mean": 3.0, "p50": 3.0, "p90": 4.6, "p95": 4.8, "max": 5.0}
    for statistic, minutes in by_hand.items():
        assert found[f"wait_{statistic}_min", "all"] == pytest.approx(minutes)
        assert found[f"turn_time_{statistic}_min", "all"] == pytest.approx(minutes)
        assert found[f"join_to_out_{statistic}_min", "all"] == pytest.approx(minutes)
        assert found[f"wait_{statistic}_min", "booked"] == pytest.approx(5.0)
    assert (found["refused_trucks", "all"], found["refused_trucks", "ordinary"]) == (1, 0)
    assert (found["throughput_day", "all"], found["booked_share", "all"]) == (5, 2 / 6)


def test_whoever_set_out_and_did_not_end_is_unfinished():
    ledger = {
        "model": np.array(["terminal", "terminal", "terminal", "road_traffic"]),
        "account": np.array(["trucks", "trucks", "boxes", "trucks"]),
        "entry": np.array(["entered", "inside", "entered", "entered"]), "count": np.array([7, 100, 1000, 10000]),
    }  # fmt: skip
    assert values(visits(4, reason=[0, 0, 1, 0]) | {"ledger": ledger})["unfinished_trucks", "all"] == 3
    assert math.isnan(values(visits(4))["unfinished_trucks", "all"])


def test_a_queue_of_a_second_has_means_and_one_of_no_time_has_none():
    second = values(
        queue(
            time_s=[0, 1],
            trucks_in_line=[3, 9],
            booked_in_line=[1, 9],
            trucks_on_road=[2, 9],
            booked_on_road=[1, 9],
            metres_on_road_m=[40, 90],
            lanes_open=[1, 9],
            lanes_busy=[1, 9],
        )
    )
    assert second["queue_mean_trucks", "all"] == 3.0
    assert (second["queue_mean_trucks", "ordinary"], second["queue_mean_trucks", "booked"]) == (2.0, 1.0)
    assert second["queue_mean_m", "all"] == 40.0
    assert second["queue_max_m", "all"] == 90.0
    assert second["lane_use_share", "all"] == 1.0
    assert second["queue_on_road_truck_min", "all"] == pytest.approx(2 / 60)
    assert second["queue_on_road_min", "all"] == pytest.approx(1 / 60)
    moment = values(queue(time_s=[0], trucks_in_line=[3], metres_on_road_m=[40]))
    for name in ("queue_mean_trucks", "queue_mean_m", "lane_use_share"):
        assert math.isnan(moment[name, "all"])


def test_without_a_queue_the_longest_is_zero_and_its_means_are_undefined():
    found = values({})
    for name in ("queue_max_trucks", "queue_max_m", "queue_on_road_max_trucks", "queue_on_road_min"):
        assert found[name, "all"] == 0.0
    assert math.isnan(found["queue_mean_trucks", "all"])
    assert math.isnan(found["booked_share", "all"])


def test_gate_that_never_opens_uses_no_share_of_its_lanes():
    assert math.isnan(values(queue(time_s=[0, 600], trucks_in_line=[1, 0]))["lane_use_share", "all"])


def test_a_visit_of_just_the_hours_left_is_not_beyond_them():
    found = values(visits(3, out_s=[30600] * 3, hours_left_s=[600, 599, 601]) | constants())
    assert found["drivers_over_hours", "all"] == 1


def test_costs_follow_from_the_waits_before_the_gate_and_for_a_crane():
    found = values(visits(3, wait_s=[1801, 7201, 60], yard_wait_s=[120, 240, 5000], reason=[0, 0, 1]) | constants())
    assert found["yard_wait_mean_min", "all"] == 3.0
    idle_s = 1801 + 7201 + 60 + 120 + 240 + 5000
    assert found["idle_fuel_l", "all"] == 0.5 * idle_s
    assert found["co2_kg", "all"] == 2.0 * 0.5 * idle_s
    assert found["nox_kg", "all"] == 0.25 * idle_s
    # One half hour begun; then three, and the first of the late ones.
    assert found["waiting_fee_yen", "all"] == 2220 + 3 * 2220 + 2670
    assert math.isnan(found["yard_wait_mean_min", "booked"])


def test_a_half_hour_of_the_fee_has_1800_seconds():
    # A second and half an hour beyond the free time: two half hours begun.
    assert values(visits(1, wait_s=[3601]) | constants())["waiting_fee_yen", "all"] == 2 * 2220
    assert values(visits(1, wait_s=[9001]) | constants())["waiting_fee_yen", "all"] == 3 * 2220 + 2 * 2670


def test_a_run_without_constants_has_no_costs():
    assert not [name for name, _ in values(visits(1)) if name in ("idle_fuel_l", "waiting_fee_yen", "crane_use_share")]


def test_cranes_that_no_one_opened_have_no_share_and_those_open_for_a_second_have():
    assert math.isnan(values(visits(1, crane_s=[5]) | constants())["crane_use_share", "all"])
    assert math.isnan(values(visits(1, crane_s=[5]) | constants(crane_open_s=0.0))["crane_use_share", "all"])
    assert values(visits(2, crane_s=[0.25, 0.5]) | constants(crane_open_s=1.0))["crane_use_share", "all"] == 0.75


def hauliers(*waits_s):
    """Ten trucks of each haulier, all with one wait."""
    n = len(waits_s)
    return visits(10 * n, haulier_index=np.repeat(np.arange(n), 10), wait_s=np.repeat(waits_s, 10))


@pytest.mark.parametrize(("waits_s", "ratio"), [
    ((100.0, 300.0), 3.0), ((0.5, 2.0, 1.0), 4.0), ((100.0,), math.nan), ((0.0, 300.0), math.nan), ((), math.nan),
])  # fmt: skip
def test_hauliers_are_compared_where_there_are_two_and_the_best_waits_at_all(waits_s, ratio):
    assert values(hauliers(*waits_s))["haulier_p95_ratio", "all"] == pytest.approx(ratio, nan_ok=True)


def test_a_haulier_of_nine_trucks_has_no_percentile_and_one_of_ten_has():
    waits = [60.0] * 10 + [120.0] * 10 + [6000.0] * 9
    found = values(visits(29, haulier_index=[0] * 10 + [1] * 10 + [2] * 9, wait_s=waits))
    assert found["haulier_p95_ratio", "all"] == 2.0


def test_the_percentile_of_a_haulier_lies_between_two_of_its_trucks():
    waits = [*range(10, 110, 10), *[50.0] * 10]
    found = values(visits(20, haulier_index=[0] * 10 + [1] * 10, wait_s=waits))
    # 0.95 of nine steps: 8.55 steps above the first.
    assert found["haulier_p95_ratio", "all"] == pytest.approx(95.5 / 50.0)


def test_hauliers_are_compared_within_their_size_in_the_order_of_the_sizes():
    tables = hauliers(10.0, 20.0, 100.0, 500.0, 900.0) | constants(**{"hauliers:10:a:b": 3.0, "hauliers:9:large": 2.0})
    found = values(tables)
    # Nine comes before ten, and a name may hold a colon.
    assert found["haulier_p95_ratio", "large"] == pytest.approx(2.0)
    assert found["haulier_p95_ratio", "a:b"] == pytest.approx(9.0)
    assert found["haulier_p95_ratio", "all"] == pytest.approx(90.0)


def test_slots_are_summed_and_who_found_none_is_counted_once():
    names = ("offered", "booked", "used", "no_show", "cancelled", "cancelled_late", "lapsed", "released", "rebooked")
    slots = {f"{name}_count": np.array([i, 2 * i, 3]) for i, name in enumerate(names)}
    found = values(visits(1) | {"terminal_slots": slots | {"unplaced_count": np.array([4, 4, 4])}})
    assert [found[f"slots_{name}", "all"] for name in names] == [3 * i + 3 for i in range(len(names))]
    assert found["slots_unplaced", "all"] == 4
    nobody = values(visits(1) | {"terminal_slots": slots | {"unplaced_count": np.zeros(3)}})
    assert nobody["slots_unplaced", "all"] == 0
    assert ("slots_booked", "all") not in values(visits(1))
