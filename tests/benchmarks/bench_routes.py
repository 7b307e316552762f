"""Route choice on public networks: drivers who learn on the way, days repeated, and the static equilibrium beside.

    python tests/benchmarks/bench_routes.py --case Anaheim --json

Cases: ``Anaheim`` (an hour of 104,694 trips) and ``ChicagoSketch`` (1,260,907 trips, ten to a vehicle). The trips of
the table start evenly over an hour; links keep their free-flow time and capacity, and queue where the static model has
a curve of costs. What must agree is therefore the flow per link and the order of times, not every second: a curve lets
through what a queue holds back. The networks lie beside the project (shared/data/tntp), or the case is left out.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.verification import tntp
from twin.models.road_traffic import RoadNetwork, repeat_days, solve_equilibrium

#: Minutes per unit of fixed cost, trips per vehicle, hours until all should have arrived.
CASES = {"Anaheim": (0.0, 1, 4.0), "ChicagoSketch": (0.04, 10, 4.0)}
SPEED_MPS, LANE_PER_H = 15.0, 2700.0


def queueing_network(static, size):
    """The static network as one of queues: free-flow times and capacities are kept, lanes follow from capacity."""
    net = RoadNetwork(class_size=(float(size),))
    for node in range(static.node_count):
        net.node_index[node] = node
    free_s = np.maximum(static.free_cost * 60.0, 5.0)
    per_s = static.capacity / 3600.0
    net.add_links(
        static.link_from.tolist(),
        static.link_to.tolist(),
        free_s * SPEED_MPS,
        speed_mps=SPEED_MPS,
        lanes=np.maximum(static.capacity / LANE_PER_H, 0.1),
        exit_capacity_per_s=per_s,
        merge_weight=per_s,
    )
    into = {node: np.flatnonzero(static.link_to == node) for node in np.flatnonzero(static.no_through).tolist()}
    for node, links in into.items():
        for link in links.tolist():
            for onward in np.flatnonzero(static.link_from == node).tolist():
                net.ban_turn(link, onward)
    return net


def vehicles(trips, size):
    """Whole vehicles of so many trips each, in shares of the table, spread over an hour."""
    o, d, n = trips
    keep = o != d
    o, d, n = o[keep], d[keep], n[keep] / size
    count = np.diff(np.floor(np.concatenate([[0.0], np.cumsum(n)]) + 0.5)).astype(int)
    row = np.repeat(np.arange(len(o)), count)
    within = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    # A constant of low discrepancy shifts pairs against one another.
    depart_s = (within + (row * 0.6180339887) % 1.0) / count[row] * 3600.0
    order = np.argsort(depart_s, kind="stable")
    return depart_s[order], o[row][order], d[row][order]


def compare(name, most_days=15, gap=0.02, share=1.0):
    """Totals and flows of the three, on one network."""
    per_length, size, hours = CASES[name]
    static = tntp.network(name, per_length=per_length, per_toll=0.02 if per_length else 0.0)
    trips = tntp.trips(name)
    trips = (*trips[:2], share * trips[2])
    best = solve_equilibrium(static, *trips, relative_gap=1e-4)
    net = queueing_network(static, size)
    depart_s, o, d = vehicles(trips, size)
    net.add_trips(depart_s, o.tolist(), d.tolist())
    cpu = time.process_time()
    on_the_way = net.run(hours * 3600.0)
    cpu_way = time.process_time() - cpu
    days = repeat_days(net, hours * 3600.0, most_days=most_days, gap=gap)
    cpu_days = time.process_time() - cpu - cpu_way
    flow = best.link_flow
    per_trip_s = 60.0 / trips[2][trips[0] != trips[1]].sum()
    bpr = 1.0 + static.bpr_share * (flow / static.capacity) ** static.bpr_power
    out = {
        "case": name,
        "share": share,
        "vehicles": len(depart_s),
        "trips_per_vehicle": size,
        "free_flow_mean_s": round(float((flow * static.free_cost).sum() * per_trip_s), 1),
        "static_mean_s": round(float((flow * static.free_cost * bpr).sum() * per_trip_s), 1),
        "static_links_over_capacity": int((flow > static.capacity).sum()),
        "days": len(days.relative_gap),
        "converged": bool(days.converged),
        "gap_first": round(float(days.relative_gap[0]), 4),
        "gap_last": round(float(days.relative_gap[-1]), 4),
        "gaps": [round(float(g), 3) for g in days.relative_gap],
        "cpu_way_s": round(cpu_way, 1),
        "cpu_days_s": round(cpu_days, 1),
    }
    for label, result in (("on_the_way", on_the_way), ("days", days.result)):
        driven = size * np.bincount(result.to_link[result.to_link >= 0], minlength=len(flow))
        out[f"{label}_mean_s"] = round(result.total_travel_s() / len(depart_s), 1)
        out[f"{label}_finished"] = result.finished
        out[f"{label}_flow_correlation"] = round(float(np.corrcoef(driven, flow)[0, 1]), 4)
        out[f"{label}_flow_difference"] = round(float(np.abs(driven - flow).sum() / flow.sum()), 4)
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=sorted(CASES), default="Anaheim")
    parser.add_argument("--days", type=int, default=15)
    parser.add_argument("--share", type=float, default=1.0, help="share of the trips of the table")
    parser.add_argument("--json", action="store_true", help="one JSON object and nothing else")
    args = parser.parse_args()
    if not (tntp.FOLDER / f"{args.case}_net.tntp").is_file():
        sys.exit(f"the case {args.case} needs the test networks beside the project: shared/data/tntp")
    figures = compare(args.case, args.days, share=args.share)
    print(json.dumps(figures) if args.json else "\n".join(f"{k:28} {v}" for k, v in figures.items()))


if __name__ == "__main__":
    main()
