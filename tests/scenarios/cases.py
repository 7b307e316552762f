"""Tiny studies for tests of bad input and of odd machines: one gate, half an hour, a second to run."""

from __future__ import annotations

import re
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

import pytest

from twin import cli

TINY = """\
twin: 1
name: tiny
city: osaka_yumeshima
seed: 7
clock: {from: 06:00, to: 06:30, then: stop, step: 60 s}
terminal:
  demand:
    hourly: {"06:00": 10 trucks}
  lanes:
    A: {count: 2, kind: ordinary}
"""
TWO_VARIANTS = TINY + "variants: {today: {}, more: {set: {terminal.lanes.A.count: 3}}}\n"


@dataclass(frozen=True)
class Said:
    """What the command line said: exit code, both streams, processor time."""

    code: int
    out: str
    err: str
    cpu_s: float


def command_line(capsys, *args) -> Said:
    """Run the command line in this process, which spares half a second of imports a case."""
    capsys.readouterr()
    before, began = sys.argv, time.process_time()
    sys.argv = ["twin", *map(str, args)]
    code = 0
    try:
        cli.main()
    except SystemExit as stop:
        code = int(stop.code or 0)
    except BaseException:  # noqa: BLE001  (whatever it is, a user would have seen its traceback)
        pytest.fail(f"a traceback reached the user:\n{traceback.format_exc()}")
    finally:
        sys.argv = before
    spent = time.process_time() - began
    captured = capsys.readouterr()
    return Said(code, captured.out, captured.err, spent)


def tree(folder: Path) -> dict[str, bytes | None]:
    """Everything below a folder, with the bytes of its files."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() if p.is_file() else None
        for p in sorted(folder.rglob("*"))
        if not p.is_fifo()
    }


def results(folder: Path) -> dict[str, bytes | None]:
    """What a study says, without what tells of its making."""
    made = ("timing.json", "log.txt")
    return {name: content for name, content in tree(folder).items() if Path(name).name not in made}


PROGRESS = re.compile(r"(compiling kernels, once on this machine: \d+ of \d+|run \d+ of \d+): ")


def assert_one_clear_message(said: Said, code: int, *words: str) -> None:
    """One message: what with the words given, where or mend, the exit code; nothing of Python's."""
    assert said.code == code, said.err or said.out
    assert said.out == ""
    assert "Traceback" not in said.err
    assert "internal error" not in said.err
    # A slow machine tells how far it is before it fails.
    head = next(line for line in said.err.splitlines() if not PROGRESS.match(line))
    assert "Error: " in head, said.err
    assert sum("Error: " in line for line in said.err.splitlines()) == 1, said.err
    assert "  where: " in said.err or "  mend: " in said.err, said.err
    for word in words:
        assert word in said.err, said.err
