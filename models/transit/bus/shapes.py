"""Ways of buses as a feed draws them (shapes.txt): cut from stop to stop, and laid on streets that follow them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.arrays import Floats, Ints
from twin.city.areas import Table
from twin.city.city import City
from twin.city.reading.projection import project
from twin.city.routing.ways import nearest_node, shortest_path
from twin.errors import CityError
from twin.models.transit.bus.timetable import Trip
from twin.models.transit.bus.trips import BusStops

#: Table of the shapes of a timetable.
SHAPES = ".shapes"
#: A street follows a shape where it lies this near to it, on this share of its length.
_FOLLOWS_M, _FOLLOWS_SHARE = 30.0, 0.9
#: Metres beside a shape that double what a street costs: a lane's width and the error of a drawn line (G).
_BESIDE_M = 15.0
#: Streets farther from a shape than this are all alike.
_FAR_M = 300.0
_SAMPLE_M = 20.0
#: A stop belongs to the first pass of a shape that is nearly as near as the nearest one.
_AS_NEAR_M = 20.0
_NAMED = 5

Hop = tuple[int, int]


@dataclass(frozen=True)
class Drawn:
    """Hops of a timetable that have a shape.

    Attributes
    ----------
    lines
        Shape of each hop, from stop to stop, in metres.
    ways
        Drive links of those that streets follow.
    told
        A line on them; empty where the timetable has no shapes.
    """

    lines: dict[Hop, Floats]
    ways: dict[Hop, Ints]
    told: str


def lay_shapes(
    name: str, tables: Mapping[str, Table], city: City, stops: BusStops, trips: Sequence[Trip], on_map: Sequence[bool]
) -> Drawn:
    """Cut the shapes of a timetable at its stops, and find the streets that follow them.

    Parameters
    ----------
    name
        Table of the timetable; its shapes are in the table ``NAME.shapes``.
    on_map
        Stops that lie on the map; streets are looked for between these.
    """
    import shapely

    table = tables.get(name + SHAPES)
    if table is None or not len(table["shape"]):
        return Drawn({}, {}, "")
    ids = np.asarray(table["shape"], np.str_)
    x_m, y_m = project(city.crs, np.asarray(table["lon"], np.float64), np.asarray(table["lat"], np.float64))
    starts = np.flatnonzero(np.r_[True, ids[1:] != ids[:-1]])
    shapes = dict(zip(ids[starts].tolist(), np.split(np.column_stack([x_m, y_m]), starts[1:]), strict=True))
    lines: dict[Hop, Floats] = {}
    for shape, order in sorted({(trip.shape, trip.stop) for trip in trips if trip.shape in shapes}):
        hops = list(itertools.pairwise(order))
        if not all(hop in lines for hop in hops):
            cut = _cut(shapes[shape], stops.x_m[list(order)], stops.y_m[list(order)])
            for hop, line in zip(hops, cut, strict=True):
                lines.setdefault(hop, line)
    streets = _Streets(city) if city.drive.link_count else None
    ways: dict[Hop, Ints] = {}
    beside: list[str] = []
    inside = 0
    for (a, b), line in sorted(lines.items()):
        if not (on_map[a] and on_map[b]):
            continue
        inside += 1
        way = streets.along(line) if streets is not None else None
        if way is not None and len(way) and _follows(shapely, city, way, line):
            ways[a, b] = way
        else:
            beside.append(f"{stops.name[a][:40]} to {stops.name[b][:40]}")
    more = f"; the others are drawn as the feed draws them: {', '.join(beside[:_NAMED])}" if beside else ""
    more += " …" if len(beside) > _NAMED else ""
    told = f"shapes: streets follow {len(ways)} of {inside} hops on the map within {_FOLLOWS_M:.0f} m{more}"
    return Drawn(lines, ways, told)


def _cut(shape: Floats, x_m: Floats, y_m: Floats) -> list[Floats]:
    """Pieces of a shape from stop to stop, in the order of the stops: a shape may pass a place twice."""
    step = np.hypot(np.diff(shape[:, 0]), np.diff(shape[:, 1]))
    begin_m = np.concatenate([[0.0], np.cumsum(step)])
    at_m: list[float] = []
    last_m = 0.0
    for x, y in zip(x_m.tolist(), y_m.tolist(), strict=True):
        from_x, from_y = shape[:-1, 0], shape[:-1, 1]
        dx, dy = np.diff(shape[:, 0]), np.diff(shape[:, 1])
        square = np.maximum(dx * dx + dy * dy, 1e-12)
        least = np.clip((last_m - begin_m[:-1]) / np.maximum(step, 1e-12), 0.0, 1.0)
        share = np.clip(((x - from_x) * dx + (y - from_y) * dy) / square, least, 1.0)
        away = np.hypot(from_x + share * dx - x, from_y + share * dy - y)
        away[begin_m[1:] < last_m] = np.inf
        first = int(np.argmax(away <= away.min() + _AS_NEAR_M))
        # The nearest of this pass: as long as it comes nearer.
        while first + 1 < len(away) and away[first + 1] < away[first]:
            first += 1
        last_m = float(begin_m[first] + share[first] * step[first])
        at_m.append(last_m)
    out = []
    for from_m, to_m in itertools.pairwise(at_m):
        within = begin_m[(begin_m > from_m) & (begin_m < to_m)]
        place = np.concatenate([[from_m], within, [to_m]])
        out.append(np.column_stack([np.interp(place, begin_m, shape[:, k]) for k in (0, 1)]))
    return out


class _Streets:
    """Drive links of a city, dearer the farther they lie from a line."""

    def __init__(self, city: City) -> None:
        self._layer, self._time_s = city.drive, city.lawful_times_s("bus")
        layer = city.drive
        middle = (layer.vertex_ptr[:-1] + layer.vertex_ptr[1:]) // 2
        self._x = np.stack([layer.x_m[layer.link_from], layer.vertex_x_m[middle], layer.x_m[layer.link_to]], 1)
        self._y = np.stack([layer.y_m[layer.link_from], layer.vertex_y_m[middle], layer.y_m[layer.link_to]], 1)

    def along(self, line: Floats) -> Ints | None:
        """Cheapest way from one end of a line to the other; None where there is none."""
        import shapely

        drawn: Any = shapely.linestrings(line)
        west, south, east, north = drawn.bounds
        near = np.flatnonzero(
            (self._x[:, 1] > west - _FAR_M) & (self._x[:, 1] < east + _FAR_M)
            & (self._y[:, 1] > south - _FAR_M) & (self._y[:, 1] < north + _FAR_M)
        )  # fmt: skip
        away = np.full(len(self._time_s), _FAR_M)
        points = shapely.points(self._x[near].ravel(), self._y[near].ravel())
        away[near] = np.minimum(shapely.distance(points, drawn).reshape(-1, 3).mean(axis=1), _FAR_M)
        ends = nearest_node(self._layer, line[[0, -1], 0], line[[0, -1], 1])
        if ends[0] == ends[1]:
            return None
        try:
            return shortest_path(
                self._layer, int(ends[0]), int(ends[1]), self._time_s * (1.0 + (away / _BESIDE_M) ** 2),
                vehicle_class="bus",
            )  # fmt: skip
        except CityError:
            return None


def _follows(shapely: Any, city: City, way: Ints, line: Floats) -> bool:
    """Whether a way lies on a line, and the line on the way, each on most of its length."""
    layer = city.drive
    corners = [
        np.column_stack([layer.vertex_x_m[span], layer.vertex_y_m[span]])
        for link in way.tolist()
        for span in [slice(int(layer.vertex_ptr[link]), int(layer.vertex_ptr[link + 1]))]
    ]
    of_way, of_line = shapely.linestrings(np.concatenate(corners)), shapely.linestrings(line)
    for one, other in ((of_way, of_line), (of_line, of_way)):
        at_m = np.linspace(0.0, one.length, max(int(one.length / _SAMPLE_M), 1) + 1)
        near = shapely.distance(shapely.line_interpolate_point(one, at_m), other) <= _FOLLOWS_M
        if near.mean() < _FOLLOWS_SHARE:
            return False
    return True
