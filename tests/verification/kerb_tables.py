"""Figures of the kerb's README: the shipped scenario, pair by pair, each replication in every variant.

Run:  python -m tests.verification.kerb_tables [--pairs 20] [--begin 0] [--rows FILE] [--at-most RUNS]

Rows that stand in FILE are not done again, so that a table can be made bit by bit.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from twin import api
from twin.results.verdicts import interval_of
from twin.simulate import simulate

SCENARIO = Path(__file__).resolve().parents[2] / "scenarios" / "midosuji_kerb.yaml"
SHOWN = {
    ("kerb.blocked_lane_min", "all"): "blocked lane min",
    ("kerb.lane_stand_min", "all"): "vehicle min in lanes",
    ("kerb.in_lane_count", "all"): "stands in lane",
    ("kerb.overstay_share", "all"): "overstay share",
    ("kerb.turned_away_count", "all"): "turned away",
    ("kerb.cut_short_count", "all"): "cut short",
    ("kerb.occupancy_share", "all"): "occupancy",
    ("kerb.search_mean_min", "all"): "search min",
    ("kerb.staff_h", "all"): "staff h",
    ("road.delay_mean_s", "car"): "delay car s",
    ("road.delay_mean_s", "van"): "delay van s",
    ("road.delay_mean_s", "small_truck"): "delay small truck s",
}


def rows_of(plan, city, variant, replication):
    """Figures shown of one run, and the most vehicles that stood at once."""
    run = simulate(plan, variant, replication, city)
    values = {(k.kpi, k.group): k.value for k in run.kpis}
    stands = run.tables["kerb_stands"]
    events = sorted([(t, 1) for t in stands["from_s"].tolist()] + [(t, -1) for t in stands["to_s"].tolist()])
    most = int(np.cumsum([step for _, step in events]).max())
    return {name: values.get(key) for key, name in SHOWN.items()} | {"most standing": most}


def tell(found, variants):
    """Means of the first variant, and paired differences of the others with 95 % intervals."""
    first = variants[0]
    names = list(next(iter(found.values())))
    pairs = sorted(set.intersection(*({r for v, r in found if v == variant} for variant in variants)))
    print(f"{len(pairs)} pairs: replications {pairs}")
    if len(pairs) < 2:
        return
    for name in names:
        base = np.array([found[first, r][name] for r in pairs], float)
        parts = [f"{name:22s} {first} {base.mean():9.3f} ({base.std(ddof=1):.3f})"]
        for variant in variants[1:]:
            change = np.array([found[variant, r][name] for r in pairs], float) - base
            span = interval_of(change)
            parts.append(f"{variant} {span.mean:+.3f} [{span.lo:+.3f}, {span.hi:+.3f}]")
        print("; ".join(parts))


def main():
    """Do what is missing, then tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--begin", type=int, default=0, help="first replication")
    parser.add_argument("--rows", type=Path)
    parser.add_argument("--at-most", type=int, default=10_000, help="runs now; those that are missing wait")
    asked = parser.parse_args()
    plan, city = api.plan_and_city(api.load(SCENARIO))
    found = {}
    if asked.rows and asked.rows.is_file():
        for line in asked.rows.read_text(encoding="utf-8").splitlines():
            variant, replication, values = json.loads(line)
            found[variant, replication] = values
    for replication in range(asked.begin, asked.pairs):
        for variant in plan.variants:
            if (variant, replication) in found or asked.at_most <= 0:
                continue
            asked.at_most -= 1
            values = found[variant, replication] = rows_of(plan, city, variant, replication)
            if asked.rows:
                with asked.rows.open("a", encoding="utf-8") as file:
                    file.write(json.dumps([variant, replication, values]) + "\n")
    tell(found, list(plan.variants))  # of the pairs that are whole


if __name__ == "__main__":
    main()
