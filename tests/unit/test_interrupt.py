"""Ctrl-C while the command loads: one line and 130, wherever it falls behind the first lines of the entry point."""

from __future__ import annotations

import ast
import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is raised as a POSIX signal")

# As the installed command does it; Ctrl-C falls into the so-manyth import that the entry point asks for.
COMMAND = """
import signal, sys
count = [0]
def hook(name, arguments):
    if name == "import" and "twin.__main__" in sys.modules and hasattr(sys.modules["twin.__main__"], "main"):
        count[0] += 1
        if count[0] == {at}:
            signal.raise_signal(signal.SIGINT)
sys.addaudithook(hook)
sys.argv = ["twin", "check", "none.yaml"]
from twin.__main__ import main
main()
"""


@pytest.mark.parametrize("at", [1, 2, 40])
def test_ctrl_c_while_the_command_loads_shows_no_traceback(at):
    done = subprocess.run(
        [sys.executable, "-c", COMMAND.format(at=at)], capture_output=True, text=True, cwd=ROOT, timeout=120
    )
    assert (done.returncode, done.stderr, done.stdout) == (130, "interrupted\n", "")


def test_nothing_is_loaded_before_ctrl_c_is_heeded():
    """Before that only Python's own start-up and the search for the package lie, which no entry point can change."""
    words = "import sys; before = set(sys.modules); import twin.__main__; print(sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, cwd=ROOT, timeout=120)
    # The finder of an install that can be edited has loaded `__future__` already.
    assert set(ast.literal_eval(done.stdout)) - {"__future__"} == {"twin", "twin.__main__"}, done.stderr
