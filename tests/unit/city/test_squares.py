"""Squares are crossed straight, around what stands on them, however they are drawn and however many ways meet them."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest

from twin.city.reading import squares
from twin.city.routing import ways as routing


def metres(city, a, b):
    walk = city.walk
    node = {int(i): k for k, i in enumerate(walk.node_id)}
    return float(routing.travel_times(walk, [node[a]], [node[b]], walk.length_m)[0, 0])


def gate(osm, node_id, x, y, out_x, out_y):
    """A footway that leads away from a node of the square, so that walkers come in there."""
    osm.node(node_id + 1000, out_x, out_y)
    osm.way(node_id + 1000, [node_id, node_id + 1000], highway="footway")


def square(osm, corners=((0, 0), (80, 0), (80, 80), (0, 80)), gates=None, **tags):
    ids = [osm.node(i + 1, x, y) for i, (x, y) in enumerate(corners)]
    osm.way(1, [*ids, ids[0]], **tags)
    for i, (x, y) in enumerate(corners):
        if gates is None or i in gates:
            gate(osm, i + 1, x, y, 3 * x - 80, 3 * y - 80)
    return ids


PLAZA = {"highway": "pedestrian", "area": "yes"}


def test_a_square_drawn_as_a_relation_is_crossed_like_one_drawn_as_a_way(build, osm):
    square(osm)
    osm.relation(9, [("way", 1, "outer")], type="multipolygon", highway="pedestrian")
    city = build(osm)
    assert metres(city, 1, 3) == pytest.approx(80 * math.sqrt(2), rel=0.005)
    assert city.report["read"]["squares drawn as relations"] == 1


def test_the_rim_of_a_relation_may_come_in_pieces_drawn_in_any_direction(build, osm):
    square(osm)
    osm.ways = [way for way in osm.ways if not way.startswith('<way id="1">')]
    osm.way(21, [1, 2])
    osm.way(22, [3, 2])
    osm.way(23, [3, 4])
    osm.way(24, [1, 4])
    osm.relation(9, [("way", i, "outer") for i in (23, 21, 24, 22)], type="multipolygon", highway="pedestrian")
    assert metres(build(osm), 1, 3) == pytest.approx(80 * math.sqrt(2), rel=0.005)


def test_people_walk_around_an_obstacle(build, osm):
    square(osm)
    osm.ring(2, ((30, 30), (50, 30), (50, 50), (30, 50)), 50)
    osm.relation(9, [("way", 1, "outer"), ("way", 2, "inner")], type="multipolygon", highway="pedestrian")
    # Past a corner of the obstacle: (0, 0) to (50, 30) to (80, 80).
    assert metres(build(osm), 1, 3) == pytest.approx(math.hypot(50, 30) + math.hypot(30, 50), rel=0.005)


def test_people_walk_around_the_inner_corner_of_an_l(build, osm):
    corners = ((0, 0), (80, 0), (80, 30), (30, 30), (30, 80), (0, 80))
    square(osm, corners, gates=(1, 5), **PLAZA)
    assert metres(build(osm), 2, 6) == pytest.approx(2 * math.hypot(50, 30), rel=0.01)


def test_a_hole_outside_its_square_does_no_harm(build, osm):
    square(osm)
    osm.ring(2, ((300, 300), (320, 300), (320, 320), (300, 320)), 50)
    osm.relation(9, [("way", 1, "outer"), ("way", 2, "inner")], type="multipolygon", highway="pedestrian")
    assert metres(build(osm), 1, 3) == pytest.approx(80 * math.sqrt(2), rel=0.005)


def test_a_square_whose_rim_is_cut_by_the_edge_of_the_map_is_counted(build, osm):
    square(osm)
    osm.way(2, [1, 2, 3, 777, 1])
    osm.relation(9, [("way", 2, "outer")], type="multipolygon", highway="pedestrian")
    osm.way(5, [1, 2, 3, 4, 1], highway="footway")
    assert build(osm).report["dropped"]["squares with nodes that are not in the file"] == 1


def test_steps_that_come_up_in_the_middle_of_a_square_are_met_there(build, osm):
    square(osm, **PLAZA)
    osm.node(60, 40, 40)
    osm.node(61, 40, 30)
    osm.way(60, [60, 61], highway="steps")
    osm.way(61, [61, 1003], highway="footway")
    assert metres(build(osm), 60, 1) == pytest.approx(40 * math.sqrt(2), rel=0.01)


def test_a_tunnel_that_ends_below_a_square_does_not_come_up(build, osm):
    square(osm, **PLAZA)
    osm.node(60, 40, 40)
    osm.way(60, [60, 1003], highway="footway", tunnel="yes")
    walk = build(osm).walk
    assert np.isin(walk.node_id, [60]).sum() == 1
    end = int(np.flatnonzero(walk.node_id == 60)[0])
    assert (walk.link_from == end).sum() == 1


@pytest.mark.parametrize("count", [16, 40, 400])
def test_any_number_of_gates_is_crossed_in_bounded_time(build, osm, count):
    radius_m = max(100, 1.5 * count)  # gates nearer than 5 m are one
    turns = [2 * math.pi * k / count for k in range(count)]
    at = [(radius_m * math.cos(turn), radius_m * math.sin(turn)) for turn in turns]
    ids = [osm.node(k + 1, *at[k]) for k in range(count)]
    osm.way(1, [*ids, ids[0]], **PLAZA)
    for k in range(count):
        gate(osm, k + 1, *at[k], 1.2 * at[k][0], 1.2 * at[k][1])
    start = time.process_time()
    city = build(osm)
    assert time.process_time() - start < 20
    longest = 1.002 if count <= squares.MOST_POINTS else 1.08
    for other in (count // 2 + 1, count // 3 + 1):
        apart = math.dist(at[0], at[other - 1])
        assert 0.99 * apart < metres(city, 1, other) < longest * apart * 1.01
    said = [key for key in city.report["done"] if "crossed between some of them" in key]
    assert bool(said) == (count > squares.MOST_POINTS)
    assert city.report["done"]["walk: straight ways laid across squares"] < 60 * count


def test_a_rim_that_crosses_itself_is_walked_along_and_counted(build, osm):
    square(osm, ((0, 0), (80, 80), (80, 0), (0, 80)), **PLAZA)
    assert build(osm).report["done"]["walk: squares whose outline crosses itself, walked along their rim only"] == 1


def test_a_greedy_spanner_never_makes_a_walk_longer_than_it_says():
    rng = np.random.default_rng(5)
    at = rng.uniform(0, 100, (40, 2))
    first, second = np.triu_indices(40, 1)
    length = np.hypot(*(at[first] - at[second]).T)
    order = np.argsort(length)
    pairs = [(int(first[k]), int(second[k])) for k in order]
    kept = squares._spanner(40, pairs, length[order])
    reach = np.full((40, 40), np.inf)
    for i, j in kept:
        reach[i, j] = reach[j, i] = math.dist(at[i], at[j])
    for k in range(40):  # Floyd and Warshall
        reach = np.minimum(reach, reach[:, [k]] + reach[[k], :])
    assert (reach[first, second] <= length * 1.001 + 1e-9).all()
    assert len(kept) < len(pairs)
