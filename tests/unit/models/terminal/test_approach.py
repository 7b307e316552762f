"""Trucks over the road: exact times, the ledger between models, steps, resume, traces."""

import dataclasses

import numpy as np
import pytest

from tests.unit.models.terminal.gate import NO_CITY, finish, gate, merged, same_tables, start, straight_city
from twin.columns import BODIES
from twin.errors import CityError, ScenarioError
from twin.models.road_traffic.model import RoadTraffic
from twin.models.road_traffic.params import RoadParams
from twin.models.terminal import names
from twin.models.terminal.gate.approach import Approach

CITY = straight_city()
DRIVE_S = 100.0


def by_road(**changes):
    """One lane, ten trucks over 1 km of road at 10 m/s."""
    return gate(
        **{
            "approach": "road",
            "demand": {"hourly": {30600.0: 10.0, 58000.0: 6.0}, "law": "fixed"},
            "lanes": {"A": {"count": 1}},
            "service": {"law": "deterministic", "mean_s": 300.0},
            "holding_yards": {"yard-east": {"spaces": 2}},
        }
        | changes
    )


def begin(params, *, step_s=5.0, replication=0, trace_share=0.0, city=CITY):
    road = RoadTraffic(RoadParams(), city, {})
    return start(params, replication, step_s=step_s, start_s=28800.0, city=city, others=[road], trace_share=trace_share)


def test_a_truck_reaches_the_line_after_its_drive_and_drives_back():
    tables = finish(*begin(by_road()))
    visits = tables["terminal_visits"]
    np.testing.assert_allclose(visits["join_s"] - visits["enter_s"], DRIVE_S)
    np.testing.assert_allclose(visits["join_s"], visits["planned_s"])
    assert (visits["reason"] == 1).any()


def test_the_ledger_between_gate_and_road_closes_at_every_step():
    model, terminal = begin(by_road())
    while not model.is_empty():
        model.step()
    trucks = terminal.accounts()[0]
    # Each truck goes to the road twice and comes back twice.
    assert trucks.received == trucks.handed_over == 2 * trucks.entered == 32
    assert sum(trucks.left.values()) == trucks.entered
    assert trucks.left["after_closing"] > 0
    model.close()


def test_the_step_changes_nothing_on_the_road():
    results = [finish(*begin(by_road(), step_s=step_s, replication=3, trace_share=0.7)) for step_s in (60.0, 30.0, 1.0)]
    for one in results:
        order = np.lexsort((one["traces"]["time_s"], one["traces"]["trip"], one["traces"]["id"]))
        one["traces"] = {name: values[order] for name, values in one["traces"].items()}
    assert same_tables(results[0], results[1])
    assert same_tables(results[0], results[2])


def offering(**changes):
    """Trucks over the road, most of whom find no place until one is opened at short notice."""
    quota = {"per_slot": 3.0, "no_show": 0.5, "unplaced": "stays_away", "late_goes_to": "rebook", "on_time": 0.6,
             "grace_late_s": 120.0, "release": {"if_line_below": 5.0, "notice_s": 90.0}}  # fmt: skip
    return by_road(
        demand={"hourly": {30600.0: 12.0, 37800.0: 9.0, 46800.0: 9.0, 54000.0: 6.0}},
        lanes={"A": {"count": 1}, "B": {"count": 1, "kind": "reserved"}},
        conpas={"booked_share": 1.0, "reserved_lane": True, "quota": quota}, **changes,
    )  # fmt: skip


def test_places_at_short_notice_do_not_depend_on_the_step():
    results = [finish(*begin(offering(), step_s=step_s, replication=1)) for step_s in (60.0, 7.0)]
    slots = results[0]["terminal_slots"]
    assert slots["released_count"].sum() > 3
    assert same_tables(*results)
    visits = results[0]["terminal_visits"]
    np.testing.assert_allclose(visits["join_s"], visits["planned_s"])


def test_a_step_longer_than_the_lead_is_an_error():
    with pytest.raises(ScenarioError, match="longer than 60 s, the shortest lead from terminal to road_traffic"):
        begin(by_road(), step_s=61.0)


def test_a_resume_with_trucks_on_the_road_is_exact():
    whole = finish(*begin(by_road(), trace_share=1.0))
    model, terminal = begin(by_road(), trace_share=1.0)
    while not (terminal._now.code[:, names.STATE] == names.DRIVING_IN).any():
        model.step()
    for _ in range(20):
        model.step()
    saved = model.state()
    model.close()
    again, terminal = begin(by_road(), trace_share=1.0)
    again.restore(saved)
    for key, values in saved.items():
        assert again.state()[key].tobytes() == values.tobytes(), key
    assert same_tables(whole, finish(again, terminal))


def test_traces_lead_from_entry_to_gate_to_yard_and_out():
    tables = finish(*begin(by_road(), trace_share=1.0))
    traces, visits = tables["traces"], tables["terminal_visits"]
    assert set(traces["body"]) == {BODIES.index("truck")}
    served = visits["id"][visits["reason"] == 0]
    assert set(served.tolist()) <= set(traces["id"].tolist())
    for id_ in served.tolist():
        mine = traces["id"] == id_
        assert set(traces["trip"][mine]) == {0, 1, 2}
        visit = int(np.flatnonzero(visits["id"] == id_)[0])
        way_in = mine & (traces["trip"] == 0)
        assert traces["x_m"][way_in][[0, -1]].tolist() == [0.0, 1000.0]
        assert traces["time_s"][way_in][[0, -1]].tolist() == [visits["enter_s"][visit], visits["join_s"][visit]]
        times = traces["time_s"][mine]
        assert (np.diff(times[np.lexsort((times, traces["trip"][mine]))]) >= -1e-9).all()
    on_road = visits["yard"] == -2
    assert not on_road.any() or traces["x_m"].min() >= 0.0


def test_a_share_of_traces_is_drawn_by_id():
    few = finish(*begin(by_road(), trace_share=0.3))["traces"]
    more = finish(*begin(by_road(), trace_share=0.8))["traces"]
    assert 0 < len(set(few["id"].tolist())) < len(set(more["id"].tolist()))
    assert set(few["id"].tolist()) <= set(more["id"].tolist())


def test_a_road_without_road_traffic_is_an_error():
    with pytest.raises(ScenarioError, match="the city has no road traffic"):
        start(by_road(), city=CITY, start_s=28800.0)


def test_a_city_without_a_gate_says_which_is_missing():
    with pytest.raises(CityError, match="no gate named 'in-gate'"):
        begin(by_road(), city=NO_CITY)


def test_an_unknown_entry_is_an_error():
    with pytest.raises(ScenarioError, match="no entry of the city is named 'tunnel'"):
        begin(by_road(entry_shares={"bridge": 0.5, "tunnel": 0.5}))


def test_without_road_traffic_trucks_appear_at_the_line():
    visits = finish(*start(gate(approach="auto", demand={"hourly": {30600.0: 5.0}, "law": "fixed"}), city=CITY))
    assert np.isnan(visits["terminal_visits"]["enter_s"]).all()
    assert merged([visits]).keys() == visits.keys()


def test_trucks_take_no_street_that_is_closed_to_them():
    city = straight_city()
    approach = Approach(city, by_road())
    way = approach.inbound(0, None)
    closed = dataclasses.replace(city, closed_to={int(way[0]): ("container_truck",)})
    with pytest.raises(CityError, match="no way leads from"):
        Approach(closed, by_road())
    open_to_trucks = dataclasses.replace(city, closed_to={int(way[0]): ("car",)})
    np.testing.assert_array_equal(Approach(open_to_trucks, by_road()).inbound(0, None), way)


def with_lanes(lanes):
    """The straight city, whose map gives the in-gate lanes."""
    places = tuple(
        dataclasses.replace(place, attributes={"lanes": lanes}) if place.id.endswith("in-gate") else place
        for place in CITY.places
    )
    return dataclasses.replace(CITY, places=places)


@pytest.mark.parametrize(("mapped", "said"), [(8, True), (3, False)])
def test_lanes_of_the_map_that_differ_from_those_simulated_are_said(mapped, said):
    _, terminal = begin(by_road(lanes={"A": {"count": 2}, "B": {"count": 1}}), city=with_lanes(mapped))
    notes = list(terminal.notes)
    assert bool(notes) == said
    if said:
        assert "8 lanes" in notes[0]
        assert "simulated are 3" in notes[0]


def test_a_map_without_lanes_leaves_nothing_to_say():
    _, terminal = begin(by_road())
    assert list(terminal.notes) == []
