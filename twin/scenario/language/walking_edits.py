"""Measures for those on foot: seats, places, green, events, signs, arcades, one-way walking."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from twin.scenario.language.edit_spec import EditSpec
from twin.units import Count, Share

#: Longest event; opening hours are whole hours of one day.
_DAY_S = 86400.0


class SeatsEdit(EditSpec):
    """More seats along the pavements of a section."""

    change = "add_seats"

    seats: Count = Field(gt=0, le=100000, description="seats in all, shared by places beside", examples=["400 seats"])

    def values(self) -> dict[str, Any]:
        """Seats in all."""
        return {"seats": self.seats}


class PlacesEdit(EditSpec):
    """More places to stay along the pavements of a section: cafes, stalls."""

    change = "add_places"

    places: Count = Field(gt=0, le=200, description="places, evenly along the section", examples=["6 places"])
    category: str = Field("food", min_length=1, max_length=40, description="what they are, as on the map: food, shop")
    attraction: float = Field(gt=0, le=1000, description="attraction of each, in the units of the map")
    seats: Count = Field(0.0, ge=0, le=10000, description="seats at each")

    def values(self) -> dict[str, Any]:
        """What is added."""
        number = {"places": self.places, "attraction": self.attraction, "seats": self.seats}
        return {**number, "category": self.category}


class GreenEdit(EditSpec):
    """Trees and planting along the pavements of a section."""

    change = "green"

    green: Share = Field(gt=0, le=1, description="share of the length that is planted afterwards", examples=["60 %"])

    def values(self) -> dict[str, Any]:
        """Share planted."""
        return {"green": self.green}


class EventEdit(EditSpec):
    """Something to see along a section in some hours; it draws people who are there, and others who come for it."""

    change = "event"
    hourly = True

    attraction: float = Field(gt=0, le=1000, description="attraction of each of its places, every 200 m")
    visitors: Count = Field(0.0, ge=0, le=5e6, description="people who visit it", examples=["45000 people"])
    extra_share: Share = Field(0.0, ge=0, le=1, description="of them, who would not have come otherwise")

    @model_validator(mode="after")
    def _some_hours(self) -> Self:
        span = self.hours or self.when
        if span is None:
            raise ValueError("an event has hours; add when: 17:00-21:00, or hours: for every day")
        if span[0] < 0 or span[1] > _DAY_S:
            raise ValueError("an event begins and ends on one day; end it by 24:00")
        return self

    def values(self) -> dict[str, Any]:
        """Attraction, and people from outside."""
        return {"event": self.attraction, "visitors": self.visitors, "extra": self.visitors * self.extra_share}


class SignsEdit(EditSpec):
    """Signs that tell of the places along a section; they move who chooses, not what a place is worth."""

    change = "signs"

    points_to: str = Field("", max_length=40, description="category of places they tell of; all if not given")

    def values(self) -> dict[str, Any]:
        """What they tell of."""
        return {"signs": 1.0, "category": self.points_to}


class ArcadeEdit(EditSpec):
    """A roof over the pavements of a section."""

    change = "arcade"

    def values(self) -> dict[str, Any]:
        """A roof."""
        return {"arcade": 1.0}


class OneWayWalkEdit(EditSpec):
    """Pavements are walked in one direction only."""

    change = "one_way_walk"

    walk: Literal["north", "south", "east", "west"] = Field(description="where to everybody walks")

    def values(self) -> dict[str, Any]:
        """Direction."""
        return {"one_way_walk": self.walk}


WALKING_EDITS: tuple[type[EditSpec], ...] = (
    SeatsEdit, PlacesEdit, GreenEdit, EventEdit, SignsEdit, ArcadeEdit, OneWayWalkEdit,
)  # fmt: skip
