"""START HERE: one run, from its plan to a finished folder.

    plan (resolved scenario) → city (edited) → models on one clock → recorder → tables → KPIs → run folder

``twin/running`` holds what a run needs around its models: the edited city, checkpoints, the folder it leaves.
``twin/experiments`` repeats a run over variants and replications; the command line and ``import twin`` call that.
Everything a run needs is handed down from here; nothing is wired anywhere else.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from twin.city.city import City
from twin.engine.city_model import CityModel
from twin.engine.clock import clock_text
from twin.errors import LimitError
from twin.results.kpis import compute_all
from twin.results.recorder import Recorder
from twin.running.books import kpi_columns, ledger_columns, ledger_rows, notes_of
from twin.running.building import build_city_model, load_models
from twin.running.checkpoints import (
    COLLECT_STEPS,
    ForkPoint,
    checkpoint_ticks,
    checkpoints_of,
    collect,
    keep_checkpoint,
    take_up,
)
from twin.running.cities import city_facts, city_of, refuse_unheeded
from twin.running.folder import Finished, clear_run, write_run
from twin.running.seen import seen_kpis
from twin.scenario.plan.plan import Plan

__all__ = [
    "Finished",
    "ForkPoint",
    "Progress",
    "build_city_model",
    "checkpoints_of",
    "city_facts",
    "city_of",
    "clear_run",
    "kpi_columns",
    "ledger_rows",
    "load_models",
    "refuse_unheeded",
    "simulate",
    "write_run",
]

#: Called with (now, end) in simulated seconds.
Progress = Callable[[float, float], None]

_PROGRESS_S = 0.25


def simulate(
    plan: Plan,
    variant: str,
    replication: int,
    city: City,
    *,
    folder: Path | None = None,
    checkpoint_every_s: float | None = None,
    past: ForkPoint | None = None,
    on_progress: Progress | None = None,
) -> Finished:
    """Run one variant of one replication to its end.

    Parameters
    ----------
    plan, variant, replication, city
        What to run.
    folder
        Where checkpoints and parts go; without it everything stays in memory.
    checkpoint_every_s
        Simulated time between checkpoints; none without it.
    past
        Begin at a fork instead of the start of the clock.
    on_progress
        Called with (now, end) in simulated seconds, a few times a second.

    Raises
    ------
    EngineError
        If the ledger breaks.
    LimitError
        If the run takes longer than ``limits.time``.
    """
    began = time.perf_counter(), time.process_time()
    city_model = build_city_model(plan, variant, replication, city)
    built_s = time.perf_counter() - began[0]
    recorder = Recorder(folder / "checkpoints" / "parts" if folder else None)
    try:
        take_up(city_model, recorder, folder, past)
        _run_to_end(plan, city_model, recorder, folder, checkpoint_every_s, on_progress)
        city_model.finish()
        collect(city_model, recorder)
        ledger = ledger_rows(city_model)
        recorder.collect({"ledger": ledger_columns(ledger)})
        simulated_s = city_model.now_s - city_model.clock.start_s
        notes = {model.name: said for model in city_model.sim_models if (said := notes_of(model, ledger))}
    finally:
        city_model.close()
    tables = recorder.finished()
    kpis = compute_all(tables, list(plan.variant(variant)["models"]))
    kpis += seen_kpis(plan, variant, replication, tables)
    timing = {
        "build_s": built_s,
        "wall_s": time.perf_counter() - began[0],
        "cpu_s": time.process_time() - began[1],
        "simulated_s": simulated_s,
    }
    return Finished(tables, kpis, ledger, timing, notes)


def _run_to_end(
    plan: Plan,
    city_model: CityModel,
    recorder: Recorder,
    folder: Path | None,
    checkpoint_every_s: float | None,
    on_progress: Progress | None,
) -> None:
    limit_s = plan.content["limits"].get("time_s")
    every = checkpoint_ticks(checkpoint_every_s, city_model.clock.step_s)
    began = shown = time.perf_counter()
    while city_model.running:
        city_model.step()
        tick = city_model.clock.tick
        if tick % COLLECT_STEPS == 0:
            collect(city_model, recorder)
        if every and tick % every == 0 and folder is not None:
            keep_checkpoint(city_model, recorder, folder)
        now = time.perf_counter()
        if now - shown > _PROGRESS_S:
            shown = now
            if on_progress:
                on_progress(city_model.now_s, city_model.end_s)
            if limit_s is not None and now - began > limit_s:
                raise LimitError(
                    f"the run has taken longer than limits.time, {limit_s:g} s",
                    where=f"{plan.name}, {clock_text(city_model.now_s)}",
                    mend="raise limits.time, or ask for fewer agents; `twin resume` goes on from a checkpoint",
                )
