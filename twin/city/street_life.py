"""What measures put along pavements beside their width: seats, places, green, events, signs, roofs, one-way walking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: Changes of this kind -> what a touched link shows of them, with the values of the measure.
WALKING_CHANGES: dict[str, str] = {
    "add_seats": "{seats:g} seats in all",
    "add_places": "{places:g} places, {category}",
    "green": "{green:.0%} planted",
    "event": "event, {visitors:g} visitors",
    "signs": "signs {category}",
    "arcade": "roof",
    "one_way_walk": "walked {one_way_walk} only",
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

    @property
    def words(self) -> str:
        """What the links get, in a few words."""
        return WALKING_CHANGES[self.change].format(**self.values).strip()
