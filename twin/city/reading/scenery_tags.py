"""Which tagged things are scenery: buildings and their heights, water, green, railways, land use."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.city.reading.elements import Tags
from twin.city.reading.measures import parse_length_m
from twin.city.scenery import HEIGHT_FROM_LEVELS, HEIGHT_GIVEN, HEIGHT_UNKNOWN, LINE_KINDS, ROOF_SHAPES

__all__ = ["LINE_KINDS", "SCENERY_KEYS", "Heights", "building_heights", "scenery_kind"]

#: Keys by which a thing may be scenery.
SCENERY_KEYS = ("building", "building:part", "natural", "waterway", "landuse", "leisure", "railway", "water")
#: Height of a storey where only their number is known.
STOREY_M = 3.0
STOREY_SOURCE = "Simple 3D Buildings, the OpenStreetMap wiki: 3 m a level where no height is given"
_HIGHEST_M, _MOST_LEVELS = 1000.0, 200

_NATURAL = {
    "water": "water",
    "wood": "green",
    "scrub": "green",
    "grassland": "green",
    "heath": "green",
    "beach": "sand",
    "sand": "sand",
    "bay": "water",
    "wetland": "green",
}
_LANDUSE = {
    "grass": "green",
    "forest": "green",
    "meadow": "green",
    "recreation_ground": "green",
    "village_green": "green",
    "cemetery": "green",
    "orchard": "green",
    "farmland": "green",
    "allotments": "green",
    "flowerbed": "green",
    "basin": "water",
    "reservoir": "water",
    "railway": "rail_land",
    "industrial": "industrial_land",
    "harbour": "industrial_land",
    "port": "industrial_land",
    "commercial": "commercial_land",
    "retail": "commercial_land",
    "residential": "residential_land",
}
_LEISURE = {
    "park": "green",
    "garden": "green",
    "pitch": "green",
    "golf_course": "green",
    "playground": "green",
    "nature_reserve": "green",
    "swimming_pool": "water",
}
_RAILS = frozenset({"rail", "subway", "light_rail", "tram", "monorail", "narrow_gauge", "funicular"})
_STREAMS = frozenset({"river", "stream", "canal", "drain", "ditch"})
_HEIGHT_KEYS = ("height", "min_height", "building:levels", "building:min_level", "roof:shape")
_INTEGER = re.compile(r"\s*(\d{1,3})(?:[.,]\d+)?\s*")


class Heights(NamedTuple):
    """How high a building is, in metres above its ground; nan and -1 where nothing is known."""

    height_m: float
    base_m: float
    levels: int
    roof: int
    source: int
    unread: tuple[str, ...]


def scenery_kind(tags: Tags) -> str | None:
    """Kind of scenery, one of ``twin.city.scenery.SCENERY_KINDS``; None if it is none."""
    if tags.get("building:part", "no") != "no":
        return "building_part"
    if tags.get("building", "no") != "no":
        return "building"
    railway = tags.get("railway")
    if railway in _RAILS:
        return None if tags.get("tunnel", "no") != "no" or tags.get("layer", "").startswith("-") else "rail"
    if tags.get("waterway") in ("riverbank", "dock"):
        return "water"
    if tags.get("waterway") in _STREAMS and tags.get("tunnel", "no") == "no":
        return "waterway"
    return (
        _NATURAL.get(tags.get("natural", ""))
        or _LANDUSE.get(tags.get("landuse", ""))
        or _LEISURE.get(tags.get("leisure", ""))
    )


def building_heights(tags: Tags) -> Heights:
    """Height, lowest height, levels and roof of a building or a part of one.

    Words and impossible values (``approx``, -3, 5,000 m) are passed over and named in ``unread``; the number of
    levels then counts, at 3 m a level.
    """
    return _heights(tuple((key, tags[key]) for key in _HEIGHT_KEYS if key in tags))


@lru_cache(maxsize=1 << 14)
def _heights(said: tuple[tuple[str, str], ...]) -> Heights:
    """The same of what speaks of heights alone: most buildings of a city say one of few things."""
    tags = dict(said)
    unread: list[str] = []

    def metres(key: str) -> float:
        if key not in tags:
            return math.nan
        value = parse_length_m(tags[key], least_m=0.0, most_m=_HIGHEST_M)
        if value is None:
            unread.append(key)
        return math.nan if value is None else value

    def count(key: str) -> int:
        match = _INTEGER.fullmatch(tags.get(key, ""))
        if match and int(match.group(1)) <= _MOST_LEVELS:
            return int(match.group(1))
        if key in tags:
            unread.append(key)
        return -1

    height_m, base_m = metres("height"), metres("min_height")
    levels, low_level = count("building:levels"), count("building:min_level")
    source = HEIGHT_GIVEN
    if math.isnan(height_m):
        source = HEIGHT_UNKNOWN
        if levels > 0:
            height_m, source = levels * STOREY_M, HEIGHT_FROM_LEVELS
    if math.isnan(base_m):
        base_m = low_level * STOREY_M if low_level > 0 else 0.0
    if base_m >= height_m > 0:  # a part that would begin above its own top
        unread.append("min_height")
        base_m = 0.0
    shape = tags.get("roof:shape", "")
    roof = ROOF_SHAPES.index(shape) if shape in ROOF_SHAPES else ROOF_SHAPES.index("other") if shape else 0
    return Heights(height_m, base_m, levels, roof, source, tuple(unread))


class Feature(NamedTuple):
    """One feature in degrees: rings of (n, 2) longitude and latitude, with the role of each."""

    kind: str
    source_id: int
    heights: Heights
    rings: Sequence[NDArray[np.float64]]
    roles: Sequence[int]
