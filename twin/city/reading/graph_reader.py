"""OSMnx graphs into a raw map: GraphML files as it writes them."""

from __future__ import annotations

import ast
import itertools
import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import numpy as np

from twin.city.reading.elements import NodeTable, TaggedNode, TaggedWay
from twin.city.reading.lanes import parse_count
from twin.city.reading.map_file import MapFile
from twin.city.reading.raw_map import RawMap
from twin.city.reading.road_classes import CLASS_BY_NAME, CLASS_INDEX
from twin.city.reading.sorting import Sorted
from twin.city.reading.tagged import fill_map
from twin.city.reading.tags import Tags
from twin.errors import CityError

if TYPE_CHECKING:
    import networkx as nx

Progress = Callable[[str, float], None]

_TURNED = {
    "lanes:forward": "lanes:backward",
    "lanes:backward": "lanes:forward",
    "maxspeed:forward": "maxspeed:backward",
    "maxspeed:backward": "maxspeed:forward",
}
_EDGE_ONLY = frozenset({"osmid", "length", "geometry", "reversed", "oneway", "key", "travel_time", "speed_kph"})
_NODE_TAGS = ("highway", "crossing", "crossing:signals")
_MOST_LITERAL = 10_000
_NO_ROAD = CLASS_BY_NAME["footway"]


def read_graphml(file: MapFile, progress: Progress) -> RawMap:
    """Raw map from a GraphML file as OSMnx writes it.

    Raises
    ------
    CityError
        If the file is damaged, or no street graph.
    """
    import networkx as nx

    progress("reading the graph", 0.0)
    try:
        graph = nx.read_graphml(file.path, force_multigraph=True)
    except (ET.ParseError, nx.NetworkXError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise CityError(
            f"the GraphML file is damaged or cut short: {error}",
            where=str(file.source),
            mend="write it again, for example with osmnx.save_graphml",
        ) from error
    return graph_to_map(graph, str(file.source))


def graph_to_map(graph: nx.MultiDiGraph, where: str) -> RawMap:
    """Raw map from a graph in OSMnx's conventions, simplified or not, projected or not.

    The two directions of a street, which such a graph holds as two edges, become one way again.

    Raises
    ------
    CityError
        If nodes lack positions, or edges lack what makes them streets.
    """
    raw = RawMap(generator=str(graph.graph.get("created_with", "")))
    position = _positions(graph, where)
    # Ids that are no numbers, and points within an edge's shape, get fresh negative ids.
    known = {node: number for node in graph.nodes if (number := _as_id(node)) is not None}
    spare = itertools.count(min([0, *known.values()]) - 1, -1)
    node_id = {node: known[node] if node in known else next(spare) for node in graph.nodes}
    nodes = [TaggedNode(node_id[node], *position[node], _node_tags(data)) for node, data in graph.nodes(data=True)]
    ways: list[TaggedWay] = []
    for start, end, data, paired in _streets(graph, where):
        line = _shape(data, where)
        inner = []
        for lon_deg, lat_deg in _to_degrees(graph, line[1:-1]) if len(line) > 2 else ():
            inner.append(next(spare))
            nodes.append(TaggedNode(inner[-1], lon_deg, lat_deg, {}))
        osm_ids = [i for i in map(_as_id, _as_list(data.get("osmid", 0))) if i is not None]
        ways.append(TaggedWay(min(osm_ids, default=0), [node_id[start], *inner, node_id[end]], _tags(data, paired)))
    if not any("highway" in way.tags for way in ways):
        raise CityError(
            "no edge of the graph has a highway", where=where, mend="give a street graph as written by OSMnx"
        )
    raw.read["ways with highway"] = len(ways)
    raw.dropped["edges without highway"] = sum("highway" not in way.tags for way in ways)
    streets = [way for way in ways if "highway" in way.tags]
    _look_for_walk_graph(raw, streets)
    fill_map(raw, Sorted(streets=streets), NodeTable.of(nodes))
    return raw


def _look_for_walk_graph(raw: RawMap, streets: list[TaggedWay]) -> None:
    """Say so where no street at all is one-way: a graph made for walkers has lost what cars must obey."""
    roads = [way for way in streets if CLASS_BY_NAME.get(way.tags["highway"], _NO_ROAD).drive]
    two_way = sum(way.tags.get("oneway") == "no" for way in roads)
    if not roads or two_way < len(roads):
        return
    certain = any(
        way.tags.get("junction") in ("roundabout", "circular") or way.tags["highway"] == "motorway" for way in roads
    ) or len(roads) < len(streets)
    raw.warnings.append(
        f"none of the {len(roads):,} streets of this graph is one-way, as in a graph "
        f"{'made' if certain else 'that may have been made'} for walkers (network_type walk of OSMnx "
        "sets every edge both ways): cars drive against one-way streets here; "
        "give the map itself, or a graph with network_type drive or all"
    )


def _as_id(value: Any) -> int | None:
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if abs(number) < 1 << 62 else None


def _as_list(value: Any) -> list[Any]:
    """Values of an attribute; GraphML holds lists as text."""
    if isinstance(value, str) and value.startswith("[") and len(value) < _MOST_LITERAL:
        try:
            value = ast.literal_eval(value)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return [value]
    return list(value) if isinstance(value, list | tuple | set) else [value]


def _is_true(value: Any) -> bool:
    return str(value).lower() in ("true", "yes", "1")


def _to_degrees(graph: nx.MultiDiGraph, points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    crs = str(graph.graph.get("crs", "epsg:4326"))
    if crs.lower() == "epsg:4326":
        return points
    import pyproj

    transform = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    lon_deg, lat_deg = transform.transform(*np.array(points, np.float64).reshape(-1, 2).T)
    return list(zip(np.atleast_1d(lon_deg).tolist(), np.atleast_1d(lat_deg).tolist(), strict=True))


def _positions(graph: nx.MultiDiGraph, where: str) -> dict[Any, tuple[float, float]]:
    """Longitude and latitude of every node."""
    import pyproj

    try:
        points = [(float(data["x"]), float(data["y"])) for _, data in graph.nodes(data=True)]
        placed = _to_degrees(graph, points)
    except (KeyError, ValueError, TypeError, pyproj.exceptions.CRSError) as error:
        raise CityError(
            f"the graph is no street graph: a node without x and y, or an unknown CRS ({error})",
            where=where,
            mend="give a street graph as written by OSMnx",
        ) from error
    for (lon_deg, lat_deg), node in zip(placed, graph.nodes, strict=True):
        if not (-180 <= lon_deg <= 180 and -90 <= lat_deg <= 90):
            raise CityError(
                f"node {node} lies at longitude {lon_deg}, latitude {lat_deg}",
                where=where,
                mend="check the graph's crs",
            )
    return dict(zip(graph.nodes, placed, strict=True))


def _length_m(u: Any, v: Any, data: dict[str, Any], where: str) -> float:
    """Length attribute of an edge, which tells apart streets between the same nodes; 0 where it has none."""
    value = data.get("length", 0.0)
    try:
        length_m = float(value)
    except (TypeError, ValueError):
        length_m = math.nan
    if not math.isfinite(length_m):
        raise CityError(
            f"the length of an edge is no number: {str(value)[:60]!r}",
            where=f"{where}, edge from {u} to {v}",
            mend="write the graph again with osmnx.save_graphml",
        )
    return length_m


def _streets(graph: nx.MultiDiGraph, where: str) -> Iterator[tuple[Any, Any, dict[str, Any], bool]]:
    """Every street once: its ends, its attributes, and whether it is there in both directions."""

    def name(u: Any, v: Any, data: dict[str, Any]) -> tuple[Any, ...]:
        ids = tuple(sorted(str(i) for i in _as_list(data.get("osmid", ""))))
        return str(u), str(v), ids, round(_length_m(u, v, data, where), 1)

    edges = sorted(
        ((name(u, v, data), str(key), u, v, data) for u, v, key, data in graph.edges(keys=True, data=True)),
        key=lambda edge: (_is_true(edge[4].get("reversed", False)), edge[0], edge[1]),
    )
    waiting: dict[tuple[Any, ...], int] = {}
    for edge in edges:
        waiting[edge[0]] = waiting.get(edge[0], 0) + 1
    for label, _, u, v, data in edges:
        if not waiting[label]:
            continue
        waiting[label] -= 1
        back = (label[1], label[0], *label[2:])
        paired = not _is_true(data.get("oneway", False)) and waiting.get(back, 0) > 0
        if paired:
            waiting[back] -= 1
        yield u, v, data, paired


def _shape(data: dict[str, Any], where: str) -> list[tuple[float, float]]:
    """Points of an edge; empty where it is straight."""
    geometry = data.get("geometry")
    if geometry is None or geometry == "":
        return []
    import shapely

    try:
        line = shapely.from_wkt(geometry) if isinstance(geometry, str) else geometry
        return [(float(x), float(y)) for x, y, *_ in line.coords]
    except (shapely.errors.ShapelyError, NotImplementedError, TypeError, AttributeError) as error:
        raise CityError(
            f"an edge has a geometry that is no line: {str(geometry)[:60]!r}",
            where=where,
            mend="write the graph again with osmnx.save_graphml",
        ) from error


def _tags(data: dict[str, Any], paired: bool) -> Tags:
    """OSM tags of an edge, seen along it."""
    turned = _is_true(data.get("reversed", False))
    tags: dict[str, str] = {}
    for key, value in data.items():
        if key in _EDGE_ONLY or value is None or value != value:  # nan is not itself
            continue
        values = [str(v) for v in _as_list(value)]
        if key == "highway":  # of several classes the greatest
            values = [min(values, key=lambda v: CLASS_INDEX.get(v, len(CLASS_INDEX)))]
        elif key not in ("lanes", "maxspeed", "name", "ref", "width"):
            values = values[:1]
        tags[_TURNED.get(key, key) if turned else key] = ";".join(values)
    if not paired:
        if not _is_true(data.get("oneway", False)) and (total := parse_count(tags.get("lanes"))):
            # Its other direction is missing: what the tag counts is both.
            tags["lanes"] = tags.get("lanes:forward", str(max(total // 2, 1)))
        tags["oneway"] = "yes"
    elif "oneway" not in tags:
        tags["oneway"] = "no"
    return tags


def _node_tags(data: dict[str, Any]) -> Tags:
    return {key: str(data[key]) for key in _NODE_TAGS if data.get(key) not in (None, "")}
