from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from twin.columns import TABLES
from twin.engine.ids import Kind, make_id
from twin.viz.packs import SECOND_STEP, unpack_columns
from twin.viz.port import gate_shapes
from twin.viz.shapes import Frame
from twin.viz.terminal_life import LANE_PITCH_M, gate_lanes, terminal_packs, waits_of_trips
from twin.viz.trips import trip_starts

FRAME = Frame(135.4, 34.65)
HOUR = 3600.0
#: Two groups of lanes, named out of order.
CONSTANTS = {"name": np.array(["lane:1:B", "fuel", "lane:0:A"]), "value": np.array([2.0, 0.1, 3.0])}


def visits(*rows):
    """Visits (truck, class, kind, boxes, group, lane, join, gate from, gate to, out); the other columns are 0."""
    table = {column.name: np.zeros(len(rows), column.dtype) for column in TABLES["terminal_visits"].columns}
    names = [
        "id",
        "served_as",
        "kind",
        "moves_count",
        "lane_group",
        "lane",
        "join_s",
        "gate_start_s",
        "gate_end_s",
        "out_s",
    ]
    for name, values in zip(names, zip(*rows, strict=True), strict=True):
        made = [make_id(Kind.TRUCK, 1, v) for v in values] if name == "id" else values
        table[name] = np.array(made, table[name].dtype)
    return table


@pytest.fixture
def run(run_view):
    rows = [
        (2, 1, 1, 2, 1, 0, 8.0 * HOUR, 8.2 * HOUR, 8.3 * HOUR, 8.6 * HOUR),  # brings one, fetches one
        (1, 0, 0, 1, 0, 2, 8.1 * HOUR, 8.3 * HOUR, 8.4 * HOUR, 8.5 * HOUR),  # fetches one
        (3, 0, 2, 1, -1, -1, 8.2 * HOUR, np.nan, np.nan, 8.4 * HOUR),  # is turned away
    ]
    return replace(run_view, tables={"terminal_visits": visits(*rows), "terminal_constants": CONSTANTS})


def test_services_stand_lane_by_lane_with_the_state_their_trucks_are_shown_in(run):
    gate = unpack_columns(terminal_packs(run)["gate"])
    assert gate["lane"].tolist() == [2, 3]
    assert [run.body_states["truck"][s] for s in gate["state"]] == ["ordinary", "booked"]
    assert (gate["start"] * SECOND_STEP + run.from_s).tolist() == pytest.approx([8.3 * HOUR, 8.2 * HOUR])


def test_boxes_are_counted_when_their_truck_leaves_and_not_for_who_is_turned_away(run):
    boxes = unpack_columns(terminal_packs(run)["boxes"])
    assert (boxes["time"] * SECOND_STEP + run.from_s).tolist() == pytest.approx([8.5 * HOUR, 8.6 * HOUR])
    assert boxes["net"].tolist() == [-1, -1]


def test_the_line_counts_who_waits_and_who_waits_without_a_box(run):
    line = unpack_columns(terminal_packs(run)["line"])
    at_h = (line["time"] * SECOND_STEP + run.from_s) / HOUR
    assert at_h.tolist() == pytest.approx([8.0, 8.1, 8.2, 8.2, 8.3, 8.4])
    assert line["trucks"][[0, 1, 3, 4, 5]].tolist() == [1, 2, 2, 1, 0]
    assert line["bare"][[0, 1, 4, 5]].tolist() == [0, 1, 1, 0]


def test_a_run_without_visits_has_neither(run_view):
    assert terminal_packs(run_view) == {}


def test_lanes_lie_side_by_side_across_the_way_in(run):
    gate = FRAME.degrees(np.array([[0.0, 0.0]]))[0]
    way = FRAME.degrees(np.array([[0.0, 0.0], [-5.0, 0.0], [-80.0, 0.0]]))
    lanes = gate_lanes(run, gate, way, FRAME)
    assert lanes.angle_rad == pytest.approx(0.0, abs=1e-6)
    assert lanes.at_m[:, 0] == pytest.approx(0.0, abs=1e-3)
    # The first lane is the one at the left.
    assert lanes.at_m[:, 1] == pytest.approx(LANE_PITCH_M * np.array([2, 1, 0, -1, -2]), abs=1e-3)
    shapes, apron = gate_shapes(lanes)
    assert len(shapes) == 1 + len(lanes.at_m)
    assert apron.contains(shapes.polygons[0])


def test_without_lanes_there_is_no_gate_to_draw(run_view):
    assert gate_lanes(run_view, np.array([135.4, 34.65]), np.empty((0, 2)), FRAME) is None


def test_a_truck_is_one_of_the_terminals_from_joining_the_line_to_leaving(run):
    starts = trip_starts(run.traces)[:-1]
    from_s, to_s, comes, leaves = waits_of_trips(run, run.traces, starts)
    box = {int(run.traces.id[row]): (a, b) for row, a, b in zip(starts, comes, leaves, strict=True)}
    # One that fetches comes bare; one that is turned away leaves as it came; of a stranger nothing is known.
    assert box[make_id(Kind.TRUCK, 1, 1)] == (False, True)
    assert box[make_id(Kind.TRUCK, 1, 3)] == (False, False)
    assert box[make_id(Kind.TRUCK, 1, 7)] == (True, True)
    of = {int(run.traces.id[row]): (a, b) for row, a, b in zip(starts, from_s, to_s, strict=True)}
    assert of[make_id(Kind.TRUCK, 1, 1)] == (8.1 * HOUR, 8.5 * HOUR)
    assert of[make_id(Kind.TRUCK, 1, 3)] == (8.2 * HOUR, 8.4 * HOUR)
    assert of[make_id(Kind.TRUCK, 1, 7)] == (-1.0, -1.0)
