"""What every edit of the city has in common in a scenario: where it holds, and when."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from twin.params import Params
from twin.units import ClockSpan, Metres

Side = Literal["east", "west", "north", "south"]
#: A crossing of two streets, or longitude and latitude.
End = tuple[str, str] | tuple[float, float]


def composed(text: str) -> str:
    """Name in composed Unicode without surrounding space, as names of a city are."""
    return unicodedata.normalize("NFC", text).strip()


def on_earth(value: Any) -> Any:
    """Points and ends as they are.

    Raises
    ------
    ValueError
        If one is a pair of numbers that are no longitude and latitude.
    """
    pairs = value if value and isinstance(value[0], tuple) else [value]
    for pair in pairs:
        if pair and isinstance(pair[0], float) and not (-180 <= pair[0] <= 180 and -85 <= pair[1] <= 85):
            raise ValueError(f"{list(pair)} is no [longitude, latitude] in degrees")
    return value


def _listed(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


def _words(value: Any) -> Any:
    """A word or a list of words; a number that names something is text to its writer."""
    return [str(v) if isinstance(v, int | float) and not isinstance(v, bool) else v for v in _listed(value)]


def _sides(value: Any) -> Any:
    return [] if value in ("both", "all") else _listed(value)


class WhereSpec(Params):
    """Which links are meant: a section of a street, or what was drawn in a layer."""

    street: str = Field("", max_length=100, description="name as on signs, or an alias of it; never a part of it")
    start: str = Field("", alias="from", max_length=100, description="cross street at which the section begins")
    end: str = Field("", alias="to", max_length=100, description="cross street at which it ends")
    at: str = Field("", max_length=100, description="the one crossing meant; for lights")
    sides: Annotated[tuple[Side, ...], BeforeValidator(_sides)] = Field((), description="sides; both if not given")
    direction: Side | None = Field(None, description="only what is driven towards this point of the compass")
    lanes: Literal["all", "main", "side"] | None = Field(
        None, description="side: side lanes that are ways of their own, else a lane of the one way"
    )
    layer: str = Field("", max_length=100, description="layer of drawings, declared under layers")
    ids: Annotated[tuple[str, ...], BeforeValidator(_words)] = Field(
        (), alias="id", max_length=1000, description="features of the layer; all if not given"
    )
    within_m: Metres = Field(10.0, gt=0, le=200, description="how far from a drawn line a link may lie")

    @model_validator(mode="after")
    def _some_place(self) -> Self:
        if not self.street and not self.layer:
            raise ValueError("no place is named; write street: NAME, or layer: NAME with id: [...]")
        if bool(self.start) != bool(self.end):
            raise ValueError("a section needs both from and to, the names of two cross streets")
        if self.at and (self.start or self.layer):
            raise ValueError("at names one crossing; leave from, to and layer out")
        if self.layer and self.start:
            raise ValueError("a drawn feature is a section already; leave from and to out")
        if self.ids and not self.layer:
            raise ValueError("id names features of a layer; add layer: NAME")
        if (self.start or self.at) and not self.street:
            raise ValueError("from, to and at are crossings of a street; add street: NAME")
        return self


class EditSpec(Params):
    """What every change has in common."""

    change: ClassVar[str]
    #: Whether the change can be limited to some hours.
    hourly: ClassVar[bool] = False
    default_lanes: ClassVar[str] = "all"

    where: WhereSpec
    hours: ClockSpan | None = Field(None, description="hours of every day")
    when: ClockSpan | None = Field(None, description="hours of day one only")

    @model_validator(mode="after")
    def _hours(self) -> Self:
        if self.hours is not None and self.when is not None:
            raise ValueError("hours come back every day, when does not; keep one of the two")
        if not self.hourly and (self.hours or self.when):
            raise ValueError(
                f"{self.change} holds the whole day; "
                "for some hours use close, close_walk, set_lanes, set_speed or set_access"
            )
        span = self.hours or self.when
        if span is not None and span[1] <= span[0]:
            raise ValueError("the hours end before they start; after midnight write 24:30")
        return self

    def values(self) -> dict[str, Any]:
        """Numbers and words of the change, in SI units."""
        return {}


def two_ends(where: WhereSpec | None, start: object, end: object) -> None:
    """Check that a new link has two ends, or a line that was drawn.

    Raises
    ------
    ValueError
        If it has neither, or both.
    """
    if where is not None and (where.street or not where.layer):
        raise ValueError("a new link runs along a drawn line; write where: {layer: NAME, id: ID}")
    if (where is None) != (start is not None and end is not None):
        raise ValueError("a new link needs from and to, or a line that was drawn: where: {layer: NAME, id: ID}")
