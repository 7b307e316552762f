"""What happened at the gate, from its tables: the line, the yards, the road, the longest wait."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from twin.models.terminal.tables import TRUCK_REASONS
from twin.story import Chapter, Spot, Told, last_of_each_instant

_GATE = Spot("places", "gate", reach_m=450.0)
_YARDS = Spot("places", "yard", reach_m=350.0)
_LINE = Spot("places", "gate", reach_m=900.0)
#: A yard counts as full when this share of its spaces is taken: one is always between two trucks.
_FULL = 0.98


def chapters(told: Told) -> list[Chapter]:
    """Chapters of the gate."""
    visits, queue = told.table("terminal_visits"), told.table("terminal_queue")
    out = _of_queue(last_of_each_instant(queue), told) if len(queue.get("time_s", ())) else []
    return out + (_of_visits(visits) if len(visits.get("id", ())) else [])


def _of_queue(queue: dict[str, Any], told: Told) -> list[Chapter]:
    time_s, line = queue["time_s"], queue["trucks_in_line"]
    out = []
    peak = int(np.argmax(line))
    if line[peak] > 0:
        ja = f"ゲート待ちが最多の{line[peak]:,}台（待機場{queue['trucks_in_yards'][peak]:,}台）"
        en = f"the line for the gate is longest: {line[peak]:,} trucks, {queue['trucks_in_yards'][peak]:,} in the yards"
        out.append(Chapter(float(time_s[peak]), ja, en, _YARDS, 1.0))
        after = np.flatnonzero((np.arange(len(line)) > peak) & (line == 0))
        if len(after):
            nobody = "ゲート待ちの列が解消", "nobody waits for the gate any more"
            out.append(Chapter(float(time_s[after[0]]), *nobody, _GATE, 0.5))
    return out + _on_the_road(queue, told)


def _on_the_road(queue: dict[str, Any], told: Told) -> list[Chapter]:
    """From the first truck that stands in somebody's way to the last: those at the kerb are in nobody's way."""
    params = told.params
    kerb = int((params.get("queue_on_road") or {}).get("kerb_spaces", 0))
    spaces = sum(int(yard.get("spaces", 0)) for yard in (params.get("holding_yards") or {}).values())
    road, time_s = queue["trucks_on_road"], queue["time_s"]
    out = []
    full = np.flatnonzero(queue["trucks_in_yards"] >= _FULL * spaces) if spaces else np.empty(0, np.intp)
    beyond = np.flatnonzero(road > kerb)
    along = str((params.get("queue_on_road") or {}).get("along", ""))
    street_ja, street_en = along or "公道", along or "the public road"
    if len(beyond):
        first, last = int(beyond[0]), int(beyond[-1])
        is_full = len(full) > 0 and full[0] <= first
        ja = f"待機場が満車、列は{street_ja}へ" if is_full else f"列が{street_ja}に出る"
        reaches = f"the queue reaches {street_en}"
        out.append(
            Chapter(float(time_s[first]), ja, f"the yards are full, {reaches}" if is_full else reaches, _LINE, 1.2)
        )
        metres = queue["metres_on_road_m"]
        worst = int(np.argmax(metres))
        if worst != first and metres[worst] > 0:
            ja = f"道路上の列が最長の{metres[worst]:,.0f} m（{road[worst]:,}台）"
            en = f"the queue on the road is longest: {metres[worst]:,.0f} m, {road[worst]:,} trucks"
            out.append(Chapter(float(time_s[worst]), ja, en, _LINE, 1.1))
        if last + 1 < len(time_s):
            free = "道路上の列が解消", "the road is free of waiting trucks again"
            out.append(Chapter(float(time_s[last + 1]), *free, _LINE, 0.8))
    elif len(full):
        out.append(Chapter(float(time_s[full[0]]), "待機場が満車", "the holding yards are full", _YARDS, 1.0))
    return out


def _of_visits(visits: Any) -> list[Chapter]:
    out = []
    served = np.isfinite(visits["gate_start_s"])
    if served.any():
        first, last = float(visits["gate_start_s"][served].min()), float(np.nanmax(visits["gate_end_s"]))
        opened = "最初のトラックがゲートに入る", "the gate takes its first truck"
        closed = "最後のトラックがゲートを通過", "the last truck has passed the gate"
        out += [Chapter(first, *opened, _GATE, 0.6), Chapter(last, *closed, _GATE, 0.4)]
        wait_s = np.where(served, visits["wait_s"], -math.inf)
        longest = int(np.argmax(wait_s))
        if wait_s[longest] >= 60.0:
            minutes = wait_s[longest] / 60.0
            ja = f"最も長く待った車（{minutes:,.0f}分）がゲートへ呼ばれる"
            en = f"the truck with the longest wait ({minutes:,.0f} min) is called to the gate"
            out.append(Chapter(float(visits["called_s"][longest]), ja, en, _GATE, 0.9))
    refused = np.flatnonzero(visits["reason"] != TRUCK_REASONS.index("served"))
    if len(refused):
        first_row = int(refused[np.argmin(visits["out_s"][refused])])
        ja = f"最初の車が受け付けられずに帰る（この日{len(refused):,}台）"
        en = f"the first truck is turned away ({len(refused):,} in the day)"
        out.append(Chapter(float(visits["out_s"][first_row]), ja, en, _GATE, 0.7))
    return [chapter for chapter in out if math.isfinite(chapter.at_s)]
