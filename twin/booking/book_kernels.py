"""The books as an event kernel: people ask, places go, places come back and are offered again.

A model brings one kernel of its own, ``cost_of(shift_cost, slot, row, earlier_s, later_s, ask, asker, wait_s, trait,
rule)``: what a slot costs with its shift, in seconds of shift, and never less than the shift alone.
"""

from __future__ import annotations

import math

import numpy as np

from twin.booking import names
from twin.engine.draws import event_key, uniform
from twin.engine.event_queue import pop, push
from twin.jit import fetch_row, index, inner_kernel, inner_template


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
    """Whether somebody may take a place of a slot now."""
    if left_today <= 0 or now_s > slot_from_s[slot] - rule[names.CLOSES_BEFORE]:
        return False
    if slot_to_s[slot] <= ask[row, names.EARLIEST] or slot_from_s[slot] >= ask[row, names.LATEST]:
        return False
    shift = max(ask[row, names.DESIRED] - slot_to_s[slot], slot_from_s[slot] - ask[row, names.DESIRED])
    if shift > rule[names.MAX_SHIFT]:
        return False
    bits = asker[row, names.POOLS]
    pool = 0
    while bits:
        if bits & 1 and places[pool, slot] <= 0:
            return False
        bits >>= 1
        pool += 1
    return True


@inner_kernel
def excess(length_s):
    """A length, or 0 if it is negative."""
    return length_s if length_s > 0.0 else 0.0


@inner_kernel
def _shift_cost(slot, desired, slot_from_s, slot_to_s, rule):
    """What the shift from the wanted moment costs; no other part of the cost is negative."""
    earlier = excess(desired - slot_to_s[slot])
    return earlier + rule[names.LATER_WEIGHT] * excess(slot_from_s[slot] - desired)


@inner_template
def _best(
    cost_of, row, other, now_s, ids, slot_from_s, slot_to_s, ask, asker, wait_s, trait, rule, stream, places,
    left_today,
):  # fmt: skip
    """Cheapest open slot that is not ``other``; -1 if there is none."""
    best = -1
    best_cost = math.inf
    scale = trait[index(asker[row, names.TYPE]), names.TASTE]
    per_scale = 1.0 / scale if scale > 0.0 else 0.0
    desired = ask[row, names.DESIRED]
    # Slots ascend. The nearest one goes first: after it few others can still be the best.
    first = index(asker[row, names.FIRST])
    nearest = index(asker[row, names.NEAREST])
    for nth in range(first - 1, slot_from_s.size):
        slot = index(nearest if nth < first else nth)
        if slot == slot_from_s.size or (nth == nearest and nth >= first):
            continue
        if slot_from_s[slot] - desired > rule[names.MAX_SHIFT]:
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
        earlier = excess(desired - slot_to_s[slot])
        later = excess(slot_from_s[slot] - desired)
        plain = cost_of(least_cost, slot, row, earlier, later, ask, asker, wait_s, trait, rule)
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
        if asker[row, names.INTENT] & names.NEVER_GIVES_BACK:
            return names.FATE_MISSED, math.inf
        gives_back_s = max(slot_s - ask[row, names.SECOND_LEAD], now_s)
    elif asker[row, names.INTENT] & names.CANCELS:
        gives_back_s = max(slot_s - ask[row, names.CANCEL_LEAD], now_s)
    confirm_s = max(slot_s - rule[names.CONFIRM_BEFORE], now_s)
    if not second and ask[row, names.KNOWN] > confirm_s and confirm_s <= gives_back_s:
        return names.FATE_LAPSED, confirm_s
    if gives_back_s == math.inf:
        return names.FATE_KEPT, math.inf
    if gives_back_s <= slot_s - rule[names.CANCEL_BEFORE]:
        return names.FATE_CANCELLED, gives_back_s
    return names.FATE_CANCELLED_LATE, math.inf


@inner_kernel
def _change(pools, slot, places, by):
    """Take or give back a place in every pool of somebody."""
    bits = pools
    pool = 0
    while bits:
        if bits & 1:
            places[pool, slot] += by
        bits >>= 1
        pool += 1


@inner_template
def run_books(
    cost_of,
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
    """People ask one after the other for the slot they like best among those that are open to them.

    A slot costs the shift from the wanted moment to its nearest moment (later counts ``LATER_WEIGHT`` times), what the
    model adds, and a taste (Gumbel: a logit choice). Places cancelled in time or lapsed are free again at that moment,
    and are first offered to those who found none. The kernel of a model that calls this declares how many columns its
    tables have.

    Parameters
    ----------
    cost_of
        What the model adds, see above.
    order : (m,) int64
        Rows in the order in which they ask.
    asks_s : (n,) float64
        When each asks; may lie before the clock's start.
    ids : (n,) uint64
    ask : (n, columns) float64
        ``DESIRED`` to ``SECOND_LEAD``, then the model's.
    asker : (n, columns) int32
        ``INTENT`` to ``TYPE``, then the model's.
    slot_from_s, slot_to_s : (slots,) float64
        Ascending.
    wait_s : (groups, slots) float64
        What the model's own cost needs to know of a slot.
    trait : (types, columns) float64
        ``TASTE``, then the model's.
    rule : (rules,) float64
        ``LATER_WEIGHT`` to ``WAITING_LIST``, then the model's.
    stream
        Stream of the taste.
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
            _change(asker[row, names.POOLS], freed, places, 1)
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
                    cost_of,
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
            # People ask in no order of memory: have the coming ones at hand.
            coming = index(order[index(min(nth + 4, order.size - 1))])
            fetch_row(ask, coming)
            fetch_row(asks_s, coming)
            fetch_row(ids, coming)
            fetch_row(asker, coming)
            slot = _best(
                cost_of,
                row,
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
            if slot < 0:
                if rule[names.WAITING_LIST]:
                    waiting[waits] = row
                    waits += 1
                continue
            bookings = 2 if asker[row, names.INTENT] & names.DOUBLES else 1
        for second in range(bookings):
            if second:
                slot = _best(
                    cost_of,
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
            _change(asker[row, names.POOLS], slot, places, -1)
            left_today -= 1
            fate, free_s = _fate(row, second, slot_from_s[slot], now_s, ask, asker, rule)
            out_slot[row, second] = slot
            out_fate[row, second] = fate
            if free_s < math.inf:
                push(heap_times, heap_kinds, heap_ids, heap_payloads, heap_size, free_s, 0, ids[row], 2 * row + second)
