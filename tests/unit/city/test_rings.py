"""Rings of relations from their ways."""

from __future__ import annotations

from itertools import pairwise, permutations

import pytest

from twin.city.reading.rings import assemble_rings

SQUARE = [(1, 2, 3), (5, 4, 3), (5, 6, 1)]


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("turned", range(8))
def test_ways_in_any_order_and_direction_are_one_ring(order, turned):
    ways = [SQUARE[i][:: -1 if turned >> i & 1 else 1] for i in order]
    rings, left_over = assemble_rings(ways)
    assert left_over == 0
    (ring,) = rings
    assert ring[0] == ring[-1]
    pairs = {frozenset(pair) for pair in pairwise(ring)}
    assert pairs == {frozenset(p) for p in ((1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (6, 1))}


def test_closed_ways_stand_alone_and_torn_ones_are_counted():
    rings, left_over = assemble_rings([(1, 2, 3, 1), (7, 8), (8, 9), (4,), (5, 5)])
    assert rings == [(1, 2, 3, 1)]
    assert left_over == 4


def test_two_rings_of_two_ways_each_are_two():
    rings, left_over = assemble_rings([(1, 2, 3), (10, 11, 12), (3, 4, 1), (12, 13, 10)])
    assert left_over == 0
    assert {frozenset(ring) for ring in rings} == {frozenset({1, 2, 3, 4}), frozenset({10, 11, 12, 13})}
