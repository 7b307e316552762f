"""What of a model can be counted or timed in the street: words that tell a sensor where to look in its tables.

A model declares its observables in its ``observables.py`` and names them on its card; ``twin/observe`` sees runs
through them, ``observed:`` and calibration name them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

#: passages: rows with a moment; periods: counts per link or place and period; durations: rows with a length;
#: bands: shares of those lengths by bands; level: how many are there, as a step function; part: share of rows.
Kind = Literal["passages", "periods", "durations", "bands", "level", "part"]


@dataclass(frozen=True)
class Observable:
    """One thing that a sensor can see.

    Attributes
    ----------
    name
        ``model.what_unit``, as a scenario names it.
    kind
        How it is counted.
    unit
        Unit of a value.
    table, time
        Where it stands: the table, and the column with the moment (start of the period, of the length).
    ja, en
        One short line for people.
    sensors
        Kinds of sensors that can see it, beside none, which sees what is so.
    id
        Column with the id of who passes, which keys the sensor's luck.
    length
        Column with the length in seconds, of ``durations`` and ``bands``; column of the number, of ``level``.
    weight
        Column that says how many each row counts for; 1 if empty.
    where
        Column that names the place.
    origin
        Column that names the place they came from, of moves between two places.
    layer
        ``walk`` or ``drive`` if ``where`` is a row of links; ``exit`` if it is the id of an exit; empty otherwise.
    groups
        Columns by which it may be told apart -> words of their codes; no words where the column holds them itself.
    only
        Column and value of the rows that count; all if empty.
    part
        Column and value of the rows that make up the share, of ``part``.
    period_s
        Length of a period.
    feeds, feeds_class, feeds_factor
        Parameter that takes such counts as demand (exit, hour, class, count), the column with the class, and the
        parameter by which that demand is multiplied, which then is 100 %; empty where the model takes none.
    """

    name: str
    kind: Kind
    unit: str
    table: str
    time: str
    ja: str
    en: str
    sensors: tuple[str, ...] = ()
    id: str = ""
    length: str = ""
    weight: str = ""
    where: str = ""
    origin: str = ""
    layer: Literal["", "walk", "drive", "exit"] = ""
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    only: tuple[str, str] | None = None
    part: tuple[str, str] | None = None
    period_s: float = 0.0
    feeds: str = ""
    feeds_class: str = ""
    feeds_factor: str = ""


@dataclass(frozen=True)
class Stays:
    """How long bodies are there, as their phones tell it: the operator writes the table anew, and KPIs follow.

    Attributes
    ----------
    table, id, start, end, length
        The table of visits and its columns: who, from when, to when, how long.
    arrive, leave
        Columns with the places of coming and leaving.
    band, bounds
        Column with the band of the length, and the dotted parameters of the model with its two bounds.
    weight
        Column with the number that each row stands for.
    kpis
        Figures that phones can tell: shares and lengths, no head counts of those without phones.
    """

    table: str
    id: str
    start: str
    end: str
    length: str
    arrive: str
    leave: str
    band: str
    bounds: tuple[str, str]
    weight: str
    kpis: tuple[str, ...]
