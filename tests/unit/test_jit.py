"""The kernel cache never serves stale code, and never takes a folder from under a running process."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from twin import jit


def test_an_edit_in_any_file_moves_to_another_cache_folder(tmp_path, monkeypatch):
    files = []
    for name in ("helper.py", "kernels.py"):
        path = tmp_path / name
        path.write_text("x = 1\n", encoding="utf-8")
        files.append((name, path))
    monkeypatch.setattr(jit, "_package_files", lambda: files)
    before = jit.source_digest()
    assert jit.source_digest() == before
    files[0][1].write_text("x = 2\n", encoding="utf-8")
    assert jit.source_digest() != before


def test_the_digest_sees_every_python_file_of_the_package_once():
    found = [path.resolve() for _, path in jit._package_files()]
    assert len(found) == len(set(found))
    names = {path.as_posix() for path in found}
    for ending in ("twin/engine/draws.py", "models/registry.py", "viz/__init__.py", "data/__init__.py"):
        assert any(name.endswith(ending) for name in names), ending


def test_old_cache_folders_go_and_young_ones_stay(tmp_path):
    now = time.time()
    for i in range(8):
        folder = tmp_path / f"digest{i}"
        folder.mkdir()
        old = 10 * 86400 if i < 6 else 60
        os.utime(folder, (now - old - i, now - old - i))
    jit._prune(tmp_path)
    left = sorted(p.name for p in tmp_path.iterdir())
    assert {"digest6", "digest7"} <= set(left)
    assert len(left) == 4


def test_the_cache_folder_is_set_even_if_numba_was_loaded_before(tmp_path):
    code = ("import numba, os; import twin.jit; from numba.core import config; "
            "print(config.CACHE_DIR == os.environ['NUMBA_CACHE_DIR'], "
            "config.CACHE_DIR.startswith(os.environ['TWIN_CACHE_DIR']))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                          env={**os.environ, "TWIN_CACHE_DIR": str(tmp_path)})
    assert done.stdout.split() == ["True", "True"]


def test_a_home_that_cannot_be_written_still_runs(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("no folder", encoding="utf-8")
    done = subprocess.run([sys.executable, "-c", "import twin.jit; print('ok')"], capture_output=True, text=True,
                          check=True, env={**os.environ, "TWIN_CACHE_DIR": str(blocked)})
    assert done.stdout.strip() == "ok"
