"""The books of a run as tables: the ledger at its end, and its KPIs in the long form."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.columns import TABLES
from twin.engine.city_model import CityModel
from twin.engine.sim_model import SimModel
from twin.kpi import Kpi
from twin.results.recorder import Columns


def ledger_rows(city_model: CityModel) -> list[dict[str, Any]]:
    """The ledger at the end of a run: one row per model, account and entry."""
    rows: list[dict[str, Any]] = []
    for sim_model in city_model.sim_models:
        for account in sim_model.accounts():
            entries = {
                "entered": account.entered,
                "inside": account.inside,
                "received": account.received,
                "handed_over": account.handed_over,
            }
            entries.update({f"left:{reason}": count for reason, count in account.left.items()})
            rows.extend(
                {"model": sim_model.name, "account": account.name, "entry": entry, "count": int(count)}
                for entry, count in entries.items()
            )
    return rows


def ledger_columns(rows: list[dict[str, Any]]) -> dict[str, NDArray[np.generic]]:
    """Rows of the ledger as columns of its table."""
    return {
        c.name: np.array([row[c.name] for row in rows], np.str_ if c.dtype == "str" else c.dtype)
        for c in TABLES["ledger"].columns
    }


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


def notes_of(sim_model: SimModel, ledger: list[dict[str, Any]]) -> list[str]:
    """What a model says of itself; and who never came to it, which figures of 0 do not tell from a good day."""
    came: dict[str, int] = {}
    for row in ledger:
        if row["model"] == sim_model.name and row["entry"] in ("entered", "received"):
            came[row["account"]] = came.get(row["account"], 0) + row["count"]
    missed = [f"no {name} entered from start to end" for name, count in came.items() if not count]
    return [*sim_model.notes, *missed]
