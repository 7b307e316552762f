from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from twin.city.reading.importer import SCHEMATIC_ATTRIBUTION
from twin.viz.city_ground import UNKNOWN_HEIGHT_M, city_ground, footpath_m
from twin.viz.lanes import LANE_WIDTH_M
from twin.viz.map_layers import ATTRIBUTION_JA, build_scene
from twin.viz.massing import EAVES_M, NEWER_M, SETBACK_FROM_M
from twin.viz.packs import unpack_columns
from twin.viz.port import bays
from twin.viz.run_view import Ground, PlaceMark
from twin.viz.shapes import Frame, Shapes, keyed_uniforms, shapes_pack
from twin.viz.street_pairs import one_of_each_pair

ORIGIN = (135.50, 34.69)
FRAME = Frame(*ORIGIN)


def known(*features):
    """Features (kind, height, base, rings), each ring (role, corners in metres)."""
    rings = [ring for *_, own in features for ring in own]
    corners = FRAME.degrees(np.array([c for _, line in rings for c in line], np.float64))
    return Ground(
        np.array([f[0] for f in features]),
        np.array([f[1] for f in features]),
        np.array([f[2] for f in features]),
        np.concatenate([[0], np.cumsum([len(f[3]) for f in features])]),
        np.array([r for r, _ in rings], np.uint8),
        np.concatenate([[0], np.cumsum([len(line) for _, line in rings])]),
        corners[:, 0],
        corners[:, 1],
    )


def square(x, y, side):
    return [(x, y), (x + side, y), (x + side, y + side), (x, y + side), (x, y)]


def laid_out(run_view, **changes):
    view = replace(run_view, **changes)
    drive, walk = one_of_each_pair(view.drive), one_of_each_pair(view.walk)
    return city_ground(view, drive, walk, ORIGIN, LANE_WIDTH_M), drive, walk


def test_a_courtyard_stays_open_and_its_pack_says_so(run_view):
    ring = known(("building", 20.0, 0.0, [(0, square(0, 0, 40)), (1, square(10, 10, 20)[::-1])]))
    ground, *_ = laid_out(run_view, ground=ring)
    assert shapely.area(ground.buildings.polygons)[0] == pytest.approx(1600 - 400, rel=1e-6)
    pack = unpack_columns(shapes_pack(ground.buildings, ground.frame, ORIGIN))
    assert pack["part"].tolist() == [0, 2]
    assert pack["top_dm"].tolist() == [200]


def test_a_building_with_parts_is_drawn_by_them(run_view):
    parts = known(
        ("building", 30.0, 0.0, [(0, square(0, 0, 40))]),
        ("building", 9.0, 0.0, [(0, square(100, 0, 10))]),
        ("building_part", 30.0, 12.0, [(0, square(10, 10, 20))]),
    )
    ground, *_ = laid_out(run_view, ground=parts)
    found = sorted(zip(ground.buildings.base_m, ground.buildings.top_m, strict=True))
    assert found == [(0.0, 9.0), (12.0, 30.0)]


@pytest.mark.parametrize("height", [np.nan, 0.0, -4.0, 9_000.0])
def test_a_height_that_is_none_is_drawn_low_and_counted(run_view, height):
    ground, *_ = laid_out(run_view, ground=known(("building", height, 0.0, [(0, square(0, 0, 20))])))
    assert ground.buildings.top_m.tolist() == [UNKNOWN_HEIGHT_M]
    assert ground.facts["unknown"] == 1


def test_an_outline_that_crosses_itself_is_left_out_and_counted(run_view):
    bow = [(0, 0), (20, 20), (20, 0), (0, 20), (0, 0)]
    both = known(("building", 9.0, 0.0, [(0, bow)]), ("building", 9.0, 0.0, [(0, square(50, 0, 10))]))
    ground, *_ = laid_out(run_view, ground=both)
    assert (len(ground.buildings), ground.facts["broken"]) == (1, 1)


def test_water_green_and_rails_have_layers_below_the_streets(run_view):
    things = known(
        ("water", np.nan, 0.0, [(0, square(0, 0, 50))]),
        ("green", np.nan, 0.0, [(0, square(90, 0, 50))]),
        ("rail", np.nan, 0.0, [(2, [(0, 0), (500, 0)])]),
    )
    order = [layer["id"] for layer in build_scene(replace(run_view, ground=things)).spec["layers"]]
    assert max(order.index(name) for name in ("water", "green", "rails")) < order.index("drive_minor")
    assert "buildings" not in order


def test_authored_massing_keeps_off_every_street_and_pavement(run_view):
    ground, drive, walk = laid_out(run_view)
    frame = ground.frame
    assert len(ground.buildings) > 500
    standing = ground.buildings.polygons[ground.buildings.base_m < 6]
    tree = shapely.STRtree(standing)
    for streets, half_m in ((drive, np.clip(drive.lanes, 1, 12) * LANE_WIDTH_M / 2), (walk, footpath_m(walk) / 2)):
        metres = frame.metres(np.column_stack([streets.lon_deg, streets.lat_deg]))
        count = np.diff(streets.vertex_ptr)
        lines = shapely.linestrings(metres, indices=np.repeat(np.arange(len(count)), count))
        hit, _ = tree.query(shapely.buffer(lines, half_m - 0.05, cap_style="flat"), predicate="intersects")
        assert len(hit) == 0


def test_fronts_along_midosuji_stand_at_the_known_eaves_and_newer_ones_step_back(run_view):
    ground, *_ = laid_out(run_view)
    tops = ground.buildings.top_m[ground.buildings.base_m == SETBACK_FROM_M]
    assert len(tops) > 5
    assert set(tops) == {NEWER_M}
    assert (ground.buildings.top_m == EAVES_M).sum() > len(tops)


def test_the_same_place_is_built_alike_whatever_else_the_run_holds(run_view):
    first, *_ = laid_out(run_view)
    again, *_ = laid_out(run_view, replication=3, title={"ja": "別", "en": "other"})
    assert shapes_pack(first.buildings, first.frame, ORIGIN) == shapes_pack(again.buildings, again.frame, ORIGIN)


def test_a_surveyed_city_without_buildings_gets_none(run_view):
    ground, *_ = laid_out(run_view, schematic=False)
    assert len(ground.buildings) == len(ground.water) == len(ground.trees) == 0


def test_keyed_draws_are_even_and_know_their_purpose():
    x, y = (a.ravel().astype(float) for a in np.meshgrid(np.arange(200), np.arange(200)))
    draws = keyed_uniforms(1, x, y)
    assert draws.mean() == pytest.approx(0.5, abs=4 / np.sqrt(12 * draws.size))
    # A correlation of independent draws has a standard error of one over the root of their number.
    assert abs(np.corrcoef(draws, keyed_uniforms(2, x, y))[0, 1]) < 4 / np.sqrt(draws.size)


def test_a_yard_has_a_bay_for_every_space_and_none_on_a_street():
    yard = PlaceMark("osaka_yumeshima/yard/a", "yard", "", "", *ORIGIN, 120.0)
    road = shapely.LineString([(-200, 0), (200, 0)]).buffer(5)
    found, ground = bays([yard, replace(yard, capacity=float("nan"))], road, FRAME)
    at = shapely.points(FRAME.metres(found))
    assert len(found) == 120
    assert shapely.distance(at, road).min() > 9.0
    assert len(ground) == 1


def test_an_empty_layer_packs_to_nothing():
    pack = unpack_columns(shapes_pack(Shapes.none(), FRAME, ORIGIN))
    assert pack["start"].tolist() == pack["part"].tolist() == [0]


def test_the_own_line_of_attribution_is_known_in_japanese():
    assert SCHEMATIC_ATTRIBUTION in ATTRIBUTION_JA
