"""Rows in order of moments, against a sort by comparing."""

import numpy as np
import pytest

from twin.models.terminal.gate.state import in_order

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
