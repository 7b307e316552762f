"""Points of sampled background cars for pictures, along the true shape of their links."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.city.city import StreetLayer
from twin.columns import BODIES
from twin.engine.draws import event, make_stream, uniforms
from twin.models.road_traffic.fleet import Fleet
from twin.models.road_traffic.records import trace_kernels
from twin.models.road_traffic.records.crossings import Crossings

_CAR = BODIES.index("car")


class CarTraces:
    """Chooses cars by a keyed draw of their id and turns their crossings into points.

    Parameters
    ----------
    drive
        The drive layer.
    run_seed
        Seed of the run.
    share
        Share of cars to keep, 0 to 1.
    """

    def __init__(self, drive: StreetLayer, run_seed: np.uint64, share: float) -> None:
        self._drive = drive
        self._stream = make_stream(run_seed, "road.trace")
        self._share = share
        #: Share of its link at every vertex, once somebody is drawn.
        self._share_at: NDArray[np.float64] | None = None

    def points(self, crossings: Crossings, fleet: Fleet, own: int) -> dict[str, NDArray[np.generic]] | None:
        """Rows of the table ``traces`` for the crossings of sampled cars owned by ``own``; None without any."""
        if self._share <= 0 or not len(crossings):
            return None
        slots = crossings.slot
        rows = np.flatnonzero(fleet.owner[slots] == own)
        rows = rows[uniforms(self._stream, fleet.id[slots[rows]], event(0)) < self._share]
        if not len(rows):
            return None
        drive = self._drive
        if self._share_at is None:
            step_m = np.hypot(np.diff(drive.vertex_x_m, append=0.0), np.diff(drive.vertex_y_m, append=0.0))
            self._share_at = np.empty(len(step_m))
            trace_kernels.shares_along(drive.vertex_ptr, step_m, self._share_at)
        link = crossings.from_link[rows]
        room = int(np.where(link < 0, 1, np.diff(drive.vertex_ptr)[link] - 1).sum())
        row, time_s, x_m, y_m = np.empty(room, np.int64), np.empty(room), np.empty(room), np.empty(room)
        count = trace_kernels.points_of(
            rows,
            crossings.time_s,
            crossings.from_link,
            crossings.to_link,
            crossings.on_link_s,
            (drive.link_from, drive.x_m, drive.y_m, drive.vertex_ptr, drive.vertex_x_m, drive.vertex_y_m),
            self._share_at,
            row,
            time_s,
            x_m,
            y_m,
        )
        return {
            "body": np.full(count, _CAR, np.uint8),
            "id": fleet.id[slots[row]],
            "trip": np.zeros(count, np.int32),
            "time_s": time_s,
            "x_m": x_m.astype(np.float32),
            "y_m": y_m.astype(np.float32),
            "state": np.zeros(count, np.uint8),
        }
