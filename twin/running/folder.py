"""The folder of a run: tables, KPIs, geometry, and last the manifest that vouches for them."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin import __version__
from twin.city.city import City
from twin.city.keeping.geometry import geometry_arrays
from twin.columns import BODIES, BODY_STATES, KPI_COLUMNS, TABLES, Column
from twin.engine.draws import make_run_seed
from twin.kpi import Kpi
from twin.models import registry
from twin.npz import write_npz
from twin.results.parquet import write_columns
from twin.results.recorder import Columns
from twin.results.run_folder import FORMAT, MANIFEST, files_of, sealed, write_json
from twin.results.sources import data_facts
from twin.running.books import kpi_columns
from twin.running.cities import city_facts, city_of
from twin.scenario.plan.plan import Plan


@dataclass(frozen=True)
class Finished:
    """What a run leaves: tables, KPIs, ledger, times, and what its models say of themselves."""

    tables: dict[str, Columns]
    kpis: list[Kpi]
    ledger: list[dict[str, Any]]
    timing: dict[str, float]
    notes: dict[str, list[str]]


def write_run(folder: Path, plan: Plan, variant: str, replication: int, city: City, finished: Finished) -> None:
    """Write a finished run into its folder: tables, KPIs, geometry, and last the manifest."""
    city = city_of(plan, variant, city)
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    rows = {}
    for name, columns in finished.tables.items():
        rows[name] = write_columns(folder / "tables" / f"{name}.parquet", TABLES[name].columns, columns)
    kpis = kpi_columns(*plan.run_of(variant), replication, finished.kpis)
    write_columns(folder / "kpis.parquet", KPI_COLUMNS, kpis)
    _write_geometry(folder, city)
    content = plan.content
    write_json(folder / "timing.json", finished.timing)
    write_json(
        folder / MANIFEST,
        sealed(
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
                **_date_of(plan, variant),
                "traces_share": content["record"]["traces_share"],
                **({"chapters": content["chapters"]} if content.get("chapters") else {}),
                "city": city_facts(city),
                **({"data": data} if (data := data_facts(content)) else {}),
                "parent": content.get("parent"),
                "rows": rows,
                "bodies": _bodies_of(plan.variant(variant)["models"]),
                "ledger": finished.ledger,
                "notes": finished.notes,
                "files": files_of(folder),
            }
        ),
    )


def _date_of(plan: Plan, variant: str) -> dict[str, str]:
    """The calendar day that the run stands for, where its kind of day names one: pictures are lit by it."""
    day = plan.run_of(variant)[1]
    named = next((kind.date for kind in plan.days.kinds if kind.name == day), "")
    return {"date": named} if named else {}


def _bodies_of(models: Collection[str]) -> dict[str, Any]:
    """Codes in ``traces``: they stand in the run, which may be looked at where other models are installed."""
    moved = [body for name in registry.ORDER if name in models for body in registry.card(name).bodies]
    return {body: {"code": BODIES.index(body), "states": list(BODY_STATES[body])} for body in moved}


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
    write_npz(folder / "geometry.npz", geometry_arrays(city))
    places = sorted(city.places, key=lambda p: p.id)
    columns: dict[str, NDArray[np.generic]] = {
        c.name: np.array([getattr(p, c.name) for p in places], np.str_ if c.dtype == "str" else np.float64)
        for c in _PLACE_COLUMNS
        if c.name != "capacity"
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
