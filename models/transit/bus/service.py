"""The buses of a run: when each sets off, how far it drives, who is on board, and what is written of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats, Ints, Longs
from twin.city.city import City
from twin.city.routing.ways import nearest_node, shortest_path
from twin.columns import BODIES, BODY_STATES
from twin.engine.ids import Kind, make_ids
from twin.engine.ledger import Account
from twin.errors import CityError
from twin.models.transit.bus.ground import Ground, put_on_streets
from twin.models.transit.bus.params import BusParams
from twin.models.transit.bus.shapes import Drawn, lay_shapes
from twin.models.transit.bus.timetable import Timetable, Trip, make_timetable
from twin.models.transit.bus.trips import Table, read_trips
from twin.models.transit.network import points_along

Columns = Mapping[str, NDArray[np.generic]]
_BUS = BODIES.index("bus")
_DRIVING = BODY_STATES["bus"].index("driving")


class BusService:
    """Buses on fixed routes, by their timetable: traffic does not make them late.

    Parameters
    ----------
    params
        Where the timetable stands, and the rules of journeys.
    city, tables
        As of the model.
    walk_mps
        Speed at which people change from stop to stop.

    Attributes
    ----------
    ground
        Stops on the streets for walkers.
    table, trips
        The timetable, and its trips in the order in which it numbers them.
    riders : (t,) int64, people_m : (t,) float64, most : (t,) int64
        People who ride each trip, metres that they ride, and most of them on board at once.
    """

    def __init__(self, params: BusParams, city: City, tables: Mapping[str, Table], walk_mps: float) -> None:
        self.params = params
        self._city = city
        stops, trips = read_trips(params, city, tables)
        self.ground: Ground = put_on_streets(city, stops)
        made = make_timetable(trips, len(stops.id), self.ground.between_s(params.change_walk_at_most_m, walk_mps))
        #: Ways as a feed draws them.
        self.drawn: Drawn = lay_shapes(
            params.times_table or "", tables, city, stops, trips, self.ground.on_map.tolist()
        )
        self.table: Timetable = made.table
        self.trips: tuple[Trip, ...] = made.trips
        self.depart_s: Floats = np.array([trip.departure_s[0] for trip in self.trips])
        self.arrive_s: Floats = np.array([trip.arrival_s[-1] for trip in self.trips])
        # By name, so that a line more leaves all others their ids.
        order = np.argsort(np.argsort(np.array([f"{trip.line}|{trip.name}" for trip in self.trips]), kind="stable"))
        self.ids: NDArray[np.uint64] = make_ids(Kind.BUS, 0, len(self.trips))[order]
        self.riders: Longs = np.zeros(len(self.trips), np.int64)
        self.most: Longs = np.zeros(len(self.trips), np.int64)
        self.people_m: Floats = np.zeros(len(self.trips))

    @cached_property
    def _ways(self) -> dict[tuple[int, int], Ints]:
        """Links from stop to stop along the streets; none where a stop is off the map or no street leads there."""
        stops, layer = self.ground.stops, self._city.drive
        ways: dict[tuple[int, int], Ints] = dict(self.drawn.ways)
        if not layer.node_count:
            return ways
        nodes = nearest_node(layer, stops.x_m, stops.y_m)
        cost_s = self._city.lawful_times_s("bus")
        for a, b in sorted({pair for trip in self.trips for pair in zip(trip.stop, trip.stop[1:], strict=False)}):
            if not (self.ground.on_map[a] and self.ground.on_map[b]) or nodes[a] == nodes[b]:
                continue
            if (a, b) in self.drawn.lines:
                continue  # on streets that follow its shape, else as the feed draws it
            try:
                ways[a, b] = shortest_path(layer, int(nodes[a]), int(nodes[b]), cost_s, vehicle_class="bus")
            except CityError:
                continue  # a street of the bus that the map lacks: drawn straight
        return ways

    def hop_m(self, a: int, b: int) -> float:
        """Metres from stop to stop, along streets where the map has them; 0 off the map."""
        if not (self.ground.on_map[a] and self.ground.on_map[b]):
            return 0.0
        if (a, b) in self._ways:
            return float(self._city.drive.length_m[self._ways[a, b]].sum())
        if (a, b) in self.drawn.lines:
            line = self.drawn.lines[a, b]
            return float(np.hypot(np.diff(line[:, 0]), np.diff(line[:, 1])).sum())
        stops = self.ground.stops
        return float(np.hypot(stops.x_m[a] - stops.x_m[b], stops.y_m[a] - stops.y_m[b]))

    def carry(self, legs: Ints, people: Longs) -> None:
        """Put people on buses, in place of those of before.

        Parameters
        ----------
        legs : (n, rounds, 3) int32
            As :func:`~twin.models.transit.bus.journeys.find_journeys` gives them.
        people : (n,) int64
            Who travel together.
        """
        rows = legs.reshape(-1, 3)
        count = np.repeat(people, legs.shape[1])
        on = rows[:, 0] >= 0
        self.riders = np.bincount(rows[on, 0], count[on], len(self.trips)).astype(np.int64)
        load = [np.zeros(len(trip.stop), np.int64) for trip in self.trips]
        for (trip, board, alight), number in zip(rows[on].tolist(), count[on].tolist(), strict=True):
            load[trip][board:alight] += number
        self.most = np.array([int(one.max()) for one in load], np.int64)
        self.people_m = np.array(
            [
                sum(int(n) * self.hop_m(a, b) for n, a, b in zip(one, trip.stop, trip.stop[1:], strict=False))
                for one, trip in zip(load, self.trips, strict=True)
            ]
        )

    def setting_off(self, after_s: float, until_s: float) -> NDArray[np.intp]:
        """Trips that set off after a moment and up to another, in the order of their times."""
        rows = np.flatnonzero((self.depart_s > after_s) & (self.depart_s <= until_s))
        return rows[np.lexsort((self.ids[rows], self.depart_s[rows]))]

    def trip_rows(self, rows: NDArray[np.intp]) -> Columns:
        """Rows of ``transit_bus_trips``."""
        trips = [self.trips[row] for row in rows]
        metres = [sum(self.hop_m(a, b) for a, b in zip(t.stop, t.stop[1:], strict=False)) for t in trips]
        on_map_s = [self._on_map_s(trip) for trip in trips]
        return {
            "id": self.ids[rows], "line": np.array([t.line for t in trips], np.str_),
            "trip": np.array([t.name for t in trips], np.str_), "depart_s": self.depart_s[rows],
            "arrive_s": self.arrive_s[rows], "on_map_s": np.array(on_map_s), "metres_m": np.array(metres),
            "riders": self.riders[rows].astype(np.int32), "riders_max": self.most[rows].astype(np.int32),
            "people_m": self.people_m[rows],
            "beyond_places": np.maximum(self.most[rows] - int(self.params.places), 0).astype(np.int32),
        }  # fmt: skip

    def _on_map_s(self, trip: Trip) -> float:
        """Time between stops of the map, standing at them included."""
        on = self.ground.on_map
        hops = zip(trip.stop, trip.stop[1:], trip.departure_s, trip.departure_s[1:], strict=False)
        return float(sum(later_s - at_s for a, b, at_s, later_s in hops if on[a] and on[b]))

    def trace_rows(self, rows: Sequence[int]) -> Columns:
        """Rows of ``traces``: from stop to stop along the streets, standing where the timetable says so."""
        parts: list[Columns] = [self._trace(row) for row in rows]
        return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}

    def _trace(self, row: int) -> Columns:
        trip, stops = self.trips[row], self.ground.stops
        times, xs, ys = [], [], []
        for k, (a, b) in enumerate(zip(trip.stop, trip.stop[1:], strict=False)):
            from_s, to_s = trip.departure_s[k], trip.arrival_s[k + 1]
            if (a, b) in self._ways:
                share, x, y = points_along(self._city.drive, self._ways[a, b])
            elif (a, b) in self.drawn.lines:
                x, y = self.drawn.lines[a, b].T
                along = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
                share = along / along[-1] if along[-1] > 0 else np.linspace(0.0, 1.0, len(x))
            else:
                share, x, y = np.array([0.0, 1.0]), stops.x_m[[a, b]], stops.y_m[[a, b]]
            times.append(from_s + share * (to_s - from_s))
            xs.append(x)
            ys.append(y)
        time_s = np.concatenate(times)
        # A picture goes on in time: two stops of one minute are one moment.
        kept = np.concatenate([[True], np.diff(time_s) > 0])
        count = int(kept.sum())
        return {
            "body": np.full(count, _BUS, np.uint8), "id": np.full(count, self.ids[row]),
            "trip": np.zeros(count, np.int32), "time_s": time_s[kept],
            "x_m": np.concatenate(xs)[kept].astype(np.float32), "y_m": np.concatenate(ys)[kept].astype(np.float32),
            "state": np.full(count, _DRIVING, np.uint8),
        }  # fmt: skip

    def account(self, start_s: float, last_s: float, now_s: float) -> Account:
        """Buses that set off from the start of the clock up to ``last_s``, as they stand now."""
        off = (self.depart_s >= start_s) & (self.depart_s <= last_s)
        inside = int((off & (self.arrive_s > now_s)).sum())
        return Account("buses", int(off.sum()), inside, {"arrived": int(off.sum()) - inside})
