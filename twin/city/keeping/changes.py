"""What changed between two dates of a map: streets, their attributes, lights, bans, places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from twin.city.city import City, StreetLayer
from twin.city.reading.road_classes import ROAD_CLASSES

#: A street that has become longer by less than this was redrawn, not changed; places move by more.
_SAME_M = 2.0
_MOVED_M = 5.0
_KMH = 3.6

Piece = tuple[int, int, int]
Value = Callable[[StreetLayer, int], Any]

#: What is compared of a piece of street, and how it is told.
_ATTRIBUTES: dict[str, Value] = {
    "class": lambda layer, i: ROAD_CLASSES[int(layer.road_class[i])],
    "name": lambda layer, i: layer.names[int(layer.name_index[i])] if layer.name_index[i] >= 0 else "",
    "lanes": lambda layer, i: int(layer.lanes[i]),
    "speed_kmh": lambda layer, i: round(float(layer.free_speed_mps[i]) * _KMH, 1),
    "width_m": lambda layer, i: None if np.isnan(layer.width_m[i]) else round(float(layer.width_m[i]), 1),
    "flags": lambda layer, i: int(layer.flags[i]),
    "closed_to": lambda layer, i: int(layer.rules.closed[i]) if len(layer.rules.closed) else 0,
    "local_to": lambda layer, i: int(layer.rules.local[i]) if len(layer.rules.local) else 0,
}


def city_changes(old: City, new: City) -> dict[str, Any]:
    """What a newer map of a place holds that an older one does not, and the other way round.

    A piece of street is known by the OSM nodes at its ends, so that a way that was split or joined without another
    crossing is the same; its length counts as changed from 2 m on. Places are known by their ids, and have moved from
    5 m on.

    Returns
    -------
    dict
        For ``drive`` and ``walk``: ``added``, ``removed`` (pieces with way, street, metres), ``changed`` (old and new
        values) and the sums; for the drive layer ``lights`` and ``banned_turns``; ``places``. Empty lists where
        nothing changed; ``same`` tells whether all are.
    """
    found: dict[str, Any] = {
        layer: _layer_changes(getattr(old, layer), getattr(new, layer)) for layer in ("drive", "walk")
    }
    found["lights"] = _both_ways(_lights(old.drive), _lights(new.drive))
    found["banned_turns"] = _both_ways(_bans(old.drive), _bans(new.drive))
    found["places"] = _place_changes(old, new)
    lists = [rows for part in found.values() for rows in part.values() if isinstance(rows, list)]
    return {"old": old.name, "new": new.name, "same": not any(lists), **found}


def change_lines(changes: dict[str, Any], most: int = 20) -> Iterator[str]:
    """The same for people: sums, then the first pieces of each kind."""
    if changes["same"]:
        yield f"{changes['old']} and {changes['new']} hold the same streets, lights, bans and places"
        return
    for layer in ("drive", "walk"):
        part = changes[layer]
        yield (
            f"{layer}: {len(part['added'])} pieces added ({part['added_m']:,} m), {len(part['removed'])} removed "
            f"({part['removed_m']:,} m), {len(part['changed'])} changed"
        )
        for what in ("added", "removed"):
            for piece in part[what][:most]:
                yield f"  {what}: {piece['street'] or 'no name'}, {piece['metres']} m, way {piece['way']}"
        for piece in part["changed"][:most]:
            told = ", ".join(f"{key} {a} -> {b}" for key, (a, b) in piece["values"].items())
            yield f"  changed: {piece['street'] or 'no name'}, way {piece['way']}: {told}"
        left = sum(max(len(part[what]) - most, 0) for what in ("added", "removed", "changed"))
        if left:
            yield f"  and {left} more; --json lists all"
    for name, words in (("lights", "nodes with lights"), ("banned_turns", "banned turns")):
        yield f"{words}: {len(changes[name]['added'])} added, {len(changes[name]['removed'])} removed"
    part = changes["places"]
    yield (
        f"places: {len(part['added'])} added, {len(part['removed'])} removed, {len(part['moved'])} moved, "
        f"{len(part['changed'])} changed"
    )


def _pieces(layer: StreetLayer) -> dict[Piece, int]:
    """Row of each piece, by the nodes at its ends and its number among those between them, the shortest first."""
    out: dict[Piece, int] = {}
    count: Counter[tuple[int, int]] = Counter()
    a, b = layer.node_id[layer.link_from].tolist(), layer.node_id[layer.link_to].tolist()
    for i in np.lexsort((layer.way_id, np.round(layer.length_m, 1))).tolist():
        ends = a[i], b[i]
        out[(*ends, count[ends])] = i
        count[ends] += 1
    return out


def _told(layer: StreetLayer, i: int) -> dict[str, Any]:
    return {
        "way": int(layer.way_id[i]),
        "street": _ATTRIBUTES["name"](layer, i),
        "metres": round(float(layer.length_m[i])),
        "from_node": int(layer.node_id[layer.link_from[i]]),
        "to_node": int(layer.node_id[layer.link_to[i]]),
    }


def _layer_changes(old: StreetLayer, new: StreetLayer) -> dict[str, Any]:
    before, after = _pieces(old), _pieces(new)
    added = [after[key] for key in sorted(after.keys() - before.keys())]
    removed = [before[key] for key in sorted(before.keys() - after.keys())]
    changed = []
    for key in sorted(before.keys() & after.keys()):
        i, j = before[key], after[key]
        pairs = {name: (value(old, i), value(new, j)) for name, value in _ATTRIBUTES.items()}
        if abs(float(old.length_m[i] - new.length_m[j])) >= _SAME_M:
            pairs["metres"] = (round(float(old.length_m[i]), 1), round(float(new.length_m[j]), 1))
        values = {name: [a, b] for name, (a, b) in pairs.items() if a != b}
        if values:
            changed.append({**_told(new, j), "values": values})
    return {
        "added": [_told(new, i) for i in added],
        "removed": [_told(old, i) for i in removed],
        "changed": changed,
        "added_m": round(float(new.length_m[added].sum())),
        "removed_m": round(float(old.length_m[removed].sum())),
    }


def _lights(layer: StreetLayer) -> set[int]:
    return set(layer.node_id[layer.signal].tolist())


def _bans(layer: StreetLayer) -> set[tuple[Any, ...]]:
    """Banned sequences as the nodes passed, with classes and hours."""
    rules = layer.rules
    out: set[tuple[Any, ...]] = set()
    for k in range(rules.ban_count):
        links = rules.ban_link[rules.ban_ptr[k] : rules.ban_ptr[k + 1]]
        nodes = [*layer.node_id[layer.link_from[links]].tolist(), int(layer.node_id[layer.link_to[links[-1]]])]
        hours = int(rules.ban_days[k]), float(rules.ban_from_s[k]), float(rules.ban_to_s[k])
        out.add((tuple(nodes), int(rules.ban_classes[k]), *hours))
    return out


def _both_ways(before: set[Any], after: set[Any]) -> dict[str, list[Any]]:
    return {"added": sorted(after - before), "removed": sorted(before - after)}


def _place_changes(old: City, new: City) -> dict[str, Any]:
    # A city is named after its folder; what follows the name is the place.
    before = {place.id.split("/", 1)[-1]: place for place in old.places}
    after = {place.id.split("/", 1)[-1]: place for place in new.places}
    moved, changed = [], []
    for id_ in sorted(before.keys() & after.keys()):
        a, b = before[id_], after[id_]
        by_m = float(np.hypot((a.x_m - b.x_m), (a.y_m - b.y_m))) if old.crs == new.crs else 0.0
        if by_m >= _MOVED_M:
            moved.append({"id": id_, "metres": round(by_m, 1)})
        if (a.name_ja, a.name_en, dict(a.attributes)) != (b.name_ja, b.name_en, dict(b.attributes)):
            changed.append(id_)
    return {**_both_ways(set(before), set(after)), "moved": moved, "changed": changed}
