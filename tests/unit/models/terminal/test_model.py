"""The gate as a model: opening, the sign, closures, yards, ledger, steps, checkpoints, forks."""

import numpy as np
import pytest

from tests.unit.models.terminal.gate import always_open, finish, gate, kpis, merged, run, same_tables, start
from twin.errors import ScenarioError, TableError
from twin.models.terminal import names
from twin.models.terminal.params import TerminalParams

DAY = {"start_s": 18000.0}


def busy_day(**changes):
    """A full day with every stage, small yards and every switch, so that everything happens."""
    return TerminalParams.model_validate(
        {
            "approach": "none",
            "lanes": {"A": {"count": 14}, "B": {"count": 3, "kind": "reserved"}},
            "holding_yards": {"east": {"spaces": 40, "refuse": 0.3}, "west": {"spaces": 20}},
            "conpas": {"quota": {"bunching": 2.0}, "reserved_lane": True, "checked_documents": True,
                       "approach_signal": True},
        }
        | changes
    )  # fmt: skip


#: Every lane with its own line, and lanes for oversize trucks and for trucks in trouble.
OWN_LINES = {
    "queues": "own", "jockeying": True, "trouble": {"at": "gate_lane", "lasts": {"mean_s": 900.0}},
    "lanes": {"A": {"count": 12}, "B": {"count": 3, "kind": "reserved"}, "T": {"count": 5, "kind": "trouble"},
              "W": {"count": 1, "kind": "oversize"}},
    "lane_closures": {"works": {"lanes": "A", "count": 2, "hours": (50000.0, 54000.0)}},
}  # fmt: skip


def one_lane(hourly, **changes):
    """Trucks by half hour; one lane that takes exactly ten minutes a truck, open 08:30-11:30 and 13:00-16:30."""
    return gate(
        **{
            "demand": {"hourly": hourly, "law": "fixed", "hour_s": 1800.0},
            "lanes": {"A": {"count": 1}},
            "service": {"law": "deterministic", "mean_s": 600.0},
        }
        | changes
    )


def test_trucks_that_come_before_opening_wait_for_it():
    visits = run(one_lane({28800.0: 3.0}))["terminal_visits"]
    assert visits["called_s"].tolist() == [30600.0, 31200.0, 31800.0]
    np.testing.assert_allclose(visits["wait_s"], visits["called_s"] - visits["join_s"])


def test_no_truck_is_called_during_lunch_and_the_one_in_the_lane_is_finished():
    visits = run(one_lane({39600.0: 6.0}))["terminal_visits"]
    called = visits["called_s"]
    assert not ((called >= 41400.0) & (called < 46800.0)).any()
    assert ((visits["gate_start_s"] < 41400.0) & (visits["gate_end_s"] > 41400.0)).any()


def test_a_suspended_truck_returns_to_the_head_and_resumes_after_lunch():
    visits = run(one_lane({39600.0: 6.0}, at_closure="suspend"))["terminal_visits"]
    cut = visits["gate_end_s"] - visits["gate_start_s"] > 601.0
    assert cut.sum() == 1
    row = int(np.flatnonzero(cut)[0])
    worked_before = 41400.0 - visits["gate_start_s"][row]
    assert visits["gate_end_s"][row] == pytest.approx(46800.0 + 600.0 - worked_before)
    assert visits["wait_s"][row] == pytest.approx(visits["called_s"][row] - visits["join_s"][row] + 5400.0)
    # Nobody overtakes it.
    assert (np.diff(visits["gate_end_s"]) > 0).all()


def test_everybody_in_line_at_half_past_four_is_served_and_later_ones_are_refused():
    tables = run(one_lane({57600.0: 12.0, 59400.0: 5.0}))
    visits = tables["terminal_visits"]
    served = visits["reason"] == names.SERVED_WELL
    assert served.sum() == 12
    assert (visits["join_s"][served] < 59400.0).all()
    assert (visits["join_s"][~served] >= 59400.0).all()
    assert visits["gate_end_s"][served].max() > 59400.0 + 5000.0
    assert (visits["reason"][~served] == names.AFTER_CLOSING).all()
    assert kpis(tables)["refused_trucks", "all"] == 5


def test_a_gate_that_closes_at_once_turns_the_line_away():
    visits = run(one_lane({57600.0: 12.0}, last_truck_rule="close_at_once"))["terminal_visits"]
    away = visits["reason"] == names.IN_LINE_AT_CLOSING
    assert away.sum() > 0
    assert (visits["out_s"][away & (visits["join_s"] < 59400.0)] == 59400.0).all()


def test_works_shut_single_lanes_and_the_rest_goes_on():
    shut = {"works": {"lanes": "A", "count": 1, "hours": (32400.0, 36000.0)}}
    tables = run(one_lane({30600.0: 30.0}, lanes={"A": {"count": 2}}, lane_closures=shut))
    queue = tables["terminal_queue"]
    inside = (queue["time_s"] >= 32400.0) & (queue["time_s"] < 36000.0)
    assert set(queue["lanes_open"][inside]) == {1}
    assert 2 in queue["lanes_open"][queue["time_s"] >= 36000.0]


def test_the_operator_keeps_lanes_open_when_the_line_is_long_at_noon():
    long_line = one_lane({39600.0: 6.0}, open_on_if_line=1.0)
    visits = run(long_line)["terminal_visits"]
    assert ((visits["called_s"] > 41400.0) & (visits["called_s"] < 46800.0)).any()
    short = run(one_lane({39600.0: 6.0}, open_on_if_line=50.0))["terminal_visits"]
    assert not ((short["called_s"] > 41400.0) & (short["called_s"] < 46800.0)).any()


def test_yards_fill_in_order_then_trucks_stand_on_the_road():
    yards = {"east": {"spaces": 4}, "west": {"spaces": 3}}
    tables = run(one_lane({28800.0: 12.0}, holding_yards=yards))
    queue = tables["terminal_queue"]
    before = queue["time_s"] < 30600.0
    assert queue["trucks_in_yards"][before].max() == 7
    assert queue["trucks_on_road"][before].max() == 12 - 7
    full = queue["trucks_on_road"] > 0
    # Nobody stands on the road while a space is free, and the road is empty while one is.
    assert (queue["trucks_in_yards"][full] == 7).all()
    assert (queue["metres_on_road_m"][full] >= queue["trucks_on_road"][full] * 15.0 - 1e-9).all()
    assert (queue["metres_on_road_m"][~full] == 0).all()


def test_a_driver_who_refuses_a_yard_waits_on_the_road_beside_free_spaces():
    yards = {"east": {"spaces": 50, "refuse": 1.0}}
    tables = run(one_lane({28800.0: 5.0}, holding_yards=yards))
    assert tables["terminal_queue"]["trucks_in_yards"].max() == 0
    assert tables["terminal_queue"]["trucks_on_road"].max() == 5


def test_time_on_the_road_adds_up_truck_by_truck():
    tables = run(one_lane({28800.0: 12.0}, holding_yards={"east": {"spaces": 3}}))
    by_truck = tables["terminal_visits"]["road_queue_s"].sum() / 60
    assert by_truck > 0
    assert kpis(tables)["queue_on_road_truck_min", "all"] == pytest.approx(by_truck, rel=1e-12)


@pytest.mark.parametrize(
    "changes",
    [{}, {"last_truck_rule": "close_at_once"}, {"at_closure": "suspend"}, OWN_LINES,
     OWN_LINES | {"demand": {"factor": 1.6}, "at_closure": "suspend"}],
)  # fmt: skip
def test_the_ledger_closes_and_the_gate_empties_on_a_full_day(changes):
    model, terminal = start(busy_day(**changes), **DAY)
    while not model.is_empty():
        model.step()
        for account in terminal.accounts():
            left = sum(account.left.values())
            assert account.entered + account.received == account.inside + left + account.handed_over
    trucks = terminal.accounts()[0]
    visits = merged([terminal.drain_tables()])["terminal_visits"]
    assert trucks.entered == len(visits["id"]) > 2000
    assert int(terminal._now.tally[names.IN_YARDS]) == int(terminal._now.tally[names.ROAD_COUNT]) == 0
    model.close()


@pytest.mark.parametrize("changes", [{}, OWN_LINES])
def test_the_step_changes_nothing(changes):
    coarse = run(busy_day(**changes), **DAY, step_s=3600.0)
    fine = run(busy_day(**changes), **DAY, step_s=77.0)
    assert same_tables(coarse, fine)


@pytest.mark.parametrize("changes", [{}, OWN_LINES])
def test_a_resumed_run_is_the_undisturbed_run_byte_for_byte(changes):
    params = busy_day(at_closure="suspend", open_on_if_line=30.0, **changes)
    whole = run(params, **DAY)
    model, terminal = start(params, **DAY)
    parts = []
    for step in range(40):
        model.step()
        if step == 25:
            parts.append(terminal.drain_tables())
    saved = model.state()
    assert all(values.dtype != object for values in saved.values())
    model.close()
    again, terminal = start(params, **DAY)
    again.restore(saved)
    back = again.state()
    assert set(back) == set(saved)
    for key, values in saved.items():
        assert back[key].tobytes() == values.tobytes(), key
    assert same_tables(whole, finish(again, terminal, parts))


def test_a_fork_that_opens_the_lunch_gate_differs_only_after_it():
    base, forked_s = busy_day(), 39600.0
    model, _ = start(base, **DAY)
    while model.now_s < forked_s:
        model.step()
    saved = model.state()
    model.close()
    results = {}
    for name, params in {
        "same": base,
        "lunch": busy_day(opening=[(30600.0, 59400.0)]),
        "lanes": busy_day(lanes={"A": {"count": 8}, "B": {"count": 2, "kind": "reserved"}}),
        "demand": busy_day(demand={"factor": 1.2}),
    }.items():
        model, terminal = start(params, **DAY)
        model.restore(saved, forked_s)
        results[name] = finish(model, terminal)["terminal_visits"]
    whole = run(base, **DAY)["terminal_visits"]
    assert all(results["same"][c].tobytes() == whole[c].tobytes() for c in whole)
    for name, visits in results.items():
        before = visits["gate_end_s"] < forked_s
        expected = whole["gate_end_s"] < forked_s
        np.testing.assert_array_equal(np.sort(visits["id"][before]), np.sort(whole["id"][expected]), err_msg=name)
    lunch = results["lunch"]["called_s"]
    assert ((lunch > 41400.0) & (lunch < 46800.0)).any()
    assert results["lunch"]["wait_s"].mean() < whole["wait_s"].mean() < results["lanes"]["wait_s"].mean()
    # More demand adds trucks, and those who would have come anyway come at the same moment.
    assert len(results["demand"]["id"]) > len(whole["id"])
    joined = dict(zip(whole["id"].tolist(), whole["desired_s"].tolist(), strict=True))
    forked = zip(results["demand"]["id"].tolist(), results["demand"]["desired_s"].tolist(), strict=True)
    kept = [(i, t) for i, t in forked if i in joined]
    assert len(kept) == len(joined)
    assert all(joined[i] == t for i, t in kept)


def test_a_fork_cannot_rename_lanes():
    model, _ = start(one_lane({30600.0: 3.0}))
    model.step()
    saved = model.state()
    model.close()
    other, _ = start(one_lane({30600.0: 3.0}, lanes={"Z": {"count": 1}}))
    with pytest.raises(ScenarioError, match="cannot change which lanes there are"):
        other.restore(saved, 900.0)


def test_the_yard_saves_rehandles_only_for_the_time_since_the_signal():
    def rehandles(**signal):
        conpas = {"booked_share": 1.0, "approach_signal": {"rehandle_factor": 0.0, **signal}}
        yard = {"rehandles_per_pickup": 2.0, "cranes_per_block": 20}
        params = gate(demand={"hourly": {30600.0: 200.0}}, lanes={"A": {"count": 100}}, yard=yard, conpas=conpas)
        return run(params)["terminal_visits"]["rehandles_count"].astype(np.int64).sum()

    none, some = rehandles(lead_s=0.0, marshalling_s=86400.0), rehandles(lead_s=900.0, marshalling_s=2400.0)
    assert rehandles(lead_s=3600.0) == 0 < some < 0.8 * none
    # The same signal is worth more where marshalling is quick.
    assert rehandles(lead_s=300.0, marshalling_s=1200.0) < rehandles(lead_s=300.0, marshalling_s=2400.0)


def test_a_fork_cannot_change_how_many_lanes_have_their_own_line():
    model, _ = start(busy_day(**OWN_LINES), **DAY)
    model.step()
    saved = model.state()
    model.close()
    lanes = OWN_LINES["lanes"] | {"A": {"count": 13}}
    other, _ = start(busy_day(**OWN_LINES | {"lanes": lanes}), **DAY)
    with pytest.raises(ScenarioError, match="cannot change which lanes there are"):
        other.restore(saved, 18900.0)


def test_a_fork_shuts_a_lane_with_its_own_line_and_its_trucks_move():
    base, forked_s = busy_day(**OWN_LINES), 36000.0
    model, _ = start(base, **DAY)
    while model.now_s < forked_s:
        model.step()
    saved = model.state()
    model.close()
    works = {"more": {"lanes": "A", "count": 6, "hours": (forked_s, 60000.0)}}
    model, terminal = start(busy_day(**OWN_LINES | {"lane_closures": works}), **DAY)
    model.restore(saved, forked_s)
    visits = finish(model, terminal)["terminal_visits"]
    whole = run(base, **DAY)["terminal_visits"]
    assert len(visits["id"]) == len(whole["id"])
    assert visits["wait_s"].mean() > whole["wait_s"].mean()
    in_lanes = (visits["lane_group"] == 1) & (visits["called_s"] > forked_s) & (visits["called_s"] < 60000.0)
    assert set(visits["lane"][in_lanes]) == set(range(6))


def test_one_truck_more_changes_no_other_truck():
    few = run(always_open(60, 4, 50, demand={"hourly": {0.0: 60.0, 3600.0: 60.0}, "law": "fixed"}))["terminal_visits"]
    more = run(always_open(60, 4, 50, demand={"hourly": {0.0: 61.0, 3600.0: 60.0}, "law": "fixed"}))["terminal_visits"]
    assert len(more["id"]) == len(few["id"]) + 1
    kept = np.isin(more["id"], few["id"])
    for column in few:
        a = few[column][np.argsort(few["id"])]
        b = more[column][kept][np.argsort(more["id"][kept])]
        if column != "lane":
            assert a.tobytes() == b.tobytes(), column


def test_trucks_before_the_clock_are_an_error_that_names_them():
    with pytest.raises(ScenarioError, match="3 trucks would reach the gate before the clock starts at 10:00:00"):
        start(one_lane({28800.0: 3.0}), start_s=36000.0)


def test_times_of_another_zone_are_noticed():
    with pytest.raises(TableError, match="Japan Standard Time"):
        start(one_lane({82800.0: 50.0, 0.0: 60.0}))


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ({"hour_start_s": np.array([30600.0])}, "column trucks is missing"),
        ({"hour_start_s": np.array([30600.0]), "trucks": np.array([-5.0])}, "-5 trucks"),
        ({"hour_start_s": np.array([30600.0]), "trucks": np.array([np.nan])}, "nan trucks"),
        ({"hour_start_s": np.array([30600.0, 30600.0]), "trucks": np.array([5.0, 6.0])}, "counted twice"),
        ({"hour_start_s": np.array([30600.0]), "trucks": np.array([5.0]), "kind": np.array(["beer"])}, "beer"),
        ({"hour_start_s": np.array([30600.0]), "trucks": np.array([1e12])}, "more than 1000000"),
    ],
)
def test_a_wrong_table_is_refused_with_its_fault(table, complaint):
    params = gate(demand={"table": "counts"})
    with pytest.raises(TableError, match=complaint):
        start(params, tables={"counts": table})


def test_a_table_that_is_not_there_is_named():
    with pytest.raises(TableError, match="names 'counts', which the scenario does not have"):
        start(gate(demand={"table": "counts"}))


def test_a_table_by_kind_gives_each_truck_its_kind():
    table = {
        "hour_start_s": np.array([30600.0, 30600.0]),
        "trucks": np.array([7.0, 4.0]),
        "kind": np.array(["laden_in", "empty_out"]),
    }
    params = gate(demand={"table": "counts", "law": "fixed"})
    visits = run(params, tables={"counts": table})["terminal_visits"]
    assert sorted(visits["kind"].tolist()) == [1] * 7 + [2] * 4


def test_counts_scale_to_the_total_of_the_day():
    table = {"hour_start_s": np.array([30600.0, 34200.0]), "trucks": np.array([10.0, 30.0])}
    params = gate(demand={"table": "counts", "law": "fixed", "day_total": 80.0})
    visits = run(params, tables={"counts": table})["terminal_visits"]
    assert ((visits["desired_s"] < 34200.0).sum(), len(visits["id"])) == (20, 80)


def test_what_cannot_be_served_is_counted_not_lost():
    model, terminal = start(one_lane({30600.0: 200.0}))
    while model.now_s < 61200.0:
        model.step()
    terminal.finish()
    tables = merged([terminal.drain_tables()])
    trucks = terminal.accounts()[0]
    queue, now = tables["terminal_queue"], terminal._now
    waiting = now.code[:, names.STATE] == names.WAITING
    so_far = (model.now_s - now.time_s[waiting, names.QUEUED]).sum() + now.time_s[:, names.WAITED].sum()
    assert queue["time_s"][-1] == model.now_s
    assert (queue["trucks_in_line"][:-1] * np.diff(queue["time_s"])).sum() == pytest.approx(so_far, rel=1e-11)
    assert trucks.inside == 200 - len(tables["terminal_visits"]["id"]) > 0
    tables["ledger"] = {
        "model": np.array(["terminal"]),
        "account": np.array(["trucks"]),
        "entry": np.array(["entered"]),
        "count": np.array([trucks.entered]),
    }
    assert kpis(tables)["unfinished_trucks", "all"] == trucks.inside
    model.close()
