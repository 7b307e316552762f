"""Stops put on ways: metres to every crossing and between stops, against a graph into which the stops are cut."""

from __future__ import annotations

import dataclasses
import itertools

import networkx as nx
import numpy as np
import pytest

from tests.unit.models.transit.town import town
from twin.models.transit.bus.ground import put_on_streets
from twin.models.transit.bus.trips import BusStops


def crooked(seed):
    """The town with streets of odd lengths: every link is as long as its drawing, both ways."""
    rng, city = np.random.default_rng(seed), town(side=5)
    layer = city.walk
    x, y = (values + rng.uniform(-40, 40, layer.node_count) for values in (layer.x_m, layer.y_m))
    a, b = layer.link_from, layer.link_to
    ends = np.column_stack([a, b]).ravel()
    layer = dataclasses.replace(
        layer, x_m=x, y_m=y, length_m=np.hypot(x[a] - x[b], y[a] - y[b]), vertex_x_m=x[ends], vertex_y_m=y[ends]
    )
    return dataclasses.replace(city, walk=layer), rng


def nearest(layer, x, y):
    """Slow: every link, its nearest point, the first of the nearest."""
    best = (np.inf, 0, 0.0)
    for link in range(layer.link_count):
        a, b = int(layer.link_from[link]), int(layer.link_to[link])
        d = np.array([layer.x_m[b] - layer.x_m[a], layer.y_m[b] - layer.y_m[a]])
        t = float(np.clip(((x - layer.x_m[a]) * d[0] + (y - layer.y_m[a]) * d[1]) / (d @ d), 0, 1))
        away = float(np.hypot(layer.x_m[a] + t * d[0] - x, layer.y_m[a] + t * d[1] - y))
        if away < best[0] - 1e-9:
            best = (away, link, t)
    return best


@pytest.mark.parametrize("seed", range(4))
def test_metres_are_those_of_a_graph_that_holds_the_stops(seed):
    city, rng = crooked(seed)
    layer = city.walk
    x, y = rng.uniform(-60, 660, 12), rng.uniform(-60, 660, 12)
    x[1], y[1] = x[0] + 3.0, y[0] + 2.0  # two stops on one way
    stops = BusStops(tuple(f"s{k:02d}" for k in range(12)), ("",) * 12, x, y)
    ground = put_on_streets(city, stops)
    graph = nx.Graph()
    on_link: dict[tuple[int, int], list[tuple[float, str]]] = {}
    for link in range(layer.link_count):
        a, b = int(layer.link_from[link]), int(layer.link_to[link])
        graph.add_edge(a, b, metres=float(layer.length_m[link]))
    for k in range(12):
        away, link, share = nearest(layer, x[k], y[k])
        assert ground.off_m[k] == pytest.approx(away, abs=1e-6)
        a, b = int(layer.link_from[link]), int(layer.link_to[link])
        at = share * layer.length_m[link]
        on_link.setdefault((min(a, b), max(a, b)), []).append((at if a < b else layer.length_m[link] - at, f"on{k}"))
        graph.add_edge(f"on{k}", f"stop{k}", metres=away)
    for (a, b), found in on_link.items():
        length = graph.edges[a, b]["metres"]
        graph.remove_edge(a, b)
        chain = [(0.0, a), *sorted(found), (length, b)]
        for (from_m, one), (to_m, other) in itertools.pairwise(chain):
            graph.add_edge(one, other, metres=max(to_m - from_m, 0.0))
    on = np.flatnonzero(ground.on_map)
    assert len(on) > 8
    for k in on:
        metres = nx.single_source_dijkstra_path_length(graph, f"stop{k}", weight="metres")
        np.testing.assert_allclose(ground.to_node_m[k], [metres[n] for n in range(layer.node_count)], rtol=1e-9)
        between = ground.between_s(np.inf, 2.0)[k]
        for other in on:
            if other != k:
                assert between[other] == pytest.approx(metres[f"stop{other}"] / 2.0, rel=1e-9)
    assert np.isinf(ground.to_node_m[~ground.on_map]).all()
