"""Kinds of day: what they weigh in a fiscal year, what is different on them, and what is asked of them."""

from __future__ import annotations

import pytest

from twin.errors import ScenarioError
from twin.scenario.language.days import CalendarSpec, DaySpec, days_of, holidays_of
from twin.scenario.language.document import Problems
from twin.scenario.language.load import load_scenario
from twin.scenario.plan.draws import drawn_of


@pytest.fixture
def load(tmp_path):
    def loaded(body, head):
        path = tmp_path / "scenario.yaml"
        path.write_text(head + body, encoding="utf-8")
        return load_scenario(path)

    return loaded


def problems_of(load, body, head):
    with pytest.raises(ScenarioError) as caught:
        load(body, head)
    return caught.value.problems


HEAD = (
    "twin: 1\nname: days\ncity: osaka_yumeshima\nclock: {from: 07:00, to: 09:00}\n"
    "terminal: {approach: none, demand: {factor: 2}, lanes: {A: {count: 6, kind: ordinary}}}\n"
)
DAYS = (
    "calendar: {fiscal_year: R9}\n"
    "days:\n"
    "  平日: {date: 2027-06-08, weight: from_calendar}\n"
    "  土休日: {date: 2027-06-12, weight: from_calendar}\n"
    "  雨の平日: {date: 2027-06-15, weight: 40 days, demand_factor: {value: 1.15, range: [1.0, 1.35], grade: G}}\n"
)
WAIT, LANES = "terminal.wait_mean_min", "terminal.lanes.A.count"


def weights(calendar=None, **days):
    problems = Problems("file")
    found = days_of(
        {name: DaySpec.model_validate(spec) for name, spec in days.items()},
        CalendarSpec.model_validate(calendar) if calendar else None,
        None,
        problems,
    )
    return {kind.name: kind.weight_days for kind in found.kinds}, [p.what for p in problems.listed]


def test_a_fiscal_year_is_shared_out_by_weekday_and_holiday():
    # 2027-04-01 to 2028-03-31 has 366 days: 262 from Monday to Friday, 52 Saturdays, 52 Sundays. National holidays
    # that fall on Monday to Friday, counted by hand in the law's list: 4-29, 5-3, 5-4, 5-5, 7-19, 8-11, 9-20, 9-23,
    # 10-11, 11-3, 11-23, 1-10, 2-11, 2-23, 3-20 (a Monday); 1-1 is a Saturday.
    assert len([d for d in holidays_of(CalendarSpec(fiscal_year="R9")) if d.weekday() < 5]) == 15
    found, wrong = weights(
        {"fiscal_year": "R9"},
        平日={"date": "2027-06-08", "weight": "from_calendar"},
        土休日={"date": "2027-06-12", "weight": "from_calendar"},
        雨={"date": "2027-06-15", "weight": "40 days"},
    )
    assert (found, wrong) == ({"平日": 262 - 15 - 40, "土休日": 52 + 52 + 15, "雨": 40}, [])
    assert sum(found.values()) == 366
    found, _ = weights(
        {"fiscal_year": 2026, "closed": ["2026-12-31"], "holidays": "none"},
        平日={"date": "2026-06-09", "weight": "from_calendar"},
        土={"date": "2026-06-13", "weight": "from_calendar"},
        日={"date": "2026-06-14", "weight": "from_calendar"},
    )
    assert found == {"平日": 260, "土": 52, "日": 52}


@pytest.mark.parametrize("written", ["R9", "令和9年度", 2027, "2027"])
def test_a_fiscal_year_may_be_written_in_eras(written):
    assert CalendarSpec(fiscal_year=written).fiscal_year == 2027


@pytest.mark.parametrize(
    ("calendar", "days", "what"),
    [
        (
            {"fiscal_year": 2026},
            {"a": {"weight": "260 days"}, "b": {"weight": "12 days"}},
            "the weights add up to 272 days, and fiscal year 2026 (2026-04-01 to 2027-03-31) has 365",
        ),
        (
            None,
            {"a": {"date": "2026-11-18", "weight": "244 days"}, "b": {"date": "2026-11-22", "weight": "122 days"}},
            "the weights add up to 366 days, and fiscal year 2026 (2026-04-01 to 2027-03-31) has 365",
        ),
        (
            {"fiscal_year": 2026},
            {"a": {"date": "2026-06-13", "weight": "from_calendar"}},
            "weekdays of fiscal year 2026 (2026-04-01 to 2027-03-31) belong to no kind of day",
        ),
        (
            {"fiscal_year": 2026},
            {
                "a": {"date": "2026-06-09", "weight": "from_calendar"},
                "b": {"date": "2026-06-10", "weight": "from_calendar"},
            },
            "a and b both take the weekdays of the calendar",
        ),
        (
            {"fiscal_year": 2026},
            {"a": {"date": "2026-06-09", "weight": "from_calendar"}, "b": {"date": "2026-06-10", "weight": "300 days"}},
            "no weekday is left for a",
        ),
        ({"fiscal_year": 2026}, {"a": {"date": "2027-06-09", "weight": "365 days"}}, "2027-06-09 is no day of fiscal"),
        (None, {"a": {"date": "2027-06-09", "weight": "from_calendar"}}, "a weight from the calendar needs calendar:"),
        (None, {"year": {"weight": "10 days"}}, "'year' is the name of a day that follows from the others"),
    ],
)
def test_weights_that_do_not_add_up_are_one_clear_message(calendar, days, what):
    found, wrong = weights(calendar, **days)
    assert not found
    assert any(what in told for told in wrong), wrong


def test_every_variant_stands_once_per_kind_of_day_with_its_demand(load):
    scenario = load(DAYS + f"variants: {{today: {{}}, more: {{set: {{{LANES}: 8}}}}}}\n", HEAD)
    assert [*scenario.variants] == [f"{v}+{d}" for v in ("today", "more") for d in ("平日", "土休日", "雨の平日")]
    rain = scenario.variants["more+雨の平日"]
    assert (rain.of, rain.day, rain.models["terminal"].demand.factor) == ("more", "雨の平日", 2.3)
    assert rain.models["terminal"].lanes["A"].count == 8
    assert scenario.variants["more+平日"].models["terminal"].demand.factor == 2
    (graded,) = (a for a in scenario.assumptions if a.key == "days.雨の平日.demand_factor")
    assert graded.variants == ("today+雨の平日", "more+雨の平日")


def test_a_day_takes_measures_and_clashes_are_told(load):
    extra = (
        f"measures: {{six: {{set: {{{LANES}: 5}}}}, five: {{set: {{{LANES}: 4}}}}}}\nvariants: {{v: {{with: [six]}}}}\n"
    )
    days = "days: {平日: {weight: 300 days}, 工事: {weight: 65 days, with: [five]}}\n"
    assert "both set terminal.lanes.A.count" in problems_of(load, days + extra, HEAD)[0].what
    scenario = load(days.replace("with: [five]", f"set: {{{LANES}: 4}}") + extra, HEAD)
    assert [v.models["terminal"].lanes["A"].count for v in scenario.variants.values()] == [5, 4]


def test_demand_that_no_factor_scales_is_refused(load):
    days = "days: {平日: {weight: 300 days}, 祭: {weight: 5 days, demand_factor: 30}}\n"
    assert "at most 20" in problems_of(load, days, HEAD)[0].what


def questions(load, line):
    return load(DAYS + f"variants: {{today: {{}}, more: {{set: {{{LANES}: 8}}}}}}\nquestions: [{line}]\n", HEAD)


def test_questions_hold_on_kinds_of_day(load):
    def pairs(line):
        (question,) = questions(load, line).questions.listed
        return [(c.first, c.second) for c in question.checks]

    assert pairs(f"{{id: q, kpi: {WAIT}}}") == [("today+mean_day", "more+mean_day")]
    assert pairs(f"{{id: q, kpi: {WAIT}, day: 雨の平日}}") == [("today+雨の平日", "more+雨の平日")]
    assert pairs(f"{{id: q, kpi: {WAIT}, hold_on: [平日, worst_day], at_most: 9 min, variants: [more]}}") == [
        (None, "more+平日"),
        (None, "more+worst_day"),
    ]
    found = questions(
        load,
        f"{{id: q, find: {{smallest: {LANES}, among: [4, 5]}}, such_that: [{{kpi: {WAIT}, at_most: 9 min}}, "
        f"{{kpi: {WAIT}, at_most: 5 min, day: mean_day}}], hold_on: each_day}}",
    )
    (question,) = found.questions.listed
    assert [c.second for c in question.checks[:4]] == [
        "today+count4+平日",
        "today+count4+土休日",
        "today+count4+雨の平日",
        "today+count4+mean_day",
    ]
    made = found.variants["today+count5+雨の平日"]
    assert (made.of, made.models["terminal"].lanes["A"].count, made.models["terminal"].demand.factor) == (
        "today+count5",
        5,
        2.3,
    )


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (f"{{id: q, kpi: {WAIT}, day: 平日日}}", "there is no kind of day '平日日'"),
        (f"{{id: q, kpi: {WAIT}, day: year}}", "is no count, so that it has no sum over the year"),
        ("{id: q, kpi: terminal.booked_share, day: worst_day}", "has no direction, so that no day is the worst"),
        (f"{{id: q, kpi: {WAIT}, day: 平日, hold_on: 平日}}", "day and hold_on say the same"),
        (f"{{id: q, kpi: {WAIT}, seen_as: gps}}", "there is no sensor 'gps'"),
    ],
)
def test_words_of_days_that_say_nothing_are_refused(load, line, what):
    found = problems_of(load, DAYS + f"variants: {{today: {{}}, more: {{}}}}\nquestions: [{line}]\n", HEAD)
    assert what in found[0].what


def test_one_day_has_no_kinds(load):
    line = f"questions: [{{id: q, kpi: {WAIT}, hold_on: worst_day, at_most: 9 min}}]\n"
    assert problems_of(load, line, HEAD)[0].what == "the scenario has one day"


def test_draws_reach_every_kind_of_day(load):
    text = (
        DAYS + "measures: {m: {set: {terminal.service.mean: {value: 3 min, range: [2 min, 4 min], grade: G}}}}\n"
        "variants: {today: {}, more: {with: [m]}}\n"
        f"questions: [{{id: q, kpi: {WAIT}}}]\nuncertainty: {{assumptions: [terminal.service.mean], draws: 2}}\n"
    )
    drawn = drawn_of(load(text, HEAD))
    assert drawn.draws[0].made["more+mean_day"] == "d000+more+mean_day"
    assert {v["day"] for v in drawn.variants if v.get("of") == "d000+more"} == {"平日", "土休日", "雨の平日"}


def test_a_split_asks_each_measure_alone_and_left_out(load):
    text = (
        f"measures: {{a: {{set: {{{LANES}: 8}}}}, b: {{set: {{terminal.service.mean: 2 min}}}}}}\n"
        f"variants: {{today: {{}}}}\nquestions: [{{id: q, kpi: {WAIT}, split: [a, b]}}]\n"
    )
    scenario = load(text, HEAD)
    (question,) = scenario.questions.listed
    assert [(c.first, c.second) for c in question.checks] == [
        ("today", "today+a"),
        ("today", "today+b"),
        ("today+no-a", "today+split"),
        ("today+no-b", "today+split"),
        ("today", "today+split"),
    ]
    assert scenario.variants["today+no-a"].measures == ("b",)
    assert scenario.variants["today+split"].setting == "split = a+b"
    wrong = problems_of(load, text.replace("[a, b]", "[a, c]"), HEAD)
    assert any("'c', which is no measure" in p.what for p in wrong)
