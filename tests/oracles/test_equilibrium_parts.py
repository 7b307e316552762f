"""Parts of the static equilibrium against sums written out: costs, integrals, paths out of trees."""

from __future__ import annotations

import numba
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


@pytest.mark.skipif(numba.config.DISABLE_JIT == 0, reason="compiled, this is only a part of other kernels")
@pytest.mark.parametrize("seed", range(5))
def test_derivatives_are_the_limit_of_differences(seed):
    luck = np.random.default_rng(seed)
    curve = curves(luck)
    for link in range(LINKS):
        at, by = float(luck.uniform(0.5, 3)), 1e-6
        slope = (kernels._cost(curve, link, at + by) - kernels._cost(curve, link, at - by)) / (2 * by)
        assert kernels._derivative(curve, link, at) == pytest.approx(slope, rel=1e-5, abs=1e-8)
        assert kernels._derivative(curve, link, -1.0) == (curve[link, 1] if curve[link, 2] == 1.0 else 0.0)


class Pairs:
    """Pairs of one to three paths over nine links, some of them shared."""

    def __init__(self, seed, power=None):
        luck = np.random.default_rng(seed)
        self.curve = curves(luck)
        if power is not None:
            self.curve[:, 2] = power
        self.counts = luck.integers(1, 4, 4)
        self.pair_ptr = np.concatenate([[0], np.cumsum(self.counts)])
        self.paths = [luck.permutation(LINKS)[: luck.integers(1, 5)] for _ in range(self.pair_ptr[-1])]
        self.path_ptr = np.concatenate([[0], np.cumsum([len(path) for path in self.paths])])
        self.links = np.concatenate(self.paths)
        self.path_flow = luck.uniform(0, 2, len(self.paths)) * (luck.random(len(self.paths)) < 0.8)
        self.flow = np.zeros(LINKS)
        kernels.add_paths(self.path_ptr, self.links, self.path_flow, self.flow)
        self.flow += 0.1
        self.others = self.flow - self.carried()
        self.cost = np.empty(LINKS)
        kernels.link_costs(self.curve, self.flow, self.cost)
        self.mark = np.zeros(LINKS, np.int64)

    def carried(self):
        out = np.zeros(LINKS)
        kernels.add_paths(self.path_ptr, self.links, self.path_flow, out)
        return out

    def costs(self):
        """Of each path, at the flows as they are."""
        at = np.empty(LINKS)
        kernels.link_costs(self.curve, self.flow, at)
        assert self.cost == pytest.approx(at)
        assert self.flow == pytest.approx(self.others + self.carried())
        return np.array([at[path].sum() for path in self.paths])


@pytest.mark.parametrize("power", [None, 1.0])
@pytest.mark.parametrize("seed", range(30))
def test_flow_is_shifted_to_the_cheaper_path_until_both_cost_the_same_and_never_beyond(seed, power):
    """Where costs are straight lines one step is exact."""
    now = Pairs(seed, power)
    stamp = 10
    for giving in range(len(now.paths)):
        for taking in range(len(now.paths)):
            if giving == taking:
                continue
            before, flows, gap = now.costs(), now.path_flow.copy(), 0.0
            paid = kernels.shift_flow(
                giving, taking, now.path_ptr, now.links, now.path_flow, now.curve, now.flow, now.cost, now.mark, stamp
            )
            stamp += 2
            gap = before[giving] - before[taking]
            after = now.costs()
            if gap <= 1e-12:
                assert paid == pytest.approx(0.0, abs=1e-9)
                continue
            assert paid == pytest.approx(gap * flows[giving])
            assert now.path_flow[[giving, taking]].sum() == pytest.approx(flows[[giving, taking]].sum())
            assert now.path_flow[giving] >= 0
            left = after[giving] - after[taking]
            assert left >= -1e-9
            moved = flows[giving] - now.path_flow[giving]
            assert moved > 0 or flows[giving] == 0
            assert now.path_flow[giving] == 0 or left < gap
            if power == 1.0:
                assert now.path_flow[giving] == 0 or left == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_pairs_are_balanced_one_after_the_other_and_what_is_paid_in_excess_goes_to_nothing(seed):
    now = Pairs(seed)
    stamp, excess = 10, []
    sums = np.add.reduceat(now.path_flow, now.pair_ptr[:-1])
    for _ in range(400):
        before = now.costs()
        flows = now.path_flow.copy()
        old = stamp
        stamp, paid = kernels.balance_pairs(
            now.pair_ptr, now.path_ptr, now.links, now.path_flow, now.curve, now.flow, now.cost, now.mark, stamp
        )
        shifts = sum(
            (flows[a:b] > 0).sum() - (flows[a + int(np.argmin(before[a:b]))] > 0)
            for a, b in zip(now.pair_ptr[:-1], now.pair_ptr[1:], strict=True)
            if b - a > 1
        )
        assert stamp >= old + 2 * (shifts > 0)
        assert now.mark.max() < stamp
        excess.append(paid)
    assert np.add.reduceat(now.path_flow, now.pair_ptr[:-1]) == pytest.approx(sums)
    assert excess[-1] <= 1e-6 * max(excess[0], 1.0)
    costs = now.costs()
    for a, b in zip(now.pair_ptr[:-1], now.pair_ptr[1:], strict=True):
        used = costs[a:b][now.path_flow[a:b] > 1e-9]
        assert used.size == 0 or used.max() == pytest.approx(costs[a:b].min(), abs=1e-4)


@pytest.mark.parametrize("seed", range(10))
def test_paths_in_use_and_new_ones_stand_pair_by_pair_and_a_first_one_takes_the_demand(seed):
    now = Pairs(seed)
    luck = np.random.default_rng(seed)
    demand = luck.uniform(1, 5, len(now.counts))
    new = {pair: luck.integers(0, LINKS, luck.integers(1, 4)).tolist() for pair in range(4) if luck.random() < 0.6}
    new_ptr = np.concatenate([[0], np.cumsum([len(path) for path in new.values()])]).astype(np.int64)
    new_links = np.array([link for path in new.values() for link in path], np.int64)
    expected = []
    for pair in range(len(demand)):
        mine = range(now.pair_ptr[pair], now.pair_ptr[pair + 1])
        kept = [(now.paths[k].tolist(), now.path_flow[k]) for k in mine if now.path_flow[k] > 0]
        expected.append(kept + ([(new[pair], 0.0 if kept else demand[pair])] if pair in new else []))
    out = np.full(9, -1), np.full(40, -1), np.full(99, -1), np.full(40, np.nan)
    count = kernels.merge_columns(
        now.pair_ptr, now.path_ptr, now.links, now.path_flow, np.array(list(new), np.int64), new_ptr, new_links,
        demand, *out,
    )  # fmt: skip
    pair_ptr, path_ptr, links, flow = out
    told = [
        [(links[path_ptr[k] : path_ptr[k + 1]].tolist(), flow[k]) for k in range(pair_ptr[pair], pair_ptr[pair + 1])]
        for pair in range(len(demand))
    ]
    assert told == expected
    assert count == sum(len(mine) for mine in expected)
