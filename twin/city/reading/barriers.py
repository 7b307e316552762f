"""Barriers on nodes: who may pass a bollard, a gate or a wall, by what it is and by the words of access on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from twin.city.reading.access import CLOSED, LOCAL, OPEN, note_unread, read_access, word_state
from twin.city.reading.conditions import DAY_S, EVERY_DAY, Span, read_hours, without
from twin.city.reading.limits import is_limit
from twin.city.reading.raw_map import Access, Hours
from twin.city.reading.speeds import Speeds
from twin.city.reading.vehicles import ALL, MAP_VEHICLES, mask_of

Tags = Mapping[str, str]
Note = Callable[[str], None]

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
_ALWAYS = (Span(EVERY_DAY, 0.0, DAY_S),)
_BUS_TRAP = mask_of("car", "van")
#: Keys whose words of access speak of something else than of passing: of a stop, of who crosses.
_OTHER_THINGS = frozenset({"highway", "railway", "public_transport", "amenity", "entrance", "crossing"})
_ACCESS = frozenset(
    {"access", "vehicle", "motor_vehicle", "motorcar", "goods", "hgv", "hgv_articulated", "psv", "bus", "taxi"}
)


def is_barrier(tags: Tags) -> bool:
    """Whether a node carries a barrier, or words or limits of one that is not drawn, such as the height of a bridge."""
    if "barrier" in tags or any(is_limit(key) for key in tags):
        return True
    return not _OTHER_THINGS & set(tags) and any(word_state(tags.get(key)) in (LOCAL, CLOSED) for key in _ACCESS)


def speaks_beside(tags: Tags) -> bool:
    """Whether a node that is something else carries words of access that no barrier gives a meaning."""
    return not is_barrier(tags) and any(word_state(tags.get(key)) in (LOCAL, CLOSED) for key in _ACCESS)


def barrier_access(tags: Tags, note: Note) -> Access:
    """Classes of vehicle that may not pass a barrier, those that pass it only to reach what lies behind, and its hours.

    Parameters
    ----------
    tags
        Tags of the node.
    note
        Told what could not be used.
    """
    kind = tags.get("barrier", "no")
    words = {key: value for key, value in tags.items() if key.partition(":")[0] in _ACCESS or is_limit(key)}
    words |= {key: value for key, value in tags.items() if key.startswith("max") and ":conditional" in key}
    if "barrier" not in tags and _OTHER_THINGS & set(tags):
        words = {key: value for key, value in words.items() if is_limit(key)}
    note_unread(words, note)
    if any(":forward" in key or ":backward" in key for key in words):
        note("barriers: words for one direction")
    default = {}
    for i, vehicle in enumerate(MAP_VEHICLES):
        if kind in ("bus_trap", "sump_buster"):
            default[vehicle.name] = CLOSED if _BUS_TRAP >> i & 1 else OPEN
        elif kind in _PASSED:
            default[vehicle.name] = LOCAL if tags.get("locked") == "yes" else OPEN
        else:
            default[vehicle.name] = CLOSED
    access = read_access(words, "", default, note, Speeds({}, "", note), 0.0)
    if "opening_hours" in tags and "barrier" in tags:
        access = _within_opening_hours(access, tags["opening_hours"], note)
    return access


def _within_opening_hours(access: Access, text: str, note: Note) -> Access:
    """The same, shut to all outside its opening hours."""
    spans = read_hours(text)
    if spans is None or access.hours:
        note("barriers: hours in which they open, not understood or given twice")
        return access
    opened = Access(access.closed, access.local, ())
    hours = tuple(Hours(s.days, s.from_s, s.to_s, ALL, 0, 0.0) for s in without(_ALWAYS, spans))
    return opened._replace(hours=hours)


def closings(access: Access) -> list[tuple[int, tuple[Span, ...]]]:
    """Classes that a barrier stops, each set with the hours in which it does."""
    if not access.hours:
        return [(access.closed, _ALWAYS)] if access.closed else []
    inside = tuple(Span(h.days, h.from_s, h.to_s) for h in access.hours)
    out = [(access.closed, without(_ALWAYS, inside))] if access.closed else []
    # In hours for those who go behind it only, nobody passes: what lies behind is one area at all hours or at none.
    out += [(h.closed | h.local, (span,)) for h, span in zip(access.hours, inside, strict=True) if h.closed | h.local]
    return [(classes, spans) for classes, spans in out if spans]


def stops_walkers(tags: Tags, note: Note) -> bool:
    """Whether people on foot cannot pass a barrier."""
    if any(key in tags for key in ("foot:conditional", "opening_hours", "access:conditional")) and "barrier" in tags:
        note("barriers: hours in which they open to walkers")
    for key in ("foot", "access"):
        said = word_state(tags.get(key))
        if said is not None:
            return said == CLOSED or (said == LOCAL and tags.get("locked") == "yes")
    return tags.get("barrier") in _STOPS_WALKERS
