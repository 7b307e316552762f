"""Searches over the labels of a turn graph, with their working memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats, Ints
from twin.city.city import StreetLayer
from twin.city.routing import turn_kernels
from twin.city.routing.turns import TurnGraph

_NO_SEEDS = np.empty(0, np.int32)


class LabelSearch:
    """Shortest paths over a turn graph under one set of costs.

    Parameters
    ----------
    layer
        The drive layer.
    graph
        Its labels for a class of vehicle.
    cost_s : (m,) float64
        Seconds per link; inf closes one.
    """

    def __init__(self, layer: StreetLayer, graph: TurnGraph, cost_s: Floats) -> None:
        self._layer, self._graph, self._cost_s = layer, graph, cost_s
        self._label_cost_s = np.ascontiguousarray(cost_s[graph.base])
        labels, nodes = graph.count, layer.node_count
        self._value, self._heap_key = np.empty(labels), np.empty(labels)
        self._parent, self._heap = np.empty(labels, np.int32), np.empty(labels, np.int32)
        self._origin, self._above = np.empty(labels, np.int32), np.empty(labels, np.int32)
        self._at_node, self._node_label = np.empty(nodes), np.empty(nodes, np.int32)
        self._closed, self._left = np.empty(nodes, np.bool_), np.empty(nodes, np.int32)
        self._waits = np.empty(nodes)
        self._nothing = np.zeros(nodes, np.bool_)

    def forward(
        self,
        root: int,
        wanted: NDArray[np.bool_],
        *,
        after_link: int = -1,
        goal: int = -1,
        rate: float = 0.0,
        stream: np.uint64 = np.uint64(0),  # noqa: B008
        key: np.uint64 = np.uint64(0),  # noqa: B008
        spread: float = 0.0,
    ) -> Floats:
        """(n,) float64: least cost to every node, from a node or from the end of a link just driven."""
        g, layer = self._graph, self._layer
        seeds = _NO_SEEDS if after_link < 0 else np.flatnonzero(g.plain & (g.base == after_link)).astype(np.int32)
        turn_kernels.grow_labels(
            g.out_ptr,
            g.outs,
            g.head,
            g.base,
            g.stage,
            g.reverse,
            g.uturn,
            g.exc_ptr,
            g.exc_to,
            g.exc_target,
            g.simple,
            self._label_cost_s,
            self._cost_s,
            seeds,
            root,
            wanted,
            goal,
            layer.x_m,
            layer.y_m,
            rate,
            layer.name_index,
            stream,
            key,
            spread,
            self._value,
            self._parent,
            self._origin,
            self._above,
            self._at_node,
            self._node_label,
            self._closed,
            self._left,
            self._waits,
            self._heap_key,
            self._heap,
        )
        return self._at_node

    def path_to(self, node: int) -> Ints | None:
        """Links of the way to a node, after :meth:`forward`; None where none leads."""
        if not np.isfinite(self._at_node[node]):
            return None
        links = []
        label = int(self._node_label[node])
        while label >= 0 and self._value[label] > 0.0:
            links.append(int(self._graph.base[label]))
            label = int(self._parent[label])
        return np.array(links[::-1], np.int32)

    def backward(self, root: int, wanted: NDArray[np.bool_] | None = None, exact: bool = False) -> Floats:
        """(n,) float64: least cost from every node to one."""
        g = self._graph
        wanted = self._nothing if wanted is None else wanted
        turn_kernels.grow_labels_back(
            g.in_ptr,
            g.ins,
            g.tail,
            g.base,
            g.stage,
            g.reverse,
            g.uturn,
            g.exc_ptr,
            g.exc_to,
            g.exc_target,
            g.plain,
            g.pre_ptr,
            g.pre,
            g.entered_simply,
            self._label_cost_s,
            self._cost_s,
            root,
            wanted,
            exact,
            self._value,
            self._parent,
            self._origin,
            self._above,
            self._at_node,
            self._node_label,
            self._closed,
            self._left,
            self._waits,
            self._heap_key,
            self._heap,
        )
        return self._at_node

    def onward(self) -> tuple[Ints, Ints]:
        """After :meth:`backward`: the label to begin with at each node, and the one after each label."""
        return self._node_label.copy(), self._parent.copy()
