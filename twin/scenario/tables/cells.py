"""What a cell of a municipal table says: numbers, hours, times of day and dates, as people type them.

Every function takes a cell of a CSV (text) or of a workbook (text, number, date, time) and raises
:class:`CellError` with the offending value.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from typing import NamedTuple

from twin.units import DIMENSIONS

Cell = str | int | float | bool | dt.datetime | dt.date | dt.time | dt.timedelta | None

#: Cells that hold no number: blank, dashes, dots, and e-Stat's X for a suppressed one.
NO_NUMBER = frozenset({"", "-", "－", "―", "—", "–", "ー", "X", "x", "…", "...", "***", "NA", "N/A", "n/a", "#N/A"})
#: Words in place of an hour, a date or a class that mark a row of sums.
TOTAL_WORDS = frozenset(
    {
        "合計",
        "小計",
        "計",
        "総計",
        "総合計",
        "累計",
        "日計",
        "時間計",
        "全体",
        "total",
        "subtotal",
        "sub total",
        "grand total",
    }
)
_COUNT_WORDS = "人台件席回本便名両個"
_NUMBER = re.compile(
    rf"([+-]|△|▲)?\s*([0-9]{{1,3}}(?:,[0-9]{{3}})+|[0-9]+)?(\.[0-9]+)?([eE][+-]?[0-9]{{1,3}})?\s*(%|[{_COUNT_WORDS}])?"
)
_CLOCK = (
    r"(?:(午前|午後|AM|PM|am|pm)\s*)?([0-9]{1,3})"
    r"(?::([0-9]{2})(?::([0-9]{2}))?|時(?:\s*([0-9]{1,2})\s*分)?(?:台)?)?"
)
_ONE_CLOCK = re.compile(_CLOCK)
_TWO_CLOCKS = re.compile(rf"{_CLOCK}\s*[~〜～\-–—ー−]\s*(?:{_CLOCK})?")
_DATE = re.compile(r"([0-9]{4})[-/.年]\s*([0-9]{1,2})[-/.月]\s*([0-9]{1,2})日?")
_ERA_DATE = re.compile(r"(令和|平成|昭和|R|H|S)\s*([0-9]{1,2}|元)[-/.年]\s*([0-9]{1,2})[-/.月]\s*([0-9]{1,2})日?")
_ERA_START = {"令和": 2018, "R": 2018, "平成": 1988, "H": 1988, "昭和": 1925, "S": 1925}
DAY_S = 86400.0
#: Latest hour of a time of day; a scenario whose clock runs longer says so.
LAST_HOUR = 47
#: The city's clock: Japan has had no summer time since 1951.
CITY_ZONE = dt.timezone(dt.timedelta(hours=9), "Asia/Tokyo")
_OFFSET = re.compile(r"(.*[0-9:])\s*(?:(Z|UTC)|([+-])([0-9]{2}):?([0-9]{2}))", re.IGNORECASE)
_SECOND_PARTS = re.compile(r"(.*:[0-9]{2}:[0-9]{2})\.([0-9]{1,9})")


class CellError(Exception):
    """A cell cannot be read as its column's kind."""


class Slot(NamedTuple):
    """An hour label: start in seconds, and the end where the label names one."""

    start_s: float
    end_s: float | None


def normal(cell: Cell) -> str:
    """Text of a cell in one form: half-width, no spaces at the ends."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return unicodedata.normalize("NFKC", str(cell)).strip()


def folded(cell: Cell) -> str:
    """Text for comparing headings and words: half-width, no spaces or line breaks at all, one case."""
    return "".join(normal(cell).split()).casefold()


def is_total(cell: Cell) -> bool:
    """Whether a cell marks a row of sums, as 合計, 小 計 or Total do."""
    return isinstance(cell, str) and folded(cell) in _FOLDED_TOTALS


_FOLDED_TOTALS = frozenset("".join(word.split()) for word in TOTAL_WORDS)


def shown(cell: Cell) -> str:
    """Cell for a message."""
    text = normal(cell)
    return repr(text if len(text) <= 40 else text[:37] + "...")


def number(cell: Cell, unit: str = "") -> float | None:
    """Number of a cell, None where it holds none.

    Parameters
    ----------
    cell
        ``1204``, ``"1,204"``, ``"１２０台"``, ``"▲3"``, ``"45%"`` …
    unit
        Unit of the column's bare numbers, converted to SI.

    Raises
    ------
    CellError
    """
    factor = unit_factor(unit)
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        value = float(cell) if -1e300 < cell < 1e300 else math.inf
    elif cell is None:
        return None
    elif not isinstance(cell, str):
        raise CellError(f"{shown(cell)} is no number")
    else:
        text = normal(cell)
        if text in NO_NUMBER:
            return None
        match = _NUMBER.fullmatch(text)
        if not match or not (match.group(2) or match.group(3)):
            raise CellError(f"{shown(cell)} is no number")
        sign, whole, fraction, exponent, mark = match.groups()
        value = float((whole or "0").replace(",", "") + (fraction or "") + (exponent or ""))
        value = -value if sign in ("-", "△", "▲") else value
        if mark == "%":
            # A share says so itself, whatever the unit of the column's bare numbers.
            value, factor = value / 100, 1.0
    if not math.isfinite(value):
        raise CellError(f"{shown(cell)} is not a finite number")
    return value * factor


def unit_factor(unit: str) -> float:
    """SI factor of a unit of the scenario language.

    Raises
    ------
    KeyError
        If there is no such unit.
    """
    for units in DIMENSIONS.values():
        if unit in units:
            return units[unit]
    raise KeyError(unit)


def _clock_s(groups: tuple[str | None, ...], last_hour: int = LAST_HOUR) -> float:
    half, hour, minute, second, kanji_minute = groups
    hours, minutes, seconds = int(hour or 0), int(minute or kanji_minute or 0), int(second or 0)
    if half in ("午後", "PM", "pm") and hours < 12:
        hours += 12
    if half in ("午前", "AM", "am") and hours == 12:
        hours = 0
    if hours > last_hour or minutes > 59 or seconds > 59:
        raise CellError("")
    return hours * 3600.0 + minutes * 60.0 + seconds


def _of_excel(cell: dt.datetime | dt.time | dt.timedelta) -> float:
    """Seconds since midnight of a workbook's time; its 24:00 is a date of 1900, or a length of time.

    What names its zone is brought to the city's clock.
    """
    if isinstance(cell, dt.datetime) and cell.tzinfo is not None:
        cell = in_city(cell)
    if isinstance(cell, dt.timedelta):
        seconds = cell.total_seconds()
    elif isinstance(cell, dt.time):
        seconds = cell.hour * 3600.0 + cell.minute * 60.0 + cell.second + cell.microsecond / 1e6
    else:
        seconds = (cell - dt.datetime(cell.year, cell.month, cell.day)).total_seconds()
        if cell.year <= 1900:
            seconds = (cell - dt.datetime(1899, 12, 31)).total_seconds()
    # Workbooks hold times as shares of a day, which no binary fraction meets.
    seconds = round(seconds, 3)
    if not 0 <= seconds < (LAST_HOUR + 1) * 3600:
        raise CellError(f"{shown(cell)} is no time of day")
    return seconds


def hour_slot(cell: Cell, *, fractions: bool = False, end_label: bool = False) -> Slot:
    """Hour label: ``8``, ``8時台``, ``８時``, ``8:00～9:00``, ``08:00``, a workbook's time.

    Parameters
    ----------
    cell
        The label.
    fractions
        Whether bare numbers are shares of a day, as workbooks hold times.
    end_label
        Whether a label without a range names the end of its hour.

    Raises
    ------
    CellError
    """
    fault = CellError(f"{shown(cell)} is no hour of the day")
    back = 3600.0 if end_label else 0.0
    if isinstance(cell, dt.datetime | dt.time | dt.timedelta):
        return _slot_from(_of_excel(cell) - back, None, fault)
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        # Asked first: beyond it lie infinity and integers that no float holds.
        if not -1e9 < cell < 1e9 or (not fractions and cell != int(cell)):
            raise fault
        seconds = round(cell * DAY_S, 3) if fractions else cell * 3600.0
        return _slot_from(seconds - back, None, fault)
    if not isinstance(cell, str):
        raise fault
    text = normal(cell)
    try:
        both = _TWO_CLOCKS.fullmatch(text)
        if both:
            start = _clock_s(both.groups()[:5])
            end = _clock_s(both.groups()[5:]) if both.group(7) else None
            if end is not None and end <= start:
                raise fault
            return _slot_from(start, end, fault)
        one = _ONE_CLOCK.fullmatch(text)
        if one:
            hourly = "台" in text
            start = _clock_s(one.groups())
            return _slot_from(start if hourly else start - back, start + 3600.0 if hourly else None, fault)
    except CellError:
        raise fault from None
    raise fault


def in_city(moment: dt.datetime) -> dt.datetime:
    """A moment that names its zone, as the clocks of the city show it.

    Raises
    ------
    CellError
        If it lies at the end of all calendars.
    """
    try:
        return moment.astimezone(CITY_ZONE).replace(tzinfo=None)
    except (OverflowError, ValueError):
        raise CellError(f"{shown(str(moment))} is no time of day") from None


def has_zone(cell: Cell) -> bool:
    """Whether a cell names the zone of its time."""
    if isinstance(cell, dt.datetime):
        return cell.tzinfo is not None
    return isinstance(cell, str) and ":" in cell and bool(_OFFSET.fullmatch(normal(cell)))


def _slot_from(start_s: float, end_s: float | None, fault: CellError) -> Slot:
    if not 0 <= start_s < (LAST_HOUR + 1) * 3600:
        raise fault
    return Slot(start_s, end_s)


def time_of_day(cell: Cell, *, fractions: bool = False, last_hour: int = LAST_HOUR) -> tuple[float, str]:
    """Seconds since midnight, and the ISO date where the cell names one (else empty).

    Parameters
    ----------
    cell
        ``"8:05"``, ``"8時5分"``, ``"2026-04-24 08:05"``, ``"2026-04-23T23:05:00Z"``, seconds, a workbook's time or
        date with time. A time with a zone is brought to the city's clock.
    fractions
        Whether bare numbers are shares of a day.
    last_hour
        Latest hour that is a time of day.

    Raises
    ------
    CellError
    """
    fault = CellError(f"{shown(cell)} is no time of day")
    if isinstance(cell, dt.datetime | dt.time | dt.timedelta):
        if isinstance(cell, dt.time) and cell.tzinfo is not None:
            raise CellError(f"{shown(cell)} names a zone but no date")
        seconds = _of_excel(cell)
        if isinstance(cell, dt.datetime) and cell.year > 1900:
            return seconds, (cell if cell.tzinfo is None else in_city(cell)).date().isoformat()
        return seconds, ""
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        if not -1e12 < cell < 1e12:
            raise fault
        return (round(cell * DAY_S, 3) if fractions else float(cell)), ""
    if not isinstance(cell, str):
        raise fault
    text = normal(cell)
    zone = _OFFSET.fullmatch(text) if ":" in text else None
    if zone:
        return _with_zone(cell, zone, last_hour)
    parts = re.split(r"[ T]+", text, maxsplit=1)
    day = ""
    if len(parts) == 2 and parts[0][:1] not in ("午", "A", "P", "a", "p"):
        day, text = date(parts[0]), parts[1]
    if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text):
        return float(text), day
    split = _SECOND_PARTS.fullmatch(text)
    text, parts_s = (split[1], round(float("0." + split[2]), 3)) if split else (text, 0.0)
    match = _ONE_CLOCK.fullmatch(text)
    if not match or "台" in text:
        raise fault
    try:
        return _clock_s(match.groups(), last_hour) + parts_s, day
    except CellError:
        raise fault from None


def _with_zone(cell: str, zone: re.Match[str], last_hour: int) -> tuple[float, str]:
    """A time written with Z or an offset, on the city's clock."""
    seconds, day = time_of_day(zone[1], last_hour=last_hour)
    if not day:
        raise CellError(f"{shown(cell)} names a zone but no date")
    away = dt.timedelta(0) if zone[2] else dt.timedelta(hours=int(zone[4]), minutes=int(zone[5]))
    if not away < dt.timedelta(days=1):
        raise CellError(f"{shown(cell)} is no time of day")
    written = dt.datetime.fromisoformat(day).replace(tzinfo=dt.timezone(-away if zone[3] == "-" else away))
    try:
        return time_of_day(in_city(written + dt.timedelta(seconds=seconds)))
    except OverflowError:
        raise CellError(f"{shown(cell)} is no time of day") from None


def date(cell: Cell) -> str:
    """ISO date of a cell: ``2026/4/24``, ``令和8年4月24日``, ``R8.4.24``, a workbook's date.

    Raises
    ------
    CellError
    """
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat()
    if isinstance(cell, dt.date):
        return cell.isoformat()
    text = normal(cell)
    fault = CellError(f"{shown(cell)} is no date")
    match, era = _DATE.match(text), _ERA_DATE.match(text)
    try:
        if match:
            return dt.date(int(match.group(1)), int(match.group(2)), int(match.group(3))).isoformat()
        if era:
            year = _ERA_START[era.group(1)] + (1 if era.group(2) == "元" else int(era.group(2)))
            return dt.date(year, int(era.group(3)), int(era.group(4))).isoformat()
    except ValueError:
        raise fault from None
    raise fault


def are_fractions(cells: list[Cell]) -> bool:
    """Whether a column's bare numbers are shares of a day: one of them lies between two whole numbers below 2."""
    return any(isinstance(c, float) and 0 < c < 2 and c != int(c) for c in cells)
