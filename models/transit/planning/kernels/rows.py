"""Rows of a plan as arrays: their timetables, loads and costs, and putting a request in and taking it out.

A row is a vehicle's route as nodes with the depot at both ends. Plans are ``seq`` (rows, room), ``size`` (tasks of each
row) and ``home`` (row of each request, -1 for those left out). ``start``, ``latest`` and ``aboard`` hold for each place
of a row the earliest beginning of service, the latest from which the rest can still be kept, and the load behind it.
"""

from __future__ import annotations

import numpy as np

from twin.jit import lean_kernel

#: Sums of distances taken in another order differ in their last bits.
EPS = 1e-7
#: Slots of the pool that are looked at for one row (G).
_PROBES = 16


@lean_kernel
def find_times(nodes, count, between, early, late, service, ride_max, duty_max, place, times):
    """Earliest timetable of a row of nodes that keeps every window and limit; False if there is none.

    Parameters
    ----------
    nodes, count
        The row, depots at both ends, and how many of it count.
    place
        Scratch, (nodes of the problem,) int64.
    times
        Filled with beginnings of service.

    Notes
    -----
    Each rule says that one moment lies at least so much behind another; the least moments that keep them are the
    longest paths to them. Such a path goes back at most once to each pick-up and to the first depot, and every sweep
    below follows one way back and all ways forward behind it: what still moves after ``count // 2 + 1`` sweeps lies on
    a cycle that never ends, so that there is no timetable.
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
    for _ in range(count // 2 + 2):
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
def refresh(row, seq, size, start, latest, aboard, between, early, late, service, load):
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
def row_cost(row, seq, size, between):
    """Driving time of one row, from depot to depot; 0 for a vehicle that stays."""
    cost = 0.0
    if size[row] > 0:
        for k in range(size[row] + 1):
            cost += between[seq[row, k], seq[row, k + 1]]
    return cost


@lean_kernel
def put(row, r, i, j, seq, size):
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
def take(row, r, seq, size):
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
def copy_row(row, seq, size, to_seq, to_size):
    """Make a row of one plan that of another."""
    for k in range(size[row] + 2):
        to_seq[row, k] = seq[row, k]
    to_size[row] = size[row]


@lean_kernel
def remember(row, seq, size, between, plan_cost, pool, pool_cost, pool_plan, pool_code, codes):
    """Keep a row as the cheapest of its set of requests, with the cost of the best whole plan that such a row is in.

    Parameters
    ----------
    plan_cost
        Cost of the plan that the row is in.
    pool : (slots, room) int16, pool_cost, pool_plan, pool_code : (slots,)
        An open table: nodes of a row with -1 behind the last, its cost, cost of its best plan, and the sum of the
        requests' ``codes``, 0 for a free slot. A row that finds none takes that of the worst plan nearby.
    """
    code = np.uint64(0)
    for k in range(1, size[row] + 1):
        node = seq[row, k]
        if node & 1 == 0:
            code += codes[node >> 1]
    cost = row_cost(row, seq, size, between)
    slots = pool_code.size
    slot = np.int64(code % np.uint64(slots))
    into = slot
    for _ in range(_PROBES):
        if pool_code[slot] == code:
            pool_plan[slot] = min(pool_plan[slot], plan_cost)
            if cost >= pool_cost[slot] - EPS:
                return
            into = slot
            break
        if pool_code[slot] == 0:
            into = slot
            pool_plan[slot] = plan_cost
            break
        if pool_plan[slot] > pool_plan[into]:
            into = slot
        slot = (slot + 1) % slots
    if pool_code[into] != code:
        if pool_code[into] != 0 and pool_plan[into] <= plan_cost:
            return
        pool_plan[into] = plan_cost
    pool_code[into] = code
    pool_cost[into] = cost
    for k in range(size[row]):
        pool[into, k] = seq[row, k + 1]
    pool[into, size[row]] = -1
