"""Merges, diverges and general nodes: shares, head-of-line blocking, turn queues and pockets."""

from __future__ import annotations

import numpy as np
import pytest

from twin.models.road_traffic import RoadNetwork


@pytest.mark.parametrize(("weight", "shares"), [(1, (0.4, 0.4)), (2, (0.26667, 0.53333)), (5, (0.2, 0.6))])
def test_r08_a_merge_is_shared_by_weight_and_what_one_cannot_use_the_other_gets(weight, shares):
    net = RoadNetwork()
    one = net.add_link("a", "m", 1000.0)
    other = net.add_link("b", "m", 1000.0, merge_weight=weight)
    out = net.add_link("m", "z", 1000.0)
    for link in (one, other):
        net.add_vehicles((np.arange(2160) + 0.5) / 0.6, path=[link, out])
    result = net.run(3600.0)
    # Daganzo (1995): priority shares of 0.8, the rest to who can use it; demand caps the third case at 0.6.
    got = [result.outflow_per_s(link, 600.0, 3600.0) for link in (one, other)]
    assert got == pytest.approx(shares, rel=0.005)
    assert sum(got) == pytest.approx(0.8, rel=0.001)


@pytest.mark.parametrize("end", ["entry", "exit"])
def test_r09_one_blocked_branch_holds_the_whole_queue_of_a_fifo_diverge(end):
    net = RoadNetwork()
    approach = net.add_link(0, 1, 1000.0)
    limited = net.add_link(1, 2, 1000.0, **{f"{end}_capacity_per_s": 0.2})
    free = net.add_link(1, 3, 1000.0)
    wants_limited = np.isin(np.arange(1500) % 5, (0, 2, 4))
    net.add_vehicles((np.arange(1500) + 0.5) / 0.5, paths=[[approach, limited if w else free] for w in wants_limited])
    result = net.run(3000.0)

    def entries(link, from_s, to_s):
        times = result.entry_times_s(link)
        return np.count_nonzero((times >= from_s) & (times < to_s)) / (to_s - from_s)

    if end == "entry":
        blocked = (300.0, 1200.0)
    else:
        # Below the exit the branch fills at 0.3 - 0.2; its queue reaches the node at 1,550 s.
        assert entries(limited, 300.0, 1400.0) == pytest.approx(0.3, rel=0.01)
        assert entries(free, 300.0, 1400.0) == pytest.approx(0.2, rel=0.01)
        # Storage 200 less what the wave lag hides: the first entry that is held up comes at 1,550 s.
        times = result.entry_times_s(limited)
        late = times - (result.depart_s[wants_limited][: len(times)] + 50.0)
        assert times[np.argmax(late > 1e-6)] == pytest.approx(1550.0, abs=2 / 0.2)
        blocked = (1800.0, 2800.0)
    assert entries(limited, *blocked) == pytest.approx(0.2, rel=0.01)
    assert entries(free, *blocked) == pytest.approx(0.2 * 2 / 3, rel=0.01)
    assert result.outflow_per_s(approach, *blocked) == pytest.approx(1 / 3, rel=0.01)


CAPACITY = np.array([1000.0, 2000.0, 1000.0, 2000.0])
TURNS = np.array([[0, 50, 150, 300], [100, 0, 300, 1600], [100, 100, 0, 600], [100, 800, 800, 0]], float)


def four_by_four(turn_queues):
    """Node of Tampere et al. (2011), section 5: flow through it in veh/h, by approach."""
    net = RoadNetwork()
    lanes = CAPACITY / 3600.0 / 0.8
    ins = [net.add_link(f"i{i}", "n", 1000.0, lanes=lanes[i], merge_weight=CAPACITY[i]) for i in range(4)]
    outs = [net.add_link("n", f"o{j}", 1000.0, lanes=lanes[j]) for j in range(4)]
    hours = 4.0
    for i in range(4):
        if turn_queues:
            for j in np.flatnonzero(TURNS[i]):
                net.add_turn_queue(ins[i], [outs[j]])
        for j in np.flatnonzero(TURNS[i]):
            demand = TURNS[i, j]
            net.add_vehicles((np.arange(round(demand * hours)) + 0.5) * 3600.0 / demand, path=[ins[i], outs[j]])
    result = net.run(hours * 3600.0)
    return np.array([result.outflow_per_s(link, 7200.0, 14400.0) * 3600.0 for link in ins])


FLUID = np.array([500.0, 1369.67, 800.0, 1369.67])


def test_r10_turn_queues_close_the_head_of_line_loss_of_a_loaded_node():
    flows = four_by_four(turn_queues=True)
    assert flows.sum() >= 0.97 * FLUID.sum()
    assert (flows <= TURNS.sum(axis=1) * 1.005).all()


def test_r10_single_heads_pass_at_least_nine_tenths_of_the_fluid_total():
    flows = four_by_four(turn_queues=False)
    assert flows.sum() >= 0.9 * FLUID.sum()
    assert flows.sum() <= 1.005 * FLUID.sum()


def with_pocket(pocket):
    """0.4 veh/s, every fourth turns, the turn is shut for two minutes; delays of through and turning."""
    net = RoadNetwork()
    approach = net.add_link(0, 1, 1000.0)
    through, turn = net.add_link(1, 2, 1000.0), net.add_link(1, 3, 1000.0)
    net.add_turn_queue(approach, [turn], pocket=pocket)
    net.close_exit(approach, 600.0, 720.0, to_link=turn)
    turns = np.arange(480) % 4 == 3
    net.add_vehicles((np.arange(480) + 0.5) / 0.4, paths=[[approach, turn if t else through] for t in turns])
    result = net.run(np.inf)
    return result, result.travel_time_s - 100.0, turns, through


def test_m1_a_full_turn_pocket_blocks_the_lane_until_the_turn_opens():
    result, delay, turns, through = with_pocket(6.0)
    assert delay[~turns].sum() == pytest.approx(787.5, abs=1e-6)
    assert delay[turns].sum() == pytest.approx(836.25, abs=1e-6)
    assert delay[~turns].max() == pytest.approx(50.0, abs=1e-6)
    entries = result.entry_times_s(through)
    assert np.count_nonzero((entries >= 600.0) & (entries < 720.0)) == 21
    # The seventh turner, due at 668.75 s, is the first to stand in the lane; cleared at 770 s.
    held = np.flatnonzero(delay[~turns] > 1e-6)
    assert result.depart_s[~turns][held[0]] + 50.0 == pytest.approx(671.25)
    last = np.flatnonzero(delay > 1e-6)[-1]
    assert result.depart_s[last] + 50.0 + delay[last] == pytest.approx(770.0, abs=1e-6)


def test_m1_a_pocket_without_end_keeps_the_lane_free():
    _, delay, turns, _ = with_pocket(1e6)
    assert delay[~turns].sum() == pytest.approx(0.0, abs=1e-6)
    assert delay[turns].sum() == pytest.approx(763.75, abs=1e-6)


def test_m1_a_pocket_of_two_blocks_forty_seconds_earlier():
    _, delay, turns, _ = with_pocket(2.0)
    assert delay[~turns].sum() == pytest.approx(2497.5, abs=1e-6)
    assert delay[turns].sum() == pytest.approx(1095.0, abs=1e-6)


def test_turn_queues_share_the_storage_of_the_link_and_fill_it_together():
    net = RoadNetwork()
    approach = net.add_link(0, 1, 1000.0)
    through, turn = net.add_link(1, 2, 1000.0), net.add_link(1, 3, 1000.0)
    net.add_turn_queue(approach, [turn])
    net.close_exit(approach, 0.0, 6000.0, to_link=turn)
    turns = np.arange(2000) % 2 == 1
    net.add_vehicles((np.arange(2000) + 0.5) / 0.4, paths=[[approach, turn if t else through] for t in turns])
    result = net.run(5000.0)
    # Turners gather until they fill all 200 places, not before 200 / 0.2 s; then nobody gets in, nor through.
    full_s = result.entry_times_s(approach)[-1]
    assert 1000.0 < full_s < 4000.0
    assert result.inside(approach, 4999.0) == 200
    assert result.entry_times_s(through)[-1] <= full_s + 50.0
    assert len(result.entry_times_s(turn)) == 0
