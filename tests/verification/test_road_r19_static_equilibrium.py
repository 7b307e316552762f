"""R19: static equilibrium against closed forms and the public test networks."""

from __future__ import annotations

import numpy as np
import pytest

from tests.verification import tntp
from twin.models.road_traffic.equilibrium import StaticNetwork, solve_equilibrium

#: Name, Beckmann's objective at equilibrium, and the worth of a cent of toll and of a mile, in minutes.
CASES = {
    "SiouxFalls": (4_231_335.287, 0.0, 0.0),
    "Anaheim": (1_286_032.171, 0.0, 0.0),
    "ChicagoSketch": (17_313_018.739, 0.02, 0.04),
}
#: Least free cost that lets a cost begin at 0 and grow with flow.
_TINY = 2.0**-30


def linear_network(links, **options):
    """Links given as (from, to, constant, slope): cost is constant + slope * flow."""
    a, b, constant, slope = (np.array(column, float) for column in zip(*links, strict=True))
    return StaticNetwork(
        a.astype(int),
        b.astype(int),
        free_cost=np.full(1, _TINY),
        capacity=np.ones(1),
        bpr_share=slope / _TINY,
        bpr_power=np.ones(1),
        fixed_cost=np.maximum(constant - _TINY, 0.0),
        **options,
    )


BRAESS = [(0, 1, 0, 10), (2, 3, 0, 10), (0, 2, 50, 1), (1, 3, 50, 1), (1, 2, 10, 1)]


def solved(name, gap, **options):
    _, per_toll, per_length = CASES[name]
    network = tntp.network(name, per_toll=per_toll, per_length=per_length)
    return network, solve_equilibrium(network, *tntp.trips(name), relative_gap=gap, **options)


def test_braess_pays_92_with_the_bridge_and_two_travellers_on_each_way():
    found = solve_equilibrium(linear_network(BRAESS), [0], [3], [6.0], relative_gap=1e-12)
    assert found.least_cost[0] == pytest.approx(92, abs=1e-6)
    np.testing.assert_allclose(found.link_flow, [4, 4, 2, 2, 2], atol=1e-6)
    np.testing.assert_allclose(found.paths.flow, [2, 2, 2], atol=1e-6)


def test_braess_pays_83_without_the_bridge():
    found = solve_equilibrium(linear_network(BRAESS[:4]), [0], [3], [6.0], relative_gap=1e-12)
    assert found.least_cost[0] == pytest.approx(83, abs=1e-6)
    np.testing.assert_allclose(found.paths.flow, [3, 3], atol=1e-6)


def test_the_system_optimum_of_braess_leaves_the_bridge_empty():
    # Total cost of x on each outer way and y over the bridge is least at x = 3, y = 0: 6 * 83.
    found = solve_equilibrium(linear_network(BRAESS), [0], [3], [6.0], principle="system", relative_gap=1e-12)
    assert found.total_cost == pytest.approx(6 * 83, abs=1e-5)
    assert found.link_flow[4] == pytest.approx(0, abs=1e-5)


def test_the_system_optimum_of_pigou_saves_a_quarter():
    # One way costs 1, the other its flow: all take the second alone, half would be best (Pigou 1920).
    links = [(0, 1, 1, 0), (0, 1, 0, 1)]
    user = solve_equilibrium(linear_network(links), [0], [1], [1.0], relative_gap=1e-12)
    system = solve_equilibrium(linear_network(links), [0], [1], [1.0], principle="system", relative_gap=1e-12)
    assert user.total_cost == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(system.link_flow, [0.5, 0.5], atol=1e-6)
    assert system.total_cost == pytest.approx(0.75, abs=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_the_objective_of_a_test_network_is_the_known_one(name):
    _, found = solved(name, 1e-4)
    assert found.converged
    assert found.relative_gap[-1] <= 1e-4
    assert found.objective == pytest.approx(CASES[name][0], rel=1e-4)


@pytest.mark.parametrize("name", CASES)
def test_the_objective_approaches_the_known_one_from_above(name):
    # Beckmann's sum is least at equilibrium and convex: it exceeds the least by no more than gap * total cost.
    for gap in (1e-4, 1e-6, 1e-9):
        _, found = solved(name, gap)
        over = found.objective - CASES[name][0]
        assert -0.0005 <= over <= found.relative_gap[-1] * found.total_cost + 0.0005  # known to three decimals


@pytest.mark.parametrize("name", CASES)
def test_link_flows_of_a_test_network_are_the_best_known_ones(name):
    network, found = solved(name, 1e-6)
    known = tntp.best_flows(name)
    ends = zip(network.link_from.tolist(), network.link_to.tolist(), strict=True)
    expected = np.array([known[pair] for pair in ends])
    assert np.abs((found.link_flow - expected) / network.capacity).max() < 0.02


def test_trips_inside_zones_of_chicago_are_left_out_and_counted():
    _, found = solved("ChicagoSketch", 1e-3)
    assert found.intrazonal == pytest.approx(123_414, abs=0.5)
    assert found.demand.sum() == pytest.approx(1_260_907.44 - 123_414, abs=0.5)


def test_no_used_path_of_anaheim_passes_a_zone_or_is_dearer_than_the_cheapest():
    network, found = solved("Anaheim", 1e-11)
    paths = found.paths
    owner = np.repeat(np.arange(len(found.demand)), np.diff(paths.pair_ptr))
    for path in np.flatnonzero(paths.flow > 1e-3 * found.demand[owner]).tolist():
        links = paths.links[paths.path_ptr[path] : paths.path_ptr[path + 1]]
        assert network.link_from[links[0]] == found.origin[owner[path]]
        assert network.link_to[links[-1]] == found.destination[owner[path]]
        assert (network.link_to[links[:-1]] == network.link_from[links[1:]]).all()
        assert not network.no_through[network.link_to[links[:-1]]].any()
        assert found.link_cost[links].sum() == pytest.approx(found.least_cost[owner[path]], rel=1e-6)


@pytest.mark.parametrize("name", ["SiouxFalls", "Anaheim"])
def test_no_assignment_costs_less_in_all_than_the_system_optimum(name):
    network, best = solved(name, 1e-9, principle="system")
    _, user = solved(name, 1e-9)
    assert best.total_cost < user.total_cost
    # Total cost is convex in link flows: on the way to any other assignment it may not fall.
    for share in (1e-3, 0.1, 0.5):
        between = (1 - share) * best.link_flow + share * user.link_flow
        cost = network.free_cost * (1 + network.bpr_share * (between / network.capacity) ** network.bpr_power)
        assert (between * cost).sum() >= best.total_cost * (1 - 1e-9)
