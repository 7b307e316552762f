"""What people choose against theory: logit shares, the time budget, and the freedom to leave early."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.unit.models.pedestrian.small_city import (
    assert_same,
    city_of,
    grid_city,
    model_of,
    params_for,
    place,
    run_to_end,
    walk_layer,
)
from twin.models.pedestrian.kpis import compute

ALONE = {"speed_sd_mps": 0.0}


def fork_city(wide_m=1000.0):
    """Exit a, and exits b and c 240 m and 480 m away, on pavements that are never crowded."""
    layer = walk_layer([(0.0, 0.0), (240.0, 0.0), (0.0, 480.0)], [(0, 1), (0, 2)], width_m=wide_m)
    riders = {"a": 1.0, "b": 0.0, "c": 0.0}
    return city_of(layer, [place("exit", n, i, layer, riders=riders[n]) for i, n in enumerate("abc")])


def test_two_ways_out_are_taken_in_logit_shares():
    """C01: share of the longer way = logistic of the difference in utility and in unused minutes."""
    params = params_for(
        {"passer_through": 100_000.0},
        walk=ALONE,
        choice={"walk_weight_per_min": 0.3, "width_weight_per_m": 0.0, "unused_minute_value": 0.1, "scale": 0.9},
        classes={"passer_through": {"stay_durations_s": ()}},
    )
    city_model, model = model_of(params, fork_city(), end_s=86400.0, step_s=21600.0)
    leave = run_to_end(city_model, model)["pedestrian_visits"]["leave_exit"]
    # 240 m at 1.34 m/s take 2.985 min, hence 3 steps of a minute; 480 m take 5.97 min, 6 steps.
    gain = 0.3 * (480 - 240) / 1.34 / 60 + 0.1 * (6 - 3)
    theory = 1 / (1 + math.exp(gain / 0.9))
    share = (leave == "test/exit/c").mean()
    assert len(leave) > 99_000
    assert abs(share - theory) < 4 * math.sqrt(theory * (1 - theory) / len(leave))


def test_without_crowds_lights_and_slow_walkers_nobody_overruns_the_budget():
    """C03."""
    grid = grid_city()
    layer = walk_layer(
        list(zip(grid.walk.x_m, grid.walk.y_m, strict=True)),
        [(int(a), int(b)) for a, b in zip(grid.walk.link_from, grid.walk.link_to, strict=True) if a < b],
        width_m=1e3,
    )
    city = city_of(layer, grid.places)
    numbers = {"shopper": 6000.0, "tourist": 3000.0, "commuter": 2000.0, "passer_through": 3000.0}
    params = params_for(numbers, walk=ALONE)
    city_model, model = model_of(params, city, end_s=21600.0, step_s=600.0)
    visits = run_to_end(city_model, model)["pedestrian_visits"]
    assert len(visits["id"]) > 3000
    assert (visits["dwell_s"] <= visits["budget_s"]).all()


def test_with_them_few_overrun_and_by_less_than_a_cycle_and_a_link():
    """C03, second half: minutes left are read from the clock at every choice."""
    params = params_for({"shopper": 6000.0, "tourist": 3000.0, "passer_through": 3000.0})
    city_model, model = model_of(params, grid_city(), end_s=21600.0, step_s=600.0)
    visits = run_to_end(city_model, model)["pedestrian_visits"]
    over_s = np.maximum(visits["dwell_s"] - visits["budget_s"], 0.0)
    assert np.quantile(over_s, 0.95) <= 150.0 + 90.0 / 1.34


def test_everybody_leaves_at_once_if_unused_minutes_are_all_that_counts():
    """C11: dwell is the shortest way to another exit."""
    params = params_for({"shopper": 3000.0}, choice={"unused_minute_value": 10.0, "exit_weight": 0.0}, walk=ALONE)
    city_model, model = model_of(params, fork_city(), end_s=86400.0, step_s=21600.0)
    visits = run_to_end(city_model, model)["pedestrian_visits"]
    assert len(visits["id"]) > 2800
    np.testing.assert_allclose(visits["dwell_s"], 240.0 / 1.34, rtol=1e-10)


def test_everybody_uses_the_budget_up_if_stays_are_all_that_counts():
    """C11: dwell within two minutes and the way back of the budget."""
    layer = walk_layer([(0.0, 0.0), (79.0, 0.0), (158.0, 0.0)], [(0, 1), (1, 2)], width_m=1000.0)
    city = city_of(
        layer,
        [
            place("exit", "a", 0, layer),
            place("exit", "b", 2, layer),
            place("poi", "p", 1, layer, category="shop", attraction=1.0),
        ],
    )
    menu = tuple(120.0 * i for i in range(1, 17))
    params = params_for(
        {"shopper": 3000.0},
        walk=ALONE,
        choice={"unused_minute_value": 0.0, "step_s": 30.0, "scale": 0.02},
        classes={
            "shopper": {
                "stay_durations_s": menu,
                "duration_weight": 20.0,
                "stop_cost": -20.0,
                "budget_mean_s": 1500.0,
                "budget_cv": 0.15,
            }
        },
    )
    city_model, model = model_of(params, city, end_s=86400.0, step_s=21600.0)
    visits = run_to_end(city_model, model)["pedestrian_visits"]
    slack_s = visits["budget_s"] - visits["dwell_s"]
    usable = visits["budget_s"] < 120.0 + menu[-1]
    assert usable.sum() > 2000
    assert (slack_s >= 0).all()
    assert (slack_s[usable] < 120.0 + 79.0 / 1.34).all()


def test_a_scenario_that_changes_nothing_differs_by_nothing():
    """C08."""
    runs = []
    for _ in range(2):
        params = params_for({"shopper": 5000.0, "passer_through": 5000.0})
        city_model, model = model_of(params, grid_city(), end_s=7200.0, step_s=60.0, trace_share=0.05)
        runs.append(run_to_end(city_model, model))
    assert_same(*runs)
    assert repr(compute(runs[0])) == repr(compute(runs[1]))


def test_more_seats_do_not_lower_the_stays_where_they_stand():
    """C09, paired draws, over twelve seeds."""
    differences = []
    for seed in range(12):
        stays = []
        for seats in (0.0, 60.0):
            city = grid_city()
            places = [
                place("poi", p.name_ja, p.walk_node, city.walk, **{**p.attributes, "seats": seats})
                if p.id == "test/poi/p05"
                else p
                for p in city.places
            ]
            params = params_for({"shopper": 3000.0, "diner": 1500.0})
            city_model, model = model_of(params, city_of(city.walk, places), end_s=7200.0, step_s=600.0, seed=seed)
            rows = run_to_end(city_model, model)["pedestrian_stays"]
            stays.append(int(rows["arrivals_count"][rows["place"] == "test/poi/p05"].sum()))
        differences.append(stays[1] - stays[0])
    assert np.mean(differences) > 0
    assert min(differences) >= 0


def test_the_circulation_share_responds_to_attraction_because_leaving_early_is_a_choice():
    shares = []
    for stop_cost in (6.0, 1.0):
        params = params_for({"shopper": 8000.0}, classes={"shopper": {"stop_cost": stop_cost}})
        city_model, model = model_of(params, grid_city(), end_s=7200.0, step_s=600.0)
        kpis = {(k.kpi, k.group): k.value for k in compute(run_to_end(city_model, model))}
        shares.append(kpis["pedestrian.stay_share", "all"])
    assert shares[1] > shares[0] + 0.1


@pytest.mark.parametrize("purpose", ["shopper", "tourist"])
def test_more_of_one_class_changes_no_draw_of_the_others(purpose):
    few = params_for({"shopper": 2000.0, "tourist": 1000.0, "diner": 1000.0})
    more = params_for(
        {"shopper": 2000.0, "tourist": 1000.0, "diner": 1000.0}
        | {purpose: {"shopper": 2100.0, "tourist": 1100.0}[purpose]}
    )
    tables = []
    for params in (few, more):
        city_model, model = model_of(params, grid_city(), end_s=7200.0, step_s=600.0)
        tables.append(run_to_end(city_model, model)["pedestrian_visits"])
    before, after = tables
    same = np.isin(after["id"], before["id"])
    assert same.sum() == len(before["id"]) < len(after["id"])
    for column in ("id", "class", "entry_exit", "enter_s", "budget_s"):
        assert (after[column][same] == before[column]).all()
