"""Grid square statistics (地域メッシュ統計) as e-Stat gives them: squares by their codes, and what was counted there.

Codes of squares: JIS X 0410. Layout of the file, as public programs read it: a row of codes (``KEY_CODE, HTKSYORI,
HTKSAKI, GASSAN``, then one per number), a row of Japanese headings, one row per square; in Shift_JIS. ``HTKSYORI`` 2:
details of a square are hidden (``*``) and were added to those of the square ``HTKSAKI``; 1: details of a square hold
those of the squares in ``GASSAN``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats, Ints
from twin.errors import Problem, TableError
from twin.scenario.language.schema import TableSpec
from twin.scenario.tables import cells
from twin.scenario.tables.cells import Cell, CellError
from twin.scenario.tables.columns import Reading
from twin.scenario.tables.packed import unpacked
from twin.scenario.tables.sheets import Sheet, SheetError, read_sheet, sheet_of_csv

#: Digits of a code -> height and width of its squares in degrees: 80 km, 10 km, 1 km, 500 m, 250 m, 125 m.
LEVELS = {
    4: (2 / 3, 1.0),
    6: (1 / 12, 1 / 8),
    8: (1 / 120, 1 / 80),
    9: (1 / 240, 1 / 160),
    10: (1 / 480, 1 / 320),
    11: (1 / 960, 1 / 640),
}
_WORDS = {4: "80 km", 6: "10 km", 8: "1 km", 9: "500 m", 10: "250 m", 11: "125 m"}
_KEY, _HIDING, _INTO, _HOLDS = "KEY_CODE", "HTKSYORI", "HTKSAKI", "GASSAN"
#: Headings taken for the people of a square where the scenario names none.
_PEOPLE = ("人口(総数)", "人口総数")
#: What stands in place of a number that is hidden; a dash says that there is nothing to count.
_HIDDEN, _NOTHING = frozenset({"*", "X", "x", "***"}), frozenset({"-", "－", "―", "—", "–"})
_HEAD_ROWS = 50


@dataclass(frozen=True)
class Boxes:
    """Squares as boxes in degrees; JGD2011 is taken for WGS84, which differs by less than a metre."""

    west: Floats
    south: Floats
    east: Floats
    north: Floats


def boxes_of(codes: list[str]) -> Boxes:
    """Boxes of squares by their codes.

    Raises
    ------
    ValueError
        Naming the first code that is none.
    """
    out = np.array([_box(code) for code in codes], np.float64).reshape(-1, 4)
    return Boxes(out[:, 0], out[:, 1], out[:, 2], out[:, 3])


def _box(code: str) -> tuple[float, float, float, float]:
    if not (code.isascii() and code.isdigit() and len(code) in LEVELS):
        digits = ", ".join(f"{number} digits for {words}" for number, words in _WORDS.items())
        raise ValueError(f"{code[:20]!r} is no code of a square: {digits}")
    digit = [int(one) for one in code]
    # In units of the smallest square, so that borders of neighbours are the same numbers to the bit.
    row, column = int(code[:2]) * 640, int(code[2:4]) * 640 + 64_000
    if len(code) >= 6:
        _refuse_digits(code, digit[4:6], range(8))
        row, column = row + digit[4] * 80, column + digit[5] * 80
    if len(code) >= 8:
        row, column = row + digit[6] * 8, column + digit[7] * 8
    for place, side in ((8, 4), (9, 2), (10, 1)):
        if len(code) > place:
            _refuse_digits(code, digit[place : place + 1], range(1, 5))
            row, column = row + side * ((digit[place] - 1) // 2), column + side * ((digit[place] - 1) % 2)
    high, wide = (round(degrees * unit) for degrees, unit in zip(LEVELS[len(code)], (960, 640), strict=True))
    return column / 640, row / 960, (column + wide) / 640, (row + high) / 960


def _refuse_digits(code: str, digits: list[int], allowed: range) -> None:
    if any(digit not in allowed for digit in digits):
        raise ValueError(f"{code!r} is no code of a square: {digits} must lie from {allowed[0]} to {allowed[-1]}")


@dataclass(frozen=True)
class Mesh:
    """What was read: columns by name, totals of what was counted, gaps and warnings in words."""

    columns: dict[str, NDArray[np.generic]]
    sheet: Sheet
    header_row: int
    totals: dict[str, float]
    gaps: tuple[str, ...]
    warnings: tuple[str, ...]


def read_mesh(name: str, spec: TableSpec, path: Path) -> Mesh:
    """Squares of a file: ``area`` (its code), ``west, south, east, north`` in degrees, and the columns asked for.

    Parameters
    ----------
    name
        Of the table.
    spec
        As declared; ``columns`` maps our names to headings of either row, by default ``people`` to 人口（総数）.
    path
        A CSV or text, or a zip of one as it is downloaded.

    Raises
    ------
    SheetError
        If the file cannot be read as text.
    TableError
        With every code that is none or stands twice, squares that lie in others of the file, and cells that are no
        number.
    """
    sheet = _sheet(path, spec)
    reading = Reading(name, spec, sheet)
    header = _header(sheet.rows)
    headings = _headings(sheet.rows, header)
    wanted = spec.columns or {"people": next((one for one in _PEOPLE if one in headings), _PEOPLE[0])}
    places = {}
    for column, heading in wanted.items():
        if column in ("area", "west", "south", "east", "north"):
            reading.add(f"{column} names the square itself", header + 1, mend="choose another name under columns:")
        if cells.folded(heading) not in headings:
            shown = ", ".join(list(headings)[4:12])
            reading.add(f"there is no heading {heading!r}", header + 1, mend=f"write columns: {{people: …}}; {shown} …")
        places[column] = headings.get(cells.folded(heading), 0)
    _stop_if_wrong(reading)
    rows = [(n, row) for n, row in enumerate(sheet.rows[header + 1 :], header + 2) if _text(row, 0)]
    codes = [_text(row, 0) for _, row in rows]
    boxes = _checked(reading, codes, [number for number, _ in rows])
    _stop_if_wrong(reading)
    groups = _groups(reading, headings, rows, codes)
    columns: dict[str, NDArray[np.generic]] = {
        "area": np.array(codes, np.str_),
        "west": boxes.west, "south": boxes.south, "east": boxes.east, "north": boxes.north,
    }  # fmt: skip
    for column, place in places.items():
        columns[column] = _counts(reading, list(wanted.values())[list(places).index(column)], place, rows, groups)
    _stop_if_wrong(reading)
    totals = {column: float(np.nansum(columns[column])) for column in places}
    sizes = {len(code) for code in codes}
    if len(sizes) > 1:
        told = ", ".join(f"{sum(len(c) == n for c in codes)} of {_WORDS[n]}" for n in sorted(sizes))
        reading.warnings.append(f"squares of several sizes, none inside another: {told}")
    return Mesh(columns, sheet, header + 1, totals, tuple(reading.gaps), tuple(reading.warnings))


def _sheet(path: Path, spec: TableSpec) -> Sheet:
    if path.suffix.lower() != ".zip":
        return read_sheet(path, None, spec.encoding)
    found = unpacked(path, lambda name: name.lower().endswith((".txt", ".csv")), "e-Stat gives one file in a zip")
    if len(found) != 1:
        raise SheetError(f"the zip holds {len(found)} tables", "unpack it, and name the one that is needed")
    return sheet_of_csv(next(iter(found.values())), spec.encoding)


def _header(rows: list[list[Cell]]) -> int:
    for place, row in enumerate(rows[:_HEAD_ROWS]):
        if row and cells.folded(row[0]) == cells.folded(_KEY):
            return place
    raise SheetError(
        f"no row begins with {_KEY}", "give a grid square statistic as e-Stat gives it, or leave mesh: out"
    )


def _headings(rows: list[list[Cell]], header: int) -> dict[str, int]:
    """Column of each heading, of the row of codes and of the Japanese row below it."""
    out: dict[str, int] = {}
    below = rows[header + 1] if header + 1 < len(rows) and not _text(rows[header + 1], 0) else []
    for place, cell in [*enumerate(rows[header]), *enumerate(below)]:
        if cells.folded(cell):
            out.setdefault(cells.folded(cell), place)
    return out


def _text(row: list[Cell], place: int) -> str:
    return cells.normal(row[place]) if 0 <= place < len(row) else ""


def _checked(reading: Reading, codes: list[str], numbers: list[int]) -> Boxes:
    """Boxes of the squares; squares that stand twice, or lie in another of the file, would count people twice."""
    seen: dict[str, int] = {}
    good = []
    for code, number in zip(codes, numbers, strict=True):
        try:
            _box(code)
        except ValueError as fault:
            reading.add(str(fault), number, _KEY, "keep the codes as they were downloaded, as text")
            continue
        good.append(code)
        if code in seen:
            reading.add(f"the square {code} stands in row {seen[code]} too", number, _KEY, "keep one of them")
        seen.setdefault(code, number)
    if not codes:
        reading.add("the table has no squares", mend="give the file with the rows below its headings")
    for code in good:
        outer = next((code[:n] for n in LEVELS if n < len(code) and code[:n] in seen), None)
        if outer:
            reading.add(
                f"the square {code} lies in {outer} of row {seen[outer]}: people would be counted twice",
                seen[code], _KEY, "keep the squares of one size",
            )  # fmt: skip
    return boxes_of(codes) if len(good) == len(codes) else boxes_of([])


def _groups(reading: Reading, headings: dict[str, int], rows: list[tuple[int, list[Cell]]], codes: list[str]) -> Ints:
    """Row of the square that holds the hidden numbers of each; its own where nothing of it is hidden."""
    own = np.arange(len(rows), dtype=np.int32)
    into = headings.get(cells.folded(_INTO))
    if into is None:
        return own
    row_of = {code: row for row, code in enumerate(codes)}
    lost = 0
    for row, (_, line) in enumerate(rows):
        target = _text(line, into)
        if target and target != codes[row]:
            lost += target not in row_of
            own[row] = row_of.get(target, -1)
    if lost:
        reading.gaps.append(f"{lost} squares have their hidden numbers in squares that the file lacks")
    return own


def _counts(reading: Reading, heading: str, place: int, rows: list[tuple[int, list[Cell]]], groups: Ints) -> Floats:
    """Numbers of one column; a hidden one is an even share of what its group holds, as squares are of one size."""
    out = np.zeros(len(rows))
    hidden = np.zeros(len(rows), np.bool_)
    nothing = 0
    for row, (number, line) in enumerate(rows):
        text = _text(line, place)
        if text in _HIDDEN:
            hidden[row] = True
        elif text in _NOTHING:
            nothing += 1
        else:
            try:
                value = cells.number(text, "")
            except CellError as fault:
                reading.add(str(fault), number, heading, "keep the numbers as they were downloaded")
                continue
            if value is None or value < 0:
                reading.add(f"{text!r} is no count", number, heading, "a square without people says 0 or -")
                continue
            out[row] = value
    shared = np.flatnonzero(hidden & (groups >= 0) & (groups != np.arange(len(rows))))
    shared = shared[~hidden[groups[shared]]]
    members = np.bincount(groups[shared], minlength=len(rows)) + 1
    spread = np.isin(np.arange(len(rows)), groups[shared])
    whole = out.copy()
    out[spread] = whole[spread] / members[spread]
    out[shared] = whole[groups[shared]] / members[groups[shared]]
    lost = hidden.copy()
    lost[shared] = False
    out[lost] = np.nan
    if hidden.any():
        told = f"column {heading}: {int(hidden.sum())} squares are hidden (*)"
        if len(shared):
            told += f"; {len(shared)} have an even share of the {int(spread.sum())} squares that hold their numbers"
        if lost.any():
            told += f"; of {int(lost.sum())} nothing is known, and nobody is taken to be there"
        reading.gaps.append(told)
    if nothing:
        reading.gaps.append(f"column {heading}: {nothing} squares say -; taken as 0")
    return out


def _stop_if_wrong(reading: Reading) -> None:
    if reading.problems:
        if reading.unlisted:
            reading.problems.append(Problem(f"and {reading.unlisted} more problems", reading.where()))
        raise TableError.of(reading.problems, reading.where())
