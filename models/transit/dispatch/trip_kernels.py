"""Trips that vans can make: sets of requests that nobody has boarded, grown one request at a time.

Request-trip-vehicle graph after Alonso-Mora, Samaranayake, Wallar, Frazzoli and Rus (2017), *On-demand high-capacity
ride-sharing via dynamic trip-vehicle assignment*, PNAS 114(3): a
set of requests is tried with a van only if the van can
make the trip without any one of them. The plan of a trip is the cheapest of those that come from putting each of its
requests, as the last one, into the plan of the rest.
"""

from __future__ import annotations

import numpy as np

from twin.jit import lean_kernel
from twin.models.transit.dispatch.insertion_kernels import (
    PICK,
    best_in_van,
    first_position,
    move_anchor,
    put,
    rides_fit,
    schedule_van,
    take,
)
from twin.models.transit.dispatch.reoptimise_kernels import plan_cost


@lean_kernel
def find_free(now_s, free, fleet, requests, times, rules):
    """Requests that may change their van, in the order of vans and plans: how many.

    Parameters
    ----------
    free : (n,) int32
        Filled with rows of requests.
    """
    count = 0
    for v in range(fleet.size):
        van = fleet[v]
        if not van["working"]:
            continue
        move_anchor(van, now_s, requests, times, rules)
        fixed = van["bound"] > 0
        for k in range(van["size"]):
            fixed = fixed and van["task_stop"][k] == van["task_stop"][0]
            if van["task_pick"][k] == PICK and not fixed:
                free[count] = van["task_request"][k]
                count += 1
    return count


@lean_kernel
def rebuild(work, base, trip, trips, requests, times, rules):
    """Make a van's plan that of a trip: what it must do anyway, then each request where it was put."""
    work[0] = base[0]
    depth = trips[trip]["size"]
    for level in range(depth):
        # The chain goes from the whole trip to the empty one; requests were put in from there.
        at = trip
        for _ in range(depth - 1 - level):
            at = trips[at]["parent"]
        put(work[0], trips[at]["request"], trips[at]["i"], trips[at]["j"], requests)
    schedule_van(work[0], requests, times, rules)


@lean_kernel
def _find(mask, first, last, trips):
    """Trip of a set of requests among those from ``first`` to ``last``, or -1."""
    for at in range(first, last):
        if trips[at]["mask"] == mask:
            return at
    return -1


@lean_kernel
def grow(v, base, work, near, near_count, most, largest, moved, trips, fleet, requests, times, rules):
    """Trips that a van can make, the empty one first, and as the last one the plan it has; how many.

    Parameters
    ----------
    base, work : (1,) VAN
        Room: the van without what may change, and with a trip.
    near : (k,) int32
        Requests that may be given to the van, at most 63; those of its plan among them.
    most, largest
        Most trips, and most requests of one.
    trips : (most + 1,) TRIP
        Filled in.
    """
    base[0] = fleet[v]
    own = np.uint64(0)
    for k in range(near_count):
        if requests[near[k]]["van"] == v:
            own |= np.uint64(1) << np.uint64(k)
            take(base[0], near[k])
    schedule_van(base[0], requests, times, rules)
    if not rides_fit(base[0]):
        # Without somebody in between, others would ride too long: this van keeps its plan.
        largest = -1
    trips[0]["mask"] = 0
    trips[0]["size"] = 0
    trips[0]["parent"] = -1
    trips[0]["cost"] = plan_cost(base[0], rules)
    count, level_first, level_last = 1 if largest >= 0 else 0, 0, 1
    for size in range(1, largest + 1):
        for parent in range(level_first, level_last):
            mask = trips[parent]["mask"]
            for k in range(near_count):
                bit = np.uint64(1) << np.uint64(k)
                if bit <= mask or count >= most:
                    continue
                whole = mask | bit
                best, best_last, best_at, best_i, best_j = np.inf, -1, -1, -1, -1
                for q in range(near_count):
                    q_bit = np.uint64(1) << np.uint64(q)
                    if whole & q_bit == np.uint64(0):
                        continue
                    rest = _find(whole ^ q_bit, level_first, level_last, trips)
                    if rest < 0:
                        best_at = -1
                        break
                    rebuild(work, base, rest, trips, requests, times, rules)
                    r = near[q]
                    if requests[r]["step_free"] > base[0]["step_free"]:
                        best_at = -1
                        break
                    first = first_position(work[0], requests[r]["origin"])
                    if work[0]["size"] + 2 > moved.size:
                        continue
                    _, i, j, _ = best_in_van(
                        work[0], r, np.inf, first, work[0]["size"], -1, moved, requests, times, rules
                    )
                    if i < 0:
                        continue
                    put(work[0], r, i, j, requests)
                    schedule_van(work[0], requests, times, rules)
                    total = plan_cost(work[0], rules)
                    if total < best:
                        best, best_last, best_at, best_i, best_j = total, r, rest, i, j
                if best_at < 0:
                    continue
                trips[count]["mask"] = whole
                trips[count]["size"] = size
                trips[count]["parent"] = best_at
                trips[count]["request"] = best_last
                trips[count]["i"] = best_i
                trips[count]["j"] = best_j
                trips[count]["cost"] = best
                count += 1
        level_first, level_last = level_last, count
        if level_first == level_last:
            break
    trips[count]["mask"] = own
    trips[count]["size"] = -1
    trips[count]["parent"] = -1
    trips[count]["cost"] = plan_cost(fleet[v], rules)
    return count + 1
