"""Stops on the streets: times between them as the road stands, the ways vans drive, and points for pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats, Ints
from twin.city.city import City, Place, StreetLayer
from twin.city.routing.ways import shortest_path, travel_times
from twin.columns import BODIES, BODY_STATES
from twin.models.transit.demand.zones import Zones
from twin.models.transit.fleet.rows import Times, new_times, with_slices

_CLASS = "van"
_VAN = BODIES.index("van")
_DAY_S = 86400.0
#: How far ahead plans may reach: bookings are taken for three days, and a ride may end on the day after.
_DAYS_AHEAD = 4
_EMPTY, _LOADED = (BODY_STATES["van"].index(state) for state in ("empty", "loaded"))


class StopNetwork:
    """Times and ways between stops under one set of link times.

    Parameters
    ----------
    city
        Its drive layer, and what of it is closed to vans for good.
    stops
        Stops served.
    zones
        Stops of different zones have no way between them, so that no van and no trip leaves its zone.
    turns
        Whether vans may turn at stops on their way; ways then go from stop to stop.
    """

    def __init__(self, city: City, stops: Sequence[Place], zones: Zones | None = None, *, turns: bool = False) -> None:
        self._turns = turns
        self._apart = None if zones is None or len(zones.names) < 2 else zones.apart()
        self._city = city
        self._layer = city.drive
        self._node: Ints = np.array([stop.drive_node for stop in stops], np.int32)
        self._stops = stops
        #: Yards come last; nobody boards there.
        served = [stop for stop in stops if not stop.id.endswith("/yard")]
        self._place_m: Floats = np.array([(stop.x_m, stop.y_m) for stop in served], np.float64).reshape(-1, 2)
        self._cost_s: Floats = city.lawful_times_s("van")
        #: Longest free-flow time of a link that ends at a stop: a van is told to end there before it is on that link.
        self.last_link_s = float(
            self._cost_s[np.isin(self._layer.link_to, self._node) & np.isfinite(self._cost_s)].max(initial=0.0)
        )
        self._ways: dict[tuple[int, int], Ints] = {}
        #: Second of the day from which each slice of the forecast holds, and times between stops in it.
        self._slice_from_s: Floats = np.zeros(0)
        self._slices_s: Floats = np.zeros((0, 0, 0))
        self.times: Times = self._measure(-np.inf)

    def use(self, cost_s: Floats, at_s: float = -np.inf) -> bool:
        """Go over to other link times from a moment on; False, and nothing done, if they are what is in use."""
        lawful_s = self._city.lawful_times_s("van", cost_s)
        if np.array_equal(lawful_s, self._cost_s) and not len(self._slice_from_s):
            return False
        self._cost_s = lawful_s
        self._ways.clear()
        self.times = self._measure(at_s)
        return True

    def expect(self, profile_s: Floats, at_s: float) -> None:
        """Plan ahead by a profile of the day; what is measured holds until the profile's next slice.

        Parameters
        ----------
        profile_s : (k, 1 + m) float64
            The board ``road.link_time_profile_s``.
        at_s
            The moment.
        """
        self._slice_from_s = profile_s[:, 0].copy()
        self._slices_s = np.stack([self._between(self._city.lawful_times_s("van", row)) for row in profile_s[:, 1:]])
        self.times = self._measure(at_s)

    def way(self, origin: int, destination: int) -> Ints:
        """Links of the fastest way between two stops."""
        key = (origin, destination)
        if key not in self._ways and self._turns and self.times.via[origin, destination] != destination:
            middle = int(self.times.via[origin, destination])
            self._ways[key] = np.concatenate([self.way(origin, middle), self.way(middle, destination)])
        elif key not in self._ways:
            self._ways[key] = shortest_path(
                self._layer,
                int(self._node[origin]),
                int(self._node[destination]),
                self._cost_s,
                names=(self._stops[origin].id, self._stops[destination].id),
                vehicle_class=_CLASS,
            )
        return self._ways[key]

    def length_m(self, way: Ints) -> float:
        """Length of a way."""
        return float(self._layer.length_m[way].sum())

    def trace(self, way: Ints, depart_s: float, arrive_s: float) -> tuple[Floats, Floats, Floats]:
        """Points along a way that was driven: exact times at the ends, in proportion to free flow between.

        Returns
        -------
        time_s, x_m, y_m : (k,) float64
        """
        share, x_m, y_m = points_along(self._layer, way)
        times = depart_s + share * (arrive_s - depart_s)
        times[-1] = arrive_s
        return times, x_m, y_m

    def _between(self, cost_s: Floats) -> Floats:
        between_s = travel_times(self._layer, self._node, self._node, cost_s, vehicle_class=_CLASS)
        if self._apart is not None:
            between_s[self._apart] = np.inf
        np.fill_diagonal(between_s, 0.0)
        return between_s

    def _measure(self, at_s: float) -> Times:
        """Times between stops as they are at a moment, and as they are expected after it."""
        between_s = self._between(self._cost_s)
        times = new_times(between_s, self._node, turns=self._turns)._replace(place_m=self._place_m)
        count = len(self._slice_from_s)
        if not count or not np.isfinite(at_s):
            return times
        first_day = int(at_s // _DAY_S)
        from_s = np.concatenate([(first_day + day) * _DAY_S + self._slice_from_s for day in range(_DAYS_AHEAD + 1)])
        slice_of = np.tile(np.arange(1, count + 1), _DAYS_AHEAD + 1)
        later = from_s > at_s
        slices_s = np.concatenate([between_s[None], self._slices_s])
        return with_slices(times, np.append(-np.inf, from_s[later]), np.append(0, slice_of[later]), slices_s)


def points_along(layer: StreetLayer, way: Ints) -> tuple[Floats, Floats, Floats]:
    """Corners of a way: share of its free-flow time at which each is passed, and metres.

    Returns
    -------
    share, x_m, y_m : (k,) float64
    """
    xs, ys, shares = [], [], []
    time_s = layer.free_time_s[way]
    begin = np.concatenate([[0.0], np.cumsum(time_s)])
    for i, link in enumerate(way):
        span = slice(int(layer.vertex_ptr[link]), int(layer.vertex_ptr[link + 1]))
        x, y = layer.vertex_x_m[span], layer.vertex_y_m[span]
        along = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
        along = along / along[-1] if along[-1] > 0 else np.linspace(0.0, 1.0, len(along))
        # A link begins where the one before ends.
        first = 1 if i else 0
        xs.append(x[first:])
        ys.append(y[first:])
        shares.append(begin[i] + along[first:] * time_s[i])
    return np.concatenate(shares) / begin[-1], np.concatenate(xs), np.concatenate(ys)


def until_node(layer: StreetLayer, way: Ints, node: int) -> Ints:
    """The links of a way up to a node that it passes; all of them where it does not pass it."""
    at = np.flatnonzero(layer.link_to[way] == node)
    return way[: int(at[0]) + 1] if len(at) else way


def trace_rows(
    id_: int, leg: int, riders: int, points: tuple[Floats, Floats, Floats]
) -> dict[str, NDArray[np.generic]]:
    """Rows of the table ``traces`` for one drive."""
    time_s, x_m, y_m = points
    count = len(time_s)
    return {
        "body": np.full(count, _VAN, np.uint8), "id": np.full(count, id_, np.uint64),
        "trip": np.full(count, leg, np.int32), "time_s": time_s, "x_m": x_m.astype(np.float32),
        "y_m": y_m.astype(np.float32), "state": np.full(count, _LOADED if riders else _EMPTY, np.uint8),
    }  # fmt: skip
