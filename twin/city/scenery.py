"""What stands and lies between the streets: buildings, water, green, railways, land use, as compact arrays.

Whoever draws a city, looks for frontage or works out shade reads it from here. A finished run carries the same arrays
in ``geometry.npz`` (see :func:`twin.city.keeping.geometry.geometry_arrays`), in degrees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Kinds; ``Scenery.kind`` is an index into this tuple. New ones go to its end.
SCENERY_KINDS: tuple[str, ...] = (
    "building",
    "building_part",
    "water",
    "waterway",
    "green",
    "sand",
    "rail",
    "rail_land",
    "industrial_land",
    "commercial_land",
    "residential_land",
    "road_surface",
)
#: Kinds that are lines; all others are areas.
LINE_KINDS = frozenset({"waterway", "rail"})
#: ``Scenery.roof`` is an index into this tuple; 0 is unknown.
ROOF_SHAPES: tuple[str, ...] = (
    "",
    "flat",
    "gabled",
    "hipped",
    "pyramidal",
    "skillion",
    "dome",
    "onion",
    "round",
    "half-hipped",
    "gambrel",
    "mansard",
    "saltbox",
    "other",
)
#: Values of ``Scenery.height_source``.
HEIGHT_UNKNOWN, HEIGHT_GIVEN, HEIGHT_FROM_LEVELS = 0, 1, 2
#: Values of ``Scenery.ring_role``.
RING_OUTER, RING_INNER, RING_LINE = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Scenery:
    """Features of the ground as arrays; f features, r rings, k vertices.

    A feature is one thing: a building, a lake, a piece of railway. Its rings are
    ``ring_ptr[i]:ring_ptr[i + 1]``; the vertices of ring j are ``vertex_ptr[j]:vertex_ptr[j + 1]``. Rings of areas
    are closed (the first vertex is repeated), outer rings run against the clock, inner ones (holes) with it; an
    inner ring belongs to the outer ring before it. A line has one open ring of role ``RING_LINE``.

    Features are sorted by (kind, source id), so that the order of a map file cannot be seen.

    Attributes
    ----------
    kind : (f,) uint8
        Index into ``SCENERY_KINDS``.
    source_id : (f,) int64
        Number of the OSM way, negative for an OSM relation; for other files the running number of the feature.
    height_m : (f,) float32
        Top above the ground in metres; nan where nothing is known of it, and for all that is no building.
    base_m : (f,) float32
        Where a building (or a part over an arcade) begins above the ground; 0 for most.
    levels : (f,) int16
        Storeys above the ground; -1 where unknown.
    roof : (f,) uint8
        Index into ``ROOF_SHAPES``.
    height_source : (f,) uint8
        ``HEIGHT_UNKNOWN``, ``HEIGHT_GIVEN`` (a tag, or measured) or ``HEIGHT_FROM_LEVELS`` (3 m each).
    ring_ptr : (f + 1,) int64
    ring_role : (r,) uint8
        ``RING_OUTER``, ``RING_INNER`` or ``RING_LINE``.
    vertex_ptr : (r + 1,) int64
    x_m, y_m : (k,) float64
        Metres in the city's CRS.
    """

    kind: NDArray[np.uint8]
    source_id: NDArray[np.int64]
    height_m: NDArray[np.float32]
    base_m: NDArray[np.float32]
    levels: NDArray[np.int16]
    roof: NDArray[np.uint8]
    height_source: NDArray[np.uint8]
    ring_ptr: NDArray[np.int64]
    ring_role: NDArray[np.uint8]
    vertex_ptr: NDArray[np.int64]
    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Scenery):
            return NotImplemented
        theirs = scenery_arrays(other)
        return all(
            np.array_equal(array, theirs[name], equal_nan=array.dtype.kind == "f")
            for name, array in scenery_arrays(self).items()
        )

    __hash__ = None  # type: ignore[assignment]

    @property
    def feature_count(self) -> int:
        """Number of features."""
        return len(self.kind)

    def rows_of(self, kind: str) -> NDArray[np.int64]:
        """Rows of one kind, ascending."""
        return np.flatnonzero(self.kind == SCENERY_KINDS.index(kind))

    def rings_of(self, row: int) -> list[NDArray[np.float64]]:
        """Rings of a feature, each (n, 2) in metres."""
        out = []
        for ring in range(int(self.ring_ptr[row]), int(self.ring_ptr[row + 1])):
            part = slice(self.vertex_ptr[ring], self.vertex_ptr[ring + 1])
            out.append(np.column_stack([self.x_m[part], self.y_m[part]]))
        return out

    def counts(self) -> dict[str, int]:
        """How many features there are of each kind that occurs."""
        numbers = np.bincount(self.kind, minlength=len(SCENERY_KINDS))
        return {kind: int(n) for kind, n in zip(SCENERY_KINDS, numbers, strict=True) if n}


_TYPES: dict[str, type[np.generic]] = {
    "kind": np.uint8,
    "source_id": np.int64,
    "height_m": np.float32,
    "base_m": np.float32,
    "levels": np.int16,
    "roof": np.uint8,
    "height_source": np.uint8,
    "ring_ptr": np.int64,
    "ring_role": np.uint8,
    "vertex_ptr": np.int64,
    "x_m": np.float64,
    "y_m": np.float64,
}


def make_scenery(**arrays: Any) -> Scenery:
    """Scenery from arrays or lists, each made read-only and of its declared type."""
    made = {}
    for name, kind in _TYPES.items():
        array = np.ascontiguousarray(np.asarray(arrays[name], kind))
        array.setflags(write=False)
        made[name] = array
    return Scenery(**made)


def empty_scenery() -> Scenery:
    """Scenery without anything in it."""
    return make_scenery(**{name: [0] if name.endswith("_ptr") else [] for name in _TYPES})


def scenery_arrays(scenery: Scenery) -> dict[str, NDArray[Any]]:
    """Arrays by name, in the order of their declaration."""
    return {field.name: getattr(scenery, field.name) for field in fields(scenery)}


def join_scenery(parts: Sequence[Scenery]) -> Scenery:
    """One scenery from several, sorted anew by (kind, source id)."""
    parts = [part for part in parts if part.feature_count]
    if len(parts) < 2:
        return parts[0] if parts else empty_scenery()
    joined: dict[str, NDArray[Any]] = {}
    for name in _TYPES:
        pieces, offset = [], 0
        for part in parts:
            array = getattr(part, name)
            if name.endswith("_ptr"):
                pieces.append(array[1:] + offset)
                offset += int(array[-1])
            else:
                pieces.append(array)
        joined[name] = np.concatenate([np.zeros(1, np.int64), *pieces] if name.endswith("_ptr") else pieces)
    return sorted_scenery(make_scenery(**joined))


def sorted_scenery(scenery: Scenery) -> Scenery:
    """The same features by (kind, source id), ties in their order."""
    order = np.lexsort((scenery.source_id, scenery.kind))
    if (order == np.arange(order.size)).all():
        return scenery
    rings = take_ranges(scenery.ring_ptr, order)
    vertices = take_ranges(scenery.vertex_ptr, rings)
    per_feature = ("kind", "source_id", "height_m", "base_m", "levels", "roof", "height_source")
    return make_scenery(
        **{name: getattr(scenery, name)[order] for name in per_feature},
        ring_ptr=np.concatenate([[0], np.cumsum(np.diff(scenery.ring_ptr)[order])]),
        ring_role=scenery.ring_role[rings],
        vertex_ptr=np.concatenate([[0], np.cumsum(np.diff(scenery.vertex_ptr)[rings])]),
        x_m=scenery.x_m[vertices],
        y_m=scenery.y_m[vertices],
    )


def take_ranges(ptr: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Indices ``ptr[i] .. ptr[i + 1] - 1`` of each row, one after another."""
    counts = (ptr[1:] - ptr[:-1])[rows]
    if not counts.size:
        return np.empty(0, np.int64)
    ends = np.cumsum(counts)
    return np.arange(ends[-1]) - np.repeat(ends - counts, counts) + np.repeat(ptr[rows], counts)


def scenery_fits(scenery: Scenery) -> bool:
    """Whether every index points at something: a made-up folder may hold anything."""
    f, r, k = scenery.feature_count, len(scenery.ring_role), len(scenery.x_m)
    per_feature = ("source_id", "height_m", "base_m", "levels", "roof", "height_source")
    if any(len(getattr(scenery, name)) != f for name in per_feature) or len(scenery.y_m) != k:
        return False
    for ptr, rows, stop in ((scenery.ring_ptr, f, r), (scenery.vertex_ptr, r, k)):
        if len(ptr) != rows + 1 or ptr[0] != 0 or ptr[-1] != stop or (np.diff(ptr) < 1).any():
            return False
    return bool(
        (scenery.kind < len(SCENERY_KINDS)).all()
        and (scenery.roof < len(ROOF_SHAPES)).all()
        and (scenery.ring_role <= RING_LINE).all()
        and np.isfinite(scenery.x_m).all()
        and np.isfinite(scenery.y_m).all()
    )
