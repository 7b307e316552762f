"""The queue at the gate: how long it is at each moment, and along which road it stands.

The run says how many trucks wait and how many metres they take on the road; it does not say where that
road is. The trucks themselves do: the line is drawn backwards along a path on which one came to the gate.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.columns import BODIES
from twin.viz.packs import SECOND_STEP, pack_columns, steps_of
from twin.viz.run_view import Columns, RunView

#: A trip that ends nearer than this to a gate has come to it.
_AT_GATE_M = 150.0
#: Trips looked at to find the longest way in; more would not change it on any map with one gate road.
_MAX_TRIPS = 1000
_METRES_PER_DEGREE = 111_320.0


def queue_pack(run: RunView) -> dict[str, Any] | None:
    """Length of the queue over time and the road it stands on; None where a run has no queue.

    Returns
    -------
    dict or None
        ``pack`` with columns ``time``, ``trucks``, ``yards``, ``road``, ``inside``, ``metres_dm``; ``gate`` [lon, lat];
        ``path`` from the gate backwards, [[lon, lat], …], empty where no truck's path is known.
    """
    table = run.tables.get("terminal_queue")
    gates = [place for place in run.places if place.kind == "gate"]
    if table is None or not len(table["time_s"]) or not gates:
        return None
    last = _last_of_each_instant(table)
    gate, path = _way_in(run, np.array([[g.lon_deg, g.lat_deg] for g in gates]))
    return {
        "pack": pack_columns(
            {
                "time": steps_of(table["time_s"].astype(np.float64)[last], run.from_s, SECOND_STEP),
                "trucks": table["trucks_in_line"][last],
                "yards": table["trucks_in_yards"][last],
                "road": table["trucks_on_road"][last],
                "inside": table["trucks_inside"][last],
                "metres_dm": np.rint(table["metres_on_road_m"].astype(np.float64)[last] * 10),
            }
        ),
        "gate": [round(float(gate[0]), 6), round(float(gate[1]), 6)],
        "path": np.round(path, 6).tolist(),
    }


def _last_of_each_instant(table: Columns) -> NDArray[np.intp]:
    """Rows that hold until a later instant; several changes may fall on one."""
    order = np.lexsort((table["change"], table["time_s"]))
    time_s = table["time_s"][order]
    return order[np.append(time_s[1:] != time_s[:-1], True)]


def _metres_from(point: NDArray[Any], lon: Any, lat: Any) -> NDArray[Any]:
    east = (lon - point[0]) * np.cos(np.radians(point[1])) * _METRES_PER_DEGREE
    return np.asarray(np.hypot(east, (lat - point[1]) * _METRES_PER_DEGREE))


def _way_in(run: RunView, gates: Floats) -> tuple[Floats, Floats]:
    """The gate trucks go to, and the way from it back to the farthest place from which one came."""
    is_truck = run.traces.body == BODIES.index("truck")
    lon, lat = run.traces.lon_deg[is_truck], run.traces.lat_deg[is_truck]
    gate, way, farthest_m = gates[0], np.empty((0, 2)), 0.0
    if not len(lon):
        return gate, way
    key = np.stack([run.traces.id[is_truck], run.traces.trip[is_truck].astype(np.uint64)], axis=1)
    starts = np.flatnonzero(np.any(np.diff(key, axis=0, prepend=key[:1] + np.uint64(1)), axis=1))
    ends = np.append(starts[1:], len(lon))
    for start, end in list(zip(starts.tolist(), ends.tolist(), strict=True))[:_MAX_TRIPS]:
        away_m = _metres_from(np.array([lon[end - 1], lat[end - 1]]), gates[:, 0], gates[:, 1])
        nearest = int(np.argmin(away_m))
        came_m = float(_metres_from(gates[nearest], lon[start], lat[start]))
        if away_m[nearest] <= _AT_GATE_M and came_m > farthest_m:
            points = np.stack([lon[start:end], lat[start:end]], axis=1)[::-1]
            moved = np.any(np.diff(points, axis=0, prepend=points[:1] + 1.0) != 0, axis=1)
            gate, way, farthest_m = gates[nearest], points[moved], came_m
    return gate, way
