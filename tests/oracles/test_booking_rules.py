"""Booking as everybody may use it, against a diary kept by hand, and what must hold of any rules."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from twin.booking import names
from twin.booking import people_kernels as people
from twin.booking.booking import book, stands
from twin.booking.params import BookingRules
from twin.booking.plain_kernels import stand
from twin.booking.windows import EARLY_CODES, LATE_CODES
from twin.engine.draws import event, exponential, make_run_seed, make_stream, uniform, uniforms

# Without compilation, numpy warns where the hash of the draws wraps around on purpose.
# Without taste nothing is surely below by any margin: no cost times an endless scale is no number, as it is meant.
pytestmark = pytest.mark.filterwarnings(
    "ignore:overflow encountered:RuntimeWarning", "ignore:invalid value encountered:RuntimeWarning"
)

OPENING = ((32400.0, 43200.0), (46800.0, 61200.0))
PEOPLE = 150
CASES = {
    "plain": {},
    "few places": {"per_slot": 4.0},
    "nobody waits for a place": {"per_slot": 4.0, "waiting_list": False, "cancel_share": 0.5},
    "cancelled": {"per_slot": 5.0, "cancel_share": 0.6, "cancel_lead_s": 7200.0, "cancel_before_s": 1800.0},
    "late books": {"per_slot": 9.0, "opens_s": 39600.0, "opens_days_before": 0, "closes_before_s": 1200.0},
    "near slots": {"slot_s": 1800.0, "overlap_s": 600.0, "offset_s": 300.0, "max_shift_s": 1200.0, "later_weight": 2.5},
    "own quota": {"slots": {32400.0: 1.0, 46800.0: 0.0}, "overbooking": 0.5, "no_show": 0.4, "on_time": 0.4},
}


def day(seed, people_count=PEOPLE):
    ids = np.arange(people_count, dtype=np.uint64) + np.uint64(7)
    u = uniforms(make_stream(seed, "test.desired"), ids, np.uint64(0))
    return ids, 30000.0 + 33000.0 * u


def booked(rules, seed, ids, desired_s, **options):
    return book(rules, ids, desired_s, OPENING, seed, "test", **{"lead_mean_s": 40000.0, "taste_s": 900.0} | options)


def by_hand(rules, seed, ids, desired_s):
    """Slot and outcome of each, by a diary of asking and giving back."""
    streams = {name: make_stream(seed, f"test.{name}") for name in (*people.ASKING, *people.SETTLING, "taste")}
    spans = rules.spans(OPENING)
    left = []
    for start, end in spans:
        places = int(rules.slots.get(start, rules.per_slot * (end - start) / rules.slot_s))
        left.append(int(places * (1.0 + rules.overbooking)))
    diary, waiting, out = [], [], {}
    for row, (id_, desired) in enumerate(zip(ids, desired_s.tolist(), strict=True)):
        asks_s = desired - exponential(streams["books_at"], id_, event(0), 40000.0)
        if asks_s < rules.books_open_s:
            asks_s = rules.books_open_s + uniform(streams["rush"], id_, event(0))
        diary.append((asks_s, 1, int(id_), row, -1))
        out[row] = (-1, names.UNPLACED)

    def options(row, now_s):
        for slot, (start, end) in enumerate(spans):
            near = max(desired_s[row] - end, start - desired_s[row]) <= rules.max_shift_s
            if left[slot] > 0 and near and now_s <= start - rules.closes_before_s:
                taste = -math.log(-math.log(uniform(streams["taste"], ids[row], event(int(start)))))
                earlier, later = max(desired_s[row] - end, 0.0), max(start - desired_s[row], 0.0)
                yield earlier + rules.later_weight * later - 900.0 * taste, slot

    def take(row, now_s):
        _, slot = min(options(row, now_s))
        left[slot] -= 1
        start = spans[slot][0]
        outcome = names.PLACED
        if uniform(streams["cancels"], ids[row], event(0)) < rules.cancel_share:
            lead = exponential(streams["cancels"], ids[row], event(0, 1), rules.cancel_lead_s)
            back_s = max(start - lead, now_s)
            outcome = names.CANCELLED_LATE
            if back_s <= start - rules.cancel_before_s:
                outcome = names.CANCELLED
                diary.append((back_s, 0, int(ids[row]), row, slot))
        elif uniform(streams["no_show"], ids[row], event(0)) < rules.no_show:
            outcome = names.NO_SHOW
        out[row] = (slot, outcome)

    while diary:
        diary.sort()
        now_s, asks, _, row, slot = diary.pop(0)
        if asks:
            if any(True for _ in options(row, now_s)):
                take(row, now_s)
            elif rules.waiting_list:
                waiting.append(row)
            continue
        left[slot] += 1
        taker = next((other for other in waiting if any(True for _ in options(other, now_s))), None)
        if taker is not None:
            waiting.remove(taker)
            take(taker, now_s)
    return out, left


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("replication", range(2))
def test_everybody_gets_what_a_diary_kept_by_hand_gives(case, replication):
    rules, seed = BookingRules(**CASES[case]), make_run_seed(8, replication)
    ids, desired_s = day(seed)
    found = booked(rules, seed, ids, desired_s)
    out, left = by_hand(rules, seed, ids, desired_s)
    assert found.outcome.tolist() == [outcome for _, outcome in out.values()]
    assert found.slots.left[0].tolist() == left
    spans = rules.spans(OPENING)
    for row, (slot, outcome) in out.items():
        if outcome == names.PLACED:
            assert (found.from_s[row], found.to_s[row]) == spans[slot]


@pytest.mark.parametrize("case", CASES)
def test_no_slot_is_booked_beyond_its_places_and_every_request_ends_in_one_way(case):
    rules, seed = BookingRules(**CASES[case]), make_run_seed(9, 0)
    found = booked(rules, seed, *day(seed, 400))
    slots = found.slots
    given = slots.booked - slots.cancelled
    places = (slots.offered * (1.0 + rules.overbooking)).astype(np.int64)
    assert np.all(given <= places)
    assert np.array_equal(places - given, slots.left[0])
    counts = np.bincount(found.outcome, minlength=names.OUTCOMES)
    assert counts.sum() == 400
    assert counts[names.NOT_ASKED] == 0
    assert slots.booked.sum() == counts.sum() - counts[names.UNPLACED]
    for outcome, by_slot in ((names.NO_SHOW, slots.no_show), (names.CANCELLED, slots.cancelled),
                             (names.CANCELLED_LATE, slots.cancelled_late)):  # fmt: skip
        assert by_slot.sum() == counts[outcome]
    placed = found.outcome == names.PLACED
    assert np.isfinite(found.from_s[placed]).all()
    assert np.isnan(found.from_s[~placed]).all()
    shift_s = np.maximum(desired_shift(found, day(seed, 400)[1]), 0.0)[placed]
    assert shift_s.max() <= rules.max_shift_s


def desired_shift(found, desired_s):
    return np.maximum(desired_s - found.to_s, found.from_s - desired_s)


def test_with_places_for_all_one_more_moves_nobody_and_its_order_in_the_list_does_not_matter():
    rules, seed = BookingRules(per_slot=1000.0, cancel_share=0.2), make_run_seed(10, 0)
    ids, desired_s = day(seed)
    one = booked(rules, seed, ids, desired_s)
    more = booked(rules, seed, np.append(ids, np.uint64(10**6)), np.append(desired_s, 40000.0))
    mixed = np.random.default_rng(1).permutation(PEOPLE)
    other = booked(rules, seed, ids[mixed], desired_s[mixed])
    for name in ("outcome", "plan_s", "asks_s", "from_s"):
        assert getattr(more, name)[:-1].tobytes() == getattr(one, name).tobytes()
        assert getattr(other, name).tobytes() == getattr(one, name)[mixed].tobytes()


def test_without_taste_or_scarcity_everybody_gets_the_nearest_slot_and_comes_as_often_as_said():
    rules, seed = BookingRules(per_slot=1e5, no_show=0.2, on_time=0.7), make_run_seed(11, 0)
    ids, desired_s = day(seed, 20_000)
    found = booked(rules, seed, ids, desired_s, taste_s=0.0)
    spans = np.array(rules.spans(OPENING))
    shift = np.maximum(desired_s[:, None] - spans[:, 1], spans[:, 0] - desired_s[:, None]).clip(0.0)
    placed = found.outcome == names.PLACED
    # Nobody can book a slot that has begun when it asks.
    free = np.where(found.asks_s[:, None] <= spans[:, 0] - rules.closes_before_s, shift, np.inf)
    best = spans[free.argmin(axis=1), 0]
    assert np.array_equal(found.from_s[placed], best[placed])
    assert placed.mean() / (found.outcome != names.UNPLACED).mean() == pytest.approx(0.8, abs=3 * 0.4 / 20_000**0.5)
    # Of those who do not keep their slot some wanted a moment in it.
    inside = (found.from_s <= found.plan_s) & (found.plan_s < found.to_s)
    wanted = (found.from_s <= desired_s) & (desired_s < found.to_s)
    moved = placed & ~wanted
    assert inside[placed & wanted].all()
    assert inside[moved].mean() == pytest.approx(0.7, abs=3 * 0.46 / moved.sum() ** 0.5)


@pytest.mark.parametrize(("early", "late"), [*itertools.product(EARLY_CODES, LATE_CODES)])
def test_windows_are_told_by_their_table(early, late):
    said = {
        "waits": names.WAITS_FOR_WINDOW,
        "ordinary": names.AS_ORDINARY,
        "admitted": names.AS_BOOKED,
        "turned_away": None,
        "rebook": names.AS_ORDINARY,
    }
    moments_s = np.arange(0.0, 100.0, 5.0)
    told = np.empty(len(moments_s), np.int8)
    window = (np.full(len(moments_s), 40.0), np.full(len(moments_s), 60.0))
    stand(moments_s, *window, 10.0, 20.0, EARLY_CODES[early], LATE_CODES[late], told)
    for moment_s, code in zip(moments_s.tolist(), told.tolist(), strict=True):
        expected = names.AS_BOOKED
        if moment_s < 30:
            expected = names.TOO_EARLY if early == "turned_away" else said[early]
        elif moment_s > 80:
            expected = names.TOO_LATE if late == "turned_away" else said[late]
        assert code == expected


def test_late_ones_are_booked_anew_while_there_are_places():
    rules = BookingRules(per_slot=60.0, on_time=0.0, no_show=0.0, grace_late_s=0.0, late_goes_to="rebook")
    seed = make_run_seed(12, 0)
    ids, desired_s = day(seed)
    found = booked(rules, seed, ids, desired_s)
    before_s, left = found.to_s.copy(), found.slots.left[0].copy()
    late = (found.outcome == names.PLACED) & (found.plan_s > found.to_s)
    told = stands(rules, found)
    again = late & (found.to_s != before_s)
    assert again.sum() == found.slots.rebooked.sum() == (left - found.slots.left[0]).sum() > 0
    assert np.all(told[again] != names.AS_ORDINARY)
    assert np.all(told[late & ~again] == names.AS_ORDINARY)
    assert np.all(told[found.outcome != names.PLACED] == names.AS_ORDINARY)
