"""Edits of the city as words: understood, made plain, and every fault at its line."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from twin.columns import VEHICLE_CLASSES
from twin.errors import ScenarioError
from twin.scenario.language.edits import CHANGES, VehicleClass
from twin.scenario.language.json_schema import json_schema
from twin.scenario.plan.check import check_scenario

NAMES = "names:\n  御堂筋: {aliases: [国道25号, Midosuji], not: [新御堂筋]}\n"
WHERE = "where: {street: 御堂筋, from: 長堀通, to: 道頓堀, sides: [east, west], lanes: side}"


def body(measure, head=""):
    return f"terminal:\n{head}measures:\n  m: {{{measure}}}\nvariants: {{today: {{}}, step1: {{with: [m]}}}}\n"


def edit_of(load, measure, head=""):
    scenario = load(body(measure, head))
    assert scenario.variants["today"].edits == ()
    (edit,) = scenario.variants["step1"].edits
    json.dumps(edit, allow_nan=False)
    return edit


def problems(load, measure, head=""):
    with pytest.raises(ScenarioError) as caught:
        load(body(measure, head))
    return caught.value.problems


def test_a_measure_that_edits_becomes_plain_data_with_every_name_of_its_street(load):
    measure = f"label: {{ja: 側道}}, change: lanes_to_pavement, {WHERE}, pavement_width: 14 m, furniture: 3 m"
    edit = edit_of(load, measure, NAMES)
    assert (edit["measure"], edit["key"], edit["change"]) == ("m", "measures.m", "lanes_to_pavement")
    assert edit["values"] == {"pavement_width_m": 14.0, "furniture_m": 3.0}
    where = edit["where"]
    assert where["names"] == ["御堂筋", "国道25号", "Midosuji"]
    assert where["never"] == ["新御堂筋"]
    assert (where["start"], where["end"]) == (["長堀通"], ["道頓堀"])
    assert (where["sides"], where["lanes"]) == (["east", "west"], "side")
    assert (edit["span_s"], edit["daily"]) == (None, True)


def test_an_alias_leads_to_all_names_of_its_street(load):
    edit = edit_of(load, "change: close, where: {street: 国道25号}", NAMES)
    assert edit["where"]["names"] == ["国道25号", "御堂筋", "Midosuji"]
    assert edit["where"]["lanes"] == "all"


def test_hours_come_back_and_when_does_not(load):
    daily = edit_of(load, "change: close, where: {street: a}, hours: 08:00-22:00")
    once = edit_of(load, "change: close, where: {street: a}, when: 17:00-26:00")
    assert (daily["span_s"], daily["daily"]) == ([28800.0, 79200.0], True)
    assert (once["span_s"], once["daily"]) == ([61200.0, 93600.0], False)


@pytest.mark.parametrize(
    ("words", "values"),
    [
        ("change: set_speed, speed: 30 km/h", {"speed_mps": 30 / 3.6}),
        ("change: set_lanes, remove: 2", {"add": -2}),
        ("change: set_lanes, add: 1", {"add": 1}),
        ("change: set_lanes, lanes: 3", {"lanes": 3}),
        ("change: set_access, forbid: [bus, car]", {"closed_to": ["car", "bus"]}),
        ("change: set_access, only: [bus]", {"closed_to": ["car", "van", "small_truck", "container_truck"]}),
        (
            "change: set_signal, cycle: 120 s, green: 50 %, offset: 10 s",
            {"cycle_s": 120.0, "green_share": 0.5, "offset_s": 10.0, "progression_mps": None},
        ),
    ],
)
def test_each_change_has_its_values_in_si_units(load, words, values):
    assert edit_of(load, f"{words}, where: {{street: a}}")["values"] == values


def test_a_new_link_names_its_ends_by_crossings_or_points(load):
    ends = "from: [Midosuji, 本町通], to: [135.5, 34.68]"
    link = f"{{{ends}, lanes: 2, speed: 50 km/h, class: primary, name: 高架}}"
    edit = edit_of(load, f"change: add_link, link: {link}", NAMES)
    assert edit["values"]["link"]["from"] == {"crossing": [["Midosuji", "御堂筋", "国道25号"], ["本町通"]]}
    assert edit["values"]["link"]["to"] == {"point": [135.5, 34.68]}
    assert edit["where"] == {}


def test_an_edit_and_settings_of_models_may_share_a_measure(load):
    scenario = load(body("change: close, where: {street: a}, set: {terminal.trucks: 5}"))
    assert scenario.variants["step1"].models["terminal"].trucks == 5
    assert len(scenario.variants["step1"].edits) == 1


def test_variants_inherit_the_edits_of_their_parent(load):
    measures = "".join(f"  {name}: {{change: close, where: {{street: {name}}}}}\n" for name in "ab")
    variants = "variants: {one: {with: [b]}, two: {from: one, with: [a]}}\n"
    scenario = load(f"terminal:\nmeasures:\n{measures}{variants}")
    assert [e["measure"] for e in scenario.variants["two"].edits] == ["b", "a"]


@pytest.mark.parametrize(
    ("measure", "what", "mend"),
    [
        ("change: close", "where is missing", None),
        ("change: clos, where: {street: a}", "change 'clos' is no change of the city", "did you mean close?"),
        (
            "change: event, where: {street: a}, attraction: 5",
            "measures.m: an event has hours; add when: 17:00-21:00, or hours: for every day",
            None,
        ),
        (
            "change: add_seats, where: {street: a}, seats: 9 seats, when: 09:00-10:00",
            (
                "measures.m: add_seats holds the whole day; for some hours use close, close_walk, set_lanes, set_speed "
                "or set_access"
            ),
            None,
        ),
        (
            "change: underground_link, link: {from: a, to: b}, where: {street: a}",
            "measures.m: a new link runs along a drawn line; write where: {layer: NAME, id: ID}",
            None,
        ),
        ("change: underground_link, link: {from: [a, b]}", None, None),
        ("change: underground_link, link: {from: a, to: [200, 1]}", None, None),
        (
            "change: event, where: {street: a}, attraction: 5, hours: 09:00-10:00, closes: {from: 08:00}",
            "measures.m.closes: closes closes nothing; write lanes: all, or pavement: true, or leave it out",
            None,
        ),
        (
            "change: event, where: {street: a}, attraction: 5, hours: 09:00-10:00, closes: {lanes: all, to: 08:00}",
            "measures.m: closes ends before it begins, or on another day; end it by 24:00",
            None,
        ),
        ("where: {street: a}", "where belongs to an edit of the city, but the measure has no change", None),
        ("change: close, where: {stret: a, street: a}", "unknown key 'stret'", "did you mean street?"),
        ("change: close, where: {street: a}, pavement_width: 14 m", "unknown key 'pavement_width'", None),
        ("change: close, wher: {street: a}, where: {street: a}", "unknown key 'wher'", "did you mean where?"),
        (
            "change: close, where: {}",
            "measures.m.where: no place is named; write street: NAME, or layer: NAME with id: [...]",
            "",
        ),
        (
            "change: close, where: {street: a, from: b}",
            "measures.m.where: a section needs both from and to, the names of two cross streets",
            "",
        ),
        ("change: close, where: {street: a, sides: [left]}", None, None),
        ("change: lanes_to_pavement, where: {street: a}", "pavement_width is missing", "add pavement_width: 14 m"),
        (
            "change: lanes_to_pavement, where: {street: a}, pavement_width: 14",
            "measures.m.pavement_width: 14 has no unit",
            "write for example 300 m",
        ),
        (
            "change: lanes_to_pavement, where: {street: a}, pavement_width: 3 m, furniture: 3 m",
            "measures.m: the furniture takes all 3 m of the pavement",
            "",
        ),
        ("change: lanes_to_pavement, where: {street: a}, pavement_width: 9 m, hours: 08:00-10:00", None, ""),
        ("change: close, where: {street: a}, hours: 10:00-08:00", None, None),
        (
            "change: close, where: {street: a}, hours: 08:00-10:00, when: 08:00-10:00",
            "measures.m: hours come back every day, when does not; keep one of the two",
            "",
        ),
        ("change: set_lanes, where: {street: a}", "measures.m: set_lanes needs one of lanes, add and remove", ""),
        ("change: set_lanes, where: {street: a}, lanes: 0", "measures.m.lanes must be at least 1, got 0", ""),
        ("change: set_speed, where: {street: a}, speed: 0 km/h", None, ""),
        ("change: set_access, where: {street: a}, forbid: [bike]", None, None),
        ("change: set_signal, where: {street: a}, cycle: 100 s, green: 100 %", None, ""),
        (
            "change: set_signal, where: {street: a}, cycle: 100 s, green: 50 %, progression: 40 km/h",
            "measures.m: progression runs along a section; give where: {street, from, to}",
            "",
        ),
        ("change: add_link, link: {from: [a, b], lanes: 1, speed: 30 km/h}", None, ""),
        ("change: add_link, link: {from: [a, b], to: [135.5, 98.0], lanes: 1, speed: 30 km/h}", None, ""),
        ("change: close, where: {layer: works, id: 1}", "there is no layer 'works'", None),
    ],
)
def test_a_wrong_edit_is_one_problem_at_its_line(load, measure, what, mend):
    (problem,) = problems(load, measure)
    assert what is None or problem.what == what
    assert mend is None or problem.mend == mend
    assert "line 7, " in problem.where
    assert "measures.m" in problem.where


def test_a_name_cannot_be_alias_and_stranger_at_once(load):
    names = "names: {御堂筋: {aliases: [新御堂筋], not: [新御堂筋]}}\n"
    (problem,) = problems(load, "change: close, where: {street: a}", names)
    assert "'新御堂筋' is named as an alias and under not" in problem.what
    assert ", line 6, " in problem.where


def test_a_file_of_drawings_outside_the_folder_is_refused(load):
    layers = "layers: {works: {file: ../works.gpkg, id: 名}}\n"
    (problem,) = problems(load, "change: close, where: {layer: works}", layers)
    assert problem.what == "'../works.gpkg' lies outside the scenario's folder"


def test_only_the_hash_of_what_is_done_counts(load):
    one = load(body("change: close, where: {street: a}"))
    same = load(body("change: close, where: {street: a}   "))
    other = load(body("change: close, where: {street: b}"))
    assert one.sha256 == same.sha256 != other.sha256


def test_variants_that_differ_in_edits_alone_are_not_the_same(write):
    report = check_scenario(write(body("change: close, where: {street: a}")))
    assert report.ok
    assert report.warnings == ()


def test_vehicle_classes_are_those_of_the_road():
    assert get_args(VehicleClass) == VEHICLE_CLASSES


def test_editors_are_offered_every_key_of_an_edit():
    measure = json_schema()["$defs"]["scenario.MeasureSpec"]["properties"]
    assert set(measure["change"]["enum"]) == set(CHANGES)
    assert {"where", "hours", "when", "pavement_width", "furniture", "speed", "forbid", "cycle", "link"} <= set(measure)
    assert "from" in json_schema()["$defs"]["scenario.WhereSpec"]["properties"]


def test_graded_values_of_an_edit_are_assumptions_of_the_variants_that_take_it(load):
    grade = "{value: 3 m, range: [2 m, 5 m], grade: G, source: a guess}"
    measure = f"change: lanes_to_pavement, where: {{street: a}}, pavement_width: 14 m, furniture: {grade}"
    (assumption,) = load(body(measure)).assumptions
    assert (assumption.key, assumption.value_text, assumption.variants) == ("measures.m.furniture", "3 m", ("step1",))
    assert (assumption.low, assumption.high, assumption.grade) == (2.0, 5.0, "G")


def test_ends_of_a_way_below_ground_are_exits_crossings_or_points_and_an_event_closes_what_it_says(load):
    under = "change: underground_link, link: {from: 梅田-7, to: [135.5, 34.7], via: [[135.49, 34.7]], depth: 8 m}"
    event = "change: event, where: {street: a}, attraction: 5, hours: 09:00-10:00, closes: {lanes: all, from: 08:30}"
    scenario = load(f"terminal:\nmeasures:\n  u: {{{under}}}\n  e: {{{event}}}\nvariants: {{x: {{with: [u, e]}}}}\n")
    way, shut = scenario.variants["x"].edits
    assert way["values"]["link"]["from"] == {"place": "梅田-7"}
    assert way["values"]["link"]["to"] == {"point": [135.5, 34.7]}
    assert (way["values"]["link"]["depth_m"], way["values"]["link"]["access"]) == (8.0, "stairs")
    assert shut["values"]["closes"] == {"roadway": True, "pavement": False, "span_s": [30600.0, 36000.0]}
