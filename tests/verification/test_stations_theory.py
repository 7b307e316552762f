"""The queue engine against closed forms: Erlang C and B, Pollaczek and Khinchine, Cobham, Little, a closed counter.

Unit of time: the mean service. Twenty means are compared, each within its 99.95 % interval over fixed seeds, so that
all hold with 99 %.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.verification import terminal_theory
from tests.verification.terminal_theory import erlang_c, erlang_c_wait, priority_waits
from twin.engine.draws import exponentials, make_run_seed, make_stream, uniforms
from twin.engine.stations import names, plain_kernels
from twin.engine.stations.layout import law_numbers
from twin.engine.stations.queue import Queue, Rules, Servers, Stage

CUSTOMERS, WARM_UP, REPLICATIONS = 40_000, 4_000, 24
NO_EVENT = np.uint64(0)
IDS = np.arange(CUSTOMERS, dtype=np.uint64)


def mean_and_half_width(values):
    return terminal_theory.mean_and_half_width(values, 0.9995)


def served(servers, load, replication, law=("exponential", 1.0, 1), rules=None, second_share=0.0):
    """A queue that has served Poisson arrivals, and who of them is of the second sort."""
    seed = make_run_seed(5, replication)
    gaps = exponentials(make_stream(seed, "test.gaps"), IDS, NO_EVENT, 1.0 / (servers * load))
    second = uniforms(make_stream(seed, "test.second"), IDS, NO_EVENT) < second_share
    kind, cv, phases = law
    stage = Stage("desk", law_numbers(kind, 1.0, cv, phases), [Servers(((-1.0, servers),), (1, 0), most=servers)])
    queue = Queue([stage], seed, "test", rules)
    queue.expect(IDS, np.cumsum(gaps), sort=second.astype(np.int32), second=second)
    queue.run_until(1e12)
    return queue, second


def waits_of(queue):
    return (queue.times_s("called") - queue.times_s("join"))[WARM_UP:]


@pytest.mark.parametrize(("servers", "load"), [(1, 0.8), (4, 0.85), (12, 0.9)])
def test_exponential_servers_wait_as_erlang_says(servers, load):
    waits = [waits_of(served(servers, load, r)[0]) for r in range(REPLICATIONS)]
    mean, half = mean_and_half_width([w.mean() for w in waits])
    assert mean == pytest.approx(erlang_c_wait(servers, load), abs=half)
    assert half < 0.1 * mean
    share, half = mean_and_half_width([(w > 0).mean() for w in waits])
    assert share == pytest.approx(erlang_c(servers, load), abs=half)


@pytest.mark.parametrize(
    ("law", "squared_cv"),
    [
        (("deterministic", 0.0, 1), 0.0),
        (("erlang", 1.0, 4), 0.25),
        (("lognormal", 0.6, 1), 0.36),
        (("lognormal", 1.2, 1), 1.44),
    ],
)
def test_one_server_waits_by_the_spread_of_service_as_pollaczek_and_khinchine_say(law, squared_cv):
    load = 0.7
    exact = load / (1.0 - load) * (1.0 + squared_cv) / 2.0
    mean, half = mean_and_half_width([waits_of(served(1, load, r, law)[0]).mean() for r in range(REPLICATIONS)])
    assert mean == pytest.approx(exact, abs=half)
    assert half < 0.1 * exact


def test_four_servers_with_fixed_service_wait_as_computed_for_m_d_4():
    mean, half = mean_and_half_width(
        [waits_of(served(4, 0.85, r, ("deterministic", 0.0, 1))[0]).mean() for r in range(REPLICATIONS)]
    )
    assert mean == pytest.approx(0.588766, abs=half)
    assert half < 0.06


def test_a_preferred_class_waits_as_cobham_says():
    out = []
    for replication in range(REPLICATIONS):
        queue, second = served(4, 0.85, replication, second_share=0.3)
        waits = waits_of(queue)
        first = second[WARM_UP:]
        out.append((waits[first].mean(), waits[~first].mean()))
    for column, exact in zip(np.array(out).T, priority_waits(4, 0.85, 0.3), strict=True):
        mean, half = mean_and_half_width(column)
        assert mean == pytest.approx(exact, abs=half)
        assert half < 0.1 * exact


@pytest.mark.parametrize(("servers", "load", "room"), [(4, 0.9, 0), (1, 0.8, 3), (3, 1.2, 5)])
def test_a_finite_line_turns_away_the_share_of_the_birth_and_death_chain(servers, load, room):
    """M/M/c/K; with no room at all this is Erlang B."""
    weights = [1.0]
    for n in range(1, servers + room + 1):
        weights.append(weights[-1] * servers * load / min(n, servers))
    exact = weights[-1] / sum(weights)
    lost = []
    for replication in range(REPLICATIONS):
        queue, _ = served(servers, load, replication, rules=Rules(room=room))
        lost.append((queue.now.code[WARM_UP:, names.REASON] == plain_kernels.BALKED).mean())
    mean, half = mean_and_half_width(lost)
    assert mean == pytest.approx(exact, abs=half)
    assert half < 0.05 * exact


def test_two_stages_in_a_row_wait_as_two_queues_as_burke_says():
    """What leaves M/M/c is Poisson, so the second stage waits as if the first were not there."""
    seconds = []
    for replication in range(REPLICATIONS):
        seed = make_run_seed(6, replication)
        gaps = exponentials(make_stream(seed, "test.gaps"), IDS, NO_EVENT, 1.0 / 1.7)
        law = law_numbers("exponential", 1.0)
        two = [Stage(name, law, [Servers(((-1.0, n),), most=n)]) for name, n in (("desk", 3), ("till", 2))]
        queue = Queue(two, seed, "test")
        queue.expect(IDS, np.cumsum(gaps), stages=1)
        queue.run_until(1e12)
        through = queue.times_s("out") - queue.times_s("called")
        # Two services of mean 1 and the wait at the till.
        seconds.append(through[WARM_UP:].mean() - 2.0)
    mean, half = mean_and_half_width(seconds)
    assert mean == pytest.approx(erlang_c_wait(2, 0.85), abs=half)
    assert half < 0.2 * mean


def test_a_line_before_a_counter_that_opens_late_and_closes_for_lunch_is_that_of_a_fluid():
    """One comes every second and is served in half of one: the line falls by one a second while the counter is open."""
    arrive_s = np.arange(600.0)
    law = law_numbers("deterministic", 0.5)
    steps = ((100.0, 1), (300.0, 0), (400.0, 1))
    queue = Queue([Stage("desk", law, [Servers(steps)])], make_run_seed(1, 0), "test")
    queue.expect(np.arange(600, dtype=np.uint64), arrive_s)
    for at_s, line in ((99.5, 100), (150.25, 50), (299.5, 0), (399.5, 100), (450.25, 50), (550.25, 0)):
        queue.run_until(at_s)
        assert abs(queue.in_line() - line) <= 1
    queue.run_until(1e6)
    out = queue.times_s("out") - queue.times_s("join")
    # Two triangles of a hundred people, each as long as the counter needs to work them off.
    assert out.sum() - 0.5 * 600 == pytest.approx(2 * (100 * 100 / 2 + 100 * 100 / 2), rel=0.02)


def test_own_lines_with_jockeying_wait_between_one_line_and_lines_drawn_by_lot():
    """Four lines of which people join the shortest: longer than one line, far shorter than four queues of their own."""
    law = law_numbers("exponential", 1.0)
    four = [Stage("desk", law, [Servers(((-1.0, 1),), most=1) for _ in range(4)])]
    means = {}
    for name, rules in (("jockey", Rules(own_lines=True, jockey=2)), ("shortest", Rules(own_lines=True))):
        waits = []
        for replication in range(REPLICATIONS):
            seed = make_run_seed(5, replication)
            gaps = exponentials(make_stream(seed, "test.gaps"), IDS, NO_EVENT, 1.0 / 3.4)
            queue = Queue(four, seed, "test", rules)
            queue.expect(IDS, np.cumsum(gaps))
            queue.run_until(1e12)
            waits.append(waits_of(queue).mean())
        means[name] = mean_and_half_width(waits)
    one = erlang_c_wait(4, 0.85)
    assert one - means["jockey"][1] < means["jockey"][0] < means["shortest"][0] < 0.5 * 0.85 / 0.15
