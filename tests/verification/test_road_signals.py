"""Delays at signals and at stops in the lane, against recursions and the fluid formulas."""

from __future__ import annotations

import numpy as np
import pytest

from twin.models.road_traffic import RoadNetwork


def green_start(t, cycle_s, green_s):
    """First green moment from t on, greens at [0, green) of every cycle."""
    phase = t % cycle_s
    return t if phase < green_s else t - phase + cycle_s


def uniform_delay_s(cycle_s, green_s, arrivals_per_s, saturation_per_s):
    """Delay of uniform arrivals at a fixed-time signal, fluid: C (1 - g/C)^2 / (2 (1 - q/s)) (Webster 1958)."""
    return cycle_s * (1 - green_s / cycle_s) ** 2 / (2 * (1 - arrivals_per_s / saturation_per_s))


def one_signal(per_s, until_s):
    net = RoadNetwork()
    street = net.add_link(0, 1, 1000.0)
    net.add_signal(street, cycle_s=60.0, green_s=30.0)
    net.add_vehicles((np.arange(round(per_s * until_s)) + 0.5) / per_s, path=[street])
    return net, street


def test_r06_the_delay_below_capacity_is_that_of_the_recursion():
    net, _ = one_signal(0.2, 3600.0)
    result = net.run(np.inf)
    free = -np.inf
    delays = []
    for arrival in 52.5 + 5.0 * np.arange(720):
        leave = green_start(max(arrival, free), 60.0, 30.0)
        free = leave + 1.25
        delays.append(leave - arrival)
    assert np.mean(delays) == pytest.approx(9.56076, abs=5e-6)
    np.testing.assert_allclose(result.travel_time_s - 50.0, delays, atol=1e-6)
    assert uniform_delay_s(60, 30, 0.2, 0.8) == pytest.approx(10.0)
    assert np.mean(delays) == pytest.approx(10.0, rel=0.05)


def test_r07_above_capacity_a_green_of_30_s_passes_24_vehicles_in_every_cycle():
    net, street = one_signal(0.6, 3600.0)
    result = net.run(3600.0)
    assert result.outflow_per_s(street, 600.0, 3600.0) == pytest.approx(0.4, abs=1e-9)
    exits = result.exit_times_s(street)
    for cycle in range(10, 60):
        assert np.count_nonzero((exits >= 60.0 * cycle) & (exits < 60.0 * (cycle + 1))) == 24


def test_offsets_that_fit_the_drive_make_a_green_wave():
    def mean_delay(offset_s):
        net = RoadNetwork()
        links = [net.add_link(i, i + 1, 1000.0) for i in range(4)]
        for i, link in enumerate(links):
            net.add_signal(link, cycle_s=60.0, green_s=30.0, offset_s=offset_s * i)
        net.add_vehicles(2.5 + 5.0 * np.arange(700), path=links)
        return float((net.run(np.inf).travel_time_s - 200.0).mean())

    # 1000 m take 50 s: who passed the first signal meets the others green, and waits nowhere else.
    assert mean_delay(50.0) == pytest.approx(mean_delay_of_one_signal(), abs=0.05)
    assert mean_delay(20.0) > mean_delay(50.0) + 20.0


def mean_delay_of_one_signal():
    free, delays = -np.inf, []
    for arrival in 52.5 + 5.0 * np.arange(700):
        leave = green_start(max(arrival, free), 60.0, 30.0)
        free = leave + 1.25
        delays.append(leave - arrival)
    return float(np.mean(delays))


def test_r17_a_bus_that_dwells_in_the_lane_delays_the_stream_by_the_fluid_formula():
    net = RoadNetwork()
    street = net.add_link(0, 1, 1000.0)
    for m in range(1, 20):
        net.close_exit(street, 300.0 * m, 300.0 * m + 30.0)
    net.add_vehicles((np.arange(2400) + 0.5) / 0.4, path=[street])
    result = net.run(np.inf)
    arrival = result.depart_s + 50.0
    cycles = (arrival >= 300.0) & (arrival < 5700.0)
    mean_delay = float((result.travel_time_s[cycles] - 50.0).mean())
    assert mean_delay == pytest.approx(2.875, abs=1e-6)
    assert mean_delay == pytest.approx(30.0**2 / (2 * 300 * (1 - 0.4 / 0.8)), rel=0.05)


def bus_and_stream(where):
    net = RoadNetwork()
    first, second = net.add_link(0, 1, 1000.0), net.add_link(1, 2, 1000.0)
    net.add_bay(first)
    cars = net.add_vehicles(1.25 + 2.5 * np.arange(400), path=[first, second])
    bus = net.add_vehicles([300.0], path=[first, second], stops=[(0, 30.0, where)])
    result = net.run(np.inf)
    return result.travel_time_s[cars] - 100.0, float(result.travel_time_s[bus][0])


def test_a_dwelling_bus_holds_the_lane_for_its_dwell_and_a_bay_keeps_the_lane_free():
    in_lane, bus_s = bus_and_stream("lane")
    assert bus_s == pytest.approx(130.0, abs=1.26)
    assert in_lane.max() > 25.0
    in_bay, bus_s = bus_and_stream("bay")
    assert bus_s == pytest.approx(130.0, abs=1.26)
    # Only the headway the bus itself takes when it moves off, and none of its dwell.
    assert in_bay.max() <= 1.25 + 1e-9


def merge_from_bay(priority):
    net = RoadNetwork()
    first, second = net.add_link(0, 1, 1000.0), net.add_link(1, 2, 1000.0)
    net.add_bay(first, priority=priority)
    cars = net.add_vehicles((np.arange(480) + 0.5) / 0.8, path=[first, second], keys=np.arange(480))
    # A bus that is ready at the end of the link at 300 s: it came before the stream and stood in the bay.
    bus = net.add_vehicles([-51.25], path=[first, second], stops=[(0, 301.25, "bay")], keys=[1000])
    result = net.run(np.inf)
    return result, cars, bus


def test_m6_a_bus_with_priority_leaves_its_bay_first_and_costs_the_stream_a_headway_each():
    result, cars, bus = merge_from_bay(priority=True)
    left_s = result.leave_s[bus][0] - 50.0
    assert left_s - 300.0 == pytest.approx(0.625, abs=1e-9)
    assert (result.travel_time_s[cars] - 100.0).sum() == pytest.approx(350.0, abs=1e-6)


def test_m6_a_bus_that_yields_waits_for_the_end_of_a_saturated_stream():
    result, cars, bus = merge_from_bay(priority=False)
    assert result.leave_s[bus][0] - 50.0 == pytest.approx(650.625, abs=1e-9)
    assert (result.travel_time_s[cars] - 100.0).sum() == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("priority", [True, False])
def test_whoever_leaves_a_bay_and_the_stream_share_one_stop_line_wherever_they_go(priority):
    """Buses go straight on, cars turn off: nothing but the line joins them, and it lets one through per headway."""
    net = RoadNetwork()
    first = net.add_link(0, 1, 1000.0, exit_capacity_per_s=0.5)
    straight, aside = net.add_link(1, 2, 1000.0), net.add_link(1, 3, 1000.0)
    net.add_bay(first, priority=priority)
    net.add_vehicles(np.arange(200) / 0.45, path=[first, aside], keys=np.arange(200))
    for nth in range(10):
        net.add_vehicles([40.0 * nth], path=[first, straight], stops=[(0, 7.3, "bay")], keys=[1000 + nth])
    result = net.run(np.inf)
    rows = result.from_link == first
    passed_s = np.sort(result.time_s[rows & (result.to_link >= 0)])
    assert len(passed_s) == 210
    assert np.diff(passed_s).min() > 2.0 - 1e-9
