"""A part cut out of a large map is the map there; and what changed between two dates is told."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from tests.benchmarks.bench_city import SPACING_DEG, write_map
from twin.city.keeping.build import build_city
from twin.city.keeping.changes import change_lines, city_changes
from twin.city.reading.clipped import ClipArea, clip_map
from twin.errors import CityError

BOX = (135.4035, 34.6035, 135.4115, 34.6115)


def quiet(*_):
    pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("clip")
    write_map(out / "town.osm", 1.2)
    return out


@pytest.fixture(scope="module")
def town(folder):
    return build_city(folder / "town.osm", name="town")


def inside(city, margin=1.2 * SPACING_DEG):
    """Pieces of both layers well inside the box: ends, way, metres, lanes, speed."""
    west, south, east, north = BOX
    out = []
    for layer in (city.drive, city.walk):
        lon, lat = layer.lon_deg, layer.lat_deg
        near = (lon > west + margin) & (lon < east - margin) & (lat > south + margin) & (lat < north - margin)
        rows = np.flatnonzero(near[layer.link_from] & near[layer.link_to])
        out.append(
            {
                (int(layer.node_id[layer.link_from[i]]), int(layer.node_id[layer.link_to[i]]), int(layer.way_id[i]),
                 round(float(layer.length_m[i]), 3), int(layer.lanes[i]), round(float(layer.free_speed_mps[i]), 3))
                for i in rows.tolist()
            }
        )  # fmt: skip
    return out


def as_polygon(path):
    west, south, east, north = BOX
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    feature = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return str(path)


@pytest.mark.parametrize("kind", ["box", "polygon"])
def test_clipping_then_building_is_building_then_clipping_inside(folder, town, kind):
    text = ",".join(map(str, BOX)) if kind == "box" else as_polygon(folder / "area.geojson")
    counts = clip_map(folder / "town.osm", folder / f"{kind}.osm.pbf", ClipArea(text), quiet)
    part = build_city(folder / f"{kind}.osm.pbf", name="town", crs=town.crs)
    assert inside(part) == inside(town)
    assert min(len(pieces) for pieces in inside(town)) > 10
    # Ways that cross the edge, and no more: the box is a quarter of the town.
    assert part.drive.link_count < 0.5 * town.drive.link_count
    assert counts["ways"] > 0


def test_a_clip_of_everything_is_the_city_itself(folder, town):
    clip_map(folder / "town.osm", folder / "all.osm.pbf", ClipArea("135,34,136,35"), quiet)
    whole = build_city(folder / "all.osm.pbf", name="town")
    assert inside(whole) == inside(town)
    assert whole.drive.link_count == town.drive.link_count
    assert city_changes(town, whole)["same"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1,2,3", "no box, and no file"), ("135.5,34,135.4,35", "no area in degrees"), ("0,0,x,1", "no box"),
        ("10,10,11,11", "nothing of the map lies"),
    ],
)  # fmt: skip
def test_a_clip_that_is_none_says_how_to_give_one(folder, text, words):
    with pytest.raises(CityError, match=words):
        clip_map(folder / "town.osm", folder / "none.osm.pbf", ClipArea(text), quiet)


def test_a_drawing_without_an_area_is_refused(folder):
    for content in ('{"type": "Point", "coordinates": [1, 2]}', "[]", "{", '{"type": "Polygon", "coordinates": 3}'):
        file = folder / "bad.geojson"
        file.write_text(content)
        with pytest.raises(CityError, match=r"no polygon|no GeoJSON"):
            ClipArea(str(file))


def test_a_later_map_tells_what_changed(folder, town):
    text = (folder / "town.osm").read_text()
    ways = re.findall(r"<way .*?</way>\n", text)
    main = next(w for w in ways if 'v="primary"' in w)
    lane = [w for w in ways if 'v="residential"' in w]
    longer = main.replace('k="lanes" v="4"', 'k="lanes" v="2"').replace('v="50"', 'v="40"')
    text = text.replace(main, longer).replace(lane[40], "")
    text = text.replace('<tag k="highway" v="traffic_signals"/>', "", 1).replace('v="books"', 'v="bakery"', 1)
    (folder / "later.osm").write_text(text)
    later = build_city(folder / "later.osm", name="later")
    assert city_changes(town, town)["same"]
    found = city_changes(town, later)
    way = int(re.search(r'id="(\d+)"', main)[1])
    # What a way does not say is taken from the rest of its street, so that others may change with it.
    values = [piece["values"] for piece in found["drive"]["changed"] if piece["way"] == way]
    assert values
    values = values[0]
    assert values["lanes"] == [4 // 2, 2 // 2]
    assert values["speed_kmh"] == [50.0, 40.0]
    gone = int(re.search(r'id="(\d+)"', lane[40])[1])
    # Where a crossing goes, pieces of other streets become one.
    assert gone in {piece["way"] for piece in found["drive"]["removed"]}
    assert gone not in {piece["way"] for piece in found["drive"]["added"]}
    assert found["drive"]["removed_m"] - found["drive"]["added_m"] > 80
    assert (len(found["lights"]["removed"]), len(found["lights"]["added"])) == (1, 0)
    back = city_changes(later, town)
    assert back["drive"]["added_m"] == found["drive"]["removed_m"]
    assert back["lights"]["added"] == found["lights"]["removed"]
    lines = "\n".join(change_lines(found))
    assert f"way {gone}" in lines
    assert "lanes 2 -> 1" in lines
