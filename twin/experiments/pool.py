"""Workers as processes: hand out tasks, hear of progress, replace the dead."""

from __future__ import annotations

import math
import queue
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from twin import errors
from twin.errors import InternalError, RunError, TwinError
from twin.experiments.crew import Inbox, Worker, starter
from twin.experiments.task import Task

#: Called with (runs done, progress of each run under way).
OnPoolProgress = Callable[[int, Sequence[float]], None]
_MAX_TRIES = 3
#: Seconds of lean runs that a worker has ready beside the one it does, and how many they are at most.
_AHEAD_S, _MOST_AHEAD = 0.25, 16


class Executor(Protocol):
    """Who does tasks: ask with :meth:`submit`, be told by :meth:`as_completed`.

    Studies, rankings and stopping rules stand on this alone; the pool of this machine is one implementation, a
    cluster can be another. What comes out never depends on who does a task or when.
    """

    def submit(self, task: Task) -> None:
        """Take a task; may be called while :meth:`as_completed` is read."""
        ...

    def as_completed(self) -> Iterator[Task]:
        """Every task submitted and not yet given, as soon as it is done; ends when none is left.

        Raises
        ------
        TwinError
            The first error of a task.
        """
        ...

    def cancel(self) -> None:
        """Drop what waits and stop what is under way, which can be resumed; may be called again."""
        ...


#: Makes an executor from the study's growing folder, the number of workers, and whom to tell of the progress of each
#: run under way.
MakeExecutor = Callable[[Path, int, Callable[[Sequence[float]], None] | None], Executor]


class LocalPool:
    """Worker processes on this machine.

    Parameters
    ----------
    partial
        The study's growing folder.
    workers
        Number of processes at most, at least 1.
    on_news
        Called whenever a worker says something, with the progress of each run under way.
    """

    def __init__(self, partial: Path, workers: int, on_news: Callable[[Sequence[float]], None] | None = None) -> None:
        self._workers, self._on_news = workers, on_news
        self._log = partial / "log.txt"
        self._inbox: Inbox = queue.Queue()
        self._crew: list[Worker] = []
        self._start = starter(partial, self._log)
        self._waiting: deque[Task] = deque()
        self._tries: dict[Task, int] = {}

    def submit(self, task: Task) -> None:
        """Take a task; an idle worker gets it at once, or a new one."""
        self._tries[task] = 0
        self._waiting.append(task)
        self._hand_out()

    def as_completed(self) -> Iterator[Task]:
        """Every task submitted and not yet given, as soon as it is done.

        Raises
        ------
        TwinError
            The first error of a task.
        RunError
            If a task kills its worker three times.
        """
        while self._waiting or any(worker.tasks for worker in self._crew):
            worker, message = self._inbox.get()
            if worker not in self._crew:
                continue
            if message is None:
                self._crew.remove(worker)
                worker.stop()
                _retry(worker, self._waiting, self._tries, self._log)
                self._hand_out()
            elif "error" in message:
                raise _as_error(message, worker.tasks[0] if worker.tasks else None)
            elif "progress" in message:
                worker.progress = float(message["progress"])
            elif "done" in message and worker.tasks:
                done, worker.progress = worker.tasks.popleft(), 0.0
                worker.run_s = float(message.get("cpu_s", math.inf))
                self._hand_out()
                yield done
            if self._on_news:
                self._on_news([w.progress for w in self._crew])

    def cancel(self) -> None:
        """Drop what waits and stop every worker."""
        self._waiting.clear()
        while self._crew:
            self._crew.pop().stop()

    def _hand_out(self) -> None:
        for worker in self._crew:
            if self._waiting and not worker.tasks:
                worker.give(self._waiting.popleft())
        while self._waiting and len(self._crew) < self._workers:
            self._crew.append(Worker(self._start(), self._inbox))
            self._crew[-1].give(self._waiting.popleft())
        for worker in self._crew:
            # Short runs lie ready, so that nobody waits for us between them; towards the end they are shared out.
            ready = min(int(_AHEAD_S / max(worker.run_s, 1e-4)), _MOST_AHEAD, len(self._waiting) // len(self._crew))
            while self._waiting and self._waiting[0].lean and len(worker.tasks) <= ready:
                worker.give(self._waiting.popleft())


def do_all(
    partial: Path,
    tasks: Sequence[Task],
    workers: int,
    on_progress: OnPoolProgress | None = None,
    more: Callable[[], Sequence[Task]] | None = None,
    executor: MakeExecutor = LocalPool,
) -> None:
    """Do every task, in worker processes of this machine unless another executor is given.

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
    executor
        Makes who does them.

    Raises
    ------
    TwinError
        The first error of a task.
    RunError
        If a task kills its worker three times.
    """
    done = 0

    def news(under_way: Sequence[float]) -> None:
        if on_progress:
            on_progress(done, under_way)

    pool = executor(partial, workers, news)
    try:
        waiting = tasks
        while waiting:
            for task in waiting:
                pool.submit(task)
            for _ in pool.as_completed():
                done += 1
            waiting = more() if more else ()
    finally:
        pool.cancel()


def _retry(worker: Worker, waiting: deque[Task], tries: dict[Task, int], log: Path) -> None:
    if not worker.tasks:
        return
    task = worker.tasks[0]  # those behind it were not begun
    tries[task] += 1
    if tries[task] >= _MAX_TRIES:
        raise RunError(
            f"variant {task.variant}, replication {task.replication} killed its worker "
            f"{_MAX_TRIES} times (exit code {worker.process.poll()})",
            where=str(log),
            mend="the machine may be out of memory: use fewer workers (--workers 1)",
        )
    waiting.extendleft(reversed(worker.tasks))


def _as_error(message: dict[str, Any], task: Task | None) -> TwinError:
    which = f"variant {task.variant}, replication {task.replication}" if task else ""
    where = ", ".join(part for part in (message["where"], which) if part)
    if message["error"] == "OSError":
        return RunError(
            f"cannot write: {message['what']}",
            where=where,
            mend="make room on the disk or choose another --out; then `twin resume` goes on",
        )
    kind = getattr(errors, message["error"], None)
    if isinstance(kind, type) and issubclass(kind, TwinError):
        return kind(message["what"], where=where, mend=message["mend"])
    return InternalError(
        message["what"],
        where=where,
        mend="this is a fault of the twin, not of your scenario; report it with log.txt of the partial folder",
    )
