"""The check: echo, assumptions, warnings, estimate, limits; and nothing heavy loaded."""

import json
import subprocess
import sys

import pytest

from twin.errors import LimitError, ScenarioError
from twin.models import registry
from twin.scenario.language.load import load_scenario
from twin.scenario.plan.check import check_scenario
from twin.scenario.plan.estimate import estimate_of
from twin.scenario.plan.plan import make_plan


def test_a_sound_scenario_reports_variants_tables_assumptions_and_an_estimate(write, tmp_path):
    (tmp_path / "a.csv").write_text("hour,trucks\n8,100\n9,140\n")
    path = write(
        "terminal: {table: a, service: {value: 2 min, range: [1 min, 3 min], grade: G}}\n"
        "tables: {a: {file: a.csv, counted_at: gate_in, source: 月報, grade: V}, spare: {file: a.csv}}\n"
        "variants: {today: {}, more: {set: {terminal.trucks: 3000}}}\nreplications: 5\n"
    )
    report = check_scenario(path)
    assert report.ok
    assert list(report.scenario.variants) == ["today", "more"]
    assert report.tables["a"].totals == {"trucks": 240.0}
    assert [a.key for a in report.assumptions] == ["terminal.service"]
    assert [a.key for a in report.weak_defaults() if a.key.startswith("road")] == ["road_traffic.speed"]
    assert {a.key: a.variants for a in report.weak_defaults()}["terminal.trucks"] == ("today",)
    assert report.estimate.agents == {"today": 2540.0, "more": 3240.0}
    assert report.estimate.runs == 10
    assert "table spare is used by no model" in report.warnings
    assert any("hides the queue" in warning for warning in report.warnings)
    json.dumps(report.to_dict(), allow_nan=False)


def test_problems_of_the_file_and_of_tables_come_in_the_report(write, tmp_path):
    report = check_scenario(write("terminal: {servic: 1 min}\n"))
    assert not report.ok
    assert report.problems[0].what == "unknown key 'servic'"
    with pytest.raises(ScenarioError):
        report.raise_if_wrong()
    (tmp_path / "a.csv").write_text("hour,trucks\n8,many\n")
    report = check_scenario(write("terminal:\ntables: {a: {file: a.csv}}\n"))
    assert [p.what for p in report.problems] == ["'many' is no number"]
    json.dumps(report.to_dict())


def test_variants_that_are_the_same_are_pointed_out(write):
    report = check_scenario(write("terminal:\nvariants: {a: {}, b: {}}\n"))
    assert any("variants a and b are the same" in warning for warning in report.warnings)


def test_a_million_million_agents_are_refused_before_anything_is_allocated(write):
    with pytest.raises(LimitError) as caught:
        check_scenario(write("terminal: {trucks: 1e12}\n"))
    assert "about 1e12 agents, the limit is 10000000" in str(caught.value)
    assert caught.value.exit_code == 6
    with pytest.raises(LimitError):
        make_plan(load_scenario(write("terminal: {trucks: 1e12}\n")))


def test_a_table_of_too_many_agents_is_refused_too(write, tmp_path):
    (tmp_path / "a.csv").write_text("hour,trucks\n8,1e12\n")
    with pytest.raises(LimitError):
        check_scenario(write("terminal: {table: a}\ntables: {a: {file: a.csv}}\n"))


def test_limits_of_the_file_are_kept(write):
    with pytest.raises(LimitError, match=r"limits\.agents"):
        check_scenario(write("terminal: {trucks: 100}\nlimits: {agents: 50}\n"))
    with pytest.raises(LimitError, match=r"limits\.memory"):
        check_scenario(write("terminal: {trucks: 100}\nlimits: {memory: 10 MB}\n"))


def test_a_model_may_offer_its_own_estimate(write, monkeypatch):
    offered = {"terminal": lambda gate: gate.service_s / 50.0 + 4.0}
    monkeypatch.setattr(registry, "estimator", offered.get)
    scenario = load_scenario(write("terminal:\n"))
    assert estimate_of(scenario, {}).agents == {"base": 7.0}


def test_checking_the_shipped_models_loads_neither_mesa_nor_numba(tmp_path):
    path = tmp_path / "s.yaml"
    path.write_text(
        "twin: 1\nname: s\ncity: osaka_yumeshima\nclock: {from: 05:00, to: 20:00}\nterminal:\npedestrian:\ntransit:\n"
    )
    code = (
        "import sys; from pathlib import Path; from twin.scenario.plan.check import check_scenario;"
        "report = check_scenario(Path(sys.argv[1])); assert report.ok, report.problems;"
        "print([m for m in ('mesa', 'numba', 'pandas', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
