"""Midosuji with and without its side lanes: what cars and vans feel of them, and that more cars wait longer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from twin import api
from twin.experiments.study import StudyOptions, go_on, start

SHIPPED = Path(__file__).resolve().parents[2] / "scenarios" / "midosuji_sidelanes.yaml"
REPLICATIONS = 3

#: All side lanes north of the river go, on a morning with more cars than four lanes take at the main crossings.
FULL = """\
twin: 1
name: full-street
city: osaka_midosuji
seed: 20261121
replications: {replications}
clock: {{from: 10:00, to: 11:00, then: until_empty, latest: 20:00, step: 10 s}}
tables:
  cars: {{file: cars.csv, source: "a test", grade: G}}
road_traffic: {{form: queueing, background: {{od_table: cars}}, signals: {{cycle: 150 s}}}}
transit: {{stops: {{mesh: 300 m}}, fleet: {{count: 6 vans}}, demand: {{requests_per_day: 600 requests}}}}
names:
  御堂筋: {{not: [新御堂筋]}}
measures:
  pavement:
    change: lanes_to_pavement
    where: {{street: 御堂筋, from: 北浜通, to: 宗右衛門町通, sides: [east, west], lanes: side}}
    pavement_width: 14 m
variants: {{today: {{}}, pavement: {{with: [pavement]}}}}
"""
CARS = """\
from_place,to_place,from_s,to_s,count
osaka_midosuji/entry/route-176-north,osaka_midosuji/entry/namba-west,36000,39600,{down}
osaka_midosuji/entry/chuo-west,osaka_midosuji/entry/chuo-east,36000,39600,{across}
"""


def study_of(folder, down, across=600, replications=REPLICATIONS, variants=2):
    folder.mkdir()
    (folder / "cars.csv").write_text(CARS.format(down=down, across=across), encoding="utf-8")
    (folder / "full.yaml").write_text(FULL.format(replications=replications), encoding="utf-8")
    plan, city = api.plan_and_city(api.load(folder / "full.yaml"))
    plan.content["variants"][variants:] = []
    how = StudyOptions(workers=2, lean=True)
    return go_on(start(plan, city, folder / "out", how), folder / "out", how)


def values(study, kpi, group):
    """(variants, replications) values of one KPI."""
    table = study.columns("kpis")
    rows = (table["kpi"] == kpi) & (table["group"] == group)
    return {str(v): table["value"][rows & (table["variant"] == v)] for v in np.unique(table["variant"])}


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    return study_of(tmp_path_factory.mktemp("side") / "full", 5000)


def test_removing_the_side_lanes_changes_the_times_of_vans_and_cars(full):
    for group in ("car", "van"):
        time_s = values(full, "road.mean_travel_time_s", group)
        assert (time_s["today"] != time_s["pavement"]).all(), group
    for variant, count in values(full, "road.unfinished_count", "all").items():
        assert (count == 0).all(), variant


def test_removing_the_side_lanes_of_a_full_street_makes_cars_slower(full):
    rows = full.columns("differences")
    mine = np.flatnonzero((rows["kpi"] == "road.mean_travel_time_s") & (rows["group"] == "car"))
    assert len(mine) == 1
    assert rows["n"][mine[0]] == REPLICATIONS
    time_s = values(full, "road.mean_travel_time_s", "car")
    # Every pair, and beyond the luck of pairs: two of six lanes go where the street is full.
    slower_s = time_s["pavement"] - time_s["today"]
    assert (slower_s > 0.0).all()
    assert rows["lo"][mine[0]] > 0.0
    assert rows["mean"][mine[0]] == pytest.approx(slower_s.mean())


def test_more_cars_wait_longer(tmp_path):
    delays = []
    for down in (600, 2400, 4200, 5400):
        study = study_of(tmp_path / f"d{down}", down, replications=1, variants=1)
        delays.append(float(values(study, "road.delay_mean_s", "car")["today"][0]))
    assert delays == sorted(delays)
    assert delays[-1] > 2 * delays[0]


def test_the_shipped_scenario_has_cars_and_vans_in_one_traffic_with_queues():
    plan, _ = api.plan_and_city(api.load(SHIPPED))
    for variant in plan.content["variants"]:
        assert variant["models"]["road_traffic"]["form"] == "queueing"
        assert variant["models"]["road_traffic"]["background"]["od_table"] == "cars"
        assert variant["models"]["transit"]["fleet"]["count"] > 0
