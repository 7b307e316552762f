"""Markings of streets: lane and centre lines, stop lines, zebra crossings, where lanes and footpaths say they must be.

Their places follow from widths, directions and junctions; they are not surveyed. Lines end before a junction by half
the width of the widest street that meets there. White lines are 15 cm wide, zebra bars 45 cm (Order on road signs of
Japan, of 1960; remembered, M).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import ops

from twin.arrays import Floats
from twin.viz.run_view import Streets
from twin.viz.shapes import Frame
from twin.viz.street_pairs import one_of_each_pair

#: Most lines of each kind in a page; beyond, the narrower streets go without.
BUDGET = 12_000
_SHORTEST_M = 8.0
#: A footpath over a carriageway is a crossing if it is no longer than the widest street with its corners.
_LONGEST_CROSSING_M = 70.0
_STOP_AHEAD_M = 2.0


@dataclass(frozen=True)
class Marks:
    """Lines in metres of a frame.

    Attributes
    ----------
    dashed, solid
        Lines between lanes; centre lines and stop lines.
    zebra
        Middle lines of crossings, from kerb to kerb.
    """

    dashed: NDArray[np.object_]
    solid: NDArray[np.object_]
    zebra: NDArray[np.object_]


def street_marks(drive: Streets, walk: Streets, frame: Frame, lane_m: float) -> Marks:
    """Lay out the markings.

    Parameters
    ----------
    drive
        Streets with both directions of each, as the run has them.
    walk
        Footpaths, each once.
    frame
        Frame of the metres.
    lane_m
        Width of a lane.
    """
    both = one_of_each_pair(drive)
    if not len(both.lanes):
        none = np.empty(0, np.object_)
        return Marks(none, none, none)
    ways = one_of_each_pair(replace(drive, lanes=np.ones_like(drive.lanes))).lanes
    lines = lines_of(both, frame)
    half_m = np.clip(both.lanes, 1, 12) * lane_m / 2
    clear_m = _clear_of_junctions(both, half_m)
    dashed: list[shapely.Geometry] = []
    solid: list[shapely.Geometry] = []
    for row in np.argsort(-both.lanes, kind="stable").tolist():
        lanes, line = int(min(both.lanes[row], 12)), lines[row]
        if lanes < 2 or len(dashed) >= BUDGET or len(solid) >= BUDGET:
            break
        first_m, last_m = clear_m[row]
        if line.length - first_m - last_m < _SHORTEST_M:
            continue
        middle = ops.substring(line, first_m, line.length - last_m)
        if not isinstance(middle, shapely.LineString):
            continue
        two_way = ways[row] > 1
        inner = [k for k in range(1, lanes) if not (two_way and 2 * k == lanes)]
        dashed += [middle.offset_curve((k - lanes / 2) * lane_m) for k in inner if not (two_way and lanes % 2)]
        if two_way:
            solid.append(middle)
        solid += _stop_lines(middle, half_m[row], two_way, (first_m > 0, last_m > 0))
    return Marks(_whole(dashed), _whole(solid), _crossings(lines, half_m, walk, frame))


def lines_of(streets: Streets, frame: Frame) -> NDArray[np.object_]:
    """Shapes of streets in metres of a frame."""
    metres = frame.metres(np.column_stack([streets.lon_deg, streets.lat_deg]))
    count = np.diff(streets.vertex_ptr)
    return np.asarray(shapely.linestrings(metres, indices=np.repeat(np.arange(len(count)), count)), np.object_)


def _clear_of_junctions(streets: Streets, half_m: Floats) -> Floats:
    """(m, 2) metres by which lines of each street end before its first and last node; 0 where nothing else meets."""
    ends = np.concatenate([streets.vertex_ptr[:-1], streets.vertex_ptr[1:] - 1])
    key = np.rint(np.column_stack([streets.lon_deg[ends], streets.lat_deg[ends]]) * 1e6).astype(np.int64)
    _, node, count = np.unique(key, axis=0, return_inverse=True, return_counts=True)
    node = node.ravel()
    widest = np.zeros(len(count))
    np.maximum.at(widest, node, np.tile(half_m, 2))
    clear = np.where(count[node] > 2, widest[node] + _STOP_AHEAD_M, 0.0)
    return np.column_stack(np.split(clear, 2))


def _stop_lines(
    middle: shapely.Geometry, half_m: float, two_way: bool, at_junction: tuple[bool, bool]
) -> list[shapely.Geometry]:
    """Lines across the lanes that come to a junction; vehicles keep left."""
    points = shapely.get_coordinates(middle)
    out: list[shapely.Geometry] = []
    for end, wanted in ((0, at_junction[0] and two_way), (-1, at_junction[1])):
        if not wanted:
            continue
        here, before = points[end], points[1 if end == 0 else -2]
        way = (here - before) / max(float(np.hypot(*(here - before))), 1e-9)
        left = np.array([-way[1], way[0]]) * half_m
        out.append(shapely.LineString([here + 0.2 * left / half_m if two_way else here - left, here + left]))
    return out


def _crossings(lines: NDArray[np.object_], half_m: Floats, walk: Streets, frame: Frame) -> NDArray[np.object_]:
    """Parts of footpaths that lie on carriageways which they cross."""
    if not len(walk.lanes):
        return np.empty(0, np.object_)
    paths = lines_of(walk, frame)
    path, street = shapely.STRtree(lines).query(paths, predicate="crosses")
    near = shapely.length(paths[path]) <= _LONGEST_CROSSING_M
    path, street = path[near], street[near]
    squarely = _sine(paths[path], lines[street]) > 0.6
    path, street = path[squarely], street[squarely]
    if not len(path):
        return np.empty(0, np.object_)
    surface = shapely.buffer(lines[street], half_m[street], cap_style="flat")
    parts = shapely.get_parts(shapely.intersection(paths[path], surface))
    parts = parts[(shapely.get_type_id(parts) == 1) & (shapely.length(parts) > 2.5)]
    return np.asarray(parts[:BUDGET], np.object_)


def _way_of(lines: NDArray[np.object_]) -> Floats:
    """(n, 2) unit direction from the first to the last point."""
    a, b = (shapely.get_coordinates(shapely.get_point(lines, at)) for at in (0, -1))
    return np.asarray((b - a) / np.maximum(np.hypot(*(b - a).T), 1e-9)[:, None])


def _sine(a: NDArray[np.object_], b: NDArray[np.object_]) -> Floats:
    u, v = _way_of(a), _way_of(b)
    return np.asarray(np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]))


def _whole(lines: list[shapely.Geometry]) -> NDArray[np.object_]:
    """Lines only: an offset of a bent line may come out in pieces or not at all."""
    parts = shapely.get_parts(np.array(lines, np.object_)) if lines else np.empty(0, np.object_)
    return np.asarray(parts[(shapely.get_type_id(parts) == 1) & ~shapely.is_empty(parts)], np.object_)
