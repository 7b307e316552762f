"""The log of crossings that both forms of the road write, and the table of links made from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats, Ints
from twin.engine.sim_model import State

PERIOD_S = 300.0


@dataclass
class Crossings:
    """Vehicles passing from one link to the next.

    Attributes
    ----------
    time_s : (n,) float64
        Exact time.
    slot : (n,) int64
        Slot of the vehicle in the fleet.
    from_link, to_link : (n,) int32
        Link left, -1 at entry; link entered, -1 where the path ends.
    on_link_s : (n,) float64
        Seconds spent on the link left.
    """

    time_s: Floats
    slot: NDArray[np.int64]
    from_link: Ints
    to_link: Ints
    on_link_s: Floats

    @classmethod
    def of_size(cls, n: int) -> Crossings:
        """Arrays to be filled."""
        return cls(np.empty(n), np.empty(n, np.int64), np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n))

    @classmethod
    def empty(cls) -> Crossings:
        """No crossings."""
        return cls.of_size(0)

    def __len__(self) -> int:
        return len(self.time_s)

    def first(self, n: int) -> Crossings:
        """The first n."""
        return Crossings(*(getattr(self, f.name)[:n] for f in fields(self)))

    def where(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> Crossings:
        """Those chosen, by flags or by index."""
        return Crossings(*(getattr(self, f.name)[chosen] for f in fields(self)))

    def joined(self, *others: Crossings) -> Crossings:
        """These, then the others."""
        parts = [part for part in (self, *others) if len(part)]
        if len(parts) < 2:
            return parts[0] if parts else self
        return Crossings(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(self)))


class LinkPeriods:
    """Counts per link and period of five minutes, until the period is over.

    A crossing exactly at the end of a period belongs to the next one.

    Parameters
    ----------
    link_count
        Number of drive links.
    start_s
        Start of the clock.
    """

    def __init__(self, link_count: int, start_s: float) -> None:
        self._links = link_count
        self._first = int(np.floor(start_s / PERIOD_S))
        self._open: dict[int, NDArray[np.float64]] = {}
        self._inside = np.zeros(link_count, np.int64)

    @property
    def next_end_s(self) -> float:
        """End of the oldest period that is still open."""
        return (self._first + 1) * PERIOD_S

    @property
    def pending(self) -> bool:
        """Whether crossings have been counted whose period is not over yet."""
        return bool(self._open)

    def add(self, crossings: Crossings) -> None:
        """Count crossings of any open period."""
        if not len(crossings):
            return
        period = np.floor(crossings.time_s / PERIOD_S).astype(np.int64)
        for p in np.unique(period).tolist():
            rows = period == p
            counts = self._open.setdefault(p, np.zeros((3, self._links)))
            entered = crossings.to_link[rows]
            left = crossings.from_link[rows]
            on_link_s = crossings.on_link_s[rows]
            counts[0] += np.bincount(entered[entered >= 0], minlength=self._links)
            gone = left >= 0
            counts[1] += np.bincount(left[gone], minlength=self._links)
            # The order of a sum can be seen in its last bits; whole microseconds add up exactly in any order.
            counts[2] += np.bincount(left[gone], np.rint(on_link_s[gone] * 1e6), minlength=self._links)

    def finish(self, until_s: float, queue_m: Floats) -> list[dict[str, NDArray[np.generic]]]:
        """Rows of the periods that end by ``until_s``; all their crossings must have been added.

        ``queue_m`` (m,) holds the queues at ``until_s``, the end of the last of these periods if anybody drives.
        """
        out: list[dict[str, NDArray[np.generic]]] = []
        while self.next_end_s <= until_s:
            counts = self._open.pop(self._first, None)
            if counts is None and not self._inside.any():
                self._first += 1
                continue
            inflow, outflow, total_us = np.zeros((3, self._links)) if counts is None else counts
            self._inside += (inflow - outflow).astype(np.int64)
            rows = np.flatnonzero((inflow > 0) | (outflow > 0) | (self._inside > 0))
            mean_s = np.full(len(rows), np.nan)
            np.divide(total_us[rows] / 1e6, outflow[rows], out=mean_s, where=outflow[rows] > 0)
            out.append(
                {
                    "from_s": np.full(len(rows), self._first * PERIOD_S),
                    "link_index": rows.astype(np.int32),
                    "inflow_count": inflow[rows].astype(np.int32),
                    "outflow_count": outflow[rows].astype(np.int32),
                    "inside_count": self._inside[rows].astype(np.int32),
                    "time_mean_s": mean_s,
                    "queue_m": queue_m[rows],
                }
            )
            self._first += 1
        return out

    def state(self) -> State:
        """Open periods as arrays."""
        keys = sorted(self._open)
        return {
            "first": np.array([self._first], np.int64),
            "inside": self._inside.copy(),
            "open": np.array(keys, np.int64),
            "counts": np.array([self._open[k] for k in keys]).reshape(len(keys), 3, self._links),
        }

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """Put everything back as :meth:`state` gave it."""
        self._first = int(state["first"][0])
        self._inside = np.array(state["inside"], np.int64)
        self._open = {int(k): np.array(c, np.float64) for k, c in zip(state["open"], state["counts"], strict=True)}
