"""Who comes: by id from the source, from parameters or from a table."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.models.pedestrian.small_city import grid_city, model_of, params_for
from twin.engine.ids import Kind
from twin.errors import ScenarioError, TableError
from twin.models.pedestrian.demand.places import read_exits, read_stay_places
from twin.models.pedestrian.demand.shares import exit_shares
from twin.models.pedestrian.demand.visitors import make_arrivals
from twin.models.pedestrian.params import CLASSES, PedestrianParams


def arrivals(params, *, tables=None, seed=7, start_s=0.0, end_s=86400.0):
    city = grid_city()
    exits, stays = read_exits(city, ""), read_stay_places(city, "", 120)
    shares = exit_shares(params, exits, stays, city.walk)
    return make_arrivals(params, exits, shares, city, tables or {}, np.uint64(seed), start_s, end_s)


def table(**columns):
    return {"gates": {name: np.asarray(values) for name, values in columns.items()}}


def of_table(columns, **changes):
    params = params_for({"shopper": 100.0, "diner": 100.0}, arrivals_table="gates", **changes)
    return arrivals(params, tables=table(**columns))


def test_numbers_follow_visitors_profile_and_riders():
    profile = tuple(float(h in (8, 9)) * (h - 7) for h in range(24))  # 1 at 08, 2 at 09
    params = params_for({"shopper": 30000.0}, classes={"shopper": {"arrival_profile": profile}})
    rows = arrivals(params)
    assert abs(len(rows) - 30000) < 4 * np.sqrt(30000)
    assert ((rows.enter_s >= 8 * 3600) & (rows.enter_s < 10 * 3600)).all()
    assert abs((rows.enter_s >= 9 * 3600).mean() - 2 / 3) < 4 * np.sqrt(2 / 9 / 30000)
    shares = np.bincount(rows.entry, minlength=4) / len(rows)
    np.testing.assert_allclose(shares, [0.1, 0.2, 0.3, 0.4], atol=4 * np.sqrt(0.25 / 30000))


def test_ids_are_unique_ascend_in_time_and_are_walkers():
    rows = arrivals(params_for({"shopper": 5000.0, "tourist": 5000.0}))
    assert len(np.unique(rows.id)) == len(rows)
    assert (np.diff(rows.enter_s) >= 0).all()
    assert (rows.id >> np.uint64(56) == int(Kind.WALKER)).all()


def test_a_larger_demand_keeps_everybody_it_had():
    few = arrivals(params_for({"shopper": 5000.0, "tourist": 1000.0}))
    more = arrivals(params_for({"shopper": 5050.0, "tourist": 1000.0}))
    at = {int(row.id): float(row.enter_s) for row in more}
    assert len(more) > len(few)
    assert all(at[int(row.id)] == row.enter_s for row in few)


def test_only_those_who_come_within_the_clock_come():
    rows = arrivals(params_for({"shopper": 20000.0}), start_s=30123.0, end_s=40007.0)
    whole = arrivals(params_for({"shopper": 20000.0}))
    inside = (whole.enter_s >= 30123.0) & (whole.enter_s < 40007.0)
    assert (rows.id == whole.id[inside]).all()


def test_hours_after_midnight_follow_the_profile_of_the_next_day():
    rows = arrivals(params_for({"shopper": 24000.0}), start_s=86400.0, end_s=100800.0)
    assert abs(len(rows) - 4000) < 4 * np.sqrt(4000)


def test_a_table_gives_exact_counts_at_its_exits_and_times():
    rows = of_table(
        {
            "exit": ["test/exit/e1", "e3"],
            "time_s": [28800.0, 29700.0],
            "count": [120, 35],
            "class": ["diner", "shopper"],
        }
    )
    first = rows.enter_s < 29700.0
    assert first.sum() == 120
    assert (~first).sum() == 35
    assert (rows.entry[first] == 1).all()
    assert (rows.entry[~first] == 3).all()
    assert (rows.visitor_class[first] == CLASSES.index("diner")).all()
    assert rows.enter_s.max() < 30600.0  # rows last as long as the gap between them


def test_a_table_may_give_hours_as_the_reader_of_scenarios_names_them():
    hours = {"hour_start_s": [28800.0], "hour_end_s": [32400.0]}
    rows = of_table({"exit": ["e0"], "count": [2000], **hours})
    assert ((rows.enter_s >= 28800.0) & (rows.enter_s < 32400.0)).all()
    assert rows.enter_s.max() > 32000.0
    assert len(of_table({"exit": ["e0"], "count": [20], "time": [28800.0]})) == 20


def test_a_table_without_classes_draws_them_from_the_mix_of_the_hour():
    rows = of_table({"exit": ["e0"], "time_s": [28800.0], "count": [9000], "until_s": [32400.0]})
    shares = np.bincount(rows.visitor_class, minlength=6) / len(rows)
    assert shares[[1, 2]] == pytest.approx([0.5, 0.5], abs=4 * np.sqrt(0.25 / 9000))
    assert shares.sum() == pytest.approx(shares[[1, 2]].sum())


def test_one_more_in_a_row_of_a_table_changes_nobody_else():
    columns = {"exit": ["e0", "e0", "e2"], "time_s": [28800.0, 29100.0, 29100.0], "count": [50, 60, 70]}
    few = of_table(columns)
    more = of_table(columns | {"count": [51, 60, 70]})
    new = np.setdiff1d(more.id, few.id)
    assert len(new) == 1
    kept = ~np.isin(more.id, new)
    for field in ("id", "enter_s", "entry", "visitor_class"):
        assert (more[field][kept] == few[field]).all()


def test_a_fraction_of_a_person_comes_as_often_as_it_should():
    params = params_for({"shopper": 1.0}, arrivals_table="gates", visitors_factor=0.5)
    one = table(exit=["e0"], time_s=[28800.0], count=[3])
    counts = np.array([len(arrivals(params, seed=seed, tables=one)) for seed in range(400)])
    assert set(counts.tolist()) == {1, 2}
    assert abs(counts.mean() - 1.5) < 4 * 0.5 / np.sqrt(400)


def test_every_problem_of_a_table_is_named_at_once():
    with pytest.raises(TableError) as fault:
        of_table(
            {
                "exit": ["e9", "e0", "e1"],
                "time_s": [28800.0, -5.0, 28800.0],
                "count": [5, 5, float("nan")],
                "class": ["diner", "wanderer", "diner"],
            }
        )
    text = str(fault.value)
    for part in ("no exit 'e9'", "row 1", "-5 s", "no class 'wanderer'", "row 2", "got nan", "row 3"):
        assert part in text


def test_a_missing_table_or_column_says_what_is_there():
    params = params_for({}, arrivals_table="gates")
    with pytest.raises(TableError, match="no table 'gates'"):
        arrivals(params, tables={"other": {}})
    with pytest.raises(TableError, match="no column count"):
        arrivals(params, tables={"gates": {"exit": np.array(["e0"]), "time_s": np.array([0.0])}})


def test_a_table_without_classes_and_without_a_mix_is_an_error():
    params = params_for({}, arrivals_table="gates")
    with pytest.raises(TableError, match="names no class"):
        arrivals(params, tables=table(exit=["e0"], time_s=[0.0], count=[5]))


def test_full_width_exit_names_are_found():
    rows = of_table({"exit": ["ｅ２"], "time_s": [28800.0], "count": [5]})
    assert (rows.entry == 2).all()


def test_an_absurd_number_of_people_and_a_clock_of_days_are_errors():
    crowd = params_for({"shopper": 5e6, "tourist": 5e6}, visitors_factor=20.0)
    with pytest.raises(ScenarioError, match=r"2e\+08 walkers are asked for"):
        arrivals(crowd)
    with pytest.raises(ScenarioError, match=r"walkers can enter until 42\.7 h"):
        arrivals(params_for({}), end_s=200000.0)


def test_default_parameters_bring_a_real_day():
    total = sum(c.visitors_per_day for c in PedestrianParams().classes.in_order())
    assert total == 350_000


def test_visitors_start_with_a_budget_and_a_speed_within_their_bounds():
    city_model, model = model_of(params_for({"tourist": 40000.0, "commuter": 40000.0}), grid_city(), end_s=3600.0)
    for _ in range(600):
        city_model.step()
    inside = model.form.slots[model.form.slots.event > 0]
    assert len(inside) > 1000
    assert ((inside.budget_s >= 300.0) & (inside.budget_s <= 43200.0)).all()
    assert ((inside.speed_mps >= 0.5) & (inside.speed_mps <= 2.2)).all()
    assert inside.speed_mps.mean() == pytest.approx(1.34, abs=4 * 0.26 / np.sqrt(len(inside)))
