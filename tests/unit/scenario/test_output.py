"""Chapters of one's own: checked against clock and map, kept in the plan, absent from a plan without them."""

from __future__ import annotations

import pytest

from twin.api import load, plan_and_city
from twin.errors import ScenarioError

FILE = """twin: 1
name: story
city: [osaka_yumeshima]
clock: {from: 05:00, to: 20:00}
terminal:
"""


def content(tmp_path, more):
    path = tmp_path / "story.yaml"
    path.write_text(FILE + more, encoding="utf-8")
    return plan_and_city(load(path))[0].content


def test_chapters_stand_in_the_plan_in_si_units(tmp_path):
    more = "output:\n  chapters:\n"
    more += "  - {at: 10:52, label: {ja: 待機場が満車, en: yards full}, place: yard-east, around: 1 km}\n"
    more += "  - {at: 12:00, label: 昼休み}\n"
    assert content(tmp_path, more)["chapters"] == [
        {"at_s": 39120.0, "label": {"ja": "待機場が満車", "en": "yards full"}, "place": "yard-east", "reach_m": 1000.0},
        {"at_s": 43200.0, "label": {"ja": "昼休み", "en": "昼休み"}, "place": "", "reach_m": 400.0},
    ]


@pytest.mark.parametrize("more", ["", "output:\n", "output: {}\n", "output: {chapters: []}\n"])
def test_a_scenario_without_chapters_has_the_plan_it_always_had(tmp_path, more):
    assert "chapters" not in content(tmp_path, more)


@pytest.mark.parametrize(
    ("chapter", "what", "mend"),
    [
        ("{at: 21:00, label: x}", "a chapter at 21:00 lies outside the clock", "from 05:00 to 20:00"),
        ("{at: 10:00, label: x, place: yard-eas}", "there is no place 'yard-eas' on the map", "yard-east"),
        ("{at: 10:00, label: ' '}", "says nothing", ""),
        ("{at: 10:00}", "label", ""),
        ("{at: 10:00, label: x, around: 5}", "has no unit", ""),
        ("{at: 10:00, label: x, camera: 3}", "unknown key", ""),
    ],
)
def test_a_chapter_that_cannot_be_shown_is_an_error_that_says_how_to_mend_it(tmp_path, chapter, what, mend):
    with pytest.raises(ScenarioError) as caught:
        content(tmp_path, f"output:\n  chapters:\n  - {chapter}\n")
    assert what in str(caught.value)
    assert mend in str(caught.value)
    assert "output.chapters" in str(caught.value)
