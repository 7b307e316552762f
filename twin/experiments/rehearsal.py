"""Does every variant begin? Its models are built and set on the stage, and not one step is made.

What a run refuses it refuses then: streets and stops that are not there, a step beyond a lead, tables without a
column, trucks before the clock. A check that has seen every variant begin may say that there is no problem.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass

from twin.city.city import City
from twin.errors import LimitError, Problem, ScenarioError, TwinError
from twin.scenario.plan.plan import Plan
from twin.simulate import build_city_model

#: A check is asked for often; what would take longer is left to the run, and said.
_MOST_S = 30.0
_MOST_AGENTS = 600_000


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
    """Set every variant on the stage once.

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
    began = time.perf_counter()
    problems: dict[Problem, None] = {}
    said: dict[str, None] = {}
    left: list[str] = []
    seen: set[str] = set()
    for name in plan.variants:
        entry = plan.variant(name)
        same = json.dumps([entry["models"], entry.get("edits", [])], sort_keys=True)
        if same in seen:
            continue
        if time.perf_counter() - began > _MOST_S or agents.get(name, 0.0) > _MOST_AGENTS:
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
    return Rehearsal(tuple(problems), tuple(said))
