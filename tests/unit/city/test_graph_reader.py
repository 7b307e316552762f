"""OSMnx graphs: GraphML files as it writes them, and downloads, here with the line replaced."""

from __future__ import annotations

import gzip

import networkx as nx
import numpy as np
import osmnx as ox
import pytest
import requests

from twin.city.keeping.build import build_city, build_from_bbox, build_from_place
from twin.errors import CityError


def same_layer(ours, theirs):
    np.testing.assert_array_equal(ours.node_id, theirs.node_id)
    np.testing.assert_array_equal(ours.link_from, theirs.link_from)
    np.testing.assert_array_equal(ours.link_to, theirs.link_to)
    np.testing.assert_array_equal(ours.lanes, theirs.lanes)
    np.testing.assert_allclose(ours.length_m, theirs.length_m, rtol=1e-6)
    np.testing.assert_allclose(ours.free_speed_mps, theirs.free_speed_mps)
    assert ours.names == theirs.names


@pytest.fixture
def town(cross):
    """A cross with a one-way street, a bend and lanes by direction."""
    cross.node(20, 80, 80)
    cross.way(20, [5, 20, 3], highway="tertiary", name="bend", oneway="yes", lanes="2")
    cross.way(21, [2, 4], highway="tertiary", name="uneven", lanes="3", lanes__forward="2")
    return cross


def graph_of(path, monkeypatch, *, simplify):
    monkeypatch.setattr(
        ox.settings, "useful_tags_way", [*ox.settings.useful_tags_way, "lanes:forward", "oneway", "foot"]
    )
    graph = ox.graph_from_xml(path, simplify=False, retain_all=True)
    # Without this OSMnx merges streets that change in their middle, and what they were is lost.
    return ox.simplify_graph(graph, edge_attrs_differ=["osmid"]) if simplify else graph


@pytest.mark.parametrize("simplify", [True, False])
@pytest.mark.parametrize("packed", [True, False])
def test_a_graph_saved_by_osmnx_gives_the_same_streets_as_its_map(tmp_path, build, town, monkeypatch, simplify, packed):
    city = build(town)
    graph = graph_of(tmp_path / "town.osm", monkeypatch, simplify=simplify)
    path = tmp_path / "town.graphml"
    ox.save_graphml(graph, path)
    if packed:
        path = tmp_path / "town.graphml.gz"
        path.write_bytes(gzip.compress((tmp_path / "town.graphml").read_bytes()))
    back = build_city(path)
    assert back.name == "town"
    same_layer(back.drive, city.drive)
    assert back.drive.signal.tolist() == city.drive.signal.tolist()


def test_a_projected_graph_is_brought_back_to_degrees(tmp_path, build, town, monkeypatch):
    city = build(town)
    graph = ox.project_graph(graph_of(tmp_path / "town.osm", monkeypatch, simplify=True), to_crs="EPSG:32653")
    ox.save_graphml(graph, tmp_path / "p.graphml")
    same_layer(build_city(tmp_path / "p.graphml").drive, city.drive)


def test_our_own_graph_can_be_read_again(tmp_path, build, town):
    city = build(town)
    ox.save_graphml(city.drive.graph, tmp_path / "own.graphml")
    back = build_city(tmp_path / "own.graphml")
    assert back.drive.node_id.tolist() == city.drive.node_id.tolist()
    np.testing.assert_allclose(back.drive.length_m.sum(), city.drive.length_m.sum(), rtol=1e-6)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda g: g.nodes[1].pop("x"), "without x and y"),
        (lambda g: g.nodes[1].update(x=900.0), "lies at longitude 900"),
        (lambda g: g.edges[1, 2, 0].update(geometry="LINESTRING (here, there)"), "a geometry that is no line"),
        (lambda g: [d.pop("highway") for _, _, d in g.edges(data=True)], "no edge of the graph has a highway"),
        (lambda g: g.graph.update(crs="EPSG:nonsense"), "unknown CRS"),
    ],
)
def test_a_graph_that_is_no_street_graph_is_refused(tmp_path, change, what):
    graph = nx.MultiDiGraph(crs="epsg:4326")
    graph.add_node(1, x=135.5, y=34.7)
    graph.add_node(2, x=135.501, y=34.7)
    graph.add_edge(1, 2, osmid=1, highway="residential", length=90.0)
    graph.add_edge(2, 1, osmid=1, highway="residential", length=90.0)
    change(graph)
    nx.write_graphml(graph, tmp_path / "g.graphml")
    with pytest.raises(CityError, match=what):
        build_city(tmp_path / "g.graphml")


def test_a_place_is_downloaded_with_its_stops(tmp_path, build, town, monkeypatch):
    import geopandas as gpd
    import pandas as pd
    from shapely import Point

    city = build(town)
    graph = graph_of(tmp_path / "town.osm", monkeypatch, simplify=False)
    monkeypatch.setattr(ox, "graph_from_place", lambda *_, **__: graph)
    tags_before = list(ox.settings.useful_tags_way)
    index = pd.MultiIndex.from_tuples([("node", 7), ("way", 8)], names=["element", "id"])
    stops = gpd.GeoDataFrame(
        {"highway": ["bus_stop", None], "shop": [None, "books"], "name": ["停留所", "本屋"], "seats": [np.nan, np.nan]},
        geometry=[Point(135.5001, 34.68), Point(135.5002, 34.6801)],
        index=index,
        crs="epsg:4326",
    )
    monkeypatch.setattr(ox, "features_from_place", lambda *_, **__: stops)
    got = build_from_place("Ikuno Ward, Osaka, Japan")
    assert got.name == "Ikuno Ward"
    same_layer(got.drive, city.drive)
    assert [(p.id, p.name_ja) for p in got.places] == [("Ikuno Ward/poi/w8", "本屋"), ("Ikuno Ward/stop/7", "停留所")]
    assert ox.settings.useful_tags_way == tags_before


def test_without_a_connection_one_is_told_what_to_do(monkeypatch):
    def offline(*_, **__):
        raise requests.exceptions.ConnectionError("Name or service not known")

    monkeypatch.setattr(ox, "graph_from_place", offline)
    monkeypatch.setattr(ox, "graph_from_bbox", offline)
    with pytest.raises(CityError, match="no connection") as caught:
        build_from_place("Ikuno, Osaka")
    assert "twin city build FILE" in caught.value.mend
    with pytest.raises(CityError, match="no connection"):
        build_from_bbox((135.49, 34.66, 135.51, 34.71))


def test_a_place_nobody_knows_is_told_apart_from_a_lost_connection(monkeypatch):
    def unknown(*_, **__):
        raise ox._errors.InsufficientResponseError("Nominatim geocoder returned 0 results")

    monkeypatch.setattr(ox, "graph_from_place", unknown)
    with pytest.raises(CityError, match="no streets for this place"):
        build_from_place("Atlantis")


@pytest.mark.parametrize("box", [(135.51, 34.66, 135.49, 34.71), (135.49, 34.71, 135.51, 34.66), (0, 0, 200, 1)])
def test_a_turned_box_is_refused(box):
    with pytest.raises(CityError, match="the box is no box"):
        build_from_bbox(box)


@pytest.mark.parametrize("length", ["double", "nan", "inf", "1e999", "ten"])
def test_a_length_that_is_no_number_is_named_with_its_edge(tmp_path, cross, monkeypatch, length):
    path = tmp_path / "town.osm"
    path.write_text(cross.text(), encoding="utf-8")
    graph = graph_of(path, monkeypatch, simplify=True)
    u, v, key = next(iter(graph.edges(keys=True)))
    graph.edges[u, v, key]["length"] = length
    saved = tmp_path / "town.graphml"
    ox.save_graphml(graph, saved)
    with pytest.raises(CityError, match="the length of an edge is no number") as fault:
        build_city(saved)
    assert f"edge from {u} to {v}" in fault.value.where
    assert "save_graphml" in fault.value.mend
