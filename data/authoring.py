"""A small writer of authored maps: nodes, ways and places in, OSM XML out, the same bytes each time.

A district is drawn with three calls, :meth:`Sketch.node`, :meth:`Sketch.way` and :meth:`Sketch.place`. Points
are WGS84; lengths that come from construction rules are metres on the WGS84 ellipsoid.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple
from xml.sax.saxutils import escape

GENERATOR = "osaka-twin data/rebuild.py"

Tags = Mapping[str, str | int | float]

# WGS84: half axis in metres, eccentricity squared.
_HALF_AXIS_M = 6378137.0
_ECCENTRICITY_2 = 0.00669437999014


class Point(NamedTuple):
    """A position in degrees, WGS84."""

    lat: float
    lon: float


def metres_per_degree(lat: float) -> tuple[float, float]:
    """Length of a degree of latitude and of longitude on the WGS84 ellipsoid, in metres.

    Returns
    -------
    tuple of float
        (north, east), from the radii of curvature of the meridian and of the prime vertical.
    """
    phi = math.radians(lat)
    w = 1.0 - _ECCENTRICITY_2 * math.sin(phi) ** 2
    north = _HALF_AXIS_M * (1.0 - _ECCENTRICITY_2) / w**1.5
    east = _HALF_AXIS_M / math.sqrt(w) * math.cos(phi)
    return math.radians(north), math.radians(east)


def moved(point: Point, *, east_m: float = 0.0, north_m: float = 0.0) -> Point:
    """The point some metres further east and north."""
    per_lat, per_lon = metres_per_degree(point.lat)
    return Point(point.lat + north_m / per_lat, point.lon + east_m / per_lon)


def offset_m(start: Point, end: Point) -> tuple[float, float]:
    """Metres east and north from one point to another; exact to 1e-5 within 10 km."""
    per_lat, per_lon = metres_per_degree((start.lat + end.lat) / 2)
    return (end.lon - start.lon) * per_lon, (end.lat - start.lat) * per_lat


def metres_between(start: Point, end: Point) -> float:
    """Straight distance in metres."""
    return math.hypot(*offset_m(start, end))


def length_m(points: Sequence[Point]) -> float:
    """Length of a line through the points, in metres."""
    return sum(metres_between(a, b) for a, b in pairwise(points))


def between(start: Point, end: Point, share: float) -> Point:
    """The point at a share of the straight way, 0 at the start."""
    return Point(start.lat + (end.lat - start.lat) * share, start.lon + (end.lon - start.lon) * share)


def lon_at(line: Sequence[Point], lat: float) -> float:
    """Longitude where a line that runs from north to south has a latitude; its ends are extended."""
    upper, lower = next((pair for pair in pairwise(line) if lat >= pair[1].lat), line[-2:])
    return upper.lon + (lower.lon - upper.lon) * (upper.lat - lat) / (upper.lat - lower.lat)


@dataclass
class Sketch:
    """An authored map under construction.

    Attributes
    ----------
    first_id
        Ids are given upwards from here; far above those of OpenStreetMap, so that both can be told apart.
    """

    first_id: int
    _points: dict[int, Point] = field(default_factory=dict)
    _node_tags: dict[int, dict[str, str]] = field(default_factory=dict)
    _ways: list[tuple[tuple[int, ...], dict[str, str]]] = field(default_factory=list)
    _taken: set[tuple[str, str]] = field(default_factory=set)

    def node(self, at: Point, tags: Tags | None = None) -> int:
        """Put a node down and return its id.

        Raises
        ------
        ValueError
            If it lies far from Osaka.
        """
        if not (34.5 < at.lat < 34.8 and 135.3 < at.lon < 135.7):
            raise ValueError(f"{at} is not in Osaka")
        node_id = self.first_id + len(self._points)
        self._points[node_id] = Point(round(at.lat, 7), round(at.lon, 7))
        if tags:
            self.tag(node_id, tags)
        return node_id

    def tag(self, node_id: int, tags: Tags) -> None:
        """Add tags to a node that is already there."""
        self._node_tags.setdefault(node_id, {}).update({key: str(value) for key, value in tags.items()})

    def way(self, node_ids: Sequence[int], tags: Tags) -> None:
        """Join nodes to a way.

        Raises
        ------
        ValueError
            If there are fewer than two nodes, an unknown one, or one twice in a row.
        """
        if len(node_ids) < 2 or any(a == b for a, b in pairwise(node_ids)):
            raise ValueError(f"a way needs at least two nodes, none twice in a row, got {list(node_ids)}")
        unknown = [node_id for node_id in node_ids if node_id not in self._points]
        if unknown:
            raise ValueError(f"a way names nodes that are not there: {unknown}")
        self._ways.append((tuple(node_ids), {key: str(value) for key, value in tags.items()}))

    def place(
        self,
        kind: str,
        slug: str,
        at: Point | int,
        *,
        ja: str,
        en: str,
        twin: Tags | None = None,
        tags: Tags | None = None,
    ) -> int:
        """Make a place of a new node, or of one that is already there.

        Parameters
        ----------
        kind, slug
            The place's id becomes ``<district>/<kind>/<slug>``.
        ja, en
            Names as on signs.
        twin
            Attributes, written as ``twin:NAME``.
        tags
            Ordinary OSM tags beside.

        Raises
        ------
        ValueError
            If the slug is taken, or the node is a place already.
        """
        if (kind, slug) in self._taken:
            raise ValueError(f"the place {kind}/{slug} is there twice")
        self._taken.add((kind, slug))
        node_id = at if isinstance(at, int) else self.node(at)
        if "twin:place" in self._node_tags.get(node_id, {}):
            raise ValueError(f"the node of {kind}/{slug} is a place already")
        words = {f"twin:{name}": value for name, value in (twin or {}).items()}
        names = {"name": ja, "name:ja": ja, "name:en": en}
        self.tag(node_id, {**(tags or {}), "twin:place": kind, "twin:id": slug, **names, **words})
        return node_id

    def point(self, node_id: int) -> Point:
        """Position of a node, as it will be written."""
        return self._points[node_id]

    def xml(self) -> str:
        """The map as OSM XML 0.6: nodes, then ways, by id; tags by key.

        Raises
        ------
        ValueError
            If two nodes share a position: two streets meet only in a shared node.
        """
        seen: dict[Point, int] = {}
        for node_id, point in self._points.items():
            if point in seen:
                raise ValueError(f"nodes {seen[point]} and {node_id} both lie at {point}")
            seen[point] = node_id
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        yield '<?xml version="1.0" encoding="UTF-8"?>'
        yield f'<osm version="0.6" generator="{GENERATOR}">'
        lats = [point.lat for point in self._points.values()]
        lons = [point.lon for point in self._points.values()]
        yield (
            f'<bounds minlat="{_degrees(min(lats))}" minlon="{_degrees(min(lons))}" '
            f'maxlat="{_degrees(max(lats))}" maxlon="{_degrees(max(lons))}"/>'
        )
        for node_id, point in sorted(self._points.items()):
            head = f'<node id="{node_id}" lat="{_degrees(point.lat)}" lon="{_degrees(point.lon)}"'
            yield from _element(head, "node", [], self._node_tags.get(node_id, {}))
        for number, (node_ids, tags) in enumerate(self._ways):
            refs = [f'<nd ref="{node_id}"/>' for node_id in node_ids]
            yield from _element(f'<way id="{self.first_id + number}"', "way", refs, tags)
        yield "</osm>"


def _element(head: str, name: str, children: Sequence[str], tags: Mapping[str, str]) -> Iterator[str]:
    if not children and not tags:
        yield f"{head}/>"
        return
    yield f"{head}>"
    yield from children
    for key, value in sorted(tags.items()):
        yield f'<tag k="{_quoted(key)}" v="{_quoted(value)}"/>'
    yield f"</{name}>"


def _degrees(value: float) -> str:
    return f"{value:.7f}".rstrip("0")


def _quoted(text: str) -> str:
    return escape(text, {'"': "&quot;"})
