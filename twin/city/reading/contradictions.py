"""Turn restrictions that contradict each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from twin.city.reading.conditions import Span, holds_at
from twin.city.reading.turning import Ban, LinkEnds
from twin.columns import VEHICLE_CLASSES


def without_contradictions(bans: Sequence[Ban], links: Sequence[LinkEnds], counts: Counter[str]) -> list[Ban]:
    """Bans without those that leave a class no way on from a link; at how many links there were such is counted.

    One restriction commands what another bans, or two ban all there is: a trap that no sign would set up.
    """
    shut: dict[int, dict[int, list[tuple[int, tuple[Span, ...]]]]] = {}
    for ban in bans:
        if len(ban.links) == 2:
            shut.setdefault(ban.links[0], {}).setdefault(ban.links[1], []).append((ban.classes, ban.spans))
    at: dict[int, list[LinkEnds]] = {}
    for link in links:
        at.setdefault(link.from_node, []).append(link)
    out = {
        link.link: {other.link for other in at.get(link.to_node, ()) if other.start != link.end[::-1]}
        for link in links
        if link.link in shut
    }
    trapped: dict[int, int] = {}
    for first, onward in shut.items():
        if not out.get(first) or not out[first] <= set(onward):
            continue
        bits = 0
        for i in range(len(VEHICLE_CLASSES)):
            held = [
                [s for bound, spans in parts if bound >> i & 1 for s in spans]
                for other, parts in onward.items()
                if other in out[first]
            ]
            bits |= _overlap(held) << i
        if bits:
            trapped[first] = bits
    eased = [
        ban._replace(classes=ban.classes & ~trapped.get(ban.links[0], 0)) if len(ban.links) == 2 else ban
        for ban in bans
    ]
    counts["links at which turn restrictions contradict each other, obeyed by nobody there"] += len(trapped)
    return [ban for ban in eased if ban.classes]


def _overlap(parts: Sequence[Sequence[Span]]) -> bool:
    """Whether there is a moment at which some span of every part holds."""
    moments = {(day, span.from_s) for spans in parts for span in spans for day in range(7) if span.days >> day & 1}
    return any(all(holds_at(tuple(spans), *moment) for spans in parts) for moment in moments)
