"""What measures put along pavements beside their width: seats, places, green, events, signs, roofs, closures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from twin.looks import BOTH

#: Changes of this kind -> what a touched link shows of them, Japanese and English, with the values of the measure.
WALKING_CHANGES: dict[str, tuple[str, str]] = {
    "add_seats": ("座席 計{seats:g}席", "{seats:g} seats in all"),
    "add_places": ("店舗等 {places:g}か所（{category}）", "{places:g} places, {category}"),
    "green": ("植栽 {green:.0%}", "{green:.0%} planted"),
    "event": ("イベント 来場{visitors:g}人", "event, {visitors:g} visitors"),
    "signs": ("案内サイン {category}", "signs {category}"),
    "arcade": ("屋根", "roof"),
    "one_way_walk": ("一方向通行（{direction}）", "walked {one_way_walk} only"),
    "close_walk": ("歩行者の通り抜け不可", "closed to those who walk through"),
}
_DIRECTIONS = {"north": "北行き", "south": "南行き", "east": "東行き", "west": "西行き"}


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
        """What the links get, in a few words: Japanese, :data:`twin.looks.BOTH`, English."""
        told = {**self.values, "direction": _DIRECTIONS.get(str(self.values.get("one_way_walk")), "")}
        return BOTH.join(words.format(**told).strip() for words in WALKING_CHANGES[self.change])
