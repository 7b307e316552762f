"""Benchmarks of walking around: a day of 100,000 walkers, the time-budget program, a checkpoint, a quiet step.

Run:  python tests/benchmarks/bench_pedestrian.py [--case grid|midosuji] [--visitors N] [--feedback] [--json]
Warm, one core, CPU seconds; writing the checkpoint in wall time. The city is the bundled schematic Midosuji.
Cases give walkers, programs, decisions, cpu_s, wall_s and peak_mb: ``grid`` solves one program on 10,000 places, 39,600
links and 180 minutes; ``midosuji`` walks a day of some number of visitors, plans included.
Targets: a checkpoint of 100,000 walkers as rows under 50 ms; the grid 0.15 s and 10 MB; a million visitors in 40 s
without and 4 min with feedback.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from twin.city.reading.importer import build_city
from twin.engine.checkpoint import write_checkpoint
from twin.engine.city_model import CityModel
from twin.models.pedestrian.choice.kernels import solve_program
from twin.models.pedestrian.choice.programs import EXACT_MOST_BYTES, columns_of_going
from twin.models.pedestrian.model import Pedestrian
from twin.models.pedestrian.params import PedestrianParams

MAP = Path(__file__).resolve().parents[2] / "data" / "osaka_midosuji" / "osaka_midosuji.osm.gz"


def cpu_s(call):
    began = time.process_time()
    out = call()
    return time.process_time() - began, out


def peak_growth_mb(call):
    """What a call returns, and by how much the memory in use grew at most meanwhile, as Linux counts it."""
    status = Path("/proc/self/status")

    def now_kb(line):
        return int(next(row.split()[1] for row in status.read_text().splitlines() if row.startswith(line)))

    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before_kb = now_kb("VmRSS")
    out = call()
    return out, (now_kb("VmHWM") - before_kb) * 1024 / 1e6


def city_model_of(city, start_s, end_s, **params):
    model = Pedestrian(PedestrianParams.model_validate(params), city, {})
    return CityModel([model], start_s=start_s, end_s=end_s, step_s=5.0, run_seed=np.uint64(1)), model


def walk(city_model, model, until_s):
    visits = links = 0
    while city_model.now_s < until_s and not (city_model.now_s > 0 and model.is_empty()):
        city_model.step()
        if city_model.clock.tick % 240 == 0:
            tables = model.drain_tables()
            visits += len(tables.get("pedestrian_visits", {"id": ()})["id"])
            links += int(tables["pedestrian_links"]["entries_count"].sum()) if "pedestrian_links" in tables else 0
    return visits, links


def day(city):
    """A day of 100,000 walkers at the default step of 5 s."""
    began = cpu_s(lambda: city_model_of(city, 18000.0, 86400.0))
    build_s, (city_model, model) = began
    seconds, (visits, links) = cpu_s(lambda: walk(city_model, model, 172800.0))
    return {
        "walkers": visits,
        "link_entries": links,
        "build_cpu_s": build_s,
        "day_cpu_s": seconds,
        "walkers_per_cpu_s": visits / seconds,
    }


def checkpoint(city):
    """State of about 100,000 walkers inside at once, taken and written."""
    # The state does not ask where people stand: everybody who ever comes, in one hour, with time for a day.
    others = ("shopper", "diner", "tourist", "passer_through", "resident")
    classes = {name: {"visitors_per_day": 0.0} for name in others}
    classes["commuter"] = {"visitors_per_day": 2_400_000.0, "arrival_profile": (1.0,) * 24}
    city_model, model = city_model_of(city, 0.0, 3600.0, classes=classes)
    while city_model.now_s < 3600.0:
        city_model.step()
    model.drain_tables()
    inside = model.accounts()[0].inside
    best_state = best_write = best_restore = np.inf
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(5):
            began = time.perf_counter()
            state = city_model.state()
            taken = time.perf_counter()
            write_checkpoint(Path(folder) / "state.npz", state)
            written = time.perf_counter()
            city_model.restore(state)
            best_state = min(best_state, taken - began)
            best_write = min(best_write, written - taken)
            best_restore = min(best_restore, time.perf_counter() - written)
    return {
        "walkers_inside": inside,
        "state_ms": best_state * 1e3,
        "write_ms": best_write * 1e3,
        "restore_ms": best_restore * 1e3,
        "bytes_per_walker": model.form.slots.dtype.itemsize,
    }


def quiet_step(city):
    """A step in which nobody moves, ledger check included."""
    city_model, _ = city_model_of(city, 0.0, 3600.0)
    for _ in range(20):
        city_model.step()
    seconds, _ = cpu_s(lambda: [city_model.step() for _ in range(90)])
    return {"quiet_step_us": seconds / 90 * 1e6}


def grid_case():
    """One program on a grid of 100 x 100 places, arcs to the four neighbours, 600 places to stay, 20 exits."""
    side, steps = 100, 180
    draw = np.random.default_rng(0)
    place = np.arange(side * side).reshape(side, side)
    pairs = [(place[:, :-1], place[:, 1:]), (place[:-1], place[1:])]
    start = np.concatenate([a.ravel() for pair in pairs for a in pair])
    end = np.concatenate([b.ravel() for pair in pairs for b in reversed(pair)])
    order = np.argsort(start, kind="stable")
    start, end = start[order], end[order].astype(np.int32)
    arcs = np.searchsorted(start, np.arange(side * side + 1)).astype(np.int64)
    taken = draw.integers(1, 3, len(end)).astype(np.int32)
    utility = -1.6 - 0.2 * taken + 0.2 * draw.random(len(end))
    stay = np.full((1, side * side, 1), -np.inf)
    stay[0, draw.choice(side * side, 600, replace=False), 0] = draw.normal(-0.1, 0.05, 600)
    leave = np.full((steps + 1, side * side), -np.inf)
    leave[:, draw.choice(side * side, 20, replace=False)] = 0.0
    passing = np.ones(side * side, np.bool_)
    go_at = columns_of_going(passing, np.isfinite(stay[0, :, 0]))
    differ = int(go_at.max()) + 1
    exact = (steps + 1) * (side * side + differ) * 8 <= EXACT_MOST_BYTES
    one = np.ones(1, np.int32)
    slot_of = np.zeros(steps + 1, np.int32)

    def solve(k):
        going = np.empty((k + 1, differ))
        come = np.empty((k + 1, side * side), np.float64 if exact else np.float32)
        solve_program(
            arcs, end, taken, utility, one, stay, slot_of[: k + 1], leave[: k + 1], passing, 1.0, go_at, going, come
        )
        return come, going.astype(come.dtype)

    solve(3)  # compiles
    kept, peak_mb = peak_growth_mb(lambda: solve(steps))  # first, so that no freed memory hides any
    began = time.perf_counter()
    seconds, _ = cpu_s(lambda: solve(steps))
    wall_s = time.perf_counter() - began
    return {
        "walkers": 0,
        "programs": 1,
        "decisions": 0,
        "cpu_s": seconds,
        "wall_s": wall_s,
        "peak_mb": peak_mb,
        "kept_mb": sum(values.nbytes for values in kept) / 1e6,
    }


def decisions_of(tables):
    """Choices of a place and of a length of stay, of visits that are over: twice the stays and one to leave."""
    stays = tables.get("pedestrian_visits", {}).get("stays_count", np.zeros(0))
    return int((2 * stays + 1).sum())


def midosuji_case(city, visitors, feedback):
    """A whole day of some number of visitors, plans and feedback included."""
    params = {"visitors_factor": visitors / 350_000, "places": {"hours": True}}
    if feedback:
        params["feedback"] = {"rounds": 6}
    began = time.perf_counter()
    decided = 0

    def whole_day():
        nonlocal decided
        city_model, model = city_model_of(city, 18000.0, 86400.0, **params)
        while not (city_model.now_s >= 86400.0 and model.is_empty()):
            city_model.step()
            if city_model.clock.tick % 240 == 0:
                decided += decisions_of(model.drain_tables())
        decided += decisions_of(model.drain_tables())
        return model

    seconds, model = cpu_s(whole_day)
    return {
        "walkers": len(model.arrivals),
        "people": int(model.accounts()[0].entered),
        "programs": len(model.plans.class_of),
        "decisions": decided,
        "cpu_s": seconds,
        "wall_s": time.perf_counter() - began,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", choices=("grid", "midosuji"))
    parser.add_argument("--visitors", type=float, default=1e6)
    parser.add_argument("--feedback", action="store_true")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if arguments.case:
        if arguments.case == "grid":
            found = grid_case()
        else:
            city = build_city(MAP)
            midosuji_case(city, 1000.0, feedback=False)  # compiles
            found = midosuji_case(city, arguments.visitors, arguments.feedback)
        print(json.dumps(found) if arguments.json else "\n".join(f"{k:12s} {v}" for k, v in found.items()))
        return
    city = build_city(MAP)
    city_model, model = city_model_of(city, 30000.0, 33600.0)  # compiles
    walk(city_model, model, 34000.0)
    found = day(city) | checkpoint(city) | quiet_step(city)
    if arguments.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name:20s} {value:12.4g}")


if __name__ == "__main__":
    main()
