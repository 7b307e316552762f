"""What holds in every run, path by path (O5), and the length of the queue on the road (O6)."""

import math

import numpy as np
import pytest

from tests.unit.models.terminal.gate import always_open, gate, kpis, run, start
from tests.verification.terminal_theory import fluid_tail_m, kiefer_wolfowitz, lindley
from twin.models.terminal import names
from twin.models.terminal.gate.space_kernels import tail_length_m
from twin.models.terminal.params import TerminalParams


def by_join(visits):
    order = np.lexsort((visits["id"], visits["join_s"]))
    return {name: values[order] for name, values in visits.items()}


@pytest.mark.parametrize("law", ["exponential", "lognormal", "erlang", "deterministic"])
def test_one_lane_waits_by_lindleys_recursion(law):
    visits = by_join(run(always_open(50, 20, 1, law=law), step_s=1e6)["terminal_visits"])
    service = visits["gate_end_s"] - visits["gate_start_s"]
    np.testing.assert_allclose(visits["wait_s"], lindley(visits["join_s"], service), atol=1e-6)
    assert visits["wait_s"].max() > 60


@pytest.mark.parametrize("servers", [2, 3, 8])
def test_several_lanes_wait_by_kiefer_and_wolfowitz(servers):
    visits = by_join(run(always_open(55.0 * servers, 10, servers), step_s=1e6)["terminal_visits"])
    service = visits["gate_end_s"] - visits["gate_start_s"]
    np.testing.assert_allclose(visits["wait_s"], kiefer_wolfowitz(visits["join_s"], service, servers), atol=1e-6)
    assert visits["wait_s"].max() > 30


@pytest.mark.parametrize("at_closure", ["finish", "suspend"])
@pytest.mark.parametrize("replication", range(3))
def test_the_line_over_time_is_the_sum_of_all_waits(at_closure, replication):
    """Little's law without an error term, on a full day with every switch that ends empty."""
    params = TerminalParams.model_validate(
        {
            "approach": "none", "at_closure": at_closure, "conpas": {"quota": True, "reserved_lane": True},
            "lanes": {"A": {"count": 12}, "B": {"count": 4, "kind": "reserved"}},
        }
    )  # fmt: skip
    tables = run(params, replication, start_s=18000.0)
    queue = tables["terminal_queue"]
    assert queue["trucks_in_line"][-1] == queue["trucks_inside"][-1] == 0
    integral = math.fsum(queue["trucks_in_line"][:-1] * np.diff(queue["time_s"]))
    assert integral == pytest.approx(math.fsum(tables["terminal_visits"]["wait_s"]), rel=1e-11)


@pytest.mark.parametrize("factor", [1.0, 1.5])
@pytest.mark.parametrize("at_closure", ["finish", "suspend"])
def test_no_lane_idles_while_a_truck_it_serves_waits(factor, at_closure):
    """Also on a day with half as many trucks again, of which the last are served in the night."""
    params = TerminalParams.model_validate(
        {"approach": "none", "lanes": {"A": {"count": 10}, "B": {"count": 4, "kind": "booked_first"}},
         "conpas": {"reserved_lane": True, "booked_share": 0.4}, "demand": {"factor": factor},
         "at_closure": at_closure}
    )  # fmt: skip
    queue = run(params, start_s=18000.0)["terminal_queue"]
    ordinary = queue["trucks_in_line"] - queue["booked_in_line"]
    assert (queue["lanes_busy"][ordinary > 0] >= queue["lanes_open"][ordinary > 0]).all()
    assert ordinary.max() > 20


@pytest.mark.parametrize("queues", ["common", "own"])
def test_a_day_beyond_the_gate_ends_with_everybody_counted(queues):
    params = TerminalParams.model_validate(
        {"approach": "none", "lanes": {"A": {"count": 9}}, "demand": {"factor": 2.0}, "queues": queues,
         "jockeying": True, "holding_yards": {"east": {"spaces": 280, "refuse": 0.1}}}
    )  # fmt: skip
    model, terminal = start(params, start_s=18000.0, end_s=66600.0)
    while model.now_s < 66600.0:
        model.step()
        for account in terminal.accounts():
            assert account.entered == account.inside + sum(account.left.values())
    now = terminal._now
    standing = now.tally[names.IN_YARDS] + now.tally[names.ROAD_COUNT]
    # Whoever waits stands somewhere, and whoever stands somewhere waits; the calendar holds the rest.
    assert standing == now.tally[names.IN_LINE] > 1000
    assert terminal.accounts()[0].inside > standing
    model.close()


def test_arrivals_are_served_or_refused():
    tables = run(gate(demand={"hourly": {54000.0: 60.0, 57600.0: 60.0}}, lanes={"A": {"count": 2}}))
    values = kpis(tables)
    assert values["throughput_day", "all"] + values["refused_trucks", "all"] == len(tables["terminal_visits"]["id"])
    assert values["refused_trucks", "all"] > 0


@pytest.mark.parametrize(("flow_in", "flow_out"), [(0.0, 0.0), (0.05, 0.0), (0.0, 0.1), (0.06, 0.09)])
def test_the_tail_lies_where_the_kinematic_wave_puts_it(flow_in, flow_out):
    kappa, u, w = 1 / 15, 12.5, 5.0
    length = tail_length_m(40.0, flow_in, flow_out, kappa, u, w)
    assert length == pytest.approx(fluid_tail_m(40.0, flow_in, flow_out, kappa, u, w), rel=1e-12)
    # Its tail moves at the speed of the shock between what arrives and what stands.
    later = tail_length_m(40.0 + 100 * (flow_in - flow_out), flow_in, flow_out, kappa, u, w)
    queued = kappa - flow_out / w
    assert (later - length) / 100 == pytest.approx((flow_in - flow_out) / (queued - flow_in / u), rel=1e-9)


def test_a_standing_queue_needs_one_spacing_per_truck():
    assert tail_length_m(10.0, 0.0, 0.0, 1 / 15, 12.5, 5.0) == pytest.approx(150.0)


def test_flows_of_the_queue_settle_at_the_rates_of_the_trucks():
    """Trucks join the road every minute and are called every two: the estimates approach 1/60 and 1/120."""
    params = gate(
        demand={"hourly": {0.0: 60.0, 3600.0: 60.0, 7200.0: 60.0, 10800.0: 60.0}}, opening=[(0.0, 14400.0)],
        lanes={"A": {"count": 1}}, service={"law": "deterministic", "mean_s": 120.0},
        queue_on_road={"flow_memory_s": 1800.0},
    )  # fmt: skip
    model, terminal = start(params, step_s=14400.0)
    model.step()
    num = terminal._now.num
    flow_in = num[names.FLOW_IN] * math.exp(-(14400.0 - num[names.FLOW_IN_AT]) / 1800.0)
    flow_out = num[names.FLOW_OUT] * math.exp(-(14400.0 - num[names.FLOW_OUT_AT]) / 1800.0)
    # Standard error of an exponentially weighted Poisson rate: sqrt(rate / (2 memory)).
    assert flow_in == pytest.approx(1 / 60, abs=3 * math.sqrt(1 / 60 / 3600))
    assert flow_out == pytest.approx(1 / 120, rel=0.05)
    model.close()


def test_the_road_stays_empty_until_the_yards_are_full():
    """Spillback is nothing, then steep: the last space decides."""

    def road_minutes(spaces):
        params = TerminalParams.model_validate(
            {"approach": "none", "lanes": {"A": {"count": 15}}, "holding_yards": {"east": {"spaces": spaces}}}
        )
        tables = run(params, start_s=18000.0)
        return kpis(tables)["queue_on_road_truck_min", "all"], tables["terminal_queue"]["trucks_in_line"].max()

    _, most = road_minutes(5000)
    assert road_minutes(int(most))[0] == 0
    less = [road_minutes(int(most * share))[0] for share in (0.9, 0.8, 0.7)]
    assert less[0] > 0
    assert less[1] - less[0] > less[0]
    assert less[2] - less[1] > less[1] - less[0]
