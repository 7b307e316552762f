"""Edits with hours: rows of states in the order of time, and conflicts by the hour."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.city.avenue import avenue
from tests.unit.city.test_edits import edit, section
from twin.city.editing.edits import apply_edits
from twin.errors import ScenarioError

H = 3600.0


@pytest.fixture
def town(build):
    return build(avenue())


def test_a_closure_opens_again_and_comes_back_every_day(town):
    edited = apply_edits(town, [edit("close", span_s=(8 * H, 22 * H), **section(lanes="main"))])
    change, again, *later = edited.city.timed
    assert (change.time_s, change.is_open, change.capacity_factor, change.lanes) == (8 * H, False, 0.0, 4)
    assert (again.time_s, again.is_open, again.capacity_factor, again.lanes) == (22 * H, True, 1.0, 4)
    assert [c.time_s for c in later[:2]] == [32 * H, 46 * H]
    assert edited.city.drive is town.drive
    (touched,) = edited.touched
    assert (touched.span_s, touched.daily, dict(touched.new)) == ((8 * H, 22 * H), True, {"open": False})


def test_hours_of_one_day_do_not_come_back(town):
    edited = apply_edits(town, [edit("close", span_s=(16 * H, 22 * H), daily=False, **section(lanes="main"))])
    assert [c.time_s for c in edited.city.timed] == [16 * H, 22 * H]


def test_hours_that_meet_make_one_row_at_their_border(town):
    edited = apply_edits(
        town,
        [
            edit("set_speed", "a", (8 * H, 9 * H), daily=False, street="西筋", values={"speed_mps": 5.0}),
            edit("set_speed", "b", (9 * H, 10 * H), daily=False, street="西筋", values={"speed_mps": 4.0}),
        ],
    )
    one = edited.city.timed[0].link_index
    states = [(c.time_s / H, c.speed_mps) for c in edited.city.timed if c.link_index == one]
    assert states == [(8, 5.0), (9, 4.0), (10, pytest.approx(40 / 3.6))]


def test_hours_stand_on_what_always_holds(town):
    edited = apply_edits(
        town,
        [
            edit("set_lanes", "fewer", street="御堂筋", lanes="main", values={"lanes": 3}),
            edit("set_speed", "slow", (8 * H, 9 * H), street="御堂筋", lanes="main", values={"speed_mps": 5.0}),
        ],
    )
    assert {c.lanes for c in edited.city.timed} == {3}
    assert {c.capacity_factor for c in edited.city.timed} == {1.0}
    main = edited.city.drive.way_id == 1
    assert (edited.city.drive.lanes[main] == 3).all()
    assert np.array_equal(edited.city.drive.free_speed_mps, town.drive.free_speed_mps)


def test_lanes_by_the_hour_scale_the_capacity(town):
    edited = apply_edits(town, [edit("set_lanes", span_s=(0.0, H), **section(lanes="main"), values={"add": -1})])
    assert [(c.time_s, c.lanes, c.capacity_factor) for c in edited.city.timed[:2]] == [(0.0, 3, 0.75), (H, 4, 1.0)]


def test_rows_are_in_the_order_of_time_and_link(town):
    edited = apply_edits(town, [edit("close", span_s=(8 * H, 9 * H), street="御堂筋")])
    keys = [(c.time_s, c.link_index) for c in edited.city.timed]
    assert keys == sorted(keys)
    assert len(keys) == 6 * 2 * 8


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [
        ((8 * H, 10 * H), (9 * H, 11 * H), True),
        ((8 * H, 10 * H), (10 * H, 11 * H), False),
        ((22 * H, 26 * H), (1 * H, 3 * H), True),
        (None, (9 * H, 11 * H), True),
    ],
)
def test_different_wishes_clash_only_where_their_hours_meet(town, first, second, clash):
    edits = [
        edit("set_speed", name, span, street="西筋", values={"speed_mps": speed})
        for name, span, speed in (("a", first, 5.0), ("b", second, 6.0))
    ]
    if clash:
        with pytest.raises(ScenarioError, match="different speed"):
            apply_edits(town, edits)
    else:
        assert apply_edits(town, edits).city.timed
