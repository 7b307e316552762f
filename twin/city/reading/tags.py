"""What OSM tags of ways and nodes mean for streets: lanes, speeds, directions, widths, names, signals."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping

from twin.city.city import BRIDGE, COVERED, CROSSING, SIGNALISED, STEPS, TUNNEL
from twin.city.reading.access import BUSWAYS, always_closed, default_states, note_unread, read_access
from twin.city.reading.lanes import count_lanes, lanes_for_others
from twin.city.reading.measures import parse_length_m
from twin.city.reading.pavements import may_walk, note_unread_walking, walk_facts
from twin.city.reading.raw_map import Direction, StreetFacts, WayFacts
from twin.city.reading.road_classes import CLASS_BY_NAME, CLASS_INDEX, RoadClass
from twin.city.reading.speeds import Speeds, is_understood, parse_speed_mps

__all__ = [
    "Tags",
    "clean",
    "is_crossing",
    "is_signal",
    "parse_metres",
    "parse_speed_mps",
    "street_class",
    "street_names",
    "way_facts",
]

Tags = Mapping[str, str]
Note = Callable[[str], None]

_TRUE = frozenset({"yes", "true", "1"})
_AGAINST = frozenset({"-1", "reverse"})
_BOTH = frozenset({"no", "false", "0"})
_SERVICE_OFF_NETWORK = frozenset({"parking_aisle", "driveway", "drive-through", "emergency_access"})
#: Ways of walkers whose tags speak of buses or cars that stop or board there.
_NEVER_DRIVEN = frozenset({"ferry", "platform", "elevator"})
#: Keys that let vehicles onto a way that is not made for them.
_DRIVERS = frozenset({"motor_vehicle", "motorcar", "psv", "bus", "hgv", "goods"})
#: Values of ``construction`` beside a class that leave the street open.
_SMALL_WORKS = frozenset({"no", "minor", "widening"})
#: Free speed on such ways, as on a street where people walk.
_SHARED_KMH = 10.0
_NAME_KEYS = ("name:ja", "name:en", "alt_name", "official_name", "loc_name", "short_name", "ref", "twin:alias")


def clean(text: str) -> str:
    """Text in composed Unicode without surrounding space, so that equal names compare equal."""
    return unicodedata.normalize("NFC", text).strip()


def _parts(text: str | None) -> list[str]:
    """Values of a list as OSM writes it: ``a;b``."""
    return [clean(part) for part in (text or "").split(";") if part.strip()]


def parse_metres(text: str | None) -> float | None:
    """Width in metres from a tag, however written; None outside 0.3 to 200 m."""
    return parse_length_m(text, least_m=0.3, most_m=200.0)


def street_class(tags: Tags) -> str:
    """Class of a way that one may drive or walk along: its ``highway``, or ``platform`` or ``ferry``; else empty."""
    if "highway" in tags:
        on_foot = tags["highway"] == "bridleway" and tags.get("foot") in ("yes", "designated", "permissive")
        return "path" if on_foot else tags["highway"]
    if "ferry" in (part.strip() for part in tags.get("route", "").split(";")):
        return "ferry"
    if tags.get("railway") == "platform" or tags.get("public_transport") == "platform":
        return "platform"
    return ""


def street_names(tags: Tags) -> tuple[str, tuple[str, ...]]:
    """Name as on the sign, and its aliases; the number of the route where there is no name."""
    names = _parts(tags.get("name")) or _parts(tags.get("name:ja")) or _parts(tags.get("ref"))
    others = [part for key in _NAME_KEYS for part in _parts(tags.get(key))]
    name = names[0] if names else ""
    aliases = [part for part in dict.fromkeys([*names[1:], *others]) if part != name]
    return name, tuple(aliases) if name else ()


def is_signal(tags: Tags) -> bool:
    """Whether a node carries traffic lights, for cars or for a crossing."""
    return (
        tags.get("highway") == "traffic_signals"
        or tags.get("crossing") == "traffic_signals"
        or tags.get("crossing:signals") in _TRUE
    )


def is_crossing(tags: Tags) -> bool:
    """Whether a node, or a way, is where people cross a road."""
    return tags.get("highway") == "crossing" or tags.get("footway") == "crossing" or tags.get("crossing", "no") != "no"


def _unheard(_: str) -> None:
    """Notes nobody reads."""


def way_facts(tags: Tags, note: Note = _unheard) -> WayFacts | None:
    """What the tags of a way say; None if it is no street that one may use.

    Parameters
    ----------
    tags
        Tags of a way with ``highway``.
    note
        Told what was met and could not be used.
    """
    tags = {key: value.strip() for key, value in tags.items()}
    road_class = CLASS_BY_NAME.get(street_class(tags))
    if road_class is None or _is_gone(tags):
        return None
    name, aliases = street_names(tags)
    area = tags.get("area") in _TRUE or (road_class.name in ("platform", "elevator") and tags.get("area") != "no")
    assumed: list[str] = []
    drive = walk = None
    built = not _is_closed_off(tags)
    if not built:
        note("streets that are being built, planned or impassable, driven by nobody")
    drivable = built and not area and tags.get("service") not in _SERVICE_OFF_NETWORK
    if drivable and _speaks_of_driving(tags, road_class):
        assumed_here: list[str] = []
        forward, backward = _drive_directions(tags, road_class, assumed_here, note)
        if forward is not None or backward is not None:
            flags = _flags(tags) & (TUNNEL | BRIDGE)
            drive = StreetFacts(CLASS_INDEX[road_class.name], name, flags, 0.0, forward, backward)
            assumed += assumed_here
    if may_walk(tags, road_class) and not _is_unbuilt(tags):
        note_unread_walking(tags, note)
        walk = walk_facts(tags, road_class, name, _flags(tags), assumed)
    if road_class.name == "ferry" and any(tags.get(key) in ("yes", "designated") for key in _DRIVERS | {"vehicle"}):
        note("ferries that carry vehicles, for walkers only")
    if drive is None and walk is None:
        return None
    return WayFacts(
        drive,
        walk,
        aliases,
        area,
        tuple(assumed),
        _arrows(tags) if drive is not None else ("", ""),
        tags.get("junction") in ("roundabout", "circular"),
    )


def _is_gone(tags: Tags) -> bool:
    """Whether a way is no longer there, or no longer in use."""
    return any(tags.get(key) in _TRUE for key in ("abandoned", "disused", "demolished", "razed", "removed"))


def _is_unbuilt(tags: Tags) -> bool:
    """Whether a way that has its class in ``highway`` is still built or planned; small works leave it open."""
    return tags.get("construction", "no") not in _SMALL_WORKS or tags.get("proposed", "no") != "no"


def _is_closed_off(tags: Tags) -> bool:
    """Whether no vehicle can drive along a way, whatever is allowed."""
    return _is_unbuilt(tags) or tags.get("impassable") in _TRUE or tags.get("smoothness") == "impassable"


def _arrows(tags: Tags) -> tuple[str, str]:
    """Arrows painted on the lanes at the end of a way, forward and backward."""
    both = tags.get("turn:lanes", "")
    against = tags.get("oneway") in ("-1", "reverse")
    return (
        tags.get("turn:lanes:forward", "" if against else both),
        tags.get("turn:lanes:backward", both if against else ""),
    )


def _speaks_of_driving(tags: Tags, road_class: RoadClass) -> bool:
    """Whether it is a road, or a way for others whose tags let some vehicle in."""
    if road_class.name in _NEVER_DRIVEN:
        return False
    return (
        road_class.drive
        or road_class.name in BUSWAYS
        or any(key.partition(":")[0] in _DRIVERS and value not in ("no", "private") for key, value in tags.items())
    )


def _one_way(tags: Tags, road_class: RoadClass) -> int:
    """1 along the way, -1 against it, 0 both."""
    oneway = tags.get("oneway", "").lower()
    if oneway in _AGAINST:
        return -1
    if oneway in _TRUE:
        return 1
    if oneway in _BOTH | {"reversible", "alternating"}:
        return 0
    return int(road_class.name == "motorway" or tags.get("junction") in ("roundabout", "circular"))


def _drive_directions(
    tags: Tags, road_class: RoadClass, assumed: list[str], note: Note
) -> tuple[Direction | None, Direction | None]:
    """Lanes, speed and rights forward and backward."""
    one_way = _one_way(tags, road_class)
    total, ahead, back = count_lanes(tags, one_way, note)
    if one_way:
        given = total or (ahead if one_way > 0 else back)
        ahead, back = (given, 1) if one_way > 0 else (1, given)
        ahead, back = ahead or road_class.lanes_one_way or 1, back or road_class.lanes_one_way or 1
        lanes_assumed = given is None
    else:
        lanes_assumed = ahead is None and back is None and total is None
        if total is not None:
            # What one side does not say is what the other leaves; an odd lane in the middle is for turning.
            ahead, back = (
                ahead or (max(total - back, 1) if back else max(total // 2, 1)),
                back or (max(total - ahead, 1) if ahead else max(total // 2, 1)),
            )
        ahead, back = ahead or road_class.lanes_each_way or 1, back or road_class.lanes_each_way or 1
    if lanes_assumed:
        assumed.append("lanes")
    _note_direction(tags, note)
    note_unread(tags, note)
    if "maxspeed" in tags and not is_understood(tags["maxspeed"]):
        note("speeds that are not understood")
    default_mps = (road_class.speed_kmh or _SHARED_KMH) / 3.6
    states = default_states(tags, road_class.drive)
    out: list[Direction | None] = []
    for direction, lanes in (("forward", ahead), ("backward", back)):
        speeds = Speeds(tags, direction, note)
        base_mps = speeds.base_mps or default_mps
        access = read_access(tags, direction, states, note, speeds, base_mps)
        if always_closed(access):
            out.append(None)
            continue
        if speeds.base_mps is None and f"speed:{road_class.name}" not in assumed:
            assumed.append(f"speed:{road_class.name}")
        shared = max(lanes - lanes_for_others(tags, direction, one_way, lanes, note), 1)
        out.append(Direction(shared, base_mps, access.closed, access.local, access.hours))
    return out[0], out[1]


def _note_direction(tags: Tags, note: Note) -> None:
    """Note what is said of directions and cannot be used."""
    oneway = tags.get("oneway", "no").lower()
    if oneway == "reversible" and "oneway:conditional" not in tags:
        note("ways whose direction changes at hours the map does not give, open both ways")
    elif oneway == "alternating":
        note("ways used by one direction at a time in turns, open both ways without a wait")
    elif oneway not in _TRUE | _AGAINST | _BOTH | {"reversible"}:
        note("words of one-way streets that are not understood")


def _flags(tags: Tags) -> int:
    flags = 0
    if tags.get("tunnel", "no") not in ("no", "building_passage"):
        flags |= TUNNEL
    if tags.get("bridge", "no") != "no":
        flags |= BRIDGE
    if tags.get("highway") == "steps":
        flags |= STEPS
    if (
        tags.get("covered", "no") != "no"
        or tags.get("indoor") in ("yes", "room", "corridor")
        or tags.get("tunnel", "no") != "no"
        or tags.get("location") == "underground"
        or tags.get("highway") == "corridor"
        or tags.get("arcade", "no") != "no"
    ):
        flags |= COVERED
    if tags.get("footway") == "crossing" or tags.get("path") == "crossing" or tags.get("cycleway") == "crossing":
        flags |= CROSSING
        if is_signal(tags):
            flags |= SIGNALISED
    return flags
