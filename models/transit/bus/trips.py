"""Trips of buses, from a table of stop times or from lines with headways; every wrong row is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.city.city import City
from twin.city.reading.projection import project
from twin.errors import Problem, TableError
from twin.models.transit.bus.params import BusLine, BusParams
from twin.models.transit.bus.timetable import Trip

Table = Mapping[str, NDArray[np.generic]]
#: Departures of a line that are written out, at most.
_MOST_TRIPS = 100_000


class BusStops(NamedTuple):
    """Stops of buses: ids, names, and metres in the city's CRS."""

    id: tuple[str, ...]
    name: tuple[str, ...]
    x_m: Floats
    y_m: Floats


def read_trips(params: BusParams, city: City, tables: Mapping[str, Table]) -> tuple[BusStops, list[Trip]]:
    """All trips of the day and the stops they call at.

    Raises
    ------
    TableError
        If a table is missing, lacks a column, or a row of it is wrong.
    """
    if params.times_table is not None:
        return _of_timetable(params.times_table, city, tables)
    assert params.stops_table is not None  # noqa: S101  (params ask for one of the two)
    return _of_lines(params.stops_table, params.lines, city, tables)


def _columns(name: str, key: str, tables: Mapping[str, Table], needed: Sequence[str]) -> Table:
    where = f"transit.bus.{key}"
    if name not in tables:
        declared = ", ".join(sorted(tables)) or "none"
        raise TableError(
            f"{where} names the table {name!r}, which the scenario does not declare", where=where,
            mend=f"declare it under tables; declared: {declared}",
        )  # fmt: skip
    missing = [column for column in needed if column not in tables[name]]
    if missing:
        raise TableError(
            f"the table {name!r} lacks the columns {', '.join(missing)}", where=f"tables.{name}",
            mend=f"map them under columns; the table has {', '.join(sorted(tables[name]))}",
        )  # fmt: skip
    return tables[name]


def _texts(values: NDArray[np.generic]) -> list[str]:
    """Words of a column; whole numbers without a point, since a column of numbers comes as 12.0."""
    return [
        str(int(value)) if isinstance(value, float) and value.is_integer() else str(value) for value in values.tolist()
    ]


def _places(table: Table, ids: Sequence[str], city: City, name: str) -> tuple[BusStops, dict[str, int]]:
    """Stops in the order of their ids, by lat and lon, or as places of the city."""
    unique = sorted(set(ids))
    first = {id_: row for row, id_ in reversed(list(enumerate(ids)))}
    rows = [first[id_] for id_ in unique]
    problems: list[Problem] = []
    if "lat" in table and "lon" in table:
        lat, lon = (np.asarray(table[key], np.float64)[rows] for key in ("lat", "lon"))
        problems = [
            Problem(f"stop {id_}: lat {lat[k]:g}, lon {lon[k]:g} is no place on earth", f"tables.{name}, row {row + 1}")
            for k, (id_, row) in enumerate(zip(unique, rows, strict=True))
            if not (abs(lat[k]) <= 90 and abs(lon[k]) <= 180)
        ]
        if problems:
            raise TableError.of(problems, f"tables.{name}")
        x_m, y_m = project(city.crs, lon, lat)
    else:
        known = [city.place_by_id.get(id_) for id_ in unique]
        problems = [
            Problem(
                f"stop {id_} is no place of the city", f"tables.{name}, row {row + 1}",
                "give its lat and lon in columns of these names, or the id of a place",
            )
            for id_, row, place in zip(unique, rows, known, strict=True)
            if place is None
        ]  # fmt: skip
        x_m = np.array([place.x_m if place else 0.0 for place in known])
        y_m = np.array([place.y_m if place else 0.0 for place in known])
    if problems:
        raise TableError.of(problems, f"tables.{name}")
    names = _texts(table["name"]) if "name" in table else list(ids)
    stops = BusStops(tuple(unique), tuple(names[row] for row in rows), np.asarray(x_m), np.asarray(y_m))
    return stops, {id_: row for row, id_ in enumerate(unique)}


def _of_timetable(name: str, city: City, tables: Mapping[str, Table]) -> tuple[BusStops, list[Trip]]:
    table = _columns(name, "times_table", tables, ("route", "trip", "sequence", "stop", "arrival_s", "departure_s"))
    stops, row_of = _places(table, ids := _texts(table["stop"]), city, name)
    trips, route = _texts(table["trip"]), _texts(table["route"])
    arrival_s, departure_s = (np.asarray(table[key], np.float64) for key in ("arrival_s", "departure_s"))
    sequence = np.asarray(table["sequence"], np.float64)
    may = {
        key: np.asarray(table[key], np.float64) > 0 if key in table else np.ones(len(ids), np.bool_)
        for key in ("may_board", "may_alight")
    }
    shapes = _texts(table["shape"]) if "shape" in table else [""] * len(ids)
    by_trip: dict[str, list[int]] = {}
    for row in np.argsort(sequence, kind="stable").tolist():
        by_trip.setdefault(trips[row], []).append(row)
    problems: list[Problem] = []
    out = []
    for trip in sorted(by_trip):
        rows = by_trip[trip]
        times = np.column_stack([arrival_s[rows], departure_s[rows]]).ravel()
        if len(rows) < 2 or not np.isfinite(times).all() or (np.diff(times) < 0).any():
            what = "has one stop" if len(rows) < 2 else "goes back in time or lacks a time"
            problems.append(Problem(f"trip {trip} {what}", f"tables.{name}, row {rows[0] + 1}", "correct or drop it"))
            continue
        out.append(
            Trip(
                route[rows[0]], trip, tuple(row_of[ids[row]] for row in rows), tuple(arrival_s[rows].tolist()),
                tuple(departure_s[rows].tolist()), tuple(may["may_board"][rows].astype(int).tolist()),
                tuple(may["may_alight"][rows].astype(int).tolist()), shapes[rows[0]],
            )
        )  # fmt: skip
    if problems:
        raise TableError.of(problems, f"tables.{name}")
    return stops, out


def _of_lines(
    name: str, lines: Mapping[str, BusLine], city: City, tables: Mapping[str, Table]
) -> tuple[BusStops, list[Trip]]:
    table = _columns(name, "stops_table", tables, ("line", "stop", "minutes"))
    stops, row_of = _places(table, ids := _texts(table["stop"]), city, name)
    line_of, run_s = _texts(table["line"]), 60.0 * np.asarray(table["minutes"], np.float64)
    order: dict[str, list[int]] = {}
    for row, line in enumerate(line_of):
        order.setdefault(line, []).append(row)
    problems = [
        Problem(f"line {line} is given hours and has no stops", f"tables.{name}", f"lines there: {', '.join(order)}")
        for line in sorted(set(lines) - set(order))
    ]
    problems += [
        Problem(f"line {line} has stops and never runs", "transit.bus.lines", "give its headways, or drop its rows")
        for line in sorted(set(order) - set(lines))
    ]
    for line, rows in order.items():
        if len(rows) < 2:
            problems.append(Problem(f"line {line} has one stop", f"tables.{name}, row {rows[0] + 1}"))
        problems += [
            Problem(
                f"minutes is {run_s[row] / 60:g}", f"tables.{name}, row {row + 1}", "give those from the stop before"
            )
            for row in rows[1:]
            if not 0 <= run_s[row] < 86400
        ]
    if problems:
        raise TableError.of(problems, f"tables.{name}")
    out: list[Trip] = []
    for line in sorted(lines):
        rows = order[line]
        path = tuple(row_of[ids[row]] for row in rows)
        run = tuple(float(value) for value in run_s[rows[1:]])
        out += _runs(line, lines[line], path, run, "")
        if lines[line].both_ways:
            out += _runs(line, lines[line], path[::-1], run[::-1], "back")
    if len(out) > _MOST_TRIPS:
        raise TableError(f"the lines make {len(out)} trips a day", where="transit.bus.lines", mend="lengthen headways")
    return stops, out


def _runs(line: str, params: BusLine, path: tuple[int, ...], run_s: tuple[float, ...], way: str) -> list[Trip]:
    """Departures every headway from the first minute of its hours; the next hours begin anew."""
    along_s = np.concatenate([[0.0], np.cumsum(run_s)])
    ones = (1,) * len(path)
    out = []
    for headway in sorted(params.headways, key=lambda one: one.hours):
        for start_s in np.arange(headway.hours[0], headway.hours[1], headway.every_s).tolist():
            at = tuple((start_s + along_s).tolist())
            minute = f"{int(start_s // 3600):02d}{int(start_s % 3600 // 60):02d}"
            out.append(Trip(line, f"{line}{way and '-' + way}-{minute}", path, at, at, ones, ones))
    return out
