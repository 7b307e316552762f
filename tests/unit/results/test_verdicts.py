"""Verdicts from intervals, and corrections for many rows."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from twin.results.kpis import infos
from twin.results.verdicts import (
    VERDICT_WORDS,
    Interval,
    benjamini_hochberg,
    holm,
    interval_of,
    p_value_of,
    verdict_of,
    words_of,
)

GOLDEN = Path(__file__).resolve().parents[2] / "regression" / "golden" / "small.json"


@pytest.mark.parametrize(
    ("better", "up", "down"),
    [("lower", "worse", "better"), ("higher", "better", "worse"), ("neither", "higher", "lower")],
)
def test_a_difference_off_zero_is_better_or_worse_or_where_nobody_wants_a_direction_higher_or_lower(better, up, down):
    assert verdict_of(Interval(69.0, 60.0, 78.0, 9), better) == up
    assert verdict_of(Interval(-69.0, -78.0, -60.0, 9), better) == down
    assert verdict_of(Interval(0.1, -1.0, 1.2, 9), better) == "cannot tell"
    assert verdict_of(Interval(0.0, 0.0, 0.0, 9), better) == "practically the same"


@pytest.mark.parametrize("better", ["lower", "higher", "neither"])
def test_one_pair_cannot_tell_and_nobody_has_no_verdict(better):
    assert verdict_of(interval_of(np.array([-5.0])), better) == "cannot tell"
    assert verdict_of(interval_of(np.array([math.nan])), better) == ""


@pytest.mark.parametrize(
    ("lo", "hi", "verdict"),
    [
        (-3.0, -1.1, "better"),  # all of it reaches 1
        (-3.0, -0.9, "cannot tell"),  # it is lower, but perhaps by less than matters
        (-0.9, 0.9, "practically the same"),
        (-0.9, -0.1, "practically the same"),  # surely lower, and surely by too little
        (-0.9, 1.1, "cannot tell"),
        (1.1, 1.2, "worse"),
        (-1.0, -1.0, "better"),  # exactly the size that matters reaches it
        (1.0, 1.0, "worse"),
        (0.0, 0.0, "practically the same"),
    ],
)
def test_a_difference_must_reach_the_size_that_matters_with_its_whole_interval(lo, hi, verdict):
    assert verdict_of(Interval((lo + hi) / 2, lo, hi, 9), "lower", 1.0) == verdict


def test_every_verdict_has_words_in_both_languages():
    for verdict, (ja, en) in VERDICT_WORDS.items():
        assert words_of(verdict) == {"ja": ja, "en": en}
        assert (not verdict) or (ja and en and ja != en)


def test_every_kpi_that_a_run_gives_declares_its_direction_unit_and_words():
    known = infos()
    for name, info in known.items():
        assert info.better in ("lower", "higher", "neither"), name
        assert info.ja, name
        assert info.en, name
    given = {key.split(" [")[0] for key in json.loads(GOLDEN.read_text(encoding="utf-8"))}
    assert given <= set(known)


def test_p_values_are_those_of_students_test():
    values = np.array([0.3, -0.2, 0.9, 1.4, 0.1])
    assert p_value_of(values) == pytest.approx(stats.ttest_1samp(values, 0.0).pvalue)
    assert math.isnan(p_value_of(np.zeros(4)))
    assert math.isnan(p_value_of(np.array([1.0])))
    assert p_value_of(np.array([2.0, 2.0])) == 0.0


def test_corrections_agree_with_the_published_rules():
    given = [0.01, 0.04, 0.03, math.nan, 0.005]
    judged = [p for p in given if not math.isnan(p)]
    expected = stats.false_discovery_control(judged, method="bh")
    found = benjamini_hochberg(given)
    assert [p for p in found if not math.isnan(p)] == pytest.approx(list(expected))
    assert math.isnan(found[3])
    # Holm by hand: 4 × 0.005, 3 × 0.01, 2 × 0.03, then never less than before.
    assert [p for p in holm(given) if not math.isnan(p)] == pytest.approx([0.03, 0.06, 0.06, 0.02])


@pytest.mark.parametrize("better", ["lower", "higher", "neither"])
def test_an_interval_that_touches_zero_cannot_tell(better):
    assert verdict_of(Interval(0.5, 0.0, 1.0, 9), better) == "cannot tell"
    assert verdict_of(Interval(-0.5, -1.0, 0.0, 9), better) == "cannot tell"


def test_an_interval_that_touches_the_size_that_matters_cannot_tell():
    assert verdict_of(Interval(0.0, -1.0, 1.0, 9), "lower", 1.0) == "cannot tell"
    assert verdict_of(Interval(2.0, 1.0, 3.0, 9), "lower", 1.0) == "cannot tell"
    assert verdict_of(Interval(-2.0, -3.0, -1.0, 9), "lower", 1.0) == "cannot tell"


def test_nothing_has_no_mean_and_two_values_have_students_interval():
    nothing = interval_of(np.array([]))
    assert (nothing.n, math.isnan(nothing.mean), math.isnan(nothing.lo)) == (0, True, True)
    found = interval_of(np.array([1.0, 3.0]))
    # Two values: the 97.5th percentile of t with one degree of freedom is 12.706, their standard error is 1.
    assert (found.lo, found.mean, found.hi) == (pytest.approx(2 - 12.7062), 2.0, pytest.approx(2 + 12.7062))
    # With two degrees it is 4.303, and of 90 % it is 2.920; the standard error is 1 / sqrt(3).
    for alpha, times in ((0.05, 4.30265), (0.1, 2.91999)):
        assert interval_of(np.array([1.0, 2.0, 3.0]), alpha).hi == pytest.approx(2 + times / math.sqrt(3), rel=1e-5)


def test_equal_values_have_an_interval_of_no_width_and_one_value_has_none():
    assert interval_of(np.array([0.1] * 3)) == Interval(0.1, 0.1, 0.1, 3)
    one = interval_of(np.array([5.0]))
    assert (one.mean, one.n, math.isnan(one.lo), math.isnan(one.hi)) == (5.0, 1, True, True)


def test_a_difference_of_exactly_zero_has_no_p_value_and_an_even_one_has_none_left_to_doubt():
    assert p_value_of(np.array([0.0, 1.0])) == pytest.approx(0.5)
    assert p_value_of(np.array([1.0, math.nan, 3.0])) == pytest.approx(stats.ttest_1samp([1.0, 3.0], 0.0).pvalue)


def test_corrected_p_values_end_at_one():
    assert benjamini_hochberg([0.9, 0.8]) == [0.9, 0.9]
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert benjamini_hochberg([]) == holm([]) == []


def test_a_verdict_that_is_not_known_is_its_own_word():
    assert words_of("odd") == {"ja": "odd", "en": "odd"}
