"""On which side people drive: from tags, else from how roads are drawn, else from the country."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.city.reading.projection import choose_driving_side
from twin.city.reading.raw_map import RawMap
from twin.city.reading.road_classes import CLASS_INDEX
from twin.errors import CityError

_ROADS = frozenset(
    CLASS_INDEX[name + link]
    for name in ("motorway", "trunk", "primary", "secondary", "tertiary")
    for link in ("", "_link")
)
#: Carriageways of one road lie between these metres apart, and their parts looked at are at least so long.
_APART_M = (5.0, 40.0)
_LONG_M = 15.0
_OPPOSITE = math.cos(math.radians(160.0))
#: Drawn roads speak if this share of them says the same, and there are so many pairs of carriageways.
_AGREED = 0.8
_LEAST_PAIRS = 4

#: West, south, east, north. The first box that holds a place decides; where none does, the country is not known.
_COUNTRIES: tuple[tuple[float, float, float, float, str], ...] = (
    (113.5, 22.1, 114.5, 22.56, "left"),  # Hong Kong, Macau
    (14.1, 35.7, 14.7, 36.2, "left"),
    (32.2, 34.5, 34.7, 35.75, "left"),  # Malta, Cyprus
    (-10.7, 49.85, 1.3, 61.0, "left"),
    (1.3, 51.0, 1.8, 53.0, "left"),  # Ireland, Great Britain
    (112.0, -45.0, 154.5, -10.0, "left"),
    (165.5, -48.0, 179.0, -34.0, "left"),  # Australia, New Zealand
    (72.5, 8.0, 88.0, 26.0, "left"),
    (79.5, 5.8, 82.0, 10.0, "left"),
    (74.0, 26.0, 84.0, 31.0, "left"),  # India
    (66.5, 24.5, 71.5, 30.0, "left"),
    (88.0, 21.5, 92.0, 26.5, "left"),  # Pakistan, Bangladesh
    (98.0, 6.0, 101.0, 19.5, "left"),
    (99.5, 0.8, 104.6, 6.7, "left"),
    (95.0, -8.9, 119.0, 5.8, "left"),  # to Indonesia
    (16.5, -35.0, 33.0, -22.5, "left"),
    (33.5, -4.6, 41.5, 4.5, "left"),
    (29.6, -1.3, 34.5, 4.0, "left"),  # Africa
    (-78.5, 17.6, -76.1, 18.6, "left"),
    (-79.5, 21.0, -72.7, 27.0, "left"),  # Jamaica, Bahamas
    (-9.6, 36.0, 30.0, 71.5, "right"),
    (30.0, 41.5, 130.0, 75.0, "right"),  # Europe, northern Asia
    (-168.0, 27.0, -52.0, 72.0, "right"),
    (-117.0, 15.0, -86.0, 27.0, "right"),  # North America
    (-82.0, -56.0, -62.0, 12.0, "right"),
    (-62.0, -56.0, -34.0, 1.0, "right"),  # South America
    (105.0, 22.6, 124.0, 41.5, "right"),
    (124.0, 34.2, 128.9, 41.5, "right"),  # China, Korea
    (119.5, 21.5, 122.2, 25.5, "right"),
    (120.0, 5.0, 127.0, 19.0, "right"),
    (102.2, 9.0, 109.5, 21.5, "right"),
    (-17.5, 5.0, 25.0, 36.0, "right"),
    (25.0, 12.5, 59.0, 41.5, "right"),  # North Africa, Middle East
)


class Side(NamedTuple):
    """Side of the road, and where it is known from."""

    side: str
    source: str
    grade: str


def find_side(
    raw: RawMap, x_m: Sequence[float], y_m: Sequence[float], lon_deg: float, lat_deg: float, where: str
) -> Side:
    """Driving side of a map.

    Tags of ways come first. Then how roads are drawn: roundabouts turn one way, the other carriageway of a road lies
    on one side. Then the country.

    Raises
    ------
    CityError
        If tags or drawn roads contradict each other, or drawn roads the country, or if nothing speaks.
    """
    votes = raw.side_votes
    drawn, how = _drawn_side(raw, np.asarray(x_m), np.asarray(y_m))
    country = country_side(lon_deg, lat_deg)
    if votes["left"] != votes["right"]:
        side = max(("left", "right"), key=lambda one: votes[one])
        if drawn and drawn != side:
            raise _asks(f"ways are tagged as driven on the {side}, but {how} say {drawn}", where)
        return Side(side, "by tags of ways", "V")
    if drawn and country and drawn != country:
        raise _asks(f"{how} say that people drive on the {drawn}, but the country drives on the {country}", where)
    if drawn:
        return Side(drawn, f"as {how} are drawn", "D")
    if country:
        return Side(country, "in Japan" if _in_japan(lon_deg, lat_deg) else "by country, from rough boxes", "D")
    raise _asks("nothing in the map tells on which side people drive there", where)


def _asks(what: str, where: str) -> CityError:
    return CityError(what, where=where, mend="say it: --driving-side left, or --driving-side right")


def _in_japan(lon_deg: float, lat_deg: float) -> bool:
    return choose_driving_side(lon_deg, lat_deg) == "left"


def country_side(lon_deg: float, lat_deg: float) -> str:
    """Side by the country, from rough boxes; empty where the country is not known."""
    if _in_japan(lon_deg, lat_deg):
        return "left"
    for west, south, east, north, side in _COUNTRIES:
        if west <= lon_deg <= east and south <= lat_deg <= north:
            return side
    return ""


def _drawn_side(raw: RawMap, x_m: NDArray[np.float64], y_m: NDArray[np.float64]) -> tuple[str, str]:
    """Side as roads are drawn, and which roads say so; empty where too few do or they do not agree."""
    rings: list[float] = []
    for way in raw.ways:
        drive = way.facts.drive
        if drive is None or not way.facts.round or (drive.forward is None) == (drive.backward is None):
            continue
        if way.rows[0] == way.rows[-1] and len(way.rows) > 3:
            rows = np.array(way.rows)
            area = float((x_m[rows[:-1]] * y_m[rows[1:]] - x_m[rows[1:]] * y_m[rows[:-1]]).sum())
            rings.append(area if drive.forward is not None else -area)
    # Whoever keeps left goes clockwise.
    said = _verdict(sum(area < 0 for area in rings), sum(area > 0 for area in rings), 1)
    if said:
        return said, "roundabouts"
    left = right = 0
    for side in _carriageways(raw, x_m, y_m):
        left, right = left + (side < 0), right + (side > 0)
    return _verdict(left, right, _LEAST_PAIRS), "the two carriageways of roads"


def _verdict(left: int, right: int, least: int) -> str:
    if left + right < least or max(left, right) < _AGREED * (left + right):
        return ""
    return "left" if left > right else "right"


def _carriageways(raw: RawMap, x_m: NDArray[np.float64], y_m: NDArray[np.float64]) -> Iterator[int]:
    """For each part of a one-way road with its other carriageway beside it: 1 if that lies to the left, else -1."""
    from scipy.spatial import cKDTree

    parts: list[tuple[float, float, float, float, str]] = []
    for way in raw.ways:
        drive = way.facts.drive
        if drive is None or not drive.name or drive.road_class not in _ROADS:
            continue
        if (drive.forward is None) == (drive.backward is None):
            continue
        rows = np.array(way.rows if drive.forward is not None else way.rows[::-1])
        dx, dy = np.diff(x_m[rows]), np.diff(y_m[rows])
        for i in np.flatnonzero(np.hypot(dx, dy) >= _LONG_M).tolist():
            metres = math.hypot(dx[i], dy[i])
            middle = (x_m[rows[i]] + dx[i] / 2, y_m[rows[i]] + dy[i] / 2)
            parts.append((*middle, dx[i] / metres, dy[i] / metres, drive.name))
    if len(parts) < 2:
        return
    points = np.array([part[:4] for part in parts])
    for i, near in enumerate(cKDTree(points[:, :2]).query_ball_point(points[:, :2], _APART_M[1])):
        x, y, ux, uy, name = parts[i]
        sides = []
        for j in near:
            ox, oy, vx, vy, other = parts[j]
            across = ux * (oy - y) - uy * (ox - x)
            if other == name and ux * vx + uy * vy <= _OPPOSITE and abs(across) >= _APART_M[0]:
                sides.append((abs(across), 1 if across > 0 else -1))
        if sides:
            yield min(sides)[1]
