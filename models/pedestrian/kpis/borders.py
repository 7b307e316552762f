"""How the share depends on where the border of the area lies: the same people, seen from smaller areas.

An area is the convex hull of the walk layer, moved inward. Who is sampled for pictures is followed through it: the
stay in the smaller area is the time from first being inside to last leaving it. A larger area cannot be seen, since
nobody is walked outside.
"""

from __future__ import annotations

import numpy as np
import shapely

from twin.arrays import Flags, Floats, Ids
from twin.city.city import StreetLayer

#: How far the border is moved inward, m. The first is the whole area.
INSETS_M: tuple[float, ...] = (0.0, 100.0, 200.0, 400.0)


def hull_of(layer: StreetLayer) -> Floats:
    """Corners of the convex hull of a layer's nodes, counterclockwise, (k, 2) metres; none if it has no area."""
    hull = shapely.MultiPoint(np.column_stack([layer.x_m, layer.y_m])).convex_hull.normalize()
    if not isinstance(hull, shapely.Polygon):
        return np.zeros((0, 2))
    corners = shapely.get_coordinates(hull.exterior)[:-1]
    return np.asarray(corners[::-1], np.float64)


def seconds_inside(
    corners: Floats, inset_m: float, ids: Ids, time_s: Floats, x_m: Floats, y_m: Floats
) -> tuple[Ids, Floats]:
    """How long each path is in a convex area moved inward, from the first moment inside to the last.

    Parameters
    ----------
    corners : (k, 2) float64
        Of the area, counterclockwise, metres.
    inset_m
        How far its edges are moved inward.
    ids, time_s, x_m, y_m : (n,)
        Points of paths; straight between them, at one pace. Points of one path lie together, in the order of time.

    Returns
    -------
    id : (p,) uint64
        Paths that are ever inside.
    seconds : (p,) float64
    """
    edge = np.roll(corners, -1, axis=0) - corners
    inward = np.column_stack([-edge[:, 1], edge[:, 0]]) / np.hypot(edge[:, 0], edge[:, 1])[:, None]
    # Distance of each point from each edge, positive inside; between two points it is linear in time.
    far_m = np.column_stack([x_m, y_m]) @ inward.T - (corners * inward).sum(axis=1) - inset_m
    begin, end, same = far_m[:-1], far_m[1:], ids[:-1] == ids[1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        at = begin / (begin - end)
    # Of the span 0 to 1 between two points, what is inside every edge (Cyrus and Beck 1978).
    low = np.where((begin < 0) & (end >= 0), at, np.where((begin < 0) & (end < 0), np.inf, 0.0)).max(
        axis=1, initial=0.0
    )
    high = np.where((begin >= 0) & (end < 0), at, 1.0).min(axis=1, initial=1.0)
    step_s = np.diff(time_s)
    inside = same & (low <= high)
    rows = np.flatnonzero(inside)
    first_s = time_s[:-1][rows] + low[rows] * step_s[rows]
    last_s = time_s[:-1][rows] + high[rows] * step_s[rows]
    known, which = np.unique(ids[:-1][rows], return_inverse=True)
    came_s, left_s = np.full(len(known), np.inf), np.full(len(known), -np.inf)
    np.minimum.at(came_s, which, first_s)
    np.maximum.at(left_s, which, last_s)
    return known, left_s - came_s


def border_share(
    corners: Floats,
    inset_m: float,
    paths: tuple[Ids, Floats, Floats, Floats],
    people: tuple[Ids, Floats],
    bounds: Floats,
) -> tuple[float, float]:
    """Share of those ever inside who are inside for a time within bounds (inclusive), and how many people they are.

    Parameters
    ----------
    corners, inset_m, paths
        As of :func:`seconds_inside`.
    people
        Ids of those who count, ascending, and how many people each stands for.
    bounds
        Least and most seconds.
    """
    known, seconds = seconds_inside(corners, inset_m, *paths)
    row = np.searchsorted(people[0], known)
    row[row == len(people[0])] = 0
    counts: Flags = people[0][row] == known if len(people[0]) else np.zeros(len(known), np.bool_)
    weight = people[1][row[counts]]
    within = (seconds[counts] >= bounds[0]) & (seconds[counts] <= bounds[1])
    total = float(weight.sum())
    return (float(weight[within].sum()) / total if total > 0 else float("nan")), total
