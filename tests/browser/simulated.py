"""Where the tables of a run have everybody at a moment: the truth that a page is held up to."""

from __future__ import annotations

import numpy as np
from pyproj import Transformer

from twin.columns import BODIES
from twin.engine.ids import origins_of, serials_of


class Truth:
    """Positions, states and the queue of a run at any moment."""

    def __init__(self, run):
        self.run, self.traces = run, run.table("traces")
        self.from_s = run.manifest["clock"]["start_s"]
        key = np.stack([self.traces[name].astype(np.uint64) for name in ("body", "id", "trip")], axis=1)
        starts = np.flatnonzero(np.any(key[1:] != key[:-1], axis=1)) + 1
        self.paths = np.split(np.arange(len(key)), starts)
        self.to_metres = Transformer.from_crs("EPSG:4326", run.manifest["city"]["crs"], always_xy=True)

    def bodies(self, name, t):
        """(origin, serial) -> easting, northing, state of a kind of body, t seconds after the clock's start."""
        at, out = self.from_s + t, {}
        for rows in self.paths:
            time_s = self.traces["time_s"][rows]
            if BODIES[self.traces["body"][rows[0]]] != name or not time_s[0] <= at <= time_s[-1]:
                continue
            id_ = self.traces["id"][rows[:1]]
            place = [float(np.interp(at, time_s, self.traces[axis][rows])) for axis in ("x_m", "y_m")]
            state = int(self.traces["state"][rows[np.searchsorted(time_s, at, side="right") - 1]])
            out[int(origins_of(id_)[0]), int(serials_of(id_)[0])] = (*place, state)
        return out

    def last_stop(self, name, key, t):
        """Easting and northing where a body of that id stood last, or None if it had not begun."""
        at, best = self.from_s + t, (-np.inf, None)
        for rows in self.paths:
            id_ = self.traces["id"][rows[:1]]
            of = int(origins_of(id_)[0]), int(serials_of(id_)[0])
            end_s = self.traces["time_s"][rows[-1]]
            if BODIES[self.traces["body"][rows[0]]] == name and of == key and best[0] < end_s <= at:
                best = end_s, tuple(float(self.traces[axis][rows[-1]]) for axis in ("x_m", "y_m"))
        return best[1]

    def moments(self, count, seed):
        """Random moments of the clock, none within a tenth of a second of somebody's coming or going."""
        ends = np.concatenate([self.traces["time_s"][[rows[0], rows[-1]]] for rows in self.paths]) - self.from_s
        span = self.run.manifest["clock"]["end_s"] - self.from_s
        drawn = np.random.default_rng(seed).uniform(0, span, 4 * count)
        clear = [t for t in drawn if np.abs(ends - t).min() > 0.1]
        return [float(t) for t in clear[:count]]

    def queue(self, t):
        """The row of the queue that holds."""
        table = self.run.table("terminal_queue")
        row = np.searchsorted(table["time_s"], self.from_s + t, side="right") - 1
        return {name: float(table[name][row]) for name in table}
