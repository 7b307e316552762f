"""How kinds of day are written, and what they weigh in a fiscal year."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from twin.params import Params
from twin.results.days import DERIVED, DayKind, Days
from twin.scenario.language.document import Mapping as Tree
from twin.scenario.language.document import Mark, Node, Problems
from twin.scenario.language.label import Label, LabelField

FROM_CALENDAR = "from_calendar"
_WEIGHT = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(?:days?|日)")
#: First calendar year of an era; only eras whose years an official may still write.
_ERAS = {"R": 2018, "令和": 2018, "H": 1988, "平成": 1988}
Class = Literal["weekday", "saturday", "holiday"]


def _date(text: str) -> str:
    try:
        return dt.date.fromisoformat(text).isoformat()
    except ValueError as fault:
        raise ValueError(f"{text[:40]!r} is no date; write for example 2027-06-08") from fault


def _weight(value: str) -> str:
    if value != FROM_CALENDAR and not _WEIGHT.fullmatch(value.strip()):
        raise ValueError(f"{value[:40]!r} is no weight; write weight: 244 days, or weight: from_calendar")
    return value.strip()


def _year(value: str | int) -> int:
    text = str(value).strip().removesuffix("年度").removesuffix("年")
    for era, before in _ERAS.items():
        number = text.removeprefix(era)
        if text.startswith(era) and (number == "元" or number.isdecimal()):
            year = before + (1 if number == "元" else int(number))
            break
    else:
        if not text.isdecimal():
            raise ValueError(f"{value!r} is no fiscal year; write fiscal_year: 2027, R9 or 令和9年度")
        year = int(text)
    if not 1990 <= year <= 2100:
        raise ValueError(f"fiscal year {year} is out of reach; write one from 1990 to 2100")
    return year


Date = Annotated[str, AfterValidator(_date)]


class DaySpec(Params):
    """A kind of day: when it is, how many of them a year has, and what is different on it."""

    label: LabelField = Label()
    date: Date | None = Field(None, description="a day of this kind, e.g. 2027-06-08")
    weight: Annotated[str, AfterValidator(_weight)] = Field(
        description="how many days of the year are of this kind, e.g. 244 days, or from_calendar"
    )
    measures: tuple[str, ...] = Field((), alias="with", description="measures that hold on such days")
    demand_factor: float = Field(1.0, gt=0, le=20, description="the demand of every model is multiplied by this")


class CalendarSpec(Params):
    """The year that weights are of."""

    fiscal_year: Annotated[str | int, AfterValidator(_year)] = Field(
        description="from 1 April: 2027, R9 or 令和9年度", examples=["R9"]
    )
    holidays: Literal["japan", "none"] = Field("japan", description="national holidays, from the library holidays")
    more: tuple[Date, ...] = Field((), max_length=366, description="further days that count as holidays")
    closed: tuple[Date, ...] = Field((), max_length=366, description="days that are none: nothing runs on them")


def days_of(specs: Mapping[str, DaySpec], calendar: CalendarSpec | None, node: Node | None, problems: Problems) -> Days:
    """Kinds of day with their weights as numbers.

    Parameters
    ----------
    specs, calendar
        As written.
    node
        The ``days`` of the file, for the places of faults.
    problems
        Receives what is wrong: weights that do not add up, dates outside the year, days that nobody is.
    """
    if not specs:
        if calendar is not None:
            problems.add(
                "calendar gives weights to kinds of day, and there are none",
                Mark(1, 1),
                "calendar",
                "add days: {平日: {date: 2027-06-08, weight: from_calendar}}, or leave calendar out",
            )
        return Days()
    teller = _Teller(node, problems)
    year = int(calendar.fiscal_year) if calendar is not None else 0
    for name, spec in specs.items():
        if name in DERIVED:
            teller.tell(name, f"{name!r} is the name of a day that follows from the others", "choose another name")
        if year and spec.date and not _first(year) <= dt.date.fromisoformat(spec.date) < _first(year + 1):
            teller.tell(name, f"{spec.date} is no day of {_year_words(year)}", "name a day of that year", "date")
        if spec.weight == FROM_CALENDAR and (calendar is None or spec.date is None):
            teller.tell(
                name,
                "a weight from the calendar needs calendar: and a date",
                "add calendar: {fiscal_year: R9} and date: 2027-06-08, or write weight: 244 days",
                "weight",
            )
    if len(problems):
        return Days()
    weights = {name: _stated(spec.weight) for name, spec in specs.items()}
    if calendar is not None:
        weights = _from_calendar(specs, weights, calendar, teller)
    else:
        _check_sum(specs, weights, teller)
    if len(problems):
        return Days()
    kinds = [
        DayKind(
            name=name,
            label=(spec.label if spec.label.ja else Label(ja=name, en=name)).to_dict(),
            date=spec.date or "",
            weight_days=float(weights[name] or 0.0),
        )
        for name, spec in specs.items()
    ]
    return Days(kinds=kinds, fiscal_year=year)


class _Teller:
    """Notes faults at the kind of day they belong to."""

    def __init__(self, node: Node | None, problems: Problems) -> None:
        self.node, self.problems = node, problems

    def tell(self, name: str, what: str, mend: str, key: str = "") -> None:
        node = self.node
        for part in (name, key):
            if part and isinstance(node, Tree) and part in node.entries:
                node = node.entries[part]
        mark, path = (node.mark, node.path) if node is not None else (Mark(1, 1), "days")
        self.problems.add(what, mark, path, mend)


def _stated(weight: str) -> float | None:
    match = _WEIGHT.fullmatch(weight)
    return float(match[1]) if match else None


def _first(year: int) -> dt.date:
    return dt.date(year, 4, 1)


def _year_words(year: int) -> str:
    return f"fiscal year {year} ({year}-04-01 to {year + 1}-03-31)"


def _check_sum(specs: Mapping[str, DaySpec], weights: Mapping[str, float | None], teller: _Teller) -> None:
    """Without a calendar, weights must still fit into the year their dates lie in."""
    total = sum(weight or 0.0 for weight in weights.values())
    dates = [dt.date.fromisoformat(spec.date) for spec in specs.values() if spec.date]
    years = {date.year - (date.month < 4) for date in dates}
    most = (_first(min(years) + 1) - _first(min(years))).days if len(years) == 1 else 366
    if total > most:
        where = _year_words(min(years)) if len(years) == 1 else "a year"
        teller.tell("", f"the weights add up to {total:g} days, and {where} has {most}", "lower one of the weights")


def _class_of(date: dt.date, holidays: set[dt.date]) -> Class:
    if date in holidays or date.weekday() == 6:
        return "holiday"
    return "saturday" if date.weekday() == 5 else "weekday"


def holidays_of(calendar: CalendarSpec) -> set[dt.date]:
    """Holidays of a fiscal year, national ones from the library of that name."""
    year = int(calendar.fiscal_year)
    found = {dt.date.fromisoformat(date) for date in calendar.more}
    if calendar.holidays == "japan":
        import holidays

        found |= set(holidays.country_holidays("JP", years=[year, year + 1]))
    return {date for date in found if _first(year) <= date < _first(year + 1)}


def _from_calendar(
    specs: Mapping[str, DaySpec], stated: Mapping[str, float | None], calendar: CalendarSpec, teller: _Teller
) -> dict[str, float | None]:
    """Weights of a fiscal year: what is not stated belongs to the kind whose date is of the same class."""
    year = int(calendar.fiscal_year)
    free, closed = holidays_of(calendar), {dt.date.fromisoformat(date) for date in calendar.closed}
    counts: dict[Class, float] = {"weekday": 0.0, "saturday": 0.0, "holiday": 0.0}
    date = _first(year)
    while date < _first(year + 1):
        if date not in closed:
            counts[_class_of(date, free)] += 1
        date += dt.timedelta(1)
    open_days = sum(counts.values())
    holders: dict[Class, str] = {}
    for name, spec in specs.items():
        if spec.weight != FROM_CALENDAR or spec.date is None:
            continue
        own = _class_of(dt.date.fromisoformat(spec.date), free)
        if own in holders:
            teller.tell(
                name,
                f"{holders[own]} and {name} both take the {own}s of the calendar",
                "state the weight of one of them, e.g. weight: 40 days",
                "weight",
            )
            return dict(stated)
        holders[own] = name
    if not holders:
        total = sum(weight or 0.0 for weight in stated.values())
        if abs(total - open_days) > 1e-9:
            teller.tell(
                "",
                f"the weights add up to {total:g} days, and {_year_words(year)} has {open_days:g}",
                "change a weight, take one from_calendar, or list the days without service under calendar.closed",
            )
        return dict(stated)
    # Saturdays go with Sundays and holidays unless they have a kind of their own, and the other way round.
    for one, other in (("saturday", "holiday"), ("holiday", "saturday")):
        if one not in holders and other in holders:
            counts[other] += counts[one]  # type: ignore[index]
            counts[one] = 0.0  # type: ignore[index]
    for name, weight in stated.items():
        if weight is not None:
            counts[_home(specs[name], counts, free)] -= weight
    out = dict(stated)
    for own, left in counts.items():
        if own in holders:
            if left <= 0:
                teller.tell(holders[own], f"no {own} is left for {holders[own]}", "lower the stated weights", "weight")
            out[holders[own]] = left
        elif abs(left) > 1e-9:
            teller.tell(
                "",
                f"the weights do not add up: {left:g} {own}s of {_year_words(year)} belong to no kind of day",
                f"add a kind of day with the date of a {own} and weight: from_calendar",
            )
    return out


def _home(spec: DaySpec, counts: Mapping[Class, float], free: set[dt.date]) -> Class:
    """Class that days of a stated weight are taken from: that of their date, a weekday without one."""
    own = _class_of(dt.date.fromisoformat(spec.date), free) if spec.date else "weekday"
    if counts[own] == 0.0 and own != "weekday":
        return "holiday" if own == "saturday" else "saturday"
    return own
