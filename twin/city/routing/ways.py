"""Ways through a street layer: times between places, shortest paths, trees towards a destination.

Costs are seconds per link: free-flow times unless the caller gives times measured on the road. A cost of inf
closes a link. Every answer is the same on every run: ties are broken by node and link index.

On a drive layer with rules every answer is for a class of vehicle, a car unless another is named, and obeys them:
links closed to it, streets of no through way, banned turns. With ``at_s`` the hours of that moment hold, without it
what always holds.

Searches are kernels and not networkx: a tree over Ikuno and Hirano (2,308 nodes) takes 0.35 ms of processor time
against 6.2 ms, and networkx knows no banned turns. Where an answer is needed once, scipy serves (``along.py``); tests
compare with networkx.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.arrays import Floats, Ints
from twin.city.city import StreetLayer
from twin.city.routing import kernels
from twin.city.routing.labels import LabelSearch
from twin.city.routing.turns import TurnGraph, closed_links, turn_graph
from twin.errors import CityError

CAR = "car"


def _costs(layer: StreetLayer, cost_s: ArrayLike | None) -> Floats:
    """Cost of every link, checked once at the door."""
    costs = layer.free_time_s if cost_s is None else np.ascontiguousarray(cost_s, np.float64)
    if costs.shape != (layer.link_count,):
        raise CityError(
            f"costs have the shape {costs.shape}, the layer has {layer.link_count} links",
            mend="give one cost in seconds per link of the layer",
        )
    bad = int(kernels.first_bad_cost(costs))
    if bad >= 0:
        raise CityError(f"the cost of link {bad} is {costs[bad]}", mend="give costs greater than 0; inf closes a link")
    return costs


def _lawful(
    layer: StreetLayer, costs: Floats, vehicle_class: str, at_s: float | None
) -> tuple[Floats, TurnGraph | None]:
    """Costs with what is closed to a class, and its labels if links and nodes are not enough."""
    if layer.rules.is_plain:
        return costs, None
    closed = closed_links(layer, vehicle_class, at_s)
    return np.where(closed, np.inf, costs) if closed.any() else costs, turn_graph(layer, vehicle_class, at_s)


def _nodes(layer: StreetLayer, nodes: ArrayLike, what: str) -> Ints:
    """Node indices as an array, checked once at the door."""
    indices = np.atleast_1d(np.asarray(nodes))
    if indices.ndim != 1 or (indices.size and indices.dtype.kind not in "iu"):
        raise CityError(f"{what} must be a list of node indices, got {nodes!r}")
    bad = np.flatnonzero((indices < 0) | (indices >= layer.node_count))
    if bad.size:
        raise CityError(
            f"{what} {int(indices[bad[0]])} is no node of a layer with {layer.node_count} nodes",
            mend="snap the place first: routing.nearest_node(layer, x_m, y_m)",
        )
    return indices.astype(np.int32)


def _forward(layer: StreetLayer) -> tuple[NDArray[np.int64], Ints, Ints]:
    return layer.out_ptr, layer.out_links, layer.link_to


def _backward(layer: StreetLayer) -> tuple[NDArray[np.int64], Ints, Ints]:
    ptr, links = layer.in_links
    return ptr, links, layer.link_from


def describe_node(layer: StreetLayer, node: int) -> str:
    """Node for people: its id, a street it lies on and where it is."""
    touching = np.flatnonzero((layer.link_from == node) | (layer.link_to == node))
    named = layer.name_index[touching]
    named = named[named >= 0]
    street = f" on {layer.names[int(named.min())]}" if named.size else ""
    return f"node {layer.node_id[node]}{street} ({layer.lat_deg[node]:.5f}, {layer.lon_deg[node]:.5f})"


def _unreachable(layer: StreetLayer, origin: int, destination: int, names: tuple[str, str] | None) -> CityError:
    first, last = describe_node(layer, origin), describe_node(layer, destination)
    if names is not None:
        first, last = f"{names[0]} ({first})", f"{names[1]} ({last})"
    return CityError(
        f"no way leads from {first} to {last}",
        mend="look for one-way streets or closed links between them, or move one of the places",
    )


def travel_times(
    layer: StreetLayer,
    sources: ArrayLike,
    targets: ArrayLike,
    cost_s: ArrayLike | None = None,
    *,
    names: tuple[Sequence[str], Sequence[str]] | None = None,
    vehicle_class: str = CAR,
    at_s: float | None = None,
) -> Floats:
    """Least travel times between two lists of nodes.

    Parameters
    ----------
    layer
        Drive or walk layer.
    sources : (s,) int
        Node indices; repeats are allowed and cost nothing.
    targets : (t,) int
        Node indices.
    cost_s : (m,) float64, optional
        Seconds per link, greater than 0; inf closes a link. Free-flow times by default.
    names
        Names of the sources and of the targets. With names an unreachable pair is an error that names both;
        without, its time is inf.
    vehicle_class, at_s
        Whose rules hold, and at which moment; see the head of this module.

    Returns
    -------
    (s, t) float64
        Seconds; 0 from a node to itself.

    Raises
    ------
    CityError
        If an index or cost is wrong, or, with ``names``, if a target cannot be reached.
    """
    costs = _costs(layer, cost_s)
    costs, graph = _lawful(layer, costs, vehicle_class, at_s)
    starts, ends = _nodes(layer, sources, "source"), _nodes(layer, targets, "target")
    unique_starts, start_row = np.unique(starts, return_inverse=True)
    unique_ends, end_row = np.unique(ends, return_inverse=True)
    # One tree per node of the shorter list: backwards from the targets if they are fewer.
    backwards = unique_ends.size < unique_starts.size
    roots, columns = (unique_ends, unique_starts) if backwards else (unique_starts, unique_ends)
    ptr, links, far_node = _backward(layer) if backwards else _forward(layer)
    wanted = np.zeros(layer.node_count, np.bool_)
    wanted[columns] = True
    table = np.empty((roots.size, columns.size), np.float64)
    if table.size and graph is not None:
        search = LabelSearch(layer, graph, costs)
        for row, root in enumerate(roots.tolist()):
            table[row] = (search.backward if backwards else search.forward)(root, wanted)[columns]
    elif table.size:
        kernels.cost_matrix(ptr, links, far_node, costs, roots, wanted, columns, table)
    times: Floats = np.ascontiguousarray((table.T if backwards else table)[np.ix_(start_row, end_row)])
    if names is not None and not np.isfinite(times).all():
        i, j = (int(k) for k in np.argwhere(~np.isfinite(times))[0])
        raise _unreachable(layer, int(starts[i]), int(ends[j]), (names[0][i], names[1][j]))
    return times


class Tree:
    """Shortest ways from everywhere to one node, as links.

    Parameters
    ----------
    layer
        Drive or walk layer.
    destination
        Node index.
    cost_s : (m,) float64, optional
        Seconds per link, greater than 0; inf closes a link. Free-flow times by default.
    vehicle_class, at_s
        Whose rules hold, and at which moment; see the head of this module.

    Attributes
    ----------
    time_s : (n,) float64
        Seconds to the destination; inf where it cannot be reached.

    Raises
    ------
    CityError
        If the destination or a cost is wrong.
    """

    def __init__(
        self,
        layer: StreetLayer,
        destination: int,
        cost_s: ArrayLike | None = None,
        *,
        vehicle_class: str = CAR,
        at_s: float | None = None,
    ) -> None:
        costs, self._graph = _lawful(layer, _costs(layer, cost_s), vehicle_class, at_s)
        self._layer, self._costs = layer, costs
        self._root = int(_nodes(layer, [destination], "destination")[0])
        if self._graph is None:
            self._first, self.time_s = _grow(
                layer, _backward(layer), costs, self._root, np.zeros(layer.node_count, np.bool_)
            )
        else:
            search = LabelSearch(layer, self._graph, costs)
            self.time_s = search.backward(self._root).copy()
            self._first, self._after = search.onward()

    def path(self, origin: int, after_link: int = -1) -> Ints | None:
        """Links from a node, in order; empty at the destination, None where no way leads.

        With ``after_link`` the way begins at the end of a link just driven, and the turn from it is lawful too.
        """
        if self._graph is None:
            return self._along(origin)
        graph, label = self._graph, int(self._first[origin])
        if after_link >= 0 and origin != self._root and not self._may_follow(after_link, label):
            search = LabelSearch(self._layer, graph, self._costs)
            wanted = np.zeros(self._layer.node_count, np.bool_)
            wanted[self._root] = True
            search.forward(origin, wanted, after_link=after_link)
            return search.path_to(self._root)
        if origin == self._root:
            return np.empty(0, np.int32)
        links = []
        while label >= 0:
            links.append(int(graph.base[label]))
            label = int(self._after[label])
        return np.array(links, np.int32) if links and label == -1 else None

    def _may_follow(self, link: int, label: int) -> bool:
        """Whether the plain turn from a link onto a label is like any other."""
        graph = self._graph
        if label < 0 or graph is None:
            return False
        if graph.reverse[link] == graph.base[label] or graph.stage[link] > graph.stage[label]:
            return False
        special = slice(int(graph.exc_ptr[link]), int(graph.exc_ptr[link + 1]))
        return not (graph.exc_to[special] == label).any()

    def _along(self, origin: int) -> Ints | None:
        room = np.empty(self._layer.node_count, np.int32)
        n = kernels.follow_tree(origin, self._root, self._first, self._layer.link_to, room)
        return None if n < 0 else room[:n].copy()

    @property
    def first_link(self) -> Ints:
        """(n,) int32: link to begin with at each node; -1 at the destination and where it cannot be reached."""
        if self._graph is None:
            return self._first
        return np.where(self._first >= 0, self._graph.base[self._first], -1).astype(np.int32)


def tree_to(
    layer: StreetLayer,
    destination: int,
    cost_s: ArrayLike | None = None,
    *,
    vehicle_class: str = CAR,
    at_s: float | None = None,
) -> tuple[Ints, Floats]:
    """Shortest ways from everywhere to one node.

    Where turns are banned, what follows a link depends on it: the links here are those to begin with, and whole ways
    are found with :class:`Tree`.

    Parameters
    ----------
    layer
        Drive or walk layer.
    destination
        Node index.
    cost_s : (m,) float64, optional
        Seconds per link, greater than 0; inf closes a link. Free-flow times by default.

    Returns
    -------
    next_link : (n,) int32
        Link to begin with at each node; -1 at the destination and where it cannot be reached.
    time_s : (n,) float64
        Seconds to the destination; inf where it cannot be reached.

    Raises
    ------
    CityError
        If the destination or a cost is wrong.
    """
    tree = Tree(layer, destination, cost_s, vehicle_class=vehicle_class, at_s=at_s)
    return tree.first_link, tree.time_s


def next_link_to(layer: StreetLayer, destination: int, cost_s: ArrayLike | None = None) -> Ints:
    """Link to take from each node towards a destination; see :func:`tree_to`."""
    return tree_to(layer, destination, cost_s)[0]


def shortest_path(
    layer: StreetLayer,
    origin: int,
    destination: int,
    cost_s: ArrayLike | None = None,
    *,
    names: tuple[str, str] | None = None,
    vehicle_class: str = CAR,
    at_s: float | None = None,
) -> Ints:
    """Links of the shortest path, in order; empty from a node to itself.

    Parameters
    ----------
    layer
        Drive or walk layer.
    origin, destination
        Node indices.
    cost_s : (m,) float64, optional
        Seconds per link, greater than 0; inf closes a link. Free-flow times by default.
    names
        Names of the two places, for the message.
    vehicle_class, at_s
        Whose rules hold, and at which moment; see the head of this module.

    Raises
    ------
    CityError
        If no way leads from one to the other; names both.
    """
    path = PathFinder(layer, cost_s, vehicle_class=vehicle_class, at_s=at_s).find(origin, destination)
    if path is None:
        raise _unreachable(layer, origin, destination, names)
    return path


class PathFinder:
    """Shortest paths between single pairs of nodes under one set of costs, by A*.

    Parameters
    ----------
    layer
        Drive or walk layer.
    cost_s : (m,) float64, optional
        Seconds per link, greater than 0; inf closes a link. Free-flow times by default.
    spread
        In [0, 1): every driver sees costs of their own, within 1 ± ``spread`` of these.
    stream
        Stream of the draws; a driver's tastes are drawn by their key.
    vehicle_class, at_s
        Whose rules hold, and at which moment; see the head of this module.
    """

    def __init__(
        self,
        layer: StreetLayer,
        cost_s: ArrayLike | None = None,
        *,
        spread: float = 0.0,
        stream: np.uint64 | None = None,
        vehicle_class: str = CAR,
        at_s: float | None = None,
    ) -> None:
        costs, graph = _lawful(layer, _costs(layer, cost_s), vehicle_class, at_s)
        self._layer, self._costs, self._spread = layer, costs, spread
        self._search = None if graph is None else LabelSearch(layer, graph, costs)
        self._wanted = np.zeros(layer.node_count, np.bool_)
        self._stream = np.uint64(0) if stream is None else stream
        self._least = float(kernels.least_cost_per_m(self._costs, layer.link_from, layer.link_to, layer.x_m, layer.y_m))
        count = layer.node_count
        self._distance, self._estimate = np.empty(count), np.empty(count)
        self._by_link, self._heap, self._place = (np.empty(count, np.int32) for _ in range(3))

    def find(self, origin: int, destination: int, key: int | np.uint64 = 0, *, after_link: int = -1) -> Ints | None:
        """Links of the shortest path, in order; empty from a node to itself, None where no way leads.

        With ``after_link`` it begins at the end of a link just driven, and the turn from it is lawful too.

        Raises
        ------
        CityError
            If a node is not of the layer.
        """
        layer = self._layer
        start, end = (int(i) for i in _nodes(layer, [origin, destination], "node"))
        if self._search is not None:
            if start == end:
                return np.empty(0, np.int32)
            self._wanted[end] = True
            self._search.forward(
                start,
                self._wanted,
                after_link=after_link,
                goal=end,
                rate=self._least * (1.0 - self._spread),
                stream=self._stream,
                key=np.uint64(key),
                spread=self._spread,
            )
            self._wanted[end] = False
            return self._search.path_to(end)
        found = kernels.find_path(
            *_forward(layer),
            self._costs,
            layer.x_m,
            layer.y_m,
            self._least,
            start,
            end,
            layer.name_index,
            self._stream,
            np.uint64(key),
            self._spread,
            self._distance,
            self._estimate,
            self._by_link,
            self._heap,
            self._place,
        )
        if not found:
            return None
        path = []
        node = end
        while node != start:
            path.append(int(self._by_link[node]))
            node = int(layer.link_from[path[-1]])
        return np.array(path[::-1], np.int32)


def _grow(
    layer: StreetLayer,
    adjacency: tuple[NDArray[np.int64], Ints, Ints],
    costs: Floats,
    root: int,
    wanted: NDArray[np.bool_],
) -> tuple[Ints, Floats]:
    count = layer.node_count
    time_s, by_link = np.empty(count, np.float64), np.empty(count, np.int32)
    heap, place = np.empty(count, np.int32), np.empty(count, np.int32)
    kernels.grow_tree(*adjacency, costs, root, wanted, time_s, by_link, heap, place)
    return by_link, time_s


def nearest_node(layer: StreetLayer, x_m: ArrayLike, y_m: ArrayLike) -> Ints:
    """Nearest node to each point, in metres of the layer's CRS.

    Parameters
    ----------
    layer
        Drive or walk layer; its search tree is built once.
    x_m, y_m : (k,) or scalar
        Positions.

    Returns
    -------
    (k,) int32
        Node indices; a scalar array for a scalar point.

    Raises
    ------
    CityError
        If the layer is empty or a coordinate is not finite.
    """
    if layer.node_count == 0:
        raise CityError("the layer has no streets to snap to", mend="use a map with streets of this kind")
    points = np.stack(np.broadcast_arrays(np.asarray(x_m, np.float64), np.asarray(y_m, np.float64)), axis=-1)
    if not np.isfinite(points).all():
        raise CityError(f"a point is not finite: {points[~np.isfinite(points).all(axis=-1)][:1].tolist()}")
    _, nearest = layer.node_tree.query(points)
    return np.asarray(nearest, np.int32)
