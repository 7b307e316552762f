"""What people have learned to expect of the vans: waits that bring the demand from which these waits come.

Some days of the same demand are gone through again and again. In each round everybody chooses by what is expected, the
vans serve who asks for them, and what they met moves what is expected, by steps that become smaller faster where the
difference grew (self-regulated averages; Liu, He and He 2009, Networks and Spatial Economics 9(4)).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.models.transit.fleet.rows import REFUSED, SERVED, Requests

#: Hours of the day at which another expectation begins.
PERIODS_H = (0.0, 7.0, 9.0, 12.0, 16.0, 19.0, 24.0)
_GREW, _SHRANK = 1.8, 0.3


class Expected(NamedTuple):
    """What people expect of the vans.

    Attributes
    ----------
    wait_s : (p,) float64
        From asking to boarding in each period of the day; who is refused counts as a long wait.
    longer_s
        How much longer a ride takes than the direct drive.
    """

    wait_s: Floats
    longer_s: float

    def wait_at(self, time_s: Floats) -> Floats:
        """Wait expected of those who leave at a moment."""
        return self.wait_s[period_of(time_s)]


class Round(NamedTuple):
    """One round: what was expected, what was met, by how many trips, and the mean difference."""

    expected: Expected
    met_wait_s: Floats
    trips: NDArray[np.int64]
    residual_s: float


class Settled(NamedTuple):
    """The expectation that people act on, and how it came about."""

    expected: Expected
    rounds: tuple[Round, ...]
    is_settled: bool


def period_of(time_s: Floats) -> NDArray[np.intp]:
    """Period of the day of each moment."""
    edges = 3600.0 * np.array(PERIODS_H[1:-1])
    return np.searchsorted(edges, time_s % 86400.0, side="right")


def settle(
    first: Expected,
    serve: Callable[[Expected], Sequence[Requests]],
    *,
    refused_felt_s: float,
    rounds_at_most: int,
    settled_s: float,
) -> Settled:
    """Go through the days until what is expected is what is met.

    Parameters
    ----------
    first
        What is expected at first.
    serve
        From what is expected to the requests of every day, as the vans answered them.
    refused_felt_s
        Wait as which a refusal counts.
    settled_s
        Mean difference, over those who ask, between what they expected and what they met, at which all is settled.
    """
    expected, past_s, steps = first, np.inf, 1.0
    rounds: list[Round] = []
    while True:
        met, trips = _met(expected, serve(expected), refused_felt_s)
        asked = int(trips.sum())
        residual_s = float(trips @ np.abs(met.wait_s - expected.wait_s)) / asked if asked else 0.0
        rounds.append(Round(expected, met.wait_s, trips, residual_s))
        if residual_s <= settled_s or len(rounds) >= rounds_at_most:
            return Settled(expected, tuple(rounds), residual_s <= settled_s)
        if len(rounds) > 1:
            steps += _GREW if residual_s >= past_s else _SHRANK
        past_s = residual_s
        expected = Expected(
            expected.wait_s + (met.wait_s - expected.wait_s) / steps,
            expected.longer_s + (met.longer_s - expected.longer_s) / steps,
        )


def _met(expected: Expected, days: Sequence[Requests], refused_felt_s: float) -> tuple[Expected, NDArray[np.int64]]:
    """What was met in each period, and by how many; where nobody asked what is expected stays."""
    count = len(PERIODS_H) - 1
    trips, total_s = np.zeros(count, np.int64), np.zeros(count)
    longer: list[Floats] = []
    for requests in days:
        served = requests["status"] == SERVED
        answered = served | (requests["status"] == REFUSED)
        wait_s = np.where(served, requests["pickup_s"] - requests["since_s"], refused_felt_s)[answered]
        period = period_of(requests["since_s"][answered])
        trips += np.bincount(period, minlength=count)
        total_s += np.bincount(period, wait_s, count)
        rows = requests[served]
        longer.append(rows["dropoff_s"] - rows["pickup_s"] - rows["direct_s"])
    wait_s = np.where(trips > 0, total_s / np.maximum(trips, 1), expected.wait_s)
    all_longer = np.concatenate([*longer, np.zeros(0)])
    return Expected(wait_s, float(all_longer.mean()) if len(all_longer) else expected.longer_s), trips
