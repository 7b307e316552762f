"""Rings: the network diagram from a closed system, and gridlock when it is full."""

from __future__ import annotations

import numpy as np
import pytest

from twin.models.road_traffic import RoadNetwork


def ring(vehicles, hops=2400, **options):
    net = RoadNetwork(**options)
    links = [net.add_link(i, (i + 1) % 4, 250.0) for i in range(4)]
    for i in range(4):
        net.add_vehicles(np.zeros(vehicles // 4), path=[links[(i + k) % 4] for k in range(hops)])
    return net, links


@pytest.mark.parametrize("vehicles", [20, 40, 60, 100, 160, 196])
def test_r13_the_flow_of_a_ring_is_that_of_the_triangular_diagram(vehicles):
    net, links = ring(vehicles)
    result = net.run(6000.0)
    density = vehicles / 1000.0
    expected = min(20.0 * density, 5.0 * (0.2 - density))
    assert result.outflow_per_s(links[0], 4000.0, 6000.0) == pytest.approx(expected, abs=1e-4)
    assert not result.gridlocked


def test_r14_a_full_ring_is_a_gridlock_that_is_reported_and_ends_the_run():
    net, links = ring(200)
    result = net.run(np.inf)
    assert result.stuck.tolist() == links
    assert result.finished == 0
    assert result.inside_count == 200
    assert result.released == 0
    assert result.time_s.max() < 1000.0


def test_a_release_that_is_asked_for_moves_the_full_ring_and_is_counted():
    net, _links = ring(200, hops=40, release_after_s=300.0)
    result = net.run(np.inf)
    assert result.finished == 200
    assert result.released > 0


def test_only_the_links_of_the_knot_are_named_not_the_queue_behind_it_nor_the_free_street():
    net = RoadNetwork()
    links = [net.add_link(i, (i + 1) % 4, 250.0) for i in range(4)]
    feeder, free = net.add_link("far", 0, 250.0), net.add_link("x", "y", 250.0)
    for i in range(4):
        net.add_vehicles(np.zeros(80), path=[links[(i + k) % 4] for k in range(100)])
    net.add_vehicles(np.arange(40.0), path=[feeder, links[0], links[1]])
    net.add_vehicles(np.arange(3000.0) * 2, path=[free])
    result = net.run(5000.0)
    assert set(links) <= set(result.stuck.tolist())
    assert free not in result.stuck


def test_a_million_vehicles_on_ten_links_end_in_a_result_and_not_in_a_hang():
    net = RoadNetwork()
    links = [net.add_link(i, (i + 1) % 10, 250.0) for i in range(10)]
    paths = np.array([[(i + k) % 10 for k in range(12)] for i in range(10)])
    count = 1_000_000
    pool = paths[np.arange(count) % 10].ravel()
    net.add_vehicles(np.zeros(count), path_ptr=12 * np.arange(count + 1), path_links=pool)
    result = net.run(np.inf)
    assert sorted(result.stuck.tolist()) == links
    assert result.finished + result.inside_count + result.waiting(np.inf) == count
