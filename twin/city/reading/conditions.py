"""Values that hold under conditions (``no @ (Mo-Fr 07:30-08:30)``): hours of the week, kinds of trip, sizes.

A rule whose condition is not understood (weather, seasons, sunset) does not hold, and is counted by whoever reads it.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from typing import NamedTuple

DAY_S = 86400.0
#: Bits of the days of the week, Monday first.
EVERY_DAY = 127
_DAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")
_SPAN = re.compile(r"^(\d{1,2})[:.](\d{2})(?:-(\d{1,2})[:.](\d{2})|\+)$")
#: A comma after a time and before a day begins a further rule; one between days or times goes on with it.
_FURTHER = re.compile(r"(?<=[\d+])\s*,\s*(?=[a-z])")
_DASHES = re.compile(r"\s*[-\u2010-\u2015~]\s*")
_SIZE = re.compile(
    r"^(weight|maxweight|maxweightrating|length|width|height)\s*(<=|>=|<|>|=)\s*(\d+(?:\.\d+)?)\s*(t|m)?$"
)
_FOR_TRIPS = frozenset({"destination", "delivery", "private", "customers", "residents", "permit", "permit_holder"})


class Span(NamedTuple):
    """Hours of some days of the week: ``days`` has a bit per day; ``from_s`` < ``to_s``, both within the day."""

    days: int
    from_s: float
    to_s: float


class Size(NamedTuple):
    """A comparison of one measure of the vehicle, in metres or tonnes."""

    what: str
    sign: str
    value: float


class Rule(NamedTuple):
    """One conditional value.

    ``spans`` are the hours in which it holds, None for always; ``sizes`` must all fit; ``for_trips`` says that it
    speaks of trips to or from the street; ``modes`` names those it speaks of, empty for all.
    """

    value: str
    spans: tuple[Span, ...] | None
    sizes: tuple[Size, ...]
    for_trips: bool
    modes: tuple[str, ...] = ()


_MODES = frozenset({"hgv", "goods", "psv", "bus", "motorcar", "motor_vehicle", "vehicle", "taxi", "trailer", "hazmat"})


def read_rules(text: str | None) -> tuple[list[Rule], int]:
    """Rules of a conditional tag, and how many of them were not understood."""
    rules: list[Rule] = []
    missed = 0
    sentences: list[str] = []
    for part in _split(text or "", ";"):
        if "@" not in part and sentences and read_hours(part) is not None:
            sentences[-1] += f";{part}"  # a further day of the same opening hours, written without brackets
        else:
            sentences.append(part)
    for part in sentences:
        value, at, condition = part.partition("@")
        rule = None
        if at and value.strip():
            rule = _rule(value.strip().lower(), condition.strip().strip("()").strip().lower())
        if rule is None:
            missed += 1
        else:
            rules.append(rule)
    return rules, missed


def _split(text: str, mark: str) -> list[str]:
    """Parts between marks that stand outside brackets."""
    parts, depth, start = [], 0, 0
    for i, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if sign == mark and depth <= 0:
            parts.append(text[start:i])
            start = i + 1
    return [part for part in (*parts, text[start:]) if part.strip()]


def _rule(value: str, condition: str) -> Rule | None:
    spans: tuple[Span, ...] | None = None
    sizes: list[Size] = []
    modes: list[str] = []
    for_trips = False
    if not condition:
        return None
    for term in re.split(r"\s+and\s+", condition):
        term = term.strip().strip("()").strip()
        size = _SIZE.match(term)
        if size:
            what = size[1].removeprefix("max").removesuffix("rating")
            sizes.append(Size(what, size[2], float(size[3])))
        elif term in _FOR_TRIPS:
            for_trips = True
        elif term in _MODES:
            modes.append(term)
        else:
            hours = read_hours(term)
            if hours is None or spans is not None:
                return None
            spans = hours
    return Rule(value, spans, tuple(sizes), for_trips, tuple(modes))


def read_hours(text: str) -> tuple[Span, ...] | None:
    """Opening hours of the week: ``Mo-Fr 07:30-08:30,16:00-18:00; Sa 09:00-12:00``; None for what is not understood.

    A rule behind ``;`` for some of the days of one before it takes their place (``Mo-Su 07:00-09:00; Su off``); an open
    end (``22:00+``) lasts until midnight. The clock names no date, so that what is said of public and school holidays
    holds on no day.
    """
    text = _DASHES.sub("-", unicodedata.normalize("NFKC", text).lower()).strip()
    if text in ("24/7", "always"):
        return (Span(EVERY_DAY, 0.0, DAY_S),)
    held: list[tuple[int, float, float]] = []
    seen = 0
    for part in text.split(";"):
        for i, rule in enumerate(_FURTHER.split(part)):
            if not rule.strip():
                continue
            read = _one_rule(rule)
            if read is None:
                return None
            days, times = read
            if not times or (i == 0 and days != seen and days & seen == days):
                held = [(d & ~days, a, b) for d, a, b in held]
            held += [(days, a, b) for a, b in times]
            seen |= days
    return tuple(span for days, a, b in held for span in _span(days, a, b)) or None


def _one_rule(text: str) -> tuple[int, list[tuple[float, float]]] | None:
    """Days and times of one rule; no times for ``off``."""
    words = text.replace(", ", ",").split()
    days = EVERY_DAY
    if not words[0][0].isdigit() and words[0] not in ("off", "closed"):
        read = _days(words[0])
        if read is None:
            return None
        days, words = read, words[1:]
    if words in (["off"], ["closed"]):
        return days, []
    if not words:
        return days, [(0.0, DAY_S)]
    times = []
    for piece in "".join(words).split(","):
        match = _SPAN.match(piece)
        if not match:
            return None
        first, last = (match[1], match[2]), (match[3] or "24", match[4] or "00")
        a, b = (int(hour) * 3600.0 + int(minute) * 60.0 for hour, minute in (first, last))
        if a > DAY_S or b > 2 * DAY_S or int(first[1]) > 59 or int(last[1]) > 59:
            return None
        times.append((a, b))
    return days, times


def _span(days: int, from_s: float, to_s: float) -> list[Span]:
    """Hours that go on after midnight are two."""
    if to_s <= from_s:
        to_s += DAY_S
    if to_s <= DAY_S:
        return [Span(days, from_s, to_s)] if days else []
    next_days = (days << 1 | days >> 6) & EVERY_DAY
    spans = [Span(days, from_s, DAY_S), Span(next_days, 0.0, min(to_s - DAY_S, DAY_S))]
    return [span for span in spans if span.days and span.from_s < span.to_s]


def _days(text: str) -> int | None:
    """Bits of ``Mo-Fr,Su``; public and school holidays name no day of the week."""
    bits = 0
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if part in ("ph", "sh"):
            continue
        if first not in _DAYS or (dash and last not in _DAYS):
            return None
        i, j = _DAYS.index(first), _DAYS.index(last if dash else first)
        for k in range(i, j + 1 if j >= i else j + 8):
            bits |= 1 << k % 7
    return bits


def without(spans: tuple[Span, ...], others: tuple[Span, ...]) -> tuple[Span, ...]:
    """Hours of the week in some spans and in none of some others."""
    found: dict[tuple[float, float], int] = {}
    for day in range(7):
        cuts = {t for span in (*spans, *others) if span.days >> day & 1 for t in (span.from_s, span.to_s)}
        for from_s, to_s in itertools.pairwise(sorted(cuts)):
            if holds_at(spans, day, from_s) and not holds_at(others, day, from_s):
                found[from_s, to_s] = found.get((from_s, to_s), 0) | 1 << day
    return tuple(Span(days, a, b) for (a, b), days in sorted(found.items()))


def fits(sizes: tuple[Size, ...], measures: dict[str, float]) -> bool:
    """Whether a vehicle meets every comparison."""
    for what, sign, value in sizes:
        ours = measures[what]
        met = {"<": ours < value, "<=": ours <= value, ">": ours > value, ">=": ours >= value, "=": ours == value}
        if not met[sign]:
            return False
    return True


def holds_at(spans: tuple[Span, ...] | None, day: int, time_s: float) -> bool:
    """Whether hours hold on a day of the week (0 is Monday) at a time of the day."""
    if spans is None:
        return True
    return any(span.days >> day & 1 and span.from_s <= time_s < span.to_s for span in spans)
