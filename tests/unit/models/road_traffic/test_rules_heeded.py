"""Signs of the map on the road: banned turns, hours and rights, for background cars and vehicles of other models."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.unit.models.road_traffic.conftest import Sink, city_of, street_layer
from tests.unit.models.road_traffic.test_edits_heeded import (
    CAR,
    ENTRY,
    FORK,
    FORMS,
    LAST,
    LONG,
    LONG_END,
    LONG_WAY,
    SHORT,
    SHORT_END,
    SHORT_WAY,
    TRUCK,
    VAN,
    enter,
    od,
    params,
    travel_times,
)
from twin.city.hours import with_hours
from twin.city.rules import DriveRules
from twin.engine.city_model import CityModel
from twin.errors import ScenarioError
from twin.models.road_traffic.model import RoadTraffic

ALL = 31


def signs(closed=(), local=(), hours=(), bans=()):
    """Rules of the fork; hours are (link, from, to, closed bits, speed), bans (links, classes, from, to)."""
    bits = {name: np.zeros(6, np.uint8) for name in ("closed", "local")}
    for name, rows in (("closed", closed), ("local", local)):
        for link, classes in rows:
            bits[name][link] = classes
    return DriveRules(
        **bits,
        hour_link=np.array([h[0] for h in hours], np.int32),
        hour_days=np.full(len(hours), 127, np.uint8),
        hour_from_s=np.array([float(h[1]) for h in hours]),
        hour_to_s=np.array([float(h[2]) for h in hours]),
        hour_closed=np.array([h[3] for h in hours], np.uint8),
        hour_local=np.zeros(len(hours), np.uint8),
        hour_speed_mps=np.array([float(h[4]) for h in hours]),
        ban_ptr=np.concatenate([[0], np.cumsum([len(b[0]) for b in bans])]).astype(np.int64),
        ban_link=np.array([link for b in bans for link in b[0]], np.int32),
        ban_classes=np.array([b[1] for b in bans], np.uint8),
        ban_days=np.full(len(bans), 127, np.uint8),
        ban_from_s=np.array([float(b[2]) for b in bans]),
        ban_to_s=np.array([float(b[3]) for b in bans]),
    )


@pytest.fixture
def road():
    made = []

    def build(form, rules, tables=None, **more):
        layer = dataclasses.replace(street_layer(6, FORK), rules=rules)
        model_road, sink = RoadTraffic(params(form, **more), city_of(layer), tables or {}), Sink("transit")
        model = CityModel([model_road, sink], start_s=0.0, end_s=7200.0, step_s=5.0, run_seed=np.uint64(1))
        made.append(model)
        return model, model_road, sink

    yield build
    for model in made:
        model.close()


@pytest.mark.parametrize("form", FORMS)
def test_a_vehicle_sent_over_a_banned_turn_is_led_around_it(road, form):
    model, _, sink = road(form, signs(bans=[((ENTRY, SHORT), 0b00010, 0, 86400)]))
    sink.send(enter([1], [0.0], [SHORT_WAY], VAN))
    sink.send(enter([2], [10.0], [SHORT_WAY], TRUCK))
    got = travel_times(model, sink, 1500)
    assert got[1] == pytest.approx(300.0, abs=1.0)
    assert got[2] == pytest.approx(200.0, abs=1.0)


@pytest.mark.parametrize("form", FORMS)
def test_a_turn_is_banned_in_its_hours_only(road, form):
    model, _, sink = road(form, signs(bans=[((ENTRY, SHORT), ALL, 600, 1200)]))
    sink.send(enter([1, 2, 3], [0.0, 700.0, 1300.0], [SHORT_WAY] * 3, VAN))
    got = travel_times(model, sink, 2500)
    assert [round(got[i]) for i in (1, 2, 3)] == [200, 300, 200]


@pytest.mark.parametrize("form", FORMS)
def test_hours_close_links_to_their_classes(road, form):
    model, _, sink = road(form, signs(hours=[(SHORT, 600, 1200, 1 << VAN, 20.0)]))
    sink.send(enter([1, 2], [0.0, 700.0], [SHORT_WAY] * 2, VAN))
    sink.send(enter([3], [710.0], [SHORT_WAY], TRUCK))
    got = travel_times(model, sink, 2500)
    assert [round(got[i]) for i in (1, 2, 3)] == [200, 300, 200]


@pytest.mark.parametrize("form", FORMS)
def test_speeds_change_with_their_hours(road, form):
    model, _, sink = road(form, signs(hours=[(SHORT, 600, 1200, 0, 10.0)]))
    sink.send(enter([1, 2], [0.0, 700.0], [SHORT_WAY] * 2, VAN))
    got = travel_times(model, sink, 2500)
    assert got[1] == pytest.approx(200.0, abs=1.0)
    assert got[2] == pytest.approx(250.0, abs=1.0)


@pytest.mark.parametrize("form", FORMS)
def test_background_cars_keep_out_of_what_is_closed_to_them(road, form):
    tables = {"cars": od(50)}
    background = {"background": {"od_table": "cars"}}
    model, model_road, _ = road(form, signs(closed=[(SHORT, 1 << CAR)]), tables, **background)
    while model.now_s < 2000:
        model.step()
    trips = model_road.drain_tables()["road_trips"]
    assert len(trips["id"]) == 50
    assert (trips["metres_m"] == 6000).all()


@pytest.mark.parametrize("form", FORMS)
def test_a_class_without_any_way_is_named(road, form):
    closed = [(SHORT, 1 << VAN), (LONG, 1 << VAN)]
    model, _, sink = road(form, signs(closed=closed))
    sink.send(enter([1], [0.0], [SHORT_WAY], VAN))
    with pytest.raises(ScenarioError, match="closed to the class van"):
        model.step()


def test_hours_of_signs_become_changes_and_edits_keep_their_links():
    layer = dataclasses.replace(
        street_layer(6, FORK), rules=signs(hours=[(SHORT, 600, 1200, ALL, 20.0), (LONG_END, 0, 86400, 1, 20.0)])
    )
    city = with_hours(city_of(layer))
    mine = [c for c in city.timed if c.link_index == SHORT]
    assert [(c.time_s, c.is_open) for c in mine[:4]] == [
        (600.0, False),
        (1200.0, True),
        (87000.0, False),
        (87600.0, True),
    ]
    assert {c.closed_to for c in city.timed if c.link_index == LONG_END} == {("car",)}
    edited = dataclasses.replace(city_of(layer), timed=(mine[0],))
    assert [c for c in with_hours(edited).timed if c.link_index == SHORT] == [mine[0]]
    assert {SHORT_END, LAST} & {c.link_index for c in city.timed} == set()
    assert LONG_WAY[1] == LONG
