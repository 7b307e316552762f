"""The free-flow form: every vehicle at its own speed through the speeds of the hour, never delayed by others.

Lights and crossings delay it as they do a lone vehicle; queues, spillback and gridlock are not modelled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats, Ints
from twin.city.city import City, StreetLayer
from twin.city.lights.plans import Window
from twin.city.reading.road_classes import ROAD_CLASSES
from twin.columns import VEHICLE_CLASSES
from twin.engine.channels import Rows
from twin.engine.sim_model import State
from twin.errors import ScenarioError
from twin.models.road_traffic.access import Access
from twin.models.road_traffic.fleet import Fleet
from twin.models.road_traffic.free_flow import kernels
from twin.models.road_traffic.free_flow.junctions import lights_of, losses_of, mean_red_s, switched
from twin.models.road_traffic.params import RoadParams, SpeedFactor
from twin.models.road_traffic.records.crossings import Crossings

_DAY_S = 86400.0
_CAR = VEHICLE_CLASSES.index("car")


class FreeFlow:
    """Driving without queues, behind the interface that both forms of the road share.

    Parameters
    ----------
    params
        Speed factors, class speeds, signals and crossings.
    city
        Its drive layer, and signal plans of edits.
    tables
        Tables of the scenario; that of signals is looked up here.

    Raises
    ------
    ScenarioError
        If an edit changes lanes for some hours: nobody would notice it in this form.
    """

    has_gates = False
    notes: Sequence[str] = ()

    def __init__(self, params: RoadParams, city: City, tables: Mapping[str, Mapping[str, NDArray[np.generic]]]) -> None:
        drive = city.drive
        if any(0 < drive.lanes[c.link_index] != c.lanes for c in city.timed):
            raise ScenarioError(
                "an edit changes lanes for some hours, and in free flow lanes make no difference",
                where="road_traffic.form",
                mend="set road_traffic.form to queueing, or leave the edit out",
            )
        self._length_m = drive.length_m
        self._speed_mps = drive.free_speed_mps
        self._opens_s = np.full(drive.link_count, -np.inf)
        self._class_speed_mps = class_speeds(params)
        self._slice_from_s, self._slice_factor, self._group = speed_slices(params.speed_factors, drive)
        self._first_leave_s = np.inf
        car_mps = float(self._class_speed_mps[_CAR])
        self._lights = lights_of(params, city, tables)
        self._losses = losses_of(params.crossings, drive, car_mps, self._lights)
        #: What the end of a link costs on average; turns are known to the vehicle only.
        delays = len(self._lights.plans) or params.crossings.lose_time or params.speed_factors or city.timed
        self.parts: Sequence[str] = ("travel", "delay") if delays else ("travel",)
        self._end_s = self._losses.straight_s + mean_red_s(self._lights)

    @property
    def next_s(self) -> float:
        """When the first vehicle leaves its path; infinite on an empty road."""
        return self._first_leave_s

    def switch(self, windows: Mapping[tuple[int, int | None], Window], at_s: float) -> None:  # noqa: ARG002
        """Let lights run other plans; before anybody has entered, since times are fixed as vehicles enter."""
        self._lights = switched(self._lights, windows)
        self._end_s = self._losses.straight_s + mean_red_s(self._lights)

    def enter(self, fleet: Fleet, slots: NDArray[np.int64]) -> None:
        """Fix the times of vehicles that have just been taken in."""
        if not len(slots):
            return
        kernels.drive_paths(
            slots,
            fleet.path_start,
            fleet.path_len,
            fleet.enter_s,
            fleet.vehicle_class,
            self._class_speed_mps,
            fleet.pool_link,
            self._length_m,
            self._speed_mps,
            self._group,
            self._opens_s,
            self._slice_from_s,
            self._slice_factor,
            tuple(self._lights),
            tuple(self._losses),
            fleet.pool_leave_s,
            fleet.free_s,
            fleet.leave_s,
        )
        self._first_leave_s = min(self._first_leave_s, float(fleet.leave_s[slots].min()))

    def repath(self, fleet: Fleet, slot: int, at_s: float, keep: int, path: Ints) -> None:  # noqa: ARG002
        """Replace what follows the first ``keep`` links of a vehicle's path; their times stay."""
        kept_s = fleet.leave_times(slot)[:keep].copy()
        fleet.set_path(slot, path)
        fleet.leave_times(slot)[:keep] = kept_s
        self._time_path(fleet, slot, keep)
        self._first_leave_s = float(fleet.leave_s.min())

    def hop_at(self, fleet: Fleet, slot: int, at_s: float) -> int:
        """Position on its path of the link a vehicle drives at a moment; the path's length if it has left."""
        return int(np.searchsorted(fleet.leave_times(slot), at_s, side="right"))

    def advance(self, fleet: Fleet, until_s: float, everyone: bool) -> Crossings:
        """Crossings up to and including ``until_s``: of those who leave, or of everyone inside.

        The log of a vehicle that neither leaves nor is asked for may wait: its times are known anyway.
        """
        slots = fleet.inside() if everyone else np.flatnonzero(fleet.leave_s <= until_s)
        crossings = Crossings.empty()
        room = 1024
        while True:
            out = Crossings.of_size(room)
            n = kernels.collect_crossings(
                slots,
                until_s,
                fleet.path_start,
                fleet.path_len,
                fleet.enter_s,
                fleet.told,
                fleet.pool_link,
                fleet.pool_leave_s,
                out.time_s,
                out.slot,
                out.from_link,
                out.to_link,
                out.on_link_s,
            )
            crossings = crossings.joined(out.first(n))
            if n < room:
                break
            room *= 4
        return crossings

    def forget(self, fleet: Fleet) -> None:
        """Look for the next vehicle to leave, after some have been let go."""
        self._first_leave_s = float(fleet.leave_s.min())

    def obey(self, access: Access) -> None:
        """Take up speeds and closures of links."""
        self._speed_mps, self._opens_s = access.speed_mps, access.opens_s

    def retime(self, fleet: Fleet, at_s: float, changed: Ints) -> None:
        """Give new times, from the next link on, to whoever has links ahead that change at this moment.

        Speeds hold for those who enter a link from then on, as in the queueing form; whoever passes onto a link at
        that very moment still finds it as it was.
        """
        for slot in fleet.inside().tolist():
            keep = self.hop_at(fleet, slot, at_s) + 1
            if np.isin(fleet.path(slot)[keep:], changed).any():
                self._time_path(fleet, slot, keep)
        self._first_leave_s = float(fleet.leave_s.min())

    def storage(self) -> None:
        """Nothing fills a link."""

    def queue_m(self) -> None:
        """Queues are not modelled."""

    def stuck_links(self) -> NDArray[np.int64]:
        """There is no gridlock without queues."""
        return np.empty(0, np.int64)

    def apply_credits(self, orders: Rows, fleet: Fleet) -> None:
        """Nobody waits for a place in this form; who has driven the path is handed over at once."""

    def obstruct(self, fleet: Fleet, link: int, share: float, at_s: float) -> None:
        """No link has a capacity in this form: who stands slows nobody; the road says so in its notes."""

    def queued_since_s(self, left: Crossings) -> Floats:
        """(n,) float64: nobody queues, so the moment at which each left."""
        return left.time_s

    def standing_since_s(self, slots: NDArray[np.int64]) -> Floats:
        """(n,) float64: nobody stands, which is infinite."""
        return np.full(len(slots), np.inf)

    def next_board_s(self, after_s: float) -> float:
        """Next moment at which link times change; infinite if they never do."""
        if len(self._slice_from_s) == 1:
            return float(np.inf)
        day_s = np.floor(after_s / _DAY_S) * _DAY_S
        starts = np.concatenate([day_s + self._slice_from_s, [day_s + _DAY_S]])
        return float(starts[np.searchsorted(starts, after_s, side="right")])

    def next_news_s(self, after_s: float) -> float:  # noqa: ARG002
        """Nobody learns anything that was not known before."""
        return np.inf

    def news(self, at_s: float) -> Floats:
        """The times that hold anyway."""
        return self.link_times(at_s)

    def link_times(self, at_s: float) -> Floats:
        """(m,) float64: seconds over each link and on to the next, straight on, for a car that enters it at a moment.

        At lights the mean wait counts: nobody plans by the second of a cycle.
        """
        out = np.empty(len(self._length_m))
        kernels.link_times(
            at_s,
            self._class_speed_mps[_CAR],
            self._length_m,
            self._speed_mps,
            self._group,
            self._slice_from_s,
            self._slice_factor,
            out,
        )
        return out + self._end_s

    def link_time_profile(self) -> Floats | None:
        """(k, 1 + m) float64: speeds go by the hour, so that all times of the day are known; None if they stay."""
        if len(self._slice_from_s) == 1:
            return None
        return np.stack([np.concatenate([[from_s], self.link_times(from_s)]) for from_s in self._slice_from_s])

    def state(self) -> State:
        """Nothing of its own: all is in the fleet."""
        return {}

    def restore(self, state: State, fleet: Fleet) -> None:  # noqa: ARG002
        """Take up the fleet that was put back."""
        self.forget(fleet)

    def _time_path(self, fleet: Fleet, slot: int, keep: int) -> None:
        """Times of leaving the links after the first ``keep``, and the free-flow seconds of the whole path."""
        speed_mps = self._class_speed_mps[fleet.vehicle_class[slot]]
        path, times = fleet.path(slot), fleet.leave_times(slot)
        enter_s = float(fleet.enter_s[slot]) if keep == 0 else float(times[keep - 1])
        free_s = kernels.drive_path(
            enter_s,
            path,
            keep,
            speed_mps,
            self._length_m,
            self._speed_mps,
            self._group,
            self._opens_s,
            self._slice_from_s,
            self._slice_factor,
            tuple(self._lights),
            tuple(self._losses),
            times,
        )
        before = path[:keep]
        before_s = self._length_m[before] / np.minimum(self._speed_mps[before], speed_mps)
        fleet.free_s[slot] = float(before_s.sum()) + free_s
        fleet.leave_s[slot] = times[-1]


def class_speeds(params: RoadParams) -> Floats:
    """Highest speed per vehicle class, in the order of ``VEHICLE_CLASSES``."""
    return np.array([getattr(params.class_speeds, f"{name}_mps") for name in VEHICLE_CLASSES])


def speed_slices(factors: tuple[SpeedFactor, ...], layer: StreetLayer) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Slices of the day, factors per slice and group of links, and the group of each link.

    Returns
    -------
    slice_from_s : (k,) float64
        Ascending, the first at 0.
    slice_factor : (k, g) float64
    group : (m,) int64
        Links that share their factors at all hours.

    Raises
    ------
    ScenarioError
        If a factor names a class of street that does not exist, or a street that is not on the map.
    """
    starts = sorted({0.0, *(t for f in factors for t in f.hours if t < _DAY_S)})
    table = np.ones((len(starts), layer.link_count))
    # Factors of named streets come last: they hold whatever is said of the class.
    for factor in sorted(factors, key=lambda f: bool(f.streets)):
        unknown = sorted(set(factor.road_classes) - set(ROAD_CLASSES))
        if unknown:
            raise ScenarioError(
                f"unknown class of street {', '.join(unknown)}",
                where="road_traffic.speed_factors",
                mend=f"one of {', '.join(ROAD_CLASSES)}",
            )
        links = np.ones(layer.link_count, np.bool_)
        if factor.road_classes:
            links &= np.isin(layer.road_class, [ROAD_CLASSES.index(name) for name in factor.road_classes])
        if factor.streets:
            links &= np.isin(layer.name_index, [_street_row(layer, name) for name in factor.streets])
        rows = np.array([factor.hours[0] <= start < factor.hours[1] for start in starts])
        table[np.ix_(rows, links)] = factor.factor
    if not layer.link_count:
        return np.array(starts), table, np.zeros(0, np.int64)
    columns, group = np.unique(table, axis=1, return_inverse=True)
    return np.array(starts), np.ascontiguousarray(columns), group.reshape(-1).astype(np.int64)


def _street_row(layer: StreetLayer, name: str) -> int:
    street = layer.aliases.get(name, name)
    if street not in layer.names:
        known = [*layer.names, *layer.aliases]
        close = get_close_matches(name, known, n=5, cutoff=0.4) or known[:5]
        raise ScenarioError(
            f"no street of the map is named {name!r}",
            where="road_traffic.speed_factors",
            mend=f"names there: {', '.join(close)}",
        )
    return layer.names.index(street)
