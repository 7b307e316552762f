"""One seat, one depot, no dwell, first come first served: vans are the servers of a textbook queue."""

from __future__ import annotations

import heapq
import math

import numpy as np
import pytest

from tests.verification.transit_cases import draws, requests, rules
from twin.models.transit.desk.desk import Desk
from twin.models.transit.dispatch import kernels
from twin.models.transit.fleet import rows as state

VANS, LOAD = 4, 0.85


def waits_of(seed, count, service_s):
    """Waits of Poisson requests for rides from the depot and back; a ride takes as long as boarding says."""
    gaps = -np.log(draws(seed, count, "gaps")) / (VANS * LOAD)
    asked = np.cumsum(gaps)
    # Two stops at one place: boarding at the first takes the whole ride, the drive to the second none.
    both = state.new_times(np.zeros((2, 2)), np.zeros(2, np.int32))
    desk = Desk(
        state.new_fleet(np.zeros(VANS, np.int32), 1, 0.0),
        requests(asked, np.zeros(count, np.int32), np.ones(count, np.int32), board_s=service_s),
        both,
        rules(strategy=kernels.FIRST_COME),
    )
    desk.run_until(np.inf)
    assert (desk.requests["status"] == state.SERVED).all()
    return asked, desk.requests["pickup_s"] - desk.requests["asked_s"]


def erlang_c_wait(servers, load):
    """Mean wait of M/M/c in units of the mean service."""
    a = servers * load
    busy = a**servers / math.factorial(servers) / (1 - load)
    none = sum(a**k / math.factorial(k) for k in range(servers))
    return busy / (none + busy) / (servers * (1 - load))


def batch_error(waits, batches=100):
    means = waits[: len(waits) // batches * batches].reshape(batches, -1).mean(axis=1)
    return means.std(ddof=1) / math.sqrt(batches)


@pytest.mark.parametrize(
    ("law", "expected"),
    [
        ("exponential", erlang_c_wait(VANS, LOAD)),
        # M/D/4 at 0.85, in units of the ride: Crommelin's exact solution.
        ("fixed", 0.588766),
    ],
)
def test_mean_wait_of_a_million_requests_is_that_of_the_queue(law, expected):
    count = 1_000_000
    service = -np.log(draws(11, count, "service")) if law == "exponential" else np.ones(count)
    _, waits = waits_of(11, count, service)
    error = batch_error(waits)
    assert error < 0.02 * expected
    assert abs(waits.mean() - expected) < 3 * error


def test_every_wait_is_that_of_the_first_free_server():
    count = 20_000
    service = -np.log(draws(23, count, "service"))
    asked, waits = waits_of(23, count, service)
    free = [0.0] * VANS
    for r in range(count):
        start = max(asked[r], heapq.heappop(free))
        heapq.heappush(free, start + service[r])
        assert waits[r] == pytest.approx(start - asked[r], abs=1e-6), r
