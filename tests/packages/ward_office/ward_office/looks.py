"""How visitors are shown in pictures."""

from __future__ import annotations

from twin.looks import SKY_BLUE, VERMILLION, BodyLook, Meaning

BODY_LOOKS: dict[str, BodyLook] = {
    "visitor": BodyLook(
        "来庁者",
        "Visitors of the ward office",
        None,
        60.0,
        {
            "waiting": Meaning(VERMILLION, "番号札で待つ", "waiting with a ticket"),
            "at_counter": Meaning(SKY_BLUE, "窓口", "at the counter"),
        },
    )
}
