"""Mode choice against its formulas: shares of nested logit, tastes, gains, and waits that settle.

Tolerances are standard errors of the numbers drawn.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from twin.engine.draws import make_run_seed
from twin.models.transit.choice.logit import best, shares, tastes
from twin.models.transit.choice.settle import PERIODS_H, Expected, settle
from twin.models.transit.fleet.rows import REFUSED, REQUEST, SERVED

NESTS = ((0, 1), (2, 3), (4, 5))
SCALES = (0.8, 0.4, 1.0)
UTILITY = np.array([0.3, -0.2, 0.5, 0.4, -1.0, 0.1])
N = 400_000


def by_hand(utility, available, nests=NESTS, scales=SCALES):
    """Shares of one person, as the textbook writes them."""
    sums = [sum(np.exp(utility[j] / s) for j in nest if available[j]) for nest, s in zip(nests, scales, strict=True)]
    whole = sum(total**s for total, s in zip(sums, scales, strict=True) if total > 0)
    out = np.zeros(len(utility))
    for nest, s, total in zip(nests, scales, sums, strict=True):
        for j in nest:
            if available[j]:
                out[j] = np.exp(utility[j] / s) / total * total**s / whole
    return out


@pytest.fixture(scope="module")
def taste():
    return tastes(make_run_seed(5, 0), np.arange(N, dtype=np.uint64), NESTS, SCALES)


@pytest.mark.parametrize(
    "missing", [(), (3,), (2, 3), (0, 1, 4), (0, 1, 2, 4, 5)], ids=["all", "no van", "no nest", "three", "one"]
)
def test_choices_have_the_shares_of_the_formula(taste, missing):
    available = np.ones(6, bool)
    available[list(missing)] = False
    wanted = by_hand(UTILITY, available)
    assert shares(UTILITY[None], available[None], NESTS, SCALES)[0] == pytest.approx(wanted, abs=1e-12)
    chosen = best(np.tile(UTILITY, (N, 1)), np.tile(available, (N, 1)), taste)
    found = np.bincount(chosen, minlength=6) / N
    assert (np.abs(found - wanted) <= 4 * np.sqrt(wanted * (1 - wanted) / N) + 1e-12).all()


def test_shares_do_not_overflow_and_sum_to_one():
    utility = np.array([[800.0, -800.0, 0.0, 1e4, -1e4, 3.0], [-1e5, -1e5, -1e5, -1e5 + 1, -1e5, -1e5]])
    found = shares(utility, np.ones((2, 6), bool), NESTS, SCALES)
    assert np.isfinite(found).all()
    assert found.sum(axis=1) == pytest.approx(1.0, abs=1e-12)


def test_scales_of_one_are_plain_logit(taste):
    available = np.ones((1, 6), bool)
    plain = np.exp(UTILITY) / np.exp(UTILITY).sum()
    assert shares(UTILITY[None], available, NESTS, (1.0, 1.0, 1.0))[0] == pytest.approx(plain, abs=1e-12)


def test_each_taste_is_a_gumbel_variate_and_those_of_a_nest_go_together(taste):
    for option in range(6):
        assert stats.kstest(taste[:20_000, option], "gumbel_r").pvalue > 1e-4
    # Correlation within a nest is 1 - scale squared; between nests there is none.
    found = np.corrcoef(taste.T)
    for nest, scale in zip(NESTS, SCALES, strict=True):
        assert found[nest[0], nest[1]] == pytest.approx(1 - scale**2, abs=0.02)
    assert abs(found[0, 2]) < 4 / np.sqrt(N)


def test_who_loses_their_way_takes_the_next_of_the_same_nest_more_often(taste):
    """The bus gains more from the end of the van than its share would tell: that is what a nest is for."""
    every = np.ones((N, 6), bool)
    utility = np.tile(UTILITY, (N, 1))
    mine = best(utility, every, taste) == 3
    fewer = every.copy()
    fewer[:, 3] = False
    to_bus = (best(utility, fewer, taste)[mine] == 2).mean()
    with_van, without = by_hand(UTILITY, every[0]), by_hand(UTILITY, fewer[0])
    wanted = (without[2] - with_van[2]) / with_van[3]
    assert to_bus == pytest.approx(wanted, abs=4 * np.sqrt(wanted * (1 - wanted) / mine.sum()))
    assert wanted > without[2]


def test_gains_are_the_difference_of_logsums(taste):
    """Mean of the best utility, with and without the van: the logsum of nested logit."""
    utility = np.tile(UTILITY, (N, 1))

    def logsum(available):
        return np.log(
            sum(
                sum(np.exp(UTILITY[j] / s) for j in nest if available[j]) ** s
                for nest, s in zip(NESTS, SCALES, strict=True)
            )
        )

    every = np.ones(6, bool)
    fewer = every.copy()
    fewer[3] = False
    best_with, best_without = (
        np.where(a[None], utility + taste, -np.inf).max(axis=1) for a in (every, fewer)
    )  # fmt: skip
    gain = best_with - best_without
    assert (gain >= 0).all()
    assert gain.mean() == pytest.approx(logsum(every) - logsum(fewer), abs=4 * gain.std() / np.sqrt(N))


def _answered(wait_s, refused, count, at_s=8 * 3600.0):
    rows = np.zeros(count, REQUEST)
    rows["since_s"] = at_s
    rows["pickup_s"], rows["dropoff_s"], rows["direct_s"] = at_s + wait_s, at_s + wait_s + 700.0, 600.0
    rows["status"] = np.where(np.arange(count) < refused, REFUSED, SERVED)
    return rows


@pytest.mark.parametrize("slope", [-0.5, -3.0, -20.0])
def test_waits_settle_where_demand_and_service_meet(slope):
    """Wait = 100 + 2 x demand, demand = 300 + slope x (wait - 400): one point where both hold, however steep."""

    def serve(expected):
        demand = max(300 + slope * (expected.wait_s[1] - 400), 1.0)
        return [_answered(100 + 2 * demand, 0, max(round(demand), 1))]

    # w = 100 + 2 (300 + slope (w - 400)).
    wanted = (700 - 800 * slope) / (1 - 2 * slope)
    first = Expected(np.full(len(PERIODS_H) - 1, 450.0), 30.0)
    found = settle(first, serve, refused_felt_s=0.0, rounds_at_most=200, settled_s=1.0)
    assert found.is_settled
    assert found.rounds[-1].residual_s <= 1.0
    assert found.expected.wait_s[1] == pytest.approx(wanted, abs=2.0)
    # Where nobody asks, what was expected stays.
    assert found.expected.wait_s[3] == 450.0


def test_what_does_not_settle_says_so():
    first = Expected(np.full(len(PERIODS_H) - 1, 450.0), 30.0)
    found = settle(
        first, lambda e: [_answered(2 * e.wait_s[1] + 100, 0, 10)], refused_felt_s=0.0, rounds_at_most=5, settled_s=1.0
    )
    assert not found.is_settled
    assert len(found.rounds) == 5


def test_refusals_are_felt_as_long_waits():
    first = Expected(np.full(len(PERIODS_H) - 1, 450.0), 30.0)
    found = settle(
        first, lambda _: [_answered(300.0, 25, 100)], refused_felt_s=2700.0, rounds_at_most=50, settled_s=0.5
    )
    assert found.is_settled
    assert found.expected.wait_s[1] == pytest.approx(0.75 * 300 + 0.25 * 2700, abs=1.0)
    assert found.expected.longer_s == pytest.approx(100.0, abs=5.0)
