"""Trees and single ways over large random graphs with full heaps, against scipy and against the rule for ties."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from twin.city.routing import kernels
from twin.engine.draws import event, uniform

# Without compilation, numpy warns where the hash of the draws wraps around on purpose.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
NODES, LINKS = 300, 3600


class Graph:
    """Random links between random points on both sides of the origin; no two links share their ends."""

    def __init__(self, seed, *, whole_costs=False):
        luck = np.random.default_rng(seed)
        self.x_m, self.y_m = luck.uniform(-500.0, 500.0, (2, NODES))
        ends = luck.choice(NODES * NODES, LINKS, replace=False)
        start, self.to = (ends // NODES).astype(np.int32), (ends % NODES).astype(np.int32)
        keep = start != self.to
        start, self.to = start[keep], self.to[keep]
        self.links = np.argsort(start, kind="stable").astype(np.int32)
        self.start = start
        self.ptr = np.concatenate([[0], np.cumsum(np.bincount(start, minlength=NODES))])
        self.straight_m = np.hypot(self.x_m[self.to] - self.x_m[start], self.y_m[self.to] - self.y_m[start])
        self.cost_s = self.straight_m * luck.uniform(1.0, 40.0, start.size) ** 2
        if whole_costs:
            self.cost_s = luck.integers(1, 9, start.size).astype(float)
        self.cost_s[luck.uniform(size=start.size) < 0.05] = np.inf

    def distances(self, root, cost_s=None):
        cost_s = self.cost_s if cost_s is None else cost_s
        open_ = np.isfinite(cost_s)
        table = csr_array((cost_s[open_], (self.start[open_], self.to[open_])), shape=(NODES, NODES))
        return dijkstra(table, indices=root)

    def tree(self, root, wanted=()):
        marked = np.zeros(NODES, bool)
        marked[list(wanted)] = True
        distance, link = np.empty(NODES), np.empty(NODES, np.int32)
        room = (np.empty(NODES, np.int32), np.empty(NODES, np.int32))
        kernels.grow_tree(self.ptr, self.links, self.to, self.cost_s, root, marked, distance, link, *room)
        return distance, link

    def path(self, root, goal, *, street=None, spread=0.0, key=0):
        by_link, heap, place = (np.zeros(NODES, np.int32) for _ in range(3))
        least = kernels.least_cost_per_m(self.cost_s, self.start, self.to, self.x_m, self.y_m)
        found = kernels.find_path(
            self.ptr, self.links, self.to, self.cost_s, self.x_m, self.y_m, least, root, goal,
            np.full(self.to.size, -1, np.int32) if street is None else street, np.uint64(5), np.uint64(key), spread,
            np.empty(NODES), np.empty(NODES), by_link, heap, place,
        )  # fmt: skip
        way = []
        while found and goal != root:
            way.append(int(by_link[goal]))
            goal = int(self.start[way[-1]])
        return found, way[::-1], place


@pytest.mark.parametrize("whole_costs", [False, True])
@pytest.mark.parametrize("seed", range(2))
def test_every_node_has_its_least_cost_and_the_lowest_link_of_that_cost(seed, whole_costs):
    graph = Graph(seed, whole_costs=whole_costs)
    for root in (0, 17):
        distance, link = graph.tree(root)
        np.testing.assert_allclose(distance, graph.distances(root), rtol=1e-12)
        through = distance[graph.start] + graph.cost_s
        for node in range(NODES):
            into = np.flatnonzero((graph.to == node) & (through == distance[node]) & np.isfinite(through))
            assert link[node] == (-1 if node == root or not into.size else into[0])


def test_the_search_ends_with_the_last_node_that_is_wanted():
    """A street of ten crossings: what lies beyond the farthest one wanted is not looked at."""
    graph = Graph(0)
    graph.start, graph.to = np.arange(9, dtype=np.int32), np.arange(1, 10, dtype=np.int32)
    graph.ptr = np.minimum(np.arange(NODES + 1), 9)
    graph.links, graph.cost_s = np.arange(9, dtype=np.int32), np.ones(9)
    assert np.isfinite(graph.tree(0)[0]).sum() == 10
    for wanted, last in (([4], 4), ([2, 4], 4), ([0, 1, 6], 6)):
        distance, _ = graph.tree(0, wanted)
        assert distance[: last + 1].tolist() == list(range(last + 1))
        assert np.isinf(distance[last + 1 :]).all()


def test_a_second_branch_is_followed_when_the_first_has_ended():
    """With two in the heap and one taken, the other one comes next."""
    graph = Graph(0)
    graph.start, graph.to = np.array([0, 0, 2], np.int32), np.array([1, 2, 3], np.int32)
    graph.ptr = np.concatenate([[0, 2, 2], np.full(NODES - 2, 3)])
    graph.links, graph.cost_s = np.arange(3, dtype=np.int32), np.array([1.0, 2.0, 3.0])
    graph.x_m[:] = graph.y_m[:] = 0.0
    assert graph.tree(0)[0][:4].tolist() == [0.0, 1.0, 2.0, 5.0]
    assert graph.path(0, 3)[:2] == (True, [1, 2])
    assert not graph.path(0, 4)[0]
    assert not graph.path(1, 3)[0]


def test_a_table_of_costs_is_that_of_its_trees():
    graph = Graph(2)
    roots, columns = np.array([5, 9], np.int32), np.array([0, 299, 7, 5], np.int32)
    wanted = np.zeros(NODES, bool)
    wanted[columns] = True
    out = np.full((2, 4), -1.0)
    kernels.cost_matrix(graph.ptr, graph.links, graph.to, graph.cost_s, roots, wanted, columns, out)
    np.testing.assert_allclose(out, graph.distances(roots)[:, columns], rtol=1e-12)


@pytest.mark.parametrize("seed", range(2))
def test_a_star_settles_only_what_may_lie_on_a_way_as_good(seed):
    graph = Graph(seed)
    least = kernels.least_cost_per_m(graph.cost_s, graph.start, graph.to, graph.x_m, graph.y_m)
    assert least == pytest.approx((graph.cost_s / graph.straight_m).min(), rel=1e-8)
    assert least < (graph.cost_s / graph.straight_m).min()
    cost_s = graph.distances(3)
    for goal in range(0, NODES, 23):
        found, way, place = graph.path(3, goal)
        assert found == np.isfinite(cost_s[goal])
        assert graph.cost_s[way].sum() == pytest.approx(cost_s[goal], rel=1e-12)
        bound = cost_s + least * np.hypot(graph.x_m - graph.x_m[goal], graph.y_m - graph.y_m[goal])
        settled = place == kernels._SETTLED
        assert (bound[settled] <= cost_s[goal] * (1 + 1e-12)).all()
        assert settled.sum() >= (bound < cost_s[goal] * (1 - 1e-9)).sum()


def test_of_ways_as_good_a_star_keeps_the_lowest_link():
    graph = Graph(3, whole_costs=True)
    cost_s = graph.distances(3)
    through = cost_s[graph.start] + graph.cost_s
    ties = 0
    for goal in range(0, NODES, 3):
        for link in graph.path(3, goal)[1]:
            as_good = np.flatnonzero((graph.to == graph.to[link]) & (through == cost_s[graph.to[link]]))
            assert link == as_good[0]
            ties += as_good.size > 1
    assert ties > 5


@pytest.mark.parametrize("any_cost", [False, True])
def test_a_driver_takes_the_best_way_in_their_own_eyes(any_cost):
    """Half of the taste is the street's, half the link's; a link of no street has both by itself."""
    graph = Graph(4)
    # Nearly as good ways of few and of many links, so that tastes decide.
    some, luck = np.isfinite(graph.cost_s), np.random.default_rng(4)
    graph.cost_s[some] = (luck.uniform(4.0, 20.0, graph.to.size) if any_cost else 1.1 * graph.straight_m)[some]
    street = (np.arange(graph.to.size) % 3 - 1).astype(np.int32)
    for key in range(2) if any_cost else range(2, 3):
        own = [
            uniform(np.uint64(5), np.uint64(key), event(s, 1) if s >= 0 else event(k, 2))
            + uniform(np.uint64(5), np.uint64(key), event(k, 0))
            - 1.0
            for k, s in enumerate(street.tolist())
        ]
        own_s = graph.cost_s * (1.0 + 0.4 * np.array(own))
        best = graph.distances(3, own_s)
        for goal in range(1, NODES, 37 if any_cost else 19):
            _, way, _ = graph.path(3, goal, street=street, spread=0.4, key=key)
            assert own_s[way].sum() == pytest.approx(best[goal], rel=1e-12)


def test_a_city_of_closed_links_has_no_least_cost_and_bad_costs_are_found():
    graph = Graph(1)
    closed = np.full(graph.to.size, np.inf)
    assert kernels.least_cost_per_m(closed, graph.start, graph.to, graph.x_m, graph.y_m) == 0.0
    # A link of half a metre counts, one of no length does not.
    short = np.array([0, 1], np.int32), np.array([1, 2], np.int32), np.array([0.0, 0.5, 0.5]), np.zeros(3)
    assert kernels.least_cost_per_m(np.array([2.0, 1.0]), *short) == pytest.approx(4.0)
    assert kernels.first_bad_cost(np.array([1.0, np.inf, 2.0])) == -1
    assert kernels.first_bad_cost(np.array([1.0, np.nan, -2.0])) == 1
    assert kernels.first_bad_cost(np.array([1.0, 2.0, 0.0])) == 2
