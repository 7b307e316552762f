"""``python -m tests.mutation``: put faults into the code, one at a time, and list those that no test notices.

No file is changed: a fault of a kernel exchanges the code of a function (``in_place.py``), any other is put into the
module while it is imported. Each runs in a process of its own. A fault that makes the tests run many times as long as
they should counts as noticed. The exit code is 1 if a fault survives that ``explained.txt`` does not explain. Which
faults come first follows from the seed and their names alone: an edit elsewhere, or a faster machine, draws no others.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.abc
import importlib.machinery
import os
import signal
import sys
import time
from pathlib import Path

from tests.mutation.in_place import Outcome, try_faults
from tests.mutation.mutants import Mutant, mutants_of, mutated
from tests.mutation.suites import SUITES

ROOT = Path(__file__).resolve().parents[2]
EXPLAINED = Path(__file__).with_name("explained.txt")
#: Exit codes of a child; anything else is a fault of this program, not of the code.
_KILLED, _SURVIVED = 40, 41
#: A run of the tests may take this many times as long as without a fault, and at least so many seconds.
_PATIENCE, _LEAST_S = 10.0, 20.0
#: The longest that all tests of a module may take.
_WHOLE_S = 600.0


class _Faulty(importlib.machinery.SourceFileLoader):
    """Loads one module from its source with a fault in it, never from a cache."""

    fault = ""

    def get_code(self, fullname):
        tree = mutated(Path(self.path).read_text(encoding="utf-8"), self.fault)
        return compile(tree, self.path, "exec")


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the module with the fault before anybody else does."""

    def __init__(self, file: Path, fault: str) -> None:
        self._file, self._fault = file, fault

    def find_spec(self, fullname, path, target=None):
        name = self._file.parent.name if self._file.stem == "__init__" else self._file.stem
        if fullname.rsplit(".", 1)[-1] != name:
            return None
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(fullname, path, target)
            if spec is None or spec.origin is None:
                continue
            if Path(spec.origin).resolve() != self._file:
                return spec
            loader = _Faulty(fullname, spec.origin)
            loader.fault = self._fault
            spec.loader = loader
            return spec
        return None


def _run_tests(file: Path, fault: str, tests: tuple[str, ...]) -> None:
    """The life of a forked process: run the tests in silence and end with a code that says whether they passed."""
    import pytest

    code: int = -1
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        if fault:
            sys.meta_path.insert(0, _Finder(file, fault))
        # File by file: what a later one imports is slow, and most faults are noticed by the first.
        for test in tests:
            passed = pytest.main(["-x", "-q", "-p", "no:cacheprovider", test])
            # 1: a test failed; 2: interrupted, as when a module cannot be imported.
            code = {0: _SURVIVED, 1: _KILLED, 2: _KILLED}.get(int(passed), -1)
            if code != _SURVIVED:
                break
    finally:
        os._exit(code & 0xFF)


def _tests_pass(file: Path, fault: str, limit_s: float) -> bool | None:
    """Whether the tests pass with a fault (none if empty), in a forked process; None if they take too long."""
    suite = SUITES[str(file.relative_to(ROOT))]
    child = os.fork()
    if child == 0:
        _run_tests(file, fault, suite.tests)
    began = time.monotonic()
    while time.monotonic() - began < limit_s:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            if code not in (_KILLED, _SURVIVED):
                raise RuntimeError(f"the tests of {file.name} with {fault or 'no fault'} ended with code {code}")
            return code == _SURVIVED
        time.sleep(0.05)  # a child with a limit of time can only be asked again
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def explained() -> dict[str, str]:
    """Survivors that have a reason: ``file::name`` -> why no test can notice, or need notice."""
    lines = EXPLAINED.read_text(encoding="utf-8").splitlines() if EXPLAINED.exists() else []
    pairs = (line.split("  ", 1) for line in lines if line.strip() and not line.startswith("#"))
    return {name.strip(): why.strip() for name, why in pairs}


def _chosen(modules: list[str], seed: int) -> list[tuple[Path, Mutant]]:
    """All mutants of the modules, in an order that the seed and the names decide."""
    found = []
    for module in modules:
        file = ROOT / module
        found += [(file, mutant) for mutant in mutants_of(file.read_text(encoding="utf-8"))]
    return sorted(found, key=lambda one: hashlib.sha256(f"{seed}/{_name(*one)}".encode()).digest())


def _name(file: Path, mutant: Mutant) -> str:
    return f"{file.relative_to(ROOT)}::{mutant.name}"


def main() -> int:
    """Run mutants until all are done or the time is up; print survivors and a summary per module."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--module", action="append", help="file relative to the project; may be repeated")
    parser.add_argument("--kernels", action="store_true", help="only modules whose tests run without the compiler")
    parser.add_argument("--compiled", action="store_true", help="only the other modules")
    parser.add_argument("--seed", type=int, default=1, help="decides the order of the mutants")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no mutant after so long")
    parser.add_argument("--count", type=int, help="try the first so many")
    parser.add_argument("--name", action="append", help="this mutant only, by its name; may be repeated")
    parser.add_argument("--quick", action="store_true", help="kernels: only one seed of each kind of test")
    given = parser.parse_args()
    modules = given.module or [
        name
        for name, suite in SUITES.items()
        if not (given.kernels and suite.compiled) and not (given.compiled and not suite.compiled)
    ]
    needs_jit = {SUITES[module].compiled for module in modules}
    if len(needs_jit) > 1:
        parser.error("modules with and without the compiler cannot share a run: give --kernels or --compiled")
    compiled = needs_jit.pop()
    os.environ["NUMBA_DISABLE_JIT"] = "0" if compiled else "1"
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    chosen = [one for one in _chosen(modules, given.seed) if not given.name or one[1].name in given.name][: given.count]
    report = Report(given.seed, given.seconds)
    sound = _try_by_import(chosen, report) if compiled else _try_in_place(chosen, report, given.quick)
    return report.print_summary() if sound else 2


class Report:
    """Counts what became of faults, and prints those that survive.

    Parameters
    ----------
    seconds
        No fault is begun after so long.
    """

    def __init__(self, seed: int, seconds: float) -> None:
        self._seed, self._seconds, self._began = seed, seconds, time.monotonic()
        self._known, self._unexplained = explained(), 0
        self._counts: dict[str, list[int]] = {}

    def is_explained(self, file: Path, mutant: Mutant) -> bool:
        """Whether the list of survivors has the fault."""
        return _name(file, mutant) in self._known

    def in_time(self) -> bool:
        """Whether another fault may be begun."""
        return time.monotonic() - self._began <= self._seconds

    def heed(self, file: Path, mutant: Mutant, survived: bool, more: str = "") -> None:
        """Count a fault, and print it if it survived."""
        tally = self._counts.setdefault(str(file.relative_to(ROOT)), [0, 0, 0])
        tally[0] += 1
        if survived:
            name = _name(file, mutant)
            why = self._known.get(name, "")
            tally[1] += 1
            tally[2] += not why
            self._unexplained += not why
            change = " ".join(f"{mutant.was} -> {mutant.becomes}".split())
            print(f"survived {name} (line {mutant.line}{more}): {change}  {why}", flush=True)

    def print_summary(self) -> int:
        """A line per module; returns 1 if a fault survives without an explanation."""
        for module, (tried, alive, new) in sorted(self._counts.items()):
            print(f"{module}: {tried} faults, {tried - alive} noticed, {alive - new} explained, {new} not")
        tried = sum(tally[0] for tally in self._counts.values())
        spent = time.monotonic() - self._began
        print(f"{tried} faults in {spent:.0f} s, seed {self._seed}: {self._unexplained} survive unexplained")
        return int(self._unexplained > 0)


def _try_in_place(chosen: list[tuple[Path, Mutant]], report: Report, quick: bool) -> bool:
    """Kernels: whether their tests pass without a fault; what became of each goes into the report."""

    def heed(file: Path, mutant: Mutant, outcome: Outcome) -> bool:
        report.heed(file, mutant, outcome.survived, f", reached by {outcome.reached_by} tests")
        return report.in_time()

    suites = {file: SUITES[str(file.relative_to(ROOT))] for file, _ in chosen}
    tests = list(dict.fromkeys(test for suite in suites.values() for test in suite.tests))
    # Of files without a quick choice all tests are taken.
    words = [suite.quick or " or ".join(Path(test).stem for test in suite.tests) for suite in suites.values()]
    which = " or ".join(f"({word})" for word in dict.fromkeys(words))
    return try_faults(chosen, ["-k", which, *tests] if quick else tests, heed)


def _try_by_import(chosen: list[tuple[Path, Mutant]], report: Report) -> bool:
    """Modules whose kernels are compiled: each fault in a process that imports the project anew."""
    # Libraries only, and none that pytest rewrites: what belongs to the project is imported after the fork, with the
    # fault in it.
    import numba  # noqa: F401
    import numpy  # noqa: F401
    import pytest  # noqa: F401
    import scipy.stats  # noqa: F401

    # Modules that share their tests share one run without a fault.
    limits: dict[tuple[str, ...], float] = {}
    for file, mutant in chosen:
        if not report.in_time():
            break
        tests = SUITES[str(file.relative_to(ROOT))].tests
        if tests not in limits:
            started = time.monotonic()
            if not _tests_pass(file, "", _WHOLE_S):
                print(f"{file.relative_to(ROOT)}: its tests fail without any fault")
                return False
            limits[tests] = max(_PATIENCE * (time.monotonic() - started), _LEAST_S)
        report.heed(file, mutant, bool(_tests_pass(file, mutant.name, limits[tests])))
    return True


if __name__ == "__main__":
    sys.exit(main())
