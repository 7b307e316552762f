"""Lanes of a way by direction, and those of them that only some may use."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

Tags = Mapping[str, str]
Note = Callable[[str], None]

_MOST_LANES = 16
_NUMBER = re.compile(r"\d{1,3}(?:\.\d+)?")
#: Keys with one value per lane, from which lanes can be counted where nobody gives their number.
_PER_LANE = ("turn:lanes", "change:lanes")
#: Words of access by lane that speak of cars, the most specific first.
_CARS = ("motorcar", "motor_vehicle", "vehicle", "access")


def parse_count(text: str | None) -> int | None:
    """Number of lanes from a tag; the least of several, None where it is no number."""
    numbers = [int(float(p)) for p in (part.strip() for part in (text or "").split(";")) if _NUMBER.fullmatch(p)]
    return min(max(min(numbers), 1), _MOST_LANES) if numbers else None


def count_lanes(tags: Tags, one_way: int, note: Note) -> tuple[int | None, int | None, int | None]:
    """Lanes in all, forward and backward, as far as the map gives them; one for both directions is taken off the total.

    Parameters
    ----------
    tags
        Tags of a way.
    one_way
        1 along the way, -1 against it, 0 both.
    note
        Told what could not be used.
    """
    total = _read(tags, "lanes", note)
    ahead, back = _read(tags, "lanes:forward", note), _read(tags, "lanes:backward", note)
    if ahead is None:
        ahead = _counted(tags, ":forward")
    if back is None:
        back = _counted(tags, ":backward")
    if total is None and one_way:
        total = _counted(tags, "")
    if total is not None and not one_way and parse_count(tags.get("lanes:both_ways")):
        total = max(total - (parse_count(tags.get("lanes:both_ways")) or 0), 1)
    return total, ahead, back


def _read(tags: Tags, key: str, note: Note) -> int | None:
    text = tags.get(key)
    count = parse_count(text)
    if text is not None and count is None:
        note("numbers of lanes that are not understood")
    elif text == "0":
        note("directions without a lane that are open, taken to have one")
    return count


def _counted(tags: Tags, suffix: str) -> int | None:
    """Lanes by the number of their arrows or marks."""
    return next((tags[key + suffix].count("|") + 1 for key in _PER_LANE if "|" in tags.get(key + suffix, "")), None)


def lanes_for_others(tags: Tags, direction: str, one_way: int, lanes: int, note: Note) -> int:
    """Lanes of a direction that only buses, or no cars, may use; they are no lanes for the rest.

    Parameters
    ----------
    tags
        Tags of a way.
    direction
        ``"forward"`` or ``"backward"``.
    one_way
        As in :func:`count_lanes`.
    lanes
        All lanes of the direction.
    note
        Told what could not be used.
    """
    along = (direction == "forward") == (one_way >= 0)
    if one_way and not along:
        return 0
    suffixes = ("", f":{direction}") if one_way else (f":{direction}",)
    for suffix in suffixes:
        for mode in ("psv", "bus"):
            count = parse_count(tags.get(f"lanes:{mode}{suffix}"))
            if count is not None:
                return count
            parts = tags.get(f"{mode}:lanes{suffix}", "").split("|")
            others = (tags.get(f"{key}:lanes{suffix}", "").split("|") for key in ("motor_vehicle", "vehicle", "access"))
            shut = next((other for other in others if len(other) == len(parts) > 1), None)
            marked = [part == "designated" and (shut is None or shut[i] == "no") for i, part in enumerate(parts)]
            if any(marked):
                return sum(marked)
        for mode in _CARS:
            parts = tags.get(f"{mode}:lanes{suffix}", "").split("|")
            # More values than lanes: those of cycle lanes, which are not counted among the lanes.
            if len(parts) == lanes > 1 and "no" in parts:
                return parts.count("no")
    return _marked_by_side(tags, one_way, note)


def _marked_by_side(tags: Tags, one_way: int, note: Note) -> int:
    """Bus lanes in the older words, by side of the road: which direction a side is depends on where people drive."""
    if tags.get("busway") == "lane" or tags.get("busway:both") == "lane":
        return 1
    if "lane" not in (tags.get("busway:left"), tags.get("busway:right")):
        return 0
    if one_way:
        return 1
    note("bus lanes on one side of a street of two directions")
    return 0
