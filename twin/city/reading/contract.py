"""From ways to links: cut at junctions, joined where nothing changes, tiny links drawn into junctions.

A piece is a stretch of street between two nodes of the graph, with its shape, seen along the direction in
which it was drawn. All steps take a list of pieces and give a new one; nodes are rows of the raw map.

``osmnx.simplify_graph`` and ``consolidate_intersections`` are not used: the former joins across changes of lanes, speed
and flags or else keeps every tag's change, knows no rules of turns and no place of lights, and the latter moves nodes
that restrictions and kerbs hang on. Downloads and GraphML, which OSMnx does, are left to it (``graph_reader.py``), and
graphs for its own functions are given by ``keeping/graph.py``.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from twin.city.city import CROSSING, STEPS
from twin.city.reading.raw_map import StreetFacts

_SAME_SPOT_M = 0.01
#: A cluster of junction nodes spans at most this many times the length below which links are drawn in.
CLUSTER_SPAN = 3.0


@dataclass(slots=True)
class Piece:
    """A stretch of street. ``way_share_m`` is the length of its longest way, which gives the ``way_id``.

    ``head`` and ``tail`` are its first and last pair of neighbouring rows as the map draws them; they stay when its
    ends are drawn into junctions.
    """

    nodes: list[int]
    facts: StreetFacts
    way_id: int
    length_m: float
    way_share_m: float
    head: tuple[int, int]
    tail: tuple[int, int]


class Shapes:
    """Lengths along rows of the raw map."""

    def __init__(self, x_m: Sequence[float], y_m: Sequence[float]) -> None:
        self.x_m = x_m
        self.y_m = y_m

    def length_m(self, nodes: Sequence[int]) -> float:
        """Length of the line through the nodes."""
        x, y = self.x_m, self.y_m
        return sum(math.hypot(x[b] - x[a], y[b] - y[a]) for a, b in itertools.pairwise(nodes))

    def piece(self, nodes: list[int], facts: StreetFacts, way_id: int) -> Piece:
        """Piece of one way."""
        length_m = self.length_m(nodes)
        return Piece(nodes, facts, way_id, length_m, length_m, (nodes[0], nodes[1]), (nodes[-2], nodes[-1]))


def count_ends(lines: Iterable[Sequence[int]]) -> Counter[int]:
    """How many ends of street meet at each node: 2 along a street, 3 or more at a junction."""
    lines = list(lines)
    ends = Counter(itertools.chain.from_iterable(lines))
    for node in ends:
        ends[node] *= 2
    ends.subtract(Counter(itertools.chain.from_iterable((nodes[0], nodes[-1]) for nodes in lines)))
    return ends


def cut_at_junctions(
    ways: Iterable[tuple[Sequence[int], StreetFacts, int]], kept: set[int], shapes: Shapes
) -> list[Piece]:
    """Pieces of ways (rows, facts, way id), cut at junctions and at the nodes to be kept."""
    ways = list(ways)
    ends = count_ends(rows for rows, _, _ in ways)
    pieces = []
    for rows, facts, way_id in ways:
        start = 0
        for i in range(1, len(rows)):
            if i == len(rows) - 1 or ends[rows[i]] != 2 or rows[i] in kept:
                pieces.append(shapes.piece(list(rows[start : i + 1]), facts, way_id))
                start = i
    return pieces


def _ends_at(pieces: Sequence[Piece]) -> dict[int, list[tuple[int, int]]]:
    """Node -> the (piece, end) that meet there; end 0 is the first node of the piece."""
    ends: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for i, piece in enumerate(pieces):
        ends[piece.nodes[0]].append((i, 0))
        ends[piece.nodes[-1]].append((i, 1))
    return ends


def join_chains(pieces: Sequence[Piece], kept: set[int]) -> list[Piece]:
    """Join pieces end to end where a street goes on unchanged and no third street meets it."""
    ends = _ends_at(pieces)

    def next_end(i: int, end: int) -> tuple[int, int] | None:
        """The end that continues piece i beyond its given end, or None if the street stops or changes."""
        node = pieces[i].nodes[-1 if end else 0]
        meeting = ends[node]
        if len(meeting) != 2 or node in kept:
            return None
        j, other = meeting[1] if meeting[0] == (i, end) else meeting[0]
        if j == i:
            return None
        # Drawn head to tail the facts must agree as they are; head to head, seen from the other side.
        theirs = pieces[j].facts if other != end else pieces[j].facts.turned()
        return (j, other) if theirs == pieces[i].facts else None

    joined: list[Piece] = []
    used = [False] * len(pieces)
    for i in range(len(pieces)):
        if used[i]:
            continue
        j, end = i, 0
        while (back := next_end(j, end)) is not None and back[0] != i:
            j, end = back[0], 1 - back[1]
        # (j, end) is where the chain begins; walk it to its other end.
        chain: list[tuple[int, int]] = []
        step: tuple[int, int] | None = (j, end)
        while step is not None and not used[step[0]]:
            used[step[0]] = True
            chain.append(step)
            step = next_end(step[0], 1 - step[1])
        joined.append(_merge(pieces, chain))
    return joined


def _merge(pieces: Sequence[Piece], chain: Sequence[tuple[int, int]]) -> Piece:
    """One piece from a chain of (piece, end at which it is entered)."""
    first, entered = chain[0]
    if len(chain) == 1:
        return pieces[first]
    nodes: list[int] = []
    for i, end in chain:
        line = pieces[i].nodes if end == 0 else pieces[i].nodes[::-1]
        nodes.extend(line if not nodes else line[1:])
    facts = pieces[first].facts if entered == 0 else pieces[first].facts.turned()
    longest = max((pieces[i] for i, _ in chain), key=lambda piece: (piece.way_share_m, -piece.way_id))
    length_m = math.fsum(pieces[i].length_m for i, _ in chain)
    last, left_by = chain[-1]
    head = pieces[first].head if entered == 0 else pieces[first].tail[::-1]
    tail = pieces[last].tail if left_by == 0 else pieces[last].head[::-1]
    return Piece(nodes, facts, longest.way_id, length_m, longest.way_share_m, head, tail)


def move_signals(
    pieces: Sequence[Piece], signals: set[int], secondary: set[int], reach_m: float
) -> tuple[set[int], int]:
    """Give lights that stand on an approach to their junction.

    Lights at a node where no streets meet belong to the nearest junction within reach: they mark its stop line
    or its crossing. Where no junction is within reach (its side street may be missing), lights within reach of
    one another are one set of lights, and stand at the node that is no crossing. Others stay where they are,
    as lights between junctions.

    Parameters
    ----------
    pieces
        Cut at junctions and at signals.
    signals
        Nodes with lights.
    secondary
        Those that are crossings: they yield to others.
    reach_m
        How far from a junction its lights may stand.

    Returns
    -------
    nodes
        Nodes with lights afterwards.
    moved
        How many were moved.
    """
    ends = _ends_at(pieces)
    target: dict[int, int] = {}
    between: set[int] = set()
    for node in sorted(signals):
        near = [] if len(ends[node]) > 2 else _walk_on(pieces, ends, node, reach_m)
        junctions = [(distance_m, at) for distance_m, at in near if len(ends[at]) > 2]
        if junctions:
            target[node] = min(junctions)[1]
        elif len(ends[node]) > 2:
            target[node] = node
        else:
            between.add(node)
    # The rest: primary lights first, each takes the secondary ones around it.
    for node in sorted(between, key=lambda n: (n in secondary, n)):
        if node not in target:
            target[node] = node
            for _, at in sorted(_walk_on(pieces, ends, node, reach_m)):
                if at in between and at not in target:
                    target[at] = node
    return set(target.values()), sum(node != goal for node, goal in target.items())


def _walk_on(
    pieces: Sequence[Piece], ends: dict[int, list[tuple[int, int]]], node: int, reach_m: float
) -> list[tuple[float, int]]:
    """Nodes within reach along the street in either direction, up to the first junction, with distances."""
    found = []
    for i, end in ends[node]:
        distance_m, step = 0.0, (i, end)
        while True:
            distance_m += pieces[step[0]].length_m
            at = pieces[step[0]].nodes[0 if step[1] else -1]
            if distance_m > reach_m or at == node:
                break
            found.append((distance_m, at))
            if len(ends[at]) != 2:
                break
            arrived = (step[0], 1 - step[1])
            step = ends[at][1] if ends[at][0] == arrived else ends[at][0]
    return found


@dataclass(frozen=True)
class Clusters:
    """Nodes that were drawn together: each one's representative, and how many links went."""

    representative: dict[int, int]
    links_gone: int


def draw_in_short(
    pieces: Sequence[Piece],
    limit_m: float,
    preferred: set[int],
    shapes: Shapes,
    *,
    stays: Callable[[Piece], bool] | None = None,
    one_ways: bool = False,
) -> tuple[list[Piece], Clusters]:
    """Draw the ends of links shorter than the limit together into one node.

    Shortest links go first; a cluster never spans more than three times the limit, so that a row of short
    links does not collapse into a point. Crossings and steps stay. The node that represents a cluster is one
    of those preferred (lights, places), then the busiest.

    Parameters
    ----------
    stays
        Pieces that must stay links, however short: a turn restriction speaks of them, or not everybody may use them.
    one_ways
        Whether directions count: a short one-way link is drawn in only if that opens no way against it.
    """
    parent: dict[int, int] = {}
    box: dict[int, tuple[float, float, float, float]] = {}
    members: dict[int, list[int]] = defaultdict(list)
    joints = _Joints(pieces, limit_m, stays) if one_ways or stays is not None else None

    def root(node: int) -> int:
        while (above := parent.get(node, node)) != node:
            # Halve the way for whoever asks next: a row of short links would make it as long as the row.
            parent[node] = parent.get(above, above)
            node = parent[node]
        return node

    short = sorted(
        (piece.length_m, min(piece.nodes[0], piece.nodes[-1]), max(piece.nodes[0], piece.nodes[-1]))
        for piece in pieces
        if piece.length_m < limit_m
        and (piece.length_m < _SAME_SPOT_M or not piece.facts.flags & (CROSSING | STEPS))
        and (stays is None or not stays(piece))
    )
    for length_m, a, b in short:
        a, b = sorted((root(a), root(b)))
        if a == b:
            continue
        if joints is not None and not joints.may_join(members.get(a) or [a], members.get(b) or [b]):
            continue
        spans = [box.get(n, (shapes.x_m[n], shapes.y_m[n], shapes.x_m[n], shapes.y_m[n])) for n in (a, b)]
        west, south = min(s[0] for s in spans), min(s[1] for s in spans)
        east, north = max(s[2] for s in spans), max(s[3] for s in spans)
        # Nodes on one spot are one node, however large their clusters are.
        if math.hypot(east - west, north - south) > CLUSTER_SPAN * limit_m and length_m >= _SAME_SPOT_M:
            continue
        parent[b] = a
        box[a] = (west, south, east, north)
        members[a] = (members.get(a) or [a]) + (members.pop(b, []) or [b])
    degree = count_ends([piece.nodes[0], piece.nodes[-1]] for piece in pieces)
    groups: dict[int, list[int]] = defaultdict(list)
    for node in sorted(set(degree)):
        groups[root(node)].append(node)
    representative: dict[int, int] = {}
    for group in groups.values():
        if len(group) > 1:
            chosen = min(group, key=lambda node: (node not in preferred, -degree[node], node))
            representative.update(dict.fromkeys(group, chosen))
    return _redraw(pieces, representative, limit_m, shapes)


class _Joints:
    """Which short links may be drawn in where directions and rights count."""

    def __init__(self, pieces: Sequence[Piece], limit_m: float, stays: Callable[[Piece], bool] | None) -> None:
        self._pieces = pieces
        self._at: dict[int, list[int]] = defaultdict(list)
        for i, piece in enumerate(pieces):
            for node in {piece.nodes[0], piece.nodes[-1]}:
                self._at[node].append(i)
        self._limit_m = limit_m
        self._kept = {
            i
            for i, piece in enumerate(pieces)
            if stays is not None and piece.length_m <= CLUSTER_SPAN * limit_m and stays(piece)
        }

    def may_join(self, first: Sequence[int], second: Sequence[int]) -> bool:
        """Whether two clusters with a short piece between them may become one."""
        one, other = set(first), set(second)
        between = {
            k for node in first for k in self._at[node] if {self._pieces[k].nodes[0], self._pieces[k].nodes[-1]} & other
        }
        if between & self._kept:
            return False
        there = any(self._leads(k, one, other) for k in between if self._pieces[k].length_m < self._limit_m)
        back = any(self._leads(k, other, one) for k in between if self._pieces[k].length_m < self._limit_m)
        if there and back:
            return True
        if back:
            one, other = other, one
        # A way from one to the other only: joined, whoever comes to the other could leave by the one.
        both = one | other
        comes = any(self._leads(k, None, other, both) for node in other for k in self._at[node])
        goes = any(self._leads(k, one, None, both) for node in one for k in self._at[node])
        return not (comes and goes)

    def _leads(self, k: int, start: set[int] | None, end: set[int] | None, apart: set[int] | None = None) -> bool:
        """Whether a piece leads from one set to another; None stands for anywhere outside ``apart``."""
        piece = self._pieces[k]
        a, b = piece.nodes[0], piece.nodes[-1]
        for direction, x, y in ((piece.facts.forward, a, b), (piece.facts.backward, b, a)):
            from_ok = x in start if start is not None else apart is None or x not in apart
            to_ok = y in end if end is not None else apart is None or y not in apart
            if direction is not None and from_ok and to_ok:
                return True
        return False


def _redraw(
    pieces: Sequence[Piece], representative: dict[int, int], limit_m: float, shapes: Shapes
) -> tuple[list[Piece], Clusters]:
    """Pieces with their ends on the representatives; those inside a cluster go."""
    kept: list[Piece] = []
    for piece in pieces:
        first, last = piece.nodes[0], piece.nodes[-1]
        start, end = representative.get(first, first), representative.get(last, last)
        if start == end and first != last and piece.length_m <= CLUSTER_SPAN * limit_m:
            continue
        if (start, end) != (first, last):
            nodes = [start, *piece.nodes[1:-1], end]
            piece = replace(piece, nodes=nodes, length_m=shapes.length_m(nodes))
        kept.append(piece)
    return kept, Clusters(representative, len(pieces) - len(kept))


def break_loops(pieces: Sequence[Piece], limit_m: float, shapes: Shapes) -> tuple[list[Piece], int]:
    """Cut streets that end where they begin at the node nearest their middle, so that no link is a loop.

    Returns
    -------
    pieces
        Without loops.
    dropped
        Loops that are no longer than a cluster is wide, or have no node between their ends.
    """
    cut: list[Piece] = []
    dropped = 0
    for piece in pieces:
        if piece.nodes[0] != piece.nodes[-1]:
            cut.append(piece)
            continue
        if len(piece.nodes) < 3 or piece.length_m <= max(CLUSTER_SPAN * limit_m, _SAME_SPOT_M):
            dropped += 1
            continue
        steps = (shapes.length_m(pair) for pair in itertools.pairwise(piece.nodes[:-1]))
        lengths = list(itertools.accumulate(steps))
        middle = 1 + min(range(len(lengths)), key=lambda i: abs(lengths[i] - piece.length_m / 2))
        halves = (piece.nodes[: middle + 1], piece.nodes[middle:])
        first, second = (replace(piece, nodes=nodes, length_m=shapes.length_m(nodes)) for nodes in halves)
        cut += [
            replace(first, tail=(first.nodes[-2], first.nodes[-1])),
            replace(second, head=(second.nodes[0], second.nodes[1])),
        ]
    return cut, dropped


def drop_doubles(pieces: Sequence[Piece]) -> list[Piece]:
    """Leave out streets drawn twice over the same nodes with the same facts."""
    seen: set[tuple[tuple[int, ...], StreetFacts]] = set()
    once = []
    for piece in pieces:
        line = tuple(piece.nodes)
        if (line, piece.facts) not in seen and (line[::-1], piece.facts.turned()) not in seen:
            seen.add((line, piece.facts))
            once.append(piece)
    return once
