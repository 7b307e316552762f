"""Questions as written, and the plain checks they come to."""

from __future__ import annotations

import pytest

from tests.unit.scenario.conftest import HEAD
from tests.unit.scenario.test_load import only_problem, problems_of
from twin.scenario.language.questions import AmountError, amount_of
from twin.scenario.plan.check import check_scenario

BODY = (
    "terminal: {lanes: {A: {count: 6}}}\n"
    "variants:\n"
    "  today: {}\n"
    "  more: {set: {terminal.lanes.A.count: 8}}\n"
    "  most: {set: {terminal.lanes.A.count: 9}}\n"
    "questions:\n"
)
WAIT = "terminal.wait_mean_min"
KEPT = f"such_that: [{{kpi: {WAIT}, at_most: 9 min}}]"
LANES, NO_VALUE = "terminal.lanes.A.count", "no value keeps both; change one of them"


def asked(load, *lines, **options):
    return load(BODY + "".join(f"  - {line}\n" for line in lines), HEAD, **options).questions


@pytest.mark.parametrize(
    ("text", "unit", "number", "relative"),
    [
        ("600 truck-min/day", "truck-min", 600.0, False),
        ("600 truck-min", "truck-min", 600.0, False),
        ("3 min", "min", 3.0, False),
        ("180 s", "min", 3.0, False),
        ("1 point", "share", 0.01, False),
        ("50 %", "share", 0.5, False),
        ("5 %", "min", 0.05, True),
        ("20 trucks", "trucks", 20.0, False),
        ("20 台", "trucks", 20.0, False),
        ("10 人", "people", 10.0, False),
        ("2 km", "m", 2000.0, False),
        ("1000 thousand yen", "yen", 1e6, False),
        ("1.5", "ratio", 1.5, False),
        (1.5, "factor", 1.5, False),
        (0, "min", 0.0, False),
        ("30 trucks/h", "trucks/h", 30.0, False),
        ("-1 %", "trucks", -0.01, True),
    ],
)
def test_an_amount_is_read_in_the_unit_of_its_figure(text, unit, number, relative):
    found = amount_of(text, unit, relative_allowed=True)
    assert found == (pytest.approx(number), relative)


@pytest.mark.parametrize(
    ("text", "unit", "what"),
    [
        (600, "truck-min", "600 has no unit"),
        ("600 min", "truck-min", "no amount in truck-min"),
        ("5 %", "min", "share of another value"),
        (True, "min", "got true"),
        ("soon", "min", "no amount in min"),
        ("3 km", "min", "no amount in min"),
        ("1e400 min", "min", "no amount in min"),
    ],
)
def test_an_amount_that_is_none_of_its_figure_is_refused(text, unit, what):
    with pytest.raises(AmountError, match=what) as caught:
        amount_of(text, unit)
    assert caught.value.mend.startswith("write for example")


def test_a_question_compares_the_first_variant_with_each_other_one(load):
    (question,) = asked(load, f"{{id: wait, kpi: {WAIT}, matters_from: 2 min}}").listed
    assert [(c.role, c.first, c.second, c.better, c.bound, c.relative) for c in question.checks] == [
        ("compare", "today", "more", "lower", 2.0, False),
        ("compare", "today", "most", "lower", 2.0, False),
    ]
    assert question.main
    assert question.ask == {"ja": "wait", "en": "wait"}


def test_pairs_direction_confidence_and_budget_are_as_written(load):
    found = asked(
        load,
        f"{{id: wait, kpi: {WAIT}, compare: [[more, most]], better: higher, matters_from: 5 %, "
        "confidence: 90 %, budget: {runs: 60, time: 10 min}}",
    )
    (question,) = found.listed
    (check,) = question.checks
    assert (check.first, check.second, check.better) == ("more", "most", "higher")
    assert (check.bound, check.relative) == (0.05, True)
    assert (question.confidence, question.most_pairs, question.most_s) == (0.9, 20, 600.0)
    assert found.looks == [8, 11, 16, 20]


def test_replications_that_are_stated_are_the_one_look(load):
    line = f"{{id: wait, kpi: {WAIT}}}"
    assert asked(load, line, replications=5).looks == [5]
    assert load(BODY + f"  - {line}\nreplications: 12\n", HEAD).questions.looks == [12]
    assert asked(load, line).looks[-1] == 64


def test_bounds_are_checked_in_every_variant_and_losses_against_the_first(load):
    (limits,) = asked(load, f"{{id: keep, kpi: {WAIT}, at_most: 30 min, not_worse_than: 1 %}}").listed
    assert [(c.first, c.second, c.better, c.bound, c.relative) for c in limits.checks] == [
        *((None, name, "lower", 30.0, False) for name in ("today", "more", "most")),
        ("today", "more", "lower", 0.01, True),
        ("today", "most", "lower", 0.01, True),
    ]
    (target,) = asked(load, "{id: goal, kpi: terminal.throughput_day, target: 2300 trucks, variants: [most]}").listed
    assert [(c.role, c.second, c.better, c.bound) for c in target.checks] == [("target", "most", "higher", 2300.0)]


def test_a_search_makes_a_variant_of_each_setting(load):
    scenario = load(
        BODY + f"  - {{id: lanes, find: {{smallest: terminal.lanes.A.count, from: 4, to: 10, step: 2}}, "
        f"such_that: [{{kpi: {WAIT}, at_most: 10 min}}, {{kpi: terminal.throughput_day, "
        "not_worse_than: 1 %}]}\n",
        HEAD,
    )
    made = {name: v.models["terminal"].lanes["A"].count for name, v in scenario.variants.items() if v.setting}
    assert made == {"today+count4": 4, "today+count6": 6, "today+count8": 8, "today+count10": 10}
    (question,) = scenario.questions.listed
    assert [s.text for s in question.settings] == ["4", "6", "8", "10"]
    assert [c.second for c in question.checks] == [name for name in made for _ in range(2)]
    assert scenario.variants["today+count4"].resolved["terminal"]["lanes"]["A"]["count"] == 4


def test_the_largest_setting_is_preferred_first_and_settings_may_be_listed_with_units(load):
    scenario = load(
        BODY + "  - {id: fleet, find: {largest: terminal.service, among: [60 s, 90 s]}, in: more, "
        f"such_that: [{{kpi: {WAIT}, at_most: 10 min}}]}}\n",
        HEAD,
    )
    (question,) = scenario.questions.listed
    assert [s.variant for s in question.settings] == ["more+service90", "more+service60"]
    assert scenario.variants["more+service90"].models["terminal"].service_s == 90.0
    assert scenario.variants["more+service90"].models["terminal"].lanes["A"].count == 8


def test_a_search_may_be_among_variants_in_the_order_of_preference(load):
    (question,) = asked(load, f"{{id: set, find: {{first: [more, most]}}, {KEPT}}}").listed
    assert [c.second for c in question.checks] == ["more", "most"]
    assert question.wanted == "first"


def test_only_some_variants_leave_questions_about_the_others_out(load):
    lines = (f"{{id: wait, kpi: {WAIT}}}", f"{{id: pair, kpi: {WAIT}, compare: [[more, most]]}}")
    found = asked(load, *lines, only=["today", "more"])
    assert [(q.id, len(q.checks)) for q in found.listed] == [("wait", 1)]


def test_questions_are_part_of_what_the_scenario_means(load):
    line = f"  - {{id: wait, kpi: {WAIT}, matters_from: "
    one, two = (load(f"{BODY}{line}{size}}}\n", HEAD) for size in ("1 min", "2 min"))
    assert one.sha256 != two.sha256


@pytest.mark.parametrize(
    ("line", "what", "mend"),
    [
        (
            "{id: q, kpi: terminal.wait_maen_min}",
            "there is no figure 'terminal.wait_maen_min'",
            "did you mean terminal.wait_mean_min?",
        ),
        (
            "{id: q, kpi: pedestrian.dwell_mean_min}",
            "no model of this scenario gives pedestrian.dwell_mean_min",
            "models here: road_traffic, terminal",
        ),
        (f"{{id: q, kpi: {WAIT}, compare: [[today, mroe]]}}", "there is no variant 'mroe'", "did you mean more?"),
        (f"{{id: q, kpi: {WAIT}, compare: [[today, today]]}}", "today is compared with itself", "name two variants"),
        (f"{{id: q, kpi: {WAIT}, matters_from: 5}}", "matters_from: 5 has no unit", "write for example 10 min"),
        (
            f"{{id: q, kpi: {WAIT}, matters_from: -5 min}}",
            "matters_from is a size and must be at least 0",
            "write 5 without a sign",
        ),
        (
            f"{{id: q, kpi: {WAIT}, at_most: +4 min}}",
            "at_most: '+4 min' has a sign: is it a change?",
            "write not_worse_than: 4 min for a change, or leave the sign out",
        ),
        (
            f"{{id: q, kpi: {WAIT}, at_most: 10 min, at_least: 20 min}}",
            f"the constraints on {WAIT} contradict each other: at least 20 min and at most 10 min",
            NO_VALUE,
        ),
        (
            "{id: q, kpi: terminal.lane_use_share, target: 50 %}",
            "terminal.lane_use_share has no direction of its own: is the target a floor or a ceiling?",
            "add better: higher, or better: lower",
        ),
        (
            "{id: q, kpi: terminal.lane_use_share, not_worse_than: 5 %}",
            "terminal.lane_use_share has no direction: what would be worse?",
            "add better: lower or better: higher, or use at_most and at_least",
        ),
        ("{id: q}", f"questions[0]: the question names no figure; add kpi: {WAIT}, or find: and such_that:", ""),
        (
            f"{{id: q, table: [{WAIT}], kpi: {WAIT}}}",
            "table is not yet understood by this version",
            "list the figures under kpi: [...]",
        ),
        (
            f"{{id: q, kpi: {WAIT}, budget: {{runs: 5}}}}",
            "the budget of question q is 5 runs, which is less than two of each of the 3 variants",
            "give at least 6 runs, or leave the budget out",
        ),
        (
            f"{{id: q, find: {{smallest: {LANES}, from: -2, to: 1}}, {KEPT}}}",
            "the search sets terminal.lanes.A.count to -2: terminal.lanes.A.count must be at least 0 lanes, got -2",
            "narrow the span",
        ),
        (
            f"{{id: q, find: {{smallest: {LANES}, from: 9, to: 4}}, {KEPT}}}",
            "the span of the search is empty",
            "from is the smallest setting, to the largest, step above 0",
        ),
        (
            f"{{id: q, find: {{smallest: terminal.service, from: 1 min, to: 90 s}}, {KEPT}}}",
            "from, to and step of a search have different units",
            "write all of them in min",
        ),
        (
            f"{{id: q, find: {{smallest: terminal.lanes.A.count}}, {KEPT}}}",
            "questions[0].find: a search needs its settings; write from: 4, to: 12, step: 1, or among: [4, 6, 8]",
            "",
        ),
        (
            "{id: q, find: {smallest: terminal.lanes.A.count, from: 4, to: 5}}",
            "questions[0]: a search needs such_that: [{kpi: …, at_most: …}]",
            "",
        ),
        (
            f"{{id: q, find: {{smallest: terminal.lanes.A.cuont, from: 4, to: 5}}, {KEPT}}}",
            "the search sets terminal.lanes.A.cuont to 4: unknown key 'cuont'",
            "did you mean count?",
        ),
        (
            f"{{id: q, find: {{first: [more]}}, such_that: [{{kpi: {WAIT}, at_most: 9 min, at_least: 2 min}}]}}",
            (
                "questions[0].such_that[0]: a constraint has one of at_most, at_least, not_worse_than; "
                "write one entry for each"
            ),
            "",
        ),
        (
            f"{{id: q, find: {{first: [more]}}, {KEPT[:-1]}, {{kpi: {WAIT}, at_least: 10 min}}]}}",
            f"the constraints on {WAIT} contradict each other: at least 10 min and at most 9 min",
            NO_VALUE,
        ),
        ("{id: q, kpi: terminal.wait_mean_min, colour: red}", "unknown key 'colour'", None),
    ],
)
def test_a_wrong_question_is_one_clear_problem_at_its_line(load, line, what, mend):
    problem = only_problem(load, f"{BODY}  - {line}\n", HEAD)
    assert problem.what == what
    assert mend is None or problem.mend == mend
    assert ", line " in problem.where


def test_two_questions_of_one_id_and_two_main_ones_are_refused(load):
    line = f"  - {{id: q, kpi: {WAIT}, main: true}}\n"
    found = problems_of(load, BODY + line + line, HEAD)
    assert "two questions have the id 'q'" in found[0].what
    found = problems_of(load, BODY + line + line.replace("id: q", "id: r"), HEAD)
    assert "more than one question is the main one" in found[0].what


def test_one_variant_has_nothing_to_compare(load):
    problem = only_problem(load, f"terminal:\nquestions: [{{id: q, kpi: {WAIT}}}]\n", HEAD)
    assert problem.what == "there is nothing to compare: the scenario has one variant"


def test_the_check_warns_of_one_replication(load, tmp_path):
    path = tmp_path / "one.yaml"
    path.write_text(HEAD + BODY + f"  - {{id: q, kpi: {WAIT}}}\n", encoding="utf-8")
    report = check_scenario(path, replications=1)
    assert any("one replication, which has no interval" in warning for warning in report.warnings)
    assert not any("no interval" in warning for warning in check_scenario(path).warnings)
