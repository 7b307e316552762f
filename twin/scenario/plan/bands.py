"""Bands of lengths of stay as tables write them: 15分未満, 15〜60分, 3時間以上, <15, 15-30, 180+."""

from __future__ import annotations

import math
import re
import unicodedata

_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(時間|h|hours?|分|min|minutes?)?")
_BELOW = ("未満", "以下", "<", "under", "below", "less", "まで", "up to")
_ABOVE = ("以上", "超", ">", "over", "above", "more", "+", "以降")
_HOURS = ("時間", "h", "hour", "hours")


def band_of(text: str) -> tuple[float, float]:
    """First and last length of a band in seconds, the last one excluded; nan where the text is no band.

    Numbers are minutes unless a unit says otherwise; of 15〜60分 the unit holds for both. ``15分以下`` and ``180分超``
    are taken to meet their neighbours at that length, as whoever made the table will have meant.
    """
    plain = unicodedata.normalize("NFKC", text).strip().casefold()
    parts = _PART.findall(plain)
    nothing = (math.nan, math.nan)
    if not 1 <= len(parts) <= 2:
        return nothing
    last_unit = parts[-1][1]
    ends = [float(number) * (3600.0 if (unit or last_unit) in _HOURS else 60.0) for number, unit in parts]
    if len(ends) == 2:
        return (ends[0], ends[1]) if ends[1] > ends[0] else nothing
    if any(word in plain for word in _BELOW):
        return 0.0, ends[0]
    if any(word in plain for word in _ABOVE):
        return ends[0], 1e12
    return nothing
