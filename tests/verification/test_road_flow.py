"""Kinematic waves on links in a row: free flow, saturation, queues, spillback, incidents, lane drops.

Triangular diagram with u = 20 m/s, w = 5 m/s, jam density 0.2 veh/m and lane: capacity 0.8 veh/s and lane. Each
expectation is Newell's cumulative-curve solution, worked in the comment beside it. Vehicle k of a flow q leaves at
(k + 1/2) / q.
"""

from __future__ import annotations

import numpy as np
import pytest

from twin.models.road_traffic import RoadNetwork

HALF_PERCENT = 0.005


def flow(per_s, from_s, to_s):
    """Departures of a steady flow."""
    return from_s + (np.arange(round(per_s * (to_s - from_s))) + 0.5) / per_s


def tail_speed(q_a, k_a, q_b, k_b):
    """Shock between two states (Rankine-Hugoniot)."""
    return (q_a - q_b) / (k_a - k_b)


def test_r01_everyone_drives_at_free_speed_on_an_empty_street():
    net = RoadNetwork()
    street = net.add_link("a", "b", 1000.0)
    net.add_vehicles(flow(0.5, 0, 500), path=[street])
    result = net.run(np.inf)
    assert result.finished == 250
    np.testing.assert_allclose(result.travel_time_s, 50.0, atol=1e-6)
    assert result.total_travel_s() == pytest.approx(12_500.0, abs=1e-6)
    # Flow and density in the middle: q = 0.5, k = q / u = 0.025.
    assert result.outflow_per_s(street, 100, 500) == pytest.approx(0.5, rel=HALF_PERCENT)
    assert result.inside(street, 300) / 1000.0 == pytest.approx(0.025, abs=1e-3)


def test_r02_a_saturated_entry_lets_in_the_capacity_and_keeps_the_rest_waiting():
    net = RoadNetwork()
    street = net.add_link("a", "b", 1000.0)
    net.add_vehicles(flow(2.0, 0, 500), path=[street])
    result = net.run(500.0)
    # In: 0.8 x 500 = 400; of these 0.8 x (500 - 50) = 360 are through.
    assert (result.finished, result.inside_count, result.waiting(500.0)) == (360, 40, 600)


def test_r03_the_queue_before_a_narrow_street_is_the_triangle_of_the_theory():
    net = RoadNetwork()
    first, second = net.add_link(0, 1, 1000.0), net.add_link(1, 2, 1000.0, jam_density_per_m=0.1)
    net.add_vehicles(np.concatenate([flow(0.8, 0, 500), flow(0.4, 500, 1500)]), path=[first, second])
    result = net.run(np.inf)
    delay = result.travel_time_s - 100.0
    # Arrivals 0.8 then 0.4 against 2/3: largest delay 500 (0.8 / (2/3) - 1) = 100 s, area 25,000 veh s.
    assert result.total_travel_s() == pytest.approx(105_000.0, rel=HALF_PERCENT)
    assert delay.sum() == pytest.approx(25_000.0, rel=HALF_PERCENT)
    assert delay.max() == pytest.approx(100.0, abs=2 / (2 / 3))
    assert delay.mean() == pytest.approx(31.25, rel=HALF_PERCENT)
    # Origin queue: 500 x (0.8 - 2/3) - what the link took = 33.3 at 500 s, gone at 625 s.
    assert result.waiting(500.0) == pytest.approx(33.3, abs=1)
    assert result.waiting(625.0) == 0
    # State of the queue in link 1: q = 2/3, k = 1/15.
    assert result.inside(first, 400.0) / 1000.0 == pytest.approx(1 / 15, rel=0.01)


def test_r04_a_queue_spills_back_through_a_node_at_the_speed_of_the_shock():
    net = RoadNetwork()
    first = net.add_link(0, 1, 2000.0)
    second = net.add_link(1, 2, 500.0, exit_capacity_per_s=0.4)
    net.add_vehicles(flow(0.6, 0, 1500), path=[first, second])
    result = net.run(1500.0)
    queue_density = 0.2 - 0.4 / 5
    speed = tail_speed(0.6, 0.03, 0.4, queue_density)
    assert speed == pytest.approx(-2.2222, abs=1e-4)
    node_s = 2500 / 20 + 500 / -speed
    assert node_s == pytest.approx(350.0)
    assert result.inside(second, 360.0) == pytest.approx(60, abs=1)
    assert result.inside(first, 800.0) == pytest.approx(150, abs=1)
    assert result.inside(first, 1250.0) == pytest.approx(240, abs=1)
    assert result.waiting(1245.0) <= 1
    assert result.waiting(1400.0) > 10


def test_r05_an_incident_delays_those_behind_it_and_nobody_else():
    net = RoadNetwork()
    street = net.add_link(0, 1, 1000.0)
    net.close_exit(street, 500.0, 560.0)
    net.add_vehicles(flow(0.4, 0, 1000), path=[street])
    result = net.run(np.inf)
    delay = result.travel_time_s - 50.0
    # The vehicle due at 501.25 leaves at 560; each of the next is 1.25 s less late: 58.75, 57.5, ..., 1.25.
    assert delay.max() == pytest.approx(58.75, abs=1e-6)
    assert np.count_nonzero(delay > 1e-6) == 47
    assert delay.sum() == pytest.approx(1410.0, abs=1e-6)
    queue = np.count_nonzero(result.depart_s + 50 <= 560.0) - np.count_nonzero(result.exit_times_s(street) < 560.0)
    assert queue == pytest.approx(24, abs=1)
    late = result.leave_s[delay > 1e-6].max()
    assert late <= 620.0


def test_r11_a_lane_drop_passes_the_capacity_of_one_lane():
    net = RoadNetwork()
    wide, narrow = net.add_link(0, 1, 2000.0, lanes=2), net.add_link(1, 2, 1000.0)
    net.add_vehicles(flow(1.2, 0, 1500), path=[wide, narrow])
    result = net.run(1000.0)
    assert result.outflow_per_s(narrow, 300, 900) == pytest.approx(0.8, rel=HALF_PERCENT)
    # Queue of two lanes: k = 0.4 - 0.8 / 5 = 0.24; the tail starts at 100 s and runs at -2.222 m/s.
    assert tail_speed(1.2, 0.06, 0.8, 0.24) == pytest.approx(-2.2222, abs=1e-4)
    assert result.inside(wide, 500.0) == pytest.approx(280, abs=1)
    assert result.inside(wide, 700.0) == pytest.approx(360, abs=1)


def test_r12_a_lane_closed_for_ten_minutes_costs_144_000_vehicle_seconds():
    net = RoadNetwork()
    street = net.add_link(0, 1, 3000.0, lanes=2)
    net.set_exit_capacity(street, 600.0, 0.8)
    net.set_exit_capacity(street, 1200.0, 1.6)
    net.add_vehicles(flow(1.2, 0, 3000), path=[street])
    result = net.run(np.inf)
    delay = result.travel_time_s - 150.0
    # Queue grows at 0.4 for 600 s to 240 and shrinks at 0.4 for 600 s.
    arrivals = np.count_nonzero(result.depart_s + 150.0 <= 1200.0)
    left = np.count_nonzero(result.leave_s <= 1200.0)
    assert arrivals - left == pytest.approx(240, abs=1)
    assert delay.sum() == pytest.approx(144_000.0, rel=HALF_PERCENT)
    assert delay.max() == pytest.approx(200.0, abs=2 / 1.2)
    worst_s = result.depart_s[np.argmax(delay)] + 150.0
    assert worst_s == pytest.approx(1000.0, abs=2 / 0.8)
    assert result.leave_s[delay > 1e-6].max() == pytest.approx(1800.0, abs=2 / 1.2 + 1e-6)


def test_m4_a_full_street_opens_and_the_wave_takes_a_lag_to_reach_its_entry():
    net = RoadNetwork()
    street = net.add_link(0, 1, 1000.0)
    net.close_exit(street, -2000.0, 0.0)
    net.add_vehicles(np.full(600, -2000.0), path=[street])
    result = net.run(400.0)
    assert result.inside(street, -0.001) == 200
    entries = result.entry_times_s(street)
    # 1000 m / 5 m/s: the first entry after the opening is at 200 s exactly, then 0.8 per second in and out.
    assert entries[entries > 0][0] == pytest.approx(200.0, abs=1e-9)
    np.testing.assert_allclose(np.diff(entries[entries > 0]), 1.25, atol=1e-9)
    for at_s in (210.3, 300.3, 399.3):
        assert result.inside(street, at_s) == 40


def test_m8_a_lane_taken_away_under_a_queue_loses_nobody():
    net = RoadNetwork()
    street = net.add_link(0, 1, 1000.0, lanes=2)
    net.close_exit(street, 0.0, 600.0)
    net.set_lanes(street, 600.0, 1)
    net.add_vehicles(np.zeros(900), path=[street])
    result = net.run(np.inf)
    assert result.finished == 900
    assert result.inside(street, 599.0) == 400
    entries = result.entry_times_s(street)
    # The 201st exit is at 600 + 200 x 1.25 = 850 s, a wave lag of 200 s later somebody may enter.
    assert entries[entries > 600][0] == pytest.approx(1050.0, abs=1e-6)
    inside = [result.inside(street, t) for t in np.arange(600.0, 1050.0, 10.0)]
    assert (np.diff(inside) <= 0).all()
    assert result.inside(street, 1060.3) == 40


def test_a_lane_taken_under_full_flow_costs_no_discharge():
    """Two lanes at capacity, 1.6 veh/s at 0.08 veh/m, become one at 600 s.

    Along the street the state 0.08 lies on the queue side of the new diagram: flow 5 (0.2 - 0.08) = 0.6 enters for the
    wave lag of 200 s, while 0.8 leave without a pause. Of 80 inside 80 - 0.2 x 200 = 40 are left: capacity of one lane.
    """
    net = RoadNetwork()
    street = net.add_link(0, 1, 1000.0, lanes=2)
    net.set_lanes(street, 600.0, 1)
    net.add_vehicles(np.zeros(2000), path=[street])
    result = net.run(1400.0)
    exits, entries = result.exit_times_s(street), result.entry_times_s(street)
    assert result.inside(street, 599.9) == 80
    np.testing.assert_allclose(np.diff(exits[exits > 601.0]), 1.25, atol=1e-6)
    during = np.count_nonzero((entries > 600.0) & (entries <= 800.0))
    assert during == pytest.approx(0.6 * 200.0, abs=1)
    np.testing.assert_allclose(np.diff(entries[entries > 802.0]), 1.25, atol=1e-6)
    assert result.inside(street, 1000.0) == pytest.approx(40, abs=1)


def test_a_lane_given_to_a_jam_fills_at_the_speed_of_the_wave():
    """A jam of 200 on one lane with a shut exit gets a second lane at 600 s.

    In the new diagram it stands at half the jam density: 5 (0.4 - 0.2) = 1.0 veh/s enter until the wave of the full
    jam is back at the entry, a lag of 200 s later, when 400 stand.
    """
    net = RoadNetwork()
    street = net.add_link(0, 1, 1000.0)
    net.close_exit(street, 0.0, 2000.0)
    net.set_lanes(street, 600.0, 2)
    net.add_vehicles(np.zeros(900), path=[street])
    result = net.run(1500.0)
    for at_s in (599.0, 600.5, 650.5, 725.5, 799.5, 1400.0):
        assert result.inside(street, at_s) == int(200 + np.clip(at_s - 600.0, 0.0, 200.0))


def test_storage_by_the_hour_is_the_mean_over_the_last_wave_lag():
    """Two changes within one lag overlap: from two lanes to one at 600 s and back at 700 s, with a shut exit.

    The mean storage falls from 400 to 300 over 100 s, stays there for 100 s, since what the first takes the second
    gives, and rises to 400 over the last: whoever is the n-th in a jam that nobody leaves enters at 800 + (n - 300) s.
    """
    net = RoadNetwork()
    street = net.add_link(0, 1, 1000.0, lanes=2)
    net.close_exit(street, 0.0, 5000.0)
    net.set_lanes(street, 600.0, 1)
    net.set_lanes(street, 700.0, 2)
    net.add_vehicles(np.zeros(350), path=[street])
    late = net.add_vehicles(np.full(50, 610.0), path=[street])
    result = net.run(2000.0)
    entered = np.sort(result.enter_s[late])
    # Until the mean is down at 350, at 650 s, those of 610 s get in as far as it allows; the rest when it has risen.
    first = entered[entered < 700]
    assert (350 + np.arange(1, len(first) + 1) <= 400 - np.ceil(first - 600.0)).all()
    second = entered[entered > 700]
    assert len(first) + len(second) == 50
    np.testing.assert_allclose(second, 800.0 + (350 + len(first) + np.arange(1, len(second) + 1) - 300), atol=1e-6)
