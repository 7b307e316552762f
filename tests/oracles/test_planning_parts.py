"""Parts of the planner of whole fleets against the obvious: rows as lists, all places of a request, plans as sets.

What a step takes out, and in which order it comes back, is drawn: these tests hold whatever is drawn to its rules.
"""

from __future__ import annotations

import itertools
import math

import numba
import numpy as np
import pytest

from twin.engine.draws import make_stream, uniform
from twin.models.transit.planning.kernels import improvement, insertion, rows

pytestmark = [
    pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning"),
    pytest.mark.skipif(numba.config.DISABLE_JIT == 0, reason="compiled, these are only parts of other kernels"),
]

STREAM = make_stream(np.uint64(5), "test.planning")
REQUESTS, ROWS, ROOM = 7, 4, 2 * 7 + 2
DEPOT = 2 * REQUESTS


class Fleet:
    """A problem and a plan that keeps all its rules; some requests are left out."""

    def __init__(self, seed, *, limited=True, whole=False):
        luck = self.luck = np.random.default_rng(seed)
        xy = luck.uniform(0, 10, (DEPOT + 1, 2))
        self.between = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
        if whole:
            # Whole numbers, so that windows and limits are often just kept.
            xy = luck.integers(0, 5, (DEPOT + 1, 2)).astype(float)
            self.between = np.abs(xy[:, None] - xy[None]).sum(axis=2)
        self.early = np.append(luck.uniform(0, 60, DEPOT), 0.0)
        self.late = np.append(self.early[:-1] + luck.uniform(10, 120, DEPOT), 250.0)
        self.service = np.append(luck.uniform(0, 3, DEPOT), 0.0)
        if whole:
            self.early, self.late, self.service = self.early.round(), self.late.round(), self.service.round()
        self.load = luck.integers(1, 4, REQUESTS).astype(float)
        self.capacity = 5.0
        self.limited = limited
        self.ride_max = luck.uniform(8, 40, REQUESTS) if limited else np.full(REQUESTS, np.inf)
        self.duty_max = float(luck.uniform(60, 150)) if limited else np.inf
        if whole:
            self.ride_max, self.duty_max = self.ride_max.round(), float(np.round(self.duty_max))
        self.seq = np.full((ROWS, ROOM), DEPOT, np.int64)
        self.size = np.zeros(ROWS, np.int64)
        self.home = np.full(REQUESTS, -1, np.int64)
        for r in luck.permutation(REQUESTS)[: luck.integers(0, REQUESTS + 1)].tolist():
            row = int(luck.integers(0, ROWS - 1))
            places = [(i, j) for i, j in self.places(row) if self.holds(self.with_in(row, r, i, j))]
            if places:
                i, j = places[luck.integers(len(places))]
                rows.put(row, r, i, j, self.seq, self.size)
                self.home[r] = row
        self.start, self.latest, self.aboard = (np.zeros((ROWS, ROOM)) for _ in range(3))
        for row in range(ROWS):
            self.refresh(row)

    def refresh(self, row):
        rows.refresh(
            row, self.seq, self.size, self.start, self.latest, self.aboard, self.between, self.early, self.late,
            self.service, self.load,
        )  # fmt: skip

    def row(self, row):
        return self.seq[row, : self.size[row] + 2].tolist()

    def places(self, row):
        return list(itertools.combinations_with_replacement(range(self.size[row] + 1), 2))

    def with_in(self, row, r, i, j):
        tasks = self.row(row)
        return [*tasks[: i + 1], 2 * r, *tasks[i + 1 : j + 1], 2 * r + 1, *tasks[j + 1 :]]

    def times(self, tasks):
        """Earliest timetable that keeps windows and limits, following rules until nothing moves; None without one."""
        at = [self.early[node] for node in tasks]
        for _ in range(200):
            was = list(at)
            for k in range(1, len(tasks)):
                a, b = tasks[k - 1], tasks[k]
                at[k] = max(at[k], at[k - 1] + self.service[a] + self.between[a, b])
            at[0] = max(at[0], at[-1] - self.duty_max)
            for k, node in enumerate(tasks[1:-1], 1):
                if node % 2:
                    pick = tasks.index(node - 1)
                    at[pick] = max(at[pick], at[k] - self.ride_max[node // 2] - self.service[node - 1])
            if any(t > self.late[node] + 1e-6 for t, node in zip(at, tasks, strict=True)):
                return None
            if max(abs(a - b) for a, b in zip(at, was, strict=True)) < 1e-9:
                return at
        return None

    def holds(self, tasks):
        aboard = np.cumsum([0.0] + [self.load[n // 2] * (1 - 2 * (n % 2)) for n in tasks[1:-1]])
        return aboard.max() <= self.capacity + 1e-9 and self.times(tasks) is not None

    def cost(self, tasks):
        return sum(self.between[a, b] for a, b in itertools.pairwise(tasks)) if len(tasks) > 2 else 0.0

    def total(self):
        return sum(self.cost(self.row(row)) for row in range(ROWS))

    def assert_sound(self, seq=None, size=None, home=None):
        seq, size, home = (self.seq, self.size, self.home) if seq is None else (seq, size, home)
        for row in range(ROWS):
            tasks = seq[row, : size[row] + 2].tolist()
            assert tasks[0] == tasks[-1] == DEPOT
            assert sorted(tasks[1:-1]) == sorted(n for r in np.flatnonzero(home == row) for n in (2 * r, 2 * r + 1))
            assert self.holds(tasks)

    def scratch(self):
        return np.empty(ROOM + 4, np.int64), np.full(DEPOT + 1, -1, np.int64), np.empty(ROOM + 4)

    def best_in_row(self, row, r, best, blink=0.0, step=0, drawn=0):
        return insertion.best_in_row(
            row, r, best, self.seq, self.size, self.start, self.latest, self.aboard, self.between, self.early,
            self.late, self.service, self.load, self.ride_max, self.capacity, self.duty_max, self.limited, blink,
            STREAM, np.uint64(step), drawn, *self.scratch(),
        )  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_rows_are_lists_with_times_loads_and_costs(seed):
    fleet = Fleet(seed, whole=seed % 2 == 1)
    trial, place, times = fleet.scratch()
    for row in range(ROWS):
        tasks = fleet.row(row)
        count = len(tasks)
        assert rows.row_cost(row, fleet.seq, fleet.size, fleet.between) == pytest.approx(fleet.cost(tasks))
        # Without limits: the earliest beginnings forward, the latest backward.
        free = Fleet(seed, limited=False, whole=seed % 2 == 1)
        at = free.times(tasks)
        assert fleet.start[row, :count] == pytest.approx(at)
        for k in range(count):
            free.early = fleet.early.copy()
            free.early[tasks[k]] = fleet.latest[row, k] - 1e-7
            assert k in (0, count - 1) or free.times(tasks) is not None
            free.early[tasks[k]] = fleet.latest[row, k] + 1e-4
            assert k in (0, count - 1) or free.times(tasks) is None
        back = fleet.service[tasks[0]] + fleet.between[tasks[0], tasks[1]]
        assert fleet.latest[row, 0] == pytest.approx(min(fleet.late[DEPOT], fleet.latest[row, 1] - back))
        assert fleet.latest[row, count - 1] == fleet.late[DEPOT]
        aboard = np.cumsum([0.0] + [fleet.load[n // 2] * (1 - 2 * (n % 2)) for n in tasks[1:-1]])
        assert fleet.aboard[row, : count - 1] == pytest.approx(aboard)
        for _ in range(30):
            mixed = fleet.luck.permutation(REQUESTS)[: fleet.luck.integers(1, 4)].tolist()
            order = []
            for r in fleet.luck.permutation(mixed * 2).tolist():
                order.append(2 * r + (2 * r in order))
            trial[: len(order) + 2] = [DEPOT, *order, DEPOT]
            rules = fleet.between, fleet.early, fleet.late, fleet.service, fleet.ride_max, fleet.duty_max
            found = rows.find_times(trial, len(order) + 2, *rules, place, times)
            exact = fleet.times([DEPOT, *order, DEPOT])
            assert found == (exact is not None)
            if found:
                assert times[: len(order) + 2] == pytest.approx(exact, abs=1e-6)
    for r in range(REQUESTS):
        if fleet.home[r] >= 0:
            row = int(fleet.home[r])
            left = [n for n in fleet.row(row) if n == DEPOT or n // 2 != r]
            rows.take(row, r, fleet.seq, fleet.size)
            assert fleet.row(row) == left
            for i, j in fleet.places(row):
                changed = fleet.with_in(row, r, i, j)
                rows.put(row, r, i, j, fleet.seq, fleet.size)
                assert fleet.row(row) == changed
                rows.take(row, r, fleet.seq, fleet.size)
                assert fleet.row(row) == left
    other, sizes = np.zeros_like(fleet.seq), np.zeros_like(fleet.size)
    rows.copy_row(1, fleet.seq, fleet.size, other, sizes)
    assert (other[1, : sizes[1] + 2].tolist(), sizes.tolist()) == (fleet.row(1), [0, int(fleet.size[1]), 0, 0])
    assert (other[[0, 2, 3]] == 0).all()


@pytest.mark.parametrize(("limited", "whole"), [(True, False), (True, True), (False, True)])
@pytest.mark.parametrize("seed", range(25))
def test_the_cheapest_pair_of_places_of_a_row_is_found(seed, limited, whole):
    fleet = Fleet(100 + seed, limited=limited, whole=whole)
    for r in np.flatnonzero(fleet.home < 0).tolist():
        for row in range(ROWS):
            tasks = fleet.row(row)
            costs = {}
            for i, j in fleet.places(row):
                changed = fleet.with_in(row, r, i, j)
                if fleet.holds(changed):
                    costs[i, j] = sum(fleet.between[a, b] for a, b in itertools.pairwise(changed)) - sum(
                        fleet.between[a, b] for a, b in itertools.pairwise(tasks)
                    )
            cost, i, j, drawn = fleet.best_in_row(row, r, np.inf)
            assert ((i, j) in costs, drawn) == (bool(costs), 0)
            if costs:
                assert cost == pytest.approx(min(costs.values())) == pytest.approx(costs[i, j])
                # Only what is cheaper than what is known already counts.
                assert fleet.best_in_row(row, r, cost) == (cost, -1, -1, 0)
                assert fleet.best_in_row(row, r, cost + 1e-3)[1:3] == (i, j)
            else:
                assert (cost, i, j) == (np.inf, -1, -1)
            # Left out by chance, place by place: one number each for those in time and with room.
            cost, i, j, drawn = fleet.best_in_row(row, r, np.inf, 0.5, seed, 3)
            assert 3 <= drawn <= 3 + len(tasks) - 1
            seen = [uniform(STREAM, np.uint64(seed), k) >= 0.5 for k in range(4, drawn + 1)]
            open_ = [
                k
                for k in range(len(tasks) - 1)
                if fleet.start[row, k] + fleet.service[tasks[k]] + fleet.between[tasks[k], 2 * r]
                <= fleet.late[2 * r] + 1e-7
                and fleet.aboard[row, k] + fleet.load[r] <= fleet.capacity + 1e-7
            ]
            assert len(open_) == len(seen)
            left = {key: value for key, value in costs.items() if dict(zip(open_, seen, strict=True)).get(key[0])}
            assert ((i, j) in left) == bool(left)
            assert cost == (pytest.approx(min(left.values())) if left else np.inf)


@pytest.mark.parametrize("seed", range(10))
def test_the_pool_keeps_the_cheapest_row_of_each_set_and_gives_room_to_better_plans(seed):
    fleet = Fleet(200 + seed)
    luck = fleet.luck
    codes = luck.integers(1, 1 << 62, REQUESTS).astype(np.uint64)
    for slots in (512, 24):
        pool, pool_cost = np.full((slots, ROOM), -2, np.int16), np.zeros(slots)
        pool_plan, pool_code = np.zeros(slots), np.zeros(slots, np.uint64)
        best: dict[frozenset[int], tuple[float, float]] = {}
        for _ in range(120):
            who = luck.permutation(REQUESTS)[: luck.integers(1, 5)].tolist()
            order = []
            for r in luck.permutation(who * 2).tolist():
                order.append(2 * r + (2 * r in order))
            fleet.seq[0, : len(order) + 2], fleet.size[0] = [DEPOT, *order, DEPOT], len(order)
            plan_cost, cost = float(luck.integers(10, 99)), fleet.cost([DEPOT, *order, DEPOT])
            was = pool_plan.copy(), pool_code.copy()
            rows.remember(
                0, fleet.seq, fleet.size, fleet.between, plan_cost, pool, pool_cost, pool_plan, pool_code, codes
            )
            key = frozenset(who)
            known = best.get(key, (np.inf, np.inf))
            best[key] = min(known[0], cost), min(known[1], plan_cost)
            changed = np.flatnonzero((pool_code != was[1]) & (was[1] != 0))
            # A row gives way only to one of a better plan.
            assert (was[0][changed] > pool_plan[changed]).all()
        held = {}
        for slot in np.flatnonzero(pool_code).tolist():
            nodes = pool[slot, : pool[slot].tolist().index(-1)].tolist()
            key = frozenset(n // 2 for n in nodes)
            assert key not in held
            assert pool_code[slot] == sum((codes[r] for r in key), np.uint64(0))
            assert pool_cost[slot] == pytest.approx(fleet.cost([DEPOT, *nodes, DEPOT]))
            held[key] = pool_cost[slot], pool_plan[slot]
        if slots == 512:
            assert held == {key: (pytest.approx(cost), plan) for key, (cost, plan) in best.items()}
        else:
            assert len(held) > slots / 2


def near_of(fleet):
    order = np.argsort(fleet.between[:DEPOT, :DEPOT], axis=1, kind="stable")
    return np.ascontiguousarray(order[None])


def ruin(fleet, step, removed_mean=4.0):
    out, touched = np.empty(REQUESTS, np.int64), np.ones(ROWS, np.bool_)
    taken, drawn = improvement._ruin(
        ROWS, near_of(fleet), removed_mean, out, touched, fleet.seq, fleet.size, fleet.home, fleet.start, fleet.latest,
        fleet.aboard, fleet.between, fleet.early, fleet.late, fleet.service, fleet.load, STREAM, np.uint64(step), 0,
    )  # fmt: skip
    return out, touched, taken, drawn


@pytest.mark.parametrize("seed", range(30))
def test_strings_of_neighbours_leave_their_rows_and_the_rest_stays_as_it_was(seed):
    fleet = Fleet(300 + seed)
    before = [fleet.row(row) for row in range(ROWS)]
    missing = set(np.flatnonzero(fleet.home < 0).tolist())
    out, touched, taken, _ = ruin(fleet, seed)
    gone = out[:taken].tolist()
    assert len(set(gone)) == len(gone)
    assert missing <= set(gone) == set(np.flatnonzero(fleet.home < 0).tolist())
    assert bool(touched.any()) == (len(missing) < REQUESTS)
    for row in range(ROWS):
        assert fleet.row(row) == [n for n in before[row] if n == DEPOT or n // 2 not in gone]
        left = {n // 2 for n in before[row] if n != DEPOT and n // 2 in gone}
        assert bool(touched[row]) == bool(left)
        held = [k for k, n in enumerate(before[row]) if n != DEPOT and n // 2 in left]
        assert not left or held[0] >= 1
        # What times and loads say of a row is what they would say of it anew.
        said = fleet.start[row].copy(), fleet.latest[row].copy(), fleet.aboard[row].copy()
        fleet.refresh(row)
        count = fleet.size[row] + 2
        for was, now in zip(said, (fleet.start, fleet.latest, fleet.aboard), strict=True):
            assert was[:count].tolist() == now[row, :count].tolist()


@pytest.mark.parametrize("keep", [0, 1])
def test_a_string_is_as_long_as_asked_holds_its_task_and_lies_anywhere_that_does(keep):
    """A row of ten tasks of which each request's two stand side by side, so that places can be read off."""
    firsts, kept_lengths = set(), set()
    for step in range(300):
        seq = np.full((1, ROOM), DEPOT, np.int64)
        seq[0, 1:11] = range(10)
        size, home = np.array([10]), np.zeros(REQUESTS, np.int64)
        out = np.empty(REQUESTS, np.int64)
        node, length = 4, 4
        taken, drawn = improvement._take_string(
            0, node, length, keep, 0, out, seq, size, home, STREAM, np.uint64(step), 0
        )
        gone = sorted(out[:taken].tolist())
        assert (home[gone] == -1).all()
        assert len(set(gone)) == taken
        # Tasks 1 to 10 stand at their number and one; a string of four from `first` on touches these requests.
        if keep == 0:
            strings = {f: sorted({(k - 1) // 2 for k in range(f, f + 4)}) for f in range(2, 6)}
            assert gone in strings.values()
            firsts |= {f for f, who in strings.items() if who == gone}
            assert drawn == 1
        else:
            spans = {(f, m, k) for m in range(5) for f in range(2, 6) for k in range(f, f + 4) if f + 4 + m <= 11}
            possible = {
                (m, tuple(sorted({(p - 1) // 2 for p in range(f, f + 4 + m) if not k <= p < k + m})))
                for f, m, k in spans
            }
            assert tuple(gone) in {who for _, who in possible}
            kept_lengths |= {m for m, who in possible if who == tuple(gone)}
        rest = [n for n in range(10) if n // 2 not in gone]
        assert seq[0, 1 : size[0] + 1].tolist() == rest
    assert keep or firsts == {2, 3, 4, 5}
    assert not keep or kept_lengths >= {1, 2, 3, 4}


def test_requests_come_back_in_six_orders_as_often_as_said():
    fleet = Fleet(7)
    tightness = np.random.default_rng(1).permutation(REQUESTS).astype(float)
    fleet.load = np.array([3.0, 1.0, 2.0, 5.0, 4.0, 7.0, 6.0])
    pick, drop = np.arange(0, DEPOT, 2), np.arange(1, DEPOT, 2)
    near = fleet.between[DEPOT, pick] + fleet.between[pick, drop]
    orders = {
        "load": np.argsort(-fleet.load), "far": np.argsort(-near), "near": np.argsort(near),
        "tight": np.argsort(tightness), "early": np.argsort(fleet.early[pick]),
    }  # fmt: skip
    seen = dict.fromkeys([*orders, "chance"], 0)
    steps = 1500
    for step in range(steps):
        out, keys = np.arange(REQUESTS), np.empty(REQUESTS)
        improvement._put_in_order(
            REQUESTS, out, keys, fleet.between, fleet.early, fleet.load, tightness, STREAM, np.uint64(step), 0
        )
        assert sorted(out.tolist()) == list(range(REQUESTS))
        seen[next((name for name, order in orders.items() if (order == out).all()), "chance")] += 1
    shares = {"chance": 0.35, "load": 0.1, "far": 0.15, "near": 0.05, "tight": 0.2, "early": 0.15}
    for name, share in shares.items():
        assert abs(seen[name] - share * steps) < 4.5 * math.sqrt(steps * share * (1 - share)), name


@pytest.mark.parametrize("seed", range(15))
def test_requests_come_back_one_by_one_where_they_are_cheapest(seed, monkeypatch):
    monkeypatch.setattr(improvement, "_BLINK", 0.0)
    monkeypatch.setattr(improvement, "_BLINK_MORE", 0.0)
    fleet = Fleet(400 + seed)
    out = fleet.luck.permutation(np.flatnonzero(fleet.home < 0))
    twin = [fleet.row(row) for row in range(ROWS)]
    expected, missing = {}, 0
    for r in out.tolist():
        ways = [
            (fleet.cost(changed) - fleet.cost(twin[row]), row, changed)
            for row in range(ROWS)
            for i, j in itertools.combinations_with_replacement(range(len(twin[row]) - 1), 2)
            for changed in [[*twin[row][: i + 1], 2 * r, *twin[row][i + 1 : j + 1], 2 * r + 1, *twin[row][j + 1 :]]]
            if fleet.holds(changed)
        ]
        if ways:
            _, row, twin[row] = min(ways, key=lambda way: way[:2])
            expected[r] = row
        else:
            missing += 1
    touched = np.zeros(ROWS, np.bool_)
    padded = np.concatenate([out, np.full(REQUESTS - len(out), -9)])
    left, _ = improvement._recreate(
        ROWS, len(out), padded, touched, fleet.seq, fleet.size, fleet.home, fleet.start, fleet.latest, fleet.aboard,
        fleet.between, fleet.early, fleet.late, fleet.service, fleet.load, fleet.ride_max, fleet.capacity,
        fleet.duty_max, True, STREAM, np.uint64(1), 0, *fleet.scratch(),
    )  # fmt: skip
    assert left == missing
    assert [fleet.row(row) for row in range(ROWS)] == twin
    assert {r: int(fleet.home[r]) for r in expected} == expected
    assert set(np.flatnonzero(touched).tolist()) == set(expected.values())
    fleet.assert_sound()
    assert improvement._measure(ROWS, fleet.seq, fleet.size, fleet.home, fleet.between) == (
        pytest.approx(fleet.total()),
        missing,
    )
    absences = np.arange(1.0, REQUESTS + 1)
    assert improvement._sum_absences(fleet.home, absences) == absences[fleet.home < 0].sum()


class Search:
    """A fleet under improvement, with all that the kernel keeps."""

    def __init__(self, seed, *, limited=True):
        self.fleet = fleet = Fleet(seed, limited=limited)
        self.best = fleet.seq.copy(), fleet.size.copy(), fleet.home.copy()
        self.absences = np.zeros(REQUESTS)
        self.pool = (np.full((64, ROOM), -1, np.int16), np.zeros(64), np.zeros(64), np.zeros(64, np.uint64))
        self.codes = np.random.default_rng(seed).integers(1, 1 << 62, REQUESTS).astype(np.uint64)

    def run(self, steps, first, heat, *, shrink=False):
        f = self.fleet
        return improvement.improve(
            f.between, f.early, f.late, f.service, f.load, f.ride_max, f.capacity, f.duty_max, near_of(f),
            f.late[0:DEPOT:2] - f.early[0:DEPOT:2], f.seq, f.size, f.home, self.absences, *self.best, *self.pool,
            self.codes, ROWS, 4.0, steps, first, heat, shrink, STREAM,
        )  # fmt: skip

    def standing(self, seq, size, home):
        cost, missing = improvement._measure(ROWS, seq, size, home, self.fleet.between)
        return missing, cost


@pytest.mark.parametrize("seed", range(8))
def test_steps_keep_every_rule_the_best_plan_only_gets_better(seed):
    one = Search(500 + seed)
    best = one.standing(*one.best)
    absent = np.zeros(REQUESTS)
    for step in range(40):
        heat = 0.0 if step < 20 else 5.0
        before = one.standing(one.fleet.seq, one.fleet.size, one.fleet.home)
        assert one.run(1, step, heat) == 1
        one.fleet.assert_sound()
        one.fleet.assert_sound(*one.best)
        now, new_best = one.standing(one.fleet.seq, one.fleet.size, one.fleet.home), one.standing(*one.best)
        assert new_best <= best
        assert new_best[0] < now[0] or new_best[1] <= now[1] + 1e-6 or new_best <= now
        # Without heat a plan that serves everybody never gets dearer.
        assert heat or before[0] or (now[0] == 0 and now[1] <= before[1] + 1e-9)
        assert (one.absences >= absent).all()
        best, absent = new_best, one.absences.copy()
    for slot in np.flatnonzero(one.pool[3]).tolist():
        nodes = one.pool[0][slot, : one.pool[0][slot].tolist().index(-1)].tolist()
        assert one.fleet.holds([DEPOT, *nodes, DEPOT])
        # Rows of plans not much dearer than the best of their time.
        assert one.pool[2][slot] >= best[1] - 1e-9


def test_a_search_for_fewer_vehicles_stops_when_everybody_is_served():
    stopped = 0
    for seed in range(600, 612):
        search = Search(seed, limited=False)
        start = search.standing(*search.best)
        done = search.run(60, 0, 0.1, shrink=True)
        missing = search.standing(*search.best)[0]
        assert done == 60 or missing == 0
        if done < 60 and start[0] > 0:
            stopped += 1
            again = Search(seed, limited=False)
            again.run(done - 1, 0, 0.1)
            assert again.standing(*again.best)[0] > 0
    assert stopped > 2
