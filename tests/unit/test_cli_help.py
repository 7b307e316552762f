"""The command line's first answer is light and says what to do."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from twin.cli_help import two_columns, width_of, wrapped


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


def test_a_japanese_text_is_broken_by_its_width_and_no_line_begins_with_a_full_stop():
    text = "すべての変種と反復を実行し、指標と差の表を示します。"
    for width in range(10, 60):
        lines = wrapped(text, width)
        assert "".join(lines) == text
        assert all(width_of(line) <= width + 2 for line in lines), "a mark may hang over by itself"
        assert not any(line.startswith(("。", "、")) for line in lines)


def test_words_are_never_torn_and_columns_stand_under_one_another():
    rows = [("--out <path>", "Folder of the study, wherever it may be."), ("--a-very-long-option-name <x>", "表の名前")]
    lines = two_columns(rows, 50)
    assert "".join(wrapped(rows[0][1], 12)).replace(" ", "") == rows[0][1].replace(" ", "")
    starts = {width_of(line) - width_of(line.lstrip()) for line in lines if line.startswith("   ")}
    assert len(starts) == 1
    assert lines[-2].strip() == "--a-very-long-option-name <x>"


@pytest.mark.parametrize("encoding", ["cp932", "ascii"])
def test_help_is_printed_on_any_console(encoding):
    done = subprocess.run(
        [sys.executable, "-m", "twin", "--lang", "ja", "run", "--help"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
    )
    assert done.returncode == 0
    assert b"--replications" in done.stdout
    assert ("使い方".encode("cp932") in done.stdout) == (encoding == "cp932")
