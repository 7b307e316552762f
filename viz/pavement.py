"""How far from the middle of a footpath a walker may be drawn: people walk on its width, not in single file."""

from __future__ import annotations

import numpy as np
import shapely

from twin.arrays import Floats
from twin.viz.city_ground import footpath_m
from twin.viz.run_view import Streets
from twin.viz.shapes import Frame

#: Half a walker's shoulders, and a hand's breadth from wall and kerb.
CLEAR_M = 0.4
#: A step farther than this from every footpath is on none of them.
_ON_PATH_M = 0.7


def room_beside(lon_deg: Floats, lat_deg: Floats, walk: Streets, origin: tuple[float, float]) -> Floats:
    """Metres to either side of each step, from a point to the next, that are still pavement.

    Parameters
    ----------
    lon_deg, lat_deg : (n,) float64
        Points of paths, one after the other.
    walk
        Footpaths.
    origin
        Middle of the frame in which metres are counted.

    Returns
    -------
    (n,) float64
        0 where the step lies on no known footpath, or is the last.
    """
    room = np.zeros(len(lon_deg))
    if len(lon_deg) < 2 or not len(walk.lanes):
        return room
    frame = Frame(*origin)
    points = frame.metres(np.column_stack([lon_deg, lat_deg]))
    # Walkers share few steps: a step is looked up once, by both its ends in decimetres.
    steps = np.rint(np.concatenate([points[:-1], points[1:]], axis=1) * 10).astype(np.int64)
    unique, which = np.unique(steps, axis=0, return_inverse=True)
    middle = (unique[:, :2] + unique[:, 2:]) / 20.0
    metres = frame.metres(np.column_stack([walk.lon_deg, walk.lat_deg]))
    count = np.diff(walk.vertex_ptr)
    lines = np.asarray(shapely.linestrings(metres, indices=np.repeat(np.arange(len(count)), count)), np.object_)
    half_m = footpath_m(walk) / 2
    step, path = shapely.STRtree(lines).query(shapely.points(middle), predicate="dwithin", distance=_ON_PATH_M)
    # Where paths lie over one another the narrowest holds.
    found = np.full(len(middle), np.inf)
    np.minimum.at(found, step, half_m[path])
    found = np.where(np.isfinite(found), np.maximum(0.0, found - CLEAR_M), 0.0)
    room[:-1] = found[which.ravel()]
    return room
