"""SIGKILL at any moment, then resume: the same bytes as an undisturbed run, and nothing half-done is a result."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.scenarios.test_shipped import contents
from twin.engine import draws
from twin.errors import RunError
from twin.results.run_folder import open_any, partial_of

KILLS = 50
GATE = Path(__file__).with_name("gate.yaml")


def command(*args):
    return [sys.executable, "-m", "twin", *map(str, args)]


def children_of(pid):
    """Process ids of workers, so that a kill can take the parent alone and leave orphans to die by themselves."""
    import psutil

    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is a POSIX signal")
def test_fifty_kills_that_landed_resume_to_the_same_bytes(tmp_path):
    arguments = ("--workers", "2", "--replications", "2", "--checkpoint-every", "15 min")
    # The first run compiles; kills are spread over the length of the second.
    for name in ("cold", "whole"):
        began = time.monotonic()
        subprocess.run(command("run", GATE, "--out", tmp_path / name, *arguments), check=True, capture_output=True)
        whole_s = time.monotonic() - began
    expected = contents(tmp_path / "whole")
    stream = draws.make_stream(1, "test.kills")
    landed = study = 0
    moments = {"nothing yet": 0, "partial": 0, "finished": 0}
    while landed < KILLS:
        out = tmp_path / f"killed{study}"
        study += 1
        while not out.exists():
            args = ("resume", out) if partial_of(out).exists() else ("run", GATE, "--out", out, *arguments)
            process = subprocess.Popen(command(*args), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            share = draws.uniform(stream, np.uint64(landed), np.uint64(study))
            try:
                process.wait(timeout=float(share) * whole_s)
            except subprocess.TimeoutExpired:
                workers = children_of(process.pid)
                process.send_signal(signal.SIGKILL)
                process.wait()
                landed += 1
                moments["finished" if out.exists() else "partial" if partial_of(out).exists() else "nothing yet"] += 1
                # Nothing incomplete may be read as a result, at once after the kill.
                if not out.exists():
                    with pytest.raises(RunError):
                        open_any(out)
                    with pytest.raises(RunError):
                        open_any(partial_of(out))
                # Every third kill leaves the workers to notice their parent's death.
                for worker in workers if landed % 3 else ():
                    worker.kill()
        open_any(out)
        assert contents(out) == expected, f"after {landed} kills"
    assert moments["partial"] > KILLS / 4, moments


def test_a_run_killed_before_it_began_has_nothing_to_resume(twin, tmp_path):
    done = twin("resume", tmp_path / "nothing")
    assert done.returncode == 4
    assert "no study to resume" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_in_the_way_is_named_and_left_alone(twin, tmp_path):
    there = tmp_path / "there"
    there.mkdir()
    (there / "keep.txt").write_text("mine", encoding="utf-8")
    done = twin("run", GATE, "--out", there)
    assert done.returncode == 4
    assert "exists already" in done.stderr
    assert [p.name for p in there.iterdir()] == ["keep.txt"]
    assert not Path(f"{there}.partial").exists()
