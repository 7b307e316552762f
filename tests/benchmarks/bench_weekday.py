"""A weekday in a city of Osaka's size: all four models in one run, with KPIs, ledger and a trace of one in a hundred.

    python tests/benchmarks/bench_weekday.py --case full --json

Cases: ``full`` (1,000,000 background cars, 1,000,000 walkers, 2,300 trucks, 40 vans; 223 km² from ``osaka_size.py``,
and Yumeshima with its gate), ``tenth`` and ``hundredth`` of it (area, cars and walkers; trucks and vans stay). The map
is read and built before the clock of the run starts; both times are told. ``models`` holds seconds of CPU in the steps
of each model, and megabytes of the arrays of its state at noon; ``rest`` is the engine, the recorder, KPIs and the
writing of the folder. Kernels are not compiled beforehand: run it twice.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import twin
import twin.simulate
from tests.benchmarks.osaka_size import write_city
from twin.api import plan_and_city

CASES = {"full": 1.0, "tenth": 0.1, "hundredth": 0.01}
WALKERS = {"commuter": 180, "shopper": 280, "diner": 140, "tourist": 120, "passer_through": 240, "resident": 40}
NOON_S = 12 * 3600.0
SCENARIO = """
twin: 1
name: weekday-{case}
city: [{city}, osaka_yumeshima]
seed: 20261121
clock: {{from: 05:00, to: 23:00, then: until_empty, latest: 27:00, step: {step} s}}
record: {{traces: 1 %}}
road_traffic: {{form: {form}, background: {{gravity: {{day_total: {cars} vehicles}}}}}}
transit:
  area: [{name}/stop/]
  fleet: {{count: 40 vans}}
  demand: {{riders_per_day: 1200 people}}
terminal: {{demand: {{day_total: 2300 trucks}}}}
pedestrian:
  district: {name}/
  classes: {{{classes}}}
variants:
  today: {{}}
"""


class Clocks:
    """CPU seconds in each model, and bytes of its state at noon."""

    def __init__(self, build):
        self._build = build
        self.cpu_s, self.state_mb = {}, {}
        self.began_s = 0.0

    def build(self, *args):
        """Build as always, with a clock around every step of every model."""
        began = time.process_time()
        city_model = self._build(*args)
        self.began_s = time.process_time() - began
        for model in city_model.sim_models:
            self._watch(model)
        return city_model

    def _watch(self, model):
        advance, name = model.advance, model.name
        self.cpu_s[name] = 0.0

        def timed(until_s):
            began = time.process_time()
            advance(until_s)
            self.cpu_s[name] += time.process_time() - began
            if name not in self.state_mb and until_s >= NOON_S:
                self.state_mb[name] = round(sum(a.nbytes for a in model.state().values()) / 1e6, 1)

        model.advance = timed


def measure(case, form, step_s):
    """Lay out, build, run, write; figures of each."""
    share = CASES[case]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        city_file = root / f"{case}.osm"
        laid_out = write_city(city_file, share)
        classes = ", ".join(f"{k}: {{visitors_per_day: {round(v * 1000 * share)} people}}" for k, v in WALKERS.items())
        file = root / "weekday.yaml"
        file.write_text(
            SCENARIO.format(
                case=case, city=city_file, name=case, cars=round(1e6 * share), classes=classes, form=form, step=step_s
            )
        )
        cpu = time.process_time()
        plan, city = plan_and_city(twin.load(file))
        built_s = time.process_time() - cpu
        built_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        clocks = Clocks(twin.simulate.build_city_model)
        twin.simulate.build_city_model = clocks.build
        wall, cpu = time.perf_counter(), time.process_time()
        run = root / "run"
        run.mkdir()
        finished = twin.simulate.simulate(plan, "today", 0, city, folder=run, on_progress=progress)
        simulated_s = time.process_time() - cpu
        twin.simulate.write_run(run, plan, "today", 0, city, finished)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        disc_mb = sum(f.stat().st_size for f in run.rglob("*") if f.is_file()) / 1e6
    rest = cpu - sum(clocks.cpu_s.values()) - clocks.began_s
    return {
        "case": case,
        "form": form,
        "laid_out": laid_out,
        "drive": [city.drive.node_count, city.drive.link_count],
        "walk": [city.walk.node_count, city.walk.link_count],
        "city_cpu_s": round(built_s, 1),
        "city_mb": built_mb,
        "run_wall_s": round(wall, 1),
        "run_cpu_s": round(cpu, 1),
        "write_cpu_s": round(cpu - simulated_s, 1),
        "begin_cpu_s": round(clocks.began_s, 1),
        "models": {
            name: {"cpu_s": round(s, 1), "share": round(s / cpu, 3), "state_mb": clocks.state_mb.get(name)}
            for name, s in clocks.cpu_s.items()
        },
        "rest_cpu_s": round(rest, 1),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "disc_mb": round(disc_mb, 1),
        "rows": {name: len(next(iter(columns.values()))) for name, columns in finished.tables.items()},
        "kpis": len(finished.kpis),
        "ledger": [{k: v for k, v in row.items() if v} for row in finished.ledger],
    }


def progress(now_s, end_s):
    """Where the run is, on standard error."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{now_s / 3600:5.2f} h of {end_s / 3600:.0f}, {time.process_time():6.0f} CPU s")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=sorted(CASES), default="hundredth")
    parser.add_argument("--form", choices=("free_flow", "queueing"), default="free_flow")
    parser.add_argument("--step", type=int, default=5, help="seconds; no answer depends on it")
    parser.add_argument("--json", action="store_true", help="one JSON object and nothing else")
    args = parser.parse_args()
    figures = measure(args.case, args.form, args.step)
    print(json.dumps(figures, default=str) if args.json else "\n".join(f"{k:12} {v}" for k, v in figures.items()))


if __name__ == "__main__":
    main()
