"""Ways of many against all ways written down: every way to a place on a small network, and what it costs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from twin.models.pedestrian.movement.way_kernels import spread_ways

NODES = 9


class Streets:
    """Random links by their first nodes, with costs, metres and waits; node 3 is the place."""

    def __init__(self, seed):
        luck = np.random.default_rng(seed)
        ends = sorted({(int(a), int(b)) for a, b in luck.integers(0, NODES, (34, 2)) if a != b})
        self.ends = ends
        self.out_ptr = np.searchsorted([a for a, _ in ends], np.arange(NODES + 1))
        self.link_to = np.array([b for _, b in ends])
        self.cost, self.metres, self.wait_s = luck.uniform(0.2, 3.0, (3, len(ends)))
        self.local = luck.uniform(-0.5, 0.5, len(ends))
        far = np.full(NODES, np.inf)
        far[3] = 0.0
        for _ in range(NODES):
            for (a, b), cost in zip(ends, self.cost, strict=True):
                far[a] = min(far[a], cost + far[b])
        self.far = far
        self.order = np.array([node for node in np.argsort(far, kind="stable") if np.isfinite(far[node])])

    def ways(self, node):
        """Every way from a node to the place that leads closer with each link."""
        if node == 3:
            return [[]]
        out = []
        for link, (a, b) in enumerate(self.ends):
            if a == node and self.far[b] < self.far[a]:
                out += [[link, *rest] for rest in self.ways(b)]
        return out

    def logsum(self, node, scale):
        return scale * math.log(sum(math.exp(-self.cost[way].sum() / scale) for way in self.ways(node)))


@pytest.mark.parametrize("locals_matter", [False, True])
@pytest.mark.parametrize("scale", [0.2, 1.0])
@pytest.mark.parametrize("seed", range(6))
def test_shares_and_means_are_those_of_all_ways(seed, scale, locals_matter):
    streets = Streets(seed)
    local = streets.local if locals_matter else np.zeros(len(streets.ends))
    share = np.full(len(streets.ends), -9.0, np.float32)
    cost, metres, wait_s = (np.full(NODES, 7.0) for _ in range(3))
    spread_ways(
        streets.order, streets.out_ptr, streets.link_to, streets.far, streets.cost, local, scale, streets.metres,
        streets.wait_s, share, cost, metres, wait_s,
    )  # fmt: skip
    closer = [k for k, (a, b) in enumerate(streets.ends) if streets.far[b] < streets.far[a]]
    weight = {
        k: math.exp((-streets.cost[k] + streets.logsum(streets.ends[k][1], scale) + local[k]) / scale) for k in closer
    }
    for k, (a, _) in enumerate(streets.ends):
        if k in weight:
            whole = sum(weight[j] for j in closer if streets.ends[j][0] == a)
            assert share[k] == pytest.approx(weight[k] / whole, rel=1e-6)
        else:
            assert share[k] == -9.0
    several = 0
    for node in range(NODES):
        if node not in streets.order:
            assert (cost[node], metres[node], wait_s[node]) == (7.0, 7.0, 7.0)
            continue
        assert cost[node] == pytest.approx(-streets.logsum(node, scale), rel=1e-12, abs=1e-12)
        ways = streets.ways(node)
        chance = [np.prod(share[way].astype(float)) for way in ways]
        assert metres[node] == pytest.approx(
            sum(p * streets.metres[w].sum() for p, w in zip(chance, ways, strict=True)), rel=1e-6
        )
        assert wait_s[node] == pytest.approx(
            sum(p * streets.wait_s[w].sum() for p, w in zip(chance, ways, strict=True)), rel=1e-6
        )
        several += len(ways) > 1
        if not locals_matter:
            # Without tastes for single links the way is drawn as a whole, by its own cost.
            for p, way in zip(chance, ways, strict=True):
                assert p == pytest.approx(math.exp((-streets.cost[way].sum() + cost[node]) / scale), rel=1e-5)
    assert several > 1


def test_costs_far_apart_overflow_nothing():
    """Thousands of seconds at a small scale: the cheaper of two ways has it all."""
    share, cost, metres, wait_s = np.zeros(2, np.float32), *(np.zeros(2) for _ in range(3))
    spread_ways(
        np.array([0, 1]), np.array([0, 0, 2]), np.array([0, 0]), np.array([0.0, 5000.0]), np.array([5000.0, 9000.0]),
        np.array([0.0, 1.0]), 0.5, np.array([10.0, 20.0]), np.array([1.0, 2.0]), share, cost, metres, wait_s,
    )  # fmt: skip
    assert share.tolist() == [1.0, 0.0]
    assert (cost[1], metres[1], wait_s[1]) == (5000.0, 10.0, 1.0)
    # A liking as large as the costs turns it round, and changes no cost.
    spread_ways(
        np.array([0, 1]), np.array([0, 0, 2]), np.array([0, 0]), np.array([0.0, 5000.0]), np.array([5000.0, 9000.0]),
        np.array([0.0, 8000.0]), 0.5, np.array([10.0, 20.0]), np.array([1.0, 2.0]), share, cost, metres, wait_s,
    )  # fmt: skip
    assert share.tolist() == [0.0, 1.0]
    assert (cost[1], metres[1], wait_s[1]) == (5000.0, 20.0, 2.0)


def test_a_long_way_at_a_small_scale_overflows_nothing():
    """Node 2 leads to node 1, and that to the place: what is left of the way is as long as its first link."""
    share, cost, metres, wait_s = np.zeros(2, np.float32), *(np.zeros(3) for _ in range(3))
    spread_ways(
        np.array([0, 1, 2]), np.array([0, 0, 1, 2]), np.array([0, 1]), np.array([0.0, 5000.0, 10000.0]),
        np.array([5000.0, 5000.0]), np.array([1.0, 2.0]), 0.5, np.array([10.0, 20.0]), np.array([1.0, 2.0]),
        share, cost, metres, wait_s,
    )  # fmt: skip
    assert share.tolist() == [1.0, 1.0]
    assert (cost.tolist(), metres.tolist()) == ([0.0, 5000.0, 10000.0], [0.0, 10.0, 30.0])


def test_nobody_walks_between_nodes_that_are_just_as_near():
    """Nodes 1 and 2 are one link from the place and one from each other."""
    share, cost, metres, wait_s = np.full(4, -9.0, np.float32), *(np.zeros(3) for _ in range(3))
    ones = np.ones(4)
    spread_ways(
        np.array([0, 1, 2]), np.array([0, 0, 2, 4]), np.array([0, 2, 0, 1]), np.array([0.0, 1.0, 1.0]), ones, 0 * ones,
        1.0, ones, ones, share, cost, metres, wait_s,
    )  # fmt: skip
    assert share.tolist() == [1.0, -9.0, 1.0, -9.0]
    assert (cost.tolist(), metres.tolist(), wait_s.tolist()) == ([0.0, 1.0, 1.0],) * 3
