"""A stable event queue over plain arrays, usable from kernels.

Entries are ordered by time, then kind, then id: ties always fall the same way, whatever the order of
pushing. The arrays belong to the model (they are part of its state and of the checkpoint)::

    heap = new_heap(capacity)                      # (times, kinds, ids, payloads, size)
    push(*heap, time_s, kind, id_, payload)        # False when the heap is full
    while heap.size[0] and heap.times[0] <= until_s:
        time_s, kind, id_, payload = heap.times[0], ...
        pop(*heap)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.jit import lean_kernel


class Heap(NamedTuple):
    """Arrays of an event queue; ``size`` has one element, the number of entries."""

    times: NDArray[np.float64]
    kinds: NDArray[np.int32]
    ids: NDArray[np.uint64]
    payloads: NDArray[np.int64]
    size: NDArray[np.int64]


def new_heap(capacity: int) -> Heap:
    """Empty event queue for at most ``capacity`` entries at a time."""
    return Heap(
        np.zeros(capacity, np.float64),
        np.zeros(capacity, np.int32),
        np.zeros(capacity, np.uint64),
        np.zeros(capacity, np.int64),
        np.zeros(1, np.int64),
    )


@lean_kernel
def _before(t1, k1, i1, t2, k2, i2):
    if t1 != t2:
        return t1 < t2
    if k1 != k2:
        return k1 < k2
    return i1 < i2


@lean_kernel
def push(times, kinds, ids, payloads, size, time_s, kind, id_, payload):
    """Put an entry in; False, and nothing done, when the queue is full."""
    n = size[0]
    if n >= times.size:
        return False
    i = n
    while i > 0:
        parent = (i - 1) >> 1
        if _before(time_s, kind, id_, times[parent], kinds[parent], ids[parent]):
            times[i] = times[parent]
            kinds[i] = kinds[parent]
            ids[i] = ids[parent]
            payloads[i] = payloads[parent]
            i = parent
        else:
            break
    times[i] = time_s
    kinds[i] = kind
    ids[i] = id_
    payloads[i] = payload
    size[0] = n + 1
    return True


@lean_kernel
def pop(times, kinds, ids, payloads, size):
    """Drop the first entry (read it at index 0 before); does nothing on an empty queue."""
    if size[0] == 0:
        return
    n = size[0] - 1
    size[0] = n
    time_s = times[n]
    kind = kinds[n]
    id_ = ids[n]
    payload = payloads[n]
    i = 0
    while True:
        child = 2 * i + 1
        if child >= n:
            break
        other = child + 1
        if other < n and _before(times[other], kinds[other], ids[other], times[child], kinds[child], ids[child]):
            child = other
        if _before(times[child], kinds[child], ids[child], time_s, kind, id_):
            times[i] = times[child]
            kinds[i] = kinds[child]
            ids[i] = ids[child]
            payloads[i] = payloads[child]
            i = child
        else:
            break
    times[i] = time_s
    kinds[i] = kind
    ids[i] = id_
    payloads[i] = payload
