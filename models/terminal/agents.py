"""The few who decide at the gate: its operator, and the hauliers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from mesa import Agent
from numpy.typing import NDArray

from twin.engine.stations.state import StationState
from twin.models.terminal.booking.desk import BookingDesk
from twin.models.terminal.booking.learning import decide

if TYPE_CHECKING:
    from twin.engine.city_model import CityModel
    from twin.models.terminal.params import HaulierType


class TerminalOperator(Agent):
    """Who runs the gate: keeps lanes open through a break when the line is long, opens unused places when it is short.

    Parameters
    ----------
    model
        The city's Mesa model.
    open_on_if_line
        Trucks in line beyond which lanes stay open when a break begins; None to close on time.
    desk
        The booking desk.
    """

    def __init__(self, model: CityModel, open_on_if_line: float | None, desk: BookingDesk) -> None:
        super().__init__(model)
        self.open_on_if_line = open_on_if_line
        self.desk = desk

    def decide(self, now: StationState) -> bool:
        """The schedule asks: settle what is due, and say whether any truck has a new plan."""
        return decide(self.open_on_if_line, self.desk, now)

    def receive_late(self, now: StationState, row: int, at_s: float) -> None:
        """A truck comes after its window: settle what becomes of it."""
        self.desk.rebook(now, row, at_s)


class Haulier(Agent):
    """A haulier: what it has learned of the waits, and how it stands with the booking system.

    Parameters
    ----------
    model
        The city's Mesa model.
    index
        Number of the haulier, from 0.
    size
        Name of its type.
    traits
        What hauliers of its type weigh.
    expected_wait_s : (slots,) float64
        Wait it expects in each slot; learned from its own trucks.
    suspended
        Whether too many of its trucks did not show up.
    """

    def __init__(
        self,
        model: CityModel,
        index: int,
        size: str,
        traits: HaulierType,
        expected_wait_s: NDArray[np.float64],
        suspended: bool,
    ) -> None:
        super().__init__(model)
        self.index = index
        self.size = size
        self.traits = traits
        self.expected_wait_s = expected_wait_s
        self.suspended = suspended
