"""Booking for a model whose people want a moment and nothing else: who has which slot, who comes, and when.

::

    booked = book(rules, ids, desired_s, opening, run_seed, "office", lead_mean_s=86400.0)
    comes = booked.comes
    arrive_s = booked.plan_s[comes]
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.booking import names
from twin.booking import people_kernels as people
from twin.booking import plain_kernels as plain
from twin.booking.params import BookingRules
from twin.booking.slots import Slots, count_in, new_slots, next_with_place, places_of
from twin.booking.windows import EARLY_CODES, LATE_CODES
from twin.engine.draws import make_stream
from twin.engine.event_queue import new_heap

#: Bookings of a day without a limit of its own.
_NO_LIMIT = 1 << 40


@dataclass(frozen=True)
class Booked:
    """What came of booking; one element per person who asked.

    Attributes
    ----------
    slots
        Slots of the day and their counts.
    outcome : (n,) int8
        ``PLACED``, ``NO_SHOW``, ``UNPLACED``, ``CANCELLED`` or ``CANCELLED_LATE`` of :mod:`twin.booking.names`.
    comes : (n,) bool
        Whether it comes on this day.
    plan_s : (n,) float64
        When it means to come.
    asks_s : (n,) float64
        When it asked; before midnight of day one it is negative.
    from_s, to_s : (n,) float64
        Slot of those who are placed, nan of others.
    """

    slots: Slots
    outcome: NDArray[np.int8]
    comes: NDArray[np.bool_]
    plan_s: Floats
    asks_s: Floats
    from_s: Floats
    to_s: Floats


def book(
    rules: BookingRules,
    ids: NDArray[np.uint64],
    desired_s: Floats,
    opening: tuple[tuple[float, float], ...],
    run_seed: np.uint64,
    purpose: str,
    *,
    lead_mean_s: float,
    taste_s: float = 0.0,
) -> Booked:
    """Let people ask one after the other, and settle what becomes of it.

    Parameters
    ----------
    rules
        Slots, quota and deadlines.
    ids, desired_s : (n,) uint64, float64
        Who asks, and for which moment; every draw is keyed by id.
    opening
        Spans of opening, s.
    run_seed
        Seed of the run.
    purpose
        Names the streams of the draws.
    lead_mean_s
        Mean time from asking to the wanted moment (exponential), s.
    taste_s
        Scale of the taste for slots (logit), s of shift; 0 takes the nearest.
    """
    spans = rules.spans(opening)
    from_s, to_s = np.array([span[0] for span in spans]), np.array([span[1] for span in spans])
    quota = places_of(spans, rules.per_slot, rules.slots, rules.slot_s)
    slots = new_slots(from_s, to_s, quota, (quota[None, :] * (1.0 + rules.overbooking)).astype(np.int64))
    count = len(ids)
    asks_s, ask = np.empty(count), np.empty((count, names.ASK_OWN))
    asker = np.empty((count, names.ASKER_OWN), np.int32)
    plain.make_plain_asks(
        ids, desired_s, _streams(run_seed, purpose, people.ASKING), _ask_numbers(rules), lead_mean_s, to_s,
        rules.max_shift_s, asks_s, ask, asker,
    )  # fmt: skip
    order = np.lexsort((ids, asks_s))
    slot, fate = np.full((count, 2), -1, np.int32), np.full((count, 2), names.NO_BOOKING, np.int32)
    plain.run_plain_books(
        order, asks_s, ids, ask, asker, from_s, to_s, np.zeros((1, len(spans))), np.array([[taste_s]]), _rules(rules),
        make_stream(run_seed, f"{purpose}.taste"), slots.left, _NO_LIMIT, *new_heap(2 * count + 1),
        np.empty(count, np.int64), slot, fate,
    )  # fmt: skip
    outcome, plan_s = np.zeros(count, np.int8), np.empty(count)
    by_slot = np.zeros((names.SLOT_COUNTS, len(spans)), np.int64)
    shows = np.array([rules.no_show, rules.on_time, rules.bunching])
    plain.settle_plain(
        ids, desired_s, slot, fate, from_s, to_s, _streams(run_seed, purpose, people.SETTLING), shows, outcome, plan_s,
        by_slot, slots.second,
    )  # fmt: skip
    count_in(slots, by_slot)
    placed = outcome == names.PLACED
    window = np.full((2, count), np.nan)
    window[:, placed] = from_s[slot[placed, 0]], to_s[slot[placed, 0]]
    return Booked(slots, outcome, ~_stays_away(rules)[outcome], plan_s, asks_s, window[0], window[1])


def stands(rules: BookingRules, booked: Booked) -> NDArray[np.int8]:
    """How those who are placed stand to their window when they come: (n,) int8.

    ``AS_BOOKED``, ``AS_ORDINARY``, ``WAITS_FOR_WINDOW``, ``TOO_EARLY`` or ``TOO_LATE``; ``AS_ORDINARY`` for all without
    a place. Where late ones are booked anew, they get in the order in which they come the next slot that has a place:
    ``booked.from_s``, ``to_s`` and ``slots`` then change.
    """
    out = np.full(len(booked.outcome), names.AS_ORDINARY, np.int8)
    placed = np.flatnonzero(booked.outcome == names.PLACED)
    if rules.late_goes_to == "rebook":
        late = placed[booked.plan_s[placed] > booked.to_s[placed] + rules.grace_late_s]
        for row in late[np.argsort(booked.plan_s[late], kind="stable")].tolist():
            slot = next_with_place(booked.slots, float(booked.plan_s[row]), [0])
            if slot >= 0:
                booked.from_s[row], booked.to_s[row] = booked.slots.from_s[slot], booked.slots.to_s[slot]
    found = np.empty(len(placed), np.int8)
    plain.stand(
        booked.plan_s[placed], booked.from_s[placed], booked.to_s[placed], rules.grace_early_s, rules.grace_late_s,
        EARLY_CODES[rules.early], LATE_CODES[rules.late_goes_to], found,
    )  # fmt: skip
    out[placed] = found
    return out


def _streams(run_seed: np.uint64, purpose: str, draws: tuple[str, ...]) -> NDArray[np.uint64]:
    return np.array([make_stream(run_seed, f"{purpose}.{draw}") for draw in draws])


def _ask_numbers(rules: BookingRules) -> Floats:
    """Nobody takes a second slot."""
    number = np.zeros(names.NUMBER_OWN)
    number[names.BOOKS_OPEN] = rules.books_open_s
    number[names.CANCEL_SHARE], number[names.CANCEL_MEAN] = rules.cancel_share, rules.cancel_lead_s
    return number


def _rules(rules: BookingRules) -> Floats:
    """What one comes for is always there, so that nothing has to be confirmed."""
    rule = np.zeros(names.RULE_OWN)
    rule[names.LATER_WEIGHT], rule[names.MAX_SHIFT] = rules.later_weight, rules.max_shift_s
    rule[names.CLOSES_BEFORE], rule[names.CANCEL_BEFORE] = rules.closes_before_s, rules.cancel_before_s
    rule[names.WAITING_LIST] = rules.waiting_list
    return rule


def _stays_away(rules: BookingRules) -> NDArray[np.bool_]:
    out = np.zeros(names.OUTCOMES, np.bool_)
    out[names.NO_SHOW] = rules.no_show_then == "stays_away"
    out[names.UNPLACED] = rules.unplaced == "stays_away"
    out[[names.CANCELLED, names.CANCELLED_LATE]] = rules.cancelled_then == "stays_away"
    return out
