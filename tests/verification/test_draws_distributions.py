"""Keyed draws follow their laws, and neighbouring keys know nothing of each other.

Each goodness-of-fit test uses 1e7 draws. A chi-square over k cells has mean k - 1 and standard deviation
sqrt(2 (k - 1)); 4.9 standard deviations leave less than 1e-6 to chance, and the keys are fixed.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from twin.engine import draws
from twin.jit import kernel

N = 10_000_000
CELLS = 1000
STREAM = draws.make_stream(draws.make_run_seed(20261121, 0), "test.law")


@kernel
def histogram(stream, n, law, a, b, out):
    """Counts of F(X) in equal cells, where F is the law's distribution function."""
    cells = out.size
    for i in range(n):
        key = np.uint64(i)
        if law == 0:
            p = draws.uniform(stream, key, np.uint64(3))
        elif law == 1:
            p = 0.5 * math.erfc(-draws.normal(stream, key, np.uint64(3)) / math.sqrt(2.0))
        elif law == 2:
            x = draws.lognormal(stream, key, np.uint64(3), a, b)
            p = 0.5 * math.erfc(-(math.log(x) - a) / (b * math.sqrt(2.0)))
        elif law == 3:
            p = 1.0 - math.exp(-draws.exponential(stream, key, np.uint64(3), a) / a)
        else:
            x = draws.erlang(stream, key, np.uint64(3), 3, a) * 3.0 / a
            p = 1.0 - math.exp(-x) * (1.0 + x + 0.5 * x * x)
        out[min(int(p * cells), cells - 1)] += 1


def z_of_chi_square(counts, expected):
    chi2 = float((((counts - expected) ** 2) / expected).sum())
    freedom = len(counts) - 1
    return (chi2 - freedom) / math.sqrt(2.0 * freedom)


@pytest.mark.parametrize(
    ("law", "a", "b"),
    [(0, 0, 0), (1, 0, 0), (2, 0.3, 0.8), (3, 150.0, 0), (4, 150.0, 0)],
    ids=["uniform", "normal", "lognormal", "exponential", "erlang-3"],
)
def test_ten_million_draws_follow_the_law(law, a, b):
    counts = np.zeros(CELLS, np.int64)
    histogram(STREAM, N, law, float(a), float(b), counts)
    assert counts.sum() == N
    assert abs(z_of_chi_square(counts, N / CELLS)) < 4.9


def test_ten_million_categories_follow_their_weights():
    weights = np.array([1.0, 0.0, 2.5, 0.5, 6.0])
    counts = category_counts(STREAM, N, np.cumsum(weights))
    assert counts[1] == 0
    kept = weights > 0
    assert abs(z_of_chi_square(counts[kept], N * weights[kept] / weights.sum())) < 4.9


@kernel
def category_counts(stream, n, cumulative):
    out = np.zeros(cumulative.size, np.int64)
    for i in range(n):
        out[draws.categorical(stream, np.uint64(i), np.uint64(4), cumulative)] += 1
    return out


@kernel
def pair_counts(stream_1, stream_2, n, id_step, event_step, cells):
    """Joint counts of a draw and its neighbour."""
    out = np.zeros(cells * cells, np.int64)
    for i in range(n):
        u = draws.uniform(stream_1, np.uint64(i), np.uint64(8))
        v = draws.uniform(stream_2, np.uint64(i + id_step), np.uint64(8 + event_step))
        out[int(u * cells) * cells + int(v * cells)] += 1
    return out


@pytest.mark.parametrize(
    ("id_step", "event_step", "other_purpose"),
    [(1, 0, False), (0, 1, False), (1, 1, False), (1 << 32, 0, False), (0, 1 << 32, False), (0, 0, True)],
    ids=["next id", "next event", "both", "next origin", "next visit", "other purpose"],
)
def test_neighbouring_keys_are_independent(id_step, event_step, other_purpose):
    stream_2 = draws.make_stream(draws.make_run_seed(20261121, 0), "test.law2") if other_purpose else STREAM
    counts = pair_counts(STREAM, stream_2, N, id_step, event_step, 64)
    assert abs(z_of_chi_square(counts, N / 64**2)) < 4.9


def test_neighbouring_seeds_and_replications_are_independent():
    for other in (draws.make_run_seed(20261122, 0), draws.make_run_seed(20261121, 1)):
        counts = pair_counts(STREAM, draws.make_stream(other, "test.law"), N, 0, 0, 64)
        assert abs(z_of_chi_square(counts, N / 64**2)) < 4.9


@kernel
def flip_counts(stream, n, which):
    """How often each output bit changes when one input bit of the key is flipped."""
    out = np.zeros((64, 64), np.int64)
    for i in range(n):
        for b in range(64):
            flip = np.uint64(1) << np.uint64(b)
            if which == 0:
                d = draws.bits(stream, np.uint64(i), np.uint64(5))
                d ^= draws.bits(stream, np.uint64(i) ^ flip, np.uint64(5))
            else:
                d = draws.bits(stream, np.uint64(5), np.uint64(i))
                d ^= draws.bits(stream, np.uint64(5), np.uint64(i) ^ flip)
            for k in range(64):
                out[b, k] += np.int64((d >> np.uint64(k)) & np.uint64(1))
    return out


@pytest.mark.parametrize("which", [0, 1], ids=["id", "event"])
def test_flipping_one_bit_of_a_key_flips_every_output_bit_half_the_time(which):
    n = 20_000
    z = (flip_counts(STREAM, n, which) - n / 2) / math.sqrt(n / 4)
    # 4,096 cells: the largest of so many normals stays below 5.5 but for 2e-4 of keys.
    assert np.abs(z).max() < 5.5


def test_the_normal_quantile_agrees_with_scipy_to_the_last_digits():
    p = np.concatenate([np.linspace(1e-6, 1 - 1e-6, 10001), 10.0 ** -np.linspace(7.0, 300.0, 2000)])
    ours = np.array([draws.normal_quantile(x) for x in p])
    assert np.allclose(ours, stats.norm.ppf(p), rtol=3e-15, atol=1e-15)


def test_uniforms_are_never_zero_nor_one():
    # The extreme words of the hash give the extreme uniforms.
    assert (0.0 + 0.5) * 2.0**-52 > 0.0
    assert (2.0**52 - 1 + 0.5) * 2.0**-52 < 1.0


def test_a_poisson_count_has_its_mean_and_variance_and_grows_with_its_mean():
    stream = draws.make_stream(1, "poisson")
    counts = np.array([draws.poisson_count(stream, k, 20.0) for k in range(4000)])
    se = math.sqrt(20.0 / len(counts))
    assert abs(counts.mean() - 20.0) < 4.9 * se
    assert abs(counts.var(ddof=1) / 20.0 - 1.0) < 4.9 * math.sqrt(2.0 / len(counts) * 1.1)
    more = np.array([draws.poisson_count(stream, k, 21.0) for k in range(4000)])
    assert np.all(more >= counts)


def test_a_poisson_count_is_the_number_of_exponentials_that_fit_into_the_mean():
    stream = draws.make_stream(draws.make_run_seed(7, 0), "test.counts")
    means = np.concatenate([np.linspace(0.0, 40.0, 20), np.linspace(580.0, 760.0, 60), [1300.0, 5000.0]])
    keys = np.arange(len(means), dtype=np.uint64)
    counts = draws.poisson_counts(stream, keys, means)
    events = np.arange(6000, dtype=np.uint64)
    for key, mean, count in zip(keys, means, counts, strict=True):
        sums = np.cumsum([draws.exponential(stream, key, event, 1.0) for event in events[: count + 1]])
        assert np.searchsorted(sums, mean, side="right") == count
        assert draws.poisson_count(stream, int(key), float(mean)) == count
    assert draws.poisson_counts(stream, keys[:0], means[:0]).tolist() == []
