"""The page of a city as it was read: nothing missing, nothing fetched, and every piece tells its OSM id."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from tests.benchmarks.bench_city import write_map
from twin import service
from twin.city.keeping.build import build_city, report_lines
from twin.city.keeping.picture import city_picture
from twin.errors import CityError
from twin.viz.city_map import city_page

BAN = """<relation id="900"><member type="way" ref="{a}" role="from"/><member type="node" ref="{via}" role="via"/>
<member type="way" ref="{b}" role="to"/><tag k="type" v="restriction"/><tag k="restriction" v="no_left_turn"/>
</relation>
"""


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    file = tmp_path_factory.mktemp("map") / "town.osm"
    write_map(file, 0.15)
    text = file.read_text()
    found = re.findall(r'<way id="(\d+)"[^>]*>(.*?)</way>', text)
    streets = [(way, body) for way, body in found if "highway" in body and "footway" not in body]
    ways = {int(way): [int(node) for node in re.findall(r'ref="(\d+)"', body)] for way, body in streets}
    a, b = next((a, b) for a, one in ways.items() for b, two in ways.items() if a != b and one[-1] == two[0])
    ban = BAN.format(a=a, b=b, via=ways[a][-1])
    text = text.replace("</osm>", ban + "</osm>").replace("通り 2", "&lt;/script&gt;&lt;b&gt;", 1)
    file.write_text(text)
    return file, build_city(file, name="town"), (a, b)


def test_every_piece_light_ban_and_place_is_drawn(town):
    _, city, (a, b) = town
    drawn = city_picture(city, list(report_lines(city)))["drawn"]
    for part, layer in (("drive", city.drive), ("walk", city.walk)):
        pieces = drawn[part]
        assert set(pieces["way"]) == set(layer.way_id.tolist())
        # Both directions are one piece where they are alike, so that each pair of ends is there once at least.
        ends = {frozenset(pair) for pair in zip(pieces["from"], pieces["to"], strict=True)}
        assert ends == {
            frozenset(pair)
            for pair in zip(layer.node_id[layer.link_from].tolist(), layer.node_id[layer.link_to].tolist(), strict=True)
        }
        assert len(pieces["xy"]) == 2 * pieces["ptr"][-1]
        # Streets may bend out of the box of their ends, by a few metres here.
        assert min(pieces["xy"]) >= -50
        assert max(pieces["xy"][::2]) <= drawn["size"][0] + 50
    metres = np.array(drawn["drive"]["metres"])
    assert metres.sum() > 0.49 * city.drive.length_m.sum()
    assert {light[2] for light in drawn["lights"]} == set(city.drive.node_id[city.drive.signal].tolist())
    assert len(drawn["bans"]) == city.drive.rules.ban_count >= 1
    told = [[drawn["drive"]["way"][drawn["drive"]["piece"][link]] for link in ban[0]] for ban in drawn["bans"]]
    assert [a, b] in told
    assert len(drawn["places"]) == len(city.places)
    one_way = [w for w, o in zip(drawn["drive"]["way"], drawn["drive"]["oneway"], strict=True) if o]
    assert one_way


def test_the_page_fetches_nothing_and_names_cannot_break_out_of_it(town):
    _, city, _ = town
    picture = city_picture(city, ["read: <img src=x>"])
    for lang in ("ja", "en"):
        page = city_page(picture, lang=lang)
        assert "default-src 'none'" in page
        assert not re.search(r'(src|href)="(?!data:)', page)
        assert "<img" not in page
        assert page.count("</script>") == 2
        data = re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1]
        assert json.loads(data) == picture["drawn"]
        assert "</script><b>" in json.loads(data)["drive"]["names"]
    assert city_page(picture) == city_page(picture)


def test_a_city_is_drawn_from_its_name_or_file(town, tmp_path):
    file, _, _ = town
    page = service.draw_city(file, tmp_path / "out", lang="en")
    assert page.name == "city.html"
    assert "What was read, dropped and assumed" in page.read_text()
    with pytest.raises(CityError):
        service.draw_city("nowhere", tmp_path / "none")
