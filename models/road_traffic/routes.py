"""Shortest routes on the drive layer, as links: trees by destination, kept until the costs change."""

from __future__ import annotations

from twin.arrays import Floats, Ints
from twin.city.city import StreetLayer
from twin.city.routing.ways import CAR, Tree


class RouteTrees:
    """Shortest paths towards destinations, one tree per destination, made when first asked for.

    Parameters
    ----------
    drive
        The drive layer.
    cost_s : (m,) float64
        Cost of each link, greater than 0; infinite where driving is not allowed.
    vehicle_class, at_s
        Whose rules of the layer hold, and at which moment; by default what always holds for cars.
    """

    def __init__(self, drive: StreetLayer, cost_s: Floats, vehicle_class: str = CAR, at_s: float | None = None) -> None:
        self._drive, self._class, self._at_s = drive, vehicle_class, at_s
        self.set_costs(cost_s)

    def set_costs(self, cost_s: Floats) -> None:
        """Replace the costs; trees are made anew."""
        self.cost_s = cost_s
        self._trees: dict[int, Tree] = {}

    def tree(self, to_node: int) -> Tree:
        """Ways to one node."""
        if to_node not in self._trees:
            self._trees[to_node] = Tree(self._drive, to_node, self.cost_s, vehicle_class=self._class, at_s=self._at_s)
        return self._trees[to_node]

    def path(self, from_node: int, to_node: int, after_link: int = -1) -> Ints | None:
        """Links from one node to another, or on from the end of a link just driven; None if there is no way."""
        return self.tree(to_node).path(from_node, after_link)
