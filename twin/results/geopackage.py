"""Layers to a GeoPackage that QGIS opens as they are meant to look: styles lie in its table ``layer_styles``."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from twin.errors import RunError

if TYPE_CHECKING:
    import geopandas

#: GeoPackages note when they were changed; a fixed moment keeps equal files equal.
_MOMENT = "2000-01-01T00:00:00.000Z"
_STYLES = """
CREATE TABLE layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256),
 f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT,
 styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), update_time DATETIME)
"""


@dataclass(frozen=True)
class Layer:
    """One layer: its name, its rows with their geometry, and how it looks.

    Attributes
    ----------
    name
        Name of the layer; also that of its table.
    frame
        Rows with geometry and CRS.
    column
        Column by which lines are coloured.
    classes
        Value of that column -> colour and words; other values are grey.
    width
        Column whose value is a line's width in millimetres; empty for one width.
    aliases
        Column -> the words that QGIS shows.
    """

    name: str
    frame: geopandas.GeoDataFrame
    column: str
    classes: Mapping[str, tuple[str, str]]
    width: str = ""
    aliases: Mapping[str, str] = field(default_factory=dict)


def write_layers(path: Path, layers: Sequence[Layer]) -> Path:
    """Write layers with their styles; found whole or not at all, equal layers give equal bytes.

    Raises
    ------
    RunError
        If the file cannot be written.
    """
    import pyogrio

    beside = path.with_name(f".{path.stem}.{os.getpid()}.gpkg")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _MOMENT})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.unlink(missing_ok=True)
        for layer in layers:
            pyogrio.write_dataframe(layer.frame, beside, layer=layer.name, driver="GPKG", geometry_type="LineString")
        _add_styles(beside, layers)
        os.replace(beside, path)
    except (OSError, sqlite3.Error, pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as fault:
        raise RunError(
            f"the GeoPackage cannot be written: {fault}",
            where=str(path),
            mend="choose another folder with --out, and close the file in QGIS",
        ) from fault
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
    return path


def _add_styles(path: Path, layers: Sequence[Layer]) -> None:
    connection = sqlite3.connect(path)
    try:
        with connection:
            connection.execute(_STYLES)
            connection.execute(
                "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change) "
                "VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?)",
                (_MOMENT,),
            )
            for layer in layers:
                connection.execute(
                    "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, "
                    "styleName, styleQML, styleSLD, useAsDefault, description, owner, update_time) "
                    "VALUES ('', '', ?, ?, ?, ?, '', 1, '', '', ?)",
                    (layer.name, "geom", layer.name[:30], _qml(layer), _MOMENT),
                )
    finally:
        connection.close()


def _qml(layer: Layer) -> str:
    """A QGIS style: lines by category, words for columns."""
    entries = [*layer.classes.items(), ("", ("#9AA3AD", "–"))]
    categories = "".join(
        f'<category render="true" symbol="{nth}" value={quoteattr(value)} label={quoteattr(words)}/>'
        for nth, (value, (_, words)) in enumerate(entries)
    )
    symbols = "".join(_symbol(nth, color, layer.width) for nth, (_, (color, _)) in enumerate(entries))
    aliases = "".join(
        f'<alias index="{nth}" field={quoteattr(name)} name={quoteattr(words)}/>'
        for nth, (name, words) in enumerate(layer.aliases.items())
    )
    return (
        '<!DOCTYPE qgis PUBLIC "http://mrcc.com/qgis.dtd" "SYSTEM">'
        '<qgis version="3.28" styleCategories="Symbology|Fields">'
        f'<renderer-v2 type="categorizedSymbol" attr={quoteattr(layer.column)} enableorderby="0" forceraster="0" '
        f'symbollevels="0"><categories>{categories}</categories><symbols>{symbols}</symbols></renderer-v2>'
        f"<aliases>{aliases}</aliases></qgis>"
    )


def _symbol(nth: int, color: str, width: str) -> str:
    rgb = ",".join(str(int(color[i : i + 2], 16)) for i in (1, 3, 5))
    by_value = ""
    if width:
        by_value = (
            '<data_defined_properties><Option type="Map"><Option name="properties" type="Map">'
            '<Option name="outlineWidth" type="Map"><Option name="active" type="bool" value="true"/>'
            f'<Option name="field" type="QString" value={quoteattr(width)}/>'
            '<Option name="type" type="int" value="2"/></Option></Option></Option></data_defined_properties>'
        )
    return (
        f'<symbol type="line" name="{nth}" alpha="1" clip_to_extent="1" force_rhr="0">'
        '<layer class="SimpleLine" enabled="1" locked="0" pass="0"><Option type="Map">'
        f'<Option name="line_color" type="QString" value="{rgb},255"/>'
        '<Option name="line_width" type="QString" value="0.6"/>'
        '<Option name="line_width_unit" type="QString" value="MM"/>'
        f'<Option name="capstyle" type="QString" value="round"/></Option>{by_value}</layer></symbol>'
    )
