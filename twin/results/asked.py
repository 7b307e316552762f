"""Questions as a plan holds them: plain checks on figures, every amount in the figure's own unit.

The scenario language says how questions are written (:mod:`twin.scenario.language.questions`); here stands what they
come to, which :mod:`twin.results.answers` answers from the figures of finished runs.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Text = Annotated[str, Field(max_length=1000)]
Role = Literal["compare", "target", "limit", "group"]
Better = Literal["lower", "higher", "neither"]

#: Pairs before the first look: with fewer, differences that are skewed make intervals too narrow too often.
FIRST_LOOK = 8


class _Asked(BaseModel):
    """Part of a plan that may come from a stranger: strict, frozen, what is not named is not looked at."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, allow_inf_nan=False)


class Check(_Asked):
    """One thing that is asked of one figure.

    Attributes
    ----------
    role
        ``compare`` and ``group`` ask for the difference between two variants, ``target`` and ``limit`` whether a
        figure, or with ``first`` its change, stays on the right side of a bound.
    kpi, group, unit
        The figure.
    first, second
        Variants; the difference is second minus first. Without ``first`` the figure of ``second`` itself is asked.
    better
        Direction that is wanted; of a bound, ``lower`` means at most.
    bound
        Size that matters, bound of the figure, or the loss allowed; in the unit of the figure.
    relative
        Whether ``bound`` is a share of the first variant's figure.
    """

    role: Role
    kpi: Text
    group: Text = "all"
    unit: Text
    first: Text | None = None
    second: Text
    better: Better
    bound: float = 0.0
    relative: bool = False

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.first is None and (self.relative or self.role in ("compare", "group")):
            raise ValueError("a difference needs two variants")
        if self.better == "neither" and self.role in ("target", "limit"):
            raise ValueError("a bound needs a side")
        return self


class Setting(_Asked):
    """One setting that a search for the smallest or largest one looks at, in the order of preference."""

    variant: Text
    text: Text


class Question(_Asked):
    """One question of a scenario.

    Attributes
    ----------
    id, main, ask
        Its name, whether it is the main one, and its words in both languages.
    checks
        What is asked of which figure; of a search, all checks of the first setting, then of the next.
    confidence
        Of everything the question says together, before it is shared with other questions.
    most_pairs
        Replications it may have.
    most_s
        Wall time it may have; None for any.
    key, wanted, settings
        Of a search: what is set, ``smallest``, ``largest`` or ``first``, and the settings.
    groups
        Of a question who gains and who loses: the groups named; empty for every group of the figure.
    """

    id: Text
    main: bool = False
    ask: dict[str, Text]
    checks: Annotated[list[Check], Field(min_length=1, max_length=5000)]
    confidence: Annotated[float, Field(gt=0.5, lt=1)]
    most_pairs: Annotated[int, Field(ge=1, le=100_000)]
    most_s: Annotated[float, Field(gt=0)] | None = None
    key: Text = ""
    wanted: Literal["", "smallest", "largest", "first"] = ""
    settings: Annotated[list[Setting], Field(max_length=200)] = []
    groups: Annotated[list[Text], Field(max_length=200)] = []

    @model_validator(mode="after")
    def _settings_have_checks(self) -> Self:
        if self.settings and len(self.checks) % len(self.settings):
            raise ValueError("settings and checks do not match")
        return self

    @property
    def by_group(self) -> bool:
        """Whether it asks who gains and who loses."""
        return any(check.role == "group" for check in self.checks)

    @property
    def variants(self) -> list[str]:
        """Every variant it speaks of, in order."""
        names = (name for check in self.checks for name in (check.first, check.second) if name is not None)
        return list(dict.fromkeys(names))


class Questions(_Asked):
    """All questions of a plan and when they are looked at.

    Attributes
    ----------
    listed
        The questions.
    looks
        Numbers of replications at which one looks; one number where the scenario states it.
    """

    listed: Annotated[list[Question], Field(max_length=100)] = []
    looks: Annotated[list[int], Field(max_length=200)] = []

    @model_validator(mode="after")
    def _looks_rise(self) -> Self:
        if bool(self.listed) != bool(self.looks):
            raise ValueError("questions and looks go together")
        if any(a >= b for a, b in zip([0, *self.looks], self.looks, strict=False)):
            raise ValueError("looks must rise")
        return self

    @property
    def sequential(self) -> bool:
        """Whether there is more than one look."""
        return len(self.looks) > 1


def looks_until(most: int, first: int = FIRST_LOOK) -> list[int]:
    """Numbers of replications at which one looks: each about 1.4 times the one before, the last is ``most``."""
    looks, n = [], float(first)
    while round(n) < most:
        looks.append(round(n))
        n *= math.sqrt(2.0)
    return [*looks, most]
