"""The gate as an event kernel: trucks are rows, lines are linked lists, services end on one heap.

A visit goes through in-gate lane, perhaps a trouble desk, yard blocks and out-gate. Each of these is a *group*
of servers fed by one or two *lines*; one code serves them all. Four sources give the next event: the schedule
of lanes, the heap of ends of service, the trucks driving inside (all take the same time, so the first to set out
is the first to arrive), and the arrivals at the line, sorted by time and id. Ties fall by source in this order,
then by id.

The arrays are those of :class:`twin.models.terminal.state.Now`. Helpers take them one by one: a tuple of arrays
would count references at every call. What a helper schedules goes onto a list of rows that are due
(``tally[DUE_HEAD]``, linked through ``word``), and the loop moves it to the heap.
"""

from __future__ import annotations

import math

from twin.engine.draws import erlang, event_key, exponential, lognormal, uniform
from twin.engine.event_queue import pop, push
from twin.jit import inline_kernel, kernel

# Columns of ``time_s``: moments and lengths of a visit, nan until known.
PLAN, ENTER, JOIN, QUEUED, CALLED, GATE_START, GATE_END, OUT, END, REMAIN = range(10)
WAITED, YARD_WAITED, ROAD_IN, ROAD_S, SLOT_FROM, SLOT_TO, DESIRED, HOURS_LEFT, CRANE_S, ASKED = range(10, 20)
TIME_COLUMNS = 20

# Columns of ``word``: small whole numbers of a visit.
STATE, CLASS, LINE, SERVER, LANE, SPACE, MOVE, MOVES, BLOCK_A, BLOCK_B = range(10)
REASON, FLAGS, REHANDLES, KIND, HAULIER, ENTRY, NEXT, ROAD_NEXT, ROAD_PREV, SERVED_AS = range(10, 20)
STOOD, RANK, EVENT, DUE_NEXT, BOOKING = range(20, 25)
WORD_COLUMNS = 25

# States of a visit. GONE has left the gate and waits to be told to the other models.
PLANNED, DRIVING_IN, HELD, WAITING, SERVED, DRIVING, GONE, DRIVING_OUT, LEFT, WITHDRAWN = range(10)

# Classes, and why a visit ended.
ORDINARY, BOOKED = range(2)
SERVED_WELL, AFTER_CLOSING, IN_LINE_AT_CLOSING, TOO_LATE, TOO_EARLY = range(5)

# What came of asking for a slot.
NOT_ASKED, PLACED, NO_SHOW, UNPLACED, CANCELLED, CANCELLED_LATE, LAPSED = range(7)

# Bits of FLAGS. FETCHES << m: move m fetches a laden box; REFUSES << y: the driver refuses holding yard y;
# REBOOKED: the booking desk has settled what becomes of a truck that came too late.
CHECKED, SIGNALLED, TROUBLED, FETCHES, REFUSES, REBOOKED = 1, 2, 4, 8, 32, 1 << 30

# Where a truck waits: index of the holding yard, or one of these.
NO_SPACE, ON_ROAD = -1, -2

# Lines before those of the blocks, which follow in order.
ORDINARY_LINE, BOOKED_LINE, TROUBLE_LINE, OUT_LINE, FIRST_BLOCK_LINE = range(5)

# Stages: laws, and elements of ``streams``; rehandles have a stream but no law.
GATE, TROUBLE, CRANE, OUT_GATE, REHANDLE = range(5)

# Laws, and the numbers of each law in ``num``.
EXPONENTIAL, LOGNORMAL, ERLANG, DETERMINISTIC = range(4)
LAW, MEAN, LOG_MEAN, LOG_SD, PHASES = range(5)

# Rules by which a group takes from its lines.
FIRST_LINE_FIRST, OLDEST_FIRST = range(2)

# Kinds of schedule entries, and columns of ``sched_word``.
SET_SERVERS, SIGN, OFFER = range(3)
S_KIND, S_GROUP, S_COUNT, S_ASK = range(4)

# Kinds of events on the heap.
END_EVENT, RELEASE_EVENT = range(1, 3)

# Columns of ``lines`` (then the groups that serve the line, -1 after the last), of ``groups`` and of ``servers``.
HEAD, TAIL, COUNT, SERVED_BY = range(4)
CAP, BUSY, STAGE, FIRST, RULE, LINE_A, LINE_B = range(7)
ROW, GROUP = range(2)

# Elements of ``tally``: first those that change, then rules, then for each holding yard spaces used and spaces.
PLAN_NEXT, SCHED_NEXT, ACCEPTING, ROAD_COUNT, ROAD_HEAD, ROAD_TAIL, HELD_COUNT, INSIDE, IN_LANES = range(9)
OUT_COUNT, REC_COUNT, ANNOUNCED, ENTERED, HANDED_OVER, RECEIVED, DUE_HEAD, IN_YARDS = range(9, 17)
DRIVE_HEAD, DRIVE_TAIL, LANES_OPEN = range(17, 20)
CHANGING = 20
SUSPEND, IN_LANE_TROUBLE, EARLY, LATE, RESERVED, HAS_YARD, HAS_OUT_GATE, FLUSH, YARDS = range(20, 29)
FIRST_YARD = 29
EARLY_WAITS, BECOMES_ORDINARY, ADMITTED, TURNED_AWAY, REBOOK = range(5)

# Columns of a record of the queue.
R_TIME, R_LINE, R_BOOKED, R_YARDS, R_ROAD, R_METRES, R_OPEN, R_BUSY, R_INSIDE = range(9)
REC_COLUMNS = 9

# Elements of ``num``: the last record, flows into and out of the queue on the road with the moment of each,
# then constants, then the laws.
FLOW_IN, FLOW_IN_AT, FLOW_OUT, FLOW_OUT_AT = range(9, 13)
MOVE_UP, CHECKED_FACTOR, REHANDLE_MEAN, REHANDLE_S, SIGNAL_FACTOR, DRIVE_S, GRACE_EARLY, GRACE_LATE = range(13, 21)
KAPPA, FREE_SPEED, WAVE_SPEED, FLOW_MEMORY, ROAD_LANES, SIGNAL_LEAD, MARSHALLING = range(21, 28)
FIRST_LAW = 28
NUMBERS = FIRST_LAW + 4 * 5

# What :func:`run_until` returns.
REACHED, ASK, FULL, HEAP_FULL, CAME_LATE = range(5)


@kernel
def draw_law(num, stage, stream, id_, event_):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """One service time, s, by the law of a stage."""
    at = FIRST_LAW + 5 * stage
    law = int(num[at + LAW])
    mean = num[at + MEAN]
    if law == EXPONENTIAL:
        return exponential(stream, id_, event_, mean)
    if law == LOGNORMAL:
        return lognormal(stream, id_, event_, num[at + LOG_MEAN], num[at + LOG_SD])
    if law == ERLANG:
        return erlang(stream, id_, event_, int(num[at + PHASES]), mean)
    return mean


@kernel
def small_poisson(stream, id_, event_, mean):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Poisson number by inversion of one uniform: larger means only add, for the same key."""
    u = uniform(stream, id_, event_)
    term = math.exp(-mean)
    total = term
    k = 0
    while u > total and k < 1000:
        k += 1
        term *= mean / k
        total += term
    return k


@kernel
def tail_length_m(trucks, flow_in_per_s, flow_out_per_s, kappa_per_m, free_speed_mps, wave_speed_mps):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Length over all lanes of a queue that holds ``trucks`` as a vertical queue.

    Q / (k_c - q_a / u) with k_c = kappa - q_s / w: trucks that move stand farther apart, and the tail meets
    those who have not yet reached the stop line. All arguments are totals over the lanes. Flows beyond
    eight tenths of what the lanes carry are cut: an estimate from few trucks may exceed what a road can do.
    """
    if trucks <= 0.0:
        return 0.0
    most = 0.8 * kappa_per_m * free_speed_mps * wave_speed_mps / (free_speed_mps + wave_speed_mps)
    q_a = min(flow_in_per_s, most)
    q_s = min(flow_out_per_s, most)
    return trucks / (kappa_per_m - q_s / wave_speed_mps - q_a / free_speed_mps)


@kernel
def _append(word, lines, line, row):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    word[row, LINE] = line
    word[row, NEXT] = -1
    if lines[line, COUNT] == 0:
        lines[line, HEAD] = row
    else:
        word[lines[line, TAIL], NEXT] = row
    lines[line, TAIL] = row
    lines[line, COUNT] += 1


@kernel
def _put_first(word, lines, line, row):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    word[row, LINE] = line
    word[row, NEXT] = lines[line, HEAD] if lines[line, COUNT] else -1
    if lines[line, COUNT] == 0:
        lines[line, TAIL] = row
    lines[line, HEAD] = row
    lines[line, COUNT] += 1


@kernel
def _take_first(word, lines, line):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    row = lines[line, HEAD]
    lines[line, HEAD] = word[row, NEXT]
    word[row, NEXT] = -1
    lines[line, COUNT] -= 1
    return row


@kernel
def _due(time_s, word, tally, row, at_s, kind):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Let something happen to a truck at a moment; the loop puts it on the heap."""
    time_s[row, END] = at_s
    word[row, EVENT] = kind
    word[row, DUE_NEXT] = tally[DUE_HEAD]
    tally[DUE_HEAD] = row


@kernel
def _drive(time_s, word, tally, num, row, now_s):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    word[row, STATE] = DRIVING
    word[row, NEXT] = -1
    time_s[row, END] = now_s + num[DRIVE_S]
    if tally[DRIVE_HEAD] < 0:
        tally[DRIVE_HEAD] = row
    else:
        word[tally[DRIVE_TAIL], NEXT] = row
    tally[DRIVE_TAIL] = row


@kernel
def _note_flow(num, which, now_s):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    # Exponentially weighted rate: decays between trucks, each truck adds 1 / memory. It needs no window of
    # past events and is exact at every moment, hence the same for every step.
    num[which] = _flow_now(num, which, now_s) + 1.0 / num[FLOW_MEMORY]
    num[which + 1] = now_s


@kernel
def _flow_now(num, which, now_s):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    return num[which] * math.exp(-(now_s - num[which + 1]) / num[FLOW_MEMORY])


@kernel
def _leave_road(time_s, word, tally, num, row, now_s):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    before = word[row, ROAD_PREV]
    after = word[row, ROAD_NEXT]
    if before >= 0:
        word[before, ROAD_NEXT] = after
    else:
        tally[ROAD_HEAD] = after
    if after >= 0:
        word[after, ROAD_PREV] = before
    else:
        tally[ROAD_TAIL] = before
    tally[ROAD_COUNT] -= 1
    time_s[row, ROAD_S] += now_s - time_s[row, ROAD_IN]
    word[row, SPACE] = NO_SPACE
    _note_flow(num, FLOW_OUT, now_s)


@kernel
def _find_space(time_s, word, tally, num, row, now_s):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Send a waiting truck to the first holding yard with a space that its driver does not refuse."""
    for yard in range(tally[YARDS]):
        used = FIRST_YARD + 2 * yard
        if tally[used] < tally[used + 1] and not word[row, FLAGS] & (REFUSES << yard):
            tally[used] += 1
            tally[IN_YARDS] += 1
            word[row, SPACE] = word[row, STOOD] = yard
            return
    word[row, SPACE] = word[row, STOOD] = ON_ROAD
    word[row, RANK] = tally[ROAD_COUNT]
    word[row, ROAD_NEXT] = -1
    word[row, ROAD_PREV] = tally[ROAD_TAIL]
    if tally[ROAD_COUNT] == 0:
        tally[ROAD_HEAD] = row
        word[row, ROAD_PREV] = -1
    else:
        word[tally[ROAD_TAIL], ROAD_NEXT] = row
    tally[ROAD_TAIL] = row
    tally[ROAD_COUNT] += 1
    time_s[row, ROAD_IN] = now_s
    _note_flow(num, FLOW_IN, now_s)


@kernel
def _leave_space(time_s, word, tally, num, row, now_s):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """A truck is called: its space goes to the first truck on the road that wants it."""
    space = word[row, SPACE]
    if space == NO_SPACE:
        return
    if space == ON_ROAD:
        _leave_road(time_s, word, tally, num, row, now_s)
        return
    word[row, SPACE] = NO_SPACE
    other = tally[ROAD_HEAD] if tally[ROAD_COUNT] else -1
    while other >= 0 and word[other, FLAGS] & (REFUSES << space):
        other = word[other, ROAD_NEXT]
    if other >= 0:
        _leave_road(time_s, word, tally, num, other, now_s)
        word[other, SPACE] = word[other, STOOD] = space
    else:
        tally[FIRST_YARD + 2 * space] -= 1
        tally[IN_YARDS] -= 1


@inline_kernel
def _service_time(ids, time_s, word, tally, num, streams, row, stage, now_s):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Time a truck holds its server, s; every draw is keyed by visit, move and stage."""
    id_ = ids[row]
    key = event_key(word[row, MOVE], stage)
    length = draw_law(num, stage, streams[stage], id_, key)
    flags = word[row, FLAGS]
    if stage == GATE:
        if flags & CHECKED:
            length *= num[CHECKED_FACTOR]
        if flags & TROUBLED and tally[IN_LANE_TROUBLE]:
            length += draw_law(num, TROUBLE, streams[TROUBLE], id_, key)
        return length + num[MOVE_UP]
    # Only laden boxes that are fetched lie under others.
    if stage == CRANE and flags & (FETCHES << word[row, MOVE]):
        mean = num[REHANDLE_MEAN]
        if flags & SIGNALLED:
            # The yard has been at work since the signal; it may not be done yet.
            since = now_s - time_s[row, JOIN] + num[SIGNAL_LEAD]
            done = 1.0 if since >= num[MARSHALLING] else since / num[MARSHALLING]
            mean *= 1.0 - done * (1.0 - num[SIGNAL_FACTOR])
        rehandles = small_poisson(streams[REHANDLE], id_, key, mean)
        word[row, REHANDLES] += rehandles
        length += rehandles * num[REHANDLE_S]
    return length


@inline_kernel
def _next_row(ids, time_s, word, lines, groups, group):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Take the truck a group serves next out of its line; -1 if none waits."""
    first = groups[group, LINE_A]
    second = groups[group, LINE_B]
    if second < 0 or lines[second, COUNT] == 0:
        return _take_first(word, lines, first) if lines[first, COUNT] else -1
    if lines[first, COUNT] == 0 or groups[group, RULE] == FIRST_LINE_FIRST:
        return _take_first(word, lines, first if lines[first, COUNT] else second)
    a = lines[first, HEAD]
    b = lines[second, HEAD]
    a_s = time_s[a, JOIN]
    b_s = time_s[b, JOIN]
    older = first if a_s < b_s or (a_s == b_s and ids[a] < ids[b]) else second
    return _take_first(word, lines, older)


@inline_kernel
def _serve(ids, time_s, word, lines, groups, servers, tally, num, streams, group, now_s):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Let the free servers of a group call trucks."""
    stage = groups[group, STAGE]
    while groups[group, BUSY] < groups[group, CAP]:
        row = _next_row(ids, time_s, word, lines, groups, group)
        if row < 0:
            return
        server = groups[group, FIRST]
        while servers[server, ROW] >= 0:
            server += 1
        servers[server, ROW] = row
        groups[group, BUSY] += 1
        word[row, SERVER] = server
        word[row, STATE] = SERVED
        waited = now_s - time_s[row, QUEUED]
        if stage == GATE:
            tally[IN_LANES] += 1
            time_s[row, WAITED] += waited
            word[row, LANE] = server
            if math.isnan(time_s[row, CALLED]):
                time_s[row, CALLED] = now_s
                time_s[row, GATE_START] = now_s + num[MOVE_UP]
            _leave_space(time_s, word, tally, num, row, now_s)
        elif stage == CRANE:
            time_s[row, YARD_WAITED] += waited
        remain = time_s[row, REMAIN]
        if math.isnan(remain):
            remain = _service_time(ids, time_s, word, tally, num, streams, row, stage, now_s)
        else:
            time_s[row, REMAIN] = math.nan
        if stage == CRANE:
            time_s[row, CRANE_S] += remain
        _due(time_s, word, tally, row, now_s + remain, END_EVENT)


@inline_kernel
def _queue(ids, time_s, word, lines, groups, servers, tally, num, streams, row, line, now_s):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Put a truck at the end of a line, and let whoever is free serve it."""
    time_s[row, QUEUED] = now_s
    word[row, STATE] = WAITING
    _append(word, lines, line, row)
    for k in range(SERVED_BY, lines.shape[1]):
        group = lines[line, k]
        if group < 0:
            return
        if groups[group, BUSY] < groups[group, CAP]:
            _serve(ids, time_s, word, lines, groups, servers, tally, num, streams, group, now_s)
            if word[row, STATE] != WAITING:
                return


@kernel
def _leave(time_s, word, tally, row, reason, now_s, out_rows):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    word[row, STATE] = GONE
    word[row, REASON] = reason
    time_s[row, OUT] = now_s
    out_rows[tally[OUT_COUNT]] = row
    tally[OUT_COUNT] += 1


@inline_kernel
def _joined_line(time_s, word, tally, num, row, now_s):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Line a truck joins by its class and booking window.

    -1 if it must wait for the window, -2 and -3 if it is turned away as too late or too early.
    """
    booked = word[row, CLASS] == BOOKED
    if booked and now_s > time_s[row, SLOT_TO] + num[GRACE_LATE]:
        if tally[LATE] == TURNED_AWAY:
            return -2
        booked = tally[LATE] == ADMITTED
    elif booked and now_s < time_s[row, SLOT_FROM] - num[GRACE_EARLY]:
        if tally[EARLY] == EARLY_WAITS:
            word[row, SERVED_AS] = BOOKED
            return -1
        if tally[EARLY] == TURNED_AWAY:
            return -3
        booked = tally[EARLY] == ADMITTED
    word[row, SERVED_AS] = BOOKED if booked else ORDINARY
    return BOOKED_LINE if booked and tally[RESERVED] else ORDINARY_LINE


@kernel
def _comes_late(time_s, word, num, row, now_s):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Whether a truck comes after its window and nobody has settled yet what becomes of it."""
    booked = word[row, CLASS] == BOOKED and not word[row, FLAGS] & REBOOKED
    return booked and now_s > time_s[row, SLOT_TO] + num[GRACE_LATE]


@kernel
def _next_line(word, tally, row, stage):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Line a truck goes to after a stage: -1 if it drives first, -2 if it is through."""
    if stage == GATE and word[row, FLAGS] & TROUBLED and not tally[IN_LANE_TROUBLE]:
        return TROUBLE_LINE
    if stage == OUT_GATE:
        return -2
    if stage != CRANE:
        if tally[HAS_YARD]:
            return -1
        return OUT_LINE if tally[HAS_OUT_GATE] else -2
    if word[row, MOVE] >= word[row, MOVES] and not tally[HAS_OUT_GATE]:
        return -2
    return -1


@inline_kernel
def _end_service(time_s, word, groups, servers, tally, row, now_s):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """A service ends: the server is free again; returns its group."""
    server = word[row, SERVER]
    group = servers[server, GROUP]
    stage = groups[group, STAGE]
    servers[server, ROW] = -1
    word[row, SERVER] = -1
    time_s[row, END] = math.nan
    groups[group, BUSY] -= 1
    if stage == GATE:
        tally[IN_LANES] -= 1
        tally[INSIDE] += 1
        time_s[row, GATE_END] = now_s
    elif stage == CRANE:
        word[row, MOVE] += 1
    return group


@kernel
def _suspend(ids, time_s, word, lines, groups, servers, tally, group, now_s):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Send back to the head of their line the trucks beyond the lanes left open, last joined first."""
    while groups[group, BUSY] > groups[group, CAP]:
        last = -1
        for server in range(groups[group, FIRST], servers.shape[0]):
            if servers[server, GROUP] != group:
                break
            row = servers[server, ROW]
            # Who ends at this very moment is let go.
            if row < 0 or time_s[row, END] <= now_s:
                continue
            if last < 0 or time_s[row, JOIN] > time_s[last, JOIN] or (
                time_s[row, JOIN] == time_s[last, JOIN] and ids[row] > ids[last]
            ):
                last = row
        if last < 0:
            return
        time_s[last, REMAIN] = time_s[last, END] - now_s
        time_s[last, END] = math.nan
        time_s[last, QUEUED] = now_s
        servers[word[last, SERVER], ROW] = -1
        word[last, SERVER] = -1
        word[last, STATE] = WAITING
        groups[group, BUSY] -= 1
        tally[IN_LANES] -= 1
        _put_first(word, lines, word[last, LINE], last)


@kernel
def _flush(time_s, word, lines, tally, num, line, now_s, out_rows):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Everybody in a line leaves unserved: the gate shuts in front of them."""
    while lines[line, COUNT]:
        row = _take_first(word, lines, line)
        time_s[row, WAITED] += now_s - time_s[row, QUEUED]
        space = word[row, SPACE]
        if space >= 0:
            tally[FIRST_YARD + 2 * space] -= 1
            tally[IN_YARDS] -= 1
            word[row, SPACE] = NO_SPACE
        elif space == ON_ROAD:
            _leave_road(time_s, word, tally, num, row, now_s)
        _leave(time_s, word, tally, row, IN_LINE_AT_CLOSING, now_s, out_rows)


@inline_kernel
def _record(lines, tally, num, now_s, rec):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Write a record of the queue if anything a planner counts has changed."""
    booked = lines[BOOKED_LINE, COUNT] + tally[HELD_COUNT]
    line = lines[ORDINARY_LINE, COUNT] + booked
    if (
        num[R_LINE] == line and num[R_BOOKED] == booked and num[R_YARDS] == tally[IN_YARDS]
        and num[R_OPEN] == tally[LANES_OPEN]
        and num[R_ROAD] == tally[ROAD_COUNT] and num[R_BUSY] == tally[IN_LANES] and num[R_INSIDE] == tally[INSIDE]
    ):
        return
    num[R_TIME] = now_s
    num[R_LINE] = line
    num[R_BOOKED] = booked
    num[R_YARDS] = tally[IN_YARDS]
    num[R_ROAD] = tally[ROAD_COUNT]
    num[R_METRES] = 0.0
    if tally[ROAD_COUNT]:
        num[R_METRES] = tail_length_m(
            float(tally[ROAD_COUNT]), _flow_now(num, FLOW_IN, now_s), _flow_now(num, FLOW_OUT, now_s),
            num[KAPPA] * num[ROAD_LANES], num[FREE_SPEED], num[WAVE_SPEED],
        ) / num[ROAD_LANES]
    num[R_OPEN] = tally[LANES_OPEN]
    num[R_BUSY] = tally[IN_LANES]
    num[R_INSIDE] = tally[INSIDE]
    k = tally[REC_COUNT]
    for column in range(REC_COLUMNS):
        rec[k, column] = num[column]
    tally[REC_COUNT] = k + 1


@kernel
def run_until(  # type: ignore[no-untyped-def]  # noqa: ANN201
    until_s, ids, time_s, word, lines, groups, servers, tally, num, streams, sched_time, sched_word,  # noqa: ANN001
    heap_times, heap_kinds, heap_ids, heap_payloads, heap_size, arrival_rows, arrival_s, out_rows, rec,  # noqa: ANN001
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
    rec : (r, REC_COLUMNS) float64
        Filled with records of the queue, ``tally[REC_COUNT]`` of them.

    Returns
    -------
    int
        ``REACHED``; ``ASK`` before a schedule entry that the operator must decide (call again after);
        ``CAME_LATE`` before a truck joins after its window, whom the desk gives another slot or none (likewise);
        ``FULL`` when the records must be taken away; ``HEAP_FULL`` if the heap was made too small.
    """
    while True:
        entry = tally[SCHED_NEXT]
        sched_s = sched_time[entry] if entry < sched_time.size else math.inf
        heap_s = heap_times[0] if heap_size[0] else math.inf
        nth = tally[PLAN_NEXT]
        join_s = arrival_s[nth] if nth < arrival_rows.size else math.inf
        drive_s = time_s[tally[DRIVE_HEAD], END] if tally[DRIVE_HEAD] >= 0 else math.inf
        now_s = min(min(sched_s, heap_s), min(drive_s, join_s))
        if now_s > until_s:
            return REACHED
        # One event writes at most one record.
        if tally[REC_COUNT] >= rec.shape[0]:
            return FULL
        # Every event ends with at most one truck that goes on, in ``row``, and one group that may call.
        row = -1
        line = -1
        group = -1
        if sched_s == now_s:
            if sched_word[entry, S_ASK]:
                return ASK
            tally[SCHED_NEXT] = entry + 1
            if sched_word[entry, S_KIND] == SIGN:
                tally[ACCEPTING] = 0
                if tally[FLUSH]:
                    _flush(time_s, word, lines, tally, num, ORDINARY_LINE, now_s, out_rows)
                    _flush(time_s, word, lines, tally, num, BOOKED_LINE, now_s, out_rows)
            elif sched_word[entry, S_KIND] == SET_SERVERS:
                group = sched_word[entry, S_GROUP]
                if groups[group, STAGE] == GATE:
                    tally[LANES_OPEN] += sched_word[entry, S_COUNT] - groups[group, CAP]
                groups[group, CAP] = sched_word[entry, S_COUNT]
                if tally[SUSPEND] and groups[group, STAGE] == GATE:
                    _suspend(ids, time_s, word, lines, groups, servers, tally, group, now_s)
        elif heap_s == now_s:
            kind = heap_kinds[0]
            row = heap_payloads[0]
            pop(heap_times, heap_kinds, heap_ids, heap_payloads, heap_size)
            # A truck sent back by a closing leaves its old end on the heap.
            if kind == END_EVENT and time_s[row, END] != now_s:
                continue
            if kind == END_EVENT:
                group = _end_service(time_s, word, groups, servers, tally, row, now_s)
                line = _next_line(word, tally, row, groups[group, STAGE])
                if line == -1:
                    _drive(time_s, word, tally, num, row, now_s)
                elif line == -2:
                    tally[INSIDE] -= 1
                    _leave(time_s, word, tally, row, SERVED_WELL, now_s, out_rows)
            else:
                # The window of a truck that came early begins: it joins the line from where it stands.
                tally[HELD_COUNT] -= 1
                time_s[row, WAITED] += now_s - time_s[row, QUEUED]
                line = BOOKED_LINE if tally[RESERVED] else ORDINARY_LINE
        elif drive_s == now_s:
            row = tally[DRIVE_HEAD]
            tally[DRIVE_HEAD] = word[row, NEXT]
            move = word[row, MOVE]
            line = OUT_LINE if move >= word[row, MOVES] else FIRST_BLOCK_LINE + word[row, BLOCK_A + move]
        else:
            row = arrival_rows[nth]
            if tally[LATE] == REBOOK and _comes_late(time_s, word, num, row, now_s) and tally[ACCEPTING]:
                return CAME_LATE
            tally[PLAN_NEXT] = nth + 1
            time_s[row, JOIN] = time_s[row, QUEUED] = now_s
            if not tally[ACCEPTING]:
                _leave(time_s, word, tally, row, AFTER_CLOSING, now_s, out_rows)
            else:
                line = _joined_line(time_s, word, tally, num, row, now_s)
                if line == -1:
                    word[row, STATE] = HELD
                    tally[HELD_COUNT] += 1
                    _find_space(time_s, word, tally, num, row, now_s)
                    _due(time_s, word, tally, row, time_s[row, SLOT_FROM] - num[GRACE_EARLY], RELEASE_EVENT)
                elif line < 0:
                    _leave(time_s, word, tally, row, TOO_LATE if line == -2 else TOO_EARLY, now_s, out_rows)
        if line >= 0:
            _queue(ids, time_s, word, lines, groups, servers, tally, num, streams, row, line, now_s)
            if line <= BOOKED_LINE and word[row, STATE] == WAITING and word[row, SPACE] == NO_SPACE:
                _find_space(time_s, word, tally, num, row, now_s)
        if group >= 0:
            _serve(ids, time_s, word, lines, groups, servers, tally, num, streams, group, now_s)
        while tally[DUE_HEAD] >= 0:
            row = tally[DUE_HEAD]
            tally[DUE_HEAD] = word[row, DUE_NEXT]
            if not push(
                heap_times, heap_kinds, heap_ids, heap_payloads, heap_size,
                time_s[row, END], word[row, EVENT], ids[row], row,
            ):
                return HEAP_FULL
        _record(lines, tally, num, now_s, rec)
