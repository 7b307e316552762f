"""The page of a city as read, in a browser without network: it draws, and a click tells the OSM way."""

from __future__ import annotations

import re

import pytest

from tests.benchmarks.bench_city import write_map
from twin import service

pytestmark = pytest.mark.browser


def test_a_click_on_a_street_tells_its_way(tmp_path, chromium):
    page_file = service.draw_city("osaka_midosuji", tmp_path, lang="en")
    page = chromium.new_page(viewport={"width": 1200, "height": 800})
    problems, asked = [], []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page_file.as_uri())
    at = page.evaluate(
        "() => { const m = middle(city.drive, 0), b = canvas.getBoundingClientRect();"
        " return [m[0] + b.left, m[1] + b.top]; }"
    )
    page.mouse.click(*at)
    said = page.locator("#told").inner_text()
    assert re.search(r"drive: way \d+", said)
    assert "lanes" in said
    inked = page.evaluate(
        "() => pen.getImageData(0, 0, canvas.width, canvas.height).data.some((v, i) => i % 4 === 3 && v > 0)"
    )
    assert inked
    page.mouse.wheel(0, -400)
    page.get_by_label("places", exact=True).check()
    assert problems == []
    assert [url for url in asked if not url.startswith("file:")] == []
    page.close()


def test_a_click_on_what_was_dropped_tells_what_and_why(tmp_path, chromium):
    file = tmp_path / "town.osm"
    write_map(file, 0.15)
    way = '<way id="77777"><nd ref="1"/><nd ref="2"/><tag k="highway" v="bus_guideway"/></way>'
    file.write_text(file.read_text().replace("</osm>", f"{way}</osm>"))
    page_file = service.draw_city(file, tmp_path / "drawn", lang="en")
    page = chromium.new_page(viewport={"width": 1200, "height": 800})
    page.goto(page_file.as_uri())
    at = page.evaluate(
        "() => { const d = city.dropped.find((d) => d[1] === 77777), b = canvas.getBoundingClientRect();"
        " return [px(d[3]) + b.left, py(d[4]) + b.top]; }"
    )
    page.mouse.click(*at)
    assert "way 77777: ways not for cars or walkers: highway=bus_guideway" in page.locator("#told").inner_text()
    street = page.evaluate(
        "() => { const i = city.drive.way.findIndex((way) => guessed(way, 'drive'));"
        " const m = middle(city.drive, i), b = canvas.getBoundingClientRect(); return [m[0] + b.left, m[1] + b.top]; }"
    )
    page.mouse.click(*street)
    assert "assumed: speed of residential" in page.locator("#told").inner_text()
    page.close()
