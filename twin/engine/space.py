"""Places of agents: the streets of a city as a network space of Mesa."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import numpy as np
from mesa import Agent
from mesa.space import NetworkGrid
from numpy.typing import NDArray

from twin.errors import EngineError


class Streets(Protocol):
    """What a space needs of streets."""

    @property
    def node_count(self) -> int:
        """How many nodes."""
        ...

    @property
    def link_from(self) -> NDArray[np.int32]:
        """(m,) int32: node at which each link begins."""
        ...

    @property
    def link_to(self) -> NDArray[np.int32]:
        """(m,) int32: node at which each link ends."""
        ...

    @property
    def length_m(self) -> NDArray[np.float64]:
        """(m,) float64: length of each link."""
        ...


def make_space(streets: Streets | None, agents: Iterable[Agent]) -> NetworkGrid:
    """A network space of streets with the agents that have a ``node``, each at its own.

    Raises
    ------
    EngineError
        If there are no streets.
    """
    import networkx as nx

    if streets is None:
        raise EngineError(
            "this city has no streets on which agents could stand",
            where="space",
            mend="make it by twin.CityModel from a scenario, or give CityModel its drive layer: drive=city.drive",
        )
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(range(streets.node_count))
    ends = zip(streets.link_from.tolist(), streets.link_to.tolist(), streets.length_m.tolist(), strict=True)
    graph.add_edges_from((a, b, {"link_index": k, "length_m": metres}) for k, (a, b, metres) in enumerate(ends))
    space = NetworkGrid(graph)
    for agent in agents:
        node = getattr(agent, "node", -1)
        if node >= 0:
            space.place_agent(agent, node)
    return space
