"""What stands and lies between the streets: kinds, heights, holes, faults, files beside the map, keeping."""

from __future__ import annotations

import gzip
import json
import math
from dataclasses import replace

import numpy as np
import pytest
import shapely

from tests.unit.city.conftest import LAT_M, LON_M, ORIGIN
from twin.city.keeping.build import build_city, city_info, join_cities, open_city, save_city
from twin.city.keeping.geometry import geometry_arrays
from twin.city.reading.scenery_tags import building_heights, scenery_kind
from twin.city.scenery import (
    HEIGHT_FROM_LEVELS,
    HEIGHT_GIVEN,
    HEIGHT_UNKNOWN,
    RING_INNER,
    RING_LINE,
    RING_OUTER,
    ROOF_SHAPES,
    SCENERY_KINDS,
    empty_scenery,
    join_scenery,
)
from twin.errors import CityError

BOX = ((20, 20), (60, 20), (60, 50), (20, 50))


def area_m2(scenery, row):
    rings = scenery.rings_of(row)
    roles = scenery.ring_role[scenery.ring_ptr[row] : scenery.ring_ptr[row + 1]]
    return sum(
        (1 if role == RING_OUTER else -1) * shapely.Polygon(ring).area for ring, role in zip(rings, roles, strict=True)
    )


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"building": "yes"}, "building"),
        ({"building:part": "yes"}, "building_part"),
        ({"building": "no"}, None),
        ({"natural": "water"}, "water"),
        ({"waterway": "river"}, "waterway"),
        ({"landuse": "grass"}, "green"),
        ({"leisure": "park"}, "green"),
        ({"railway": "rail"}, "rail"),
        ({"railway": "subway", "tunnel": "yes"}, None),
        ({"railway": "abandoned"}, None),
        ({"landuse": "port"}, "industrial_land"),
        ({"highway": "residential"}, None),
    ],
)
def test_each_kind_has_its_tags(tags, kind):
    assert scenery_kind(tags) == kind


@pytest.mark.parametrize(
    ("tags", "height", "base", "source", "unread"),
    [
        ({"height": "12.5"}, 12.5, 0, HEIGHT_GIVEN, 0),
        ({"height": "12,5 m"}, 12.5, 0, HEIGHT_GIVEN, 0),
        ({"height": "40'"}, 12.192, 0, HEIGHT_GIVEN, 0),
        ({"building:levels": "4"}, 12, 0, HEIGHT_FROM_LEVELS, 0),
        ({"height": "very tall", "building:levels": "4"}, 12, 0, HEIGHT_FROM_LEVELS, 1),
        ({"height": "-9999"}, math.nan, 0, HEIGHT_UNKNOWN, 1),
        ({}, math.nan, 0, HEIGHT_UNKNOWN, 0),
        ({"height": "30", "min_height": "12"}, 30, 12, HEIGHT_GIVEN, 0),
        ({"height": "3", "min_height": "12"}, 3, 0, HEIGHT_GIVEN, 1),
        ({"height": "30", "building:min_level": "2"}, 30, 6, HEIGHT_GIVEN, 0),
        ({"height": "99999"}, math.nan, 0, HEIGHT_UNKNOWN, 1),
        ({"building:levels": "5000"}, math.nan, 0, 0, 1),
    ],
)
def test_heights_are_read_and_words_are_counted(tags, height, base, source, unread):
    found = building_heights(tags)
    assert found.height_m == pytest.approx(height, nan_ok=True)
    assert (found.base_m, found.source, len(found.unread)) == (base, source, unread)


def test_buildings_water_and_rails_are_kept_as_arrays(build, cross):
    cross.ring(30, BOX, 300, building="yes", height="21 m", building__levels="7", roof__shape="gabled")
    cross.ring(31, ((-60, 20), (-20, 20), (-20, 50), (-60, 50))[::-1], 310, natural="water")
    cross.way(32, [300, 310], railway="rail")
    city = build(cross)
    scenery = city.scenery
    assert scenery.counts() == {"building": 1, "water": 1, "rail": 1} == city_info(city)["scenery"]
    assert city.report["kept"]["scenery: building"] == 1
    (row,) = scenery.rows_of("building")
    assert (scenery.source_id[row], scenery.height_m[row], scenery.levels[row]) == (30, 21, 7)
    assert ROOF_SHAPES[scenery.roof[row]] == "gabled"
    assert area_m2(scenery, row) == pytest.approx(1200, rel=0.01)
    (water,) = scenery.rows_of("water")
    assert np.isnan(scenery.height_m[water])
    for area in (row, water):  # whichever way it was drawn
        assert shapely.LinearRing(scenery.rings_of(area)[0]).is_ccw
    assert scenery.ring_role[scenery.ring_ptr[scenery.rows_of("rail")[0]]] == RING_LINE


def test_a_courtyard_is_a_hole(build, cross):
    cross.ring(30, BOX, 300)
    cross.ring(31, ((30, 30), (50, 30), (50, 40), (30, 40)), 310)
    cross.relation(7, [("way", 30, "outer"), ("way", 31, "inner")], type="multipolygon", building="yes")
    scenery = build(cross).scenery
    assert scenery.source_id.tolist() == [-7]
    assert scenery.ring_role.tolist() == [RING_OUTER, RING_INNER]
    assert area_m2(scenery, 0) == pytest.approx(1000, rel=0.01)


def test_a_building_drawn_as_way_and_relation_stands_once(build, cross):
    cross.ring(30, BOX, 300, building="yes")
    cross.relation(7, [("way", 30, "outer")], type="multipolygon", building="yes", height="9")
    scenery = build(cross).scenery
    assert (scenery.source_id.tolist(), scenery.height_m.tolist()) == ([-7], [9])


def test_an_old_relation_takes_the_tags_of_its_outer_way(build, cross):
    cross.ring(30, BOX, 300, building="yes")
    cross.ring(31, ((30, 30), (50, 30), (50, 40), (30, 40)), 310)
    cross.relation(7, [("way", 30, "outer"), ("way", 31, "inner")], type="multipolygon")
    scenery = build(cross).scenery
    assert scenery.feature_count == 1
    assert area_m2(scenery, 0) == pytest.approx(1000, rel=0.01)


def test_faults_are_mended_or_counted(build, cross):
    cross.ring(30, ((20, 20), (60, 50), (60, 20), (20, 50)), 300, building="yes")  # a bow tie
    cross.ring(31, ((20, -20), (20, -20), (20, -20)), 310, building="yes")  # on one spot
    cross.way(32, [300, 301, 302], building="yes")  # open
    cross.way(33, [300, 301, 999, 300], building="yes")  # cut off by the edge
    cross.ring(34, BOX, 340)
    cross.ring(35, ((120, 120), (140, 120), (140, 140), (120, 140)), 350)
    cross.relation(7, [("way", 34, "outer"), ("way", 35, "inner")], type="multipolygon", building="yes", height="high")
    city = build(cross)
    dropped = city.report["dropped"]
    assert dropped["building outlines that cross themselves, mended"] == 1
    assert dropped["building outlines without an area"] == 1
    assert dropped["building outlines that are not closed"] == 1
    assert dropped["building outlines with nodes that are not in the file"] == 1
    assert dropped["building holes outside their outline"] == 1
    assert dropped["building tags that are no possible number: height"] == 1
    assert city.scenery.counts() == {"building": 2}
    for row in range(2):
        assert all(shapely.Polygon(ring).is_valid for ring in city.scenery.rings_of(row))


def test_scenery_is_saved_opened_joined_and_given_to_a_run(build, cross, tmp_path, osm):
    cross.ring(30, BOX, 300, building="yes", height="21")
    city = build(cross, name="one")
    save_city(city, tmp_path / "city")
    again = open_city(tmp_path / "city")
    assert again.scenery == city.scenery
    assert again.digest == city.digest
    geometry = geometry_arrays(again)
    assert geometry["scenery/height_m"].tolist() == [21]
    assert geometry["scenery/kinds"][geometry["scenery/kind"][0]] == "building"
    lon = geometry["scenery/vertex_lon_deg"]
    assert np.ptp(lon) == pytest.approx(40 * LON_M, rel=0.01)
    without = replace(city, scenery=empty_scenery())
    assert not any(key.startswith("scenery/") for key in geometry_arrays(without))
    both = join_scenery([city.scenery, city.scenery])
    assert both.counts() == {"building": 2}
    np.testing.assert_array_equal(both.rings_of(0)[0], both.rings_of(1)[0])


def test_districts_keep_their_scenery_when_they_are_joined(tmp_path):
    from tests.unit.city.conftest import MapText

    cities = []
    for k in range(2):
        osm = MapText(origin=(ORIGIN[0] + 0.01 * k, ORIGIN[1]))
        osm.node(100 * k + 1, 0, 0)
        osm.node(100 * k + 2, 90, 0)
        osm.way(100 * k + 1, [100 * k + 1, 100 * k + 2], highway="residential")
        osm.ring(100 * k + 50, BOX, 100 * k + 10, building="yes")
        path = tmp_path / f"d{k}.osm"
        path.write_text(osm.text(), encoding="utf-8")
        cities.append(build_city(path))
    joined = join_cities(cities)
    assert joined.scenery.source_id.tolist() == [50, 150]


def test_a_damaged_or_made_up_scenery_is_refused(build, cross, tmp_path):
    cross.ring(30, BOX, 300, building="yes")
    city = build(cross)
    bent = replace(city.scenery, ring_ptr=np.array([0, 5]))
    from twin.city.keeping.digest import city_digest

    wrong = replace(city, scenery=bent)
    save_city(replace(wrong, digest=city_digest(wrong)), tmp_path / "city")
    with pytest.raises(CityError, match="changed or damaged"):
        open_city(tmp_path / "city")


def degrees(x, y):
    return ORIGIN[0] + x * LON_M, ORIGIN[1] + y * LAT_M


def geojson(corners, properties):
    ring = [degrees(x, y) for x, y in (*corners, corners[0])]
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def write(tmp_path, name, features):
    path = tmp_path / name
    text = json.dumps({"type": "FeatureCollection", "features": features})
    path.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    return path


@pytest.mark.parametrize("key", ["height", "measured_height", "measuredHeight", "計測高さ"])
def test_buildings_of_a_geojson_file_lie_over_those_of_the_map(tmp_path, cross, key):
    cross.ring(30, BOX, 300, building="yes")
    cross.ring(31, ((-60, 20), (-20, 20), (-20, 50), (-60, 50)), 310, building="yes")
    (tmp_path / "map.osm").write_text(cross.text(), encoding="utf-8")
    file = write(
        tmp_path,
        "b.geojson.gz",
        [
            geojson(BOX, {key: 33.0, "storeys": 9}),
            geojson(BOX, None) | {"geometry": {"type": "Point", "coordinates": degrees(0, 0)}},
            {"type": "Feature"},
        ],
    )
    city = build_city(tmp_path / "map.osm", scenery=[file])
    dropped = city.report["dropped"]
    assert city.scenery.counts() == {"building": 2}
    assert sorted(city.scenery.height_m.tolist(), key=str) == [33.0, pytest.approx(math.nan, nan_ok=True)]
    assert dropped["buildings of the map that give way to those of a file"] == 1
    assert dropped["GeoJSON features that are no scenery: Point"] == 1
    assert dropped["GeoJSON features that are damaged"] == 1
    assert city.attribution[-1] == "b.geojson.gz: licence as stated by its publisher"


def test_scenery_of_another_city_is_refused(tmp_path, cross):
    (tmp_path / "map.osm").write_text(cross.text(), encoding="utf-8")
    far = [(x + 40_000, y) for x, y in BOX]
    with pytest.raises(CityError, match=r"(39|40)\.\d km") as caught:
        build_city(tmp_path / "map.osm", scenery=[write(tmp_path, "b.json", [geojson(far, {})])])
    assert "another city" in caught.value.what


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("{}", "no GeoJSON"),
        ('{"features": 3}', "no GeoJSON"),
        ("<osm/>", "no map|not a file of buildings"),
        ('{"features": [], "crs": {"properties": {"name": "urn:ogc:def:crs:EPSG::6674"}}}', "not in degrees"),
        ("<CityModel><a>", "damaged or cut short"),
        ("<!DOCTYPE a><CityModel/>", "document type"),
    ],
)
def test_a_file_that_is_no_scenery_is_refused(tmp_path, cross, content, what):
    (tmp_path / "map.osm").write_text(cross.text(), encoding="utf-8")
    (tmp_path / "b.file").write_text(content, encoding="utf-8")
    with pytest.raises(CityError, match=what):
        build_city(tmp_path / "map.osm", scenery=[tmp_path / "b.file"])


GML = """<?xml version="1.0" encoding="UTF-8"?>
<core:CityModel xmlns:core="http://www.opengis.net/citygml/2.0" xmlns:gml="http://www.opengis.net/gml"
 xmlns:bldg="http://www.opengis.net/citygml/building/2.0" xmlns:tran="http://www.opengis.net/citygml/transportation/2.0">
<gml:boundedBy><gml:Envelope srsName="{srs}" srsDimension="3"/></gml:boundedBy>{members}</core:CityModel>"""


def polygon(corners, z, order=(1, 0), hole=()):
    def ring(points):
        points = [degrees(x, y) for x, y in (*points, points[0])]
        text = " ".join(f"{p[order[0]]:.9f} {p[order[1]]:.9f} {z}" for p in points)
        return f"<gml:LinearRing><gml:posList>{text}</gml:posList></gml:LinearRing>"

    inner = f"<gml:interior>{ring(hole)}</gml:interior>" if hole else ""
    return (
        f"<gml:surfaceMember><gml:Polygon><gml:exterior>{ring(corners)}</gml:exterior>{inner}</gml:Polygon>"
        "</gml:surfaceMember>"
    )


def building(inner):
    return f"<core:cityObjectMember><bldg:Building>{inner}</bldg:Building></core:cityObjectMember>"


def lod(name, *polygons):
    return f"<bldg:{name}><gml:MultiSurface>{''.join(polygons)}</gml:MultiSurface></bldg:{name}>"


def test_plateau_buildings_are_read_at_lod0_or_lod1(tmp_path, cross):
    (tmp_path / "map.osm").write_text(cross.text(), encoding="utf-8")
    other = [(x - 80, y) for x, y in BOX]
    third = [(x, y - 70) for x, y in BOX]
    members = [
        building(
            "<bldg:measuredHeight uom='m'>14.2</bldg:measuredHeight><bldg:storeysAboveGround>4"
            "</bldg:storeysAboveGround>"
            + lod("lod0RoofEdge", polygon(BOX, 0, hole=BOX[:1] and ((30, 30), (50, 30), (50, 40), (30, 40))))
        ),
        building(
            "<bldg:measuredHeight uom='m'>-9999</bldg:measuredHeight>"
            + lod("lod1Solid", polygon(other, 2.0), polygon(other, 11.5))
        ),
        building(
            lod("lod0FootPrint", polygon(third, 0)) + "<bldg:storeysAboveGround>3</bldg:storeysAboveGround>"
            "<bldg:measuredHeight>high</bldg:measuredHeight><uro:odd>undeclared prefix</uro:odd>"
        ),
        building("<bldg:measuredHeight uom='m'>5</bldg:measuredHeight>"),
        "<core:cityObjectMember><tran:Road>"
        + lod("lod1MultiSurface", polygon(BOX, 0)).replace("bldg:", "tran:")
        + "</tran:Road></core:cityObjectMember>",
    ]
    srs = "http://www.opengis.net/def/crs/EPSG/0/6697"
    (tmp_path / "b.gml").write_text(GML.format(srs=srs, members="".join(members)), encoding="utf-8")
    city = build_city(tmp_path / "map.osm", scenery=[tmp_path / "b.gml"])
    scenery = city.scenery
    assert scenery.counts() == {"building": 3, "road_surface": 1}
    np.testing.assert_allclose(scenery.height_m[:3], [14.2, 9.5, 9.0], rtol=1e-6)
    assert scenery.height_source[:3].tolist() == [HEIGHT_GIVEN, HEIGHT_GIVEN, HEIGHT_FROM_LEVELS]
    np.testing.assert_allclose([area_m2(scenery, row) for row in range(3)], [1000, 1200, 1200], rtol=0.01)
    dropped = city.report["dropped"]
    assert dropped["building objects of the city model without an outline"] == 1
    assert dropped["building values of the city model that are no number: measuredHeight"] == 1
    assert "PLATEAU" in city.attribution[-1]
    assert SCENERY_KINDS[scenery.kind[3]] == "road_surface"


def test_a_city_model_in_an_unknown_grid_is_refused(tmp_path, cross):
    (tmp_path / "map.osm").write_text(cross.text(), encoding="utf-8")
    content = GML.format(srs="my own", members=building(lod("lod0FootPrint", polygon(BOX, 0))))
    (tmp_path / "b.gml").write_text(content, encoding="utf-8")
    with pytest.raises(CityError, match="coordinate system"):
        build_city(tmp_path / "map.osm", scenery=[tmp_path / "b.gml"])
