"""OSM XML and PBF into a raw map, with pyosmium: first the ways, then the nodes they need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from twin.city.reading.map_file import MapFile
from twin.city.reading.place_tags import PLACE_KEYS, place_kind
from twin.city.reading.raw_map import RawMap
from twin.city.reading.restrictions import RESTRICTION_KEYS, Member, is_restriction, read_restriction
from twin.city.reading.tagged import TaggedNode, TaggedWay, fill_map
from twin.city.reading.versions import is_history, newest_only, refuse_unfinished
from twin.errors import CityError

Progress = Callable[[str, float], None]


def read_osm(file: MapFile, progress: Progress) -> RawMap:
    """Ways with ``highway``, their nodes, and places.

    Ways are cut where a node is missing, as at the edge of an extract: a straight line over the gap would be
    a street that does not exist.

    Raises
    ------
    CityError
        If the file is damaged or is no OSM.
    """
    import osmium

    try:
        return _read(file, progress)
    except (RuntimeError, ValueError, osmium.InvalidLocationError) as error:  # pyosmium's own words for damage
        raise CityError(
            f"the map is damaged or cut short: {error}", where=str(file.source), mend="download or export it again"
        ) from error


def _read(file: MapFile, progress: Progress) -> RawMap:
    import osmium

    osm_file = osmium.io.File(str(file.path), "pbf" if file.kind == "pbf" else "osm")
    with osmium.io.Reader(osm_file, osmium.osm.osm_entity_bits.NOTHING) as reader:
        header = reader.header()
        raw = RawMap(generator=header.get("generator", ""))
        box = header.box()
        if box.valid():
            raw.bounds_deg = (box.bottom_left.lon, box.bottom_left.lat, box.top_right.lon, box.top_right.lat)
        several = bool(header.has_multiple_object_versions)
    remark = refuse_unfinished(file)
    if remark:
        raw.dropped[f"remark of the server that made the map: {remark}"] += 1
    progress("reading ways", 0.0)
    history = is_history(file, several)

    def items(kinds: Any, *keys: str) -> Iterable[Any]:
        found = osmium.FileProcessor(osm_file, kinds)
        return found.with_filter(osmium.filter.KeyFilter(*keys)) if keys else found

    if history:
        # The newest version may have lost the tags that older ones had: all must be seen.
        raw.read["versions: the file is a history, its newest versions are taken"] += 1
        ways = newest_only(lambda: items(osmium.osm.WAY | osmium.osm.RELATION))
    else:
        ways = iter(items(osmium.osm.WAY | osmium.osm.RELATION, *PLACE_KEYS, *RESTRICTION_KEYS))
    streets, place_ways = _sort_ways(_iterate_ways(ways, raw), raw)
    needed = {ref for way in streets for ref in way.refs}
    centred = {ref for way in place_ways for ref in way.refs}
    progress("reading nodes", 0.2)
    nodes = newest_only(lambda: items(osmium.osm.NODE)) if history else iter(items(osmium.osm.NODE))
    fill_map(raw, streets, place_ways, _iterate_nodes(nodes, needed | centred, raw), needed)
    return raw


def _iterate_ways(ways: Iterable[Any], raw: RawMap) -> Iterator[TaggedWay]:
    for item in ways:
        if item.is_relation():
            tags = {tag.k: tag.v for tag in item.tags}
            if is_restriction(tags):
                if not item.deleted:
                    read_restriction(item.id, tags, (Member(m.type, m.ref, m.role) for m in item.members), raw)
            elif "highway" in item.tags:
                raw.dropped["squares drawn as multipolygons (not used)"] += 1
        elif not item.deleted:
            yield TaggedWay(item.id, [node.ref for node in item.nodes], {tag.k: tag.v for tag in item.tags})


def _iterate_nodes(nodes: Iterable[Any], needed: set[int], raw: RawMap) -> Iterator[TaggedNode]:
    """Nodes that a way needs or that have tags."""
    for item in nodes:
        wanted, tagged = item.id in needed, len(item.tags) > 0
        if (not wanted and not tagged) or item.deleted:
            continue
        location = item.location
        if not location.valid():
            raw.dropped["nodes without a valid position"] += 1
            continue
        tags = {tag.k: tag.v for tag in item.tags} if tagged else {}
        yield TaggedNode(item.id, location.lon, location.lat, tags)


def _sort_ways(ways: Iterable[TaggedWay], raw: RawMap) -> tuple[list[TaggedWay], list[TaggedWay]]:
    """Ways that are streets, and ways (outlines) that are places."""
    streets, places = [], []
    seen: set[int] = set()
    for way in ways:
        if way.way_id in seen:
            raw.dropped["ways given twice"] += 1
            continue
        seen.add(way.way_id)
        if "highway" in way.tags:
            raw.read["ways with highway"] += 1
            streets.append(way)
            side = way.tags.get("driving_side")
            if side in ("left", "right"):
                raw.side_votes[side] += 1
        elif place_kind(way.tags):
            places.append(way)
    return streets, places
