"""Closed forms of queueing theory that the gate is held against."""

from __future__ import annotations

import numpy as np
from scipy import stats


def erlang_c(servers, load):
    """Probability of waiting in M/M/c, from the load per server; stable recursion of Erlang B."""
    offered = servers * load
    blocked = 1.0
    for n in range(1, servers + 1):
        blocked = offered * blocked / (n + offered * blocked)
    return blocked / (1.0 - load * (1.0 - blocked))


def erlang_c_wait(servers, load):
    """Mean wait in M/M/c in units of the mean service time."""
    return erlang_c(servers, load) / (servers * (1.0 - load))


def priority_waits(servers, load, first_share):
    """Mean waits of the two classes of M/M/c with non-preemptive priority and equal service (Cobham 1954)."""
    first = erlang_c(servers, load) / (servers * (1.0 - load * first_share))
    return first, first / (1.0 - load)


def mean_and_half_width(values, confidence=0.99):
    """Mean over independent replications and half the width of its interval."""
    values = np.asarray(values, np.float64)
    spread = values.std(ddof=1) / np.sqrt(len(values))
    return values.mean(), stats.t.ppf(0.5 + confidence / 2, len(values) - 1) * spread


def lindley(arrival_s, service_s):
    """Waits of a single server, truck by truck."""
    wait = np.zeros(len(arrival_s))
    for n in range(1, len(wait)):
        wait[n] = max(0.0, wait[n - 1] + service_s[n - 1] - (arrival_s[n] - arrival_s[n - 1]))
    return wait


def kiefer_wolfowitz(arrival_s, service_s, servers):
    """Waits of several servers with one line, truck by truck."""
    free_s = [0.0] * servers
    wait = np.zeros(len(arrival_s))
    for n, (arrives, takes) in enumerate(zip(arrival_s, service_s, strict=True)):
        first = min(range(servers), key=free_s.__getitem__)
        starts = max(arrives, free_s[first])
        wait[n] = starts - arrives
        free_s[first] = starts + takes
    return wait


def fluid_tail_m(trucks, flow_in_per_s, flow_out_per_s, kappa_per_m, free_speed_mps, wave_speed_mps):
    """Length of a physical queue from the vertical one: Q / (k_c - q_a / u), k_c = kappa - q_s / w."""
    queued = kappa_per_m - flow_out_per_s / wave_speed_mps
    return trucks / (queued - flow_in_per_s / free_speed_mps)
