"""Lengths and weights as people write them on signs and in tags."""

from __future__ import annotations

import re

_METRES = {
    "": 1.0,
    "m": 1.0,
    "meter": 1.0,
    "meters": 1.0,
    "metre": 1.0,
    "metres": 1.0,
    "cm": 0.01,
    "mm": 0.001,
    "ft": 0.3048,
    "feet": 0.3048,
    "'": 0.3048,
    "in": 0.0254,
    '"': 0.0254,
    "km": 1000.0,
}
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
_FEET = re.compile(r"^(\d+(?:\.\d+)?)\s*(?:'|ft|feet)\s*(?:(\d+(?:\.\d+)?)\s*(?:\"|''|in|inch|inches)?)?$")
_PLAIN = re.compile(r"^(\d+(?:[.,]\d+)?)\s*([a-z'\"]*)\.?$")


def _plain(text: str, units: dict[str, float]) -> float | None:
    match = _PLAIN.match(text)
    if not match or match[2] not in units:
        return None
    return float(match[1].replace(",", ".")) * units[match[2]]


def parse_length_m(text: str | None) -> float | None:
    """Metres from ``2.1``, ``2,1 m``, ``7'6"``, ``7 ft 6 in``, ``210 cm``; the least of several, None for words."""
    found = []
    for part in (text or "").lower().split(";"):
        part = part.strip()
        feet = _FEET.match(part)
        metres = float(feet[1]) * 0.3048 + float(feet[2] or 0) * 0.0254 if feet else _plain(part, _METRES)
        if metres is not None and 0 < metres < 1000:
            found.append(metres)
    return min(found, default=None)


def parse_weight_t(text: str | None) -> float | None:
    """Tonnes from ``5.5``, ``5.5 t``, ``3500 kg``, ``10000 lbs``, ``8 st``; the least of several, None for words."""
    weights = [_plain(part.strip(), _TONNES) for part in (text or "").lower().split(";")]
    return min((weight for weight in weights if weight is not None and 0 < weight < 1000), default=None)
