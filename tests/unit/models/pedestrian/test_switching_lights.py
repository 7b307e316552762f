"""Lights of the road that go over to another plan during the run: walkers follow from that very moment."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.models.pedestrian.small_city import city_of, params_for, place, run_to_end, walk_layer
from twin.boards import WALK_LIGHTS
from twin.engine.city_model import CityModel
from twin.models.pedestrian.model import Pedestrian

SWITCH_S = 1234.5
#: Nobody shall be slowed by others, so that waits are those of the lights alone.
NUMBERS = {"passer_through": 6000.0}


class Road:
    """Publishes what junctions leave to walkers, and another plan at a moment of the run."""

    name = "road_traffic"
    leads_s, notes = {}, ()

    def __init__(self, plans):
        self.plans = plans  # moment -> (cycle, green, offset) of lit links

    def begin(self, stage):
        self.channels, self.start_s = stage.channels, stage.start_s
        self.advance(stage.start_s)

    def advance(self, until_s):
        for at_s in [t for t in self.plans if t <= until_s]:
            self.channels.publish(WALK_LIGHTS.name, self.plans.pop(at_s), at_s)

    def accounts(self):
        return ()

    def is_empty(self):
        return True

    def finish(self):
        pass

    def drain_tables(self):
        return {}

    def state(self):
        return {}


def crossing_city():
    """Two exits, and a street with lights between them."""
    layer = walk_layer(
        [(0.0, 0.0), (60.0, 0.0), (80.0, 0.0), (140.0, 0.0)], [(0, 1), (1, 2), (2, 3)], width_m=1e5, lit=[1]
    )
    return city_of(layer, [place("exit", "a", 0, layer), place("exit", "b", 3, layer)])


def plan_of(city, cycle_s, green_s):
    lit = (city.walk.flags & 16) > 0
    return np.stack([np.where(lit, v, 0.0) for v in (cycle_s, green_s, 0.0)])


def walked(plans, step_s=5.0, city=None):
    city = city or crossing_city()
    model = Pedestrian(params_for(NUMBERS, choice={"width_weight_per_m": 0.0}), city, {})
    road = Road({t: plan_of(city, *plan) for t, plan in plans.items()})
    city_model = CityModel([road, model], start_s=0.0, end_s=3600.0, step_s=step_s, run_seed=np.uint64(3))
    visits = run_to_end(city_model, model)["pedestrian_visits"]
    return model, visits


@pytest.mark.parametrize("step_s", [5.0, 60.0])
def test_waits_follow_the_plan_of_the_moment_whatever_the_step(step_s):
    model, visits = walked({0.0: (100.0, 100.0), SWITCH_S: (100.0, 1.0)}, step_s)
    assert model.lights.wait_s(int(np.flatnonzero(model.form.lights.green_s)[0]), 2050.0) == 50.0
    # Everybody has 60 m to the kerb, at a speed of his own; the whole way without a wait is 140 m.
    at_kerb_s = visits["enter_s"] + (visits["leave_s"] - visits["enter_s"] - visits["wait_s"]) * 60.0 / 140.0
    early = at_kerb_s < SWITCH_S - 1e-6
    assert early.sum() > 50 < (~early).sum()
    assert (visits["wait_s"][early] == 0).all()
    expected = np.where(at_kerb_s % 100.0 < 1.0, 0.0, 100.0 - at_kerb_s % 100.0)
    assert visits["wait_s"][~early] == pytest.approx(expected[~early], abs=1e-6)


def test_a_run_with_a_switch_leaves_the_streets_of_the_next_run_alone():
    city = crossing_city()
    usual = walked({0.0: (100.0, 50.0)}, city=city)[1]
    walked({0.0: (100.0, 50.0), SWITCH_S: (100.0, 1.0)}, city=city)
    again = walked({0.0: (100.0, 50.0)}, city=city)[1]
    assert usual["wait_s"].tobytes() == again["wait_s"].tobytes()
