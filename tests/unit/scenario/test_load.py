"""Loading: every problem at once, at its line, with the mend; and what comes out of a sound file."""

import json

import pytest

from tests.unit.scenario.conftest import HEAD
from twin.errors import ScenarioError
from twin.scenario.language.load import load_scenario
from twin.scenario.plan.plan import make_plan


def problems_of(load, body, head=HEAD, **options):
    with pytest.raises(ScenarioError) as caught:
        load(body, head, **options)
    return caught.value.problems


def only_problem(load, body, head=HEAD, **options):
    found = problems_of(load, body, head, **options)
    assert len(found) == 1, [str(p) for p in found]
    return found[0]


def test_a_short_scenario_has_one_variant_with_defaults(load):
    scenario = load("terminal:\n")
    assert list(scenario.variants) == ["base"]
    assert list(scenario.variants["base"].models) == ["road_traffic", "terminal"]
    assert scenario.variants["base"].models["terminal"].service_s == 150.0
    assert scenario.variants["base"].resolved == {"road_traffic": {}, "terminal": {}}
    assert (scenario.clock.start_s, scenario.clock.end_s, scenario.clock.step_s) == (19800.0, 72000.0, 5.0)
    assert scenario.title.ja == "toy"


def test_walkers_alone_need_no_road(load):
    assert list(load("pedestrian:\n").variants["base"].models) == ["pedestrian"]


def test_values_with_units_become_si(load):
    models = load("terminal: {service: 2.5 min, opening: [08:30-16:30], trucks: 1200 trucks}\n").variants["base"].models
    assert models["terminal"].service_s == 150.0
    assert models["terminal"].opening == ((30600.0, 59400.0),)
    assert models["terminal"].trucks == 1200.0


def test_every_problem_is_reported_at_once_in_the_order_of_lines(load):
    found = problems_of(
        load,
        (
            "terminal:\n"
            "  servise: 2 min\n"
            "  trucks: many\n"
            "  opening: [08:30-11:30, 13:00]\n"
            "road_traffic: {speed: 20}\n"
            "pedestrian: {walk_speed: 5 m/s}\n"
            "colour: red\n"
        ),
    )
    assert [p.what for p in found] == [
        "unknown key 'servise'",
        "terminal.trucks: 'many' is not a number with a unit",
        "terminal.opening[1]: '13:00' is not a span of time",
        "road_traffic.speed: 20 has no unit",
        "pedestrian.walk_speed must be at most 3 m/s, got 5 m/s",
        "unknown key 'colour'",
    ]
    assert found[0].mend == "did you mean service?"
    assert found[2].where.endswith("line 8, column 26, terminal.opening[1]")
    assert found[3].mend == "write for example 20 km/h"


@pytest.mark.parametrize(
    ("body", "what", "mend"),
    [
        ("terminal: {lanes: {A: {cuont: 3}}}\n", "unknown key 'cuont'", "did you mean count?"),
        (
            "terminal: {lanes: {A: {kind: reservd}}}\n",
            "terminal.lanes.A.kind must be one of ordinary or reserved, got reservd",
            "did you mean reserved?",
        ),
        ("terminal: {quota: {booked: 160 %}}\n", "terminal.quota.booked must be at most 100 %, got 160 %", ""),
        ("terminal: {quota: 17}\n", "terminal.quota must be true or false or a group of keys, got 17", ""),
        ("terminal: 5\n", "terminal must be a group of keys, got 5", "write keys below it, indented"),
        ("terminal: {lanes: {A: {count: 2.5}}}\n", "terminal.lanes.A.count must be a whole number, got 2.5", ""),
        ("terminal: {opening: [08:30-12:30, 12:00-16:30]}\n", "terminal: the hours of opening overlap", ""),
        ("terminal: {table: 5}\n", "terminal.table must be text, got 5", 'write it in quotes: "5"'),
        ("terminal: {table: arrivals}\n", "there is no table 'arrivals'", "declare it under tables:"),
        ("terminal: {service: -2 min}\n", "terminal.service must be greater than 0 s, got -2 min", ""),
        ("terminal: {trucks: .nan}\n", ".nan is not a finite number", "give a finite number"),
        (
            "terminal: {service: １０ min}\n",
            "terminal.service: '１０ min' holds full-width characters",
            "write '10 min'",
        ),
        ("terminal:\nareas: {}\n", "areas is not yet understood by this version", None),
        ("terminal:\noutput: {gis: {}}\n", "gis is not yet understood by this version", None),
        ("terminal:\ntables: {a: {file: ../x.csv}}\n", "'../x.csv' lies outside the scenario's folder", None),
        ("terminal:\nrecord: {traces: 20}\n", "record.traces: 20 has no unit", "write for example 60 %"),
        ("terminal:\nreplications: 0\n", "replications must be at least 1, got 0", ""),
        ("terminal:\nseed: １\n", "seed must be a whole number, got １", "it holds full-width characters; write 1"),
        ("terminal:\nvariants: {a b: {}}\n", None, None),
        (
            "terminal:\nvariants: {a: {}, A: {}}\n",
            "variants: 'a' and 'A' would be one folder on Windows; rename one",
            "",
        ),
        ("terminal:\nvariants: {con: {}}\n", "variants: 'con' is a device name on Windows; choose another name", ""),
        ("", "no model is asked for", "add a section: road_traffic, terminal, pedestrian"),
    ],
)
def test_a_problem_says_what_and_how_to_mend(load, body, what, mend):
    problem = only_problem(load, body)
    assert what is None or problem.what == what
    assert mend is None or problem.mend == mend
    assert ", line " in problem.where


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (HEAD.replace("twin: 1", "twin: 2"), "this program understands version 1 of the language, the file says 2"),
        (HEAD.replace("twin: 1\n", ""), "twin is missing"),
        (HEAD.replace("name: toy\n", ""), "name is missing"),
        (HEAD.replace("name: toy", "name: 生野 区"), None),
        (HEAD.replace("name: toy", "name: a/../b"), None),
        (HEAD.replace("to: 20:00", "to: 04:00"), "clock: the clock ends before it starts; after midnight write 24:30"),
        (HEAD.replace("to: 20:00", "to: 20:00, latest: 19:00"), None),
        (HEAD.replace("to: 20:00", "to: 20:00, then: stay"), "clock.then must be one of until_empty or stop, got stay"),
        (HEAD.replace("from: 05:30", "from: 530"), "clock.from: 530 is not a time of day"),
        (HEAD.replace("osaka_yumeshima", "../other.osm"), "'../other.osm' lies outside the scenario's folder"),
        (
            HEAD.replace("osaka_yumeshima", "[osaka_yumeshima, /etc/passwd]"),
            "'/etc/passwd' lies outside the scenario's folder",
        ),
        (HEAD.replace("osaka_yumeshima", "''"), "city: no city is named; write for example osaka_ikuno_hirano"),
    ],
)
def test_the_head_is_checked(load, head, what):
    problem = only_problem(load, "terminal:\n", head)
    assert what is None or problem.what == what


def test_a_scenario_that_is_two_documents_or_no_yaml_is_one_clear_error(load):
    assert "not YAML" in str(only_problem(load, "terminal: [\n"))


def test_command_line_values_replace_those_of_the_file(load):
    scenario = load("terminal:\nseed: 5\n", seed=7, replications=3)
    assert (scenario.seed, scenario.replications) == (7, 3)
    assert only_problem(load, "terminal:\n", replications=0).what == "replications must be at least 1, got 0"


def test_only_keeps_variants_and_names_the_nearest_for_a_typo(load):
    body = "terminal:\nvariants: {today: {}, later: {set: {terminal.trucks: 5}}}\n"
    assert list(load(body, only=["later"]).variants) == ["later"]
    assert only_problem(load, body, only="todya").mend == "did you mean today?"


def test_the_resolved_scenario_is_canonical_json_without_paths(load, tmp_path):
    body = "terminal: {service: 2 min}\n"
    scenario = load(body)
    text = scenario.to_json()
    assert str(tmp_path) not in text
    assert text == json.dumps(json.loads(text), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    commented = load("# a comment\n" + body)
    assert commented.sha256 == scenario.sha256
    assert load("terminal: {service: 3 min}\n").sha256 != scenario.sha256


def test_the_same_file_in_two_folders_has_one_hash(tmp_path):
    hashes = set()
    for folder in (tmp_path / "a", tmp_path / "二 つ目"):
        folder.mkdir()
        (folder / "s.yaml").write_text(HEAD + "terminal:\n", encoding="utf-8")
        hashes.add(load_scenario(folder / "s.yaml").sha256)
    assert len(hashes) == 1


def test_the_plan_holds_everything_a_run_needs(load):
    plan = make_plan(load("terminal: {service: 2 min}\n"))
    assert plan.variants == ["base"]
    assert plan.params_of("base")["terminal"].service_s == 120.0
    assert plan.content["clock"] == {
        "start_s": 19800.0,
        "end_s": 72000.0,
        "then": "until_empty",
        "latest_s": 93600.0,
        "step_s": 5.0,
    }
    json.dumps(plan.content, allow_nan=False)


def test_defaults_in_use_name_value_grade_and_source(load):
    scenario = load("terminal: {service: 2 min, lanes: {A: {count: 3}}}\n")
    found = {a.key: a for a in scenario.defaults_in_use("base")}
    assert "terminal.service" not in found
    assert found["terminal.trucks"].value_text == "2300 trucks"
    assert found["terminal.trucks"].grade == "M"
    assert found["terminal.lanes.A.kind"].value_text == "ordinary"
    assert "terminal.lanes.A.count" not in found
    assert found["terminal.opening"].value_text == "[08:30-11:30, 13:00-16:30]"
    assert found["road_traffic.speed"].value_text == "36 km/h"
