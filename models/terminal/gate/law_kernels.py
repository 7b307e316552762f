"""Draws by the laws of the gate."""

from __future__ import annotations

import math

from twin.engine.draws import erlang, exponential, lognormal, uniform
from twin.jit import inner_kernel
from twin.models.terminal import names as k


@inner_kernel
def draw_law(num, stage, stream, id_, event_):
    """One service time, s, by the law of a stage."""
    at = k.FIRST_LAW + 5 * stage
    law = int(num[at + k.LAW])
    mean = num[at + k.MEAN]
    if law == k.EXPONENTIAL:
        return exponential(stream, id_, event_, mean)
    if law == k.LOGNORMAL:
        return lognormal(stream, id_, event_, num[at + k.LOG_MEAN], num[at + k.LOG_SD])
    if law == k.ERLANG:
        return erlang(stream, id_, event_, int(num[at + k.PHASES]), mean)
    return mean


@inner_kernel
def small_poisson(stream, id_, event_, mean):
    """Poisson number by inversion of one uniform: larger means only add, for the same key."""
    u = uniform(stream, id_, event_)
    term = math.exp(-mean)
    total = term
    number = 0
    while u > total and number < 1000:
        number += 1
        term *= mean / number
        total += term
    return number
