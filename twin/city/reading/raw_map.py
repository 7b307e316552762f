"""A map as read, before streets are joined: flat node arrays, ways with their facts, places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.city.marks import MarkList
from twin.city.reading.unused import UnusedTags

if TYPE_CHECKING:
    from twin.city.reading.scenery_tags import Feature


class Hours(NamedTuple):
    """What holds along a street in some hours of the week instead of what holds without hours.

    ``days`` has a bit per day, Monday first; ``closed`` and ``local`` are bits of classes as in :class:`Direction`.
    """

    days: int
    from_s: float
    to_s: float
    closed: int
    local: int
    speed_mps: float


class Access(NamedTuple):
    """Bits of the classes that may not drive along a way in one direction, and of those that may not drive through."""

    closed: int
    local: int
    hours: tuple[Hours, ...]

    def also_closed(self, bits: int) -> Access:
        """The same, closed to some more classes at all hours."""
        return Access(self.closed | bits, self.local, tuple(h._replace(closed=h.closed | bits) for h in self.hours))


#: What nothing closes to anybody.
OPEN_TO_ALL = Access(0, 0, ())


class Direction(NamedTuple):
    """One direction of a street: lanes (0 for walking), free speed, who may not use it.

    ``closed`` has a bit per class of ``twin.columns.VEHICLE_CLASSES`` that may not drive there, ``local`` one per
    class whose trips must begin or end on it; ``hours`` are spans in which other values hold.
    """

    lanes: int
    speed_mps: float
    closed: int = 0
    local: int = 0
    hours: tuple[Hours, ...] = ()


class StreetFacts(NamedTuple):
    """What distinguishes one street from the next; a link never spans a change of it.

    ``forward`` and ``backward`` are None where one may not go. ``width_m`` is 0 where it has no meaning.
    """

    road_class: int
    name: str
    flags: int
    width_m: float
    forward: Direction | None
    backward: Direction | None

    def turned(self) -> StreetFacts:
        """The same street seen from its other end."""
        return self._replace(forward=self.backward, backward=self.forward)


class WayFacts(NamedTuple):
    """What the tags of a way say, for each layer; None where the way is no part of it."""

    drive: StreetFacts | None
    walk: StreetFacts | None
    aliases: tuple[str, ...]
    area: bool
    assumed: tuple[str, ...]
    arrows: tuple[str, str] = ("", "")
    round: bool = False


@dataclass(frozen=True)
class RawWay:
    """A way: rows of its nodes in order, and what its tags say."""

    way_id: int
    rows: tuple[int, ...]
    facts: WayFacts


@dataclass(frozen=True)
class RawSquare:
    """An area to walk over: rows of its rings, each closed, and what its tags say."""

    square_id: int
    outer: tuple[tuple[int, ...], ...]
    inner: tuple[tuple[int, ...], ...]
    facts: WayFacts


@dataclass(frozen=True)
class RawPlace:
    """A place as tagged; ``row`` is its node where that node is part of a way, else -1.

    ``authored`` places are named as such in the file: an error in one is an error of the file. Others come
    from ordinary tags and are left out, and counted, if they do not fit.
    """

    kind: str
    slug: str
    authored: bool
    name_ja: str
    name_en: str
    lon_deg: float
    lat_deg: float
    row: int
    attributes: Mapping[str, Any]
    origin: str


@dataclass
class RawMap:
    """A map as read.

    Attributes
    ----------
    node_id, lon_deg, lat_deg : (n,)
        Nodes of ways, by ascending id.
    signal, crossing : (n,) bool
    ways, places, squares
        By id.
    scenery
        What stands and lies between the streets.
    separate
        Rows of streets whose pavements are ways of their own.
    generator
        What wrote the file, from its header.
    as_of
        Moment of the data, where the file says it.
    side_votes
        Ways tagged with a driving side, by side.
    warnings
        Sentences on the map as a whole that its user must read.
    read, dropped
        Counts for the report.
    unused
        Tags that nothing reads, by family.
    restrictions
        Banned and commanded turns; see ``restrictions.py``.
    barriers
        Row of a node -> who may not pass it, who passes it only to reach what lies behind, and its hours.
    walk_barriers
        Rows of nodes that nobody passes on foot.
    border
        Rows at which a street goes on beyond the file.
    stop_areas
        Platforms and exits that belong together; see ``stop_areas.py``.
    marks
        Elements that were dropped or passed over.
    bounds_deg
        West, south, east, north of the box that the file says it was cut by.
    """

    node_id: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    lon_deg: NDArray[np.float64] = field(default_factory=lambda: np.empty(0, np.float64))
    lat_deg: NDArray[np.float64] = field(default_factory=lambda: np.empty(0, np.float64))
    signal: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, np.bool_))
    crossing: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, np.bool_))
    ways: list[RawWay] = field(default_factory=list)
    places: list[RawPlace] = field(default_factory=list)
    squares: list[RawSquare] = field(default_factory=list)
    scenery: list[Feature] = field(default_factory=list)
    separate: list[tuple[int, ...]] = field(default_factory=list)
    generator: str = ""
    as_of: str = ""
    side_votes: Counter[str] = field(default_factory=Counter)
    warnings: list[str] = field(default_factory=list)
    read: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    unused: UnusedTags = field(default_factory=UnusedTags)
    restrictions: list[Any] = field(default_factory=list)
    barriers: dict[int, Access] = field(default_factory=dict)
    walk_barriers: set[int] = field(default_factory=set)
    border: set[int] = field(default_factory=set)
    bounds_deg: tuple[float, float, float, float] | None = None
    stop_areas: Sequence[Any] = ()
    marks: MarkList = field(default_factory=MarkList)

    def mark(self, words: str, kind: int, map_id: int, row: int = -1) -> None:
        """Mark an element that was dropped or passed over, at the position of a row where it has one."""
        if row >= 0:
            self.marks.add(words, kind, map_id, float(self.lon_deg[row]), float(self.lat_deg[row]))
        else:
            self.marks.add(words, kind, map_id)
