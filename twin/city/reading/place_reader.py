"""Places of a map, each once: points, outlines and relations that say the same are one place."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from twin.city.reading.elements import NodeTable
from twin.city.reading.place_tags import place_kind, read_place
from twin.city.reading.projection import middle_deg
from twin.city.reading.raw_map import RawMap, RawPlace
from twin.city.reading.sorting import Shape

_METRES_PER_DEG = 111_195.0
#: How far a point may lie from the rim of an outline that is the same place.
_REACH_M = {"stop": 30.0, "station": 100.0}
_REACH_OF_OTHERS_M = 10.0
#: Two stops of which one has no name are the same within this distance: a pole and its platform.
_NAMELESS_M = 15.0
_NODE, _WAY, _RELATION = 0, 1, 2


@dataclass(frozen=True)
class _Found:
    """A place with the kind of its element, half the width of its outline, and whether it is a platform."""

    place: RawPlace
    element: int
    radius_m: float
    platform: bool


def read_places(outlines: Iterable[Shape], nodes: NodeTable, row: Mapping[int, int], raw: RawMap) -> list[RawPlace]:
    """All places, by kind of element and id; what is drawn twice is taken once, and counted.

    A stop is often there as its pole and as its platform, a station as a point and as a building, a shop as an
    outline and as a relation over it.

    Parameters
    ----------
    outlines
        Places drawn as areas; each lies at the middle of its corners.
    nodes
        Nodes with their tags.
    row
        Rows of nodes that are part of streets, by id.
    raw
        Its counts are added to.
    """
    found: list[_Found] = []
    for node_id, tags in sorted(nodes.tags.items()):
        if place_kind(tags) is None:
            continue
        i = int(nodes.rows([node_id])[0])
        lon_deg, lat_deg = float(nodes.lon_deg[i]), float(nodes.lat_deg[i])
        place = read_place(tags, f"node {node_id}", str(node_id), lon_deg, lat_deg, row.get(node_id, -1))
        if place is not None:
            found.append(_Found(place, _NODE, 0.0, "highway" not in tags and place.kind == "stop"))
    for shape in outlines:
        rows = nodes.rows(list(dict.fromkeys(ref for ring in shape.outer for ref in ring)))
        rows = rows[rows >= 0]
        if not rows.size:
            continue
        lon, lat = nodes.lon_deg[rows], nodes.lat_deg[rows]
        lon_deg, lat_deg = middle_deg(lon, lat)
        map_id = f"w{shape.map_id}" if shape.map_id >= 0 or shape.origin.startswith("way") else f"r{-shape.map_id}"
        place = read_place(shape.tags, shape.origin, map_id, lon_deg, lat_deg, -1)
        if place is not None:
            spread = np.hypot(((lon - lon_deg + 180) % 360 - 180) * math.cos(math.radians(lat_deg)), lat - lat_deg)
            element = _WAY if shape.origin.startswith("way") else _RELATION
            found.append(_Found(place, element, float(spread.max()) * _METRES_PER_DEG, place.kind == "stop"))
    raw.read["places"] += len(found)
    once = _once(found)
    raw.dropped["places drawn a second time (as a point and an outline, or an outline and a relation)"] += len(
        found
    ) - len(once)
    return once


def _once(found: list[_Found]) -> list[RawPlace]:
    """Places without those that another element says already; points stay before outlines, ways before relations."""
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i, item in enumerate(found):
        if not item.place.authored:
            # Stops are compared whatever their names, as one of two may have none.
            named = "" if item.place.kind == "stop" else item.place.name_ja or item.place.name_en
            groups[item.place.kind, named].append(i)
    gone: set[int] = set()
    places = [item.place for item in found]
    for (kind, _), rows in groups.items():
        pairs = _near_pairs(found, rows, kind)
        taken: set[int] = set()  # a pole has one platform
        for _, i, j in sorted(pairs):
            if j in gone or i in gone or (kind == "stop" and (i in taken or j in taken)):
                continue
            gone.add(j)
            taken |= {i, j}
            places[i] = _merged(places[i], places[j])
    return [place for i, place in enumerate(places) if i not in gone]


def _near_pairs(found: list[_Found], rows: list[int], kind: str) -> list[tuple[float, int, int]]:
    """Pairs (distance, the one that stays, the one that goes) that are one place."""
    if len(rows) < 2:
        return []
    from scipy.spatial import cKDTree

    lat = np.array([found[i].place.lat_deg for i in rows])
    lon = np.array([found[i].place.lon_deg for i in rows])
    points = np.column_stack([lon * math.cos(math.radians(float(lat[0]))), lat]) * _METRES_PER_DEG
    radius = np.array([found[i].radius_m for i in rows])
    reach_m = _REACH_M.get(kind, _REACH_OF_OTHERS_M)
    tree = cKDTree(points)
    pairs = []
    points_only = radius == 0
    # A large outline looks around itself; points alone need no more than the reach.
    for k in np.flatnonzero(~points_only | np.array([found[i].platform for i in rows])):
        for n in tree.query_ball_point(points[k], radius[k] + reach_m):
            i, j = sorted((rows[int(k)], rows[n]), key=lambda r: (found[r].platform, found[r].element, r))
            distance_m = float(np.hypot(*(points[k] - points[n])))
            if i != j and _same(found[i], found[j], distance_m):
                pairs.append((distance_m, i, j))
    return pairs


def _same(a: _Found, b: _Found, distance_m: float) -> bool:
    if a.element == b.element and not (a.place.kind == "stop" and a.platform != b.platform):
        return False
    if a.place.kind == "stop" and a.platform == b.platform and a.element == b.element:
        return False
    if a.place.attributes.get("category") != b.place.attributes.get("category"):
        return False
    names = [{name for name in (p.place.name_ja, p.place.name_en) if name} for p in (a, b)]
    if names[0] and names[1]:
        return bool(names[0] & names[1])
    if a.place.kind == "stop":
        return distance_m <= _NAMELESS_M + max(a.radius_m, b.radius_m)
    return not names[0] and not names[1] and distance_m <= 1.0


def _merged(stays: RawPlace, goes: RawPlace) -> RawPlace:
    """The one that stays, with what only the other knew."""
    return replace(
        stays,
        name_ja=stays.name_ja or goes.name_ja,
        name_en=stays.name_en or goes.name_en,
        attributes={**goes.attributes, **stays.attributes},
    )
