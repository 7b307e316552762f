"""Drives whose times change over the day, against driving them second by second."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.models.transit.town import BUSY, assert_same, build, finish, merged
from twin.boards import LINK_TIME_PROFILE_S, LINK_TIME_S
from twin.engine.checkpoint import read_checkpoint, write_checkpoint
from twin.models.transit.fleet.rows import new_times, with_slices
from twin.models.transit.fleet.time_kernels import drive_s, leave_by_s, rest_of_drive_s, share_done

#: Free until 1,000 s, slow until 2,500 s, very slow for a moment, free again.
FROM_S = np.array([0.0, 1000.0, 2500.0, 2600.0])
FACTOR = np.array([1.0, 3.0, 10.0, 1.0])
FREE_S = 400.0


def changing():
    between = np.array([[0.0, FREE_S], [FREE_S / 2, 0.0]])
    return with_slices(new_times(between, np.arange(2)), FROM_S, np.arange(4), FACTOR[:, None, None] * between)


def by_steps(leave_s, step_s=0.01):
    """Drive in small steps, each doing its share of the drive."""
    at_s, left = leave_s, 1.0
    while left > 0:
        row = np.searchsorted(FROM_S, at_s, side="right") - 1
        left -= step_s / (FREE_S * FACTOR[row])
        at_s += step_s
    return at_s - leave_s


@pytest.mark.parametrize("leave_s", [0.0, 590.0, 700.0, 999.0, 1000.0, 2400.0, 2599.0, 3000.0])
def test_a_drive_is_as_long_as_driving_it_in_small_steps(leave_s):
    assert drive_s(changing(), leave_s, 0, 1) == pytest.approx(by_steps(leave_s), abs=0.1)


def test_who_sets_off_first_is_there_first_and_setting_off_as_late_as_can_be_is_in_time():
    times = changing()
    leave = np.linspace(0.0, 4000.0, 801)
    there = np.array([at_s + drive_s(times, at_s, 0, 1) for at_s in leave])
    assert (np.diff(there) > 0).all()
    back = np.array([leave_by_s(times, by_s, 0, 1) for by_s in there])
    np.testing.assert_allclose(back, leave, atol=1e-6)


def test_shares_of_a_drive_add_up_and_the_rest_of_one_is_what_is_left():
    times = changing()
    for leave_s in (300.0, 950.0, 2450.0):
        there = leave_s + drive_s(times, leave_s, 0, 1)
        middle = leave_s + 0.4 * (there - leave_s)
        done = share_done(times, leave_s, middle, 0, 1)
        assert done + share_done(times, middle, there, 0, 1) == pytest.approx(1.0)
        assert middle + rest_of_drive_s(times, middle, 1.0 - done, 0, 1) == pytest.approx(there)


def test_one_slice_is_a_matrix_that_holds_always_and_no_way_stays_none():
    between = np.array([[0.0, 60.0, np.inf], [70.0, 0.0, np.inf], [np.inf, np.inf, 0.0]])
    fixed = new_times(between, np.arange(3))
    assert drive_s(fixed, 5.0, 0, 1) == 60.0
    assert leave_by_s(fixed, 100.0, 1, 0) == 30.0
    for times in (fixed, with_slices(fixed, np.array([0.0, 50.0]), np.array([0, 0]), between[None])):
        assert drive_s(times, 5.0, 0, 2) == np.inf
        assert leave_by_s(times, 100.0, 0, 2) == -np.inf
        assert drive_s(times, 49.0, 1, 1) == 0.0


HOUR_S = 3600.0
#: From nine on every street is slow; at half past ten it is free again.
SLOW = {"speed_factors": [{"hours": "09:00-10:30", "factor": 0.4}]}


def ahead(strategy, forecast):
    """A busy service of which many rides are booked ahead, tight enough for promises to break."""
    dispatch = {"strategy": strategy, **({} if forecast is None else {"forecast": forecast})}
    return {**BUSY, "booking": {"ahead_share": 0.6, "no_show_share": 0.05, "cancel_share": 0.05}, "dispatch": dispatch}


def late_rows(tables):
    rows = tables["transit_requests"]
    served = rows["outcome"] == "served"
    late = rows["pickup_s"] > rows["promised_pickup_s"] + 0.1
    late |= rows["dropoff_s"] - rows["pickup_s"] > rows["promised_ride_s"] + 0.1
    warned = ~np.isnan(rows["pickup_warned_s"]) | ~np.isnan(rows["ride_warned_s"])
    return int(served.sum()), int((late & served).sum()), int(warned.sum())


@pytest.mark.parametrize("strategy", ["cheapest_insertion", "reoptimise"])
def test_on_a_road_that_does_what_was_expected_no_promise_breaks_and_nobody_is_warned(strategy):
    blind = late_rows(finish(*build(ahead(strategy, None), road=SLOW)))
    assert blind[1] > 10
    assert blind[2] > 10
    # Without any reserve: the forecast alone does it.
    served, broken, warned = late_rows(finish(*build(ahead(strategy, {"reserve_s": 0}), road=SLOW)))
    assert (broken, warned) == (0, 0)
    assert served > 0.5 * blind[0]


def test_a_forecast_changes_nothing_on_a_road_without_hours():
    usual = finish(*build(ahead("reoptimise", None)))
    assert_same(usual, finish(*build(ahead("reoptimise", {"reserve_s": 0, "reserve_weight": 0}))))


def test_a_run_with_a_forecast_taken_up_from_a_checkpoint_gives_the_same_bytes(tmp_path):
    params = ahead("reoptimise", {"reserve_s": 60})
    usual = finish(*build(params, road=SLOW))
    model, transit = build(params, road=SLOW)
    parts = []
    while model.now_s < 9.4 * HOUR_S:
        model.step()
    parts.append(transit.drain_tables())
    write_checkpoint(tmp_path / "at.npz", model.state())
    again, resumed = build(params, road=SLOW)
    again.restore(read_checkpoint(tmp_path / "at.npz"))
    assert_same(usual, merged([*parts, finish(again, resumed)]))


def test_the_road_says_its_hours_beforehand_as_they_then_are():
    model, transit = build(BUSY, road=SLOW, start_s=8.9 * HOUR_S)
    profile = np.asarray(transit._channels.board(LINK_TIME_PROFILE_S.name, model.now_s))
    assert profile[:, 0].tolist() == [0.0, 9 * HOUR_S, 10.5 * HOUR_S]
    for hour, row in ((8.9, 0), (9.1, 1)):
        while model.now_s < hour * HOUR_S:
            model.step()
        np.testing.assert_array_equal(profile[row, 1:], transit._channels.board(LINK_TIME_S.name, model.now_s))
    _, transit = build(BUSY)
    assert not transit._channels.has_board(LINK_TIME_PROFILE_S.name)
