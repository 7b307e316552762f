"""Booking with the plainest words: people want a moment, and a slot costs its shift and their taste."""

from __future__ import annotations

import math

from twin.booking import names
from twin.booking import people_kernels as people
from twin.booking.book_kernels import run_books
from twin.booking.window_kernels import by_window
from twin.jit import has_columns, inner_kernel, lean_kernel


@lean_kernel
def make_plain_asks(
    ids, desired_s, streams, number, lead_mean_s, slot_to_s, max_shift_s, out_asks_s, out_ask, out_asker
):  # fmt: skip
    """When each asks, and what it will do with its booking.

    Parameters
    ----------
    ids, desired_s : (n,) uint64, float64
        Who asks, and for which moment.
    streams : (4,) uint64
        Streams of ``people_kernels.ASKING``.
    number : (NUMBER_OWN,) float64
    lead_mean_s
        Mean time from asking to the wanted moment.
    slot_to_s : (m,) float64
        Ends of the slots, ascending.
    max_shift_s
        Most time between the wanted moment and a slot.
    out_asks_s, out_ask, out_asker
        (n,) float64, (n, ASK_OWN) float64, (n, ASKER_OWN) int32.
    """
    has_columns(out_ask, names.ASK_OWN)
    has_columns(out_asker, names.ASKER_OWN)
    first = nearest = 0
    for row in range(ids.size):
        out_asks_s[row] = people.asks_at_s(streams, ids[row], desired_s[row], lead_mean_s, -math.inf, number)
        out_ask[row, names.DESIRED] = desired_s[row]
        out_ask[row, names.EARLIEST] = -math.inf
        out_ask[row, names.LATEST] = math.inf
        out_ask[row, names.KNOWN] = -math.inf
        people.write_intent(streams, ids[row], row, number, out_ask, out_asker)
        out_asker[row, names.POOLS] = 1
        out_asker[row, names.TYPE] = 0
        first, nearest = people.write_nearest(row, desired_s[row], slot_to_s, max_shift_s, first, nearest, out_asker)


@inner_kernel
def _cost_of(shift_cost, slot, row, earlier_s, later_s, ask, asker, wait_s, trait, rule):  # noqa: ARG001
    return shift_cost


@lean_kernel
def run_plain_books(
    order,
    asks_s,
    ids,
    ask,
    asker,
    slot_from_s,
    slot_to_s,
    wait_s,
    trait,
    rule,
    stream,
    places,
    day_places,
    heap_times,
    heap_kinds,
    heap_ids,
    heap_payloads,
    heap_size,
    waiting,
    out_slot,
    out_fate,
):
    """As :func:`~twin.booking.book_kernels.run_books`, with no cost beyond the shift; ``wait_s`` is not read."""
    has_columns(ask, names.ASK_OWN)
    has_columns(asker, names.ASKER_OWN)
    has_columns(trait, names.TRAIT_OWN)
    run_books(
        _cost_of,
        order,
        asks_s,
        ids,
        ask,
        asker,
        slot_from_s,
        slot_to_s,
        wait_s,
        trait,
        rule,
        stream,
        places,
        day_places,
        heap_times,
        heap_kinds,
        heap_ids,
        heap_payloads,
        heap_size,
        waiting,
        out_slot,
        out_fate,
    )


@lean_kernel
def settle_plain(
    ids, desired_s, slot, fate, slot_from_s, slot_to_s, streams, number, out_outcome, out_plan_s, out_counts, out_second
):
    """What came of asking, and when each means to come.

    Parameters
    ----------
    ids, desired_s : (n,) uint64, float64
    slot, fate : (n, 2) int32
        As the books give them.
    slot_from_s, slot_to_s : (m,) float64
    streams : (3,) uint64
        Streams of ``people_kernels.SETTLING``.
    number : (SETTLE_NUMBERS,) float64
    out_outcome, out_plan_s : (n,) int8, float64
        ``PLACED`` to ``LAPSED``; the wanted moment for all who have no place.
    out_counts, out_second : (SLOT_COUNTS, m), (4,) int64
        Added to.
    """
    has_columns(slot, 2)
    has_columns(fate, 2)
    for row in range(ids.size):
        at = slot[row, 0]
        outcome = people.outcome_of(ids[row], fate[row, 0], streams, number)
        out_outcome[row] = outcome
        out_plan_s[row] = desired_s[row]
        if outcome == names.PLACED:
            out_plan_s[row] = people.planned_s(
                ids[row], desired_s[row], slot_from_s[at], slot_to_s[at], streams, number
            )  # fmt: skip
        people.count_booking(outcome, at, slot[row, 1], fate[row, 1], out_counts, out_second)


@lean_kernel
def stand(joined_s, from_s, to_s, grace_early_s, grace_late_s, early, late, out_stands):
    """How each of those with a booking stands to its window when it comes: (n,) int8, ``AS_BOOKED`` to ``TOO_LATE``."""
    for row in range(joined_s.size):
        out_stands[row] = by_window(
            joined_s[row], joined_s[row], from_s[row], to_s[row], grace_early_s, grace_late_s, early, late
        )
