"""Where the next requests will be asked, learned from past days; the only thing here that learns.

It learns from the times and first stops of requests of past days, refused ones included, and from nothing else: no
names, no riders, no weather. Stops are put together into cells, the day into slots. The rate of a cell and slot is the
mean over the days of what was asked there, drawn towards what the cell's share of the day and the slot's share of all
cells would make of it: the posterior mean of a Poisson rate under a gamma prior of that mean. Few days lean on the
prior, many do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats, Ints

_DAY_S = 86400.0
#: Length of a slot of the day (G).
SLOT_S = 1800.0
_SLOTS = int(_DAY_S / SLOT_S)
#: Days that the prior is worth (tried on held-out days of the bundled districts: 1 and 10 were no better).
_PRIOR_DAYS = 3.0
#: Least rate, so that what never happened is not impossible.
_LEAST = 1e-3


@dataclass(frozen=True)
class Day:
    """Requests of one past day: moments (seconds since midnight) and rows of first stops."""

    asked_s: Floats
    origin: Ints


def cells_of(x_m: Floats, y_m: Floats, side_m: float) -> Ints:
    """Cell of each stop: squares of a mesh, numbered where there are stops."""
    column = np.floor((x_m - x_m.min()) / side_m).astype(np.int64)
    row = np.floor((y_m - y_m.min()) / side_m).astype(np.int64)
    return np.unique(row * (int(column.max()) + 1) + column, return_inverse=True)[1].astype(np.int32).reshape(-1)


def counts_of(days: Sequence[Day], cell: Ints) -> NDArray[np.int64]:
    """Requests by day, cell and slot: (days, cells, slots)."""
    out = np.zeros((len(days), int(cell.max(initial=-1)) + 1, _SLOTS), np.int64)
    for n, day in enumerate(days):
        slot = (day.asked_s % _DAY_S // SLOT_S).astype(np.int64)
        np.add.at(out[n], (cell[day.origin], slot), 1)
    return out


def learn(days: Sequence[Day], cell: Ints) -> Floats:
    """Requests a slot, by cell and slot of the day.

    Returns
    -------
    (cells, slots) float64
    """
    counts = counts_of(days, cell)
    total = counts.sum(axis=0).astype(np.float64)
    per_day = total.sum() / max(len(days), 1)
    prior = np.outer(total.sum(axis=1), total.sum(axis=0)) / max(total.sum() ** 2, 1.0) * per_day
    return np.maximum((total + _PRIOR_DAYS * prior) / (len(days) + _PRIOR_DAYS), _LEAST)


def learn_naively(days: Sequence[Day], cell: Ints) -> Floats:
    """The yardstick: the mean of the past days, each cell and slot for itself."""
    return np.maximum(counts_of(days, cell).mean(axis=0), _LEAST)


def deviance(rate: Floats, days: Sequence[Day], cell: Ints) -> float:
    """Mean Poisson deviance of held-out days under a forecast, per cell and slot; 0 is perfect, less is better."""
    counts = counts_of(days, cell).astype(np.float64)
    log = np.where(counts > 0, counts * np.log(np.maximum(counts, 1.0) / rate), 0.0)
    return float(2.0 * (log - (counts - rate)).mean())


def expected(rate: Floats, from_s: float, span_s: float) -> Floats:
    """Requests that each cell expects in a span, slots taken in proportion."""
    out = np.zeros(len(rate))
    at_s, end_s = from_s, from_s + span_s
    while at_s < end_s - 1e-9:
        until_s = min(end_s, (np.floor(at_s / SLOT_S) + 1.0) * SLOT_S)
        out += rate[:, int(at_s % _DAY_S // SLOT_S)] * (until_s - at_s) / SLOT_S
        at_s = until_s
    return out
