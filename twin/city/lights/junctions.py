"""Lights that belong together: the signalised nodes of one junction, their approaches, and waves of green."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from twin.arrays import Flags, Floats, Ints
from twin.city.city import StreetLayer

#: A street both of whose directions have at least this share of its lanes and driving time runs both ways.
_BOTH_WAYS = 0.25


class Junctions:
    """Signalised nodes joined by short links are one junction: nobody is stopped twice inside it.

    A crossing of two roads with separate carriageways or side lanes is several nodes of the map. With a plan of its
    own at each of them, a link between two of them holds a car or two, and these wait for green there, before a full
    approach: one car per cycle then passes.

    Parameters
    ----------
    drive
        The drive layer.
    is_open : (m,) bool
        Links that are not closed for good.
    within_m
        Links up to this length between two lights are inside a junction.

    Attributes
    ----------
    of_node : (n,) int32
        Number of the junction of each node; nodes without lights are alone.
    approaches : (k,) int64
        Links that lead to a junction with lights from outside, in the order of junctions, then of links.
    """

    def __init__(self, drive: StreetLayer, is_open: Flags, within_m: float) -> None:
        lit = np.asarray(drive.signal, bool)
        inside = np.flatnonzero(is_open & (drive.length_m <= within_m) & lit[drive.link_from] & lit[drive.link_to])
        n = drive.node_count
        graph = csr_array((np.ones(len(inside)), (drive.link_from[inside], drive.link_to[inside])), shape=(n, n))
        self.of_node: Ints = connected_components(graph, directed=False)[1].astype(np.int32)
        to = self.of_node[drive.link_to]
        enters = np.flatnonzero(is_open & lit[drive.link_to] & (self.of_node[drive.link_from] != to))
        self.approaches = enters[np.argsort(to[enters], kind="stable")]
        self._to = to

    def approaches_of(self, node: int) -> NDArray[np.intp]:
        """Links that lead to the junction of a node from outside."""
        return self.approaches[self._to[self.approaches] == self.of_node[node]]

    def groups(self) -> list[NDArray[np.intp]]:
        """Approaches of each junction with lights."""
        cuts = np.flatnonzero(np.diff(self._to[self.approaches])) + 1
        return np.split(self.approaches, cuts) if len(self.approaches) else []


def green_centres(
    drive: StreetLayer, links: NDArray[np.intp], junctions: Junctions, time_s: Floats, cycle_s: float
) -> dict[int, float]:
    """Middle of green at each junction of one street, so that platoons meet green at free flow.

    Where the street runs one way, it is the driving time from its beginning. Where it runs both ways, it is 0 or half
    a cycle, whichever is nearer to the driving time: the best offsets for both directions at equal speeds
    (Little, Martin and Morgan 1966).

    Parameters
    ----------
    links
        Links of the street.
    time_s : (m,) float64
        Free-flow seconds of every link.

    Returns
    -------
    dict
        Number of a junction -> seconds; nodes without lights are in it too.
    """
    from_, to = junctions.of_node[drive.link_from[links]], junctions.of_node[drive.link_to[links]]
    outer = np.flatnonzero(from_ != to)
    nodes, ends = np.unique(np.concatenate([from_[outer], to[outer]]), return_inverse=True)
    a, b = ends[: len(outer)], ends[len(outer) :]
    pair = np.minimum(a, b) * len(nodes) + np.maximum(a, b)
    shortest = np.lexsort((time_s[links[outer]], pair))
    shortest = shortest[np.diff(pair[shortest], prepend=-1) > 0]
    graph = csr_array((time_s[links[outer[shortest]]], (a[shortest], b[shortest])), shape=(len(nodes), len(nodes)))
    out: dict[int, float] = {}
    count, part = connected_components(graph, directed=False)
    weight = drive.lanes[links[outer]] * time_s[links[outer]]
    for k in range(count):
        mine = np.flatnonzero(part == k)
        far = _farthest(graph, int(mine[0]))[0]
        at_s = _farthest(graph, far)[1]
        here = part[a] == k
        ahead = weight[here & (at_s[b] > at_s[a])].sum()
        back = weight[here & (at_s[b] < at_s[a])].sum()
        if min(ahead, back) >= _BOTH_WAYS * (ahead + back):
            centre_s = np.where(np.cos(2 * np.pi * at_s[mine] / cycle_s) >= 0, 0.0, cycle_s / 2)
        else:
            centre_s = at_s[mine] if ahead > back else -at_s[mine]
        out.update(zip(nodes[mine].tolist(), centre_s.tolist(), strict=True))
    return out


def _farthest(graph: csr_array, start: int) -> tuple[int, Floats]:
    """The node farthest from one, in either direction of links, and how far all are."""
    far_s = dijkstra(graph, directed=False, indices=start)
    return int(np.argmax(np.where(np.isfinite(far_s), far_s, -1.0))), far_s
