from __future__ import annotations

import numpy as np

from twin.viz.packs import unpack_columns
from twin.viz.run_view import Traces
from twin.viz.trips import sampled_trips, standing_between_drives, trip_starts, trips_pack


def many_trips(count):
    ids = np.arange(count, dtype=np.uint64) | np.uint64(5 << 56)
    two = np.repeat(np.arange(count), 10)
    return Traces(
        np.full(10 * count, 4, np.uint8),
        ids[two],
        np.zeros(10 * count, np.int32),
        np.tile(np.arange(10.0), count),
        np.full(10 * count, 135.5),
        np.full(10 * count, 34.7),
        np.zeros(10 * count, np.uint8),
    )


def test_too_many_points_leave_whole_trips_out_until_they_fit():
    traces = many_trips(5000)
    starts = trip_starts(traces)
    kept = sampled_trips(traces, starts, 20_000)
    assert kept.sum() == 2000
    # Regular ids must not give a regular choice: every tenth of them keeps its share, within five deviations.
    per_tenth = kept.reshape(10, 500).sum(axis=1)
    assert np.all(np.abs(per_tenth - 200) < 5 * np.sqrt(500 * 0.4 * 0.6))


def test_the_same_bodies_are_chosen_whatever_else_is_in_the_run():
    few, more = many_trips(1000), many_trips(1001)
    kept_few = sampled_trips(few, trip_starts(few), 5000)
    kept_more = sampled_trips(more, trip_starts(more), 5000)
    # One body more takes at most the place of one other.
    assert np.sum(kept_few != kept_more[:1000]) <= 1


def drives(*legs, body=1):
    """Points of one body: a leg is (trip, state, [(time, lon, lat), …])."""
    rows = [(trip, state, *point) for trip, state, points in legs for point in points]
    trip, state, time_s, lon, lat = (np.array(column) for column in zip(*rows, strict=True))
    return Traces(
        np.full(len(rows), body, np.uint8),
        np.full(len(rows), 7, np.uint64),
        trip.astype(np.int32),
        time_s.astype(float),
        lon,
        lat,
        state.astype(np.uint8),
    )


A, B, C = (135.50, 34.69), (135.51, 34.69), (135.52, 34.69)
TO_B = (0, 1, [(0, *A), (60, *B)])
TO_C = (1, 0, [(600, *B), (660, *C)])
BACK = (2, 1, [(700, *C), (800, *B)])


def test_a_van_stands_where_it_arrived_until_it_leaves_in_the_state_it_leaves_in():
    joined = standing_between_drives(drives(TO_B, TO_C, BACK))
    assert trip_starts(joined).tolist() == [0, 6]
    assert joined.state.tolist() == [1, 0, 0, 1, 1, 1]
    assert joined.time_s.tolist() == [0, 60, 600, 660, 700, 800]


def test_a_van_that_sets_out_elsewhere_is_not_dragged_there():
    elsewhere = (1, 0, [(600, *A), (660, *C)])
    assert trip_starts(standing_between_drives(drives(TO_B, elsewhere))).tolist() == [0, 2, 4]


def test_only_vans_stand_between_their_drives():
    cars = drives(TO_B, TO_C, body=0)
    assert standing_between_drives(cars) is cars


def test_a_chain_ends_where_the_van_is_another():
    traces = drives(TO_B, TO_C, BACK)
    traces.id[2:] = 8
    assert trip_starts(standing_between_drives(traces)).tolist() == [0, 2, 6]


def test_a_trip_of_one_point_is_left_out():
    traces = drives(TO_B, (5, 0, [(900, *A)]))
    pack, kept = trips_pack(traces, trip_starts(traces), np.ones(2, np.bool_), A, 0.0)
    assert kept == 1
    assert unpack_columns(pack)["start"].tolist() == [0, 2]
