"""Kernels of the static equilibrium against slow, obvious twins; small enough to run uncompiled."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from scipy.optimize import linprog

from twin.models.road_traffic.equilibrium import StaticNetwork, kernels, solve_equilibrium


def random_network(seed, nodes=7, links=22):
    """Ring with chords, so that every node is reached; curves of several powers, some links without any rise."""
    rng = np.random.default_rng(seed)
    a, b = np.arange(nodes), (np.arange(nodes) + 1) % nodes
    extra = rng.integers(0, nodes, (links - nodes, 2))
    extra = extra[extra[:, 0] != extra[:, 1]]
    a, b = np.concatenate([a, extra[:, 0]]), np.concatenate([b, extra[:, 1]])
    m = len(a)
    return StaticNetwork(
        a,
        b,
        free_cost=rng.uniform(1, 9, m),
        capacity=rng.uniform(5, 20, m),
        bpr_share=rng.choice([0.0, 0.15, 1.0], m),
        bpr_power=rng.choice([0.0, 1.0, 2.5, 4.0], m),
        fixed_cost=rng.choice([0.0, 1.0], m),
    )


def cost_of(network, link, flow):
    rise = network.bpr_share[link] * (flow / network.capacity[link]) ** network.bpr_power[link]
    return network.free_cost[link] * (1 + rise) + network.fixed_cost[link]


def area_of(network, link, flow, steps=4000):
    """Integral of the cost by the midpoint rule."""
    middle = (np.arange(steps) + 0.5) / steps * flow
    return sum(cost_of(network, link, x) for x in middle.tolist()) * flow / steps


def all_paths(network, origin, destination):
    """Every simple path as a tuple of links."""
    graph = nx.MultiDiGraph()
    for link in range(network.link_count):
        graph.add_edge(int(network.link_from[link]), int(network.link_to[link]), key=link)
    return [tuple(key for _, _, key in path) for path in nx.all_simple_edge_paths(graph, origin, destination)]


def lower_bound(network, flow, demand):
    """Least Beckmann objective there can be: the tangent at a flow, least over all ways to route the demand."""
    cost = [cost_of(network, link, flow[link]) for link in range(network.link_count)]
    objective = sum(area_of(network, link, flow[link]) for link in range(network.link_count))
    at_best = 0.0
    for (o, d), trips in demand.items():
        paths = all_paths(network, o, d)
        per_path = [sum(cost[link] for link in path) for path in paths]
        at_best += linprog(per_path, A_eq=np.ones((1, len(paths))), b_eq=[trips]).fun
    return objective - (np.dot(cost, flow) - at_best), objective


DEMAND = {(0, 3): 20.0, (0, 5): 7.0, (2, 6): 15.0, (4, 1): 30.0}


def solved(network, gap=1e-9, **options):
    o, d = zip(*DEMAND, strict=True)
    return solve_equilibrium(network, o, d, list(DEMAND.values()), relative_gap=gap, **options)


@pytest.mark.parametrize("seed", range(4))
def test_no_routing_over_any_simple_path_has_a_smaller_objective(seed):
    network = random_network(seed)
    found = solved(network)
    bound, objective = lower_bound(network, found.link_flow, DEMAND)
    assert found.objective == pytest.approx(objective, rel=1e-6)
    assert bound == pytest.approx(objective, rel=1e-8)


@pytest.mark.parametrize("seed", range(4))
def test_flows_of_paths_add_up_to_flows_of_links_and_to_the_demand(seed):
    network = random_network(seed)
    found = solved(network)
    flow = np.zeros(network.link_count)
    for p in range(len(found.paths.flow)):
        for link in found.paths.links[found.paths.path_ptr[p] : found.paths.path_ptr[p + 1]]:
            flow[link] += found.paths.flow[p]
    np.testing.assert_allclose(found.link_flow, flow, rtol=1e-12)
    for k, pair in enumerate(zip(found.origin.tolist(), found.destination.tolist(), strict=True)):
        paths = slice(found.paths.pair_ptr[k], found.paths.pair_ptr[k + 1])
        assert found.paths.flow[paths].sum() == pytest.approx(DEMAND[pair], rel=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_costs_and_integrals_are_those_of_the_formula(seed):
    network = random_network(seed)
    flow = np.random.default_rng(seed).uniform(0, 30, network.link_count)
    flow[0] = 0.0
    cost = np.empty(network.link_count)
    kernels.link_costs(network.curve, flow, cost)
    expected = [cost_of(network, link, flow[link]) for link in range(network.link_count)]
    np.testing.assert_allclose(cost, expected, rtol=1e-12)
    area = sum(area_of(network, link, flow[link]) for link in range(network.link_count))
    assert kernels.integral(network.curve, flow) == pytest.approx(area, rel=1e-6)


@pytest.mark.parametrize("seed", range(12))
def test_a_shift_lowers_the_objective_and_never_passes_equal_costs(seed):
    rng = np.random.default_rng(seed)
    network = random_network(seed, links=30)
    paths = all_paths(network, 0, 4)
    give, take = rng.choice(len(paths), 2, replace=False)
    ptr = np.array([0, len(paths[give]), len(paths[give]) + len(paths[take])])
    links = np.array(paths[give] + paths[take], np.int32)
    path_flow = np.array([25.0, 3.0])
    flow = rng.uniform(0, 5, network.link_count)
    for path, trips in zip((paths[give], paths[take]), path_flow, strict=True):
        flow[list(path)] += trips
    cost = np.empty(network.link_count)
    kernels.link_costs(network.curve, flow, cost)
    before, old = kernels.integral(network.curve, flow), flow.copy()
    apart = cost[list(paths[give])].sum() - cost[list(paths[take])].sum()
    paid = kernels.shift_flow(
        0, 1, ptr, links, path_flow, network.curve, flow, cost, np.zeros(network.link_count, np.int64), 1
    )
    assert paid == pytest.approx(max(apart, 0) * 25.0, rel=1e-12)
    moved = 25.0 - path_flow[0]
    assert path_flow.sum() == pytest.approx(28.0)
    assert (moved > 0) == (apart > 0)
    expected = old.copy()
    expected[list(paths[give])] -= moved
    expected[list(paths[take])] += moved
    np.testing.assert_allclose(flow, expected, atol=1e-12)
    now = cost[list(paths[give])].sum() - cost[list(paths[take])].sum()
    assert now >= -1e-9 or apart <= 0
    assert kernels.integral(network.curve, flow) <= before + 1e-9


def test_merged_paths_are_those_in_use_and_the_new_ones_pair_by_pair():
    # Pair 0 has paths of 5 and 0 trips and a new one; pair 1 has none and gets its first; pair 2 stays.
    old = {0: [((1, 2), 5.0), ((3,), 0.0)], 1: [], 2: [((4, 5, 6), 2.0)]}
    new = {0: (7, 8), 1: (9,)}
    demand = np.array([5.0, 11.0, 2.0])
    flat = [path for k in old for path in old[k]]
    ptr = np.cumsum([0, *(len(links) for links, _ in flat)])
    pair_ptr = np.cumsum([0, *(len(old[k]) for k in old)])
    out = (np.empty(4, np.int64), np.empty(6, np.int64), np.empty(9, np.int32), np.empty(5))
    kept = kernels.merge_columns(
        pair_ptr,
        ptr,
        np.array([x for links, _ in flat for x in links], np.int32),
        np.array([f for _, f in flat]),
        np.array(list(new)),
        np.cumsum([0, *(len(p) for p in new.values())]),
        np.array([x for p in new.values() for x in p], np.int32),
        demand,
        *out,
    )
    spans = pairwise(out[1][: kept + 1].tolist())
    found = [(tuple(out[2][a:b].tolist()), f) for (a, b), f in zip(spans, out[3][:kept], strict=True)]
    assert found == [((1, 2), 5.0), ((7, 8), 0.0), ((9,), 11.0), ((4, 5, 6), 2.0)]
    assert out[0].tolist() == [0, 2, 3, 4]
