"""People by square, areas and a road census in whole runs: figures by area, and whose data they are in every output."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from openpyxl import load_workbook

from tests.unit.test_handbook import titled
from twin import api
from twin.experiments.verify import verify
from twin.service_results import export
from twin.viz.report.page import write_report
from twin.viz.run_view import read_run_view

LICENCE = "政府標準利用規約（第2.0版）"


@pytest.fixture
def page(tmp_path):
    """Files of the page of the handbook."""
    for title, text in titled("howto/city-data.md").items():
        # As the files come: in Shift_JIS.
        (tmp_path / title).write_text(text, encoding="cp932" if title.endswith((".txt", ".csv")) else "utf-8")
    return tmp_path


def test_vans_by_town_and_whose_data_they_rest_on(page):
    study = api.run(page / "by-town.yaml", page / "study", replications=1)
    run = study.run("base")
    requests = run.frame("transit_requests")
    zone = run.frame("transit_stops")["zone"].to_numpy()
    assert set(zone) == {"west", "east"}
    assert (zone[requests["from_stop"]] == zone[requests["to_stop"]]).all()
    groups = set(study.kpis.query("kpi == 'transit.asked_count'")["group"])
    assert {"all", "west", "east"} <= groups
    told = study.manifest["data"]
    assert [facts["table"] for facts in told] == ["people", "towns"]
    assert told[0]["licence"] == LICENCE
    assert told[1]["as_of"] == "2020"
    assert run.manifest["data"] == told
    assert any(line.startswith("residents: ") for line in run.manifest["notes"]["transit"])
    assert verify(study.folder).ok
    # Every output for people carries source, licence and date.
    (book,) = [path for path in export(study.folder, page / "out") if path.suffix == ".xlsx"]
    words = [str(cell.value) for sheet in load_workbook(book) for row in sheet.iter_rows() for cell in row]
    assert any(LICENCE in word and "2020-10-01" in word for word in words)
    assert LICENCE in write_report(study, page / "report.html").read_text("utf-8")
    assert any(LICENCE in line for line in read_run_view(run).attribution)


def test_a_road_census_is_held_against_the_run_by_section_direction_and_hour(page):
    study = api.run(page / "census.yaml", page / "study", replications=1)
    (entry,) = study.plan["observed"]["entries"]
    assert sorted(entry["sites"]) == ["27300010010|north", "27300010010|south"]
    assert entry["values"] == [441.0, 562.0, 520.0, 418.0, 487.0, 511.0]
    cells = study.kpis[study.kpis["kpi"].str.startswith("observed") | study.kpis["group"].str.startswith("observed")]
    assert json.loads((study.folder / "observed.json").read_text("utf-8"))["entries"]
    assert np.isfinite(cells["value"]).all()
    assert study.manifest["data"][0]["as_of"] == "2021"


def test_old_scenarios_say_nothing_new(page):
    path = page / "by-town.yaml"
    text = path.read_text("utf-8")
    for line in text.splitlines():
        if line.strip().startswith(("licence", "as_of")):
            text = text.replace(line + "\n", "")
    plain = text.replace(", licence: CC BY 4.0, as_of: 2020", "")
    path.write_text(plain, "utf-8")
    tables = api.plan_and_city(api.load(path))[0].content["tables"]
    assert not {"licence", "as_of", "hours_across", "added_over", "gtfs_day"} & (
        tables["people"].keys() | tables["towns"].keys()
    )


def test_people_by_square_are_the_zones_of_cars_and_the_run_says_how_many_live_on_the_map(page):
    path = page / "census.yaml"
    text = path.read_text("utf-8").replace(
        "gravity: {}", "gravity: {residents_table: people, day_total: 2000 vehicles}"
    )
    squares = "  people: {file: tblT001141H5135.txt, mesh: true, columns: {people: 人口（総数）}, as_of: 2020-10-01}\n"
    path.write_text(text.replace("tables:\n", "tables:\n" + squares).replace("to: 10:00", "to: 08:00"), "utf-8")
    study = api.run(path, page / "study", replications=1)
    (told,) = [line for line in study.run().manifest["notes"]["road_traffic"] if line.startswith("background cars: ")]
    near, total = (float(word.replace(",", "")) for word in re.findall(r"[0-9][0-9,]*", told)[:2])
    assert total == 3120 + 2871 + 1210 + 25 + 2954
    assert 0.9 * total < near <= total
    assert told.endswith("in 5 areas")
    assert len(study.run().frame("road_trips")) > 50
