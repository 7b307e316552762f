"""The signs of a drive layer on their way into its rules: restrictions, barriers, arrows, rights of links."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from twin.city.reading.contract import Piece
from twin.city.reading.drive_rights import is_restricted
from twin.city.reading.raw_map import Direction
from twin.city.reading.road_classes import CLASS_INDEX
from twin.city.reading.turning import (
    Arc,
    Closings,
    LinkEnds,
    RawTurn,
    bans_at_barriers,
    bans_of_arrows,
    bans_of_turns,
    rules_of,
)
from twin.city.rules import DriveRules

_MINOR = frozenset({CLASS_INDEX["service"], CLASS_INDEX["living_street"], CLASS_INDEX["road"]})


class DrivenLink(NamedTuple):
    """A link before it becomes a row: its piece, seen along it or against it."""

    piece: Piece
    direction: Direction
    along: bool
    start: int
    end: int


@dataclass(frozen=True)
class Signs:
    """What signs say about streets, on rows of the raw map.

    Attributes
    ----------
    turns
        Restrictions by rows.
    arcs
        Pairs of rows of which they speak.
    barred
        Row of a barrier -> classes that do not pass it, each set with its hours.
    arrows
        Arrows of lanes by the pair of rows by which a way ends.
    """

    turns: Sequence[RawTurn] = ()
    arcs: set[Arc] = field(default_factory=set)
    barred: Mapping[int, Closings] = field(default_factory=dict)
    arrows: Mapping[Arc, str] = field(default_factory=dict)

    def keep(self, piece: Piece) -> bool:
        """Whether a piece must stay a link, however short it is."""
        return (
            is_restricted(piece.facts)
            or piece.head in self.arcs
            or piece.tail in self.arcs
            or piece.nodes[0] in self.barred
            or piece.nodes[-1] in self.barred
        )

    def rules(
        self,
        driven: Sequence[DrivenLink],
        rows: Sequence[int],
        x_m: Sequence[float],
        y_m: Sequence[float],
        counts: Counter[str],
    ) -> DriveRules:
        """Rules of the layer; ``rows`` are the rows of the links."""
        closed, local = np.zeros(len(driven), np.uint8), np.zeros(len(driven), np.uint8)
        hours: list[tuple[int, tuple[float, ...]]] = []
        ends: list[LinkEnds] = []
        for one, row in zip(driven, rows, strict=True):
            closed[row], local[row] = one.direction.closed, one.direction.local
            hours += [(row, tuple(part)) for part in one.direction.hours]
            head, tail = one.piece.head, one.piece.tail
            start, end = (head, tail) if one.along else (tail[::-1], head[::-1])
            ends.append(LinkEnds(start, end, one.start, one.end, row))
        if not (self.turns or self.barred or self.arrows):
            ends = []
        minor = frozenset(row for one, row in zip(driven, rows, strict=True) if one.piece.facts.road_class in _MINOR)
        bans = [
            *bans_of_turns(self.turns, ends, counts),
            *bans_at_barriers(self.barred, ends, counts),
            *bans_of_arrows(self.arrows, ends, minor, x_m, y_m, counts),
        ]
        counts["drive: links closed to some class of vehicle"] = int(np.count_nonzero(closed))
        counts["drive: links of no through way"] = int(np.count_nonzero(local))
        counts["drive: links with other rules in some hours"] = len({row for row, _ in hours})
        return rules_of(closed, local, hours, bans)
