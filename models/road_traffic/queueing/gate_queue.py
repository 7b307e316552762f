"""Who stands in the queue of a gate when a run is cut off: those whom the road has not given back yet."""

from __future__ import annotations

import numpy as np

from twin.arrays import Floats, Longs
from twin.models.road_traffic.queueing.arrays import GROUP, Road, Vehicles

_SAME = 1e-9


def standing_since_s(road: Road, cars: Vehicles, slots: Longs) -> Floats:
    """Since when vehicles have stood in the queue of a gate; infinite for those who do not.

    The same rule as in ``kernels.note_gate_queue``, for the moment that has been reached: whoever was held up by a
    gate before, or waits in a queue whose first is held up by one, itself or behind a full link.

    Parameters
    ----------
    slots : (n,) int64
        Vehicles on the road.
    """
    held = _held_queues(road, cars)
    out = np.full(len(slots), np.inf)
    for i, slot in enumerate(slots.tolist()):
        v = cars.veh[slot]
        out[i] = v["queued_s"]
        if out[i] == np.inf and v["ready_s"] <= road.time_s[0]:
            q = int(road.moves["queue"][v["move"]]) if v["move"] >= 0 else int(road.links["queue"][v["link"]])
            if q in held or road.queues["gate_s"][q] > v["ready_s"]:
                out[i] = v["ready_s"]
    return out


def _held_queues(road: Road, cars: Vehicles) -> set[int]:
    """Queues whose first is held up by a gate now, found from the gates backwards."""
    queues = np.flatnonzero(road.queues["first"] >= 0)
    firsts = road.queues["first"][queues]
    ready = cars.veh["ready_s"][firsts] <= road.time_s[0]
    waiting = list(zip(queues[ready].tolist(), firsts[ready].tolist(), strict=True))
    held: set[int] = set()
    links: set[int] = set()
    while True:
        found = {q for q, v in waiting if q not in held and _is_held(road, cars, q, v, links)}
        if not found:
            return held
        held |= found
        links |= {int(road.queues["link"][q]) for q in found if road.queues["kind"][q] == GROUP}


def _is_held(road: Road, cars: Vehicles, q: int, v: int, held_links: set[int]) -> bool:
    car, queue = cars.veh[v], road.queues[q]
    if car["move"] < 0:
        line = road.lines[queue["line"]]
        return bool(queue["line"] >= 0 and line["gated"] == 1 + car["owner"] and line["credits"] <= 0)
    to = int(road.moves["to_link"][car["move"]])
    link = road.links[to]
    size = road.classes["units"][car["vehicle_class"]]
    if link["in_units"] - link["out_units"] + size <= link["storage"] + _SAME:
        return False
    head_s = max(float(car["ready_s"]), float(queue["left_s"]))
    return to in held_links or bool(link["gate_s"] + link["lag_s"] > head_s)
