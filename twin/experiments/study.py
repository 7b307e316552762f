"""A study: start it, do its runs, merge them, put the finished folder in its place. Any kill resumes.

Each step leaves something whole: the growing folder appears with its plan complete; each run's folder is
renamed when finished; merging can be done again; the manifest comes last, then the folder takes its name.
"""

from __future__ import annotations

import glob
import math
import os
import platform
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from twin import __version__
from twin.cache import source_digest
from twin.city.city import City
from twin.city.keeping.build import open_city, save_city
from twin.columns import KPI_COLUMNS
from twin.errors import CityError, ClusterError, RunError, ScenarioError
from twin.experiments.compiling import ShowsCompiling, compile_all, kernels_for
from twin.experiments.growth import SETTLED, Growth
from twin.experiments.lean import LEAN
from twin.experiments.outcome import outcome_of
from twin.experiments.pool import LocalPool, MakeExecutor, do_all
from twin.experiments.priced import priced
from twin.experiments.searching.growth import SearchGrowth
from twin.experiments.task import DONE, HOW, LOCKS, PAST, Task, do_task
from twin.experiments.vouching import check_begun, check_done, check_merged, write_how
from twin.results.compare import DIFFERENCE_COLUMNS
from twin.results.parquet import write_columns
from twin.results.run_folder import (
    ANSWERS,
    DRAWS,
    FORMAT,
    MANIFEST,
    MONEY,
    OBSERVED,
    Study,
    file_sha256,
    files_of,
    move_folder,
    partial_of,
    read_json,
    sealed,
    study_target,
    sync_folder,
    sync_name,
    write_json,
)
from twin.results.sources import data_facts
from twin.scenario.plan.plan import Plan
from twin.simulate import city_facts

AnyGrowth = Growth | SearchGrowth
#: Called with (share of the whole study done, runs done, runs in all).
#: What also :class:`ShowsCompiling` hears of the kernels that are compiled before the first run.
OnStudyProgress = Callable[[float, int, int], None]


@dataclass(frozen=True)
class StudyOptions:
    """How a study is run; nothing here can be seen in its results.

    Attributes
    ----------
    workers
        Processes; 1 runs in this process.
    checkpoint_every_s
        Simulated time between checkpoints; None for none.
    keep_checkpoints
        Whether they stay in the finished runs, for forks.
    lean
        Whether runs keep their KPIs only.
    executor
        Makes who does the runs; None for this machine: this process with one worker, worker processes with more.
    """

    workers: int = 1
    checkpoint_every_s: float | None = None
    keep_checkpoints: bool = False
    lean: bool = False
    executor: MakeExecutor | None = None


def run_new(
    plan: Plan,
    city: City,
    out: Path,
    how: StudyOptions,
    on_progress: OnStudyProgress | None = None,
    *,
    source: bytes = b"",
    past: Sequence[Path] = (),
) -> Study:
    """Start a study and do all of it; arguments as in :func:`start` and :func:`go_on`.

    Raises
    ------
    ScenarioError, CityError, ClusterError
        If a model cannot begin with what it is given, or a cluster cannot be used. Nothing is left behind.
    RunError
        If a folder is in the way or cannot be written; what was done stays for ``twin resume``.
    """
    out = study_target(out)
    partial = start(plan, city, out, how, source=source, past=past)
    try:
        return go_on(partial, out, how, on_progress)
    except (ScenarioError, CityError, ClusterError):
        shutil.rmtree(partial, ignore_errors=True)
        raise


def start(
    plan: Plan, city: City, out: Path, how: StudyOptions, *, source: bytes = b"", past: Sequence[Path] = ()
) -> Path:
    """Make the growing folder of a study, with everything its runs need; returns it.

    Parameters
    ----------
    plan, city
        What to run.
    out
        Folder of the finished study; must not exist.
    how
        Kept for ``twin resume``.
    source
        The scenario file as the user wrote it.
    past
        Checkpoints a fork begins with, one per replication.

    Raises
    ------
    RunError
        If the folder or its growing twin exists, or cannot be made.
    """
    out = study_target(out)
    partial = partial_of(out)
    if out.exists():
        raise RunError(
            "the output folder exists already", where=str(out), mend="choose another with --out, or delete it"
        )
    if partial.exists():
        raise RunError(
            "an unfinished study is in the way",
            where=str(partial),
            mend=f"go on with it: twin resume {out}; or delete it",
        )
    starting = out.with_name(f"{out.name}.starting-{os.getpid()}")
    _sweep_starts(out)
    try:
        starting.mkdir(parents=True)
        plan.write(starting)
        if source:
            (starting / "scenario.yaml").write_bytes(source)
        save_city(city, starting / "city")
        for replication, checkpoint in enumerate(past):
            target = starting / PAST / f"{replication:03d}" / "checkpoints"
            shutil.copytree(checkpoint.parent / "parts", target / "parts")
            shutil.copyfile(checkpoint, target / checkpoint.name)
        sync_folder(starting)
        write_how(
            starting,
            {
                "checkpoint_every_s": how.checkpoint_every_s,
                "sources": source_digest(),
                "keep_checkpoints": how.keep_checkpoints,
                "lean": how.lean,
            },
        )
        os.replace(starting, partial)
        sync_name(partial)
    except BaseException as fault:
        shutil.rmtree(starting, ignore_errors=True)
        if not isinstance(fault, OSError | CityError):
            raise
        raise RunError(
            f"the output folder cannot be made: {fault.what if isinstance(fault, CityError) else fault}",
            where=str(out),
            mend="choose a folder you may write to, with room, by --out",
        ) from fault
    return partial


def _sweep_starts(out: Path) -> None:
    """Remove what starts of this study left that were killed in their first moments."""
    for folder in out.parent.glob(glob.escape(out.name) + ".starting-*"):
        number = folder.name.rpartition("-")[2]
        if number.isdecimal() and not _is_alive(int(number)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_alive(process_id: int) -> bool:
    if os.name != "posix":
        return True  # asking would end the process there; leave the folder
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def resume(
    out: Path, *, workers: int = 1, on_progress: OnStudyProgress | None = None, executor: MakeExecutor | None = None
) -> Study:
    """Take up an unfinished study where it was left; a finished one is opened as it is.

    Raises
    ------
    RunError
        If there is neither.
    """
    if out.name in ("", ".."):
        out = Path(os.path.abspath(out))
    if not out.name:
        raise RunError("there is no study to resume", where=str(out), mend="name the folder of the study")
    out = out.with_name(out.name.removesuffix(".partial") or out.name)
    partial = partial_of(out)
    if out.is_dir():
        return Study(out)
    if not partial.is_dir():
        raise RunError(
            "there is no study to resume",
            where=str(partial),
            mend="start it with `twin run`; a run killed in its first moments has left nothing",
        )
    try:
        if (partial / MANIFEST).is_file():
            check_merged(partial)
            how = StudyOptions(workers)
        else:
            how = replace(_read_how(partial / HOW, workers), executor=executor)
            check_begun(partial)
            check_done(partial, out, _tasks(Plan.read(partial), how))
    except (OSError, RunError, CityError):
        if not partial.is_dir() and out.is_dir():
            raise _lost(out) from None
        raise
    return go_on(partial, out, how, on_progress)


def _lost(out: Path) -> RunError:
    return RunError(
        "another process has finished this study meanwhile",
        where=str(out),
        mend=f"nothing is left to do: twin compare {out}",
    )


def _read_how(path: Path, workers: int) -> StudyOptions:
    kept = read_json(path)
    every_s = kept.get("checkpoint_every_s")
    sound = every_s is None or (isinstance(every_s, int | float) and 0 < every_s < math.inf)
    if not sound or any(not isinstance(kept.get(key), bool) for key in ("keep_checkpoints", "lean")):
        raise RunError(
            "the file does not say how the study is run",
            where=str(path),
            mend="delete the partial folder and run the scenario again",
        )
    if kept.get("sources") != source_digest():
        raise RunError(
            "the study was begun with another version of the twin, or of what compiles it",
            where=str(path),
            mend="resume it with that version, or delete the partial folder and run the scenario again",
        )
    return StudyOptions(workers, every_s, kept["keep_checkpoints"], kept["lean"])


def go_on(partial: Path, out: Path, how: StudyOptions, on_progress: OnStudyProgress | None = None) -> Study:
    """Do what is left of a study, merge, and put the folder in its place.

    Raises
    ------
    RunError
        If another process is at work on the study, or has finished it; or if the disk refuses.
    """
    try:
        with _alone(partial, out):
            if not (partial / MANIFEST).is_file():
                _work(partial, out, how, on_progress)
        _put_in_place(partial, out)
    except OSError as fault:
        if out.is_dir() and not partial.is_dir():
            raise _lost(out) from fault
        raise RunError(
            f"cannot write: {fault}",
            where=str(partial),
            mend=f"make room on the disk; then `twin resume {out}` goes on",
        ) from fault
    return Study(out)


@contextmanager
def _alone(partial: Path, out: Path) -> Iterator[None]:
    """Keep other processes from merging the same study; a killed one lets go by itself."""
    if not partial.is_dir() and out.is_dir():
        raise _lost(out)
    lock = partial / LOCKS / "study.lock"
    lock.parent.mkdir(exist_ok=True)
    try:
        with FileLock(lock, timeout=0):
            yield
    except Timeout as fault:
        raise RunError(
            "another process is at work on this study",
            where=str(partial),
            mend="let it finish, or end it; then `twin resume` goes on",
        ) from fault


def _tasks(plan: Plan, how: StudyOptions) -> list[Task]:
    """Every run that a study may have with a folder of its own."""

    def task_of(variant: str, replication: int) -> Task:
        return Task(variant, replication, how.checkpoint_every_s, how.keep_checkpoints, how.lean)

    return [] if plan.search is not None else [task_of(v, r) for r in range(plan.replications) for v in plan.variants]


def _work(partial: Path, out: Path, how: StudyOptions, on_progress: OnStudyProgress | None) -> None:
    began = time.perf_counter()
    plan = Plan.read(partial)

    def task_of(variant: str, replication: int) -> Task:
        return Task(variant, replication, how.checkpoint_every_s, how.keep_checkpoints, how.lean)

    growth = Growth(partial, plan, task_of) if plan.search is None else SearchGrowth(partial, plan)
    done = _grow(partial, plan, growth, how, on_progress)
    for line in growth.lean.damaged:
        _log(partial, f"a result was damaged and the run done again: {LEAN}/{line}")
    _merge(partial, plan, growth)
    _log(partial, f"merged; the study goes to {out.name}")
    write_json(
        partial / "timing.json",
        {
            "wall_s": time.perf_counter() - began,
            "workers": how.workers,
            "runs_done": done,
            "host": platform.platform(),
            "cpus": os.cpu_count(),
            "peak_memory_mb": _peak_mb(),
        },
    )
    write_json(partial / MANIFEST, sealed(_manifest(partial, plan, how, growth)))


def _grow(partial: Path, plan: Plan, growth: AnyGrowth, how: StudyOptions, on_progress: OnStudyProgress | None) -> int:
    """Do what is due, look by look, until the study is settled; returns the number of runs done."""
    done = 0

    def due() -> list[Task]:
        nonlocal done
        left = growth.due()
        if left:
            done += len(left)
            _log(partial, f"{len(left)} of {growth.total} runs to do with {how.workers} workers")
        return left

    left = due()
    before = growth.finished  # runs that a killed process had finished
    needed = kernels_for(
        [plan.variant(name)["models"] for name in dict.fromkeys(task.of or task.variant for task in left)]
    )
    if needed:
        compile_all(needed, how.workers, on_progress.compiling if isinstance(on_progress, ShowsCompiling) else None)
        _log(partial, f"{len(needed)} kernels compiled, or found compiled")
    alone = how.workers == 1 or (len(left) == 1 and not plan.questions.listed and plan.search is None)
    if alone and how.executor is None:
        while left:
            _do_here(partial, plan, left, (before, growth.total), on_progress)
            before += len(left)
            left = due()
    elif left:

        def show(finished: int, under_way: Sequence[float]) -> None:
            if on_progress:
                total = growth.total
                share = (before + finished + sum(under_way)) / total
                on_progress(min(share, 1.0), before + finished, total)

        do_all(partial, left, how.workers, show, due, how.executor or LocalPool)
    return done


def _do_here(
    partial: Path, plan: Plan, left: Sequence[Task], counted: tuple[int, int], on_progress: OnStudyProgress | None
) -> None:
    """Do tasks in this process; ``counted`` are the runs done before and those in all."""
    city = open_city(partial / "city")
    start_s = plan.content["clock"]["start_s"]
    before, total = counted
    for done, task in enumerate(left, before):

        def show(now_s: float, end_s: float, done: int = done) -> None:
            if on_progress:
                within = min(1.0, (now_s - start_s) / max(end_s - start_s, 1.0))
                on_progress((done + within) / total, done, total)

        do_task(partial, plan, city, task, show)
        if on_progress:
            on_progress((done + 1) / total, done + 1, total)


def _merge(partial: Path, plan: Plan, growth: AnyGrowth) -> None:
    """KPIs of all runs, in the order of variants and replications, the paired differences, and the answers."""
    if isinstance(growth, SearchGrowth):
        growth.write(partial)
        return
    order = {variant: i for i, variant in enumerate(plan.variants)}
    kpis = growth.with_days(growth.kpis(sorted(growth.tasks, key=lambda t: (order[t.variant], t.replication))))
    write_columns(partial / "kpis.parquet", KPI_COLUMNS, kpis)
    drawn = growth.with_days(growth.kpis(growth.drawn_tasks)) if growth.drawn_tasks else None
    if drawn is not None:
        write_columns(partial / DRAWS, KPI_COLUMNS, drawn)
    outcome = outcome_of(plan, kpis, drawn, growth.pairs)
    write_columns(partial / "differences.parquet", DIFFERENCE_COLUMNS, outcome.differences)
    if outcome.answers:
        write_json(partial / ANSWERS, outcome.answers)
    if plan.money is not None:
        write_json(partial / MONEY, priced(plan, kpis, growth.pairs, plan.money))
    if outcome.reproduction:
        write_json(partial / OBSERVED, outcome.reproduction)


def _manifest(partial: Path, plan: Plan, how: StudyOptions, growth: AnyGrowth) -> dict[str, Any]:
    scaffold = (f"{LOCKS}/", f"{LEAN}/", f"{PAST}/", f"{DONE}/", "runs/", HOW, SETTLED)
    runs = {
        path.parent.relative_to(partial).as_posix(): file_sha256(path)
        for path in sorted((partial / "runs").glob(f"*/*/{MANIFEST}"))
    }
    return {
        "kind": "study",
        "format": FORMAT,
        "twin": __version__,
        "name": plan.name,
        "title": plan.content["title"],
        "scenario_sha256": plan.content["scenario_sha256"],
        **growth.named(),
        "replications": growth.pairs,
        **({"days": plan.days.names} if plan.days else {}),
        "seed": plan.content["seed"],
        "lean": how.lean,
        "city": city_facts(open_city(partial / "city")),
        **({"data": data} if (data := data_facts(plan.content)) else {}),
        "parent": plan.content.get("parent"),
        "versions": {
            "python": platform.python_version(),
            "machine": platform.machine(),
            **{name: version(name) for name in ("mesa", "numba", "numpy", "pyarrow", "scipy")},
        },
        "files": {name: digest for name, digest in files_of(partial).items() if not name.startswith(scaffold)},
        "runs": runs,
        **_told_of_today(partial),
        **({"calibration": plan.content["calibration"]} if plan.content.get("calibration") else {}),
    }


def _told_of_today(partial: Path) -> dict[str, Any]:
    """What the observations came to, for whoever reads the manifest alone; nothing where there are none."""
    path = partial / OBSERVED
    return {"observed": {"verdict": read_json(path)["verdict"]}} if path.is_file() else {}


def _put_in_place(partial: Path, out: Path) -> None:
    """Take the scaffold down, then give the folder its name: from here on it is a result."""
    for name in (LOCKS, LEAN, PAST, DONE):
        shutil.rmtree(partial / name, ignore_errors=True)
    for name in (HOW, SETTLED):
        (partial / name).unlink(missing_ok=True)
    move_folder(partial, out)


def _peak_mb() -> float:
    """Peak memory of this process and of its largest worker; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:
        return 0.0
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024


def _log(partial: Path, text: str) -> None:
    stamp = time.strftime("%Y-%m-%d %H:%M:%S")
    with (partial / "log.txt").open("a", encoding="utf-8", errors="backslashreplace") as file:
        file.write(f"{stamp} {text}\n")
