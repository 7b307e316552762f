"""Lights that can be walked around are reported, and ways that are no shortcut are not."""

from __future__ import annotations

import pytest

from twin.city.keeping.build import build_city, report_lines
from twin.city.reading.unlit_shortcuts import find_unlit_shortcuts
from twin.city.reading.unused import map_warnings
from twin.data import network_path

LIT = {"highway": "footway", "footway": "crossing", "crossing": "traffic_signals"}
UNLIT = {"highway": "footway", "footway": "crossing", "crossing": "unmarked"}
PAVEMENT = {"highway": "footway", "footway": "sidewalk"}


def street(osm, *, node_per_kerb):
    """A main street runs north; a side street joins from the west, with a lit crossing over it, 14 m long."""
    for node_id, x_m, y_m in ((1, 10, 107), (2, 10, 7), (3, 10, -7), (4, 10, -107), (5, -90, 0), (6, -190, 0)):
        osm.node(node_id, x_m, y_m)
    osm.way(10, [1, 2], **PAVEMENT)
    osm.way(11, [3, 4], **PAVEMENT)
    osm.way(12, [2, 3], **LIT)
    osm.way(13, [5, 6], highway="residential", name="横町")
    if node_per_kerb:
        osm.way(14, [2, 5], **PAVEMENT)
        osm.way(15, [3, 5], **PAVEMENT)
    else:
        osm.node(7, -2, 0)
        osm.way(14, [2, 7], **PAVEMENT)
        osm.way(15, [3, 7], **PAVEMENT)
        osm.way(16, [7, 5], highway="residential", name="横町")
    return osm


def test_both_kerbs_on_one_node_of_the_side_street_are_a_shortcut_around_the_light(build, osm):
    city = build(street(osm, node_per_kerb=False))
    (found,) = find_unlit_shortcuts(city.walk)
    assert found.lit_way_id == 12
    assert set(found.unlit_way_ids) == {14, 15}
    assert found.lit_m == pytest.approx(14.0, abs=0.1)
    assert found.unlit_m == pytest.approx(2 * (12**2 + 7**2) ** 0.5, abs=0.2)
    assert city.report["unlit_shortcuts"][0]["lit_way_id"] == 12
    assert any("doubtful: the lights on way 12" in line for line in report_lines(city))
    assert [words for words in map_warnings(city.report) if "the lights on way 12" in words]


def test_a_pavement_for_each_kerb_is_none(build, osm):
    city = build(street(osm, node_per_kerb=True))
    assert (city.walk.flags & 64).any()
    assert find_unlit_shortcuts(city.walk) == []
    assert not any("doubtful" in line for line in report_lines(city))
    assert not any("walked around" in words for words in map_warnings(city.report))


@pytest.mark.parametrize(("beside_m", "reported"), [(6, True), (14, True), (20, False), (60, False)])
def test_an_unlit_crossing_counts_where_it_is_a_few_steps_away(build, osm, beside_m, reported):
    """Over and back along both kerbs adds twice the distance: 28 m are reported, 40 m are not."""
    osm = street(osm, node_per_kerb=True)
    osm.node(20, 10 - beside_m, 7)
    osm.node(21, 10 - beside_m, -7)
    osm.way(30, [2, 20], **PAVEMENT)
    osm.way(31, [3, 21], **PAVEMENT)
    osm.way(32, [20, 21], **UNLIT)
    assert bool(find_unlit_shortcuts(build(osm).walk)) == reported


@pytest.mark.parametrize(
    "tags",
    [
        {"highway": "steps"},
        {"highway": "footway", "bridge": "yes", "layer": "1"},
        {"highway": "footway", "tunnel": "yes", "layer": "-1"},
        LIT,
    ],
    ids=["steps", "bridge", "underpass", "lights"],
)
def test_another_level_and_another_light_are_no_shortcut(build, osm, tags):
    osm = street(osm, node_per_kerb=True)
    osm.node(20, 4, 7)
    osm.node(21, 4, -7)
    osm.way(30, [2, 20], **PAVEMENT)
    osm.way(31, [3, 21], **PAVEMENT)
    osm.way(32, [20, 21], **tags)
    assert find_unlit_shortcuts(build(osm).walk) == []


def test_a_crossing_cut_by_the_road_is_measured_from_kerb_to_kerb(build, osm):
    """The middle of the crossing is a node of the road; around it leads an unlit crossing 5 m away."""
    for node_id, x_m, y_m in (
        (1, -60, 8),
        (2, 0, 8),
        (3, 60, 8),
        (4, -60, -8),
        (5, 0, -8),
        (6, 60, -8),
        (9, -60, 0),
        (10, 60, 0),
        (11, 5, 8),
        (12, 5, -8),
    ):
        osm.node(node_id, x_m, y_m)
    osm.node(8, 0, 0, highway="crossing", crossing="traffic_signals")
    osm.way(20, [1, 2, 11, 3], **PAVEMENT)
    osm.way(21, [4, 5, 12, 6], **PAVEMENT)
    osm.way(22, [9, 8, 10], highway="secondary", foot="no")
    osm.way(23, [2, 8, 5], **LIT)
    osm.way(24, [11, 12], **UNLIT)
    (found,) = find_unlit_shortcuts(build(osm).walk)
    assert found.lit_m == pytest.approx(16.0, abs=0.1)
    assert found.unlit_m == pytest.approx(26.0, abs=0.2)


@pytest.mark.parametrize("district", ["osaka_midosuji", "osaka_ikuno_hirano", "osaka_yumeshima"])
def test_no_light_of_a_bundled_district_can_be_walked_around(district):
    assert build_city(network_path(district)).report["unlit_shortcuts"] == []
