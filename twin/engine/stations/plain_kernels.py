"""The queue engine with the plainest words: people come, wait for counters of the first stage, perhaps go on to others.

A customer visits the first stage, then those later stages whose bit is set in ``STAGES``, in ascending order. Whoever
comes before ``NOT_BEFORE`` is held until then. Who finds no idle server and ``tally[ROOM]`` people in line balks.
"""

from __future__ import annotations

import math

from twin.engine.draws import event_key
from twin.engine.stations import names
from twin.engine.stations.lane_kernels import line_to_join
from twin.engine.stations.law_kernels import draw_law
from twin.engine.stations.loop_kernels import run_stations
from twin.engine.stations.passage_kernels import hold, leave
from twin.jit import has_columns, inner_kernel, lean_kernel

# Columns of ``time_s`` after the engine's: first called by a server of the first stage; not served before.
CALLED, NOT_BEFORE = range(names.STATION_TIMES, names.STATION_TIMES + 2)
TIME_COLUMNS = names.STATION_TIMES + 2

# Columns of ``word`` after the engine's: server of the first stage; later stages to visit, one bit each.
SERVED_AT, STAGES = range(names.STATION_WORDS, names.STATION_WORDS + 2)
WORD_COLUMNS = names.STATION_WORDS + 2

#: Why a customer left, beyond the reasons of the engine: the line was full.
BALKED = names.REASONS

#: Element of ``tally`` after the engine's: most people in the lines before the first stage.
ROOM = names.STATION_TALLY
PLAIN_TALLY = names.STATION_TALLY + 1


@inner_kernel
def _finds_idle(lines, groups, line):
    """Whether a group that serves a line has an idle server; then nobody stands in the line."""
    for at in range(names.SERVED_BY, lines.shape[1]):
        group = lines[line, at]
        if group < 0:
            return False
        if groups[group, names.BUSY] < groups[group, names.CAP]:
            return True
    return False


@inner_kernel
def _arrives(time_s, word, code, lines, groups, tally, num, row, now_s, out_rows):
    time_s[row, names.QUEUED] = now_s
    if not tally[names.ACCEPTING]:
        leave(time_s, code, tally, row, names.AFTER_CLOSING, now_s, out_rows)
        return names.NOWHERE
    if now_s < time_s[row, NOT_BEFORE]:
        hold(time_s, word, code, tally, row, time_s[row, NOT_BEFORE])
        return names.NOWHERE
    line = line_to_join(lines, groups, tally, word[row, names.SORT])
    if tally[names.IN_LINE] >= tally[ROOM] and not _finds_idle(lines, groups, line):
        leave(time_s, code, tally, row, BALKED, now_s, out_rows)
        return names.NOWHERE
    return line


@inner_kernel
def _service_time(ids, time_s, word, tally, num, streams, row, stage, now_s):
    return draw_law(num, stage, streams[stage], ids[row], event_key(stage, 0))


@inner_kernel
def _called(time_s, word, tally, num, row, stage, server, waited_s, now_s):
    if stage == names.FIRST_STAGE:
        word[row, SERVED_AT] = server
        if math.isnan(time_s[row, CALLED]):
            time_s[row, CALLED] = now_s


@inner_kernel
def _next_stage(word, row):
    """Line of the next stage to visit, whose bit is taken away; -1 for none."""
    bits = word[row, STAGES]
    stage = 1
    while bits and not bits & 1:
        bits >>= 1
        stage += 1
    if not bits:
        return -1
    return names.SORTS + stage - 1


@inner_kernel
def _ended(time_s, word, tally, row, stage, now_s):
    # Stages behind this one: their bits begin at the lowest, that of the second stage.
    word[row, STAGES] = (word[row, STAGES] >> stage) << stage
    line = _next_stage(word, row)
    if line < 0:
        return names.THROUGH
    return names.UNDER_WAY_NEXT


@inner_kernel
def _came(word, row):
    return _next_stage(word, row)


@inner_kernel
def _waits(time_s, word, lines, tally, num, row, line, now_s):
    """Nothing is written of where people stand."""


@inner_kernel
def _turned_away(time_s, word, tally, num, row, now_s):
    """Nothing is given back by those who are sent off."""


@inner_kernel
def _note(tally, num, now_s, rec_counts, rec_numbers):
    """Nothing is recorded: moments of customers say all there is."""


@lean_kernel
def run_plain(
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
    until_s, ..., out_rows
        As :func:`~twin.engine.stations.loop_kernels.run_stations` takes them; columns as named above.
    rec_counts, rec_numbers : (0, 1) int32, float64
        Not written.

    Returns
    -------
    int
        As ``run_stations``; never ``ASK_ARRIVAL`` or ``FULL``.
    """
    has_columns(time_s, TIME_COLUMNS)
    has_columns(word, WORD_COLUMNS)
    has_columns(code, names.STATION_CODES)
    has_columns(groups, names.GROUP_COLUMNS)
    has_columns(servers, names.SERVER_COLUMNS)
    return run_stations(
        _arrives,
        _service_time,
        _called,
        _ended,
        _came,
        _waits,
        _turned_away,
        _note,
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
    )
