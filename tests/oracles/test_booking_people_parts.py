"""Parts of what people do with bookings, each by plain words over the same draws."""

from __future__ import annotations

import math

import numba
import numpy as np
import pytest

from twin.booking import names
from twin.booking import people_kernels as people
from twin.engine.draws import event, exponential, make_run_seed, make_stream, uniform

# Compiled, these are only parts of other kernels. Without compilation, numpy warns where the hash of the draws wraps
# around on purpose.
pytestmark = [
    pytest.mark.skipif(numba.config.DISABLE_JIT == 0, reason="compiled, these are only parts of other kernels"),
    pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning"),
]
IDS = np.arange(300, dtype=np.uint64) + np.uint64(11)


def streams_of(purposes):
    return np.array([make_stream(make_run_seed(4, 0), f"test.{name}") for name in purposes], np.uint64)


ASKING, SETTLING = streams_of(people.ASKING), streams_of(people.SETTLING)


def test_one_asks_a_lead_before_but_not_before_a_release_nor_before_the_books_open():
    number = np.zeros(names.NUMBER_OWN)
    number[names.BOOKS_OPEN] = 20000.0
    met = set()
    for id_ in IDS:
        lead = exponential(ASKING[people.BOOKS_AT], id_, event(0), 15000.0)
        rush = uniform(ASKING[people.RUSH], id_, event(0))
        for release in (-math.inf, 10000.0, 25000.0):
            wish = max(40000.0 - lead, release)
            expected = 20000.0 + rush if wish < 20000.0 else wish
            assert people.asks_at_s(ASKING, id_, 40000.0, 15000.0, release, number) == expected
            met.add((release, wish < 20000.0))
    assert len(met) == 5
    # Who is released as the books open is there in time, and comes before those who were too early.
    assert people.asks_at_s(ASKING, IDS[0], 1000.0, 10.0, 20000.0, number) == 20000.0


@pytest.mark.parametrize(("doubles", "cancels"), [(0.0, 0.0), (0.3, 0.0), (0.0, 0.4), (0.3, 0.4), (1.0, 1.0)])
def test_one_takes_two_slots_or_cancels_or_neither(doubles, cancels):
    number = np.zeros(names.NUMBER_OWN)
    number[names.DOUBLE_SHARE], number[names.DOUBLE_LAPSE] = doubles, 0.5
    number[names.CANCEL_SHARE], number[names.CANCEL_MEAN] = cancels, 5000.0
    ask, asker = np.full((len(IDS), names.ASK_OWN), np.nan), np.full((len(IDS), names.ASKER_OWN), -9, np.int32)
    of_doubles, of_cancels = ASKING[people.DOUBLES], ASKING[people.CANCELS]
    for row, id_ in enumerate(IDS):
        people.write_intent(ASKING, id_, row, number, ask, asker)
        intent, cancel_lead, second_lead = 0, -math.inf, -math.inf
        if uniform(of_doubles, id_, event(0)) < doubles:
            intent = names.DOUBLES
            second_lead = exponential(of_doubles, id_, event(0, 1), 5000.0)
            if uniform(of_doubles, id_, event(0, 2)) < 0.5:
                intent = names.DOUBLES + names.NEVER_GIVES_BACK
        elif uniform(of_cancels, id_, event(0)) < cancels:
            intent = names.CANCELS
            cancel_lead = exponential(of_cancels, id_, event(0, 1), 5000.0)
        assert asker[row, names.INTENT] == intent
        assert (ask[row, names.CANCEL_LEAD], ask[row, names.SECOND_LEAD]) == (cancel_lead, second_lead)


@pytest.mark.parametrize("bunching", [1.0, 2.0, 2.5])
def test_one_comes_in_the_slot_or_as_it_suits(bunching):
    number = np.zeros(names.SETTLE_NUMBERS)
    number[names.ON_TIME_SHARE], number[names.BUNCHING] = 0.7, bunching
    kept = 0
    for id_ in IDS:
        for desired_s in (900.0, 1000.0, 1450.0, 1999.0, 2000.0, 5000.0):
            expected = desired_s
            if uniform(SETTLING[people.ON_TIME], id_, event(0)) < 0.7:
                share = uniform(SETTLING[people.WITHIN_SLOT], id_, event(0))
                if desired_s in (1000.0, 1450.0, 1999.0):
                    share = (desired_s - 1000.0) / 1000.0
                expected = 1000.0 + 1000.0 * share**bunching
                kept += 1
            got = people.planned_s(id_, desired_s, 1000.0, 2000.0, SETTLING, number)
            assert got == pytest.approx(expected, rel=1e-12)
    assert 0 < kept < 6 * len(IDS)


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_who_keeps_a_booking_may_stay_away(share):
    number = np.zeros(names.SETTLE_NUMBERS)
    number[names.NO_SHOW_SHARE] = share
    for id_ in IDS[:60]:
        stays_away = uniform(SETTLING[people.NO_SHOW], id_, event(0)) < share
        expected = {
            names.NO_BOOKING: names.UNPLACED,
            names.FATE_KEPT: names.NO_SHOW if stays_away else names.PLACED,
            names.FATE_CANCELLED: names.CANCELLED,
            names.FATE_CANCELLED_LATE: names.CANCELLED_LATE,
            names.FATE_LAPSED: names.LAPSED,
        }
        for fate, outcome in expected.items():
            assert people.outcome_of(id_, fate, SETTLING, number) == outcome


def test_bookings_and_second_ones_are_counted_by_slot():
    counts, second = np.zeros((names.SLOT_COUNTS, 3), np.int64), np.zeros(4, np.int64)
    booked, by_row, given_back = np.zeros(3, int), np.zeros((names.SLOT_COUNTS, 3), int), np.zeros(4, int)
    first_row = {
        names.NO_SHOW: names.C_NO_SHOW,
        names.LAPSED: names.C_LAPSED,
        names.CANCELLED: names.C_CANCELLED,
        names.CANCELLED_LATE: names.C_CANCELLED_LATE,
    }
    second_row = {
        names.FATE_CANCELLED: (names.C_CANCELLED, names.SECOND_CANCELLED),
        names.FATE_CANCELLED_LATE: (names.C_CANCELLED_LATE, names.SECOND_CANCELLED_LATE),
        names.FATE_MISSED: (names.C_NO_SHOW, names.SECOND_MISSED),
    }
    for outcome in range(names.OUTCOMES):
        for first in [-1] if outcome in (names.NOT_ASKED, names.UNPLACED) else range(3):
            for other in range(-1, 3):
                # Some fates more often than others, or they could be exchanged.
                fates = [fate for fate in second_row for _ in range(1 + fate)] if other >= 0 else [names.NO_BOOKING]
                for fate in fates:
                    people.count_booking(outcome, first, other, fate, counts, second)
                    if first >= 0:
                        booked[first] += 1
                        if outcome in first_row:
                            by_row[first_row[outcome], first] += 1
                    if other >= 0:
                        row, what = second_row[fate]
                        booked[other] += 1
                        by_row[row, other] += 1
                        given_back[[names.SECOND_ALL, what]] += 1
    by_row[names.C_BOOKED] = booked
    np.testing.assert_array_equal(counts, by_row)
    np.testing.assert_array_equal(second, given_back)
    assert (by_row > 0).all()
