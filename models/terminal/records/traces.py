"""Where sampled trucks were, for pictures: the way in, the wait, the way out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats, Ints
from twin.city.city import City, StreetLayer
from twin.columns import BODIES, BODY_STATES
from twin.engine.draws import make_stream, uniforms
from twin.engine.growing import GrowingTables
from twin.engine.sim_model import Stage, State, Tables
from twin.engine.stations.state import StationState
from twin.models.terminal import names
from twin.models.terminal.gate.approach import Approach
from twin.models.terminal.params import TerminalParams

Rows = NDArray[np.int64]

_TRUCK = BODIES.index("truck")
_STATES = {names.ORDINARY: BODY_STATES["truck"].index("ordinary"), names.BOOKED: BODY_STATES["truck"].index("booked")}
_WAY_IN, _AT_GATE, _WAY_OUT = 0, 1, 2
#: Pictures spread waiting trucks over a yard: spaces per row, and their size.
_SPACES_PER_ROW, _SPACE_M, _ROW_M = 20, 4.0, 18.0


class Tracer:
    """Points of the sampled trucks; nothing where the city has no gate.

    Parameters
    ----------
    params
        Holding yards and their places.
    city
        Streets and places.
    approach
        Routes, where trucks drive.
    stage
        Share of trucks that is traced.
    """

    def __init__(self, params: TerminalParams, city: City, approach: Approach | None, stage: Stage) -> None:
        self._layer = city.drive
        self._share = stage.trace_share if approach else 0.0
        self._stream = make_stream(stage.run_seed, "terminal.trace")
        self._spacing_m = params.queue_on_road.spacing_m
        self._paths: dict[int, Ints] = {}
        self._points = GrowingTables()
        if approach:
            self._in_gate = (approach.in_gate.x_m, approach.in_gate.y_m)
            self._out_gate = (approach.out_gate.x_m, approach.out_gate.y_m)
            by_slug = {p.id.rsplit("/", 1)[-1]: p for p in city.places_of("yard")} | city.place_by_id
            places = [by_slug.get(y.place or name) for name, y in params.holding_yards.items()]
            self._yards = [(p.x_m, p.y_m) if p else self._in_gate for p in places]

    def _sampled(self, rows: Rows, now: StationState) -> Rows:
        if self._share <= 0.0 or not len(rows):
            return rows[:0]
        return rows[uniforms(self._stream, now.ids[rows], np.uint64(0)) < self._share]

    def sets_out(self, rows: Rows, now: StationState, paths: list[Ints]) -> None:
        """Remember the way of trucks that enter the road."""
        for row in self._sampled(rows, now).tolist():
            self._paths[row] = paths[int(np.flatnonzero(rows == row)[0])]

    def arrives(self, rows: Rows, now: StationState, at_s: Floats, back_m: Floats) -> None:
        """The way in is driven, the last ``back_m`` in a queue; it is kept for trucks that may have to wait again."""
        for row in self._sampled(rows, now).tolist():
            nth = int(np.flatnonzero(rows == row)[0])
            enter_s, until_s, path = float(now.time_s[row, names.ENTER]), float(at_s[nth]), self._paths[row]
            if back_m[nth] > 0.0:
                join_s = float(now.time_s[row, names.JOIN])
                points = _creep(self._layer, path, float(back_m[nth]), (enter_s, join_s, until_s))
                self._add(row, now, _WAY_IN, points)
            else:
                self._drive(row, now, _WAY_IN, enter_s, until_s, path)

    def goes(self, rows: Rows, now: StationState, at_s: Floats) -> None:
        """The way out is driven."""
        for row in self._sampled(rows, now).tolist():
            until_s = float(at_s[np.flatnonzero(rows == row)[0]])
            path = self._paths.pop(row)
            self._drive(row, now, _WAY_OUT, float(now.time_s[row, names.OUT]), until_s, path)

    def passes_gate(self, rows: Rows, now: StationState) -> None:
        """A truck has left: where it waited, when a lane called it, when it left by the out-gate."""
        for row in self._sampled(rows, now).tolist():
            inbound = self._paths.pop(row)
            times = now.time_s[row]
            stood = int(now.word[row, names.STOOD])
            wait_xy = self._in_gate
            if stood >= 0:
                wait_xy = self._space(stood, int(now.ids[row]))
            elif stood == names.ON_ROAD:
                back_m = (float(now.word[row, names.RANK]) + 1.0) * self._spacing_m
                wait_xy = _point_back(self._layer, inbound, back_m)
            called_s = float(times[names.CALLED])
            points = [(float(times[names.JOIN]), *wait_xy)]
            if np.isfinite(called_s):
                points += [(called_s, *wait_xy), (float(times[names.GATE_START]), *self._in_gate)]
                points += [(float(times[names.GATE_END]), *self._in_gate)]
            points.append((float(times[names.OUT]), *(self._out_gate if np.isfinite(called_s) else wait_xy)))
            self._add(row, now, _AT_GATE, np.array(points))

    def _space(self, yard: int, id_: int) -> tuple[float, float]:
        x, y = self._yards[yard]
        nth = id_ % (_SPACES_PER_ROW * 14)
        return x + nth % _SPACES_PER_ROW * _SPACE_M, y + nth // _SPACES_PER_ROW * _ROW_M

    def _drive(self, row: int, now: StationState, trip: int, from_s: float, until_s: float, path: Ints) -> None:
        share, x, y = _line(self._layer, path)
        self._add(row, now, trip, np.column_stack([from_s + share * (until_s - from_s), x, y]))

    def _add(self, row: int, now: StationState, trip: int, points: Floats) -> None:
        n = len(points)
        self._points.append(
            "traces",
            {
                "body": np.full(n, _TRUCK),
                "id": np.full(n, now.ids[row]),
                "trip": np.full(n, trip),
                "time_s": points[:, 0],
                "x_m": points[:, 1],
                "y_m": points[:, 2],
                "state": np.full(n, _STATES[int(now.word[row, names.CLASS])]),
            },
        )

    def drain(self) -> Tables:
        """Points since the last call."""
        return self._points.drain()

    def state(self) -> State:
        """Ways under way and points not yet drained."""
        rows = sorted(self._paths)
        return {
            "rows": np.array(rows, np.int64),
            "lengths": np.array([len(self._paths[r]) for r in rows], np.int64),
            "links": np.concatenate([self._paths[r] for r in rows]) if rows else np.zeros(0, np.int32),
            **self._points.state(),
        }

    def restore(self, state: State) -> None:
        """Put back what :meth:`state` gave."""
        ends = np.cumsum(state["lengths"].astype(np.int64))
        links = np.split(state["links"].astype(np.int32), ends[:-1]) if len(ends) else []
        self._paths = {int(row): path for row, path in zip(state["rows"], links, strict=True)}
        self._points.restore({key: values for key, values in state.items() if key.startswith("traces/")})


def _line(layer: StreetLayer, path: Ints) -> tuple[Floats, Floats, Floats]:
    """Shape of a path: share of the free-flow time at each vertex, and its position."""
    share, xs, ys = [], [], []
    total = 0.0
    for link in path.tolist():
        part = slice(int(layer.vertex_ptr[link]), int(layer.vertex_ptr[link + 1]))
        x, y = layer.vertex_x_m[part], layer.vertex_y_m[part]
        along = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
        free_s = float(layer.free_time_s[link])
        share.append(total + free_s * along / max(along[-1], 1e-9))
        xs.append(x)
        ys.append(y)
        total += free_s
    return np.concatenate(share) / total, np.concatenate(xs), np.concatenate(ys)


def _creep(layer: StreetLayer, path: Ints, back_m: float, times_s: tuple[float, float, float]) -> Floats:
    """Points of a drive that ends in a queue: time and position; ``times_s`` are its start, the stop, and its end."""
    share, x, y = _line(layer, path)
    along_m = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
    stop_m = max(float(along_m[-1]) - back_m, 0.0)
    start_s, join_s, end_s = times_s
    at = int(np.searchsorted(along_m, stop_m))
    stop_share = float(np.interp(stop_m, along_m, share))
    before = start_s + share[:at] / max(stop_share, 1e-9) * (join_s - start_s)
    after = join_s + (along_m[at:] - stop_m) / max(float(along_m[-1]) - stop_m, 1e-9) * (end_s - join_s)
    stop_xy = np.interp(stop_m, along_m, x), np.interp(stop_m, along_m, y)
    return np.column_stack([
        np.concatenate([before, [join_s], after]), np.insert(x, at, stop_xy[0]), np.insert(y, at, stop_xy[1])
    ])  # fmt: skip


def _point_back(layer: StreetLayer, path: Ints, back_m: float) -> tuple[float, float]:
    """Point of a path that lies ``back_m`` before its end; its start if it is shorter."""
    xs = np.concatenate([layer.vertex_x_m[layer.vertex_ptr[i] : layer.vertex_ptr[i + 1]] for i in path.tolist()])
    ys = np.concatenate([layer.vertex_y_m[layer.vertex_ptr[i] : layer.vertex_ptr[i + 1]] for i in path.tolist()])
    along = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(xs), np.diff(ys)))])
    at = max(float(along[-1]) - back_m, 0.0)
    return float(np.interp(at, along, xs)), float(np.interp(at, along, ys))
