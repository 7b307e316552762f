"""Which runs a picture shows, with the answer and the figures of the study that made them."""

from __future__ import annotations

import json
import re
import shutil

import pytest

import twin
from twin.errors import RunError
from twin.service_scene import scene_of, study_of

FILE = """twin: 1
name: tiny
city: osaka_yumeshima
seed: 3
replications: 2
clock: {from: 05:00, to: 10:00, then: stop, step: 1 min}
record: {traces: 20 %}
terminal:
  approach: none
  demand: {day_total: 900 trucks}
measures: {more: {set: {terminal.lanes: {A: {count: 14}, B: {count: 6}}}}}
variants:
  today: {label: {ja: 現況, en: Today}}
  more: {label: {ja: 増設, en: More lanes}, with: [more]}
questions: [{id: wait, kpi: terminal.wait_mean_min, compare: [[today, more]]}]
output: {chapters: [{at: 09:00, label: {ja: 九時, en: Nine o'clock}, place: yard-east}]}
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scene")
    (folder / "tiny.yaml").write_text(FILE, encoding="utf-8")
    return twin.run(folder / "tiny.yaml", folder / "study")


def test_a_study_opens_today_against_the_first_measure_with_its_answer(study):
    parts, usual = scene_of(study)
    assert usual == study.folder / "scene.html"
    assert parts.facts["variant"]["en"] == "Today"
    assert parts.more["second"]["facts"]["variant"]["en"] == "More lanes"
    answer = parts.more["answer"]
    assert answer["sentences"] == [study.answers["answers"][0]["sentence"]]
    assert answer["of_study"] is True


def test_figures_are_those_of_the_comparison(study):
    rows = {r["kpi"]: r for r in twin.compare(study).to_dict("records") if r["group"] == "all"}
    means = study.kpis.query("group == 'all'").groupby(["variant", "kpi"])["value"].mean()
    for figure in scene_of(study)[0].more["answer"]["figures"]:
        kpi = next(k for k, row in rows.items() if twin_words(k) == figure["en"])
        for key, value in (("a", means["today", kpi]), ("b", means["more", kpi]), ("change", rows[kpi]["mean"])):
            assert float(figure[key].replace(",", "").replace("−", "-")) == pytest.approx(value, rel=0.006, abs=1e-9)


def twin_words(kpi):
    from twin.results.kpis import infos

    return infos()[kpi].en


def test_two_runs_of_one_study_find_it_again(study):
    runs = [study.folder / "runs" / name / "001" for name in ("more", "today")]
    parts, usual = scene_of(runs[0], runs[1])
    assert usual == runs[0].parent / "001.html"
    assert parts.facts["variant"]["en"] == "More lanes"
    assert parts.more["answer"]["sentences"]
    assert study_of(study.run("today")).folder.resolve() == study.folder.resolve()


def test_one_variant_alone_is_one_run(study):
    parts, _ = scene_of(study, variant="more", replication=1)
    assert parts.more == {}
    assert parts.facts["replication"] == 1
    assert any(chapter["own"] and chapter["ja"] == "九時" for chapter in parts.facts["chapters"])


def test_a_run_that_left_its_study_is_shown_without_its_answer(study, tmp_path):
    alone = shutil.copytree(study.folder / "runs" / "today" / "000", tmp_path / "today")
    parts, _ = scene_of(alone, study.folder / "runs" / "more" / "000")
    assert parts.more["answer"]["sentences"] == []
    assert parts.more["answer"]["of_study"] is False
    assert study_of(twin.open(alone)) is None


def test_three_variants_do_not_fit_a_page(study):
    with pytest.raises(RunError, match="3 variants are named"):
        scene_of(study, variant=["today", "more", "today"])


def test_own_chapters_stand_in_the_manifest_and_only_where_they_are_written(study, tmp_path):
    manifest = json.loads((study.folder / "runs/today/000/manifest.json").read_text(encoding="utf-8"))
    assert manifest["chapters"] == [
        {"at_s": 32400.0, "label": {"ja": "九時", "en": "Nine o'clock"}, "place": "yard-east", "reach_m": 400.0}
    ]
    (tmp_path / "plain.yaml").write_text(re.sub(r"output:.*\n", "", FILE), encoding="utf-8")
    plain = twin.run(tmp_path / "plain.yaml", tmp_path / "plain", replications=1, only=["today"])
    assert "chapters" not in plain.run().manifest
