"""How many trucks come, and who gets which slot."""

from __future__ import annotations

import math

import numpy as np

from twin.engine.draws import event_key, exponential, uniform
from twin.jit import kernel


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


@kernel
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
    for row in order:
        kind = haulier_type[row]
        best = -1
        best_cost = math.inf
        # Slots ascend: those too long before cannot be the ones.
        first = np.searchsorted(slot_to_s, desired_s[row] - max_shift_s)
        for slot in range(first, places.size):
            if slot_from_s[slot] - desired_s[row] > max_shift_s:
                break
            if places[slot] <= 0:
                continue
            earlier = max(desired_s[row] - slot_to_s[slot], 0.0)
            later = max(slot_from_s[slot] - desired_s[row], 0.0)
            if earlier + later > max_shift_s:
                continue
            # Keyed by the slot's start, so that another slot more changes no taste.
            u = uniform(stream, ids[row], event_key(np.uint64(slot_from_s[slot]), 0))
            taste = -math.log(-math.log(u)) * scale_s[kind]
            cost = earlier + later_weight * later + wait_weight[kind] * wait_s[haulier[row], slot] - taste
            if cost < best_cost:
                best_cost = cost
                best = slot
        out_slot[row] = best
        if best >= 0:
            places[best] -= 1
