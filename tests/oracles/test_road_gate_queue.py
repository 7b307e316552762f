"""Since when vehicles stand in the queue of a gate, against a slow twin that works it out from the whole log.

The twin reads who crossed what when and when places were granted, and applies the definition crossing by crossing:
a vehicle is held up by the gate if it, or one ahead of it in its queue since it was ready, waited as the first for a
place, or for room that was made by exits among which one was of a vehicle held up by the gate.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from twin.models.road_traffic import RoadNetwork
from twin.models.road_traffic.queueing.build import build_edits, build_road, new_vehicles
from twin.models.road_traffic.queueing.loading import Loading, largest_step_s, new_log, no_trees

LENGTH_M, SPEED_MPS, WAVE_MPS, KAPPA = 100.0, 20.0, 5.0, 0.2
STORAGE, LAG_S, DRIVE_S = 20.0, LENGTH_M / WAVE_MPS, LENGTH_M / SPEED_MPS
ENDS = [("a", "m"), ("b", "m"), ("m", "n"), ("n", "g"), ("m", "x"), ("n", "y")]
GATE = 3
WAYS = [[0, 2, 3], [1, 2, 3], [0, 4], [1, 2, 5], [0, 2, 5]]


def loaded(seed, step_share):
    """Vehicles, log and grants of a random day before the gate at g, with through traffic to x and y."""
    rng = np.random.default_rng(seed)
    net = RoadNetwork(class_size=[1.0, 3.0], class_speed_mps=[50.0, 50.0])
    for one, other in ENDS:
        net.add_link(one, other, LENGTH_M, speed_mps=SPEED_MPS)
    net.add_signal(1, cycle_s=60.0, green_s=25.0)
    net.add_gate(GATE)
    count = 160
    depart_s = np.sort(rng.uniform(0.0, 1500.0, count))
    ways = rng.choice(len(WAYS), count, p=[0.35, 0.25, 0.1, 0.15, 0.15])
    sizes = rng.integers(0, 2, count)
    net.add_vehicles(depart_s, paths=[WAYS[w] for w in ways], vehicle_class=sizes)
    cars, depart_s, first = new_vehicles(net)
    road = build_road(net, 0.0)
    cars.veh["owner"], road.lines["gated"][road.links["queue"][GATE]] = 2, 1 + 2
    edits = build_edits(net, road)
    loading = Loading(road, cars, no_trees(), edits, largest_step_s(road, edits) * step_share)
    order = np.lexsort((cars.veh["key"], depart_s))
    loading.enter(order, first[order], depart_s[order])
    log = new_log(4096)
    line = int(road.links["queue"][GATE])
    moments = np.sort(rng.uniform(0, 2500, 25)).tolist()
    grants = [*zip(moments, rng.integers(1, 5, 25).tolist(), strict=True), (2600.0, 500)]
    for at_s, places in grants:
        assert loading.advance(at_s, log)
        loading.grant(line, places, at_s)
    assert loading.advance(6000.0, log)
    rows = log.rows[: int(log.size[0])]
    return [WAYS[w] for w in ways], sizes, depart_s, rows, grants, cars.veh["queued_s"]


def from_the_log(ways, sizes, depart_s, rows, grants):
    units = [(1.0, 3.0)[c] for c in sizes]
    order = np.argsort(rows["time_s"], kind="stable")
    entries, exits = {k: [] for k in range(len(ENDS))}, {k: [] for k in range(len(ENDS))}
    left_s, held_until = {}, {}
    ready = list(depart_s)
    since = [math.inf] * len(ways)
    for i in order:
        t, v = float(rows["time_s"][i]), int(rows["vehicle"][i])
        here, to = int(rows["from_link"][i]), int(rows["to_link"][i])
        queue = ("origin", to) if here < 0 else here
        head_s = max(ready[v], left_s.get(queue, -math.inf))
        if to < 0:
            if here == GATE:
                taken = sum(1 for _, w, _ in exits[GATE] if ways[w][-1] == GATE)
                free_s, places = -math.inf, 0
                for at_s, n in grants:
                    # The grant after which a place was free for this vehicle, and from when on one was at all.
                    if at_s > t:
                        break
                    used = sum(1 for x, w, _ in exits[GATE] if ways[w][-1] == GATE and x <= at_s)
                    if used >= places:
                        free_s = at_s
                    places += n
                assert places > taken
                if free_s > head_s:
                    held_until[queue] = t
        else:
            needed = sum(u for _, u in entries[to]) + units[v] - STORAGE - 1e-9
            if needed > 0:
                # The exits that together make the room, the last of which makes it.
                freed = np.cumsum([units[w] for _, w, _ in exits[to]])
                making = exits[to][: int(np.searchsorted(freed, needed)) + 1]
                room_s = making[-1][0] + LAG_S
                flagged = [at for at, _, held in making if held and at + LAG_S > head_s]
                if room_s > head_s and flagged:
                    held_until[queue] = t
        held = held_until.get(queue, -math.inf) > ready[v]
        if held and since[v] == math.inf:
            since[v] = ready[v]
        left_s[queue] = t
        if here >= 0:
            exits[here].append((t, v, held))
        if to >= 0:
            entries[to].append((t, units[v]))
            ready[v] = t + DRIVE_S
    return since


@pytest.mark.parametrize("seed", range(6))
def test_the_kernel_says_what_the_whole_log_says(seed):
    ways, sizes, depart_s, rows, grants, got = loaded(seed, 1.0)
    expected = from_the_log(ways, sizes, depart_s, rows, grants)
    np.testing.assert_array_equal(np.isfinite(got), np.isfinite(expected))
    some = np.isfinite(got)
    np.testing.assert_allclose(got[some], np.array(expected)[some], atol=1e-9)
    assert 10 < some.sum() < len(got)
    np.testing.assert_array_equal(got, loaded(seed, 0.37)[-1])
