"""Routing at its door: what it refuses and how it says so."""

from __future__ import annotations

import numpy as np
import pytest

from twin.city.city import StreetLayer
from twin.city.reading.layers import Link, assemble_layer, empty_layer
from twin.city.routing import ways as routing
from twin.errors import CityError


@pytest.fixture
def street() -> StreetLayer:
    """Three nodes in a row, one way from the first to the last."""
    return assemble_layer(
        node_id=[11, 12, 13],
        x_m=[0.0, 100.0, 300.0],
        y_m=[0.0, 0.0, 0.0],
        lon_deg=[135.5, 135.501, 135.503],
        lat_deg=[34.7, 34.7, 34.7],
        links=[Link(0, 1, 10.0, name="御堂筋"), Link(1, 2, 10.0, name="御堂筋")],
    )


def test_times_are_length_over_free_speed(street: StreetLayer) -> None:
    assert routing.travel_times(street, [0, 1, 0], [2, 0]).tolist() == [[30.0, 0.0], [20.0, np.inf], [30.0, 0.0]]


def test_an_unreachable_place_is_named_with_its_street(street: StreetLayer) -> None:
    with pytest.raises(CityError, match=r"no way leads from Gate \(node 13 on 御堂筋 .*to Yard \(node 11 on 御堂筋"):
        routing.shortest_path(street, 2, 0, names=("Gate", "Yard"))
    with pytest.raises(CityError, match=r"from b .* to c "):
        routing.travel_times(street, [0, 2], [2, 0], names=(["a", "b"], ["d", "c"]))


def test_the_way_from_a_node_to_itself_is_empty(street: StreetLayer) -> None:
    assert routing.shortest_path(street, 1, 1).tolist() == []


@pytest.mark.parametrize("cost", [0.0, -1.0, np.nan])
def test_costs_that_are_not_greater_than_zero_are_refused(street: StreetLayer, cost: float) -> None:
    with pytest.raises(CityError, match="cost of link 1"):
        routing.next_link_to(street, 2, [1.0, cost])


def test_costs_of_the_wrong_length_are_refused(street: StreetLayer) -> None:
    with pytest.raises(CityError, match="2 links"):
        routing.travel_times(street, [0], [1], [1.0])


@pytest.mark.parametrize("node", [-1, 3])
def test_nodes_off_the_layer_are_refused(street: StreetLayer, node: int) -> None:
    with pytest.raises(CityError, match=f"{node} is no node"):
        routing.travel_times(street, [node], [0])


def test_points_snap_to_the_nearest_node(street: StreetLayer) -> None:
    assert routing.nearest_node(street, [-5.0, 190.0, 900.0], [3.0, 50.0, 0.0]).tolist() == [0, 1, 2]
    assert int(routing.nearest_node(street, 99.0, 1.0)) == 1


def test_an_empty_layer_takes_no_points() -> None:
    with pytest.raises(CityError, match="no streets"):
        routing.nearest_node(empty_layer("EPSG:6674"), 0.0, 0.0)


def test_a_link_without_length_is_refused() -> None:
    with pytest.raises(CityError, match=r"length of 0\.0 m"):
        assemble_layer(
            node_id=[1, 2], x_m=[0.0, 0.0], y_m=[0.0, 0.0], lon_deg=[0, 0], lat_deg=[0, 0], links=[Link(0, 1, 1.0)]
        )
