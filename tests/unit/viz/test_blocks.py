from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from twin.viz.blocks import LARGEST_M2, SMALLEST_M2, VERGE_M, blocks_between
from twin.viz.run_view import Streets

#: Metres per degree of longitude and latitude at the corner where the streets of these tests begin.
WEST, SOUTH = 135.53, 34.64
METRES = np.array([np.cos(np.radians(SOUTH)), 1.0]) * np.pi * 6_378_137 / 180
LANE_M = 3.0


def streets(*lines, lanes=2):
    """Streets from polylines in metres east and north of the corner."""
    points = np.array([p for line in lines for p in line], np.float64) / METRES + (WEST, SOUTH)
    ptr = np.concatenate([[0], np.cumsum([len(line) for line in lines])])
    return Streets(ptr, points[:, 0], points[:, 1], np.full(len(lines), lanes))


def grid(columns, rows, step_m):
    across = [[(0, r * step_m), (columns * step_m, r * step_m)] for r in range(rows + 1)]
    along = [[(c * step_m, 0), (c * step_m, rows * step_m)] for c in range(columns + 1)]
    return across + along


def shapes(blocks):
    degrees = np.stack([blocks.lon_deg, blocks.lat_deg], axis=1)
    corners = (degrees - (WEST, SOUTH)) * METRES
    return [shapely.Polygon(corners[a:b]) for a, b in zip(blocks.vertex_ptr[:-1], blocks.vertex_ptr[1:], strict=True)]


def find(network, **options):
    return blocks_between(network, lane_width_m=LANE_M, **options)


@pytest.mark.parametrize("lanes", [1, 2, 6])
def test_a_block_ends_where_the_lanes_and_the_verge_begin(lanes):
    # 300 m to the middle of the streets, less half the lanes and the verge on both sides.
    (block,) = shapes(find(streets(*grid(1, 1, 300.0), lanes=lanes)))
    side_m = 300 - 2 * (lanes * LANE_M / 2 + VERGE_M)
    assert block.area == pytest.approx(side_m**2, rel=1e-3)
    assert block.bounds == pytest.approx([(300 - side_m) / 2] * 2 + [(300 + side_m) / 2] * 2, abs=0.1)


def test_a_grid_gives_a_block_for_each_mesh_and_none_outside():
    blocks = find(streets(*grid(7, 4, 90.0)))
    assert len(blocks.vertex_ptr) - 1 == blocks.found_count == 28


def test_streets_stay_free_of_blocks():
    rng = np.random.default_rng(7)
    lines = [rng.uniform(0, 1500, (3, 2)).tolist() for _ in range(40)]
    network = streets(*lines, lanes=4)
    found = shapes(find(network))
    assert len(found) > 30
    # The way there and back is one projection; simplified corners may move by a metre.
    ground = shapely.union_all([shapely.LineString(line).buffer(4 * LANE_M / 2 + VERGE_M - 1.5) for line in lines])
    assert max(block.intersection(ground).area for block in found) < 1.0


def test_a_dead_end_cuts_into_its_block():
    whole = shapes(find(streets(*grid(1, 1, 200.0))))
    cut = shapes(find(streets(*grid(1, 1, 200.0), [(0, 100), (120, 100)])))
    assert len(cut) == len(whole) == 1
    assert cut[0].area < whole[0].area - 100 * 2 * LANE_M


def test_medians_slivers_and_what_is_no_block_any_more_are_left_out():
    wide = np.sqrt(LARGEST_M2) + 50
    assert find(streets(*grid(1, 1, wide))).found_count == 0
    assert find(streets(*grid(1, 1, wide - 60))).found_count == 1
    small = np.sqrt(SMALLEST_M2) + 2 * (LANE_M + VERGE_M)
    assert find(streets(*grid(1, 1, small - 1))).found_count == 0
    assert find(streets(*grid(1, 1, small + 1))).found_count == 1
    # 400 m of ground 5 m wide is a median however large.
    median = [[(0, 0), (412, 0), (412, 17), (0, 17), (0, 0)]]
    assert find(streets(*median)).found_count == 0


def test_streets_without_a_loop_have_no_blocks():
    for network in (Streets.none(), streets([(0, 0), (500, 0)]), streets([(0, 0), (90, 0)], [(90, 0), (90, 90)])):
        assert find(network).found_count == 0
        assert find(network).vertex_ptr.tolist() == [0]


def test_the_largest_blocks_are_kept_and_the_others_counted():
    lines = grid(4, 4, 100.0) + [[(x + 2000, y) for x, y in line] for line in grid(2, 2, 200.0)]
    blocks = find(streets(*lines), budget=4)
    assert blocks.found_count == 20
    assert [round(shape.bounds[0] / 1000) for shape in shapes(blocks)] == [2] * 4


def test_blocks_do_not_depend_on_the_order_of_streets_nor_on_their_direction():
    lines = grid(5, 3, 110.0)
    there = find(streets(*lines))
    back = find(streets(*[line[::-1] for line in lines[::-1]]))
    assert there.vertex_ptr.tolist() == back.vertex_ptr.tolist()
    assert there.lon_deg == pytest.approx(back.lon_deg, abs=1e-8)
    assert there.lat_deg == pytest.approx(back.lat_deg, abs=1e-8)


def test_the_same_streets_give_the_same_bytes(run_view):
    first, again = find(run_view.drive), find(run_view.drive)
    assert first.lon_deg.tobytes() == again.lon_deg.tobytes()
    assert first.lat_deg.tobytes() == again.lat_deg.tobytes()


def test_outlines_are_closed_and_clockwise(run_view):
    blocks = find(run_view.drive)
    for a, b in zip(blocks.vertex_ptr[:-1], blocks.vertex_ptr[1:], strict=True):
        ring = shapely.LinearRing(np.stack([blocks.lon_deg[a:b], blocks.lat_deg[a:b]], axis=1))
        assert not ring.is_ccw
        assert (blocks.lon_deg[a], blocks.lat_deg[a]) == (blocks.lon_deg[b - 1], blocks.lat_deg[b - 1])


def test_a_number_of_lanes_that_no_street_has_does_not_swallow_the_city():
    network = streets(*grid(3, 3, 120.0))
    wild = replace(network, lanes=np.array([10**9] + [2] * 7))
    below = replace(network, lanes=np.array([-(10**9)] + [2] * 7))
    assert find(wild).found_count == find(below).found_count == 9


def test_a_line_without_length_does_no_harm():
    spot = streets(*grid(2, 2, 120.0), [(60, 60), (60, 60)])
    assert find(spot).found_count >= 4
