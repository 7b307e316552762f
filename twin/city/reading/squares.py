"""Squares: areas that people cross straight, around what stands on them.

A square is drawn by its outline. People cross it straight, so the outline alone would lead them around. Ways are laid
along visible lines between its gates and the corners of its rim and of the obstacles (holes) on it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from twin.city.city import COVERED, TUNNEL
from twin.city.reading.raw_map import StreetFacts

if TYPE_CHECKING:
    from shapely import Polygon

Line = tuple[Sequence[int], StreetFacts, int]

#: Up to this many gates and corners every visible line is laid; beyond, only those that shorten a walk.
_ALL_LINES = 12
#: A line is left out if walking over others is longer by less than this share.
_STRETCH = 1.001
#: Most gates and corners among which lines are laid on one square: their number grows with its square.
MOST_POINTS = 160
#: Lines may run along the rim; positions are rounded to a centimetre.
_RIM_M = 0.05
_OWN_LENGTH_M = 0.01


@dataclass(frozen=True)
class Square:
    """An area to walk over: rings of rows, each closed, with what is said of walking there."""

    square_id: int
    outer: tuple[int, ...]
    inner: tuple[tuple[int, ...], ...]
    facts: StreetFacts
    rim_drawn: bool


def lines_across(
    squares: Iterable[Square],
    meets: Callable[[int], bool],
    loose: Mapping[int, int],
    x_m: Sequence[float],
    y_m: Sequence[float],
    counts: Counter[str],
) -> list[Line]:
    """Straight ways across squares, and the rims of squares that are no ways themselves.

    Parameters
    ----------
    squares
        Each with one outer ring.
    meets
        Whether a way other than the square's own rim meets it at a row.
    loose
        Rows at which a way ends that no other meets, with its bits for tunnel and roof: one that ends inside a
        square under the same roof, such as steps from below, is met by the ways across it.
    x_m, y_m
        Positions by row.
    counts
        What was done is counted here.
    """
    lines: list[Line] = []
    across = 0
    near = _finder(loose, x_m, y_m)
    for square in squares:
        if not square.rim_drawn:
            lines += [(ring, square.facts, square.square_id) for ring in (square.outer, *square.inner)]
        laid = _lines_of(square, meets, near(square), x_m, y_m, counts)
        across += len(laid)
        lines += laid
    counts["walk: straight ways laid across squares"] += across
    return lines


def _finder(loose: Mapping[int, int], x_m: Sequence[float], y_m: Sequence[float]) -> Callable[[Square], list[int]]:
    """Finder of loose ends in the box around a square, under the same roof as it."""
    from shapely import STRtree, box, points

    rows = sorted(loose)
    tree = STRtree(points([(x_m[row], y_m[row]) for row in rows])) if rows else None

    def near(square: Square) -> list[int]:
        if tree is None:
            return []
        x, y = [x_m[row] for row in square.outer], [y_m[row] for row in square.outer]
        found = tree.query(box(min(x), min(y), max(x), max(y)))
        roof = square.facts.flags & (TUNNEL | COVERED)
        return sorted(rows[k] for k in found.tolist() if loose[rows[k]] == roof)

    return near


def _lines_of(
    square: Square,
    meets: Callable[[int], bool],
    loose: Sequence[int],
    x_m: Sequence[float],
    y_m: Sequence[float],
    counts: Counter[str],
) -> list[Line]:
    from shapely import Point, Polygon

    if len(square.outer) < 4:
        return []
    shells = [[(x_m[row], y_m[row]) for row in ring] for ring in (square.outer, *square.inner)]
    area = Polygon(shells[0], shells[1:])
    if not area.is_valid:
        holes = [hole for hole in shells[1:] if len(hole) >= 4 and Polygon(shells[0]).contains(Polygon(hole))]
        area = Polygon(shells[0], holes)
        if not area.is_valid:
            counts["walk: squares whose outline crosses itself, walked along their rim only"] += 1
            return []
    rings = [ring[:-1] for ring in (square.outer, *square.inner)]
    gates = [row for row in dict.fromkeys(row for ring in rings for row in ring) if meets(row)]
    rim = {row for ring in rings for row in ring}
    gates += [row for row in loose if row not in rim and area.contains(Point(x_m[row], y_m[row]))]
    if len(gates) < 2:
        return []
    gate_set = set(gates)
    corners = _corners(rings, x_m, y_m, gate_set)
    points = gates + corners
    if len(points) > MOST_POINTS:
        counts[f"walk: squares with more than {MOST_POINTS} gates and corners, crossed between some of them"] += 1
        points = _some(gates, corners)
    neighbours = {frozenset(pair) for ring in rings for pair in zip(ring, (*ring[1:], ring[0]), strict=True)}
    pairs, lengths_m = _visible_pairs(area, points, x_m, y_m)
    if corners:
        pairs, lengths_m = _between_gates(len(points), sum(point in gate_set for point in points), pairs, lengths_m)
    if len(points) > _ALL_LINES:
        pairs = _spanner(len(points), pairs, lengths_m)
    out: list[Line] = []
    for i, j in pairs:
        a, b = points[i], points[j]
        if frozenset((a, b)) not in neighbours:
            out.append(((a, b), square.facts, square.square_id))
    return out


def _some(gates: Sequence[int], corners: Sequence[int]) -> list[int]:
    """As many gates as may be, evenly around the rim, then corners: the rest is reached along the rim."""
    if len(gates) >= MOST_POINTS:
        return [gates[k] for k in np.linspace(0, len(gates) - 1, MOST_POINTS).round().astype(int).tolist()]
    left = MOST_POINTS - len(gates)
    return [*gates, *(corners[k] for k in np.linspace(0, len(corners) - 1, left).round().astype(int).tolist())]


def _corners(rings: Sequence[Sequence[int]], x_m: Sequence[float], y_m: Sequence[float], gates: set[int]) -> list[int]:
    """Corners around which people walk: where the rim turns inwards, and where an obstacle turns outwards."""
    found: list[int] = []
    for k, ring in enumerate(rings):
        points = np.array([(x_m[row], y_m[row]) for row in ring])
        before, after = points - np.roll(points, 1, axis=0), np.roll(points, -1, axis=0) - points
        turn = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
        local = points - points[0]
        area_m2 = float((local[:, 0] * np.roll(local[:, 1], -1) - local[:, 1] * np.roll(local[:, 0], -1)).sum())
        against_clock = area_m2 > 0
        # Seen against the clock, a rim turns left; an obstacle is seen from outside.
        bent = (turn < 0) == against_clock if k == 0 else (turn > 0) == against_clock
        scale = np.hypot(*before.T) * np.hypot(*after.T)
        bent &= np.abs(turn) > 1e-3 * np.maximum(scale, 1e-9)
        found += [row for row, is_corner in zip(ring, bent.tolist(), strict=True) if is_corner and row not in gates]
    return list(dict.fromkeys(found))


def _visible_pairs(
    area: Polygon, points: Sequence[int], x_m: Sequence[float], y_m: Sequence[float]
) -> tuple[list[tuple[int, int]], NDArray[np.float64]]:
    """Pairs of points that see one another over the area, shortest first, with their distances."""
    import shapely

    plan = area.buffer(_RIM_M, join_style="mitre")
    shapely.prepare(plan)
    at = np.array([(x_m[row], y_m[row]) for row in points])
    first, second = np.triu_indices(len(points), 1)
    lengths_m = np.hypot(*(at[second] - at[first]).T)
    seen = shapely.covers(plan, shapely.linestrings(np.stack([at[first], at[second]], axis=1)))
    seen &= lengths_m > _OWN_LENGTH_M
    order = np.lexsort((second[seen], first[seen], lengths_m[seen]))
    pairs = np.column_stack([first[seen], second[seen]])[order]
    return [(int(i), int(j)) for i, j in pairs], lengths_m[seen][order]


def _between_gates(
    count: int, gates_count: int, pairs: Sequence[tuple[int, int]], lengths_m: NDArray[np.float64]
) -> tuple[list[tuple[int, int]], NDArray[np.float64]]:
    """The pairs on shortest walks between gates, which are the first points: other corners lead nowhere."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import dijkstra

    if not pairs:
        return [], lengths_m
    first, second = np.array(pairs).T
    graph = coo_matrix((lengths_m, (first, second)), shape=(count, count)).tocsr()
    _, before = dijkstra(graph, directed=False, indices=np.arange(gates_count), return_predecessors=True)
    used: set[tuple[int, int]] = set()
    for gate in range(gates_count):
        at = np.arange(gates_count)
        while at.size:
            previous = before[gate, at]
            at, previous = at[previous >= 0], previous[previous >= 0]
            used.update((min(a, b), max(a, b)) for a, b in zip(at.tolist(), previous.tolist(), strict=True))
            at = np.unique(previous)
    kept = [k for k, pair in enumerate(pairs) if pair in used]
    return [pairs[k] for k in kept], lengths_m[kept]


def _spanner(count: int, pairs: Sequence[tuple[int, int]], lengths_m: NDArray[np.float64]) -> list[tuple[int, int]]:
    """The pairs without which some walk would be longer by more than a thousandth, shortest first.

    References
    ----------
    Althöfer and others (1993), On sparse spanners of weighted graphs: the greedy spanner.
    """
    reach_m = np.full((count, count), np.inf)
    np.fill_diagonal(reach_m, 0.0)
    kept: list[tuple[int, int]] = []
    for (i, j), length_m in zip(pairs, lengths_m.tolist(), strict=True):
        if reach_m[i, j] <= length_m * _STRETCH:
            continue
        kept.append((i, j))
        over = np.minimum(
            reach_m[:, i, None] + length_m + reach_m[None, j, :], reach_m[:, j, None] + length_m + reach_m[None, i, :]
        )
        np.minimum(reach_m, over, out=reach_m)
    return kept
