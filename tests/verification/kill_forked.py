"""Many kills of a sweep at little cost: ``python -m tests.verification.kill_forked 100``.

:mod:`tests.verification.kill_search` starts the command anew after each kill, which takes seconds of imports. Here a
process that has imported everything forks one that starts or resumes the sweep and is killed (SIGKILL) at a random
moment of its work, until the sweep is done; then every file is held against an undisturbed sweep.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.scenarios.cases import results
from tests.scenarios.test_search import HALF_HOUR, LANES, WAIT
from twin.experiments.study import resume
from twin.results.run_folder import partial_of
from twin.service_search import Place, Searcher, sweep


def begin_or_resume(scenario: Path, out: Path) -> None:
    """One attempt at the sweep, in this process."""
    if partial_of(out).is_dir():
        resume(out)
    else:
        vary = {LANES: list(range(1, 9))}
        sweep(Searcher(scenario, vary=vary), replications=20, kpis=[WAIT], place=Place(out))


def killed(scenario: Path, out: Path, after_s: float) -> bool:
    """An attempt in a forked process; returns whether it was killed before it was done."""
    child = os.fork()
    if child == 0:
        try:
            begin_or_resume(scenario, out)
        finally:
            os._exit(0)
    began = time.monotonic()
    while time.monotonic() - began < after_s:
        if os.waitpid(child, os.WNOHANG)[0]:
            return False
        time.sleep(0.005)  # a child that may end first is asked, not waited for
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def main(wanted: int) -> None:
    """Kill until so many kills were survived."""
    rng, kills, rounds = random.Random(5), 0, 0  # noqa: S311  (moments of kills are no secret)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        scenario = root / "tiny.yaml"
        scenario.write_text(HALF_HOUR, encoding="utf-8")
        begin_or_resume(scenario, root / "warm")
        began = time.monotonic()
        begin_or_resume(scenario, root / "whole")
        took_s, whole = time.monotonic() - began, results(root / "whole")
        while kills < wanted:
            out = root / f"round{rounds}"
            while not out.is_dir():
                kills += killed(scenario, out, rng.uniform(0.0, 0.5 * took_s))
            assert results(out) == whole, "the sweep differs after kills"
            shutil.rmtree(out)
            rounds += 1
            print(f"{kills} kills in {rounds} sweeps", flush=True)
    print(f"{kills} kills in {rounds} sweeps of {took_s:.1f} s: every file equal to the byte")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
