"""On-demand transit: requests, virtual stops, vans, dispatch."""

from __future__ import annotations

from twin.model_card import Example, ModelCard, Starter

MODEL = ModelCard(
    name="transit",
    package=__name__,
    model="model:Transit",
    params="params:TransitParams",
    tables="tables:TABLES",
    kpis="kpis",
    observables="observables:OBSERVABLES",
    looks="looks:BODY_LOOKS",
    reported="looks:REPORTED",
    story="story:chapters",
    estimate="params:TransitParams.estimate_agents",
    agent_s=1e-3,
    bodies={"van": ("empty", "loaded"), "bus": ("driving",)},
    drives=True,
    starter=Starter(
        "osaka_ikuno_hirano",
        "06:00",
        "23:00",
        "AIオンデマンド交通",
        "On-demand transit",
        examples=(Example("more_vans", "fleet.count", "12", "車両を12台に", "twelve vans"),),
    ),
    parts={"choice": ("choice",)},
    scaled_by=("demand.riders_per_day", "demand.requests_per_day"),
    scaled_unless="demand.table",
)
