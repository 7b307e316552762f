"""Servers call trucks out of their lines."""

from __future__ import annotations

import math

from twin.engine.draws import event_key
from twin.jit import index, inner_kernel
from twin.models.terminal import names as k
from twin.models.terminal.gate.law_kernels import draw_law, small_poisson
from twin.models.terminal.gate.line_kernels import append, leave_space, take_first


@inner_kernel
def due(time_s, word, tally, row, at_s, kind):
    """Let something happen to a truck, which is in no line, at a moment; the loop puts it into the calendar."""
    time_s[row, k.END] = at_s
    word[row, k.EVENT] = kind
    word[row, k.NEXT] = tally[k.DUE_HEAD]
    tally[k.DUE_HEAD] = row


@inner_kernel
def _service_time(ids, time_s, word, tally, num, streams, row, stage, now_s):
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
    # Only laden boxes that are fetched lie under others.
    if stage == k.CRANE and flags & (k.FETCHES << word[row, k.MOVE]):
        mean = num[k.REHANDLE_MEAN]
        if flags & k.SIGNALLED:
            # The yard has been at work since the signal; it may not be done yet.
            since = now_s - time_s[row, k.JOIN] + num[k.SIGNAL_LEAD]
            done = 1.0 if since >= num[k.MARSHALLING] else since / num[k.MARSHALLING]
            mean *= 1.0 - done * (1.0 - num[k.SIGNAL_FACTOR])
        rehandles = small_poisson(streams[k.REHANDLE], id_, key, mean)
        word[row, k.REHANDLES] += rehandles
        length += rehandles * num[k.REHANDLE_S]
    return length


@inner_kernel
def _older(ids, time_s, lines, one, other):
    """Of two lines, the second -1 for none, the one whose head joined first."""
    if other < 0 or lines[other, k.COUNT] == 0:
        return one
    if lines[one, k.COUNT] == 0:
        return other
    a = index(lines[one, k.HEAD])
    b = index(lines[other, k.HEAD])
    a_s = time_s[a, k.JOIN]
    b_s = time_s[b, k.JOIN]
    return one if a_s < b_s or (a_s == b_s and ids[a] < ids[b]) else other


@inner_kernel
def _next_row(ids, time_s, word, lines, groups, tally, group):
    """Take the truck a group serves next out of its line; -1 if none waits."""
    line = index(groups[group, k.LINE_A])
    second = groups[group, k.LINE_B]
    if second >= 0:
        third = groups[group, k.LINE_C]
        if groups[group, k.RULE] == k.OLDEST_FIRST:
            line = _older(ids, time_s, lines, _older(ids, time_s, lines, line, second), third)
        elif lines[line, k.COUNT] == 0:
            line = third if lines[second, k.COUNT] == 0 and third >= 0 else second
        line = index(line)
    return take_first(word, lines, tally, line) if lines[line, k.COUNT] else -1


@inner_kernel
def _start(ids, time_s, word, code, groups, servers, tally, num, streams, row, group, now_s):
    """The first idle server of a group begins to serve a truck that is in no line any more."""
    stage = index(groups[group, k.STAGE])
    server = index(groups[group, k.FREE])
    while servers[server, k.ROW] >= 0:
        server = index(server + 1)
    servers[server, k.ROW] = row
    groups[group, k.FREE] = server + 1
    groups[group, k.BUSY] += 1
    word[row, k.SERVER] = server
    code[row, k.STATE] = k.SERVED
    waited = now_s - time_s[row, k.QUEUED]
    if stage == k.GATE:
        tally[k.IN_LANES] += 1
        time_s[row, k.WAITED] += waited
        word[row, k.LANE] = server
        if math.isnan(time_s[row, k.CALLED]):
            time_s[row, k.CALLED] = now_s
            time_s[row, k.GATE_START] = now_s + num[k.MOVE_UP]
        leave_space(time_s, word, tally, num, row, now_s)
    elif stage == k.CRANE:
        time_s[row, k.YARD_WAITED] += waited
    remain = time_s[row, k.REMAIN]
    if math.isnan(remain):
        remain = _service_time(ids, time_s, word, tally, num, streams, row, stage, now_s)
    else:
        time_s[row, k.REMAIN] = math.nan
    if stage == k.CRANE:
        time_s[row, k.CRANE_S] += remain
    due(time_s, word, tally, row, now_s + remain, k.END_EVENT)


@inner_kernel
def serve(ids, time_s, word, code, lines, groups, servers, tally, num, streams, group, now_s):
    """Let the idle servers of a group call trucks, until none is idle or nobody waits in its lines."""
    group = index(group)
    while groups[group, k.BUSY] < groups[group, k.CAP]:
        row = _next_row(ids, time_s, word, lines, groups, tally, group)
        if row < 0:
            return
        _start(ids, time_s, word, code, groups, servers, tally, num, streams, index(row), group, now_s)


@inner_kernel
def queue(ids, time_s, word, code, lines, groups, servers, tally, num, streams, row, line, now_s):
    """A truck comes to a line: it is served at once if a server is idle, else it stands at the end.

    No server is idle while a truck waits in one of its lines, since :func:`serve` is called whenever one becomes
    idle: whoever finds an idle one has nobody before it.
    """
    line = index(line)
    if lines[line, k.COUNT] == 0:
        for at in range(k.SERVED_BY, lines.shape[1]):
            group = lines[line, at]
            if group < 0:
                break
            group = index(group)
            if groups[group, k.BUSY] < groups[group, k.CAP]:
                word[row, k.LINE] = line
                _start(ids, time_s, word, code, groups, servers, tally, num, streams, row, group, now_s)
                return
    append(word, lines, tally, line, row)
