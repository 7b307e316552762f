"""Arrivals are scaled to counts by exit and class, and a scenario stands on the table that comes out."""

from __future__ import annotations

import numpy as np
import pytest

import twin
from twin import service
from twin.api import load, plan_and_city
from twin.experiments.calibrate.arrivals import TABLE, scaled_arrivals

TEXT = """twin: 1
name: walk
city: osaka_midosuji
seed: 3
clock: {from: 10:00, to: 11:00, then: stop, step: 60 s}
record: {traces: 0 %}
pedestrian:
  visitors_factor: 10 %
  choice: {stay_places_most: 10, unused_minute_value: {value: 0.02, range: [0.0, 0.05], grade: G}}
"""
OBSERVED = """tables: {exits: {file: exits.csv}, mix: {file: mix.csv}}
sensors: {gate: {kind: gate_count, misses: 20 %, doubles: 0 %}}
observed:
  - {id: exits, kpi: pedestrian.arrivals_count, table: exits, by: exit, seen_as: gate}
  - {id: mix, kpi: pedestrian.arrivals_count, table: mix, by: class}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("arrivals")
    (folder / "exits.csv").write_text("exit,count\n本町12,80\nnamba,400\n", encoding="utf-8")
    mix = {"commuter": 10, "diner": 10, "passer_through": 50, "resident": 1, "shopper": 100, "tourist": 29}
    (folder / "mix.csv").write_text("class,count\n" + "".join(f"{k},{v}\n" for k, v in mix.items()))
    (folder / "s.yaml").write_text(TEXT + OBSERVED, encoding="utf-8")
    return folder


def test_sums_by_exit_are_those_counted_freed_of_misses_and_classes_have_their_shares(folder):
    plan, city = plan_and_city(load(folder / "s.yaml"))
    found = scaled_arrivals(plan, city, "base")
    columns = found.columns
    exits, classes = columns["exit"].astype(str), columns["class"].astype(str)
    assert columns["count"][exits == "osaka_midosuji/exit/hommachi-12"].sum() == pytest.approx(100.0)
    namba = np.char.find(exits, "/exit/namba-") >= 0
    assert columns["count"][namba].sum() == pytest.approx(500.0)
    shoppers = columns["count"][classes == "shopper"].sum() / columns["count"].sum()
    assert shoppers == pytest.approx(0.5)
    assert found.counted == pytest.approx(600.0)
    moved = found.put(plan, "base")
    assert moved.observed["entries"] == []
    assert moved.params_of("base")["pedestrian"].arrivals_table == TABLE


def test_a_calibration_writes_them_and_a_scenario_stands_on_them(folder):
    content = service.calibrate(folder / "s.yaml", folder / "calibration", runs=8, kpi="pedestrian.stay_share")
    assert content["arrivals"]["observations"] == ["exits", "mix"]
    assert not content["observed"]  # the counts were used up; nothing is left to tell the parameter
    (folder / "stands.yaml").write_text(TEXT + "calibration: calibration/calibration.json\n", encoding="utf-8")
    study = twin.run(folder / "stands.yaml", folder / "out")
    visits = study.run("base").table("pedestrian_people")
    entered = dict(zip(visits["entry"].tolist(), visits["people"].tolist(), strict=True))["entered"]
    table = np.genfromtxt(folder / "calibration" / "arrivals.csv", delimiter=",", skip_header=1)[:, 3]
    # Each row of the table is a whole number and one more or not by chance.
    assert abs(entered - table.sum()) < 4 * np.sqrt(len(table) / 4)
    (folder / "calibration" / "arrivals.csv").write_text("exit,hour,class,count\n")
    with pytest.raises(twin.errors.ScenarioError, match=r"arrivals.csv .* was changed"):
        twin.load(folder / "stands.yaml")
