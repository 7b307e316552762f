"""What people want: the time-budget program, what is drawn for a person, and what a walker decides at a place.

Nothing here knows how a walker gets from place to place: every form of walking asks the same questions of the same
rows (``WALKER``, ``PLACE``, ``Plans``, ``Laws`` of ``movement/rows.py``).
"""

from __future__ import annotations

import math

import numpy as np

from twin.engine.draws import event_key, normal_quantile, uniform
from twin.jit import index, inline_kernel, kernel, lean_kernel

# exp(-45) is below the rounding of 1, so such options cannot be seen in a sum that holds a 1.
_NEGLIGIBLE = -45.0
# Terms that underflow are below 1e-307; against a sum above this they cannot be seen.
_SURELY_SEEN = 1e-280


@lean_kernel
def _log_sum_of_arcs(arc_ptr, arc_to, arc_steps, arc_utility, leaving, per_scale, come, row_of, i):
    """Mu ln of the sum of exp(value / mu) over leaving and the arcs of a place, the largest taken out first.

    ``row_of[steps]`` is the row of ``come`` with so many steps less; arcs that take more steps than it has do not fit.
    """
    reach = row_of.size - 1
    best = leaving
    for a in range(arc_ptr[i], arc_ptr[i + 1]):
        if arc_steps[a] <= reach:
            best = max(best, arc_utility[a] + come[row_of[arc_steps[a]], arc_to[a]])
    if best == -np.inf:
        return -np.inf
    total = math.exp((leaving - best) * per_scale)
    for a in range(arc_ptr[i], arc_ptr[i + 1]):
        if arc_steps[a] <= reach:
            total += math.exp((arc_utility[a] + come[row_of[arc_steps[a]], arc_to[a]] - best) * per_scale)
    return best + math.log(total) / per_scale


@kernel
def solve_program(
    arc_ptr,
    arc_to,
    arc_steps,
    arc_utility,
    stay_steps,
    stay_utility,
    slot_of,
    leave_value,
    may_pass,
    scale,
    go_at,
    out_go,
    out_come,
):
    """Value of every place with every number of steps left, backwards from none left.

    With k steps left, place i, scale mu::

        go(k, i)   = mu ln( sum over arcs a, steps_a <= k, of exp((u_a + come(k - steps_a, to_a)) / mu)
                            + exp(leave_i(k) / mu) )
        come(k, i) = mu ln( [may_pass] exp(go(k, i) / mu)
                            + sum over stays d, steps_d <= k, of exp((s(h(k), i, d) + go(k - steps_d, i)) / mu) )

    ``go`` is the value of having just stayed (or entered): walk on, or leave. ``come`` is the value of having
    just walked here: stay, once. -inf where nothing is feasible. The recursion is in float64 and looks back over a
    window of the longest arc, so that a program holds little beside what it gives.

    Parameters
    ----------
    arc_ptr, arc_to, arc_steps, arc_utility
        Arcs by place; every arc takes at least one step.
    stay_steps : (d,) int32
        Steps of each length of stay; 0 fills up.
    stay_utility : (h, n, d) float64
        By slot of the clock in which a stay begins; -inf where one cannot stay.
    slot_of : (k + 1,) int32
        Slot of the clock with k steps left.
    leave_value : (k + 1, n) float64
        Value of leaving; -inf where one cannot leave.
    may_pass : (n,) bool
        Whether one may walk on without staying.
    scale
        mu, greater than 0.
    go_at : (n,) int32
        Column of ``out_go`` of each place; -1 where both values are one, since one may pass and cannot stay.
    out_go : (k + 1, g) float64
        Filled.
    out_come : (k + 1, n) float64 or float32
        Filled; float32 rounds what is kept, and nothing that is worked out from it.

    References
    ----------
    Oyama and Hato (2019), Transportation Research Part B 122, for the restriction of a Markovian assignment to
    a time prism.
    """
    per_scale = 1.0 / scale
    steps_most, places = out_come.shape[0], arc_ptr.size - 1
    longest = 1
    for a in range(arc_steps.size):
        longest = max(longest, arc_steps[a])
    longest = min(longest, steps_most - 1)
    # Exponentials are taken once per place and once per arc: W = exp(u / mu), E(k, j) = exp((come - top(k)) / mu).
    # What is lost to underflow is below the rounding of the sum, or else the sum is done anew with logarithms.
    weight = np.exp(arc_utility * per_scale)
    window = longest + 1
    grown, come_near = np.zeros((window, places)), np.full((window, places), -np.inf)
    top = np.full(steps_most, -np.inf)
    shrink = np.zeros(longest + 1)
    rows = np.zeros(longest + 1, np.int64)
    for k in range(steps_most):
        h = index(slot_of[k])
        now = index(k % window)
        reach = min(longest, k)
        above = -np.inf
        for tau in range(1, reach + 1):
            above = max(above, top[k - tau])
            rows[tau] = (k - tau) % window
        for tau in range(1, reach + 1):
            shrink[tau] = math.exp((top[k - tau] - above) * per_scale) if top[k - tau] > -np.inf else 0.0
        for i in range(places):
            total = 0.0
            for a in range(arc_ptr[i], arc_ptr[i + 1]):
                tau = index(arc_steps[index(a)])
                if tau <= reach:
                    total += weight[index(a)] * grown[index(rows[tau]), index(arc_to[index(a)])] * shrink[tau]
            leaving = leave_value[k, i]
            if total > _SURELY_SEEN:
                value = above + scale * math.log(total)
                best = max(value, leaving)
                go = best + scale * math.log(
                    math.exp((value - best) * per_scale) + math.exp((leaving - best) * per_scale)
                )
            else:
                go = _log_sum_of_arcs(
                    arc_ptr, arc_to, arc_steps, arc_utility, leaving, per_scale, come_near, rows[: reach + 1], i
                )
            column = go_at[i]
            come = go
            if column >= 0:
                out_go[k, index(column)] = go
                come = _log_sum_of_stays(
                    stay_steps, stay_utility[h, i], out_go[:, index(column)], go if may_pass[i] else -np.inf, scale, k
                )
            come_near[now, i] = come
            out_come[k, i] = come
            top[k] = max(top[k], come)
        if top[k] > -np.inf:
            for i in range(places):
                grown[now, i] = math.exp((come_near[now, i] - top[k]) * per_scale)


@lean_kernel
def _log_sum_of_stays(stay_steps, stay_utility, go, passing, scale, k):
    """Mu ln of the sum of exp(value / mu) over walking on and the lengths of stay at a place, with k steps left."""
    per_scale = 1.0 / scale
    best = passing
    for d in range(stay_steps.size):
        steps = index(stay_steps[d])
        if 0 < steps <= k:
            value = stay_utility[d] + go[index(k - steps)]
            best = value if value > best else best
    if best == -np.inf:
        return -np.inf
    total = math.exp((passing - best) * per_scale)
    for d in range(stay_steps.size):
        steps = index(stay_steps[d])
        if 0 < steps <= k:
            x = (stay_utility[d] + go[index(k - steps)] - best) * per_scale
            if x > _NEGLIGIBLE:
                total += math.exp(x)
    return best + scale * math.log(total)


@inline_kernel
def value_of_going(plans, p, k, place):
    """Value of having just stayed or entered at a place, with k steps left; -inf where nothing is feasible."""
    column = plans.go_at[place]
    return plans.go_value[p, k, column] if column >= 0 else plans.come_value[p, k, place]


@lean_kernel
def _arc_value(plans, p, k, a):
    """Value of an arc and all that follows, with k steps left; -inf if it takes longer."""
    steps = plans.arc_steps[plans.class_of[p], a]
    if steps > k:
        return -np.inf
    value = plans.arc_utility[plans.class_of[p], a] + plans.come_value[p, k - steps, plans.arc_to[a]]
    if plans.local.size > 0:
        value += plans.local[plans.arc_to[a]]
    return value


@lean_kernel
def choose_arc(plans, p, k, place, u):
    """Arc drawn with the probabilities of a program, from a uniform number; -1 if nothing is feasible.

    Places from which one leaves have no arcs: leaving is walking to such a place. With local terms the options at hand
    are weighed anew (Oyama 2024); without, the program's own value is the sum of the weights.
    """
    value = value_of_going(plans, p, k, place) if k >= 0 else -np.inf
    if value == -np.inf:
        return -1
    per_scale = 1.0 / plans.scale
    if plans.local.size > 0:
        total = 0.0
        for a in range(plans.arc_ptr[place], plans.arc_ptr[place + 1]):
            x = (_arc_value(plans, p, k, a) - value) * per_scale
            if x > -np.inf:
                total += math.exp(x)
        u *= total
    below = 0.0
    last = -1
    for a in range(plans.arc_ptr[place], plans.arc_ptr[place + 1]):
        x = (_arc_value(plans, p, k, a) - value) * per_scale
        if x > -np.inf:
            below += math.exp(x)
            last = a
            if u < below:
                break
    return last


@lean_kernel
def choose_stay(plans, p, k, place, slot, u):
    """Index of a length of stay drawn with the probabilities of a program; -1 if none fits or the place is closed.

    ``slot`` is that of the clock now. The program was solved for the middle of its stretch, so that the options at hand
    are weighed anew.
    """
    if k < 0:
        return -1
    c = plans.class_of[p]
    best = -np.inf
    for d in range(plans.stay_steps.shape[1]):
        steps = plans.stay_steps[c, d]
        if 0 < steps <= k:
            value = plans.stay_utility[c, slot, place, d] + value_of_going(plans, p, k - steps, place)
            best = value if value > best else best
    if best == -np.inf:
        return -1
    per_scale = 1.0 / plans.scale
    total = 0.0
    for d in range(plans.stay_steps.shape[1]):
        steps = plans.stay_steps[c, d]
        if 0 < steps <= k:
            value = plans.stay_utility[c, slot, place, d] + value_of_going(plans, p, k - steps, place)
            total += math.exp((value - best) * per_scale)
    below = 0.0
    last = -1
    for d in range(plans.stay_steps.shape[1]):
        steps = plans.stay_steps[c, d]
        if 0 < steps <= k:
            x = (plans.stay_utility[c, slot, place, d] + value_of_going(plans, p, k - steps, place) - best) * per_scale
            if x > -np.inf:
                below += math.exp(x)
                last = d
                if u * total < below:
                    break
    return last


@lean_kernel
def nearest_way_out(places, plans, p, place):
    """Arc to the exit that is soonest reached, for a person whose time is up; -1 if there is none."""
    c = plans.class_of[p]
    best = -1
    for a in range(plans.arc_ptr[place], plans.arc_ptr[place + 1]):
        sooner = best < 0 or plans.arc_steps[c, a] < plans.arc_steps[c, best]
        if sooner and places.leaves[plans.arc_to[a]]:
            best = a
    return best


@inline_kernel
def clock_slot(plans, time_s):
    """Slot of the clock, whole hours, of values that differ by the hour; 0 where they do not."""
    return min(int(time_s // 3600.0), plans.stay_utility.shape[1] - 1)


@lean_kernel
def find_plan(plans, walkers, s, destination):
    """Program of a group: by class, by where it is bound for, by when its time is up."""
    up_s = walkers.enter_s[s] + walkers.budget_s[s]
    stretch = min(int(up_s // plans.stretch_s), plans.program.shape[2] - 1)
    return plans.program[walkers.visitor_class[s], destination, stretch]


@inline_kernel
def steps_left(plans, walkers, s, time_s):
    """Whole steps of the budget that a walker has left at a moment; negative if overrun."""
    return math.floor((walkers.budget_s[s] - (time_s - walkers.enter_s[s])) / plans.step_s)


@lean_kernel
def aim(places, plans, laws, walkers, s, place, time_s):
    """Choose where to go from a place; False if no exit can be reached at all."""
    p = walkers.plan[s]
    key = event_key(walkers.decisions[s], 0)
    arc = choose_arc(
        plans, p, steps_left(plans, walkers, s, time_s), place, uniform(laws.place_stream, walkers.id[s], key)
    )
    walkers.decisions[s] += 1
    if arc < 0:
        arc = nearest_way_out(places, plans, p, place)
    if arc < 0:
        return False
    walkers.target[s] = plans.arc_to[arc]
    return True


@inline_kernel
def draw_stay(plans, laws, walkers, s, time_s):
    """How long to stay at the place that is the target: index of a length of stay, -1 if none fits."""
    key = event_key(walkers.decisions[s], 1)
    u = uniform(laws.stay_stream, walkers.id[s], key)
    k = steps_left(plans, walkers, s, time_s)
    return choose_stay(plans, walkers.plan[s], k, walkers.target[s], clock_slot(plans, time_s), u)


@lean_kernel
def truncated_quantile(u, low, high):
    """Standard normal quantile of a uniform, cut to the probabilities ``low`` to ``high``."""
    return normal_quantile(low + u * (high - low))


@inline_kernel
def draw_person(laws, walkers, s):
    """Time budget of a group of a class, and its free speed: that of its slowest member; from the id alone."""
    law = laws.classes
    id_ = walkers.id[s]
    c = walkers.visitor_class[s]
    key = event_key(0, 0)
    z = truncated_quantile(uniform(laws.budget_stream, id_, key), law.budget_low[c], law.budget_high[c])
    walkers.budget_s[s] = math.exp(law.budget_log_mean[c] + law.budget_log_sd[c] * z)
    z = truncated_quantile(uniform(laws.speed_stream, id_, key), law.speed_low[c], law.speed_high[c])
    for member in range(1, walkers.members[s]):
        u = uniform(laws.speed_stream, id_, event_key(member, 0))
        other = truncated_quantile(u, law.speed_low[c], law.speed_high[c])
        z = other if other < z else z
    walkers.speed_mps[s] = law.speed_mean_mps[c] + laws.speed_sd_mps * z
