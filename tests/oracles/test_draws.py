"""Draws against a slow twin in plain integers, written from the description alone."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest

from twin.engine import draws

MASK = (1 << 64) - 1


def finalise(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def slow_bits(stream, id_, event_):
    z = finalise((stream + id_ * 0x9E3779B97F4A7C15) & MASK)
    return finalise((z + event_ * 0xD1342543DE82EF95) & MASK)


KEYS = [(0, 0), (1, 0), (0, 1), (2**63, 5), (2**64 - 1, 2**64 - 1), (12345678901234567890, 42)]


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
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
