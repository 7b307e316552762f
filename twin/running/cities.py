"""The city of a run: the base with the edits of its variant, which the models must obey."""

from __future__ import annotations

import json
from typing import Any

from twin.city.city import City
from twin.city.editing.edits import apply_edits
from twin.city.reading.unused import map_warnings, unused_of
from twin.errors import ScenarioError
from twin.models import registry
from twin.scenario.plan.plan import Plan

#: Edited cities of this process by base and edits: replications of a variant share one.
_EDITED: dict[tuple[str, str], City] = {}
_KEPT_EDITED = 8
#: What edits leave beside the arrays -> words for people. The model of the road says by ``heeds`` which it obeys.
_BESIDE_ARRAYS = {
    "timed": "edits with hours",
    "closed_to": "edits of vehicle access",
    "signal_plans": "edits of signal plans",
}


def city_of(plan: Plan, variant: str, city: City) -> City:
    """City of one variant: the base with the edits of its measures; the base itself without any.

    Parameters
    ----------
    plan, variant
        Which edits.
    city
        The base.

    Raises
    ------
    ScenarioError
        If the map cannot take an edit.
    """
    edits = plan.variant(variant).get("edits", [])
    if not edits:
        return city
    key = city.digest, json.dumps(edits, sort_keys=True)
    if key not in _EDITED:
        if len(_EDITED) >= _KEPT_EDITED:
            _EDITED.pop(next(iter(_EDITED)))
        _EDITED[key] = apply_edits(city, edits).city
    return _EDITED[key]


def refuse_unheeded(plan: Plan, variant: str, city: City) -> None:
    """Refuse a run whose road model would pass over an edit: its answer would be that of another city.

    Parameters
    ----------
    plan, variant
        Which run.
    city
        The edited city.

    Raises
    ------
    ScenarioError
        Naming the kind of edit.
    """
    beside = {"timed": city.timed, "closed_to": city.closed_to, "signal_plans": city.signal_plans}
    for model, params in plan.params_of(variant).items():
        if not registry.card(model).carries:
            continue
        heeded = registry.model_class(model).heeds(params)
        for name, words in _BESIDE_ARRAYS.items():
            if beside[name] and name not in heeded:
                raise ScenarioError(
                    f"variant {variant} has {words}, which the road model does not obey as it is set",
                    where=f"{plan.name}, variant {variant}",
                    mend="set road_traffic.form to queueing, or leave them out; `twin map` shows them all the same",
                )


def city_facts(city: City) -> dict[str, Any]:
    """What every result says of its city."""
    facts = {
        "name": city.name,
        "crs": city.crs,
        "schematic": city.schematic,
        "attribution": list(city.attribution),
        "driving_side": city.driving_side,
        "digest": city.digest,
    }
    states = [part["as_of"] for part in city.report.get("districts", {"": city.report}).values() if "as_of" in part]
    facts |= {"as_of": ", ".join(dict.fromkeys(states))} if states else {}
    unused, warnings = unused_of(city.report), map_warnings(city.report)
    facts |= {"not_used": unused} if unused else {}
    # The last one sums up what is not used, which stands above in numbers.
    told = list(warnings[: len(warnings) - bool(unused)])
    return {**facts, "map_warnings": told} if told else facts
