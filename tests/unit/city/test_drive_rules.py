"""Who may drive where, when and how it may turn, from the tags of a map to the fastest way between two of its nodes.

The usual map: 5 - 1 - 2 - 6 in a line of 200 m each, the middle one called ``direct``, and a way round of 800 m.
"""

from __future__ import annotations

import numpy as np
import pytest

from twin.city.keeping.build import open_city, save_city
from twin.city.reading.importer import report_lines
from twin.errors import CityError

H = 3600.0
DIRECT, AROUND = 600, 1200


class Text:
    """A map as it stands."""

    def __init__(self, text):
        self._text = text

    def text(self):
        return self._text


def line(osm, *, mid=None, **tags):
    """The usual map; tags of ``direct``, and of the node 9 in its middle."""
    for node, x, y in ((1, 0, 0), (2, 200, 0), (3, 200, 300), (4, 0, 300), (5, -200, 0), (6, 400, 0)):
        osm.node(node, x, y)
    osm.node(9, 100, 0, **(mid or {}))
    osm.way(100, [5, 1], highway="residential", name="west")
    osm.way(101, [2, 6], highway="residential", name="east")
    osm.way(102, [1, 4, 3, 2], highway="residential", name="round")
    osm.way(103, [1, 9, 2], **{"highway": "residential", "name": "direct", **tags})
    return osm


def metres(city, a=5, b=6, **how):
    try:
        return city.fastest_trip(a, b, **how).length_m
    except CityError:
        return np.inf


def near(value):
    return pytest.approx(value, rel=0.01)


@pytest.mark.parametrize(
    ("tags", "open_to"),
    [
        ({}, "car van small_truck container_truck bus"),
        ({"access": "no"}, ""), ({"vehicle": "no"}, ""), ({"motor_vehicle": "no"}, ""), ({"access": "private"}, ""),
        ({"motorcar": "no"}, "small_truck container_truck bus"),
        ({"hgv": "no"}, "car van bus"), ({"goods": "no"}, "car van container_truck bus"),
        ({"access": "no", "hgv": "designated"}, "small_truck container_truck"),
        ({"access": "no", "psv": "yes"}, "van bus"), ({"motor_vehicle": "no", "bus": "designated"}, "bus"),
        ({"vehicle": "destination"}, ""), ({"motor_vehicle": "delivery;private"}, ""),
        ({"access": "no", "motor_vehicle": "permissive"}, "car van small_truck container_truck bus"),
        ({"maxheight": "2.1"}, "car van"), ({"maxheight": "7'6\""}, "car van"), ({"maxheight": "default"}, "all"),
        ({"maxheight": "3.5 m"}, "car van small_truck bus"), ({"maxweight": "3.5"}, "car van"),
        ({"maxweight": "22000 lbs"}, "car van small_truck"), ({"maxweight": "none"}, "all"),
        ({"maxlength": "12"}, "car van small_truck bus"), ({"maxwidth": "2.2"}, "car van small_truck"),
        ({"maxweight:hgv": "7.5"}, "car van small_truck bus"), ({"maxweightrating": "7.5"}, "car van small_truck"),
        ({"hgv:conditional": "no @ (weight > 7.5)"}, "car van small_truck bus"),
        ({"access": "bogus"}, "all"),
    ],
)  # fmt: skip
def test_tags_of_access_and_size_bind_their_classes(build, osm, tags, open_to):
    city = build(line(osm, **tags))
    classes = ("car", "van", "small_truck", "container_truck", "bus")
    direct = {name for name in classes if metres(city, vehicle_class=name) == near(DIRECT)}
    assert direct == set(classes if open_to == "all" else open_to.split())
    assert all(metres(city, vehicle_class=name) == near(AROUND) for name in set(classes) - direct)


@pytest.mark.parametrize(
    ("tags", "there", "back"),
    [
        ({"oneway": "yes"}, DIRECT, AROUND), ({"oneway": "-1"}, AROUND, DIRECT), ({"oneway": "alternating"}, 600, 600),
        ({"oneway": "reversible"}, DIRECT, DIRECT), ({"motor_vehicle:backward": "no"}, DIRECT, AROUND),
        ({"access:forward": "no"}, AROUND, DIRECT), ({"vehicle:forward": "destination"}, AROUND, DIRECT),
        ({"motor_vehicle": "no", "motor_vehicle:forward": "yes"}, DIRECT, AROUND),
        ({"junction": "circular"}, DIRECT, AROUND),
    ],
)  # fmt: skip
def test_directions_have_rights_of_their_own(build, osm, tags, there, back):
    city = build(line(osm, **tags))
    assert metres(city) == near(there)
    assert metres(city, 6, 5) == near(back)


@pytest.mark.parametrize(
    "tags", [{"oneway:bus": "no"}, {"oneway:psv": "no"}, {"busway": "opposite_lane"}, {"lanes:psv:backward": "1"}]
)
def test_buses_drive_against_a_one_way_street_where_they_may(build, osm, tags):
    city = build(line(osm, oneway="yes", **tags))
    assert metres(city, 6, 5, vehicle_class="bus") == near(DIRECT)
    assert metres(city, 6, 5) == near(AROUND)


@pytest.mark.parametrize(
    ("tags", "at_s", "expected"),
    [
        ({"motor_vehicle:conditional": "no @ (07:30-08:30)"}, 7.4 * H, DIRECT),
        ({"motor_vehicle:conditional": "no @ (07:30-08:30)"}, 7.5 * H, AROUND),
        ({"motor_vehicle:conditional": "no @ (07:30-08:30)"}, 8.5 * H, DIRECT),
        ({"motor_vehicle:conditional": "no @ 07:30-08:30"}, (24 + 8) * H, AROUND),
        ({"access:conditional": "no @ (Sa,Su 10:00-18:00)"}, 12 * H, DIRECT),
        ({"access:conditional": "no @ (Sa,Su 10:00-18:00)"}, (5 * 24 + 12) * H, AROUND),
        ({"access:conditional": "no @ (Mo-Fr 22:00-06:00)"}, 23 * H, AROUND),
        ({"access:conditional": "no @ (Mo-Fr 22:00-06:00)"}, (24 + 5) * H, AROUND),
        ({"access": "no", "access:conditional": "yes @ (22:00-06:00)"}, 23 * H, DIRECT),
        ({"access": "no", "access:conditional": "yes @ (22:00-06:00)"}, 12 * H, AROUND),
        ({"oneway:conditional": "-1 @ (07:00-09:00)"}, 8 * H, AROUND),
        ({"access:conditional": "no @ (sunrise-sunset)"}, 12 * H, DIRECT),
        ({"hgv:conditional": "no @ (07:00-09:00)"}, 8 * H, DIRECT),
    ],
)  # fmt: skip
def test_hours_hold_at_their_times(build, osm, tags, at_s, expected):
    assert metres(build(line(osm, **tags)), at_s=at_s) == near(expected)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"barrier": "bollard"}, AROUND), ({"barrier": "block"}, AROUND), ({"barrier": "chain"}, AROUND),
        ({"barrier": "bollard", "motor_vehicle": "yes"}, DIRECT), ({"barrier": "gate"}, DIRECT),
        ({"barrier": "gate", "access": "no"}, AROUND), ({"barrier": "lift_gate", "access": "private"}, AROUND),
        ({"barrier": "gate", "locked": "yes"}, AROUND), ({"barrier": "toll_booth"}, DIRECT),
        ({"barrier": "height_restrictor", "maxheight": "1.5"}, AROUND),
        ({"barrier": "bollard", "maxwidth": "2.0", "access": "yes"}, DIRECT),
    ],
)  # fmt: skip
def test_barriers_stop_whom_they_stop(build, osm, tags, expected):
    city = build(line(osm, mid=tags))
    assert metres(city) == near(expected)
    assert metres(city, 6, 5) == near(expected)
    assert metres(city, layer="walk") == near(AROUND if tags.get("access") == "no" else DIRECT)


def test_a_barrier_for_some_lets_the_others_pass(build, osm):
    city = build(line(osm, mid={"barrier": "bus_trap"}))
    assert metres(city) == near(AROUND)
    assert metres(city, vehicle_class="bus") == near(DIRECT)
    # One may still drive up to it, from either side.
    assert metres(city, 5, 9) == near(300)
    assert metres(city, 6, 9) == near(300)


def test_walkers_are_stopped_by_a_locked_gate_of_their_own(build, osm):
    city = build(line(osm, mid={"barrier": "gate", "foot": "no"}))
    assert metres(city, layer="walk") == near(AROUND)
    assert metres(city) == near(DIRECT)


@pytest.mark.parametrize("word", ["destination", "private", "delivery", "customers"])
def test_streets_of_no_through_way_are_driven_to_and_from(build, osm, word):
    city = build(line(osm, access=word))
    assert metres(city) == near(AROUND)
    assert metres(city, 6, 5) == near(AROUND)
    for a, b in ((5, 9), (9, 5), (6, 9), (9, 6)):
        assert metres(city, a, b) == near(300)


def test_what_lies_behind_a_private_gate_is_no_through_way(build, osm):
    line(osm, access="no")
    osm.node(20, 100, -100, barrier="gate", access="private")
    osm.node(21, 150, -200)
    osm.node(22, 300, -200, barrier="gate", access="private")
    osm.way(20, [1, 20], highway="residential", name="lane")
    osm.way(21, [20, 21], highway="service", name="yard")
    osm.way(22, [21, 22], highway="service", name="yard")
    osm.way(23, [22, 2], highway="residential", name="lane 2")
    city = build(osm)
    assert metres(city) == near(AROUND)
    assert metres(city, 5, 21) < 600
    assert metres(city, 21, 6) < 700


def cross_roads(osm, *relations):
    """A crossing at 2 of 1 (west), 3 (east), 4 (north), 5 (south), with a ring road round it."""
    for node, x, y in (
        (1, -200, 0),
        (2, 0, 0),
        (3, 200, 0),
        (4, 0, 200),
        (5, 0, -200),
        (6, -200, -200),
        (7, 200, 200),
        (9, 200, -200),
    ):
        osm.node(node, x, y)
    for way, refs in (
        (10, [1, 2]),
        (11, [2, 3]),
        (12, [2, 4]),
        (13, [2, 5]),
        (20, [1, 6, 5]),
        (21, [5, 9, 3]),
        (22, [3, 7, 4]),
    ):
        osm.way(way, refs, highway="residential", name=str(way))
    for number, (members, tags) in enumerate(relations):
        inner = "".join(
            f'<member type="{"node" if kind == "n" else "way"}" ref="{ref}" role="{role}"/>'
            for kind, ref, role in members
        )
        words = "".join(f'<tag k="{k}" v="{v}"/>' for k, v in {"type": "restriction", **tags}.items())
        osm.ways.append(f'<relation id="{30 + number}">{inner}{words}</relation>')
    return osm


LEFT = [("w", 10, "from"), ("n", 2, "via"), ("w", 12, "to")]


@pytest.mark.parametrize(
    ("members", "tags", "there"),
    [
        (LEFT, {"restriction": "no_left_turn"}, 800), (LEFT, {"restriction": "no_right_turn"}, 800),
        (LEFT, {"restriction": "only_left_turn"}, 400), (LEFT, {"restriction": "no_left_turn", "except": "psv"}, 800),
        ([("w", 10, "from"), ("n", 2, "via"), ("w", 11, "to")], {"restriction": "only_straight_on"}, 800),
        (LEFT, {"restriction:hgv": "no_left_turn"}, 400),
        (LEFT, {"restriction": "no_left_turn", "except": "motorcar"}, 400),
        ([("w", 10, "from"), ("w", 11, "from"), ("n", 2, "via"), ("w", 12, "to")], {"restriction": "no_entry"}, None),
        ([("w", 10, "from"), ("n", 2, "via"), ("w", 12, "to"), ("w", 11, "to")], {"restriction": "no_exit"}, None),
        ([("w", 20, "from"), ("w", 10, "via"), ("w", 12, "to")], {"restriction": "no_left_turn"}, 400),
        (LEFT[:2], {"restriction": "no_left_turn"}, 400), (LEFT, {"restriction": "no_such_turn"}, 400),
        ([*LEFT[:2], ("w", 999, "to")], {"restriction": "no_left_turn"}, 400),
        ([LEFT[0], LEFT[2]], {"restriction": "no_left_turn"}, 400),
        ([LEFT[0], ("n", 7, "via"), LEFT[2]], {"restriction": "no_left_turn"}, 400),
    ],
)  # fmt: skip
def test_restrictions_ban_the_turns_they_name(build, osm, members, tags, there):
    city = build(cross_roads(osm, (members, tags)))
    assert metres(city, 4, 1) == near(400)
    if there is None:
        assert metres(city, 1, 4) > 790
    else:
        assert metres(city, 1, 4) == near(there)
    done = {**city.report["done"], **city.report["dropped"]}
    assert sum(count for what, count in done.items() if "turn restriction" in what) >= 1


def test_a_restriction_over_a_way_binds_those_who_came_by_its_beginning(build, osm):
    members = [("w", 20, "from"), ("w", 10, "via"), ("w", 12, "to")]
    city = build(
        cross_roads(
            osm,
            (members, {"restriction": "no_left_turn"}),
            ([("w", 13, "from"), ("n", 2, "via"), ("w", 12, "to")], {"restriction": "no_straight_on"}),
        )
    )
    # From 6 over 1 and 2 to 4 the left turn is banned, and so is straight on from 5; from 1 itself it is not.
    assert metres(city, 1, 4) == near(400)
    assert metres(city, 6, 4) > 900


def test_hours_and_classes_of_restrictions_hold(build, osm):
    city = build(cross_roads(osm, (LEFT, {"restriction:conditional": "no_left_turn @ (Mo-Fr 07:00-09:00)"})))
    assert metres(city, 1, 4) == near(400)
    assert metres(city, 1, 4, at_s=9 * H) == near(400)
    assert metres(city, 1, 4, at_s=8 * H) == near(800)
    assert metres(city, 1, 4, at_s=(5 * 24 + 8) * H) == near(400)


def test_members_that_are_not_split_at_their_node_are_taken_by_side(build, osm):
    for node, x, y in ((1, -200, 0), (2, 0, 0), (3, 200, 0), (4, 0, 200), (7, 200, 200), (8, -200, 200)):
        osm.node(node, x, y)
    osm.way(10, [1, 2, 3], highway="residential", name="through")
    osm.way(12, [2, 4], highway="residential", name="side")
    osm.way(22, [3, 7, 4], highway="residential", name="ring")
    osm.way(23, [1, 8, 4], highway="residential", name="ring")
    osm.ways.append(
        '<relation id="30"><member type="way" ref="10" role="from"/>'
        '<member type="node" ref="2" role="via"/>'
        '<member type="way" ref="12" role="to"/><tag k="type" v="restriction"/>'
        '<tag k="restriction" v="no_left_turn"/></relation>'
    )
    osm.way(24, [1, 3], highway="motorway", name="never", access="no")
    city = build(osm)
    links = city.fastest_trip(1, 4).links
    assert city.drive.names[city.drive.name_index[links[0]]] == "ring"
    assert metres(city, 3, 4) == near(400)
    assert city.drive.names[city.drive.name_index[city.fastest_trip(3, 4).links[0]]] in ("through", "ring")


def test_nobody_turns_back_in_a_junction_to_get_round_a_ban(build, osm):
    cross_roads(osm, (LEFT, {"restriction": "no_left_turn"}))
    # Half-way to 3 a yard leaves the street: turning back there would be shorter than the ring.
    osm.node(40, 50, 0)
    osm.node(41, 50, -30)
    osm.ways = [way.replace('ref="2"/><nd ref="3"', 'ref="2"/><nd ref="40"/><nd ref="3"') for way in osm.ways]
    osm.way(40, [40, 41], highway="residential", name="stub")
    city = build(osm)
    path = city.fastest_trip(1, 4)
    # At the end of the stub one may turn round.
    assert path.length_m == near(200 + 50 + 30 + 30 + 50 + 200)
    osm.way(41, [41, 9], highway="residential", name="stub goes on")
    assert build(osm).fastest_trip(1, 4).length_m == near(800)


def test_arrows_of_all_lanes_ban_the_side_they_do_not_show(build, osm):
    cross_roads(osm)
    osm.ways[0] = osm.ways[0].replace("<tag", '<tag k="turn:lanes:forward" v="through|right"/><tag', 1)
    city = build(osm)
    assert metres(city, 1, 4) == near(800)
    assert city.report["done"]["turns banned by the arrows of lanes"] == 1


def test_a_lane_without_an_arrow_bans_nothing(build, osm):
    cross_roads(osm)
    osm.ways[0] = osm.ways[0].replace("<tag", '<tag k="turn:lanes:forward" v="|right"/><tag', 1)
    assert metres(build(osm), 1, 4) == near(400)


@pytest.mark.parametrize(
    ("tags", "kmh"),
    [
        ({"maxspeed": "JP:zone30"}, 30), ({"maxspeed": "zone30"}, 30), ({"maxspeed": "DE:zone:20"}, 20),
        ({"maxspeed": "FR:30"}, 30), ({"zone:maxspeed": "DE:30"}, 30), ({"maxspeed": "3 mph"}, 4.828),
        ({"maxspeed": "DE:walk"}, 7), ({"maxspeed": "signals"}, 50), ({"maxspeed": "GB:nsl_single"}, 96.56),
        ({"maxspeed": "DE:rural"}, 90), ({"maxspeed": "20 knots"}, 37.04), ({"maxspeed:forward": "25"}, 25),
        ({"maxspeed:lanes": "60|80"}, 80), ({"maxspeed": "0"}, 50), ({"maxspeed": "fast"}, 50),
    ],
)  # fmt: skip
def test_speeds_are_read_in_every_written_form(build, osm, tags, kmh):
    city = build(line(osm, highway="secondary", **tags))
    drive = city.drive
    direct = (drive.name_index == drive.names.index("direct")) & (drive.link_from == np.flatnonzero(drive.node_id == 1))
    np.testing.assert_allclose(drive.free_speed_mps[direct] * 3.6, kmh, rtol=1e-3)


def test_speeds_with_hours_hold_at_their_times(build, osm):
    city = build(line(osm, **{"maxspeed": "60", "maxspeed:conditional": "20 @ (22:00-06:00)"}))
    day, night = (city.fastest_trip(1, 2, at_s=at_s).time_s for at_s in (12 * H, 23 * H))
    assert day == near(12.0)
    assert night == near(36.0)


@pytest.mark.parametrize("gap_m", [2.0, 4.0, 6.0])
def test_a_short_one_way_link_does_not_join_what_it_parts(build, osm, gap_m):
    for node, x, y in ((1, 0, 0), (2, 200, 0), (3, 400, 0), (11, 0, gap_m), (12, 200, gap_m), (13, 400, gap_m)):
        osm.node(node, x, y)
    osm.node(30, -600, 0)
    osm.way(1, [1, 2, 3], highway="residential", name="A")
    osm.way(2, [11, 12, 13], highway="residential", name="B")
    osm.way(3, [2, 12], highway="service", oneway="yes", name="link")
    osm.way(4, [1, 30, 11], highway="residential", name="far west")
    city = build(osm)
    assert metres(city, 13, 3) == near(2000)
    assert metres(city, 3, 13) == near(400 + gap_m)


def test_short_links_that_part_nothing_are_still_drawn_in(build, osm):
    for node, x, y in ((1, 0, 0), (2, 200, 0), (3, 203, 0), (4, 400, 0), (5, 200, 100), (6, 203, -100)):
        osm.node(node, x, y)
    osm.way(1, [1, 2], highway="residential", name="A")
    osm.way(2, [2, 3], highway="residential", name="A")
    osm.way(3, [3, 4], highway="residential", name="A")
    osm.way(4, [2, 5], highway="residential", name="B")
    osm.way(5, [3, 6], highway="residential", name="C")
    city = build(osm)
    assert city.drive.node_count == 5


def test_roads_that_leave_the_map_stay_with_entries_at_their_ends(build, osm):
    line(osm)
    for node, x, y in (
        (21, -1000, 80),
        (22, -250, 80),
        (23, 450, 80),
        (24, 1200, 80),
        (31, 1200, 100),
        (32, -1000, 100),
    ):
        osm.node(node, x, y)
    osm.way(10, [21, 22, 23, 24], highway="trunk", oneway="yes", name="east", lanes="3")
    osm.way(11, [31, 32], highway="trunk", oneway="yes", name="west", lanes="3")
    osm.way(12, [22, 5], highway="trunk_link", oneway="yes")
    osm.way(13, [6, 23], highway="trunk_link", oneway="yes")
    osm.way(14, [3, 99], highway="residential", name="goes on")
    city = build(osm)
    assert metres(city, 21, 24) == near(2200)
    assert metres(city, 31, 32) == near(2200)
    assert metres(city, 21, 9 if 9 in city.drive.node_id else 2) < 2000
    entries = {int(p.id.rsplit("-", 1)[1]): p.attributes["direction"] for p in city.places_of("entry")}
    assert entries == {21: "in", 24: "out", 31: "in", 32: "out"}
    assert any("streets leave the map" in text for text in report_lines(city))


def test_what_goes_is_named_by_class_and_reason(build, osm):
    line(osm)
    osm.node(50, 600, 0)
    osm.way(50, [6, 50], highway="service", oneway="yes")
    city = build(osm)
    assert city.report["done"]["drive: of these metres, one-way streets with no way on or no way in: service"] == near(
        200
    )


def ring_road(osm, clockwise, origin=None):
    """A roundabout with four arms."""
    points = [(50, 0), (0, 50), (-50, 0), (0, -50)]
    for i, (x, y) in enumerate(points):
        osm.node(i + 1, x, y)
        osm.node(i + 11, 3 * x, 3 * y)
        osm.way(i + 11, [i + 1, i + 11], highway="residential", name=f"arm {i}")
    ring = [1, 2, 3, 4, 1]
    osm.way(1, ring[::-1] if clockwise else ring, highway="tertiary", junction="roundabout")
    return osm


def test_roundabouts_tell_the_side_where_the_country_does_not(build):
    from tests.unit.city.conftest import MapText

    ocean = (-30.0, -30.0)
    assert build(ring_road(MapText(origin=ocean), clockwise=True)).driving_side == "left"
    assert build(ring_road(MapText(origin=ocean), clockwise=False)).driving_side == "right"
    with pytest.raises(CityError, match="nothing in the map tells") as fault:
        build(line(MapText(origin=ocean)))
    assert "--driving-side" in fault.value.mend


def test_roads_that_are_drawn_against_the_country_or_the_tags_are_asked_about(build, osm):
    with pytest.raises(CityError, match="roundabouts say that people drive on the right, but the country"):
        build(ring_road(osm, clockwise=False))
    assert build(osm, driving_side="left").driving_side == "left"
    osm.way(99, [11, 12], highway="residential", driving_side="left")
    with pytest.raises(CityError, match="tagged as driven on the left, but roundabouts say right"):
        build(osm)


def test_carriageways_of_one_road_tell_the_side(build):
    from tests.unit.city.conftest import MapText

    osm = MapText(origin=(-30.0, -30.0))
    for i in range(7):
        osm.node(i + 1, 100 * i, 0)
        osm.node(i + 11, 100 * i, 15)
    osm.way(1, [1, 2, 3, 4, 5, 6, 7], highway="primary", oneway="yes", name="road")
    osm.way(2, [17, 16, 15, 14, 13, 12, 11], highway="primary", oneway="yes", name="road")
    osm.way(3, [7, 17], highway="residential", name="end")
    osm.way(4, [1, 11], highway="residential", name="start")
    # Driving east, the other carriageway lies to the left: they keep right.
    assert build(osm).driving_side == "right"


def test_rules_are_kept_with_the_city_and_joined_with_others(build, osm, tmp_path):
    from tests.unit.city.conftest import MapText
    from twin.city.keeping.join import join_cities

    city = build(cross_roads(osm, (LEFT, {"restriction": "no_left_turn"})))
    save_city(city, tmp_path / "city")
    again = open_city(tmp_path / "city")
    assert again.digest == city.digest
    assert metres(again, 1, 4) == near(800)
    other = MapText(origin=(135.6, 34.7))
    for node, x in ((101, 0), (102, 200), (103, 400)):
        other.node(node, x, 0)
    other.way(301, [101, 102, 103], highway="residential", name="far", hgv="no")
    from dataclasses import replace

    joined = join_cities([replace(build(other), name="other"), city])
    assert metres(joined, 1, 4) == near(800)
    assert metres(joined, 101, 103) == near(400)
    assert metres(joined, 101, 103, vehicle_class="container_truck") == np.inf


def test_the_order_of_the_file_does_not_matter(build, osm):
    cross_roads(
        osm,
        (LEFT, {"restriction": "no_left_turn"}),
        ([("w", 20, "from"), ("w", 10, "via"), ("w", 13, "to")], {"restriction": "no_right_turn"}),
    )
    osm.node(70, 100, 100, barrier="bus_trap")
    osm.way(70, [3, 70, 4], highway="residential", name="cut", access="destination")
    first = build(osm)
    osm.nodes.reverse()
    osm.ways.reverse()
    # Relations may come before their ways, too.
    assert build(osm).digest == first.digest


def test_a_history_gives_its_newest_versions(build, osm):
    line(osm)
    text = osm.text().replace(
        "</osm>",
        '<way id="200" version="1" visible="true"><nd ref="1"/><nd ref="3"/><tag k="highway" v="primary"/></way>'
        '<way id="200" version="2" visible="false"/>'
        '<way id="300" version="1" visible="true"><nd ref="2"/><nd ref="4"/><tag k="highway" v="residential"/>'
        '<tag k="name" v="old"/></way><way id="300" version="2" visible="true"><nd ref="2"/><nd ref="4"/>'
        '<tag k="highway" v="residential"/><tag k="name" v="new"/><tag k="oneway" v="yes"/></way></osm>',
    )
    city = build(Text(text))
    assert "new" in city.drive.names
    assert "old" not in city.drive.names
    assert 200 not in city.drive.way_id


def test_a_map_its_server_did_not_finish_is_refused(build, osm):
    text = line(osm).text().replace("</osm>", "<remark> runtime error: Query ran out of memory </remark></osm>")
    with pytest.raises(CityError, match="did not finish this map: runtime error: Query ran out of memory"):
        build(Text(text))
