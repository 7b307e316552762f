"""The state of a queue: customers as rows, lines, servers, schedule, calendar; all arrays, all of the checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Codes, Floats, Ids, Ints
from twin.engine.stations import names
from twin.engine.stations.order_kernels import order_rows


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


#: Fields of which only the part in use goes into a checkpoint.
_CALENDAR = ("heap_times", "heap_rows")


def new_tally(elements: int) -> NDArray[np.int64]:
    """A tally of which the engine's part is that of an idle queue that lets everybody in."""
    tally = np.zeros(elements, np.int64)
    tally[names.ACCEPTING] = 1
    tally[[names.DUE_HEAD, names.WAY_HEAD, names.WAY_TAIL]] = -1
    return tally


def arrays_of(state: StationState) -> dict[str, NDArray[np.generic]]:
    """Copies of the state for a checkpoint; of the calendar only the part in use."""
    used = int(state.heap_size[0])
    return {name: (values[:used] if name in _CALENDAR else values).copy() for name, values in state._asdict().items()}


def take_up(fresh: StationState, arrays: Mapping[str, NDArray[np.generic]]) -> None:
    """Put the changing part of :func:`arrays_of` into an idle queue; rules, laws and schedule stay those of the queue.

    The rows, and what the model itself keeps in ``tally`` and ``num``, are the caller's.
    """
    used = int(arrays["heap_size"][0])
    for name in _CALENDAR:
        getattr(fresh, name)[:used] = arrays[name]
    fresh.heap_size[0] = used
    fresh.lines[:, : names.WATCHED] = arrays["lines"][:, : names.WATCHED]
    fresh.groups[:, [names.CAP, names.BUSY, names.FREE]] = arrays["groups"][:, [names.CAP, names.BUSY, names.FREE]]
    fresh.servers[:, names.ROW] = arrays["servers"][:, names.ROW]
    changing = slice(names.FIRST_CHANGING, names.STATION_TALLY)
    fresh.tally[changing] = arrays["tally"][changing]


def follow_schedule(state: StationState, at_s: float) -> None:
    """After a fork: let the last past entry of each group act now; those before it have acted."""
    past = np.flatnonzero(state.sched_time <= at_s)
    acts_now: dict[int, int] = {}
    for entry in past.tolist():
        if state.sched_word[entry, names.S_KIND] == names.SET_SERVERS:
            acts_now[int(state.sched_word[entry, names.S_GROUP])] = entry
    first = len(past) - len(acts_now)
    # The entries that act now go last among the past ones, at the moment of the fork.
    order = [e for e in past.tolist() if e not in acts_now.values()] + list(acts_now.values())
    state.sched_word[: len(past)] = state.sched_word[order]
    state.sched_time[first : len(past)] = at_s
    state.tally[names.SCHED_NEXT] = first


def next_event_s(state: StationState) -> float:
    """Earliest moment at which anything happens of itself, beside arrivals; infinite if never."""
    entry, first = int(state.tally[names.SCHED_NEXT]), int(state.tally[names.WAY_HEAD])
    return min(
        float(state.sched_time[entry]) if entry < len(state.sched_time) else np.inf,
        float(state.heap_times[0]) if state.heap_size[0] else np.inf,
        float(state.time_s[first, names.END]) if first >= 0 else np.inf,
    )


def in_order(at_s: Floats, ids: Ids, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Some rows by moment, then id; moments are finite."""
    m = len(rows)
    out = np.empty(m, np.int64)
    if order_rows(at_s, ids, rows.copy(), np.empty(m + 1, np.int64), np.empty(m + 1, np.int64), out):
        return out
    return rows[np.lexsort((ids[rows], at_s[rows]))]
