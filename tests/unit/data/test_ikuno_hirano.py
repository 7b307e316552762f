"""Ikuno and Hirano against what is known of the two wards."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from twin.city.city import City
from twin.city.keeping.build import build_city
from twin.data import network_path
from twin.data.authoring import Point, metres_between
from twin.data.ikuno_hirano import INNER_RING, WARDS, Ward, apportion, area_km2, crossing, inside


@cache
def city() -> City:
    return build_city(network_path("osaka_ikuno_hirano"))


@pytest.mark.parametrize("ward", WARDS, ids=lambda ward: ward.slug)
def test_an_outline_fills_its_box_and_has_the_area_of_the_ward(ward: Ward) -> None:
    lats, lons = [p.lat for p in ward.outline], [p.lon for p in ward.outline]
    assert (min(lats), min(lons)) == ward.south_west or ward.slug == "ikuno"
    assert min(lats) >= ward.south_west.lat
    assert min(lons) >= ward.south_west.lon
    assert max(lats) == ward.north_east.lat
    assert max(lons) == ward.north_east.lon
    assert area_km2(ward.outline) == pytest.approx(ward.area_km2, rel=0.01)


def test_the_area_of_a_square_kilometre_is_one() -> None:
    south_west = Point(34.62, 135.55)
    north_east = Point(34.62 + 1000 / 110_930, 135.55 + 1000 / 91_680)
    square = (south_west, Point(north_east.lat, 135.55), north_east, Point(34.62, north_east.lon))
    assert area_km2(square) == pytest.approx(1.0, rel=1e-3)


def test_a_point_is_inside_an_outline_or_not() -> None:
    triangle = (Point(34.60, 135.50), Point(34.70, 135.50), Point(34.60, 135.60))
    assert inside(triangle, Point(34.62, 135.52))
    assert not inside(triangle, Point(34.68, 135.58))
    assert not inside(triangle, Point(34.62, 135.49))


def test_streets_stay_in_the_boxes_of_the_two_wards() -> None:
    drive = city().drive
    for lat, lon in zip(drive.lat_deg, drive.lon_deg, strict=True):
        assert any(
            w.south_west.lat <= lat <= w.north_east.lat and w.south_west.lon <= lon <= w.north_east.lon for w in WARDS
        )


def test_streets_run_every_100_m() -> None:
    assert metres_between(crossing(20, 5), crossing(20, 6)) == pytest.approx(100.0, rel=0.002)
    assert metres_between(crossing(20, 5), crossing(21, 5)) == pytest.approx(100.0, rel=0.01)


def test_the_inner_ring_road_passes_over_the_platforms_below_it() -> None:
    for station in INNER_RING:
        nearest_m = min(metres_between(crossing(row, 0), station) for row in range(-30, 70))
        assert nearest_m < 51.0  # half a block along the road, hardly anything beside it


def test_stops_stand_300_m_apart_and_cover_the_wards() -> None:
    stops = city().places_of("stop")
    x_m, y_m = np.array([p.x_m for p in stops]), np.array([p.y_m for p in stops])
    gaps = np.hypot(x_m[:, None] - x_m, y_m[:, None] - y_m)
    np.fill_diagonal(gaps, np.inf)
    assert gaps.min() > 290.0
    assert np.median(gaps.min(axis=0)) == pytest.approx(300.0, rel=0.02)
    # One stop per 300 m square.
    assert len(stops) == pytest.approx(sum(w.area_km2 for w in WARDS) / 0.09, rel=0.05)
    drive = city().drive
    nearest = [np.hypot(x_m - x, y_m - y).min() for x, y in zip(drive.x_m, drive.y_m, strict=True)]
    assert max(nearest) < 450.0


def test_stops_are_numbered_per_ward_without_gaps() -> None:
    for ward in WARDS:
        slugs = [p.id.rsplit("/", 1)[1] for p in city().places_of("stop", f"osaka_ikuno_hirano/stop/{ward.slug}-")]
        assert slugs == [f"{ward.slug}-{number:03d}" for number in range(1, len(slugs) + 1)]


def test_a_stop_beside_a_station_bears_its_name() -> None:
    named = {p.attributes["near_station"]: p for p in city().places_of("stop") if "near_station" in p.attributes}
    stations = {p.id.rsplit("/", 1)[1]: p for p in city().places_of("station")}
    assert {"kita-tatsumi", "minami-tatsumi", "shoji", "hirano", "deto", "kire-uriwari", "nagahara"} <= set(named)
    for slug, stop in named.items():
        assert stop.name_ja == f"{stations[slug].name_ja}駅前"
        assert np.hypot(stop.x_m - stations[slug].x_m, stop.y_m - stations[slug].y_m) <= 300.5


@pytest.mark.parametrize("ward", WARDS, ids=lambda ward: ward.slug)
def test_the_squares_of_a_ward_add_up_to_its_people(ward: Ward) -> None:
    zones = [p for p in city().places_of("zone") if p.attributes["ward"] == ward.slug]
    whole = [p for p in zones if p.attributes["level"] == "ward"]
    squares = [p for p in zones if p.attributes["level"] == "square"]
    assert len(whole) == 1
    assert len(zones) == len(squares) + 1
    assert whole[0].attributes["ward_population"] == ward.population
    assert sum(p.attributes.get("population", 0) for p in zones) == ward.population
    for zone in zones:
        aged = zone.attributes["age65_share"] * ward.population
        assert aged == pytest.approx(ward.aged_65_plus, abs=10)


def test_shares_are_rounded_so_that_nobody_is_lost() -> None:
    assert apportion(10, [1.0, 1.0, 1.0]) == [4, 3, 3]
    assert apportion(7, [0.6, 0.2, 0.2]) == [4, 2, 1]
    assert sum(apportion(198_064, [1.0 + i % 7 for i in range(97)])) == 198_064


@pytest.mark.parametrize("name", ["内環状線", "今里筋", "長居公園通", "国道25号", "勝山通"])
def test_main_roads_bear_their_names(name: str) -> None:
    assert name in city().drive.names


def test_each_ward_has_a_depot() -> None:
    assert [p.id.rsplit("/", 1)[1] for p in city().places_of("depot")] == ["hirano-depot", "ikuno-depot"]
