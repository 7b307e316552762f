"""What an edit of the city asks for, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from twin.city.city import City

Change = Literal[
    "lanes_to_pavement", "close", "set_lanes", "set_speed", "set_access", "set_signal", "add_link",
    "add_seats", "add_places", "green", "event", "signs", "arcade", "one_way_walk", "close_walk",
    "underground_link",
]  # fmt: skip
LayerName = Literal["drive", "walk"]

#: Fields of a link that edits change, in the order in which they are shown.
FIELDS: tuple[str, ...] = ("lanes", "speed_mps", "width_m", "open", "closed_to", "along")


@dataclass(frozen=True)
class Feature:
    """A line or polygon that somebody drew, in degrees (WGS84), as GeoJSON."""

    id: str
    geometry: Mapping[str, Any]


@dataclass(frozen=True)
class Where:
    """Which links an edit speaks of.

    Attributes
    ----------
    street
        As written; empty where features alone say it.
    names
        The street's name and every alias that counts as it.
    never
        Names that are another street, however alike; matching one is an error.
    start, end, at
        Names of the cross streets that bound the section, or of the one crossing meant.
    sides
        ``east``, ``west``, ``north``, ``south``; empty for all.
    direction
        Only links driven towards this point of the compass; empty for all.
    lanes
        ``all``, ``main`` (without side lanes that are ways of their own) or ``side``.
    within_m
        How far from a drawn line a link may lie and still be meant.
    layer, features
        The layer of drawings and what was drawn.
    """

    street: str = ""
    names: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    start: tuple[str, ...] = ()
    end: tuple[str, ...] = ()
    at: tuple[str, ...] = ()
    sides: tuple[str, ...] = ()
    direction: str = ""
    lanes: str = "all"
    within_m: float = 10.0
    layer: str = ""
    features: tuple[Feature, ...] = ()


@dataclass(frozen=True)
class Edit:
    """One change of the city.

    Attributes
    ----------
    measure
        Measure it belongs to; the reason shown beside every touched link.
    key
        Where it stands in the scenario, for messages.
    change
        What is done.
    where
        To which links.
    values
        Numbers and words of the change, in SI units: ``pavement_width_m``, ``furniture_m``, ``lanes``, ``add``,
        ``speed_mps``, ``closed_to``, ``cycle_s``, ``green_share``, ``offset_s``, ``progression_mps``, ``link``.
    span_s
        Start and end of the hours it holds, seconds since midnight; None for always.
    daily
        Whether the hours come back every day, or are those of day one only.
    """

    measure: str
    key: str
    change: Change
    where: Where
    values: Mapping[str, Any] = field(default_factory=dict)
    span_s: tuple[float, float] | None = None
    daily: bool = True

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Edit:
        """From plain JSON, as it stands in a plan."""
        where = dict(content["where"])
        where["features"] = tuple(Feature(f["id"], f["geometry"]) for f in where.get("features", ()))
        for key in ("names", "never", "start", "end", "at", "sides"):
            where[key] = tuple(where.get(key, ()))
        span = content.get("span_s")
        return cls(
            content["measure"],
            content["key"],
            content["change"],
            Where(**where),
            content.get("values", {}),
            None if span is None else (float(span[0]), float(span[1])),
            bool(content.get("daily", True)),
        )


@dataclass(frozen=True)
class Match:
    """What the words of an edit found on the map.

    Attributes
    ----------
    measure, change, written
        The edit, and the street as written there.
    found
        Name on the map -> links of that name in the drive layer.
    left_alone
        Streets of similar name, which are others.
    links
        Links the edit speaks of.
    """

    measure: str
    change: str
    written: str
    found: Mapping[str, int]
    left_alone: tuple[str, ...]
    links: int


@dataclass(frozen=True)
class TouchedLink:
    """A link before and after.

    Attributes
    ----------
    layer
        ``drive`` or ``walk``.
    link_index, base_link_index
        Row in the edited city; in the city before, -1 for a new link.
    way_id, from_node, to_node
        Ids of the map; new links have negative way ids.
    street
        Name as on signs; empty without one.
    old, new
        Fields that differ, of :data:`FIELDS`.
    span_s, daily
        Hours in which ``new`` holds; None for always.
    measures, changes
        Why.
    """

    layer: LayerName
    link_index: int
    base_link_index: int
    way_id: int
    street: str
    from_node: int
    to_node: int
    old: Mapping[str, Any]
    new: Mapping[str, Any]
    span_s: tuple[float, float] | None
    daily: bool
    measures: tuple[str, ...]
    changes: tuple[str, ...]


@dataclass(frozen=True)
class TouchedSignal:
    """Lights that have another plan."""

    node_index: int
    node_id: int
    street: str
    cycle_s: float
    green_share: float
    offset_s: float
    measure: str


@dataclass(frozen=True)
class EditedCity:
    """The city after some edits, and everything that differs.

    Attributes
    ----------
    city
        Arrays differ from the base only where ``touched`` says so.
    touched
        By layer, link and hours.
    signals
        Lights with another plan.
    matches
        What each edit found, in their order.
    base_link
        Per layer the row each link had before, -1 for a new one.
    cut_off
        Ids of places that could be driven to before and cannot be now.
    """

    city: City
    touched: tuple[TouchedLink, ...] = ()
    signals: tuple[TouchedSignal, ...] = ()
    matches: tuple[Match, ...] = ()
    base_link: Mapping[str, Any] = field(default_factory=dict)
    cut_off: tuple[str, ...] = ()


class EditFault(Exception):  # noqa: N818  (never leaves the package: it becomes a problem of a ScenarioError)
    """An edit cannot be done on this map."""

    def __init__(self, what: str, key: str = "", mend: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.key = key
        self.mend = mend
