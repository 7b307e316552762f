"""Every module is imported by a test of its own, or stands in ``tested_through.txt`` with the test that runs it.

A line there names modules by a pattern, a test file or a folder of tests, and why they have no test of their own. That
the tests reach them is read from the imports; what they prove of them, the mutation tool asks
(``docs/verification.md``).
"""

from __future__ import annotations

import ast
import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.architecture.test_layers import ROOT, imports_of, module_of, sources

LIST = Path(__file__).with_name("tested_through.txt")


def modules() -> dict[str, str]:
    """Name -> source of every module with code of its own."""
    return {module_of(p): p.read_text(encoding="utf-8") for p in sources() if p.name != "__init__.py"}


def named(text: str, known: set[str]) -> set[str]:
    """Modules of ours that a source names in imports, or in words as a command or a card does."""
    return {name for name in imports_of(text) if name in known}


def all_tests() -> dict[str, str]:
    """Path -> source of everything under tests but this folder."""
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted((ROOT / "tests").rglob("*.py"))
        if "architecture" not in path.parts
    }


def through() -> dict[str, tuple[str, str]]:
    """Pattern of modules -> the tests that run them, and why they have none of their own."""
    lines = [line for line in LIST.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    rows = [re.split(r"\s{2,}", line, maxsplit=2) for line in lines]
    assert all(len(row) == 3 for row in rows), "modules, tests and reason, two spaces between them"
    assert [row[0] for row in rows] == sorted({row[0] for row in rows}), "sorted, each pattern once"
    return {pattern: (test, reason) for pattern, test, reason in rows}


def reached(start: set[str], edges: dict[str, set[str]]) -> set[str]:
    """Modules that some modules import, directly or through others."""
    out, left = set(start), list(start)
    while left:
        for name in edges.get(left.pop(), ()):
            if name not in out:
                out.add(name)
                left.append(name)
    return out


def edges_of(texts: dict[str, str]) -> dict[str, set[str]]:
    """Imports of every module; a model's card names its modules, and commands name theirs, in words."""
    known = set(texts)
    edges = {module: named(text, known) for module, text in texts.items()}
    every_model = {
        module for module in known if module.startswith("twin.models.") and module.endswith((".model", ".params"))
    }
    light = {m for m in known if m.startswith("twin.models.") and m.endswith((".tables", ".kpis", ".looks"))}
    edges["twin.models.registry"] = edges.get("twin.models.registry", set()) | every_model | light
    return edges


def faults(texts: dict[str, str], tested: dict[str, str], listed: dict[str, tuple[str, str]]) -> list[str]:
    """What is wrong with the list, or missing from it."""
    known, edges = set(texts), edges_of(texts)
    direct = set().union(*(named(text, known) for text in tested.values()))
    starts = {test: _starts(test, tested, known) for test in tested}
    out = []
    for module in sorted(known - direct):
        # The longest pattern says most.
        pattern = max((p for p in listed if fnmatchcase(module, p)), key=len, default="")
        if not pattern:
            out.append(f"{module} has no test: write one, or say in {LIST.name} what runs it")
            continue
        where, reason = listed[pattern]
        mine = [test for test in tested if test == where or test.startswith(where + "/")]
        if not mine:
            out.append(f"{pattern}: there is no {where}")
        elif not reason.startswith("by name: ") and not any(module in reached(starts[t], edges) for t in mine):
            out.append(f"{module}: nothing in {where} reaches it")
    stale = [p for p in sorted(listed) if not any(fnmatchcase(module, p) for module in known)]
    return out + [f"{pattern} is listed for nothing" for pattern in stale]


def _starts(test: str, tested: dict[str, str], known: set[str]) -> set[str]:
    """Modules that a test names, itself or through helpers of the tests."""
    out, left, seen = set(), [test], set()
    while left:
        path = left.pop()
        seen.add(path)
        out |= named(tested[path], known)
        for node in ast.walk(ast.parse(tested[path])):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tests."):
                helper = (node.module or "").replace(".", "/") + ".py"
                if helper in tested and helper not in seen:
                    left.append(helper)
    return out


def test_every_module_has_a_test_or_says_which_one_runs_it():
    assert faults(modules(), all_tests(), through()) == []


@pytest.mark.parametrize(
    ("texts", "tested", "listed", "fault"),
    [
        ({"twin.a": ""}, {"tests/t.py": ""}, {}, "twin.a has no test"),
        ({"twin.a": ""}, {"tests/t.py": "import twin.a"}, {"twin.b*": ("tests", "x")}, "twin.b* is listed for nothing"),
        ({"twin.a": ""}, {"tests/t.py": ""}, {"twin.a": ("tests/t.py", "x")}, "nothing in tests/t.py reaches it"),
        ({"twin.a": ""}, {"tests/t.py": ""}, {"twin.a": ("tests/u", "x")}, "there is no tests/u"),
    ],
)
def test_a_planted_gap_is_found(texts, tested, listed, fault):
    (found,) = faults(texts, tested, listed)
    assert fault in found


def test_a_test_reaches_what_its_helpers_and_their_modules_import():
    texts = {"twin.a": "import twin.b", "twin.b": "from twin.c import it", "twin.c": ""}
    tested = {"tests/t.py": "from tests.helper import make", "tests/helper.py": "import twin.a"}
    assert faults(texts, tested, dict.fromkeys(("twin.b", "twin.c"), ("tests/t.py", "x"))) == []
