"""Stationary queues: Erlang C (O1), other service laws (O2), two classes (O4). Unit of time: mean service.

Most run arrivals through ``GateQueue``, which is the terminal's own event kernel without the model around it; one runs
the whole model.
"""

import numpy as np
import pytest

from tests.unit.models.terminal.gate import always_open, run
from tests.verification.terminal_theory import erlang_c, erlang_c_wait, mean_and_half_width, priority_waits
from twin.engine.draws import exponentials, make_run_seed, make_stream, uniforms
from twin.models.terminal.gate.params import ServiceLaw
from twin.models.terminal.gate.queue import GateQueue

SERVICE_S = 6.0
HOURS = 40
WARM_UP_S = 2 * 3600.0
CUSTOMERS = 200_000
#: Customers who come before the queue has forgotten that it began empty: 13 relaxation times at load 0.95.
WARM_UP = 20_000
NO_EVENT = np.uint64(0)


def mean_waits(servers, load, replications, service=None, booked_share=None, customers=CUSTOMERS):
    """Mean waits of all, of booked and of other customers, and the share that waits, per replication."""
    queue = GateQueue(servers, ServiceLaw(**{"law": "exponential", "mean_s": 1.0} | (service or {})))
    ids = np.arange(customers, dtype=np.uint64)
    out = []
    for replication in range(replications):
        seed = make_run_seed(2, replication)
        gaps = exponentials(make_stream(seed, "test.gaps"), ids, NO_EVENT, 1.0 / (servers * load))
        booked = None
        if booked_share is not None:
            booked = uniforms(make_stream(seed, "test.booked"), ids, NO_EVENT) < booked_share
        wait = queue.run(np.cumsum(gaps), booked=booked, replication=replication, records=False).wait_s[WARM_UP:]
        first = np.zeros(len(wait), np.bool_) if booked is None else booked[WARM_UP:]
        of_booked = wait[first].mean() if first.any() else np.nan
        out.append((wait.mean(), of_booked, wait[~first].mean(), (wait > 0).mean()))
    return np.array(out)


@pytest.mark.parametrize(
    ("servers", "load", "waits", "mean_wait"),
    [
        (1, 0.8, 0.8, 4.0), (2, 0.8, 0.7111111111, 1.7777777778), (4, 0.85, 0.6893162217, 1.1488603695),
        (4, 0.95, 0.8914189952, 4.4570949759), (8, 0.9, 0.7015329901, 0.8769162377),
        (12, 0.95, 0.8090250247, 1.3483750412),
    ],
)  # fmt: skip
def test_the_formula_of_erlang_gives_the_printed_digits(servers, load, waits, mean_wait):
    assert erlang_c(servers, load) == pytest.approx(waits, abs=6e-11)
    assert erlang_c_wait(servers, load) == pytest.approx(mean_wait, abs=6e-11)


@pytest.mark.parametrize(
    ("servers", "load", "replications"),
    [(1, 0.8, 24), (2, 0.8, 24), (4, 0.85, 24), (4, 0.95, 64), (8, 0.9, 24), (12, 0.95, 64)],
)
def test_lanes_with_exponential_service_wait_as_erlang_says(servers, load, replications):
    waits = mean_waits(servers, load, replications)
    mean, half = mean_and_half_width(waits[:, 0])
    assert mean == pytest.approx(erlang_c_wait(servers, load), abs=half)
    assert half < 0.06 * mean
    share, half = mean_and_half_width(waits[:, 3])
    assert share == pytest.approx(erlang_c(servers, load), abs=half)


def test_the_whole_model_waits_as_erlang_says():
    out = []
    for replication in range(16):
        params = always_open(4 * 0.85 * 3600.0 / SERVICE_S, HOURS, 4, mean_s=SERVICE_S)
        visits = run(params, replication, step_s=1e6)["terminal_visits"]
        out.append(visits["wait_s"][visits["join_s"] >= WARM_UP_S].mean() / SERVICE_S)
    mean, half = mean_and_half_width(out)
    assert mean == pytest.approx(erlang_c_wait(4, 0.85), abs=half)
    assert half < 0.1 * mean


@pytest.mark.parametrize(
    ("service", "exact", "uncertain"),
    [
        ({"law": "deterministic"}, 0.588766, 0.0), ({"law": "erlang", "phases": 2}, 0.871021, 0.0),
        ({"law": "erlang", "phases": 3}, 0.778261, 0.0), ({"law": "erlang", "phases": 4}, 0.731787, 0.0),
        ({"law": "exponential"}, 1.148860, 0.0),
        # Simulated elsewhere with 1.6e9 customers; half widths of their 95 % intervals.
        ({"law": "lognormal", "cv": 0.6}, 0.7902, 0.0006), ({"law": "lognormal", "cv": 1.5}, 1.7646, 0.0022),
    ],
)  # fmt: skip
def test_four_lanes_wait_by_the_law_of_service(service, exact, uncertain):
    mean, half = mean_and_half_width(mean_waits(4, 0.85, 24, service=service)[:, 0])
    assert mean == pytest.approx(exact, abs=half + uncertain)
    assert half < 0.04 * exact


@pytest.mark.parametrize(
    ("servers", "load", "booked", "replications"), [(4, 0.85, 0.3, 24), (4, 0.85, 0.6, 24), (8, 0.95, 0.5, 48)]
)
def test_priority_moves_waits_between_classes_and_leaves_their_mean(servers, load, booked, replications):
    """The gap between classes is no effect: with equal service the mean over all is that of one line."""
    waits = mean_waits(servers, load, replications, booked_share=booked, customers=2 * CUSTOMERS)
    first, second = priority_waits(servers, load, booked)
    for column, exact in ((1, first), (2, second), (0, erlang_c_wait(servers, load))):
        mean, half = mean_and_half_width(waits[:, column])
        assert mean == pytest.approx(exact, abs=half)
        assert half < 0.06 * exact
    assert waits[:, 1].mean() / waits[:, 2].mean() == pytest.approx(1.0 - load, rel=0.05)


@pytest.mark.parametrize(
    ("servers", "load", "booked", "first", "second"),
    [(4, 0.85, 0.3, 0.231314, 1.542094), (4, 0.85, 0.6, 0.351692, 2.344613), (8, 0.95, 0.5, 0.200993, 4.019851)],
)
def test_the_formula_of_two_classes_gives_the_printed_digits(servers, load, booked, first, second):
    assert priority_waits(servers, load, booked) == pytest.approx((first, second), abs=6e-7)
    mean = booked * first + (1 - booked) * second
    assert mean == pytest.approx(erlang_c_wait(servers, load), abs=1e-6)


def test_priority_takes_as_long_in_sum_as_one_line_draw_by_draw():
    """Same trucks, same luck: with one service time for all, only who waits changes, never how long in sum."""
    common = {"law": "deterministic", "mean_s": SERVICE_S}
    lanes = {"A": {"count": 4, "kind": "booked_first"}}
    one = run(always_open(2000, 4, 4, lanes=lanes, **common), step_s=1e6)["terminal_visits"]
    two = run(
        always_open(2000, 4, 4, lanes=lanes, conpas={"booked_share": 0.5, "reserved_lane": True}, **common), step_s=1e6
    )["terminal_visits"]
    assert two["wait_s"].sum() == pytest.approx(one["wait_s"].sum(), rel=1e-9)
    booked = two["class"] == 1
    assert two["wait_s"][booked].mean() < two["wait_s"][~booked].mean()
    np.testing.assert_allclose(np.sort(one["called_s"]), np.sort(two["called_s"]))
