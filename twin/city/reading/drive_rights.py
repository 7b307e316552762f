"""What barriers and streets of no through way do to the pieces of the drive layer, before they are joined."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from twin.city.reading.contract import Piece, Shapes
from twin.city.reading.raw_map import Direction, RawMap, StreetFacts
from twin.city.reading.vehicles import ALL

#: Ids of nodes that stand beyond a barrier begin here, downwards.
_BEYOND = -(1 << 52)
_SIDES = 64


def split_at(
    raw: RawMap,
    x_m: list[float],
    y_m: list[float],
    lines: list[tuple[Sequence[int], StreetFacts, int]],
    blocked: set[int],
) -> list[tuple[Sequence[int], StreetFacts, int]]:
    """Lines cut at nodes that nobody passes; every end but one there becomes a node of its own on the same spot.

    New nodes are appended to the raw map and to its positions; their ids are far below zero, so that they meet none of
    the map's own.
    """
    if not blocked:
        return lines
    ends: list[tuple[int, int, int, list[int], int]] = []
    out: list[tuple[Sequence[int], StreetFacts, int]] = []
    for rows, facts, way_id in lines:
        cuts = [i for i in range(1, len(rows) - 1) if rows[i] in blocked]
        for a, b in zip([0, *cuts], [*cuts, len(rows) - 1], strict=True):
            part = list(rows[a : b + 1])
            out.append((part, facts, way_id))
            for at, near in ((0, 1), (-1, -2)):
                if part[at] in blocked:
                    ends.append((part[at], way_id, part[near], part, at))
    known: dict[int, int] = {}
    fresh: list[tuple[int, int]] = []
    for row, _, _, part, at in sorted(ends, key=lambda end: end[:3]):
        side = known.get(row, 0)
        known[row] = side + 1
        if side:
            part[at] = len(raw.node_id) + len(fresh)
            fresh.append((row, side))
    if fresh:
        origin = np.array([row for row, _ in fresh])
        ids = np.array(
            [_BEYOND - abs(int(raw.node_id[row])) % (1 << 45) * _SIDES - side % _SIDES for row, side in fresh], np.int64
        )
        raw.node_id = np.append(raw.node_id, ids)
        raw.lon_deg, raw.lat_deg = (np.append(a, a[origin]) for a in (raw.lon_deg, raw.lat_deg))
        raw.signal, raw.crossing = (np.append(a, np.zeros(len(fresh), np.bool_)) for a in (raw.signal, raw.crossing))
        x_m.extend(x_m[row] for row, _ in fresh)
        y_m.extend(y_m[row] for row, _ in fresh)
    return out


def close_behind_gates(pieces: Sequence[Piece], gates: Mapping[int, int]) -> tuple[list[Piece], dict[int, int]]:
    """What lies behind gates for destinations is no through way; a gate between parts of one area stops who passes.

    Parameters
    ----------
    gates
        Row of a gate -> classes that pass it only to reach what lies behind.

    Returns
    -------
    pieces
        Those behind gates made local.
    barred
        Row of a gate -> classes that it stops.
    """
    parent: dict[tuple[int, int], tuple[int, int]] = {}

    def root(node: tuple[int, int]) -> tuple[int, int]:
        while (up := parent.get(node, node)) != node:
            node = up
        return node

    # At a gate every street has an end of its own; elsewhere streets meet.
    ends = [[(node, i + 1 if node in gates else 0) for node in (p.nodes[0], p.nodes[-1])] for i, p in enumerate(pieces)]
    for a, b in ends:
        first, last = sorted((root(a), root(b)))
        parent[last] = first
    metres: dict[tuple[int, int], float] = defaultdict(float)
    for piece, (a, _) in zip(pieces, ends, strict=True):
        metres[root(a)] += piece.length_m
    main = min(metres, key=lambda part: (-metres[part], part))
    sides: dict[int, set[tuple[int, int]]] = {row: set() for row in gates}
    bits: dict[tuple[int, int], int] = {}
    for pair in ends:
        for end in pair:
            if end[0] in gates:
                part = root(end)
                sides[end[0]].add(part)
                if part != main:
                    bits[part] = bits.get(part, 0) | gates[end[0]]
    out = [
        with_local(piece, bits[root(a)]) if root(a) in bits else piece
        for piece, (a, _) in zip(pieces, ends, strict=True)
    ]
    return out, {row: gates[row] for row, parts in sides.items() if len(parts) == 1}


def with_local(piece: Piece, bits: int) -> Piece:
    """The same street, no through way for some more classes."""

    def local(direction: Direction | None) -> Direction | None:
        if direction is None:
            return None
        hours = tuple(h._replace(local=(h.local | bits) & ~h.closed) for h in direction.hours)
        return direction._replace(local=(direction.local | bits) & ~direction.closed, hours=hours)

    facts = piece.facts
    return replace(piece, facts=facts._replace(forward=local(facts.forward), backward=local(facts.backward)))


def settle_local(pieces: Sequence[Piece], kept: set[int], limit_m: float, shapes: Shapes) -> list[Piece]:
    """Streets of no through way get places to end at, or are closed to those who could not end on them.

    A trip ends at a node. Where such a street lies between two other streets, its own nodes stay, so that trips to it
    have an end; one without a node of its own is nobody's destination.
    """
    public = {node for piece in pieces for node in (piece.nodes[0], piece.nodes[-1]) if not _local_bits(piece.facts)}
    out: list[Piece] = []
    for piece in pieces:
        bits = _local_bits(piece.facts)
        first, last = piece.nodes[0], piece.nodes[-1]
        if not bits or first not in public or last not in public:
            out.append(piece)
            continue
        inner = piece.nodes[1:-1]
        far = [row for row in inner if min(shapes.length_m([first, row]), shapes.length_m([row, last])) >= limit_m]
        if not far and inner:
            far = [inner[len(inner) // 2]]
        if far:
            kept.update(far)
            cuts = [
                0,
                *(i for i, row in enumerate(piece.nodes) if 0 < i < len(piece.nodes) - 1 and row in set(far)),
                len(piece.nodes) - 1,
            ]
            out += [
                shapes.piece(piece.nodes[a : b + 1], piece.facts, piece.way_id) for a, b in itertools.pairwise(cuts)
            ]
            continue
        facts = piece.facts._replace(
            forward=_closed_if_local(piece.facts.forward), backward=_closed_if_local(piece.facts.backward)
        )
        if facts.forward is not None or facts.backward is not None:
            out.append(replace(piece, facts=facts))
    return out


def _local_bits(facts: StreetFacts) -> int:
    return sum(d.local for d in (facts.forward, facts.backward) if d is not None)


def _closed_if_local(direction: Direction | None) -> Direction | None:
    if direction is None or not direction.local:
        return direction
    closed = direction.closed | direction.local
    hours = tuple(h._replace(closed=h.closed | h.local, local=0) for h in direction.hours)
    if closed == ALL and all(h.closed == ALL for h in hours):
        return None
    return direction._replace(closed=closed, local=0, hours=hours)


def is_restricted(facts: StreetFacts) -> bool:
    """Whether any class may not use a street as it likes."""
    return any(d is not None and (d.closed or d.local or d.hours) for d in (facts.forward, facts.backward))
