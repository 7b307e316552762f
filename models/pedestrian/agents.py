"""The few who decide or watch: the lights and the observer are Mesa agents; walkers are rows, seen through views."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from mesa import Agent

from twin.city.lights.plans import WalkLights
from twin.models.pedestrian.movement.kernels import signal_wait_s
from twin.models.pedestrian.movement.rows import GREEN, LINK_END, Rows
from twin.models.pedestrian.params import CLASSES

if TYPE_CHECKING:
    from twin.engine.city_model import CityModel


class CrossingLights(Agent):
    """The fixed-time lights of all crossings."""

    def __init__(self, city_model: CityModel, lights: WalkLights) -> None:
        super().__init__(city_model)
        self._lights = lights

    def follow(self, lights: WalkLights) -> None:
        """The junctions of the road have gone over to other plans."""
        self._lights = lights

    @property
    def crossing_links(self) -> list[int]:
        """Walk links that need green to be entered."""
        return [int(link) for link in np.flatnonzero(self._lights.green_s > 0)]

    def wait_s(self, link: int, time_s: float) -> float:
        """Seconds until one may start over a link; 0 in green and where there are no lights."""
        lights = self._lights
        if lights.green_s[link] <= 0:
            return 0.0
        return float(signal_wait_s(time_s, lights.cycle_s[link], lights.green_s[link], lights.offset_s[link]))


class CirculationObserver(Agent):
    """Counts who is around now, by class."""

    def __init__(self, city_model: CityModel, walkers: Callable[[], Rows]) -> None:
        super().__init__(city_model)
        self._walkers = walkers

    def inside_by_class(self) -> dict[str, int]:
        """Walkers inside now."""
        counts = np.bincount(self._walkers().visitor_class, minlength=len(CLASSES))
        return {name: int(count) for name, count in zip(CLASSES, counts, strict=True)}


@dataclass(frozen=True)
class WalkerView:
    """One walker as it stands now; not registered with Mesa, and not kept up to date.

    Attributes
    ----------
    id
        Id of the walker.
    visitor_class
        Word of ``CLASSES``.
    doing
        ``walking``, ``waiting`` (for green) or ``staying``.
    node
        Walk node of the last junction passed.
    next_s
        When what it does now ends.
    left_s
        Seconds of the time budget that are left at ``time_s``; negative if overrun.
    """

    id: int
    visitor_class: str
    doing: str
    node: int
    next_s: float
    left_s: float


def view_walker(walkers: Rows, walker_id: int, time_s: float) -> WalkerView | None:
    """Look at a walker by its id; None if it is not inside."""
    slots = np.flatnonzero(walkers.id == np.uint64(walker_id))
    if not len(slots):
        return None
    s = int(slots[0])
    doing = {LINK_END: "walking", GREEN: "waiting"}.get(int(walkers.event[s]), "staying")
    left_s = float(walkers.budget_s[s] - (time_s - walkers.enter_s[s]))
    return WalkerView(
        walker_id, CLASSES[walkers.visitor_class[s]], doing, int(walkers.node[s]), float(walkers.next_s[s]), left_s
    )
