"""What measures put along pavements beside their width: seats, places, green, events, signs, roofs, one-way walking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: Changes of this kind -> the field by which touched links show them.
WALKING_CHANGES: dict[str, str] = {
    "add_seats": "seats",
    "add_places": "places",
    "green": "green",
    "event": "event",
    "signs": "signs",
    "arcade": "arcade",
    "one_way_walk": "one_way_walk",
}


@dataclass(frozen=True)
class StreetLife:
    """One measure along some links of the walk layer.

    Attributes
    ----------
    change, measure
        Word of :data:`WALKING_CHANGES`; name of the measure.
    links
        Rows of the walk layer, ascending.
    values
        Numbers and words of the change, as the measure gives them, in SI units.
    span_s
        Hours in which it holds; None for always.
    """

    change: str
    measure: str
    links: tuple[int, ...]
    values: Mapping[str, Any] = field(default_factory=dict)
    span_s: tuple[float, float] | None = None
