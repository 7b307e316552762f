from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from twin.columns import BODIES, BODY_STATES
from twin.results.verdicts import VERDICT_WORDS
from twin.viz.palette import BODY_LOOKS, GREY, OKABE_ITO, SCENE_THEMES, VERDICTS, ink_on, look_of, look_of_body, rgb_of

#: Linear RGB as seen without one kind of cone: Machado, Oliveira and Fernandes (2009), severity 1.
PROTAN = np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]])
DEUTAN = np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]])


def linear(color):
    share = np.array(rgb_of(color)) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def lightness_and_hue(rgb):
    """CIE Lab of linear sRGB."""
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ np.clip(rgb, 0, 1)
    f = np.cbrt(xyz / np.array([0.9505, 1.0, 1.089]))
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("body", BODIES)
def test_every_body_and_state_has_a_colour_and_words_of_its_own(body):
    assert set(BODY_LOOKS[body].states) == set(BODY_STATES[body])
    for state in BODY_LOOKS[body].states.values():
        assert state.color in (*OKABE_ITO, GREY)
        assert state.ja
        assert state.en


@pytest.mark.parametrize("sight", [np.eye(3), PROTAN, DEUTAN], ids=["usual", "protan", "deutan"])
def test_states_of_one_body_stay_apart_for_every_kind_of_sight(sight):
    for look in BODY_LOOKS.values():
        for a, b in combinations(look.states.values(), 2):
            seen = [lightness_and_hue(sight @ linear(color)) for color in (a.color, b.color)]
            apart = np.linalg.norm(seen[0] - seen[1])
            assert apart > 15, (a, b, apart)  # a difference of 2.3 is just noticed side by side


@pytest.mark.parametrize("theme", sorted(SCENE_THEMES))
def test_places_stand_out_from_the_ground(theme):
    look = SCENE_THEMES[theme]
    ground, place = (0.05 + np.array([0.2126, 0.7152, 0.0722]) @ linear(look[k]) for k in ("ground", "place"))
    assert max(ground, place) / min(ground, place) > 4.5  # WCAG 2, text


@pytest.mark.parametrize("sight", [np.eye(3), PROTAN, DEUTAN], ids=["usual", "protan", "deutan"])
@pytest.mark.parametrize("theme", sorted(SCENE_THEMES))
def test_blocks_are_seen_but_are_quieter_than_streets_and_all_that_moves(theme, sight):
    look = {name: lightness_and_hue(sight @ linear(color)) for name, color in SCENE_THEMES[theme].items()}
    from_ground = np.linalg.norm(look["blocks"] - look["ground"])
    assert from_ground > 2.3  # just noticed side by side
    for street in ("drive_major", "drive_minor", "walk"):
        assert np.linalg.norm(look[street] - look["ground"]) > from_ground, street
        assert np.linalg.norm(look[street] - look["blocks"]) > 2.3, street
    for body in BODY_LOOKS.values():
        for state in body.states.values():
            apart = np.linalg.norm(lightness_and_hue(sight @ linear(state.color)) - look["blocks"])
            assert apart > 3 * from_ground, (state, apart)


def test_a_body_nobody_has_given_a_look_yet_is_still_shown():
    name, look = look_of_body(200)
    assert name == look.ja == "body 200"
    assert look_of(name, 3).color == GREY


def test_every_verdict_has_a_colour_and_words_in_both_languages():
    assert set(VERDICTS) == set(VERDICT_WORDS)
    for verdict, look in VERDICTS.items():
        assert (look.ja, look.en) == VERDICT_WORDS[verdict]
        assert rgb_of(look.color)


@pytest.mark.parametrize("color", [*(look.color for look in VERDICTS.values()), "#ffffff", "#000000", "#767676"])
def test_words_on_a_colour_read(color):
    def luminance(shade):
        return float(linear(shade) @ [0.2126, 0.7152, 0.0722])

    low, high = sorted((luminance(color), luminance("#" + "".join(2 * c for c in ink_on(color)[1:]))))
    assert (high + 0.05) / (low + 0.05) >= 4.5
