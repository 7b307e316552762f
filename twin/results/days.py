"""Kinds of day: their weights, and the names of what follows from them; figures are in ``day_figures``."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

#: Days that follow from the kinds: the mean over the year's days, the worst kind, and the sum over the year.
MEAN_DAY, WORST_DAY, YEAR = "mean_day", "worst_day", "year"
DERIVED = (MEAN_DAY, WORST_DAY, YEAR)
DERIVED_WORDS = {
    MEAN_DAY: ("年間の平均日", "mean day of the year"),
    WORST_DAY: ("最も悪い日", "worst kind of day"),
    YEAR: ("年間計", "sum over the year"),
}

Text = Annotated[str, Field(max_length=1000)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, allow_inf_nan=False)


class DayKind(_Part):
    """One kind of day.

    Attributes
    ----------
    name, label
        Its id in tables, and words.
    date
        The calendar day it is simulated as, ISO; empty where none is named.
    weight_days
        How many days of the year are of this kind.
    """

    name: Annotated[str, Field(pattern=r"^\w[\w+-]{0,39}$")]
    label: dict[str, Text] = {}
    date: Text = ""
    weight_days: Annotated[float, Field(gt=0, le=366)]


class Days(_Part):
    """Every kind of day of a scenario; none where it has one day and no weights.

    Attributes
    ----------
    kinds
        The kinds, in the order of the file.
    fiscal_year
        The year that begins on 1 April of this calendar year; 0 where none is named.
    """

    kinds: Annotated[list[DayKind], Field(max_length=40)] = []
    fiscal_year: Annotated[int, Field(ge=0, le=9999)] = 0

    def __bool__(self) -> bool:
        return bool(self.kinds)

    @property
    def names(self) -> list[str]:
        """Names of the kinds."""
        return [kind.name for kind in self.kinds]

    @property
    def every(self) -> list[str]:
        """Names of the kinds and of the days that follow from them."""
        return [*self.names, *DERIVED] if self.kinds else []

    @property
    def total_days(self) -> float:
        """Days of the year, the sum of the weights."""
        return math.fsum(kind.weight_days for kind in self.kinds)

    def split(self, name: str) -> tuple[str, str]:
        """Variant and day of a figure's name; no day where it names none."""
        for day in self.every:
            if name.endswith(f"+{day}"):
                return name.removesuffix(f"+{day}"), day
        return name, ""

    def words(self, day: str) -> dict[str, str]:
        """A day in both languages."""
        if day in DERIVED_WORDS:
            ja, en = DERIVED_WORDS[day]
            return {"ja": ja, "en": en}
        return next((kind.label for kind in self.kinds if kind.name == day and kind.label), {"ja": day, "en": day})


def run_name(variant: str, day: str) -> str:
    """Name of a variant on a kind of day: of its runs, and of its figures in questions."""
    return f"{variant}+{day}" if day else variant
