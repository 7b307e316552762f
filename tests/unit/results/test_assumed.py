"""Two ranges, never one: what luck leaves open and what assumptions do."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.results.asking import asked, compare, figures, limit, question, search
from twin.results.answers import answer_all
from twin.results.assumed import assume_all
from twin.results.drawn import Draw, Drawn, Ends
from twin.results.kpis import infos
from twin.results.sentences import Speaker

RNG = np.random.default_rng(8)


def drawn_of(draws, ends=(), replications=2):
    """Draws from variant -> value of each draw; every variant gets one of its own per draw."""
    made = [{name: f"d{nth}+{name}" for name in draws} for nth in range(len(next(iter(draws.values()))))]
    moved = [
        Ends(
            key=key,
            unit="min",
            low=low,
            value=value,
            high=high,
            at_low={"b": f"{key}low+b"},
            at_high={"b": f"{key}high+b"},
        )
        for key, low, value, high in ends
    ]
    names = [name for of in made for name in of.values()]
    names += [name for of in moved for at in (of.at_low, of.at_high) for name in at.values()]
    return Drawn(
        replications=replications,
        draws=[Draw(values={}, made=of) for of in made],
        ends=moved,
        variants=[{"name": name} for name in names],
    )


def values_of(drawn, draws, base, **ends):
    out = {name: values[: drawn.replications] for name, values in base.items()}
    out |= {
        f"d{nth}+{name}": [value] * drawn.replications
        for name, values in draws.items()
        for nth, value in enumerate(values)
    }
    return figures(out | {f"{name}+b": [value] * drawn.replications for name, value in ends.items()})


def both(questions, base, draws, ends=(), **moved):
    answers = answer_all(questions, figures(base))
    drawn = drawn_of(draws, ends)
    (assumed,) = assume_all(answers, drawn, values_of(drawn, draws, base, **moved))
    return answers[0], assumed


def test_without_luck_the_interval_has_no_width_and_the_range_of_assumptions_all_of_it():
    base = {"a": np.full(20, 50.0), "b": np.full(20, 45.0)}
    answer, assumed = both(asked(question(compare())), base, {"a": [50.0] * 4, "b": [45.0, 40.0, 49.0, 52.0]})
    (row,) = answer.rows
    assert (row.interval.lo, row.interval.hi) == (-5.0, -5.0)
    assert (assumed.rows[0].lo, assumed.rows[0].hi) == (-10.0, 2.0)
    assert (assumed.agree, assumed.draws) == (3, 4)


def test_where_assumptions_do_not_matter_only_luck_leaves_a_range():
    noise = RNG.standard_normal(40)
    base = {"a": 50 + RNG.standard_normal(40), "b": 45 + noise}
    answer, assumed = both(asked(question(compare())), base, {"a": [50.0] * 4, "b": [45.0] * 4})
    assert answer.rows[0].interval.lo < answer.rows[0].interval.hi
    assert assumed.rows[0].lo == assumed.rows[0].hi == -5.0
    assert assumed.agree == assumed.draws == 4


def test_more_replications_narrow_luck_and_never_the_assumptions():
    draws = {"a": [50.0] * 3, "b": [44.0, 45.0, 46.0]}
    few, many = ({"a": 50 + RNG.standard_normal(n), "b": 45 + RNG.standard_normal(n)} for n in (10, 60))
    (one, assumed), (two, again) = (both(asked(question(compare())), base, draws) for base in (few, many))
    widths = [answer.rows[0].interval.hi - answer.rows[0].interval.lo for answer in (one, two)]
    assert widths[1] < widths[0] / 1.5
    assert (assumed.rows[0].lo, assumed.rows[0].hi) == (again.rows[0].lo, again.rows[0].hi) == (-6.0, -4.0)


def test_draws_of_a_search_tell_which_setting_they_find():
    base = {name: np.full(10, value) for name, value in (("s0", 60.0), ("s1", 50.0), ("s2", 40.0))}
    draws = {"s0": [60.0, 40.0, 90.0], "s1": [50.0, 30.0, 80.0], "s2": [40.0, 20.0, 70.0]}
    answer, assumed = both(asked(search(["s0", "s1", "s2"], 52.0)), base, draws)
    assert answer.chosen.setting.text == "s1"
    assert assumed.found == {"s1": 1, "s0": 1, "": 1}
    assert assumed.agree == 1


@pytest.mark.parametrize(("low", "high", "says"), [(40.0, 53.0, "no setting holds"), (50.0, 50.0, None)])
def test_what_makes_a_search_find_another_setting_is_named(low, high, says):
    base = {"b": np.full(10, 50.0)}
    answer, assumed = both(
        asked(search(["b"], 52.0, main=True)),
        base,
        {"b": [50.0]},
        [("turns", 5.0, 10.0, 20.0)],
        turnslow=low,
        turnshigh=high,
    )
    assert [(turn.ends.key, turn.end, turn.says) for turn in assumed.overturns] == (
        [("turns", 20.0, says)] if says else []
    )
    if says:
        assert "turns between 10 and 20 min (no setting holds at 20 min)" in Speaker("en", infos(), {}).of_assumptions(
            answer, assumed
        )


@pytest.mark.parametrize(
    ("check", "low", "high", "at", "says"),
    [
        (compare(), 40.0, 55.0, 15.0, "worse"),  # 45 at the value of 10, 55 at 20: the difference is gone at 15
        (compare(bound=2.0), 40.0, 55.0, 13.0, "worse"),  # below 2 it no longer matters
        (limit("b", 47.5), 40.0, 55.0, 12.5, "does not hold"),
        (compare(), 55.0, 40.0, 7.5, "worse"),
    ],
)
def test_what_overturns_the_answer_is_named_with_the_value(check, low, high, at, says):
    base = {"a": np.full(10, 50.0), "b": np.full(10, 45.0)}
    _, assumed = both(
        asked(question(check, main=True)),
        base,
        {"a": [50.0], "b": [45.0]},
        [("still", 5.0, 10.0, 20.0), ("turns", 5.0, 10.0, 20.0)],
        stilllow=44.0,
        stillhigh=46.0,
        turnslow=low,
        turnshigh=high,
    )
    (turn,) = assumed.overturns
    assert (turn.ends.key, turn.at, turn.says) == ("turns", pytest.approx(at), says)


def test_at_most_three_assumptions_are_named_the_nearest_turn_first():
    base = {"a": np.full(10, 50.0), "b": np.full(10, 45.0)}
    ends = [(f"k{i}", 5.0, 10.0, 20.0) for i in range(5)]
    moved = {f"k{i}low": 45.0 for i in range(5)} | {f"k{i}high": 51.0 + 5 * i for i in range(5)}
    answer, assumed = both(asked(question(compare(), main=True)), base, {"a": [50.0], "b": [45.0]}, ends, **moved)
    assert [turn.ends.key for turn in assumed.overturns] == ["k4", "k3", "k2"]
    said = Speaker("en", infos(), {}).of_assumptions(answer, assumed)
    assert "1 of 1 draws of the assumptions agree" in said
    assert "k4 between 10 and 20 min (about 11.9, worse at 20 min)" in said


def test_what_nothing_overturns_is_said():
    base = {"a": np.full(10, 50.0), "b": np.full(10, 45.0)}
    answer, assumed = both(
        asked(question(compare(), main=True)),
        base,
        {"a": [50.0], "b": [45.0]},
        [("still", 5.0, 10.0, 20.0)],
        stilllow=44.0,
        stillhigh=46.0,
    )
    assert "No assumption alone overturns it" in Speaker("en", infos(), {}).of_assumptions(answer, assumed)
    assert "どの前提も単独では" in Speaker("ja", infos(), {}).of_assumptions(answer, assumed)


def test_an_answer_that_cannot_be_told_agrees_with_draws_that_say_what_its_mean_says():
    noise = RNG.standard_normal(12)
    base = {"a": 50 + noise, "b": 49.9 + noise[::-1]}
    answer, assumed = both(asked(question(compare())), base, {"a": [50.0, 50.0], "b": [49.0, 51.0]})
    assert answer.verdict == "cannot tell"
    assert assumed.agree == 1
