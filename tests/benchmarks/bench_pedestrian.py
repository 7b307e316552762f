"""Benchmarks of walking around: a day of 100,000 walkers, the time-budget program, a checkpoint, a quiet step.

Run:  python tests/benchmarks/bench_pedestrian.py [--json]
Warm, one core, CPU seconds; writing the checkpoint in wall time. The city is the bundled schematic Midosuji.
Target: a checkpoint of 100,000 walkers as rows under 50 ms.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np

from twin.city.reading.importer import build_city
from twin.engine.checkpoint import write_checkpoint
from twin.engine.city_model import CityModel
from twin.models.pedestrian.model import Pedestrian
from twin.models.pedestrian.params import PedestrianParams

MAP = Path(__file__).resolve().parents[2] / "data" / "osaka_midosuji" / "osaka_midosuji.osm.gz"


def cpu_s(call):
    began = time.process_time()
    out = call()
    return time.process_time() - began, out


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


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
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
