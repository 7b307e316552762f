"""Benchmark of dispatch: requests per CPU-second on two fixed instances, compiled before timed, one core.

Run:  python tests/benchmarks/bench_transit.py [--case ward|city] [--rung 1|2|3] [--json]

Rung 1 is cheapest insertion, 2 plans made anew by ruin and recreate, 3 the assignment of trips to vans.

A square grid of streets at 20 km/h, trips drawn evenly over its crossings, every number from one 64-bit linear
congruential generator, so that any program in any language can pose the same day. Dwell 30 s a stop, ride at most
1.5 x direct + 5 min. Targets: 100,000 requests per CPU-second at rung 1, 500 at
rung 2 on ``ward`` with a mean wait of 255 s, all served, and 3,320 vehicle-km at most. Beside time, the
figures by which dispatchers are compared: served, waits, kilometres. Times between crossings are made before.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import NamedTuple

import numpy as np

from twin.engine.draws import make_stream
from twin.models.transit.desk.desk import Desk
from twin.models.transit.dispatch.strategies import Assignment, CheapestInsertion, Reoptimise, rules_of
from twin.models.transit.fleet import rows as state
from twin.models.transit.params import DispatchParams

SPEED_MPS = 20 / 3.6


class Case(NamedTuple):
    side: int
    spacing_m: float
    vans: int
    hours: float
    requests: int
    shortest_m: float
    seed: int
    wait_at_most_s: float


CASES = {
    "ward": Case(31, 100.0, 12, 17.0, 1530, 500.0, 20210330, 900.0),
    "city": Case(51, 200.0, 200, 4.0, 8000, 1000.0, 20220401, 600.0),
}


def numbers(seed):
    """Knuth's MMIX generator; ask with a bound and get a whole number below it from the upper 31 bits."""
    word = seed
    bound = yield 0
    while True:
        word = (word * 6364136223846793005 + 1442695040888963407) % 2**64
        bound = yield (word >> 33) * bound >> 31


def instance(case):
    """Starts of the vans, and the requests as (time, origin, destination) in their order."""
    below = numbers(case.seed)
    next(below)
    nodes, horizon_s = case.side**2, int(case.hours * 3600)
    starts = [below.send(nodes) for _ in range(case.vans)]
    trips = []
    while len(trips) < case.requests:
        asked_s, origin, destination = below.send(horizon_s), below.send(nodes), below.send(nodes)
        east = (origin % case.side - destination % case.side) * case.spacing_m
        north = (origin // case.side - destination // case.side) * case.spacing_m
        if east**2 + north**2 >= case.shortest_m**2:
            trips.append((asked_s, origin, destination))
    return np.array(starts, np.int32), np.array(sorted(trips))


def metres_between(case):
    node = np.arange(case.side**2)
    column, row = node % case.side, node // case.side
    return (np.abs(column[:, None] - column) + np.abs(row[:, None] - row)) * case.spacing_m


RUNGS = {1: CheapestInsertion, 2: Reoptimise, 3: Assignment}


def make_desk(case, starts, trips, times, weight, rung=1):
    nothing = np.zeros(len(trips))
    strategy = RUNGS[rung]()
    requests = state.new_requests(
        ids=np.arange(len(trips), dtype=np.uint64),
        asked_s=trips[:, 0].astype(float),
        origin=trips[:, 1],
        destination=trips[:, 2],
        party=np.ones(len(trips), np.int32),
        age_group=np.zeros(len(trips), np.uint8),
        walk_s=nothing,
        egress_s=nothing,
        board_s=nothing,
        alight_s=nothing,
    )
    rules = state.Rules(
        wait_at_most_s=case.wait_at_most_s,
        times_direct=1.5,
        plus_s=300.0,
        dwell_s=30.0,
        acknowledge_s=0.0,
        lead_s=0.0,
        open_s=0.0,
        close_s=1e9,
        road=0,
        stream=make_stream(case.seed, "transit.dispatch"),
        **rules_of(strategy, DispatchParams(rider_time_weight=weight)),
    )
    desk = Desk(state.new_fleet(starts, 8, 0.0), requests, times, rules, strategy)
    if rules.replan:
        desk.plan_anew(0.0)
    return desk


def run(name, weight, rung=1, repeats=7):
    case = CASES[name]
    starts, trips = instance(case)
    metres = metres_between(case)
    times = state.new_times(metres / SPEED_MPS, np.arange(case.side**2), turns=rung > 1)
    make_desk(case, starts, trips[:20], times, weight, rung).run_until(np.inf)
    cpu_s, wall_s = [], []
    for _ in range(repeats if rung == 1 else 1):
        desk = make_desk(case, starts, trips, times, weight, rung)
        began, looked = time.process_time(), time.perf_counter()
        legs = desk.run_until(np.inf)
        cpu_s.append(time.process_time() - began)
        wall_s.append(time.perf_counter() - looked)
    served = desk.requests[desk.requests["status"] == state.SERVED]
    wait_s = served["pickup_s"] - served["asked_s"]
    ride_s = served["dropoff_s"] - served["pickup_s"]
    return {
        "case": name,
        "rung": rung,
        "requests": len(trips),
        "served": len(served),
        "cpu_s": float(np.median(cpu_s)),
        "wall_s": float(np.median(wall_s)),
        "cpu_s_best": min(cpu_s),
        "requests_per_cpu_s": len(trips) / float(np.median(cpu_s)),
        "served_share": len(served) / len(trips),
        "mean_wait_s": float(wait_s.mean()),
        "p95_wait_s": float(np.quantile(wait_s, 0.95)),
        "mean_ride_s": float(ride_s.mean()),
        # Vans that turn drive farther than from stop to stop; they never stand on the way.
        "vehicle_km": float((legs["arrive_s"] - legs["depart_s"]).sum() * SPEED_MPS / 1000),
        "promises_broken": int(((wait_s > case.wait_at_most_s + 1e-3) | (ride_s > served["ride_max_s"] + 1e-3)).sum()),
        "bytes_per_van": state.VAN.itemsize,
        "bytes_per_request": state.REQUEST.itemsize,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", choices=[*CASES, "all"], default="all")
    parser.add_argument("--rung", type=int, choices=sorted(RUNGS), default=1)
    parser.add_argument("--weight", type=float, default=DispatchParams().rider_time_weight)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    results = [run(name, args.weight, args.rung) for name in (CASES if args.case == "all" else [args.case])]
    if args.json:
        print(json.dumps(results[0] if len(results) == 1 else results))
        return
    for result in results:
        for key, value in result.items():
            print(f"{key:20} {value:,.4g}" if isinstance(value, float) else f"{key:20} {value}")
        print()


if __name__ == "__main__":
    main()
