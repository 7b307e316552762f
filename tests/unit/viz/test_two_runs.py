from __future__ import annotations

import json
import re

import pytest

from twin.errors import RunError
from twin.results.run_folder import Run
from twin.viz.packs import unpack_columns
from twin.viz.scene_3d import scene_html, scene_of_run
from twin.viz.two_runs import two_runs_scene


@pytest.fixture(scope="module")
def pair(demo, tmp_path_factory):
    folder = tmp_path_factory.mktemp("two")
    second = demo.make_demo_run(
        folder / "b", later_s=300.0, trucks=9, variant="late", label={"ja": "遅い", "en": "Later"}
    )
    return Run(demo.make_demo_run(folder / "a")), Run(second)


@pytest.fixture(scope="module")
def parts(pair):
    return two_runs_scene(*pair)


def test_what_both_have_stands_in_the_page_once(pair, parts):
    second = parts.more["second"]
    assert set(second["packs"]) < set(second["has"])
    assert "drive_major" in second["has"]
    assert "drive_major" not in second["packs"]
    one, two = len(scene_html(scene_of_run(pair[0]))), len(scene_html(parts))
    assert two < 2 * one


def test_two_equal_runs_differ_by_nothing(demo, pair, tmp_path):
    same = Run(demo.make_demo_run(tmp_path / "same", variant="twin", label={"ja": "同", "en": "same"}))
    parts = two_runs_scene(pair[0], same)
    assert parts.more["second"]["packs"] == {}
    assert parts.more["difference"]["layers"] == []
    assert set(parts.more["second"]["facts"]) == {"variant"}


def test_the_same_pair_gives_the_same_page(pair, parts):
    assert scene_html(two_runs_scene(*pair)) == scene_html(parts)


def test_streets_differ_by_what_the_tables_say_both_directions_together(parts, demo):
    (layer,) = parts.more["difference"]["layers"]
    changes = unpack_columns(layer["changes"])
    rows = sorted(zip(*(changes[name].tolist() for name in ("link", "hour", "change")), strict=True))
    names = [layer["names"][n] for n in unpack_columns(layer["shapes"])["name"]]
    found = {(names[link], hour, change * layer["step"]) for link, hour, change in rows}
    # Links 2 and 3 are the two directions of one street.
    assert found == {("御堂筋", 9, 7.0), (demo.HOSTILE, 8, -3.0)}
    assert layer["unit"] == "vehicles"
    assert layer["only"] == [0, 0]


def test_each_variant_has_its_own_chapters(parts):
    ours, theirs = parts.facts["chapters"], parts.more["second"]["facts"]["chapters"]
    assert any("longest: 18" in c["en"] for c in ours)
    assert any("longest: 13" in c["en"] for c in theirs)


def test_two_replications_of_one_variant_are_told_apart(demo, pair, tmp_path):
    other = Run(demo.make_demo_run(tmp_path / "r1", replication=1))
    parts = two_runs_scene(pair[0], other)
    assert parts.facts["variant"] == {"ja": "予約あり・試行0", "en": "CONPAS, replication 0"}
    assert parts.more["second"]["facts"]["variant"]["en"] == "CONPAS, replication 1"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"clock": {"start_s": 8 * 3600.0, "end_s": 10 * 3600.0}},
            "different clocks, 08:00 to 09:00 and 08:00 to 10:00",
        ),
        ({"city": {"name": "sapporo", "crs": "EPSG:6674", "schematic": False}}, "different cities, .* and sapporo"),
    ],
)
def test_other_cities_and_clocks_are_refused(demo, pair, tmp_path, changes, words):
    other = Run(demo.make_demo_run(tmp_path / "other", **changes))
    with pytest.raises(RunError, match=words):
        two_runs_scene(pair[0], other)


def test_figures_without_a_study_are_those_of_the_two_runs(parts):
    assert parts.more["answer"]["of_study"] is False
    (figure,) = parts.more["answer"]["figures"]
    assert [figure[key] for key in ("en", "unit", "a", "b", "change", "interval", "verdict")] == [
        "most trucks in line",
        "trucks",
        "18",
        "13",
        "−5",
        "",
        None,
    ]


def test_figures_of_a_study_carry_interval_and_verdict(pair):
    row = {"kpi": "terminal.queue_max_trucks", "group": "all", "mean": -4.5, "lo": -5.25, "hi": -3.75, "n": 8}
    rows = [{**row, "first_mean": 18.0, "second_mean": 13.5, "verdict": "better"}]
    answer = two_runs_scene(*pair, differences=rows).more["answer"]
    (figure,) = answer["figures"]
    assert answer["of_study"] is True
    assert [figure[key] for key in ("a", "b", "change", "interval")] == ["18", "13.5", "−4.5", "[−5.25, −3.75]"]
    assert figure["verdict"]["en"] == "better"


def test_answers_and_names_cannot_end_the_script_they_stand_in(pair, demo):
    page = scene_html(two_runs_scene(*pair, sentences=[{"ja": demo.HOSTILE, "en": demo.HOSTILE}]))
    data = re.search(r'id="scene-data">(.*?)</script>', page, flags=re.DOTALL).group(1)
    assert json.loads(data)["answer"]["sentences"][0]["ja"] == demo.HOSTILE
    assert "<img" not in page
