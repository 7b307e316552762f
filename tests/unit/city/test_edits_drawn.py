"""Edits by drawn lines and polygons, and the tables and pictures of what was touched."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from tests.unit.city.avenue import avenue
from tests.unit.city.conftest import LAT_M, LON_M, ORIGIN
from tests.unit.city.test_edits import edit, link, section
from twin.city.editing.edits import apply_edits
from twin.city.editing.table import COLUMNS, edit_picture, edit_rows, kind_of, write_csv, write_geopackage
from twin.city.editing.types import Edit, Feature, Where
from twin.errors import RunError, ScenarioError


@pytest.fixture
def town(build):
    return build(avenue())


def lon_lat(points):
    return [[ORIGIN[0] + x_m * LON_M, ORIGIN[1] + y_m * LAT_M] for x_m, y_m in points]


def line(*points):
    return {"type": "LineString", "coordinates": lon_lat(points)}


def polygon(west, south, east, north):
    ring = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    return {"type": "Polygon", "coordinates": [lon_lat(ring)]}


def drawn(change, geometry, values=None, **where):
    features = (Feature("工区", geometry),)
    return Edit("m", "measures.m", change, Where(layer="works", features=features, **where), values or {})


def ways(edited, layer="drive"):
    return {t.way_id for t in edited.touched if t.layer == layer}


def test_a_line_meets_what_runs_along_it_and_nothing_that_crosses(town):
    edited = apply_edits(town, [drawn("close", line((-14, 205), (-14, -5)))])
    assert ways(edited) == {2}
    assert len(edited.touched) == 1


def test_within_says_how_far_from_a_line_a_link_may_lie(town):
    assert ways(apply_edits(town, [drawn("close", line((0, 200), (0, 0)))])) == {1}
    assert ways(apply_edits(town, [drawn("close", line((0, 200), (0, 0)), within_m=15.0)])) == {1, 2, 3}


def test_a_polygon_holds_links_of_which_half_or_more_lies_in_it(town):
    edited = apply_edits(town, [drawn("set_speed", polygon(-30, 20, 30, 180), {"speed_mps": 5.0})])
    assert ways(edited) == {1, 2, 3}
    assert len(edited.touched) == 3
    with pytest.raises(ScenarioError, match="no link lies in or along the feature '工区' of works") as caught:
        apply_edits(town, [drawn("close", polygon(-30, 110, 30, 190))])  # 80 of 200 m
    assert "of 御堂筋, lies 0 m from it" in str(caught.value)


def test_a_street_beside_the_polygon_narrows_what_is_meant(town):
    both = polygon(-200, -20, 30, 220)
    assert {1, 5} < ways(apply_edits(town, [drawn("close", both)]))
    only = drawn("close", both, street="御堂筋", names=("御堂筋",))
    assert ways(apply_edits(town, [only])) == {1, 2, 3}


def test_drawn_side_lanes_become_pavement_on_the_side_drawn(town):
    values = {"pavement_width_m": 14.0}
    west = apply_edits(town, [drawn("lanes_to_pavement", line((-15, 200), (-15, 0)), values, lanes="side")])
    assert (ways(west), ways(west, "walk")) == ({2}, {6})
    area = apply_edits(town, [drawn("lanes_to_pavement", polygon(-30, -5, 30, 205), values, lanes="side")])
    assert (ways(area), ways(area, "walk")) == ({2, 3}, {6, 7})


def test_a_drawn_line_becomes_a_new_link(town):
    new = link()
    spec = {k: v for k, v in new.values["link"].items() if k not in ("from", "to")}
    shape = line((-148, 298), (-60, 150), (2, 3))
    edited = apply_edits(town, [drawn("add_link", shape, {"link": {**spec, "one_way": True}})])
    (touched,) = edited.touched
    layer = edited.city.drive
    span = slice(*layer.vertex_ptr[touched.link_index : touched.link_index + 2])
    assert span.stop - span.start == 3
    assert (layer.x_m[layer.link_from[touched.link_index]], layer.y_m[layer.link_to[touched.link_index]]) == (
        layer.vertex_x_m[span.start],
        layer.vertex_y_m[span.stop - 1],
    )


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Point", "coordinates": [135.5, 34.68]},
        {"type": "LineString", "coordinates": [[135.5, 34.68]]},
        {"type": "Polygon", "coordinates": []},
        {"type": "Circle"},
        {},
        {"type": "LineString", "coordinates": [[1e9, 0], [1e9, 1]]},
    ],
)
def test_what_is_no_line_or_polygon_is_one_clear_error(town, geometry):
    with pytest.raises(ScenarioError, match="the feature '工区' is no line or polygon"):
        apply_edits(town, [drawn("close", geometry)])


# Tables -----------------------------------------------------------------------------------------------


@pytest.fixture
def edited(town):
    values = {"pavement_width_m": 14.0}
    return apply_edits(
        town,
        [
            edit("lanes_to_pavement", "歩道", **section(lanes="side"), values=values),
            edit("set_speed", "slow", (28800.0, 32400.0), street="西筋", values={"speed_mps": 20 / 3.6}),
            link(),
            edit("set_signal", "wave", street="御堂筋", at="中通", values={"cycle_s": 100.0, "green_share": 0.5}),
        ],
    )


def test_every_touched_link_is_a_row_from_old_to_new(edited):
    rows = edit_rows(edited)
    assert {tuple(row) for row in rows} == {COLUMNS}
    closed = next(row for row in rows if row["way_id"] == 2)
    assert [closed[c] for c in ("old_lanes", "new_lanes", "old_open", "new_open")] == [1, 0, True, False]
    slow = next(row for row in rows if row["way_id"] == 5)
    assert (slow["old_speed_kmh"], slow["new_speed_kmh"], slow["hours"]) == (40.0, 20.0, "08:00-09:00 daily")
    new = next(row for row in rows if row["base_link_index"] == -1)
    assert (new["old_lanes"], new["new_lanes"], new["street"]) == (None, 2, "高架")
    assert {kind_of(t) for t in edited.touched} == {"closed", "pavement", "speed", "new"}


def test_the_geopackage_opens_with_kanji_intact_and_is_the_same_twice(edited, town, tmp_path):
    import pyogrio

    for name in ("a.gpkg", "b.gpkg"):
        write_geopackage(tmp_path / name, {"現況": apply_edits(town, []), "step1": edited})
    assert (tmp_path / "a.gpkg").read_bytes() == (tmp_path / "b.gpkg").read_bytes()
    layers = sorted(str(name) for name, _ in pyogrio.list_layers(tmp_path / "a.gpkg"))
    assert layers == ["edits_step1", "edits_現況", "signals_step1"]
    frame = pyogrio.read_dataframe(tmp_path / "a.gpkg", layer="edits_step1")
    assert frame.crs == town.crs
    assert len(frame) == len(edited.touched)
    assert {"御堂筋", "西筋", "高架"} == set(frame["street"])
    assert set(frame["measure"]) == {"歩道", "slow", "m"}
    assert set(COLUMNS) < set(frame.columns)
    closed = frame[frame["way_id"] == 2].iloc[0]
    assert (closed["old_lanes"], closed["new_lanes"], bool(closed["new_open"])) == (1, 0, False)
    row = int(closed["link_index"])
    assert closed.geometry.length == pytest.approx(edited.city.drive.length_m[row])
    assert len(pyogrio.read_dataframe(tmp_path / "a.gpkg", layer="edits_現況")) == 0
    lights = pyogrio.read_dataframe(tmp_path / "a.gpkg", layer="signals_step1")
    assert lights["node"].tolist() == [104]


def test_a_geopackage_that_cannot_be_written_is_one_clear_error(edited, tmp_path):
    with pytest.raises(RunError, match="cannot be written"):
        write_geopackage(tmp_path / "missing" / "a.gpkg", {"a": edited})


def test_the_table_for_spreadsheets_has_no_formula(build, tmp_path):
    text = avenue()
    text.ways = [w.replace('v="西筋"', 'v="=1+1"') for w in text.ways]
    city = build(text)
    edited = apply_edits(city, [edit("close", street="=1+1")])
    write_csv(tmp_path / "edits.csv", {"a": edited})
    assert (tmp_path / "edits.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader((tmp_path / "edits.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert {row["street"] for row in rows} == {"'=1+1"}


def test_a_picture_holds_every_touched_link_and_what_lies_around(edited, town):
    picture = edit_picture(edited)
    json.dumps(picture, allow_nan=False)
    west, south, east, north = picture["bounds"]
    points = np.concatenate([link["points"] for link in picture["links"]])
    assert (points.min(axis=0) > (west, south)).all()
    assert (points.max(axis=0) < (east, north)).all()
    assert [link["row"] for link in picture["links"]] == list(range(len(edited.touched)))
    assert {"西筋", "北通", "中通", "南通"} <= {name["text"] for name in picture["names"]}
    assert len(picture["signals"]) == 1
    assert edit_picture(apply_edits(town, []))["bounds"] is None
