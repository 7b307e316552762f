"""The city on one clock: order, leads, ledger, checkpoint, Mesa's own tools."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from tests.unit.engine.toy_model import Attendant, ToyModel
from twin.engine.checkpoint import read_checkpoint, write_checkpoint
from twin.engine.city_model import CityModel
from twin.engine.draws import make_run_seed
from twin.engine.sim_model import SimModel
from twin.errors import EngineError, RunError, ScenarioError


def city(*, step_s=5.0, replication=0, visitors=60, lead_s=20.0):
    models = [ToyModel("a", visitors), ToyModel("b", visitors, target="a", lead_s=lead_s)]
    return CityModel(models, start_s=0.0, end_s=3600.0, step_s=step_s, run_seed=make_run_seed(7, replication))


def run(model, until_s=7200.0):
    tables = {"a": [], "b": []}
    while model.now_s < until_s:
        model.step()
        for part in model.sim_models:
            drained = part.drain_tables()["traces"]
            tables[part.name] += list(zip(drained["id"].tolist(), drained["time_s"].tolist(), strict=True))
    return {name: sorted(rows) for name, rows in tables.items()}


def test_a_toy_model_of_one_page_keeps_the_protocol():
    assert isinstance(ToyModel("a", 1), SimModel)


def test_everyone_who_enters_leaves_and_the_city_ends_empty():
    model = city()
    run(model)
    assert model.is_empty()
    counts = {p.name: p.accounts()[0] for p in model.sim_models}
    assert counts["b"].handed_over == 60 == counts["a"].received
    assert sum(counts["a"].left.values()) == 120


@pytest.mark.parametrize("replication", range(12))
def test_halving_the_step_changes_nothing(replication):
    whole = run(city(step_s=5.0, replication=replication))
    half = run(city(step_s=2.5, replication=replication))
    assert whole == half


def test_a_step_longer_than_the_shortest_lead_is_refused_by_name():
    with pytest.raises(ScenarioError, match=r"step of 30 s is longer than 20 s, the shortest lead from b to a"):
        city(step_s=30.0)


def test_adding_a_visitor_changes_nobody_elses_draws():
    few, more = run(city(visitors=59)), run(city(visitors=60))
    kept = [row for row in more["b"] if row[0] & 0xFFFFFFFF < 59]
    assert kept == few["b"]
    assert len(more["b"]) == len(few["b"]) + 1


def test_a_broken_ledger_stops_the_run_and_says_where():
    model = city()
    model.step()
    model.sim_models[0].gone += 1
    with pytest.raises(EngineError, match=r"ledger of a does not close for visitors") as caught:
        model.step()
    assert "00:00:10" in str(caught.value)


def test_a_row_lost_between_models_stops_the_run():
    model = city()
    model.step()
    model.sim_models[1].handed_over += 1
    model.sim_models[1].entered += 1
    with pytest.raises(EngineError, match="between models"):
        model.step()


def test_a_checkpoint_resumes_byte_for_byte(tmp_path):
    through, stopped = city(), city()
    for _ in range(100):
        stopped.step()
    write_checkpoint(tmp_path / "a.npz", stopped.state())
    resumed = city()
    resumed.restore(read_checkpoint(tmp_path / "a.npz"))
    for _ in range(100):
        through.step()
    for _ in range(400):
        through.step()
        resumed.step()
    for name, values in through.state().items():
        assert np.array_equal(values, resumed.state()[name]), name
    write_checkpoint(tmp_path / "b.npz", through.state())
    write_checkpoint(tmp_path / "c.npz", resumed.state())
    assert (tmp_path / "b.npz").read_bytes() == (tmp_path / "c.npz").read_bytes()


def test_a_checkpoint_cut_short_is_refused_with_a_mend(tmp_path):
    path = tmp_path / "a.npz"
    write_checkpoint(path, city().state())
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(RunError, match="cannot be read"):
        read_checkpoint(path)


def test_mesa_tools_see_the_agents_that_decide():
    model = city()
    assert len(model.agents) == 2
    assert len(model.agents_by_type[Attendant]) == 2
    assert len(model.agents.select(lambda agent: agent.unique_id == 1)) == 1


def test_a_closed_city_leaves_no_memory_behind():
    model = city()
    gone = weakref.ref(model)
    model.close()
    del model
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize(
    ("latest_s", "until_empty", "ends_s"),
    [(None, False, 600.0), (300.0, True, 300.0), (3600.0, False, 600.0), (700.0, True, 700.0), (7200.0, True, None)],
)
def test_run_model_comes_back_at_the_end_of_the_clock_or_when_nobody_is_left(latest_s, until_empty, ends_s):
    model = CityModel(
        [ToyModel("toy", 30, mean_gap_s=10.0, mean_stay_s=600.0)],
        start_s=0.0,
        end_s=600.0,
        step_s=5.0,
        run_seed=make_run_seed(3, 0),
        latest_s=latest_s,
        until_empty=until_empty,
    )
    assert model.running
    model.run_model()
    assert not model.running
    if ends_s is not None:
        assert model.now_s == ends_s
    else:
        assert 600.0 <= model.now_s < 7200.0
        assert model.is_empty()
        last_s = max(model.sim_models[0].drain_tables()["traces"]["time_s"])
        assert model.now_s - 5.0 < last_s <= model.now_s
