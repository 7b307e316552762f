"""Which nodes of a layer hang together for a class of vehicle."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.city.city import StreetLayer
from twin.city.routing.turns import closed_links, turn_graph

_HUBS = 7


def connected_nodes(layer: StreetLayer, vehicle_class: str = "car") -> NDArray[np.bool_]:
    """(n,) bool: nodes of the longest part in which a class can drive from every node to every other.

    Entries and exits at the edge of a map lie outside it where their streets run one way, and so do streets that banned
    turns leave to those who come over the edge.
    """
    return nodes_of_long_parts(layer, vehicle_class, 1.0)


def nodes_of_long_parts(layer: StreetLayer, vehicle_class: str, least_share: float) -> NDArray[np.bool_]:
    """(n,) bool: nodes of every such part whose streets are at least a share as long as those of the longest.

    Parameters
    ----------
    layer, vehicle_class
        Streets, and who drives.
    least_share
        From 0 to 1; 1 gives the longest part alone. Districts that no street joins are parts of their own.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    n = layer.node_count
    if n == 0:
        return np.zeros(0, np.bool_)
    may = layer.free_speed_mps > 0
    if not layer.rules.is_plain:
        may &= ~closed_links(layer, vehicle_class)
    start, end = layer.link_from[may], layer.link_to[may]
    matrix = coo_matrix((np.ones(len(start), np.int8), (start, end)), shape=(n, n)).tocsr()
    parts, part = connected_components(matrix, directed=True, connection="strong")
    inside = part[start] == part[end]
    metres = np.bincount(part[start[inside]], weights=layer.length_m[may][inside], minlength=parts)
    longest = int(np.argmax(metres))
    # Of equally long parts the first is the longest.
    is_long = (metres > 0) & (metres >= least_share * metres[longest]) & (least_share < 1.0)
    is_long[longest] = True
    found = np.zeros(n, np.bool_)
    for one in np.flatnonzero(is_long).tolist():
        found |= _within_turns(layer, vehicle_class, np.asarray(part == one))
    return found


def _within_turns(layer: StreetLayer, vehicle_class: str, found: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Nodes of a part that banned turns leave to everybody in it."""
    if turn_graph(layer, vehicle_class) is None:
        return found
    from twin.city.routing.ways import travel_times  # compiled code, which few maps need to be read

    nodes = np.flatnonzero(found)
    best = np.zeros(len(found), np.bool_)
    # Almost every node is as good as any other to start from; a few may lie where turns let nobody in or out.
    for hub in nodes[:: max(len(nodes) // _HUBS, 1)][:_HUBS].tolist():
        there = travel_times(layer, [hub], nodes, vehicle_class=vehicle_class)[0]
        back = travel_times(layer, nodes, [hub], vehicle_class=vehicle_class)[:, 0]
        both = nodes[np.isfinite(there) & np.isfinite(back)]
        if len(both) > best.sum():
            best[:] = False
            best[both] = True
    return best
