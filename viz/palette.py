"""Colours by meaning: one palette for every picture.

The eight colours of Okabe and Ito stay apart for people with any of the common colour-vision deficiencies
(Okabe and Ito 2002, "Color Universal Design"). Shapes and words repeat what a colour says.
Vermillion always means standing or waiting.
"""

from __future__ import annotations

from dataclasses import dataclass

from twin.columns import BODIES, BODY_STATES
from twin.results.verdicts import BETTER, CANNOT_TELL, HIGHER, LOWER, SAME, VERDICT_WORDS, WORSE

BLACK = "#000000"
ORANGE = "#E69F00"
SKY_BLUE = "#56B4E9"
BLUISH_GREEN = "#009E73"
YELLOW = "#F0E442"
BLUE = "#0072B2"
VERMILLION = "#D55E00"
REDDISH_PURPLE = "#CC79A7"
#: Neutral, for what is context rather than answer.
GREY = "#9AA3AD"

OKABE_ITO: tuple[str, ...] = (
    BLACK, ORANGE, SKY_BLUE, BLUISH_GREEN, YELLOW, BLUE, VERMILLION, REDDISH_PURPLE,
)


@dataclass(frozen=True)
class Meaning:
    """What a colour stands for, in both languages."""

    color: str
    ja: str
    en: str


@dataclass(frozen=True)
class BodyLook:
    """How one kind of body is shown.

    Attributes
    ----------
    ja, en
        Name of the kind.
    size_m
        Length, width, height of the box drawn; None for people, who are dots. Outer sizes of common
        vehicles, for the picture only; nothing is computed from them.
    trail_s
        Seconds of path left behind.
    states
        State name -> its colour and words.
    """

    ja: str
    en: str
    size_m: tuple[float, float, float] | None
    trail_s: float
    states: dict[str, Meaning]


BODY_LOOKS: dict[str, BodyLook] = {
    "car": BodyLook("乗用車", "Cars", (4.4, 1.8, 1.5), 60.0, {"driving": Meaning(GREY, "走行中", "driving")}),
    "van": BodyLook("オンデマンドバス", "On-demand vans", (5.4, 1.9, 2.3), 120.0, {
        "empty": Meaning(SKY_BLUE, "空車", "empty"),
        "loaded": Meaning(BLUISH_GREEN, "乗車中", "with riders"),
    }),
    "bus": BodyLook("路線バス", "Buses", (10.5, 2.5, 3.0), 90.0, {"driving": Meaning(YELLOW, "走行中", "driving")}),
    "truck": BodyLook("コンテナトラック", "Container trucks", (16.0, 2.5, 3.8), 90.0, {
        "booked": Meaning(BLUE, "予約あり", "booked"),
        "ordinary": Meaning(ORANGE, "予約なし", "not booked"),
    }),
    "walker": BodyLook("歩行者", "Walkers", None, 90.0, {
        "walking": Meaning(REDDISH_PURPLE, "歩行中", "walking"),
        "staying": Meaning(VERMILLION, "滞在中", "staying"),
    }),
}

QUEUE = Meaning(VERMILLION, "ゲート前の待ち列", "Queue at the gate")
#: Where the trucks of the terminal are: on the street, in a yard, within the gate.
QUEUE_PARTS: tuple[Meaning, ...] = (
    Meaning(VERMILLION, "道路上", "on the road"),
    Meaning(ORANGE, "待機場", "in yards"),
    Meaning(GREY, "ターミナル内", "inside"),
)

_VERDICT_COLORS: dict[str, str] = {
    BETTER: BLUE, WORSE: VERMILLION, SAME: "#5B6570", CANNOT_TELL: "#7B8794", HIGHER: "#5D4E8C", LOWER: "#5D4E8C",
    "": "#5B6570",
}
#: Verdict of a comparison -> colour; words stand beside it in every chart.
VERDICTS: dict[str, Meaning] = {
    verdict: Meaning(color, *VERDICT_WORDS[verdict]) for verdict, color in _VERDICT_COLORS.items()
}


#: Background, blocks, streets and lettering of the two themes of the 3D page.
SCENE_THEMES: dict[str, dict[str, str]] = {
    "dark": {"ground": "#10161D", "blocks": "#1D2630", "drive_major": "#55677D", "drive_minor": "#364555",
             "walk": "#4A4A58", "place": "#D7DEE7", "place_edge": "#10161D", "head_edge": "#0B0F14"},
    "light": {"ground": "#EDF0F3", "blocks": "#DFE3E6", "drive_major": "#AEB9C6", "drive_minor": "#CBD3DC",
              "walk": "#D3CDC2", "place": "#2B3540", "place_edge": "#FFFFFF", "head_edge": "#FFFFFF"},
}


def rgb_of(color: str) -> tuple[int, int, int]:
    """Red, green and blue (0-255) of ``#rrggbb``."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def look_of(body: str, state_index: int) -> Meaning:
    """Colour and words of a body's state; a state without a look of its own is grey and keeps its name."""
    names = BODY_STATES.get(body, ())
    name = names[state_index] if state_index < len(names) else str(state_index)
    look = BODY_LOOKS.get(body)
    return look.states.get(name, Meaning(GREY, name, name)) if look else Meaning(GREY, name, name)


def look_of_body(index: int) -> tuple[str, BodyLook]:
    """Name and look of a body by its index in ``BODIES``; new kinds are grey boxes until they get a look."""
    name = BODIES[index] if index < len(BODIES) else f"body {index}"
    return name, BODY_LOOKS.get(name, BodyLook(name, name, (4.4, 1.8, 1.5), 60.0, {}))
