"""Draws against a slow twin in plain integers, written from the description alone."""

from __future__ import annotations

import hashlib
import math
from statistics import NormalDist

import numpy as np
import pytest
from scipy.special import ndtri

from twin.engine import draws

# Without the compiler numpy warns where the hash wraps around on purpose.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")

MASK = (1 << 64) - 1


def finalise(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def slow_bits(stream, id_, event_):
    z = finalise((stream + id_ * 0x9E3779B97F4A7C15) & MASK)
    return finalise((z + event_ * 0xD1342543DE82EF95) & MASK)


KEYS = [(0, 0), (1, 0), (0, 1), (2**63, 5), (2**64 - 1, 2**64 - 1), (12345678901234567890, 42)]


@pytest.mark.parametrize("key", KEYS)
def test_bits_and_uniforms_are_those_of_the_slow_twin(key):
    stream = draws.make_stream(99, "oracle")
    id_, event_ = (np.uint64(k) for k in key)
    expected = slow_bits(int(stream), *key)
    assert int(draws.bits(stream, id_, event_)) == expected
    u = ((expected >> 12) + 0.5) * 2.0**-52
    assert float(draws.uniform(stream, id_, event_)) == u
    assert float(draws.normal(stream, id_, event_)) == pytest.approx(NormalDist().inv_cdf(u), rel=1e-9)
    assert float(draws.exponential(stream, id_, event_, 3.0)) == pytest.approx(-3.0 * math.log(u), rel=1e-14)


def test_an_event_is_the_same_key_inside_and_outside_kernels():
    assert draws.event(2, 1) == draws.event_key(2, 1) == np.uint64((2 << 32) | 1)


def test_streams_differ_by_purpose_and_seed_only():
    streams = {int(draws.make_stream(draws.make_run_seed(s, r), p)) for s in (1, 2) for r in (0, 1) for p in ("a", "b")}
    assert len(streams) == 8
    assert draws.make_stream(draws.make_run_seed(1, 0), "a") == draws.make_stream(draws.make_run_seed(1, 0), "a")


def test_a_lognormal_law_has_the_mean_and_variation_asked_for():
    log_mean, log_sd = draws.lognormal_law(150.0, 0.6)
    mean = math.exp(log_mean + log_sd**2 / 2)
    assert mean == pytest.approx(150.0, rel=1e-12)
    assert math.sqrt(math.expm1(log_sd**2)) == pytest.approx(0.6, rel=1e-12)
    with pytest.raises(ValueError, match="greater than 0"):
        draws.lognormal_law(0.0, 0.5)
    # A law without spread is its mean, however small that is.
    assert draws.lognormal_law(0.5, 0.0) == (math.log(0.5), 0.0)
    with pytest.raises(ValueError, match="at least 0"):
        draws.lognormal_law(0.5, -0.1)


def slow_uniform(stream, id_, event_):
    return ((slow_bits(int(stream), int(id_), int(event_)) >> 12) + 0.5) * 2.0**-52


STREAM = draws.make_stream(draws.make_run_seed(7, 1), "oracle.laws")
IDS = np.array([0, 1, 2, 3, 17, 2**40 + 5, 2**63 + 9, 2**64 - 1], np.uint64)
EVENT = draws.event(3, 4)


def test_streams_and_seeds_are_those_of_the_description():
    for base, replication in ((0, 0), (1, 0), (20261121, 3), (2**64 - 1, 1000)):
        seed = finalise((finalise(base) + replication * 0x9E3779B97F4A7C15) & MASK)
        assert int(draws.make_run_seed(base, replication)) == seed
        for purpose in ("a", "terminal.service", "夢洲"):
            word = int.from_bytes(hashlib.blake2b(purpose.encode(), digest_size=8).digest(), "little")
            assert int(draws.make_stream(np.uint64(seed), purpose)) == finalise(finalise(seed ^ word) ^ word)


def test_normal_quantiles_are_exact_from_the_middle_to_the_ends():
    ends = np.concatenate([10.0 ** -np.arange(1.0, 300.0, 7.0), [2.0**-53, math.exp(-25.0), 0.0749, 0.0751]])
    for p in [*np.linspace(0.01, 0.99, 197), *ends, *(1.0 - ends[ends > 1e-15])]:
        assert draws.normal_quantile(p) == pytest.approx(ndtri(p), rel=2e-14, abs=2e-16)


def test_sums_of_phases_take_bits_of_their_own():
    for id_ in IDS:
        for shape in (1, 2, 5):
            phases = [int(STREAM) ^ (phase * 0xD1342543DE82EF95 & MASK) for phase in range(shape)]
            total = -sum(math.log(slow_uniform(phase, id_, EVENT)) for phase in phases)
            assert draws.erlang(STREAM, id_, EVENT, shape, 150.0) == pytest.approx(total * 150.0 / shape, rel=1e-13)
        assert draws.erlang(STREAM, id_, EVENT, 1, 150.0) == draws.exponential(STREAM, id_, EVENT, 150.0)


def test_a_lognormal_is_the_exponential_of_its_normal():
    for id_ in IDS:
        normal = NormalDist().inv_cdf(slow_uniform(STREAM, id_, EVENT))
        assert draws.lognormal(STREAM, id_, EVENT, 0.3, 0.8) == pytest.approx(math.exp(0.3 + 0.8 * normal), rel=1e-9)


def test_categories_are_found_by_their_cumulative_weights():
    weights = np.array([0.0, 2.0, 0.0, 1.0, 5.0, 0.0, 0.5])
    cumulative = np.cumsum(weights)
    seen = set()
    for id_ in range(200):
        at = slow_uniform(STREAM, id_, EVENT) * cumulative[-1]
        expected = next(k for k, edge in enumerate(cumulative) if edge > at)
        assert draws.categorical(STREAM, np.uint64(id_), EVENT, cumulative) == expected
        seen.add(expected)
    assert seen == {1, 3, 4, 6}
    assert draws.categorical(STREAM, np.uint64(1), EVENT, np.array([3.0])) == 0
    # A uniform that lies just on an edge belongs to the category above it.
    edge = slow_uniform(STREAM, 1, EVENT)
    assert draws.categorical(STREAM, np.uint64(1), EVENT, np.array([edge, 1.0])) == 1


def test_many_draws_are_single_draws():
    for many, one in (
        (draws.uniforms(STREAM, IDS, EVENT), lambda id_: draws.uniform(STREAM, id_, EVENT)),
        (draws.normals(STREAM, IDS, EVENT), lambda id_: draws.normal(STREAM, id_, EVENT)),
        (draws.exponentials(STREAM, IDS, EVENT, 9.0), lambda id_: draws.exponential(STREAM, id_, EVENT, 9.0)),
    ):
        assert many.tolist() == [one(id_) for id_ in IDS]


def test_poisson_numbers_count_the_unit_exponentials_that_fit():
    means = np.array([0.0, 0.3, 1.0, 8.0, 640.0, 700.0, 1500.0, 2500.0])
    expected = []
    for id_, mean in zip(IDS, means, strict=True):
        sums = 0.0
        number = 0
        while (sums := sums - math.log(slow_uniform(STREAM, id_, number))) <= mean:
            number += 1
        expected.append(number)
    assert draws.poisson_counts(STREAM, IDS, means).tolist() == expected
    singly = [draws.poisson_count(STREAM, int(id_), float(mean)) for id_, mean in zip(IDS, means, strict=True)]
    assert singly == expected
