from __future__ import annotations

import numpy as np
import pytest

from twin.viz.pavement import CLEAR_M, room_beside
from twin.viz.run_view import Streets
from twin.viz.shapes import Frame

ORIGIN = (135.50, 34.69)


def degrees(points):
    return Frame(*ORIGIN).degrees(np.array(points, np.float64)).T


def walk(*lines, widths):
    lon, lat = degrees([p for line in lines for p in line])
    ptr = np.concatenate([[0], np.cumsum([len(line) for line in lines])])
    return Streets(ptr, lon, lat, np.zeros(len(lines), np.int64), np.array(widths, np.float64))


def test_a_step_has_the_room_of_the_footpath_it_lies_on_and_the_last_none():
    paths = walk([(0, 0), (100, 0)], [(100, 0), (100, 80)], widths=[6.0, 3.0])
    room = room_beside(*degrees([(10, 0), (60, 0), (100, 0), (100, 50)]), paths, ORIGIN)
    assert room == pytest.approx([3 - CLEAR_M, 3 - CLEAR_M, 1.5 - CLEAR_M, 0.0])


def test_off_every_footpath_there_is_no_room():
    paths = walk([(0, 0), (100, 0)], widths=[6.0])
    assert room_beside(*degrees([(10, 40), (60, 40)]), paths, ORIGIN).tolist() == [0.0, 0.0]


def test_where_footpaths_lie_over_one_another_the_narrowest_holds():
    paths = walk([(0, 0), (100, 0)], [(0, 0.1), (100, 0.1)], widths=[12.0, 2.0])
    assert room_beside(*degrees([(10, 0), (60, 0)]), paths, ORIGIN)[0] == pytest.approx(1.0 - CLEAR_M)


@pytest.mark.parametrize("width", [np.nan, 0.0, -3.0])
def test_a_width_that_is_none_counts_as_a_narrow_path(width):
    paths = walk([(0, 0), (100, 0)], widths=[width])
    assert room_beside(*degrees([(10, 0), (60, 0)]), paths, ORIGIN)[0] == pytest.approx(1.25 - CLEAR_M)
