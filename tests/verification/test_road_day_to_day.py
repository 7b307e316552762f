"""The day again and again: networks whose equilibrium is known, and a slow search over all paths."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from twin.errors import ScenarioError
from twin.models.road_traffic import RoadNetwork, repeat_days
from twin.models.road_traffic.day_to_day.timed_turns import TimedTurns
from twin.models.road_traffic.queueing.build import build_road

# Without compilation the hash of the draws overflows aloud, as it should.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")

RATE, BOTTLENECK, LAST_S = 1.0, 0.4, 900.0


def two_ways(near_m=800.0, far_m=4800.0):
    """One vehicle a second, two ways with a bottleneck of 0.4 each; 4 km more take 200 s."""
    net = RoadNetwork()
    net.add_link("s", "o", 400.0, lanes=4)
    near = net.add_link("o", "x", near_m, lanes=4, exit_capacity_per_s=BOTTLENECK)
    far = net.add_link("o", "y", far_m, lanes=4, exit_capacity_per_s=BOTTLENECK)
    net.add_link("x", "d", 400.0, lanes=4)
    net.add_link("y", "d", 400.0, lanes=4)
    count = int(RATE * LAST_S)
    net.add_trips(np.arange(count) / RATE, ["s"] * count, ["d"] * count)
    return net, near, far


@pytest.mark.parametrize("rule", ["gap", "msa"])
def test_two_ways_find_wardrops_split(rule):
    """The near way alone until its queue takes 200 s, then half on each: waits there grow alike."""
    net, _, far = two_ways()
    days = repeat_days(net, 6000.0, most_days=40, gap=0.015, interval_s=60.0, rule=rule)
    assert days.converged
    assert days.relative_gap[-1] <= 0.015
    assert days.relative_gap[-1] == days.relative_gap.min()
    result = days.result
    assert result.finished == LAST_S * RATE
    from_s = 200.0 / (RATE / BOTTLENECK - 1)
    on_far = len(result.entry_times_s(far))
    assert on_far == pytest.approx((LAST_S - from_s) / 2, rel=0.06)
    # Whoever starts at t has waited (RATE / BOTTLENECK - 1) t, later (RATE / 2 / BOTTLENECK - 1) more a second.
    waits = np.minimum(np.arange(LAST_S), from_s) * 1.5 + np.maximum(np.arange(LAST_S) - from_s, 0.0) * 0.25
    assert result.total_travel_s() == pytest.approx((waits + 80.0).sum(), rel=0.03)


def test_equal_ways_end_with_equal_flows():
    net, near, _ = two_ways(2000.0, 2000.0)
    # All begin on one way.
    paths = np.arange(901) * 3, np.tile([0, near, 3], 900).astype(np.int32)
    days = repeat_days(net, 9000.0, most_days=60, gap=0.01, interval_s=60.0, first_paths=paths)
    assert days.relative_gap[0] > 0.5
    assert days.converged
    assert len(days.result.entry_times_s(near)) / 900 == pytest.approx(0.5, abs=0.03)
    assert days.total_travel_s[-1] < 0.6 * days.total_travel_s[0]


def braess(with_shortcut):
    """Two ways, each with a fast bottleneck and a slow wide half, in opposite order; a link joins the fast halves."""
    net = RoadNetwork()
    for a, b, metres, exit_per_s in (
        ("o", "a", 400.0, 0.4), ("a", "d", 4000.0, np.inf), ("o", "b", 4000.0, np.inf), ("b", "d", 400.0, 0.4),
    ):  # fmt: skip
        net.add_link(a, b, metres, lanes=6, exit_capacity_per_s=exit_per_s)
    if with_shortcut:
        net.add_link("a", "b", 100.0, lanes=6)
    count = 1400
    net.add_trips(np.arange(count) / 0.7, ["o"] * count, ["d"] * count)
    return net


def test_braess_a_new_link_makes_the_equilibrium_worse():
    """Without it nobody waits: 220 s each. With it 0.7 a second drive into the first bottleneck, then into both."""
    without = repeat_days(braess(False), 9000.0, gap=0.01, interval_s=60.0)
    assert without.converged
    assert without.result.travel_time_s.mean() == pytest.approx(220.0, rel=0.03)
    within = repeat_days(braess(True), 9000.0, gap=0.025, most_days=60, interval_s=60.0)
    assert within.converged
    assert within.total_travel_s[-1] > 1.2 * without.total_travel_s[-1]
    # The last pay for both queues, each as long as its slow half.
    assert within.result.travel_time_s[-1] > 1.5 * 220.0


def bottleneck(depart_s, per_s):
    net = RoadNetwork()
    street = net.add_link("o", "x", 2000.0, lanes=3, exit_capacity_per_s=per_s)
    onward = net.add_link("x", "d", 400.0, lanes=3)
    net.add_vehicles(depart_s, path=[street, onward])
    return net.run(np.inf)


def test_a_bottleneck_costs_the_triangle_between_arrivals_and_departures():
    rate, served, count = 1.25, 0.5, 1200
    result = bottleneck(np.arange(count) / rate, served)
    wait_s = result.travel_time_s - 120.0
    assert wait_s.sum() == pytest.approx(count**2 / 2 * (1 / served - 1 / rate), rel=0.002)


def test_vickreys_departures_cost_everybody_the_same():
    """At the equilibrium of Vickrey (1969) every departure costs the same, in all N² / s · βγ / (β + γ)."""
    alpha, beta, gamma, served, count = 1.0, 0.5, 2.0, 0.5, 1500
    spread_s = count / served
    early_s = spread_s * gamma / (beta + gamma)  # from the first arrival to the wanted one
    first_rate, then_rate = served * alpha / (alpha - beta), served * alpha / (alpha + gamma)
    change_s = early_s * (alpha - beta) / alpha  # who leaves then arrives on time
    k = np.arange(count) + 0.5
    depart_s = np.where(k <= first_rate * change_s, k / first_rate, change_s + (k - first_rate * change_s) / then_rate)
    result = bottleneck(depart_s, served)
    lateness_s = result.leave_s - 120.0 - early_s
    cost = (
        alpha * (result.travel_time_s - 120.0) + beta * np.maximum(-lateness_s, 0) + gamma * np.maximum(lateness_s, 0)
    )
    assert cost.std() < 0.01 * cost.mean()
    assert cost.sum() == pytest.approx(count**2 / served * beta * gamma / (beta + gamma), rel=0.005)


def test_quickest_ways_equal_a_search_over_all_paths():
    rng = np.random.default_rng(5)
    net = RoadNetwork()
    arcs = [(a, b) for a, b in itertools.permutations(range(6), 2) if rng.random() < 0.5]
    links = {arc: net.add_link(*arc, float(rng.integers(200, 900)), lanes=1) for arc in arcs}
    turn = next((links[a, b], links[b, c]) for a, b in arcs for c in range(6) if (b, c) in links and c != a)
    net.add_turn_queue(turn[0], [turn[1]], capacity_per_s=0.05)
    net.add_trips(np.sort(rng.uniform(0, 600, 900)), rng.integers(0, 3, 900).tolist(), rng.integers(3, 6, 900).tolist())
    day = net.run(4000.0)
    times = TimedTurns(build_road(net, 0.0), 0.0, 4000.0, 120.0, np.zeros(len(links), bool))
    times.learn(day)
    node = net.node_index
    compared = 0
    for origin, goal, depart_s in itertools.product(range(3), range(3, 6), (0.0, 300.0, 777.0)):
        ways = [
            [links[arc] for arc in itertools.pairwise((origin, *middle, goal))]
            for k in range(5)
            for middle in itertools.permutations(set(range(6)) - {origin, goal}, k)
            if all(arc in links for arc in itertools.pairwise((origin, *middle, goal)))
        ]
        if not ways:
            continue
        ptr = np.concatenate([[0], np.cumsum([len(way) for way in ways])])
        least = times.seconds(ptr, np.concatenate(ways).astype(np.int32), np.full(len(ways), depart_s)).min()
        ends = np.array([node[origin]], np.int32), np.array([node[goal]], np.int32)
        found = times.quickest(*ends, np.array([depart_s]))
        assert times.seconds(*found, np.array([depart_s]))[0] == pytest.approx(least, rel=1e-9)
        compared += 1
    assert compared > 15


def test_days_are_the_same_twice_and_say_when_they_did_not_settle():
    runs = [repeat_days(two_ways()[0], 6000.0, most_days=3, gap=1e-6, seed=4) for _ in range(2)]
    assert not runs[0].converged
    assert len(runs[0].relative_gap) == len(runs[0].switched) == 3
    assert runs[0].result.time_s.tobytes() == runs[1].result.time_s.tobytes()
    assert runs[0].relative_gap.tobytes() == runs[1].relative_gap.tobytes()
    with pytest.raises(ScenarioError, match="gap or msa"):
        repeat_days(two_ways()[0], 100.0, rule="best")
    with pytest.raises(ScenarioError, match="most_days"):
        repeat_days(two_ways()[0], 100.0, most_days=0)
