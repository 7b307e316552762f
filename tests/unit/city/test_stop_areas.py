"""Stations whose exits and platforms no drawn way joins: the relation over them does, where nothing else does."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.city.test_drive_rules import line, metres, near
from twin.city.city import COVERED, STEP_FREE


def station(osm, *, lift=False, stairs=False, far_m=0.0, relation=True):
    """The usual map; an exit at its node 4 and a platform 40 m beyond it, from 21 to 22."""
    line(osm)
    osm.node(20, 0, 301, railway="subway_entrance", name="1番出口")
    osm.way(300, [4, 20], highway="footway")
    osm.node(21, 0, 340 + far_m)
    osm.node(22, 80, 340 + far_m)
    osm.way(301, [21, 22], railway="platform")
    members = [("node", 20, ""), ("way", 301, "platform")]
    if lift:
        osm.node(23, 80, 303, highway="elevator")
        osm.way(302, [3, 23], highway="footway")
        members.append(("node", 23, ""))
    if stairs:
        osm.way(303, [20, 22], highway="steps")
    if relation:
        osm.relation(900, members, type="public_transport", public_transport="stop_area")
    return osm


def test_a_platform_is_joined_to_its_exit(build, osm):
    city = build(station(osm))
    assert metres(city, 1, 22, layer="walk") == near(300 + 1 + 39 + 80)
    passage = city.walk.way_id == -900
    assert passage.sum() == 2
    assert (city.walk.flags[passage] == COVERED).all()
    assert [what for what in city.report["done"] if "passages" in what]
    # Nobody drives there, and the cars' streets are what they were.
    assert not (city.drive.way_id == -900).any()


def test_without_the_relation_the_platform_stays_away(build, osm):
    city = build(station(osm, relation=False))
    assert metres(city, 1, 22, layer="walk") == np.inf


def test_a_lift_gets_a_passage_without_steps(build, osm):
    city = build(station(osm, lift=True))
    flags = set(city.walk.flags[city.walk.way_id == -900].tolist())
    assert flags == {COVERED, COVERED | STEP_FREE}
    assert metres(city, 3, 22, layer="walk") == near(120.04 + 37)


def test_what_is_drawn_needs_no_passage(build, osm):
    city = build(station(osm, stairs=True))
    assert not (city.walk.way_id == -900).any()
    assert metres(city, 1, 22, layer="walk") < np.inf


def test_a_platform_too_far_from_its_exit_is_counted_and_not_joined(build, osm):
    city = build(station(osm, far_m=600.0))
    assert not (city.walk.way_id == -900).any()
    assert city.report["done"]["walk: platforms more than 500 m from every exit of theirs"] == 1


@pytest.mark.parametrize("members", [[], [("node", 20, "")], [("way", 999, "platform")], [("relation", 900, "")]])
def test_areas_with_nothing_to_join_change_nothing(build, osm, members):
    station(osm, relation=False)
    before = build(osm).digest
    osm.relation(900, members, type="public_transport", public_transport="stop_area")
    assert build(osm).digest == before
