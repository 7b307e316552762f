"""Trucks that queue for the gate on the links of a road: places, join times, the sign, step, resume."""

import numpy as np
import pytest

from tests.unit.models.terminal.gate import finish, gate, kpis, merged, same_tables, start, straight_city
from twin.errors import ScenarioError
from twin.models.road_traffic.model import RoadTraffic
from twin.models.road_traffic.params import RoadParams
from twin.models.terminal import names

#: Two links of 500 m each way at 10 m/s; a truck takes 21 m, so that a link holds 23 of them.
CITY = straight_city()
DRIVE_S = 100.0


def by_road(trucks=40.0, **changes):
    """One lane that takes five minutes; two spaces in the yard and one at the kerb."""
    return gate(
        **{
            "approach": "road",
            "demand": {"hourly": {30600.0: trucks}, "law": "fixed"},
            "lanes": {"A": {"count": 1}},
            "service": {"law": "deterministic", "mean_s": 300.0},
            "holding_yards": {"yard-east": {"spaces": 2}},
            "queue_on_road": {"kerb_spaces": 1},
        }
        | changes
    )


def begin(params, *, form="queueing", step_s=5.0, replication=0, trace_share=0.0):
    road = RoadTraffic(RoadParams(form=form), CITY, {})
    return start(params, replication, step_s=step_s, start_s=28800.0, city=CITY, others=[road], trace_share=trace_share)


def whole(model, terminal, parts=()):
    """Tables of a run to its end, closed as a run closes them."""
    parts = list(parts)
    while not model.is_empty():
        model.step()
        parts.append(terminal.drain_tables())
    terminal.finish()
    return merged([*parts, finish(model, terminal)])


def integral(queue, name):
    return float((queue[name][:-1].astype(float) * np.diff(queue["time_s"])).sum())


def test_the_terminal_never_holds_more_trucks_than_it_has_places():
    model, terminal = begin(by_road())
    most = 0
    while not model.is_empty():
        model.step()
        most = max(most, len(terminal._placed))
    assert most == 3
    model.close()


def test_waits_are_those_of_a_line_that_takes_no_room_while_the_queue_fits_on_the_last_link():
    on_links = whole(*begin(by_road(15.0)))["terminal_visits"]
    upright = whole(*begin(by_road(15.0), form="free_flow"))["terminal_visits"]
    one, other = np.argsort(on_links["id"]), np.argsort(upright["id"])
    for name in ("called_s", "out_s"):
        np.testing.assert_allclose(on_links[name][one], upright[name][other], atol=1e-6, err_msg=name)
    # On links a truck enters no sooner than a headway after the one before: three car units of some two seconds.
    for name in ("join_s", "wait_s"):
        np.testing.assert_allclose(on_links[name][one], upright[name][other], atol=6.5, err_msg=name)
    assert on_links["road_queue_s"].max() > 1200.0


def test_a_truck_joins_the_line_when_it_first_stands_even_if_the_queue_fills_two_links():
    visits = whole(*begin(by_road(50.0)))["terminal_visits"]
    drive_s = visits["join_s"] - visits["enter_s"]
    held_back = drive_s < DRIVE_S - 1e-6
    # Those who found the last link full stood at its beginning, half the way; a headway may come before.
    assert 15 < held_back.sum() < 40
    assert drive_s[~held_back].max() < DRIVE_S + 20.0
    assert drive_s[held_back].min() > DRIVE_S / 2 - 1e-6
    assert drive_s[held_back].max() < DRIVE_S / 2 + 20.0
    # A link holds 23: who found it full came after so many who had not been called.
    first = np.flatnonzero(held_back)[np.argmin(visits["join_s"][held_back])]
    called_s = visits["called_s"]
    assert ((called_s > visits["join_s"][first]) & (called_s < called_s[first])).sum() >= 23
    assert (visits["wait_s"] >= visits["road_queue_s"] - 1e-9).all()


def test_the_records_of_the_queue_hold_the_trucks_on_the_links():
    tables = whole(*begin(by_road(60.0)))
    visits, queue = tables["terminal_visits"], tables["terminal_queue"]
    assert integral(queue, "trucks_in_line") == pytest.approx(visits["wait_s"].sum(), rel=1e-12)
    assert integral(queue, "trucks_on_road") == pytest.approx(visits["road_queue_s"].sum(), rel=1e-12)
    assert (queue["trucks_in_line"] == queue["trucks_in_yards"] + queue["trucks_on_road"]).all()
    np.testing.assert_allclose(queue["metres_on_road_m"], queue["trucks_on_road"] * 15.0)
    assert queue["trucks_in_line"][-1] == 0
    assert kpis(tables)["queue_on_road_truck_min", "all"] == pytest.approx(visits["road_queue_s"].sum() / 60.0)


def test_a_place_is_taken_again_no_sooner_than_the_drive_into_it():
    visits = whole(*begin(by_road(30.0, call_forward_s=90.0)))["terminal_visits"]
    order = np.argsort(visits["called_s"])
    came_s = (visits["join_s"] + np.where(visits["yard"] == -2, 0.0, visits["road_queue_s"]))[order]
    stood = visits["road_queue_s"][order] > 0.0
    in_yard = visits["yard"][order] >= 0
    called_s = visits["called_s"][order]
    # Three places: who came off the road got the one of the third before, ninety seconds after it was left.
    later = np.flatnonzero(stood & in_yard & (np.arange(len(order)) >= 4))
    assert len(later) > 5
    assert (came_s[later] >= called_s[later - 3] + 90.0 - 1e-6).all()


def test_those_who_refuse_the_yard_take_it_when_the_kerb_is_full():
    visits = whole(*begin(by_road(30.0, holding_yards={"yard-east": {"spaces": 2, "refuse": 1.0}})))["terminal_visits"]
    assert (visits["yard"] >= 0).any()
    assert (visits["reason"] == 0).all()


def test_trucks_on_the_road_when_the_sign_is_hung_are_served_and_later_ones_are_not():
    late = by_road(demand={"hourly": {57600.0: 40.0}, "law": "fixed"})
    visits = whole(*begin(late))["terminal_visits"]
    in_line = visits["join_s"] < 59400.0
    assert 0 < in_line.sum() < 40
    assert (visits["reason"] == np.where(in_line, 0, 1)).all()
    assert visits["called_s"][in_line].max() > 59400.0 + 1800.0


def test_where_the_gate_closes_at_once_those_on_the_road_leave_unserved_as_in_line():
    late = by_road(demand={"hourly": {57600.0: 40.0}, "law": "fixed"}, last_truck_rule="close_at_once")
    model, terminal = begin(late)
    visits = whole(model, terminal)["terminal_visits"]
    in_line = visits["join_s"] < 59400.0
    assert set(visits["reason"][in_line]) == {0, 2}
    assert set(visits["reason"][~in_line]) == {1}


def test_the_ledger_between_gate_and_road_closes_at_every_step():
    model, terminal = begin(by_road(60.0))
    while not model.is_empty():
        model.step()
    trucks = terminal.accounts()[0]
    assert trucks.received == trucks.handed_over == 2 * trucks.entered == 120
    model.close()


def test_the_step_changes_nothing():
    results = [
        whole(*begin(by_road(60.0), step_s=step_s, replication=3, trace_share=0.7)) for step_s in (30.0, 15.0, 1.0)
    ]
    for one in results:
        order = np.lexsort((one["traces"]["time_s"], one["traces"]["trip"], one["traces"]["id"]))
        one["traces"] = {name: values[order] for name, values in one["traces"].items()}
    assert same_tables(results[0], results[1])
    assert same_tables(results[0], results[2])


def test_a_step_longer_than_the_drive_into_a_place_is_an_error():
    with pytest.raises(ScenarioError, match="longer than 30 s, the shortest lead from terminal to road_traffic"):
        begin(by_road(), step_s=31.0)


def test_a_resume_in_the_middle_of_the_jam_is_exact():
    once = whole(*begin(by_road(60.0), trace_share=1.0))
    model, terminal = begin(by_road(60.0), trace_share=1.0)
    while model.now_s < 36000.0:
        model.step()
    assert model.sim_models[0].accounts()[0].inside > 25
    saved = model.state()
    model.close()
    again, terminal = begin(by_road(60.0), trace_share=1.0)
    again.restore(saved)
    for key, values in saved.items():
        assert again.state()[key].tobytes() == values.tobytes(), key
    assert same_tables(once, whole(again, terminal))


def test_traces_of_those_who_stood_creep_to_the_gate_from_where_they_joined():
    tables = whole(*begin(by_road(40.0), trace_share=1.0))
    traces, visits = tables["traces"], tables["terminal_visits"]
    stood = visits["road_queue_s"] > 600.0
    on_links = stood & (visits["yard"] >= 0)
    assert on_links.any()
    for id_, join_s in zip(visits["id"][on_links].tolist(), visits["join_s"][on_links].tolist(), strict=True):
        way_in = (traces["id"] == id_) & (traces["trip"] == 0)
        times, x = traces["time_s"][way_in], traces["x_m"][way_in]
        assert (np.diff(times) >= 0).all()
        assert (np.diff(x) >= 0).all()
        assert x[0] == 0.0
        assert x[-1] == 1000.0
        assert 0.0 < x[times == join_s][0] < 1000.0


def test_booked_trucks_on_the_road_keep_the_slot_in_which_they_joined():
    booked = {"booked_share": 1.0, "quota": {"per_slot": 20.0, "on_time": 1.0, "no_show": 0.0}}
    visits = whole(*begin(by_road(40.0, conpas=booked)))["terminal_visits"]
    in_window = visits["join_s"] <= visits["slot_from_s"] + 3600.0 + 1800.0
    assert in_window.all()
    assert (visits["served_as"] == names.BOOKED).all()


@pytest.mark.parametrize("until_s", [33000.0, 36000.0, 42000.0])
def test_a_run_that_is_cut_off_counts_those_who_still_stand_on_the_road(until_s):
    closed = by_road(60.0, opening=[(30600.0, 41400.0), (46800.0, 59400.0)])
    rest = whole(*begin(closed))["terminal_queue"]
    model, terminal = begin(closed)
    while model.now_s < until_s:
        model.step()
    for sim_model in model.sim_models:
        sim_model.finish()
    cut = terminal.drain_tables()["terminal_queue"]
    model.close()
    until = rest["time_s"] <= until_s
    assert cut["trucks_on_road"].max() > 3
    # The records of the cut run are those of the whole one so far; at the end one more holds until then.
    for name in ("time_s", "trucks_in_line", "trucks_on_road", "trucks_in_yards"):
        np.testing.assert_array_equal(cut[name][: until.sum()], rest[name][until], err_msg=name)
    assert cut["time_s"][-1] == until_s
    assert cut["trucks_on_road"][-1] == rest["trucks_on_road"][until][-1]


def test_a_fork_that_opens_over_lunch_goes_on_with_the_places_as_they_are():
    closed = by_road(60.0, opening=[(30600.0, 41400.0), (46800.0, 59400.0)])
    usual = whole(*begin(closed))["terminal_visits"]
    model, _ = begin(closed)
    while model.now_s < 39600.0:
        model.step()
    saved = model.state()
    model.close()
    again, branch = begin(closed.model_copy(update={"opening": ((30600.0, 59400.0),)}))
    again.restore(saved, forked_at_s=39600.0)
    most = 0
    while again.now_s < 60000.0:
        again.step()
        most = max(most, len(branch._placed))
    assert most == 3
    rest = whole(again, branch)["terminal_visits"]
    early = usual["called_s"] < 39600.0
    assert (np.isin(usual["id"], rest["id"]) | early).all()
    assert np.nanmax(rest["called_s"]) < np.nanmax(usual["called_s"]) - 3600.0
