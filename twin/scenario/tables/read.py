"""Tables of the user's, as municipalities have them, to columns in SI units; with an echo of what was read."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from twin.errors import Problem, TableError
from twin.scenario.language.paths import PathRefusedError, allowed_path
from twin.scenario.language.schema import DayTotal, TableSpec
from twin.scenario.language.validate import nearest
from twin.scenario.tables import cells
from twin.scenario.tables.cells import Cell
from twin.scenario.tables.columns import Reading, heading_of, kind_of, read_column, shortest_step_s
from twin.scenario.tables.gtfs import Feed, read_feed
from twin.scenario.tables.mesh import Mesh, read_mesh
from twin.scenario.tables.outlines import Outlines, read_outlines
from twin.scenario.tables.sheets import MAX_ROWS, SheetError, read_sheet
from twin.units import value_text

if TYPE_CHECKING:
    from twin.scenario.language.schema import Scenario

_HEADER_SEARCH_ROWS = 50
#: A row of one cell that begins like this is a footnote.
_FOOTNOTES = ("※", "注", "(注", "*", "資料", "出典")


@dataclass(frozen=True)
class TableEcho:
    """What was read, for the writer to recognise.

    Attributes
    ----------
    rows
        Rows that count.
    dropped
        Rows left out: row number and why.
    totals
        Sum of each numeric column, in SI units, before scaling.
    scaled
        Factor of each column that was scaled to a day's total.
    gaps
        Empty numbers and missing hours, in words.
    warnings
        What the writer should think about.
    """

    file: str
    sheet: str
    encoding: str
    header_row: int
    rows: int
    dropped: tuple[tuple[int, str], ...]
    totals: dict[str, float]
    scaled: dict[str, float]
    gaps: tuple[str, ...]
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON; the file's name stands in the declaration."""
        return {
            "sheet": self.sheet,
            "encoding": self.encoding,
            "header_row": self.header_row,
            "rows": self.rows,
            "dropped": [list(pair) for pair in self.dropped],
            "totals": self.totals,
            "scaled": self.scaled,
            "gaps": list(self.gaps),
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True)
class TableData:
    """A table read: columns of one length, the echo, and the hash of the file; further tables that belong to it.

    ``more`` holds these by what is put behind the table's name, such as ``.outline`` for the corners of its areas;
    ``told`` what the file says of its publisher, licence and dates.
    """

    columns: dict[str, NDArray[np.generic]]
    echo: TableEcho
    sha256: str
    more: dict[str, dict[str, NDArray[np.generic]]] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)


def read_tables(scenario: Scenario) -> dict[str, TableData]:
    """Read every table of a scenario.

    Raises
    ------
    TableError
        With every problem in all of them.
    """
    out: dict[str, TableData] = {}
    problems: list[Problem] = []
    for name, spec in scenario.tables.items():
        try:
            out[name] = read_table(name, spec, scenario)
        except TableError as fault:
            problems.extend(fault.problems)
    if problems:
        raise TableError.of(problems, scenario.file or scenario.name)
    return out


def read_table(name: str, spec: TableSpec, scenario: Scenario) -> TableData:
    """Read one table.

    Parameters
    ----------
    name
        Its name in the scenario.
    spec
        How it is declared.
    scenario
        For the folders it may be read from.

    Returns
    -------
    TableData
        Columns bear our names. ``hour`` gives ``hour_start_s`` and ``hour_end_s``; ``time`` and names in
        ``_at``, ``_time`` or ``_s`` are seconds since midnight; words are mapped; numbers are in SI units,
        nan where a gap was kept.

    Raises
    ------
    TableError
        With every problem in it: file, sheet, row, column.
    """
    try:
        path = allowed_path(spec.file, scenario.folder, scenario.allow_read, or_folder=spec.gtfs_day is not None)
        if spec.gtfs_day is not None:
            return _of_feed(read_feed(path, spec.gtfs_day), spec)
        if spec.mesh:
            return _of_mesh(read_mesh(name, spec, path), spec)
        if spec.areas is not None:
            return _of_outlines(read_outlines(spec, path), spec)
        sheet = read_sheet(path, spec.sheet, spec.encoding)
    except PathRefusedError as refused:
        raise TableError.of([Problem(refused.what, f"table {name}", refused.mend)], name) from refused
    except SheetError as fault:
        where = spec.file + (f", row {fault.row}" if fault.row else "")
        raise TableError.of([Problem(fault.what, where, fault.mend)], name) from fault
    reading = Reading(name, spec, sheet)
    # A clock of a week has times of day up to 168:00.
    reading.last_hour = max(reading.last_hour, math.ceil(scenario.clock.last_s / 3600.0))
    header_row = _header_row(reading)
    hours = _hours_across(reading, header_row) if spec.hours_across else {}
    places = _places(reading, header_row)
    _stop_if_wrong(reading)
    rows, dropped = _data_rows(reading, header_row, places)
    if not rows and not reading.problems:
        reading.add("the table has no rows", header_row + 1, mend="check header_row: and the sheet")
    columns: dict[str, NDArray[np.generic]] = {}
    if hours:
        if spec.added_over is not None:
            rows = _added(reading, rows, places, hours, _place_of(reading, header_row, spec.added_over))
            _stop_if_wrong(reading)
        rows, places, columns = _unfolded(reading, rows, places, hours)
    for column, place in places.items():
        columns.update(read_column(reading, column, place, rows))
    _stop_if_wrong(reading)
    _look_for_missing_hours(reading, columns)
    totals = {c: float(np.nansum(v)) for c, v in columns.items() if v.dtype == np.float64 and c not in reading.times}
    scaled = _scale(reading, columns, totals)
    _stop_if_wrong(reading)
    if spec.counted_at in ("gate_in", "gate_out"):
        reading.warnings.append(
            f"counted at {spec.counted_at}: a gate count hides the queue before the gate; arrivals at the line differ"
        )
    echo = TableEcho(
        spec.file,
        sheet.name,
        sheet.encoding,
        header_row,
        len(rows),
        tuple(dropped),
        totals,
        scaled,
        tuple(reading.gaps),
        tuple(reading.warnings),
    )
    return TableData(columns, echo, sheet.sha256)


def _of_feed(feed: Feed, spec: TableSpec) -> TableData:
    """A timetable: what a feed says wrong is counted under ``warnings``."""
    totals = {
        "trips": float(len(np.unique(feed.columns["trip"]))),
        "stops": float(len(np.unique(feed.columns["stop"]))),
    }
    rows = len(feed.columns["trip"])
    echo = TableEcho(spec.file, "", feed.encoding, 1, rows, (), totals, {}, (), feed.warnings)
    return TableData(feed.columns, echo, feed.sha256, feed.more, feed.told)


def _of_mesh(mesh: Mesh, spec: TableSpec) -> TableData:
    rows = len(mesh.columns["area"])
    echo = TableEcho(
        spec.file, "", mesh.sheet.encoding, mesh.header_row, rows, (), mesh.totals, {}, mesh.gaps, mesh.warnings
    )
    return TableData(mesh.columns, echo, mesh.sheet.sha256)


def _of_outlines(found: Outlines, spec: TableSpec) -> TableData:
    rows = len(found.columns["area"])
    echo = TableEcho(spec.file, spec.sheet or "", found.encoding, 1, rows, (), found.totals, {}, (), found.warnings)
    return TableData(found.columns, echo, found.sha256, {".outline": found.outline})


#: A heading that is an hour: 7時台, 7時, 07:00, 7:00～8:00. A bare number is none: it may be anything.
_HOURLY = re.compile(r".*[0-9](:[0-9]{2}|時).*")
_Rows = list[tuple[int, list[Cell]]]


def _hours_across(reading: Reading, header_row: int) -> dict[int, tuple[float, float]]:
    """Begin and end in seconds of the hour that each column of counts is of, by its place.

    An hour behind a later one, as 0時台 behind 23時台, is one after midnight: a day is counted from the morning on.
    """
    amount, headings = reading.spec.hours_across or "", reading.sheet.rows[header_row - 1] if reading.sheet.rows else []
    out: dict[int, tuple[float, float]] = {}
    day_s = last_s = 0.0
    for place, cell in enumerate(headings):
        if not _HOURLY.fullmatch(cells.normal(cell)):
            continue
        try:
            slot = cells.hour_slot(cell, end_label=reading.spec.hour_labels == "end_of_hour")
        except cells.CellError:
            continue  # a sum over hours, or a title with a time in it
        end_s = slot.start_s + 3600.0 if slot.end_s is None else slot.end_s
        if end_s - slot.start_s > 3600.0:
            continue
        if slot.start_s + day_s < last_s:
            day_s += cells.DAY_S
            told = f"{cells.normal(cell)} stands behind a later hour and is read as one after midnight"
            reading.warnings.append(told + ", as are those behind it")
        last_s = slot.start_s + day_s
        out[place] = last_s, end_s + day_s
    if len(out) < 2:
        mend = "headings such as 7時台 or 7:00-8:00 are due; or leave hours_across out"
        reading.add(f"{len(out)} headings are hours", header_row, mend=mend)
    first_s = min((span[0] for span in out.values()), default=0.0)
    if any(end_s > first_s + cells.DAY_S for _, end_s in out.values()):
        mend = "two blocks of hours side by side? keep one, for example by leaving the other's headings without 時"
        reading.add("the hours in the headings are more than a day", header_row, mend=mend)
    if amount in reading.spec.columns:
        reading.add(f"columns names {amount} too, which stands below the hours", header_row, mend="leave it out there")
    if any(span in list(out.values())[:row] for row, span in enumerate(out.values())):
        reading.add("an hour stands in two headings", header_row, mend="keep one of them")
    return out


def _place_of(reading: Reading, header_row: int, heading: str) -> int:
    headings = [cells.folded(cell) for cell in reading.sheet.rows[header_row - 1]]
    if cells.folded(heading) not in headings:
        reading.add(f"there is no heading {heading!r}", header_row, mend=nearest(heading, headings))
        _stop_if_wrong(reading)
    return headings.index(cells.folded(heading))


def _added(
    reading: Reading, rows: _Rows, places: dict[str, int], hours: dict[int, tuple[float, float]], over: int
) -> _Rows:
    """Rows that differ in one column alone, such as small and large vehicles, as one; a gap stays a gap."""
    labels = [place for name, place in sorted(places.items()) if place not in hours and place != over]
    groups: dict[tuple[str, ...], dict[str, tuple[int, list[Cell]]]] = {}
    for number, row in rows:
        key, word = tuple(_cell(row, place) for place in labels), _cell(row, over)
        mine = groups.setdefault(key, {})
        if word in mine:
            told = f"{', '.join(key)}: {word or 'an empty cell'} stands in row {mine[word][0]} too"
            reading.add(told, number, mend="keep one of them")
        mine[word] = number, row
    words = sorted({word for mine in groups.values() for word in mine})
    out: _Rows = []
    for key, mine in groups.items():
        if len(mine) < len(words):
            lacking = ", ".join(word for word in words if word not in mine)
            first = next(iter(mine.values()))[0]
            reading.add(f"{', '.join(key)} has no row of {lacking}", first, mend="add it, or leave the others out")
        number, first_row = next(iter(mine.values()))
        whole: list[Cell] = [*first_row, *[None] * (max(hours) + 1 - len(first_row))]
        for place in hours:
            whole[place] = _sum(reading, [(n, row[place] if place < len(row) else None) for n, row in mine.values()])
        out.append((number, whole))
    reading.warnings.append(f"{len(rows)} rows are added to {len(out)}: {' + '.join(words)}")
    return out


def _cell(row: list[Cell], place: int) -> str:
    return cells.normal(row[place]) if place < len(row) else ""


def _sum(reading: Reading, parts: list[tuple[int, Cell]]) -> Cell:
    total = 0.0
    for number, cell in parts:
        try:
            value = cells.number(cell, "")
        except cells.CellError as fault:
            reading.add(str(fault), number, mend="write a number")
            return None
        if value is None:
            return None
        total += value
    return total


def _unfolded(
    reading: Reading, rows: _Rows, places: dict[str, int], hours: dict[int, tuple[float, float]]
) -> tuple[_Rows, dict[str, int], dict[str, NDArray[np.generic]]]:
    """A row for each hour of each row of counts, each with its number in the file; and the columns of hours."""
    if len(rows) * len(hours) > MAX_ROWS:
        reading.add(f"{len(rows)} rows of {len(hours)} hours are more than {MAX_ROWS} rows", mend="keep what is needed")
        _stop_if_wrong(reading)
    names = [name for name, place in places.items() if place not in hours]
    long: _Rows = []
    for number, row in rows:
        cells_of_row = [row[places[name]] if places[name] < len(row) else None for name in names]
        long += [(number, [*cells_of_row, row[place] if place < len(row) else None]) for place in hours]
    spans = np.tile(np.array(list(hours.values()), np.float64).reshape(-1, 2), (len(rows), 1))
    reading.times.update(("hour_start_s", "hour_end_s"))
    found = {name: place for place, name in enumerate(names)} | {reading.spec.hours_across or "": len(names)}
    return long, found, {"hour_start_s": spans[:, 0].copy(), "hour_end_s": spans[:, 1].copy()}


def _stop_if_wrong(reading: Reading) -> None:
    if not reading.problems:
        return
    if reading.unlisted:
        reading.problems.append(Problem(f"and {reading.unlisted} more problems", reading.where()))
    raise TableError.of(reading.problems, reading.where())


def _header_row(reading: Reading) -> int:
    """Row of the headings, counted from 1; found by the headings where the scenario does not say."""
    spec, rows = reading.spec, reading.sheet.rows
    if spec.header_row is not None:
        if spec.header_row > len(rows):
            reading.add(f"header_row is {spec.header_row}, the table has {len(rows)} rows")
            _stop_if_wrong(reading)
        return spec.header_row
    wanted = {cells.folded(heading) for heading in spec.columns.values()}
    best, most = 1, -1
    for number, row in enumerate(rows[:_HEADER_SEARCH_ROWS], 1):
        texts = {cells.folded(c) for c in row} - {""}
        # Without headings to look for, the first row that is full enough to be one.
        found = len(wanted & texts) if wanted else int(len(texts) > 1)
        if found > most:
            best, most = number, found
    return best


def _places(reading: Reading, header_row: int) -> dict[str, int]:
    """Column of the file for each of our names."""
    rows, spec = reading.sheet.rows, reading.spec
    if not rows:
        reading.add("the table is empty")
        return {}
    headings = [cells.folded(c) for c in rows[header_row - 1]]
    readable = [cells.normal(c) for c in rows[header_row - 1]]
    if not spec.columns:
        named = {text: i for i, text in enumerate(readable) if text.isidentifier() or text.replace("_", "a").isalnum()}
        if not named:
            reading.add("no heading can name a column", header_row, mend="name them under columns:")
        return named
    places: dict[str, int] = {}
    for name, heading in spec.columns.items():
        found = [i for i, text in enumerate(headings) if text == cells.folded(heading)]
        if len(found) == 1:
            places[name] = found[0]
        elif found:
            reading.add(f"the heading {heading!r} stands {len(found)} times", header_row, mend="rename one of them")
        else:
            reading.add(f"there is no heading {heading!r}", header_row, mend=_heading_mend(reading, heading, readable))
    for section, keys in (("values", spec.values), ("units", spec.units), ("drop_rows", spec.drop_rows)):
        for key in keys:
            if key not in places and not (section == "drop_rows" and cells.folded(key) in headings):
                reading.add(f"{section} names {key!r}, which is no column", mend=nearest(key, spec.columns))
    return places


def _heading_mend(reading: Reading, heading: str, readable: Sequence[str]) -> str:
    for number, row in enumerate(reading.sheet.rows[:_HEADER_SEARCH_ROWS], 1):
        if cells.folded(heading) in {cells.folded(c) for c in row}:
            return f"it stands in row {number}; write header_row: {number}"
    return nearest(heading, [text for text in readable if text])


def _data_rows(
    reading: Reading, header_row: int, places: dict[str, int]
) -> tuple[list[tuple[int, list[Cell]]], list[tuple[int, str]]]:
    """Rows that count, each with its number in the file, and those that were left out."""
    drops = _drop_words(reading, header_row, places)
    label_places = [p for c, p in places.items() if kind_of(c, reading.spec) not in ("number", "auto")]
    kept: list[tuple[int, list[Cell]]] = []
    dropped: list[tuple[int, str]] = []
    for number, row in enumerate(reading.sheet.rows[header_row:], header_row + 1):
        filled = [c for c in row if cells.normal(c)]
        if not filled:
            continue
        reason = _reason_to_drop(row, filled, label_places, drops)
        if reason:
            dropped.append((number, reason))
        else:
            kept.append((number, row))
    return kept, dropped


def _drop_words(reading: Reading, header_row: int, places: dict[str, int]) -> dict[int, set[str]]:
    headings = [cells.folded(c) for c in reading.sheet.rows[header_row - 1]]
    out: dict[int, set[str]] = {}
    for key, words in reading.spec.drop_rows.items():
        place = places[key] if key in places else headings.index(cells.folded(key))
        out[place] = {cells.folded(word) for word in words}
    return out


def _reason_to_drop(row: list[Cell], filled: list[Cell], label_places: list[int], drops: dict[int, set[str]]) -> str:
    for place, words in drops.items():
        if place < len(row) and cells.folded(row[place]) in words:
            return cells.normal(row[place])
    labels = [row[p] for p in label_places if p < len(row)]
    for cell in (filled[0], *labels):
        if cells.is_total(cell):
            return "".join(cells.normal(cell).split())
    first = cells.normal(filled[0])
    return first[:40] if len(filled) == 1 and first.startswith(_FOOTNOTES) else ""


def _look_for_missing_hours(reading: Reading, columns: dict[str, NDArray[np.generic]]) -> None:
    """Hours between the first and the last that have no row at all."""
    for column in (c for c in columns if c.endswith("hour_start_s")):
        starts = np.unique(columns[column].astype(np.float64))
        step_s = shortest_step_s(starts)
        # Labels 30 min and 45 min apart make no regular series; nothing is then missing.
        if len(starts) < 3 or np.any(np.abs(np.diff(starts) / step_s % 1) > 1e-6):
            continue
        expected = np.arange(starts[0], starts[-1] + step_s / 2, step_s)
        absent = expected[~np.isin(np.round(expected, 3), np.round(starts, 3))]
        if not len(absent):
            continue
        listed = ", ".join(value_text(float(s), "", "clock") for s in absent[:10])
        words = f"no row for {listed}" + (" …" if len(absent) > 10 else "")
        if reading.spec.gaps == "error":
            reading.add(
                words,
                None,
                heading_of(reading, column.removesuffix("_start_s")),
                "add the rows, or write gaps: zero (nobody came) or gaps: keep_and_report",
            )
        else:
            reading.gaps.append(words)


def _scale(reading: Reading, columns: dict[str, NDArray[np.generic]], totals: dict[str, float]) -> dict[str, float]:
    """Scale counts to the total of a day; the factor is shown."""
    wanted = reading.spec.day_total
    if wanted is None:
        return {}
    counts = [c for c in totals if reading.spec.units.get(c, "") in ("", "people", "trucks", "vehicles")]
    if isinstance(wanted, DayTotal):
        column, total = wanted.column, wanted.total
    else:
        column, total = counts[0] if len(counts) == 1 else "", wanted
    if column not in totals:
        reading.add(
            f"day_total needs one column of counts, there are {len(counts)}",
            mend=(f"write day_total: {{column: NAME, total: {total:g}}}; columns: {', '.join(totals)}"),
        )
        return {}
    if not totals[column] > 0 or not total > 0:
        reading.add(f"the counts of {column} add up to {totals[column]:g}, which cannot be scaled to {total:g}")
        return {}
    factor = total / totals[column]
    columns[column] = columns[column].astype(np.float64) * factor
    return {column: factor}
