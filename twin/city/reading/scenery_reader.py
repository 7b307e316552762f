"""Scenery of a map: shapes in ids of nodes become arrays in degrees, then in metres; what is broken is counted."""

from __future__ import annotations

import itertools
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

#: More corners than a way may have in OpenStreetMap (2,000), twice.
_MOST_CORNERS_MENDED = 4000
_NOTHING = Heights(float("nan"), 0.0, -1, 0, HEIGHT_UNKNOWN, ())


def read_shapes(shapes: Sequence[Shape], nodes: NodeTable, dropped: Counter[str]) -> list[Feature]:
    """Features of the shapes of an OSM map."""
    features = []
    # All lines are looked up at once: a search of its own for each building would take most of the time.
    every = [line for shape in shapes for line in (*shape.outer, *shape.inner)]
    sizes = np.array([len(line) for line in every], np.int64)
    rows = nodes.rows(np.fromiter(itertools.chain.from_iterable(every), np.int64, int(sizes.sum())))
    positions = np.column_stack([nodes.lon_deg, nodes.lat_deg])
    degrees = positions[rows] if len(positions) else np.full((len(rows), 2), np.nan)
    missing = np.concatenate([[0], np.cumsum(rows < 0)])
    ends = np.cumsum(sizes)
    whole = (missing[ends] == missing[ends - sizes]).tolist()
    lines_at = iter(zip(_cut(degrees, ends), whole, strict=False))
    for shape in shapes:
        lines_of = [next(lines_at) for _ in (*shape.outer, *shape.inner)]
        kind = scenery_kind(shape.tags)
        if kind is None:
            continue
        words = kind.replace("_", " ")
        rings, roles = [], []
        torn = False
        for k, (line, is_whole) in enumerate(lines_of):
            if not is_whole:
                torn = True
                continue
            rings.append(line)
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
    points = np.column_stack([x_m, y_m])
    metres = _cut(points, ends)
    areas_m2, simple = _signed_areas_m2(points, ends), _simple(points, ends)
    kept: list[Feature] = []
    start = 0
    for feature in features:
        lines = metres[start : start + len(feature.rings)]
        ring = _wound(lines[0], areas_m2[start]) if len(lines) == 1 and simple[start] else None
        start += len(lines)
        kept += _sound(feature, lines, ring, dropped)
    return _pack(kept)


def _sound(
    feature: Feature, lines: Sequence[NDArray[np.float64]], ring: NDArray[np.float64] | None, dropped: Counter[str]
) -> list[Feature]:
    """The feature with its rings in metres, wound as they should be; nothing if it is no area.

    ``ring`` is its only ring where that is a simple one.
    """
    if feature.kind in LINE_KINDS:
        long_enough = [line for line in lines if len(line) >= 2 and np.ptp(line, axis=0).max() > 0]
        return [feature._replace(rings=[line], roles=[RING_LINE]) for line in long_enough]
    if ring is not None:
        return [Feature(feature.kind, feature.source_id, feature.heights, [ring], [RING_OUTER])]
    words = feature.kind.replace("_", " ")
    ordered = _by_geometry(lines, feature.roles, words, dropped)
    if not ordered:
        dropped[f"{words} outlines without an area"] += 1
        return []
    return [feature._replace(rings=[ring for ring, _ in ordered], roles=[role for _, role in ordered])]


def _cut(points: NDArray[np.float64], ends: NDArray[np.int64]) -> list[NDArray[np.float64]]:
    """Lines of points, one after the other up to each end."""
    at = [0, *ends.tolist()]
    return [points[a:b] for a, b in itertools.pairwise(at)]


def _signed_areas_m2(points: NDArray[np.float64], ends: NDArray[np.int64]) -> list[float]:
    """Area of each ring of points, greater than 0 where it runs against the clock."""
    sizes = np.diff(ends, prepend=0)
    x, y = (points - np.repeat(points[ends - sizes], sizes, axis=0)).T
    cross = np.zeros(len(points))
    cross[:-1] = x[:-1] * y[1:] - x[1:] * y[:-1]
    cross[ends - 1] = 0.0  # from the last point of a ring to the first of the next
    return (np.add.reduceat(cross, ends - sizes) / 2).tolist()


def _simple(points: NDArray[np.float64], ends: NDArray[np.int64]) -> list[bool]:
    """Whether each ring has at least three lines that do not cross; up to four cannot, or have no area."""
    import shapely

    sizes = np.diff(ends, prepend=0)
    out = sizes >= 4
    finite = np.logical_and.reduceat(np.isfinite(points).all(axis=1), ends - sizes)
    out &= finite
    wanted = (sizes > 5) & finite
    looked = np.flatnonzero(wanted)
    if looked.size:
        chosen = np.repeat(wanted, sizes)
        rings = shapely.linearrings(points[chosen], indices=np.repeat(np.arange(looked.size), sizes[looked]))
        out[looked] = shapely.is_simple(rings)
    return out.tolist()


def _wound(ring: NDArray[np.float64], area_m2: float) -> NDArray[np.float64] | None:
    """A simple ring, against the clock; None where it has no area and must be looked at more closely."""
    if abs(area_m2) < 0.01:
        return None
    return ring if area_m2 > 0 else ring[::-1]


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
    if crossed and sum(len(line) for line in lines) > _MOST_CORNERS_MENDED:
        # Mending looks at every pair of lines that cross, and there may be as many as the square of the corners.
        dropped[
            f"{words} outlines that cross themselves, with more than {_MOST_CORNERS_MENDED:,} corners, left out"
        ] += 1
        return []
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
