"""Bus stops on the streets that people walk along: where they were put, and who can walk to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.arrays import Flags, Floats, Ints
from twin.city.city import City
from twin.city.routing.ways import nearest_node, travel_times
from twin.errors import CityError
from twin.models.transit.bus.journeys import Walks
from twin.models.transit.bus.trips import BusStops

#: A bus stop farther than this from any street for walkers lies outside the map.
_REACH_M = 150.0


@dataclass(frozen=True)
class Ground:
    """Bus stops and the ways to them.

    Attributes
    ----------
    stops
        As the timetable names them.
    on_map : (s,) bool
        Whether people of this city can get there on foot.
    node : (s,) int32
        Node of the walk layer; -1 outside the map.
    off_m : (s,) float64
        How far it was moved.
    to_node_m : (s, n) float64
        Metres from each stop to every node of the walk layer; inf where there is no way, and outside the map.
    """

    stops: BusStops
    on_map: Flags
    node: Ints
    off_m: Floats
    to_node_m: Floats

    @property
    def told(self) -> str:
        """A line on how stops were put on the map."""
        inside = int(self.on_map.sum())
        far = float(self.off_m[self.on_map].max(initial=0.0))
        mean = float(self.off_m[self.on_map].mean()) if inside else 0.0
        outside = len(self.on_map) - inside
        more = f"; {outside} lie off the map: their buses run, and nobody gets on or off there" if outside else ""
        away = f"{mean:.0f} m away on average, {far:.0f} m at most"
        return f"{inside} of {len(self.on_map)} bus stops put on streets, {away}{more}"

    def between_s(self, most_m: float, speed_mps: float) -> Floats:
        """(s, s) seconds on foot from stop to stop; inf beyond ``most_m``."""
        metres = np.where(self.on_map[None, :], self.to_node_m[:, self.node], np.inf)
        return np.where(metres <= most_m, metres, np.inf) / speed_mps

    def walks(self, nodes: Ints, most_m: float, speed_mps: Floats) -> Walks:
        """Stops within ``most_m`` of nodes of the walk layer, with seconds at each one's speed.

        Parameters
        ----------
        nodes, speed_mps : (n,)
            Node and speed of each traveller.
        """
        unique, which = np.unique(nodes, return_inverse=True)
        near = [np.flatnonzero(self.to_node_m[:, node] <= most_m).astype(np.int32) for node in unique.tolist()]
        size = np.array([len(stops) for stops in near], np.int64)[which]
        ptr = np.concatenate([[0], np.cumsum(size)]).astype(np.int64)
        stop = np.concatenate([*(near[k] for k in which.tolist()), np.zeros(0, np.int32)]).astype(np.int32)
        metres = self.to_node_m[stop, np.repeat(nodes, size)]
        return Walks(ptr, stop, metres / np.repeat(speed_mps, size))


def put_on_streets(city: City, stops: BusStops) -> Ground:
    """Put stops on the nearest crossings for walkers.

    Raises
    ------
    CityError
        If the city has no streets for walkers, or no stop lies near one.
    """
    layer = city.walk
    if not layer.node_count:
        raise CityError(
            "the bus needs streets for walkers, and the city has none", where="transit.bus",
            mend="build the city with a walk layer",
        )  # fmt: skip
    nodes = nearest_node(layer, stops.x_m, stops.y_m)
    off_m = np.hypot(layer.x_m[nodes] - stops.x_m, layer.y_m[nodes] - stops.y_m)
    on_map = off_m <= _REACH_M
    if not on_map.any():
        nearest = int(off_m.argmin())
        raise CityError(
            f"no bus stop lies on the map: the nearest, {stops.id[nearest]}, is {off_m[nearest] / 1000:.1f} km from "
            "any street",
            where="transit.bus",
            mend="give a timetable of this city, or a map that its lines cross",
        )
    # Pavements are walked both ways: metres from a stop are metres to it.
    metres = np.full((len(nodes), layer.node_count), np.inf)
    metres[on_map] = travel_times(layer, nodes[on_map], np.arange(layer.node_count), layer.length_m)
    return Ground(stops, on_map, np.where(on_map, nodes, -1).astype(np.int32), off_m, metres)
