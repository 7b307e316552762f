"""Maps from the net: the city of an answer is that of the same map from a file; kept answers work without a line."""

from __future__ import annotations

import json
import socket
from xml.etree.ElementTree import Element, ElementTree, SubElement

import osmnx as ox
import pytest
import requests

from twin.city.keeping.build import build_city, build_from_bbox, build_from_place
from twin.city.reading.download import query_of
from twin.errors import CityError

BOX = (135.499, 34.679, 135.503, 34.683)
STATE = "2026-11-01T00:00:00Z"


def at(east, north):
    return {"lon": 135.5 + east / 91_700, "lat": 34.68 + north / 110_950}


def elements():
    """A crossing with a ban, a shop's stop and a house, as Overpass tells them."""
    nodes = {
        1: (0, 0),
        2: (200, 0),
        3: (200, 200),
        4: (0, 200),
        5: (400, 0),
        6: (-200, 0),
        7: (20, 20),
        8: (40, 20),
        9: (40, 40),
    }
    rows = [{"type": "node", "id": k, **at(*place)} for k, place in nodes.items()]
    rows[1]["tags"] = {"highway": "traffic_signals"}
    rows.append({"type": "node", "id": 20, **at(10, 3), "tags": {"highway": "bus_stop", "name": "停留所"}})
    for number, refs in ((10, [6, 1, 2]), (11, [2, 5]), (12, [2, 3]), (13, [3, 4, 1])):
        tags = {"highway": "tertiary", "name": f"street {number}", "lanes": "2"}
        rows.append({"type": "way", "id": number, "nodes": refs, "tags": tags})
    rows.append({"type": "way", "id": 14, "nodes": [7, 8, 9, 7], "tags": {"building": "yes", "height": "12"}})
    members = [
        {"type": "way", "ref": 10, "role": "from"}, {"type": "node", "ref": 2, "role": "via"},
        {"type": "way", "ref": 12, "role": "to"},
    ]  # fmt: skip
    rows.append(
        {
            "type": "relation",
            "id": 30,
            "members": members,
            "tags": {"type": "restriction", "restriction": "no_left_turn"},
        }
    )
    return rows


def answer(rows):
    return {"version": 0.6, "generator": "Overpass API", "osm3s": {"timestamp_osm_base": STATE}, "elements": rows}


def write_xml(path, rows):
    """The same map as a file that was cut by the box."""
    root = Element("osm", version="0.6")
    SubElement(root, "bounds", dict(zip(("minlon", "minlat", "maxlon", "maxlat"), map(str, BOX), strict=True)))
    for row in rows:
        place = {"lon": f"{row['lon']:.7f}", "lat": f"{row['lat']:.7f}"} if row["type"] == "node" else {}
        element = SubElement(root, row["type"], {"id": str(row["id"]), "version": "1", **place})
        for ref in row.get("nodes", ()):
            SubElement(element, "nd", ref=str(ref))
        for member in row.get("members", ()):
            SubElement(element, "member", {key: str(value) for key, value in member.items()})
        for key, value in row.get("tags", {}).items():
            SubElement(element, "tag", k=key, v=value)
    ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


class Server:
    """What the two servers would say; every question is remembered."""

    def __init__(self, monkeypatch, rows=None, place=None):
        self.asked = []
        self.rows, self.place = elements() if rows is None else rows, place
        monkeypatch.setattr(requests, "post", self._map)
        monkeypatch.setattr(requests, "get", self._place)
        monkeypatch.setattr(socket, "create_connection", lambda *_, **__: _Line())
        monkeypatch.setattr(ox._http, "_config_dns", lambda *_: None)
        monkeypatch.setattr(ox.settings, "overpass_rate_limit", False)
        monkeypatch.setattr("time.sleep", lambda *_: None)

    def _map(self, url, data=None, **_):
        self.asked.append(data["data"])
        return _reply(url, answer(self.rows))

    def _place(self, url, params=None, **_):
        self.asked.append(params["q"])
        return _reply(url, self.place)


class _Line:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None


def _reply(url, content):
    reply = requests.Response()
    reply.status_code, reply.url, reply.reason = 200, url, "OK"
    reply._content = json.dumps(content).encode()
    return reply


@pytest.fixture
def no_line(monkeypatch):
    """From now on nothing can be reached."""

    def cut():
        def refused(*_, **__):
            raise requests.exceptions.ConnectionError("Name or service not known")

        def unreachable(*_, **__):
            raise OSError("Name or service not known")

        monkeypatch.setattr(requests, "post", refused)
        monkeypatch.setattr(requests, "get", refused)
        monkeypatch.setattr(socket, "create_connection", unreachable)
        monkeypatch.setattr(ox._http, "_config_dns", lambda *_: None)
        # A second is due to the server of names; the other one would be waited for a minute.
        monkeypatch.setattr("time.sleep", lambda s: None if s <= 1 else pytest.fail("it waits for nothing"))

    return cut


WARD = [{
    "lat": "34.681", "lon": "135.501", "display_name": "Ikuno Ward, Osaka, Japan", "importance": 0.5,
    "boundingbox": ["34.679", "34.683", "135.499", "135.503"],
    "geojson": {"type": "Polygon", "coordinates": [
        [[135.499, 34.679], [135.503, 34.679], [135.503, 34.683], [135.499, 34.683], [135.499, 34.679]]]},
}]  # fmt: skip


def test_a_box_is_the_city_of_the_same_map_from_a_file_bans_and_houses_included(tmp_path, monkeypatch):
    server = Server(monkeypatch)
    got = build_from_bbox(BOX, name="town", cache=tmp_path / "kept")
    write_xml(tmp_path / "town.osm", elements())
    wanted = build_city(tmp_path / "town.osm", name="town")
    assert len(got.drive.rules.ban_ptr) == 2
    assert got.digest == wanted.digest
    assert got.scenery.counts() == wanted.scenery.counts() == {"building": 1}
    assert got.report["as_of"] == STATE
    assert [place.name_ja for place in got.places_of("stop")] == ["停留所"]
    (question,) = server.asked
    assert "34.679000 135.499000" in question
    assert query_of("poly").count("poly") == 2


def test_kept_answers_build_the_same_city_without_a_line(tmp_path, monkeypatch, no_line):
    server = Server(monkeypatch, place=WARD)
    first = build_from_place("Ikuno Ward, Osaka, Japan", cache=tmp_path / "kept")
    assert len(server.asked) == 2
    assert len(list((tmp_path / "kept").glob("*.json"))) == 2
    no_line()
    again = build_from_place("Ikuno Ward, Osaka, Japan", cache=tmp_path / "kept")
    assert again.name == "Ikuno Ward"
    assert again.digest == first.digest
    with pytest.raises(CityError, match="no connection"):
        build_from_place("Ikuno Ward, Osaka, Japan", cache=tmp_path / "other")
    assert ox.settings.cache_folder != str(tmp_path / "kept")


def test_an_answer_that_we_wrote_ourselves_is_enough(tmp_path, no_line):
    """The offline way: a folder of answers, made on another machine or by hand."""
    from collections import OrderedDict

    from shapely import box

    no_line()
    corners = ox._overpass._make_overpass_polygon_coord_strs(box(*BOX))
    question = f"{ox._overpass._make_overpass_settings()};{query_of(f'poly:{chr(34)}{corners[0]}{chr(34)}')}"
    url = requests.Request(
        "GET", ox.settings.overpass_url.rstrip("/") + "/interpreter", params=OrderedDict(data=question)
    ).prepare().url  # fmt: skip
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / ox._http._resolve_cache_filepath(str(url)).name).write_text(json.dumps(answer(elements())))
    assert build_from_bbox(BOX, cache=kept).drive.link_count > 6


def test_without_a_connection_one_is_told_at_once_what_to_do(tmp_path, no_line):
    no_line()
    with pytest.raises(CityError, match="no connection") as caught:
        build_from_bbox(BOX, cache=tmp_path)
    assert "twin city build FILE" in caught.value.mend
    assert "--cache" in caught.value.mend


@pytest.mark.parametrize(
    ("place", "rows", "said"),
    [
        ([], None, "OpenStreetMap has no map for this place"),
        ([{**WARD[0], "geojson": {"type": "Point", "coordinates": [135.5, 34.68]}}], None, "."),
        (WARD, [], "OpenStreetMap has no streets for this place"),
        (WARD, [{"type": "node", "id": 1, **at(0, 0)}], "no usable streets"),
        (WARD, [{"type": "way", "id": 1, "nodes": "x"}], "an element of the answer is damaged"),
    ],
)
def test_places_nobody_knows_and_boxes_without_streets_are_told(tmp_path, monkeypatch, place, rows, said):
    Server(monkeypatch, rows, place)
    with pytest.raises(CityError, match=said):
        build_from_place("Atlantis", cache=tmp_path)


def test_what_is_larger_than_a_city_is_not_asked_for(tmp_path, monkeypatch):
    server = Server(monkeypatch)
    with pytest.raises(CityError, match="is larger than 2,500 km2"):
        build_from_bbox((135.0, 34.0, 136.0, 35.0), cache=tmp_path)
    assert not server.asked


def test_a_server_that_gave_up_is_refused_and_not_kept(tmp_path, monkeypatch):
    Server(monkeypatch)
    monkeypatch.setattr(
        requests,
        "post",
        lambda url, **_: _reply(url, {**answer(elements()), "remark": "runtime error: Query timed out"}),
    )
    with pytest.raises(CityError, match="did not finish this map"):
        build_from_bbox(BOX, cache=tmp_path / "kept")
    assert not list((tmp_path / "kept").glob("*.json"))


@pytest.mark.parametrize("box", [(135.51, 34.66, 135.49, 34.71), (135.49, 34.71, 135.51, 34.66), (0, 0, 200, 1)])
def test_a_turned_box_is_refused(box):
    with pytest.raises(CityError, match="the box is no box"):
        build_from_bbox(box)
