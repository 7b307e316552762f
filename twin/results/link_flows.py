"""What passes each link of a variant: of a day, in the fullest hour, and at which level of service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.looks import LinkFlow

_LEVELS = "ABCDEF"


@dataclass(frozen=True)
class Flows:
    """Means over replications, per link.

    Attributes
    ----------
    day, hour : (n,) float64
        Count of a run, and of its fullest 60 minutes; nan without periods.
    level : list of str
        Level of service of the worst period of any replication; empty where none is told.
    """

    day: Floats
    hour: Floats
    level: list[str]


def flows_of(flow: LinkFlow, tables: Sequence[Mapping[str, NDArray[Any]]], length_m: Floats, free_s: Floats) -> Flows:
    """Flows from the tables of a variant's runs.

    Parameters
    ----------
    flow
        What is counted, and how a level is told.
    tables
        The table of each replication.
    length_m, free_s : (n,) float64
        Length of each link, and seconds on it at the free speed; the second only matters for levels by times.
    """
    n = len(length_m)
    day, hour = np.zeros(n), np.zeros(n)
    worst = np.full(n, np.nan)
    for table in tables:
        link = table["link_index"].astype(np.int64)
        kept = link < n
        link, count = link[kept], table[flow.value].astype(np.float64)[kept]
        day += np.bincount(link, count, n)
        if flow.period_s:
            hour += _fullest_hour(link, table["from_s"].astype(np.float64)[kept], count, flow.period_s, n)
        if flow.levels:
            told = _measure(flow, {k: v[kept] for k, v in table.items()}, link, count, free_s)
            own = np.full(n, np.nan)
            (np.fmax if flow.width else np.fmin).at(own, link, told)
            worst = (np.fmax if flow.width else np.fmin)(worst, own)
    runs = max(len(tables), 1)
    return Flows(day / runs, hour / runs if flow.period_s else np.full(n, np.nan), _letters(flow, worst))


def _measure(
    flow: LinkFlow, table: Mapping[str, NDArray[Any]], link: NDArray[np.int64], count: Floats, free_s: Floats
) -> Floats:
    """What levels are told by: people per minute and metre, or the share of the free speed."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if flow.width:
            width = table[flow.width].astype(np.float64)
            found: Floats = np.where(width > 0, count / (flow.period_s / 60.0) / width, np.nan)
            return found
        times = table[flow.times].astype(np.float64)
        share: Floats = np.where(times > 0, free_s[link] / times, np.nan)
        return share


def _fullest_hour(link: NDArray[np.int64], from_s: Floats, count: Floats, period_s: float, n: int) -> Floats:
    """Most in any 60 minutes that begin with a period."""
    out = np.zeros(n)
    if not len(link):
        return out
    slot = np.rint((from_s - from_s.min()) / period_s).astype(np.int64)
    slots, wide = int(slot.max()) + 1, max(1, round(3600.0 / period_s))
    rows, place = np.unique(link, return_inverse=True)
    grid = np.bincount(place * slots + slot, count, len(rows) * slots).reshape(len(rows), slots)
    running = np.cumsum(np.concatenate([np.zeros((len(rows), 1)), grid], axis=1), axis=1)
    ends = np.minimum(np.arange(slots) + wide, slots)
    out[rows] = (running[:, ends] - running[:, :slots]).max(axis=1)
    return out


def _letters(flow: LinkFlow, worst: Floats) -> list[str]:
    if not flow.levels:
        return [""] * len(worst)
    out = []
    for value in worst.tolist():
        if np.isnan(value):
            out.append("")
        else:
            beyond = sum(value > bound if flow.width else value <= bound for bound in flow.levels)
            out.append(_LEVELS[beyond])
    return out
