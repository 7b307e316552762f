"""The booking engine: slots, quotas, who books which, who comes, and when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.engine.draws import make_stream, uniforms
from twin.models.terminal import names as k
from twin.models.terminal.booking_kernels import assign_slots
from twin.models.terminal.demand import Counts, Trucks
from twin.models.terminal.params import Quota, TerminalParams, slot_spans
from twin.models.terminal.state import in_order

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Flags = NDArray[np.bool_]

_NO_EVENT = np.uint64(0)


@dataclass(frozen=True)
class Bookings:
    """What came of booking; one element per slot or per truck.

    Attributes
    ----------
    slot_from_s, slot_to_s : (m,) float64
    offered, booked, no_show : (m,) int64
        Quota of each slot, places taken, and booked trucks that did not come.
    unplaced : int
        Trucks that asked and found no slot.
    comes : (n,) bool
        Whether the truck comes on this day at all.
    """

    slot_from_s: Floats
    slot_to_s: Floats
    offered: NDArray[np.int64]
    booked: NDArray[np.int64]
    no_show: NDArray[np.int64]
    unplaced: int
    comes: Flags


def book(
    params: TerminalParams, counts: Counts, trucks: Trucks, run_seed: np.uint64, expected_wait_s: Floats | None = None,
    suspended: Flags | None = None,
) -> Bookings:
    """Settle class, slot and planned moment of every truck; writes them into its row.

    Parameters
    ----------
    params
        The CONPAS switches, and what hauliers weigh.
    counts, trucks
        Demand of the day; ``trucks.time_s`` and ``trucks.word`` are filled.
    run_seed
        Seed of the run.
    expected_wait_s : (hauliers, slots) float64, optional
        Wait that each haulier expects in each slot; none expects any by default.
    suspended : (n,) bool, optional
        Trucks whose haulier may not book.
    """
    conpas = params.conpas
    n = len(trucks.ids)
    takes_part = np.zeros(n, np.bool_)
    if conpas.any_switch:
        u = uniforms(make_stream(run_seed, "terminal.takes_part"), trucks.ids, _NO_EVENT)
        takes_part = u < conpas.booked_share
    if suspended is not None:
        takes_part &= ~suspended
    if not conpas.quota:
        _mark(params, trucks, takes_part)
        _choose_hours(params, trucks, ~takes_part, run_seed, expected_wait_s)
        nothing = np.zeros(0, np.int64)
        return Bookings(np.zeros(0), np.zeros(0), nothing, nothing, nothing, 0, np.ones(n, np.bool_))
    quota = conpas.quota
    spans = slot_spans(params.opening, quota.slot_s)
    slot_from, slot_to = np.array([s[0] for s in spans]), np.array([s[1] for s in spans])
    offered = slot_places(quota, spans)
    slot = _choose(params, quota, trucks, takes_part, slot_from, slot_to, offered, run_seed, expected_wait_s)
    placed = slot >= 0
    no_show = placed & (
        uniforms(make_stream(run_seed, "terminal.no_show"), trucks.ids, _NO_EVENT)
        < (quota.no_show_with_penalty if quota.penalty else quota.no_show)
    )
    booked = placed & ~no_show
    _plan(quota, trucks, booked, slot, slot_from, slot_to, run_seed)
    _plan_again(counts, trucks, no_show, run_seed)
    _choose_hours(params, trucks, ~takes_part, run_seed, expected_wait_s)
    _mark(params, trucks, booked)
    comes = np.ones(n, np.bool_)
    if quota.no_show_then == "stays_away":
        comes &= ~no_show
    unplaced = takes_part & ~placed
    trucks.word[:, k.BOOKING] = np.select([booked, no_show, unplaced], [k.PLACED, k.NO_SHOW, k.UNPLACED], k.NOT_ASKED)
    if quota.unplaced == "stays_away":
        comes &= ~unplaced
    return Bookings(
        slot_from, slot_to, offered,
        np.bincount(slot[placed], minlength=len(spans)),
        np.bincount(slot[no_show], minlength=len(spans)),
        int(unplaced.sum()), comes,
    )  # fmt: skip


def slot_places(quota: Quota, spans: list[tuple[float, float]]) -> NDArray[np.int64]:
    """Quota of each slot; a slot cut short by a break gets its part of it."""
    return np.array(
        [int(quota.slots.get(start, quota.per_slot * (end - start) / quota.slot_s)) for start, end in spans], np.int64
    )


def _choose(
    params: TerminalParams, quota: Quota, trucks: Trucks, takes_part: Flags, slot_from: Floats, slot_to: Floats,
    offered: NDArray[np.int64], run_seed: np.uint64, expected_wait_s: Floats | None,
) -> Ints:
    """Slot of each truck, -1 for none; trucks book in a random order that is theirs."""
    when = uniforms(make_stream(run_seed, "terminal.books_at"), trucks.ids, _NO_EVENT)
    order = in_order(when, trucks.ids)
    places = (offered * (1.0 + quota.overbooking)).astype(np.int64)
    return _assign(
        params, trucks, order[takes_part[order]], slot_from, slot_to, places, run_seed, expected_wait_s,
        later_weight=quota.later_weight, max_shift_s=quota.max_shift_s,
    )  # fmt: skip


def _assign(
    params: TerminalParams, trucks: Trucks, order: NDArray[np.int64], slot_from: Floats, slot_to: Floats,
    places: NDArray[np.int64], run_seed: np.uint64, expected_wait_s: Floats | None, *, later_weight: float,
    max_shift_s: float,
) -> Ints:
    types = list(params.hauliers.values())
    slot = np.full(len(trucks.ids), -1, np.int32)
    wait = np.zeros((haulier_count(params), len(slot_from))) if expected_wait_s is None else expected_wait_s
    assign_slots(
        order.astype(np.int64), trucks.ids, trucks.desired_s, trucks.haulier, trucks.haulier_type, slot_from, slot_to,
        wait, np.array([t.choice_scale_s for t in types]), np.array([t.wait_weight for t in types]), later_weight,
        max_shift_s, make_stream(run_seed, "terminal.taste"), places, slot,
    )
    return slot


def haulier_count(params: TerminalParams) -> int:
    """Hauliers of all sizes."""
    return sum(t.hauliers for t in params.hauliers.values())


def choice_slots(params: TerminalParams) -> tuple[Floats, Floats]:
    """Starts and ends of the hours that hauliers tell apart: booking slots, or hours of opening without quotas."""
    quota = params.conpas.quota
    spans = slot_spans(params.opening, quota.slot_s if quota else 3600.0)
    return np.array([s[0] for s in spans]), np.array([s[1] for s in spans])


def _choose_hours(
    params: TerminalParams, trucks: Trucks, ordinary: Flags, run_seed: np.uint64, expected_wait_s: Floats | None
) -> None:
    """Flexible unbooked trucks move to the hour their haulier likes best; there is room for all."""
    share = np.array([t.flexible for t in params.hauliers.values()])
    if not share.any():
        return
    flexible = uniforms(make_stream(run_seed, "terminal.flexible"), trucks.ids, _NO_EVENT) < share[trucks.haulier_type]
    slot_from, slot_to = choice_slots(params)
    room = np.full(len(slot_from), len(trucks.ids), np.int64)
    slot = _assign(
        params, trucks, np.flatnonzero(ordinary & flexible), slot_from, slot_to, room, run_seed, expected_wait_s,
        later_weight=1.0, max_shift_s=np.inf,
    )  # fmt: skip
    start, end = slot_from[slot], slot_to[slot]
    desired = trucks.desired_s
    moved = (slot >= 0) & ((desired < start) | (desired >= end))
    u = uniforms(make_stream(run_seed, "terminal.within_slot"), trucks.ids, _NO_EVENT)
    trucks.time_s[moved, k.PLAN] = (start + (end - start) * u)[moved]


def _plan(
    quota: Quota, trucks: Trucks, booked: Flags, slot: Ints, slot_from: Floats, slot_to: Floats, run_seed: np.uint64
) -> None:
    """Moments at which booked trucks mean to reach the line."""
    rows = np.flatnonzero(booked)
    ids = trucks.ids[rows]
    start, end = slot_from[slot[rows]], slot_to[slot[rows]]
    desired = trucks.desired_s[rows]
    within = (desired >= start) & (desired < end)
    moved = uniforms(make_stream(run_seed, "terminal.within_slot"), ids, _NO_EVENT)
    position = np.where(within, (desired - start) / (end - start), moved) ** quota.bunching
    share = quota.on_time_with_penalty if quota.penalty else quota.on_time
    on_time = uniforms(make_stream(run_seed, "terminal.on_time"), ids, _NO_EVENT) < share
    # Whoever does not keep the slot comes when it suits: that is what the desired moment means.
    trucks.time_s[rows, k.PLAN] = np.where(on_time, start + (end - start) * position, desired)
    trucks.time_s[rows, k.SLOT_FROM] = start
    trucks.time_s[rows, k.SLOT_TO] = end


def _plan_again(counts: Counts, trucks: Trucks, no_show: Flags, run_seed: np.uint64) -> None:
    """A truck that missed its slot comes at a moment drawn anew from the hours of the day."""
    rows = np.flatnonzero(no_show)
    if not len(rows):
        return
    u = uniforms(make_stream(run_seed, "terminal.comes_again"), trucks.ids[rows], _NO_EVENT)
    cumulative = np.cumsum(counts.trucks)
    at = u * cumulative[-1]
    index = np.minimum(np.searchsorted(cumulative, at, side="right"), len(cumulative) - 1)
    rest = (at - (cumulative - counts.trucks)[index]) / counts.trucks[index]
    trucks.time_s[rows, k.PLAN] = counts.start_s[index] + rest * (counts.end_s - counts.start_s)[index]


def _mark(params: TerminalParams, trucks: Trucks, booked: Flags) -> None:
    """Write class and privileges of booked trucks."""
    conpas = params.conpas
    trucks.word[:, k.CLASS] = booked
    if conpas.checked_documents:
        trucks.word[:, k.FLAGS] |= np.where(booked, k.CHECKED, 0)
    if conpas.approach_signal:
        trucks.word[:, k.FLAGS] |= np.where(booked, k.SIGNALLED, 0)
