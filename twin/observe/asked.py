"""What is asked of a run's tables: cells of a table of counts, and where sites are. Words only, no compiler."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

#: Stands between the two places of a move.
MOVE = " > "
_ALWAYS = 1e12


class Cell(BaseModel):
    """One number of a table: where, of whom, when, and of lengths from when to when.

    Attributes
    ----------
    site
        Name of a site of its observation; empty for all.
    groups
        Column -> word.
    from_s, to_s
        Moments that count, the last one excluded.
    low_s, high_s
        Lengths that count, of ``bands``: the first included, the last excluded.
    """

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)

    site: str = ""
    groups: dict[str, str] = {}
    from_s: float = -_ALWAYS
    to_s: float = _ALWAYS
    low_s: float = 0.0
    high_s: float = _ALWAYS


class SiteRows(BaseModel):
    """Where a site is in the tables of a run.

    Attributes
    ----------
    links, back
        Links whose passages count, and those from which passages are wrongly put down to them.
    places, origins
        Ids of places, and of moves those where they began.
    x_m, y_m, radius_m
        Circle of a zone.
    """

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)

    links: list[int] = []
    back: list[int] = []
    places: list[str] = []
    origins: list[str] = []
    x_m: float = 0.0
    y_m: float = 0.0
    radius_m: float = 0.0
