"""What trucks bring along when they ask for a slot, and what they do with what they got: one pass each."""

from __future__ import annotations

import math

from twin.engine.draws import categorical, event_key, exponential, uniform
from twin.jit import has_columns, index, inner_kernel, lean_kernel
from twin.models.terminal import names as k
from twin.models.terminal.booking import kernels as b

#: Purposes of the draws of those who ask, in the order of the elements of ``streams``.
ASKING = ("books_at", "rush", "slack", "provisional", "doubles", "cancels")
_BOOKS_AT, _RUSH, _SLACK, _PROVISIONAL, _DOUBLES, _CANCELS = range(6)

#: Purposes of the draws of those who have asked.
SETTLING = ("no_show", "on_time", "within_slot", "comes_again")
_NO_SHOW, _ON_TIME, _WITHIN_SLOT, _COMES_AGAIN = range(4)

# Elements of ``number`` of those who ask.
BOOKS_OPEN, PROVISIONAL_SHARE, RELEASE_DELAY, DOUBLE_SHARE, DOUBLE_LAPSE, CANCEL_SHARE, CANCEL_LEAD = range(7)
ASK_NUMBERS = 7

# Elements of ``number`` of those who have asked.
NO_SHOW_SHARE, ON_TIME_SHARE, BUNCHING = range(3)
SETTLE_NUMBERS = 3

# Columns of a limit, -1 for any: 1 if it binds who brings a box, 0 who fetches one; likewise laden; index of a vessel.
BRINGS, LADEN, VESSEL = range(3)

# Rows of the counts of slots.
C_BOOKED, C_NO_SHOW, C_CANCELLED, C_CANCELLED_LATE, C_LAPSED = range(5)
SLOT_COUNTS = 5


@inner_kernel
def _pools(kind, vessel, limits):
    """Pools of places of a truck, as bits; a visit with two moves counts by what it comes for first."""
    bits = 1
    for i in range(limits.shape[0]):
        brings = limits[i, BRINGS] < 0 or limits[i, BRINGS] == kind % 2
        laden = limits[i, LADEN] < 0 or limits[i, LADEN] == int(kind < 2)
        if brings and laden and (limits[i, VESSEL] == -1 or limits[i, VESSEL] == vessel):
            bits |= 2 << i
    return bits


@lean_kernel
def make_asks(
    ids,
    desired_s,
    earliest_s,
    latest_s,
    known_s,
    vessel,
    time_s,
    word,
    haulier_type,
    asks,
    streams,
    number,
    lead_s,
    slack_s,
    limits,
    slot_to_s,
    max_shift_s,
    out_asks_s,
    out_ask,
    out_asker,
):
    """When each truck asks, what it brings along, and what it will do with its booking.

    A truck asks a lead before its wanted moment that depends on the size of its haulier. A box whose release is
    part of the demand is booked once it is released, unless it is booked provisionally. Those who would have asked
    before the books open come together when they do; who is first is drawn.

    Parameters
    ----------
    ids, ..., haulier_type
        Fields of :class:`~twin.models.terminal.demand.trucks.Trucks`.
    asks : (n,) bool
        Who asks; of the others only pools are written, and inf for their moment.
    streams : (6,) uint64
        Streams of ``ASKING``.
    number : (ASK_NUMBERS,) float64
    lead_s, slack_s : (types,) float64
        Mean lead, and mean slack of a laden box at its consignee.
    limits : (m, 3) int32
    slot_to_s : (slots,) float64
        Ends of the slots, ascending.
    max_shift_s
        Most time between the wanted moment and a slot.
    out_asks_s : (n,) float64
    out_ask, out_asker
        (n, ASK_COLUMNS) float64, (n, ASKER_COLUMNS) int32, as :func:`~twin.models.terminal.booking.kernels.run_books`
        takes them.
    """
    has_columns(time_s, k.TIME_COLUMNS)
    has_columns(word, k.WORD_COLUMNS)
    has_columns(out_ask, b.ASK_COLUMNS)
    has_columns(out_asker, b.ASKER_COLUMNS)
    first = nearest = 0
    for row in range(ids.size):
        kind = word[row, k.KIND]
        out_asker[row, b.POOLS] = _pools(kind, vessel[row], limits)
        if not asks[row]:
            out_asks_s[row] = math.inf
            continue
        id_ = ids[row]
        # Only a laden box that is fetched has a release, and a consignee who waits for it.
        fetches_laden = kind == 0
        provisional = False
        if fetches_laden and number[PROVISIONAL_SHARE] > 0.0:
            provisional = uniform(streams[_PROVISIONAL], id_, event_key(0, 0)) < number[PROVISIONAL_SHARE]
        type_ = index(haulier_type[row])
        asks_s = desired_s[row] - exponential(streams[_BOOKS_AT], id_, event_key(0, 0), lead_s[type_])
        if not provisional and asks_s < known_s[row]:
            asks_s = known_s[row]
        if asks_s < number[BOOKS_OPEN]:
            asks_s = number[BOOKS_OPEN] + uniform(streams[_RUSH], id_, event_key(0, 0))
        out_asks_s[row] = asks_s
        out_ask[row, b.DESIRED] = desired_s[row]
        out_ask[row, b.EARLIEST] = earliest_s[row]
        out_ask[row, b.LATEST] = latest_s[row]
        out_ask[row, b.HOURS_LEFT] = time_s[row, k.HOURS_LEFT]
        out_ask[row, b.SLACK] = math.inf
        if fetches_laden:
            out_ask[row, b.SLACK] = exponential(streams[_SLACK], id_, event_key(0, 0), slack_s[type_])
        out_ask[row, b.KNOWN] = -math.inf
        if provisional and math.isnan(known_s[row]):
            delay_s = exponential(streams[_PROVISIONAL], id_, event_key(0, 1), number[RELEASE_DELAY])
            out_ask[row, b.KNOWN] = asks_s + delay_s
        elif provisional:
            out_ask[row, b.KNOWN] = known_s[row]
        intent = 0
        out_ask[row, b.CANCEL_LEAD] = out_ask[row, b.SECOND_LEAD] = -math.inf
        if number[DOUBLE_SHARE] > 0.0 and uniform(streams[_DOUBLES], id_, event_key(0, 0)) < number[DOUBLE_SHARE]:
            intent = b.DOUBLES
            if uniform(streams[_DOUBLES], id_, event_key(0, 2)) < number[DOUBLE_LAPSE]:
                intent |= b.NEVER_GIVES_BACK
            lead = number[CANCEL_LEAD]
            out_ask[row, b.SECOND_LEAD] = exponential(streams[_DOUBLES], id_, event_key(0, 1), lead)
        elif number[CANCEL_SHARE] > 0.0 and uniform(streams[_CANCELS], id_, event_key(0, 0)) < number[CANCEL_SHARE]:
            intent = b.CANCELS
            lead = number[CANCEL_LEAD]
            out_ask[row, b.CANCEL_LEAD] = exponential(streams[_CANCELS], id_, event_key(0, 1), lead)
        out_asker[row, b.INTENT] = intent
        out_asker[row, b.HAULIER] = word[row, k.HAULIER]
        out_asker[row, b.TYPE] = type_
        # Trucks come in the order of their hours, so that each has its slots near those of the one before.
        first = b.step_to(first, slot_to_s, desired_s[row] - max_shift_s)
        nearest = b.step_to(nearest, slot_to_s, desired_s[row])
        out_asker[row, b.FIRST] = first
        out_asker[row, b.NEAREST] = nearest


@inner_kernel
def _again_s(id_, stream, cumulative, start_s, end_s):
    """A moment of the day, as likely in each hour as its trucks are many."""
    hour = categorical(stream, id_, event_key(0, 0), cumulative)
    before = cumulative[hour - 1] if hour else 0.0
    at = uniform(stream, id_, event_key(0, 0)) * cumulative[-1]
    return start_s[hour] + (at - before) / (cumulative[hour] - before) * (end_s[hour] - start_s[hour])


@inner_kernel
def _planned_s(id_, desired, start, end, streams, number):
    """When a truck with a slot means to reach the line.

    Whoever does not keep the slot comes when it suits: that is what the desired moment means.
    """
    if uniform(streams[_ON_TIME], id_, event_key(0, 0)) >= number[ON_TIME_SHARE]:
        return desired
    if start <= desired < end:
        position = (desired - start) / (end - start)
    else:
        position = uniform(streams[_WITHIN_SLOT], id_, event_key(0, 0))
    if number[BUNCHING] != 1.0:
        position = position ** number[BUNCHING]
    return start + (end - start) * position


@lean_kernel
def settle(
    ids,
    desired_s,
    asks,
    asks_s,
    ask,
    slot,
    fate,
    slot_from_s,
    slot_to_s,
    streams,
    number,
    privileges,
    stays_away,
    hour_cumulative,
    hour_from_s,
    hour_to_s,
    out_time_s,
    out_word,
    out_code,
    out_comes,
    out_counts,
    out_second,
):
    """Write what came of asking into the rows of trucks, and count it by slot; second slots count like first ones.

    Parameters
    ----------
    ids, desired_s : (n,) uint64, float64
    asks, asks_s, ask
        As given to and by :func:`make_asks`.
    slot, fate : (n, 2) int32
        As :func:`~twin.models.terminal.booking.kernels.run_books` gives them.
    slot_from_s, slot_to_s : (m,) float64
    streams : (4,) uint64
        Streams of ``SETTLING``.
    number : (SETTLE_NUMBERS,) float64
        Share of no-shows, share that keeps its slot, bunching at the start of slots.
    privileges
        Bits that booked trucks get in FLAGS.
    stays_away : (7,) bool
        By what came of asking: whether the truck does not come on this day.
    hour_cumulative, hour_from_s, hour_to_s : (h,) float64
        Cumulative trucks of the hours of the day: who missed a slot comes at a moment drawn anew from these.
    out_time_s, out_word, out_code, out_comes : (n, ...)
        Rows of trucks, and whether each comes; changed.
    out_counts : (SLOT_COUNTS, m) int64
        Added to.
    out_second : (4,) int64
        As in :class:`~twin.models.terminal.booking.slots.Slots`; added to.
    """
    has_columns(slot, 2)
    has_columns(fate, 2)
    has_columns(out_time_s, k.TIME_COLUMNS)
    has_columns(out_word, k.WORD_COLUMNS)
    has_columns(out_code, k.CODE_COLUMNS)
    for row in range(ids.size):
        if not asks[row]:
            continue
        id_ = ids[row]
        fate_1 = fate[row, 0]
        at = slot[row, 0]
        out_time_s[row, k.ASKED] = asks_s[row]
        outcome = k.UNPLACED
        if at >= 0:
            out_counts[C_BOOKED, at] += 1
        if fate_1 == b.KEPT:
            if uniform(streams[_NO_SHOW], id_, event_key(0, 0)) < number[NO_SHOW_SHARE]:
                outcome = k.NO_SHOW
                out_counts[C_NO_SHOW, at] += 1
                stream = streams[_COMES_AGAIN]
                out_time_s[row, k.PLAN] = _again_s(id_, stream, hour_cumulative, hour_from_s, hour_to_s)
            else:
                outcome = k.PLACED
                start = slot_from_s[at]
                end = slot_to_s[at]
                out_time_s[row, k.PLAN] = _planned_s(id_, desired_s[row], start, end, streams, number)
                out_time_s[row, k.SLOT_FROM] = start
                out_time_s[row, k.SLOT_TO] = end
                out_word[row, k.CLASS] = k.BOOKED
                out_word[row, k.FLAGS] |= privileges
        elif fate_1 == b.LAPSED:
            outcome = k.LAPSED
            out_counts[C_LAPSED, at] += 1
            # A box that was not released in time is fetched once it is.
            out_time_s[row, k.PLAN] = max(desired_s[row], ask[row, b.KNOWN])
        elif fate_1 == b.CANCELLED:
            outcome = k.CANCELLED
            out_counts[C_CANCELLED, at] += 1
        elif fate_1 == b.CANCELLED_LATE:
            outcome = k.CANCELLED_LATE
            out_counts[C_CANCELLED_LATE, at] += 1
        out_code[row, k.BOOKING] = outcome
        out_comes[row] = not stays_away[outcome]
        second = slot[row, 1]
        if second >= 0:
            out_counts[C_BOOKED, second] += 1
            out_second[0] += 1
            if fate[row, 1] == b.CANCELLED:
                out_counts[C_CANCELLED, second] += 1
                out_second[1] += 1
            elif fate[row, 1] == b.CANCELLED_LATE:
                out_counts[C_CANCELLED_LATE, second] += 1
                out_second[2] += 1
            else:
                out_counts[C_NO_SHOW, second] += 1
                out_second[3] += 1
