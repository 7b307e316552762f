"""The check of insertion by full recomputation, small enough for every run; its command tries a million places."""

from __future__ import annotations

import numpy as np
import pytest

from tests.verification.insertions import check, slow_drive_s, slow_timetable, some_case
from twin.models.transit.dispatch import insertion_kernels

pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")


def test_places_tested_in_constant_time_are_those_that_full_timetables_allow():
    tried, fits, other = check(12_000, seed=5)
    assert other == 0
    assert 0.01 * tried < fits < 0.9 * tried


def test_cases_have_breaks_riders_on_board_wheelchairs_and_ends_of_shifts():
    luck = np.random.default_rng(3)
    vans = [some_case(luck)[0] for _ in range(60)]
    plans = [van["task_pick"][: van["size"]] for van in vans]
    assert any((plan == insertion_kernels.BREAK).any() and len(plan) > 4 for plan in plans)
    assert any(van["load"] > 0 and van["chairs"] > 0 for van in vans)
    assert any(van["off_s"] < np.inf and van["size"] > 4 for van in vans)


def kept_with(van, anchor_s, requests, times, rules):
    """Whether a van that sets off at a moment begins every task in time and is home by the end of its shift."""
    later, n = van.copy(), int(van["size"])
    later["anchor_s"] = anchor_s
    start = np.zeros(n)
    tasks = later["task_request"], later["task_pick"], later["task_stop"]
    end, last = slow_timetable(later, n, *tasks, start, requests, times, rules)
    home = end + slow_drive_s(times, end, last, int(van["depot_stop"]))
    return (start <= van["late_s"][:n] + 1e-7).all() and home <= van["off_s"] + 1e-7


def test_slack_is_by_how_much_the_first_arrival_may_slip_until_a_promise_breaks():
    luck = np.random.default_rng(11)
    compared = 0
    while compared < 30:
        van, requests, times, rules = some_case(luck)
        if van["size"] < 3 or not 0.0 < van["slack_s"][0] < 5_000.0:
            continue
        low, high = float(van["anchor_s"]), float(van["anchor_s"]) + 20_000.0
        if not kept_with(van, low, requests, times, rules):
            continue  # the road has made it late already
        for _ in range(60):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if kept_with(van, middle, requests, times, rules) else (low, middle)
        first = low + slow_drive_s(times, low, int(van["anchor_stop"]), int(van["task_stop"][0]))
        assert first - van["arrive_s"][0] == pytest.approx(van["slack_s"][0], abs=1e-3)
        compared += 1
