"""Observations in a scenario: what is read, what is refused and in what words."""

from __future__ import annotations

import pytest

from twin.api import load, plan_and_city
from twin.errors import ScenarioError
from twin.scenario.plan.bands import band_of
from twin.scenario.plan.plan import Plan, make_plan

GATE = """twin: 1
name: gate
city: osaka_yumeshima
seed: 3
clock: {from: 07:00, to: 10:00, step: 5 s}
terminal:
  demand: {hourly: {"07:00": 60 trucks, "08:00": 90 trucks}}
  lanes: {A: {count: 6, kind: ordinary}}
"""
WALK = """twin: 1
name: walk
city: osaka_midosuji
seed: 3
clock: {from: 10:00, to: 12:00, step: 10 s}
pedestrian: {visitors_factor: 1 %}
"""
CAMERAS = """tables:
  cams: {file: cams.csv, columns: {camera: カメラ, time: 時刻, north: 北行, south: 南行}, gaps: keep_and_report}
sensors:
  ai: {kind: camera, at: {C1: {lat: 34.6745, lon: 135.5003}, C2: {lat: 34.6845, lon: 135.5003}}}
observed:
  - {id: cams, kpi: pedestrian.link_flow_count, table: cams, by: camera, count: [north, south],
     seen_as: ai, hold_out: 50 %}
"""
_HEAD = "カメラ,時刻,北行,南行\n"
CSV = _HEAD + "C1,10:00,20,30\nC1,10:10,20,\nC2,10:00,11,14\nC2,10:10,9,11\nC2,09:50,9,11\n"


def scenario(folder, text, **files):
    for name, content in files.items():
        (folder / f"{name}.csv").write_text(content, encoding="utf-8")
    path = folder / "s.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(folder, text, **files):
    with pytest.raises(ScenarioError) as fault:
        plan_and_city(load(scenario(folder, text, **files)))
    return [f"{p.what} | {p.where} | {p.mend}" for p in fault.value.problems]


def test_a_table_of_cameras_becomes_cells_with_gaps_counted(tmp_path):
    plan, _ = plan_and_city(load(scenario(tmp_path, WALK + CAMERAS, cams=CSV)))
    (entry,) = plan.observed["entries"]
    assert len(entry["cells"]) == 7
    assert entry["cells"][0] == {"site": "C1|north", "from_s": 36000.0, "to_s": 36600.0}
    assert entry["gaps"] == {"empty": 1, "outside_clock": 2, "missing": 1}
    assert entry["spreads"][0] == pytest.approx(20**0.5)
    # Half of two cameras is one of them, whole.
    held = {cell["site"].split("|")[0] for cell, out in zip(entry["cells"], entry["held_out"], strict=True) if out}
    assert len(held) == 1
    assert all(len(rows["links"]) >= 1 for rows in entry["sites"].values())
    plan.write(tmp_path)
    assert Plan.read(tmp_path).observed == plan.observed


def test_a_scenario_without_observations_keeps_its_hash_and_its_plan(tmp_path):
    found = load(scenario(tmp_path, GATE))
    assert "observed" not in found.content()
    assert "sensors" not in found.content()
    assert "observed" not in make_plan(found).content


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("C1,10:00,1,2\nC1,10:00,3,4\n", "camera C1|north at 10:00 stands twice"),
        ("C1,10:05,1,2\nC1,10:15,3,4\n", "10:05 is off the grid of 10 min"),
        ("C1,13:00,1,2\nC1,20:00,3,4\n", "no row of the table lies within the clock"),
        ("C1,10:00,-1,2\nC1,10:10,3,4\n", "a count of -1 is below 0"),
        ("C9,10:00,1,2\nC9,10:10,3,4\n", "does not say where 'C9' stands"),
    ],
)
def test_a_bad_table_is_refused_in_one_message(tmp_path, rows, said):
    (told,) = refused(tmp_path, WALK + CAMERAS, cams=_HEAD + rows)
    assert said in told


def test_an_hour_that_a_change_of_the_clock_repeats_is_told_of(tmp_path):
    (told,) = refused(tmp_path, WALK + CAMERAS, cams=_HEAD + "C1,11:00,1,2\nC1,11:10,1,2\nC1,11:00,1,2\n")
    assert "a change of the clock repeats" in told


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{kpi: terminal.gate_wait, value: 5 min}", "there is no figure 'terminal.gate_wait'"),
        ("{kpi: terminal.wait_mean_min, value: 5}", "5 has no unit"),
        ("{kpi: terminal.wait_mean_min, value: 5 min, spread: 3 km}", "'3 km' is no amount in min"),
        ("{kpi: terminal.wait_mean_min}", "either value: with its unit, or table:"),
        ("{kpi: terminal.wait_mean_min, value: 5 min, seen_as: gps}", "there is no sensor 'gps'"),
        ("{kpi: terminal.wait_mean_min, value: 5 min, variant: then}", "there is no variant 'then'"),
        ("{kpi: terminal.wait_mean_min, value: 5 min, hold_out: 20 %}", "go with a table"),
        ("{kpi: terminal.gate_in_count, table: nowhere}", "there is no table 'nowhere'"),
        ("{kpi: pedestrian.stay_share, value: 40 %}", "no model of this scenario gives pedestrian.stay_share"),
        ("{kpi: terminal.wait_mean_min, value: 5 min, day: 平日}", "there is no kind of day '平日'"),
    ],
)
def test_a_wrong_observation_is_told_at_its_line(tmp_path, entry, said):
    told = refused(tmp_path, GATE + f"observed:\n  - {entry}\n")
    assert any(said in text and "line 10" in text for text in told), told


def test_with_kinds_of_day_an_observation_names_its_own(tmp_path):
    days = "days: {平日: {weight: 300 days}, 休日: {weight: 65 days}}\n"
    entry = "observed: [{kpi: terminal.wait_mean_min, value: 5 min%s}]\n"
    (told,) = refused(tmp_path, GATE + days + entry % "")
    assert "several kinds of day" in told
    plan, _ = plan_and_city(load(scenario(tmp_path, GATE + days + entry % ", day: 休日")))
    assert plan.observed["entries"][0]["run"] in plan.variants
    assert plan.observed["entries"][0]["day"] == "休日"


def test_a_figure_that_a_table_cannot_hold_names_what_is_counted_in_its_place(tmp_path):
    text = WALK + "tables: {d: {file: d.csv}}\nobserved: [{kpi: pedestrian.stay_share, table: d}]\n"
    (told,) = refused(tmp_path, text, d="share\n1\n")
    assert "write kpi: pedestrian.dwell_share" in told


def test_lengths_need_a_unit_and_are_gathered_with_their_error(tmp_path):
    table = "tables: {w: {file: w.csv, columns: {time: 列, wait: 待ち}%s}}\n"
    entry = "observed: [{kpi: terminal.gate_wait_min, table: w, count: wait}]\n"
    rows = "列,待ち\n07:05,10\n07:40,14\n08:10,30\n"
    (told,) = refused(tmp_path, GATE + table % "" + entry, w=rows)
    assert "units: {wait: min}" in told
    plan, _ = plan_and_city(load(scenario(tmp_path, GATE + table % ", units: {wait: min}" + entry, w=rows)))
    (found,) = plan.observed["entries"]
    assert found["values"] == [12.0, 30.0]
    assert found["spreads"] == [pytest.approx(2.0), 0.0]


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("15分未満", (0, 15)),
        ("１５〜６０分", (15, 60)),
        ("15-30", (15, 30)),
        ("<15", (0, 15)),
        ("3時間以上", (180, 1e12 / 60)),
        ("180+", (180, 1e12 / 60)),
        ("1〜3時間", (60, 180)),
        ("180分超", (180, 1e12 / 60)),
    ],
)
def test_bands_are_read_as_people_write_them(text, minutes):
    assert band_of(text) == pytest.approx((minutes[0] * 60.0, minutes[1] * 60.0))


@pytest.mark.parametrize("text", ["", "短い", "15", "30-15", "1-2-3"])
def test_what_is_no_band_is_none(text):
    assert band_of(text)[0] != band_of(text)[0]


@pytest.mark.parametrize(
    ("sensor", "said"),
    [
        ("{kind: kamera}", "a sensor has a kind: gate_count, loop"),
        ("{kind: camera, misses: 120 %}", "misses"),
        ("{kind: gps, evry: 5 min}", "unknown key 'evry'"),
        ("{misses: 5 %}", "a sensor has a kind"),
    ],
)
def test_a_wrong_sensor_is_told(tmp_path, sensor, said):
    told = refused(tmp_path, GATE + f"sensors: {{s: {sensor}}}\n")
    assert any(said in text for text in told), told
