"""Benchmark of journeys by bus: door-to-door journeys per CPU-second over the timetable of a city, compiled, one core.

Run:  python tests/benchmarks/bench_raptor.py [--feed FEED --day 2017-09-04] [--journeys 20000] [--json]

Without a feed a city of 1,600 stops on a grid of 400 m: 80 lines along its streets every 10 minutes from 05:00 to
24:00, both ways, some 18,000 runs, as many as a large city's buses have; three stops within reach of each door. Target:
2,000 journeys per CPU-second.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import time
from pathlib import Path

import numpy as np

from twin.engine.draws import event, make_stream, uniforms
from twin.models.transit.bus.journeys import Walks, arrivals_at_stops, find_journeys
from twin.models.transit.bus.timetable import Trip, make_timetable

SIDE, SPACING_M, EVERY_S, RUN_S = 40, 400.0, 600.0, 90.0


def grid():
    """Lines along every street of a square grid, and where the stops lie."""
    trips = []
    for line in range(2 * SIDE):
        street = [line * SIDE + k if line < SIDE else k * SIDE + line - SIDE for k in range(SIDE)]
        for way, path in (("out", street), ("back", street[::-1])):
            along_s = RUN_S * np.arange(SIDE)
            for begin_s in np.arange(5 * 3600.0 + 7.0 * line, 24 * 3600.0, EVERY_S).tolist():
                at_s = tuple((begin_s + along_s).tolist())
                trips.append(
                    Trip(str(line), f"{line}{way}{begin_s:g}", tuple(path), at_s, at_s, (1,) * SIDE, (1,) * SIDE)
                )
    stop = np.arange(SIDE * SIDE)
    return trips, SPACING_M * (stop % SIDE), SPACING_M * (stop // SIDE)


def of_feed(path, day):
    """Trips of a feed, and its stops in metres around their middle."""
    from twin.scenario.tables.gtfs import read_feed

    table = read_feed(path, day).columns
    ids, row = np.unique(table["stop"], return_index=True)
    lat, lon = table["lat"][row], table["lon"][row]
    number = {id_: k for k, id_ in enumerate(ids.tolist())}
    trips = []
    for name in np.unique(table["trip"]).tolist():
        mine = np.flatnonzero(table["trip"] == name)
        ones = (1,) * len(mine)
        trips.append(
            Trip(
                str(table["route"][mine[0]]), name, tuple(number[s] for s in table["stop"][mine].tolist()),
                tuple(table["arrival_s"][mine].tolist()), tuple(table["departure_s"][mine].tolist()), ones, ones,
            )
        )  # fmt: skip
    north_m = 111_200 * (lat - lat.mean())
    return trips, 111_200 * np.cos(np.radians(lat.mean())) * (lon - lon.mean()), north_m


def doors(x_m, y_m, count, what):
    """Doors beside stops drawn evenly, each with the three nearest stops on foot at 1.2 m/s."""
    ids = np.arange(count, dtype=np.uint64)
    u = [uniforms(make_stream(np.uint64(7), f"bench.{what}"), ids, event(k)) for k in range(3)]
    stop = (u[0] * len(x_m)).astype(int)
    at = np.column_stack([x_m[stop] + 400 * (u[1] - 0.5), y_m[stop] + 400 * (u[2] - 0.5)])
    metres = np.abs(at[:, :1] - x_m) + np.abs(at[:, 1:] - y_m)
    near = np.argsort(metres, axis=1)[:, :3]
    walk_s = np.take_along_axis(metres, near, axis=1) / 1.2
    return Walks(np.arange(0, 3 * count + 1, 3), near.ravel().astype(np.int32), walk_s.ravel())


def run(feed, day, count):
    trips, x_m, y_m = of_feed(feed, day) if feed else grid()
    metres = np.abs(x_m[:, None] - x_m) + np.abs(y_m[:, None] - y_m)
    walk_s = np.where(metres <= 420, metres, np.inf) / 1.2
    table = make_timetable(trips, len(x_m), walk_s).table
    depart_s = 6 * 3600 + 14 * 3600 * uniforms(
        make_stream(np.uint64(7), "bench.depart"), np.arange(count, dtype=np.uint64), event(0)
    )
    access, egress = doors(x_m, y_m, count, "from"), doors(x_m, y_m, count, "to")
    how = {"rounds": 3, "change_s": 60.0}
    few = Walks(access.ptr[:2], access.stop[:3], access.walk_s[:3])
    find_journeys(table, depart_s[:1], few, few, **how)  # compiles
    began = time.process_time()
    found = find_journeys(table, depart_s, access, egress, **how)
    journeys_s = time.process_time() - began
    departures = np.arange(7 * 3600.0, 19 * 3600.0, 600.0)
    arrivals_at_stops(table, departures[:1], access.stop[:3], access.walk_s[:3], horizon_s=1800.0, **how)
    began = time.process_time()
    for door in range(200):
        mine = slice(3 * door, 3 * door + 3)
        arrivals_at_stops(table, departures, access.stop[mine], access.walk_s[mine], horizon_s=1800.0, **how)
    range_s = time.process_time() - began
    there = np.isfinite(found.arrive_s)
    return {
        "stops": len(x_m), "runs": len(trips), "stop_times": len(table.arrival_s), "footpaths": len(table.walk_stop),
        "journeys": count, "found": int(there.sum()), "rides_mean": float(found.rides[there].mean()),
        "door_to_door_mean_s": float((found.arrive_s - depart_s)[there].mean()), "cpu_s": journeys_s,
        "journeys_per_cpu_s": count / journeys_s, "range_departures_per_cpu_s": 200 * len(departures) / range_s,
    }  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--feed", type=Path)
    parser.add_argument("--day", type=dt.date.fromisoformat, default=dt.date(2017, 9, 4))
    parser.add_argument("--journeys", type=int, default=20_000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    said = run(asked.feed, asked.day, asked.journeys)
    if asked.json:
        print(json.dumps(said))
        return
    for key, value in said.items():
        print(f"{key:28}{value:>14,.1f}" if isinstance(value, float) else f"{key:28}{value:>14,}")


if __name__ == "__main__":
    main()
