"""The words in which a model's ``story.py`` tells what happened in a run: chapters, each with its moment and its place.

A model derives chapters from its own tables; nothing is computed anew, so that a chapter never says what the tables
do not. Words are text for people: names of stops and streets may stand in them and are never read as anything else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Columns = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True)
class Spot:
    """Where a chapter looks.

    Attributes
    ----------
    kind
        ``place`` (``name`` is its id, with or without that of its district), ``places`` (all of the kind ``name``),
        ``drive`` or ``walk`` (``link_index``), ``metres`` (``x_m, y_m`` in the city's CRS), or empty: the whole city.
    name
        Id of a place, or kind of places.
    link_index
        Row of a link in its layer.
    x_m, y_m
        Easting and northing in metres.
    reach_m
        How much of the surroundings to show on each side, metres.
    """

    kind: Literal["", "place", "places", "drive", "walk", "metres"] = ""
    name: str = ""
    link_index: int = -1
    x_m: float = math.nan
    y_m: float = math.nan
    reach_m: float = 400.0


@dataclass(frozen=True)
class Chapter:
    """One thing that happened.

    Attributes
    ----------
    at_s
        When; seconds since midnight of day one.
    ja, en
        What, in a sentence without the time of day.
    spot
        Where to look.
    weight
        How much a story needs it: where there are too many chapters, the lightest are left out. About 1 for what
        the model is asked about, 0.5 for what frames the day.
    """

    at_s: float
    ja: str
    en: str
    spot: Spot = field(default_factory=Spot)
    weight: float = 0.5


@dataclass(frozen=True)
class Told:
    """What a model may tell from.

    Attributes
    ----------
    table
        Name -> columns; empty where the run has no such table.
    params
        Parameters of the model in this run, as plain data in SI units.
    street
        Layer and row of a link -> name of its street as on signs; empty without one.
    from_s, to_s
        Clock of the run, seconds since midnight of day one.
    """

    table: Callable[[str], Columns]
    params: Mapping[str, Any]
    street: Callable[[str, int], str]
    from_s: float
    to_s: float


#: What ``story.py`` of a model offers: from a run to its chapters, in any order.
Teller = Callable[[Told], Sequence[Chapter]]


def last_of_each_instant(table: Columns) -> dict[str, NDArray[Any]]:
    """Rows of a table of changes (``time_s``, ``change``) that hold until a later instant, in time's order."""
    order = np.lexsort((table["change"], table["time_s"]))
    time_s = table["time_s"][order]
    kept = order[np.append(time_s[1:] != time_s[:-1], True)]
    return {name: values[kept] for name, values in table.items()}


def most_at_once(begin_s: NDArray[Any], end_s: NDArray[Any], weight: NDArray[Any] | None = None) -> tuple[float, float]:
    """When most are between their begin and their end, and how many; nan and 0 for nobody.

    Parameters
    ----------
    begin_s, end_s : (n,) float64
        Seconds; who ends at an instant is gone when another begins.
    weight : (n,) float64 or None
        What each counts; 1 if not given.
    """
    known = np.isfinite(begin_s) & np.isfinite(end_s)
    if not known.any():
        return math.nan, 0.0
    counts = np.ones(int(known.sum())) if weight is None else weight[known].astype(np.float64)
    at_s = np.concatenate([begin_s[known], end_s[known]]).astype(np.float64)
    change = np.concatenate([counts, -counts])
    order = np.lexsort((change, at_s))
    inside = np.cumsum(change[order])
    best = int(np.argmax(inside))
    return float(at_s[order][best]), float(inside[best])
