"""The main job as a user starts it: `osaka_weekday.yaml`, one replication, cold (empty caches) and warm.

Run:  python tests/benchmarks/bench_main.py [--json]
Whole processes, wall and CPU seconds of parent and workers. Targets: under 60 s cold, under 15 s warm, two cores.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SCENARIO = Path(__file__).resolve().parents[2] / "scenarios" / "osaka_weekday.yaml"


def one_run(cache, out):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "twin", "run", str(SCENARIO), "--out", str(out)],
        check=True,
        capture_output=True,
        env={**os.environ, "TWIN_CACHE_DIR": str(cache)},
    )
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall_s": round(wall, 2), "cpu_s": round(cpu, 2), "peak_mb": after.ru_maxrss // 1024}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--warm", type=int, default=3, help="number of warm runs; the best is given")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "cache"
        cold = one_run(cache, Path(folder) / "cold")
        warm = min((one_run(cache, Path(folder) / f"warm{i}") for i in range(args.warm)), key=lambda r: r["wall_s"])
    out = {"cold": cold, "warm": warm}
    print(json.dumps(out) if args.json else "\n".join(f"{k}: {v}" for k, v in out.items()))


if __name__ == "__main__":
    main()
