"""Who walks where on the bundled Midosuji: right to the centimetre, a district can be walked on the wrong links."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests.unit.models.pedestrian.small_city import model_of, run_to_end
from twin.city.city import CROSSING, SIGNALISED, City
from twin.city.keeping.build import build_city
from twin.data import midosuji_table as table
from twin.data import network_path
from twin.models.pedestrian.params import PedestrianParams

#: Lights of the shipped scenarios along Midosuji.
CYCLE_S = 150.0
#: Sections between two cross streets where everybody who goes north or south passes the line of latitude.
SECTIONS = ("imabashi", "hiranomachi", "bakuromachi", "daihoji")


@cache
def city() -> City:
    return build_city(network_path("osaka_midosuji"))


@cache
def walked(cycle_s: float = CYCLE_S):
    """Entries per walk link and the visits from 11:00 to 13:00, a third of the visitors."""
    params = PedestrianParams.model_validate({"visitors_factor": 0.33, "crossings": {"cycle_s": cycle_s}})
    city_model, model = model_of(params, city(), start_s=39600.0, end_s=46800.0, step_s=600.0)
    tables = run_to_end(city_model, model)
    entries = np.zeros(city().walk.link_count)
    np.add.at(entries, tables["pedestrian_links"]["link_index"], tables["pedestrian_links"]["entries_count"])
    return entries, tables["pedestrian_visits"]


def lit_along_midosuji() -> np.ndarray:
    """Crossings with lights over the cross streets, on both sides of Midosuji, both ways."""
    walk = city().walk
    east_m = np.abs(walk.x_m[walk.link_to] - walk.x_m[walk.link_from])
    north_m = np.abs(walk.y_m[walk.link_to] - walk.y_m[walk.link_from])
    return np.flatnonzero((walk.flags & SIGNALISED > 0) & (north_m > east_m))


def names() -> np.ndarray:
    walk = city().walk
    return np.array([walk.names[k] if k >= 0 else "" for k in walk.name_index])


def test_every_light_along_midosuji_is_walked_in_both_directions():
    """Both sides of every junction with lights: one street of pavements, crossed wherever a street joins."""
    links = lit_along_midosuji()
    signals = sum(row.signal for row in table.ROWS) + 1  # and the junction at Umeda
    assert len(links) == 2 * 2 * signals
    entries, visits = walked()
    assert len(visits["id"]) > 4000
    assert np.flatnonzero(entries[links] == 0).tolist() == []


def test_at_every_junction_with_lights_people_cross_midosuji_itself():
    walk = city().walk
    entries, _ = walked()
    lit = np.flatnonzero(walk.flags & SIGNALISED)
    over = np.setdiff1d(lit, lit_along_midosuji())
    lat = (walk.lat_deg[walk.link_from[over]] + walk.lat_deg[walk.link_to[over]]) / 2
    for row in table.ROWS:
        if row.signal and row.slug != "nakanoshima":  # an island without a door or an exit on either side
            centre = (row.axis.lat + row.south.lat) / 2 if row.south else row.axis.lat
            near = np.abs(lat - centre) < 25 / 110_940
            assert near.sum() == 4, row.slug  # north and south of the street, both ways
            assert entries[over[near]].sum() > 0, row.slug


def test_the_busiest_links_are_streets_and_no_stubs():
    """Of the hundred busiest, those under 20 m are parts of a named street, crossings, or paths to a door or exit."""
    walk = city().walk
    entries, _ = walked()
    doors = {place.walk_node for kind in ("exit", "poi") for place in city().places_of(kind)}
    busiest = np.argsort(-entries)[:100]
    assert {"御堂筋", "心斎橋筋", "戎橋筋"} <= set(names()[busiest])
    for link in busiest.tolist():
        at_door = {int(walk.link_from[link]), int(walk.link_to[link])} & doors
        known = names()[link] or at_door or walk.flags[link] & CROSSING
        assert known or walk.length_m[link] > 20.0, walk.way_id[link]


@pytest.mark.parametrize("slug", SECTIONS)
def test_the_main_street_carries_more_than_any_back_street_beside_it(slug):
    walk = city().walk
    entries, _ = walked()
    rows = [row.slug for row in table.ROWS]
    north = table.ROWS[rows.index(slug)].axis.lat
    lat = (north + table.ROWS[rows.index(slug) + 1].axis.lat) / 2
    cut = (walk.lat_deg[walk.link_from] - lat) * (walk.lat_deg[walk.link_to] - lat) < 0
    lon = (walk.lon_deg[walk.link_from] + walk.lon_deg[walk.link_to]) / 2
    axis = table.ROWS[rows.index(slug)].axis.lon
    beside_m = np.abs(lon - axis) * 91_600
    main = entries[cut & (beside_m < 30)].sum()
    # Shinsaibashisuji leads to its own arcade: no back street.
    back = cut & (beside_m >= 30) & ~np.isin(names(), ["心斎橋筋", "戎橋筋"])
    columns = {round(float(x)): 0.0 for x in lon[back] * 91_600 / 20}
    for link in np.flatnonzero(back).tolist():
        columns[round(float(lon[link] * 91_600 / 20))] += entries[link]
    assert len(columns) >= 5
    assert main > max(columns.values())


def test_lights_are_felt_a_longer_cycle_makes_longer_waits():
    waits = []
    for cycle_s in (CYCLE_S, 300.0):
        _, visits = walked(cycle_s)
        waits.append(visits["wait_s"].sum() / visits["crossings_count"].sum())
    assert waits[1] > 1.15 * waits[0]
