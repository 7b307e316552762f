"""How many trucks come, and who gets which slot."""

from __future__ import annotations

import math

import numpy as np

from twin.engine.draws import event_key, exponential, uniform
from twin.jit import fetch_row, inner_kernel, kernel, lean_kernel


@kernel
def poisson_counts(stream, keys, means, out_counts):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Same numbers as :func:`twin.engine.draws.poisson_count`, for many keys."""
    for i in range(keys.size):
        total = 0.0
        count = 0
        while True:
            total += exponential(stream, keys[i], np.uint64(count), 1.0)
            if total > means[i]:
                break
            count += 1
        out_counts[i] = count


@inner_kernel
def first_from(ascending, least):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Index of the first value that is at least ``least``."""
    low = 0
    high = ascending.size
    while low < high:
        middle = (low + high) >> 1
        if ascending[middle] < least:
            low = middle + 1
        else:
            high = middle
    return low


@inner_kernel
def is_surely_below(u, taste):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Whether the Gumbel draw -ln(-ln u) is below ``taste``, told without a logarithm; False also if in doubt.

    It is if u <= exp(-exp(-t)), which is at least 1 - exp(-t), and exp(t) is more than its first four terms.
    """
    return taste > 0.1 and u <= 1.0 - 1.0 / (1.0 + taste * (1.0 + taste * (0.5 + taste / 6.0)))


@lean_kernel
def assign_slots(  # type: ignore[no-untyped-def]  # noqa: ANN201
    order, ids, desired_s, haulier, haulier_type, slot_from_s, slot_to_s, wait_s, scale_s, wait_weight,  # noqa: ANN001
    later_weight, max_shift_s, stream, places, out_slot,  # noqa: ANN001
):
    """Hauliers book, one truck after the other, the slot they like best among those with a place.

    A slot costs the shift from the desired moment to the nearest moment of the slot (an hour later counts
    ``later_weight`` times), the expected wait there, and a taste of its own (Gumbel: a logit choice).

    Parameters
    ----------
    order : (n,) int64
        Rows in the order in which they book.
    wait_s : (hauliers, slots) float64
        Wait that each haulier expects in a slot.
    scale_s, wait_weight : (types,) float64
    places : (slots,) int64
        Places left; reduced.
    out_slot : (n,) int32
        Slot of each row, -1 if none had a place within ``max_shift_s``.
    """
    for i in range(order.size):
        row = order[i]
        # Trucks book in no order of memory.
        coming = order[min(i + 4, order.size - 1)]
        fetch_row(ids, coming)
        fetch_row(desired_s, coming)
        fetch_row(haulier, coming)
        fetch_row(haulier_type, coming)
        kind = haulier_type[row]
        desired = desired_s[row]
        best = -1
        best_cost = math.inf
        # Slots ascend. The nearest one goes first: after it few others can still be the best.
        first = first_from(slot_to_s, desired - max_shift_s)
        nearest = first
        while nearest < places.size and slot_to_s[nearest] < desired:
            nearest += 1
        for nth in range(first - 1, places.size):
            slot = nearest if nth < first else nth
            if slot == places.size or (nth == nearest and nth >= first):
                continue
            if slot_from_s[slot] - desired > max_shift_s:
                if nth < first:
                    continue
                break
            earlier = max(desired - slot_to_s[slot], 0.0)
            later = max(slot_from_s[slot] - desired, 0.0)
            if places[slot] <= 0 or earlier + later > max_shift_s:
                continue
            plain = earlier + later_weight * later + wait_weight[kind] * wait_s[haulier[row], slot]
            # Keyed by the slot's start, so that another slot more changes no taste.
            u = uniform(stream, ids[row], event_key(np.uint64(slot_from_s[slot]), 0))
            if is_surely_below(u, (plain - best_cost) / scale_s[kind]):
                continue
            taste = -math.log(-math.log(u)) * scale_s[kind]
            cost = plain - taste
            if cost < best_cost or (cost == best_cost and slot < best):
                best_cost = cost
                best = slot
        out_slot[row] = best
        if best >= 0:
            places[best] -= 1
