"""Run cases until a budget is spent; any finding is shown with the words that repeat it, and ends with code 1."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from random import Random

from tests.fuzz.doors import Doors, FoundError, refused
from twin.errors import TwinError

#: Processor time of a case, and how long it may wait for whatever else. Compiling a kernel may take longer: this runs
#: where kernels have been compiled, as after the tests.
HANG_S, WAITS_S = 5.0, 300.0
MEMORY_MB = 2000.0
BATCH = 250
#: Doors by name, with the share of cases each gets; studies take longest.
SHARES = {"scenario": 40, "map": 25, "table": 25, "finished_study": 6, "unfinished_study": 4}
EXPECTED_EXITS = (0, 2, 3, 4, 6)


class HangError(Exception):
    """A case took longer than it may."""


_rung: list[int] = []


def _ring(which: int, _frame: object) -> None:
    _rung.append(which)
    spent = f"{HANG_S:g} s of processor time" if which == signal.SIGPROF else f"{WAITS_S:g} s, waiting"
    raise HangError(f"longer than {spent}")


def once_more(doors: Doors, seed: int, case: int, work: Path) -> tuple[str, str, str]:
    """As :func:`one_case`, tried again if it hangs: a hang comes again, the cost of a first import does not."""
    try:
        return one_case(doors, seed, case, work)
    except HangError:
        shutil.rmtree(work / f"case{case}", ignore_errors=True)
        return one_case(doors, seed, case, work)


def one_case(doors: Doors, seed: int, case: int, work: Path) -> tuple[str, str, str]:
    """Door, outcome, and what was found (empty where nothing was)."""
    rng = Random(f"{seed}:{case}")
    door = rng.choices(list(SHARES), weights=list(SHARES.values()))[0]
    folder = work / f"case{case}"
    folder.mkdir()
    began = time.perf_counter()
    _rung.clear()
    signal.signal(signal.SIGALRM, _ring)
    signal.signal(signal.SIGPROF, _ring)
    # Processor time is what counts; a case that waits for ever is told by the clock.
    signal.setitimer(signal.ITIMER_PROF, HANG_S)
    signal.setitimer(signal.ITIMER_REAL, WAITS_S)
    spent = time.process_time()
    try:
        outcome = getattr(doors, door)(rng, folder)
    except TwinError as fault:
        outcome = refused(fault)
    except Exception as fault:
        if _rung:
            # The compiler may swallow the alarm and say something else.
            raise HangError(f"longer than it may be; then {type(fault).__name__}: {fault}") from fault
        raise
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
    spent = time.process_time() - spent
    if spent > HANG_S:
        raise HangError(f"{spent:.1f} s of processor time in {time.perf_counter() - began:.1f} s")
    given = {"s.yaml", "tables", *doors.maps, *doors.tables, "study", "study.partial"}
    strays = [p.name for p in folder.iterdir() if p.name not in given]
    if strays:
        raise FoundError(f"stray files: {strays}")
    shutil.rmtree(folder)
    return door, outcome, ""


def batch(doors: Doors, seed: int, first: int, count: int, work: Path, report: Path) -> None:
    """Do some cases in this process; findings go into the report, line by line."""
    outcomes: Counter[str] = Counter()
    with report.open("w", encoding="utf-8") as out:
        for case in range(first, first + count):
            out.seek(0, os.SEEK_END)
            (work / "under_way").write_text(str(case), encoding="utf-8")
            try:
                door, outcome, _ = once_more(doors, seed, case, work)
                outcomes[f"{door}: {outcome}"] += 1
            except Exception as found:  # noqa: BLE001  (whatever it is, it is a finding)
                last = "".join(traceback.format_exception(found)[-3:])
                out.write(json.dumps({"case": case, "found": f"{type(found).__name__}: {found}", "where": last}) + "\n")
                out.flush()
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        if peak_mb > MEMORY_MB:
            out.write(
                json.dumps(
                    {"case": first, "found": f"{peak_mb:.0f} MB in cases {first} to {first + count - 1}", "where": ""}
                )
                + "\n"
            )
        out.write(json.dumps({"outcomes": outcomes}) + "\n")


def in_child(doors: Doors, seed: int, first: int, count: int, work: Path) -> tuple[Counter[str], list[dict[str, str]]]:
    """A batch in a process of its own, so that a crash is a finding like any other."""
    report = work / f"report{first}"
    child = os.fork()
    if child == 0:
        try:
            with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
                batch(doors, seed, first, count, work, report)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    found: list[dict[str, str]] = []
    outcomes: Counter[str] = Counter()
    for line in report.read_text(encoding="utf-8").splitlines() if report.exists() else ():
        content = json.loads(line)
        if "outcomes" in content:
            outcomes.update(content["outcomes"])
        else:
            found.append(content)
    if os.WIFSIGNALED(status) or not outcomes:
        case = (work / "under_way").read_text(encoding="utf-8")
        found.append({"case": case, "found": f"the process died, status {status}", "where": ""})
    return outcomes, found


def by_command(doors: Doors, seed: int, count: int, work: Path) -> list[dict[str, str]]:
    """Some cases through the command itself: exit codes, no traceback, no stray file."""
    found = []
    for case in range(count):
        rng = Random(f"command:{seed}:{case}")
        folder = work / f"command{case}"
        folder.mkdir()
        from tests.fuzz.mutate import mutated

        if case % 2:
            (folder / "s.yaml").write_bytes(mutated(rng.choice(doors.scenarios), rng, doors.scenarios))
            args = ["check", "s.yaml"]
        else:
            name = rng.choice(sorted(doors.maps))
            (folder / name).write_bytes(mutated(doors.maps[name], rng, list(doors.maps.values())))
            args = ["city", "build", name, "--out", "city"]
        given = {p.name for p in folder.iterdir()} | {"city"}
        done = subprocess.run(
            [sys.executable, "-m", "twin", *args],
            cwd=folder,
            capture_output=True,
            check=False,
            env={**os.environ, "PYTHONPATH": os.getcwd()},
        )
        strays = {p.name for p in folder.iterdir()} - given
        if done.returncode not in EXPECTED_EXITS or b"Traceback" in done.stderr or strays:
            found.append(
                {
                    "case": f"command {case}",
                    "found": f"exit {done.returncode}, strays {strays}",
                    "where": done.stderr.decode("utf-8", "replace")[-400:],
                }
            )
        shutil.rmtree(folder)
    return found


def main() -> int:
    """Run, report, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, help="how many; without it, as many as --seconds allow")
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--case", type=int, help="run this one again, with its traceback")
    parser.add_argument("--commands", type=int, default=8, help="cases through the command itself")
    asked = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="twin-fuzz-") as name:
        work = Path(name)
        (work / "sound").mkdir()
        (work / "tmp").mkdir()
        tempfile.tempdir = str(work / "tmp")
        doors = Doors(work / "sound")
        if asked.case is not None:
            print(one_case(doors, asked.seed, asked.case, work))
            return 0
        found, outcomes, done = [], Counter[str](), 0
        while (done < asked.cases) if asked.cases else (time.monotonic() - began < asked.seconds * 0.85):
            count = min(BATCH, asked.cases - done) if asked.cases else BATCH
            more, bad = in_child(doors, asked.seed, done, count, work)
            outcomes.update(more)
            found += bad
            done += count
        found += by_command(doors, asked.seed, asked.commands, work)
        strays = [p.name for p in (work / "tmp").iterdir()]
        if strays:
            found.append({"case": "all", "found": f"left in the folder of temporary files: {strays[:5]}", "where": ""})
    print(f"{done} cases with seed {asked.seed} and {asked.commands} commands in {time.monotonic() - began:.0f} s")
    for outcome, count in sorted(outcomes.items()):
        print(f"  {count:7d}  {outcome}")
    for one in found[:40]:
        print(f"FOUND in case {one['case']}: {one['found'][:400]}\n{one['where'][-1200:]}")
        print(f"  again: python -m tests.fuzz --seed {asked.seed} --case {one['case']}")
    print(f"{len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
