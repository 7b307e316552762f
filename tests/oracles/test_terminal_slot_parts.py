"""Parts of the books one by one. Compiled they cannot be called by themselves: see ``test_terminal_parts.py``."""

from __future__ import annotations

import math

import numba
import numpy as np
import pytest

from twin.booking import book_kernels, names

pytestmark = pytest.mark.skipif(numba.config.DISABLE_JIT == 0, reason="compiled, these are only parts of other kernels")
FROM_S, TO_S = np.array([100.0, 200.0, 300.0]), np.array([200.0, 300.0, 400.0])


def test_a_value_is_found_from_wherever_the_search_begins():
    values = np.array([1.0, 2.0, 2.0, 2.0, 5.0])
    for least in (0.0, 1.0, 1.5, 2.0, 4.9, 5.0, 6.0):
        for start in range(6):
            assert book_kernels.step_to(start, values, least) == np.searchsorted(values, least)


def test_a_draw_that_is_surely_below_is_below_and_most_that_are_below_are_seen():
    luck = np.random.default_rng(1)
    seen = below = 0
    for u, taste in zip(luck.uniform(size=4000), luck.uniform(-2.0, 9.0, 4000), strict=True):
        is_below = -math.log(-math.log(u)) < taste
        below += is_below
        sure = book_kernels.is_surely_below(u, taste)
        seen += sure
        assert is_below or not sure
        terms = 1.0 + taste + taste**2 / 2 + taste**3 / 6
        if abs(u * terms - (terms - 1.0)) > 1e-9:
            assert sure == (taste > 0.1 and u < 1.0 - 1.0 / terms)
    assert seen > 0.8 * below
    assert not book_kernels.is_surely_below(1e-300, 0.1)
    assert book_kernels.is_surely_below(1e-300, 0.1001)


def test_only_what_lies_beyond_counts_as_excess():
    assert [book_kernels.excess(length_s) for length_s in (-3.0, 0.0, 0.5, 7.0)] == [0.0, 0.0, 0.5, 7.0]


@pytest.mark.parametrize(
    ("change", "is_open"),
    [
        ({}, True),
        ({"left_today": 1}, True),
        ({"left_today": 0}, False),
        ({"now_s": 190.0}, True),  # the books of the slot close ten seconds before it begins
        ({"now_s": 190.1}, False),
        ({"earliest": 299.9}, True),
        ({"earliest": 300.0}, False),
        ({"latest": 200.1}, True),
        ({"latest": 200.0}, False),
        ({"desired": 150.0}, True),  # 50 s before the slot begins, and no more than that
        ({"desired": 149.9}, False),
        ({"desired": 350.0}, True),
        ({"desired": 350.1}, False),
        ({"places": (1, 1, 1)}, True),
        ({"places": (0, 1, 1)}, False),
        ({"places": (1, 0, 1)}, True),  # of a pool in which the truck needs no place
        ({"places": (1, 1, 0)}, False),
        ({"pools": 0, "places": (0, 0, 0)}, True),
    ],
)
def test_a_slot_is_open_up_to_each_of_its_borders(change, is_open):
    with_ = {
        "left_today": 9, "now_s": 0.0, "earliest": 0.0, "latest": 999.0, "desired": 250.0, "places": (4, 4, 4),
        "pools": 5,
    } | change  # fmt: skip
    ask, asker = np.zeros((1, names.SECOND_LEAD + 1)), np.zeros((1, names.TYPE + 1), np.int32)
    ask[0, [names.DESIRED, names.EARLIEST, names.LATEST]] = with_["desired"], with_["earliest"], with_["latest"]
    asker[0, names.POOLS] = with_["pools"]
    rule = np.zeros(names.WAITING_LIST + 1)
    rule[[names.MAX_SHIFT, names.CLOSES_BEFORE]] = 50.0, 10.0
    places = np.full((3, 3), 4)
    places[:, 1] = with_["places"]
    args = (FROM_S, TO_S, ask, asker, rule, places, with_["left_today"])
    assert bool(book_kernels._open(1, 0, with_["now_s"], *args)) == is_open


@pytest.mark.parametrize(
    ("known_s", "fate", "free_s"),
    [(899.9, names.FATE_KEPT, math.inf), (900.0, names.FATE_KEPT, math.inf), (900.1, names.FATE_LAPSED, 900.0)],
)
def test_a_booking_lapses_only_if_the_box_is_known_after_the_deadline(known_s, fate, free_s):
    ask, asker = np.zeros((1, names.SECOND_LEAD + 1)), np.zeros((1, names.TYPE + 1), np.int32)
    rule = np.zeros(names.WAITING_LIST + 1)
    ask[0, names.KNOWN], rule[names.CONFIRM_BEFORE] = known_s, 100.0
    assert book_kernels._fate(0, 0, 1000.0, 0.0, ask, asker, rule) == (fate, free_s)
