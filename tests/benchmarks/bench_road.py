"""Speed and memory of the road's queueing form on fixed cases.

    python tests/benchmarks/bench_road.py --case g20_100k --json

Cases: ``g20_100k`` and ``g20_10k`` (20 x 20 grid, platoons from side to side), ``g11`` (11 x 11 grid, 60,500
vehicles), ``big`` (224 x 224 nodes, 1 million vehicles on fixed paths), ``osm`` (the Kita graph, 100,000 vehicles,
own routes; needs the map beside the project). Kernels are compiled on a small case before anything is timed; the
full log of crossings is on.

    python tests/benchmarks/bench_road.py --case g20_10k --sumo /path/to/python --uxsim /path/to/python

runs the same grid with peers installed elsewhere, after ours, by the scripts that stand beside the project
(shared/peers); their seconds are those they report of their simulation alone.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from twin.models.road_traffic import RoadNetwork

SHARED = Path(__file__).resolve().parents[2].parent / "shared"


def two_way_grid(n, **link):
    """Grid of n x n nodes, links both ways between neighbours; gives the network and links by (from, to)."""
    node = np.arange(n * n).reshape(n, n)
    pairs = [(node[:-1], node[1:]), (node[1:], node[:-1]), (node[:, :-1], node[:, 1:]), (node[:, 1:], node[:, :-1])]
    a = np.concatenate([p[0].ravel() for p in pairs])
    b = np.concatenate([p[1].ravel() for p in pairs])
    net = RoadNetwork()
    for i in range(n * n):  # nodes get their own numbers
        net.node_index.setdefault(i, i)
    order = np.lexsort((b, a))
    net.add_links(a[order].tolist(), b[order].tolist(), **link)
    return net, a[order], b[order]


def platoons(n, vehicles, seed=0):
    """Demand of the G20 grid: platoons of five, sides and rows uniform, departures over an hour in steps of 5 s."""
    rng = np.random.default_rng(seed)
    m = vehicles // 5
    side, a, b = rng.integers(0, 4, m), rng.integers(0, n, m), rng.integers(0, n, m)
    t = np.sort(np.floor(rng.random(m) * 720) * 5)
    low, high = np.zeros(m, int), np.full(m, n - 1)
    oi, di = np.select([side == 0, side == 1], [low, high], a), np.select([side == 0, side == 1], [high, low], b)
    oj, dj = np.select([side == 2, side == 3], [low, high], a), np.select([side == 2, side == 3], [high, low], b)
    five = np.arange(5)
    return ((t[:, None] + five).ravel(), np.repeat(oi * n + oj, 5).tolist(), np.repeat(di * n + dj, 5).tolist())


def g20(vehicles):
    net, _, _ = two_way_grid(20, length_m=1000.0, speed_mps=20.0)
    depart, origin, destination = platoons(20, vehicles)
    differs = [o != d for o, d in zip(origin, destination, strict=True)]
    net.add_trips(
        depart[differs],
        [o for o, k in zip(origin, differs, strict=True) if k],
        [d for d, k in zip(destination, differs, strict=True) if k],
    )
    return net, 7200.0, {}


def g11():
    n = 11
    net, _, _ = two_way_grid(n, length_m=1000.0, speed_mps=20.0)
    count = round(3600 * 0.035)
    depart, origin, destination = [], [], []
    for r in range(n):
        for s in range(n):
            for o, d in ((r, (n - 1) * n + s), (r * n, s * n + n - 1)):
                for a, b in ((o, d), (d, o)):
                    depart += [(k + 0.5) / 0.035 for k in range(count)]
                    origin += [a] * count
                    destination += [b] * count
    net.add_trips(depart, origin, destination)
    return net, 7200.0, {}


def big(n=224, vehicles=1_000_000):
    """Fixed paths: first along i, then along j, to a node up to ten blocks off each way."""
    net, a, b = two_way_grid(n, length_m=200.0, speed_mps=12.0, lanes=2)
    link = {pair: k for k, pair in enumerate(zip(a.tolist(), b.tolist(), strict=True))}
    rng = np.random.default_rng(0)
    oi, oj = rng.integers(0, n, vehicles), rng.integers(0, n, vehicles)
    di = np.clip(oi + rng.integers(-20, 21, vehicles), 0, n - 1)
    dj = np.clip(oj + rng.integers(-20, 21, vehicles), 0, n - 1)
    dj = np.where((di == oi) & (dj == oj), (oj + 1) % n, dj)
    depart = np.sort(rng.uniform(0, 3600, vehicles))
    table = np.full((4, n * n), -1, np.int32)
    for (x, y), k in link.items():
        table[{n: 0, -n: 1, 1: 2, -1: 3}[y - x], x] = k
    steps_i, steps_j = np.abs(di - oi), np.abs(dj - oj)
    ptr = np.concatenate([[0], np.cumsum(steps_i + steps_j)])
    owner = np.repeat(np.arange(vehicles), steps_i + steps_j)
    k = np.arange(ptr[-1]) - ptr[owner]
    along_i = k < steps_i[owner]
    si, sj = np.sign(di - oi)[owner], np.sign(dj - oj)[owner]
    i = np.where(along_i, oi[owner] + k * si, di[owner])
    j = np.where(along_i, oj[owner], oj[owner] + (k - steps_i[owner]) * sj)
    way = np.where(along_i, np.where(si > 0, 0, 1), np.where(sj > 0, 2, 3))
    net.add_vehicles(depart, path_ptr=ptr, path_links=table[way, i * n + j])
    return net, 7200.0, {}


def osm():
    """Kita ward from its CSV files: trips to 100 nodes drawn at random, over four hours."""
    import pandas as pd

    folder = SHARED / "data" / "osaka-kita-osm-drive"
    if not folder.exists():
        sys.exit("the case osm needs the Kita graph beside the project: shared/data/osaka-kita-osm-drive")
    edges = pd.read_csv(folder / "edges.csv.gz")
    speed = edges["highway"].map({"trunk": 60, "primary": 60, "secondary": 50, "tertiary": 40}).fillna(30) / 3.6
    lanes = pd.to_numeric(edges["lanes"], errors="coerce").fillna(1).clip(1, 4)
    length = np.maximum(edges["length"].to_numpy(), speed.to_numpy())  # at least a second long
    net = RoadNetwork()
    net.add_links(
        edges["u"].tolist(),
        edges["v"].tolist(),
        length,
        speed_mps=speed.to_numpy(),
        lanes=lanes.to_numpy(),
        merge_weight=lanes.to_numpy(),
    )
    import networkx as nx

    graph = nx.DiGraph(zip(edges["u"], edges["v"], strict=True))
    core = np.array(sorted(max(nx.strongly_connected_components(graph), key=len)))
    rng = np.random.default_rng(0)
    ends = core[rng.choice(len(core), 100, replace=False)]
    vehicles = 100_000
    o, d = rng.integers(0, len(core), vehicles), rng.integers(0, 100, vehicles)
    keep = core[o] != ends[d]
    net.add_trips(np.sort(rng.uniform(0, 4 * 3600.0, vehicles))[keep], core[o][keep].tolist(), ends[d][keep].tolist())
    return net, 5 * 3600.0, {}


CASES = {"g20_100k": lambda: g20(100_000), "g20_10k": lambda: g20(10_000), "g11": g11, "big": big, "osm": osm}


def measure(case):
    """Compile, build, run; seconds are those of the run alone."""
    small, _, _ = two_way_grid(3, length_m=1000.0)
    small.add_trips([0.0, 1.0], [0, 1], [8, 6])
    small.add_vehicles([0.0], path=[0])
    small.run(600.0, replan_every_s=300.0)
    net, until_s, options = CASES[case]()
    wall, cpu = time.perf_counter(), time.process_time()
    result = net.run(until_s, **options)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {
        "case": case,
        "vehicles": len(result.depart_s),
        "simulated_s": until_s,
        "wall_s": round(wall, 3),
        "cpu_s": round(cpu, 3),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "total_travel_s": result.total_travel_s(),
        "finished": result.finished,
        "crossings": len(result.time_s),
        "stuck_links": len(result.stuck),
    }


def peers(case, sumo, uxsim):
    """What peers say of a grid case: name of the run -> what the peer reports, as far as interpreters are given."""
    grid = {
        "g20_100k": ("--n", "20", "--veh", "100000"),
        "g20_10k": ("--n", "20", "--veh", "10000"),
        "g11": ("--published",),
    }
    if case not in grid:
        sys.exit(f"peers run on grids only: {', '.join(grid)}")
    runs = {}
    if uxsim:
        for deltan, log in (("5", "log"), ("5", "no-log"), ("1", "no-log")):
            runs[f"uxsim deltan {deltan} {log}"] = [
                uxsim,
                str(SHARED / "peers" / "uxsim_grid.py"),
                *grid[case],
                "--engine",
                "cpp",
                "--deltan",
                deltan,
                *(["--no-log"] if log == "no-log" else []),
            ]
    if sumo:
        if case == "g11":
            sys.exit("SUMO runs on g20_10k and g20_100k")
        runs["sumo meso"] = [sumo, str(SHARED / "peers" / "sumo_grid.py"), *grid[case], "--mode", "meso"]
    said = {name: subprocess.run(command, check=True, capture_output=True, text=True) for name, command in runs.items()}
    return {name: json.loads(run.stdout.splitlines()[-1]) for name, run in said.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=sorted(CASES), default="g20_10k")
    parser.add_argument("--json", action="store_true", help="one JSON object and nothing else")
    parser.add_argument("--sumo", help="interpreter of an environment that has eclipse-sumo and numpy")
    parser.add_argument("--uxsim", help="interpreter of an environment that has uxsim")
    args = parser.parse_args()
    figures = measure(args.case)
    if args.sumo or args.uxsim:
        figures["peers"] = peers(args.case, args.sumo, args.uxsim)
        for name, said in figures["peers"].items():
            ours_s = figures["cpu_s" if "sim_cpu_s" in said else "wall_s"]
            figures[f"times faster than {name}"] = round(said.get("sim_cpu_s", said["sim_s"]) / ours_s, 1)
    print(json.dumps(figures) if args.json else "\n".join(f"{k:16} {v}" for k, v in figures.items()))


if __name__ == "__main__":
    main()
