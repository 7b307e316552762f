"""Platforms that no drawn way leads to, joined to the exits and lifts that the map says are theirs.

Many stations have their exits on the street and their platforms below it, and nothing between them; a relation
(``public_transport=stop_area``) says that they belong together. Each such platform is joined to the nearest exit, and
to the nearest lift. It gets no more ways than these, so that nobody walks through a station who would not.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from twin.city.city import COVERED, STEP_FREE
from twin.city.reading.elements import NodeTable, TaggedRelation, TaggedWay, Tags
from twin.city.reading.raw_map import Direction, RawMap, StreetFacts
from twin.city.reading.road_classes import CLASS_BY_NAME, CLASS_INDEX, WALK_SPEED_MPS
from twin.city.reading.tags import street_class

Line = tuple[Sequence[int], StreetFacts, int]

_ENTRANCES = frozenset({"subway_entrance", "train_station_entrance"})
#: A platform farther from every exit of its own is a slip of the map.
LONGEST_M = 500.0
ASSUMED = "passages between the exits of a station and platforms that no drawn way leads to"


class StopArea(NamedTuple):
    """Rows of what a relation says belongs together; each platform has rows of its own."""

    relation_id: int
    exits: tuple[int, ...]
    lifts: tuple[int, ...]
    platforms: tuple[tuple[int, ...], ...]


def is_stop_area(tags: Tags) -> bool:
    """Whether a relation says which platforms and exits belong together."""
    return tags.get("type") == "public_transport" and tags.get("public_transport") == "stop_area"


def read_stop_areas(
    relations: Iterable[TaggedRelation],
    streets: Iterable[TaggedWay],
    nodes: NodeTable,
    row: Mapping[int, int],
    raw: RawMap,
) -> list[StopArea]:
    """Stop areas that hold a platform and an exit or lift on some way; others have nothing to join.

    Parameters
    ----------
    relations
        Stop areas.
    streets
        Ways that one may walk or drive along, platforms among them.
    nodes, row
        Tags by id, and rows of nodes on streets.
    raw
        Its counts are added to.
    """
    relations = list(relations)
    if not relations:
        return []
    platforms = {way.way_id: way for way in streets if street_class(way.tags) == "platform"}
    out = []
    for relation in relations:
        exits, lifts, drawn = [], [], []
        for member in relation.members:
            if member.kind == "n" and member.ref in row:
                tags = nodes.tags.get(member.ref, {})
                if tags.get("railway") in _ENTRANCES:
                    exits.append(row[member.ref])
                elif tags.get("highway") == "elevator":
                    lifts.append(row[member.ref])
            elif member.kind == "w" and member.ref in platforms:
                rows = tuple(row[ref] for ref in platforms[member.ref].refs if ref in row)
                if rows:
                    drawn.append(rows)
        raw.read["stop areas"] += 1
        if drawn and (exits or lifts):
            out.append(StopArea(relation.relation_id, tuple(exits), tuple(lifts), tuple(drawn)))
    return out


def passages(
    areas: Sequence[StopArea], lines: Sequence[Line], x_m: Sequence[float], y_m: Sequence[float], counts: Counter[str]
) -> list[Line]:
    """Straight passages from platforms that nothing else leads to, to their nearest exit and lift.

    Parameters
    ----------
    areas
        Stop areas.
    lines
        Ways one may walk along.
    x_m, y_m
        Positions by row.
    counts
        What was done is counted here.
    """
    if not areas:
        return []
    walked = {row for rows, _, _ in lines for row in rows}
    parts = _Parts(lines)
    out: list[Line] = []
    for area in sorted(areas):
        gates = [(row, 0) for row in area.exits if row in walked] + [(row, 1) for row in area.lifts if row in walked]
        for platform in area.platforms:
            ends = [row for row in platform if row in walked]
            if not ends or any(parts.root(ends[0]) == parts.root(row) for row, _ in gates):
                continue
            for kind in (0, 1):
                pairs = [
                    (math.hypot(x_m[a] - x_m[b], y_m[a] - y_m[b]), a, b) for a, of in gates if of == kind for b in ends
                ]
                if not pairs:
                    continue
                length_m, gate, end = min(pairs)
                if length_m > LONGEST_M:
                    counts[f"walk: platforms more than {LONGEST_M:g} m from every exit of theirs"] += 1
                    continue
                out.append(((gate, end), _facts(step_free=kind == 1), -area.relation_id))
            if any(row in (gate, end) for (gate, end), _, _ in out for row in ends):
                counts[f"walk: {ASSUMED}, straight"] += 1
    return out


def _facts(*, step_free: bool) -> StreetFacts:
    pace = Direction(0, WALK_SPEED_MPS)
    flags = COVERED | (STEP_FREE if step_free else 0)
    return StreetFacts(CLASS_INDEX["corridor"], "", flags, CLASS_BY_NAME["corridor"].walk_width_m, pace, pace)


class _Parts:
    """Which rows hang together over lines."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._parent: dict[int, int] = {}
        for rows, _, _ in lines:
            first = self.root(rows[0])
            for row in rows[1:]:
                self._parent[self.root(row)] = first

    def root(self, row: int) -> int:
        """One row for each part."""
        parent = self._parent
        while (up := parent.get(row, row)) != row:
            parent[row] = parent.get(up, up)
            row = up
        return row
