"""The fleet of a scenario as duties: one row for each van, or for each shift of a van."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.arrays import Ints
from twin.models.transit.dispatch.insertion_kernels import BREAK
from twin.models.transit.fleet.rows import Fleet
from twin.models.transit.params import TransitParams
from twin.models.transit.service.params import Shift, VanType


@dataclass(frozen=True)
class Duty:
    """What a row of the fleet is: the type, the number of the van among all vans, and its shift if it has one."""

    type: int
    van: int
    shift: Shift | None


def duties_of(params: TransitParams) -> list[Duty]:
    """Rows of the fleet in the order of types, vans and shifts."""
    types = list(params.fleet.types.values())
    if not types:
        return [Duty(0, van, None) for van in range(int(params.fleet.count))]
    out: list[Duty] = []
    first = 0
    for k, one in enumerate(types):
        if not one.shifts:
            out.extend(Duty(k, first + n, None) for n in range(int(one.count)))
        # The van that came back first goes out next.
        back_s = [-np.inf] * int(one.count)
        for shift in sorted(one.shifts, key=lambda s: s.hours):
            for _ in range(int(shift.vans)):
                van = min(range(len(back_s)), key=lambda n: (back_s[n] > shift.hours[0], back_s[n], n))
                back_s[van] = shift.hours[1]
                out.append(Duty(k, first + van, shift))
        first += int(one.count)
    return out


def equip(fleet: Fleet, duties: list[Duty], types: list[VanType], yard: Ints, start_s: float, day_s: float) -> None:
    """Give rows of the fleet their seats, places, hours and breaks.

    Parameters
    ----------
    yard : (V,) int32
        Stop at which each takes its breaks.
    day_s
        Midnight of the day whose shifts these are.
    """
    for v, duty in enumerate(duties):
        if not types:
            continue
        kind = types[duty.type]
        fleet["type"][v], fleet["seats"][v] = duty.type, int(kind.seats)
        fleet["chair_places"][v], fleet["step_free"][v] = int(kind.wheelchair_spaces), kind.step_free
        if duty.shift is None:
            continue
        from_s, to_s = duty.shift.hours
        for name in ("free_s", "anchor_s", "since_s"):
            fleet[name][v] = max(start_s, day_s + from_s)
        fleet["off_s"][v] = day_s + to_s
        left = [one for one in duty.shift.breaks_s() if day_s + one[1] >= start_s]
        for k, (early_s, late_s, length_s) in enumerate(sorted(left)):
            fleet["break_from_s"][v, k], fleet["break_by_s"][v, k] = day_s + early_s, day_s + late_s
            fleet["break_s"][v, k] = length_s
            fleet["task_request"][v, k], fleet["task_pick"][v, k] = -1 - k, BREAK
            fleet["task_stop"][v, k] = yard[v]
            fleet["size"][v] = k + 1
