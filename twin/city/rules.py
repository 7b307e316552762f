"""What signs say about the links of a drive layer: who may use them and when, and which turns are banned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats, Ints, Longs

Bits = NDArray[np.uint8]

DAY_S = 86400.0
#: Day one of a run is taken as a Monday that is no holiday: the clock of a scenario names no date.
FIRST_DAY = 0
EVERY_DAY = 127


def _ints() -> Ints:
    return np.empty(0, np.int32)


def _bits() -> Bits:
    return np.empty(0, np.uint8)


def _floats() -> Floats:
    return np.empty(0, np.float64)


@dataclass(frozen=True)
class DriveRules:
    """Rules of a drive layer with m links, as arrays; classes are bits in the order of ``VEHICLE_CLASSES``.

    Attributes
    ----------
    closed, local : (m,) uint8
        Classes that may not use a link; classes for which it is no through way: their trips must begin or end on it.
        Empty where nothing is closed or local anywhere.
    hour_link : (h,) int32
        Links where other values hold in some hours, ascending.
    hour_days : (h,) uint8
        Days of the week, Monday first.
    hour_from_s, hour_to_s : (h,) float64
        Seconds of the day.
    hour_closed, hour_local : (h,) uint8
    hour_speed_mps : (h,) float64
    ban_ptr : (b + 1,) int64
        Ban i is the sequence of links ``ban_link[ban_ptr[i]:ban_ptr[i + 1]]``, of at least two: nobody of its classes
        drives them one after the other.
    ban_link : (k,) int32
    ban_classes, ban_days : (b,) uint8
    ban_from_s, ban_to_s : (b,) float64
    """

    closed: Bits = field(default_factory=_bits)
    local: Bits = field(default_factory=_bits)
    hour_link: Ints = field(default_factory=_ints)
    hour_days: Bits = field(default_factory=_bits)
    hour_from_s: Floats = field(default_factory=_floats)
    hour_to_s: Floats = field(default_factory=_floats)
    hour_closed: Bits = field(default_factory=_bits)
    hour_local: Bits = field(default_factory=_bits)
    hour_speed_mps: Floats = field(default_factory=_floats)
    ban_ptr: Longs = field(default_factory=lambda: np.zeros(1, np.int64))
    ban_link: Ints = field(default_factory=_ints)
    ban_classes: Bits = field(default_factory=_bits)
    ban_days: Bits = field(default_factory=_bits)
    ban_from_s: Floats = field(default_factory=_floats)
    ban_to_s: Floats = field(default_factory=_floats)

    @property
    def is_plain(self) -> bool:
        """Whether every class may use every link and make every turn at all times."""
        return not (len(self.closed) or len(self.hour_link) or len(self.ban_classes))

    @property
    def ban_count(self) -> int:
        """Number of banned sequences."""
        return len(self.ban_classes)

    def arrays(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """Arrays by name, in the order of their declaration."""
        for one in fields(self):
            yield one.name, getattr(self, one.name)

    def closed_at(self, link_count: int, at_s: float | None) -> tuple[Bits, Bits]:
        """(m,) uint8, twice: classes a link is closed to and local for, at a moment, or without hours."""
        closed = self.closed.copy() if len(self.closed) else np.zeros(link_count, np.uint8)
        local = self.local.copy() if len(self.local) else np.zeros(link_count, np.uint8)
        if at_s is not None and len(self.hour_link):
            now = self._holds(self.hour_days, self.hour_from_s, self.hour_to_s, at_s)
            closed[self.hour_link[now]] = self.hour_closed[now]
            local[self.hour_link[now]] = self.hour_local[now]
        return closed, local

    def speeds_at(self, speed_mps: Floats, at_s: float) -> Floats:
        """(m,) float64: speeds at a moment, from those without hours."""
        out = speed_mps.copy()
        if len(self.hour_link):
            now = self._holds(self.hour_days, self.hour_from_s, self.hour_to_s, at_s)
            links = self.hour_link[now]
            out[links] = np.where(speed_mps[links] > 0, self.hour_speed_mps[now], 0.0)
        return out

    def bans_at(self, at_s: float | None) -> NDArray[np.bool_]:
        """(b,) bool: bans that hold at a moment; without one, those that always hold."""
        if at_s is None:
            return (self.ban_days == EVERY_DAY) & (self.ban_from_s <= 0) & (self.ban_to_s >= DAY_S)
        return self._holds(self.ban_days, self.ban_from_s, self.ban_to_s, at_s)

    @staticmethod
    def _holds(days: Bits, from_s: Floats, to_s: Floats, at_s: float) -> NDArray[np.bool_]:
        day = (int(at_s // DAY_S) + FIRST_DAY) % 7
        time_s = at_s % DAY_S
        return ((days >> day) & 1).astype(bool) & (from_s <= time_s) & (time_s < to_s)

    def moments_s(self, until_s: float) -> list[float]:
        """Moments up to one, ascending, at which anything may change with the hours."""
        times = {float(t) for t in np.concatenate([self.hour_from_s, self.hour_to_s])}
        partly = ~((self.ban_from_s <= 0) & (self.ban_to_s >= DAY_S) & (self.ban_days == EVERY_DAY))
        times |= {float(t) for t in np.concatenate([self.ban_from_s[partly], self.ban_to_s[partly]])}
        days = range(int(max(until_s, 0.0) // DAY_S) + 1)
        return sorted({day * DAY_S + t for day in days for t in times if day * DAY_S + t <= until_s})

    def moved(self, row: NDArray[np.int64], link_count: int) -> DriveRules:
        """The same rules after links were numbered anew.

        Parameters
        ----------
        row : (m,) int64
            New number of each link; -1 for a link that went. Bans over it go with it.
        link_count
            Links there are now.
        """
        if self.is_plain:
            return self

        def spread(bits: Bits) -> Bits:
            if not len(bits):
                return bits
            out = np.zeros(link_count, np.uint8)
            out[row[row >= 0]] = bits[row >= 0]
            return out

        keep = row[self.hour_link] >= 0
        order = np.argsort(row[self.hour_link[keep]], kind="stable")
        hours = {name: values[keep][order] for name, values in self.arrays() if name.startswith("hour_")}
        hours["hour_link"] = row[hours["hour_link"]].astype(np.int32)
        links = row[self.ban_link]
        kept = [i for i in range(self.ban_count) if (links[self.ban_ptr[i] : self.ban_ptr[i + 1]] >= 0).all()]
        parts = [links[self.ban_ptr[i] : self.ban_ptr[i + 1]] for i in kept]
        bans = {name: getattr(self, name)[kept] for name in ("ban_classes", "ban_days", "ban_from_s", "ban_to_s")}
        return replace(
            self,
            closed=spread(self.closed),
            local=spread(self.local),
            **hours,
            **bans,
            ban_ptr=np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64),
            ban_link=np.concatenate([np.empty(0, np.int64), *parts]).astype(np.int32),
        )


def joined_rules(parts: list[tuple[DriveRules, int]]) -> DriveRules:
    """Rules of several districts as those of one layer; each with its number of links."""
    if all(rules.is_plain for rules, _ in parts):
        return DriveRules()
    total = sum(count for _, count in parts)
    first = 0
    moved: list[DriveRules] = []
    for rules, count in parts:
        moved.append(rules.moved(np.arange(first, first + count), total))
        first += count

    def bits(name: str) -> Bits:
        out = np.zeros(total, np.uint8)
        for rules in moved:
            if len(getattr(rules, name)):
                out |= getattr(rules, name)
        return out

    plain = {
        name: np.concatenate([getattr(rules, name) for rules in moved])
        for name, _ in moved[0].arrays()
        if name not in ("closed", "local", "ban_ptr")
    }
    sizes = np.concatenate([np.diff(rules.ban_ptr) for rules in moved])
    return DriveRules(
        closed=bits("closed"),
        local=bits("local"),
        ban_ptr=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        **plain,
    )


def rules_fit(rules: DriveRules, link_count: int) -> bool:
    """Whether every array has its length and every number its range: a made-up folder may carry a right digest."""
    h, b = len(rules.hour_link), rules.ban_count
    lengths = {"closed": link_count, "local": link_count, "ban_ptr": b + 1, "ban_link": len(rules.ban_link)}
    for name, array in rules.arrays():
        want = lengths.get(name, h if name.startswith("hour_") else b)
        if array.ndim != 1 or len(array) not in ({want, 0} if name in ("closed", "local") else {want}):
            return False
    ptr = rules.ban_ptr
    if ptr[0] != 0 or ptr[-1] != len(rules.ban_link) or (np.diff(ptr) < 2).any():
        return False
    links = np.concatenate([rules.hour_link, rules.ban_link])
    numbers = np.concatenate(
        [rules.hour_from_s, rules.hour_to_s, rules.hour_speed_mps, rules.ban_from_s, rules.ban_to_s]
    )
    return bool(
        (links >= 0).all()
        and (links < link_count).all()
        and np.isfinite(numbers).all()
        and (rules.hour_speed_mps > 0).all()
        and len(rules.closed) == len(rules.local)
    )
