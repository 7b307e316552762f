"""Places drawn as relations and outlines count, and what is drawn twice is one place."""

from __future__ import annotations

import math

import pytest

from twin.city.keeping.build import city_info


def kinds(city):
    return city_info(city)["places"]


BOX = ((20, 20), (60, 20), (60, 60), (20, 60))


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"shop": "department_store", "name": "百貨店"}, "poi"),
        ({"railway": "station", "name": "駅"}, "station"),
        ({"amenity": "hospital"}, "poi"),
        ({"public_transport": "platform", "bus": "yes"}, "stop"),
        ({"tourism": "museum"}, "poi"),
    ],
)
def test_a_relation_is_a_place_at_the_middle_of_its_outline(build, cross, tags, kind):
    cross.ring(400, BOX, 400, building="yes")
    cross.relation(5, [("way", 400, "outer")], type="multipolygon", **tags)
    city = build(cross)
    assert kinds(city) == {kind: 1}
    place = city.places[0]
    centre = city.drive.x_m[0] + 40, city.drive.y_m[0] + 40
    assert math.dist((place.x_m, place.y_m), centre) < 1.5


@pytest.mark.parametrize("name", ["停留所", None])
def test_a_pole_and_its_platform_are_one_stop(build, cross, name):
    named = {} if name is None else {"name": name}
    cross.node(30, 20, 5, highway="bus_stop", name="停留所")
    cross.ring(
        600, ((15, 6), (25, 6), (25, 8), (15, 8)), 610, public_transport="platform", bus="yes", shelter="yes", **named
    )
    city = build(cross)
    assert kinds(city) == {"stop": 1}
    assert city.places[0].id.endswith("/stop/30")
    dropped = city.report["dropped"]
    assert dropped["places drawn a second time (as a point and an outline, or an outline and a relation)"] == 1


def test_stops_on_both_sides_of_a_street_stay_two_and_so_do_their_platforms(build, cross):
    for i, y in enumerate((6, -6)):
        cross.node(30 + i, 20, y, highway="bus_stop", name="停留所")
        cross.node(40 + i, 24, 1.2 * y, public_transport="platform", name="停留所")
    assert kinds(build(cross)) == {"stop": 2}


def test_stops_of_other_names_stay_apart(build, cross):
    cross.node(30, 20, 6, highway="bus_stop", name="甲")
    cross.node(31, 22, 6, public_transport="platform", name="乙")
    assert kinds(build(cross)) == {"stop": 2}


def test_a_station_as_a_point_an_outline_and_a_relation_is_one(build, cross):
    cross.node(30, 40, 40, railway="station", name="駅", name__en="Station", ref="M16")
    cross.ring(400, BOX, 400, railway="station", name="駅", wheelchair="yes")
    cross.relation(5, [("way", 400, "outer")], type="multipolygon", railway="station", name="駅")
    city = build(cross)
    assert kinds(city) == {"station": 1}
    assert city.places[0].name_en == "Station"
    assert city.places[0].attributes == {"ref": "M16", "wheelchair": "yes"}


def test_stations_of_two_lines_with_one_name_stay_two(build, cross):
    cross.node(30, 40, 40, railway="station", name="梅田")
    cross.node(31, 90, 40, railway="station", name="梅田")
    assert kinds(build(cross)) == {"station": 2}


def test_a_shop_in_a_larger_one_stays(build, cross):
    cross.ring(400, BOX, 400, shop="mall", name="百貨店")
    cross.node(30, 40, 40, shop="books", name="本屋")
    cross.node(31, 41, 40, shop="books", name="百貨店")
    assert kinds(build(cross)) == {"poi": 2}


def test_authored_places_are_never_taken_together(build, cross):
    for i in range(2):
        cross.node(30 + i, 20 + i, 5, twin__place="stop", twin__id=f"s{i}", name="停留所")
    assert kinds(build(cross)) == {"stop": 2}


def test_a_station_whose_outline_is_open_lies_where_its_parts_are(build, cross):
    for i, (x, y) in enumerate(BOX):
        cross.node(400 + i, x, y)
    cross.way(400, [400, 401, 402])
    cross.relation(5, [("way", 400, "outer"), ("way", 999, "outer")], type="multipolygon", railway="station", name="駅")
    city = build(cross)
    assert kinds(city) == {"station": 1}
    assert city.report["dropped"]["places drawn as relations with parts missing or torn"] == 1
