"""Edits of streets that are walked only, ways below ground, closures for walkers, and how the flat map shows them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.unit.city.avenue import avenue
from tests.unit.city.test_edits import edit, problems, section, ways
from tests.unit.city.test_edits_drawn import drawn, line, lon_lat
from twin.city.city import TUNNEL
from twin.city.editing.edits import apply_edits
from twin.city.editing.table import edit_picture, edit_rows, kind_of
from twin.city.editing.types import Edit, Where
from twin.looks import MapMark

SPAN = (61200.0, 75600.0)
#: Nodes of 新御堂筋 at the three cross streets, north to south.
NORTH, MIDDLE, SOUTH = 7, 107, 207


def with_lane():
    """The avenue, and 横丁: an alley for walkers from 北通 over 中通 to 南通."""
    text = avenue()
    text.node(901, 100, 250)
    text.node(902, 100, 100)
    text.way(8, [NORTH, 901, MIDDLE, 902, SOUTH], highway="pedestrian", name="横丁", width="8")
    return text


@pytest.fixture
def town(build):
    return build(with_lane())


def under(start, end, **more):
    link = {"from": start, "to": end, "width_m": 5.0, "depth_m": 6.0, "access": "stairs", "name": "地下道", **more}
    return Edit("u", "measures.u", "underground_link", Where(), {"link": link})


def at(x_m, y_m):
    return {"point": lon_lat([(x_m, y_m)])[0]}


def test_a_measure_lies_along_a_street_that_is_walked_only(town):
    edited = apply_edits(town, [edit("add_seats", street="横丁", values={"seats": 20.0})])
    assert (ways(edited), ways(edited, "walk")) == (set(), {8})
    assert len(edited.touched) == 4  # two pieces, both ways
    assert edited.matches[0].found == {"横丁": 4}


def test_its_sections_end_at_the_streets_it_meets(town):
    edited = apply_edits(town, [edit("green", street="横丁", start="北通", end="中通", values={"green": 0.5})])
    ends = {(t.from_node, t.to_node) for t in edited.touched}
    assert ends == {(NORTH, MIDDLE), (MIDDLE, NORTH)}


def test_a_line_drawn_where_nobody_drives_means_the_walk_links_along_it(town):
    edited = apply_edits(town, [drawn("arcade", line((150, 200), (100, 100), (150, 0)), {"arcade": 1.0})])
    assert {(t.from_node, t.to_node) for t in edited.touched} == {(MIDDLE, SOUTH), (SOUTH, MIDDLE)}


@pytest.mark.parametrize(
    ("where", "what", "mend"),
    [
        ({"street": "横丁", "sides": ("east",)}, "横丁 is walked only: it has neither sides nor lanes", "leave sides"),
        ({"street": "横町"}, "no street of the map is named '横町'", "横丁"),
        ({"street": "横丁", "start": "西筋", "end": "中通"}, "'西筋' does not meet the street", "北通, 中通, 南通"),
    ],
)
def test_what_it_does_not_have_is_said_with_what_there_is(town, where, what, mend):
    (fault,) = problems(town, edit("add_seats", values={"seats": 20.0}, **where))
    assert fault.what == what
    assert mend in fault.mend


def test_cars_are_not_kept_off_a_street_on_which_none_drive(town):
    (fault,) = problems(town, edit("close", street="横丁"))
    assert "no street of the map is named '横丁'" in fault.what
    event = {"event": 5.0, "visitors": 0.0, "extra": 0.0, "closes": {"roadway": True, "span_s": SPAN}}
    (fault,) = problems(town, edit("event", street="横丁", span_s=SPAN, values=event))
    assert "横丁 has no roadway to close" in fault.what


def test_an_event_closes_the_roadway_and_the_pavement_in_its_hours(town):
    values = {"event": 5.0, "visitors": 0.0, "extra": 0.0}
    plain = apply_edits(town, [edit("event", span_s=SPAN, values=values, **section())])
    assert (plain.city.timed, [life.change for life in plain.city.street_life]) == ((), ["event"])
    hours = (SPAN[0] - 3600.0, SPAN[1] + 3600.0)
    closes = {**values, "closes": {"roadway": True, "pavement": True, "span_s": list(hours)}}
    shut = apply_edits(town, [edit("event", span_s=SPAN, values=closes, **section())])
    assert ways(shut) == {1, 2, 3}
    moments = {(change.time_s % 86400.0, change.is_open) for change in shut.city.timed}
    assert moments == {(hours[0], False), (hours[1], True)}
    event, close = sorted(shut.city.street_life, key=lambda life: life.change, reverse=True)
    assert (event.change, close.change, close.links, close.span_s) == ("event", "close_walk", event.links, hours)


def test_a_way_below_ground_runs_between_two_points_and_takes_the_time_of_its_stairs(town):
    edited = apply_edits(town, [under(at(-20, 200), at(20, 200))])
    walk, rows = edited.city.walk, [t for t in edited.touched if t.layer == "walk"]
    assert [(t.from_node, t.to_node) for t in rows] == [(102, 106), (106, 102)]
    assert all(t.base_link_index == -1 and kind_of(t) == "new" for t in rows)
    assert town.walk.link_count + 2 == walk.link_count
    for t in rows:
        link = t.link_index
        assert walk.flags[link] & TUNNEL
        assert walk.width_m[link] == 5.0
        # 40 m: two flights of 12 m that fall 6 m each, at 0.61 m/s along the slope, and 16 m at 1.34 m/s.
        time_s = 16.0 / 1.34 + 2 * math.hypot(12.0, 6.0) / 0.61
        assert walk.length_m[link] / walk.free_speed_mps[link] == pytest.approx(time_s, rel=1e-3)  # the projection
    moving = apply_edits(town, [under(at(-20, 200), at(20, 200), access="escalator")]).city.walk
    level = apply_edits(town, [under(at(-20, 200), at(20, 200), depth_m=0.0)]).city.walk
    rise_m = 6.0 / math.tan(math.radians(30.0))
    wanted = [(moving, (40.0 - 2 * rise_m) / 1.34 + 2 * 12.0 / 0.5), (level, 40.0 / 1.34)]
    for layer, time_s in wanted:
        link = rows[0].link_index
        assert layer.length_m[link] / layer.free_speed_mps[link] == pytest.approx(time_s, rel=1e-3)


def test_measures_beside_it_keep_their_links_when_rows_move(town):
    seats = edit("add_seats", street="横丁", values={"seats": 20.0})
    both = apply_edits(town, [seats, under(at(-20, 200), at(20, 200))])
    (life,) = both.city.street_life
    assert {int(both.city.walk.way_id[link]) for link in life.links} == {8}
    kept = both.base_link["walk"]
    assert np.flatnonzero(kept < 0).tolist() == [t.link_index for t in both.touched if t.base_link_index < 0]
    for t in both.touched:
        if t.base_link_index >= 0:
            assert kept[t.link_index] == t.base_link_index
            assert town.walk.way_id[t.base_link_index] == 8


@pytest.mark.parametrize(
    ("start", "end", "what"),
    [
        (at(-20, 200), at(-20, 200), "begins and ends at the same node"),
        (at(900, 900), at(-20, 200), "no node of the streets lies within 50 m"),
        ({"place": "13番出口"}, at(-20, 200), "no place on foot is called '13番出口'"),
        ({"crossing": [["ない通"], ["北通"]]}, at(-20, 200), "no street of the map is named 'ない通'"),
    ],
)
def test_ends_that_are_not_there_are_said(town, start, end, what):
    (fault,) = problems(town, under(start, end))
    assert what in fault.what


@pytest.mark.parametrize("written", ["梅田-7", "梅田７", "umeda-7", "UMEDA 7", "osaka_midosuji/exit/umeda-7"])
def test_an_exit_is_known_as_written_by_hand(written):
    from twin.city.keeping.build import find_city

    city = find_city("osaka_midosuji", None)
    edited = apply_edits(city, [under({"place": written}, {"place": "umeda-8"})])
    wanted = {city.place_by_id[f"osaka_midosuji/exit/umeda-{n}"].walk_node for n in (7, 8)}
    (forth, _) = [t for t in edited.touched if t.base_link_index < 0]
    ends = edited.city.walk.link_from[forth.link_index], edited.city.walk.link_to[forth.link_index]
    assert {int(node) for node in ends} == wanted


def test_the_flat_map_draws_what_lies_along_pavements_what_is_closed_and_marks_of_models(town):
    edited = apply_edits(
        town,
        [
            edit("add_seats", "s", street="横丁", start="北通", end="中通", values={"seats": 20.0}),
            edit("close_walk", "c", street="横丁", start="中通", end="南通", span_s=SPAN, values={"daily": True}),
        ],
    )
    assert {(t.measures[0], kind_of(t)) for t in edited.touched} == {("s", "along"), ("c", "closed")}
    told = {row["measure"]: (row["new_along"], row["hours"]) for row in edit_rows(edited)}
    assert told["s"] == ("座席 計20席 / 20 seats in all", "")
    assert told["c"] == ("歩行者の通り抜け不可 / closed to those who walk through", "17:00-21:00 daily")
    mark = MapMark(400.0, 0.0, "枠", "bay")
    picture = edit_picture(edited, [mark])
    assert picture["marks"] == [{"x_m": 400.0, "y_m": 0.0, "ja": "枠", "en": "bay"}]
    assert picture["bounds"][2] > 400.0
    only = edit_picture(apply_edits(town, []), [mark])
    assert only["links"] == []
    assert only["bounds"][0] < 400.0 < only["bounds"][2]


def test_names_near_to_what_was_written_are_offered(town):
    from twin.city.exit_names import nearest_exits
    from twin.city.keeping.build import find_city

    exits = find_city("osaka_midosuji", None).places_of("exit")
    assert nearest_exits(exits, "なんば-99").startswith("なんば")
    assert nearest_exits(exits, "zzz") == ""
