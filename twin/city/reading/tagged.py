"""From tagged ways and nodes, whatever file they come from, to a raw map."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from twin.city.marks import NODE, RELATION, WAY
from twin.city.reading.barriers import barrier_access, is_barrier, speaks_beside, stops_walkers
from twin.city.reading.elements import NodeTable, TaggedWay, Tags
from twin.city.reading.ferries import ferry_time_s, parse_duration_s
from twin.city.reading.pavements import drawn_separately
from twin.city.reading.place_reader import read_places
from twin.city.reading.raw_map import OPEN_TO_ALL, Direction, RawMap, RawSquare, RawWay, StreetFacts, WayFacts
from twin.city.reading.restrictions import read_restriction
from twin.city.reading.road_classes import CLASS_INDEX
from twin.city.reading.scenery_reader import read_shapes
from twin.city.reading.sorting import Shape, Sorted
from twin.city.reading.stop_areas import read_stop_areas
from twin.city.reading.tags import is_crossing, is_signal, street_class, way_facts
from twin.city.reading.unused import DRIVE_WAY_KEYS, NODE_KEYS, WALK_WAY_KEYS

_WAY_KEYS = DRIVE_WAY_KEYS | WALK_WAY_KEYS
_FERRY = CLASS_INDEX["ferry"]
_EARTH_M = 6_371_009.0


def fill_map(raw: RawMap, found: Sorted, nodes: NodeTable) -> None:
    """Fill a raw map.

    Ways are cut where a node is missing, as at the edge of an extract: a straight line over the gap would be a
    street that does not exist.

    Parameters
    ----------
    raw
        Empty but for its generator and counts.
    found
        Streets, places, squares and scenery.
    nodes
        Nodes that a way needs or that have tags.
    """
    node_tags = nodes.tags
    needed = np.fromiter(found.street_nodes(), np.int64)
    needed.sort()
    rows = nodes.rows(needed)
    raw.node_id, rows = needed[rows >= 0], rows[rows >= 0]
    raw.lon_deg, raw.lat_deg = nodes.lon_deg[rows], nodes.lat_deg[rows]
    ids = raw.node_id.tolist()
    row = {node_id: i for i, node_id in enumerate(ids)}
    raw.signal = np.array([i in node_tags and is_signal(node_tags[i]) for i in ids], np.bool_)
    raw.crossing = np.array([i in node_tags and is_crossing(node_tags[i]) for i in ids], np.bool_)
    raw.read["nodes of ways"] = len(ids)
    for node_id in ids:
        if node_id in node_tags:
            _add_node(raw, row[node_id], node_tags[node_id])
    read = _reader(raw, row)
    for way in found.streets:
        _add_way(raw, way, row, read)
    _infer_lanes(raw)
    for relation in found.restrictions:
        read_restriction(relation.relation_id, relation.tags, relation.members, raw, row)
    _add_squares(raw, found.squares, row)
    raw.stop_areas = read_stop_areas(found.stop_areas, found.streets, nodes, row, raw)
    raw.places.extend(read_places(found.outlines, nodes, row, raw))
    raw.scenery = read_shapes(found.scenery, nodes, raw.dropped)


def _add_node(raw: RawMap, row: int, tags: Tags) -> None:
    """A node with tags on a street: what of them is not used, and whether it is a barrier."""
    raw.unused.look("nodes", tags, NODE_KEYS)

    def note(words: str) -> None:
        raw.unused.note(words)
        raw.mark(words, NODE, int(raw.node_id[row]), row)

    if tags.get("highway") == "elevator":
        note("lifts drawn as nodes, passed without a wait")
    if is_barrier(tags):
        raw.read["barriers on streets"] += 1
        if (access := barrier_access(tags, note)) != OPEN_TO_ALL:
            raw.barriers[row] = access
        if stops_walkers(tags, note):
            raw.walk_barriers.add(row)
    elif speaks_beside(tags):
        note("nodes: words of access without a barrier")


def _add_squares(raw: RawMap, squares: Sequence[Shape], row: Mapping[int, int]) -> None:
    """Squares that are relations; one that is torn at the edge of the map is counted."""
    for shape in squares:
        facts = way_facts({**shape.tags, "area": "yes"})
        if facts is None or facts.walk is None:
            raw.dropped["squares nobody may walk over"] += 1
            continue
        rings = [tuple(row[ref] for ref in ring if ref in row) for ring in (*shape.outer, *shape.inner)]
        whole = [len(ring) == len(ids) for ring, ids in zip(rings, (*shape.outer, *shape.inner), strict=True)]
        outer = tuple(ring for ring, sound in zip(rings, whole, strict=False) if sound)[: len(shape.outer)]
        if not all(whole[: len(shape.outer)]):
            raw.dropped["squares with nodes that are not in the file"] += 1
            raw.mark("squares with nodes that are not in the file", RELATION, -shape.map_id)
            continue
        inner = tuple(
            ring for ring, sound in zip(rings[len(shape.outer) :], whole[len(shape.outer) :], strict=True) if sound
        )
        raw.read["squares drawn as relations"] += 1
        raw.squares.append(RawSquare(shape.map_id, outer, inner, facts))


def _reader(raw: RawMap, row: Mapping[int, int]) -> Callable[[TaggedWay], WayFacts | None]:
    """Reader of tags that remembers: thousands of ways of a city say the same."""
    known: dict[tuple[tuple[str, str], ...], tuple[WayFacts | None, list[str]]] = {}

    def read(way: TaggedWay) -> WayFacts | None:
        tags = way.tags
        key = tuple(sorted(tags.items()))
        if key not in known:
            notes: list[str] = []
            facts = way_facts(tags, notes.append)
            known[key] = facts, list(dict.fromkeys(notes))  # both directions of a way are one way
        facts, notes = known[key]
        for note in notes:
            raw.unused.note(note)
            raw.mark(
                note, WAY, way.way_id, next((row[ref] for ref in way.refs[len(way.refs) // 2 :] if ref in row), -1)
            )
        return facts

    return read


def _middle(way: TaggedWay, row: Mapping[int, int]) -> int:
    """Row of the first node from the middle of a way on that is in the file, -1 without one."""
    return next((row[ref] for ref in way.refs[len(way.refs) // 2 :] if ref in row), -1)


def _add_way(raw: RawMap, way: TaggedWay, row: Mapping[int, int], read: Callable[[TaggedWay], WayFacts | None]) -> None:
    facts = read(way)
    if facts is None:
        name = street_class(way.tags)[:40]
        words = f"ways not for cars or walkers: {'highway=' if 'highway' in way.tags else ''}{name}"
        raw.dropped[words] += 1
        raw.mark(words, WAY, way.way_id, _middle(way, row))
        return
    raw.unused.look("ways", way.tags, _WAY_KEYS)
    runs: list[list[int]] = [[]]
    missing = 0
    for i, ref in enumerate(way.refs):
        if ref not in row:
            missing += 1
            runs.append([])
            raw.border.update(
                row[near] for near in (way.refs[max(i - 1, 0)], way.refs[min(i + 1, len(way.refs) - 1)]) if near in row
            )
        elif not runs[-1] or runs[-1][-1] != row[ref]:
            runs[-1].append(row[ref])
    if missing:
        raw.dropped["references to nodes that are not in the file"] += missing
        raw.dropped["ways cut or shortened for want of nodes"] += 1
        near = next((row[ref] for ref in way.refs if ref in row), -1)
        raw.mark("ways cut or shortened for want of nodes", WAY, way.way_id, near)
    usable = [run for run in runs if len(run) >= 2]
    if not usable:
        raw.dropped["ways with fewer than two nodes"] += 1
        raw.mark("ways with fewer than two nodes", WAY, way.way_id)
    if facts.walk is not None and facts.walk.road_class == _FERRY:
        facts = _with_crossing_time(facts, facts.walk, way, usable, raw)
    if facts.drive is not None and drawn_separately(way.tags):
        raw.separate.extend(tuple(run) for run in usable)
    raw.ways.extend(RawWay(way.way_id, tuple(run), facts) for run in usable)


def _with_crossing_time(
    facts: WayFacts, walk: StreetFacts, way: TaggedWay, runs: Sequence[Sequence[int]], raw: RawMap
) -> WayFacts:
    """Facts of a ferry with the pace that its crossing and wait come to."""
    length_m = 0.0
    for run in runs:
        for a, b in itertools.pairwise(run):
            north = math.radians(raw.lat_deg[b] - raw.lat_deg[a])
            east = math.radians((raw.lon_deg[b] - raw.lon_deg[a] + 180) % 360 - 180)
            length_m += _EARTH_M * math.hypot(north, east * math.cos(math.radians(raw.lat_deg[a])))
    time_s, assumed = ferry_time_s(way.tags, length_m)
    if any(key in way.tags and parse_duration_s(way.tags[key]) is None for key in ("duration", "interval")):
        words = "times of ferries that are not understood"
        raw.unused.note(words)
        raw.mark(words, WAY, way.way_id, next((run[0] for run in runs if run), -1))
    pace = Direction(0, max(length_m, 1.0) / time_s)
    walk = walk._replace(forward=walk.forward and pace, backward=walk.backward and pace)
    return facts._replace(walk=walk, assumed=(*(key for key in facts.assumed if key != "width"), *assumed))


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
    least = {key: min(lanes) for key, lanes in tagged.items()}
    known: dict[int, WayFacts] = {}  # by the very facts, which ways with the same tags share
    for i, way in enumerate(raw.ways):
        drive = way.facts.drive
        if drive is None or "lanes" not in way.facts.assumed or _street_key(drive) not in least:
            continue
        facts = known.get(id(way.facts))
        if facts is None:
            facts = known[id(way.facts)] = _with_lanes(way.facts, drive, least[_street_key(drive)])
        raw.ways[i] = RawWay(way.way_id, way.rows, facts)


def _with_lanes(facts: WayFacts, drive: StreetFacts, lanes_count: int) -> WayFacts:
    drive = drive._replace(
        forward=drive.forward and drive.forward._replace(lanes=lanes_count),
        backward=drive.backward and drive.backward._replace(lanes=lanes_count),
    )
    assumed = tuple("lanes of street" if key == "lanes" else key for key in facts.assumed)
    return facts._replace(drive=drive, assumed=assumed)


def _street_key(drive: StreetFacts) -> tuple[str, int, bool]:
    return drive.name, drive.road_class, drive.forward is not None and drive.backward is not None
