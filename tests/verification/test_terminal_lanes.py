"""Lanes with lines of their own against exact chains, and trouble lanes (E10)."""

import numpy as np
import pytest

from tests.unit.models.terminal.gate import gate, kpis, run
from tests.verification.terminal_theory import erlang_c_wait, mean_and_half_width
from twin.engine.draws import exponentials, make_run_seed, make_stream
from twin.models.terminal.gate.params import LaneGroup, ServiceLaw
from twin.models.terminal.gate.queue import GateQueue
from twin.models.terminal.params import TerminalParams

ONE = {"A": LaneGroup(count=2)}


def arrivals(rate, customers, replication):
    stream = make_stream(make_run_seed(7, replication), "test.arrivals")
    return np.cumsum(exponentials(stream, np.arange(customers, dtype=np.uint64), np.uint64(0), 1.0 / rate))


def exact_wait(load, difference=None, most=36):
    """Mean wait, in service times, where customers join the shorter of two lines, from the chain cut at ``most``.

    With ``difference`` the last customer of the longer line moves once the other is shorter by that many.
    """
    index = {(a, b): a * (most + 1) + b for a in range(most + 1) for b in range(most + 1)}
    rates = np.zeros((len(index), len(index)))

    def settle(a, b):
        while difference and max(a, b) - min(a, b) >= difference and max(a, b) > 1:
            a, b = (a - 1, b + 1) if a > b else (a + 1, b - 1)
        return min(a, most), min(b, most)

    for (a, b), i in index.items():
        moves = [((a + 1, b) if a <= b else (a, b + 1), 2.0 * load)] if a + b < 2 * most else []
        moves += [(settle(a - 1, b), 1.0)] if a else []
        moves += [(settle(a, b - 1), 1.0)] if b else []
        for (to_a, to_b), rate in moves:
            rates[i, index[min(to_a, most), min(to_b, most)]] += rate
            rates[i, i] -= rate
    system = np.vstack([rates.T, np.ones(len(index))])
    share = np.linalg.lstsq(system, np.append(np.zeros(len(index)), 1.0), rcond=None)[0]
    inside = sum(share[i] * (a + b) for (a, b), i in index.items())
    return inside / (2.0 * load) - 1.0


def mean_waits(load, customers=60_000, replications=16, **rules):
    queue = GateQueue(2, ServiceLaw(law="exponential", mean_s=1.0), lanes=ONE, queues="own", **rules)
    return [
        queue.run(arrivals(2.0 * load, customers, r), replication=r, records=False).wait_s[2000:].mean()
        for r in range(replications)
    ]


@pytest.mark.parametrize("load", [0.5, 0.8])
def test_two_lanes_of_which_the_shorter_is_joined_wait_as_the_chain_says(load):
    exact = exact_wait(load)
    mean, half = mean_and_half_width(mean_waits(load))
    assert mean == pytest.approx(exact, abs=half)
    assert half < 0.05 * exact
    # Worse than one line, as a lane may idle while the other has a line.
    assert exact > 1.02 * erlang_c_wait(2, load)


@pytest.mark.parametrize("difference", [2, 3])
def test_jockeying_waits_as_the_chain_says(difference):
    exact = exact_wait(0.8, difference)
    mean, half = mean_and_half_width(mean_waits(0.8, jockeying=True, jockey_difference=difference))
    assert mean == pytest.approx(exact, abs=half)
    assert exact < exact_wait(0.8)


def test_jockeying_at_once_is_as_good_as_one_line():
    """Who moves to a lane that is shorter by two leaves no lane idle while another has a line."""
    assert exact_wait(0.8, 2) == pytest.approx(erlang_c_wait(2, 0.8), rel=1e-4)


def test_deterministic_service_sends_trucks_in_turn():
    """Every 60 s a truck, every service 100 s: each of two lanes takes every second truck, and waits never grow."""
    queue = GateQueue(2, ServiceLaw(law="deterministic", mean_s=100.0), lanes=ONE, queues="own")
    served = queue.run(60.0 * np.arange(50.0))
    assert served.server.tolist() == [0, 1] * 25
    np.testing.assert_allclose(served.wait_s, 0.0)


def test_a_truck_joins_the_lane_with_fewest_trucks_and_the_first_of_equals():
    queue = GateQueue(3, ServiceLaw(law="deterministic", mean_s=100.0), lanes={"A": LaneGroup(count=3)}, queues="own")
    served = queue.run(np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 150.0]))
    # At 150 s the first lane has two trucks, the others one each.
    assert served.server.tolist() == [0, 1, 2, 0, 1, 2, 0, 1]
    assert served.wait_s.tolist() == [0.0, 0.0, 0.0, 97.0, 97.0, 97.0, 194.0, 51.0]


def busy(**changes):
    lanes = {"A": {"count": 14}, "B": {"count": 4}}
    return TerminalParams.model_validate({"approach": "none", "lanes": lanes} | changes)


WIDE = {"lanes": {"A": {"count": 12}, "B": {"count": 3, "kind": "reserved"}, "W": {"count": 1, "kind": "oversize"},
                  "T": {"count": 6, "kind": "trouble"}},
        "trouble": {"at": "gate_lane", "lasts": {"mean_s": 900.0}}, "conpas": {"reserved_lane": True}}  # fmt: skip


@pytest.mark.parametrize("changes", [{}, WIDE, WIDE | {"at_closure": "suspend", "last_truck_rule": "close_at_once"}])
@pytest.mark.parametrize("jockeying", [False, True])
def test_nobody_is_lost_between_lines(changes, jockeying):
    tables = run(busy(queues="own", jockeying=jockeying, **changes), start_s=18000.0)
    visits, queue = tables["terminal_visits"], tables["terminal_queue"]
    assert len(np.unique(visits["id"])) == len(visits["id"]) > 2000
    assert np.isfinite(visits["out_s"]).all()
    assert queue["trucks_in_line"][-1] == queue["trucks_inside"][-1] == queue["lanes_busy"][-1] == 0
    assert (queue["trucks_in_line"] >= queue["booked_in_line"]).all()
    integral = (queue["trucks_in_line"][:-1] * np.diff(queue["time_s"])).sum()
    assert integral == pytest.approx(visits["wait_s"].sum(), rel=1e-9)


def test_only_oversize_lanes_take_oversize_trucks_and_none_stands_at_another():
    tables = run(busy(queues="own", jockeying=True, **WIDE), start_s=18000.0)
    visits = tables["terminal_visits"]
    names = tables["terminal_constants"]["name"].tolist()
    group = [name.split(":")[2] for name in names if name.startswith("lane:")]
    lane = np.array(group)[visits["lane_group"]]
    assert set(lane[visits["trouble"]]) == {"T"}
    assert set(lane[~visits["trouble"]]) == {"A", "B", "W"}
    assert (visits["class"][lane == "B"] == 1).all()


@pytest.mark.parametrize("queues", ["common", "own"])
def test_a_trouble_lane_mends_what_trouble_in_shared_lanes_does_to_the_others(queues):
    """E10: the same lanes, the same trucks: sorting out one in twenty leaves short waits to the other nineteen."""
    trouble = {"share": 0.05, "lasts": {"law": "exponential", "mean_s": 3600.0}}
    hourly = {28800.0 + 3600.0 * h: 90.0 for h in range(8)}
    common = {"demand": {"hourly": hourly}, "opening": [(28800.0, 57600.0)], "queues": queues}

    def waits(lanes, at):
        values = []
        for replication in range(60):
            tables = run(gate(**common, lanes=lanes, trouble=trouble | {"at": at}), replication)
            visits = tables["terminal_visits"]
            values.append(np.quantile(visits["wait_s"][~visits["trouble"] & (visits["reason"] == 0)], 0.95))
        return np.array(values)

    shared = waits({"A": {"count": 10}}, "in_lane")
    sorted_out = waits({"A": {"count": 5}, "T": {"count": 5, "kind": "trouble"}}, "gate_lane")
    mean, half = mean_and_half_width(shared - sorted_out)
    assert mean - half > 0
    assert sorted_out.mean() < 0.6 * shared.mean()


def test_kpis_are_told_for_lanes_with_their_own_lines():
    values = kpis(run(busy(queues="own"), start_s=18000.0))
    assert 0 < values["lane_use_share", "all"] < 1
