"""Lines of lean runs: a result is believed whole or not at all, whatever became of the file."""

from __future__ import annotations

import math

import pytest

from twin.errors import RunError
from twin.experiments.lean import LEAN, LeanResults, append, line_of, read_line
from twin.kpi import Kpi

KPIS = [Kpi("a.wait", "all", 0.1 + 0.2, "min"), Kpi("a.wait", "大型", math.nan, "min"), Kpi("a.count", "all", 3.0, "")]


def found_in(folder):
    results = LeanResults(folder)
    results.look()
    return results


def test_a_line_says_what_was_written_to_the_last_bit():
    key, kpis = read_line(line_of("p00001+平日", 12, KPIS))
    assert key == ("p00001+平日", 12)
    assert kpis[0] == KPIS[0]
    assert math.isnan(kpis[1].value)
    assert kpis[2] == KPIS[2]


def test_any_changed_byte_of_a_line_makes_it_none():
    line = line_of("today", 3, KPIS)
    for at in range(len(line) - 1):
        assert read_line(line[:at] + bytes([line[at] ^ 1]) + line[at + 1 :]) is None, at
        assert read_line(line[:at]) is None


@pytest.mark.parametrize("said", [b"null", b"[1]", b'["a", 0, [["k"]]]', b'["a", "x", []]', b"[" * 100_000])
def test_a_sealed_line_that_is_no_result_is_none(said):
    import hashlib

    assert read_line(hashlib.sha256(said).hexdigest().encode() + b" " + said + b"\n") is None


def test_results_are_taken_in_as_they_come_and_torn_ones_are_not(tmp_path):
    results = LeanResults(tmp_path)
    results.look()
    assert list(results) == []
    append(tmp_path, line_of("a", 0, KPIS))
    results.look()
    append(tmp_path, line_of("a", 1, KPIS[:1]) + line_of("b", 0, KPIS))
    results.look()
    assert list(results) == [("a", 0), ("a", 1), ("b", 0)]
    assert results.kpis(("a", 1)) == KPIS[:1]
    (path,) = (tmp_path / LEAN).iterdir()
    path.write_bytes(path.read_bytes()[:-5])
    assert ("b", 0) not in found_in(tmp_path)
    append(tmp_path, line_of("c", 0, KPIS))  # the torn line swallows no other
    again = found_in(tmp_path)
    assert list(again) == [("a", 0), ("a", 1), ("c", 0)]
    assert len(again.damaged) == 1
    with pytest.raises(RunError, match="b, replication 0, are missing"):
        again.kpis(("b", 0))


def test_a_run_that_two_processes_did_counts_once(tmp_path):
    append(tmp_path, line_of("a", 0, KPIS[:1]))
    (tmp_path / LEAN / "1-other.jsonl").write_bytes(line_of("a", 0, KPIS[:1]))
    assert list(found_in(tmp_path)) == [("a", 0)]


def test_a_line_that_is_damaged_after_it_was_found_is_told(tmp_path):
    append(tmp_path, line_of("a", 0, KPIS))
    results = found_in(tmp_path)
    (path,) = (tmp_path / LEAN).iterdir()
    path.write_bytes(path.read_bytes().replace(b"min", b"max"))
    with pytest.raises(RunError, match="not as they were written"):
        results.kpis(("a", 0))


def test_a_full_disk_leaves_no_half_line(tmp_path, monkeypatch):
    import os

    append(tmp_path, line_of("a", 0, KPIS))
    real = os.write
    monkeypatch.setattr(
        os, "write", lambda fd, data: (real(fd, data[:7]), (_ for _ in ()).throw(OSError(28, "full")))[0]
    )
    with pytest.raises(OSError, match="full"):
        append(tmp_path, line_of("a", 1, KPIS))
    monkeypatch.undo()
    append(tmp_path, line_of("a", 2, KPIS))
    results = found_in(tmp_path)
    assert list(results) == [("a", 0), ("a", 2)]
    assert results.damaged == []
