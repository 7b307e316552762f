"""What a page draws of a real study, held up to the tables of its runs at random moments.

``python -m tests.verification.drawn_as_simulated STUDY --moments 20`` opens the page of the study in the installed
Chromium (the flat picture: both views place bodies by the same code) and compares, in both variants, every position,
every count by state and the queue with the tables. Vans stand between their drives: the tables say where they stopped.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from pathlib import Path

import numpy as np

from tests.browser.simulated import Truth
from tests.browser.waiting import wait_until
from twin.browsers import browsers
from twin.columns import BODIES
from twin.results.run_folder import Study
from twin.service_scene import scene_of
from twin.viz.scene_3d import write_scene

HEADS = """(side) => {
  const { scene } = window.__twin;
  const of = side ? scene.compare.second : scene;
  const id = (m, k) => [m.columns.id_origin[m.row[k]], m.columns.id_serial[m.row[k]] >>> 0];
  const head = (m, k) => [...id(m, k), ...m.lonLatOf(k), m.state[k]];
  return of.motions.map((m) => [m.fact.name, m.fact.trips, m.fact.trips_in_run,
    Array.from({ length: m.count }, (_, k) => head(m, k))]);
}"""
QUEUE = "(side) => (side ? window.__twin.state.second.queue : window.__twin.state.queue)"


def compare(truth: Truth, heads: list, queue: dict, t: float) -> dict[str, float]:
    """Bodies compared, the largest distance in metres, and what does not agree."""
    out = {"compared": 0, "standing": 0, "worst_m": 0.0, "wrong": 0}
    for name, shown, of_all, drawn in heads:
        real = truth.bodies(name, t)
        seen = {(origin, serial): rest for origin, serial, *rest in drawn}
        if shown == of_all:
            out["wrong"] += len(real.keys() - seen.keys())
        for key, (lon, lat, state) in seen.items():
            x_m, y_m = truth.to_metres.transform(lon, lat)
            if key in real:
                out["compared"] += 1
                out["worst_m"] = max(out["worst_m"], math.dist((x_m, y_m), real[key][:2]))
                out["wrong"] += state != real[key][2]
            else:
                stood = truth.last_stop(name, key, t)
                out["standing"] += 1
                out["wrong"] += stood is None or math.dist((x_m, y_m), stood) > 60.0
    if "terminal_queue" in truth.run.tables:
        row = truth.queue(t)
        for ours, theirs in (("trucks", "in_line"), ("yards", "in_yards"), ("road", "on_road"), ("inside", "inside")):
            out["wrong"] += queue[ours] != row[f"trucks_{theirs}"]
    return out


def main() -> int:
    """Compare and print JSON; 1 if anything disagrees or lies farther off than a metre."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path)
    parser.add_argument("--moments", type=int, default=20)
    parser.add_argument("--seed", type=int, default=14)
    given = parser.parse_args()
    study = Study(given.study)
    parts, _ = scene_of(study)
    runs = [study.run(name) for name in study.variants[: 2 if "second" in parts.more else 1]]
    truths = [Truth(run) for run in runs]
    total = {"moments": given.moments, "compared": 0, "standing": 0, "worst_m": 0.0, "wrong": 0}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = write_scene(parts, Path(folder) / "scene.html")
        browser = playwright.chromium.launch(executable_path=next(browsers()), args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(page_file.as_uri() + "#flat")
        wait_until(page, "window.__twin?.state?.ready", 600)
        for t in truths[0].moments(given.moments, given.seed):
            page.evaluate("(t) => window.__twin.timebar.set(t)", t)
            for side, truth in enumerate(truths):
                found = compare(truth, page.evaluate(HEADS, side), page.evaluate(QUEUE, side), t)
                total = {k: max(v, found[k]) if k == "worst_m" else v + found.get(k, 0) for k, v in total.items()}
        browser.close()
    total["bodies"] = sorted({BODIES[b] for truth in truths for b in np.unique(truth.traces["body"])})
    print(json.dumps(total, ensure_ascii=False))
    return int(total["wrong"] > 0 or total["worst_m"] > 1.0)


if __name__ == "__main__":
    sys.exit(main())
