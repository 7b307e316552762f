"""Names of array types stand once, in ``twin.arrays``."""

from __future__ import annotations

import ast

from tests.architecture.test_layers import ROOT, sources


def declared(text: str) -> dict[str, str]:
    """Names that a source gives to types of arrays, with what they stand for."""
    out = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = ast.unparse(node.value)
            if value.startswith("NDArray["):
                out[node.targets[0].id] = value
    return out


SHARED = declared((ROOT / "twin" / "arrays.py").read_text(encoding="utf-8"))


def again(text: str) -> dict[str, str]:
    """Declarations that say what ``twin.arrays`` says, or something else by its name."""
    return {name: value for name, value in declared(text).items() if name in SHARED}


def test_no_module_declares_a_shared_name_again():
    found = {}
    for path in sources():
        name = path.relative_to(ROOT).as_posix()
        if name != "twin/arrays.py":
            found[name] = again(path.read_text(encoding="utf-8"))
    assert {name: names for name, names in found.items() if names} == {}


def test_a_planted_declaration_is_found():
    assert again("Floats = NDArray[np.float64]") == {"Floats": "NDArray[np.float64]"}
    assert again("Floats = NDArray[np.float32]\nNames = NDArray[np.str_]") == {"Floats": "NDArray[np.float32]"}
    assert len(SHARED) == 7
