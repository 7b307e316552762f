"""Workers as processes: forked from this one where that is sound, started anew anywhere else."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import asdict
from math import inf
from pathlib import Path
from typing import Any, TextIO

from twin.experiments.forking import Forked, Listener, may_fork
from twin.experiments.task import Task

#: What a worker says, and None when it is dead.
Inbox = queue.Queue[tuple["Worker", dict[str, Any] | None]]


class Worker:
    """One process and the tasks it has: the first is being done."""

    def __init__(self, process: subprocess.Popen[str] | Forked, inbox: Inbox) -> None:
        self.process = process
        self.tasks: deque[Task] = deque()
        self.progress, self.run_s = 0.0, inf
        self._inbox = inbox
        Listener(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout is not None  # noqa: S101  (a pipe, see below)
        for line in self.process.stdout:
            self._inbox.put((self, json.loads(line)))
        self._inbox.put((self, None))

    def give(self, task: Task) -> None:
        """Give it a task; one that has just died says so by its listener, and the task goes to another."""
        assert self.process.stdin is not None  # noqa: S101  (a pipe, see below)
        self.tasks.append(task)
        try:
            self.process.stdin.write(json.dumps(asdict(task)) + "\n")
            self.process.stdin.flush()
        except OSError:
            return

    def stop(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue  # a dead worker's pipe may refuse its last bytes


def starter(partial: Path, log: Path) -> Callable[[], subprocess.Popen[str] | Forked]:
    """Whoever starts workers on a study; what forked ones need of it is read once, here.

    Parameters
    ----------
    partial
        The study's growing folder.
    log
        File their standard error is added to.
    """
    loaded: list[Callable[[TextIO, TextIO], None]] = []

    def start() -> subprocess.Popen[str] | Forked:
        if not may_fork():
            return _anew(partial, log)
        if not loaded:
            from twin.experiments.worker import ready

            loaded.append(ready(partial))
        return Forked(loaded[0], log)

    return start


def _anew(partial: Path, log: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"}
    with log.open("ab") as errors_to:
        return subprocess.Popen(  # noqa: S603  (our own interpreter and module)
            [sys.executable, "-m", "twin.experiments.worker", str(partial)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors_to,
            env=environment,
            encoding="utf-8",
        )
