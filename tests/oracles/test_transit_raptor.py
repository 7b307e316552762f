"""RAPTOR against a naive search for earliest arrivals on random timetables: equal to the bit.

The slow twin is a label-setting search over (time, rides, stop): it knows no patterns, no rounds and no bounds, and
looks through every trip at every stop. It adds times in the same order, so that equal means equal.
"""

from __future__ import annotations

import datetime as dt
import heapq

import numpy as np
import pytest

from twin.engine.draws import event, make_stream, uniforms
from twin.models.transit.bus.journeys import Walks, arrivals_at_stops, find_journeys
from twin.models.transit.bus.timetable import Trip, make_timetable
from twin.scenario.tables.gtfs import read_feed

# Words of 64 bits wrap around by design; without the compiler numpy says so.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")

ROUNDS = 4


def draws(seed, count, what):
    return uniforms(make_stream(np.uint64(seed), f"test.{what}"), np.arange(count, dtype=np.uint64), event(0))


def random_case(seed, stops=14, trips=60, span_s=7200):
    """Trips over random stops, loops, overtaking, closed doors and equal times included; footpaths not closed."""
    u = iter(draws(seed, 40_000, "feed").tolist())
    shapes = []
    for _ in range(9):
        length = 2 + int(next(u) * 6)
        shape = [int(next(u) * stops)]
        while len(shape) < length:
            stop = int(next(u) * stops)
            if stop != shape[-1]:
                shape.append(stop)
        shapes.append(tuple(shape))
    out = []
    for n in range(trips):
        shape = shapes[int(next(u) * len(shapes))]
        # Whole minutes, so that many times are equal.
        at_s, arrival, departure = 60.0 * int(next(u) * span_s / 60), [], []
        for _ in shape:
            arrival.append(at_s)
            at_s += 60.0 * int(next(u) * 2)
            departure.append(at_s)
            at_s += 60.0 * int(next(u) * 6)
        closed = next(u) < 0.2
        board = tuple(0 if closed and next(u) < 0.3 else 1 for _ in shape)
        alight = tuple(0 if closed and next(u) < 0.3 else 1 for _ in shape)
        out.append(Trip("line", f"trip{n}", shape, tuple(arrival), tuple(departure), board, alight))
    walk_s = np.full((stops, stops), np.inf)
    for _ in range(stops):
        a, b = int(next(u) * stops), int(next(u) * stops)
        walk_s[a, b] = 30.0 + 300.0 * next(u)
    return out, walk_s, u


def naive(trips, stops, walk_s, depart_s, access, change_s, rounds=ROUNDS):
    """Earliest arrival by bus at each stop with at most 0, 1, … rides."""
    best = np.full((rounds + 1, stops), np.inf)
    settled = set()
    heap = [(depart_s + walk, 0, stop, "ready") for stop, walk in access]
    heapq.heapify(heap)
    while heap:
        at_s, rides, stop, kind = heapq.heappop(heap)
        if (rides, stop, kind) in settled:
            continue
        settled.add((rides, stop, kind))
        if kind == "arrived":
            best[rides:, stop] = np.minimum(best[rides:, stop], at_s)
            heapq.heappush(heap, (at_s + change_s, rides, stop, "ready"))
            for other in range(stops):
                if other != stop and np.isfinite(walk_s[stop, other]):
                    heapq.heappush(heap, (at_s + change_s + walk_s[stop, other], rides, other, "ready"))
            continue
        if rides == rounds:
            continue
        for trip in trips:
            for i, here in enumerate(trip.stop):
                if here == stop and trip.may_board[i] and trip.departure_s[i] >= at_s:
                    for j in range(i + 1, len(trip.stop)):
                        if trip.may_alight[j]:
                            heapq.heappush(heap, (trip.arrival_s[j], rides + 1, trip.stop[j], "arrived"))
    return best


def walks(rows):
    """Walks of several travellers, each a list of (stop, seconds)."""
    ptr = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    flat = [pair for row in rows for pair in row]
    return Walks(ptr, np.array([s for s, _ in flat], np.int32), np.array([w for _, w in flat], np.float64))


def ends(u, stops):
    return [(int(next(u) * stops), 60.0 + 240.0 * next(u)) for _ in range(1 + int(next(u) * 3))]


@pytest.mark.parametrize("seed", range(60))
def test_arrivals_equal_a_naive_search(seed):
    trips, walk_s, u = random_case(seed)
    stops, change_s = len(walk_s), 60.0 * (seed % 3)
    table = make_timetable(trips, stops, walk_s).table
    access = ends(u, stops)
    departures = np.sort(np.array([60.0 * int(next(u) * 100) for _ in range(6)]))
    stop, walk = (np.array(column) for column in zip(*access, strict=True))
    for rounds in (1, 2, ROUNDS):
        found = arrivals_at_stops(
            table, departures, stop.astype(np.int32), walk.astype(float), rounds=rounds, change_s=change_s
        )
        for row, depart_s in enumerate(departures):
            wanted = naive(trips, stops, walk_s, depart_s, access, change_s, rounds)[rounds]
            assert np.array_equal(found[row], wanted)


@pytest.mark.parametrize("seed", range(40))
def test_journeys_are_the_best_and_can_be_ridden(seed):
    trips, walk_s, u = random_case(1000 + seed)
    stops, change_s, worth_s = len(walk_s), 60.0, 300.0 * (seed % 2)
    table, ordered = make_timetable(trips, stops, walk_s)
    n = 8
    depart_s = np.array([60.0 * int(next(u) * 100) for _ in range(n)])
    access, egress = [ends(u, stops) for _ in range(n)], [ends(u, stops) for _ in range(n)]
    found = find_journeys(
        table, depart_s, walks(access), walks(egress), rounds=ROUNDS, change_s=change_s, ride_worth_s=worth_s,
        horizon_s=1e9,
    )  # fmt: skip
    for i in range(n):
        best = naive(trips, stops, walk_s, depart_s[i], access[i], change_s)
        wanted = min(best[k, s] + w + worth_s * (k - 1) for k in range(1, ROUNDS + 1) for s, w in egress[i])
        rides = int(found.rides[i])
        if not np.isfinite(wanted):
            assert not np.isfinite(found.arrive_s[i])
            assert (found.legs[i] == -1).all()
            continue
        assert found.arrive_s[i] + worth_s * (rides - 1) == wanted
        parts = (
            found.access_s[i] + found.egress_s[i] + found.first_wait_s[i] + found.change_wait_s[i]
            + found.on_board_s[i] + found.change_walk_s[i]
        )  # fmt: skip
        assert parts == pytest.approx(found.arrive_s[i] - depart_s[i], abs=1e-6)
        _ride(found.legs[i][:rides], ordered, walk_s, depart_s[i], access[i], egress[i], change_s, found.arrive_s[i])


def _ride(legs, ordered, walk_s, depart_s, access, egress, change_s, arrive_s):
    """Follow a journey leg by leg."""
    here, ready_s = None, None
    for trip_row, board, alight in legs.tolist():
        trip = ordered[trip_row]
        assert board < alight
        assert trip.may_board[board]
        assert trip.may_alight[alight]
        stop = trip.stop[board]
        if here is None:
            assert any(s == stop and depart_s + w <= trip.departure_s[board] for s, w in access)
        else:
            walk = 0.0 if stop == here else walk_s[here, stop]
            assert ready_s + walk <= trip.departure_s[board] + 1e-9
        here, ready_s = trip.stop[alight], trip.arrival_s[alight] + change_s
    assert any(s == here and ready_s - change_s + w == arrive_s for s, w in egress)


def test_trips_of_a_pattern_never_overtake():
    trips, walk_s, _ = random_case(7, trips=200)
    table, ordered = make_timetable(trips, len(walk_s), walk_s)
    assert sorted(trip.name for trip in ordered) == sorted(trip.name for trip in trips)
    for p in range(len(table.trip_ptr) - 1):
        mine = ordered[table.trip_ptr[p] : table.trip_ptr[p + 1]]
        assert len({(trip.stop, trip.may_board, trip.may_alight) for trip in mine}) == 1
        for name in ("arrival_s", "departure_s"):
            assert (np.diff([getattr(trip, name) for trip in mine], axis=0) >= 0).all()


def test_a_horizon_only_leaves_out_what_is_later():
    trips, walk_s, u = random_case(11)
    table = make_timetable(trips, len(walk_s), walk_s).table
    stop, walk = (np.array(column) for column in zip(*ends(u, len(walk_s)), strict=True))
    departures = np.arange(0.0, 5400.0, 600.0)
    far, near = (
        arrivals_at_stops(table, departures, stop.astype(np.int32), walk, rounds=3, change_s=60.0, horizon_s=limit)
        for limit in (np.inf, 1800.0)
    )
    assert np.array_equal(near, np.where(far <= departures[:, None] + 1800.0, far, np.inf))
    assert np.isfinite(near).any()
    assert (np.isfinite(near) < np.isfinite(far)).any()


def test_arrivals_over_the_feed_of_kobe_equal_a_naive_search(shared_data):
    path = shared_data / "kobe-subway-gtfs" / "kobe_subway_gtfs.zip"
    if not path.exists():
        pytest.skip("the feed of Kobe's subway is not here")
    table = read_feed(path, dt.date(2017, 9, 4)).columns
    ids = np.unique(table["stop"])
    number = {id_: k for k, id_ in enumerate(ids.tolist())}
    trips = []
    for name in np.unique(table["trip"]).tolist():
        rows = np.flatnonzero(table["trip"] == name)
        path_of = tuple(number[stop] for stop in table["stop"][rows].tolist())
        arrival, departure = (tuple(table[key][rows].tolist()) for key in ("arrival_s", "departure_s"))
        trips.append(Trip("line", name, path_of, arrival, departure, (1,) * len(rows), (1,) * len(rows)))
    # Everybody may change between the two lines where they meet, five minutes on foot.
    walk_s = np.full((len(ids), len(ids)), np.inf)
    walk_s[0, 5] = walk_s[5, 0] = 300.0
    timetable = make_timetable(trips, len(ids), walk_s).table
    departures = np.array([7.1 * 3600, 12.0 * 3600, 23.4 * 3600])
    for start in (0, 13):
        found = arrivals_at_stops(
            timetable, departures, np.array([start], np.int32), np.array([90.0]), rounds=2, change_s=60.0
        )
        for row, depart_s in enumerate(departures):
            assert np.array_equal(found[row], naive(trips, len(ids), walk_s, depart_s, [(start, 90.0)], 60.0, 2)[2])
    assert np.isfinite(found).any()
