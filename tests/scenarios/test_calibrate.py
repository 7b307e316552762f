"""Calibration from file to file: a service found again, a scenario that stands on it, kills that cost nothing."""

from __future__ import annotations

import json
import shutil

import pytest

import twin
from twin import service
from twin.errors import RunError, ScenarioError
from twin.experiments import task as tasks

BASE = """twin: 1
name: gate
city: osaka_yumeshima
seed: %d
clock: {from: 07:00, to: 10:00, step: 60 s}
terminal:
  demand: {hourly: {"07:00": 40 trucks, "08:00": 40 trucks}}
  service: {mean: %s}
  lanes: {A: {count: 3, kind: ordinary}}
"""
TRUE = "4 min"
PRIOR = '{value: 3 min, range: [2 min, 6 min], grade: G, source: "test"}'


def write(folder, name, text):
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("calibrate")
    truth = twin.run(write(folder, "truth", BASE % (99, TRUE)), folder / "truth", lean=True)
    table = truth.columns("kpis")
    wait = float(table["value"][(table["kpi"] == "terminal.wait_mean_min") & (table["group"] == "all")][0])
    text = BASE % (5, PRIOR) + f"observed: [{{kpi: terminal.wait_mean_min, value: {wait:.3f} min, source: 調査}}]\n"
    path = write(folder, "prior", text)
    content = calibrate(path, folder / "calibration")
    return folder, path, content


def calibrate(path, out, **more):
    return service.calibrate(
        path, out, keys=["terminal.service"], runs=12, kpi="terminal.wait_p95_min", target="90 min", **more
    )


def test_the_true_value_lies_in_the_interval_and_the_prior_is_narrowed(calibrated):
    _, _, content = calibrated
    (key,) = content["keys"]
    assert key["key"] == "terminal.service.mean"
    assert key["interval"][0] <= 4.0 <= key["interval"][1]
    assert key["width"] < 0.7
    assert content["identified"]["untold"] == []
    assert content["runs"] == 24
    outlook = content["outlook"]
    prior, posterior = (outlook[of]["interval"] for of in ("prior", "posterior"))
    assert posterior[1] - posterior[0] < prior[1] - prior[0]
    assert 0 < outlook["prior"]["chance"] < 1
    assert any("95 %" in sentence for sentence in content["sentences"]["en"])


def test_a_scenario_stands_on_it_by_its_hash_and_the_manifest_names_it(calibrated):
    folder, _, content = calibrated
    file = "calibration: calibration/calibration.json\n"
    path = write(folder, "stands", BASE % (5, PRIOR) + file)
    scenario = twin.load(path)
    params = next(iter(scenario.variants.values())).models["terminal"]
    assert params.service.mean_s == pytest.approx(content["keys"][0]["value"] * 60, rel=1e-5)
    stated = {a.key: a for a in scenario.assumptions}["terminal.service.mean"]
    assert stated.grade == "D"
    assert "calibration gate" in stated.source
    study = twin.run(path, folder / "stands", lean=True)
    assert study.manifest["calibration"]["sha256"] == scenario.stands_on["sha256"]
    named = f"calibration: {{file: calibration/calibration.json, sha256: {scenario.stands_on['sha256'][:16]}}}\n"
    assert twin.load(write(folder, "named", BASE % (5, PRIOR) + named)).stands_on == scenario.stands_on


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c["keys"][0].update(value_text="9 min"), "no sound calibration"),
        (lambda c: c.update(kind="study"), "no sound calibration"),
    ],
)
def test_a_changed_file_is_refused(calibrated, tmp_path, change, said):
    folder, _, _ = calibrated
    content = json.loads((folder / "calibration" / "calibration.json").read_text())
    change(content)
    (tmp_path / "c.json").write_text(json.dumps(content))
    with pytest.raises(ScenarioError, match=said):
        twin.load(write(tmp_path, "s", BASE % (5, PRIOR) + "calibration: c.json\n"))


def test_another_file_than_the_one_named_is_refused(calibrated, tmp_path):
    folder, _, _ = calibrated
    shutil.copy(folder / "calibration" / "calibration.json", tmp_path / "c.json")
    with pytest.raises(ScenarioError, match="not the one named"):
        twin.load(write(tmp_path, "s", BASE % (5, PRIOR) + "calibration: {file: c.json, sha256: 0123456789abcdef}\n"))
    with pytest.raises(ScenarioError, match="does not exist"):
        twin.load(write(tmp_path, "t", BASE % (5, PRIOR) + "calibration: nothing.json\n"))


def test_a_calibration_that_was_killed_goes_on_to_the_same_bytes(calibrated, tmp_path, monkeypatch):
    folder, path, _ = calibrated
    done, real = [], tasks.do_task

    def dies(*args, **kwargs):
        if len(done) in (5, 16):
            done.append(None)
            raise KeyboardInterrupt
        real(*args, **kwargs)
        done.append(None)

    monkeypatch.setattr("twin.experiments.calibrate.waves.do_task", dies)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            calibrate(path, tmp_path / "again")
    calibrate(path, tmp_path / "again")
    first, again = (f / "calibration.json" for f in (folder / "calibration", tmp_path / "again"))
    assert first.read_bytes() == again.read_bytes()
    assert [p.name for p in (tmp_path / "again").iterdir()] == ["calibration.json"]
    with pytest.raises(RunError, match="exists already"):
        calibrate(path, tmp_path / "again")


def test_an_unfinished_calibration_of_another_scenario_is_not_gone_on_with(calibrated, tmp_path, monkeypatch):
    _, path, _ = calibrated

    def dies(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("twin.experiments.calibrate.waves.do_task", dies)
        with pytest.raises(KeyboardInterrupt):
            calibrate(path, tmp_path / "out")
    with pytest.raises(RunError, match="unfinished calibration of another scenario"):
        calibrate(path, tmp_path / "out", seed=77)


def test_without_observations_the_prior_says_so_and_names_what_to_measure(calibrated, tmp_path):
    content = calibrate(write(tmp_path, "blind", BASE % (5, PRIOR)), tmp_path / "blind")
    assert not content["observed"]
    assert content["keys"][0]["width"] == pytest.approx(1.0, abs=0.01)
    assert content["outlook"]["posterior"] is None
    assert 0 < content["outlook"]["prior"]["chance"] < 1
    best = content["outlook"]["measurements"][0]
    assert best["narrows"] > 0.5
    assert "観測値がない" in content["sentences"]["ja"][0]


def test_nothing_to_move_and_a_strange_figure_are_told(tmp_path):
    path = write(tmp_path, "plain", BASE % (5, TRUE))
    with pytest.raises(ScenarioError, match="nothing to calibrate"):
        service.calibrate(path, tmp_path / "out", keys=["terminal.service"])
    with pytest.raises(ScenarioError, match="there is no figure"):
        service.calibrate(path, tmp_path / "out", kpi="terminal.wait")
