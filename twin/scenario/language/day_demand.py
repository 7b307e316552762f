"""The demand of a kind of day: every model's own factor, multiplied."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twin.errors import ScenarioError
from twin.models import registry
from twin.params import Params, field_facts, scenario_key
from twin.scenario.language.days import DaySpec
from twin.scenario.language.document import Mapping as Tree
from twin.scenario.language.document import Mark, Node, Problems
from twin.scenario.language.schema import Variant
from twin.scenario.language.variants import changed, params_with_changes


def on_day(variant: Variant, spec: DaySpec, node: Node | None, problems: Problems) -> Variant:
    """A variant on a kind of day, its demand multiplied by the day's factor.

    Parameters
    ----------
    variant
        The variant with the day's measures and changes.
    spec
        The kind of day.
    node
        The ``days`` of the file, for the place of a fault.
    problems
        Receives demand that no factor can scale, and factors out of bounds.
    """
    if spec.demand_factor == 1.0 or not variant.models:
        return variant
    where = node.entries.get(variant.day) if isinstance(node, Tree) else None
    mark, path = (where.mark, f"{where.path}.demand_factor") if where is not None else (Mark(1, 1), "days")
    changes: dict[str, Any] = {}
    for name, params in variant.models.items():
        card = registry.card(name)
        if card.scaled_unless and _at(params, card.scaled_unless):
            problems.add(
                f"demand_factor cannot scale {name}.{card.scaled_unless}, which gives every request by itself",
                mark,
                path,
                f"name a table of that day under set: {{{name}.{card.scaled_unless}: ...}}",
            )
        else:
            changes.update(_scaled(name, params, card.scaled_by, spec.demand_factor))
    if not changes:
        problems.add(
            "demand_factor scales nothing: no model here has a demand that it could", mark, path, "leave it out"
        )
    try:
        models = params_with_changes(variant.resolved, changes)
    except ScenarioError as fault:
        for problem in fault.problems:
            problems.add(f"demand_factor {spec.demand_factor:g}: {problem.what}", mark, path, problem.mend)
        return variant
    return replace(variant, models=models, resolved=changed(variant.resolved, changes))


def _at(params: Params, path: str) -> Any:
    """Value at a dotted path of fields; None where a part of it is absent."""
    value: Any = params
    for part in path.split("."):
        value = getattr(value, part, None)
    return value


def _scaled(model: str, params: Params, keys: tuple[str, ...], factor: float) -> dict[str, Any]:
    """Changes that multiply what the demand of a model is proportional to."""
    out: dict[str, Any] = {}
    for key in keys:
        value = _at(params, key)
        if value is None:
            continue
        *above, name = key.split(".")
        holder = _at(params, ".".join(above)) if above else params
        unit = field_facts(type(holder).model_fields[name]).get("unit", "")
        number = float(f"{value * factor:.12g}")
        written = ".".join([model, *above, scenario_key(name)])
        out[written] = f"{100 * number:.12g} %" if unit == "%" else f"{number:.12g} {unit}" if unit else number
    return out
