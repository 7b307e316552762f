"""Vessel calls from a table, as a berth plan lists them: one row per call."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from twin.errors import TableError
from twin.models.terminal.demand.params import VesselCall, check_calls, vessel_of
from twin.models.terminal.demand.vessels import WEEKS
from twin.models.terminal.params import TerminalParams

Columns = Mapping[str, NDArray[np.generic]]

_NEEDED = ("vessel", "date", "arrive_s", "discharge_boxes", "load_boxes")


def with_calls(params: TerminalParams, tables: Mapping[str, Columns]) -> TerminalParams:
    """Parameters whose vessel calls hold those of the table; the same parameters where none is named.

    Raises
    ------
    TableError
        If the table is missing, lacks a column, or has a call that cannot be.
    """
    vessels = params.demand.vessels
    if not vessels or not vessels.table:
        return params
    where = f"table {vessels.table}"
    if vessels.table not in tables:
        raise TableError(
            f"terminal.demand.vessels.table names {vessels.table!r}, which the scenario does not have",
            where="terminal.demand.vessels.table",
            mend=f"known tables: {', '.join(sorted(tables)) or 'none'}",
        )
    table = tables[vessels.table]
    for column in _NEEDED:
        if column not in table:
            raise TableError(
                f"the column {column} is missing; the table has {', '.join(table)}",
                where=where,
                mend="map a heading of the file to it under columns",
            )
    calls = dict(vessels.calls)
    for row in range(len(table["vessel"])):
        name, call = _call(table, row, where)
        if name in calls:
            raise TableError(f"row {row + 1}: {vessel_of(name)} calls twice on one day", where=where,
                             mend="add both to one row")  # fmt: skip
        calls[name] = call
    extended = vessels.model_copy(update={"calls": calls})
    try:
        check_calls(calls, vessels.berths)
    except ValueError as fault:
        raise TableError(str(fault), where=where, mend="mend the row, or leave the call out") from None
    seen: set[tuple[str, int]] = set()
    for name, call in calls.items():
        for week in extended.arrivals_s(call, WEEKS):
            if (vessel_of(name), week) in seen:
                raise TableError(f"{vessel_of(name)} calls twice in one week", where=where,
                                 mend="give the second call a name of its own, e.g. with a 2 behind it")  # fmt: skip
            seen.add((vessel_of(name), week))
    return params.model_copy(update={"demand": params.demand.model_copy(update={"vessels": extended})})


def _call(table: Columns, row: int, where: str) -> tuple[str, VesselCall]:
    values = {
        "date": str(table["date"][row]), "arrives_s": float(table["arrive_s"][row]),
        "discharge": float(table["discharge_boxes"][row]), "load": float(table["load_boxes"][row]),
    }  # fmt: skip
    if "works_s" in table:
        values["works_s"] = float(table["works_s"][row])
    if "berth" in table:
        values["berth"] = str(table["berth"][row])
    vessel = str(table["vessel"][row]).strip().replace("@", " ")
    try:
        return f"{vessel}@{values['date']}", VesselCall.model_validate(values)
    except ValueError as fault:
        first = str(fault).splitlines()[2].strip() if len(str(fault).splitlines()) > 2 else str(fault)
        raise TableError(f"row {row + 1}, {vessel or 'no name'}: {first}", where=where,
                         mend="give a date, a time, and at least 0 boxes") from None  # fmt: skip
