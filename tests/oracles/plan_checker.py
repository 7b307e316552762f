"""An independent judge of plans: it reads the raw file itself and shares no code with the planner.

Windows, ride and duty limits of a route are differences between moments; there is a timetable where all shortest
paths between them (Floyd and Warshall) agree. Costs are summed from the coordinates.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

#: Rounding that is forgiven, in the units of the file.
TOLERANCE = 1e-5


@dataclass(frozen=True)
class Raw:
    """What a file says: nodes by id as (x, y, service, load, earliest, latest), pairs of ids, and the limits."""

    nodes: dict[int, tuple[float, float, float, float, float, float]]
    pairs: dict[int, int]
    start: int
    end: int
    vehicles: int
    capacity: float
    ride: float
    duty: float

    def apart(self, a: int, b: int) -> float:
        return math.dist(self.nodes[a][:2], self.nodes[b][:2])


def raw_dial_a_ride(text: str) -> Raw:
    head, *lines = [line.split() for line in text.splitlines() if line.strip()]
    ids = [int(line[0]) for line in lines]
    nodes = {int(w[0]): (float(w[1]), float(w[2]), float(w[3]), float(w[4]), float(w[5]), float(w[6])) for w in lines}
    end_given = len(ids) % 2 == 0
    inner = ids[1:-1] if end_given else ids[1:]
    n = len(inner) // 2
    return Raw(
        nodes,
        dict(zip(inner[:n], inner[n:], strict=True)),
        ids[0],
        ids[-1] if end_given else ids[0],
        int(head[0]),
        float(head[3]),
        float(head[4]),
        float(head[2]),
    )


def raw_pickup_delivery(text: str) -> Raw:
    head, *lines = [line.split() for line in text.splitlines() if line.strip()]
    nodes = {int(w[0]): (float(w[1]), float(w[2]), float(w[6]), float(w[3]), float(w[4]), float(w[5])) for w in lines}
    pairs = {int(w[0]): int(w[8]) for w in lines if int(w[8])}
    depot = int(lines[0][0])
    return Raw(nodes, pairs, depot, depot, int(head[0]), float(head[1]), math.inf, math.inf)


def has_timetable(raw: Raw, route: list[int]) -> bool:
    """Whether moments exist at which a route keeps windows, ride and duty: no cycle of differences below 0."""
    row = [raw.start, *route, raw.end]
    count = len(row)
    # most[a, b]: how much moment b may lie behind moment a; the last moment is the origin of time.
    most = np.full((count + 1, count + 1), np.inf)
    np.fill_diagonal(most, 0.0)
    place = {node: k for k, node in enumerate(row[:-1])}
    for k, node in enumerate(row):
        most[count, k], most[k, count] = raw.nodes[node][5] + TOLERANCE, TOLERANCE - raw.nodes[node][4]
    for k in range(count - 1):
        most[k + 1, k] = -raw.nodes[row[k]][2] - raw.apart(row[k], row[k + 1]) + TOLERANCE
    for pick, drop in raw.pairs.items():
        if pick in place and drop in place:
            most[place[pick], place[drop]] = raw.ride + raw.nodes[pick][2] + TOLERANCE
    most[0, count - 1] = min(most[0, count - 1], raw.duty + TOLERANCE)
    for k in range(count + 1):
        most = np.minimum(most, most[:, k, None] + most[None, k, :])
    return bool((np.diagonal(most) >= 0.0).all())


def carries(raw: Raw, route: list[int]) -> bool:
    """Whether a route picks up before it sets down, in the same vehicle, within its places."""
    load, seen = 0.0, set()
    pick_of = {drop: pick for pick, drop in raw.pairs.items()}
    for node in route:
        if node in pick_of and pick_of[node] not in seen:
            return False
        seen.add(node)
        load += raw.nodes[node][3]
        if load > raw.capacity + TOLERANCE:
            return False
    return all(raw.pairs[node] in seen for node in route if node in raw.pairs)


def route_cost(raw: Raw, route: list[int]) -> float:
    row = [raw.start, *route, raw.end]
    return sum(raw.apart(a, b) for a, b in itertools.pairwise(row))


def faults(raw: Raw, routes: list[list[int]], cost: float) -> list[str]:
    """Everything that is wrong with an answer; empty for a right one that serves everybody."""
    out = []
    served = sorted(node for route in routes for node in route)
    if served != sorted([*raw.pairs.keys(), *raw.pairs.values()]):
        out.append("not every node exactly once")
    if len(routes) > raw.vehicles:
        out.append(f"{len(routes)} routes, {raw.vehicles} vehicles")
    for k, route in enumerate(routes):
        if not carries(raw, route):
            out.append(f"route {k}: order or load")
        if not has_timetable(raw, route):
            out.append(f"route {k}: no timetable")
    true = sum(route_cost(raw, route) for route in routes)
    if abs(true - cost) > 1e-4 * max(1.0, true):
        out.append(f"cost {cost}, driven {true}")
    return out
