"""Tags that nothing reads, counted by family, so that nobody takes silence for obedience.

A family is what stands before the first colon of a key: ``turn`` of ``turn:lanes:forward``. Whoever learns to read
a key adds it to the set of what is read; whatever else a street or a node on it carries is counted once per element.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

#: Keys and families (ending in a colon) that the drive layer reads from ways.
DRIVE_WAY_KEYS = frozenset(
    {
        "highway",
        "construction",
        "proposed",
        "service",
        "junction",
        "name",
        "name:",
        "alt_name",
        "official_name",
        "loc_name",
        "short_name",
        "ref",
        "twin:",
        "tunnel",
        "bridge",
        "covered",
        "indoor",
        "location",
        "arcade",
        "area",
        "abandoned",
        "disused",
        "demolished",
        "razed",
        "removed",
        "impassable",
        "driving_side",
        "lanes",
        "width",
        "oneway",
        "access",
        "vehicle",
        "motor_vehicle",
        "motorcar",
        "goods",
        "hgv",
        "psv",
        "bus",
        "hgv_articulated",
        "busway",
        "busway:",
        "maxspeed",
        "maxspeed:forward",
        "maxspeed:backward",
        "maxspeed:conditional",
        "maxspeed:forward:conditional",
        "maxspeed:backward:conditional",
        "maxspeed:lanes",
        "maxspeed:lanes:forward",
        "maxspeed:lanes:backward",
        "maxspeed:type",
        "zone:maxspeed",
        "zone:traffic",
        "source:maxspeed",
        "maxweight",
        "maxweightrating",
        "maxheight",
        "maxlength",
        "maxwidth",
        "turn:lanes",
        "turn:lanes:forward",
        "turn:lanes:backward",
        "motorroad",
    }
)
#: The same for the walk layer.
WALK_WAY_KEYS = frozenset(
    {
        "foot",
        "foot:",
        "footway",
        "footway:both",
        "path",
        "cycleway",
        "crossing",
        "sidewalk",
        "sidewalk:",
        "crossing:signals",
        "est_width",
        "conveying",
        "wheelchair",
        "oneway:foot",
        "oneway:pedestrian",
        "kerb",
        "ramp:wheelchair",
        "route",
        "duration",
        "interval",
        "railway",
        "public_transport",
    }
)
#: Keys of nodes that are read: lights, crossings, barriers, places.
NODE_KEYS = frozenset(
    {
        "hgv_articulated",
        "bollard",
        "highway",
        "crossing",
        "crossing:",
        "barrier",
        "access",
        "vehicle",
        "motor_vehicle",
        "motorcar",
        "goods",
        "hgv",
        "psv",
        "bus",
        "foot",
        "foot:",
        "locked",
        "maxwidth",
        "maxheight",
        "maxweight",
        "maxlength",
        "traffic_signals",
        "traffic_signals:",
        "twin:",
        "name",
        "name:",
        "ref",
        "public_transport",
        "railway",
        "shop",
        "amenity",
        "tourism",
    }
)
_MODES = "access|vehicle|motor_vehicle|motorcar|goods|hgv|hgv_articulated|psv|bus|taxi"
_LIMITS = "max(?:height|width|length|weight|weightrating|gcweight|gcweightrating|axleload)"
_BY = rf"(?::physical)?(?::(?:{_MODES}))?(?::(?:forward|backward))?(?::conditional)?(?::(?:forward|backward))?"
#: Forms of keys that are read, by kind of element: words and limits by vehicle, direction and hour, lanes by use.
_FORMS = {
    "ways": re.compile(
        rf"(?:{_MODES}|oneway|{_LIMITS}){_BY}|maxspeed:(?:motorcar|motor_vehicle|vehicle)(?::(?:forward|backward))?|(?:access|vehicle|motor_vehicle|motorcar|psv|bus):lanes(?::(?:forward|backward))?"
        r"|lanes:(?:forward|backward|both_ways|(?:psv|bus)(?::(?:forward|backward))?)|change:lanes(?::(?:for|back)ward)?"
    ),
    "nodes": re.compile(rf"(?:{_MODES}|{_LIMITS})(?::physical)?(?::(?:{_MODES}))?(?::conditional)?|opening_hours"),
}
#: Notes of mappers and pointers to other places: they say nothing of how a street is used.
_NOTES = frozenset(
    {
        "source",
        "note",
        "fixme",
        "FIXME",
        "created_by",
        "description",
        "wikidata",
        "wikipedia",
        "website",
        "url",
        "image",
        "mapillary",
        "check_date",
        "start_date",
        "comment",
        "todo",
        "import",
        "import_uuid",
        "uuid",
        "old_name",
        "int_name",
        "reg_name",
        "nat_name",
        "sorting_name",
        "operator",
        "KSJ2",
        "yh",
        "tiger",
        "opendata",
        "int_ref",
        "nat_ref",
        "old_ref",
        "alt_ref",
        "loc_ref",
        "is_in",
        "history",
    }
)


_SHOWN = 12


def family(key: str) -> str:
    """Family of a key: what stands before its first colon."""
    return key.partition(":")[0][:40]


class UnusedTags:
    """Elements that carry tags of families that are not read, by kind of element.

    Attributes
    ----------
    counts
        ``"ways: surface"`` -> number of ways with a tag of that family that nothing reads.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._known: dict[tuple[str, str], str] = {}

    def look(self, kind: str, keys: Iterable[str], read: frozenset[str]) -> None:
        """Count the families among the keys of one element that are not read.

        Parameters
        ----------
        kind
            ``"ways"``, ``"nodes"`` or ``"relations"``.
        keys
            Keys of its tags.
        read
            Keys that are read, and families with their colon.
        """
        found = set()
        for key in keys:
            known = self._known.get((kind, key))
            if known is None:
                name = family(key)
                form = _FORMS.get(kind)
                passed = key in read or (":" in key and f"{name}:" in read) or name in _NOTES or key in _NOTES
                passed = passed or (form is not None and form.fullmatch(key) is not None)
                # Of a family that is read in part, the key itself says more.
                shown = key[:40] if name in read else name
                known = self._known[kind, key] = "" if passed else f"{kind}: {shown}"
            if known:
                found.add(known)
        self.counts.update(found)

    def note(self, what: str, count: int = 1) -> None:
        """Count something else that was met and is not used, in words for the report."""
        self.counts[what] += count

    def report(self) -> dict[str, int]:
        """Counts by name, for the report of a city."""
        return {what: int(self.counts[what]) for what in sorted(self.counts) if self.counts[what]}


def unused_of(report: Mapping[str, object]) -> dict[str, int]:
    """What a city's report says was not used, its districts taken together."""
    parts = report.get("districts", {"": report})
    total: Counter[str] = Counter()
    if isinstance(parts, Mapping):
        for part in parts.values():
            total.update(part.get("not used", {}) if isinstance(part, Mapping) else {})
    return dict(sorted(total.items()))


def unused_words(report: Mapping[str, object]) -> str:
    """One sentence on what a city's map carries and nothing reads; empty if there is nothing."""
    unused = unused_of(report)
    if not unused:
        return ""
    most = sorted(unused.items(), key=lambda item: (-item[1], item[0]))
    shown = ", ".join(f"{what} {count:,}" for what, count in most[:_SHOWN])
    more = f" and {len(most) - _SHOWN} more families" if len(most) > _SHOWN else ""
    return f"the map carries tags that are not used: {shown}{more}; the manifest of a run lists them all"


def map_warnings(report: Mapping[str, object]) -> tuple[str, ...]:
    """Sentences on a city's map that its user must read: its own warnings, and what of it is not used."""
    parts = report.get("districts", {"": report})
    words: list[str] = []
    if isinstance(parts, Mapping):
        for part in parts.values():
            if not isinstance(part, Mapping):
                continue
            words += part.get("warnings", ())
            doubts = part.get("doubtful", ())
            if doubts:
                words.append(
                    f"{len(doubts)} lights can be walked around, so that few will wait there: {doubts[0]}"
                    + ("; `twin city build` names all" if len(doubts) > 1 else "")
                )
    unused = unused_words(report)
    return (*words, unused) if unused else tuple(words)
