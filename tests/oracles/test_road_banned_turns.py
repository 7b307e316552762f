"""Vehicles of the queueing network that find their own way keep banned turns, against networkx over links."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from twin.models.road_traffic.queueing.loading import load_network
from twin.models.road_traffic.queueing.network import RoadNetwork

# Without compilation the hash of the draws overflows aloud, as it should.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")


def grid(side, generator):
    """A grid with random lengths, and a quarter of its turns banned."""
    net = RoadNetwork()
    links = []
    for i in range(side * side):
        for step, fits in ((1, i % side < side - 1), (side, i < side * (side - 1))):
            if fits:
                for a, b in ((i, i + step), (i + step, i)):
                    metres = float(generator.integers(100, 900))
                    links.append((net.add_link(a, b, metres, speed_mps=10.0), a, b, metres))
    banned = set()
    for link, _, b, _ in links:
        for other, c, _, _ in links:
            if c == b and generator.random() < 0.25:
                net.ban_turn(link, other)
                banned.add((link, other))
    return net, links, banned


def seconds(links, banned, origin, goal):
    """Least free-flow time over ways that make no banned turn; None without one."""
    graph = nx.DiGraph()
    for link, a, b, metres in links:
        if a == origin:
            graph.add_edge("from", link, s=metres / 10.0)
        if b == goal:
            graph.add_edge(link, "to", s=0.0)
        for other, c, _, onward_m in links:
            if c == b and (link, other) not in banned:
                graph.add_edge(link, other, s=onward_m / 10.0)
    try:
        return nx.shortest_path_length(graph, "from", "to", weight="s")
    except (nx.NetworkXNoPath, nx.NodeNotFound):
        return None


@pytest.mark.parametrize("seed", range(6))
def test_they_drive_the_shortest_way_without_a_banned_turn(seed):
    generator = np.random.default_rng(seed)
    net, links, banned = grid(4, generator)
    wanted = []
    for n in range(30):
        origin, goal = generator.choice(16, 2, replace=False).tolist()
        expected = seconds(links, banned, origin, goal)
        if expected is not None:
            # So far apart that nobody meets anybody.
            net.add_trips([2000.0 * n], [origin], [goal])
            wanted.append(expected)
    result = load_network(net, np.inf, route_spread=0.0)
    np.testing.assert_allclose(result.travel_time_s, wanted, rtol=1e-9)
    turns = set(zip(result.from_link.tolist(), result.to_link.tolist(), strict=True))
    assert not turns & banned


def test_in_a_queue_they_look_for_other_ways_but_make_no_banned_turn():
    generator = np.random.default_rng(11)
    net, links, banned = grid(4, generator)
    pairs = [(0, 15), (3, 12), (12, 3), (1, 14)]
    for origin, goal in pairs:
        if seconds(links, banned, origin, goal) is not None:
            net.add_trips(np.linspace(0, 600, 400), [origin] * 400, [goal] * 400)
    result = load_network(net, 3600.0, replan_every_s=60.0)
    turns = set(zip(result.from_link.tolist(), result.to_link.tolist(), strict=True))
    assert result.finished > 400
    assert not turns & banned
