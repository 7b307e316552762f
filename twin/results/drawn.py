"""Drawn assumptions as a plan holds them: which values each draw takes, and the variants made of them."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from twin.results.days import DERIVED

Text = Annotated[str, Field(max_length=1000)]
#: Variant of the scenario -> the variant made of it.
Made = dict[Text, Text]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, allow_inf_nan=False)


class Draw(_Part):
    """One draw of every assumption: key -> value as written, and the variants that take them."""

    values: dict[Text, Text]
    made: Made


class Ends(_Part):
    """One assumption moved alone to either end of its range.

    Attributes
    ----------
    key, unit
        What is moved, and the unit of the three numbers.
    low, value, high
        The range and the value as it stands.
    at_low, at_high
        Variants at either end.
    """

    key: Text
    unit: Text
    low: float
    value: float
    high: float
    at_low: Made
    at_high: Made


class Drawn(_Part):
    """All draws of a plan.

    Attributes
    ----------
    replications
        Replications of each draw: the first ones of the study, so that every draw has the luck of the others.
    draws, ends
        The draws, and each assumption alone.
    left_out
        Keys with a range that cannot be drawn.
    variants
        Entries of the variants made, as ``variants`` of the plan.
    """

    replications: Annotated[int, Field(ge=1, le=1000)] = 1
    draws: Annotated[list[Draw], Field(max_length=10_000)] = []
    ends: Annotated[list[Ends], Field(max_length=1000)] = []
    left_out: Annotated[list[Text], Field(max_length=1000)] = []
    variants: Annotated[list[dict[str, Any]], Field(max_length=500_000)] = []

    @model_validator(mode="after")
    def _all_made(self) -> Self:
        names = [str(variant.get("name")) for variant in self.variants]
        made = {name for of in self.draws for name in of.made.values()}
        made |= {name for of in self.ends for at in (of.at_low, of.at_high) for name in at.values()}
        # Figures that follow from several kinds of day are no variants of their own.
        made -= {f"{variant['of']}+{day}" for variant in self.variants if variant.get("of") for day in DERIVED}
        if len({*names}) < len(names) or not made <= {*names}:
            raise ValueError("draws and their variants do not match")
        return self

    @property
    def names(self) -> list[str]:
        """Names of the variants made, in order."""
        return [str(variant["name"]) for variant in self.variants]
