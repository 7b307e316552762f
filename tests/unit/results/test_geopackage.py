"""Layers with styles: QGIS finds them, strangers' words stay words, equal layers give equal bytes."""

from __future__ import annotations

import sqlite3

import geopandas
import pyogrio
import pytest
import shapely
from lxml import etree

from twin.errors import RunError
from twin.results.geopackage import Layer, write_layers

HOSTILE = '"/><script>alert(1)</script>=1+1'


def layer(name="links_walk_today"):
    frame = geopandas.GeoDataFrame(
        {"level": ["A", "F"], "street": ["御堂筋", HOSTILE], "line_mm": [0.2, 2.0]},
        geometry=[shapely.LineString([(0, 0), (9, 9)]), shapely.LineString([(0, 0), (5, 0)])],
        crs="EPSG:6674",
    )
    classes = {"A": ("#0072B2", "水準A"), "F": ("#D55E00", HOSTILE)}
    return Layer(name, frame, "level", classes, "line_mm", {"street": "通り", "level": HOSTILE})


def test_layers_and_their_styles_are_read_back(tmp_path):
    path = write_layers(tmp_path / "表.gpkg", [layer(), layer("edits_案1")])
    found = geopandas.read_file(path, layer="links_walk_today")
    assert found.crs == "EPSG:6674"
    assert found["street"].tolist() == ["御堂筋", HOSTILE]
    assert "layer_styles" in pyogrio.list_layers(path)[:, 0]
    connection = sqlite3.connect(path)
    rows = connection.execute(
        "SELECT f_table_name, f_geometry_column, styleQML, useAsDefault FROM layer_styles"
    ).fetchall()
    connection.close()
    assert [(row[0], row[1], row[3]) for row in rows] == [("links_walk_today", "geom", 1), ("edits_案1", "geom", 1)]
    style = etree.fromstring(rows[0][2].encode())
    assert style.find("renderer-v2").get("attr") == "level"
    assert [c.get("value") for c in style.iter("category")] == ["A", "F", ""]
    symbols = {s.get("name") for s in style.iter("symbol")}
    assert {c.get("symbol") for c in style.iter("category")} == symbols
    assert style.find(".//alias[@field='level']").get("name") == HOSTILE
    assert not list(style.iter("script"))


def test_equal_layers_give_equal_bytes(tmp_path):
    first, second = (write_layers(tmp_path / name, [layer()]).read_bytes() for name in ("a.gpkg", "b.gpkg"))
    assert first == second


def test_nothing_half_written_is_left(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(RunError, match="cannot be written"):
        write_layers(tmp_path / "file" / "a.gpkg", [layer()])
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
