"""Charts of the report: the same bytes with any font and as often as one likes, and strangers' words as words."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from lxml import etree

from tests.unit.viz.report.studies import HOSTILE
from twin.looks import LinkFlow, OverTime, Spread
from twin.viz.report.figures import drawing
from twin.viz.report.figures.amounts import Step, waterfall_chart
from twin.viz.report.figures.differences import pairs_chart, tornado_chart
from twin.viz.report.figures.measured import Band, Curve, Passed, _at_moments, _curve
from twin.viz.report.figures.over_time import band_chart, curve_chart
from twin.viz.report.figures.searches import frontier_chart, sweep_chart
from twin.viz.report.figures.where import map_chart

OVER = OverTime("t", "at_s", "n", "待つ台数", "Waiting", "trucks")
SPREAD = Spread("t", "a_s", "b_s", "待ち時間", "Wait")
FLOW = LinkFlow("t", "walk", "n", "通行量", "Passing", "people")
LABELS = {"today": "現況", "more": HOSTILE}


def band(height):
    time_s = np.linspace(0.0, 36_000.0, 41)
    mean = height * np.sin(time_s / 36_000 * math.pi)
    return Band(time_s, mean, 0.8 * mean, 1.2 * mean, 5)


def frontier_row(point, cost, service, keeps):
    def part(mean, half):
        return {"mean": mean, "lo": mean - half, "hi": mean + half, "n": 9, "point": point, "setting": point}

    return {"point": point, "setting": point, "cost": part(cost, 0.0), "service": part(service, 2.0), "keeps": keeps,
            "on_front": True, "error": 0.0}  # fmt: skip


def charts():
    minutes = np.linspace(0.0, 50.0, 101)
    curve = Curve(np.linspace(0.0, 1.0, 101), minutes, 99.0)
    row = {"mean": -3.0, "lo": -4.0, "hi": -2.0, "verdict": "better"}
    outcome = {"rows": [frontier_row("a", 3.0, 40.0, False), frontier_row("b", 5.0, 4.0, True)], "bound": 8.0,
               "bound_side": "at_most", "decided": True, "confidence_wanted": 0.95}  # fmt: skip
    setting = {"point": "a", "mean": 2.0, "lo": 1.0, "hi": 3.0}
    shapes = [np.array([[0.0, 0.0], [100.0 * i, 50.0]]) for i in (1, 2, 3)]
    bars = [{"name": HOSTILE, "at_low": -2.0, "at_high": 3.0}]
    return [
        band_chart(1, OVER, {"today": band(40.0), "more": band(25.0)}, LABELS, "ja", HOSTILE),
        curve_chart(1, SPREAD, {"today": curve, "more": curve}, LABELS, "en", ""),
        pairs_chart(HOSTILE, "min", [row], [[-3.0, -2.5, math.nan]], [HOSTILE], "ja"),
        tornado_chart(HOSTILE, "share", bars, "ja"),
        frontier_chart(outcome, ("台数", "vans"), (HOSTILE, "min"), {"a": HOSTILE, "b": "5"}, "ja"),
        sweep_chart("sweep", HOSTILE, "min", [setting], {"a": HOSTILE}, "en", 2.5),
        waterfall_chart(1, HOSTILE, [Step(HOSTILE, 3e6), Step("費用", -1e6), Step("計", 2e6, True)], "ja"),
        map_chart(
            1, FLOW, Passed(np.array([1.0, 2.0]), shapes), Passed(np.array([5.0, 2.0, 1.0]), shapes), HOSTILE, "ja"
        ),
    ]


@pytest.fixture(scope="module")
def every():
    found = charts()
    assert None not in found
    return found


def test_words_of_strangers_stay_words(every):
    for drawn in every:
        root = etree.fromstring(drawing.svg_of(drawn, titled=True))
        assert {node.tag.rpartition("}")[2] for node in root.iter()} <= {
            "svg", "g", "path", "rect", "line", "text", "tspan", "defs", "clipPath", "title"
        }  # fmt: skip
        for node in root.iter():
            assert not [name for name in node.attrib if name.startswith("on") or name.endswith("href")]
            read = {value for name, value in node.attrib.items() if name != "aria-label"}
            assert "example.org" not in " ".join(read)
        assert "\u202e" not in "".join(root.itertext())


def test_the_same_chart_has_the_same_bytes_and_ids_of_its_own(every):
    again = charts()
    for drawn, anew in zip(every, again, strict=True):
        first, second = drawing.svg_of(drawn), drawing.svg_of(anew)
        assert first == second
        assert all(name.startswith(drawn.name) for name in re.findall(r'\bid="([^"]+)"', first))


def test_the_fonts_of_a_machine_move_nothing(every, monkeypatch):
    usual = [drawing.svg_of(drawn) for drawn in every]
    monkeypatch.setattr(drawing, "FONT", "DejaVu Sans Mono")
    for drawn, svg in zip(charts(), usual, strict=True):
        other = drawing.svg_of(drawn)
        assert re.sub(r'font-family="[^"]*"', "", other) == re.sub(r'font-family="[^"]*"', "", svg), drawn.name


def test_a_chart_fits_its_frame(every):
    for drawn in every:
        root = etree.fromstring(drawing.svg_of(drawn))
        assert float(root.attrib["width"]) == drawing.WIDTH_PX, drawn.name


def test_a_picture_has_its_heading(every):
    png = drawing.png_of(every[0], scale=1.0)
    assert png.startswith(b"\x89PNG")
    height = int.from_bytes(png[20:24], "big")
    assert height > float(etree.fromstring(drawing.svg_of(every[0])).attrib["height"])


def test_a_row_holds_until_the_next_one():
    table = {"at_s": np.array([10.0, 10.0, 30.0]), "n": np.array([9.0, 4.0, 0.0]), "change": np.array([1, 2, 3])}
    over = OverTime("t", "at_s", "n", "", "", "trucks", order="change")
    assert _at_moments(over, table, np.array([0.0, 10.0, 29.0, 30.0, 99.0])).tolist() == [0.0, 4.0, 4.0, 0.0, 0.0]


def test_second_counts_of_a_period_are_means_of_it():
    table = {"at_s": np.array([0.0, 0.0, 600.0]), "n": np.array([600.0, 1200.0, 300.0])}
    over = OverTime("t", "at_s", "n", "", "", "people", per_s=600.0)
    assert _at_moments(over, table, np.array([0.0, 599.0, 600.0, 1300.0])).tolist() == [3.0, 3.0, 0.5, 0.0]


def test_a_curve_counts_whom_a_row_stands_for_and_nobody_without_an_end():
    spread = Spread("t", "a_s", "b_s", "", "", weight="people")
    table = {"a_s": np.zeros(3), "b_s": np.array([60.0, 120.0, math.nan]), "people": np.array([1.0, 3.0, 5.0])}
    curve = _curve(spread, [table])
    assert curve.count == 4.0
    assert curve.minutes[25] == 1.0
    assert curve.minutes[26] == 2.0
    assert _curve(spread, []) is None


def test_nothing_that_moves_is_no_chart():
    assert tornado_chart("x", "min", [{"name": "a", "at_low": 0.0, "at_high": 0.0}], "ja") is None
    same = Passed(np.ones(1), [np.array([[0.0, 0.0], [9.0, 0.0]])])
    assert map_chart(1, FLOW, same, same, "", "ja") is None
    assert waterfall_chart(1, "", [], "ja") is None
    assert pairs_chart("x", "min", [], [], [], "ja") is None
