"""The Dijkstra kernel against networkx and against a relaxation that is too simple to be wrong."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from twin.city.city import StreetLayer
from twin.city.reading.layers import Link, assemble_layer
from twin.city.routing import ways as routing
from twin.errors import CityError

# Without compilation, numpy warns where the hash of the draws wraps around on purpose.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")


def grid(side: int, seed: int, *, whole_costs: bool, dropped_share: float = 0.2) -> tuple[StreetLayer, np.ndarray]:
    """Directed grid with some links missing; whole costs give many ties."""
    generator = np.random.default_rng(seed)
    links = []
    for i in range(side * side):
        for step, fits in ((1, i % side < side - 1), (side, i < side * (side - 1))):
            if fits:
                both = ((i, i + step), (i + step, i))
                links += [Link(a, b, 10.0) for a, b in both if generator.random() > dropped_share]
    places = np.arange(side * side)
    layer = assemble_layer(
        node_id=places + 100,
        x_m=places % side * 100.0,
        y_m=places // side * 100.0,
        lon_deg=places * 0.0,
        lat_deg=places * 0.0,
        links=links,
    )
    draw = generator.integers(1, 4, layer.link_count) if whole_costs else generator.uniform(1, 9, layer.link_count)
    return layer, draw.astype(np.float64)


def relaxed_times(layer: StreetLayer, cost_s: np.ndarray, source: int) -> np.ndarray:
    """Bellman and Ford: relax every link until nothing changes."""
    time_s = np.full(layer.node_count, np.inf)
    time_s[source] = 0.0
    for _ in range(layer.node_count):
        before = time_s.copy()
        for link in range(layer.link_count):
            a, b = layer.link_from[link], layer.link_to[link]
            time_s[b] = min(time_s[b], time_s[a] + cost_s[link])
        if (before == time_s).all():
            break
    return time_s


@pytest.mark.parametrize("whole_costs", [True, False])
@pytest.mark.parametrize("seed", range(6))
def test_times_agree_with_plain_relaxation(seed: int, whole_costs: bool) -> None:
    layer, cost_s = grid(5, seed, whole_costs=whole_costs)
    everywhere = np.arange(layer.node_count)
    expected = np.array([relaxed_times(layer, cost_s, i) for i in everywhere])
    np.testing.assert_allclose(routing.travel_times(layer, everywhere, everywhere, cost_s), expected, rtol=1e-12)
    few = np.array([3, 7, 7])
    np.testing.assert_allclose(routing.travel_times(layer, everywhere, few, cost_s), expected[:, few], rtol=1e-12)
    np.testing.assert_allclose(routing.travel_times(layer, few, everywhere, cost_s), expected[few], rtol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_times_agree_with_networkx_on_a_larger_grid(seed: int) -> None:
    layer, cost_s = grid(12, seed, whole_costs=False)
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(range(layer.node_count))
    for link in range(layer.link_count):
        graph.add_edge(int(layer.link_from[link]), int(layer.link_to[link]), cost=cost_s[link])
    lengths = nx.single_source_dijkstra_path_length(graph, 5, weight="cost")
    times = routing.travel_times(layer, [5], np.arange(layer.node_count), cost_s)[0]
    assert {i for i in range(layer.node_count) if np.isfinite(times[i])} == set(lengths)
    for node, length in lengths.items():
        assert times[node] == pytest.approx(length, rel=1e-12)


@pytest.mark.parametrize("whole_costs", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_trees_and_paths_cost_what_the_times_say(seed: int, whole_costs: bool) -> None:
    layer, cost_s = grid(6, seed, whole_costs=whole_costs)
    destination = 20
    next_link, time_s = routing.tree_to(layer, destination, cost_s)
    assert next_link[destination] == -1
    for origin in range(layer.node_count):
        expected = relaxed_times(layer, cost_s, origin)[destination]
        assert time_s[origin] == pytest.approx(expected, rel=1e-12)
        if not np.isfinite(expected):
            assert next_link[origin] == -1
            with pytest.raises(CityError, match="no way leads"):
                routing.shortest_path(layer, origin, destination, cost_s)
            continue
        path = routing.shortest_path(layer, origin, destination, cost_s)
        ends = [origin, *layer.link_to[path].tolist()]
        assert ends[-1] == destination
        assert layer.link_from[path].tolist() == ends[:-1]
        assert cost_s[path].sum() == pytest.approx(expected, rel=1e-12)
        node, spent = origin, 0.0
        while node != destination:
            link = next_link[node]
            assert layer.link_from[link] == node
            spent += cost_s[link]
            node = int(layer.link_to[link])
        assert spent == pytest.approx(expected, rel=1e-12)


def test_of_equally_short_ways_the_lower_link_index_is_taken() -> None:
    square = assemble_layer(
        node_id=[1, 2, 3, 4],
        x_m=[0, 100, 0, 100],
        y_m=[0, 0, 100, 100],
        lon_deg=[0.0] * 4,
        lat_deg=[0.0] * 4,
        links=[Link(2, 3, 10.0), Link(0, 2, 10.0), Link(1, 3, 10.0), Link(0, 1, 10.0), Link(1, 3, 10.0, way_id=9)],
    )
    assert routing.shortest_path(square, 0, 3).tolist() == [0, 2]
    assert routing.next_link_to(square, 3).tolist() == [0, 2, 4, -1]


def test_a_closed_link_is_driven_around() -> None:
    layer, cost_s = grid(4, 1, whole_costs=False, dropped_share=0.0)
    first = routing.shortest_path(layer, 0, 15, cost_s)
    closed = cost_s.copy()
    closed[first[0]] = np.inf
    around = routing.shortest_path(layer, 0, 15, closed)
    assert first[0] not in around
    assert closed[around].sum() >= cost_s[first].sum()


@pytest.mark.parametrize("whole_costs", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_a_star_finds_the_path_of_the_tree_from_the_origin_ties_included(seed: int, whole_costs: bool) -> None:
    layer, cost_s = grid(7, seed, whole_costs=whole_costs)
    backwards = assemble_reversed(layer)
    finder = routing.PathFinder(layer, cost_s)
    found = 0
    for origin in range(0, layer.node_count, 5):
        time_s = relaxed_times(layer, cost_s, origin)
        for destination in range(layer.node_count):
            path = finder.find(origin, destination)
            assert (path is None) == np.isinf(time_s[destination])
            if path is None or not len(path):
                continue
            found += 1
            assert layer.link_from[path[0]] == origin
            assert layer.link_to[path[-1]] == destination
            assert (layer.link_to[path[:-1]] == layer.link_from[path[1:]]).all()
            assert cost_s[path].sum() == pytest.approx(time_s[destination])
            # Of ways into a node that are equally short, the lower link index stays.
            before = time_s[layer.link_from[path]] + cost_s[path]
            for link, cost in zip(path.tolist(), before.tolist(), strict=True):
                into = backwards[int(layer.link_to[link])]
                assert link == min(k for k in into if time_s[layer.link_from[k]] + cost_s[k] == cost)
    assert found > 200


def assemble_reversed(layer: StreetLayer) -> dict[int, list[int]]:
    """Links into each node."""
    into: dict[int, list[int]] = {node: [] for node in range(layer.node_count)}
    for link, node in enumerate(layer.link_to.tolist()):
        into[node].append(link)
    return into


def test_drivers_with_tastes_take_the_best_way_in_their_own_eyes_and_always_the_same() -> None:
    layer, cost_s = grid(6, 1, whole_costs=False, dropped_share=0.0)
    cost_s = 4.0 + 0.2 * cost_s
    tasteless = routing.PathFinder(layer, cost_s)
    finder = routing.PathFinder(layer, cost_s, spread=0.4, stream=np.uint64(7))
    best = cost_s[tasteless.find(0, 35)].sum()
    ways = {}
    for key in range(200):
        path = finder.find(0, 35, key)
        np.testing.assert_array_equal(path, finder.find(0, 35, key))
        ways[tuple(path.tolist())] = cost_s[path].sum()
    assert len(ways) > 10
    # Nobody takes a way that could not be the best for costs within 40 per cent.
    assert max(ways.values()) * 0.6 <= best * 1.4
    assert min(ways.values()) >= best
