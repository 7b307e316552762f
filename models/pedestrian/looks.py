"""How walkers are shown in pictures."""

from __future__ import annotations

from twin.looks import REDDISH_PURPLE, VERMILLION, BodyLook, Meaning

BODY_LOOKS: dict[str, BodyLook] = {
    "walker": BodyLook(
        "歩行者",
        "Walkers",
        None,
        90.0,
        {"walking": Meaning(REDDISH_PURPLE, "歩行中", "walking"), "staying": Meaning(VERMILLION, "滞在中", "staying")},
    )
}
