"""A sweep of lean gate runs against the bare simulations of the same runs: ``python -m tests.benchmarks.bench_sweep``.

Prints JSON: processor seconds of both in one process, and of the sweep with workers, and the overhead.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

from twin import api
from twin.service_search import Place, Searcher, executor_of, sweep
from twin.simulate import simulate

GATE = Path(__file__).resolve().parents[2] / "scenarios" / "yumeshima_decision.yaml"
LANES = "terminal.lanes.A.count"


def main(runs: int = 1000, workers: int = 1, cluster: str = "") -> None:
    """Sweep ten settings of the lanes, ``runs`` runs in all."""
    vary = {LANES: list(range(13, 23))}
    searcher = Searcher(GATE, vary=vary, base="today")
    plan, city = api.plan_and_city(searcher.scenario)
    plans = {n: plan.at_point(f"w{n}", "today", {LANES: n}) for n in vary[LANES]}
    simulate(plans[13], "w13", 0, city)
    began = time.process_time()
    for replication in range(runs // 10):
        for lanes in vary[LANES]:
            simulate(plans[lanes], f"w{lanes}", replication, city)
    bare = time.process_time() - began
    with tempfile.TemporaryDirectory() as folder:
        began, wall, times = time.process_time(), time.perf_counter(), os.times()
        sweep(
            searcher, replications=runs // 10, place=Place(Path(folder) / "s", workers, executor=executor_of(cluster))
        )
        spent, after = time.process_time() - began, os.times()
        spent += after.children_user + after.children_system - times.children_user - times.children_system
        wall = time.perf_counter() - wall
    print(
        json.dumps(
            {
                "runs": runs,
                "workers": workers,
                "cluster": cluster,
                "bare_cpu_s": round(bare, 2),
                "sweep_cpu_s": round(spent, 2),
                "overhead": round(spent / bare - 1.0, 4),
                "wall_s": round(wall, 2),
            }
        )
    )


if __name__ == "__main__":
    main(*(int(x) for x in sys.argv[1:3]), *sys.argv[3:])
