"""Cranes that vessels take from the trucks: in stated hours, and while a call is worked."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from twin.models.terminal.demand.params import DAY_S
from twin.models.terminal.gate.params import Yard
from twin.models.terminal.params import TerminalParams

_WEEKS = range(-2, 2)


def crane_steps(params: TerminalParams, yard: Yard, block: int) -> tuple[tuple[float, int], ...]:
    """Cranes of a block left for trucks as (from when, how many): vessel work comes first.

    Each berth has its share of the blocks behind it; a call takes cranes there while it is worked.
    """
    work = [(w.hours[0], w.hours[1], w.cranes_per_block) for w in yard.vessel_work]
    vessels = params.demand.vessels
    if vessels:
        berth = vessels.berths[block * len(vessels.berths) // yard.blocks]
        for call in vessels.calls.values():
            if call.berth == berth:
                arrivals = vessels.arrivals_s(call, _WEEKS).values()
                work += [(t, t + call.works_s, vessels.cranes_per_block) for t in arrivals]
    work = [(start, end, taken) for start, end, taken in work if end > 0 and start < 2 * DAY_S]
    steps = [(-np.inf, yard.cranes_per_block)]
    for t in sorted({t for start, end, _ in work for t in (start, end)}):
        taken = sum(cranes for start, end, cranes in work if start <= t < end)
        left = max(yard.cranes_per_block - taken, 0)
        if left != steps[-1][1]:
            steps.append((t, left))
    return tuple(steps)


def crane_seconds(params: TerminalParams) -> float:
    """Crane time that trucks may use from the first opening to the last closing."""
    if not params.yard:
        return 0.0
    start, end = params.opening[0][0], params.closing_s
    total = 0.0
    for block in range(params.yard.blocks):
        steps = [*crane_steps(params, params.yard, block), (np.inf, 0)]
        for (t, cranes), (until, _) in pairwise(steps):
            total += cranes * max(min(until, end) - max(t, start), 0.0)
    return total
