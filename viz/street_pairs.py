"""Streets that a run has once for each direction, taken together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.viz.packs import DEGREE_STEP, steps_of
from twin.viz.run_view import Streets


def one_of_each_pair(streets: Streets) -> Streets:
    """Two-way streets once, with the lanes of both directions together."""
    kept, chosen, group = _groups(streets)
    if not kept.any():
        return Streets.none()
    lanes = np.bincount(group, weights=streets.lanes[kept]).astype(np.int64)
    order = np.argsort(chosen)
    mask = np.zeros(len(kept), np.bool_)
    mask[np.flatnonzero(kept)[chosen]] = True
    single = subset(streets, mask)
    return Streets(single.vertex_ptr, single.lon_deg, single.lat_deg, lanes[order], single.width_m)


def pair_of_each(streets: Streets) -> NDArray[np.int64]:
    """(m,) int64: for every link the first link of the same street, itself where it is the first or the only one."""
    kept, chosen, group = _groups(streets)
    out = np.arange(len(kept))
    rows = np.flatnonzero(kept)
    out[rows] = rows[chosen][group]
    return out


def _groups(streets: Streets) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.int64]]:
    """Links with a shape; of these, the first of each street and the street of each."""
    ptr, count = streets.vertex_ptr, np.diff(streets.vertex_ptr)
    kept = count >= 2
    if not kept.any():
        return kept, np.empty(0, np.int64), np.empty(0, np.int64)
    first, last = ptr[:-1][kept], ptr[1:][kept] - 1
    lon, lat = steps_of(streets.lon_deg, 0.0, DEGREE_STEP), steps_of(streets.lat_deg, 0.0, DEGREE_STEP)
    turned = (lon[first] > lon[last]) | ((lon[first] == lon[last]) & (lat[first] > lat[last]))
    low, high = np.where(turned, last, first), np.where(turned, first, last)
    # Ends, number of vertices and the sum of both coordinates tell one shape from another.
    total_lon, total_lat = _sums(lon, ptr)[kept], _sums(lat, ptr)[kept]
    key = np.stack([lon[low], lat[low], lon[high], lat[high], count[kept], total_lon, total_lat], axis=1)
    _, chosen, group = np.unique(key, axis=0, return_index=True, return_inverse=True)
    return kept, chosen, group.ravel()


def _sums(values: NDArray[np.int64], ptr: NDArray[np.int64]) -> NDArray[np.int64]:
    running = np.concatenate([[0], np.cumsum(values)])
    return running[ptr[1:]] - running[ptr[:-1]]


def subset(streets: Streets, mask: NDArray[np.bool_]) -> Streets:
    """Some of the streets."""
    count = np.diff(streets.vertex_ptr)
    vertex = np.repeat(mask, count)
    ptr = np.concatenate([[0], np.cumsum(count[mask])]).astype(np.int64)
    width_m = None if streets.width_m is None else streets.width_m[mask]
    return Streets(ptr, streets.lon_deg[vertex], streets.lat_deg[vertex], streets.lanes[mask], width_m)
