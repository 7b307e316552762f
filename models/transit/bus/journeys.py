"""Journeys by bus from door to door: the kernels of :mod:`raptor_kernels` with their room to work in."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats, Ints, Longs
from twin.models.transit.bus import raptor_kernels as kernels
from twin.models.transit.bus.timetable import Timetable


class Walks(NamedTuple):
    """Stops that each of n doors can walk to: rows ``ptr[i]`` to ``ptr[i + 1]`` of ``stop`` and ``walk_s``."""

    ptr: Longs
    stop: Ints
    walk_s: Floats


class Journeys(NamedTuple):
    """One journey for each traveller.

    Attributes
    ----------
    arrive_s : (n,) float64
        At the door; inf where no journey was found.
    rides : (n,) int32
    access_s, egress_s, change_walk_s : (n,) float64
        Walks to the first stop, from the last one, and between rides.
    first_wait_s, change_wait_s, on_board_s : (n,) float64
        Wait for the first bus and for the others, time in buses. All six add up to the time from door to door.
    legs : (n, rounds, 3) int32
        Trip, position of boarding, position of alighting; -1 where there is no further ride.
    """

    arrive_s: Floats
    rides: Ints
    access_s: Floats
    egress_s: Floats
    first_wait_s: Floats
    change_wait_s: Floats
    on_board_s: Floats
    change_walk_s: Floats
    legs: Ints


class _Room(NamedTuple):
    ride_s: Floats
    ready_s: Floats
    by_trip: Ints
    by_board: Ints
    by_stop: Ints
    marked: NDArray[np.uint8]
    improved: NDArray[np.uint8]
    from_position: Ints
    queue: Ints


def _room(table: Timetable, rounds: int) -> _Room:
    stops, patterns = len(table.stop_ptr) - 1, len(table.pattern_ptr) - 1
    shape = (rounds + 1, stops)
    return _Room(
        np.empty(shape), np.empty(shape), np.empty(shape, np.int32), np.empty(shape, np.int32),
        np.empty(shape, np.int32), np.zeros(stops, np.uint8), np.zeros(stops, np.uint8),
        np.zeros(patterns, np.int32), np.zeros(patterns, np.int32),
    )  # fmt: skip


def find_journeys(
    table: Timetable,
    depart_s: Floats,
    access: Walks,
    egress: Walks,
    *,
    rounds: int,
    change_s: float,
    ride_worth_s: float = 0.0,
    horizon_s: float = 7200.0,
) -> Journeys:
    """Best journey of each traveller: least arrival + ``ride_worth_s`` for every ride after the first.

    Parameters
    ----------
    depart_s : (n,) float64
        When each leaves the door.
    access, egress
        Walks of the n travellers.
    rounds
        Most rides of a journey.
    change_s
        Least time between getting off and the next departure, walks left out.
    horizon_s
        Longest time from the door to the last stop.
    """
    n = len(depart_s)
    figures, legs = np.zeros((n, kernels.FIGURES)), np.full((n, rounds, 3), -1, np.int32)
    kernels.journeys(
        depart_s, horizon_s, access.ptr, access.stop, access.walk_s, egress.ptr, egress.stop, egress.walk_s, rounds,
        change_s, ride_worth_s, table, *_room(table, rounds), figures, legs,
    )  # fmt: skip
    return Journeys(
        figures[:, kernels.ARRIVE], figures[:, kernels.RIDES].astype(np.int32), figures[:, kernels.ACCESS],
        figures[:, kernels.EGRESS], figures[:, kernels.FIRST_WAIT], figures[:, kernels.CHANGE_WAIT],
        figures[:, kernels.ON_BOARD], figures[:, kernels.CHANGE_WALK], legs,
    )  # fmt: skip


def arrivals_at_stops(
    table: Timetable,
    depart_s: Floats,
    access_stop: Ints,
    access_s: Floats,
    *,
    rounds: int,
    change_s: float,
    horizon_s: float = np.inf,
) -> Floats:
    """Earliest arrivals by bus at all stops from one door, for a range of departures.

    Parameters
    ----------
    depart_s : (d,) float64
        Ascending.
    access_stop, access_s
        Stops in reach of the door, and seconds.

    Returns
    -------
    (d, s) float64
        Inf where no bus gets within ``horizon_s`` of the departure.
    """
    out = np.empty((len(depart_s), len(table.stop_ptr) - 1))
    kernels.arrivals(depart_s, horizon_s, access_stop, access_s, rounds, change_s, table, *_room(table, rounds), out)
    return out
