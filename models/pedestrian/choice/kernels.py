"""What people want: the time-budget program, what is drawn for a person, and what a walker decides at a place.

Nothing here knows how a walker gets from place to place: every form of walking asks the same questions of the same
rows (``WALKER``, ``PLACE``, ``Plans`` and ``Laws`` of ``movement/rows.py``).
"""

from __future__ import annotations

import math

import numpy as np

from twin.engine.draws import event_key, normal_quantile, uniform
from twin.jit import index, inline_kernel, lean_kernel

# exp(-45) is below the rounding of 1, so such options cannot be seen in a sum that holds a 1.
_NEGLIGIBLE = -45.0


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
def nearest_way_out(places, plans, c, place):
    """Arc to the exit that is soonest reached, for a person whose time is up; -1 if there is none."""
    best = -1
    for a in range(plans.arc_ptr[place], plans.arc_ptr[place + 1]):
        sooner = best < 0 or plans.arc_steps[c, a] < plans.arc_steps[c, best]
        if sooner and places.leaves[plans.arc_to[a]]:
            best = a
    return best


@inline_kernel
def steps_left(plans, walkers, s, time_s):
    """Whole steps of the budget that a walker has left at a moment; negative if overrun."""
    return math.floor((walkers.budget_s[s] - (time_s - walkers.enter_s[s])) / plans.step_s)


@lean_kernel
def aim(places, plans, laws, walkers, s, place, time_s):
    """Choose where to go from a place; False if no exit can be reached at all."""
    c = walkers.visitor_class[s]
    key = event_key(walkers.decisions[s], 0)
    arc = choose_arc(
        plans, c, steps_left(plans, walkers, s, time_s), place, uniform(laws.place_stream, walkers.id[s], key)
    )
    walkers.decisions[s] += 1
    if arc < 0:
        arc = nearest_way_out(places, plans, c, place)
    if arc < 0:
        return False
    walkers.target[s] = plans.arc_to[arc]
    return True


@lean_kernel
def draw_stay(plans, laws, walkers, s, time_s):
    """How long to stay at the target: index of a length of stay, -1 if none fits into the time left."""
    c = walkers.visitor_class[s]
    key = event_key(walkers.decisions[s], 1)
    u = uniform(laws.stay_stream, walkers.id[s], key)
    return choose_stay(plans, c, steps_left(plans, walkers, s, time_s), walkers.target[s], u)


@lean_kernel
def truncated_quantile(u, low, high):
    """Standard normal quantile of a uniform, cut to the probabilities ``low`` to ``high``."""
    return normal_quantile(low + u * (high - low))


@lean_kernel
def draw_person(laws, walkers, s):
    """Time budget and free speed of somebody of a class, from the id alone."""
    law = laws.classes
    id_ = walkers.id[s]
    c = walkers.visitor_class[s]
    key = event_key(0, 0)
    z = truncated_quantile(uniform(laws.budget_stream, id_, key), law.budget_low[c], law.budget_high[c])
    walkers.budget_s[s] = math.exp(law.budget_log_mean[c] + law.budget_log_sd[c] * z)
    z = truncated_quantile(uniform(laws.speed_stream, id_, key), law.speed_low[c], law.speed_high[c])
    walkers.speed_mps[s] = law.speed_mean_mps[c] + laws.speed_sd_mps * z
