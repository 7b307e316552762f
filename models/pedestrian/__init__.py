"""Walking, staying and leaving on the walk layer."""

from __future__ import annotations

from twin.model_card import Example, ModelCard, Starter

MODEL = ModelCard(
    name="pedestrian",
    package=__name__,
    model="model:Pedestrian",
    params="params:PedestrianParams",
    tables="tables:TABLES",
    kpis="kpis",
    observables="observables:OBSERVABLES",
    stays="observables:STAYS",
    agent_s=2e-5,
    looks="looks:BODY_LOOKS",
    reported="looks:REPORTED",
    story="story:chapters",
    bodies={"walker": ("walking", "staying")},
    starter=Starter(
        "osaka_midosuji",
        "06:00",
        "24:00",
        "御堂筋の回遊",
        "Walking around Midosuji",
        replications=2,
        examples=(Example("more_visitors", "visitors_factor", "120 %", "来街者2割増", "a fifth more visitors"),),
    ),
    scaled_by=("visitors_factor",),
)
