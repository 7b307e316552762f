"""What sensors would have reported of a run: figures as phones tell them, and every number of the observations.

They become rows of the KPI table. ``pedestrian.stay_share@gps`` is a figure as the sensor ``gps`` sees it, in every
variant, so that two of them are compared as the city would compare them. ``observed:ID`` holds the cells of a table, by
their place in it, of the variant that is today.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from twin.engine.draws import make_run_seed
from twin.kpi import Kpi, TableColumns
from twin.kpi_seen import AT
from twin.models import registry
from twin.observables import Stays
from twin.observe.asked import Cell, SiteRows
from twin.observe.cells import values_of
from twin.observe.phones import seen_visits
from twin.observe.sensors import Beacon, Gps, Sensor
from twin.results.reproduction import CELLS, EVERY
from twin.scenario.plan.observed_part import sensor_of
from twin.scenario.plan.plan import Plan


def seen_kpis(plan: Plan, variant: str, replication: int, tables: TableColumns) -> list[Kpi]:
    """Rows of the KPI table that sensors give; none where the scenario has neither sensors nor observations.

    Parameters
    ----------
    plan, variant, replication
        Which run.
    tables
        Its tables.
    """
    observed = plan.observed
    if not observed:
        return []
    run_seed = make_run_seed(int(plan.content["seed"]), replication)
    sensors = {name: sensor_of(content) for name, content in observed["sensors"].items()}
    models = plan.variant(variant)["models"]
    seen = dict(_seen_tables(sensors, models, tables, run_seed))
    out = [kpi for (sensor, model), own in seen.items() for kpi in _figures(sensor, model, own)]
    for entry in observed["entries"]:
        if entry.get("observable") and entry["run"] in (variant, EVERY):
            out += _cells(entry, sensors, models, tables, seen, run_seed)
    return out


def _seen_tables(
    sensors: Mapping[str, Sensor], models: Mapping[str, Any], tables: TableColumns, run_seed: np.uint64
) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    """(sensor, model) -> the model's tables as phones tell them."""
    for model in models:
        stays = registry.stays(model)
        if stays is None or stays.table not in tables:
            continue
        bounds_s = _bounds(stays, models[model])
        for name, sensor in sensors.items():
            if isinstance(sensor, Gps | Beacon):
                own = seen_visits(stays, tables[stays.table], sensor, name, bounds_s, run_seed)
                yield (name, model), {**tables, stays.table: own}


def _bounds(stays: Stays, params: Mapping[str, Any]) -> tuple[float, float]:
    def at(path: str) -> float:
        found: Any = params
        for key in path.split("."):
            found = found[key]
        return float(found)

    return at(stays.bounds[0]), at(stays.bounds[1])


def _figures(sensor: str, model: str, tables: TableColumns) -> Iterator[Kpi]:
    stays, module = registry.stays(model), registry.kpi_module(model)
    if stays is None or module is None:
        return
    for kpi in module.compute(tables):
        if kpi.kpi in stays.kpis:
            yield kpi._replace(kpi=f"{kpi.kpi}{AT}{sensor}", value=float(f"{kpi.value:.10g}"))


def _cells(
    entry: Mapping[str, Any],
    sensors: Mapping[str, Sensor],
    models: Mapping[str, Any],
    tables: TableColumns,
    seen: Mapping[tuple[str, str], TableColumns],
    run_seed: np.uint64,
) -> list[Kpi]:
    what, sensor = registry.observables()[entry["observable"]], entry["sensor"]
    of = tables
    for model in models:
        stays = registry.stays(model)
        if sensor is not None and stays is not None and what.table == stays.table:
            of = seen.get((sensor, model), tables)
    values = values_of(
        what,
        of.get(what.table),
        [Cell.model_validate(cell) for cell in entry["cells"]],
        {name: SiteRows.model_validate(rows) for name, rows in entry["sites"].items()},
        sensors[sensor] if sensor is not None else None,
        sensor or "",
        run_seed,
        entry.get("place_xy", {}),
    )
    name = f"{CELLS}{entry['id']}"
    return [Kpi(name, str(i), float(f"{value:.10g}"), what.unit) for i, value in enumerate(values.tolist())]
