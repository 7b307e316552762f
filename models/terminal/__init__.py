"""The container-terminal gate: trucks, lanes, yards, booking."""

from __future__ import annotations

from twin.model_card import Example, ModelCard, Starter

MODEL = ModelCard(
    name="terminal",
    package=__name__,
    model="model:Terminal",
    params="params:TerminalParams",
    tables="tables:TABLES",
    kpis="kpis",
    observables="observables:OBSERVABLES",
    looks="looks:BODY_LOOKS",
    reported="looks:REPORTED",
    story="story:chapters",
    estimate="params:TerminalParams.estimate_agents",
    agent_s=2.5e-4,
    compile_s=13.0,
    bodies={"truck": ("booked", "ordinary")},
    drives=True,
    parts={"booking": ("conpas.quota", "hauliers.*.flexible"), "vessels": ("demand.vessels",)},
    starter=Starter(
        "osaka_yumeshima",
        "05:00",
        "20:00",
        "コンテナターミナルのゲート",
        "Container-terminal gate",
        examples=(Example("lunch_open", "opening", "[08:30-16:30]", "昼休みもゲートを開ける", "gate open at lunch"),),
    ),
    scaled_by=("demand.factor",),
)
