"""A node at a wrong position draws no street across the globe, and long rows of nodes cost no more than they are."""

from __future__ import annotations

import time

import numpy as np
import pytest

from twin.errors import CityError


def test_a_node_on_another_continent_cuts_its_street_and_is_reported(build, cross):
    before = build(cross)
    cross.node(90, -9_840_000, 0)  # longitude 28
    cross.node(91, 100, 100)
    cross.way(90, [5, 90, 91, 3], highway="residential", name="lost")
    city = build(cross, "lost")
    assert city.crs == before.crs == "EPSG:6674"
    np.testing.assert_allclose(np.ptp(city.drive.vertex_x_m), np.ptp(before.drive.vertex_x_m), atol=1.0)
    (said,) = [what for what in city.report["dropped"] if "longer than 20 km" in what]
    assert city.report["dropped"][said] == 2
    assert "nodes 5 and 90" in said or "nodes 90 and 91" in said


def test_a_map_that_zigzags_over_the_globe_is_refused_and_says_why(build, osm):
    for i in range(400):
        osm.node(i + 1, -3_000_000 * (i % 2), i)
    for i in range(1, 400):
        osm.way(i, [i, i + 1], highway="residential")
    with pytest.raises(CityError, match=r"399 segments of ways longer than 20 km.*is a position wrong") as fault:
        build(osm)
    assert fault.value.mend


def test_a_long_segment_within_the_limit_stays(build, osm):
    osm.node(1, 0, 0)
    osm.node(2, 15_000, 0)
    osm.way(1, [1, 2], highway="trunk")
    assert build(osm).drive.length_m.max() == pytest.approx(15_000, rel=0.01)


def test_places_are_found_beside_long_streets_without_memory_by_the_metre(build, osm):
    for i in range(2000):
        osm.node(i + 1, -15_000 * (i % 2), i)
    osm.way(1, list(range(1, 2001)), highway="residential")
    osm.node(9000, -7_000, 950, highway="bus_stop", name="middle")
    city = build(osm)  # 30,000 km of street in a square of 15 km by 2 km
    assert [place.name_ja or place.name_en for place in city.places] == ["middle"]


def drawn(osm, *, ring=False, oneway=False, stubs=False, n=6000):
    for i in range(n):
        angle = 2 * np.pi * i / n
        osm.node(i + 1, *((3000 * np.cos(angle), 3000 * np.sin(angle)) if ring else (i * (0.1 if stubs else 1), 0)))
        if stubs:
            osm.node(n + i + 1, i * 0.1, 500)
            osm.way(n + i + 1, [i + 1, n + i + 1], highway="residential")
    tags = {"oneway": "yes"} if oneway else {}
    for i in range(n if ring else n - 1):
        # Names that change keep a link for each segment.
        name = f"{i}" if oneway else "street"
        osm.way(i + 1, [i + 1, (i + 1) % n + 1], highway="residential", name=name, **tags)
    if oneway:
        osm.way(n, [1, 2], highway="residential")
    return osm


@pytest.mark.parametrize("form", [{"ring": True}, {"oneway": True}, {"stubs": True}])
def test_twice_the_nodes_take_about_twice_the_time(build, form):
    from tests.unit.city.conftest import MapText

    def seconds(n):
        text = drawn(MapText(), n=n, **form)
        began = time.process_time()
        build(text, f"n{n}", junction_cluster_m=1.0)
        return time.process_time() - began

    seconds(500)
    assert seconds(8_000) < 12 * seconds(2_000) + 0.3  # 16 times, were it quadratic
