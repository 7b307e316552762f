"""Pavements that are closed to walkers in some hours: which links, when, and what follows for the ways."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.city.street_life import StreetLife

_DAY_S = 86400.0
#: Days for which hours that come back are told; no run is longer than the longest budget after its second midnight.
_DAYS = 3
#: Added to the cost of a closed link: no walk of a city costs so much, so only who has no other way goes there.
CLOSED_COST = 1000.0


@dataclass(frozen=True)
class Closures:
    """Closed links over time.

    Attributes
    ----------
    moments_s : (t,) float64
        Ascending; from each on, until the next, ``closed`` holds. Nothing is closed before the first.
    closed : (t, m) bool
        Links that are closed.
    """

    moments_s: Floats
    closed: NDArray[np.bool_]

    def next_after(self, at_s: float) -> float:
        """The next moment at which something changes; inf if nothing does any more."""
        row = int(np.searchsorted(self.moments_s, at_s, side="right"))
        return float(self.moments_s[row]) if row < len(self.moments_s) else np.inf

    def at(self, at_s: float) -> NDArray[np.bool_] | None:
        """Closed links at a moment; None where none is."""
        row = int(np.searchsorted(self.moments_s, at_s, side="right")) - 1
        return self.closed[row] if row >= 0 and self.closed[row].any() else None


def read_closures(street_life: tuple[StreetLife, ...], links: int) -> Closures:
    """Closures in hours among what measures do along pavements; ``links`` is how many the layer has."""
    windows = [
        (life.span_s[0] + day * _DAY_S, life.span_s[1] + day * _DAY_S, np.asarray(life.links, np.int64))
        for life in street_life
        if life.change == "close_walk" and life.span_s
        for day in range(_DAYS if life.values["daily"] else 1)
    ]
    moments_s = np.unique([t for start, end, _ in windows for t in (start, end)])
    closed = np.zeros((len(moments_s), links), np.bool_)
    for start, end, rows in windows:
        held = (moments_s >= start) & (moments_s < end)
        closed[np.ix_(held, rows)] = True
    return Closures(moments_s, closed)
