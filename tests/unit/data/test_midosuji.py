"""Midosuji against the known points and lengths, as the importer reads it."""

from __future__ import annotations

import csv
from functools import cache
from itertools import pairwise
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from pyproj import Transformer
from shapely.geometry import LineString

from twin.city.city import CROSSING, City
from twin.city.keeping.build import build_city
from twin.city.routing.ways import shortest_path
from twin.data import midosuji_table as table
from twin.data import network_path
from twin.data.authoring import Point, length_m, lon_at, metres_between
from twin.data.midosuji import axis_line

#: Gaps between the 29 signals from Yodoyabashi to Namba, as published with their positions.
GAPS_M = (
    112,
    88,
    87,
    83,
    78,
    85,
    90,
    92,
    90,
    187,
    151,
    61,
    175,
    88,
    90,
    92,
    93,
    100,
    94,
    88,
    86,
    75,
    86,
    94,
    192,
    88,
    175,
    99,
)
UMEDA, YODOYABASHI, NAMBA = table.UMEDA_JUNCTION, Point(34.692528, 135.500961), Point(34.666245, 135.500423)
TO_METRES = Transformer.from_crs("EPSG:4326", "EPSG:6674", always_xy=True)
SHARED = Path(__file__).resolve().parents[3].parent / "shared"
SIGNALS_CSV = SHARED / "data/osaka-midosuji-osm-points/midosuji_osm_points.csv"


@cache
def city() -> City:
    return build_city(network_path("osaka_midosuji"))


def drive_node(at: Point) -> int:
    x_m, y_m = TO_METRES.transform(at.lon, at.lat)
    distance_m = np.hypot(city().drive.x_m - x_m, city().drive.y_m - y_m)
    assert distance_m.min() < 0.2, at
    return int(distance_m.argmin())


def links_named(name: str) -> list[int]:
    drive = city().drive
    return [i for i in range(drive.link_count) if drive.name_index[i] >= 0 and drive.names[drive.name_index[i]] == name]


def driven_m(start: Point, end: Point) -> float:
    drive = city().drive
    links = shortest_path(drive, drive_node(start), drive_node(end), cost_s=drive.length_m)
    return float(drive.length_m[links].sum())


def southern_signals() -> list[Point]:
    return [row.axis for row in table.ROWS if row.axis.lat <= YODOYABASHI.lat]


def test_umeda_junction_lies_1_06_km_from_the_signal_at_yodoyabashi() -> None:
    assert metres_between(UMEDA, YODOYABASHI) == pytest.approx(1060, rel=0.01)


def test_the_drive_from_yodoyabashi_to_namba_is_2_92_km() -> None:
    assert driven_m(YODOYABASHI, NAMBA) == pytest.approx(2920, rel=0.01)


def test_the_drive_follows_every_known_point() -> None:
    assert driven_m(UMEDA, NAMBA) == pytest.approx(length_m(axis_line()), rel=0.001)


def test_there_are_29_signals_from_yodoyabashi_to_namba_at_the_published_gaps() -> None:
    signals = southern_signals()
    assert len(signals) == 29
    for at in signals:
        assert city().drive.signal[drive_node(at)]
    gaps = [driven_m(a, b) for a, b in pairwise(signals)]
    assert gaps == pytest.approx(GAPS_M, abs=1.6)  # published in whole metres, positions to six decimals


def test_every_link_named_midosuji_runs_south_and_the_street_cannot_be_driven_north() -> None:
    drive = city().drive
    links = links_named("御堂筋")
    assert len(links) > 60
    south_m = drive.y_m[drive.link_from[links]] - drive.y_m[drive.link_to[links]]
    assert (south_m > 0).all()


def test_shin_midosuji_is_another_street() -> None:
    ways = city().drive.way_id
    assert not set(ways[links_named("御堂筋")]) & set(ways[links_named("新御堂筋")])
    assert links_named("新御堂筋")


def test_the_alias_midosuji_leads_to_the_name_on_the_sign() -> None:
    assert city().drive.aliases["Midosuji"] == "御堂筋"
    assert city().drive.aliases["みどうすじ"] == "御堂筋"


def test_side_lanes_run_13_2_m_on_both_sides_between_yodoyabashi_and_the_river_only() -> None:
    drive = city().drive
    side = [i for i in links_named("御堂筋") if drive.lanes[i] == 1]
    for row in table.ROWS[12:33]:
        x_m, y_m = TO_METRES.transform(row.axis.lon, row.axis.lat)
        beside = drive.x_m[np.abs(drive.y_m - y_m) < 1.0] - x_m
        assert np.sort(np.abs(beside))[1:3] == pytest.approx([13.2, 13.2], abs=0.15)
    lats = np.concatenate([drive.lat_deg[drive.link_from[side]], drive.lat_deg[drive.link_to[side]]])
    assert lats.max() < YODOYABASHI.lat
    assert lats.min() > 34.6695  # the street north of the Dotonbori river


@pytest.mark.parametrize(
    ("north", "south", "lanes"),
    [("sonezaki", "eirakucho-kita", 8), ("hommachi", "chuo-north", 4), ("dotonbori", "sennichimae", 5)],
)
def test_the_main_roadway_has_the_published_lanes(north: str, south: str, lanes: int) -> None:
    rows = {row.slug: row for row in table.ROWS}
    start = rows[north].south or rows[north].axis
    drive = city().drive
    links = shortest_path(drive, drive_node(start), drive_node(rows[south].axis), cost_s=drive.length_m)
    assert set(drive.lanes[links]) == {lanes}


def test_cars_keep_left_where_carriageways_are_apart() -> None:
    drive = city().drive
    links = links_named("中央大通")
    eastward = drive.x_m[drive.link_to[links]] > drive.x_m[drive.link_from[links]]
    lat = (drive.lat_deg[drive.link_from[links]] + drive.lat_deg[drive.link_to[links]]) / 2
    assert lat[eastward].min() > lat[~eastward].max()
    # Both carriageways of national route 176 are straight between the platforms and the junction.
    x_m = {}
    for i in links_named("国道176号"):
        ends = [drive.link_from[i], drive.link_to[i]]
        lats = drive.lat_deg[ends]
        if lats.min() < 34.7030 < lats.max():
            shape = slice(drive.vertex_ptr[i], drive.vertex_ptr[i + 1])
            line = LineString(np.column_stack([drive.vertex_x_m[shape], drive.vertex_y_m[shape]]))
            level_m = TO_METRES.transform(135.4979, 34.7030)[1]
            here = line.intersection(LineString([(-1e6, level_m), (1e6, level_m)]))
            x_m["south" if lats[0] > lats[1] else "north"] = here.x
    assert x_m["south"] == pytest.approx(x_m["north"] + 15.4, abs=1.0)


def test_named_streets_cross_midosuji_where_they_are_known_to() -> None:
    drive = city().drive
    for row in table.ROWS:
        if not row.ja:
            continue
        node = drive_node(row.axis)
        touching = [i for i in range(drive.link_count) if node in (drive.link_from[i], drive.link_to[i])]
        names = {drive.names[drive.name_index[i]] for i in touching if drive.name_index[i] >= 0}
        assert {row.ja, "御堂筋"} <= names, row.slug


def test_walkers_cross_midosuji_at_crossings_only() -> None:
    walk = city().walk
    # From the bend at Sonezaki, south of the junction at Umeda, to the bend at Namba.
    axis = LineString([TO_METRES.transform(p.lon, p.lat) for p in (*axis_line()[1:], table.NAMBA_NISHIGUCHI)])
    across = 0
    for i in range(walk.link_count):
        shape = slice(walk.vertex_ptr[i], walk.vertex_ptr[i + 1])
        line = LineString(np.column_stack([walk.vertex_x_m[shape], walk.vertex_y_m[shape]]))
        if line.crosses(axis):
            across += 1
            assert walk.flags[i] & CROSSING, walk.way_id[i]
    signals = sum(row.signal for row in table.ROWS)
    assert across == 2 * 2 * signals  # two crossings at each signal, each walked both ways


def test_without_its_crossings_the_two_sides_of_midosuji_fall_apart_between_the_ends() -> None:
    walk = city().walk
    graph = nx.Graph()
    inside = (walk.lat_deg < 34.6995) & (walk.lat_deg > 34.6665)
    for i in range(walk.link_count):
        a, b = int(walk.link_from[i]), int(walk.link_to[i])
        if inside[a] and inside[b] and not walk.flags[i] & CROSSING:
            graph.add_edge(a, b)
    axis_lon = {row.slug: row.axis for row in table.ROWS}["hommachi"].lon
    sides = {}
    for node in graph:
        if abs(walk.lat_deg[node] - 34.6832) < 0.0003:
            sides.setdefault(walk.lon_deg[node] > axis_lon, set()).add(node)
    west, east = min(sides[False]), min(sides[True])
    assert not nx.has_path(graph, west, east)


def test_pavements_are_6_m_wide_and_14_m_south_of_the_river() -> None:
    walk = city().walk
    named = [walk.names[k] if k >= 0 else "" for k in walk.name_index]
    links = [i for i, name in enumerate(named) if name == "御堂筋"]
    middle = (walk.lat_deg[walk.link_from[links]] + walk.lat_deg[walk.link_to[links]]) / 2
    assert set(walk.width_m[links][middle < 34.6685]) == {14.0}
    assert set(walk.width_m[links][middle > 34.6690]) == {6.0}


def test_46_exits_stand_between_yodoyabashi_and_namba_near_their_stations() -> None:
    exits = city().places_of("exit")
    stations = {p.id.rsplit("/", 1)[1]: p for p in city().places_of("station")}
    south = [p for p in exits if p.attributes["station"] != "umeda"]
    assert len(south) == 46
    for place in exits:
        station = stations[place.attributes["station"]]
        assert np.hypot(place.x_m - station.x_m, place.y_m - station.y_m) < 250.0, place.id
    axis = (*axis_line(), table.NAMBA_NISHIGUCHI)
    east = [p for p in south if p.lon_deg > lon_at(axis, p.lat_deg)]
    assert len(east) == 23


def test_the_riders_of_exits_add_up_to_those_of_their_station() -> None:
    for station in city().places_of("station"):
        if "riders_per_day" not in station.attributes:
            continue
        slug = station.id.rsplit("/", 1)[1]
        at_exits = [p.attributes["riders"] for p in city().places_of("exit") if p.attributes["station"] == slug]
        assert sum(at_exits) == pytest.approx(station.attributes["riders_per_day"], abs=len(at_exits))


def test_points_of_interest_have_categories_and_weights() -> None:
    pois = city().places_of("poi")
    categories = {p.attributes["category"] for p in pois}
    assert categories <= set(table.CATEGORY_JA)
    assert {"shop", "food", "culture", "office", "park", "seat"} <= categories
    assert all(p.attributes["attraction"] > 0 for p in pois)


def test_the_main_roadway_lies_on_surveyed_signals_where_such_data_is_at_hand() -> None:
    if not SIGNALS_CSV.is_file():
        pytest.skip(f"no surveyed signals at {SIGNALS_CSV}")
    with SIGNALS_CSV.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "traffic_signals"]
    surveyed = [Point(float(row["lat"]), float(row["lon"])) for row in rows]
    for at in southern_signals():
        # The halves of Chuo-odori and Nagahori-dori are centres of groups up to 25 m across.
        assert min(metres_between(at, other) for other in surveyed) < 25.0
