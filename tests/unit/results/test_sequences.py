"""Confidence sequences: the closed form against the integral it stands for."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, stats

from twin.results.asked import looks_until
from twin.results.sequences import PRIOR, sequence_interval, t_boundary


def bayes_factor(t, n):
    """Likelihood of a t statistic under a normal prior on the effect, over that under none; by integration."""
    free = n - 1
    under_prior, _ = integrate.quad(
        lambda effect: stats.nct.pdf(t, free, effect * math.sqrt(n)) * stats.norm.pdf(effect, 0.0, math.sqrt(PRIOR)),
        -12,
        12,
        limit=400,
        points=[t / math.sqrt(n)],
    )
    return under_prior / stats.t.pdf(t, free)


@pytest.mark.parametrize(("n", "alpha"), [(5, 0.05), (8, 0.05), (20, 0.01), (40, 0.05)])
def test_at_the_boundary_the_bayes_factor_is_one_over_alpha(n, alpha):
    assert bayes_factor(t_boundary(n, alpha), n) == pytest.approx(1.0 / alpha, rel=1e-4)


def test_the_sequence_is_wider_than_students_interval_and_infinite_while_there_are_too_few():
    assert t_boundary(2, 0.05) == math.inf
    for n in (8, 20, 100, 1000):
        assert stats.t.ppf(0.975, n - 1) < t_boundary(n, 0.05) < t_boundary(n, 0.005)


def test_one_value_and_values_without_variance_are_as_in_an_ordinary_interval():
    assert math.isnan(sequence_interval(np.array([1.0])).lo)
    found = sequence_interval(np.array([0.3, 0.3, math.nan, 0.3]))
    assert (found.lo, found.hi, found.n) == (0.3, 0.3, 3)
    assert sequence_interval(np.array([math.nan])).n == 0


def test_looks_rise_and_end_with_the_budget():
    assert looks_until(64) == [8, 11, 16, 23, 32, 45, 64]
    assert looks_until(8) == [8]
    assert looks_until(2) == [2]
