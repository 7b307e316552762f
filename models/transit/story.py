"""What happened to riders and vans, from the tables of transit: first and last drive, refusals, the longest wait."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from twin.story import Chapter, Columns, Spot, Told, most_at_once

_REACH_M = 450.0
#: Demand is told in steps of half an hour.
_STEP_S = 1800.0


def chapters(told: Told) -> list[Chapter]:
    """Chapters of on-demand transit."""
    stops, legs, requests = (told.table(f"transit_{name}") for name in ("stops", "legs", "requests"))
    where = _Stops(stops)
    out = _of_legs(legs, where) if len(legs.get("van", ())) else []
    out += _of_requests(requests, where) if len(requests.get("id", ())) else []
    return [chapter for chapter in out if math.isfinite(chapter.at_s)]


class _Stops:
    """Names and spots of stops by their number in the run."""

    def __init__(self, table: Columns) -> None:
        self.row = {int(n): i for i, n in enumerate(table.get("stop_index", np.empty(0)))}
        self.table = table

    def names(self, stop: int) -> tuple[str, str]:
        """Name in Japanese and English; the number where the run does not say."""
        if stop not in self.row:
            return f"停留所{stop}", f"stop {stop}"
        ja, en = (str(self.table[name][self.row[stop]]) for name in ("name_ja", "name_en"))
        return ja or en or f"停留所{stop}", en or ja or f"stop {stop}"

    def spot(self, stop: int) -> Spot:
        """Where it is."""
        if stop not in self.row:
            return Spot("places", "stop")
        row = self.row[stop]
        return Spot("metres", x_m=float(self.table["x_m"][row]), y_m=float(self.table["y_m"][row]), reach_m=_REACH_M)


def _of_legs(legs: Columns, where: _Stops) -> list[Chapter]:
    first, last = int(np.argmin(legs["depart_s"])), int(np.argmax(legs["arrive_s"]))
    (ja_0, en_0), (ja_1, en_1) = where.names(int(legs["from_stop"][first])), where.names(int(legs["to_stop"][last]))
    out = [
        Chapter(
            float(legs["depart_s"][first]),
            f"最初の車両が{ja_0}を出発",
            f"the first van leaves {en_0}",
            where.spot(int(legs["from_stop"][first])),
            0.4,
        ),
        Chapter(
            float(legs["arrive_s"][last]),
            f"最後の車両が{ja_1}に到着",
            f"the last van arrives at {en_1}",
            where.spot(int(legs["to_stop"][last])),
            0.4,
        ),
    ]
    full = int(np.argmax(legs["riders"]))
    riders = int(legs["riders"][full])
    if riders >= 2:
        ja, en = where.names(int(legs["from_stop"][full]))
        told_ja, told_en = f"1台に最多の{riders}人が乗車（{ja}発）", f"most riders in one van: {riders}, from {en}"
        out.append(
            Chapter(float(legs["depart_s"][full]), told_ja, told_en, where.spot(int(legs["from_stop"][full])), 0.6)
        )
    return out


def _of_requests(requests: Columns, where: _Stops) -> list[Chapter]:
    asked_s, outcome = requests["asked_s"].astype(np.float64), requests["outcome"]
    out: list[Chapter] = []
    refused = np.flatnonzero(outcome == "refused")
    if len(refused):
        first = int(refused[np.argmin(asked_s[refused])])
        ja, en = where.names(int(requests["from_stop"][first]))
        told_ja = f"最初のお断り：{ja}（この日{len(refused):,}件）"
        told_en = f"the first request is refused, at {en} ({len(refused):,} in the day)"
        out.append(Chapter(float(asked_s[first]), told_ja, told_en, where.spot(int(requests["from_stop"][first])), 1.1))
        at_s, count = _worst_hour(asked_s[refused])
        if count >= 5:
            ends = f"{_clock(at_s)}から{_clock(at_s + 3600)}", f"from {_clock(at_s)} to {_clock(at_s + 3600)}"
            told = f"お断りが最多の1時間（{ends[0]}、{count}件）", f"most refusals within an hour ({ends[1]}): {count}"
            out.append(Chapter(at_s, *told, Spot("places", "stop"), 0.9))
    return out + _of_served(requests, where)


def _of_served(requests: Columns, where: _Stops) -> list[Chapter]:
    wait_s = requests["pickup_s"].astype(np.float64) - requests["since_s"].astype(np.float64)
    served = np.flatnonzero((requests["outcome"] == "served") & np.isfinite(wait_s))
    out: list[Chapter] = []
    if not len(served):
        return out
    longest = int(served[np.argmax(wait_s[served])])
    ja, en = where.names(int(requests["from_stop"][longest]))
    minutes = wait_s[longest] / 60.0
    if minutes >= 1.0:
        told = (
            f"最も長く待った乗客（{minutes:.0f}分）が{ja}で乗車",
            f"the rider with the longest wait ({minutes:.0f} min) boards at {en}",
        )
        spot = where.spot(int(requests["from_stop"][longest]))
        out.append(Chapter(float(requests["pickup_s"][longest]), *told, spot, 1.0))
    party = requests["party"][served].astype(np.float64)
    at_s, people = most_at_once(requests["pickup_s"][served], requests["dropoff_s"][served], party)
    if people >= 2:
        told = f"同時に乗車中の人が最多の{people:,.0f}人", f"most people on board at once: {people:,.0f}"
        out.append(Chapter(at_s, *told, Spot("places", "stop"), 0.8))
    return out


def _worst_hour(at_s: Any) -> tuple[float, int]:
    """Begin of the hour with most of some moments, in steps of half an hour, and how many."""
    begins = np.floor(at_s.min() / _STEP_S) * _STEP_S + _STEP_S * np.arange(int((np.ptp(at_s)) // _STEP_S) + 1)
    ordered = np.sort(at_s)
    count = np.searchsorted(ordered, begins + 2 * _STEP_S) - np.searchsorted(ordered, begins)
    best = int(np.argmax(count))
    return float(begins[best]), int(count[best])


def _clock(at_s: float) -> str:
    minutes = int(at_s) // 60
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
