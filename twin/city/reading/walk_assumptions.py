"""What is assumed of walking where the map says little, as rows for the report of a city."""

from __future__ import annotations

from collections.abc import Mapping

from twin.city.reading.ferries import SPEED_MPS, SPEED_SOURCE, WAIT_S, WAIT_SOURCE
from twin.city.reading.pavements import (
    EDGE_SOURCE,
    EDGE_WIDTH_M,
    ESCALATOR_SOURCE,
    ESCALATOR_SPEED_MPS,
    LIFT_SOURCE,
    LIFT_SPEED_MPS,
)

Row = tuple[str, int, str, str, str]


def walking_rows(counts: Mapping[str, int]) -> list[Row]:
    """Rows (what, number of ways, value, source, grade) from the counts of what had to be assumed."""
    wait = f"{WAIT_S:g} s"
    return [
        (
            "streets said to have no pavement: walked along their edge",
            counts["no pavement"],
            f"{EDGE_WIDTH_M:g} m wide",
            EDGE_SOURCE,
            "M",
        ),
        (
            "widths for walking that are no number: taken by road class",
            counts["width that is no number"],
            "by road class",
            "the map says something that is no length",
            "G",
        ),
        (
            "pace on escalators",
            counts["escalator"],
            f"{ESCALATOR_SPEED_MPS} m/s along the ground",
            ESCALATOR_SOURCE,
            "M",
        ),
        (
            "escalators of which no direction is said",
            counts["escalator both ways"],
            "both directions",
            "one of a pair usually leads each way",
            "G",
        ),
        ("pace in lifts drawn as ways", counts["lift"], f"{LIFT_SPEED_MPS} m/s", LIFT_SOURCE, "G"),
        (
            "ferries that carry walkers: crossing and mean wait",
            counts["ferry"],
            "duration and half the interval of the map",
            "people come at random",
            "D",
        ),
        ("wait for ferries without an interval in the map", counts["ferry wait"], wait, WAIT_SOURCE, "G"),
        (
            "speed of ferries without a duration in the map",
            counts["ferry speed"],
            f"{SPEED_MPS:.1f} m/s",
            SPEED_SOURCE,
            "G",
        ),
    ]
