"""Finding cities by name, file or folder, and joining districts."""

from __future__ import annotations

import os
import re
import sys

import numpy as np
import pytest

from twin.city.keeping import catalogue
from twin.city.keeping.build import build_city, city_info, find_city, join_cities, list_cities, open_city, save_city
from twin.city.keeping.digest import city_digest
from twin.city.routing import ways as routing
from twin.errors import CityError


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TWIN_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "cities"


@pytest.fixture
def bundle(tmp_path, monkeypatch, cross):
    """A package of bundled districts with one in it."""
    root = tmp_path / "bundle"
    (root / "osaka_test").mkdir(parents=True)
    (root / "notes").mkdir()
    (root / "__init__.py").write_text("")
    (root / "osaka_test" / "osaka_test.osm").write_text(cross.text(), encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(catalogue, "_BUNDLE", "bundle")
    yield root
    sys.modules.pop("bundle", None)


def write(path, text):
    path.write_text(text.text(), encoding="utf-8")
    return path


def test_a_bundled_district_is_found_by_name_and_listed(bundle, tmp_path):
    assert list_cities() == ["osaka_test"]
    city = find_city("osaka_test", tmp_path)
    assert (city.name, city.drive.link_count) == ("osaka_test", 8)


def test_a_name_that_is_not_there_gets_the_nearest_one(bundle, tmp_path):
    with pytest.raises(CityError, match="no city 'osaka_tset'") as caught:
        find_city("osaka_tset", tmp_path)
    assert "did you mean osaka_test?" in caught.value.mend


@pytest.mark.parametrize("spec", ["../bundle/osaka_test", "osaka_test/../osaka_test", "/nowhere"])
def test_paths_do_not_reach_into_the_bundle_as_names(bundle, tmp_path, spec):
    with pytest.raises(CityError):
        find_city(spec, tmp_path / "elsewhere")


def test_a_map_file_is_built_once(tmp_path, cross, own_cache, monkeypatch):
    write(tmp_path / "cross.osm", cross)
    first = find_city("cross.osm", tmp_path)
    assert len(os.listdir(own_cache)) == 1
    monkeypatch.setattr(catalogue, "build_city", lambda *_, **__: pytest.fail("built again"))
    assert find_city("cross.osm", tmp_path).digest == first.digest


def test_an_edited_map_is_built_anew(tmp_path, cross, own_cache):
    write(tmp_path / "cross.osm", cross)
    first = find_city("cross.osm", tmp_path)
    cross.way(20, [5, 3], highway="residential")
    write(tmp_path / "cross.osm", cross)
    assert find_city("cross.osm", tmp_path).drive.link_count == first.drive.link_count + 2
    assert len(os.listdir(own_cache)) == 2


def test_a_damaged_cache_is_built_anew(tmp_path, cross, own_cache):
    write(tmp_path / "cross.osm", cross)
    first = find_city("cross.osm", tmp_path)
    (own_cache / os.listdir(own_cache)[0] / "arrays.npz").write_bytes(b"")
    assert find_city("cross.osm", tmp_path).digest == first.digest
    assert open_city(own_cache / os.listdir(own_cache)[0]).digest == first.digest


def test_without_a_cache_the_city_is_built_in_memory(tmp_path, cross, monkeypatch):
    blocked = tmp_path / "a file, no folder"
    blocked.write_text("")
    monkeypatch.setenv("TWIN_CACHE_DIR", str(blocked))
    write(tmp_path / "cross.osm", cross)
    assert find_city("cross.osm", tmp_path).drive.link_count == 8


def test_a_built_folder_is_opened(tmp_path, cross):
    city = build_city(write(tmp_path / "cross.osm", cross))
    save_city(city, tmp_path / "built")
    assert find_city("built", tmp_path).digest == city.digest
    assert find_city(tmp_path / "built", "/").digest == city.digest


@pytest.fixture
def two(tmp_path, cross):
    """Two districts with different node ids."""
    cross.node(50, 30, 4, twin__place="stop", twin__id="a", name="停留所")
    cross.node(51, 30, -4, highway="bus_stop", name="標識")
    west = build_city(write(tmp_path / "west.osm", cross))
    east = re.sub(r'(id|ref)="(\d+)"', lambda m: f'{m[1]}="{int(m[2]) + 1000}"', cross.text())
    east = east.replace("平野町通", "淡路町通").replace('v="Midosuji"', 'v="Midosuji Avenue"')
    (tmp_path / "east.osm").write_text(east, encoding="utf-8")
    return west, build_city(tmp_path / "east.osm")


def test_joined_districts_keep_their_streets_and_places(two):
    west, east = two
    city = join_cities([west, east])
    assert city.name == "west+east"
    assert city.drive.node_count == west.drive.node_count + east.drive.node_count
    assert city.drive.names == ("平野町通", "御堂筋", "淡路町通")
    assert city.drive.aliases == {"Midosuji": "御堂筋", "Midosuji Avenue": "御堂筋"}
    assert [p.id for p in city.places] == ["east/stop/1051", "east/stop/a", "west/stop/51", "west/stop/a"]
    for district in two:
        for place in district.places:
            joined = city.place_by_id[place.id]
            assert city.drive.node_id[joined.drive_node] == district.drive.node_id[place.drive_node]
            assert city.walk.node_id[joined.walk_node] == district.walk.node_id[place.walk_node]
    offset = west.drive.link_count
    for link in range(east.drive.link_count):
        ours, theirs = city.drive, east.drive
        assert ours.way_id[offset + link] == theirs.way_id[link]
        assert ours.names[ours.name_index[offset + link]] == theirs.names[theirs.name_index[link]]
        shape = slice(ours.vertex_ptr[offset + link], ours.vertex_ptr[offset + link + 1])
        other = slice(theirs.vertex_ptr[link], theirs.vertex_ptr[link + 1])
        np.testing.assert_array_equal(ours.vertex_x_m[shape], theirs.vertex_x_m[other])
    within = routing.travel_times(city.drive, [0], range(city.drive.node_count))[0]
    assert np.isfinite(within[: west.drive.node_count]).all()
    assert np.isinf(within[west.drive.node_count :]).all()
    assert set(city.report["districts"]) == {"west", "east"}
    assert city.digest == city_digest(city) not in (west.digest, east.digest)


def test_a_joined_city_is_saved_and_opened(two, tmp_path):
    city = join_cities(two)
    save_city(city, tmp_path / "joined")
    assert open_city(tmp_path / "joined").digest == city.digest


def test_a_list_is_joined(two, tmp_path):
    assert find_city(["west.osm", "east.osm"], tmp_path).digest == join_cities(two).digest


def test_districts_that_overlap_or_repeat_are_refused(two, tmp_path, cross):
    west, _ = two
    again = build_city(write(tmp_path / "again.osm", cross))
    with pytest.raises(CityError, match="west and again overlap: 5 drive nodes"):
        join_cities([west, again])
    with pytest.raises(CityError, match="'west' is named twice"):
        join_cities([west, west])
    with pytest.raises(CityError, match="differ in CRS: EPSG:6674 and EPSG:32653"):
        join_cities([west, build_city(tmp_path / "east.osm", crs="EPSG:32653")])
    with pytest.raises(CityError, match="no district"):
        join_cities([])


def test_info_tells_what_a_city_holds(two):
    info = city_info(two[0])
    assert {key: info[key] for key in ("drive_nodes", "drive_edges", "walk_nodes", "walk_edges", "signals")} == {
        "drive_nodes": 5,
        "drive_edges": 8,
        "walk_nodes": 5,
        "walk_edges": 8,
        "signals": 1,
    }
    assert info["drive_km"] == pytest.approx(0.8, rel=0.01)
    assert info["places"] == {"stop": 2}
    west, south, east, north = info["bbox"]
    assert west < 135.5 < east
    assert south < 34.68 < north
    assert set(info) == {
        "name",
        "drive_nodes",
        "drive_edges",
        "drive_km",
        "walk_nodes",
        "walk_edges",
        "signals",
        "driving_side",
        "crs",
        "bbox",
        "schematic",
        "attribution",
        "places",
        "scenery",
    }
