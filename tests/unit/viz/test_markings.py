from __future__ import annotations

import numpy as np
import pytest
import shapely

from twin.viz.markings import street_marks
from twin.viz.run_view import Streets
from twin.viz.shapes import Frame

FRAME = Frame(135.5, 34.69)
LANE_M = 3.25


def streets(*lines, width_m=None):
    """Links (lanes, corners in metres)."""
    corners = FRAME.degrees(np.array([c for _, line in lines for c in line], np.float64))
    ptr = np.concatenate([[0], np.cumsum([len(line) for _, line in lines])])
    lanes = np.array([lanes for lanes, _ in lines])
    return Streets(ptr, corners[:, 0], corners[:, 1], lanes, width_m)


def both_ways(lanes, *corners):
    return [(lanes, corners), (lanes, corners[::-1])]


NOWHERE = streets((0, [(0, 500), (1, 500)]))


def test_a_two_way_street_has_a_middle_line_and_lines_between_the_lanes_of_each_direction():
    marks = street_marks(streets(*both_ways(2, (0, 0), (100, 0))), NOWHERE, FRAME, LANE_M)
    assert [line.bounds[1] for line in marks.solid] == pytest.approx([0.0], abs=0.01)
    assert sorted(line.bounds[1] for line in marks.dashed) == pytest.approx([-LANE_M, LANE_M], abs=0.01)


def test_a_one_way_street_of_three_lanes_has_two_lines_and_no_middle():
    marks = street_marks(streets((3, [(0, 0), (100, 0)])), NOWHERE, FRAME, LANE_M)
    assert len(marks.solid) == 0
    assert sorted(line.bounds[1] for line in marks.dashed) == pytest.approx([-LANE_M / 2, LANE_M / 2], abs=0.01)


def test_lines_end_before_a_junction_and_stop_lines_lie_on_the_left():
    cross = [*both_ways(1, (0, 0), (100, 0)), *both_ways(1, (100, 0), (200, 0)), *both_ways(2, (100, 0), (100, 90))]
    marks = street_marks(streets(*cross), NOWHERE, FRAME, LANE_M)
    assert all(shapely.distance(line, shapely.Point(100, 0)) >= 2 * LANE_M for line in [*marks.dashed, *marks.solid])
    # Who comes from the west stops on the north side, left of its way east.
    west = [line for line in marks.solid if 80 < line.bounds[0] < 100 and line.bounds[2] - line.bounds[0] < 1]
    assert [line.bounds[1] >= 0 for line in west] == [True]


def test_a_footpath_across_a_carriageway_is_a_crossing_from_kerb_to_kerb():
    road = streets(*both_ways(2, (0, 0), (100, 0)))
    marks = street_marks(road, streets((0, [(50, -20), (50, 20)])), FRAME, LANE_M)
    assert [line.length for line in marks.zebra] == pytest.approx([4 * LANE_M], rel=0.01)


@pytest.mark.parametrize("path", [[(0, 20), (100, 20)], [(-80, -20), (180, 20)], [(50, -90), (50, 90)]])
def test_what_runs_beside_along_or_far_over_a_street_is_none(path):
    road = streets(*both_ways(2, (0, 0), (100, 0)))
    assert len(street_marks(road, streets((0, path)), FRAME, LANE_M).zebra) == 0


def test_no_streets_have_no_marks():
    marks = street_marks(Streets.none(), Streets.none(), FRAME, LANE_M)
    assert [len(marks.dashed), len(marks.solid), len(marks.zebra)] == [0, 0, 0]
