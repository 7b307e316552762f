"""Contraction changes no distance: random towns against the segments they were drawn with."""

from __future__ import annotations

import itertools

import networkx as nx
import numpy as np
import pytest

from twin.city.routing import ways as routing


def random_town(osm, seed):
    """Bent, looping, one-way and doubled streets over random points; returns their raw segments."""
    generator = np.random.default_rng(seed)
    points = generator.uniform(0, 1500, (60, 2))
    for i, (x, y) in enumerate(points):
        osm.node(i + 1, float(x), float(y))
    raw = nx.MultiDiGraph()
    for way in range(45):
        refs = [int(r) + 1 for r in generator.choice(60, generator.integers(2, 7), replace=False)]
        if generator.random() < 0.1:
            refs.append(refs[0])
        oneway = ("yes", "-1", "no", "no", "no")[generator.integers(5)]
        name = "ab"[generator.integers(2)]
        osm.way(way + 1, refs, highway="residential", oneway=oneway, name=name)
        for a, b in itertools.pairwise(refs):
            if oneway != "-1":
                raw.add_edge(a, b)
            if oneway != "yes":
                raw.add_edge(b, a)
    return raw


@pytest.mark.parametrize("seed", range(12))
def test_distances_between_the_nodes_that_stay_are_those_along_the_segments(build, osm, seed):
    raw = random_town(osm, seed)
    city = build(osm, junction_cluster_m=0)
    drive = city.drive
    ids = drive.node_id.tolist()
    # Where every node and segment of the map lies in metres, the walk layer's shapes tell too; project anew.
    from twin.city.reading.projection import project

    lon, lat = {}, {}
    for line in osm.nodes:
        _, node_id, _, x, _, y = line.split('"')[:6]
        lon[int(node_id)], lat[int(node_id)] = float(x), float(y)
    x_m, y_m = project(city.crs, list(lon.values()), list(lat.values()))
    place = {node: (x, y) for node, x, y in zip(lon, x_m, y_m, strict=True)}
    for a, b, data in raw.edges(data=True):
        data["length"] = float(np.hypot(*np.subtract(place[a], place[b])))
    main = max(nx.strongly_connected_components(raw), key=len)
    assert set(ids) <= main
    metres = routing.travel_times(drive, range(len(ids)), range(len(ids)), drive.length_m)
    for i, a in enumerate(ids):
        expected = nx.single_source_dijkstra_path_length(raw.subgraph(main), a, weight="length")
        np.testing.assert_allclose(metres[i], [expected[b] for b in ids], rtol=1e-9)


@pytest.mark.parametrize("seed", range(12))
def test_no_node_is_left_that_only_passes_a_street_on(build, osm, seed):
    random_town(osm, seed)
    drive = build(osm).drive
    for node in range(drive.node_count):
        out = np.arange(drive.out_ptr[node], drive.out_ptr[node + 1])
        into = np.flatnonzero(drive.link_to == node)
        neighbours = set(drive.link_to[out]) | set(drive.link_from[into])
        touching = np.concatenate([out, into])
        alike = len({(drive.name_index[k], drive.lanes[k], drive.way_id[k]) for k in touching}) == 1
        same_ways = len(out) == len(into) and len(out) in (1, 2)
        cut_loop = any(
            len({int(drive.link_from[k]), int(drive.link_to[k])} & neighbours)
            and np.sum((drive.link_from == drive.link_from[k]) & (drive.link_to == drive.link_to[k])) > 1
            for k in touching
        )
        assert not (len(neighbours) == 2 and alike and same_ways) or cut_loop


def test_metres_of_street_are_kept_or_reported(build, osm):
    random_town(osm, 3)
    city = build(osm, junction_cluster_m=0)
    drive = city.drive
    undirected = {
        (min(a, b), max(a, b), round(length, 6))
        for a, b, length in zip(drive.link_from.tolist(), drive.link_to.tolist(), drive.length_m.tolist(), strict=True)
    }
    kept_m = sum(length for _, _, length in undirected)
    walk_m = city.walk.length_m.sum() / 2
    dropped_m = city.report["done"].get("drive: metres of street left out with them", 0)
    assert kept_m + dropped_m == pytest.approx(walk_m, rel=0.02)
