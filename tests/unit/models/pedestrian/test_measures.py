"""Measures along pavements: what each does to those who walk, and what it must never do (C09)."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from tests.unit.models.pedestrian.small_city import (
    city_of,
    grid_city,
    model_of,
    params_for,
    place,
    run_to_end,
    walk_layer,
)
from twin.city.city import TUNNEL
from twin.city.editing.links import NewLink, with_links
from twin.city.street_life import StreetLife
from twin.models.pedestrian.demand.places import read_stay_places
from twin.models.pedestrian.measures import link_life, told_places, with_life

NUMBERS = {"shopper": 9000.0, "tourist": 3000.0, "passer_through": 6000.0}


def sparse_city():
    """The grid with every third place only, so that there are junctions without one."""
    city = grid_city()
    kept = [p for p in city.places if p.kind == "exit"] + [p for p in city.places if p.kind == "poi"][::3]
    return replace(city, places=tuple(kept))


def with_measure(change, links=(0, 1, 2, 3), span_s=None, **values):
    return replace(sparse_city(), street_life=(StreetLife(change, "m", tuple(links), values, span_s),))


def day(city, seed=7, numbers=NUMBERS, **changes):
    city_model, model = model_of(params_for(numbers, **changes), city, end_s=7200.0, step_s=600.0, seed=seed)
    return run_to_end(city_model, model), model


def stays_at(tables, places):
    rows = tables["pedestrian_stays"]
    return rows["arrivals_count"][np.isin(rows["place"], places)].sum()


def test_more_seats_never_lower_the_stays_beside_them():
    """C09, in the mean of paired draws; every seed by itself has at least as many up to 1 %."""
    base, seats = sparse_city(), with_measure("add_seats", seats=300.0)
    before_places = read_stay_places(base, "", 120)
    after_places = with_life(seats, before_places)
    beside = [p for p, a, b in zip(before_places.id, before_places.seats, after_places.seats, strict=True) if b > a]
    assert len(beside) >= 1
    assert after_places.seats.sum() == pytest.approx(before_places.seats.sum() + 300.0)
    counts = [[stays_at(day(city, seed)[0], beside) for city in (base, seats)] for seed in range(3)]
    before, after = np.array(counts).T
    assert (after >= 0.99 * before).all()
    assert after.mean() > 1.05 * before.mean()


def test_places_come_evenly_along_the_links_and_people_stay_there():
    city = with_measure("add_places", links=range(10), places=3.0, category="food", attraction=6.0, seats=10.0)
    tables, _ = day(city)
    before = read_stay_places(city, "", 120)
    stays = with_life(city, before)
    assert len(set(stays.node.tolist())) == len(stays.node)
    food = [sum(kinds.get("food", 0.0) for kinds in found.attraction) for found in (before, stays)]
    assert food[1] == food[0] + 18.0
    assert stays.seats.sum() == before.seats.sum() + 30.0
    mine = [p for p in stays.id if p.startswith("measure/")]
    assert all(stays_at(tables, [p]) > 0 for p in mine)
    assert len(mine) >= 1


def test_an_event_draws_people_in_its_hours_and_brings_others_from_outside():
    span = (1800.0, 5400.0)
    base, _ = day(sparse_city())
    event = with_measure("event", links=range(24), span_s=span, event=10.0, visitors=2000.0, extra=1000.0)
    tables, model = day(event)
    rows = tables["pedestrian_stays"]
    there = np.char.startswith(rows["place"], "measure/")
    began = rows["from_s"][there & (rows["arrivals_count"] > 0)]
    # Hours are whole hours for those who choose: 00:30 to 01:30 is half of each of the first two.
    assert 0.0 <= began.min() < began.max() < 7200.0
    more = tables["pedestrian_visits"]["people"].sum() - base["pedestrian_visits"]["people"].sum()
    assert more == pytest.approx(1000.0, abs=4 * math.sqrt(1000.0))
    ids = set(base["pedestrian_visits"]["id"].tolist())
    assert ids <= set(tables["pedestrian_visits"]["id"].tolist())  # everybody who came, comes again
    assert model.accounts()[0].inside == 0


def test_an_event_of_nobody_and_without_attraction_brings_nobody():
    city = with_measure("event", span_s=(1800.0, 5400.0), event=1e-9, visitors=0.0, extra=0.0)
    tables, _ = day(city)
    base, _ = day(sparse_city())
    assert tables["pedestrian_visits"]["people"].sum() == base["pedestrian_visits"]["people"].sum()


def test_an_arcade_is_walked_more_and_its_bonus_is_in_the_value():
    base, roofed = sparse_city(), with_measure("arcade", links=range(10), arcade=1.0)
    choice = params_for({}, choice={"arcade_weight_per_m": 0.001}).choice
    assert link_life(roofed, choice).bonus[:10] == pytest.approx(0.001 * base.walk.length_m[:10])
    flows, worth = [], []
    for city in (base, roofed):
        tables, _ = day(city, choice={"way_scale": 0.1, "arcade_weight_per_m": 0.001})
        links = tables["pedestrian_links"]
        flows.append(links["entries_count"][links["link_index"] < 10].sum())
        worth.append(np.nanmean(tables["pedestrian_visits"]["worth_min"]))
    assert flows[1] > 1.05 * flows[0]
    assert worth[1] > worth[0]


def test_green_and_signs_move_choices_and_no_value():
    base = sparse_city()
    for change, values, more in (
        ("green", {"green": 1.0}, {"green_local_per_m": 0.01}),
        ("signs", {"signs": 1.0, "category": "shop"}, {"sign_local": 1.0}),
    ):
        city = with_measure(change, links=range(10), **values)
        plans, flows = [], []
        for where in (base, city):
            tables, model = day(where, choice={"way_scale": 0.1, **more})
            plans.append(model.plans.go_value)
            links = tables["pedestrian_links"]
            flows.append(links["entries_count"][links["link_index"] < 10].sum())
        if change == "signs":
            np.testing.assert_array_equal(plans[0], plans[1])
            stays = with_life(city, read_stay_places(city, "", 120))
            told = told_places(city, stays, model._params.choice)
            assert {tuple(stays.attraction[i]) for i in np.flatnonzero(told)} == {("shop",)}
            beside = [stays.id[i] for i in np.flatnonzero(told)]
            before, after = (stays_at(day(where, choice={"sign_local": 1.0})[0], beside) for where in (base, city))
            assert after > 1.05 * before
        else:
            assert flows[1] > 1.05 * flows[0]


def test_one_way_walking_closes_the_links_against_it_and_nobody_walks_them():
    base = grid_city()
    east = np.flatnonzero(np.abs(base.walk.y_m[base.walk.link_from] - base.walk.y_m[base.walk.link_to]) < 1)
    first = [k for k in east.tolist() if base.walk.y_m[base.walk.link_from[k]] == 90.0]
    tables, _ = day(with_measure("one_way_walk", links=first, one_way_walk="east"))
    links = tables["pedestrian_links"]
    walk = base.walk
    against = [k for k in first if walk.x_m[walk.link_to[k]] < walk.x_m[walk.link_from[k]]]
    assert len(against) == 5
    assert not np.isin(links["link_index"], against).any()
    assert np.isin(links["link_index"], sorted(set(first) - set(against))).any()


def test_a_wider_pavement_never_worsens_its_own_service():
    """C09: a street walked by a steady crowd; the wider it is, the less person-time is crowded and the less delay."""
    crowded = []
    for width_m in (2.0, 3.0, 5.0, 9.0):
        layer = walk_layer([(0.0, 0.0), (200.0, 0.0)], [(0, 1)], width_m=width_m)
        city = city_of(layer, [place("exit", "a", 0, layer), place("exit", "b", 1, layer)])
        tables, _ = day(city, numbers={"passer_through": 90000.0}, classes={"passer_through": {"stay_durations_s": ()}})
        links = tables["pedestrian_links"]
        crowded.append((links["crowded_person_s"].sum(), links["delay_person_s"].sum()))
    for wider, narrower in zip(crowded[1:], crowded[:-1], strict=True):
        assert wider[0] <= narrower[0]
        assert wider[1] < narrower[1]


def test_a_measure_that_drives_passers_by_away_raises_the_share_and_not_the_head_count():
    """Fewer passers-by: the share of those who stay rises, the people who stay do not; both stand side by side."""
    from twin.models.pedestrian.kpis import compute

    found = []
    for passing in (9000.0, 3000.0):
        tables, _ = day(grid_city(), numbers={"shopper": 9000.0, "passer_through": passing})
        kpis = {k.kpi: k.value for k in compute(tables) if k.group == "all"}
        found.append((kpis["pedestrian.stay_share"], kpis["pedestrian.stay_count"]))
    assert found[1][0] > found[0][0]
    assert found[1][1] <= found[0][1]


def test_a_way_below_ground_takes_those_whom_it_saves_the_wait_and_nobody_waits_on_it():
    """A street with lights to cross; below it a way of the same length, on the level or with long stairs."""
    xy = [(0.0, 0.0), (30.0, 0.0), (60.0, 0.0), (90.0, 0.0)]
    layer = walk_layer(xy, [(0, 1), (1, 2), (2, 3)], lit=[1])
    places = [place("exit", "a", 0, layer, riders=1.0), place("exit", "b", 3, layer, riders=1.0)]
    places += [place("poi", "p", 1, layer, category="shop", attraction=1.0)]
    city = city_of(layer, places)

    def with_way(depth_m):
        new = NewLink(1, 2, 0, speed_below(30.0, depth_m), 0, "", TUNNEL, np.array(xy[1:3]), None, "walk", 4.0)
        back = replace(new, start=2, end=1, shape=new.shape[::-1])
        walk, base = with_links(layer, [new, back])
        return replace(city, walk=walk), np.flatnonzero(base < 0)

    counts = {}
    for depth_m in (0.0, 30.0):
        below, links = with_way(depth_m)
        tables, model = day(below, numbers={"passer_through": 3000.0})
        rows = tables["pedestrian_links"]
        counts[depth_m] = rows["entries_count"][np.isin(rows["link_index"], links)].sum()
        if depth_m == 0.0:
            assert tables["pedestrian_visits"]["wait_s"].sum() == 0.0
            assert model.accounts()[0].left["exit"] > 0
    assert counts[0.0] > 0 == counts[30.0]
    base_tables, _ = day(city, numbers={"passer_through": 3000.0})
    assert base_tables["pedestrian_visits"]["wait_s"].sum() > 0


def speed_below(length_m, depth_m):
    """Pace of a way whose two flights of stairs fall 1 in 2 and lie along it."""
    level_m, flights_m = max(length_m - 4 * depth_m, 0.0), 2 * depth_m * math.sqrt(5)
    return length_m / (level_m / 1.34 + flights_m / 0.61)
