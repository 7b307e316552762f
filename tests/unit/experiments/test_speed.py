"""Estimates say what a first run costs and what later ones do, and learn from what runs took here."""

from __future__ import annotations

import copy

import pytest

from tests.scenarios.cases import TINY, TWO_VARIANTS
from twin import api
from twin.experiments import speed
from twin.experiments.study import StudyOptions, run_new


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(speed, "compiled_folder", lambda: tmp_path / "kernels")
    return tmp_path / "kernels" / "speed"


@pytest.fixture
def scenario(tmp_path):
    path = tmp_path / "s.yaml"
    path.write_text(TWO_VARIANTS, encoding="utf-8")
    return path


def test_the_machine_is_measured_once_and_kept(folder, monkeypatch):
    monkeypatch.setattr(speed, "_work", lambda: 2 * speed._REFERENCE_S)
    assert speed.machine_factor() == pytest.approx(2.0)
    monkeypatch.setattr(speed, "_work", lambda: 1 / 0)
    assert speed.machine_factor() == pytest.approx(2.0)
    (folder / "machine.json").write_text('{"factor": 1e9, "measured_at": 1}', encoding="utf-8")
    monkeypatch.setattr(speed, "_work", lambda: speed._REFERENCE_S)
    assert speed.machine_factor() == pytest.approx(1.0)


def test_what_is_kept_is_damaged_without_harm(folder):
    folder.mkdir(parents=True)
    models = {"terminal": {"lanes": 1}}
    for text in ("", "{", "[]", '{"ratio": "many"}', '{"ratio": -1}', '{"ratio": 1e300}'):
        (folder / f"{speed.form_of(models)}.json").write_text(text, encoding="utf-8")
        assert speed.known_of(models) == speed.Known(0.0, False)


def test_runs_of_one_form_differ_in_numbers_and_not_in_switches():
    first = {"terminal": {"conpas": None, "demand": {"factor": 1.0, "law": "poisson"}, "opening": [[1, 2]]}}
    other = copy.deepcopy(first)
    other["terminal"]["demand"]["factor"] = 1.5
    other["terminal"]["opening"] = [[1, 2], [3, 4]]
    assert speed.form_of(other) == speed.form_of(first)
    for change in ({"conpas": {"quota": {}}}, {"demand": {"factor": 1.0, "law": "fixed"}}):
        assert speed.form_of({"terminal": {**first["terminal"], **change}}) != speed.form_of(first)
    assert speed.form_of({**first, "transit": {}}) != speed.form_of(first)


def test_a_first_run_is_said_to_compile_and_later_ones_are_not(scenario, tmp_path):
    before = api.check(scenario).estimate
    assert before.compile_s > 0
    assert before.to_dict()["cold_time_s"] == before.time_s + before.compile_s
    api.run(scenario, tmp_path / "out")
    after = api.check(scenario).estimate
    assert after.compile_s == 0
    # Another form has not run yet.
    (tmp_path / "t.yaml").write_text(TINY.replace("hourly:", "law: fixed\n    hourly:"), encoding="utf-8")
    assert api.check(tmp_path / "t.yaml").estimate.compile_s > 0


def test_an_estimate_follows_what_runs_took_here(scenario):
    loaded = api.load(scenario)
    plan, _ = api.plan_and_city(loaded)
    models = plan.variant("today")["models"]
    estimated_s = plan.content["estimate"]["run_times_s"]["today"]
    base = estimated_s * speed.machine_factor()
    for _ in range(8):
        speed.learn(models, base, 5.0, warm=True)
    # A run that compiled tells nothing of the speed.
    speed.learn(models, base, 500.0, warm=False)
    estimate = api.check(scenario).estimate
    assert estimate.run_times_s["today"] == pytest.approx(5.0, rel=0.05)
    assert estimate.machine_factor == pytest.approx(speed.machine_factor())
    assert estimate.time_s > sum(estimate.run_times_s.values())


def test_learning_leaves_no_trace_in_the_results(scenario, tmp_path):
    from tests.scenarios.cases import results

    loaded = api.load(scenario)
    plan, city = api.plan_and_city(loaded)
    run_new(plan, city, tmp_path / "first", StudyOptions(), source=loaded.source)
    run_new(plan, city, tmp_path / "second", StudyOptions(), source=loaded.source)
    assert results(tmp_path / "first") == results(tmp_path / "second")
