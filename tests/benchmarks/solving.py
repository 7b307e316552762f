"""What the two solvers of static problems share: the command line, the clock and the printed answer."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from twin.models.transit.planning.solver import Budget, solve

#: Steps of a first call that is not counted: it loads or compiles the kernels.
_WARM_STEPS = 2


def main(text, read, *, fewest_vehicles):
    parser = argparse.ArgumentParser(description=text.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--seconds", type=float, default=30.0, help="CPU-seconds of search")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    try:
        budget = Budget(seconds=args.seconds)
        instance = read(args.file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        print(f"{args.file.name}: {fault}", file=sys.stderr)
        return 2
    solve(instance.problem, Budget(steps=_WARM_STEPS), fewest_vehicles=fewest_vehicles)
    began = time.process_time()
    plan = solve(instance.problem, budget, seed=args.seed, fewest_vehicles=fewest_vehicles)
    answer = {
        "cost": plan.cost,
        "vehicles": len(plan.routes),
        "routes": [[int(instance.ids[node]) for node in route] for route in plan.routes],
        "unserved": [int(instance.ids[2 * r]) for r in plan.unserved],
        "cpu_s": time.process_time() - began,
    }
    print(json.dumps(answer) if args.json else "\n".join(f"{key}: {value}" for key, value in answer.items()))
    return 0 if not plan.unserved.size else 1
