"""Parts of the queueing kernels that the slow twin does not ask about, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from twin.errors import ScenarioError
from twin.models.road_traffic import RoadNetwork
from twin.models.road_traffic.queueing import choice_kernels, kernels
from twin.models.road_traffic.queueing.build import build_edits, build_road, new_vehicles
from twin.models.road_traffic.queueing.loading import Loading, new_log, no_trees

pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")


def test_seconds_on_a_link_are_those_since_the_crossing_before():
    luck = np.random.default_rng(1)
    vehicle, time_s = luck.integers(0, 5, 200), np.sort(luck.uniform(0.0, 900.0, 200))
    from_link = luck.integers(-1, 3, 200)
    last_s, out_s = np.full(5, -50.0), np.full(200, np.nan)
    kernels.seconds_on_links(vehicle[:90], time_s[:90], from_link[:90], last_s, out_s[:90])
    kernels.seconds_on_links(vehicle[90:], time_s[90:], from_link[90:], last_s, out_s[90:])
    seen = dict.fromkeys(range(5), -50.0)
    for v, t, link, got in zip(vehicle.tolist(), time_s.tolist(), from_link.tolist(), out_s.tolist(), strict=True):
        assert got == (t - seen[v] if link >= 0 else 0.0)
        seen[v] = t
    assert last_s.tolist() == list(seen.values())


@pytest.mark.parametrize("lost", range(3))
def test_a_traveller_without_a_way_is_named(lost):
    net = RoadNetwork()
    net.add_link(0, 1, 100.0)
    net.add_link(2, 3, 100.0)
    goals = [1, 1, 1]
    goals[lost] = 3
    net.add_trips([0.0, 1.0, 2.0], [0, 0, 0], goals)
    with pytest.raises(ScenarioError, match=f"vehicle {lost} has no way"):
        net.run(100.0)


def test_who_looks_for_another_way_waits_for_green_too():
    """The shorter link takes one in 20 s, and somebody has just entered it; when patience ends the light is red."""
    net = RoadNetwork()
    first = net.add_link(0, 1, 100.0)
    slow = net.add_link(1, 2, 100.0, entry_capacity_per_s=0.05)
    net.add_link(1, 2, 150.0)
    net.add_signal(first, cycle_s=100.0, green_s=20.0)
    net.add_trips([0.0], [0], [2])
    net.add_vehicles([4.9], path=[slow])
    result = net.run(900.0, redraw_after_s=30.0, route_spread=0.0)
    assert result.time_s[result.from_link == first].tolist() == [100.0]


def test_a_vehicle_that_is_not_on_a_link_takes_no_order():
    net = RoadNetwork()
    street = net.add_link(0, 1, 100.0)
    net.add_vehicles([0.0], path=[street])
    cars, depart_s, first = new_vehicles(net)
    road = build_road(net, 0.0)
    Loading(road, cars, no_trees(), build_edits(net, road), 5.0).enter(np.arange(1), first, depart_s)
    before = [part.tobytes() for part in (*road, *cars)]
    kernels.reroute(road, cars, no_trees(), 0, 3.0)
    assert [part.tobytes() for part in (*road, *cars)] == before


def test_a_path_of_one_link_breaks_no_banned_turn():
    net = RoadNetwork()
    links = [net.add_link(i, i + 1, 100.0) for i in range(2)]
    net.ban_turn(*links)
    net.add_vehicles([0.0], path=links[:1])
    with pytest.raises(ScenarioError, match="no turn from link 0 to link 1"):
        net.add_vehicles([0.0], path=links)


def test_a_gridlock_holds_whoever_waits_for_it_and_nobody_else():
    net = RoadNetwork()
    ring = [net.add_link(i, (i + 1) % 4, 50.0) for i in range(4)]
    for first in range(4):
        net.add_vehicles(np.zeros(10), path=[ring[(first + k) % 4] for k in range(30)])
    shut = net.add_link(0, 5, 50.0)
    net.close_exit(shut, 0.0, 1e6)
    net.add_vehicles([10.0], path=[shut])
    before = net.add_link(6, 0, 50.0)
    full = net.add_link(7, 0, 50.0)
    net.add_turn_queue(full, [ring[0]], pocket=2)
    free = net.add_link(8, 0, 50.0)
    net.add_turn_queue(free, [ring[0]], pocket=3)
    net.close_exit(free, 90.0, 1e6)
    late = net.add_link(9, 0, 50.0)
    for link, depart_s in ((before, [60.0]), (full, [60.0, 60.0, 60.0]), (free, [60.0, 60.0, 95.0]), (late, [198.0])):
        net.add_vehicles(depart_s, path=[link, ring[0]])
    # The ring is full and so is the first pocket; the other has room, its lane is shut; one is on its way still.
    assert net.run(200.0).stuck.tolist() == [*ring, before, full]
    assert net.run(199.0).inside_count == 40 + 1 + 1 + 3 + 3 + 1


def test_a_ring_with_room_for_one_is_no_gridlock():
    net = RoadNetwork()
    ring = [net.add_link(i, (i + 1) % 4, 50.0) for i in range(4)]
    for first in range(4):
        net.add_vehicles(np.zeros(10 - (first == 2)), path=[ring[(first + k) % 4] for k in range(30)])
    assert net.run(200.0).stuck.tolist() == []


@pytest.mark.parametrize("seed", range(12))
def test_least_times_to_go_are_those_of_looking_again_and_again(seed):
    """Whole seconds, so that many ways are as quick; arcs that are shut; two states as the end of one destination."""
    luck = np.random.default_rng(seed)
    n, arcs = 50, 400
    before, into = luck.integers(0, n, (2, arcs)).astype(np.int32)
    into = np.sort(into)
    arc_s = np.where(luck.random(arcs) < 0.15, np.inf, luck.integers(0, 60, arcs) * (1.0 if seed % 2 else 0.01))
    ptr = np.searchsorted(into, np.arange(n + 1))
    ends = luck.choice(n, 4, replace=False).astype(np.int32)
    out, heap, place = np.full((3, n), np.nan), np.empty(n, np.int32), np.empty(n, np.int32)
    choice_kernels.least_times(ptr, before, arc_s, np.array([0, 1, 3, 4]), ends, out, heap, place)
    for row, own in enumerate((ends[:1], ends[1:3], ends[3:])):
        expected = np.full(n, np.inf)
        expected[own] = 0.0
        for _ in range(n):
            np.minimum.at(expected, before, arc_s + expected[into])
        np.testing.assert_allclose(out[row], expected, rtol=1e-12)


def test_who_waits_is_counted_by_car_units_if_ready_before_now():
    luck = np.random.default_rng(2)
    net = RoadNetwork(class_size=[1.0, 2.5])
    street = net.add_link(0, 1, 100.0)
    net.add_vehicles([0.0] * 6, path=[street], vehicle_class=luck.integers(0, 2, 6))
    cars, _, _ = new_vehicles(net)
    road = build_road(net, 0.0)
    road.queues["first"][:] = [3, 0]
    cars.veh["after"][[3, 1, 4, 0, 2]] = [1, 4, -1, 2, -1]
    cars.veh["ready_s"][:] = [5.0, 10.0, 30.0, 2.0, 10.5, 1.0]
    waiting = np.full(2, -1.0)
    choice_kernels.count_waiting(road, cars, 10.5, waiting)
    units = np.array([1.0, 2.5])[cars.veh["vehicle_class"]]
    assert waiting.tolist() == [units[3] + units[1], units[0]]


def test_more_lanes_let_in_sooner_what_is_left_of_a_headway():
    net = RoadNetwork(class_size=[2.0])
    street = net.add_link(0, 1, 100.0)
    net.set_lanes(street, 1.0, 2)
    net.add_vehicles([0.0, 0.0, 0.0], path=[street])
    # 2.5 s a vehicle, of which 1.5 s are left as a second lane opens and makes them 0.75 s.
    assert net.run(60.0).entry_times_s(street).tolist() == pytest.approx([0.0, 1.75, 3.0])


def test_who_all_go_to_one_place_see_the_queues_ahead():
    """Two links as quick as one another: whoever sees a queue on one takes the other."""
    net = RoadNetwork()
    first = net.add_link(0, 1, 100.0, lanes=4)
    ways = [net.add_link(1, 2, 100.0, exit_capacity_per_s=0.2) for _ in range(2)]
    net.add_trips(np.zeros(20), [0] * 20, [2] * 20)
    result = net.run(600.0, replan_every_s=np.inf, route_spread=0.0)
    taken = [int(np.count_nonzero((result.from_link == first) & (result.to_link == way))) for way in ways]
    assert min(taken) >= 9
    # Of two that are as good the first is taken.
    assert result.to_link[result.from_link == first][0] == ways[0]


def test_who_finds_the_way_shut_goes_nowhere_that_is_no_nearer():
    """From node x it is as far as from node m: whoever stands at m waits there, however long."""
    net = RoadNetwork()
    first = net.add_link("a", "m", 100.0)
    shut = net.add_link("m", "z", 100.0)
    net.add_link("m", "x", 100.0)
    net.add_link("x", "z", 100.0)
    net.close_entry(shut, 1.0, 50.0)
    net.add_trips([0.0], ["a"], ["z"])
    result = net.run(200.0, replan_every_s=np.inf, redraw_after_s=10.0, route_spread=0.0)
    assert result.time_s[result.from_link == first].tolist() == [50.0]


@pytest.mark.parametrize(("both", "left_s"), [(False, 5.0), (True, 50.0)])
def test_of_ways_that_are_shut_the_better_is_waited_for_but_an_open_one_is_taken(both, left_s):
    net = RoadNetwork()
    first = net.add_link("a", "m", 100.0)
    ways = [net.add_link("m", "z", metres) for metres in (100.0, 150.0)]
    for way in ways[: 1 + both]:
        net.close_entry(way, 1.0, 50.0)
    net.add_trips([0.0], ["a"], ["z"])
    result = net.run(200.0, replan_every_s=np.inf, redraw_after_s=np.inf, route_spread=0.0)
    rows = result.from_link == first
    assert (result.time_s[rows].tolist(), result.to_link[rows].tolist()) == ([left_s], [ways[not both]])


def test_of_two_links_that_are_as_good_one_sets_off_by_the_first():
    net = RoadNetwork()
    ways = [net.add_link(0, 1, 100.0) for _ in range(3)]
    net.add_trips([0.0], [0], [1])
    assert net.run(60.0, route_spread=0.0).to_link[0] == ways[0]


def test_nobody_sets_off_by_a_link_that_is_shut():
    net = RoadNetwork()
    shut = net.add_link(0, 1, 100.0)
    net.add_link(0, 1, 150.0)
    net.close_entry(shut, 0.0, 500.0)
    net.add_trips([0.0], [0], [1])
    assert net.run(600.0, route_spread=0.0).travel_time_s.tolist() == [7.5]


def test_who_chooses_as_others_are_ready_waits_for_its_turn_like_them():
    """Of two that want one link at one moment the one goes whose link has been served less, chosen or not."""
    net = RoadNetwork()
    a, b = net.add_link("a", "m", 100.0), net.add_link("b", "m", 100.0)
    onward = net.add_link("m", "z", 100.0)
    net.add_trips([20.0], ["a"], ["z"], keys=[0])
    net.add_vehicles([0.0], path=[a, onward], keys=[1])
    net.add_vehicles([20.0], path=[b, onward], keys=[2])
    result = net.run(100.0)
    rows = result.to_link == onward
    assert list(zip(result.vehicle[rows].tolist(), result.time_s[rows].tolist(), strict=True)) == [
        (1, 5.0), (2, 25.0), (0, 26.25),
    ]  # fmt: skip


def test_who_is_blocked_for_too_long_takes_the_other_way():
    """As above without a light: the first turn of the first link is left for the second as patience ends."""
    net = RoadNetwork()
    first = net.add_link(0, 1, 100.0)
    slow = net.add_link(1, 2, 100.0, entry_capacity_per_s=0.02)
    other = net.add_link(1, 2, 150.0)
    net.add_trips([0.0], [0], [2])
    net.add_vehicles([4.9], path=[slow])
    result = net.run(900.0, redraw_after_s=30.0, route_spread=0.0)
    rows = result.from_link == first
    assert (result.time_s[rows].tolist(), result.to_link[rows].tolist()) == ([35.0], [other])


def test_a_gate_without_places_lets_through_whoever_goes_on():
    net = RoadNetwork()
    links = [net.add_link(i, i + 1, 100.0) for i in range(2)]
    net.add_gate(links[0])
    net.add_vehicles([0.0], path=links)
    assert net.run(60.0).travel_time_s.tolist() == [10.0]


def test_the_first_vehicle_of_all_is_overtaken_by_several():
    """Vehicle 0 is slow; 1 and 3 pass it, 2 is slower still and stays behind."""
    net = RoadNetwork(class_size=[1.0] * 4, class_speed_mps=[10.0, 20.0, 5.0, 15.0])
    street = net.add_link(0, 1, 600.0, lanes=4, overtaking=True)
    net.add_vehicles([0.0, 1.0, 2.0, 3.0, 4.0], path=[street], vehicle_class=[0, 1, 2, 3, 0])
    assert net.run(200.0).travel_time_s.tolist() == [60.0, 30.0, 120.0, 40.0, 60.0]


def fork_with(**turn_queue):
    """Link 0, whose first turn has a queue of its own, and the links behind it."""
    net = RoadNetwork(class_size=[1.0, 2.0], class_speed_mps=[20.0, 10.0])
    links = [net.add_link(0, 1, 100.0), net.add_link(1, 2, 100.0), net.add_link(1, 3, 100.0)]
    net.add_turn_queue(links[0], [links[1]], **turn_queue)
    return net, links


def test_whoever_turns_first_of_all_waits_in_its_pocket():
    net, (first, aside, straight) = fork_with(pocket=2)
    net.close_entry(aside, 0.0, 60.0)
    net.add_vehicles([0.0], path=[first, aside])
    net.add_vehicles([0.0], path=[first, straight])
    assert net.run(200.0).exit_times_s(first).tolist() == [6.25, 60.0]


def test_who_drives_up_from_behind_parts_no_sooner_than_a_headway_behind():
    net, (first, aside, straight) = fork_with()
    net.add_vehicles([0.0], path=[first, straight], vehicle_class=1)
    net.add_vehicles([2.5], path=[first, aside])
    # The truck is at the end at 10 s and takes 2.5 s; the car would be there at 7.5 s.
    assert net.run(200.0).exit_times_s(first).tolist() == [10.0, 12.5]


@pytest.mark.parametrize(("before", "after"), [(1, 2), (2, 1)])
def test_an_order_moves_a_vehicle_to_the_queue_of_its_new_turn(before, after):
    net, links = fork_with()
    net.close_entry(links[before], 0.0, 100.0)
    net.add_vehicles([0.0, 0.0], path=[0, links[before]])
    cars, depart_s, first = new_vehicles(net)
    road = build_road(net, 0.0)
    loading, log = Loading(road, cars, no_trees(), build_edits(net, road), 5.0), new_log(9)
    loading.enter(np.arange(2), first, depart_s)
    assert loading.advance(12.0, log)
    # The second of two that wait goes at once, past the first.
    cars.pool[3] = links[after]
    kernels.reroute(road, cars, no_trees(), 1, 12.0)
    loading.back_to(12.0)
    assert loading.advance(90.0, log)
    assert log.rows["time_s"][: int(log.size[0])].tolist() == [0.0, 1.25, 12.0, 17.0]
    assert log.rows["vehicle"][2:4].tolist() == [1, 1]
    # It has left: nothing is left to order.
    state = [part.tobytes() for part in (*road, *cars)]
    kernels.reroute(road, cars, no_trees(), 1, 95.0)
    assert [part.tobytes() for part in (*road, *cars)] == state
