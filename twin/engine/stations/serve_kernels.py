"""Servers call customers out of their lines.

A model brings two kernels of its own: ``service_time`` gives how long a customer holds its server, and ``called`` is
told of every call; see :mod:`twin.engine.stations.loop_kernels`.
"""

from __future__ import annotations

import math

from twin.engine.stations import names
from twin.engine.stations.line_kernels import append, take_first
from twin.jit import index, inner_kernel, inner_template


@inner_kernel
def due(time_s, word, tally, row, at_s, kind):
    """Let something happen to a customer, who is in no line, at a moment; the loop puts it into the calendar."""
    time_s[row, names.END] = at_s
    word[row, names.EVENT] = kind
    word[row, names.NEXT] = tally[names.DUE_HEAD]
    tally[names.DUE_HEAD] = row


@inner_kernel
def _older(ids, time_s, lines, one, other):
    """Of two lines, the second -1 for none, the one whose head joined first."""
    if other < 0 or lines[other, names.COUNT] == 0:
        return one
    if lines[one, names.COUNT] == 0:
        return other
    a = index(lines[one, names.HEAD])
    b = index(lines[other, names.HEAD])
    a_s = time_s[a, names.JOIN]
    b_s = time_s[b, names.JOIN]
    return one if a_s < b_s or (a_s == b_s and ids[a] < ids[b]) else other


@inner_kernel
def _next_row(ids, time_s, word, lines, groups, tally, group):
    """Take the customer a group serves next out of its line; -1 if none waits."""
    line = index(groups[group, names.LINE_A])
    second = groups[group, names.LINE_B]
    if second >= 0:
        third = groups[group, names.LINE_C]
        if groups[group, names.RULE] == names.OLDEST_FIRST:
            line = _older(ids, time_s, lines, _older(ids, time_s, lines, line, second), third)
        elif lines[line, names.COUNT] == 0:
            line = third if lines[second, names.COUNT] == 0 and third >= 0 else second
        line = index(line)
    return take_first(word, lines, tally, line) if lines[line, names.COUNT] else -1


@inner_template
def _start(service_time, called, ids, time_s, word, code, groups, servers, tally, num, streams, row, group, now_s):
    """The first idle server of a group begins to serve a customer that is in no line any more."""
    stage = index(groups[group, names.STAGE])
    server = index(groups[group, names.FREE])
    while servers[server, names.ROW] >= 0:
        server = index(server + 1)
    servers[server, names.ROW] = row
    groups[group, names.FREE] = server + 1
    groups[group, names.BUSY] += 1
    word[row, names.SERVER] = server
    code[row, names.STATE] = names.SERVED
    waited_s = now_s - time_s[row, names.QUEUED]
    if stage == names.FIRST_STAGE:
        tally[names.SERVERS_BUSY] += 1
        time_s[row, names.WAITED] += waited_s
    called(time_s, word, tally, num, row, stage, server, waited_s, now_s)
    remain = time_s[row, names.REMAIN]
    if math.isnan(remain):
        remain = service_time(ids, time_s, word, tally, num, streams, row, stage, now_s)
    else:
        time_s[row, names.REMAIN] = math.nan
    due(time_s, word, tally, row, now_s + remain, names.END_EVENT)


@inner_template
def serve(service_time, called, ids, time_s, word, code, lines, groups, servers, tally, num, streams, group, now_s):
    """Let the idle servers of a group call customers, until none is idle or nobody waits in its lines."""
    group = index(group)
    while groups[group, names.BUSY] < groups[group, names.CAP]:
        row = _next_row(ids, time_s, word, lines, groups, tally, group)
        if row < 0:
            return
        row = index(row)
        _start(service_time, called, ids, time_s, word, code, groups, servers, tally, num, streams, row, group, now_s)


@inner_template
def queue(service_time, called, ids, time_s, word, code, lines, groups, servers, tally, num, streams, row, line, now_s):
    """A customer comes to a line: it is served at once if a server is idle, else it stands at the end.

    No server is idle while a customer waits in one of its lines, since :func:`serve` is called whenever one becomes
    idle: whoever finds an idle one has nobody before it.
    """
    line = index(line)
    if lines[line, names.COUNT] == 0:
        for at in range(names.SERVED_BY, lines.shape[1]):
            group = lines[line, at]
            if group < 0:
                break
            group = index(group)
            if groups[group, names.BUSY] < groups[group, names.CAP]:
                word[row, names.LINE] = line
                _start(
                    service_time, called, ids, time_s, word, code, groups, servers, tally, num, streams, row, group,
                    now_s,
                )  # fmt: skip
                return
    append(word, lines, tally, line, row)
