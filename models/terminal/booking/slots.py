"""The slots of a day and what became of every place: offered, booked, used, missed, given back, offered again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from twin.engine.sim_model import Tables
from twin.engine.stations.state import StationState
from twin.models.terminal import names as k
from twin.models.terminal.gate.row_kernels import count_used

Floats = NDArray[np.float64]
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
        Bookings that ended otherwise than by a truck that came: missed; given back in time, or too late for
        anybody else; provisional and not confirmed.
    released : (m,) int64
        Unused places taken at short notice while the line was short.
    rebooked : (m,) int64
        Places given at the gate to trucks that came after their own slot.
    left : (pools, m) int64
        Places nobody has: of all trucks, then of each limit.
    missed : (1,) int64
        Places of past slots that were missed, and have been given again in a later slot.
    second : (4,) int64
        Second slots of trucks that took two: all, given back in time, too late, never.
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


def slot_table(slots: Slots, now: StationState) -> Tables:
    """The table of slots at the end of a run; no table where there are none."""
    if not len(slots.from_s):
        return {}
    n = len(slots.from_s)
    used = np.zeros(n, np.int64)
    count_used(now.time_s, now.code, slots.from_s, used)
    counts = {
        "offered": slots.offered, "booked": slots.booked, "used": used, "no_show": slots.no_show,
        "cancelled": slots.cancelled, "cancelled_late": slots.cancelled_late, "lapsed": slots.lapsed,
        "released": slots.released, "rebooked": slots.rebooked,
        "unplaced": np.full(n, (now.code[:, k.BOOKING] == k.UNPLACED).sum()),
    }  # fmt: skip
    table: dict[str, NDArray[np.generic]] = {"slot_from_s": slots.from_s, "slot_to_s": slots.to_s}
    table.update({f"{name}_count": values.astype(np.int32) for name, values in counts.items()})
    return {"terminal_slots": table}


def booking_account(slots: Slots, counts: Counts) -> tuple[int, int, dict[str, int]]:
    """Requests for a place: how many were made, are open, and have ended in which way.

    A truck that takes a second slot has made two requests.

    Parameters
    ----------
    slots
        For what became of second slots.
    counts : COUNTS int64
        Visits by what came of asking, state and reason: :func:`~twin.models.terminal.gate.row_kernels.count_visits`.
    """
    number = counts.sum(axis=(1, 2))
    over = counts[k.PLACED, k.GONE : k.LEFT + 1]
    served = int(over[:, k.SERVED_WELL].sum())
    turned_away = int(over.sum()) - served
    second = slots.second
    left = {
        "served": served,
        "turned_away": turned_away,
        "refused": int(number[k.UNPLACED]),
        "cancelled": int(number[k.CANCELLED] + number[k.CANCELLED_LATE] + second[1] + second[2]),
        "lapsed": int(number[k.LAPSED]),
        "no_show": int(number[k.NO_SHOW] + second[3]),
    }
    return int(number[k.PLACED :].sum() + second[0]), int(number[k.PLACED]) - served - turned_away, left
