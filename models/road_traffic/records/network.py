"""What is told of the whole network beside its links: the network diagram, and streets full to their beginning."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats, Longs
from twin.city.city import StreetLayer
from twin.engine.sim_model import State
from twin.models.road_traffic.records.crossings import PERIOD_S, Crossings

Rows = dict[str, NDArray[np.generic]]

#: Sums are of whole microseconds, millimetres and millionths of a car unit: exact in any order.
_MICRO = 1e6
_MILLI = 1e3
#: An episode goes on over pauses up to this, and is written down if it lasts as long: between two greens a queue that
#: reaches back moves up for less than a minute.
SHORTEST_S = 60.0


class NetworkDiagram:
    """Accumulation, production and speed of the whole network per period (Edie's definitions).

    Time is that of all vehicles on links, those who wait before their first link not counted. The length of a link is
    spread evenly over the time for which a vehicle was on it, so that it is counted once the vehicle has left the
    link, also in periods before. Whoever is still on a link at the end of the run adds time but no metres there.

    Parameters
    ----------
    length_m : (m,) float64
        Length of each link.
    """

    def __init__(self, length_m: Floats) -> None:
        self._length_m = length_m
        #: Period -> vehicle-microseconds of those who came or left in it, their number, trips ended, millimetres.
        self._sums: dict[int, Longs] = {}

    def add(self, crossings: Crossings) -> None:
        """Count crossings, in any order of calls."""
        if not len(crossings):
            return
        period = np.floor(crossings.time_s / PERIOD_S).astype(np.int64)
        rest_us = np.rint(((period + 1) * PERIOD_S - crossings.time_s) * _MICRO).astype(np.int64)
        sign = (crossings.from_link < 0).astype(np.int64) - (crossings.to_link < 0)
        ends = crossings.to_link < 0
        for p in np.unique(period).tolist():
            rows = period == p
            self._of(p)[:3] += [(rest_us * sign)[rows].sum(), sign[rows].sum(), ends[rows].sum()]
        self._add_metres(crossings.where(crossings.from_link >= 0))

    def _add_metres(self, left: Crossings) -> None:
        length_mm = np.rint(self._length_m[left.from_link] * _MILLI)
        from_s = left.time_s - left.on_link_s
        first = np.floor(from_s / PERIOD_S).astype(np.int64)
        last = np.floor(left.time_s / PERIOD_S).astype(np.int64)
        told_mm = np.zeros(len(left))
        for back in range(int((last - first).max(initial=-1)) + 1):
            # The share driven by the end of each period, in order, so that the parts of a link add up to it.
            period = first + back
            rows = np.flatnonzero(period <= last)
            share = np.ones(len(rows))
            open_ = period[rows] < last[rows]
            cut = rows[open_]
            share[open_] = ((period[cut] + 1) * PERIOD_S - from_s[cut]) / left.on_link_s[cut]
            so_far_mm = np.rint(length_mm[rows] * share)
            for p in np.unique(period[rows]).tolist():
                mine = period[rows] == p
                self._of(p)[3] += int((so_far_mm - told_mm[rows])[mine].sum())
            told_mm[rows] = so_far_mm

    def _of(self, period: int) -> Longs:
        return self._sums.setdefault(period, np.zeros(4, np.int64))

    def rows(self, end_s: float) -> Rows:
        """The table ``road_mfd`` of a run that ends at a moment."""
        last = max(int(np.ceil(end_s / PERIOD_S)) - 1, *self._sums) if self._sums else -1
        keys = range(min(self._sums, default=0), last + 1)
        out = np.zeros((len(keys), 4))
        inside = 0
        for i, p in enumerate(keys):
            time_us, change, ended, millimetres = self._of(p).tolist()
            period_us = round(PERIOD_S * _MICRO)
            time_us += inside * period_us
            inside += change
            # Whoever is inside at the end of the last period is there only until the run ends.
            over_us = round(max((p + 1) * PERIOD_S - end_s, 0.0) * _MICRO)
            time_us -= inside * over_us
            out[i] = time_us / max(period_us - over_us, 1), millimetres / _MICRO, ended, time_us / _MICRO
        some = out[:, 3] > 0
        speed_mps = np.full(len(keys), np.nan)
        np.divide(out[:, 1] * 1000.0, out[:, 3], out=speed_mps, where=some)
        table: Rows = {
            "from_s": np.array(keys, np.float64) * PERIOD_S,
            "accumulation_count": out[:, 0],
            "production_km": out[:, 1],
            "speed_mean_mps": speed_mps,
            "ended_count": out[:, 2].astype(np.int32),
        }
        return {name: values[some | (out[:, 2] > 0)] for name, values in table.items()}

    def state(self) -> State:
        """Sums of all periods."""
        keys = sorted(self._sums)
        return {
            "period": np.array(keys, np.int64),
            "sums": np.array([self._sums[k] for k in keys], np.int64).reshape(len(keys), 4),
        }

    def restore(self, state: State) -> None:
        """Put them back."""
        self._sums = {int(p): np.array(s, np.int64) for p, s in zip(state["period"], state["sums"], strict=True)}


@dataclass(frozen=True)
class Storage:
    """What fills a link, as the queueing form has it now.

    Attributes
    ----------
    units : (m,) float64
        Car units that fill each link.
    lag_s : (m,) float64
        Seconds after which the room that a vehicle leaves at the end is felt at the beginning.
    class_units : (c,) float64
        Car units of each class.
    """

    units: Floats
    lag_s: Floats
    class_units: Floats


class Spillback:
    """Episodes in which a queue reaches back to the beginning of its link, so that no car may enter.

    A link is full while the units that came in, less those that left by a wave lag ago, leave no room for one car unit
    of its storage: the rule by which the queueing form lets vehicles in. Times are exact, whenever one looks.

    Parameters
    ----------
    drive
        The drive layer, for the names of streets.
    storage
        At the start.
    """

    def __init__(self, drive: StreetLayer, storage: Storage) -> None:
        self._drive, self._lag_s = drive, storage.lag_s
        self._class_micro = np.rint(storage.class_units * _MICRO).astype(np.int64)
        m = drive.link_count
        self._room = _room(storage)
        self._inside = np.zeros(m, np.int64)
        # Of the open episode: since when it is full now, when it began, last had no room, and was full for.
        self._since_s, self._from_s, self._last_s = np.full(m, np.nan), np.full(m, np.nan), np.full(m, np.nan)
        self._full_us = np.zeros(m, np.int64)
        self._time_s: list[Floats] = []
        self._link: list[Longs] = []
        self._change: list[Longs] = []
        self._rows: list[tuple[int, float, float, float]] = []

    def add(self, crossings: Crossings, vehicle_class: NDArray[np.uint8]) -> None:
        """Note who came onto links and who left them."""
        units = self._class_micro[vehicle_class]
        for links, sign in ((crossings.to_link, 1), (crossings.from_link, -1)):
            rows = np.flatnonzero(links >= 0)
            if len(rows):
                link = links[rows].astype(np.int64)
                lag_s = self._lag_s[link] if sign < 0 else 0.0
                self._time_s.append(crossings.time_s[rows] + lag_s)
                self._link.append(link)
                self._change.append(sign * units[rows])

    def look(self, until_s: float, storage: Storage) -> None:
        """Follow what has been noted up to a moment; from it on links hold what they hold now."""
        self._follow(until_s)
        room = _room(storage)
        for link in np.flatnonzero(room != self._room).tolist():
            self._turn(link, until_s, bool(self._inside[link] > room[link]))
        self._room = room

    def rows(self) -> Rows | None:
        """Episodes that have ended since the last call, as rows of ``road_spillback``; None without any."""
        kept, self._rows = self._rows, []
        if not kept:
            return None
        link = np.array([row[0] for row in kept], np.int32)
        name = self._drive.name_index[link]
        names = np.array([*self._drive.names, ""], np.str_)
        return {
            "link_index": link,
            "street": names[name],
            "from_s": np.array([row[1] for row in kept]),
            "to_s": np.array([row[2] for row in kept]),
            "full_s": np.array([row[3] for row in kept]),
        }

    def finish(self, end_s: float) -> None:
        """End all episodes with the run."""
        for link in np.flatnonzero(~np.isnan(self._since_s)).tolist():
            self._turn(link, end_s, full=False)
        for link in np.flatnonzero(~np.isnan(self._from_s)).tolist():
            self._close(link)

    def state(self) -> State:
        """Everything, as arrays; rows that have not been taken included."""
        out: State = {name: getattr(self, f"_{name}").copy() for name in _STATE}
        empty = np.empty(0)
        out["time_s"] = np.concatenate([empty, *self._time_s])
        out["link"] = np.concatenate([empty, *self._link]).astype(np.int64)
        out["change"] = np.concatenate([empty.astype(np.int64), *self._change])
        out["rows"] = np.array(self._rows, np.float64).reshape(len(self._rows), 4)
        return out

    def restore(self, state: State) -> None:
        """Put everything back."""
        for name in _STATE:
            setattr(self, f"_{name}", state[name].copy())
        self._time_s, self._link, self._change = (
            [np.array(state["time_s"], np.float64)],
            [np.array(state["link"], np.int64)],
            [np.array(state["change"], np.int64)],
        )
        self._rows = [(int(row[0]), float(row[1]), float(row[2]), float(row[3])) for row in state["rows"]]

    def _follow(self, until_s: float) -> None:
        if not self._time_s:
            return
        time_s, link, change = np.concatenate(self._time_s), np.concatenate(self._link), np.concatenate(self._change)
        due = time_s <= until_s
        self._time_s, self._link, self._change = [time_s[~due]], [link[~due]], [change[~due]]
        time_s, link, change = time_s[due], link[due], change[due]
        order = np.lexsort((change, time_s, link))
        time_s, link, change = time_s[order], link[order], change[order]
        first = np.flatnonzero(np.diff(link, prepend=-1))
        lengths = np.diff(first, append=len(link))
        total = np.cumsum(change)
        inside = total - np.repeat(total[first] - change[first] - self._inside[link[first]], lengths)
        full = inside > self._room[link]
        before = np.concatenate([[False], full[:-1]])
        before[first] = ~np.isnan(self._since_s[link[first]])
        for i in np.flatnonzero(full != before).tolist():
            self._turn(int(link[i]), float(time_s[i]), bool(full[i]))
        ends = first + lengths - 1
        self._inside[link[ends]] = inside[ends]

    def _turn(self, link: int, at_s: float, full: bool) -> None:
        """A link becomes full or gets room at a moment."""
        since_s = self._since_s[link]
        if full == (not np.isnan(since_s)):
            return
        if full:
            if not np.isnan(self._from_s[link]) and at_s - self._last_s[link] > SHORTEST_S:
                self._close(link)
            if np.isnan(self._from_s[link]):
                self._from_s[link] = at_s
            self._since_s[link] = at_s
            return
        self._since_s[link], self._last_s[link] = np.nan, at_s
        self._full_us[link] += round((at_s - since_s) * _MICRO)

    def _close(self, link: int) -> None:
        from_s, to_s = float(self._from_s[link]), float(self._last_s[link])
        if to_s - from_s >= SHORTEST_S:
            self._rows.append((link, from_s, to_s, float(self._full_us[link]) / _MICRO))
        self._from_s[link], self._full_us[link] = np.nan, 0


_STATE = ("room", "inside", "since_s", "from_s", "last_s", "full_us")


def _room(storage: Storage) -> Longs:
    """Units, in millionths, above which a link has no room for one car more."""
    return np.rint((storage.units - 1.0) * _MICRO).astype(np.int64)
