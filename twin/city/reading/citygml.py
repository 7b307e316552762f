"""CityGML 2.0 as PLATEAU publishes it: footprints and heights of buildings (LOD0 or LOD1), surfaces of roads.

The file is read as a stream, one city object at a time, so that memory does not grow with it.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
from lxml import etree
from numpy.typing import NDArray

from twin.city.reading.map_file import MapFile
from twin.city.reading.scenery_tags import STOREY_M, Feature, Heights
from twin.city.scenery import HEIGHT_FROM_LEVELS, HEIGHT_GIVEN, HEIGHT_UNKNOWN, RING_INNER, RING_OUTER
from twin.errors import CityError

PLATEAU_ATTRIBUTION = "国土交通省 Project PLATEAU 3D都市モデルを加工して作成 (CC BY 4.0)"

_GML = "{http://www.opengis.net/gml}"
_FOOTPRINTS = ("lod0FootPrint", "lod0RoofEdge")
_ROADS = frozenset({"Road", "Track", "Square", "Railway"})
_ROAD_SURFACES = ("lod1MultiSurface", "lod2MultiSurface", "lod3MultiSurface")
_EPSG = re.compile(r"EPSG[/:]+(?:[\d.]*[/:])?(\d{4,6})", re.IGNORECASE)
_HIGHEST_M, _MOST_LEVELS = 1000.0, 200
#: Corners of a floor in LOD1 lie on one level to within this.
_LEVEL_M = 0.01

Rings = list[tuple[NDArray[np.float64], int]]


def read_citygml(file: MapFile, dropped: Counter[str]) -> list[Feature]:
    """Features of a CityGML file, in degrees.

    Buildings are taken at LOD0 (roof edge or footprint), else from the floor of their LOD1 solid; roads at LOD1.
    ``measuredHeight`` is the height; where it is missing, the height of the LOD1 solid, then the storeys count.

    Parameters
    ----------
    file
        As recognised.
    dropped
        Objects without a usable outline, and values that are no number, are counted here.

    Raises
    ------
    CityError
        If the file is damaged, or its coordinates are in no known system.
    """
    features: list[Feature] = []
    try:
        for number, (kind, item, srs) in enumerate(_objects(file)):
            features += _features(kind, item, number, _to_degrees(srs, str(file.source)), dropped)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise CityError(
            f"the CityGML file is damaged or cut short: {error}", where=str(file.source), mend="download it again"
        ) from error
    return features


def _objects(file: MapFile) -> Iterator[tuple[str, etree._Element, str]]:
    """Buildings and roads one by one, each with the coordinate system that holds for it.

    Files as published hold prefixes that nothing declares; those are passed over, a cut file is not.
    """
    wanted = [f"{{*}}{name}" for name in ("Envelope", "cityObjectMember")]
    srs = ""
    with file.path.open("rb") as source:
        stream = etree.iterparse(
            source,
            events=("end",),
            tag=wanted,
            recover=True,
            resolve_entities=False,
            no_network=True,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        for _, item in stream:
            if etree.QName(item).localname == "Envelope":
                srs = srs or item.get("srsName", "")
                continue
            for child in item:
                kind = etree.QName(child).localname
                if kind == "Building":
                    yield "building", child, srs
                elif kind in _ROADS:
                    yield "road_surface", child, srs
            item.clear()
            while item.getprevious() is not None:  # emptied members would pile up in their parent
                del item.getparent()[0]
        fatal = [entry for entry in stream.error_log if entry.level_name == "FATAL"]
        if fatal:
            raise ValueError(f"{fatal[0].message} (line {fatal[0].line})")


class _Degrees:
    """From the coordinates of a file, in the order of its system, to longitude and latitude."""

    def __init__(self, srs: str, where: str) -> None:
        import pyproj

        match = _EPSG.search(srs)
        try:
            crs = pyproj.CRS.from_epsg(int(match.group(1))) if match else pyproj.CRS.from_user_input(srs)
        except pyproj.exceptions.CRSError as error:
            raise CityError(
                f"the coordinate system of the city model is unknown: {srs[:80]!r}",
                where=where,
                mend="PLATEAU files name EPSG:6697; convert the file to it",
            ) from error
        self.transform = None if crs.is_geographic else pyproj.Transformer.from_crs(crs, "EPSG:4326")

    def __call__(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        lat, lon = points[:, 0], points[:, 1]
        if self.transform is not None:
            lat, lon = (np.asarray(value) for value in self.transform.transform(points[:, 0], points[:, 1]))
        return np.column_stack([lon, lat])


_KNOWN: dict[str, _Degrees] = {}


def _to_degrees(srs: str, where: str) -> _Degrees:
    if srs not in _KNOWN:
        _KNOWN[srs] = _Degrees(srs, where)
    return _KNOWN[srs]


def _features(
    kind: str, item: etree._Element, number: int, to_degrees: _Degrees, dropped: Counter[str]
) -> Iterator[Feature]:
    words = kind.replace("_", " ")
    if kind == "building":
        rings, solid_m = _building_rings(item)
        heights = _heights(item, solid_m, dropped)
    else:
        rings = next((found for name in _ROAD_SURFACES if (found := _surfaces(item, name))), [])
        heights = Heights(math.nan, 0.0, -1, 0, HEIGHT_UNKNOWN, ())
    in_degrees, roles = [], []
    for ring, role in rings:
        placed = to_degrees(ring)
        if not (np.isfinite(placed).all() and (np.abs(placed) <= (180, 90)).all()):
            dropped[f"{words} outlines of the city model beyond the earth"] += 1
            return
        in_degrees.append(placed)
        roles.append(role)
    if not in_degrees:
        dropped[f"{words} objects of the city model without an outline"] += 1
        return
    yield Feature(kind, number, heights, in_degrees, roles)


def _polygon(polygon: etree._Element) -> Rings:
    rings: Rings = []
    for side, role in (("exterior", RING_OUTER), ("interior", RING_INNER)):
        for part in polygon.iterfind(f"{_GML}{side}/{_GML}LinearRing"):
            text = " ".join(p.text or "" for p in part.iter(f"{_GML}posList"))
            if not text.strip():
                text = " ".join(p.text or "" for p in part.iter(f"{_GML}pos"))
            numbers = np.array(text.split(), np.float64)
            if numbers.size >= 12 and numbers.size % 3 == 0:
                rings.append((numbers.reshape(-1, 3), role))
    return rings if rings and rings[0][1] == RING_OUTER else []


def _surfaces(item: etree._Element, name: str) -> Rings:
    """Rings of all polygons below the elements of a name."""
    polygons = (polygon for e in item.iter(f"{{*}}{name}") for polygon in e.iter(f"{_GML}Polygon"))
    return [ring for polygon in polygons for ring in _polygon(polygon)]


def _building_rings(item: etree._Element) -> tuple[Rings, float]:
    """Outline of a building, and the height of its LOD1 solid (nan without one)."""
    solid = [_polygon(p) for e in item.iter("{*}lod1Solid") for p in e.iter(f"{_GML}Polygon")]
    faces = [face for face in solid if face]
    height_m = math.nan
    floor: Rings = []
    if faces:
        levels = np.concatenate([face[0][0][:, 2] for face in faces])
        height_m = float(levels.max() - levels.min())
        floor = [
            ring
            for face in faces
            if np.ptp(face[0][0][:, 2]) <= _LEVEL_M and face[0][0][0, 2] <= levels.min() + _LEVEL_M
            for ring in face
        ]
    for name in _FOOTPRINTS:
        if rings := _surfaces(item, name):
            return rings, height_m
    return floor, height_m


def _heights(item: etree._Element, solid_m: float, dropped: Counter[str]) -> Heights:
    height_m = _number(item, "measuredHeight", dropped)
    storeys = _number(item, "storeysAboveGround", dropped)
    if not 0 < height_m <= _HIGHEST_M:  # -9999 stands for unknown
        height_m = solid_m if 0 < solid_m <= _HIGHEST_M else math.nan
    levels = int(storeys) if 0 < storeys <= _MOST_LEVELS else -1  # 9999 stands for unknown
    source = HEIGHT_GIVEN
    if math.isnan(height_m):
        source = HEIGHT_FROM_LEVELS if levels > 0 else HEIGHT_UNKNOWN
        height_m = levels * STOREY_M if levels > 0 else math.nan
    return Heights(height_m, 0.0, levels, 0, source, ())


def _number(item: etree._Element, name: str, dropped: Counter[str]) -> float:
    texts: list[Any] = [e.text for e in item.iter(f"{{*}}{name}")]
    values = []
    for text in texts:
        try:
            values.append(float(text))
        except (TypeError, ValueError):
            dropped[f"building values of the city model that are no number: {name}"] += 1
    return max(values, default=math.nan)
