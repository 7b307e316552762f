"""How questions are written: what is asked of which figure, and how many runs the answer may take."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from twin.params import Params
from twin.results.words import UNIT_WORDS
from twin.scenario.language.label import Label, LabelField
from twin.units import Count, Seconds, Share, magnitudes

#: An amount of a figure: text with the figure's unit, or a bare number where the figure has none.
Amount = str | int | float

#: Keys that other versions will understand.
QUESTION_NOT_YET = ("within", "out_of", "along", "table")
#: What is written in their place today, where there is something.
QUESTION_MENDS = {
    "table": "list the figures under kpi: [...]",
    "within": "the promise is a figure of its own: kpi: transit.refused_share counts all requests, "
    "transit.wait_p95_s those served",
    "out_of": "each figure says whom it is out of; transit.refused_share is out of all requests",
    "along": "name a figure of the road, e.g. kpi: road.delay_mean_s; twin map shows the links of a street",
}

_ID = re.compile(r"\w[\w-]{0,39}")
_DIMENSION = {
    "min": ("time", 60.0),
    "s": ("time", 1.0),
    "h": ("time", 3600.0),
    "m": ("length", 1.0),
    "km": ("length", 1000.0),
    "share": ("share", 1.0),
    "kg": ("mass", 1.0),
    "L": ("volume", 1.0),
    "yen": ("money", 1.0),
    "m/s": ("speed", 1.0),
}
_BARE = ("", "ratio", "factor")
_NUMBER = r"([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))"
_PER_DAY = re.compile(r"\s*(/\s*day|/日)$")


def _question_id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise ValueError(f"{text[:60]!r} is no id; use up to 40 letters, digits, _ and -")
    return text


class BudgetSpec(Params):
    """What an answer may cost; when it is spent, what is still open stays open."""

    runs: Count | None = Field(None, ge=2, le=10_000_000, description="runs of all variants together")
    time_s: Seconds | None = Field(None, alias="time", gt=0, description="wall time; looked at after each step")


class LimitSpec(Params):
    """A constraint: a figure stays on one side of a bound, or gets worse by no more than an amount."""

    kpi: str = Field(min_length=1, description="figure, e.g. terminal.wait_mean_min")
    group: str = Field("all", description="group of the figure")
    seen_as: str | None = Field(None, description="sensor of phones: the figure as it sees it; that of the question")
    day: str | tuple[str, ...] | None = Field(None, description="kinds of day on which it must hold; as hold_on")
    at_most: Amount | None = Field(None, description="the mean is at most this")
    at_least: Amount | None = Field(None, description="the mean is at least this")
    not_worse_than: Amount | None = Field(None, description="the loss allowed against another variant, e.g. 1 %")
    than: str | None = Field(None, description="that variant; the first one if not given")

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        given = [name for name in ("at_most", "at_least", "not_worse_than") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("a constraint has one of at_most, at_least, not_worse_than; write one entry for each")
        if self.than is not None and self.not_worse_than is None:
            raise ValueError("than goes with not_worse_than")
        return self


class FindSpec(Params):
    """What is searched: the smallest or largest setting of a key, or the first of some variants."""

    smallest: str | None = Field(None, description="key whose smallest setting is wanted")
    largest: str | None = Field(None, description="key whose largest setting is wanted")
    first: tuple[str, ...] | None = Field(None, max_length=100, description="variants in the order of preference")
    start: Amount | None = Field(None, alias="from", description="smallest setting tried")
    end: Amount | None = Field(None, alias="to", description="largest setting tried")
    step: Amount | None = Field(None, description="step between settings; 1 if not given")
    among: tuple[Amount, ...] | None = Field(None, max_length=100, description="settings tried, from small to large")

    @model_validator(mode="after")
    def _one_search(self) -> Self:
        if sum(x is not None for x in (self.smallest, self.largest, self.first)) != 1:
            raise ValueError("a search is for one of smallest: KEY, largest: KEY, first: [variants]")
        span = self.start is not None and self.end is not None
        if self.first is not None:
            if not self.first:
                raise ValueError("first names no variant")
            if span or self.among:
                raise ValueError("first has variants of its own; leave out from, to and among")
        elif span == (self.among is not None) or (self.among is not None and not self.among):
            raise ValueError("a search needs its settings; write from: 4, to: 12, step: 1, or among: [4, 6, 8]")
        return self

    @property
    def key(self) -> str:
        """Key that is set; empty for a search among variants."""
        return self.smallest or self.largest or ""


class QuestionSpec(Params):
    """One question: a comparison, a target, constraints, a search, or who gains and who loses."""

    id: Annotated[str, AfterValidator(_question_id)] = Field(description="short name of the question")
    ask: LabelField = Field(Label(), description="the question in words")
    main: bool = Field(False, description="whether this is the question; the first one if none is marked")
    kpi: str | tuple[str, ...] | None = Field(None, description="figure or figures, e.g. terminal.wait_mean_min")
    group: str = Field("all", description="group of the figure")
    seen_as: str | None = Field(None, description="sensor of phones: figures as it would have seen them")
    compare: tuple[tuple[str, str], ...] | None = Field(
        None, max_length=500, description="pairs of variants; the first with each other one if not given"
    )
    variants: tuple[str, ...] | None = Field(None, description="variants of which a target or bound is asked")
    better: Literal["lower", "higher"] | None = Field(None, description="direction wanted; the figure's own otherwise")
    matters_from: Amount | None = Field(
        None, description="difference from which it matters, in the figure's unit or as % of the first variant's"
    )
    target: Amount | None = Field(None, description="value to reach")
    at_most: Amount | None = Field(None, description="the mean is at most this")
    at_least: Amount | None = Field(None, description="the mean is at least this")
    not_worse_than: Amount | None = Field(None, description="loss allowed against the first variant of each pair")
    find: FindSpec | None = Field(None, description="the smallest or largest setting for which such_that holds")
    base: str | None = Field(None, alias="in", description="variant that is set; the first one if not given")
    such_that: tuple[LimitSpec, ...] = Field((), max_length=50, description="constraints of a search")
    split: tuple[str, ...] | None = Field(
        None, max_length=12, description="measures: which of them does the work, each alone and each left out of all"
    )
    day: str | tuple[str, ...] | None = Field(
        None, description="kind of day, each_day, mean_day (if not given), worst_day or year"
    )
    hold_on: str | tuple[str, ...] | None = Field(None, description="as day, for bounds and searches")
    by: Literal["every_group"] | tuple[str, ...] | None = Field(None, description="groups: who gains and who loses")
    confidence: Share = Field(0.95, gt=0.5, lt=1, description="of all that the answer says together")
    budget: BudgetSpec = Field(BudgetSpec(), description="what the answer may cost")

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        bounds = [n for n in ("target", "at_most", "at_least", "not_worse_than") if getattr(self, n) is not None]
        if self.find is not None:
            if bounds or self.kpi is not None or self.by is not None or self.compare is not None:
                raise ValueError("a search has its figures under such_that; leave out kpi, compare, by and bounds here")
            if not self.such_that:
                raise ValueError("a search needs such_that: [{kpi: …, at_most: …}]")
        elif self.such_that or (self.base is not None and self.split is None):
            raise ValueError("such_that and in go with find")
        elif not self.kpi:
            raise ValueError("the question names no figure; add kpi: terminal.wait_mean_min, or find: and such_that:")
        if self.by is not None and bounds:
            raise ValueError("by asks who gains and who loses; ask for bounds in a question of its own")
        if self.day is not None and self.hold_on is not None:
            raise ValueError("day and hold_on say the same; keep one")
        if self.split is not None and (bounds or self.find is not None or self.by is not None or self.compare):
            raise ValueError("split asks which measure does the work; leave out compare, by, find and bounds")
        if self.split is not None and len(set(self.split)) < 2:
            raise ValueError("split needs at least two measures")
        if self.by is not None and not self.by:
            raise ValueError("by names no group; write by: every_group, or by: [booked, ordinary]")
        return self

    @property
    def kpis(self) -> tuple[str, ...]:
        """Figures asked of."""
        return (self.kpi,) if isinstance(self.kpi, str) else self.kpi or ()

    @property
    def words(self) -> Label:
        """The question in words; its id where none are given."""
        return self.ask if self.ask.ja else Label(ja=self.id, en=self.id)


class UncertaintySpec(Params):
    """Two ranges: luck by replications, assumptions by draws. Neither ever narrows the other."""

    luck: Literal["until_decided"] = Field("until_decided", description="replications are added as questions need them")
    assumptions: Literal["every_range"] | tuple[str, ...] | None = Field(
        None, description="every value with a range is drawn, or the keys named"
    )
    draws: int = Field(10, ge=2, le=1000, description="draws by Latin hypercube, the same in every variant")
    replications: int = Field(2, ge=1, le=100, description="replications of each draw, the first ones of the study")


class AmountError(ValueError):
    """An amount that cannot be one of its figure."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(what)
        self.what, self.mend = what, mend


def amount_of(value: Amount, unit: str, *, relative_allowed: bool = False) -> tuple[float, bool]:
    """Number in the unit of a figure, and whether it is a share of another variant's figure instead.

    Parameters
    ----------
    value
        As written: ``600 truck-min/day``, ``1 point``, ``3 min``, ``5 %``.
    unit
        Unit of the figure.
    relative_allowed
        Whether per cent of another variant's figure will do; of a share, per cent are always points.

    Raises
    ------
    AmountError
        With the value and an example.
    """
    example = f"write for example {_example(unit)}"
    if isinstance(value, bool):
        raise AmountError(f"an amount is due, got {str(value).lower()}", example)
    if isinstance(value, int | float):
        if value != 0 and unit not in _BARE:
            raise AmountError(f"{value:g} has no unit", example)
        return float(value), False
    text = _PER_DAY.sub("", value.strip())
    readings = magnitudes(text)
    if unit in _DIMENSION:
        dimension, factor = _DIMENSION[unit]
        if dimension in readings:
            return readings[dimension] / factor, False
    else:
        match = re.fullmatch(rf"{_NUMBER}\s*(.*)", text)
        if match and match.group(2).strip() in {unit, *UNIT_WORDS.get(unit, ()), *([""] if unit in _BARE else [])}:
            return float(match.group(1)), False
    if "share" in readings and relative_allowed:
        return readings["share"], True
    if "share" in readings:
        raise AmountError(f"{value!r} is a share of another value, and here a value of its own is due", example)
    raise AmountError(f"{value!r} is no amount in {unit or 'a plain number'}", example)


def _example(unit: str) -> str:
    shown = {"share": "5 % or 1 point", "m/s": "5 km/h", "": "1.5", "ratio": "1.5", "factor": "1.5"}
    return shown.get(unit, f"10 {unit}")
