"""Boards that models publish for one another, each declared once; see ``twin.engine.channels``.

A reader imports the board from here, never from the model that publishes it; the publisher names it on its card.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Board:
    """One board.

    Attributes
    ----------
    name
        ``publisher.what_with_unit``.
    columns
        Name and numpy type of each field; one field without a name for a plain array.
    meaning
        What stands on it, with shape and unit.
    """

    name: str
    columns: tuple[tuple[str, str], ...]
    meaning: str


LINK_TIME_S = Board(
    "road.link_time_s", (("", "<f8"),), "(m,) seconds over each drive link, inf where nobody may drive; every slice"
)
LINK_TIME_PROFILE_S = Board(
    "road.link_time_profile_s",
    (("", "<f8"),),
    "(k, 1 + m) at the begin, where link times go by the hour and by nothing else: from which second of the day each "
    "slice holds, and the seconds over each drive link from then on",
)
HAS_GATES = Board(
    "road.has_gates", (("", "|b1"),), "(1,) true: the road holds vehicles back where places are granted by ROAD_CREDIT"
)
WALK_LIGHTS = Board(
    "road.walk_lights",
    (("", "<f8"),),
    "(3, m) cycle, green and offset in seconds by walk link, at the begin, where there are crossings with lights",
)
STANDING_AT_GATES = Board(
    "road.standing_at_gates",
    (("id", "<u8"), ("since_s", "<f8")),
    "(n,) when the run is over: who stands in the queue of a gate, and since when",
)
