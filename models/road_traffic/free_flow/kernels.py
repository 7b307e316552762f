"""Kernels of the free-flow form: driving times through slices of speed, and the crossings of a period.

Speed is a step function of the time of day, the same for all vehicles on a street. A vehicle always drives at
the speed that holds at that moment, so that who enters first also leaves first (Ichoua, Gendreau and Potvin
2003): looking the travel time up at entry would let the later vehicle overtake across a boundary.
"""

from __future__ import annotations

import numpy as np

from twin.jit import kernel
from twin.models.road_traffic.queueing.kernels import next_green_s

_DAY_S = 86400.0
COS_45 = 0.5**0.5


@kernel
def leave_link_s(enter_s, free_s, group, slice_from_s, slice_factor):
    """When a vehicle leaves a link that it enters at ``enter_s`` and that takes ``free_s`` at free flow.

    Parameters
    ----------
    enter_s, free_s
        Seconds.
    group
        Column of ``slice_factor``: streets that share their factors.
    slice_from_s : (k,) float64
        Starts of the slices of a day, the first at 0.
    slice_factor : (k, g) float64
        Share of the free-flow speed, greater than 0.
    """
    k = slice_from_s.size
    if k == 1:
        return enter_s + free_s / slice_factor[0, group]
    day_s = np.floor(enter_s / _DAY_S) * _DAY_S
    i = np.searchsorted(slice_from_s, enter_s - day_s, side="right") - 1
    at_s = enter_s
    left_s = free_s
    while True:
        end_s = day_s + (slice_from_s[i + 1] if i + 1 < k else _DAY_S)
        factor = slice_factor[i, group]
        needed_s = left_s / factor
        if at_s + needed_s <= end_s:
            return at_s + needed_s
        left_s -= (end_s - at_s) * factor
        at_s = end_s
        i += 1
        if i == k:
            i = 0
            day_s += _DAY_S


@kernel
def green_s(at_s, link, to, plan_of, turns, first_turn, plans):
    """First moment from ``at_s`` on at which the light at the end of a link lets one on to the link ``to``."""
    plan = plan_of[link]
    k = first_turn[link]
    if k >= 0:
        while k < turns.shape[0] and turns[k, 0] == link:
            if turns[k, 1] == to:
                plan = turns[k, 2]
            k += 1
    if plan < 0:
        return at_s
    return next_green_s(at_s, plans[plan, 0], plans[plan, 1], plans[plan, 2])


@kernel
def lost_s(link, to, straight_s, turn_s, out_x, out_y, in_x, in_y):
    """Seconds lost between two links: by slowing down for the crossing, or to turn by more than 45 degrees."""
    if out_x[link] * in_x[to] + out_y[link] * in_y[to] < COS_45:
        return turn_s[link]
    return straight_s[link]


@kernel
def drive_path(
    enter_s,
    path,
    first,
    class_speed_mps,
    length_m,
    speed_mps,
    group,
    opens_s,
    slice_from_s,
    slice_factor,
    lights,
    losses,
    out_leave_s,
):
    """Fill the times at which a vehicle leaves the links of its path from position ``first`` on.

    ``enter_s`` is when it enters that link. At the end of a link it loses what the crossing costs and waits for green
    (``lights``, ``losses``: see ``junctions.py``). Before a closed link it waits until ``opens_s`` (m,), at the end of
    the link before; that is -inf for open links.

    Returns
    -------
    float
        Free-flow seconds of the links from ``first`` on, without anything lost at crossings.
    """
    at_s = enter_s
    free_total_s = 0.0
    for i in range(first, path.size):
        link = path[i]
        free_s = length_m[link] / min(speed_mps[link], class_speed_mps)
        free_total_s += free_s
        if opens_s[link] > at_s:
            at_s = opens_s[link]
            if i > 0:
                at_s = green_s(at_s, path[i - 1], link, lights[0], lights[1], lights[2], lights[3])
                out_leave_s[i - 1] = at_s
        at_s = leave_link_s(at_s, free_s, group[link], slice_from_s, slice_factor)
        to = -1
        if i + 1 < path.size:
            to = path[i + 1]
            at_s += lost_s(link, to, losses[0], losses[1], losses[2], losses[3], losses[4], losses[5])
        at_s = green_s(at_s, link, to, lights[0], lights[1], lights[2], lights[3])
        out_leave_s[i] = at_s
    return free_total_s


@kernel
def drive_paths(
    slots,
    path_start,
    path_len,
    enter_s,
    vehicle_class,
    class_speed_mps,
    pool_link,
    length_m,
    speed_mps,
    group,
    opens_s,
    slice_from_s,
    slice_factor,
    lights,
    losses,
    out_pool_leave_s,
    out_free_s,
    out_leave_s,
):
    """Fill the times of whole paths of many vehicles, see :func:`drive_path`; free-flow seconds and the end of each."""
    for slot in slots:
        start = path_start[slot]
        end = start + path_len[slot]
        out_free_s[slot] = drive_path(
            enter_s[slot], pool_link[start:end], 0, class_speed_mps[vehicle_class[slot]], length_m, speed_mps, group,
            opens_s, slice_from_s, slice_factor, lights, losses, out_pool_leave_s[start:end],
        )  # fmt: skip
        out_leave_s[slot] = out_pool_leave_s[end - 1]


@kernel
def link_times(at_s, class_speed_mps, length_m, speed_mps, group, slice_from_s, slice_factor, out_s):
    """Fill the seconds over every link, without its end, for a vehicle that enters it at ``at_s``."""
    for link in range(length_m.size):
        free_s = length_m[link] / min(speed_mps[link], class_speed_mps)
        out_s[link] = leave_link_s(at_s, free_s, group[link], slice_from_s, slice_factor) - at_s


@kernel
def collect_crossings(
    slots,
    until_s,
    path_start,
    path_len,
    enter_s,
    told,
    pool_link,
    pool_leave_s,
    out_time_s,
    out_slot,
    out_from,
    out_to,
    out_on_link_s,
):
    """Write the crossings of some vehicles up to and including ``until_s`` that have not been told yet.

    A crossing joins the link left (-1 at entry) and the link entered (-1 at the end of the path). ``told``
    counts crossings already written, the entry included, and is moved on. Stops when the arrays are full.

    Returns
    -------
    int
        Crossings written; equal to the size of the arrays if there may be more.
    """
    n = 0
    for slot in slots:
        start = path_start[slot]
        while told[slot] <= path_len[slot]:
            k = told[slot]
            time_s = enter_s[slot] if k == 0 else pool_leave_s[start + k - 1]
            if time_s > until_s:
                break
            if n == out_time_s.size:
                return n
            before_s = 0.0
            if k > 0:
                before_s = enter_s[slot] if k == 1 else pool_leave_s[start + k - 2]
            out_time_s[n] = time_s
            out_slot[n] = slot
            out_from[n] = pool_link[start + k - 1] if k > 0 else -1
            out_to[n] = pool_link[start + k] if k < path_len[slot] else -1
            out_on_link_s[n] = time_s - before_s if k > 0 else 0.0
            told[slot] = k + 1
            n += 1
    return n
