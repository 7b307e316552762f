from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from twin.columns import TABLES
from twin.viz.packs import unpack_columns
from twin.viz.queue_line import queue_pack
from twin.viz.run_view import Traces


def table(**columns):
    count = len(columns["time_s"])
    zero = {c.name: np.zeros(count, c.dtype) for c in TABLES["terminal_queue"].columns}
    return zero | {name: np.array(values) for name, values in columns.items()}


def test_of_several_changes_at_one_instant_the_last_holds(run_view):
    rows = table(
        time_s=[28800.0, 28860.0, 28860.0],
        change=[0, 1, 2],
        trucks_in_line=[1, 2, 5],
        metres_on_road_m=[0.0, 18.0, 72.3],
    )
    pack = unpack_columns(queue_pack(replace(run_view, tables={"terminal_queue": rows}))["pack"])
    assert pack["time"].tolist() == [0, 6000]
    assert pack["trucks"].tolist() == [1, 5]
    assert pack["metres_dm"].tolist() == [0, 723]


def test_the_line_runs_from_the_gate_back_along_the_way_trucks_came(run_view, demo):
    path = np.array(queue_pack(run_view)["path"])
    assert path[0] == pytest.approx(demo.GATE_ROAD[-1], abs=2e-6)
    assert path == pytest.approx(np.array(demo.GATE_ROAD[::-1]), abs=2e-6)


def trucks_on(*ways):
    """One trip per way, 10 s between points."""
    rows = [(trip, 10.0 * i, lon, lat) for trip, way in enumerate(ways) for i, (lon, lat) in enumerate(way)]
    trip, time_s, lon, lat = (np.array(column) for column in zip(*rows, strict=True))
    count = len(rows)
    return Traces(
        np.full(count, 3, np.uint8),
        np.full(count, 4 << 56, np.uint64),
        trip.astype(np.int32),
        time_s,
        lon,
        lat,
        np.zeros(count, np.uint8),
    )


def test_the_way_out_is_never_taken_for_the_way_in(run_view, demo):
    way_in = demo.GATE_ROAD[1:]
    way_out = demo.GATE_ROAD[::-1]
    found = queue_pack(replace(run_view, traces=trucks_on(way_in, way_out)))
    assert np.array(found["path"]) == pytest.approx(np.array(way_in[::-1]))


def test_of_two_gates_the_queue_stands_at_the_one_trucks_come_to(run_view, demo):
    out_gate = replace(run_view.places[7], id="osaka_yumeshima/gate/0", lon_deg=135.3930)
    assert run_view.places[7].kind == "gate"
    view = replace(run_view, places=(out_gate, *run_view.places), traces=trucks_on(demo.GATE_ROAD))
    assert queue_pack(view)["gate"] == pytest.approx(demo.GATE_ROAD[-1])


def test_without_any_truck_on_the_road_the_queue_has_no_line_but_a_gate(run_view):
    found = queue_pack(replace(run_view, traces=Traces.none()))
    assert found["path"] == []
    assert found["gate"] == [135.3936, 34.6492]


def test_a_run_without_a_queue_or_a_gate_has_none(run_view):
    assert queue_pack(replace(run_view, tables={})) is None
    assert queue_pack(replace(run_view, places=())) is None
