"""How people walk, cross, choose and leave: the laws, the time-budget program, and the loop over events.

All events of all walkers are handled in one order, by (time, kind, id), so the density that a walker meets is
exact and neither the step nor the slot of a row can change a result. Arrays come in the groups of ``rows.py``.
"""

from __future__ import annotations

import math

import numpy as np

from twin.engine.draws import event_key, normal_quantile, uniform
from twin.engine.event_queue import pop, push
from twin.jit import index, inline_kernel, lean_kernel

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
# exp(-45) is below the rounding of 1, so such options cannot be seen in a sum that holds a 1.
_NEGLIGIBLE = -45.0

# As in rows.py.
_LINK_END = 1
_GREEN = 2
_STAY_END = 3
_FREE = 0
_ENTERED = 0
_LEFT = 1
_REFUSED = 2
_CURSOR = 3
_VISITS = 4
_MOVES = 5

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
def solve_program(
    arc_ptr, arc_to, arc_steps, arc_utility, stay_steps, stay_utility, leave_value, may_pass, scale, out_go, out_come
):
    """Value of every place with every number of steps left, backwards from none left.

    With k steps left, place i, scale mu::

        go(k, i)   = mu ln( sum over arcs a, steps_a <= k, of exp((u_a + come(k - steps_a, to_a)) / mu)
                            + exp(leave_i(k) / mu) )
        come(k, i) = mu ln( [may_pass] exp(go(k, i) / mu)
                            + sum over stays d, steps_d <= k, of exp((s(i, d) + go(k - steps_d, i)) / mu) )

    ``go`` is the value of having just stayed (or entered): walk on, or leave. ``come`` is the value of having
    just walked here: stay, once. -inf where nothing is feasible.

    Parameters
    ----------
    arc_ptr, arc_to, arc_steps, arc_utility
        Arcs by place; every arc takes at least one step.
    stay_steps : (d,) int32
        Steps of each length of stay; 0 fills up.
    stay_utility : (n, d) float64
        -inf where one cannot stay.
    leave_value : (k + 1, n) float64
        Value of leaving; -inf where one cannot leave.
    may_pass : (n,) bool
        Whether one may walk on without staying.
    scale
        mu, greater than 0.
    out_go, out_come : (k + 1, n) float64
        Filled.

    References
    ----------
    Oyama and Hato (2019), Transportation Research Part B 122, for the restriction of a Markovian assignment to
    a time prism.
    """
    per_scale = 1.0 / scale
    places = arc_ptr.size - 1
    for k in range(out_go.shape[0]):
        for i in range(places):
            best = leave_value[k, i]
            for a in range(arc_ptr[i], arc_ptr[i + 1]):
                steps = index(arc_steps[index(a)])
                if steps <= k:
                    value = arc_utility[index(a)] + out_come[index(k - steps), index(arc_to[index(a)])]
                    best = value if value > best else best
            if best > -np.inf:
                total = math.exp((leave_value[k, i] - best) * per_scale)
                for a in range(arc_ptr[i], arc_ptr[i + 1]):
                    steps = index(arc_steps[index(a)])
                    if steps <= k:
                        value = arc_utility[index(a)] + out_come[index(k - steps), index(arc_to[index(a)])]
                        x = (value - best) * per_scale
                        if x > _NEGLIGIBLE:
                            total += math.exp(x)
                out_go[k, i] = best + scale * math.log(total)
            else:
                out_go[k, i] = -np.inf
            best = out_go[k, i] if may_pass[i] else -np.inf
            for d in range(stay_steps.size):
                steps = index(stay_steps[d])
                if 0 < steps <= k:
                    value = stay_utility[i, d] + out_go[index(k - steps), i]
                    best = value if value > best else best
            if best == -np.inf:
                out_come[k, i] = -np.inf
                continue
            total = math.exp((out_go[k, i] - best) * per_scale) if may_pass[i] else 0.0
            for d in range(stay_steps.size):
                steps = index(stay_steps[d])
                if 0 < steps <= k:
                    x = (stay_utility[i, d] + out_go[index(k - steps), i] - best) * per_scale
                    if x > _NEGLIGIBLE:
                        total += math.exp(x)
            out_come[k, i] = best + scale * math.log(total)


@lean_kernel
def choose_arc(plans, c, k, place, u):
    """Arc drawn with the probabilities of the program, from a uniform number; -1 if nothing is feasible.

    Places from which one leaves have no arcs: leaving is walking to such a place.
    """
    if k < 0 or plans.go_value[c, k, place] == -np.inf:
        return -1
    value = plans.go_value[c, k, place]
    below = 0.0
    last = -1
    for a in range(plans.arc_ptr[place], plans.arc_ptr[place + 1]):
        steps = plans.arc_steps[c, a]
        if steps <= k:
            x = (plans.arc_utility[a] + plans.come_value[c, k - steps, plans.arc_to[a]] - value) / plans.scale
            if x > -np.inf:
                below += math.exp(x)
                last = a
                if u < below:
                    break
    return last


@lean_kernel
def choose_stay(plans, c, k, place, u):
    """Index of a length of stay drawn with the probabilities of the program; -1 if none fits."""
    if k < 0 or plans.come_value[c, k, place] == -np.inf:
        return -1
    value = plans.come_value[c, k, place]
    below = 0.0
    last = -1
    for d in range(plans.stay_steps.shape[1]):
        steps = plans.stay_steps[c, d]
        if 0 < steps <= k:
            x = (plans.stay_utility[c, place, d] + plans.go_value[c, k - steps, place] - value) / plans.scale
            if x > -np.inf:
                below += math.exp(x)
                last = d
                if u < below:
                    break
    return last


@lean_kernel
def nearest_way_out(world, plans, c, place):
    """Arc to the exit that is soonest reached, for a person whose time is up; -1 if there is none."""
    best = -1
    for a in range(plans.arc_ptr[place], plans.arc_ptr[place + 1]):
        sooner = best < 0 or plans.arc_steps[c, a] < plans.arc_steps[c, best]
        if sooner and world.places.leaves[plans.arc_to[a]]:
            best = a
    return best


@inline_kernel
def _steps_left(plans, walkers, s, time_s):
    return math.floor((walkers.budget_s[s] - (time_s - walkers.enter_s[s])) / plans.step_s)


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
    """Somebody comes into a space (+1) or leaves it (-1)."""
    settle(world, spaces, space, time_s)
    if world.links.twin[space] >= 0:
        settle(world, spaces, world.links.twin[space], time_s)
    spaces.occupancy[space] += by
    if by > 0:
        spaces.entries[space] += 1
        spaces.occupancy_most[space] = max(spaces.occupancy_most[space], spaces.occupancy[space])


@lean_kernel
def link_speed(world, spaces, link, free_speed_mps):
    """Speed over a link for somebody who enters it now, from the people that walkers on it stand for, both ways.

    Beyond the density of capacity people stand in line and the link lets out as many as it can carry: density
    times speed stays at its greatest value. Weidmann's falling branch holds where people cannot get out in
    front; without a limit of storage that never happens here, and the branch would lock a link that a crowd
    enters faster than it can pass, though its end is free.
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
def _schedule(walkers, s, heap, kind, time_s):
    # The heap has as many places as there are slots, and each slot has one event: it cannot overflow.
    walkers.event[s] = kind
    walkers.next_s[s] = time_s
    push(heap[0], heap[1], heap[2], heap[3], heap[4], time_s, kind, walkers.id[s], s)


@lean_kernel
def _enter_link(world, spaces, walkers, s, heap, buffers, counts, time_s):
    """Step onto the link at hand; its end is known from the density met now."""
    link = walkers.link[s]
    end_s = time_s + world.links.length_m[link] / link_speed(world, spaces, link, walkers.speed_mps[s])
    _change(world, spaces, link, 1, time_s)
    _note(buffers, counts, walkers, s, link, time_s, end_s, 0)
    _schedule(walkers, s, heap, _LINK_END, end_s)


@lean_kernel
def _leave(walkers, s, free_slots, buffers, counts, place, time_s):
    n = counts[_VISITS]
    visits = buffers.visits
    visits.id[n] = walkers.id[s]
    visits.visitor_class[n] = walkers.visitor_class[s]
    visits.entry[n] = walkers.entry[s]
    visits.leave[n] = place
    visits.enter_s[n] = walkers.enter_s[s]
    visits.leave_s[n] = time_s
    visits.budget_s[n] = walkers.budget_s[s]
    visits.stays[n] = walkers.stays[s]
    visits.stay_s[n] = walkers.stay_s[s]
    visits.walked_m[n] = walkers.walked_m[s]
    visits.wait_s[n] = walkers.wait_s[s]
    visits.crossings[n] = walkers.crossings[s]
    counts[_VISITS] = n + 1
    counts[_LEFT] += 1
    walkers.event[s] = _FREE
    free_slots[free_slots.size - 1] -= 1
    free_slots[free_slots[free_slots.size - 1]] = s


@lean_kernel
def _aim(world, plans, laws, walkers, s, place, time_s):
    """Choose where to go from a place; False if no exit can be reached at all."""
    c = walkers.visitor_class[s]
    key = event_key(walkers.decisions[s], 0)
    arc = choose_arc(
        plans, c, _steps_left(plans, walkers, s, time_s), place, uniform(laws.place_stream, walkers.id[s], key)
    )
    walkers.decisions[s] += 1
    if arc < 0:
        arc = nearest_way_out(world, plans, c, place)
    if arc < 0:
        return False
    walkers.target[s] = plans.arc_to[arc]
    return True


@lean_kernel
def _stay(world, plans, laws, spaces, walkers, s, heap, buffers, counts, time_s):
    """Having come to a place: stay as long as chosen; False if no stay fits into the time left."""
    c = walkers.visitor_class[s]
    place = walkers.target[s]
    key = event_key(walkers.decisions[s], 1)
    d = choose_stay(
        plans, c, _steps_left(plans, walkers, s, time_s), place, uniform(laws.stay_stream, walkers.id[s], key)
    )
    if d < 0:
        return False
    length_s = plans.stay_steps[c, d] * plans.step_s
    walkers.stays[s] += 1
    walkers.stay_s[s] += length_s
    _change(world, spaces, world.places.space[place], 1, time_s)
    _note(buffers, counts, walkers, s, -1, time_s, time_s + length_s, 1)
    _schedule(walkers, s, heap, _STAY_END, time_s + length_s)
    return True


@lean_kernel
def _go_on(world, plans, laws, spaces, walkers, s, heap, free_slots, buffers, counts, time_s):
    """At a node: leave, stay, wait for green or step onto the next link, as the target asks."""
    while walkers.node[s] == world.places.node[walkers.target[s]]:
        place = walkers.target[s]
        if world.places.leaves[place]:
            _note(buffers, counts, walkers, s, -1, time_s, time_s, 0)
            _leave(walkers, s, free_slots, buffers, counts, place, time_s)
            return
        if _stay(world, plans, laws, spaces, walkers, s, heap, buffers, counts, time_s):
            return
        # Slower than planned: no stay fits any more. Every stay place has a way out (plans.py checks it).
        _aim(world, plans, laws, walkers, s, place, time_s)
    link = world.next_link[world.places.route[walkers.target[s]], walkers.node[s]]
    walkers.link[s] = link
    if world.links.green_s[link] > 0.0:
        walkers.crossings[s] += 1
        wait_s = signal_wait_s(time_s, world.links.cycle_s[link], world.links.green_s[link], world.links.offset_s[link])
        if wait_s > 0.0:
            walkers.since_s[s] = time_s
            _note(buffers, counts, walkers, s, -1, time_s, time_s + wait_s, 0)
            _schedule(walkers, s, heap, _GREEN, time_s + wait_s)
            return
    _enter_link(world, spaces, walkers, s, heap, buffers, counts, time_s)


@lean_kernel
def truncated_quantile(u, low, high):
    """Standard normal quantile of a uniform, cut to the probabilities ``low`` to ``high``."""
    return normal_quantile(low + u * (high - low))


@lean_kernel
def _arrive(world, plans, laws, arrivals, row, walkers, free_slots, counts):
    """Take a slot for the next arrival and let it choose; -1 if it is refused for want of a feasible way."""
    s = free_slots[free_slots[free_slots.size - 1]]
    id_ = arrivals.id[row]
    c = arrivals.visitor_class[row]
    key = event_key(0, 0)
    walkers.id[s] = id_
    walkers.visitor_class[s] = c
    walkers.enter_s[s] = arrivals.enter_s[row]
    law = laws.classes
    z = truncated_quantile(uniform(laws.budget_stream, id_, key), law.budget_low[c], law.budget_high[c])
    walkers.budget_s[s] = math.exp(law.budget_log_mean[c] + law.budget_log_sd[c] * z)
    z = truncated_quantile(uniform(laws.speed_stream, id_, key), law.speed_low[c], law.speed_high[c])
    walkers.speed_mps[s] = law.speed_mean_mps[c] + laws.speed_sd_mps * z
    walkers.entry[s] = arrivals.entry[row]
    walkers.node[s] = world.places.node[arrivals.entry[row]]
    walkers.walked_m[s] = 0.0
    walkers.wait_s[s] = 0.0
    walkers.stay_s[s] = 0.0
    walkers.decisions[s] = 0
    walkers.stays[s] = 0
    walkers.crossings[s] = 0
    walkers.traced[s] = uniform(laws.trace_stream, id_, key) < laws.trace_share
    counts[_ENTERED] += 1
    time_s = arrivals.enter_s[row]
    k = _steps_left(plans, walkers, s, time_s)
    if plans.go_value[c, k, arrivals.entry[row]] == -np.inf:
        counts[_REFUSED] += 1
        return -1
    _aim(world, plans, laws, walkers, s, arrivals.entry[row], time_s)
    free_slots[free_slots.size - 1] += 1
    return s


@lean_kernel
def _happen(world, plans, laws, spaces, walkers, s, heap, free_slots, buffers, counts, time_s):
    """One event of one walker."""
    kind = walkers.event[s]
    if kind == _GREEN:
        walkers.wait_s[s] += time_s - walkers.since_s[s]
        _enter_link(world, spaces, walkers, s, heap, buffers, counts, time_s)
        return
    if kind == _LINK_END:
        link = walkers.link[s]
        _change(world, spaces, link, -1, time_s)
        walkers.node[s] = world.links.to[link]
        walkers.walked_m[s] += world.links.length_m[link]
    else:
        place = walkers.target[s]
        _change(world, spaces, world.places.space[place], -1, time_s)
        _aim(world, plans, laws, walkers, s, place, time_s)
    _go_on(world, plans, laws, spaces, walkers, s, heap, free_slots, buffers, counts, time_s)


@lean_kernel
def run_until(until_s, world, plans, laws, arrivals, spaces, walkers, heap, free_slots, buffers, counts):
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
            _happen(world, plans, laws, spaces, walkers, s, heap, free_slots, buffers, counts, next_s)
            continue
        if free_slots[slots] >= slots:
            return NEED_SLOTS
        counts[_CURSOR] = row + 1
        s = _arrive(world, plans, laws, arrivals, row, walkers, free_slots, counts)
        if s >= 0:
            _go_on(world, plans, laws, spaces, walkers, s, heap, free_slots, buffers, counts, comes_s)


@lean_kernel
def fill_queue(walkers, used, heap):
    """Put the coming event of each of the first ``used`` rows into an empty queue."""
    for s in range(used):
        push(heap[0], heap[1], heap[2], heap[3], heap[4], walkers.next_s[s], walkers.event[s], walkers.id[s], s)


@lean_kernel
def close_period(world, spaces, time_s):
    """Bring every space where somebody is up to the end of a period."""
    for space in range(spaces.size):
        if spaces.occupancy[space] > 0:
            settle(world, spaces, space, time_s)
        else:
            spaces.last_s[space] = time_s
