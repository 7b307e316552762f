"""Edits by street, section, side and lane: exactly what is named, and nothing else."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from tests.unit.city.avenue import avenue
from twin.city.city import City
from twin.city.editing.edits import apply_edits, check_nothing_else_changed
from twin.city.editing.types import Edit, Where
from twin.city.keeping.digest import city_digest
from twin.city.routing import ways as routing
from twin.errors import EngineError, ScenarioError


@pytest.fixture
def town(build):
    return build(avenue())


def edit(change, measure="m", span_s=None, daily=True, values=None, **where):
    where = {k: (v,) if k in ("start", "end", "at") and isinstance(v, str) else v for k, v in where.items()}
    if "street" in where:
        where.setdefault("names", (where["street"],))
    return Edit(measure, f"measures.{measure}", change, Where(**where), values or {}, span_s, daily)


def section(**more):
    return {"street": "御堂筋", "start": "中通", "end": "南通", **more}


def ways(edited, layer="drive"):
    return {t.way_id for t in edited.touched if t.layer == layer}


def problems(city, *edits):
    with pytest.raises(ScenarioError) as caught:
        apply_edits(city, edits)
    return list(caught.value.problems) or [caught.value]


def rows_of_way(layer, way):
    return np.flatnonzero(layer.way_id == way).tolist()


# Names ------------------------------------------------------------------------------------------------


def test_a_street_of_like_name_is_left_alone_and_said_to_be(town):
    edited = apply_edits(town, [edit("set_speed", street="御堂筋", values={"speed_mps": 5.0})])
    assert ways(edited) == {1, 2, 3}
    assert {t.street for t in edited.touched} == {"御堂筋"}
    shin = rows_of_way(town.drive, 4)
    assert np.array_equal(edited.city.drive.free_speed_mps[shin], town.drive.free_speed_mps[shin])
    assert edited.matches[0].found == {"御堂筋": 6}
    assert edited.matches[0].left_alone == ("新御堂筋",)


def test_the_longer_name_does_not_meet_the_shorter(town):
    assert ways(apply_edits(town, [edit("set_speed", street="新御堂筋", values={"speed_mps": 5.0})])) == {4}


@pytest.mark.parametrize("alias", ["国道25号", "Midosuji"])
def test_an_alias_of_the_scenario_or_of_the_map_is_the_street(town, alias):
    names = ("国道25号", "御堂筋") if alias == "国道25号" else ("Midosuji",)
    assert ways(apply_edits(town, [edit("close", street=alias, names=names, lanes="side")])) == {2, 3}


def test_part_of_a_name_is_no_name_and_the_nearest_are_told(town):
    (fault,) = problems(town, edit("close", street="堂筋"))
    assert fault.what == "no street of the map is named '堂筋'"
    assert fault.where == "measures.m.where.street"
    assert "御堂筋" in fault.mend
    assert "新御堂筋" in fault.mend


def test_a_name_that_must_not_be_met_is_an_error(town):
    (fault,) = problems(town, edit("close", street="御堂筋", names=("御堂筋", "新御堂筋"), never=("新御堂筋",)))
    assert "met 新御堂筋, which it is not to be" in fault.what


# Sections ---------------------------------------------------------------------------------------------


def test_a_section_ends_exactly_at_its_crossings(town):
    edited = apply_edits(town, [edit("set_speed", **section(), values={"speed_mps": 5.0})])
    layer = town.drive
    for touched in edited.touched:
        ends = layer.y_m[[layer.link_from[touched.base_link_index], layer.link_to[touched.base_link_index]]]
        middle = layer.y_m[routing.nearest_node(layer, *_at(town, "御堂筋", "中通"))]
        assert (ends <= middle + 0.5).all()
    assert len(edited.touched) == 3
    other = apply_edits(town, [edit("set_speed", **section(start="北通", end="中通"), values={"speed_mps": 5.0})])
    assert len(other.touched) == 3
    assert {t.link_index for t in other.touched} & {t.link_index for t in edited.touched} == set()
    whole = apply_edits(town, [edit("set_speed", **section(start="北通"), values={"speed_mps": 5.0})])
    assert {t.link_index for t in whole.touched} == {t.link_index for t in (*edited.touched, *other.touched)}


def _at(town, street, cross):
    from twin.city.editing.streets import links_named, meeting_nodes

    nodes = meeting_nodes(town.drive, links_named(town.drive, [street]), [cross], "")
    return float(town.drive.x_m[nodes[0]]), float(town.drive.y_m[nodes[0]])


def test_the_direction_in_which_a_section_is_named_does_not_matter(town):
    forth = apply_edits(town, [edit("close", **section(lanes="side"))])
    back = apply_edits(town, [edit("close", **section(start="南通", end="中通", lanes="side"))])
    assert forth.city.digest == back.city.digest


def test_an_end_that_is_no_crossing_is_told_with_those_there_are(town):
    fault, other = problems(town, edit("close", **section(end="西筋")), edit("close", "n", **section(end="道頓堀川")))
    assert fault.what == "'西筋' does not meet the street"
    assert fault.mend == "crossings there: 北通, 中通, 南通"
    assert fault.where == "measures.m.where.to"
    assert other.what == "'道頓堀川' is no street of the map"


def test_a_section_between_a_crossing_and_itself_has_no_length(town):
    (fault,) = problems(town, edit("close", **section(end="中通")))
    assert "has no length" in fault.what


def test_a_street_with_a_wide_gap_is_no_section(build):
    text = avenue()
    text.node(900, 0, 190)
    text.node(901, 0, 60)
    text.ways = [w for w in text.ways if not w.startswith('<way id="1">')]
    common = {"highway": "trunk", "name": "御堂筋", "lanes": "4", "foot": "no"}
    text.way(1, [4, 104, 900], **common)
    text.way(8, [901, 204], **common)
    text.way(20, [900, 901], highway="trunk", lanes="4", foot="no")
    text.ways = [w for w in text.ways if not w.startswith(('<way id="2">', '<way id="3">'))]
    (fault,) = problems(build(text), edit("close", **section()))
    assert "is not drawn without a gap from 中通 to 南通" in fault.what


# Sides and lanes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sides", "expected"), [(("west",), {2}), (("east",), {3}), (("east", "west"), {2, 3}), ((), {2, 3})]
)
def test_side_lanes_that_are_ways_are_met_by_their_side(town, sides, expected):
    assert ways(apply_edits(town, [edit("close", street="御堂筋", sides=sides, lanes="side")])) == expected


def test_the_main_roadway_is_met_without_its_side_lanes(town):
    assert ways(apply_edits(town, [edit("close", street="御堂筋", lanes="main")])) == {1}


def test_a_side_that_the_street_does_not_have_is_an_error_that_names_those_it_has(town):
    (fault,) = problems(town, edit("close", street="御堂筋", sides=("north",), lanes="side"))
    assert fault.what == "the street has no north side here"
    assert fault.mend == "its sides are east and west"


@pytest.mark.parametrize(("side", "northward"), [("west", True), ("east", False)])
def test_the_side_of_a_two_way_street_is_that_on_which_one_drives(town, side, northward):
    # People keep left: northwards on the west side.
    edited = apply_edits(town, [edit("set_lanes", street="西筋", sides=(side,), values={"add": -1})])
    layer = town.drive
    assert len(edited.touched) == 2
    for t in edited.touched:
        rise = layer.y_m[layer.link_to[t.base_link_index]] - layer.y_m[layer.link_from[t.base_link_index]]
        assert (rise > 0) == northward
        assert (t.old, t.new) == ({"lanes": 2}, {"lanes": 1})


def test_where_one_drives_on_the_right_the_sides_change_places(build):
    right = build(avenue(), driving_side="right")
    edited = apply_edits(right, [edit("set_lanes", street="西筋", sides=("west",), values={"add": -1})])
    layer = right.drive
    rows = [t.link_index for t in edited.touched]
    assert (layer.y_m[layer.link_to[rows]] < layer.y_m[layer.link_from[rows]]).all()


def test_a_direction_of_travel_may_be_named_instead_of_a_side(town):
    north = apply_edits(town, [edit("close", street="西筋", direction="north")])
    west = apply_edits(town, [edit("close", street="西筋", sides=("west",))])
    assert north.city.digest == west.city.digest


def test_nothing_that_fits_is_an_error_that_says_what_lies_there(town):
    (fault,) = problems(town, edit("close", **section(direction="north")))
    assert fault.what == "no link of 御堂筋 fits: direction north"
    assert "3 links lie there, of [1, 4] lanes" in fault.mend


# Changes ----------------------------------------------------------------------------------------------


def test_side_lanes_become_pavement_on_both_layers(town):
    values = {"pavement_width_m": 14.0, "furniture_m": 3.0}
    both = section(sides=("east", "west"), lanes="side")
    edited = apply_edits(town, [edit("lanes_to_pavement", **both, values=values)])
    drive, walk = edited.city.drive, edited.city.walk
    closed = [t.link_index for t in edited.touched if t.layer == "drive"]
    assert ways(edited) == {2, 3}
    assert (drive.lanes[closed] == 0).all()
    assert np.isinf(drive.free_time_s[closed]).all()
    wide = [t.link_index for t in edited.touched if t.layer == "walk"]
    assert ways(edited, "walk") == {6, 7}
    assert (walk.width_m[wide] == 11.0).all()
    assert len(wide) == 4  # both pavements, both ways, one block
    assert {t.measures for t in edited.touched} == {("m",)}


def test_on_one_side_only_that_pavement_is_widened(town):
    values = {"pavement_width_m": 14.0}
    edited = apply_edits(town, [edit("lanes_to_pavement", **section(sides=("west",), lanes="side"), values=values)])
    assert (ways(edited), ways(edited, "walk")) == ({2}, {6})


def test_without_side_ways_a_lane_of_the_one_way_becomes_pavement(build):
    text = avenue()
    text.ways = [w for w in text.ways if not w.startswith(('<way id="2">', '<way id="3">'))]
    city = build(text)
    values = {"pavement_width_m": 9.0}
    both, one = (
        apply_edits(city, [edit("lanes_to_pavement", **section(sides=sides, lanes="side"), values=values)])
        for sides in (("east", "west"), ("east",))
    )
    assert [dict(t.new) for t in both.touched if t.layer == "drive"] == [{"lanes": 2}]
    assert [dict(t.new) for t in one.touched if t.layer == "drive"] == [{"lanes": 3}]
    assert ways(one, "walk") == {7}


def test_a_pavement_without_a_name_is_found_beside_the_street(build):
    text = avenue()
    text.ways = [w.replace('<tag k="name" v="御堂筋"/>', "") if "sidewalk" in w else w for w in text.ways]
    values = {"pavement_width_m": 14.0}
    edited = apply_edits(build(text), [edit("lanes_to_pavement", **section(lanes="side"), values=values)])
    assert ways(edited, "walk") == {6, 7}


def test_a_pavement_is_never_made_narrower_in_silence(town):
    (fault,) = problems(town, edit("lanes_to_pavement", **section(lanes="side"), values={"pavement_width_m": 5.0}))
    assert "is 6 m wide there, the edit leaves 5 m to walk on" in fault.what


def test_an_edit_that_leaves_no_lane_is_an_error(town):
    (fault,) = problems(town, edit("set_lanes", street="西筋", values={"add": -2}))
    assert "takes 2 of 2 lanes of 西筋 (way 5) and leaves none" in fault.what
    assert fault.mend == "take fewer, or write change: close"


def test_an_edit_that_changes_nothing_is_an_error(town):
    (fault,) = problems(town, edit("set_lanes", street="新御堂筋", values={"lanes": 2}))
    assert "changes nothing" in fault.what


def test_a_closed_street_is_driven_around(town):
    start, end = (routing.nearest_node(town.drive, *_at(town, "御堂筋", cross)) for cross in ("中通", "南通"))
    before = routing.travel_times(town.drive, [start], [end])[0, 0]
    after = apply_edits(town, [edit("close", **section())]).city
    assert before < routing.travel_times(after.drive, [start], [end])[0, 0] < np.inf


def test_classes_that_may_not_drive_stand_beside_the_arrays(town):
    edited = apply_edits(town, [edit("set_access", **section(lanes="main"), values={"closed_to": ["bus", "car"]})])
    (touched,) = edited.touched
    assert edited.city.closed_to == {touched.link_index: ("car", "bus")}
    assert edited.city.drive.lanes is town.drive.lanes
    assert edited.city.digest != town.digest


def test_places_that_lose_their_way_are_named(build):
    text = avenue()
    text.node(500, -150, -80, twin__place="stop", name="奥", twin__id="oku")
    text.way(30, [201, 500], highway="residential", name="袋小路", lanes="2")
    city = build(text)
    assert [p.kind for p in city.places] == ["stop"]
    edited = apply_edits(city, [edit("close", street="袋小路")])
    assert edited.cut_off == (city.places[0].id,)
    assert apply_edits(city, [edit("close", street="新御堂筋")]).cut_off == ()


# Signals ----------------------------------------------------------------------------------------------


def test_a_green_wave_grows_with_the_distance_from_the_start(town):
    values = {"cycle_s": 100.0, "green_share": 0.5, "offset_s": 10.0, "progression_mps": 10.0}
    edited = apply_edits(town, [edit("set_signal", **section(start="北通"), values=values)])
    plans = {town.drive.y_m[p.node_index]: p.offset_s for p in edited.city.signal_plans}
    assert [plans[y] for y in sorted(plans, reverse=True)] == pytest.approx([10.0, 20.0, 40.0], abs=0.1)
    assert [s.node_id for s in edited.signals] == [4, 104, 204]
    assert edited.touched == ()


def test_one_crossing_may_be_named_and_one_without_lights_is_an_error(town):
    values = {"cycle_s": 100.0, "green_share": 0.5}
    edited = apply_edits(town, [edit("set_signal", street="御堂筋", at="中通", values=values)])
    assert [(p.cycle_s, p.green_share, p.offset_s) for p in edited.city.signal_plans] == [(100.0, 0.5, 0.0)]
    (fault,) = problems(town, edit("set_signal", street="新御堂筋", at="中通", values=values))
    assert "has no traffic lights there" in fault.what


# New links --------------------------------------------------------------------------------------------


def link(**more):
    ends = {"from": {"crossing": [["西筋"], ["北通"]]}, "to": {"crossing": [["新御堂筋"], ["南通"]]}}
    spec = {"lanes": 2, "speed_mps": 20.0, "road_class": "trunk", "name": "高架", "via": [], **ends, **more}
    return edit("add_link", values={"link": spec})


def test_a_new_link_joins_two_crossings_and_leaves_every_other_link_as_it_was(town):
    edited = apply_edits(town, [link(bridge=True)])
    new = [t.link_index for t in edited.touched]
    layer = edited.city.drive
    assert layer.link_count == town.drive.link_count + 2
    assert [t.base_link_index for t in edited.touched] == [-1, -1]
    assert layer.length_m[new] == pytest.approx([np.hypot(300, 300)] * 2, rel=0.01)
    assert set(layer.way_id[new]) == {-1}
    assert (np.diff(layer.link_from) >= 0).all()
    assert np.array_equal(layer.out_ptr, np.searchsorted(layer.link_from, np.arange(layer.node_count + 1)))
    kept = edited.base_link["drive"] >= 0
    assert np.array_equal(layer.length_m[kept], town.drive.length_m)
    assert np.array_equal(layer.name_index[kept], town.drive.name_index)
    start, end = layer.link_from[new[0]], layer.link_to[new[0]]
    assert routing.travel_times(layer, [start], [end])[0, 0] < routing.travel_times(town.drive, [start], [end])[0, 0]


def test_a_new_link_and_a_closed_one_find_their_rows(town):
    edited = apply_edits(town, [link(), edit("close", "n", (28800.0, 36000.0), **section(lanes="side"))])
    for change in edited.city.timed:
        assert edited.city.drive.way_id[change.link_index] in (2, 3)


def test_a_new_link_must_end_on_the_streets(town):
    (fault,) = problems(town, link(to={"point": [135.6, 34.68]}))
    assert "no node of the streets lies within 50 m" in fault.what
    (fault,) = problems(town, link(to={"crossing": [["御堂筋"], ["南通"]]}))
    assert "meet at 3 nodes" in fault.what
    assert "[135.5" in fault.mend
    (fault,) = problems(town, link(to={"crossing": [["西筋"], ["北通"]]}))
    assert "begins and ends at the same node" in fault.what
    (fault,) = problems(town, link(road_class="footway"))
    assert "nobody drives on a footway" in fault.what


# Conflicts --------------------------------------------------------------------------------------------


def test_two_measures_that_want_different_things_of_one_link_are_an_error_that_names_both(town):
    (fault,) = problems(
        town,
        edit("set_speed", "slow", street="御堂筋", values={"speed_mps": 5.0}),
        edit("set_speed", "fast", **section(), values={"speed_mps": 15.0}),
    )
    assert "measures fast (set_speed) and slow (set_speed) want different speed of 御堂筋" in fault.what


def test_two_measures_that_want_the_same_agree(town):
    slow = [edit("set_speed", name, street="御堂筋", values={"speed_mps": 5.0}) for name in ("a", "b")]
    assert {t.measures for t in apply_edits(town, slow).touched} == {("a", "b")}


def test_taking_a_lane_twice_or_from_a_closed_street_is_a_conflict(town):
    fewer = [edit("set_lanes", name, street="西筋", values={"add": -1}) for name in ("a", "b")]
    assert "different lanes" in problems(town, *fewer)[0].what
    assert "lanes and opening" in problems(town, fewer[0], edit("close", "c", street="西筋"))[0].what


def test_every_problem_of_every_edit_is_told_at_once(town):
    found = problems(
        town,
        edit("close", "a", street="無い通り"),
        edit("close", "b", **section(end="無い通り")),
        edit("set_speed", "c", street="西筋", values={"speed_mps": 5.0}),
        edit("set_speed", "d", street="西筋", values={"speed_mps": 6.0}),
    )
    assert len(found) == 3


# Nothing else -----------------------------------------------------------------------------------------


def test_without_edits_the_city_is_the_very_same(town):
    edited = apply_edits(town, [])
    assert edited.city is town
    assert edited.touched == ()
    check_nothing_else_changed(town, edited)


def test_an_edit_leaves_the_base_as_it_was_and_its_order_does_not_matter(town):
    before = city_digest(town)
    slow = edit("set_speed", "z", street="西筋", values={"speed_mps": 5.0})
    edits = [edit("close", "a", **section(lanes="side")), link(), slow]
    one, other = apply_edits(town, edits), apply_edits(town, edits[::-1])
    assert city_digest(town) == before == town.digest
    assert one.city.digest == other.city.digest != town.digest
    assert one.touched == other.touched


@pytest.mark.parametrize("array", ["lanes", "free_speed_mps", "length_m", "vertex_x_m", "link_to", "flags"])
def test_a_change_that_is_not_listed_is_found(town, array):
    edited = apply_edits(town, [edit("close", **section(lanes="side"))])
    values = getattr(edited.city.drive, array).copy()
    untouched = next(i for i in range(len(values)) if i not in {t.link_index for t in edited.touched})
    values[untouched] += 1
    tampered = replace(edited, city=replace(edited.city, drive=replace(edited.city.drive, **{array: values})))
    with pytest.raises(EngineError, match=array):
        check_nothing_else_changed(town, tampered)


def test_the_check_looks_at_every_part_of_a_city():
    # A field that comes to City later must be thought of in edits as well.
    assert {f.name for f in fields(City)} == {
        "name",
        "crs",
        "schematic",
        "attribution",
        "driving_side",
        "drive",
        "walk",
        "places",
        "digest",
        "marks",
        "report",
        "timed",
        "closed_to",
        "signal_plans",
        "scenery",
        "street_life",
    }
