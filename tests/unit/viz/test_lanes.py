from __future__ import annotations

import numpy as np
import pytest

from tests.unit.viz.test_markings import FRAME, both_ways, streets
from twin.viz.lanes import LANE_WIDTH_M, lanes_beside
from twin.viz.run_view import Streets

ORIGIN = (FRAME.lon_deg, FRAME.lat_deg)


def beside(drive, *points):
    lon, lat = FRAME.degrees(np.array(points, np.float64)).T
    kerb_m, lanes = lanes_beside(lon, lat, drive, ORIGIN, LANE_WIDTH_M)
    return kerb_m[:-1] / LANE_WIDTH_M, lanes[:-1]


@pytest.mark.parametrize(("lanes", "kerb"), [(1, 0.5), (2, 1.5), (3, 2.5)])
def test_in_a_two_way_street_the_kerb_lane_lies_on_the_side_of_its_direction(lanes, kerb):
    kerb_lanes, found = beside(streets(*both_ways(lanes, (0, 0), (100, 0))), (0, 0), (100, 0), (0, 0))
    assert kerb_lanes == pytest.approx([kerb, kerb])
    assert found.tolist() == [lanes, lanes]


@pytest.mark.parametrize(("lanes", "kerb"), [(1, 0.0), (2, 0.5), (5, 2.0)])
def test_lanes_of_a_one_way_street_lie_on_both_sides_of_its_middle(lanes, kerb):
    kerb_lanes, found = beside(streets((lanes, [(0, 0), (100, 0)])), (0, 0), (100, 0))
    assert kerb_lanes == pytest.approx([kerb])
    assert found.tolist() == [lanes]


def test_who_stands_or_is_on_no_street_keeps_to_the_middle():
    kerb, found = beside(streets((2, [(0, 0), (100, 0)])), (50, 40), (60, 40), (60, 40))
    assert kerb.tolist() == [0.0, 0.0]
    assert found.tolist() == [1, 1]


def test_a_street_across_the_way_is_not_the_street_of_the_step():
    drive = streets((5, [(50, -100), (50, 100)]), (1, [(0, 0), (50, 0), (100, 0)]))
    assert beside(drive, (0, 0), (50, 0), (100, 0))[1].tolist() == [1, 1]


def test_without_streets_nobody_is_moved_aside():
    kerb, lanes = lanes_beside(np.array([135.5, 135.6]), np.array([34.6, 34.6]), Streets.none(), ORIGIN, LANE_WIDTH_M)
    assert kerb.tolist() == [0.0, 0.0]
    assert lanes.tolist() == [1, 1]
