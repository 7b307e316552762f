"""Does every variant begin? Its models are built and set on the stage, and not one step is made.

What a run refuses it refuses then: streets and stops that are not there, a step beyond a lead, tables without a
column, trucks before the clock. A check that has seen every variant begin may say that there is no problem.

What was found is kept: the same plan on the same city by the same sources begins as it did, and to see it begin takes
most of the time of a check.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.cache import compiled_folder, running_sources
from twin.errors import LimitError, Problem, ScenarioError, TwinError
from twin.models import registry

if TYPE_CHECKING:
    from twin.city.city import City
    from twin.scenario.plan.plan import Plan

#: A check is asked for often; what would take longer is left to the run, and said.
_MOST_S = 30.0
_MOST_AGENTS = 600_000
#: Rehearsals that are kept, the youngest.
_MOST_KEPT = 200


@dataclass(frozen=True)
class Rehearsal:
    """What was found.

    Attributes
    ----------
    problems
        Why variants cannot begin, each problem once.
    warnings
        What models say of themselves, and variants that were left to the run.
    """

    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]


def rehearse(plan: Plan, city: City, agents: Mapping[str, float], file: str) -> Rehearsal:
    """Set every variant on the stage once, unless it is known from another time how that goes.

    Parameters
    ----------
    plan, city
        What would be run.
    agents
        Estimated travellers and vehicles by variant.
    file
        Name of the scenario file, for messages.

    Raises
    ------
    LimitError
        If a variant asks for more than its limits allow.
    """
    key = _key(plan, city, file)
    known = _kept(key) if key else None
    if known is not None:
        return known
    found, in_time = _rehearse(plan, city, agents, file)
    if key and in_time:
        _keep(key, found)
    return found


def _rehearse(plan: Plan, city: City, agents: Mapping[str, float], file: str) -> tuple[Rehearsal, bool]:
    """What was found, and whether there was time for every variant."""
    from twin.simulate import build_city_model

    began = time.perf_counter()
    problems: dict[Problem, None] = {}
    said: dict[str, None] = {}
    left: list[str] = []
    seen: set[str] = set()
    late = False
    for name in plan.variants:
        entry = plan.variant(name)
        same = json.dumps([entry["models"], entry.get("edits", [])], sort_keys=True)
        if same in seen:
            continue
        late = late or time.perf_counter() - began > _MOST_S
        if late or agents.get(name, 0.0) > _MOST_AGENTS:
            left.append(name)
            continue
        seen.add(same)
        try:
            model = build_city_model(plan, name, 0, city)
        except LimitError:
            raise
        except TwinError as fault:
            own = fault.problems if isinstance(fault, ScenarioError) else ()
            for p in own or (Problem(fault.what, fault.where, fault.mend),):
                problems.setdefault(Problem(p.what, f"{file}, {p.where or f'variant {name}'}", p.mend))
            continue
        for part in model.sim_models:
            said.update({f"{part.name}: {note}": None for note in part.notes})
        model.close()
    if left:
        said[f"not tried, as it would take long: whether {', '.join(left)} can begin; `twin run` will tell"] = None
    return Rehearsal(tuple(problems), tuple(said)), not late


def _key(plan: Plan, city: City, file: str) -> str:
    """Digest of all that decides how variants begin; empty where models of other packages, unknown here, take part."""
    if any(name not in registry.BUILT_IN for variant in plan.variants for name in plan.variant(variant)["models"]):
        return ""
    said = json.dumps([plan.content, city.digest, running_sources(), file], sort_keys=True, default=str)
    digest = hashlib.sha256(said.encode())
    for name, columns in sorted(plan.tables.items()):
        for column, values in sorted(columns.items()):
            digest.update(f"{name}.{column} {values.dtype} {values.shape}".encode())
            digest.update(values.tobytes())
    return digest.hexdigest()[:32]


def _folder() -> Path:
    return compiled_folder() / "rehearsed"


def _kept(key: str) -> Rehearsal | None:
    try:
        content: Any = json.loads((_folder() / f"{key}.json").read_text(encoding="utf-8"))
        problems = tuple(Problem(str(p["what"]), str(p["where"]), str(p["mend"])) for p in content["problems"])
        return Rehearsal(problems, tuple(str(text) for text in content["warnings"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(key: str, found: Rehearsal) -> None:
    folder = _folder()
    content = {"problems": [asdict(p) for p in found.problems], "warnings": list(found.warnings)}
    try:
        folder.mkdir(exist_ok=True)
        beside = folder / f"{key}.{os.getpid()}"
        beside.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        os.replace(beside, folder / f"{key}.json")
        by_age = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime)
        for path in by_age[:-_MOST_KEPT]:
            path.unlink(missing_ok=True)
    except OSError:
        return  # a full disk or a read-only home: the next check looks again
