"""A Dask cluster of processes of this machine: for a try, for tests, and for what is meant to run on a larger one."""

from __future__ import annotations

import asyncio
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TextIO

from twin.errors import ClusterError
from twin.experiments.forking import Forked, may_fork

START_S = 120.0
#: One thread a worker; Dask's own profiler, which looks at every worker a hundred times a second, is off, and its clock
#: ticks seldom.
_SETTINGS = {"distributed.worker.profile.enabled": False, "distributed.admin.tick.interval": "500ms"}
_ENVIRONMENT = {
    "NUMBA_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "PYTHONUTF8": "1",
    **{f"DASK_{key.replace('.', '__').upper()}": str(value) for key, value in _SETTINGS.items()},
}
_HOST = "127.0.0.1"


class LocalCluster:
    """A scheduler and workers as processes of this machine, without importing the caller's script again.

    They are forked where that is sound, and end with this process then.
    """

    def __init__(self, workers: int) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="twin-cluster-"))
        self._told = self.folder / "scheduler.json"
        self.processes: list[subprocess.Popen[bytes] | Forked] = []
        self._start(
            functools.partial(_schedule, self._told),
            "distributed.cli.dask_scheduler",
            *("--port", "0", "--no-dashboard"),
        )
        for _ in range(workers):
            self.add_worker()

    def add_worker(self) -> subprocess.Popen[bytes] | Forked:
        """One more worker process."""
        return self._start(
            functools.partial(_work, self._told, self.folder),
            "distributed.cli.dask_worker",
            *("--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", str(self.folder)),
        )

    def _start(
        self, life: Callable[[], Coroutine[Any, Any, None]], module: str, *options: str
    ) -> subprocess.Popen[bytes] | Forked:
        process: subprocess.Popen[bytes] | Forked
        if may_fork():
            import distributed  # noqa: F401  (so that all have it)

            import twin.experiments.cluster_worker  # noqa: F401  (the same)

            process = Forked(functools.partial(_live, self.folder, life), Path(os.devnull))
        else:
            process = subprocess.Popen(  # noqa: S603  (our own interpreter)
                [sys.executable, "-m", module, "--host", _HOST, "--scheduler-file", str(self._told), *options],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **_ENVIRONMENT},
                cwd=self.folder,
            )
        self.processes.append(process)
        return process

    @property
    def address(self) -> str:
        """Of the scheduler, once it listens.

        Raises
        ------
        ClusterError
            If it does not come up.
        """
        began = time.monotonic()
        while time.monotonic() - began < START_S:
            try:
                return str(json.loads(self._told.read_text(encoding="utf-8"))["address"])
            except (OSError, ValueError, KeyError):
                time.sleep(0.02)  # the scheduler writes where it listens into a file, and tells nobody else
        raise ClusterError("the scheduler of the local cluster does not come up", mend="run without --cluster")

    def close(self) -> None:
        """End every process of the cluster."""
        for process in reversed(self.processes):
            process.kill()
        for process in self.processes:
            if isinstance(process, Forked):
                process.end()
            else:
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def _live(folder: Path, life: Callable[[], Coroutine[Any, Any, None]], given: TextIO, _: TextIO) -> None:
    """What a forked process of the cluster does until its parent is gone."""
    import dask

    def watch() -> None:
        given.read()
        os._exit(0)

    os.chdir(folder)
    threading.Thread(target=watch, daemon=True).start()
    with dask.config.set(_SETTINGS):
        asyncio.run(life())


async def _schedule(told: Path) -> None:
    from distributed import Scheduler

    async with Scheduler(host=_HOST, port=0, dashboard=False, scheduler_file=str(told)) as scheduler:
        await scheduler.finished()


async def _work(told: Path, folder: Path) -> None:
    from distributed import Worker

    async with Worker(
        scheduler_file=str(told), host=_HOST, nthreads=1, dashboard=False, local_directory=str(folder)
    ) as worker:
        await worker.finished()
