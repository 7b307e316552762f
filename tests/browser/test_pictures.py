"""Stills, the gallery and a film, drawn by the installed Chromium."""

from __future__ import annotations

import struct

import pytest

from tests.browser.conftest import Opened
from tests.browser.waiting import wait_until
from twin.errors import RunError, ScenarioError
from twin.service_film import film, stills
from twin.viz.projector import Projector

pytestmark = pytest.mark.browser


def png_size(path):
    head = path.read_bytes()[:24]
    assert head.startswith(b"\x89PNG")
    return struct.unpack(">II", head[16:24])


@pytest.fixture(scope="module")
def gallery(pair_file, chromium, tmp_path_factory):
    chromium.version  # noqa: B018  (skips where there is none)
    told = []
    folder = tmp_path_factory.mktemp("stills") / "静止画"
    paths = stills(pair_file, folder, size_px=(2560, 1440), view="flat", on_still=lambda *n: told.append(n))
    return paths, told


def test_there_is_a_still_of_every_chapter_in_the_size_that_was_asked_for(gallery, pair_file, chromium):
    paths, told = gallery
    opened = Opened(chromium, pair_file.as_uri() + "#flat")
    count = opened.ask("window.__twin.story.chapters.length")
    opened.context.close()
    assert len(paths) == count + 1
    assert {png_size(path) for path in paths[:-1]} == {(2560, 1440)}
    assert told == [(n, count) for n in range(count + 1)]
    assert len({path.read_bytes() for path in paths[:-1]}) == count


def test_the_gallery_shows_them_with_captions_in_both_languages_as_text(gallery, chromium, demo):
    context = chromium.new_context()
    page = context.new_page()
    asked, faults = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: faults.append(message.text))
    page.goto(gallery[0][-1].as_uri())
    widths = page.evaluate("[...document.images].map((image) => image.naturalWidth)")
    assert widths == [2560] * (len(gallery[0]) - 1)
    text = page.inner_text("body")
    assert "ゲート待ちが最多の18台" in text
    assert "line for the gate is longest: 13" in text
    assert demo.HOSTILE in text
    assert all(address.startswith(gallery[0][-1].parent.as_uri()) for address in asked)
    assert faults == []
    context.close()


def test_a_short_film_is_written_and_counts_its_frames(pair_runs, chromium, tmp_path):
    pytest.importorskip("imageio_ffmpeg", reason="the extra `film` is not installed")
    chromium.version  # noqa: B018
    told = []
    out = film(
        pair_runs[0],
        tmp_path / "町.mp4",
        seconds=0.5,
        fps=2,
        size_px=(640, 360),
        view="flat",
        on_frame=lambda *n: told.append(n),
    )
    assert out.read_bytes()[4:8] == b"ftyp"
    assert told[-1][0] == told[-1][1] > 10


def test_without_a_browser_it_says_so_and_names_one(pair_file):
    with pytest.raises(RunError, match="no Chromium was found"), Projector(pair_file, [], size_px=(640, 360)):
        pass


def test_a_browser_that_does_not_start_is_an_error_that_names_it(pair_file, tmp_path, monkeypatch):
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setattr("twin.browsers.browsers", lambda: iter([str(broken)]))
    with pytest.raises(RunError, match="the browser could not open the page") as caught:
        stills(pair_file, tmp_path / "s", size_px=(640, 360))
    assert not (tmp_path / "s").exists()
    assert str(broken) in str(caught.value)


@pytest.mark.parametrize("size", [(10, 10), (99999, 100)])
def test_sizes_that_nobody_can_draw_are_refused(pair_file, tmp_path, size):
    with pytest.raises(ScenarioError, match="cannot be drawn"):
        stills(pair_file, tmp_path / "s", size_px=size)
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize("wish", [{"fps": 0}, {"fps": 61}, {"seconds": 0.0}])
def test_films_that_nobody_can_watch_are_refused(pair_runs, tmp_path, wish):
    with pytest.raises(ScenarioError, match="cannot be filmed"):
        film(pair_runs[0], tmp_path / "a.mp4", **wish)


def test_in_a_notebook_the_scene_runs_inside_its_frame(pair_runs, chromium, tmp_path):
    cell = tmp_path / "cell.html"
    cell.write_text(f"<!DOCTYPE html><meta charset='utf-8'>{pair_runs[0].view()._repr_html_()}", encoding="utf-8")
    context = chromium.new_context(viewport={"width": 900, "height": 700})
    page = context.new_page()
    faults, asked = [], []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(cell.as_uri())
    frame = page.frames[1]
    wait_until(frame, "window.__twin?.state?.ready && window.__twin.state.drawn")
    frame.click("#story-fold")
    frame.click("#chapters li:nth-child(2) button")
    assert frame.evaluate("window.__twin.state.chapter") == 2
    assert frame.evaluate("window.__twin.state.errors") == []
    assert faults == []
    assert asked == [cell.as_uri()]
    context.close()
