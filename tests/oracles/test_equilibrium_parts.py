"""Parts of the static equilibrium against sums written out: costs, integrals, paths out of trees."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from twin.models.road_traffic.equilibrium import kernels

LINKS, NODES = 9, 6


def curves(luck):
    """Constant, slope and power of each link; powers 0 and 4 among others."""
    power = luck.choice([0.0, 1.0, 4.0, 2.5], LINKS)
    return np.column_stack([luck.uniform(1, 5, LINKS), luck.uniform(0, 2, LINKS), power])


@pytest.mark.parametrize("seed", range(8))
def test_costs_their_integral_and_the_flows_of_links_are_sums(seed):
    luck = np.random.default_rng(seed)
    curve, flow = curves(luck), luck.uniform(0, 3, LINKS) * (luck.random(LINKS) < 0.8)

    def cost(link, at):
        return curve[link, 0] + curve[link, 1] * at ** curve[link, 2]

    out = np.empty(LINKS)
    kernels.link_costs(curve, flow, out)
    assert out == pytest.approx([cost(k, flow[k]) for k in range(LINKS)])
    whole = sum(quad(lambda at, k=k: cost(k, at), 0.0, flow[k])[0] for k in range(LINKS))
    assert kernels.integral(curve, flow) == pytest.approx(whole, rel=1e-7)
    # A link that nobody may use costs nothing while nobody does.
    closed = np.vstack([curve, [np.inf, 0.0, 1.0]])
    assert kernels.integral(closed, np.append(flow, 0.0)) == pytest.approx(whole, rel=1e-7)
    # Rounding below 0 is no flow.
    kernels.link_costs(curve, np.full(LINKS, -1e-12), out)
    assert out == pytest.approx([cost(k, 0.0) for k in range(LINKS)])
    counts = luck.integers(0, 4, 5)
    ptr = np.concatenate([[0], np.cumsum(counts)])
    links, path_flow = luck.integers(0, LINKS, ptr[-1]), luck.uniform(0, 2, 5)
    added = np.arange(LINKS, dtype=float)
    kernels.add_paths(ptr, links, path_flow, added)
    expected = np.arange(LINKS, dtype=float)
    for path in range(5):
        np.add.at(expected, links[ptr[path] : ptr[path + 1]], path_flow[path])
    assert added == pytest.approx(expected)


@pytest.mark.parametrize("room", [100, 3])
@pytest.mark.parametrize("seed", range(12))
def test_a_tree_gives_a_new_path_where_it_is_cheaper_than_all_that_a_pair_has(seed, room):
    luck = np.random.default_rng(seed)
    # A tree over six nodes: node n is reached from an earlier one by link n.
    tail, tree_link = np.zeros(LINKS, np.int64), np.full(NODES, -1, np.int64)
    cost = luck.integers(1, 6, LINKS).astype(float)
    tree_cost, way = np.zeros(NODES), [[]]
    for n in range(1, NODES):
        tail[n] = luck.integers(0, n)
        tree_link[n] = n
        way.append([*way[tail[n]], n])
        tree_cost[n] = sum(cost[k] for k in way[n])
    destination = luck.permutation(np.arange(1, NODES))
    held, flows = [], []
    for n in destination.tolist():
        mine = [luck.integers(1, LINKS, luck.integers(1, 4)).tolist() for _ in range(luck.integers(0, 3))]
        if luck.random() < 0.4:
            mine.append(way[n])
        held.append(mine)
        flows += luck.uniform(0, 2, len(mine)).tolist()
    pair_ptr = np.concatenate([[0], np.cumsum([len(mine) for mine in held])])
    paths = [path for mine in held for path in mine]
    path_ptr = np.concatenate([[0], np.cumsum([len(path) for path in paths])]).astype(np.int64)
    path_links = np.array([k for path in paths for k in path], np.int64)
    out_least, out_pair = np.empty(len(destination)), np.empty(len(destination), np.int64)
    out_ptr, out_links = np.empty(len(destination) + 1, np.int64), np.empty(room, np.int64)
    found, paid = kernels.find_columns(
        destination, tree_cost, tree_link, tail, cost, pair_ptr, path_ptr, path_links, np.array(flows),
        out_least, out_pair, out_ptr, out_links,
    )  # fmt: skip
    costs = [[sum(cost[k] for k in path) for path in mine] for mine in held]
    new = [(p, way[n]) for p, n in enumerate(destination.tolist()) if tree_cost[n] < min(costs[p], default=np.inf)]
    if sum(len(path) for _, path in new) > room:
        assert found == -1
        return
    assert paid == pytest.approx(sum(c * f for c, f in zip([c for mine in costs for c in mine], flows, strict=True)))
    assert out_least.tolist() == tree_cost[destination].tolist()
    told = [(int(out_pair[f]), out_links[out_ptr[f] : out_ptr[f + 1]].tolist()) for f in range(found)]
    assert told == new
