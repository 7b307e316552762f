"""Answers of the Overpass API in JSON: the same elements as OSM XML holds, also where they carry their geometry."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from twin.city.reading.elements import Member, Newest, NodeTable, TaggedRelation, TaggedWay, Tags, count_versions
from twin.city.reading.map_file import MapFile, refuse_remark
from twin.city.reading.raw_map import RawMap
from twin.city.reading.sorting import sort_elements
from twin.city.reading.tagged import fill_map
from twin.errors import CityError

Progress = Callable[[str, float], None]

_KINDS = {"node": "n", "way": "w", "relation": "r"}
_MOST_ID = 1 << 62


def read_overpass(file: MapFile, progress: Progress) -> RawMap:
    """Raw map of an Overpass answer (``[out:json]``), with the nodes in it or in the ways (``out geom``).

    Raises
    ------
    CityError
        If the file is damaged, is other JSON, or its server ran out of time or memory.
    """
    progress("reading ways and nodes", 0.0)
    where = str(file.source)
    try:
        answer = json.loads(file.path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise CityError(f"the JSON file is damaged: {error}", where=where, mend="ask for it again") from error
    return overpass_map(answer, where)


def overpass_map(answer: Any, where: str) -> RawMap:
    """Raw map of an answer as JSON gives it; errors as of :func:`read_overpass`."""
    elements = answer.get("elements") if isinstance(answer, dict) else None
    if not isinstance(elements, list):
        kind = f" but a {answer['type']} of GeoJSON" if isinstance(answer, dict) and "type" in answer else ""
        raise CityError(
            f"this is no map: JSON, and no answer of Overpass{kind:.60}",
            where=where,
            mend="ask Overpass with [out:json], or give OSM XML or PBF; GeoJSON of buildings goes to --scenery",
        )
    raw = RawMap(generator=str(answer.get("generator", "")), as_of=_state_of(answer))
    if "remark" in answer:
        refuse_remark(str(answer["remark"]), where, raw.dropped)
    ways: Newest[TaggedWay] = Newest()
    relations: Newest[TaggedRelation] = Newest()
    nodes = NodeTable()
    try:
        for element in elements:
            _add(element, ways, relations, nodes, raw)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise CityError(
            f"an element of the answer is damaged: {type(error).__name__} {error}",
            where=where,
            mend="ask Overpass again, or export OSM XML",
        ) from error
    nodes.close()
    older, doubles = ways.older + relations.older + nodes.older, {"ways": ways.doubles, "relations": relations.doubles}
    count_versions(older, doubles, raw.dropped)
    fill_map(raw, sort_elements(ways.sorted(), relations.sorted(), raw), nodes)
    return raw


def _state_of(answer: Mapping[str, Any]) -> str:
    """Moment of the data that the answer shows."""
    state = answer.get("osm3s")
    return str(state.get("timestamp_osm_base", ""))[:40] if isinstance(state, Mapping) else ""


def _tags(element: Mapping[str, Any]) -> Tags:
    return {str(key): str(value) for key, value in (element.get("tags") or {}).items()}


def _add(
    element: Mapping[str, Any],
    ways: Newest[TaggedWay],
    relations: Newest[TaggedRelation],
    nodes: NodeTable,
    raw: RawMap,
) -> None:
    kind, number, version = element["type"], int(element["id"]), int(element.get("version", 0))
    if abs(number) > _MOST_ID:
        raise ValueError(f"id {number} is beyond 64 bits")
    if kind == "node":
        _add_node(nodes, number, version, element.get("lon"), element.get("lat"), _tags(element), raw)
    elif kind == "way":
        refs = [int(ref) for ref in element.get("nodes", ())]
        for ref, point in zip(refs, element.get("geometry") or (), strict=False):
            if point is not None:  # out geom: null beyond the box that was asked for
                _add_node(nodes, ref, -1, point["lon"], point["lat"], {}, raw)
        ways.add(number, version, TaggedWay(number, refs, _tags(element)))
    elif kind == "relation":
        members = [Member(_KINDS[m["type"]], int(m["ref"]), str(m.get("role", ""))) for m in element.get("members", ())]
        relations.add(number, version, TaggedRelation(number, members, _tags(element)))


def _add_node(nodes: NodeTable, number: int, version: int, lon_deg: Any, lat_deg: Any, tags: Tags, raw: RawMap) -> None:
    if lon_deg is None or lat_deg is None or not (abs(float(lon_deg)) <= 180 and abs(float(lat_deg)) <= 90):
        raw.dropped["nodes without a valid position"] += 1
        return
    # OSM files hold seven digits; rounding in binary as the other reader does keeps bytes alike.
    table_lon, table_lat = (round(float(value) * 1e7) / 1e7 for value in (lon_deg, lat_deg))
    if math.isfinite(table_lon) and math.isfinite(table_lat):
        nodes.add(number, version, table_lon, table_lat, tags)
