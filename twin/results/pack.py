"""A pack of prices: dated values with units, grades and sources. What it lacks is not priced; there are no defaults."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Text = Annotated[str, Field(max_length=1000)]
Grade = Literal["V", "D", "M", "G"]
#: Units a price may have -> what one of them is of: unit of a figure -> factor.
UNITS: dict[str, dict[str, float]] = {
    "yen/min": {"min": 1.0, "s": 1 / 60.0, "h": 60.0, "truck-min": 1.0},
    "yen/h": {"h": 1.0, "min": 1 / 60.0, "s": 1 / 3600.0, "truck-min": 1 / 60.0},
    "yen/km": {"km": 1.0, "m": 1e-3},
    "yen/t": {"kg": 1e-3},
    "yen/kg": {"kg": 1.0},
    "yen/L": {"L": 1.0},
    "yen/trip": {"trips": 1.0, "people": 1.0, "requests": 1.0},
}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Value(_Part):
    """A number with what is known of it."""

    value: Annotated[float, Field(ge=0)]
    grade: Grade
    source: Annotated[str, Field(min_length=1, max_length=1000)]


class Item(_Part):
    """One price.

    Attributes
    ----------
    value, range
        In ``unit``; with ``by_speed_kmh`` the value follows from the mean speed, on straight lines between the points.
    block
        ``manual``, or ``extra`` for what the manual of the pack does not hold; shown and summed apart.
    """

    unit: Text
    value: Annotated[float, Field(ge=0)] | None = None
    range: tuple[float, float] | None = None
    by_speed_kmh: dict[float, float] | None = None
    grade: Grade
    source: Annotated[str, Field(min_length=1, max_length=1000)]
    block: Literal["manual", "extra"] = "manual"

    @model_validator(mode="after")
    def _one_value(self) -> Self:
        if self.unit not in UNITS:
            raise ValueError(f"unit {self.unit!r} is no unit of a price; use one of {', '.join(UNITS)}")
        if (self.value is None) == (self.by_speed_kmh is None):
            raise ValueError("a price has a value, or by_speed_kmh")
        if self.by_speed_kmh is not None and len(self.by_speed_kmh) < 2:
            raise ValueError("by_speed_kmh needs two points")
        if self.range is not None and (self.value is None or not self.range[0] <= self.value <= self.range[1]):
            raise ValueError("the range does not hold the value")
        return self


class Pack(_Part):
    """Prices of one issue of one manual.

    Attributes
    ----------
    id, title, issued, price_year, page
        What it is, the day of issue, the year of its prices, and where it is from.
    discount_rate, life_years
        For present values; without them there are none.
    items
        Price by name.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$")]
    title: dict[Literal["ja", "en"], Text]
    issued: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    price_year: Annotated[int, Field(ge=1900, le=2200)]
    page: Annotated[str, Field(min_length=1, max_length=1000)]
    discount_rate: Value | None = None
    life_years: Value | None = None
    items: Annotated[dict[Text, Item], Field(min_length=1, max_length=200)]


class Money(_Part):
    """What a plan holds of prices.

    Attributes
    ----------
    pack, sha256
        The pack and the hash of its file.
    days_per_year
        Days a year that are like the one simulated; None where nobody stated it. Kinds of day bring their own.
    """

    pack: Pack
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    days_per_year: Annotated[float, Field(gt=0, le=366)] | None = None
