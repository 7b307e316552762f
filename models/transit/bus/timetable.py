"""A timetable as arrays: patterns of stops, trips that never overtake one another, footpaths between stops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Bytes, Floats, Ints


class Timetable(NamedTuple):
    """What the kernels of journeys read.

    Attributes
    ----------
    pattern_ptr : (p + 1,) int32
        Rows of each pattern in ``pattern_stop``, ``may_board`` and ``may_alight``.
    trip_ptr : (p + 1,) int32
        Trips of each pattern, in the order of their times.
    time_ptr : (p,) int64
        Where the times of a pattern begin: trip by trip, stop by stop.
    arrival_s, departure_s : float64
        Seconds since midnight.
    stop_ptr : (s + 1,) int32
        Rows of each stop in ``stop_pattern`` and ``stop_position``.
    walk_ptr : (s + 1,) int32
        Footpaths from each stop: rows of ``walk_stop`` and ``walk_s``.
    """

    pattern_ptr: Ints
    pattern_stop: Ints
    may_board: Bytes
    may_alight: Bytes
    trip_ptr: Ints
    time_ptr: NDArray[np.int64]
    arrival_s: Floats
    departure_s: Floats
    stop_ptr: Ints
    stop_pattern: Ints
    stop_position: Ints
    walk_ptr: Ints
    walk_stop: Ints
    walk_s: Floats


class Trip(NamedTuple):
    """One run of a bus: stops in their order, times, where people may get on and off, and its shape."""

    line: str
    name: str
    stop: tuple[int, ...]
    arrival_s: tuple[float, ...]
    departure_s: tuple[float, ...]
    may_board: tuple[int, ...]
    may_alight: tuple[int, ...]
    shape: str = ""


class Sorted(NamedTuple):
    """A timetable and its trips in the order in which it numbers them."""

    table: Timetable
    trips: tuple[Trip, ...]


def make_timetable(trips: Sequence[Trip], stops: int, walk_s: Floats | None = None) -> Sorted:
    """Sort trips into patterns.

    Parameters
    ----------
    trips
        Each with two stops at least, times that never go back.
    stops
        Number of stops.
    walk_s : (stops, stops) float64, optional
        Seconds on foot from stop to stop; inf where nobody walks. The diagonal does not count.
    """
    patterns: list[list[Trip]] = []
    by_key: dict[tuple[object, ...], list[Trip]] = {}
    for trip in trips:
        by_key.setdefault((trip.stop, trip.may_board, trip.may_alight), []).append(trip)
    for mine in by_key.values():
        patterns += _without_overtaking(mine)
    ordered = tuple(trip for pattern in patterns for trip in pattern)
    heads = [pattern[0] for pattern in patterns]
    lengths = np.array([len(head.stop) for head in heads], np.int64)
    counts = np.array([len(pattern) for pattern in patterns], np.int64)
    pattern_stop = np.array([stop for head in heads for stop in head.stop], np.int32)
    pattern = np.repeat(np.arange(len(heads)), lengths)
    position = np.arange(len(pattern_stop)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    order = np.lexsort((position, pattern, pattern_stop))
    walk_ptr, walk_stop, walk = _footpaths(stops, walk_s)
    table = Timetable(
        pattern_ptr=_pointers(lengths), pattern_stop=pattern_stop,
        may_board=np.array([may for head in heads for may in head.may_board], np.uint8),
        may_alight=np.array([may for head in heads for may in head.may_alight], np.uint8),
        trip_ptr=_pointers(counts), time_ptr=(np.cumsum(lengths * counts) - lengths * counts).astype(np.int64),
        arrival_s=np.array([at for trip in ordered for at in trip.arrival_s], np.float64),
        departure_s=np.array([at for trip in ordered for at in trip.departure_s], np.float64),
        stop_ptr=_pointers(np.bincount(pattern_stop, minlength=stops)),
        stop_pattern=pattern[order].astype(np.int32), stop_position=position[order].astype(np.int32),
        walk_ptr=walk_ptr, walk_stop=walk_stop, walk_s=walk,
    )  # fmt: skip
    return Sorted(table, ordered)


def _without_overtaking(trips: Sequence[Trip]) -> list[list[Trip]]:
    """Trips of one order of stops, dealt out so that each leaves and arrives nowhere before the one in front."""
    chains: list[list[Trip]] = []
    for trip in sorted(trips, key=lambda t: (t.departure_s, t.arrival_s, t.name)):
        for chain in chains:
            front = chain[-1]
            if all(a <= b for a, b in zip(front.arrival_s, trip.arrival_s, strict=True)) and all(
                a <= b for a, b in zip(front.departure_s, trip.departure_s, strict=True)
            ):
                chain.append(trip)
                break
        else:
            chains.append([trip])
    return chains


def _footpaths(stops: int, walk_s: Floats | None) -> tuple[Ints, Ints, Floats]:
    if walk_s is None:
        return np.zeros(stops + 1, np.int32), np.zeros(0, np.int32), np.zeros(0)
    on_foot = np.isfinite(walk_s)
    np.fill_diagonal(on_foot, val=False)
    from_stop, to_stop = np.nonzero(on_foot)
    return _pointers(np.bincount(from_stop, minlength=stops)), to_stop.astype(np.int32), walk_s[from_stop, to_stop]


def _pointers(counts: NDArray[np.integer]) -> Ints:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
