"""Areas of a GeoJSON file as scenery: building footprints with heights, water, green, road surfaces."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.city.reading.map_file import MapFile
from twin.city.reading.scenery_tags import Feature, Heights, building_heights, scenery_kind
from twin.city.scenery import HEIGHT_UNKNOWN, LINE_KINDS, RING_INNER, RING_LINE, RING_OUTER
from twin.errors import CityError

_HEIGHT_KEYS = (
    "height",
    "measured_height",
    "measuredHeight",
    "measuredheight",
    "bldg:measuredHeight",
    "building_height",
    "height_m",
    "HEIGHT",
    "高さ",
    "建物高さ",
    "計測高さ",
)
_LEVEL_KEYS = (
    "building:levels",
    "levels",
    "storeys",
    "storeysAboveGround",
    "num_floors",
    "floors",
    "bldg:storeysAboveGround",
    "階数",
    "地上階数",
)
_DEGREES = re.compile(r"CRS84|EPSG:+(4326|4612|4979|6668|6697)$", re.IGNORECASE)


def read_geojson(file: MapFile, dropped: Counter[str]) -> list[Feature]:
    """Features of a GeoJSON file; areas without a word on what they are count as buildings.

    Parameters
    ----------
    file
        As recognised.
    dropped
        What has no area, no position in degrees or no possible height is counted here.

    Raises
    ------
    CityError
        If the file is damaged, no GeoJSON, or not in degrees.
    """
    where = str(file.source)
    try:
        content = json.loads(file.path.read_bytes())
        items = content["features"]
        crs = str(((content.get("crs") or {}).get("properties") or {}).get("name", "CRS84"))
        if not isinstance(items, list):
            raise TypeError("its features are no list")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CityError(
            f"the file is damaged, or no GeoJSON with features: {error}", where=where, mend="export it again as GeoJSON"
        ) from error
    if not _DEGREES.search(crs):
        raise CityError(
            f"the GeoJSON file is in {crs[:60]}, not in degrees",
            where=where,
            mend="convert it: ogr2ogr -t_srs EPSG:4326 out.geojson in.geojson",
        )
    features: list[Feature] = []
    for number, item in enumerate(items):
        try:
            features += _features(item, number, dropped)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            dropped["GeoJSON features that are damaged"] += 1
    return features


def _features(item: Mapping[str, Any], number: int, dropped: Counter[str]) -> Iterator[Feature]:
    words: Mapping[str, Any] = item.get("properties") or {}
    geometry = item["geometry"]
    tags = {str(key): str(value) for key, value in words.items() if value is not None}
    kind = scenery_kind(tags) or _kind_by_id(str(item.get("id", tags.get("gml_id", tags.get("id", "")))))
    shape = geometry["type"]
    rings, roles = [], []
    if kind in LINE_KINDS and shape in ("LineString", "MultiLineString"):
        lines = [geometry["coordinates"]] if shape == "LineString" else geometry["coordinates"]
        for line in lines:
            rings.append(_points(line))
            roles.append(RING_LINE)
    elif shape in ("Polygon", "MultiPolygon"):
        kind = "water" if kind == "waterway" else kind
        for polygon in [geometry["coordinates"]] if shape == "Polygon" else geometry["coordinates"]:
            for k, ring in enumerate(polygon):
                rings.append(_points(ring))
                roles.append(RING_INNER if k else RING_OUTER)
    if not rings or (kind in LINE_KINDS and RING_LINE not in roles):
        dropped[f"GeoJSON features that are no scenery: {str(shape)[:20]}"] += 1
        return
    heights = Heights(math.nan, 0.0, -1, 0, HEIGHT_UNKNOWN, ())
    if kind.startswith("building"):
        heights = _heights(tags)
        for key in heights.unread:
            dropped[f"building tags that are no possible number: {key}"] += 1
    yield Feature(kind, number, heights, rings, roles)


def _kind_by_id(identity: str) -> str:
    """Kind of what says nothing of itself, by the ids that PLATEAU gives."""
    return "road_surface" if identity.startswith(("tran_", "rail_", "squr_")) else "building"


def _heights(tags: Mapping[str, str]) -> Heights:
    """Heights by any of the names under which they are published."""
    own = dict(tags)
    for key, names in (("height", _HEIGHT_KEYS), ("building:levels", _LEVEL_KEYS)):
        found = next((tags[name] for name in names if tags.get(name, "") not in ("", "-9999", "9999", "-9999.0")), None)
        own.pop(key, None)
        if found is not None:
            own[key] = found
    return building_heights(own)


def _points(line: Any) -> NDArray[np.float64]:
    points = np.array([(float(point[0]), float(point[1])) for point in line], np.float64).reshape(-1, 2)
    if not (np.isfinite(points).all() and (np.abs(points) <= (180, 90)).all()):
        raise ValueError("a position that is not in degrees")
    return points
