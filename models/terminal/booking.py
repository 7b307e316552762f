"""The booking engine: slots, quotas, who books which and when, what is given back, who comes, and when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.engine.draws import make_stream, normals, uniforms
from twin.engine.event_queue import new_heap
from twin.models.terminal import booking_kernels as b
from twin.models.terminal import names as k
from twin.models.terminal.booking_params import QuotaLimit, QuotaRules, slot_spans
from twin.models.terminal.demand import Counts, Trucks
from twin.models.terminal.params import Quota, TerminalParams
from twin.models.terminal.slots import Slots, new_slots, no_slots

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Flags = NDArray[np.bool_]

_NO_EVENT = np.uint64(0)
#: What came of asking, by what becomes of the first booking; the last is that of who has none (index -1).
_OUTCOME = np.array([k.PLACED, k.CANCELLED, k.CANCELLED_LATE, k.LAPSED, k.NOT_ASKED, k.UNPLACED], np.int32)
_NO_LIMIT = 1 << 40


@dataclass(frozen=True)
class Bookings:
    """What came of booking; one element per truck.

    Attributes
    ----------
    slots
        Slots and their counts.
    comes : (n,) bool
        Whether the truck comes on this day at all.
    asks_s : (n,) float64
        When it asked for a slot; before midnight of day one it is negative.
    mask : (n,) int64
        Pools of places it draws from.
    """

    slots: Slots
    comes: Flags
    asks_s: Floats
    mask: NDArray[np.int64]


def book(
    params: TerminalParams, counts: Counts, trucks: Trucks, run_seed: np.uint64, expected_wait_s: Floats | None = None,
    suspended: Flags | None = None,
) -> Bookings:
    """Settle class, slot and planned moment of every truck; writes them into its row.

    What the way takes longer or shorter than planned is part of the moment, whatever is planned.

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
    bookings = _settle(params, counts, trucks, run_seed, expected_wait_s, suspended)
    if params.travel_noise_s:
        noise = normals(make_stream(run_seed, "terminal.travel_noise"), trucks.ids, _NO_EVENT)
        trucks.time_s[:, k.PLAN] += params.travel_noise_s * noise
    return bookings


def _settle(
    params: TerminalParams, counts: Counts, trucks: Trucks, run_seed: np.uint64, expected_wait_s: Floats | None,
    suspended: Flags | None,
) -> Bookings:
    conpas = params.conpas
    n = len(trucks.ids)
    takes_part = np.zeros(n, np.bool_)
    if conpas.any_switch:
        u = uniforms(make_stream(run_seed, "terminal.takes_part"), trucks.ids, _NO_EVENT)
        takes_part = u < conpas.booked_share
    if suspended is not None:
        takes_part &= ~suspended
    everybody = np.ones(n, np.bool_)
    _choose_hours(params, trucks, ~takes_part, run_seed, expected_wait_s)
    if not conpas.quota:
        mark(params, trucks.word, takes_part)
        return Bookings(no_slots(), everybody, trucks.desired_s, np.ones(n, np.int64))
    quota = conpas.quota
    spans = quota.spans(params.opening)
    starts, ends = np.array([s[0] for s in spans]), np.array([s[1] for s in spans])
    slots = new_slots(starts, ends, slot_places(quota, spans), _pools(quota, spans))
    mask = _masks(quota, trucks)
    provisional = _provisional(quota, trucks, run_seed)
    asks_s = _ask_moments(params, quota, trucks, provisional, run_seed)
    ask, intent = _asks(params, quota, trucks, asks_s, provisional, run_seed)
    order = _in_turn(asks_s, trucks)
    day_places = _NO_LIMIT
    if conpas.booked_share_cap < 1:
        day_places = int(conpas.booked_share_cap * trucks.expected)
    slot, fate = _run_books(
        params, quota, trucks, order[takes_part[order]], asks_s, ask, intent, mask, slots, day_places, run_seed,
        expected_wait_s,
    )  # fmt: skip
    first = fate[:, 0]
    kept = first == b.KEPT
    trucks.time_s[takes_part, k.ASKED] = asks_s[takes_part]
    no_show = kept & (
        uniforms(make_stream(run_seed, "terminal.no_show"), trucks.ids, _NO_EVENT)
        < (quota.no_show_with_penalty if quota.penalty else quota.no_show)
    )
    booked = kept & ~no_show
    _count(slots, slot, fate, no_show)
    _plan(quota, trucks, booked, slot[:, 0], slots, run_seed)
    _plan_again(counts, trucks, no_show, run_seed)
    # A box that was not released in time is fetched once it is.
    lapsed = first == b.LAPSED
    trucks.time_s[lapsed, k.PLAN] = np.maximum(trucks.desired_s, ask[:, b.KNOWN])[lapsed]
    mark(params, trucks.word, booked)
    unplaced = takes_part & (first == b.NO_BOOKING)
    outcome = np.where(no_show, k.NO_SHOW, _OUTCOME[first])
    trucks.word[:, k.BOOKING] = np.where(takes_part, outcome, k.NOT_ASKED)
    cancelled = (first == b.CANCELLED) | (first == b.CANCELLED_LATE)
    comes = everybody
    for rows, then in (
        (no_show, quota.no_show_then), (unplaced, quota.unplaced), (cancelled, quota.cancelled_then)
    ):  # fmt: skip
        if then == "stays_away":
            comes = comes & ~rows
    return Bookings(slots, comes, asks_s, mask)


def _in_turn(asks_s: Floats, trucks: Trucks) -> NDArray[np.intp]:
    """Rows by when they ask, then by when they want to come, then by id."""
    order = np.argsort(asks_s)
    in_order_s = asks_s[order]
    if (in_order_s[1:] == in_order_s[:-1]).any():
        return np.lexsort((trucks.ids, trucks.desired_s, asks_s))
    return order


def slot_places(quota: Quota | QuotaLimit, spans: list[tuple[float, float]], slot_s: float = 0.0) -> NDArray[np.int64]:
    """Quota of each slot; a slot cut short by a break gets its part of it."""
    whole_s = slot_s or quota.slot_s  # type: ignore[union-attr]
    return np.array(
        [int(quota.slots.get(start, quota.per_slot * (end - start) / whole_s)) for start, end in spans], np.int64
    )


def _pools(quota: Quota, spans: list[tuple[float, float]]) -> NDArray[np.int64]:
    """(pools, slots) places with those given beyond the quota: of all trucks, then of each limit."""
    rows = [slot_places(quota, spans)]
    rows += [slot_places(limit, spans, quota.slot_s) for limit in quota.limits.values()]
    return (np.array(rows) * (1.0 + quota.overbooking)).astype(np.int64)


def _masks(quota: Quota, trucks: Trucks) -> NDArray[np.int64]:
    """Pools of each truck, as bits; a visit with two moves counts by what it comes for first."""
    kind = trucks.word[:, k.KIND]
    mask = np.ones(len(trucks.ids), np.int64)
    for bit, limit in enumerate(quota.limits.values(), start=1):
        falls_under = np.ones(len(mask), np.bool_)
        if limit.direction != "any":
            falls_under &= (kind % 2 == 1) == (limit.direction == "in")
        if limit.load != "any":
            falls_under &= (kind < 2) == (limit.load == "laden")
        if limit.vessel:
            index = trucks.vessels.index(limit.vessel) if limit.vessel in trucks.vessels else -2
            falls_under &= trucks.vessel == index
        mask |= np.where(falls_under, np.int64(1) << bit, 0)
    return mask


def _provisional(quota: QuotaRules, trucks: Trucks, run_seed: np.uint64) -> Flags:
    """Trucks that may book under the bill of lading before their laden box is released."""
    u = uniforms(make_stream(run_seed, "terminal.provisional"), trucks.ids, _NO_EVENT)
    return np.asarray((u < quota.provisional_share) & (trucks.word[:, k.KIND] == 0))


def _ask_moments(
    params: TerminalParams, quota: Quota, trucks: Trucks, provisional: Flags, run_seed: np.uint64
) -> Floats:
    """When each truck asks: a lead by size of haulier before the wanted moment, not before the books open.

    A box whose release is part of the demand is booked once it is released, unless it is booked provisionally.
    """
    mean_s = np.array([t.book_lead_s for t in params.hauliers.values()])[trucks.haulier_type]
    u = uniforms(make_stream(run_seed, "terminal.books_at"), trucks.ids, _NO_EVENT)
    asks_s = trucks.desired_s + mean_s * np.log(u)
    asks_s = np.where(~provisional & np.isfinite(trucks.known_s), np.maximum(asks_s, trucks.known_s), asks_s)
    # Those who would have asked earlier come together when the books open; who is first is drawn.
    early = asks_s < quota.books_open_s
    return np.where(early, quota.books_open_s + uniforms(
        make_stream(run_seed, "terminal.rush"), trucks.ids, _NO_EVENT), asks_s)  # fmt: skip


def _asks(
    params: TerminalParams, quota: QuotaRules, trucks: Trucks, asks_s: Floats, provisional: Flags,
    run_seed: np.uint64,
) -> tuple[Floats, Ints]:
    """What each truck brings along when it asks, and what it will do with its booking."""
    ids = trucks.ids

    def draw(name: str, event: int = 0) -> Floats:
        return uniforms(make_stream(run_seed, f"terminal.{name}"), ids, np.uint64(event))

    out = _plain_asks(params, trucks, run_seed)
    intent = np.zeros(len(ids), np.int32)
    # What nobody does is not drawn.
    if provisional.any():
        drawn_s = asks_s - quota.release_delay_s * np.log(draw("provisional", 1))
        known_s = np.where(np.isfinite(trucks.known_s), trucks.known_s, drawn_s)
        out[:, b.KNOWN] = np.where(provisional, known_s, -np.inf)
    doubles = np.zeros(len(ids), np.bool_)
    if quota.double_share:
        doubles = draw("doubles") < quota.double_share
        never = draw("doubles", 2) < quota.double_lapse
        out[:, b.SECOND_LEAD] = -quota.cancel_lead_s * np.log(draw("doubles", 1))
        intent |= (doubles * b.DOUBLES | never * b.NEVER_GIVES_BACK).astype(np.int32)
    if quota.cancel_share:
        out[:, b.CANCEL_LEAD] = -quota.cancel_lead_s * np.log(draw("cancels", 1))
        intent |= ((draw("cancels") < quota.cancel_share) & ~doubles).astype(np.int32) * np.int32(b.CANCELS)
    return out, intent


def _plain_asks(params: TerminalParams, trucks: Trucks, run_seed: np.uint64) -> Floats:
    out = np.full((len(trucks.ids), b.ASK_COLUMNS), -np.inf)
    out[:, b.DESIRED] = trucks.desired_s
    out[:, b.EARLIEST] = trucks.earliest_s
    out[:, b.LATEST] = trucks.latest_s
    slack_s = np.array([t.delivery_slack_s for t in params.hauliers.values()])[trucks.haulier_type]
    u = uniforms(make_stream(run_seed, "terminal.slack"), trucks.ids, _NO_EVENT)
    # Only a laden box that is fetched has a consignee who waits for it.
    out[:, b.SLACK] = np.where(trucks.word[:, k.KIND] == 0, -slack_s * np.log(u), np.inf)
    out[:, b.HOURS_LEFT] = trucks.time_s[:, k.HOURS_LEFT]
    return out


def _run_books(
    params: TerminalParams, quota: Quota | None, trucks: Trucks, order: NDArray[np.intp], asks_s: Floats, ask: Floats,
    intent: Ints, mask: NDArray[np.int64], slots: Slots, day_places: int, run_seed: np.uint64,
    expected_wait_s: Floats | None,
) -> tuple[Ints, Ints]:
    """First and second slot of each truck and what becomes of them; ``slots.left`` keeps the places nobody took."""
    n = len(trucks.ids)
    slot, fate = np.full((n, 2), -1, np.int32), np.full((n, 2), b.NO_BOOKING, np.int32)
    rule = np.zeros(b.RULES)
    rule[b.VISIT] = typical_visit_s(params)
    rule[[b.LATER_WEIGHT, b.MAX_SHIFT, b.CLOSES_BEFORE]] = 1.0, np.inf, -np.inf
    if quota:
        rule[[b.LATER_WEIGHT, b.MAX_SHIFT, b.CLOSES_BEFORE]] = (
            quota.later_weight, quota.max_shift_s, quota.closes_before_s)  # fmt: skip
        rule[[b.CANCEL_BEFORE, b.CONFIRM_BEFORE]] = quota.cancel_before_s, quota.confirm_before_s
        rule[b.WAITING_LIST] = quota.waiting_list
    wait_s = np.zeros((haulier_count(params), len(slots.from_s))) if expected_wait_s is None else expected_wait_s
    b.run_books(
        order.astype(np.int64), asks_s, trucks.ids, ask, intent, mask, trucks.haulier, trucks.haulier_type,
        slots.from_s, slots.to_s, wait_s, _traits(params), rule, make_stream(run_seed, "terminal.taste"), slots.left,
        day_places, *new_heap(2 * len(order) + 1), np.empty(len(order), np.int64), slot, fate,
    )
    return slot, fate


def _traits(params: TerminalParams) -> Floats:
    quota = params.conpas.quota
    fined = bool(quota and quota.penalty)
    return np.array([
        [t.choice_scale_s, t.wait_weight, t.delivery_weight, t.hours_weight, t.penalty_s * fined, t.miss_scale_s]
        for t in params.hauliers.values()
    ])  # fmt: skip


def typical_visit_s(params: TerminalParams) -> float:
    """A visit without waiting, as a haulier reckons with it: gate, two drives inside, one box, out-gate."""
    total = params.move_up_s + params.service.mean_s
    if params.yard:
        total += 2 * params.yard.drive_s + params.yard.service.mean_s
    return total + (params.out_gate.service.mean_s if params.out_gate else 0.0)


def haulier_count(params: TerminalParams) -> int:
    """Hauliers of all sizes."""
    return sum(t.hauliers for t in params.hauliers.values())


def choice_slots(params: TerminalParams) -> tuple[Floats, Floats]:
    """Starts and ends of the hours that hauliers tell apart: booking slots, or hours of opening without quotas."""
    quota = params.conpas.quota
    spans = quota.spans(params.opening) if quota else slot_spans(params.opening, 3600.0)
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
    n = len(trucks.ids)
    room = np.full((1, len(slot_from)), n, np.int64)
    hours = new_slots(slot_from, slot_to, room[0], room)
    slot, _ = _run_books(
        params, None, trucks, np.flatnonzero(ordinary & flexible), np.zeros(n), _plain_asks(params, trucks, run_seed),
        np.zeros(n, np.int32), np.ones(n, np.int64), hours, _NO_LIMIT, run_seed, expected_wait_s,
    )  # fmt: skip
    start, end = slot_from[slot[:, 0]], slot_to[slot[:, 0]]
    desired = trucks.desired_s
    moved = (slot[:, 0] >= 0) & ((desired < start) | (desired >= end))
    u = uniforms(make_stream(run_seed, "terminal.within_slot"), trucks.ids, _NO_EVENT)
    trucks.time_s[moved, k.PLAN] = (start + (end - start) * u)[moved]


def _count(slots: Slots, slot: Ints, fate: Ints, no_show: Flags) -> None:
    """Bookings of every slot, by what becomes of them; second slots count like first ones."""
    def of(rows: Flags) -> NDArray[np.int64]:
        return np.bincount(slot[rows], minlength=len(slots.from_s))

    slots.booked[:] = of(slot >= 0)
    slots.cancelled[:] = of(fate == b.CANCELLED)
    slots.cancelled_late[:] = of(fate == b.CANCELLED_LATE)
    slots.lapsed[:] = of(fate == b.LAPSED)
    slots.no_show[:] = of(fate == b.MISSED) + np.bincount(slot[no_show, 0], minlength=len(slots.from_s))
    slots.second[:] = (
        (slot[:, 1] >= 0).sum(), (fate[:, 1] == b.CANCELLED).sum(), (fate[:, 1] == b.CANCELLED_LATE).sum(),
        (fate[:, 1] == b.MISSED).sum(),
    )  # fmt: skip


def _plan(quota: Quota, trucks: Trucks, booked: Flags, slot: Ints, slots: Slots, run_seed: np.uint64) -> None:
    """Moments at which booked trucks mean to reach the line."""
    rows = np.flatnonzero(booked)
    ids = trucks.ids[rows]
    start, end = slots.from_s[slot[rows]], slots.to_s[slot[rows]]
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


def mark(params: TerminalParams, word: Ints, booked: Flags) -> None:
    """Write class and privileges of booked trucks."""
    conpas = params.conpas
    word[:, k.CLASS] = booked
    if conpas.checked_documents:
        word[:, k.FLAGS] |= np.where(booked, k.CHECKED, 0)
    if conpas.approach_signal:
        word[:, k.FLAGS] |= np.where(booked, k.SIGNALLED, 0)


def penalty_points(params: TerminalParams, word: Ints, hauliers: int) -> NDArray[np.int64]:
    """Points of the day by haulier; none where there is no penalty."""
    quota = params.conpas.quota
    points = np.zeros(hauliers, np.int64)
    if not (quota and quota.penalty):
        return points
    for outcome, each in ((k.NO_SHOW, 1), (k.CANCELLED_LATE, quota.late_cancel_points)):
        rows = word[:, k.BOOKING] == outcome
        points += each * np.bincount(word[rows, k.HAULIER], minlength=hauliers)
    return points
