"""Phones: the table of visits as positions or beacons would tell it; shares and lengths follow as from any other.

Positions every I seconds see a stay of length D ≥ I as D - I long on average, whatever D; a shorter one is seen with
chance D / I, as one of length 0. Beacons at the exits see whole stays, of those who are heard at both ends.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.engine.draws import make_stream
from twin.observables import Stays
from twin.observe import kernels
from twin.observe.sensors import Beacon, Gps

Columns = dict[str, NDArray[np.generic]]

#: Whose phone is heard is one draw per person, whoever listens.
PHONE = "observe.phone"


def seen_visits(
    stays: Stays,
    table: Mapping[str, NDArray[np.generic]],
    sensor: Gps | Beacon,
    name: str,
    bounds_s: tuple[float, float],
    run_seed: np.uint64,
) -> Columns:
    """The table of visits as phones tell it: one row per stay that is seen.

    Parameters
    ----------
    stays
        Which columns of the table are what.
    table
        Visits as they are.
    sensor, name
        Who listens, and its name in the scenario, which keys its luck.
    bounds_s
        Bounds of the band, both inclusive.
    run_seed
        Seed of the run; the draws of the simulation have other purposes.

    Returns
    -------
    dict
        Columns of the table; moments, lengths and bands are those that were seen.
    """
    ids = np.ascontiguousarray(table[stays.id], np.uint64)
    enter_s = np.ascontiguousarray(table[stays.start], np.float64)
    leave_s = np.ascontiguousarray(table[stays.end], np.float64)
    phone, own = make_stream(run_seed, PHONE), make_stream(run_seed, f"observe.{name}")
    if isinstance(sensor, Gps):
        rows, from_s, to_s = _pings(phone, own, ids, enter_s, leave_s, sensor)
    else:
        came, left = np.zeros(len(ids), np.bool_), np.zeros(len(ids), np.bool_)
        kernels.heard(phone, own, ids, sensor.phones, sensor.detects, came, left)
        rows = np.flatnonzero(came & left)
        from_s, to_s = enter_s[rows], leave_s[rows]
    out: Columns = {column: np.asarray(values)[rows] for column, values in table.items()}
    length_s = to_s - from_s
    out[stays.start], out[stays.end], out[stays.length] = from_s, to_s, length_s
    low_s, high_s = bounds_s
    out[stays.band] = (length_s >= low_s).astype(np.uint8) + (length_s > high_s).astype(np.uint8)
    return out


def _pings(
    phone: np.uint64, own: np.uint64, ids: NDArray[np.uint64], enter_s: Floats, leave_s: Floats, sensor: Gps
) -> tuple[NDArray[np.int64], Floats, Floats]:
    room = 0
    while True:
        row, from_s, to_s = np.zeros(room, np.int64), np.zeros(room), np.zeros(room)
        count = int(
            kernels.ping_stays(
                phone,
                own,
                ids,
                enter_s,
                leave_s,
                sensor.phones,
                sensor.every_s,
                sensor.lost,
                sensor.gap_ends_stay_s,
                sensor.least_pings,
                row,
                from_s,
                to_s,
            )
        )
        if count <= room:
            return row[:count], from_s[:count], to_s[:count]
        room = count


def seen_mean_s(length_s: Floats, every_s: float) -> Floats:
    """Length that positions every ``every_s`` show on average of a stay that they see: (n,) to (n,).

    With a first position at a moment that is uniform over the interval, D = m I + r is seen as m I with chance r / I
    and as (m - 1) I otherwise, which is D - I on average; stays below I are seen as 0, if at all.
    """
    return np.maximum(length_s - every_s, 0.0)


def seen_in_band(length_s: Floats, every_s: float, low_s: float, high_s: float) -> tuple[Floats, Floats]:
    """Chances that a stay is seen at all, and that it is seen as one within bounds: (n,) each.

    Of no position lost and no silence that ends a stay.
    """
    whole = np.floor(length_s / every_s)
    rest = length_s / every_s - whole
    seen = np.where(whole > 0, 1.0, rest)

    def inside(steps: Floats) -> Floats:
        return ((steps * every_s >= low_s) & (steps * every_s <= high_s) & (steps >= 0)).astype(np.float64)

    return seen, rest * inside(whole) + (1.0 - rest) * inside(whole - 1.0)
