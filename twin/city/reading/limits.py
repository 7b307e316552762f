"""Limits of size and weight on signs and barriers: which measure each compares, and how it is written."""

from __future__ import annotations

import re
from collections.abc import Callable

from twin.city.reading.measures import parse_length_m, parse_weight_t

#: ``below_default``: under a bridge without a sign that is lower than the law lets vehicles be (3.8 m in Japan).
_BELOW_DEFAULT_M = 3.79


def _parse_height_m(text: str | None) -> float | None:
    return _BELOW_DEFAULT_M if (text or "").strip().lower() == "below_default" else parse_length_m(text)


LIMITS: dict[str, tuple[str, Callable[[str | None], float | None]]] = {
    "maxheight": ("height", _parse_height_m),
    "maxheight:physical": ("height", parse_length_m),
    "maxwidth": ("width", parse_length_m),
    "maxwidth:physical": ("width", parse_length_m),
    "maxlength": ("length", parse_length_m),
    "maxweight": ("weight", parse_weight_t),
    "maxweightrating": ("weight", parse_weight_t),
    "maxgcweight": ("weight", parse_weight_t),
    "maxgcweightrating": ("weight", parse_weight_t),
    "maxaxleload": ("axle", parse_weight_t),
}
#: Keys of limits, with ``:hgv``, ``:forward`` and the like behind them.
_KEY = re.compile(r"(max(?:height|width|length|weight|weightrating|gcweight|gcweightrating|axleload))(?::[a-z_:]+)?")
#: Words in place of a limit that say there is none of its own.
_NO_LIMIT = frozenset({"none", "no", "default", "unsigned", "no_sign", "no_indications", "unlimited", "unknown"})


def is_limit(key: str) -> bool:
    """Whether a key of a tag limits size or weight, at all hours."""
    return "conditional" not in key and _KEY.fullmatch(key) is not None


def is_understood_limit(key: str, text: str) -> bool:
    """Whether a limit is a number, or a word that says there is none of its own."""
    match = _KEY.fullmatch(key)
    return match is None or text.strip().lower() in _NO_LIMIT or LIMITS[match[1]][1](text) is not None
