"""Graded values: stripped before validation, kept as assumptions, ranges checked."""

import pytest

from tests.unit.scenario.conftest import Gate, Lane, Quota, Walk
from twin.errors import ScenarioError
from twin.scenario.plan.forks import ForkChange, fork_changes, unforkable_changes


def fault(load, body):
    with pytest.raises(ScenarioError) as caught:
        load(body)
    return caught.value.problems


def test_any_scalar_may_be_graded_and_holds_in_the_variants_that_use_it(load):
    scenario = load(
        "terminal: {service: {value: 2.5 min, range: [1.5 min, 4 min], grade: G, source: 聞き取り}}\n"
        "measures: {q: {set: {terminal.quota: {booked: {value: 40 %, range: [10 %, 90 %], grade: D}}}}}\n"
        "variants: {a: {}, b: {with: [q]}, c: {set: {terminal.service: 1 min}}}\n"
    )
    service, booked = scenario.assumptions
    assert (service.key, service.value_text, service.low, service.high) == ("terminal.service", "2.5 min", 90.0, 240.0)
    assert (service.grade, service.source, service.line, service.variants) == ("G", "聞き取り", 5, ("a", "b"))
    assert (booked.key, booked.low, booked.high, booked.variants) == ("terminal.quota.booked", 0.1, 0.9, ("b",))
    assert scenario.variants["a"].resolved["terminal"] == {"service": "2.5 min"}
    assert scenario.variants["c"].models["terminal"].service_s == 60.0


def test_values_around_the_models_may_be_graded_too(load):
    scenario = load("terminal:\nrecord: {traces: {value: 5 %, grade: D, source: choice}}\n")
    assert scenario.record.traces_share == 0.05
    assert [a.key for a in scenario.assumptions] == ["record.traces"]


def test_a_list_may_carry_a_grade_but_no_range(load):
    scenario = load("terminal: {opening: {value: [08:30-16:30], grade: V, source: 港湾局}}\n")
    assert scenario.assumptions[0].value_text == "[08:30-16:30]"
    assert fault(load, "terminal: {opening: {value: [08:30-16:30], range: [1, 2]}}\n")[0].what == "a list has no range"


@pytest.mark.parametrize(
    ("graded", "what"),
    [
        ("{value: 5 min, range: [6 min, 9 min]}", "the range [6 min, 9 min] does not contain the value 5 min"),
        ("{value: 5 min, range: [9 min, 1 min]}", "the range [9 min, 1 min] does not contain the value 5 min"),
        ("{value: 5 min, range: [1, 9]}", "the range [1, 9] and the value 5 min are not of one kind"),
        ("{value: 5 min, range: [1 m, 9 m]}", "the range [1 m, 9 m] and the value 5 min are not of one kind"),
        ("{value: 5 min, range: 3 min}", "range must be a list of two values"),
        ("{value: 5 min, range: [1 min, 2 min, 9 min]}", "range must be a list of two values"),
        ("{value: 5 min, grade: X}", "grade must be V, D, M or G, got 'X'"),
        ("{value: 5 min, garde: G}", "unknown key 'garde'"),
        ("{value: 5 min, source: [a]}", "source must be text"),
        (
            "{value: 5 min, range: [1 min, 2 h]}",
            "the range of terminal.service reaches 2 h: terminal.service must be at most 1 h, got 2 h",
        ),
        ("{value: 5, grade: G}", "terminal.service: 5 has no unit"),
    ],
)
def test_wrong_gradings_are_named(load, graded, what):
    (problem,) = fault(load, f"terminal: {{service: {graded}}}\n")
    assert problem.what == what
    assert "line 5" in problem.where


def test_the_ends_of_a_count_are_counts(load):
    body = "terminal: {{lanes: {{A: {{count: {{value: 6, range: [{low}, 8]}}}}}}}}\n"
    assert load(body.format(low=4)).assumptions[0].low == 4.0
    assert "reaches 4.5: terminal.lanes.A.count must be a whole number" in fault(load, body.format(low=4.5))[0].what


def test_an_alias_to_a_graded_value_is_two_assumptions(load):
    scenario = load("terminal: {service: &s {value: 2 min, range: [1 min, 3 min], grade: G}, quota: {slot: *s}}\n")
    assert {a.key for a in scenario.assumptions} == {"terminal.service", "terminal.quota.slot"}


def test_changes_are_listed_with_the_rule_of_their_parameter():
    old, new = Gate(), Gate(service_s=100.0, trucks=5.0, lanes={"A": Lane(count=7, kind="reserved")})
    assert fork_changes(old, new) == [
        ForkChange("service", "now"),
        ForkChange("trucks", "no"),
        ForkChange("lanes.A.count", "now"),
        ForkChange("lanes.A.kind", "no"),
    ]
    assert unforkable_changes(old, new) == ["trucks", "lanes.A.kind"]
    assert fork_changes(old, Gate()) == []


def test_a_lane_more_or_less_has_the_rule_of_all_lanes():
    assert unforkable_changes(Gate(), Gate(lanes={"A": Lane(count=6), "B": Lane()})) == ["lanes"]


def test_a_switch_that_becomes_a_group_has_the_rule_of_the_switch():
    assert fork_changes(Gate(), Gate(quota=Quota())) == [ForkChange("quota", "now")]
    assert fork_changes(Gate(quota=Quota()), Gate(quota=Quota(booked=0.2))) == [ForkChange("quota.booked", "new_only")]


def test_two_models_are_not_one_model_changed():
    assert [c.rule for c in fork_changes(Gate(), Walk())] == ["no"]
