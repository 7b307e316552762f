"""From tagged ways and nodes, whatever file they come from, to a raw map."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from twin.city.reading.barriers import barrier_states, has_hours, is_barrier, stops_walkers
from twin.city.reading.place_tags import place_kind, read_place
from twin.city.reading.raw_map import RawMap, RawPlace, RawWay, StreetFacts
from twin.city.reading.tags import Tags, is_crossing, is_signal, way_facts
from twin.city.reading.unused import DRIVE_WAY_KEYS, NODE_KEYS, WALK_WAY_KEYS

_WAY_KEYS = DRIVE_WAY_KEYS | WALK_WAY_KEYS


class TaggedWay(NamedTuple):
    """A way with the ids of its nodes."""

    way_id: int
    refs: Sequence[int]
    tags: Tags


class TaggedNode(NamedTuple):
    """A node with its position in degrees."""

    node_id: int
    lon_deg: float
    lat_deg: float
    tags: Tags


def fill_map(
    raw: RawMap,
    streets: Iterable[TaggedWay],
    place_ways: Iterable[TaggedWay],
    nodes: Iterable[TaggedNode],
    needed: set[int],
) -> None:
    """Fill a raw map.

    Ways are cut where a node is missing, as at the edge of an extract: a straight line over the gap would be a
    street that does not exist.

    Parameters
    ----------
    raw
        Empty but for its generator and counts.
    streets
        Ways with ``highway``.
    place_ways
        Outlines that are places, each put at the middle of its corners.
    nodes
        Nodes that a way needs or that have tags.
    needed
        Ids of the nodes of streets.
    """
    found: dict[int, tuple[float, float]] = {}
    node_tags: dict[int, Tags] = {}
    tagged: list[TaggedNode] = []
    for node in nodes:
        found[node.node_id] = (node.lon_deg, node.lat_deg)
        if node.tags:
            node_tags[node.node_id] = node.tags
            if node.node_id in needed:
                raw.unused.look("nodes", node.tags, NODE_KEYS)
            if place_kind(node.tags):
                tagged.append(node)
    ids = sorted(needed & found.keys())
    row = {node_id: i for i, node_id in enumerate(ids)}
    raw.node_id = np.array(ids, np.int64)
    raw.lon_deg = np.array([found[i][0] for i in ids], np.float64)
    raw.lat_deg = np.array([found[i][1] for i in ids], np.float64)
    raw.signal = np.array([i in node_tags and is_signal(node_tags[i]) for i in ids], np.bool_)
    raw.crossing = np.array([i in node_tags and is_crossing(node_tags[i]) for i in ids], np.bool_)
    raw.read["nodes of ways"] = len(ids)
    for node_id, tags in node_tags.items():
        if node_id in row and is_barrier(tags):
            raw.read["barriers on streets"] += 1
            if (states := barrier_states(tags)) != (0, 0):
                raw.barriers[row[node_id]] = states
            if stops_walkers(tags):
                raw.walk_barriers.add(row[node_id])
            if has_hours(tags):
                raw.unused.note("barriers: hours in which they open")
    for way in streets:
        _add_way(raw, way, row)
    _infer_lanes(raw)
    for node in tagged:
        place = read_place(
            node.tags, f"node {node.node_id}", str(node.node_id), node.lon_deg, node.lat_deg,
            row.get(node.node_id, -1),
        )
        _add_place(raw, place)
    for way in place_ways:
        corners = [found[ref] for ref in dict.fromkeys(way.refs) if ref in found]
        if corners:
            lon_deg, lat_deg = np.mean(corners, axis=0).tolist()
            _add_place(raw, read_place(way.tags, f"way {way.way_id}", f"w{way.way_id}", lon_deg, lat_deg, -1))


def _add_place(raw: RawMap, place: RawPlace | None) -> None:
    if place is not None:
        raw.read["places"] += 1
        raw.places.append(place)


def _add_way(raw: RawMap, way: TaggedWay, row: Mapping[int, int]) -> None:
    facts = way_facts(way.tags, raw.unused.note)
    if facts is None:
        raw.dropped[f"ways not for cars or walkers: highway={way.tags['highway'][:40]}"] += 1
        return
    raw.unused.look("ways", way.tags, _WAY_KEYS)
    runs: list[list[int]] = [[]]
    missing = 0
    for i, ref in enumerate(way.refs):
        if ref not in row:
            missing += 1
            runs.append([])
            raw.border.update(row[near] for near in (way.refs[max(i - 1, 0)], way.refs[min(i + 1, len(way.refs) - 1)])
                              if near in row)
        elif not runs[-1] or runs[-1][-1] != row[ref]:
            runs[-1].append(row[ref])
    if missing:
        raw.dropped["references to nodes that are not in the file"] += missing
        raw.dropped["ways cut or shortened for want of nodes"] += 1
    usable = [run for run in runs if len(run) >= 2]
    if not usable:
        raw.dropped["ways with fewer than two nodes"] += 1
    raw.ways.extend(RawWay(way.way_id, tuple(run), facts) for run in usable)


def _infer_lanes(raw: RawMap) -> None:
    """Give ways without lanes those of the rest of their street: same name, class and direction, if tagged.

    The least value is taken: parts are tagged where a street is wide, and too many lanes would hide a queue.
    Still it is nearer the truth than a default for the class, which knows nothing of the street.
    """
    tagged: dict[tuple[str, int, bool], list[int]] = {}
    for way in raw.ways:
        drive = way.facts.drive
        if drive is not None and drive.name and "lanes" not in way.facts.assumed:
            lanes = [d.lanes for d in (drive.forward, drive.backward) if d is not None]
            tagged.setdefault(_street_key(drive), []).extend(lanes)
    for i, way in enumerate(raw.ways):
        drive = way.facts.drive
        if drive is None or "lanes" not in way.facts.assumed or _street_key(drive) not in tagged:
            continue
        lanes_count = min(tagged[_street_key(drive)])
        drive = drive._replace(
            forward=drive.forward and drive.forward._replace(lanes=lanes_count),
            backward=drive.backward and drive.backward._replace(lanes=lanes_count),
        )
        assumed = tuple("lanes of street" if key == "lanes" else key for key in way.facts.assumed)
        raw.ways[i] = replace(way, facts=way.facts._replace(drive=drive, assumed=assumed))


def _street_key(drive: StreetFacts) -> tuple[str, int, bool]:
    return drive.name, drive.road_class, drive.forward is not None and drive.backward is not None
