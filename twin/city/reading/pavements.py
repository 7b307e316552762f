"""What tags say of walking along a way: whether one may, where, how wide, how fast, in which direction."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from twin.city.city import STEP_FREE
from twin.city.reading.elements import Tags
from twin.city.reading.measures import parse_length_m
from twin.city.reading.raw_map import Direction, StreetFacts
from twin.city.reading.road_classes import CLASS_INDEX, STAIR_SPEED_MPS, WALK_SPEED_MPS, RoadClass

_NO = frozenset(
    {
        "no",
        "private",
        "agricultural",
        "forestry",
        "emergency",
        "military",
        "use_sidepath",
        "discouraged",
        "restricted",
        "none",
        "residents",
        "employees",
        "staff",
    }
)
_YES = frozenset({"yes", "designated", "permissive", "destination", "delivery", "official", "customers", "permit"})
_TRUE = frozenset({"yes", "true", "1"})
_FAST = frozenset({"motorway", "motorway_link"})
#: Roads that are shared by all where they have no pavement: their width for walking is not that of a pavement.
_SHARED = frozenset({"living_street", "service"})
EDGE_WIDTH_M = 0.75
EDGE_SOURCE = "Japan: least width of an edge strip for walking (Order for Enforcement of the Road Traffic Act, 1-2)"
ESCALATOR_SPEED_MPS = 0.43
ESCALATOR_SOURCE = "usual speed of escalators in Japan, 30 m/min along the slope at 30 degrees, everybody stands"
LIFT_SPEED_MPS = 0.1
LIFT_SOURCE = "a lift drawn as a way of a few metres: half a minute for its wait and ride"
_SIDEWALKS = frozenset(
    {"both", "yes", "left", "right", "left;right", "right;left", "separate", "no", "none", "lane", "crossing"}
)
#: Values of a tag on a side of the street, and what each says.
_THERE, _DRAWN, _NOT = "there", "drawn", "not"


def sides(tags: Tags) -> tuple[str, str]:
    """What is said of the pavement on the left and on the right: ``there``, ``drawn`` (separately), ``not``, or empty.

    ``sidewalk=left`` says of the right that there is none; ``sidewalk:left=yes`` says nothing of the right.
    """
    whole = tags.get("sidewalk", tags.get("footway:both", "")).lower()
    left = right = ""
    if whole in ("both", "yes", "left;right", "right;left"):
        left = right = _THERE
    elif whole == "left":
        left, right = _THERE, _NOT
    elif whole == "right":
        left, right = _NOT, _THERE
    elif whole == "separate":
        left = right = _DRAWN
    elif whole in ("no", "none"):
        left = right = _NOT
    meaning = {"yes": _THERE, "separate": _DRAWN, "no": _NOT, "none": _NOT, "left": _THERE, "right": _THERE}
    both = meaning.get(tags.get("sidewalk:both", "").lower(), "")
    left = meaning.get(tags.get("sidewalk:left", "").lower(), both or left)
    right = meaning.get(tags.get("sidewalk:right", "").lower(), both or right)
    return left, right


def drawn_separately(tags: Tags) -> bool:
    """Whether the pavements of a street are ways of their own, so that the street itself is not walked.

    With one pavement drawn and the other along the street, or unknown, the street is walked for that other one.
    """
    found = sides(tags)
    return _DRAWN in found and all(side in (_DRAWN, _NOT) for side in found)


def may_walk(tags: Tags, road_class: RoadClass) -> bool:
    """Whether people may walk along the way itself."""
    if road_class.name in _FAST:
        return False  # whatever a tag says: it stands for the pavement beside, or is a slip
    if tags.get("crossing") == "no" and tags.get("footway", tags.get("path", "")) == "crossing":
        return False
    if road_class.drive and drawn_separately(tags):
        return False  # foot=yes beside it is the law's word for the whole road
    foot = tags.get("foot")
    if foot is not None:
        return foot not in _NO
    if road_class.name == "ferry":
        return tags.get("access") not in _NO
    if not road_class.walk or tags.get("motorroad") in _TRUE or tags.get("motorway") in _TRUE:
        return False
    if road_class.name == "platform":
        return tags.get("access", "yes") not in _NO - {"customers"}
    return tags.get("access") not in _NO


def note_unread_walking(tags: Tags, note: Callable[[str], None]) -> None:
    """Note what is said of walking along a way and not used: words, and hours, which the walk layer does not know."""
    if tags.get("sidewalk", "no").lower() not in _SIDEWALKS:
        note("words of pavements that are not understood")
    if tags.get("foot", "yes").lower() not in _NO | _YES | {"unknown"}:
        note("words of walking that are not understood")
    if "foot:conditional" in tags or ("access:conditional" in tags and "foot" not in tags) or "opening_hours" in tags:
        note("ways that walkers may use in some hours only, open to them at all hours")


def walk_facts(tags: Tags, road_class: RoadClass, name: str, flags: int, assumed: list[str]) -> StreetFacts:
    """Width, speed and directions for walking; what had to be assumed is added to the list."""
    return StreetFacts(
        CLASS_INDEX[road_class.name],
        name,
        flags | (STEP_FREE if _said_step_free(tags) else 0),
        _width_m(tags, road_class, assumed),
        *_directions(tags, road_class, assumed),
    )


def _width_m(tags: Tags, road_class: RoadClass, assumed: list[str]) -> float:
    keys = ["width", "est_width"]
    if road_class.drive:  # the width of a road is that of its carriageway
        keys = [
            "sidewalk:width",
            "sidewalk:both:width",
            "sidewalk:left:width",
            "sidewalk:right:width",
            "sidewalk:both:est_width",
            "sidewalk:left:est_width",
            "sidewalk:right:est_width",
        ]
        left, right = sides(tags)
        if {left, right} <= {_NOT, _DRAWN} and _NOT in (left, right) and road_class.name not in _SHARED:
            assumed.append("no pavement")
            return EDGE_WIDTH_M
    for key in keys:
        if key not in tags:
            continue
        width_m = parse_length_m(tags[key], least_m=0.3, most_m=200.0)
        if width_m is not None:
            return width_m
        assumed.append("width that is no number")
    assumed.append("width")
    return road_class.walk_width_m


def _directions(tags: Tags, road_class: RoadClass, assumed: list[str]) -> tuple[Direction | None, Direction | None]:
    """Pace along and against the way; None where one may not go."""
    moving = tags.get("conveying", "no")
    moving = "" if moving == "no" else moving
    on_steps = road_class.name == "steps"
    speed_mps = WALK_SPEED_MPS
    if on_steps:
        speed_mps = ESCALATOR_SPEED_MPS if moving else STAIR_SPEED_MPS
        if moving:
            assumed.append("escalator")
    elif road_class.name == "elevator":
        speed_mps = LIFT_SPEED_MPS
        assumed.append("lift")
    pace = Direction(0, speed_mps)
    one_way = next(
        (tags[key] for key in ("oneway:foot", "foot:oneway", "oneway:pedestrian") if key in tags),
        tags.get("oneway", "") if moving or road_class.name in ("ferry",) else "",
    )
    against = one_way in ("-1", "reverse") or moving == "backward" or tags.get("foot:forward") in _NO
    along = not against and (one_way in _TRUE or moving == "forward" or tags.get("foot:backward") in _NO)
    if on_steps and moving and not along and not against:
        assumed.append("escalator both ways")
    return None if against else pace, None if along else pace


def _said_step_free(tags: Tags) -> bool:
    """Whether the map says that wheels can go here: not only ``wheelchair``, ramps and lowered kerbs too."""
    if tags.get("wheelchair") == "no":
        return False
    if tags.get("wheelchair") in ("yes", "designated") or tags.get("highway") == "elevator":
        return True
    if tags.get("highway") == "steps":
        return tags.get("ramp:wheelchair") in _TRUE | {"separate"} and tags["ramp:wheelchair"] != "separate"
    return is_step_free_kerb(tags)


def is_step_free_kerb(tags: Mapping[str, str]) -> bool:
    """Whether a kerb is low enough for wheels: flush, lowered or none at all."""
    return tags.get("kerb") in ("lowered", "flush", "no", "none")
