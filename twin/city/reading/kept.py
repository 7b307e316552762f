"""Which streets of the drive layer stay: those that a class can come to and leave again, or over the edge."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.city.reading.contract import Piece, count_ends
from twin.city.reading.drive_rights import with_local
from twin.city.reading.raw_map import Direction, RawPlace, StreetFacts
from twin.city.reading.road_classes import CLASS_INDEX, ROAD_CLASSES
from twin.city.reading.vehicles import ALL, MAP_VEHICLES

#: A one-way street of these classes that ends at no other street leaves the map: such roads do not just stop.
THROUGH_CLASSES = frozenset(
    CLASS_INDEX[f"{name}{link}"]
    for name in ("motorway", "trunk", "primary", "secondary", "tertiary")
    for link in ("", "_link")
)


_NEAR_M = 20.0
#: Larger roads: background traffic comes and goes by them; smaller ones are left to residents.
_ENTRY_CLASSES = THROUGH_CLASSES | {CLASS_INDEX["unclassified"]}


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


def edges_of(pieces: Sequence[Piece], border: set[int], near: set[int]) -> dict[int, Edge]:
    """Nodes at which streets leave the map.

    Parameters
    ----------
    pieces
        All streets.
    border
        Nodes at which a street is known to go on beyond the file.
    near
        Nodes at the edge of the box by which the file was cut: whatever ends there is taken to go on.
    """
    ends = count_ends([piece.nodes[0], piece.nodes[-1]] for piece in pieces)
    away: set[int] = set()
    towards: set[int] = set()
    major: set[int] = set()
    for piece in pieces:
        for node, leaves, comes in (
            (piece.nodes[0], piece.facts.forward, piece.facts.backward),
            (piece.nodes[-1], piece.facts.backward, piece.facts.forward),
        ):
            away |= {node} if leaves is not None else set()
            towards |= {node} if comes is not None else set()
            major |= {node} if piece.facts.road_class in THROUGH_CLASSES else set()
    out: dict[int, Edge] = {}
    for node, count in ends.items():
        one_sided = (node in away) != (node in towards)
        if node in border or (one_sided and node in major) or (node in near and (one_sided or count == 1)):
            # Whoever comes in finds a way on, whoever goes out one to come by.
            out[node] = Edge(node in away, node in towards)
    return out


def rows_near_bounds(
    lon_deg: NDArray[np.float64], lat_deg: NDArray[np.float64], bounds_deg: tuple[float, float, float, float] | None
) -> set[int]:
    """Rows outside the box that cut a file, or within a street's width of its edge."""
    if bounds_deg is None:
        return set()
    west, south, east, north = bounds_deg
    tall = _NEAR_M / 111_000.0
    wide = tall / max(float(np.cos(np.radians((south + north) / 2))), 0.01)
    inside = (lon_deg > west + wide) & (lon_deg < east - wide) & (lat_deg > south + tall) & (lat_deg < north - tall)
    return set(np.flatnonzero(~inside).tolist())


def keep_driven(
    pieces: Sequence[Piece], edges: Mapping[int, Edge], counts: Counter[str], lost: Callable[[Piece], None]
) -> list[Piece]:
    """Pieces that some class can reach from the largest connected part or from the edge, and leave again likewise.

    What goes is counted in nodes and metres, by class of road and by what is wrong with it, and handed to ``lost``.
    """
    nodes = sorted({node for piece in pieces for node in (piece.nodes[0], piece.nodes[-1])})
    index = {node: i for i, node in enumerate(nodes)}
    ends = np.array([(index[p.nodes[0]], index[p.nodes[-1]]) for p in pieces], np.int64).reshape(-1, 2)
    length_m = np.array([piece.length_m for piece in pieces])
    rights = np.array([(usable(p.facts.forward), usable(p.facts.backward)) for p in pieces], np.int64).reshape(-1, 2)
    comes_in = np.array([index[node] for node, edge in edges.items() if edge.comes_in], np.int64)
    goes_out = np.array([index[node] for node, edge in edges.items() if edge.goes_out], np.int64)
    locals_ = np.array([_local(p.facts) for p in pieces], np.int64)
    behind = np.zeros(len(pieces), np.int64)
    kept = np.zeros(len(pieces), np.bool_)
    node_kept = np.zeros(len(nodes), np.bool_)
    done: dict[bytes, int] = {}
    for i in range(len(MAP_VEHICLES)):
        may = (rights >> i & 1).astype(bool)
        local = (locals_ >> i & 1).astype(bool)
        key = np.packbits(may).tobytes() + np.packbits(local).tobytes()
        if key in done:
            behind |= (behind >> done[key] & 1) << i
            continue
        done[key] = i
        arcs = _arcs(may, ends)
        main = _largest_part(arcs, ends, length_m, len(nodes))
        from_main = _reached(arcs, np.concatenate([main, comes_in]), len(nodes))
        to_main = _reached(arcs[:, ::-1], np.concatenate([main, goes_out]), len(nodes))
        a, b = ends[:, 0], ends[:, 1]
        if not len(main):
            continue
        kept |= may[:, 0] & from_main[a] & to_main[b] | may[:, 1] & from_main[b] & to_main[a]
        node_kept |= from_main & to_main
        if local.any():
            behind |= (_behind_local(may, local, ends, length_m, len(nodes)) & ~local).astype(np.int64) << i
    kept &= ~_small_fragments(pieces, ends, node_kept, kept)
    _count_lost(pieces, kept, node_kept, length_m, counts)
    for piece, stays in zip(pieces, kept, strict=True):
        if not stays:
            lost(piece)
    counts["drive: streets that can only be reached over ones of no through way, taken as such"] = int(
        np.count_nonzero(behind[kept])
    )
    return [
        with_local(piece, int(bits)) if bits else piece
        for piece, stays, bits in zip(pieces, kept, behind, strict=True)
        if stays
    ]


def _local(facts: StreetFacts) -> int:
    """Classes for which a street is no through way in either direction."""
    return (facts.forward.local if facts.forward else 0) | (facts.backward.local if facts.backward else 0)


def _behind_local(
    may: NDArray[np.bool_], local: NDArray[np.bool_], ends: NDArray[np.int64], length_m: NDArray[np.float64], count: int
) -> NDArray[np.bool_]:
    """(p,) bool: pieces that the main part reaches, or is reached from, over streets of no through way only."""
    openly = may & ~local[:, None]
    main = _largest_part(_arcs(openly, ends), ends, length_m, count)
    out = np.zeros(len(ends), np.bool_)
    for step in (1, -1):
        anyhow = _reached(_arcs(may, ends)[:, ::step], main, count)
        plainly = _reached(_arcs(openly, ends)[:, ::step], main, count)
        only = anyhow & ~plainly
        out |= only[ends].any(axis=1) & may.any(axis=1)
    return out


def _arcs(may: NDArray[np.bool_], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """(a, 2): ends of every direction that may be driven."""
    return np.concatenate([ends[may[:, 0]], ends[may[:, 1]][:, ::-1]])


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
    if not metres.size or metres.max() <= 0:
        return np.empty(0, np.int64)
    longest = np.flatnonzero(metres >= metres.max() - 1e-9)
    first = min(longest.tolist(), key=lambda k: int(np.flatnonzero(part == k)[0]))
    return np.flatnonzero(part == first)


def _small_fragments(
    pieces: Sequence[Piece], ends: NDArray[np.int64], node_kept: NDArray[np.bool_], kept: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Pieces of the parts that touch the rest nowhere and hold no through road: scraps at the edge of the map.

    Nodes of theirs are taken out of ``node_kept``.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    count = len(node_kept)
    own = ends[kept]
    matrix = coo_matrix((np.ones(len(own), np.int8), (own[:, 0], own[:, 1])), shape=(count, count)).tocsr()
    parts, part = connected_components(matrix, directed=False)
    metres = np.zeros(parts)
    through = np.zeros(parts, np.bool_)
    for piece, (a, _), stays in zip(pieces, ends.tolist(), kept.tolist(), strict=True):
        if stays:
            metres[part[a]] += piece.length_m
            through[part[a]] |= piece.facts.road_class in THROUGH_CLASSES
    scrap = ~through & (metres < metres.max(initial=0.0))
    node_kept &= ~scrap[part]
    return np.asarray(scrap[part[ends[:, 0]]] & kept)


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
    pieces: Sequence[Piece],
    kept: NDArray[np.bool_],
    node_kept: NDArray[np.bool_],
    length_m: NDArray[np.float64],
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


def edge_places(
    edges: Mapping[int, tuple[Edge, Piece]],
    node_id: NDArray[np.int64],
    lon_deg: NDArray[np.float64],
    lat_deg: NDArray[np.float64],
    taken: set[int],
) -> list[RawPlace]:
    """Entries of traffic where larger roads leave the map, except where the file itself declares one."""
    places = []
    for row, (edge, piece) in sorted(edges.items()):
        if piece.facts.road_class not in _ENTRY_CLASSES or row in taken:
            continue
        direction = "both" if edge.comes_in and edge.goes_out else "in" if edge.comes_in else "out"
        name, number = piece.facts.name, int(node_id[row])
        places.append(
            RawPlace(
                kind="entry",
                slug=f"edge-{number}",
                authored=False,
                name_ja=name,
                name_en="",
                lon_deg=float(lon_deg[row]),
                lat_deg=float(lat_deg[row]),
                row=row,
                attributes={"direction": direction},
                origin=f"node {number}, at the edge of the map",
            )
        )
    return places


def edge_nodes(edges: Mapping[int, Edge], pieces: Iterable[Piece]) -> dict[int, tuple[Edge, Piece]]:
    """Edges that stay, each with the largest of its streets."""
    out: dict[int, tuple[Edge, Piece]] = {}
    for piece in pieces:
        for node in (piece.nodes[0], piece.nodes[-1]):
            if node in edges and (node not in out or piece.facts.road_class < out[node][1].facts.road_class):
                out[node] = edges[node], piece
    return out
