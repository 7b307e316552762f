"""What each element of a map is for: a street, the outline of a place, a square, or scenery."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from twin.city.marks import RELATION, WAY
from twin.city.reading.elements import TaggedRelation, TaggedWay, Tags
from twin.city.reading.place_tags import place_kind
from twin.city.reading.raw_map import RawMap
from twin.city.reading.restrictions import is_restriction
from twin.city.reading.rings import Ring, assemble_rings
from twin.city.reading.scenery_tags import LINE_KINDS, scenery_kind
from twin.city.reading.stop_areas import is_stop_area
from twin.city.reading.tags import street_class

#: Keys by which a relation that is drawn as an area may matter.
_AREA_TYPES = frozenset({"multipolygon", "boundary", "site"})


class Shape(NamedTuple):
    """Something drawn by outlines, in ids of nodes.

    Attributes
    ----------
    origin
        ``way 12`` or ``relation 12``, for messages.
    map_id
        Number of the way, negative for a relation: two kinds of element share their numbers.
    tags
        Of the way or relation; of the outer way where an old relation has none itself.
    outer, inner
        Rings; for a line ``outer`` is its one open line.
    """

    origin: str
    map_id: int
    tags: Tags
    outer: tuple[Ring, ...]
    inner: tuple[Ring, ...] = ()


@dataclass
class Sorted:
    """Elements by what they are for.

    Attributes
    ----------
    streets
        Ways that one may drive or walk along, ferries and platforms among them.
    restrictions
        Relations that restrict turns.
    outlines
        Places drawn as areas.
    squares
        Areas to walk over that are relations; those that are ways are streets with ``area=yes``.
    scenery
        Buildings, water, green, railways and land use.
    stop_areas
        Relations that say which platforms and exits belong together.
    """

    streets: list[TaggedWay] = field(default_factory=list)
    restrictions: list[TaggedRelation] = field(default_factory=list)
    outlines: list[Shape] = field(default_factory=list)
    squares: list[Shape] = field(default_factory=list)
    scenery: list[Shape] = field(default_factory=list)
    stop_areas: list[TaggedRelation] = field(default_factory=list)

    def street_nodes(self) -> set[int]:
        """Ids of nodes on streets and around squares."""
        needed = {ref for way in self.streets for ref in way.refs}
        needed.update(ref for shape in self.squares for ring in (*shape.outer, *shape.inner) for ref in ring)
        return needed

    def needed(self) -> set[int]:
        """Ids of all nodes whose position matters."""
        needed = self.street_nodes()
        for shape in (*self.outlines, *self.scenery):
            for ring in (*shape.outer, *shape.inner):
                needed.update(ring)
        return needed


def sort_elements(ways: Sequence[TaggedWay], relations: Iterable[TaggedRelation], raw: RawMap) -> Sorted:
    """Sort ways and relations by what they are for; what is broken is counted."""
    out = Sorted()
    by_id = {way.way_id: way for way in ways}
    drawn_again: set[int] = set()
    for relation in relations:
        if is_restriction(relation.tags):
            out.restrictions.append(relation)
        elif relation.tags.get("type") in _AREA_TYPES:
            _sort_area(relation, by_id, out, drawn_again, raw)
        elif is_stop_area(relation.tags):
            out.stop_areas.append(relation)
        else:
            words = f"relations: {relation.tags.get('type', 'without type')[:40]}"
            raw.unused.note(words)
            raw.mark(words, RELATION, relation.relation_id)
    for way in ways:
        tags = way.tags
        if not tags:
            continue
        if street_class(tags):
            _add_street(way, out, raw)
        if "highway" in tags:
            continue
        shape = Shape(f"way {way.way_id}", way.way_id, tags, (tuple(way.refs),))
        if place_kind(tags):
            out.outlines.append(shape)
        kind = scenery_kind(tags)
        if kind is None or way.way_id in drawn_again:
            continue
        closed = len(way.refs) >= 4 and way.refs[0] == way.refs[-1]
        if closed or (kind in LINE_KINDS and len(way.refs) >= 2):
            out.scenery.append(shape)
        else:
            words = f"{kind.replace('_', ' ')} outlines that are not closed"
            raw.dropped[words] += 1
            raw.mark(words, WAY, way.way_id)
    return out


def _add_street(way: TaggedWay, out: Sorted, raw: RawMap) -> None:
    out.streets.append(way)
    if "highway" in way.tags:
        raw.read["ways with highway"] += 1
    side = way.tags.get("driving_side")
    if side in ("left", "right"):
        raw.side_votes[side] += 1


def _sort_area(
    relation: TaggedRelation, by_id: dict[int, TaggedWay], out: Sorted, drawn_again: set[int], raw: RawMap
) -> None:
    """A relation that draws an area: its rings from its members, its tags from itself or its outer way."""
    members = [member for member in relation.members if member.kind == "w"]
    outer_ways = [by_id[m.ref] for m in members if m.role != "inner" and m.ref in by_id]
    tags = relation.tags
    if set(tags) <= {"type", "source", "created_by", "note"} and len(outer_ways) == 1:
        tags = outer_ways[0].tags  # as multipolygons were drawn until about 2016
    kind, place, square = scenery_kind(tags), place_kind(tags), bool(street_class(tags)) and "highway" in tags
    if relation.tags.get("type") != "multipolygon":
        kind, square = None, False  # the border of a ward is no thing one sees
    if kind is None and place is None and not square:
        return
    outer, torn = assemble_rings([way.refs for way in outer_ways])
    inner, torn_inside = assemble_rings([by_id[m.ref].refs for m in members if m.role == "inner" and m.ref in by_id])
    missing = sum(m.ref not in by_id for m in members)
    if missing or torn or torn_inside:
        what = "squares" if square else kind.replace("_", " ") if kind else "places"
        words = f"{what} drawn as relations with parts missing or torn"
        raw.dropped[words] += 1
        raw.mark(words, RELATION, relation.relation_id)
    if not outer:
        if place and outer_ways:  # a station whose outline is open still lies where its parts are
            line = tuple(ref for way in outer_ways for ref in way.refs)
            out.outlines.append(Shape(f"relation {relation.relation_id}", -relation.relation_id, tags, (line,)))
        return
    shape = Shape(f"relation {relation.relation_id}", -relation.relation_id, tags, tuple(outer), tuple(inner))
    if square:
        out.squares.append(shape)
        return
    if place:
        out.outlines.append(shape)
    if kind in LINE_KINDS:
        kind = None
    if kind is not None:
        out.scenery.append(shape)
        drawn_again.update(way.way_id for way in outer_ways if scenery_kind(way.tags) == kind)
