"""What happened to walkers, from their tables: most people at once, the fullest street and place, no room left."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from twin.story import Chapter, Columns, Spot, Told, most_at_once

_STREET_M, _PLACE_M = 200.0, 150.0


def chapters(told: Told) -> list[Chapter]:
    """Chapters of walking and staying."""
    visits, links, stays = (told.table(f"pedestrian_{name}") for name in ("visits", "links", "stays"))
    out = _of_visits(visits) if len(visits.get("id", ())) else []
    out += _of_links(links, told) if len(links.get("from_s", ())) else []
    out += _of_stays(stays) if len(stays.get("from_s", ())) else []
    return [chapter for chapter in out if math.isfinite(chapter.at_s)]


def _of_visits(visits: Columns) -> list[Chapter]:
    people = visits["people"].astype(np.float64)
    at_s, most = most_at_once(visits["enter_s"], visits["leave_s"], people)
    told = f"界隈にいる人が最多の{most:,.0f}人", f"most people in the area at once: {most:,.0f}"
    out = [Chapter(at_s, *told, Spot("places", "exit", reach_m=200.0), 0.9)] if most > 0 else []
    waited_s = np.nan_to_num(visits["room_wait_s"].astype(np.float64))
    if waited_s.max() >= 60.0:
        worst = int(np.argmax(waited_s))
        minutes = float(waited_s[worst]) / 60.0
        told = (
            f"混雑で最も長く足止めされた人（{minutes:.0f}分）が去る",
            f"whoever stood longest before full streets ({minutes:.0f} min) leaves",
        )
        out.append(
            Chapter(float(visits["leave_s"][worst]), *told, Spot("place", str(visits["leave_exit"][worst])), 0.7)
        )
    return out


def _of_links(links: Columns, told: Told) -> list[Chapter]:
    """The fullest ten minutes of a street, and the street where crowding hurts most."""
    out = []
    entries = links["entries_count"].astype(np.float64)
    busiest = int(np.argmax(entries))
    if entries[busiest] > 0:
        ja, en = _street(told, int(links["link_index"][busiest]))
        told_ja = f"{ja}の人通りが最多（10分間に{entries[busiest]:,.0f}人）"
        told_en = f"{en} is busiest: {entries[busiest]:,.0f} people in ten minutes"
        out.append(Chapter(float(links["from_s"][busiest]), told_ja, told_en, _spot(links, busiest), 1.0))
    crowded_s = links["crowded_person_s"].astype(np.float64)
    worst = int(np.argmax(crowded_s))
    if crowded_s[worst] >= 600.0 and worst != busiest:
        ja, en = _street(told, int(links["link_index"][worst]))
        told_ja = f"{ja}の混雑が最も激しい（サービス水準D以下に延べ{crowded_s[worst] / 60:,.0f}人分）"
        told_en = (
            f"worst crowding, on {en}: {crowded_s[worst] / 60:,.0f} person-minutes at level D or worse in ten minutes"
        )
        out.append(Chapter(float(links["from_s"][worst]), told_ja, told_en, _spot(links, worst), 1.0))
    return out


def _street(told: Told, link: int) -> tuple[str, str]:
    name = told.street("walk", link)
    return name or "歩道", name or "a footpath"


def _spot(links: Columns, row: int) -> Spot:
    return Spot("walk", link_index=int(links["link_index"][row]), reach_m=_STREET_M)


def _of_stays(stays: Any) -> list[Chapter]:
    out = []
    fullest = int(np.argmax(stays["staying_max_count"]))
    count = float(stays["staying_max_count"][fullest])
    if count > 0:
        spot = Spot("place", str(stays["place"][fullest]), reach_m=_PLACE_M)
        told = f"滞在者が最も多い場所（{count:,.0f}人）", f"the place with most people staying: {count:,.0f}"
        out.append(Chapter(float(stays["from_s"][fullest]), *told, spot, 0.8))
    turned = np.flatnonzero(stays["turned_away_count"] > 0)
    if len(turned):
        first = int(turned[np.argmin(stays["from_s"][turned])])
        total = float(stays["turned_away_count"][turned].sum())
        spot = Spot("place", str(stays["place"][first]), reach_m=_PLACE_M)
        told = (
            f"満席で入れない人が出始める（この日延べ{total:,.0f}人）",
            f"the first people find no room ({total:,.0f} in the day)",
        )
        out.append(Chapter(float(stays["from_s"][first]), *told, spot, 0.9))
    return out
