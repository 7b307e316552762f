"""START HERE: one run, from its plan to a finished folder.

    plan (resolved scenario) → city (edited) → models on one clock → recorder → tables → KPIs → run folder

``twin/experiments`` repeats this over variants and replications; the command line and ``import twin`` call
that. Everything a run needs is handed down from here; nothing is wired anywhere else.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin import __version__
from twin.city.city import City
from twin.city.editing.edits import apply_edits
from twin.city.reading.unused import map_warnings, unused_of
from twin.columns import KPI_COLUMNS, TABLES, Column
from twin.engine.checkpoint import read_checkpoint, write_checkpoint
from twin.engine.city_model import CityModel
from twin.engine.clock import clock_text
from twin.engine.draws import make_run_seed
from twin.engine.sim_model import State
from twin.errors import LimitError, RunError, ScenarioError
from twin.models import registry
from twin.npz import write_npz
from twin.results.kpis import Kpi, compute_all
from twin.results.parquet import write_columns
from twin.results.recorder import Columns, Recorder
from twin.results.run_folder import FORMAT, MANIFEST, files_of, write_json
from twin.scenario.plan.plan import Plan

#: Steps between two looks of the recorder; keeps the models' own buffers small.
_COLLECT_STEPS = 240
_PROGRESS_S = 0.25

Progress = Callable[[float, float], None]


@dataclass(frozen=True)
class Past:
    """The past a fork begins with.

    Attributes
    ----------
    state
        The parent's state at the fork.
    parts_folder, parts_count
        The parent's table parts up to the fork.
    changed
        Whether parameters differ from the parent's; an unchanged sibling continues byte for byte.
    """

    state: State
    parts_folder: Path
    parts_count: int
    changed: bool


@dataclass(frozen=True)
class Finished:
    """What a run leaves: tables, KPIs, ledger, times, and what its models say of themselves."""

    tables: dict[str, Columns]
    kpis: list[Kpi]
    ledger: list[dict[str, Any]]
    timing: dict[str, float]
    notes: dict[str, list[str]]


#: Edited cities of this process by base and edits: replications of a variant share one.
_EDITED: dict[tuple[str, str], City] = {}
_KEPT_EDITED = 8
#: What edits leave beside the arrays -> words for people. A road model says by ``heeds(params)`` which it obeys.
_BESIDE_ARRAYS = {
    "timed": "edits with hours", "closed_to": "edits of vehicle access", "signal_plans": "edits of signal plans",
}


def city_of(plan: Plan, variant: str, city: City) -> City:
    """City of one variant: the base with the edits of its measures; the base itself without any.

    Parameters
    ----------
    plan, variant
        Which edits.
    city
        The base.

    Raises
    ------
    ScenarioError
        If the map cannot take an edit.
    """
    edits = plan.variant(variant).get("edits", [])
    if not edits:
        return city
    key = city.digest, json.dumps(edits, sort_keys=True)
    if key not in _EDITED:
        if len(_EDITED) >= _KEPT_EDITED:
            _EDITED.pop(next(iter(_EDITED)))
        _EDITED[key] = apply_edits(city, edits).city
    return _EDITED[key]


def refuse_unheeded(plan: Plan, variant: str, city: City) -> None:
    """Refuse a run whose road model would pass over an edit: its answer would be that of another city.

    Parameters
    ----------
    plan, variant
        Which run.
    city
        The edited city.

    Raises
    ------
    ScenarioError
        Naming the kind of edit.
    """
    if "road_traffic" not in plan.variant(variant)["models"]:
        return
    heeds = getattr(registry.model_class("road_traffic"), "heeds", None)
    heeded = heeds(plan.params_of(variant)["road_traffic"]) if heeds else ()
    for name, words in _BESIDE_ARRAYS.items():
        if getattr(city, name) and name not in heeded:
            raise ScenarioError(
                f"variant {variant} has {words}, which the road model does not obey as it is set",
                where=f"{plan.name}, variant {variant}",
                mend="set road_traffic.form to queueing, or leave them out; `twin map` shows them all the same",
            )


def build_city_model(plan: Plan, variant: str, replication: int, city: City) -> CityModel:
    """Build the Mesa model of one run: the models of the variant, in the fixed order, on one clock.

    Parameters
    ----------
    plan
        The resolved scenario.
    variant, replication
        Which run.
    city
        Streets and places before any edit.

    Raises
    ------
    ScenarioError
        If the city cannot take the variant's edits, or the road model would pass over one.
    """
    city = city_of(plan, variant, city)
    refuse_unheeded(plan, variant, city)
    params = plan.params_of(variant)
    models = [registry.model_class(name)(params[name], city, plan.tables) for name in params]
    clock = plan.content["clock"]
    return CityModel(
        models,
        start_s=clock["start_s"],
        end_s=clock["end_s"],
        step_s=clock["step_s"],
        run_seed=make_run_seed(int(plan.content["seed"]), replication),
        trace_share=float(plan.content["record"]["traces_share"]),
    )


def simulate(
    plan: Plan,
    variant: str,
    replication: int,
    city: City,
    *,
    folder: Path | None = None,
    checkpoint_every_s: float | None = None,
    past: Past | None = None,
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
        _take_up(city_model, recorder, folder, past)
        _run_to_end(plan, city_model, recorder, folder, checkpoint_every_s, on_progress)
        for sim_model in city_model.sim_models:
            sim_model.finish()
        _collect(city_model, recorder)
        ledger = ledger_rows(city_model)
        recorder.collect({"ledger": _ledger_columns(ledger)})
        simulated_s = city_model.now_s - plan.content["clock"]["start_s"]
        notes = {model.name: list(said) for model in city_model.sim_models if (said := getattr(model, "notes", ()))}
    finally:
        city_model.close()
    tables = recorder.finished()
    kpis = compute_all(tables, [name for name in registry.ORDER if name in plan.variant(variant)["models"]])
    timing = {
        "build_s": built_s,
        "wall_s": time.perf_counter() - began[0],
        "cpu_s": time.process_time() - began[1],
        "simulated_s": simulated_s,
    }
    return Finished(tables, kpis, ledger, timing, notes)


def _run_to_end(
    plan: Plan, city_model: CityModel, recorder: Recorder, folder: Path | None,
    checkpoint_every_s: float | None, on_progress: Progress | None,
) -> None:
    clock = plan.content["clock"]
    end_s, latest_s = float(clock["end_s"]), float(clock["latest_s"])
    until_empty = clock["then"] == "until_empty"
    limit_s = plan.content["limits"].get("time_s")
    checkpoint_ticks = _checkpoint_ticks(checkpoint_every_s, float(clock["step_s"]))
    began = shown = time.perf_counter()
    while city_model.now_s < latest_s:
        if city_model.now_s >= end_s and not (until_empty and not city_model.is_empty()):
            break
        city_model.step()
        tick = city_model.clock.tick
        if tick % _COLLECT_STEPS == 0:
            _collect(city_model, recorder)
        if checkpoint_ticks and tick % checkpoint_ticks == 0 and folder is not None:
            _checkpoint(city_model, recorder, folder)
        now = time.perf_counter()
        if now - shown > _PROGRESS_S:
            shown = now
            if on_progress:
                on_progress(city_model.now_s, end_s)
            if limit_s is not None and now - began > limit_s:
                raise LimitError(
                    f"the run has taken longer than limits.time, {limit_s:g} s",
                    where=f"{plan.name}, {clock_text(city_model.now_s)}",
                    mend="raise limits.time, or ask for fewer agents; `twin resume` goes on from a checkpoint",
                )


def _checkpoint_ticks(every_s: float | None, step_s: float) -> int:
    return max(1, round(every_s / step_s)) if every_s else 0


def _collect(city_model: CityModel, recorder: Recorder) -> None:
    for sim_model in city_model.sim_models:
        recorder.collect(sim_model.drain_tables())


def _checkpoint(city_model: CityModel, recorder: Recorder, folder: Path) -> None:
    """Close the recorder's part first: a checkpoint without its tables would be no checkpoint."""
    _collect(city_model, recorder)
    parts = recorder.close_part()
    state = city_model.state()
    state["recorder/parts"] = np.array([parts], np.int64)
    write_checkpoint(folder / "checkpoints" / f"{city_model.clock.tick:08d}.npz", state)


def checkpoints_of(folder: Path) -> list[Path]:
    """Checkpoints of a run folder, oldest first."""
    return sorted((folder / "checkpoints").glob("*.npz"))


def _take_up(city_model: CityModel, recorder: Recorder, folder: Path | None, past: Past | None) -> None:
    """Begin where a killed run or a fork's parent left off; the newest readable checkpoint wins."""
    if folder is not None:
        for path in reversed(checkpoints_of(folder)):
            try:
                state = read_checkpoint(path)
                recorder.reopen(int(state.pop("recorder/parts")[0]))
            except (RunError, KeyError, IndexError):
                continue  # cut short by a kill, or damaged: the one before it is whole
            _restore(city_model, state, path)
            return
    if past is not None:
        recorder.copy_parts(past.parts_folder, past.parts_count)
        step_s = city_model.clock.step_s
        forked_at_s = city_model.clock.start_s + int(past.state["clock/tick"][0]) * step_s
        city_model.restore(past.state, forked_at_s if past.changed else None)


def _restore(city_model: CityModel, state: State, path: Path) -> None:
    try:
        city_model.restore(state)
    except (KeyError, IndexError, TypeError, ValueError) as fault:
        raise RunError(f"the checkpoint is not one of this run: {fault}", where=str(path),
                       mend="delete this file; `twin resume` goes on from the one before it") from fault


def ledger_rows(city_model: CityModel) -> list[dict[str, Any]]:
    """The ledger at the end of a run: one row per model, account and entry."""
    rows: list[dict[str, Any]] = []
    for sim_model in city_model.sim_models:
        for account in sim_model.accounts():
            entries = {"entered": account.entered, "inside": account.inside, "received": account.received,
                       "handed_over": account.handed_over}
            entries.update({f"left:{reason}": count for reason, count in account.left.items()})
            rows.extend({"model": sim_model.name, "account": account.name, "entry": entry, "count": int(count)}
                        for entry, count in entries.items())
    return rows


def _ledger_columns(rows: list[dict[str, Any]]) -> dict[str, NDArray[np.generic]]:
    return {c.name: np.array([row[c.name] for row in rows], np.str_ if c.dtype == "str" else c.dtype)
            for c in TABLES["ledger"].columns}


def kpi_columns(variant: str, day: str, replication: int, kpis: list[Kpi]) -> Columns:
    """KPIs of one run as columns of the long form."""
    n = len(kpis)
    return {
        "variant": np.full(n, variant),
        "day": np.full(n, day),
        "replication": np.full(n, replication, np.int32),
        "kpi": np.array([k.kpi for k in kpis], np.str_),
        "group": np.array([k.group for k in kpis], np.str_),
        "value": np.array([k.value for k in kpis], np.float64),
        "unit": np.array([k.unit for k in kpis], np.str_),
    }


def write_run(folder: Path, plan: Plan, variant: str, replication: int, city: City, finished: Finished) -> None:
    """Write a finished run into its folder: tables, KPIs, geometry, and last the manifest."""
    city = city_of(plan, variant, city)
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    rows = {}
    for name, columns in finished.tables.items():
        rows[name] = write_columns(folder / "tables" / f"{name}.parquet", TABLES[name].columns, columns)
    kpis = kpi_columns(variant, "", replication, finished.kpis)
    write_columns(folder / "kpis.parquet", KPI_COLUMNS, kpis)
    _write_geometry(folder, city)
    content = plan.content
    write_json(folder / "timing.json", finished.timing)
    write_json(
        folder / MANIFEST,
        {
            "kind": "run",
            "format": FORMAT,
            "twin": __version__,
            "name": content["name"],
            "title": content["title"],
            "scenario_sha256": content["scenario_sha256"],
            "variant": variant,
            "label": plan.variant(variant).get("label", {}),
            "models": plan.variant(variant)["models"],
            "replication": replication,
            "seed": content["seed"],
            "run_seed": f"{int(make_run_seed(int(content['seed']), replication)):016x}",
            "clock": content["clock"],
            "traces_share": content["record"]["traces_share"],
            "city": city_facts(city),
            "parent": content.get("parent"),
            "rows": rows,
            "ledger": finished.ledger,
            "notes": finished.notes,
            "files": files_of(folder),
        },
    )


def city_facts(city: City) -> dict[str, Any]:
    """What every result says of its city."""
    facts = {"name": city.name, "crs": city.crs, "schematic": city.schematic, "attribution": list(city.attribution),
             "driving_side": city.driving_side, "digest": city.digest}
    unused, warnings = unused_of(city.report), map_warnings(city.report)
    facts |= {"not_used": unused} if unused else {}
    # The last one sums up what is not used, which stands above in numbers.
    told = list(warnings[: len(warnings) - bool(unused)])
    return {**facts, "map_warnings": told} if told else facts


_PLACE_COLUMNS: tuple[Column, ...] = (
    Column("id", "str", "", "place"),
    Column("kind", "str", "", "stop, station, exit, gate, yard, zone, poi or entry"),
    Column("name_ja", "str", "", "name as on signs"),
    Column("name_en", "str", "", "name in English"),
    Column("lon_deg", "float64", "deg", "longitude"),
    Column("lat_deg", "float64", "deg", "latitude"),
    Column("capacity", "float64", "", "spaces, where the map says so; else nan"),
)


def _write_geometry(folder: Path, city: City) -> None:
    """Streets and places for pictures, so that a run folder stands alone."""
    from twin.city.keeping.geometry import geometry_arrays

    write_npz(folder / "geometry.npz", geometry_arrays(city))
    places = sorted(city.places, key=lambda p: p.id)
    columns: dict[str, NDArray[np.generic]] = {
        c.name: np.array([getattr(p, c.name) for p in places], np.str_ if c.dtype == "str" else np.float64)
        for c in _PLACE_COLUMNS if c.name != "capacity"
    }
    columns["capacity"] = np.array([_number(p.attributes.get("capacity")) for p in places], np.float64)
    write_columns(folder / "places.parquet", _PLACE_COLUMNS, columns)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")


def clear_run(folder: Path) -> None:
    """Drop what a killed worker half wrote beside its checkpoints."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name == "checkpoints":
            continue
        shutil.rmtree(path) if path.is_dir() else path.unlink()
