"""Compile what a study needs before its first run: once on a machine, split over its workers, and shown.

Without it every worker would compile every kernel at its first run, in silence. Which kernels a study needs stands in
``kernels.json``, made from the shipped scenarios by ``python -m tests.verification.kernel_list``; what is missing
there, or has changed since, is compiled by the run that first needs it.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Protocol, runtime_checkable

from twin.experiments.speed import compiled_ahead, known_of, note_compiled_ahead
from twin.models import registry

#: Called with (kernels done, kernels in all).
OnCompiling = Callable[[int, int], None]


@runtime_checkable
class ShowsCompiling(Protocol):
    """A callback for the progress of a study that also wants to hear of compiling."""

    def compiling(self, done: int, total: int) -> None:
        """Take note that so many kernels of so many are compiled."""
        ...


@dataclass(frozen=True)
class Kernel:
    """One kernel with the types of its arguments.

    Attributes
    ----------
    module, name
        Where it stands.
    types
        As plain data, see :mod:`twin.jit_signatures`.
    needs
        Models, and forms and parts of models as ``model:form``, that were in every run that called it.
    """

    module: str
    name: str
    types: tuple[Any, ...]
    needs: frozenset[str]

    @property
    def key(self) -> str:
        """Digest of what it is, not of its sources."""
        said = json.dumps([self.module, self.name, self.types])
        return hashlib.sha256(said.encode()).hexdigest()[:16]


def tags_of(models: Mapping[str, Any]) -> frozenset[str]:
    """What of a run decides which kernels it calls: its models, their forms, and the parts that it has of them."""
    forms = {f"{name}:{params['form']}" for name, params in models.items() if isinstance(params.get("form"), str)}
    parts = {
        f"{name}:{part}"
        for name, params in models.items()
        for part, keys in registry.card(name).parts.items()
        if any(_is_set(params, key.split(".")) for key in keys)
    }
    return frozenset(models) | forms | parts


def _is_set(value: Any, words: Sequence[str]) -> bool:
    """Whether a parameter is there and switched on; ``*`` asks for any member."""
    if not words:
        return bool(value)
    if not isinstance(value, Mapping):
        return False
    members = value.values() if words[0] == "*" else [value.get(words[0])]
    return any(_is_set(member, words[1:]) for member in members)


def known_kernels() -> tuple[Kernel, ...]:
    """Every kernel of the list, those that took longest first."""
    text = (files("twin.experiments") / "kernels.json").read_text(encoding="utf-8")
    return tuple(Kernel(m, n, tuple(types), frozenset(needs)) for m, n, types, needs in json.loads(text))


def kernels_for(variants: Sequence[Mapping[str, Any]]) -> list[Kernel]:
    """The kernels that runs of these variants need and that this machine has not compiled, as far as is known.

    Parameters
    ----------
    variants
        Parameters of the models of each variant, by model.
    """
    cold = [tags_of(models) for models in variants if not known_of(models).compiled]
    if not cold:
        return []
    there = compiled_ahead()
    return [k for k in known_kernels() if k.key not in there and any(k.needs <= tags for tags in cold)]


def compile_all(kernels: Sequence[Kernel], workers: int, on_compiling: OnCompiling | None = None) -> None:
    """Compile kernels in processes of their own; what the cache holds is only looked at.

    A kernel that cannot be compiled ahead is left to the run that needs it: nothing is raised here.
    """
    crew = _Crew(kernels, workers)
    try:
        while crew.at_work:
            if on_compiling:
                on_compiling(len(crew.answered), len(kernels))
            crew.wait(1.0)
    finally:
        crew.stop()
    note_compiled_ahead(crew.answered)
    if on_compiling:
        on_compiling(len(kernels), len(kernels))


class _Crew:
    """Processes that compile, each served by a thread of its own; the longest kernels go first."""

    def __init__(self, kernels: Sequence[Kernel], workers: int) -> None:
        #: Keys of the kernels that a process has answered for.
        self.answered: list[str] = []
        self._waiting = deque(kernels)
        self._news = threading.Event()
        self._processes = [
            subprocess.Popen(
                [sys.executable, "-m", "twin.experiments.compiling"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "NUMBA_NUM_THREADS": "1", "PYTHONUTF8": "1"},
                encoding="utf-8",
            )
            for _ in range(min(workers, len(kernels)))
        ]
        self._threads = [threading.Thread(target=self._serve, args=(p,), daemon=True) for p in self._processes]
        for thread in self._threads:
            thread.start()

    @property
    def at_work(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def wait(self, seconds: float) -> None:
        self._news.wait(seconds)
        self._news.clear()

    def stop(self) -> None:
        self._waiting.clear()
        for process in self._processes:
            process.kill()
            process.wait()

    def _serve(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018  (pipes, see above)
        try:
            while self._waiting:
                kernel = self._waiting.popleft()
                process.stdin.write(json.dumps([kernel.module, kernel.name, list(kernel.types)]) + "\n")
                process.stdin.flush()
                if not process.stdout.readline():
                    break  # it died; the run that needs the kernel will say why
                self.answered.append(kernel.key)
                self._news.set()
        except (OSError, IndexError, ValueError):
            pass  # dead or stopped, or another took the last one
        finally:
            for pipe in (process.stdin, process.stdout):
                try:
                    pipe.close()
                except OSError:
                    continue  # a dead process' pipe may refuse its last bytes
            self._news.set()


def main() -> None:
    """Compile what standard input names, one kernel a line; a line out for each says whether it had to be."""
    from twin.jit import compile_ahead

    for line in sys.stdin:
        module, name, types = json.loads(line)
        try:
            answer = "compiled" if compile_ahead(module, name, types) else "cached"
        except Exception:  # noqa: BLE001  (the kernel has changed since it was listed; its run compiles it)
            answer = "unknown"
        sys.stdout.write(answer + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
