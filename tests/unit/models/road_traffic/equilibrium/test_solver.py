"""What the static equilibrium takes, refuses and gives back."""

from __future__ import annotations

import numpy as np
import pytest

from tests.layers import put
from twin.errors import CityError, ScenarioError
from twin.models.road_traffic.equilibrium import StaticNetwork, solve_equilibrium, street_network
from twin.models.road_traffic.equilibrium.params import StaticLinkParams


def network(links=((0, 1), (1, 2), (0, 2)), **changes):
    a, b = np.array(links).T
    values = {
        "free_cost": np.array([1.0, 1.0, 3.0][: len(a)]),
        "capacity": np.ones(1),
        "bpr_share": np.ones(1),
        "bpr_power": np.ones(1),
    }
    return StaticNetwork(a, b, **{**values, **changes})


def test_two_ways_share_the_flow_that_makes_them_cost_the_same():
    # Over node 1: 2 (1 + x); directly: 3 (1 + y); x + y = 5 gives x = 3.2.
    found = solve_equilibrium(network(), [0], [2], [5.0], relative_gap=1e-12)
    np.testing.assert_allclose(found.link_flow, [3.2, 3.2, 1.8], rtol=1e-9)
    np.testing.assert_allclose(found.link_cost, [4.2, 4.2, 8.4], rtol=1e-9)
    assert found.total_cost == pytest.approx(5 * 8.4)
    assert found.objective == pytest.approx(2 * (3.2 + 3.2**2 / 2) + 3 * (1.8 + 1.8**2 / 2))


def test_a_node_that_may_not_be_passed_still_receives_trips():
    closed = network(no_through=np.array([False, True, False]))
    found = solve_equilibrium(closed, [0, 0, 1], [2, 1, 2], [5.0, 1.0, 2.0])
    np.testing.assert_allclose(found.link_flow, [1, 2, 5])


def test_a_closed_link_takes_no_flow_and_costs_nothing_in_total():
    found = solve_equilibrium(network(free_cost=np.array([1.0, np.inf, 3.0])), [0], [2], [5.0])
    np.testing.assert_allclose(found.link_flow, [0, 0, 5])
    assert found.total_cost == pytest.approx(5 * 18)
    assert np.isfinite(found.objective)


def test_pairs_named_twice_add_up_and_trips_that_stay_are_counted_apart():
    found = solve_equilibrium(network(), [0, 1, 0, 0], [2, 1, 2, 1], [2.0, 7.0, 3.0, 0.0], relative_gap=1e-12)
    assert found.demand.tolist() == [5.0]
    assert found.intrazonal == 7.0
    np.testing.assert_allclose(found.link_flow, [3.2, 3.2, 1.8], rtol=1e-9)


def test_the_order_of_pairs_changes_no_bit():
    rng = np.random.default_rng(3)
    n = 30
    ring = [(i, (i + k) % n) for i in range(n) for k in (1, 2, 7)]
    big = network(ring, free_cost=rng.uniform(1, 5, len(ring)), bpr_power=np.full(1, 4.0))
    o, d = rng.integers(0, n, 200), rng.integers(0, n, 200)
    _, first = np.unique(o * n + d, return_index=True)  # sums of pairs named twice do depend on their order
    o, d, trips = o[first], d[first], rng.uniform(0, 2, len(first))
    one = solve_equilibrium(big, o, d, trips, relative_gap=1e-9)
    order = rng.permutation(len(trips))
    other = solve_equilibrium(big, o[order], d[order], trips[order], relative_gap=1e-9)
    assert one.link_flow.tobytes() == other.link_flow.tobytes()
    assert one.relative_gap.tobytes() == other.relative_gap.tobytes()
    assert one.converged


def test_too_few_iterations_are_told():
    rng = np.random.default_rng(4)
    ring = [(i, (i + k) % 20) for i in range(20) for k in (1, 3)]
    hard = network(ring, free_cost=rng.uniform(1, 5, 40), bpr_power=np.full(1, 4.0))
    o, d = np.arange(20), (np.arange(20) + 9) % 20
    found = solve_equilibrium(hard, o, d, np.full(20, 3.0), relative_gap=0.0, max_iterations=2)
    assert not found.converged
    assert len(found.relative_gap) == 2
    own = 1 - (found.demand * found.least_cost).sum() / found.total_cost
    assert found.relative_gap[-1] == pytest.approx(own, abs=1e-12)


def test_a_destination_that_cannot_be_reached_is_named():
    with pytest.raises(ScenarioError, match="no way leads from node 2 to node 0"):
        solve_equilibrium(network(), [0, 2], [2, 0], [5.0, 1.0])


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (([0], [2], [-1.0]), "got -1.0"),
        (([0], [2], [np.nan]), "got nan"),
        (([0], [3], [1.0]), "destination 3 is no node of a network with 3 nodes"),
        (([0], [2], [1.0, 2.0]), "2 demands"),
        (([1], [1], [1.0]), "no demand between two different nodes"),
        (([], [], []), "no demand between two different nodes"),
    ],
)
def test_wrong_demand_is_refused_with_its_value(args, text):
    with pytest.raises(ScenarioError, match=text):
        solve_equilibrium(network(), *args)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"capacity": np.array([1.0, 0.0, 1.0])}, "capacity must be greater than 0 and finite, got 0"),
        ({"free_cost": np.array([1.0, -2.0, 1.0])}, "free_cost must be at least 0, got -2"),
        ({"bpr_power": np.full(1, 0.5)}, "bpr_power must be 0, or at least 1 and finite, got 0.5"),
        ({"fixed_cost": np.full(1, np.nan)}, "fixed_cost must be at least 0 and finite, got nan"),
        ({"free_cost": np.ones(2)}, "free_cost has 2 values for 3 links"),
        ({"no_through": np.zeros(2, bool)}, "no_through has 2 values for 3 nodes"),
        ({"node_count": 2}, "links name nodes from 0 to 2, there are 2"),
        ({"capacity": np.full(1, 1e-200), "bpr_power": np.full(1, 4.0)}, "cannot be computed"),
    ],
)
def test_wrong_links_are_refused_with_their_value(changes, text):
    with pytest.raises(CityError, match=text):
        network(**changes)


def test_streets_become_links_with_the_capacity_of_lanes_and_lights(layer_of):
    layer = layer_of(3, [(0, 1, 500, 10, 2), (1, 2, 100, 20, 1), (2, 0)])
    layer = put(layer, "signal", 1, True)
    params = StaticLinkParams(lane_capacity_per_s=0.5, saturation_per_s=0.6, green_share=0.4)
    streets = street_network(layer, params)
    np.testing.assert_allclose(streets.free_cost, [50, 5, 50])
    np.testing.assert_allclose(streets.capacity, np.array([2 * 0.6 * 0.4, 0.5, 0.5]) * 3600)
    assert streets.node_count == 3


def test_the_public_names_are_loaded_on_first_use():
    import twin.models.road_traffic as road

    assert road.solve_equilibrium is solve_equilibrium
