"""Faults of kernels: tests are collected once, and each fault runs in a fork that exchanges the code of functions.

Without the compiler a kernel is a plain function, so that a fault needs no import: its code is put in the place of the
sound code. One traced run without a fault tells which lines each test reaches and what it costs; a fault is then shown
only to tests that reach it, the cheapest first, and ends with the first that fails.
"""

from __future__ import annotations

import ast
import gc
import importlib
import json
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest

from tests.mutation.mutants import Mutant, mutated

ROOT = Path(__file__).resolve().parents[2]
#: Exit codes of a fork; any other, as of one killed by a signal, is a fault that was noticed by a crash.
_NOTICED, _SURVIVED, _SLOW = 40, 41, 42
#: A test may take so many times the processor time that it took while traced, and so many seconds more.
_PATIENCE, _MORE_S = 2.0, 2.0
#: A fault may make a test ask for so much memory.
_MEMORY = 6 << 30
#: Without the compiler the hash of a key overflows in the open.
_OVERFLOW = "ignore:overflow encountered:RuntimeWarning"


@dataclass(frozen=True)
class Outcome:
    """What became of a fault.

    Attributes
    ----------
    survived
        Whether every test that reaches it passed.
    reached_by
        Number of tests that reach its line.
    by
        The test that noticed it, by its number; -1 if none did.
    """

    survived: bool
    reached_by: int
    by: int = -1


def import_module(file: Path) -> Any:
    """The module of the project in a file, as the project itself imports it."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return importlib.import_module(".".join(parts if parts[0] == "twin" else ("twin", *parts)))


def try_faults(
    faults: Sequence[tuple[Path, Mutant]], tests: Sequence[str], heed: Callable[[Path, Mutant, Outcome], bool]
) -> bool:
    """Try faults one after another, and give each outcome to ``heed`` until that returns False.

    Returns
    -------
    bool
        Whether the tests pass without any fault.
    """
    # The code of a module names the file as it was imported, which may be through a link.
    files = {file: str(import_module(file).__file__) for file in dict.fromkeys(file for file, _ in faults)}
    plugin = _Faults(faults, files, heed)
    given = ["-p", "no:terminal", "-p", "no:cacheprovider", "-s", "-o", "addopts=--import-mode=importlib"]
    code = pytest.main([*given, "-W", _OVERFLOW, *tests], plugins=[plugin])
    if int(code) not in (0, 5):
        print(f"pytest ended with code {int(code)}")
    return plugin.sound and int(code) in (0, 5)


class _Faults:
    """A plugin of pytest whose loop over tests is a loop over faults."""

    def __init__(self, faults, files: dict[Path, str], heed) -> None:
        self._faults, self._files, self._heed = faults, files, heed
        self._failed = False
        self.sound = False

    def pytest_runtest_logreport(self, report) -> None:
        self._failed = self._failed or report.failed

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session) -> bool:
        items = list(session.items)
        costs = self._baseline(items)
        self.sound = costs is not None
        if costs is None:
            return True
        for file, name in self._files.items():
            if not any(lines.get(name) for _, lines in costs):
                raise pytest.UsageError(f"none of the tests reaches {file.relative_to(ROOT)}")
        spans = {file: _statements(file) for file in self._files}
        last: dict[tuple[Path, str], int] = {}
        for file, mutant in self._faults:
            span = spans[file].get(mutant.line, range(mutant.line, mutant.line + 1))
            key = self._files[file]
            reach = [i for i, (_, lines) in enumerate(costs) if not lines.get(key, set()).isdisjoint(span)]
            # The test that noticed the last fault of this function is likely to notice this one.
            function = (file, mutant.name.split("/")[0])
            reach.sort(key=lambda i: costs[i][0] * (0.2 if i == last.get(function) else 1.0))
            outcome = self._try(file, mutant, [(i, items[i], costs[i][0]) for i in reach])
            if outcome.by >= 0:
                last[function] = outcome.by
            if not self._heed(file, mutant, outcome):
                break
        return True

    def _baseline(self, items) -> list[tuple[float, dict[str, set[int]]]] | None:
        """Processor time of each test and the lines it reaches, by file; None if one fails."""
        with tempfile.NamedTemporaryFile() as told:
            child = os.fork()
            if child == 0:
                _in_silence(lambda: self._trace(items, told.name))
            _, status = os.waitpid(child, 0)
            if os.waitstatus_to_exitcode(status) != _SURVIVED:
                print(f"without any fault: {Path(told.name).read_text(encoding='utf-8')[:2000]}")
                return None
            found = json.loads(Path(told.name).read_text(encoding="utf-8"))
        return [(cost, {file: set(lines) for file, lines in seen.items()}) for cost, seen in found]

    def _trace(self, items, out: str) -> int:
        names = set(self._files.values())
        found = []
        for item, following in zip(items, [*items[1:], None], strict=True):
            seen: dict[str, set[int]] = {name: set() for name in names}
            began = time.process_time()
            sys.settrace(_tracer(seen))
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            sys.settrace(None)
            if self._failed:
                Path(out).write_text(f"{item.nodeid} fails", encoding="utf-8")
                return _NOTICED
            found.append((time.process_time() - began, {name: sorted(lines) for name, lines in seen.items()}))
        Path(out).write_text(json.dumps(found), encoding="utf-8")
        return _SURVIVED

    def _try(self, file: Path, mutant: Mutant, chosen) -> Outcome:
        if not chosen:
            return Outcome(True, 0)
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            _in_silence(lambda: self._run(file, mutant, chosen, write))
        os.close(write)
        with os.fdopen(read, "rb") as told:
            numbers = told.read()
        _, status = os.waitpid(child, 0)
        survived = os.waitstatus_to_exitcode(status) == _SURVIVED
        last = int.from_bytes(numbers[-4:], "little") if numbers else chosen[0][0]
        return Outcome(survived, len(chosen), -1 if survived else last)

    def _run(self, file: Path, mutant: Mutant, chosen, write: int) -> int:
        exchange_code(self._files[file], mutated(file.read_text(encoding="utf-8"), mutant.name))
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        signal.signal(signal.SIGPROF, lambda *_: os._exit(_SLOW))
        for (number, item, cost), following in zip(chosen, [*(one[1] for one in chosen[1:]), None], strict=True):
            os.write(write, number.to_bytes(4, "little"))
            signal.setitimer(signal.ITIMER_PROF, _PATIENCE * cost + _MORE_S)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self._failed:
                return _NOTICED
        return _SURVIVED


def _in_silence(what: Callable[[], int]) -> None:
    """End this process with the code that ``what`` returns, having printed nothing."""
    code = _NOTICED
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        code = what()
    finally:
        os._exit(code)


def _tracer(seen: dict[str, set[int]]):
    """A trace function that notes the lines reached in some files."""

    def enter(frame, _event, _argument):
        lines = seen.get(frame.f_code.co_filename)
        if lines is None:
            return None

        def line(inner, _what, _value):
            lines.add(inner.f_lineno)
            return line

        lines.add(frame.f_lineno)
        return line

    return enter


def _statements(file: Path) -> dict[int, range]:
    """For each line the lines of the innermost statement on it, or of that statement's head."""
    spans: dict[int, range] = {}
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.stmt):
            continue
        body = getattr(node, "body", None)
        last = body[0].lineno - 1 if body else (node.end_lineno or node.lineno)
        span = range(node.lineno, max(last, node.lineno) + 1)
        for line in span:
            if line not in spans or len(span) <= len(spans[line]):
                spans[line] = span
    return spans


def exchange_code(name: str, tree: ast.Module) -> int:
    """Give every function that was made from a file (by the name in its code) the code it has in another tree.

    Returns
    -------
    int
        How many functions have new code.
    """
    new = {(code.co_qualname, code.co_firstlineno): code for code in _codes(compile(tree, name, "exec"))}
    found = 0
    for function in [one for one in gc.get_objects() if isinstance(one, FunctionType)]:
        code = function.__code__
        if code.co_filename != name:
            continue
        found += code.co_code != new[code.co_qualname, code.co_firstlineno].co_code
        function.__code__ = new[code.co_qualname, code.co_firstlineno]
    return found


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)
