"""Two variants on one page: what is drawn of each is what was simulated; swipe, side by side, difference."""

from __future__ import annotations

import math

import pytest

from tests.browser.simulated import Truth

pytestmark = pytest.mark.browser

SET_TIME = "(t) => window.__twin.timebar.set(t)"
#: Heads of both runs: name, count, per state, and each with its id and place.
HEADS = """(side) => {
  const { scene } = window.__twin;
  const of = side ? scene.compare.second : scene;
  return of.motions.map((m) => [m.fact.name, m.count, [...m.perState], Array.from({ length: m.count }, (_, k) =>
    [m.columns.id_origin[m.row[k]], m.columns.id_serial[m.row[k]] >>> 0, ...m.lonLatOf(k), m.state[k]])]);
}"""


def legend(opened):
    """Text of every row: kind -> counts of both runs, and of each state."""
    return opened.ask("""Object.fromEntries([...document.querySelectorAll('#rows .row')].map((row) => {
      const key = row.id.replace('switch-', '');
      const motion = window.__twin.scene.motions.find((m) => m.fact.key === key);
      return [motion?.fact.name ?? key, [row.querySelector('.count').textContent,
        ...[...row.querySelectorAll('.states b')].map((b) => b.textContent)]];
    }))""")


def test_at_twenty_moments_both_variants_are_drawn_as_they_were_simulated(opened_pair, pair_runs):
    truths = [Truth(run) for run in pair_runs]
    compared = 0
    for t in truths[0].moments(20, seed=14):
        opened_pair.ask(SET_TIME, t)
        rows = legend(opened_pair)
        counts = {}
        for side, truth in enumerate(truths):
            for name, count, per_state, heads in opened_pair.ask(HEADS, side):
                real = truth.bodies(name, t)
                assert count == len(real)
                assert per_state == [sum(s == state for *_, s in real.values()) for state in range(len(per_state))]
                counts.setdefault(name, []).append([count, *per_state])
                for origin, serial, lon, lat, state in heads:
                    x_m, y_m = truth.to_metres.transform(lon, lat)
                    real_x, real_y, real_state = real[origin, serial]
                    assert math.hypot(x_m - real_x, y_m - real_y) < 1.0
                    assert state == real_state
                    compared += 1
        for name, (ours, theirs) in counts.items():
            assert rows[name] == [f"{a} | {b}" for a, b in zip(ours, theirs, strict=True)]
        both = [truth.queue(t) for truth in truths]
        assert rows["queue"][0] == " | ".join(f"{q['trucks_in_line']:.0f}" for q in both)
        assert rows["queue"][1] == " | ".join(
            f"{q['trucks_on_road']:.0f} ({q['metres_on_road_m']:.0f} m)" for q in both
        )
        assert rows["queue"][2:] == [
            " | ".join(f"{q[name]:.0f}" for q in both) for name in ("trucks_in_yards", "trucks_inside")
        ]
    assert compared > 500


def test_the_divider_swipes_by_hand_and_by_keys(opened_pair):
    page = opened_pair.page
    page.click("#mode-swipe")
    box = page.locator("#divider").bounding_box()
    # It opens in the middle of what panels leave free, to the right of the window's.
    free = "(({ clientWidth: w, clientHeight: h }) => window.__twin.roomOf(w, h))(window.__twin.view.canvas)"
    room = opened_pair.ask(free)
    assert box["x"] + box["width"] / 2 == pytest.approx((room["left"] + room["right"]) / 2, abs=2)
    assert room["left"] > 300
    page.mouse.move(box["x"] + 13, 500)
    page.mouse.down()
    page.mouse.move(700, 500)
    page.mouse.up()
    assert opened_pair.ask("document.getElementById('map').style.clipPath") == "inset(0px 400px 0px 0px)"
    assert opened_pair.ask("document.getElementById('map-b').style.clipPath") == "inset(0px 0px 0px 700px)"
    page.focus("#divider")
    page.keyboard.press("ArrowLeft")
    assert page.get_attribute("#divider", "aria-valuenow") == "62"
    # What the pointer finds left and right of it are the two maps.
    under = "([x, y]) => document.elementFromPoint(x, y).closest('#map, #map-b')?.id"
    assert opened_pair.ask(under, [600, 560]) == "map"
    assert opened_pair.ask(under, [760, 560]) == "map-b"


def test_one_camera_moves_both(opened_pair):
    page = opened_pair.page
    page.click("#mode-swipe")
    cameras = "window.__twin.view.views.map((v) => [...v.middle, v.scale])"
    for x, y in ((450, 560), (760, 560)):
        before = opened_pair.ask(cameras)
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x - 60, y - 40)
        page.mouse.up()
        page.mouse.wheel(0, -240)
        page.wait_for_timeout(200)  # both maps follow in the next frames
        after = opened_pair.ask(cameras)
        assert after[0] == after[1]
        assert all(a != b for a, b in zip(before[0], after[0], strict=True))


def test_side_by_side_each_has_its_half(opened_pair):
    page = opened_pair.page
    page.click("#mode-beside")
    page.wait_for_timeout(200)  # the browser lays the halves out anew
    left, right = (page.locator(f"#{name}").bounding_box() for name in ("map", "map-b"))
    assert left["x"] + left["width"] == pytest.approx(right["x"], abs=1)
    assert left["width"] == pytest.approx(right["width"], abs=1)
    assert page.get_attribute("#mode-beside", "aria-checked") == "true"
    assert not page.is_visible("#divider")


def test_the_difference_names_streets_and_says_who_is_elsewhere(opened_pair, pair_runs):
    page = opened_pair.page
    opened_pair.ask(SET_TIME, 700)
    page.click("#mode-difference")
    text = page.inner_text("#difference-legend")
    assert "御堂筋" in text
    assert "+7" in text
    assert "−3" in text
    truths = [Truth(run).bodies("van", 700) for run in pair_runs]
    shared = truths[0].keys() & truths[1].keys()
    apart = sum(math.dist(truths[0][k][:2], truths[1][k][:2]) >= 25 for k in shared)
    pairs = {name: rest for name, *rest in opened_pair.ask("window.__twin.state.difference.pairs")}
    assert pairs["van"] == [apart, len(shared) - apart, len(truths[0]) - len(shared), len(truths[1]) - len(shared)]
    assert apart > 2


def test_a_wider_line_is_a_larger_difference(opened_pair):
    opened_pair.page.click("#mode-difference")
    opened_pair.ask("() => { const d = window.__twin.scene.compare.difference; d.hourly = false; d.write(); }")
    widths = opened_pair.ask("""(() => {
      const { difference } = window.__twin.scene.compare, out = [];
      const quiet = ['setLineDash', 'beginPath', 'moveTo', 'lineTo', 'stroke'];
      const nothing = Object.fromEntries(quiet.map((name) => [name, () => {}]));
      const pen = { set lineWidth(w) { out.push(w); }, ...nothing };
      difference.drawStreets(pen, difference.layers[0], difference.viewport, ['#000', '#fff']);
      return out;
    })()""")
    assert widths == pytest.approx([11 * 3 / 7, 11])


def test_the_hour_of_the_clock_may_be_looked_at_alone(opened_pair):
    page = opened_pair.page
    page.click("#mode-difference")
    opened_pair.ask(SET_TIME, 600)
    page.click("#difference-legend .choice:has-text('この1時間')")
    text = page.inner_text("#difference-legend")
    assert "+7" not in text  # that was an hour later
    assert "−3" in text
    page.click("#difference-legend .choice:has-text('全時間')")


def test_the_answer_of_the_study_and_both_names_stand_on_the_page_as_text(opened_pair, demo):
    page = opened_pair.page
    page.click("#mode-swipe")
    assert f"待ちは減る {demo.HOSTILE}" in page.inner_text("#answer .sentence")
    assert page.inner_text("#tag-b") == f"B 遅い{demo.HOSTILE}"
    page.click("#lang")
    assert "The wait is shorter" in page.inner_text("#answer .sentence")
    assert page.inner_text("#tag-a") == "A CONPAS"
    assert page.inner_text("#futures").split("\n") == ["Swipe", "Side by side", "Difference"]
    page.click("#lang")
    assert opened_pair.ask("document.querySelectorAll('img, #answer b, #tag-b b').length") == 0


def test_in_3d_both_maps_are_drawn_and_one_camera_moves_them(chromium, pair_file):
    from tests.browser.conftest import Opened

    found = Opened(chromium, pair_file.as_uri() + "#3d", color_scheme="dark")
    assert found.ask("window.__twin.state.view") == "3d"
    found.wait("window.__twin.view.views.every((v) => v.deck.getViewports().length)")
    found.ask("""() => {
      const { view } = window.__twin;
      const [, second] = view.views;
      view.active = 1;
      second.deck.props.onViewStateChange({ viewState: { ...second.viewState, zoom: 15 } });
    }""")
    assert found.ask("window.__twin.view.views.map((v) => v.viewState.zoom)") == [15, 15]
    assert found.faults == []
    assert [address.partition("#")[0] for address in found.requests] == [pair_file.as_uri()]
    found.context.close()


def test_nothing_was_said_and_nothing_was_asked_for(opened_pair, pair_file):
    assert opened_pair.faults == []
    assert opened_pair.ask("window.__twin.state.errors") == []
    assert [address.partition("#")[0] for address in opened_pair.requests] == [pair_file.as_uri()]
