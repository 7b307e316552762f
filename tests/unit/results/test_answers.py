"""Answers from figures: comparisons, bounds, searches, groups."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from tests.unit.results.asking import KPI, asked, columns, compare, figures, limit, question, search
from twin.results.answers import Figures, answer_all, asked_rows, is_settled
from twin.results.asked import Questions
from twin.results.kpis import infos
from twin.results.sentences import Speaker

RNG = np.random.default_rng(3)
NOISE = RNG.standard_normal(40)


def only(questions, found):
    (answer,) = answer_all(questions, found)
    return answer


def test_with_one_look_the_interval_is_students_and_with_many_it_is_wider():
    found = figures({"a": 50 + NOISE, "b": 49 + NOISE + 0.1 * NOISE[::-1]})
    once, often = (only(asked(question(compare()), looks=looks), found) for looks in ((40,), (8, 40)))
    d = -1 + 0.1 * NOISE[::-1]
    lo, hi = stats.t.interval(0.95, 39, loc=d.mean(), scale=stats.sem(d))
    (row,) = once.rows
    assert (row.interval.lo, row.interval.hi) == (pytest.approx(lo), pytest.approx(hi))
    assert row.interval == row.alone
    assert often.rows[0].interval.lo < row.interval.lo
    assert (once.verdict, often.verdict) == ("better", "better")


def test_a_relative_size_that_matters_is_a_share_of_the_first_variant_replication_by_replication():
    first = 200.0 + 40.0 * NOISE  # between 10 % of it and 9 or 11 % no two replications agree
    found = figures({"a": first, "b": 0.9 * first})
    assert only(asked(question(compare(bound=0.09, relative=True))), found).verdict == "better"
    assert only(asked(question(compare(bound=0.11, relative=True))), found).verdict == "practically the same"


def test_questions_and_checks_share_the_error():
    found = figures({"a": 50 + NOISE, "b": 49 + NOISE})
    two = answer_all(asked(question(compare(), compare(second="c")), question(compare(), id="r")), found)
    assert [answer.alpha for answer in two] == [pytest.approx(0.05 / 2 / 2), pytest.approx(0.05 / 2)]


def test_runs_of_independent_luck_follow_from_the_variances():
    a, b = 50 + NOISE, 49 + NOISE + 0.1 * NOISE[::-1]
    answer = only(asked(question(compare())), figures({"a": a, "b": b}))
    ratio = (np.var(a, ddof=1) + np.var(b, ddof=1)) / np.var(b - a, ddof=1)
    assert answer.runs == 80
    assert answer.runs_independent == pytest.approx(80 * ratio)
    alone = only(asked(question(compare(), limit("a", 60.0))), figures({"a": a, "b": b}))
    assert math.isnan(alone.runs_independent)


@pytest.mark.parametrize(
    ("bound", "better", "verdict"),
    [
        (52.0, "lower", "holds"),
        (48.0, "lower", "does not hold"),
        (50.0, "lower", "cannot tell"),
        (48.0, "higher", "holds"),
        (52.0, "higher", "does not hold"),
    ],
)
def test_a_bound_holds_where_the_whole_interval_keeps_it(bound, better, verdict):
    found = figures({"a": 50 + NOISE - NOISE.mean()})
    assert only(asked(question(limit("a", bound, better))), found).verdict == verdict


@pytest.mark.parametrize(
    ("change", "better", "verdict"),
    [
        (0.5, "lower", "holds"),
        (1.5, "lower", "does not hold"),
        (-3.0, "lower", "holds"),
        (-0.5, "higher", "holds"),
        (-1.5, "higher", "does not hold"),
        (3.0, "higher", "holds"),
    ],
)
def test_a_loss_is_counted_on_the_side_that_is_not_wanted(change, better, verdict):
    found = figures({"a": 50 + NOISE, "b": 50 + NOISE + change})
    loss = limit("b", 1.0, better, first="a")
    assert only(asked(question(loss)), found).verdict == verdict
    relative = limit("b", 0.02, better, first="a", relative=True)
    assert only(asked(question(relative)), found).verdict == verdict


def test_a_target_is_reached_or_not():
    found = figures({"a": 0.48 + 0.001 * NOISE, "b": 0.52 + 0.001 * NOISE})
    checks = [limit(name, 0.5, "higher", role="target") for name in "ab"]
    answer = only(asked(question(*checks)), found)
    assert [row.verdict for row in answer.rows] == ["not reached", "reached"]
    assert answer.verdict == ""
    assert answer.decided


def test_the_smallest_setting_is_the_first_that_holds_while_all_before_it_fail():
    found = figures({f"s{i}": 60 - 5 * i + NOISE for i in range(5)})
    answer = only(asked(search([f"s{i}" for i in range(5)], 52.0)), found)
    assert answer.verdict == "found"
    assert answer.chosen.setting.variant == "s2"
    assert answer.decided


def test_a_setting_that_cannot_be_told_leaves_the_search_open():
    found = figures({"s0": 60 + NOISE, "s1": 52 + NOISE - NOISE.mean(), "s2": 40 + NOISE})
    answer = only(asked(search(["s0", "s1", "s2"], 52.0)), found)
    assert (answer.verdict, answer.decided) == ("cannot tell", False)
    assert answer.chosen.setting.variant == "s2"
    for lang in ("ja", "en"):
        assert "s1" in Speaker(lang, infos(), {}).sentence(answer)


def test_where_no_setting_holds_the_nearest_is_named():
    found = figures({"s0": 60 + NOISE, "s1": 55 + NOISE})
    answer = only(asked(search(["s0", "s1"], 50.0)), found)
    assert answer.verdict == "no setting holds"
    assert answer.best.setting.variant == "s1"
    assert "no setting holds; the nearest is s1" in Speaker("en", infos(), {}).sentence(answer)
    assert "満たす設定はない" in Speaker("ja", infos(), {}).sentence(answer)


def test_a_search_that_ends_at_the_end_of_its_span_says_so():
    found = figures({"s0": 40 + NOISE, "s1": 39 + NOISE})
    answer = only(asked(search(["s0", "s1"], 50.0)), found)
    assert answer.chosen.setting.variant == "s0"
    assert "one beyond it may hold too" in Speaker("en", infos(), {}).sentence(answer)


def test_who_gains_and_who_loses_is_told_for_every_group_with_a_value():
    parts = [
        columns({"a": value + NOISE, "b": value + change + NOISE}, group=group)
        for group, value, change in (("booked", 50.0, -9.0), ("ordinary", 50.0, 9.0), ("nobody", math.nan, 0.0))
    ]
    table = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    answer = only(asked(question(compare(role="group"))), Figures(table, 40))
    assert [(row.check.group, row.verdict) for row in answer.rows] == [("booked", "better"), ("ordinary", "worse")]


def test_groups_that_no_run_gave_are_named_with_those_there_are():
    answer = only(
        asked(question(compare(role="group"), groups=["vip"])),
        figures({"a": 50 + NOISE, "b": 49 + NOISE}, group="booked"),
    )
    assert answer.missing == ((KPI, "vip", ("booked",)),)
    assert "booked" in Speaker("en", infos(), {}).notes(answer)[0]


def test_a_figure_that_no_variant_moves_is_said_beside_the_answer():
    answer = only(asked(question(compare())), figures({"a": NOISE * 0, "b": NOISE * 0}))
    assert answer.verdict == "practically the same"
    assert answer.constant == ((KPI, "all", 0.0),)
    assert "the same in every variant" in Speaker("en", infos(), {}).notes(answer)[0]
    moved = only(asked(question(compare())), figures({"a": 50 + NOISE, "b": 49 + NOISE}))
    assert moved.constant == ()


def test_one_replication_cannot_tell_and_says_so():
    answer = only(asked(question(compare()), looks=(1,)), figures({"a": [50.0], "b": [40.0]}))
    assert answer.verdict == "cannot tell"
    assert "one replication only: no interval for luck" in Speaker("en", infos(), {}).notes(answer)


def test_a_sure_difference_of_unsure_size_is_told_as_such():
    answer = only(asked(question(compare(bound=1.0))), figures({"a": 50 + NOISE, "b": 49 + NOISE + 0.3 * NOISE[::-1]}))
    assert answer.verdict == "cannot tell"
    assert "that it is less is sure" in Speaker("en", infos(), {}).sentence(answer)


def test_a_study_is_settled_when_each_question_is_decided_or_has_spent_its_budget():
    found = figures({"a": 50 + NOISE, "b": 50 + NOISE[::-1], "c": 40 + NOISE})
    openly, sure = question(compare(), most_pairs=64), question(compare(second="c"), id="r")
    assert not is_settled(answer_all(asked(openly, sure), found), 0.0)
    assert is_settled(answer_all(asked(sure), found), 0.0)
    assert is_settled(answer_all(asked(openly.model_copy(update={"most_pairs": 40})), found), 0.0)
    timed = openly.model_copy(update={"most_s": 10.0})
    assert not is_settled(answer_all(asked(timed), found), 9.0)
    assert is_settled(answer_all(asked(timed), found), 10.0)


def test_who_gains_does_not_prolong_a_study_that_asks_for_more():
    found = figures({"a": 50 + NOISE, "b": 50 + NOISE[::-1], "c": 40 + NOISE})
    groups = question(compare(role="group"), id="who", groups=["all"])
    assert is_settled(answer_all(asked(question(compare(second="c")), groups), found), 0.0)
    assert not is_settled(answer_all(asked(groups), found), 0.0)


def test_asked_rows_name_their_questions_and_the_verdict():
    found = figures({"a": 50 + NOISE, "b": 49 + NOISE})
    answers = answer_all(
        asked(question(compare()), question(compare(), id="r"), question(limit("a", 60.0), id="s")), found
    )
    assert asked_rows(answers) == {("a", "b", KPI, "all"): ("q, r", "better")}


def test_only_replications_before_the_look_are_looked_at():
    values = {"a": [1.0] * 8 + [900.0], "b": [2.0] * 9}
    assert Figures(columns(values), 8).of("a", KPI, "all").max() == 1.0


@pytest.mark.parametrize(
    "broken",
    [
        {"listed": [], "looks": [8]},
        {"looks": [8, 8]},
        {"looks": [0, 8]},
        {"listed": [{"id": "q", "ask": {}, "checks": [], "confidence": 0.95, "most_pairs": 8}], "looks": [8]},
    ],
)
def test_questions_of_a_changed_plan_are_refused(broken):
    with pytest.raises(ValueError, match=r"look|check"):
        Questions.model_validate(broken)
