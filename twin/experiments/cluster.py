"""Runs of a study on a Dask cluster: the same tasks, the same bytes, on other machines.

What a study was begun with (plan, tables, city) goes to each worker once, as a plugin that also workers which come
later receive. A full run is done in a folder of the worker's own and gives back its finished files as one Arrow table;
here they take their place as if a process of this machine had made them. Lean runs travel several at a time and give
back their lines. A worker that dies takes nothing along: Dask gives its task to another, up to three times. Workers
run what the scheduler sends them, so that a cluster must be trusted.
"""

from __future__ import annotations

import math
import os
import platform
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from twin import __version__, errors
from twin.cache import source_digest
from twin.errors import ClusterError, InternalError, RunError, ScenarioError, TwinError
from twin.experiments.cluster_local import START_S, LocalCluster
from twin.experiments.extras import needed
from twin.experiments.forking import may_fork
from twin.experiments.lean import LEAN, append, read_line
from twin.experiments.packing import packed, unpack
from twin.experiments.pool import Executor, MakeExecutor
from twin.experiments.task import DONE, LOCKS, Task, is_done, record_path
from twin.results.run_folder import run_path, sync_name
from twin.scenario.plan.plan import Plan
from twin.simulate import load_models

_CONNECT_S = 20.0
#: Workers may die while they are told of a study; so often it is begun anew.
_GREETINGS, _GREET_AGAIN_S = 6, 0.5
#: Lean runs that travel together take about so long, and are at most so many; each worker has so many shares ahead.
_TOGETHER_S, _MOST_TOGETHER, _AHEAD = 0.5, 100, 2
#: A scheduler handles some thousand shares a second; more workers get longer ones.
_SHARES_PER_S = 500.0
#: How often one asks how many workers there are.
_COUNT_EVERY_S = 5.0
#: Folders of a growing study that its tasks do not begin with.
_GROWN = (LEAN, DONE, LOCKS, "runs")


def cluster_executor(address: str) -> MakeExecutor:
    """Executors on a cluster.

    Parameters
    ----------
    address
        Of a Dask scheduler, e.g. ``tcp://10.0.0.5:8786``, or ``local:N`` for N worker processes of this machine.

    Raises
    ------
    ScenarioError
        If the address is none, or Dask is not installed.
    """
    needed("distributed", "cluster")
    kind, _, count = address.partition(":")
    if kind == "local":
        if not count.isdecimal() or not 1 <= int(count) <= 1024:
            raise ScenarioError(f"--cluster {address!r} names no number of workers", mend="say --cluster local:2")
    elif "://" not in address and not (kind and count.isdecimal()):
        raise ScenarioError(
            f"--cluster {address!r} is no address", mend="say --cluster tcp://HOST:8786, or --cluster local:2"
        )

    def make(partial: Path, _: int, on_news: Callable[[Sequence[float]], None] | None = None) -> Executor:
        return DaskExecutor(partial, address, on_news)

    return make


def software() -> dict[str, str]:
    """What must be equal on all machines for equal bytes."""
    return {
        "twin": __version__,
        "sources": source_digest(),
        "python": platform.python_version(),
        "machine": platform.machine(),
        **{name: version(name) for name in ("mesa", "numba", "numpy", "pyarrow", "scipy")},
    }


class DaskExecutor:
    """An executor on a Dask cluster.

    Parameters
    ----------
    partial
        The study's growing folder.
    address
        As in :func:`cluster_executor`.
    on_news
        Called whenever a task is done.

    Raises
    ------
    ClusterError
        If no scheduler answers, no worker comes, or a worker runs other software.
    """

    def __init__(self, partial: Path, address: str, on_news: Callable[[Sequence[float]], None] | None = None) -> None:
        distributed = needed("distributed", "cluster")
        self._partial, self._on_news, self._distributed = partial, on_news, distributed
        self._local = _local_cluster(partial, int(address.partition(":")[2])) if address.startswith("local:") else None
        self._client: Any = None
        self._waiting: deque[Task] = deque()
        self._futures: dict[Any, list[Task]] = {}
        self._workers, self._counted_at = 1, -math.inf
        self._run_s, self._sent = 0.0, 0
        self._answers: Any = None
        try:
            self._connect(self._local.address if self._local else address)
        except BaseException:
            self.cancel()
            raise

    def _connect(self, address: str) -> None:
        try:
            self._client = self._distributed.Client(address, timeout=_CONNECT_S, set_as_default=False)
            self._client.wait_for_workers(1, timeout=START_S if self._local else _CONNECT_S)
        except (OSError, ValueError, TimeoutError) as fault:
            raise ClusterError(
                f"the cluster cannot be reached: {_first_line(fault)}",
                where=address,
                mend="start a scheduler and workers (docs/cluster.md), or run without --cluster",
            ) from fault
        self._greet(address)

    def _greet(self, address: str) -> None:
        """Hear of every worker what it runs, and give each the study; again where one dies in the middle of it."""
        from twin.experiments.cluster_worker import StudyPlugin

        plugin = StudyPlugin(self._partial.name, packed(begun_with(self._partial)))
        for left in reversed(range(_GREETINGS)):
            try:
                self._tell_all(plugin)
                return
            except (OSError, TimeoutError) as fault:
                if not left:
                    raise ClusterError(
                        f"workers of the cluster come and go: {_first_line(fault)}",
                        where=address,
                        mend="look at the workers' logs, or run without --cluster",
                    ) from fault
            time.sleep(_GREET_AGAIN_S)  # the scheduler notices a dead worker a moment later
            self._client.wait_for_workers(1, timeout=_CONNECT_S)

    def _tell_all(self, plugin: Any) -> None:
        refuse_others(self._client.run(software))
        self._client.register_plugin(plugin)

    def submit(self, task: Task) -> None:
        """Take a task."""
        if task.lean or not is_done(self._partial, task):
            self._waiting.append(task)
            if self._answers is not None:
                self._fill()

    def _fill(self) -> None:
        """Give the cluster what keeps its workers busy; short lean runs go together, so that messages are few."""
        try:
            self._give()
        except OSError as fault:
            # No ClusterError: after those nothing is left behind, and here runs are done.
            raise RunError(
                f"the cluster has gone away: {_first_line(fault)}",
                mend="look at the scheduler's log; `twin resume` goes on with what is done",
            ) from fault

    def _give(self) -> None:
        from twin.experiments.cluster_worker import do_there

        if time.monotonic() - self._counted_at > _COUNT_EVERY_S:
            self._workers, self._counted_at = max(len(self._client.nthreads()), 1), time.monotonic()
        while self._waiting and len(self._futures) < _AHEAD * self._workers:
            tasks = [self._waiting.popleft()]
            # Towards the end smaller shares, so that all are done at about the same time.
            share = math.ceil(len(self._waiting) / (_AHEAD * self._workers))
            together_s = max(_TOGETHER_S, self._workers / _SHARES_PER_S)
            most = min(int(together_s / self._run_s), _MOST_TOGETHER, share) if tasks[0].lean and self._run_s else 1
            while len(tasks) < most and self._waiting[0].lean:
                tasks.append(self._waiting.popleft())
            self._sent += 1
            name = f"twin-{self._partial.name}-{tasks[0].variant}-{tasks[0].replication}-{os.getpid()}-{self._sent}"
            given = [asdict(task) for task in tasks]
            future = self._client.submit(do_there, self._partial.name, given, key=name, pure=False, retries=2)
            self._futures[future] = tasks
            self._answers.add(future)

    def as_completed(self) -> Iterator[Task]:
        """Every task submitted and not yet given, as soon as its results stand here.

        Raises
        ------
        TwinError
            The first error of a task.
        RunError
            If a task kills its workers, or the cluster goes away.
        """
        self._answers = self._distributed.as_completed([], loop=self._client.loop)
        self._fill()
        while self._futures:
            future = next(self._answers)
            tasks = self._futures.pop(future)
            try:
                answer = future.result()
            except Exception as fault:
                raise RunError(
                    f"variant {tasks[0].variant}, replication {tasks[0].replication} was lost by the cluster: "
                    f"{type(fault).__name__}: {_first_line(fault)}",
                    mend="look at the workers' logs; `twin resume` goes on with what is done",
                ) from fault
            done = put(self._partial, tasks, answer)
            self._run_s = max(float(answer["run_s"]), 1e-3)
            self._fill()
            for task in done:
                if self._on_news:
                    self._on_news([])
                yield task
        self._answers = None

    def cancel(self) -> None:
        """Drop what waits and leave the cluster; one of our own is ended."""
        if self._client is not None:
            for future in self._futures:
                future.cancel()
            self._waiting.clear()
            self._client.close(timeout=5)
            self._client = None
        self._futures.clear()
        if self._local is not None:
            self._local.close()
            self._local = None


def _first_line(fault: Exception) -> str:
    return str(fault).splitlines()[0] if str(fault) else "no answer"


def _local_cluster(partial: Path, workers: int) -> LocalCluster:
    """Processes of this machine; what they are forked from has loaded what the runs need."""
    if may_fork():
        load_models(Plan.read(partial))
    return LocalCluster(workers)


def refuse_others(found: dict[str, dict[str, str]]) -> None:
    """Check that every worker runs what runs here.

    Parameters
    ----------
    found
        Worker -> its software.

    Raises
    ------
    ClusterError
        Naming the first worker and what is different there.
    """
    own = software()
    for worker, theirs in found.items():
        for name, here in own.items():
            if theirs.get(name) != here:
                raise ClusterError(
                    f"a worker runs {name} {theirs.get(name, 'of none')}, here is {here}: its figures could differ",
                    where=worker,
                    mend="install the same versions on all machines of the cluster",
                )


def begun_with(partial: Path) -> list[tuple[str, bytes]]:
    """Files that a study's tasks need: name and content."""
    files = sorted(p for p in partial.rglob("*") if p.is_file() and p.relative_to(partial).parts[0] not in _GROWN)
    kept = [p for p in files if p.name not in ("log.txt", "timing.json") and p.suffix != ".tmp"]
    return [(p.relative_to(partial).as_posix(), p.read_bytes()) for p in kept]


def put(partial: Path, tasks: Sequence[Task], answer: Mapping[str, Any]) -> list[Task]:
    """Give what came back its place, and return the tasks that are done.

    Lines of lean runs are appended; of a full run the record comes first, then its folder under its name, whole.

    Raises
    ------
    TwinError
        The error of the first task that went wrong; those before it stand.
    RunError
        If what came back is not what was asked for.
    """
    done = list(tasks[: answer.get("task", len(tasks))])
    if lean := [task.key for task in done if task.lean]:
        found = [read_line(line) for line in answer["lines"].splitlines(keepends=True)]
        if [one and one[0] for one in found] != lean:
            raise RunError(
                "a worker gave back other runs than it was asked for",
                mend="look at the workers' logs; `twin resume` goes on with what is done",
            )
        append(partial, answer["lines"])
    for task in done:
        if not task.lean and not is_done(partial, task):
            _put_run(partial, task, answer["files"])
    if "error" in answer:
        raise _as_error(answer["error"], tasks[answer["task"]])
    return done


def _put_run(partial: Path, task: Task, data: bytes) -> None:
    with tempfile.TemporaryDirectory(dir=partial, prefix="arrived-", ignore_cleanup_errors=True) as arrived:
        folder = Path(arrived)
        unpack(data, folder)
        final, record = partial / run_path(task.variant, task.replication), record_path(partial, task)
        for path in (record, final):
            path.parent.mkdir(parents=True, exist_ok=True)
        os.replace(record_path(folder, task), record)
        os.replace(folder / run_path(task.variant, task.replication), final)
        sync_name(final)


def _as_error(answer: dict[str, str], task: Task) -> TwinError:
    kind = getattr(errors, answer["error"], None)
    where = ", ".join(p for p in (answer["where"], f"variant {task.variant}, replication {task.replication}") if p)
    if isinstance(kind, type) and issubclass(kind, TwinError):
        return kind(answer["what"], where=where, mend=answer["mend"])
    return InternalError(answer["what"], where=where, mend="report it with the workers' logs")
