"""Ruin and recreate over the plans of a fleet: strings of neighbouring tasks leave their routes and come back better.

Removal of strings and insertion with blinks follow Christiaens and Vanden Berghe (2020), *Slack induction by string
removals for vehicle routing problems*, Transportation Science 54(2), here called SISR; fleets shrink by their sums of
absences. Plans are arrays as :mod:`twin.models.transit.planning.kernels.rows` says.
"""

from __future__ import annotations

import math

import numpy as np

from twin.engine.draws import bits, uniform
from twin.jit import kernel, lean_kernel
from twin.models.transit.planning.kernels.insertion import best_in_row
from twin.models.transit.planning.kernels.rows import EPS, copy_row, put, refresh, remember, row_cost, take

#: Longest string taken out of one row (SISR, L^max; V).
_LONGEST_STRING = 10.0
#: Share of strings that keep some tasks in their middle, and chance that no more of them are kept (SISR, alpha and
#: beta; V).
_SPLIT, _STOP_KEEPING = 0.5, 0.01
#: Share of places that are not looked at: the first number as in SISR (V); now and then more of them, up to the sum of
#: both, by the cube of a uniform draw (G: tight windows leave so few places that 1 % hardly changes anything).
_BLINK, _BLINK_MORE = 0.01, 0.3
#: Orders in which requests come back, as cumulative weights: by chance, load, far first, near first (SISR: 4, 4, 2, 1),
#: tight windows first, early first (G: the other orders know nothing of time).
_BY_CHANCE, _BY_LOAD, _FAR_FIRST, _NEAR_FIRST, _TIGHT_FIRST = 0.35, 0.45, 0.60, 0.65, 0.85
#: Routes of plans that cost at most so many times the best one are kept for choosing among them (G).
_POOLED_WITHIN = 1.02


@lean_kernel
def _take_string(row, node, length, keep, taken, out, work_seq, work_size, work_home, stream, step, drawn):
    """Take a string of ``length`` tasks that holds a node out of a row, with its requests: (taken, numbers drawn).

    ``keep`` is 1 for a string that keeps some tasks in its middle, else 0.
    """
    tasks = work_size[row]
    at = 1
    while work_seq[row, at] != node:
        at += 1
    first_low = max(1, at - length + 1)
    first_high = min(at, tasks - length + 1)
    drawn += 1
    first = first_low + np.int64(bits(stream, step, drawn) % np.uint64(first_high - first_low + 1))
    kept_from = 0
    if keep > 0:
        drawn += 1
        while first + length + keep <= tasks and uniform(stream, step, drawn) > _STOP_KEEPING and keep < length:
            keep += 1
            drawn += 1
        if first + length + keep - 1 > tasks:
            keep = 0
        drawn += 1
        kept_from = first + np.int64(bits(stream, step, drawn) % np.uint64(length))
    before = taken
    for k in range(first, first + length + keep):
        r = work_seq[row, k] >> 1
        if not kept_from <= k < kept_from + keep and work_home[r] >= 0:
            work_home[r] = -1
            out[taken] = r
            taken += 1
    for k in range(before, taken):
        take(row, out[k], work_seq, work_size)
    return taken, drawn


@lean_kernel
def _ruin(
    rows,
    near,
    removed_mean,
    out,
    touched,
    work_seq,
    work_size,
    work_home,
    start,
    latest,
    aboard,
    between,
    early,
    late,
    service,
    load,
    stream,
    step,
    drawn,
):
    """Take strings of tasks around a task drawn by chance out of the plan: (requests out, numbers drawn)."""
    touched[:] = False
    taken = 0
    for r in range(load.size):
        if work_home[r] < 0:
            out[taken] = r
            taken += 1
    used, tasks = 0, 0
    for row in range(rows):
        used += work_size[row] > 0
        tasks += work_size[row]
    longest = min(_LONGEST_STRING, max(tasks / max(used, 1), 2.0))
    drawn += 1
    strings = int(math.floor(uniform(stream, step, drawn) * (4.0 * removed_mean / (1.0 + longest))) + 1)
    drawn += 1
    view = np.int64(bits(stream, step, drawn) % np.uint64(near.shape[0]))
    drawn += 1
    seed = np.int64(bits(stream, step, drawn) % np.uint64(near.shape[1]))
    for n in range(near.shape[2]):
        node = near[view, seed, n]
        row = work_home[node >> 1]
        if row < 0 or touched[row]:
            continue
        if strings == 0:
            break
        strings -= 1
        touched[row] = True
        drawn += 1
        length = int(math.floor(uniform(stream, step, drawn) * min(longest, float(work_size[row]))) + 1)
        drawn += 1
        keep = 1 if length > 1 and length < work_size[row] and uniform(stream, step, drawn) < _SPLIT else 0
        taken, drawn = _take_string(
            row, node, length, keep, taken, out, work_seq, work_size, work_home, stream, step, drawn
        )
        refresh(row, work_seq, work_size, start, latest, aboard, between, early, late, service, load)
    return taken, drawn


@lean_kernel
def _put_in_order(taken, out, keys, between, early, load, tightness, stream, step, drawn):
    """Sort the requests that are out into one of several orders, drawn by chance; numbers drawn."""
    depot = 2 * load.size
    drawn += 1
    order = uniform(stream, step, drawn)
    for k in range(taken):
        r = out[k]
        drawn += 1
        if order < _BY_CHANCE:
            keys[k] = uniform(stream, step, drawn)
        elif order < _BY_LOAD:
            keys[k] = -load[r] + 1e-3 * uniform(stream, step, drawn)
        elif order < _FAR_FIRST:
            keys[k] = -between[depot, 2 * r] - between[2 * r, 2 * r + 1]
        elif order < _NEAR_FIRST:
            keys[k] = between[depot, 2 * r] + between[2 * r, 2 * r + 1]
        elif order < _TIGHT_FIRST:
            keys[k] = tightness[r]
        else:
            keys[k] = early[2 * r]
    for k in range(1, taken):
        key, r, n = keys[k], out[k], k - 1
        while n >= 0 and keys[n] > key:
            keys[n + 1], out[n + 1] = keys[n], out[n]
            n -= 1
        keys[n + 1], out[n + 1] = key, r
    return drawn


@lean_kernel
def _recreate(
    rows,
    taken,
    out,
    touched,
    work_seq,
    work_size,
    work_home,
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
    stream,
    step,
    drawn,
    trial,
    place,
    times,
):
    """Bring requests back, each at its cheapest pair of places in all rows: (requests left out, numbers drawn)."""
    drawn += 1
    blinks = _BLINK + _BLINK_MORE * uniform(stream, step, drawn) ** 3
    left = 0
    for k in range(taken):
        r = out[k]
        best, best_row, best_i, best_j = np.inf, -1, -1, -1
        tried_empty = False
        for row in range(rows):
            blink = blinks
            if work_size[row] == 0:
                if tried_empty:
                    continue
                tried_empty = True
                blink = 0.0
            found, i, j, drawn = best_in_row(
                row,
                r,
                best,
                work_seq,
                work_size,
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
            )
            if i >= 0:
                best, best_row, best_i, best_j = found, row, i, j
        if best_row < 0:
            left += 1
            continue
        put(best_row, r, best_i, best_j, work_seq, work_size)
        work_home[r] = best_row
        touched[best_row] = True
        refresh(best_row, work_seq, work_size, start, latest, aboard, between, early, late, service, load)
    return left, drawn


@lean_kernel
def _measure(rows, seq, size, home, between):
    """Cost of a plan and how many requests it leaves out."""
    cost, missing = 0.0, 0
    for row in range(rows):
        cost += row_cost(row, seq, size, between)
    for r in range(home.size):
        missing += home[r] < 0
    return cost, missing


@lean_kernel
def _sum_absences(home, absences):
    """How often the requests that a plan leaves out were left out so far."""
    total = 0.0
    for r in range(home.size):
        if home[r] < 0:
            total += absences[r]
    return total


@kernel
def improve(
    between,
    early,
    late,
    service,
    load,
    ride_max,
    capacity,
    duty_max,
    near,
    tightness,
    seq,
    size,
    home,
    absences,
    best_seq,
    best_size,
    best_home,
    pool,
    pool_cost,
    pool_plan,
    pool_code,
    codes,
    rows,
    removed_mean,
    steps,
    first_step,
    heat,
    shrink,
    stream,
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
    pool, pool_cost, pool_plan, pool_code, codes
        Rows of good plans, filled in place (:func:`~twin.models.transit.planning.kernels.rows.remember`).
    rows
        Vehicles that may be used.
    removed_mean
        Mean number of requests taken out in a step.
    steps, first_step
        Steps of this call, and the number of the first one, which keys the draws.
    heat
        Temperature of the annealing.
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
    room = seq.shape[1]
    limited = duty_max < np.inf
    for r in range(requests):
        limited = limited or ride_max[r] < np.inf
    work_seq, work_size, work_home = seq.copy(), size.copy(), home.copy()
    start, latest, aboard = np.zeros((rows, room)), np.zeros((rows, room)), np.zeros((rows, room))
    touched = np.zeros(rows, np.bool_)
    out, keys = np.empty(requests, np.int64), np.empty(requests)
    trial, times, place = np.empty(room + 4, np.int64), np.empty(room + 4), np.full(2 * requests + 1, -1, np.int64)
    for row in range(rows):
        refresh(row, work_seq, work_size, start, latest, aboard, between, early, late, service, load)
    cost, missing = _measure(rows, seq, size, home, between)
    best_cost, best_missing = _measure(rows, best_seq, best_size, best_home, between)
    for step in range(first_step, first_step + steps):
        taken, drawn = _ruin(
            rows,
            near,
            removed_mean,
            out,
            touched,
            work_seq,
            work_size,
            work_home,
            start,
            latest,
            aboard,
            between,
            early,
            late,
            service,
            load,
            stream,
            step,
            0,
        )
        drawn = _put_in_order(taken, out, keys, between, early, load, tightness, stream, step, drawn)
        left, drawn = _recreate(
            rows,
            taken,
            out,
            touched,
            work_seq,
            work_size,
            work_home,
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
            stream,
            step,
            drawn,
            trial,
            place,
            times,
        )
        new_cost = cost
        for row in range(rows):
            if touched[row]:
                new_cost += row_cost(row, work_seq, work_size, between) - row_cost(row, seq, size, between)
        # Annealing; while somebody is left out, also what serves more of them or those who were left out less.
        accept = left <= missing and new_cost < cost - heat * math.log(uniform(stream, step, drawn + 1))
        if left > 0 or missing > 0:
            absent, work_absent = _sum_absences(home, absences), _sum_absences(work_home, absences)
            accept = left < missing or work_absent < absent or (accept and work_absent == absent)
            for k in range(taken):
                absences[out[k]] += work_home[out[k]] < 0
        if left == 0 and new_cost < _POOLED_WITHIN * best_cost:
            for row in range(rows):
                if touched[row] and work_size[row] > 0:
                    remember(row, work_seq, work_size, between, new_cost, pool, pool_cost, pool_plan, pool_code, codes)
        if not accept:
            for row in range(rows):
                if touched[row]:
                    copy_row(row, seq, size, work_seq, work_size)
                    refresh(row, work_seq, work_size, start, latest, aboard, between, early, late, service, load)
            work_home[:] = home
            continue
        cost, missing = new_cost, left
        home[:] = work_home
        for row in range(rows):
            if touched[row]:
                copy_row(row, work_seq, work_size, seq, size)
        if left < best_missing or (left == best_missing and new_cost < best_cost - EPS):
            best_missing, best_cost = left, new_cost
            for row in range(rows):
                copy_row(row, seq, size, best_seq, best_size)
            best_home[:] = home
            if shrink and left == 0:
                return step - first_step + 1
    return steps
