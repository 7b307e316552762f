"""Cars and walkers at one junction: one plan, one cycle, whoever set it; and waits that follow from it."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from tests.unit.city.conftest import MapText
from tests.unit.models.pedestrian.small_city import params_for, run_to_end
from twin.city.city import SIGNALISED, City, SignalPlan
from twin.city.keeping.build import build_city
from twin.city.lights.plans import CityLights
from twin.data import network_path
from twin.engine.city_model import CityModel
from twin.models.pedestrian.model import Pedestrian
from twin.models.pedestrian.params import PedestrianParams
from twin.models.road_traffic.model import RoadTraffic
from twin.models.road_traffic.params import RoadParams
from twin.models.road_traffic.queueing.signals import rules_of
from twin.models.road_traffic.queueing.streets import street_network

LIT = {"highway": "footway", "footway": "crossing", "crossing": "traffic_signals"}
FOOTWAY = {"highway": "footway"}


@pytest.fixture(scope="module")
def midosuji() -> City:
    return build_city(network_path("osaka_midosuji"))


def walkers_beside(road: RoadParams | None, city: City, walk: PedestrianParams | None = None, **tables):
    """The model of walkers at its begin, with a road or without."""
    pedestrian = Pedestrian(walk or PedestrianParams.model_validate({"visitors_factor": 0.001}), city, {})
    models = ([RoadTraffic(road, city, tables)] if road else []) + [pedestrian]
    CityModel(models, start_s=36000.0, end_s=39600.0, step_s=10.0, run_seed=np.uint64(1))
    return pedestrian


def lit_rows(model: Pedestrian, city: City):
    """Cycle, green and offset of crossings with lights, as walkers meet them."""
    links = model.form.world.links[: city.walk.link_count]
    lit = (city.walk.flags & SIGNALISED) > 0
    return np.column_stack([links.cycle_s[lit], links.green_s[lit], links.offset_s[lit]])


def signals_of_cars(road: RoadParams, city: City):
    """Cycle, green and offset by drive link, as cars meet them."""
    return {link: (cycle, green, offset) for link, _, cycle, offset, green in street_network(road, city, {})._signals}


def road_of(**signals) -> RoadParams:
    return RoadParams.model_validate({"form": "queueing", "signals": signals})


@pytest.mark.parametrize("cycle_s", [90.0, 150.0])
def test_walkers_have_the_cycle_that_is_set_for_cars_whatever_is_set_for_walkers_alone(midosuji, cycle_s):
    road = road_of(cycle_s=cycle_s)
    walk = PedestrianParams.model_validate({"visitors_factor": 0.001, "crossings": {"cycle_s": 123.0}})
    assert {cycle for cycle, _, _ in signals_of_cars(road, midosuji).values()} == {cycle_s}
    assert set(lit_rows(walkers_beside(road, midosuji, walk), midosuji)[:, 0]) == {cycle_s}


def test_without_lights_on_the_road_walkers_run_the_same_default_plan(midosuji):
    beside = lit_rows(walkers_beside(road_of(), midosuji), midosuji)
    alone = lit_rows(walkers_beside(None, midosuji), midosuji)
    free_flow = lit_rows(walkers_beside(RoadParams(), midosuji), midosuji)
    assert len(beside) == 296
    assert np.array_equal(alone, beside)
    assert np.array_equal(free_flow, beside)


def test_a_plan_that_an_edit_gives_to_one_junction_is_that_of_its_crossings_only(midosuji):
    drive = midosuji.drive
    node = max(np.flatnonzero(drive.signal), key=lambda n: drive.lanes[drive.link_to == n].max(initial=0))
    edited = dataclasses.replace(midosuji, signal_plans=(SignalPlan(int(node), "御堂筋", 80.0, 0.5, 7.0),))
    for road in (road_of(), None):
        before, after = (lit_rows(walkers_beside(road, city), city) for city in (midosuji, edited))
        changed = (before != after).any(axis=1)
        lights = CityLights(edited, rules_of(RoadParams()))
        mine = lights.crossings.junction == lights.junctions.of_node[node]
        assert mine.any()
        assert np.array_equal(changed, mine)
        assert set(after[mine, 0]) == {80.0}
        assert set(after[~mine, 0]) == {100.0}


def test_a_table_of_plans_is_obeyed_by_walkers_too(midosuji):
    """A row for every street of a junction: walkers cross each in its red."""
    drive = midosuji.drive
    lights = CityLights(midosuji, rules_of(RoadParams()))
    groups = {int(lights.junctions.of_node[drive.link_to[links[0]]]): links for links in lights.junctions.groups()}
    junction, links = next(
        (junction, links)
        for junction, links in groups.items()
        if len(set(drive.name_index[links].tolist())) == 2 and (lights.crossings.junction == junction).sum() == 8
    )
    first, second = (drive.names[k] for k in sorted(set(drive.name_index[links].tolist())))
    node_id = drive.node_id[drive.link_to[links[0]]]
    plans = {
        "node_id": np.array([node_id, node_id]),
        "street": np.array([first, second]),
        "cycle_s": np.array([140.0, 140.0]),
        "green_s": np.array([60.0, 70.0]),
        "offset_s": np.array([3.0, 68.0]),
    }
    model = walkers_beside(road_of(table="plans"), midosuji, plans=plans)
    rows = lit_rows(model, midosuji)[lights.crossings.junction == junction]
    assert len(rows) == 8
    assert set(rows[:, 0]) == {140.0}
    assert {round(float(offset), 6) for offset in rows[:, 2]} == {3.0, 68.0}


def crossing_of_a_wide_street(path) -> City:
    """Two exits on either side of a street of 36 m, at a junction with lights."""
    osm = MapText()
    osm.node(1, 0, 0, highway="traffic_signals")
    for node_id, x_m, y_m in ((2, 0, 200), (3, 0, -200), (4, -200, 0), (5, 200, 0), (20, -18, 7), (21, 18, 7)):
        osm.node(node_id, x_m, y_m)
    osm.node(30, -118, 7, twin__place="exit", twin__id="west", twin__riders="1000000")
    osm.node(31, 118, 7, twin__place="exit", twin__id="east", twin__riders="0")
    osm.way(10, [2, 1, 3], highway="primary", name="大通", lanes="8", foot="no")
    osm.way(11, [4, 1, 5], highway="residential", name="横町", lanes="2", foot="no")
    osm.way(40, [30, 20], **FOOTWAY, width="60")
    osm.way(41, [20, 21], **LIT, width="60")
    osm.way(42, [21, 31], **FOOTWAY, width="60")
    path.write_text(osm.text(), encoding="utf-8")
    return build_city(path)


@pytest.mark.parametrize(("with_road", "cycle_s"), [(True, 150.0), (True, 100.0), (False, 120.0)])
def test_people_who_come_at_random_wait_red_squared_over_two_cycles(tmp_path, with_road, cycle_s):
    """C05 at the plan of a junction."""
    city = crossing_of_a_wide_street(tmp_path / "wide.osm")
    walk = params_for(
        {"passer_through": 40000.0},
        crossings={"cycle_s": cycle_s},
        classes={"passer_through": {"stay_durations_s": (), "budget_mean_s": 3600.0, "budget_cv": 0.05}},
    )
    pedestrian = Pedestrian(walk, city, {})
    road = [RoadTraffic(road_of(cycle_s=cycle_s), city, {})] if with_road else []
    city_model = CityModel([*road, pedestrian], start_s=0.0, end_s=43200.0, step_s=60.0, run_seed=np.uint64(5))
    visits = run_to_end(city_model, pedestrian)["pedestrian_visits"]
    lights = lit_rows(pedestrian, city)
    assert set(lights[:, 0]) == {cycle_s}
    assert lights[:, 1] == pytest.approx(36.0, abs=0.1)
    red_s = cycle_s - float(lights[0, 1])
    theory = red_s**2 / (2 * cycle_s)
    waits = visits["wait_s"]
    assert len(waits) > 15000
    assert (visits["crossings_count"] == 1).all()
    assert abs(waits.mean() - theory) < 4 * waits.std() / math.sqrt(len(waits))
    assert waits.mean() == pytest.approx(theory, rel=0.03)


def test_a_longer_red_of_the_junction_does_not_shorten_the_mean_wait(tmp_path):
    """C09 at the plan of a junction, paired draws: the wide street is given ever more green, its walkers less."""
    city = crossing_of_a_wide_street(tmp_path / "wide.osm")
    node = int(np.flatnonzero(city.drive.signal)[0])
    walk = params_for({"passer_through": 20000.0}, classes={"passer_through": {"stay_durations_s": ()}})
    waits = []
    for share in (0.2, 0.4, 0.6, 0.8):
        edited = dataclasses.replace(city, signal_plans=(SignalPlan(node, "大通", 150.0, share, 0.0),))
        pedestrian = Pedestrian(walk, edited, {})
        city_model = CityModel([pedestrian], start_s=0.0, end_s=21600.0, step_s=600.0, run_seed=np.uint64(5))
        visits = run_to_end(city_model, pedestrian)["pedestrian_visits"]
        waits.append(visits["wait_s"].sum() / visits["crossings_count"].sum())
    assert waits == sorted(waits)
    assert waits[-1] > 2 * waits[0]
