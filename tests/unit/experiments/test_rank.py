"""Guesses are found, moved alone, and ordered by what they do."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from twin import api
from twin.errors import ScenarioError
from twin.experiments.rank import rank
from twin.scenario.plan.guesses import guesses_of

SCENARIOS = Path(__file__).resolve().parents[3] / "scenarios"
FILE = """
twin: 1
name: tiny
city: osaka_yumeshima
seed: 5
clock: {from: 05:00, to: 20:00, then: until_empty, latest: 30:00, step: 1 h}
terminal:
  approach: none
  demand: {day_total: {value: 200 trucks, range: [150 trucks, 250 trucks], grade: G, source: a test}}
  lanes: {A: {count: 2}}
  service: {law: deterministic, mean: {value: 2 min, range: [1 min, 3 min], grade: G, source: a test}}
"""


@pytest.fixture
def scenario(tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text(FILE, encoding="utf-8")
    return api.load(path, replications=2)


def test_guesses_are_values_with_a_range_and_guessed_defaults(scenario):
    found = {guess.key: guess for guess in guesses_of(scenario, "base")}
    assert found["terminal.service.mean"].basis == "range"
    assert found["terminal.service.mean"].low["terminal"].service.mean_s == 60.0
    assert found["terminal.move_up"].basis == "quarter"
    assert found["terminal.move_up"].high["terminal"].move_up_s == 15.0 * 1.25
    assert found["terminal.yard.blocks"].low["terminal"].yard.blocks == 12
    # A read value is no guess, nor is a choice.
    assert "terminal.money.fee" not in found
    assert "terminal.demand.factor" not in found
    stated = [guess.key for guess in guesses_of(scenario, "base", stated_only=True)]
    assert stated == ["terminal.demand.day_total", "terminal.service.mean"]


def test_members_of_a_default_mapping_are_moved_alone(scenario):
    found = {guess.key: guess for guess in guesses_of(scenario, "base")}
    before = scenario.variants["base"].models["terminal"]
    guess = found["terminal.hauliers.small.choice_scale"]
    assert (guess.value_text, guess.low_text, guess.high_text) == ("20 min", "15 min", "25 min")
    for end, factor in ((guess.low, 0.75), (guess.high, 1.25)):
        after = end["terminal"]
        assert after.hauliers["small"].choice_scale_s == factor * before.hauliers["small"].choice_scale_s
        small = before.hauliers["small"].model_copy(update={"choice_scale_s": after.hauliers["small"].choice_scale_s})
        assert after.hauliers == {**before.hauliers, "small": small}
        assert after.model_copy(update={"hauliers": before.hauliers}) == before
    # What the mapping sets has the grade of the mapping: the spaces of the yards were read, who refuses one is guessed.
    assert "terminal.hauliers.large.hauliers" in found
    assert not any(key.startswith("terminal.holding_yards") and key.endswith("spaces") for key in found)


def test_an_end_that_a_parameter_may_not_take_is_the_value_itself():
    vessels = api.load(SCENARIOS / "yumeshima_vessels.yaml", only=["ordinary"])
    found = {guess.key: guess for guess in guesses_of(vessels, "ordinary", prefix="terminal.demand.vessels")}
    laden = found["terminal.demand.vessels.calls.Aoi.discharge_laden"]
    assert (laden.low_text, laden.high_text) == ("69 %", "92 %")
    assert laden.high is None
    assert all(key.startswith("terminal.demand.vessels") for key in found)


def test_the_longest_lever_comes_first_and_pairs_share_their_luck(scenario):
    plan, city = api.plan_and_city(scenario)
    guesses = [g for g in guesses_of(scenario, "base") if g.basis == "range" or g.key == "terminal.money.idle_nox"]
    ranking = rank(plan, city, guesses, "terminal.wait_mean_min")
    keys = [row.guess.key for row in ranking.guesses]
    assert keys[0] == "terminal.service.mean"
    assert ranking.guesses[0].at_low < ranking.base.mean < ranking.guesses[0].at_high
    still = ranking.guesses[-1]
    assert (still.change.mean, still.change.lo, still.change.hi) == (0.0, 0.0, 0.0)


def test_an_unknown_kpi_is_named_before_any_run(scenario):
    plan, city = api.plan_and_city(scenario)
    with pytest.raises(ScenarioError, match=r"no KPI 'terminal\.joy'"):
        rank(plan, city, guesses_of(scenario, "base"), "terminal.joy")
    with pytest.raises(ScenarioError, match="no guess that can be moved"):
        rank(plan, city, [], "terminal.wait_mean_min")


def test_the_command_prints_one_json_object(tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text(FILE, encoding="utf-8")
    command = [sys.executable, "-m", "twin", "rank", str(path), "--kpi", "terminal.wait_mean_min", "--ranges-only",
               "--replications", "2", "--workers", "1", "--json"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    said = json.loads(done.stdout)
    assert (said["variant"], said["unit"], said["base"]["n"]) == ("base", "min", 2)
    assert [row["key"] for row in said["guesses"]] == ["terminal.service.mean", "terminal.demand.day_total"]
