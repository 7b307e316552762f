"""Rules with hours as changes of links at their moments, as the road model drives them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from twin.city.city import City, LinkChange
from twin.city.rules import DAY_S, DriveRules
from twin.columns import VEHICLE_CLASSES

_ALL = (1 << len(VEHICLE_CLASSES)) - 1
#: Days that are laid out: the longest run, a week, and a day before and after.
DAYS = 9


def with_hours(city: City) -> City:
    """The city with what its signs say of hours among ``timed``.

    A link that an edit changes by the hour keeps what the edit says.
    """
    rules = city.drive.rules
    if not len(rules.hour_link):
        return city
    edited = {change.link_index for change in city.timed}
    links = [link for link in np.unique(rules.hour_link).tolist() if link not in edited]
    rows = [change for link in links for change in _changes(city, rules, link)]
    return replace(city, timed=tuple(sorted((*city.timed, *rows), key=lambda c: (c.time_s, c.link_index))))


def _changes(city: City, rules: DriveRules, link: int) -> list[LinkChange]:
    """States of one link at each moment at which it changes."""
    drive = city.drive
    if drive.free_speed_mps[link] <= 0:
        return []
    mine = np.flatnonzero(rules.hour_link == link)
    always = sum(1 << VEHICLE_CLASSES.index(name) for name in city.closed_to.get(link, ()))
    base = int(rules.closed[link]) | always, float(drive.free_speed_mps[link])
    cuts = sorted({float(t) for t in np.concatenate([rules.hour_from_s[mine], rules.hour_to_s[mine]])} | {0.0})
    out: list[LinkChange] = []
    before = base
    lanes = int(drive.lanes[link])
    for day in range(DAYS):
        for time_s in cuts:
            if time_s >= DAY_S:
                continue
            now = base
            for i in mine.tolist():
                holds = rules.hour_days[i] >> day % 7 & 1 and rules.hour_from_s[i] <= time_s < rules.hour_to_s[i]
                if holds:
                    now = int(rules.hour_closed[i]) | always, float(rules.hour_speed_mps[i])
            if now != before:
                closed, speed_mps = now
                is_open = closed != _ALL
                names = tuple(name for k, name in enumerate(VEHICLE_CLASSES) if closed >> k & 1) if is_open else ()
                out.append(LinkChange(link, day * DAY_S + time_s, lanes, speed_mps, float(is_open), is_open, names))
            before = now
    return out
