"""Kernels over whole tables of visits, against the same said in numpy; laws of service against their draws."""

from __future__ import annotations

import math

import numba
import numpy as np
import pytest

from twin.engine.draws import erlang, event, exponential, lognormal, lognormal_law, make_stream, uniform
from twin.engine.stations.law_kernels import draw_law
from twin.models.terminal import names
from twin.models.terminal.gate import row_kernels
from twin.models.terminal.gate.state import BLANK, blank_rows
from twin.models.terminal.gate.truck_kernels import _small_poisson

pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
N = 400
#: Such parts are copied into the kernels that call them; the leg of oracles without the compiler runs these.
ALONE = pytest.mark.skipif(numba.config.DISABLE_JIT == 0, reason="compiled, these are only parts of other kernels")


@pytest.fixture
def visits():
    """Ids, moments, numbers and codes of visits to which anything may have happened."""
    luck = np.random.default_rng(8)
    time_s = luck.uniform(0.0, 86400.0, (N, names.TIME_COLUMNS))
    word = luck.integers(-1, 40, (N, names.WORD_COLUMNS)).astype(np.int32)
    code = np.zeros((N, names.CODE_COLUMNS), np.int8)
    code[:, names.BOOKING] = luck.choice([names.PLACED, names.PLACED, names.NO_SHOW, names.UNPLACED], N)
    code[:, names.STATE] = luck.integers(0, 10, N)
    code[:, names.REASON] = luck.choice([names.SERVED_WELL, names.SERVED_WELL, names.TOO_LATE, names.TOO_EARLY], N)
    code[:, names.SERVED_AS] = luck.integers(0, 2, N)
    return luck.permutation(N).astype(np.uint64), time_s, word, code


def test_visits_are_copied_column_by_column(visits):
    ids, time_s, word, code = visits
    rows = np.random.default_rng(9).permutation(N)[:170]
    times, words, codes = np.array([3, 0, 7]), np.array([5, 1]), np.array([names.REASON, names.STATE])
    out = (
        np.zeros(170, np.uint64), np.zeros((3, 170)), np.zeros((2, 170), np.int32), np.zeros((2, 170), np.int32),
        np.full((2, 170), -9, np.int32), np.zeros(170, bool),
    )  # fmt: skip
    row_kernels.copy_visits(rows, ids, time_s, word, code, times, words, codes, 7, *out)
    lane = word[rows, names.LANE]
    assert {-1, 0} < set(lane.tolist())
    np.testing.assert_array_equal(out[0], ids[rows])
    np.testing.assert_array_equal(out[1], time_s[rows][:, times].T)
    np.testing.assert_array_equal(out[2], word[rows][:, words].T)
    np.testing.assert_array_equal(out[3], code[rows][:, codes].T)
    np.testing.assert_array_equal(out[4], np.where(lane >= 0, np.divmod(lane, 7), -1))
    np.testing.assert_array_equal(out[5], (word[rows, names.FLAGS] & names.TROUBLED) > 0)


def test_who_was_served_is_told_where_their_customer_belongs(visits):
    _, time_s, word, _ = visits
    rows = np.random.default_rng(9).permutation(N)[:50]
    customer = np.full(N, -1)
    customer[rows] = np.random.default_rng(1).permutation(50)
    times, server = np.zeros((3, 50)), np.zeros(50, np.int32)
    row_kernels.copy_served(rows, time_s, word, customer, times, server)
    for row in rows:
        at = customer[row]
        assert times[:, at].tolist() == time_s[row, [names.WAITED, names.GATE_START, names.GATE_END]].tolist()
        assert server[at] == word[row, names.LANE]


def test_bookings_used_are_those_of_trucks_served_in_their_window(visits):
    _, time_s, _, code = visits
    starts = np.arange(8.0, 17.0) * 3600.0
    time_s[:, names.SLOT_FROM] = np.random.default_rng(2).choice(starts, N)
    used = np.ones(len(starts), np.int64)
    row_kernels.count_used(time_s, code, starts, used)
    over = np.isin(code[:, names.STATE], (names.GONE, names.DRIVING_OUT, names.LEFT)) & (
        code[:, names.REASON] == names.SERVED_WELL
    )
    own = over & (code[:, names.BOOKING] == names.PLACED) & (code[:, names.SERVED_AS] == names.BOOKED)
    assert own.sum() > 8
    assert (used - 1).tolist() == [int((own & (time_s[:, names.SLOT_FROM] == start)).sum()) for start in starts]


@pytest.mark.parametrize("slots", [1, 2, 9])
def test_a_slot_is_found_from_any_other(slots):
    """From the last to the first and back, and where there is only one."""
    luck = np.random.default_rng(3)
    starts = 3600.0 * (8.0 + np.arange(slots))
    time_s, _, code = blank_rows(N)
    at = luck.integers(0, slots, N)
    at[:4] = 0, slots - 1, 0, slots - 1
    time_s[:, names.SLOT_FROM] = starts[at]
    code[:, [names.STATE, names.REASON, names.BOOKING, names.SERVED_AS]] = (
        names.LEFT,
        names.SERVED_WELL,
        names.PLACED,
        names.BOOKED,
    )
    used = np.zeros(slots, np.int64)
    row_kernels.count_used(time_s, code, starts, used)
    assert used.tolist() == np.bincount(at, minlength=slots).tolist()


@pytest.mark.parametrize(
    ("state", "reason", "booking", "served_as", "counts"),
    [
        (names.GONE, names.SERVED_WELL, names.PLACED, names.BOOKED, True),
        (names.DRIVING_OUT, names.SERVED_WELL, names.PLACED, names.BOOKED, True),
        (names.LEFT, names.SERVED_WELL, names.PLACED, names.BOOKED, True),
        (names.UNDER_WAY, names.SERVED_WELL, names.PLACED, names.BOOKED, False),
        (names.WITHDRAWN, names.SERVED_WELL, names.PLACED, names.BOOKED, False),
        (names.LEFT, names.TOO_LATE, names.PLACED, names.BOOKED, False),
        (names.LEFT, names.SERVED_WELL, names.NO_SHOW, names.BOOKED, False),
        (names.LEFT, names.SERVED_WELL, names.PLACED, 1 - names.BOOKED, False),
    ],
)
def test_a_booking_is_used_by_whoever_was_served_as_booked_and_is_gone(state, reason, booking, served_as, counts):
    time_s, _, code = blank_rows(2)
    time_s[:, names.SLOT_FROM] = [3600.0, 7200.0]
    code[:, [names.STATE, names.REASON, names.BOOKING, names.SERVED_AS]] = state, reason, booking, served_as
    used = np.zeros(3, np.int64)
    row_kernels.count_used(time_s, code, np.array([3600.0, 7200.0, 9000.0]), used)
    assert used.tolist() == [int(counts), int(counts), 0]


def test_visits_are_counted_by_what_became_of_them(visits):
    code = visits[3]
    counts = np.zeros((4, np.prod(names.COUNTS)), np.int64)
    row_kernels.count_visits(code, counts)
    expected = np.zeros(names.COUNTS, np.int64)
    np.add.at(expected, (code[:, names.BOOKING], code[:, names.STATE], code[:, names.REASON]), 1)
    np.testing.assert_array_equal(counts.sum(axis=0).reshape(names.COUNTS), expected)
    assert (counts.sum(axis=1) == N // 4).all()


def test_rows_are_written_anew_and_others_stay(visits):
    _, time_s, word, code = visits
    before = [part.copy() for part in (time_s, word, code)]
    row_kernels.reset_rows(np.array([4, 399]), *BLANK, time_s, word, code)
    for part, was, blank in zip((time_s, word, code), before, BLANK, strict=True):
        was[[4, 399]] = blank
        np.testing.assert_array_equal(part, was)


@ALONE
def test_each_stage_draws_by_its_own_law():
    num = np.zeros(names.NUMBERS)
    stream, id_, key = make_stream(np.uint64(3), "laws"), np.uint64(11), event(2, 5)
    law = lognormal_law(150.0, 0.6)
    cases = [
        (names.EXPONENTIAL, 60.0, (0.0, 0.0), 1, exponential(stream, id_, key, 60.0)),
        (names.LOGNORMAL, 150.0, law, 1, lognormal(stream, id_, key, *law)),
        (names.ERLANG, 90.0, (0.0, 0.0), 3, erlang(stream, id_, key, 3, 90.0)),
        (
            next(c for c in range(9) if c not in (names.EXPONENTIAL, names.LOGNORMAL, names.ERLANG)),
            40.0,
            (0.0, 0.0),
            1,
            40.0,
        ),
    ]
    for stage, (kind, mean, logs, phases, _) in enumerate(cases):
        num[names.FIRST_LAW + 5 * stage : names.FIRST_LAW + 5 * stage + 5] = kind, mean, *logs, phases
    for stage, case in enumerate(cases):
        assert draw_law(num, stage, stream, id_, key) == case[-1]


@ALONE
def test_small_poisson_numbers_invert_their_distribution():
    stream, key = make_stream(np.uint64(3), "small"), event(0, 1)
    for mean in (0.2, 1.0, 6.0):
        for id_ in range(60):
            u = uniform(stream, np.uint64(id_), key)
            number, below = 0, math.exp(-mean)
            while u > below:
                number += 1
                below += math.exp(-mean) * mean**number / math.factorial(number)
            assert _small_poisson(stream, np.uint64(id_), key, mean) == number
