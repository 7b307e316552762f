"""Random kills of a search; files must be equal to the byte: ``python -m tests.verification.kill_search 100 local``.

Each round starts or resumes a search on half an hour of a gate (``twin sweep``, ``twin frontier`` and ``twin optimise``
in turn) and kills it, or one of its workers, after a random time, until it is done; then every file is held against an
undisturbed search. With ``dask`` in place of ``local`` its runs are done by a cluster of two workers: killed are the
command, which is resumed, and workers, in whose place new ones come.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil

from tests.scenarios.cases import results
from tests.scenarios.test_search import HALF_HOUR, LANES, WAIT
from twin.experiments.cluster_local import LocalCluster

TWIN = [sys.executable, "-m", "twin"]
_SPAN = f"{LANES}=1..4 step 1"
METHODS = {
    "sweep": ("--vary", f"{LANES}=1..8 step 1", "--replications", "60", "--kpi", WAIT),
    "frontier": (
        *("--vary", _SPAN, "--cost", f"setting:{LANES}", "--service", WAIT, "--at-most", "3 min"),
        *("--replications", "6", "--most-runs", "80"),
    ),
    "optimise": (
        *("--vary", f"{LANES}=1..6", "--kpi", WAIT, "--delta", "1 min", "--trials", "16", "--finalists", "2"),
        *("--replications", "2", "--most-runs", "90"),
    ),
}
#: No search of this size takes longer; one that does hangs.
_LONGEST_S = 600.0


def kills(
    begin: list[str], resume: list[str], out: Path, rng: random.Random, worker_of: Callable[[int], int | None]
) -> Counter[str]:
    """One search, killed at random until it is done; returns the number of kills of each kind."""
    count: Counter[str] = Counter()
    while not out.is_dir():
        going = out.with_name(f"{out.name}.partial").is_dir()
        process = subprocess.Popen(resume if going else begin, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(rng.uniform(0.5, 9.0))
        except subprocess.TimeoutExpired:
            worker = worker_of(process.pid) if rng.random() < 0.5 else None
            if worker is None:
                process.kill()
                process.wait()
                count["command"] += 1
                time.sleep(0.2)  # workers notice the death of their parent a moment later
            else:
                os.kill(worker, signal.SIGKILL)
                count["worker"] += 1
                process.wait(_LONGEST_S)
    return count


def local_worker(rng: random.Random) -> Callable[[int], int | None]:
    """Chooses one of the worker processes of a command; none while there are none."""

    def choose(command: int) -> int | None:
        workers = psutil.Process(command).children(recursive=True)
        return rng.choice(workers).pid if workers else None

    return choose


def cluster_worker(cluster: LocalCluster, rng: random.Random) -> Callable[[int], int | None]:
    """Chooses one of the workers of a cluster, and starts the one that takes its place."""

    def choose(_: int) -> int | None:
        alive = [process for process in cluster.processes[1:] if process.poll() is None]
        cluster.add_worker()
        return rng.choice(alive).pid

    return choose


def main(wanted: int, where: str = "local", methods: str = "") -> None:
    """Kill until so many kills were survived."""
    rng, done, rounds = random.Random(5), Counter(), 0  # noqa: S311  (moments of kills are no secret)
    cluster = LocalCluster(2) if where == "dask" else None
    places = ["--workers", "2"] if cluster is None else ["--cluster", cluster.address]
    choose = local_worker(rng) if cluster is None else cluster_worker(cluster, rng)
    chosen = methods.split(",") if methods else list(METHODS)
    try:
        with tempfile.TemporaryDirectory() as name:
            root = Path(name)
            scenario = root / "tiny.yaml"
            scenario.write_text(HALF_HOUR, encoding="utf-8")
            whole = {}
            for method in chosen:
                asked = [*TWIN, method, str(scenario), *METHODS[method], "--out", str(root / method)]
                subprocess.run(asked, check=True, stdout=subprocess.DEVNULL)
                whole[method] = results(root / method)
            while done.total() < wanted:
                method = chosen[rounds % len(chosen)]
                out = root / f"round{rounds}"
                begin = [*TWIN, method, str(scenario), *METHODS[method], "--out", str(out), *places]
                done += kills(begin, [*TWIN, "resume", str(out), *places], out, rng, choose)
                assert results(out) == whole[method], f"{method} differs after kills"
                shutil.rmtree(out)
                rounds += 1
                print(f"{done.total()} kills ({dict(done)}) in {rounds} searches, {where}", flush=True)
    finally:
        if cluster is not None:
            cluster.close()
    print(f"{done.total()} kills in {rounds} searches, {where}: every file equal to the byte")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100, *sys.argv[2:])
