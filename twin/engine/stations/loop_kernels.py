"""The queue engine: customers are rows, lines are linked lists, services end in one calendar.

A visit goes through stages. Each stage has *groups* of servers fed by up to three *lines*; one code serves them all.
Four sources give the next event: the schedule, the calendar of ends of service, the customers under way between two
stages (all ways take the same time, so the first to set out is the first to arrive), and the arrivals, sorted by time
and id. Ties fall by source in this order, then by id.

What a model means by it comes as kernels of its own, which are compiled into the loop:

* ``arrives(time_s, word, code, lines, groups, tally, num, row, now_s, out_rows)``: a customer has come, ``JOIN`` is
  written; gives the line it joins, ``NOWHERE`` if it was held or has left, or ``ASK_FIRST``, having changed nothing.
* ``service_time(ids, time_s, word, tally, num, streams, row, stage, now_s)``: seconds, keyed by customer.
* ``called(time_s, word, tally, num, row, stage, server, waited_s, now_s)``: a server has called a customer.
* ``ended(time_s, word, tally, row, stage, now_s)``: a service has ended; gives the next line, ``UNDER_WAY_NEXT`` or
  ``THROUGH``.
* ``came(word, row)``: gives the line a customer comes to after its way.
* ``waits(time_s, word, lines, tally, num, row, line, now_s)``: a customer found no idle server.
* ``turned_away(time_s, word, tally, num, row, now_s)``: a customer in a watched line is sent off at the close.
* ``note(tally, num, now_s, rec_counts, rec_numbers)``: writes at most one record of what has changed.

What a helper schedules goes onto a list of rows that are due (``tally[DUE_HEAD]``, linked through ``word[:, NEXT]``),
and the loop moves it to the calendar.
"""

from __future__ import annotations

import math

from twin.engine.stations import names
from twin.engine.stations.calendar_kernels import add, drop_first, replace_first
from twin.engine.stations.lane_kernels import jockey, leave_shut_lanes, line_to_join
from twin.engine.stations.line_kernels import put_first, take_first
from twin.engine.stations.passage_kernels import leave, set_out
from twin.engine.stations.serve_kernels import queue, serve
from twin.jit import fetch_row, index, inner_kernel, inner_template, lean_kernel, lean_template


@inner_kernel
def _end_service(time_s, word, groups, servers, tally, row):
    """A service ends: the server is free again; returns its group."""
    server = index(word[row, names.SERVER])
    group = index(servers[server, names.GROUP])
    servers[server, names.ROW] = -1
    groups[group, names.FREE] = min(groups[group, names.FREE], server)
    groups[group, names.BUSY] -= 1
    word[row, names.SERVER] = -1
    time_s[row, names.END] = math.nan
    if groups[group, names.STAGE] == names.FIRST_STAGE:
        tally[names.SERVERS_BUSY] -= 1
    return group


@lean_kernel
def _suspend(ids, time_s, word, code, lines, groups, servers, tally, group, now_s):
    """Send back to the head of their line the customers beyond the servers left open, last joined first."""
    while groups[group, names.BUSY] > groups[group, names.CAP]:
        last = -1
        for server in range(groups[group, names.FIRST], servers.shape[0]):
            if servers[server, names.GROUP] != group:
                break
            row = servers[server, names.ROW]
            # Who ends at this very moment is let go.
            if row < 0 or time_s[row, names.END] <= now_s:
                continue
            if (
                last < 0
                or time_s[row, names.JOIN] > time_s[last, names.JOIN]
                or (time_s[row, names.JOIN] == time_s[last, names.JOIN] and ids[row] > ids[last])
            ):
                last = row
        if last < 0:
            return
        time_s[last, names.REMAIN] = time_s[last, names.END] - now_s
        time_s[last, names.END] = math.nan
        time_s[last, names.QUEUED] = now_s
        servers[word[last, names.SERVER], names.ROW] = -1
        word[last, names.SERVER] = -1
        code[last, names.STATE] = names.WAITING
        groups[group, names.FREE] = groups[group, names.FIRST]
        groups[group, names.BUSY] -= 1
        tally[names.SERVERS_BUSY] -= 1
        put_first(word, lines, tally, word[last, names.LINE], last)


@lean_template
def _turn_away_lines(turned_away, time_s, word, code, lines, tally, num, now_s, out_rows):
    """Everybody in a watched line leaves unserved: the first stage shuts in front of them."""
    for line in range(lines.shape[0]):
        while lines[line, names.WATCHED] and lines[line, names.COUNT]:
            row = take_first(word, lines, tally, line)
            time_s[row, names.WAITED] += now_s - time_s[row, names.QUEUED]
            turned_away(time_s, word, tally, num, row, now_s)
            leave(time_s, code, tally, row, names.IN_LINE_AT_CLOSING, now_s, out_rows)


@inner_kernel
def _sooner(one_s, other_s):
    # Python's min asks more of nan than a clock needs.
    return one_s if one_s < other_s else other_s


@inner_kernel
def _moment(at_s, nth):
    return at_s[nth] if nth < at_s.size else math.inf


@inner_kernel
def _first_on_way(time_s, tally):
    """When the first of those who are under way arrives."""
    return time_s[index(tally[names.WAY_HEAD]), names.END] if tally[names.WAY_HEAD] >= 0 else math.inf


@inner_template
def run_stations(
    arrives,
    service_time,
    called,
    ended,
    came,
    waits,
    turned_away,
    note,
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

    The kernel of a model that calls this declares how many columns its tables have (``has_columns``).

    Parameters
    ----------
    arrives, ..., note
        What the model means by it, see above.
    until_s
        The next common instant.
    ids, ..., heap_size
        The fields of :class:`~twin.engine.stations.state.StationState`, in order; all are changed.
    arrival_rows, arrival_s : (m,) int64, float64
        Customers who arrive, sorted by time and id, from ``tally[ARRIVAL_NEXT]`` on.
    out_rows : (n,) int64
        Filled with the customers who leave, ``tally[OUT_COUNT]`` of them.
    rec_counts, rec_numbers : (counts, r) int32, (numbers, r) float64
        Filled with records by ``note``, ``tally[REC_COUNT]`` of them.

    Returns
    -------
    int
        ``REACHED``; ``ASK`` before a schedule entry that the model must decide (call again after); ``ASK_ARRIVAL``
        before a customer for whom ``arrives`` asks first (likewise); ``FULL`` when the records must be taken away;
        ``CALENDAR_FULL`` if the calendar was made too small.
    """
    # When each source gives its next event, looked up again only when the source has moved on.
    entry = index(tally[names.SCHED_NEXT])
    sched_s = _moment(sched_time, entry)
    nth = index(tally[names.ARRIVAL_NEXT])
    join_s = _moment(arrival_s, nth)
    way_s = _first_on_way(time_s, tally)
    while True:
        end_s = heap_times[0]
        now_s = _sooner(_sooner(sched_s, end_s), _sooner(way_s, join_s))
        if now_s > until_s:
            return names.REACHED
        # One event writes at most one record.
        if tally[names.REC_COUNT] >= rec_numbers.shape[1]:
            return names.FULL
        # Every event ends with at most one customer who goes on, in ``row``, and one group that may call.
        row = 0
        line = -1
        group = -1
        # Whether the first entry of the calendar has happened and waits to be replaced or dropped.
        happened = False
        # What happens behind the first stage changes nothing that is recorded, until somebody leaves.
        counted = True
        scheduled = sched_s == now_s
        if scheduled:
            if sched_word[entry, names.S_ASK]:
                return names.ASK
            tally[names.SCHED_NEXT] = entry + 1
            sched_s = _moment(sched_time, index(entry + 1))
            if sched_word[entry, names.S_KIND] == names.CLOSE:
                tally[names.ACCEPTING] = 0
                if tally[names.FLUSH]:
                    _turn_away_lines(turned_away, time_s, word, code, lines, tally, num, now_s, out_rows)
            elif sched_word[entry, names.S_KIND] == names.SET_SERVERS:
                group = index(sched_word[entry, names.S_GROUP])
                if groups[group, names.STAGE] == names.FIRST_STAGE:
                    tally[names.SERVERS_OPEN] += sched_word[entry, names.S_COUNT] - groups[group, names.CAP]
                groups[group, names.CAP] = sched_word[entry, names.S_COUNT]
                if tally[names.SUSPEND] and groups[group, names.STAGE] == names.FIRST_STAGE:
                    _suspend(ids, time_s, word, code, lines, groups, servers, tally, group, now_s)
            entry = index(entry + 1)
        elif end_s == now_s:
            row = index(heap_rows[0])
            happened = True
            # A customer sent back by a closing leaves its old end in the calendar.
            if time_s[row, names.END] != now_s:
                drop_first(ids, word, heap_times, heap_rows, heap_size)
                continue
            if word[row, names.EVENT] == names.END_EVENT:
                group = _end_service(time_s, word, groups, servers, tally, row)
                stage = groups[group, names.STAGE]
                line = ended(time_s, word, tally, row, stage, now_s)
                counted = stage == names.FIRST_STAGE or line == names.THROUGH
                if line == names.UNDER_WAY_NEXT:
                    set_out(time_s, word, code, tally, num, row, now_s)
                    way_s = _sooner(way_s, time_s[row, names.END])
                elif line == names.THROUGH:
                    leave(time_s, code, tally, row, names.SERVED_WELL, now_s, out_rows)
            else:
                # The window of a customer who came early begins: it joins the line from where it stands.
                tally[names.HELD_COUNT] -= 1
                time_s[row, names.WAITED] += now_s - time_s[row, names.QUEUED]
                line = line_to_join(lines, groups, tally, word[row, names.SORT])
        elif way_s == now_s:
            counted = False
            row = index(tally[names.WAY_HEAD])
            tally[names.WAY_HEAD] = word[row, names.NEXT]
            way_s = _first_on_way(time_s, tally)
            line = came(word, row)
        else:
            row = index(arrival_rows[nth])
            # Rows lie in the order of ids, customers come in another: have the coming ones at hand.
            coming = index(arrival_rows[index(min(nth + 6, arrival_rows.size - 1))])
            fetch_row(ids, coming)
            fetch_row(time_s, coming)
            fetch_row(word, coming)
            if math.isnan(time_s[row, names.JOIN]):
                time_s[row, names.JOIN] = now_s
            line = arrives(time_s, word, code, lines, groups, tally, num, row, now_s, out_rows)
            if line == names.ASK_FIRST:
                return names.ASK_ARRIVAL
            nth = index(nth + 1)
            tally[names.ARRIVAL_NEXT] = nth
            join_s = _moment(arrival_s, nth)
        if line >= 0:
            time_s[row, names.QUEUED] = now_s
            code[row, names.STATE] = names.WAITING
            queue(
                service_time, called, ids, time_s, word, code, lines, groups, servers, tally, num, streams, row, line,
                now_s,
            )  # fmt: skip
            if code[row, names.STATE] == names.WAITING:
                waits(time_s, word, lines, tally, num, row, line, now_s)
        if group >= 0:
            serve(
                service_time, called, ids, time_s, word, code, lines, groups, servers, tally, num, streams, group, now_s
            )
        if tally[names.OWN_LINES]:
            if scheduled and sched_s > now_s:
                leave_shut_lanes(
                    service_time, called, ids, time_s, word, code, lines, groups, servers, tally, num, streams, now_s
                )
                for lane in range(tally[names.FIRST_GROUPS] if tally[names.JOCKEY] else 0):
                    jockey(
                        service_time, called, ids, time_s, word, code, lines, groups, servers, tally, num, streams,
                        lane, now_s,
                    )  # fmt: skip
            if tally[names.JOCKEY] and happened and 0 <= group < tally[names.FIRST_GROUPS]:
                jockey(
                    service_time, called, ids, time_s, word, code, lines, groups, servers, tally, num, streams, group,
                    now_s,
                )  # fmt: skip
        while tally[names.DUE_HEAD] >= 0:
            row = index(tally[names.DUE_HEAD])
            tally[names.DUE_HEAD] = word[row, names.NEXT]
            if happened:
                happened = False
                replace_first(ids, word, heap_times, heap_rows, time_s[row, names.END], row)
            elif heap_size[0] < heap_rows.size:
                add(ids, word, heap_times, heap_rows, heap_size, time_s[row, names.END], row)
            else:
                return names.CALENDAR_FULL
        if happened:
            drop_first(ids, word, heap_times, heap_rows, heap_size)
        if counted:
            note(tally, num, now_s, rec_counts, rec_numbers)
