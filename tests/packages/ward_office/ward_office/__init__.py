"""Counters of a ward office (区役所の窓口): visitors draw a ticket, clerks call them in turn.

A whole model in one folder, as an installed package adds it; "how to add a model" retells it.
"""

from __future__ import annotations

from twin.model_card import Example, ModelCard, Starter

MODEL = ModelCard(
    name="ward_office",
    package=__name__,
    model="model:WardOffice",
    params="params:WardOfficeParams",
    tables="tables:TABLES",
    kpis="kpis",
    looks="looks:BODY_LOOKS",
    estimate="params:WardOfficeParams.estimate_agents",
    bodies={"visitor": ("waiting", "at_counter")},
    starter=Starter(
        "osaka_ikuno_hirano",
        "08:00",
        "18:00",
        "区役所の窓口",
        "Counters of a ward office",
        examples=(Example("more_clerks", "clerks", "6", "窓口を6つに", "six counters"),),
    ),
)
