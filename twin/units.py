"""Values with units, from text to SI and back: the only place where units are converted.

Every quantity type below takes text with a unit (``"60 min"``, ``"20 km/h"``, ``"60 %"``) or, in Python, a
number that is already in SI units. In a scenario file a bare number is an error that names the unit
(validation context ``{"from_file": True}``).
"""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo
from pydantic_core import PydanticCustomError

_TIME = {
    "s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0, "秒": 1.0,
    "min": 60.0, "minute": 60.0, "minutes": 60.0, "分": 60.0,
    "h": 3600.0, "hour": 3600.0, "hours": 3600.0, "時間": 3600.0,
    "day": 86400.0, "days": 86400.0, "日": 86400.0,
}
_LENGTH = {"m": 1.0, "metre": 1.0, "metres": 1.0, "km": 1000.0, "cm": 0.01, "mm": 0.001}

#: dimension -> unit -> factor to SI. Dimensions name the SI unit people see in messages.
DIMENSIONS: dict[str, dict[str, float]] = {
    "time": _TIME,
    "length": _LENGTH,
    "area": {"m2": 1.0, "m²": 1.0, "km2": 1e6, "km²": 1e6, "ha": 1e4},
    "speed": {"m/s": 1.0, "km/h": 1 / 3.6, "kmh": 1 / 3.6, "m/min": 1 / 60},
    "share": {"%": 0.01, "％": 0.01, "point": 0.01, "points": 0.01},
    "rate": {"/s": 1.0, "/min": 1 / 60, "/h": 1 / 3600, "/day": 1 / 86400},
    "money": {"yen": 1.0, "円": 1.0, "thousand yen": 1e3, "million yen": 1e6},
    "volume": {"l": 1.0, "L": 1.0, "litre": 1.0, "litres": 1.0},
    "fuel_rate": {"L/h": 1 / 3600, "l/h": 1 / 3600},
    "mass": {"kg": 1.0, "g": 0.001, "t": 1000.0},
    "mass_rate": {"g/h": 0.001 / 3600, "kg/h": 1 / 3600},
    "carbon": {"kg/L": 1.0},
    "density": {"/m2": 1.0, "/m²": 1.0, "people/m2": 1.0},
    "count": {
        "": 1.0, "people": 1.0, "person": 1.0, "trucks": 1.0, "truck": 1.0, "vans": 1.0, "van": 1.0,
        "vehicles": 1.0, "boxes": 1.0, "requests": 1.0, "spaces": 1.0, "seats": 1.0, "lanes": 1.0,
        "人": 1.0, "台": 1.0, "件": 1.0, "席": 1.0,
    },
}
_EXAMPLES = {
    "time": "10 min", "length": "300 m", "area": "2 km2", "speed": "20 km/h", "share": "60 %", "rate": "30 /h",
    "money": "210 yen", "volume": "1.5 L", "fuel_rate": "1.5 L/h", "mass": "2 kg", "mass_rate": "30 g/h",
    "carbon": "2.6 kg/L", "density": "1 /m2", "count": "8",
}
_NUMBER_UNIT = re.compile(r"^\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*$")
_CLOCK = re.compile(r"^\s*(\d{1,2}):(\d{2})(?::(\d{2}))?\s*$")


def _fault(text: str) -> PydanticCustomError:
    # Braces in user text would be read as template fields.
    return PydanticCustomError("quantity", "{message}", {"message": text})


def parse_quantity(value: Any, dimension: str, *, from_file: bool) -> float:
    """Number in SI units from text with a unit, or from a number that is already SI.

    Parameters
    ----------
    value
        Text, or a number where ``from_file`` is false.
    dimension
        A key of :data:`DIMENSIONS`.
    from_file
        Whether a bare number is an error (as in scenario files; counts stay bare).

    Raises
    ------
    PydanticCustomError
        With the offending value and an example.
    """
    units = DIMENSIONS[dimension]
    example = _EXAMPLES[dimension]
    if isinstance(value, bool):
        raise _fault(f"a {dimension} is due, got {str(value).lower()}; write for example {example}")
    if isinstance(value, int | float):
        if from_file and dimension != "count":
            raise _fault(f"{value} has no unit; write for example {example}")
        if not math.isfinite(value):
            raise _fault(f"{value} is not a finite number; write for example {example}")
        return float(value)
    if not isinstance(value, str):
        raise _fault(f"a {dimension} is due, got {type(value).__name__}; write for example {example}")
    text = unicodedata.normalize("NFKC", value)
    if text != value and not value.endswith(("㎡", "％", "²")):
        raise _fault(f"{value!r} holds full-width characters; write {text!r}")
    match = _NUMBER_UNIT.match(text.replace("²", "2"))
    if not match:
        raise _fault(f"{value!r} is not a number with a unit; write for example {example}")
    number, unit = float(match.group(1)), match.group(2)
    if unit not in units:
        known = ", ".join(u for u in units if u and u.isascii())
        missing = "has no unit" if not unit else f"has the unit {unit!r}, which is no unit of {dimension}"
        raise _fault(f"{value!r} {missing}; units of {dimension}: {known}; for example {example}")
    if not math.isfinite(number):
        raise _fault(f"{value!r} is not a finite number")
    return number * units[unit]


def parse_clock(value: Any) -> float:
    """Seconds since midnight of day one from ``"08:30"``; ``"24:30"`` is after midnight.

    Raises
    ------
    PydanticCustomError
        With the offending value and an example.
    """
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    if not isinstance(value, str):
        raise _fault(f"a time of day is due, got {value!r}; write for example 08:30")
    text = unicodedata.normalize("NFKC", value)
    if text != value:
        raise _fault(f"{value!r} holds full-width characters; write {text!r}")
    match = _CLOCK.match(text)
    if not match or int(match.group(2)) > 59 or int(match.group(3) or 0) > 59:
        raise _fault(f"{value!r} is not a time of day; write for example 08:30, or 24:30 for after midnight")
    return int(match.group(1)) * 3600.0 + int(match.group(2)) * 60.0 + int(match.group(3) or 0)


def parse_span(value: Any) -> tuple[float, float]:
    """Start and end in seconds from ``"08:30-11:30"``.

    Raises
    ------
    PydanticCustomError
        If the text is no span, or ends before it starts.
    """
    if isinstance(value, tuple | list) and len(value) == 2:
        start, end = parse_clock(value[0]), parse_clock(value[1])
    elif isinstance(value, str) and value.count("-") == 1:
        first, last = value.split("-")
        start, end = parse_clock(first), parse_clock(last)
    else:
        raise _fault(f"{value!r} is not a span of time; write for example 08:30-11:30")
    if end <= start:
        raise _fault(f"{value!r} ends before it starts; after midnight write 24:30")
    return start, end


def _quantity_type(dimension: str) -> BeforeValidator:
    def validate(value: Any, info: ValidationInfo) -> float:
        context = info.context or {}
        return parse_quantity(value, dimension, from_file=bool(context.get("from_file")))

    return BeforeValidator(validate, json_schema_input_type=str | float)


def _clock_validator(value: Any, info: ValidationInfo) -> float:
    context = info.context or {}
    if context.get("from_file") and not isinstance(value, str):
        raise _fault(f"{value!r} is not a time of day; write for example 08:30")
    return parse_clock(value)


Seconds = Annotated[float, _quantity_type("time")]
Metres = Annotated[float, _quantity_type("length")]
SquareMetres = Annotated[float, _quantity_type("area")]
Speed = Annotated[float, _quantity_type("speed")]
Share = Annotated[float, _quantity_type("share")]
Rate = Annotated[float, _quantity_type("rate")]
Yen = Annotated[float, _quantity_type("money")]
FuelRate = Annotated[float, _quantity_type("fuel_rate")]
MassRate = Annotated[float, _quantity_type("mass_rate")]
CarbonPerLitre = Annotated[float, _quantity_type("carbon")]
Count = Annotated[float, _quantity_type("count")]
ClockTime = Annotated[float, BeforeValidator(_clock_validator, json_schema_input_type=str)]
ClockSpan = Annotated[tuple[float, float], BeforeValidator(parse_span, json_schema_input_type=str)]


def duration_text(seconds: float) -> str:
    """Length of time for people: ``"1 h 05 min"``, ``"4 min 10 s"``, ``"7.5 s"``."""
    if seconds >= 3600:
        return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60):02d} min"
    if seconds >= 60:
        return f"{int(seconds // 60)} min {int(seconds % 60):02d} s"
    return f"{seconds:.3g} s"
