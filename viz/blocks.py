"""City blocks: the ground that streets enclose.

Streets are widened to the lanes they have and joined; what their network leaves open inside is a block. Runs
know nothing of buildings, parks or rivers, so that a block says only where streets are not; the legend says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.viz.run_view import Streets

#: Most blocks in one page; beyond, the smallest are left out and the legend says so.
BLOCK_BUDGET = 6_000
#: Smaller ones are gaps in junctions; larger ones parks, water, or all that lies inside a ring of trunk roads.
SMALLEST_M2, LARGEST_M2 = 200.0, 500_000.0
#: Twice the area over the outline is the width of a long strip; medians between carriageways are narrower.
NARROWEST_M = 6.0
#: Free ground beside the lanes, for pavements and for the widths that the map does not know.
VERGE_M = 3.0
#: A street without a number of lanes is drawn as one; beyond twelve a number is a slip, not a street.
_FEWEST_LANES, _MOST_LANES = 1, 12
#: Corners this near a straight line are dropped: half a pixel where a block fills the window.
_TOLERANCE_M = 1.0
#: Length of a degree of the equator (WGS 84, semi-major axis 6,378,137 m).
_METRES_PER_DEGREE = np.pi * 6_378_137.0 / 180.0


@dataclass(frozen=True)
class Blocks:
    """Outlines of blocks, each closed and clockwise, in an order that their positions give.

    Attributes
    ----------
    vertex_ptr : (m + 1,) int64
        Outline i is rows ``vertex_ptr[i]:vertex_ptr[i + 1]`` of the vertices.
    lon_deg, lat_deg : (k,) float64
    found_count
        Blocks that the streets enclose; more than m where the smallest were left out.
    """

    vertex_ptr: NDArray[np.int64]
    lon_deg: Floats
    lat_deg: Floats
    found_count: int

    @classmethod
    def none(cls) -> Blocks:
        """No blocks."""
        return cls(np.zeros(1, np.int64), np.empty(0), np.empty(0), 0)


def blocks_between(streets: Streets, *, lane_width_m: float, budget: int = BLOCK_BUDGET) -> Blocks:
    """Find the blocks between streets.

    Parameters
    ----------
    streets
        Each street once, with the lanes of both directions.
    lane_width_m
        Width by which a lane keeps blocks off; half on each side of the shape, and a verge beside.
    budget
        Most blocks to return; the largest are kept.
    """
    if not len(streets.lanes):
        return Blocks.none()
    # Degrees become metres about the middle. Over a city a metre errs by less than one in a thousand: enough to
    # widen streets, and the way back is exact.
    middle = np.array([streets.lon_deg.mean(), streets.lat_deg.mean()])
    scale = _METRES_PER_DEGREE * np.array([np.cos(np.radians(middle[1])), 1.0])
    metres = (np.stack([streets.lon_deg, streets.lat_deg], axis=1) - middle) * scale
    outlines = _enclosed(_surface(metres, streets, lane_width_m))
    area_m2 = shapely.area(outlines)
    width_m = 2 * area_m2 / shapely.length(outlines)
    kept = (area_m2 >= SMALLEST_M2) & (area_m2 <= LARGEST_M2) & (width_m >= NARROWEST_M)
    outlines, area_m2 = outlines[kept], area_m2[kept]
    largest = np.sort(np.argsort(-area_m2, kind="stable")[:budget])
    shapes = shapely.normalize(shapely.simplify(outlines[largest], _TOLERANCE_M))
    corners, owner = shapely.get_coordinates(shapes, return_index=True)
    ptr = np.searchsorted(owner, np.arange(len(shapes) + 1)).astype(np.int64)
    degrees = corners / scale + middle
    return Blocks(ptr, degrees[:, 0].copy(), degrees[:, 1].copy(), len(outlines))


def _surface(metres: Floats, streets: Streets, lane_width_m: float) -> shapely.Geometry:
    """All streets at their width, as one surface."""
    count = np.diff(streets.vertex_ptr)
    lines = shapely.linestrings(metres, indices=np.repeat(np.arange(len(count)), count))
    lanes = np.clip(streets.lanes, _FEWEST_LANES, _MOST_LANES)
    return shapely.union_all(shapely.buffer(lines, lanes * lane_width_m / 2 + VERGE_M, quad_segs=2))


def _enclosed(surface: shapely.Geometry) -> NDArray[np.object_]:
    """Holes of a surface, in the order of their corners in the south-west.

    A network that stands alone inside a block of another does not cut that block; streets are drawn above it.
    """
    parts = shapely.get_parts(surface)
    holes = [shapely.get_interior_ring(part, np.arange(shapely.get_num_interior_rings(part))) for part in parts]
    outlines: NDArray[np.object_] = np.asarray(shapely.polygons(np.concatenate(holes)))
    west, south, _, _ = shapely.bounds(outlines).T
    return outlines[np.lexsort((south, west))]
