"""Parts of routing over banned turns against the obvious: the heap as a sorted list, turns as dictionaries."""

from __future__ import annotations

import numba
import numpy as np
import pytest

from twin.city.routing import turn_kernels as kernels


@pytest.mark.parametrize("seed", range(4))
def test_the_heap_gives_what_a_sorted_list_gives(seed):
    """Few keys, so that the number of a label decides often."""
    luck = np.random.default_rng(seed)
    key, heap = np.full(200, np.nan), np.full(200, -7, np.int64)
    size, told, idle = 0, [], luck.permutation(200).tolist()
    while idle or told:
        if idle and (not told or luck.random() < 0.55):
            entry = float(luck.integers(0, 5)), idle.pop()
            size = kernels._push(key, heap, size, *entry)
            told.append(entry)
        else:
            told.remove(min(told))
            size = kernels._drop_first(key, heap, size)
        assert size == len(told)
        if told:
            assert (key[0], heap[0]) == min(told)
    assert size == 0


@pytest.mark.skipif(numba.config.DISABLE_JIT == 0, reason="compiled, this is only a part of other kernels")
def test_a_turn_that_leads_elsewhere_is_looked_up():
    luck = np.random.default_rng(1)
    exceptions = {(a, b): int(luck.integers(-1, 9)) for a in range(6) for b in range(6) if luck.random() < 0.4}
    ptr = np.cumsum([0] + [sum(a == label for a, _ in exceptions) for label in range(6)])
    to, target = np.array([b for _, b in sorted(exceptions)]), np.array([exceptions[k] for k in sorted(exceptions)])
    for label in range(6):
        for onto in range(6):
            assert kernels._exception(label, onto, ptr, to, target) == exceptions.get((label, onto), -2)


@pytest.mark.parametrize("seed", range(20))
def test_a_node_is_done_when_all_turns_but_the_one_back_are_made(seed):
    luck = np.random.default_rng(seed)
    nodes = 4
    ptr = np.concatenate([[0], np.cumsum(luck.integers(0, 4, nodes))])
    links = luck.permutation(ptr[-1])
    value = np.where(luck.random(ptr[-1]) < 0.6, 1.0, np.inf)
    onward = np.where(np.isfinite(value), 3, -2)
    cost = np.where(luck.random(ptr[-1]) < 0.8, 1.0, np.inf)
    base = luck.integers(0, 3, ptr[-1])
    closed = luck.random(nodes) < 0.2
    for node in range(nodes):
        mine = links[ptr[node] : ptr[node + 1]]
        for back in range(-1, 3):
            open_ = [k for k in mine if not np.isfinite(value[k]) and np.isfinite(cost[k]) and base[k] != back]
            done = bool(closed[node]) or not open_
            assert kernels._is_done(node, back, ptr, links, base, value, cost, closed) == done
            assert kernels._is_done_back(node, back, ptr, links, base, onward, cost, closed) == done
