"""What happened at the kerb, from its tables: most in the lane at once, the longest stand, who finds no room."""

from __future__ import annotations

import math

import numpy as np

from twin.story import Chapter, Columns, Spot, Told, most_at_once

_REACH_M = 250.0


def chapters(told: Told) -> list[Chapter]:
    """Chapters of the kerb."""
    stands, visits, edges = (told.table(f"kerb_{name}") for name in ("stands", "visits", "edges"))
    out = _of_stands(stands, edges, told) if len(stands.get("id", ())) else []
    out += _of_visits(visits) if len(visits.get("id", ())) else []
    return [chapter for chapter in out if math.isfinite(chapter.at_s)]


def _of_stands(stands: Columns, edges: Columns, told: Told) -> list[Chapter]:
    lane = np.flatnonzero(stands["mode"] == "lane")
    if not len(lane):
        return []
    at_s, most = most_at_once(stands["from_s"][lane], stands["to_s"][lane])
    out = [
        Chapter(
            at_s,
            f"車道に止まる車が最多の{most:,.0f}台",
            f"most vehicles standing in the lane at once: {most:,.0f}",
            Spot(),
            1.0,
        )
    ]
    stood_s = stands["to_s"].astype(np.float64) - stands["from_s"].astype(np.float64)
    longest = int(lane[np.argmax(stood_s[lane])])
    minutes = float(stood_s[longest]) / 60.0
    number, of_link = (edges.get(name, np.empty(0)).tolist() for name in ("edge", "link_index"))
    link = dict(zip(number, of_link, strict=True))
    row = int(link.get(int(stands["edge"][longest]), -1))
    street = told.street("drive", row) if row >= 0 else ""
    if minutes >= 1.0:
        out.append(
            Chapter(
                float(stands["from_s"][longest]),
                f"最も長い車道停車が始まる（{minutes:.0f}分{'、' + street if street else ''}）",
                f"the longest stand in the lane begins ({minutes:.0f} min{', ' + street if street else ''})",
                Spot("drive", link_index=row, reach_m=_REACH_M) if row >= 0 else Spot(),
                0.7,
            )
        )
    return out


def _of_visits(visits: Columns) -> list[Chapter]:
    away = np.flatnonzero(visits["outcome"] == "turned_away")
    if not len(away):
        return []
    first = float(visits["arrive_s"][away].min())
    return [
        Chapter(
            first,
            f"最初の車が止まる場所を得られずに去る（この日{len(away):,}台）",
            f"the first driver finds nowhere to stop and leaves ({len(away):,} in the day)",
            Spot(),
            0.8,
        )
    ]
