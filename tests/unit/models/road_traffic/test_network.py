from __future__ import annotations

import doctest
import importlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from twin.errors import CityError, ScenarioError, TwinError
from twin.models.road_traffic import RoadNetwork


def street():
    net = RoadNetwork()
    return net, net.add_link("a", "b", 1000.0), net.add_link("b", "c", 1000.0)


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ({"length_m": 0.0}, "length_m of a link must be a number greater than 0, got 0"),
        ({"length_m": -5.0}, "got -5"),
        ({"length_m": np.nan}, "got nan"),
        ({"speed_mps": -1.0}, "speed_mps .* got -1"),
        ({"lanes": 0}, "lanes .* got 0"),
        ({"jam_density_per_m": 0.0}, "jam_density_per_m .* got 0"),
        ({"exit_capacity_per_s": 0.0}, "exit capacity .* got 0"),
        ({"merge_weight": np.inf}, "merge_weight .* got inf"),
        ({"length_m": "long"}, "length_m must be numbers, got 'long'"),
        ({"length_m": None}, "length_m of a link must be a number greater than 0, got nan"),
        ({"entry_capacity_per_s": np.nan}, "entry capacity .* got nan"),
    ],
)
def test_a_link_with_an_impossible_number_is_refused_with_that_number(numbers, words):
    with pytest.raises(CityError, match=words):
        RoadNetwork().add_link("a", "b", **{"length_m": 100.0, **numbers})


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda net: net.add_vehicles([0.0], path=[1, 0]), "no turn from link 1 to link 0"),
        (lambda net: net.add_vehicles([0.0], path=[7]), "a path names link 7"),
        (lambda net: net.add_vehicles([0.0], path=[]), "a path is empty"),
        (lambda net: net.add_vehicles([np.nan], path=[0]), "a departure must be a time, got nan"),
        (lambda net: net.add_vehicles([0.0], path=[0], vehicle_class=3), "vehicle classes go from 0 to 0, got 3"),
        (lambda net: net.add_vehicles([0.0], path=[0], stops=[(1, 10.0, "lane")]), "is off the path"),
        (lambda net: net.add_vehicles([0.0], path=[0], stops=[(0, 10.0, "bay")]), "link 0 has no bay"),
        (lambda net: net.add_trips([0.0], ["a"], ["nowhere"]), "'nowhere' is no node"),
        (lambda net: net.add_signal(0, cycle_s=60, green_s=0), "green 0 s in a cycle of 60 s"),
        (lambda net: net.add_signal(9, cycle_s=60, green_s=30), "9 is no link"),
        (lambda net: net.set_lanes(0, 100.0, 0), "must leave a lane, got 0"),
        (lambda net: net.close_exit(0, 100.0, 100.0), "must end after it begins"),
        (lambda net: net.set_exit_capacity(0, 100.0, -1.0), "got -1"),
        (lambda net: net.set_speed(0, 100.0, 0.0), "got 0"),
        (lambda net: net.add_servers(0, 0, 60.0), "got 0 and 60"),
        (lambda net: net.add_turn_queue(0, [1], pocket=0.5), "a pocket of 0.5 car units holds no vehicle of 1"),
        (lambda net: net.add_turn_queue(0, []), "needs links to lead to, got none"),
        (lambda net: net.ban_turn(1, 0), "no turn from link 1 to link 0"),
        (lambda net: net.add_vehicles([0.0], path=[0.5]), r"a path must be a row of whole numbers, got \[0.5\]"),
        (lambda net: net.add_vehicles([0.0], path=[[0, 1]]), "a path must be a row of whole numbers"),
        (lambda net: net.add_vehicles([0.0], paths=[[0, "b"]]), "a path must be a row of whole numbers"),
        (lambda net: net.add_vehicles([0.0]), "given in one way, got 0"),
        (lambda net: net.add_vehicles([0.0], path=[0], paths=[[0]]), "given in one way, got 2"),
        (lambda net: net.add_vehicles([0.0], path_ptr=[0, 5], path_links=[0, 1]), r"in 2 steps, got \[0, 5\]"),
        (lambda net: net.add_vehicles(["noon"], path=[0]), r"departures must be numbers, got \['noon'\]"),
        (lambda net: net.add_vehicles([0.0], path=[0], keys=[-1]), r"keys must be 1 whole .* got \[-1\]"),
        (lambda net: net.add_vehicles([0.0], path=[0], vehicle_class=0.5), "must be whole numbers, got 0.5"),
        (lambda net: net.add_vehicles([0.0], path=[0], stops=[(0, np.inf, "lane")]), "is off the path"),
        (lambda net: net.add_trips([0.0, 1.0], ["a"], ["c"]), "2 trips need as many nodes at either end, got 1"),
        (lambda net: net.add_signal(0, cycle_s=60, green_s=30, offset_s=np.nan), "offset nan s"),
        (lambda net: net.add_signal(0, cycle_s=np.inf, green_s=30), "cycle of inf s"),
        (lambda net: net.add_signal(0.5, cycle_s=60, green_s=30), "0.5 is no link"),
        (lambda net: net.set_lanes(0, 100.0, np.inf), "must leave a lane, got inf"),
        (lambda net: net.add_servers(0, 1.5, 60.0), "got 1.5 and 60"),
        (lambda net: net.add_links(["a", "b"], ["c"], 100.0), "2 links begin and 1 end"),
        (lambda net: net.add_links(["a", "b"], ["c", "d"], [1.0, 2.0, 3.0]), r"length_m has the shape \(3,\)"),
        (lambda net: net.run(np.nan), "until_s, .* must be times, got nan"),
        (lambda net: net.run(10.0, start_s=np.nan), "must be times, got 10.0, nan"),
        (lambda net: net.run(10.0, redraw_after_s=-1.0), "must be times, .* -1.0"),
        (lambda _: RoadNetwork(class_size=(np.inf,)), r"sizes and speeds greater than 0, got \[inf\]"),
    ],
)
def test_an_impossible_case_is_refused_with_the_value_that_is_wrong(act, words):
    net, _, _ = street()
    with pytest.raises(TwinError, match=words):
        act(net)


def test_a_link_that_was_refused_has_left_nothing_behind():
    net, first, _ = street()
    with pytest.raises(CityError, match="exit capacity"):
        net.add_link("b", "d", 100.0, exit_capacity_per_s=-1.0)
    onward = net.add_link("b", "e", 500.0)
    net.add_vehicles([0.0], path=[first, onward])
    assert net.run(np.inf).travel_time_s.tolist() == [75.0]
    assert "d" not in net.node_index


def test_a_banned_turn_is_no_way_for_a_path():
    net, first, second = street()
    net.ban_turn(first, second)
    with pytest.raises(ScenarioError, match="no turn from link 0 to link 1"):
        net.add_vehicles([0.0], path=[first, second])


def test_a_trip_without_a_way_is_an_error_that_names_the_vehicle():
    net, _, _ = street()
    net.add_trips([0.0, 1.0], ["a", "c"], ["c", "a"])
    with pytest.raises(ScenarioError, match="vehicle 1 has no way"):
        net.run(1000.0)


def test_an_empty_network_and_a_step_that_is_too_long_are_refused():
    with pytest.raises(CityError, match="no link"):
        RoadNetwork().run(10.0)
    net, first, _ = street()
    net.add_vehicles([0.0], path=[first])
    with pytest.raises(ScenarioError, match="at most 5 s, got 60"):
        net.run(100.0, step_s=60.0)


def test_a_network_without_vehicles_ends_at_once():
    net, _, _ = street()
    result = net.run(np.inf)
    assert (result.finished, result.inside_count, result.gridlocked) == (0, 0, False)


def test_trips_find_the_shorter_way_and_learn_of_a_closure_when_they_plan_again():
    net = RoadNetwork()
    near, far = net.add_link("o", "m", 500.0), net.add_link("o", "m", 900.0)
    net.add_link("m", "d", 500.0)
    net.close_entry(near, 600.0, 1e6)
    net.add_trips(np.arange(0.0, 2000.0, 20.0), ["o"] * 100, ["d"] * 100)
    result = net.run(np.inf, replan_every_s=100.0, weight_of_news=1.0, route_spread=0.0)
    assert result.finished == 100
    assert result.exit_times_s(near).max() < 640.0
    assert result.entry_times_s(far).min() >= 600.0


def test_a_state_in_the_middle_of_a_run_goes_on_to_the_same_log():
    from twin.models.road_traffic.queueing import build, loading

    def make():
        net = RoadNetwork()
        links = [net.add_link(i, i + 1, 300.0) for i in range(4)]
        net.add_signal(links[2], cycle_s=60.0, green_s=20.0)
        net.add_vehicles(np.arange(400.0), path=links)
        road = build.build_road(net, 0.0)
        cars, depart_s, first = build.new_vehicles(net)
        made = loading.Loading(road, cars, loading.no_trees(), build.build_edits(net, road), 5.0)
        made.enter(np.arange(400), first, depart_s)
        return made

    whole, log = make(), loading.new_log(5000)
    assert whole.advance(300.0, log)
    saved, veh = whole.state(), whole.cars.veh.copy()
    n = int(log.size[0])
    assert whole.advance(3000.0, log)
    again, rest = make(), loading.new_log(5000)
    again.restore(saved)
    again.cars.veh[:] = veh
    assert again.advance(3000.0, rest)
    assert rest.rows[: int(rest.size[0])].tobytes() == log.rows[n : int(log.size[0])].tobytes()
    assert int(rest.size[0]) > 500


def test_a_full_log_stops_and_goes_on_without_a_trace(monkeypatch):
    from twin.models.road_traffic.queueing import loading

    def run():
        net, _, _ = street()
        net.add_trips(np.arange(300.0), ["a"] * 300, ["c"] * 300)
        return net.run(np.inf)

    whole = run()
    monkeypatch.setattr(loading, "_LOG_ROOM", 7)
    parts = run()
    assert parts.time_s.tobytes() == whole.time_s.tobytes()
    assert parts.vehicle.tobytes() == whole.vehicle.tobytes()


def test_the_example_in_the_docstring_is_true():
    module = importlib.import_module("twin.models.road_traffic.queueing.network")
    assert doctest.testmod(module).failed == 0


def test_the_package_loads_neither_numba_nor_mesa_until_a_name_is_used():
    code = "import sys, twin.models.road_traffic; print([m for m in ('numba', 'mesa', 'numpy') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_the_example_in_the_readme_runs_as_it_stands(capsys):
    readme = Path(importlib.import_module("twin.models.road_traffic").__file__).resolve().parent / "README.md"
    code = readme.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    exec(compile(code, str(readme), "exec"), {})  # noqa: S102
    mean_s, outflow, inside = map(float, capsys.readouterr().out.split())
    assert mean_s > 75.0
    assert outflow == pytest.approx(0.4, abs=0.05)
    assert inside > 0
