"""Ruin and recreate over the plans of a fleet: strings of neighbouring tasks leave their routes and come back better.

Removal of strings and insertion with blinks follow Christiaens and Vanden Berghe (2020), *Slack induction by string
removals for vehicle routing problems*, Transportation Science 54(2); fleets shrink by their sums of absences. A
request comes back at the cheapest of all pairs of places that keep windows and load, tested in constant time each by
forward times and latest beginnings (Savelsbergh 1992); ride and duty limits are then tested exactly.

A route is a row of nodes with the depot at both ends. Plans are ``seq`` (rows, room), ``size`` (tasks of each row) and
``home`` (row of each request, -1 for those left out). ``start``, ``latest`` and ``aboard`` hold for each place of a
row the earliest beginning of service, the latest from which the rest can still be kept, and the load behind it.
"""

from __future__ import annotations

import math

import numpy as np

from twin.engine.draws import bits, uniform
from twin.jit import kernel, lean_kernel

#: Sums of distances taken in another order differ in their last bits.
EPS = 1e-7
#: Share of places that are not looked at, and longest string and mean number of requests taken out (the paper's values
#: for the first two; fewer requests are taken out, since each has two tasks).
_BLINK = 0.01
_LONGEST_STRING = 10
#: Orders in which requests come back, as cumulative weights: by chance, load, far first, near first, tight windows
#: first, early first.
_ORDER_WEIGHTS = (0.35, 0.45, 0.60, 0.65, 0.85, 1.0)


@lean_kernel
def find_times(nodes, count, between, early, late, service, ride_max, duty_max, place, times):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Earliest timetable of a row of nodes that keeps every window and limit; False if there is none.

    Parameters
    ----------
    nodes, count
        The row, depots at both ends, and how many of it count.
    place
        Scratch, (nodes of the problem,) int64.
    times
        Filled with beginnings of service.
    """
    requests = ride_max.size
    now = -np.inf
    for k in range(count):
        node = nodes[k]
        if k == 0:
            now = early[node]
        else:
            before = nodes[k - 1]
            now = max(now + service[before] + between[before, node], early[node])
        if now > late[node] + EPS:
            return False
        times[k] = now
        place[node] = k
    for _ in range(count + 1):
        moved = False
        # A set-down that comes too long after its pick-up moves the pick-up back, never the set-down forward.
        if times[count - 1] - times[0] > duty_max + EPS:
            times[0] = times[count - 1] - duty_max
            if times[0] > late[nodes[0]] + EPS:
                return False
            moved = True
        for k in range(1, count - 1):
            node = nodes[k]
            if node & 1 and node < 2 * requests:
                pick = place[node - 1]
                least = times[k] - ride_max[node >> 1] - service[node - 1]
                if times[pick] < least - EPS:
                    if least > late[node - 1] + EPS:
                        return False
                    times[pick] = least
                    moved = True
        if not moved:
            return True
        for k in range(1, count):
            before = nodes[k - 1]
            soonest = times[k - 1] + service[before] + between[before, nodes[k]]
            if times[k] < soonest:
                times[k] = soonest
                if soonest > late[nodes[k]] + EPS:
                    return False
    return False


@lean_kernel
def _refresh(row, seq, size, start, latest, aboard, between, early, late, service, load):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Work out a row's times and load anew."""
    count = size[row] + 2
    now = early[seq[row, 0]]
    carried = 0.0
    start[row, 0] = now
    aboard[row, 0] = 0.0
    for k in range(1, count):
        node = seq[row, k]
        before = seq[row, k - 1]
        now = max(now + service[before] + between[before, node], early[node])
        start[row, k] = now
        if k < count - 1:
            carried += -load[node >> 1] if node & 1 else load[node >> 1]
        aboard[row, k] = carried
    last = late[seq[row, count - 1]]
    latest[row, count - 1] = last
    for k in range(count - 2, -1, -1):
        node = seq[row, k]
        last = min(last - between[node, seq[row, k + 1]] - service[node], late[node])
        latest[row, k] = last


@lean_kernel
def _keeps_limits(row, seq, count, r, i, j, between, early, late, service, ride_max, duty_max, trial, place, times):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
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
def _best_in_row(  # type: ignore[no-untyped-def]  # noqa: ANN202
    row, r, best, seq, size, start, latest, aboard,  # noqa: ANN001
    between, early, late, service, load, ride_max, capacity, duty_max, limited,  # noqa: ANN001
    blink, stream, step, drawn, trial, place, times,  # noqa: ANN001
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
                if cost < best - EPS and (not limited or _keeps_limits(
                    row, seq, count, r, i, i, between, early, late, service, ride_max, duty_max, trial, place, times
                )):
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
                    if back <= latest[row, j + 1] + EPS and (not limited or _keeps_limits(
                        row, seq, count, r, i, j, between, early, late, service, ride_max, duty_max, trial, place, times
                    )):
                        best, at_i, at_j = cost, i, j
            ridden += service[x] + between[x, y]
            now = max(now + service[x] + between[x, y], early[y])
            if now > latest[row, j + 1] + EPS:
                break
    return best, at_i, at_j, drawn


@lean_kernel
def _put(row, r, i, j, seq, size):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Pick a request up behind place ``i`` and set it down behind place ``j`` of the row as it is."""
    count = size[row] + 2
    for k in range(count - 1, j, -1):
        seq[row, k + 2] = seq[row, k]
    seq[row, j + 2] = 2 * r + 1
    for k in range(j, i, -1):
        seq[row, k + 1] = seq[row, k]
    seq[row, i + 1] = 2 * r
    size[row] += 2


@lean_kernel
def _take(row, r, seq, size):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Take a request out of a row."""
    count = size[row] + 2
    n = 0
    for k in range(count):
        node = seq[row, k]
        if node >> 1 != r or k == 0 or k == count - 1:
            seq[row, n] = node
            n += 1
    size[row] -= 2


@lean_kernel
def row_cost(row, seq, size, between):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Driving time of one row, from depot to depot; 0 for a vehicle that stays."""
    cost = 0.0
    if size[row] > 0:
        for k in range(size[row] + 1):
            cost += between[seq[row, k], seq[row, k + 1]]
    return cost


@lean_kernel
def _copy_row(row, seq, size, to_seq, to_size):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for k in range(size[row] + 2):
        to_seq[row, k] = seq[row, k]
    to_size[row] = size[row]


@kernel
def improve(  # type: ignore[no-untyped-def]  # noqa: ANN201
    between, early, late, service, load, ride_max, capacity, duty_max,  # noqa: ANN001
    near, tightness, seq, size, home, absences, best_seq, best_size, best_home,  # noqa: ANN001
    pool, pool_cost, pool_code, codes, pooled,  # noqa: ANN001
    rows, removed_mean, steps, first_step, hot, cold, shrink, stream,  # noqa: ANN001
):
    """Improve a plan by so many steps of ruin and recreate; the best one is kept beside the current one.

    Parameters
    ----------
    between ... duty_max
        The problem.
    near : (views, 2 requests, 2 requests) int64
        Task nodes by their nearness to each task node, in each of some senses; one is drawn for each step.
    tightness : (requests,) float64
        Time left over in the windows of a request.
    seq, size, home, absences
        The current plan, changed in place; times that each request was left out so far.
    best_seq, best_size, best_home
        The best plan so far, changed in place: fewest left out, then cheapest.
    pool : (slots, room) int16, pool_cost, pool_code, codes
        Routes of good plans by the set of their requests, an open table keyed by sums of ``codes``; filled in place.
    pooled
        Whether to fill it.
    rows
        Vehicles that may be used.
    removed_mean
        Mean number of requests taken out in a step.
    steps, first_step
        Steps of this call, and the number of the first one, which keys the draws.
    hot, cold
        Temperature at the first and the last step.
    shrink
        Whether to look for a plan that serves everybody with these rows, and stop at the first.
    stream
        Stream of the draws.

    Returns
    -------
    int
        Steps done.
    """
    requests = load.size
    nodes = 2 * requests + 1
    room = seq.shape[1]
    limited = duty_max < np.inf
    for r in range(requests):
        limited = limited or ride_max[r] < np.inf
    work_seq, work_size, work_home = seq.copy(), size.copy(), home.copy()
    start, latest, aboard = np.zeros((rows, room)), np.zeros((rows, room)), np.zeros((rows, room))
    touched = np.zeros(rows, np.bool_)
    ruined = np.zeros(rows, np.bool_)
    out = np.empty(requests, np.int64)
    keys = np.empty(requests)
    trial, times, place = np.empty(room + 4, np.int64), np.empty(room + 4), np.full(nodes, -1, np.int64)
    cost, missing, absent = 0.0, 0, 0.0
    for row in range(rows):
        _refresh(row, work_seq, work_size, start, latest, aboard, between, early, late, service, load)
        cost += row_cost(row, seq, size, between)
    for r in range(requests):
        missing += home[r] < 0
    best_missing, best_cost = 0, 0.0
    for row in range(rows):
        best_cost += row_cost(row, best_seq, best_size, between)
    for r in range(requests):
        best_missing += best_home[r] < 0
    cooling = (cold / hot) ** (1.0 / max(steps, 1))
    heat = hot
    for step in range(first_step, first_step + steps):
        drawn = 0
        if missing > 0:
            absent = 0.0
            for r in range(requests):
                if home[r] < 0:
                    absent += absences[r]
        touched[:] = False
        ruined[:] = False
        taken = 0
        for r in range(requests):
            if work_home[r] < 0:
                out[taken] = r
                taken += 1
        # Ruin: strings of tasks around a task drawn by chance.
        longest, count_used, tasks = 0.0, 0, 0
        for row in range(rows):
            if work_size[row] > 0:
                count_used += 1
                tasks += work_size[row]
        mean_size = tasks / max(count_used, 1)
        longest = min(float(_LONGEST_STRING), max(mean_size, 2.0))
        drawn += 1
        strings = int(math.floor(uniform(stream, step, drawn) * (4.0 * removed_mean / (1.0 + longest))) + 1)
        drawn += 1
        blinks = _BLINK + 0.3 * uniform(stream, step, drawn) ** 3
        drawn += 1
        view = np.int64(bits(stream, step, drawn) % np.uint64(near.shape[0]))
        drawn += 1
        seed = np.int64(bits(stream, step, drawn) % np.uint64(2 * requests))
        strings_out = 0
        for n in range(near.shape[2]):
            node = near[view, seed, n]
            row = work_home[node >> 1]
            if row < 0 or ruined[row]:
                continue
            if strings_out >= strings:
                break
            strings_out += 1
            ruined[row] = True
            if not touched[row]:
                touched[row] = True
            drawn += 1
            most = min(longest, float(work_size[row]))
            length = int(math.floor(uniform(stream, step, drawn) * most) + 1)
            at = 1
            while work_seq[row, at] != node:
                at += 1
            first_low = max(1, at - length + 1)
            first_high = min(at, work_size[row] - length + 1)
            drawn += 1
            first = first_low + np.int64(bits(stream, step, drawn) % np.uint64(first_high - first_low + 1))
            # Split strings keep some tasks in the middle.
            keep, kept_from = 0, 0
            drawn += 1
            if length > 1 and length < work_size[row] and uniform(stream, step, drawn) < 0.5:
                keep = 1
                drawn += 1
                while first + length + keep <= work_size[row] and uniform(stream, step, drawn) > 0.01 and keep < length:
                    keep += 1
                    drawn += 1
                if first + length + keep - 1 > work_size[row]:
                    keep = 0
                drawn += 1
                kept_from = first + np.int64(bits(stream, step, drawn) % np.uint64(length))
            before = taken
            for k in range(first, min(first + length + keep, work_size[row] + 1)):
                if keep > 0 and kept_from <= k < kept_from + keep:
                    continue
                r = work_seq[row, k] >> 1
                if work_home[r] >= 0:
                    work_home[r] = -1
                    out[taken] = r
                    taken += 1
            for k in range(before, taken):
                _take(row, out[k], work_seq, work_size)
            _refresh(row, work_seq, work_size, start, latest, aboard, between, early, late, service, load)
        # Recreate: in one of several orders, each at its cheapest pair of places.
        drawn += 1
        order = uniform(stream, step, drawn)
        for k in range(taken):
            r = out[k]
            drawn += 1
            if order < _ORDER_WEIGHTS[0]:
                keys[k] = uniform(stream, step, drawn)
            elif order < _ORDER_WEIGHTS[1]:
                keys[k] = -load[r] + 1e-3 * uniform(stream, step, drawn)
            elif order < _ORDER_WEIGHTS[2]:
                keys[k] = -between[nodes - 1, 2 * r] - between[2 * r, 2 * r + 1]
            elif order < _ORDER_WEIGHTS[3]:
                keys[k] = between[nodes - 1, 2 * r] + between[2 * r, 2 * r + 1]
            elif order < _ORDER_WEIGHTS[4]:
                keys[k] = tightness[r]
            else:
                keys[k] = early[2 * r]
        for k in range(1, taken):
            key, r, n = keys[k], out[k], k - 1
            while n >= 0 and keys[n] > key:
                keys[n + 1], out[n + 1] = keys[n], out[n]
                n -= 1
            keys[n + 1], out[n + 1] = key, r
        left = 0
        left_absent = 0.0
        for k in range(taken):
            r = out[k]
            best, best_row, best_i, best_j = np.inf, -1, -1, -1
            tried_empty = False
            for row in range(rows):
                if work_size[row] == 0:
                    if tried_empty:
                        continue
                    tried_empty = True
                blink = blinks if work_size[row] > 0 else 0.0
                found, i, j, drawn = _best_in_row(
                    row, r, best, work_seq, work_size, start, latest, aboard, between, early, late, service, load,
                    ride_max, capacity, duty_max, limited, blink, stream, step, drawn, trial, place, times)
                if i >= 0:
                    best, best_row, best_i, best_j = found, row, i, j
            if best_row >= 0:
                _put(best_row, r, best_i, best_j, work_seq, work_size)
                work_home[r] = best_row
                touched[best_row] = True
                _refresh(best_row, work_seq, work_size, start, latest, aboard, between, early, late, service, load)
            else:
                left += 1
                left_absent += absences[r]
        new_cost = cost
        for row in range(rows):
            if touched[row]:
                new_cost += row_cost(row, work_seq, work_size, between) - row_cost(row, seq, size, between)
        drawn += 1
        noise = -heat * math.log(uniform(stream, step, drawn))
        if left == 0 and missing == 0:
            accept = new_cost < cost + noise
        else:
            accept = left < missing or left_absent < absent or (left == missing and left_absent == absent
                                                                and new_cost < cost + noise)
        if left > 0:
            for r in range(requests):
                if work_home[r] < 0:
                    absences[r] += 1.0
        if pooled and left == 0 and new_cost < 1.004 * best_cost:
            for row in range(rows):
                if touched[row] and work_size[row] > 0:
                    _remember(row, work_seq, work_size, between, pool, pool_cost, pool_code, codes)
        if accept:
            cost, missing = new_cost, left
            for r in range(requests):
                home[r] = work_home[r]
            better = left < best_missing or (left == best_missing and new_cost < best_cost - EPS)
            for row in range(rows):
                if touched[row]:
                    _copy_row(row, work_seq, work_size, seq, size)
            if better:
                best_missing, best_cost = left, new_cost
                for row in range(rows):
                    _copy_row(row, seq, size, best_seq, best_size)
                best_home[:] = home
                if shrink and left == 0:
                    return step - first_step + 1
        else:
            for row in range(rows):
                if touched[row]:
                    _copy_row(row, seq, size, work_seq, work_size)
                    _refresh(row, work_seq, work_size, start, latest, aboard, between, early, late, service, load)
            for r in range(requests):
                work_home[r] = home[r]
        heat *= cooling
    return steps


@lean_kernel
def _remember(row, seq, size, between, pool, pool_cost, pool_code, codes):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Keep a route as the cheapest of its set of requests, if it is and a slot is free nearby."""
    code = np.uint64(0)
    for k in range(1, size[row] + 1):
        node = seq[row, k]
        if node & 1 == 0:
            code += codes[node >> 1]
    slots = pool_code.size
    slot = np.int64(code % np.uint64(slots))
    for _ in range(16):
        if pool_code[slot] == code or pool_code[slot] == 0:
            cost = row_cost(row, seq, size, between)
            if pool_code[slot] == 0 or cost < pool_cost[slot] - EPS:
                pool_code[slot] = code
                pool_cost[slot] = cost
                for k in range(size[row]):
                    pool[slot, k] = seq[row, k + 1]
                pool[slot, size[row]] = -1
            return
        slot = (slot + 1) % slots
