"""Those who decide at the kerb: drivers who find no bay, and patrols. Each class decides for many.

A subclass decides otherwise; ``twin.CityModel(..., agents={"kerb.drivers": MyDrivers})`` hires it.
"""

from __future__ import annotations

from dataclasses import dataclass

import mesa
import numpy as np

from twin.arrays import Floats, Ints, Longs
from twin.models.kerb.params import Patrols


@dataclass(frozen=True)
class FullPocket:
    """What a driver sees who comes to a pocket and finds no bay free.

    Attributes
    ----------
    time_s
        Now.
    kind
        delivery, parcel or pickup.
    pocket
        Name of the pocket; empty at a shop that no pocket is near.
    tries
        Pockets come to so far, this one included.
    searched_s
        Since the first of them.
    may_search
        Whether another pocket is near that has not been tried.
    waiting
        Who waits for a bay there already.
    has_camera, has_guard
        Whether it is watched.
    """

    time_s: float
    kind: str
    pocket: str
    tries: int
    searched_s: float
    may_search: bool
    waiting: int
    has_camera: bool
    has_guard: bool


class KerbDrivers(mesa.Agent):
    """All drivers who find no bay free: one agent, asked about each.

    Without a ``choose`` of its own the shares of the scenario answer, inside the compiled loop.
    """

    @property
    def asks(self) -> bool:
        """Whether it wants to be asked."""
        return type(self).choose is not KerbDrivers.choose

    def choose(self, look: FullPocket) -> str:
        """One of search, wait, double_park and go_away."""
        raise NotImplementedError("the shares of the scenario answer inside the compiled loop")


@dataclass(frozen=True)
class Round:
    """What a patrol knows when it has looked at a pocket.

    Attributes
    ----------
    time_s
        Now.
    at
        Row of the pocket where it stands.
    apart_m : (p,) float64
        From there to every pocket.
    reported : (p,) int64
        What cameras have reported at each since a patrol came.
    told
        Vehicles that it has just told to leave.
    """

    time_s: float
    at: int
    apart_m: Floats
    reported: Longs
    told: int


class Patrol(mesa.Agent):
    """A patrol that walks from pocket to pocket along its beat, and to what cameras report.

    Parameters
    ----------
    city_model
        The city's Mesa model.
    params
        How patrols work.
    number, there_are
        Which of how many it is: their beats begin evenly spaced.
    nodes : (p,) int32
        Node of the drive layer behind each pocket.
    """

    def __init__(self, city_model: mesa.Model, params: Patrols, number: int, there_are: int, nodes: Ints) -> None:
        super().__init__(city_model)
        self.params, self.pockets = params, len(nodes)
        self.first = number * len(nodes) // max(there_are, 1)
        #: Where its beat begins: its place in ``CityModel.space``; -1 without a pocket.
        self.node = int(nodes[self.first]) if len(nodes) else -1

    def next_pocket(self, look: Round) -> int:
        """Row of the pocket to go to: the nearest with a report, else the next of the beat."""
        if self.params.to_reports and look.reported.any():
            apart_m = np.where(look.reported > 0, look.apart_m, np.inf)
            return int(np.argmin(apart_m))
        return (look.at + 1) % self.pockets
