"""What trucks bring along when they ask for a slot, and what they do with what they got: one pass each."""

from __future__ import annotations

import math

from twin.booking import names as booking_names
from twin.booking import people_kernels as people
from twin.booking.names import NUMBER_OWN
from twin.engine.draws import categorical, event_key, exponential, uniform
from twin.jit import has_columns, index, inner_kernel, lean_kernel
from twin.models.terminal import names as truck
from twin.models.terminal.booking import kernels

#: Purposes of the draws of those who ask, in the order of the elements of ``streams``.
ASKING = (*people.ASKING, "slack", "provisional")
_SLACK, _PROVISIONAL = 4, 5

#: Purposes of the draws of those who have asked.
SETTLING = (*people.SETTLING, "comes_again")
_COMES_AGAIN = 3

# Elements of ``number`` of those who ask, after those of booking.
PROVISIONAL_SHARE, RELEASE_DELAY = range(NUMBER_OWN, NUMBER_OWN + 2)
ASK_NUMBERS = NUMBER_OWN + 2

# Columns of a limit, -1 for any: 1 if it binds who brings a box, 0 who fetches one; likewise laden; index of a vessel.
BRINGS, LADEN, VESSEL = range(3)


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
        (n, ASK_COLUMNS) float64, (n, ASKER_COLUMNS) int32, as
        :func:`~twin.models.terminal.booking.kernels.run_gate_books` takes them.
    """
    has_columns(time_s, truck.TIME_COLUMNS)
    has_columns(word, truck.WORD_COLUMNS)
    has_columns(out_ask, kernels.ASK_COLUMNS)
    has_columns(out_asker, kernels.ASKER_COLUMNS)
    first = nearest = 0
    for row in range(ids.size):
        kind = word[row, truck.KIND]
        out_asker[row, booking_names.POOLS] = _pools(kind, vessel[row], limits)
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
        not_before_s = -math.inf if provisional else known_s[row]
        asks_s = people.asks_at_s(streams, id_, desired_s[row], lead_s[type_], not_before_s, number)
        out_asks_s[row] = asks_s
        out_ask[row, booking_names.DESIRED] = desired_s[row]
        out_ask[row, booking_names.EARLIEST] = earliest_s[row]
        out_ask[row, booking_names.LATEST] = latest_s[row]
        out_ask[row, kernels.HOURS_LEFT] = time_s[row, truck.HOURS_LEFT]
        out_ask[row, kernels.SLACK] = math.inf
        if fetches_laden:
            out_ask[row, kernels.SLACK] = exponential(streams[_SLACK], id_, event_key(0, 0), slack_s[type_])
        out_ask[row, booking_names.KNOWN] = -math.inf
        if provisional and math.isnan(known_s[row]):
            delay_s = exponential(streams[_PROVISIONAL], id_, event_key(0, 1), number[RELEASE_DELAY])
            out_ask[row, booking_names.KNOWN] = asks_s + delay_s
        elif provisional:
            out_ask[row, booking_names.KNOWN] = known_s[row]
        people.write_intent(streams, id_, row, number, out_ask, out_asker)
        out_asker[row, kernels.HAULIER] = word[row, truck.HAULIER]
        out_asker[row, booking_names.TYPE] = type_
        # Trucks come in the order of their hours, so that each has its slots near those of the one before.
        first, nearest = people.write_nearest(row, desired_s[row], slot_to_s, max_shift_s, first, nearest, out_asker)


@inner_kernel
def _again_s(id_, stream, cumulative, start_s, end_s):
    """A moment of the day, as likely in each hour as its trucks are many."""
    hour = categorical(stream, id_, event_key(0, 0), cumulative)
    before = cumulative[hour - 1] if hour else 0.0
    at = uniform(stream, id_, event_key(0, 0)) * cumulative[-1]
    return start_s[hour] + (at - before) / (cumulative[hour] - before) * (end_s[hour] - start_s[hour])


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
        As :func:`~twin.models.terminal.booking.kernels.run_gate_books` gives them.
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
        As in :class:`~twin.booking.slots.Slots`; added to.
    """
    has_columns(slot, 2)
    has_columns(fate, 2)
    has_columns(out_time_s, truck.TIME_COLUMNS)
    has_columns(out_word, truck.WORD_COLUMNS)
    has_columns(out_code, truck.CODE_COLUMNS)
    for row in range(ids.size):
        if not asks[row]:
            continue
        id_ = ids[row]
        at = slot[row, 0]
        out_time_s[row, truck.ASKED] = asks_s[row]
        outcome = people.outcome_of(id_, fate[row, 0], streams, number)
        if outcome == booking_names.PLACED:
            start = slot_from_s[at]
            end = slot_to_s[at]
            out_time_s[row, truck.PLAN] = people.planned_s(id_, desired_s[row], start, end, streams, number)
            out_time_s[row, truck.SLOT_FROM] = start
            out_time_s[row, truck.SLOT_TO] = end
            out_word[row, truck.CLASS] = truck.BOOKED
            out_word[row, truck.FLAGS] |= privileges
        elif outcome == booking_names.NO_SHOW:
            stream = streams[_COMES_AGAIN]
            out_time_s[row, truck.PLAN] = _again_s(id_, stream, hour_cumulative, hour_from_s, hour_to_s)
        elif outcome == booking_names.LAPSED:
            # A box that was not released in time is fetched once it is.
            out_time_s[row, truck.PLAN] = max(desired_s[row], ask[row, booking_names.KNOWN])
        out_code[row, truck.BOOKING] = outcome
        out_comes[row] = not stays_away[outcome]
        people.count_booking(outcome, at, slot[row, 1], fate[row, 1], out_counts, out_second)
