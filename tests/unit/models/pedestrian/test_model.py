"""The pedestrian model as the city sees it: steps, checkpoints, forks, ledger, traces, agents."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.models.pedestrian.small_city import (
    assert_same,
    city_of,
    grid_city,
    merged,
    model_of,
    params_for,
    place,
    run_to_end,
    walk_layer,
)
from twin.columns import TABLES
from twin.engine.checkpoint import read_checkpoint, write_checkpoint
from twin.engine.sim_model import SimModel
from twin.errors import CityError, LimitError, ScenarioError
from twin.models.pedestrian.movement.network import FIRST_SLOTS

NUMBERS = {"shopper": 20000.0, "diner": 6000.0, "passer_through": 20000.0, "commuter": 9000.0, "tourist": 3000.0}


def busy(**changes):
    settings = {"end_s": 5400.0, "trace_share": 0.05} | changes
    numbers = settings.pop("numbers", NUMBERS)
    more = settings.pop("params", {})
    return model_of(params_for(numbers, **more), grid_city(), **settings)


def test_the_model_keeps_the_protocol():
    _, model = busy()
    assert isinstance(model, SimModel)
    assert model.name == "pedestrian"
    assert model.leads_s == {}


@pytest.mark.parametrize("step_s", [2.5, 60.0, 900.0])
def test_the_step_changes_nothing(step_s):
    assert_same(run_to_end(*busy(step_s=step_s)), run_to_end(*busy(step_s=5.0)))


def test_halving_the_step_changes_nothing_in_twelve_replications():
    for seed in range(12):
        numbers = {"shopper": 3000.0, "passer_through": 3000.0}
        runs = [run_to_end(*busy(numbers=numbers, seed=seed, step_s=step_s, end_s=1800.0)) for step_s in (60.0, 30.0)]
        assert_same(*runs)


def test_tables_have_the_declared_columns_and_types():
    tables = run_to_end(*busy())
    assert set(tables) == {
        "pedestrian_visits",
        "pedestrian_links",
        "pedestrian_stays",
        "pedestrian_people",
        "pedestrian_area",
        "pedestrian_seats",
        "traces",
    }
    for name, columns in tables.items():
        declared = {c.name: c.dtype for c in TABLES[name].columns}
        assert set(columns) == set(declared)
        for column, values in columns.items():
            if declared[column] == "str":
                assert values.dtype.kind == "U"
            else:
                assert values.dtype == np.dtype(declared[column]), (name, column)


def test_a_checkpoint_in_the_middle_resumes_byte_for_byte(tmp_path):
    city_model, model = busy(step_s=60.0)
    parts = []
    for _ in range(47):
        city_model.step()
    write_checkpoint(tmp_path / "state.npz", city_model.state())
    parts.append(model.drain_tables())
    undisturbed = merged([*parts, run_to_end(city_model, model)])

    again, resumed = busy(step_s=60.0)
    again.restore(read_checkpoint(tmp_path / "state.npz"))
    assert_same(
        {"s": resumed.state()},
        {
            "s": {
                k.removeprefix("pedestrian/"): v
                for k, v in read_checkpoint(tmp_path / "state.npz").items()
                if k.startswith("pedestrian/")
            }
        },
    )
    # The state carries what had not been drained, so nothing is missing from the tables.
    assert_same(run_to_end(again, resumed), undisturbed)


def test_more_walkers_at_once_than_first_slots_change_nothing_but_memory():
    city_model, model = busy(end_s=3600.0, numbers={"commuter": 90000.0})
    run = run_to_end(city_model, model)
    assert len(model.form.slots) > FIRST_SLOTS
    assert len(run["pedestrian_visits"]["id"]) > 2 * FIRST_SLOTS


def test_a_fork_that_doubles_visitors_changes_only_who_comes_afterwards():
    city_model, model = busy(step_s=60.0)
    for _ in range(30):
        city_model.step()
    state = city_model.state()
    model.drain_tables()
    fork, forked = busy(step_s=60.0, params={"visitors_factor": 2.0})
    fork.restore(state, 1800.0)
    base = run_to_end(city_model, model)["pedestrian_visits"]
    more = run_to_end(fork, forked)["pedestrian_visits"]
    before = more["enter_s"] <= 1800.0
    assert (more["id"][before] == np.sort(more["id"][before])).all()
    # Everybody of the base comes again after the fork, at the same second, beside the new ones.
    assert np.isin(base["id"], more["id"]).all()
    assert (more["enter_s"] > 1800.0).sum() > 1.8 * (base["enter_s"] > 1800.0).sum()


def test_a_fork_that_changes_the_lights_lets_waiting_people_start_by_the_new_plan():
    lights = {"side_length_m": 200.0, "cycle_s": 600.0, "side_green_s": 20.0}
    blind = {"wait_weight_per_min": 0.0, "crossing_weight": 0.0}  # nobody minds lights: many wait
    city_model, model = busy(step_s=60.0, params={"crossings": lights, "choice": blind})
    for _ in range(30):
        city_model.step()
    assert (model.form.slots.event == 2).any()
    fork, forked = busy(step_s=60.0, params={"crossings": lights | {"side_green_s": 540.0}, "choice": blind})
    fork.restore(city_model.state(), 1800.0)
    waiting = forked.form.slots[forked.form.slots.event == 2]
    for s in np.flatnonzero(forked.form.slots.event == 2):
        expected = forked.lights.wait_s(int(forked.form.slots.link[s]), 1800.0)
        assert forked.form.slots.next_s[s] == pytest.approx(1800.0 + expected)
    assert (waiting.next_s < 1800.0 + 61.0).all()
    run_to_end(fork, forked)


def test_it_is_empty_only_when_nobody_is_inside_or_still_to_come():
    city_model, model = busy(numbers={"passer_through": 40.0}, end_s=3600.0)
    assert not model.is_empty()
    run_to_end(city_model, model)
    assert model.is_empty()
    _, nobody = busy(numbers={})
    assert nobody.is_empty()
    assert nobody.drain_tables() == {}


def test_who_cannot_reach_anything_in_time_is_refused_and_counted():
    layer = walk_layer([(0.0, 0.0), (4000.0, 0.0)], [(0, 1)])
    city = city_of(layer, [place("exit", "a", 0, layer), place("exit", "b", 1, layer)])
    params = params_for({"passer_through": 2000.0}, classes={"passer_through": {"budget_mean_s": 1500.0}})
    city_model, model = model_of(params, city, end_s=7200.0)
    run_to_end(city_model, model)
    (account,) = model.accounts()
    assert account.left["refused: no feasible path"] > 100
    assert account.entered == account.left["refused: no feasible path"] + account.left["exit"]


def test_traces_follow_the_streets_in_time_and_space():
    tables = run_to_end(*busy(trace_share=1.0, numbers={"shopper": 2000.0}, end_s=3600.0))
    traces, visits = tables["traces"], tables["pedestrian_visits"]
    assert set(np.unique(traces["id"])) == set(visits["id"])
    for visit in range(0, len(visits["id"]), 7):
        rows = traces["id"] == visits["id"][visit]
        time_s, x, y = traces["time_s"][rows], traces["x_m"][rows], traces["y_m"][rows]
        assert (np.diff(time_s) > 0).all()
        assert time_s[0] == visits["enter_s"][visit]
        assert time_s[-1] == visits["leave_s"][visit]
        moved = np.hypot(np.diff(x.astype(float)), np.diff(y.astype(float)))
        assert moved.sum() == pytest.approx(visits["walked_m"][visit], rel=1e-5)
        assert (moved <= 2.2 * np.diff(time_s) + 1e-3).all()
        staying = traces["state"][rows][:-1] == 1
        assert np.diff(time_s)[staying].sum() == pytest.approx(visits["stay_s"][visit], abs=1e-6)
        assert moved[staying].sum() == 0


def test_the_share_of_traced_walkers_is_a_draw_of_their_ids():
    few, many = (set(run_to_end(*busy(trace_share=share))["traces"]["id"].tolist()) for share in (0.05, 0.2))
    assert few < many


def test_few_agents_are_registered_and_a_walker_can_be_looked_at():
    city_model, model = busy()
    assert len(city_model.agents) == 2
    for _ in range(200):
        city_model.step()
    walker = model.form.slots[model.form.slots.event > 0][0]
    view = model.view(int(walker.id))
    assert view.doing in {"walking", "waiting", "staying"}
    assert view.next_s > city_model.now_s
    assert len(city_model.agents) == 2
    assert sum(model.observer.inside_by_class().values()) == model.accounts()[0].inside
    assert model.view(1) is None
    assert len(model.lights.crossing_links) > 0


def test_a_city_without_two_exits_is_an_error_that_says_so():
    layer = walk_layer([(0.0, 0.0), (100.0, 0.0)], [(0, 1)])
    with pytest.raises(CityError, match="two exits or more on the walk layer, test has 1") as fault:
        model_of(params_for({}), city_of(layer, [place("exit", "a", 0, layer)]))
    assert "twin:place=exit" in str(fault.value)


def test_a_wrong_attraction_names_the_place_and_the_value():
    layer = walk_layer([(0.0, 0.0), (100.0, 0.0)], [(0, 1)])
    exits = [place("exit", "a", 0, layer), place("exit", "b", 1, layer)]
    for value in (-1.0, "many", float("nan"), float("inf")):
        with pytest.raises(CityError, match="attraction of the poi test/poi/p must be a number"):
            model_of(params_for({}), city_of(layer, [*exits, place("poi", "p", 1, layer, attraction=value)]))


def test_a_width_weight_that_makes_walking_a_pleasure_is_an_error():
    with pytest.raises(ScenarioError, match="people would walk in circles") as fault:
        busy(params={"choice": {"width_weight_per_m": 0.1}})
    assert "pedestrian.choice.width_weight" in str(fault.value)


def test_more_places_than_can_be_planned_for_are_an_error_before_the_run():
    xy = [(30.0 * i, 0.0) for i in range(1001)]
    layer = walk_layer(xy, [(i, i + 1) for i in range(1000)])
    city = city_of(layer, [place("exit", f"e{i}", i, layer) for i in range(1001)])
    with pytest.raises(LimitError, match="plans of visitors between 1001 exits") as fault:
        model_of(params_for({}), city)
    assert "pedestrian.district" in str(fault.value)


def test_people_step_onto_a_frontage_without_being_slowed():
    """A dead end that leads only to a place stands for all the doors of its frontage."""
    layer = walk_layer([(0.0, 0.0), (100.0, 0.0), (50.0, 0.0), (50.0, 6.7)], [(0, 2), (2, 1), (2, 3)], width_m=1.4)
    city = city_of(
        layer,
        [
            place("exit", "a", 0, layer),
            place("exit", "b", 1, layer),
            place("poi", "p", 3, layer, category="shop", attraction=5.0),
        ],
    )
    _, model = model_of(params_for({"shopper": 100.0}), city)
    areas = model.form.world.links.area_m2[:6]
    dead_end = (layer.link_from == 3) | (layer.link_to == 3)
    assert np.isinf(areas[dead_end]).all()
    assert np.isfinite(areas[~dead_end]).all()
