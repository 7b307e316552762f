"""Lengths and weights as people write them on signs and in tags: ``3,5 m``, ``8'6"``, ``2;3``, ``~2``, ``5.5 t``."""

from __future__ import annotations

import re
import unicodedata

_NUMBER = r"(\d{1,6}(?:[.,]\d{1,6})?|[.,]\d{1,6})"
_FEET = re.compile(rf"{_NUMBER}\s*(?:'|ft|feet|foot)\s*(?:{_NUMBER}\s*(?:\"|''|in|inch|inches)?)?", re.IGNORECASE)
_INCHES = re.compile(rf"{_NUMBER}\s*(?:\"|''|in|inch|inches)", re.IGNORECASE)
_METRIC = re.compile(rf"{_NUMBER}\s*(mm|cm|dm|km|m|meters?|metres?|mtrs?|yd|yards?|mi|miles?)?\.?", re.IGNORECASE)
#: ``3m50``, as on French signs.
_METRES_CENTIMETRES = re.compile(r"(\d{1,3})\s*m\s*(\d{2})", re.IGNORECASE)
_UNITS_M = {"": 1.0, "mm": 0.001, "cm": 0.01, "dm": 0.1, "m": 1.0, "km": 1000.0, "yd": 0.9144, "mi": 1609.344}
_FOOT_M, _INCH_M = 0.3048, 0.0254
_TONNES = {
    "": 1.0,
    "t": 1.0,
    "to": 1.0,
    "ton": 1.0,
    "tons": 1.0,
    "tonnes": 1.0,
    "kg": 0.001,
    "lbs": 0.00045359237,
    "lb": 0.00045359237,
    "st": 0.90718474,
    "lt": 1.0160469,
    "cwt": 0.0508023,
}
_WEIGHT = re.compile(r"^(\d+(?:[.,]\d+)?)\s*([a-z]*)\.?$")
#: Marks for "about", "at least", "at most" before a number.
_ABOUT = re.compile(r"^(?:~|≈|>=?|<=?|約|ca?\.?|approx\.?|about)\s*", re.IGNORECASE)
_QUOTES = str.maketrans({"’": "'", "′": "'", "‘": "'", "”": '"', "″": '"', "“": '"', "メ": "m", "米": "m"})


def parse_length_m(text: str | None, *, least_m: float = 0.001, most_m: float = 999.999) -> float | None:
    """Metres from a tag; of several values the least that is possible, None where there is none.

    Parameters
    ----------
    text
        As in the map. A bare number is metres. A comma before digits is a decimal comma. A range (``2-3 m``) counts
        by its lower end.
    least_m, most_m
        Values beyond these are taken for slips of the pen.
    """
    if not text:
        return None
    found = [value for part in re.split(r"[;|]", text) for value in _read_one(part)]
    possible = [value for value in found if least_m <= value <= most_m]
    return min(possible) if possible else None


def _read_one(text: str) -> list[float]:
    """Value of one part, or both of a range."""
    text = unicodedata.normalize("NFKC", text[:60]).translate(_QUOTES).replace("mートル", "m").strip()
    text = _ABOUT.sub("", text)
    single = _read_plain(text)
    if single is not None:
        return [single]
    ends = [end.strip() for end in re.split(r"\s*(?:-|–|~|to|bis)\s*", text) if end.strip()]
    if len(ends) != 2:
        return []
    values = [_read_plain(end) for end in ends]
    if values[0] is not None and values[1] is not None:
        unit = _METRIC.fullmatch(ends[0])
        if unit and not unit.group(2):  # "80-100 cm": the unit of the second counts for both
            second = _METRIC.fullmatch(ends[1])
            values[0] *= _factor(second.group(2)) if second else _FOOT_M
        return [value for value in values if value is not None]
    return []


def _factor(unit: str | None) -> float:
    unit = (unit or "").lower()
    for name in ("mm", "cm", "dm", "km", "yd", "mi"):
        if unit == name or (unit.startswith(name) and name == "mi"):
            return _UNITS_M[name]
    return _UNITS_M["yd"] if unit.startswith("yard") else 1.0


def _read_plain(text: str) -> float | None:
    feet = _FEET.fullmatch(text)
    if feet:
        return _number(feet.group(1)) * _FOOT_M + (_number(feet.group(2)) * _INCH_M if feet.group(2) else 0.0)
    inches = _INCHES.fullmatch(text)
    if inches:
        return _number(inches.group(1)) * _INCH_M
    mixed = _METRES_CENTIMETRES.fullmatch(text)
    if mixed:
        return float(mixed.group(1)) + float(mixed.group(2)) / 100
    metric = _METRIC.fullmatch(text)
    return _number(metric.group(1)) * _factor(metric.group(2)) if metric else None


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def parse_weight_t(text: str | None) -> float | None:
    """Tonnes from ``5.5``, ``5.5 t``, ``3500 kg``, ``10000 lbs``, ``8 st``; the least of several, None for words."""
    matches = [_WEIGHT.match(part.strip()) for part in (text or "").lower().split(";")]
    weights = [float(m[1].replace(",", ".")) * _TONNES[m[2]] if m and m[2] in _TONNES else None for m in matches]
    return min((weight for weight in weights if weight is not None and 0 < weight < 1000), default=None)
