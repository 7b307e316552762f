"""Pavements closed to walkers: who keeps off, who may still pass, and that hours begin and end where they say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.models.pedestrian.small_city import (
    assert_same,
    city_of,
    model_of,
    params_for,
    place,
    run_to_end,
    walk_layer,
)
from twin.city.street_life import StreetLife
from twin.models.pedestrian.movement.closures import read_closures

SPAN = (3600.0, 5400.0)
NUMBERS = {"shopper": 20000.0, "passer_through": 20000.0}
#: Links of the short way between the exits, both directions; the last leads to the only door of a shop.
SHORT = ((1, 2), (2, 1))
DOOR = ((2, 4), (4, 2))


def two_ways(*, doors=True):
    """Exits 0 and 3; a short way 0-1-2-3 and a long one 1-5-2; a shop at 4 behind node 2, another at 5."""
    xy = [(0.0, 0.0), (60.0, 0.0), (160.0, 0.0), (220.0, 0.0), (160.0, 60.0), (110.0, 90.0)]
    layer = walk_layer(xy, [(0, 1), (1, 2), (2, 3), (2, 4), (1, 5), (5, 2)])
    places = [place("exit", "a", 0, layer, riders=1.0), place("exit", "b", 3, layer, riders=1.0)]
    places += [place("poi", "p", 4, layer, category="shop", attraction=3.0)] if doors else []
    places += [place("poi", "q", 5, layer, category="shop", attraction=3.0)]
    return city_of(layer, places)


def closed(city, pairs, span_s=None, *, daily=True):
    ends = list(zip(city.walk.link_from.tolist(), city.walk.link_to.tolist(), strict=True))
    links = tuple(sorted(ends.index(pair) for pair in pairs))
    return replace(city, street_life=(StreetLife("close_walk", "m", links, {"daily": daily}, span_s),)), links


def day(city, **changes):
    city_model, model = model_of(params_for(NUMBERS, **changes), city, end_s=7200.0, step_s=300.0, seed=3)
    return run_to_end(city_model, model), model


def entries(tables, links):
    """People who stepped onto links, by the start of the ten minutes."""
    rows = tables["pedestrian_links"]
    mine = np.isin(rows["link_index"], links)
    return {t: float(rows["entries_count"][mine & (rows["from_s"] == t)].sum()) for t in range(0, 10800, 600)}


@pytest.mark.parametrize("way_scale", [0.0, 0.3])
def test_in_its_hours_nobody_who_has_another_way_walks_there_and_before_and_after_all_do(way_scale):
    choice = {"way_scale": way_scale}
    base, (shut, links) = two_ways(), closed(two_ways(), SHORT, SPAN)
    before, (tables, model) = entries(day(base, choice=choice)[0], links), day(shut, choice=choice)
    found = entries(tables, links)
    for t in range(0, 7200, 600):
        assert before[t] > 0
        assert (found[t] == 0) == (SPAN[0] <= t < SPAN[1])
    assert all(found[t] == before[t] for t in range(0, 3600, 600))  # nobody knows of it before
    assert any("2 walk links are closed in some hours" in note for note in model.notes)
    (account,) = model.accounts()
    assert account.entered == account.left["exit"] + account.left["refused: no feasible path"]


def test_whoever_has_a_door_there_still_goes_in_and_out_in_the_hours():
    shut, links = closed(two_ways(), DOOR, SPAN)
    found = entries(day(shut)[0], links)
    assert found == entries(day(two_ways())[0], links)
    assert all(found[t] > 0 for t in range(3600, 5400, 600))


def test_for_good_what_lies_behind_is_cut_off():
    shut, links = closed(two_ways(), DOOR)
    tables, model = day(shut)
    assert not np.isin(tables["pedestrian_links"]["link_index"], links).any()
    assert set(tables["pedestrian_stays"]["place"].tolist()) == {"test/poi/q"}
    assert model.accounts()[0].left["exit"] > 0


@pytest.mark.parametrize("span", [(90000.0, 93600.0), (7200.0 * 4, 7200.0 * 5)])
def test_hours_in_which_nobody_walks_change_no_byte(span):
    shut, _ = closed(two_ways(), SHORT, span, daily=False)
    assert_same(day(shut)[0], day(two_ways())[0])


@pytest.mark.parametrize("at_s", [3300.0, 4200.0, 6000.0])
def test_a_checkpoint_before_within_and_after_the_hours_goes_on_to_the_byte(at_s):
    shut, _ = closed(two_ways(), SHORT, SPAN)
    params = params_for(NUMBERS)
    whole = run_to_end(*model_of(params, shut, end_s=7200.0, step_s=300.0, seed=3))
    city_model, _ = model_of(params, shut, end_s=7200.0, step_s=300.0, seed=3)
    while city_model.now_s < at_s:
        city_model.step()
    state = city_model.state()
    again, other = model_of(params, shut, end_s=7200.0, step_s=300.0, seed=3)
    again.restore(state)
    assert_same(run_to_end(again, other), whole)


def test_spans_that_overlap_and_come_back_every_day_are_told_moment_by_moment():
    def life(links, span_s, *, daily):
        return StreetLife("close_walk", "m", links, {"daily": daily}, span_s)

    found = read_closures((life((0,), (100.0, 300.0), daily=True), life((1,), (200.0, 400.0), daily=False)), 3)
    assert found.at(99.0) is None
    assert found.at(100.0).tolist() == [True, False, False]
    assert found.at(200.0).tolist() == [True, True, False]
    assert found.at(300.0).tolist() == [False, True, False]
    assert found.at(400.0) is None
    assert found.at(86400.0 + 250.0).tolist() == [True, False, False]
    assert found.next_after(400.0) == 86500.0
    assert found.next_after(1e9) == np.inf
    assert read_closures((), 3).at(1e5) is None
