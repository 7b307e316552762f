"""Small sums that stories rest on."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from twin.story import last_of_each_instant, most_at_once

SPANS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 15), st.integers(1, 4)), min_size=1, max_size=30)


@given(SPANS)
def test_most_at_once_is_what_counting_at_every_instant_gives(spans):
    begin = np.array([float(a) for a, _, _ in spans])
    end = np.array([float(a + length) for a, length, _ in spans])
    weight = np.array([float(w) for *_, w in spans])
    at_s, most = most_at_once(begin, end, weight)
    counted = [sum(w for a, b, w in zip(begin, end, weight, strict=True) if a <= t < b) for t in range(60)]
    assert most == max(counted)
    if most:
        assert counted[int(at_s)] == most
        assert counted.index(most) == at_s


def test_nobody_is_at_no_time():
    at_s, most = most_at_once(np.array([np.nan]), np.array([1.0]))
    assert math.isnan(at_s)
    assert most == 0


def test_of_several_changes_at_an_instant_the_last_holds():
    table = {"time_s": np.array([5.0, 1.0, 5.0]), "change": np.array([1, 0, 2]), "n": np.array([7, 3, 9])}
    kept = last_of_each_instant(table)
    assert kept["time_s"].tolist() == [1.0, 5.0]
    assert kept["n"].tolist() == [3, 9]
