"""One reader of lengths and weights for tags of streets, limits, barriers and buildings."""

from __future__ import annotations

import pytest

from twin.city.reading.measures import parse_length_m, parse_weight_t


@pytest.mark.parametrize(
    ("text", "metres"),
    [
        ("2.1", 2.1),
        ("2,1 m", 2.1),
        ("7'6\"", 7 * 0.3048 + 6 * 0.0254),
        ("7 ft 6 in", 7 * 0.3048 + 6 * 0.0254),
        ("11’6”", 11 * 0.3048 + 6 * 0.0254),
        ("210 cm", 2.1),
        ("4.5; 3.8 m", 3.8),
        ("~2", 2.0),
        ("2-3 m", 2.0),
        ("80-100 cm", 0.8),
        ("約3m", 3.0),
        ("３．５ｍ", 3.5),
        ("0.1 km", 100.0),
        ("default", None),
        ("none", None),
        ("below_default", None),
        ("no_sign", None),
        ("", None),
        (None, None),
        ("-2", None),
        ("0", None),
        ("5 km", None),
        ("2 t", None),
    ],
)
def test_lengths(text, metres):
    found = parse_length_m(text)
    assert found == (None if metres is None else pytest.approx(metres))


def test_values_beyond_the_bounds_are_slips_of_the_pen():
    assert parse_length_m("0.2; 3; 500", least_m=0.3, most_m=200.0) == 3.0
    assert parse_length_m("500", least_m=0.3, most_m=200.0) is None


@pytest.mark.parametrize(
    ("text", "tonnes"),
    [
        ("5.5", 5.5),
        ("5,5 t", 5.5),
        ("3500 kg", 3.5),
        ("10000 lbs", 4.5359237),
        ("8 st", 8 * 0.90718474),
        ("20 t; 8 t.", 8.0),
        ("default", None),
        ("7.5 m", None),
        ("", None),
        (None, None),
        ("2000", None),
    ],
)
def test_weights(text, tonnes):
    found = parse_weight_t(text)
    assert found == (None if tonnes is None else pytest.approx(tonnes))
