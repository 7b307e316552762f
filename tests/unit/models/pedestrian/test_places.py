"""Exits and places to stay as the model reads them from the city; links as walkers meet them."""

from __future__ import annotations

import numpy as np
import pytest

from tests.layers import put
from tests.unit.models.pedestrian.small_city import city_of, grid_city, params_for, place, walk_layer
from twin.city.city import CROSSING, STEPS
from twin.city.reading.road_classes import CLASS_INDEX
from twin.models.pedestrian.choice.legs import steps_of
from twin.models.pedestrian.choice.programs import find_arcs, program_nodes, stay_values
from twin.models.pedestrian.demand.places import read_exits, read_stay_places
from twin.models.pedestrian.movement.streets import find_legs, read_streets, streets_crossed, twin_links
from twin.models.pedestrian.params import PedestrianParams, Shopper


def test_riders_split_exits_and_missing_riders_split_them_evenly():
    assert read_exits(grid_city(), "").riders_share.tolist() == pytest.approx([0.1, 0.2, 0.3, 0.4])
    layer = walk_layer([(0.0, 0.0), (100.0, 0.0)], [(0, 1)])
    even = read_exits(city_of(layer, [place("exit", n, i, layer) for i, n in enumerate("ab")]), "")
    assert even.riders_share.tolist() == [0.5, 0.5]


def test_points_at_one_node_are_one_place_with_the_sum_of_their_attraction():
    layer = walk_layer([(0.0, 0.0), (100.0, 0.0)], [(0, 1)])
    points = [
        place("poi", "p", 1, layer, category="shop", attraction=2.0, seats=3),
        place("poi", "q", 1, layer, category="food", attraction=5.0),
        place("poi", "r", 1, layer, category="shop"),
        place("poi", "void", 0, layer, attraction=0.0),
    ]
    stays = read_stay_places(city_of(layer, points), "", 10)
    assert stays.id == ("test/poi/q",)
    assert stays.attraction == [{"shop": 3.0, "food": 5.0}]
    assert stays.seats.tolist() == [3.0]


@pytest.mark.parametrize("most", [1, 3, 7, 19])
def test_places_are_merged_until_few_enough_and_lose_no_attraction(most):
    city = grid_city()
    stays = read_stay_places(city, "", most)
    assert 1 <= len(stays.id) <= most
    assert len(set(stays.node.tolist())) == len(stays.id)
    total = sum(p.attributes["attraction"] for p in city.places_of("poi"))
    assert sum(sum(place.values()) for place in stays.attraction) == total
    assert stays.seats.sum() == sum(p.attributes["seats"] for p in city.places_of("poi"))


def test_a_district_keeps_the_places_whose_id_begins_so():
    assert len(read_stay_places(grid_city(), "test/", 99).id) == 20
    assert len(read_stay_places(grid_city(), "elsewhere/", 99).id) == 0


def test_both_directions_of_a_pavement_share_it():
    layer = walk_layer([(0.0, 0.0), (100.0, 0.0), (200.0, 0.0)], [(0, 1), (0, 1), (1, 2)])
    twin = twin_links(layer)
    assert (twin >= 0).all()
    for link, other in enumerate(twin.tolist()):
        assert twin[other] == link
        assert layer.way_id[link] == layer.way_id[other]
        assert layer.link_from[link] == layer.link_to[other]
    assert (twin_links(walk_layer([(0.0, 0.0), (1.0, 0.0)], [(0, 1)], one_way=True)) == -1).all()


def test_clear_width_takes_off_kerb_wall_and_furniture():
    layer = walk_layer([(0.0, 0.0), (100.0, 0.0)], [(0, 1)], width_m=6.0)
    layer = put(layer, "width_m", 1, np.nan)
    params = PedestrianParams.model_validate({"walk": {"furniture_m": 1.2, "default_width_m": 3.0}})
    assert read_streets(layer, params).clear_width_m.tolist() == pytest.approx([4.0, 1.0])


def test_ferries_and_escalators_carry_walkers_at_their_own_pace_and_stairs_stay_those_of_the_model():
    layer = walk_layer([(0.0, 0.0), (100.0, 0.0)], [(0, 1)])
    params = PedestrianParams()
    layer = put(layer, "free_speed_mps", slice(None), [0.67, 1.34])
    assert read_streets(layer, params).speed_share.tolist() == pytest.approx([0.5, 1.0])
    layer = put(layer, "flags", slice(None), STEPS)
    layer = put(layer, "free_speed_mps", slice(None), [0.61, 0.43])
    assert read_streets(layer, params).speed_share.tolist() == pytest.approx([params.walk.stairs_share, 0.43 / 1.34])


def test_wide_crossings_are_green_for_their_length_and_side_crossings_as_set():
    layer = walk_layer([(0.0, 0.0), (44.0, 0.0), (54.0, 0.0)], [(0, 1), (1, 2)], lit=[0, 1])
    streets = read_streets(layer, PedestrianParams())
    by_way = dict(zip(layer.way_id.tolist(), streets.green_s.tolist(), strict=True))
    assert by_way == {0: 44.0, 1: PedestrianParams().crossings.side_green_s}
    waits = dict(zip(layer.way_id.tolist(), streets.wait_s.tolist(), strict=True))
    assert waits[0] == pytest.approx(56.0**2 / 200.0)
    assert waits[1] == pytest.approx(40.0**2 / 200.0)
    assert len({(w, o) for w, o in zip(layer.way_id.tolist(), streets.offset_s.tolist(), strict=True)}) == 2


def test_wider_and_shorter_links_cost_less_and_lights_cost_more():
    def cost(**changes):
        layer = walk_layer([(0.0, 0.0), (100.0, 0.0)], [(0, 1)], **changes)
        return read_streets(layer, PedestrianParams()).cost[0]

    assert cost(width_m=14.0) < cost(width_m=6.0)
    assert cost(width_m=6.0) < cost(width_m=6.0, lit=[0])
    assert cost(width_m=6.0) < cost(width_m=6.0, steps=[0])
    assert cost(width_m=6.0, length_m={0: 90.0}) < cost(width_m=6.0)


def test_legs_are_sums_along_the_cheapest_way():
    city = grid_city()
    params = params_for({})
    streets = read_streets(city.walk, params)
    nodes = np.array([0, 23, 14, 14], np.int32)
    legs = find_legs(city.walk, streets, nodes)
    assert legs.metres_m[0, 1] >= 8 * 90.0 - 1e-9  # no shorter way through the grid
    assert legs.cost[2, 3] == 0.0
    node, total = 0, 0.0
    while node != 23:
        link = legs.next_link[legs.route[1], node]
        total += streets.cost[link]
        node = int(city.walk.link_to[link])
    assert total == pytest.approx(legs.cost[0, 1], rel=1e-12)


def test_steps_are_rounded_up_and_never_none():
    assert steps_of(np.array([0.0, 80.4, 80.5, np.inf]), np.zeros(4), 1.34, 60.0).tolist() == [1, 1, 2, 0]


def test_nobody_leaves_where_they_came_from_without_a_stay_nor_walks_where_there_is_no_way_back():
    layer = walk_layer([(0.0, 0.0), (100.0, 0.0), (200.0, 0.0)], [(0, 1), (1, 2)], one_way=True)
    city = city_of(layer, [place("exit", "a", 0, layer), place("exit", "b", 1, layer), place("poi", "p", 2, layer)])
    exits, stays = read_exits(city, ""), read_stay_places(city, "", 9)
    legs = find_legs(layer, read_streets(layer, PedestrianParams()), program_nodes(exits, stays))
    arcs = find_arcs(2, legs)
    # Places: enter a, enter b, leave a, leave b, stay p. From p no exit can be reached.
    assert list(zip(arcs.start.tolist(), arcs.end.tolist(), strict=True)) == [(0, 3)]


def test_interests_weigh_categories_and_hide_what_does_not_interest():
    city = grid_city()
    stays = read_stay_places(city, "", 99)
    shopper = Shopper.model_validate({"interests": {"shop": 2.0, "other": 0.0}, "stay_durations_s": (600.0,)})
    choice = PedestrianParams().choice
    (values,) = stay_values(shopper, PedestrianParams(), stays, np.array([10], np.int32))
    for i, attraction in enumerate(stays.attraction):
        shops = 2.0 * attraction.get("shop", 0.0)
        if shops == 0:
            assert values[i, 0] == -np.inf
        else:
            expected = (
                0.8 * np.log1p(shops)
                + choice.seat_weight * np.log1p(stays.seats[i])
                - shopper.stop_cost
                + shopper.duration_weight * np.log(600.0 / shopper.typical_stay_s)
            )
            assert values[i, 0] == pytest.approx(expected)


def test_a_street_is_crossed_on_a_drawn_crossing_and_half_at_each_junction_of_streets_without_pavements():
    """A cross of streets with a spur of two arms, and a lit crossing on a footway, cut in two half-way."""
    xy = [
        (0.0, 0.0),
        (100.0, 0.0),
        (-100.0, 0.0),
        (0.0, 100.0),
        (200.0, 0.0),
        (200.0, 50.0),
        (200.0, 58.0),
        (200.0, 66.0),
        (200.0, 120.0),
    ]
    ways = [(0, 1), (0, 2), (0, 3), (1, 4), (4, 5), (5, 6), (6, 7), (7, 8)]
    layer = walk_layer(xy, ways, lit=[5, 6])
    footway = CLASS_INDEX["footway"]
    layer = put(layer, "road_class", slice(None), np.where(layer.way_id >= 4, footway, CLASS_INDEX["residential"]))
    crossed = {
        (int(a), int(b)): float(n)
        for a, b, n in zip(layer.link_from, layer.link_to, streets_crossed(layer), strict=True)
    }
    assert crossed[0, 1] == crossed[1, 0] == crossed[0, 3] == 0.5  # three streets meet at one of their ends
    assert crossed[1, 4] == 0.0  # two streets that meet are one
    assert crossed[4, 5] == crossed[7, 8] == 0.0
    # From kerb to kerb one street, in either direction.
    assert crossed[5, 6] + crossed[6, 7] == crossed[7, 6] + crossed[6, 5] == 1.0


def test_a_crossing_over_a_street_that_people_walk_along_too_is_one_crossing():
    """The middle of the crossing is a node of the road, where people may turn: the pieces belong to one way."""
    layer = walk_layer([(0.0, -8.0), (0.0, 0.0), (0.0, 8.0), (90.0, 0.0)], [(0, 1), (1, 2), (1, 3)], lit=[0, 1])
    layer = put(layer, "way_id", layer.way_id == 1, 0)
    layer = put(
        layer,
        "road_class",
        slice(None),
        np.where(layer.way_id == 0, CLASS_INDEX["footway"], CLASS_INDEX["residential"]),
    )
    crossed = {
        (int(a), int(b)): float(n)
        for a, b, n in zip(layer.link_from, layer.link_to, streets_crossed(layer), strict=True)
    }
    assert [crossed[k] for k in ((0, 1), (1, 2), (2, 1), (1, 0))] == [1.0, 0.0, 1.0, 0.0]


def test_crossing_costs_the_same_with_lights_and_without_but_for_the_wait():
    def cost(weight, lit):
        layer = walk_layer([(0.0, 0.0), (14.0, 0.0), (100.0, 0.0)], [(0, 1), (1, 2)], lit=[0])
        layer = put(layer, "road_class", slice(None), CLASS_INDEX["footway"])
        if not lit:
            layer = put(layer, "flags", layer.flags > 0, CROSSING)
        choice = {"crossing_weight": weight, "wait_weight_per_min": 0.0}
        return read_streets(layer, PedestrianParams.model_validate({"choice": choice})).cost[0]

    assert cost(0.3, lit=True) == cost(0.3, lit=False) == pytest.approx(cost(0.0, lit=True) + 0.3)
