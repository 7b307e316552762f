"""Ways laid where a map leaves a gap: from a street whose pavement is drawn beside it to that pavement."""

from __future__ import annotations

import hashlib
import heapq
import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from twin.city.city import BRIDGE, COVERED, STEPS, TUNNEL
from twin.city.reading.raw_map import Direction, StreetFacts
from twin.city.reading.road_classes import CLASS_BY_NAME, CLASS_INDEX, ROAD_CLASSES, WALK_SPEED_MPS

Line = tuple[Sequence[int], StreetFacts, int]

#: A drawn pavement is looked for within this distance of the middle of its street: half a wide road and its verge.
PAVEMENT_REACH_M = 25.0
#: Who gets to the pavement within this walk, about a block, needs no way laid to it.
_NEAR_WALK_M = 200.0
#: A point this near to a node of the pavement is that node.
_AT_NODE_M = 3.0
_OFF_GROUND = BRIDGE | TUNNEL | STEPS | COVERED
_DRIVEN = frozenset(i for i, name in enumerate(ROAD_CLASSES) if CLASS_BY_NAME[name].drive)
_JOIN = StreetFacts(CLASS_INDEX["footway"], "", 0, 2.0, Direction(0, WALK_SPEED_MPS), Direction(0, WALK_SPEED_MPS))


@dataclass(frozen=True)
class NewNode:
    """A node laid into a pavement: between two of its rows, at a share of the way from the first to the second."""

    node_id: int
    first: int
    second: int
    share: float


def join_pavements(
    lines: Sequence[Line], separate: Iterable[Sequence[int]], x_m: list[float], y_m: list[float], counts: Counter[str]
) -> tuple[list[Line], list[NewNode]]:
    """Join whoever comes to a street that is not walked itself to the pavement drawn beside it.

    A side street ends in the middle of the main road; where the pavement of that road passes without a common node,
    those who come from there would stand at the end of a walk.

    Parameters
    ----------
    lines
        Ways that are walked: rows, facts, way id.
    separate
        Rows of streets whose pavements are ways of their own.
    x_m, y_m
        Positions by row; those of new nodes are appended.
    counts
        What was done is counted here.

    Returns
    -------
    lines
        With the ways laid, and new nodes in the pavements that they meet.
    nodes
        The new nodes; the first has the row after the last one before.
    """
    on_separate = {row for rows in separate for row in rows}
    if not on_separate:
        return list(lines), []
    at = sorted(on_separate & {row for rows, _, _ in lines for row in rows})
    segments = [
        (rows[i], rows[i + 1], k, i)
        for k, (rows, facts, _) in enumerate(lines)
        if facts.road_class not in _DRIVEN and not facts.flags & _OFF_GROUND
        for i in range(len(rows) - 1)
    ]
    if not at or not segments:
        return list(lines), []
    nearest = _nearest_segments(at, segments, x_m, y_m)
    around: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for rows, _, _ in lines:
        for a, b in itertools.pairwise(rows):
            length_m = float(np.hypot(x_m[a] - x_m[b], y_m[a] - y_m[b]))
            around[a].append((b, length_m))
            around[b].append((a, length_m))
    laid: list[Line] = []
    nodes: list[NewNode] = []
    inserted: dict[tuple[int, int], list[tuple[float, int]]] = defaultdict(list)
    for row in at:
        if row not in nearest:
            continue
        segment, share, near = nearest[row]
        first, second, line, place = segments[segment]
        if _reaches(row, {end for k in near for end in segments[k][:2]}, around):
            continue
        length_m = float(np.hypot(x_m[first] - x_m[second], y_m[first] - y_m[second]))
        if min(share, 1 - share) * length_m <= _AT_NODE_M:
            target = first if share < 0.5 else second
        else:
            target = len(x_m)
            nodes.append(NewNode(_node_id(row, first, second), first, second, share))
            x_m.append(x_m[first] + share * (x_m[second] - x_m[first]))
            y_m.append(y_m[first] + share * (y_m[second] - y_m[first]))
            inserted[line, place].append((share, target))
        laid.append(((row, target), _JOIN, lines[line][2]))
    counts["walk: streets joined to the pavement drawn beside them"] += len(laid)
    return [*_with_nodes(lines, inserted), *laid], nodes


def _node_id(row: int, first: int, second: int) -> int:
    """Id of a new node, far from any that a map gives."""
    digest = hashlib.blake2b(f"{row} {first} {second}".encode(), digest_size=7).digest()
    return -(1 << 61) - int.from_bytes(digest, "big")


def _nearest_segments(
    at: Sequence[int], segments: Sequence[tuple[int, int, int, int]], x_m: Sequence[float], y_m: Sequence[float]
) -> Mapping[int, tuple[int, float, list[int]]]:
    """For each row the nearest segment within reach, the share along it, and all segments within reach."""
    import shapely

    ends = np.array([[(x_m[a], y_m[a]), (x_m[b], y_m[b])] for a, b, _, _ in segments])
    tree = shapely.STRtree([shapely.LineString(line) for line in ends])
    points = shapely.points([(x_m[row], y_m[row]) for row in at])
    found = tree.query(points, predicate="dwithin", distance=PAVEMENT_REACH_M)
    best: dict[int, tuple[float, int, float]] = {}
    near: dict[int, list[int]] = defaultdict(list)
    for i, k in found.T.tolist():
        row = at[i]
        (ax, ay), (bx, by) = ends[k]
        dx, dy = bx - ax, by - ay
        square = dx * dx + dy * dy
        share = 0.0 if square == 0 else min(max(((x_m[row] - ax) * dx + (y_m[row] - ay) * dy) / square, 0.0), 1.0)
        distance_m = float(np.hypot(ax + share * dx - x_m[row], ay + share * dy - y_m[row]))
        # A way that itself begins at the row is no pavement beside it.
        if row not in segments[k][:2]:
            best[row] = min(best.get(row, (np.inf, 0, 0.0)), (distance_m, k, share))
            near[row].append(k)
    return {row: (k, share, near[row]) for row, (_, k, share) in best.items()}


def _reaches(start: int, goals: set[int], around: Mapping[int, Sequence[tuple[int, float]]]) -> bool:
    """Whether one of the goals is near on foot."""
    queue, done = [(0.0, start)], set()
    while queue:
        walked_m, row = heapq.heappop(queue)
        if row in goals:
            return True
        if row in done:
            continue
        done.add(row)
        for other, length_m in around[row]:
            # Long ways end beyond reach, but the pavement may begin on them.
            if walked_m + length_m <= _NEAR_WALK_M and other not in done:
                heapq.heappush(queue, (walked_m + length_m, other))
    return False


def _with_nodes(lines: Sequence[Line], inserted: Mapping[tuple[int, int], Sequence[tuple[float, int]]]) -> list[Line]:
    """Lines with the new nodes in their places."""
    touched = {line for line, _ in inserted}
    out = []
    for k, (rows, facts, way_id) in enumerate(lines):
        if k in touched:
            with_new: list[int] = []
            for i, row in enumerate(rows):
                with_new.append(row)
                with_new += [target for _, target in sorted(inserted.get((k, i), ()))]
            rows = tuple(with_new)
        out.append((rows, facts, way_id))
    return out
