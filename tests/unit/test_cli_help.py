"""The command line's first answer is light and says what to do."""

from __future__ import annotations

import subprocess
import sys

import pytest


def run(*args):
    return subprocess.run([sys.executable, "-m", "twin", *args], capture_output=True, text=True, encoding="utf-8")


def test_help_loads_nothing_heavy():
    code = (
        "import sys\nfrom twin.cli import main\nsys.argv = ['twin', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print([m for m in ('numpy', 'pandas', 'mesa', 'osmnx', 'numba') if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.strip() == "[]"
    assert "twin new" in done.stdout


@pytest.mark.parametrize("command", ["check", "new", "run", "resume", "fork", "compare", "view"])
def test_every_command_helps_with_an_example(command):
    done = run(command, "--help")
    assert done.returncode == 0
    assert "Example" in done.stdout


def test_an_unknown_command_is_one_message_and_a_non_zero_exit():
    done = run("rnu")
    assert done.returncode == 2
    assert "rnu" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_file_is_one_message_that_names_it():
    done = run("run", "no such file.yaml")
    assert done.returncode == 2
    assert "no such file.yaml" in done.stderr
    assert "mend:" in done.stderr
    assert "Traceback" not in done.stderr
