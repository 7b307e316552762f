"""Kernels of sensors against slow, obvious versions."""

from __future__ import annotations

import numpy as np
import pytest

from twin.engine.draws import event, make_stream, normals, uniforms
from twin.observe import kernels

# Words of 64 bits wrap around by design; without the compiler numpy says so.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")

PHONE, OWN = make_stream(3, "phone"), make_stream(3, "own")


def u(stream, id_, first, second):
    return float(uniforms(stream, np.array([id_], np.uint64), event(first, second))[0])


def n(stream, id_, first, second):
    return float(normals(stream, np.array([id_], np.uint64), event(first, second))[0])


@pytest.mark.parametrize("wrong_way", [0.0, 0.3])
def test_counts_are_thinned_head_by_head(wrong_way):
    ids, heads = np.array([5, 9, 2**40 + 1], np.uint64), np.array([7, 0, 12])
    right, wrong = np.zeros(3, np.int64), np.zeros(3, np.int64)
    kernels.thin_counts(OWN, ids, heads, 0.3, 0.4, wrong_way, right, wrong)
    for i, id_ in enumerate(ids.tolist()):
        expected = [0, 0]
        for k in range(int(heads[i])):
            if u(OWN, id_, k, 0) >= 0.3:
                expected[int(u(OWN, id_, k, 2) < wrong_way)] += 1 + (u(OWN, id_, k, 1) < 0.4)
        assert [right[i], wrong[i]] == expected


@pytest.mark.parametrize(("lost", "least"), [(0.0, 1), (0.5, 1), (0.5, 2)])
def test_stays_are_what_pings_tell(lost, least):
    rng = np.random.default_rng(1)
    ids = np.arange(10, 60, dtype=np.uint64)
    enter = rng.uniform(0, 3600, 50)
    leave = enter + rng.exponential(3000, 50)
    every, gap, phones = 300.0, 700.0, 0.7
    expected = []
    for i, id_ in enumerate(ids.tolist()):
        if float(uniforms(PHONE, ids[i : i + 1], np.uint64(0))[0]) >= phones:
            continue
        at, k, pings = enter[i] + u(OWN, id_, 0, 0) * every, 0, []
        while at <= leave[i]:
            k += 1
            if lost == 0 or u(OWN, id_, k, 1) >= lost:
                pings.append(at)
            at += every
        runs = np.split(np.array(pings), np.flatnonzero(np.diff(pings) > gap) + 1)
        expected += [(i, run[0], run[-1]) for run in runs if len(run) >= least]
    none = np.zeros(0)
    args = (PHONE, OWN, ids, enter, leave, phones, every, lost, gap, least)
    count = kernels.ping_stays(*args, np.zeros(0, np.int64), none, none)
    row, first, last = np.zeros(count, np.int64), np.zeros(count), np.zeros(count)
    assert kernels.ping_stays(*args, row, first, last) == count
    assert list(zip(row.tolist(), first.tolist(), last.tolist(), strict=True)) == expected
    assert count > 20


def test_pings_fall_into_zones_one_by_one():
    ids, heads = np.array([4, 7], np.uint64), np.array([2.5, 3.0])
    x, y = np.array([0.0, 80.0]), np.array([0.0, 0.0])
    zone_x, zone_y, zone_r = np.array([0.0, 100.0]), np.zeros(2), np.array([50.0, 60.0])
    found = np.zeros((2, 2), np.int64)
    kernels.zone_pings(
        PHONE, OWN, ids, heads, x, y, 600.0, 0.6, 250.0, 0.2, 30.0, zone_x, zone_y, zone_r, found
    )  # fmt: skip
    expected = np.zeros((2, 2), np.int64)
    for i, id_ in enumerate(ids.tolist()):
        for k in range(int(heads[i] + u(OWN, id_, 0, 0))):
            if u(PHONE, id_, k + 1, 1) >= 0.6:
                continue
            for j in range(int(600.0 / 250.0 + u(OWN, id_, k + 1, 0))):
                if u(OWN, id_, k + 1, 3 * j + 1) < 0.2:
                    continue
                at = x[i] + 30 * n(OWN, id_, k + 1, 3 * j + 2), y[i] + 30 * n(OWN, id_, k + 1, 3 * j + 3)
                for z in range(2):
                    expected[i, z] += np.hypot(at[0] - zone_x[z], at[1] - zone_y[z]) <= zone_r[z]
    assert np.array_equal(found, expected)
    assert found.sum() > 0


def test_beacons_hear_phones_at_both_ends_by_draws_of_their_own():
    ids = np.arange(40, dtype=np.uint64)
    came, left = np.zeros(40, np.bool_), np.zeros(40, np.bool_)
    kernels.heard(PHONE, OWN, ids, 0.5, 0.8, came, left)
    carries = uniforms(PHONE, ids, np.uint64(0)) < 0.5
    assert np.array_equal(came, carries & (uniforms(OWN, ids, event(0, 0)) < 0.8))
    assert np.array_equal(left, carries & (uniforms(OWN, ids, event(1, 0)) < 0.8))
