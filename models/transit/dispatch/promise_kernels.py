"""Kernels of the promise: what would be promised to a request, and what could be offered to one that is refused.

``fleet``, ``requests``, ``times`` and ``rules`` are the named tuples of ``fleet/rows.py``.
"""

from __future__ import annotations

import numpy as np

from twin.jit import lean_kernel
from twin.models.transit.dispatch.insertion_kernels import (
    CHEAPEST,
    NO_PLACE,
    NO_STEP_FREE_VAN,
    OUT_OF_HOURS,
    PARTY_TOO_LARGE,
    SAME_STOP,
    UNREACHABLE,
    cheapest_insertion,
)
from twin.models.transit.fleet.time_kernels import drive_s, leave_by_s

#: Steps after the longest wait in which an offer is looked for, and how many (G).
_OFFER_STEP_S, _MOST_OFFERS = 300.0, 24

DAY_S = 86400.0


@lean_kernel
def is_open(time_s, rules):
    """Whether requests are taken at a moment; hours repeat every day and may pass midnight."""
    if rules.close_s - rules.open_s >= DAY_S:
        return True
    since_open_s = time_s - rules.open_s
    return since_open_s - np.floor(since_open_s / DAY_S) * DAY_S < rules.close_s - rules.open_s


@lean_kernel
def promise(r, fleet, requests, times, rules):
    """Set what would be promised to a request; the reason if no van need be asked, else 0."""
    o, d = requests[r]["origin"], requests[r]["destination"]
    arrive_by = requests[r]["arrive_by_s"]
    if arrive_by == arrive_by and times.from_s.size > 1:
        direct = arrive_by - leave_by_s(times, arrive_by, o, d)
    elif times.from_s.size > 1:
        direct = drive_s(times, requests[r]["since_s"], o, d)
    else:
        direct = times.between_s[o, d]
    requests[r]["direct_s"] = direct
    requests[r]["ride_max_s"] = rules.times_direct * direct + rules.plus_s
    requests[r]["pickup_by_s"] = requests[r]["since_s"] + rules.wait_at_most_s
    requests[r]["dropoff_by_s"] = requests[r]["pickup_by_s"] + requests[r]["ride_max_s"]
    if arrive_by == arrive_by:
        # Who must be somewhere in time boards at most so early that the longest wait and the longest ride fit.
        requests[r]["dropoff_by_s"] = arrive_by
        requests[r]["pickup_by_s"] = arrive_by - direct - rules.dwell_s - requests[r]["board_s"]
        requests[r]["since_s"] = max(
            requests[r]["asked_s"], arrive_by - requests[r]["ride_max_s"] - rules.wait_at_most_s
        )
        requests[r]["ready_s"] = max(requests[r]["ready_s"], requests[r]["since_s"])
    if requests[r]["reason"]:
        return requests[r]["reason"]
    if not is_open(requests[r]["since_s"], rules):
        return OUT_OF_HOURS
    if requests[r]["origin"] == requests[r]["destination"]:
        return SAME_STOP
    if not np.isfinite(direct):
        return UNREACHABLE
    widest, fits, steps = 0, 0, 0
    for v in range(fleet.size):
        van = fleet[v]
        if van["working"]:
            widest = max(widest, van["seats"])
            fits |= van["seats"] >= requests[r]["seats"] and van["chair_places"] >= requests[r]["chairs"]
            steps |= van["step_free"] >= requests[r]["step_free"]
    if widest > 0 and requests[r]["seats"] > widest:
        return PARTY_TOO_LARGE
    if widest > 0 and not fits:
        return NO_PLACE
    if widest > 0 and not steps:
        return NO_STEP_FREE_VAN
    return 0


@lean_kernel
def find_offer(r, now_s, scratch, fleet, requests, times, rules):
    """Earliest moment by which a refused request could have boarded with every promise kept; nan within no offer.

    Looked for in steps of ``_OFFER_STEP_S`` after the longest wait, by halving: who can board by a moment can board by
    any later one.
    """
    pickup_by = requests[r]["pickup_by_s"]
    dropoff_by = requests[r]["dropoff_by_s"]
    low, high = 0, _MOST_OFFERS + 1
    at = _MOST_OFFERS
    while high - low > 1:
        requests[r]["pickup_by_s"] = pickup_by + at * _OFFER_STEP_S
        requests[r]["dropoff_by_s"] = max(dropoff_by, requests[r]["pickup_by_s"] + requests[r]["ride_max_s"])
        if cheapest_insertion(r, now_s, CHEAPEST, scratch.moved, fleet, requests, times, rules)[0] >= 0:
            high = at
        elif at == _MOST_OFFERS:
            break
        else:
            low = at
        at = (low + high) // 2
    requests[r]["offer_s"] = pickup_by + high * _OFFER_STEP_S if high <= _MOST_OFFERS else np.nan
    requests[r]["pickup_by_s"] = pickup_by
    requests[r]["dropoff_by_s"] = dropoff_by


@lean_kernel
def find_other_stop(r, now_s, scratch, fleet, requests, times, rules):
    """Nearest other stop on foot from which a refused request could have been served as asked; -1 if there is none.

    Stops up to ``rules.other_stop_m`` from its own are tried, the nearest first, along streets at right angles. Whoever
    walks there is assumed to come by their own stop.
    """
    here = requests[r]["origin"]
    ready_s, since_s = requests[r]["ready_s"], requests[r]["since_s"]
    direct_s, ride_max_s = requests[r]["direct_s"], requests[r]["ride_max_s"]
    pickup_by_s, dropoff_by_s = requests[r]["pickup_by_s"], requests[r]["dropoff_by_s"]
    requests[r]["offer_stop"] = -1
    least_m, least = 0.0, -1
    while True:
        # The next one by (metres, row).
        best_m, best = np.inf, -1
        for stop in range(times.place_m.shape[0]):
            metres = abs(times.place_m[stop, 0] - times.place_m[here, 0])
            metres += abs(times.place_m[stop, 1] - times.place_m[here, 1])
            if stop == here or metres > rules.other_stop_m or metres >= best_m:
                continue
            if metres > least_m or (metres == least_m and stop > least):
                best_m, best = metres, stop
        if best < 0:
            break
        least_m, least = best_m, best
        requests[r]["origin"] = best
        requests[r]["ready_s"] = ready_s + best_m / rules.walk_mps[requests[r]["age_group"]]
        requests[r]["since_s"] = since_s
        if promise(r, fleet, requests, times, rules) == 0 and (
            cheapest_insertion(r, now_s, CHEAPEST, scratch.moved, fleet, requests, times, rules)[0] >= 0
        ):
            requests[r]["offer_stop"] = best
            break
    requests[r]["origin"] = here
    requests[r]["ready_s"] = ready_s
    requests[r]["since_s"] = since_s
    requests[r]["direct_s"] = direct_s
    requests[r]["ride_max_s"] = ride_max_s
    requests[r]["pickup_by_s"] = pickup_by_s
    requests[r]["dropoff_by_s"] = dropoff_by_s
