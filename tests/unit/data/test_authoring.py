"""The writer of authored maps."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from pyproj import Geod

from twin.data.authoring import GENERATOR, Point, Sketch, between, length_m, lon_at, metres_between, moved, offset_m

HERE = Point(34.68, 135.50)


def small_sketch() -> Sketch:
    sketch = Sketch(90_000_000_000)
    nodes = [sketch.node(HERE), sketch.node(moved(HERE, east_m=50.0)), sketch.node(moved(HERE, north_m=50.0))]
    sketch.way(nodes, {"name": '"A" & <B>', "highway": "residential"})
    sketch.place("poi", "corner", nodes[2], ja="角", en="Corner", twin={"attraction": 2.5}, tags={"shop": "yes"})
    return sketch


def parsed(sketch: Sketch) -> ET.Element:
    return ET.fromstring(sketch.xml())  # noqa: S314 (our own text)


@pytest.mark.parametrize(("east_m", "north_m"), [(13.2, 0.0), (-300.0, 40.0), (1000.0, -4000.0)])
def test_lengths_agree_with_the_geodesic(east_m: float, north_m: float) -> None:
    there = moved(HERE, east_m=east_m, north_m=north_m)
    _, _, geodesic_m = Geod(ellps="WGS84").inv(HERE.lon, HERE.lat, there.lon, there.lat)
    assert metres_between(HERE, there) == pytest.approx(geodesic_m, rel=2e-5)


def test_moving_by_some_metres_is_found_again_as_an_offset() -> None:
    east_m, north_m = offset_m(HERE, moved(HERE, east_m=120.0, north_m=-80.0))
    assert (east_m, north_m) == pytest.approx((120.0, -80.0), abs=0.005)


def test_a_line_is_as_long_as_its_parts() -> None:
    middle = between(HERE, moved(HERE, east_m=400.0), 0.25)
    assert length_m([HERE, middle, moved(HERE, east_m=400.0)]) == pytest.approx(400.0, abs=0.01)


def test_the_longitude_of_a_line_is_interpolated_and_extended_at_both_ends() -> None:
    line = (Point(34.7, 135.50), Point(34.6, 135.51), Point(34.5, 135.51))
    assert lon_at(line, 34.65) == pytest.approx(135.505)
    assert lon_at(line, 34.75) == pytest.approx(135.495)
    assert lon_at(line, 34.55) == pytest.approx(135.51)
    assert lon_at(line, 34.40) == pytest.approx(135.51)


def test_text_that_xml_would_misread_comes_back_unchanged() -> None:
    root = parsed(small_sketch())
    assert [tag.get("v") for tag in root.findall("way/tag[@k='name']")] == ['"A" & <B>']


def test_elements_come_sorted_and_ids_are_given_upwards_from_the_first() -> None:
    root = parsed(small_sketch())
    assert root.get("generator") == GENERATOR
    ids = [int(node.get("id", "")) for node in root.findall("node")]
    assert ids == [90_000_000_000, 90_000_000_001, 90_000_000_002]
    for element in root:
        keys = [tag.get("k", "") for tag in element.findall("tag")]
        assert keys == sorted(keys)


def test_the_same_sketch_gives_the_same_text() -> None:
    assert small_sketch().xml() == small_sketch().xml()


def test_a_place_keeps_its_names_and_attributes() -> None:
    root = parsed(small_sketch())
    tags = {tag.get("k"): tag.get("v") for tag in root.findall("node/tag")}
    assert tags == {
        "name": "角",
        "name:ja": "角",
        "name:en": "Corner",
        "shop": "yes",
        "twin:attraction": "2.5",
        "twin:id": "corner",
        "twin:place": "poi",
    }


def test_two_nodes_at_one_position_are_refused_because_streets_meet_in_shared_nodes_only() -> None:
    sketch = small_sketch()
    sketch.node(HERE)
    with pytest.raises(ValueError, match="both lie at"):
        sketch.xml()


def test_a_way_with_one_node_or_a_repeated_or_an_unknown_one_is_refused() -> None:
    sketch = small_sketch()
    with pytest.raises(ValueError, match="at least two"):
        sketch.way([90_000_000_000], {})
    with pytest.raises(ValueError, match="none twice"):
        sketch.way([90_000_000_000, 90_000_000_000], {})
    with pytest.raises(ValueError, match=r"not there: \[7\]"):
        sketch.way([90_000_000_000, 7], {})


def test_a_slug_or_a_node_can_be_a_place_only_once() -> None:
    sketch = small_sketch()
    with pytest.raises(ValueError, match="poi/corner is there twice"):
        sketch.place("poi", "corner", moved(HERE, east_m=10.0), ja="", en="")
    with pytest.raises(ValueError, match="is a place already"):
        sketch.place("poi", "other", 90_000_000_002, ja="", en="")


def test_a_point_with_swapped_coordinates_is_refused() -> None:
    with pytest.raises(ValueError, match="not in Osaka"):
        Sketch(1).node(Point(135.5, 34.7))
