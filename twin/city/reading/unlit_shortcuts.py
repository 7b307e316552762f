"""Lights that can be walked around: a look at a finished walk layer, for the report of the map.

Walkers take the way that costs least. Where both kerbs of a crossing with lights hang on one node of the street, or an
unlit crossing is drawn a few steps beside it, nobody ever waits at that light, and no plan of it can matter.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np

from twin.city.city import BRIDGE, SIGNALISED, STEPS, TUNNEL, StreetLayer
from twin.city.lights.crossings import other_kerb

#: Longer ways around are walked by nobody who saves a mean wait: 30 m take 22 s.
_HARDLY_LONGER_M = 30.0
#: Another level is no shortcut but another way to cross.
_OTHER_LEVEL = TUNNEL | BRIDGE | STEPS


@dataclass(frozen=True)
class UnlitShortcut:
    """A crossing with lights and the unlit way around it.

    Attributes
    ----------
    lit_way_id, unlit_way_ids
        Ways of the map: the crossing, and those of the way around it, in the order walked.
    lit_m, unlit_m
        Lengths from kerb to kerb.
    lon_deg, lat_deg
        Where it begins.
    """

    lit_way_id: int
    unlit_way_ids: tuple[int, ...]
    lit_m: float
    unlit_m: float
    lon_deg: float
    lat_deg: float

    def text(self) -> str:
        """One line for people."""
        ways = ", ".join(str(way) for way in self.unlit_way_ids)
        return (
            f"the lights on way {self.lit_way_id} ({self.lit_m:.0f} m) can be walked around in "
            f"{self.unlit_m:.0f} m by way {ways}, at {self.lat_deg:.5f}, {self.lon_deg:.5f}"
        )


def find_unlit_shortcuts(walk: StreetLayer) -> list[UnlitShortcut]:
    """Crossings whose two kerbs are joined by a way without lights that is hardly longer, each pair of kerbs once.

    A way around counts when it avoids every light, stays on the level of the street (or of the crossing itself) and is
    at most 30 m longer than the crossing: it then crosses the same street a few steps away.
    """
    found: dict[tuple[int, int], UnlitShortcut] = {}
    for link in np.flatnonzero(walk.flags & SIGNALISED).tolist():
        start = int(walk.link_from[link])
        end, lit_m = other_kerb(walk, link)
        kerbs = (min(start, end), max(start, end))
        if start == end or kerbs in found:
            continue
        barred = (SIGNALISED | _OTHER_LEVEL) & ~(int(walk.flags[link]) & _OTHER_LEVEL)
        around = _way_around(walk, start, end, lit_m + _HARDLY_LONGER_M, barred)
        if around:
            ways = tuple(dict.fromkeys(int(walk.way_id[k]) for k in around))
            found[kerbs] = UnlitShortcut(
                int(walk.way_id[link]),
                ways,
                lit_m,
                float(walk.length_m[around].sum()),
                float(walk.lon_deg[start]),
                float(walk.lat_deg[start]),
            )
    return list(found.values())


def _way_around(walk: StreetLayer, start: int, end: int, most_m: float, barred: int) -> list[int]:
    """Links of the shortest way of at most ``most_m`` without a barred flag; empty if there is none."""
    best_m: defaultdict[int, float] = defaultdict(lambda: np.inf, {start: 0.0})
    by: dict[int, int] = {}
    queue = [(0.0, start)]
    while queue:
        so_far_m, node = heappop(queue)
        if node == end:
            break
        if so_far_m > best_m[node]:
            continue
        for link in range(int(walk.out_ptr[node]), int(walk.out_ptr[node + 1])):
            to, there_m = int(walk.link_to[link]), so_far_m + float(walk.length_m[link])
            if not walk.flags[link] & barred and there_m <= most_m and there_m < best_m[to]:
                best_m[to], by[to] = there_m, link
                heappush(queue, (there_m, to))
    links: list[int] = []
    while end != start and end in by:
        links.append(by[end])
        end = int(walk.link_from[by[end]])
    return links[::-1]
