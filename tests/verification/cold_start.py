"""What a first run costs on a machine that has compiled nothing: kernels, processor seconds, wall time.

    python -m tests.verification.cold_start [SCENARIO] [--workers 2]

Kernels are compiled ahead into an empty cache, then the scenario runs. Whatever the run adds to the cache was compiled
in silence, by nobody's count: the list of kernels lacks it, and the program ends with 1.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
AHEAD = """
import sys
from twin import api
from twin.experiments.compiling import compile_all, kernels_for, known_kernels
plan = api.plan_and_city(api.load(sys.argv[1]))[0]
needed = kernels_for([plan.variant(name)["models"] for name in plan.variants])
compile_all(needed, int(sys.argv[2]))
print(f"{len(needed)} of {len(known_kernels())} kernels")
"""


def measured(command: list[str], cache: Path) -> tuple[str, float, float]:
    """What a command prints last, its processor seconds and its wall seconds."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    environment = {**os.environ, "TWIN_CACHE_DIR": str(cache), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return (done.stdout.splitlines() or [""])[-1], cpu_s, time.perf_counter() - began


def compiled(cache: Path) -> set[str]:
    """Machine code in the cache, one file for each kernel and its types."""
    return {path.name for path in cache.rglob("*.nbc")}


def main() -> int:
    """Measure, print, and say whether anything was compiled in silence."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("scenario", nargs="?", default="scenarios/osaka_weekday.yaml")
    options.add_argument("--workers", default="2")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "cache"
        said, cpu_s, wall_s = measured([sys.executable, "-c", AHEAD, chosen.scenario, chosen.workers], cache)
        ahead = compiled(cache)
        print(f"compiled ahead: {said}, {len(ahead)} pieces of code, {cpu_s:.1f} CPU s, {wall_s:.1f} s", flush=True)
        out = ["--out", f"{folder}/study", "--workers", chosen.workers]
        _, cpu_s, wall_s = measured([sys.executable, "-m", "twin", "run", chosen.scenario, *out], cache)
        silent = compiled(cache) - ahead
        print(f"then the run: {cpu_s:.1f} CPU s, {wall_s:.1f} s; compiled in silence: {len(silent)}")
        for name in sorted(silent):
            print(f"  {name}")
    return int(bool(silent))


if __name__ == "__main__":
    sys.exit(main())
