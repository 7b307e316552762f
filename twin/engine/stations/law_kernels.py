"""Draws by the laws of service."""

from __future__ import annotations

from twin.engine.draws import erlang, exponential, lognormal
from twin.engine.stations import names
from twin.jit import inner_kernel


@inner_kernel
def draw_law(num, stage, stream, id_, event_):
    """One service time, s, by the law of a stage."""
    at = names.FIRST_LAW + names.LAW_NUMBERS * stage
    law = int(num[at + names.LAW])
    mean = num[at + names.MEAN]
    if law == names.EXPONENTIAL:
        return exponential(stream, id_, event_, mean)
    if law == names.LOGNORMAL:
        return lognormal(stream, id_, event_, num[at + names.LOG_MEAN], num[at + names.LOG_SD])
    if law == names.ERLANG:
        return erlang(stream, id_, event_, int(num[at + names.PHASES]), mean)
    return mean
