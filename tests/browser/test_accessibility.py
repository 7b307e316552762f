"""Pages as axe-core sees them: nothing serious for readers with a screen reader, a keyboard, or weak eyes."""

from __future__ import annotations

from importlib.resources import files

import pytest

from tests.browser.waiting import wait_until
from tests.unit.viz.report.studies import make_study
from twin import service
from twin.viz.report.page import write_report

pytestmark = pytest.mark.browser

_ASK = """axe.run().then((found) => found.violations.map(
    (v) => [v.impact, v.id, v.nodes.slice(0, 5).map((node) => node.html.slice(0, 200))]))"""


@pytest.fixture(scope="module")
def axe():
    package = pytest.importorskip("axe_playwright_python", reason="axe-core is not installed")
    return (files(package) / "axe.min.js").read_text(encoding="utf-8")


def serious(page, axe):
    # Through the debugger, which a page's content policy does not bind.
    page.evaluate(axe)
    found = page.evaluate(_ASK)
    assert page.evaluate("axe.version")
    return [(rule, where) for impact, rule, where in found if impact in ("serious", "critical")]


@pytest.mark.parametrize(("width", "lang"), [(1366, "ja"), (390, "en")])
def test_the_report(chromium, axe, tmp_path, width, lang):
    page = chromium.new_page(viewport={"width": width, "height": 844})
    page.goto(write_report(make_study(tmp_path), tmp_path / "report.html", [lang]).as_uri())
    assert serious(page, axe) == []
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_scene(chromium, axe, page_file, scheme):
    context = chromium.new_context(viewport={"width": 1366, "height": 768}, color_scheme=scheme)
    page = context.new_page()
    page.goto(page_file.as_uri() + "#flat")
    wait_until(page, "window.__twin?.state?.ready", 120)
    assert serious(page, axe) == []
    context.close()


@pytest.mark.parametrize("mode", ["swipe", "beside", "difference"])
def test_two_futures(opened_pair, axe, mode):
    opened_pair.page.click(f"#mode-{mode}")
    opened_pair.ask("window.__twin.story.fold(false)")
    assert serious(opened_pair.page, axe) == []


def test_the_map_of_a_city(chromium, axe, tmp_path):
    page = chromium.new_page(viewport={"width": 1366, "height": 768})
    page.goto(service.draw_city("osaka_yumeshima", tmp_path).as_uri())
    assert serious(page, axe) == []
    page.close()


def test_a_page_that_fails_is_seen_to_fail(chromium, axe):
    page = chromium.new_page()
    page.set_content("<html lang='en'><title>t</title><main><img src='data:,'><button></button></main></html>")
    assert {rule for rule, _ in serious(page, axe)} >= {"image-alt", "button-name"}
    page.close()
