"""Tests are imported under one name each: a module loaded twice has two copies of everything it holds."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_this_module_is_imported_from_the_root_of_the_checkout():
    assert __name__ == "tests.architecture.test_one_root"
    assert sys.modules[__name__].__file__ == __file__


def test_every_folder_of_tests_is_a_package_and_no_import_is_relative():
    folders = {path.parent for path in (ROOT / "tests").rglob("test_*.py")}
    tests = ROOT / "tests"
    inside = {parent for folder in folders for parent in (folder, *folder.parents) if parent.is_relative_to(tests)}
    assert [folder for folder in sorted(inside) if not (folder / "__init__.py").is_file()] == []
    relative = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []


def test_no_test_module_is_loaded_under_two_names():
    files = {}
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and Path(file).is_relative_to(ROOT / "tests") and name != "__main__":
            files.setdefault(file, []).append(name)
    assert {file: names for file, names in files.items() if len(names) > 1} == {}
