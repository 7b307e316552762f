"""Putting a street layer together: links sorted, shapes packed, pointers made, everything checked."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from twin.arrays import Floats
from twin.city.city import StreetLayer
from twin.city.reading.road_classes import CLASS_INDEX
from twin.city.rules import DriveRules
from twin.errors import CityError


class Link(NamedTuple):
    """One directed link, before it becomes a row.

    Attributes
    ----------
    start, end
        Node indices.
    free_speed_mps
        Greater than 0.
    lanes
        In the direction of the link; 0 on walk links.
    road_class
        Index into ``ROAD_CLASSES``.
    name
        Empty without a name.
    way_id
        Id in the map.
    width_m
        Clear width of a walk link, else nan.
    flags
        Bits of ``StreetLayer.flags``.
    shape
        Points between the two nodes as (x_m, y_m); both nodes are added.
    length_m
        Length; that of the shape if not given.
    """

    start: int
    end: int
    free_speed_mps: float
    lanes: int = 1
    road_class: int = CLASS_INDEX["unclassified"]
    name: str = ""
    way_id: int = 0
    width_m: float = math.nan
    flags: int = 0
    shape: tuple[tuple[float, float], ...] = ()
    length_m: float = math.nan


def assemble_layer(
    *,
    node_id: ArrayLike,
    x_m: ArrayLike,
    y_m: ArrayLike,
    lon_deg: ArrayLike,
    lat_deg: ArrayLike,
    links: Sequence[Link],
    signal: ArrayLike | None = None,
    crossing: ArrayLike | None = None,
    aliases: Mapping[str, str] | None = None,
    crs: str = "",
    rules: Callable[[Sequence[int]], DriveRules] | None = None,
) -> StreetLayer:
    """Street layer from its nodes and directed links.

    Links are sorted by (from, to, way id), then by length and shape, so that the order in which they come
    does not matter; names are sorted.

    Parameters
    ----------
    node_id, x_m, y_m, lon_deg, lat_deg : (n,)
        Ids, metres in ``crs``, degrees.
    links
        Directed links in any order.
    signal, crossing : (n,) bool, optional
        None means nowhere.
    aliases
        Alias -> name; those of streets without a link are left out.
    crs
        Projected CRS of the metres.
    rules
        Given the row of every link, in the order in which they came, makes the rules of the layer.

    Raises
    ------
    CityError
        If a link leads nowhere, or has no length or speed.
    """
    ids = np.asarray(node_id, np.int64)
    x, y = np.asarray(x_m, np.float64), np.asarray(y_m, np.float64)
    at = list(zip(x.tolist(), y.tolist(), strict=True))
    lengths = [
        k.length_m
        if math.isfinite(k.length_m)
        else float(np.hypot(*np.diff(np.array([at[k.start], *k.shape, at[k.end]]), axis=0).T).sum())
        for k in links
    ]
    for k, length_m in zip(links, lengths, strict=True):
        if not (length_m > 0 and k.free_speed_mps > 0 and math.isfinite(length_m / k.free_speed_mps)):
            raise CityError(
                f"a link of way {k.way_id} has a length of {length_m} m and a speed of {k.free_speed_mps} m/s",
                where=f"between nodes {ids[k.start]} and {ids[k.end]}",
                mend="both must be greater than 0",
            )
    # Shapes last, as they matter only to links that are equal in all else.
    order = sorted(range(len(links)), key=lambda i: (*links[i][:2], links[i].way_id, lengths[i], links[i].shape))
    names = sorted({k.name for k in links if k.name})
    name_index = {name: i for i, name in enumerate(names)}
    rows = [links[i] for i in order]
    counts = np.array([len(k.shape) + 2 for k in rows], np.int64)
    points = itertools.chain.from_iterable((at[k.start], *k.shape, at[k.end]) for k in rows)
    vertices = np.fromiter(itertools.chain.from_iterable(points), np.float64).reshape(-1, 2)
    link_from = np.array([k.start for k in rows], np.int32)
    nowhere = np.zeros(ids.size, np.bool_)
    return StreetLayer(
        node_id=ids,
        x_m=x,
        y_m=y,
        lon_deg=np.asarray(lon_deg, np.float64),
        lat_deg=np.asarray(lat_deg, np.float64),
        signal=nowhere if signal is None else np.asarray(signal, np.bool_),
        crossing=nowhere if crossing is None else np.asarray(crossing, np.bool_),
        link_from=link_from,
        link_to=np.array([k.end for k in rows], np.int32),
        length_m=np.array([lengths[i] for i in order], np.float64),
        free_speed_mps=np.array([k.free_speed_mps for k in rows], np.float64),
        lanes=np.array([k.lanes for k in rows], np.int16),
        road_class=np.array([k.road_class for k in rows], np.uint8),
        name_index=np.array([name_index.get(k.name, -1) for k in rows], np.int32),
        way_id=np.array([k.way_id for k in rows], np.int64),
        width_m=np.array([k.width_m for k in rows], np.float64),
        flags=np.array([k.flags for k in rows], np.uint8),
        vertex_ptr=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        vertex_x_m=np.ascontiguousarray(vertices[:, 0]),
        vertex_y_m=np.ascontiguousarray(vertices[:, 1]),
        out_ptr=np.searchsorted(link_from, np.arange(ids.size + 1)).astype(np.int64),
        names=tuple(names),
        aliases={a: n for a, n in sorted((aliases or {}).items()) if n in name_index and a not in name_index},
        crs=crs,
        rules=DriveRules() if rules is None else rules(_rows_of(order)),
    )


def _rows_of(order: Sequence[int]) -> list[int]:
    """Where each went, from the order in which they stand."""
    rows = [0] * len(order)
    for row, i in enumerate(order):
        rows[i] = row
    return rows


def empty_layer(crs: str) -> StreetLayer:
    """Layer without streets."""
    none: Floats = np.empty(0, np.float64)
    return assemble_layer(node_id=none, x_m=none, y_m=none, lon_deg=none, lat_deg=none, links=(), crs=crs)
