"""Stationary queues: Erlang C (O1), other service laws (O2), two classes (O4). Unit of time: mean service, 6 s."""

import numpy as np
import pytest

from tests.unit.models.terminal.gate import always_open, run
from tests.verification.terminal_theory import erlang_c, erlang_c_wait, mean_and_half_width, priority_waits

SERVICE_S = 6.0
HOURS = 40
WARM_UP_S = 2 * 3600.0


def mean_waits(servers, load, replications, service=None, hours=HOURS, **changes):
    """Mean waits of all and of booked trucks, in units of the mean service, per replication."""
    rate_per_h = servers * load * 3600.0 / SERVICE_S
    params = always_open(rate_per_h, hours, servers, mean_s=SERVICE_S, service=service or {}, **changes)
    out = []
    for replication in range(replications):
        visits = run(params, replication, step_s=1e6)["terminal_visits"]
        counted = visits["join_s"] >= WARM_UP_S
        wait = visits["wait_s"][counted] / SERVICE_S
        booked = visits["class"][counted] == 1
        of_booked = wait[booked].mean() if booked.any() else np.nan
        out.append((wait.mean(), of_booked, wait[~booked].mean(), (wait > 0).mean()))
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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("servers", "load", "replications"), [(1, 0.8, 16), (2, 0.8, 16), (4, 0.85, 16), (8, 0.9, 12), (12, 0.95, 16)]
)
def test_lanes_with_exponential_service_wait_as_erlang_says(servers, load, replications):
    waits = mean_waits(servers, load, replications)
    mean, half = mean_and_half_width(waits[:, 0])
    assert mean == pytest.approx(erlang_c_wait(servers, load), abs=half)
    assert half < 0.1 * mean
    share, half = mean_and_half_width(waits[:, 3])
    assert share == pytest.approx(erlang_c(servers, load), abs=half)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("service", "exact"),
    [
        ({"law": "deterministic"}, 0.588766),
        ({"law": "erlang", "phases": 2}, 0.871021),
        ({"law": "erlang", "phases": 4}, 0.731787),
        ({"law": "lognormal", "cv": 0.6}, 0.7902),
    ],
)
def test_four_lanes_wait_by_the_law_of_service(service, exact):
    mean, half = mean_and_half_width(mean_waits(4, 0.85, 16, service=service)[:, 0])
    assert mean == pytest.approx(exact, abs=half)
    assert half < 0.06 * exact


@pytest.mark.slow
@pytest.mark.parametrize(("servers", "load", "booked"), [(4, 0.85, 0.3), (4, 0.85, 0.6)])
def test_priority_moves_waits_between_classes_and_leaves_their_mean(servers, load, booked):
    """The gap between classes is no effect: with equal service the mean over all is that of one line."""
    lanes = {"lanes": {"A": {"count": servers, "kind": "booked_first"}}}
    waits = mean_waits(
        servers, load, 16, conpas={"booked_share": booked, "reserved_lane": True}, **lanes
    )
    first, second = priority_waits(servers, load, booked)
    for column, exact in ((1, first), (2, second), (0, erlang_c_wait(servers, load))):
        mean, half = mean_and_half_width(waits[:, column])
        assert mean == pytest.approx(exact, abs=half)
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
