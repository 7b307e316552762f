"""From restrictions on ways to banned sequences of links: which ends of which streets are meant, and what is banned.

An arc is a pair of neighbouring rows of the raw map, as a way draws them. Streets keep the arcs at their ends through
all joining and drawing together, so that a restriction finds its streets again whatever became of their nodes.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from twin.city.marks import RELATION
from twin.city.reading.conditions import DAY_S, EVERY_DAY, Span
from twin.city.reading.contradictions import Bound, contradicted
from twin.city.reading.raw_map import RawMap
from twin.city.reading.restrictions import Restriction
from twin.city.reading.vehicles import ALL
from twin.city.rules import DriveRules

Arc = tuple[int, int]
#: Sets of classes, each with the hours in which it may not pass.
Closings = Sequence[tuple[int, tuple[Span, ...]]]

_MOST_VIAS = 8
#: No junction has so many turns, nor so many ways on; a made-up map may, and their number grows with the square.
_MOST_TURNS, _MOST_WAYS_ON = 4096, 64
_ALWAYS = (Span(EVERY_DAY, 0.0, DAY_S),)
#: Degrees to the left of straight on within which a turn is what a word says, where the map leaves a choice.
_ANGLES = {
    "left_turn": (20.0, 170.0),
    "right_turn": (-170.0, -20.0),
    "straight_on": (-60.0, 60.0),
    "left_turns": (20.0, 170.0),
    "right_turns": (-170.0, -20.0),
    "straight": (-60.0, 60.0),
}
_U_TURN_DEG = 150.0


class RawTurn(NamedTuple):
    """One way through a restriction: the arc that leads to it, the rows between, the arc that leads on."""

    restriction: Restriction
    into: Arc
    between: tuple[int, ...]
    onto: Arc


class LinkEnds(NamedTuple):
    """A directed link: the arcs by which it starts and ends, its nodes and its row in the layer."""

    start: Arc
    end: Arc
    from_node: int
    to_node: int
    link: int


class Ban(NamedTuple):
    """A sequence of links that some classes may not drive in some hours."""

    links: tuple[int, ...]
    classes: int
    spans: tuple[Span, ...] = _ALWAYS


def find_turns(raw: RawMap, x_m: Sequence[float], y_m: Sequence[float], counts: Counter[str]) -> list[RawTurn]:
    """What every restriction of a map means on the rows of its ways; those whose members do not meet are counted."""
    if not raw.restrictions:
        return []
    rows = {int(node): i for i, node in enumerate(raw.node_id)}
    runs: dict[int, list[tuple[int, ...]]] = {}
    for way in raw.ways:
        if way.facts.drive is not None:
            runs.setdefault(way.way_id, []).append(way.rows)
    turns: list[RawTurn] = []
    for restriction in sorted(raw.restrictions, key=lambda r: r[:5]):
        found, fault = _turns_of(restriction, rows, runs, x_m, y_m)
        if fault:
            words = f"turn restrictions {fault}, left out"
            counts[words] += 1
            at = rows.get(restriction.via_nodes[0], -1) if restriction.via_nodes else -1
            raw.mark(words, RELATION, restriction.relation_id, at)
        turns += found
    return turns


def _turns_of(
    restriction: Restriction,
    rows: Mapping[int, int],
    runs: Mapping[int, list[tuple[int, ...]]],
    x_m: Sequence[float],
    y_m: Sequence[float],
) -> tuple[list[RawTurn], str]:
    members = (*restriction.from_ways, *restriction.via_ways, *restriction.to_ways)
    if any(way not in runs for way in members):
        return [], "over ways that are not driven or not in the file"
    if restriction.via_nodes:
        if restriction.via_nodes[0] not in rows:
            return [], "at nodes that are not in the file"
        chains: list[tuple[int, ...]] = [(rows[restriction.via_nodes[0]],)]
    else:
        chains = _chains(restriction, runs)
        if not chains:
            return [], "whose via ways do not join from and to"
    out: list[RawTurn] = []
    for chain in chains:
        into = [arc for way in restriction.from_ways for arc in _arcs_at(runs[way], chain[0])]
        onto = [arc[::-1] for way in restriction.to_ways for arc in _arcs_at(runs[way], chain[-1])]
        if len(into) * len(onto) > _MOST_TURNS:
            return [], "with more turns than any junction has"
        pairs = list(itertools.product(into, onto))
        named = len(restriction.from_ways) * len(restriction.to_ways)
        if len(pairs) > named:
            pairs = [pair for pair in pairs if _is_meant(restriction.word, *pair, x_m, y_m)]
        out += [RawTurn(restriction, a, chain, b) for a, b in pairs]
    return out, "" if out else "whose members do not meet at their via"


def _arcs_at(runs: Sequence[tuple[int, ...]], row: int) -> list[Arc]:
    """Arcs by which a way comes to a row, from either side."""
    arcs: dict[Arc, None] = {}
    for line in runs:
        for i, at in enumerate(line):
            if at == row:
                if i > 0:
                    arcs[line[i - 1], row] = None
                if i < len(line) - 1:
                    arcs[line[i + 1], row] = None
    return list(arcs)


def _chains(restriction: Restriction, runs: Mapping[int, list[tuple[int, ...]]]) -> list[tuple[int, ...]]:
    """Lines of rows through all via ways, from a row of a from way to one of a to way."""
    if len(restriction.via_ways) > _MOST_VIAS or any(len(runs[way]) != 1 for way in restriction.via_ways):
        return []
    lines = [runs[way][0] for way in restriction.via_ways]
    starts = {row for way in restriction.from_ways for line in runs[way] for row in line}
    ends = {row for way in restriction.to_ways for line in runs[way] for row in line}
    found: dict[tuple[int, ...], None] = {}

    def extend(chain: tuple[int, ...], left: frozenset[int]) -> None:
        if not left:
            if chain[-1] in ends:
                found[chain] = None
            return
        for i in sorted(left):
            for line in (lines[i], lines[i][::-1]):
                if line[0] == chain[-1] and line[0] != line[-1]:
                    extend(chain + line[1:], left - {i})

    for row in sorted({line[0] for line in lines} | {line[-1] for line in lines}):
        if row in starts:
            extend((row,), frozenset(range(len(lines))))
    return list(found)


def turn_deg(into: Arc, onto: Arc, x_m: Sequence[float], y_m: Sequence[float]) -> float:
    """Degrees to the left of straight on, in (-180, 180]."""
    before = math.atan2(y_m[into[1]] - y_m[into[0]], x_m[into[1]] - x_m[into[0]])
    after = math.atan2(y_m[onto[1]] - y_m[onto[0]], x_m[onto[1]] - x_m[onto[0]])
    degrees = math.degrees(after - before) % 360.0
    return degrees - 360.0 if degrees > 180.0 else degrees


def _is_meant(word: str, into: Arc, onto: Arc, x_m: Sequence[float], y_m: Sequence[float]) -> bool:
    """Whether a turn goes the way a restriction says, where its members are not split at the node."""
    degrees = turn_deg(into, onto, x_m, y_m)
    if word == "u_turn":
        return abs(degrees) >= _U_TURN_DEG
    if word not in _ANGLES:
        return into[0] != onto[1]
    low, high = _ANGLES[word]
    return low <= degrees <= high


def arcs_of_turns(turns: Sequence[RawTurn]) -> tuple[set[int], set[Arc]]:
    """Rows at which streets must be cut, and arcs (both senses) whose streets must not be drawn into junctions."""
    rows: set[int] = set()
    arcs: set[Arc] = set()
    for turn in turns:
        rows |= {turn.between[0], turn.between[-1]}
        line = (turn.into[0], *turn.between, turn.onto[1])
        for arc in itertools.pairwise(line):
            arcs |= {arc, arc[::-1]}
    return rows, arcs


def bans_of_turns(turns: Sequence[RawTurn], links: Sequence[LinkEnds], counts: Counter[str]) -> list[Ban]:
    """Banned sequences of links; restrictions none of whose turns can be driven are counted."""
    by_start: dict[Arc, list[LinkEnds]] = {}
    by_end: dict[Arc, list[LinkEnds]] = {}
    by_node: dict[int, list[LinkEnds]] = {}
    for link in links:
        by_start.setdefault(link.start, []).append(link)
        by_end.setdefault(link.end, []).append(link)
        by_node.setdefault(link.from_node, []).append(link)
    bans: list[Ban] = []
    used: dict[int, bool] = {}
    commanded: dict[tuple[int, tuple[int, ...], int, tuple[Span, ...]], tuple[LinkEnds, list[LinkEnds], set[int]]] = {}
    for turn in turns:
        what = turn.restriction
        used.setdefault(what.relation_id, False)
        middle = _links_along(turn.between, by_start)
        if middle is None:
            continue
        for first in by_end.get(turn.into, ()):
            for last in by_start.get(turn.onto, ()):
                line = [first, *middle, last]
                if any(a.to_node != b.from_node for a, b in itertools.pairwise(line)):
                    continue
                used[what.relation_id] = True
                if not what.only:
                    bans.append(Ban(tuple(x.link for x in line), what.classes, what.spans))
                    continue
                # Several commands from one street at one place allow what any of them names.
                key = (first.link, tuple(x.link for x in middle), what.classes, what.spans)
                commanded.setdefault(key, (first, middle, set()))[2].add(last.link)
    banned: dict[int, dict[int, list[Bound]]] = {}
    for ban in bans:
        if len(ban.links) == 2:
            banned.setdefault(ban.links[0], {}).setdefault(ban.links[1], []).append((ban.classes, ban.spans))
    for (_, _, classes, spans), (first, middle, allowed) in commanded.items():
        if not middle and (torn := contradicted((classes, spans), allowed, banned.get(first.link, {}))):
            counts["turns that one restriction commands and another bans, banned"] += 1
            classes &= ~torn
        for length in range(1, len(middle) + 2):
            line = [first, *middle[: length - 1]]
            onward = allowed if length == len(middle) + 1 else {middle[length - 1].link}
            bans += [
                Ban((*(x.link for x in line), other.link), classes, spans)
                for other in by_node.get(line[-1].to_node, ())
                if other.link not in onward
            ]
    counts["turn restrictions in force"] += sum(used.values())
    counts["turn restrictions whose turn nobody can drive anyway"] += sum(not ok for ok in used.values())
    return bans


def _links_along(rows: Sequence[int], by_start: Mapping[Arc, list[LinkEnds]]) -> list[LinkEnds] | None:
    """Links that lie along rows, from the first to the last; None if no links do."""
    out: list[LinkEnds] = []
    at = 0
    while at < len(rows) - 1:
        for link in by_start.get((rows[at], rows[at + 1]), ()):
            ends = [j for j in range(at + 1, len(rows)) if (rows[j - 1], rows[j]) == link.end]
            if ends:
                out.append(link)
                at = ends[0]
                break
        else:
            return None
    return out


def bans_at_barriers(barriers: Mapping[int, Closings], links: Sequence[LinkEnds], counts: Counter[str]) -> list[Ban]:
    """Passing a barrier, for the classes it stops and in its hours."""
    into: dict[int, list[LinkEnds]] = {}
    out: dict[int, list[LinkEnds]] = {}
    for link in links:
        into.setdefault(link.end[1], []).append(link)
        out.setdefault(link.start[0], []).append(link)
    crowded = {row for row in barriers if len(into.get(row, ())) * len(out.get(row, ())) > _MOST_TURNS}
    counts["barriers where too many streets meet, passed over"] += len(crowded)
    return [
        Ban((a.link, b.link), classes, spans)
        for row, parts in sorted(barriers.items())
        if row not in crowded
        for classes, spans in parts
        for a in into.get(row, ())
        for b in out.get(row, ())
        if a.end != b.start[::-1] and a.to_node == b.from_node
    ]


_LEFT = frozenset({"left", "slight_left", "sharp_left", "merge_to_left"})
_RIGHT = frozenset({"right", "slight_right", "sharp_right", "merge_to_right"})
_ARROWS = _LEFT | _RIGHT | {"through", "reverse"}
_CLEAR_DEG = (50.0, 140.0)


def bans_of_arrows(
    arrows: Mapping[Arc, str],
    links: Sequence[LinkEnds],
    minor: frozenset[int],
    x_m: Sequence[float],
    y_m: Sequence[float],
    counts: Counter[str],
) -> list[Ban]:
    """Turns to a side to which no lane has an arrow, at the end of a way whose lanes all have one.

    Parameters
    ----------
    arrows
        ``turn:lanes`` of the arc by which a way ends.
    links
        All links.
    minor
        Links into yards and the like, at which nobody paints arrows.
    """
    out: dict[int, list[LinkEnds]] = {}
    for link in links:
        out.setdefault(link.from_node, []).append(link)
    bans = []
    for link in links:
        lanes = arrows.get(link.end)
        ways_on = [b for b in out.get(link.to_node, ()) if b.start != link.end[::-1] and b.link not in minor]
        if lanes is None or not 2 <= len(ways_on) <= _MOST_WAYS_ON:
            continue
        shown = {arrow for lane in lanes.split("|") for arrow in lane.split(";")}
        if not shown <= _ARROWS:
            continue
        banned = []
        for other in ways_on:
            degrees = turn_deg(link.end, other.start, x_m, y_m)
            left = _CLEAR_DEG[0] <= degrees <= _CLEAR_DEG[1] and not shown & _LEFT
            right = -_CLEAR_DEG[1] <= degrees <= -_CLEAR_DEG[0] and not shown & _RIGHT
            if left or right:
                banned.append(other)
        if banned and len(banned) < len(ways_on):
            bans += [Ban((link.link, other.link), ALL) for other in banned]
    counts["turns banned by the arrows of lanes"] += len(bans)
    return bans


def ban_arrays(bans: Sequence[Ban]) -> dict[str, np.ndarray]:
    """Bans as arrays of :class:`twin.city.rules.DriveRules`, in an order that the file has no part in."""
    merged: dict[tuple[tuple[int, ...], Span], int] = {}
    for ban in bans:
        for span in ban.spans:
            merged[ban.links, span] = merged.get((ban.links, span), 0) | ban.classes
    rows = sorted((links, span, classes) for (links, span), classes in merged.items() if classes)
    return {
        "ban_ptr": np.concatenate([[0], np.cumsum([len(links) for links, _, _ in rows])]).astype(np.int64),
        "ban_link": np.array([link for links, _, _ in rows for link in links], np.int32),
        "ban_classes": np.array([classes for _, _, classes in rows], np.uint8),
        "ban_days": np.array([span.days for _, span, _ in rows], np.uint8),
        "ban_from_s": np.array([span.from_s for _, span, _ in rows], np.float64),
        "ban_to_s": np.array([span.to_s for _, span, _ in rows], np.float64),
    }


def rules_of(
    closed: np.ndarray, local: np.ndarray, hours: Sequence[tuple[int, tuple[float, ...]]], bans: Sequence[Ban]
) -> DriveRules:
    """Rules of a layer; ``hours`` are (link, values of ``raw_map.Hours``)."""
    rows = sorted(hours)
    columns = list(zip(*(values for _, values in rows), strict=True)) if rows else [()] * 6
    names = ("hour_days", "hour_from_s", "hour_to_s", "hour_closed", "hour_local", "hour_speed_mps")
    types = (np.uint8, np.float64, np.float64, np.uint8, np.uint8, np.float64)
    hour_arrays = {name: np.array(column, dtype) for name, column, dtype in zip(names, columns, types, strict=True)}
    any_bits = bool(closed.any() or local.any() or rows)
    none = np.empty(0, np.uint8)
    return DriveRules(
        closed=closed if any_bits else none,
        local=local if any_bits else none,
        hour_link=np.array([link for link, _ in rows], np.int32),
        **hour_arrays,
        **ban_arrays(bans),
    )
