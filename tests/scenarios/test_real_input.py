"""The main job on real OpenStreetMap files, as a user does it: build a city, write a scenario, run, look."""

from __future__ import annotations

import json

import pytest

HEAD = """
twin: 1
name: real
title: real map
city: ./city
seed: 3
clock: {{from: "{start}", to: "{end}", then: until_empty, latest: "20:00"}}
record: {{traces: 5 %}}
"""

TRANSIT = (
    HEAD.format(start="07:00", end="09:00")
    + """
transit:
  stops: {mesh: 300 m}
  fleet: {count: 6 vans}
  demand: {requests_per_day: 300 requests}
"""
)

WALK = (
    HEAD.format(start="07:00", end="09:00")
    + """
pedestrian:
  visitors_factor: 2 %
"""
)


def build(twin, source, tmp_path):
    done = twin("city", "build", source, "--out", tmp_path / "city", "--json")
    assert done.returncode == 0, done.stderr
    info = twin("city", "info", tmp_path / "city", "--json")
    return json.loads(info.stdout)


def run(twin, text, tmp_path):
    path = tmp_path / "real.yaml"
    path.write_text(text, encoding="utf-8")
    done = twin("run", path, "--out", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    return {(k["kpi"], k["group"]): k["mean"] for k in answer["kpis"]}


@pytest.mark.parametrize("name", ["kita_drive_reconstructed.osm.gz", "kita_drive.graphml.gz"])
def test_vans_serve_kita_ward_on_its_real_streets(twin, shared_data, tmp_path, name):
    info = build(twin, shared_data / "osaka-kita-osm-drive" / name, tmp_path)
    # The source counts 1,902 strongly connected nodes and 326.5 km; short links are drawn into junctions here.
    assert 1700 < info["drive_nodes"] <= 1935
    assert 290 < info["drive_km"] <= 327
    assert info["driving_side"] == "left"
    assert info["crs"] == "EPSG:6674"
    assert not info["schematic"]
    assert any("OpenStreetMap" in text for text in info["attribution"])
    if name.endswith("graphml.gz"):
        return  # the same streets by another door; one run is enough
    kpis = run(twin, TRANSIT, tmp_path)
    served, asked = kpis["transit.served_count", "all"], kpis["transit.asked_count", "all"]
    assert 0 < served <= asked
    assert kpis["transit.promise_breach_count", "all"] == 0
    view = twin("view", tmp_path / "out", "--no-open", "--out", tmp_path / "scene.html")
    assert view.returncode == 0, view.stderr
    page = (tmp_path / "scene.html").read_text(encoding="utf-8")
    assert "OpenStreetMap" in page


def test_visitors_walk_around_sapporo_station(twin, shared_data, tmp_path):
    info = build(twin, shared_data / "sapporo-station-osm" / "Hokudai-SatsuEki.00.orig.osm.gz", tmp_path)
    assert info["walk_nodes"] > 300
    kpis = run(twin, WALK, tmp_path)
    stayed = sum(kpis[f"pedestrian.{band}_count", "all"] for band in ("short", "stay", "long"))
    assert stayed > 100


@pytest.mark.parametrize("name", ["Helsinki.osm.pbf", "monaco.osm.gz"])
def test_other_dense_centres_are_read_from_pbf_and_gz(twin, shared_data, tmp_path, name):
    info = build(twin, shared_data / "dense-city-osm-raw" / name, tmp_path)
    assert info["drive_nodes"] > 100
    assert info["walk_nodes"] > 100
    assert info["driving_side"] == "right"
