"""Built cities on disk: same bytes, nothing half-written, damage noticed."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from twin.city.keeping.build import open_city, save_city
from twin.city.keeping.digest import city_digest, layer_arrays
from twin.errors import CityError


@pytest.fixture
def city(build, cross):
    cross.node(50, 30, 4, twin__place="stop", twin__id="a", name="停留所", twin__weight="0.5")
    return build(cross)


def test_a_city_comes_back_as_it_was_saved(tmp_path, city):
    save_city(city, tmp_path / "built 都市")
    back = open_city(tmp_path / "built 都市")
    for field in dataclasses.fields(city):
        if field.name not in ("drive", "walk"):
            assert getattr(back, field.name) == getattr(city, field.name)
    for ours, theirs in ((city.drive, back.drive), (city.walk, back.walk)):
        assert (ours.names, ours.aliases, ours.crs) == (theirs.names, theirs.aliases, theirs.crs)
        for (name, array), (_, other) in zip(layer_arrays(ours), layer_arrays(theirs), strict=True):
            assert array.dtype == other.dtype, name
            np.testing.assert_array_equal(array, other)


def test_equal_cities_give_equal_bytes(tmp_path, city):
    for name in ("a", "b"):
        save_city(city, tmp_path / name)
    for file in ("arrays.npz", "city.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    assert sorted(os.listdir(tmp_path / "a")) == ["arrays.npz", "city.json"]


def test_a_built_city_is_replaced_and_nothing_else_is(tmp_path, city):
    target = tmp_path / "city"
    save_city(city, target)
    save_city(dataclasses.replace(city, report={"new": 1}), target)
    assert open_city(target).report == {"new": 1}
    other = tmp_path / "papers"
    other.mkdir()
    (other / "thesis.txt").write_text("years of work")
    with pytest.raises(CityError, match="something else is in the way"):
        save_city(city, other)
    assert (other / "thesis.txt").read_text() == "years of work"
    assert sorted(os.listdir(tmp_path)) == ["city", "papers", "town.osm"]


def test_a_folder_that_cannot_be_written_is_an_error_and_leaves_nothing(tmp_path, city, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(CityError, match="No space left on device"):
        save_city(city, tmp_path / "city")
    assert os.listdir(tmp_path) == ["town.osm"]


def test_arrays_of_an_opened_city_are_read_only(tmp_path, city):
    save_city(city, tmp_path / "city")
    with pytest.raises(ValueError, match="read-only"):
        open_city(tmp_path / "city").drive.length_m[0] = 1.0


def test_a_folder_that_is_no_city_is_refused(tmp_path):
    with pytest.raises(CityError, match="no built city"):
        open_city(tmp_path)


@pytest.mark.parametrize("file", ["arrays.npz", "city.json"])
@pytest.mark.parametrize("keep", [0.0, 0.3, 0.99])
def test_a_cut_file_is_noticed(tmp_path, city, file, keep):
    save_city(city, tmp_path / "city")
    path = tmp_path / "city" / file
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(CityError, match=r"damaged"):
        open_city(tmp_path / "city")


def test_an_edited_city_is_noticed(tmp_path, city):
    save_city(city, tmp_path / "city")
    path = tmp_path / "city" / "city.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"weight": 0.5', '"weight": 0.9'), encoding="utf-8")
    with pytest.raises(CityError, match="changed or damaged"):
        open_city(tmp_path / "city")


def test_another_format_is_refused_by_number(tmp_path, city):
    save_city(city, tmp_path / "city")
    path = tmp_path / "city" / "city.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), "format": 99}), encoding="utf-8")
    with pytest.raises(CityError, match="built in format 99"):
        open_city(tmp_path / "city")


@pytest.mark.parametrize(
    ("field", "index", "value"),
    [
        ("link_to", 0, 10_000),
        ("link_to", 0, -1),
        ("link_from", 0, 4),
        ("name_index", 0, 99),
        ("out_ptr", 1, 7),
        ("vertex_ptr", 1, 1),
        ("length_m", 0, -1.0),
        ("free_speed_mps", 0, np.inf),
        ("road_class", 0, 200),
    ],
)
def test_indices_that_point_nowhere_are_refused_even_with_a_right_digest(tmp_path, city, field, index, value):
    array = getattr(city.drive, field).copy()
    array[index] = value
    made_up = dataclasses.replace(city, drive=dataclasses.replace(city.drive, **{field: array}))
    save_city(dataclasses.replace(made_up, digest=city_digest(made_up)), tmp_path / "city")
    with pytest.raises(CityError, match="damaged"):
        open_city(tmp_path / "city")


def test_pickled_arrays_are_refused(tmp_path, city):
    save_city(city, tmp_path / "city")
    path = tmp_path / "city" / "arrays.npz"
    with np.load(path) as stored:
        arrays = dict(stored)
    np.savez(path, **{**arrays, "drive.length_m": np.array([object()], dtype=object)})
    with pytest.raises(CityError, match="damaged"):
        open_city(tmp_path / "city")


def test_opening_loads_no_map_library(tmp_path, city):
    save_city(city, tmp_path / "city")
    heavy = ("osmnx", "geopandas", "pandas", "networkx", "osmium", "scipy", "shapely", "pyproj", "numba", "mesa")
    code = (
        "import sys; from twin.city.keeping.build import open_city, city_info; city_info(open_city(sys.argv[1]));"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "city")], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
