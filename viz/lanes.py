"""Where on a street a vehicle is drawn: in a lane of its direction, not on the middle line of the street."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.viz.run_view import Streets
from twin.viz.shapes import Frame

#: Width of a lane in the picture: 3.25 m, the usual urban lane of the Japanese road structure ordinance.
LANE_WIDTH_M = 3.25
#: A step farther than this from every street is on none of them.
_ON_STREET_M = 0.7
#: Cosine above which a step goes along a street, not across it.
_ALONG = 0.8


def lanes_beside(
    lon_deg: Floats, lat_deg: Floats, drive: Streets, origin: tuple[float, float], lane_m: float
) -> tuple[Floats, NDArray[np.int64]]:
    """Where the kerb lane of each step is, from a point to the next, and how many lanes its direction has.

    Parameters
    ----------
    lon_deg, lat_deg : (n,) float64
        Points of paths, one after the other.
    drive
        Streets, each direction as a link of its own.
    origin
        Middle of the frame in which metres are counted.
    lane_m
        Width of a lane.

    Returns
    -------
    kerb_m : (n,) float64
        Metres from the middle line of the street to the middle of the kerb lane; half a lane where the step lies on no
        known street.
    lanes : (n,) int64
        Lanes of the direction, 1 where unknown.
    """
    kerb_m, lanes = np.zeros(len(lon_deg)), np.ones(len(lon_deg), np.int64)
    if len(lon_deg) < 2 or not len(drive.lanes):
        return kerb_m, lanes
    frame = Frame(*origin)
    points = frame.metres(np.column_stack([lon_deg, lat_deg]))
    # Vehicles share few steps: a step is looked up once, by both its ends in decimetres.
    steps = np.rint(np.concatenate([points[:-1], points[1:]], axis=1) * 10).astype(np.int64)
    unique, which = np.unique(steps, axis=0, return_inverse=True)
    start, end = unique[:, :2] / 10.0, unique[:, 2:] / 10.0
    length = np.hypot(*(end - start).T)
    way = (end - start) / np.maximum(length, 1e-9)[:, None]
    metres = frame.metres(np.column_stack([drive.lon_deg, drive.lat_deg]))
    count = np.diff(drive.vertex_ptr)
    inner = np.ones(len(metres), np.bool_)
    inner[drive.vertex_ptr[1:][count > 0] - 1] = False
    first = np.flatnonzero(inner)
    segments = shapely.linestrings(np.stack([metres[first], metres[first + 1]], axis=1))
    owner = np.repeat(np.arange(len(count)), count)[first]
    segment_way = metres[first + 1] - metres[first]
    segment_way /= np.maximum(np.hypot(*segment_way.T), 1e-9)[:, None]
    moving = np.flatnonzero(length > 0.2)
    step, segment = shapely.STRtree(np.asarray(segments)).query(
        shapely.points((start + end)[moving] / 2), predicate="dwithin", distance=_ON_STREET_M
    )
    step = moving[step]
    cosine = np.sum(way[step] * segment_way[segment], axis=1)
    same, opposite = cosine > _ALONG, cosine < -_ALONG
    own = np.zeros(len(unique), np.int64)
    np.maximum.at(own, step[same], np.clip(drive.lanes[owner[segment[same]]], 1, 6))
    two_way = np.zeros(len(unique), np.bool_)
    two_way[step[opposite]] = True
    found = np.where(own > 0, np.where(two_way, own - 0.5, (own - 1) / 2), np.where(two_way, 0.5, 0.0)) * lane_m
    kerb_m[:-1] = found[which.ravel()]
    lanes[:-1] = np.maximum(own, 1)[which.ravel()]
    return kerb_m, lanes
