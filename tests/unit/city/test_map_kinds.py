"""Files that are not plain extracts, and one map in several kinds of file."""

from __future__ import annotations

import json

import numpy as np
import osmium
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.unit.city.conftest import LAT_M, LON_M, ORIGIN, MapText
from twin.city.keeping.build import build_city
from twin.city.reading.unused import map_warnings
from twin.errors import CityError


def as_json(text):
    """The same map as an answer of Overpass in JSON."""
    elements = []
    for item in etree.fromstring(text.encode()):
        element = {"type": item.tag, "id": int(item.get("id"))}
        if item.get("version"):
            element["version"] = int(item.get("version"))
        if item.tag == "node":
            element |= {"lat": float(item.get("lat")), "lon": float(item.get("lon"))}
        tags = {tag.get("k"): tag.get("v") for tag in item.iter("tag")}
        if tags:
            element["tags"] = tags
        if item.tag == "way":
            element["nodes"] = [int(nd.get("ref")) for nd in item.iter("nd")]
        if item.tag == "relation":
            element["members"] = [
                {"type": m.get("type"), "ref": int(m.get("ref")), "role": m.get("role")} for m in item.iter("member")
            ]
        elements.append(element)
    return {"version": 0.6, "generator": "test", "elements": elements}


def as_pbf(source, target):
    writer = osmium.SimpleWriter(str(target), overwrite=True)
    for item in osmium.FileProcessor(str(source)):
        writer.add(item)
    writer.close()


def town(seed):
    """A small random town: streets, a square with a hole, buildings, stops, shops, a ferry, relations of all kinds."""
    rng = np.random.default_rng(seed)
    osm = MapText()
    side, sign = 5, int(rng.choice((1, -1)))

    def node_id(i):
        return sign * (i + (1 << 34) * (seed % 2))  # 64-bit and negative ids too

    for i in range(side * side):
        tags = {"highway": str(rng.choice(("traffic_signals", "crossing")))} if rng.random() < 0.2 else {}
        osm.node(node_id(i + 1), 90 * (i % side) + rng.uniform(-9, 9), 90 * (i // side) + rng.uniform(-9, 9), **tags)
    way = 1
    for i in range(side * side):
        for step in (1, side):
            if (step == 1 and i % side == side - 1) or i + step >= side * side or rng.random() < 0.15:
                continue
            tags = {"highway": str(rng.choice(("residential", "primary", "footway", "steps", "pedestrian")))}
            for key, values in (
                ("oneway", ("yes", "-1")),
                ("sidewalk", ("separate", "no", "both")),
                ("name", ("甲", "乙")),
                ("width", ("3,5 m", "8'6\"", "wide")),
            ):
                if rng.random() < 0.3:
                    tags[key] = str(rng.choice(values))
            osm.way(way, [node_id(i + 1), node_id(i + step + 1)], **tags)
            way += 1
    osm.way(200, [node_id(1), node_id(2), node_id(7), node_id(6), node_id(1)])
    box, height = ((30, 30), (50, 30), (50, 50), (30, 50)), str(rng.choice(("12 m", "x")))
    ring = osm.ring(201, box, 500, building="yes", height=height)
    osm.relation(1, [("way", 200, "outer"), ("way", 201, "inner")], type="multipolygon", highway="pedestrian")
    osm.relation(2, [("way", 201, "outer")], type="multipolygon", shop="mall", name="店")
    osm.node(600, 40, 40, shop="mall", name="店")
    osm.node(601, 90, 5, highway="bus_stop")
    osm.way(202, [ring[0], ring[1], ring[2], ring[0]], natural="water")
    osm.way(203, [node_id(3), node_id(23)], route="ferry", foot="yes", duration="00:05")
    return osm


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000))
def test_xml_pbf_and_json_of_one_map_in_any_order_are_one_city(tmp_path_factory, seed):
    folder = tmp_path_factory.mktemp("kinds")
    osm = town(seed)
    (folder / "a.osm").write_text(osm.text(), encoding="utf-8")
    as_pbf(folder / "a.osm", folder / "a.osm.pbf")
    answer = as_json(osm.text())
    rng = np.random.default_rng(seed)
    rng.shuffle(answer["elements"])
    (folder / "a.json").write_text(json.dumps(answer), encoding="utf-8")
    for items in (osm.nodes, osm.ways, osm.relations):
        rng.shuffle(items)
    (folder / "b.osm").write_text(osm.text(), encoding="utf-8")
    cities = [build_city(folder / file, name="town") for file in ("a.osm", "a.osm.pbf", "a.json", "b.osm")]
    assert len({city.digest for city in cities}) == 1
    assert cities[0].scenery.feature_count >= 1
    assert all(city.report["kept"] == cities[0].report["kept"] for city in cities)


def test_an_answer_with_its_geometry_in_the_ways_is_the_same_city(tmp_path, cross):
    answer = as_json(cross.text())
    at = {e["id"]: e for e in answer["elements"] if e["type"] == "node"}
    for element in answer["elements"]:
        if element["type"] == "way":
            element["geometry"] = [{"lat": at[i]["lat"], "lon": at[i]["lon"]} for i in element["nodes"]]
    tagged_only = [e for e in answer["elements"] if e["type"] == "way" or "tags" in e]
    for name, elements in (("a", answer["elements"]), ("b", tagged_only)):
        (tmp_path / f"{name}.json").write_text(json.dumps({**answer, "elements": elements}), encoding="utf-8")
    digests = {build_city(tmp_path / f"{name}.json", name="town").digest for name in "ab"}
    assert len(digests) == 1


HISTORY = """<osm version="0.6">{nodes}
<way id="1" version="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="1"/><tag k="highway" v="residential"/>
<tag k="name" v="ring"/></way>
<way id="2" version="3" visible="true"><nd ref="1"/><nd ref="3"/><tag k="highway" v="primary"/>
<tag k="name" v="new"/></way>
<way id="2" version="1" visible="true"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/>
<tag k="name" v="old"/></way>
<way id="3" version="1" visible="true"><nd ref="2"/><nd ref="3"/><tag k="highway" v="primary"/>
<tag k="name" v="gone"/></way>
<way id="3" version="2" visible="false"/>
<way id="4" version="1" visible="true"><nd ref="2"/><nd ref="3"/><tag k="highway" v="primary"/>
<tag k="name" v="was"/></way>
<way id="4" version="2" visible="true"><nd ref="2"/><nd ref="3"/></way>
</osm>"""


def history_nodes():
    at = [(i, ORIGIN[0] + x * LON_M, ORIGIN[1] + y * LAT_M) for i, x, y in ((1, 0, 0), (2, 200, 0), (3, 0, 200))]
    nodes = [f'<node id="{i}" version="2" lon="{lon:.7f}" lat="{lat:.7f}"/>' for i, lon, lat in at]
    nodes.append(f'<node id="3" version="1" lon="{ORIGIN[0]}" lat="{ORIGIN[1] - 900 * LAT_M}"/>')
    nodes.append(f'<node id="9" version="1" lon="{ORIGIN[0]}" lat="{ORIGIN[1]}"><tag k="shop" v="a"/></node>')
    nodes.append('<node id="9" version="2" visible="false"/>')
    nodes.append(f'<node id="8" version="1" lon="{ORIGIN[0]}" lat="{ORIGIN[1]}"><tag k="shop" v="b"/></node>')
    nodes.append(f'<node id="8" version="2" lon="{ORIGIN[0]}" lat="{ORIGIN[1]}"><tag k="name" v="b"/></node>')
    nodes.append(f'<node id="7" version="1" lon="{ORIGIN[0]}" lat="{ORIGIN[1]}"><tag k="shop" v="c"/></node>')
    nodes.append(f'<node id="7" version="2" lon="{ORIGIN[0]}" lat="{ORIGIN[1]}"/>')
    return "\n".join(nodes)


def test_of_a_history_the_newest_versions_count(tmp_path):
    path = tmp_path / "history.osm"
    path.write_text(HISTORY.format(nodes=history_nodes()), encoding="utf-8")
    city = build_city(path)
    assert city.drive.names == ("new", "ring")
    assert city.drive.length_m.max() < 500  # the first version of node 3 lies 900 m away
    assert city.places == ()
    assert city.report["dropped"]["older versions of elements, passed over"] == 7


def test_elements_given_twice_count_once_whichever_comes_first(build, cross):
    cross.way(11, [4, 1, 5], highway="residential", name="another name")
    first = build(cross)
    cross.ways.reverse()
    second = build(cross)
    assert first.digest == second.digest
    assert first.report["dropped"]["ways given twice"] == 1


FAILED = [
    'runtime error: Query timed out in "query" at line 3 after 180 seconds.',
    "runtime error: Query run out of memory using about 2048 MB of RAM.",
    "runtime error: open64: 0 Success /osm3s_osm_base Dispatcher_Client::request_read_and_idx::timeout.",
]


@pytest.mark.parametrize("remark", FAILED)
@pytest.mark.parametrize("kind", ["osm", "json"])
def test_an_answer_whose_server_gave_up_is_refused_with_its_words(tmp_path, cross, remark, kind):
    path = tmp_path / f"map.{kind}"
    text = cross.text()
    if kind == "osm":
        path.write_text(text.replace("</osm>", f"<remark> {remark} </remark>\n</osm>"), encoding="utf-8")
    else:
        path.write_text(json.dumps({**as_json(text), "remark": remark}), encoding="utf-8")
    with pytest.raises(CityError, match="did not finish this map") as caught:
        build_city(path)
    assert remark[15:40] in caught.value.what
    assert "smaller area" in caught.value.mend


def test_another_remark_is_passed_on(tmp_path, cross):
    path = tmp_path / "map.osm"
    path.write_text(cross.text().replace("</osm>", "<remark>runtime remark: 3 of 4 &lt;areas&gt;</remark></osm>"))
    dropped = build_city(path).report["dropped"]
    assert dropped["remark of the server, passed over: runtime remark: 3 of 4 <areas>"] == 1


def test_a_tag_named_remark_is_no_remark(build, cross):
    cross.way(20, [5, 3], highway="residential", remark="error", name="road")
    assert "road" in build(cross).drive.names


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ('{"type": "FeatureCollection", "features": []}', "no answer of Overpass"),
        ("{", "damaged"),
        ('{"elements": 3}', "no answer of Overpass"),
        ('{"elements": [{"type": "way"}]}', "an element of the answer is damaged"),
        ('{"elements": [{"type": "node", "id": "x"}]}', "an element of the answer is damaged"),
        ('{"elements": [{"type": "node", "id": 99999999999999999999, "lat": 1, "lon": 1}]}', "beyond 64 bits"),
        ('{"elements": []}', "no usable streets"),
        ("[" * 100_000, "damaged"),
        ("[1]", "no answer of Overpass"),
        ('<gpx version="1"></gpx>', "GPS track"),
        ("<kml></kml>", "KML"),
        ('<core:CityModel xmlns:core="a"></core:CityModel>', "no streets to drive along"),
        ("<osmChange version='0.6'><modify/></osmChange>", "a change file"),
    ],
)
def test_other_files_are_refused_with_what_to_do(tmp_path, content, what):
    path = tmp_path / "map.file"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(CityError, match=what) as caught:
        build_city(path)
    assert caught.value.mend


def test_a_map_across_the_180th_meridian_is_in_one_piece(build, osm):
    osm.origin = (179.9995, -16.8)
    osm.node(1, 0, 0)
    osm.nodes.append('<node id="2" lon="-179.9995" lat="-16.8"/>')
    osm.node(3, 0, 100)
    osm.way(1, [1, 2, 3, 1], highway="residential", driving_side="left")
    city = build(osm)
    assert 90 < city.drive.length_m.min() < city.drive.length_m.max() < 400
    assert city.crs in ("EPSG:32701", "EPSG:32760")


def test_one_street_is_a_city(build, osm):
    osm.node(-1, 0, 0)
    osm.node(-2, 150, 0)
    osm.way(-1, [-1, -2], highway="residential")
    assert build(osm).drive.link_count == 2


def test_a_graph_made_for_walkers_is_warned_of(tmp_path, cross):
    import osmnx as ox

    cross.way(20, [5, 3], highway="residential", oneway="yes")
    cross.way(21, [3, 4], highway="residential")
    (tmp_path / "map.osm").write_text(cross.text(), encoding="utf-8")
    graph = ox.graph_from_xml(tmp_path / "map.osm", bidirectional=True, retain_all=True)
    ox.save_graphml(graph, tmp_path / "walk.graphml")
    (words, *_) = map_warnings(build_city(tmp_path / "walk.graphml").report)
    assert "cars drive against one-way streets" in words
    drive = ox.graph_from_xml(tmp_path / "map.osm", retain_all=True)
    ox.save_graphml(drive, tmp_path / "drive.graphml")
    assert not any("one-way" in words for words in map_warnings(build_city(tmp_path / "drive.graphml").report))
