"""Transit in the city: one order of time on the shared road, exact books, checkpoints, forks."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.unit.models.transit.town import BUSY, assert_same, build, finish, merged, place, town
from twin.engine.checkpoint import read_checkpoint, write_checkpoint
from twin.errors import CityError, EngineError, ScenarioError
from twin.models.transit.agents import Dispatcher, Van
from twin.models.transit.dispatch.strategies import CheapestInsertion, Choice
from twin.models.transit.fleet.rows import SERVED

HOUR_S = 3600.0


def served_of(tables):
    rows = tables["transit_requests"]
    return {name: values[rows["outcome"] == "served"] for name, values in rows.items()}


def reasons_of(tables):
    return set(tables["transit_requests"]["reason"].tolist()) - {""}


def requests_table(*rows):
    time, origin, destination, *rest = (np.array(column) for column in zip(*rows, strict=True))
    table = {"time": time.astype(float), "from_stop": origin, "to_stop": destination}
    return {"bookings": {**table, **dict(zip(("party", "age_group"), rest, strict=False))}}


FROM_TABLE = {"demand": {"table": "bookings"}}
CALM = {
    **FROM_TABLE,
    "riders": {
        "stop_spacing_m": 0.0,
        "two_share": 0.0,
        "three_share": 0.0,
        "age65_share": 0.0,
        "wheelchair_share": 0.0,
    },
}


@pytest.mark.parametrize("seed", range(4))
def test_the_step_is_no_parameter_of_the_answer(seed):
    usual = finish(*build(BUSY, seed=seed, trace_share=1.0))
    for step_s in (2.5, 10.0):
        assert_same(usual, finish(*build(BUSY, seed=seed, trace_share=1.0, step_s=step_s)))


def test_a_step_longer_than_the_lead_is_an_error():
    with pytest.raises(ScenarioError, match="longer than 10 s, the shortest lead from transit to road_traffic"):
        build(BUSY, step_s=12.0)


def test_on_a_road_that_keeps_its_times_no_promise_is_broken():
    for seed in range(6):
        rows = served_of(finish(*build(BUSY, seed=seed)))
        assert len(rows["id"]) > 100
        assert (rows["pickup_s"] - rows["promised_pickup_s"]).max() < 1e-4
        assert (rows["dropoff_s"] - rows["pickup_s"] - rows["promised_ride_s"]).max() < 1e-4
        assert (rows["dropoff_s"] - rows["promised_dropoff_s"]).max() < 1e-4
        assert (rows["pickup_s"] - rows["asked_s"] - rows["walk_s"]).min() > -1e-9


def test_the_books_close_and_everybody_asked_is_answered():
    model, transit = build(BUSY, end_s=10 * HOUR_S)
    middle = []
    while model.now_s < transit._stage.end_s or not model.is_empty():
        model.step()  # checks the ledger of every model and between them
        middle.append({account.name: account for account in transit.accounts()})
    assert max(now["requests"].inside for now in middle) > 10
    assert any(now["vans"].inside < 5 for now in middle)
    last = middle[-1]
    rows = transit.drain_tables()["transit_requests"]
    assert last["requests"].entered == len(rows["id"]) == len(transit.desk.requests)
    assert last["requests"].left == {
        "served": (rows["outcome"] == "served").sum(),
        "refused": (rows["outcome"] == "refused").sum(),
        "cancelled": 0,
        "no_show": 0,
    }
    assert last["riders"].left["arrived"] == rows["party"][rows["outcome"] == "served"].sum()


def test_tables_agree_with_each_other_and_with_the_road():
    model, transit = build(BUSY, city=town(twins=False))
    tables = finish(model, transit)
    trips = merged([model.sim_models[0].drain_tables()])["road_trips"]
    legs, rows = tables["transit_legs"], served_of(tables)
    assert len(trips["id"]) == len(legs["van"])
    assert legs["metres_m"].sum() == pytest.approx(trips["metres_m"].sum())
    ends = set(zip(legs["van"].tolist(), legs["arrive_s"].tolist(), legs["to_stop"].tolist(), strict=True))
    begins = set(zip(legs["van"].tolist(), legs["from_stop"].tolist(), strict=True))
    for i in range(len(rows["id"])):
        assert (rows["van"][i], rows["dropoff_s"][i], rows["to_stop"][i]) in ends
        assert (rows["van"][i], rows["from_stop"][i]) in begins
    for van in np.unique(legs["van"]):
        mine = legs["van"] == van
        assert (legs["depart_s"][mine][1:] >= legs["arrive_s"][mine][:-1] + 10.0 - 1e-6).all()


SLOW = {"speed_factors": [{"hours": "09:00-11:00", "factor": 0.4}]}


@pytest.mark.parametrize(("hours", "road"), [(0.37, None), (1.5, None), (2.9, None), (0.998, SLOW), (1.002, SLOW)])
def test_a_run_taken_up_from_a_checkpoint_gives_the_same_bytes(tmp_path, hours, road):
    usual = finish(*build(BUSY, trace_share=1.0, road=road))
    model, transit = build(BUSY, trace_share=1.0, road=road)
    parts = []
    while model.now_s < (8 + hours) * HOUR_S:
        model.step()
        if model.clock.tick % 50 == 0:
            parts.append(transit.drain_tables())
    write_checkpoint(tmp_path / "at.npz", model.state())
    again, resumed = build(BUSY, trace_share=1.0, road=road)
    again.restore(read_checkpoint(tmp_path / "at.npz"))
    for key, values in model.state().items():
        assert again.state()[key].tobytes() == values.tobytes(), key
    rest = finish(again, resumed)
    assert_same(usual, merged([*parts, rest]))


def forked(changed, at_h=9.5, before=BUSY, **kwargs):
    model, transit = build(before, **kwargs)
    while model.now_s < at_h * HOUR_S:
        model.step()
    parts = [transit.drain_tables()]
    other, branch = build(changed, **kwargs)
    other.restore(model.state(), forked_at_s=model.now_s)
    parts.append(finish(other, branch))
    return merged(parts), branch


def test_a_fork_that_changes_nothing_changes_nothing():
    tables, _ = forked(BUSY)
    assert_same(finish(*build(BUSY)), tables)


def test_a_fork_with_more_vans_differs_only_afterwards():
    usual = finish(*build(BUSY))["transit_requests"]
    tables, branch = forked({**BUSY, "fleet": {"count": 8}})
    rows = tables["transit_requests"]
    np.testing.assert_array_equal(rows["id"], usual["id"])
    early = usual["asked_s"] <= 9.5 * HOUR_S
    np.testing.assert_array_equal(rows["outcome"][early], usual["outcome"][early])
    assert (rows["outcome"] == "served").sum() > (usual["outcome"] == "served").sum()
    new_vans = branch.desk.fleet["id"][5:]
    assert np.isin(rows["van"], new_vans).any()
    assert (rows["pickup_s"][np.isin(rows["van"], new_vans)] > 9.5 * HOUR_S).all()
    assert len(branch.vans) == 8
    shifts = tables["transit_shifts"]
    np.testing.assert_array_equal(shifts["from_s"], [8 * HOUR_S] * 5 + [9.5 * HOUR_S] * 3)


def test_a_fork_with_fewer_vans_keeps_what_was_promised():
    tables, branch = forked({**BUSY, "fleet": {"count": 2}})
    rows = served_of(tables)
    assert (rows["pickup_s"] - rows["promised_pickup_s"]).max() < 1e-4
    late = rows["asked_s"] > 9.5 * HOUR_S
    assert set(rows["van"][late]) <= set(branch.desk.fleet["id"][:2])
    shifts = tables["transit_shifts"]
    assert sorted(shifts["to_s"]) == [9.5 * HOUR_S] * 3 + [11 * HOUR_S] * 2


def test_a_fork_with_other_hours_and_demand_holds_from_then_on():
    changed = {**BUSY, "hours": (6 * HOUR_S, 10 * HOUR_S), "demand": {"requests_per_day": 3000}}
    rows = forked(changed)[0]["transit_requests"]
    usual = finish(*build(BUSY))["transit_requests"]
    assert rows["reason"][rows["asked_s"] >= 10 * HOUR_S].tolist() == ["out_of_hours"] * int(
        (rows["asked_s"] >= 10 * HOUR_S).sum()
    )
    assert np.isin(usual["id"], rows["id"]).all()
    assert (rows["asked_s"][~np.isin(rows["id"], usual["id"])] > 9.5 * HOUR_S).all()


def test_vans_are_late_and_breaches_seen_when_the_road_slows():
    tables = finish(*build(BUSY, road=SLOW))
    rows = served_of(tables)
    late = rows["pickup_s"] > rows["promised_pickup_s"] + 0.1
    assert late.any()
    assert (rows["pickup_s"][late] > 9 * HOUR_S).all()
    # Who asks after the change is promised what the slower road allows, and gets it.
    settled = rows["asked_s"] > 9 * HOUR_S + 1800
    assert (rows["direct_s"][settled].mean() / rows["direct_s"][rows["asked_s"] < 9 * HOUR_S].mean()) > 1.5
    assert not late[settled].any()
    for step_s in (2.5, 10.0):
        assert_same(tables, finish(*build(BUSY, road=SLOW, step_s=step_s)))


def test_promises_are_rechecked_at_the_moment_the_road_slows():
    rows = served_of(finish(*build(BUSY, road=SLOW)))
    late = rows["pickup_s"] > rows["promised_pickup_s"] + 0.1
    long = rows["dropoff_s"] - rows["pickup_s"] > rows["promised_ride_s"] + 0.1
    assert long.any()
    for broken, warned_s in ((late, rows["pickup_warned_s"]), (long, rows["ride_warned_s"])):
        warned = ~np.isnan(warned_s)
        assert (warned_s[warned] == 9 * HOUR_S).all()
        assert (rows["asked_s"][warned] <= 9 * HOUR_S).all()
        # Only where a van was on its way is the re-check an estimate.
        assert (warned & broken).sum() >= 0.8 * max(warned.sum(), broken.sum()) > 0


def test_on_a_road_that_keeps_its_times_nobody_is_warned():
    rows = served_of(finish(*build(BUSY)))
    assert np.isnan(rows["pickup_warned_s"]).all()
    assert np.isnan(rows["ride_warned_s"]).all()


def test_a_drive_under_way_counts_on_the_new_times_for_the_rest_of_it():
    model, transit = build(BUSY, road=SLOW)
    while model.now_s < 9 * HOUR_S - 5.0:
        model.step()
    fleet = transit.desk.fleet
    before, going = fleet.copy(), np.flatnonzero(fleet["on_road"] & (fleet["anchor_s"] > 9 * HOUR_S + 15.0))
    model.step()
    still = [v for v in going if fleet["on_road"][v] and fleet["depart_s"][v] == before["depart_s"][v]]
    assert still
    for v in still:
        from_s = max(9 * HOUR_S, before["depart_s"][v])
        rest_s = before["anchor_s"][v] - from_s - (0.0 if before["bound"][v] else 10.0)
        assert fleet["anchor_s"][v] - from_s == pytest.approx(rest_s / 0.4 + (0.0 if before["bound"][v] else 10.0))


def test_stops_on_one_crossing_need_no_road():
    # s24 and s25 share a crossing.
    tables = requests_table((8 * HOUR_S + 60, "s24", "s25"), (8 * HOUR_S + 600, "s25", "s00"))
    model, transit = build({**CALM, "fleet": {"count": 1, "depots": ["town/stop/s25"]}}, tables=tables)
    rows = finish(model, transit)
    requests, legs = rows["transit_requests"], rows["transit_legs"]
    assert requests["outcome"].tolist() == ["served", "served"]
    assert requests["direct_s"][0] == 0.0
    assert requests["pickup_s"][0] == 8 * HOUR_S + 60 + 10
    assert requests["dropoff_s"][0] == requests["pickup_s"][0] + 30 + 5
    assert len(legs["van"]) == 1
    assert legs["metres_m"][0] == pytest.approx(2 * 8 * 150)
    # s25 to s00: acknowledged after 10 s, 30 s and 5 s of dwell, then 2.4 km at 20 km/h.
    assert requests["dropoff_s"][1] == pytest.approx(8 * HOUR_S + 600 + 10 + 35 + 432)


def test_every_refusal_has_its_reason():
    start = 5 * HOUR_S
    table = requests_table(
        (start + 60, "s00", "s24", 1),
        (7 * HOUR_S, "s03", "s03", 1),
        (7 * HOUR_S + 1, "s03", "s05", 9),
        (7 * HOUR_S + 2, "s24", "s00", 1),
        (7 * HOUR_S + 3, "s00", "s20", 3),
        (7 * HOUR_S + 30, "s00", "s20", 1),
    )
    params = {
        **CALM,
        "promise": {"wait_at_most_s": 200.0},
        "fleet": {"count": 1, "seats": 3, "depots": ["town/stop/s00"]},
    }
    rows = finish(*build(params, tables=table, start_s=start))["transit_requests"]
    assert rows["reason"].tolist() == ["out_of_hours", "same_stop", "party_too_large", "no_van_in_time", "", "no_seat"]
    assert np.isnan(rows["promised_pickup_s"][rows["outcome"] == "refused"]).all()


def test_a_request_that_would_break_a_promise_is_refused():
    table = requests_table((8 * HOUR_S, "s00", "s04"), (8 * HOUR_S + 1, "s20", "s24"))
    params = {
        **CALM,
        "promise": {"wait_at_most_s": 700.0, "detour": {"times_direct": 1.0, "plus_s": 40.0}},
        "fleet": {"count": 1, "depots": ["town/stop/s02"]},
    }
    rows = finish(*build(params, tables=table))["transit_requests"]
    # In time only before the first rider, who would then be late.
    assert rows["reason"].tolist() == ["", "detour"]
    params["promise"]["wait_at_most_s"] = 2000.0
    assert finish(*build(params, tables=table))["transit_requests"]["outcome"].tolist() == ["served", "served"]


def test_places_that_streets_do_not_join_are_refused_as_unreachable():
    city = town(twins=False)
    cut = np.array(city.drive.link_to != 80)  # nobody can reach the last crossing any more
    keep = np.flatnonzero(cut)
    ends = {
        name: getattr(city.drive, name)[keep]
        for name in (
            "link_from",
            "link_to",
            "length_m",
            "free_speed_mps",
            "lanes",
            "road_class",
            "name_index",
            "way_id",
            "width_m",
            "flags",
        )
    }
    vertices = np.column_stack([2 * keep, 2 * keep + 1]).ravel()
    layer = dataclasses.replace(
        city.drive,
        **ends,
        vertex_ptr=2 * np.arange(len(keep) + 1),
        vertex_x_m=city.drive.vertex_x_m[vertices],
        vertex_y_m=city.drive.vertex_y_m[vertices],
        out_ptr=np.concatenate([[0], np.cumsum(np.bincount(ends["link_from"], minlength=81))]),
    )
    wanted = {**CALM, "demand": {**CALM["demand"], "allow_unreachable": True}}
    rows = finish(
        *build(
            wanted,
            city=dataclasses.replace(city, drive=layer),
            tables=requests_table((8 * HOUR_S, "s00", "s24"), (8 * HOUR_S, "s00", "s04")),
        )
    )
    assert rows["transit_requests"]["reason"].tolist().count("unreachable") == 1
    assert rows["transit_requests"]["outcome"].tolist().count("served") == 1


def test_vans_go_home_after_service():
    params = {**BUSY, "hours": (6 * HOUR_S, 10 * HOUR_S), "fleet": {"count": 3, "depots": ["town/stop/s00"]}}
    model, transit = build(params, end_s=12 * HOUR_S)
    rows = finish(model, transit)
    while (transit.desk.fleet["phase"] != 0).any():
        model.step()
    assert (transit.desk.fleet["stop"] == 0).all()
    assert rows["transit_shifts"]["to_s"].tolist() == [10 * HOUR_S] * 3
    legs = merged([{"transit_legs": rows["transit_legs"]}, transit.drain_tables()])["transit_legs"]
    homeward = np.flatnonzero(legs["leg"] == [legs["leg"][legs["van"] == van].max() for van in legs["van"]])
    assert len(homeward) == 3
    assert (legs["riders"][homeward] == 0).all()
    assert (legs["to_stop"][homeward] == 0).all()
    assert (legs["depart_s"][homeward] >= 10 * HOUR_S).all()


def test_a_riders_walk_is_waited_for():
    # The van stands at the stop; the rider of 0.8 m/s is still walking.
    table = requests_table((8 * HOUR_S, "s00", "s04", 1, "wheelchair"))
    params = {**FROM_TABLE, "fleet": {"count": 1, "depots": ["town/stop/s00"]}}
    row = finish(*build(params, tables=table))["transit_requests"]
    assert row["walk_s"][0] > 10
    assert row["pickup_s"][0] == row["asked_s"][0] + row["walk_s"][0]
    # 30 s for the stop, 5 s for boarding, 180 s for the wheelchair.
    assert row["dropoff_s"][0] == pytest.approx(row["pickup_s"][0] + 215 + row["direct_s"][0])


def test_traces_run_along_the_streets_from_departure_to_arrival():
    tables = finish(*build(BUSY, trace_share=0.01))
    traces, legs = tables["traces"], tables["transit_legs"]
    names = list(zip(traces["id"].tolist(), traces["trip"].tolist(), strict=True))
    assert set(names) == set(zip(legs["van"].tolist(), legs["leg"].tolist(), strict=True))
    assert (np.isin(traces["x_m"] % 150, 0) & np.isin(traces["y_m"] % 150, 0)).all()
    for i in range(0, len(legs["van"]), 17):
        mine = [k for k, name in enumerate(names) if name == (legs["van"][i], legs["leg"][i])]
        time_s = traces["time_s"][mine]
        assert (time_s[0], time_s[-1]) == (legs["depart_s"][i], legs["arrive_s"][i])
        assert (np.diff(time_s) > 0).all()
        assert set(traces["state"][mine]) == {int(legs["riders"][i] > 0)}
        moved = np.abs(np.diff(traces["x_m"][mine])) + np.abs(np.diff(traces["y_m"][mine]))
        assert moved.sum() == pytest.approx(legs["metres_m"][i])
    assert "traces" not in finish(*build(BUSY))


def test_vans_and_the_dispatcher_are_mesa_agents():
    model, transit = build(BUSY)
    for _ in range(400):
        model.step()
    assert len(model.agents_by_type[Van]) == 5
    assert len(model.agents_by_type[Dispatcher]) == 1
    assert {van.doing for van in transit.vans} <= {"idle", "standing", "going"}
    busy = max(transit.vans, key=lambda van: len(van.plan))
    what, request, stop = busy.plan[0]
    assert what in ("pick up", "set down")
    assert request in transit.desk.requests["id"]
    assert stop in city_ids(transit)
    assert busy.stop_id in city_ids(transit)
    assert busy.riders == sum(
        int(p)
        for p, v, s in zip(
            transit.desk.requests["party"], transit.desk.requests["van"], transit.desk.requests["status"], strict=True
        )
        if v == busy.row and s == 2
    )
    assert busy.id == int(transit.desk.fleet["id"][busy.row])


def city_ids(transit):
    return {stop.id for stop in transit.stops}


class Refuses:
    def choose(self, desk, request, now_s):
        return Choice(-1, reason=5)


class Careless:
    def choose(self, desk, request, now_s):
        return Choice(0, 0, 0)


def test_a_dispatcher_of_ones_own_plugs_in():
    rows = finish(*build(BUSY, strategy=Refuses()))["transit_requests"]
    assert set(rows["reason"].tolist()) == {"no_van_in_time"}

    class Own:
        def choose(self, desk, request, now_s):
            return CheapestInsertion().choose(desk, request, now_s)

    assert_same(finish(*build(BUSY)), finish(*build(BUSY, strategy=Own())))


def test_a_dispatcher_that_breaks_a_promise_is_stopped():
    with pytest.raises(EngineError, match="which breaks a promise"):
        finish(*build(BUSY, strategy=Careless()))


def test_without_vans_everybody_is_refused_and_the_day_ends():
    rows = finish(*build({**BUSY, "fleet": 0}))
    assert reasons_of(rows) == {"no_van_in_time"}
    assert "transit_shifts" not in rows or not len(rows["transit_shifts"]["van"])


def test_a_second_day_begins_again():
    params = {**BUSY, "demand": {"requests_per_day": 300, "hourly_profile": (1,) * 24}}
    model, transit = build(params, start_s=20 * HOUR_S, end_s=32 * HOUR_S, step_s=10.0)
    rows = finish(model, transit, latest_s=40 * HOUR_S)
    asked, outcome = rows["transit_requests"]["asked_s"], rows["transit_requests"]["outcome"]
    assert (outcome[asked >= 30 * HOUR_S] == "served").any()
    night = (asked > 23 * HOUR_S) & (asked < 30 * HOUR_S)
    assert np.count_nonzero(night) > 50
    assert (outcome[night] == "refused").all()
    assert sorted(set(rows["transit_shifts"]["to_s"])) == [23 * HOUR_S, 32 * HOUR_S]


def test_empty_steps_are_cheap_and_nothing_is_left_behind():
    model, transit = build({"demand": {"requests_per_day": 0}}, end_s=9 * HOUR_S)
    tables = finish(model, transit)
    assert transit.is_empty()
    assert len(tables["transit_stops"]["stop"]) == 26
    assert "transit_requests" not in tables


def test_unknown_areas_and_depots_are_named():
    with pytest.raises(CityError, match=r"no stop's id begins with 'osaka'.*\n.*transit\.area\n.*town/stop/"):
        build({"area": ["osaka"]})
    with pytest.raises(ScenarioError, match="depot 's99' is no place of this city"):
        build({"fleet": {"depots": ["s99"]}})
    with pytest.raises(CityError, match="has no stops"):
        build({}, city=dataclasses.replace(town(), places=()))


def test_vans_start_at_the_depots_of_the_map_unless_others_are_named():
    layer = town().drive
    city = town(extra=[place("depot", "near", layer, 20), place("depot", "far", layer, 80)])
    assert build({"fleet": 3}, city=city)[1].desk.fleet["stop"].tolist() == [24, 6, 24]
    named = {"fleet": {"count": 2, "depots": ["town/depot/near", "town/stop/s03"]}}
    assert build(named, city=city)[1].desk.fleet["stop"].tolist() == [6, 3]
    assert len(set(build({"fleet": 5})[1].desk.fleet["stop"].tolist())) == 5


def test_the_area_keeps_stops_by_prefix():
    extra = place("stop", "z1", town().drive, 5)
    _, transit = build({"area": ["town/stop/s0", "town/stop/z"]}, city=town(extra=[extra]))
    assert [stop.id for stop in transit.stops] == [f"town/stop/s0{i}" for i in range(10)] + ["town/stop/z1"]


def test_requests_at_the_very_first_instant_are_answered():
    rows = finish(*build(CALM, step_s=10.0, tables=requests_table((8 * HOUR_S, "s00", "s24"))))
    assert rows["transit_requests"]["outcome"].tolist() == ["served"]
    assert rows["transit_legs"]["depart_s"].min() == 8 * HOUR_S + 10


def test_statuses_are_final():
    model, transit = build(BUSY)
    finish(model, transit)
    assert np.isin(transit.desk.requests["status"], [SERVED, 4]).all()
