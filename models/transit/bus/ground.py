"""Bus stops on the ways that people walk along: where they were put, and who can walk to them.

A stop is put on the nearest point of the nearest way, which is rarely a crossing: riders walk to it along that way from
either end, and across to it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.arrays import Flags, Floats, Ints
from twin.city.city import City, StreetLayer
from twin.city.routing.ways import travel_times
from twin.errors import CityError
from twin.models.transit.bus.journeys import Walks
from twin.models.transit.bus.trips import BusStops

#: A bus stop farther than this from any way for walkers lies outside the map.
_REACH_M = 150.0
#: A stop this near to the end of a way stands there.
_AT_END_M = 1e-6
#: Stops off the map that a line names.
_NAMED = 20


@dataclass(frozen=True)
class Ground:
    """Bus stops and the ways to them.

    Attributes
    ----------
    stops
        As the timetable names them.
    on_map : (s,) bool
        Whether people of this city can get there on foot.
    link : (s,) int32
        Link of the walk layer on which it was put; -1 outside the map.
    along_m, off_m : (s,) float64
        Metres from the begin of that link, and from the link to the stop.
    to_node_m : (s, n) float64
        Metres from each stop to every node of the walk layer; inf where there is no way, and outside the map.
    layer
        The walk layer.
    """

    stops: BusStops
    on_map: Flags
    link: Ints
    along_m: Floats
    off_m: Floats
    to_node_m: Floats
    layer: StreetLayer

    @property
    def told(self) -> str:
        """A line on how stops were put on the map; those that could not be are named."""
        inside = int(self.on_map.sum())
        far = float(self.off_m[self.on_map].max(initial=0.0))
        mean = float(self.off_m[self.on_map].mean()) if inside else 0.0
        names = [
            name or id_ for id_, name, on in zip(self.stops.id, self.stops.name, self.on_map, strict=True) if not on
        ]
        shown = ", ".join(name[:40] for name in names[:_NAMED]) + (" …" if len(names) > _NAMED else "")
        more = (
            f"; {len(names)} lie off the map: their buses run, and nobody gets on or off there: {shown}"
            if names
            else ""
        )
        away = f"{mean:.0f} m away on average, {far:.0f} m at most"
        return f"{inside} of {len(self.on_map)} bus stops put on streets, {away}{more}"

    def between_s(self, most_m: float, speed_mps: float) -> Floats:
        """(s, s) seconds on foot from stop to stop; inf beyond ``most_m``."""
        layer, link, along_m = self.layer, np.maximum(self.link, 0), self.along_m
        length_m = layer.length_m[link]
        rest_m = length_m - along_m
        by_begin = self.to_node_m[:, layer.link_from[link]] + along_m
        by_end = self.to_node_m[:, layer.link_to[link]] + rest_m
        metres = np.minimum(by_begin, by_end) + self.off_m
        # Two stops on one way need not go by its end, whichever way the link that holds them runs.
        ends = np.stack([layer.link_from[link], layer.link_to[link]])
        low, high = ends.min(axis=0), ends.max(axis=0)
        from_low_m = np.where(ends[0] == low, along_m, rest_m)
        one_way = (low[:, None] == low) & (high[:, None] == high) & (length_m[:, None] == length_m)
        straight = np.abs(from_low_m[:, None] - from_low_m) + self.off_m[:, None] + self.off_m
        metres = np.where(one_way, np.minimum(metres, straight), metres)
        metres = np.where(self.on_map[:, None] & self.on_map[None, :], metres, np.inf)
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
    """Put stops on the nearest ways for walkers.

    Raises
    ------
    CityError
        If the city has no streets for walkers, or no stop lies near one.
    """
    layer = city.walk
    if not layer.link_count:
        raise CityError(
            "the bus needs streets for walkers, and the city has none", where="transit.bus",
            mend="build the city with a walk layer",
        )  # fmt: skip
    link, along_m, off_m = _nearest_ways(layer, stops.x_m, stops.y_m)
    on_map = off_m <= _REACH_M
    if not on_map.any():
        nearest = int(off_m.argmin())
        raise CityError(
            f"no bus stop lies on the map: the nearest, {stops.name[nearest] or stops.id[nearest]}, is "
            f"{off_m[nearest] / 1000:.1f} km from any street",
            where="transit.bus",
            mend="a timetable of another city? give one of this city, or a map that its lines cross",
        )
    # Pavements are walked both ways: metres from a stop are metres to it.
    metres = np.full((len(link), layer.node_count), np.inf)
    begin, end = layer.link_from[link[on_map]], layer.link_to[link[on_map]]
    nodes, row = np.unique(np.concatenate([begin, end]), return_inverse=True)
    from_node = travel_times(layer, nodes, np.arange(layer.node_count), layer.length_m)
    of_begin, of_end = row[: len(begin)], row[len(begin) :]
    rest_m = layer.length_m[link[on_map]] - along_m[on_map]
    by_either = np.minimum(from_node[of_begin] + along_m[on_map, None], from_node[of_end] + rest_m[:, None])
    metres[on_map] = by_either + off_m[on_map, None]
    return Ground(stops, on_map, np.where(on_map, link, -1).astype(np.int32), along_m, off_m, metres, layer)


def _nearest_ways(layer: StreetLayer, x_m: Floats, y_m: Floats) -> tuple[Ints, Floats, Floats]:
    """Nearest link of each point, metres along it as the layer measures it, and metres to it; the first of equals."""
    import shapely

    corners = np.column_stack([layer.vertex_x_m, layer.vertex_y_m])
    of_link = np.repeat(np.arange(layer.link_count), np.diff(layer.vertex_ptr))
    ways = np.asarray(shapely.linestrings(corners, indices=of_link))
    points = np.asarray(shapely.points(x_m, y_m))
    asked, found = shapely.STRtree(ways).query_nearest(points, all_matches=True)
    link = np.full(len(points), layer.link_count, np.int64)
    np.minimum.at(link, asked, found)
    off_m = shapely.distance(points, ways[link])
    share = shapely.line_locate_point(ways[link], points, normalized=True)
    length_m = layer.length_m[link]
    along_m = share * length_m
    along_m = np.where(along_m < _AT_END_M, 0.0, np.where(length_m - along_m < _AT_END_M, length_m, along_m))
    return link.astype(np.int32), along_m, np.where(off_m < _AT_END_M, 0.0, off_m)
