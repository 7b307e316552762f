"""The books of the gate: what a slot costs a haulier beyond its shift."""

from __future__ import annotations

import math

from twin.booking.book_kernels import excess, run_books
from twin.booking.names import ASK_OWN, ASKER_OWN, RULE_OWN, TRAIT_OWN, TYPE
from twin.jit import has_columns, index, inner_kernel, lean_kernel

# Columns of ``ask`` after those of booking: slack at the consignee, and the driver's hours.
SLACK, HOURS_LEFT = range(ASK_OWN, ASK_OWN + 2)
ASK_COLUMNS = ASK_OWN + 2

#: Column of ``asker`` after those of booking.
HAULIER = ASKER_OWN
ASKER_COLUMNS = ASKER_OWN + 1

# Columns of ``trait`` after those of booking: what hauliers of a type weigh.
WAIT_WEIGHT, DELIVERY_WEIGHT, HOURS_WEIGHT, PENALTY, MISS_SCALE = range(TRAIT_OWN, TRAIT_OWN + 5)
TRAITS = TRAIT_OWN + 5

#: Element of ``rule`` after those of booking: a visit without waiting, s.
VISIT = RULE_OWN
RULES = RULE_OWN + 1


@inner_kernel
def _cost_of(shift_cost, slot, row, earlier_s, later_s, ask, asker, wait_s, trait, rule):
    kind = index(asker[row, TYPE])
    wait = wait_s[index(asker[row, HAULIER]), slot]
    cost = shift_cost + trait[kind, WAIT_WEIGHT] * wait
    cost += trait[kind, DELIVERY_WEIGHT] * excess(later_s + wait - ask[row, SLACK])
    cost += trait[kind, HOURS_WEIGHT] * excess(later_s - earlier_s + wait + rule[VISIT] - ask[row, HOURS_LEFT])
    if trait[kind, PENALTY] > 0.0:
        cost += trait[kind, PENALTY] * (1.0 - math.exp(-(earlier_s + later_s) / trait[kind, MISS_SCALE]))
    return cost


@lean_kernel
def run_gate_books(
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
    """Trucks ask for slots: :func:`~twin.booking.book_kernels.run_books` with the cost of hauliers.

    Beyond the shift a slot costs the expected wait, what the box would be late at its consignee, what the visit would
    go beyond the driver's hours, and the risk of missing the slot times its penalty.

    Parameters
    ----------
    order, ..., out_fate
        As ``run_books`` takes them, with the columns above.
    wait_s : (hauliers, slots) float64
        Wait that each haulier expects in a slot.
    """
    has_columns(ask, ASK_COLUMNS)
    has_columns(asker, ASKER_COLUMNS)
    has_columns(trait, TRAITS)
    run_books(
        _cost_of,
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
    )
