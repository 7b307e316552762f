"""Units: text to SI, SI to text, and messages that carry the value."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from twin.units import (
    DIMENSIONS,
    ClockSpan,
    ClockTime,
    Count,
    Seconds,
    Share,
    Speed,
    dimension_of,
    duration_text,
    magnitudes,
    number_text,
    parse_clock,
    parse_quantity,
    parse_span,
    value_text,
)


@pytest.mark.parametrize(
    ("text", "dimension", "expected"),
    [
        ("60 min", "time", 3600.0),
        ("1.5 h", "time", 5400.0),
        ("15分", "time", 900.0),
        ("20 km/h", "speed", 20 / 3.6),
        ("35 %", "share", 0.35),
        ("60％", "share", 0.6),
        ("1200 million yen", "money", 1.2e9),
        ("6 GB", "memory", 6e9),
        ("8", "count", 8.0),
        ("2300 trucks", "count", 2300.0),
        ("1. km", "length", 1000.0),
        (".5 m", "length", 0.5),
        ("2 m²", "area", 2.0),
        ("15 million yen/year", "money_rate", 15e6),
        ("-30 min", "time", -1800.0),
    ],
)
def test_text_with_a_unit_becomes_si(text, dimension, expected):
    assert parse_quantity(text, dimension, from_file=True) == expected


@pytest.mark.parametrize(
    ("value", "dimension", "said"),
    [
        (5, "time", "5 has no unit"),
        ("5", "time", "'5' has no unit"),
        ("5 furlongs", "length", "'furlongs'"),
        ("60 %", "time", "no unit of time"),
        (True, "share", "got true"),
        (None, "time", "got nothing"),
        ({}, "time", "a group of keys"),
        ("６０ min", "time", "full-width"),
        ("60　min", "time", "full-width"),
        ("nan min", "time", "not a number with a unit"),
        ("1e999 min", "time", "not a finite number"),
        ("{x} min", "time", "'{x} min'"),
        (10**400, "count", "not a finite number"),
        ("1" * 5000 + " m", "length", "not a finite number"),
    ],
)
def test_what_is_no_quantity_is_refused_with_the_value(value, dimension, said):
    with pytest.raises(PydanticCustomError) as caught:
        parse_quantity(value, dimension, from_file=True)
    assert said in caught.value.message()
    assert caught.value.context["mend"]


def test_a_number_from_python_is_already_si():
    assert parse_quantity(900, "time", from_file=False) == 900.0
    with pytest.raises(PydanticCustomError, match="finite"):
        parse_quantity(math.nan, "time", from_file=False)


@given(st.integers(-(10**9), 10**9), st.sampled_from(["%", "km/h", "/h", "L/h"]))
def test_conversion_is_the_nearest_float(number, unit):
    from fractions import Fraction

    exact = {"%": Fraction(1, 100), "km/h": Fraction(5, 18), "/h": Fraction(1, 3600), "L/h": Fraction(1, 3600)}
    dimension = next(d for d, units in DIMENSIONS.items() if unit in units)
    assert parse_quantity(f"{number} {unit}", dimension, from_file=True) == float(number * exact[unit])


@pytest.mark.parametrize(("text", "seconds"), [("08:30", 30600.0), ("24:30", 88200.0), ("8:05:09", 29109.0)])
def test_times_of_day_count_from_midnight(text, seconds):
    assert parse_clock(text) == seconds


@pytest.mark.parametrize("text", ["8", "08:60", "abc", "８:30", "-1:00", "08:30:61", "०८:३०"])
def test_what_is_no_time_of_day_is_refused(text):
    with pytest.raises(PydanticCustomError):
        parse_clock(text)


def test_a_span_ends_after_it_starts():
    assert parse_span("08:30-11:30") == (30600.0, 41400.0)
    assert parse_span([30600, 41400]) == (30600.0, 41400.0)
    with pytest.raises(PydanticCustomError, match="24:30"):
        parse_span("23:00-01:00")
    with pytest.raises(PydanticCustomError, match="time of day"):
        parse_span("8-9")


def test_a_bare_number_in_a_file_is_no_clock_time():
    adapter = TypeAdapter(ClockTime)
    assert adapter.validate_python(30600.0) == 30600.0
    with pytest.raises(ValidationError, match="08:30"):
        adapter.validate_python(830, context={"from_file": True})
    with pytest.raises(ValidationError, match="08:30-11:30"):
        TypeAdapter(ClockSpan).validate_python(["08:30", "11:30"], context={"from_file": True})


@pytest.mark.parametrize(
    ("value", "unit", "dimension", "text"),
    [
        (0.6, "", "share", "60 %"),
        (900.0, "s", "time", "15 min"),
        (150.0, "s", "time", "150 s"),
        (7200.0, "", "time", "2 h"),
        (60 / 3.6, "m/s", "speed", "60 km/h"),
        (1.34, "m/s", "speed", "1.34 m/s"),
        (30600.0, "", "clock", "08:30"),
        (88230.0, "", "clock", "24:30:30"),
        (((30600.0, 41400.0),), "", "span", "[08:30-11:30]"),
        ((30600.0, 41400.0), "", "span", "08:30-11:30"),
        (2300.0, "trucks", "count", "2300 trucks"),
        (None, "s", "time", "none"),
        (True, "", None, "true"),
        ("fifo", "", None, "fifo"),
        (0.1 + 0.2, "", None, "0.3"),
        (1e12, "", "count", "1e12"),
        (0.0, "s", "time", "0 s"),
        ({"A": 0.5}, "", "share", "{A: 50 %}"),
    ],
)
def test_values_are_shown_as_people_write_them(value, unit, dimension, text):
    assert value_text(value, unit, dimension) == text


@given(st.integers(1, 10**6), st.sampled_from(sorted(set(DIMENSIONS) - {"count"})))
def test_what_is_shown_reads_back(number, dimension):
    shown = value_text(float(number), "", dimension)
    assert parse_quantity(shown, dimension, from_file=True) == pytest.approx(number, rel=1e-5)


def test_the_dimension_of_a_type_is_found_through_unions_and_lists():
    assert dimension_of(Seconds | None) == "time"
    assert dimension_of(tuple[ClockSpan, ...]) == "span"
    assert dimension_of(dict[str, Share]) == "share"
    assert dimension_of(float) is None


def test_editors_get_a_pattern_that_accepts_the_example_and_refuses_a_bare_number():
    import re

    schema = TypeAdapter(Speed).json_schema()
    assert re.fullmatch(schema["pattern"], schema["examples"][0])
    assert not re.fullmatch(schema["pattern"], "20")
    assert {"type": "number"} in TypeAdapter(Count).json_schema()["anyOf"]


def test_a_text_has_every_reading_its_unit_allows():
    assert magnitudes("08:30") == {"clock": 30600.0}
    assert magnitudes("5 min") == {"time": 300.0}
    assert magnitudes("3")["count"] == 3.0
    assert magnitudes("soon") == {}


def test_short_texts_of_numbers_and_lengths_of_time():
    assert [number_text(x) for x in (2300.0, 0.26, 1e12, 1 / 3)] == ["2300", "0.26", "1e12", "0.333333"]
    assert [duration_text(x) for x in (7.5, 250, 3900)] == ["7.5 s", "4 min 10 s", "1 h 05 min"]
