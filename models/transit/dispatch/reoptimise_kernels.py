"""Plans of all vans made anew by ruin and recreate: requests that nobody has boarded leave their plans and come back.

Large neighbourhood search (Shaw 1998; Schrimpf et al. 2000) with ways to ruin chosen by their success (Ropke and
Pisinger 2006, *Transportation Science* 40(4)), on the plans of a day that runs: recreation is by the insertion
of ``insertion_kernels.py``, which keeps every promise, break and seat, so that each accepted plan does. A plan is only
ever replaced by a cheaper one, so that the search may stop after any step.
"""

from __future__ import annotations

import numpy as np

from twin.engine.draws import uniform
from twin.jit import lean_kernel
from twin.models.transit.dispatch.insertion_kernels import (
    ACCEPTED,
    BREAK,
    PICK,
    best_in_van,
    first_position,
    move_anchor,
    put,
    rides_fit,
    schedule_van,
    take,
)

#: A plan counts as cheaper from here on.
_GAIN_S = 1e-6
#: Most requests taken out in one step (tried on the `ward` day: 4 and 8 were no better).
_MOST_OUT = 6
#: Share of vans that are not looked at when a request comes back, so that not every step goes the same way (G).
_BLINK = 0.08
#: Share of the old success that is kept at each step, and least chance of a way to ruin (G).
_KEEP, _LEAST = 0.98, 0.1
#: Ways to ruin: by chance, what is near in place and time, what waits longest, one van's.
_BY_CHANCE, _NEAR, _LONGEST, _ONE_VAN = 0, 1, 2, 3


@lean_kernel
def plan_cost(van, rules):
    """What a plan costs, up to what no plan can change: when the van is free, and the weighted moments of its tasks.

    What a plan takes of the reserves of promises costs too, so that riders whom the road has delayed are given to a van
    that keeps theirs, if there is one.
    """
    n = van["size"]
    if n == 0:
        return van["anchor_s"]
    riders_s = 0.0
    for k in range(n):
        riders_s += van["task_worth"][k] * van["start_s"][k]
    eaten_s = rules.reserve_weight * van["eaten_s"] if rules.reserve_weight > 0.0 else 0.0
    return van["latest_s"][n - 1] + van["dwell_s"][n - 1] + rules.rider_time_weight * riders_s + eaten_s


@lean_kernel
def _find_movable(now_s, scratch, fleet, requests, times, rules):
    """Requests that nobody has boarded and whose van is not bound to them: how many."""
    count = 0
    for v in range(fleet.size):
        van = fleet[v]
        scratch.changed[v] = 0
        if not van["working"]:
            continue
        move_anchor(van, now_s, requests, times, rules)
        fixed = van["bound"] > 0
        for k in range(van["size"]):
            # The visit that a bound van drives to stays as it is.
            fixed = fixed and van["task_stop"][k] == van["task_stop"][0]
            if van["task_pick"][k] == PICK and not fixed:
                scratch.movable[count] = van["task_request"][k]
                count += 1
    return count


@lean_kernel
def _touch(v, touched, scratch, fleet, rules):
    """Keep a van's plan before it is changed: (vans touched, what the plan cost)."""
    for n in range(touched):
        if scratch.touched[n] == v:
            return touched, 0.0
    scratch.touched[touched] = v
    scratch.kept[v] = fleet[v]
    return touched + 1, plan_cost(fleet[v], rules)


@lean_kernel
def _ruin(way, size, seed, count, key, event_, scratch, requests, times, rules):
    """Choose requests to take out around one of them: how many, and draws used."""
    first = scratch.movable[seed]
    for m in range(count):
        r = scratch.movable[m]
        if way == _NEAR:
            # Shaw: near in place, at both ends, and in time.
            value = (
                times.between_s[requests[first]["origin"], requests[r]["origin"]]
                + times.between_s[requests[first]["destination"], requests[r]["destination"]]
                + abs(requests[first]["asked_s"] - requests[r]["asked_s"])
            )
        elif way == _LONGEST:
            value = requests[r]["ready_s"]
        elif way == _ONE_VAN and requests[r]["van"] == requests[first]["van"]:
            value = 0.0
        else:
            value = 1.0
        event_ += 1
        scratch.order[m] = value * (0.5 + uniform(rules.stream, key, np.uint64(event_)))
    scratch.order[seed] = -1.0
    for n in range(size):
        least = n
        best = np.inf
        for m in range(count):
            if scratch.order[m] < best:
                best = scratch.order[m]
                least = m
        scratch.out[n] = scratch.movable[least]
        scratch.order[least] = np.inf
    return event_


@lean_kernel
def _bring_back(r, now_s, blink, key, event_, scratch, fleet, requests, times, rules):
    """Cheapest place of a request over all vans, some of them left out by chance: (van, i, j, draws used)."""
    best = np.inf
    chosen = at_i = at_j = -1
    to_o = times.towards_s[requests[r]["origin"]]
    pickup_by = requests[r]["pickup_by_s"] - rules.reserve_s + 1e-6
    if times.from_s.size > 1:
        pickup_by = np.inf
    for v in range(fleet.size):
        van = fleet[v]
        n = van["size"]
        if not van["working"] or n + 2 > scratch.moved.size or van["off_s"] < now_s:
            continue
        if requests[r]["step_free"] > van["step_free"]:
            continue
        if van["anchor_s"] + to_o[van["anchor_stop"]] > pickup_by:
            continue
        if blink > 0.0:
            event_ += 1
            if uniform(rules.stream, key, np.uint64(event_)) < blink:
                continue
        first = first_position(van, requests[r]["origin"])
        best, i, j, _ = best_in_van(van, r, best, first, n, -1, scratch.moved, requests, times, rules)
        if i >= 0:
            chosen, at_i, at_j = v, i, j
    return chosen, at_i, at_j, event_


@lean_kernel
def _recreate(out, now_s, blink, touched, old, key, event_, scratch, fleet, requests, times, rules):
    """Bring requests back in the order in which they stand: (all fit, vans touched, what the old plans cost, draws)."""
    for n in range(out):
        r = scratch.out[n]
        v, i, j, event_ = _bring_back(r, now_s, blink, key, event_, scratch, fleet, requests, times, rules)
        if v < 0:
            return False, touched, old, event_
        touched, cost = _touch(v, touched, scratch, fleet, rules)
        old += cost
        put(fleet[v], r, i, j, requests)
        requests[r]["van"] = v
        schedule_van(fleet[v], requests, times, rules)
    return True, touched, old, event_


@lean_kernel
def _undo(touched, scratch, fleet, requests):
    """Put back the plans that were kept."""
    for n in range(touched):
        v = scratch.touched[n]
        fleet[v] = scratch.kept[v]
        for k in range(fleet[v]["size"]):
            if fleet[v]["task_pick"][k] == BREAK:
                continue
            requests[fleet[v]["task_request"][k]]["van"] = v


@lean_kernel
def _shuffle(out, key, event_, scratch, rules):
    """Put the requests that are out into an order drawn by chance."""
    for n in range(out - 1, 0, -1):
        event_ += 1
        m = min(n, int(uniform(rules.stream, key, np.uint64(event_)) * (n + 1)))
        scratch.out[n], scratch.out[m] = scratch.out[m], scratch.out[n]
    return event_


@lean_kernel
def _choose_way(draw, success):
    """A way to ruin, by its success."""
    total = success.sum()
    way = 0
    at = success[0]
    while at < draw * total and way < success.size - 1:
        way += 1
        at += success[way]
    return way


@lean_kernel
def reoptimise(now_s, number, scratch, fleet, requests, times, rules):
    """Make the plans of all vans anew; ``scratch.changed`` tells whose plans are others.

    Parameters
    ----------
    number
        How often plans were made anew, which keys the draws together with the number of the step.

    Returns
    -------
    int
        Steps that found cheaper plans.
    """
    count = _find_movable(now_s, scratch, fleet, requests, times, rules)
    found = 0
    for step in range(rules.steps * count):
        key = np.uint64(number) * np.uint64(1 << 20) + np.uint64(step)
        way = _choose_way(uniform(rules.stream, key, np.uint64(0)), scratch.success)
        seed = min(count - 1, int(uniform(rules.stream, key, np.uint64(1)) * count))
        most = min(count, _MOST_OUT)
        size = 1 + min(most - 1, int(uniform(rules.stream, key, np.uint64(2)) * most))
        event_ = _ruin(way, size, seed, count, key, 3, scratch, requests, times, rules)
        event_ = _shuffle(size, key, event_, scratch, rules)
        touched, old = 0, 0.0
        for n in range(size):
            v = requests[scratch.out[n]]["van"]
            touched, cost = _touch(v, touched, scratch, fleet, rules)
            old += cost
            take(fleet[v], scratch.out[n])
        for n in range(touched):
            schedule_van(fleet[scratch.touched[n]], requests, times, rules)
        fits, touched, old, event_ = _recreate(
            size, now_s, _BLINK, touched, old, key, event_, scratch, fleet, requests, times, rules
        )
        new = 0.0
        for n in range(touched):
            new += plan_cost(fleet[scratch.touched[n]], rules)
            fits = fits and rides_fit(fleet[scratch.touched[n]])
        better = fits and new < old - _GAIN_S
        scratch.success[way] = max(_LEAST, _KEEP * scratch.success[way] + (1.0 - _KEEP) * 10.0 * better)
        if not better:
            _undo(touched, scratch, fleet, requests)
            continue
        found += 1
        for n in range(touched):
            scratch.changed[scratch.touched[n]] = 1
    return found


@lean_kernel
def make_room(r, now_s, tries, scratch, fleet, requests, times, rules):
    """Fit a request in that has no place, by moving others that nobody has boarded; whether it has one now."""
    count = _find_movable(now_s, scratch, fleet, requests, times, rules)
    if count == 0:
        return False
    for step in range(tries):
        key = np.uint64(1 << 60) + np.uint64(r) * np.uint64(1 << 20) + np.uint64(step)
        most = min(count, _MOST_OUT)
        size = 1 + min(most - 1, int(uniform(rules.stream, key, np.uint64(1)) * most))
        scratch.movable[count] = r
        event_ = _ruin(_NEAR, size + 1, count, count + 1, key, 3, scratch, requests, times, rules)
        touched, old = 0, 0.0
        for n in range(1, size + 1):
            v = requests[scratch.out[n]]["van"]
            touched, _ = _touch(v, touched, scratch, fleet, rules)
            take(fleet[v], scratch.out[n])
        for n in range(touched):
            schedule_van(fleet[scratch.touched[n]], requests, times, rules)
        fits, touched, old, event_ = _recreate(
            size + 1, now_s, 0.0, touched, old, key, event_, scratch, fleet, requests, times, rules
        )
        for n in range(touched):
            fits = fits and rides_fit(fleet[scratch.touched[n]])
        if fits:
            requests[r]["status"] = ACCEPTED
            for n in range(touched):
                scratch.changed[scratch.touched[n]] = 1
            return True
        requests[r]["van"] = -1
        _undo(touched, scratch, fleet, requests)
    return False
