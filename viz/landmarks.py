"""Landmarks of bundled districts, authored from known facts: the ring of the exhibition, and roofed shopping streets.

Known: the Grand Ring of Expo 2025 (大屋根リング) is round, 680 m across outside and 614 m inside, about 135.38349 E,
34.64903 N (measured on its outline by OpenStreetMap contributors, state of 30 October 2025, V); it was 12 m high at its
inner and 20 m at its outer edge (M). What of it stands on a day is known only for the days of the exhibition, from 13
April to 13 October 2025 (M): then it is drawn raised, on any other day as the ground that it covered. Shinsaibashi-suji
south of Nagahori-dori and Ebisubashi-suji are arcades (M); their roofs are drawn as ribs, so that who walks below is
seen. Height and spacing of ribs are guessed (G).
"""

from __future__ import annotations

from datetime import date

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.viz.run_view import RunView
from twin.viz.shapes import Frame, Shapes, box

RING_AT = (135.38349, 34.64903)
RING_OUTER_M, RING_INNER_M = 340.0, 307.0
RING_LOW_M, RING_HIGH_M = 12.0, 20.0
_RING_CLEAR_M = 8.0
EXPO = (date(2025, 4, 13), date(2025, 10, 13))
#: Roofed streets by the name on their signs, with the latitude north of which they are open to the sky.
ARCADES = {"心斎橋筋": 34.6750, "戎橋筋": 34.6688}
_RIB_EVERY_M, _RIB_M, _RIB_FOOT_M, _RIB_TOP_M, _ARCADE_M = 9.0, 0.5, 8.5, 9.3, 11.0
_TONE_WOOD, _TONE_STEEL = 8, 10


def expo_ring(frame: Frame) -> shapely.Geometry:
    """The ground that the ring covers."""
    middle = shapely.Point(frame.metres(np.array([RING_AT]))[0])
    return middle.buffer(RING_OUTER_M, quad_segs=24).difference(middle.buffer(RING_INNER_M, quad_segs=24))


def raised_ring(day: str, frame: Frame) -> Shapes:
    """The ring in its height on days of the exhibition (``day`` is ISO, or empty); else nothing.

    Two rings, low inside and high outside, stand for the slope of the roof.
    """
    if not day or not EXPO[0] <= date.fromisoformat(day) <= EXPO[1]:
        return Shapes.none()
    middle = shapely.Point(frame.metres(np.array([RING_AT]))[0])
    edges = [middle.buffer(r, quad_segs=24) for r in (RING_INNER_M, (RING_INNER_M + RING_OUTER_M) / 2, RING_OUTER_M)]
    rings = np.array([edges[1].difference(edges[0]), edges[2].difference(edges[1])], np.object_)
    tops = np.array([RING_LOW_M, RING_HIGH_M])
    return Shapes(rings, np.full(2, _RING_CLEAR_M), tops, np.full(2, _TONE_WOOD, np.uint8))


def arcades(run: RunView, frame: Frame) -> Shapes:
    """Ribs over the roofed streets of a run, across the way, from front to front."""
    names = run.street_names.get("walk", np.empty(0, np.str_))
    if len(names) != len(run.walk.lanes):
        return Shapes.none()
    boxes: list[shapely.Polygon] = []
    for name, south_of_deg in ARCADES.items():
        lines = _lines(run, np.flatnonzero(names == name), south_of_deg, frame)
        whole = shapely.line_merge(shapely.union_all(lines)) if len(lines) else shapely.LineString()
        for part in shapely.get_parts(whole).tolist():
            boxes += _ribs(part)
    count = len(boxes)
    tone = np.full(count, _TONE_STEEL, np.uint8)
    return Shapes(np.array(boxes, np.object_), np.full(count, _RIB_FOOT_M), np.full(count, _RIB_TOP_M), tone)


def _lines(run: RunView, rows: NDArray[np.int64], south_of_deg: float, frame: Frame) -> NDArray[np.object_]:
    """Shapes of links that lie south of a latitude, each once whatever its direction."""
    walk, out = run.walk, []
    for row in rows.tolist():
        at = slice(int(walk.vertex_ptr[row]), int(walk.vertex_ptr[row + 1]))
        degrees = np.column_stack([walk.lon_deg[at], walk.lat_deg[at]])
        if len(degrees) > 1 and degrees[:, 1].max() <= south_of_deg + 1e-4:
            out.append(shapely.LineString(frame.metres(degrees)))
    return np.array(out, np.object_)


def _ribs(line: shapely.LineString) -> list[shapely.Polygon]:
    out = []
    for along_m in np.arange(_RIB_EVERY_M / 2, line.length, _RIB_EVERY_M):
        at, ahead = (_at(line, along_m + d) for d in (0.0, 0.5))
        angle = float(np.arctan2(*(ahead - at)[::-1]))
        out.append(box(float(at[0]), float(at[1]), _RIB_M, _ARCADE_M, angle))
    return out


def _at(line: shapely.LineString, along_m: float) -> Floats:
    return np.asarray(shapely.get_coordinates(shapely.line_interpolate_point(line, along_m))[0])
