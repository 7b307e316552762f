"""Speed of static equilibrium on the public test networks, and on a large grid that needs no file.

    python tests/benchmarks/bench_equilibrium.py --json

One object per network and gap: pairs, iterations, paths in use, gap reached, Beckmann's objective, seconds of CPU.
Kernels are compiled on a small case before anything is timed. Networks that are not beside the project are left out.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.verification import tntp
from twin.models.road_traffic.equilibrium import StaticNetwork, solve_equilibrium

GAPS = (1e-4, 1e-6, 1e-10)
NETWORKS = {
    "SiouxFalls": (0.0, 0.0),
    "Anaheim": (0.0, 0.0),
    "ChicagoSketch": (0.02, 0.04),  # minutes per cent of toll and per mile
}


def grid(n=100, zones=100):
    """Two-way grid of n x n nodes with random times; trips between zones drawn at random, busy but not jammed."""
    rng = np.random.default_rng(0)
    node = np.arange(n * n).reshape(n, n)
    pairs = [(node[:-1], node[1:]), (node[:, :-1], node[:, 1:])]
    a = np.concatenate([end.ravel() for one, other in pairs for end in (one, other)])
    b = np.concatenate([end.ravel() for one, other in pairs for end in (other, one)])
    network = StaticNetwork(
        a,
        b,
        free_cost=rng.uniform(5, 15, len(a)),
        capacity=np.full(1, 1000.0),
        bpr_share=np.full(1, 0.15),
        bpr_power=np.full(1, 4.0),
        node_count=n * n,
    )
    at = rng.choice(n * n, zones, replace=False)
    o, d = (ends.ravel() for ends in np.meshgrid(at, at, indexing="ij"))
    return network, (o, d, rng.uniform(0, 2 * 4000 / zones, len(o)) * (o != d))


def cases():
    for name, (per_toll, per_length) in NETWORKS.items():
        if (tntp.FOLDER / f"{name}_net.tntp").is_file():
            yield name, tntp.network(name, per_toll=per_toll, per_length=per_length), tntp.trips(name)
    yield "grid-100x100", *grid()


def measure(name, network, trips, gap):
    cpu = time.process_time()
    found = solve_equilibrium(network, *trips, relative_gap=gap)
    cpu = time.process_time() - cpu
    return {
        "case": name,
        "links": network.link_count,
        "pairs": len(found.demand),
        "gap_wanted": gap,
        "gap": float(found.relative_gap[-1]),
        "iterations": len(found.relative_gap),
        "paths": len(found.paths.flow),
        "objective": round(found.objective, 3),
        "cpu_s": round(cpu, 3),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one JSON object per line and nothing else")
    args = parser.parse_args()
    small, trips = grid(4, 4)
    solve_equilibrium(small, *trips, relative_gap=1e-9)
    for name, network, trips in cases():
        for gap in GAPS if name in NETWORKS else GAPS[:1]:
            figures = measure(name, network, trips, gap)
            print(json.dumps(figures) if args.json else "  ".join(f"{k} {v}" for k, v in figures.items()), flush=True)


if __name__ == "__main__":
    main()
