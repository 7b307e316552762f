"""Times of day in a column whose cells are bare numbers: 0805, 080500, 8.05, 29100, 0.336806, 46136.34, 1777000000.

A bare number does not say what it counts. Where the scenario declares it, it is read so. Otherwise the whole
column is asked: if all its numbers are times in one form only, that form is meant; else it is refused.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple, get_args

from twin.scenario.language.schema import TimeForm
from twin.scenario.tables.cells import CITY_ZONE, DAY_S, LAST_HOUR, Cell, normal

FORMS: tuple[TimeForm, ...] = get_args(TimeForm)

_ANY_NUMBER = re.compile(r"[+-]?[0-9]*\.?[0-9]+([eE][+-]?[0-9]+)?")
_BARE = re.compile(r"([0-9]+)(?:\.([0-9]+))?")
#: A time held as a share of a day and printed with some digits is a whole second to within this.
_WHOLE_S = 0.05
#: Days that workbooks count from 1899-12-30: 1990 to 2100. Others are no dates of a table.
_SERIALS = (32_874, 73_051)
_EXCEL_ZERO = dt.datetime(1899, 12, 30)
#: Unix times from 2001 to 2096, in seconds and in thousandths, millionths and milliardths of them.
_UNIX = (1e9, 4e9)
#: Shares of a day with this many digits hold whole seconds; nobody writes seconds of the day with as many.
_SHARE_DIGITS = 6
_LEAST_SLACK_S = 1e-3
#: Without a word in the scenario, numbers of seconds beyond two days are not taken for seconds.
_SECONDS_MOST = 2 * DAY_S


class Bare(NamedTuple):
    """A cell that is a bare number: its value, and its digits before and behind the point as written."""

    value: float
    whole: str
    behind: str

    @property
    def text(self) -> str:
        """The number as written."""
        return f"{self.whole}.{self.behind}" if self.behind else self.whole


class Moment(NamedTuple):
    """A time of day in seconds, and the ISO date where the number holds one (else empty)."""

    seconds: float
    day: str


def bare_number(cell: Cell) -> Bare | None:
    """A cell as a bare number, None where it says itself what it is, or is nothing of the kind."""
    if isinstance(cell, bool) or not isinstance(cell, int | float | str):
        return None
    if isinstance(cell, float) and not (math.isfinite(cell) and abs(cell) < 1e20):
        return None
    if isinstance(cell, float):
        text = format(cell, ".12f").rstrip("0").rstrip(".") if abs(cell) < 1e6 else repr(cell)
        if "e" in text:
            text = str(int(cell))
        text = text.removesuffix(".0")
    else:
        text = normal(cell)
    match = _BARE.fullmatch(text)
    if not match or len(match[1]) > 20:
        return None
    return Bare(float(text), match[1], match[2] or "")


def is_number(cell: Cell) -> bool:
    """Whether a cell is a number of any kind, also one that is no time: negative, or with an exponent."""
    if isinstance(cell, str):
        return bool(_ANY_NUMBER.fullmatch(normal(cell)))
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def _clock_digits(hours: int, minutes: int, seconds: int, last_hour: int) -> Moment | None:
    if hours > last_hour or minutes > 59 or seconds > 59:
        return None
    return Moment(hours * 3600.0 + minutes * 60.0 + seconds, "")


def _hhmm(bare: Bare, last_hour: int) -> Moment | None:
    if bare.behind.strip("0") or len(bare.whole) > 5:
        return None
    hours, minutes = divmod(int(bare.whole), 100)
    return _clock_digits(hours, minutes, 0, last_hour)


def _hhmmss(bare: Bare, last_hour: int) -> Moment | None:
    if bare.behind.strip("0") or len(bare.whole) > 7:
        return None
    hours, rest = divmod(int(bare.whole), 10_000)
    return _clock_digits(hours, *divmod(rest, 100), last_hour)


def _h_mm(bare: Bare, last_hour: int) -> Moment | None:
    minutes = bare.behind.rstrip("0").ljust(2, "0")
    if len(bare.whole) > 3 or len(minutes) > 2:
        return None
    return _clock_digits(int(bare.whole), int(minutes), 0, last_hour)


def _multiple(bare: Bare, unit_s: float, last_hour: int) -> Moment | None:
    seconds = round(bare.value * unit_s, 3)
    return Moment(seconds, "") if 0 <= seconds < (last_hour + 1) * 3600.0 else None


def _excel(bare: Bare, last_hour: int) -> Moment | None:
    whole, share = divmod(bare.value, 1.0)
    if _SERIALS[0] <= whole < _SERIALS[1]:
        # Printed digits of a serial number hold the moment to a few hundredths of a second.
        when = _EXCEL_ZERO + dt.timedelta(days=whole, seconds=_near_whole(share * DAY_S))
        return Moment((when - dt.datetime(when.year, when.month, when.day)).total_seconds(), when.date().isoformat())
    seconds = _near_whole(bare.value * DAY_S)
    return Moment(seconds, "") if 0 <= seconds < (last_hour + 1) * 3600.0 else None


def _near_whole(seconds: float) -> float:
    return float(round(seconds)) if abs(seconds - round(seconds)) <= _WHOLE_S else round(seconds, 3)


def _unix(bare: Bare, _: int) -> Moment | None:
    for unit in (1.0, 1e3, 1e6, 1e9):
        if _UNIX[0] * unit <= bare.value < _UNIX[1] * unit:
            # The text, not the float: sixteen digits hold no more than whole millionths.
            seconds, part = divmod(int(bare.whole), int(unit))
            when = dt.datetime.fromtimestamp(seconds, CITY_ZONE)
            fraction = part / unit + (float("0." + bare.behind) if bare.behind and unit == 1.0 else 0.0)
            midnight = when.replace(hour=0, minute=0, second=0)
            return Moment((when - midnight).total_seconds() + round(fraction, 3), when.date().isoformat())
    return None


_READ: dict[TimeForm, Callable[[Bare, int], Moment | None]] = {
    "hhmm": _hhmm,
    "hhmmss": _hhmmss,
    "h.mm": _h_mm,
    "hours": lambda bare, last: _multiple(bare, 3600.0, last),
    "minutes": lambda bare, last: _multiple(bare, 60.0, last),
    "seconds": lambda bare, last: _multiple(bare, 1.0, last),
    "excel": _excel,
    "unix": _unix,
}


def moment_of(bare: Bare, form: TimeForm, last_hour: int = LAST_HOUR) -> Moment | None:
    """Time of day of a bare number in a form; None where it is none."""
    return _READ[form](bare, last_hour)


def possible_forms(column: Sequence[Bare], *, workbook: bool = False) -> list[TimeForm]:
    """Forms in which every bare number of a column is a time of day, each saying something else.

    Parameters
    ----------
    column
        All its bare numbers.
    workbook
        Whether a workbook holds them as numbers, as it holds times: shares of a day.

    Returns
    -------
    list
        One form where the column is unambiguous (or where all forms say the same), several where it is not,
        none where it holds no times.
    """
    padded = any(len(b.whole) > 1 and b.whole.startswith("0") for b in column)
    broken = any(b.behind.strip("0") for b in column)
    forms: list[TimeForm] = []
    for form in FORMS:
        if form == "minutes" or (form in ("h.mm", "hours") and not (broken and all(b.value < 48 for b in column))):
            continue  # these are written with a word or not at all; whole numbers below 48 are told apart below
        if form in ("hhmm", "hhmmss") and padded:
            width = 4 if form == "hhmm" else 6
            if any(len(b.whole) != width for b in column):
                continue
        elif padded:
            continue  # what is filled up with zeros is a clock's digits
        if form == "excel" and not (any(b.behind for b in column) and _all_excel(column)):
            continue
        if form == "seconds" and any(b.value >= _SECONDS_MOST for b in column):
            continue
        if all(moment_of(b, form) is not None for b in column):
            forms.append(form)
    if not broken and all(b.value < 48 for b in column) and not padded:
        forms.append("hours")
    fine = any(len(b.behind) >= _SHARE_DIGITS for b in column)
    if "excel" in forms and (workbook or (fine and _are_whole(column, DAY_S) and not _are_whole(column, 3600.0))):
        return ["excel"]
    said: dict[tuple[Moment | None, ...], TimeForm] = {}
    for form in forms:
        said.setdefault(tuple(moment_of(b, form) for b in column), form)
    return list(said.values())


def _all_excel(column: Sequence[Bare]) -> bool:
    """Whether all numbers can be shares of a day, or days with a share, as workbooks count them."""
    return all(0 <= b.value < 2 or _SERIALS[0] <= b.value < _SERIALS[1] for b in column)


def _are_whole(column: Sequence[Bare], unit_s: float) -> bool:
    """Whether all numbers, taken in a unit, are whole seconds to within their digits."""
    return all(
        abs(b.value * unit_s - round(b.value * unit_s)) <= max(0.5 * unit_s * 10.0 ** -len(b.behind), _LEAST_SLACK_S)
        for b in column
    )


def example_of(bare: Bare, form: TimeForm) -> str:
    """What a number would say in a form, for a message."""
    moment = moment_of(bare, form)
    if moment is None:
        return f"no time ({form})"
    whole = math.floor(moment.seconds)
    return f"{whole // 3600:02d}:{whole % 3600 // 60:02d}:{whole % 60:02d} ({form})"
