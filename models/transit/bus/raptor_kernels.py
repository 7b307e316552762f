"""Journeys through a timetable: rounds of rides over patterns of stops (RAPTOR; Delling, Pajor, Werneck 2015).

A journey is a walk to a stop, rides with at most one walk between two of them, and a walk from the last stop. Footpaths
are not chained, so that they need not be closed under one another. A pattern is one order of stops whose trips never
overtake one another; trips of a pattern are in the order of their times.

A timetable comes as arrays, see :class:`~twin.models.transit.bus.timetable.Timetable`.
"""

from __future__ import annotations

import numpy as np

from twin.jit import lean_kernel

_NEVER = np.inf
#: Columns of a journey's figures.
ARRIVE, RIDES, ACCESS, EGRESS, FIRST_WAIT, CHANGE_WAIT, ON_BOARD, CHANGE_WALK = range(8)
FIGURES = 8


@lean_kernel
def new_labels(rounds, stops, ride_s, ready_s, by_trip, by_board, by_stop):
    """Forget all: nobody has been anywhere."""
    for k in range(rounds + 1):
        for s in range(stops):
            ride_s[k, s] = _NEVER
            ready_s[k, s] = _NEVER
            by_trip[k, s] = -1
            by_board[k, s] = -1
            by_stop[k, s] = -1


@lean_kernel
def earliest_trip(first, last, base, length, position, ready, departure_s):
    """First trip of a pattern that leaves a position at ``ready`` or later; ``last`` if none does."""
    low = first
    high = last
    while low < high:
        middle = (low + high) // 2
        if departure_s[base + (middle - first) * length + position] < ready:
            low = middle + 1
        else:
            high = middle
    return low


@lean_kernel
def ride_on(
    pattern, position, k, horizon_s, table, ride_s, ready_s, by_trip, by_board, improved
):  # fmt: skip
    """Ride along one pattern in round ``k`` from a position on; marks stops that are reached earlier."""
    start = table.pattern_ptr[pattern]
    length = table.pattern_ptr[pattern + 1] - start
    first = table.trip_ptr[pattern]
    last = table.trip_ptr[pattern + 1]
    base = table.time_ptr[pattern]
    trip = last
    board = -1
    for at in range(position, length):
        stop = table.pattern_stop[start + at]
        if trip < last and table.may_alight[start + at]:
            arrive = table.arrival_s[base + (trip - first) * length + at]
            if arrive < ride_s[k, stop] and arrive <= horizon_s:
                ride_s[k, stop] = arrive
                by_trip[k, stop] = trip
                by_board[k, stop] = board
                improved[stop] = 1
        ready = ready_s[k - 1, stop]
        if ready == _NEVER or not table.may_board[start + at]:
            continue
        if trip == last or ready <= table.departure_s[base + (trip - first) * length + at]:
            earlier = earliest_trip(first, last, base, length, at, ready, table.departure_s)
            if earlier < trip:
                trip = earlier
                board = at


@lean_kernel
def search(
    depart_s, horizon_s, access_stop, access_s, access_from, access_to, egress_stop, egress_s, egress_from, egress_to,
    ride_worth_s, rounds, change_s, table,
    ride_s, ready_s, by_trip, by_board, by_stop, marked, improved, from_position, queue,
):  # fmt: skip
    """Earliest arrivals at all stops with at most ``rounds`` rides, on top of what the labels hold already.

    Labels of a later departure may stay: who leaves earlier can wait for it. All must be of the same origin.

    Parameters
    ----------
    access_stop, access_s
        Stops that one can walk to and seconds, rows ``access_from`` to ``access_to``.
    egress_stop, egress_s
        Stops from which one walks to the door, in the same way: what cannot lead to a better arrival there, at
        ``ride_worth_s`` for every ride after the first, is not looked at. Without rows everything is.
    ride_s, ready_s : (rounds + 1, stops) float64
        Arrival by at most k rides; ready to board after at most k rides.
    by_trip, by_board, by_stop : (rounds + 1, stops) int32
        Trip by which the arrival was made and position of boarding; stop from which one walked to be ready.
    marked, improved : (stops,) uint8; from_position : (patterns,) int32; queue : (patterns,) int32
        Room to work in.
    """
    stops = ride_s.shape[1]
    patterns = len(table.pattern_ptr) - 1
    for s in range(stops):
        marked[s] = 0
    any_marked = False
    for row in range(access_from, access_to):
        ready = depart_s + access_s[row]
        stop = access_stop[row]
        if ready < ready_s[0, stop]:
            ready_s[0, stop] = ready
            marked[stop] = 1
            any_marked = True
    for k in range(1, rounds + 1):
        # What k - 1 rides reach, k rides reach too.
        for s in range(stops):
            improved[s] = 0
            if ride_s[k - 1, s] < ride_s[k, s]:
                ride_s[k, s] = ride_s[k - 1, s]
                by_board[k, s] = -2
            if ready_s[k - 1, s] < ready_s[k, s]:
                ready_s[k, s] = ready_s[k - 1, s]
                by_stop[k, s] = -2
        if not any_marked:
            continue
        count = 0
        for p in range(patterns):
            from_position[p] = -1
        for s in range(stops):
            if not marked[s]:
                continue
            for entry in range(table.stop_ptr[s], table.stop_ptr[s + 1]):
                pattern = table.stop_pattern[entry]
                position = table.stop_position[entry]
                if from_position[pattern] < 0:
                    queue[count] = pattern
                    count += 1
                    from_position[pattern] = position
                elif position < from_position[pattern]:
                    from_position[pattern] = position
        latest_s = horizon_s
        for row in range(egress_from, egress_to):
            # Better than what k - 1 rides reach only if it is earlier by the worth of the further rides.
            for fewer in range(1, k):
                known = ride_s[fewer, egress_stop[row]] + egress_s[row] - ride_worth_s * (k - fewer)
                if known < latest_s:
                    latest_s = known
        for i in range(count):
            ride_on(queue[i], from_position[queue[i]], k, latest_s, table, ride_s, ready_s, by_trip, by_board, improved)
        any_marked = False
        for s in range(stops):
            marked[s] = 0
        for s in range(stops):
            if not improved[s]:
                continue
            here = ride_s[k, s] + change_s
            if here < ready_s[k, s]:
                ready_s[k, s] = here
                by_stop[k, s] = s
                marked[s] = 1
                any_marked = True
            for entry in range(table.walk_ptr[s], table.walk_ptr[s + 1]):
                there = table.walk_stop[entry]
                ready = here + table.walk_s[entry]
                if ready < ready_s[k, there]:
                    ready_s[k, there] = ready
                    by_stop[k, there] = s
                    marked[there] = 1
                    any_marked = True


@lean_kernel
def pattern_of(trip, table):
    """Pattern of a trip."""
    low = 0
    high = len(table.trip_ptr) - 2
    while low < high:
        middle = (low + high + 1) // 2
        if table.trip_ptr[middle] <= trip:
            low = middle
        else:
            high = middle - 1
    return low


@lean_kernel
def trace_back(
    i, rides, last_stop, egress_s, depart_s, change_s, table,
    ride_s, ready_s, by_trip, by_board, by_stop, figures, legs,
):  # fmt: skip
    """Write the journey that ends with ``rides`` rides at a stop."""
    figures[i, ARRIVE] = ride_s[rides, last_stop] + egress_s
    figures[i, RIDES] = rides
    figures[i, EGRESS] = egress_s
    stop = last_stop
    k = rides
    while k > 0:
        trip = by_trip[k, stop]
        board = by_board[k, stop]
        pattern = pattern_of(trip, table)
        start = table.pattern_ptr[pattern]
        length = table.pattern_ptr[pattern + 1] - start
        base = table.time_ptr[pattern] + (trip - table.trip_ptr[pattern]) * length
        alight = board + 1
        while table.pattern_stop[start + alight] != stop or table.arrival_s[base + alight] != ride_s[k, stop]:
            alight += 1
        legs[i, k - 1, 0] = trip
        legs[i, k - 1, 1] = board
        legs[i, k - 1, 2] = alight
        figures[i, ON_BOARD] += table.arrival_s[base + alight] - table.departure_s[base + board]
        from_stop = table.pattern_stop[start + board]
        wait = table.departure_s[base + board] - ready_s[k - 1, from_stop]
        # Being ready after k - 1 rides may have been possible after fewer.
        k -= 1
        while k > 0 and by_stop[k, from_stop] == -2:
            k -= 1
        if k == 0:
            figures[i, ACCESS] = ready_s[0, from_stop] - depart_s
            figures[i, FIRST_WAIT] = wait
        else:
            before = by_stop[k, from_stop]
            figures[i, CHANGE_WAIT] += wait + change_s
            figures[i, CHANGE_WALK] += ready_s[k, from_stop] - change_s - ride_s[k, before]
            stop = before
            # The same of the arrival there.
            while k > 0 and by_board[k, stop] < 0:
                k -= 1


@lean_kernel
def journeys(
    depart_s, horizon_s, access_ptr, access_stop, access_s, egress_ptr, egress_stop, egress_s, rounds, change_s,
    ride_worth_s, table, ride_s, ready_s, by_trip, by_board, by_stop, marked, improved, from_position, queue,
    figures, legs,
):  # fmt: skip
    """Best journey of each traveller: least arrival + ``ride_worth_s`` for every ride after the first.

    Parameters
    ----------
    depart_s : (n,) float64
        When each leaves the door.
    horizon_s
        Longest journey that is looked for, from leaving to the last stop.
    access_ptr, egress_ptr : (n + 1,) int64
        Rows of walks to first stops and from last stops.
    figures : (n, FIGURES) float64
        Filled in; the arrival is inf where no journey is found.
    legs : (n, rounds, 3) int32
        Filled in: trip, position of boarding, position of alighting; -1 where there is no further ride.
    """
    stops = ride_s.shape[1]
    for i in range(len(depart_s)):
        for k in range(rounds):
            for column in range(3):
                legs[i, k, column] = -1
        for column in range(FIGURES):
            figures[i, column] = 0.0
        figures[i, ARRIVE] = _NEVER
        if access_ptr[i] == access_ptr[i + 1] or egress_ptr[i] == egress_ptr[i + 1]:
            continue
        new_labels(rounds, stops, ride_s, ready_s, by_trip, by_board, by_stop)
        search(
            depart_s[i], depart_s[i] + horizon_s, access_stop, access_s, access_ptr[i], access_ptr[i + 1],
            egress_stop, egress_s, egress_ptr[i], egress_ptr[i + 1], ride_worth_s, rounds, change_s, table,
            ride_s, ready_s, by_trip, by_board, by_stop, marked, improved, from_position, queue,
        )  # fmt: skip
        best = _NEVER
        best_k = -1
        best_row = -1
        for k in range(1, rounds + 1):
            for row in range(egress_ptr[i], egress_ptr[i + 1]):
                stop = egress_stop[row]
                # Arrivals taken over from fewer rides were looked at before.
                if by_board[k, stop] < 0 or ride_s[k, stop] == _NEVER:
                    continue
                worth = ride_s[k, stop] + egress_s[row] + ride_worth_s * (k - 1)
                if worth < best:
                    best = worth
                    best_k = k
                    best_row = row
        if best_k > 0:
            trace_back(
                i, best_k, egress_stop[best_row], egress_s[best_row], depart_s[i], change_s, table,
                ride_s, ready_s, by_trip, by_board, by_stop, figures, legs,
            )  # fmt: skip


@lean_kernel
def arrivals(
    depart_s, horizon_s, access_stop, access_s, rounds, change_s, table,
    ride_s, ready_s, by_trip, by_board, by_stop, marked, improved, from_position, queue, out,
):  # fmt: skip
    """Earliest arrivals from one origin for a range of departures (rRAPTOR): the latest first, labels kept.

    Parameters
    ----------
    depart_s : (d,) float64
        Ascending.
    out : (d, stops) float64
        Filled in: arrival by bus, inf beyond ``horizon_s`` after the departure.
    """
    stops = ride_s.shape[1]
    new_labels(rounds, stops, ride_s, ready_s, by_trip, by_board, by_stop)
    for d in range(len(depart_s) - 1, -1, -1):
        search(
            depart_s[d], depart_s[d] + horizon_s, access_stop, access_s, 0, len(access_stop),
            access_stop, access_s, 0, 0, 0.0, rounds, change_s, table,
            ride_s, ready_s, by_trip, by_board, by_stop, marked, improved, from_position, queue,
        )  # fmt: skip
        for s in range(stops):
            arrive = ride_s[rounds, s]
            out[d, s] = arrive if arrive <= depart_s[d] + horizon_s else _NEVER
