"""All three districts, read by the ordinary importer."""

from __future__ import annotations

from functools import cache

import networkx as nx
import numpy as np
import pytest

from twin.city.city import City, StreetLayer
from twin.city.keeping.build import build_city
from twin.data import DISTRICTS, network_path

#: On the network itself: drive for what vehicles reach, walk for what people reach.
ON_DRIVE = ("stop", "gate", "yard", "entry", "depot")
ON_WALK = ("exit", "poi")


@cache
def district(name: str) -> City:
    return build_city(network_path(name))


def distance_m(layer: StreetLayer, node: int, x_m: float, y_m: float) -> float:
    return float(np.hypot(layer.x_m[node] - x_m, layer.y_m[node] - y_m))


@pytest.mark.parametrize("name", DISTRICTS)
def test_the_city_is_schematic_and_keeps_left_in_the_crs_of_osaka(name: str) -> None:
    city = district(name)
    assert city.schematic
    assert city.driving_side == "left"
    assert city.crs == "EPSG:6674"


@pytest.mark.parametrize("layer", ["drive", "walk"])
@pytest.mark.parametrize("name", DISTRICTS)
def test_every_node_is_reached_from_every_other_and_nothing_was_dropped(name: str, layer: str) -> None:
    city = district(name)
    streets: StreetLayer = getattr(city, layer)
    graph = nx.DiGraph(zip(streets.link_from.tolist(), streets.link_to.tolist(), strict=True))
    assert graph.number_of_nodes() == streets.node_count
    assert nx.is_strongly_connected(graph)
    assert city.report["dropped"] == {}


@pytest.mark.parametrize(
    ("name", "drive_km", "kinds"),
    [
        # Directed kilometres: two wards of 23.65 km2 with a street every 100 m both ways hold about
        # 23.65 * 2 * 10 km of streets, less what the outline cuts off, each in two directions.
        ("osaka_ikuno_hirano", (850, 950), {"stop": (240, 280), "station": (15, 15), "depot": (2, 2)}),
        ("osaka_midosuji", (100, 160), {"exit": (60, 60), "poi": (120, 160), "station": (12, 12), "entry": (19, 19)}),
        ("osaka_yumeshima", (15, 25), {"gate": (2, 2), "yard": (2, 2), "entry": (2, 2), "exit": (2, 2)}),
    ],
)
def test_counts_are_sensible(name: str, drive_km: tuple[float, float], kinds: dict[str, tuple[int, int]]) -> None:
    city = district(name)
    assert drive_km[0] < city.drive.length_m.sum() / 1e3 < drive_km[1]
    for kind, (least, most) in kinds.items():
        assert least <= len(city.places_of(kind)) <= most


@pytest.mark.parametrize("name", DISTRICTS)
def test_places_lie_on_the_layer_that_serves_them(name: str) -> None:
    city = district(name)
    for place in city.places:
        if place.attributes.get("attraction") == 0:
            continue  # the terminal's quay and the coach terminals are not walked to
        if place.kind in ON_DRIVE:
            assert distance_m(city.drive, place.drive_node, place.x_m, place.y_m) < 1.0, place.id
        elif place.kind in ON_WALK:
            assert distance_m(city.walk, place.walk_node, place.x_m, place.y_m) < 1.0, place.id
        else:
            layer, node = (city.drive, place.drive_node) if place.kind == "zone" else (city.walk, place.walk_node)
            assert distance_m(layer, node, place.x_m, place.y_m) < 500.0, place.id


@pytest.mark.parametrize("name", DISTRICTS)
def test_every_place_has_an_id_of_its_district_and_names_in_both_languages(name: str) -> None:
    for place in district(name).places:
        assert place.id.startswith(f"{name}/{place.kind}/")
        assert place.name_ja
        assert place.name_en
        assert place.name_en.isascii(), place.name_en


@pytest.mark.parametrize("name", DISTRICTS)
def test_no_street_is_named_partly_by_a_note(name: str) -> None:
    city = district(name)
    for layer in (city.drive, city.walk):
        assert not [street for street in layer.names if "authored" in street or "(" in street]
