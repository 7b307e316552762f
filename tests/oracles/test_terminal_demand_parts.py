"""Trucks row by row against plain words over the same draws: who sends them, what they come for, what they are like."""

from __future__ import annotations

import bisect

import numpy as np
import pytest

from twin.engine.draws import event, make_run_seed, make_stream, normal_quantile, uniform
from twin.models.terminal import names
from twin.models.terminal.demand import kernels

# Without compilation, numpy warns where the hash of the draws wraps around on purpose.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
IDS = np.arange(200, dtype=np.uint64) * np.uint64(5) + np.uint64(3)
STREAMS = {name: make_stream(make_run_seed(2, 0), f"terminal.{name}") for name in kernels.PURPOSES}
LADEN_OUT, LADEN_IN, EMPTY_OUT, EMPTY_IN = range(4)
#: Cumulative weights: nobody is of the middle type.
TYPES, FIRST, HAULIERS = np.array([2.0, 2.0, 5.0]), np.array([0, 4, 5]), np.array([4, 1, 7])


def draw(name, id_, *key):
    return uniform(STREAMS[name], id_, event(*key))


def haulier_of(id_):
    type_ = bisect.bisect_right(TYPES[:-1].tolist(), draw("haulier", id_, 0) * 5.0)
    return type_, FIRST[type_] + int(draw("haulier", id_, 0, 1) * HAULIERS[type_])


def test_hauliers_are_picked_by_the_share_of_their_type():
    out = np.full(len(IDS), -1, np.int32)
    kernels.pick_hauliers(IDS, STREAMS["haulier"], TYPES, FIRST, HAULIERS, out)
    assert out.tolist() == [haulier_of(id_)[1] for id_ in IDS]
    assert set(out.tolist()) == {*range(4), *range(5, 12)}


def test_trucks_of_a_count_come_at_moments_within_it():
    stream = STREAMS["moves"]
    first, numbers = np.array([100, 40, 7], np.uint64), np.array([3, 0, 2])
    start_s, end_s, kinds = (
        np.array([0.0, 50.0, 3600.0]),
        np.array([900.0, 60.0, 7200.0]),
        np.array([2, 9, -1], np.int32),
    )
    ids, desired_s, kind = np.zeros(5, np.uint64), np.zeros(5), np.zeros(5, np.int32)
    kernels.wish_by_hour(first, numbers, start_s, end_s, kinds, stream, ids, desired_s, kind)
    assert ids.tolist() == [100, 101, 102, 7, 8]
    assert kind.tolist() == [2, 2, 2, -1, -1]
    u = [uniform(stream, id_, event(0)) for id_ in ids]
    expected = [*(900.0 * v for v in u[:3]), *(3600.0 + 3600.0 * v for v in u[3:])]
    np.testing.assert_allclose(desired_s, expected, rtol=1e-12)


KIND_WEIGHTS = np.array([0.4, 0.7, 0.9, 1.0])
CASES = {
    "drawn": {},
    "as told": {"kinds": True, "also": True},
    "nobody does two things": {"dual": 0.0, "trouble": 0.0, "oversize": 0.0, "refuse": [0.0], "blocks": 0.0},
    "short hours": {"hours": (600.0, 900.0), "entries": [], "refuse": []},
    "everybody": {"dual": 1.0, "trouble": 1.0, "oversize": 1.0, "refuse": [1.0, 0.0, 1.0], "blocks": 1.0},
}


@pytest.mark.parametrize("case", CASES)
def test_a_row_says_what_a_truck_comes_for_and_what_it_is_like(case):
    how = {
        "kinds": False, "also": False, "dual": 0.4, "trouble": 0.2, "oversize": 0.3, "refuse": [0.5, 0.0, 0.2],
        "blocks": 6.0, "hours": (36000.0, 3600.0), "entries": [1.0, 3.0, 4.0],
    } | CASES[case]  # fmt: skip
    n, luck = len(IDS), np.random.default_rng(8)
    kinds = luck.integers(-1, 4, n).astype(np.int32) if how["kinds"] else np.full(n, -1, np.int32)
    also = np.array(luck.choice([-1, LADEN_OUT, EMPTY_OUT], n), np.int32) if how["also"] else np.empty(0, np.int32)
    desired_s = luck.uniform(0, 86400, n)
    number = np.zeros(kernels.NUMBERS)
    # Of those who fetch, 0.4 of 0.6 fetch a laden box.
    number[[kernels.DUAL, kernels.FETCHED, kernels.FETCHED_LADEN, kernels.BLOCKS]] = (
        how["dual"],
        0.6,
        0.4,
        how["blocks"],
    )
    number[[kernels.TROUBLE_SHARE, kernels.OVERSIZE_SHARE]] = how["trouble"], how["oversize"]
    number[[kernels.HOURS_MEAN, kernels.HOURS_SD]] = how["hours"]
    moments = np.arange(names.TIME_COLUMNS) + 0.5
    words, codes = (
        np.arange(names.WORD_COLUMNS, dtype=np.int32) + 300,
        np.arange(names.CODE_COLUMNS, dtype=np.int8) + 60,
    )
    time_s, word = np.zeros((n, names.TIME_COLUMNS)), np.zeros((n, names.WORD_COLUMNS), np.int32)
    code, types = np.zeros((n, names.CODE_COLUMNS), np.int8), np.zeros(n, np.int32)
    kernels.make_rows(
        IDS, desired_s, kinds, also, np.array(list(STREAMS.values()), np.uint64), number, TYPES, FIRST, HAULIERS,
        KIND_WEIGHTS, np.array(how["entries"]), np.array(how["refuse"]), moments, words, codes, time_s, word, code,
        types,
    )  # fmt: skip
    fetched = set()
    for row, id_ in enumerate(IDS):
        expected_time_s, expected = moments.copy(), words.copy()
        expected_time_s[[names.PLAN, names.DESIRED]] = desired_s[row]
        mean_s, sd_s = how["hours"]
        expected_time_s[names.HOURS_LEFT] = max(mean_s + sd_s * normal_quantile(draw("hours", id_, 0)), 0.0)
        type_, expected[names.HAULIER] = haulier_of(id_)
        assert types[row] == type_
        kind = int(kinds[row])
        if kind < 0:
            kind = bisect.bisect_right(KIND_WEIGHTS[:-1].tolist(), draw("moves", id_, 0))
        second = -1
        if how["also"]:
            second = int(also[row])
            # A laden box that is fetched as the first move stays the first.
            laden = [kind == LADEN_OUT, second == LADEN_OUT]
        elif draw("moves", id_, 0, 1) < how["dual"]:
            # It brings one first, then fetches one.
            second = EMPTY_OUT
            if kind == LADEN_OUT or (kind != EMPTY_OUT and draw("moves", id_, 0, 2) < 0.4 / 0.6):
                second = LADEN_OUT
            laden = [False, second == LADEN_OUT]
        else:
            laden = [kind == LADEN_OUT, False]
        moves = 1 + (second >= 0)
        expected[[names.KIND, names.MOVES]] = kind, moves
        flags = names.FETCHES * laden[0] + 2 * names.FETCHES * laden[1]
        flags += names.TROUBLED * bool(draw("troubled", id_, 0) < how["trouble"])
        flags += names.IS_OVERSIZE * bool(draw("oversize", id_, 0) < how["oversize"])
        for yard, share in enumerate(how["refuse"]):
            flags += names.REFUSES * 2**yard * bool(draw("refuses", id_, 0, yard) < share)
        expected[names.FLAGS] = flags
        for move in range(moves if how["blocks"] else 0):
            expected[names.BLOCK_A + move] = int(draw("moves", id_, 0, 3 + move) * how["blocks"])
        if how["entries"]:
            expected[names.ENTRY] = bisect.bisect_right(how["entries"][:-1], draw("entry", id_, 0) * 4.0)
        np.testing.assert_allclose(time_s[row], expected_time_s, rtol=1e-12)
        np.testing.assert_array_equal(word[row], expected)
        np.testing.assert_array_equal(code[row], codes)
        fetched.add((kind, second, *laden))
    assert len(fetched) >= 4
    if how["also"]:
        assert len(fetched) == 12
    if case == "short hours":
        assert 0 < (time_s[:, names.HOURS_LEFT] == 0.0).sum() < n
