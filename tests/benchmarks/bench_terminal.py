"""How fast the gate is: full visits in one long run, many replications of a day, and the same queue in peers.

    python tests/benchmarks/bench_terminal.py --case visits|day|peers --json

* ``visits``: one run of 100,000 visits with booking, line, gate, yard, out-gate and all tables, no road.
* ``day``: replications of a 2,300-truck day in two variants, lean: KPIs only, 15-minute step, two processes.
* ``peers``: M/M/4 at load 0.85 here, in SimPy and in Ciw, where they are installed.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from tests.unit.models.terminal.gate import always_open, kpis, merged, run, start
from twin.models.terminal.params import TerminalParams

ALL = {"quota": True, "reserved_lane": True, "checked_documents": True, "approach_signal": True}
LANES = {"A": {"count": 8}, "B": {"count": 8, "kind": "reserved"}}


def long_run(hours):
    """A gate that never closes, at nine tenths of what it can do."""
    hourly = {3600.0 * h: 330.0 for h in range(hours)}
    return TerminalParams.model_validate(
        {
            "approach": "none", "demand": {"hourly": hourly}, "opening": [(0.0, 3600.0 * hours)], "lanes": LANES,
            "conpas": ALL, "trouble": {"places": 60},
        }
    )  # fmt: skip


def bench_visits(hours):
    """Visits per CPU-second, everything counted from making the demand to the finished tables."""
    params = long_run(hours)
    run(long_run(2))
    best = None
    for replication in range(3):
        began, wall = time.process_time(), time.perf_counter()
        model, terminal = start(params, replication, step_s=86400.0)
        parts = []
        while not model.is_empty():
            model.step()
            parts.append(terminal.drain_tables())
        model.close()
        cpu_s = time.process_time() - began
        visits = sum(len(part["terminal_visits"]["id"]) for part in parts if "terminal_visits" in part)
        if best is None or cpu_s / visits < best["cpu_s"] / best["visits"]:
            best = {"visits": visits, "cpu_s": cpu_s, "wall_s": time.perf_counter() - wall}
    assert kpis(merged(parts))["throughput_day", "all"] == visits
    return best | {"visits_per_cpu_s": best["visits"] / best["cpu_s"]}


def one_day(task):
    """KPIs of one replication of one variant."""
    booked, replication = task
    params = {"approach": "none", "lanes": LANES} | ({"conpas": ALL} if booked else {})
    began = time.process_time()
    tables = run(TerminalParams.model_validate(params), replication, start_s=18000.0)
    values = kpis(tables)
    return values["wait_mean_min", "all"], len(tables["terminal_visits"]["id"]), time.process_time() - began


def bench_day(replications):
    """Wall time of a lean study on two processes."""
    tasks = [(booked, r) for r in range(replications) for booked in (False, True)]
    one_day(tasks[0])
    wall = time.perf_counter()
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        results = pool.map(one_day, tasks, chunksize=20)
    wait, visits, cpu_s = (np.array(column) for column in zip(*results, strict=True))
    return {
        "replications": replications, "visits": int(visits.sum()), "cpu_s": float(cpu_s.sum()),
        "wall_s": time.perf_counter() - wall, "visits_per_cpu_s": float(visits.sum() / cpu_s.sum()),
        "wait_today_min": float(wait[::2].mean()), "wait_conpas_min": float(wait[1::2].mean()),
    }  # fmt: skip


def gate_queue(customers):
    """Our CPU seconds for M/M/4 at load 0.85, with all records."""
    hours = max(1, round(customers / (4 * 0.85 * 600)))
    params = always_open(4 * 0.85 * 600, hours, 4, mean_s=6.0)
    run(always_open(2040, 1, 4, mean_s=6.0), step_s=1e6)
    began = time.process_time()
    visits = run(params, step_s=1e6)["terminal_visits"]
    return len(visits["id"]), time.process_time() - began


def simpy_queue(customers):
    """CPU seconds of SimPy for the same queue, one process per truck."""
    import random

    import simpy

    env, luck, waits = simpy.Environment(), random.Random(20250413), []  # noqa: S311
    lanes = simpy.Resource(env, 4)

    def truck():
        joined = env.now
        with lanes.request() as place:
            yield place
            waits.append(env.now - joined)
            yield env.timeout(luck.expovariate(1.0))

    def source():
        for _ in range(customers):
            yield env.timeout(luck.expovariate(3.4))
            env.process(truck())

    began = time.process_time()
    env.process(source())
    env.run()
    return len(waits), time.process_time() - began


def ciw_queue(customers):
    """CPU seconds of Ciw for the same queue."""
    import ciw

    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(3.4)], service_distributions=[ciw.dists.Exponential(1.0)],
        number_of_servers=[4],
    )  # fmt: skip
    ciw.seed(20250413)
    began = time.process_time()
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_customers(customers)
    return customers, time.process_time() - began


def bench_peers(customers):
    """Customers per CPU-second of each engine, in the same process."""
    out = {"customers": customers}
    for name, engine in (("twin", gate_queue), ("simpy", simpy_queue), ("ciw", ciw_queue)):
        try:
            served, cpu_s = engine(customers)
        except ModuleNotFoundError:
            out[f"{name}_per_cpu_s"] = None
            continue
        out[f"{name}_per_cpu_s"] = served / cpu_s
    for peer in ("simpy", "ciw"):
        if out[f"{peer}_per_cpu_s"]:
            out[f"times_{peer}"] = out["twin_per_cpu_s"] / out[f"{peer}_per_cpu_s"]
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", choices=("visits", "day", "peers"), default="visits")
    parser.add_argument("--hours", type=int, default=300, help="length of the run of the case visits")
    parser.add_argument("--replications", type=int, default=1000, help="of the case day, in each variant")
    parser.add_argument("--customers", type=int, default=100_000, help="of the case peers")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    cases = {
        "visits": lambda: bench_visits(options.hours),
        "day": lambda: bench_day(options.replications),
        "peers": lambda: bench_peers(options.customers),
    }
    result = {"case": options.case, **cases[options.case]()}
    print(json.dumps(result) if options.json else "\n".join(f"{name}: {value}" for name, value in result.items()))


if __name__ == "__main__":
    main()
