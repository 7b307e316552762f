"""Kernels of transit: what happens to vans and requests in one order of time.

``fleet``, ``requests``, ``times``, ``rules`` and ``log`` are the named tuples of ``fleet/rows.py``. Timetables and
insertion are in ``insertion_kernels.py``, plans made anew in ``reoptimise_kernels.py``.
"""

from __future__ import annotations

import numpy as np

from twin.engine.event_queue import pop, push
from twin.jit import lean_kernel
from twin.models.transit.dispatch.insertion_kernels import (
    ACCEPTED,
    ASK,
    BREAK,
    CANCELLED,
    CHEAPEST,
    DETOUR,
    EPS_S,
    FIRST_COME,
    GOING,
    IDLE,
    NO_PLACE,
    NO_SEAT,
    NO_SHOW,
    NO_VAN_IN_TIME,
    ON_BOARD,
    REFUSED,
    SERVED,
    STANDING,
    board_later,
    cheapest_insertion,
    find_turn,
    insertion_cost,
    move_anchor,
    put,
    schedule_van,
    take,
)
from twin.models.transit.dispatch.promise_kernels import DAY_S, find_offer, find_other_stop, is_open, promise
from twin.models.transit.dispatch.reoptimise_kernels import make_room, reoptimise
from twin.models.transit.fleet.time_kernels import drive_s, leave_by_s, rest_of_drive_s, share_done

__all__ = [
    "CHEAPEST",
    "DETOUR",
    "EPS_S",
    "FIRST_COME",
    "NO_SEAT",
    "NO_VAN_IN_TIME",
    "cheapest_insertion",
    "find_offer",
    "insertion_cost",
    "is_open",
    "promise",
]

#: A promise counts as broken from here on: below it is arithmetic.
BREACH_S = 0.1

#: Kinds of events, in the order in which they fall on one instant.
ARRIVE, COMMIT, CLOSE, REPLAN, REBALANCE, CANCEL = 0, 1, 2, 3, 4, 5

#: Why :func:`run_until` came back.
DONE, LOG_FULL, DECIDE, HEAP_FULL, PLAN_ANEW, MOVE_IDLE = 0, 1, 2, 3, 4, 5

#: What is done at a ``REPLAN``: nothing, ruin and recreate, or whatever the strategy does in Python.
NEVER, RUIN_AND_RECREATE, BY_STRATEGY = 0, 1, 2

#: Places in ``Log.counts``.
LEGS, DEPARTURES, FINISHED, NEXT, TURNS, REPLANS = 0, 1, 2, 3, 4, 5


@lean_kernel
def insert(r, v, i, j, now_s, fleet, requests, times, rules, log, heap):
    """Put a request into a plan; the van wakes if it stands idle, or turns if it can."""
    van = fleet[v]
    put(van, r, i, j, requests)
    requests[r]["status"] = ACCEPTED
    requests[r]["van"] = v
    if requests[r]["cancel_s"] >= now_s:
        push(
            heap.times, heap.kinds, heap.ids, heap.payloads, heap.size,
            requests[r]["cancel_s"], CANCEL, requests[r]["id"], r,
        )  # fmt: skip
    follow_plan(van, v, now_s, times, rules, log, heap)
    schedule_van(van, requests, times, rules)


@lean_kernel
def follow_plan(van, v, now_s, times, rules, log, heap):
    """Let a van do what its changed plan asks for: an idle one wakes, one under way turns where it can."""
    if van["phase"] == IDLE:
        if van["size"] > 0:
            _stand_until(van, v, max(van["free_s"], now_s + rules.acknowledge_s), now_s, rules, heap)
        return
    if not rules.turn or van["phase"] != GOING:
        return
    here = van["anchor_stop"]
    if van["size"] == 0:
        # Nothing left to do: it stops where it could turn, unless it is on an errand or the road has it.
        if van["errand"] or van["on_road"]:
            return
        new = here
    else:
        new = van["task_stop"][0]
    if here == van["target"] or new == van["target"]:
        if new == van["target"]:
            van["errand"] = 0
        return
    van["errand"] = 0
    van["turn_stop"] = here
    van["piece_stop"] = here
    van["piece_s"] = van["anchor_s"]
    van["target"] = new
    van["due_s"] = van["anchor_s"] + drive_s(times, van["anchor_s"], here, new)
    van["bound"] = 1 if new == here and van["size"] > 0 else 0
    if van["on_road"]:
        log.turning[log.counts[TURNS]] = v
        log.turn_stop[log.counts[TURNS]] = here
        log.turn_s[log.counts[TURNS]] = max(now_s, van["depart_s"])
        log.counts[TURNS] += 1
    else:
        push(heap.times, heap.kinds, heap.ids, heap.payloads, heap.size, van["due_s"], ARRIVE, van["id"], v)


@lean_kernel
def _stand_until(van, v, free_s, now_s, rules, heap):
    """The van stands where it is until ``free_s``; what it does then is decided a lead before."""
    van["phase"] = STANDING
    van["free_s"] = free_s
    van["anchor_s"] = free_s
    van["anchor_stop"] = van["stop"]
    van["bound"] = 0
    van["errand"] = 0
    _decide_at(van, v, max(now_s, free_s - rules.lead_s), heap)


@lean_kernel
def _decide_at(van, v, at_s, heap):
    """Decide at a moment what a van does next; what was to be decided at another moment is void."""
    van["commit_s"] = at_s
    push(heap.times, heap.kinds, heap.ids, heap.payloads, heap.size, at_s, COMMIT, van["id"], v)


@lean_kernel
def _arrive(van, v, now_s, requests, times, rules, log, heap):
    """A van reaches its stop: the visit is fixed now, and its tasks leave the plan."""
    if times.node[van["stop"]] != times.node[van["target"]]:
        at = log.counts[LEGS]
        log.legs[at]["van"] = v
        log.legs[at]["from_stop"] = van["stop"]
        log.legs[at]["to_stop"] = van["target"]
        log.legs[at]["depart_s"] = van["depart_s"]
        log.legs[at]["arrive_s"] = now_s
        log.legs[at]["riders"] = van["leg_riders"]
        log.legs[at]["leg"] = van["leg_count"]
        log.counts[LEGS] = at + 1
        van["leg_count"] += 1
    here = van["target"]
    van["stop"] = here
    van["on_road"] = 0
    latest = now_s
    dwell = rules.dwell_s
    done = 0
    n = van["size"]
    absent, waited_s = -1, -np.inf
    while done < n and van["task_stop"][done] == here:
        r = van["task_request"][done]
        if van["task_pick"][done] == BREAK:
            van["break_began_s"][-1 - r] = max(now_s, van["break_from_s"][-1 - r])
            latest = max(latest, van["break_began_s"][-1 - r])
            dwell += van["break_s"][-1 - r]
        elif van["task_pick"][done] and requests[r]["no_show"]:
            waited_s = max(waited_s, max(now_s, requests[r]["ready_s"]) + rules.no_show_wait_s)
            requests[r]["status"] = NO_SHOW
            log.finished[log.counts[FINISHED]] = r
            log.counts[FINISHED] += 1
            absent = r
        elif van["task_pick"][done]:
            requests[r]["pickup_s"] = max(now_s, requests[r]["ready_s"])
            requests[r]["status"] = ON_BOARD
            van["load"] += requests[r]["seats"]
            van["chairs"] += requests[r]["chairs"]
            latest = max(latest, requests[r]["pickup_s"])
            dwell += requests[r]["board_s"]
        else:
            requests[r]["dropoff_s"] = now_s
            requests[r]["status"] = SERVED
            van["load"] -= requests[r]["seats"]
            van["chairs"] -= requests[r]["chairs"]
            dwell += requests[r]["alight_s"]
            log.finished[log.counts[FINISHED]] = r
            log.counts[FINISHED] += 1
        done += 1
    for k in range(done, n):
        van["task_request"][k - done] = van["task_request"][k]
        van["task_pick"][k - done] = van["task_pick"][k]
        van["task_stop"][k - done] = van["task_stop"][k]
    van["size"] = n - done
    # Without a visit (the way home) a new order still has to be acknowledged.
    free_s = latest + dwell if done else now_s + rules.acknowledge_s
    if absent >= 0:
        free_s = _wait_for_nobody(van, free_s, waited_s, requests, times, rules)
    _stand_until(van, v, free_s, now_s, rules, heap)
    schedule_van(van, requests, times, rules)


@lean_kernel
def _wait_for_nobody(van, free_s, waited_s, requests, times, rules):
    """Drop those who did not come from the plan; until when the van waits for them, at most what promises leave."""
    n = 0
    for k in range(van["size"]):
        r = van["task_request"][k]
        if van["task_pick"][k] == BREAK or requests[r]["status"] != NO_SHOW:
            van["task_request"][n] = r
            van["task_pick"][n] = van["task_pick"][k]
            van["task_stop"][n] = van["task_stop"][k]
            n += 1
    van["size"] = n
    van["anchor_s"] = free_s
    van["anchor_stop"] = van["stop"]
    schedule_van(van, requests, times, rules)
    board_later(van, requests, times, rules)
    spare_s = np.inf
    if n > 0:
        spare_s = max(0.0, van["slack_s"][0])
    elif van["off_s"] < np.inf:
        homeward_s = van["off_s"] - leave_by_s(times, van["off_s"], van["stop"], van["depot_stop"])
        if times.from_s.size == 1:
            homeward_s = times.between_s[van["stop"], van["depot_stop"]]
        spare_s = max(0.0, van["off_s"] - free_s - homeward_s - rules.acknowledge_s)
    for k in range(n):
        # A ride that has begun is not made longer than promised either.
        if van["task_pick"][k] == 0 and van["partner"][k] < 0:
            spare_s = min(spare_s, max(0.0, van["late_s"][k] - van["start_s"][k]))
    return max(free_s, min(waited_s, free_s + spare_s))


@lean_kernel
def _cancel(r, now_s, fleet, requests, times, rules, log, heap):
    """Take a request that nobody has boarded out of its plan; the van goes on with the rest."""
    if requests[r]["status"] != ACCEPTED:
        return
    v = requests[r]["van"]
    van = fleet[v]
    move_anchor(van, now_s, requests, times, rules)
    take(van, r)
    requests[r]["status"] = CANCELLED
    log.finished[log.counts[FINISHED]] = r
    log.counts[FINISHED] += 1
    if van["phase"] == GOING and van["bound"] and (van["size"] == 0 or van["task_stop"][0] != van["target"]):
        # It drives on to where nobody waits any more, and takes new orders there.
        van["bound"] = 0
        van["errand"] = 1
        van["anchor_s"] += rules.acknowledge_s
    elif van["phase"] == GOING and not van["bound"] and van["size"] == 0:
        van["errand"] = 1
    schedule_van(van, requests, times, rules)
    board_later(van, requests, times, rules)
    follow_plan(van, v, now_s, times, rules, log, heap)


@lean_kernel
def _hold_until(van, times, rules):
    """When a van sets off for its first visit if it need not be there before somebody is; -inf if it need."""
    ready_s = np.inf
    for k in range(van["size"]):
        if van["task_stop"][k] != van["task_stop"][0]:
            break
        ready_s = min(ready_s, van["task_ready_s"][k])
    if van["size"] == 0:
        return -np.inf
    if times.from_s.size > 1 and ready_s > -np.inf:
        return leave_by_s(times, ready_s, van["stop"], van["task_stop"][0]) - rules.early_s
    return ready_s - van["leg_s"][0] - rules.early_s


@lean_kernel
def _home_by(van, times, rules):
    """When an idle van sets off for its depot so as to be there by the end of its shift; inf without one, or there."""
    if van["off_s"] == np.inf or van["stop"] == van["depot_stop"]:
        return np.inf
    return leave_by_s(times, van["off_s"], van["stop"], van["depot_stop"]) - rules.acknowledge_s


@lean_kernel
def _commit(van, v, now_s, requests, times, rules, log, heap):
    """Fix where a standing van goes next: to its first task, home after hours, or nowhere."""
    hold_s = _hold_until(van, times, rules)
    holds = hold_s > now_s + rules.hold_from_s
    errand = van["size"] == 0 or holds
    if errand:
        home_by_s = _home_by(van, times, rules)
        off_duty = not van["working"] or not is_open(now_s, rules) or now_s >= home_by_s - EPS_S
        target = van["depot_stop"] if off_duty and not holds else van["goal"]
        van["goal"] = -1
        if target < 0 or van["stop"] == target or not np.isfinite(times.between_s[van["stop"], target]):
            van["phase"] = IDLE
            if holds or home_by_s < np.inf:
                _decide_at(van, v, hold_s if holds else max(now_s, home_by_s), heap)
            return
    else:
        target = van["task_stop"][0]
    here = van["stop"]
    depart_s = van["free_s"]
    drive = times.between_s[here, target] if times.from_s.size == 1 else drive_s(times, depart_s, here, target)
    arrive_s = depart_s + drive
    van["phase"] = GOING
    van["target"] = target
    van["depart_s"] = depart_s
    van["due_s"] = arrive_s
    van["piece_stop"] = here
    van["piece_s"] = depart_s
    van["leg_riders"] = van["load"]
    van["errand"] = 1 if errand else 0
    van["anchor_stop"] = target
    van["anchor_s"] = arrive_s + rules.acknowledge_s if errand else arrive_s
    van["bound"] = 0 if errand else 1
    if rules.turn:
        # On the road the drive is announced; only what lies behind the first place to turn can still be changed.
        van["turn_stop"] = times.via[here, target] if rules.road else here
        find_turn(van, now_s, times, rules)
    if rules.road and times.node[here] != times.node[target]:
        van["on_road"] = 1
        log.departing[log.counts[DEPARTURES]] = v
        log.departing_to[log.counts[DEPARTURES]] = target
        log.counts[DEPARTURES] += 1
    else:
        push(heap.times, heap.kinds, heap.ids, heap.payloads, heap.size, arrive_s, ARRIVE, van["id"], v)
    schedule_van(van, requests, times, rules)


@lean_kernel
def _close(van, v, now_s, rules, heap):
    """End of service: an idle van sets off for its depot; the next end is a day later."""
    if van["phase"] == IDLE and van["stop"] != van["depot_stop"]:
        _stand_until(van, v, max(van["free_s"], now_s + rules.acknowledge_s), now_s, rules, heap)
    if now_s < van["off_s"]:
        push(heap.times, heap.kinds, heap.ids, heap.payloads, heap.size, now_s + DAY_S, CLOSE, van["id"], v)


@lean_kernel
def refuse(r, reason, requests, log):
    """Refuse a request; nothing was promised."""
    requests[r]["status"] = REFUSED
    requests[r]["reason"] = reason
    requests[r]["pickup_by_s"] = np.nan
    requests[r]["dropoff_by_s"] = np.nan
    requests[r]["ride_max_s"] = np.nan
    log.finished[log.counts[FINISHED]] = r
    log.counts[FINISHED] += 1


@lean_kernel
def _again(now_s, every_s, kind, requests, log, heap):
    """Repeat an event on the grid of its periods, not before there is another request; not when all are answered."""
    if log.counts[NEXT] >= requests.size and log.counts[FINISHED] >= requests.size:
        return
    again_s = now_s + every_s
    if log.counts[NEXT] == log.counts[FINISHED]:
        asked_s = requests[log.counts[NEXT]]["asked_s"]
        again_s += max(0.0, np.ceil((asked_s - again_s) / every_s)) * every_s
    push(heap.times, heap.kinds, heap.ids, heap.payloads, heap.size, again_s, kind, np.uint64(0), 0)


@lean_kernel
def send(v, stop, now_s, fleet, rules, heap):
    """Send an idle van to a stop; it drives for nobody and takes requests on the way where it may turn."""
    van = fleet[v]
    van["goal"] = stop
    _stand_until(van, v, max(van["free_s"], now_s + rules.acknowledge_s), now_s, rules, heap)


@lean_kernel
def _follow_plans(now_s, scratch, fleet, times, rules, log, heap):
    """Let all vans do what their plans ask for after these were made anew."""
    for v in range(fleet.size):
        if scratch.changed[v]:
            follow_plan(fleet[v], v, now_s, times, rules, log, heap)


@lean_kernel
def clear(base, near, v, requests, times, rules):
    """Take the requests of a van that may change out of a copy of it."""
    for r in near:
        if requests[r]["van"] == v:
            take(base[0], r)
    schedule_van(base[0], requests, times, rules)


@lean_kernel
def _replan(now_s, number, scratch, fleet, requests, times, rules, log, heap):
    """Make the plans of all vans anew by ruin and recreate."""
    reoptimise(now_s, number, scratch, fleet, requests, times, rules)
    _follow_plans(now_s, scratch, fleet, times, rules, log, heap)


@lean_kernel
def run_until(until_s, scratch, fleet, requests, times, rules, log, heap):
    """Let everything happen up to and including ``until_s``, in the order of time.

    Events of vans come before requests of the same instant; vans by kind, then id; requests by id.

    Returns
    -------
    state, request
        DONE; LOG_FULL: read the log and call again; DECIDE: the request waits for an answer; HEAP_FULL: give the
        queue of events more room; PLAN_ANEW: the strategy may change plans;
        MOVE_IDLE: idle vans may be sent.
    """
    while True:
        r = log.counts[NEXT]
        asked = requests[r]["asked_s"] if r < requests.size else np.inf
        event_s = heap.times[0] if heap.size[0] else np.inf
        if min(asked, event_s) > until_s or min(asked, event_s) == np.inf:
            return DONE, -1
        if log.counts[LEGS] >= log.legs.size or log.counts[TURNS] + fleet.size > log.turning.size:
            return LOG_FULL, -1
        if heap.size[0] + 2 * fleet.size + 2 >= heap.times.size:
            return HEAP_FULL, -1
        if event_s <= asked:
            kind = heap.kinds[0]
            v = heap.payloads[0]
            pop(heap.times, heap.kinds, heap.ids, heap.payloads, heap.size)
            if kind == ARRIVE:
                # A van that has turned since arrives at another moment, elsewhere.
                if fleet[v]["on_road"] or (fleet[v]["phase"] == GOING and fleet[v]["due_s"] == event_s):
                    _arrive(fleet[v], v, event_s, requests, times, rules, log, heap)
            elif kind == COMMIT:
                if fleet[v]["commit_s"] == event_s and fleet[v]["phase"] == STANDING:
                    _commit(fleet[v], v, event_s, requests, times, rules, log, heap)
                elif fleet[v]["commit_s"] == event_s and fleet[v]["phase"] == IDLE:
                    free_s = max(fleet[v]["free_s"], event_s + rules.acknowledge_s)
                    _stand_until(fleet[v], v, free_s, event_s, rules, heap)
            elif kind == CANCEL:
                _cancel(v, event_s, fleet, requests, times, rules, log, heap)
            elif kind == CLOSE:
                _close(fleet[v], v, event_s, rules, heap)
            elif kind == REBALANCE:
                _again(event_s, rules.rebalance_s, REBALANCE, requests, log, heap)
                log.times[0] = event_s
                return MOVE_IDLE, -1
            else:
                _again(event_s, rules.every_s, REPLAN, requests, log, heap)
                if rules.replan == BY_STRATEGY:
                    log.times[0] = event_s
                    return PLAN_ANEW, -1
                log.counts[REPLANS] += 1
                _replan(event_s, log.counts[REPLANS], scratch, fleet, requests, times, rules, log, heap)
        else:
            log.counts[NEXT] = r + 1
            reason = promise(r, fleet, requests, times, rules)
            if reason == 0 and rules.strategy == ASK:
                return DECIDE, r
            if reason == 0:
                v, i, j, reason = cheapest_insertion(
                    r, asked, rules.strategy, scratch.moved, fleet, requests, times, rules
                )
                if reason == 0:
                    insert(r, v, i, j, asked, fleet, requests, times, rules, log, heap)
                elif rules.tries > 0 and make_room(r, asked, rules.tries, scratch, fleet, requests, times, rules):
                    reason = 0
                    if requests[r]["cancel_s"] >= asked:
                        push(
                            heap.times, heap.kinds, heap.ids, heap.payloads, heap.size,
                            requests[r]["cancel_s"], CANCEL, requests[r]["id"], r,
                        )  # fmt: skip
                    _follow_plans(asked, scratch, fleet, times, rules, log, heap)
            if reason:
                if rules.offers and NO_VAN_IN_TIME <= reason <= NO_PLACE:
                    find_offer(r, asked, scratch, fleet, requests, times, rules)
                    if rules.other_stop_m > 0.0:
                        find_other_stop(r, asked, scratch, fleet, requests, times, rules)
                refuse(r, reason, requests, log)


@lean_kernel
def _redo_drive(van, now_s, before, times, rules):
    """When a van under way that may turn is due, and from where it can turn, after times between stops changed."""
    piece, target = van["piece_stop"], van["target"]
    whole_s = times.between_s[piece, target]
    if not van["on_road"] or not np.isfinite(whole_s):
        return
    if now_s <= van["piece_s"]:
        van["due_s"] = van["piece_s"] + drive_s(times, van["piece_s"], piece, target)
    elif van["due_s"] > now_s and times.from_s.size > 1:
        left = share_done(before, now_s, van["due_s"], piece, target)
        van["due_s"] = now_s + rest_of_drive_s(times, now_s, left, piece, target)
    elif van["due_s"] > now_s:
        van["due_s"] = now_s + whole_s * (van["due_s"] - now_s) / (van["due_s"] - van["piece_s"])
    find_turn(van, now_s, times, rules)


@lean_kernel
def schedule_all(fleet, requests, times, rules):
    """Work out the timetables of vans whose plans were given to them."""
    for v in range(fleet.size):
        schedule_van(fleet[v], requests, times, rules)


@lean_kernel
def wake(v, now_s, fleet, rules, heap):
    """Let an idle van look at its plan."""
    van = fleet[v]
    if van["phase"] == IDLE and van["size"] > 0:
        _stand_until(van, v, max(van["free_s"], now_s + rules.acknowledge_s), now_s, rules, heap)


@lean_kernel
def reschedule(now_s, fleet, requests, before, times, rules):
    """Work out every timetable anew from a moment at which times between stops change, and re-check all promises.

    ``before`` are the times that held until then.

    Of a drive under way the share that it should have done by now counts as done; the rest takes its share of the
    new time, unless there is no way any more. Requests whose promise no longer holds keep the moment of the first
    such warning, by kind.
    """
    for v in range(fleet.size):
        van = fleet[v]
        here, target = van["stop"], van["target"]
        rest_s = times.between_s[here, target]
        if rules.turn:
            _redo_drive(van, now_s, before, times, rules)
        elif van["on_road"] and np.isfinite(rest_s):
            homeward_s = 0.0 if van["bound"] else rules.acknowledge_s
            from_s = max(now_s, van["depart_s"])
            arrive_s = van["anchor_s"] - homeward_s
            if arrive_s > from_s:
                if times.from_s.size > 1:
                    left = share_done(before, from_s, arrive_s, here, target)
                    rest_s = rest_of_drive_s(times, from_s, left, here, target)
                else:
                    rest_s *= (arrive_s - from_s) / (arrive_s - van["depart_s"])
                van["anchor_s"] = from_s + rest_s + homeward_s
                van["due_s"] = from_s + rest_s
        schedule_van(van, requests, times, rules)
        _warn(now_s, van, requests)


@lean_kernel
def _warn(now_s, van, requests):
    """Note requests of a van that will be late by its timetable, unless they have been noted before."""
    for k in range(van["size"]):
        r = van["task_request"][k]
        start_s = van["start_s"][k]
        if van["task_pick"][k] == BREAK:
            continue
        if van["task_pick"][k]:
            if start_s > requests[r]["pickup_by_s"] + BREACH_S and np.isnan(requests[r]["pickup_warned_s"]):
                requests[r]["pickup_warned_s"] = now_s
            continue
        picked_s = van["start_s"][van["partner"][k]] if van["partner"][k] >= 0 else requests[r]["pickup_s"]
        if start_s > picked_s + requests[r]["ride_max_s"] + BREACH_S and np.isnan(requests[r]["ride_warned_s"]):
            requests[r]["ride_warned_s"] = now_s
