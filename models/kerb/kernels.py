"""What happens at the kerb, event by event: come, find a bay or not, stand, be noticed, leave.

Each event happens at its exact time. At one moment whoever leaves comes first, so that a bay that becomes free can be
taken at that moment; then the smaller id.

1. Who comes takes the lowest free bay of the pocket, unless somebody waits for it.
2. Who finds none searches on, waits beside the pocket, stands in the lane, or goes away; see :func:`usual_choice`.
3. Who stands in the lane, or in a bay beyond the limit, is noticed by who watches the pocket: after its time, with its
   share of success. Who is told and complies leaves after the time it takes to do so.
4. A bay that becomes free goes to who has waited longest.
"""

from __future__ import annotations

import numpy as np

from twin.engine.draws import event_key, uniform
from twin.engine.event_queue import pop, push
from twin.jit import inner_kernel, lean_kernel
from twin.models.kerb import names

INF = np.inf
#: Slack for rounding: work that ends at the very moment is done.
SAME_S = 1e-9
#: One event writes no more rows than this into any log.
_ROWS_OF_EVENT = 4
_CAMERA, _GUARD, _PATROL = 0, 1, 2


@inner_kernel
def _push(heap, time_s, kind, id_, row):
    push(heap.times, heap.kinds, heap.ids, heap.payloads, heap.size, time_s, kind, id_, row)


@inner_kernel
def in_hours(kerb, t):
    """Whether somebody watches at a moment."""
    return kerb.rules[0].open_s <= t < kerb.rules[0].close_s


@inner_kernel
def is_deterred(kerb, v, p, t):
    """Whether a driver who sees that a pocket is watched keeps to its rules; the same at all pockets of a visit."""
    if p < 0 or not in_hours(kerb, t):
        return False
    u = uniform(kerb.rules[0].deter, kerb.visits[v].id, event_key(0, 0))
    return (kerb.watched[p, _CAMERA] == 1 and u < kerb.watchers[_CAMERA].deters) or (
        kerb.watched[p, _GUARD] == 1 and u < kerb.watchers[_GUARD].deters
    )


@inner_kernel
def may_search(kerb, v, t):
    """Whether there is a pocket that has not been tried, and time to search on."""
    shop = kerb.visits[v].shop
    another = kerb.visits[v].tries < kerb.near_ptr[shop + 1] - kerb.near_ptr[shop]
    return another and t - kerb.visits[v].arrive_s <= kerb.kinds[kerb.visits[v].kind].search_s


@inner_kernel
def usual_choice(kerb, v, t):
    """What a driver does who finds no bay free: by shares among what is open to the driver.

    Whoever is deterred does not stand in the lane; who cannot search on does one of the other things, in proportion.
    """
    kind = kerb.visits[v].kind
    p = kerb.visits[v].pocket
    search = kerb.kinds[kind].search if may_search(kerb, v, t) else 0.0
    wait, double = kerb.kinds[kind].wait, kerb.kinds[kind].double
    if is_deterred(kerb, v, p, t):
        wait, double = 0.0, 0.0
    if p < 0 or kerb.bay_ptr[p + 1] == kerb.bay_ptr[p]:
        wait = 0.0
    total = search + wait + double + kerb.kinds[kind].away
    u = uniform(kerb.rules[0].choice, kerb.visits[v].id, event_key(kerb.visits[v].tries, 0)) * total
    if u < search:
        return names.SEARCH
    if u < search + wait:
        return names.WAIT
    if u < search + wait + double:
        return names.DOUBLE_PARK
    return names.GO_AWAY


@inner_kernel
def _log_move(kerb, logs, v, t, away):
    n = logs.size[0]
    logs.moves[n].time_s = t
    logs.moves[n].visit = v
    logs.moves[n].away = away
    logs.size[0] = n + 1
    kerb.visits[v].state = names.LEAVING if away else names.DRIVING


@inner_kernel
def _log_lane(logs, edge, t, blocked):
    n = logs.size[2]
    logs.lanes[n].time_s = t
    logs.lanes[n].edge = edge
    logs.lanes[n].blocked = blocked
    logs.size[2] = n + 1


@inner_kernel
def _notice_at(kerb, heap, v, watcher, kind, from_s, id_):
    """When a watcher notices somebody who breaks the rules from a moment on; infinite if never."""
    p = kerb.visits[v].pocket
    if p < 0 or kerb.watched[p, watcher] == 0:
        return INF
    key = event_key(kerb.visits[v].stands, watcher)
    if uniform(kerb.rules[0].notice, id_, key) >= kerb.watchers[watcher].detects:
        return INF
    moment_s = from_s + kerb.watchers[watcher].after_s
    if moment_s >= kerb.visits[v].end_s or not in_hours(kerb, moment_s):
        return INF
    _push(heap, moment_s, kind, id_, v)
    return moment_s


@inner_kernel
def begin_stand(kerb, heap, logs, v, state, t):
    """Let a vehicle stand: in its bay, in the lane, or waiting in the lane for a bay."""
    visit = kerb.visits[v]
    id_ = visit.id
    visit.state = state
    visit.stand_s = t
    visit.stands += 1
    visit.asked = 0
    visit.told = 0
    kerb.place[v] = kerb.size[0]
    kerb.standing[kerb.size[0]] = v
    kerb.size[0] += 1
    wrong_s = t
    if state == names.WAITING:
        visit.end_s = INF
        _push(heap, t + visit.patience_s, names.PATIENCE, id_, v)
    else:
        visit.end_s = t + visit.dwell_s
        if state == names.IN_BAY:
            wrong_s = t + kerb.rules[0].limit_s
            if wrong_s < visit.end_s and is_deterred(kerb, v, visit.pocket, t):
                visit.end_s = wrong_s
        _push(heap, visit.end_s, names.LEAVE, id_, v)
    if state != names.IN_BAY:
        edge = visit.edge
        kerb.edge_count[edge] += 1
        if kerb.edge_count[edge] == 1:
            _log_lane(logs, edge, t, 1)
    visit.camera_s = _notice_at(kerb, heap, v, _CAMERA, names.CAMERA, wrong_s, id_)
    visit.guard_s = _notice_at(kerb, heap, v, _GUARD, names.GUARD, wrong_s, id_)


@inner_kernel
def _leave_line(kerb, v):
    """Take a visit out of the line of those who wait for a bay of its pocket."""
    p = kerb.visits[v].pocket
    before = -1
    at = kerb.wait_head[p]
    while at != v:
        before = at
        at = kerb.visits[at].next
    after = kerb.visits[v].next
    if before >= 0:
        kerb.visits[before].next = after
    else:
        kerb.wait_head[p] = after
    if after < 0:
        kerb.wait_tail[p] = before
    kerb.visits[v].next = -1


@inner_kernel
def end_stand(kerb, logs, v, t):
    """Let a vehicle stand no more, and write down how it stood."""
    visit = kerb.visits[v]
    n = logs.size[1]
    logs.stands[n].from_s = visit.stand_s
    logs.stands[n].to_s = t
    logs.stands[n].visit = v
    logs.stands[n].pocket = visit.pocket
    logs.stands[n].bay = visit.bay
    logs.stands[n].edge = visit.edge
    logs.stands[n].mode = (
        names.MODE_BAY
        if visit.state == names.IN_BAY
        else (names.MODE_LANE if visit.state == names.IN_LANE else names.MODE_WAITING)
    )
    logs.stands[n].told = visit.told
    logs.stands[n].number = visit.stands
    logs.size[1] = n + 1
    last = kerb.standing[kerb.size[0] - 1]
    kerb.standing[kerb.place[v]] = last
    kerb.place[last] = kerb.place[v]
    kerb.size[0] -= 1
    visit.camera_s = INF
    visit.guard_s = INF
    if visit.state != names.IN_BAY:
        kerb.edge_count[visit.edge] -= 1
        if kerb.edge_count[visit.edge] == 0:
            _log_lane(logs, visit.edge, t, 0)


@inner_kernel
def free_bay(kerb, p):
    """Lowest free bay of a pocket, -1 if all are taken."""
    for bay in range(kerb.bay_ptr[p], kerb.bay_ptr[p + 1]):
        if kerb.bay_visit[bay] < 0:
            return bay
    return -1


@inner_kernel
def _park(kerb, heap, logs, v, bay, t):
    kerb.visits[v].bay = bay
    kerb.bay_visit[bay] = v
    begin_stand(kerb, heap, logs, v, names.IN_BAY, t)


@inner_kernel
def depart(kerb, heap, logs, v, t):
    """Let a vehicle that stands drive away, and who has waited longest take its bay."""
    visit = kerb.visits[v]
    state = visit.state
    if state == names.WAITING:
        _leave_line(kerb, v)
        visit.reason = names.TURNED_AWAY
    else:
        visit.reason = names.SERVED if t >= visit.stand_s + visit.dwell_s - SAME_S else names.CUT_SHORT
    end_stand(kerb, logs, v, t)
    bay, p = visit.bay, visit.pocket
    visit.bay = -1
    _log_move(kerb, logs, v, t, 1)
    if state == names.IN_BAY:
        kerb.bay_visit[bay] = -1
        first = kerb.wait_head[p]
        if first >= 0:
            _leave_line(kerb, first)
            end_stand(kerb, logs, first, t)
            _park(kerb, heap, logs, first, bay, t)


@inner_kernel
def settle(kerb, heap, logs, v, choice, t):
    """Let a driver do what was chosen."""
    visit = kerb.visits[v]
    if choice == names.SEARCH:
        visit.pocket = kerb.near[kerb.near_ptr[visit.shop] + visit.tries]
        visit.edge = kerb.pocket_edge[visit.pocket]
        _log_move(kerb, logs, v, t, 0)
    elif choice == names.WAIT:
        p = visit.pocket
        if kerb.wait_tail[p] >= 0:
            kerb.visits[kerb.wait_tail[p]].next = v
        else:
            kerb.wait_head[p] = v
        kerb.wait_tail[p] = v
        begin_stand(kerb, heap, logs, v, names.WAITING, t)
    elif choice == names.DOUBLE_PARK:
        begin_stand(kerb, heap, logs, v, names.IN_LANE, t)
    else:
        visit.reason = names.TURNED_AWAY
        _log_move(kerb, logs, v, t, 1)


@inner_kernel
def _arrive(kerb, heap, logs, v, t):
    """Let a vehicle come to its pocket, or to its shop where no pocket is near; false if its driver must be asked."""
    visit = kerb.visits[v]
    if visit.tries == 0:
        visit.arrive_s = t
    visit.tries += 1
    p = visit.pocket
    if p >= 0:
        bay = free_bay(kerb, p)
        if bay >= 0:
            _park(kerb, heap, logs, v, bay, t)
            return True
    if kerb.rules[0].asks:
        kerb.size[1] = v
        kerb.now_s[0] = t
        return False
    settle(kerb, heap, logs, v, usual_choice(kerb, v, t), t)
    return True


@inner_kernel
def _tell(kerb, heap, v, watcher, key, t):
    """Tell a driver to leave: who complies does so after the time it takes, unless that would be later."""
    visit = kerb.visits[v]
    if uniform(kerb.rules[0].comply, visit.id, key) >= kerb.watchers[watcher].complies:
        return
    leave_s = t + kerb.watchers[watcher].respond_s
    if leave_s < visit.end_s:
        visit.end_s = leave_s
        visit.told = 1
        _push(heap, leave_s, names.LEAVE, visit.id, v)


@inner_kernel
def _watch(kerb, heap, v, watcher, t):
    """Let a camera or a guard notice somebody."""
    kerb.reported[kerb.visits[v].pocket] += 1
    if kerb.watchers[watcher].speaks > 0.0:
        _tell(kerb, heap, v, watcher, event_key(kerb.visits[v].stands, watcher), t)


@inner_kernel
def breaks_rules(kerb, v, t):
    """Whether a vehicle that stands does so in the lane, or beyond the limit of its bay."""
    return kerb.visits[v].state != names.IN_BAY or t > kerb.visits[v].stand_s + kerb.rules[0].limit_s


@lean_kernel
def look_over(kerb, heap, p, t):
    """Let a patrol that has come to a pocket tell everybody there who breaks the rules; how many there were."""
    told = 0
    for i in range(kerb.size[0]):
        v = kerb.standing[i]
        if kerb.visits[v].pocket == p and breaks_rules(kerb, v, t):
            told += 1
            key = event_key(kerb.visits[v].stands, _PATROL + kerb.visits[v].asked)
            kerb.visits[v].asked += 1
            _tell(kerb, heap, v, _PATROL, key, t)
    kerb.reported[p] = 0
    return told


@lean_kernel
def answer(kerb, heap, logs, choice, t):
    """Let the driver who was asked about do what was chosen."""
    settle(kerb, heap, logs, kerb.size[1], choice, t)
    kerb.size[1] = -1


@lean_kernel
def expect(heap, time_s, kind, id_, row):
    """Put an event into the queue; false if it is full."""
    return push(heap.times, heap.kinds, heap.ids, heap.payloads, heap.size, time_s, kind, id_, row)


@lean_kernel
def run_until(kerb, heap, logs, until_s):
    """Let everything happen up to and including ``until_s``.

    Returns
    -------
    int
        ``DONE``; ``LOG_FULL`` to be called again with empty logs; ``ASK_DRIVER`` to be answered by :func:`answer`
        (visit ``kerb.size[1]``, at ``kerb.now_s[0]``); ``ASK_PATROL`` with the patrol's event still first.
    """
    while heap.size[0] > 0 and heap.times[0] <= until_s:
        if (
            logs.size[0] + _ROWS_OF_EVENT > logs.moves.size
            or logs.size[1] + _ROWS_OF_EVENT > logs.stands.size
            or logs.size[2] + _ROWS_OF_EVENT > logs.lanes.size
        ):
            return names.LOG_FULL
        t, kind, v = heap.times[0], heap.kinds[0], heap.payloads[0]
        if kind == names.PATROL:
            return names.ASK_PATROL
        pop(heap.times, heap.kinds, heap.ids, heap.payloads, heap.size)
        state = kerb.visits[v].state
        if kind == names.ARRIVE:
            if not _arrive(kerb, heap, logs, v, t):
                return names.ASK_DRIVER
        elif kind == names.LEAVE:
            # What was foreseen before it was told to leave, or before it got a bay, is no more.
            if state in (names.IN_BAY, names.IN_LANE, names.WAITING) and kerb.visits[v].end_s == t:
                depart(kerb, heap, logs, v, t)
        elif kind == names.PATIENCE:
            if state == names.WAITING and kerb.visits[v].stand_s + kerb.visits[v].patience_s == t:
                depart(kerb, heap, logs, v, t)
        elif kind == names.CAMERA:
            if kerb.visits[v].camera_s == t:
                kerb.visits[v].camera_s = INF
                _watch(kerb, heap, v, _CAMERA, t)
        elif kind == names.GUARD and kerb.visits[v].guard_s == t:
            kerb.visits[v].guard_s = INF
            _watch(kerb, heap, v, _GUARD, t)
    return names.DONE
