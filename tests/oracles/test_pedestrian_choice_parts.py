"""How a person chooses, draw by draw, against shares written out; plans with values drawn at random."""

from __future__ import annotations

import math

import numba
import numpy as np
import pytest
from scipy.stats import norm

from twin.engine.draws import event_key, make_stream, uniform
from twin.models.pedestrian.choice import kernels
from twin.models.pedestrian.movement.rows import PLACE, WALKER, Laws, Plans, new_rows

pytestmark = [
    pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning"),
    pytest.mark.skipif(numba.config.DISABLE_JIT == 0, reason="compiled, these are only parts of other kernels"),
]
PLACES, STEPS, CLASSES, PROGRAMS, SLOTS, LENGTHS = 5, 9, 2, 3, 4, 3
QUANTILES = np.concatenate([[0.0], np.linspace(0.001, 0.999, 97)])


class Choice:
    """Plans drawn at random; some arcs and stays too long, some places closed, local terms or none."""

    def __init__(self, seed, *, local):
        luck = self.luck = np.random.default_rng(seed)
        counts = luck.integers(0, 4, PLACES)
        counts[0] = 3
        ptr = np.concatenate([[0], np.cumsum(counts)])
        arcs = int(ptr[-1])
        shape = (PROGRAMS, STEPS + 1, PLACES)
        go, come = luck.uniform(-3, 3, shape), luck.uniform(-3, 3, shape)
        come[luck.random(shape) < 0.2] = -np.inf
        go[luck.random(shape) < 0.2] = -np.inf
        stay = luck.uniform(-2, 2, (CLASSES, SLOTS, PLACES, LENGTHS))
        stay[luck.random(stay.shape) < 0.2] = -np.inf
        self.plans = Plans(
            ptr, luck.integers(0, PLACES, arcs).astype(np.int32), luck.uniform(-2, 2, (CLASSES, arcs)),
            luck.integers(1, 6, (CLASSES, arcs)).astype(np.int32),
            luck.integers(0, 6, (CLASSES, LENGTHS)).astype(np.int32), stay, np.arange(PLACES, dtype=np.int32), go, come,
            float(luck.choice([0.5, 1.0, 2.0])), 120.0,
            luck.permutation(2 * 3 * 4).reshape(2, 3, 4).astype(np.int32) % PROGRAMS,
            luck.integers(0, CLASSES, PROGRAMS).astype(np.int32),
            luck.uniform(-1, 1, PLACES) if local else np.zeros(0), 3 * 3600.0,
        )  # fmt: skip

    def arcs(self, p, k, place):
        """Values of the arcs that can be taken, by number."""
        plans, c = self.plans, self.plans.class_of[p]
        out = {}
        for a in range(plans.arc_ptr[place], plans.arc_ptr[place + 1]):
            left = k - plans.arc_steps[c, a]
            if left >= 0 and plans.come_value[p, left, plans.arc_to[a]] > -np.inf:
                to = plans.arc_to[a]
                local = plans.local[to] if len(plans.local) else 0.0
                out[a] = plans.arc_utility[c, a] + plans.come_value[p, left, to] + local
        return out

    def stays(self, p, k, place, slot):
        plans, c = self.plans, self.plans.class_of[p]
        return {
            d: plans.stay_utility[c, slot, place, d] + plans.go_value[p, k - steps, place]
            for d, steps in enumerate(plans.stay_steps[c].tolist())
            if 0 < steps <= k
            and plans.stay_utility[c, slot, place, d] > -np.inf
            and plans.go_value[p, k - steps, place] > -np.inf
        }


def drawn(values, scale, u):
    """What a uniform number gives among options that stand in order, each with its share."""
    weights = np.exp((np.array(list(values.values())) - max(values.values())) / scale)
    below = np.cumsum(weights) / weights.sum()
    return list(values)[min(int(np.searchsorted(below, u, side="right")), len(values) - 1)], below


@pytest.mark.parametrize("local", [False, True])
@pytest.mark.parametrize("seed", range(10))
def test_arcs_and_lengths_of_stay_are_drawn_with_their_shares(seed, local):
    choice = Choice(seed, local=local)
    plans = choice.plans
    for p in range(PROGRAMS):
        for k in (-1, 0, 2, 4, STEPS):
            for place in range(PLACES):
                arcs = choice.arcs(p, k, place) if k >= 0 else {}
                if arcs and not local:
                    # The program's own value is the sum over its options.
                    top = max(arcs.values())
                    total = sum(math.exp((value - top) / plans.scale) for value in arcs.values())
                    plans.go_value[p, k, place] = top + plans.scale * math.log(total)
                shut = k < 0 or plans.go_value[p, k, place] == -np.inf
                for u in QUANTILES:
                    found = kernels.choose_arc(plans, p, k, place, u)
                    if shut or not arcs:
                        assert found == -1
                        continue
                    wanted, below = drawn(arcs, plans.scale, u)
                    assert found == wanted or np.abs(below - u).min() < 1e-9
    for p in range(PROGRAMS):
        for k in (-1, 0, 2, 4, STEPS):
            for place in range(PLACES):
                slot = int(choice.luck.integers(0, SLOTS))
                stays = choice.stays(p, k, place, slot) if k >= 0 else {}
                for u in QUANTILES:
                    found = kernels.choose_stay(plans, p, k, place, slot, u)
                    if not stays:
                        assert found == -1
                        continue
                    wanted, below = drawn(stays, plans.scale, u)
                    assert found == wanted or np.abs(below - u).min() < 1e-9


@pytest.mark.parametrize("seed", range(20))
def test_a_walker_aims_by_its_own_draws_and_for_the_nearest_exit_when_its_time_is_up(seed):
    choice = Choice(seed, local=bool(seed % 2))
    plans, luck = choice.plans, choice.luck
    places = new_rows(PLACE, PLACES)
    places.leaves = luck.random(PLACES) < 0.4
    walkers = new_rows(WALKER, 2)
    stream = [make_stream(np.uint64(seed), f"test.{name}") for name in ("place", "stay")]
    laws = Laws(*stream, *stream, *stream, 0.0, 0.0, new_rows(WALKER, 1))
    walkers.id, walkers.enter_s, walkers.visitor_class = [7, 8], [1000.0, 5000.0], [0, 1]
    for s in range(2):
        walkers.budget_s[s] = luck.uniform(0, 40_000)
        bound = int(luck.integers(0, 3))
        up_s = float(walkers.enter_s[s] + walkers.budget_s[s])
        stretch = min(int(up_s // plans.stretch_s), 3)
        assert kernels.find_plan(plans, walkers, s, bound) == plans.program[s, bound, stretch]
        p = walkers.plan[s] = kernels.find_plan(plans, walkers, s, bound)
        c = plans.class_of[p]
        for place in range(PLACES):
            for left_s in (-500.0, 0.0, 119.0, 120.0, 700.0):
                time_s = up_s - left_s
                k = kernels.steps_left(plans, walkers, s, time_s)
                assert k == math.floor((left_s + 1e-9) / 120.0) or abs(left_s % 120.0) < 1e-6
                outs = [
                    (plans.arc_steps[c, a], a)
                    for a in range(plans.arc_ptr[place], plans.arc_ptr[place + 1])
                    if places.leaves[plans.arc_to[a]]
                ]
                assert kernels.nearest_way_out(places, plans, p, place) == min(outs, default=(0, -1))[1]
                walkers.decisions[s], walkers.target[s] = 3, -9
                u = uniform(stream[0], walkers.id[s], event_key(3, 0))
                arc = kernels.choose_arc(plans, p, k, place, u)
                arc = arc if arc >= 0 else min(outs, default=(0, -1))[1]
                assert kernels.aim(places, plans, laws, walkers, s, place, time_s) == (arc >= 0)
                assert walkers.decisions[s] == 4
                assert walkers.target[s] == (plans.arc_to[arc] if arc >= 0 else -9)
                if arc >= 0:
                    slot = min(int(time_s // 3600.0), SLOTS - 1)
                    assert kernels.clock_slot(plans, time_s) == slot
                    u = uniform(stream[1], walkers.id[s], event_key(4, 1))
                    wanted = kernels.choose_stay(plans, p, k, walkers.target[s], slot, u)
                    assert kernels.draw_stay(plans, laws, walkers, s, time_s) == wanted


def test_a_cut_normal_has_the_quantiles_of_what_is_left():
    for low, high in ((0.0, 1.0), (0.1, 0.7), (0.45, 0.5)):
        for u in (0.01, 0.3, 0.99):
            assert kernels.truncated_quantile(u, low, high) == pytest.approx(norm.ppf(low + u * (high - low)), abs=1e-8)


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_the_sum_by_logarithms_is_the_log_of_the_sum(scale):
    choice = Choice(3, local=False)
    plans = choice.plans
    for k in range(STEPS + 1):
        for place in range(PLACES):
            for leaving in (-np.inf, 0.5):
                values = [*choice.arcs(0, k, place).values(), *([leaving] if leaving > -np.inf else [])]
                found = kernels._log_sum_of_arcs(
                    plans.arc_ptr, plans.arc_to, plans.arc_steps[plans.class_of[0]],
                    plans.arc_utility[plans.class_of[0]], leaving, 1 / scale, plans.come_value[0],
                    np.arange(k, -1, -1), place,
                )  # fmt: skip
                exact = scale * math.log(math.fsum(math.exp(v / scale) for v in values)) if values else -np.inf
                assert found == pytest.approx(exact)
