"""How people walk over a network, cross and leave: the laws of movement and the loop over events.

All events of all walkers are handled in one order, by (time, kind, id), so the density that a walker meets is
exact and neither the step nor the slot of a row can change a result. Arrays come in the groups of ``rows.py``.
"""

from __future__ import annotations

import math

import numpy as np

from twin.engine.draws import event_key, uniform
from twin.engine.event_queue import pop, push
from twin.jit import lean_kernel
from twin.models.pedestrian.choice.kernels import aim, draw_person, draw_stay, find_plan, steps_left, value_of_going
from twin.models.pedestrian.movement.room_kernels import has_room, join_line, let_in, schedule

# Weidmann (1993): v = v0 * (1 - exp(-1.913 * (1/rho - 1/5.4))), rho in people per m2.
_GAMMA_PER_M2 = 1.913
_JAM_PER_M2 = 5.4
# Above 5.35 /m2 the formula falls to 0 and below; people still shuffle on.
_SHUFFLE_FROM_PER_M2 = 5.35
_SHUFFLE_MPS = 0.05
# Density at which most people pass: rho * v(rho) is greatest there, 1.225 per m and s at 1.34 m/s.
_CAPACITY_PER_M2 = 1.7506651983339911
# Walkway level of service D begins here (Fruin 1971, upper bound of C by density).
_CROWDED_PER_M2 = 0.72
_TWO_WAY_FROM_PER_M2 = 1.0
_TWO_WAY_SHARE = 0.2

# As in rows.py.
_LINK_END = 1
_GREEN = 2
_STAY_END = 3
_ROOM = 4
_LINE = 5
_FREE = 0
_ENTERED = 0
_LEFT = 1
_REFUSED = 2
_CURSOR = 3
_VISITS = 4
_MOVES = 5
_INSIDE = 6
_TURNED = 7
_TURNS = 8
_FORCED = 9

DONE = 0
NEED_SLOTS = 1
NEED_DRAIN = 2


@lean_kernel
def weidmann_speed(density_per_m2, free_speed_mps):
    """Walking speed at a density, for a person of a given free speed.

    References
    ----------
    Weidmann (1993), Transporttechnik der Fussgänger.
    """
    if density_per_m2 <= 0.0:
        return free_speed_mps
    speed = free_speed_mps * (1.0 - math.exp(-_GAMMA_PER_M2 * (1.0 / density_per_m2 - 1.0 / _JAM_PER_M2)))
    if density_per_m2 > _SHUFFLE_FROM_PER_M2:
        return max(speed, _SHUFFLE_MPS)
    return speed


@lean_kernel
def signal_wait_s(time_s, cycle_s, green_s, offset_s):
    """Seconds until one may start: 0 in green, else the rest of the cycle. Green begins at the offset."""
    phase_s = (time_s - offset_s) % cycle_s
    return 0.0 if phase_s < green_s else cycle_s - phase_s


@lean_kernel
def legs_to(next_link, link_to, link_length_m, link_wait_s, link_cost, node_from, node_to, out_m, out_s, out_cost):
    """Metres, expected wait and cost along a tree from some nodes to its root; inf where there is no way."""
    for i in range(node_from.size):
        node = node_from[i]
        out_m[i] = 0.0
        out_s[i] = 0.0
        out_cost[i] = 0.0
        while node != node_to:
            link = next_link[node]
            if link < 0:
                out_m[i] = np.inf
                out_s[i] = np.inf
                out_cost[i] = np.inf
                break
            out_m[i] += link_length_m[link]
            out_s[i] += link_wait_s[link]
            out_cost[i] += link_cost[link]
            node = link_to[link]


@lean_kernel
def settle(world, spaces, space, time_s):
    """Bring the person-seconds of a space up to a moment, before its occupancy changes."""
    passed_s = time_s - spaces.last_s[space]
    spaces.last_s[space] = time_s
    inside = spaces.occupancy[space]
    if passed_s <= 0.0 or inside == 0:
        return
    spaces.person_s[space] += inside * passed_s
    twin = world.links.twin[space]
    total = inside if twin < 0 else inside + spaces.occupancy[twin]
    if total * world.people > _CROWDED_PER_M2 * world.links.area_m2[space]:
        spaces.crowded_s[space] += inside * passed_s


@lean_kernel
def _change(world, spaces, space, by, time_s):
    """A group comes into a space (+ its size) or leaves it (- its size)."""
    settle(world, spaces, space, time_s)
    if world.links.twin[space] >= 0:
        settle(world, spaces, world.links.twin[space], time_s)
    spaces.occupancy[space] += by
    if by > 0:
        spaces.entries[space] += by
        minute_s = math.floor(time_s / 60.0) * 60.0
        if minute_s > spaces.minute_s[space]:
            spaces.minute_s[space] = minute_s
            spaces.minute_entries[space] = 0
        spaces.minute_entries[space] += by
        spaces.minute_most[space] = max(spaces.minute_most[space], spaces.minute_entries[space])
        spaces.occupancy_most[space] = max(spaces.occupancy_most[space], spaces.occupancy[space])


@lean_kernel
def link_speed(world, spaces, link, free_speed_mps):
    """Speed over a link for somebody who enters it now, from the people that walkers on it stand for, both ways.

    Beyond the density of capacity people stand in line and the link lets out as many as it can carry: density
    times speed stays at its greatest value. Weidmann's falling branch holds where people cannot get out in
    front; that is told by the line before the next link, which keeps them here.
    """
    same = spaces.occupancy[link]
    twin = world.links.twin[link]
    other = 0 if twin < 0 else spaces.occupancy[twin]
    density_per_m2 = (same + other) * world.people / world.links.area_m2[link]
    speed = weidmann_speed(min(density_per_m2, _CAPACITY_PER_M2), free_speed_mps)
    if density_per_m2 > _CAPACITY_PER_M2:
        speed *= _CAPACITY_PER_M2 / density_per_m2
    if density_per_m2 > _TWO_WAY_FROM_PER_M2 and min(same, other) > _TWO_WAY_SHARE * (same + other):
        speed *= world.counterflow_share
    return speed * world.links.speed_share[link]


@lean_kernel
def next_on_way(world, laws, walkers, s):
    """Link to take from the node of a walker towards its target: that of least cost, or drawn by the shares of ways."""
    route = world.places.route[walkers.target[s]]
    node = walkers.node[s]
    if world.link_share.shape[0] == 0:
        return world.next_link[route, node]
    u = uniform(laws.way_stream, walkers.id[s], event_key(walkers.decisions[s], node))
    below = 0.0
    last = world.next_link[route, node]
    for link in range(world.out_ptr[node], world.out_ptr[node + 1]):
        share = world.link_share[route, link]
        if share > 0.0:
            below += share
            last = link
            if u < below:
                break
    return last


@lean_kernel
def _note(buffers, counts, walkers, s, link, from_s, to_s, staying):
    if walkers.traced[s]:
        n = counts[_MOVES]
        moves = buffers.moves
        moves.id[n] = walkers.id[s]
        moves.link[n] = link
        moves.node[n] = walkers.node[s]
        moves.from_s[n] = from_s
        moves.to_s[n] = to_s
        moves.staying[n] = staying
        counts[_MOVES] = n + 1


@lean_kernel
def _enter_link(world, spaces, lines, walkers, s, heap, buffers, counts, time_s):
    """Step onto the link at hand, its end known from the density now; or stand in line before it while it is full."""
    link = walkers.link[s]
    if not has_room(world, spaces, lines, link, walkers.members[s]):
        if walkers.behind[s] >= 0:
            spaces.occupancy[walkers.behind[s]] += walkers.members[s]  # it never got off the link behind
        join_line(lines, walkers, s, counts, time_s)
        return
    _walk_link(world, spaces, walkers, s, heap, buffers, counts, time_s)


@lean_kernel
def _walk_link(world, spaces, walkers, s, heap, buffers, counts, time_s):
    link = walkers.link[s]
    walkers.behind[s] = -1
    end_s = time_s + world.links.length_m[link] / link_speed(world, spaces, link, walkers.speed_mps[s])
    free_mps = walkers.speed_mps[s] * world.links.speed_share[link]
    spaces.free_s[link] += walkers.members[s] * (world.links.length_m[link] / free_mps)
    spaces.met_s[link] += walkers.members[s] * (end_s - time_s)
    _change(world, spaces, link, walkers.members[s], time_s)
    _note(buffers, counts, walkers, s, link, time_s, end_s, 0)
    schedule(walkers, s, heap, _LINK_END, end_s)


@lean_kernel
def _leave(walkers, s, free_slots, buffers, counts, place, time_s):
    n = counts[_VISITS]
    visits = buffers.visits
    visits.id[n] = walkers.id[s]
    visits.visitor_class[n] = walkers.visitor_class[s]
    visits.members[n] = walkers.members[s]
    visits.entry[n] = walkers.entry[s]
    visits.leave[n] = place
    visits.enter_s[n] = walkers.enter_s[s]
    visits.leave_s[n] = time_s
    visits.budget_s[n] = walkers.budget_s[s]
    visits.stays[n] = walkers.stays[s]
    visits.stay_s[n] = walkers.stay_s[s]
    visits.walked_m[n] = walkers.walked_m[s]
    visits.wait_s[n] = walkers.wait_s[s]
    visits.room_s[n] = walkers.room_s[s]
    visits.worth[n] = walkers.worth[s]
    visits.crossings[n] = walkers.crossings[s]
    counts[_VISITS] = n + 1
    counts[_LEFT] += walkers.members[s]
    counts[_INSIDE] -= walkers.members[s]
    walkers.event[s] = _FREE
    free_slots[free_slots.size - 1] -= 1
    free_slots[free_slots[free_slots.size - 1]] = s


@lean_kernel
def _begin_stay(world, spaces, walkers, s, heap, buffers, counts, until_s, time_s):
    """Be at the place that is the target until a moment."""
    walkers.stays[s] += 1
    walkers.stay_s[s] += until_s - time_s
    walkers.behind[s] = -1
    _change(world, spaces, world.places.space[walkers.target[s]], walkers.members[s], time_s)
    _note(buffers, counts, walkers, s, -1, time_s, until_s, 1)
    schedule(walkers, s, heap, _STAY_END, until_s)


@lean_kernel
def _stay(world, plans, laws, spaces, walkers, s, heap, buffers, counts, time_s):
    """Having come to a place: stay as long as chosen; False if it is closed or full, or no stay fits into the time."""
    d = draw_stay(plans, laws, walkers, s, time_s)
    if d < 0:
        return False
    space = world.places.space[walkers.target[s]]
    if (spaces.occupancy[space] + walkers.members[s]) * world.people > world.links.storage[space]:
        counts[_TURNED] += walkers.members[s]
        spaces.turned[space] += walkers.members[s]
        return False
    until_s = time_s + plans.stay_steps[plans.class_of[walkers.plan[s]], d] * plans.step_s
    _begin_stay(world, spaces, walkers, s, heap, buffers, counts, until_s, time_s)
    return True


@lean_kernel
def _go_on(world, plans, laws, spaces, lines, walkers, s, heap, free_slots, buffers, counts, time_s):
    """At a node: leave, stay, wait for green or step onto the next link, as the target asks."""
    while walkers.node[s] == world.places.node[walkers.target[s]]:
        place = walkers.target[s]
        if world.places.leaves[place]:
            _note(buffers, counts, walkers, s, -1, time_s, time_s, 0)
            _leave(walkers, s, free_slots, buffers, counts, place, time_s)
            return
        if _stay(world, plans, laws, spaces, walkers, s, heap, buffers, counts, time_s):
            return
        # Closed, full, or slower than planned: on to elsewhere. Every stay place has a way out (programs.py checks it).
        aim(world.places, plans, laws, walkers, s, place, time_s)
    link = next_on_way(world, laws, walkers, s)
    walkers.link[s] = link
    if world.links.green_s[link] > 0.0:
        walkers.crossings[s] += 1
        wait_s = signal_wait_s(time_s, world.links.cycle_s[link], world.links.green_s[link], world.links.offset_s[link])
        if wait_s > 0.0:
            walkers.since_s[s] = time_s
            walkers.behind[s] = -1
            _note(buffers, counts, walkers, s, -1, time_s, time_s + wait_s, 0)
            schedule(walkers, s, heap, _GREEN, time_s + wait_s)
            return
    _enter_link(world, spaces, lines, walkers, s, heap, buffers, counts, time_s)


@lean_kernel
def _arrive(world, plans, laws, spaces, arrivals, row, walkers, heap, free_slots, buffers, counts):
    """Take a slot for the next arrival and let it choose; -1 if it has no feasible way, or already stays at a place."""
    s = free_slots[free_slots[free_slots.size - 1]]
    id_ = arrivals.id[row]
    c = arrivals.visitor_class[row]
    size = arrivals.members[row]
    place = arrivals.entry[row]
    time_s = arrivals.enter_s[row]
    walkers.id[s] = id_
    walkers.visitor_class[s] = c
    walkers.members[s] = size
    walkers.enter_s[s] = time_s
    draw_person(laws, walkers, s)
    walkers.entry[s] = place
    walkers.node[s] = world.places.node[place]
    walkers.walked_m[s] = 0.0
    walkers.wait_s[s] = 0.0
    walkers.stay_s[s] = 0.0
    walkers.room_s[s] = 0.0
    walkers.worth[s] = np.nan
    walkers.turn[s] = 0
    walkers.behind[s] = -1
    walkers.decisions[s] = 0
    walkers.stays[s] = 0
    walkers.crossings[s] = 0
    walkers.traced[s] = uniform(laws.trace_stream, id_, event_key(0, 0)) < laws.trace_share
    counts[_ENTERED] += size
    at_home = arrivals.until_s[row] > 0.0
    if at_home:
        # Inside when the clock starts: the time budget begins when it leaves.
        walkers.budget_s[s] += arrivals.until_s[row] - time_s
    walkers.plan[s] = find_plan(plans, walkers, s, arrivals.destination[row])
    if arrivals.destination[row] > 0:
        # Who is bound for somewhere takes the time that the way there needs. Plans reckon with the pace of the class;
        # who is slower takes the longer for it.
        k = 0
        while k < plans.come_value.shape[1] - 1 and value_of_going(plans, walkers.plan[s], k, place) == -np.inf:
            k += 1
        slower = max(laws.classes.speed_mean_mps[c] / walkers.speed_mps[s], 1.0)
        walkers.budget_s[s] = max(walkers.budget_s[s], k * plans.step_s * slower)
    if at_home:
        walkers.target[s] = place
        counts[_INSIDE] += size
        free_slots[free_slots.size - 1] += 1
        _begin_stay(world, spaces, walkers, s, heap, buffers, counts, arrivals.until_s[row], time_s)
        return -1
    k = min(steps_left(plans, walkers, s, time_s), plans.come_value.shape[1] - 1)
    worth = value_of_going(plans, walkers.plan[s], k, place)
    if worth == -np.inf:
        counts[_REFUSED] += size
        return -1
    walkers.worth[s] = worth
    aim(world.places, plans, laws, walkers, s, place, time_s)
    counts[_INSIDE] += size
    free_slots[free_slots.size - 1] += 1
    return s


@lean_kernel
def _step_on_from_line(world, spaces, lines, walkers, s, heap, buffers, counts, time_s):
    """Room was promised: step on, unless the light has turned red meanwhile."""
    link = walkers.link[s]
    size = walkers.members[s]
    lines.promised[link] -= size
    if world.links.green_s[link] > 0.0:
        wait_s = signal_wait_s(time_s, world.links.cycle_s[link], world.links.green_s[link], world.links.offset_s[link])
        if wait_s > 0.0:
            walkers.since_s[s] = time_s
            schedule(walkers, s, heap, _GREEN, time_s + wait_s)
            let_in(world, spaces, lines, walkers, heap, link, time_s)
            return
    behind = walkers.behind[s]
    if behind >= 0:
        _change(world, spaces, behind, -size, time_s)
    _walk_link(world, spaces, walkers, s, heap, buffers, counts, time_s)
    if behind >= 0:
        let_in(world, spaces, lines, walkers, heap, behind, time_s)


@lean_kernel
def _happen(world, plans, laws, spaces, lines, walkers, s, heap, free_slots, buffers, counts, time_s):
    """One event of one walker."""
    kind = walkers.event[s]
    if kind == _GREEN:
        walkers.wait_s[s] += time_s - walkers.since_s[s]
        behind = walkers.behind[s]
        if behind >= 0:
            _change(world, spaces, behind, -walkers.members[s], time_s)
        _enter_link(world, spaces, lines, walkers, s, heap, buffers, counts, time_s)
        if behind >= 0 and walkers.behind[s] < 0:
            let_in(world, spaces, lines, walkers, heap, behind, time_s)
        return
    if kind == _ROOM:
        walkers.room_s[s] += time_s - walkers.since_s[s]
        spaces.met_s[walkers.link[s]] += walkers.members[s] * (time_s - walkers.since_s[s])
        _step_on_from_line(world, spaces, lines, walkers, s, heap, buffers, counts, time_s)
        return
    link = -1
    if kind == _LINK_END:
        link = walkers.link[s]
        _change(world, spaces, link, -walkers.members[s], time_s)
        walkers.node[s] = world.links.to[link]
        walkers.walked_m[s] += world.links.length_m[link]
        walkers.behind[s] = link
    else:
        place = walkers.target[s]
        _change(world, spaces, world.places.space[place], -walkers.members[s], time_s)
        aim(world.places, plans, laws, walkers, s, place, time_s)
    _go_on(world, plans, laws, spaces, lines, walkers, s, heap, free_slots, buffers, counts, time_s)
    if link >= 0 and (walkers.event[s] == _FREE or walkers.behind[s] < 0):
        let_in(world, spaces, lines, walkers, heap, link, time_s)


@lean_kernel
def run_until(until_s, world, plans, laws, arrivals, spaces, lines, walkers, heap, free_slots, buffers, counts):
    """Handle every event up to and including ``until_s``, in the order of (time, kind, id).

    Returns
    -------
    int
        ``DONE``; or ``NEED_SLOTS`` or ``NEED_DRAIN`` when the caller must make room and call again: nothing is
        lost, the next event has not been touched.
    """
    slots = walkers.size
    while True:
        next_s = heap[0][0] if heap[4][0] > 0 else np.inf
        row = counts[_CURSOR]
        comes_s = arrivals.enter_s[row] if row < arrivals.size else np.inf
        if min(next_s, comes_s) > until_s:
            return DONE
        # One event finishes at most one visit and notes at most two moves.
        if counts[_VISITS] + 1 > buffers.visits.size or counts[_MOVES] + 2 > buffers.moves.size:
            return NEED_DRAIN
        if next_s <= comes_s:
            s = heap[3][0]
            pop(heap[0], heap[1], heap[2], heap[3], heap[4])
            _happen(world, plans, laws, spaces, lines, walkers, s, heap, free_slots, buffers, counts, next_s)
            continue
        if free_slots[slots] >= slots:
            return NEED_SLOTS
        counts[_CURSOR] = row + 1
        s = _arrive(world, plans, laws, spaces, arrivals, row, walkers, heap, free_slots, buffers, counts)
        if s >= 0:
            _go_on(world, plans, laws, spaces, lines, walkers, s, heap, free_slots, buffers, counts, comes_s)


@lean_kernel
def fill_queue(walkers, used, heap):
    """Put the coming event of each of the first ``used`` rows into an empty queue; who stands in line has none."""
    for s in range(used):
        if walkers.event[s] != _LINE:
            push(heap[0], heap[1], heap[2], heap[3], heap[4], walkers.next_s[s], walkers.event[s], walkers.id[s], s)


@lean_kernel
def close_period(world, spaces, time_s):
    """Bring every space where somebody is up to the end of a period."""
    for space in range(spaces.size):
        if spaces.occupancy[space] > 0:
            settle(world, spaces, space, time_s)
        else:
            spaces.last_s[space] = time_s
