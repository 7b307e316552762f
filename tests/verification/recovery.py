"""C10, recovery: parameters simulated, observed by GPS, beacons and cameras, and calibrated, lie in their intervals.

    python -m tests.verification.recovery --runs 50 --out /tmp/recovery

Each of the runs draws its true parameters from the prior, simulates a day with luck of its own, observes it through the
three sensors and calibrates. The first wave of a calibration does not depend on what was observed: it is run once and
read by all. With ``--second N`` each run has a second wave of its own, where its data are likely. What was done stays
in the folder, and the same command goes on.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from twin.api import load, plan_and_city
from twin.experiments.calibrate.identify import FLAT
from twin.experiments.calibrate.posterior import box_around
from twin.experiments.calibrate.run import Waves, _hypercube, fit_of
from twin.experiments.calibrate.statistics import matrix, targets_of
from twin.experiments.calibrate.waves import points_plan, run_points
from twin.scenario.plan.draws import ranged_values
from twin.scenario.plan.plan import Plan

SCENARIO = """twin: 1
name: recovery
title: {{ja: 較正の再現試験, en: Recovery of known parameters}}
city: osaka_midosuji
seed: 20261130
clock: {{from: 10:00, to: 12:00, then: until_empty, latest: 16:00, step: 60 s}}
record: {{traces: 0 %}}
pedestrian:
  visitors_factor: {factor}
  choice:
    stay_places_most: 30
    # Value of leaving early, of a stop, and of the time that shoppers have: what leave and stay hang on.
    unused_minute_value: {{value: 0.02, range: [0.0, 0.06], grade: G, source: "recovery test"}}
  classes:
    shopper:
      stop_cost: {{value: 3.0, range: [0.0, 5.0], grade: G, source: "recovery test"}}
      budget_mean: {{value: 110 min, range: [60 min, 180 min], grade: G, source: "recovery test"}}
tables:
  dwell: {{file: dwell.csv}}
  cams: {{file: cams.csv}}
  moves: {{file: moves.csv}}
sensors:
  gps: {{kind: gps, phones: 20 %, every: 5 min}}
  ai: {{kind: camera, misses: 8 %, doubles: 2 %, wrong_way: 1 %, at: {{{sites}}}}}
  hum: {{kind: beacon, phones: 20 %, detects: 90 %}}
observed:
  - {{id: dwell, kpi: pedestrian.dwell_share, table: dwell, by: band, count: share, seen_as: gps}}
  - {{id: cams, kpi: pedestrian.link_flow_count, table: cams, by: camera, count: [north, south], seen_as: ai}}
  - {{id: moves, kpi: pedestrian.moves_count, table: moves, by: [from, to], seen_as: hum}}
"""
_CAMERAS = {"C1": (34.6745, 135.5003), "C2": (34.6845, 135.5003), "C3": (34.6700, 135.5003), "C4": (34.6800, 135.5003)}
_BANDS = ("0-5", "5-15", "15-30", "30-60", "60-90", "90-120", "120-180", "180+")
_STATIONS = ("yodoyabashi", "hommachi", "shinsaibashi", "namba")


@dataclass(frozen=True)
class Case:
    """A plan whose numbers stand for nothing yet, its parameters and its runs."""

    plan: Plan
    city: object
    ranged: list

    @property
    def seed(self):
        return int(self.plan.content["seed"])


def write_case(folder: Path, factor: str) -> Case:
    """The scenario with tables whose shape is right; every day that is observed fills in its own numbers."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dwell.csv").write_text("band,share\n" + "".join(f"{b},0.125\n" for b in _BANDS))
    times = [f"{h}:{m:02d}" for h in (10, 11) for m in range(0, 60, 20)]
    rows = "".join(f"{c},{t},5,5\n" for c in _CAMERAS for t in times)
    (folder / "cams.csv").write_text("camera,time,north,south\n" + rows)
    pairs = [(a, b) for a in _STATIONS for b in _STATIONS]
    (folder / "moves.csv").write_text("from,to,count\n" + "".join(f"{a},{b},5\n" for a, b in pairs))
    sites = ", ".join(f"{name}: {{lat: {lat}, lon: {lon}}}" for name, (lat, lon) in _CAMERAS.items())
    path = folder / "recovery.yaml"
    path.write_text(SCENARIO.format(factor=factor, sites=sites), encoding="utf-8")
    loaded = load(path)
    plan, city = plan_and_city(loaded)
    return Case(plan, city, ranged_values(loaded, "base", ("pedestrian.",))[0])


def observed_by(plan: Plan, run) -> Plan:
    """The plan with the numbers that the sensors gave of one run as what was observed."""
    fitted, _ = targets_of(plan.observed)
    values = iter(matrix([run], fitted)[0].tolist())
    entries = [{**e, "values": [next(values) for _ in e["cells"]]} for e in plan.observed["entries"]]
    return Plan({**plan.content, "observed": {**plan.observed, "entries": entries}}, plan.tables)


def run_at(case: Case, unit, out: Path, workers: int, seed: int):
    """Runs at points, with the luck of another seed."""
    of = Plan({**case.plan.content, "seed": seed}, case.plan.tables)
    made, exact = points_plan(of, "base", case.ranged, unit)
    return exact, run_points(made, case.city, out, workers)


def recover(case: Case, folder: Path, count: int, first_wave: int, second_wave: int, workers: int):
    """Truth and posterior of each run: (count, p) and a list of samples (s, p)."""
    p = len(case.ranged)
    truth = _hypercube(count, p, 4242)
    truth, days = run_at(case, truth, folder / "truth", workers, case.seed + 1)
    first, runs = run_at(case, _hypercube(first_wave, p, 17), folder / "first", workers, case.seed + 2)
    found = []
    for n in range(count):
        fitted, _ = targets_of(observed_by(case.plan, days[n]).observed)
        waves = Waves(first, list(runs))
        fit = fit_of(waves, fitted, np.zeros(p), np.ones(p), n)
        if not second_wave:
            found.append(fit.samples)
            continue
        low, high = box_around(fit.samples)
        unit = low + (high - low) * _hypercube(second_wave, p, 1000 + n)
        own, more = run_at(case, unit, folder / f"second-{n:02d}", workers, case.seed + 100 + n)
        waves = Waves(np.vstack([first, own]), [*runs, *more])
        found.append(fit_of(waves, fitted, low, high, n).samples)
    return truth, found


def summary(case: Case, truth, found):
    """How often each parameter lies in its 95 % interval, and how much narrower that is than the prior."""
    ends = np.array([np.quantile(samples, [0.025, 0.975], axis=0) for samples in found])
    inside = (truth >= ends[:, 0]) & (truth <= ends[:, 1])
    width = np.array([samples.std(axis=0) / FLAT for samples in found])
    places = np.array([(samples < t).mean(axis=0) for samples, t in zip(found, truth, strict=True)])
    return {
        "runs": len(found),
        "inside": {one.key: int(n) for one, n in zip(case.ranged, inside.sum(axis=0), strict=True)},
        "share_of_all": float(inside.mean()),
        "all_at_once": int(inside.all(axis=1).sum()),
        "width_beside_prior": {one.key: float(w) for one, w in zip(case.ranged, width.mean(axis=0), strict=True)},
        "mean_place": {one.key: float(x) for one, x in zip(case.ranged, places.mean(axis=0), strict=True)},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--first", type=int, default=240)
    parser.add_argument("--second", type=int, default=0)
    parser.add_argument("--factor", default="100 %")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    case = write_case(given.out, given.factor)
    found = summary(case, *recover(case, given.out, given.runs, given.first, given.second, given.workers))
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
