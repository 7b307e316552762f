"""A sweep of lean gate runs against the bare simulations of the same runs.

    python -m tests.benchmarks.bench_sweep RUNS WORKERS [local:N]

Prints JSON. ``bare_cpu_s`` are the simulations alone, one after the other in one process. ``overhead`` is what the
sweep takes beyond them in processor seconds of all its processes, starting them included; ``start_cpu_s`` is what a
sweep of ten runs takes beyond its simulations, and ``overhead_of_runs`` what the further runs take beyond theirs.
These sweeps are calls of a process that is warm; ``overhead_of_command`` is what ``twin sweep`` takes in all, from the
start of Python on, ``import_cpu_s`` what starting Python and loading the twin takes of that. ``efficiency`` is bare
processor time by wall time and workers (of use on a quiet machine only).
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from twin import api
from twin.experiments.lean import line_of
from twin.experiments.task import Task
from twin.service_search import Place, Searcher, executor_of, sweep
from twin.simulate import simulate

GATE = Path(__file__).resolve().parents[2] / "scenarios" / "yumeshima_decision.yaml"
LANES = "terminal.lanes.A.count"
SETTINGS = list(range(13, 23))


def cpu_s() -> float:
    """Processor seconds of this process and of its finished children."""
    now = os.times()
    return now.user + now.system + now.children_user + now.children_system


def swept(searcher: Searcher, replications: int, workers: int, cluster: str) -> tuple[float, float]:
    """Processor and wall seconds of a sweep of the ten settings."""
    with tempfile.TemporaryDirectory() as folder:
        began, wall = cpu_s(), time.perf_counter()
        place = Place(Path(folder) / "s", workers, executor=executor_of(cluster))
        sweep(searcher, replications=replications, place=place)
        return cpu_s() - began, time.perf_counter() - wall


def commanded(replications: int, workers: int, cluster: str) -> tuple[float, float]:
    """Processor seconds of the same sweep as a command, and of loading what it loads."""
    places = ["--cluster", cluster] if cluster else ["--workers", str(workers)]
    setting = ["--base", "today", "--vary", f"{LANES}={SETTINGS[0]}..{SETTINGS[-1]} step 1"]
    with tempfile.TemporaryDirectory() as folder:
        began = cpu_s()
        subprocess.run(
            [
                *(sys.executable, "-m", "twin", "sweep", str(GATE), *setting, *places),
                *("--replications", str(replications), "--out", str(Path(folder) / "s")),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        spent, began = cpu_s() - began, cpu_s()
        subprocess.run([sys.executable, "-c", "import twin.experiments.study, twin.service_search"], check=True)
        return spent, cpu_s() - began


def main(runs: int = 1000, workers: int = 1, cluster: str = "") -> None:
    """Sweep ten settings of the lanes, ``runs`` runs in all."""
    searcher = Searcher(GATE, vary={LANES: SETTINGS}, base="today")
    plan, city = api.plan_and_city(searcher.scenario)
    plans = {n: plan.at_point(f"w{n}", "today", {LANES: n}) for n in SETTINGS}
    finished = simulate(plans[13], "w13", 0, city)
    first_cpu, _ = swept(searcher, 1, workers, cluster)
    bare = []
    for lanes in SETTINGS:
        began = time.process_time()
        for replication in range(runs // 20):
            simulate(plans[lanes], f"w{lanes}", replication, city)
        bare.append(time.process_time() - began)
    spent, wall = swept(searcher, runs // 10, workers, cluster)
    # Half of the simulations before and half after: a machine that is busy is so for both.
    for n, lanes in enumerate(SETTINGS):
        began = time.process_time()
        for replication in range(runs // 20, runs // 10):
            simulate(plans[lanes], f"w{lanes}", replication, city)
        bare[n] += time.process_time() - began
    command, imports = commanded(runs // 10, workers, cluster)
    alone = sum(bare)
    start = first_cpu - alone * 10 / runs
    task = asdict(Task("p00001", 12, lean=True, of="today", changes=((LANES, 13),)))
    print(
        json.dumps(
            {
                "runs": runs,
                "workers": workers,
                "cluster": cluster,
                "bare_cpu_s": round(alone, 2),
                "sweep_cpu_s": round(spent, 2),
                "overhead": round(spent / alone - 1.0, 4),
                "overhead_of_command": round(command / alone - 1.0, 4),
                "import_cpu_s": round(imports, 2),
                "start_cpu_s": round(start, 2),
                "overhead_of_runs": round((spent - first_cpu) / (alone * (1 - 10 / runs)) - 1.0, 4),
                "wall_s": round(wall, 2),
                "efficiency": round(alone / wall / workers, 4),
                "task_bytes": len(pickle.dumps(task)),
                "result_bytes": len(line_of("p00001", 12, finished.kpis)),
            }
        )
    )


if __name__ == "__main__":
    main(*(int(x) for x in sys.argv[1:3]), *sys.argv[3:])
