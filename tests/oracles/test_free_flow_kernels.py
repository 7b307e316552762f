"""Kernels of the free-flow form against their slow twins: speed by the clock, lights, crossings told in portions."""

from __future__ import annotations

import math

import numpy as np
import pytest

from twin.models.road_traffic.free_flow import kernels

DAY_S = 86400.0
LINKS = 6


def speeds(luck, groups):
    """Slices of a day and their factors; the first at 0."""
    starts = np.sort(luck.choice(np.arange(1, 24), luck.integers(0, 5), replace=False)) * 3600.0
    from_s = np.concatenate([[0.0], starts])
    return from_s, luck.uniform(0.1, 1.5, (len(from_s), groups))


def slow_leave_s(enter_s, free_s, column, from_s, factor):
    """Seconds of free flow, summed over a hundred days from the midnight before, and looked up backwards."""
    edges = np.concatenate([math.floor(enter_s / DAY_S) * DAY_S + day * DAY_S + from_s for day in range(100)])
    gone = np.concatenate([[0.0], np.cumsum(np.diff(edges) * np.tile(factor[:, column], 100)[:-1])])
    return float(np.interp(np.interp(enter_s, edges, gone) + free_s, gone, edges))


@pytest.mark.parametrize("seed", range(5))
def test_a_link_is_left_when_the_speeds_of_the_clock_have_covered_it(seed):
    luck = np.random.default_rng(seed)
    for _ in range(60):
        from_s, factor = speeds(luck, 2)
        # Entries on the hour meet the edges of slices; long links pass midnight, some of them more than once.
        enter_s = float(luck.integers(0, 60) * 3600.0 + luck.choice([0.0, luck.uniform(0, 3600)]))
        free_s = float(luck.choice([luck.uniform(1, 60), luck.uniform(3600, 200_000)]))
        column = int(luck.integers(0, 2))
        found = kernels.leave_link_s(enter_s, free_s, column, from_s, factor)
        assert found == pytest.approx(slow_leave_s(enter_s, free_s, column, from_s, factor), abs=1e-5)
        out = np.empty(1)
        kernels.link_times(
            enter_s, 10.0, np.array([free_s * 8.0]), np.array([8.0]), np.array([column]), from_s, factor, out
        )
        assert out[0] == pytest.approx(found - enter_s, abs=1e-5)


def test_a_link_that_ends_with_its_slice_is_left_at_that_moment():
    from_s, factor = np.array([0.0, 3600.0]), np.array([[0.5], [0.25]])
    assert kernels.leave_link_s(3000.0, 300.0, 0, from_s, factor) == 3600.0
    assert kernels.leave_link_s(3600.0, 300.0, 0, from_s, factor) == 4800.0


def slow_green_s(at_s, cycle_s, offset_s, green_s):
    """First moment at which a fixed plan is green; green at its begin, red at its end."""
    phase = (at_s - offset_s) % cycle_s
    return at_s if phase < green_s else at_s + cycle_s - phase


class Town:
    """Six links, some with lights, some of whose movements have plans of their own."""

    def __init__(self, seed):
        luck = self.luck = np.random.default_rng(seed)
        self.plans = np.column_stack([luck.uniform(60, 120, 4), luck.uniform(0, 60, 4), luck.uniform(10, 40, 4)])
        self.plan_of = luck.integers(-1, 4, LINKS).astype(np.int32)
        pairs = [(a, b) for a in range(LINKS) for b in range(LINKS) if a != b and luck.random() < 0.4]
        # The last link of the table has some too, and so has the movement to every link number.
        pairs = sorted({*pairs, (LINKS - 1, 0), (LINKS - 1, 1)})
        self.turns = np.array([(a, b, luck.integers(0, 4)) for a, b in pairs], np.int32)
        self.first = np.array(
            [min((i for i, pair in enumerate(pairs) if pair[0] == a), default=-1) for a in range(LINKS)], np.int32
        )
        ways = luck.uniform(0, 2 * math.pi, (2, LINKS))
        self.losses = (luck.uniform(0, 3, LINKS), luck.uniform(3, 9, LINKS), np.cos(ways[0]), np.sin(ways[0]),
                       np.cos(ways[1]), np.sin(ways[1]))  # fmt: skip
        self.ways = ways
        self.length_m, self.speed_mps = luck.uniform(50, 900, LINKS), luck.uniform(5, 20, LINKS)
        self.group = luck.integers(0, 2, LINKS)
        self.from_s, self.factor = speeds(luck, 2)
        self.opens_s = np.where(luck.random(LINKS) < 0.3, luck.uniform(0, 4000, LINKS), -np.inf)

    def lights(self):
        return self.plan_of, self.turns, self.first, self.plans

    def green_s(self, at_s, link, to):
        plan = {(a, b): plan for a, b, plan in self.turns.tolist()}.get((link, to), int(self.plan_of[link]))
        return at_s if plan < 0 else slow_green_s(at_s, *self.plans[plan])

    def lost_s(self, link, to):
        angle = abs((self.ways[0][link] - self.ways[1][to] + math.pi) % (2 * math.pi) - math.pi)
        return self.losses[1 if angle > math.pi / 4 else 0][link]

    def drive(self, enter_s, path, first, class_speed_mps, leave_s):
        """Fill the moments of a path from a place on; returns its free seconds."""
        at_s, free = enter_s, 0.0
        for i in range(first, len(path)):
            link = path[i]
            free_s = self.length_m[link] / min(self.speed_mps[link], class_speed_mps)
            free += free_s
            if self.opens_s[link] > at_s:
                at_s = self.opens_s[link]
                if i > 0:
                    at_s = leave_s[i - 1] = self.green_s(at_s, path[i - 1], link)
            at_s = slow_leave_s(at_s, free_s, self.group[link], self.from_s, self.factor)
            to = path[i + 1] if i + 1 < len(path) else -1
            if to >= 0:
                at_s += self.lost_s(link, to)
            at_s = leave_s[i] = self.green_s(at_s, link, to)
        return free


@pytest.mark.parametrize("seed", range(12))
def test_lights_are_waited_for_by_movement_and_turning_costs_more_than_going_on(seed):
    town = Town(seed)
    for link in range(LINKS):
        for to in range(-1, LINKS):
            at_s = float(town.luck.uniform(0, 500))
            found = kernels.green_s(at_s, link, to, *town.lights())
            assert found == pytest.approx(town.green_s(at_s, link, to), abs=1e-9)
            if to >= 0:
                assert kernels.lost_s(link, to, *town.losses) == town.lost_s(link, to)


def test_a_turn_of_45_degrees_is_no_turn():
    one, none = np.ones(1), np.zeros(1)
    assert kernels.lost_s(0, 0, none, one, one, none, np.full(1, kernels.COS_45), np.full(1, kernels.COS_45)) == 0.0


@pytest.mark.parametrize("seed", range(12))
def test_a_path_is_driven_link_by_link(seed):
    """Whole paths and the rest of one; many at once in a pool, whose other rows stay as they were."""
    town = Town(seed)
    luck = town.luck
    count = 5
    length = luck.integers(1, 5, count)
    start = np.concatenate([[2], 2 + np.cumsum(length)])
    pool = luck.integers(0, LINKS, start[-1]).astype(np.int32)
    enter_s, classes = luck.uniform(0, 4000, count), luck.integers(0, 2, count)
    class_speed = np.array([8.0, 30.0])
    streets = town.length_m, town.speed_mps, town.group, town.opens_s
    rest = (*streets, town.from_s, town.factor, town.lights(), town.losses)
    leaves, free, out = np.full(start[-1], -1.0), np.full(count, -1.0), np.full(count, -1.0)
    slots = np.array([4, 0, 2])
    kernels.drive_paths(slots, start, length, enter_s, classes, class_speed, pool, *rest, leaves, free, out)
    expected = np.full(start[-1], -1.0)
    for slot in slots.tolist():
        path = pool[start[slot] : start[slot + 1]].tolist()
        part = expected[start[slot] : start[slot + 1]]
        speed = class_speed[classes[slot]]
        assert free[slot] == pytest.approx(town.drive(enter_s[slot], path, 0, speed, part))
        assert out[slot] == pytest.approx(part[-1])
        first = int(luck.integers(0, len(path)))
        again, twin = np.full(len(path), -1.0), np.full(len(path), -1.0)
        got = kernels.drive_path(enter_s[slot] + 7.0, np.array(path, np.int32), first, speed, *rest, again)
        assert got == pytest.approx(town.drive(enter_s[slot] + 7.0, path, first, speed, twin))
        np.testing.assert_allclose(again, twin, atol=1e-5)
    np.testing.assert_allclose(leaves, expected, atol=1e-5)
    assert (free[[1, 3]] == -1).all()
    assert (out[[1, 3]] == -1).all()


@pytest.mark.parametrize("room", [1, 2, 3, 100])
@pytest.mark.parametrize("seed", range(5))
def test_crossings_are_told_once_up_to_each_moment_whatever_the_room(seed, room):
    luck = np.random.default_rng(seed)
    count = 6
    length = luck.integers(1, 5, count)
    start = np.concatenate([[0], np.cumsum(length)])
    pool = luck.integers(0, LINKS, start[-1])
    enter_s = luck.integers(0, 30, count).astype(float)
    leave_s = np.concatenate([enter_s[i] + np.cumsum(luck.integers(1, 9, n)) for i, n in enumerate(length)])
    slots, told = np.array([5, 1, 2, 3]), np.zeros(count, np.int64)
    for until_s in (10.0, 20.0, 20.0, 80.0):
        before, seen = told.copy(), []
        while True:
            out = np.empty(room), np.empty(room, np.int64), np.empty(room, int), np.empty(room, int), np.empty(room)
            n = kernels.collect_crossings(slots, until_s, start, length, enter_s, told, pool, leave_s, *out)
            seen += list(zip(*(column[:n].tolist() for column in out), strict=True))
            if n < room:
                break
        expected = []
        for slot in slots.tolist():
            links = pool[start[slot] : start[slot + 1]].tolist()
            times = [enter_s[slot], *leave_s[start[slot] : start[slot + 1]].tolist()]
            ends = zip(times, [-1, *links], [*links, -1], [times[0], *times], strict=False)
            whole = [(t, slot, a, b, t - since) for t, a, b, since in ends]
            expected += [row for k, row in enumerate(whole) if row[0] <= until_s and k >= before[slot]]
        assert seen == expected
    assert told[slots].tolist() == (length[slots] + 1).tolist()
    assert (told[[0, 4]] == 0).all()
