"""What holds at every kerb, whatever is drawn."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.models.kerb.cases import random_case, run_kernels
from twin.models.kerb.names import LEAVING

MODE_BAY = 0


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31), everything=st.booleans(), count=st.integers(1, 250))
def test_no_bay_is_used_twice_nobody_stands_twice_and_everybody_leaves(seed, everything, count):
    case = random_case(seed, count, everything)
    told = run_kernels(case)
    of_bay, of_visit = {}, {}
    for id_, from_s, to_s, pocket, bay, _, mode, _, _ in told.stands:
        assert to_s >= from_s
        of_visit.setdefault(id_, []).append((from_s, to_s))
        if mode == MODE_BAY:
            first = sum(case.bays[:pocket])
            assert first <= bay < first + case.bays[pocket]
            of_bay.setdefault(bay, []).append((from_s, to_s))
        else:
            assert bay == -1
    for spans in (*of_bay.values(), *of_visit.values()):
        spans.sort()
        assert all(one[1] <= other[0] for one, other in pairwise(spans))
    left = Counter(id_ for _, id_, away, _ in told.moves if away)
    assert sorted(left) == sorted(case.ids.tolist())
    assert set(left.values()) == {1}
    side = told.side
    assert (side.visits["state"] == LEAVING).all()
    assert side.size[0] == 0
    assert not side.edge_count.any()
    assert (side.bay_visit == -1).all()
    assert (side.wait_head == -1).all()
    assert (side.wait_tail == -1).all()
    lanes = {}
    for _, edge, blocked in sorted(told.lanes, key=lambda row: row[0]):
        assert lanes.get(edge, 0) == 1 - blocked
        lanes[edge] = blocked
    assert not any(lanes.values())


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_one_bay_more_serves_whom_fewer_serve(seed):
    """Loss without search: the bays before the last see the same vehicles with and without it, and it only adds."""
    case = random_case(seed, 150, False)
    case.near = [[0]] * len(case.near)
    case.kinds = [(0.0, 0.0, 0.0, 1.0, 0.0)] * 2
    served = []
    for bays in (2, 3):
        case.bays = [bays, 1, 1, 1]
        served.append({row[0] for row in run_kernels(case).stands})
    assert served[1] >= served[0] > set()
