"""Vehicles of several sizes and speeds, gates with servers, and a slow vehicle on two lanes."""

from __future__ import annotations

import numpy as np
import pytest

from twin.models.road_traffic import RoadNetwork


def test_r15a_a_mix_of_one_and_two_units_passes_two_thirds_of_the_vehicles():
    net = RoadNetwork(class_size=(1.0, 2.0))
    street = net.add_link(0, 1, 1000.0)
    net.add_vehicles(np.arange(3000) / 2.0, path=[street], vehicle_class=np.arange(3000) % 2)
    result = net.run(1500.0)
    assert result.outflow_per_s(street, 300.0, 1500.0) == pytest.approx(0.8 / 1.5, rel=0.005)


def test_r15b_a_hundred_vehicles_of_two_units_fill_a_street_of_two_hundred():
    net = RoadNetwork(class_size=(1.0, 2.0))
    street = net.add_link(0, 1, 1000.0)
    net.close_exit(street, 0.0, np.inf)
    net.add_vehicles(np.zeros(300), path=[street], vehicle_class=1)
    assert net.run(2000.0).inside(street, 2000.0) == 100


@pytest.mark.parametrize(("size", "delay_s", "delayed"), [(1.0, 68.75, 10), (2.0, 82.5, 11), (3.0, 97.5, 12)])
def test_r15c_a_slow_truck_delays_the_cars_behind_it_by_its_size(size, delay_s, delayed):
    net = RoadNetwork(class_size=(1.0, size), class_speed_mps=(np.inf, 16.0))
    street = net.add_link(0, 1, 1000.0)
    truck = net.add_vehicles([0.0], path=[street], vehicle_class=1)
    cars = net.add_vehicles(1.25 + 2.5 * np.arange(100), path=[street])
    result = net.run(np.inf)
    assert result.leave_s[truck][0] == pytest.approx(62.5)
    # Cars due at 51.25 + 2.5 k leave after the truck, one headway of it behind, then one of a car each.
    expected = np.maximum(51.25 + 2.5 * np.arange(100), 62.5 + 1.25 * size + 1.25 * np.arange(100))
    entry_held = np.maximum(result.enter_s[cars] - result.depart_s[cars], 0.0)
    np.testing.assert_allclose(result.leave_s[cars], np.maximum(expected, result.enter_s[cars] + 50.0), atol=1e-9)
    delay = result.leave_s[cars] - (51.25 + 2.5 * np.arange(100))
    assert delay.sum() == pytest.approx(delay_s, abs=1e-6)
    assert np.count_nonzero(delay > 1e-9) == delayed
    assert entry_held.max() <= 1.25 * size


def gate_road(net):
    gate = net.add_link("g", "t", 1000.0)
    net.add_servers(gate, 1, 60.0)
    return gate


def test_r16_a_gate_of_one_lane_fills_its_road_when_the_theory_says():
    net = RoadNetwork(class_size=(1.0, 3.0))
    gate = gate_road(net)
    net.add_vehicles(15.0 + 30.0 * np.arange(200), path=[gate], vehicle_class=1)
    result = net.run(5000.0)
    kept_out = (result.enter_s > result.depart_s + 1e-6) | np.isnan(result.enter_s)
    # 66 trucks of 3 units fit into 200; one leaves per minute, two come: the first kept out is due at 3,735 s.
    assert result.depart_s[np.argmax(kept_out)] == pytest.approx(3735.0)
    assert result.depart_s[np.argmax(kept_out)] == pytest.approx(3750.0, abs=120.0)
    assert np.diff(result.exit_times_s(gate)[5:]) == pytest.approx(60.0)


def starts_of_service(ready_s, servers, service_s):
    """When each of a line is served: the first who is ready goes to the server that is free first, a headway apart."""
    free_s, last_s, out = [-np.inf] * servers, -np.inf, []
    for at_s in ready_s:
        start_s = max(at_s, min(free_s), last_s + 1.25)
        free_s[int(np.argmin(free_s))] = start_s + service_s
        last_s = start_s
        out.append(start_s)
    return np.array(out)


@pytest.mark.parametrize(("servers", "load"), [(2, 0.9), (3, 1.3), (5, 0.8), (5, 2.0)])
def test_a_gate_of_several_lanes_serves_as_many_at_once_and_no_more(servers, load):
    """Beside a second gate of its own, so that neither takes the servers of the other."""
    service_s, count = 60.0, 120
    rng = np.random.default_rng(servers)
    gaps = np.maximum(1.25, rng.exponential(service_s / (servers * load), (2, count)))
    depart_s = np.cumsum(gaps, axis=1)
    net = RoadNetwork()
    # Long enough that the line never reaches back to the entry.
    gates = [net.add_link("a", "t", 20_000.0), net.add_link("b", "u", 20_000.0)]
    net.add_servers(gates[0], servers, service_s)
    net.add_servers(gates[1], 1, 20.0)
    for row, gate in enumerate(gates):
        net.add_vehicles(depart_s[row], path=[gate])
    result = net.run(np.inf)
    for row, (gate, lanes, one_s) in enumerate(zip(gates, (servers, 1), (service_s, 20.0), strict=True)):
        expected_s = starts_of_service(depart_s[row] + 1000.0, lanes, one_s)
        np.testing.assert_allclose(result.exit_times_s(gate), expected_s, atol=1e-6)
        starts = result.exit_times_s(gate)
        busy = np.array([np.count_nonzero((starts <= t) & (starts + one_s > t + 1e-6)) for t in starts])
        assert busy.max() == lanes


@pytest.mark.parametrize("servers", [2, 4])
def test_a_full_gate_passes_its_servers_over_their_time(servers):
    net = RoadNetwork()
    gate = net.add_link("g", "t", 1000.0)
    net.add_servers(gate, servers, 60.0)
    net.add_vehicles(np.arange(600) * 2.0, path=[gate])
    assert net.run(3700.0).outflow_per_s(gate, 100.0, 3700.0) == pytest.approx(servers / 60.0, rel=0.005)


def trunk(pocket):
    """A fifth of the trunk's vehicles are trucks for the gate road at its end."""
    net = RoadNetwork(class_size=(1.0, 3.0))
    approach = net.add_link("a", "g", 2000.0)
    gate, onward = gate_road(net), net.add_link("g", "z", 1000.0)
    if pocket:
        net.add_turn_queue(approach, [gate], pocket=pocket)
    k = np.arange(2000)
    to_gate = k % 5 == 0
    net.add_vehicles(
        6.0 * k + 3.0, paths=[[approach, gate if g else onward] for g in to_gate], vehicle_class=to_gate.astype(int)
    )
    result = net.run(12_000.0)
    # Who is more than two trucks' headways late at the end of the trunk waited for the gate road.
    held = np.isin(result.vehicle, np.flatnonzero(~to_gate)) & (result.from_link == approach)
    late = result.time_s[held] - (6.0 * result.vehicle[held] + 3.0 + 100.0) > 10.0
    return result, approach, onward, float(np.min(result.time_s[held][late]))


def test_r16_the_trunk_road_is_halved_once_the_gate_road_is_full_and_not_before():
    result, approach, _, onset_s = trunk(pocket=None)
    assert result.outflow_per_s(approach, 600.0, 3600.0) == pytest.approx(1 / 6, rel=0.01)
    assert result.outflow_per_s(approach, 6000.0, 12_000.0) == pytest.approx(1 / 12, rel=0.01)
    assert onset_s == pytest.approx(3840.0, abs=120.0)


def test_r16_a_turn_lane_of_ten_trucks_saves_the_trunk_for_ten_minutes():
    without_s = trunk(pocket=None)[-1]
    result, _, onward, onset_s = trunk(pocket=30.0)
    assert onset_s - without_s == pytest.approx(600.0, abs=60.0)
    # Through traffic, four fifths of the trunk, is untouched until then.
    assert result.outflow_per_s(onward, 600.0, onset_s) == pytest.approx(0.8 / 6, rel=0.01)


def slow_bus(overtaking):
    net = RoadNetwork(class_size=(1.0, 1.0), class_speed_mps=(np.inf, 10.0))
    street = net.add_link(0, 1, 3000.0, lanes=2, overtaking=overtaking)
    bus = net.add_vehicles([0.0], path=[street], vehicle_class=1)
    cars = net.add_vehicles((np.arange(1200) + 0.5) / 1.2, path=[street])
    result = net.run(np.inf)
    passed = int(np.count_nonzero(result.leave_s[cars] < result.leave_s[bus][0]))
    return passed, result.travel_time_s[cars] - 150.0, float(result.leave_s[bus][0])


def test_m2_in_a_first_in_first_out_lane_group_nobody_passes_a_slow_bus():
    # Kinematic wave theory lets 120 pass on the free lane (delay 9,000 veh s); a FIFO lane group none.
    passed, delay, bus_s = slow_bus(overtaking=False)
    assert passed == 0
    assert bus_s == pytest.approx(300.0)
    assert delay.max() == pytest.approx(150.0, abs=1.5)


def test_m2_where_overtaking_is_allowed_the_slow_bus_holds_nobody_up():
    # The other bound: everyone due before the bus passes it, as if it took no lane.
    passed, delay, bus_s = slow_bus(overtaking=True)
    assert passed == pytest.approx((300.0 - 150.0) * 1.2, abs=1)
    assert delay.max() <= 1.3
    assert bus_s == pytest.approx(300.0, abs=1.0)
