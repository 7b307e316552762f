"""Values with units, from text to SI and back: the only place where units are converted.

Every quantity type below takes text with a unit (``"60 min"``, ``"20 km/h"``, ``"60 %"``) or, in Python, a
number that is already in SI units. In a scenario file a bare number is an error that names the unit
(validation context ``{"from_file": True}``).
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any, get_args

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

_TIME = {
    "s": 1.0,
    "sec": 1.0,
    "second": 1.0,
    "seconds": 1.0,
    "秒": 1.0,
    "min": 60.0,
    "minute": 60.0,
    "minutes": 60.0,
    "分": 60.0,
    "h": 3600.0,
    "hour": 3600.0,
    "hours": 3600.0,
    "時間": 3600.0,
    "day": 86400.0,
    "days": 86400.0,
    "日": 86400.0,
}
_LENGTH = {"m": 1.0, "metre": 1.0, "metres": 1.0, "km": 1000.0, "cm": 0.01, "mm": 0.001}
_MONEY = {"yen": 1.0, "円": 1.0, "thousand yen": 1e3, "million yen": 1e6}

#: The longest clock.
WEEK_S = 7 * 86400.0

#: dimension -> unit -> factor to SI. Dimensions name the SI unit people see in messages.
DIMENSIONS: dict[str, dict[str, float]] = {
    "time": _TIME,
    "length": _LENGTH,
    "area": {"m2": 1.0, "m²": 1.0, "km2": 1e6, "km²": 1e6, "ha": 1e4},
    "speed": {"m/s": 1.0, "km/h": 1 / 3.6, "kmh": 1 / 3.6, "m/min": 1 / 60},
    "share": {"%": 0.01, "％": 0.01, "point": 0.01, "points": 0.01},
    "rate": {"/s": 1.0, "/min": 1 / 60, "/h": 1 / 3600, "/day": 1 / 86400},
    "money": _MONEY,
    "money_rate": {f"{unit}/year": factor for unit, factor in _MONEY.items()},
    "volume": {"l": 1.0, "L": 1.0, "litre": 1.0, "litres": 1.0},
    "fuel_rate": {"L/h": 1 / 3600, "l/h": 1 / 3600},
    "fuel_per_distance": {"L/km": 1e-3, "L/100km": 1e-5},
    "mass": {"kg": 1.0, "g": 0.001, "t": 1000.0},
    "mass_rate": {"g/h": 0.001 / 3600, "kg/h": 1 / 3600},
    "carbon": {"kg/L": 1.0},
    "density": {"/m2": 1.0, "/m²": 1.0, "people/m2": 1.0},
    "memory": {"B": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9},
    "count": {
        "": 1.0,
        "people": 1.0,
        "person": 1.0,
        "trucks": 1.0,
        "truck": 1.0,
        "vans": 1.0,
        "van": 1.0,
        "vehicles": 1.0,
        "boxes": 1.0,
        "requests": 1.0,
        "spaces": 1.0,
        "seats": 1.0,
        "places": 1.0,
        "lanes": 1.0,
        "shops": 1.0,
        "pockets": 1.0,
        "bays": 1.0,
        "cameras": 1.0,
        "guards": 1.0,
        "patrols": 1.0,
        "人": 1.0,
        "台": 1.0,
        "件": 1.0,
        "席": 1.0,
    },
}
#: Noun of a count -> what is counted. ``vehicles`` and ``台`` say nothing of the kind of vehicle.
_COUNTED = {
    "people": "people",
    "person": "people",
    "人": "people",
    "requests": "requests",
    "件": "requests",
    "trucks": "trucks",
    "truck": "trucks",
    "vans": "vans",
    "van": "vans",
    "boxes": "boxes",
    "spaces": "spaces",
    "seats": "seats",
    "places": "places",
    "席": "seats",
    "lanes": "lanes",
    **{noun: noun for noun in ("shops", "pockets", "bays", "cameras", "guards", "patrols")},
    "vehicles": "vehicles",
    "台": "vehicles",
}
_VEHICLES = ("trucks", "vans", "vehicles")
_EXAMPLES = {
    "time": "10 min",
    "length": "300 m",
    "area": "2 km2",
    "speed": "20 km/h",
    "share": "60 %",
    "rate": "30 /h",
    "money": "210 yen",
    "money_rate": "15 million yen/year",
    "volume": "1.5 L",
    "fuel_rate": "1.5 L/h",
    "fuel_per_distance": "0.1 L/km",
    "mass": "2 kg",
    "mass_rate": "30 g/h",
    "carbon": "2.6 kg/L",
    "density": "1 /m2",
    "memory": "6 GB",
    "count": "8",
}
#: Unit in which people read a dimension where the parameter names none.
_SHOWN = {
    "time": "s",
    "length": "m",
    "area": "m2",
    "speed": "m/s",
    "share": "%",
    "rate": "/h",
    "money": "yen",
    "money_rate": "yen/year",
    "volume": "L",
    "fuel_rate": "L/h",
    "fuel_per_distance": "L/km",
    "mass": "kg",
    "mass_rate": "g/h",
    "carbon": "kg/L",
    "density": "/m2",
    "memory": "MB",
    "count": "",
}
#: Units that are tried first, where they give a whole number.
_COARSER = {("time", "s"): ("h", "min"), ("speed", "m/s"): ("km/h",), ("memory", "MB"): ("GB",)}
_NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_NUMBER_UNIT = re.compile(rf"^\s*({_NUMBER})\s*(.*?)\s*$")
_PLAIN_NUMBER = re.compile(r"\d+(\.\d+)?")
_CLOCK = re.compile(r"^\s*([0-9]{1,3}):([0-9]{2})(?::([0-9]{2}))?\s*$")
_CLOCK_PATTERN = "[0-9]{1,3}:[0-5][0-9](:[0-5][0-9])?"


def _fault(what: str, mend: str = "") -> PydanticCustomError:
    # Braces in user text would be read as template fields, hence the fixed template.
    message = f"{what}; {mend}" if mend else what
    return PydanticCustomError("quantity", "{message}", {"message": message, "what": what, "mend": mend})


def _shortened(value: Any) -> str:
    """Text of a value for a message, never longer than a line."""
    try:
        text = repr(value)
    except ValueError:  # an integer beyond Python's limit of digits
        text = "a huge number"
    return text if len(text) <= 80 else text[:77] + "..."


def _refuse_full_width(value: str) -> None:
    text = unicodedata.normalize("NFKC", value)
    if text != value and not value.endswith(("㎡", "％", "²")):
        raise _fault(f"{_shortened(value)} holds full-width characters", f"write {_shortened(text.strip())}")


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
    example = f"write for example {_EXAMPLES[dimension]}"
    if isinstance(value, bool):
        raise _fault(f"a {dimension} is due, got {str(value).lower()}", example)
    if isinstance(value, int | float):
        if from_file and dimension != "count":
            raise _fault(f"{_shortened(value)} has no unit", example)
        if (isinstance(value, int) and value.bit_length() > 1000) or not math.isfinite(value):
            raise _fault(f"{_shortened(value)} is not a finite number", example)
        return float(value)
    if not isinstance(value, str):
        raise _fault(f"a {dimension} is due, got {_kind(value)}", example)
    _refuse_full_width(value)
    match = _NUMBER_UNIT.match(unicodedata.normalize("NFKC", value))
    if not match:
        raise _fault(f"{_shortened(value)} is not a number with a unit", example)
    unit = match.group(2)
    if unit not in units:
        known = ", ".join(u for u in units if u and u.isascii())
        fault = f"has the unit {_shortened(unit)}, which is no unit of {dimension}" if unit else "has no unit"
        raise _fault(f"{_shortened(value)} {fault}", f"units of {dimension}: {known}; {example}")
    number = _to_si(match.group(1), units[unit])
    if not math.isfinite(number):
        raise _fault(f"{_shortened(value)} is not a finite number", example)
    return number


def refuse_other_noun(value: Any, unit: str) -> None:
    """Refuse a count of one thing where another is due: 234 people are not 234 requests.

    Parameters
    ----------
    value
        As written; only text with a noun can be wrong, also within lists and mappings.
    unit
        What the parameter counts; other units than counts are not looked at.

    Raises
    ------
    PydanticCustomError
        With both nouns.
    """
    due = _COUNTED.get(unit)
    if due is None:
        return
    if isinstance(value, list | tuple | dict):
        for part in value.values() if isinstance(value, dict) else value:
            refuse_other_noun(part, unit)
        return
    match = _NUMBER_UNIT.match(value) if isinstance(value, str) else None
    said = _COUNTED.get(match.group(2)) if match else None
    if match is None or said in (None, due) or ("vehicles" in (said, due) and said in _VEHICLES and due in _VEHICLES):
        return
    raise _fault(
        f"{_shortened(value)} counts {said}, and {unit} are due",
        f"write {match.group(1)} {unit} if that is what is meant, or look for the key that counts {said}",
    )


def _to_si(number: str, factor: float) -> float:
    """Nearest float to the exact product: 35 % is 0.35 and not 0.35000000000000003."""
    exponent = number.lower().partition("e")[2]
    if len(exponent) > 4 or len(number) > 400:
        # Beyond any float; exact arithmetic would only cost memory.
        return float(number) * factor
    exact = Fraction(number) * Fraction(factor).limit_denominator(10**9)
    try:
        return float(exact)
    except OverflowError:
        return math.inf


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    return {"dict": "a group of keys", "list": "a list", "tuple": "a list"}.get(
        type(value).__name__, type(value).__name__
    )


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
        got = _shortened(value) if isinstance(value, bool | int | float) else _kind(value)
        raise _fault(f"a time of day is due, got {got}", "write for example 08:30")
    _refuse_full_width(value)
    match = _CLOCK.match(value)
    seconds = _clock_s(match) if match else None
    if seconds is None:
        mend = "write for example 08:30, or 24:30 for after midnight, up to 168:00 after a week"
        raise _fault(f"{_shortened(value)} is not a time of day", mend)
    return seconds


def _clock_s(match: re.Match[str]) -> float | None:
    """Seconds since midnight of day one of the digits of a clock, None beyond a week."""
    hours, minutes, seconds = int(match.group(1)), int(match.group(2)), int(match.group(3) or 0)
    total_s = hours * 3600.0 + minutes * 60.0 + seconds
    return total_s if minutes <= 59 and seconds <= 59 and total_s <= WEEK_S else None


def parse_span(value: Any) -> tuple[float, float]:
    """Start and end in seconds from ``"08:30-11:30"``.

    Raises
    ------
    PydanticCustomError
        If the text is no span, or ends before it starts.
    """
    if isinstance(value, str):
        _refuse_full_width(value)
    if isinstance(value, tuple | list) and len(value) == 2:
        start, end = parse_clock(value[0]), parse_clock(value[1])
    elif isinstance(value, str) and value.count("-") == 1:
        first, last = value.split("-")
        start, end = parse_clock(first), parse_clock(last)
    else:
        got = _shortened(value) if isinstance(value, str | bool | int | float) else _kind(value)
        raise _fault(f"{got} is not a span of time", "write for example 08:30-11:30")
    if end <= start:
        raise _fault(f"{_shortened(value)} ends before it starts", "after midnight write 24:30")
    return start, end


def _validate(value: Any, dimension: str, from_file: bool) -> Any:
    if dimension == "clock":
        if from_file and isinstance(value, int | float) and not isinstance(value, bool):
            raise _fault(f"{_shortened(value)} is not a time of day", "write for example 08:30")
        if not from_file and isinstance(value, str) and _PLAIN_NUMBER.fullmatch(value):
            return float(value)  # a key of a JSON object that was a number of seconds
        return parse_clock(value)
    if dimension == "span":
        if from_file and not isinstance(value, str):
            raise _fault(f"a span of time is due, got {_kind(value)}", "write for example 08:30-11:30")
        return parse_span(value)
    return parse_quantity(value, dimension, from_file=from_file)


def _json_schema(dimension: str) -> dict[str, Any]:
    """Schema that editors check: a number and one of the units."""
    if dimension == "clock":
        return {"type": "string", "pattern": f"^{_CLOCK_PATTERN}$", "examples": ["08:30", "24:30"]}
    if dimension == "span":
        pattern = rf"^{_CLOCK_PATTERN}\s*-\s*{_CLOCK_PATTERN}$"
        return {"type": "string", "pattern": pattern, "examples": ["08:30-11:30"]}
    units = sorted((u for u in DIMENSIONS[dimension] if u), key=lambda u: (-len(u), u))
    bare = "" in DIMENSIONS[dimension]
    text = {
        "type": "string",
        "pattern": rf"^\s*{_NUMBER}\s*({'|'.join(units)}){'?' if bare else ''}\s*$",
        "examples": [_EXAMPLES[dimension]],
    }
    return {"anyOf": [{"type": "number"}, text]} if bare else text


@dataclass(frozen=True)
class Dimension:
    """Makes a float (or a pair of times) a quantity: how it is read, shown and described to editors.

    Attributes
    ----------
    name
        A key of :data:`DIMENSIONS`, or ``clock`` or ``span``.
    """

    name: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def validate(value: Any, info: ValidationInfo) -> Any:
            return _validate(value, self.name, bool((info.context or {}).get("from_file")))

        return core_schema.with_info_before_validator_function(validate, handler(source))

    def __get_pydantic_json_schema__(self, _: CoreSchema, __: GetJsonSchemaHandler) -> dict[str, Any]:
        return _json_schema(self.name)


Seconds = Annotated[float, Dimension("time")]
Metres = Annotated[float, Dimension("length")]
SquareMetres = Annotated[float, Dimension("area")]
Speed = Annotated[float, Dimension("speed")]
Share = Annotated[float, Dimension("share")]
Rate = Annotated[float, Dimension("rate")]
Yen = Annotated[float, Dimension("money")]
YenPerYear = Annotated[float, Dimension("money_rate")]
FuelRate = Annotated[float, Dimension("fuel_rate")]
FuelPerDistance = Annotated[float, Dimension("fuel_per_distance")]
MassRate = Annotated[float, Dimension("mass_rate")]
CarbonPerLitre = Annotated[float, Dimension("carbon")]
Density = Annotated[float, Dimension("density")]
Bytes = Annotated[float, Dimension("memory")]
Count = Annotated[float, Dimension("count")]
ClockTime = Annotated[float, Dimension("clock")]
ClockSpan = Annotated[tuple[float, float], Dimension("span")]


def dimension_of(annotation: Any, metadata: Iterable[Any] = ()) -> str | None:
    """Dimension of a quantity type, looking through ``| None``, lists and mappings; None for other types."""
    for marker in metadata:
        if isinstance(marker, Dimension):
            return marker.name
    found = getattr(annotation, "__metadata__", ())
    if found:
        inner = dimension_of(None, found)
        if inner:
            return inner
    for part in get_args(annotation):
        inner = dimension_of(part)
        if inner:
            return inner
    return None


def magnitudes(text: str) -> dict[str, float]:
    """Every reading of a text as a quantity: dimension -> SI value; empty where it is none.

    ``"5 min"`` has one reading, ``"3"`` is a count, ``"08:30"`` a time of day (``clock``).
    """
    clock = _CLOCK.match(text)
    if clock and _clock_s(clock) is not None:
        return {"clock": parse_clock(text)}
    match = _NUMBER_UNIT.match(text)
    if not match:
        return {}
    number, unit = match.groups()
    found = {d: _to_si(number, units[unit]) for d, units in DIMENSIONS.items() if unit in units}
    return {d: value for d, value in found.items() if math.isfinite(value)}


def number_text(number: float) -> str:
    """Text of a number for people, six significant digits: ``2300``, ``0.26``, ``1e12``."""
    if number == int(number) and abs(number) < 1e9:
        return str(int(number))
    return f"{number:.6g}".replace("e+", "e")


def value_text(value: Any, unit: str = "", dimension: str | None = None) -> str:
    """A parameter as people read it: ``"60 %"`` from 0.6, ``"08:30-11:30"`` from seconds.

    Parameters
    ----------
    value
        In SI units, as a model holds it.
    unit
        Unit shown to people; where empty, the usual one of the dimension.
    dimension
        As :func:`dimension_of` gives it.
    """
    if value is None or isinstance(value, bool):
        return {None: "none", True: "true", False: "false"}[value]
    if dimension == "span" and isinstance(value, tuple | list) and value and isinstance(value[0], int | float):
        return f"{_clock(value[0])}-{_clock(value[1])}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {value_text(v, unit, dimension)}" for key, v in value.items()) + "}"
    if isinstance(value, tuple | list | set | frozenset):
        return "[" + ", ".join(value_text(v, unit, dimension) for v in value) + "]"
    if not isinstance(value, int | float):
        return str(value)
    if dimension in ("clock", "span"):
        return _clock(value)
    units = DIMENSIONS.get(dimension or "", {})
    for coarser in _COARSER.get((dimension or "", unit or _SHOWN.get(dimension or "", "")), ()):
        # 5400 s reads as 90 min, 16.67 m/s as 60 km/h; only where nothing is lost.
        number = value / units[coarser]
        if value and round(number, 9) == round(number):
            return f"{number_text(round(number))} {coarser}"
    shown = unit if unit in units or not units else _SHOWN[dimension or "count"]
    if dimension == "count" and unit:
        shown = unit
    return f"{number_text(value / units.get(shown, 1.0))} {shown}".rstrip()


def _clock(seconds: float) -> str:
    whole = round(seconds)
    text = f"{whole // 3600:02d}:{whole % 3600 // 60:02d}"
    return f"{text}:{whole % 60:02d}" if whole % 60 else text


def duration_text(seconds: float) -> str:
    """Length of time for people: ``"1 h 05 min"``, ``"4 min 10 s"``, ``"7.5 s"``."""
    if seconds >= 3600:
        return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60):02d} min"
    if seconds >= 60:
        return f"{int(seconds // 60)} min {int(seconds % 60):02d} s"
    return f"{seconds:.3g} s"
