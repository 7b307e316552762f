"""How fast the gate is: full visits in one long run, many replications of a day, and the same queue in peers.

    python tests/benchmarks/bench_terminal.py --case visits|day|peers --json [--python PATH]

* ``visits``: one run of 100,000 visits with booking, line, gate, yard, out-gate and all tables, no road.
* ``day``: replications of a 2,300-truck day in two variants, lean: KPIs only, 15-minute step, two processes.
* ``peers``: M/M/4 at load 0.85 here, and in SimPy and Ciw where the interpreter given by ``--python`` has them.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from tests.unit.models.terminal.gate import always_open, kpis, run, start
from twin.engine.draws import exponentials, make_run_seed, make_stream
from twin.models.terminal.gate.params import ServiceLaw
from twin.models.terminal.gate.queue import GateQueue
from twin.models.terminal.params import TerminalParams

ALL = {"quota": True, "reserved_lane": True, "checked_documents": True, "approach_signal": True}
DAY_S = 86400.0
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
    """Visits per CPU-second, everything counted from making the demand to the finished tables; best of fifteen runs.

    Tables of a day are let go when the next one begins, as the recorder does once it has written them.
    """
    params = long_run(hours)
    tables = run(params, step_s=DAY_S)
    assert kpis(tables)["throughput_day", "all"] == len(tables["terminal_visits"]["id"])
    best = None
    for replication in range(15):
        began, wall = time.process_time(), time.perf_counter()
        model, terminal = start(params, replication, step_s=DAY_S)
        visits = 0
        while not model.is_empty():
            model.step()
            tables = terminal.drain_tables()
            visits += len(tables["terminal_visits"]["id"])
        model.close()
        cpu_s = time.process_time() - began
        if best is None or cpu_s / visits < best["cpu_s"] / best["visits"]:
            best = {"visits": visits, "cpu_s": cpu_s, "wall_s": time.perf_counter() - wall}
    return best | {"visits_per_cpu_s": best["visits"] / best["cpu_s"]}


def one_day(task):
    """KPIs of one replication of one variant."""
    booked, replication = task
    params = {"approach": "none", "lanes": LANES} | ({"conpas": ALL} if booked else {})
    began = time.process_time()
    model, terminal = start(TerminalParams.model_validate(params), replication, start_s=18000.0)
    while not model.is_empty():
        model.step()
    tables = terminal.drain_tables()
    model.close()
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
    """Our CPU seconds for M/M/4 at load 0.85: drawing arrivals, the event kernel, and a row of each customer.

    Changes of the line are written too; ``gate_queue_records`` keeps them as well.
    """
    return timed_queue(customers, records=False)


def gate_queue_records(customers):
    """As :func:`gate_queue`, and every change of the line is kept."""
    return timed_queue(customers, records=True)


def timed_queue(customers, records):
    """Best of five runs, as the peers are given; each has its own luck."""
    queue = GateQueue(4, ServiceLaw(law="exponential", mean_s=1.0))
    best = math.inf
    for replication in range(-1, 5):
        began = time.process_time()
        stream = make_stream(make_run_seed(20250413, replication + 1), "bench.arrivals")
        gaps_s = exponentials(stream, np.arange(customers, dtype=np.uint64), np.uint64(0), 1.0 / 3.4)
        served = queue.run(np.cumsum(gaps_s), replication=replication + 1, records=records)
        # The first one compiles.
        best = min(best, time.process_time() - began if replication >= 0 else math.inf)
    assert abs(served.wait_s.mean() - 1.1489) < 0.4
    return len(served.wait_s), best


def model_queue(customers):
    """The whole model of the terminal as a bare gate, with all its tables, in its own process."""
    hours = max(1, round(customers / (4 * 0.85 * 600)))
    run(always_open(2040, 1, 4, mean_s=6.0), step_s=1e6)
    best = math.inf
    for replication in range(3):
        began = time.process_time()
        visits = run(always_open(2040, hours, 4, mean_s=6.0), replication, step_s=1e6)["terminal_visits"]
        best = min(best, time.process_time() - began)
    return len(visits["id"]), best


#: What a peer runs in its own interpreter: it prints customers and CPU seconds, best of three.
SIMPY = """
import random, simpy, sys, time
def once(customers):
    env, luck, waits = simpy.Environment(), random.Random(20250413), []
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
print(*min((once(int(sys.argv[1])) for _ in range(3)), key=lambda done: done[1]))
"""
CIW = """
import ciw, sys, time
def once(customers):
    network = ciw.create_network(arrival_distributions=[ciw.dists.Exponential(3.4)],
                                 service_distributions=[ciw.dists.Exponential(1.0)], number_of_servers=[4])
    ciw.seed(20250413)
    began = time.process_time()
    ciw.Simulation(network).simulate_until_max_customers(customers)
    return customers, time.process_time() - began
print(*min((once(int(sys.argv[1])) for _ in range(3)), key=lambda done: done[1]))
"""


def peer_queue(python, program):
    """A function that runs the same queue in a peer under another interpreter; None where it has no such peer."""

    def run_peer(customers):
        done = subprocess.run([python, "-c", program, str(customers)], capture_output=True, text=True, check=False)
        if done.returncode:
            return None
        served, cpu_s = done.stdout.split()
        return int(served), float(cpu_s)

    return run_peer


def bench_peers(customers, python):
    """Customers per CPU-second of each engine, one after the other."""
    out = {"customers": customers}
    engines = {
        "twin": gate_queue, "twin_records": gate_queue_records, "twin_model": model_queue,
        "simpy": peer_queue(python, SIMPY), "ciw": peer_queue(python, CIW),
    }  # fmt: skip
    for name, engine in engines.items():
        result = engine(customers)
        out[f"{name}_per_cpu_s"] = result and result[0] / result[1]
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
    parser.add_argument("--python", default=sys.executable, help="interpreter that has the peers, for the case peers")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    cases = {
        "visits": lambda: bench_visits(options.hours),
        "day": lambda: bench_day(options.replications),
        "peers": lambda: bench_peers(options.customers, options.python),
    }
    result = {"case": options.case, **cases[options.case]()}
    print(json.dumps(result) if options.json else "\n".join(f"{name}: {value}" for name, value in result.items()))


if __name__ == "__main__":
    main()
