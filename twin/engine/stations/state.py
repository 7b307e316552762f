"""The state of a queue: customers as rows, lines, servers, schedule, calendar; all arrays, all of the checkpoint."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.engine.stations.order_kernels import order_rows

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Ids = NDArray[np.uint64]
Codes = NDArray[np.int8]


class StationState(NamedTuple):
    """Everything that changes, in the order in which the loop takes it.

    Attributes
    ----------
    ids : (n,) uint64
        Id of each customer.
    time_s : (n, columns) float64
        Moments of each, s; the first ``STATION_TIMES`` columns are named in ``names``, the others by the model.
    word : (n, columns) int32
        Whole numbers of each; customers in a line are linked through ``word[:, NEXT]``.
    code : (n, columns) int8
        How each stands.
    lines, groups, servers, sched_time, sched_word
        See :mod:`~twin.engine.stations.layout`.
    tally : int64
        Rules and counts: ``STATION_TALLY`` elements, then the model's.
    num : float64
        ``WAY_S``, the laws of the stages, then the model's.
    streams : (k,) uint64
        Streams of the draws, by stage.
    heap_times, heap_rows, heap_size
        The calendar: moments, with room for two children of each entry, rows, and one element with the number of
        entries in use.
    """

    ids: Ids
    time_s: Floats
    word: Ints
    code: Codes
    lines: Ints
    groups: Ints
    servers: Ints
    tally: NDArray[np.int64]
    num: Floats
    streams: Ids
    sched_time: Floats
    sched_word: Ints
    heap_times: Floats
    heap_rows: Ints
    heap_size: NDArray[np.int64]


def empty_calendar(room: int) -> tuple[Floats, Ints, NDArray[np.int64]]:
    """Moments, rows and size of a calendar with room for so many entries."""
    return np.full(2 * room + 1, np.inf), np.zeros(room, np.int32), np.zeros(1, np.int64)


def in_order(at_s: Floats, ids: Ids, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Some rows by moment, then id; moments are finite."""
    m = len(rows)
    out = np.empty(m, np.int64)
    if order_rows(at_s, ids, rows.copy(), np.empty(m + 1, np.int64), np.empty(m + 1, np.int64), out):
        return out
    return rows[np.lexsort((ids[rows], at_s[rows]))]
