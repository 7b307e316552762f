"""The interval of a figure by itself after repeated looks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from tests.verification.coverage import STUDIES, stated, studies
from twin.results.after_looks import _played, interval_after_looks
from twin.results.asked import looks_until
from twin.results.verdicts import interval_of

LOOKS = looks_until(64)
RNG = np.random.default_rng(4)


def test_numbers_that_are_played_are_standard_normal_and_their_squares_chi_square():
    means, errors = _played((8, 11, 64))
    for k, n in enumerate((8, 11, 64)):
        assert stats.kstest(means[:, k] * math.sqrt(n), "norm").pvalue > 0.001
        assert stats.kstest((errors[:, k] ** 2 * n) * (n - 1), "chi2", (n - 1,)).pvalue > 0.001
        assert abs(np.corrcoef(means[:, k], errors[:, k])[0, 1]) < 0.06
    # A look is no other study: the mean of 8 values is part of that of 64.
    assert np.corrcoef(means[:, 0], means[:, 2])[0, 1] == pytest.approx(math.sqrt(8 / 64), abs=0.06)


def test_an_effect_that_no_look_can_miss_has_students_interval():
    """Every study of it stops at the first look, so that nothing was chosen."""
    values = 100.0 + RNG.standard_normal(8)
    found, once = interval_after_looks(values, LOOKS, (0.0,), 0.05), interval_of(values)
    assert found.lo == pytest.approx(once.lo, abs=0.15)
    assert found.hi == pytest.approx(once.hi, abs=0.15)


def test_a_study_that_others_kept_going_has_about_students_interval():
    values = 5.0 + RNG.standard_normal(64)
    found, once = interval_after_looks(values, LOOKS, (0.0,), 0.05), interval_of(values)
    assert (found.lo, found.hi) == (pytest.approx(once.lo, abs=0.04), pytest.approx(once.hi, abs=0.04))


def test_an_early_stop_makes_the_interval_reach_towards_nothing():
    """A mean that has just crossed the boundary lies too far out more often than not."""
    values = RNG.standard_normal(16)
    values = (values - values.mean()) / values.std(ddof=1) + 0.95
    found, once = interval_after_looks(values, LOOKS, (0.0,), 0.05), interval_of(values)
    assert found.lo < once.lo
    assert found.hi - found.mean < found.mean - found.lo


def test_undefined_values_and_values_without_variance():
    values = np.concatenate([1.0 + RNG.standard_normal(16), np.full(16, np.nan)])
    assert interval_after_looks(values, LOOKS, (0.0,), 0.05).n == 16
    assert interval_after_looks(np.zeros(16), LOOKS, (0.0,), 0.05).lo == 0.0
    assert math.isnan(interval_after_looks(np.array([1.0]), LOOKS, (0.0,), 0.05).lo)


@pytest.mark.parametrize("study", [STUDIES[0], STUDIES[4]], ids=["null", "effect"])
def test_it_covers_the_effect_in_about_95_of_a_hundred_studies(study):
    """A small one of ``python -m tests.verification.coverage``: 400 studies, three standard errors."""
    found = studies(400, *study)
    slack = 3 * math.sqrt(0.05 * 0.95 / 400)
    assert 0.935 - slack <= found["alone"] <= 0.965 + slack
    assert found["wrong"] <= 0.05
    assert found["sequence"] >= 0.95 - slack
    assert 0.935 - slack <= stated(400, "normal", study[1]) <= 0.965 + slack
