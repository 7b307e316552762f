"""How vans and buses are shown in pictures."""

from __future__ import annotations

from twin.looks import BLUISH_GREEN, SKY_BLUE, YELLOW, BodyLook, Meaning

BODY_LOOKS: dict[str, BodyLook] = {
    "van": BodyLook(
        "オンデマンドバス",
        "On-demand vans",
        (5.4, 1.9, 2.3),
        120.0,
        {"empty": Meaning(SKY_BLUE, "空車", "empty"), "loaded": Meaning(BLUISH_GREEN, "乗車中", "with riders")},
    ),
    "bus": BodyLook("路線バス", "Buses", (10.5, 2.5, 3.0), 90.0, {"driving": Meaning(YELLOW, "走行中", "driving")}),
}
