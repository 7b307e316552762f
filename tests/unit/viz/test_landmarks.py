from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from twin.viz.landmarks import RING_AT, RING_HIGH_M, RING_INNER_M, RING_OUTER_M, arcades, expo_ring, raised_ring
from twin.viz.run_view import Streets
from twin.viz.shapes import Frame

RING = Frame(*RING_AT)
ARCADE = Frame(135.5014, 34.6719)


def test_the_ring_covers_the_ground_between_its_two_circles():
    ring = expo_ring(RING)
    assert ring.area == pytest.approx(np.pi * (RING_OUTER_M**2 - RING_INNER_M**2), rel=0.01)
    assert not ring.contains(shapely.Point(0, 0))
    assert ring.contains(shapely.Point(0, (RING_OUTER_M + RING_INNER_M) / 2))


@pytest.mark.parametrize(("day", "stands"), [("2025-04-13", 2), ("2025-10-13", 2), ("2025-10-14", 0), ("", 0)])
def test_the_ring_stands_on_days_of_the_exhibition_alone(day, stands):
    ring = raised_ring(day, RING)
    assert len(ring) == stands
    assert not stands or ring.top_m.max() == RING_HIGH_M
    assert shapely.area(ring.polygons).sum() == pytest.approx(expo_ring(RING).area if stands else 0.0, rel=1e-6)


def arcade_run(run_view, lat_from, name):
    """A shopping street of 180 m, both directions of its two pieces."""
    points = ARCADE.degrees(np.array([[0.0, 0.0], [0.0, 90.0], [0.0, 180.0]]))
    points[:, 1] += lat_from - ARCADE.lat_deg
    ends = [(0, 1), (1, 0), (1, 2), (2, 1)]
    at = np.array([points[i] for pair in ends for i in pair])
    walk = Streets(2 * np.arange(5), at[:, 0], at[:, 1], np.zeros(4, np.int64), np.full(4, 11.0))
    return replace(run_view, walk=walk, street_names={"walk": np.full(4, name)})


def test_ribs_stand_across_a_roofed_street_at_even_steps_and_once(run_view):
    ribs = arcades(arcade_run(run_view, 34.6700, "心斎橋筋"), ARCADE)
    assert len(ribs) == 20
    assert shapely.area(ribs.polygons) == pytest.approx(np.full(20, 5.5))
    assert (ribs.base_m > 3).all()  # people pass below
    west, south, east, north = shapely.bounds(ribs.polygons).T
    assert east - west == pytest.approx(np.full(20, 11.0))
    assert north - south == pytest.approx(np.full(20, 0.5))


@pytest.mark.parametrize(("lat", "name"), [(34.6790, "心斎橋筋"), (34.6700, "御堂筋")])
def test_streets_under_the_open_sky_have_no_ribs(run_view, lat, name):
    assert len(arcades(arcade_run(run_view, lat, name), ARCADE)) == 0
