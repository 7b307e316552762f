"""Dynamic equilibrium over two routes, and delays against another simulator's printed figures."""

from __future__ import annotations

import numpy as np
import pytest

from twin.models.road_traffic import RoadNetwork

COUNT = 1200


def two_routes(on_b):
    """A: 100 s with an exit of 0.4 per second. B: 150 s, free."""
    net = RoadNetwork()
    a = net.add_link("o", "d", 2000.0, exit_capacity_per_s=0.4)
    b = net.add_link("o", "d", 3000.0)
    net.add_vehicles((np.arange(len(on_b)) + 0.5) / 0.8, paths=[[b] if x else [a] for x in on_b])
    return net.run(np.inf)


def test_r18_with_perfect_foresight_the_first_fifty_seconds_take_a_and_then_every_second_vehicle():
    on_b = np.zeros(COUNT, bool)
    # First in, first out: nobody is delayed by those who start later, so one pass in the order of departure
    # is the equilibrium. Each takes B if A, loaded with those before, takes longer than 150 s.
    while True:
        result = two_routes(on_b)
        worse = np.flatnonzero(~on_b & (result.travel_time_s > 150.0 + 1e-6))
        if not len(worse):
            break
        on_b[worse[0]] = True
    assert np.count_nonzero(~on_b) == 620
    assert np.count_nonzero(on_b) == 580
    assert (np.flatnonzero(on_b)[0] + 0.5) / 0.8 == pytest.approx(51.875)
    assert result.total_travel_s() == pytest.approx(178_975.0, abs=1e-3)
    late = result.depart_s > 52.0
    assert result.travel_time_s[late] == pytest.approx(150.0, abs=2.5)
    # On B nobody would rather be on A.
    for v in np.flatnonzero(on_b)[::40]:
        other = on_b.copy()
        other[v] = False
        assert two_routes(other[: v + 1]).travel_time_s[v] > 150.0


def city_grid(count):
    """11 x 11 two-way grid, routes first along i, then along j, from fixed numbers."""
    rng = np.random.default_rng(1)
    origin, target = rng.integers(0, 121, count), rng.integers(0, 121, count)
    depart = np.sort(rng.integers(0, 3600, count))
    target = np.where(target == origin, (target + 7) % 121, target)
    net, link = RoadNetwork(), {}
    for i in range(11):
        for j in range(11):
            for di, dj in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                if 0 <= i + di < 11 and 0 <= j + dj < 11:
                    a, b = i * 11 + j, (i + di) * 11 + j + dj
                    link[a, b] = net.add_link(a, b, 1000.0)
    paths = []
    for o, d in zip(origin.tolist(), target.tolist(), strict=True):
        at, path = o, []
        while at // 11 != d // 11:
            onward = at + (11 if d // 11 > at // 11 else -11)
            path.append(link[at, onward])
            at = onward
        while at != d:
            onward = at + (1 if d > at else -1)
            path.append(link[at, onward])
            at = onward
        paths.append(path)
    net.add_vehicles(depart.astype(float), paths=paths)
    return net, np.array([len(path) for path in paths])


@pytest.mark.parametrize(("count", "uxsim_s"), [(10_000, 0.25), (20_000, 0.51), (40_000, 1.08), (80_000, 3.51)])
def test_r21_delays_on_a_loaded_grid_are_those_of_uxsim(count, uxsim_s):
    # UXsim 1.15.1, C++ engine, steps of 1 s, same routes: mean delay against 50 s per link.
    net, links = city_grid(count)
    result = net.run(7200.0)
    assert result.finished == count
    delay_s = (result.total_travel_s() - 50.0 * links.sum()) / count
    assert delay_s == pytest.approx(uxsim_s, abs=0.5 + 0.25 * uxsim_s)
    assert delay_s >= 0.0
