"""Every rule of the queueing kernels at once, against a slow twin that keeps whole histories (``road.py``).

Turn queues, pockets, bays, stops in the lane, servers, gates, lights, overtaking, changes of the network, release by
force, drivers who choose on the way: all are drawn at random on a small network. It runs without compilation too
(NUMBA_DISABLE_JIT=1), because the cases are small.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.oracles.road import INF, NODES, Case, Slow
from twin.engine.draws import bits
from twin.models.road_traffic.queueing import kernels
from twin.models.road_traffic.queueing.arrays import EDIT_STORAGE, GROUP, POCKET
from twin.models.road_traffic.queueing.build import build_edits, build_road, destinations, new_vehicles
from twin.models.road_traffic.queueing.loading import Loading, largest_step_s, new_log
from twin.models.road_traffic.queueing.news import new_trees

pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")


def loaded(case, until_s, step_share=1.0):
    """Log of the kernels, and the twin that has run as far."""
    net = case.network()
    cars, depart_s, first = new_vehicles(net)
    road = build_road(net, 0.0)
    cars.veh["owner"] = case.owners
    for k, owner in case.gate_owner.items():
        road.lines["gated"][road.links["queue"][k]] = 1 + owner
    edits = build_edits(net, road)
    goals = destinations(net)
    trees = new_trees(goals, len(NODES), by_turn=True, weight=1.0, spread=0.5, redraw_after_s=case.redraw_s, seed=3)
    road.links["free_s"] = road.links["length_m"] / road.links["speed_mps"]
    road.links["pace_s"], road.links["news_s"] = case.pace_s, case.news_s
    for k in case.after:
        for move in range(road.links["move_start"][k], road.links["move_end"][k]):
            road.moves["turn_s"][move] = case.turn_s[k, int(road.moves["to_link"][move])]
    to_go, names = case.seconds_to_go(), {i: node for node, i in net.node_index.items()}
    for row, goal in enumerate(goals):
        trees.to_go_s[row] = [to_go[names[int(goal)]][k] for k in range(len(NODES))]
    loading = Loading(road, cars, trees, edits, largest_step_s(road, edits) * step_share)
    order = np.lexsort((cars.veh["key"], depart_s))
    loading.enter(order, first[order], depart_s[order])
    slow = Slow(case, _storage(edits), lambda v, k: _taste(trees, case.keys[v], k))
    slow.run(until_s)
    # So little room that the log is full over and over.
    log, rows = new_log(7), []

    def advance(t):
        while not loading.advance(t, log):
            rows.extend(log.rows.tolist())
            log.size[0] = 0

    acts = [(t, 0, k, count) for t, k, count in case.grants] + [(t, 1, v, path) for t, v, path in slow.obeyed]
    for t, what, number, value in sorted(acts, key=lambda act: act[:2]):
        advance(t)
        if what == 0:
            loading.grant(int(road.links["queue"][number]), value, t)
        else:
            cars = loading.cars
            cars.veh["path_start"][number], cars.veh["path_len"][number] = len(cars.pool), len(value)
            loading.cars = cars._replace(pool=np.concatenate([cars.pool, np.array(value, np.int32)]))
            kernels.reroute(road, loading.cars, trees, number, t)
            loading.back_to(t)
    advance(until_s)
    return rows + log.rows[: int(log.size[0])].tolist(), loading, slow


def _storage(edits):
    rows = edits.rows[edits.rows["kind"] == EDIT_STORAGE]
    return [(float(r["time_s"]), "storage", int(r["index"]), None, float(r["value"])) for r in rows]


def _taste(trees, key, link):
    """1 plus or minus the spread of 0.5 at most: the sum of two halves of one draw."""
    drawn = int(bits(trees.now[0].stream, np.uint64(key), np.uint64(link)))
    return 1.0 + 0.5 * (((drawn >> 32) + (drawn & 0xFFFFFFFF)) / 2.0**32 - 1.0)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("kind", ["paths", "released", "choices", "jammed"])
def test_the_kernels_and_the_slow_twin_write_the_same_log(kind, seed):
    case = Case(
        seed,
        finds_way=kind == "choices",
        release_s=15.0 if kind == "released" else INF,
        cars=90 if kind == "jammed" else 50,
    )
    rows, loading, slow = loaded(case, 400.0, step_share=(1.0, 0.37)[seed % 2])
    got = sorted((v, t, *ends) for t, v, *ends in rows)
    expected = sorted(slow.log)
    assert [(v, *ends) for v, _, *ends in got] == [(v, *ends) for v, _, *ends in expected]
    np.testing.assert_allclose([row[1] for row in got], [row[1] for row in expected], atol=1e-7)
    assert loading.road.counts[0] == slow.released
    assert loading.road.counts[1] == sum(row[2] < 0 for row in slow.log)
    assert loading.road.counts[2] == sum(row[3] < 0 for row in slow.log)
    assert loading.stuck_links().tolist() == slow.stuck(400.0)
    queues = loading.road.queues
    for kind, left in ((GROUP, slow.left), (POCKET, slow.left_pocket)):
        for k in range(len(NODES)):
            mine = [row for key, rows in left.items() if (key if kind == GROUP else key[1]) == k for row in rows]
            gone = queues["left_units"][(queues["kind"] == kind) & (queues["link"] == k)]
            assert gone.sum() == sum(size for _, size in mine)
