"""The planner of whole fleets against brute force, linear programming and an independent judge of plans."""

from __future__ import annotations

import itertools
import json
import math
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest
from scipy.optimize import linprog

from tests.benchmarks.plan_instances import planted
from tests.oracles.plan_checker import faults, has_timetable, raw_dial_a_ride, raw_pickup_delivery, route_cost
from twin.models.transit.planning.instances import read_dial_a_ride, read_pickup_delivery
from twin.models.transit.planning.problem import Problem, timetable
from twin.models.transit.planning.solver import Budget, solve

# Without compilation the hash of the draws overflows aloud, as it should.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
STEPS = 1_500


def dial_a_ride(seed, requests, vehicles, *, ride=25.0, duty=150.0, places=3, both_depots=True, width=30.0):
    """A small file whose windows, rides, places and duty all may bind."""
    rng = np.random.default_rng(seed)
    tasks = 2 * requests
    lines = [f"{vehicles} {requests if both_depots else tasks} {duty} {places} {ride}", "0 0 0 0 0 0 400"]
    loads = rng.integers(1, 3, requests)
    for k in range(tasks):
        windowed = (k < requests) == (k % 2 == 0)
        begin = rng.uniform(20, 120) if windowed else 0.0
        x, y = rng.uniform(-8, 8, 2)
        load = loads[k % requests] * (1 if k < requests else -1)
        lines.append(f"{k + 1} {x:.4f} {y:.4f} 2 {load} {begin:.3f} {begin + width if windowed else 400:.3f}")
    if both_depots:
        lines.append(f"{tasks + 1} 0 0 0 0 0 400")
    return "\n".join(lines)


def pickup_delivery(seed, requests, vehicles, *, width=100.0):
    rng = np.random.default_rng(seed)
    lines = [f"{vehicles} 20 1", "0 40 50 0 0 300 0 0 0"]
    for r in range(requests):
        pick, drop, load = 2 * r + 1, 2 * r + 2, rng.integers(5, 16)
        for node, sign in ((pick, 1), (drop, -1)):
            x, y = rng.uniform(20, 80, 2)
            begin = rng.uniform(0, 80) + 60 * (sign < 0)
            partner = f"0 {drop}" if sign > 0 else f"{pick} 0"
            lines.append(f"{node} {x:.3f} {y:.3f} {sign * load} {begin:.2f} {begin + width:.2f} 5 {partner}")
    return "\n".join(lines)


def cheapest_route(raw, picks, bound=math.inf):
    """Least cost of one vehicle that serves these requests, over all orders; inf if none keeps the rules."""
    best = [bound]

    def go_on(route, now, load, cost, waiting, aboard):
        here = route[-1] if route else raw.start
        if cost + sum(raw.nodes[node][2] for node in route) + raw.apart(here, raw.end) > raw.duty:
            return
        if not waiting and not aboard:
            total = cost + raw.apart(here, raw.end)
            if total < best[0] - 1e-9 and has_timetable(raw, route):
                best[0] = total
            return
        for node in sorted([*waiting, *(raw.pairs[p] for p in aboard)], key=lambda n: raw.apart(here, n)):
            _, _, _, places, early, late = raw.nodes[node]
            leave = max(now, raw.nodes[here][4]) + raw.nodes[here][2]
            begin = max(leave + raw.apart(here, node), early)
            longer = cost + raw.apart(here, node)
            if begin > late + 1e-9 or load + places > raw.capacity or longer + raw.apart(node, raw.end) >= best[0]:
                continue
            picked = node in raw.pairs
            go_on(
                [*route, node],
                begin,
                load + places,
                longer,
                [p for p in waiting if p != node],
                [*aboard, node] if picked else [p for p in aboard if raw.pairs[p] != node],
            )

    go_on([], -math.inf, 0.0, 0.0, list(picks), [])
    return best[0] if best[0] < bound else math.inf


def optimum(raw, *, fewest=False):
    """Least (vehicles if they count first, cost) that serves everybody, over all ways to share the requests out."""
    picks = list(raw.pairs)
    most = min(raw.vehicles, len(picks))
    sets = [c for n in range(1, len(picks) + 1) for c in itertools.combinations(range(len(picks)), n)]
    if most == 1:
        sets = [tuple(range(len(picks)))]
    cost = {frozenset(c): cheapest_route(raw, [picks[k] for k in c]) for c in sets}
    best = {(frozenset(), 0): 0.0}
    for used in range(1, most + 1):
        for done, before in [(s, value) for (s, n), value in best.items() if n == used - 1]:
            first = next((k for k in range(len(picks)) if k not in done), None)
            for chosen, more in cost.items():
                if first in chosen and not chosen & done and more < math.inf:
                    key = done | chosen, used
                    best[key] = min(best.get(key, math.inf), before + more)
    whole = [(n if fewest else 0, value) for (s, n), value in best.items() if len(s) == len(picks)]
    return min(whole)[1] if whole else math.inf


def answer_of(instance, plan):
    return [[int(instance.ids[node]) for node in route] for route in plan.routes]


@pytest.mark.parametrize(
    ("requests", "vehicles", "options"),
    [
        (5, 1, {"width": 100.0}),
        (6, 1, {"width": 100.0}),
        (5, 1, {"width": 100.0, "ride": 18.0}),
        (5, 1, {"width": 100.0, "ride": 1e3, "duty": 80.0}),
        (4, 2, {}),
        (5, 2, {"width": 80.0, "ride": 22.0, "duty": 95.0}),
        (4, 2, {"width": 60.0, "places": 2, "both_depots": False}),
    ],
)
def test_small_fleets_get_the_plan_that_brute_force_finds(requests, vehicles, options):
    feasible = 0
    for seed in range(5):
        text = dial_a_ride(seed, requests, vehicles, **options)
        raw, instance = raw_dial_a_ride(text), read_dial_a_ride(text)
        best = optimum(raw)
        plan = solve(instance.problem, Budget(steps=STEPS), seed=seed)
        if best == math.inf:
            assert plan.unserved.size > 0
            continue
        feasible += 1
        assert faults(raw, answer_of(instance, plan), plan.cost) == []
        assert plan.cost == pytest.approx(best, abs=1e-6)
    assert feasible > 0


def test_limits_of_ride_and_duty_bind_in_the_cases_above():
    def optima(**limits):
        return [optimum(raw_dial_a_ride(dial_a_ride(seed, 5, 1, width=100.0, **limits))) for seed in range(5)]

    free, ride, duty = optima(ride=1e3, duty=1e3), optima(ride=18.0, duty=1e3), optima(ride=1e3, duty=80.0)
    assert any(a < b for a, b in zip(free, ride, strict=True))
    assert any(a < b for a, b in zip(free, duty, strict=True))


def test_fewest_vehicles_come_before_least_driving():
    for seed in range(5):
        text = pickup_delivery(seed, 4, 4)
        raw, instance = raw_pickup_delivery(text), read_pickup_delivery(text)
        plan = solve(instance.problem, Budget(steps=STEPS), seed=seed, fewest_vehicles=True)
        assert faults(raw, answer_of(instance, plan), plan.cost) == []
        assert plan.cost == pytest.approx(optimum(raw, fewest=True), abs=1e-6)


def test_timetables_exist_exactly_where_a_linear_program_finds_one_and_are_the_earliest():
    rng = np.random.default_rng(7)
    found = missing = 0
    for _ in range(400):
        n = int(rng.integers(1, 6))
        xy = rng.uniform(0, 10, (2 * n + 1, 2))
        between = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
        early = np.append(rng.uniform(0, 60, 2 * n), 0.0)
        late = np.append(early[:-1] + rng.uniform(20, 80, 2 * n), 300.0)
        problem = Problem(
            between,
            early,
            late,
            np.append(rng.uniform(0, 3, 2 * n), 0.0),
            np.ones(n),
            rng.uniform(10, 40, n),
            6.0,
            float(rng.uniform(60, 120)),
            1,
        )
        order = rng.permutation(np.repeat(np.arange(n), 2))
        if rng.random() < 0.7:
            order = order[np.argsort(early[2 * order], kind="stable")]
        seen, route = set(), []
        for r in order:
            route.append(2 * int(r) + (r in seen))
            seen.add(r)
        times = timetable(problem, np.array(route))
        row = [2 * n, *route, 2 * n]
        rules, limits = [], []
        for k, (a, b) in enumerate(itertools.pairwise(row)):
            rules.append((k, k + 1, -problem.service[a] - between[a, b]))
        for r in range(n):
            pick = 1 + route.index(2 * r)
            rules.append((1 + route.index(2 * r + 1), pick, problem.ride_max[r] + problem.service[2 * r]))
        rules.append((len(row) - 1, 0, problem.duty_max))
        table = np.zeros((len(rules), len(row)))
        for line, (later, earlier, limit) in enumerate(rules):
            table[line, later], table[line, earlier] = 1.0, -1.0
            limits.append(limit)
        exact = linprog(np.ones(len(row)), table, limits, bounds=[(early[k], late[k]) for k in row])
        assert (times is not None) == (exact.status == 0)
        found, missing = found + (times is not None), missing + (times is None)
        if times is not None:
            np.testing.assert_allclose(times, exact.x, atol=1e-5)
    assert min(found, missing) > 40


@pytest.mark.parametrize(
    ("script", "text", "raw"),
    [
        ("solve_darp.py", dial_a_ride(3, 16, 4, duty=300.0), raw_dial_a_ride),
        ("solve_darp.py", dial_a_ride(4, 16, 4, duty=300.0, places=4, both_depots=False), raw_dial_a_ride),
        ("solve_pdptw.py", pickup_delivery(5, 16, 16), raw_pickup_delivery),
    ],
    ids=["dial-a-ride", "dial-a-ride, one depot line", "pick-up and delivery"],
)
def test_printed_answers_stand_before_an_independent_judge(tmp_path, script, text, raw):
    file = tmp_path / "case.txt"
    file.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / script), str(file), "--seconds", "1", "--json"],
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    answer = json.loads(done.stdout)
    assert faults(raw(text), answer["routes"], answer["cost"]) == []
    assert answer["vehicles"] == len(answer["routes"])
    assert answer["cpu_s"] == pytest.approx(1.0, abs=0.2)


@pytest.mark.skipif(numba.config.DISABLE_JIT != 0, reason="thousands of steps take the compiler")
@pytest.mark.parametrize("kind", ["R", "C", "RC"])
@pytest.mark.parametrize("long", [False, True])
def test_a_plan_known_to_serve_everybody_is_equalled_or_bettered(kind, long):
    drawn = planted(7, kind, long=long, share=0.5, width=40.0, tasks=60)
    raw, instance = raw_pickup_delivery(drawn.text), read_pickup_delivery(drawn.text)
    known = sum(route_cost(raw, route) for route in drawn.routes)
    # The judge, who shares no code with the generator, finds the planted plan whole.
    assert faults(raw, drawn.routes, known) == []
    plan = solve(instance.problem, Budget(steps=2 * STEPS), seed=1, fewest_vehicles=True)
    assert faults(raw, answer_of(instance, plan), plan.cost) == []
    assert len(plan.routes) <= len(drawn.routes)
    assert len(plan.routes) < len(drawn.routes) or plan.cost <= known + 1e-6


def test_the_judge_sees_each_kind_of_fault():
    text = dial_a_ride(3, 4, 4)
    raw, instance = raw_dial_a_ride(text), read_dial_a_ride(text)
    plan = solve(instance.problem, Budget(steps=STEPS))
    routes = answer_of(instance, plan)
    assert faults(raw, routes, plan.cost) == []
    assert faults(raw, routes, plan.cost + 1.0)
    assert faults(raw, routes[1:], sum(route_cost(raw, route) for route in routes[1:]))
    turned = [route[::-1] for route in routes]
    assert faults(raw, turned, plan.cost)
    # All in one vehicle, each ridden alone: far too late for the windows.
    alone = [[node for pick, drop in raw.pairs.items() for node in (pick, drop)]]
    assert "route 0: no timetable" in faults(raw, alone, route_cost(raw, alone[0]))
