"""Days on which the services of a GTFS feed run: weekly, with exceptions."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from twin.scenario.tables.feed_files import FeedFiles, Words, say
from twin.scenario.tables.sheets import SheetError

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Services:
    """Days on which each service runs."""

    weekly: tuple[tuple[str, tuple[bool, ...], dt.date, dt.date], ...]
    added: frozenset[tuple[str, dt.date]]
    removed: frozenset[tuple[str, dt.date]]

    def on(self, day: dt.date) -> set[str]:
        """Services that run on a day."""
        usual = {name for name, week, first, last in self.weekly if first <= day <= last and week[day.weekday()]}
        usual |= {name for name, on in self.added if on == day}
        return usual - {name for name, on in self.removed if on == day}

    def runs(self) -> set[str]:
        """Services that run on any day at all."""
        out = {name for name, _ in self.added}
        for name, week, first, last in self.weekly:
            days = (first + dt.timedelta(days=n) for n in range(min((last - first).days + 1, 800)))
            if any(week[day.weekday()] and (name, day) not in self.removed for day in days):
                out.add(name)
        return out

    def told(self, day: dt.date) -> str:
        """Which days the feed is for."""
        first = [first for *_, first, _ in self.weekly] + [on for _, on in self.added]
        last = [last for *_, last in self.weekly] + [on for _, on in self.added]
        if not first:
            return "its calendar has no day"
        inside = min(first) <= day <= max(last)
        span = f"the feed is for {min(first)} to {max(last)}"
        return f"{span}, and on that {WEEKDAYS[day.weekday()]} no service runs" if inside else span


def services_of(files: FeedFiles, told: list[str], used: Words) -> Services:
    """Read the calendar of a feed; what is wrong in it is left out and counted in ``told``.

    Parameters
    ----------
    used
        ``service_id`` of the trips.

    Raises
    ------
    SheetError
        If the feed has no calendar of either kind.
    """
    if "calendar.txt" not in files and "calendar_dates.txt" not in files:
        raise SheetError(
            "the feed has neither calendar.txt nor calendar_dates.txt",
            "without them nobody knows on which days it runs",
        )
    weekly, wrong = [], []
    added: set[tuple[str, dt.date]] = set()
    removed: set[tuple[str, dt.date]] = set()
    if "calendar.txt" in files:
        table = files.read("calendar.txt", ("service_id", *WEEKDAYS, "start_date", "end_date"))
        for row, name in enumerate(table["service_id"].tolist()):
            first, last = _date(table["start_date"][row]), _date(table["end_date"][row])
            if first is None or last is None or last < first:
                wrong.append(name)
                continue
            weekly.append((name, tuple(str(table[day][row]) == "1" for day in WEEKDAYS), first, last))
    say(told, wrong, "services of calendar.txt have no sound start and end, and do not run by it")
    if "calendar_dates.txt" in files:
        table = files.read("calendar_dates.txt", ("service_id", "date", "exception_type"))
        odd = []
        columns = (table[name].tolist() for name in ("service_id", "date", "exception_type"))
        for name, word, kind in zip(*columns, strict=True):
            on = _date(word)
            if on is None or kind not in ("1", "2"):
                odd.append(f"{name} {word} {kind}")
                continue
            (added if kind == "1" else removed).add((name, on))
        say(told, odd, "rows of calendar_dates.txt have no sound date or kind and are left out")
    services = Services(tuple(weekly), frozenset(added), frozenset(removed))
    never = sorted(set(used.tolist()) - services.runs())
    say(told, never, "services run on no day at all, and neither do their trips")
    return services


def _date(word: str) -> dt.date | None:
    try:
        return dt.datetime.strptime(str(word), "%Y%m%d").date()
    except ValueError:
        return None
