"""Authored massing for districts whose map has no buildings: what such a street is lined with, drawn by keyed draws.

None of it is surveyed; the page says so. It keeps off every street and pavement, so that nobody walks through a wall.

What is known: the eaves along Midosuji stand at 31 m (the limit in force from 1920 to 1995), newer fronts step back
above 50 m (the rule of 1995); blocks between the streets of Semba are about 80 m deep and halved by a back lane;
wooden houses of Ikuno and Hirano have two storeys, shops and small flats along their streets three or four. Grades:
31 m, 50 m remembered (M); depths of blocks derived from the spacing of the signals (D); all else guessed (G).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.viz.shapes import Frame, Shapes, keyed_uniforms

#: Midosuji from Umeda to Namba, lon and lat of its junctions.
AVENUE = (
    (135.498422, 34.701810),
    (135.499611, 34.700791),
    (135.500592, 34.698311),
    (135.501307, 34.696151),
    (135.501223, 34.695241),
    (135.500961, 34.692528),
    (135.500635, 34.683597),
    (135.500348, 34.675104),
    (135.500339, 34.668713),
    (135.500423, 34.666245),
)
#: Rivers as lines with their widths in metres: Dojima, Tosabori and Dotonbori. Banks at Midosuji are known; the courses
#: of Tosabori and Dotonbori are a few points of those of OpenStreetMap contributors, that of Dojima is drawn by hand.
RIVERS = (
    (
        55.0,
        ((135.4835, 34.6888), (135.4920, 34.69385), (135.4955, 34.69435), (135.5012, 34.69476), (135.5130, 34.6936)),
    ),
    (
        48.0,
        (
            (135.4831, 34.6851),
            (135.4916, 34.6902),
            (135.4947, 34.6923),
            (135.50098, 34.69293),
            (135.5054, 34.6925),
            (135.5104, 34.6908),
            (135.5149, 34.6911),
        ),
    ),
    (
        32.0,
        (
            (135.4817, 34.6690),
            (135.4864, 34.6700),
            (135.4901, 34.6697),
            (135.4962, 34.6691),
            (135.50034, 34.66911),
            (135.5105, 34.6689),
        ),
    ),
)
EAVES_M, NEWER_M, SETBACK_FROM_M, SETBACK_M = 31.0, 50.0, 31.0, 6.0
BUILDING_LINE_M = 22.0
#: Fronts within this of the axis stand on the avenue: the building line lies 22 m from it.
_ON_THE_AVENUE_M = 62.0
#: Most buildings of a page's massing; beyond, houses stand in longer rows.
BUDGET = 18_000


@dataclass(frozen=True)
class Fabric:
    """How a district is built up.

    Attributes
    ----------
    depth_m
        How deep beside a street plots are drawn.
    front_m, plot_m
        Length of a plot along the block and its depth.
    gap_m
        Free ground between neighbours.
    low_m, high_m
        Heights that a keyed draw lies between, skewed to the low ones.
    built_share
        Share of plots with a building; the others are yards and parking.
    """

    depth_m: float
    front_m: float
    plot_m: float
    gap_m: float
    low_m: float
    high_m: float
    built_share: float


FABRICS: dict[str, Fabric] = {
    "osaka_midosuji": Fabric(95.0, 26.0, 34.0, 1.2, 14.0, 42.0, 0.95),
    "osaka_ikuno": Fabric(19.0, 17.0, 14.0, 1.6, 6.0, 9.0, 0.85),
    "osaka_hirano": Fabric(19.0, 17.0, 14.0, 1.6, 6.0, 9.0, 0.85),
    "osaka_ikuno_hirano": Fabric(19.0, 17.0, 14.0, 1.6, 6.0, 9.0, 0.85),
}
_SMALLEST_M2, _NARROWEST_M = 40.0, 4.5


def rivers(frame: Frame) -> list[shapely.Geometry]:
    """The rivers that cross Midosuji."""
    lines = [(width, shapely.LineString(frame.metres(np.array(line)))) for width, line in RIVERS]
    return [line.buffer(width / 2, cap_style="flat") for width, line in lines]


def avenue(frame: Frame) -> shapely.Geometry:
    """Midosuji from building line to building line: 44 m."""
    return shapely.LineString(frame.metres(np.array(AVENUE))).buffer(BUILDING_LINE_M, cap_style="flat")


def massing(
    fabric: Fabric,
    lines: NDArray[np.object_],
    surface: shapely.Geometry,
    water: shapely.Geometry,
    frame: Frame,
    budget: int = BUDGET,
) -> Shapes:
    """Buildings of one district.

    Parameters
    ----------
    fabric
        How it is built up.
    lines : (m,) object
        Streets of the district, in metres of the frame.
    surface
        Streets and pavements of the city at their widths: no building stands on it.
    water
        Nor on this.
    frame
        Frame of the metres.
    budget
        Most buildings; with more, plots are made longer.
    """
    beside = shapely.union_all(shapely.buffer(lines, fabric.depth_m, quad_segs=2))
    ground = shapely.simplify(shapely.difference(beside, shapely.union(surface, water)), 0.3)
    blocks = [part for part in shapely.get_parts(ground) if part.area > _SMALLEST_M2]
    larger = max(1.0, sum(b.area for b in blocks) / (fabric.front_m * fabric.plot_m) / budget)
    plots = [_plots(block, fabric, float(larger)) for block in blocks]
    found = np.concatenate(plots) if plots else np.empty(0, np.object_)
    if not len(found):
        return Shapes.none()
    middle = shapely.get_coordinates(shapely.centroid(found))
    built = keyed_uniforms(1, *middle.T) < fabric.built_share
    return _raised(found[built], middle[built], fabric, frame)


def _plots(block: shapely.Polygon, fabric: Fabric, larger: float) -> NDArray[np.object_]:
    """Plots of a block in rows along its longer side, cut to the block."""
    frame = shapely.get_coordinates(shapely.oriented_envelope(block))
    if len(frame) < 5:
        return np.empty(0, np.object_)
    sides = frame[1:3] - frame[:2]
    lengths = np.hypot(*sides.T)
    # A block that bends round corners has no direction of its own: its plots face south.
    if block.area < 0.5 * lengths[0] * lengths[1]:
        west, south, east, north = block.bounds
        corner, sides = np.array([west, south]), np.array([[east - west, 0.0], [0.0, north - south]])
        lengths = np.array([east - west, north - south])
    else:
        corner = frame[0]
    # With more plots than the page carries, houses stand in longer rows.
    sizes = (fabric.front_m * larger, fabric.plot_m)
    sizes = sizes if lengths[0] >= lengths[1] else sizes[::-1]
    counts = [max(1, round(length / size)) for length, size in zip(lengths, sizes, strict=True)]
    i, j = (a.ravel() for a in np.meshgrid(np.arange(counts[0]), np.arange(counts[1]), indexing="ij"))
    u, v = sides[0] / counts[0], sides[1] / counts[1]
    gap_u, gap_v = (fabric.gap_m / 2 / max(np.hypot(*w), 1.0) for w in (u, v))
    ends = [(gap_u, gap_v), (1 - gap_u, gap_v), (1 - gap_u, 1 - gap_v), (gap_u, 1 - gap_v)]
    corners = np.stack([corner + np.outer(i + a, u) + np.outer(j + b, v) for a, b in ends], axis=1)
    cells = np.asarray(shapely.polygons(corners), np.object_)
    shapely.prepare(block)
    whole = shapely.contains(block, cells)
    touched = shapely.intersects(block, cells) & ~whole
    cut = shapely.get_parts(shapely.intersection(cells[touched], block))
    out = np.concatenate([cells[whole], cut[shapely.get_type_id(cut) == 3]])
    area, outline = shapely.area(out), shapely.length(out)
    kept = (area >= _SMALLEST_M2) & (2 * area / np.maximum(outline, 1.0) >= _NARROWEST_M / 2)
    # A plot with a doorway cut into it keeps the notch; needles are left out.
    return np.asarray(out[kept & (area > 0.28 * shapely.area(shapely.convex_hull(out)))])


def _raised(plots: NDArray[np.object_], middle: Floats, fabric: Fabric, frame: Frame) -> Shapes:
    draw, turn = keyed_uniforms(2, *middle.T), keyed_uniforms(3, *middle.T)
    storey = 3.0 if fabric.high_m < 12 else 3.6
    top = fabric.low_m + (fabric.high_m - fabric.low_m) * draw**1.7
    top = np.maximum(fabric.low_m, np.round(top / storey) * storey)
    # Along the streets of low districts stands here and there a block of flats.
    top = np.where((fabric.high_m < 12) & (turn > 0.93), 12.0 + 9.0 * draw, top)
    tone = np.floor(keyed_uniforms(4, *middle.T) * 5).astype(np.uint8)
    base = np.zeros(len(plots))
    if fabric is not FABRICS["osaka_midosuji"]:
        return Shapes(plots, base, top, tone)
    axis = shapely.LineString(frame.metres(np.array(AVENUE)))
    fronts = shapely.distance(axis, shapely.points(middle)) < _ON_THE_AVENUE_M
    newer = fronts & (turn > 0.62)
    top = np.where(fronts, EAVES_M, top)
    lower = Shapes(plots, base, top, tone)
    upper = np.asarray(shapely.buffer(plots[newer], -SETBACK_M / 2, join_style="mitre"), np.object_)
    whole = ~shapely.is_empty(upper) & (shapely.get_type_id(upper) == 3)
    count = int(whole.sum())
    return Shapes.joined(
        [lower, Shapes(upper[whole], np.full(count, SETBACK_FROM_M), np.full(count, NEWER_M), tone[newer][whole])]
    )


def trees(surface: shapely.Geometry, walk: shapely.Geometry, frame: Frame) -> Floats:
    """(n, 2) degrees: the rows of ginkgos beside the carriageway of Midosuji, 13 m apart, where pavements are.

    Parameters
    ----------
    surface
        Carriageways, which stay clear.
    walk
        Pavements; trees stand on their kerb side.
    frame
        Frame of the metres.
    """
    axis = shapely.LineString(frame.metres(np.array(AVENUE[4:])))
    steps = np.arange(6.0, axis.length, 13.0)
    at, ahead = (shapely.get_coordinates(shapely.line_interpolate_point(axis, steps + d)) for d in (0.0, 1.0))
    side = np.stack([-(ahead - at)[:, 1], (ahead - at)[:, 0]], axis=1)
    side /= np.maximum(np.hypot(*side.T), 1e-9)[:, None]
    rows = [at + sign * 15.2 * side for sign in (-1, 1)]
    found = np.concatenate(rows)
    points = shapely.points(found)
    clear = ~shapely.dwithin(surface, points, 0.6) & shapely.dwithin(walk, points, 8.0)
    return frame.degrees(found[clear])
