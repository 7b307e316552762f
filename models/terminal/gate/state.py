"""The state of the gate: trucks as rows, lines, servers, events; all arrays, all part of the checkpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Codes, Floats, Ids, Ints
from twin.engine.stations.state import StationState, empty_calendar, take_up
from twin.models.terminal import names
from twin.models.terminal.gate.layout import Layout
from twin.models.terminal.gate.params import MOST_LANES
from twin.models.terminal.gate.row_kernels import reset_rows

Arrays = Mapping[str, NDArray[np.generic]]


class RecordRoom(NamedTuple):
    """Where the kernel writes records of the queue.

    Attributes
    ----------
    counts : (REC_COUNTS, room) int32
    numbers : (REC_NUMBERS, room) float64
    """

    counts: Ints
    numbers: Floats


def record_room(records: int) -> RecordRoom:
    """Room for so many records."""
    return RecordRoom(np.zeros((names.REC_COUNTS, records), np.int32), np.zeros((names.REC_NUMBERS, records)))


def joined(parts: Sequence[RecordRoom]) -> RecordRoom:
    """The records of all parts, one after the other."""
    if len(parts) == 1:
        return parts[0]
    parts = [*parts, record_room(0)]
    counts = np.concatenate([part.counts for part in parts], axis=1)
    return RecordRoom(counts, np.concatenate([part.numbers for part in parts], axis=1))


def empty_rows(n: int) -> tuple[Floats, Ints, Codes]:
    """Room for moments, numbers and codes of visits."""
    return (
        np.empty((n, names.TIME_COLUMNS)),
        np.empty((n, names.WORD_COLUMNS), np.int32),
        np.empty((n, names.CODE_COLUMNS), np.int8),
    )


def blank_rows(n: int) -> tuple[Floats, Ints, Codes]:
    """Moments, numbers and codes of visits that nothing has happened to."""
    rows = empty_rows(n)
    reset_rows(np.arange(n), *BLANK, *rows)
    return rows


def _blank() -> tuple[Floats, Ints, Codes]:
    moments = np.full(names.TIME_COLUMNS, np.nan)
    moments[[names.WAITED, names.YARD_WAITED, names.ROAD_S, names.CRANE_S]] = 0.0
    numbers = np.zeros(names.WORD_COLUMNS, np.int32)
    numbers[
        [names.LINE, names.SERVER, names.LANE, names.SPACE, names.STOOD, names.NEXT, names.ROAD_NEXT, names.ROAD_PREV]
    ] = -1
    return moments, numbers, np.zeros(names.CODE_COLUMNS, np.int8)


#: Row of a visit that nothing has happened to.
BLANK = _blank()


def new_state(layout: Layout, ids: Ids, time_s: Floats, word: Ints, code: Codes) -> StationState:
    """An idle gate and the visits to come, as :mod:`twin.models.terminal.demand.trucks` makes them."""
    # Room for one event per truck, and for the ends that closings leave behind.
    stale = int(layout.sched_word[:, names.S_COUNT].clip(0, MOST_LANES).sum())
    room = len(ids) + stale + 16
    return StationState(
        ids, time_s, word, code,
        layout.lines.copy(), layout.groups.copy(), layout.servers.copy(), layout.tally.copy(), layout.num.copy(),
        layout.streams, layout.sched_time.copy(), layout.sched_word.copy(),
        *empty_calendar(room),
    )  # fmt: skip


def state_of(arrays: Arrays, layout: Layout) -> StationState:
    """The state again from ``arrays_of`` it; rules, constants and laws are those of ``layout``."""
    now = new_state(layout, *(arrays[name].copy() for name in ("ids", "time_s", "word", "code")))  # type: ignore[arg-type]
    take_up(now, arrays)
    own = slice(names.STATION_TALLY, names.CHANGING)
    now.tally[own] = arrays["tally"][own]
    now.tally[names.FIRST_YARD :: 2] = arrays["tally"][names.FIRST_YARD :: 2]
    changing = slice(names.LAST_METRES, names.FIRST_CONSTANT)
    now.num[changing] = arrays["num"][changing]
    return now
