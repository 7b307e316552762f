"""Barriers on nodes: who may pass a bollard, a gate or a wall, by what it is and by the words of access on it."""

from __future__ import annotations

from collections.abc import Mapping

from twin.city.reading.access import CLOSED, LOCAL, OPEN, measures_of, word_state
from twin.city.reading.conditions import read_rules
from twin.city.reading.measures import parse_length_m
from twin.city.reading.vehicles import ALL, MAP_VEHICLES, mask_of

Tags = Mapping[str, str]

#: Kinds that let every vehicle pass where no word of access says otherwise; anything else stops them.
_PASSED = frozenset(
    {
        "gate",
        "lift_gate",
        "swing_gate",
        "toll_booth",
        "border_control",
        "cattle_grid",
        "entrance",
        "sally_port",
        "checkpoint",
        "no",
        "none",
        "height_restrictor",
        "kerb",
        "sliding_gate",
        "hampshire_gate",
        "ticket",
        "open",
        "arch",
        "spikes",
        "traffic_calming",
        "handrail",
        "rising_bollard",
        "coupure",
        "rubber_bollard",
    }
)
#: Kinds that stop people on foot too.
_STOPS_WALKERS = frozenset({"wall", "fence", "hedge", "retaining_wall", "city_wall", "ditch", "closed"})
_BUS_TRAP = mask_of("car", "van")


def is_barrier(tags: Tags) -> bool:
    """Whether a node carries a barrier."""
    return "barrier" in tags


def barrier_states(tags: Tags) -> tuple[int, int]:
    """Classes of vehicle that may not pass a barrier, and those that pass it only to reach what lies behind."""
    kind = tags.get("barrier", "no")
    closed = local = 0
    for i, vehicle in enumerate(MAP_VEHICLES):
        if kind in ("bus_trap", "sump_buster"):
            state = CLOSED if _BUS_TRAP >> i & 1 else OPEN
        else:
            state = OPEN if kind in _PASSED else CLOSED
        if kind in _PASSED and tags.get("locked") == "yes":
            state = LOCAL
        for mode in reversed(vehicle.modes):
            said = word_state(tags.get(mode))
            if said is not None:
                state = said
                break
        measures = measures_of(vehicle)
        for key, what in (
            ("maxwidth", "width"),
            ("maxwidth:physical", "width"),
            ("maxheight", "height"),
            ("maxlength", "length"),
        ):
            most = parse_length_m(tags.get(key))
            if most is not None and most < measures[what]:
                state = CLOSED
        closed |= (state == CLOSED) << i
        local |= (state == LOCAL) << i
    return closed, local


def stops_everybody(closed: int) -> bool:
    """Whether no class of vehicle passes."""
    return closed == ALL


def stops_walkers(tags: Tags) -> bool:
    """Whether people on foot cannot pass a barrier."""
    for key in ("foot", "access"):
        said = word_state(tags.get(key))
        if said is not None:
            return said == CLOSED or (said == LOCAL and tags.get("locked") == "yes")
    return tags.get("barrier") in _STOPS_WALKERS


def has_hours(tags: Tags) -> bool:
    """Whether a barrier opens and closes by the hour, which is not used."""
    return any(":conditional" in key and read_rules(value)[0] for key, value in tags.items())
