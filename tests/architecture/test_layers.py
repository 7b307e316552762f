"""Imports go down only: read from the source, held against the table in docs/architecture.md."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: Words that everybody may use. The list of models is light too: it knows of a model what its card says.
ANYONE = {
    "columns",
    "params",
    "units",
    "errors",
    "npz",
    "kpi",
    "kpi_seen",
    "looks",
    "story",
    "observables",
    "boards",
    "model_card",
    "models.registry",
    "engine.ids",
    "arrays",
    "booking.params",
}
#: What of a model may load neither Mesa nor numba, so that checking, comparing and drawing stay light.
LIGHT = ("params", "tables", "kpis", "looks", "story", "observables")
#: Kernels of the engine and of booking that those of every model may call.
KERNELS_OF_ALL = (
    "twin.booking.names",
    *(f"twin.booking.{stem}_kernels" for stem in ("book", "people", "window")),
    "twin.engine.draws",
    "twin.engine.event_queue",
    "twin.engine.stations.names",
    *(f"twin.engine.stations.{stem}_kernels" for stem in ("lane", "law", "line", "loop", "passage", "serve")),
)
KERNEL_LIBRARIES = {"__future__", "math", "numpy", "twin", "typing"}


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    parts = parts if parts[0] == "twin" else ("twin", *parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def sources() -> list[Path]:
    found = [p for p in (ROOT / "twin").rglob("*.py") if not any(x.is_symlink() for x in p.parents)]
    for folder in ("models", "viz", "data", "scenarios"):
        found += (ROOT / folder).rglob("*.py")
    return sorted(found)


def imports_of(text: str, *, types: bool | None = None) -> set[str]:
    """Our own modules and names that a source imports: all, or those for types only, or all but those."""
    tree = ast.parse(text)
    for_types = {
        node
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and isinstance(branch.test, ast.Name) and branch.test.id == "TYPE_CHECKING"
        for child in branch.body
        for node in ast.walk(child)
    }
    out: set[str] = set()
    for node in ast.walk(tree):
        if types is not None and (node in for_types) != types:
            continue
        if isinstance(node, ast.Import):
            out.update(a.name for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            out.add(node.module or "")
            out.update(f"{node.module}.{a.name}" for a in node.names)
    return {name for name in out if name == "twin" or name.startswith("twin.")}


def part_of(module: str) -> str:
    """The part a module belongs to: cli, engine, models.transit …"""
    pieces = module.split(".")[1:]
    if not pieces:
        return ""
    if pieces[:2] in (["engine", "ids"], ["booking", "params"]):
        return ".".join(pieces[:2])
    if pieces[0] == "models" and len(pieces) > 1:
        return "models.registry" if pieces[1] == "registry" else f"models.{pieces[1]}"
    return pieces[0]


ALLOWED: dict[str, set[str]] = {
    "cli": {
        "api",
        "cli_calibrate",
        "cli_city",
        "cli_desk",
        "cli_json",
        "cli_language",
        "cli_progress",
        "cli_show",
        "cli_search",
        "cli_words",
        "cli_help",
        "cli_show_plan",
        "cli_results",
        "cli_scene",
        "city",
        "experiments",
        "results",
        "scenario",
        "service",
        "simulate",
        "viz",
    },
    "cli_search": {
        "cli_console",
        "cli_json",
        "cli_language",
        "cli_progress",
        "cli_show",
        "service_search",
        "scenario",
        "results",
    },
    "cli_results": {"cli_console", "cli_json", "cli_language", "cli_show", "service_results", "results"},
    "service_results": {"experiments", "results", "scenario", "service_geopackage", "viz"},
    "service_geopackage": {"city", "results", "scenario"},
    "service_search": {"api", "experiments", "results", "scenario"},
    "cli_city": {"cli_json", "cli_progress", "cli_show_plan", "city"},
    "cli_progress": {"cli_language"},
    "cli_scene": {"cli_language", "cli_progress", "service", "service_film", "service_scene"},
    "cli_desk": {
        "cli_console",
        "cli_json",
        "cli_language",
        "cli_progress",
        "cli_show",
        "doctor",
        "results",
        "scenario",
    },
    "doctor": {"browsers", "cache", "experiments", "jit"},
    "browsers": set(),
    "cli_calibrate": {"cli_json", "cli_language", "cli_progress", "cli_show", "service"},
    "cli_json": set(),
    "cli_language": {"cli_words"},
    "cli_words": set(),
    "cli_help": {"cli_language"},
    "cli_observed": {"cli_language", "results"},
    "cli_console": {"cli_language"},
    "cli_show": {"cli_console", "cli_language", "cli_observed", "results"},
    "cli_show_plan": {"cli_console", "city", "cli_language", "cli_show", "scenario"},
    "api": {"city", "experiments", "observe", "results", "scenario", "simulate", "engine"},
    "service": {"api", "city", "experiments", "results", "scenario", "service_scene", "viz"},
    "notebook": {"results", "service_scene", "viz"},
    "service_scene": {"api", "results", "viz"},
    "service_film": {"api", "browsers", "experiments", "results", "service_scene", "viz"},
    "experiments": {"cache", "city", "engine", "jit", "results", "scenario", "simulate"},
    "simulate": {"city", "engine", "results", "running", "scenario"},
    "running": {"city", "engine", "observe", "results", "scenario"},
    "observe": {"city", "engine", "jit"},
    "scenario": {"observe", "results"},
    "city": {"data", "jit", "engine"},
    "engine": {"jit"},
    "booking": {"engine", "jit"},
    "results": set(),
    "viz": {"results"},
    "data": set(),
    "scenarios": set(),
    "jit": {"cache", "jit_signatures"},
    "cache": set(),
    "jit_signatures": set(),
    "__main__": {"cli"},
    "mesa_model": {"api", "engine", "results", "running", "scenario"},
    "": {"api", "mesa_model", "service"},
    **dict.fromkeys(ANYONE, ANYONE),
}


#: What only the types of a part may name beyond that: a type loads nothing.
TYPES: dict[str, set[str]] = {"models.registry": {"engine", "city"}, "cli_show": {"experiments"}}
#: Ways back that are asked late, for the convenience of callers: module -> what it calls for them.
LATE = {
    "twin.columns": {"twin.models.registry"},
    "twin.results.run_folder": {"twin.results.querying"},
    "twin.city.city": {"twin.city.keeping.graph", "twin.city.routing.trips", "twin.city.routing.turns"},
    "twin.models.road_traffic.queueing.network": {"twin.models.road_traffic.queueing.loading"},
}


def is_light(module: str) -> bool:
    """Whether a module is one of those of a model that are read where no model runs."""
    return module.startswith("twin.models.") and module.split(".")[-1] in LIGHT


def faults(module: str, text: str) -> list[str]:
    """Imports of a module that its layer may not make."""
    part = part_of(module)
    if part.startswith("models.") and part != "models.registry":
        allowed = {part} if is_light(module) else {part, "engine", "booking", "city", "jit"}
    else:
        allowed = set() if part == "models" else ALLOWED[part] | {part}
    out = []
    for types in (False, True):
        may = allowed | ANYONE | (TYPES.get(part, set()) if types else set())
        for name in sorted(imports_of(text, types=types)):
            target = part_of(name)
            fine = target in may or target == "" or name in {"twin.models", "twin.__version__"}
            fine |= part == "scenario" and name.startswith("twin.models.") and ".params" in name
            if is_light(module) and target == part and name != f"twin.{part}":
                fine = bool({*name.split(".")} & {*LIGHT})
            if not fine:
                out.append(f"{module} imports {name}: {part} may import {sorted(may)}")
    return out


def kernel_faults(module: str, text: str) -> list[str]:
    """Imports that no file of kernels may make: what it calls is compiled with it."""
    out, own = [], part_of(module)
    for name in sorted(imports_of(text)):
        if name.startswith(("twin.jit", *KERNELS_OF_ALL)) or name in (
            "twin.engine",
            "twin.engine.stations",
            "twin.booking",
        ):
            continue
        # Kernels that call one another may be spread over files of one model, and share the names of its columns.
        package = (ROOT / name.removeprefix("twin.").replace(".", "/") / "__init__.py").is_file()
        if part_of(name) != own or not ("kernels" in name or package or name == f"twin.{own}.names"):
            out.append(f"{module} imports {name}")
    tree = ast.parse(text)
    others = {a.name.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    others |= {n.module.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module}
    return out + [f"{module} imports {name}" for name in sorted(others - KERNEL_LIBRARIES)]


def circles(texts: dict[str, str]) -> list[list[str]]:
    """Modules that import one another in a circle, types and late imports included; nothing for ``LATE`` ways."""
    edges = {}
    for module, text in texts.items():
        # A name of a package's module is that module; ``twin`` itself only lends its version.
        named = imports_of(text) & texts.keys()
        edges[module] = {name for name in named if name != "twin" and name not in LATE.get(module, ())} - {
            parent for name in named for parent in (name.rpartition(".")[0],)
        }
    left = dict(edges)
    while free := [module for module, to in left.items() if not to & left.keys()]:
        for module in free:
            del left[module]
    while free := [module for module in left if not any(module in to for to in (left[m] for m in left))]:
        for module in free:
            del left[module]
    return [sorted(left)] if left else []


def is_kernels(path: Path) -> bool:
    return path.name == "kernels.py" or path.stem.endswith("_kernels")


@pytest.mark.parametrize("path", sources(), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_a_module_imports_only_what_its_layer_may(path):
    text = path.read_text(encoding="utf-8")
    assert faults(module_of(path), text) == []
    if is_kernels(path):
        assert kernel_faults(module_of(path), text) == []


def test_no_modules_import_one_another_in_a_circle():
    assert circles({module_of(path): path.read_text(encoding="utf-8") for path in sources()}) == []


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("twin.engine.clock", "from twin.city.city import City"),
        ("twin.engine.clock", "if TYPE_CHECKING:\n    from twin.city.city import City"),
        ("twin.city.city", "def late():\n    from twin.scenario.plan.plan import Plan"),
        ("twin.results.compare", "from twin.scenario.plan.plan import Plan"),
        ("twin.results.compare", "from twin.models.transit.model import Transit"),
        ("twin.scenario.plan.plan", "from twin.models.transit.model import Transit"),
        ("twin.scenario.plan.plan", "import twin.city.city"),
        ("twin.models.transit.model", "from twin.models.terminal.params import TerminalParams"),
        ("twin.models.transit.model", "from twin.scenario.plan.plan import Plan"),
        ("twin.models.transit.kpis", "from twin.models.transit.model import Transit"),
        ("twin.models.transit.params", "from twin.engine.clock import Clock"),
        ("twin.models.transit.looks", "from twin.viz.palette import GREY"),
        ("twin.models.terminal.booking.params", "from twin.models.terminal.booking.engine import book"),
        ("twin.models.registry", "from twin.engine.sim_model import ModelClass"),
        ("twin.viz.palette", "from twin.models.transit.looks import BODY_LOOKS"),
        ("twin.viz.palette", "from twin.city.city import City"),
        ("twin.running.books", "from twin.simulate import simulate"),
        ("twin.simulate", "from twin.experiments.study import start"),
        ("twin.experiments.study", "from twin.api import run"),
        ("twin.api", "from twin.service import fork"),
        ("twin.service", "from twin.cli_console import out"),
        ("twin.columns", "from twin.engine.clock import Clock"),
        ("twin.kpi", "from twin.results.kpis import infos"),
        ("twin.cli_json", "from twin.api import run"),
        ("twin.cli_show", "from twin.scenario.plan.check import CheckReport"),
        ("twin.cli_show_plan", "from twin.results.run_folder import Study"),
        ("twin.cli_progress", "from twin.cli_console import out"),
        ("twin.mesa_model", "from twin.experiments.study import run_new"),
        ("twin.engine.cast", "from twin.models.terminal.agents import Haulier"),
        ("twin.engine.space", "if TYPE_CHECKING:\n    from twin.city.city import StreetLayer"),
        ("twin.engine.stations.layout", "from twin.models.terminal import names"),
        ("twin.booking.engine", "from twin.models.terminal.params import Quota"),
        ("twin.observe.camera", "from twin.scenario.plan.plan import Plan"),
        ("twin.observe.camera", "from twin.results.compare import summarise"),
        ("twin.scenario.plan.observed", "from twin.city.city import City"),
        ("twin.models.pedestrian.movement.network", "from twin.models.road_traffic.agents import SignalController"),
        ("twin.models.road_traffic.agents", "from twin.mesa_model import CityModel"),
        ("twin.jit", "from twin.engine.clock import Clock"),
        ("twin.engine.stations.queue", "from twin.booking.slots import Slots"),
        ("twin.booking.slots", "from twin.models.terminal.params import Quota"),
        ("twin.booking.params", "from twin.booking.slots import Slots"),
        ("twin.observe.cells", "from twin.models.pedestrian.params import CLASSES"),
        ("twin.observe.cells", "from twin.results.compare import compare_pair"),
        ("twin.observe.sites", "from twin.scenario.plan.plan import Plan"),
        ("twin.city.city", "from twin.observe.sensors import Gps"),
        ("twin.results.reproduction", "from twin.observe.cells import Cell"),
        ("twin.models.pedestrian.observables", "from twin.observe.sensors import Gps"),
    ],
)
def test_a_planted_import_against_the_layers_is_found(module, text):
    assert len(faults(module, text)) > 0


@pytest.mark.parametrize(
    "text",
    [
        "import mesa",
        "from scipy import stats",
        "from twin.models.transit.model import Transit",
        "from twin.models.terminal.gate.kernels import run_until",
        "from twin.engine.clock import Clock",
    ],
)
def test_a_planted_import_of_kernels_is_found(text):
    assert len(kernel_faults("twin.models.transit.dispatch.kernels", text)) > 0


def test_a_planted_circle_is_found_through_types_and_late_imports_too():
    one = "from twin.engine.b import thing"
    assert circles({"twin.engine.a": one, "twin.engine.b": "import twin.engine.c", "twin.engine.c": ""}) == []
    for back in (
        "from twin.engine.a import it",
        "if TYPE_CHECKING:\n    from twin.engine.a import it",
        "def late():\n    import twin.engine.a",
    ):
        assert circles({"twin.engine.a": one, "twin.engine.b": back, "twin.engine.c": "import twin.engine.a"}) == [
            ["twin.engine.a", "twin.engine.b"]
        ]


@pytest.mark.parametrize(
    "path", [p for p in sources() if p.name == "names.py"], ids=lambda p: p.relative_to(ROOT).as_posix()
)
def test_names_that_kernels_share_are_whole_numbers(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert imported[0] == "__future__"
    # The words of a model may go on from those of the engine.
    assert all(
        module.startswith(("twin.engine.", "twin.booking.")) and module.endswith(".names") for module in imported[1:]
    )
    assert all(isinstance(node, (ast.Expr, ast.ImportFrom, ast.Assign)) for node in tree.body)


def test_numba_is_imported_in_one_place_only():
    for path in sources():
        if module_of(path) in ("twin.jit", "twin.jit_signatures"):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
        names |= {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
        assert not any(n == "numba" or n.startswith("numba.") for n in names), path


def test_what_cards_name_for_checking_comparing_and_drawing_is_light():
    import subprocess
    import sys

    code = (
        "import sys; from twin.models import registry; [registry.params_class(n) for n in registry.ORDER]; "
        "registry.tables(), registry.looks(), registry.body_states(); "
        "print([m for m in ('numba', 'mesa', 'numpy', 'pandas') if m in sys.modules]); "
        "from twin.results.kpis import infos; infos(); print([m for m in ('numba', 'mesa') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[]", "[]"]


def test_no_module_hides_a_public_name():
    import twin

    modules = {path.stem for path in (ROOT / "twin").iterdir() if path.suffix == ".py" or path.is_dir()}
    assert not modules & set(twin._PUBLIC)
