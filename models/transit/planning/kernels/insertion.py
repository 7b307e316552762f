"""Where a request fits best into a row: all pairs of places, tested in constant time each.

Windows and load are tested by forward times and latest beginnings (Savelsbergh 1992, ORSA Journal on Computing 4(2));
ride and duty limits, which hold a later time against an earlier one, are then tested by a whole timetable, and only for
a pair that would be the cheapest so far.
"""

from __future__ import annotations

from twin.engine.draws import uniform
from twin.jit import lean_kernel
from twin.models.transit.planning.kernels.rows import EPS, find_times


@lean_kernel
def _keeps_limits(row, seq, count, r, i, j, between, early, late, service, ride_max, duty_max, trial, place, times):
    """Whether a row with ``r`` picked up behind place ``i`` and set down behind place ``j`` has a timetable."""
    n = 0
    for k in range(count):
        trial[n] = seq[row, k]
        n += 1
        if k == i:
            trial[n] = 2 * r
            n += 1
        if k == j:
            trial[n] = 2 * r + 1
            n += 1
    return find_times(trial, n, between, early, late, service, ride_max, duty_max, place, times)


@lean_kernel
def best_in_row(
    row,
    r,
    best,
    seq,
    size,
    start,
    latest,
    aboard,
    between,
    early,
    late,
    service,
    load,
    ride_max,
    capacity,
    duty_max,
    limited,
    blink,
    stream,
    step,
    drawn,
    trial,
    place,
    times,
):
    """Cheapest pair of places for a request in one row, if cheaper than ``best``: (cost, i, j, numbers drawn)."""
    pick, drop = 2 * r, 2 * r + 1
    count = size[row] + 2
    at_i, at_j = -1, -1
    weight = load[r]
    for i in range(count - 1):
        a, b = seq[row, i], seq[row, i + 1]
        to_pick = start[row, i] + service[a] + between[a, pick]
        if to_pick > late[pick] + EPS:
            if start[row, i] > late[pick]:
                break
            continue
        if aboard[row, i] + weight > capacity + EPS:
            continue
        if blink > 0.0:
            drawn += 1
            if uniform(stream, step, drawn) < blink:
                continue
        at_pick = max(to_pick, early[pick])
        leave = at_pick + service[pick]
        # Set down at once.
        at_drop = max(leave + between[pick, drop], early[drop])
        if at_drop <= late[drop] + EPS:
            back = at_drop + service[drop] + between[drop, b]
            if back <= latest[row, i + 1] + EPS:
                cost = between[a, pick] + between[pick, drop] + between[drop, b] - between[a, b]
                if cost < best - EPS and (
                    not limited
                    or _keeps_limits(
                        row, seq, count, r, i, i, between, early, late, service, ride_max, duty_max, trial, place, times
                    )
                ):
                    best, at_i, at_j = cost, i, i
        # Set down behind a later task.
        now = max(leave + between[pick, b], early[b])
        if now > latest[row, i + 1] + EPS:
            continue
        detour = between[a, pick] + between[pick, b] - between[a, b]
        ridden = between[pick, b]
        for j in range(i + 1, count - 1):
            x = seq[row, j]
            if aboard[row, j - 1] + weight > capacity + EPS or aboard[row, j] + weight > capacity + EPS:
                break
            if now > late[drop] + EPS or ridden > ride_max[r] + EPS:
                break
            y = seq[row, j + 1]
            cost = detour + between[x, drop] + between[drop, y] - between[x, y]
            if cost < best - EPS:
                at_drop = max(now + service[x] + between[x, drop], early[drop])
                if at_drop <= late[drop] + EPS:
                    back = at_drop + service[drop] + between[drop, y]
                    if back <= latest[row, j + 1] + EPS and (
                        not limited
                        or _keeps_limits(
                            row,
                            seq,
                            count,
                            r,
                            i,
                            j,
                            between,
                            early,
                            late,
                            service,
                            ride_max,
                            duty_max,
                            trial,
                            place,
                            times,
                        )
                    ):
                        best, at_i, at_j = cost, i, j
            ridden += service[x] + between[x, y]
            now = max(now + service[x] + between[x, y], early[y])
            if now > latest[row, j + 1] + EPS:
                break
    return best, at_i, at_j, drawn
