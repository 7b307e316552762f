"""Draws by the laws of service."""

from __future__ import annotations

from twin.engine.draws import erlang, exponential, lognormal
from twin.engine.stations import names as s
from twin.jit import inner_kernel


@inner_kernel
def draw_law(num, stage, stream, id_, event_):
    """One service time, s, by the law of a stage."""
    at = s.FIRST_LAW + s.LAW_NUMBERS * stage
    law = int(num[at + s.LAW])
    mean = num[at + s.MEAN]
    if law == s.EXPONENTIAL:
        return exponential(stream, id_, event_, mean)
    if law == s.LOGNORMAL:
        return lognormal(stream, id_, event_, num[at + s.LOG_MEAN], num[at + s.LOG_SD])
    if law == s.ERLANG:
        return erlang(stream, id_, event_, int(num[at + s.PHASES]), mean)
    return mean
