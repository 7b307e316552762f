"""Scenery of a map: shapes in ids of nodes become arrays in degrees, then in metres; what is broken is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.city.reading.elements import NodeTable
from twin.city.reading.scenery_tags import Feature, Heights, building_heights, scenery_kind
from twin.city.reading.sorting import Shape
from twin.city.scenery import (
    HEIGHT_UNKNOWN,
    LINE_KINDS,
    RING_INNER,
    RING_LINE,
    RING_OUTER,
    SCENERY_KINDS,
    Scenery,
    make_scenery,
    sorted_scenery,
)

_NOTHING = Heights(float("nan"), 0.0, -1, 0, HEIGHT_UNKNOWN, ())


def read_shapes(shapes: Sequence[Shape], nodes: NodeTable, dropped: Counter[str]) -> list[Feature]:
    """Features of the shapes of an OSM map."""
    features = []
    # All lines are looked up at once: a search of its own for each building would take most of the time.
    every = [line for shape in shapes for line in (*shape.outer, *shape.inner)]
    rows_of = iter(np.split(nodes.rows([ref for line in every for ref in line]), np.cumsum([len(x) for x in every])))
    positions = np.column_stack([nodes.lon_deg, nodes.lat_deg])
    for shape in shapes:
        lines_of = [next(rows_of) for _ in (*shape.outer, *shape.inner)]
        kind = scenery_kind(shape.tags)
        if kind is None:
            continue
        words = kind.replace("_", " ")
        rings, roles = [], []
        torn = False
        for k, rows in enumerate(lines_of):
            if rows.min(initial=0) < 0:
                torn = True
                continue
            rings.append(positions[rows])
            roles.append(RING_LINE if kind in LINE_KINDS else RING_INNER if k >= len(shape.outer) else RING_OUTER)
        if torn:
            dropped[f"{words} outlines with nodes that are not in the file"] += 1
        if not rings or roles[0] == RING_INNER:
            continue
        heights = building_heights(shape.tags) if kind.startswith("building") else _NOTHING
        for key in heights.unread:
            dropped[f"{words} tags that are no possible number: {key}"] += 1
        features.append(Feature(kind, shape.map_id, heights, rings, roles))
    return features


def make_features(features: Sequence[Feature], to_metres: Any, dropped: Counter[str]) -> Scenery:
    """Scenery in metres from features in degrees.

    Parameters
    ----------
    features
        In any order.
    to_metres
        Callable from longitudes and latitudes to metres east and north.
    dropped
        Features that are no area are counted here: crossed outlines are mended where that is possible.
    """
    rings = [ring for feature in features for ring in feature.rings]
    if not rings:
        from twin.city.scenery import empty_scenery

        return empty_scenery()
    degrees = np.concatenate(rings)
    x_m, y_m = to_metres(degrees[:, 0], degrees[:, 1])
    ends = np.cumsum([len(ring) for ring in rings])
    metres = np.split(np.column_stack([x_m, y_m]), ends[:-1])
    kept: list[Feature] = []
    start = 0
    for feature in features:
        lines = metres[start : start + len(feature.rings)]
        start += len(feature.rings)
        kept += _sound(feature, lines, dropped)
    return _pack(kept)


def _sound(feature: Feature, lines: Sequence[NDArray[np.float64]], dropped: Counter[str]) -> list[Feature]:
    """The feature with its rings in metres, wound as they should be; nothing if it is no area."""
    if feature.kind in LINE_KINDS:
        long_enough = [line for line in lines if len(line) >= 2 and np.ptp(line, axis=0).max() > 0]
        return [feature._replace(rings=[line], roles=[RING_LINE]) for line in long_enough]
    words = feature.kind.replace("_", " ")
    ordered = _wound(lines[0]) if len(lines) == 1 else None
    if ordered is None:
        ordered = _by_geometry(lines, feature.roles, words, dropped)
    if not ordered:
        dropped[f"{words} outlines without an area"] += 1
        return []
    return [feature._replace(rings=[ring for ring, _ in ordered], roles=[role for _, role in ordered])]


def _signed_area_m2(ring: NDArray[np.float64]) -> float:
    x, y = (ring - ring[0]).T
    return float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum() / 2)


def _wound(ring: NDArray[np.float64]) -> list[tuple[NDArray[np.float64], int]] | None:
    """One simple ring, against the clock; None where it must be looked at more closely."""
    area_m2 = _signed_area_m2(ring)
    if len(ring) < 4 or abs(area_m2) < 0.01:
        return None
    if len(ring) > 5:
        from shapely import LinearRing

        if not LinearRing(ring).is_simple:
            return None
    return [(ring if area_m2 > 0 else ring[::-1], RING_OUTER)]


def _by_geometry(
    lines: Sequence[NDArray[np.float64]], roles: Sequence[int], words: str, dropped: Counter[str]
) -> list[tuple[NDArray[np.float64], int]]:
    """Rings of the area that outer rings less inner ones make, whatever their order and faults."""
    import shapely
    from shapely.geometry.polygon import orient

    outers = [
        shapely.Polygon(line) for line, role in zip(lines, roles, strict=True) if role == RING_OUTER and len(line) >= 4
    ]
    inners = [
        shapely.Polygon(line) for line, role in zip(lines, roles, strict=True) if role == RING_INNER and len(line) >= 4
    ]
    crossed = any(not shape.is_valid for shape in (*outers, *inners))
    whole = shapely.union_all([shapely.make_valid(shape) for shape in outers])
    for inner in map(shapely.make_valid, inners):
        if not whole.contains(shapely.Point(inner.representative_point())):
            dropped[f"{words} holes outside their outline"] += 1
            continue
        whole = whole.difference(inner)
    parts = [part for part in shapely.get_parts(whole) if isinstance(part, shapely.Polygon) and part.area >= 0.01]
    dropped[f"{words} outlines that cross themselves, mended"] += crossed and bool(parts)
    out: list[tuple[NDArray[np.float64], int]] = []
    for part in parts:
        turned = orient(part)
        out.append((np.asarray(turned.exterior.coords)[:, :2], RING_OUTER))
        out += [(np.asarray(ring.coords)[:, :2], RING_INNER) for ring in turned.interiors]
    return out


def _pack(features: Sequence[Feature]) -> Scenery:
    rings = [ring for feature in features for ring in feature.rings]
    vertices = np.concatenate(rings) if rings else np.empty((0, 2))
    return sorted_scenery(
        make_scenery(
            kind=[SCENERY_KINDS.index(f.kind) for f in features],
            source_id=[f.source_id for f in features],
            height_m=[f.heights.height_m for f in features],
            base_m=[f.heights.base_m for f in features],
            levels=[f.heights.levels for f in features],
            roof=[f.heights.roof for f in features],
            height_source=[f.heights.source for f in features],
            ring_ptr=np.concatenate([[0], np.cumsum([len(f.rings) for f in features], dtype=np.int64)]),
            ring_role=[role for f in features for role in f.roles],
            vertex_ptr=np.concatenate([[0], np.cumsum([len(ring) for ring in rings], dtype=np.int64)]),
            x_m=vertices[:, 0],
            y_m=vertices[:, 1],
        )
    )
