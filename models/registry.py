"""The models and the fixed order in which they advance, listed once.

Road traffic comes first: what the other models announce to it must lead by at least a step, and whoever
leaves the road reaches its own model in the same interval. Nothing heavy is imported by this list.
"""

from __future__ import annotations

import importlib
from typing import Any

#: Fixed order -> "module:class" of the model, its parameters.
MODELS: dict[str, tuple[str, str]] = {
    "road_traffic": ("twin.models.road_traffic.model:RoadTraffic", "twin.models.road_traffic.params:RoadParams"),
    "transit": ("twin.models.transit.model:Transit", "twin.models.transit.params:TransitParams"),
    "terminal": ("twin.models.terminal.model:Terminal", "twin.models.terminal.params:TerminalParams"),
    "pedestrian": ("twin.models.pedestrian.model:Pedestrian", "twin.models.pedestrian.params:PedestrianParams"),
}

ORDER: tuple[str, ...] = tuple(MODELS)

#: Code of a model in rows that the road gives back (``b`` of ROAD_ENTER).
CODES: dict[str, int] = {name: code for code, name in enumerate(ORDER)}


def _load(place: str) -> Any:
    module, name = place.split(":")
    return getattr(importlib.import_module(module), name)


def model_class(name: str) -> Any:
    """Class of a model by its name."""
    return _load(MODELS[name][0])


def params_class(name: str) -> Any:
    """Parameters of a model by its name; loads neither Mesa nor numba."""
    return _load(MODELS[name][1])
