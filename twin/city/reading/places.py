"""Places on the streets: snapped to their nearest nodes, refused where no street is near."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.city.city import TUNNEL, Place, StreetLayer
from twin.city.marks import NODE, RELATION, WAY, MarkList
from twin.city.reading.contract import CLUSTER_SPAN
from twin.city.reading.params import CityBuildParams
from twin.city.reading.raw_map import RawPlace
from twin.city.reading.road_classes import CLASS_INDEX
from twin.errors import CityError

#: Layers that must be near a place of a kind; the first one that has streets counts. Zones may lie anywhere.
_NEEDS: dict[str, tuple[str, ...]] = {
    "stop": ("drive", "walk"),
    "gate": ("drive", "walk"),
    "yard": ("drive", "walk"),
    "entry": ("drive", "walk"),
    "depot": ("drive", "walk"),
    "exit": ("walk", "drive"),
    "poi": ("walk", "drive"),
    "station": ("walk", "drive"),
    "zone": (),
}
#: Kinds that lie on whatever road trucks can come to and leave again. Entries lie on any road; the rest keep off
#: motorways and out of tunnels, where cars can come and leave.
_FOR_TRUCKS = frozenset({"gate", "yard"})
_ELEMENTS = {"node": NODE, "way": WAY, "relation": RELATION}
_FAST = (CLASS_INDEX["motorway"], CLASS_INDEX["motorway_link"])
#: Places farther than this from their node are counted in the report.
FAR_NODE_M = 100.0


def snap_places(
    raw_places: Sequence[RawPlace],
    x_m: Floats,
    y_m: Floats,
    layers: dict[str, StreetLayer],
    street_rows: Mapping[str, frozenset[int]],
    district: str,
    params: CityBuildParams,
    dropped: Counter[str],
    marks: MarkList,
) -> tuple[Place, ...]:
    """Places with their nodes in both layers, sorted by id.

    Parameters
    ----------
    raw_places
        As read.
    x_m, y_m : (k,)
        Their positions in the CRS of the layers.
    layers
        ``drive`` and ``walk``.
    street_rows
        For each layer the places' own nodes that lie on its streets, before any were left out.
    district
        First part of every id.
    params
        ``place_limit_m``: how far from its streets a place may lie.
    dropped
        Places from ordinary tags that lie too far away are counted here.
    marks
        And marked here.

    Raises
    ------
    CityError
        If a place that the file itself declares lies too far from its streets, or on one that cannot be
        reached from the rest and left again, or if two share an id.
    """
    distance_m = _distances(raw_places, layers, x_m, y_m)
    nodes = {name: _snap(layer, raw_places, x_m, y_m) for name, layer in layers.items()}
    places: dict[str, Place] = {}
    origins: dict[str, str] = {}
    for i, raw in enumerate(raw_places):
        needed = next((name for name in _NEEDS[raw.kind] if layers[name].node_count), None)
        if needed is not None and distance_m[i] > params.place_limit_m:
            if raw.authored:
                raise _too_far(raw, needed, float(distance_m[i]), params)
            words = f"{raw.kind} places more than {params.place_limit_m:g} m from the {needed} streets"
            dropped[words] += 1
            element, _, number = raw.origin.partition(" ")
            if element in _ELEMENTS and number.lstrip("-").isdigit():
                marks.add(words, _ELEMENTS[element], int(number), raw.lon_deg, raw.lat_deg)
            continue
        if needed is not None and raw.authored and raw.row in street_rows[needed]:
            # Its own node stays unless its street went, or moves no farther than junctions are drawn together.
            layer, there = layers[needed], nodes[needed][i]
            away_m = np.hypot(layer.x_m[there] - x_m[i], layer.y_m[there] - y_m[i])
            if away_m > CLUSTER_SPAN * params.junction_cluster_m:
                raise _cut_off(raw, needed)
        place_id = f"{district}/{raw.kind}/{raw.slug}"
        if place_id in places:
            raise CityError(
                f"two places have the id {place_id!r}",
                where=f"{origins[place_id]} and {raw.origin}",
                mend="give each its own twin:id",
            )
        origins[place_id] = raw.origin
        places[place_id] = Place(
            id=place_id,
            kind=raw.kind,
            name_ja=raw.name_ja,
            name_en=raw.name_en,
            x_m=float(x_m[i]),
            y_m=float(y_m[i]),
            lon_deg=raw.lon_deg,
            lat_deg=raw.lat_deg,
            drive_node=int(nodes["drive"][i]),
            walk_node=int(nodes["walk"][i]),
            attributes=dict(raw.attributes),
        )
    return tuple(places[place_id] for place_id in sorted(places))


def _too_far(raw: RawPlace, layer: str, distance_m: float, params: CityBuildParams) -> CityError:
    name = raw.name_ja or raw.name_en or raw.slug
    return CityError(
        f"the {raw.kind} {name!r} lies {distance_m:,.0f} m from the nearest {layer} street, "
        f"the limit is {params.place_limit_m:g} m",
        where=f"{raw.origin} at {raw.lat_deg:.5f}, {raw.lon_deg:.5f}",
        mend="move it to its street (is it in the sea, are latitude and longitude swapped?) or draw the street",
    )


def _cut_off(raw: RawPlace, layer: str) -> CityError:
    name = raw.name_ja or raw.name_en or raw.slug
    return CityError(
        f"the {raw.kind} {name!r} lies on a {layer} street that cannot be reached from the rest and left again",
        where=f"{raw.origin} at {raw.lat_deg:.5f}, {raw.lon_deg:.5f}",
        mend="join its street to the others in both directions (look for one-way streets that end there)",
    )


def far_from_node(place: Place, layers: Mapping[str, StreetLayer]) -> bool:
    """Whether the node that a place is given lies far from it, so that whoever goes there is moved by as much."""
    needed = next((name for name in _NEEDS[place.kind] if layers[name].node_count), None)
    if needed is None:
        return False
    node = place.drive_node if needed == "drive" else place.walk_node
    return math.hypot(layers[needed].x_m[node] - place.x_m, layers[needed].y_m[node] - place.y_m) > FAR_NODE_M


def _distances(raw_places: Sequence[RawPlace], layers: Mapping[str, StreetLayer], x_m: Floats, y_m: Floats) -> Floats:
    """(k,) metres from each place to the nearest street of the layer that its kind needs; 0 where it needs none."""
    needed = [next((name for name in _NEEDS[raw.kind] if layers[name].node_count), "") for raw in raw_places]
    out = np.zeros(len(raw_places))
    for name, layer in layers.items():
        rows = np.flatnonzero(np.array(needed) == name) if needed else np.empty(0, np.int64)
        if rows.size:
            out[rows] = _street_distances(layer, np.asarray(x_m)[rows], np.asarray(y_m)[rows])
    return out


def _street_distances(layer: StreetLayer, x_m: Floats, y_m: Floats) -> Floats:
    """Distance from each point to the nearest street."""
    if layer.link_count == 0 or not len(x_m):
        return np.full(len(x_m), np.inf)
    import shapely

    inside = np.ones(len(layer.vertex_x_m) - 1, np.bool_)
    inside[layer.vertex_ptr[1:-1] - 1] = False  # from the end of one link to the start of the next
    vertices = np.column_stack([layer.vertex_x_m, layer.vertex_y_m])
    # By segments: points along the streets would take memory by the metre, which a map may name at will.
    segments: Any = shapely.linestrings(np.stack([vertices[:-1][inside], vertices[1:][inside]], axis=1))
    (asked, _), found_m = shapely.STRtree(segments).query_nearest(
        shapely.points(np.column_stack([x_m, y_m])), return_distance=True, all_matches=False
    )
    distance_m = np.full(len(x_m), np.inf)
    distance_m[asked] = found_m
    return distance_m


def _snap(layer: StreetLayer, raw_places: Sequence[RawPlace], x_m: Floats, y_m: Floats) -> NDArray[np.int32]:
    """Nearest node to each place; -1 where the layer is empty."""
    snapped = np.full(len(raw_places), -1, np.int32)
    if layer.node_count == 0 or not raw_places:
        return snapped
    from scipy.spatial import cKDTree

    from twin.city.routing.parts import connected_nodes

    calm = ~(np.isin(layer.road_class, _FAST) | ((layer.flags & TUNNEL) != 0))
    usable = np.zeros(layer.node_count, np.bool_)
    usable[layer.link_from[calm]] = True
    usable[layer.link_to[calm]] = True
    everywhere = np.ones_like(usable)
    cars = connected_nodes(layer)
    trucks = connected_nodes(layer, "container_truck")
    kinds = np.array([place.kind for place in raw_places])
    entry, for_trucks = kinds == "entry", np.isin(kinds, sorted(_FOR_TRUCKS))
    calm_cars = usable & cars if (usable & cars).any() else cars
    for chosen, candidates in ((entry, everywhere), (for_trucks, trucks), (~entry & ~for_trucks, calm_cars)):
        nodes = np.flatnonzero(candidates if candidates.any() else everywhere)
        if not chosen.any():
            continue
        tree = cKDTree(np.column_stack([layer.x_m[nodes], layer.y_m[nodes]]))
        _, nearest = tree.query(np.column_stack([x_m[chosen], y_m[chosen]]))
        snapped[chosen] = nodes[nearest]
    return snapped
