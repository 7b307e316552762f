"""What happened on the road, from its tables: the slowest minutes, the longest queue, the first street that filled."""

from __future__ import annotations

import numpy as np

from twin.story import Chapter, Columns, Spot, Told

_STREET_M = 350.0
#: Fewer vehicles than this at once say nothing of the state of the network.
_FEWEST = 20.0


def chapters(told: Told) -> list[Chapter]:
    """Chapters of the road; forms of it without queues tell less."""
    mfd, links, spill, lock = (told.table(f"road_{name}") for name in ("mfd", "links", "spillback", "gridlock"))
    out = _of_network(mfd) if len(mfd.get("from_s", ())) else []
    out += _of_links(links, told) if len(links.get("from_s", ())) else []
    if len(spill.get("from_s", ())):
        first = int(np.argmin(spill["from_s"]))
        ja, en = _street(str(spill["street"][first]))
        filled = f"{ja}の列が手前の交差点まで達する", f"the queue on {en} fills it back to the junction before"
        spot = Spot("drive", link_index=int(spill["link_index"][first]), reach_m=_STREET_M)
        out.append(Chapter(float(spill["from_s"][first]), *filled, spot, 1.0))
    if len(lock.get("time_s", ())):
        first = int(np.argmin(lock["time_s"]))
        locked = "車列が互いに塞ぎ合い動けなくなる", "queues lock each other: nothing can move"
        spot = Spot("drive", link_index=int(lock["link_index"][first]), reach_m=_STREET_M)
        out.append(Chapter(float(lock["time_s"][first]), *locked, spot, 1.3))
    return out


def _of_network(mfd: Columns) -> list[Chapter]:
    count, speed = mfd["accumulation_count"].astype(np.float64), mfd["speed_mean_mps"].astype(np.float64)
    busy = (count >= max(_FEWEST, 0.25 * float(count.max()))) & np.isfinite(speed)
    if not busy.any():
        return []
    slowest = int(np.flatnonzero(busy)[np.argmin(speed[busy])])
    kmh = 3.6 * speed[slowest]
    told = f"道路網が最も遅い（平均 {kmh:.0f} km/h）", f"the road network is slowest: {kmh:.0f} km/h on average"
    return [Chapter(float(mfd["from_s"][slowest]), *told, Spot(), 0.7)]


def _of_links(links: Columns, told: Told) -> list[Chapter]:
    queue_m = links["queue_m"].astype(np.float64)
    if not np.isfinite(queue_m).any() or np.nanmax(queue_m) < 50.0:
        return []
    longest = int(np.nanargmax(queue_m))
    link = int(links["link_index"][longest])
    ja, en = _street(told.street("drive", link))
    words = (
        f"{ja}の車列が最長（1区間で{queue_m[longest]:,.0f} m）",
        f"longest queue on one link, on {en}: {queue_m[longest]:,.0f} m",
    )
    spot = Spot("drive", link_index=link, reach_m=_STREET_M)
    # The table holds the queue at the end of each period of five minutes.
    return [Chapter(float(links["from_s"][longest]) + 300.0, *words, spot, 0.8)]


def _street(name: str) -> tuple[str, str]:
    return name or "道路", name or "a street"
