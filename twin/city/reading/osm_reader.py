"""OSM XML and PBF into a raw map, with pyosmium: first ways and relations, then the nodes they need."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.city.reading.elements import Member, Newest, NodeTable, TaggedRelation, TaggedWay, count_versions
from twin.city.reading.map_file import MapFile, check_remark
from twin.city.reading.pbf_blocks import UNITS_PER_DEG, NotPlainError, PlainPbf, degrees
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
    if file.kind == "pbf":
        empty = copy.deepcopy(raw)
        try:
            return _read_plain(PlainPbf(file.path), raw, progress)
        except NotPlainError:
            raw = empty  # libosmium reads what is not plain, and says what is damaged
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
    return _filled(raw, ways, relations, nodes, found)


def _filled(
    raw: RawMap, ways: Newest[TaggedWay], relations: Newest[TaggedRelation], nodes: NodeTable, found: Sorted
) -> RawMap:
    older, doubles = ways.older + relations.older + nodes.older, {"ways": ways.doubles, "relations": relations.doubles}
    count_versions(older, {**doubles, "nodes": nodes.doubles}, raw.dropped)
    fill_map(raw, found, nodes)
    return raw


def _read_plain(pbf: PlainPbf, raw: RawMap, progress: Progress) -> RawMap:
    """The same from a plain PBF file, by columns."""
    progress("reading ways", 0.0)
    ways: Newest[TaggedWay] = Newest()
    relations: Newest[TaggedRelation] = Newest()
    for item, version in pbf.ways_and_relations():
        if isinstance(item, TaggedWay):
            ways.add(item.way_id, version, item)
        else:
            relations.add(item.relation_id, version, item)
    found = sort_elements(ways.sorted(), relations.sorted(), raw)
    progress("reading nodes", 0.2)
    table, ids = NodeTable(), found.needed()
    needed = np.fromiter(ids, np.int64, len(ids))
    needed.sort()
    for group in pbf.nodes():
        wanted = _among(group.node_id, needed)
        wanted[list(group.tags)] = True
        valid = (np.abs(group.lon) <= 180 * UNITS_PER_DEG) & (np.abs(group.lat) <= 90 * UNITS_PER_DEG)
        raw.dropped["nodes without a valid position"] += int((wanted & ~valid).sum())
        bare = ~wanted & (group.version > 1)
        table.pass_over_many(group.node_id[bare], group.version[bare])
        take = wanted & valid
        tags = [(int(group.node_id[i]), (int(group.version[i]), said)) for i, said in group.tags.items() if take[i]]
        table.add_many(
            group.node_id[take], group.version[take], degrees(group.lon[take]), degrees(group.lat[take]), tags
        )
    table.close()
    return _filled(raw, ways, relations, table, found)


def _among(ids: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(n,) bool: which ids are among some that are sorted."""
    if not wanted.size:
        return np.zeros(ids.shape, np.bool_)
    return np.asarray(wanted[np.minimum(np.searchsorted(wanted, ids), wanted.size - 1)] == ids)


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
