"""What an editable install shows and what a wheel holds are the same packages."""

from __future__ import annotations

import importlib.util
import os
import runpy
import sys
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
LINKS = ("models", "viz", "data", "scenarios")


def listed_packages() -> dict[str, Path]:
    """Packages that setup.py puts into a wheel, with their folders."""
    caught = {}
    here = os.getcwd()
    os.chdir(ROOT)
    try:
        with mock.patch("setuptools.setup", side_effect=lambda **kw: caught.update(kw)):
            runpy.run_path(str(ROOT / "setup.py"))
    finally:
        os.chdir(here)
    folders = {}
    for name in caught["packages"]:
        root = max((p for p in caught["package_dir"] if name == p or name.startswith(p + ".")), key=len)
        folders[name] = ROOT / caught["package_dir"][root] / Path(*name[len(root):].strip(".").split("."))
    return folders


def test_every_folder_with_python_is_a_package_of_the_wheel():
    folders = {p.resolve() for p in listed_packages().values()}
    for top in ("twin", *LINKS):
        for path in (ROOT / top).rglob("*.py"):
            if any(parent.is_symlink() for parent in path.parents):
                continue
            assert path.parent.resolve() in folders, f"{path} would be absent from the wheel: add an __init__.py"


def test_every_listed_package_imports_under_its_name():
    for name in listed_packages():
        spec = importlib.util.find_spec(name)
        assert spec is not None, name


def test_the_links_of_the_package_map_stand():
    for name in LINKS:
        assert (ROOT / "twin" / name).resolve() == ROOT / name


def test_nothing_generic_is_importable_outside_the_checkout(tmp_path):
    import subprocess

    code = "import importlib.util as u; print([n for n in ('models', 'viz', 'data', 'scenarios') if u.find_spec(n)])"
    done = subprocess.run([sys.executable, "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
