"""The queueing kernels against a slow twin that keeps whole histories and always lets the earliest vehicle go.

The twin knows no steps, rings, sleeping nodes or cached times: at every turn it looks at every head of every queue,
works out from the full lists of past entries and exits when it could go, and moves the one that can go first. It runs
without compilation too (NUMBA_DISABLE_JIT=1), because the cases are small.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from twin.models.road_traffic import RoadNetwork
from twin.models.road_traffic.queueing.arrays import EDIT_STORAGE
from twin.models.road_traffic.queueing.build import build_edits, build_road

LENGTH_M, SPEED_MPS, KAPPA, WAVE_MPS = 100.0, 20.0, 0.2, 5.0


def green(t, signal):
    if signal is None:
        return t
    cycle, offset, length = signal
    phase = (t - offset) % cycle
    return t if phase < length - 1e-9 else offset + (math.floor((t - offset) / cycle) + 1) * cycle


class Twin:
    """Links with one queue each; every rule written as its definition says."""

    def __init__(self, links, signals, weights, vehicles):
        self.links, self.signals, self.weights = links, signals, weights
        self.vehicles = vehicles  # (depart, path, size), key is the position
        self.queue = {k: [] for k in range(len(links))}
        self.origin = {k: [] for k in range(len(links))}
        for v in sorted(range(len(vehicles)), key=lambda v: (vehicles[v][0], v)):
            self.origin[vehicles[v][1][0]].append(v)
        self.hop = [-1] * len(vehicles)
        self.ready = [vehicle[0] for vehicle in vehicles]
        self.entries = {k: [] for k in range(len(links))}  # (time, size)
        self.exits = {k: [] for k in range(len(links))}
        self.tags, self.virtual = {}, dict.fromkeys(range(len(links)), 0.0)
        self.log = []
        self.since = {}

    def capacity(self, link):
        return self.links[link][2] * SPEED_MPS * KAPPA * WAVE_MPS / (SPEED_MPS + WAVE_MPS)

    def room_time(self, link, size):
        """When the exits that make room for one more have been gone for a wave lag."""
        storage = round(KAPPA * LENGTH_M * self.links[link][2], 9)
        needed = sum(s for _, s in self.entries[link]) + size - storage - 1e-9
        total = 0.0
        if needed <= 0:
            return -math.inf
        for t, s in self.exits[link]:
            total += s
            if total >= needed:
                return t + LENGTH_M / WAVE_MPS
        return math.inf

    def when(self, source, v):
        kind, k = source
        path, size = self.vehicles[v][1], self.vehicles[v][2]
        t = max(self.ready[v], self.since.get((kind, k), -math.inf)) if kind == "queue" else self.ready[v]
        if kind == "queue" and self.exits[k]:
            last_t, last_size = self.exits[k][-1]
            t = max(t, last_t + last_size / self.capacity(k))
        onward = path[self.hop[v] + 1] if self.hop[v] + 1 < len(path) else None
        if onward is not None:
            if self.entries[onward]:
                last_t, last_size = self.entries[onward][-1]
                t = max(t, last_t + last_size * (1.0 / self.capacity(onward)))
            t = max(t, self.room_time(onward, size))
        if kind == "queue" and t < math.inf:
            t = green(t, self.signals.get(k))
        return t, onward

    def tag(self, source, onward):
        return max(self.tags.get((source, onward), 0.0), self.virtual[onward])

    def run(self, until_s):
        while True:
            heads = [(("queue", k), q[0]) for k, q in self.queue.items() if q]
            heads += [(("origin", k), q[0]) for k, q in self.origin.items() if q]
            ready = [(*self.when(source, v), source, v) for source, v in heads]
            best = min((r[0] for r in ready), default=math.inf)
            if best > until_s:
                return self.log
            ties = [r for r in ready if r[0] == best]
            # Those who can go at the same moment: the smallest key names the link, its smallest tag goes.
            _, onward, source, v = min(ties, key=lambda r: r[3])
            if onward is not None:
                rivals = [r for r in ties if r[1] == onward]
                _, onward, source, v = min(rivals, key=lambda r: (self.tag(r[2], onward), r[3]))
            self.move(source, v, onward, best)

    def move(self, source, v, onward, t):
        kind, k = source
        size = self.vehicles[v][2]
        getattr(self, kind)[k].pop(0)
        self.since[kind, k] = t
        if kind == "queue":
            self.exits[k].append((t, size))
        self.log.append((t, v, k if kind == "queue" else -1, -1 if onward is None else onward))
        if onward is None:
            return
        start = self.tag(source, onward)
        self.virtual[onward] = start
        self.tags[source, onward] = start + size / (self.weights[k] if kind == "queue" else 1.0)
        self.entries[onward].append((t, size))
        self.hop[v] += 1
        self.ready[v] = t + LENGTH_M / SPEED_MPS
        self.queue[onward].append(v)


def case(seed):
    """A small random network: two-way triangle with tails, signals, weights, two sizes, too much demand."""
    rng = np.random.default_rng(seed)
    pairs = [(0, 1), (1, 2), (2, 0), (1, 0), (2, 1), (0, 2), (3, 0), (1, 4), (4, 1), (0, 3)]
    links = [(a, b, int(rng.integers(1, 3))) for a, b in pairs]
    signals = {k: (30.0, float(rng.integers(0, 30)), 12.0) for k in range(len(links)) if rng.random() < 0.3}
    weights = rng.integers(1, 4, len(links)).astype(float).tolist()
    vehicles = []
    for _ in range(150):
        path = [int(rng.integers(0, len(links)))]
        for _ in range(int(rng.integers(0, 6))):
            onward = [k for k, link in enumerate(links) if link[0] == links[path[-1]][1]]
            path.append(onward[int(rng.integers(0, len(onward)))])
        vehicles.append((float(rng.integers(0, 60)), path, float(rng.integers(1, 3))))
    return links, signals, weights, vehicles


@pytest.mark.parametrize("seed", range(8))
def test_the_kernels_and_the_slow_twin_write_the_same_log(seed):
    links, signals, weights, vehicles = case(seed)
    expected = sorted(Twin(links, signals, weights, vehicles).run(600.0))
    net = RoadNetwork(class_size=(1.0, 2.0))
    for k, (a, b, lanes) in enumerate(links):
        net.add_link(a, b, LENGTH_M, lanes=lanes, merge_weight=weights[k])
    for k, (cycle, offset, length) in signals.items():
        net.add_signal(k, cycle_s=cycle, green_s=length, offset_s=offset)
    net.add_vehicles(
        [v[0] for v in vehicles], paths=[v[1] for v in vehicles], vehicle_class=[int(v[2]) - 1 for v in vehicles]
    )
    result = net.run(600.0)
    columns = (result.time_s, result.vehicle, result.from_link, result.to_link)
    got = sorted(zip(*[column.tolist() for column in columns], strict=True))
    assert [g[1:] for g in got] == [e[1:] for e in expected]
    np.testing.assert_allclose([g[0] for g in got], [e[0] for e in expected], atol=1e-9)
    assert len(got) > 150


@pytest.mark.parametrize("seed", range(5))
def test_the_storage_of_the_entry_rule_is_the_whole_units_of_its_mean_over_the_last_wave_lag(seed):
    rng = np.random.default_rng(seed)
    lanes = rng.permutation(np.arange(1, 5))[:3].tolist()
    times = np.sort(rng.uniform(0.0, 60.0, 2)).tolist()
    net = RoadNetwork()
    street = net.add_link(0, 1, LENGTH_M, lanes=lanes[0])
    for at_s, count in zip(times, lanes[1:], strict=True):
        net.set_lanes(street, at_s, count)
    road = build_road(net, 0.0)
    rows = build_edits(net, road).rows
    mine = rows[rows["kind"] == EDIT_STORAGE]
    assert len(mine) > 20
    lag = LENGTH_M / WAVE_MPS
    for t in rng.uniform(-5.0, 100.0, 200):
        # The storage of each moment of the last lag, by adding up many small parts of it.
        moments = t - lag * (np.arange(4000) + 0.5) / 4000
        mean = np.mean(np.array(lanes)[np.searchsorted(times, moments, side="right")] * KAPPA * LENGTH_M)
        before = mine[mine["time_s"] <= t]
        got = before["value"][-1] if len(before) else lanes[0] * KAPPA * LENGTH_M
        # Two changes that overlap are in whole units each.
        assert mean - 2.0 - 0.05 <= got <= mean + 0.05
