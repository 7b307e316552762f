"""Kernels of a van's timetable and of cheapest insertion.

``fleet``, ``requests``, ``times`` and ``rules`` are as in ``fleet/rows.py``. A visit is a run of tasks at one stop:
everyone who alights does so on arrival, boarders step in on arrival or when they have walked up, and the dwell runs
from the last of them. A van that leaves after a task leaves at ``latest + dwell`` of the visit so far.
"""

from __future__ import annotations

import numpy as np

from twin.jit import lean_kernel
from twin.models.transit.fleet.time_kernels import drive_s, leave_by_s

#: Slack of comparisons with a promise: sums of seconds taken in another order differ in the last bits.
EPS_S = 1e-6

IDLE, STANDING, GOING = 0, 1, 2
ACCEPTED, ON_BOARD, SERVED, REFUSED, CANCELLED, NO_SHOW = 1, 2, 3, 4, 5, 6
OUT_OF_HOURS, SAME_STOP, UNREACHABLE, PARTY_TOO_LARGE, NO_VAN_IN_TIME, NO_SEAT, DETOUR = 1, 2, 3, 4, 5, 6, 7
NO_PLACE, NO_STEP_FREE_VAN, PHONE_CLOSED, PHONE_GAVE_UP, TOO_LATE, TOO_EARLY = 8, 9, 10, 11, 12, 13

#: Kinds of tasks (``task_pick``): setting down, picking up, and a break, which is no request's.
DROP, PICK, BREAK = 0, 1, 2
#: Load of a break: nobody fits beside it.
_NOBODY = 1 << 20

CHEAPEST, FIRST_COME, ASK = 0, 1, 2


@lean_kernel
def schedule_van(van, requests, times, rules):
    """Work out a van's timetable from its anchor: arrivals, starts, dwells, load, slack.

    Plans leave ``rules.reserve_s`` of each promise to the road. What the road has already taken of it is lost, but no
    insertion takes more: a task that begins within the reserve may not begin later, and one that is late is late.
    """
    stop = van["anchor_stop"]
    latest = van["anchor_s"]
    load = van["load"]
    chairs = van["chairs"]
    arrive = latest
    dwell = 0.0
    van["eaten_s"] = 0.0
    # Looked up here where times stay as they are: a call that hands all arrays over would cost more.
    fixed = times.from_s.size == 1
    for k in range(van["size"]):
        r = van["task_request"][k]
        here = van["task_stop"][k]
        van["leg_s"][k] = times.between_s[stop, here] if fixed else drive_s(times, latest + dwell, stop, here)
        if k == 0 or here != stop:
            arrive = latest + dwell + van["leg_s"][k]
            latest = arrive
            dwell = rules.dwell_s
            stop = here
        van["partner"][k] = -1
        if van["task_pick"][k] == BREAK:
            van["task_ready_s"][k] = van["break_from_s"][-1 - r]
            van["task_dwell_s"][k] = van["break_s"][-1 - r]
            van["task_worth"][k] = 0.0
            late = van["break_by_s"][-1 - r]
            longest = np.inf
        elif van["task_pick"][k]:
            van["task_ready_s"][k] = requests[r]["ready_s"]
            van["task_dwell_s"][k] = requests[r]["board_s"]
            late = requests[r]["pickup_by_s"]
            load += requests[r]["seats"]
            chairs += requests[r]["chairs"]
            longest = requests[r]["ride_max_s"]
            van["task_worth"][k] = rules.wait_weight * requests[r]["party"]
        else:
            van["task_ready_s"][k] = -np.inf
            van["task_dwell_s"][k] = requests[r]["alight_s"]
            late = requests[r]["dropoff_by_s"]
            load -= requests[r]["seats"]
            chairs -= requests[r]["chairs"]
            longest = requests[r]["ride_max_s"]
            van["task_worth"][k] = requests[r]["party"]
            if requests[r]["status"] == ON_BOARD:
                late = min(late, requests[r]["pickup_s"] + requests[r]["ride_max_s"])
            for p in range(k):
                if van["task_request"][p] == r:
                    van["partner"][k] = p
        start = max(arrive, van["task_ready_s"][k])
        if rules.reserve_s > 0.0 and van["task_pick"][k] != BREAK:
            if late < np.inf:
                van["eaten_s"] += max(0.0, start - late + rules.reserve_s)
                late = max(late - rules.reserve_s, min(late, start))
            p = van["partner"][k]
            if p >= 0:
                ride = start - van["start_s"][p]
                van["eaten_s"] += max(0.0, ride - longest + rules.reserve_s)
                longest = max(longest - rules.reserve_s, min(longest, ride))
        latest = max(latest, start)
        dwell += van["task_dwell_s"][k]
        van["arrive_s"][k] = arrive
        van["start_s"][k] = start
        van["latest_s"][k] = latest
        van["dwell_s"][k] = dwell
        van["load_after"][k] = load
        # Nobody is on board during a break.
        van["span_after"][k] = _NOBODY if van["task_pick"][k] == BREAK else load
        van["chairs_after"][k] = chairs
        van["late_s"][k] = late
        van["ride_max_s"][k] = longest
    end_slack = np.inf
    if van["off_s"] < np.inf:
        if fixed:
            end_slack = van["off_s"] - latest - dwell - times.between_s[stop, van["depot_stop"]]
        else:
            end_slack = leave_by_s(times, van["off_s"], stop, van["depot_stop"]) - latest - dwell
    _find_slack(van, end_slack, times)


@lean_kernel
def _find_slack(van, end_slack, times):
    """Slack of each visit, from the last to the first: forward time slack (Savelsbergh 1992).

    ``end_slack`` is by how much the end of the plan may slip before the van is back at its depot too late.

    A visit's arrival may slip until one of its own tasks is late, or until the next visit's slack is used up
    beyond what waiting for a walking rider takes in. Where times change over the day, that is by how much setting off
    for the next visit may slip.
    """
    next_slack = end_slack
    own = np.inf
    last_start = -np.inf
    for k in range(van["size"] - 1, -1, -1):
        own = min(own, van["late_s"][k] - van["arrive_s"][k])
        last_start = max(last_start, van["start_s"][k])
        van["slack_s"][k] = min(own, last_start - van["arrive_s"][k] + next_slack)
        if k == 0 or van["task_stop"][k - 1] != van["task_stop"][k]:
            next_slack = van["slack_s"][k]
            if k > 0 and times.from_s.size > 1 and next_slack < np.inf:
                by_s = van["arrive_s"][k] + next_slack
                leave = leave_by_s(times, by_s, van["task_stop"][k - 1], van["task_stop"][k])
                next_slack = leave - van["latest_s"][k - 1] - van["dwell_s"][k - 1]
            own = np.inf
            last_start = -np.inf


@lean_kernel
def _tail(van, i, j, arrive, latest, dwell, stop, from_stop, moved, times, rules):
    """Exact timetable of the tasks from ``j`` on, behind a set-down at ``stop``.

    Parameters
    ----------
    i
        Position of the new pick-up; starts of tasks ``i .. j - 1`` stand in ``moved``.
    arrive, latest, dwell
        The visit of the set-down so far.
    from_stop
        Seconds from ``stop`` to every stop.

    Returns
    -------
    feasible, end_s, riders_s
        Whether every promise holds, when the van is free again, and by how many rider-seconds the set-downs
        of others slip.
    """
    n = van["size"]
    riders_s = 0.0
    for k in range(j, n):
        here = van["task_stop"][k]
        if here != stop:
            if times.from_s.size > 1:
                arrive = latest + dwell + drive_s(times, latest + dwell, stop, here)
            else:
                arrive = latest + dwell + (from_stop[here] if k == j else van["leg_s"][k])
            begins = k == 0 or van["task_stop"][k - 1] != here
            if begins and arrive == van["arrive_s"][k] and van["slack_s"][k] >= -EPS_S:
                # Waiting has taken the whole detour in: nothing moves from here on.
                return True, van["latest_s"][n - 1] + van["dwell_s"][n - 1], riders_s
            latest = arrive
            dwell = rules.dwell_s
            stop = here
        start = max(arrive, van["task_ready_s"][k])
        if start > van["late_s"][k] + EPS_S:
            return False, 0.0, 0.0
        if van["task_pick"][k]:
            moved[k] = start
        else:
            p = van["partner"][k]
            if p >= 0:
                picked = moved[p] if p >= i else van["start_s"][p]
                if start - picked > van["ride_max_s"][k] + EPS_S:
                    return False, 0.0, 0.0
        riders_s += van["task_worth"][k] * (start - van["start_s"][k])
        latest = max(latest, start)
        dwell += van["task_dwell_s"][k]
    return True, latest + dwell, riders_s


@lean_kernel
def best_in_van(van, r, best, first, last, only_j, moved, requests, times, rules):
    """Cheapest way to put a request into one van's plan, if it beats ``best``.

    For each pick-up position the plan is walked once; each set-down position costs O(1) to refuse by the slack
    of the task behind it, and only those that pass are timed to the end.

    Parameters
    ----------
    first, last
        Pick-up positions to look at.
    only_j
        The one set-down position to look at, or -1 for all.

    Returns
    -------
    cost, i, j, stage
        ``best`` and -1 if nothing beats it. Stage 1: in time; 2: with seats too.
    """
    n = van["size"]
    o = requests[r]["origin"]
    d = requests[r]["destination"]
    to_o = times.towards_s[o]
    to_d = times.towards_s[d]
    from_o = times.between_s[o]
    from_d = times.between_s[d]
    party = requests[r]["party"]
    seats = van["seats"] - requests[r]["seats"]
    chairs = requests[r]["chairs"]
    places = van["chair_places"] - chairs
    asked = requests[r]["since_s"]
    ready = requests[r]["ready_s"]
    pickup_by = requests[r]["pickup_by_s"] - rules.reserve_s + EPS_S
    dropoff_by = requests[r]["dropoff_by_s"] - rules.reserve_s + EPS_S
    ride_max = requests[r]["ride_max_s"] - rules.reserve_s + EPS_S
    # Where times change over the day, no drive is known before the moment at which it begins.
    fixed = times.from_s.size == 1
    end = van["latest_s"][n - 1] + van["dwell_s"][n - 1] if n else van["anchor_s"]
    worth = rules.rider_time_weight
    off = van["off_s"] + EPS_S
    best_i = best_j = -1
    stage = 0
    for i in range(first, last + 1):
        if i == 0:
            stop = van["anchor_stop"]
            arrive = latest = van["anchor_s"]
            dwell = 0.0
            load = van["load"]
        else:
            stop = van["task_stop"][i - 1]
            arrive = van["arrive_s"][i - 1]
            latest = van["latest_s"][i - 1]
            dwell = van["dwell_s"][i - 1]
            load = van["load_after"][i - 1]
        if arrive > pickup_by:
            break
        if i == 0 or stop != o:
            arrive = latest + dwell + (to_o[stop] if fixed else drive_s(times, latest + dwell, stop, o))
            latest = arrive
            dwell = rules.dwell_s
        picked = max(arrive, ready)
        if picked > pickup_by:
            continue
        stage = max(stage, 1)
        if load > seats:
            continue
        if chairs > 0 and (van["chairs_after"][i - 1] if i > 0 else van["chairs"]) > places:
            continue
        stage = 2
        waited = worth * rules.wait_weight * party * (picked - asked)
        if worth * party * (picked + (from_o[d] if fixed else 0.0) - asked) + waited >= best:
            continue
        latest = max(latest, picked)
        dwell += requests[r]["board_s"]
        stop = o
        last_j = n
        if fixed and i < n:
            # Where boarding alone is too much for what comes next, they can only be set down before it.
            here = van["task_stop"][i]
            if here != o and (i == 0 or van["task_stop"][i - 1] != here):
                slip = latest + dwell + from_o[here] - van["arrive_s"][i]
                if slip > van["slack_s"][i] + EPS_S:
                    last_j = i
        riders_s = 0.0
        for j in range(i, last_j + 1):
            if j > i:
                k = j - 1
                if van["span_after"][k] > seats:
                    break
                if chairs > 0 and van["chairs_after"][k] > places:
                    break
                here = van["task_stop"][k]
                if here != stop:
                    if fixed:
                        arrive = latest + dwell + (from_o[here] if k == i else van["leg_s"][k])
                    else:
                        arrive = latest + dwell + drive_s(times, latest + dwell, stop, here)
                    if arrive - picked > ride_max:
                        break
                    latest = arrive
                    dwell = rules.dwell_s
                    stop = here
                start = max(arrive, van["task_ready_s"][k])
                if start > van["late_s"][k] + EPS_S:
                    break
                moved[k] = start
                if not van["task_pick"][k]:
                    p = van["partner"][k]
                    if p >= 0:
                        begun = moved[p] if p >= i else van["start_s"][p]
                        if start - begun > van["ride_max_s"][k] + EPS_S:
                            break
                riders_s += van["task_worth"][k] * (start - van["start_s"][k])
                latest = max(latest, start)
                dwell += van["task_dwell_s"][k]
            if only_j >= 0 and j != only_j:
                continue
            if stop == d:
                set_down = arrive
                latest_d = latest
                dwell_d = dwell + requests[r]["alight_s"]
            else:
                set_down = latest + dwell + (to_d[stop] if fixed else drive_s(times, latest + dwell, stop, d))
                latest_d = set_down
                dwell_d = rules.dwell_s + requests[r]["alight_s"]
            if set_down - picked > ride_max or set_down > dropoff_by:
                continue
            if j < n:
                here = van["task_stop"][j]
                if here != d and (j == 0 or van["task_stop"][j - 1] != here):
                    leave = latest_d + dwell_d
                    slip = leave + (from_d[here] if fixed else drive_s(times, leave, d, here)) - van["arrive_s"][j]
                    if slip > van["slack_s"][j] + EPS_S:
                        continue
            feasible, new_end, tail_s = _tail(van, i, j, set_down, latest_d, dwell_d, d, from_d, moved, times, rules)
            if feasible:
                # Looked up for vans with shifts only: it lies far off in memory.
                if off < np.inf:
                    last_stop = d if j == n else van["task_stop"][n - 1]
                    home_s = times.between_s[last_stop, van["depot_stop"]]
                    if not fixed:
                        home_s = drive_s(times, new_end, last_stop, van["depot_stop"])
                    if new_end + home_s > off:
                        continue
                cost = new_end - end + worth * (riders_s + tail_s + party * (set_down - asked)) + waited
                if cost < best:
                    best = cost
                    best_i = i
                    best_j = j
    return best, best_i, best_j, stage


@lean_kernel
def find_turn(van, now_s, times, rules):
    """Bring the anchor of a van under way to the next stop on its way at which it can still turn."""
    target = van["target"]
    here = van["turn_stop"]
    due_s = van["due_s"]
    at_s = leave_by_s(times, due_s, here, target)
    # The road can only be told of a vehicle that it has had for a lead.
    from_s = max(now_s, van["depart_s"]) + rules.turn_lead_s
    while here != target and at_s < from_s:
        here = times.via[here, target]
        at_s = leave_by_s(times, due_s, here, target)
    van["turn_stop"] = here
    van["anchor_stop"] = here
    van["bound"] = 0
    if here == target:
        at_s = max(due_s, now_s)
        if van["size"] > 0 and not van["errand"]:
            van["bound"] = 1
        else:
            at_s += rules.acknowledge_s
    van["anchor_s"] = at_s


@lean_kernel
def move_anchor(van, now_s, requests, times, rules):
    """Bring the anchor of a van up to now.

    Idle vans have to acknowledge, late ones cannot go on before now, and those under way go on from where they can
    still turn.
    """
    if van["phase"] == IDLE:
        van["anchor_s"] = max(van["free_s"], now_s + rules.acknowledge_s)
        if van["size"] > 0:
            schedule_van(van, requests, times, rules)
    elif rules.turn and van["phase"] == GOING:
        if van["anchor_s"] < now_s + rules.turn_lead_s and (
            van["anchor_stop"] != van["target"] or van["anchor_s"] < now_s
        ):
            find_turn(van, now_s, times, rules)
            schedule_van(van, requests, times, rules)
    elif van["anchor_s"] < now_s:
        van["anchor_s"] = now_s
        schedule_van(van, requests, times, rules)


@lean_kernel
def first_position(van, origin):
    """First position of a pick-up: a van on its way to its first task can take others along there only."""
    return 1 if van["bound"] and van["task_stop"][0] != origin else 0


@lean_kernel
def cheapest_insertion(r, now_s, strategy, moved, fleet, requests, times, rules):
    """Van and positions that serve a request at the least cost, over all vans and all positions.

    The cost is the time the van is longer at work plus ``rider_time_weight`` times the rider-seconds: asking to
    alighting of the new riders, and what others alight later. Ties go to the first van, then to the earliest
    positions. Bounds only skip what cannot be feasible or cannot be cheaper, but for one case: a visit that waits for
    somebody and is cut in two has part of its dwell behind it by then, so that the van may be free earlier than before;
    such a place is passed over where the riders' own time alone costs more than the best place so far.

    Parameters
    ----------
    strategy
        CHEAPEST, or FIRST_COME to look at the end of plans only.
    moved : (PLAN_TASKS,) float64
        Scratch.

    Returns
    -------
    van, i, j, reason
        Pick-up before task i, set-down before task j of the present plan; van -1 and a reason if refused.
    """
    o = requests[r]["origin"]
    to_o = times.towards_s[o]
    pickup_by = requests[r]["pickup_by_s"] - rules.reserve_s + EPS_S
    if times.from_s.size > 1:
        # Over a change of times a way by another stop may be quicker than the direct one.
        pickup_by = np.inf
    best = np.inf
    chosen = i = j = -1
    stage = 0
    for v in range(fleet.size):
        van = fleet[v]
        if not van["working"] or van["off_s"] < now_s:
            continue
        if requests[r]["step_free"] > van["step_free"]:
            continue
        # Written out here: a call that hands arrays over for every van would cost more than the test below.
        if van["phase"] == IDLE:
            van["anchor_s"] = max(van["free_s"], now_s + rules.acknowledge_s)
            if van["size"] > 0:
                schedule_van(van, requests, times, rules)
        elif van["anchor_s"] < now_s + rules.turn_lead_s:
            move_anchor(van, now_s, requests, times, rules)
        if van["anchor_s"] + to_o[van["anchor_stop"]] > pickup_by:
            continue
        n = van["size"]
        if n + 2 > moved.size:
            stage = max(stage, 1)
            continue
        first = first_position(van, o)
        if strategy == FIRST_COME:
            first = n
        best, at_i, at_j, reached = best_in_van(van, r, best, first, n, -1, moved, requests, times, rules)
        stage = max(stage, reached)
        if at_i >= 0:
            chosen, i, j = v, at_i, at_j
    if chosen >= 0:
        return chosen, i, j, 0
    if stage == 1 and requests[r]["chairs"] > 0:
        return chosen, i, j, NO_PLACE
    return chosen, i, j, NO_VAN_IN_TIME if stage == 0 else NO_SEAT if stage == 1 else DETOUR


@lean_kernel
def insertion_cost(r, v, i, j, now_s, moved, fleet, requests, times, rules):
    """Cost of one van and pair of positions, as in :func:`cheapest_insertion`; inf if it breaks a promise."""
    if v < 0 or v >= fleet.size or not fleet[v]["working"] or requests[r]["step_free"] > fleet[v]["step_free"]:
        return np.inf
    van = fleet[v]
    move_anchor(van, now_s, requests, times, rules)
    first = first_position(van, requests[r]["origin"])
    if i < first or j < i or j > van["size"] or van["size"] + 2 > moved.size:
        return np.inf
    return best_in_van(van, r, np.inf, i, i, j, moved, requests, times, rules)[0]


@lean_kernel
def rides_fit(van):
    """Whether no ride of a plan is longer than promised.

    Insertion sees to that, but a plan from which somebody was taken may pick others up earlier, and still wait for
    somebody later on.
    """
    for k in range(van["size"]):
        p = van["partner"][k]
        if p >= 0 and van["start_s"][k] - van["start_s"][p] > van["ride_max_s"][k] + EPS_S:
            return False
    return True


@lean_kernel
def board_later(van, requests, times, rules):
    """Let riders of a plan board so much later that no ride is longer than promised.

    Before somebody was taken out, they boarded no earlier than that: every promise still holds.
    """
    for _ in range(van["size"]):
        if rides_fit(van):
            return
        for k in range(van["size"]):
            p = van["partner"][k]
            if p >= 0:
                r = van["task_request"][k]
                requests[r]["ready_s"] = max(requests[r]["ready_s"], van["start_s"][k] - van["ride_max_s"][k])
        schedule_van(van, requests, times, rules)


@lean_kernel
def put(van, r, i, j, requests):
    """Put a request into a plan: its pick-up before task ``i``, its set-down before task ``j``."""
    n = van["size"]
    for k in range(n - 1, -1, -1):
        shift = 2 if k >= j else 1 if k >= i else 0
        if shift:
            van["task_request"][k + shift] = van["task_request"][k]
            van["task_pick"][k + shift] = van["task_pick"][k]
            van["task_stop"][k + shift] = van["task_stop"][k]
    van["task_request"][i] = r
    van["task_pick"][i] = 1
    van["task_stop"][i] = requests[r]["origin"]
    van["task_request"][j + 1] = r
    van["task_pick"][j + 1] = 0
    van["task_stop"][j + 1] = requests[r]["destination"]
    van["size"] = n + 2


@lean_kernel
def take(van, r):
    """Take what is left of a request out of a plan."""
    n = 0
    for k in range(van["size"]):
        if van["task_request"][k] != r:
            van["task_request"][n] = van["task_request"][k]
            van["task_pick"][n] = van["task_pick"][k]
            van["task_stop"][n] = van["task_stop"][k]
            n += 1
    van["size"] = n
