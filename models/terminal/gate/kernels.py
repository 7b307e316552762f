"""The gate as an event kernel: the queue engine with the words of trucks.

A visit goes through in-gate lane, perhaps a trouble desk, yard blocks and out-gate. The arrays are those of
:class:`twin.engine.stations.state.StationState`, columns and elements those of :mod:`twin.models.terminal.names`.
"""

from __future__ import annotations

from twin.engine.stations.loop_kernels import run_stations
from twin.jit import has_columns, lean_kernel
from twin.models.terminal import names
from twin.models.terminal.gate.truck_kernels import (
    arrives,
    called,
    came,
    ended,
    note,
    service_time,
    sort_of,
    turned_away,
    waits,
)


@lean_kernel
def sort_anew(rows, word, code, tally):
    """Sort some trucks again, since the lanes have other rules."""
    for i in range(rows.size):
        word[rows[i], names.SORT] = sort_of(word, code, tally, rows[i])


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
        The fields of ``StationState``, in order; all are changed.
    arrival_rows, arrival_s : (m,) int64, float64
        Trucks that reach the line, sorted by time and id, from ``tally[ARRIVAL_NEXT]`` on.
    out_rows : (n,) int64
        Filled with the trucks that leave, ``tally[OUT_COUNT]`` of them.
    rec_counts, rec_numbers : (REC_COUNTS, r) int32, (REC_NUMBERS, r) float64
        Filled with records of the queue, ``tally[REC_COUNT]`` of them.

    Returns
    -------
    int
        As :func:`~twin.engine.stations.loop_kernels.run_stations`; ``CAME_LATE`` before a truck joins after its
        window, whom the desk gives another slot or none.
    """
    has_columns(time_s, names.TIME_COLUMNS)
    has_columns(word, names.WORD_COLUMNS)
    has_columns(code, names.CODE_COLUMNS)
    has_columns(groups, names.GROUP_COLUMNS)
    has_columns(servers, names.SERVER_COLUMNS)
    return run_stations(
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
    )
