"""Edits as tables: rows for people and programs, a GeoPackage for GIS, and plain data for a picture."""

from __future__ import annotations

import csv
import os
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from twin.city.city import City, StreetLayer
from twin.city.editing.streets import shape_of
from twin.city.editing.types import EditedCity, TouchedLink
from twin.errors import RunError
from twin.looks import MapMark

if TYPE_CHECKING:
    import geopandas

#: Around everything touched, a picture shows this much more.
_MARGIN_M = 120.0
_LEAST_SHAPE = 0.8
_MOST_NAMES = 60
_TOUCH = {"lanes": 0, "speed_kmh": 1, "width_m": 2, "open": 3, "closed_to": 4, "along": 5}
#: Columns of the table, in order.
COLUMNS: tuple[str, ...] = (
    "layer",
    "street",
    "way_id",
    "from_node",
    "to_node",
    "link_index",
    "base_link_index",
    *(f"{when}_{what}" for what in _TOUCH for when in ("old", "new")),
    "hours",
    "measure",
    "change",
)
_WHOLE_NUMBERS = ("old_lanes", "new_lanes")


def edit_rows(edited: EditedCity) -> list[dict[str, Any]]:
    """One row per touched link and hours, with :data:`COLUMNS`; None where a field is not touched.

    Speeds are in km/h, widths in metres, classes of vehicles joined by commas; new links have no old values.
    """
    return [_row(touched) for touched in edited.touched]


def _row(touched: TouchedLink) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(COLUMNS)
    row.update(
        layer=touched.layer,
        street=touched.street,
        way_id=touched.way_id,
        from_node=touched.from_node,
        to_node=touched.to_node,
        link_index=touched.link_index,
        base_link_index=touched.base_link_index,
        hours=hours_text(touched),
        measure=", ".join(touched.measures),
        change=", ".join(touched.changes),
    )
    for when, values in (("old", touched.old), ("new", touched.new)):
        for name, value in values.items():
            column = f"{when}_{'speed_kmh' if name == 'speed_mps' else name}"
            row[column] = _shown(name, value)
    return row


def _shown(name: str, value: Any) -> Any:
    if name == "speed_mps":
        return round(value * 3.6, 3)
    if name == "closed_to":
        return ", ".join(value)
    if isinstance(value, float) and value != value:
        return None  # a width that the map does not say
    return value


def hours_text(touched: TouchedLink) -> str:
    """Hours in which the new values hold; empty for always."""
    if touched.span_s is None:
        return ""
    start, end = (f"{int(t) // 3600:02d}:{int(t) % 3600 // 60:02d}" for t in touched.span_s)
    return f"{start}-{end}" + (" daily" if touched.daily else "")


def signal_rows(edited: EditedCity) -> list[dict[str, Any]]:
    """One row per node whose lights have another plan."""
    return [
        {
            "node": s.node_id,
            "street": s.street,
            "cycle_s": s.cycle_s,
            "green_share": s.green_share,
            "offset_s": round(s.offset_s, 3),
            "measure": s.measure,
        }
        for s in edited.signals
    ]


#: What a formula begins with, after full-width forms are made ASCII; the last is a minus sign.
_FORMULA_SIGNS = frozenset("=+-@\u2212")
_CONTROL = frozenset("\t\r\n\0")


def write_csv(path: Path, variants: Mapping[str, EditedCity]) -> None:
    """Write every row of every variant for a spreadsheet: UTF-8 with BOM, which Excel opens with kanji intact."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("variant", *COLUMNS))
        for name, edited in variants.items():
            for row in edit_rows(edited):
                writer.writerow([_harmless(v) for v in (name, *(row[c] for c in COLUMNS))])


def _harmless(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula, not even one that reads full-width signs as ASCII ones."""
    if not isinstance(value, str):
        return value
    begins = unicodedata.normalize("NFKC", value).lstrip()[:1]
    return f"'{value}" if begins in _FORMULA_SIGNS or value[:1] in _CONTROL else value


def write_geopackage(path: Path, variants: Mapping[str, EditedCity]) -> None:
    """Write a layer ``edits_VARIANT`` of touched links per variant, and ``signals_VARIANT`` where lights changed.

    The CRS is the city's. Equal edits give equal bytes.

    Raises
    ------
    RunError
        If the file cannot be written.
    """
    import pyogrio

    beside = path.with_name(f".{path.stem}.{os.getpid()}.gpkg")
    # GeoPackages note when they were last changed; a fixed moment keeps equal files equal.
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2000-01-01T00:00:00.000Z"})
    try:
        beside.unlink(missing_ok=True)
        for name, edited in variants.items():
            for layer, frame, kind in _frames(name, edited):
                pyogrio.write_dataframe(frame, beside, layer=layer, driver="GPKG", geometry_type=kind, append=False)
        os.replace(beside, path)
    except (OSError, pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as fault:
        raise RunError(
            f"the GeoPackage cannot be written: {fault}",
            where=str(path),
            mend="choose another folder with --out, and close the file in QGIS",
        ) from fault
    finally:
        beside.unlink(missing_ok=True)
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def edit_frame(edited: EditedCity) -> geopandas.GeoDataFrame:
    """Every touched link with its line, with :data:`COLUMNS` and the ``kind`` by which it is drawn."""
    import geopandas
    import pandas as pd
    import shapely

    rows = pd.DataFrame(edit_rows(edited), columns=list(COLUMNS))
    for column in _WHOLE_NUMBERS:
        rows[column] = rows[column].astype("Int32")
    for column in ("old_speed_kmh", "new_speed_kmh", "old_width_m", "new_width_m"):
        rows[column] = rows[column].astype("float64")
    for column in ("old_open", "new_open"):
        rows[column] = rows[column].astype("boolean")
    for column in ("way_id", "from_node", "to_node", "link_index", "base_link_index"):
        rows[column] = rows[column].astype("int64")
    rows["kind"] = [kind_of(t) for t in edited.touched]
    lines = [shapely.LineString(shape_of(_layer(edited.city, t), t.link_index)) for t in edited.touched]
    return geopandas.GeoDataFrame(rows, geometry=lines, crs=edited.city.crs)


def _frames(name: str, edited: EditedCity) -> Iterator[tuple[str, Any, str]]:
    import geopandas
    import pandas as pd
    import shapely

    city = edited.city
    yield f"edits_{name}", edit_frame(edited).drop(columns="kind"), "LineString"
    if edited.signals:
        points = [shapely.Point(city.drive.x_m[s.node_index], city.drive.y_m[s.node_index]) for s in edited.signals]
        frame = geopandas.GeoDataFrame(pd.DataFrame(signal_rows(edited)), geometry=points, crs=city.crs)
        yield f"signals_{name}", frame, "Point"


def _layer(city: City, touched: TouchedLink) -> StreetLayer:
    return city.drive if touched.layer == "drive" else city.walk


# Picture ----------------------------------------------------------------------------------------------


def edit_picture(edited: EditedCity, marks: Sequence[MapMark] = ()) -> dict[str, Any]:
    """Plain data of a picture: what is touched, the streets around it and their names, in metres; marks of models.

    Returns
    -------
    dict
        ``bounds`` (west, south, east, north) or None; ``streets``, ``paths``: shapes around; ``links``: touched
        ones, each ``points``, ``kind`` and ``row`` into :func:`edit_rows`; ``names``: text at a point;
        ``signals``: points; ``marks``: points with their words.
    """
    city = edited.city
    shapes = [shape_of(_layer(city, t), t.link_index) for t in edited.touched]
    nodes = [s.node_index for s in edited.signals]
    signals = np.column_stack([city.drive.x_m[nodes], city.drive.y_m[nodes]])
    marked = np.array([(mark.x_m, mark.y_m) for mark in marks], np.float64).reshape(-1, 2)
    points = np.concatenate([*shapes, signals, marked])
    if not len(points):
        return {"bounds": None, "streets": [], "paths": [], "links": [], "names": [], "signals": [], "marks": []}
    low, high = points.min(axis=0) - _MARGIN_M, points.max(axis=0) + _MARGIN_M
    # Neither a narrow strip nor a flat one: there are streets around to show.
    wider = np.maximum((high - low)[::-1] * _LEAST_SHAPE - (high - low), 0.0) / 2
    low, high = low - wider, high + wider
    bounds = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
    links = [
        {"points": shape.tolist(), "kind": kind_of(t), "row": i}
        for i, (t, shape) in enumerate(zip(edited.touched, shapes, strict=True))
    ]
    return {
        "bounds": bounds,
        "links": links,
        "signals": signals.tolist(),
        "marks": [asdict(mark) for mark in marks],
        "names": _names(city.drive, bounds),
        "streets": _around(city.drive, bounds),
        "paths": _around(city.walk, bounds),
    }


def kind_of(touched: TouchedLink) -> str:
    """The one word by which a touched link is drawn."""
    old, new = touched.old, touched.new
    if touched.base_link_index < 0:
        return "new"
    if new.get("open") is False:
        return "closed"
    if "along" in new:
        return "closed" if "close_walk" in touched.changes else "along"
    if "width_m" in new:
        return "pavement"
    if "lanes" in new:
        return "fewer_lanes" if new["lanes"] < old["lanes"] else "more_lanes"
    return "speed" if "speed_mps" in new else "access"


def _inside(layer: StreetLayer, bounds: Sequence[float]) -> NDArray[np.int64]:
    """Links with a point in a box."""
    west, south, east, north = bounds
    point = (
        (layer.vertex_x_m >= west)
        & (layer.vertex_x_m <= east)
        & (layer.vertex_y_m >= south)
        & (layer.vertex_y_m <= north)
    )
    owner = np.repeat(np.arange(layer.link_count), np.diff(layer.vertex_ptr))
    return np.unique(owner[point])


def _around(layer: StreetLayer, bounds: Sequence[float]) -> list[list[list[float]]]:
    """Shapes in a box, two-way streets once."""
    seen: dict[tuple[int, int, int, float], int] = {}
    for link in _inside(layer, bounds).tolist():
        ends = sorted((int(layer.link_from[link]), int(layer.link_to[link])))
        seen.setdefault((ends[0], ends[1], int(layer.way_id[link]), round(float(layer.length_m[link]), 3)), link)
    return [shape_of(layer, link).tolist() for link in seen.values()]


def _names(layer: StreetLayer, bounds: Sequence[float]) -> list[dict[str, Any]]:
    """Names of the streets in a box, each where its longest link has its middle, longest first."""
    west, south, east, north = bounds
    best: dict[str, tuple[float, float, float]] = {}
    for link in _inside(layer, bounds).tolist():
        shape = shape_of(layer, link)
        x_m, y_m = (float(v) for v in (shape[0] + shape[-1]) / 2)
        name = layer.names[layer.name_index[link]] if layer.name_index[link] >= 0 else ""
        if name and west <= x_m <= east and south <= y_m <= north:
            best[name] = max(best.get(name, (0.0, 0.0, 0.0)), (float(layer.length_m[link]), x_m, y_m))
    ranked = sorted(best.items(), key=lambda item: (-item[1][0], item[0]))[:_MOST_NAMES]
    return [{"text": name, "x_m": at[1], "y_m": at[2]} for name, at in ranked]
