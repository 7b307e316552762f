"""The many ways in which one thing is written in a map: each is used, or counted as not used, and never silent."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.city.test_drive_rules import AROUND, DIRECT, line, metres, near
from twin.city.reading.conditions import read_hours, without
from twin.city.reading.lanes import parse_count
from twin.city.reading.limits import is_understood_limit

H = 3600.0
CLASSES = ("car", "van", "small_truck", "container_truck", "bus")


def not_used(city):
    return city.report["not used"]


@pytest.mark.parametrize(
    ("tags", "open_to"),
    [
        ({"maxheight__physical": "2.5"}, "car van"), ({"maxheight": "below_default"}, "car van small_truck bus"),
        ({"maxheight": "3m50"}, "car van small_truck bus"), ({"maxaxleload": "6 t"}, "car van small_truck"),
        ({"maxgcweightrating": "20"}, "car van small_truck bus"), ({"hgv": "unsuitable"}, "car van bus"),
        ({"hgv": "local"}, "car van bus"), ({"access": "no", "taxi": "yes"}, "van"),
        ({"highway": "busway"}, "bus"), ({"highway": "pedestrian", "bus": "yes"}, "bus"),
        ({"construction": "yes"}, ""), ({"proposed": "yes"}, ""), ({"disused": "yes"}, ""),
        ({"impassable": "yes"}, ""), ({"smoothness": "impassable"}, ""),
        ({"construction": "minor"}, "car van small_truck container_truck bus"),
    ],
)  # fmt: skip
def test_limits_and_states_bind_their_classes(build, osm, tags, open_to):
    city = build(line(osm, **tags))
    direct = {name for name in CLASSES if metres(city, vehicle_class=name) == near(DIRECT)}
    assert direct == set(open_to.split())
    assert all(metres(city, vehicle_class=name) == near(AROUND) for name in set(CLASSES) - direct)


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({"access": "bogus"}, "words of access that are not understood"),
        ({"maxheight": "high"}, "limits of size or weight that are not understood"),
        ({"hgv__conditional": "no @ (hazmat)"}, "rules for dangerous goods, which no vehicle here is known to carry"),
        ({"hazmat": "no"}, "ways: hazmat"), ({"hgv__lanes": "no|no"}, "ways: hgv:lanes"),
        ({"lanes__conditional": "2 @ (07:00-09:00)"}, "ways: lanes:conditional"), ({"toll": "yes"}, "ways: toll"),
        ({"oneway": "cyclestreet"}, "words of one-way streets that are not understood"),
        ({"oneway": "alternating"}, "ways used by one direction at a time in turns, open both ways without a wait"),
        ({"lanes": "two"}, "numbers of lanes that are not understood"),
        ({"lanes__backward": "0"}, "directions without a lane that are open, taken to have one"),
        ({"foot__conditional": "no @ (22:00-06:00)"},
         "ways that walkers may use in some hours only, open to them at all hours"),
        ({"sidewalk": "bogus"}, "words of pavements that are not understood"),
        ({"foot": "bogus"}, "words of walking that are not understood"),
        ({"maxspeed": "XX:unheard"}, "speeds that are not understood"),
    ],
)  # fmt: skip
def test_what_is_not_used_is_counted_once_per_way(build, osm, tags, said):
    assert not_used(build(line(osm, **tags))) == {said: 1}


@pytest.mark.parametrize(
    ("tags", "at_h", "expected"),
    [
        ({"barrier": "gate", "opening_hours": "06:00-22:00"}, 3, AROUND),
        ({"barrier": "gate", "opening_hours": "06:00-22:00"}, 12, DIRECT),
        ({"barrier": "gate", "opening_hours": "Mo-Fr 06:00-22:00"}, 5 * 24 + 12, AROUND),
        ({"barrier": "gate", "motor_vehicle__conditional": "no @ (22:00-06:00)"}, 23, AROUND),
        ({"barrier": "gate", "motor_vehicle__conditional": "no @ (22:00-06:00)"}, 7, DIRECT),
        ({"barrier": "bollard", "access__conditional": "yes @ (06:00-10:00)"}, 7, DIRECT),
        ({"barrier": "bollard", "access__conditional": "yes @ (06:00-10:00)"}, 11, AROUND),
    ],
)  # fmt: skip
def test_barriers_open_and_close_at_their_hours(build, osm, tags, at_h, expected):
    assert metres(build(line(osm, mid=tags)), at_s=at_h * H) == near(expected)


def test_hours_of_a_barrier_bind_their_class(build, osm):
    city = build(line(osm, mid={"barrier": "gate", "hgv__conditional": "no @ (07:00-09:00)"}))
    assert metres(city, vehicle_class="container_truck", at_s=8 * H) == near(AROUND)
    assert metres(city, vehicle_class="container_truck", at_s=10 * H) == near(DIRECT)
    assert metres(city, at_s=8 * H) == near(DIRECT)


@pytest.mark.parametrize(
    ("tags", "trucks"),
    [
        ({"barrier": "gate", "maxweight": "3.5"}, AROUND), ({"maxheight": "2.1"}, AROUND),
        ({"motor_vehicle": "no"}, AROUND), ({"highway": "crossing", "motor_vehicle": "no"}, DIRECT),
        ({"public_transport": "stop_position", "bus": "yes"}, DIRECT),
    ],
)  # fmt: skip
def test_limits_and_words_on_a_node_count_without_a_barrier_too(build, osm, tags, trucks):
    city = build(line(osm, mid=tags))
    assert metres(city, vehicle_class="container_truck") == near(trucks)
    beside = {"nodes: words of access without a barrier": 1} if "highway" in tags else {}
    assert not_used(city) == beside


@pytest.mark.parametrize(
    ("text", "open_at", "shut_at"),
    [
        ("Mo-Fr 07:30-08:30, Sa 12:00-14:00", (0, 8.0), (5, 8.0)),
        ("Mo-Fr 07:30-08:30, Sa 12:00-14:00", (5, 13.0), (0, 13.0)),
        ("Mo-Fr 07:30-08:30; PH off", (0, 8.0), (5, 8.0)), ("Mo-Su 07:00-23:00; Sa off", (6, 8.0), (5, 8.0)),
        ("Mo-Su 07:00-20:00; Sa 10:00-12:00", (5, 11.0), (5, 8.0)), ("07:30+", (0, 23.9), (0, 7.0)),
        ("Mo - Fr 07:00 – 09:00", (4, 8.0), (5, 8.0)), ("07.30-08.30", (3, 8.0), (3, 9.0)),
        ("22:00-06:00", (1, 5.0), (1, 7.0)), ("07:00-09:00;17:00-19:00", (0, 8.0), (0, 12.0)),
    ],
)  # fmt: skip
def test_hours_are_read_in_every_written_form(text, open_at, shut_at):
    spans = read_hours(text)
    for (day, hour), wanted in ((open_at, True), (shut_at, False)):
        assert any(s.days >> day & 1 and s.from_s <= hour * H < s.to_s for s in spans) == wanted


@pytest.mark.parametrize("text", ["sunrise-sunset", "Nov-Mar", "week 1-53 07:00-09:00", "Mo[1] 07:00-09:00", "PH", ""])
def test_hours_of_dates_and_the_sun_are_not_understood(text):
    assert read_hours(text) is None


def test_the_rest_of_the_week_and_some_hours_are_the_week():
    week, some = read_hours("24/7"), read_hours("Mo-Fr 07:00-09:00, Su 22:00-05:00")
    rest = without(week, some)
    for minute in range(0, 7 * 24 * 60, 15):
        day, at_s = minute // 1440, minute % 1440 * 60.0
        held = [any(s.days >> day & 1 and s.from_s <= at_s < s.to_s for s in spans) for spans in (some, rest)]
        assert sum(held) == 1


@pytest.mark.parametrize(
    ("tags", "there", "back"),
    [
        ({"oneway": "Yes "}, DIRECT, AROUND), ({"oneway": "yes", "motor_vehicle__backward": "yes"}, DIRECT, DIRECT),
        ({"oneway": "-1", "access__forward": "permissive"}, DIRECT, DIRECT),
    ],
)  # fmt: skip
def test_a_word_for_one_direction_counts_more_than_oneway(build, osm, tags, there, back):
    city = build(line(osm, **tags))
    assert (metres(city), metres(city, 6, 5)) == (near(there), near(back))


@pytest.mark.parametrize(
    ("tags", "ahead", "back"),
    [
        ({"lanes": "3", "lanes__both_ways": "1", "lanes__forward": "1"}, 1, 1),
        ({"oneway": "yes", "turn__lanes": "left|through|right"}, 3, 0),
        ({"turn__lanes__forward": "left|through"}, 2, 1),
        ({"oneway": "yes", "lanes": "3", "vehicle__lanes": "yes|yes|no"}, 2, 0),
        ({"oneway": "yes", "lanes": "2", "access__lanes": "yes|yes|no", "bicycle__lanes": "no|no|designated"}, 2, 0),
        ({"oneway": "yes", "lanes": "2", "busway__left": "lane"}, 1, 0), ({"lanes": "4", "busway": "lane"}, 1, 1),
    ],
)  # fmt: skip
def test_lanes_are_those_that_cars_may_use(build, osm, tags, ahead, back):
    drive = build(line(osm, **tags)).drive
    on = {
        int(drive.node_id[drive.link_from[i]]): int(drive.lanes[i])
        for i in range(drive.link_count)
        if drive.way_id[i] == 103
    }
    assert (on[1], on.get(2, 0)) == (ahead, back)


def test_numbers_of_lanes_are_read_or_not():
    assert [parse_count(text) for text in ("2", "2;3", "1.5", "100", "two", None)] == [2, 2, 1, 16, None, None]
    assert is_understood_limit("maxheight", "none")
    assert not is_understood_limit("maxheight:hgv", "high")


@pytest.mark.parametrize(
    ("text", "kmh"),
    [
        ("GB:20mph zone", 32.18688), ("gb:30mph", 48.28032), ("AT:city_limit30", 30.0), ("40,50", 40.0),
        ("３０", 30.0), ("20 mph zone", 32.18688), ("40|50", 40.0), ("40キロ", 40.0),
    ],
)  # fmt: skip
def test_zones_with_units_and_lists_are_speeds(build, osm, text, kmh):
    drive = build(line(osm, maxspeed=text)).drive
    assert drive.free_speed_mps[drive.way_id == 103] * 3.6 == pytest.approx(kmh)


def test_a_limit_for_cars_counts_more_than_one_for_all(build, osm):
    drive = build(line(osm, maxspeed="50", maxspeed__motorcar="40")).drive
    assert drive.free_speed_mps[drive.way_id == 103] * 3.6 == pytest.approx(40.0)


def turn(osm, *relations):
    """Direct leads to a crossing: left to ``north`` and on to 4, straight on to 6, right to a dead end."""
    for node, x, y in ((1, 0, 0), (2, 200, 0), (3, 200, 300), (4, 0, 300), (5, -200, 0), (6, 400, 0), (7, 200, -200)):
        osm.node(node, x, y)
    for way, nodes in ((100, [5, 1]), (101, [2, 6]), (102, [2, 3]), (103, [1, 2]), (104, [2, 7]), (105, [3, 4])):
        osm.way(way, nodes, highway="residential", name=f"street {way}")
    for i, (to, tags) in enumerate(relations):
        members = (("way", 103, "from"), ("node", 2, "via"), ("way", to, "to"))
        osm.relation(i + 1, members, **{"type": "restriction", **tags})
    return osm


LEFT, BANNED_LEFT = 900, 1300


@pytest.mark.parametrize(
    ("tags", "how", "left"),
    [
        ({"type": "restriction:hgv", "restriction": "no_left_turn"}, {}, LEFT),
        ({"type": "restriction:hgv", "restriction": "no_left_turn"}, {"vehicle_class": "small_truck"}, BANNED_LEFT),
        ({"restriction": "no_left_turn;no_u_turn"}, {}, BANNED_LEFT),
        ({"restriction": "no_left_turn", "restriction__conditional": "none @ (22:00-06:00)"}, {"at_s": 23 * H}, LEFT),
        ({"restriction": "no_left_turn", "restriction__conditional": "none @ (22:00-06:00)"}, {"at_s": 7 * H},
         BANNED_LEFT),
        ({"restriction": "no_left_turn", "restriction__conditional": "none @ (psv)"}, {"vehicle_class": "bus"}, LEFT),
        ({"restriction": "no_left_turn", "restriction__conditional": "none @ (psv)"}, {}, BANNED_LEFT),
    ],
)  # fmt: skip
def test_restrictions_are_lifted_and_listed(build, osm, tags, how, left):
    assert metres(build(turn(osm, (102, tags))), 5, 4, **how) == near(left)


def test_restrictions_that_contradict_each_other_are_counted_and_trap_nobody(build, osm):
    city = build(turn(osm, (101, {"restriction": "no_straight_on"}), (101, {"restriction": "only_straight_on"})))
    # What is banned stays banned; a command that nobody can follow binds nobody.
    assert metres(city, 5, 4) == near(LEFT)
    assert metres(city) > 1000
    assert city.report["done"]["turns that one restriction commands and another bans, banned"] == 1


def test_relations_that_nothing_reads_are_counted_by_type(build, osm):
    osm.relation(9, (("way", 103, ""),), type="connectivity")
    assert not_used(build(line(osm))) == {"relations: connectivity": 1}


def star(osm, arms, **centre):
    """Many streets that meet at one node."""
    osm.node(1, 0, 0, **centre)
    for i in range(arms):
        osm.node(10 + i, 50 + i % 30, 50 + i)
        osm.way(100 + i, [10 + i, 1], highway="residential")
    return osm


def test_a_made_up_junction_of_hundreds_of_streets_is_passed_over_and_counted(build, osm):
    city = build(star(osm, 300, barrier="gate", hgv="no"))
    assert city.drive.rules.ban_count == 0
    assert city.report["done"]["barriers where too many streets meet, passed over"] == 1


def test_a_restriction_with_more_turns_than_a_junction_has_is_left_out(build, osm):
    star(osm, 200)
    members = [("way", 100 + i, "from" if i < 100 else "to") for i in range(200)]
    osm.relation(1, [*members, ("node", 1, "via")], type="restriction", restriction="no_entry")
    done = build(osm).report["done"]
    assert done["turn restrictions with more turns than any junction has, left out"] == 1


def test_an_outline_that_crosses_itself_thousands_of_times_is_left_out(build, cross):
    for i in range(4002):
        cross.node(1000 + i, 200 + i * 0.1, 200 + 100 * (i % 2))
    cross.way(900, [*range(1000, 5002), 1000], building="yes")
    city = build(cross)
    words = "building outlines that cross themselves, with more than 4,000 corners, left out"
    assert city.report["dropped"][words] == 1
    assert city.scenery.feature_count == 0


@pytest.mark.parametrize(
    ("tags", "kinds"),
    [
        ({"public_transport": "station", "train": "yes"}, ["station"]),
        ({"public_transport": "station", "bus": "yes"}, []), ({"railway": "station"}, ["station"]),
    ],
)  # fmt: skip
def test_stations_are_known_by_their_newer_words_too(build, osm, tags, kinds):
    corners = [(90, 90), (110, 90), (110, 110), (90, 110)]
    osm.ring(500, corners, 500)
    osm.relation(77, [("way", 500, "outer")], type="multipolygon", name="北駅", **tags)
    assert [place.kind for place in build(line(osm)).places] == kinds


@pytest.mark.parametrize(
    ("tags", "walk", "said"),
    [
        ({"route": "ferry;road"}, 600, {}), ({"route": "ferry", "duration": "bogus"}, 600,
         {"times of ferries that are not understood": 1}), ({"route": "boat"}, np.inf, {}),
    ],
)  # fmt: skip
def test_ferries_are_walked_onto_and_their_odd_times_counted(build, osm, tags, walk, said):
    line(osm)
    osm.node(40, 400, 400)
    osm.node(41, 600, 400)
    osm.way(400, [6, 40], **tags)
    osm.way(401, [40, 41], highway="residential", name="other bank")
    city = build(osm)
    assert metres(city, 6, 41, layer="walk") == near(walk)
    assert not_used(city) == said
