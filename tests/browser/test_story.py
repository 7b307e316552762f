"""Chapters: by clicks, by keys, by a link; presenter mode; hostile words stay words."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Opened

pytestmark = pytest.mark.browser

CLOCK = "document.getElementById('clock').textContent"


def chapters(opened):
    return opened.ask("""window.__twin.story.chapters.map((c) => [c.at_s, c.ja, c.en])""")


def bounds_seen(opened):
    """West, south, east and north of the flat picture."""
    return opened.ask("""(() => {
      const [view] = window.__twin.view.views;
      const unit = (x, y) => [x / view.scale + view.middle[0], y / view.scale + view.middle[1]];
      const [west, north] = unit(-view.width / 2, -view.height / 2);
      const [east, south] = unit(view.width / 2, view.height / 2);
      const lat = (y) => (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI;
      return [west * 360 - 180, lat(south), east * 360 - 180, lat(north)];
    })()""")


@pytest.fixture
def told(chromium, pair_file):
    found = []

    def opened(hash_="", **context):
        found.append(Opened(chromium, f"{pair_file.as_uri()}#flat{hash_}", **context))
        return found[-1]

    yield opened
    for one in found:
        assert one.faults == []
        assert {address.partition("#")[0] for address in one.requests} == {pair_file.as_uri()}
        one.context.close()


def test_a_click_on_a_chapter_sets_clock_and_camera(told):
    opened = told()
    opened.page.click("#story-fold")
    n = next(i for i, c in enumerate(chapters(opened)) if "longest: 18" in c[2])
    opened.page.click(f"#chapters li:nth-child({n + 1}) button")
    at_s = chapters(opened)[n][0]
    assert opened.ask(CLOCK) == f"{int(at_s) // 3600:02d}:{int(at_s) // 60 % 60:02d}:00"
    west, south, east, north = bounds_seen(opened)
    assert west < 135.3962 < east  # the holding yard is in sight, the other districts are not
    assert south < 34.6540 < north
    assert east < 135.49
    assert opened.page.get_attribute(f"#chapters li:nth-child({n + 1}) button", "aria-current") == "step"
    assert opened.page.url.endswith(f"#flat&chapter={n + 1}")


def test_a_chapter_lies_half_on_either_side_of_the_divider(told):
    opened = told()
    opened.ask("() => { const { compare } = window.__twin.scene; compare.goal = null; compare.setShare(0.8); }")
    opened.ask("window.__twin.story.go(2)")
    # What panels leave free of the window has its middle right of the window's.
    box = "(({ clientWidth: w, clientHeight: h }) => [w, window.__twin.roomOf(w, h)])(window.__twin.view.canvas)"
    width, room = opened.ask(box)
    assert room["left"] > width - room["right"]
    middle = 50 * (room["left"] + room["right"]) / width
    assert int(opened.page.get_attribute("#divider", "aria-valuenow")) == pytest.approx(middle, abs=1)


def test_the_other_view_opens_at_the_chapter_too(told):
    opened = told("&chapter=3")
    before = opened.ask("window.__twin.state.t")
    # Asked in the page itself: software rendering may hold a click up for longer than a click may take.
    opened.ask("document.getElementById('mode').click()")
    assert opened.ask("window.__twin.state.view") == "3d"
    assert opened.ask("window.__twin.state.t") == before
    west, south, east, north = opened.ask("window.__twin.story.chapters[2].bounds ?? [134, 34, 136, 35]")
    state = opened.ask("window.__twin.view.viewState")
    assert west - 0.02 < state["longitude"] < east + 0.02
    assert south - 0.02 < state["latitude"] < north + 0.02


def test_a_link_opens_at_a_chapter_and_another_at_a_time(told):
    opened = told("&chapter=3")
    at_s = chapters(opened)[2][0]
    assert opened.ask("window.__twin.timebar.t") == pytest.approx(at_s - 8 * 3600, abs=0.02)
    assert told("&t=08:17").ask(CLOCK) == "08:17:00"
    assert told("&t=08:17:30").ask(CLOCK) == "08:17:30"


@pytest.mark.parametrize("wish", ["&chapter=999", "&chapter=<img>", "&t=99", "&t=", "&unheard=of"])
def test_a_link_that_means_nothing_opens_the_page_as_ever(told, wish):
    assert told(wish).ask("window.__twin.story.at") == -1


def test_chapters_are_told_in_the_language_of_the_page_with_the_side_they_are_of(told, demo):
    opened = told()
    opened.page.click("#story-fold")
    texts = opened.page.locator("#chapters li").all_inner_texts()
    assert any("ゲート待ちが最多の18台" in text and "A" in text for text in texts)
    assert any("ゲート待ちが最多の13台" in text and "B" in text for text in texts)
    opened.page.click("#lang")
    assert any(
        "line for the gate is longest: 13" in text for text in opened.page.locator("#chapters li").all_inner_texts()
    )
    assert any(demo.HOSTILE in text for text in opened.page.locator("#chapters li").all_inner_texts())
    assert opened.ask("document.querySelectorAll('#chapters b, #chapters img, #caption img').length") == 0


def test_what_happened_in_both_alike_is_told_once(told):
    opened = told()
    words = [tuple(c) for c in chapters(opened)]
    assert len(words) == len(set(words))
    assert opened.ask("window.__twin.story.chapters.some((c) => c.side === 2)")


def test_the_presenter_goes_by_keys_and_escape_leaves(told):
    opened = told()
    page, all_ = opened.page, chapters(opened)
    page.click("#present")
    assert page.is_visible("#caption")
    for hidden in ("#card", "#panel", "#tools", "#timebar", "#story", "#futures"):
        assert not page.is_visible(hidden)
    assert page.inner_text(".caption-what") == all_[0][1]
    page.keyboard.press("ArrowRight")
    page.keyboard.press("PageDown")
    assert page.inner_text(".caption-what") == all_[2][1]
    page.keyboard.press("ArrowLeft")
    assert page.inner_text(".caption-what") == all_[1][1]
    page.keyboard.press("End")
    assert f"{len(all_)} / {len(all_)}" in page.inner_text(".caption-which")
    page.keyboard.press("Home")
    at = opened.ask("window.__twin.state.t")
    page.keyboard.press("Space")
    opened.wait(f"window.__twin.state.t > {at} + 0.5")
    page.keyboard.press("Space")
    assert opened.ask("window.__twin.timebar.playing") is False
    page.keyboard.press("Escape")
    assert page.is_visible("#card")
    assert not page.is_visible("#caption")


def test_a_link_opens_the_presenter_in_big_type(told):
    opened = told("&present&chapter=2")
    opened.page.set_viewport_size({"width": 1920, "height": 1080})
    assert opened.page.inner_text(".caption-what") == chapters(opened)[1][1]
    size = opened.ask("parseFloat(getComputedStyle(document.querySelector('.caption-what')).fontSize)")
    assert size >= 60  # seen from the last row
    # A chapter chosen by a key keeps the mode in the address.
    opened.page.keyboard.press("ArrowRight")
    assert opened.page.url.endswith("#flat&present&chapter=3")


def test_outside_the_mode_the_arrow_keys_are_the_clocks(told):
    opened = told("&t=08:20")
    opened.page.keyboard.press("ArrowRight")
    assert opened.ask(CLOCK) == "08:21:00"


def test_on_a_phone_chapters_wait_behind_a_button(told):
    opened = told(viewport={"width": 390, "height": 844})
    assert not opened.page.is_visible("#chapters")
    boxes = [opened.page.locator(name).bounding_box() for name in ("#card", "#panel", "#timebar", "#story", "#futures")]
    assert sum(b["width"] * b["height"] for b in boxes if b) < 0.33 * 390 * 844
