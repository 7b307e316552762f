"""The booking engine: slots, quotas, who books which and when, what is given back, who comes, and when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Flags, Floats, Ints
from twin.booking import names as rules
from twin.booking.params import slot_spans
from twin.booking.slots import Slots, count_in, new_slots, no_slots, places_of
from twin.engine.draws import make_stream, normals, uniforms
from twin.engine.event_queue import new_heap
from twin.engine.stations.state import in_order
from twin.models.terminal import names as truck
from twin.models.terminal.booking import asking_kernels, kernels
from twin.models.terminal.booking.params import QuotaLimit
from twin.models.terminal.demand.trucks import Counts, Trucks
from twin.models.terminal.params import Quota, TerminalParams

_NO_EVENT = np.uint64(0)
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
        When it asked for a slot, inf if it did not; before midnight of day one it is negative.
    pools : (n,) int32
        Pools of places it draws from, as bits.
    """

    slots: Slots
    comes: Flags
    asks_s: Floats
    pools: Ints


def book(
    params: TerminalParams,
    counts: Counts,
    trucks: Trucks,
    run_seed: np.uint64,
    expected_wait_s: Floats | None = None,
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
    suspended : (hauliers,) bool, optional
        Hauliers that may not book.
    """
    bookings = _settle(params, counts, trucks, run_seed, expected_wait_s, suspended)
    if params.travel_noise_s:
        noise = normals(make_stream(run_seed, "terminal.travel_noise"), trucks.ids, _NO_EVENT)
        trucks.time_s[:, truck.PLAN] += params.travel_noise_s * noise
    return bookings


def _settle(
    params: TerminalParams,
    counts: Counts,
    trucks: Trucks,
    run_seed: np.uint64,
    expected_wait_s: Floats | None,
    suspended: Flags | None,
) -> Bookings:
    conpas = params.conpas
    n = len(trucks.ids)
    takes_part = np.zeros(n, np.bool_)
    if conpas.any_switch:
        u = uniforms(make_stream(run_seed, "terminal.takes_part"), trucks.ids, _NO_EVENT)
        takes_part = u < conpas.booked_share
    if suspended is not None and suspended.any():
        takes_part &= ~suspended[trucks.haulier]
    comes = np.ones(n, np.bool_)
    _choose_hours(params, trucks, ~takes_part, run_seed, expected_wait_s)
    if not conpas.quota:
        mark(params, trucks.word, takes_part)
        return Bookings(no_slots(), comes, np.full(n, np.inf), np.ones(n, np.int32))
    quota = conpas.quota
    spans = quota.spans(params.opening)
    starts, ends = np.array([s[0] for s in spans]), np.array([s[1] for s in spans])
    slots = new_slots(starts, ends, slot_places(quota, spans), _pools(quota, spans))
    asks_s, ask, asker = _asks(params, quota, trucks, takes_part, ends, run_seed)
    order = in_order(asks_s, trucks.ids, np.flatnonzero(takes_part))
    day_places = _NO_LIMIT
    if conpas.booked_share_cap < 1:
        day_places = int(conpas.booked_share_cap * trucks.expected)
    slot, fate = _run_books(
        params, quota, trucks, order, asks_s, ask, asker, slots, day_places, run_seed, expected_wait_s
    )
    _write(params, quota, counts, trucks, takes_part, asks_s, ask, slot, fate, slots, comes, run_seed)
    return Bookings(slots, comes, asks_s, asker[:, rules.POOLS])


def slot_places(quota: Quota | QuotaLimit, spans: list[tuple[float, float]], slot_s: float = 0.0) -> NDArray[np.int64]:
    """Quota of each slot; a slot cut short by a break gets its part of it."""
    whole_s = slot_s or quota.slot_s  # type: ignore[union-attr]
    return places_of(spans, quota.per_slot, quota.slots, whole_s)


def _pools(quota: Quota, spans: list[tuple[float, float]]) -> NDArray[np.int64]:
    """(pools, slots) places with those given beyond the quota: of all trucks, then of each limit."""
    rows = [slot_places(quota, spans)]
    rows += [slot_places(limit, spans, quota.slot_s) for limit in quota.limits.values()]
    return (np.array(rows) * (1.0 + quota.overbooking)).astype(np.int64)


def _limits(quota: Quota, trucks: Trucks) -> Ints:
    """Limits in the form of the kernel; a vessel that does not call binds nobody."""
    out = np.full((len(quota.limits), 3), -1, np.int32)
    for row, limit in zip(out, quota.limits.values(), strict=True):
        if limit.direction != "any":
            row[asking_kernels.BRINGS] = limit.direction == "in"
        if limit.load != "any":
            row[asking_kernels.LADEN] = limit.load == "laden"
        if limit.vessel:
            row[asking_kernels.VESSEL] = trucks.vessels.index(limit.vessel) if limit.vessel in trucks.vessels else -2
    return out


def _asks(
    params: TerminalParams, quota: Quota | None, trucks: Trucks, asks: Flags, slot_to_s: Floats, run_seed: np.uint64
) -> tuple[Floats, Floats, Ints]:
    """When trucks ask, what they bring along, and who they are; without quotas there is no opening and no rule."""
    n = len(trucks.ids)
    asks_s, ask, asker = np.empty(n), np.empty((n, kernels.ASK_COLUMNS)), np.empty((n, kernels.ASKER_COLUMNS), np.int32)
    number = np.zeros(asking_kernels.ASK_NUMBERS)
    number[rules.BOOKS_OPEN] = -np.inf
    if quota:
        number[[rules.BOOKS_OPEN, asking_kernels.RELEASE_DELAY, rules.CANCEL_MEAN]] = (
            quota.books_open_s, quota.release_delay_s, quota.cancel_lead_s)  # fmt: skip
        number[[asking_kernels.PROVISIONAL_SHARE, rules.DOUBLE_SHARE, rules.DOUBLE_LAPSE, rules.CANCEL_SHARE]] = (
            quota.provisional_share, quota.double_share, quota.double_lapse, quota.cancel_share)  # fmt: skip
    types = list(params.hauliers.values())
    asking_kernels.make_asks(
        trucks.ids, trucks.desired_s, trucks.earliest_s, trucks.latest_s, trucks.known_s, trucks.vessel, trucks.time_s,
        trucks.word, trucks.haulier_type, asks, _streams(run_seed, asking_kernels.ASKING), number,
        np.array([t.book_lead_s for t in types]), np.array([t.delivery_slack_s for t in types]),
        _limits(quota, trucks) if quota else np.empty((0, 3), np.int32), slot_to_s,
        quota.max_shift_s if quota else np.inf, asks_s, ask, asker,
    )  # fmt: skip
    return asks_s, ask, asker


def _streams(run_seed: np.uint64, purposes: tuple[str, ...]) -> NDArray[np.uint64]:
    return np.array([make_stream(run_seed, f"terminal.{purpose}") for purpose in purposes])


def _run_books(
    params: TerminalParams,
    quota: Quota | None,
    trucks: Trucks,
    order: NDArray[np.int64],
    asks_s: Floats,
    ask: Floats,
    asker: Ints,
    slots: Slots,
    day_places: int,
    run_seed: np.uint64,
    expected_wait_s: Floats | None,
) -> tuple[Ints, Ints]:
    """First and second slot of each truck and what becomes of them; ``slots.left`` keeps the places nobody took."""
    n = len(trucks.ids)
    slot, fate = np.full((n, 2), -1, np.int32), np.full((n, 2), rules.NO_BOOKING, np.int32)
    rule = np.zeros(kernels.RULES)
    rule[kernels.VISIT] = typical_visit_s(params)
    rule[[rules.LATER_WEIGHT, rules.MAX_SHIFT, rules.CLOSES_BEFORE]] = 1.0, np.inf, -np.inf
    if quota:
        rule[[rules.LATER_WEIGHT, rules.MAX_SHIFT, rules.CLOSES_BEFORE]] = (
            quota.later_weight, quota.max_shift_s, quota.closes_before_s)  # fmt: skip
        rule[[rules.CANCEL_BEFORE, rules.CONFIRM_BEFORE]] = quota.cancel_before_s, quota.confirm_before_s
        rule[rules.WAITING_LIST] = quota.waiting_list
    wait_s = np.zeros((haulier_count(params), len(slots.from_s))) if expected_wait_s is None else expected_wait_s
    kernels.run_gate_books(
        order, asks_s, trucks.ids, ask, asker, slots.from_s, slots.to_s, wait_s, _traits(params), rule,
        make_stream(run_seed, "terminal.taste"), slots.left, day_places, *new_heap(2 * len(order) + 1),
        np.empty(len(order), np.int64), slot, fate,
    )  # fmt: skip
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
    room = np.full((1, len(slot_from)), len(trucks.ids), np.int64)
    hours = new_slots(slot_from, slot_to, room[0], room)
    asks = ordinary & flexible
    slot, _ = _run_books(
        params, None, trucks, np.flatnonzero(asks), *_asks(params, None, trucks, asks, slot_to, run_seed), hours,
        _NO_LIMIT, run_seed, expected_wait_s,
    )  # fmt: skip
    start, end = slot_from[slot[:, 0]], slot_to[slot[:, 0]]
    desired = trucks.desired_s
    moved = (slot[:, 0] >= 0) & ((desired < start) | (desired >= end))
    u = uniforms(make_stream(run_seed, "terminal.within_slot"), trucks.ids, _NO_EVENT)
    trucks.time_s[moved, truck.PLAN] = (start + (end - start) * u)[moved]


def _write(
    params: TerminalParams,
    quota: Quota,
    counts: Counts,
    trucks: Trucks,
    asks: Flags,
    asks_s: Floats,
    ask: Floats,
    slot: Ints,
    fate: Ints,
    slots: Slots,
    comes: Flags,
    run_seed: np.uint64,
) -> None:
    """What came of asking, into rows of trucks, ``comes`` and the counts of slots."""
    number = np.zeros(rules.SETTLE_NUMBERS)
    number[[rules.NO_SHOW_SHARE, rules.ON_TIME_SHARE]] = quota.no_show, quota.on_time
    if quota.penalty:
        number[[rules.NO_SHOW_SHARE, rules.ON_TIME_SHARE]] = quota.no_show_with_penalty, quota.on_time_with_penalty
    number[rules.BUNCHING] = quota.bunching
    stays_away = np.zeros(truck.LAPSED + 1, np.bool_)
    stays_away[truck.NO_SHOW] = quota.no_show_then == "stays_away"
    stays_away[truck.UNPLACED] = quota.unplaced == "stays_away"
    stays_away[[truck.CANCELLED, truck.CANCELLED_LATE]] = quota.cancelled_then == "stays_away"
    by_slot = np.zeros((rules.SLOT_COUNTS, len(slots.from_s)), np.int64)
    asking_kernels.settle(
        trucks.ids, trucks.desired_s, asks, asks_s, ask, slot, fate, slots.from_s, slots.to_s,
        _streams(run_seed, asking_kernels.SETTLING), number, privileges(params), stays_away, np.cumsum(counts.trucks),
        counts.start_s, counts.end_s, trucks.time_s, trucks.word, trucks.code, comes, by_slot, slots.second,
    )  # fmt: skip
    count_in(slots, by_slot)


def privileges(params: TerminalParams) -> int:
    """Bits of FLAGS that booked trucks have."""
    conpas = params.conpas
    return (truck.CHECKED if conpas.checked_documents else 0) | (truck.SIGNALLED if conpas.approach_signal else 0)


def mark(params: TerminalParams, word: Ints, booked: Flags) -> None:
    """Write class and privileges of booked trucks."""
    word[:, truck.CLASS] = booked
    word[booked, truck.FLAGS] |= privileges(params)


def penalty_points(params: TerminalParams, word: Ints, code: NDArray[np.int8], hauliers: int) -> NDArray[np.int64]:
    """Points of the day by haulier; none where there is no penalty."""
    quota = params.conpas.quota
    points = np.zeros(hauliers, np.int64)
    if not (quota and quota.penalty):
        return points
    for outcome, each in ((truck.NO_SHOW, 1), (truck.CANCELLED_LATE, quota.late_cancel_points)):
        rows = code[:, truck.BOOKING] == outcome
        points += each * np.bincount(word[rows, truck.HAULIER], minlength=hauliers)
    return points
