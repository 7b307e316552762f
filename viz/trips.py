"""Paths of bodies, trip by trip: which there are, which are shown, and what the page needs of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.columns import BODIES
from twin.engine.ids import origins_of, serials_of
from twin.viz.lanes import LANE_WIDTH_M, lanes_beside
from twin.viz.packs import DEGREE_STEP, SECOND_STEP, pack_columns, steps_of
from twin.viz.pavement import room_beside
from twin.viz.run_view import Streets, Traces

#: A van that sets out nearer than this to where it arrived has been standing there.
_SAME_STOP_DEG = 0.0005


def standing_between_drives(traces: Traces) -> Traces:
    """The same points, with the drives of a van joined where it stood at a stop between two of them.

    A run records vans while they drive. Between two drives they stand where the first ended; without that
    an idle fleet would vanish from the picture. Who stands shows the state in which it leaves: empty for the
    next pick-up, or loaded after a short stop.
    """
    van = BODIES.index("van")
    next_drive = np.flatnonzero(
        (traces.body[1:] == van)
        & (np.diff(traces.id) == 0)
        & (np.diff(traces.body) == 0)
        & (np.diff(traces.trip) != 0)
        & (np.abs(np.diff(traces.lon_deg)) < _SAME_STOP_DEG)
        & (np.abs(np.diff(traces.lat_deg)) < _SAME_STOP_DEG)
    )
    if not len(next_drive):
        return traces
    starts = trip_starts(traces)[:-1]
    goes_on = np.isin(starts, next_drive + 1)
    # A chain of drives takes the number of its first one.
    first = np.maximum.accumulate(np.where(goes_on, 0, np.arange(len(starts))))
    trip = np.repeat(traces.trip[starts][first], np.diff(trip_starts(traces)))
    state = traces.state.copy()
    state[next_drive] = traces.state[next_drive + 1]
    return replace(traces, trip=trip, state=state)


def trip_starts(traces: Traces) -> NDArray[np.int64]:
    """(n + 1,) int64: row where each trip begins, and the number of rows."""
    rows = len(traces.time_s)
    if not rows:
        return np.zeros(1, np.int64)
    new = (np.diff(traces.body) != 0) | (np.diff(traces.id) != 0) | (np.diff(traces.trip) != 0)
    return np.concatenate([[0], np.flatnonzero(new) + 1, [rows]]).astype(np.int64)


def sampled_trips(traces: Traces, starts: NDArray[np.int64], point_budget: int) -> NDArray[np.bool_]:
    """Which trips stay when there are more points than the page may carry, chosen by the ids of their bodies.

    The choice is a hash of the id, so that the same bodies are seen in every variant; every kind of body
    keeps about the same share.
    """
    count = np.diff(starts)
    if not len(count) or count.sum() <= point_budget:
        return np.ones(len(count), np.bool_)
    # Fibonacci hashing: ids are regular, their products with 2^64 / golden ratio are not.
    mixed = traces.id[starts[:-1]] * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(32))) * np.uint64(0xD6E8FEB86659FD93)
    order = np.argsort(mixed, kind="stable")
    kept = np.zeros(len(count), np.bool_)
    kept[order[np.cumsum(count[order]) <= point_budget]] = True
    return kept


def trips_pack(
    traces: Traces,
    starts: NDArray[np.int64],
    kept: NDArray[np.bool_],
    origin: tuple[float, float],
    from_s: float,
    walk: Streets | None = None,
    drive: Streets | None = None,
    waits: tuple[Floats, Floats, NDArray[np.bool_], NDArray[np.bool_]] | None = None,
) -> tuple[dict[str, Any], int]:
    """Pack of the trips kept, and their number; a trip of one point has no path and is left out.

    Parameters
    ----------
    traces
        Points, sorted.
    starts : (n + 1,) int64
        As :func:`trip_starts` gives them.
    kept : (n,) bool
        Trips wanted.
    origin
        Longitude and latitude from which degrees are counted.
    from_s
        Moment from which seconds are counted.
    walk
        Footpaths, for people: with them the pack says how much room (``room_dm``) there is beside each step.
    drive
        Streets, for vehicles: with them the pack says where the kerb lane of each step is (``kerb_dm``) and how many
        lanes (``lanes``) there are beside it.
    waits
        From when to when the body of each trip (all trips, also those not kept) is drawn as part of something else, and
        whether it has a box before and after.
    """
    count = np.diff(starts)
    kept = kept & (count >= 2)
    row = np.repeat(kept, count)
    first = starts[:-1][kept]
    ids = traces.id[first]
    columns: dict[str, NDArray[Any]] = {
        "start": np.concatenate([[0], np.cumsum(count[kept])]),
        "lon": steps_of(traces.lon_deg[row], origin[0], DEGREE_STEP),
        "lat": steps_of(traces.lat_deg[row], origin[1], DEGREE_STEP),
        "time": steps_of(traces.time_s[row], from_s, SECOND_STEP),
        "state": traces.state[row],
        # The serial has 32 bits; here its highest is folded into the sign.
        "id_origin": origins_of(ids),
        "id_serial": serials_of(ids).astype(np.uint32).view(np.int32),
    }
    if walk is not None:
        room_m = room_beside(traces.lon_deg[row], traces.lat_deg[row], walk, origin)
        columns["room_dm"] = np.floor(room_m * 10)
    if drive is not None:
        kerb_m, columns["lanes"] = lanes_beside(traces.lon_deg[row], traces.lat_deg[row], drive, origin, LANE_WIDTH_M)
        columns["kerb_dm"] = np.rint(kerb_m * 10)
    if waits is not None:
        for name, at_s in zip(("away_from", "away_to"), waits[:2], strict=True):
            columns[name] = steps_of(at_s[kept], from_s, SECOND_STEP)
        columns["box_in"], columns["box_out"] = (has[kept] for has in waits[2:])
    return pack_columns(columns), int(kept.sum())
