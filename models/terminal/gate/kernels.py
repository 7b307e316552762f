"""The gate as an event kernel: trucks are rows, lines are linked lists, services end in one calendar.

A visit goes through in-gate lane, perhaps a trouble desk, yard blocks and out-gate. Each of these is a *group*
of servers fed by up to three *lines*; one code serves them all. Four sources give the next event: the schedule
of lanes, the calendar of ends of service, the trucks driving inside (all take the same time, so the first to set
out is the first to arrive), and the arrivals at the line, sorted by time and id. Ties fall by source in this order,
then by id.

The arrays are those of :class:`twin.models.terminal.gate.state.Now`, columns and elements those of
:mod:`twin.models.terminal.names`. What a helper schedules goes onto a list of rows that are due
(``tally[DUE_HEAD]``, linked through ``word[:, NEXT]``), and the loop moves it to the calendar.
"""

from __future__ import annotations

import math

from twin.jit import fetch_row, has_columns, index, inner_kernel, lean_kernel
from twin.models.terminal import names as k
from twin.models.terminal.gate.calendar_kernels import add, drop_first, replace_first
from twin.models.terminal.gate.lane_kernels import jockey, leave_shut_lanes, line_to_join, sort_of
from twin.models.terminal.gate.line_kernels import (
    find_space,
    flow_now,
    give_up_space,
    put_first,
    tail_length_m,
    take_first,
)
from twin.models.terminal.gate.serve_kernels import due, queue, serve


@inner_kernel
def _drive(time_s, word, code, tally, num, row, now_s):
    code[row, k.STATE] = k.DRIVING
    word[row, k.NEXT] = -1
    time_s[row, k.END] = now_s + num[k.DRIVE_S]
    if tally[k.DRIVE_HEAD] < 0:
        tally[k.DRIVE_HEAD] = row
    else:
        word[index(tally[k.DRIVE_TAIL]), k.NEXT] = row
    tally[k.DRIVE_TAIL] = row


@inner_kernel
def _leave(time_s, code, tally, row, reason, now_s, out_rows):
    code[row, k.STATE] = k.GONE
    code[row, k.REASON] = reason
    time_s[row, k.OUT] = now_s
    out_rows[index(tally[k.OUT_COUNT])] = row
    tally[k.OUT_COUNT] += 1


@inner_kernel
def _admitted(time_s, word, code, tally, num, row, now_s):
    """Class in which a truck is served by its window, written into its row; returns its state.

    HELD if it must wait for its window, GONE with the reason written if it is turned away.
    """
    booked = word[row, k.CLASS] == k.BOOKED
    if booked and time_s[row, k.JOIN] > time_s[row, k.SLOT_TO] + num[k.GRACE_LATE]:
        if tally[k.LATE] == k.TURNED_AWAY:
            code[row, k.REASON] = k.TOO_LATE
            return k.GONE
        booked = tally[k.LATE] == k.ADMITTED
    elif booked and now_s < time_s[row, k.SLOT_FROM] - num[k.GRACE_EARLY]:
        if tally[k.EARLY] == k.EARLY_WAITS:
            code[row, k.SERVED_AS] = k.BOOKED
            return k.HELD
        if tally[k.EARLY] == k.TURNED_AWAY:
            code[row, k.REASON] = k.TOO_EARLY
            return k.GONE
        booked = tally[k.EARLY] == k.ADMITTED
    code[row, k.SERVED_AS] = k.BOOKED if booked else k.ORDINARY
    return k.WAITING


@inner_kernel
def _comes_late(time_s, word, num, row):
    """Whether a truck comes after its window and nobody has settled yet what becomes of it."""
    booked = word[row, k.CLASS] == k.BOOKED and not word[row, k.FLAGS] & k.REBOOKED
    return booked and time_s[row, k.JOIN] > time_s[row, k.SLOT_TO] + num[k.GRACE_LATE]


@inner_kernel
def _next_line(word, tally, row, stage):
    """Line a truck goes to after a stage: -1 if it drives first, -2 if it is through."""
    if stage == k.GATE and word[row, k.FLAGS] & k.TROUBLED and not tally[k.IN_LANE_TROUBLE]:
        return k.TROUBLE_LINE
    if stage == k.OUT_GATE:
        return -2
    if stage != k.CRANE:
        if tally[k.HAS_YARD]:
            return -1
        return k.OUT_LINE if tally[k.HAS_OUT_GATE] else -2
    if word[row, k.MOVE] >= word[row, k.MOVES] and not tally[k.HAS_OUT_GATE]:
        return -2
    return -1


@inner_kernel
def _end_service(time_s, word, groups, servers, tally, row, now_s):
    """A service ends: the server is free again; returns its group."""
    server = index(word[row, k.SERVER])
    group = index(servers[server, k.GROUP])
    stage = groups[group, k.STAGE]
    servers[server, k.ROW] = -1
    groups[group, k.FREE] = min(groups[group, k.FREE], server)
    groups[group, k.BUSY] -= 1
    word[row, k.SERVER] = -1
    time_s[row, k.END] = math.nan
    if stage == k.GATE:
        tally[k.IN_LANES] -= 1
        tally[k.INSIDE] += 1
        time_s[row, k.GATE_END] = now_s
    elif stage == k.CRANE:
        word[row, k.MOVE] += 1
    return group


@lean_kernel
def _suspend(ids, time_s, word, code, lines, groups, servers, tally, group, now_s):
    """Send back to the head of their line the trucks beyond the lanes left open, last joined first."""
    while groups[group, k.BUSY] > groups[group, k.CAP]:
        last = -1
        for server in range(groups[group, k.FIRST], servers.shape[0]):
            if servers[server, k.GROUP] != group:
                break
            row = servers[server, k.ROW]
            # Who ends at this very moment is let go.
            if row < 0 or time_s[row, k.END] <= now_s:
                continue
            if (
                last < 0
                or time_s[row, k.JOIN] > time_s[last, k.JOIN]
                or (time_s[row, k.JOIN] == time_s[last, k.JOIN] and ids[row] > ids[last])
            ):
                last = row
        if last < 0:
            return
        time_s[last, k.REMAIN] = time_s[last, k.END] - now_s
        time_s[last, k.END] = math.nan
        time_s[last, k.QUEUED] = now_s
        servers[word[last, k.SERVER], k.ROW] = -1
        word[last, k.SERVER] = -1
        code[last, k.STATE] = k.WAITING
        groups[group, k.FREE] = groups[group, k.FIRST]
        groups[group, k.BUSY] -= 1
        tally[k.IN_LANES] -= 1
        put_first(word, lines, tally, word[last, k.LINE], last)


@lean_kernel
def _turn_away_lines(time_s, word, code, lines, tally, num, now_s, out_rows):
    """Everybody in line before the gate leaves unserved: it shuts in front of them."""
    for line in range(lines.shape[0]):
        while lines[line, k.AT_GATE] and lines[line, k.COUNT]:
            row = take_first(word, lines, tally, line)
            time_s[row, k.WAITED] += now_s - time_s[row, k.QUEUED]
            give_up_space(time_s, word, tally, num, row, now_s)
            _leave(time_s, code, tally, row, k.IN_LINE_AT_CLOSING, now_s, out_rows)


@inner_kernel
def _sooner(one_s, other_s):
    # Python's min asks more of nan than a clock needs.
    return one_s if one_s < other_s else other_s


@inner_kernel
def _moment(at_s, nth):
    return at_s[nth] if nth < at_s.size else math.inf


@inner_kernel
def _first_arrival(time_s, tally):
    """When the first of those who drive inside arrives."""
    return time_s[index(tally[k.DRIVE_HEAD]), k.END] if tally[k.DRIVE_HEAD] >= 0 else math.inf


@inner_kernel
def _record(tally, num, now_s, rec_counts, rec_numbers):
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
        | (tally[k.LAST + k.R_BUSY] ^ tally[k.IN_LANES])
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
    tally[k.LAST + k.R_BUSY] = rec_counts[k.R_BUSY, at] = tally[k.IN_LANES]
    tally[k.LAST + k.R_INSIDE] = rec_counts[k.R_INSIDE, at] = tally[k.INSIDE]


@lean_kernel
def run_until(
    until_s,
    ids,
    time_s,
    word,
    code,
    lines,
    groups,
    servers,
    tally,
    num,
    streams,
    sched_time,
    sched_word,
    heap_times,
    heap_rows,
    heap_size,
    arrival_rows,
    arrival_s,
    out_rows,
    rec_counts,
    rec_numbers,
):
    """Let everything happen up to and including ``until_s``.

    Parameters
    ----------
    until_s
        The next common instant.
    ids, ..., heap_size
        The fields of ``Now``, in order; all are changed.
    arrival_rows, arrival_s : (m,) int64, float64
        Trucks that reach the line, sorted by time and id, from ``tally[PLAN_NEXT]`` on.
    out_rows : (n,) int64
        Filled with the trucks that leave, ``tally[OUT_COUNT]`` of them.
    rec_counts, rec_numbers : (REC_COUNTS, r) int32, (REC_NUMBERS, r) float64
        Filled with records of the queue, ``tally[REC_COUNT]`` of them.

    Returns
    -------
    int
        ``REACHED``; ``ASK`` before a schedule entry that the operator must decide (call again after);
        ``CAME_LATE`` before a truck joins after its window, whom the desk gives another slot or none (likewise);
        ``FULL`` when the records must be taken away; ``CALENDAR_FULL`` if the calendar was made too small.
    """
    has_columns(time_s, k.TIME_COLUMNS)
    has_columns(word, k.WORD_COLUMNS)
    has_columns(code, k.CODE_COLUMNS)
    has_columns(groups, k.GROUP_COLUMNS)
    has_columns(servers, k.SERVER_COLUMNS)
    # When each source gives its next event, looked up again only when the source has moved on.
    entry = index(tally[k.SCHED_NEXT])
    sched_s = _moment(sched_time, entry)
    nth = index(tally[k.PLAN_NEXT])
    join_s = _moment(arrival_s, nth)
    drive_s = _first_arrival(time_s, tally)
    while True:
        end_s = heap_times[0]
        now_s = _sooner(_sooner(sched_s, end_s), _sooner(drive_s, join_s))
        if now_s > until_s:
            return k.REACHED
        # One event writes at most one record.
        if tally[k.REC_COUNT] >= rec_numbers.shape[1]:
            return k.FULL
        # Every event ends with at most one truck that goes on, in ``row``, and one group that may call.
        row = 0
        line = -1
        group = -1
        # Whether the first entry of the calendar has happened and waits to be replaced or dropped.
        happened = False
        # What happens behind the gate changes nothing that is recorded, until somebody leaves.
        counted = True
        scheduled = sched_s == now_s
        if scheduled:
            if sched_word[entry, k.S_ASK]:
                return k.ASK
            tally[k.SCHED_NEXT] = entry + 1
            sched_s = _moment(sched_time, index(entry + 1))
            if sched_word[entry, k.S_KIND] == k.SIGN:
                tally[k.ACCEPTING] = 0
                if tally[k.FLUSH]:
                    _turn_away_lines(time_s, word, code, lines, tally, num, now_s, out_rows)
            elif sched_word[entry, k.S_KIND] == k.SET_SERVERS:
                group = index(sched_word[entry, k.S_GROUP])
                if groups[group, k.STAGE] == k.GATE:
                    tally[k.LANES_OPEN] += sched_word[entry, k.S_COUNT] - groups[group, k.CAP]
                groups[group, k.CAP] = sched_word[entry, k.S_COUNT]
                if tally[k.SUSPEND] and groups[group, k.STAGE] == k.GATE:
                    _suspend(ids, time_s, word, code, lines, groups, servers, tally, group, now_s)
            entry = index(entry + 1)
        elif end_s == now_s:
            row = index(heap_rows[0])
            happened = True
            # A truck sent back by a closing leaves its old end in the calendar.
            if time_s[row, k.END] != now_s:
                drop_first(ids, word, heap_times, heap_rows, heap_size)
                continue
            if word[row, k.EVENT] == k.END_EVENT:
                group = _end_service(time_s, word, groups, servers, tally, row, now_s)
                line = _next_line(word, tally, row, groups[group, k.STAGE])
                counted = groups[group, k.STAGE] == k.GATE or line == -2
                if line == -1:
                    _drive(time_s, word, code, tally, num, row, now_s)
                    drive_s = _sooner(drive_s, time_s[row, k.END])
                elif line == -2:
                    tally[k.INSIDE] -= 1
                    _leave(time_s, code, tally, row, k.SERVED_WELL, now_s, out_rows)
            else:
                # The window of a truck that came early begins: it joins the line from where it stands.
                tally[k.HELD_COUNT] -= 1
                time_s[row, k.WAITED] += now_s - time_s[row, k.QUEUED]
                line = line_to_join(lines, groups, tally, sort_of(word, code, tally, row))
        elif drive_s == now_s:
            counted = False
            row = index(tally[k.DRIVE_HEAD])
            tally[k.DRIVE_HEAD] = word[row, k.NEXT]
            drive_s = _first_arrival(time_s, tally)
            move = word[row, k.MOVE]
            line = k.OUT_LINE if move >= word[row, k.MOVES] else k.FIRST_BLOCK_LINE + word[row, k.BLOCK_A + move]
        else:
            row = index(arrival_rows[nth])
            # Rows lie in the order of ids, trucks come in another: have the coming ones at hand.
            coming = index(arrival_rows[index(min(nth + 6, arrival_rows.size - 1))])
            fetch_row(ids, coming)
            fetch_row(time_s, coming)
            fetch_row(word, coming)
            if math.isnan(time_s[row, k.JOIN]):
                time_s[row, k.JOIN] = now_s
            since_s = time_s[row, k.JOIN]
            ahead_of_sign = tally[k.ACCEPTING] or (since_s < num[k.CLOSING] and not tally[k.FLUSH])
            if tally[k.LATE] == k.REBOOK and ahead_of_sign and _comes_late(time_s, word, num, row):
                return k.CAME_LATE
            nth = index(nth + 1)
            tally[k.PLAN_NEXT] = nth
            join_s = _moment(arrival_s, nth)
            time_s[row, k.QUEUED] = now_s
            if since_s < now_s:
                # Since it joined it has stood on links of the road, which gave it back only now.
                time_s[row, k.WAITED] += now_s - since_s
                time_s[row, k.ROAD_S] += now_s - since_s
            if not ahead_of_sign:
                reason = k.IN_LINE_AT_CLOSING if since_s < num[k.CLOSING] else k.AFTER_CLOSING
                _leave(time_s, code, tally, row, reason, now_s, out_rows)
            else:
                state = _admitted(time_s, word, code, tally, num, row, now_s)
                if state == k.WAITING:
                    line = line_to_join(lines, groups, tally, sort_of(word, code, tally, row))
                elif state == k.HELD:
                    code[row, k.STATE] = k.HELD
                    tally[k.HELD_COUNT] += 1
                    find_space(time_s, word, tally, num, row, now_s)
                    due(time_s, word, tally, row, time_s[row, k.SLOT_FROM] - num[k.GRACE_EARLY], k.RELEASE_EVENT)
                else:
                    _leave(time_s, code, tally, row, code[row, k.REASON], now_s, out_rows)
        if line >= 0:
            time_s[row, k.QUEUED] = now_s
            code[row, k.STATE] = k.WAITING
            queue(ids, time_s, word, code, lines, groups, servers, tally, num, streams, row, line, now_s)
            if code[row, k.STATE] == k.WAITING and word[row, k.SPACE] == k.NO_SPACE and lines[line, k.AT_GATE]:
                find_space(time_s, word, tally, num, row, now_s)
        if group >= 0:
            serve(ids, time_s, word, code, lines, groups, servers, tally, num, streams, group, now_s)
        if tally[k.OWN_LINES]:
            if scheduled and sched_s > now_s:
                leave_shut_lanes(ids, time_s, word, code, lines, groups, servers, tally, num, streams, now_s)
                for lane in range(tally[k.LANE_GROUPS] if tally[k.JOCKEY] else 0):
                    jockey(ids, time_s, word, code, lines, groups, servers, tally, num, streams, lane, now_s)
            if tally[k.JOCKEY] and happened and 0 <= group < tally[k.LANE_GROUPS]:
                jockey(ids, time_s, word, code, lines, groups, servers, tally, num, streams, group, now_s)
        while tally[k.DUE_HEAD] >= 0:
            row = index(tally[k.DUE_HEAD])
            tally[k.DUE_HEAD] = word[row, k.NEXT]
            if happened:
                happened = False
                replace_first(ids, word, heap_times, heap_rows, time_s[row, k.END], row)
            elif heap_size[0] < heap_rows.size:
                add(ids, word, heap_times, heap_rows, heap_size, time_s[row, k.END], row)
            else:
                return k.CALENDAR_FULL
        if happened:
            drop_first(ids, word, heap_times, heap_rows, heap_size)
        if counted:
            _record(tally, num, now_s, rec_counts, rec_numbers)
