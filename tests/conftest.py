"""What tests share: where shared data lies, one thread, the command line as a user runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

os.environ.setdefault("NUMBA_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


@pytest.fixture
def shared_data():
    """Folder of the real data sets beside the project; the test skips where they are not."""
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip(f"no real data sets beside the project: {folder.name} is not there")
    return folder


@pytest.fixture
def twin():
    """Run the command line in a process of its own."""

    def run(*args, cwd=None, env=None, timeout=600):
        return subprocess.run(
            [sys.executable, "-m", "twin", *map(str, args)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            cwd=cwd or ROOT,
            timeout=timeout,
            env={**os.environ, **(env or {})},
        )

    return run
