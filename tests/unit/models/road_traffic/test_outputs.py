from __future__ import annotations

import numpy as np
import pytest

from tests.layers import put
from tests.unit.models.road_traffic.conftest import street_layer
from twin.columns import TABLES, VEHICLE_CLASSES
from twin.engine.channels import RowKind, Rows
from twin.errors import ScenarioError
from twin.models.registry import CODES
from twin.models.road_traffic.kpis import compute
from twin.models.road_traffic.params import RoadParams
from twin.models.road_traffic.records.crossings import Crossings
from twin.models.road_traffic.records.fuel import Consumption
from twin.models.road_traffic.records.network import NetworkDiagram, Spillback, Storage
from twin.models.road_traffic.records.params import FuelParams

FORMS = ("free_flow", "queueing")
FAST = {f"{c}_mps": 50.0 for c in VEHICLE_CLASSES}
LINE = [(0, 1), (1, 2), (2, 3)]
OUTPUTS = ("road_mfd", "road_spillback")


def params(form, **more):
    given = {"form": form, "jam_spacing_m": 5.0, "reaction_time_s": 1.0, "class_speeds": FAST}
    return RoadParams(**{**given, **more})


def enter(ids, times, paths, vehicle_class=0):
    return Rows.of(
        len(ids),
        paths=[np.array(p, np.int32) for p in paths],
        time_s=times,
        kind=RowKind.ROAD_ENTER,
        id=np.array(ids, np.uint64),
        bodies=1,
        vehicle_class=vehicle_class,
        a=[p[0] for p in paths],
        b=CODES["transit"],
    )


def credit(link, at_s, count):
    return Rows.of(
        1,
        paths=[np.empty(0, np.int32)],
        time_s=at_s,
        kind=RowKind.ROAD_CREDIT,
        a=link,
        b=CODES["transit"],
        amount=count,
    )


def finished(model, road, until_s):
    while model.now_s < until_s:
        model.step()
    road.finish()
    return road.drain_tables()


def as_rows(table):
    return sorted(zip(*[map(repr, column.tolist()) for column in table.values()], strict=True))


def crossings(rows):
    """(time, slot, link left, link entered, seconds on the link left)."""
    out = Crossings.of_size(len(rows))
    for i, row in enumerate(rows):
        out.time_s[i], out.slot[i], out.from_link[i], out.to_link[i], out.on_link_s[i] = row
    return out


# Network diagram --------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_the_diagram_spreads_a_lonely_drive_over_the_periods_it_takes(road_city, layer_of, form):
    model, road, sink = road_city(layer_of(4, LINE), params(form))
    sink.send(enter([1], [230.0], [[0, 1, 2]]))
    got = finished(model, road, 600)["road_mfd"]
    # 150 s at 20 m/s: 70 s and 1,400 m before 300 s, 80 s and 1,600 m after.
    assert got["from_s"].tolist() == [0.0, 300.0]
    np.testing.assert_allclose(got["accumulation_count"], [70 / 300, 80 / 300], rtol=1e-12)
    np.testing.assert_allclose(got["production_km"], [1.4, 1.6], rtol=1e-12)
    np.testing.assert_allclose(got["speed_mean_mps"], [20.0, 20.0], rtol=1e-12)
    assert got["ended_count"].tolist() == [0, 1]


@pytest.mark.parametrize("form", FORMS)
def test_production_and_time_of_the_diagram_add_up_to_those_of_all_trips(road_city, layer_of, form):
    model, road, sink = road_city(layer_of(4, LINE), params(form))
    times = 3.1 * np.arange(120)
    sink.send(enter(np.arange(1, 121), times, [[0, 1, 2], [1, 2]] * 60))
    tables = finished(model, road, 1500)
    mfd, trips = tables["road_mfd"], tables["road_trips"]
    assert mfd["production_km"].sum() == pytest.approx(trips["metres_m"].sum() / 1000, rel=1e-12)
    assert mfd["ended_count"].sum() == 120
    # Nobody waits before the first link here: its entry is at most 0.8 per second.
    seconds = (trips["leave_s"] - trips["enter_s"]).sum()
    assert (mfd["accumulation_count"] * 300.0).sum() == pytest.approx(seconds, abs=1e-3)


def test_a_link_driven_over_many_periods_counts_evenly_in_each():
    diagram = NetworkDiagram(np.array([900.0]))
    diagram.add(crossings([(150.0, 0, -1, 0, 0.0), (1050.0, 0, 0, -1, 900.0)]))
    got = diagram.rows(1200.0)
    np.testing.assert_allclose(got["production_km"], [0.15, 0.3, 0.3, 0.15], rtol=1e-9)
    np.testing.assert_allclose(got["accumulation_count"], [0.5, 1.0, 1.0, 0.5])


def test_whoever_is_still_on_a_link_at_the_end_adds_time_but_no_metres():
    diagram = NetworkDiagram(np.array([900.0]))
    diagram.add(crossings([(150.0, 0, -1, 0, 0.0)]))
    got = diagram.rows(450.0)
    # The last period is half as long: the vehicle is there all the time.
    np.testing.assert_allclose(got["accumulation_count"], [0.5, 1.0])
    assert got["production_km"].tolist() == [0.0, 0.0]
    assert got["speed_mean_mps"].tolist() == [0.0, 0.0]


def test_a_trip_that_ends_exactly_with_the_run_is_counted():
    diagram = NetworkDiagram(np.array([900.0]))
    diagram.add(crossings([(0.0, 0, -1, 0, 0.0), (300.0, 0, 0, -1, 300.0)]))
    got = diagram.rows(300.0)
    assert (got["production_km"].sum(), got["ended_count"].sum()) == (0.9, 1)
    assert got["accumulation_count"].tolist() == [1.0, 0.0]


def test_the_diagram_does_not_depend_on_the_order_of_crossings():
    rng = np.random.default_rng(5)
    rows = [(float(t), i, 0, -1, float(s)) for i, (t, s) in enumerate(rng.uniform(0, 900, (200, 2)))]
    one, other = NetworkDiagram(np.array([777.7])), NetworkDiagram(np.array([777.7]))
    one.add(crossings(rows))
    for part in (rows[150:], rows[:37], rows[37:150]):
        other.add(crossings(part))
    assert as_rows(one.rows(900.0)) == as_rows(other.rows(900.0))


# Spillback --------------------------------------------------------------------------------------------


def spill(road_city, step_s=5.0, until_s=1500.0, **more):
    """A gate at the end of link 0 closed until 700 s: 200 places fill at 0.5 vehicles per second."""
    layer = street_layer(4, LINE)
    layer = put(layer, "name_index", slice(None), [0, -1, -1])
    object.__setattr__(layer, "names", ("夢舞大橋",))
    model, road, sink = road_city(layer, params("queueing", **more), step_s=step_s)
    sink.order(credit(0, 1.0, 0.0))
    sink.order(credit(0, 700.0, 1000.0))
    sink.send(enter(np.arange(1, 301), 2.0 * np.arange(300), [[0]] * 300))
    return model, road, sink


def test_a_watched_street_tells_its_queue_and_an_unknown_one_is_named(road_city):
    model, road, _ = spill(road_city, watched_streets=("夢舞大橋",))
    got = finished(model, road, 1500)["road_streets"]
    links = got["from_s"] == 300.0
    assert got["street"].tolist()[0] == "夢舞大橋"
    # By 600 s the first 200 stand 5 m apart on the full link.
    assert got["queue_m"][links].tolist() == [1000.0]
    with pytest.raises(ScenarioError, match="no street of the map is named '夢舞橋'"):
        spill(road_city, watched_streets=("夢舞橋",))


def test_an_episode_begins_when_the_last_place_is_taken_and_names_its_street(road_city):
    model, road, _ = spill(road_city)
    got = finished(model, road, 1500)["road_spillback"]
    assert got["street"].tolist() == ["夢舞大橋"]
    # The 200th vehicle enters at 398 s. From 700 s one leaves per 1.25 s, felt at the beginning 200 s later. From then
    # on a vehicle takes every place at once, until the last of the 100 who waited is in.
    assert got["from_s"].tolist() == [398.0]
    assert got["to_s"][0] == pytest.approx(900.0 + 1.25 * 100, abs=1e-9)
    assert got["full_s"][0] == pytest.approx(got["to_s"][0] - 398.0, abs=1e-5)


def test_the_hours_of_spillback_are_a_kpi(road_city):
    model, road, _ = spill(road_city)
    tables = finished(model, road, 1500)
    got = {k.kpi: k.value for k in compute(tables) if k.group == "all"}
    assert got["road.spillback_h"] == pytest.approx(tables["road_spillback"]["full_s"].sum() / 3600)


def test_an_episode_that_lasts_to_the_end_of_the_run_ends_with_it(road_city):
    model, road, _ = spill(road_city)
    got = finished(model, road, 600)["road_spillback"]
    assert (got["from_s"].tolist(), got["to_s"].tolist(), got["full_s"].tolist()) == ([398.0], [600.0], [202.0])


def test_a_free_street_and_the_free_flow_form_have_no_episodes(road_city, layer_of):
    for form in FORMS:
        model, road, sink = road_city(layer_of(4, LINE), params(form))
        sink.send(enter(np.arange(1, 101), 3.0 * np.arange(100), [[0, 1, 2]] * 100))
        assert "road_spillback" not in finished(model, road, 900)


def full_link(events, looks, room=3.0):
    """Episodes of one link, from (time, +1 or -1) and the moments at which one looks."""
    storage = Storage(np.array([room]), np.array([0.0]), np.array([1.0]))
    spillback = Spillback(street_layer(2, [(0, 1)]), storage)
    left = list(events)
    for look_s in looks:
        now = [e for e in left if e[0] <= look_s]
        left = [e for e in left if e[0] > look_s]
        spillback.add(
            crossings([(t, 0, *((-1, 0) if sign > 0 else (0, -1)), 0.0) for t, sign in now]),
            np.zeros(len(now), np.uint8),
        )
        spillback.look(look_s, storage)
    spillback.finish(looks[-1])
    rows = spillback.rows()
    return [] if rows is None else list(zip(*(rows[c].tolist() for c in ("from_s", "to_s", "full_s")), strict=True))


def test_pauses_of_up_to_a_minute_belong_to_an_episode_and_longer_ones_part_two():
    fill = [(1.0, 1), (2.0, 1), (10.0, 1)]
    events = [*fill, (100.0, -1), (160.0, 1), (250.0, -1), (310.5, 1), (400.0, -1)]
    assert full_link(events, [1000.0]) == [(10.0, 250.0, 180.0), (310.5, 400.0, 89.5)]


def test_less_than_a_minute_is_no_episode():
    assert full_link([(1.0, 1), (2.0, 1), (10.0, 1), (69.0, -1)], [1000.0]) == []


def test_how_often_one_looks_cannot_be_seen():
    rng = np.random.default_rng(3)
    steps = np.where(rng.uniform(size=400) < 0.5, 1, -1)
    steps[np.cumsum(steps) > 3] = -1
    inside, events = 0, []
    for t, sign in zip(np.cumsum(rng.exponential(40.0, 400)).tolist(), steps.tolist(), strict=True):
        sign = -1 if inside == 3 else 1 if inside == 0 else sign
        inside += sign
        events.append((t, sign))
    end = events[-1][0] + 1
    once = full_link(events, [end])
    assert len(once) > 5
    assert full_link(events, [*np.arange(0.0, end, 77.7).tolist(), end]) == once


def test_a_storage_that_shrinks_begins_an_episode_at_that_moment():
    wide, narrow = (Storage(np.array([room]), np.array([0.0]), np.array([1.0])) for room in (4.0, 2.0))
    spillback = Spillback(street_layer(2, [(0, 1)]), wide)
    spillback.add(crossings([(1.0, 0, -1, 0, 0.0), (2.0, 0, -1, 0, 0.0)]), np.zeros(2, np.uint8))
    spillback.look(50.0, narrow)
    spillback.look(300.0, wide)
    spillback.finish(900.0)
    rows = spillback.rows()
    assert (rows["from_s"].tolist(), rows["to_s"].tolist()) == ([50.0], [300.0])


# Both through the model -------------------------------------------------------------------------------


@pytest.mark.parametrize("step_s", [1.0, 2.5, 30.0])
def test_the_step_cannot_be_seen_in_diagram_and_episodes(road_city, step_s):
    def run(step):
        model, road, _ = spill(road_city, step_s=step)
        tables = finished(model, road, 1500)
        return {name: as_rows(tables[name]) for name in OUTPUTS}

    assert run(5.0) == run(step_s)


def test_a_state_in_the_middle_of_an_episode_goes_on_to_the_same_rows(road_city):
    model, road, _ = spill(road_city)
    while model.now_s < 653:
        model.step()
    saved = {key: values.copy() for key, values in model.state().items()}
    again, road_again, _ = spill(road_city)
    again.restore(saved)
    assert {k: v.tobytes() for k, v in again.state().items()} == {k: v.tobytes() for k, v in saved.items()}
    one, other = finished(model, road, 1500), finished(again, road_again, 1500)
    assert {name: as_rows(one[name]) for name in OUTPUTS} == {name: as_rows(other[name]) for name in OUTPUTS}


def test_every_table_has_the_columns_that_are_declared(road_city):
    model, road, _ = spill(road_city)
    for name, table in finished(model, road, 1500).items():
        assert [c.name for c in TABLES[name].columns] == list(table)
        assert all(np.dtype(c.dtype).kind == table[c.name].dtype.kind for c in TABLES[name].columns if c.dtype != "str")


# Fuel -------------------------------------------------------------------------------------------------


def test_fuel_is_per_kilometre_and_per_hour_by_class_and_co2_by_its_fuel():
    burnt = Consumption(
        FuelParams(
            driving={"car": 1e-4, "bus": 2e-4},
            running={"car": 1 / 3600, "bus": 2 / 3600},
            co2={"petrol": 2.0, "diesel": 3.0},
        )
    )
    car, bus = VEHICLE_CLASSES.index("car"), VEHICLE_CLASSES.index("bus")
    fuel_l, co2_kg = burnt.of(np.array([car, bus]), np.array([10e3, 10e3]), np.array([1800.0, 1800.0]))
    np.testing.assert_allclose(fuel_l, [1.5, 3.0])
    np.testing.assert_allclose(co2_kg, [3.0, 9.0])


@pytest.mark.parametrize("name", VEHICLE_CLASSES)
def test_the_defaults_burn_more_per_kilometre_the_slower_the_drive(name):
    burnt = Consumption(FuelParams())
    speeds = np.array([5.0, 10.0, 20.0, 40.0]) / 3.6
    per_km, _ = burnt.of(np.full(4, VEHICLE_CLASSES.index(name)), np.full(4, 1000.0), 1000.0 / speeds)
    assert (np.diff(per_km) < 0).all()


def test_a_vehicle_that_stands_for_an_hour_burns_its_running_fuel():
    truck = VEHICLE_CLASSES.index("container_truck")
    fuel_l, co2_kg = Consumption(FuelParams()).of(np.array([truck]), np.zeros(1), np.array([3600.0]))
    assert (fuel_l[0], co2_kg[0]) == (pytest.approx(1.5), pytest.approx(1.5 * 2.58))


@pytest.mark.parametrize("form", FORMS)
def test_kpis_add_fuel_and_co2_up_by_class(road_city, layer_of, form):
    model, road, sink = road_city(layer_of(4, LINE), params(form))
    van, truck = VEHICLE_CLASSES.index("van"), VEHICLE_CLASSES.index("container_truck")
    sink.send(enter([1, 2], [0.0, 200.0], [[0, 1, 2]] * 2, vehicle_class=[van, truck]))
    got = {(k.kpi, k.group): k.value for k in compute(finished(model, road, 900))}
    # 3 km in 150 s each.
    assert got["road.fuel_l", "van"] == pytest.approx(3 * 0.092 + 0.8 * 150 / 3600)
    assert got["road.co2_kg", "container_truck"] == pytest.approx(2.58 * (3 * 0.30 + 1.5 * 150 / 3600))
    assert got["road.co2_kg", "all"] == pytest.approx(got["road.co2_kg", "van"] + got["road.co2_kg", "container_truck"])


def test_every_class_has_its_fuel():
    fuels = FuelParams()
    for group in (fuels.driving, fuels.running, fuels.fuels):
        assert set(type(group).model_fields) == set(VEHICLE_CLASSES)
