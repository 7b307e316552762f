"""Static problems of our own, drawn in the manner of the public ones.

``planted`` draws places as Solomon did (even, in clusters, half of both; short and long days), cuts them into full
routes by the angle around the depot, drives these, and lays windows around the moments at which it comes by, as Li and
Lim made their pairs from plans. So a plan is known that serves everybody, and the fewest vehicles are at most its own.
``tight_rides`` draws dial-a-ride days after Cordeau and Laporte; no plan of them is known beforehand.
"""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import numpy as np

#: Length of the day, places of a vehicle, and time of service, by kind and whether the day is long (as Solomon's sets).
DAYS = {
    ("R", False): (230.0, 200, 10.0), ("R", True): (1000.0, 1000, 10.0), ("C", False): (1236.0, 200, 90.0),
    ("C", True): (3390.0, 700, 90.0), ("RC", False): (240.0, 200, 10.0), ("RC", True): (960.0, 1000, 10.0),
}  # fmt: skip
#: Share of the day that a planted route may take.
_FULL = 0.97


class Planted(NamedTuple):
    """Text in the format of Li and Lim, and routes that serve everybody, as ids of the file."""

    text: str
    routes: list[list[int]]


def planted(seed, kind, *, long, share, width, tasks=100):
    """Pick-up and delivery around a plan; ``share`` of the tasks have windows of ``width``."""
    luck = np.random.default_rng(seed)
    horizon, places, service = DAYS[kind, long]
    depot, xy = _places(luck, kind, tasks)
    routes = []
    for route, length in _sweep(xy, depot, horizon, service):
        if luck.random() < 0.5:
            route.reverse()
        routes.append((route, length))
    rows, answer, spare = {}, [], itertools.count(tasks + 1)
    for route, length in routes:
        here, now = depot, luck.uniform(0.0, horizon - length)
        windows = []
        for task in route:
            now += math.dist(here, xy[task])
            here = xy[task]
            last = horizon - math.dist(here, depot) - service
            begin, end = 0.0, last
            if luck.random() < share:
                begin = max(0.0, now - luck.uniform(0.2, 0.8) * width)
                end = min(last, begin + width)
            windows.append((math.floor(begin), math.ceil(end)))
            now += service
        order = luck.permutation(len(route)).tolist()
        served = {place: [route[place] + 1] for place in range(len(route))}
        for a, b in itertools.zip_longest(order[::2], order[1::2]):
            # A task without a partner is picked up and set down at the same place.
            first, second = (a, a) if b is None else (min(a, b), max(a, b))
            pick, drop = route[first] + 1, next(spare) if b is None else route[second] + 1
            load = int(luck.integers(1, 5)) * 10
            rows[pick] = (xy[route[first]], load, windows[first], service if b is not None else 0.0, 0, drop)
            rows[drop] = (xy[route[second]], -load, windows[second], service, pick, 0)
            if b is None:
                served[a].append(drop)
        answer.append([node for place in range(len(route)) for node in served[place]])
    lines = [f"{tasks // 4} {places} 1", f"0 {depot[0]} {depot[1]} 0 0 {horizon:g} 0 0 0"]
    for node in sorted(rows):
        (x, y), load, (begin, end), dwell, pick, drop = rows[node]
        lines.append(f"{node} {x:g} {y:g} {load} {begin} {end} {dwell:g} {pick} {drop}")
    return Planted("\n".join(lines), answer)


def _places(luck, kind, tasks):
    """Depot and places on whole numbers."""
    if kind == "R":
        return (35.0, 35.0), luck.integers(0, 81, (tasks, 2)).astype(float)
    middles = luck.uniform(8.0, 82.0, (10, 2))[np.arange(tasks) * 10 // tasks]
    xy = np.round(middles + luck.normal(0.0, 3.5, (tasks, 2)))
    if kind == "RC":
        xy[::2] = luck.integers(0, 91, xy[::2].shape)
    return (40.0, 50.0), xy


def _sweep(xy, depot, horizon, service):
    """Routes by the angle around the depot, each as long as the day allows: (tasks, length with service)."""
    out = [([], 0.0)]
    for task in np.argsort(np.arctan2(xy[:, 1] - depot[1], xy[:, 0] - depot[0]), kind="stable").tolist():
        before = out[-1][0]
        route, drive = _tour([*before, task], xy, depot)
        length = drive + service * len(route)
        if length <= _FULL * horizon:
            out[-1] = route, length
        else:
            out.append(([task], 2 * math.dist(xy[task], depot) + service))
    return out


def _tour(tasks, xy, depot):
    """A short round: nearest next, then two-opt; (order, length)."""
    points = np.vstack([depot, xy[tasks]])
    apart = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    left, order = list(range(1, len(points))), [0]
    while left:
        order.append(min(left, key=lambda k: apart[order[-1], k]))
        left.remove(order[-1])
    row, better = np.array([*order, 0]), True
    while better:
        better = False
        for a in range(1, len(row) - 2):
            b = np.arange(a + 1, len(row) - 1)
            gain = apart[row[a - 1], row[a]] + apart[row[b], row[b + 1]]
            gain = gain - apart[row[a - 1], row[b]] - apart[row[a], row[b + 1]]
            if gain.max() > 1e-9:
                end = int(b[gain.argmax()])
                row[a : end + 1] = row[a : end + 1][::-1].copy()
                better = True
    return [tasks[k - 1] for k in row[1:-1].tolist()], float(apart[row[:-1], row[1:]].sum())


def tight_rides(seed, requests, vehicles, *, width=(15, 46)):
    """Rides of at most 90 minutes between places around some centres, duty of at most 480; in Cordeau's format."""
    luck = np.random.default_rng(seed)
    centres = luck.uniform(-8.0, 8.0, (max(3, requests // 24), 2))
    chosen = luck.integers(0, len(centres), 2 * requests)
    xy = np.clip(0.6 * centres[chosen] + luck.normal(0.0, 3.2, (2 * requests, 2)), -10.0, 10.0)
    lines = [f"{vehicles} {2 * requests} 480 6 90", "0 0 0 0 0 0 1440"]
    for k in range(2 * requests):
        begin, end = 0, 1440
        # Half of them say when they want to leave, the others when to arrive.
        if (k < requests) == (k % requests >= requests // 2):
            begin = int(luck.integers(60, 480))
            end = begin + int(luck.integers(*width))
        lines.append(f"{k + 1} {xy[k, 0]:.3f} {xy[k, 1]:.3f} 10 {1 if k < requests else -1} {begin} {end}")
    return "\n".join(lines)
