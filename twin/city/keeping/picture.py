"""What a map of a city as read shows: pieces of street with their rules, lights, banned turns, edges, places."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.city.city import City, StreetLayer
from twin.city.reading.projection import project
from twin.city.reading.road_classes import ROAD_CLASSES
from twin.city.routing.turns import reverse_links
from twin.columns import VEHICLE_CLASSES

_DECIMETRES = 10.0
_KMH = 3.6


def city_picture(city: City, report: Sequence[str]) -> dict[str, Any]:
    """Everything a page needs, as plain numbers and words: whole decimetres from the south-western corner.

    Parameters
    ----------
    city
        A city.
    report
        Lines of its build report.

    Returns
    -------
    dict
        ``name``, ``crs``, ``attribution``, ``report``, and ``drawn``: ``size`` (two numbers), ``drive`` and ``walk``
        (``way``, ``from``, ``to``, ``class``, ``name``, ``lanes``, ``kmh``, ``oneway``, ``closed`` per piece, ``ptr``
        and ``xy`` of their shapes), ``lights``, ``bans``, ``places``, ``classes``, ``vehicles``; ``dropped`` (kind of
        element, id, row of ``words``, and its position if it has one) and ``assumed`` (rows of ``words`` by way).
    """
    layers = [layer for layer in (city.drive, city.walk) if layer.node_count]
    west = min((float(layer.x_m.min()) for layer in layers), default=0.0)
    south = min((float(layer.y_m.min()) for layer in layers), default=0.0)
    east = max((float(layer.x_m.max()) for layer in layers), default=0.0)
    north = max((float(layer.y_m.max()) for layer in layers), default=0.0)
    drive = city.drive

    def spot(x_m: float, y_m: float) -> list[int]:
        return [round((x_m - west) * _DECIMETRES), round((y_m - south) * _DECIMETRES)]

    rules = drive.rules
    bans = []
    for k in range(rules.ban_count):
        links = rules.ban_link[rules.ban_ptr[k] : rules.ban_ptr[k + 1]].tolist()
        always = bool(rules.ban_from_s[k] <= 0 and rules.ban_to_s[k] >= 86400)
        bans.append([links, int(rules.ban_classes[k]), 1 if always else 0])
    lights = [
        [*spot(float(drive.x_m[n]), float(drive.y_m[n])), int(drive.node_id[n])] for n in np.flatnonzero(drive.signal)
    ]
    places = [[*spot(p.x_m, p.y_m), p.kind, p.id, p.name_ja or p.name_en] for p in city.places]
    drawn = {
        "size": spot(east, north),
        "drive": _pieces(drive, west, south, city),
        "walk": _pieces(city.walk, west, south, None),
        "lights": lights,
        "bans": bans,
        "places": places,
        **_marks(city, west, south),
        "classes": list(ROAD_CLASSES),
        "vehicles": list(VEHICLE_CLASSES),
    }
    return {
        "name": city.name,
        "crs": city.crs,
        "attribution": list(city.attribution),
        "report": list(report),
        "drawn": drawn,
    }


def _marks(city: City, west: float, south: float) -> dict[str, Any]:
    """What was dropped, and what is assumed of ways, with the words for both."""
    marks = city.marks
    where: list[list[int]] = [[] for _ in range(marks.count)]
    known = np.flatnonzero(np.isfinite(marks.lon_deg))
    if known.size:
        x_m, y_m = project(city.crs, marks.lon_deg[known], marks.lat_deg[known])
        for row, x, y in zip(known.tolist(), (x_m - west).tolist(), (y_m - south).tolist(), strict=True):
            if math.isfinite(x + y):
                where[row] = [round(x * _DECIMETRES), round(y * _DECIMETRES)]
    assumed: dict[int, list[int]] = {}
    for way, word in zip(marks.assumed_way.tolist(), marks.assumed_word.tolist(), strict=True):
        assumed.setdefault(way, []).append(word)
    columns = zip(marks.kind.tolist(), marks.map_id.tolist(), marks.word.tolist(), where, strict=True)
    return {
        "words": list(marks.words),
        "dropped": [[kind, map_id, word, *spot] for kind, map_id, word, spot in columns],
        "assumed": {str(way): rows for way, rows in assumed.items()},
    }


def _pieces(layer: StreetLayer, west: float, south: float, city: City | None) -> dict[str, Any]:
    """Pieces of a layer; one for both directions where they are alike, the one with the lower number."""
    back = reverse_links(layer)
    alike = (back >= 0) & (back < np.arange(layer.link_count))
    closed = _closed(layer, city)
    same = np.zeros(layer.link_count, np.bool_)
    rows = np.flatnonzero(alike)
    other = back[rows]
    same[rows] = (
        (layer.lanes[rows] == layer.lanes[other])
        & (layer.way_id[rows] == layer.way_id[other])
        & (closed[rows] == closed[other])
        & (layer.free_speed_mps[rows] == layer.free_speed_mps[other])
    )
    kept = np.flatnonzero(~same)
    counts = np.diff(layer.vertex_ptr)[kept]
    at = (
        np.repeat(layer.vertex_ptr[kept], counts)
        + np.arange(counts.sum())
        - np.repeat(np.cumsum(counts) - counts, counts)
    )
    xy = np.stack([layer.vertex_x_m[at] - west, layer.vertex_y_m[at] - south], axis=1)
    # Links of bans are named by row; the page needs where they lie.
    place = np.full(layer.link_count, -1)
    place[kept] = np.arange(len(kept))
    place[same] = place[back[same]]
    return {
        "way": layer.way_id[kept].tolist(),
        "from": layer.node_id[layer.link_from[kept]].tolist(),
        "to": layer.node_id[layer.link_to[kept]].tolist(),
        "class": layer.road_class[kept].tolist(),
        "name": layer.name_index[kept].tolist(),
        "names": list(layer.names),
        "lanes": layer.lanes[kept].tolist(),
        "kmh": np.rint(layer.free_speed_mps[kept] * _KMH).astype(int).tolist(),
        "oneway": (back[kept] < 0).astype(int).tolist() if city is not None else [],
        "closed": closed[kept].tolist(),
        "metres": np.rint(layer.length_m[kept]).astype(int).tolist(),
        "ptr": [0, *np.cumsum(counts).tolist()],
        "xy": np.rint(xy * _DECIMETRES).astype(np.int64).ravel().tolist(),
        "piece": place.tolist() if city is not None and layer.rules.ban_count else [],
    }


def _closed(layer: StreetLayer, city: City | None) -> NDArray[np.int64]:
    """(m,) int64: bits of the vehicle classes that may never use a link."""
    out = np.zeros(layer.link_count, np.int64)
    if city is None:
        return out
    if len(layer.rules.closed):
        out |= layer.rules.closed
    for link, classes in city.closed_to.items():
        for name in classes:
            out[link] |= 1 << VEHICLE_CLASSES.index(name)
    return out
