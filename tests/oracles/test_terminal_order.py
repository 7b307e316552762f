"""Rows in order of moments, against a sort by comparing."""

import numpy as np
import pytest

from twin.engine.stations.order_kernels import order_rows
from twin.engine.stations.state import in_order

N = 3000


def spread(luck):
    return luck.uniform(0.0, 86400.0, N)


def rush(luck):
    """Half of all within one second of a day, as when the books open."""
    return np.where(luck.uniform(size=N) < 0.5, 1e4 + luck.uniform(size=N), luck.uniform(0.0, 86400.0, N))


def rush_in_rush(luck):
    """A tenth within a millionth of the second in which another tenth lies: closer than two deals can tell apart."""
    u = luck.uniform(size=(2, N))
    return np.where(u[0] < 0.1, 1e4 + 1e-6 * u[1], np.where(u[0] < 0.2, 1e4 + u[1], 86400.0 * u[1]))


def few_moments(luck):
    return luck.integers(0, 7, N).astype(np.float64)


def many_pairs(luck):
    return luck.integers(0, N // 2, N).astype(np.float64)


def heavy_tail(luck):
    return np.exp(luck.normal(0.0, 12.0, N))


@pytest.mark.parametrize("moments", [spread, rush, rush_in_rush, few_moments, many_pairs, heavy_tail])
def test_rows_are_sorted_by_moment_and_id(moments):
    luck = np.random.default_rng(5)
    at_s = moments(luck) - 40000.0
    ids = luck.permutation(N).astype(np.uint64)
    rows = np.sort(luck.choice(N, N - 500, replace=False))
    given = rows.copy()
    np.testing.assert_array_equal(in_order(at_s, ids, rows), rows[np.lexsort((ids[rows], at_s[rows]))])
    np.testing.assert_array_equal(rows, given)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_rows_are_sorted_too(n):
    ids = np.arange(n, dtype=np.uint64)[::-1].copy()
    assert in_order(np.zeros(n), ids, np.arange(n)).tolist() == list(range(n))[::-1]


@pytest.mark.parametrize("moment_s", [-30000.0, 0.0, 30000.0])
@pytest.mark.parametrize("n", [2, 40, 300])
def test_rows_of_one_moment_are_sorted_by_id(n, moment_s):
    ids = np.random.default_rng(6).permutation(n).astype(np.uint64)
    assert in_order(np.full(n, moment_s), ids, np.arange(n)).tolist() == np.argsort(ids).tolist()


def test_two_crowded_moments_far_apart_are_sorted_by_id():
    """More rows at either moment than are sorted one by one, and nobody between them."""
    n = 200
    at_s = np.where(np.arange(n) % 2, 50000.0, 100.0)
    ids = np.random.default_rng(7).permutation(n).astype(np.uint64)
    assert in_order(at_s, ids, np.arange(n)).tolist() == np.lexsort((ids, at_s)).tolist()


def late_rush(luck):
    """Most within the last second, so that spans dealt out anew lie at the end of the room to work in."""
    return np.where(luck.uniform(size=N) < 0.7, 86399.0 + luck.uniform(size=N), luck.uniform(0.0, 86399.0, N))


@pytest.mark.parametrize("moments", [spread, rush, late_rush, many_pairs])
def test_spans_alone_sort_without_comparing_all(moments):
    """The kernel by itself, which else may leave the work to the sort that stands behind it."""
    luck = np.random.default_rng(5)
    at_s, ids = moments(luck), luck.permutation(N).astype(np.uint64)
    rows, out = np.arange(N), np.full(N, -1)
    ends, few_ends = np.zeros(N + 1, np.int64), np.zeros(N + 1, np.int64)
    assert order_rows(at_s, ids, rows, ends, few_ends, out)
    np.testing.assert_array_equal(out, np.lexsort((ids, at_s)))


def test_no_rows_are_in_order_and_a_crowd_at_one_moment_is_left_to_another_sort():
    none, one = np.empty(0, np.int64), np.zeros(1, np.int64)
    assert order_rows(np.zeros(0), np.zeros(0, np.uint64), none, one, one.copy(), none.copy())
    crowd = np.arange(200)
    room = (np.zeros(201, np.int64), np.zeros(201, np.int64), np.zeros(200, np.int64))
    assert not order_rows(np.zeros(200), crowd.astype(np.uint64), crowd, *room)
