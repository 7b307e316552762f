"""Controllers of lights and the road authority decide; others in their place change the answer accordingly."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest

from tests.unit.models.road_traffic.test_edits_heeded import SHORT, SHORT_WAY, closure, enter, rows, travel_times
from tests.unit.models.road_traffic.test_edits_heeded import edited as edited_cities
from tests.unit.models.road_traffic.test_edits_heeded import params as params_of
from tests.unit.models.road_traffic.test_junction_delays import cross, link
from twin.city.city import City
from twin.city.lights.plans import Window
from twin.errors import EngineError, ScenarioError
from twin.models.road_traffic.agents import RoadAuthority, SignalController
from twin.models.road_traffic.params import RoadParams

CONTROLLER, AUTHORITY = "road_traffic.signal_controller", "road_traffic.authority"
edited = edited_cities
STILL = {"crossings": {"lose_time": False}}


def cars(count=60, gap_s=11.0):
    """Vehicles from all arms, straight on and around corners."""
    ways = [(a, 0, b) for a in (1, 2, 3, 4) for b in (1, 2, 3, 4) if a != b]
    return [ways[i % len(ways)] for i in range(count)], gap_s * np.arange(count)


def drive(road_city, params, ways, times, until_s=1800.0, **options):
    layer = cross(road_city.layer_of)
    model, road, sink = road_city.build(layer, params, **options)
    paths = [[link(layer, a, b) for a, b in pairwise(way)] for way in ways]
    sink.send(enter(np.arange(1, len(ways) + 1, dtype=np.uint64), np.asarray(times, float), paths))
    while model.now_s < until_s:
        model.step()
    road.finish()
    return road.drain_tables()


@pytest.fixture
def town(road_city, layer_of):
    from types import SimpleNamespace

    return SimpleNamespace(build=road_city, layer_of=layer_of)


def plan_of_cycle(town, cycle_s):
    """The default plan of the crossing at another cycle, as a controller would know it."""
    from tests.unit.models.road_traffic.conftest import city_of
    from twin.models.road_traffic.queueing.signals import lights_in_force

    params = RoadParams.model_validate({"signals": {"cycle_s": cycle_s}})
    return lights_in_force(params, city_of(cross(town.layer_of)), {})[1]


@pytest.mark.parametrize("form", ["free_flow", "queueing"])
def test_a_controller_with_the_plan_of_another_cycle_drives_as_a_city_of_that_cycle(town, form):
    plan = plan_of_cycle(town, 60.0)

    class Sixty(SignalController):
        def plan(self, look):
            assert set(look.running) == set(self.approaches)
            return {approach: plan[approach] for approach in self.approaches}

    told = drive(town, RoadParams(form=form, **STILL), *cars(), agents={CONTROLLER: Sixty})
    built = drive(town, RoadParams(form=form, signals={"cycle_s": 60.0}, **STILL), *cars())
    usual = drive(town, RoadParams(form=form, **STILL), *cars())
    assert rows(told) == rows(built)
    assert rows(told)["road_trips"] != rows(usual)["road_trips"]


def test_a_controller_who_looks_every_minute_and_changes_nothing_changes_no_trip(town):
    class Watches(SignalController):
        review_every_s = 60.0

        def plan(self, look):
            return dict(look.running)

    usual = drive(town, RoadParams(form="queueing", **STILL), *cars())
    assert rows(usual) == rows(drive(town, RoadParams(form="queueing", **STILL), *cars(), agents={CONTROLLER: Watches}))


class RedUntilNine(SignalController):
    """All red for nine minutes (green lies a day away), then green for good."""

    review_every_s = 540.0

    def plan(self, look):
        window = Window(1e5, 1.0, 9e4) if look.time_s < 540.0 else Window(100.0, 100.0, 0.0)
        return dict.fromkeys(self.approaches, window)


@pytest.mark.parametrize("step_s", [5.0, 60.0])
def test_who_stands_before_a_red_light_goes_at_the_very_moment_the_controller_gives_green(town, step_s):
    ways, times = [(1, 0, 3)] * 8, 10.0 * np.arange(8)
    tables = drive(
        town, RoadParams(form="queueing", **STILL), ways, times, agents={CONTROLLER: RedUntilNine}, step_s=step_s
    )
    leave_s = np.sort(tables["road_trips"]["leave_s"])
    # 200 m at 10 m/s behind the light; the first leaves the line at 540 s, the others at the headway of a lane.
    assert leave_s[0] == pytest.approx(540.0 + 20.0, abs=1e-6)
    assert np.diff(leave_s) == pytest.approx(np.full(7, np.diff(leave_s)[0]), abs=1e-6)


class LongestFirst(SignalController):
    """Green to the axis whose queue is longer; looked at once a cycle."""

    review_every_s = 40.0

    def plan(self, look):
        mine = {a: look.queue_m[a[0]] for a in self.approaches}
        longest = max(mine.values())
        if longest == 0.0:
            return look.running
        rows = look.running
        long = next(a for a in self.approaches if mine[a] == longest)
        share = {a: rows[a].offset_s == rows[long].offset_s for a in self.approaches}
        first, other = Window(40.0, 30.0, 0.0), Window(40.0, 5.0, 33.0)
        return {a: first if share[a] else other for a in self.approaches}


def test_a_controller_that_serves_the_longer_queue_beats_the_fixed_plan_where_one_street_is_busy(town):
    ways = [(1, 0, 3)] * 300 + [(2, 0, 4)] * 20
    times = np.concatenate([4.0 * np.arange(300), 60.0 * np.arange(20)])
    mean = {}
    for name, agents in {"fixed": None, "queue": {CONTROLLER: LongestFirst}}.items():
        trips = drive(town, RoadParams(form="queueing", **STILL), ways, times, 3600.0, agents=agents)["road_trips"]
        assert len(trips["id"]) == 320
        mean[name] = (trips["leave_s"] - trips["enter_s"]).mean()
    assert mean["queue"] < 0.8 * mean["fixed"]


def test_a_checkpoint_after_a_switch_changes_no_byte(town):
    layer, params = cross(town.layer_of), RoadParams(form="queueing", **STILL)
    ways, times = cars(80, 8.0)
    paths = [[link(layer, a, b) for a, b in pairwise(way)] for way in ways]

    def begun():
        return town.build(layer, params, agents={CONTROLLER: LongestFirst})

    model, road, sink = begun()
    sink.send(enter(np.arange(1, 81, dtype=np.uint64), times, paths))
    while model.now_s < 200.0:
        model.step()
    state = {key: np.array(values) for key, values in model.state().items()}
    again, resumed, other_sink = begun()
    other_sink.rows = list(sink.rows)
    again.restore(state)
    for city, own in ((model, road), (again, resumed)):
        while city.now_s < 1500.0:
            city.step()
        own.finish()
    one, other = road.drain_tables(), resumed.drain_tables()
    assert rows(one) == rows(other)
    assert len(one["road_trips"]["id"]) == 80


def test_wrong_plans_and_looks_without_queues_are_refused(town):
    class Beyond(SignalController):
        def plan(self, look):
            return dict.fromkeys(self.approaches, Window(60.0, 61.0, 0.0))

    with pytest.raises(EngineError, match=r"Beyond at node 0 gives .* green for 61 s of a cycle of 60 s"):
        drive(town, RoadParams(**STILL), *cars(), agents={CONTROLLER: Beyond})
    with pytest.raises(ScenarioError, match="looks at queues during the run, and the form free_flow has none"):
        drive(town, RoadParams(**STILL), *cars(), agents={CONTROLLER: LongestFirst})


class AppliesNothing(RoadAuthority):
    def measures(self, planned, drive):
        return ()


class AnHourLater(RoadAuthority):
    def measures(self, planned, drive):
        return [dataclasses.replace(change, time_s=change.time_s + 3600.0) for change in planned]


@pytest.mark.parametrize("form", ["free_flow", "queueing"])
def test_an_authority_that_applies_no_measure_leaves_the_street_as_it_is(edited, form):
    def times(timed, agents=None):
        model, _, sink = edited(params_of(form), timed=tuple(timed), agents=agents)
        sink.send(enter(np.arange(1, 31), 20.0 * np.arange(30), [SHORT_WAY] * 30))
        return travel_times(model, sink, 5000.0)

    measure = closure(SHORT, 100.0, 500.0)
    assert times(measure, {AUTHORITY: AppliesNothing}) == times(())
    assert times(measure, {AUTHORITY: AnHourLater}) == times(closure(SHORT, 3700.0, 4100.0))
    assert times(measure) != times(())


def test_every_junction_has_a_controller_with_a_place(town):
    model, road, _ = town.build(cross(town.layer_of), RoadParams())
    (controller,) = model.agents_by_type[SignalController]
    assert controller.node == 0
    assert len(controller.approaches) == 4
    model.drive = road._drive
    assert model.space.get_cell_list_contents([0]) == [controller]
    assert isinstance(road._city, City)
