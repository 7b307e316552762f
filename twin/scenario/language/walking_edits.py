"""Measures for those on foot: seats, places, green, events, signs, arcades, one-way walking, closing."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from twin.params import Params
from twin.scenario.language.edit_spec import EditSpec, End, WhereSpec, composed, on_earth, two_ends
from twin.units import ClockTime, Count, Metres, Share

#: An end of a way on foot: as of a street, or an exit or place by its name or id.
WalkEnd = End | str

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


class ClosesSpec(Params):
    """What is closed for an event: the roadway to vehicles, the pavement to those who only pass."""

    lanes: Literal["all"] | None = Field(None, description="all: nobody drives there; walkers gain no width from it")
    pavement: bool = Field(False, description="whether those who only pass are kept off the pavement, too")
    start: ClockTime | None = Field(None, alias="from", description="when it closes; with the event if not given")
    end: ClockTime | None = Field(None, alias="to", description="when it opens again; with the event if not given")

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.lanes is None and not self.pavement:
            raise ValueError("closes closes nothing; write lanes: all, or pavement: true, or leave it out")
        return self

    def values(self, span: tuple[float, float] | None) -> dict[str, Any]:
        """What is closed and from when to when, given the hours of the event."""
        start, end = span or (0.0, _DAY_S)
        start_s = start if self.start is None else self.start
        end_s = end if self.end is None else self.end
        return {"roadway": self.lanes is not None, "pavement": self.pavement, "span_s": [start_s, end_s]}


class EventEdit(EditSpec):
    """Something to see along a section in some hours; it draws people who are there, and others who come for it."""

    change = "event"
    hourly = True

    attraction: float = Field(gt=0, le=1000, description="attraction of each of its places, every 200 m")
    visitors: Count = Field(0.0, ge=0, le=5e6, description="people who visit it", examples=["45000 people"])
    extra_share: Share = Field(0.0, ge=0, le=1, description="of them, who would not have come otherwise")
    closes: ClosesSpec | None = Field(None, description="what is closed for it, and when")

    @model_validator(mode="after")
    def _some_hours(self) -> Self:
        span = self.hours or self.when
        if span is None:
            raise ValueError("an event has hours; add when: 17:00-21:00, or hours: for every day")
        if span[0] < 0 or span[1] > _DAY_S:
            raise ValueError("an event begins and ends on one day; end it by 24:00")
        if self.closes is not None:
            start_s, end_s = self.closes.values(span)["span_s"]
            if not 0 <= start_s < end_s <= _DAY_S:
                raise ValueError("closes ends before it begins, or on another day; end it by 24:00")
        return self

    def values(self) -> dict[str, Any]:
        """Attraction, people from outside, and what is closed, if anything is."""
        told = {"event": self.attraction, "visitors": self.visitors, "extra": self.visitors * self.extra_share}
        return {**told, "closes": self.closes.values(self.hours or self.when)} if self.closes else told


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


class CloseWalkEdit(EditSpec):
    """Pavements are closed to those on foot, for good or in some hours.

    For good, what lies along them is cut off, too. In hours, whoever has a door there, or is there when it closes, may
    still go in and out: only who has another way is kept off.
    """

    change = "close_walk"
    hourly = True

    def values(self) -> dict[str, Any]:
        """Whether the hours come back every day."""
        return {"daily": self.when is None}


class UndergroundSpec(Params):
    """A way below ground that is not on the map."""

    start: WalkEnd | None = Field(None, alias="from", description="exit or place, [street, street] or [lon, lat]")
    end: WalkEnd | None = Field(None, alias="to", description="as from")
    via: tuple[tuple[float, float], ...] = Field((), max_length=1000, description="points on the way, [lon, lat]")
    width_m: Metres = Field(4.0, ge=1, le=60, description="width to walk on", examples=["6 m"])
    depth_m: Metres = Field(6.0, ge=0, le=60, description="how deep below both ends; 0 for a way on the level")
    access: Literal["stairs", "escalator"] = Field("stairs", description="how one goes down and up")
    name: str = Field("", max_length=100, description="name as on signs")

    @field_validator("via", "start", "end")
    @classmethod
    def _on_earth(cls, value: Any) -> Any:
        return on_earth(value)


class UndergroundLinkEdit(EditSpec):
    """A way below ground between two places on foot, both ways; without lights, with stairs at both ends."""

    change = "underground_link"

    where: WhereSpec | None = None  # type: ignore[assignment]
    link: UndergroundSpec

    @model_validator(mode="after")
    def _two_ends(self) -> Self:
        two_ends(self.where, self.link.start, self.link.end)
        return self

    def values(self) -> dict[str, Any]:
        """The way, without its ends."""
        link = self.link
        told = {"via": [list(p) for p in link.via], "width_m": link.width_m, "depth_m": link.depth_m}
        return {"link": {**told, "access": link.access, "name": composed(link.name)}}


WALKING_EDITS: tuple[type[EditSpec], ...] = (
    SeatsEdit, PlacesEdit, GreenEdit, EventEdit, SignsEdit, ArcadeEdit, OneWayWalkEdit, CloseWalkEdit,
    UndergroundLinkEdit,
)  # fmt: skip
