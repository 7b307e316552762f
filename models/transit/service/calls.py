"""Booking by phone: calls in the order of time before operators who take equally long for each.

A queue with patience (M/D/c + D where calls are Poisson): who is not answered in time hangs up.
"""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.models.transit.dispatch.insertion_kernels import PHONE_CLOSED, PHONE_GAVE_UP

_DAY_S = 86400.0


def answer_calls(
    called_s: Floats, hours: tuple[float, float], operators: int, handling_s: float, patience_s: float
) -> tuple[Floats, NDArray[np.uint16]]:
    """When bookings by phone are made, and why others are not.

    Parameters
    ----------
    called_s : (n,) float64
        Moments of calls in ascending order; the hours repeat every day.

    Returns
    -------
    made_s : (n,) float64
        End of the call, or the moment of hanging up.
    reason : (n,) uint16
        0, or the code of ``phone_closed`` or ``phone_gave_up``.
    """
    made_s, reason = called_s.copy(), np.zeros(len(called_s), np.uint16)
    free = [-np.inf] * operators
    for n, call_s in enumerate(called_s.tolist()):
        since_open_s = (call_s - hours[0]) % _DAY_S
        if since_open_s >= hours[1] - hours[0]:
            reason[n] = PHONE_CLOSED
            continue
        begins_s = max(call_s, free[0])
        if begins_s > call_s + patience_s:
            made_s[n], reason[n] = call_s + patience_s, PHONE_GAVE_UP
            continue
        heapq.heapreplace(free, begins_s + handling_s)
        made_s[n] = begins_s + handling_s
    return made_s, reason


def within_hours(at_s: Floats, hours: tuple[float, float], draw: Floats) -> Floats:
    """Moments outside the hours moved back into the hours before, to a moment drawn evenly in them."""
    span_s = hours[1] - hours[0]
    since_open_s = (at_s - hours[0]) % _DAY_S
    moved: Floats = np.where(since_open_s < span_s, at_s, at_s - since_open_s + draw * span_s)
    return moved
