"""How a study begins and goes on."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.scenarios.cases import TINY
from twin import api
from twin.errors import LimitError, RunError
from twin.experiments.study import StudyOptions, resume, run_new, start
from twin.results.run_folder import partial_of


@pytest.fixture
def tiny(tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY, encoding="utf-8")
    return api.plan_and_city(api.load(path))


def test_a_study_begun_by_other_sources_is_not_gone_on_with(tiny, tmp_path):
    plan, city = tiny
    partial = start(plan, city, tmp_path / "s", StudyOptions())
    how = json.loads((partial / "how.json").read_text(encoding="utf-8"))
    (partial / "how.json").write_text(json.dumps({**how, "sources": "0" * 16}), encoding="utf-8")
    with pytest.raises(RunError, match="another version of the twin"):
        resume(tmp_path / "s")
    (partial / "how.json").write_text(json.dumps(how), encoding="utf-8")
    assert resume(tmp_path / "s").variants == ["base"]


def test_what_a_start_left_that_was_killed_is_swept_by_the_next(tiny, tmp_path):
    plan, city = tiny
    dead = tmp_path / "s.starting-4194305"  # beyond the largest process id
    dead.mkdir()
    (dead / "plan.json").write_text("{", encoding="utf-8")
    start(plan, city, tmp_path / "s", StudyOptions())
    assert not dead.exists()
    assert partial_of(tmp_path / "s").is_dir()


def test_a_study_that_outgrows_its_disk_limit_stops_with_what_it_has(tiny, tmp_path):
    plan, city = tiny
    small = replace(plan, content={**plan.content, "limits": {**plan.content["limits"], "disk_bytes": 10.0}})
    with pytest.raises(LimitError, match=r"limits\.disk|the limit is"):
        run_new(small, city, tmp_path / "s", StudyOptions())
    assert partial_of(tmp_path / "s").is_dir()


def test_checkpoints_asked_for_in_the_scenario_are_made(tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY + "record: {checkpoint: 10 min}\n", encoding="utf-8")
    study = api.run(path, tmp_path / "s", keep_checkpoints=True)
    stems = [p.stem for p in sorted((study.run().folder / "checkpoints").glob("*.npz"))]
    assert stems == ["00000010", "00000020", "00000030"]
