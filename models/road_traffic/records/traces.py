"""Points of sampled background cars for pictures, along the true shape of their links."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.city.city import StreetLayer
from twin.columns import BODIES
from twin.engine.draws import event, make_stream, uniforms
from twin.models.road_traffic.fleet import Fleet
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

    def points(self, crossings: Crossings, fleet: Fleet, own: int) -> dict[str, NDArray[np.generic]] | None:
        """Rows of the table ``traces`` for the crossings of sampled cars owned by ``own``; None without any."""
        if self._share <= 0 or not len(crossings):
            return None
        slots = crossings.slot
        rows = np.flatnonzero(fleet.owner[slots] == own)
        rows = rows[uniforms(self._stream, fleet.id[slots[rows]], event(0)) < self._share]
        if not len(rows):
            return None
        ids, times, xs, ys = [], [], [], []
        for row in rows.tolist():
            t, x, y = self._along(crossings, row)
            ids.append(np.full(len(t), fleet.id[slots[row]], np.uint64))
            times.append(t)
            xs.append(x)
            ys.append(y)
        count = sum(map(len, times))
        return {
            "body": np.full(count, _CAR, np.uint8),
            "id": np.concatenate(ids),
            "trip": np.zeros(count, np.int32),
            "time_s": np.concatenate(times),
            "x_m": np.concatenate(xs).astype(np.float32),
            "y_m": np.concatenate(ys).astype(np.float32),
            "state": np.zeros(count, np.uint8),
        }

    def _along(
        self, crossings: Crossings, row: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Times and points after the start of the link that was left; the very start at entry."""
        drive, time_s, link = self._drive, crossings.time_s[row], int(crossings.from_link[row])
        if link < 0:
            node = drive.link_from[crossings.to_link[row]]
            return np.array([time_s]), drive.x_m[node : node + 1], drive.y_m[node : node + 1]
        span = slice(int(drive.vertex_ptr[link]), int(drive.vertex_ptr[link + 1]))
        x, y = drive.vertex_x_m[span], drive.vertex_y_m[span]
        along_m = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
        share = along_m / along_m[-1] if along_m[-1] > 0 else np.linspace(0.0, 1.0, len(x))
        return time_s - crossings.on_link_s[row] * (1.0 - share[1:]), x[1:], y[1:]
