"""Questions on figures as phones would have seen them: asked, answered, searched and refused."""

from __future__ import annotations

import numpy as np
import pytest

import twin
from twin.errors import ScenarioError
from twin.results.kpis import infos_of
from twin.service_results import report
from twin.service_search import Searcher

WALK = """twin: 1
name: seen
city: osaka_midosuji
seed: 5
clock: {from: 10:00, to: 11:30, then: until_empty, latest: 15:00, step: 60 s}
record: {traces: 0 %}
replications: 3
pedestrian: {visitors_factor: 0.5 %}
variants:
  today: {}
  same: {}
  fewer: {set: {pedestrian.visitors_factor: 0.3 %}}
sensors:
  gps: {kind: gps, phones: 60 %, every: 10 min}
  ai: {kind: camera, at: {C1: {lat: 34.6745, lon: 135.5003}}}
"""
SHARE = "pedestrian.stay_share"
ASKED = """questions:
  - {id: seen, main: true, kpi: pedestrian.stay_share, seen_as: gps, matters_from: 1 point}
  - {id: is, kpi: pedestrian.stay_share, matters_from: 1 point}
  - {id: goal, kpi: pedestrian.stay_share, target: 50 %, seen_as: gps, variants: [today]}
  - id: first
    seen_as: gps
    find: {first: [today, fewer]}
    such_that: [{kpi: pedestrian.stay_share, at_least: 1 %}, {kpi: pedestrian.dwell_mean_min, at_most: 600 min}]
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("seen")
    (folder / "s.yaml").write_text(WALK + ASKED, encoding="utf-8")
    return twin.run(folder / "s.yaml", folder / "study")


def values(study, kpi, variant):
    table = study.columns("kpis")
    rows = (table["kpi"] == kpi) & (table["group"] == "all") & (table["variant"] == variant)
    return table["value"][rows][np.argsort(table["replication"][rows])]


def rows_of(study, question):
    (answer,) = (a for a in study.answers["answers"] if a["id"] == question)
    return answer


@pytest.mark.slow
def test_what_is_asked_as_seen_is_answered_from_what_was_seen(study):
    seen = {row["variant"]: row for row in rows_of(study, "seen")["rows"]}
    assert {row["kpi"] for row in seen.values()} == {f"{SHARE}@gps"}
    for variant, row in seen.items():
        found = values(study, f"{SHARE}@gps", variant) - values(study, f"{SHARE}@gps", "today")
        assert row["mean"] == pytest.approx(found.mean(), abs=1e-9)
    # Two equal variants are seen equally, to the last digit: luck of sensors is keyed by who is seen.
    assert seen["same"]["mean"] == 0.0
    assert seen["same"]["verdict"] == "practically the same"
    assert {row["kpi"] for row in rows_of(study, "is")["rows"]} == {SHARE}
    goal = rows_of(study, "goal")["rows"][0]
    assert goal["second_mean"] == pytest.approx(values(study, f"{SHARE}@gps", "today").mean(), abs=1e-9)
    assert goal["second_mean"] != pytest.approx(values(study, SHARE, "today").mean(), abs=1e-6)
    assert {row["kpi"] for row in rows_of(study, "first")["rows"]} == {f"{SHARE}@gps", "pedestrian.dwell_mean_min@gps"}


@pytest.mark.slow
def test_sentences_and_the_page_say_that_it_is_as_seen(study):
    sentence = rows_of(study, "seen")["sentence"]
    assert "センサー gps から見た値" in sentence["ja"]
    assert "as sensor gps sees it" in sentence["en"]
    (path,) = report(study.folder, study.folder.parent / "page.html", languages=["ja"])
    page = path.read_text(encoding="utf-8")
    assert "センサー gps から見た値" in page
    # Its own name stands in the list of names only.
    assert page.count("stay_share@gps") == page.count("<code>pedestrian.stay_share@gps</code>")


def test_a_figure_as_seen_keeps_unit_and_direction_and_is_no_headline():
    known = infos_of({"observed": {"sensors": {"gps": {"kind": "gps"}, "ai": {"kind": "camera"}}}})
    as_it_is, seen = known[SHARE], known[f"{SHARE}@gps"]
    assert (seen.unit, seen.better, seen.headline) == (as_it_is.unit, as_it_is.better, False)
    assert f"{SHARE}@ai" not in known
    assert not any("@" in name for name in infos_of({}))


def test_a_search_may_be_for_what_is_seen(tmp_path):
    (tmp_path / "s.yaml").write_text(WALK, encoding="utf-8")
    searcher = Searcher(tmp_path / "s.yaml", vary={"pedestrian.visitors_factor": ["0.3 %", "0.5 %"]})
    assert searcher.figure(f"{SHARE}@gps").unit == "share"
    with pytest.raises(ScenarioError, match="there is no figure"):
        searcher.figure(f"{SHARE}@ai")


@pytest.mark.parametrize(
    ("question", "what", "mend"),
    [
        (f"{{id: q, kpi: {SHARE}, seen_as: gsp}}", "there is no sensor 'gsp'", "did you mean gps?"),
        (
            f"{{id: q, kpi: {SHARE}, seen_as: ai}}",
            "a sensor of kind camera counts and tells no figure",
            "gps or beacon",
        ),
        (
            "{id: q, kpi: pedestrian.visitors_count, seen_as: gps}",
            "phones do not tell pedestrian.visitors_count",
            "pedestrian.stay_share",
        ),
        (
            f"{{id: q, find: {{first: [today]}}, such_that: [{{kpi: {SHARE}, at_least: 1 %, seen_as: ai}}]}}",
            "a sensor of kind camera counts and tells no figure",
            "gps or beacon",
        ),
    ],
)
def test_what_no_phone_tells_is_refused_at_its_place(question, what, mend, tmp_path):
    (tmp_path / "s.yaml").write_text(WALK + f"questions:\n  - {question}\n", encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        twin.load(tmp_path / "s.yaml")
    (problem,) = caught.value.problems
    assert what in problem.what
    assert mend in problem.mend
    assert f"line {WALK.count(chr(10)) + 2}, " in problem.where
    assert problem.where.endswith("seen_as")
