"""Shortest routes on the drive layer, as links: trees by destination, kept until the costs change."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.city.city import StreetLayer
from twin.city.routing.ways import next_link_to

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]


class RouteTrees:
    """Shortest paths towards destinations, one tree per destination, made when first asked for.

    Parameters
    ----------
    drive
        The drive layer.
    cost_s : (m,) float64
        Cost of each link, greater than 0; infinite where driving is not allowed.
    """

    def __init__(self, drive: StreetLayer, cost_s: Floats) -> None:
        self._drive = drive
        self.set_costs(cost_s)

    def set_costs(self, cost_s: Floats) -> None:
        """Replace the costs; trees are made anew."""
        self.cost_s = cost_s
        self._next: dict[int, Ints] = {}

    def next_link(self, to_node: int) -> Ints:
        """(n,) int32: link to take at every node towards a destination, -1 at it and where there is no way."""
        if to_node not in self._next:
            self._next[to_node] = next_link_to(self._drive, to_node, self.cost_s)
        return self._next[to_node]

    def path(self, from_node: int, to_node: int) -> Ints | None:
        """Links from one node to another; None if there is no way."""
        onward = self.next_link(to_node)
        links = []
        node = from_node
        while node != to_node:
            link = int(onward[node])
            if link < 0:
                return None
            links.append(link)
            node = int(self._drive.link_to[link])
        return np.array(links, np.int32)
