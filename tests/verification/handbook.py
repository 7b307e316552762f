"""Run every file and command of the handbook as printed, the long ones too.

    python -m tests.verification.handbook

Ends with exit code 1 if a command fails. Some minutes on a quiet machine; CI runs the short pages.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.unit.test_handbook import PAGES, ROOT, blocks, titled


def main() -> None:
    failed = 0
    for page in (page for page in PAGES if titled(page)):
        with tempfile.TemporaryDirectory() as folder:
            for title, text in titled(page).items():
                (Path(folder) / title).write_text(text, encoding="utf-8")
            for command in (line for lang, _, text in blocks(page) if lang == "console" for line in text.splitlines()):
                began = time.perf_counter()
                done = subprocess.run(
                    [sys.executable, "-m", *shlex.split(command)],
                    cwd=folder,
                    capture_output=True,
                    text=True,
                    env={**os.environ, "PYTHONPATH": str(ROOT)},
                )
                failed += done.returncode != 0
                print(f"{page}: {command}: exit {done.returncode}, {time.perf_counter() - began:.0f} s", flush=True)
                if done.returncode:
                    print(done.stderr[-2000:])
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
