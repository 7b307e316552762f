"""The models of a run on one clock."""

from __future__ import annotations

from typing import Any

from twin.city.city import City
from twin.engine.city_model import CityModel
from twin.engine.draws import make_run_seed
from twin.engine.sim_model import SimModel
from twin.models import registry
from twin.running.cities import city_of, refuse_unheeded
from twin.scenario.plan.plan import Plan


def build_city_model(plan: Plan, variant: str, replication: int, city: City) -> CityModel:
    """Build the Mesa model of one run: the models of the variant, in the fixed order, on one clock.

    Parameters
    ----------
    plan
        The resolved scenario.
    variant, replication
        Which run.
    city
        Streets and places before any edit.

    Raises
    ------
    ScenarioError
        If the city cannot take the variant's edits, or the road model would pass over one.
    """
    models, rest = setting_of(plan, variant, replication, city)
    return CityModel(models, **rest)


def setting_of(plan: Plan, variant: str, replication: int, city: City) -> tuple[list[SimModel], dict[str, Any]]:
    """Models of one run, and what else a :class:`CityModel` is made of; arguments as :func:`build_city_model`."""
    city = city_of(plan, variant, city)
    refuse_unheeded(plan, variant, city)
    models = [
        registry.model_class(name).build(params, city, plan.tables) for name, params in plan.params_of(variant).items()
    ]
    clock = plan.content["clock"]
    return models, {
        "start_s": clock["start_s"],
        "end_s": clock["end_s"],
        "latest_s": clock["latest_s"],
        "until_empty": clock["then"] == "until_empty",
        "step_s": clock["step_s"],
        "run_seed": make_run_seed(int(plan.content["seed"]), replication),
        "drive": city.drive,
        "trace_share": float(plan.content["record"]["traces_share"]),
    }


def load_models(plan: Plan) -> None:
    """Import what the runs of a plan are made of, so that processes forked from this one have it already."""
    for name in dict.fromkeys(name for variant in plan.variants for name in plan.variant(variant)["models"]):
        registry.model_class(name)
        registry.kpi_module(name)
