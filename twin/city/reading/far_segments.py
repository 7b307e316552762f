"""Segments of absurd length: a node at a wrong longitude draws its street across the globe."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.city.reading.raw_map import RawMap, RawWay

#: How the report begins to speak of them.
FAR_SEGMENTS = "segments of ways longer than"
_EARTH_M = 6_371_000.0


def cut_far_segments(raw: RawMap, longest_m: float) -> None:
    """Cut every way where two of its nodes in a row lie farther apart than any street is drawn.

    As where a node is missing, a straight line over the gap would be a street that does not exist. A node that only
    such segments used takes the middle of the other nodes, so that no grid has to hold it.

    Parameters
    ----------
    raw
        Changed in place; each cut is counted and the first ones are named in ``dropped``.
    longest_m
        Greatest distance of two nodes in a row.
    """
    sizes = np.array([len(way.rows) for way in raw.ways], np.int64)
    if not sizes.size:
        return
    rows = np.fromiter((row for way in raw.ways for row in way.rows), np.int64, int(sizes.sum()))
    inside = np.ones(rows.size, np.bool_)
    inside[np.cumsum(sizes) - 1] = False  # from the end of one way to the start of the next
    starts = np.flatnonzero(inside)
    length_m = _great_circle_m(raw, rows[starts], rows[starts + 1])
    far = starts[~(length_m <= longest_m)]
    if not far.size:
        return
    way_of = np.repeat(np.arange(sizes.size), sizes)
    cut_after: dict[int, list[int]] = {}
    firsts = np.cumsum(sizes) - sizes
    for start in far.tolist():
        cut_after.setdefault(int(way_of[start]), []).append(start - int(firsts[way_of[start]]))
    ways: list[RawWay] = []
    for i, way in enumerate(raw.ways):
        begin = 0
        for end in (*cut_after.get(i, ()), len(way.rows) - 1):
            if end > begin:
                ways.append(replace(way, rows=way.rows[begin : end + 1]) if i in cut_after else way)
            begin = end + 1
    raw.ways = ways
    longest = int(np.argmax(length_m))
    ends = " and ".join(str(raw.node_id[rows[starts[longest] + k]]) for k in (0, 1))
    raw.dropped[
        f"{FAR_SEGMENTS} {longest_m / 1000:g} km, cut out (the longest lies between nodes {ends} and "
        f"has {length_m[longest] / 1000:,.0f} km: is a position wrong?)"
    ] += int(far.size)
    used = np.zeros(raw.node_id.size, np.bool_)
    used[[row for way in ways for row in way.rows]] = True
    if used.any():
        raw.lon_deg, raw.lat_deg = (np.where(used, deg, deg[used].mean()) for deg in (raw.lon_deg, raw.lat_deg))


def _great_circle_m(raw: RawMap, start: NDArray[np.int64], end: NDArray[np.int64]) -> Floats:
    lat_a, lat_b = np.radians(raw.lat_deg[start]), np.radians(raw.lat_deg[end])
    lon = np.radians(raw.lon_deg[end] - raw.lon_deg[start])
    half = np.sin((lat_b - lat_a) / 2) ** 2 + np.cos(lat_a) * np.cos(lat_b) * np.sin(lon / 2) ** 2
    return np.asarray(2 * _EARTH_M * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0))), np.float64)
