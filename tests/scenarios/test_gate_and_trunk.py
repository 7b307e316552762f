"""Trucks that queue for the gate hold up through traffic once the yards are full, and not before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.scenarios.test_shipped import contents, run_plan
from twin import api
from twin.columns import VEHICLE_CLASSES
from twin.simulate import simulate

TRUNK = Path(__file__).resolve().parents[2] / "scenarios" / "yumeshima_trunk.yaml"
KERB = 10
STREET = "夢洲幹線道路"


@pytest.fixture(scope="module")
def mornings():
    """Results of the shipped scenario until half past eleven, with ample and with few spaces."""
    plan, city = api.plan_and_city(api.load(TRUNK, replications=1))
    clock = {**plan.content["clock"], "end_s": 41400.0, "latest_s": 41400.0, "then": "stop"}
    short = replace(plan, content={**plan.content, "clock": clock})
    return {variant: simulate(short, variant, 0, city) for variant in ("ample", "before")}


def cars(run):
    trips = run.tables["road_trips"]
    mine = trips["vehicle_class"] == VEHICLE_CLASSES.index("car")
    return {name: values[mine] for name, values in trips.items()}


def full_from_s(run):
    queue = run.tables["terminal_queue"]
    return float(queue["time_s"][queue["trucks_on_road"] >= KERB][0])


def kpi(run, name, group):
    return {(k.kpi, k.group): k.value for k in run.kpis}[name, group]


def test_until_yards_and_kerb_are_full_through_traffic_drives_exactly_as_with_ample_spaces(mornings):
    few, ample = (cars(mornings[variant]) for variant in ("before", "ample"))
    full_s = full_from_s(mornings["before"])
    assert 31000.0 < full_s < 38000.0
    early, same = few["leave_s"] <= full_s, ample["leave_s"] <= full_s
    assert early.sum() > 2000
    for name in ("id", "enter_s", "leave_s"):
        np.testing.assert_array_equal(few[name][early], ample[name][same])


def test_once_they_are_full_the_line_stands_on_the_trunk_road_and_delays_everybody(mornings):
    full_s = full_from_s(mornings["before"])
    late_s = {}
    for variant, run in mornings.items():
        trips = cars(run)
        after = trips["enter_s"] > full_s + 1800.0
        assert after.sum() > 500
        late_s[variant] = float((trips["leave_s"] - trips["enter_s"] - trips["free_s"])[after].mean())
    assert late_s["before"] > 2.0 * late_s["ample"]
    assert kpi(mornings["before"], "road.street_blocked_min", STREET) > 60.0
    assert kpi(mornings["before"], "road.street_queue_max_m", STREET) > 2.0 * kpi(
        mornings["ample"], "road.street_queue_max_m", STREET
    )
    assert mornings["ample"].tables["terminal_queue"]["trucks_on_road"].max() == 0


def test_workers_checkpoints_and_half_steps_cannot_be_seen_in_a_jam_before_the_gate(tmp_path):
    plan, city = api.plan_and_city(api.load(TRUNK, replications=2))
    hours = {"start_s": 21600.0, "end_s": 33000.0, "latest_s": 33000.0, "then": "stop"}
    clock = {**plan.content["clock"], **hours}
    variants = [v for v in plan.content["variants"] if v["name"] == "none"]
    plan = replace(plan, content={**plan.content, "clock": clock, "variants": variants})
    whole = run_plan(plan, city, tmp_path / "one", workers=1)
    queue = whole.run().table("terminal_queue")
    assert queue["trucks_on_road"].max() > 2 * KERB
    cut = run_plan(plan, city, tmp_path / "two", workers=2, checkpoint_every_s=1500.0)
    four = run_plan(plan, city, tmp_path / "four", workers=4)
    assert contents(whole.folder) == contents(cut.folder) == contents(four.folder)
    halved = replace(plan, content={**plan.content, "clock": {**clock, "step_s": 2.5}})
    half = run_plan(halved, city, tmp_path / "half", workers=2)
    one, other = whole.columns("kpis"), half.columns("kpis")
    np.testing.assert_array_equal(one["value"], other["value"])
    assert len(one["value"]) > 100
