"""What Windows does otherwise, imitated: files that are open, deep folders, line ends, names that are devices.

Nothing here was run on Windows itself: errors of its system are raised by hand, and its limits are computed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scenarios.cases import TINY
from twin import api, service
from twin.errors import RunError, ScenarioError
from twin.results import run_folder
from twin.results.run_folder import Study, partial_of

ROOT = Path(__file__).resolve().parents[2]
#: Longest path that programs of Windows open without a setting of the system.
MAX_PATH = 259


@pytest.fixture
def scenario(tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY, encoding="utf-8")
    return path


def held_open(monkeypatch, folder, tries):
    """Moving the folder is refused so many times, as while another program reads a file of it."""
    left, real = [tries], os.replace

    def replace(source, target):
        if Path(source) == folder and left[0]:
            left[0] -= 1
            raise PermissionError(13, "The process cannot access the file because it is being used", str(source))
        return real(source, target)

    monkeypatch.setattr(run_folder.os, "replace", replace)
    return left


def test_a_file_that_is_open_for_a_moment_only_delays_the_last_move(scenario, tmp_path, monkeypatch):
    monkeypatch.setattr(run_folder, "_MOVE_TRIES", 5)
    monkeypatch.setattr(run_folder.time, "sleep", lambda _: None)
    out = tmp_path / "out"
    left = held_open(monkeypatch, partial_of(out), 3)
    study = api.run(scenario, out, workers=1)
    assert left == [0]
    assert study.folder == out
    assert not partial_of(out).exists()


def test_a_file_that_stays_open_is_told_and_resume_finishes_to_the_byte(scenario, tmp_path, monkeypatch):
    whole = api.run(scenario, tmp_path / "whole", workers=1)
    out = tmp_path / "out"
    with monkeypatch.context() as open_there:
        held_open(open_there, partial_of(out), 1000)
        with pytest.raises(RunError, match="cannot be given its name") as told:
            api.run(scenario, out, workers=1)
    assert "twin resume" in told.value.mend
    assert not out.exists()
    finished = service.resume(out)
    assert finished.folder == out
    assert not partial_of(out).exists()
    files = {p.relative_to(whole.folder) for p in whole.folder.rglob("*.parquet")}
    assert files == {p.relative_to(out) for p in out.rglob("*.parquet")}
    for name in files:
        assert (out / name).read_bytes() == (whole.folder / name).read_bytes(), name


def test_a_folder_of_180_characters_holds_a_study_within_the_limit_of_windows(scenario, tmp_path):
    deep = tmp_path
    while len(str(deep / "検討")) < 180:
        deep /= ("資料" * 12)[: max(1, min(24, 180 - len(str(deep)) - 4))]
    deep.mkdir(parents=True)
    out = deep / "out"
    assert 175 <= len(str(deep)) <= 185
    done = subprocess.run(
        [sys.executable, "-m", "twin", "run", str(scenario), "--out", str(out), "--workers", "2"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    grown = len(".partial")
    longest = max(len(str(path)) + grown for path in out.rglob("*"))
    assert longest <= MAX_PATH, "a study must fit below a folder of 180 characters"
    assert Study(out).run().frame("ledger").size


def test_line_ends_of_windows_say_the_same(tmp_path):
    text = TINY.replace('hourly: {"06:00": 10 trucks}', "table: 来場") + (
        "tables: {来場: {file: t.csv, counted_at: line_join, columns: {hour: 時, trucks: 台数}}}\n"
    )
    plans = []
    for name, end in (("unix", "\n"), ("windows", "\r\n")):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "s.yaml").write_bytes(text.replace("\n", end).encode())
        (folder / "t.csv").write_bytes(f"時,台数{end}6,10{end}7,5{end}".encode("cp932"))
        plan = api.plan_and_city(api.load(folder / "s.yaml"))[0]
        plans.append({variant: plan.variant(variant)["models"] for variant in plan.variants})
    assert plans[0] == plans[1]


def test_a_checkout_has_the_line_ends_that_are_compared_to_the_byte():
    attributes = (ROOT / ".gitattributes").read_text(encoding="utf-8")
    assert "* text=auto eol=lf" in attributes
    for folder in ("data", "tests/regression"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".json", ".yaml", ".osm", ".md", ".csv"):
                assert b"\r\n" not in path.read_bytes(), path


@pytest.mark.parametrize("name", ["con", "NUL", "aux", "com1", "Lpt9", "a.b", "a b"])
def test_names_that_windows_cannot_use_are_refused(tmp_path, name):
    path = tmp_path / "s.yaml"
    path.write_text(TINY + f"variants: {{{name!r}: {{label: {{ja: 案, en: A}}}}}}\n", encoding="utf-8")
    with pytest.raises(ScenarioError):
        api.load(path)
