"""Files that are no map, or worse: each gets one clear error, and nothing is left behind."""

from __future__ import annotations

import gzip
import os
import tempfile

import pytest

from twin.city.keeping.build import build_city
from twin.city.reading.params import CityBuildParams
from twin.errors import CityError

BOMB = """<?xml version="1.0"?>
<!DOCTYPE osm [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<osm version="0.6"><node id="1" lat="1" lon="1"><tag k="name" v="&b;"/></node></osm>
"""
NO_WAYS = '<osm version="0.6"><node id="1" lat="34.7" lon="135.5"/></osm>'
GRAPHML = '<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph edgedefault="directed">{}</graph></graphml>'


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is empty"),
        (b"hello", "begins with 'hello'"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "neither OSM XML"),
        ("<osm/>".encode("utf-16"), "neither OSM XML"),
        (b"<html><body>404</body></html>", "root element is <html>"),
        (b"<osmChange version='0.6'></osmChange>", "a change file"),
        (BOMB.encode(), "declares a document type"),
        (b"<!-- a --> <!DOCTYPE graphml SYSTEM 'file:///etc/passwd'><graphml/>", "declares a document type"),
        (NO_WAYS.encode(), "no usable streets"),
        (b"<osm version='0.6'><node id='1' lat='34.7'", "damaged or cut short"),
        (b"<osm version='0.6'><way id='x'></way></osm>", "damaged or cut short"),
        (b"<osm version='0.6'><node id='1' lat='34' lon='500'/></osm>", "damaged or cut short: wrong format"),
        (b"\x00\x00\x00\x0d\x0a\x09OSMHeader\x18\x7c\x10", "damaged or cut short"),
        (b"<graphml><graph>", "GraphML file is damaged"),
        (GRAPHML.format('<node id="1"/><node id="2"/><edge source="1" target="2"/>').encode(), "no street graph"),
        (gzip.compress(b"not a map either"), "begins with 'not a map"),
        (gzip.compress(NO_WAYS.encode() * 1000)[:60], "gzip file is damaged or cut short"),
        (b"\x1f\x8bnot really gzip", "gzip file is damaged or cut short"),
    ],
)
def test_what_is_no_map_is_refused_in_words(tmp_path, content, what):
    path = tmp_path / "地図 1.osm"
    path.write_bytes(content)
    with pytest.raises(CityError, match=what) as caught:
        build_city(path)
    assert str(path) in caught.value.where
    assert caught.value.mend


def test_what_is_not_there_or_a_folder_is_refused(tmp_path):
    with pytest.raises(CityError, match="no such map file"):
        build_city(tmp_path / "none.osm")
    with pytest.raises(CityError, match="this is a folder"):
        build_city(tmp_path)


def test_nothing_is_left_of_an_unpacked_file(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    os.mkdir(tmp_path / "scratch")
    path = tmp_path / "a.osm.gz"
    path.write_bytes(gzip.compress(NO_WAYS.encode()))
    with pytest.raises(CityError):
        build_city(path)
    assert not os.listdir(tmp_path / "scratch")


def test_a_small_file_that_unpacks_to_a_huge_one_is_refused_early(tmp_path):
    path = tmp_path / "bomb.osm.gz"
    path.write_bytes(gzip.compress(b"<osm>" + b" " * 50_000_000))
    with pytest.raises(CityError, match="too large: at least 1 MB as XML, the limit is 1 MB"):
        build_city(path, params=CityBuildParams(max_map_bytes=1_000_000))


def test_a_file_beyond_the_limit_is_refused(tmp_path, cross):
    path = tmp_path / "a.osm"
    path.write_text(cross.text(), encoding="utf-8")
    with pytest.raises(CityError, match="too large") as caught:
        build_city(path, params=CityBuildParams(max_map_bytes=100))
    assert "osmium extract" in caught.value.mend


def test_ways_without_a_single_node_give_no_network(build, osm):
    osm.way(1, [1, 2, 3], highway="residential")
    with pytest.raises(CityError, match="no usable streets"):
        build(osm)


def test_one_way_streets_that_lead_nowhere_give_no_network(build, osm):
    osm.node(1, 0, 0)
    osm.node(2, 100, 0)
    osm.way(1, [1, 2], highway="motorway")
    with pytest.raises(CityError, match="1 ways with highway, none of which hang together"):
        build(osm)


@pytest.mark.parametrize("name", ["", "a/b", "a+b", "../up", ".hidden", "a\\b"])
def test_names_that_would_break_ids_or_paths_are_refused(tmp_path, cross, name):
    path = tmp_path / "a.osm"
    path.write_text(cross.text(), encoding="utf-8")
    with pytest.raises(CityError, match="no name for a district"):
        build_city(path, name=name)


def test_markup_in_names_stays_text(build, cross):
    cross.way(20, [5, 3], highway="residential", name="<script>alert('あ')</script>")
    assert "<script>alert('あ')</script>" in build(cross).drive.names


def test_impossible_positions_are_dropped_and_counted(build, cross):
    cross.nodes.append('<node id="90" lat="95" lon="135"/>')
    cross.way(90, [3, 90], highway="residential", name="off the earth")
    city = build(cross)
    assert "off the earth" not in city.drive.names
    assert city.report["dropped"]["nodes without a valid position"] == 1
