"""What OSM tags of ways and nodes mean for streets: lanes, speeds, directions, widths, names, signals."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from twin.city.city import BRIDGE, COVERED, CROSSING, SIGNALISED, STEPS, TUNNEL
from twin.city.reading.lengths import parse_length_m
from twin.city.reading.pavements import may_walk, walk_facts
from twin.city.reading.raw_map import Direction, StreetFacts, WayFacts
from twin.city.reading.road_classes import CLASS_BY_NAME, CLASS_INDEX, RoadClass

Tags = Mapping[str, str]

_NO = frozenset({"no", "private", "agricultural", "forestry", "emergency", "military", "use_sidepath", "discouraged"})
_YES = frozenset({"yes", "designated", "permissive", "destination", "delivery", "official", "customers"})
_TRUE = frozenset({"yes", "true", "1"})
_SERVICE_OFF_NETWORK = frozenset({"parking_aisle", "driveway", "drive-through", "emergency_access"})
_SPEED = re.compile(r"^(\d+(?:\.\d+)?)\s*(mph|knots|km/h|kmh|kph)?$")
_SPEED_UNITS_MPS = {"mph": 0.44704, "knots": 0.514444}
_SLOWEST_MPS, _FASTEST_MPS = 5 / 3.6, 140 / 3.6
_MOST_LANES = 16
_NAME_KEYS = ("name:ja", "name:en", "alt_name", "official_name", "loc_name", "short_name", "ref", "twin:alias")


def clean(text: str) -> str:
    """Text in composed Unicode without surrounding space, so that equal names compare equal."""
    return unicodedata.normalize("NFC", text).strip()


def _parts(text: str | None) -> list[str]:
    """Values of a list as OSM writes it: ``a;b``."""
    return [clean(part) for part in (text or "").split(";") if part.strip()]


def parse_count(text: str | None) -> int | None:
    """Number of lanes from a tag; the least of several, None where it is no number."""
    numbers = [int(float(p)) for p in _parts(text) if re.fullmatch(r"\d{1,3}(?:\.\d+)?", p)]
    return min(max(min(numbers), 1), _MOST_LANES) if numbers else None


def parse_speed_mps(text: str | None) -> float | None:
    """Speed from a ``maxspeed`` tag; the least of several, None for ``none``, zones and nonsense."""
    speeds = []
    for part in _parts(text):
        if part == "walk":
            return 7 / 3.6
        match = _SPEED.match(part)
        if match:
            speed_mps = float(match.group(1)) * _SPEED_UNITS_MPS.get(match.group(2) or "", 1 / 3.6)
            if _SLOWEST_MPS <= speed_mps <= _FASTEST_MPS:
                speeds.append(speed_mps)
    return min(speeds) if speeds else None


def parse_metres(text: str | None) -> float | None:
    """Width in metres from a tag, however written; None outside 0.3 to 200 m."""
    return parse_length_m(text, least_m=0.3, most_m=200.0)


def street_class(tags: Tags) -> str:
    """Class of a way that one may drive or walk along: its ``highway``, or ``platform`` or ``ferry``; else empty."""
    if "highway" in tags:
        return tags["highway"]
    if tags.get("route") == "ferry":
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
    return (
        tags.get("highway") == "crossing"
        or tags.get("footway") == "crossing"
        or tags.get("crossing", "no") != "no"
    )


def way_facts(tags: Tags) -> WayFacts | None:
    """What the tags of a way say; None if it is no street that one may use.

    Parameters
    ----------
    tags
        Tags of a way with ``highway``.
    """
    road_class = CLASS_BY_NAME.get(street_class(tags))
    if road_class is None or tags.get("abandoned") in _TRUE:
        return None
    name, aliases = street_names(tags)
    area = tags.get("area") in _TRUE or (road_class.name in ("platform", "elevator") and tags.get("area") != "no")
    assumed: list[str] = []
    drive = walk = None
    if _may_drive(tags, road_class) and not area:
        forward, backward = _drive_directions(tags, road_class, assumed)
        flags = _flags(tags) & (TUNNEL | BRIDGE)
        drive = StreetFacts(CLASS_INDEX[road_class.name], name, flags, 0.0, forward, backward)
    if may_walk(tags, road_class):
        walk = walk_facts(tags, road_class, name, _flags(tags), assumed)
    if drive is None and walk is None:
        return None
    return WayFacts(drive, walk, aliases, area, tuple(assumed))


def _may_drive(tags: Tags, road_class: RoadClass) -> bool:
    if not road_class.drive or tags.get("service") in _SERVICE_OFF_NETWORK:
        return False
    if tags.get("hgv") in _YES:
        return True  # terminal roads are closed to cars and made for trucks
    for key in ("motorcar", "motor_vehicle", "vehicle", "access"):  # the most specific word counts
        if key in tags:
            return tags[key] not in _NO
    return True


def _one_way(tags: Tags, road_class: RoadClass) -> int:
    """1 along the way, -1 against it, 0 both."""
    oneway = tags.get("oneway", "")
    if oneway in ("-1", "reverse"):
        return -1
    if oneway in _TRUE:
        return 1
    if oneway in ("no", "false", "0", "reversible", "alternating"):
        return 0
    return int(road_class.name == "motorway" or tags.get("junction") in ("roundabout", "circular"))


def _drive_directions(
    tags: Tags, road_class: RoadClass, assumed: list[str]
) -> tuple[Direction | None, Direction | None]:
    """Lanes and speed forward and backward."""
    one_way = _one_way(tags, road_class)
    total = parse_count(tags.get("lanes"))
    ahead, back = parse_count(tags.get("lanes:forward")), parse_count(tags.get("lanes:backward"))
    if one_way:
        given = total or (ahead if one_way > 0 else back)
        ahead = back = given or road_class.lanes_one_way
        lanes_assumed = given is None
    else:
        lanes_assumed = ahead is None and back is None and total is None
        if total is not None:
            # What one side does not say is what the other leaves; an odd lane in the middle is for turning.
            ahead, back = (
                ahead or (max(total - back, 1) if back else max(total // 2, 1)),
                back or (max(total - ahead, 1) if ahead else max(total // 2, 1)),
            )
        ahead, back = ahead or road_class.lanes_each_way, back or road_class.lanes_each_way
    if lanes_assumed:
        assumed.append("lanes")
    speed_mps = parse_speed_mps(tags.get("maxspeed"))
    speeds = [parse_speed_mps(tags.get(f"maxspeed:{way}")) or speed_mps for way in ("forward", "backward")]
    wanted = [speeds[0]] if one_way > 0 else [speeds[1]] if one_way < 0 else speeds
    if None in wanted:
        assumed.append(f"speed:{road_class.name}")
    default_mps = road_class.speed_kmh / 3.6
    forward = Direction(ahead, speeds[0] or default_mps) if one_way >= 0 else None
    backward = Direction(back, speeds[1] or default_mps) if one_way <= 0 else None
    return forward, backward


def _flags(tags: Tags) -> int:
    flags = 0
    if tags.get("tunnel", "no") not in ("no", "building_passage"):
        flags |= TUNNEL
    if tags.get("bridge", "no") != "no":
        flags |= BRIDGE
    if tags.get("highway") == "steps":
        flags |= STEPS
    if (
        tags.get("covered", "no") != "no" or tags.get("indoor") in ("yes", "room", "corridor")
        or tags.get("tunnel", "no") != "no" or tags.get("location") == "underground"
        or tags.get("highway") == "corridor" or tags.get("arcade") in _TRUE
    ):
        flags |= COVERED
    if tags.get("footway") == "crossing" or tags.get("path") == "crossing" or tags.get("cycleway") == "crossing":
        flags |= CROSSING
        if is_signal(tags):
            flags |= SIGNALISED
    return flags
