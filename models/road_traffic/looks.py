"""How background cars are shown in pictures."""

from __future__ import annotations

from twin.looks import GREY, BodyLook, Meaning

BODY_LOOKS: dict[str, BodyLook] = {
    "car": BodyLook("乗用車", "Cars", (4.4, 1.8, 1.5), 60.0, {"driving": Meaning(GREY, "走行中", "driving")})
}
