"""The kernel cache never serves stale code, and never takes a folder from under a running process."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time

from twin import cache


def test_an_edit_in_any_file_moves_to_another_cache_folder(tmp_path, monkeypatch):
    files = []
    for name in ("helper.py", "kernels.py"):
        path = tmp_path / name
        path.write_text("x = 1\n", encoding="utf-8")
        files.append((name, path))
    monkeypatch.setattr(cache, "_package_files", lambda: files)
    before = cache.source_digest()
    assert cache.source_digest() == before
    files[0][1].write_text("x = 2\n", encoding="utf-8")
    assert cache.source_digest() != before


def test_the_digest_sees_every_python_file_of_the_package_once():
    found = [path.resolve() for _, path in cache._package_files()]
    assert len(found) == len(set(found))
    names = {path.as_posix() for path in found}
    for ending in ("twin/engine/draws.py", "models/registry.py", "viz/__init__.py", "data/__init__.py"):
        assert any(name.endswith(ending) for name in names), ending


def test_old_cache_folders_go_and_young_ones_stay(tmp_path):
    now = time.time()
    for i in range(8):
        folder = tmp_path / f"digest{i}"
        folder.mkdir()
        old = 20 * 86400 if i < 6 else 86400
        os.utime(folder, (now - old - i, now - old - i))
    cache._prune(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["digest6", "digest7"]


PLUGIN = {
    "constants.py": "FACTOR = 2.0\n",
    "helper.py": "from toy_plugin import constants\nfrom twin.jit import inner_kernel\n\n\n@inner_kernel\n"
    "def double(x):\n    return constants.FACTOR * x\n",
    "kernels.py": "from toy_plugin.helper import (\n    double,\n)\nfrom twin.jit import lean_kernel\n\n\n"
    "@lean_kernel\ndef twice(x):\n    return double(x)\n",
    "words.py": "HELLO = 1\n",
    "__init__.py": "",
}


def outcome_of(package, cache):
    """(value of the kernel, kernels compiled anew) in a process of its own."""
    code = (
        "from toy_plugin.kernels import twice; import toy_plugin.words; "
        "print(twice(3.0), sum(twice.stats.cache_misses.values()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={
            **os.environ,
            "TWIN_CACHE_DIR": str(cache),
            "PYTHONPATH": os.pathsep.join([str(package.parent), os.environ.get("PYTHONPATH", "")]),
        },
    )
    value, misses = done.stdout.split()
    return float(value), int(misses)


def test_a_kernel_is_compiled_anew_only_when_something_that_it_sees_changes(tmp_path):
    package, cache = tmp_path / "here" / "toy_plugin", tmp_path / "cache"
    package.mkdir(parents=True)
    for name, text in PLUGIN.items():
        (package / name).write_text(text, encoding="utf-8")
    assert outcome_of(package, cache) == (6.0, 1)
    assert outcome_of(package, cache) == (6.0, 0)
    (package / "words.py").write_text("HELLO = 2\n", encoding="utf-8")
    assert outcome_of(package, cache) == (6.0, 0)
    (package / "constants.py").write_text("FACTOR = 5.0\n", encoding="utf-8")
    assert outcome_of(package, cache) == (15.0, 1)
    elsewhere = tmp_path / "there" / "toy_plugin"
    shutil.copytree(package, elsewhere)
    assert outcome_of(elsewhere, cache) == (15.0, 0)


def test_a_home_that_cannot_be_written_still_runs(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("no folder", encoding="utf-8")
    code = "import twin.cache; twin.cache.compiled_folder(); print('ok')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "TWIN_CACHE_DIR": str(blocked)},
    )
    assert done.stdout.strip() == "ok"
