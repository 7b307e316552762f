from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from importlib.resources import files

import pydeck
import pytest

from twin.errors import RunError
from twin.viz.map_layers import build_scene
from twin.viz.run_view import PlaceMark
from twin.viz.scene_3d import DECK_VERSION, inline_json, scene_html, write_scene

VENDOR = files("twin.viz") / "assets" / "vendor"


@pytest.fixture(scope="module")
def page(run_view):
    return scene_html(build_scene(run_view))


def scripts_of(page):
    return re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)


def data_of(page):
    return json.loads(re.search(r'id="scene-data">(.*?)</script>', page, flags=re.DOTALL).group(1))


def test_the_vendored_deck_gl_is_the_minor_version_pydeck_writes_for():
    wanted = re.fullmatch(r"~(\d+\.\d+)\.\*", pydeck.frontend_semver.DECKGL_SEMVER).group(1)
    assert DECK_VERSION.startswith(f"{wanted}.")
    bundle = (VENDOR / f"deck.gl-{DECK_VERSION}.min.js").read_text(encoding="utf-8")
    assert f'"{DECK_VERSION}"' in bundle


def test_vendored_files_are_small_and_carry_their_licence():
    for name in (f"deck.gl-{DECK_VERSION}.min.js", f"deck.gl-json-{DECK_VERSION}.min.js"):
        assert len((VENDOR / name).read_bytes()) < 2_000_000
        assert name in (VENDOR / "README.md").read_text(encoding="utf-8")
    assert "Permission is hereby granted" in (VENDOR / "LICENSE-deck.gl").read_text(encoding="utf-8")


def test_the_same_run_gives_the_same_page(run_view, page):
    assert scene_html(build_scene(run_view)) == page


def test_nothing_in_the_page_points_outside(page):
    own = page.replace(scripts_of(page)[0], "").replace(scripts_of(page)[1], "")
    assert re.findall(r'(?:src|href|action)="([^"]*)"', own) == ["data:,"]
    assert "url(" not in own
    assert "@import" not in own


def test_the_policy_forbids_all_but_the_scripts_of_the_page(page):
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page).group(1)
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert "connect-src" not in policy
    for script in scripts_of(page):
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


def test_a_hostile_name_cannot_leave_its_place(run_view, page, demo):
    # The scripts and the data: a name that ends a script would make one more.
    assert page.count("</script>") == len(scripts_of(page)) + 1
    assert demo.HOSTILE not in page
    assert any(place["ja"] == demo.HOSTILE for place in data_of(page)["facts"]["places"])


def test_a_hostile_title_is_escaped_and_placeholders_in_it_stay_text(run_view):
    title = "</title><script>alert(1)</script> [[scripts]]"
    page = scene_html(build_scene(replace(run_view, title={"ja": title, "en": title})))
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; [[scripts]]</title>" in page
    assert data_of(page)["facts"]["title"]["ja"] == title


def test_json_inside_a_page_holds_no_opening_bracket():
    text = inline_json({"a": "<!--<script>\u2028"})
    assert "<" not in text
    assert json.loads(text) == {"a": "<!--<script>\u2028"}


def test_a_number_that_is_none_never_reaches_the_page(run_view):
    mark = PlaceMark("p", "stop", "停", "stop", 135.5, 34.69)
    place = build_scene(replace(run_view, places=(mark,))).facts["places"][0]
    assert place["capacity"] is None


def test_the_page_opens_in_the_language_asked_for(run_view, page):
    assert page.startswith('<!DOCTYPE html>\n<html lang="ja">')
    assert '<html lang="en">' in scene_html(build_scene(run_view), lang="en")


def test_a_page_is_written_whole_or_not_at_all(run_view, tmp_path):
    out = write_scene(run_view, tmp_path / "朝 図.html")
    assert out.read_text(encoding="utf-8").endswith("</html>\n")
    assert [p.name for p in tmp_path.iterdir()] == ["朝 図.html"]


def test_a_folder_that_is_not_there_is_named(run_view, tmp_path):
    with pytest.raises(RunError, match="the picture cannot be written"):
        write_scene(run_view, tmp_path / "no" / "page.html")


def test_a_folder_in_the_way_is_named_and_nothing_is_left(run_view, tmp_path):
    (tmp_path / "page.html").mkdir()
    with pytest.raises(RunError, match="the picture cannot be written"):
        write_scene(run_view, tmp_path / "page.html")
    assert [p.name for p in tmp_path.iterdir()] == ["page.html"]
