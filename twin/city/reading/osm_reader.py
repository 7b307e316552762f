"""OSM XML and PBF into a raw map, with pyosmium: first ways and relations, then the nodes they need."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from twin.city.reading.elements import Member, Newest, NodeTable, TaggedRelation, TaggedWay, count_versions
from twin.city.reading.map_file import MapFile, check_remark
from twin.city.reading.raw_map import RawMap
from twin.city.reading.sorting import Sorted, sort_elements
from twin.city.reading.tagged import fill_map
from twin.errors import CityError

Progress = Callable[[str, float], None]


def read_osm(file: MapFile, progress: Progress) -> RawMap:
    """Ways with ``highway``, their nodes, places, and what stands and lies between the streets.

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
        state = header.get("osmosis_replication_timestamp", "") or header.get("timestamp", "")
        raw = RawMap(generator=header.get("generator", ""), as_of=state[:40])
        box = header.box()
        if box.valid():
            raw.bounds_deg = (box.bottom_left.lon, box.bottom_left.lat, box.top_right.lon, box.top_right.lat)
    if file.kind == "osm":
        check_remark(file, raw.dropped)
    progress("reading ways", 0.0)
    ways: Newest[TaggedWay] = Newest()
    relations: Newest[TaggedRelation] = Newest()
    # No filter by tag: members of squares have none, and a later version may have lost those of an earlier one.
    items: Iterable[Any] = osmium.FileProcessor(osm_file, osmium.osm.WAY | osmium.osm.RELATION)
    for item in items:
        if item.is_way():
            way = TaggedWay(item.id, [node.ref for node in item.nodes], dict(item.tags))
            ways.add(item.id, item.version, None if item.deleted else way)
        else:
            members = [Member(member.type, member.ref, member.role) for member in item.members]
            relation = TaggedRelation(item.id, members, dict(item.tags))
            relations.add(item.id, item.version, None if item.deleted else relation)
    found = sort_elements(ways.sorted(), relations.sorted(), raw)
    progress("reading nodes", 0.2)
    nodes = _read_nodes(osmium.FileProcessor(osm_file, osmium.osm.NODE), found, raw)
    older, doubles = ways.older + relations.older + nodes.older, {"ways": ways.doubles, "relations": relations.doubles}
    count_versions(older, {**doubles, "nodes": nodes.doubles}, raw.dropped)
    fill_map(raw, found, nodes)
    return raw


def _read_nodes(nodes: Any, found: Sorted, raw: RawMap) -> NodeTable:
    """Nodes that a way needs or that have tags."""
    table, needed = NodeTable(), found.needed()
    for item in nodes:
        node_id = item.id
        tagged = len(item.tags) > 0
        if not tagged and node_id not in needed:
            table.pass_over(node_id, item.version)
            continue
        if item.deleted:
            table.add(node_id, item.version, float("nan"), float("nan"), {})
            continue
        location = item.location
        if not location.valid():
            raw.dropped["nodes without a valid position"] += 1
            continue
        table.add(node_id, item.version, location.lon, location.lat, dict(item.tags) if tagged else {})
    table.close()
    return table
