"""A part of a large map, cut by a box or polygons while it streams by: only marks of what is kept stay in memory.

Kept are all ways with a node inside, whole, with their nodes; places inside; and relations that say something of these,
with the outlines of their areas. The file that comes out names the box, so that the importer knows its edges.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from twin.errors import CityError

Progress = Callable[[str, float], None]

_CHUNK = 1 << 16
#: A file of a clip is a drawing of an area, not a map.
_MOST_BYTES = 50_000_000
_AREAS = ("multipolygon", "boundary")
_MEND = "--clip west,south,east,north in degrees, or a GeoJSON file of polygons"


class ClipArea:
    """A box or polygons in degrees.

    Parameters
    ----------
    text
        ``west,south,east,north``, or the path of a GeoJSON file with Polygon or MultiPolygon geometries.

    Raises
    ------
    CityError
        If it is neither, or has no area.
    """

    def __init__(self, text: str) -> None:
        import shapely

        parts = text.split(",")
        try:
            numbers = [float(part) for part in parts] if len(parts) == 4 else None
        except ValueError:
            numbers = None
        self._polygon: Any = None
        if numbers is not None:
            self.bounds = (numbers[0], numbers[1], numbers[2], numbers[3])
        else:
            self._polygon = _polygons(Path(text))
            shapely.prepare(self._polygon)
            self.bounds = tuple(self._polygon.bounds)
        west, south, east, north = self.bounds
        if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
            raise CityError(f"the clip {self.bounds} is no area in degrees", where=text, mend=_MEND)

    def contains(self, lon_deg: np.ndarray[Any, Any], lat_deg: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """(n,) bool: points inside, the edge included for boxes."""
        import shapely

        west, south, east, north = self.bounds
        inside = (lon_deg >= west) & (lon_deg <= east) & (lat_deg >= south) & (lat_deg <= north)
        if self._polygon is not None:
            inside &= np.asarray(shapely.contains_xy(self._polygon, lon_deg, lat_deg), bool)
        return np.asarray(inside)


def _polygons(path: Path) -> Any:
    import shapely

    try:
        if path.stat().st_size > _MOST_BYTES:
            raise CityError("a drawing of an area is due, this file is too large", where=str(path), mend=_MEND)
        content = json.loads(path.read_text(encoding="utf-8"))
        features = content.get("features", [content]) if isinstance(content, dict) else []
        shapes = [shapely.geometry.shape(f.get("geometry") or f) for f in features]
    except OSError as error:
        raise CityError(f"the clip is no box, and no file: {error.strerror}", where=str(path), mend=_MEND) from error
    except (ValueError, KeyError, AttributeError, TypeError, IndexError, shapely.errors.ShapelyError) as error:
        raise CityError(f"the clip is no GeoJSON: {error}", where=str(path), mend=_MEND) from error
    areas = [shape for shape in shapes if shape.geom_type in ("Polygon", "MultiPolygon") and not shape.is_empty]
    if not areas:
        raise CityError("the clip holds no polygon", where=str(path), mend=_MEND)
    return shapely.make_valid(shapely.union_all(areas))


def clip_map(source: Path, target: Path, area: ClipArea, progress: Progress) -> dict[str, int]:
    """Write the part of a map inside an area to a PBF file; tells how much was kept.

    The map streams by four times. Memory holds bits of the ids that are kept and a buffer of positions.

    Raises
    ------
    CityError
        If the map is damaged, or nothing lies inside.
    """
    import osmium

    try:
        return _clip(source, target, area, progress)
    except (RuntimeError, ValueError, osmium.InvalidLocationError) as error:
        raise CityError(
            f"the map is damaged or cut short: {error}", where=str(source), mend="download or export it again"
        ) from error


def _clip(source: Path, target: Path, area: ClipArea, progress: Progress) -> dict[str, int]:
    import osmium

    name = str(source)
    progress("looking for nodes inside", 0.0)
    kept = _nodes_inside(osmium.FileProcessor(name, osmium.osm.NODE), area)
    progress("looking for ways", 0.4)
    outlines = osmium.IdTracker()
    item: Any
    for item in osmium.FileProcessor(name, osmium.osm.WAY):
        if kept.contains_any_references(item):
            kept.add_way(item.id)
    for item in osmium.FileProcessor(name, osmium.osm.RELATION):
        if kept.contains_any_references(item):
            kept.add_relation(item.id)
            if item.tags.get("type") in _AREAS:
                for member in item.members:
                    if member.type == "w":
                        outlines.add_way(member.ref)
    progress("looking for nodes of ways", 0.6)
    whole, rims = kept.way_ids(), outlines.way_ids()
    for item in osmium.FileProcessor(name, osmium.osm.WAY):
        if whole.get(item.id) or rims.get(item.id):
            kept.add_way(item.id)
            kept.add_references(item)
    progress("writing", 0.8)
    counts = {"nodes": 0, "ways": 0, "relations": 0}
    header = osmium.io.Header()
    west, south, east, north = area.bounds
    header.add_box(osmium.osm.Box(osmium.osm.Location(west, south), osmium.osm.Location(east, north)))
    with osmium.io.Reader(name, osmium.osm.osm_entity_bits.NOTHING) as reader:
        header.set("generator", reader.header().get("generator", ""))
    with osmium.SimpleWriter(str(target), header=header, overwrite=True) as writer:
        for item in osmium.FileProcessor(name).with_filter(kept.id_filter()):
            writer.add(item)
            counts["nodes" if item.is_node() else "ways" if item.is_way() else "relations"] += 1
    if not counts["nodes"]:
        raise CityError(f"nothing of the map lies in the clip {area.bounds}", where=name, mend=_MEND)
    return counts


def _nodes_inside(nodes: Any, area: ClipArea) -> Any:
    """Ids of nodes inside, a buffer at a time."""
    import osmium

    inside = osmium.IdTracker()
    ids, lon_deg, lat_deg = np.empty(_CHUNK, np.int64), np.empty(_CHUNK), np.empty(_CHUNK)
    n = 0

    def take(count: int) -> None:
        for node in ids[:count][area.contains(lon_deg[:count], lat_deg[:count])].tolist():
            inside.add_node(node)

    west, south, east, north = area.bounds
    for node in nodes:
        location = node.location
        if not location.valid():
            continue
        lon, lat = location.lon, location.lat
        if west <= lon <= east and south <= lat <= north:
            ids[n], lon_deg[n], lat_deg[n] = node.id, lon, lat
            n += 1
            if n == _CHUNK:
                take(n)
                n = 0
    take(n)
    return inside
