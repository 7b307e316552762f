"""Whoever knows Mesa can make a city from keywords, run it, batch it and look at what was collected."""

from __future__ import annotations

import mesa
import numpy as np
import pytest

import twin
from tests.scenarios.cases import TINY
from twin import api
from twin.errors import RunError, ScenarioError
from twin.models.terminal.agents import TerminalOperator
from twin.simulate import simulate


@pytest.fixture(scope="module")
def scenario(tmp_path_factory):
    path = tmp_path_factory.mktemp("mesa") / "tiny.yaml"
    busy = TINY.replace("terminal:\n", "terminal:\n  opening: [06:00-16:30]\n").replace("10 trucks", "60 trucks")
    path.write_text(busy, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def ended(scenario):
    model = twin.CityModel.from_scenario(scenario)
    model.run_model()
    return model


def test_run_model_comes_back_when_the_clock_says_so(ended):
    assert isinstance(ended, mesa.Model)
    assert not ended.running
    assert ended.now_s == 6.5 * 3600
    assert ended.steps == 30


def test_it_says_what_a_run_of_the_scenario_says(ended, scenario):
    plan, city = api.plan_and_city(api.load(scenario))
    finished = simulate(plan, plan.variants[0], 0, city)
    assert [(k.kpi, k.group) for k in ended.kpis] == [(k.kpi, k.group) for k in finished.kpis]
    assert np.array_equal([k.value for k in ended.kpis], [k.value for k in finished.kpis], equal_nan=True)
    assert set(ended.tables) == set(finished.tables)
    for name, columns in finished.tables.items():
        assert {c: v.tobytes() for c, v in columns.items()} == {c: v.tobytes() for c, v in ended.tables[name].items()}


def test_accounts_close_at_every_step_and_headline_kpis_come_with_the_last(ended):
    frame = ended.datacollector.get_model_vars_dataframe()
    assert len(frame) == ended.steps
    trucks = {
        entry: frame[f"terminal.trucks.{entry}"] for entry in ("entered", "received", "inside", "left", "handed_over")
    }
    assert (trucks["entered"] + trucks["received"] == trucks["inside"] + trucks["left"] + trucks["handed_over"]).all()
    assert trucks["entered"].iloc[-1] > 0
    values = {k.kpi: k.value for k in ended.kpis if k.group == "all"}
    shown = [name for name in frame if name in values]
    assert "terminal.wait_mean_min" in shown
    for name in shown:
        assert frame[name].iloc[:-1].isna().all()
        assert frame[name].iloc[-1] == values[name] or (np.isnan(frame[name].iloc[-1]) and np.isnan(values[name]))
    assert not [name for name in frame if name.startswith("pedestrian.")]


def test_batch_run_sweeps_replications_and_parameters(scenario):
    rows = mesa.batch_run(
        twin.CityModel,
        {"scenario": str(scenario), "replication": range(2), "terminal.lanes.A.count": [1, 4]},
        display_progress=False,
        max_steps=1000,
    )
    assert len(rows) == 4
    for row in rows:
        alone = twin.CityModel.from_scenario(
            scenario, replication=row["replication"], changes={"terminal.lanes.A.count": row["terminal.lanes.A.count"]}
        )
        alone.run_model()
        wait = next(k.value for k in alone.kpis if (k.kpi, k.group) == ("terminal.wait_mean_min", "all"))
        assert row["terminal.wait_mean_min"] == wait
    by = {(r["replication"], r["terminal.lanes.A.count"]): r for r in rows}
    assert all(by[n, 4]["terminal.wait_mean_min"] < by[n, 1]["terminal.wait_mean_min"] for n in range(2))


def test_a_wrong_change_is_an_error_that_names_it(scenario):
    with pytest.raises(ScenarioError, match="lane"):
        twin.CityModel(scenario, **{"terminal.lane.A.count": 4})
    with pytest.raises(RunError, match="there is no variant 'none'"):
        twin.CityModel(scenario, "none")


class OpensByQueue(TerminalOperator):
    """The example of docs/agents.md."""

    review_every_s = 300.0

    def lanes_open(self, look):
        return min(look.planned, 1 + look.in_line // 4)


def test_a_gate_operator_of_ones_own_changes_the_answer_and_stands_at_the_gate(ended, scenario):
    model = twin.CityModel.from_scenario(scenario, agents={"terminal.gate_operator": OpensByQueue})
    (operator,) = model.agents_by_type[OpensByQueue]
    gate = next(p for p in api.plan_and_city(api.load(scenario))[1].places_of("gate") if p.id.endswith("/in-gate"))
    assert operator.pos is None
    assert model.space.get_cell_list_contents([gate.drive_node]) == [operator]
    assert operator.pos == gate.drive_node
    model.run_model()
    usual, own = (m.tables["terminal_queue"]["lanes_open"] for m in (ended, model))
    assert set(own.tolist()) > {1}
    assert 1 not in usual.tolist()
    waits = [
        next(k.value for k in m.kpis if k.kpi == "terminal.wait_mean_min" and k.group == "all") for m in (ended, model)
    ]
    assert waits[1] > waits[0]


def test_batch_run_compares_agents(scenario):
    rows = mesa.batch_run(
        twin.CityModel,
        {"scenario": str(scenario), "agents": [None, {"terminal.gate_operator": OpensByQueue}]},
        display_progress=False,
        max_steps=1000,
    )
    assert len({row["terminal.wait_mean_min"] for row in rows}) == 2


def test_agents_for_parts_that_nobody_has_are_refused_with_the_parts_there_are(scenario):
    with pytest.raises(ScenarioError, match="no model of this city has the part transit") as fault:
        twin.CityModel(scenario, agents={"transit.dispatcher": OpensByQueue})
    assert "terminal.gate_operator, terminal.haulier" in str(fault.value)
