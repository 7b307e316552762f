"""KPIs of the gate by hand."""

import math

import numpy as np
import pytest

from tests.unit.models.terminal.gate import gate, kpis, run
from twin.models.terminal.kpis import INFOS, compute, waiting_fee_yen
from twin.results.kpis import infos


def visits(**columns):
    n = len(columns["join_s"])
    zeros = ("class", "served_as", "reason", "haulier_index", "yard_wait_s", "crane_s", "road_queue_s")
    base = {name: np.zeros(n) for name in zeros}
    return {"terminal_visits": base | {name: np.asarray(values, np.float64) for name, values in columns.items()}}


def test_waits_come_by_class_and_in_both_definitions():
    tables = visits(
        join_s=[25200, 28800, 30000], out_s=[31200, 32400, 33600], wait_s=[600, 1200, 1800],
        gate_start_s=[30600, 31800, 33000], gate_end_s=[30900, 32100, 33300], hours_left_s=[1, 1e6, 1e6],
        **{"class": [0, 1, 1]},
    )  # fmt: skip
    values = kpis(tables)
    assert values["wait_mean_min", "all"] == 20.0
    assert values["wait_mean_min", "ordinary"] == 10.0
    assert values["wait_mean_min", "booked"] == 25.0
    # Who joined at 07:00 counts from 07:30.
    assert values["join_to_out_max_min", "ordinary"] == (31200 - 27000) / 60
    assert values["turn_time_mean_min", "all"] == 10.0


def test_the_fee_of_waiting_follows_the_tariff():
    tariff = (1800.0, 2220.0, 7200.0, 2670.0)
    waits = np.array([1800.0, 1801.0, 3600.0, 7200.0, 7201.0, 10800.0])
    each = [waiting_fee_yen(np.array([w]), *tariff) for w in waits]
    assert each == [0.0, 2220.0, 2220.0, 3 * 2220.0, 3 * 2220.0 + 2670.0, 3 * 2220.0 + 2 * 2670.0]
    assert waiting_fee_yen(waits, *tariff) == sum(each)


def test_the_queue_is_weighted_by_time():
    queue = {"time_s": [0, 600, 900, 1200], "trucks_in_line": [0, 4, 2, 0], "trucks_on_road": [0, 1, 0, 0],
             "booked_in_line": [0, 1, 0, 0],
             "metres_on_road_m": [0, 20, 0, 0], "lanes_open": [2, 2, 2, 2], "lanes_busy": [0, 2, 1, 0]}  # fmt: skip
    values = kpis({"terminal_queue": {name: np.array(column, np.float64) for name, column in queue.items()}})
    assert values["queue_max_trucks", "all"] == 4
    assert (values["queue_max_trucks", "ordinary"], values["queue_max_trucks", "booked"]) == (3, 1)
    assert values["queue_mean_trucks", "booked"] == pytest.approx(1 * 300 / 1200)
    assert values["queue_mean_trucks", "all"] == pytest.approx((4 * 300 + 2 * 300) / 1200)
    assert values["queue_on_road_min", "all"] == values["queue_on_road_truck_min", "all"] == 5.0
    assert values["queue_mean_m", "all"] == pytest.approx(20 * 300 / 1200)
    assert values["lane_use_share", "all"] == pytest.approx((2 * 300 + 300) / 2400)


def test_a_class_that_nobody_belongs_to_has_no_queue():
    queue = {"time_s": [0, 600], "trucks_in_line": [3, 0], "booked_in_line": [0, 0], "trucks_on_road": [2, 0],
             "booked_on_road": [0, 0], "lanes_open": [1, 1], "lanes_busy": [1, 0],
             "metres_on_road_m": [30, 0]}  # fmt: skip
    values = kpis({"terminal_queue": {name: np.array(column, np.float64) for name, column in queue.items()}})
    assert values["queue_max_trucks", "booked"] == values["queue_on_road_max_trucks", "booked"] == 0.0
    assert values["queue_max_trucks", "ordinary"] == 3.0
    assert values["queue_on_road_max_trucks", "ordinary"] == 2.0
    assert values["queue_on_road_truck_min", "ordinary"] == 20.0
    assert values["queue_on_road_truck_min", "booked"] == 0.0


def test_a_queue_table_without_classes_speaks_of_all_trucks_only():
    queue = {"time_s": [0, 600], "trucks_in_line": [3, 0], "trucks_on_road": [2, 0], "lanes_open": [1, 1],
             "lanes_busy": [1, 0], "metres_on_road_m": [30, 0]}  # fmt: skip
    values = kpis({"terminal_queue": {name: np.array(column, np.float64) for name, column in queue.items()}})
    assert values["queue_max_trucks", "all"] == 3.0
    assert ("queue_max_trucks", "booked") not in values
    assert ("queue_on_road_truck_min", "ordinary") not in values


def test_throughput_per_hour_and_waits_for_a_crane_are_those_done_by_hand():
    tables = visits(
        join_s=[30000] * 5, out_s=[40000] * 5, wait_s=[40] * 5, gate_start_s=[30500] * 5,
        gate_end_s=[30000, 33599, 33600, 40000, 30001], hours_left_s=[1e6] * 5, yard_wait_s=[60, 120, 180, 600, 9999],
        reason=[0, 0, 0, 0, 1], **{"class": [0, 0, 0, 1, 0]},
    )  # fmt: skip
    names = ["idle_fuel_per_s", "fuel_co2", "idle_nox_per_s", "fee_after_s", "fee_yen", "fee_late_after_s",
             "fee_late_yen", "gate_open_s"]  # fmt: skip
    amounts = [0.5, 2.0, 0.25, 1800.0, 2220.0, 7200.0, 2670.0, 7200.0]
    values = kpis(tables | {"terminal_constants": {"name": np.array(names), "value": np.array(amounts)}})
    # An hour holds what ends before the same second of the next.
    assert values["throughput_max_per_h", "ordinary"] == 2.0
    assert values["throughput_mean_per_h", "all"] == 2.0
    assert values["throughput_mean_per_h", "booked"] == 0.5
    assert values["yard_wait_mean_min", "ordinary"] == 2.0
    assert values["yard_wait_mean_min", "booked"] == 10.0
    # Engines idle before the gate and before a crane.
    assert values["idle_fuel_l", "booked"] == (40 + 600) * 0.5
    assert values["co2_kg", "booked"] == (40 + 600) * 0.5 * 2.0
    assert values["nox_kg", "booked"] == (40 + 600) * 0.25


def test_a_class_of_which_nobody_is_served_has_no_throughput():
    tables = visits(join_s=[30000] * 2, out_s=[40000] * 2, wait_s=[0] * 2, gate_start_s=[30500] * 2,
                    gate_end_s=[30900] * 2, hours_left_s=[1e6] * 2, reason=[0, 1], **{"class": [0, 1]})  # fmt: skip
    values = kpis(tables)
    assert (values["throughput_max_per_h", "ordinary"], values["throughput_max_per_h", "booked"]) == (1.0, 0.0)
    assert (values["throughput_day", "booked"], values["refused_trucks", "booked"]) == (0.0, 1.0)


def test_fuel_and_carbon_follow_the_idle_time():
    tables = run(gate(demand={"hourly": {28800.0: 50.0}}, lanes={"A": {"count": 1}}))
    values = kpis(tables)
    hours = tables["terminal_visits"]["wait_s"].sum() / 3600
    assert values["idle_fuel_l", "all"] == pytest.approx(1.5 * hours)
    assert values["co2_kg", "all"] == pytest.approx(1.5 * 2.6 * hours)
    assert values["nox_kg", "all"] == pytest.approx(0.030 * hours)


def test_hauliers_differ_by_the_ratio_of_their_95th_percentiles():
    one = visits(join_s=[30000] * 20, out_s=[31000] * 20, wait_s=[100] * 10 + [300] * 10, gate_start_s=[30500] * 20,
                 gate_end_s=[30900] * 20, hours_left_s=[1e6] * 20)  # fmt: skip
    one["terminal_visits"]["haulier_index"] = np.repeat([0.0, 1.0], 10)
    assert kpis(one)["haulier_p95_ratio", "all"] == 3.0


def test_who_goes_beyond_their_hours_is_counted_by_class_and_by_size_of_haulier():
    tables = visits(
        join_s=[30000] * 4, out_s=[33600] * 4, wait_s=[0] * 4, gate_start_s=[30500] * 4, gate_end_s=[30900] * 4,
        hours_left_s=[3000, 4000, 3000, 3000], haulier_index=[0, 1, 2, 4], **{"class": [0, 0, 1, 1]},
    )  # fmt: skip
    names = ["idle_fuel_per_s", "fuel_co2", "idle_nox_per_s", "fee_after_s", "fee_yen", "fee_late_after_s",
             "fee_late_yen", "gate_open_s", "hauliers:0:large", "hauliers:1:small"]  # fmt: skip
    values = [0.0, 0.0, 0.0, 1800.0, 2220.0, 7200.0, 2670.0, 7200.0, 2.0, 3.0]
    tables["terminal_constants"] = {"name": np.array(names), "value": np.array(values)}
    found = kpis(tables)
    over = {group: n for (name, group), n in found.items() if name == "drivers_over_hours"}
    assert over == {"all": 3, "ordinary": 1, "booked": 2, "large": 1, "small": 2}
    assert found["throughput_mean_per_h", "all"] == 2.0
    assert found["throughput_day", "booked"] == 2


def test_cranes_are_used_for_the_time_they_work():
    params = gate(
        demand={"hourly": {30600.0: 60.0}, "law": "fixed", "dual_share": 0.0}, yard={"blocks": 1, "drive_s": 0.0,
        "rehandles_per_pickup": 0.0, "service": {"law": "deterministic", "mean_s": 60.0}},
    )  # fmt: skip
    tables = run(params)
    assert (tables["terminal_visits"]["crane_s"] == 60.0).all()
    assert kpis(tables)["crane_use_share", "all"] == pytest.approx(60 * 60.0 / (2 * 8 * 3600.0))


def test_percentiles_of_hauliers_are_those_of_numpy():
    tables = run(gate(demand={"hourly": {28800.0: 900.0}}, lanes={"A": {"count": 20}}))
    found = tables["terminal_visits"]
    p95 = [np.quantile(found["wait_s"][found["haulier_index"] == h], 0.95)
           for h, n in zip(*np.unique(found["haulier_index"], return_counts=True), strict=True) if n >= 10]  # fmt: skip
    assert kpis(tables)["haulier_p95_ratio", "all"] == pytest.approx(max(p95) / min(p95), rel=1e-12)


def test_a_run_without_trucks_has_no_means():
    values = {(k.kpi, k.group): k.value for k in compute({})}
    assert math.isnan(values["terminal.wait_mean_min", "all"])
    assert values["terminal.throughput_day", "all"] == 0


def test_every_kpi_is_described_in_both_languages_and_belongs_to_the_model():
    names = [info.name for info in INFOS]
    assert len(set(names)) == len(names)
    assert set(names) <= set(infos())
    for info in INFOS:
        assert info.name.startswith("terminal.")
        assert info.ja
        assert info.en
    tables = run(gate(demand={"hourly": {30600.0: 20.0}}, conpas={"quota": True}))
    assert {k.kpi for k in compute(tables)} == set(names)
