"""Plans of whole fleets: budgets, what is left out, and the files that problems are read from."""

from __future__ import annotations

import numpy as np
import pytest

from twin.models.transit.planning.instances import read_dial_a_ride, read_pickup_delivery
from twin.models.transit.planning.solver import Budget, solve

RIDES = """2 4 480 3 60
0 0 0 0 0 0 480
11 1 0 3 1 0 480
12 2 0 3 2 0 480
13 0 3 3 1 100 140
14 0 4 3 1 0 480
21 5 0 3 -1 60 90
22 6 0 3 -2 60 90
23 0 7 3 -1 0 480
24 0 8 3 -1 150 200
"""
PARCELS = """3 20 1
0 40 50 0 0 300 0 0 0
7 45 50 10 0 200 5 0 9
9 60 50 -10 0 250 5 7 0
4 40 60 5 0 200 5 0 2
2 40 70 -5 0 250 5 4 0
"""


def same(a, b):
    return a.cost == b.cost and len(a.routes) == len(b.routes) and all(map(np.array_equal, a.routes, b.routes))


def test_the_same_seed_and_steps_give_the_same_plan():
    problem = read_dial_a_ride(RIDES).problem
    assert same(solve(problem, Budget(steps=300), seed=5), solve(problem, Budget(steps=300), seed=5))


def test_a_clock_that_stands_at_the_end_stops_the_search():
    ticks = iter(range(10_000))
    plan = solve(read_dial_a_ride(RIDES).problem, Budget(seconds=40.0), clock=lambda: float(next(ticks)))
    assert plan.unserved.size == 0
    assert next(ticks) < 60


@pytest.mark.parametrize(
    "fault",
    [
        {},
        {"steps": 5, "seconds": 1.0},
        {"steps": 0},
        {"seconds": -1.0},
        {"seconds": float("nan")},
        {"seconds": float("inf")},
    ],
)
def test_a_budget_is_either_steps_or_seconds_above_0(fault):
    with pytest.raises(ValueError, match=r"steps or seconds|above 0"):
        Budget(**fault)


def test_who_cannot_be_served_is_said_and_all_others_are_served():
    # Two places asked for two, one of whom is four people.
    problem = read_dial_a_ride(RIDES.replace("12 2 0 3 2", "12 2 0 3 4").replace("22 6 0 3 -2", "22 6 0 3 -4")).problem
    plan = solve(problem, Budget(steps=200))
    assert plan.unserved.tolist() == [1]
    assert sorted(np.concatenate(plan.routes).tolist()) == [0, 1, 4, 5, 6, 7]


def test_both_forms_of_the_depot_and_both_counts_are_one_problem():
    ended = RIDES + "25 0 0 0 0 0 480\n"
    cases = [RIDES, RIDES.replace("2 4 480", "2 8 480"), ended, ended.replace("2 4 480", "2 8 480")]
    plans = [solve(read_dial_a_ride(text).problem, Budget(steps=200)) for text in cases]
    assert all(same(plans[0], plan) for plan in plans[1:])


def test_ids_of_the_file_are_kept_whatever_they_are():
    assert read_dial_a_ride(RIDES).ids.tolist() == [11, 21, 12, 22, 13, 23, 14, 24, 0]
    assert read_pickup_delivery(PARCELS).ids.tolist() == [7, 9, 4, 2, 0]


def test_a_request_may_take_no_place():
    text = PARCELS.replace("40 60 5 ", "40 60 0 ").replace("40 70 -5 ", "40 70 0 ")
    assert solve(read_pickup_delivery(text).problem, Budget(steps=50)).unserved.size == 0


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("2 4 480 3 60", "2 4 480 3", "line 1 has 4 numbers, expected 5"),
        ("2 4 480 3 60", "2 5 480 3 60", "says 5 requests or tasks, the file has lines for 4"),
        ("2 4 480 3 60", "0 4 480 3 60", "vehicles must be a whole number above 0"),
        ("2 4 480 3 60", "2 4 480 nan 60", "line 1 holds a number that is not finite"),
        ("2 4 480 3 60", "2 4 480 3 -60", "must not be below 0"),
        ("11 1 0 3 1 0", "11 1 0 3 -1 0", "id 11 picks up -1"),
        ("11 1 0 3 1 0", "11 1 0 3 0 0", "id 11 picks up 0 and id 21 sets down 1"),
        ("11 1 0 3 1 0 480", "11 1 0 3 1 0", "line 3 has 6 numbers, expected 7"),
        ("11 1 0 3 1 0", "11 x 0 3 1 0", "line 3 holds what is not a number"),
        ("11 1 0 3 1 0 480", "11 1 0 3 1 90 80", "window of id 11 closes before it opens"),
        ("12 2 0", "11 2 0", "ids must be whole numbers, each once"),
        ("12 2 0", "12.5 2 0", "ids must be whole numbers, each once"),
        ("24 0 8 3 -1 150 200\n", "", "expected the depot, all pick-ups"),
        ("24 0 8 3 -1 150 200\n", "24 0 8 3 -1 150 200\n25 1 0 0 0 0 480\n", "depot at the end"),
        (RIDES, "", "no lines of nodes"),
    ],
)
def test_a_broken_dial_a_ride_file_is_refused_with_what_is_wrong(before, after, message):
    assert before in RIDES
    with pytest.raises(ValueError, match=message):
        read_dial_a_ride(RIDES.replace(before, after, 1))


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("3 20 1", "3", "line 1 has 1 numbers"),
        ("3 20 1", "3.5 20 1", "vehicles must be a whole number"),
        ("5 0 9\n", "5 0 8\n", "pick-up 7 and its set-down 8 do not name each other"),
        ("5 0 9\n", "5 0 2\n", "pick-up 7 and its set-down 2 do not name each other"),
        ("60 50 -10", "60 50 -9", "id 7 picks up 10 and id 9 sets down 9"),
        ("45 50 10", "45 50 -10", "id 7 picks up -10"),
        ("2 40 70 -5 0 250 5 4 0\n", "", "2 pick-ups in 4 lines"),
        ("5 0 9\n", "5 0\n", "line 3 has 8 numbers, expected 9"),
    ],
)
def test_a_broken_pickup_delivery_file_is_refused_with_what_is_wrong(before, after, message):
    assert before in PARCELS
    with pytest.raises(ValueError, match=message):
        read_pickup_delivery(PARCELS.replace(before, after, 1))
