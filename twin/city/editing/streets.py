"""Streets as people name them: which links a name, a section between two crossings, a side and a lane mean.

A name is met exactly, never in part: 新御堂筋 is not 御堂筋. A section follows the street from one crossing to
the other; whatever of the street lies alongside (another carriageway, side lanes) belongs to it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.city.city import City, StreetLayer
from twin.city.editing.types import EditFault, Where
from twin.city.routing.along import Step, shortest_along, steps_of

Links = NDArray[np.int64]

#: Carriageways, side lanes and pavements of one street lie this near to its middle.
REACH_M = 50.0
#: A street may be drawn with a gap of this length, where a wide junction has another name.
_GAP_M = 60.0
#: Nearer to the middle of the street than this is on neither side.
_MIDDLE_M = 2.0
#: A link whose middle is nearer than this to an end of a section lies in the junction there.
_JUNCTION_M = 2.0
_COMPASS = {"east": (1.0, 0.0), "west": (-1.0, 0.0), "north": (0.0, 1.0), "south": (0.0, -1.0)}


@dataclass(frozen=True)
class Section:
    """Part of a street.

    Attributes
    ----------
    street
        Every drive link of the street, ascending.
    links
        Those of them in the section.
    spine
        Line along the section from its start; None for a whole street or for drawn features.
    start_nodes
        Nodes where it starts; empty without a start.
    """

    street: Links
    links: Links
    spine: shapely.LineString | None = None
    start_nodes: tuple[int, ...] = ()


def links_named(layer: StreetLayer, names: Iterable[str]) -> Links:
    """Links whose street has one of the names; an alias of the map stands for its street."""
    wanted = {layer.aliases.get(name, name) for name in names}
    index = [i for i, name in enumerate(layer.names) if name in wanted]
    return np.flatnonzero(np.isin(layer.name_index, index)) if index else np.empty(0, np.int64)


def name_of(layer: StreetLayer, link: int) -> str:
    """Name of a link's street; empty without one."""
    index = int(layer.name_index[link])
    return layer.names[index] if index >= 0 else ""


def resembling(layer: StreetLayer, names: Sequence[str]) -> tuple[str, ...]:
    """Streets whose name holds one of the names, or is held by it, without being it."""
    own = {layer.aliases.get(name, name) for name in names} | set(names)
    return tuple(
        other
        for other in layer.names
        if other not in own and any(other in name or name in other for name in own if name)
    )


def find_street(layer: StreetLayer, where: Where, key: str, also: StreetLayer | None = None) -> Links:
    """Links of the street an edit names; a message offers names of the other layer too.

    Raises
    ------
    EditFault
        If there is none of that name, or a name that must not be met is met.
    """
    links = links_named(layer, where.names)
    if not len(links):
        raise EditFault(
            f"no street of the map is named {where.street!r}", f"{key}.street", _nearest(layer, where.street, also)
        )
    wrong = sorted({layer.aliases.get(n, n) for n in where.never} & {name_of(layer, int(i)) for i in links})
    if wrong:
        raise EditFault(
            f"{where.street!r} met {wrong[0]}, which it is not to be",
            f"{key}.street",
            "take the alias out that leads there",
        )
    return links


def _nearest(layer: StreetLayer, written: str, also: StreetLayer | None) -> str:
    layers = [layer] if also is None else [layer, also]
    known = list(dict.fromkeys(name for one in layers for name in (*one.names, *one.aliases)))
    holding = [name for one in layers for name in resembling(one, (written,))]
    close = list(dict.fromkeys([*holding, *difflib.get_close_matches(written, known, 5, 0.4)]))
    if not close:
        close = list(layer.names[:12])
    return f"names there: {', '.join(close[:8])}; or list it under names: {{{written}: {{aliases: [...]}}}}"


def crossings_of(layer: StreetLayer, street: Links) -> list[str]:
    """Names of the streets that meet a street, in the order along its longer extent, from north or west."""
    nodes = np.unique(np.concatenate([layer.link_from[street], layer.link_to[street]]))
    others = np.setdiff1d(np.flatnonzero(layer.name_index >= 0), street)
    x_m, y_m = layer.x_m[nodes], layer.y_m[nodes]
    along = -layer.y_m if np.ptp(y_m) >= np.ptp(x_m) else layer.x_m
    first: dict[str, float] = {}
    for ends in (layer.link_from, layer.link_to):
        for link in others[np.isin(ends[others], nodes)].tolist():
            name, at = name_of(layer, link), float(along[ends[link]])
            first[name] = min(first.get(name, at), at)
    return sorted(first, key=lambda name: (first[name], name))


def meeting_nodes(layer: StreetLayer, street: Links, names: Sequence[str], key: str) -> tuple[int, ...]:
    """Nodes where a street meets a cross street, ascending.

    Raises
    ------
    EditFault
        With the crossings there are, if the two do not meet.
    """
    cross = np.setdiff1d(links_named(layer, names), street)
    ours = np.union1d(layer.link_from[street], layer.link_to[street])
    theirs = np.union1d(layer.link_from[cross], layer.link_to[cross])
    nodes = np.intersect1d(ours, theirs)
    if not len(nodes):
        listed = ", ".join(crossings_of(layer, street)) or "none with a name"
        said = "is no street of the map" if not len(cross) else "does not meet the street"
        raise EditFault(f"{names[0]!r} {said}", key, f"crossings there: {listed}")
    return tuple(int(node) for node in nodes)


def find_section(layer: StreetLayer, street: Links, where: Where, key: str) -> Section:
    """Links of a street from one crossing to another, or all of it.

    Raises
    ------
    EditFault
        If an end is no crossing of it, or the street is not drawn from one to the other.
    """
    if not where.start:
        return Section(street, street)
    start = meeting_nodes(layer, street, where.start, f"{key}.from")
    end = meeting_nodes(layer, street, where.end, f"{key}.to")
    if set(start) & set(end):
        raise EditFault(
            f"the section from {where.start[0]} to {where.end[0]} has no length",
            f"{key}.to",
            "name two different crossings",
        )
    spine = _spine(layer, street, start, end)
    if spine is None:
        raise EditFault(
            f"{where.street} is not drawn without a gap from {where.start[0]} to {where.end[0]}",
            f"{key}.from",
            f"name nearer crossings: {', '.join(crossings_of(layer, street))}; or draw the section in a layer",
        )
    inside = beside(layer, street, spine, REACH_M)
    return Section(street, street[inside], spine, start)


def beside(layer: StreetLayer, links: Links, spine: shapely.LineString, reach_m: float) -> NDArray[np.bool_]:
    """Which links have their middle beside a line: nearest to its inside, not to one of its ends."""
    points = shapely.points(*middles(layer, links)[:2])
    along = shapely.line_locate_point(spine, points)
    near = shapely.distance(spine, points) <= reach_m
    return np.asarray(near & (along > _JUNCTION_M) & (along < spine.length - _JUNCTION_M), np.bool_)


def _spine(layer: StreetLayer, street: Links, start: Sequence[int], end: Sequence[int]) -> shapely.LineString | None:
    """Shortest line along a street, whatever its one-ways, from one set of nodes to another."""
    steps = steps_of(layer, street.tolist())
    far, came = shortest_along([*steps, *_gaps(layer, steps)], start)
    reached = [node for node in end if node in far]
    return _line_back(layer, min(reached, key=lambda node: (far[node], node)), came) if reached else None


def _gaps(layer: StreetLayer, steps: Sequence[Step]) -> list[Step]:
    """Pairs of loose ends of the street that face each other over a gap."""
    beside_of: dict[int, set[int]] = {}
    for one, other, _, _ in steps:
        beside_of.setdefault(one, set()).add(other)
        beside_of.setdefault(other, set()).add(one)
    loose = sorted(node for node, others in beside_of.items() if len(others) == 1)
    found = []
    for i, a in enumerate(loose):
        for b in loose[i + 1 :]:
            apart_m = float(np.hypot(layer.x_m[a] - layer.x_m[b], layer.y_m[a] - layer.y_m[b]))
            if apart_m <= _GAP_M:
                found.append(Step(a, b, apart_m, -1))
    return found


def _line_back(layer: StreetLayer, node: int, came: dict[int, tuple[int, int]]) -> shapely.LineString:
    """Line from the start of a search to a node, along the shapes of the links on the way."""
    pieces = [np.array([[layer.x_m[node], layer.y_m[node]]])]
    while node in came:
        before, link = came[node]
        if link >= 0:
            shape = shape_of(layer, link)
            pieces.append(shape if int(layer.link_to[link]) == node else shape[::-1])
        else:
            pieces.append(np.array([[layer.x_m[before], layer.y_m[before]]]))
        node = before
    return shapely.LineString(np.concatenate(pieces[::-1]))


def shape_of(layer: StreetLayer, link: int) -> NDArray[np.float64]:
    """(k, 2) float64: points of a link, metres."""
    span = slice(int(layer.vertex_ptr[link]), int(layer.vertex_ptr[link + 1]))
    return np.column_stack([layer.vertex_x_m[span], layer.vertex_y_m[span]])


def middles(layer: StreetLayer, links: Links) -> tuple[NDArray[np.float64], ...]:
    """Point half-way along each link, and the unit vector of travel there: x_m, y_m, east, north."""
    out = np.empty((4, len(links)))
    for row, link in enumerate(links.tolist()):
        shape = shape_of(layer, link)
        steps = np.diff(shape, axis=0)
        lengths = np.hypot(steps[:, 0], steps[:, 1])
        begins = np.concatenate([[0.0], np.cumsum(lengths)])
        half = begins[-1] / 2
        at = min(int(np.searchsorted(begins, half, side="right")) - 1, len(lengths) - 1)
        unit = steps[at] / lengths[at] if lengths[at] > 0 else np.array([1.0, 0.0])
        out[:2, row] = shape[at] + unit * (half - begins[at])
        out[2:, row] = unit
    return tuple(out)


@dataclass(frozen=True)
class CrossCut:
    """What lies across a street at the middle of a link.

    Attributes
    ----------
    east_m, north_m
        The link's place from the middle of the street's outer lines.
    higher
        Whether a link of a higher class runs alongside, the same way.
    across
        Unit vector across the street.
    """

    east_m: float
    north_m: float
    higher: bool
    across: tuple[float, float]

    @property
    def is_middle(self) -> bool:
        """Whether it lies on neither side."""
        return float(np.hypot(self.east_m, self.north_m)) < _MIDDLE_M


@dataclass(frozen=True)
class StreetLines:
    """Straight pieces of the links of one street, to cut across it again and again.

    Attributes
    ----------
    layer, links
        The drive layer and the street's links in it.
    begin, end : (k, 2) float64
        Ends of the pieces, metres.
    link : (k,) int64
        Link of each piece.
    """

    layer: StreetLayer
    links: Links
    begin: NDArray[np.float64]
    end: NDArray[np.float64]
    link: Links

    @classmethod
    def of(cls, layer: StreetLayer, links: Links) -> StreetLines:
        """Pieces of some links."""
        shapes = [shape_of(layer, link) for link in links.tolist()]
        none = np.empty((0, 2))
        return cls(
            layer,
            links,
            np.concatenate([none, *(s[:-1] for s in shapes)]),
            np.concatenate([none, *(s[1:] for s in shapes)]),
            np.repeat(links, [len(s) - 1 for s in shapes]),
        )


def cross_cut(lines: StreetLines, of: StreetLayer, link: int) -> CrossCut:
    """Cut a street across at the middle of a link.

    Parameters
    ----------
    lines
        The street.
    of, link
        The link, of the same layer or of the walk layer.
    """
    x_m, y_m, east, north = (float(v[0]) for v in middles(of, np.array([link])))
    begin, end = lines.begin - (x_m, y_m), lines.end - (x_m, y_m)
    along = np.stack([begin @ (east, north), end @ (east, north)])
    aside = np.stack([begin @ (-north, east), end @ (-north, east)])
    ahead, sideways = along[1] - along[0], aside[1] - aside[0]
    # Pieces that run across rather than along are no part of the cut.
    runs_along = (along[0] * along[1] <= 0) & (np.abs(ahead) >= 0.5 * np.hypot(ahead, sideways)) & (ahead != 0)
    offset = aside[0][runs_along] - along[0][runs_along] / ahead[runs_along] * sideways[runs_along]
    near = np.abs(offset) <= REACH_M
    own = of is lines.layer
    offsets = [0.0, *offset[near]] if own else offset[near].tolist()
    same_way = near & (ahead[runs_along] > 0) & (np.abs(offset) >= _MIDDLE_M)
    others = lines.link[runs_along][same_way]
    higher = own and bool((lines.layer.road_class[others] < of.road_class[link]).any())
    middle = (min(offsets) + max(offsets)) / 2 if offsets else 0.0
    return CrossCut(float(middle * north), float(-middle * east), higher, (-north, east))


def on_sides(city: City, lines: StreetLines, of: StreetLayer, link: int, sides: Sequence[str], key: str) -> bool:
    """Whether a link lies on one of the sides of its street.

    A drive link in the middle of a street that is driven both ways lies on the side on which one drives; any
    other link in the middle lies on no side of its own and so on all.

    Raises
    ------
    EditFault
        If the street runs the other way, so that it has no such side.
    """
    if not sides:
        return True
    cut = cross_cut(lines, of, link)
    east_m, north_m = cut.east_m, cut.north_m
    if cut.is_middle:
        if of is not lines.layer or not driven_both_ways(lines, link):
            return True
        left = 1.0 if city.driving_side == "left" else -1.0
        east_m, north_m = cut.across[0] * left, cut.across[1] * left
    size = float(np.hypot(east_m, north_m))
    toward = [(east_m * _COMPASS[side][0] + north_m * _COMPASS[side][1]) / size for side in sides]
    if all(abs(share) < 0.26 for share in toward):  # within 15 degrees of running straight at it
        other = "north and south" if abs(north_m) > abs(east_m) else "east and west"
        raise EditFault(
            f"the street has no {' and no '.join(sides)} side here", f"{key}.sides", f"its sides are {other}"
        )
    return any(share >= 0.26 for share in toward)


def driven_both_ways(lines: StreetLines, link: int) -> bool:
    """Whether the street has a link back between the same nodes."""
    layer, links = lines.layer, lines.links
    back = (layer.link_from[links] == layer.link_to[link]) & (layer.link_to[links] == layer.link_from[link])
    return bool(back.any())


def heads_for(layer: StreetLayer, link: int, direction: str) -> bool:
    """Whether a link leads towards a point of the compass, within 60 degrees."""
    if not direction:
        return True
    shape = shape_of(layer, link)
    east, north = shape[-1] - shape[0]
    size = float(np.hypot(east, north))
    towards = _COMPASS[direction]
    return size > 0 and (east * towards[0] + north * towards[1]) / size >= 0.5
