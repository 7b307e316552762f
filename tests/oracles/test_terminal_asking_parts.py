"""What trucks bring along when they ask for a slot, and what becomes of their rows, by plain words over their draws."""

from __future__ import annotations

import bisect
import math

import numpy as np
import pytest

from twin.booking import names as rules
from twin.engine.draws import event, exponential, make_run_seed, make_stream, uniform
from twin.models.terminal import names as truck
from twin.models.terminal.booking import asking_kernels, kernels

# Without compilation, numpy warns where the hash of the draws wraps around on purpose.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
COUNT = 240
#: Who brings a box, who fetches a laden one, anything of vessel 1, everything that is empty, a vessel that never calls.
LIMITS = [(1, -1, -1), (0, 1, -1), (-1, -1, 1), (-1, 0, -1), (-1, -1, -2), (1, 1, 0)]


def streams_of(purposes):
    return {name: make_stream(make_run_seed(9, 0), f"terminal.{name}") for name in purposes}


def as_array(streams):
    return np.array(list(streams.values()), np.uint64)


def asked(provisional, opens_s=30000.0):
    luck, n = np.random.default_rng(5), COUNT
    case = {
        "ids": np.arange(n, dtype=np.uint64) * np.uint64(3) + np.uint64(8),
        "desired_s": np.sort(luck.uniform(30000.0, 70000.0, n)),
        "earliest_s": luck.uniform(0, 1, n),
        "latest_s": luck.uniform(2, 3, n),
        "known_s": np.where(luck.random(n) < 0.4, luck.uniform(30000.0, 60000.0, n), np.nan),
        "vessel": luck.integers(-1, 3, n).astype(np.int32),
        "time_s": luck.uniform(0, 9, (n, truck.TIME_COLUMNS)),
        "word": luck.integers(0, 40, (n, truck.WORD_COLUMNS)).astype(np.int32),
        "haulier_type": luck.integers(0, 2, n).astype(np.int32),
        "asks": luck.random(n) < 0.85,
    }
    case["word"][:, truck.KIND] = luck.integers(0, 4, n)
    number = np.zeros(asking_kernels.ASK_NUMBERS)
    number[rules.BOOKS_OPEN], number[rules.DOUBLE_SHARE], number[rules.DOUBLE_LAPSE] = opens_s, 0.2, 0.5
    number[rules.CANCEL_SHARE], number[rules.CANCEL_MEAN] = 0.3, 4000.0
    number[asking_kernels.PROVISIONAL_SHARE], number[asking_kernels.RELEASE_DELAY] = provisional, 7000.0
    out_asks_s = np.full(n, np.nan)
    ask = np.full((n, kernels.ASK_COLUMNS), np.nan)
    asker = np.full((n, kernels.ASKER_COLUMNS), -9, np.int32)
    ends = np.arange(34000.0, 72000.0, 3600.0)
    asking_kernels.make_asks(
        *case.values(), as_array(streams_of(asking_kernels.ASKING)), number, np.array([5000.0, 20000.0]),
        np.array([1000.0, 3000.0]), np.array(LIMITS, np.int32), ends, 5000.0, out_asks_s, ask, asker,
    )  # fmt: skip
    return case, ends, out_asks_s, ask, asker


@pytest.mark.parametrize("provisional", [0.0, 0.5, 1.0])
def test_what_a_truck_brings_along_when_it_asks(provisional):
    case, ends, asks_s, ask, asker = asked(provisional)
    streams, met = streams_of(asking_kernels.ASKING), set()
    for row, id_ in enumerate(case["ids"]):
        kind, type_ = int(case["word"][row, truck.KIND]), int(case["haulier_type"][row])
        brings, laden = kind in (1, 3), kind in (0, 1)
        pools = 1
        for i, (of_brings, of_laden, vessel) in enumerate(LIMITS):
            binds = of_brings in (-1, brings) and of_laden in (-1, laden)
            if binds and (vessel == -1 or vessel == case["vessel"][row]):
                pools += 2 ** (i + 1)
        assert asker[row, rules.POOLS] == pools
        if not case["asks"][row]:
            assert asks_s[row] == math.inf
            assert np.isnan(ask[row]).all()
            continue
        known, desired_s = float(case["known_s"][row]), float(case["desired_s"][row])
        early = kind == 0 and uniform(streams["provisional"], id_, event(0)) < provisional
        expected = desired_s - exponential(streams["books_at"], id_, event(0), (5000.0, 20000.0)[type_])
        if not early and not math.isnan(known):
            expected = max(expected, known)
        if expected < 30000.0:
            expected = 30000.0 + uniform(streams["rush"], id_, event(0))
        assert asks_s[row] == expected
        assert ask[row, rules.DESIRED] == desired_s
        assert ask[row, rules.EARLIEST] == case["earliest_s"][row]
        assert ask[row, rules.LATEST] == case["latest_s"][row]
        assert ask[row, kernels.HOURS_LEFT] == case["time_s"][row, truck.HOURS_LEFT]
        slack = exponential(streams["slack"], id_, event(0), (1000.0, 3000.0)[type_]) if kind == 0 else math.inf
        assert ask[row, kernels.SLACK] == slack
        there_s = -math.inf
        if early:
            delay_s = exponential(streams["provisional"], id_, event(0, 1), 7000.0)
            there_s = expected + delay_s if math.isnan(known) else known
        assert ask[row, rules.KNOWN] == there_s
        assert asker[row, kernels.HAULIER] == case["word"][row, truck.HAULIER]
        assert asker[row, rules.TYPE] == type_
        assert asker[row, rules.INTENT] in (0, rules.CANCELS, rules.DOUBLES, rules.DOUBLES | rules.NEVER_GIVES_BACK)
        assert asker[row, rules.FIRST] == bisect.bisect_left(ends, desired_s - 5000.0)
        assert asker[row, rules.NEAREST] == bisect.bisect_left(ends, desired_s)
        met.add((kind, early, math.isnan(known)))
    assert len(met) == {0.0: 8, 0.5: 10, 1.0: 8}[provisional]


@pytest.mark.parametrize("hours", [[3.0], [2.0, 5.0, 5.5, 9.0]])
def test_what_came_of_asking_is_written_into_the_rows(hours):
    """Rows as they were but for what asking changes; who stays away on the day or missed a slot is looked up."""
    case, _, asks_s, ask, _ = asked(0.5)
    luck, n = np.random.default_rng(6), COUNT
    slot = luck.integers(0, 4, (n, 2)).astype(np.int32)
    fate = luck.integers(rules.NO_BOOKING, rules.FATE_LAPSED + 1, (n, 2)).astype(np.int32)
    slot[fate == rules.NO_BOOKING] = -1
    fate[(fate[:, 1] == rules.FATE_KEPT) | (fate[:, 1] == rules.FATE_LAPSED), 1] = rules.FATE_MISSED
    from_s = np.array([30000.0, 40000.0, 50000.0, 60000.0])
    number = np.zeros(rules.SETTLE_NUMBERS)
    number[rules.NO_SHOW_SHARE], number[rules.ON_TIME_SHARE], number[rules.BUNCHING] = 0.4, 0.6, 1.5
    stays_away = np.zeros(rules.OUTCOMES, bool)
    stays_away[[rules.CANCELLED, rules.UNPLACED]] = True
    streams = streams_of(asking_kernels.SETTLING)
    starts = 3600.0 * np.arange(len(hours))
    time_s, word = np.full((n, truck.TIME_COLUMNS), -5.0), np.full((n, truck.WORD_COLUMNS), 16, np.int32)
    code, comes = np.full((n, truck.CODE_COLUMNS), -6, np.int8), np.ones(n, bool)
    counts, second = np.zeros((rules.SLOT_COUNTS, 4), np.int64), np.zeros(4, np.int64)
    was_time_s, was_word, was_code = time_s.copy(), word.copy(), code.copy()
    asking_kernels.settle(
        case["ids"], case["desired_s"], case["asks"], asks_s, ask, slot, fate, from_s, from_s + 9000.0,
        as_array(streams), number, 6, stays_away, np.array(hours), starts, starts + 1800.0, time_s, word, code, comes,
        counts, second,
    )  # fmt: skip
    outcomes, booked = set(), 0
    for row, id_ in enumerate(case["ids"]):
        if not case["asks"][row]:
            assert comes[row]
            continue
        desired_s, missed = case["desired_s"][row], uniform(streams["no_show"], id_, event(0)) < 0.4
        outcome = {
            rules.NO_BOOKING: rules.UNPLACED, rules.FATE_KEPT: rules.NO_SHOW if missed else rules.PLACED,
            rules.FATE_CANCELLED: rules.CANCELLED, rules.FATE_CANCELLED_LATE: rules.CANCELLED_LATE,
            rules.FATE_LAPSED: rules.LAPSED,
        }[int(fate[row, 0])]  # fmt: skip
        outcomes.add(outcome)
        booked += int(slot[row, 0] >= 0) + int(slot[row, 1] >= 0)
        was_time_s[row, truck.ASKED] = asks_s[row]
        was_code[row, truck.BOOKING] = outcome
        assert comes[row] == (outcome not in (rules.CANCELLED, rules.UNPLACED))
        if outcome == rules.PLACED:
            begin_s, plan_s = from_s[slot[row, 0]], desired_s
            if uniform(streams["on_time"], id_, event(0)) < 0.6:
                share = uniform(streams["within_slot"], id_, event(0))
                if begin_s <= desired_s < begin_s + 9000.0:
                    share = (desired_s - begin_s) / 9000.0
                plan_s = begin_s + 9000.0 * share**1.5
            was_time_s[row, [truck.SLOT_FROM, truck.SLOT_TO]] = begin_s, begin_s + 9000.0
            was_time_s[row, truck.PLAN] = plan_s
            was_word[row, truck.CLASS] = truck.BOOKED
            was_word[row, truck.FLAGS] = 16 + 6
        elif outcome == rules.NO_SHOW:
            at = uniform(streams["comes_again"], id_, event(0)) * hours[-1]
            hour = bisect.bisect_right(hours, at)
            low = hours[hour - 1] if hour else 0.0
            was_time_s[row, truck.PLAN] = starts[hour] + (at - low) / (hours[hour] - low) * 1800.0
        elif outcome == rules.LAPSED:
            was_time_s[row, truck.PLAN] = max(desired_s, ask[row, rules.KNOWN])
    np.testing.assert_allclose(time_s, was_time_s, rtol=1e-12)
    np.testing.assert_array_equal(word, was_word)
    np.testing.assert_array_equal(code, was_code)
    assert len(outcomes) == 6
    assert counts[rules.C_BOOKED].sum() == booked
    assert second[rules.SECOND_ALL] == (slot[case["asks"], 1] >= 0).sum()
