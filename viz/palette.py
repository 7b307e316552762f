"""Colours by meaning: one palette for every picture; bodies look as their models say.

Shapes and words repeat what a colour says; see ``twin.looks``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from twin.columns import BODIES, BODY_STATES
from twin.looks import (
    BLACK,
    BLUE,
    BLUISH_GREEN,
    GREY,
    OKABE_ITO,
    ORANGE,
    REDDISH_PURPLE,
    SKY_BLUE,
    VERMILLION,
    YELLOW,
    BodyLook,
    Meaning,
)
from twin.models import registry
from twin.results.verdicts import BETTER, CANNOT_TELL, HIGHER, LOWER, SAME, VERDICT_WORDS, WORSE

__all__ = [
    "BLACK",
    "BLUE",
    "BLUISH_GREEN",
    "BODY_LOOKS",
    "GREY",
    "OKABE_ITO",
    "ORANGE",
    "QUEUE",
    "QUEUE_PARTS",
    "REDDISH_PURPLE",
    "SCENE_THEMES",
    "SKY_BLUE",
    "VERDICTS",
    "VERMILLION",
    "WALL_TONES",
    "YELLOW",
    "BodyLook",
    "Meaning",
    "look_of",
    "look_of_body",
    "rgb_of",
]

BODY_LOOKS: dict[str, BodyLook] = registry.looks()

QUEUE = Meaning(VERMILLION, "ゲート前の待ち列", "Queue at the gate")
#: Where the trucks of the terminal are: on the street, in a yard, within the gate.
QUEUE_PARTS: tuple[Meaning, ...] = (
    Meaning(VERMILLION, "道路上", "on the road"),
    Meaning(ORANGE, "待機場", "in yards"),
    Meaning(GREY, "ターミナル内", "inside"),
)

_VERDICT_COLORS: dict[str, str] = {
    BETTER: BLUE,
    WORSE: VERMILLION,
    SAME: "#5B6570",
    CANNOT_TELL: "#7B8794",
    HIGHER: "#5D4E8C",
    LOWER: "#5D4E8C",
    "": "#5B6570",
}
#: Verdict of a comparison -> colour; words stand beside it in every chart.
VERDICTS: dict[str, Meaning] = {
    verdict: Meaning(color, *VERDICT_WORDS[verdict]) for verdict, color in _VERDICT_COLORS.items()
}


#: Background, ground, water, streets, walls and lettering of the two themes of the 3D page.
SCENE_THEMES: dict[str, dict[str, str]] = {
    "dark": {
        "ground": "#141A20",
        "blocks": "#1B232B",
        "water": "#12314A",
        "green": "#1E3A2B",
        "paved": "#2A333C",
        "marks": "#8C98A4",
        "drive_edge": "#5C6976",
        "drive_minor": "#36424E",
        "drive_major": "#3E4B58",
        "walk": "#55524E",
        "rails": "#6D6478",
        "trees": "#4B7A3C",
        "buildings": "#3A4653",
        "place": "#D7DEE7",
        "place_edge": "#10161D",
        "head_edge": "#0B0F14",
    },
    "light": {
        "ground": "#E6E3DB",
        "blocks": "#DBD7CC",
        "water": "#8FC1DE",
        "green": "#B4D29A",
        "paved": "#C9C9C6",
        "marks": "#F7F7F4",
        "drive_edge": "#DDDAD2",
        "drive_minor": "#A2A8AE",
        "drive_major": "#8D949C",
        "walk": "#EADFC8",
        "rails": "#7A7286",
        "trees": "#7FA642",
        "buildings": "#CBC2B3",
        "place": "#525E69",
        "place_edge": "#FFFFFF",
        "head_edge": "#FFFFFF",
    },
}
#: Walls by tone: five of houses and offices, five of containers, lattice of cranes; muted, so that they are not taken
#: for the colours that mean something.
WALL_TONES: tuple[str, ...] = (
    "#F3EFE7",
    "#E4DFD6",
    "#EDE6D8",
    "#D9DADB",
    "#F0EBE6",
    "#B9705A",
    "#6F93AE",
    "#7F9F8A",
    "#C9B88A",
    "#A3A9AF",
    "#C8CDD2",
    "#CC7A5E",
)


def rgb_of(color: str) -> tuple[int, int, int]:
    """Red, green and blue (0-255) of ``#rrggbb``."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def ink_on(color: str) -> str:
    """White or near black, whichever reads on a ground of that colour; 4.5:1 is what WCAG 2.1 asks of small text."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in rgb_of(color))]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#fff" if 1.05 / (luminance + 0.05) >= 4.5 else "#111"


def look_of(body: str, state_index: int, states: Mapping[str, Sequence[str]] | None = None) -> Meaning:
    """Colour and words of a body's state; a state without a look of its own is grey and keeps its name.

    Parameters
    ----------
    body, state_index
        Name of the body, code of its state.
    states
        Body -> names of its states, as the run says them; without it, as the models of this installation do.
    """
    names = (BODY_STATES if states is None else states).get(body, ())
    name = names[state_index] if state_index < len(names) else str(state_index)
    look = BODY_LOOKS.get(body)
    return look.states.get(name, Meaning(GREY, name, name)) if look else Meaning(GREY, name, name)


def look_of_body(index: int, names: Sequence[str] = BODIES) -> tuple[str, BodyLook]:
    """Name and look of a body by its code; kinds that nobody here gives a look are grey boxes.

    Parameters
    ----------
    index
        Code of the body in ``traces``.
    names
        Kinds of bodies in the order of their codes.
    """
    name = names[index] if index < len(names) else f"body {index}"
    return name, BODY_LOOKS.get(name, BodyLook(name, name, (4.4, 1.8, 1.5), 60.0, {}))
