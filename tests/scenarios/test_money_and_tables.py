"""Prices in a run, by another pack afterwards, in the report; and all runs as one table."""

from __future__ import annotations

import csv
import json

import pytest
from openpyxl import load_workbook

from tests.scenarios.cases import assert_one_clear_message, command_line
from tests.scenarios.test_search import HALF_HOUR
from twin import api
from twin.errors import ScenarioError
from twin.experiments.verify import verify
from twin.results.querying import query, studies_in
from twin.service_results import export
from twin.viz.report.checked import check_report
from twin.viz.report.page import write_report


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("money")
    path = folder / "s.yaml"
    path.write_text(
        HALF_HOUR + "money: {pack: port-h30-unverified, days_per_year: 260 days}\n"
        "measures: {more: {cost: {build: 1 million yen, upkeep: 1 million yen/year}, "
        "set: {terminal.lanes.A.count: 3}}}\nvariants: {today: {}, more: {with: [more]}}\n"
        "replications: 3\n",
        encoding="utf-8",
    )
    return api.run(path, folder / "study")


def test_a_study_is_priced_by_its_pack_and_again_by_another(study, capsys):
    (pair,) = study.money["pairs"]
    wait = next(row for row in pair["per_day_yen"] if row["kpi"] == "terminal.wait_mean_min")
    rows = query([study], "SELECT variant, replication, kpi, value FROM kpis WHERE \"group\" = 'all'")[1]
    told = {(v, r, k): x for v, r, k, x in rows}
    minutes = [
        told["today", r, "terminal.wait_mean_min"] * told["today", r, "terminal.throughput_day"]
        - told["more", r, "terminal.wait_mean_min"] * told["more", r, "terminal.throughput_day"]
        for r in range(3)
    ]
    assert wait["mean"] == pytest.approx(67.95 * sum(minutes) / 3, rel=1e-9)
    assert pair["present_value"]["cost"] > 1e6
    assert verify(study.folder).ok
    said = command_line(capsys, "price", study.folder, "--pack", "road-r7-secondary", "--json")
    lacking = json.loads(said.out)["pairs"][0]["not_priced"]
    assert "time.large_truck" in {row["item"] for row in lacking}
    assert json.loads(said.out)["days_per_year"] == 260


def test_the_report_says_what_is_priced_and_what_is_not(study, tmp_path):
    path = write_report(study, tmp_path / "r.html")
    page = path.read_text(encoding="utf-8")
    assert "費用と便益" in page
    assert "not priced" in page
    assert check_report(study, path) == ([], [])


def test_all_runs_are_one_table(study):
    columns, rows = query(studies_in(study.folder.parent), "SELECT count(*) AS n, min(study) FROM terminal_visits")
    assert columns[0] == "n"
    own = sum(len(next(iter(run.table("terminal_visits").values()))) for run in study.runs())
    assert rows == [(own, "study")]
    frame = study.query("SELECT variant, count(DISTINCT replication) AS r FROM terminal_visits GROUP BY 1 ORDER BY 1")
    assert frame["r"].tolist() == [3, 3]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM nowhere",
        "SELEC 1",
        "SELECT * FROM read_csv('/etc/hostname')",
        "COPY kpis TO 'x.csv'",
        "ATTACH 'x.db'",
        "SET enable_external_access = true",
    ],
)
def test_a_statement_that_cannot_be_answered_is_one_clear_message(study, sql, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert_one_clear_message(
        command_line(capsys, "table", sql, "--in", study.folder), ScenarioError.exit_code, "cannot be answered"
    )
    assert not list(tmp_path.glob("x*"))


def test_the_workbook_and_csv_hold_the_figures_and_texts_stay_texts(tmp_path):
    path = tmp_path / "s.yaml"
    path.write_text(
        HALF_HOUR + "variants:\n  today: {label: {ja: '=1+1', en: x}}\n"
        "  more: {label: {ja: '@SUM(A1)', en: y}, set: {terminal.lanes.A.count: 3}}\nreplications: 2\n",
        encoding="utf-8",
    )
    made = api.run(path, tmp_path / "study", lean=True)
    book, kpis, differences = export(made.folder, tmp_path / "out")
    sheets = load_workbook(book)
    assert sheets.sheetnames == ["答え", "指標", "差", "費用便益", "来歴"]
    cells = [cell for row in sheets["指標"].iter_rows() for cell in row]
    assert "=1+1" in {cell.value for cell in cells}
    assert "f" not in {cell.data_type for cell in cells}, "no cell is a formula"
    assert [cell.value for cell in sheets["差"][1]][:3] == ["基準の案", "比べる案", "日の種類"]
    raw = kpis.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(raw.decode("utf-8-sig").splitlines()))
    own = made.columns("kpis")
    wait = "terminal.wait_mean_min"
    of_wait = own["value"][(own["kpi"] == wait) & (own["variant"] == "today") & (own["group"] == "all")]
    (told,) = (r for r in rows if (r["指標の記号"], r["案"], r["区分"]) == (wait, "'=1+1", "全体"))
    assert float(told["平均"]) == pytest.approx(of_wait.mean())
    assert differences.is_file()
