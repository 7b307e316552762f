"""Drawings: read in degrees whatever their CRS; only the two kinds that are safe to read are read."""

from __future__ import annotations

import json

import geopandas
import pytest
import shapely

from twin.errors import ScenarioError
from twin.scenario.language.edits import LayerSpec
from twin.scenario.tables.layers import LayerFaultError, read_layer, with_features

LINE = shapely.LineString([(-45800.0, -147000.0), (-45800.0, -146900.0)])


@pytest.fixture
def gpkg(tmp_path):
    names = {"工区名": ["北1工区", "北2工区", None]}
    frame = geopandas.GeoDataFrame(names, geometry=[LINE, LINE.buffer(5.0), LINE], crs="EPSG:6674")
    path = tmp_path / "側道.gpkg"
    frame.to_file(path, layer="工区", driver="GPKG")
    return path


def spec(path, **more):
    return LayerSpec(file=path.name, **{"id_field": "工区名", **more})


def test_a_geopackage_is_read_in_degrees_by_the_names_of_its_features(gpkg):
    found = read_layer(spec(gpkg), gpkg)
    assert list(found) == ["北1工区", "北2工区"]
    (geometry,) = found["北1工区"]
    back = geopandas.GeoSeries([shapely.geometry.shape(geometry)], crs="EPSG:4326").to_crs("EPSG:6674")[0]
    assert back.hausdorff_distance(LINE) < 0.001
    assert found["北2工区"][0]["type"] == "Polygon"
    json.dumps(found)


def test_geojson_is_read_the_same_with_or_without_its_crs(gpkg, tmp_path):
    frame = geopandas.read_file(gpkg, layer="工区")
    degrees, metres = tmp_path / "a.geojson", tmp_path / "b.geojson"
    frame.to_crs("EPSG:4326").to_file(degrees, driver="GeoJSON")
    content = json.loads(frame.to_json())
    metres.write_text(json.dumps(content), encoding="utf-8")
    assert content["crs"]["properties"]["name"].endswith("6674")
    one, other, third = (read_layer(spec(p), p) for p in (gpkg, degrees, metres))
    assert one.keys() == other.keys() == third.keys()
    shapes = [shapely.geometry.shape(found["北1工区"][0]) for found in (one, other, third)]
    assert max(shapes[0].hausdorff_distance(s) for s in shapes[1:]) < 1e-7


def test_a_number_names_a_feature_as_it_is_typed(tmp_path):
    frame = geopandas.GeoDataFrame({"no": [1.0, 2.5, None]}, geometry=[LINE] * 3, crs="EPSG:6674")
    frame.to_file(tmp_path / "a.gpkg", driver="GPKG")
    assert list(read_layer(LayerSpec(file="a.gpkg", id_field="no"), tmp_path / "a.gpkg")) == ["1", "2.5"]


@pytest.mark.parametrize(
    ("more", "what", "mend"),
    [
        ({"layer": "工"}, "the file has no layer '工'", "工区"),
        ({"id_field": "名前"}, "the layer has no field '名前'", "工区名"),
    ],
)
def test_a_wrong_layer_or_field_is_told_with_those_there_are(gpkg, more, what, mend):
    with pytest.raises(LayerFaultError) as caught:
        read_layer(spec(gpkg, **more), gpkg)
    assert caught.value.what == what
    assert mend in caught.value.mend


def test_of_several_layers_one_must_be_named(gpkg):
    geopandas.GeoDataFrame({"工区名": ["x"]}, geometry=[LINE], crs="EPSG:6674").to_file(gpkg, layer="別", driver="GPKG")
    with pytest.raises(LayerFaultError, match="the file has 2 layers"):
        read_layer(spec(gpkg), gpkg)
    assert list(read_layer(spec(gpkg, layer="別"), gpkg)) == ["x"]


@pytest.mark.parametrize(
    "content",
    [
        b"<OGRVRTDataSource><OGRVRTLayer name='a'><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer>",
        b"SQLite format 3\x00" + b"\x00" * 200,
        b"",
        b"PK\x03\x04zip",
        b"id,x\n1,2\n",
    ],
)
def test_every_other_kind_of_file_is_refused_by_its_content(tmp_path, content):
    path = tmp_path / "works.gpkg"
    path.write_bytes(content)
    with pytest.raises(LayerFaultError, match="neither a GeoPackage nor GeoJSON"):
        read_layer(spec(path), path)


@pytest.mark.parametrize(
    "text",
    [
        '{"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline ! read /etc/passwd"}',
        '{"type": "Topology"}',
        "{",
        '{"type": "FeatureCollection", "features": 5}',
        '{"type": "FeatureCollection", "features": [5]}',
        "{" * 100_000,
        '{"type": "FeatureCollection", "features": [{"properties": {"工区名": 1}, "geometry": {"type": "Blob"}}]}',
    ],
)
def test_json_that_is_no_geojson_is_one_clear_error(tmp_path, text):
    path = tmp_path / "works.geojson"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LayerFaultError):
        read_layer(spec(path), path)


def test_a_layer_that_does_not_say_its_crs_is_refused(tmp_path):
    frame = geopandas.GeoDataFrame({"工区名": ["a"]}, geometry=[LINE])
    with pytest.warns(UserWarning, match="crs"):
        frame.to_file(tmp_path / "a.gpkg", driver="GPKG")
    with pytest.raises(LayerFaultError, match="CRS"):
        read_layer(spec(tmp_path / "a.gpkg"), tmp_path / "a.gpkg")


def test_edits_carry_the_drawings_they_name():
    found = {"works": {"北1": [{"type": "LineString"}], "北2": [{"type": "Polygon"}]}}
    edit = {"key": "measures.m", "where": {"layer": "works", "ids": ["北2"]}}
    (done,) = with_features([edit], found, "a.yaml", {})
    assert done["where"] == {"layer": "works", "features": [{"id": "北2", "geometry": {"type": "Polygon"}}]}
    (every,) = with_features([{**edit, "where": {"layer": "works", "ids": []}}], found, "a.yaml", {})
    assert [f["id"] for f in every["where"]["features"]] == ["北1", "北2"]


def test_a_missing_feature_is_told_at_its_line_with_the_nearest():
    edit = {"key": "measures.m", "where": {"layer": "works", "ids": ["北1区"]}}
    with pytest.raises(ScenarioError) as caught:
        with_features([edit], {"works": {"北1工区": []}}, "a.yaml", {"measures.m.where": (12, 5)})
    assert caught.value.what == "layer works has no feature '北1区'"
    assert caught.value.where == "a.yaml, line 12, column 5, measures.m.where.id"
    assert caught.value.mend == "did you mean 北1工区?"
