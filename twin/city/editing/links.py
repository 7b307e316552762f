"""New links, to drive on or underground to walk: where they begin and end, and how they come into a layer's arrays."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.city.city import BRIDGE, TUNNEL, City, StreetLayer
from twin.city.editing.features import in_metres
from twin.city.editing.streets import links_named, meeting_nodes, shape_of
from twin.city.editing.types import Edit, EditFault, LayerName
from twin.city.exit_names import folded_exit, names_of, nearest_exits
from twin.city.reading.projection import project
from twin.city.reading.road_classes import CLASS_BY_NAME, CLASS_INDEX, STAIR_SPEED_MPS, WALK_SPEED_MPS
from twin.errors import CityError

#: How one goes down and up -> rise over run, and pace along the slope, m/s. Stairs of 1 to 2 and the pace of the walk
#: layer; escalators of 30 degrees at 30 m/min (usual in Japan; remembered).
FLIGHTS: dict[str, tuple[float, float]] = {
    "stairs": (0.5, STAIR_SPEED_MPS),
    "escalator": (math.tan(math.radians(30.0)), 0.5),
}
#: A point or a drawn line must end this near to a node of the streets.
SNAP_M = 50.0


@dataclass(frozen=True)
class NewLink:
    """One directed link that an edit adds to a layer.

    Attributes
    ----------
    shape
        (k, 2) metres, from node to node.
    layer
        To the drive layer, or to the walk layer.
    width_m
        Width to walk on; nan for carriageways.
    """

    start: int
    end: int
    lanes: int
    speed_mps: float
    road_class: int
    name: str
    flags: int
    shape: NDArray[np.float64]
    edit: Edit
    layer: LayerName = "drive"
    width_m: float = math.nan


def new_links(city: City, edit: Edit, key: str) -> list[NewLink]:
    """Links an edit adds, one or both ways.

    Raises
    ------
    EditFault
        If an end is no node of the streets, or the class of road is unknown.
    """
    spec: Mapping[str, Any] = edit.values["link"]
    ends, shape = _course(city, city.drive, edit, key)
    road_class = str(spec["road_class"])
    if not CLASS_BY_NAME[road_class].drive:
        raise EditFault(f"nobody drives on a {road_class}", f"{key}.class", "name a class of road, e.g. primary")
    flags = (BRIDGE if spec.get("bridge") else 0) | (TUNNEL if spec.get("tunnel") else 0)
    common = (int(spec["lanes"]), float(spec["speed_mps"]), CLASS_INDEX[road_class], str(spec.get("name", "")), flags)
    forth = NewLink(ends[0], ends[1], *common, shape, edit)
    return [forth] if spec.get("one_way", False) else [forth, NewLink(ends[1], ends[0], *common, shape[::-1], edit)]


def new_walk_links(city: City, edit: Edit, key: str) -> list[NewLink]:
    """A way below ground from one place to another, forth and back, with stairs or escalators at both ends.

    A link has one pace: its length over the time that its level part and its two flights take. The flights lie along
    it, so that a way shorter than both is stairs alone.

    Raises
    ------
    EditFault
        If an end is no node of the walk layer.
    """
    spec: Mapping[str, Any] = edit.values["link"]
    ends, shape = _course(city, city.walk, edit, key)
    length_m = float(np.hypot(*np.diff(shape, axis=0).T).sum())
    tangent, pace_mps = FLIGHTS[str(spec["access"])]
    depth_m = float(spec["depth_m"])
    level_m = max(length_m - 2 * depth_m / tangent, 0.0)
    flights_m = 2 * depth_m * math.hypot(1.0, 1.0 / tangent)
    speed_mps = length_m / (level_m / WALK_SPEED_MPS + flights_m / pace_mps)
    common = (0, speed_mps, CLASS_INDEX["corridor"], str(spec.get("name", "")), TUNNEL)
    width_m = float(spec["width_m"])
    return [
        NewLink(ends[0], ends[1], *common, shape, edit, "walk", width_m),
        NewLink(ends[1], ends[0], *common, shape[::-1], edit, "walk", width_m),
    ]


def _course(city: City, layer: StreetLayer, edit: Edit, key: str) -> tuple[list[int], NDArray[np.float64]]:
    """Both nodes of a new link and its points, metres."""
    spec: Mapping[str, Any] = edit.values["link"]
    if edit.where.features:
        line = _drawn_line(city, edit, key)
        ends = [_snapped(layer, line[i], key, f"the {side} of the line") for i, side in ((0, "start"), (-1, "end"))]
        inner = line[1:-1]
    else:
        ends = [_end_node(city, layer, spec[side], f"{key}.{side}") for side in ("from", "to")]
        inner = _projected(city, spec.get("via") or (), f"{key}.via")
    if ends[0] == ends[1]:
        raise EditFault("the link begins and ends at the same node", key, "name two different places")
    nodes = [np.array([[layer.x_m[node], layer.y_m[node]]]) for node in ends]
    return ends, np.concatenate([nodes[0], inner, nodes[1]])


def _drawn_line(city: City, edit: Edit, key: str) -> NDArray[np.float64]:
    if len(edit.where.features) != 1:
        raise EditFault(f"{len(edit.where.features)} features are named for one link", key, "name one line")
    drawn: BaseGeometry = in_metres(city, edit.where.features[0], key)
    merged: BaseGeometry = shapely.line_merge(drawn) if drawn.geom_type == "MultiLineString" else drawn
    if merged.geom_type != "LineString":
        name = edit.where.features[0].id
        raise EditFault(f"the feature {name!r} is no single line", key, "draw one line from end to end")
    return np.asarray(shapely.get_coordinates(merged))


def _end_node(city: City, layer: StreetLayer, end: Mapping[str, Any], key: str) -> int:
    """Node of a crossing of two streets, of an exit or another place, or the nearest to a point."""
    if "place" in end:
        return _place_node(city, str(end["place"]), key)
    if "point" in end:
        return _snapped(layer, _projected(city, [end["point"]], key)[0], key, f"the point {end['point']}")
    first, second = end["crossing"]
    street = links_named(layer, first)
    if not len(street):
        raise EditFault(f"no street of the map is named {first[0]!r}", key, "name a street as on its signs")
    nodes = meeting_nodes(layer, street, second, key)
    if len(nodes) > 1:
        listed = ", ".join(f"[{layer.lon_deg[n]:.6f}, {layer.lat_deg[n]:.6f}]" for n in nodes)
        what = f"{first[0]} and {second[0]} meet at {len(nodes)} nodes"
        raise EditFault(what, key, f"name one by its point: {listed}")
    return nodes[0]


def _place_node(city: City, written: str, key: str) -> int:
    """Walk node of the one place of a name or id, written as by hand."""
    on_foot = [p for p in city.places if p.walk_node >= 0]
    meant = [p for p in on_foot if folded_exit(written) in {folded_exit(name) for name in names_of(p)}]
    if len({p.walk_node for p in meant}) == 1:
        return meant[0].walk_node
    if meant:
        ids = ", ".join(p.id for p in meant[:6])
        raise EditFault(f"{written!r} is the name of {len(meant)} places", key, f"name one by its id: {ids}")
    near = nearest_exits(on_foot, written)
    mend = f"nearest: {near}" if near else "write it as on the sign, or [longitude, latitude]"
    raise EditFault(f"no place on foot is called {written!r}", key, mend)


def _projected(city: City, points: Sequence[Sequence[float]], key: str) -> NDArray[np.float64]:
    if not points:
        return np.empty((0, 2))
    try:
        lon_lat = np.asarray(points, np.float64)
        return np.column_stack(project(city.crs, lon_lat[:, 0], lon_lat[:, 1]))
    except (CityError, ValueError, IndexError) as fault:
        raise EditFault(f"{points!r} are no points", key, "write [longitude, latitude] in degrees") from fault


def _snapped(layer: StreetLayer, point: NDArray[np.float64], key: str, what: str) -> int:
    apart_m = np.hypot(layer.x_m - point[0], layer.y_m - point[1])
    node = int(np.argmin(apart_m)) if layer.node_count else -1
    if node < 0 or apart_m[node] > SNAP_M:
        far = f"the nearest is {apart_m[node]:.0f} m away" if node >= 0 else "the layer has none"
        raise EditFault(
            f"no node of the streets lies within {SNAP_M:g} m of {what}; {far}",
            key,
            "begin and end it on a street of the map",
        )
    return node


def with_links(layer: StreetLayer, new: Sequence[NewLink]) -> tuple[StreetLayer, NDArray[np.int64]]:
    """Layer with further links, and the row each of its links had before (-1 for a new one).

    Links of the layer keep their order; new ones come behind those that leave the same node for the same end.
    New ways are numbered downwards from below the least id of the map.
    """
    if not new:
        return layer, np.arange(layer.link_count)
    lowest = min(0, int(layer.way_id.min(initial=0)))
    ways = {edit: lowest - 1 - i for i, edit in enumerate(dict.fromkeys(id(n.edit) for n in new))}
    names = (*layer.names, *dict.fromkeys(n.name for n in new if n.name and n.name not in layer.names))
    shapes = [n.shape for n in new]
    fields: dict[str, Sequence[float]] = {
        "link_from": [n.start for n in new],
        "link_to": [n.end for n in new],
        "length_m": [float(np.hypot(*np.diff(shape, axis=0).T).sum()) for shape in shapes],
        "free_speed_mps": [n.speed_mps for n in new],
        "lanes": [n.lanes for n in new],
        "road_class": [n.road_class for n in new],
        "name_index": [names.index(n.name) if n.name else -1 for n in new],
        "way_id": [ways[id(n.edit)] for n in new],
        "width_m": [n.width_m for n in new],
        "flags": [n.flags for n in new],
    }
    joined = {
        name: np.concatenate([getattr(layer, name), np.array(values, getattr(layer, name).dtype)])
        for name, values in fields.items()
    }
    is_new = np.arange(layer.link_count + len(new)) >= layer.link_count
    order = np.lexsort((is_new, joined["link_to"], joined["link_from"]))
    pieces = [shapes[i - layer.link_count] if is_new[i] else shape_of(layer, i) for i in order.tolist()]
    vertices = np.concatenate(pieces)
    arrays: dict[str, Any] = {name: values[order] for name, values in joined.items()}
    arrays["vertex_ptr"] = np.concatenate([[0], np.cumsum([len(piece) for piece in pieces])]).astype(np.int64)
    arrays["vertex_x_m"], arrays["vertex_y_m"] = (np.ascontiguousarray(vertices[:, i]) for i in (0, 1))
    arrays["out_ptr"] = np.searchsorted(arrays["link_from"], np.arange(layer.node_count + 1)).astype(np.int64)
    base = np.where(is_new, -1, np.arange(len(is_new)))[order]
    row = np.empty(layer.link_count, np.int64)
    row[base[base >= 0]] = np.flatnonzero(base >= 0)
    rules = layer.rules.moved(row, len(base))
    return replace(layer, **arrays, names=names, rules=rules), base
