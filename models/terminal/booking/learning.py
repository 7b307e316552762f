"""What hauliers learn from day to day: the waits of each hour, and what missed bookings cost.

The days of learning are days of the gate alone: trucks reach the line when they mean to. Each has its own luck
(its number is part of the key), so the recorded day is never one of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.engine.draws import make_stream
from twin.engine.stations.state import StationState, in_order
from twin.models.terminal import names
from twin.models.terminal.agents import Staff, hire_staff
from twin.models.terminal.booking.desk import BookingDesk
from twin.models.terminal.booking.engine import book, choice_slots, penalty_points
from twin.models.terminal.demand.trucks import Counts, make_trucks
from twin.models.terminal.gate.kernels import run_until
from twin.models.terminal.gate.layout import make_layout
from twin.models.terminal.gate.state import new_state, record_room
from twin.models.terminal.params import TerminalParams

_FOREVER_S = 1e18


@dataclass(frozen=True)
class Learned:
    """What hauliers know on the recorded day.

    Attributes
    ----------
    expected_wait_s : (hauliers, slots) float64
        Wait each expects by slot, or by hour of opening where there are no slots.
    suspended : (hauliers,) bool
        Who may not book.
    residual_s
        Mean change of what is expected on the last day of learning; 0 without learning.
    """

    expected_wait_s: Floats
    suspended: NDArray[np.bool_]
    residual_s: float


def learn(params: TerminalParams, counts: Counts, run_seed: np.uint64, staff: Staff | None = None) -> Learned:
    """Let hauliers live through the days of learning.

    Parameters
    ----------
    params
        Gate, booking, hauliers, and how many days.
    counts
        Demand of every such day.
    run_seed
        Seed of the run; each day has its own, made from it.
    staff
        Operator and hauliers, who learn; the usual ones by default.
    """
    staff = staff or hire_staff(params)
    residual_s = 0.0
    for day in range(params.learning.days):
        now = _day(params, counts, make_stream(run_seed, f"terminal.day {day}"), staff, day)
        seen_s = _mean_waits(params, now, len(staff.hauliers))
        points = penalty_points(params, now.word, now.code, len(staff.hauliers)).tolist()
        changes = [haulier.learn(day, seen_s[haulier.index], points[haulier.index]) for haulier in staff.hauliers]
        residual_s = float(np.abs(changes).mean())
    return Learned(staff.dreads_s(), staff.stays_away(params.learning.days), residual_s)


def _day(params: TerminalParams, counts: Counts, seed: np.uint64, staff: Staff, day: int) -> StationState:
    """One day of the gate alone, from its first truck to its last."""
    trucks = make_trucks(params, counts, seed, 0)
    bookings = book(params, counts, trucks, seed, staff.dreads_s(), staff.stays_away(day))
    operator = staff.operator
    now = new_state(
        make_layout(params, seed, 0.0, operator.review_every_s), trucks.ids, trucks.time_s, trucks.word, trucks.code
    )
    now.code[~bookings.comes, names.STATE] = names.WITHDRAWN
    desk = BookingDesk(params, bookings, trucks, seed, 0.0, np.zeros(0))
    order, plan = _coming(now)
    out_rows = np.zeros(len(now.ids), np.int64)
    room = record_room(4096)
    while (code := run_until(_FOREVER_S, *now, order, plan, out_rows, *room)) != names.REACHED:
        if code == names.FULL:
            now.tally[names.REC_COUNT] = 0
        elif code == names.CAME_LATE:
            nth = now.tally[names.ARRIVAL_NEXT]
            operator.receive_late(now, desk, int(order[nth]), float(plan[nth]))
        elif operator.decide(now, desk):
            order, plan = _coming(now)
    return now


def _coming(now: StationState) -> tuple[NDArray[np.int64], Floats]:
    """Trucks that come, in the order in which they reach the line, and when they do."""
    rows = np.flatnonzero(now.code[:, names.STATE] != names.WITHDRAWN)
    plan = now.time_s[:, names.PLAN].copy()
    order = in_order(plan, now.ids, rows)
    return order, plan[order]


def _mean_waits(params: TerminalParams, now: StationState, hauliers: int) -> Floats:
    """(hauliers, slots) mean wait of the trucks each sent in each hour; nan where it sent none."""
    slot_from, slot_to = choice_slots(params)
    called = now.time_s[:, names.CALLED]
    served = np.isfinite(called)
    # A truck in line before opening, or in a break, tells of the hour it waited for.
    slot = np.minimum(np.searchsorted(slot_to, now.time_s[served, names.JOIN], side="right"), len(slot_to) - 1)
    cell = now.word[served, names.HAULIER] * len(slot_from) + slot
    number = np.bincount(cell, minlength=hauliers * len(slot_from))
    total = np.bincount(cell, now.time_s[served, names.WAITED], minlength=hauliers * len(slot_from))
    mean = np.divide(total, number, out=np.full(len(total), np.nan), where=number > 0)
    return mean.reshape(hauliers, len(slot_from))
