"""The check finds what the run refuses, and says what of the demand no run will see."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.scenarios.cases import TINY, command_line
from twin import api
from twin.errors import TwinError
from twin.scenario.plan.demand_clock import demand_tables, outside_clock

VANS = """\
twin: 1
name: vans
city: osaka_ikuno_hirano
clock: {from: "06:00", to: "07:00", then: until_empty, latest: "09:00", step: 10 s}
transit:
  fleet: {count: 2 vans}
"""
CARS = "road_traffic: {form: free_flow, background: {od_table: cars}}\ntables: {cars: {file: cars.csv}}\n"
OD = "from_place,to_place,from_s,to_s,count\nosaka_yumeshima/entry/bridge,osaka_yumeshima/entry/tunnel,21600,23400,5\n"

REFUSED = {
    "unknown street": (TINY + "road_traffic: {form: queueing, watched_streets: [Midosuji]}\n", {}),
    "step beyond a lead": (VANS.replace("10 s", "100 s"), {}),
    "missing column": (TINY + CARS, {"cars.csv": OD.replace("from_s", "begins")}),
    "unknown place": (TINY + CARS, {"cars.csv": OD.replace("bridge", "ferry")}),
    "unknown stop": (
        VANS + "  demand: {table: t}\ntables: {t: {file: t.csv}}\n",
        {"t.csv": "time,from_stop,to_stop\n6:10,nowhere,hirano-001\n"},
    ),
    "trucks after the gate": (
        TINY.replace('hourly: {"06:00": 10 trucks}', "table: t") + "tables: {t: {file: t.csv}}\n",
        {"t.csv": "hour,trucks\n22,50\n23,50\n"},
    ),
    "districts that do not join": (
        TINY.replace("osaka_yumeshima", "[osaka_yumeshima, town.osm]"),
        {
            "town.osm": (
                '<osm version="0.6">'
                + "".join(f'<node id="{i}" lat="{48.8 + i * 1e-3}" lon="{2.3 + i % 2 * 1e-3}"/>' for i in (1, 2, 3))
                + '<way id="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="residential"/></way></osm>'
            )
        },
    ),
}


def written(tmp_path, text, files=()):
    for name, content in dict(files).items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    path = tmp_path / "s.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_run_refuses_the_check_finds(case, tmp_path, capsys):
    path = written(tmp_path, *REFUSED[case])
    with pytest.raises(TwinError) as refused:
        api.run(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    report = api.check(path)
    assert not report.ok
    own = getattr(refused.value, "problems", ()) or (refused.value,)
    assert {p.what for p in report.problems} == {p.what for p in own}
    said = command_line(capsys, "check", path)
    assert said.code == 2
    assert report.problems[0].what.split("\n")[0][:40] in said.err


def test_a_scenario_that_begins_has_no_problem(tmp_path):
    report = api.check(written(tmp_path, TINY + CARS, {"cars.csv": OD}))
    assert report.ok, report.problems
    assert all(words.startswith("the map carries tags that are not used") for words in report.warnings)


def test_every_variant_is_tried_and_a_fault_of_all_is_told_once(tmp_path):
    text = TINY + "road_traffic: {form: queueing, watched_streets: [Nowhere]}\n"
    variants = "variants: {a: {}, b: {set: {terminal.lanes.A.count: 3}}, c: {set: {terminal.lanes.A.count: 4}}}\n"
    assert len(api.check(written(tmp_path, text + variants)).problems) == 1
    one = "variants: {a: {}, b: {set: {road_traffic.watched_streets: [Nowhere], road_traffic.form: queueing}}}\n"
    assert not api.check(written(tmp_path, TINY + one)).ok


def test_demand_outside_the_clock_is_told_with_its_number_in_check_and_run(tmp_path, capsys):
    rows = "time,from_stop,to_stop\n" + "".join(f"{t},hirano-001,hirano-009\n" for t in ("5:10", "6:30", "9:45"))
    path = written(tmp_path, VANS + "  demand: {table: t}\ntables: {t: {file: t.csv}}\n", {"t.csv": rows})
    said = command_line(capsys, "check", path)
    assert said.code == 0
    assert "2 of 3 rows lie outside the clock (05:10 to 09:45" in " ".join(said.out.split())
    ran = command_line(capsys, "run", path, "--out", tmp_path / "out", "--workers", "1", "--lean")
    assert ran.code == 0
    assert "2 of 3 rows lie outside the clock" in " ".join(ran.out.split())


def test_a_run_whose_demand_vanished_says_so(tmp_path, capsys):
    rows = "time,from_stop,to_stop\n9:45,hirano-001,hirano-009\n"
    path = written(tmp_path, VANS + "  demand: {table: t}\ntables: {t: {file: t.csv}}\n", {"t.csv": rows})
    said = command_line(capsys, "run", path, "--out", tmp_path / "out", "--workers", "1", "--json")
    warnings = " ".join(json.loads(said.out)["warnings"])
    assert "all of 1 rows lie outside the clock" in warnings
    assert "transit: no requests entered from start to end" in warnings


def column(*values):
    return np.array(values, np.float64)


@pytest.mark.parametrize(
    ("resolved", "table", "words"),
    [
        (
            {"terminal": {"demand": {"table": "t"}}},
            {
                "hour_start_s": column(0, 3600, 7200),
                "hour_end_s": column(3600, 7200, 10800),
                "trucks": column(10, 20, 40),
            },
            "of table t 30 of 70 trucks",
        ),
        (
            {"pedestrian": {"arrivals_table": "t"}},
            {"time_s": column(1800, 7200), "until_s": column(5400, 9000), "count": column(100, 7)},
            "50 of 107 count",
        ),
        (
            {"road_traffic": {"background": {"od_table": "t"}}},
            {"from_s": column(7200, 10800), "to_s": column(14400, 14400), "count": column(8, 1)},
            "5 of 9 count",
        ),
        ({"transit": {"demand": {"table": "t"}}}, {"time": column(3600, 7200, 10800, 10801)}, "1 of 4 rows"),
    ],
)
def test_what_lies_outside_is_counted_by_its_share_of_the_time(resolved, table, words):
    start_s, end_s = (3600.0, 10800.0)
    if "terminal" in resolved:
        start_s, end_s = 3600.0, 9000.0
    said = outside_clock([resolved], {"t": table}, start_s, end_s)
    assert len(said) == 1
    assert words in said[0]


def test_tables_that_are_no_demand_are_not_asked():
    resolved = {
        "transit": {"stops": {"table": "stops"}, "demand": {"table": "asked"}},
        "terminal": {"demand": {"table": "hours", "vessels": {"table": "calls"}}},
        "road_traffic": {"background": {"gravity": {"counts_table": "counts"}}},
    }
    assert list(demand_tables(resolved)) == [("transit.demand.table", "asked")]
