"""From the words of an edit to what it wants of each link, node and new link; nothing is changed here."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from twin.city.city import CROSSING, STEPS, TUNNEL, City, StreetLayer
from twin.city.editing.features import find_features, lines_of, links_of_feature, links_of_features
from twin.city.editing.links import NewLink, new_links, new_walk_links
from twin.city.editing.streets import (
    REACH_M,
    Links,
    Section,
    StreetLines,
    beside,
    cross_cut,
    crossings_of,
    driven_both_ways,
    find_section,
    find_street,
    heads_for,
    links_named,
    meeting_nodes,
    middles,
    name_of,
    on_sides,
    resembling,
)
from twin.city.editing.types import Edit, EditFault, LayerName, Match
from twin.city.editing.walked import walked_only
from twin.city.routing.along import shortest_along, steps_of
from twin.city.street_life import WALKING_CHANGES, StreetLife
from twin.columns import VEHICLE_CLASSES

#: Pavements without a name count as the street's up to this distance from its line.
_UNNAMED_REACH_M = 30.0
_PARALLEL = math.cos(math.radians(20.0))


@dataclass(frozen=True)
class Wish:
    """One field of one link as an edit wants it."""

    layer: LayerName
    link: int
    field: str
    value: Any
    edit: Edit
    relative: bool = False


@dataclass(frozen=True)
class SignalWish:
    """The plan of the lights at one node as an edit wants it."""

    node: int
    street: str
    cycle_s: float
    green_share: float
    offset_s: float
    edit: Edit


@dataclass
class Wanted:
    """Everything that edits want."""

    links: list[Wish] = field(default_factory=list)
    signals: list[SignalWish] = field(default_factory=list)
    new: list[NewLink] = field(default_factory=list)
    matches: list[Match] = field(default_factory=list)
    life: list[StreetLife] = field(default_factory=list)


@dataclass(frozen=True)
class _Target:
    """Links an edit speaks of: all of the street there, and those of the sides and lanes meant."""

    section: Section
    chosen: Links
    drawn: tuple[BaseGeometry, ...]
    streets: _Streets


class _Streets:
    """The street of each link; in a drawn area there may be several, told apart by their names.

    Parameters
    ----------
    layer, section
        The drive layer and the links in question.
    one
        Whether they are one street by the edit's own word, whatever its aliases.
    """

    def __init__(self, layer: StreetLayer, section: Section, one: bool) -> None:
        self.layer, self.section = layer, section
        self.whole = StreetLines.of(layer, section.street)
        self._one = one
        self._by_name: dict[int, StreetLines] = {}
        self._sided: dict[int, bool] = {}

    def of(self, link: int) -> StreetLines:
        """Lines of the street of a link; a link without a name is a street of its own."""
        name = int(self.layer.name_index[link])
        if self._one:
            return self.whole
        if name < 0:
            return StreetLines.of(self.layer, np.array([link]))
        if name not in self._by_name:
            street = self.section.street
            self._by_name[name] = StreetLines.of(self.layer, street[self.layer.name_index[street] == name])
        return self._by_name[name]

    def is_side_way(self, link: int) -> bool:
        """Whether a link is a side lane that is a way of its own."""
        if link not in self._sided:
            self._sided[link] = cross_cut(self.of(link), self.layer, link).higher
        return self._sided[link]

    def have_side_ways(self) -> bool:
        """Whether side lanes of the section are ways of their own."""
        return any(self.is_side_way(link) for link in self.section.links.tolist())


def add_wishes(city: City, edit: Edit, wanted: Wanted) -> None:
    """Find out what one edit wants.

    Raises
    ------
    EditFault
        If the map has no such street, section, side or lane, or the change makes no sense there.
    """
    if edit.change == "add_link":
        wanted.new.extend(new_links(city, edit, f"{edit.key}.link"))
        return
    if edit.change == "underground_link":
        wanted.new.extend(new_walk_links(city, edit, f"{edit.key}.link"))
        return
    if edit.change == "set_signal":
        _signal_wishes(city, edit, wanted)
        return
    alone = walked_only(city, edit) if edit.change in WALKING_CHANGES else None
    if alone is not None:
        wanted.matches.append(_match(city.walk, edit, alone))
        _along_pavements(edit, alone, wanted)
        if edit.values.get("closes", {}).get("roadway"):
            raise EditFault(f"{edit.where.street or edit.where.layer} has no roadway to close", f"{edit.key}.closes")
        return
    target = _target(city, edit)
    wanted.matches.append(_match(city.drive, edit, target.chosen))
    if edit.change in WALKING_CHANGES:
        _along_pavements(edit, _pavements(city, edit, target), wanted)
        closes = edit.values.get("closes", {})
        if closes.get("roadway"):
            _close_wishes(city, replace(edit, span_s=tuple(closes["span_s"])), target, wanted.links)
        return
    before = len(wanted.links)
    _MAKERS[edit.change](city, edit, target, wanted.links)
    if not any(_differs(city, wish) for wish in wanted.links[before:]):
        raise EditFault(
            f"{edit.change} changes nothing: the map says the same already",
            edit.key,
            "leave the measure out, or check its street and numbers",
        )


def _along_pavements(edit: Edit, links: Links, wanted: Wanted) -> None:
    """What a measure puts along walk links; an event may close them to those who only pass."""
    rows = tuple(links.tolist())
    wanted.life.append(StreetLife(edit.change, edit.measure, rows, dict(edit.values), edit.span_s))
    closes = edit.values.get("closes", {})
    if closes.get("pavement"):
        start_s, end_s = closes["span_s"]
        wanted.life.append(StreetLife("close_walk", edit.measure, rows, {"daily": edit.daily}, (start_s, end_s)))


def _differs(city: City, wish: Wish) -> bool:
    return bool(wish.value != value_before(city, wish.layer, wish.link, wish.field))


def value_before(city: City, layer_name: str, link: int, field_name: str) -> Any:
    """Field of a link as the city has it."""
    layer = city.drive if layer_name == "drive" else city.walk
    if field_name == "open":
        return bool(layer.free_speed_mps[link] > 0)
    if field_name == "closed_to":
        return city.closed_to.get(link, ())
    if field_name == "lanes":
        return int(layer.lanes[link])
    return float(layer.free_speed_mps[link] if field_name == "speed_mps" else layer.width_m[link])


def _target(city: City, edit: Edit) -> _Target:
    """Drive links an edit speaks of."""
    layer, where, key = city.drive, edit.where, f"{edit.key}.where"
    drawn: tuple[BaseGeometry, ...] = ()
    if where.features:
        drawn = tuple(find_features(city, where, key))
        inside = links_of_features(layer, list(drawn), where, key)
        if where.names:
            street = find_street(layer, where, key)
            inside = np.intersect1d(inside, street)
        else:
            street = np.flatnonzero(np.isin(layer.name_index, np.unique(layer.name_index[inside])))
        section = Section(street, inside)
    else:
        street = find_street(layer, where, key)
        section = find_section(layer, street, where, key)
    streets = _Streets(layer, section, bool(where.names))
    chosen = [link for link in section.links.tolist() if _is_meant(city, streets, edit, link)]
    if not chosen:
        raise EditFault(_none_chosen(edit), key, _choices(city, streets))
    return _Target(section, np.array(chosen, np.int64), drawn, streets)


def _is_meant(city: City, streets: _Streets, edit: Edit, link: int) -> bool:
    where, layer = edit.where, city.drive
    if not heads_for(layer, link, where.direction):
        return False
    # Where side lanes are ways of their own they are meant; else a lane of the one way is.
    if where.lanes == "side" and streets.have_side_ways() and not streets.is_side_way(link):
        return False
    if where.lanes == "main" and streets.is_side_way(link):
        return False
    return on_sides(city, streets.of(link), layer, link, where.sides, f"{edit.key}.where")


def _none_chosen(edit: Edit) -> str:
    where = edit.where
    words = [f"sides {', '.join(where.sides)}"] if where.sides else []
    words += [f"direction {where.direction}"] if where.direction else []
    words += [f"lanes {where.lanes}"] if where.lanes != "all" else []
    what = where.street or f"{where.layer} {', '.join(f.id for f in where.features)}"
    return f"no link of {what} fits: {'; '.join(words)}" if words else f"the section of {what} has no link"


def _choices(city: City, streets: _Streets) -> str:
    section = streets.section
    if not len(section.links):
        return f"crossings there: {', '.join(crossings_of(city.drive, section.street)) or 'none with a name'}"
    lanes = sorted({int(n) for n in city.drive.lanes[section.links]})
    side = "has" if streets.have_side_ways() else "has no"
    return f"{len(section.links)} links lie there, of {lanes} lanes; the street {side} side lanes as ways of their own"


def _match(layer: StreetLayer, edit: Edit, chosen: Links) -> Match:
    names = edit.where.names
    linked = links_named(layer, names) if names else chosen
    found: dict[str, int] = {}
    for link in linked.tolist():
        name = name_of(layer, link)
        found[name] = found.get(name, 0) + 1
    written = edit.where.street or f"{edit.where.layer}: {', '.join(f.id for f in edit.where.features)}"
    return Match(edit.measure, edit.change, written, dict(sorted(found.items())), resembling(layer, names), len(chosen))


# Changes ----------------------------------------------------------------------------------------------


def _pavement_wishes(city: City, edit: Edit, target: _Target, out: list[Wish]) -> None:
    """Close the side lanes or take a lane on each side, and widen the pavements beside them."""
    own_ways = edit.where.lanes == "side" and target.streets.have_side_ways()
    for link in target.chosen.tolist():
        if own_ways:
            out.append(Wish("drive", link, "open", False, edit))
        else:
            out.append(_lanes_wish(city, edit, link, -_lanes_taken(city, edit, target, link)))
    width_m = float(edit.values["pavement_width_m"]) - float(edit.values.get("furniture_m", 0.0))
    for link in _pavements(city, edit, target).tolist():
        before_m = float(city.walk.width_m[link])
        if math.isfinite(before_m) and width_m < before_m:
            raise EditFault(
                f"the pavement of {name_of(city.walk, link) or 'the street'} is {before_m:g} m wide there, "
                f"the edit leaves {width_m:g} m to walk on",
                f"{edit.key}.pavement_width",
                "widen it, end the section before, or give the furniture less",
            )
        out.append(Wish("walk", link, "width_m", width_m, edit))


def _lanes_taken(city: City, edit: Edit, target: _Target, link: int) -> int:
    """Lanes of one way that become pavement: one on each side meant, where both lie on it."""
    lines = target.streets.of(link)
    one_of_two = driven_both_ways(lines, link) or not cross_cut(lines, city.drive, link).is_middle
    return 1 if one_of_two else len(edit.where.sides) or 2


def _pavements(city: City, edit: Edit, target: _Target) -> Links:
    """Walk links that are the pavements of the section, on the sides meant.

    Raises
    ------
    EditFault
        If the walk layer has none there.
    """
    walk, key = city.walk, f"{edit.key}.where"
    names = {name_of(city.drive, link) for link in target.chosen.tolist()} - {""}
    named = links_named(walk, names) if names else np.empty(0, np.int64)
    found = _there(walk, named, target, edit) if len(named) else named
    if not len(found):
        plain = (walk.name_index < 0) & ((walk.flags & (CROSSING | STEPS | TUNNEL)) == 0)
        found = _unnamed(city, _there(walk, np.flatnonzero(plain), target, edit), target)
    lines = target.streets.whole
    sided = [link for link in found.tolist() if on_sides(city, lines, walk, link, edit.where.sides, key)]
    if not sided:
        raise EditFault("the walk layer has no pavement there", key, "use a map with pavements, or edit lanes alone")
    return np.array(sided, np.int64)


def _there(walk: StreetLayer, links: Links, target: _Target, edit: Edit) -> Links:
    """Walk links beside the section, or in and along what was drawn."""
    if target.drawn:
        inside = [links_of_feature(walk, area, edit.where.within_m) for area in target.drawn]
        return np.intersect1d(links, np.unique(np.concatenate(inside)))
    spine = target.section.spine
    return links if spine is None else links[beside(walk, links, spine, REACH_M)]


def _unnamed(city: City, links: Links, target: _Target) -> Links:
    """Paths without a name that run along the street, nearer to it than to any other."""
    drive = city.drive
    if not len(links):
        return links
    lines = lines_of(drive)
    x_m, y_m, east, north = middles(city.walk, links)
    points = shapely.points(x_m, y_m)
    nearest = np.asarray(shapely.STRtree(list(lines)).nearest(points), np.int64)
    distance_m = shapely.distance(lines[nearest], points)
    _, _, along_east, along_north = middles(drive, nearest)
    parallel = np.abs(east * along_east + north * along_north) >= _PARALLEL
    kept: Links = links[np.isin(nearest, target.section.links) & (distance_m <= _UNNAMED_REACH_M) & parallel]
    return kept


def _close_wishes(city: City, edit: Edit, target: _Target, out: list[Wish]) -> None:
    own_ways = target.streets.have_side_ways()
    for link in target.chosen.tolist():
        if edit.where.lanes == "side" and not own_ways:
            out.append(_lanes_wish(city, edit, link, -_lanes_taken(city, edit, target, link)))
        else:
            out.append(Wish("drive", link, "open", False, edit))


def _lane_wishes(city: City, edit: Edit, target: _Target, out: list[Wish]) -> None:
    for link in target.chosen.tolist():
        if "lanes" in edit.values:
            out.append(Wish("drive", link, "lanes", int(edit.values["lanes"]), edit))
        else:
            out.append(_lanes_wish(city, edit, link, int(edit.values["add"])))


def _lanes_wish(city: City, edit: Edit, link: int, more: int) -> Wish:
    layer = city.drive
    lanes = int(layer.lanes[link])
    if lanes + more < 1:
        raise EditFault(
            f"the edit takes {-more} of {lanes} lanes of {name_of(layer, link) or f'way {layer.way_id[link]}'} "
            f"(way {layer.way_id[link]}) and leaves none",
            edit.key,
            "take fewer, or write change: close",
        )
    return Wish("drive", link, "lanes", lanes + more, edit, relative=True)


def _speed_wishes(city: City, edit: Edit, target: _Target, out: list[Wish]) -> None:  # noqa: ARG001
    speed_mps = float(edit.values["speed_mps"])
    out.extend(Wish("drive", link, "speed_mps", speed_mps, edit) for link in target.chosen.tolist())


def _access_wishes(city: City, edit: Edit, target: _Target, out: list[Wish]) -> None:  # noqa: ARG001
    closed = tuple(name for name in VEHICLE_CLASSES if name in edit.values["closed_to"])
    out.extend(Wish("drive", link, "closed_to", closed, edit) for link in target.chosen.tolist())


_MAKERS: dict[str, Callable[[City, Edit, _Target, list[Wish]], None]] = {
    "lanes_to_pavement": _pavement_wishes,
    "close": _close_wishes,
    "set_lanes": _lane_wishes,
    "set_speed": _speed_wishes,
    "set_access": _access_wishes,
}


def _signal_wishes(city: City, edit: Edit, wanted: Wanted) -> None:
    """Plans for the lights of a street, at one crossing or along a section, with offsets as one drives."""
    layer, where, key = city.drive, edit.where, f"{edit.key}.where"
    street = find_street(layer, where, key)
    meant = street
    if where.at:
        nodes, away_m = meeting_nodes(layer, street, where.at, f"{key}.at"), {}
    else:
        section = find_section(layer, street, where, key)
        nodes = tuple(int(n) for n in np.union1d(layer.link_from[section.links], layer.link_to[section.links]))
        away_m, meant = _distances_m(layer, section), section.links
    lit = [node for node in nodes if layer.signal[node]]
    if not lit:
        raise EditFault(f"{where.street} has no traffic lights there", key, "name another crossing or section")
    speed_mps, cycle_s = edit.values.get("progression_mps"), float(edit.values["cycle_s"])
    name = layer.names[int(layer.name_index[street[0]])]
    for node in lit:
        later_s = away_m.get(node, 0.0) / float(speed_mps) if speed_mps else 0.0
        offset_s = (float(edit.values.get("offset_s", 0.0)) + later_s) % cycle_s
        wanted.signals.append(SignalWish(node, name, cycle_s, float(edit.values["green_share"]), offset_s, edit))
    wanted.matches.append(_match(city.drive, edit, meant))


def _distances_m(layer: StreetLayer, section: Section) -> dict[int, float]:
    """Metres from the start of a section to its nodes along the street, one-ways ignored."""
    return shortest_along(steps_of(layer, section.links.tolist()), section.start_nodes)[0]
