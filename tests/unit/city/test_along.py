"""Ways along a street, whatever its one-ways, against networkx on random streets."""

from __future__ import annotations

import networkx as nx
import pytest

from twin.city.routing.along import Step, shortest_along
from twin.engine.draws import event, make_stream, uniforms


@pytest.mark.parametrize("seed", range(8))
def test_distances_and_ways_are_those_of_networkx(seed):
    import numpy as np

    u = uniforms(make_stream(np.uint64(seed), "test.along"), np.arange(120, dtype=np.uint64), event(0))
    steps = [Step(int(u[3 * i] * 15), int(u[3 * i + 1] * 15), 1.0 + 9.0 * float(u[3 * i + 2]), i) for i in range(28)]
    steps = [step for step in steps if step.one != step.other]
    graph = nx.MultiGraph()
    for one, other, length_m, link in steps:
        graph.add_edge(one, other, key=link, weight=length_m)
    start = [steps[0].one, steps[3].other]
    far, came = shortest_along(steps, [*start, 99])
    assert far == pytest.approx(nx.multi_source_dijkstra_path_length(graph, set(start)))
    for node in far:
        length_m, at = 0.0, node
        while at in came:
            at, link = came[at]
            length_m += next(step.length_m for step in steps if step.link == link)
        assert at in start
        assert length_m == pytest.approx(far[node])


def test_of_equal_steps_the_first_counts_and_nodes_off_the_street_reach_nothing():
    steps = [Step(0, 1, 5.0, 7), Step(1, 0, 5.0, 8), Step(0, 1, 6.0, 9)]
    assert shortest_along(steps, [0]) == ({0: 0.0, 1: 5.0}, {1: (0, 7)})
    assert shortest_along(steps, [4]) == ({}, {})
