"""Crowding of the day, fed back into plans: the day is walked beforehand until people meet the times they planned with.

Every day before the recorded one has the same people with the same luck. After day n the expected time over a link
moves by 1/n of the way to the time met (successive averages), and so does the share of comers whom a place can take.
The recorded day is planned with the times of the last day walked beforehand, so that its residual holds for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from twin.arrays import Floats
from twin.models.pedestrian.movement.rows import Rows
from twin.models.pedestrian.params import FeedbackParams


@dataclass(frozen=True)
class Expected:
    """What people plan with.

    Attributes
    ----------
    slower : (m,) float64
        Time over each link as a multiple of the free time, lines before it included.
    admitted : (s,) float64
        Share of those who come to each place that it has room for.
    """

    slower: Floats
    admitted: Floats


@dataclass(frozen=True)
class Settled:
    """Where the averages ended.

    Attributes
    ----------
    expected
        What the recorded day is planned with.
    residuals
        Of each day walked beforehand: person-time by which expected and met times differ, by the person-time met.
    """

    expected: Expected
    residuals: tuple[float, ...]


def met_times(spaces: Rows, before: Expected) -> tuple[Expected, float]:
    """What a day met, where nobody walked what was expected before, and how far the two lie apart.

    Parameters
    ----------
    spaces
        ``SPACE`` rows of links and then places, counted over the whole day.
    before
        What the day was planned with.
    """
    links = len(before.slower)
    free_s, met_s = spaces.free_s[:links], spaces.met_s[:links]
    walked = free_s > 0
    slower = np.where(walked, met_s / np.where(walked, free_s, 1.0), before.slower)
    came = spaces.entries[links:] + spaces.turned[links:].astype(np.float64)
    admitted = np.where(came > 0, spaces.entries[links:] / np.where(came > 0, came, 1.0), before.admitted)
    apart_s = float((free_s * np.abs(slower - before.slower)).sum())
    total_s = float(met_s.sum())
    return Expected(slower, admitted), apart_s / total_s if total_s > 0 else 0.0


def settle(walk_day: Callable[[Expected], Rows], links: int, places: int, params: FeedbackParams) -> Settled:
    """Walk the day until it settles, or as often as allowed.

    Parameters
    ----------
    walk_day
        Walks the whole day planned with some times; returns its counters.
    links, places
        How many there are of both.
    params
        Rounds, residual to end at, first times.
    """
    expected = Expected(np.full(links, params.first_times), np.ones(places))
    residuals: list[float] = []
    for day in range(1, params.rounds + 1):
        met, residual = met_times(walk_day(expected), expected)
        residuals.append(residual)
        if residual < params.residual or day == params.rounds:
            break
        share = 1.0 / day
        expected = Expected(
            expected.slower + share * (met.slower - expected.slower),
            expected.admitted + share * (met.admitted - expected.admitted),
        )
    return Settled(expected, tuple(residuals))
