"""The event queue gives everything back in one order, whatever the order of pushing."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.engine.event_queue import new_heap, pop, push

entry = st.tuples(st.integers(0, 5).map(float), st.integers(0, 3), st.integers(0, 2**63))


def drained(heap):
    out = []
    while heap.size[0]:
        out.append((float(heap.times[0]), int(heap.kinds[0]), int(heap.ids[0]), int(heap.payloads[0])))
        pop(*heap)
    return out


@settings(deadline=None, max_examples=60)
@given(st.lists(entry, max_size=40, unique=True))
def test_entries_leave_by_time_then_kind_then_id(entries):
    heap = new_heap(64)
    for payload, (time_s, kind, id_) in enumerate(entries):
        assert push(*heap, time_s, kind, np.uint64(id_), payload)
    got = drained(heap)
    assert [g[:3] for g in got] == sorted(entries)
    assert all(entries[payload] == (t, k, i) for t, k, i, payload in got)


def test_a_full_queue_refuses_and_keeps_what_it_has():
    heap = new_heap(2)
    assert [len(part) for part in heap] == [2, 2, 2, 2, 1]
    assert push(*heap, 2.0, 0, np.uint64(1), 0)
    assert push(*heap, 1.0, 0, np.uint64(2), 0)
    assert not push(*heap, 0.0, 0, np.uint64(3), 0)
    assert [g[2] for g in drained(heap)] == [2, 1]


def test_popping_an_empty_queue_does_nothing():
    heap = new_heap(2)
    pop(*heap)
    assert heap.size[0] == 0
