"""How trucks are shown in pictures."""

from __future__ import annotations

from twin.looks import BLUE, ORANGE, BodyLook, Meaning

BODY_LOOKS: dict[str, BodyLook] = {
    "truck": BodyLook(
        "コンテナトラック",
        "Container trucks",
        (16.0, 2.5, 3.8),
        90.0,
        {"booked": Meaning(BLUE, "予約あり", "booked"), "ordinary": Meaning(ORANGE, "予約なし", "not booked")},
    )
}
