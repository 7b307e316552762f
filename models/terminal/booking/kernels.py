"""The books as an event kernel: trucks ask, places go, places come back and are offered again."""

from __future__ import annotations

import math

import numpy as np

from twin.engine.draws import event_key, uniform
from twin.engine.event_queue import pop, push
from twin.jit import fetch_row, has_columns, index, inner_kernel, lean_kernel

# What becomes of a booking. MISSED is that of a second slot which is never given back.
NO_BOOKING, KEPT, CANCELLED, CANCELLED_LATE, LAPSED, MISSED = range(-1, 5)

# Columns of ``trait``: what hauliers of a type weigh.
TASTE, WAIT_WEIGHT, DELIVERY_WEIGHT, HOURS_WEIGHT, PENALTY, MISS_SCALE = range(6)
TRAITS = 6

# Columns of ``ask``: what a truck brings along.
DESIRED, EARLIEST, LATEST, SLACK, HOURS_LEFT, KNOWN, CANCEL_LEAD, SECOND_LEAD = range(8)
ASK_COLUMNS = 8

# Columns of ``asker``: who asks. POOLS has a bit for each pool in which the truck needs a place; FIRST is the first
# slot that ends soon enough before the wanted moment, NEAREST the first that ends at it or later.
INTENT, POOLS, HAULIER, TYPE, FIRST, NEAREST = range(6)
ASKER_COLUMNS = 6

# Bits of INTENT.
CANCELS, DOUBLES, NEVER_GIVES_BACK = 1, 2, 4

# Elements of ``rule``.
LATER_WEIGHT, MAX_SHIFT, CLOSES_BEFORE, CANCEL_BEFORE, CONFIRM_BEFORE, VISIT, WAITING_LIST = range(7)
RULES = 7


@inner_kernel
def step_to(slot, ascending, least):
    """Index of the first value that is at least ``least``, from one that is likely near it."""
    while slot > 0 and ascending[index(slot - 1)] >= least:
        slot -= 1
    while slot < ascending.size and ascending[index(slot)] < least:
        slot += 1
    return slot


@inner_kernel
def is_surely_below(u, taste):
    """Whether the Gumbel draw -ln(-ln u) is below ``taste``, told without a logarithm; False also if in doubt.

    It is if u <= exp(-exp(-t)), which is at least 1 - exp(-t), and exp(t) is more than its first four terms.
    """
    terms = 1.0 + taste * (1.0 + taste * (0.5 + taste * (1.0 / 6.0)))
    return taste > 0.1 and u * terms <= terms - 1.0


@inner_kernel
def _open(slot, row, now_s, slot_from_s, slot_to_s, ask, asker, rule, places, left_today):
    """Whether a truck may take a place of a slot now."""
    if left_today <= 0 or now_s > slot_from_s[slot] - rule[CLOSES_BEFORE]:
        return False
    if slot_to_s[slot] <= ask[row, EARLIEST] or slot_from_s[slot] >= ask[row, LATEST]:
        return False
    shift = max(ask[row, DESIRED] - slot_to_s[slot], slot_from_s[slot] - ask[row, DESIRED])
    if shift > rule[MAX_SHIFT]:
        return False
    bits = asker[row, POOLS]
    pool = 0
    while bits:
        if bits & 1 and places[pool, slot] <= 0:
            return False
        bits >>= 1
        pool += 1
    return True


@inner_kernel
def _excess(length_s):
    return length_s if length_s > 0.0 else 0.0


@inner_kernel
def _shift_cost(slot, desired, slot_from_s, slot_to_s, rule):
    """What the shift from the wanted moment costs; no other part of the cost is negative."""
    earlier = _excess(desired - slot_to_s[slot])
    return earlier + rule[LATER_WEIGHT] * _excess(slot_from_s[slot] - desired)


@inner_kernel
def _cost(slot, row, slot_from_s, slot_to_s, ask, asker, wait_s, trait, rule):
    """What a slot costs a truck before taste, in seconds of shift: see :func:`run_books`."""
    kind = index(asker[row, TYPE])
    earlier = _excess(ask[row, DESIRED] - slot_to_s[slot])
    later = _excess(slot_from_s[slot] - ask[row, DESIRED])
    wait = wait_s[index(asker[row, HAULIER]), slot]
    cost = _shift_cost(slot, ask[row, DESIRED], slot_from_s, slot_to_s, rule) + trait[kind, WAIT_WEIGHT] * wait
    cost += trait[kind, DELIVERY_WEIGHT] * _excess(later + wait - ask[row, SLACK])
    cost += trait[kind, HOURS_WEIGHT] * _excess(later - earlier + wait + rule[VISIT] - ask[row, HOURS_LEFT])
    if trait[kind, PENALTY] > 0.0:
        cost += trait[kind, PENALTY] * (1.0 - math.exp(-(earlier + later) / trait[kind, MISS_SCALE]))
    return cost


@inner_kernel
def _best(row, other, now_s, ids, slot_from_s, slot_to_s, ask, asker, wait_s, trait, rule, stream, places, left_today):
    """Cheapest open slot that is not ``other``; -1 if there is none."""
    best = -1
    best_cost = math.inf
    scale = trait[index(asker[row, TYPE]), TASTE]
    per_scale = 1.0 / scale if scale > 0.0 else 0.0
    desired = ask[row, DESIRED]
    # Slots ascend. The nearest one goes first: after it few others can still be the best.
    first = index(asker[row, FIRST])
    nearest = index(asker[row, NEAREST])
    for nth in range(first - 1, slot_from_s.size):
        slot = index(nearest if nth < first else nth)
        if slot == slot_from_s.size or (nth == nearest and nth >= first):
            continue
        if slot_from_s[slot] - desired > rule[MAX_SHIFT]:
            if nth < first:
                continue
            break
        # Keyed by the slot's start, so that another slot more changes no taste.
        u = uniform(stream, ids[row], event_key(np.uint64(slot_from_s[slot]), 0))
        # Most slots lie too far away whatever else they cost.
        least_cost = _shift_cost(slot, desired, slot_from_s, slot_to_s, rule)
        if is_surely_below(u, (least_cost - best_cost) * per_scale):
            continue
        if slot == other or not _open(slot, row, now_s, slot_from_s, slot_to_s, ask, asker, rule, places, left_today):
            continue
        plain = _cost(slot, row, slot_from_s, slot_to_s, ask, asker, wait_s, trait, rule)
        if is_surely_below(u, (plain - best_cost) * per_scale):
            continue
        cost = plain + math.log(-math.log(u)) * scale
        if cost < best_cost or (cost == best_cost and slot < best):
            best_cost = cost
            best = slot
    return best


@inner_kernel
def _fate(row, second, slot_s, now_s, ask, asker, rule):
    """What becomes of a booking, and the moment at which its place is free again (inf for never)."""
    gives_back_s = math.inf
    if second:
        if asker[row, INTENT] & NEVER_GIVES_BACK:
            return MISSED, math.inf
        gives_back_s = max(slot_s - ask[row, SECOND_LEAD], now_s)
    elif asker[row, INTENT] & CANCELS:
        gives_back_s = max(slot_s - ask[row, CANCEL_LEAD], now_s)
    confirm_s = max(slot_s - rule[CONFIRM_BEFORE], now_s)
    if not second and ask[row, KNOWN] > confirm_s and confirm_s <= gives_back_s:
        return LAPSED, confirm_s
    if gives_back_s == math.inf:
        return KEPT, math.inf
    if gives_back_s <= slot_s - rule[CANCEL_BEFORE]:
        return CANCELLED, gives_back_s
    return CANCELLED_LATE, math.inf


@inner_kernel
def _change(pools, slot, places, by):
    """Take or give back a place in every pool of a truck."""
    bits = pools
    pool = 0
    while bits:
        if bits & 1:
            places[pool, slot] += by
        bits >>= 1
        pool += 1


@lean_kernel
def run_books(
    order,
    asks_s,
    ids,
    ask,
    asker,
    slot_from_s,
    slot_to_s,
    wait_s,
    trait,
    rule,
    stream,
    places,
    day_places,
    heap_times,
    heap_kinds,
    heap_ids,
    heap_payloads,
    heap_size,
    waiting,
    out_slot,
    out_fate,
):
    """Trucks ask one after the other for the slot they like best among those that are open to them.

    A slot costs: the shift from the wanted moment to the nearest moment of the slot (later counts
    ``LATER_WEIGHT`` times), the expected wait, what the box would be late at its consignee, what the visit would
    go beyond the driver's hours, the risk of missing the slot times its penalty, and a taste (Gumbel: a logit
    choice). Places cancelled in time or lapsed are free again at that moment, and are first offered to those who
    found none.

    Parameters
    ----------
    order : (m,) int64
        Rows in the order in which they ask.
    asks_s : (n,) float64
        When each asks; may lie before the clock's start.
    ask : (n, ASK_COLUMNS) float64
        Wanted, earliest and latest moment; slack at the consignee; driver's hours; when its box is known to be
        released; how long before the slot it would cancel it, and its second one.
    asker : (n, ASKER_COLUMNS) int32
        Bits ``CANCELS, DOUBLES, NEVER_GIVES_BACK``; pools in which it needs a place, bit 0 for that of all trucks;
        haulier and type of haulier; the first slot that ends at most ``MAX_SHIFT`` before the wanted moment, and the
        first that does not end before it.
    wait_s : (hauliers, slots) float64
        Wait that each haulier expects in a slot.
    trait : (types, TRAITS) float64
    rule : (RULES,) float64
    places : (pools, slots) int64
        Places left; changed.
    day_places
        Bookings that may stand at a time, over all slots.
    heap_times, ..., heap_size
        An empty event queue with room for two entries per row of ``order``.
    waiting : (m,) int64
        Room for the rows that found no place and wait for one.
    out_slot, out_fate : (n, 2) int32
        First and second slot of each row, -1 for none, and what becomes of them.
    """
    has_columns(ask, ASK_COLUMNS)
    has_columns(asker, ASKER_COLUMNS)
    has_columns(trait, TRAITS)
    waits = 0
    left_today = day_places
    nth = 0
    while nth < order.size or heap_size[0]:
        ask_s = asks_s[order[nth]] if nth < order.size else math.inf
        if heap_size[0] and heap_times[0] <= ask_s:
            now_s = heap_times[0]
            given_back = heap_payloads[0]
            pop(heap_times, heap_kinds, heap_ids, heap_payloads, heap_size)
            row = index(given_back >> 1)
            freed = out_slot[row, given_back % 2]
            _change(asker[row, POOLS], freed, places, 1)
            left_today += 1
            taker = -1
            slot = -1
            for i in range(waits):
                # Only what was just freed can be new to those who wait, unless the day itself was full.
                if left_today > 1 and not _open(
                    freed, waiting[i], now_s, slot_from_s, slot_to_s, ask, asker, rule, places, left_today
                ):
                    continue
                slot = _best(
                    waiting[i],
                    -1,
                    now_s,
                    ids,
                    slot_from_s,
                    slot_to_s,
                    ask,
                    asker,
                    wait_s,
                    trait,
                    rule,
                    stream,
                    places,
                    left_today,
                )
                if slot >= 0:
                    taker = i
                    break
            if taker < 0:
                continue
            row = index(waiting[taker])
            waits -= 1
            for i in range(taker, waits):
                waiting[i] = waiting[i + 1]
            bookings = 1
        else:
            row = index(order[nth])
            nth = index(nth + 1)
            now_s = ask_s
            # Trucks ask in no order of memory: have the coming ones at hand.
            coming = index(order[index(min(nth + 4, order.size - 1))])
            fetch_row(ask, coming)
            fetch_row(asks_s, coming)
            fetch_row(ids, coming)
            fetch_row(asker, coming)
            slot = _best(
                row, -1, now_s, ids, slot_from_s, slot_to_s, ask, asker, wait_s, trait, rule, stream, places, left_today
            )
            if slot < 0:
                if rule[WAITING_LIST]:
                    waiting[waits] = row
                    waits += 1
                continue
            bookings = 2 if asker[row, INTENT] & DOUBLES else 1
        for second in range(bookings):
            if second:
                slot = _best(
                    row,
                    slot,
                    now_s,
                    ids,
                    slot_from_s,
                    slot_to_s,
                    ask,
                    asker,
                    wait_s,
                    trait,
                    rule,
                    stream,
                    places,
                    left_today,
                )
                if slot < 0:
                    break
            _change(asker[row, POOLS], slot, places, -1)
            left_today -= 1
            fate, free_s = _fate(row, second, slot_from_s[slot], now_s, ask, asker, rule)
            out_slot[row, second] = slot
            out_fate[row, second] = fate
            if free_s < math.inf:
                push(heap_times, heap_kinds, heap_ids, heap_payloads, heap_size, free_s, 0, ids[row], 2 * row + second)
