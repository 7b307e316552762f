"""Bays at the kerb on the ground, and which of them are taken when: all vehicles of the run, not those traced alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from twin.arrays import Floats
from twin.viz.markings import lines_of
from twin.viz.packs import DEGREE_STEP, SECOND_STEP, pack_columns, steps_of
from twin.viz.run_view import RunView
from twin.viz.shapes import Frame, box

#: A bay for a small lorry beside the kerb, length and width (Road Structure Ordinance of Japan, least sizes; M).
BAY_M, BAY_WIDTH_M = 6.0, 2.5


def kerb_bays(run: RunView, origin: tuple[float, float]) -> dict[str, dict[str, Any]]:
    """Packs ``bays`` (corners of each bay) and ``stands`` (bay, begin, end, sorted by bay); none without a kerb.

    A run says where a pocket is and how many bays it has; they lie one behind the other along the street.
    """
    pockets, stands, edges = (run.tables.get(f"kerb_{name}") for name in ("pockets", "stands", "edges"))
    if pockets is None or stands is None or edges is None or not len(pockets["pocket"]):
        return {}
    frame = Frame(*origin)
    link = dict(zip(edges["edge"].tolist(), edges["link_index"].tolist(), strict=True))
    lines: list[shapely.LineString] = list(lines_of(run.drive, frame))
    corners: dict[int, Floats] = {}
    for row, degrees in enumerate(_degrees(run, pockets["x_m"], pockets["y_m"])):
        middle = frame.metres(degrees[None])[0]
        index = link.get(int(pockets["edge"][row]), -1)
        angle = _angle(lines[index], middle) if 0 <= index < len(lines) else 0.0
        count, first = int(pockets["bays"][row]), int(pockets["first_bay"][row])
        for k in range(count):
            at = middle + (k - (count - 1) / 2) * BAY_M * np.array([np.cos(angle), np.sin(angle)])
            ring = box(float(at[0]), float(at[1]), BAY_M - 0.4, BAY_WIDTH_M, angle).exterior
            corners[first + k] = frame.degrees(shapely.get_coordinates(ring))
    order = sorted(corners)
    place = np.full(max(order) + 1, -1)
    place[order] = np.arange(len(order))
    bay = stands["bay"].astype(np.int64)
    rows = np.flatnonzero((stands["mode"] == "bay") & (bay >= 0) & (bay < len(place)))
    rows = rows[np.lexsort((stands["from_s"][rows], place[bay[rows]]))]
    all_corners = np.concatenate([corners[key] for key in order])
    return {
        "bays": pack_columns(
            {
                "start": 5 * np.arange(len(order) + 1),
                "lon": steps_of(all_corners[:, 0], origin[0], DEGREE_STEP),
                "lat": steps_of(all_corners[:, 1], origin[1], DEGREE_STEP),
            }
        ),
        "stands": pack_columns(
            {
                "bay": place[bay[rows]],
                "from": steps_of(stands["from_s"][rows].astype(np.float64), run.from_s, SECOND_STEP),
                "to": steps_of(stands["to_s"][rows].astype(np.float64), run.from_s, SECOND_STEP),
            }
        ),
    }


def _degrees(run: RunView, x_m: Any, y_m: Any) -> Floats:
    from pyproj import Transformer

    lon, lat = Transformer.from_crs(run.crs, "EPSG:4326", always_xy=True).transform(x_m, y_m)
    return np.column_stack([lon, lat])


def _angle(line: shapely.LineString, at: Floats) -> float:
    """Direction of a line beside a point, from east."""
    along_m = float(shapely.line_locate_point(line, shapely.Point(at)))
    low, high = max(0.0, along_m - 2.0), min(line.length, along_m + 2.0)
    a, b = (shapely.get_coordinates(shapely.line_interpolate_point(line, d))[0] for d in (low, high))
    return float(np.arctan2(*(b - a)[::-1]))
