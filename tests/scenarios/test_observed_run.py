"""Observations from file to answer: what is counted at the gate and in the street, seen again, is reproduced."""

from __future__ import annotations

import json

import numpy as np
import pytest

import twin
from twin.viz.report.content import read_content
from twin.viz.report.page import page

GATE = """twin: 1
name: gate
city: osaka_yumeshima
seed: %d
replications: 2
clock: {from: 07:00, to: 10:00, step: 5 s}
terminal:
  demand: {hourly: {"07:00": 60 trucks, "08:00": 90 trucks}}
  lanes: {A: {count: %s, kind: ordinary}}
"""
OBSERVED = """tables:
  counts: {file: counts.csv}
  waits: {file: waits.csv, units: {wait: min}}
sensors:
  gate: {kind: gate_count, misses: 10 %, doubles: 0 %}
observed:
  - {kpi: terminal.wait_mean_min, value: WAIT min, spread: 2 min, source: 調査}
  - {id: counts, kpi: terminal.gate_in_count, table: counts, seen_as: gate, hold_out: 30 %}
  - {id: waits, kpi: terminal.gate_wait_min, table: waits, count: wait, spread: 2 min}
  - {id: queue, kpi: terminal.queue_trucks, table: queue, count: trucks, spread: 5 trucks}
""".replace("  waits: {file", "  queue: {file: queue.csv}\n  waits: {file")


def write(folder, name, text):
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A gate that is held against what another gate's day left: its counts, waits and queue."""
    folder = tmp_path_factory.mktemp("observed")
    truth = twin.run(write(folder, "truth", GATE % (90, "6")), folder / "truth")
    visits = truth.run(truth.variants[0]).table("terminal_visits")
    queue = truth.run(truth.variants[0]).table("terminal_queue")
    passed = visits["gate_end_s"].astype(float)
    counted = np.random.default_rng(1).random(len(passed)) >= 0.1
    edges = np.arange(7 * 3600, 10 * 3600 + 1, 1800)
    found = np.histogram(passed[counted & np.isfinite(passed)], edges)[0]
    lines = [f"{int(a) // 3600}:{int(a) % 3600 // 60:02d},{n}" for a, n in zip(edges, found, strict=False)]
    (folder / "counts.csv").write_text("time,count\n" + "\n".join(lines) + "\n")
    level = [queue["trucks_in_line"][np.searchsorted(queue["time_s"], a + 900) - 1] for a in edges[:-1]]
    lines = [f"{int(a) // 3600}:{int(a) % 3600 // 60:02d},{n}" for a, n in zip(edges, level, strict=False)]
    (folder / "queue.csv").write_text("time,trucks\n" + "\n".join(lines) + "\n")
    joined, waits = visits["join_s"].astype(float), visits["wait_s"].astype(float)
    rows = np.flatnonzero((joined >= 7 * 3600) & (joined < 9 * 3600))
    lines = [f"{int(joined[i]) // 3600}:{int(joined[i]) % 3600 // 60:02d},{waits[i] / 60:.2f}" for i in rows]
    (folder / "waits.csv").write_text("time,wait\n" + "\n".join(lines) + "\n")
    mean = np.mean([k["value"] for k in rows_of(truth, "terminal.wait_mean_min")])
    text = GATE % (5, "6") + OBSERVED.replace("WAIT", f"{mean:.2f}")
    return twin.run(write(folder, "again", text), folder / "again"), folder


def rows_of(study, kpi):
    table = study.columns("kpis")
    rows = (table["kpi"] == kpi) & (table["group"] == "all")
    return [{"value": float(v)} for v in table["value"][rows]]


def test_another_day_of_the_same_gate_reproduces_its_counts_and_waits(study):
    found = study[0].reproduction
    assert {e["id"]: e["verdict"] for e in found["entries"] if e["id"] != "queue"} == {
        "wait_mean_min": "reproduced",
        "counts": "reproduced",
        "waits": "reproduced",
    }
    assert study[0].manifest["observed"] == {"verdict": found["verdict"]}
    counts = next(e for e in found["entries"] if e["id"] == "counts")
    assert counts["held_out"]["n"] == 2


def test_the_report_says_so_on_its_first_page(study):
    text = page(read_content(study[0]), ["ja"])
    assert text.index("現況再現：観測4件のうち") < text.index("<h2>案ごとの値")
    assert "通過計数" in text


def test_verify_finds_an_edited_verdict(study, tmp_path):
    import shutil

    from twin.experiments.verify import verify
    from twin.results.run_folder import MANIFEST, file_sha256, sealed, write_json

    copy = shutil.copytree(study[0].folder, tmp_path / "copy")
    assert verify(copy, sample=0).ok
    told = json.loads((copy / "observed.json").read_text())
    told["entries"][0]["fit"]["model"] += 1.0
    write_json(copy / "observed.json", told)
    manifest = json.loads((copy / MANIFEST).read_text())
    manifest["files"]["observed.json"] = file_sha256(copy / "observed.json")
    manifest.pop("seal", None)
    write_json(copy / MANIFEST, sealed({k: v for k, v in manifest.items() if not k.startswith("sha256")}))
    assert any("observed.json" in fault for fault in verify(copy, sample=0).faults)


def test_a_gate_with_other_lanes_does_not_reproduce_them(study):
    _, folder = study
    text = (folder / "again.yaml").read_text().replace("A: {count: 6,", "A: {count: 3,")
    found = twin.run(write(folder, "fewer", text), folder / "fewer", replications=1).reproduction
    assert {e["id"]: e["verdict"] for e in found["entries"]}["waits"] == "not reproduced"


def test_two_variants_that_say_the_same_differ_by_nothing_through_sensors_too(study, tmp_path):
    text = """twin: 1
name: walk
city: osaka_midosuji
seed: 3
replications: 1
clock: {from: 10:00, to: 10:30, step: 10 s}
pedestrian: {visitors_factor: 2 %}
sensors: {gps: {kind: gps, phones: 50 %}, hum: {kind: beacon, phones: 50 %}}
variants: {one: {}, two: {}}
"""
    study = twin.run(write(tmp_path, "walk", text), tmp_path / "out", lean=True)
    rows = study.columns("differences")
    seen = np.char.find(rows["kpi"].astype(str), "@") > 0
    assert seen.sum() > 10
    assert np.nanmax(np.abs(rows["mean"][seen])) == 0.0
    plain = twin.run(write(tmp_path, "plain", text.replace("sensors:", "#")), tmp_path / "plain", lean=True).columns(
        "kpis"
    )
    both = study.columns("kpis")
    own = np.char.find(both["kpi"].astype(str), "@") < 0
    # Whoever looks changes no draw of the simulation.
    assert both["value"][own].tobytes() == plain["value"].tobytes()
