"""Ferries that people walk onto: a link that takes the crossing and the mean wait."""

from __future__ import annotations

import re

from twin.city.reading.elements import Tags

#: Sources of what is assumed where a ferry does not say.
WAIT_S = 450.0
WAIT_SOURCE = "half of a ferry every 15 minutes"
SPEED_MPS = 10 / 3.6
SPEED_SOURCE = "a small ferry, 10 km/h with casting off and landing"
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,4})(?::(\d{2}))?")
_ISO = re.compile(r"PT?(?:(\d{1,3})H)?(?:(\d{1,4})M)?(?:(\d{1,5})S)?", re.IGNORECASE)
_PLAIN = re.compile(r"(\d{1,4}(?:\.\d+)?)\s*(s|sec|seconds?|min|minutes?|h|hours?)?", re.IGNORECASE)


def parse_duration_s(text: str | None) -> float | None:
    """Seconds from ``00:02``, ``1:30``, ``00:02:30``, ``PT5M``, ``2 min`` or ``2`` (minutes); None for nonsense."""
    text = (text or "").strip()
    match = _CLOCK.fullmatch(text)
    if match and match.group(1) is not None:
        hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return float(hours * 3600 + minutes * 60 + seconds) or None
    iso = _ISO.fullmatch(text)
    if iso and any(iso.groups()):
        hours, minutes, seconds = (int(part or 0) for part in iso.groups())
        return float(hours * 3600 + minutes * 60 + seconds) or None
    plain = _PLAIN.fullmatch(text)
    if plain is None:
        return None
    unit = (plain.group(2) or "min").lower()
    factor = 1.0 if unit.startswith("s") else 3600.0 if unit.startswith("h") else 60.0
    return float(plain.group(1)) * factor or None


def ferry_time_s(tags: Tags, length_m: float) -> tuple[float, tuple[str, ...]]:
    """Seconds from arriving at the pier to stepping off, and what had to be assumed for it.

    The wait is half the interval between boats, as people come at random.

    Parameters
    ----------
    tags
        ``duration`` and ``interval`` are read.
    length_m
        Length of the crossing.
    """
    assumed = ["ferry"]
    ride_s, interval_s = parse_duration_s(tags.get("duration")), parse_duration_s(tags.get("interval"))
    if ride_s is None:
        ride_s = length_m / SPEED_MPS
        assumed.append("ferry speed")
    if interval_s is None:
        assumed.append("ferry wait")
    return ride_s + (WAIT_S if interval_s is None else interval_s / 2), tuple(assumed)
