"""Imports go down only: read from the source, held against the table in docs/architecture.md."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: Words that everybody may use. The list of models is light too: it knows of a model what its card says.
ANYONE = {"columns", "params", "units", "errors", "npz", "kpi", "looks", "model_card", "models.registry"}
#: What of a model may load neither Mesa nor numba, so that checking, comparing and drawing stay light.
LIGHT = ("params", "tables", "kpis", "looks")


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    parts = parts if parts[0] == "twin" else ("twin", *parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def sources() -> list[Path]:
    found = [p for p in (ROOT / "twin").rglob("*.py") if not any(x.is_symlink() for x in p.parents)]
    for folder in ("models", "viz", "data", "scenarios"):
        found += (ROOT / folder).rglob("*.py")
    return sorted(found)


def in_type_checking(tree: ast.Module) -> set[ast.AST]:
    """Nodes under ``if TYPE_CHECKING``: types may point anywhere a reader needs them to."""
    out: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            out.update(x for child in node.body for x in ast.walk(child))
    return out


def imports_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = in_type_checking(tree)
    out: set[str] = set()
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            out.update(a.name for a in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            out.add(node.module)
            out.update(f"{node.module}.{a.name}" for a in node.names)
    return {name for name in out if name == "twin" or name.startswith("twin.")}


def part_of(module: str) -> str:
    """The part a module belongs to: cli, engine, models.transit …"""
    pieces = module.split(".")[1:]
    if not pieces:
        return ""
    if pieces[0] == "models" and len(pieces) > 1:
        return "models.registry" if pieces[1] == "registry" else f"models.{pieces[1]}"
    return pieces[0]


ALLOWED: dict[str, set[str]] = {
    "cli": {"api", "cli_city", "cli_json", "cli_show", "city", "experiments", "results", "scenario", "simulate", "viz"},
    "cli_city": {"cli_json", "cli_show", "city"},
    "cli_json": set(),
    "cli_show": {"city", "results", "scenario"},
    "api": {"city", "experiments", "results", "scenario", "simulate", "engine"},
    "experiments": {"city", "engine", "jit", "results", "scenario", "simulate"},
    "simulate": {"city", "engine", "results", "running", "scenario"},
    "running": {"city", "engine", "results", "scenario"},
    "scenario": set(),
    "city": {"data", "jit", "engine"},
    "engine": {"jit"},
    "results": set(),
    "viz": {"results"},
    "data": set(),
    "scenarios": set(),
    "jit": set(),
    "__main__": {"cli"},
    "": {"api"},
    **dict.fromkeys(ANYONE, ANYONE),
}


@pytest.mark.parametrize("path", sources(), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_a_module_imports_only_what_its_layer_may(path):
    module = module_of(path)
    part = part_of(module)
    if part.startswith("models.") and part != "models.registry":
        # The light files of a model are read where no model runs.
        light = module.split(".")[3:4] and module.split(".")[3] in LIGHT
        allowed = {part} if light else {part, "engine", "city", "jit"}
    elif part == "models":
        allowed = set()
    else:
        allowed = ALLOWED[part] | {part}
    for name in imports_of(path):
        target = part_of(name)
        if target in ANYONE or target == "" or name in {"twin.models", "twin.__version__"}:
            continue
        if part == "scenario" and name.startswith("twin.models.") and ".params" in name:
            continue
        assert target in allowed, f"{module} imports {name}: {part} may import {sorted(allowed | ANYONE)}"


@pytest.mark.parametrize("path", [p for p in sources() if p.stem in LIGHT and part_of(module_of(p)) != "models"],
                         ids=lambda p: p.relative_to(ROOT).as_posix())
def test_light_files_of_a_model_import_only_light_ones(path):
    own = part_of(module_of(path))
    for name in imports_of(path):
        if part_of(name) == own and name != f"twin.{own}":
            assert {*name.split(".")} & {*LIGHT}, f"{path} imports {name}"


@pytest.mark.parametrize("path", [p for p in sources() if p.name == "kernels.py" or p.stem.endswith("_kernels")],
                         ids=lambda p: p.relative_to(ROOT).as_posix())
def test_kernels_import_only_numpy_jit_draws_and_the_event_queue(path):
    own = part_of(module_of(path))
    for name in imports_of(path):
        if name.startswith(("twin.jit", "twin.engine.draws", "twin.engine.event_queue")) or name == "twin.engine":
            continue
        # Kernels that call one another may be spread over files of one model, and share the names of its columns.
        assert part_of(name) == own, f"{path} imports {name}"
        package = (ROOT / name.removeprefix("twin.").replace(".", "/") / "__init__.py").is_file()
        assert "kernels" in name or package or name == f"twin.{own}.names", f"{path} imports {name}"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    others = {a.name.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    others |= {n.module.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module}
    assert others <= {"__future__", "math", "numpy", "twin", "typing"}


@pytest.mark.parametrize("path", [p for p in sources() if p.name == "names.py"],
                         ids=lambda p: p.relative_to(ROOT).as_posix())
def test_names_that_kernels_share_are_whole_numbers(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert imported == ["__future__"]
    assert all(isinstance(node, (ast.Expr, ast.ImportFrom, ast.Assign)) for node in tree.body)


def test_numba_is_imported_in_one_place_only():
    for path in sources():
        if module_of(path) == "twin.jit":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
        names |= {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
        assert not any(n == "numba" or n.startswith("numba.") for n in names), path


def test_what_cards_name_for_checking_comparing_and_drawing_is_light():
    import subprocess
    import sys

    code = ("import sys; from twin.models import registry; [registry.params_class(n) for n in registry.ORDER]; "
            "registry.tables(), registry.looks(), registry.body_states(); "
            "print([m for m in ('numba', 'mesa', 'numpy', 'pandas') if m in sys.modules]); "
            "from twin.results.kpis import infos; infos(); print([m for m in ('numba', 'mesa') if m in sys.modules])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[]", "[]"]


def test_no_module_hides_a_public_name():
    import twin

    modules = {path.stem for path in (ROOT / "twin").iterdir() if path.suffix == ".py" or path.is_dir()}
    assert not modules & set(twin._PUBLIC)
