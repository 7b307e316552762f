"""Streets as a network space of Mesa."""

from __future__ import annotations

from types import SimpleNamespace

import mesa
import numpy as np
import pytest

from twin.engine.space import make_space
from twin.errors import EngineError

#: 0 to 1 twice, 1 to 2, 2 to 0; nothing leads to 3.
STREETS = SimpleNamespace(
    node_count=4,
    link_from=np.array([0, 0, 1, 2]),
    link_to=np.array([1, 1, 2, 0]),
    length_m=np.array([10.0, 20.0, 30.0, 40.0]),
)


def agents(*nodes):
    model = mesa.Model()
    for node in nodes:
        agent = mesa.Agent(model)
        if node is not None:
            agent.node = node
    return model.agents


def test_every_link_is_an_edge_and_every_node_a_place_even_where_no_street_is():
    graph = make_space(STREETS, agents()).G
    assert sorted(graph.nodes) == [0, 1, 2, 3]
    edges = {data["link_index"]: (a, b, data["length_m"]) for a, b, data in graph.edges(data=True)}
    assert edges == {0: (0, 1, 10.0), 1: (0, 1, 20.0), 2: (1, 2, 30.0), 3: (2, 0, 40.0)}


def test_agents_with_a_node_stand_there_and_the_others_nowhere():
    here = agents(2, None, 2, -1, 3)
    space = make_space(STREETS, here)
    assert [agent.pos for agent in here] == [2, None, 2, None, 3]
    assert space.get_cell_list_contents([2]) == [here[0], here[2]]


def test_a_city_without_streets_has_no_space():
    with pytest.raises(EngineError, match="no streets on which agents could stand"):
        make_space(None, [])
