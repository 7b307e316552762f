"""Vehicles that stand in a lane lessen what a link passes, for exactly as long as they stand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.models.road_traffic.test_queueing_form import enter, order, params, run_until, sorted_rows
from twin.engine.channels import RowKind
from twin.errors import EngineError
from twin.models.road_traffic.params import RoadParams
from twin.models.road_traffic.standing import StandingVehicles

LINE = [(0, 1, 1000.0, 20.0, 2), (1, 2, 1000.0, 20.0, 2), (2, 3, 1000.0, 20.0, 2)]
#: Two lanes at 20 m/s with 0.8 vehicles per second and lane.
FULL_PER_S, ALL_DAY = 1.6, 1500


def lanes(at_s, amount, link=1):
    return order(RowKind.ROAD_LANES, at_s, a=link, amount=amount, b=2)


def flow(sink, from_s, to_s):
    times = np.array([row[0] for row in sink.rows])
    return np.count_nonzero((times >= from_s) & (times < to_s)) / (to_s - from_s)


@pytest.mark.parametrize("taken", [0.5, 1.0, 1.5])
def test_a_link_passes_what_is_left_of_its_lanes_and_all_again_afterwards(taken, road_city, layer_of):
    model, _, sink = road_city(layer_of(4, LINE), params())
    sink.send(enter(np.arange(4000), np.zeros(4000), [[0, 1, 2]] * 4000))
    sink.order(lanes(600.0, taken))
    sink.order(lanes(1800.0, -taken))
    run_until(model, 3000)
    # Whoever leaves has passed the place two links before: 100 s at free flow.
    assert flow(sink, 300.0, 690.0) == pytest.approx(FULL_PER_S, rel=0.01)
    assert flow(sink, 720.0, 1890.0) == pytest.approx(FULL_PER_S * (1 - taken / 2), rel=0.01)
    assert flow(sink, 1950.0, 2500.0) == pytest.approx(FULL_PER_S, rel=0.01)


def test_orders_without_effect_change_no_byte(road_city, layer_of):
    found = []
    for disturbed in (False, True):
        model, _, sink = road_city(layer_of(4, LINE), params())
        sink.send(enter(np.arange(900), 1.3 * np.arange(900), [[0, 1, 2]] * 900))
        if disturbed:
            for at_s in (100.0, 517.3, 800.0):
                sink.order(lanes(at_s, 1.0))
                sink.order(lanes(at_s, -1.0))
        run_until(model, 2000)
        found.append([tuple(row) for row in sink.rows])
    assert found[0] == found[1]
    assert len(found[0]) == 900


def test_an_obstruction_survives_a_checkpoint_byte_for_byte(road_city, layer_of):
    def begun():
        model, road, sink = road_city(layer_of(4, LINE), params())
        return model, road, sink

    whole, _, sink = begun()
    sink.send(enter(np.arange(900), 0.7 * np.arange(900), [[0, 1, 2]] * 900))
    sink.order(lanes(300.0, 1.0))
    sink.order(lanes(900.0, -0.3))
    run_until(whole, 500)
    kept = whole.state()
    resumed, _, other = begun()
    other.rows = list(sink.rows)
    resumed.restore(kept)
    for model in (whole, resumed):
        run_until(model, 1500)
    assert {k: v.tobytes() for k, v in whole.state().items()} == {k: v.tobytes() for k, v in resumed.state().items()}


def test_free_flow_says_that_nobody_is_slowed(road_city, layer_of):
    tables = []
    for stands in (False, True):
        model, road, sink = road_city(layer_of(4, LINE), RoadParams())
        sink.send(enter(np.arange(50), 2.0 * np.arange(50), [[0, 1, 2]] * 50))
        if stands:
            sink.order(lanes(60.0, 1.0))
        run_until(model, 900)
        assert any("slow nobody" in note for note in road.notes) == stands
        tables.append(sorted_rows(road.drain_tables()["road_trips"]))
    assert tables[0] == tables[1]


@pytest.mark.parametrize(("link", "amount"), [(0, 2.0), (0, -0.5), (1, 2.5)])
def test_more_lanes_than_there_are_is_a_fault_of_the_sender(link, amount):
    standing = StandingVehicles(np.array([2, 2], np.int16), True)
    with pytest.raises(EngineError, match=r"of 2 lanes of drive link"):
        standing.take(link, amount, 0.0)


def test_lanes_taken_add_up_and_come_back_exactly():
    standing = StandingVehicles(np.array([4], np.int16), True)
    for amount in (0.7, 0.7, 0.1, -0.7, -0.1, -0.7):
        share = standing.take(0, amount, 0.0)
    assert share == 1.0
    assert not standing.shares()
    assert standing.state()["ever"].all()
