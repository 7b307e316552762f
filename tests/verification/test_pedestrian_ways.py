"""Ways of many between two places, and the crowding of the day fed back, against what theory says of both."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from tests.unit.models.pedestrian.small_city import (
    city_of,
    grid_city,
    model_of,
    params_for,
    place,
    run_to_end,
    walk_layer,
)
from twin.models.pedestrian.movement.streets import find_legs, read_streets

PASSING = {"passer_through": {"stay_durations_s": (), "budget_mean_s": 40000.0, "budget_cv": 0.05}}


def braided_city():
    """From exit a to exit b by six ways over five inner junctions, of unequal length."""
    xy = [(0.0, 0.0), (100.0, 60.0), (100.0, -50.0), (210.0, 40.0), (190.0, -70.0), (300.0, 0.0)]
    ways = [(0, 1), (0, 2), (1, 3), (1, 2), (2, 4), (2, 3), (3, 5), (4, 5)]
    layer = walk_layer(xy, ways, width_m=8.0)
    return city_of(layer, [place("exit", "a", 0, layer, riders=1.0), place("exit", "b", 5, layer, riders=0.0)])


def paths_closer(layer, cost, far, start, end):
    """Every path on which each link leads closer, with its cost."""
    if start == end:
        return [((), 0.0)]
    out = []
    for link in np.flatnonzero(layer.link_from == start).tolist():
        to = int(layer.link_to[link])
        if far[to] < far[start]:
            out += [((link, *rest), cost[link] + c) for rest, c in paths_closer(layer, cost, far, to, end)]
    return out


def least_costs(layer, cost, end):
    far = np.full(layer.node_count, np.inf)
    far[end] = 0.0
    for _ in range(layer.node_count):
        for link in range(layer.link_count):
            a, b = layer.link_from[link], layer.link_to[link]
            far[a] = min(far[a], far[b] + cost[link])
    return far


@pytest.mark.parametrize("scale", [0.02, 0.1, 0.5])
def test_shares_value_and_length_are_those_of_a_logit_over_all_ways_that_lead_closer(scale):
    city = braided_city()
    layer = city.walk
    streets = read_streets(layer, params_for({}))
    legs = find_legs(layer, streets, np.array([0, 5], np.int32), way_scale=scale)
    every = paths_closer(layer, streets.cost, least_costs(layer, streets.cost, 5), 0, 5)
    assert len(every) == 5
    weight = np.array([math.exp(-c / scale) for _, c in every])
    share = weight / weight.sum()
    assert legs.cost[0, 1] == pytest.approx(-scale * math.log(weight.sum()), abs=1e-9)
    lengths = [layer.length_m[list(links)].sum() for links, _ in every]
    assert legs.metres_m[0, 1] == pytest.approx(share @ lengths, rel=1e-6)
    by_path = [math.prod(float(legs.link_share[legs.route[1], k]) for k in links) for links, _ in every]
    assert by_path == pytest.approx(share.tolist(), abs=1e-6)


def test_people_take_the_ways_in_the_shares_of_the_formula():
    """C01 for ways: flows of links are binomial around their shares, 4 standard errors."""
    params = params_for({"passer_through": 20000.0}, classes=PASSING, choice={"way_scale": 0.1})
    city_model, model = model_of(params, braided_city(), end_s=86400.0, step_s=3600.0)
    tables = run_to_end(city_model, model)
    layer, world = model._city.walk, model.form.world
    flow = np.zeros(layer.link_count)
    np.add.at(flow, tables["pedestrian_links"]["link_index"], tables["pedestrian_links"]["entries_count"])
    through = np.bincount(layer.link_from, weights=flow, minlength=layer.node_count)
    for node, link in itertools.product(range(5), range(layer.link_count)):
        if layer.link_from[link] == node and through[node] > 0:
            p = float(world.link_share[world.places.route[3], link])
            error = math.sqrt(max(p * (1 - p), 1e-12) * through[node])
            assert abs(flow[link] - p * through[node]) <= 4 * error + 1e-6


def test_what_is_local_moves_the_shares_and_not_the_value():
    """Oyama (2024): exp((V + l) / s) over the options at hand, the value blind to l."""
    city = braided_city()
    streets = read_streets(city.walk, params_for({}))
    nodes = np.array([0, 5], np.int32)
    plain = find_legs(city.walk, streets, nodes, way_scale=0.1)
    first = np.flatnonzero(city.walk.link_from == 0)
    local = np.zeros(city.walk.link_count)
    local[first[0]] = 0.07
    green = find_legs(city.walk, streets, nodes, way_scale=0.1, link_local=local)
    np.testing.assert_array_equal(plain.cost, green.cost)
    odds = [
        legs.link_share[legs.route[1], first[0]] / legs.link_share[legs.route[1], first[1]] for legs in (plain, green)
    ]
    assert odds[1] / odds[0] == pytest.approx(math.exp(0.7), rel=1e-5)


def crowded_day(first_times, seed=3):
    params = params_for(
        {"shopper": 90000.0, "passer_through": 90000.0},
        choice={"way_scale": 0.1},
        feedback={"rounds": 30, "first_times": first_times},
        classes={"passer_through": {"stay_durations_s": ()}},
        walk={"default_width_m": 1.6},
    )
    city = grid_city()
    narrow = city_of(
        walk_layer(
            list(zip(city.walk.x_m, city.walk.y_m, strict=True)),
            sorted(
                {tuple(sorted(p)) for p in zip(city.walk.link_from.tolist(), city.walk.link_to.tolist(), strict=True)}
            ),
            width_m=1.6,
        ),
        city.places,
    )
    city_model, model = model_of(params, narrow, end_s=3600.0, step_s=600.0, seed=seed)
    return run_to_end(city_model, model), model


def test_feedback_settles_below_one_percent_from_two_starts_to_the_same_flows():
    flows, crowd = [], []
    for first_times in (1.0, 3.0):
        tables, model = crowded_day(first_times)
        residual = tables["pedestrian_feedback"]["residual_share"]
        assert residual[0] > 0.02 > 0.01 > residual[-1]
        assert any("settled" in note for note in model.notes)
        flow = np.zeros(model._city.walk.link_count)
        np.add.at(flow, tables["pedestrian_links"]["link_index"], tables["pedestrian_links"]["entries_count"])
        flows.append(flow)
        crowd.append(tables["pedestrian_links"]["delay_person_s"].sum())
    assert np.abs(flows[0] - flows[1]).sum() < 0.02 * flows[0].sum()
    assert crowd[0] == pytest.approx(crowd[1], rel=0.03)


def test_without_crowds_the_first_day_is_settled():
    params = params_for({"passer_through": 50.0}, feedback={"rounds": 5})
    city_model, model = model_of(params, grid_city(), end_s=3600.0, step_s=600.0)
    residual = run_to_end(city_model, model)["pedestrian_feedback"]["residual_share"]
    assert len(residual) == 1
    assert residual[0] < 0.01


def test_a_warm_up_brings_in_exactly_those_whom_an_earlier_clock_would_have_inside():
    numbers = {"shopper": 4000.0, "commuter": 3000.0}
    early, one = model_of(params_for(numbers), grid_city(), start_s=0.0, end_s=14400.0, step_s=600.0)
    while early.now_s < 7200.0:
        early.step()
    warm, two = model_of(
        params_for(numbers, inside={"warm_up_s": 7200.0}), grid_city(), start_s=7200.0, end_s=14400.0, step_s=600.0
    )
    (account,) = two.accounts()
    assert account.entered == account.inside == one.accounts()[0].inside > 200
    inside = [m.form.walkers() for m in (one, two)]
    for name in ("id", "enter_s", "budget_s", "node", "target", "event", "next_s"):
        np.testing.assert_array_equal(inside[0][name], inside[1][name])
    late = run_to_end(warm, two)["pedestrian_visits"]
    assert late["leave_s"].min() >= 7200.0 > late["enter_s"].min()
    assert two.accounts()[0].inside == 0
