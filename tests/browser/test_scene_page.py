"""The 3D page in a real browser, from disk."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import pytest

from tests.browser.conftest import PATIENCE_S
from tests.browser.waiting import wait_until
from twin.viz.palette import rgb_of

pytestmark = pytest.mark.browser

HEADS = """(name) => {
  const motion = window.__twin.scene.motions.find((m) => m.fact.name === name);
  return Array.from({ length: motion.count }, (_, k) => [motion.row[k], ...motion.lonLatOf(k)]);
}"""
SET_TIME = "(t) => window.__twin.timebar.set(t)"
#: The middle of a block in the grid of Ikuno.
IN_A_BLOCK = [135.5280 + 7.5 * 0.0016, 34.6400 + 7.5 * 0.0016 * 0.82]
PROJECT = "(p) => window.__twin.view.deck.getViewports()[0].project(p)"


def drag_slider_to(opened, share):
    box = opened.page.locator("#slider").bounding_box()
    opened.page.mouse.click(box["x"] + 7 + share * (box["width"] - 14), box["y"] + box["height"] / 2)


def color_at(opened, x, y):
    """Red, green and blue of the picture itself, in either view, read back right after it is drawn."""
    return opened.ask(
        """([x, y]) => {
          const { view } = window.__twin;
          const canvas = view.canvas ?? view.deck.getCanvas();
          view.deck?.redraw('test');
          const copy = Object.assign(document.createElement('canvas'), { width: canvas.width, height: canvas.height });
          const pen = copy.getContext('2d');
          pen.drawImage(canvas, 0, 0);
          const dots = canvas.width / canvas.clientWidth;
          return [...pen.getImageData(Math.round(x * dots), Math.round(y * dots), 1, 1).data];
        }""",
        [x, y],
    )[:3]


def comes_to(opened, spot, color):
    """Whether a spot takes a colour within a few frames: layers change before a frame, not at once."""
    for _ in range(40):
        if color_at(opened, *spot) == pytest.approx(color, abs=3):
            return True
        opened.page.wait_for_timeout(50)
    return False


def drawn_again(opened):
    before = opened.ask("window.__twin.state.drawn")
    opened.ask("window.__twin.view.deck.redraw('test')")
    opened.wait(f"window.__twin.state.drawn > {before}")


def test_it_opens_from_disk_without_asking_for_anything(opened, page_file):
    assert [address.partition("#")[0] for address in opened.requests] == [page_file.as_uri()]
    assert opened.ask("window.__twin.state.view") == "3d"


def test_vehicles_stand_where_the_run_says(opened, demo):
    opened.ask(SET_TIME, 300)
    truth = {}
    for body, id_, points in demo.demo_paths(14, 60):
        if body == "van" and points[0][0] <= demo.FROM_S + 300 <= points[-1][0]:
            at = demo.FROM_S + 300
            after = next(i for i, p in enumerate(points) if p[0] >= at)
            a, b = points[after - 1], points[after]
            share = (at - a[0]) / (b[0] - a[0])
            truth[int(id_) & 0xFFFFFFFF] = [a[k] + share * (b[k] - a[k]) for k in (1, 2)]
    shown = {row: place for row, *place in opened.ask(HEADS, "van")}
    assert len(shown) == len(truth) == 8
    for row, place in shown.items():
        assert place == pytest.approx(truth[row], abs=3e-6)


def test_the_slider_moves_the_vehicles(opened):
    drag_slider_to(opened, 0.1)
    before = opened.ask(HEADS, "van")
    clock = opened.page.inner_text("#clock")
    drag_slider_to(opened, 0.15)
    after = opened.ask(HEADS, "van")
    assert opened.page.inner_text("#clock") > clock
    moved = {row: place for row, *place in before}
    assert sum(place != moved[row] for row, *place in after if row in moved) >= 5


def test_the_moved_vehicles_are_what_is_drawn(opened):
    opened.ask(SET_TIME, 400)
    camera = next(c for c in opened.ask("window.__twin.scene.facts.cameras") if c["key"] == "osaka_ikuno")
    opened.ask("(bounds) => window.__twin.view.frame(bounds, 0)", camera["bounds"])
    drawn_again(opened)
    found = []
    for _, lon, lat in opened.ask(HEADS, "van"):
        x, y = opened.ask(PROJECT, [lon, lat])
        picked = opened.ask(
            "([x, y]) => window.__twin.view.deck.pickObjectAsync"
            " ? window.__twin.view.deck.pickObjectAsync({ x, y, radius: 4 }).then((o) => o && o.layer.id)"
            " : (window.__twin.view.deck.pickObject({ x, y, radius: 4 }) || {}).layer?.id",
            [x, y],
        )
        found.append(picked)
    van = opened.ask("window.__twin.scene.motions.find((m) => m.fact.name === 'van').fact.key")
    assert found.count(f"heads_{van}") >= len(found) - 2  # a place may hide one
    assert len(found) >= 5


def test_play_runs_the_clock_and_pause_stops_it(opened):
    opened.ask(SET_TIME, 60)
    opened.page.keyboard.press("Space")
    opened.wait("window.__twin.state.t > 60.5")
    opened.page.keyboard.press("Space")
    at = opened.ask("window.__twin.state.t")
    opened.page.wait_for_timeout(300)  # a clock that ran on would be seen by then
    assert opened.ask("window.__twin.state.t") == at


@pytest.mark.parametrize(("key", "step"), [("ArrowRight", 60), ("ArrowLeft", -60), ("Shift+ArrowRight", 600)])
def test_arrow_keys_step_the_clock(opened, key, step):
    opened.ask(SET_TIME, 900)
    opened.ask("document.activeElement.blur()")
    opened.page.keyboard.press(key)
    assert opened.ask("window.__twin.state.t") == 900 + step


def test_a_switch_hides_its_layers_and_shows_them_again(opened):
    key = opened.ask("window.__twin.scene.motions.find((m) => m.fact.name === 'truck').fact.key")
    visible = f"window.__twin.view.deck.props.layers.find((l) => l.id === 'heads_{key}').props.visible"
    assert opened.ask(visible) is True
    opened.page.click(f"#switch-{key}")
    assert opened.ask(visible) is False
    assert opened.page.get_attribute(f"#switch-{key}", "aria-checked") == "false"
    opened.page.click(f"#switch-{key}")
    assert opened.ask(visible) is True


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_a_block_is_drawn_in_the_colour_of_its_theme_and_hidden_by_its_switch(opened, theme):
    camera = next(c for c in opened.ask("window.__twin.scene.facts.cameras") if c["key"] == "osaka_ikuno")
    opened.page.click("#switch-buildings")  # a house may stand before it
    opened.ask("(theme) => window.__twin.view.setTheme(theme)", theme)
    opened.ask("(bounds) => window.__twin.view.frame(bounds, 0)", camera["bounds"])
    spot = opened.ask(PROJECT, IN_A_BLOCK)
    look = opened.ask("(theme) => window.__twin.scene.facts.themes[theme]", theme)
    assert comes_to(opened, spot, rgb_of(look["blocks"]))
    opened.page.click("#switch-blocks")
    assert comes_to(opened, spot, rgb_of(look["ground"]))
    opened.page.click("#switch-blocks")
    opened.page.click("#switch-buildings")
    opened.ask("window.__twin.view.setTheme('dark')")


def test_counts_are_those_of_the_moment(opened):
    opened.ask(SET_TIME, 1500)
    for motion in opened.ask("window.__twin.scene.motions.map((m) => [m.fact.key, m.count])"):
        assert opened.page.inner_text(f"#switch-{motion[0]} .count") == str(motion[1])
    assert opened.page.inner_text("#switch-queue .count") == "17"
    assert "17" in opened.page.inner_text("#labels .queue")


def test_the_queue_on_the_road_is_as_long_as_the_run_says(opened):
    opened.ask(SET_TIME, 1500)
    path = opened.ask("window.__twin.scene.queue.path(window.__twin.state.queue.metres)")
    assert opened.ask("window.__twin.state.queue.metres") == pytest.approx(234.0)
    metres = sum(
        111_320 * math.hypot((b[0] - a[0]) * math.cos(math.radians(a[1])), b[1] - a[1]) for a, b in pairwise(path)
    )
    assert metres == pytest.approx(234.0, rel=1e-3)


def test_waiting_trucks_stand_on_the_road_and_in_yards_as_many_as_the_run_says(opened):
    for t in (600, 1500, 2400):
        opened.ask(SET_TIME, t)
        now = opened.ask("window.__twin.state.queue")
        trucks = opened.ask("window.__twin.scene.queue.trucks(window.__twin.state.queue)")
        assert now["yards"] + now["road"] == now["trucks"]
        assert [sum(part == which for *_, part in trucks) for which in (0, 1)] == [now["road"], now["yards"]]
        legend = [opened.page.inner_text(f"#switch-queue .states > span:nth-child({n}) b") for n in (1, 2)]
        assert legend == [f"{now['road']} ({round(now['metres'])} m)", str(now["yards"])]


def test_people_walk_beside_one_another_and_never_off_the_pavement(opened):
    opened.ask(SET_TIME, 1500)
    asides = opened.ask("""(() => {
      const m = window.__twin.scene.motions.find((m) => m.fact.name === 'walker');
      const north = 111319.5, east = north * m.eastPerNorth;
      return Array.from({ length: m.count }, (_, k) => k).filter((k) => !m.away[k]).map((k) => Math.hypot(
        east * (m.drawn[3 * k] - m.position[3 * k]), north * (m.drawn[3 * k + 1] - m.position[3 * k + 1])));
    })()""")
    assert max(asides) <= 2.5 / 2  # half a footpath of unknown width
    assert len({round(metres, 2) for metres in asides}) > 5


def test_the_slider_ends_when_the_clock_of_the_run_does(opened, demo):
    assert opened.ask("window.__twin.timebar.span") == demo.TO_S - demo.FROM_S


@pytest.mark.parametrize(("zoom", "visible"), [(13, [True, False]), (18.5, [False, True])])
def test_near_by_a_van_is_drawn_in_true_metres_and_from_afar_as_a_mark(opened, zoom, visible):
    opened.ask("(zoom) => window.__twin.view.go({ zoom }, 0)", zoom)
    key = opened.ask("window.__twin.scene.motions.find((m) => m.fact.name === 'van').fact.key")
    layers = opened.ask(
        """(key) => Object.fromEntries(window.__twin.view.layers.filter((l) => l.id.endsWith(key))
      .map((l) => [l.id, [l.props.visible, l.props.sizeScale ?? null, l.props.radiusUnits ?? null]]))""",
        key,
    )
    assert [layers[f"{part}_{key}"][0] for part in ("heads", "bodies")] == visible
    if visible[1]:
        assert layers[f"bodies_{key}"][1] == 1
    assert layers[f"heads_{key}"][2] == "pixels"


def test_hostile_names_are_shown_as_text(opened, demo):
    opened.page.click("#cameras button:has-text('御堂筋')")
    opened.wait("[...document.querySelectorAll('#labels span')].some((s) => s.textContent.includes('onerror'))")
    texts = opened.ask("[...document.querySelectorAll('#labels span')].map((s) => s.textContent)")
    assert demo.HOSTILE in texts
    assert opened.ask("document.querySelectorAll('#labels *:not(span), img, #labels b').length") == 0


def test_a_tooltip_says_in_words_what_is_under_the_pointer(opened):
    opened.ask(SET_TIME, 400)
    camera = next(c for c in opened.ask("window.__twin.scene.facts.cameras") if c["key"] == "osaka_ikuno")
    opened.ask("(bounds) => window.__twin.view.frame(bounds, 0)", camera["bounds"])
    drawn_again(opened)
    spots = [opened.ask(PROJECT, [lon, lat]) for _, lon, lat in opened.ask(HEADS, "van")]
    free = [(x, y) for x, y in spots if 380 < x < 1050 and 90 < y < 540]
    for x, y in free:
        opened.page.mouse.move(x, y)
        for _ in range(20):  # a picture of what is under the pointer may take software rendering a while
            opened.page.wait_for_timeout(100)
            if opened.page.is_visible("#tip") and re.search(
                r"オンデマンドバス \d+号車", opened.page.inner_text("#tip")
            ):
                return
    pytest.fail(f"no tooltip over any of {free}")


def test_both_languages_stand_on_the_same_page(opened):
    opened.page.click("#lang")
    assert opened.ask("document.documentElement.lang") == "en"
    assert opened.page.inner_text("#title") == "A morning in three districts"
    assert "Schematic" in opened.page.inner_text("#schematic")
    opened.page.click("#lang")
    assert opened.page.inner_text("#title") == "御堂筋・生野・夢洲の朝"


def test_a_sample_is_called_a_sample(opened):
    assert "10％" in opened.page.inner_text("#share")


def test_schematic_and_attribution_are_always_in_sight(opened):
    assert opened.page.is_visible("#schematic")
    assert "Authored by the osaka-twin project" in opened.page.inner_text("#attribution")


def test_without_webgl_the_same_scene_is_drawn_flat(opened_flat):
    assert opened_flat.ask("window.__twin.state.view") == "flat"
    assert "WebGL" in opened_flat.page.inner_text("#notice")
    opened_flat.ask(SET_TIME, 400)
    x, y = opened_flat.ask(
        "(() => { const m = window.__twin.scene.motions.find((m) => m.fact.name === 'walker');"
        " return window.__twin.view.project(m.lonLatOf(m.count - 1)); })()"
    )
    color = opened_flat.ask(
        "([x, y]) => [...window.__twin.view.canvas.getContext('2d').getImageData(x, y, 1, 1).data]", [x, y]
    )
    states = opened_flat.ask("window.__twin.scene.motions.find((m) => m.fact.name === 'walker').colors")
    assert color[:3] in states


def test_the_flat_picture_has_blocks_and_their_switch_too(opened_flat):
    camera = next(c for c in opened_flat.ask("window.__twin.scene.facts.cameras") if c["key"] == "osaka_ikuno")
    opened_flat.ask("(bounds) => window.__twin.view.frame(bounds, 0)", camera["bounds"])
    spot = opened_flat.ask("(p) => window.__twin.view.project(p)", IN_A_BLOCK)
    theme = opened_flat.ask("window.__twin.scene.facts.themes[window.__twin.view.theme]")
    opened_flat.page.click("#switch-buildings")
    assert comes_to(opened_flat, spot, rgb_of(theme["blocks"]))
    opened_flat.page.click("#switch-blocks")
    assert comes_to(opened_flat, spot, (0, 0, 0))
    opened_flat.page.click("#switch-blocks")


def test_a_run_without_movements_or_places_still_opens_and_says_so(opened_bare):
    assert "no record of movements" in opened_bare.page.inner_text("#notice")
    assert opened_bare.page.inner_text("#clock") == "08:00:00"
    # streets, blocks and footpaths
    assert opened_bare.ask("document.querySelectorAll('#rows .row').length") == 3
    assert opened_bare.faults == []


def test_software_rendering_opens_the_flat_view_with_a_way_to_3d_and_back(chromium, page_file):
    context = chromium.new_context(viewport={"width": 1100, "height": 700})
    context.add_init_script("""const of = WebGL2RenderingContext.prototype;
      const before = of.getParameter;
      of.getParameter = function (name) {
        return name === 0x9246 ? "ANGLE (Google, SwiftShader)" : before.call(this, name);
      };""")
    page = context.new_page()
    page.set_default_timeout(1000 * PATIENCE_S)
    page.goto(page_file.as_uri())
    wait_until(page, "window.__twin?.state?.ready")
    assert page.evaluate("window.__twin.state.view") == "flat"
    assert "平面図" in page.inner_text("#notice")
    page.click("#lang")
    assert "flat" in page.inner_text("#notice")
    at = page.evaluate("window.__twin.state.t")
    page.click("#mode")
    assert page.evaluate("window.__twin.state.view") == "3d"
    assert page.evaluate("window.__twin.state.t") == at
    page.click("#mode")
    assert page.evaluate("[window.__twin.state.view, document.querySelectorAll('#map canvas').length]") == ["flat", 1]
    context.close()


def test_on_a_phone_the_bars_leave_three_quarters_of_the_picture(chromium, page_file):
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(page_file.as_uri() + "#flat")
    wait_until(page, "window.__twin?.state?.ready")
    boxes = [page.locator(f"#{name}").bounding_box() for name in ("card", "panel", "timebar", "cameras", "tools")]
    hidden = sum(box["width"] * box["height"] for box in boxes if box)
    assert hidden < 0.25 * 390 * 844
    page.click("#fold")
    assert page.is_visible("#lang")
    context.close()


def test_nothing_was_said_on_the_console_in_all_of_this(opened, opened_flat, page_file):
    assert opened.faults == []
    assert opened_flat.faults == []
    assert opened.ask("window.__twin.state.errors") == []
    assert [address.partition("#")[0] for address in opened.requests] == [page_file.as_uri()]
