"""The tables of the gate's README are what the command beside them prints today."""

from pathlib import Path

import pytest

from tests.verification.terminal_tables import TABLES

README = (Path(__file__).resolve().parents[2] / "models" / "terminal" / "README.md").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("name", TABLES)
def test_a_table_of_the_readme_is_what_its_command_prints(name):
    assert f"python -m tests.verification.terminal_tables {name}\n" in README
    behind = README.split(f"python -m tests.verification.terminal_tables {name}\n", 1)[1]
    printed = behind.lstrip("\n").split("\n\n", 1)[0]
    assert printed.startswith("|")
    assert printed.splitlines()[2:] == list(TABLES[name]())
