"""Observations as a plan holds them: every number of a table in a cell of its own, with error, gaps and hold-outs.

Bad tables are refused here, each with one clear message: rows that stand twice, times off the grid of the counts, rows
outside the clock, words that are no class, shares above 1.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.errors import Problem, ScenarioError
from twin.models import registry
from twin.observables import Observable
from twin.observe.asked import MOVE, Cell
from twin.results.days import run_name
from twin.scenario.language.observed import ObservedSpec, ids_of, in_unit
from twin.scenario.language.questions import AmountError, amount_of
from twin.scenario.language.schema import Scenario
from twin.scenario.language.validate import nearest
from twin.scenario.plan.bands import band_of
from twin.scenario.tables.read import TableData
from twin.units import value_text

Columns = Mapping[str, NDArray[np.generic]]

#: Numbers of one observation; a month of ten minutes at 20 cameras would be 86,400.
MOST_CELLS = 20_000
#: Column of tables that says which way those went, and its words, which may be headings of numbers as well.
HEADING = "heading"
HEADINGS = ("north", "east", "south", "west")
_STARTS, _ENDS = ("hour_start_s", "time_s", "time", "from_s"), ("hour_end_s", "until_s")


class _TableError(ValueError):
    """What is wrong with one table of observations."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(what)
        self.what, self.mend = what, mend


def observed_of(scenario: Scenario, tables: Mapping[str, TableData]) -> dict[str, Any]:
    """Observations of a scenario as plain JSON: ``sensors`` by name and ``entries``.

    Sites are the names of the table; :func:`twin.observe.sites` finds them on the map.

    Raises
    ------
    ScenarioError
        With every table that cannot be what it should be.
    """
    from twin.results.kpis import infos

    head, known = scenario.head, infos()
    entries: list[dict[str, Any]] = []
    problems: list[Problem] = []
    ran = next(iter(scenario.variants.values()))
    first = next(iter(head.variants), ran.of or ran.name)
    for index, (spec, name) in enumerate(zip(head.observed, ids_of(head.observed), strict=True)):
        today = spec.variant or first
        run = run_name(today, spec.day or "")
        if run not in scenario.variants:
            continue  # today is not run: nothing is held against it
        entry: dict[str, Any] = {
            "id": name,
            "kpi": spec.kpi,
            "label": spec.label.to_dict() if spec.label.ja else None,
            "variant": today,
            "day": spec.day or "",
            "run": run,
            "group": spec.group,
            "sensor": spec.seen_as,
            "days": spec.days,
            "spread_stated": spec.spread is not None,
            "source": spec.source,
            "grade": spec.grade,
            "note": spec.note,
        }
        if spec.table is None:
            unit = known[spec.kpi].unit
            value = in_unit(spec.value if spec.value is not None else 0, unit)
            spread = None
            if spec.spread is not None:
                amount, relative = amount_of(spec.spread, unit, relative_allowed=True)
                spread = amount * abs(value) if relative else amount
            entry |= {"unit": unit, "value": value, "spread": spread}
        else:
            try:
                entry |= _table_entry(spec, name, tables[spec.table].columns, scenario)
            except _TableError as fault:
                where = f"{scenario.file or scenario.name}, observed[{index}], table {spec.table}"
                line = scenario.lines.get(f"observed[{index}]")
                where = f"{scenario.file}, line {line[0]}, observed[{index}], table {spec.table}" if line else where
                problems.append(Problem(fault.what, where, fault.mend))
                continue
        entries.append(entry)
    if problems:
        raise ScenarioError.of(problems, scenario.file or scenario.name)
    sensors = {name: sensor.model_dump(mode="json", by_alias=False) for name, sensor in head.sensors.items()}
    return {"sensors": sensors, "entries": entries}


@dataclass
class _Rows:
    """Numbers of a table before they are gathered: one per row and column of numbers."""

    keys: list[tuple[str, tuple[tuple[str, str], ...], float, float, float, float]]
    values: list[float]
    empty: int = 0
    outside: int = 0


def _table_entry(spec: ObservedSpec, name: str, columns: Columns, scenario: Scenario) -> dict[str, Any]:
    what = registry.observables()[spec.kpi]
    _columns_there(spec, columns)
    site_column, groups = _where_and_whom(spec, what, columns)
    rows = _rows(spec, what, columns, site_column, groups, scenario)
    if not rows.keys:
        clock = scenario.clock
        raise _TableError(
            f"no row of the table lies within the clock, {_clock(clock.start_s)} to {_clock(clock.end_s)}",
            "another day or another clock? declare the times of the table (time_as:), or change the clock",
        )
    gathered = _gathered(rows, what, site_column)
    if len(gathered) > MOST_CELLS:
        raise _TableError(
            f"the table holds {len(gathered):,} numbers, at most {MOST_CELLS:,} can be compared",
            "leave out days or sensors, or count by the hour",
        )
    cells = [Cell(site=k[0], groups=dict(k[1]), from_s=k[2], to_s=k[3], low_s=k[4], high_s=k[5]) for k in gathered]
    values = [float(np.mean(found)) for found in gathered.values()]
    sites = list(dict.fromkeys(cell.site for cell in cells if cell.site))
    return {
        "unit": what.unit,
        "observable": what.name,
        "cells": [cell.model_dump(exclude_defaults=True) for cell in cells],
        "values": values,
        "spreads": _spreads(spec, what, values, list(gathered.values())),
        "held_out": _held_out(spec, name, cells, sites, scenario.seed),
        "sites": {site: {} for site in sites},
        "gaps": {"empty": rows.empty, "outside_clock": rows.outside, "missing": _missing(cells)},
    }


def _columns_there(spec: ObservedSpec, columns: Columns) -> None:
    for name in (*spec.columns, *spec.numbers):
        if name not in columns and not (name in spec.columns and name in ("hour", "time")):
            raise _TableError(
                f"the table has no column {name!r}", nearest(name, columns) or f"columns: {list(columns)}"
            )
        if name in ("hour", "time"):
            raise _TableError(
                f"by names {name}, which is read from the table by itself", "leave it out of by:"
            )  # a table with an hour is compared by the hour
    for name in spec.numbers:
        if columns[name].dtype.kind not in "fiu":
            raise _TableError(f"column {name} holds no numbers", "name the column of the numbers with count:")


def _where_and_whom(spec: ObservedSpec, what: Observable, columns: Columns) -> tuple[str, dict[str, str]]:
    """Column with the site, and column of each group."""
    groups = {name: name for name in spec.columns if name in what.groups}
    others = [name for name in spec.columns if name not in groups]
    if HEADING in others and what.layer in ("walk", "drive"):
        strange = next((str(w) for w in np.unique(columns[HEADING]) if str(w) not in HEADINGS), None)
        if strange is not None:
            raise _TableError(
                f"{strange!r} in column {HEADING} is none of {', '.join(HEADINGS)}",
                f"map it: values: {{{HEADING}: {{上り: north, …}}}}",
            )
        others.remove(HEADING)
    if what.kind == "bands":
        if len(others) != 1:
            raise _TableError(
                "a table of lengths needs one column with the band, such as 15分未満 or 15-30",
                "name it with by: and map its heading under columns:",
            )
        return "", groups
    if what.origin:
        if len(others) != 2:
            raise _TableError(
                f"{what.name} needs two columns of places: from which and to which", "write by: [origin, destination]"
            )
        return MOVE.join(others), groups
    if len(others) > 1:
        raise _TableError(f"by names two places, {others[0]} and {others[1]}", "name one column of sensors")
    if others and not what.where:
        told = ", ".join(what.groups) or "nothing"
        raise _TableError(f"{what.name} knows no {others[0]!r}; it can be told apart by {told}", "leave it out of by:")
    if not others and what.layer in ("walk", "drive"):
        raise _TableError(
            f"{what.name} is counted at a place, and by: names no column of sensors", "write by: camera, for example"
        )
    for name in groups:
        words = what.groups[name]
        strange = next((str(w) for w in np.unique(columns[name]) if words and str(w) not in words), None)
        if strange is not None:
            raise _TableError(
                f"{strange!r} in column {name} is none of {', '.join(words)}", f"map it: values: {{{name}: {{…}}}}"
            )
    return (others[0] if others else ""), groups


def _times_of(columns: Columns, what: Observable) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Begin and end of each row; None in a table without times."""
    start = next((columns[name] for name in _STARTS if name in columns), None)
    if start is None:
        return None
    begins = np.asarray(start, np.float64)
    end = next((columns[name] for name in _ENDS if name in columns), None)
    if end is not None:
        return begins, np.asarray(end, np.float64)
    steps = np.diff(np.unique(begins))
    if what.kind == "durations":
        # Moments of those who come: gathered by the hour.
        return np.floor(begins / 3600.0) * 3600.0, np.floor(begins / 3600.0) * 3600.0 + 3600.0
    length_s = min(float(steps.min()), 3600.0) if len(steps) else 3600.0
    return begins, begins + length_s


def _rows(
    spec: ObservedSpec,
    what: Observable,
    columns: Columns,
    site_column: str,
    groups: Mapping[str, str],
    scenario: Scenario,
) -> _Rows:
    times, out = _times_of(columns, what), _Rows([], [])
    clock = scenario.clock
    band = next((name for name in spec.columns if name not in groups), "") if what.kind == "bands" else ""
    factor = _factor(spec, what, scenario)
    headed = all(name in HEADINGS for name in spec.numbers)
    for number in spec.numbers:
        values = np.asarray(columns[number], np.float64)
        for i, value in enumerate(values.tolist()):
            if math.isnan(value):
                out.empty += 1
                continue
            from_s, to_s = (float(times[0][i]), float(times[1][i])) if times else (clock.start_s, clock.last_s)
            # After the end nobody new comes: what is counted then is no day like today.
            if from_s < clock.start_s or (times is not None and to_s > clock.end_s):
                out.outside += 1
                continue
            _refuse_off_grid(what, from_s, to_s)
            site = MOVE.join(str(columns[name][i]) for name in site_column.split(MOVE)) if site_column else ""
            if site and (headed or HEADING in spec.columns):
                site = f"{site}|{number if headed else columns[HEADING][i]}"
            of = tuple((name, str(columns[column][i])) for name, column in groups.items())
            low_s, high_s = band_of(str(columns[band][i])) if band else (0.0, 1e12)
            if math.isnan(low_s):
                raise _TableError(
                    f"{str(columns[band][i])!r} is no band of lengths", "write 15分未満, 15-30, or 180分以上"
                )
            out.keys.append((site, of, from_s, to_s, low_s, high_s))
            out.values.append(value * factor)
    return out


def _factor(spec: ObservedSpec, what: Observable, scenario: Scenario) -> float:
    """From a number of the table to the unit of what is compared."""
    declared = scenario.tables[spec.table or ""].units
    if what.unit == "min":
        if all(name in declared for name in spec.numbers):
            return 1.0 / 60.0
        raise _TableError(
            f"column {spec.numbers[0]} is a length of time, and the scenario does not say in what unit",
            f"write under the table: units: {{{spec.numbers[0]}: min}}",
        )
    return 1.0


def _refuse_off_grid(what: Observable, from_s: float, to_s: float) -> None:
    """Counts per period cannot be cut inside one."""
    if not what.period_s:
        return
    for moment in (from_s, to_s):
        if abs(moment / what.period_s - round(moment / what.period_s)) > 1e-6:
            raise _TableError(
                f"{_clock(moment)} is off the grid of {what.period_s / 60:g} min in which a run counts {what.name}",
                "a shifted clock? bring the times onto the grid, or add the rows up to full periods",
            )


def _gathered(rows: _Rows, what: Observable, site_column: str) -> dict[Any, list[float]]:
    """Numbers of each cell: one, or of lengths all that were measured."""
    out: dict[Any, list[float]] = {}
    for key, value in zip(rows.keys, rows.values, strict=True):
        if key in out and what.kind not in ("durations", "level"):
            place = f"{site_column} {key[0]} " if key[0] else ""
            whom = " ".join(word for _, word in key[1])
            raise _TableError(
                f"{place}{whom + ' ' if whom else ''}at {_clock(key[2])} stands twice",
                "a block copied twice, several days in one table, or an hour that a change of the clock repeats "
                "(Japan has none)? keep one row",
            )
        out.setdefault(key, []).append(value)
    if what.unit == "share" and any(not -1e-9 <= v <= 1.0 + 1e-9 for v in rows.values):
        worst = max(rows.values, key=abs)
        raise _TableError(f"{worst:g} is no share", "write units: {share: %} under the table, or shares from 0 to 1")
    if what.unit != "share" and any(v < 0 for v in rows.values):
        raise _TableError(f"a count of {min(rows.values):g} is below 0", "mend the row, or leave the cell empty")
    return out


def _spreads(
    spec: ObservedSpec, what: Observable, values: Sequence[float], samples: Sequence[Sequence[float]]
) -> list[float]:
    """Standard error of each number: as stated, of a count that of a Poisson number, of lengths that of their mean."""
    if spec.spread is not None:
        try:
            amount, relative = amount_of(spec.spread, what.unit, relative_allowed=True)
        except AmountError as fault:
            raise _TableError(fault.what, fault.mend) from fault
        return [amount * abs(v) if relative else amount for v in values]
    if what.kind == "durations":
        return [float(np.std(s, ddof=1) / math.sqrt(len(s))) if len(s) > 1 else 0.0 for s in samples]
    if what.unit == "share":
        return [0.0] * len(values)
    return [math.sqrt(max(v, 1.0)) for v in values]


def _held_out(spec: ObservedSpec, name: str, cells: Sequence[Cell], sites: Sequence[str], seed: int) -> list[bool]:
    """Cells that calibration never looks at: those of some sensors, or some cells where there are no sensors."""
    wanted = spec.hold_out
    if wanted is None:
        return [False] * len(cells)
    sensors = list(dict.fromkeys(site.split("|")[0] for site in sites))
    if isinstance(wanted, tuple):
        strange = next((w for w in wanted if w not in sensors), None)
        if strange is not None:
            raise _TableError(f"hold_out names {strange!r}, which the table does not", nearest(strange, sensors))
        chosen = {*wanted}
        return [cell.site.split("|")[0] in chosen for cell in cells]
    among = sensors if len(sensors) > 1 else [str(i) for i in range(len(cells))]
    # A sensor more moves none of the others in or out, but at the edge.
    order = sorted(among, key=lambda s: hashlib.blake2b(f"{seed}|{name}|{s}".encode(), digest_size=8).digest())
    count = min(max(round(wanted * len(among)), int(wanted > 0)), len(among) - 1)
    chosen = {*order[:count]}
    if len(sensors) > 1:
        return [cell.site.split("|")[0] in chosen for cell in cells]
    return [str(i) in chosen for i in range(len(cells))]


def _missing(cells: Sequence[Cell]) -> int:
    """Numbers that a full grid of sensors and moments would have, and the table has not."""
    kinds = {(cell.site, tuple(cell.groups.items()), cell.low_s) for cell in cells}
    moments = {(cell.from_s, cell.to_s) for cell in cells}
    return max(len(kinds) * len(moments) - len(cells), 0)


def _clock(seconds: float) -> str:
    return value_text(seconds, "", "clock")
