"""How drivers without a path choose: known flows, what they know of turns, and no trace of steps or of ties."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from tests.benchmarks.bench_road import g20
from twin.models.road_traffic import RoadNetwork
from twin.models.road_traffic.queueing import choice_kernels

# Without compilation the hash of the draws overflows aloud, as it should.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")


def ways(*lengths_m, cars=900, every_s=1.0, exit_per_s=0.4, **options):
    """Routes o-m_i-d of several lengths, each through a bottleneck; gives the result and the first link of each."""
    net = RoadNetwork()
    first = []
    approach = net.add_link("s", "o", 400.0, lanes=4)
    for i, metres in enumerate(lengths_m):
        first.append(net.add_link("o", i, metres, lanes=2, exit_capacity_per_s=exit_per_s))
        net.add_link(i, "d", 400.0, lanes=2)
    net.add_trips(every_s * np.arange(cars), ["s"] * cars, ["d"] * cars)
    result = net.run(np.inf, **options)
    assert result.finished == cars
    assert len(result.exit_times_s(approach)) == cars
    return result, first


def test_equal_ways_get_equal_flows():
    result, first = ways(800.0, 800.0, 800.0)
    shares = np.array([len(result.entry_times_s(link)) for link in first]) / 900
    np.testing.assert_allclose(shares, 1 / 3, atol=0.02)


def test_two_ways_through_bottlenecks_take_equal_times_once_both_are_used():
    # 1 vehicle a second, two bottlenecks of 0.4: the short way fills until its wait is what the long one is longer.
    result, (near, far) = ways(800.0, 4800.0, route_spread=0.0, replan_every_s=60.0)
    begun = result.entry_times_s(far).min()
    took = {}
    for link in (near, far):
        entered = result.entry_times_s(link)
        took[link] = np.interp(np.arange(begun, 900.0, 10.0), entered, result.exit_times_s(link) - entered)
    # Each vehicle waits 1.5 s longer than the one before, so that the short way takes 200 s more after 133 of them.
    assert 140.0 < begun < 165.0
    assert abs(took[near] - took[far]).mean() < 0.04 * took[near].mean()


def test_drivers_know_the_queue_of_a_turn_and_not_only_that_of_its_link():
    """Left-turners jam their own queue; they leave for another way, and those who go straight stay."""

    def share_on_main(apart):
        net = RoadNetwork()
        main = net.add_link("o", "x", 600.0, lanes=3)
        net.add_link("o", "y", 700.0, lanes=3)
        left, ahead = net.add_link("x", "l", 300.0, lanes=2), net.add_link("x", "a", 300.0, lanes=2)
        net.add_link("y", "l", 300.0, lanes=2)
        net.add_link("y", "a", 300.0, lanes=2)
        if apart:
            net.add_turn_queue(main, [left], capacity_per_s=0.05)
        net.add_trips(2.0 * np.arange(600), ["o"] * 600, ["l", "a"] * 300)
        result = net.run(np.inf, route_spread=0.0, replan_every_s=60.0, weight_of_news=0.5)
        assert result.finished == 600
        return len(result.entry_times_s(left)) / 300, len(result.entry_times_s(ahead)) / 300

    assert share_on_main(apart=False) == (1.0, 1.0)
    turners, others = share_on_main(apart=True)
    assert others == 1.0
    # The turn takes 0.05 of the 0.25 a second that want it, and its queue makes up for 5 s of detour.
    assert turners < 0.35


def test_routes_do_not_depend_on_the_internal_step():
    def log(step_s):
        rng = np.random.default_rng(3)
        net = RoadNetwork()
        for i in range(25):
            for j in [i + 1] * (i % 5 < 4) + [i - 1] * (i % 5 > 0) + [i + 5] * (i < 20) + [i - 5] * (i > 4):
                net.add_link(i, j, 300.0 + 40.0 * ((i * j) % 3))
        ends = rng.choice(25, (3000, 2))
        ends[:, 1] = np.where(ends[:, 0] == ends[:, 1], (ends[:, 1] + 7) % 25, ends[:, 1])
        net.add_trips(np.sort(rng.uniform(0, 900, 3000)), ends[:, 0].tolist(), ends[:, 1].tolist())
        result = net.run(3600.0, replan_every_s=60.0, redraw_after_s=5.0, step_s=step_s)
        order = np.lexsort((result.from_link, result.vehicle, result.time_s))
        return [column[order].tobytes() for column in (result.time_s, result.vehicle, result.to_link)]

    assert log(5.0) == log(1.3)


@pytest.mark.parametrize("seed", range(4))
def test_times_to_go_are_least(seed):
    rng = np.random.default_rng(seed)
    graph = nx.gnp_random_graph(30, 0.12, seed=seed, directed=True)
    arcs = np.array(graph.edges())
    arc_s = rng.uniform(1, 9, len(arcs))
    arc_s[rng.random(len(arcs)) < 0.1] = np.inf
    order = np.argsort(arcs[:, 1], kind="stable")
    ptr = np.concatenate([[0], np.cumsum(np.bincount(arcs[:, 1], minlength=30))])
    ends = np.array([3, 17, 18], np.int32)
    found = np.empty((2, 30))
    work = np.empty(30, np.int32), np.empty(30, np.int32)
    before = arcs[order, 0].astype(np.int32)
    choice_kernels.least_times(ptr, before, arc_s[order], np.array([0, 1, 3]), ends, found, *work)
    open_ = nx.DiGraph()
    open_.add_nodes_from(range(30))
    open_.add_weighted_edges_from((b, a, s) for (a, b), s in zip(arcs.tolist(), arc_s, strict=True) if np.isfinite(s))
    for row, roots in enumerate(({3}, {17, 18})):
        least = nx.multi_source_dijkstra_path_length(open_, roots)
        np.testing.assert_allclose(found[row], [least.get(node, np.inf) for node in range(30)], rtol=1e-12)


def test_on_the_grid_of_peers_the_shipped_choice_loses_no_more_than_theirs():
    """UXsim 1.15.1 (C++, vehicle by vehicle, choice renewed every 600 s) takes 164.5 M vehicle seconds here."""
    net, until_s, options = g20(100_000)
    result = net.run(until_s, **options)
    assert result.finished == 100_000
    assert 128e6 < result.total_travel_s() < 164.5e6
