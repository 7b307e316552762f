"""Columns of a table: which kind each is, and its cells as one or two columns of ours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.errors import Problem
from twin.scenario.language.schema import TableSpec, TimeForm
from twin.scenario.tables import cells, times
from twin.scenario.tables.cells import Cell, CellError
from twin.scenario.tables.sheets import Sheet

_MOST_PROBLEMS = 20
#: Last words of column names whose cells are text whatever they look like (stop 012 is not 12).
_TEXT_WORDS = frozenset(
    {
        "id",
        "name",
        "kind",
        "class",
        "stop",
        "exit",
        "place",
        "area",
        "zone",
        "group",
        "outcome",
        "camera",
        "gate",
        "yard",
        "haulier",
        "purpose",
        "origin",
        "destination",
        "mode",
        "code",
        "note",
        "street",
        "district",
        "lane",
    }
)
#: Last words of column names whose cells are numbers, so that a word among them is a fault.
_NUMBER_WORDS = frozenset(
    {
        "trucks",
        "count",
        "people",
        "vehicles",
        "visitors",
        "requests",
        "party",
        "in",
        "out",
        "n",
        "share",
        "number",
        "north",
        "south",
        "east",
        "west",
        "lat",
        "lon",
        "spaces",
        "seats",
    }
)


@dataclass
class Reading:
    """A table being read."""

    name: str
    spec: TableSpec
    sheet: Sheet
    problems: list[Problem] = field(default_factory=list)
    unlisted: int = 0
    gaps: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    times: set[str] = field(default_factory=set)
    last_hour: int = cells.LAST_HOUR

    def where(self, row: int | None = None, column: str = "") -> str:
        """Place in the file: sheet, row, column."""
        parts = [self.spec.file]
        if self.sheet.name:
            parts.append(f"sheet {self.sheet.name}")
        if row is not None:
            parts.append(f"row {row}")
        if column:
            parts.append(f"column {column}")
        return ", ".join(parts)

    def add(self, what: str, row: int | None = None, column: str = "", mend: str = "") -> None:
        """Note a problem; beyond a score they are only counted."""
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(Problem(what, self.where(row, column), mend))
        else:
            self.unlisted += 1


def kind_of(column: str, spec: TableSpec) -> str:
    """How the cells of a column are read; decided by the declaration alone, never by the cells, but for ``auto``."""
    unit = spec.units.get(column)
    if column in spec.values:
        return "words"
    if unit in ("text", "date"):
        return unit
    if unit == "clock":
        return "time"
    if unit is not None:
        return "number"
    if column == "hour" or column.endswith("_hour"):
        return "hour"
    if column == "date" or column.endswith("_date"):
        return "date"
    if column == "time" or column.endswith(("_at", "_time", "_s")):
        return "time"
    last = column.rsplit("_", 1)[-1]
    return "text" if last in _TEXT_WORDS else "number" if last in _NUMBER_WORDS else "auto"


def read_column(
    reading: Reading, column: str, place: int, rows: list[tuple[int, list[Cell]]]
) -> dict[str, NDArray[np.generic]]:
    """One column of the file as one or two of ours.

    Parameters
    ----------
    reading
        Receives problems, gaps and warnings.
    column
        Our name.
    place
        Its place in the rows, from 0.
    rows
        Number in the file and cells of each row that counts.
    """
    kind = kind_of(column, reading.spec)
    values: list[Cell] = [row[place] if place < len(row) else None for _, row in rows]
    numbers = [number for number, _ in rows]
    if kind == "words":
        return {column: _words(reading, column, values, numbers)}
    if kind == "text" or (kind == "auto" and _all_text(values)):
        return {column: np.array([cells.normal(v) for v in values], np.str_)}
    if kind == "date":
        return {column: _each(reading, column, values, numbers, cells.date, np.str_)}
    if kind == "hour":
        return _hours(reading, column, values, numbers)
    if kind == "time":
        return _times(reading, column, values, numbers)
    return {column: _numbers(reading, column, values, numbers)}


def _all_text(values: Sequence[Cell]) -> bool:
    """Whether no cell of a column is a number, though some hold something."""
    held = [v for v in values if cells.normal(v) not in cells.NO_NUMBER]
    return bool(held) and not any(_is_number(v) for v in held)


def _is_number(value: Cell) -> bool:
    try:
        return cells.number(value) is not None
    except CellError:
        return False


def _each(
    reading: Reading, column: str, values: Sequence[Cell], numbers: Sequence[int], read: Any, dtype: Any
) -> NDArray[np.generic]:
    out = []
    for value, number in zip(values, numbers, strict=True):
        try:
            out.append(read(value))
        except CellError as fault:
            reading.add(str(fault), number, heading_of(reading, column))
            out.append(read("2000-01-01"))
    return np.array(out, dtype)


def heading_of(reading: Reading, column: str) -> str:
    """Heading in the file of one of our columns."""
    return reading.spec.columns.get(column, column)


def _words(reading: Reading, column: str, values: Sequence[Cell], numbers: Sequence[int]) -> NDArray[np.generic]:
    """Words of the file as ours; a word that is not listed is a problem, named once."""
    mapping = {cells.normal(word): ours for word, ours in reading.spec.values[column].items()}
    seen: dict[str, int] = {}
    out: list[Any] = []
    for value, number in zip(values, numbers, strict=True):
        text = cells.normal(value)
        if text not in mapping and text not in seen:
            seen[text] = number
            known = ", ".join(mapping)
            reading.add(
                f"{cells.shown(value)} is none of the words under values.{column}",
                number,
                heading_of(reading, column),
                f"add it there; listed: {known[:120]}",
            )
        out.append(mapping.get(text, next(iter(mapping.values()), "")))
    ours = list(mapping.values())
    if ours and all(isinstance(v, bool) for v in ours):
        return np.array(out, np.bool_)
    if ours and all(isinstance(v, int | float) and not isinstance(v, bool) for v in ours):
        return np.array(out, np.float64)
    return np.array([cells.normal(v) for v in out], np.str_)


def _hours(reading: Reading, column: str, values: list[Cell], numbers: Sequence[int]) -> dict[str, NDArray[np.generic]]:
    fractions, end_label = cells.are_fractions(values), reading.spec.hour_labels == "end_of_hour"
    form = declared_form(reading, column)
    slots = []
    for value, number in zip(values, numbers, strict=True):
        try:
            plain = times.bare_number(value) if form else None
            if form and plain:
                slots.append(cells.Slot(_time(value, plain, form, reading.last_hour)[0] - 3600.0 * end_label, None))
            else:
                slots.append(cells.hour_slot(value, fractions=fractions, end_label=end_label))
        except CellError as fault:
            reading.add(str(fault), number, heading_of(reading, column), "write for example 8, 8時台 or 8:00～9:00")
    starts = np.array([slot.start_s for slot in slots], np.float64)
    length_s = min(shortest_step_s(starts), 3600.0)
    ends = np.array([slot.start_s + length_s if slot.end_s is None else slot.end_s for slot in slots], np.float64)
    reading.times.update((f"{column}_start_s", f"{column}_end_s"))
    return {f"{column}_start_s": starts, f"{column}_end_s": ends}


def shortest_step_s(starts: NDArray[np.float64]) -> float:
    """Shortest distance between two labels: the length of a slot."""
    steps = np.diff(np.unique(starts))
    return float(steps.min()) if len(steps) else 3600.0


def _times(reading: Reading, column: str, values: list[Cell], numbers: Sequence[int]) -> dict[str, NDArray[np.generic]]:
    bare = [times.bare_number(value) for value in values]
    form = _form_of(reading, column, values, numbers, bare)
    if form is None:
        return {column: np.zeros(len(values))}
    out, days = [], set()
    for value, plain, number in zip(values, bare, numbers, strict=True):
        try:
            seconds, day = _time(value, plain, form, reading.last_hour)
            out.append(seconds)
            days.add(day)
        except CellError as fault:
            reading.add(str(fault), number, heading_of(reading, column), "write for example 8:05")
    days.discard("")
    if len(days) > 1:
        reading.warnings.append(
            f"column {heading_of(reading, column)} holds {len(days)} days, {min(days)} to {max(days)}; "
            "only the time of day is used"
        )
    zones = sum(cells.has_zone(value) for value in values)
    if zones:
        reading.warnings.append(
            f"column {heading_of(reading, column)}: {zones} times name a zone and were brought to the clock of "
            f"{cells.CITY_ZONE}"
        )
    reading.times.add(column)
    return {column: np.array(out, np.float64)}


def _time(value: Cell, plain: times.Bare | None, form: TimeForm, last_hour: int) -> tuple[float, str]:
    if plain is None:
        if isinstance(value, int | float | str) and times.is_number(value):
            raise CellError(f"{cells.shown(value)} is no time of day")
        return cells.time_of_day(value, last_hour=last_hour)
    moment = times.moment_of(plain, form, last_hour)
    if moment is None:
        raise CellError(f"{cells.shown(value)} is no time of day ({form})")
    return moment


def _form_of(
    reading: Reading, column: str, values: Sequence[Cell], numbers: Sequence[int], bare: Sequence[times.Bare | None]
) -> TimeForm | None:
    """What the bare numbers of a column of times are; None, and a problem noted, where that cannot be told."""
    heading = heading_of(reading, column)
    form = declared_form(reading, column)
    held = [b for b in bare if b is not None]
    if form is not None or not held:
        return form or "seconds"
    workbook = bool(reading.sheet.name) and all(not isinstance(v, str) for v in values)
    forms = times.possible_forms(held, workbook=workbook)
    if len(forms) == 1:
        if forms[0] != "seconds":
            reading.warnings.append(
                f"column {heading} holds bare numbers; {held[0].text} is read as {times.example_of(held[0], forms[0])}"
            )
        return forms[0]
    first = next(i for i, b in enumerate(bare) if b is not None)
    if not forms:
        reading.add(
            f"{cells.shown(values[first])} and what is below it are no times of day in any one form",
            numbers[first],
            heading,
            "write 8:05, or say what the numbers are, e.g. time_as: hhmm",
        )
        return None
    differ = next(
        i for i, b in enumerate(bare) if b is not None and len({times.moment_of(b, form) for form in forms}) > 1
    )
    told = bare[differ] or held[0]
    meant = " or ".join(times.example_of(told, form) for form in forms)
    reading.add(
        f"{cells.shown(values[differ])} may be {meant}",
        numbers[differ],
        heading,
        f"write 8:05 in the file, or say in the scenario what the numbers are: time_as: {forms[0]}",
    )
    return None


def declared_form(reading: Reading, column: str) -> TimeForm | None:
    """What bare numbers of a column of times are, as the scenario declares it or as the heading says it."""
    spec, heading = reading.spec, cells.folded(heading_of(reading, column))
    declared = spec.time_as.get(column) if isinstance(spec.time_as, dict) else spec.time_as
    if declared is not None:
        return declared
    return "seconds" if heading.endswith(("_s", "(s)", "[s]", "秒", "(秒)", "seconds")) else None


def _numbers(reading: Reading, column: str, values: Sequence[Cell], numbers: Sequence[int]) -> NDArray[np.float64]:
    unit, heading = reading.spec.units.get(column, ""), heading_of(reading, column)
    try:
        cells.unit_factor(unit)
    except KeyError:
        reading.add(f"{unit!r} is no unit", None, heading, "write for example min, km, %, or text, clock, date")
        return np.zeros(len(values))
    out = np.zeros(len(values))
    empty: list[int] = []
    for i, (value, number) in enumerate(zip(values, numbers, strict=True)):
        try:
            read = cells.number(value, unit)
        except CellError as fault:
            reading.add(str(fault), number, heading, "write a number, or drop the row with drop_rows:")
            continue
        if read is None:
            empty.append(number)
            out[i] = 0.0 if reading.spec.gaps == "zero" else math.nan
        else:
            out[i] = read
    if empty:
        _note_gaps(reading, heading, empty)
    return out


def _note_gaps(reading: Reading, heading: str, empty: Sequence[int]) -> None:
    listed = ", ".join(map(str, empty[:10])) + (" …" if len(empty) > 10 else "")
    words = f"column {heading}: {len(empty)} empty, in row {listed}"
    if reading.spec.gaps != "error":
        reading.gaps.append(words + ("; taken as 0" if reading.spec.gaps == "zero" else "; kept as gaps"))
        return
    # A formula that was never calculated reads as empty.
    formula = "; a formula needs the file saved in Excel first" if reading.sheet.name else ""
    reading.add(
        f"{len(empty)} cells hold no number, in row {listed}",
        empty[0],
        heading,
        f"fill them, or write gaps: zero or gaps: keep_and_report{formula}",
    )
