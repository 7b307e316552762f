from __future__ import annotations

import numpy as np
import pytest

from twin.engine.draws import event, make_stream, uniforms
from twin.engine.ids import Kind, make_id, make_ids
from twin.models.road_traffic.background.whole_cars import whole_cars

STREAM = make_stream(np.uint64(7), "test.count")


def slow_whole_cars(count, origin, first_serial):
    """Row by row: the whole cars, and one more if its own id draws less than the fraction."""
    ids, rows = [], []
    for row, (expected, place) in enumerate(zip(count.tolist(), origin.tolist(), strict=True)):
        found = make_ids(Kind.CAR, place, int(expected) + 1, first_serial).tolist()
        if not uniforms(STREAM, np.array(found[-1:], np.uint64), event(0))[0] < expected - int(expected):
            found.pop()
        ids += found
        rows += [row] * len(found)
    return ids, rows


@pytest.mark.parametrize("first_serial", [0, 5 << 24])
@pytest.mark.parametrize("seed", range(3))
def test_ids_are_those_of_a_loop_over_rows(seed, first_serial):
    rng = np.random.default_rng(seed)
    count = rng.exponential(3, 300) * (rng.random(300) < 0.8)
    count[:50] = np.floor(count[:50])
    origin = rng.permutation(1 << 20)[:300]
    ids, rows = whole_cars(count, origin, first_serial, STREAM)
    assert (ids.tolist(), rows.tolist()) == slow_whole_cars(count, origin, first_serial)


def test_the_fraction_is_a_car_that_often():
    n, expected = 40_000, 0.3
    ids, _ = whole_cars(np.full(n, expected), np.arange(n), 0, STREAM)
    assert len(ids) == pytest.approx(n * expected, abs=4 * np.sqrt(n * expected * (1 - expected)))


def test_a_count_that_grows_only_adds_cars():
    count = np.random.default_rng(1).exponential(3, 200)
    origin = np.arange(200)
    few, more = (set(whole_cars(c, origin, 0, STREAM)[0].tolist()) for c in (count, count * 1.05))
    assert few < more


def test_rows_left_out_change_no_other_row():
    count, origin = np.random.default_rng(2).exponential(3, 200), np.arange(200)
    every, half = (whole_cars(count[s], origin[s], 0, STREAM)[0] for s in (slice(None), slice(None, None, 2)))
    kept = (every >> np.uint64(32)) % np.uint64(2) == 0
    assert half.tolist() == every[kept].tolist()


def test_no_rows_make_no_cars():
    ids, rows = whole_cars(np.empty(0), np.empty(0, np.int64), 0, STREAM)
    assert (len(ids), len(rows)) == (0, 0)


def test_the_last_serial_is_still_an_id_and_one_more_is_refused():
    last = (1 << 32) - 1
    ids, _ = whole_cars(np.array([0.999999]), np.array([3]), last, STREAM)
    assert set(ids.tolist()) <= {int(make_id(Kind.CAR, 3, last))}
    with pytest.raises(ValueError, match="out of range"):
        whole_cars(np.array([1.0]), np.array([3]), last, STREAM)
