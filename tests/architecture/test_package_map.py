"""What an editable install shows and what a wheel holds are the same packages."""

from __future__ import annotations

import importlib.util
import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest

from tests.scenarios.cases import TINY

ROOT = Path(__file__).resolve().parents[2]
LINKS = ("models", "viz", "data", "scenarios")


def listed_packages(root: Path = ROOT) -> dict[str, Path]:
    """Packages that setup.py puts into a wheel, with their folders."""
    caught = {}
    here = os.getcwd()
    os.chdir(root)
    try:
        with mock.patch("setuptools.setup", side_effect=lambda **kw: caught.update(kw)):
            runpy.run_path(str(root / "setup.py"))
    finally:
        os.chdir(here)
    folders = {}
    for name in caught["packages"]:
        part = max((p for p in caught["package_dir"] if name == p or name.startswith(p + ".")), key=len)
        folders[name] = root / caught["package_dir"][part] / Path(*name[len(part) :].strip(".").split("."))
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


def test_every_part_is_found_at_its_place_whether_by_link_or_without():
    for name in LINKS:
        spec = importlib.util.find_spec(f"twin.{name}")
        assert [Path(place).resolve() for place in spec.submodule_search_locations] == [ROOT / name]


@pytest.fixture(scope="module")
def without_links(tmp_path_factory):
    """The checkout as git writes it where links are not to be had: small files with the target in place of links."""
    root = tmp_path_factory.mktemp("windows") / "checkout"
    leave = shutil.ignore_patterns("__pycache__", *LINKS)
    shutil.copytree(ROOT / "twin", root / "twin", ignore=leave)
    for name in LINKS:
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        (root / "twin" / name).write_text(f"../{name}", encoding="utf-8")
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, root / name)
    return root


def test_a_checkout_without_links_runs_in_its_folder(without_links, tmp_path):
    code = (
        "import twin, twin.models.registry as r, twin.viz.palette, twin.data\n"
        "from importlib.resources import files\n"
        "print(twin.__file__, r.__file__, (files('twin.scenarios') / 'osaka_weekday.yaml').is_file(), sep='\\n')"
    )
    run = {"cwd": without_links, "capture_output": True, "text": True, "encoding": "utf-8"}
    done = subprocess.run([sys.executable, "-c", code], check=True, **run)
    init, registry, found = done.stdout.split("\n")[:3]
    assert Path(init) == without_links / "twin" / "__init__.py"
    assert Path(registry) == without_links / "models" / "registry.py"
    assert found == "True"
    (tmp_path / "tiny.yaml").write_text(TINY, encoding="utf-8")
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "twin",
            "run",
            tmp_path / "tiny.yaml",
            "--out",
            tmp_path / "study",
            "--workers",
            "2",
            "--replications",
            "2",
        ],
        check=False,
        **run,
    )
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "study" / "kpis.parquet").is_file()


def test_a_checkout_without_links_installs_the_same_files(without_links):
    held = [
        {
            name: {path.name: path.read_bytes() for path in folder.glob("*.py")}
            for name, folder in listed_packages(root).items()
        }
        for root in (ROOT, without_links)
    ]
    assert held[0] == held[1]
    assert "registry.py" in held[1]["twin.models"]


def test_nothing_generic_is_importable_outside_the_checkout(tmp_path):
    import subprocess

    code = "import importlib.util as u; print([n for n in ('models', 'viz', 'data', 'scenarios') if u.find_spec(n)])"
    done = subprocess.run([sys.executable, "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
