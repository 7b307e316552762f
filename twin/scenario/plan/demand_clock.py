"""Demand of tables that falls outside the clock: nobody would miss it in a run that ends without it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.units import number_text, value_text

Columns = Mapping[str, NDArray[np.generic]]

#: Keys of models that name tables of demand; other tables (stops, counts to fit, signal plans) are none.
_DEMAND_KEYS = ("demand.table", "arrivals_table", "od_table")
#: Columns that say when a row begins and ends, and how many come; the first that is there counts.
_STARTS = ("time", "time_s", "hour_start_s", "from_s")
_ENDS = ("until_s", "hour_end_s", "to_s")
_COUNTS = ("trucks", "count", "people", "vehicles", "visitors", "requests")


def demand_tables(resolved: Mapping[str, Any], way: str = "") -> Iterator[tuple[str, str]]:
    """Dotted key and table of everything that comes from a table.

    Parameters
    ----------
    resolved
        Model sections of a variant, as one file would say them.
    """
    for key, value in resolved.items():
        path = f"{way}.{key}" if way else key
        if isinstance(value, Mapping):
            # Trucks of vessel calls take only the shape of the day from the table.
            if key != "demand" or not value.get("vessels"):
                yield from demand_tables(value, path)
        elif isinstance(value, str) and value and f".{path}".endswith(tuple(f".{k}" for k in _DEMAND_KEYS)):
            yield path, value


def outside_clock(
    variants: Sequence[Mapping[str, Any]], tables: Mapping[str, Columns], start_s: float, end_s: float
) -> list[str]:
    """What of the demand of tables no run will see, in words; each table once.

    Parameters
    ----------
    variants
        Resolved model sections of each variant.
    tables
        Columns by table, times in seconds since midnight of day one.
    start_s, end_s
        The clock; after its end no demand enters.
    """
    named: dict[tuple[str, str], None] = {}
    for resolved in variants:
        named.update(dict.fromkeys(demand_tables(resolved)))
    said = []
    for key, name in named:
        words = _of_table(tables.get(name, {}), start_s, end_s)
        if words:
            said.append(f"{key}: of table {name} {words}")
    return said


def _of_table(table: Columns, start_s: float, end_s: float) -> str:
    begins = next((table[c] for c in _STARTS if c in table and table[c].dtype.kind == "f"), None)
    if begins is None or not len(begins):
        return ""
    first = np.asarray(begins, np.float64)
    ends = next((table[c] for c in _ENDS if c in table and table[c].dtype.kind == "f"), first)
    last = np.maximum(np.asarray(ends, np.float64), first)
    column = next((c for c in _COUNTS if c in table and table[c].dtype.kind == "f"), "")
    count = np.nan_to_num(np.asarray(table[column], np.float64)) if column else np.ones(len(first))
    inside_s = np.minimum(last, end_s) - np.maximum(first, start_s)
    length_s = last - first
    momentary = (first >= start_s) & (first <= end_s)
    share = np.where(length_s > 0, np.clip(inside_s, 0.0, None) / np.where(length_s > 0, length_s, 1.0), momentary)
    outside = count * (1.0 - share)
    total, lost = float(count.sum()), float(outside.sum())
    if not (np.isfinite(total) and lost > 1e-9 * max(total, 1.0)):
        return ""
    rows = np.flatnonzero(outside > 0)
    clock = f"the clock runs from {value_text(start_s, '', 'clock')} to {value_text(end_s, '', 'clock')}"
    times = f"{value_text(float(first[rows].min()), '', 'clock')} to {value_text(float(last[rows].max()), '', 'clock')}"
    whole = "all" if lost >= total * (1 - 1e-9) else number_text(lost)
    unit = column or "rows"
    return f"{whole} of {number_text(total)} {unit} lie outside the clock ({times}; {clock}) and never come"
