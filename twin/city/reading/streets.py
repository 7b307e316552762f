"""One layer of streets from a raw map: cut, joined, drawn in, reduced to what hangs together, made arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from twin.city.city import COVERED, CROSSING, SIGNALISED, TUNNEL, StreetLayer
from twin.city.marks import WAY
from twin.city.reading.access import always_closed
from twin.city.reading.barriers import closings
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
from twin.city.reading.drive_rights import close_behind_gates, settle_local, split_at
from twin.city.reading.joins import Line, join_pavements
from twin.city.reading.kept import Edge, edge_nodes, edges_of, keep_driven, rows_near_bounds
from twin.city.reading.layers import Link, assemble_layer, empty_layer
from twin.city.reading.params import CityBuildParams
from twin.city.reading.raw_map import Direction, RawMap, RawSquare, RawWay, StreetFacts
from twin.city.reading.road_classes import CLASS_BY_NAME, ROAD_CLASSES
from twin.city.reading.signs import DrivenLink, Signs
from twin.city.reading.squares import Square, lines_across
from twin.city.reading.stop_areas import passages
from twin.city.reading.turning import arcs_of_turns, find_turns

LayerName = Literal["drive", "walk"]

#: Two nodes may fall on one spot where a map doubles them; a link between them is not shorter than this.
_LEAST_LENGTH_M = 0.1


@dataclass(frozen=True)
class Ground:
    """What both layers are built on: the raw map in metres."""

    raw: RawMap
    x_m: list[float]
    y_m: list[float]
    crs: str
    place_rows: frozenset[int]
    params: CityBuildParams
    #: Rows at which driven streets leave the map, with the largest of their streets; filled by the drive layer.
    edges: dict[int, tuple[Edge, Piece]] = field(default_factory=dict)

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
    raw, shapes, kept = ground.raw, ground.shapes, set(ground.place_rows)
    lines: list[Line] = [(way.rows, facts, way.way_id) for way, facts in ways]
    signals: set[int] = set()
    signs = Signs()
    if layer == "drive":
        turns = find_turns(raw, ground.x_m, ground.y_m, counts)
        cut_rows, arcs = arcs_of_turns(turns)
        shut = {row for row, access in raw.barriers.items() if always_closed(access)}
        lines = split_at(raw, ground.x_m, ground.y_m, lines, shut)
        passed = set(raw.barriers) - shut
        kept |= cut_rows | passed | raw.border
        signals = set(np.flatnonzero(raw.signal).tolist()) & {row for rows, _, _ in lines for row in rows}
        pieces = drop_doubles(cut_at_junctions(lines, kept | signals, shapes))
        pieces, gates = close_behind_gates(
            pieces, {row: raw.barriers[row].local for row in sorted(passed) if raw.barriers[row].local}
        )
        barred = {row: closings(raw.barriers[row].also_closed(gates.get(row, 0))) for row in passed}
        crossings = {row for row in signals if raw.crossing[row]}
        signals, moved = move_signals(pieces, signals, crossings, ground.params.signal_reach_m)
        counts["drive: lights on an approach, given to their junction"] = moved
        counts["drive: streets cut at barriers that let no vehicle pass"] = len(shut)
        signs = Signs(turns, arcs, barred, _arrows(raw))
    else:
        lines += _across_squares(ground, ways, counts)
        lines += passages(raw.stop_areas, lines, ground.x_m, ground.y_m, counts)
        lines = split_at(raw, ground.x_m, ground.y_m, lines, raw.walk_barriers)
        ground, lines = _joined(ground, lines, counts)
        raw, shapes = ground.raw, ground.shapes
        pieces = drop_doubles(cut_at_junctions(lines, kept, shapes))
    pieces = join_chains(pieces, kept | signals)
    limit_m = ground.params.junction_cluster_m
    if layer == "drive":
        pieces = settle_local(pieces, kept, limit_m, shapes)
    driven = layer == "drive"
    pieces, clusters = draw_in_short(
        pieces, limit_m, kept | signals, shapes, stays=signs.keep if driven else None, one_ways=driven
    )
    counts[f"{layer}: links shorter than {limit_m:g} m, drawn into junctions"] = clusters.links_gone
    represent = clusters.representative
    signals = {represent.get(node, node) for node in signals}
    kept = {represent.get(node, node) for node in kept}
    if driven:
        near = rows_near_bounds(raw.lon_deg, raw.lat_deg, raw.bounds_deg)
        edges = edges_of(pieces, *({represent.get(row, row) for row in rows} for rows in (raw.border, near)))
        pieces = keep_driven(pieces, edges, counts, _marker(raw, layer))
        if not pieces:
            return empty_layer(ground.crs)
        ground.edges.update(edge_nodes(edges, pieces))
        kept |= set(ground.edges)
    else:
        pieces = _main_part(pieces, layer, counts, _marker(raw, layer))
    pieces = join_chains(pieces, kept | signals)
    pieces, counts[f"{layer}: short loops left out"] = break_loops(pieces, limit_m, shapes)
    members: dict[int, list[int]] = {}
    for node, chosen in represent.items():
        members.setdefault(chosen, []).append(node)
    return _to_layer(ground, layer, pieces, signals, members, signs, counts)


def _arrows(raw: RawMap) -> dict[tuple[int, int], str]:
    """``turn:lanes`` by the pair of rows by which a way ends, seen along the lanes."""
    out: dict[tuple[int, int], str] = {}
    for way in raw.ways:
        if way.facts.drive is None:
            continue
        forward, backward = way.facts.arrows
        if forward:
            out[way.rows[-2], way.rows[-1]] = forward
        if backward:
            out[way.rows[1], way.rows[0]] = backward
    return out


def _marker(raw: RawMap, layer: LayerName) -> Callable[[Piece], None]:
    """Marks streets that are left out."""

    def lost(piece: Piece) -> None:
        words = f"{layer}: streets that cannot be reached from everywhere and back, left out"
        raw.mark(words, WAY, piece.way_id, piece.nodes[len(piece.nodes) // 2])

    return lost


def _main_part(
    pieces: Sequence[Piece], layer: LayerName, counts: Counter[str], lost: Callable[[Piece], None]
) -> list[Piece]:
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
    for piece, is_inside in zip(pieces, inside, strict=True):
        if not is_inside or part[index[piece.nodes[0]]] != main:
            lost(piece)
    lost_m = sum(piece.length_m for piece in pieces) - sum(piece.length_m for piece in kept)
    counts[f"{layer}: nodes that cannot be reached from everywhere and back, left out"] = int((part != main).sum())
    counts[f"{layer}: metres of street left out with them"] = round(lost_m)
    return kept


def _across_squares(ground: Ground, ways: Sequence[tuple[RawWay, StreetFacts]], counts: Counter[str]) -> list[Line]:
    """Ways across squares, drawn as ways or as relations, between the streets that meet them."""
    ends = count_ends(way.rows for way, _ in ways)
    squares, rims = [], Counter[int]()
    for way, facts in ways:
        if way.facts.area and len(way.rows) >= 4 and way.rows[0] == way.rows[-1]:
            squares.append(Square(way.way_id, way.rows, (), facts, rim_drawn=True))
            rims.update(count_ends([way.rows]))
    drawn = {frozenset(way.rows) for way, _ in ways}
    for raw in ground.raw.squares:
        over = raw.facts.walk
        for outer, inner in _parts(ground, raw):
            if over is not None:
                squares.append(Square(raw.square_id, outer, inner, over, frozenset(outer) in drawn))
    # Whoever is met more often than by the rims of squares is met by a street; two squares meet one another too.
    shared = Counter(row for square in squares for ring in (square.outer, *square.inner) for row in set(ring))

    def meets(row: int) -> bool:
        return ends[row] > rims[row] or shared[row] > 1 or row in ground.place_rows

    # Steps that come up in the middle of a square share no node with its rim.
    loose = {
        row: facts.flags & (TUNNEL | COVERED)
        for way, facts in ways
        if not way.facts.area
        for row in (way.rows[0], way.rows[-1])
        if ends[row] == 1
    }
    return lines_across(squares, meets, loose, ground.x_m, ground.y_m, counts)


def _joined(ground: Ground, lines: list[Line], counts: Counter[str]) -> tuple[Ground, list[Line]]:
    """Streets joined to their pavements, and the map with the nodes that this takes."""
    x_m, y_m, raw = list(ground.x_m), list(ground.y_m), ground.raw
    lines, nodes = join_pavements(lines, raw.separate, x_m, y_m, counts)
    if not nodes:
        return ground, lines

    def between(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.append(values, [values[n.first] + n.share * (values[n.second] - values[n.first]) for n in nodes])

    nowhere = np.zeros(len(nodes), np.bool_)
    raw = replace(
        raw,
        node_id=np.append(raw.node_id, [node.node_id for node in nodes]),
        lon_deg=between(raw.lon_deg),
        lat_deg=between(raw.lat_deg),
        signal=np.append(raw.signal, nowhere),
        crossing=np.append(raw.crossing, nowhere),
    )
    return replace(ground, raw=raw, x_m=x_m, y_m=y_m), lines


def _parts(ground: Ground, square: RawSquare) -> list[tuple[tuple[int, ...], tuple[tuple[int, ...], ...]]]:
    """Each outer ring with the holes that lie in it."""
    if len(square.outer) == 1:
        return [(square.outer[0], square.inner)]
    from shapely import Point, Polygon, prepare

    left = list(square.inner)
    parts = []
    for outer in square.outer:
        plan = Polygon([(ground.x_m[row], ground.y_m[row]) for row in outer])
        prepare(plan)
        own = [ring for ring in left if plan.covers(Point(ground.x_m[ring[0]], ground.y_m[ring[0]]))]
        left = [ring for ring in left if ring not in own]
        parts.append((outer, tuple(own)))
    return parts


def _to_layer(
    ground: Ground,
    layer: LayerName,
    pieces: Sequence[Piece],
    signals: set[int],
    members: Mapping[int, Sequence[int]],
    signs: Signs,
    counts: Counter[str],
) -> StreetLayer:
    """Arrays from the final pieces. Nodes are sorted by their id in the map."""
    raw = ground.raw
    rows = sorted({node for piece in pieces for node in (piece.nodes[0], piece.nodes[-1])})
    index = {row: i for i, row in enumerate(rows)}
    crossed = _half_way_nodes(raw) if layer == "walk" else set()
    links: list[Link] = []
    driven: list[DrivenLink] = []
    for piece in pieces:
        flags = piece.facts.flags | (_crossings_on(piece, raw) if layer == "walk" else 0)
        shape = tuple((ground.x_m[r], ground.y_m[r]) for r in piece.nodes[1:-1])
        a, b = piece.nodes[0], piece.nodes[-1]
        for direction, start, end, line in (
            (piece.facts.forward, a, b, shape),
            (piece.facts.backward, b, a, shape[::-1]),
        ):
            if direction is not None:
                own = flags & ~SIGNALISED if start in crossed else flags
                links.append(_link(piece, direction, index[start], index[end], line, own))
                if layer == "drive":
                    driven.append(DrivenLink(piece, direction, start == a, index[start], index[end]))
    signal, crossing = _node_marks(raw, layer, rows, links, signals, members)
    take = np.array(rows, np.int64)
    return assemble_layer(
        node_id=raw.node_id[take],
        x_m=np.array(ground.x_m)[take],
        y_m=np.array(ground.y_m)[take],
        lon_deg=raw.lon_deg[take],
        lat_deg=raw.lat_deg[take],
        links=links,
        signal=signal,
        crossing=crossing,
        aliases=_aliases(raw),
        crs=ground.crs,
        rules=(lambda rows: signs.rules(driven, rows, ground.x_m, ground.y_m, counts)) if driven else None,
    )


def _link(
    piece: Piece, direction: Direction, start: int, end: int, shape: tuple[tuple[float, float], ...], flags: int
) -> Link:
    facts = piece.facts
    return Link(
        start=start,
        end=end,
        free_speed_mps=direction.speed_mps,
        lanes=direction.lanes,
        road_class=facts.road_class,
        name=facts.name,
        way_id=piece.way_id,
        width_m=facts.width_m or float("nan"),
        flags=flags,
        shape=shape,
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
    raw: RawMap,
    layer: LayerName,
    rows: Sequence[int],
    links: Sequence[Link],
    signals: set[int],
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
