"""Areas as polygons: GeoJSON, GeoPackage and Shapefile say the same; words in Shift_JIS; bad files are refused."""

from __future__ import annotations

import gzip
import json
import math
import zipfile

import geopandas
import numpy as np
import pytest
import shapely

from twin.city.areas import areas_of
from twin.errors import TableError
from twin.scenario.tables.read import read_tables

BLOCKS = {
    "生野東一丁目": shapely.box(135.53, 34.65, 135.54, 34.66),
    "生野東二丁目": shapely.Polygon(
        shapely.box(135.54, 34.65, 135.56, 34.67).exterior.coords,
        [shapely.box(135.545, 34.655, 135.55, 34.66).exterior.coords],
    ),
    "田島": shapely.MultiPolygon(
        [shapely.box(135.50, 34.60, 135.51, 34.61), shapely.box(135.52, 34.60, 135.53, 34.61)]
    ),
}
PEOPLE = {"生野東一丁目": 1200, "生野東二丁目": 800, "田島": 55}


def frame():
    return geopandas.GeoDataFrame(
        {"S_NAME": list(BLOCKS), "JINKO": [PEOPLE[name] for name in BLOCKS]}, geometry=list(BLOCKS.values()), crs=4326
    )


@pytest.fixture
def areas(load, tmp_path):
    """Reads one file of areas."""

    def read(file: str, declared: str = "areas: S_NAME, columns: {people: JINKO}"):
        found = read_tables(load(f"terminal:\ntables:\n  a: {{file: {file}, {declared}}}\n"))["a"]
        return found, areas_of("a", {"a": found.columns, "a.outline": found.more[".outline"]}, "EPSG:6674")

    return read


def zipped(tmp_path, stem):
    with zipfile.ZipFile(tmp_path / "areas.zip", "w") as archive:
        for file in sorted(tmp_path.glob(f"{stem}.*")):
            archive.write(file, f"downloaded/{file.name}")
    return "areas.zip"


@pytest.mark.parametrize("kind", ["geojson", "gpkg", "shp", "shp without cpg", "zip", "in metres"])
def test_every_kind_of_file_says_the_same(areas, tmp_path, kind):
    file = {"geojson": "a.geojson", "gpkg": "a.gpkg", "in metres": "m.gpkg"}.get(kind, "a.shp")
    drawn = frame().to_crs(6674) if kind == "in metres" else frame()
    drawn.to_file(tmp_path / file, **({"encoding": "cp932"} if file.endswith(".shp") else {}))
    if kind in ("shp without cpg", "zip"):
        (tmp_path / "a.cpg").unlink(missing_ok=True)
    found, read = areas(zipped(tmp_path, "a") if kind == "zip" else file)
    assert found.columns["area"].tolist() == sorted(BLOCKS)
    assert found.columns["people"].tolist() == [PEOPLE[name] for name in sorted(BLOCKS)]
    assert found.echo.totals == {"people": 2055.0}
    truth = geopandas.GeoSeries([BLOCKS[name] for name in sorted(BLOCKS)], crs=4326).to_crs(6674)
    for mine, wanted in zip(read.shapes, truth, strict=True):
        assert mine.symmetric_difference(wanted).area < 1e-3 * wanted.area
    points = geopandas.GeoSeries.from_xy(
        [135.535, 135.5475, 135.555, 135.525, 0.0], [34.655, 34.6575, 34.668, 34.605, 0.0], crs=4326
    ).to_crs(6674)
    inside = read.rows_at(points.x.to_numpy(), points.y.to_numpy())
    # The second point lies in the hole.
    assert [sorted(BLOCKS)[row] if row >= 0 else "" for row in inside] == [
        "生野東一丁目", "", "生野東二丁目", "田島", "",
    ]  # fmt: skip


def test_pieces_of_one_name_are_one_area_and_odd_features_are_counted(areas, tmp_path):
    bow = {
        "type": "Polygon",
        "coordinates": [[[135.5, 34.6], [135.51, 34.61], [135.51, 34.6], [135.5, 34.61], [135.5, 34.6]]],
    }
    features = [
        {"type": "Feature", "properties": {"S_NAME": name, "JINKO": people}, "geometry": shape}
        for name, people, shape in (
            ("甲", 10, shapely.geometry.mapping(BLOCKS["生野東一丁目"])),
            ("甲", 5, shapely.geometry.mapping(BLOCKS["生野東二丁目"])),
            ("乙", "1,200", bow),
            ("", 3, bow),
            ("丙", 3, {"type": "Point", "coordinates": [135.5, 34.6]}),
            ("丁", 3, None),
            ("戊", 3, {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, math.inf], [0, 0]]]}),
        )
    ]
    (tmp_path / "a.json").write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    found, read = areas("a.json")
    assert found.columns["area"].tolist() == ["乙", "甲"]
    assert found.columns["people"].tolist() == [1200, 15]
    assert read.shapes[1].area == pytest.approx(
        geopandas.GeoSeries([BLOCKS["生野東一丁目"], BLOCKS["生野東二丁目"]], crs=4326).to_crs(6674).area.sum(),
        rel=1e-6,
    )
    told = "; ".join(found.echo.warnings)
    for words in (
        "1 features have no S_NAME",
        "2 features are no polygon",
        "1 polygons have a corner that is no number",
        "1 polygons cross themselves",
        "1 names stand at several polygons",
    ):
        assert words in told


def test_what_cannot_be_read_is_refused(areas, tmp_path):
    def refused(file, data, declared="areas: S_NAME"):
        (tmp_path / file).write_bytes(data)
        with pytest.raises(TableError) as caught:
            areas(file, declared)
        return caught.value.problems[0].what

    assert "no GeoJSON, GeoPackage or Shapefile" in refused("a.kml", b"<kml></kml>")
    assert "no GeoJSON, GeoPackage or Shapefile" in refused("a.csv", b"a,b\n")
    assert "is not UTF-8" in refused("a.geojson", '{"type": "FeatureCollection", "x": "生野"}'.encode("cp932"))
    assert "cannot be read" in refused("b.geojson", b'{"type": "FeatureCollection", "features": [1]}')
    assert "have no field 'S_NAME'" in refused(
        "c.geojson", json.dumps({"type": "FeatureCollection", "features": []}).encode()
    )
    frame().to_file(tmp_path / "s.shp", encoding="cp932")
    shp = (tmp_path / "s.shp").read_bytes()
    assert "lacks its .dbf" in refused("lone.shp", shp)
    (tmp_path / "two.zip").write_bytes(b"")
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        for name in ("a.shp", "b.shp"):
            archive.writestr(name, shp)
    assert "2 Shapefiles" in refused("two.zip", (tmp_path / "two.zip").read_bytes())
    (tmp_path / "s.prj").unlink()
    assert "in which CRS" in refused("s.shp", shp)
    frame().to_file(tmp_path / "n.geojson")
    assert "is no number" in refused(
        "n.geojson", (tmp_path / "n.geojson").read_bytes(), "areas: S_NAME, columns: {people: S_NAME}"
    )


def test_the_wards_of_osaka(areas, shared_data, tmp_path):
    packed = shared_data / "osaka-wards" / "osaka_24_wards.geojson.gz"
    if not packed.exists():
        pytest.skip("the wards of Osaka are not here")
    (tmp_path / "wards.geojson").write_bytes(gzip.decompress(packed.read_bytes()))
    found, read = areas("wards.geojson", "areas: name_ja, columns: {people: population_2017_09, km2: area_km2}")
    assert len(found.columns["area"]) == 24
    ikuno = found.columns["area"].tolist().index("生野区")
    assert found.columns["people"][ikuno] == 127601
    areas_km2 = np.array([shape.area for shape in read.shapes]) / 1e6
    np.testing.assert_allclose(areas_km2, found.columns["km2"], rtol=2e-3)
    # Published: Kita 10.34 km2. Wards do not overlap.
    assert areas_km2[found.columns["area"].tolist().index("北区")] == pytest.approx(10.34, rel=2e-3)
    assert shapely.union_all(read.shapes).area / 1e6 == pytest.approx(areas_km2.sum(), rel=1e-3)
