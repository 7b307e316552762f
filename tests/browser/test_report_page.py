"""The report in a real browser: no request, no fault, nothing wider than the screen, on desk, phone and paper."""

from __future__ import annotations

import pytest

from tests.unit.viz.report.studies import make_study
from twin.viz.report.page import write_report

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def report_file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report page")
    return write_report(make_study(folder), folder / "報告 書.html")


@pytest.mark.parametrize(
    ("width", "height", "media"), [(1366, 768, "screen"), (390, 844, "screen"), (794, 1123, "print")]
)
def test_the_report_asks_for_nothing_and_fits(chromium, report_file, width, height, media):
    page = chromium.new_page(viewport={"width": width, "height": height})
    asked, faults = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text))
    page.on("dialog", lambda dialog: faults.append(dialog.message))
    page.emulate_media(media=media)
    page.goto(report_file.as_uri())
    assert asked == [report_file.as_uri()]
    assert faults == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("figure svg").count() >= 6
    # Three questions in each language, and a card for who gains and who loses.
    assert page.locator("section.answer").count() == 6
    assert page.locator("section.card").count() == 8
    page.close()
