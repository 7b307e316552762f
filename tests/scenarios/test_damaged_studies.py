"""A bit lost anywhere in an unfinished study is named, or costs no byte; whoever loses a race is told so."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest

from tests.scenarios.cases import TWO_VARIANTS, assert_one_clear_message, command_line, results, tree
from twin import api
from twin.errors import CityError, RunError
from twin.experiments import study as studies
from twin.experiments.study import StudyOptions, resume, start
from twin.experiments.task import Task, do_task
from twin.results.run_folder import Study, study_target
from twin.scenario.plan.plan import Plan


def half_done(folder, *, lean=False):
    """A study of two variants, one of which is run, with a table among its inputs."""
    (folder / "hours.csv").write_text("hour,trucks\n6,10\n7,20\n", encoding="utf-8")
    text = TWO_VARIANTS.replace('hourly: {"06:00": 10 trucks}', "table: hours")
    (folder / "s.yaml").write_text(text + "tables: {hours: {file: hours.csv}}\n", encoding="utf-8")
    loaded = api.load(folder / "s.yaml")
    plan, city = api.plan_and_city(loaded)
    partial = start(plan, city, folder / "study", StudyOptions(lean=lean), source=loaded.source)
    do_task(partial, Plan.read(partial), city, Task("today", 0, lean=lean))
    return partial


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kept")
    half_done(folder)
    return folder


@pytest.fixture(scope="module")
def whole(kept):
    shutil.copytree(kept / "study.partial", kept / "other.partial")
    resume(kept / "other")
    return results(kept / "other")


@pytest.fixture
def partial(kept, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return shutil.copytree(kept / "study.partial", tmp_path / "study.partial")


def files(folder):
    named = sorted(p for p in folder.rglob("*") if p.is_file())
    return [p for p in named if p.name not in ("log.txt", "timing.json") and p.suffix != ".lock"]


def test_an_undamaged_study_goes_on(partial, whole):
    resume(partial.with_name("study"))
    assert results(partial.with_name("study")) == whole


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 0.999])
def test_a_byte_changed_in_any_file_is_named(partial, share):
    """Every file that an unfinished study believes, at several places."""
    checked = files(partial)
    assert {p.name for p in checked} >= {
        "plan.json",
        "inputs.npz",
        "scenario.yaml",
        "how.json",
        "city.json",
        "arrays.npz",
        "kpis.parquet",
        "manifest.json",
    }
    for path in checked:
        before = path.read_bytes()
        at = int(share * len(before))
        path.write_bytes(before[:at] + bytes([before[at] ^ 1]) + before[at + 1 :])
        with pytest.raises((RunError, CityError)) as fault:
            resume(partial.with_name("study"))
        assert path.name in fault.value.where, f"{path}: {fault.value}"
        assert fault.value.mend
        path.write_bytes(before)
    assert not partial.with_name("study").exists()


def test_a_file_cut_short_or_gone_is_named(partial):
    for path in files(partial):
        before = path.read_bytes()
        path.write_bytes(before[:-3])
        with pytest.raises((RunError, CityError)) as cut:
            resume(partial.with_name("study"))
        assert path.name in cut.value.where
        path.unlink()
        with pytest.raises((RunError, CityError)) as gone:
            resume(partial.with_name("study"))
        assert path.name in gone.value.where
        path.write_bytes(before)
    resume(partial.with_name("study"))


def test_the_mend_of_a_damaged_run_mends_it(partial, whole, capsys):
    run = partial / "runs" / "today" / "000"
    (run / "kpis.parquet").write_bytes(b"PAR1" + bytes(100))
    said = command_line(capsys, "resume", "study", "--workers", "1")
    assert_one_clear_message(said, 4, "kpis.parquet", "does the run again")
    shutil.rmtree(run)
    assert command_line(capsys, "resume", "study", "--workers", "1").code == 0
    assert results(partial.with_name("study")) == whole


def test_an_edited_plan_is_not_gone_on_with_though_it_is_sound(partial, capsys):
    path = partial / "plan.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["seed"] += 1
    path.write_text(json.dumps(content), encoding="utf-8")
    before = tree(partial)
    assert_one_clear_message(command_line(capsys, "resume", "study"), 4, "plan.json", "run the scenario again")
    assert tree(partial) == before


@pytest.mark.parametrize("damage", ["edited", "torn", "bytes", "gone"])
def test_a_lean_run_whose_line_is_not_as_it_was_written_is_done_again(tmp_path, damage):
    whole = half_done(tmp_path, lean=True)
    shutil.copytree(whole, tmp_path / "other.partial")
    resume(tmp_path / "study")
    (path,) = (tmp_path / "other.partial" / "lean").iterdir()
    before = path.read_bytes()
    at = len(before) // 2
    path.write_bytes(
        {
            "edited": before.replace(b"1", b"2", 70),
            "torn": before[:at],
            "bytes": before[:at] + bytes([before[at] ^ 1]) + before[at + 1 :] + before,
            "gone": b"",
        }[damage]
    )
    assert resume(tmp_path / "other").manifest["lean"]
    assert results(tmp_path / "other") == results(tmp_path / "study")
    told = (tmp_path / "other" / "log.txt").read_text(encoding="utf-8")
    assert ("damaged" in told) == (damage in ("edited", "bytes", "torn"))


def test_a_study_that_lacks_only_its_name_is_checked_before_it_gets_it(partial, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(studies, "_put_in_place", stop)
        with pytest.raises(KeyboardInterrupt):
            resume(partial.with_name("study"))
    assert (partial / "manifest.json").is_file()
    path = partial / "runs" / "more" / "000" / "tables" / "visits.parquet"
    path = path if path.is_file() else next((partial / "runs" / "more" / "000" / "tables").iterdir())
    before = path.read_bytes()
    path.write_bytes(before[:-1] + b"\0")
    with pytest.raises(RunError) as fault:
        resume(partial.with_name("study"))
    assert path.name in fault.value.where
    path.write_bytes(before)
    resume(partial.with_name("study"))


def test_a_changed_word_in_the_manifest_of_a_finished_study_is_noticed(partial):
    resume(partial.with_name("study"))
    manifest = partial.with_name("study") / "manifest.json"
    text = manifest.read_text(encoding="utf-8")
    for old, new in (('"seed": 7', '"seed": 8'), ('"lean": false', '"lean": true'), ('"twin": "', '"twin": "9')):
        assert old in text
        manifest.write_text(text.replace(old, new), encoding="utf-8")
        with pytest.raises(RunError, match="damaged or was changed"):
            Study(partial.with_name("study"))
    manifest.write_text(text, encoding="utf-8")
    assert Study(partial.with_name("study")).manifest["seed"] == 7


def test_tables_are_on_the_disk_before_the_manifest_names_them(tmp_path, monkeypatch):
    import os

    synced, named = set(), []
    fsync, replace = os.fsync, os.replace

    def note(descriptor):
        synced.add(os.readlink(f"/proc/self/fd/{descriptor}"))
        fsync(descriptor)

    def look(source, target):
        if str(target).endswith("manifest.json"):
            folder = str(target).removesuffix("manifest.json")
            named.extend(str(p) for p in files(target.parent) if str(p).startswith(folder) and p.suffix == ".parquet")
        replace(source, target)

    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("the system does not tell which file a descriptor is of")
    monkeypatch.setattr(os, "fsync", note)
    monkeypatch.setattr(os, "replace", look)
    half_done(tmp_path)
    assert any(name.endswith("kpis.parquet") for name in named)
    assert set(named) <= synced


def test_whoever_loses_the_race_for_a_study_is_told_so(partial, monkeypatch):
    out = partial.with_name("study")
    resumed = studies._put_in_place

    def other_first(grown, target):
        resumed(grown, target)  # the winner, between our last look and our rename
        resumed(grown, target)

    monkeypatch.setattr(studies, "_put_in_place", other_first)
    with pytest.raises(RunError, match="another process has finished this study meanwhile") as fault:
        resume(out)
    assert "room" not in fault.value.mend
    assert Study(out).variants == ["today", "more"]


def test_a_study_at_work_is_not_resumed_beside(partial):
    out = partial.with_name("study")
    from twin.experiments.study import _alone

    with _alone(partial, out), pytest.raises(RunError, match="another process is at work on this study"):
        resume(out)
    assert resume(out).variants == ["today", "more"]


def test_two_resumes_at_once_leave_one_study_and_one_clear_word(partial, whole):
    command = [sys.executable, "-m", "twin", "resume", "study", "--workers", "1"]
    both = [
        subprocess.Popen(command, cwd=partial.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=300)[1] for process in both]
    codes = sorted(process.returncode for process in both)
    assert codes in ([0, 0], [0, 4]), said
    assert results(partial.with_name("study")) == whole
    for process, words in zip(both, said, strict=True):
        if process.returncode:
            assert "another process" in words
            assert "make room" not in words


@pytest.mark.parametrize("out", ["x" * 250, "夢" * 85, "", ".", "..", "a.partial", "file/in/it", "/"])
def test_no_form_of_out_ends_in_a_fault_of_the_twin(out, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    (tmp_path / "s.yaml").write_text(TWO_VARIANTS, encoding="utf-8")
    before = tree(tmp_path)
    for args in (("run", "s.yaml", "--workers", "1"), ("city", "build", "file")):
        said = command_line(capsys, *args, "--out", out)
        assert said.code in (3, 4), (args, said)
        assert "internal error" not in said.err
        assert "mend:" in said.err
    assert tree(tmp_path) == before


def test_a_name_of_ordinary_length_is_left_as_given(tmp_path):
    assert study_target(tmp_path / ("x" * 190)).name == "x" * 190


def test_ctrl_c_while_the_command_loads_shows_no_traceback(tmp_path):
    """From 0.1 s on, when Python itself is up, whatever is being loaded or checked.

    Import by import: ``tests/unit/test_interrupt.py``.
    """
    import os
    import signal

    if os.name != "posix":
        pytest.skip("Ctrl-C is sent as a POSIX signal")
    (tmp_path / "s.yaml").write_text(TWO_VARIANTS, encoding="utf-8")
    codes = []
    for delay_s in np.linspace(0.1, 1.0, 5):
        process = subprocess.Popen(
            [sys.executable, "-m", "twin", "check", "s.yaml"],
            cwd=tmp_path,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        time.sleep(float(delay_s))  # the moment is what is tried
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1]
        assert "Traceback" not in said, f"after {delay_s:.2f} s: {said[-300:]}"
        codes.append(process.returncode)
    assert set(codes) <= {0, 130}
    assert 130 in codes
