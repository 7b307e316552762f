"""The tool that makes faults: what it changes, what it leaves alone, and that names stay when lines move."""

import ast

import pytest

from tests.mutation.__main__ import ROOT, explained
from tests.mutation.mutants import mutants_of, mutated
from tests.mutation.suites import SUITES

SOURCE = '''
"""A module."""

LIMIT = 3


def longer(a, b):
    """Whether a is longer than 2."""
    if a > b and not b:
        raise ValueError(f"{a + b} is too long")
    out[0] = a + 1.5
    fill(out)
    return a <= 2
'''


def test_every_kind_of_fault_is_made_once_per_place():
    found = {mutant.name: (mutant.was, mutant.becomes) for mutant in mutants_of(SOURCE)}
    assert found == {
        "longer/boolean/1": ("a > b and (not b)", "a > b or not b"),
        "longer/compare/1": ("a > b", "a >= b"),
        "longer/unary/1": ("not b", "not not b"),
        "longer/drop/1": ("out[0] = a + 1.5", "_dropped = None"),
        "longer/constant/1": ("0", "1"),
        "longer/arithmetic/1": ("a + 1.5", "a - 1.5"),
        "longer/constant/2": ("1.5", "2.5"),
        "longer/drop/2": ("fill(out)", "None"),
        "longer/compare/2": ("a <= 2", "a < 2"),
        "longer/constant/3": ("2", "3"),
    }


def test_names_stay_when_lines_move():
    moved = SOURCE.replace("LIMIT = 3", "LIMIT = 3\n\n\ndef other(x):\n    return x")
    assert [m.name for m in mutants_of(moved)] == [m.name for m in mutants_of(SOURCE)]
    assert [m.line for m in mutants_of(moved)] != [m.line for m in mutants_of(SOURCE)]


def test_one_fault_is_in_the_module_and_no_other():
    for mutant in mutants_of(SOURCE):
        text = ast.unparse(mutated(SOURCE, mutant.name))
        assert text != ast.unparse(ast.parse(SOURCE))
        assert text == ast.unparse(mutated(SOURCE, mutant.name))
    with pytest.raises(ValueError, match="no mutant"):
        mutated(SOURCE, "longer/compare/9")


def test_every_module_and_test_named_is_there_and_every_explained_fault_still_exists():
    for module, suite in SUITES.items():
        assert (ROOT / module).is_file()
        assert all((ROOT / test).is_file() for test in suite.tests)
    sources = {module: (ROOT / module).read_text(encoding="utf-8") for module in SUITES}
    names = {f"{module}::{m.name}" for module, source in sources.items() for m in mutants_of(source)}
    assert set(explained()) <= names
    assert all(explained().values())
