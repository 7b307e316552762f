"""Speeds as written: numbers with units, zones, words for kinds of road, limits by direction, lane and hour."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping

from twin.city.reading.conditions import Rule, Span, holds_at, read_rules

Tags = Mapping[str, str]
Note = Callable[[str], None]

_SPEED = re.compile(r"^(\d+(?:[.,]\d+)?)\s*(mph|knots|knot|kn|km/h|kmh|kph|km|kmph|キロ)?$")
_UNITS_MPS = {"mph": 0.44704, "knots": 0.514444, "knot": 0.514444, "kn": 0.514444}
#: ``JP:zone30``, ``zone:30``, ``AT:city_limit30``, ``FR:30``, ``GB:20mph zone``; the country does not matter.
_ZONE = re.compile(r"^(?:[a-z]{2}(?:-[a-z]+)?:)?(?:[a-z_]+\s*:?\s*)?(\d{1,3})\s*(mph|km/h)?(?:\s*zone)?$")
_KIND = re.compile(r"^[a-z]{2}(?:-[a-z]+)?:(.+)$")
#: ``30,40`` is a list; ``30,5`` is a number with a decimal comma.
_LIST = re.compile(r"[;|]|,(?=\s*\d\d)")
_SLOWEST_MPS, _FASTEST_MPS = 1 / 3.6, 140 / 3.6
_WALK_MPS = 7 / 3.6
_WALK = frozenset({"walk", "walking", "living_street", "pedestrian_zone", "pedestrian", "foot", "bicycle_road"})
#: Behind ``maxspeed``: whom a limit binds, if cars, the most specific first.
_CARS = (":motorcar", ":motor_vehicle", ":vehicle", "")
#: Words that name no number: what holds for the class of road is assumed.
SILENT = frozenset(
    {"none", "no", "signals", "variable", "default", "unposted", "implicit", "sign", "unknown", "national", "advisory"}
)
#: What the words of other countries mean: remembered, so that a German village is not driven at the speed of Osaka.
_KINDS_KMH = {
    "urban": 50.0,
    "city": 50.0,
    "rural": 90.0,
    "motorway": 130.0,
    "trunk": 100.0,
    "expressway": 100.0,
    "nsl_single": 96.56064,
    "nsl_dual": 112.65408,
    "nsl_restricted": 48.28032,
}


def parse_speed_mps(text: str | None) -> float | None:
    """Metres per second from a value of ``maxspeed``; the least of several.

    None for words that leave it to the class of road (``none``, ``signals``, ``JP:urban``: Japan has no limit of its
    own in towns) and for nonsense.
    """
    speeds = [speed for part in _parts(text or "") if (speed := _one(part)) is not None]
    return min(speeds) if speeds else None


def _parts(text: str) -> list[str]:
    """Values of a list, in plain small letters and digits."""
    return [part.strip() for part in _LIST.split(unicodedata.normalize("NFKC", text).lower())]


def _one(text: str) -> float | None:
    if text in _WALK:
        return _WALK_MPS
    match = _SPEED.match(text)
    if match:
        speed_mps = float(match[1].replace(",", ".")) * _UNITS_MPS.get(match[2] or "", 1 / 3.6)
    elif zone := _ZONE.match(text):
        speed_mps = float(zone[1]) * _UNITS_MPS.get(zone[2] or "", 1 / 3.6)
    elif kind := _KIND.match(text):
        if kind[1] in _WALK:
            return _WALK_MPS
        if text.startswith("jp:") or kind[1] not in _KINDS_KMH:
            return None
        speed_mps = _KINDS_KMH[kind[1]] / 3.6
    else:
        return None
    return speed_mps if _SLOWEST_MPS <= speed_mps <= _FASTEST_MPS else None


def is_understood(text: str) -> bool:
    """Whether every part of a value is a speed or a word that leaves it to the class of road."""
    return all(_one(part) is not None or part in SILENT or _is_silent_kind(part) for part in _parts(text) if part)


def _is_silent_kind(text: str) -> bool:
    """Whether a word of a country leaves the limit to the class of road there, as every Japanese one does."""
    kind = _KIND.match(text)
    return kind is not None and (text.startswith("jp:") or kind[1] in _KINDS_KMH or kind[1] in SILENT)


class Speeds:
    """Limits of a way in one direction.

    Parameters
    ----------
    tags
        Tags of the way.
    direction
        ``"forward"`` or ``"backward"``.
    note
        Told what was not understood.
    """

    def __init__(self, tags: Tags, direction: str, note: Note) -> None:
        self._base_mps = self._first(tags, direction)
        self.rules: list[tuple[Rule, float]] = []
        for key in ("maxspeed:conditional", f"maxspeed:{direction}:conditional"):
            read, missed = read_rules(tags.get(key))
            if missed:
                note("conditional speeds that are not understood")
            for rule in read:
                speed_mps = parse_speed_mps(rule.value)
                if speed_mps is None or rule.sizes or rule.for_trips or rule.modes or rule.spans is None:
                    note("conditional speeds that hold for some vehicles or trips only")
                else:
                    self.rules.append((rule, speed_mps))
        self.spans: frozenset[Span] = frozenset(span for rule, _ in self.rules for span in rule.spans or ())

    @staticmethod
    def _first(tags: Tags, direction: str) -> float | None:
        for mode in _CARS:
            for key in (f"maxspeed{mode}:{direction}", f"maxspeed{mode}"):
                speed_mps = parse_speed_mps(tags.get(key))
                if speed_mps is not None:
                    return speed_mps
        for key in (f"maxspeed:lanes:{direction}", "maxspeed:lanes"):
            lanes = [parse_speed_mps(part) for part in tags.get(key, "").split("|")]
            known = [speed for speed in lanes if speed is not None]
            if known:
                # Who wants to drive fast takes the lane for it.
                return max(known)
        for key in ("zone:maxspeed", "maxspeed:type", "source:maxspeed", "zone:traffic"):
            speed_mps = parse_speed_mps(tags.get(key))
            if speed_mps is not None:
                return speed_mps
        return None

    @property
    def base_mps(self) -> float | None:
        """Limit without hours; None where no tag gives one."""
        return self._base_mps

    def at(self, day: int, time_s: float, otherwise_mps: float) -> float:
        """Limit on a day of the week at a time of the day."""
        speed_mps = otherwise_mps
        for rule, limit_mps in self.rules:
            if holds_at(rule.spans, day, time_s):
                speed_mps = limit_mps
        return speed_mps
