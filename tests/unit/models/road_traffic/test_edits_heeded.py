from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.layers import put
from tests.unit.models.road_traffic.conftest import Sink, city_of, street_layer
from twin.city.city import LinkChange, SignalPlan
from twin.engine.channels import RowKind, Rows
from twin.engine.city_model import CityModel
from twin.errors import EngineError, ScenarioError
from twin.models.registry import CODES
from twin.models.road_traffic.model import RoadTraffic
from twin.models.road_traffic.params import RoadParams

FORMS = ("free_flow", "queueing")
CAR, VAN, TRUCK = 0, 1, 3
OWNER = CODES["transit"]
FAST = {f"{c}_mps": 50.0 for c in ("car", "van", "small_truck", "container_truck", "bus")}
#: 0 to 1, then to 3 by 2 (2,000 m) or by 4 (4,000 m), then on to 5; link numbers in the order of nodes.
FORK = [(0, 1), (1, 2), (1, 4, 2000.0, 20.0, 1), (2, 3), (3, 5), (4, 3, 2000.0, 20.0, 1)]
ENTRY, SHORT, LONG, SHORT_END, LAST, LONG_END = range(6)
SHORT_WAY, LONG_WAY = [ENTRY, SHORT, SHORT_END, LAST], [ENTRY, LONG, LONG_END, LAST]


def params(form, **more):
    given = {"form": form, "jam_spacing_m": 5.0, "reaction_time_s": 1.0, "class_speeds": FAST}
    return RoadParams(**{**given, **more})


def change(link, at_s, *, lanes=1, speed_mps=20.0, is_open=True, closed_to=()):
    return LinkChange(link, at_s, lanes, speed_mps, 1.0 if is_open else 0.0, is_open, closed_to)


def closure(link, from_s, to_s):
    return change(link, from_s, is_open=False), change(link, to_s)


@pytest.fixture
def edited():
    made = []

    def build(given, links=FORK, tables=None, step_s=5.0, nodes=6, layer=None, agents=None, **edits):
        city = dataclasses.replace(city_of(layer or street_layer(nodes, links)), **edits)
        road, sink = RoadTraffic(given, city, tables or {}), Sink("transit")
        model = CityModel([road, sink], start_s=0.0, end_s=7200.0, step_s=step_s, run_seed=np.uint64(1), agents=agents)
        made.append(model)
        return model, road, sink

    yield build
    for model in made:
        model.close()


def enter(ids, times, paths, vehicle_class=VAN):
    return Rows.of(
        len(ids),
        paths=[np.array(p, np.int32) for p in paths],
        time_s=times,
        kind=RowKind.ROAD_ENTER,
        id=np.array(ids, np.uint64),
        bodies=1,
        vehicle_class=vehicle_class,
        a=[p[0] for p in paths],
        b=OWNER,
    )


def travel_times(model, sink, until_s):
    while model.now_s < until_s:
        model.step()
    return {row[2]: row[0] - row[7] for row in sink.rows}


def od(count, vehicle_class="car"):
    return {
        "from_place": np.array(["t/zone/0"]),
        "to_place": np.array(["t/zone/5"]),
        "from_s": np.array([0.0]),
        "to_s": np.array([600.0]),
        "count": np.array([count]),
        "vehicle_class": np.array([vehicle_class]),
    }


def test_the_queueing_form_obeys_every_edit_and_free_flow_all_but_signals():
    assert RoadTraffic.heeds(params("queueing")) == {"timed", "closed_to", "signal_plans"}
    assert RoadTraffic.heeds(params("free_flow")) == {"timed", "closed_to"}


@pytest.mark.parametrize("form", FORMS)
def test_a_speed_with_hours_holds_for_those_who_enter_the_link_in_them(edited, form):
    slow = change(SHORT, 100.0, speed_mps=10.0), change(SHORT, 400.0)
    model, _, sink = edited(params(form), timed=slow)
    sink.send(enter([1, 2, 3, 4], [0.0, 40.0, 60.0, 360.0], [SHORT_WAY] * 4))
    # Link 1 is entered 50 s later: at 50, 90 (still fast), 110 (slow) and 410 s (fast again).
    assert travel_times(model, sink, 800) == {1: 200.0, 2: 200.0, 3: 250.0, 4: 200.0}


@pytest.mark.parametrize("form", FORMS)
def test_whoever_meets_a_closed_street_drives_around_it_and_ends_on_the_same_link(edited, form):
    model, road, sink = edited(params(form), timed=closure(SHORT, 100.0, 900.0))
    sink.send(enter([1, 2, 3, 4], [40.0, 60.0, 300.0, 1000.0], [SHORT_WAY] * 4))
    # 1 is on the street when it closes and goes on; 2 is before it, 3 enters while it is closed.
    assert travel_times(model, sink, 1400) == {1: 200.0, 2: 300.0, 3: 300.0, 4: 200.0}
    assert {row[5] for row in sink.rows} == {LAST}
    links = road.drain_tables()["road_links"]
    on_detour = links["link_index"] == LONG
    assert links["inflow_count"][on_detour].sum() == 2


@pytest.mark.parametrize("form", FORMS)
def test_without_a_way_around_everybody_waits_until_the_street_opens(edited, form):
    model, road, sink = edited(params(form), timed=closure(LAST, 100.0, 900.0))
    sink.send(enter([1, 2], [0.0, 2.5], [SHORT_WAY] * 2))
    got = travel_times(model, sink, 1400)
    # Both stand before the last link from 150 s on. In queues the second follows a headway of 1.25 s later.
    assert got[1] == 950.0
    assert got[2] == pytest.approx(947.5 if form == "free_flow" else 948.75)
    road.finish()
    links = road.drain_tables()["road_links"]
    assert links["inflow_count"][(links["link_index"] == LAST) & (links["from_s"] < 900.0)].sum() == 0


@pytest.mark.parametrize("form", FORMS)
def test_the_board_says_that_a_closed_link_takes_forever(edited, form):
    model, _, sink = edited(params(form), timed=closure(SHORT, 100.0, 900.0), closed_to={LONG: ("car",)})
    sink.send(enter([1], [0.0], [SHORT_WAY]))
    got = {}
    for at_s in (95.0, 100.0, 895.0, 900.0):
        travel_times(model, sink, at_s)
        got[at_s] = model.channels.board("road.link_time_s", at_s)[[SHORT, LONG]].tolist()
    # The other street is closed to cars alone: others look at the same board.
    assert got == {95.0: [50.0, 100.0], 100.0: [np.inf, 100.0], 895.0: [np.inf, 100.0], 900.0: [50.0, 100.0]}


@pytest.mark.parametrize("form", FORMS)
def test_a_street_closed_to_a_class_turns_away_that_class_alone(edited, form):
    model, _, sink = edited(params(form), closed_to={SHORT: ("container_truck",)})
    sink.send(enter([1, 2], [0.0, 400.0], [SHORT_WAY] * 2, vehicle_class=[TRUCK, VAN]))
    assert travel_times(model, sink, 800) == {1: 300.0, 2: 200.0}


@pytest.mark.parametrize("form", FORMS)
def test_a_vehicle_whose_only_way_is_closed_to_its_class_is_an_error_that_names_both(edited, form):
    model, _, sink = edited(params(form), closed_to={LAST: ("container_truck",)})
    sink.send(enter([7], [20.0], [SHORT_WAY], vehicle_class=TRUCK))
    with pytest.raises(ScenarioError, match=r"closed to the class container_truck.* vehicle 7 of the model transit"):
        travel_times(model, sink, 100)


@pytest.mark.parametrize("form", FORMS)
def test_a_vehicle_caught_by_hours_of_a_ban_without_another_way_drives_on_and_is_counted(edited, form):
    timed = change(LAST, 100.0, closed_to=("van",)), change(LAST, 900.0)
    model, road, sink = edited(params(form), timed=timed)
    sink.send(enter([1], [0.0], [SHORT_WAY]))
    assert travel_times(model, sink, 400) == {1: 200.0}
    assert road.caught == 1


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("vehicle_class", "way"), [("car", SHORT), ("small_truck", LONG)])
def test_background_cars_take_the_way_that_is_open_to_their_class(edited, form, vehicle_class, way):
    given = params(form, background={"od_table": "od"})
    model, road, _ = edited(given, tables={"od": od(40.0, vehicle_class)}, closed_to={SHORT: ("small_truck",)})
    while not model.is_empty():
        model.step()
    road.finish()
    links = road.drain_tables()["road_links"]
    assert links["inflow_count"][links["link_index"] == way].sum() == 40


def test_background_cars_without_any_way_for_their_class_are_an_error(edited):
    given = params("free_flow", background={"od_table": "od"})
    model, _, _ = edited(given, tables={"od": od(40.0, "bus")}, closed_to={LAST: ("bus",)})
    with pytest.raises(EngineError, match="no way to drive from node 0 to node 5 for the class bus"):
        travel_times(model, Sink("transit"), 600)


@pytest.mark.parametrize(("before", "after", "headway_s"), [(2, 1, 1.25), (1, 2, 0.625)])
def test_lanes_with_hours_change_the_capacity_of_the_queueing_form(edited, before, after, headway_s):
    links = [(0, 1, 1000.0, 20.0, before), (1, 2)]
    lanes = change(0, 100.0, lanes=after), change(0, 1000.0, lanes=before)
    model, _, sink = edited(params("queueing"), links=links, nodes=3, timed=lanes)
    sink.send(enter(np.arange(1, 201), np.full(200, 200.0), [[0]] * 200))
    travel_times(model, sink, 800)
    # w = 5 m/s, u = 20 m/s and 0.2 vehicles per m and lane make 0.8 vehicles per second and lane.
    np.testing.assert_allclose([row[0] for row in sink.rows], 250.0 + headway_s * np.arange(200))


def test_a_shorter_storage_by_hours_sends_the_queue_back_sooner(edited):
    def entered(timed):
        model, road, sink = edited(params("queueing"), links=[(0, 1, 1000.0, 20.0, 2), (1, 2)], nodes=3, timed=timed)
        sink.order(
            Rows.of(1, paths=[np.empty(0, np.int32)], time_s=1.0, kind=RowKind.ROAD_CREDIT, a=0, b=OWNER, amount=0.0)
        )
        sink.send(enter(np.arange(1, 501), np.full(500, 200.0), [[0]] * 500))
        travel_times(model, sink, 1500)
        road.finish()
        return int(road.drain_tables()["road_links"]["inflow_count"].sum())

    # Nobody leaves: the link fills up, 200 vehicles per lane of 1,000 m at 5 m each.
    assert (entered(()), entered((change(0, 100.0, lanes=1),))) == (400, 200)


def test_free_flow_refuses_lanes_with_hours_instead_of_passing_over_them(edited):
    with pytest.raises(ScenarioError, match="in free flow lanes make no difference"):
        edited(params("free_flow"), timed=(change(SHORT, 100.0, lanes=2),))


def crossroads():
    """A street along 0, 1, 2 and another that joins it at 1 from 3."""
    layer = street_layer(4, [(0, 1), (1, 2), (3, 1)])
    layer = put(layer, "name_index", slice(None), [0, 0, 1])
    return dataclasses.replace(layer, names=("御堂筋", "脇道"))


@pytest.mark.parametrize("default_plan", [True, False])
def test_a_plan_of_an_edit_gives_a_street_its_share_and_the_others_what_is_left(edited, default_plan):
    layer = crossroads()
    layer = put(layer, "signal", 1, True)
    given = params("queueing", signals={"default_plan": default_plan, "lost_time_s": 5.0})
    plan = SignalPlan(1, "御堂筋", 100.0, 0.7, 20.0)
    model, _, sink = edited(given, layer=layer, signal_plans=(plan,))
    times = 1.0 * np.arange(0, 1000, 2)
    sink.send(enter(np.arange(1, 501), times, [[0, 1]] * 500))
    sink.send(enter(np.arange(1001, 1501), times, [[2, 1]] * 500))
    travel_times(model, sink, 3600)
    # Link 1 takes 50 s: who leaves it at t passed the signal at t - 50. The street is green from 20 to 90 s of
    # each cycle, the other from 95 to 115 s.
    phase = {
        way: np.array([(row[0] - 50.0) % 100.0 for row in sink.rows if (row[2] > 1000) == way]) for way in (False, True)
    }
    assert len(phase[False]) == len(phase[True]) == 500
    assert ((phase[False] >= 20.0 - 1e-6) & (phase[False] < 90.0)).all()
    assert ((phase[True] >= 95.0 - 1e-6) | (phase[True] < 15.0)).all()


def test_a_plan_that_leaves_the_others_no_green_is_an_error(edited):
    with pytest.raises(ScenarioError, match="leaves the other approaches 0 s of a cycle of 100 s"):
        edited(params("queueing"), layer=crossroads(), signal_plans=(SignalPlan(1, "御堂筋", 100.0, 0.9, 0.0),))


def jam(edited, form, step_s):
    given = params(form, background={"od_table": "od", "replan_share": 0.5})
    timed = sorted(
        [
            *closure(SHORT, 133.0, 777.0),
            *closure(LONG_END, 301.0, 420.0),
            change(LAST, 211.0, speed_mps=5.0),
            change(SHORT_END, 252.5, closed_to=("car",)),
        ],
        key=lambda c: (c.time_s, c.link_index),
    )
    model, road, sink = edited(given, tables={"od": od(300.0)}, step_s=step_s, timed=tuple(timed))
    sink.send(enter(np.arange(1, 41), 13.7 * np.arange(40), [SHORT_WAY] * 40))
    return model, road, sink


def rows(tables):
    return {name: sorted(zip(*[map(repr, c.tolist()) for c in t.values()], strict=True)) for name, t in tables.items()}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("step_s", [1.0, 2.5, 10.0])
def test_the_step_cannot_be_seen_through_edits_with_hours(edited, form, step_s):
    def run(step):
        model, road, sink = jam(edited, form, step)
        travel_times(model, sink, 3000)
        assert model.is_empty()
        return sink.rows, rows(road.drain_tables()), road.caught

    assert run(5.0) == run(step_s)


@pytest.mark.parametrize("form", FORMS)
def test_a_state_between_two_changes_goes_on_to_the_same_bytes(edited, form):
    model, _, sink = jam(edited, form, 5.0)
    travel_times(model, sink, 310)
    saved = {key: values.copy() for key, values in model.state().items()}
    again, _, other = jam(edited, form, 5.0)
    other.rows = list(sink.rows)  # what has left the road before is the sink's
    again.restore(saved)
    assert {k: v.tobytes() for k, v in again.state().items()} == {k: v.tobytes() for k, v in saved.items()}
    travel_times(model, sink, 3000)
    travel_times(again, other, 3000)
    assert {k: v.tobytes() for k, v in again.state().items()} == {k: v.tobytes() for k, v in model.state().items()}
