"""Zones that are served apart, demand in riders, and stops that no street joins."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from pydantic import ValidationError

from tests.unit.models.transit.town import build, finish, town
from twin.engine.draws import make_run_seed
from twin.errors import ScenarioError, TableError
from twin.models.transit.demand.requests import make_requests
from twin.models.transit.demand.zones import zones_of, zones_of_vans
from twin.models.transit.kpis import compute
from twin.models.transit.params import TransitParams

NORTH = [f"town/stop/s{k}" for k in (0, "10", "11")]
SOUTH = [f"town/stop/s{k}" for k in ("12", "13", "14", "15", "16", "17", "18", "19", "2")]
ZONES = {
    "north": {"area": NORTH, "requests_per_day": 600, "fleet_weight": 1},
    "south": {"area": SOUTH, "requests_per_day": 1200, "fleet_weight": 2},
}
DAY = (0.0, 86400.0)


def drawn(params, city=None, seed=3):
    city = city or town()
    params = TransitParams.model_validate(params)
    return make_requests(params, city, city.places_of("stop"), {}, make_run_seed(seed, 0), *DAY)


def zone_of(stop):
    return np.where(np.asarray(stop) < 12, "north", "south")


def two_islands():
    """The town without the streets that cross its middle."""
    city = town(twins=False)
    drive = city.drive
    apart = (drive.y_m[drive.link_from] > 500.0) != (drive.y_m[drive.link_to] > 500.0)
    slow = dataclasses.replace(drive, free_speed_mps=np.where(apart, 0.0, drive.free_speed_mps))
    return dataclasses.replace(city, drive=slow)


def test_riders_of_a_day_make_fewer_requests_by_the_mean_party():
    riders = {"two_share": 0.4, "three_share": 0.3}
    params = {"demand": {"riders_per_day": 400}, "riders": riders}
    assert TransitParams.model_validate(params).requests_per_day() == pytest.approx(200.0)
    made = [drawn(params, seed=seed) for seed in range(40)]
    people = np.array([day["party"].sum() for day in made])
    # A compound Poisson sum: variance 200 E[party^2], E = 0.3 + 0.4 * 4 + 0.3 * 9.
    error = np.sqrt(200 * (0.3 + 1.6 + 2.7) / len(made))
    assert abs(people.mean() - 400) < 3 * error
    assert abs(np.mean([len(day) for day in made]) - 200) < 3 * np.sqrt(200 / len(made))


def test_by_default_the_published_riders_are_carried_not_as_many_requests():
    params = TransitParams()
    assert params.demand.riders_per_day == 234
    assert params.requests_per_day() == pytest.approx(234 / 1.25)


def test_riders_and_requests_together_are_two_demands_and_refused():
    with pytest.raises(ValidationError, match="both given"):
        TransitParams.model_validate({"demand": {"riders_per_day": 100, "requests_per_day": 80}})
    params = TransitParams.model_validate({"demand": {"requests_per_day": 80}})
    assert (params.demand.riders_per_day, params.requests_per_day()) == (None, 80)
    assert TransitParams.model_validate(params.model_dump(mode="json")) == params


@pytest.mark.parametrize(
    ("key", "value", "due"),
    [
        ("requests_per_day", "234 people", "requests"),
        ("requests_per_day", "234 人", "requests"),
        ("riders_per_day", "234 requests", "people"),
        ("riders_per_day", "234 件", "people"),
    ],
)
def test_people_and_requests_are_not_taken_for_each_other(key, value, due):
    with pytest.raises(ValidationError, match=f"and {due} are due"):
        TransitParams.model_validate({"demand": {key: value}}, context={"from_file": True})
    assert TransitParams.model_validate({"demand": {key: f"234 {due}"}}, context={"from_file": True})


def test_trips_stay_in_their_zone_and_each_has_its_own_demand():
    made = drawn({"zones": ZONES})
    assert len(made) > 1000
    assert (zone_of(made["origin"]) == zone_of(made["destination"])).all()
    north = (zone_of(made["origin"]) == "north").sum()
    assert abs(north - 600) < 4 * np.sqrt(600)
    assert abs(len(made) - north - 1200) < 4 * np.sqrt(1200)
    assert len(set(made["id"].tolist())) == len(made)
    # Without zones trips do cross.
    free = drawn({"demand": {"requests_per_day": 1800}})
    assert (zone_of(free["origin"]) != zone_of(free["destination"])).mean() > 0.2


def test_another_demand_in_one_zone_moves_nobody_in_the_other():
    more = {**ZONES, "south": {**ZONES["south"], "requests_per_day": 1500}}
    before, after = drawn({"zones": ZONES}), drawn({"zones": more})
    kept = [rows[zone_of(rows["origin"]) == "north"] for rows in (before, after)]
    assert len(kept[0]) > 400
    assert kept[0].tobytes() == kept[1].tobytes()
    assert len(after) > len(before)


def test_vans_are_shared_by_weight_and_one_more_leaves_the_others():
    params = TransitParams.model_validate({"zones": ZONES})
    ten, eleven = zones_of_vans(params, 10), zones_of_vans(params, 11)
    assert np.bincount(ten).tolist() == [3, 7]
    assert eleven[:10].tolist() == ten.tolist()


def test_no_van_leaves_its_zone_and_kpis_are_told_by_zone():
    model, transit = build({"zones": ZONES, "fleet": {"count": 6}})
    tables = finish(model, transit)
    shifts, legs = tables["transit_shifts"], tables["transit_legs"]
    assert np.bincount(shifts["zone"] == "south").tolist() == [2, 4]
    of_van = dict(zip(shifts["van"].tolist(), shifts["zone"].tolist(), strict=True))
    assert len(legs["van"]) > 100
    own = np.array([of_van[van] for van in legs["van"].tolist()])
    assert (zone_of(legs["from_stop"]) == own).all()
    assert (zone_of(legs["to_stop"]) == own).all()
    got = {(k.kpi, k.group): k.value for k in compute(tables)}
    for kpi in ("transit.asked_count", "transit.served_count", "transit.vehicle_hours_h", "transit.vkm_km"):
        assert got[kpi, "north"] > 0
        assert got[kpi, "north"] + got[kpi, "south"] == pytest.approx(got[kpi, "all"])
    hours = {name: got["transit.vehicle_hours_h", name] for name in ("north", "south", "all")}
    shares = {name: got["transit.loaded_time_share", name] for name in hours}
    assert shares["north"] * hours["north"] + shares["south"] * hours["south"] == pytest.approx(
        shares["all"] * hours["all"]
    )


def test_speeds_follow_from_metres_and_times():
    model, transit = build({"demand": {"requests_per_day": 900}, "fleet": {"count": 4}})
    tables = finish(model, transit)
    got = {(k.kpi, k.group): k.value for k in compute(tables)}
    # The streets of the town are driven at 20 km/h and have neither lights nor crossings that cost time.
    assert got["transit.speed_driving_mps", "all"] == pytest.approx(20 / 3.6)
    assert 0.3 * 20 / 3.6 < got["transit.speed_loaded_mps", "all"] < 0.95 * 20 / 3.6


def test_a_booking_across_zones_is_told_with_its_row():
    table = {
        "time": np.array([8.5, 8.6]) * 3600,
        "from_stop": np.array(["s00", "s00"]),
        "to_stop": np.array(["s05", "s20"]),
    }
    zones = {name: {**zone, "requests_per_day": None} for name, zone in ZONES.items()}
    with pytest.raises(TableError, match=r"from town/stop/s00 to town/stop/s20 leaves the zone north") as fault:
        build({"zones": zones, "demand": {"table": "t"}}, tables={"t": table})[0]
    assert "row 2" in str(fault.value)


def test_a_stop_lies_in_one_zone():
    stops = town().places_of("stop")
    north = TransitParams.model_validate({"zones": {"north": ZONES["north"]}})
    with pytest.raises(ScenarioError, match=r"stop town/stop/s12 lies in no zone"):
        zones_of(north, stops)
    assert zones_of(north, stops[:12]).of_stop.tolist() == [0] * 12
    with pytest.raises(ScenarioError, match=r"stop town/stop/s00 lies in north and both"):
        build({"zones": {**ZONES, "both": {"area": ["town/"], "requests_per_day": 9}}})


@pytest.mark.parametrize(
    ("params", "what"),
    [
        ({"area": ["town/"], "zones": ZONES}, "area and zones are both given"),
        ({"zones": {"north": {"area": NORTH}}}, "zone north has no demand"),
        ({"zones": {"all": {"area": NORTH, "requests_per_day": 9}}}, "cannot be named 'all'"),
        ({"zones": {"north": {**ZONES["north"], "fleet_weight": 0}}}, "no zone has a fleet_weight"),
    ],
)
def test_zones_that_contradict_themselves_are_refused(params, what):
    with pytest.raises(ValidationError, match=what):
        TransitParams.model_validate(params)


def test_drawn_trips_between_stops_that_no_street_joins_are_refused_with_the_groups():
    with pytest.raises(ScenarioError, match="15 stops like town/stop/s10; 10 stops like town/stop/s00") as fault:
        build({"demand": {"requests_per_day": 900}}, city=two_islands())
    assert "transit.area" in str(fault.value)
    assert "allow_unreachable" in str(fault.value)


def test_trips_without_a_way_are_drawn_where_they_are_wanted_and_refused_one_by_one():
    params = {"demand": {"requests_per_day": 900, "allow_unreachable": True}}
    rows = finish(*build(params, city=two_islands()))["transit_requests"]
    crosses = (rows["from_stop"] < 10) != (rows["to_stop"] < 10)
    assert 20 < crosses.sum() < len(crosses)
    assert (rows["reason"][crosses] == "unreachable").all()
    assert not (rows["reason"][~crosses] == "unreachable").any()


def booked(*trips):
    times, origins, destinations = zip(*trips, strict=True)
    return {"t": {"time": np.array(times), "from_stop": np.array(origins), "to_stop": np.array(destinations)}}


def test_bookings_between_stops_that_no_street_joins_are_counted_and_named():
    across, back, fine = (30000.0, "s00", "s20"), (31000.0, "s21", "s01"), (32000.0, "s00", "s04")
    early = (-1.0 + 8 * 3600.0, "s00", "s22")
    table = booked(across, (30500.0, *across[1:]), back, fine)
    with pytest.raises(TableError) as fault:
        build({"demand": {"table": "t"}}, city=two_islands(), tables=table)
    said = str(fault.value)
    assert "3 of 4 bookings in the clock have no way by road" in said
    assert "2 from town/stop/s00 to town/stop/s20; 1 from town/stop/s21 to town/stop/s01" in said
    assert "tables.t" in said
    assert "3 stops like town/stop/s00; 2 stops like town/stop/s20" in said
    assert "allow_unreachable" in said
    # Trips that nobody asks for within the clock are no mistake, and neither are those on one side.
    model, _ = build({"demand": {"table": "t"}}, city=two_islands(), tables=booked(early, fine), start_s=8 * 3600.0)
    assert model is not None


def test_bookings_without_a_way_that_are_wanted_are_told_in_a_note():
    table = booked((30000.0, "s00", "s20"), (32000.0, "s00", "s04"))
    params = {"demand": {"table": "t", "allow_unreachable": True}}
    model, transit = build(params, city=two_islands(), tables=table)
    assert [note.split(":")[0] for note in transit.notes] == ["1 of 2 bookings in the clock have no way by road"]
    assert finish(model, transit)["transit_requests"]["reason"].tolist().count("unreachable") == 1


def test_zones_on_both_sides_of_a_gap_are_no_mistake():
    parts = {
        "near": {"area": ["town/stop/s0"], "requests_per_day": 900},
        "far": {"area": ["town/stop/s1", "town/stop/s2"], "requests_per_day": 900},
    }
    rows = finish(*build({"zones": parts, "fleet": {"count": 4}}, city=two_islands()))["transit_requests"]
    assert (rows["outcome"] == "served").sum() > 50
    assert not (rows["reason"] == "unreachable").any()
