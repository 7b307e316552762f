"""Benchmarks of the engine: keyed draws, an empty step, a checkpoint.

Run:  python tests/benchmarks/bench_engine.py [--json]
Warm, one core, CPU seconds. Targets: 200 M uniforms and 25 M lognormals per second and core; an empty step
of four models under 100 us; a checkpoint of 100,000 rows of walkers under 50 ms.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np

from twin.engine import draws
from twin.engine.checkpoint import read_checkpoint, write_checkpoint
from twin.jit import kernel


@kernel
def sum_uniforms(stream, n):
    total = 0.0
    for i in range(n):
        total += draws.uniform(stream, np.uint64(i), np.uint64(7))
    return total


@kernel
def sum_lognormals(stream, n):
    total = 0.0
    for i in range(n):
        total += draws.lognormal(stream, np.uint64(i), np.uint64(7), 0.1, 0.5)
    return total


def per_cpu_second(function, n, repeat=5):
    stream = draws.make_stream(draws.make_run_seed(1, 0), "bench")
    function(stream, 10)
    best = min(_cpu(lambda: function(stream, n)) for _ in range(repeat))
    return n / best


def _cpu(call):
    began = time.process_time()
    call()
    return time.process_time() - began


def empty_step_us():
    """Mean step of a city of the four models in which nothing happens (before the day begins)."""
    from twin.api import model

    scenario = Path(__file__).resolve().parents[2] / "scenarios" / "osaka_weekday.yaml"
    city_model = model(scenario)
    for _ in range(20):
        city_model.step()
    n = 60
    seconds = _cpu(lambda: [city_model.step() for _ in range(n)])
    city_model.close()
    return seconds / n * 1e6


def checkpoint_ms(rows=100_000):
    """A state as large as 100,000 walkers, 96 bytes each, written and read."""
    ids = np.arange(rows, dtype=np.uint64)
    state = {"pedestrian/id": ids}
    state.update({f"pedestrian/f{k}": ids.astype(np.float64) for k in range(8)})
    state.update({f"pedestrian/i{k}": ids.astype(np.int32) for k in range(6)})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "c.npz"
        write_checkpoint(path, state)
        write = min(_cpu(lambda: write_checkpoint(path, state)) for _ in range(5))
        read = min(_cpu(lambda: read_checkpoint(path)) for _ in range(5))
    return write * 1e3, read * 1e3


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--no-city", action="store_true", help="leave out the step of the four models")
    args = parser.parse_args()
    write_ms, read_ms = checkpoint_ms()
    out = {
        "uniforms_per_s": per_cpu_second(sum_uniforms, 100_000_000),
        "lognormals_per_s": per_cpu_second(sum_lognormals, 20_000_000),
        "checkpoint_write_ms": write_ms,
        "checkpoint_read_ms": read_ms,
    }
    if not args.no_city:
        out["empty_step_us"] = empty_step_us()
    print(json.dumps(out) if args.json else "\n".join(f"{k:24} {v:,.1f}" for k, v in out.items()))


if __name__ == "__main__":
    main()
