"""Exits of stations as people write them by hand: the same name in other widths, with other dashes and fillers."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable

from twin.city.city import Place

#: Words around the number of an exit that mean nothing: 12-A, １２Ａ, 南12号, 12番出口.
_FILLER = re.compile(r"(番出口|出入口|出口|番|号|exit|no\.?|[-‐‑–—−ー・_/\s()（）])+", re.IGNORECASE)


def folded_exit(text: str) -> str:
    """A name of an exit without what means nothing in it: ``12-A``, ``１２Ａ`` and ``12号A`` are one."""
    plain = unicodedata.normalize("NFKC", text).casefold()

    def between(found: re.Match[str]) -> str:
        # 1-1 is not 11.
        numbers = plain[: found.start()][-1:].isdigit() and plain[found.end() :][:1].isdigit()
        return "-" if numbers else ""

    return _FILLER.sub(between, plain)


def names_of(place: Place) -> tuple[str, ...]:
    """Everything a place may be called: its id, whole and without its district, its names, and its number."""
    told = (place.id, place.id.rpartition("/")[2], place.name_ja, place.name_en, str(place.attributes.get("ref", "")))
    return tuple(name for name in told if name)


def nearest_exits(places: Iterable[Place], written: str) -> str:
    """Names of a few places that are written most alike; empty if none is."""
    known: dict[str, Place] = {}
    for place in places:
        for name in names_of(place):
            known.setdefault(folded_exit(name), place)
    near = difflib.get_close_matches(folded_exit(written), list(known), n=4, cutoff=0.4)
    return ", ".join(dict.fromkeys(known[name].name_ja or known[name].id for name in near))
