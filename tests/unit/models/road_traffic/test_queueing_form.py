from __future__ import annotations

import numpy as np
import pytest

from tests.layers import put
from twin.engine.channels import RowKind, Rows
from twin.errors import TableError
from twin.models.registry import CODES
from twin.models.road_traffic.params import RoadParams

OWNER = CODES["transit"]
#: Spacing 5 m and reaction 1 s give w = 5 m/s and 0.8 vehicles per second and lane at 20 m/s.
THEORY = {"form": "queueing", "jam_spacing_m": 5.0, "reaction_time_s": 1.0}
FAST = {f"{c}_mps": 50.0 for c in ("car", "van", "small_truck", "container_truck", "bus")}
LINE = [(0, 1), (1, 2), (2, 3)]


def params(**more):
    return RoadParams(**{**THEORY, "class_speeds": FAST, **more})


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
        b=OWNER,
    )


def order(kind, at_s, **columns):
    path = columns.pop("path", [])
    return Rows.of(1, paths=[np.array(path, np.int32)], time_s=at_s, kind=kind, **columns)


def credit(at_s, **columns):
    return order(RowKind.ROAD_CREDIT, at_s, b=OWNER, **columns)


def run_until(model, until_s):
    while model.now_s < until_s:
        model.step()


def sorted_rows(table):
    return sorted(zip(*[map(repr, column.tolist()) for column in table.values()], strict=True))


def od(count=600.0):
    return {
        "from_place": np.array(["t/zone/0", "t/zone/1"]),
        "to_place": np.array(["t/zone/3", "t/zone/2"]),
        "from_s": np.array([0.0, 0.0]),
        "to_s": np.array([600.0, 600.0]),
        "count": np.array([count, 300.0]),
    }


def test_a_lonely_vehicle_drives_as_at_free_flow(road_city, layer_of):
    model, _, sink = road_city(layer_of(4, LINE), params())
    sink.send(enter([1], [1.25], [[0, 1, 2]]))
    run_until(model, 160)
    assert sink.rows == [(151.25, RowKind.ROAD_LEAVE, 1, 1, 0, 2, OWNER, 1.25, 151.25)]


def test_a_crowd_leaves_a_lane_at_its_capacity(road_city, layer_of):
    model, _, sink = road_city(layer_of(4, LINE), params())
    sink.send(enter(np.arange(1, 101), np.zeros(100), [[0]] * 100))
    run_until(model, 300)
    times = np.array([row[0] for row in sink.rows])
    np.testing.assert_allclose(times, 50.0 + 1.25 * np.arange(100), atol=1e-9)


@pytest.mark.parametrize("step_s", [1.0, 2.5, 10.0, 30.0])
def test_the_step_of_the_clock_cannot_be_seen(road_city, layer_of, step_s):
    def run(step):
        layer = layer_of(5, [*LINE, (1, 4), (4, 2)])
        cars = {"od_table": "od", "replan_share": 0.5}
        model, road, sink = road_city(layer, params(background=cars), {"od": od()}, step_s=step)
        link = {(int(a), int(b)): i for i, (a, b) in enumerate(zip(layer.link_from, layer.link_to, strict=True))}
        way = [link[0, 1], link[1, 2], link[2, 3]]
        sink.send(enter([1, 2], [103.3, 161.7], [way, way], vehicle_class=1))
        sink.order(order(RowKind.ROAD_REPATH, 140.0, id=np.uint64(1), path=[link[1, 4], link[4, 2]]))
        sink.order(credit(150.0, a=link[2, 3], amount=100.0))
        sink.order(credit(700.0, a=link[2, 3], amount=1000.0))
        run_until(model, 3000)
        assert model.is_empty()
        tables = road.drain_tables()
        return sink.rows, {name: sorted_rows(table) for name, table in tables.items()}

    assert run(5.0) == run(step_s)


def test_a_gated_link_lets_out_as_many_as_there_are_places_and_through_traffic_waits_behind(road_city, layer_of):
    model, _, sink = road_city(layer_of(4, LINE), params())
    sink.order(credit(10.0, a=0, amount=2.0))
    sink.order(credit(400.0, a=0, amount=1.0))
    sink.send(enter([1, 2, 3, 4], [20.0, 30.0, 40.0, 50.0], [[0], [0], [0], [0, 1]]))
    run_until(model, 500)
    got = {row[2]: row[0] for row in sink.rows}
    assert got == {1: 70.0, 2: 80.0, 3: 400.0, 4: 451.25}


def test_a_vehicle_is_in_the_queue_of_a_gate_since_it_stood_on_the_first_link_of_that_queue(road_city, layer_of):
    model, _, sink = road_city(layer_of(4, LINE), params())
    sink.order(credit(1.0, a=2, amount=0.0))
    sink.order(credit(2000.0, a=2, amount=1000.0))
    sink.send(enter(np.arange(250), 2.0 * np.arange(250), [[0, 1, 2]] * 250))
    run_until(model, 3000)
    since = {row[2]: row[8] for row in sink.rows}
    # The last link holds 200, who were ready at its end; the others were ready at the end of the one before.
    assert since == {n: (150.0 if n < 200 else 100.0) + 2.0 * n for n in range(250)}


def test_a_queue_that_no_gate_has_made_is_not_counted(road_city, layer_of):
    # The last link takes 0.286 per second: the one before it fills and holds up the first.
    layer = layer_of(4, [(0, 1), (1, 2), (2, 3, 1000.0, 2.0, 1)])
    model, _, sink = road_city(layer, params())
    sink.order(credit(1.0, a=2, amount=5000.0))
    sink.send(enter(np.arange(1500), 2.0 * np.arange(1500), [[0, 1, 2]] * 1500))
    run_until(model, 6500)
    assert model.channels.board("road.link_time_s", 4000.0)[0] > 100.0
    assert len(sink.rows) == 1500
    assert all(row[8] == row[0] for row in sink.rows)


def test_a_place_that_another_model_was_given_is_not_taken(road_city, layer_of):
    model, _, sink = road_city(layer_of(4, LINE), params())
    sink.order(order(RowKind.ROAD_CREDIT, 1.0, a=0, b=OWNER + 1, amount=0.0))
    sink.send(enter([1], [20.0], [[0]]))
    run_until(model, 200)
    assert [row[0] for row in sink.rows] == [70.0]


def test_an_order_moves_a_queueing_vehicle_to_another_turn_and_never_back_in_time(road_city, layer_of):
    layer = layer_of(5, [(0, 1, 1000.0, 20.0, 2), (1, 2), (1, 3), (2, 4), (3, 4)])
    model, _, sink = road_city(layer, params())
    # Link 1 (1 to 2) never lets anybody out: its only vehicle's way ends there against no place.
    sink.order(credit(1.0, a=1, amount=0.0))
    sink.send(enter(np.arange(1, 301), 2.0 * np.arange(300), [[0, 1]] * 300))
    sink.send(enter([900], [400.0], [[0, 1, 3]]))
    sink.order(order(RowKind.ROAD_REPATH, 900.0, id=np.uint64(900), path=[2, 4]))
    run_until(model, 1200)
    got = {row[2]: row[0] for row in sink.rows}
    assert got == {900: 1000.0}


def test_the_table_of_links_measures_the_standing_queue_in_metres(road_city, layer_of):
    model, road, sink = road_city(layer_of(4, LINE), params())
    sink.order(credit(1.0, a=0, amount=0.0))
    sink.send(enter(np.arange(1, 121), 2.0 * np.arange(120), [[0]] * 120))
    run_until(model, 300)
    links = road.drain_tables()["road_links"]
    # Nobody leaves: all 120 have arrived at the end by 238 + 50 s and stand 5 m apart.
    assert links["queue_m"].tolist() == [600.0]
    assert links["inside_count"].tolist() == [120]


def test_the_board_shows_the_queue_once_it_has_been_measured(road_city, layer_of):
    model, _, sink = road_city(layer_of(4, LINE), params())
    sink.send(enter(np.arange(1, 401), 0.5 * np.arange(400), [[0]] * 400))
    run_until(model, 1000)
    free = model.channels.board("road.link_time_s", 0.0)
    assert free[1] == 50.0
    assert (model.channels.board("road.link_time_s", 999.0) >= free - 1e-12).all()


def test_a_state_in_the_middle_of_a_jam_goes_on_to_the_same_bytes(road_city, layer_of):
    def build():
        cars = {"od_table": "od", "replan_share": 0.5}
        return road_city(layer_of(5, [*LINE, (1, 4), (4, 2)]), params(background=cars), {"od": od()})

    model, road, sink = build()
    sink.order(credit(150.0, a=3, amount=100.0))
    sink.order(credit(900.0, a=3, amount=1000.0))
    run_until(model, 655)
    assert road.accounts()[0].inside > 100
    saved = {key: values.copy() for key, values in model.state().items()}
    run_until(model, 3000)
    again, _road_again, _ = build()
    again.restore(saved)
    assert {k: v.tobytes() for k, v in again.state().items()} == {k: v.tobytes() for k, v in saved.items()}
    run_until(again, 3000)
    assert {k: v.tobytes() for k, v in again.state().items()} == {k: v.tobytes() for k, v in model.state().items()}


def test_a_gridlock_is_written_down_with_its_links(road_city, layer_of):
    layer = layer_of(4, [(i, (i + 1) % 4, 250.0, 20.0, 1) for i in range(4)])
    model, road, sink = road_city(layer, params())
    ids = np.arange(1, 241)
    ring = [int(np.flatnonzero((layer.link_from == i) & (layer.link_to == (i + 1) % 4))[0]) for i in range(4)]
    sink.send(enter(ids, np.zeros(240), [[ring[(i + k) % 4] for k in range(60)] for i in range(240)]))
    run_until(model, 1800)
    gridlock = road.drain_tables()["road_gridlock"]
    assert sorted(gridlock["link_index"].tolist()) == [0, 1, 2, 3]
    assert road.accounts()[0].inside == 240


def test_a_default_signal_stops_the_stream_for_its_red(road_city, layer_of):
    layer = layer_of(4, LINE)
    layer = put(layer, "signal", 1, True)
    model, _, sink = road_city(layer, params())
    sink.send(enter(np.arange(1, 101), 10.0 * np.arange(100), [[0, 1]] * 100))
    run_until(model, 1200)
    waits = np.array([row[0] - row[7] for row in sink.rows]) - 100.0
    # Cycle 100 s, green 60 s: of ten arrivals four meet red, and the one due at green waits behind them.
    assert np.count_nonzero(waits > 1e-6) == 50
    assert sorted(set(np.round(waits[:10], 6)))[1:] == [5.0, 13.75, 22.5, 31.25, 40.0]


def plans(**more):
    return {
        "node_id": np.array([1, 2]),
        "street": np.array(["", ""]),
        "cycle_s": np.array([60.0, 60.0]),
        "green_s": np.array([30.0, 30.0]),
        "offset_s": np.array([0.0, 50.0]),
        **more,
    }


def test_plans_of_a_table_make_a_green_wave_along_a_street(road_city, layer_of):
    layer = layer_of(4, LINE)
    model, _, sink = road_city(layer, params(signals={"table": "plans"}), {"plans": plans()})
    sink.send(enter(np.arange(1, 101), 10.0 * np.arange(100), [[0, 1, 2]] * 100))
    run_until(model, 1400)
    waits = np.array([row[0] - row[7] for row in sink.rows]) - 150.0
    # The second signal is green when those who passed the first arrive: one wait at most, of a red at most.
    assert len(waits) == 100
    assert waits.max() <= 30.0 + 5 * 1.25
    assert np.count_nonzero(waits > 1e-6) >= 45


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"node_id": np.array([1, 77])}, "leads to a node 77"),
        ({"street": np.array(["", "御堂筋"])}, "no street '御堂筋' leads"),
        ({"green_s": np.array([0.0, 30.0])}, "green 0 s of 60 s"),
        ({"offset_s": np.array([np.nan, 0.0])}, "offset nan"),
    ],
)
def test_a_plan_that_fits_no_signal_is_an_error_that_names_its_row(road_city, layer_of, more, words):
    with pytest.raises(TableError, match=words):
        road_city(layer_of(4, LINE), params(signals={"table": "plans"}), {"plans": plans(**more)})


def test_whoever_is_on_the_road_when_the_run_ends_is_written_down(road_city, layer_of):
    model, road, sink = road_city(layer_of(4, LINE), params())
    sink.send(enter([1, 2, 3], [0.0, 100.0, 200.0], [[0, 1, 2]] * 3))
    run_until(model, 200.0)
    road.finish()
    late = road.drain_tables()["road_unfinished"]
    order = np.argsort(late["id"])
    assert late["id"][order].tolist() == [2, 3]
    assert late["enter_s"][order].tolist() == [100.0, 200.0]
    assert late["until_s"].tolist() == [200.0, 200.0]
    assert late["free_s"].tolist() == [150.0, 150.0]
    assert road.accounts()[0].inside == 2


def test_links_that_were_lengthened_stand_in_the_notes_of_the_road(road_city, layer_of):
    _, road, _ = road_city(layer_of(4, [(0, 1, 8.0), (1, 2, 1000.0), (2, 3, 15.0)]), params())
    assert road.notes == ["2 of 3 drive links were lengthened to 1 s of driving, by 17 m in all, the most by 12.0 m"]
    _, free, _ = road_city(layer_of(4, [(0, 1, 8.0), (1, 2, 1000.0), (2, 3, 15.0)]), params(form="free_flow"))
    assert not free.notes
