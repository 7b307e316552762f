"""What tags say of walking: pavements, steps, escalators, lifts, ferries, kerbs, widths."""

from __future__ import annotations

import math

import numpy as np
import pytest

from twin.city.city import STEP_FREE, STEPS
from twin.city.reading.ferries import parse_duration_s
from twin.city.reading.measures import parse_length_m
from twin.city.reading.pavements import EDGE_WIDTH_M, ESCALATOR_SPEED_MPS, drawn_separately, sides
from twin.city.reading.road_classes import CLASS_BY_NAME, CLASS_INDEX
from twin.city.routing import ways as routing


def links_of(layer, name):
    return np.flatnonzero(layer.name_index == layer.names.index(name))


def metres(walk, a, b):
    node = {int(i): k for k, i in enumerate(walk.node_id)}
    return float(routing.travel_times(walk, [node[a]], [node[b]], walk.length_m)[0, 0])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3.5", 3.5),
        ("3,5 m", 3.5),
        ("2 m;3 m", 2.0),
        ("2.5;3", 2.5),
        ("8'6\"", 8.5 * 0.3048),
        ("8' 6''", 8.5 * 0.3048),
        ("12'", 3.6576),
        ("12 ft", 3.6576),
        ("6 ft 3 in", 6.25 * 0.3048),
        ("250 cm", 2.5),
        ("250cm", 2.5),
        ("~2", 2.0),
        ("約2m", 2.0),
        ("2-3 m", 2.0),
        ("80-100 cm", 0.8),
        ("２．５ｍ", 2.5),
        (".9", 0.9),
        ("1.5 metres", 1.5),
        ("2 yd", 1.8288),
        ("8’6”", 8.5 * 0.3048),
        ("> 2.0", 2.0),
        ("wide", None),
        ("", None),
        ("-3", None),
        ("1e9", None),
        ("0", None),
        ("narrow;2", 2.0),
        ("5000", None),
        ("3.5 kg", None),
        (None, None),
    ],
)
def test_a_width_is_read_however_it_is_written(text, value):
    found = parse_length_m(text, least_m=0.3, most_m=200.0)
    assert found == (None if value is None else pytest.approx(value))


@pytest.mark.parametrize(
    ("tags", "left", "right", "separate"),
    [
        ({"sidewalk": "both"}, "there", "there", False),
        ({"sidewalk": "left"}, "there", "not", False),
        ({"sidewalk": "separate"}, "drawn", "drawn", True),
        ({"sidewalk": "no"}, "not", "not", False),
        ({"sidewalk:both": "separate"}, "drawn", "drawn", True),
        ({"sidewalk:left": "separate"}, "drawn", "", False),
        ({"sidewalk:left": "separate", "sidewalk:right": "no"}, "drawn", "not", True),
        ({"sidewalk:left": "separate", "sidewalk:right": "yes"}, "drawn", "there", False),
        ({"sidewalk": "none"}, "not", "not", False),
        ({}, "", "", False),
    ],
)
def test_each_side_of_a_street_has_its_own_word(tags, left, right, separate):
    assert sides(tags) == (left, right)
    assert drawn_separately(tags) == separate


@pytest.mark.parametrize(
    "tags",
    [
        {"sidewalk": "separate"},
        {"sidewalk:both": "separate"},
        {"sidewalk": "separate", "foot": "yes"},
        {"sidewalk:left": "separate", "sidewalk:right": "separate"},
        {"sidewalk:left": "no", "sidewalk:right": "separate"},
        {"foot": "no"},
        {"foot": "private"},
        {"foot": "use_sidepath"},
        {"motorroad": "yes"},
        {"access": "private"},
        {"highway": "motorway", "foot": "yes"},
        {"highway": "motorway_link"},
    ],
)
def test_nobody_walks_where_the_map_says_so(build, cross, tags):
    keyed = {"highway": "secondary", "name": "main", **tags}
    cross.way(20, [5, 3], **{key.replace(":", "__"): value for key, value in keyed.items()})
    cross.way(21, [3, 5], highway="residential", name="back")
    assert "main" not in build(cross).walk.names


@pytest.mark.parametrize("value", ["no", "none"])
def test_no_pavement_is_invented_where_there_is_none(build, cross, value):
    cross.way(20, [5, 3], highway="primary", name="bare", sidewalk=value)
    city = build(cross)
    np.testing.assert_allclose(city.walk.width_m[links_of(city.walk, "bare")], EDGE_WIDTH_M)
    assert city.report["assumed"]["streets said to have no pavement: walked along their edge"]["ways"] == 1
    assert CLASS_BY_NAME["primary"].walk_width_m > EDGE_WIDTH_M


def test_a_width_in_words_is_taken_by_class_and_said(build, cross):
    cross.way(20, [5, 3], highway="footway", name="lane", width="very narrow")
    cross.way(21, [2, 5], highway="footway", name="alley", width="1,2 m")
    city = build(cross)
    np.testing.assert_allclose(city.walk.width_m[links_of(city.walk, "lane")], CLASS_BY_NAME["footway"].walk_width_m)
    np.testing.assert_allclose(city.walk.width_m[links_of(city.walk, "alley")], 1.2)
    assert city.report["assumed"]["widths for walking that are no number: taken by road class"]["ways"] == 1


def pavement_town(osm, gap):
    """A main road of 200 m with its pavement 8 m beside it, and a footway coming to each end."""
    for node_id, x in ((1, 0), (2, 200), (5, -200), (6, 400)):
        osm.node(node_id, x, 0)
    osm.way(100, [5, 1], highway="residential", name="west")
    osm.way(101, [2, 6], highway="residential", name="east")
    osm.way(103, [1, 2], highway="primary", name="main", sidewalk="separate")
    osm.node(21, 0 + gap, 8)
    osm.node(22, 200 - gap, 8)
    osm.way(104, [21, 22], highway="footway", footway="sidewalk", name="pavement")
    for node_id, x, y in ((3, 200, 300), (4, 0, 300)):
        osm.node(node_id, x, y)
    osm.way(102, [1, 4, 3, 2], highway="residential", name="detour")


@pytest.mark.parametrize("gap", [0, 15, -30])
def test_a_street_is_joined_to_the_pavement_drawn_beside_it(build, osm, gap):
    pavement_town(osm, gap)
    city = build(osm)
    assert "main" not in city.walk.names
    assert metres(city.walk, 5, 6) == pytest.approx(600, rel=0.04)
    assert city.report["done"]["walk: streets joined to the pavement drawn beside them"] == 2


def test_a_pavement_that_shares_a_node_needs_no_more(build, osm):
    pavement_town(osm, 0)
    osm.way(105, [1, 21], highway="footway", footway="crossing")
    osm.way(106, [2, 22], highway="footway")
    city = build(osm)
    assert "walk: streets joined to the pavement drawn beside them" not in city.report["done"]
    assert metres(city.walk, 5, 6) == pytest.approx(616, rel=0.01)


def test_a_bridge_over_the_road_is_no_pavement_beside_it(build, osm):
    pavement_town(osm, 0)
    osm.ways = [way for way in osm.ways if "pavement" not in way]
    osm.way(104, [21, 22], highway="footway", bridge="yes", layer="1", name="skywalk")
    osm.way(107, [21, 4], highway="footway")
    assert metres(build(osm).walk, 5, 6) == pytest.approx(1200, rel=0.02)


def test_ways_on_different_levels_do_not_touch_where_they_cross(build, osm):
    for node_id, x, y in ((1, -100, 0), (2, 100, 0), (3, 0, -100), (4, 0, 100), (5, 300, 0)):
        osm.node(node_id, x, y)
    osm.way(1, [1, 2], highway="footway")
    osm.way(2, [3, 4], highway="footway", bridge="yes", layer="1")
    osm.way(3, [2, 5], highway="footway")
    osm.way(4, [5, 4], highway="footway")
    walk = build(osm).walk
    assert metres(walk, 1, 4) == pytest.approx(400 + math.hypot(300, 100), rel=0.01)


@pytest.mark.parametrize(
    ("tags", "along", "against"),
    [
        ({"conveying": "forward"}, 1, 0),
        ({"conveying": "backward"}, 0, 1),
        ({"conveying": "yes"}, 1, 1),
        ({"conveying": "yes", "oneway": "yes"}, 1, 0),
        ({"conveying": "reversible"}, 1, 1),
        ({"conveying": "no"}, 1, 1),
        ({"oneway:foot": "yes"}, 1, 0),
        ({"oneway:foot": "-1"}, 0, 1),
        ({"oneway": "yes"}, 1, 1),
    ],
)
def test_an_escalator_goes_its_way(build, cross, tags, along, against):
    cross.way(20, [5, 3], highway="steps", name="steps", **{key.replace(":", "__"): v for key, v in tags.items()})
    walk = build(cross).walk
    rows = links_of(walk, "steps")
    starts = walk.node_id[walk.link_from[rows]].tolist()
    assert (starts.count(5), starts.count(3)) == (along, against)
    assert (walk.flags[rows] & STEPS).all()
    moving = tags.get("conveying", "no") != "no"
    np.testing.assert_allclose(walk.free_speed_mps[rows], ESCALATOR_SPEED_MPS if moving else 0.61)


@pytest.mark.parametrize(
    ("tags", "free"),
    [
        ({"highway": "footway", "wheelchair": "yes"}, True),
        ({"highway": "elevator"}, True),
        ({"highway": "steps", "ramp:wheelchair": "yes"}, True),
        ({"highway": "steps", "ramp:bicycle": "yes"}, False),
        ({"highway": "footway", "footway": "crossing", "kerb": "lowered"}, True),
        ({"highway": "footway", "footway": "crossing", "kerb": "raised"}, False),
        ({"highway": "footway", "wheelchair": "no", "kerb": "flush"}, False),
        ({"highway": "footway"}, False),
    ],
)
def test_ways_said_to_be_free_of_steps_are_flagged(build, cross, tags, free):
    cross.way(20, [5, 3], name="way", **{key.replace(":", "__"): value for key, value in tags.items()})
    walk = build(cross).walk
    assert ((walk.flags[links_of(walk, "way")] & STEP_FREE) > 0).all() == free


def test_a_crossing_that_is_forbidden_is_not_walked(build, cross):
    cross.way(20, [5, 3], highway="footway", footway="crossing", crossing="no", name="shut")
    assert "shut" not in build(cross).walk.names


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("00:02", 120),
        ("1:30", 5400),
        ("00:02:30", 150),
        ("PT5M", 300),
        ("P0T", None),
        ("2 min", 120),
        ("10", 600),
        ("90 s", 90),
        ("soon", None),
        ("", None),
        (None, None),
        ("00:00", None),
        ("PT1H5M", 3900),
    ],
)
def test_a_duration_is_read_however_it_is_written(text, value):
    assert parse_duration_s(text) == value


def ferry_town(osm, **tags):
    for base, y in ((0, 0), (10, 500)):
        for i, (x, dy) in enumerate(((0, 0), (200, 0), (200, 150), (0, 150))):
            osm.node(base + i + 1, x, y + dy)
        osm.way(base + 1, [base + 1, base + 2, base + 3, base + 4, base + 1], highway="residential")
    osm.way(50, [4, 11], route="ferry", name="渡船", **tags)


def test_a_ferry_takes_its_crossing_and_half_its_interval(build, osm):
    ferry_town(osm, foot="yes", duration="00:03", interval="00:20")
    walk = build(osm).walk
    boat = links_of(walk, "渡船")
    assert boat.size == 2
    assert set(walk.road_class[boat]) == {CLASS_INDEX["ferry"]}
    np.testing.assert_allclose(walk.free_time_s[boat], 180 + 600, rtol=0.01)


def test_what_a_ferry_does_not_say_is_assumed_openly(build, osm):
    ferry_town(osm)
    city = build(osm)
    assumed = city.report["assumed"]
    assert assumed["wait for ferries without an interval in the map"]["ways"] == 1
    assert assumed["speed of ferries without a duration in the map"]["grade"] == "G"
    assert city.walk.free_time_s[links_of(city.walk, "渡船")].min() > 450


def test_a_ferry_not_for_walkers_leaves_the_other_bank_away(build, osm):
    ferry_town(osm, foot="no", motor_vehicle="yes")
    city = build(osm)
    assert "渡船" not in (*city.walk.names, *city.drive.names)
