"""The flat map of edits: self-contained, both languages, every word as text."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from twin.errors import RunError
from twin.viz.edit_map import KINDS, edit_page, write_edit_map
from twin.viz.palette import OKABE_ITO

HOSTILE = "</style></title><script>alert(1)</script><img src=x onerror=alert(2)>\"'&"


def row(**more):
    return {
        "layer": "drive",
        "street": "御堂筋",
        "way_id": 1,
        "from_node": 10,
        "to_node": 11,
        "link_index": 5,
        "base_link_index": 5,
        "old_lanes": 4,
        "new_lanes": 3,
        "old_speed_kmh": None,
        "new_speed_kmh": None,
        "old_width_m": None,
        "new_width_m": None,
        "old_open": None,
        "new_open": None,
        "old_closed_to": None,
        "new_closed_to": None,
        "hours": "",
        "measure": "m",
        "change": "set_lanes",
        **more,
    }


def variant(rows, **more):
    links = [{"points": [[0.0, 0.0], [0.0, 100.0]], "kind": "fewer_lanes", "row": i} for i in range(len(rows))]
    picture = {
        "bounds": (-100.0, -100.0, 100.0, 200.0) if rows else None,
        "links": links,
        "signals": [],
        "marks": [],
        "names": [{"text": "中通", "x_m": 0.0, "y_m": 50.0}],
        "paths": [],
        "streets": [[[0.0, 0.0], [50.0, 0.0]]],
    }
    match = {"measure": "m", "written": "御堂筋", "found": {"御堂筋": 6}, "links": 1, "left_alone": ["新御堂筋"]}
    label = {"ja": "第1段階", "en": "Step 1"}
    return {
        "name": "step1",
        "label": label,
        "rows": rows,
        "signals": [],
        "matches": [match],
        "cut_off": [],
        "links": {"drive": 10, "walk": 20},
        "picture": picture,
        **more,
    }


def content(*variants, title="側道"):
    city = {"name": "osaka", "crs": "EPSG:6674", "schematic": True, "attribution": ["© OSM"]}
    return {"title": {"ja": title, "en": title}, "city": city, "variants": list(variants)}


class Tags(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text.append(data)


def test_the_page_has_no_script_and_asks_the_network_for_nothing():
    page = edit_page(content(variant([row()]), variant([], name="today")))
    seen = Tags(page)
    assert "script" not in seen.tags
    assert not [value for name, value in seen.attributes if name in ("src", "href") and value != "data:,"]
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL).group(1)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in page
    assert "url(" not in style
    assert "@import" not in style
    assert not [name for name, _ in seen.attributes if name == "style" or name.startswith("on")]


def test_hostile_words_stay_words():
    rows = [row(street=HOSTILE, measure=HOSTILE, hours=HOSTILE)]
    bad = variant(rows, cut_off=[HOSTILE], label={"ja": HOSTILE, "en": HOSTILE})
    bad["picture"]["names"] = [{"text": HOSTILE[:20], "x_m": 0.0, "y_m": 50.0}]
    words = {"measure": HOSTILE, "street": HOSTILE, "written": HOSTILE}
    bad["matches"] = [{**words, "found": {HOSTILE: 1}, "left_alone": [HOSTILE], "links": 1}]
    bad["signals"] = [{**words, "node": 1, "cycle_s": 100.0, "green_share": 0.5, "offset_s": 0.0}]
    bad["picture"]["signals"] = [[0.0, 0.0]]
    facts = content(bad, title=HOSTILE)
    facts["city"].update(name=HOSTILE, attribution=[HOSTILE])
    seen = Tags(edit_page(facts))
    assert "script" not in seen.tags
    assert "img" not in seen.tags
    assert not [name for name, _ in seen.attributes if name.startswith("on")]
    assert HOSTILE in "".join(seen.text)


def test_every_touched_link_is_drawn_and_listed_from_old_to_new():
    text = "".join(Tags(page := edit_page(content(variant([row(), row(way_id=2, link_index=6)])))).text)
    assert page.count('class="k-fewer_lanes" d="M') == 2
    assert text.count("4 → 3") >= 4  # in both languages of both rows
    assert "2 drive links and 0 walk links are touched. Nothing else changed: the other 8 drive and 20 walk" in text
    assert "照合済み" in text
    assert "other streets, left alone: 新御堂筋" in text
    assert "speed km/h" not in text  # a column nothing touches


def test_a_variant_without_edits_says_so_and_the_first_with_edits_opens():
    page = edit_page(content(variant([], name="today", matches=[]), variant([row()])), lang="en")
    assert "No edit: the city is as it was." in page
    assert re.search(r'<input type="radio" name="variant" id="v1" checked>', page)
    assert '<input type="radio" name="lang" id="lang-en" checked>' in page


def test_colours_are_those_that_stay_apart_and_every_kind_has_its_own_look():
    assert {color for color, *_ in KINDS.values()} <= set(OKABE_ITO)
    looks = [(color, dash) for color, dash, *_ in KINDS.values()]
    assert len(set(looks)) == len({color for color, _ in looks}) == len(KINDS)


def test_the_page_is_written_whole_or_not_at_all(tmp_path):
    out = write_edit_map(content(variant([row()])), tmp_path / "地図.html")
    assert out.read_text(encoding="utf-8") == edit_page(content(variant([row()])))
    with pytest.raises(RunError, match="cannot be written"):
        write_edit_map(content(variant([row()])), tmp_path / "missing" / "a.html")
    assert [p.name for p in tmp_path.iterdir()] == ["地図.html"]


def test_both_directions_of_a_street_share_their_dashes():
    both = variant([row(), row(link_index=6)])
    both["picture"]["links"][1]["points"] = both["picture"]["links"][0]["points"][::-1]
    drawn = re.findall(r'class="k-fewer_lanes" d="(M[^"]+)"', edit_page(content(both)))
    assert len(drawn) == 2
    assert drawn[0] == drawn[1]
