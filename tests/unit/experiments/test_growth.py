"""A study grows look by look until its questions are settled, whoever does the runs and however often it is killed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.scenarios.test_shipped import contents, run_plan
from twin import api
from twin.errors import RunError
from twin.experiments.study import StudyOptions, go_on, resume, start
from twin.results.run_folder import Study, partial_of

ASKING = Path(__file__).resolve().parents[2] / "scenarios" / "asking.yaml"


def asking(tmp_path, **changes):
    text = ASKING.read_text(encoding="utf-8")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "asking.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return api.run(ASKING, tmp_path_factory.mktemp("growth") / "s", lean=True)


def test_a_question_that_is_decided_at_the_first_look_takes_no_further_run(study):
    (answer,) = study.answers["answers"]
    assert study.replications == answer["replications"] == 8
    assert answer["runs"] == 24
    assert [row["verdict"] for row in answer["rows"]] == ["better", "practically the same"]
    assert answer["decided"]


def test_two_equal_variants_differ_by_exactly_nothing(study):
    _, alike = study.answers["answers"][0]["rows"]
    assert (alike["mean"], alike["lo"], alike["hi"]) == (0.0, 0.0, 0.0)


def test_paired_runs_decide_with_a_fraction_of_what_independent_ones_need(study):
    (answer,) = study.answers["answers"]
    assert answer["runs_independent"] > 20 * answer["runs"]


def test_rows_that_were_asked_are_marked_in_the_table(study):
    rows = [row for row in api.difference_rows(study, None, None) if row["asked"]]
    asked = {(row["second"], row["kpi"], row["group"]): row["verdict"] for row in rows}
    assert asked == {
        ("quick", "terminal.wait_mean_min", "all"): "better",
        ("alike", "terminal.wait_mean_min", "all"): "practically the same",
    }
    stored = study.columns("differences")
    assert set(stored["asked"].tolist()) == {"", "wait"}


def test_every_sentence_stands_in_both_languages_with_its_numbers(study):
    (answer,) = study.answers["answers"]
    assert answer["sentence"]["ja"].startswith("待ちは減るか：受付短縮は現況に比べて改善する")
    assert answer["sentence"]["en"].startswith("does the wait shrink: Quicker against Today: better")
    assert "24" in answer["sentence"]["ja"]
    assert "24 runs" in answer["sentence"]["en"]


def test_workers_and_kills_cannot_be_seen_in_a_study_that_grew(tmp_path):
    # What matters lies so near the effect that it takes several looks.
    loaded = api.load(
        asking(
            tmp_path,
            **{
                "matters_from: 10 s": "matters_from: 46 s",
                "compare: [[today, quick], [today, alike]]": "budget: {runs: 45}",
                "  alike: {label: {ja: 現況と同じ, en: Just like today}}\n": "",
            },
        )
    )
    plan, city = api.plan_and_city(loaded)
    assert plan.questions.looks == [8, 11, 16, 22]
    whole = run_plan(plan, city, tmp_path / "one", workers=1, lean=True)
    assert whole.replications > 8
    two = run_plan(plan, city, tmp_path / "two", workers=2, lean=True)
    how = StudyOptions(lean=True)
    partial = start(plan, city, tmp_path / "killed", how)

    def kill(share, done, total):
        if total > 2 * 11:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        go_on(partial, tmp_path / "killed", how, kill)
    assert partial_of(tmp_path / "killed").is_dir()
    again = resume(tmp_path / "killed", workers=2)
    assert contents(whole.folder) == contents(two.folder) == contents(again.folder)


def test_draws_of_assumptions_are_part_of_the_study_and_equal_for_any_workers(tmp_path):
    path = asking(tmp_path, **{"questions:": "uncertainty: {assumptions: every_range, draws: 3}\nquestions:"})
    plan, city = api.plan_and_city(api.load(path))
    one = run_plan(plan, city, tmp_path / "one", workers=1, lean=True)
    two = run_plan(plan, city, tmp_path / "two", workers=2, lean=False)
    (answer,) = one.answers["answers"]
    assert answer["assumptions"]["draws"] == 3
    assert answer["assumptions"]["moved_alone"]
    assert len(one.columns("draws")["value"]) > 0
    for name in ("answers.json", "draws.parquet", "kpis.parquet"):
        assert (one.folder / name).read_bytes() == (two.folder / name).read_bytes()
    row = answer["assumptions"]["rows"][0]
    assert row["lo"] < row["hi"]
    assert set(one.variants) == {"today", "alike", "quick"}


def test_a_budget_that_is_spent_leaves_the_question_open_and_says_so(tmp_path):
    path = asking(tmp_path, **{"matters_from: 10 s": "matters_from: 50 s\n    budget: {runs: 27}"})
    found = api.run(path, tmp_path / "s", lean=True)
    (answer,) = found.answers["answers"]
    assert found.replications == 9
    assert answer["runs"] <= 27
    assert answer["rows"][0]["verdict"] == "cannot tell"
    assert not answer["decided"]
    assert "that it is less is sure" in answer["sentence"]["en"]


def test_stated_replications_are_looked_at_once(tmp_path):
    found = api.run(ASKING, tmp_path / "s", replications=3, lean=True)
    (answer,) = found.answers["answers"]
    assert found.replications == 3
    assert answer["method"] == "Student's t, one look"


def test_one_replication_has_no_interval_and_says_so(tmp_path):
    found = api.run(ASKING, tmp_path / "s", replications=1, lean=True)
    (answer,) = found.answers["answers"]
    assert {row["verdict"] for row in answer["rows"]} == {"cannot tell"}
    assert answer["rows"][0]["lo"] is None
    assert "one replication only: no interval for luck" in answer["notes"]["en"]


def test_a_study_without_questions_has_no_answers(tmp_path):
    text = ASKING.read_text(encoding="utf-8").partition("questions:")[0]
    (tmp_path / "plain.yaml").write_text(text, encoding="utf-8")
    found = api.run(tmp_path / "plain.yaml", tmp_path / "s", lean=True)
    assert found.answers == {}
    assert found.replications == 1


def test_where_a_study_was_settled_must_be_one_of_its_looks(tmp_path):
    plan, city = api.plan_and_city(api.load(ASKING))
    partial = start(plan, city, tmp_path / "s", StudyOptions(lean=True))
    (partial / "settled.json").write_text(json.dumps({"pairs": 9}), encoding="utf-8")
    with pytest.raises(RunError, match="where the study was settled"):
        resume(tmp_path / "s")


def test_changed_answers_are_noticed(study):
    path = study.folder / "answers.json"
    kept = path.read_bytes()
    try:
        path.write_bytes(kept.replace(b'"better"', b'"worse!"'))
        with pytest.raises(RunError, match="not as it was written"):
            Study(study.folder).answers  # noqa: B018
    finally:
        path.write_bytes(kept)
