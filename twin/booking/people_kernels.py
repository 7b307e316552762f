"""What people do with bookings: when they ask, what they will take back, whether and when they come."""

from __future__ import annotations

import math

from twin.booking import names
from twin.booking.book_kernels import step_to
from twin.engine.draws import event_key, exponential, uniform
from twin.jit import inner_kernel

#: Purposes of the draws of those who ask, in the order of the elements of ``streams``; a model's own follow.
ASKING = ("books_at", "rush", "doubles", "cancels")
BOOKS_AT, RUSH, DOUBLES, CANCELS = range(4)

#: Purposes of the draws of those who have asked; a model's own follow.
SETTLING = ("no_show", "on_time", "within_slot")
NO_SHOW, ON_TIME, WITHIN_SLOT = range(3)


@inner_kernel
def asks_at_s(streams, id_, desired_s, lead_mean_s, not_before_s, number):
    """When somebody asks: a lead before the wanted moment, not before a moment of its own.

    Those who would have asked before the books open come together when they do; who is first is drawn.
    """
    asks_s = desired_s - exponential(streams[BOOKS_AT], id_, event_key(0, 0), lead_mean_s)
    if asks_s < not_before_s:
        asks_s = not_before_s
    if asks_s < number[names.BOOKS_OPEN]:
        asks_s = number[names.BOOKS_OPEN] + uniform(streams[RUSH], id_, event_key(0, 0))
    return asks_s


@inner_kernel
def write_intent(streams, id_, row, number, out_ask, out_asker):
    """Whether somebody will cancel, or takes a second slot, and how long before the slot it is given back."""
    intent = 0
    out_ask[row, names.CANCEL_LEAD] = out_ask[row, names.SECOND_LEAD] = -math.inf
    if (
        number[names.DOUBLE_SHARE] > 0.0
        and uniform(streams[DOUBLES], id_, event_key(0, 0)) < number[names.DOUBLE_SHARE]
    ):
        intent = names.DOUBLES
        if uniform(streams[DOUBLES], id_, event_key(0, 2)) < number[names.DOUBLE_LAPSE]:
            intent |= names.NEVER_GIVES_BACK
        out_ask[row, names.SECOND_LEAD] = exponential(streams[DOUBLES], id_, event_key(0, 1), number[names.CANCEL_MEAN])
    elif (
        number[names.CANCEL_SHARE] > 0.0
        and uniform(streams[CANCELS], id_, event_key(0, 0)) < number[names.CANCEL_SHARE]
    ):
        intent = names.CANCELS
        out_ask[row, names.CANCEL_LEAD] = exponential(streams[CANCELS], id_, event_key(0, 1), number[names.CANCEL_MEAN])
    out_asker[row, names.INTENT] = intent


@inner_kernel
def write_nearest(row, desired_s, slot_to_s, max_shift_s, first, nearest, out_asker):
    """Slots near a wanted moment, looked for from those of the one before; gives both for the next one."""
    first = step_to(first, slot_to_s, desired_s - max_shift_s)
    nearest = step_to(nearest, slot_to_s, desired_s)
    out_asker[row, names.FIRST] = first
    out_asker[row, names.NEAREST] = nearest
    return first, nearest


@inner_kernel
def planned_s(id_, desired_s, from_s, to_s, streams, number):
    """When somebody with a slot means to come.

    Whoever does not keep the slot comes when it suits: that is what the desired moment means.
    """
    if uniform(streams[ON_TIME], id_, event_key(0, 0)) >= number[names.ON_TIME_SHARE]:
        return desired_s
    if from_s <= desired_s < to_s:
        position = (desired_s - from_s) / (to_s - from_s)
    else:
        position = uniform(streams[WITHIN_SLOT], id_, event_key(0, 0))
    if number[names.BUNCHING] != 1.0:
        position = position ** number[names.BUNCHING]
    return from_s + (to_s - from_s) * position


@inner_kernel
def outcome_of(id_, fate, streams, number):
    """What came of asking: whoever keeps its booking may still not show up."""
    if fate == names.FATE_KEPT:
        stays_away = uniform(streams[NO_SHOW], id_, event_key(0, 0)) < number[names.NO_SHOW_SHARE]
        return names.NO_SHOW if stays_away else names.PLACED
    if fate == names.FATE_LAPSED:
        return names.LAPSED
    if fate == names.FATE_CANCELLED:
        return names.CANCELLED
    return names.CANCELLED_LATE if fate == names.FATE_CANCELLED_LATE else names.UNPLACED


@inner_kernel
def count_booking(outcome, first, second, second_fate, out_counts, out_second):
    """Count what came of asking by slot; second slots count like first ones."""
    if first >= 0:
        out_counts[names.C_BOOKED, first] += 1
    if outcome == names.NO_SHOW:
        out_counts[names.C_NO_SHOW, first] += 1
    elif outcome == names.LAPSED:
        out_counts[names.C_LAPSED, first] += 1
    elif outcome == names.CANCELLED:
        out_counts[names.C_CANCELLED, first] += 1
    elif outcome == names.CANCELLED_LATE:
        out_counts[names.C_CANCELLED_LATE, first] += 1
    if second >= 0:
        out_counts[names.C_BOOKED, second] += 1
        out_second[names.SECOND_ALL] += 1
        if second_fate == names.FATE_CANCELLED:
            out_counts[names.C_CANCELLED, second] += 1
            out_second[names.SECOND_CANCELLED] += 1
        elif second_fate == names.FATE_CANCELLED_LATE:
            out_counts[names.C_CANCELLED_LATE, second] += 1
            out_second[names.SECOND_CANCELLED_LATE] += 1
        else:
            out_counts[names.C_NO_SHOW, second] += 1
            out_second[names.SECOND_MISSED] += 1
