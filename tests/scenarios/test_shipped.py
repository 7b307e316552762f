"""Every shipped scenario runs; the same scenario says the same; nothing depends on how it was run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from twin import api
from twin.experiments.study import StudyOptions, go_on, start
from twin.results.run_folder import OUTSIDE, Study

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted((ROOT / "scenarios").glob("*.yaml"))
SMALL = Path(__file__).with_name("small.yaml")


def contents(folder):
    """Every file of a study that a comparison looks at, with its bytes."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name not in OUTSIDE - {"manifest.json"}
    }


def run_plan(plan, city, out, **how):
    study = StudyOptions(**how)
    return go_on(start(plan, city, out, study), out, study)


def changed(plan, **content):
    return replace(plan, content={**plan.content, **content})


@pytest.fixture(scope="module")
def small():
    return api.plan_and_city(api.load(SMALL))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_a_shipped_scenario_runs_into_the_morning_twice_alike(path, tmp_path):
    plan, city = api.plan_and_city(api.load(path, replications=1))
    clock = plan.content["clock"]
    # At least ten minutes, and into the morning, when every model is busy.
    end = min(max(clock["start_s"] + 600, 7.75 * 3600), clock["end_s"])
    # Draws of assumptions are the same runs many times over.
    short = changed(plan, clock={**clock, "end_s": end, "latest_s": end, "then": "stop"}, drawn={})
    first = run_plan(short, city, tmp_path / "a", workers=1)
    second = run_plan(short, city, tmp_path / "b", workers=1)
    assert contents(first.folder) == contents(second.folder)
    assert len(first.columns("kpis")["value"]) > 0


def test_workers_folders_and_checkpoints_cannot_be_seen_in_the_results(small, tmp_path):
    plan, city = small
    plan = changed(plan, replications=2)
    here = run_plan(plan, city, tmp_path / "one", workers=1)
    two = run_plan(plan, city, tmp_path / "deep" / "二つ 目", workers=2, checkpoint_every_s=1200.0)
    four = run_plan(plan, city, tmp_path / "four", workers=4)
    assert contents(here.folder) == contents(two.folder) == contents(four.folder)


def test_the_same_scenario_as_two_variants_differs_by_exactly_zero(small, tmp_path):
    plan, city = small
    base = plan.content["variants"][0]
    plan = changed(plan, replications=2, variants=[base, {**base, "name": "same", "label": {}}])
    study = run_plan(plan, city, tmp_path / "aa", workers=2, lean=True)
    differences = study.columns("differences")
    assert len(differences["mean"]) > 50
    defined = differences["n"] > 0
    assert np.all(differences["mean"][defined] == 0.0)
    paired = differences["n"] > 1  # a class nobody of which came in one replication has one pair, and no interval
    assert paired.sum() > 50
    assert np.all(differences["lo"][paired] == 0.0)
    assert np.all(differences["hi"][paired] == 0.0)


def test_halving_the_step_changes_nothing_in_twelve_replications(small, tmp_path):
    plan, city = small
    plan = changed(plan, replications=12)
    whole = run_plan(plan, city, tmp_path / "whole", workers=2, lean=True)
    halved = changed(plan, clock={**plan.content["clock"], "step_s": plan.content["clock"]["step_s"] / 2})
    half = run_plan(halved, city, tmp_path / "half", workers=2, lean=True)
    one, other = whole.columns("kpis"), half.columns("kpis")
    assert one["kpi"].tolist() == other["kpi"].tolist()
    different = [
        (k, a, b)
        for k, a, b in zip(one["kpi"], one["value"], other["value"], strict=True)
        if not (a == b or (np.isnan(a) and np.isnan(b)))
    ]
    assert different == []


def test_every_ledger_ends_closed_and_an_overloaded_day_counts_who_still_waits(small, tmp_path):
    plan, city = small
    models = json.loads(json.dumps(plan.content["variants"][0]["models"]))
    models["transit"]["fleet"]["count"] = 1
    crowded = {**plan.content["variants"][0], "models": models}
    clock = {**plan.content["clock"], "then": "stop", "latest_s": plan.content["clock"]["end_s"]}
    study = run_plan(changed(plan, variants=[crowded], clock=clock), city, tmp_path / "crowded", workers=1)
    ledger = study.run().table("ledger")
    entries = {}
    for model, account, entry, count in zip(*(ledger[c] for c in ("model", "account", "entry", "count")), strict=True):
        entries.setdefault((model, account), {})[entry] = int(count)
    assert len(entries) >= 5
    for key, e in entries.items():
        left = sum(n for name, n in e.items() if name.startswith("left:"))
        assert e["entered"] + e["received"] == e["inside"] + left + e["handed_over"], key
    assert entries["terminal", "trucks"]["inside"] + entries["pedestrian", "walkers"]["inside"] > 0


def test_a_finished_study_opens_with_frames_and_units(small, tmp_path):
    plan, city = small
    study = run_plan(plan, city, tmp_path / "s", workers=1)
    assert set(study.kpis.columns) == {"variant", "day", "replication", "kpi", "group", "value", "unit"}
    frame = study.run().frame("transit_requests")
    assert frame.attrs["units"]["asked_s"] == "s"
    assert isinstance(Study(study.folder)._repr_html_(), str)
    assert ", ".join(study.variants) in repr(study)
