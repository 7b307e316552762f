"""The doctor finds what is wrong with a machine, names the mend, and names nobody."""

from __future__ import annotations

import getpass
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from twin import doctor


def test_the_command_looks_at_everything_and_tells_nobody_where(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "twin", "doctor", "--json"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "HOME": str(tmp_path / "taro.yamada")},
    )
    assert done.returncode == 0, done.stderr
    content = json.loads(done.stdout)
    assert [finding["check"] for finding in content["findings"]] == [
        "Python",
        "libraries",
        "memory",
        "cores",
        "disk",
        "cache",
        "console",
        "fonts",
        "browser",
        "compiler",
        "kernels",
    ]
    for finding in content["findings"]:
        assert bool(finding["mend_en"]) == bool(finding["mend_ja"]) == (finding["state"] != "good"), finding
    for private in (str(tmp_path), "taro.yamada", str(Path.home()), platform.node()):
        assert private not in done.stdout
    assert getpass.getuser() == "root" or getpass.getuser() not in done.stdout


def test_a_library_that_is_too_old_is_named(monkeypatch):
    real = doctor.importlib.metadata.version
    monkeypatch.setattr(doctor.importlib.metadata, "requires", lambda _: ["numba>=0.61", "numpy>=2.0", "mesa>=3"])
    monkeypatch.setattr(doctor.importlib.metadata, "version", lambda name: "0.5" if name == "numba" else real(name))
    finding = doctor._libraries()
    assert finding.state == "bad"
    assert "numba 0.5, wanted >=" in finding.found


def test_an_old_or_untried_python_is_told_apart(monkeypatch):
    for version, state in (((3, 10), "bad"), ((3, 12), "good"), ((3, 19), "warn")):
        monkeypatch.setattr(sys, "version_info", version)
        assert doctor._python().state == state


@pytest.mark.parametrize(("free_gb", "state"), [(1.0, "warn"), (8.0, "good")])
def test_little_memory_is_told(monkeypatch, free_gb, state):
    monkeypatch.setattr(doctor, "memory_gb", lambda: (16.0, free_gb))
    assert doctor._memory().state == state


def test_the_memory_of_this_machine_is_known():
    if platform.system() == "Linux":
        total, free = doctor.memory_gb()
        assert 0 < free <= total


@pytest.mark.parametrize(("free", "state"), [(2e9, "good"), (5e8, "warn"), (5e7, "bad")])
def test_a_full_disk_is_told(monkeypatch, free, state):
    usage = shutil.disk_usage(".")._replace(free=free)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: usage)
    assert doctor._disk().state == state


@pytest.mark.parametrize(("encoding", "lost"), [("utf-8", 0), ("cp932", 1), ("ascii", 8)])
def test_a_console_without_kanji_is_told(monkeypatch, encoding, lost):
    with Path(os.devnull).open("w", encoding=encoding) as console:
        monkeypatch.setattr(sys, "stdout", console)
        finding = doctor._console()
        monkeypatch.undo()
    assert (finding.state == "good") == (lost == 0)
    if lost:
        assert f"cannot show {lost} of" in finding.found


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ("<body>WEBGL[NVIDIA GeForce]</body>", "good"),
        ("<body>WEBGL[Google SwiftShader]</body>", "warn"),
        ("<body>WEBGL[]</body>", "warn"),
        ("", "good"),
    ],
)
def test_what_draws_is_told(monkeypatch, answer, state):
    monkeypatch.setattr(doctor, "browsers", lambda: iter(["/usr/bin/chromium"]))
    monkeypatch.setattr(doctor, "_said", lambda *_: answer)
    finding = doctor._browser()
    assert finding.state == state
    assert answer or "could not be tried" in finding.found


def test_without_browser_or_font_there_is_a_mend(monkeypatch):
    monkeypatch.setattr(doctor, "browsers", lambda: iter([]))
    monkeypatch.setattr(doctor, "_kanji_font", lambda: "")
    assert doctor._browser().mend_ja
    assert doctor._fonts().mend_ja


def test_a_compiler_that_fails_is_a_finding(monkeypatch):
    def broken():
        raise OSError("no libLLVM")

    monkeypatch.setattr("twin.jit.compiles_s", broken)
    finding = doctor._compiler()
    assert finding.state == "bad"
    assert "no libLLVM" in finding.found


def test_a_cache_that_cannot_be_written_is_told(monkeypatch, tmp_path):
    def elsewhere():
        monkeypatch.setenv("TWIN_CACHE_DIR", str(tmp_path))
        return tmp_path

    monkeypatch.delenv("TWIN_CACHE_DIR", raising=False)
    monkeypatch.setattr("twin.cache.compiled_folder", elsewhere)
    assert doctor._cache().state == "warn"
