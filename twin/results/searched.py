"""A search over settings as a plan holds it: axes, points, figures; and the figures of runs by point."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(max_length=1000)]
Method = Literal["sweep", "frontier", "morris", "sobol", "tornado", "optimise"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, allow_inf_nan=False)


class Axis(_Part):
    """One key that is set: listed values, or a span.

    Attributes
    ----------
    key, unit
        What is set, and the unit of the numbers; empty for words and bare numbers.
    values
        Settings as written; empty for a span.
    low, high
        Ends of a span.
    whole
        Whether only whole numbers will do.
    """

    key: Text
    unit: Text = ""
    values: Annotated[list[str | int | float | bool], Field(max_length=10_000)] = []
    low: float = 0.0
    high: float = 0.0
    whole: bool = False

    def at(self, share: float) -> str | int | float | bool:
        """Setting at a share of the span, or of the list, from 0 to below 1."""
        if self.values:
            return self.values[min(int(share * len(self.values)), len(self.values) - 1)]
        if self.whole:
            return self.written(min(self.low + int(share * (self.high - self.low + 1)), self.high))
        return self.written(self.low + share * (self.high - self.low))

    def written(self, number: float) -> str | int | float:
        """A number as a scenario file has it."""
        if self.whole:
            return f"{round(number)} {self.unit}" if self.unit else round(number)
        return f"{number:.9g} {self.unit}" if self.unit else float(f"{number:.9g}")


class Point(_Part):
    """One setting of every axis."""

    name: Annotated[str, Field(pattern=r"^\w[\w+-]{0,39}$")]
    changes: dict[Text, str | int | float | bool]

    @property
    def text(self) -> str:
        """The setting in words."""
        return ", ".join(f"{key} = {value}" for key, value in self.changes.items()) or "as it stands"


class Figure(_Part):
    """A figure that is looked at."""

    kpi: Text
    group: Text = "all"
    day: Text = ""
    unit: Text = ""
    better: Literal["lower", "higher", "neither"] = "neither"


class Search(_Part):
    """What is searched.

    Attributes
    ----------
    method
        How.
    base
        The variant that is set.
    axes, points
        What is set, and the points known beforehand.
    figures
        Figures that are looked at; of a frontier the cost and the service, of an optimisation the goal.
    replications
        Of each point; of adaptive methods the first ones.
    most_runs
        Runs that an adaptive method may take.
    confidence
        Asked of an adaptive method.
    bound, bound_side
        Of a frontier: what the service must keep.
    delta
        Of an optimisation: the smallest difference that matters.
    trials, finalists
        Of an optimisation.
    levels, sampled
        Of Morris: grid levels; of Morris and Sobol: trajectories, or base samples.
    seed
        Of the sampling.
    """

    method: Method
    base: Text
    axes: Annotated[list[Axis], Field(max_length=200)]
    points: Annotated[list[Point], Field(max_length=10_000)] = []
    figures: Annotated[list[Figure], Field(max_length=100)] = []
    replications: Annotated[int, Field(ge=1, le=100_000)] = 1
    most_runs: Annotated[int, Field(ge=1, le=10_000_000)] = 1
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    bound: float = 0.0
    bound_side: Literal["at_most", "at_least"] = "at_most"
    delta: float = 0.0
    trials: Annotated[int, Field(ge=0, le=10_000)] = 0
    finalists: Annotated[int, Field(ge=0, le=100)] = 0
    levels: int = 4
    sampled: int = 0
    seed: Annotated[int, Field(ge=0)] = 0


#: Run name of a point -> the variant that is set, the point, the kind of day, and the changes.
MadePoints = Mapping[str, Mapping[str, Any]]
