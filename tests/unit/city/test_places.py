"""Places from tags: kinds, ids, attributes, and where they may not lie."""

from __future__ import annotations

import pytest

from twin.city.reading.place_tags import place_kind, slug
from twin.errors import CityError


def test_a_node_that_says_so_is_a_place_of_that_kind(build, cross):
    cross.node(
        50,
        30,
        4,
        twin__place="stop",
        twin__id="ikuno-001",
        name="生野区役所前",
        name__en="Ikuno Ward Office",
        twin__seats="3",
        twin__riders_per_day="1204.5",
        twin__shelter="yes",
        capacity="8",
    )
    city = build(cross, name="osaka_ikuno")
    place = city.place_by_id["osaka_ikuno/stop/ikuno-001"]
    assert (place.kind, place.name_ja, place.name_en) == ("stop", "生野区役所前", "Ikuno Ward Office")
    assert place.attributes == {"capacity": 8, "seats": 3, "riders_per_day": 1204.5, "shelter": "yes"}
    assert city.drive.node_id[place.drive_node] == 1
    assert city.places_of("stop", "osaka_ikuno/") == [place]


def test_a_place_on_a_street_is_a_node_of_it(build, cross):
    cross.node(50, 40, 0, twin__place="gate", twin__id="in-gate", lanes="3")
    cross.ways[0] = cross.ways[0].replace('<nd ref="3"/>', '<nd ref="50"/><nd ref="3"/>')
    city = build(cross)
    place = city.places_of("gate")[0]
    assert city.drive.node_id[place.drive_node] == 50
    assert city.drive.x_m[place.drive_node] == pytest.approx(place.x_m)


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"highway": "bus_stop"}, ("stop", "")),
        ({"public_transport": "platform", "bus": "yes"}, ("stop", "")),
        ({"public_transport": "platform", "railway": "platform"}, None),
        ({"railway": "station"}, ("station", "")),
        ({"railway": "halt"}, ("station", "")),
        ({"railway": "subway_entrance"}, ("exit", "")),
        ({"barrier": "gate"}, None),
        ({"barrier": "gate", "hgv": "designated"}, ("gate", "")),
        ({"barrier": "toll_booth", "twin:lanes": "2"}, ("gate", "")),
        ({"amenity": "parking"}, None),
        ({"amenity": "parking", "hgv": "designated"}, ("yard", "")),
        ({"shop": "bakery"}, ("poi", "shop")),
        ({"shop": "vacant"}, None),
        ({"amenity": "cafe"}, ("poi", "food")),
        ({"tourism": "museum"}, ("poi", "culture")),
        ({"tourism": "hotel"}, ("poi", "tourism")),
        ({"tourism": "information"}, None),
        ({"highway": "street_lamp"}, None),
        ({"twin:place": "poi", "twin:category": "park"}, ("poi", "park")),
    ],
)
def test_ordinary_tags_give_places_too(tags, kind):
    assert place_kind(tags) == kind


def test_outlines_are_places_at_their_middle(build, cross):
    for i, (x, y) in enumerate(((20, 20), (40, 20), (40, 40), (20, 40))):
        cross.node(60 + i, x, y)
    cross.way(60, [60, 61, 62, 63, 60], amenity="parking", hgv="designated", capacity="280", name="東待機場")
    city = build(cross)
    yard = city.place_by_id["town/yard/w60"]
    assert yard.attributes["capacity"] == 280
    assert yard.x_m - city.drive.x_m[city.drive.node_id.tolist().index(1)] == pytest.approx(30, rel=0.01)


def test_a_declared_stop_in_the_sea_is_an_error_that_says_where(build, cross):
    cross.node(50, -3000, 0, twin__place="stop", twin__id="s1", name="海の停留所")
    with pytest.raises(CityError, match=r"stop '海の停留所' lies 2,\d\d\d m from the nearest drive street"):
        build(cross)


def test_an_ordinary_stop_in_the_sea_is_left_out_and_counted(build, cross):
    cross.node(50, -3000, 0, highway="bus_stop", name="far")
    cross.node(51, 30, 0, highway="bus_stop", name="near")
    city = build(cross)
    assert [place.name_ja for place in city.places] == ["near"]
    assert city.report["dropped"]["stop places more than 500 m from the drive streets"] == 1


def test_a_place_in_the_middle_of_a_long_street_is_near_it(build, osm):
    osm.node(1, 0, 0)
    osm.node(2, 3000, 0)
    osm.way(1, [1, 2], highway="trunk")
    osm.node(3, 1500, 40, twin__place="stop", twin__id="s")
    assert len(build(osm).places) == 1


def test_a_declared_gate_on_a_street_without_a_way_back_is_an_error(build, cross):
    cross.node(50, 300, 0, twin__place="gate", twin__id="in-gate", name="ゲート")
    cross.node(51, 400, 0)
    cross.way(50, [3, 50, 51], highway="service", oneway="yes")
    with pytest.raises(CityError, match="gate 'ゲート' lies on a drive street that cannot be reached from the rest"):
        build(cross)
    cross.way(51, [51, 3], highway="service", oneway="yes")
    city = build(cross)
    assert city.drive.node_id[city.places_of("gate")[0].drive_node] == 50


def test_places_far_from_their_node_are_counted(build, osm):
    osm.node(1, 0, 0)
    osm.node(2, 3000, 0)
    osm.way(1, [1, 2], highway="trunk")
    osm.node(3, 1500, 40, twin__place="stop", twin__id="s")
    osm.node(4, 30, 40, twin__place="stop", twin__id="t")
    assert build(osm).report["done"]["places more than 100 m from the node they are given"] == 1


def test_zones_may_lie_anywhere(build, cross):
    cross.node(50, -3000, 0, twin__place="zone", twin__id="z1", twin__population="1200")
    assert build(cross).places_of("zone")[0].attributes == {"population": 1200}


def test_two_places_of_one_id_are_an_error_naming_both(build, cross):
    cross.node(50, 10, 0, twin__place="stop", twin__id="s1")
    cross.node(51, 20, 0, twin__place="stop", twin__id="s1")
    with pytest.raises(CityError, match="two places have the id 'town/stop/s1'") as caught:
        build(cross)
    assert caught.value.where == "node 50 and node 51"


def test_an_unknown_kind_names_the_kinds_there_are(build, cross):
    cross.node(50, 10, 0, twin__place="bus stop")
    with pytest.raises(CityError, match="'bus stop' is no kind of place") as caught:
        build(cross)
    assert "yard" in caught.value.mend


def test_places_keep_off_motorways(build, cross):
    for i, (x, y) in enumerate(((30, 30), (60, 30), (60, 60), (30, 60))):
        cross.node(60 + i, x, y)
        cross.way(60 + i, [60 + i, 60 + (i + 1) % 4], highway="motorway")
    cross.way(70, [3, 60], highway="motorway_link", oneway="no")
    cross.node(50, 31, 30, twin__place="stop", twin__id="s")
    cross.node(51, 31, 30, twin__place="entry", twin__id="e")
    city = build(cross)
    assert city.drive.node_id[city.places_of("stop")[0].drive_node] == 1
    assert city.drive.node_id[city.places_of("entry")[0].drive_node] == 60


def test_slugs_keep_letters_of_any_script():
    assert slug(" 梅田 1/2 <b> ") == "梅田-1-2-b"
    assert slug("../../etc") == "etc"
