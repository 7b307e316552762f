"""Many kills of a sweep at little cost: ``python -m tests.verification.kill_forked 100 sweep`` (``workers``, ``dask``).

:mod:`tests.verification.kill_search` starts the command anew after each kill, which takes seconds of imports. Here a
process that has imported everything forks one that starts or resumes the sweep. Killed (SIGKILL) at random moments is

* ``sweep``: that process, until the sweep is done;
* ``workers``: one of its two worker processes, again and again while the sweep goes on;
* ``dask``: one of the two workers of a cluster that do the sweep; another takes its place.

Then every file is held against an undisturbed sweep.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import psutil

from tests.scenarios.cases import results
from tests.scenarios.test_search import HALF_HOUR, LANES, WAIT
from twin.errors import RunError
from twin.experiments.cluster_local import LocalCluster
from twin.experiments.lean import LEAN
from twin.experiments.study import resume
from twin.results.run_folder import partial_of
from twin.service_search import Place, Searcher, executor_of, sweep

#: Exit codes of an attempt: done, gone wrong, and given up since one run was hit three times.
_DONE, _WRONG, _GIVEN_UP = 0, 1, 3
#: No attempt takes longer; one that does hangs.
_LONGEST_S = 600.0
_STRIKE_WITHIN_S = 0.5


def begin_or_resume(scenario: Path, out: Path, replications: int = 20, workers: int = 1, cluster: str = "") -> None:
    """One attempt at the sweep, in this process."""
    far = executor_of(cluster)
    if partial_of(out).is_dir():
        resume(out, workers=workers, executor=far)
    else:
        vary = {LANES: list(range(1, 9))}
        place = Place(out, workers, executor=far)
        sweep(Searcher(scenario, vary=vary), replications=replications, kpis=[WAIT], place=place)


def attempt(*given: object) -> int:
    """Fork an attempt at the sweep; returns its process id."""
    child = os.fork()
    if child == 0:
        code = _WRONG
        try:
            begin_or_resume(*given)  # type: ignore[arg-type]
            code = _DONE
        except RunError as fault:
            code = _GIVEN_UP if "killed its worker" in fault.what or "was lost by the cluster" in fault.what else _WRONG
            traceback.print_exc()
        except BaseException:  # noqa: BLE001  (this process must end here whatever it is)
            traceback.print_exc()
        finally:
            os._exit(code)
    return child


def ended(child: int, after_s: float) -> int | None:
    """Exit code of an attempt that ends within so many seconds; None of one that does not."""
    until = time.monotonic() + after_s
    while time.monotonic() < until:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)  # a child that may end first is asked, not waited for
    return None


def killed(scenario: Path, out: Path, after_s: float) -> bool:
    """An attempt that is killed after so many seconds; returns whether it was, or was done before."""
    child = attempt(scenario, out)
    if ended(child, after_s) is not None:
        return False
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def struck(out: Path, child: int, rng: random.Random, strike: Callable[[int], bool], most: int) -> tuple[int, int]:
    """Strike at random moments, at most so often, until an attempt ends; returns how many times, and its exit code.

    After each kill some run is waited for: on a busy machine nothing would ever be done between kills by the clock.
    """
    kills, began, before = 0, time.monotonic(), -1
    while (code := ended(child, rng.uniform(0.0, _STRIKE_WITHIN_S))) is None:
        assert time.monotonic() - began < _LONGEST_S, "the sweep hangs"
        done = sum(path.stat().st_size for path in (partial_of(out) / LEAN).glob("*.jsonl"))
        if kills < most and done > before and strike(child):
            kills, before = kills + 1, done
    return kills, code


def at_a_worker(rng: random.Random) -> Callable[[int], bool]:
    """Kills one of the worker processes of an attempt; nobody while there are none."""

    def strike(child: int) -> bool:
        workers = [p for p in psutil.Process(child).children() if p.status() != psutil.STATUS_ZOMBIE]
        if not workers:
            return False
        rng.choice(workers).kill()
        return True

    return strike


def at_the_cluster(cluster: LocalCluster, rng: random.Random) -> Callable[[int], bool]:
    """Kills one of the workers of a cluster, in whose place another comes."""

    def strike(_: int) -> bool:
        alive = [process for process in cluster.processes[1:] if process.poll() is None]
        rng.choice(alive).kill()
        cluster.add_worker()
        return True

    return strike


def sweeps(root: Path, wanted: int, what: str, replications: int, seed: int = 5) -> int:
    """Kill until so many kills were survived; returns how many were.

    Raises
    ------
    AssertionError
        If a file of a sweep differs from the undisturbed one's, or an attempt ends as it should not.
    """
    rng, kills, rounds, given_up = random.Random(seed), 0, 0, 0  # noqa: S311  (moments of kills are no secret)
    scenario = root / "tiny.yaml"
    scenario.write_text(HALF_HOUR, encoding="utf-8")
    begin_or_resume(scenario, root / "warm", 1)
    began = time.monotonic()
    begin_or_resume(scenario, root / "whole", replications)
    took_s, whole = time.monotonic() - began, results(root / "whole")
    cluster = LocalCluster(2) if what == "dask" else None
    strike = at_a_worker(rng) if cluster is None else at_the_cluster(cluster, rng)
    places = (2, cluster.address if cluster else "")
    try:
        while kills < wanted:
            out = root / f"round{rounds}"
            while not out.is_dir():
                if what == "sweep":
                    kills += killed(scenario, out, rng.uniform(0.0, 0.5 * took_s))
                    continue
                more, code = struck(out, attempt(scenario, out, replications, *places), rng, strike, wanted - kills)
                kills, given_up = kills + more, given_up + (code == _GIVEN_UP)
                assert code in (_DONE, _GIVEN_UP), f"an attempt ended with {code}"
            assert results(out) == whole, "the sweep differs after kills"
            shutil.rmtree(out)
            rounds += 1
            print(
                f"{kills} kills in {rounds} sweeps, {given_up} given up at the third and resumed ({what})", flush=True
            )
    finally:
        if cluster is not None:
            cluster.close()
    return kills


def main(wanted: int = 100, what: str = "sweep", seed: int = 5) -> None:
    """Kill until so many kills were survived."""
    with tempfile.TemporaryDirectory() as name:
        kills = sweeps(Path(name), wanted, what, {"sweep": 20, "workers": 120, "dask": 240}[what], seed)
    print(f"{kills} kills ({what}): every file equal to the byte")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100, *sys.argv[2:3], *map(int, sys.argv[3:4]))
