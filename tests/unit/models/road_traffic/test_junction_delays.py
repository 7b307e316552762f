"""Free flow at lights and crossings: a lone vehicle is delayed as it is in the queueing form, and by nobody else."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest

from twin.city.city import City
from twin.city.reading.road_classes import ROAD_CLASSES
from twin.columns import VEHICLE_CLASSES
from twin.engine.channels import RowKind, Rows
from twin.models.registry import CODES
from twin.models.road_traffic.free_flow.junctions import lights_of, losses_of, mean_red_s
from twin.models.road_traffic.kpis import compute
from twin.models.road_traffic.params import CrossingParams, RoadParams

VAN = VEHICLE_CLASSES.index("van")
NOT_MODELLED = (
    "road.queue_max_m",
    "road.spillback_h",
    "road.gridlocked_count",
    "road.street_queue_max_m",
    "road.street_blocked_min",
)
# A cross of streets of 200 m around node 0, each arm both ways: east 1, north 2, west 3, south 4.
ARMS = [(0, 200.0, 0.0), (1, 0.0, 200.0), (2, -200.0, 0.0), (3, 0.0, -200.0)]


def cross(layer_of, east_west="residential", north_south="residential", lit=True, speed_mps=10.0):
    links = [(0, k + 1) for k in range(4)] + [(k + 1, 0) for k in range(4)]
    layer = layer_of(5, links, speed_mps=speed_mps, length_m=200.0)
    x = np.array([0.0, 200.0, 0.0, -200.0, 0.0])
    y = np.array([0.0, 0.0, 200.0, 0.0, -200.0])
    ends = np.column_stack([layer.link_from, layer.link_to]).ravel()
    arm = np.maximum(layer.link_from, layer.link_to)
    classes = np.where(arm % 2 == 1, ROAD_CLASSES.index(east_west), ROAD_CLASSES.index(north_south))
    return dataclasses.replace(
        layer,
        x_m=x,
        y_m=y,
        vertex_x_m=x[ends],
        vertex_y_m=y[ends],
        road_class=classes.astype(np.uint8),
        signal=np.array([lit, False, False, False, False]),
    )


def link(layer, a, b):
    return int(np.flatnonzero((layer.link_from == a) & (layer.link_to == b))[0])


def trips(road_city, layer, params, ways, times):
    model, road, sink = road_city(layer, params)
    paths = [np.array([link(layer, a, b) for a, b in pairwise(way)], np.int32) for way in ways]
    sink.send(
        Rows.of(
            len(ways),
            paths=paths,
            time_s=np.array(times),
            kind=RowKind.ROAD_ENTER,
            id=np.arange(1, len(ways) + 1, dtype=np.uint64),
            bodies=1,
            vehicle_class=VAN,
            a=[p[0] for p in paths],
            b=CODES["transit"],
        )
    )
    while model.now_s < max(times) + 600.0:
        model.step()
    road.finish()
    return road.drain_tables()


def seconds(tables):
    order = np.argsort(tables["road_trips"]["id"])
    return (tables["road_trips"]["leave_s"] - tables["road_trips"]["enter_s"])[order]


def test_a_lone_vehicle_waits_at_lights_exactly_as_in_the_queueing_form(road_city, layer_of):
    layer = cross(layer_of)
    # One at a time, at moments all over the cycle, straight on and around every corner.
    ways = [(a, 0, b) for a in (1, 2, 3, 4) for b in (1, 2, 3, 4) if a != b]
    times = [5.0 + 307.0 * k for k in range(len(ways))]
    still = {"crossings": {"lose_time": False}}
    free = seconds(trips(road_city, layer, RoadParams(**still), ways, times))
    queued = seconds(trips(road_city, layer, RoadParams(form="queueing", **still), ways, times))
    assert free == pytest.approx(queued, abs=1e-6)
    assert len(set(np.round(free, 3))) > 4
    assert free.max() > 60.0 > free.min()


def test_waits_over_all_moments_of_the_cycle_have_websters_mean(road_city, layer_of):
    layer = cross(layer_of)
    params = RoadParams(crossings={"lose_time": False})
    got = seconds(trips(road_city, layer, params, [(1, 0, 3)] * 200, [0.25 + 0.5 * k for k in range(200)])) - 40.0
    lights = lights_of(params, City("t", "EPSG:6674", True, (), "left", layer, layer, (), "0"), {})
    expected_s = mean_red_s(lights)[link(layer, 1, 0)]
    assert expected_s == pytest.approx((100.0 - 45.0) ** 2 / 200.0)
    # Arrivals evenly over a cycle at the middle of each half second: the sum is off by half a step at most.
    assert got.mean() == pytest.approx(expected_s, abs=0.25)


def test_the_light_of_a_table_rules_its_approach_and_its_single_movements(road_city, layer_of):
    layer = dataclasses.replace(cross(layer_of), lanes=np.full(8, 2, np.int16), names=("横", "縦"))
    arm = np.maximum(layer.link_from, layer.link_to)
    layer = dataclasses.replace(layer, name_index=((arm + 1) % 2).astype(np.int32))
    columns = {
        "node_id": [0, 0],
        "street": ["横", "横"],
        "to_street": ["", "縦"],
        "cycle_s": [100.0, 100.0],
        "green_s": [100.0, 10.0],
        "offset_s": [0.0, 0.0],
    }
    tables = {"lights": {name: np.array(values) for name, values in columns.items()}}
    params = RoadParams(signals={"table": "lights"}, crossings={"lose_time": False})
    found = lights_of(params, City("t", "EPSG:6674", True, (), "left", layer, layer, (), "0"), tables)
    approach = link(layer, 1, 0)
    assert found.plans[found.plan_of[approach]].tolist() == [100.0, 0.0, 100.0]
    turns = found.turns[found.turns[:, 0] == approach]
    assert sorted(turns[:, 1].tolist()) == [link(layer, 0, 2), link(layer, 0, 4)]
    assert found.plans[turns[:, 2]].tolist() == [[100.0, 0.0, 10.0]] * 2

    model, _road, sink = road_city(layer, params, tables)
    for id_, way in ((1, (1, 0, 3)), (2, (1, 0, 2))):
        path = np.array([link(layer, a, b) for a, b in pairwise(way)], np.int32)
        sink.send(
            Rows.of(
                1,
                paths=[path],
                time_s=10.0,
                kind=RowKind.ROAD_ENTER,
                id=np.array([id_], np.uint64),
                bodies=1,
                vehicle_class=VAN,
                a=[path[0]],
                b=CODES["transit"],
            )
        )
    while model.now_s < 300:
        model.step()
    left = {row[2]: row[0] for row in sink.rows}
    # Both are at the light at 30 s: it is green straight on, and red until 100 s for the turn.
    assert left == {1: 50.0, 2: 120.0}


def test_crossings_without_lights_cost_what_slowing_down_costs(layer_of):
    params = CrossingParams(turn_mps=5.0, unseen_mps=2.0, look_s=3.0, rate_mps2=2.0)

    def lost(layer):
        lights = lights_of(RoadParams(), City("t", "EPSG:6674", True, (), "left", layer, layer, (), "0"), {})
        return losses_of(params, layer, 50.0, lights)

    equal = lost(cross(layer_of, lit=False))
    layer = cross(layer_of, "primary", "residential", lit=False)
    main = lost(layer)
    # From 10 to 2 m/s and back at 2 m/s2: 4 s each over 24 m, which take 2.4 s at 10 m/s.
    assert equal.straight_s[link(layer, 1, 0)] == pytest.approx(2 * (4.0 - 2.4))
    assert main.straight_s[link(layer, 1, 0)] == 0.0
    # To a stand and back: 5 s each over 25 m, which take 2.5 s; then the look.
    assert main.straight_s[link(layer, 2, 0)] == pytest.approx(2 * (5.0 - 2.5) + 3.0)
    assert main.turn_s[link(layer, 1, 0)] == pytest.approx((10.0 - 5.0) ** 2 / (2.0 * 10.0))
    # The ends of the arms are no crossings; lights take the place of stops.
    assert main.straight_s[[link(layer, 0, k) for k in (1, 2, 3, 4)]].tolist() == [0.0] * 4
    assert lost(cross(layer_of, "primary", "residential")).straight_s.max() == 0.0
    assert lost(cross(layer_of, "motorway", "motorway", lit=False)).turn_s.max() == 0.0


def test_who_turns_is_slower_than_who_goes_straight_on(road_city, layer_of):
    layer = cross(layer_of, "primary", "residential", lit=False)
    params = RoadParams(crossings={"turn_mps": 5.0, "rate_mps2": 2.0})
    straight, turn = seconds(trips(road_city, layer, params, [(1, 0, 3), (1, 0, 2)], [0.0, 0.0]))
    assert (straight, turn) == (pytest.approx(40.0), pytest.approx(41.25))


def test_published_link_times_count_the_mean_wait_and_the_crossing(road_city, layer_of):
    layer = cross(layer_of)
    model, _road, _sink = road_city(layer, RoadParams())
    board = np.asarray(model.channels.board("road.link_time_s", 0.0))
    assert board[link(layer, 1, 0)] == pytest.approx(20.0 + 55.0**2 / 200.0)
    assert board[link(layer, 0, 1)] == pytest.approx(20.0)


def test_a_closed_street_that_opens_in_red_lets_nobody_in_before_green(road_city, layer_of):
    from twin.models.road_traffic.free_flow import kernels

    layer = cross(layer_of)
    params = RoadParams(crossings={"lose_time": False}, signals={"coordinated": False})
    lights = lights_of(params, City("t", "EPSG:6674", True, (), "left", layer, layer, (), "0"), {})
    losses = losses_of(params.crossings, layer, 50.0, lights)
    path = np.array([link(layer, 1, 0), link(layer, 0, 3)], np.int32)
    opens_s = np.full(8, -np.inf)
    opens_s[path[1]] = 160.0
    out = np.empty(2)
    cycle_s, offset_s, green_s = lights.plans[lights.plan_of[path[0]]]
    kernels.drive_path(
        0.0,
        path,
        0,
        50.0,
        layer.length_m,
        layer.free_speed_mps,
        np.zeros(8, np.int64),
        opens_s,
        np.zeros(1),
        np.ones((1, 1)),
        tuple(lights),
        tuple(losses),
        out,
    )
    assert (160.0 - offset_s) % cycle_s > green_s
    assert (out[0] - offset_s) % cycle_s == pytest.approx(0.0)
    assert out[1] == out[0] + 20.0


@pytest.mark.parametrize("form", ["free_flow", "queueing"])
@pytest.mark.parametrize("drives", [True, False])
def test_what_the_form_does_not_model_has_no_kpi(road_city, layer_of, form, drives):
    layer = cross(layer_of)
    tables = trips(road_city, layer, RoadParams(form=form), [(1, 0, 3)] if drives else [], [5.0] if drives else [0.0])
    got = {k.kpi for k in compute(tables)}
    assert "road.delay_mean_s" in got
    assert ("road.queue_max_m" in got) == ("road.spillback_h" in got) == ("road.gridlocked_count" in got)
    assert ("road.queue_max_m" in got) == (form == "queueing")
    if form == "free_flow":
        assert not got & set(NOT_MODELLED)
    if drives:
        assert bool(np.isnan(tables["road_links"]["queue_m"]).all()) == (form == "free_flow")


def test_a_road_on_which_nothing_delays_has_no_delay(road_city, layer_of):
    layer = cross(layer_of, lit=False)
    params = RoadParams(crossings={"lose_time": False})
    got = {k.kpi for k in compute(trips(road_city, layer, params, [(1, 0, 3)], [0.0]))}
    assert not {"road.delay_mean_s", "road.delay_p95_s", "road.delay_total_h"} & got
    assert {"road.mean_travel_time_s", "road.speed_mean_mps"} <= got


def test_watched_streets_have_no_queue_of_zero_in_free_flow(road_city, layer_of):
    layer = dataclasses.replace(cross(layer_of), names=("横",), name_index=np.zeros(8, np.int32))
    tables = trips(road_city, layer, RoadParams(watched_streets=("横",)), [(1, 0, 3)], [0.0])
    assert "road_streets" not in tables
    assert not {k.kpi for k in compute(tables)} & {"road.street_queue_max_m", "road.street_blocked_min"}
