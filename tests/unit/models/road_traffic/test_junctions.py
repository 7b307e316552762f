from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from tests.unit.models.road_traffic.conftest import city_of
from twin.city.lights.junctions import Junctions, green_centres
from twin.city.reading.layers import Link, assemble_layer
from twin.errors import TableError
from twin.models.road_traffic.params import RoadParams, SignalParams
from twin.models.road_traffic.queueing.streets import street_network

CYCLE_S = 100.0


def layer_of(places, links, lit=()):
    """Layer with nodes at (x, y); ``links`` are (from, to, lanes, name)."""
    x, y = np.array(places, float).T
    signal = np.zeros(len(x), bool)
    signal[list(lit)] = True
    return assemble_layer(
        node_id=np.arange(len(x)),
        x_m=x,
        y_m=y,
        lon_deg=x * 0,
        lat_deg=y * 0,
        signal=signal,
        links=[Link(a, b, 10.0, lanes=lanes, name=name) for a, b, lanes, name in links],
    )


def link_of(layer, a, b):
    return int(np.flatnonzero((layer.link_from == a) & (layer.link_to == b))[0])


def side_lanes():
    """A street of four lanes with a side lane on either side, crossed by one of one lane; all run south or east."""
    places = [
        (0, 300),
        (13, 300),
        (26, 300),
        (0, 0),
        (13, 0),
        (26, 0),
        (0, -300),
        (13, -300),
        (26, -300),
        (-300, 0),
        (326, 0),
    ]
    south = [(0, 3, 1, "筋"), (1, 4, 4, "筋"), (2, 5, 1, "筋"), (3, 6, 1, "筋"), (4, 7, 4, "筋"), (5, 8, 1, "筋")]
    east = [(9, 3, 1, "通"), (3, 4, 1, "通"), (4, 5, 1, "通"), (5, 10, 1, "通")]
    return layer_of(places, south + east, lit=[3, 4, 5])


def signals_of(layer, **signals):
    network = street_network(RoadParams(form="queueing", signals=SignalParams(**signals)), city_of(layer), {})
    return network, {link: (cycle, offset, green) for link, _, cycle, offset, green in network._signals}


def test_lights_joined_by_short_links_are_one_junction_with_one_plan_and_free_inner_links():
    layer = side_lanes()
    junctions = Junctions(layer, layer.free_speed_mps > 0, 40.0)
    assert len(set(junctions.of_node[[3, 4, 5]].tolist())) == 1
    assert len(set(junctions.of_node.tolist())) == layer.node_count - 2
    _, plans = signals_of(layer)
    south = [link_of(layer, a, b) for a, b in ((0, 3), (1, 4), (2, 5))]
    across = link_of(layer, 9, 3)
    assert sorted(plans) == sorted([*south, across])
    assert plans[south[0]] == plans[south[1]] == plans[south[2]]
    (_, from_s, green_s), (_, across_s, across_green_s) = plans[south[0]], plans[across]
    # Four lanes against one share 90 s; the other street follows after the lost time.
    assert (green_s, across_green_s) == pytest.approx((72.0, 18.0))
    assert (across_s - from_s) % CYCLE_S == pytest.approx(77.0)


def test_a_plan_per_node_can_be_asked_for():
    layer = side_lanes()
    _, plans = signals_of(layer, junction_m=0.0)
    assert len(plans) == 6


def per_cycle(network, vehicles):
    """Vehicles of a kind that end their way per cycle, once queues stand."""
    left = network.run(3000.0).leave_s[vehicles]
    return np.count_nonzero((left > 500) & (left <= 2500)) / 20.0


#: Vehicles per second of a lane in full flow: u κ w / (u + w) with cars of 7 m and waves of 5 m/s.
LANE_PER_S = 10.0 / 7.0 * 5.0 / 15.0


def test_a_street_across_side_lanes_passes_what_its_green_lets_through():
    layer = side_lanes()
    network, _ = signals_of(layer)
    cars = network.add_vehicles(np.zeros(600), path=[link_of(layer, *p) for p in ((9, 3), (3, 4), (4, 5), (5, 10))])
    assert per_cycle(network, cars) == pytest.approx(18.0 * LANE_PER_S, abs=1.0)


def side_lane_per_cycle(layer, **signals):
    """Cars per cycle that leave a side lane, every second of which turns over the main roadway."""
    network, _ = signals_of(layer, **signals)
    straight = [link_of(layer, *pair) for pair in ((0, 3), (3, 6))]
    over = [link_of(layer, *pair) for pair in ((0, 3), (3, 4), (4, 5), (5, 10))]
    cars = network.add_vehicles(np.zeros(1400), paths=[straight, over] * 700)
    return per_cycle(network, cars)


def test_who_turns_over_the_main_roadway_does_not_wait_for_green_inside_the_junction():
    layer = side_lanes()
    assert side_lane_per_cycle(layer) == pytest.approx(72.0 * LANE_PER_S, rel=0.1)
    # With a plan at every node three of them fill the link to the main roadway, and the side lane stands.
    assert side_lane_per_cycle(layer, junction_m=0.0) < 0.5 * 72.0 * LANE_PER_S


def street(both_ways, gaps_m=(150.0, 270.0, 90.0, 410.0)):
    """A street east with lights where small streets cross it."""
    xs = np.concatenate([[0.0], 200.0 + np.concatenate([[0.0], np.cumsum(gaps_m)])])
    xs = np.append(xs, xs[-1] + 200.0)
    n = len(xs)
    places = [(x, 0) for x in xs] + [(x, -200) for x in xs[1:-1]]
    links = [(i, i + 1, 2, "通") for i in range(n - 1)]
    if both_ways:
        links += [(i + 1, i, 2, "通") for i in range(n - 1)]
    links += [(n + i - 1, i, 1, "") for i in range(1, n - 1)]
    return layer_of(places, links, lit=range(1, n - 1)), n


def test_on_a_street_that_runs_one_way_a_car_in_the_middle_of_green_meets_the_middle_of_green():
    layer, n = street(both_ways=False)
    _, plans = signals_of(layer)
    time_s = layer.length_m / 10.0
    middles, at_s = [], 0.0
    for i in range(1, n - 1):
        _, offset_s, green_s = plans[link_of(layer, i - 1, i)]
        middles.append((offset_s + green_s / 2 - at_s) % CYCLE_S)
        at_s += time_s[link_of(layer, i, i + 1)]
    np.testing.assert_allclose(
        np.exp(2j * np.pi * np.array(middles) / CYCLE_S), np.exp(2j * np.pi * middles[0] / CYCLE_S), atol=1e-9
    )


def test_a_platoon_is_not_stopped_on_a_coordinated_street():
    layer, n = street(both_ways=False)

    def mean_delay_s(**signals):
        network, plans = signals_of(layer, **signals)
        way = [link_of(layer, i, i + 1) for i in range(n - 1)]
        _, offset_s, green_s = plans[way[0]]
        # Ten cars around the middle of the first green.
        depart_s = offset_s + green_s / 2 - 20.0 - 10.0 + 2.0 * np.arange(10) + 3 * CYCLE_S
        network.add_vehicles(depart_s, path=way)
        result = network.run(np.inf)
        return (result.travel_time_s - layer.length_m[way].sum() / 10.0).mean()

    assert mean_delay_s() == pytest.approx(0.0, abs=1e-6)
    assert mean_delay_s(coordinated=False) > 10.0


def test_on_a_street_that_runs_both_ways_greens_are_together_or_half_a_cycle_apart():
    layer, n = street(both_ways=True)
    junctions = Junctions(layer, layer.free_speed_mps > 0, 40.0)
    links = np.flatnonzero(layer.name_index >= 0)
    centres = green_centres(layer, links, junctions, layer.length_m / 10.0, CYCLE_S)
    lit = [centres[int(junctions.of_node[i])] for i in range(1, n - 1)]
    assert set(lit) <= {0.0, CYCLE_S / 2}
    assert len(set(lit)) == 2


def test_a_street_closed_for_good_has_no_light_and_joins_no_junction():
    layer = side_lanes()
    speed = layer.free_speed_mps.copy()
    closed = [link_of(layer, 3, 4), link_of(layer, 0, 3)]
    speed[closed] = 0.0
    layer = dataclasses.replace(layer, free_speed_mps=speed)
    junctions = Junctions(layer, layer.free_speed_mps > 0, 40.0)
    assert junctions.of_node[3] != junctions.of_node[4] == junctions.of_node[5]
    assert not set(closed) & set(junctions.approaches.tolist())


def plan_table(*rows):
    names = ("node_id", "street", "cycle_s", "green_s", "offset_s")
    return {"plans": {name: np.array([row[i] for row in rows]) for i, name in enumerate(names)}}


def with_table(layer, *rows):
    given = RoadParams(form="queueing", signals=SignalParams(table="plans"))
    network = street_network(given, city_of(layer), plan_table(*rows))
    return {link: (cycle, offset, green) for link, _, cycle, offset, green in network._signals}


def test_a_plan_of_the_table_holds_at_all_approaches_of_the_junction_of_its_node():
    layer = side_lanes()
    plans = with_table(layer, (4, "筋", 120.0, 70.0, 10.0))
    for a, b in ((0, 3), (1, 4), (2, 5)):
        assert plans[link_of(layer, a, b)] == (120.0, 10.0, 70.0)
    assert plans[link_of(layer, 9, 3)][0] == CYCLE_S
    assert link_of(layer, 3, 4) not in plans


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ((4, "筋", 100.0, 0.0, 0.0), "a signal needs 0 < green <= cycle, got green 0 s of 100 s"),
        ((4, "筋", 100.0, 130.0, 0.0), "got green 130 s of 100 s"),
        ((4, "筋", 0.0, 0.0, 0.0), "got green 0 s of 0 s"),
        ((4, "筋", 100.0, 30.0, np.nan), "offset nan s"),
        ((4, "川", 100.0, 30.0, 0.0), "no street '川' leads to a node 4"),
        ((77, "筋", 100.0, 30.0, 0.0), "no street '筋' leads to a node 77"),
    ],
)
def test_a_plan_of_the_table_that_cannot_be_is_an_error_with_its_row(row, words):
    with pytest.raises(TableError, match=re.escape(words)) as fault:
        with_table(side_lanes(), (4, "", 100.0, 30.0, 0.0), row)
    assert "row 2" in str(fault.value)


def turning(lanes=2):
    """A street of some lanes with a light, where one may go on or turn into another."""
    links = [(0, 1, lanes, "筋"), (1, 2, lanes, "筋"), (1, 3, 1, "通")]
    return layer_of([(0, 0), (500, 0), (1000, 0), (500, 500)], links, lit=[1])


def test_a_movement_has_a_phase_of_its_own_where_the_table_names_the_street_it_turns_to():
    layer = turning()
    rows = plan_table((1, "筋", 100.0, 60.0, 0.0), (1, "筋", 100.0, 20.0, 70.0))["plans"]
    rows["to_street"] = np.array(["", "通"])
    network = street_network(RoadParams(form="queueing", signals=SignalParams(table="plans")), city_of(layer),
                             {"plans": rows})  # fmt: skip
    on, turn = [link_of(layer, 0, 1), link_of(layer, 1, 2)], [link_of(layer, 0, 1), link_of(layer, 1, 3)]
    network.add_vehicles(5.0 * np.arange(100), path=on)
    network.add_vehicles(2.5 + 25.0 * np.arange(20), path=turn)
    result = network.run(np.inf)
    passed = {link: result.entry_times_s(link) % 100.0 for link in (on[1], turn[1])}
    assert len(passed[on[1]]) == 100
    assert passed[on[1]].max() < 60.0
    assert len(passed[turn[1]]) == 20
    assert passed[turn[1]].min() >= 70.0 - 1e-9
    assert passed[turn[1]].max() < 90.0


@pytest.mark.parametrize(("lanes", "to_street"), [(1, "通"), (2, "別")])
def test_a_phase_of_a_movement_without_a_queue_of_its_own_is_an_error(lanes, to_street):
    layer = turning(lanes)
    rows = plan_table((1, "筋", 100.0, 60.0, 0.0))["plans"] | {"to_street": np.array([to_street])}
    given = RoadParams(form="queueing", signals=SignalParams(table="plans"))
    with pytest.raises(TableError, match=f"a queue of its own towards '{to_street}'"):
        street_network(given, city_of(layer), {"plans": rows})
