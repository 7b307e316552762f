"""Workers as subprocesses: hand out tasks, hear of progress, replace the dead."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from twin import errors
from twin.errors import InternalError, RunError, TwinError
from twin.experiments.task import Task

#: Called with (runs done, progress of each run under way).
OnPoolProgress = Callable[[int, Sequence[float]], None]
_MAX_TRIES = 3


class _Worker:
    """One subprocess and the task it has."""

    def __init__(self, partial: Path, inbox: queue.Queue[tuple[_Worker, dict[str, Any] | None]], log: Path) -> None:
        environment = {**os.environ, "NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"}
        with log.open("ab") as errors_to:
            self.process = subprocess.Popen(  # noqa: S603  (our own interpreter and module)
                [sys.executable, "-m", "twin.experiments.worker", str(partial)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors_to, env=environment, encoding="utf-8",
            )
        self.task: Task | None = None
        self.progress = 0.0
        self._inbox = inbox
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout is not None  # noqa: S101  (set by PIPE above)
        for line in self.process.stdout:
            self._inbox.put((self, json.loads(line)))
        self._inbox.put((self, None))

    def give(self, task: Task) -> None:
        assert self.process.stdin is not None  # noqa: S101  (set by PIPE above)
        self.task, self.progress = task, 0.0
        try:
            self.process.stdin.write(json.dumps(asdict(task)) + "\n")
            self.process.stdin.flush()
        except OSError:
            return  # it has just died; its listener says so and the task goes to another

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue  # a dead worker's pipe may refuse its last bytes


def do_all(
    partial: Path, tasks: Sequence[Task], workers: int, on_progress: OnPoolProgress | None = None,
    more: Callable[[], Sequence[Task]] | None = None,
) -> None:
    """Do every task in worker processes.

    Parameters
    ----------
    partial
        The study's growing folder.
    tasks
        What to do; the result does not depend on who does it or when.
    workers
        Number of processes, at least 1.
    more
        Asked for further tasks whenever all are done, so that what they are can depend on what came out; no more
        of them end it.

    Raises
    ------
    TwinError
        The first error of a task.
    RunError
        If a task kills its worker three times.
    """
    waiting, tries, total = deque(tasks), dict.fromkeys(tasks, 0), len(tasks)
    inbox: queue.Queue[tuple[_Worker, dict[str, Any] | None]] = queue.Queue()
    log = partial / "log.txt"
    crew = [_Worker(partial, inbox, log) for _ in range(min(workers, len(tasks)))]
    done = 0
    try:
        for worker in crew:
            worker.give(waiting.popleft())
        while done < total:
            worker, message = inbox.get()
            if worker not in crew:
                continue
            if message is None:
                crew.remove(worker)
                worker.stop()
                _retry(worker, waiting, tries, log)
                if waiting:
                    crew.append(_Worker(partial, inbox, log))
                    crew[-1].give(waiting.popleft())
            elif "error" in message:
                raise _as_error(message, worker.task)
            elif "progress" in message:
                worker.progress = float(message["progress"])
            elif "done" in message:
                done += 1
                worker.task, worker.progress = None, 0.0
                if waiting:
                    worker.give(waiting.popleft())
            if on_progress:
                on_progress(done, [w.progress for w in crew])
            if done == total and more is not None and (further := more()):
                total += len(further)
                waiting.extend(further)
                tries.update(dict.fromkeys(further, 0))
                for idle in [w for w in crew if w.task is None][: len(waiting)]:
                    idle.give(waiting.popleft())
                for _ in range(min(workers - len(crew), len(waiting))):
                    crew.append(_Worker(partial, inbox, log))
                    crew[-1].give(waiting.popleft())
    finally:
        for worker in crew:
            worker.stop()


def _retry(worker: _Worker, waiting: deque[Task], tries: dict[Task, int], log: Path) -> None:
    if worker.task is None:
        return
    tries[worker.task] += 1
    if tries[worker.task] >= _MAX_TRIES:
        raise RunError(
            f"variant {worker.task.variant}, replication {worker.task.replication} killed its worker "
            f"{_MAX_TRIES} times (exit code {worker.process.poll()})",
            where=str(log), mend="the machine may be out of memory: use fewer workers (--workers 1)",
        )
    waiting.appendleft(worker.task)


def _as_error(message: dict[str, Any], task: Task | None) -> TwinError:
    which = f"variant {task.variant}, replication {task.replication}" if task else ""
    where = ", ".join(part for part in (message["where"], which) if part)
    if message["error"] == "OSError":
        return RunError(f"cannot write: {message['what']}", where=where,
                        mend="make room on the disk or choose another --out; then `twin resume` goes on")
    kind = getattr(errors, message["error"], None)
    if isinstance(kind, type) and issubclass(kind, TwinError):
        return kind(message["what"], where=where, mend=message["mend"])
    return InternalError(message["what"], where=where, mend="this is a fault of the twin, not of your scenario; "
                         "report it with log.txt of the partial folder")
