"""What is written of the slots of a day, and the account of bookings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.booking.slots import Slots
from twin.engine.sim_model import Tables
from twin.engine.stations.state import StationState
from twin.models.terminal import names
from twin.models.terminal.gate.row_kernels import count_used

Counts = NDArray[np.int64]


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
        "unplaced": np.full(n, (now.code[:, names.BOOKING] == names.UNPLACED).sum()),
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
    over = counts[names.PLACED, names.GONE : names.LEFT + 1]
    served = int(over[:, names.SERVED_WELL].sum())
    turned_away = int(over.sum()) - served
    second = slots.second
    left = {
        "served": served,
        "turned_away": turned_away,
        "refused": int(number[names.UNPLACED]),
        "cancelled": int(number[names.CANCELLED] + number[names.CANCELLED_LATE] + second[1] + second[2]),
        "lapsed": int(number[names.LAPSED]),
        "no_show": int(number[names.NO_SHOW] + second[3]),
    }
    return int(number[names.PLACED :].sum() + second[0]), int(number[names.PLACED]) - served - turned_away, left
