"""Plans of lights: the stages walkers need, what is left to them, and that nobody has green against another."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests.unit.city.conftest import MapText
from twin.city.city import SIGNALISED, City, SignalPlan
from twin.city.keeping.build import build_city
from twin.city.lights.plans import CityLights, PlanRules, Window, longest_gap
from twin.data import network_path
from twin.errors import ScenarioError
from twin.models.pedestrian.params import PedestrianParams
from twin.models.road_traffic.params import RoadParams
from twin.models.road_traffic.queueing.signals import rules_of

LIT = {"highway": "footway", "footway": "crossing", "crossing": "traffic_signals"}
PAVEMENT = {"highway": "footway", "footway": "sidewalk"}
HALF_WIDE_M, HALF_SIDE_M = 18.0, 7.0


def junction(osm: MapText, *, side_lanes: int = 1) -> MapText:
    """A street of four lanes runs north and south, another crosses it; a crossing with lights on each of the arms."""
    osm.node(1, 0, 0, highway="traffic_signals")
    for node_id, x_m, y_m in ((2, 0, 200), (3, 0, -200), (4, -200, 0), (5, 200, 0)):
        osm.node(node_id, x_m, y_m)
    osm.way(10, [2, 1, 3], highway="primary", name="大通", lanes="8", foot="no")
    osm.way(11, [4, 1, 5], highway="residential", name="横町", lanes=str(2 * side_lanes), foot="no")
    corners = [
        (20, -HALF_WIDE_M, HALF_SIDE_M),
        (21, HALF_WIDE_M, HALF_SIDE_M),
        (22, HALF_WIDE_M, -HALF_SIDE_M),
        (23, -HALF_WIDE_M, -HALF_SIDE_M),
    ]
    for node_id, x_m, y_m in corners:
        osm.node(node_id, x_m, y_m)
    for k, (node_id, x_m, y_m) in enumerate(corners):
        osm.way(30 + k, [node_id, 20 + (k + 1) % 4], **LIT)
        osm.node(60 + k, x_m, y_m * 20)
        osm.way(60 + k, [node_id, 60 + k], **PAVEMENT)
    return osm


def greens(city: City, rules: PlanRules):
    """Windows of cars by street, and (start, green) of walkers by way."""
    lights = CityLights(city, rules)
    plans = lights.plans()
    cars = {city.drive.names[city.drive.name_index[link]]: window for link, window in plans.items()}
    walk = lights.walk_lights({link: (window,) for link, window in plans.items()})
    lit = np.flatnonzero(city.walk.flags & SIGNALISED)
    return cars, {int(city.walk.way_id[k]): (walk.offset_s[k], walk.green_s[k], walk.cycle_s[k]) for k in lit}


def test_the_defaults_of_the_road_and_of_walkers_are_one_plan():
    assert rules_of(RoadParams()) == PlanRules()
    own = PedestrianParams().crossings
    assert (own.cycle_s, own.design_speed_mps) == (PlanRules().cycle_s, PlanRules().walk_speed_mps)


def test_walkers_cross_the_wide_street_in_the_stage_of_the_side_street_which_is_long_enough(build, osm):
    rules = PlanRules(cycle_s=150.0, coordinated=False)
    cars, walkers = greens(build(junction(osm)), rules)
    # 36 m at 1 m/s, then 18 m of clearance less the 5 s that are lost anyway.
    assert cars["横町"].green_s == pytest.approx(36.0 + 13.0, abs=0.1)
    assert cars["大通"].green_s == pytest.approx(150.0 - 10.0 - 49.0, abs=0.1)
    for way in (30, 32):
        start_s, green_s, cycle_s = walkers[way]
        assert cycle_s == 150.0
        assert green_s == pytest.approx(36.0, abs=0.1)
        assert start_s == pytest.approx(cars["横町"].offset_s % 150.0, abs=1e-9)
    for way in (31, 33):
        start_s, green_s, _ = walkers[way]
        assert start_s == pytest.approx(cars["大通"].offset_s % 150.0, abs=1e-9)
        assert green_s == pytest.approx(cars["大通"].green_s - (7.0 - 5.0), abs=0.1)


def test_stages_are_split_by_lanes_where_walkers_need_no_more(build, osm):
    cars, _ = greens(build(junction(osm, side_lanes=4)), PlanRules(cycle_s=200.0, coordinated=False))
    assert cars["横町"].green_s == cars["大通"].green_s == 95.0


def test_a_cycle_too_short_for_walkers_is_shared_in_the_proportion_of_their_needs(build, osm):
    rules = PlanRules(cycle_s=72.0, coordinated=False)
    cars, walkers = greens(build(junction(osm)), rules)
    needs = [float(rules.stage_s(np.array([2 * half]))[0]) for half in (HALF_SIDE_M, HALF_WIDE_M)]
    assert cars["大通"].green_s == pytest.approx(62.0 * needs[0] / sum(needs), rel=0.01)
    assert min(green_s for _, green_s, _ in walkers.values()) >= 5.0


def test_no_crossing_however_wide_takes_cars_their_last_green(build, osm):
    osm = junction(osm)
    cars, _ = greens(build(osm), PlanRules(cycle_s=30.0, coordinated=False))
    assert min(window.green_s for window in cars.values()) >= 0.2 * 20.0 * 0.99


def test_a_signal_for_walkers_only_stops_cars_as_long_as_crossing_takes(build, osm):
    osm.node(1, 0, 0, highway="traffic_signals")
    for node_id, x_m, y_m in ((2, 0, 200), (3, 0, -200), (20, -24, 0), (21, 24, 0)):
        osm.node(node_id, x_m, y_m)
    osm.way(10, [2, 1, 3], highway="primary", name="大通", lanes="8", foot="no")
    osm.way(30, [20, 21], **LIT)
    cars, walkers = greens(build(osm), PlanRules(cycle_s=120.0))
    need_s = 48.0 + 24.0 - 5.0
    assert cars["大通"].green_s == pytest.approx(120.0 - 10.0 - need_s, abs=0.1)
    assert walkers[30][1] == pytest.approx(48.0, abs=0.1)


def test_an_edited_plan_is_that_of_walkers_too(build, osm):
    city = build(junction(osm))
    node = int(np.flatnonzero(city.drive.signal)[0])
    edited = City(**{**city.__dict__, "signal_plans": (SignalPlan(node, "大通", 90.0, 0.5, 12.0),)})
    cars, walkers = greens(edited, PlanRules())
    assert cars["大通"] == Window(90.0, 45.0, 12.0)
    for way in (31, 33):
        start_s, green_s, cycle_s = walkers[way]
        assert (start_s, cycle_s) == pytest.approx((12.0, 90.0))
        assert green_s == pytest.approx(45.0 - 2.0, abs=0.1)
    for way in (30, 32):
        # 35 s are left to the side street: too short for 36 m and the clearance, which stays.
        assert walkers[way][1] == pytest.approx(90.0 - 45.0 - 10.0 - 13.0, abs=0.1)


def test_a_crossing_far_from_every_light_of_cars_has_no_plan_of_theirs(build, osm):
    osm = junction(osm)
    osm.way(52, [60, 61], **LIT)
    _, walkers = greens(build(osm), PlanRules())
    assert walkers[52] == (0.0, 0.0, 0.0)
    assert walkers[30][2] == 100.0


@pytest.mark.parametrize(
    ("windows", "gap"),
    [
        ([Window(100.0, 60.0, 10.0)], (70.0, 40.0)),
        ([Window(100.0, 60.0, 70.0)], (30.0, 40.0)),
        ([Window(100.0, 30.0, 0.0), Window(100.0, 20.0, 50.0)], (70.0, 30.0)),
        ([Window(100.0, 50.0, 0.0), Window(100.0, 30.0, 10.0)], (50.0, 50.0)),
        ([Window(100.0, 20.0, 90.0), Window(100.0, 10.0, 50.0)], (10.0, 40.0)),
        ([Window(100.0, 100.0, 5.0)], (0.0, 0.0)),
    ],
)
def test_the_longest_time_of_red(windows, gap):
    cycle_s, from_s, red_s = longest_gap(windows)
    assert cycle_s == 100.0
    assert red_s == pytest.approx(gap[1])
    if red_s:
        assert from_s % 100.0 == pytest.approx(gap[0])


@cache
def midosuji() -> City:
    return build_city(network_path("osaka_midosuji"))


@pytest.mark.parametrize("cycle_s", [100.0, 150.0])
def test_along_midosuji_no_walker_starts_or_is_still_crossing_while_cars_cross_his_way_in_green(cycle_s):
    rules = PlanRules(cycle_s=cycle_s)
    lights = CityLights(midosuji(), rules)
    plans = lights.plans()
    walk = lights.walk_lights({link: (window,) for link, window in plans.items()})
    drive, found = midosuji().drive, lights.crossings
    last = drive.vertex_ptr[1:] - 1
    axis = np.arctan2(
        drive.vertex_y_m[last] - drive.vertex_y_m[last - 1], drive.vertex_x_m[last] - drive.vertex_x_m[last - 1]
    )
    assert (found.junction >= 0).all()
    checked = 0
    for row, link in enumerate(found.link.tolist()):
        assert walk.cycle_s[link] == cycle_s
        assert walk.green_s[link] >= 5.0
        for approach, window in plans.items():
            beside = abs(np.cos(axis[approach] - found.axis[row])) >= np.cos(np.pi / 4)
            if beside or lights.junctions.of_node[drive.link_to[approach]] != found.junction[row]:
                continue
            checked += 1
            # Walkers' time, with the lost time on both sides, fits into the red of the cars they cross.
            since_red_s = (walk.offset_s[link] - window.offset_s - window.green_s) % cycle_s
            assert since_red_s == pytest.approx(rules.lost_time_s, abs=1e-6)
            until_green_s = cycle_s - window.green_s - since_red_s - walk.green_s[link]
            assert until_green_s >= rules.lost_time_s - 1e-6
            if walk.green_s[link] > 5.0 + 1e-9:
                assert until_green_s >= found.length_m[row] / 2 / rules.walk_speed_mps - 1e-6
    assert checked > 296


def test_at_150_s_every_crossing_of_midosuji_is_green_for_as_long_as_it_takes():
    lights = CityLights(midosuji(), PlanRules(cycle_s=150.0))
    walk = lights.walk_lights({link: (window,) for link, window in lights.plans().items()})
    assert (walk.green_s[lights.crossings.link] >= lights.crossings.length_m - 1e-6).all()


def test_a_street_with_a_cycle_of_its_own_gives_it_to_all_its_junctions_and_to_no_other():
    rules = PlanRules(street_cycles={"御堂筋": 150.0, "Nagahori-dori": 120.0})
    lights = CityLights(midosuji(), rules)
    drive, plans = midosuji().drive, lights.plans()
    streets = {
        name: {
            int(lights.junctions.of_node[drive.link_to[link]])
            for link in plans
            if drive.name_index[link] >= 0 and drive.names[drive.name_index[link]] == name
        }
        for name in ("御堂筋", "長堀通", "新御堂筋")
    }
    assert len(streets["御堂筋"]) > 30
    assert streets["新御堂筋"] - streets["御堂筋"]
    for link, window in plans.items():
        junction = int(lights.junctions.of_node[drive.link_to[link]])
        expected = 150.0 if junction in streets["御堂筋"] else 120.0 if junction in streets["長堀通"] else 100.0
        assert window.cycle_s == expected
    # Where both cross, the longer one holds for both streets.
    assert streets["長堀通"] & streets["御堂筋"]


def test_a_cycle_for_a_street_that_is_not_there_is_an_error_that_names_it():
    with pytest.raises(ScenarioError, match="no street for cars is called 御堂"):
        CityLights(midosuji(), PlanRules(street_cycles={"御堂": 150.0})).plans()
