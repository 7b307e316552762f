"""Colours by meaning, how a kind of body is shown, and what the report shows: the words of a model's ``looks.py``.

The eight colours of Okabe and Ito stay apart for people with any of the common colour-vision deficiencies
(Okabe and Ito 2002, "Color Universal Design"). Shapes and words repeat what a colour says.
Vermillion always means standing or waiting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

BLACK = "#000000"
ORANGE = "#E69F00"
SKY_BLUE = "#56B4E9"
BLUISH_GREEN = "#009E73"
YELLOW = "#F0E442"
BLUE = "#0072B2"
VERMILLION = "#D55E00"
REDDISH_PURPLE = "#CC79A7"
#: Between the Japanese and the English words of one thing in a table.
BOTH = " / "
#: Neutral, for what is context rather than answer.
GREY = "#9AA3AD"

OKABE_ITO: tuple[str, ...] = (BLACK, ORANGE, SKY_BLUE, BLUISH_GREEN, YELLOW, BLUE, VERMILLION, REDDISH_PURPLE)


@dataclass(frozen=True)
class Meaning:
    """What a colour stands for, in both languages."""

    color: str
    ja: str
    en: str


@dataclass(frozen=True)
class MapMark:
    """A point that a model puts on the flat map of a scenario, metres in the city's CRS, and its words."""

    x_m: float
    y_m: float
    ja: str
    en: str


@dataclass(frozen=True)
class BodyLook:
    """How one kind of body is shown.

    Attributes
    ----------
    ja, en
        Name of the kind.
    size_m
        Length, width, height of the box drawn; None for people, who are dots. Outer sizes of common
        vehicles, for the picture only; nothing is computed from them.
    trail_s
        Seconds of path left behind.
    states
        State name -> its colour and words.
    """

    ja: str
    en: str
    size_m: tuple[float, float, float] | None
    trail_s: float
    states: dict[str, Meaning]


@dataclass(frozen=True)
class OverTime:
    """How many there are of something at each moment, from a table of a run.

    Attributes
    ----------
    table, at, value
        Table, its column of times in seconds since midnight of day one, and its column of counts.
    ja, en, unit
        Words, and the unit of the counts.
    order
        Column that orders rows of one instant, of which the last holds; empty where each row is a period of its own
        and counts of one period are added up.
    per_s
        Length of a period in seconds, where counts are second-counts of it; 0 where they are counts.
    """

    table: str
    at: str
    value: str
    ja: str
    en: str
    unit: str
    order: str = ""
    per_s: float = 0.0


@dataclass(frozen=True)
class Spread:
    """How long something takes for each one of a table's rows.

    Attributes
    ----------
    table, begin, end
        Table and its columns of the beginning and the end in seconds; rows without either are left out. Without
        ``begin``, ``end`` is the duration itself.
    ja, en
        Words of what takes that long.
    weight
        Column that says for how many a row stands; empty for one.
    """

    table: str
    begin: str
    end: str
    ja: str
    en: str
    weight: str = ""


@dataclass(frozen=True)
class LinkFlow:
    """How many pass each link of the city, from a table of a run.

    Attributes
    ----------
    table, layer, value
        Table with ``link_index``, layer of the city (``drive`` or ``walk``), and the column of counts.
    ja, en, unit
        Words, and the unit of the counts.
    period_s
        Length of the periods that rows count in; 0 where it is not known, and no peak hour is told.
    width, times
        Column of clear widths in metres, or of mean seconds on the link: what its level of service is told by, from
        people per minute and metre in the fullest period, or from the slowest period's share of the free speed.
    levels
        Bounds between levels A to F; none where no level is told.
    """

    table: str
    layer: str
    value: str
    ja: str
    en: str
    unit: str
    period_s: float = 0.0
    width: str = ""
    times: str = ""
    levels: tuple[float, ...] = ()


@dataclass(frozen=True)
class Reported:
    """What the report shows of a model, and its words for what files and tables name.

    Attributes
    ----------
    over_time, spreads, flows
        What of its tables is drawn.
    keys
        Parameter below the model's section, with ``*`` for a name, -> its words; ``{0}`` is the first such name.
    names
        Group of a KPI, or account, entry or reason of the ledger -> its words.
    """

    over_time: tuple[OverTime, ...] = ()
    spreads: tuple[Spread, ...] = ()
    flows: tuple[LinkFlow, ...] = ()
    keys: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    names: Mapping[str, tuple[str, str]] = field(default_factory=dict)
