"""Every place in random plans, timed from scratch, against the insertion that tests each in constant time.

Run:  python -m tests.verification.insertions --count 1000000 --seed 1

Plans have riders on board, windows, parties, places for wheelchairs, a break, an end of shift, times that change over
the day and reserves of promises; each case leaves some of them out. Prints how many places were tried, how many of them
fit, and how many the two judge differently; exit code 1 if any.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from twin.jit import kernel
from twin.models.transit.dispatch import insertion_kernels as fast
from twin.models.transit.fleet import rows as state

STOPS, REQUESTS, HORIZON_S = 14, 10, 5400.0
#: Costs are sums of seconds taken in another order.
SAME_S = 1e-5


@kernel
def slow_drive_s(times, at_s, here, there):
    """Drive through the slices, one after the other from the first."""
    now_s, left = at_s, 1.0
    for k in range(times.from_s.size):
        until_s = times.from_s[k + 1] if k + 1 < times.from_s.size else np.inf
        if now_s >= until_s:
            continue
        whole_s = times.between_s[here, there]
        if times.from_s.size > 1:
            whole_s = times.slices_s[times.slice_of[k], here, there]
        if left * whole_s <= until_s - now_s:
            return now_s + left * whole_s - at_s
        left -= (until_s - now_s) / whole_s
        now_s = until_s
    return np.inf


@kernel
def slow_timetable(van, count, request, kind, stops, start, requests, times, rules):
    """Fill the start of every task; returns (end of the plan, last stop)."""
    stop, leave = van["anchor_stop"], van["anchor_s"]
    k = 0
    while k < count:
        here = stops[k]
        arrive = leave + slow_drive_s(times, leave, stop, here)
        latest, dwell = arrive, rules.dwell_s
        first = True
        while k < count and (first or stops[k] == here):
            first = False
            r = request[k]
            start[k] = arrive
            if kind[k] == fast.BREAK:
                start[k] = max(arrive, van["break_from_s"][-1 - r])
                dwell += van["break_s"][-1 - r]
            elif kind[k] == fast.PICK:
                start[k] = max(arrive, requests[r]["ready_s"])
                dwell += requests[r]["board_s"]
            else:
                dwell += requests[r]["alight_s"]
            latest = max(latest, start[k])
            k += 1
        stop, leave = here, latest + dwell
    return leave, stop


@kernel
def picked_s(r, count, request, kind, start, requests):
    """When the riders of a request board by a plan, or did."""
    for k in range(count):
        if request[k] == r and kind[k] == fast.PICK:
            return start[k]
    return requests[r]["pickup_s"]


@kernel
def over_s(k, count, request, kind, start, van, requests):
    """By how much a task is later than promised, and a ride longer; -inf for what has no bound."""
    r = request[k]
    if kind[k] == fast.BREAK:
        return start[k] - van["break_by_s"][-1 - r], -np.inf
    if kind[k] == fast.PICK:
        return start[k] - requests[r]["pickup_by_s"], -np.inf
    ride = start[k] - picked_s(r, count, request, kind, start, requests) - requests[r]["ride_max_s"]
    return start[k] - requests[r]["dropoff_by_s"], ride


@kernel
def slow_cost(van, r, i, j, old_start, new_request, new_kind, new_stops, start, requests, times, rules):
    """Cost of an insertion by timing both plans anew; inf where it breaks something, nan where the plan does."""
    n = van["size"]
    old_request, old_kind, old_stops = van["task_request"], van["task_pick"], van["task_stop"]
    old_end, _ = slow_timetable(van, n, old_request, old_kind, old_stops, old_start, requests, times, rules)
    for k in range(n):
        late, ride = over_s(k, n, old_request, old_kind, old_start, van, requests)
        if late > 0.0 or ride > 0.0:
            return np.nan
    count = 0
    for k in range(n + 1):
        if k == i:
            new_request[count], new_kind[count], new_stops[count] = r, fast.PICK, requests[r]["origin"]
            count += 1
        if k == j:
            new_request[count], new_kind[count], new_stops[count] = r, fast.DROP, requests[r]["destination"]
            count += 1
        if k < n:
            new_request[count], new_kind[count], new_stops[count] = old_request[k], old_kind[k], old_stops[k]
            count += 1
    end, last = slow_timetable(van, count, new_request, new_kind, new_stops, start, requests, times, rules)
    if van["off_s"] < np.inf and end + slow_drive_s(times, end, last, van["depot_stop"]) > van["off_s"] + fast.EPS_S:
        return np.inf
    load, chairs, riders_s, old = van["load"], van["chairs"], 0.0, 0
    for k in range(count):
        q = new_request[k]
        sign = 1 if new_kind[k] == fast.PICK else -1
        if new_kind[k] == fast.BREAK:
            if load > 0:
                return np.inf
        else:
            load += sign * requests[q]["seats"]
            chairs += sign * requests[q]["chairs"]
        if load > van["seats"] or chairs > van["chair_places"]:
            return np.inf
        late, ride = over_s(k, count, new_request, new_kind, start, van, requests)
        if q == r and new_kind[k] != fast.BREAK:
            if late > fast.EPS_S - rules.reserve_s or ride > fast.EPS_S - rules.reserve_s:
                return np.inf
            since = requests[r]["since_s"]
            worth = 1.0 if new_kind[k] == fast.DROP else rules.wait_weight
            riders_s += worth * requests[r]["party"] * (start[k] - since)
            continue
        was_late, was_ride = over_s(old, n, old_request, old_kind, old_start, van, requests)
        kept = 0.0 if new_kind[k] == fast.BREAK else -rules.reserve_s
        if late > max(kept, was_late) + fast.EPS_S or ride > max(kept, was_ride) + fast.EPS_S:
            return np.inf
        if new_kind[k] != fast.BREAK:
            worth = 1.0 if new_kind[k] == fast.DROP else rules.wait_weight
            riders_s += worth * requests[q]["party"] * (start[k] - old_start[old])
        old += 1
    return end - old_end + rules.rider_time_weight * riders_s


@kernel
def compare(van, r, moved, old_start, new_request, new_kind, new_stops, start, requests, times, rules, out):
    """Try every pair of places of a request: counts into ``out`` (tried, fitting, judged differently)."""
    for i in range(van["size"] + 1):
        for j in range(i, van["size"] + 1):
            slow = slow_cost(
                van, r, i, j, old_start, new_request, new_kind, new_stops, start, requests, times, rules
            )  # fmt: skip
            if np.isnan(slow):
                return
            cost = fast.best_in_van(van, r, np.inf, i, i, j, moved, requests, times, rules)[0]
            out[0] += 1
            out[1] += slow < np.inf
            out[2] += (cost < np.inf) != (slow < np.inf) or (slow < np.inf and abs(cost - slow) > SAME_S)


def some_times(luck, *, changing):
    x, y = luck.uniform(0.0, 3000.0, (2, STOPS))
    between_s = (abs(x[:, None] - x) + abs(y[:, None] - y)) / 6.0
    times = state.new_times(between_s, np.arange(STOPS))
    if not changing:
        return times
    from_s = np.sort(luck.uniform(0.0, 2.0 * HORIZON_S, 40))
    slices_s = between_s * luck.uniform(1.0, 3.0, (3, STOPS, STOPS))
    return state.with_slices(times, from_s, luck.integers(0, 3, 40), slices_s)


def some_case(luck):
    """A van with a plan, requests, times and rules."""
    n = REQUESTS
    since = luck.uniform(0.0, HORIZON_S, n)
    origin = luck.integers(0, STOPS, n)
    requests = state.new_requests(
        ids=np.arange(n, dtype=np.uint64), asked_s=np.zeros(n), origin=origin.astype(np.int32),
        destination=((origin + luck.integers(1, STOPS, n)) % STOPS).astype(np.int32), party=luck.integers(1, 4, n),
        age_group=np.zeros(n, np.uint8), walk_s=np.zeros(n), egress_s=np.zeros(n), board_s=np.zeros(n),
        alight_s=np.zeros(n),
    )  # fmt: skip
    times = some_times(luck, changing=luck.random() < 0.5)
    requests["since_s"] = since
    requests["ready_s"] = since + luck.uniform(0.0, 300.0, n)
    requests["chairs"] = luck.random(n) < 0.4
    requests["seats"] = requests["party"] - requests["chairs"]
    requests["board_s"] = requests["alight_s"] = 5.0 + 120.0 * requests["chairs"]
    requests["pickup_by_s"] = requests["ready_s"] + luck.uniform(150.0, 1200.0, n)
    direct_s = times.between_s[requests["origin"], requests["destination"]]
    requests["ride_max_s"] = 1.5 * direct_s + luck.uniform(150.0, 700.0, n)
    requests["dropoff_by_s"] = requests["pickup_by_s"] + requests["ride_max_s"]
    rules = state.Rules(
        wait_at_most_s=900.0, times_direct=1.5, plus_s=300.0, dwell_s=30.0, acknowledge_s=10.0, lead_s=10.0,
        rider_time_weight=0.6, open_s=0.0, close_s=1e9, strategy=fast.CHEAPEST, road=0, wait_weight=1.0,
        reserve_s=float(luck.choice([0.0, 90.0])),
    )  # fmt: skip
    fleet = state.new_fleet(luck.integers(0, STOPS, 1).astype(np.int32), 5, 0.0)
    van = fleet[0]
    van["phase"], van["chair_places"], van["anchor_s"] = state.STANDING, luck.integers(1, 4), luck.uniform(0.0, 900.0)
    if luck.random() < 0.5:
        van["off_s"] = van["anchor_s"] + luck.uniform(1800.0, 9000.0)
    plan_of(luck, van, requests, times, rules)
    return van, requests, times, rules


def plan_of(luck, van, requests, times, rules):
    """Give the van a break, riders on board and some requests; then the road takes a part of its slack."""
    if luck.random() < 0.5:
        van["break_from_s"][0] = van["anchor_s"] + luck.uniform(0.0, 3600.0)
        van["break_by_s"][0] = van["break_from_s"][0] + luck.uniform(900.0, 2400.0)
        van["break_s"][0] = 600.0
        van["task_request"][0], van["task_pick"][0], van["task_stop"][0] = -1, fast.BREAK, luck.integers(0, STOPS)
        van["size"] = 1
    for r in range(int(luck.integers(0, 3))):
        if requests[r]["chairs"] > van["chair_places"] - van["chairs"]:
            break
        requests[r]["status"], requests[r]["pickup_s"] = state.ON_BOARD, van["anchor_s"] - luck.uniform(0.0, 200.0)
        requests[r]["dropoff_by_s"] = requests[r]["pickup_s"] + requests[r]["ride_max_s"]
        van["load"] += requests[r]["seats"]
        van["chairs"] += requests[r]["chairs"]
        size = int(van["size"])
        for name in ("task_request", "task_pick", "task_stop"):
            van[name][1 : size + 1] = van[name][:size].copy()
        van["task_request"][0], van["task_pick"][0] = r, fast.DROP
        van["task_stop"][0], van["size"] = requests[r]["destination"], size + 1
    fast.schedule_van(van, requests, times, rules)
    moved = np.zeros(state.PLAN_TASKS)
    for r in range(2, int(luck.integers(2, REQUESTS))):
        _, i, j, _ = fast.best_in_van(van, r, np.inf, 0, int(van["size"]), -1, moved, requests, times, rules)
        if i >= 0:
            fast.put(van, r, i, j, requests)
            requests[r]["status"] = state.ACCEPTED
            fast.schedule_van(van, requests, times, rules)
    van["anchor_s"] += luck.uniform(0.0, 200.0)
    fast.schedule_van(van, requests, times, rules)


def check(count, seed):
    """Places tried, those of them that fit, and those that are judged differently."""
    luck = np.random.default_rng(seed)
    out = np.zeros(3, np.int64)
    room = state.PLAN_TASKS + 2
    arrays = np.zeros(room), np.zeros(room, np.int32), np.zeros(room, np.uint8), np.zeros(room, np.int32)
    while out[0] < count:
        van, requests, times, rules = some_case(luck)
        free = np.flatnonzero(requests["status"] == state.FUTURE)
        for r in free[free >= 2][:2].tolist():
            compare(van, r, np.zeros(room), *arrays, np.zeros(room), requests, times, rules, out)
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    began = time.process_time()
    tried, fits, other = check(args.count, args.seed)
    print(f"{tried:,} places, {fits:,} fit, {other} judged differently; {time.process_time() - began:.0f} CPU s")
    return 1 if other else 0


if __name__ == "__main__":
    raise SystemExit(main())
