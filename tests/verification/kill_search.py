"""Random kills of a search: ``python -m tests.verification.kill_search 100``; files must be equal to the byte.

Each round starts or resumes ``twin frontier`` (or ``twin optimise``, in turn) on half an hour of a gate and kills it,
or one of its workers, after a random time, until it is done; then every file is held against an undisturbed search.
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
from pathlib import Path

import psutil

from tests.scenarios.cases import results
from tests.scenarios.test_search import HALF_HOUR, LANES, WAIT

TWIN = [sys.executable, "-m", "twin"]
_SPAN = f"{LANES}=1..4 step 1"
METHODS = {
    "frontier": (
        *("--vary", _SPAN, "--cost", f"setting:{LANES}", "--service", WAIT, "--at-most", "3 min"),
        *("--replications", "6", "--most-runs", "80"),
    ),
    "optimise": (
        *("--vary", f"{LANES}=1..6", "--kpi", WAIT, "--delta", "1 min", "--trials", "16", "--finalists", "2"),
        *("--replications", "2", "--most-runs", "90"),
    ),
}


def kills(method: str, scenario: Path, folder: Path, rng: random.Random) -> int:
    """One search, killed at random until it is done; returns the number of kills."""
    out, count = folder / "s", 0
    begin = [*TWIN, method, str(scenario), *METHODS[method], "--out", str(out), "--workers", "2"]
    while not out.is_dir():
        going = out.with_name("s.partial").is_dir()
        command = [*TWIN, "resume", str(out), "--workers", "2"] if going else begin
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(rng.uniform(1.0, 14.0))
        except subprocess.TimeoutExpired:
            workers = psutil.Process(process.pid).children()
            if workers and rng.random() < 0.4:
                os.kill(rng.choice(workers).pid, signal.SIGKILL)
                count += 1
                process.wait(300)
            else:
                process.kill()
                process.wait()
                count += 1
                time.sleep(0.2)  # workers notice the death of their parent a moment later
    return count


def main(wanted: int) -> None:
    """Kill until so many kills were survived."""
    rng, done, rounds = random.Random(5), 0, 0  # noqa: S311  (moments of kills are no secret)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        scenario = root / "tiny.yaml"
        scenario.write_text(HALF_HOUR, encoding="utf-8")
        whole = {}
        for method, options in METHODS.items():
            subprocess.run(
                [*TWIN, method, str(scenario), *options, "--out", str(root / method)],
                check=True,
                stdout=subprocess.DEVNULL,
            )
            whole[method] = results(root / method)
        while done < wanted:
            method = list(METHODS)[rounds % 2]
            folder = root / f"round{rounds}"
            folder.mkdir()
            done += kills(method, scenario, folder, rng)
            assert results(folder / "s") == whole[method], f"{method} differs after kills"
            shutil.rmtree(folder)
            rounds += 1
    print(f"{done} kills in {rounds} searches: every file equal to the byte")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
