"""What hauliers learn from day to day: the waits of each hour, and what missed bookings cost.

The days of learning are days of the gate alone: trucks reach the line when they mean to. Each has its own luck
(its number is part of the key), so the recorded day is never one of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.engine.draws import make_stream
from twin.engine.stations.state import StationState, in_order
from twin.models.terminal import names as k
from twin.models.terminal.booking.desk import BookingDesk
from twin.models.terminal.booking.engine import book, choice_slots, haulier_count, penalty_points
from twin.models.terminal.demand.trucks import Counts, make_trucks
from twin.models.terminal.gate.kernels import run_until
from twin.models.terminal.gate.layout import make_layout
from twin.models.terminal.gate.state import new_state, record_room
from twin.models.terminal.params import TerminalParams

Floats = NDArray[np.float64]
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


def learn(params: TerminalParams, counts: Counts, run_seed: np.uint64) -> Learned:
    """Let hauliers live through the days of learning.

    Parameters
    ----------
    params
        Gate, booking, hauliers, and how many days.
    counts
        Demand of every such day.
    run_seed
        Seed of the run; each day has its own, made from it.
    """
    slot_from, _ = choice_slots(params)
    hauliers = haulier_count(params)
    expected = np.zeros((hauliers, len(slot_from)))
    points = np.zeros(hauliers, np.int64)
    banned_until = np.zeros(hauliers, np.int64)
    residual_s = 0.0
    for day in range(params.learning.days):
        banned = banned_until > day
        now = _day(params, counts, make_stream(run_seed, f"terminal.day {day}"), expected, banned)
        seen = _mean_waits(params, now, hauliers)
        change = np.where(np.isnan(seen), 0.0, params.learning.rate * (seen - expected))
        expected += change
        residual_s = float(np.abs(change).mean())
        points += penalty_points(params, now.word, now.code, hauliers)
        caught = points >= params.learning.suspend_after
        banned_until[caught] = day + 1 + params.learning.suspended_days
        points[caught] = 0
    return Learned(expected, banned_until > params.learning.days, residual_s)


def _day(
    params: TerminalParams, counts: Counts, seed: np.uint64, expected: Floats, banned: NDArray[np.bool_]
) -> StationState:
    """One day of the gate alone, from its first truck to its last."""
    trucks = make_trucks(params, counts, seed, 0)
    bookings = book(params, counts, trucks, seed, expected, banned)
    now = new_state(make_layout(params, seed, 0.0), trucks.ids, trucks.time_s, trucks.word, trucks.code)
    now.code[~bookings.comes, k.STATE] = k.WITHDRAWN
    desk = BookingDesk(params, bookings, trucks, seed, 0.0, np.zeros(0))
    order, plan = _coming(now)
    out_rows = np.zeros(len(now.ids), np.int64)
    room = record_room(4096)
    while (code := run_until(_FOREVER_S, *now, order, plan, out_rows, *room)) != k.REACHED:
        if code == k.FULL:
            now.tally[k.REC_COUNT] = 0
        elif code == k.CAME_LATE:
            nth = now.tally[k.ARRIVAL_NEXT]
            desk.rebook(now, int(order[nth]), float(plan[nth]))
        elif decide(params.open_on_if_line, desk, now):
            order, plan = _coming(now)
    return now


def _coming(now: StationState) -> tuple[NDArray[np.int64], Floats]:
    """Trucks that come, in the order in which they reach the line, and when they do."""
    rows = np.flatnonzero(now.code[:, k.STATE] != k.WITHDRAWN)
    plan = now.time_s[:, k.PLAN].copy()
    order = in_order(plan, now.ids, rows)
    return order, plan[order]


def decide(open_on_if_line: float | None, desk: BookingDesk, now: StationState) -> bool:
    """The schedule asks the operator: whether lanes close for a break, or whether unused places are offered.

    Lanes stay open if more trucks are in line than the operator lets stand. Returns whether any truck has a new
    plan.
    """
    entry = int(now.tally[k.SCHED_NEXT])
    in_line = int(now.tally[k.IN_LINE])
    now.sched_word[entry, k.S_ASK] = 0
    if now.sched_word[entry, k.S_KIND] == k.OFFER:
        return desk.offer(now, float(now.sched_time[entry]), in_line)
    if open_on_if_line is not None and in_line > open_on_if_line:
        group = now.sched_word[entry, k.S_GROUP]
        now.sched_word[entry, k.S_COUNT] = now.groups[group, k.CAP]
    return False


def _mean_waits(params: TerminalParams, now: StationState, hauliers: int) -> Floats:
    """(hauliers, slots) mean wait of the trucks each sent in each hour; nan where it sent none."""
    slot_from, slot_to = choice_slots(params)
    called = now.time_s[:, k.CALLED]
    served = np.isfinite(called)
    # A truck in line before opening, or in a break, tells of the hour it waited for.
    slot = np.minimum(np.searchsorted(slot_to, now.time_s[served, k.JOIN], side="right"), len(slot_to) - 1)
    cell = now.word[served, k.HAULIER] * len(slot_from) + slot
    number = np.bincount(cell, minlength=hauliers * len(slot_from))
    total = np.bincount(cell, now.time_s[served, k.WAITED], minlength=hauliers * len(slot_from))
    mean = np.divide(total, number, out=np.full(len(total), np.nan), where=number > 0)
    return mean.reshape(hauliers, len(slot_from))
