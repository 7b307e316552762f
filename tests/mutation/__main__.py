"""``python -m tests.mutation``: put faults into the code, one at a time, and list those that no test notices.

A fault is put into the module while it is imported: no file is changed. Each runs in a process of its own, forked from
one that has imported the libraries. A fault that makes the tests run ten times as long as they should counts as
noticed. The exit code is 1 if a fault survives that ``explained.txt`` does not explain. Which faults come first
follows from the seed and their names alone: an edit elsewhere, or a faster machine, draws no others.
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

from tests.mutation.mutants import Mutant, mutants_of, mutated
from tests.mutation.suites import SUITES

ROOT = Path(__file__).resolve().parents[2]
EXPLAINED = Path(__file__).with_name("explained.txt")
#: Exit codes of a child; anything else is a fault of this program, not of the code.
_KILLED, _SURVIVED = 40, 41
#: Without the compiler the hash of a key overflows in the open.
_OVERFLOW = "ignore:overflow encountered:RuntimeWarning"
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
        if fullname.rsplit(".", 1)[-1] != self._file.stem:
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


def _run_tests(file: Path, fault: str, tests: tuple[str, ...], which: str) -> None:
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
            passed = pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-W", _OVERFLOW, "-k", which, test])
            # 1: a test failed; 2: interrupted, as when a module cannot be imported; 5: none of this file is chosen.
            code = {0: _SURVIVED, 1: _KILLED, 2: _KILLED, 5: _SURVIVED}.get(int(passed), -1)
            if code != _SURVIVED:
                break
    finally:
        os._exit(code & 0xFF)


def _tests_pass(file: Path, fault: str, limit_s: float, which: str) -> bool | None:
    """Whether the tests pass with a fault (none if empty), in a forked process; None if they take too long.

    ``which`` is given to ``pytest -k``; all if empty.
    """
    suite = SUITES[str(file.relative_to(ROOT))]
    child = os.fork()
    if child == 0:
        _run_tests(file, fault, suite.tests, which)
    began = time.monotonic()
    while time.monotonic() - began < limit_s:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            if code not in (_KILLED, _SURVIVED):
                raise RuntimeError(f"the tests of {file.name} with {fault or 'no fault'} ended with code {code}")
            return code == _SURVIVED
        time.sleep(0.05)
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
    parser.add_argument("--name", help="this mutant only, by its name")
    given = parser.parse_args()
    modules = given.module or [
        name
        for name, suite in SUITES.items()
        if not (given.kernels and suite.compiled) and not (given.compiled and not suite.compiled)
    ]
    needs_jit = {SUITES[module].compiled for module in modules}
    if len(needs_jit) > 1:
        parser.error("modules with and without the compiler cannot share a run: give --kernels or --compiled")
    os.environ["NUMBA_DISABLE_JIT"] = "0" if needs_jit.pop() else "1"
    # Libraries only, and none that pytest rewrites: what belongs to the project is imported after the fork, with the
    # fault in it.
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    import numba  # noqa: F401
    import numpy  # noqa: F401
    import pytest  # noqa: F401
    import scipy.stats  # noqa: F401

    began = time.monotonic()
    # Modules that share their tests share one run without a fault.
    limits: dict[tuple[str, ...], float] = {}
    known, unexplained = explained(), 0
    counts: dict[str, list[int]] = {}
    chosen = [one for one in _chosen(modules, given.seed) if given.name in (None, one[1].name)]
    for file, mutant in chosen[: given.count]:
        if time.monotonic() - began > given.seconds:
            break
        suite = SUITES[str(file.relative_to(ROOT))]
        tests = suite.tests
        if tests not in limits:
            started = time.monotonic()
            if not _tests_pass(file, "", _WHOLE_S, suite.quick):
                print(f"{file.relative_to(ROOT)}: its tests fail without any fault")
                return 2
            limits[tests] = max(_PATIENCE * (time.monotonic() - started), _LEAST_S)
        name = _name(file, mutant)
        survived = _tests_pass(file, mutant.name, limits[tests], suite.quick)
        if survived and suite.quick and name not in known:
            survived = _tests_pass(file, mutant.name, _WHOLE_S, "")
        tally = counts.setdefault(str(file.relative_to(ROOT)), [0, 0, 0])
        tally[0] += 1
        if survived:
            tally[1] += 1
            why = known.get(name, "")
            tally[2] += not why
            unexplained += not why
            print(f"survived {name} (line {mutant.line}): {mutant.was} -> {mutant.becomes}  {why}", flush=True)
    for module, (tried, alive, new) in sorted(counts.items()):
        print(f"{module}: {tried} faults, {tried - alive} noticed, {alive - new} explained, {new} not")
    tried = sum(tally[0] for tally in counts.values())
    print(f"{tried} faults in {time.monotonic() - began:.0f} s, seed {given.seed}: {unexplained} survive unexplained")
    return int(unexplained > 0)


if __name__ == "__main__":
    sys.exit(main())
