"""What was found when variants were set on the stage is kept, as long as nothing that decides it has changed."""

from __future__ import annotations

import subprocess
import sys

import pytest

import twin
from twin import api
from twin.errors import Problem
from twin.experiments import rehearsal
from twin.experiments.rehearsal import Rehearsal, rehearse

TEXT = """
twin: 1
name: gate
title: {{ja: 門, en: gate}}
city: osaka_yumeshima
seed: 1
clock: {{from: 05:00, to: 20:00, then: until_empty, latest: 32:00, step: 5 s}}
replications: 1
terminal:
  demand: {{factor: {factor}}}
"""


@pytest.fixture
def tries(tmp_path, monkeypatch):
    """How often variants are set on the stage; the machine has kept nothing yet."""
    made = []
    real = rehearsal._rehearse

    def counted(*arguments):
        made.append(arguments)
        return real(*arguments)

    monkeypatch.setattr(rehearsal, "compiled_folder", lambda: tmp_path)
    monkeypatch.setattr(rehearsal, "_rehearse", counted)
    return made


def checked(tmp_path, factor):
    path = tmp_path / "gate.yaml"
    path.write_text(TEXT.format(factor=factor), encoding="utf-8")
    return twin.check(path)


def test_the_second_check_says_the_same_and_sets_nobody_on_the_stage(tmp_path, tries):
    first = checked(tmp_path, 1)
    assert first.ok
    assert len(tries) == 1
    again = checked(tmp_path, 1)
    assert len(tries) == 1
    assert (again.problems, again.warnings) == (first.problems, first.warnings)


def test_another_demand_another_city_or_other_sources_are_looked_at(tmp_path, tries, monkeypatch):
    checked(tmp_path, 1)
    checked(tmp_path, 2)
    assert len(tries) == 2
    monkeypatch.setattr(rehearsal, "running_sources", lambda: "of tomorrow")
    checked(tmp_path, 2)
    assert len(tries) == 3


def test_models_of_other_packages_are_always_looked_at(tmp_path, tries, monkeypatch):
    monkeypatch.setattr(rehearsal.registry, "BUILT_IN", ("transit",))
    checked(tmp_path, 1)
    checked(tmp_path, 1)
    assert len(tries) == 2


def test_problems_are_kept_and_a_damaged_file_is_not_believed(tmp_path, tries, monkeypatch):
    path = tmp_path / "gate.yaml"
    path.write_text(TEXT.format(factor=1), encoding="utf-8")
    plan, city = api.plan_and_city(api.load(path))
    found = Rehearsal((Problem("no lane", "gate.yaml, lanes", "add one"),), ("a note",))
    monkeypatch.setattr(rehearsal, "_rehearse", lambda *_: (found, True))
    assert rehearse(plan, city, {}, "gate.yaml") == found
    monkeypatch.setattr(rehearsal, "_rehearse", lambda *_: (Rehearsal((), ()), True))
    assert rehearse(plan, city, {}, "gate.yaml") == found
    for kept in (tmp_path / "rehearsed").glob("*.json"):
        kept.write_text('{"problems": [{"what": "x"}]}', encoding="utf-8")
    assert rehearse(plan, city, {}, "gate.yaml") == Rehearsal((), ())


def test_what_time_did_not_suffice_for_is_tried_again(tmp_path, tries, monkeypatch):
    monkeypatch.setattr(rehearsal, "_MOST_S", -1.0)
    assert any("not tried" in text for text in checked(tmp_path, 1).warnings)
    checked(tmp_path, 1)
    assert len(tries) == 2


def test_only_the_youngest_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(rehearsal, "compiled_folder", lambda: tmp_path)
    monkeypatch.setattr(rehearsal, "_MOST_KEPT", 3)
    for number in range(5):
        rehearsal._keep(f"{number:032d}", Rehearsal((), ()))
    assert len(list((tmp_path / "rehearsed").glob("*.json"))) == 3


def test_the_second_check_loads_neither_the_compiler_nor_mesa(tmp_path):
    path = tmp_path / "gate.yaml"
    path.write_text(TEXT.format(factor=1), encoding="utf-8")
    code = (
        "import sys, twin; assert twin.check(sys.argv[1]).ok; "
        "print([name for name in ('numba', 'mesa') if name in sys.modules])"
    )
    said = [
        subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert said[1].strip() == "[]"
