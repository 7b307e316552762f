"""Areas drawn as polygons (wards, 町丁目, zones of a survey) to a table: one row per area, and its outline.

Only kinds that are known by their first bytes are let through to the library that reads maps: it guesses a kind from
content otherwise, and some kinds run commands or fetch from the network. GeoJSON is parsed here as plain JSON.
"""

from __future__ import annotations

import hashlib
import json
import struct
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.scenario.language.edit_spec import composed
from twin.scenario.language.schema import TableSpec
from twin.scenario.language.validate import nearest
from twin.scenario.tables import cells
from twin.scenario.tables.packed import unpacked
from twin.scenario.tables.sheets import MAX_BYTES, SheetError

MOST_AREAS = 100_000
MOST_POINTS = 2_000_000
_DEGREES = "EPSG:4326"
_SQLITE, _GPKG_MARK, _GPKG_AT = b"SQLite format 3\x00", (b"GPKG", b"GP10", b"GP11"), 68
#: A Shapefile begins with this number, big-endian, and holds its version little-endian at 28.
_SHAPE_MARK, _SHAPE_VERSION = 9994, 1000
#: Files of one Shapefile that are read.
_SHAPE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_DECIMALS = 8


@dataclass(frozen=True)
class Outlines:
    """What was read.

    Attributes
    ----------
    columns
        One row per area: ``area``, ``west, south, east, north`` in degrees and the columns asked for.
    outline
        One row per corner: ``row`` of its area, ``part`` and ``ring`` of it (0 outer, then holes), ``lon, lat``.
    """

    columns: dict[str, NDArray[np.generic]]
    outline: dict[str, NDArray[np.generic]]
    encoding: str
    sha256: str
    totals: dict[str, float]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _Drawn:
    fields: tuple[str, ...]
    rows: Sequence[tuple[Mapping[str, Any], Any]]
    crs: Any
    encoding: str


def read_outlines(spec: TableSpec, path: Path) -> Outlines:
    """Polygons of a file, united by the name of their area; numbers of one name are added.

    Parameters
    ----------
    spec
        ``areas`` names the field of names, ``columns`` maps our names to fields of numbers, ``sheet`` a layer.
    path
        A GeoJSON, GeoPackage, Shapefile, or a zip of a Shapefile.

    Raises
    ------
    SheetError
        If the file is of another kind, damaged or too large, lacks a field, or holds no polygon.
    """
    import shapely

    drawn, digest = _read(spec, path)
    name_field = spec.areas or ""
    for field in (name_field, *spec.columns.values()):
        if field not in drawn.fields:
            shown = nearest(field, drawn.fields) or f"fields: {', '.join(drawn.fields[:20])}"
            raise SheetError(f"the areas have no field {field[:60]!r}", shown)
    if len(drawn.rows) > MOST_AREAS:
        raise SheetError(f"the file has {len(drawn.rows)} features, at most {MOST_AREAS} are read", "cut it")
    told: list[str] = []
    shapes: dict[str, list[Any]] = {}
    numbers: dict[str, dict[str, float]] = {}
    unnamed = other = endless = broken = 0
    for fields, shape in drawn.rows:
        name = _name(fields.get(name_field))
        if not name:
            unnamed += 1
            continue
        if shape is None or shape.is_empty or shape.geom_type not in ("Polygon", "MultiPolygon"):
            other += 1
            continue
        if not np.isfinite(shapely.get_coordinates(shape)).all():
            endless += 1
            continue
        if not shape.is_valid:
            broken += 1
            shape = shapely.make_valid(shape)
        shapes.setdefault(name, []).append(shape)
        held = numbers.setdefault(name, dict.fromkeys(spec.columns, 0.0))
        for column, field in spec.columns.items():
            held[column] += _number(fields.get(field), field, name)
    for count, words in (
        (unnamed, f"features have no {name_field} and are left out"),
        (other, "features are no polygon and are left out"),
        (endless, "polygons have a corner that is no number and are left out"),
        (broken, "polygons cross themselves and were mended"),
    ):
        if count:
            told.append(f"{count} {words}")
    if not shapes:
        raise SheetError(
            "the file holds no polygon with a name", "give polygons of areas, with a field that names them"
        )
    several = [name for name, parts in shapes.items() if len(parts) > 1]
    if several:
        what = "; their numbers are added" if spec.columns else ""
        shown = ", ".join(several[:3]) + (" …" if len(several) > 3 else "")
        told.append(f"{len(several)} names stand at several polygons, which are taken as one area each{what}: {shown}")
    names = sorted(shapes)
    if any(len(name) > 200 for name in names):
        raise SheetError("an area's name has over 200 letters", f"is {name_field!r} the field of names?")
    whole = _in_degrees([shapely.union_all(shapes[name]) for name in names], drawn.crs)
    outline, bounds = _corners(whole)
    columns: dict[str, NDArray[np.generic]] = {"area": np.array(names, np.str_)}
    columns |= dict(zip(("west", "south", "east", "north"), bounds.T.copy(), strict=True))
    for column in spec.columns:
        columns[column] = np.array([numbers[name][column] for name in names])
    totals = {column: float(columns[column].sum()) for column in spec.columns}
    return Outlines(columns, outline, drawn.encoding, digest, totals, tuple(told))


def _name(value: Any) -> str:
    if value is None or value != value:  # nan of a field that is empty
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return composed(str(value)).strip()


def _number(value: Any, field: str, name: str) -> float:
    if value is None or value != value:
        return 0.0
    try:
        found = value if isinstance(value, int | float | np.number) else cells.number(str(value), "")
        amount = float(found if found is not None else 0.0)
    except (cells.CellError, ValueError) as fault:
        raise SheetError(
            f"{field} of {name} is {str(value)[:40]!r}, which is no number", "name another field"
        ) from fault
    if not 0 <= amount < 1e12:
        raise SheetError(f"{field} of {name} is {amount:g}, which is no count", "name another field")
    return amount


def _read(spec: TableSpec, path: Path) -> tuple[_Drawn, str]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SheetError(f"the file is larger than {MAX_BYTES // 10**6} MB", "keep the areas that are needed")
        with path.open("rb") as file:
            head = file.read(100)
        if head[:4] == b"PK\x03\x04":
            return _of_parts(_zipped(path), spec)
        if _is_shape(head):
            return _of_parts(_beside(path), spec)
        data = path.read_bytes()
    except OSError as fault:
        raise SheetError(f"the file cannot be read: {fault.strerror or fault}") from fault
    digest = hashlib.sha256(data).hexdigest()
    if head.startswith(_SQLITE) and head[_GPKG_AT : _GPKG_AT + 4] in _GPKG_MARK:
        return _of_library(path, spec, "utf-8"), digest
    if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{":
        return _of_geojson(data), digest
    raise SheetError(
        "the file is no GeoJSON, GeoPackage or Shapefile", "save it as GeoPackage in QGIS, or give the zip as it came"
    )


def _is_shape(head: bytes) -> bool:
    return len(head) >= 36 and struct.unpack(">i", head[:4])[0] == _SHAPE_MARK and (
        struct.unpack("<i", head[28:32])[0] == _SHAPE_VERSION
    )  # fmt: skip


def _zipped(path: Path) -> dict[str, bytes]:
    found = unpacked(path, lambda name: name.lower().endswith(_SHAPE_PARTS), "a Shapefile has some five")
    shapes = [name for name in found if name.lower().endswith(".shp")]
    if len(shapes) != 1:
        raise SheetError(f"the zip holds {len(shapes)} Shapefiles", "unpack it, and name the .shp that is needed")
    stem = shapes[0][:-4]
    return {name[len(stem) :].lower(): data for name, data in found.items() if name.startswith(stem + ".")}


def _beside(path: Path) -> dict[str, bytes]:
    """Parts of a Shapefile beside it; a link would lead out of what the scenario may read."""
    found = {}
    for file in sorted(path.parent.iterdir()):
        if file.stem == path.stem and file.suffix.lower() in _SHAPE_PARTS and not file.is_symlink() and file.is_file():
            if file.stat().st_size > MAX_BYTES:
                raise SheetError(
                    f"{file.name} is larger than {MAX_BYTES // 10**6} MB", "keep the areas that are needed"
                )
            found[file.suffix.lower()] = file.read_bytes()
    return found


def _of_parts(parts: dict[str, bytes], spec: TableSpec) -> tuple[_Drawn, str]:
    """A Shapefile from the bytes of its parts."""
    for part in (".shp", ".dbf", ".shx"):
        if part not in parts:
            raise SheetError(f"the Shapefile lacks its {part}", "keep its files together, or give the zip as it came")
    if not _is_shape(parts[".shp"]):
        raise SheetError("the .shp is no Shapefile", "fetch it anew")
    digest = hashlib.sha256()
    for part in sorted(parts):
        digest.update(f"{part}:{len(parts[part])}:".encode())
        digest.update(parts[part])
    encoding = _encoding(parts, spec)
    with tempfile.TemporaryDirectory(prefix="osaka-twin-") as folder:
        for part, data in parts.items():
            if part != ".cpg":  # the encoding is said to the reader
                (Path(folder) / f"areas{part}").write_bytes(data)
        return _of_library(Path(folder) / "areas.shp", spec, encoding), digest.hexdigest()


def _encoding(parts: Mapping[str, bytes], spec: TableSpec) -> str:
    """Encoding of the words of a Shapefile: as declared, as its .cpg says, or by what the words can be read as."""
    if spec.encoding != "detect":
        return spec.encoding
    said = parts.get(".cpg", b"").decode("ascii", "replace").strip().casefold().replace("_", "-")
    known = {"utf-8": "utf-8", "utf8": "utf-8", "65001": "utf-8"}
    known |= dict.fromkeys(("932", "cp932", "shift-jis", "sjis", "ms932", "windows-31j", "ansi 932"), "cp932")
    if said in known:
        return known[said]
    dbf = parts[".dbf"]
    # Words begin behind the description of the fields, whose length stands at 8.
    body = dbf[struct.unpack("<H", dbf[8:10])[0] :] if len(dbf) > 10 else b""
    for name in ("utf-8", "cp932"):
        try:
            body.decode(name)
        except UnicodeDecodeError:
            continue
        return name
    raise SheetError("the words of the Shapefile are neither UTF-8 nor Shift_JIS", "save it as GeoPackage in QGIS")


def _of_library(path: Path, spec: TableSpec, encoding: str) -> _Drawn:
    import pyogrio

    try:
        listed = [str(row[0]) for row in pyogrio.list_layers(path) if row[1] is not None]
        if spec.sheet is None and len(listed) != 1:
            raise SheetError(f"the file has {len(listed)} layers", f"add sheet: one of {', '.join(listed[:20])}")
        layer = listed[0] if spec.sheet is None else spec.sheet
        if layer not in listed:
            raise SheetError(f"the file has no layer {layer!r}", nearest(layer, listed))
        frame = pyogrio.read_dataframe(
            path, layer=layer, max_features=MOST_AREAS + 1, encoding=encoding if path.suffix == ".shp" else None
        )
    except (
        pyogrio.errors.DataSourceError,
        pyogrio.errors.DataLayerError,
        pyogrio.errors.FieldError,
        pyogrio.errors.GeometryError,
        ValueError,
    ) as fault:
        raise SheetError(f"the areas cannot be read: {str(fault)[:200]}", "save them anew in QGIS") from fault
    fields = tuple(str(name) for name in frame.columns if name != frame.geometry.name)
    rows = [
        (dict(zip(fields, values, strict=True)), shape)
        for values, shape in zip(
            frame[list(fields)].itertuples(index=False, name=None), frame.geometry.tolist(), strict=True
        )
    ]
    return _Drawn(fields, rows, frame.crs, encoding if path.suffix == ".shp" else "")


def _of_geojson(data: bytes) -> _Drawn:
    from shapely.errors import ShapelyError
    from shapely.geometry import shape

    try:
        content = json.loads(data.decode("utf-8-sig"))
        features = content["features"] if content["type"] == "FeatureCollection" else [content]
        fields = tuple(sorted({str(key) for one in features for key in one["properties"] or {}}))
        rows = [(one["properties"] or {}, shape(one["geometry"]) if one["geometry"] else None) for one in features]
        named = content.get("crs")
        return _Drawn(fields, rows, named["properties"]["name"] if named else _DEGREES, "utf-8")
    except UnicodeDecodeError as fault:
        raise SheetError("the GeoJSON is not UTF-8", "save it anew as GeoJSON or GeoPackage") from fault
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, ShapelyError) as fault:
        raise SheetError(
            f"the GeoJSON cannot be read: {type(fault).__name__}: {str(fault)[:100]}", "save it anew in QGIS"
        ) from fault


def _in_degrees(shapes: Sequence[Any], crs: Any) -> list[Any]:
    import pyproj
    import shapely

    if crs is None:
        raise SheetError("the file does not say in which CRS it is drawn", "keep the .prj, or set the CRS in QGIS")
    if sum(int(shapely.get_num_coordinates(one)) for one in shapes) > MOST_POINTS:
        raise SheetError(f"the areas have more than {MOST_POINTS:,} corners", "simplify them, or keep what is needed")
    try:
        turn = pyproj.Transformer.from_crs(pyproj.CRS.from_user_input(crs), _DEGREES, always_xy=True)
    except pyproj.exceptions.ProjError as fault:
        raise SheetError(f"the CRS of the areas is unknown: {str(crs)[:80]}", "set its CRS in QGIS") from fault

    def degrees(points: Floats) -> Floats:
        return np.round(np.column_stack(turn.transform(points[:, 0], points[:, 1])), _DECIMALS)

    out = [shapely.transform(shapely.force_2d(one), degrees) for one in shapes]
    points = shapely.get_coordinates(out)
    if not (np.isfinite(points).all() and (np.abs(points) <= (180.0, 90.0)).all()):
        raise SheetError("an area lies on no place on earth", "check the CRS of the file")
    return out


def _corners(shapes: Sequence[Any]) -> tuple[dict[str, NDArray[np.generic]], Floats]:
    """Corners of every ring, and the bounds of each area."""
    import shapely

    parts, row_of_part = shapely.get_parts(np.array(shapes, object), return_index=True)
    flat = np.array([shapely.get_type_id(part) == shapely.GeometryType.POLYGON for part in parts], np.bool_)
    # Mending may leave lines where a polygon touched itself.
    parts, row_of_part = parts[flat], row_of_part[flat]
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    first = np.searchsorted(part_of_ring, part_of_ring)
    points, ring_of_point = shapely.get_coordinates(rings, return_index=True)
    part = part_of_ring[ring_of_point]
    outline: dict[str, NDArray[np.generic]] = {
        "row": row_of_part[part].astype(np.int32), "part": part.astype(np.int32),
        "ring": (ring_of_point - first[ring_of_point]).astype(np.int32),
        "lon": points[:, 0].copy(), "lat": points[:, 1].copy(),
    }  # fmt: skip
    return outline, np.array(shapely.bounds(np.array(shapes, object)), np.float64)
