"""Colours by meaning, and how a kind of body is shown: the words in which a model's ``looks.py`` speaks.

The eight colours of Okabe and Ito stay apart for people with any of the common colour-vision deficiencies
(Okabe and Ito 2002, "Color Universal Design"). Shapes and words repeat what a colour says.
Vermillion always means standing or waiting.
"""

from __future__ import annotations

from dataclasses import dataclass

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

OKABE_ITO: tuple[str, ...] = (BLACK, ORANGE, SKY_BLUE, BLUISH_GREEN, YELLOW, BLUE, VERMILLION, REDDISH_PURPLE)


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
