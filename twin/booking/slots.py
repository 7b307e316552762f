"""The slots of a day and what became of every place: offered, booked, missed, given back, offered again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.booking import names

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Slots:
    """Slots and their counts; all arrays have one element per slot, and change with the day.

    Attributes
    ----------
    from_s, to_s : (m,) float64
    offered : (m,) int64
        Quota.
    booked : (m,) int64
        Bookings ever made, those given back and made anew among them.
    no_show, cancelled, cancelled_late, lapsed : (m,) int64
        Bookings that ended otherwise than by somebody who came: missed; given back in time, or too late for
        anybody else; provisional and not confirmed.
    released : (m,) int64
        Unused places taken at short notice.
    rebooked : (m,) int64
        Places given on the spot to those who came after their own slot.
    left : (pools, m) int64
        Places nobody has: for all, then of each limit.
    missed : (1,) int64
        Places of past slots that were missed, and have been given again in a later slot.
    second : (4,) int64
        Second slots of those who took two: all, given back in time, too late, never.
    """

    from_s: Floats
    to_s: Floats
    offered: Counts
    booked: Counts
    no_show: Counts
    cancelled: Counts
    cancelled_late: Counts
    lapsed: Counts
    released: Counts
    rebooked: Counts
    left: Counts
    missed: Counts
    second: Counts

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Copies of everything, for a checkpoint."""
        return {field.name: getattr(self, field.name).copy() for field in fields(self)}


def new_slots(from_s: Floats, to_s: Floats, offered: Counts, left: Counts) -> Slots:
    """Slots with nothing booked; ``left`` is kept and reduced."""
    n = len(from_s)
    a, b, c, d, e, f, g = np.zeros((7, n), np.int64)
    return Slots(from_s, to_s, offered, a, b, c, d, e, f, g, left, np.zeros(1, np.int64), np.zeros(4, np.int64))


def no_slots() -> Slots:
    """A day without slots."""
    none = np.zeros(0, np.int64)
    return new_slots(np.zeros(0), np.zeros(0), none, np.zeros((1, 0), np.int64))


def slots_of(arrays: Mapping[str, NDArray[np.generic]]) -> Slots:
    """Slots again from :meth:`Slots.arrays`."""
    return Slots(**{field.name: arrays[field.name].copy() for field in fields(Slots)})  # type: ignore[arg-type]


def places_of(
    spans: Sequence[tuple[float, float]], per_slot: float, own: Mapping[float, float], slot_s: float
) -> Counts:
    """Quota of each slot: (m,) int64; a slot cut short by a break gets its part of it.

    Parameters
    ----------
    spans
        Start and end of each slot.
    per_slot
        Places of a whole slot.
    own
        Quota of single slots, by their start.
    slot_s
        Length of a whole slot.
    """
    return np.array([int(own.get(start, per_slot * (end - start) / slot_s)) for start, end in spans], np.int64)


def count_in(slots: Slots, counts: Counts) -> None:
    """Take the counts by slot that settling has made: (SLOT_COUNTS, m) int64."""
    slots.booked[:], slots.no_show[:] = counts[names.C_BOOKED], counts[names.C_NO_SHOW]
    slots.cancelled[:], slots.cancelled_late[:] = counts[names.C_CANCELLED], counts[names.C_CANCELLED_LATE]
    slots.lapsed[:] = counts[names.C_LAPSED]


def missed_before(slots: Slots, at_s: float) -> int:
    """Places of past slots that were missed or given back too late, and have not been given again yet.

    Parameters
    ----------
    slots
        Slots of the day.
    at_s
        Slots that ended by then are past.
    """
    over = slots.to_s <= at_s
    return int((slots.no_show + slots.cancelled_late)[over].sum() - slots.missed[0])


def give_at_short_notice(slots: Slots, slot: int, taken: int) -> None:
    """Count places of a slot that were taken at short notice: its own unused ones first, then missed ones."""
    free = min(taken, int(slots.left[0, slot]))
    slots.left[0, slot] -= free
    slots.missed[0] += taken - free
    slots.released[slot] += taken


def next_with_place(slots: Slots, at_s: float, pools: Sequence[int]) -> int:
    """Give a place of the first slot that ends after a moment and has one in every pool; -1 if none has."""
    for slot in range(len(slots.to_s)):
        if slots.to_s[slot] > at_s and all(slots.left[pool, slot] > 0 for pool in pools):
            slots.left[list(pools), slot] -= 1
            slots.rebooked[slot] += 1
            return slot
    return -1
