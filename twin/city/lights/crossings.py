"""Crossings with lights on the walk layer: how long, which way, and to which junction of cars they belong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from twin.arrays import Floats, Ints
from twin.city.city import CROSSING, SIGNALISED, StreetLayer
from twin.city.lights.junctions import Junctions

#: Pieces of one crossing that are followed from kerb to kerb at most.
_PIECES_MOST = 10
#: Cosine of the angle up to which another way is the same crossing.
_STRAIGHT_ON = float(np.cos(np.pi / 6))


@dataclass(frozen=True)
class Crossings:
    """Every crossing with lights, once for each direction.

    Attributes
    ----------
    link : (c,) int32
        Walk link by which one leaves the kerb; ascending.
    end : (c,) int32
        Node of the other kerb.
    length_m : (c,) float64
        From kerb to kerb, all pieces together.
    axis : (c,) float64
        Direction in radians.
    junction : (c,) int32
        Number in :class:`Junctions` of the junction whose lights it has; -1 where none is near.
    """

    link: Ints
    end: Ints
    length_m: Floats
    axis: Floats
    junction: Ints


def find_crossings(walk: StreetLayer, drive: StreetLayer, junctions: Junctions, reach_m: float) -> Crossings:
    """Crossings with lights, each with the nearest junction that cars approach.

    Parameters
    ----------
    walk, drive
        Both layers of a city.
    junctions
        Junctions of the drive layer.
    reach_m
        Farther from the middle of a crossing no light of the drive layer is taken for its own.
    """
    links = np.flatnonzero(walk.flags & SIGNALISED)
    ends = [other_kerb(walk, link) for link in links.tolist()]
    end = np.array([node for node, _ in ends], np.int32)
    start = walk.link_from[links]
    dx, dy = walk.x_m[end] - walk.x_m[start], walk.y_m[end] - walk.y_m[start]
    junction = np.full(len(links), -1, np.int32)
    approached = np.unique(junctions.of_node[drive.link_to[junctions.approaches]])
    lit = np.flatnonzero(drive.signal & np.isin(junctions.of_node, approached))
    if len(links) and len(lit):
        middle = np.column_stack([walk.x_m[start] + dx / 2, walk.y_m[start] + dy / 2])
        far_m, nearest = cKDTree(np.column_stack([drive.x_m[lit], drive.y_m[lit]])).query(middle)
        junction = np.where(far_m <= reach_m, junctions.of_node[lit[nearest]], -1).astype(np.int32)
    return Crossings(
        links.astype(np.int32), end, np.array([m for _, m in ends], np.float64), np.arctan2(dy, dx), junction
    )


def other_kerb(walk: StreetLayer, link: int) -> tuple[int, float]:
    """Node of the far kerb and metres to it: a crossing cut by the road goes on without a second light.

    It goes on along the same way of the map, or along another that leads straight on and is no longer than what is
    behind: crossings that follow one another at an island or a corner are crossings of their own.
    """
    before, node, length_m = int(walk.link_from[link]), int(walk.link_to[link]), float(walk.length_m[link])
    heading = np.arctan2(walk.y_m[node] - walk.y_m[before], walk.x_m[node] - walk.x_m[before])
    for _ in range(_PIECES_MOST):
        onward = []
        for k in range(int(walk.out_ptr[node]), int(walk.out_ptr[node + 1])):
            to = int(walk.link_to[k])
            if to == before or not walk.flags[k] & CROSSING or walk.flags[k] & SIGNALISED:
                continue
            turn = np.arctan2(walk.y_m[to] - walk.y_m[node], walk.x_m[to] - walk.x_m[node]) - heading
            straight = np.cos(turn) >= _STRAIGHT_ON and walk.length_m[k] <= length_m
            if walk.way_id[k] == walk.way_id[link] or straight:
                onward.append((walk.way_id[k] != walk.way_id[link], k))
        if not onward:
            break
        piece = min(onward)[1]
        before, node = node, int(walk.link_to[piece])
        length_m += float(walk.length_m[piece])
    return node, length_m
