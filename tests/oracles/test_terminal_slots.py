"""Choice of slots, slow and obvious: every truck in turn looks at every slot."""

from __future__ import annotations

import math

import numpy as np
import pytest

from twin.engine.draws import event, make_run_seed, make_stream, uniform
from twin.models.terminal.booking_kernels import assign_slots

# Without compilation, numpy warns where the hash of the draws wraps around on purpose.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")


def slot_costs(desired_s, id_, slots, waits_s, weight, scale_s, later_weight, stream):
    """Cost of every slot to one truck: shift, expected wait, taste."""
    costs = []
    for (start, end), wait_s in zip(slots, waits_s, strict=True):
        shift_s = desired_s - end if desired_s > end else later_weight * max(start - desired_s, 0.0)
        taste = -math.log(-math.log(uniform(stream, np.uint64(id_), event(int(start)))))
        costs.append(shift_s + weight * wait_s - scale_s * taste)
    return costs


@pytest.mark.parametrize("replication", range(3))
@pytest.mark.parametrize(("later_weight", "max_shift_s"), [(1.0, 7200.0), (2.5, 3600.0)])
def test_slots_go_to_trucks_in_turn_by_least_cost(replication, later_weight, max_shift_s):
    stream = make_stream(make_run_seed(3, replication), "terminal.taste")
    luck = make_stream(make_run_seed(4, replication), "test")
    n, hauliers, types = 60, 4, 2
    u = np.array([[uniform(luck, np.uint64(i), np.uint64(j)) for j in range(4)] for i in range(n)])
    desired = 28800.0 + 30000.0 * u[:, 0]
    haulier = (u[:, 1] * hauliers).astype(np.int32)
    kind = (haulier % types).astype(np.int32)
    order = np.argsort(u[:, 2]).astype(np.int64)[: n - 5]
    slots = [(30600.0, 34200.0), (34200.0, 37800.0), (37800.0, 41400.0), (46800.0, 50400.0)]
    waits = np.array([[600.0 * ((h + s) % 3) for s in range(4)] for h in range(hauliers)])
    scale, weight = np.array([300.0, 1500.0]), np.array([1.0, 2.0])
    ids = np.arange(n, dtype=np.uint64) + np.uint64(10**15)

    places, expected = [12, 8, 0, 20], [-1] * n
    for row in order.tolist():
        costs = slot_costs(desired[row], int(ids[row]), slots, waits[haulier[row]], weight[kind[row]], scale[kind[row]],
                           later_weight, stream)  # fmt: skip
        near = [max(desired[row] - end, start - desired[row], 0.0) <= max_shift_s for start, end in slots]
        open_slots = [s for s in range(4) if places[s] and near[s]]
        if open_slots:
            expected[row] = min(open_slots, key=costs.__getitem__)
            places[expected[row]] -= 1

    left, chosen = np.array([12, 8, 0, 20], np.int64), np.full(n, -1, np.int32)
    assign_slots(
        order, ids, desired, haulier, kind, np.array([s for s, _ in slots]), np.array([e for _, e in slots]), waits,
        scale, weight, later_weight, max_shift_s, stream, left, chosen,
    )  # fmt: skip
    assert chosen.tolist() == expected
    assert left.tolist() == places
    assert -1 in expected
