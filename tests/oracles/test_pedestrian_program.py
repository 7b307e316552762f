"""The time-budget program against the sum over every single activity path that fits into the time (C02)."""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest

from twin.models.pedestrian.choice.kernels import choose_arc, choose_stay, solve_program, value_of_going
from twin.models.pedestrian.choice.programs import columns_of_going
from twin.models.pedestrian.movement.rows import Plans

EXITS = (10, 11)
DURATIONS = (2, 5)


def twelve_places():
    """Entry 0, stay places 1 to 9, leaves 10 and 11; places 8 and 9 may be passed without a stay."""
    arcs = [
        (i, j, 1 + (i + 2 * j) % 3, -0.3 - 0.07 * ((i * j) % 5))
        for i in range(10)
        for j in range(1, 12)
        if i != j and (3 * i + 5 * j) % 4 != 0
    ]
    ptr = np.searchsorted([a[0] for a in arcs], np.arange(13)).astype(np.int64)
    stay = np.full((12, 2), -np.inf)
    for i in range(1, 10):
        stay[i] = [0.2 * (i % 4) - 0.5, 0.1 * (i % 3)]
    may_pass = np.array([i >= 8 for i in range(12)])
    return arcs, ptr, stay, may_pass


def plans_of(ptr, to, utility, taken, durations, stay, go_at, go, come, scale, local=()):
    """One class, one program, values by slot of the clock."""
    one = np.zeros(1, np.int32)
    return Plans(
        ptr, to, utility[None], taken[None], durations[None], stay[None],
        go_at, go[None], come[None], scale, 60.0,
        one.reshape(1, 1, 1), one, np.array(local, np.float64), 10800.0,
    )  # fmt: skip


def solved(steps, scale, slope=0.05, go_at=None, kept=np.float64):
    arcs, ptr, stay, may_pass = twelve_places()
    leave = np.full((steps + 1, 12), -np.inf)
    for x in EXITS:
        leave[:, x] = slope * np.arange(steps + 1) + 0.3 * (x == 11)
    to = np.array([a[1] for a in arcs], np.int32)
    taken = np.array([a[2] for a in arcs], np.int32)
    utility = np.array([a[3] for a in arcs])
    durations = np.array(DURATIONS, np.int32)
    go_at = np.arange(12, dtype=np.int32) if go_at is None else go_at
    go, come = np.empty((steps + 1, int(go_at.max()) + 1)), np.empty((steps + 1, 12), kept)
    slot_of = np.zeros(steps + 1, np.int32)
    solve_program(ptr, to, taken, utility, durations, stay[None], slot_of, leave, may_pass, scale, go_at, go, come)
    plans = plans_of(ptr, to, utility, taken, durations, stay[None], go_at, go, come, scale)
    return plans, leave, may_pass


def paths(plans, leave, may_pass, steps):
    """Utility of every activity path from the entry: walk, stay, walk on, leave."""
    found = []

    def walk(k, i, total, just_stayed):
        if leave[k, i] > -math.inf:
            found.append(total + leave[k, i])
        if just_stayed or may_pass[i]:
            for a in range(plans.arc_ptr[i], plans.arc_ptr[i + 1]):
                if plans.arc_steps[0, a] <= k:
                    walk(k - plans.arc_steps[0, a], plans.arc_to[a], total + plans.arc_utility[0, a], False)
        if not just_stayed:
            for d, length in enumerate(DURATIONS):
                if length <= k and plans.stay_utility[0, 0, i, d] > -math.inf:
                    walk(k - length, i, total + plans.stay_utility[0, 0, i, d], True)

    walk(steps, 0, 0.0, True)
    return np.array(found)


@pytest.mark.parametrize("scale", [1.0, 0.5])
@pytest.mark.parametrize("steps", [3, 6, 9])
def test_the_value_is_the_log_sum_over_all_activity_paths_that_fit(steps, scale):
    plans, leave, may_pass = solved(steps, scale)
    every = paths(plans, leave, may_pass, steps)
    assert len(every) > (1 if steps == 3 else 20)
    expected = scale * math.log(math.fsum(np.exp(every / scale)))
    assert plans.go_value[0, steps, 0] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("steps", [0, 1, 9, 40])
@pytest.mark.parametrize("kept", [np.float64, np.float32])
def test_what_is_kept_once_is_the_same_to_the_bit_and_what_is_kept_short_is_only_rounded(steps, kept):
    whole, _, may_pass = solved(steps, 0.8)
    go_at = columns_of_going(may_pass, np.isfinite(whole.stay_utility[0, 0]).any(axis=1))
    assert (go_at < 0).tolist() == [i in EXITS for i in range(12)]
    small, _, _ = solved(steps, 0.8, go_at=go_at, kept=kept)
    np.testing.assert_array_equal(small.come_value, whole.come_value.astype(kept))
    np.testing.assert_array_equal(small.go_value[0], whole.go_value[0][:, go_at >= 0])
    if kept is np.float64:
        for k in range(steps + 1):
            for i in range(12):
                assert value_of_going(small, 0, k, i) == whole.go_value[0, k, i]


def test_choices_of_values_kept_short_are_off_by_their_rounding():
    whole, _, _ = solved(40, 0.8)
    short, _, _ = solved(40, 0.8, kept=np.float32)
    short = short._replace(go_value=short.go_value.astype(np.float32))

    def shares(plans, i):
        arcs = range(plans.arc_ptr[i], plans.arc_ptr[i + 1])
        come = np.array([plans.come_value[0, 40 - plans.arc_steps[0, a], plans.arc_to[a]] for a in arcs])
        return np.exp((plans.arc_utility[0, list(arcs)] + come - plans.go_value[0, 40, i]) / 0.8)

    most = np.abs(whole.come_value[np.isfinite(whole.come_value)]).max()
    bound = 2.5 * np.finfo(np.float32).eps * most / 0.8
    for i in range(10):
        assert 0 < np.abs(shares(short, i) - shares(whole, i)).max() < bound


def test_choice_probabilities_sum_to_one():
    plans, leave, may_pass = solved(40, 0.8)
    for k in range(41):
        for i in range(12):
            go, come = plans.go_value[0, k, i], plans.come_value[0, k, i]
            if go > -math.inf:
                shares = [math.exp((leave[k, i] - go) / 0.8)]
                shares += [
                    math.exp(
                        (plans.arc_utility[0, a] + plans.come_value[0, k - plans.arc_steps[0, a], plans.arc_to[a]] - go)
                        / 0.8
                    )
                    for a in range(plans.arc_ptr[i], plans.arc_ptr[i + 1])
                    if plans.arc_steps[0, a] <= k
                ]
                assert math.fsum(shares) == pytest.approx(1.0, abs=1e-12)
            if come > -math.inf:
                shares = [math.exp((go - come) / 0.8)] if may_pass[i] else []
                shares += [
                    math.exp((plans.stay_utility[0, 0, i, d] + plans.go_value[0, k - length, i] - come) / 0.8)
                    for d, length in enumerate(DURATIONS)
                    if length <= k
                ]
                assert math.fsum(shares) == pytest.approx(1.0, abs=1e-12)


def test_nothing_feasible_is_minus_infinity_and_chooses_nothing():
    plans, _, _ = solved(3, 1.0)
    assert plans.go_value[0, 0, 0] == -math.inf
    assert choose_arc(plans, 0, 0, 0, 0.5) == -1
    assert choose_arc(plans, 0, -1, 0, 0.5) == -1
    assert choose_stay(plans, 0, 1, 3, 0, 0.5) == -1


def test_draws_follow_the_probabilities_at_every_quantile():
    plans, _, _ = solved(12, 1.0)

    @functools.cache
    def edges():
        below, out = 0.0, []
        for a in range(plans.arc_ptr[0], plans.arc_ptr[1]):
            k = 12 - plans.arc_steps[0, a]
            below += math.exp(
                plans.arc_utility[0, a] + plans.come_value[0, k, plans.arc_to[a]] - plans.go_value[0, 12, 0]
            )
            out.append((a, below))
        return out

    for u in np.linspace(0.001, 0.999, 400):
        expected = next((a for a, below in edges() if u < below), edges()[-1][0])
        assert choose_arc(plans, 0, 12, 0, u) == expected
