"""The worker's side of a Dask cluster: a study in a folder of its own, and tasks that give back their files."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path
from typing import Any

from distributed.diagnostics.plugin import WorkerPlugin

from twin.errors import TwinError
from twin.experiments.packing import packed, unpack
from twin.experiments.task import Task, do_task, lean_line, record_path
from twin.results.run_folder import run_path

#: Longest time a task waits for its study, which comes as a plugin.
_START_S = 120.0


class StudyPlugin(WorkerPlugin):
    """What a study was begun with, on every worker; compiles what its runs need once per host."""

    def __init__(self, study: str, files: bytes) -> None:
        self.name = f"twin-{study}"
        self._study, self._files = study, files

    def setup(self, worker: Any) -> None:
        """Unpack the study in the worker's own folder."""
        folder = Path(worker.local_directory) / f"twin-{self._study}"
        shutil.rmtree(folder, ignore_errors=True)
        unpack(self._files, folder)
        _FOLDERS[self._study] = folder
        _OPEN.pop(self._study, None)
        _compile_once(folder)

    def teardown(self, worker: Any) -> None:
        """Forget the study."""
        _OPEN.pop(self._study, None)
        shutil.rmtree(_FOLDERS.pop(self._study, Path(worker.local_directory) / "nothing"), ignore_errors=True)


#: Study -> its folder on this worker; filled by the plugin.
_FOLDERS: dict[str, Path] = {}
#: Study -> its plan and city, read at the first task.
_OPEN: dict[str, tuple[Any, Any]] = {}
#: A worker with several threads still does one task after the other: models are no threads' friends.
_ONE_TASK = threading.Lock()


def _compile_once(folder: Path) -> None:
    """Compile the kernels of a study, one worker of a host after the other: who comes later finds them."""
    from filelock import FileLock

    from twin.cache import compiled_folder
    from twin.experiments.compiling import compile_all, kernels_for
    from twin.scenario.plan.plan import Plan

    plan = Plan.read(folder)
    with FileLock(Path(compiled_folder()) / "cluster.lock"):
        cold = kernels_for([plan.variant(name)["models"] for name in plan.variants])
        if cold:
            compile_all(cold, 1)


def do_there(study: str, given: list[dict[str, Any]]) -> dict[str, Any]:
    """On a worker: do tasks and give back what they came to.

    Returns
    -------
    dict
        ``lines`` of the lean runs that were done, ``files`` of a full one, ``run_s`` of the processor that each took,
        and ``error`` with ``task``, its place in the list, where one went wrong: those after it were not begun.
    """
    from twin.city.keeping.build import open_city
    from twin.scenario.plan.plan import Plan

    began = time.monotonic()
    while study not in _FOLDERS and time.monotonic() - began < _START_S:
        time.sleep(0.05)  # the plugin that brings the study may come after the first task
    folder, lines = _FOLDERS[study], []
    out: dict[str, Any] = {"files": b""}
    with _ONE_TASK:
        if study not in _OPEN:
            _OPEN[study] = Plan.read(folder), open_city(folder / "city")
        began = time.thread_time()  # of the processor: on a busy host shares stay as long
        for place, task in enumerate(Task(**one) for one in given):
            try:
                if task.lean:
                    lines.append(lean_line(folder, *_OPEN[study], task))
                else:
                    do_task(folder, *_OPEN[study], task)
                    out["files"] = _taken(folder, task)
            except TwinError as fault:
                said = {"error": type(fault).__name__, "what": fault.what, "where": fault.where, "mend": fault.mend}
                out.update(error=said, task=place)
                break
    return {**out, "lines": b"".join(lines), "run_s": (time.thread_time() - began) / len(given)}


def _taken(folder: Path, task: Task) -> bytes:
    """Files of a run that is done; the worker keeps none, or a study of thousands of runs would fill its disk."""
    made = (record_path(folder, task), *sorted((folder / run_path(task.variant, task.replication)).rglob("*")))
    files = [p for p in made if p.is_file()]
    data = packed([(p.relative_to(folder).as_posix(), p.read_bytes()) for p in files])
    for path in files:
        path.unlink()
    return data
