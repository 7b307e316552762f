"""What the importer makes of streets: links, lanes, speeds, directions, signals, names, walk layer."""

from __future__ import annotations

import numpy as np
import pytest

from twin.city.city import BRIDGE, COVERED, CROSSING, SIGNALISED, STEPS, TUNNEL
from twin.city.keeping.build import report_lines
from twin.city.reading.road_classes import CLASS_BY_NAME, ROAD_CLASSES
from twin.city.routing import ways as routing
from twin.errors import CityError


def links_of(layer, name):
    return np.flatnonzero(layer.name_index == layer.names.index(name))


def test_two_streets_that_cross_give_four_pieces_in_both_directions(build, cross):
    city = build(cross)
    assert (city.drive.node_count, city.drive.link_count) == (5, 8)
    np.testing.assert_allclose(city.drive.length_m, 100, rtol=0.01)
    assert city.drive.node_id.tolist() == [1, 2, 3, 4, 5]
    assert city.drive.signal.tolist() == [True, False, False, False, False]
    assert (city.crs, city.driving_side, city.schematic) == ("EPSG:6674", "left", False)
    assert city.attribution == ("© OpenStreetMap contributors (ODbL 1.0)",)


def test_links_are_sorted_and_pointed_to(build, cross):
    drive = build(cross).drive
    keys = list(zip(drive.link_from.tolist(), drive.link_to.tolist(), drive.way_id.tolist(), strict=True))
    assert keys == sorted(keys)
    for node in range(drive.node_count):
        assert (drive.link_from[drive.out_ptr[node] : drive.out_ptr[node + 1]] == node).all()
    for link in range(drive.link_count):
        shape = slice(drive.vertex_ptr[link], drive.vertex_ptr[link + 1])
        assert drive.vertex_x_m[shape][0] == drive.x_m[drive.link_from[link]]
        assert drive.vertex_y_m[shape][-1] == drive.y_m[drive.link_to[link]]


def test_tags_win_over_assumptions_and_assumptions_are_reported(build, cross):
    city = build(cross)
    tagged, untagged = links_of(city.drive, "御堂筋"), links_of(city.drive, "平野町通")
    assert set(city.drive.lanes[tagged]) == {2}
    assert set(city.drive.lanes[untagged]) == {1}
    np.testing.assert_allclose(city.drive.free_speed_mps[tagged] * 3.6, 50)
    np.testing.assert_allclose(city.drive.free_speed_mps[untagged] * 3.6, CLASS_BY_NAME["residential"].speed_kmh)
    assumed = city.report["assumed"]
    assert assumed["free speed of residential without a limit in the map"]["ways"] == 1
    assert "free speed of primary without a limit in the map" not in assumed
    assert assumed["lanes where the map gives none"] == {
        "value": "by road class",
        "ways": 1,
        "grade": "M",
        "source": assumed["lanes where the map gives none"]["source"],
    }
    assert any("2 ways with highway" in line for line in report_lines(city))


def test_values_read_in_japanese_law_are_guesses_elsewhere(build, osm):
    osm.origin = (24.94, 60.17)
    osm.node(1, 0, 0)
    osm.node(2, 300, 0)
    osm.way(1, [1, 2], highway="residential")
    city = build(osm)
    assert (city.crs, city.driving_side) == ("EPSG:32635", "right")
    assert city.report["assumed"]["free speed of residential without a limit in the map"]["grade"] == "G"


def test_streets_are_found_by_name_and_by_alias(build, cross):
    drive = build(cross).drive
    assert set(drive.names) == {"御堂筋", "平野町通"}
    assert drive.aliases == {"Midosuji": "御堂筋"}


def test_an_alias_of_two_streets_is_no_alias(build, cross):
    cross.way(12, [5, 3], highway="residential", name="新御堂筋", alt_name="Midosuji;New Midosuji")
    drive = build(cross).drive
    assert drive.aliases == {"New Midosuji": "新御堂筋"}


def test_nodes_along_a_street_become_its_shape(build, osm):
    for i in range(5):
        osm.node(i + 1, 50 * i, 30 * (i % 2))
    osm.way(1, [1, 2, 3], highway="residential", name="a")
    osm.way(2, [5, 4, 3], highway="residential", name="a")
    drive = build(osm).drive
    assert (drive.node_count, drive.link_count) == (2, 2)
    assert np.diff(drive.vertex_ptr).tolist() == [5, 5]
    np.testing.assert_allclose(drive.length_m, 4 * np.hypot(50, 30), rtol=0.01)
    np.testing.assert_array_equal(drive.vertex_x_m[:5], drive.vertex_x_m[5:][::-1])


@pytest.mark.parametrize(
    ("changed", "nodes"),
    [
        ({}, 2),
        ({"name": "b"}, 3),
        ({"lanes": "4"}, 3),
        ({"maxspeed": "20"}, 3),
        ({"bridge": "yes"}, 3),
        ({"highway": "tertiary"}, 3),
        ({"surface": "asphalt"}, 2),
    ],
)
def test_a_link_ends_where_the_street_changes(build, osm, changed, nodes):
    for i in range(3):
        osm.node(i + 1, 100 * i, 0)
    osm.way(1, [1, 2], highway="residential", name="a", lanes="2")
    osm.way(2, [2, 3], **{"highway": "residential", "name": "a", "lanes": "2", **changed})
    assert build(osm).drive.node_count == nodes


def ring(osm, **tags):
    """A ring road of four corners, so that one-way streets can be part of the network."""
    for i, (x, y) in enumerate(((0, 0), (200, 0), (200, 200), (0, 200))):
        osm.node(i + 1, x, y)
    osm.way(1, [1, 2], highway="residential", name="ring")
    osm.way(2, [2, 3], highway="residential", name="ring")
    osm.way(3, [3, 4], highway="residential", name="ring")
    osm.way(4, [4, 1], highway="residential", name="ring")
    osm.way(5, [1, 3], **{"highway": "secondary", "name": "diagonal", **tags})


@pytest.mark.parametrize(
    ("tags", "along", "against"),
    [
        ({"oneway": "yes"}, 1, 0),
        ({"oneway": "-1"}, 0, 1),
        ({"oneway": "no"}, 1, 1),
        ({}, 1, 1),
        ({"highway": "motorway"}, 2, 0),
        ({"junction": "roundabout"}, 1, 0),
        ({"oneway": "yes", "lanes": "3"}, 3, 0),
        ({"oneway": "-1", "lanes": "3"}, 0, 3),
        ({"lanes": "4"}, 2, 2),
        ({"lanes": "3"}, 1, 1),
        ({"lanes": "1"}, 1, 1),
        ({"lanes": "3", "lanes__forward": "2"}, 2, 1),
        ({"lanes": "5", "lanes__backward": "2"}, 3, 2),
        ({"lanes__forward": "3", "lanes__backward": "1"}, 3, 1),
        ({"lanes": "2;3", "oneway": "yes"}, 2, 0),
        ({"lanes": "many"}, 1, 1),
    ],
)
def test_lanes_are_counted_per_direction(build, osm, tags, along, against):
    ring(osm, **tags)
    drive = build(osm).drive
    found = {1: 0, 3: 0}
    for link in links_of(drive, "diagonal"):
        found[int(drive.node_id[drive.link_from[link]])] += int(drive.lanes[link])
    assert (found[1], found[3]) == (along, against)


def test_a_street_without_lanes_takes_those_of_its_other_parts(build, osm):
    for i in range(4):
        osm.node(i + 1, 100 * i, 0)
    osm.way(1, [1, 2], highway="trunk", name="御堂筋", lanes="6")
    osm.way(2, [2, 3], highway="trunk", name="御堂筋")
    osm.way(3, [3, 4], highway="trunk", name="新御堂筋")
    city = build(osm)
    assert set(city.drive.lanes[links_of(city.drive, "御堂筋")]) == {3}
    assert set(city.drive.lanes[links_of(city.drive, "新御堂筋")]) == {2}
    assumed = city.report["assumed"]
    assert assumed["lanes where only other parts of the street have them"]["ways"] == 1
    assert assumed["lanes where the map gives none"]["ways"] == 1


@pytest.mark.parametrize(
    ("tags", "kmh"),
    [
        ({"maxspeed": "40"}, 40),
        ({"maxspeed": "40 km/h"}, 40),
        ({"maxspeed": "30 mph"}, 48.28032),
        ({"maxspeed": "60;40"}, 40),
        ({"maxspeed": "none"}, 50),
        ({"maxspeed": "JP:urban"}, 50),
        ({"maxspeed": "9999"}, 50),
        ({"maxspeed": "-5"}, 50),
        ({"maxspeed": "walk"}, 7),
        ({}, 50),
    ],
)
def test_speeds_come_from_tags_where_these_make_sense(build, osm, tags, kmh):
    ring(osm, oneway="yes", **tags)
    drive = build(osm).drive
    np.testing.assert_allclose(drive.free_speed_mps[links_of(drive, "diagonal")] * 3.6, kmh)


@pytest.mark.parametrize(
    "tags",
    [
        {"access": "private"},
        {"motor_vehicle": "no"},
        {"highway": "construction"},
        {"area": "yes"},
        {"highway": "service", "service": "parking_aisle"},
        {"highway": "footway"},
        {"highway": "proposed"},
    ],
)
def test_streets_not_for_cars_are_left_out(build, osm, tags):
    ring(osm, **tags)
    assert "diagonal" not in build(osm).drive.names


@pytest.mark.parametrize("tags", [{"access": "private", "hgv": "designated"}, {"access": "no", "motor_vehicle": "yes"}])
def test_the_most_specific_access_counts(build, osm, tags):
    ring(osm, **tags)
    assert "diagonal" in build(osm).drive.names


def test_what_cannot_be_reached_and_left_is_dropped_and_counted(build, cross):
    cross.node(20, 300, 0)
    cross.way(20, [3, 20], highway="residential", oneway="yes", name="dead end")
    cross.node(30, 900, 900)
    cross.node(31, 950, 900)
    cross.way(30, [30, 31], highway="residential", name="island")
    city = build(cross)
    assert set(city.drive.names) == {"御堂筋", "平野町通"}
    assert city.report["done"]["drive: nodes that cannot be reached from everywhere and back, left out"] == 3
    assert city.report["done"]["drive: metres of street left out with them"] == pytest.approx(250, rel=0.01)
    times = routing.travel_times(city.drive, range(city.drive.node_count), range(city.drive.node_count))
    assert np.isfinite(times).all()


def test_a_junction_of_several_close_nodes_becomes_one(build, osm):
    osm.node(1, 0, 0)
    osm.node(2, 3, 0, highway="traffic_signals")
    for node_id, x, y in ((3, -100, 0), (4, 100, 0), (5, 0, 100), (6, 3, -100)):
        osm.node(node_id, x, y)
    osm.way(1, [3, 1, 2, 4], highway="tertiary", name="a")
    osm.way(2, [1, 5], highway="tertiary", name="b")
    osm.way(3, [2, 6], highway="tertiary", name="c")
    city = build(osm)
    assert sorted(city.drive.node_id.tolist()) == [2, 3, 4, 5, 6]
    assert city.drive.signal.sum() == 1
    assert city.report["done"]["drive: links shorter than 5 m, drawn into junctions"] == 1
    assert city.drive.length_m.min() > 90
    apart = build(osm, junction_cluster_m=0)
    assert apart.drive.node_count == 6


def test_a_row_of_short_links_does_not_collapse_into_a_point(build, osm):
    for i in range(41):
        osm.node(i + 1, 4 * i, 0)
        osm.node(i + 101, 4 * i, 60)
        osm.way(i + 1000, [i + 1, i + 101], highway="residential")
    osm.way(1, range(1, 42), highway="residential", name="comb")
    drive = build(osm).drive
    assert np.ptp(drive.x_m[np.isin(drive.node_id, range(1, 42))]) > 120
    assert drive.length_m[links_of(drive, "comb")].sum() / 2 == pytest.approx(160, rel=0.1)


def test_lights_on_approaches_belong_to_their_junction(build, cross):
    cross.node(20, -15, 0, highway="crossing", crossing="traffic_signals")
    cross.node(21, 12, 0, highway="traffic_signals")
    cross.node(22, 60, 0, highway="crossing", crossing="traffic_signals")
    cross.ways[0] = cross.ways[0].replace('<nd ref="1"/>', '<nd ref="20"/><nd ref="1"/><nd ref="21"/><nd ref="22"/>')
    city = build(cross)
    lit = city.drive.node_id[city.drive.signal].tolist()
    assert lit == [1, 22]
    assert city.report["done"]["drive: lights on an approach, given to their junction"] == 2


def test_lights_around_a_junction_whose_side_street_is_missing_are_one(build, osm):
    osm.node(1, 0, 0, highway="traffic_signals")
    osm.node(2, -12, 0, crossing="traffic_signals")
    osm.node(3, 11, 0, crossing="traffic_signals")
    osm.node(4, -200, 0)
    osm.node(5, 200, 0)
    osm.way(1, [4, 2, 1, 3, 5], highway="secondary")
    drive = build(osm).drive
    assert drive.node_id[drive.signal].tolist() == [1]


def test_a_loop_is_cut_in_two_so_that_no_link_ends_where_it_begins(build, cross):
    for i, (x, y) in enumerate(((0, 160), (60, 160), (60, 100))):
        cross.node(40 + i, x, y)
    cross.way(40, [5, 40, 41, 42, 5], highway="residential", name="loop")
    drive = build(cross).drive
    loop = links_of(drive, "loop")
    assert (drive.link_from != drive.link_to).all()
    assert loop.size == 4
    assert drive.length_m[loop].sum() / 2 == pytest.approx(240, rel=0.01)


def test_a_ring_without_junctions_is_kept(build, osm):
    for i, (x, y) in enumerate(((0, 0), (100, 0), (100, 100), (0, 100))):
        osm.node(i + 1, x, y)
    osm.way(1, [1, 2, 3, 4, 1], highway="residential")
    drive = build(osm).drive
    assert drive.node_count == 2
    assert drive.length_m.sum() / 2 == pytest.approx(400, rel=0.01)


def test_nodes_on_one_spot_are_one_node(build, cross):
    cross.node(60, 100, 0)
    cross.node(61, 200, 0)
    cross.way(60, [3, 60, 61], highway="residential", name="on")
    drive = build(cross, junction_cluster_m=0).drive
    assert drive.length_m.min() > 90
    assert drive.node_count == 6


def test_a_street_drawn_twice_counts_once(build, cross):
    before = build(cross)
    cross.way(99, [5, 1, 4], highway="residential", name="平野町通")
    after = build(cross)
    assert after.drive.link_count == before.drive.link_count


def test_a_way_is_cut_where_a_node_is_missing(build, cross):
    cross.node(70, 250, 0)
    cross.node(71, 350, 0)
    cross.way(70, [3, 404, 70, 71, 405], highway="residential", name="torn")
    city = build(cross)
    assert "torn" not in city.drive.names
    assert city.report["dropped"]["references to nodes that are not in the file"] == 2
    assert city.report["dropped"]["ways cut or shortened for want of nodes"] == 1


def test_the_order_of_the_file_does_not_matter(build, cross):
    first = build(cross)
    cross.nodes.reverse()
    cross.ways.reverse()
    assert build(cross).digest == first.digest


def test_roads_are_walked_unless_their_pavement_is_drawn_or_walking_is_forbidden(build, cross):
    cross.way(20, [5, 3], highway="secondary", name="with pavement", sidewalk="separate")
    cross.way(21, [2, 5], highway="trunk", name="fast", motorroad="yes")
    cross.way(22, [4, 2], highway="secondary", name="no walking", foot="no")
    cross.way(23, [4, 3], highway="pedestrian", name="mall", width="7.5 m")
    city = build(cross)
    assert set(city.walk.names) == {"御堂筋", "平野町通", "mall"}
    np.testing.assert_allclose(city.walk.width_m[links_of(city.walk, "mall")], 7.5)
    np.testing.assert_allclose(
        city.walk.width_m[links_of(city.walk, "平野町通")], CLASS_BY_NAME["residential"].walk_width_m
    )
    assert np.isnan(city.drive.width_m).all()
    assert (city.walk.lanes == 0).all()
    assert "mall" not in city.drive.names


def test_one_way_streets_are_walked_both_ways_and_escalators_one_way(build, osm):
    ring(osm, oneway="yes")
    osm.way(9, [2, 4], highway="steps", name="escalator", conveying="forward", oneway="yes")
    walk = build(osm).walk
    assert links_of(walk, "diagonal").size == 2
    moving = links_of(walk, "escalator")
    assert walk.node_id[walk.link_from[moving]].tolist() == [2]
    assert walk.flags[moving].tolist() == [STEPS]


def test_stairs_are_slower_and_kinds_of_way_are_flagged(build, cross):
    cross.way(20, [5, 3], highway="steps", name="stairs")
    cross.way(21, [2, 5], highway="corridor", name="underground", level="-1")
    cross.way(22, [2, 4], highway="footway", name="under", tunnel="yes")
    cross.way(23, [4, 3], highway="footway", name="over", bridge="yes")
    walk = build(cross).walk
    assert set(walk.flags[links_of(walk, "stairs")]) == {STEPS}
    assert set(walk.flags[links_of(walk, "underground")]) == {COVERED}
    assert set(walk.flags[links_of(walk, "under")]) == {TUNNEL | COVERED}
    assert set(walk.flags[links_of(walk, "over")]) == {BRIDGE}
    assert walk.free_speed_mps[links_of(walk, "stairs")].max() < walk.free_speed_mps.max() == 1.34


def crossing_town(osm, **road):
    """Pavements north and south of a road, joined by a crossing whose middle node lies on the road."""
    for node_id, x, y in ((1, -100, 0), (3, 100, 0), (4, 0, 8), (5, 0, -8), (6, 100, 8), (7, 100, -8)):
        osm.node(node_id, x, y)
    osm.node(2, 0, 0, highway="crossing", crossing="traffic_signals")
    osm.way(1, [1, 2, 3], **{"highway": "secondary", "name": "road", **road})
    osm.way(2, [4, 2, 5], highway="footway", footway="crossing", crossing="traffic_signals", name="zebra")
    osm.way(3, [4, 6], highway="footway", name="north", footway="sidewalk")
    osm.way(4, [5, 7], highway="footway", name="south", footway="sidewalk")


def test_a_crossing_with_lights_is_one_link_where_the_road_is_not_walked(build, osm):
    crossing_town(osm, sidewalk="separate")
    walk = build(osm).walk
    zebra = links_of(walk, "zebra")
    assert walk.flags[zebra].tolist() == [CROSSING | SIGNALISED] * 2
    assert sorted(walk.node_id[walk.signal]) == [4, 5]
    np.testing.assert_allclose(walk.length_m[zebra], 16, rtol=0.01)


def test_whoever_crosses_waits_once_even_where_the_road_cuts_the_crossing(build, osm):
    crossing_town(osm)
    walk = build(osm).walk
    node = {int(i): k for k, i in enumerate(walk.node_id)}
    path = routing.shortest_path(walk, node[4], node[5])
    waits = (walk.flags[path] & SIGNALISED) > 0
    assert waits.tolist() == [True, False]
    assert ((walk.flags[path] & CROSSING) > 0).all()


def test_a_square_is_crossed_straight(build, osm):
    corners = ((0, 0), (80, 0), (80, 80), (0, 80))
    for i, (x, y) in enumerate(corners):
        osm.node(i + 1, x, y)
        osm.node(i + 11, x * 3 - 80, y * 3 - 80)
        osm.way(i + 11, [i + 1, i + 11], highway="footway")
    osm.way(1, [1, 2, 3, 4, 1], highway="pedestrian", area="yes", name="square")
    city = build(osm)
    node = {int(i): k for k, i in enumerate(city.walk.node_id)}
    metres = routing.travel_times(city.walk, [node[1]], [node[3]])[0, 0] * 1.34
    assert metres == pytest.approx(80 * 2**0.5, rel=0.01)
    assert city.report["done"]["walk: straight ways laid across squares"] == 2
    assert city.drive.link_count == 0


def test_the_graph_follows_the_conventions_of_osmnx(build, cross):
    import osmnx as ox

    city = build(cross)
    graph = city.drive.graph
    assert graph.graph["crs"] == "EPSG:6674"
    assert (len(graph), graph.number_of_edges()) == (5, 8)
    assert graph.nodes[1]["street_count"] == 4
    assert graph.nodes[1]["highway"] == "traffic_signals"
    path = ox.routing.shortest_path(graph, 2, 5, weight="travel_time")
    assert path == [2, 1, 5]
    edges = ox.convert.graph_to_gdfs(graph, nodes=False)
    assert sorted(edges["link_index"]) == list(range(8))
    assert not edges["oneway"].any()
    assert set(edges["highway"]) <= set(ROAD_CLASSES)
    node, _ = ox.distance.nearest_nodes(graph, city.drive.x_m[4] + 1, city.drive.y_m[4], return_dist=True)
    assert node == 5


def test_side_and_crs_may_be_given_and_are_checked(build, cross):
    city = build(cross, crs="EPSG:32653", driving_side="right")
    assert (city.crs, city.driving_side) == ("EPSG:32653", "right")
    with pytest.raises(CityError, match="'middle' is unknown"):
        build(cross, driving_side="middle")
    with pytest.raises(CityError, match="not in metres"):
        build(cross, crs="EPSG:4326")
    with pytest.raises(CityError, match="no known CRS"):
        build(cross, crs="EPSG:nonsense")


def test_the_side_tagged_on_ways_wins_over_the_country(build, cross):
    cross.way(20, [5, 3], highway="residential", driving_side="right")
    assert build(cross).driving_side == "right"


def test_a_file_of_ours_is_schematic(build, cross):
    cross.generator = "osaka-twin data/rebuild.py"
    city = build(cross)
    assert city.schematic
    assert city.attribution[0].startswith("schematic district authored from public facts")
    assert "OpenStreetMap" in city.attribution[0]
