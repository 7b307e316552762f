"""Plans of whole fleets on instances of our own, shaped like the public ones; no optimum of them is known.

Run:  python tests/benchmarks/bench_plans.py                  # the rows of the table in models/transit/README.md
      python tests/benchmarks/bench_plans.py --case ride30_5 --json
      python tests/benchmarks/bench_plans.py --gaps 30          # CPU-seconds a run: plans beside planted ones, by kind

The budget is counted in steps, so that the same seed gives the same cost on any machine; CPU-seconds stand beside it.
Gaps are over the best cost that any seed found with the fewest vehicles.
"""

from __future__ import annotations

import argparse
import json
import time
from functools import partial

import numpy as np
from plan_instances import DAYS, planted, tight_rides

from twin.models.transit.planning.instances import read_dial_a_ride, read_pickup_delivery
from twin.models.transit.planning.solver import Budget, solve

STEPS = 60_000
SEEDS = (1, 2)


def rides(seed, requests, vehicles, *, ride, places, horizon, loads=(1, 1), service=3.0, width=15.0):
    """Doors drawn evenly in a square of 20 km, a window of departure or of arrival by turns; speed 1 km/min."""
    luck = np.random.default_rng(seed)
    lines = [f"{vehicles} {requests} {horizon} {places} {ride}", f"0 0 0 0 0 0 {horizon}"]
    door = luck.uniform(-10.0, 10.0, (2 * requests, 2))
    load = luck.integers(loads[0], loads[1] + 1, requests)
    for k in range(2 * requests):
        windowed = (k < requests) == (k % 2 == 0)
        begin = luck.uniform(60.0, horizon - 60.0) if windowed else 0.0
        end = begin + width if windowed else horizon
        amount = load[k % requests] * (1 if k < requests else -1)
        lines.append(f"{k + 1} {door[k, 0]:.3f} {door[k, 1]:.3f} {service} {amount} {begin:.2f} {end:.2f}")
    return read_dial_a_ride("\n".join([*lines, f"{2 * requests + 1} 0 0 0 0 0 {horizon}"]))


def parcels(seed, requests, vehicles):
    """Windows around the moments at which a drawn plan of so many vehicles would be there."""
    luck = np.random.default_rng(seed)
    point = {0: np.array([40.0, 50.0])}
    rows = {}
    for r in range(requests):
        pick, drop = 2 * r + 1, 2 * r + 2
        point[pick], point[drop] = luck.uniform(0.0, 100.0, 2), luck.uniform(0.0, 100.0, 2)
        rows[pick], rows[drop] = [10, 0, drop], [-10, pick, 0]
    for vehicle in range(vehicles):
        here, now = 0, 0.0
        for r in range(vehicle, requests, vehicles):
            for node in (2 * r + 1, 2 * r + 2):
                now += float(np.hypot(*(point[node] - point[here])))
                rows[node] += [max(now - 60.0, 0.0), now + 60.0]
                here, now = node, now + 10.0
    lines = [f"{2 * vehicles} 200 1", "0 40 50 0 0 2000 0 0 0"]
    for node in sorted(rows):
        load, pick, drop, begin, end = rows[node]
        x, y = point[node]
        lines.append(f"{node} {x:.3f} {y:.3f} {load} {begin:.2f} {end:.2f} 10 {pick} {drop}")
    return read_pickup_delivery("\n".join(lines))


CASES = {
    "ride30_5": ("rides of 30 minutes, 5 vans", 60, lambda n: rides(1, n, 5, ride=30, places=3, horizon=720)),
    "ride30_8": ("rides of 30 minutes, 8 vans", 96, lambda n: rides(2, n, 8, ride=30, places=3, horizon=720)),
    "ride90_9": ("rides of 90 minutes, 9 vans", 96, lambda n: rides(3, n, 9, ride=90, places=6, horizon=720)),
    "ride90_13": ("rides of 90 minutes, 13 vans", 144, lambda n: rides(4, n, 13, ride=90, places=6, horizon=720)),
    "parcels": ("parcels, drawn around a plan of 11 vehicles", 40, lambda n: parcels(5, n, 11)),
}


#: Kinds of planted plans: windows from tight to wide, on some or on all tasks.
WINDOWS = ((1.0, 10.0), (0.5, 30.0), (0.5, 120.0), (0.25, 60.0))
#: Dial-a-ride: label, and how one is drawn.
RIDES = {
    "rides of 30 minutes, 4 vans, 48": lambda: rides(11, 48, 4, ride=30, places=3, horizon=480),
    "rides of 30 minutes, 8 vans, 96": lambda: rides(12, 96, 8, ride=30, places=3, horizon=720),
    "rides of 90 minutes, 8 vans, 108, tight": lambda: read_dial_a_ride(tight_rides(2, 108, 8)),
    "rides of 90 minutes, 11 vans, 144, tight": lambda: read_dial_a_ride(tight_rides(1, 144, 11)),
}


def planted_row(kind, long, budget):
    """How often the vehicles of planted plans are enough, and the costs of seeds beside the best of them."""
    reached, over = [], []
    for number, (share, width) in enumerate(WINDOWS, 1):
        drawn = planted(number, kind, long=long, share=share, width=width * (4.0 if long else 1.0))
        problem = read_pickup_delivery(drawn.text).problem
        plans = [solve(problem, budget, seed=seed, fewest_vehicles=True) for seed in SEEDS]
        counts = [len(plan.routes) + len(plan.unserved) for plan in plans]
        reached += [count <= len(drawn.routes) for count in counts]
        costs = [plan.cost for plan, count in zip(plans, counts, strict=True) if count == min(counts)]
        over += [cost / min(costs) - 1.0 for cost in costs]
    return f"| {kind}, {'long' if long else 'short'} day | {sum(reached)} of {len(reached)} | {_shares(over)} |"


def rides_row(label, budget):
    """The same of dial-a-ride, where the vans are given."""
    plans = [solve(RIDES[label]().problem, budget, seed=seed) for seed in SEEDS]
    costs = [plan.cost for plan in plans if not len(plan.unserved)]
    return f"| {label} | {len(costs)} of {len(plans)} | {_shares([cost / min(costs) - 1.0 for cost in costs])} |"


#: Rows of the table of gaps.
GAPS = {
    **{f"{kind}_{'long' if long else 'short'}": partial(planted_row, kind, long) for kind, long in DAYS},
    **{f"rides_{n}": partial(rides_row, label) for n, label in enumerate(RIDES, 1)},
}


def _shares(over):
    return f"{100 * np.mean(over):.2f} % | {100 * max(over):.2f} %"


def run(case):
    """Cost, vehicles, requests unserved and CPU-seconds of each seed."""
    _, requests, make = CASES[case]
    problem = make(requests).problem
    fewest = case == "parcels"
    solve(problem, Budget(steps=2), fewest_vehicles=fewest)
    out = []
    for seed in SEEDS:
        began = time.process_time()
        plan = solve(problem, Budget(steps=STEPS), seed=seed, fewest_vehicles=fewest)
        out.append(
            {"seed": seed, "cost": round(plan.cost, 1), "vehicles": len(plan.routes),
             "unserved": len(plan.unserved), "cpu_s": time.process_time() - began}
        )  # fmt: skip
    return out


def row(case, found):
    """A line of the table."""
    label, requests, _ = CASES[case]
    costs = ", ".join(f"{one['cost']:,.1f}" for one in found)
    used = ", ".join(dict.fromkeys(str(one["vehicles"]) for one in found))
    lost = max(one["unserved"] for one in found)
    return f"| {label} | {requests} | {costs} | {used} |" + (f" {lost} unserved" if lost else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", choices=[*CASES, *GAPS, "all"], default="all")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--gaps", type=float, metavar="SECONDS", help="CPU-seconds of each run")
    args = parser.parse_args()
    if args.gaps:
        for case in GAPS if args.case == "all" else [args.case]:
            print(GAPS[case](Budget(seconds=args.gaps)), flush=True)
        return
    for case in CASES if args.case == "all" else [args.case]:
        found = run(case)
        print(json.dumps({"case": case, "seeds": found}) if args.json else row(case, found), flush=True)


if __name__ == "__main__":
    main()
