"""How vehicles at the kerb are shown in pictures."""

from __future__ import annotations

from twin.looks import BLUISH_GREEN, ORANGE, SKY_BLUE, VERMILLION, BodyLook, Meaning

BODY_LOOKS: dict[str, BodyLook] = {
    "kerb_vehicle": BodyLook(
        "荷さばき・乗降の車両",
        "Vehicles that load, unload, set down",
        (4.7, 1.7, 2.0),
        30.0,
        {
            "driving": Meaning(SKY_BLUE, "走行中", "driving"),
            "in_bay": Meaning(BLUISH_GREEN, "荷さばき枠に停車", "in a bay"),
            "in_lane": Meaning(VERMILLION, "車線に停車（二重駐車など）", "standing in the lane"),
            "waiting": Meaning(ORANGE, "枠の空きを車線で待つ", "waiting in the lane for a bay"),
        },
    )
}
