"""OSMnx graphs: GraphML files as it writes them."""

from __future__ import annotations

import gzip

import networkx as nx
import numpy as np
import osmnx as ox
import pytest

from twin.city.keeping.build import build_city
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
