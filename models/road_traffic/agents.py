"""Those who decide on the road: the controllers of its lights, and the authority that applies measures.

A controller is asked when the run begins, and as often as it wishes; never per vehicle. A subclass decides otherwise:
``twin.CityModel(..., agents={"road_traffic.signal_controller": MyController})`` hires one per junction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import mesa
import numpy as np
from numpy.typing import NDArray

from twin.city.city import LinkChange, StreetLayer
from twin.city.lights.plans import Window

#: A drive link that leads to a light, and the link of the movement, or None for all movements.
Approach = tuple[int, int | None]
Plan = Mapping[Approach, Window]


@dataclass(frozen=True)
class SignalLook:
    """What a controller sees when it is asked.

    Attributes
    ----------
    time_s
        Now; the start of the clock at the first time.
    running
        Plan that runs: approach -> its green. At the first time, that of the scenario.
    queue_m : mapping
        Drive link of an approach -> metres of standing queue per lane; 0 where queues are not modelled.
    """

    time_s: float
    running: Plan
    queue_m: Mapping[int, float]


class SignalController(mesa.Agent):
    """The lights of one junction, for cars; walkers are left what no approach that they cross takes.

    Attributes
    ----------
    node
        A node of the drive layer at the junction.
    approaches
        Its approaches, each with a light.
    review_every_s
        How often it is asked for its plan during the run; None (as it is here) for a plan that holds all day. Asked
        for by the queueing form only.
    """

    review_every_s: float | None = None

    def __init__(self, model: mesa.Model, node: int, approaches: Sequence[Approach]) -> None:
        super().__init__(model)
        self.node = node
        self.approaches = tuple(approaches)

    def plan(self, look: SignalLook) -> Plan:
        """The plan from now on; approaches that are not named keep theirs.

        Conflicting greens are for the controller to avoid: the road lets both go.
        """
        return look.running


class RoadAuthority(mesa.Agent):
    """Applies measures with hours: closures, lanes, speeds and who may enter."""

    def measures(self, planned: Sequence[LinkChange], drive: StreetLayer) -> Sequence[LinkChange]:  # noqa: ARG002
        """Changes of links that are made in this run, decided before it begins.

        Parameters
        ----------
        planned
            Changes that the scenario's edits ask for, by time.
        drive
            The drive layer.
        """
        return planned


def queue_of(approaches: Sequence[Approach], queue_m: NDArray[np.float64] | None) -> dict[int, float]:
    """Metres of queue on the links of some approaches; 0 where there are none to be had."""
    return {link: 0.0 if queue_m is None else float(queue_m[link]) for link, _ in approaches}
