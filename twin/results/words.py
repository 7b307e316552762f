"""Numbers and units as people read them, in Japanese and English."""

from __future__ import annotations

import math
from typing import Literal

Lang = Literal["ja", "en"]

#: Unit of a figure -> its words; others go by themselves. Shares are shown in per cent, their differences in points.
UNIT_WORDS: dict[str, tuple[str, str]] = {
    "share": ("ポイント", "points"),
    "people": ("人", "people"),
    "trucks": ("台", "trucks"),
    "vans": ("台", "vans"),
    "min": ("分", "min"),
    "s": ("秒", "s"),
    "h": ("時間", "h"),
    "requests": ("件", "requests"),
    "vehicles": ("台", "vehicles"),
    "trips": ("トリップ", "trips"),
    "yen": ("円", "yen"),
    "drivers": ("人", "drivers"),
    "truck-min": ("台・分", "truck-min"),
    "trucks/h": ("台/時", "trucks/h"),
    "places": ("枠", "places"),
    "people/h": ("人/時", "people/h"),
    "links": ("区間", "links"),
    "stays": ("回", "stays"),
    "ratio": ("倍", "times"),
    "factor": ("倍", "times"),
}


def digits_of(value: float) -> int:
    """Decimals that leave three figures, none beyond whole thousands."""
    if value == 0 or not math.isfinite(value):
        return 0
    return max(0, 2 - math.floor(math.log10(abs(value))))


def number(value: float, *, signed: bool = False, digits: int | None = None) -> str:
    """A number with three figures, a true minus, and thousands apart."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    text = f"{value:{'+' if signed else ''},.{digits_of(value) if digits is None else digits}f}"
    if digits is None and "." in text:
        text = text.rstrip("0").rstrip(".")
    if float(text.replace(",", "")) == 0.0:
        return "0"
    return text.replace("-", "−")


def figure(value: float, unit: str, lang: Lang) -> str:
    """A figure with its unit; a share in per cent."""
    if unit == "share":
        return f"{number(100 * value)} %"
    return f"{number(value)}{_unit(unit, lang)}"


def change(value: float, unit: str, lang: Lang) -> str:
    """A difference with its sign and unit; of shares in percentage points."""
    return f"{number(_shown(value, unit), signed=True)}{_unit(unit, lang)}"


def size(value: float, unit: str, lang: Lang) -> str:
    """A size of a difference with its unit, without a sign."""
    return f"{number(_shown(value, unit))}{_unit(unit, lang)}"


def span(lo: float, hi: float, unit: str, lang: Lang, *, of_change: bool) -> str:
    """An interval with one unit."""
    shown = _shown(lo, unit), _shown(hi, unit)
    # Both ends have the decimals of the greater one: an end near zero has no more of them than the other.
    digits = digits_of(max((abs(x) for x in shown if math.isfinite(x)), default=0.0))
    ends = tuple(number(x, signed=of_change, digits=digits) for x in shown)
    word = " %" if unit == "share" and not of_change else _unit(unit, lang)
    return f"{ends[0]}〜{ends[1]}{word}" if lang == "ja" else f"{ends[0]} to {ends[1]}{word}"


def _shown(value: float, unit: str) -> float:
    return 100 * value if unit == "share" else value


def _unit(unit: str, lang: Lang) -> str:
    ja, en = UNIT_WORDS.get(unit, (unit, unit))
    if not unit:
        return ""
    if lang == "en":
        return f" {en}"
    return ja if ord(ja[0]) > 0x2E7F else f" {ja}"
