"""Drives whose times change, by the curve of what is done by when; stops on the way, by their definition."""

from __future__ import annotations

import numpy as np
import pytest

from twin.models.transit.fleet.kernels import first_on_the_way
from twin.models.transit.fleet.rows import new_times, with_slices
from twin.models.transit.fleet.time_kernels import drive_s, leave_by_s, rest_of_drive_s, share_done

STOPS = 4


class Day:
    """Slices of random length and slowness; the curve of drives done since the first moment, for each pair of stops."""

    def __init__(self, seed):
        luck = np.random.default_rng(seed)
        self.from_s = np.concatenate([[0.0], np.cumsum(luck.uniform(50.0, 400.0, 7))])
        kinds = luck.uniform(20.0, 900.0, (5, STOPS, STOPS))
        slice_of = luck.integers(0, 5, 8)
        self.times = with_slices(new_times(kinds[0], np.arange(STOPS)), self.from_s, slice_of, kinds)
        self.slice_s = kinds[slice_of]

    def curve(self, here, there):
        """Moments, and drives done by each: it grows by one over the slice's time a second."""
        moments = np.append(self.from_s, self.from_s[-1] + 1e5)
        done = np.concatenate([[0.0], np.cumsum(np.diff(moments) / self.slice_s[:, here, there])])
        return moments, done


@pytest.mark.parametrize("seed", range(4))
def test_drives_follow_the_curve_of_what_is_done(seed):
    day, luck = Day(seed), np.random.default_rng(seed)
    borders = day.from_s[1:5].tolist()
    for at_s in [*luck.uniform(0.0, day.from_s[-1] + 500.0, 20).tolist(), 0.0, *borders]:
        here, there = luck.integers(0, STOPS, 2).tolist()
        moments, done = day.curve(here, there)
        now = float(np.interp(at_s, moments, done))

        def when(share, moments=moments, done=done):
            return float(np.interp(share, done, moments))

        assert at_s + drive_s(day.times, at_s, here, there) == pytest.approx(when(now + 1.0), rel=1e-9)
        left = float(luck.uniform(0.0, 1.0))
        assert at_s + rest_of_drive_s(day.times, at_s, left, here, there) == pytest.approx(when(now + left), rel=1e-9)
        if now > 1.0:
            assert leave_by_s(day.times, at_s, here, there) == pytest.approx(when(now - 1.0), rel=1e-9)
        later_s = at_s + float(luck.uniform(0.0, 900.0))
        share = share_done(day.times, at_s, later_s, here, there)
        assert share == pytest.approx(float(np.interp(later_s, moments, done)) - now, abs=1e-12)


def test_who_arrives_as_a_slice_begins_drove_in_those_before():
    day = Day(9)
    moments, done = day.curve(1, 2)
    for k in range(2, 8):
        if done[k] > 1.0:
            expected = float(np.interp(done[k] - 1.0, done, moments))
            assert leave_by_s(day.times, float(moments[k]), 1, 2) == pytest.approx(expected, rel=1e-9)


def test_one_matrix_holds_always():
    between = np.array([[0.0, 60.0], [90.0, 0.0]])
    times = new_times(between, np.arange(2))
    assert drive_s(times, 500.0, 0, 1) == 60.0
    assert leave_by_s(times, 500.0, 1, 0) == 410.0
    assert share_done(times, 500.0, 530.0, 0, 1) == 0.5
    assert rest_of_drive_s(times, 500.0, 0.25, 1, 0) == 22.5


@pytest.mark.parametrize("seed", range(8))
def test_the_first_stop_on_the_way_is_the_nearest_that_costs_no_detour(seed):
    luck = np.random.default_rng(seed)
    n = 7
    # Whole seconds on a line with gaps: many stops lie exactly on the way, some at one place, some apart.
    at = np.sort(luck.integers(0, 9, n)).astype(float)
    between = np.abs(at[:, None] - at[None, :]) + np.where(luck.random((n, n)) < 0.3, luck.integers(0, 3, (n, n)), 0)
    between[luck.random((n, n)) < 0.1] = np.inf
    np.fill_diagonal(between, 0.0)
    near, via = np.argsort(between, axis=1, kind="stable"), np.full((n, n), -9, np.int32)
    first_on_the_way(between, near, via)
    met = 0
    for a in range(n):
        for b in range(n):
            whole = between[a, b]
            on_it = [
                c for c in near[a].tolist() if 0.0 < between[a, c] < whole and between[a, c] + between[c, b] <= whole
            ]
            expected = on_it[0] if a != b and np.isfinite(whole) and on_it else b
            assert via[a, b] == expected
            met += expected != b
    assert met > 2


def test_two_slices_are_two():
    between = np.array([[0.0, 60.0], [90.0, 0.0]])
    times = with_slices(
        new_times(between, np.arange(2)), np.array([0.0, 1000.0]), np.arange(2), np.stack([between, 2 * between])
    )
    assert drive_s(times, 970.0, 0, 1) == pytest.approx(30.0 + 60.0)
    assert rest_of_drive_s(times, 970.0, 1.0, 0, 1) == pytest.approx(30.0 + 60.0)
    assert leave_by_s(times, 1060.0, 0, 1) == pytest.approx(970.0)
    assert share_done(times, 970.0, 1060.0, 0, 1) == pytest.approx(1.0)
