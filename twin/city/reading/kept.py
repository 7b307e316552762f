"""Which streets of the drive layer stay: those that a class can come to and leave again, or over the edge."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.city.reading.contract import Piece, count_ends
from twin.city.reading.raw_map import Direction
from twin.city.reading.road_classes import CLASS_INDEX, ROAD_CLASSES
from twin.city.reading.vehicles import ALL, MAP_VEHICLES

#: A one-way street of these classes that ends at no other street leaves the map: such roads do not just stop.
THROUGH_CLASSES = frozenset(
    CLASS_INDEX[f"{name}{link}"] for name in ("motorway", "trunk", "primary", "secondary", "tertiary")
    for link in ("", "_link")
)


class Edge(NamedTuple):
    """A node where streets leave the map: whether traffic comes in there, and goes out."""

    comes_in: bool
    goes_out: bool


def usable(direction: Direction | None) -> int:
    """Classes that may use a direction at some hour."""
    if direction is None:
        return 0
    open_to = ~direction.closed & ALL
    for hours in direction.hours:
        open_to |= ~hours.closed & ALL
    return open_to


def edges_of(pieces: Sequence[Piece], border: set[int]) -> dict[int, Edge]:
    """Nodes at which streets leave the map."""
    ends = count_ends([piece.nodes[0], piece.nodes[-1]] for piece in pieces)
    out: dict[int, Edge] = {}
    for piece in pieces:
        for node, away, towards in (
            (piece.nodes[0], piece.facts.forward, piece.facts.backward),
            (piece.nodes[-1], piece.facts.backward, piece.facts.forward),
        ):
            one_way = (away is None) != (towards is None)
            stops = ends[node] == 1 and one_way and piece.facts.road_class in THROUGH_CLASSES
            if node in border or stops:
                before = out.get(node, Edge(False, False))
                out[node] = Edge(before.comes_in or away is not None, before.goes_out or towards is not None)
    return out


def keep_driven(pieces: Sequence[Piece], edges: Mapping[int, Edge], counts: Counter[str]) -> list[Piece]:
    """Pieces that some class can reach from the largest connected part or from the edge, and leave again likewise.

    What goes is counted in nodes and metres, by class of road and by what is wrong with it.
    """
    nodes = sorted({node for piece in pieces for node in (piece.nodes[0], piece.nodes[-1])})
    index = {node: i for i, node in enumerate(nodes)}
    ends = np.array([(index[p.nodes[0]], index[p.nodes[-1]]) for p in pieces], np.int64).reshape(-1, 2)
    length_m = np.array([piece.length_m for piece in pieces])
    rights = np.array([(usable(p.facts.forward), usable(p.facts.backward)) for p in pieces], np.int64).reshape(-1, 2)
    comes_in = np.array([index[node] for node, edge in edges.items() if edge.comes_in], np.int64)
    goes_out = np.array([index[node] for node, edge in edges.items() if edge.goes_out], np.int64)
    kept = np.zeros(len(pieces), np.bool_)
    node_kept = np.zeros(len(nodes), np.bool_)
    done: set[bytes] = set()
    for i in range(len(MAP_VEHICLES)):
        may = (rights >> i & 1).astype(bool)
        key = np.packbits(may).tobytes()
        if key in done:
            continue
        done.add(key)
        arcs = np.concatenate([ends[may[:, 0]], ends[may[:, 1]][:, ::-1]])
        main = _largest_part(arcs, ends, length_m, len(nodes))
        from_main = _reached(arcs, np.concatenate([main, comes_in]), len(nodes))
        to_main = _reached(arcs[:, ::-1], np.concatenate([main, goes_out]), len(nodes))
        a, b = ends[:, 0], ends[:, 1]
        kept |= may[:, 0] & from_main[a] & to_main[b] | may[:, 1] & from_main[b] & to_main[a]
        node_kept |= from_main & to_main
    _count_lost(pieces, kept, node_kept, length_m, counts)
    return [piece for piece, stays in zip(pieces, kept, strict=True) if stays]


def _largest_part(
    arcs: NDArray[np.int64], ends: NDArray[np.int64], length_m: NDArray[np.float64], count: int
) -> NDArray[np.int64]:
    """Nodes of the longest part in which every node can be reached from every other."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    matrix = coo_matrix((np.ones(len(arcs), np.int8), (arcs[:, 0], arcs[:, 1])), shape=(count, count)).tocsr()
    parts, part = connected_components(matrix, directed=True, connection="strong")
    inside = part[ends[:, 0]] == part[ends[:, 1]]
    metres = np.bincount(part[ends[inside, 0]], weights=length_m[inside], minlength=parts)
    # Parts come numbered by the search; of two equally long ones the part with the lowest node stays.
    longest = np.flatnonzero(metres >= metres.max() - 1e-9)
    first = min(longest.tolist(), key=lambda k: int(np.flatnonzero(part == k)[0]))
    return np.flatnonzero(part == first)


def _reached(arcs: NDArray[np.int64], roots: NDArray[np.int64], count: int) -> NDArray[np.bool_]:
    """(n,) bool: nodes that arcs lead to from any root."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import breadth_first_order

    starts = np.concatenate([arcs[:, 0], np.full(len(roots), count)])
    stops = np.concatenate([arcs[:, 1], roots])
    matrix = coo_matrix((np.ones(len(starts), np.int8), (starts, stops)), shape=(count + 1, count + 1)).tocsr()
    order = breadth_first_order(matrix, count, directed=True, return_predecessors=False)
    out = np.zeros(count + 1, np.bool_)
    out[order] = True
    return out[:-1]


def _count_lost(
    pieces: Sequence[Piece], kept: NDArray[np.bool_], node_kept: NDArray[np.bool_], length_m: NDArray[np.float64],
    counts: Counter[str],
) -> None:
    counts["drive: nodes that cannot be reached from everywhere and back, left out"] = int((~node_kept).sum())
    counts["drive: metres of street left out with them"] = round(float(length_m[~kept].sum()))
    lost: dict[tuple[str, str], float] = defaultdict(float)
    for piece, stays in zip(pieces, kept, strict=True):
        if not stays:
            one_way = (piece.facts.forward is None) != (piece.facts.backward is None)
            why = "one-way streets with no way on or no way in" if one_way else "streets apart from the rest"
            lost[why, ROAD_CLASSES[piece.facts.road_class]] += piece.length_m
    for (why, name), metres in lost.items():
        counts[f"drive: of these metres, {why}: {name}"] = round(metres)


def edge_nodes(edges: Mapping[int, Edge], pieces: Iterable[Piece]) -> dict[int, tuple[Edge, Piece]]:
    """Edges that stay, each with the largest of its streets."""
    out: dict[int, tuple[Edge, Piece]] = {}
    for piece in pieces:
        for node in (piece.nodes[0], piece.nodes[-1]):
            if node in edges and (node not in out or piece.facts.road_class < out[node][1].facts.road_class):
                out[node] = edges[node], piece
    return out
