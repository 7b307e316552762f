"""A study checked from outside: one changed byte, one edited number, another version."""

from __future__ import annotations

import json
import re
import shutil

import pyarrow.parquet as pq
import pytest

from tests.scenarios.cases import command_line
from tests.unit.viz.report.studies import make_study
from twin.errors import RunError
from twin.experiments.verify import verify
from twin.results.run_folder import Study, file_sha256, sealed, write_json
from twin.viz.report.checked import check_report
from twin.viz.report.page import write_report


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    study = make_study(tmp_path_factory.mktemp("verify"), title="検証")
    write_report(study, study.folder / "report.html")
    return study.folder


@pytest.fixture
def folder(sound, tmp_path):
    return shutil.copytree(sound, tmp_path / "study")


def vouch(folder, relative):
    """Make the manifest vouch for a file that was changed, as who forges it would."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"][relative] = file_sha256(folder / relative)
    write_json(folder / "manifest.json", sealed({k: v for k, v in manifest.items() if k != "sha256"}))


def test_a_sound_study_is_found_sound(sound):
    found = verify(sound)
    assert found.ok, found.faults
    assert found.runs == 2
    assert found.rows > 100
    assert found.files > 20


@pytest.mark.parametrize(
    "pattern",
    [
        "kpis.parquet",
        "answers.json",
        "draws.parquet",
        "plan.json",
        "city/*.npz",
        "runs/two/003/tables/ledger.parquet",
        "runs/today/000/kpis.parquet",
    ],
)
def test_one_changed_byte_in_any_file_is_found(folder, pattern):
    (path,) = folder.glob(pattern)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    found = verify(folder)
    relative = path.relative_to(folder).as_posix()
    assert f"{relative}: not as it was written" in found.faults


def test_a_missing_file_and_one_that_nobody_vouches_for_are_found(folder):
    (folder / "draws.parquet").rename(folder / "more.parquet")
    faults = verify(folder).faults
    assert "draws.parquet: the file is missing" in faults
    assert "more.parquet: no manifest vouches for this file" in faults


def test_a_forged_answer_does_not_follow_from_the_figures(folder):
    path = folder / "answers.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"better"', '"worse"', 1), encoding="utf-8")
    vouch(folder, "answers.json")
    assert verify(folder, sample=0).faults == ("answers.json: the answers do not follow from the figures",)


def test_forged_figures_are_not_what_the_runs_say(folder):
    table = pq.read_table(folder / "kpis.parquet")
    at = table.column("kpi").to_pylist().index("terminal.wait_mean_min")
    values = table.column("value").to_pylist()
    values[at] += 1.0
    position = table.schema.get_field_index("value")
    pq.write_table(table.set_column(position, table.schema.field(position), [values]), folder / "kpis.parquet")
    vouch(folder, "kpis.parquet")
    faults = verify(folder).faults
    assert any("kpis.parquet: variant today, replication 0 is not what its run says" in fault for fault in faults)
    assert any("replication 0 done anew: terminal.wait_mean_min" in fault for fault in faults)


def test_another_version_is_named(folder):
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["versions"]["numpy"] = "1.0.0"
    write_json(folder / "manifest.json", sealed({k: v for k, v in manifest.items() if k != "sha256"}))
    assert any(fault.startswith("made with numpy 1.0.0, here is") for fault in verify(folder, sample=0).faults)


def test_the_command_checks_the_report_too_and_says_what_it_found(folder, capsys):
    said = command_line(capsys, "verify", folder, "--sample", "1", "--json")
    assert said.code == 0
    found = json.loads(said.out)
    assert found["ok"]
    assert found["report"].endswith("report.html")
    page = folder / "report.html"
    text = page.read_text(encoding="utf-8")
    row = Study(folder).answers["answers"][0]["rows"][0]
    told = f"{abs(row['mean']):.3g}"
    assert told in text
    page.write_text(text.replace(told, "77.7", 1), encoding="utf-8")
    said = command_line(capsys, "verify", folder, "--sample", "0", "--json")
    assert said.code == 4
    (fault,) = json.loads(said.out)["faults"]
    assert fault.startswith("report.html: the page is not what the study says: it has «")
    assert "77.7" in fault.partition(", the study ")[0]
    assert told in fault.partition(", the study ")[2]


def test_a_number_in_a_chart_is_checked_too(folder):
    page = folder / "report.html"
    text = page.read_text(encoding="utf-8")
    start = text.index("<figure>")
    at = start + re.search(r'd="M([0-9.]+),', text[start:]).start(1)
    page.write_text(text[:at] + "9" + text[at:], encoding="utf-8")
    faults, _ = check_report(Study(folder), page)
    assert faults


def test_where_charts_cannot_be_drawn_the_rest_is_checked_all_the_same(folder, monkeypatch):
    page = folder / "report.html"
    text = page.read_text(encoding="utf-8")
    monkeypatch.setattr("twin.viz.report.checked.tools", lambda: None)
    faults, notes = check_report(Study(folder), page)
    assert faults == []
    assert len(notes) == 1
    assert "not compared" in notes[0]
    row = Study(folder).answers["answers"][0]["rows"][0]
    page.write_text(text.replace(f"{abs(row['mean']):.3g}", "77.7", 1), encoding="utf-8")
    faults, _ = check_report(Study(folder), page)
    assert "77.7" in faults[0]


def test_a_page_that_is_none_is_a_clear_error(folder):
    page = folder / "report.html"
    page.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RunError, match="cannot be read"):
        check_report(Study(folder), page)
