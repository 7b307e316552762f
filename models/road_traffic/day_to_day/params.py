"""Parameters of the day-to-day equilibrium of background cars, with their sources."""

from __future__ import annotations

from typing import Literal

from twin.params import Params, quantity
from twin.units import Count, Seconds, Share

MOST_DAYS, GAP, INTERVAL_S, PACE = 40, 0.02, 300.0, 5.0


class DaysParams(Params):
    """Background cars repeat their day before the run, until none could have arrived much sooner by another way."""

    most_days: Count = quantity(
        MOST_DAYS,
        source="choice: enough on the networks of the tests; the last gap says whether it was",
        grade="D",
        fork="no",
        ge=1,
        le=1000,
        doc="days at most",
    )
    gap: Share = quantity(
        GAP,
        "%",
        source="guess: what drivers would not notice; static models are asked for far less",
        grade="G",
        fork="no",
        ge=0,
        le=1,
        doc="relative gap at which days end: what all could have saved, over what the quickest ways take",
    )
    rule: Literal["gap", "msa"] = quantity(
        "gap",
        source="choice: keeps a good start; msa, the method of successive averages, does not",
        grade="D",
        fork="no",
        doc="who takes up the quickest way after a day: gap, those with most to gain first; msa, 1 in (day + 1) of all "
        "who gain",
    )
    pace: float = quantity(
        PACE,
        source="guess: whoever could have saved a fifth of their time is as ready to change as anybody",
        grade="G",
        fork="no",
        gt=0,
        le=10,
        doc="how fast readiness to change grows with the share of time that could have been saved; rule gap",
    )
    interval_s: Seconds = quantity(
        INTERVAL_S,
        "s",
        source="choice: the periods of the road's tables",
        grade="D",
        fork="no",
        ge=30,
        le=3600,
        doc="drivers learn mean times over intervals this long",
    )
