"""Who may drive along a way in each direction, and when: from the tags of the way to bits per class of vehicle.

A word for a kind of vehicle counts more than one for a wider kind, one for a direction more than one for both. A
street for destinations, private use or deliveries is driven by trips that begin or end on it, and by no others.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from twin.city.reading.conditions import DAY_S, Rule, Span, fits, holds_at, read_rules
from twin.city.reading.limits import LIMITS, is_limit, is_understood_limit
from twin.city.reading.raw_map import Access, Hours
from twin.city.reading.speeds import Speeds
from twin.city.reading.vehicles import ALL, MAP_VEHICLES, MapVehicle, mask_of

Tags = Mapping[str, str]
#: Told what was met and could not be used.
Note = Callable[[str], None]

OPEN, LOCAL, CLOSED = 0, 1, 2
_WORDS = {
    **dict.fromkeys(("yes", "designated", "permissive", "official", "public", "psv", "bus", "unknown"), OPEN),
    **dict.fromkeys(
        (
            "destination",
            "private",
            "delivery",
            "customers",
            "permit",
            "residents",
            "customer",
            "residential",
            "employees",
            "permit_holders",
            "restricted",
            "local",
        ),
        LOCAL,
    ),
    **dict.fromkeys(
        (
            "no",
            "agricultural",
            "forestry",
            "emergency",
            "military",
            "use_sidepath",
            "discouraged",
            "unsuitable",
            "service",
            "none",
        ),
        CLOSED,
    ),
}
_TRUE = frozenset({"yes", "true", "1"})
_AGAINST = frozenset({"-1", "reverse"})
_BOTH = frozenset({"no", "false", "0", "reversible", "alternating"})
_ROUND = frozenset({"roundabout", "circular"})
#: Ways made for buses.
BUSWAYS = frozenset({"busway", "bus_guideway"})
#: Families of tags that speak of access in one way or another.
_SPEAKING = frozenset(
    {
        "access",
        "vehicle",
        "motor_vehicle",
        "motorcar",
        "goods",
        "hgv",
        "hgv_articulated",
        "psv",
        "bus",
        "taxi",
        "oneway",
        "junction",
        "highway",
        "busway",
        "lanes",
        "maxheight",
        "maxwidth",
        "maxlength",
        "maxweight",
        "maxweightrating",
        "maxgcweight",
        "maxgcweightrating",
        "maxaxleload",
    }
)
_PSV = mask_of("van", "bus")
_BUS = mask_of("bus")
_WORD_KEY = re.compile(
    r"(access|vehicle|motor_vehicle|motorcar|goods|hgv|hgv_articulated|psv|bus|taxi)(:(forward|backward))?"
)


def measures_of(vehicle: MapVehicle) -> dict[str, float]:
    """Measures of a vehicle by the words of conditions."""
    return {
        "length": vehicle.length_m,
        "width": vehicle.width_m,
        "height": vehicle.height_m,
        "weight": vehicle.weight_t,
        "axle": vehicle.axle_t,
    }


def word_state(text: str | None) -> int | None:
    """OPEN, LOCAL or CLOSED for a word of access; the widest right of several, None for an unknown word."""
    states = [_WORDS[part] for part in (p.strip().lower() for p in (text or "").split(";")) if part in _WORDS]
    return min(states) if states else None


def note_unread(tags: Tags, note: Note) -> None:
    """Note words of access and limits that are not understood, and so bind nobody."""
    for key, value in tags.items():
        if _WORD_KEY.fullmatch(key) and word_state(value) is None:
            note("words of access that are not understood")
        if is_limit(key) and not is_understood_limit(key, value):
            note("limits of size or weight that are not understood")


class _Speaker:
    """What the tags say about access in one direction, for one moment of the week or for the time without hours."""

    def __init__(self, tags: Tags, direction: str, default: Mapping[str, int], note: Note) -> None:
        self._tags, self._direction, self._default = tags, direction, default
        self.rules: dict[str, list[Rule]] = {}
        for key in tags:
            if ":conditional" in key and not key.startswith("maxspeed"):
                read, missed = read_rules(tags[key])
                self.rules[key.replace(":conditional", "")] = read
                if missed:
                    note("conditional values that are not understood")
                if any("hazmat" in rule.modes for rule in read):
                    note("rules for dangerous goods, which no vehicle here is known to carry")
        self.spans: set[Span] = {span for rules in self.rules.values() for rule in rules for span in rule.spans or ()}

    def value(self, key: str, vehicle: MapVehicle, moment: tuple[int, float] | None) -> tuple[str | None, bool]:
        """Value of a key for a vehicle at a moment, and whether it speaks of trips to the street only."""
        out, local = self._tags.get(key), False
        for rule in self.rules.get(key, ()):
            if rule.spans is not None and (moment is None or not holds_at(rule.spans, *moment)):
                continue
            if rule.modes and not set(rule.modes) & set(vehicle.modes):
                continue
            if fits(rule.sizes, measures_of(vehicle)):
                if rule.for_trips:
                    # What is allowed for those who go there is closed to those who pass, and the other way round.
                    local = True
                out = rule.value
        return out, local

    def state(self, vehicle: MapVehicle, moment: tuple[int, float] | None) -> int:
        """OPEN, LOCAL or CLOSED to a vehicle."""
        return max(self._access(vehicle, moment), self._limits(vehicle, moment), self._one_way(vehicle, moment))

    def _access(self, vehicle: MapVehicle, moment: tuple[int, float] | None) -> int:
        for mode in reversed(vehicle.modes):
            for key in (f"{mode}:{self._direction}", mode):
                text, local = self.value(key, vehicle, moment)
                state = word_state(text)
                if state is not None:
                    return LOCAL if local and state == OPEN else state
        return self._default.get(vehicle.name, OPEN)

    def _limits(self, vehicle: MapVehicle, moment: tuple[int, float] | None) -> int:
        for limit, (what, parse) in LIMITS.items():
            for mode in ("", *(f":{mode}" for mode in vehicle.modes)):
                for key in (f"{limit}{mode}:{self._direction}", f"{limit}{mode}"):
                    if key not in self._tags and key not in self.rules:
                        continue
                    text, local = self.value(key, vehicle, moment)
                    most = parse(text)
                    if local and (most is None or most >= measures_of(vehicle)[what]):
                        most = parse(self._tags.get(key))
                        if most is not None and most < measures_of(vehicle)[what]:
                            return LOCAL
                    elif most is not None and most < measures_of(vehicle)[what]:
                        return CLOSED
        return OPEN

    def _one_way(self, vehicle: MapVehicle, moment: tuple[int, float] | None) -> int:
        tags = self._tags
        sense = 0
        for key in (*(f"oneway:{mode}" for mode in reversed(vehicle.modes)), "oneway"):
            text, _ = self.value(key, vehicle, moment)
            text = (text or "").strip().lower()
            if text in _TRUE or text in _AGAINST or text in _BOTH:
                sense = 1 if text in _TRUE else -1 if text in _AGAINST else 0
                break
        else:
            key = "oneway"
            sense = int(tags.get("highway") == "motorway" or tags.get("junction") in _ROUND)
        if sense == 0 or (sense > 0) == (self._direction == "forward"):
            return OPEN
        against = "backward" if sense > 0 else "forward"
        if _PSV & mask_of(vehicle.name) and _has_bus_lane_against(tags, against):
            return OPEN
        if key == "oneway" and self._is_let_in(vehicle, against, moment):
            return OPEN
        return CLOSED

    def _is_let_in(self, vehicle: MapVehicle, against: str, moment: tuple[int, float] | None) -> bool:
        """Whether a word for this very direction lets a vehicle in against a one-way street."""
        said = (word_state(self.value(f"{mode}:{against}", vehicle, moment)[0]) for mode in reversed(vehicle.modes))
        return next((state for state in said if state is not None), CLOSED) != CLOSED


def _has_bus_lane_against(tags: Tags, direction: str) -> bool:
    """Whether a one-way street has a lane for buses against its direction."""
    if any(tags.get(key) == "opposite_lane" for key in ("busway", "busway:left", "busway:right", "busway:both")):
        return True
    lanes = (f"lanes:bus:{direction}", f"lanes:psv:{direction}", f"bus:lanes:{direction}", f"psv:lanes:{direction}")
    return any(tags.get(key, "0").strip() not in ("", "0", "no") for key in lanes)


def default_states(tags: Tags, may_drive: bool) -> dict[str, int]:
    """State of each class where no tag speaks of access: closed on ways that are not made for it."""
    if may_drive:
        return {}
    is_busway = tags.get("highway") in BUSWAYS
    return {v.name: OPEN if is_busway and mask_of(v.name) & _BUS else CLOSED for v in MAP_VEHICLES}


def read_access(
    tags: Tags, direction: str, default: Mapping[str, int], note: Note, speeds: Speeds, base_mps: float
) -> Access:
    """Who may drive along a way in one direction.

    Parameters
    ----------
    tags
        Tags of the way.
    direction
        ``"forward"`` or ``"backward"``.
    default
        State of classes where nothing speaks; see :func:`default_states`.
    note
        Told what could not be used.
    speeds, base_mps
        Limits by the hour, and the speed without hours.
    """
    speaking = tuple(sorted((key, value) for key, value in tags.items() if key.partition(":")[0] in _SPEAKING))
    if not speeds.spans and not any(":conditional" in key for key, _ in speaking):
        return _without_hours(speaking, direction, tuple(sorted(default.items())))
    speaker = _Speaker(tags, direction, default, note)

    def masks(moment: tuple[int, float] | None) -> tuple[int, int]:
        closed = local = 0
        for i, vehicle in enumerate(MAP_VEHICLES):
            state = speaker.state(vehicle, moment)
            closed |= (state == CLOSED) << i
            local |= (state == LOCAL) << i
        return closed, local

    base = masks(None)
    spans = speaker.spans | speeds.spans
    if not spans:
        return Access(*base, ())
    parts: dict[tuple[float, float, int, int, float], int] = {}
    for day in range(7):
        today = [span for span in spans if span.days >> day & 1]
        cuts = sorted({t for span in today for t in (span.from_s, span.to_s)} | {0.0, DAY_S})
        for from_s, to_s in itertools.pairwise(cuts):
            moment = day, from_s
            state = (*masks(moment), speeds.at(*moment, base_mps))
            if state != (*base, base_mps):
                key = (from_s, to_s, *state)
                parts[key] = parts.get(key, 0) | 1 << day
    hours = tuple(sorted(Hours(days, *key) for key, days in parts.items()))
    return Access(*base, hours)


@lru_cache(maxsize=1 << 14)
def _without_hours(tags: tuple[tuple[str, str], ...], direction: str, default: tuple[tuple[str, int], ...]) -> Access:
    """The same where nothing changes with the hours: few sets of tags are met, and most again and again."""
    speaker = _Speaker(dict(tags), direction, dict(default), lambda _: None)
    states = [speaker.state(vehicle, None) for vehicle in MAP_VEHICLES]
    closed, local = (sum((state == what) << i for i, state in enumerate(states)) for what in (CLOSED, LOCAL))
    return Access(closed, local, ())


def always_closed(access: Access) -> bool:
    """Whether no class may ever drive there."""
    return access.closed == ALL and all(part.closed == ALL for part in access.hours)
