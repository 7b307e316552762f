"""One layer of streets from a raw map: cut, joined, drawn in, reduced to what hangs together, made arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from twin.city.city import CROSSING, SIGNALISED, StreetLayer
from twin.city.reading.contract import (
    Piece,
    Shapes,
    break_loops,
    count_ends,
    cut_at_junctions,
    draw_in_short,
    drop_doubles,
    join_chains,
    move_signals,
)
from twin.city.reading.layers import Link, assemble_layer, empty_layer
from twin.city.reading.params import CityBuildParams
from twin.city.reading.raw_map import Direction, RawMap, RawWay, StreetFacts
from twin.city.reading.road_classes import CLASS_BY_NAME, ROAD_CLASSES

LayerName = Literal["drive", "walk"]

#: Two nodes may fall on one spot where a map doubles them; a link between them is not shorter than this.
_LEAST_LENGTH_M = 0.1
_MOST_GATES_OF_A_SQUARE = 12


@dataclass(frozen=True)
class Ground:
    """What both layers are built on: the raw map in metres."""

    raw: RawMap
    x_m: list[float]
    y_m: list[float]
    crs: str
    place_rows: frozenset[int]
    params: CityBuildParams

    @property
    def shapes(self) -> Shapes:
        """Lengths along rows of the map."""
        return Shapes(self.x_m, self.y_m)


def build_layer(ground: Ground, layer: LayerName, counts: Counter[str]) -> StreetLayer:
    """Street layer of a raw map.

    Parameters
    ----------
    ground
        The map in metres.
    layer
        ``"drive"`` or ``"walk"``.
    counts
        What was done is counted here, in words for the report.
    """
    ways = [(way, facts) for way in ground.raw.ways if (facts := getattr(way.facts, layer)) is not None]
    if not ways:
        return empty_layer(ground.crs)
    shapes, kept = ground.shapes, set(ground.place_rows)
    lines = [(way.rows, facts, way.way_id) for way, facts in ways]
    signals: set[int] = set()
    if layer == "drive":
        signals = set(np.flatnonzero(ground.raw.signal).tolist()) & {row for rows, _, _ in lines for row in rows}
        pieces = drop_doubles(cut_at_junctions(lines, kept | signals, shapes))
        crossings = {row for row in signals if ground.raw.crossing[row]}
        signals, moved = move_signals(pieces, signals, crossings, ground.params.signal_reach_m)
        counts["drive: lights on an approach, given to their junction"] = moved
    else:
        lines += _desire_lines(ground, ways, counts)
        pieces = drop_doubles(cut_at_junctions(lines, kept, shapes))
    pieces = join_chains(pieces, kept | signals)
    limit_m = ground.params.junction_cluster_m
    pieces, clusters = draw_in_short(pieces, limit_m, kept | signals, shapes)
    counts[f"{layer}: links shorter than {limit_m:g} m, drawn into junctions"] = clusters.links_gone
    represent = clusters.representative
    signals = {represent.get(node, node) for node in signals}
    kept = {represent.get(node, node) for node in kept}
    pieces = _main_part(pieces, layer, counts)
    pieces = join_chains(pieces, kept | signals)
    pieces, counts[f"{layer}: short loops left out"] = break_loops(pieces, limit_m, shapes)
    members: dict[int, list[int]] = {}
    for node, chosen in represent.items():
        members.setdefault(chosen, []).append(node)
    return _to_layer(ground, layer, pieces, signals, members)


def _main_part(pieces: Sequence[Piece], layer: LayerName, counts: Counter[str]) -> list[Piece]:
    """The part in which every place can be reached from every other; what hangs off it is reported."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    nodes = sorted({node for piece in pieces for node in (piece.nodes[0], piece.nodes[-1])})
    index = {node: i for i, node in enumerate(nodes)}
    edges = []
    for piece in pieces:
        a, b = index[piece.nodes[0]], index[piece.nodes[-1]]
        edges += [(a, b)] * (piece.facts.forward is not None) + [(b, a)] * (piece.facts.backward is not None)
    starts, stops = np.array(edges, np.int64).reshape(-1, 2).T
    shape = (len(nodes), len(nodes))
    matrix = coo_matrix((np.ones(len(edges), np.int8), (starts, stops)), shape=shape).tocsr()
    count, part = connected_components(matrix, directed=True, connection="strong")
    length_m = np.zeros(count)
    inside = [part[index[p.nodes[0]]] == part[index[p.nodes[-1]]] for p in pieces]
    for piece, is_inside in zip(pieces, inside, strict=True):
        if is_inside:
            length_m[part[index[piece.nodes[0]]]] += piece.length_m
    # Parts come numbered by the search; of two equally long ones the part with the lowest node stays.
    lowest = np.unique(part, return_index=True)[1]
    main = min(range(count), key=lambda k: (-length_m[k], lowest[k]))
    kept = [p for p, is_inside in zip(pieces, inside, strict=True) if is_inside and part[index[p.nodes[0]]] == main]
    lost_m = sum(piece.length_m for piece in pieces) - sum(piece.length_m for piece in kept)
    counts[f"{layer}: nodes that cannot be reached from everywhere and back, left out"] = int((part != main).sum())
    counts[f"{layer}: metres of street left out with them"] = round(lost_m)
    return kept


def _desire_lines(
    ground: Ground, ways: Sequence[tuple[RawWay, StreetFacts]], counts: Counter[str]
) -> list[tuple[tuple[int, ...], StreetFacts, int]]:
    """Straight ways across a square, between the streets that meet it and see one another.

    A square is drawn by its outline. People cross it straight, so the outline alone would lead them around.
    """
    from shapely import LineString, Polygon, prepare

    ends = count_ends(way.rows for way, _ in ways)
    lines: list[tuple[tuple[int, ...], StreetFacts, int]] = []
    for way, facts in ways:
        ring = way.rows
        if not way.facts.area or len(ring) < 5 or ring[0] != ring[-1]:
            continue
        # The ring passes its own nodes once (twice at its seam); whoever has more is met by a street.
        gates = [i for i in range(len(ring) - 1) if ends[ring[i]] > 2]
        outline = Polygon([(ground.x_m[row], ground.y_m[row]) for row in ring])
        if not outline.is_valid or len(gates) > _MOST_GATES_OF_A_SQUARE:
            continue
        ground_plan = outline.buffer(0.05)
        prepare(ground_plan)
        for n, i in enumerate(gates):
            for j in gates[n + 1 :]:
                a, b = ring[i], ring[j]
                if j - i in (1, len(ring) - 2) or a == b:
                    continue
                if ground_plan.covers(LineString([(ground.x_m[r], ground.y_m[r]) for r in (a, b)])):
                    lines.append(((a, b), facts, way.way_id))
    counts["walk: straight ways laid across squares"] = len(lines)
    return lines


def _to_layer(
    ground: Ground, layer: LayerName, pieces: Sequence[Piece], signals: set[int], members: Mapping[int, Sequence[int]]
) -> StreetLayer:
    """Arrays from the final pieces. Nodes are sorted by their id in the map."""
    raw = ground.raw
    rows = sorted({node for piece in pieces for node in (piece.nodes[0], piece.nodes[-1])})
    index = {row: i for i, row in enumerate(rows)}
    crossed = _half_way_nodes(raw) if layer == "walk" else set()
    links: list[Link] = []
    for piece in pieces:
        flags = piece.facts.flags | (_crossings_on(piece, raw) if layer == "walk" else 0)
        shape = tuple((ground.x_m[r], ground.y_m[r]) for r in piece.nodes[1:-1])
        a, b = piece.nodes[0], piece.nodes[-1]
        for direction, start, end, line in (
            (piece.facts.forward, a, b, shape), (piece.facts.backward, b, a, shape[::-1]),
        ):
            if direction is not None:
                own = flags & ~SIGNALISED if start in crossed else flags
                links.append(_link(piece, direction, index[start], index[end], line, own))
    signal, crossing = _node_marks(raw, layer, rows, links, signals, members)
    take = np.array(rows, np.int64)
    return assemble_layer(
        node_id=raw.node_id[take], x_m=np.array(ground.x_m)[take], y_m=np.array(ground.y_m)[take],
        lon_deg=raw.lon_deg[take], lat_deg=raw.lat_deg[take], links=links, signal=signal, crossing=crossing,
        aliases=_aliases(raw), crs=ground.crs,
    )


def _link(
    piece: Piece, direction: Direction, start: int, end: int, shape: tuple[tuple[float, float], ...], flags: int
) -> Link:
    facts = piece.facts
    return Link(
        start=start, end=end, free_speed_mps=direction.speed_mps, lanes=direction.lanes,
        road_class=facts.road_class, name=facts.name, way_id=piece.way_id,
        width_m=facts.width_m or float("nan"), flags=flags, shape=shape,
        length_m=max(piece.length_m, _LEAST_LENGTH_M),
    )


def _half_way_nodes(raw: RawMap) -> set[int]:
    """Nodes on the carriageway in the middle of a crossing: whoever is there has left the kerb already."""
    nodes = set(np.flatnonzero(raw.crossing).tolist())
    for way in raw.ways:
        if way.facts.walk is not None and way.facts.walk.flags & CROSSING:
            nodes.update(way.rows[1:-1])
    return nodes


def _crossings_on(piece: Piece, raw: RawMap) -> int:
    """Crossing bits from nodes, for footways whose crossing is tagged on the node they share with the road."""
    if CLASS_BY_NAME[ROAD_CLASSES[piece.facts.road_class]].drive:
        return 0
    crossed = [node for node in piece.nodes if raw.crossing[node]]
    if not crossed:
        return 0
    return CROSSING | (SIGNALISED if any(raw.signal[node] for node in crossed) else 0)


def _node_marks(
    raw: RawMap, layer: LayerName, rows: Sequence[int], links: Sequence[Link], signals: set[int],
    members: Mapping[int, Sequence[int]],
) -> tuple[list[bool], list[bool]]:
    """Whether each node carries lights, a crossing."""
    if layer == "drive":
        here = [members.get(row, (row,)) for row in rows]
        return [row in signals for row in rows], [bool(raw.crossing[list(group)].any()) for group in here]
    signal, crossing = [False] * len(rows), [False] * len(rows)
    for link in links:
        for node in (link.start, link.end):
            signal[node] |= bool(link.flags & SIGNALISED)
            crossing[node] |= bool(link.flags & CROSSING)
    return signal, crossing


def _aliases(raw: RawMap) -> dict[str, str]:
    """Alias -> name, for aliases that mean one street only."""
    meant: dict[str, set[str]] = {}
    for way in raw.ways:
        facts = way.facts.drive or way.facts.walk
        if facts is not None:
            for alias in way.facts.aliases:
                meant.setdefault(alias, set()).add(facts.name)
    return {alias: min(names) for alias, names in sorted(meant.items()) if len(names) == 1}
