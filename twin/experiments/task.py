"""One run of a study as a task: everything through the study's folder, so that any process can take it."""

from __future__ import annotations

import math
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from twin.city.city import City
from twin.engine.checkpoint import read_checkpoint
from twin.errors import LimitError, RunError
from twin.experiments.lean import RunKey, append, line_of
from twin.experiments.speed import learn, machine_factor
from twin.jit import compilations
from twin.results.run_folder import MANIFEST, Run, file_sha256, move_folder, run_path, sealed, sync_folder, write_json
from twin.scenario.plan.plan import Plan
from twin.simulate import ForkPoint, Progress, checkpoints_of, clear_run, simulate, write_run

LOCKS = "locks"
PAST = "past"
DONE = "done"
HOW = "how.json"
_LOCK_WAIT_S = 120.0
#: A study of thousands of runs is not walked through at each of them.
_WALK_EVERY_S = 5.0
_WALKED: dict[Path, tuple[float, int]] = {}


@dataclass(frozen=True)
class Task:
    """One run to do.

    Attributes
    ----------
    variant, replication
        Which run.
    checkpoint_every_s
        Simulated time between checkpoints; None for none.
    keep_checkpoints
        Whether they stay in the finished run, for forks.
    lean
        Whether only the KPIs are kept.
    of, changes
        Of a point of a search: the variant that is set, and key and value of each setting.
    """

    variant: str
    replication: int
    checkpoint_every_s: float | None = None
    keep_checkpoints: bool = False
    lean: bool = False
    of: str = ""
    changes: tuple[tuple[str, str | int | float | bool], ...] = ()

    @property
    def key(self) -> RunKey:
        """Run and replication."""
        return self.variant, self.replication

    def __post_init__(self) -> None:
        # As it comes back from JSON, settings are lists.
        object.__setattr__(self, "changes", tuple((key, value) for key, value in self.changes))


def is_done(partial: Path, task: Task) -> bool:
    """Whether the folder of a run stands complete in the study's folder; lean runs have none."""
    return (partial / run_path(task.variant, task.replication) / "manifest.json").is_file()


def record_path(partial: Path, task: Task) -> Path:
    """Record of a finished run: the hash of its manifest."""
    return partial / DONE / f"{task.variant}-{task.replication:05d}.json"


def _record(partial: Path, task: Task, told: Path) -> None:
    """Record a run before it takes its name: a run without a record was never finished by us."""
    path = record_path(partial, task)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, sealed({"of": file_sha256(told)}))


def do_task(partial: Path, plan: Plan, city: City, task: Task, on_progress: Progress | None = None) -> None:
    """Do a task; afterwards its result stands complete, or not at all.

    A full run that is done is left alone, and its lock keeps a worker that outlived its killed parent from writing
    beside its successor. Lean runs need neither: each process has a file of its own.
    """
    if task.lean:
        append(partial, lean_line(partial, plan, city, task, on_progress))
        return
    lock = partial / LOCKS / f"{task.variant}-{task.replication:05d}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with _locked(lock):
        if not is_done(partial, task):
            _refuse_full(partial, plan)
            _do_full(partial, _of_task(plan, task), city, task, on_progress)


def _of_task(plan: Plan, task: Task) -> Plan:
    return plan.at_point(task.variant, task.of, dict(task.changes)) if task.of else plan


@contextmanager
def _locked(lock: Path) -> Iterator[None]:
    try:
        with FileLock(lock, timeout=_LOCK_WAIT_S):
            yield
    except Timeout as fault:
        raise RunError(
            f"another process has held this run for {_LOCK_WAIT_S:g} s",
            where=str(lock),
            mend="let it finish, or end it; then `twin resume`",
        ) from fault


def _refuse_full(partial: Path, plan: Plan) -> None:
    """Stop before a run if the study's folder has grown past its limit."""
    limit = plan.content["limits"].get("disk_bytes")
    walked_s, used = _WALKED.get(partial, (-math.inf, 0))
    if limit and time.monotonic() - walked_s > _WALK_EVERY_S:
        used = _bytes_in(partial)
        _WALKED[partial] = time.monotonic(), used
    if limit and used > limit:
        raise LimitError(
            f"the study's folder holds {used / 1e9:.2f} GB, the limit is {limit / 1e9:.2f} GB",
            where=str(partial),
            mend="raise limits.disk in the scenario, record fewer traces, or run with --lean",
        )


def _bytes_in(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(parent) / name).stat().st_size
            except FileNotFoundError:
                continue  # another worker has just given its run's folder the final name
    return total


def _do_full(partial: Path, plan: Plan, city: City, task: Task, on_progress: Progress | None) -> None:
    final = partial / run_path(task.variant, task.replication)
    growing = final.with_name(final.name + ".partial")
    growing.mkdir(parents=True, exist_ok=True)
    clear_run(growing)
    resumed, compiled = bool(checkpoints_of(growing)), compilations()
    finished = simulate(
        plan,
        task.variant,
        task.replication,
        city,
        folder=growing,
        checkpoint_every_s=task.checkpoint_every_s,
        past=_past_of(partial, plan, task),
        on_progress=on_progress,
    )
    if not resumed:
        _learn(plan, task, finished.timing["cpu_s"], warm=compilations() == compiled)
    write_run(growing, plan, task.variant, task.replication, city, finished)
    if not task.keep_checkpoints:
        shutil.rmtree(growing / "checkpoints", ignore_errors=True)
    validate_run(growing)
    sync_folder(growing)
    _record(partial, task, growing / MANIFEST)
    move_folder(growing, final)


def _learn(plan: Plan, task: Task, cpu_s: float, *, warm: bool) -> None:
    """Keep what the run took for the next estimate; a fork runs a part of the day, points were not estimated."""
    estimated_s = plan.content.get("estimate", {}).get("run_times_s", {}).get(task.variant, 0.0)
    if not plan.content.get("parent") and not task.of:
        learn(plan.variant(task.variant)["models"], float(estimated_s) * machine_factor(), cpu_s, warm=warm)


def validate_run(folder: Path) -> None:
    """Read every table back before the folder takes its place.

    Raises
    ------
    RunError
        If a file is not as the manifest says.
    """
    run = Run.unfinished(folder)
    for name in run.tables:
        columns = run.table(name)
        count = len(next(iter(columns.values())))
        if count != run.manifest["rows"][name]:
            raise RunError(
                f"table {name} has {count} rows, the manifest says {run.manifest['rows'][name]}",
                where=str(folder),
                mend="the disk may be failing; run the scenario again",
            )


def lean_line(partial: Path, plan: Plan, city: City, task: Task, on_progress: Progress | None = None) -> bytes:
    """Do a lean run and give its KPIs as the line that is kept of it."""
    _refuse_full(partial, plan)
    plan = _of_task(plan, task)
    compiled = compilations()
    finished = simulate(
        plan, task.variant, task.replication, city, past=_past_of(partial, plan, task), on_progress=on_progress
    )
    _learn(plan, task, finished.timing["cpu_s"], warm=compilations() == compiled)
    return line_of(task.variant, task.replication, finished.kpis)


def _past_of(partial: Path, plan: Plan, task: Task) -> ForkPoint | None:
    """The parent's state and tables, when the study is a fork."""
    if not plan.content.get("parent"):
        return None
    folder = partial / PAST / f"{task.replication:03d}"
    checkpoints = checkpoints_of(folder)
    if not checkpoints:
        raise RunError("the past of this fork is missing", where=str(folder), mend="fork the run again")
    state = read_checkpoint(checkpoints[-1])
    parts = int(state.pop("recorder/parts")[0])
    changed = task.variant != plan.content["parent"]["sibling"]
    return ForkPoint(state, folder / "checkpoints" / "parts", parts, changed)
