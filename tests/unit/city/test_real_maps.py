"""Real files: counts near those known of them, and distances as another library finds them."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from twin.city.city import COVERED, CROSSING, SIGNALISED, STEPS
from twin.city.keeping.build import build_city, city_info, open_city, save_city
from twin.city.reading.road_classes import CLASS_INDEX
from twin.city.routing import ways as routing
from twin.city.routing.parts import connected_nodes

KITA = "osaka-kita-osm-drive/kita_drive_reconstructed.osm.gz"
KITA_GRAPH = "osaka-kita-osm-drive/kita_drive.graphml.gz"
SAPPORO = "sapporo-station-osm/Hokudai-SatsuEki.00.orig.osm.gz"
HELSINKI = "dense-city-osm-raw/Helsinki.osm.pbf"
MONACO = "dense-city-osm-raw/monaco.osm.gz"


def check_layer(layer):
    """What holds of every layer: it hangs together, has no loops, and its shapes are as long as it says.

    Streets that leave the map are come to, or left again, over its edge.
    """
    assert (layer.link_from != layer.link_to).all()
    inside = connected_nodes(layer)
    assert inside.mean() > 0.75
    some = np.flatnonzero(inside)[:: max(int(inside.sum()) // 5, 1)]
    assert np.isfinite(routing.travel_times(layer, some, np.flatnonzero(inside))).all()
    assert np.isfinite(routing.travel_times(layer, np.flatnonzero(inside), some)).all()
    for link in range(0, layer.link_count, 7):
        shape = slice(layer.vertex_ptr[link], layer.vertex_ptr[link + 1])
        drawn_m = np.hypot(np.diff(layer.vertex_x_m[shape]), np.diff(layer.vertex_y_m[shape])).sum()
        assert layer.length_m[link] == pytest.approx(max(drawn_m, 0.1), abs=1e-6)


def test_kita_has_the_streets_that_are_known_of_it(real):
    city = build_city(real(KITA))
    drive = city.drive
    check_layer(drive)
    check_layer(city.walk)
    assert (city.crs, city.driving_side, city.schematic) == ("EPSG:6674", "left", False)
    # The largest strongly connected part has 1,902 nodes before short links are drawn in; roads over its edge stay.
    assert 0.95 * 1902 < connected_nodes(drive).sum() < 1902
    assert 0.95 * 4693 < drive.link_count < 1.03 * 4693
    assert 0.97 * 326.5 < drive.length_m.sum() / 1000 < 326.5 + 12.5
    assert len(city.places_of("entry")) >= 10
    assert 0.95 * 261 < drive.signal.sum() <= 261
    midosuji = drive.name_index == drive.names.index("御堂筋")
    assert set(drive.road_class[midosuji]) == {CLASS_INDEX["trunk"]}
    node = {int(i): k for k, i in enumerate(drive.node_id)}
    only = np.where(midosuji, drive.length_m, np.inf)
    south = routing.shortest_path(drive, node[413290008], node[258765078], only)
    # Twelve edges of the map from Umeda to Nakanoshima add up to 910 m; nobody drives them north.
    assert drive.length_m[south].sum() == pytest.approx(910, rel=0.01)
    assert (drive.lanes[south] >= 3).all()
    assert np.isinf(routing.travel_times(drive, [node[258765078]], [node[413290008]], only)).all()
    assert "新御堂筋" in drive.names


def test_kita_as_graphml_and_as_xml_are_the_same_streets(real):
    xml, graph = build_city(real(KITA)), build_city(real(KITA_GRAPH))
    ours, theirs = xml.drive, graph.drive
    assert (ours.node_count, ours.link_count) == (theirs.node_count, theirs.link_count)
    # Points within the shape of an edge have no id in a graph; a few are nodes where loops are cut.
    np.testing.assert_array_equal(ours.node_id[ours.node_id > 0], theirs.node_id[theirs.node_id > 0])
    assert (ours.node_id > 0).mean() > 0.99
    np.testing.assert_allclose(np.sort(ours.length_m), np.sort(theirs.length_m), atol=0.05)
    # Merged edges carry several values in a graph; the file kept one of them.
    assert ours.lanes.sum() == pytest.approx(theirs.lanes.sum(), rel=0.01)


def test_distances_in_kita_are_those_that_osmnx_and_networkx_find(real, tmp_path):
    import networkx as nx
    import osmnx as ox

    plain = tmp_path / "kita.osm"
    plain.write_bytes(gzip.decompress(real(KITA).read_bytes()))
    graph = ox.graph_from_xml(plain, simplify=True, retain_all=True)
    closed = [
        (u, v, k)
        for u, v, k, access in graph.edges(keys=True, data="access", default="")
        if {"no", "private"} & set([access] if isinstance(access, str) else access)
    ]
    graph.remove_edges_from(closed)
    drive = build_city(real(KITA)).drive
    inside = connected_nodes(drive)
    shared = [i for i in range(drive.node_count) if inside[i] and int(drive.node_id[i]) in graph]
    picked = shared[:: len(shared) // 12]
    metres = routing.travel_times(drive, picked, picked, drive.length_m)
    for i, a in enumerate(picked):
        theirs = nx.single_source_dijkstra_path_length(graph, int(drive.node_id[a]), weight="length")
        for j, b in enumerate(picked):
            # Theirs on a sphere; ours in a plane, with junction nodes closer than 5 m drawn together.
            assert metres[i, j] == pytest.approx(theirs[int(drive.node_id[b])], rel=0.01, abs=30)


def test_sapporo_is_walked_over_crossings_stairs_and_underground(real):
    city = build_city(real(SAPPORO), name="sapporo")
    walk = city.walk
    check_layer(walk)
    check_layer(city.drive)
    assert (city.crs, city.driving_side) == ("EPSG:32654", "left")
    assert 350 < walk.node_count < 600
    assert 50 < walk.length_m.sum() / 1000 < 80
    for bit in (STEPS, COVERED, CROSSING, SIGNALISED):
        assert ((walk.flags & bit) > 0).sum() >= 6, bit
    assert ((walk.flags & SIGNALISED) == 0).sum() > walk.link_count / 2
    assert not ((walk.flags & SIGNALISED > 0) & (walk.flags & CROSSING == 0)).any()
    assert (walk.width_m > 0).all()
    assert "北8条通" in city.drive.names
    # 41 lights and 65 lit crossings in the file are fewer junctions.
    assert 15 <= city.drive.signal.sum() <= 45
    kinds = city_info(city)["places"]
    assert kinds["poi"] > 50
    assert any(place.name_ja == "札幌" for place in city.places_of("station"))


def test_helsinki_says_how_many_references_were_cut_off(real):
    city = build_city(real(HELSINKI))
    check_layer(city.drive)
    check_layer(city.walk)
    assert (city.crs, city.driving_side) == ("EPSG:32635", "right")
    assert city.report["dropped"]["references to nodes that are not in the file"] > 500
    assert city.drive.node_count > 300
    assert city.walk.node_count > 1500
    assert city_info(city)["places"]["stop"] > 50
    west, south, east, north = city_info(city)["bbox"]
    assert (west, south) > (24.93, 60.16)
    assert (east, north) < (24.96, 60.19)


def test_a_packed_pbf_is_the_same_city(real, tmp_path):
    packed = tmp_path / "Helsinki.osm.pbf.gz"
    packed.write_bytes(gzip.compress(real(HELSINKI).read_bytes()))
    assert build_city(packed).digest == build_city(real(HELSINKI)).digest


def test_monaco_of_2012_is_read(real):
    city = build_city(real(MONACO))
    check_layer(city.drive)
    check_layer(city.walk)
    # 959 nodes and 2,264 edges with footways, in OSMnx.
    assert 350 < city.drive.node_count < 959
    assert 800 < city.walk.node_count < 1300
    assert city.walk.length_m.sum() > city.drive.length_m.sum()


@pytest.mark.parametrize("name", [KITA, SAPPORO, HELSINKI])
def test_a_real_city_is_built_twice_to_the_same_bytes(real, name, tmp_path):
    first, second = build_city(real(name), name="a"), build_city(real(name), name="a")
    assert first.digest == second.digest
    save_city(first, tmp_path / "a")
    assert open_city(tmp_path / "a").digest == first.digest


@pytest.mark.parametrize("name", [KITA, SAPPORO, HELSINKI, MONACO])
@pytest.mark.parametrize("keep", [0.2, 0.9])
def test_a_real_file_cut_short_is_refused(real, name, keep, tmp_path):
    from twin.errors import CityError

    content = real(name).read_bytes()
    path = tmp_path / real(name).name
    path.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(CityError, match="damaged or cut short"):
        build_city(path)


def test_all_pairs_of_many_stops_are_found_in_one_call(real):
    drive = build_city(real(KITA)).drive
    inside = np.flatnonzero(connected_nodes(drive))
    stops = inside[np.linspace(0, len(inside) - 1, 300).astype(int)]
    times = routing.travel_times(drive, stops, stops)
    assert times.shape == (300, 300)
    assert (np.diag(times) == 0).all()
    i, j = np.unravel_index(np.argmax(times), times.shape)
    path = routing.shortest_path(drive, stops[i], stops[j])
    assert drive.free_time_s[path].sum() == pytest.approx(times[i, j], rel=1e-9)


def test_real_buildings_are_kept_and_those_cut_off_are_counted(real):
    for name, least in ((SAPPORO, 270), (HELSINKI, 430), (MONACO, 950)):
        city = build_city(real(name))
        assert city_info(city)["scenery"]["building"] >= least
    # Helsinki has 433 buildings as ways; some are cut off by the edge, others are relations.
    dropped = build_city(real(HELSINKI)).report["dropped"]
    assert dropped["building outlines with nodes that are not in the file"] == 54


def test_the_footprints_of_kyobashi_are_as_large_as_is_known_of_them(real):
    from collections import Counter
    from functools import partial

    from twin.city.reading.params import CityBuildParams
    from twin.city.reading.projection import project
    from twin.city.reading.scenery_files import lay_scenery, read_scenery_files

    def read(name, crs="EPSG:6674"):
        dropped = Counter()
        features, _ = read_scenery_files([real(name)], CityBuildParams(), dropped)
        return lay_scenery(features, (), partial(project, crs), (), dropped), dropped

    def area_m2(scenery):
        total = 0.0  # holes run with the clock, so that they are taken off by themselves
        for ring in range(len(scenery.ring_role)):
            part = slice(scenery.vertex_ptr[ring], scenery.vertex_ptr[ring + 1])
            x, y = scenery.x_m[part] - scenery.x_m[0], scenery.y_m[part] - scenery.y_m[0]
            total += (x[:-1] * y[1:] - x[1:] * y[:-1]).sum() / 2
        return total

    buildings, dropped = read("osaka-kyobashi-plateau/buildings.geojson.gz")
    assert buildings.counts() == {"building": 2122}
    assert area_m2(buildings) == pytest.approx(351_000, rel=0.01)
    assert np.nanmax(buildings.height_m) == pytest.approx(166.9, abs=0.05)
    assert not +dropped
    roads, _ = read("osaka-kyobashi-plateau/road_surfaces.geojson.gz")
    model, _ = read("osaka-kyobashi-plateau/52350432_tran_6697_op.gml.gz")
    assert (roads.counts(), model.counts()) == ({"road_surface": 850}, {"road_surface": 851})
    assert area_m2(model) == pytest.approx(area_m2(roads), rel=0.001)
    for name, count, lowest, highest in (
        ("52397519_bldg_6697_op.gml.gz", 13, 3.2, 13.9),
        ("53392642_bldg_6697_op2.gml.gz", 8, 2.8, 16.1),
    ):
        sample, _ = read(f"plateau-citygml-samples/{name}", "EPSG:6677")
        assert sample.counts() == {"building": count}
        assert (sample.height_m.min(), sample.height_m.max()) == pytest.approx((lowest, highest), abs=0.01)
