"""Vehicles on the drive layer: free-flow driving, and queues by link transmission.

``from twin.models.road_traffic import RoadNetwork`` gives the standalone queueing network; README.md shows it
in ten lines. Names are loaded on first use, so that checking a scenario loads neither Mesa nor numba.
"""

from __future__ import annotations

import importlib
from typing import Any

from twin.boards import HAS_GATES, LINK_TIME_PROFILE_S, LINK_TIME_S, STANDING_AT_GATES, WALK_LIGHTS
from twin.model_card import ModelCard

MODEL = ModelCard(
    name="road_traffic",
    package=__name__,
    model="model:RoadTraffic",
    params="params:RoadParams",
    tables="tables:TABLES",
    kpis="kpis",
    observables="observables:OBSERVABLES",
    agent_s=4e-4,
    looks="looks:BODY_LOOKS",
    reported="looks:REPORTED",
    story="story:chapters",
    boards=(LINK_TIME_S, LINK_TIME_PROFILE_S, HAS_GATES, WALK_LIGHTS, STANDING_AT_GATES),
    bodies={"car": ("driving",)},
    carries=True,
    scaled_by=("background.factor",),
)

_PUBLIC = {
    "RoadTraffic": "model",
    "RoadNetwork": "queueing.network",
    "LoadingResult": "queueing.loading",
    "load_network": "queueing.loading",
    "repeat_days": "day_to_day.days",
    "solve_equilibrium": "equilibrium",
}

__all__ = ["MODEL", "LoadingResult", "RoadNetwork", "RoadTraffic", "load_network", "repeat_days", "solve_equilibrium"]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PUBLIC[name]}"), name)
