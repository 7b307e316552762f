"""The recorder's parts and the run folder's guards."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from twin.columns import TABLES
from twin.errors import EngineError, RunError
from twin.results.parquet import read_columns, write_columns
from twin.results.recorder import Recorder
from twin.results.run_folder import Run, Study, open_any, write_json


def traces(ids, time_s):
    n = len(ids)
    return {
        "traces": {
            "body": np.full(n, 1, np.uint8),
            "id": np.array(ids, np.uint64),
            "trip": np.zeros(n, np.int32),
            "time_s": np.array(time_s, float),
            "x_m": np.zeros(n, np.float32),
            "y_m": np.zeros(n, np.float32),
            "state": np.zeros(n, np.uint8),
        }
    }


def test_tables_are_the_same_with_and_without_parts(tmp_path):
    plain, parted = Recorder(), Recorder(tmp_path / "parts")
    for rows in (traces([3, 1], [5.0, 4.0]), traces([2, 1], [1.0, 2.0])):
        plain.collect(rows)
        parted.collect(rows)
        parted.close_part()
    for name, values in plain.finished()["traces"].items():
        assert np.array_equal(values, parted.finished()["traces"][name])
    assert plain.finished()["traces"]["id"].tolist() == [1, 1, 2, 3]


def test_a_recorder_taken_up_at_a_checkpoint_forgets_later_parts(tmp_path):
    first = Recorder(tmp_path / "parts")
    first.collect(traces([1], [1.0]))
    first.close_part()
    first.collect(traces([2], [2.0]))
    first.close_part()
    second = Recorder(tmp_path / "parts")
    second.reopen(1)
    second.collect(traces([9], [9.0]))
    second.close_part()
    assert second.finished()["traces"]["id"].tolist() == [1, 9]


def test_a_table_nobody_declared_or_with_other_columns_is_refused():
    with pytest.raises(EngineError, match="'nonsense' is not declared"):
        Recorder().collect({"nonsense": {"a": np.zeros(1)}})
    with pytest.raises(EngineError, match="differ from those declared"):
        Recorder().collect({"traces": {"id": np.zeros(1)}})


def test_parquet_has_the_same_bytes_twice_and_no_pandas_metadata(tmp_path):
    columns = traces([1, 2, 3], [1.0, 2.0, 3.0])["traces"]
    for name in ("a", "b"):
        write_columns(tmp_path / name, TABLES["traces"].columns, columns)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert b"pandas" not in (tmp_path / "a").read_bytes()
    assert read_columns(tmp_path / "a")["id"].dtype == np.uint64


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are counted in /proc")
def test_reading_a_table_starts_no_thread_that_could_outlive_python(tmp_path):
    path, n = tmp_path / "a.parquet", 200_000
    write_columns(path, TABLES["traces"].columns, traces(range(n), np.arange(n, dtype=float))["traces"])
    script = (
        "import os, sys; from pathlib import Path; from twin.results.parquet import read_columns\n"
        "before = set(os.listdir('/proc/self/task')); rows = len(read_columns(Path(sys.argv[1]))['id'])\n"
        "print(rows, len(set(os.listdir('/proc/self/task')) - before))"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(n), "0"]


def test_a_truncated_parquet_file_is_one_clear_error(tmp_path):
    path = tmp_path / "a.parquet"
    write_columns(path, TABLES["traces"].columns, traces([1], [1.0])["traces"])
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(RunError, match="cannot be read"):
        read_columns(path)


def test_a_folder_that_is_no_run_is_named(tmp_path):
    with pytest.raises(RunError, match=r"no study: it has no manifest.json"):
        Study(tmp_path)
    with pytest.raises(RunError, match="there is no study here"):
        open_any(tmp_path / "nothing")


def test_a_growing_folder_is_never_read_as_a_result(tmp_path):
    growing = tmp_path / "a.partial"
    growing.mkdir()
    write_json(growing / "manifest.json", {"kind": "study", "format": 1})
    with pytest.raises(RunError, match="not finished") as caught:
        Study(tmp_path / "a")
    assert "twin resume" in str(caught.value)
    with pytest.raises(RunError, match="not finished"):
        Study(growing)


def test_a_manifest_that_is_no_json_is_one_clear_error(tmp_path):
    (tmp_path / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(RunError, match="cannot be read"):
        open_any(tmp_path)


def test_a_table_changed_after_the_run_is_refused(tmp_path):
    (tmp_path / "tables").mkdir()
    path = tmp_path / "tables" / "traces.parquet"
    write_columns(path, TABLES["traces"].columns, traces([1], [1.0])["traces"])
    from twin.results.run_folder import files_of

    manifest = {
        "kind": "run",
        "format": 1,
        "variant": "base",
        "replication": 0,
        "rows": {"traces": 1},
        "files": files_of(tmp_path),
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert len(Run(tmp_path).table("traces")["id"]) == 1
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(RunError, match="not as it was written"):
        Run(tmp_path).table("traces")
