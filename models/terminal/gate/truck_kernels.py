"""What the queue engine does not know of trucks: windows, documents, yards, the places where they stand."""

from __future__ import annotations

import math

from twin.booking import names as n
from twin.booking.window_kernels import by_window, is_late
from twin.engine.draws import event_key, uniform
from twin.engine.stations.lane_kernels import line_to_join
from twin.engine.stations.law_kernels import draw_law
from twin.engine.stations.passage_kernels import hold, leave
from twin.jit import index, inner_kernel
from twin.models.terminal import names as k
from twin.models.terminal.gate.space_kernels import find_space, flow_now, give_up_space, leave_space, tail_length_m


@inner_kernel
def _admitted(time_s, word, code, tally, num, row, now_s):
    """Class in which a truck is served by its window, written into its row; returns how it stands to the window."""
    stands = n.AS_ORDINARY
    if word[row, k.CLASS] == k.BOOKED:
        stands = by_window(
            time_s[row, k.JOIN],
            now_s,
            time_s[row, k.SLOT_FROM],
            time_s[row, k.SLOT_TO],
            num[k.GRACE_EARLY],
            num[k.GRACE_LATE],
            tally[k.EARLY],
            tally[k.LATE],
        )
    if stands == n.TOO_LATE:
        code[row, k.REASON] = k.TOO_LATE
    elif stands == n.TOO_EARLY:
        code[row, k.REASON] = k.TOO_EARLY
    else:
        code[row, k.SERVED_AS] = k.ORDINARY if stands == n.AS_ORDINARY else k.BOOKED
    return stands


@inner_kernel
def _comes_late(time_s, word, num, row):
    """Whether a truck comes after its window and nobody has settled yet what becomes of it."""
    booked = word[row, k.CLASS] == k.BOOKED and not word[row, k.FLAGS] & k.REBOOKED
    return booked and is_late(time_s[row, k.JOIN], time_s[row, k.SLOT_TO], num[k.GRACE_LATE])


@inner_kernel
def sort_of(word, code, tally, row):
    """How a truck is sorted before the gate."""
    flags = word[row, k.FLAGS]
    if flags & k.TROUBLED and tally[k.TROUBLE_LANES]:
        return k.SORTED_OUT
    if flags & k.IS_OVERSIZE and tally[k.OVERSIZE_LANES]:
        return k.OVERSIZE
    return k.BOOKED if code[row, k.SERVED_AS] == k.BOOKED and tally[k.RESERVED] else k.ORDINARY


@inner_kernel
def arrives(time_s, word, code, lines, groups, tally, num, row, now_s, out_rows):
    """A truck comes to the gate: the line it joins, if it is let in."""
    since_s = time_s[row, k.JOIN]
    ahead_of_sign = tally[k.ACCEPTING] or (since_s < num[k.CLOSING] and not tally[k.FLUSH])
    if tally[k.LATE] == k.REBOOK and ahead_of_sign and _comes_late(time_s, word, num, row):
        return k.ASK_FIRST
    time_s[row, k.QUEUED] = now_s
    if since_s < now_s:
        # Since it joined it has stood on links of the road, which gave it back only now.
        time_s[row, k.WAITED] += now_s - since_s
        time_s[row, k.ROAD_S] += now_s - since_s
    if not ahead_of_sign:
        reason = k.IN_LINE_AT_CLOSING if since_s < num[k.CLOSING] else k.AFTER_CLOSING
        leave(time_s, code, tally, row, reason, now_s, out_rows)
        return k.NOWHERE
    stands = _admitted(time_s, word, code, tally, num, row, now_s)
    if stands == n.TOO_LATE or stands == n.TOO_EARLY:
        leave(time_s, code, tally, row, code[row, k.REASON], now_s, out_rows)
        return k.NOWHERE
    sort = sort_of(word, code, tally, row)
    word[row, k.SORT] = sort
    if stands == n.WAITS_FOR_WINDOW:
        find_space(time_s, word, tally, num, row, now_s)
        hold(time_s, word, code, tally, row, time_s[row, k.SLOT_FROM] - num[k.GRACE_EARLY])
        return k.NOWHERE
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
    key = event_key(word[row, k.MOVE], stage)
    length = draw_law(num, stage, streams[stage], id_, key)
    flags = word[row, k.FLAGS]
    if stage == k.GATE:
        if flags & k.CHECKED:
            length *= num[k.CHECKED_FACTOR]
        if flags & k.TROUBLED and tally[k.IN_LANE_TROUBLE]:
            length += draw_law(num, k.TROUBLE, streams[k.TROUBLE], id_, key)
        return length + num[k.MOVE_UP]
    if stage == k.CRANE:
        # Only laden boxes that are fetched lie under others.
        if flags & (k.FETCHES << word[row, k.MOVE]):
            mean = num[k.REHANDLE_MEAN]
            if flags & k.SIGNALLED:
                # The yard has been at work since the signal; it may not be done yet.
                since = now_s - time_s[row, k.JOIN] + num[k.SIGNAL_LEAD]
                done = 1.0 if since >= num[k.MARSHALLING] else since / num[k.MARSHALLING]
                mean *= 1.0 - done * (1.0 - num[k.SIGNAL_FACTOR])
            rehandles = _small_poisson(streams[k.REHANDLE], id_, key, mean)
            word[row, k.REHANDLES] += rehandles
            length += rehandles * num[k.REHANDLE_S]
        time_s[row, k.CRANE_S] += length
    return length


@inner_kernel
def called(time_s, word, tally, num, row, stage, server, waited_s, now_s):
    """A lane calls a truck, which gives up its place; or a crane does."""
    if stage == k.GATE:
        word[row, k.LANE] = server
        if math.isnan(time_s[row, k.CALLED]):
            time_s[row, k.CALLED] = now_s
            time_s[row, k.GATE_START] = now_s + num[k.MOVE_UP]
        leave_space(time_s, word, tally, num, row, now_s)
    elif stage == k.CRANE:
        time_s[row, k.YARD_WAITED] += waited_s


@inner_kernel
def _next_line(word, tally, row, stage):
    """Where a truck goes after a stage."""
    if stage == k.GATE and word[row, k.FLAGS] & k.TROUBLED and not tally[k.IN_LANE_TROUBLE]:
        return k.TROUBLE_LINE
    if stage == k.OUT_GATE:
        return k.THROUGH
    if stage != k.CRANE:
        if tally[k.HAS_YARD]:
            return k.UNDER_WAY_NEXT
        return k.OUT_LINE if tally[k.HAS_OUT_GATE] else k.THROUGH
    if word[row, k.MOVE] >= word[row, k.MOVES] and not tally[k.HAS_OUT_GATE]:
        return k.THROUGH
    return k.UNDER_WAY_NEXT


@inner_kernel
def ended(time_s, word, tally, row, stage, now_s):
    """A truck is through with a stage."""
    if stage == k.GATE:
        tally[k.INSIDE] += 1
        time_s[row, k.GATE_END] = now_s
    elif stage == k.CRANE:
        word[row, k.MOVE] += 1
    line = _next_line(word, tally, row, stage)
    if line == k.THROUGH:
        tally[k.INSIDE] -= 1
    return line


@inner_kernel
def came(word, row):
    """Block of the next move, or the out-gate."""
    move = word[row, k.MOVE]
    return k.OUT_LINE if move >= word[row, k.MOVES] else k.FIRST_BLOCK_LINE + word[row, k.BLOCK_A + move]


@inner_kernel
def waits(time_s, word, lines, tally, num, row, line, now_s):
    """A truck that finds no idle lane needs a place to stand, unless it has one."""
    if word[row, k.SPACE] == k.NO_SPACE and lines[line, k.WATCHED]:
        find_space(time_s, word, tally, num, row, now_s)


@inner_kernel
def turned_away(time_s, word, tally, num, row, now_s):
    """The gate shuts in front of a truck."""
    give_up_space(time_s, word, tally, num, row, now_s)


@inner_kernel
def note(tally, num, now_s, rec_counts, rec_numbers):
    """Write a record of the queue if anything a planner counts has changed."""
    held = tally[k.HELD_COUNT]
    line = tally[k.IN_LINE] + held
    booked = tally[k.BOOKED_IN_LINE] + held
    if not (
        (tally[k.LAST + k.R_LINE] ^ line)
        | (tally[k.LAST + k.R_BOOKED] ^ booked)
        | (tally[k.LAST + k.R_YARDS] ^ tally[k.IN_YARDS])
        | (tally[k.LAST + k.R_ROAD] ^ tally[k.ROAD_COUNT])
        | (tally[k.LAST + k.R_BOOKED_ROAD] ^ tally[k.BOOKED_ON_ROAD])
        | (tally[k.LAST + k.R_OPEN] ^ tally[k.LANES_OPEN])
        | (tally[k.LAST + k.R_BUSY] ^ tally[k.LANES_BUSY])
        | (tally[k.LAST + k.R_INSIDE] ^ tally[k.INSIDE])
    ):
        return
    metres = 0.0
    if tally[k.ROAD_COUNT]:
        metres = (
            tail_length_m(
                float(tally[k.ROAD_COUNT]),
                flow_now(num, k.FLOW_IN, now_s),
                flow_now(num, k.FLOW_OUT, now_s),
                num[k.KAPPA] * num[k.ROAD_LANES],
                num[k.FREE_SPEED],
                num[k.WAVE_SPEED],
            )
            / num[k.ROAD_LANES]
        )
    num[k.LAST_METRES] = metres
    at = index(tally[k.REC_COUNT])
    tally[k.REC_COUNT] = at + 1
    rec_numbers[k.R_TIME, at] = now_s
    rec_numbers[k.R_METRES, at] = metres
    tally[k.LAST + k.R_LINE] = rec_counts[k.R_LINE, at] = line
    tally[k.LAST + k.R_BOOKED] = rec_counts[k.R_BOOKED, at] = booked
    tally[k.LAST + k.R_YARDS] = rec_counts[k.R_YARDS, at] = tally[k.IN_YARDS]
    tally[k.LAST + k.R_ROAD] = rec_counts[k.R_ROAD, at] = tally[k.ROAD_COUNT]
    tally[k.LAST + k.R_BOOKED_ROAD] = rec_counts[k.R_BOOKED_ROAD, at] = tally[k.BOOKED_ON_ROAD]
    tally[k.LAST + k.R_OPEN] = rec_counts[k.R_OPEN, at] = tally[k.LANES_OPEN]
    tally[k.LAST + k.R_BUSY] = rec_counts[k.R_BUSY, at] = tally[k.LANES_BUSY]
    tally[k.LAST + k.R_INSIDE] = rec_counts[k.R_INSIDE, at] = tally[k.INSIDE]
