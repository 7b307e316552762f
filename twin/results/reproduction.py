"""現況再現: is today, as the sensors would have seen it, what was counted? Pure functions of figures and observations.

Counts are held against one another by GEH, ``sqrt(2 (M - C)^2 / (M + C))`` of hourly volumes M (model) and C (count):
traffic practice calls a count reproduced below 5, and a model where 85 % of its counts are; all counts together must
also be met within a quarter, since GEH is lenient with small numbers. Other figures are judged by
their error in units of its standard error (of the observation and of the luck of a day), or where none is stated, by
its share of the value.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.kpi_seen import AT
from twin.results.days import run_name
from twin.results.reproduction_words import entry_words, overall_words

#: Begins the name of cells of a table among the KPIs; what follows is the id of the observation.
CELLS = "observed:"
#: In place of a variant: the cells are wanted of every variant, as calibration does.
EVERY = "*"
GOOD, FAIR, POOR, UNKNOWN = "reproduced", "nearly reproduced", "not reproduced", "cannot tell"
GEH_LIMIT, GEH_SHARE, GEH_FAIR = 5.0, 0.85, 0.6
#: Standard errors, and shares of the value where no standard error is stated, up to which a figure is reproduced.
_GOOD_Z, _FAIR_Z = 2.0, 3.0
_GOOD_SHARE, _FAIR_SHARE = 0.1, 0.25
#: Units of counts: GEH is for them.
_COUNTS = ("people", "trucks", "vehicles", "requests")
#: Share by which counts may miss together and be reproduced.
_MOST_OFF = 0.25
_MOST_ROWS = 2000
_TOLD = ("id", "kpi", "label", "variant", "day", "group", "sensor", "unit", "source", "grade", "note", "gaps")
_LAGS = range(-6, 7)


@dataclass(frozen=True)
class _Numbers:
    """An observation beside what the model shows, number by number."""

    observed: Floats
    spread: Floats
    model: Floats
    luck: Floats
    held_out: NDArray[np.bool_]
    hours: Floats


def is_cell(kpi: str) -> bool:
    """Whether a row of the KPI table is a cell of an observation, no figure of its own."""
    return kpi.startswith(CELLS)


def reproduction_of(
    observed: Mapping[str, Any], kpis: Mapping[str, NDArray[Any]], labels: Mapping[str, Any]
) -> dict[str, Any]:
    """What the observations of a scenario come to.

    Parameters
    ----------
    observed
        ``observed`` of the plan.
    kpis
        KPI table of all runs.
    labels
        Words of the variants.

    Returns
    -------
    dict
        ``entries`` with numbers, errors, verdict and a sentence in both languages, and ``verdict`` of the whole; empty
        where nothing is observed.
    """
    if not observed.get("entries"):
        return {}
    entries = [_entry(entry, observed, kpis) for entry in observed["entries"]]
    for entry in entries:
        entry["sentence"] = entry_words(entry, labels.get(run_name(entry["variant"], entry["day"]), {}))
    verdicts = [entry["verdict"] for entry in entries]
    return {
        "format": 1,
        "verdict": _overall(verdicts),
        "sentence": overall_words(verdicts),
        "entries": entries,
        "criterion": f"GEH < {GEH_LIMIT:g} on {GEH_SHARE:.0%} of counts, and {_MOST_OFF:.0%} in all; "
        f"others within {_GOOD_Z:g} standard errors",
    }


def _overall(verdicts: Sequence[str]) -> str:
    for verdict in (POOR, UNKNOWN, FAIR):
        if verdict in verdicts:
            return verdict
    return GOOD


def _values(
    kpis: Mapping[str, NDArray[Any]], entry: Mapping[str, Any], kpi: str, group: str | None
) -> dict[str, Floats]:
    """Group -> value per replication."""
    rows = (kpis["variant"] == entry["variant"]) & (kpis["day"] == entry["day"]) & (kpis["kpi"] == kpi)
    if group is not None:
        rows &= kpis["group"] == group
    found: dict[str, dict[int, float]] = {}
    for i in np.flatnonzero(rows):
        found.setdefault(str(kpis["group"][i]), {})[int(kpis["replication"][i])] = float(kpis["value"][i])
    return {name: np.array([of[r] for r in sorted(of)]) for name, of in found.items()}


def _entry(entry: Mapping[str, Any], observed: Mapping[str, Any], kpis: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    numbers = _of_table(entry, kpis) if entry.get("observable") else _of_value(entry, kpis)
    out = {
        key: entry.get(key)
        for key in (
            "id",
            "kpi",
            "label",
            "variant",
            "day",
            "group",
            "sensor",
            "unit",
            "source",
            "grade",
            "note",
            "gaps",
        )
    }
    out["sensor_kind"] = observed["sensors"][entry["sensor"]]["kind"] if entry.get("sensor") else None
    out["counts"] = entry["unit"] in _COUNTS and bool(entry.get("observable"))
    out["fit"] = _summary(numbers, ~numbers.held_out, bool(out["counts"]))
    out["held_out"] = _summary(numbers, numbers.held_out, bool(out["counts"])) if numbers.held_out.any() else None
    out["verdict"] = _verdict(_summary(numbers, np.ones(len(numbers.model), np.bool_), bool(out["counts"])))
    out["lag_min"] = _lag_min(entry, numbers) if entry.get("observable") else None
    out["rows"] = list(_rows(entry, numbers))[:_MOST_ROWS]
    return out


def _of_value(entry: Mapping[str, Any], kpis: Mapping[str, NDArray[Any]]) -> _Numbers:
    name = f"{entry['kpi']}{AT}{entry['sensor']}" if entry.get("sensor") else entry["kpi"]
    found = _values(kpis, entry, name, entry["group"]).get(entry["group"], np.array([np.nan]))
    mean, luck = _mean_and_luck(found[None, :])
    spread = math.nan if entry["spread"] is None else float(entry["spread"])
    return _Numbers(
        np.array([float(entry["value"])]), np.array([spread]), mean, luck, np.zeros(1, np.bool_), np.array([np.nan])
    )


def _of_table(entry: Mapping[str, Any], kpis: Mapping[str, NDArray[Any]]) -> _Numbers:
    found = _values(kpis, entry, f"{CELLS}{entry['id']}", None)
    count = len(entry["cells"])
    longest = max((len(v) for v in found.values()), default=1)
    table = np.full((count, longest), np.nan)
    for group, values in found.items():
        table[int(group), : len(values)] = values
    mean, luck = _mean_and_luck(table)
    hours = [(cell.get("to_s", 0.0) - cell.get("from_s", 0.0)) / 3600.0 for cell in entry["cells"]]
    return _Numbers(
        np.array(entry["values"], np.float64),
        np.array(entry["spreads"], np.float64),
        mean,
        luck,
        np.array(entry["held_out"], np.bool_),
        np.array(hours, np.float64),
    )


def _mean_and_luck(table: Floats) -> tuple[Floats, Floats]:
    """Mean over replications, and the standard deviation of one day; nan of a single replication."""
    known = np.isfinite(table)
    n = known.sum(axis=1)
    mean = np.full(len(table), np.nan)
    np.divide(np.where(known, table, 0.0).sum(axis=1), n, out=mean, where=n > 0)
    square = np.where(known, (np.where(known, table, 0.0) - np.nan_to_num(mean)[:, None]) ** 2, 0.0).sum(axis=1)
    luck = np.full(len(table), np.nan)
    np.divide(square, n - 1, out=luck, where=n > 1)
    return mean, np.sqrt(luck)


def geh(model: Floats, count: Floats) -> Floats:
    """GEH of hourly volumes; 0 where both are 0."""
    total = model + count
    out = np.zeros(len(model))
    np.divide(2.0 * (model - count) ** 2, total, out=out, where=total > 0)
    return np.sqrt(out)


def _summary(numbers: _Numbers, rows: NDArray[np.bool_], counts: bool) -> dict[str, Any]:
    """Errors of some of the numbers, in the user's units; None where they cannot be said."""
    rows = rows & np.isfinite(numbers.model)
    model, count = numbers.model[rows], numbers.observed[rows]
    out: dict[str, Any] = {"n": int(rows.sum()), "undefined": int((~np.isfinite(numbers.model)).sum())}
    if not len(model):
        return out | dict.fromkeys(("observed", "model", "error_mean", "error_rms", "error_share", "geh_share", "z"))
    error = model - count
    spread, luck = numbers.spread[rows], np.nan_to_num(numbers.luck[rows])
    stated = np.isfinite(spread) & (spread > 0)
    z = np.full(len(model), np.nan)
    np.divide(error, np.sqrt(np.nan_to_num(spread) ** 2 + luck**2), out=z, where=stated)
    mean = float(count.mean())
    out |= {
        "observed": mean,
        "model": float(model.mean()),
        "error_mean": float(error.mean()),
        "error_rms": float(np.sqrt((error**2).mean())),
        "error_share": float(np.sqrt((error**2).mean()) / abs(mean)) if mean else None,
        "geh_share": None,
        "z": float(np.sqrt(np.nanmean(z**2))) if stated.any() else None,
    }
    hours = numbers.hours[rows]
    if counts and np.all(hours > 0):
        out["geh_share"] = float((geh(model / hours, count / hours) < GEH_LIMIT).mean())
    return out


def _verdict(summary: Mapping[str, Any]) -> str:
    if not summary["n"]:
        return UNKNOWN
    if summary["geh_share"] is not None:
        # Of a few people an hour GEH is small whatever the model says: together they must be about as many.
        share, off = summary["geh_share"], abs(summary["error_mean"]) / max(summary["observed"], 1e-9)
        if share < GEH_FAIR or off > 2 * _MOST_OFF:
            return POOR
        return GOOD if share >= GEH_SHARE and off <= _MOST_OFF else FAIR
    if summary["z"] is not None:
        return GOOD if summary["z"] <= _GOOD_Z else FAIR if summary["z"] <= _FAIR_Z else POOR
    share = summary["error_share"]
    if share is None:
        return UNKNOWN
    return GOOD if share <= _GOOD_SHARE else FAIR if share <= _FAIR_SHARE else POOR


def _lag_min(entry: Mapping[str, Any], numbers: _Numbers) -> float | None:
    """Minutes by which the counts should be moved to fit, where that fits far better: another clock, perhaps."""
    totals: dict[float, list[float]] = {}
    for cell, count, model in zip(entry["cells"], numbers.observed, numbers.model, strict=True):
        if "from_s" in cell and math.isfinite(model):
            both = totals.setdefault(cell["from_s"], [0.0, 0.0])
            both[0] += count
            both[1] += model
    moments = sorted(totals)
    steps = np.diff(moments)
    if len(moments) < 8 or len(np.unique(steps)) != 1:
        return None
    count, model = (np.array([totals[m][k] for m in moments]) for k in (0, 1))
    fits = {lag: _fit(count, model, lag) for lag in _LAGS if abs(lag) <= len(moments) // 3}
    best = max(fits, key=lambda lag: (fits[lag], -abs(lag)))
    if best and fits[best] > 0.9 and fits[best] - fits[0] > 0.2:
        return float(best * steps[0] / 60.0)
    return None


def _fit(count: Floats, model: Floats, lag: int) -> float:
    """Correlation of the model with the counts moved by some periods."""
    a = count[max(-lag, 0) : len(count) - max(lag, 0)]
    b = model[max(lag, 0) : len(model) - max(-lag, 0)]
    if a.std() == 0 or b.std() == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def _rows(entry: Mapping[str, Any], numbers: _Numbers) -> Iterator[dict[str, Any]]:
    cells = entry.get("cells") or [{}]
    for i, cell in enumerate(cells):
        luck = float(numbers.luck[i])
        model = float(numbers.model[i])
        yield {
            "cell": cell,
            "observed": float(numbers.observed[i]),
            "spread": float(numbers.spread[i]) if math.isfinite(numbers.spread[i]) else None,
            "model": model if math.isfinite(model) else None,
            "luck": luck if math.isfinite(luck) else None,
            "held_out": bool(numbers.held_out[i]),
        }
