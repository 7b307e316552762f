"""Where sensors stand: exits by the names people write, links under cameras."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from twin.city.exit_names import folded_exit
from twin.city.keeping.build import find_city
from twin.observe.sensors import Site
from twin.observe.sites import SiteError, exits_by_name, links_at, metres_of


@pytest.fixture(scope="module")
def midosuji():
    return find_city("osaka_midosuji", Path())


def named(city, *refs):
    base = city.places_of("exit")[0]
    return [
        replace(base, id=f"x/exit/{i}", name_ja="", name_en="", attributes={"ref": ref}) for i, ref in enumerate(refs)
    ]


@pytest.mark.parametrize("written", ["12-A", "１２Ａ", "12A", "12a番出口", "出口12-A", "12 A号"])
def test_an_exit_is_met_however_its_name_is_written(midosuji, written):
    assert exits_by_name(named(midosuji, "12-A", "南12", "12"), [written]) == {written: ["x/exit/0"]}


@pytest.mark.parametrize("written", ["南12号", "南１２", "南-12", "南12番出口"])
def test_a_southern_exit_is_not_the_exit_of_that_number(midosuji, written):
    assert exits_by_name(named(midosuji, "12-A", "南12", "12"), [written]) == {written: ["x/exit/1"]}


def test_1_1_is_not_11():
    assert folded_exit("1-1") != folded_exit("11")
    assert folded_exit("本町 1番出口") == folded_exit("本町１") == folded_exit("本町-1")


def test_exits_of_the_bundled_district_are_met_by_station_and_number(midosuji):
    found = exits_by_name(midosuji.places_of("exit"), ["本町12", "淀屋橋 ７番出口", "Namba exit 1"])
    assert list(found.values()) == [
        ["osaka_midosuji/exit/hommachi-12"],
        ["osaka_midosuji/exit/yodoyabashi-7"],
        ["osaka_midosuji/exit/namba-1"],
    ]


def test_a_station_is_all_its_exits(midosuji):
    found = exits_by_name(midosuji.places_of("exit"), ["本町", "namba"])
    assert len(found["本町"]) > 5
    assert all("/exit/hommachi-" in place for place in found["本町"])
    assert all("/exit/namba-" in place for place in found["namba"])


def test_an_unknown_exit_names_the_nearest_and_two_names_of_one_are_told(midosuji):
    with pytest.raises(SiteError, match="there is no exit '本町 99'") as fault:
        exits_by_name(midosuji.places_of("exit"), ["本町 99"])
    assert "本町" in fault.value.mend
    with pytest.raises(SiteError, match="are one exit"):
        exits_by_name(midosuji.places_of("exit"), ["本町1", "本町 １番"])
    with pytest.raises(SiteError, match="may be"):
        exits_by_name(named(midosuji, "1", "1"), ["1"])


def test_a_camera_counts_those_who_go_its_way(midosuji):
    x, y = metres_of(midosuji, Site(lat=34.6845, lon=135.5003))
    layer = midosuji.walk
    north = links_at(layer, x, y, "north", "walk")
    south = links_at(layer, x, y, "south", "walk")
    assert north.links == south.back
    assert north.back == south.links
    for link in north.links:
        assert layer.y_m[layer.link_to[link]] > layer.y_m[layer.link_from[link]]
    both = links_at(layer, x, y, "", "walk")
    assert sorted(both.links) == sorted(both.back)
    assert len(both.links) >= 2


def test_a_camera_off_the_map_is_told_how_far(midosuji):
    with pytest.raises(SiteError, match=r"within 60 m, the nearest is \d+ m away"):
        links_at(midosuji.walk, 0.0, 0.0, "", "walk")
