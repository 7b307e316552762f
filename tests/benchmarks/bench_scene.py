"""How large and how fast the 3D page is: a district day of 20,000 trips, a sampled weekday of 100,000.

    python tests/benchmarks/bench_scene.py --case district|weekday  --json [--run RUN]

* ``district``: 20,000 trips of 50 points, 5,000 buildings; ``weekday``: 100,000 trips of 40 points, the same buildings.
* ``--run`` measures the page of a finished run instead.

``mb`` is the file on disk (1e6 bytes), ``write_s`` processor seconds of this process from what was read of a run to the
written file. The rest is told by a headless Chromium of 1366 by 768 through the protocol of its developer tools, method
``Performance.getMetrics`` in the time domain ``threadTicks`` (the clock of the page's thread, so that other work on
the machine does not count): ``script_ms_first_frame`` is ``TaskDuration`` when the first frame has been drawn (all that
the thread did; ``ScriptDuration`` leaves out what runs after a promise, as unpacking does),
``js_ms_per_frame`` its growth over frames in which the clock runs, and ``heap_mb`` is ``JSHeapUsedSize`` after a
collection. Calls that make the graphics card draw are left out in the page (``draw*`` of WebGL does nothing), since
without a card the processor would draw inside them; all else of a frame is script.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from tests.browser.waiting import wait_until
from twin.columns import BODIES
from twin.engine.ids import Kind, make_id
from twin.viz.run_view import Ground, RunView, Streets, Traces, read_run_view
from twin.viz.scene_3d import write_scene

SOUTH_WEST = (135.48, 34.66)
STEP_DEG = (0.00087, 0.00072)  # blocks of 80 m
COLUMNS, ROWS = 30, 30
FROM_S, TO_S = 6 * 3600.0, 24 * 3600.0
SHARES = (("walker", Kind.WALKER, 0.6, 1.3), ("car", Kind.CAR, 0.35, 7.0), ("van", Kind.VAN, 0.05, 6.0))
QUIET = ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update"]
NO_DRAWING = """for (const name of ["drawArrays", "drawElements", "drawArraysInstanced", "drawElementsInstanced"])
  WebGL2RenderingContext.prototype[name] = () => {};"""
FRAMES = 60


def corners(columns, rows):
    return SOUTH_WEST[0] + STEP_DEG[0] * columns, SOUTH_WEST[1] + STEP_DEG[1] * rows


def grid_streets(lanes, *, width_m=None):
    """Streets of the grid in both directions."""
    ends = []
    for c in range(COLUMNS):
        for r in range(ROWS):
            for dc, dr in ((1, 0), (0, 1)):
                if c + dc < COLUMNS and r + dr < ROWS:
                    ends += [((c, r), (c + dc, r + dr)), ((c + dc, r + dr), (c, r))]
    at = np.array(ends, np.float64).reshape(-1, 2)
    lon, lat = corners(at[:, 0], at[:, 1])
    ptr = 2 * np.arange(len(ends) + 1)
    widths = None if width_m is None else np.full(len(ends), width_m)
    return Streets(ptr, lon, lat, np.full(len(ends), lanes), widths)


def houses(count, random):
    """Boxes inside the blocks."""
    block = random.integers(0, COLUMNS - 1, count), random.integers(0, ROWS - 1, count)
    inside = random.uniform(0.2, 0.65, (2, count))
    lon, lat = corners(block[0] + inside[0], block[1] + inside[1])
    east, north = STEP_DEG[0] * 0.15, STEP_DEG[1] * 0.15
    ring = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]])
    x = (lon[:, None] + east * ring[:, 0]).ravel()
    y = (lat[:, None] + north * ring[:, 1]).ravel()
    rows = np.arange(count + 1)
    kind = np.full(count, "building")
    return Ground(kind, random.uniform(6, 45, count), np.zeros(count), rows, np.zeros(count, np.uint8), 5 * rows, x, y)


def walks(trips, points, random):
    """Trips that wander over the grid, each step to a neighbouring crossing."""
    turns = random.integers(0, 4, (trips, points - 1))
    step = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]])[turns]
    start = np.column_stack([random.integers(8, 22, trips), random.integers(8, 22, trips)])
    way = np.concatenate([start[:, None, :], start[:, None, :] + np.cumsum(step, axis=1)], axis=1)
    # What would leave the grid is thrown back at its edge.
    size = np.array([COLUMNS - 1, ROWS - 1])
    return size - np.abs(size - np.abs(way) % (2 * size))


def made_run(trips, points, buildings):
    """A run as read: no model is run for it."""
    random = np.random.Generator(np.random.Philox(7))
    parts = []
    for name, kind, share, speed in SHARES:
        count = int(trips * share)
        way = walks(count, points, random)
        lon, lat = corners(way[..., 0], way[..., 1])
        # Nobody walks a straight line at one speed: without that a page would be packed far too well.
        lon, lat = (v + random.normal(0, 3e-6, v.shape) for v in (lon, lat))
        steps_s = 80.0 / (speed * random.uniform(0.6, 1.4, (count, points)))
        start = random.uniform(FROM_S, TO_S - 1.8 * points * 80 / speed, count)
        time_s = start[:, None] + np.cumsum(steps_s, axis=1)
        ids = np.array([make_id(kind, 0, n) for n in range(count)], np.uint64)
        parts.append((BODIES.index(name), np.repeat(ids, points), time_s.ravel(), lon.ravel(), lat.ravel()))
    parts.sort(key=lambda part: part[0])
    columns = [np.concatenate([part[k] for part in parts]) for k in range(1, 5)]
    body = np.concatenate([np.full(len(part[1]), part[0], np.uint8) for part in parts])
    nothing = np.zeros(len(body))
    traces = Traces(body, columns[0], nothing.astype(np.int32), *columns[1:], nothing.astype(np.uint8))
    words = {"ja": "測定", "en": "Measured"}
    shared = {"city": "bench", "schematic": False, "attribution": (), "from_s": FROM_S, "to_s": TO_S, "places": ()}
    run = RunView(words, words, 0, **shared, drive=grid_streets(2), walk=Streets.none(), traces=traces)
    return replace(run, walk=grid_streets(0, width_m=4.0), ground=houses(buildings, random))


def told_by_chromium(page_file):
    """Script time and heap, as the module says."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        page = browser.new_context(viewport={"width": 1366, "height": 768}).new_page()
        page.add_init_script(NO_DRAWING)
        tools = page.context.new_cdp_session(page)
        tools.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.goto(page_file.as_uri() + "#3d")
        wait_until(page, "window.__twin?.state?.ready && window.__twin.state.drawn > 0", patience_s=240)
        first_ms = 1000 * metrics(tools)["TaskDuration"]
        before, drawn = metrics(tools)["ScriptDuration"], page.evaluate("window.__twin.state.drawn")
        page.evaluate("window.__twin.timebar.play(true)")
        wait_until(page, f"window.__twin.state.drawn >= {drawn + FRAMES}", patience_s=240)
        page.evaluate("window.__twin.timebar.play(false)")
        after, frames = metrics(tools)["ScriptDuration"], page.evaluate("window.__twin.state.drawn") - drawn
        tools.send("HeapProfiler.collectGarbage")
        heap = metrics(tools)["JSHeapUsedSize"]
        errors = page.evaluate("window.__twin.state.errors")
        browser.close()
    assert not errors, errors
    return {
        "script_ms_first_frame": round(first_ms),
        "js_ms_per_frame": round(1000 * (after - before) / frames, 2),
        "frames": frames,
        "heap_mb": round(heap / 1e6, 1),
    }


def metrics(tools):
    return {m["name"]: m["value"] for m in tools.send("Performance.getMetrics")["metrics"]}


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--case", choices=("district", "weekday"), default="district")
    args.add_argument("--run", type=Path)
    args.add_argument("--no-browser", action="store_true")
    args.add_argument("--json", action="store_true")
    given = args.parse_args()
    trips, points = {"district": (20_000, 50), "weekday": (100_000, 40)}[given.case]
    run = read_run_view(given.run) if given.run else made_run(trips, points, 5_000)
    with tempfile.TemporaryDirectory() as folder:
        began, wall = time.process_time(), time.perf_counter()
        file = write_scene(run, Path(folder) / "scene.html", point_budget=trips * points)
        out = {"case": str(given.run or given.case), "write_s": round(time.process_time() - began, 2)}
        out |= {"write_wall_s": round(time.perf_counter() - wall, 2), "mb": round(file.stat().st_size / 1e6, 2)}
        if not given.no_browser:
            out |= told_by_chromium(file)
    print(json.dumps(out) if given.json else "\n".join(f"{k}: {v}" for k, v in out.items()))


if __name__ == "__main__":
    main()
