"""Turn restrictions that contradict each other: one commands what others ban."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from twin.city.reading.conditions import Span, holds_at
from twin.columns import VEHICLE_CLASSES

#: Classes that are bound, and the hours in which they are.
Bound = tuple[int, tuple[Span, ...]]


def contradicted(command: Bound, allowed: Iterable[int], banned: Mapping[int, Sequence[Bound]]) -> int:
    """Bits of the classes that a command would trap: at some moment of it, all that it allows is banned.

    Parameters
    ----------
    command
        Whom a command binds, and when.
    allowed
        Links that it allows.
    banned
        By link: whom bans keep off it after the same street, and when.
    """
    classes, spans = command
    parts = [banned.get(link, ()) for link in allowed]
    bits = 0
    for i in range(len(VEHICLE_CLASSES)):
        if classes >> i & 1 and all(parts):
            held = [[span for bound, hours in bans if bound >> i & 1 for span in hours] for bans in parts]
            bits |= _overlap([spans, *held]) << i
    return bits


def _overlap(parts: Sequence[Sequence[Span]]) -> bool:
    """Whether there is a moment at which some span of every part holds."""
    moments = {(day, span.from_s) for spans in parts for span in spans for day in range(7) if span.days >> day & 1}
    return any(all(holds_at(tuple(spans), *moment) for spans in parts) for moment in moments)
