from __future__ import annotations

import numpy as np
import pytest

from twin.engine.channels import RowKind, Rows
from twin.engine.ids import Kind, make_id, make_ids
from twin.errors import EngineError, ScenarioError, TableError
from twin.models.registry import CODES
from twin.models.road_traffic.params import RoadParams

OWNER = CODES["transit"]
LINE = [(0, 1), (1, 2), (2, 3), (3, 4)]
FACTORS = {"speed_factors": [{"hours": "00:01-00:02", "factor": 0.5}]}


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


def repath(id_, at_s, path):
    return Rows.of(1, paths=[np.array(path, np.int32)], time_s=at_s, kind=RowKind.ROAD_REPATH, id=np.uint64(id_))


def run_until(model, until_s):
    while model.now_s < until_s:
        model.step()


def fast(**more):
    """Class speeds that never bind."""
    return RoadParams(class_speeds={f"{c}_mps": 50.0 for c in ("car", "van", "bus")}, **more)


def test_a_vehicle_comes_back_at_the_exact_time_in_the_interval_in_which_it_leaves(road_city, layer_of):
    model, road, sink = road_city(layer_of(5, LINE), fast())
    van = make_id(Kind.VAN, 1, 7)
    sink.send(enter([van], [1.25], [[0, 1, 2]]))
    run_until(model, 150)
    assert sink.rows == []
    assert len(road.accounts()) == 1
    assert road.accounts()[0].inside == 1
    model.step()
    assert sink.rows == [(151.25, RowKind.ROAD_LEAVE, int(van), 1, 0, 2, OWNER, 1.25, 151.25)]
    trips = road.drain_tables()["road_trips"]
    assert trips["metres_m"].tolist() == [3000.0]
    assert trips["free_s"].tolist() == [150.0]


def test_the_class_speed_binds_where_the_street_is_faster(road_city, layer_of):
    params = RoadParams(class_speeds={"container_truck_mps": 10.0})
    model, _road, sink = road_city(layer_of(5, LINE), params)
    sink.send(enter([1], [0.0], [[0]], vehicle_class=3))
    run_until(model, 105)
    assert sink.rows[0][0] == 100.0


def test_a_slower_hour_is_driven_at_its_own_speed_and_nobody_overtakes_across_its_edges(road_city, layer_of):
    model, _road, sink = road_city(layer_of(5, LINE), fast(**FACTORS))
    # 30 s at full speed (600 m), then half speed: 400 m at 10 m/s.
    sink.send(enter([1, 2, 3], [30.0, 31.0, 119.0], [[0], [0], [0]]))
    run_until(model, 200)
    assert [(row[2], row[0]) for row in sink.rows] == [(1, 100.0), (2, 102.0), (3, 169.5)]


def test_many_entries_leave_in_the_order_in_which_they_entered(road_city, layer_of):
    model, _road, sink = road_city(layer_of(5, LINE), fast(**FACTORS))
    times = np.arange(0, 150, 0.37)
    sink.send(enter(np.arange(1, len(times) + 1), times, [[0, 1]] * len(times)))
    run_until(model, 400)
    assert [row[2] for row in sink.rows] == list(range(1, len(times) + 1))


def test_the_board_gives_the_seconds_that_a_vehicle_entering_then_needs(road_city, layer_of):
    model, _road, sink = road_city(layer_of(5, LINE), fast(**FACTORS))
    run_until(model, 70)
    assert model.channels.board("road.link_time_s", 59.0)[0] == 50.0
    # From 00:01 on: 60 s at half speed give 600 m, the rest at full speed.
    assert model.channels.board("road.link_time_s", 60.0)[0] == pytest.approx(80.0)
    sink.send(enter([1], [75.0], [[0]]))


def test_an_order_replaces_the_path_from_the_node_where_the_new_one_starts(road_city, layer_of):
    layer = layer_of(6, [*LINE, (1, 5), (5, 4)])
    model, road, sink = road_city(layer, fast())
    by_pair = {(int(a), int(b)): i for i, (a, b) in enumerate(zip(layer.link_from, layer.link_to, strict=True))}
    path = [by_pair[0, 1], by_pair[1, 2], by_pair[2, 3]]
    sink.send(enter([1, 2, 3], [0.0, 0.0, 0.0], [path, path, path]))
    sink.order(repath(1, 49.0, [by_pair[1, 5], by_pair[5, 4]]))  # still on the first link: in time
    sink.order(repath(2, 51.0, [by_pair[1, 5], by_pair[5, 4]]))  # one second too late
    sink.order(repath(3, 60.0, []))  # stop at the end of the link it is on
    run_until(model, 200)
    got = {row[2]: (row[0], row[5]) for row in sink.rows}
    assert got == {1: (150.0, by_pair[5, 4]), 2: (150.0, by_pair[2, 3]), 3: (100.0, by_pair[1, 2])}
    assert road.missed_repaths == 1


@pytest.mark.parametrize("step_s", [2.5, 5.0, 10.0, 30.0])
def test_the_step_changes_nothing(road_city, layer_of, step_s):
    results = []
    for step in (1.0, step_s):
        model, road, sink = road_city(layer_of(5, LINE), fast(**FACTORS), tables={"od": od()}, step_s=step)
        sink.send(enter([1, 2], [3.3, 61.7], [[0, 1, 2], [1, 2]]))
        sink.order(repath(1, 20.0, [1]))
        run_until(model, 900)
        assert model.is_empty()
        tables = road.drain_tables()
        results.append((sink.rows, sorted_rows(tables["road_trips"]), sorted_rows(tables["road_links"])))
    assert results[0] == results[1]


def od(count=40.5):
    return {
        "from_place": np.array(["t/zone/0", "t/zone/1"]),
        "to_place": np.array(["t/zone/4", "t/zone/3"]),
        "from_s": np.array([0.0, 100.0]),
        "to_s": np.array([300.0, 200.0]),
        "count": np.array([count, 10.0]),
    }


def sorted_rows(table):
    return sorted(zip(*[map(repr, column.tolist()) for column in table.values()], strict=True))


def with_cars(**more):
    return fast(background={"od_table": "od", **more})


def test_background_cars_keep_their_departure_when_the_table_grows(road_city, layer_of):
    departures = []
    for count in (40.0, 60.0):
        model, road, _sink = road_city(layer_of(5, LINE), with_cars(), tables={"od": od(count)})
        run_until(model, 900)
        trips = road.drain_tables()["road_trips"]
        departures.append(dict(zip(trips["id"].tolist(), trips["enter_s"].tolist(), strict=True)))
    assert len(departures[0]) == 50
    assert len(departures[1]) == 70
    assert departures[0].items() <= departures[1].items()


def test_every_car_of_the_table_drives_and_the_periods_count_them(road_city, layer_of):
    model, road, _sink = road_city(layer_of(5, LINE), with_cars(), tables={"od": od()})
    run_until(model, 900)
    tables = road.drain_tables()
    trips, links = tables["road_trips"], tables["road_links"]
    assert len(trips["id"]) in (50, 51)
    first = trips["id"] < make_ids(Kind.CAR, 1, 1)[0]
    assert int(links["outflow_count"][links["link_index"] == 0].sum()) == int(first.sum())
    assert int(links["inflow_count"].sum()) == int(links["outflow_count"].sum()) == int((4 * first + 2 * ~first).sum())
    np.testing.assert_allclose(links["time_mean_s"][links["outflow_count"] > 0], 50.0, atol=1e-6)
    assert road.is_empty()


def test_no_car_starts_after_the_end_of_the_clock(road_city, layer_of):
    model, road, _sink = road_city(layer_of(5, LINE), with_cars(), tables={"od": od()}, end_s=150.0)
    run_until(model, 900)
    trips = road.drain_tables()["road_trips"]
    assert trips["enter_s"].max() <= 150.0
    assert road.is_empty()


def test_a_state_in_the_middle_goes_on_to_the_same_bytes(road_city, layer_of):
    def tables_from(model, road):
        run_until(model, 900)
        return {name: sorted_rows(table) for name, table in road.drain_tables().items()}

    model, road, sink = road_city(layer_of(5, LINE), with_cars(), {"od": od()}, trace_share=0.3)
    sink.send(enter([1], [100.0], [[0, 1, 2]]))
    run_until(model, 155)
    saved = {key: values.copy() for key, values in model.state().items()}
    expected = tables_from(model, road)
    again, road_again, _sink_again = road_city(layer_of(5, LINE), with_cars(), {"od": od()}, trace_share=0.3)
    again.restore(saved)
    assert {k: v.tobytes() for k, v in again.state().items()} == {k: v.tobytes() for k, v in saved.items()}
    assert tables_from(again, road_again) == expected
    assert expected["traces"]


def test_sampled_cars_leave_points_that_run_forward_in_time(road_city, layer_of):
    model, road, _sink = road_city(layer_of(5, LINE), with_cars(), {"od": od()}, trace_share=0.5)
    run_until(model, 900)
    traces = road.drain_tables()["traces"]
    ids = np.unique(traces["id"])
    assert 10 < len(ids) < 40
    for id_ in ids:
        times = np.sort(traces["time_s"][traces["id"] == id_])
        assert (np.diff(times) > 0).all()


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (lambda: enter([1], [1.0], [[0, 2]]), "breaks between links 0 and 2"),
        (lambda: enter([1], [1.0], [[9]]), "names link"),
        (lambda: enter([1, 1], [1.0, 2.0], [[0], [0]]), "enters the road while it is on it"),
        (lambda: enter([1], [1.0], [[0]], vehicle_class=77), "class 77"),
    ],
)
def test_a_wrong_entry_is_an_error_that_says_what_came(road_city, layer_of, rows, words):
    model, _road, sink = road_city(layer_of(5, LINE), fast())
    sink.send(rows())
    with pytest.raises(EngineError, match=words):
        run_until(model, 10)


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("to_place", "nowhere", "'nowhere' is no place"),
        ("count", -3.0, "got -3"),
        ("count", np.nan, "got nan"),
        ("from_s", 9e9, "must not be after"),
    ],
)
def test_a_wrong_od_table_is_an_error_that_names_the_row(road_city, layer_of, column, value, words):
    table = od()
    table[column] = table[column].astype(object)
    table[column][1] = value
    table[column] = np.array(table[column].tolist())
    with pytest.raises(TableError, match=words):
        road_city(layer_of(5, LINE), with_cars(), {"od": table})


def test_a_missing_od_table_and_a_missing_column_are_named(road_city, layer_of):
    with pytest.raises(TableError, match="no table 'od'"):
        road_city(layer_of(5, LINE), with_cars())
    table = od()
    del table["count"]
    with pytest.raises(TableError, match="no column count"):
        road_city(layer_of(5, LINE), with_cars(), {"od": table})


def test_overlapping_speed_factors_are_refused():
    overlap = [{"hours": "07:00-09:00", "factor": 0.5}, {"hours": "08:00-10:00", "factor": 0.6}]
    with pytest.raises(ValueError, match="overlap: 07:00-09:00 and 08:00-10:00"):
        RoadParams(speed_factors=overlap)


def test_an_unknown_class_of_street_is_an_error_that_names_it(road_city, layer_of):
    factors = [{"hours": "07:00-09:00", "factor": 0.5, "road_classes": ["primary", "boulevard"]}]
    with pytest.raises(ScenarioError, match="boulevard"):
        road_city(layer_of(5, LINE), fast(speed_factors=factors))


def test_the_period_under_way_is_written_when_the_run_ends(road_city, layer_of):
    model, road, sink = road_city(layer_of(5, LINE), fast())
    sink.send(enter([1, 2], [10.0, 100.0], [[0], [0]]))
    run_until(model, 120)
    road.finish()
    links = road.drain_tables()["road_links"]
    assert (links["inflow_count"].tolist(), links["outflow_count"].tolist()) == ([2], [1])
    assert links["inside_count"].tolist() == [1]


def test_a_factor_of_a_named_street_goes_before_that_of_its_class(road_city, layer_of):
    import dataclasses

    layer = dataclasses.replace(
        layer_of(5, LINE), names=("通",), name_index=np.array([-1, 0, -1, -1], np.int32), aliases={"dori": "通"}
    )
    factors = [{"hours": "00:00-24:00", "factor": 0.5}, {"hours": "00:00-12:00", "factor": 0.25, "streets": ["dori"]}]
    model, _road, _sink = road_city(layer, fast(speed_factors=factors))
    assert np.asarray(model.channels.board("road.link_time_s", 0.0)).tolist() == [100.0, 200.0, 100.0, 100.0]
    with pytest.raises(ScenarioError, match="no street of the map is named 'x'"):
        road_city(layer, fast(speed_factors=[{"hours": "00:00-24:00", "factor": 0.5, "streets": ["x"]}]))
    twice = [{**factors[1], "hours": "11:00-13:00"}, factors[1]]
    with pytest.raises(ValueError, match="overlap"):
        fast(speed_factors=twice)
