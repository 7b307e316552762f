"""What the queue engine does not know of trucks: windows, documents, yards, the places where they stand."""

from __future__ import annotations

import math

from twin.booking import names as booking_names
from twin.booking.window_kernels import by_window, is_late
from twin.engine.draws import event_key, uniform
from twin.engine.stations.lane_kernels import line_to_join
from twin.engine.stations.law_kernels import draw_law
from twin.engine.stations.passage_kernels import hold, leave
from twin.jit import index, inner_kernel
from twin.models.terminal import names as truck
from twin.models.terminal.gate.space_kernels import find_space, flow_now, give_up_space, leave_space, tail_length_m


@inner_kernel
def _admitted(time_s, word, code, tally, num, row, now_s):
    """Class in which a truck is served by its window, written into its row; returns how it stands to the window."""
    stands = booking_names.AS_ORDINARY
    if word[row, truck.CLASS] == truck.BOOKED:
        stands = by_window(
            time_s[row, truck.JOIN],
            now_s,
            time_s[row, truck.SLOT_FROM],
            time_s[row, truck.SLOT_TO],
            num[truck.GRACE_EARLY],
            num[truck.GRACE_LATE],
            tally[truck.EARLY],
            tally[truck.LATE],
        )
    if stands == booking_names.TOO_LATE:
        code[row, truck.REASON] = truck.TOO_LATE
    elif stands == booking_names.TOO_EARLY:
        code[row, truck.REASON] = truck.TOO_EARLY
    else:
        code[row, truck.SERVED_AS] = truck.ORDINARY if stands == booking_names.AS_ORDINARY else truck.BOOKED
    return stands


@inner_kernel
def _comes_late(time_s, word, num, row):
    """Whether a truck comes after its window and nobody has settled yet what becomes of it."""
    booked = word[row, truck.CLASS] == truck.BOOKED and not word[row, truck.FLAGS] & truck.REBOOKED
    return booked and is_late(time_s[row, truck.JOIN], time_s[row, truck.SLOT_TO], num[truck.GRACE_LATE])


@inner_kernel
def sort_of(word, code, tally, row):
    """How a truck is sorted before the gate."""
    flags = word[row, truck.FLAGS]
    if flags & truck.TROUBLED and tally[truck.TROUBLE_LANES]:
        return truck.SORTED_OUT
    if flags & truck.IS_OVERSIZE and tally[truck.OVERSIZE_LANES]:
        return truck.OVERSIZE
    return truck.BOOKED if code[row, truck.SERVED_AS] == truck.BOOKED and tally[truck.RESERVED] else truck.ORDINARY


@inner_kernel
def arrives(time_s, word, code, lines, groups, tally, num, row, now_s, out_rows):
    """A truck comes to the gate: the line it joins, if it is let in."""
    since_s = time_s[row, truck.JOIN]
    ahead_of_sign = tally[truck.ACCEPTING] or (since_s < num[truck.CLOSING] and not tally[truck.FLUSH])
    if tally[truck.LATE] == truck.REBOOK and ahead_of_sign and _comes_late(time_s, word, num, row):
        return truck.ASK_FIRST
    time_s[row, truck.QUEUED] = now_s
    if since_s < now_s:
        # Since it joined it has stood on links of the road, which gave it back only now.
        time_s[row, truck.WAITED] += now_s - since_s
        time_s[row, truck.ROAD_S] += now_s - since_s
    if not ahead_of_sign:
        reason = truck.IN_LINE_AT_CLOSING if since_s < num[truck.CLOSING] else truck.AFTER_CLOSING
        leave(time_s, code, tally, row, reason, now_s, out_rows)
        return truck.NOWHERE
    stands = _admitted(time_s, word, code, tally, num, row, now_s)
    if stands == booking_names.TOO_LATE or stands == booking_names.TOO_EARLY:
        leave(time_s, code, tally, row, code[row, truck.REASON], now_s, out_rows)
        return truck.NOWHERE
    sort = sort_of(word, code, tally, row)
    word[row, truck.SORT] = sort
    if stands == booking_names.WAITS_FOR_WINDOW:
        find_space(time_s, word, tally, num, row, now_s)
        hold(time_s, word, code, tally, row, time_s[row, truck.SLOT_FROM] - num[truck.GRACE_EARLY])
        return truck.NOWHERE
    return line_to_join(lines, groups, tally, sort)


@inner_kernel
def _small_poisson(stream, id_, event_, mean):
    """Poisson number by inversion of one uniform: larger means only add, for the same key."""
    u = uniform(stream, id_, event_)
    term = math.exp(-mean)
    total = term
    number = 0
    while u > total and number < 1000:
        number += 1
        term *= mean / number
        total += term
    return number


@inner_kernel
def service_time(ids, time_s, word, tally, num, streams, row, stage, now_s):
    """Time a truck holds its server, s; every draw is keyed by visit, move and stage."""
    id_ = ids[row]
    key = event_key(word[row, truck.MOVE], stage)
    length = draw_law(num, stage, streams[stage], id_, key)
    flags = word[row, truck.FLAGS]
    if stage == truck.GATE:
        if flags & truck.CHECKED:
            length *= num[truck.CHECKED_FACTOR]
        if flags & truck.TROUBLED and tally[truck.IN_LANE_TROUBLE]:
            length += draw_law(num, truck.TROUBLE, streams[truck.TROUBLE], id_, key)
        return length + num[truck.MOVE_UP]
    if stage == truck.CRANE:
        # Only laden boxes that are fetched lie under others.
        if flags & (truck.FETCHES << word[row, truck.MOVE]):
            mean = num[truck.REHANDLE_MEAN]
            if flags & truck.SIGNALLED:
                # The yard has been at work since the signal; it may not be done yet.
                since = now_s - time_s[row, truck.JOIN] + num[truck.SIGNAL_LEAD]
                done = 1.0 if since >= num[truck.MARSHALLING] else since / num[truck.MARSHALLING]
                mean *= 1.0 - done * (1.0 - num[truck.SIGNAL_FACTOR])
            rehandles = _small_poisson(streams[truck.REHANDLE], id_, key, mean)
            word[row, truck.REHANDLES] += rehandles
            length += rehandles * num[truck.REHANDLE_S]
        time_s[row, truck.CRANE_S] += length
    return length


@inner_kernel
def called(time_s, word, tally, num, row, stage, server, waited_s, now_s):
    """A lane calls a truck, which gives up its place; or a crane does."""
    if stage == truck.GATE:
        word[row, truck.LANE] = server
        if math.isnan(time_s[row, truck.CALLED]):
            time_s[row, truck.CALLED] = now_s
            time_s[row, truck.GATE_START] = now_s + num[truck.MOVE_UP]
        leave_space(time_s, word, tally, num, row, now_s)
    elif stage == truck.CRANE:
        time_s[row, truck.YARD_WAITED] += waited_s


@inner_kernel
def _next_line(word, tally, row, stage):
    """Where a truck goes after a stage."""
    if stage == truck.GATE and word[row, truck.FLAGS] & truck.TROUBLED and not tally[truck.IN_LANE_TROUBLE]:
        return truck.TROUBLE_LINE
    if stage == truck.OUT_GATE:
        return truck.THROUGH
    if stage != truck.CRANE:
        if tally[truck.HAS_YARD]:
            return truck.UNDER_WAY_NEXT
        return truck.OUT_LINE if tally[truck.HAS_OUT_GATE] else truck.THROUGH
    if word[row, truck.MOVE] >= word[row, truck.MOVES] and not tally[truck.HAS_OUT_GATE]:
        return truck.THROUGH
    return truck.UNDER_WAY_NEXT


@inner_kernel
def ended(time_s, word, tally, row, stage, now_s):
    """A truck is through with a stage."""
    if stage == truck.GATE:
        tally[truck.INSIDE] += 1
        time_s[row, truck.GATE_END] = now_s
    elif stage == truck.CRANE:
        word[row, truck.MOVE] += 1
    line = _next_line(word, tally, row, stage)
    if line == truck.THROUGH:
        tally[truck.INSIDE] -= 1
    return line


@inner_kernel
def came(word, row):
    """Block of the next move, or the out-gate."""
    move = word[row, truck.MOVE]
    return (
        truck.OUT_LINE if move >= word[row, truck.MOVES] else truck.FIRST_BLOCK_LINE + word[row, truck.BLOCK_A + move]
    )


@inner_kernel
def waits(time_s, word, lines, tally, num, row, line, now_s):
    """A truck that finds no idle lane needs a place to stand, unless it has one."""
    if word[row, truck.SPACE] == truck.NO_SPACE and lines[line, truck.WATCHED]:
        find_space(time_s, word, tally, num, row, now_s)


@inner_kernel
def turned_away(time_s, word, tally, num, row, now_s):
    """The gate shuts in front of a truck."""
    give_up_space(time_s, word, tally, num, row, now_s)


@inner_kernel
def note(tally, num, now_s, rec_counts, rec_numbers):
    """Write a record of the queue if anything a planner counts has changed."""
    held = tally[truck.HELD_COUNT]
    line = tally[truck.IN_LINE] + held
    booked = tally[truck.BOOKED_IN_LINE] + held
    if not (
        (tally[truck.LAST + truck.R_LINE] ^ line)
        | (tally[truck.LAST + truck.R_BOOKED] ^ booked)
        | (tally[truck.LAST + truck.R_YARDS] ^ tally[truck.IN_YARDS])
        | (tally[truck.LAST + truck.R_ROAD] ^ tally[truck.ROAD_COUNT])
        | (tally[truck.LAST + truck.R_BOOKED_ROAD] ^ tally[truck.BOOKED_ON_ROAD])
        | (tally[truck.LAST + truck.R_OPEN] ^ tally[truck.LANES_OPEN])
        | (tally[truck.LAST + truck.R_BUSY] ^ tally[truck.LANES_BUSY])
        | (tally[truck.LAST + truck.R_INSIDE] ^ tally[truck.INSIDE])
    ):
        return
    metres = 0.0
    if tally[truck.ROAD_COUNT]:
        metres = (
            tail_length_m(
                float(tally[truck.ROAD_COUNT]),
                flow_now(num, truck.FLOW_IN, now_s),
                flow_now(num, truck.FLOW_OUT, now_s),
                num[truck.KAPPA] * num[truck.ROAD_LANES],
                num[truck.FREE_SPEED],
                num[truck.WAVE_SPEED],
            )
            / num[truck.ROAD_LANES]
        )
    num[truck.LAST_METRES] = metres
    at = index(tally[truck.REC_COUNT])
    tally[truck.REC_COUNT] = at + 1
    rec_numbers[truck.R_TIME, at] = now_s
    rec_numbers[truck.R_METRES, at] = metres
    tally[truck.LAST + truck.R_LINE] = rec_counts[truck.R_LINE, at] = line
    tally[truck.LAST + truck.R_BOOKED] = rec_counts[truck.R_BOOKED, at] = booked
    tally[truck.LAST + truck.R_YARDS] = rec_counts[truck.R_YARDS, at] = tally[truck.IN_YARDS]
    tally[truck.LAST + truck.R_ROAD] = rec_counts[truck.R_ROAD, at] = tally[truck.ROAD_COUNT]
    tally[truck.LAST + truck.R_BOOKED_ROAD] = rec_counts[truck.R_BOOKED_ROAD, at] = tally[truck.BOOKED_ON_ROAD]
    tally[truck.LAST + truck.R_OPEN] = rec_counts[truck.R_OPEN, at] = tally[truck.LANES_OPEN]
    tally[truck.LAST + truck.R_BUSY] = rec_counts[truck.R_BUSY, at] = tally[truck.LANES_BUSY]
    tally[truck.LAST + truck.R_INSIDE] = rec_counts[truck.R_INSIDE, at] = tally[truck.INSIDE]
