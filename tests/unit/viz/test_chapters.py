from __future__ import annotations

import math

import pytest

from twin.errors import RunError
from twin.results.run_folder import Run
from twin.viz.chapters import MOST_CHAPTERS, chapters_of
from twin.viz.run_view import read_run_view
from twin.viz.scene_3d import scene_of_run


def told(folder):
    run = Run(folder)
    return chapters_of(run, read_run_view(run))


def test_chapters_come_from_the_tables_of_the_run_in_order_of_time(demo_folder, demo):
    found = told(demo_folder)
    assert [c["at_s"] for c in found] == sorted(c["at_s"] for c in found)
    longest = next(c for c in found if "line for the gate is longest: 18" in c["en"])
    table = Run(demo_folder).table("terminal_queue")
    assert longest["at_s"] == table["time_s"][table["trucks_in_line"].argmax()]
    assert "待機場が満車、列は公道へ" in [c["ja"] for c in found]
    assert all(demo.FROM_S <= c["at_s"] <= demo.TO_S for c in found)


def test_a_camera_frames_what_the_chapter_is_about(demo_folder):
    longest = next(c for c in told(demo_folder) if "line for the gate" in c["en"])
    west, south, east, north = longest["bounds"]
    assert west < 135.3962 < east  # the holding yard
    assert south < 34.6540 < north
    metres = (east - west) * 111_320 * math.cos(math.radians(34.654))
    assert metres == pytest.approx(2 * 350.0, rel=0.01)


def own(label, **more):
    return {"at_s": 8.5 * 3600, "label": {"ja": label, "en": label}, "place": "", "reach_m": 400.0, **more}


def test_the_scenario_adds_its_own_and_hostile_words_stay_words(demo, tmp_path):
    folder = demo.make_demo_run(tmp_path / "run", chapters=[own(demo.HOSTILE, place="gate/1")])
    mine = [c for c in told(folder) if c["own"]]
    assert [c["ja"] for c in mine] == [demo.HOSTILE]
    assert mine[0]["bounds"][0] < 135.3936 < mine[0]["bounds"][2]


def test_a_chapter_beyond_the_clock_is_left_out(demo, tmp_path):
    folder = demo.make_demo_run(tmp_path / "run", chapters=[own("later", at_s=23 * 3600.0)])
    assert not any(c["own"] for c in told(folder))


def test_the_scenarios_own_come_before_those_of_the_models(demo, tmp_path):
    folder = demo.make_demo_run(tmp_path / "run", chapters=[own(f"n{i}") for i in range(MOST_CHAPTERS)])
    found = told(folder)
    assert len(found) == MOST_CHAPTERS
    assert all(c["own"] for c in found)


@pytest.mark.parametrize("wrong", [[{"label": "no time"}], [None], [own("x", at_s="soon")]])
def test_chapters_that_no_run_writes_are_refused(demo, tmp_path, wrong):
    folder = demo.make_demo_run(tmp_path / "run", chapters=wrong)
    with pytest.raises(RunError, match="a chapter of the scenario cannot be read"):
        told(folder)


def test_a_run_of_models_that_nobody_has_here_tells_nothing(demo, tmp_path):
    assert told(demo.make_demo_run(tmp_path / "run", models={"subway": {}})) == []


def test_the_page_carries_them(demo_folder):
    assert scene_of_run(Run(demo_folder)).facts["chapters"] == told(demo_folder)
