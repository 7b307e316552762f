"""Drawn lines and polygons of a scenario's layers, as GeoJSON in degrees; files are untrusted.

The library that reads maps guesses a file's kind from its content, and some kinds run commands or fetch from
the network. So only two are let through to be read: GeoPackages by their mark in the header, and GeoJSON,
which is parsed here as plain JSON.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from twin.errors import Problem, ScenarioError
from twin.scenario.language.edit_spec import composed
from twin.scenario.language.edits import LayerSpec
from twin.scenario.language.paths import PathRefusedError, allowed_path
from twin.scenario.language.validate import nearest

MOST_BYTES = 100_000_000
MOST_FEATURES = 10_000
MOST_POINTS = 1_000_000
_SQLITE, _GPKG_MARK, _GPKG_AT = b"SQLite format 3\x00", (b"GPKG", b"GP10", b"GP11"), 68
_DEGREES = "EPSG:4326"

#: Name of a feature -> its geometry as GeoJSON.
Features = dict[str, list[dict[str, Any]]]


class LayerFaultError(Exception):
    """A layer cannot be read."""

    def __init__(self, what: str, mend: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.mend = mend


def read_layer(spec: LayerSpec, path: Path) -> Features:
    """Features of a layer by name, in degrees (WGS84).

    Parameters
    ----------
    spec
        As declared.
    path
        The file, already known to be allowed.

    Raises
    ------
    LayerFaultError
        If it is no GeoPackage or GeoJSON, or has no such layer or field, or is too large.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise LayerFaultError(
                f"the file is larger than {MOST_BYTES // 1_000_000} MB", "keep only the features the scenario names"
            )
        with path.open("rb") as file:
            head = file.read(100)
        if head.startswith(_SQLITE) and head[_GPKG_AT : _GPKG_AT + 4] in _GPKG_MARK:
            rows, crs = _from_geopackage(spec, path)
        elif head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{":
            rows, crs = _from_geojson(spec, path)
        else:
            raise LayerFaultError("the file is neither a GeoPackage nor GeoJSON", "save it as GeoPackage in QGIS")
    except OSError as fault:
        raise LayerFaultError(f"the file cannot be read: {fault}", "give the name of a file") from fault
    if len(rows) > MOST_FEATURES:
        raise LayerFaultError(f"the layer has {len(rows)} features, the limit is {MOST_FEATURES}")
    return _in_degrees(rows, crs)


def _from_geopackage(spec: LayerSpec, path: Path) -> tuple[list[tuple[str, Any]], Any]:
    import pyogrio

    try:
        listed = [str(row[0]) for row in pyogrio.list_layers(path) if row[1] is not None]
        if spec.layer is None and len(listed) != 1:
            raise LayerFaultError(f"the file has {len(listed)} layers", f"add layer: one of {', '.join(listed[:20])}")
        name = listed[0] if spec.layer is None else spec.layer
        if name not in listed:
            raise LayerFaultError(f"the file has no layer {name!r}", nearest(name, listed))
        fields = [str(f) for f in pyogrio.read_info(path, layer=name)["fields"]]
        if spec.id_field not in fields:
            raise LayerFaultError(f"the layer has no field {spec.id_field!r}", nearest(spec.id_field, fields))
        frame = pyogrio.read_dataframe(path, layer=name, columns=[spec.id_field], max_features=MOST_FEATURES + 1)
    except (
        pyogrio.errors.DataSourceError,
        pyogrio.errors.DataLayerError,
        pyogrio.errors.FieldError,
        pyogrio.errors.GeometryError,
        ValueError,
    ) as fault:
        raise LayerFaultError(f"the GeoPackage cannot be read: {str(fault)[:200]}", "save it anew in QGIS") from fault
    names = [_name(value) for value in frame[spec.id_field].tolist()]
    return list(zip(names, frame.geometry.tolist(), strict=True)), frame.crs


def _from_geojson(spec: LayerSpec, path: Path) -> tuple[list[tuple[str, Any]], Any]:
    from shapely.errors import ShapelyError
    from shapely.geometry import shape

    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
        features = content["features"] if content["type"] == "FeatureCollection" else [content]
        fields: list[str] = sorted({str(key) for f in features for key in f["properties"] or {}})
        if spec.id_field not in fields:
            raise LayerFaultError(f"the layer has no field {spec.id_field!r}", nearest(spec.id_field, fields))
        rows = [
            (_name((f["properties"] or {}).get(spec.id_field)), shape(f["geometry"]) if f["geometry"] else None)
            for f in features
        ]
        named = content.get("crs")
        # GeoJSON is in degrees; older files, and QGIS still, name another CRS.
        return rows, named["properties"]["name"] if named else _DEGREES
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, ShapelyError) as fault:
        raise LayerFaultError(
            f"the GeoJSON cannot be read: {type(fault).__name__}: {str(fault)[:100]}",
            "save it anew as GeoJSON or GeoPackage",
        ) from fault


def _name(value: Any) -> str:
    """Name of a feature as a writer would type it: 3.0 from a column of floats is 3."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return composed(str(value))


def _in_degrees(rows: Sequence[tuple[str, Any]], crs: Any) -> Features:
    """Features by name, in degrees rounded to a tenth of a millimetre."""
    import numpy as np
    import pyproj
    import shapely
    from shapely.geometry import mapping

    if crs is None:
        raise LayerFaultError("the layer does not say in which CRS it is drawn", "set its CRS in QGIS and save it anew")
    try:
        to_degrees = pyproj.Transformer.from_crs(pyproj.CRS.from_user_input(crs), _DEGREES, always_xy=True)
    except pyproj.exceptions.ProjError as fault:
        raise LayerFaultError(f"the CRS of the layer is unknown: {str(crs)[:80]}", "set its CRS in QGIS") from fault

    def turn(metres: Any) -> Any:
        return np.round(np.column_stack(to_degrees.transform(metres[:, 0], metres[:, 1])), 9)

    drawn = [(name, geometry) for name, geometry in rows if name and geometry is not None and not geometry.is_empty]
    if sum(int(shapely.get_num_coordinates(geometry)) for _, geometry in drawn) > MOST_POINTS:
        raise LayerFaultError(f"the layer has more than {MOST_POINTS} points", "simplify it, or keep what is needed")
    out: Features = {}
    for name, geometry in drawn:
        turned = shapely.transform(shapely.force_2d(geometry), turn)
        if not np.isfinite(shapely.get_coordinates(turned)).all():
            raise LayerFaultError(f"the feature {name!r} lies outside the layer's CRS", "check the CRS of the layer")
        out.setdefault(name, []).append(json.loads(json.dumps(mapping(turned))))
    return out


def read_layers(
    layers: Mapping[str, LayerSpec],
    folder: Path,
    allow_read: Sequence[Path],
    file: str,
    lines: Mapping[str, tuple[int, int]],
) -> tuple[dict[str, Features], dict[str, str]]:
    """Features and SHA-256 of every declared layer.

    Raises
    ------
    ScenarioError
        With every layer that cannot be read.
    """
    found: dict[str, Features] = {}
    hashes: dict[str, str] = {}
    problems: list[Problem] = []
    for name, spec in layers.items():
        try:
            path = allowed_path(spec.file, folder, allow_read)
            found[name] = read_layer(spec, path)
            hashes[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        except (LayerFaultError, PathRefusedError) as fault:
            problems.append(Problem(f"layer {name}: {fault.what}", place(file, f"layers.{name}", lines), fault.mend))
    if problems:
        raise ScenarioError.of(problems, file)
    return found, hashes


def with_features(
    edits: Sequence[Mapping[str, Any]], found: Mapping[str, Features], file: str, lines: Mapping[str, tuple[int, int]]
) -> list[dict[str, Any]]:
    """Edits with the drawings they name in place of the names, so that a plan needs no file.

    Raises
    ------
    ScenarioError
        With every feature that is not in its layer.
    """
    out: list[dict[str, Any]] = []
    problems: list[Problem] = []
    for edit in edits:
        where = dict(edit["where"])
        ids = where.pop("ids", None)
        if where.get("layer"):
            layer = found[where["layer"]]
            wanted = [composed(name) for name in ids] if ids else sorted(layer)
            at = place(file, f"{edit['key']}.where.id", lines)
            problems.extend(
                Problem(f"layer {where['layer']} has no feature {name!r}", at, nearest(name, sorted(layer)))
                for name in wanted
                if name not in layer
            )
            where["features"] = [{"id": name, "geometry": drawn} for name in wanted for drawn in layer.get(name, ())]
        out.append({**edit, "where": where})
    if problems:
        raise ScenarioError.of(list(dict.fromkeys(problems)), file)
    return out


def place(file: str, key: str, lines: Mapping[str, tuple[int, int]]) -> str:
    """Where a key stands in the file: its own line, or that of what holds it."""
    held = key
    while held and held not in lines:
        held = held.rpartition(".")[0]
    if not held:
        return f"{file}, {key}"
    line, column = lines[held]
    return f"{file}, line {line}, column {column}, {key}"
